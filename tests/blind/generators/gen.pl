# Faulty signers of Perl, by Net::OAuth itself where it can be misled. Prints the table's part as JSON.
use strict; use warnings; use utf8;
use Net::OAuth; use URI::Escape; use JSON::PP; use Digest::SHA qw(hmac_sha1_base64 hmac_sha256_base64); use Encode;
$Net::OAuth::PROTOCOL_VERSION = Net::OAuth::PROTOCOL_VERSION_1_0A;
my %K = (consumer => 'GDdmIQH6jhtmLUypg82g', consumer_secret => 'MCD8BKwGdgPHvAuvgvz4EQpqDAtx89grbuNMRd7Eh98', token => '8ldIZyxQeVrFZXFOZH5tAwj6vzJYuLQpl0WUEYtWc', token_secret => 'x6qpRnlEmW9JbQn4PQVVeVG8ZLPEx6A0TOebgwcuA');
my @cases;
sub net {
  my (%a) = @_;
  my %more = %{$a{extra} || {}};
  my $r = Net::OAuth->request('protected resource')->new(
    consumer_key => $K{consumer}, consumer_secret => $a{cs} // $K{consumer_secret}, token => $K{token}, token_secret => $a{ts} // $K{token_secret},
    request_url => $a{url}, request_method => $a{method} || 'GET', signature_method => $a{alg} || 'HMAC-SHA1',
    timestamp => 1764400000, nonce => 'hsu94j3884jdopsl', version => '1.0', extra_params => \%more);
  $r->sign;
  return $r;
}
sub sent {
  my ($r, %s) = @_;
  my @h = (['Authorization', $r->to_authorization_header('', ', ') =~ s/realm="",\s*//r]);
  push @h, ['Content-Type', $s{type}] if $s{type};
  return {method => $s{method} || 'GET', url => $s{url}, headers => \@h, body => $s{body}};
}
sub fault {
  my ($id, $kind, $what, $codes, $sides, $wrong, $right, $sent) = @_;
  push @cases, {id => "pl-$id", kind => $kind, what => $what, codes => $codes, sides => $sides, keys => {%K}, request => sent(net(%$wrong), %$sent), right => sent(net(%$right), %$sent)};
}
my $U = 'http://vimeo.example.com/api/rest/v2'; my $F = 'application/x-www-form-urlencoded'; my @S = ('signer');
fault('query', 'query not signed', 'Net::OAuth: the query is neither in request_url nor in extra_params', ['query-changed'], \@S, {url => $U}, {url => $U, extra => {method => 'videos.upload', format => 'json'}}, {url => "$U?method=videos.upload&format=json"});
fault('form', 'form not signed', 'Net::OAuth: the form is not in extra_params', ['body-not-signed'], \@S, {url => $U, method => 'POST'}, {url => $U, method => 'POST', extra => {status => 'setting up my twitter'}}, {url => $U, method => 'POST', type => $F, body => 'status=setting%20up%20my%20twitter'});
fault('method', 'method', 'Net::OAuth: request_method GET, LWP sends PUT', ['method'], \@S, {url => $U}, {url => $U, method => 'PUT'}, {url => $U, method => 'PUT'});
fault('https', 'scheme', 'Net::OAuth: request_url is http, LWP goes to https', ['scheme'], \@S, {url => $U}, {url => $U =~ s/http/https/r}, {url => $U =~ s/http/https/r});
fault('double', 'values encoded twice', 'Net::OAuth: the extra parameter is escaped already', ['double-encoding'], \@S, {url => $U, extra => {q => 'caf%C3%A9'}}, {url => $U, extra => {q => decode_utf8("caf\xc3\xa9")}}, {url => "$U?q=caf%C3%A9"});
fault('bytes', 'charset', 'Net::OAuth: bytes of UTF-8 are taken for Latin-1 and encoded again', ['charset', 'double-encoding'], \@S, {url => $U, extra => {q => "caf\xc3\xa9"}}, {url => $U, extra => {q => decode_utf8("caf\xc3\xa9")}}, {url => "$U?q=caf%C3%A9"});
fault('chomp', 'white space in secret', 'Net::OAuth: the secret was read from a file without chomp', ['secret-whitespace'], \@S, {url => $U, cs => "$K{consumer_secret}\n"}, {url => $U}, {url => $U});
fault('crlf', 'white space in secret', 'Net::OAuth: the token secret ends with CR LF', ['secret-whitespace'], \@S, {url => $U, ts => "$K{token_secret}\r\n"}, {url => $U}, {url => $U});
fault('quoted', 'quotes in secret', 'Net::OAuth: the secret keeps the quotes of the configuration file', ['secret-whitespace', 'consumer-secret'], \@S, {url => $U, cs => "\"$K{consumer_secret}\""}, {url => $U}, {url => $U});
fault('sha1for256', 'other digest', 'Net::OAuth: signs HMAC-SHA256 by hand, header says HMAC-SHA1', ['signature-method'], \@S, {url => $U}, {url => $U}, {url => $U});
{ my $r = net(url => $U); $r->signature(do { my $s = hmac_sha256_base64($r->signature_base_string, $r->signature_key); $s .= '=' while length($s) % 4; $s }); $cases[-1]{request} = sent($r, url => $U); }
fault('nopad', 'base64 padding', 'hmac_sha1_base64 leaves the = at the end out', ['signature-method', 'signing-key-encoding', 'percent-encoding', 'empty-value'], \@S, {url => $U}, {url => $U}, {url => $U});
{ my $r = net(url => $U); $r->signature(hmac_sha1_base64($r->signature_base_string, $r->signature_key)); $cases[-1]{request} = sent($r, url => $U); }
fault('host', 'host', 'Net::OAuth: request_url names the IP address', ['host', 'consumer-secret', 'token-secret'], ['signer', 'between', ''], {url => 'http://192.0.2.17/api/rest/v2'}, {url => $U}, {url => $U});
fault('path', 'path', 'Net::OAuth: the version is missing in request_url', ['path'], \@S, {url => 'http://vimeo.example.com/api/rest'}, {url => $U}, {url => $U});
fault('rename', 'query changed', 'a parameter is renamed after signing', ['query-changed', 'consumer-secret', 'token-secret'], \@S, {url => $U, extra => {perpage => '20'}}, {url => $U, extra => {per_page => '20'}}, {url => "$U?per_page=20"});
# by hand, with uri_escape as people use it
sub hand {
  my ($id, $kind, $what, $codes, $params, $enc, $encright, %o) = @_;
  my $make = sub {
    my ($e, $m) = @_;
    my %p = (%$params, oauth_consumer_key => $K{consumer}, oauth_nonce => 'n0nce7', oauth_signature_method => 'HMAC-SHA1', oauth_timestamp => 1764400000, oauth_token => $K{token});
    my $norm = join '&', map { $e->($_) . '=' . $e->($p{$_}) } ($m->{order} || sub { sort @_ })->(keys %p);
    my $base = join '&', 'GET', ($m->{outer} || $encright)->($U), ($m->{outer2} || $m->{outer} || $encright)->($norm);
    my $sig = hmac_sha1_base64($base, "$K{consumer_secret}&$K{token_secret}"); $sig .= '=' while length($sig) % 4;
    my $head = join ', ', map { $encright->($_) . '="' . $encright->($p{$_}) . '"' } grep { /^oauth_/ } sort keys %p;
    my $q = join '&', map { $encright->($_) . '=' . $encright->($params->{$_}) } sort keys %$params;
    return {method => 'GET', url => $U . ($q ? "?$q" : ''), headers => [['Authorization', "OAuth $head, oauth_signature=\"" . $encright->($sig) . '"']], body => undef};
  };
  push @cases, {id => "pl-hand-$id", kind => $kind, what => $what, codes => $codes, sides => ['signer'], keys => {%K}, request => $make->($enc, \%o), right => $make->($encright, {})};
}
my $ok = sub { uri_escape_utf8($_[0], '^A-Za-z0-9\-._~') };
hand('uri-escape', 'encodeURIComponent', 'uri_escape with its defaults of old leaves !*\'()', ['percent-encoding'], {q => "rock'n'roll (live)!"}, sub { uri_escape($_[0], "^A-Za-z0-9\\-\\._~!*'()") }, $ok);
hand('latin', 'charset', 'uri_escape of Latin-1 text', ['charset'], {q => "\x{e9}t\x{e9}"}, sub { uri_escape($_[0], '^A-Za-z0-9\-._~') }, $ok);
hand('tilde', 'tilde escaped', 'escapes ~', ['percent-encoding'], {u => '~user'}, sub { uri_escape_utf8($_[0], '^A-Za-z0-9\-._') }, $ok);
hand('reverse', 'order', 'sorted the other way round', ['parameter-order'], {a => 1, z => 2}, $ok, $ok, order => sub { reverse sort @_ });
hand('casefold', 'order', 'sorted without regard to case', ['parameter-order'], {Zone => 1, area => 2}, $ok, $ok, order => sub { sort { lc $a cmp lc $b } @_ });
hand('outer-tilde', 'outer layer: other escapes', 'the outer layer escapes - . _ too', ['percent-encoding'], {a => 'b-c'}, $ok, $ok, outer => sub { uri_escape_utf8($_[0], '^A-Za-z0-9') });
hand('lower', 'lower case escapes', 'escapes in lower case', ['percent-encoding'], {q => 'x/y'}, sub { my $s = $ok->($_[0]); $s =~ s/(%..)/lc $1/ge; $s }, $ok);
hand('plus', 'urlencode', 'a space becomes +', ['plus-as-space'], {q => 'x y'}, sub { my $s = $ok->($_[0]); $s =~ s/%20/+/g; $s }, $ok);
print JSON::PP->new->ascii->canonical->indent->encode(\@cases);
