# Signs the requests of a folder with Net::OAuth: see languages/__init__.py.
use strict;
use warnings;
use Net::OAuth;
use Time::HiRes qw(clock);
use URI;

my $folder = shift;

sub slurp {
    my ($name) = @_;
    open(my $file, '<:raw', "$folder/$name") or return '';
    local $/;
    return scalar <$file>;
}

my ($first, @rows) = split /\n/, slurp('cases.tsv');
my ($consumer_key, $consumer_secret, $token_key, $token_secret) = split /\t/, $first;
printf "version\tNet::OAuth %s, Perl %vd\n", $Net::OAuth::VERSION, $^V;
for my $row (@rows) {
    my ($name, $method, $url, $calls, $signature) = split /\t/, $row;
    my $form = slurp("$name.form");
    my %fields = $form ? URI->new("http://h/?$form")->query_form : ();
    utf8::decode($_) for values %fields;
    my $key;
    if ($signature =~ /^RSA/) {
        eval { require Crypt::OpenSSL::RSA } or next;
        $key = Crypt::OpenSSL::RSA->new_private_key(slurp('rsa.pem'));
        $signature = 'RSA-SHA1';
    }
    my $sign = sub {
        my $request = Net::OAuth->request('protected resource')->new(
            consumer_key => $consumer_key, consumer_secret => $consumer_secret,
            token => $token_key, token_secret => $token_secret,
            request_url => $url, request_method => $method, signature_method => $signature,
            timestamp => time, nonce => sprintf('%08x%08x%08x', rand(2**32), rand(2**32), rand(2**32)),
            extra_params => \%fields,
        );
        $request->sign($key);
        return $request->to_authorization_header;
    };
    my $header = $sign->();
    my $best = 9**9**9;
    for (1 .. 2) {
        my $start = clock();
        $sign->() for 1 .. $calls;
        my $each = 1e6 * (clock() - $start) / $calls;
        $best = $each if $each < $best;
    }
    printf "%s\t%.3f\t%s\n", $name, $best, $header;
}
