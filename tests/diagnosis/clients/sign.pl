# Signs the requests of requests.tsv as clients in Perl do that encode or sort by hand:
#     perl sign.pl > perl.json
use strict;
use warnings;
use utf8;
use Digest::SHA qw(hmac_sha1_base64);
use Encode qw(encode decode);
use FindBin;
use JSON::PP;
use URI::Escape qw(uri_escape);

sub octets { my $text = shift; return utf8::is_utf8($text) ? encode("UTF-8", $text) : $text }
sub by_class {    # what encodes all bytes but those of a class
    my ($class, $format) = (@_, "%%%02X");
    return sub { my $text = octets(shift); $text =~ s/([^$class])/sprintf $format, ord $1/ge; return $text };
}
my $rfc      = by_class("A-Za-z0-9._~-");
my $plain    = sub { octets(shift) };
my $latin    = sub { my $text = encode("ISO-8859-1", shift); return $rfc->($text) };
my $twice    = sub { $rfc->(decode("ISO-8859-1", octets(shift))) };    # UTF-8 of what is UTF-8 already
my $plus     = sub { my $text = $rfc->(shift); $text =~ s/%20/+/g; return $text };
my $cgi      = sub { my $text = by_class("A-Za-z0-9_. -")->(shift); $text =~ tr/ /+/; return $text };
my $right    = sub { sort { $a->[0] cmp $b->[0] || $a->[1] cmp $b->[1] } @_ };
my ($percent, $space, $order) = ("percent-encoding", "plus-as-space percent-encoding", "parameter-order");
my @ways = (
    ["letters and digits alone in both layers", $percent, { inner => by_class("A-Za-z0-9"), outer => by_class("A-Za-z0-9") }],
    ["letters and digits alone in values", $percent, { inner => by_class("A-Za-z0-9") }],
    ["letters and digits alone outside", $percent, { outer => by_class("A-Za-z0-9") }],
    ["\\w.- in both layers", $percent, { inner => by_class("A-Za-z0-9_.-"), outer => by_class("A-Za-z0-9_.-") }],
    ["\\w.- outside", $percent, { outer => by_class("A-Za-z0-9_.-") }],
    ["small digits in both layers", $percent, { inner => by_class("A-Za-z0-9._~-", "%%%02x"), outer => by_class("A-Za-z0-9._~-", "%%%02x") }],
    ["small digits in values", $percent, { inner => by_class("A-Za-z0-9._~-", "%%%02x") }],
    ["small digits outside", $percent, { outer => by_class("A-Za-z0-9._~-", "%%%02x") }],
    ["uri_escape of old in both layers", $percent, { inner => by_class("A-Za-z0-9._~!*'()-"), outer => by_class("A-Za-z0-9._~!*'()-") }],
    ["a path's characters in both layers", $percent, { inner => by_class("A-Za-z0-9._~/-"), outer => by_class("A-Za-z0-9._~/-") }],
    ["a path's characters outside", $percent, { outer => by_class("A-Za-z0-9._~/-") }],
    ["+ in values", $space, { inner => $plus }],
    ["CGI in both layers", $space, { inner => $cgi, outer => $cgi }],
    ["CGI in values", $space, { inner => $cgi }],
    ["Latin-1", "charset", { inner => $latin }],
    ["UTF-8 twice", "charset double-encoding", { inner => $twice }],
    ["sort without case", $order, { order => sub { sort { lc $a->[0] cmp lc $b->[0] || $a->[1] cmp $b->[1] } @_ } }],
    ["sort by number", $order, { order => sub {
        sort { ($a->[0] cmp $b->[0]) || ($a->[1] =~ /^\d+$/ && $b->[1] =~ /^\d+$/ ? $a->[1] <=> $b->[1] : $a->[1] cmp $b->[1]) } @_ } }],
    ["sort of name=value", $order, { order => sub { sort { "$a->[0]=$a->[1]" cmp "$b->[0]=$b->[1]" } @_ } }],
    ["reverse sort", $order, { order => sub { reverse $right->(@_) } }],
    ["oauth_ sorted, then the others as they came", $order, { order => sub {
        ($right->(grep { $_->[0] =~ /^oauth_/ } @_), grep { $_->[0] !~ /^oauth_/ } @_) } }],
    ["the others as they came, then oauth_ sorted", $order, { order => sub {
        ((grep { $_->[0] !~ /^oauth_/ } @_), $right->(grep { $_->[0] =~ /^oauth_/ } @_)) } }],
    ["a hash, the last of each name", "duplicate-parameters", { collect => sub { my %last = map { $_->[0] => $_ } @_; values %last } }],
    ["the method in small letters", "method", { method => sub { lc shift } }],
    ["the scheme in capitals", "scheme", { url => sub { my $url = shift; $url =~ s/^(\w+)/\U$1/r } }],
    ["the host in capitals", "host", { url => sub { my $url = shift; $url =~ s{//([^/]+)}{//\U$1}r } }],
    ["scheme and host in capitals", "host scheme", { url => sub { my $url = shift; $url =~ s{^(\w+://[^/]+)}{\U$1}r } }],
    ["two slashes before the path", "path", { url => sub { my $url = shift; $url =~ s{(?<=[^:/])/}{//}r } }],
    ["a & after the last parameter", "query-changed percent-encoding", { text => sub { "$_[0]&" } }],
    ["each name=value encoded as one", "percent-encoding double-encoding", { joined => 1, inner => $plain }],
    ["a line feed after the base string", "secret-whitespace", { base => sub { "$_[0]\n" } }],
    ["the key encoded as a whole", "signing-key-encoding", { key => "CSkd94hf93k423kf44%26TSpfkkdhi9sl3r4s00" }],
    ["the key without &", "signing-key-encoding", { key => "CSkd94hf93k423kf44TSpfkkdhi9sl3r4s00" }],
    ["the key with &amp;", "signing-key-encoding", { key => "CSkd94hf93k423kf44&amp;TSpfkkdhi9sl3r4s00" }],
    ["base64 without its padding", "signature-method", { padding => "" }],
);

sub sign {
    my ($method, $url, $way, @pairs) = @_;
    my ($inner, $outer) = ($way->{inner} // $rfc, $way->{outer} // $rfc);
    @pairs = $way->{collect}->(@pairs) if $way->{collect};
    my @encoded = ($way->{order} // $right)->(map { [$inner->($_->[0]), $inner->($_->[1])] } @pairs);
    my $text = join "&", map { $way->{joined} ? $rfc->("$_->[0]=$_->[1]") : "$_->[0]=$_->[1]" } @encoded;
    $text = $way->{text}->($text) if $way->{text};
    my $base = join "&", ($way->{method} // $plain)->($method), $outer->(($way->{url} // $plain)->($url)), $outer->($text);
    $base = $way->{base}->($base) if $way->{base};
    my $made = hmac_sha1_base64($base, $way->{key} // "CSkd94hf93k423kf44&TSpfkkdhi9sl3r4s00");
    return ($base, $made . ($way->{padding} // "="));
}

my $json = JSON::PP->new->canonical->ascii;
my @rows;
open my $file, "<:encoding(UTF-8)", "$FindBin::Bin/requests.tsv" or die $!;
while (my $line = <$file>) {
    chomp $line;
    my ($id, $method, $scheme, $host, $path, undef, $fields) = split /\t/, $line;
    my @own = map { [split /=/, $_, 2] } split /\|/, $fields;
    my @oauth = (["oauth_consumer_key", "ck-dpf43f3p2l4k"], ["oauth_token", "at-nnch734d00sl"],
        ["oauth_signature_method", "HMAC-SHA1"], ["oauth_timestamp", "1700000000"],
        ["oauth_nonce", "wIjqoxSZeYVc4nN8"], ["oauth_version", "1.0"]);
    my ($good_base, $good) = sign($method, "$scheme://$host$path", {}, @own, @oauth);
    for my $row (@ways) {
        my ($name, $codes, $way) = @$row;
        next if $name eq "Latin-1" && $fields =~ /[^\x00-\xff]/;
        my ($base, $made) = sign($method, "$scheme://$host$path", $way, @own, @oauth);
        push @rows, $json->encode({ client => sprintf("Perl %vd", $^V), way => $name, codes => $codes, request => $id,
            base => decode("ISO-8859-1", $base), signature => $made }) if $made ne $good;
    }
}
print "[", join(",\n", @rows), "]\n";
