# Sign the vectors with Perl's OAuth 1.0a library, and say what it gets wrong: perl vectors/run.pl
#
# Run is Net::OAuth, if it is installed. A wrong signature that one of the faults makes of the same request is called by
# its cause. See run.py.

use strict;
use warnings;
use FindBin;
use JSON::PP;

my $coder = JSON::PP->new->utf8->canonical->allow_nonref;
open my $file, '<', "$FindBin::Bin/oauth1.json" or die "oauth1.json: $!";
my $vectors = $coder->decode(do { local $/; <$file> });

sub read_cases {
    my (%found, @cases);
    for my $row (@{ $vectors->{requests} }, @{ $vectors->{faults} }) {
        next unless defined $row->{signature};
        my @same = @{$row}{qw(method url headers body body_base64 oauth consumer_secret token_secret)};
        my $key = $coder->encode(\@same);
        push @cases, $found{$key} = { row => $row, wrongs => {} } unless $found{$key};
        $found{$key}{wrongs}{ $row->{wrong}{signature} } ||= $row if $row->{wrong};
    }
    return @cases;
}

sub is_form { return lc($_[0]{headers}{'Content-Type'} // '') =~ m{^application/x-www-form-urlencoded} }

# The fields of a query or a form: their names, each with a list of values.
sub read_fields {
    my %fields;
    for my $segment (split /&/, join '&', grep { length } @_) {
        my ($name, $value) = map { s/\+/ /gr =~ s/%([0-9A-Fa-f]{2})/chr hex $1/egr } split /=/, $segment, 2;
        utf8::decode($_) for grep { defined } $name, $value;
        push @{ $fields{$name} }, $value // '';
    }
    return \%fields;
}

# The kind of request that has these protocol parameters.
sub choose_kind {
    my %oauth = @_;
    return 'access token' if exists $oauth{oauth_verifier};
    return 'request token' if exists $oauth{oauth_callback};
    return exists $oauth{oauth_token} ? 'protected resource' : 'consumer';
}

sub sign_with_net_oauth {
    my ($row) = @_;
    my %oauth = %{ $row->{oauth} };
    my $method = $oauth{oauth_signature_method};
    die "not asked: it has no $method\n" unless $method =~ /^(?:HMAC-SHA1|HMAC-SHA256|RSA-SHA1|PLAINTEXT)$/;
    my ($url, $query) = split /\?/, $row->{url}, 2;
    my $fields = read_fields($query // '', is_form($row) ? $row->{body} // '' : '');
    my %extra = map { $_ => @{ $fields->{$_} } > 1 ? $fields->{$_} : $fields->{$_}[0] } keys %$fields;
    my %own = map { s/^oauth_//r => $oauth{$_} } keys %oauth;
    my $request = Net::OAuth->request(choose_kind(%oauth))->new(
        consumer_secret => $row->{consumer_secret}, token_secret => $row->{token_secret},
        request_url => $url, request_method => $row->{method}, extra_params => \%extra, timestamp => '', nonce => '',
        %own,
    );
    my %sent = map { ("oauth_$_" => 1) } grep { defined $request->$_ } @{ $request->all_message_params };
    delete $sent{oauth_signature};
    die "not asked: it sends other protocol parameters\n" if join(' ', sort keys %sent) ne join(' ', sort keys %oauth);
    if (my $name = $row->{rsa_key}) {
        eval { require Crypt::OpenSSL::RSA } or die "not asked: Crypt::OpenSSL::RSA is not installed\n";
        $request->sign(Crypt::OpenSSL::RSA->new_private_key(join "\n", @{ $vectors->{rsa_keys}{$name}{private} }, ''));
    }
    else { $request->sign }
    return $request->signature;
}

sub judge {
    my ($row, $wrongs) = @_;
    my $made = eval { sign_with_net_oauth($row) };
    if (!defined $made) {
        my $why = join ' ', split ' ', $@;
        return $why =~ s/^not asked: // ? ('not asked', $why) : ('wrong', 'dies: ' . substr $why, 0, 80);
    }
    return ('right', '') if $made eq $row->{signature};
    my $fault = $wrongs->{$made} or return ('wrong', 'another signature');
    return ('wrong', join(' or ', @{ $fault->{causes} }) . ", as in '$fault->{name}'");
}

binmode STDOUT, ':encoding(UTF-8)';
my @cases = read_cases();
printf "Perl %vd, %d requests\n", $^V, scalar @cases;
eval { require Net::OAuth } or exit;    # it is not installed
{ no warnings "once"; $Net::OAuth::PROTOCOL_VERSION = Net::OAuth::PROTOCOL_VERSION_1_0A(); }
my (%count, @lines);
for my $case (@cases) {
    my ($result, $why) = judge($case->{row}, $case->{wrongs});
    $count{$result}++;
    push @lines, "    $result: $case->{row}{name}: $why\n" if $result ne 'right';
}
print "Net::OAuth $Net::OAuth::VERSION: ", join(', ', map { ($count{$_} // 0) . " $_" } 'right', 'wrong', 'not asked'), "\n";
print @lines;
