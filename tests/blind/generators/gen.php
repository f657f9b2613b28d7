<?php
// Faulty signers of PHP: php-oauth (PECL) misled, and signers as they stand in tutorials. Prints the table's part as JSON.
const K = ['consumer' => 'ck_9f2b7e1d04c85a36', 'consumer_secret' => 'cs_4a8d0e6b1c957f23e05d', 'token' => 'tok_e7a1905bcd', 'token_secret' => 'tsec_0b5c9e2f7a61d384'];
const TIME = 1764400000, NONCE = '5f2c1e9a7b';
$cases = [];
function hand(array $o, array $m = []): array {
    $method = $o['method'] ?? 'GET'; $alg = $o['alg'] ?? 'HMAC-SHA1'; $k = array_merge(K, $o['keys'] ?? []);
    $oauth = ['oauth_consumer_key' => $k['consumer'], 'oauth_nonce' => NONCE, 'oauth_signature_method' => $alg, 'oauth_timestamp' => (string)($o['time'] ?? TIME), 'oauth_version' => '1.0'];
    if ($k['token'] !== null) $oauth['oauth_token'] = $k['token'];
    $enc = $m['enc'] ?? 'rawurlencode'; $encKey = $m['encKey'] ?? $enc;
    $pairs = [];
    foreach ([$m['query'] ?? ($o['query'] ?? []), $m['form'] ?? ($o['form'] ?? []), $m['oauth'] ?? array_map(null, array_keys($oauth), array_values($oauth))] as $list)
        foreach ($list as [$name, $value]) $pairs[] = [$encKey($name), $enc($value)];
    if (isset($m['sort'])) $pairs = $m['sort']($pairs);
    else usort($pairs, fn($a, $b) => strcmp($a[0], $b[0]) ?: strcmp($a[1], $b[1]));
    $norm = implode('&', array_map(fn($p) => "$p[0]=$p[1]", $pairs));
    if (isset($m['norm'])) $norm = $m['norm']($norm);
    $outer = $m['outer'] ?? 'rawurlencode';
    $base = implode('&', [($m['method'] ?? 'strtoupper')($method), $outer(($m['url'] ?? fn($u) => $u)($o['url'])), $outer($norm)]);
    if (isset($m['base'])) $base = $m['base']($base);
    $key = ($m['key'] ?? fn($c, $t) => rawurlencode($c) . '&' . rawurlencode($t))($k['consumer_secret'], $k['token_secret']);
    $sig = ($m['sig'] ?? fn($b, $key) => base64_encode(hash_hmac(strtolower(substr($alg, 5)), $b, $key, true)))($base, $key);
    $oauth['oauth_signature'] = $sig;
    $write = fn($list) => implode('&', array_map(fn($p) => rawurlencode($p[0]) . '=' . rawurlencode($p[1]), $list));
    $url = $o['url']; $headers = []; $query = $write($o['query'] ?? []);
    if (($o['place'] ?? '') === 'query') $query .= ($query ? '&' : '') . $write(array_map(null, array_keys($oauth), array_values($oauth)));
    else $headers[] = ['Authorization', 'OAuth ' . implode(', ', array_map(fn($n, $v) => $n . '="' . rawurlencode($v) . '"', array_keys($oauth), $oauth))];
    if ($query !== '') $url .= '?' . $query;
    $body = null;
    if (isset($o['form'])) { $body = $write($o['form']); $headers[] = ['Content-Type', 'application/x-www-form-urlencoded']; }
    return ['method' => $method, 'url' => $url, 'headers' => $headers, 'body' => $body];
}
function fault($id, $kind, $what, $codes, $sides, $o, $m, $more = []) {
    global $cases;
    $cases[] = ['id' => "php-$id", 'kind' => $kind, 'what' => $what, 'codes' => $codes, 'sides' => $sides, 'keys' => array_merge(K, $o['keys'] ?? []), 'request' => hand($o, $m), 'right' => hand($o)] + $more;
}
$U = 'http://shop.example.net/api/rest/products'; $S = ['signer']; $L = ['token' => null, 'token_secret' => ''];
fault('urlencode', 'urlencode', 'urlencode instead of rawurlencode: + for a space', ['plus-as-space'], $S, ['url' => $U, 'query' => [['search', 'red shoes'], ['per_page', '10']]], ['enc' => 'urlencode']);
fault('urlencode-wc', 'urlencode', 'urlencode, WooCommerce in the query', ['plus-as-space'], $S, ['url' => $U, 'query' => [['search', 'red shoes']], 'place' => 'query', 'keys' => $L, 'alg' => 'HMAC-SHA256'], ['enc' => 'urlencode']);
fault('urlencode-tilde', 'tilde escaped', 'urlencode escapes ~', ['percent-encoding'], $S, ['url' => $U, 'query' => [['sku', '~x']]], ['enc' => 'urlencode']);
fault('urlencode-outer', 'outer layer: urlencode', 'urlencode on the outer layer: the path has ~', ['percent-encoding'], $S, ['url' => 'http://shop.example.net/~store/wc', 'query' => [['a', '1']]], ['outer' => 'urlencode']);
fault('hbq', 'http_build_query', 'http_build_query signs with + and is joined as it is', ['plus-as-space'], $S, ['method' => 'POST', 'url' => $U, 'form' => [['name', 'Big Hat'], ['price', '9.99']]], ['enc' => 'urlencode']);
fault('amp', '&amp;', 'arg_separator.output is &amp;', ['percent-encoding', 'query-changed'], $S, ['url' => $U, 'query' => [['a', '1'], ['b', '2']]], ['norm' => fn($n) => str_replace('&', '&amp;', $n)]);
fault('number', 'PHP numbering', 'an array is signed as a[0], a[1] and sent as a, a', ['duplicate-parameters', 'query-changed'], $S, ['url' => $U, 'query' => [['id', '7'], ['id', '8']]], ['query' => [['id[0]', '7'], ['id[1]', '8']]]);
fault('number2', 'PHP numbering', 'a form array is signed with numbers and sent with []', ['duplicate-parameters', 'body-changed', 'query-changed'], $S, ['method' => 'POST', 'url' => $U, 'form' => [['tag[]', 'a'], ['tag[]', 'b']]], ['form' => [['tag[0]', 'a'], ['tag[1]', 'b']]]);
fault('ksort', 'order', 'ksort of raw keys: filter[x] before filterA', ['parameter-order'], $S, ['url' => $U, 'query' => [['filter[x]', '1'], ['filterA', '2']]], ['sort' => function ($p) { usort($p, fn($a, $b) => strcmp(rawurldecode($a[0]), rawurldecode($b[0]))); return $p; }]);
fault('natsort', 'order', 'sorted in natural order: a2 before a10', ['parameter-order'], $S, ['url' => $U, 'query' => [['a2', '1'], ['a10', '2']]], ['sort' => function ($p) { usort($p, fn($a, $b) => strnatcmp($a[0], $b[0])); return $p; }]);
fault('asort', 'order', 'asort: sorted by value', ['parameter-order'], $S, ['url' => $U, 'query' => [['status', 'aa'], ['zone', '00']]], ['sort' => function ($p) { usort($p, fn($a, $b) => strcmp($a[1], $b[1])); return $p; }]);
fault('keys-raw', 'keys not encoded', 'the names are not encoded', ['percent-encoding'], $S, ['url' => $U, 'query' => [['filter[status]', 'open']]], ['encKey' => fn($k) => $k]);
fault('values-raw', 'values not encoded', 'the values are not encoded', ['percent-encoding'], $S, ['url' => $U, 'query' => [['after', '2025-01-01T00:00:00']]], ['enc' => fn($v) => $v]);
fault('double-map', 'values encoded twice', 'array_map rawurlencode, and again', ['double-encoding'], $S, ['url' => $U, 'query' => [['email', 'a@b.example']]], ['enc' => fn($v) => rawurlencode(rawurlencode($v)), 'encKey' => 'rawurlencode']);
fault('double-keys', 'keys encoded twice', 'names with brackets are encoded twice', ['double-encoding'], $S, ['url' => $U, 'query' => [['f[a]', '1']]], ['encKey' => fn($v) => rawurlencode(rawurlencode($v)), 'enc' => 'rawurlencode']);
fault('single-outer', 'outer layer missing', 'the normalized string goes raw into the base string', ['percent-encoding'], $S, ['url' => $U, 'query' => [['a', 'b']]], ['outer' => fn($v) => str_starts_with($v, 'http') ? rawurlencode($v) : $v]);
fault('utf8', 'charset', 'utf8_decode before signing', ['charset'], $S, ['method' => 'POST', 'url' => $U, 'form' => [['name', "M\u{fc}ller"]]], ['enc' => fn($v) => rawurlencode(iconv('UTF-8', 'ISO-8859-1', $v))]);
fault('utf8-twice', 'charset', 'utf8_encode of what is UTF-8 already', ['charset', 'double-encoding'], $S, ['method' => 'POST', 'url' => $U, 'form' => [['name', "M\u{fc}ller"]]], ['enc' => fn($v) => rawurlencode(iconv('ISO-8859-1', 'UTF-8', $v))]);
fault('method-ucf', 'method', 'the method as Post', ['method'], $S, ['method' => 'POST', 'url' => $U, 'form' => [['a', '1']]], ['method' => fn($m) => 'Post']);
fault('https', 'scheme', 'is_ssl() is false behind Cloudflare: http is signed', ['scheme'], $S, ['url' => 'https://shop.example.net/api/rest/orders'], ['url' => fn($u) => str_replace('https', 'http', $u)]);
fault('www', 'host', 'signs www., sends without', ['host'], ['signer', ''], ['url' => $U], ['url' => fn($u) => str_replace('//', '//www.', $u)]);
fault('index', 'path', 'signs index.php in the path', ['path'], $S, ['url' => $U], ['url' => fn($u) => str_replace('/api', '/index.php/api', $u)]);
fault('slashes', 'path', 'a double slash where the parts are joined', ['path'], $S, ['url' => $U], ['url' => fn($u) => str_replace('net/', 'net//', $u)]);
fault('rawhex', 'hex digest', 'hash_hmac without raw: base64 of the hex', ['signature-method'], $S, ['url' => $U], ['sig' => fn($b, $k) => base64_encode(hash_hmac('sha1', $b, $k))]);
fault('md5', 'other digest', 'hash_hmac of md5', ['signature-method'], $S, ['url' => $U], ['sig' => fn($b, $k) => base64_encode(hash_hmac('md5', $b, $k, true))]);
fault('sha512', 'other digest', 'sha512 announced as HMAC-SHA256', ['signature-method'], $S, ['url' => $U, 'alg' => 'HMAC-SHA256'], ['sig' => fn($b, $k) => base64_encode(hash_hmac('sha512', $b, $k, true))]);
fault('noamp', 'key without &', 'one-legged: the key is the secret without &', ['signing-key-encoding'], $S, ['url' => $U, 'keys' => $L, 'place' => 'query'], ['key' => fn($c, $t) => $c]);
fault('noamp256', 'key without &', 'WooCommerce v1 and SHA256: the key is the secret without &', ['signing-key-encoding'], $S, ['url' => $U, 'keys' => $L, 'place' => 'query', 'alg' => 'HMAC-SHA256', 'query' => [['page', '2']]], ['key' => fn($c, $t) => $c]);
fault('key-order', 'secrets swapped', 'token secret & consumer secret', ['consumer-secret', 'token-secret', 'signing-key-encoding'], $S, ['url' => $U], ['key' => fn($c, $t) => "$t&$c"]);
fault('key-is-consumer-key', 'key instead of secret', 'the consumer key stands where the secret should', ['consumer-secret'], $S, ['url' => $U], ['key' => fn($c, $t) => K['consumer'] . "&$t"]);
fault('token-as-secret', 'key instead of secret', 'the token stands where its secret should', ['token-secret'], $S, ['url' => $U], ['key' => fn($c, $t) => "$c&" . K['token']]);
fault('trim', 'white space in secret', 'the secret starts with a space', ['secret-whitespace'], $S, ['url' => $U, 'place' => 'query', 'keys' => $L], ['key' => fn($c, $t) => ' ' . $c . '&']);
fault('space-encoded', 'white space in secret', 'the secret ends with a tab, escaped', ['secret-whitespace'], $S, ['url' => $U], ['key' => fn($c, $t) => rawurlencode("$c\t") . "&$t"]);
fault('bom', 'byte order mark', 'the secret starts with a byte order mark', ['secret-whitespace', 'consumer-secret'], $S, ['url' => $U], ['key' => fn($c, $t) => rawurlencode("\u{feff}$c") . "&$t"]);
fault('nbsp', 'byte order mark', 'the secret ends with a no-break space', ['secret-whitespace', 'consumer-secret'], $S, ['url' => $U], ['key' => fn($c, $t) => rawurlencode("$c\u{a0}") . "&$t"]);
fault('empty', 'empty values', 'array_filter drops empty values before signing', ['empty-value'], $S, ['url' => $U, 'query' => [['category', ''], ['page', '2']]], ['query' => [['page', '2']]]);
fault('empty-form', 'empty values', 'array_filter drops an empty field before signing', ['empty-value'], $S, ['method' => 'POST', 'url' => $U, 'form' => [['note', ''], ['qty', '2']]], ['form' => [['qty', '2']]]);
fault('no-version', 'oauth parameter missing in signature', 'oauth_version is sent and not signed', ['query-changed', 'signature-method', 'empty-value', 'body-changed'], $S, ['url' => $U], ['oauth' => [['oauth_consumer_key', K['consumer']], ['oauth_nonce', NONCE], ['oauth_signature_method', 'HMAC-SHA1'], ['oauth_timestamp', '1764400000'], ['oauth_token', K['token']]]]);
fault('no-token-signed', 'oauth parameter missing in signature', 'oauth_token is sent and not signed', ['token-missing', 'query-changed'], $S, ['url' => $U], ['oauth' => [['oauth_consumer_key', K['consumer']], ['oauth_nonce', NONCE], ['oauth_signature_method', 'HMAC-SHA1'], ['oauth_timestamp', '1764400000'], ['oauth_version', '1.0']]]);
fault('wpquote', 'magic quotes', 'addslashes: a quote is signed with a backslash', ['body-changed', 'percent-encoding'], $S, ['method' => 'POST', 'url' => $U, 'form' => [['name', "Men's hat"]]], ['form' => [['name', "Men\\'s hat"]]]);
fault('html', 'HTML escapes', 'htmlspecialchars: & is signed as &amp;', ['body-changed', 'percent-encoding'], $S, ['method' => 'POST', 'url' => $U, 'form' => [['name', 'Hats & Caps']]], ['form' => [['name', 'Hats &amp; Caps']]]);
// php-oauth (PECL)
function pecl($id, $kind, $what, $codes, $wrong, $right, $sent, $sides = ['signer']) {
    global $cases;
    $make = function ($a) use ($sent) {
        $o = new OAuth(K['consumer'], $a['cs'] ?? K['consumer_secret'], $a['alg'] ?? OAUTH_SIG_METHOD_HMACSHA1, OAUTH_AUTH_TYPE_AUTHORIZATION);
        $o->setToken(K['token'], $a['ts'] ?? K['token_secret']); $o->setNonce(NONCE); $o->setTimestamp((string)TIME);
        $sig = $o->generateSignature($a['method'] ?? 'GET', $a['url'], $a['params'] ?? []);
        $p = ['oauth_consumer_key' => K['consumer'], 'oauth_signature_method' => $sent['alg'] ?? 'HMAC-SHA1', 'oauth_nonce' => NONCE, 'oauth_timestamp' => (string)TIME, 'oauth_version' => '1.0', 'oauth_token' => K['token'], 'oauth_signature' => $sig];
        $headers = [['Authorization', 'OAuth ' . implode(',', array_map(fn($n, $v) => $n . '="' . oauth_urlencode($v) . '"', array_keys($p), $p))]];
        if (isset($sent['type'])) $headers[] = ['Content-Type', $sent['type']];
        return ['method' => $sent['method'] ?? 'GET', 'url' => $sent['url'], 'headers' => $headers, 'body' => $sent['body'] ?? null];
    };
    $cases[] = ['id' => "php-pecl-$id", 'kind' => $kind, 'what' => $what, 'codes' => $codes, 'sides' => $sides, 'keys' => K, 'request' => $make($wrong), 'right' => $make($right)];
}
$P = 'http://photos.example.net/v1/albums';
pecl('query', 'query not signed', 'OAuth::generateSignature gets the URL without the query', ['query-changed'], ['url' => $P], ['url' => "$P?sort=date"], ['url' => "$P?sort=date"]);
pecl('form', 'form not signed', 'OAuth::generateSignature does not get the form', ['body-not-signed'], ['url' => $P, 'method' => 'POST'], ['url' => $P, 'method' => 'POST', 'params' => ['title' => 'My trip']], ['url' => $P, 'method' => 'POST', 'type' => 'application/x-www-form-urlencoded', 'body' => 'title=My+trip']);
pecl('json', 'JSON body signed', 'OAuth::fetch with an array, curl sends JSON', ['body-signed'], ['url' => $P, 'method' => 'POST', 'params' => ['title' => 'My trip']], ['url' => $P, 'method' => 'POST'], ['url' => $P, 'method' => 'POST', 'type' => 'application/json', 'body' => '{"title":"My trip"}']);
pecl('method', 'method', 'OAuth::generateSignature for POST, GET is sent', ['method'], ['url' => $P, 'method' => 'POST'], ['url' => $P], ['url' => $P]);
pecl('sha256', 'other digest', 'OAUTH_SIG_METHOD_HMACSHA256, announced as HMAC-SHA1', ['signature-method'], ['url' => $P, 'alg' => OAUTH_SIG_METHOD_HMACSHA256], ['url' => $P], ['url' => $P]);
pecl('ts', 'secret of another account', 'the request token\'s secret instead of the access token\'s', ['token-secret', 'consumer-secret'], ['url' => $P, 'ts' => 'requesttokensecret77'], ['url' => $P], ['url' => $P], []);
pecl('upload', 'multipart signed', '@file: the path of the file is signed', ['body-signed', 'body-changed', 'consumer-secret', 'token-secret'], ['url' => $P, 'method' => 'POST', 'params' => ['photo' => '@' . sys_get_temp_dir() . '/a.jpg', 'title' => 'A']], ['url' => $P, 'method' => 'POST'], ['url' => $P, 'method' => 'POST', 'type' => 'multipart/form-data; boundary=xx', 'body' => "--xx\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nA\r\n--xx\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"a.jpg\"\r\n\r\nJPG\r\n--xx--\r\n"]);
echo json_encode($cases, JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES), "\n";
