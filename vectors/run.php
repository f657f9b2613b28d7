<?php
// Sign the vectors with PHP's OAuth 1.0a library, and say what it gets wrong: php vectors/run.php
//
// Run is the extension oauth of PECL, if it is installed. A wrong signature that one of the faults makes of the same
// request is called by its cause. See run.py.

declare(strict_types=1);

class NotAsked extends Exception
{
}

function readCases(array $vectors): array
{
    $found = [];
    foreach ([...$vectors['requests'], ...$vectors['faults']] as $row) {
        if ($row['signature'] === null) {
            continue;
        }
        $same = ['method', 'url', 'headers', 'body', 'body_base64', 'oauth', 'consumer_secret', 'token_secret'];
        $key = json_encode(array_map(fn ($name) => $row[$name] ?? null, $same));
        $found[$key] ??= ['row' => $row, 'wrongs' => []];
        if (isset($row['wrong'])) {
            $found[$key]['wrongs'][$row['wrong']['signature']] ??= $row;
        }
    }
    return array_values($found);
}

// The fields of a form: their names, each with a value, or with a list of values.
function readForm(array $row): array
{
    $fields = [];
    if (!str_starts_with(strtolower($row['headers']['Content-Type'] ?? ''), 'application/x-www-form-urlencoded')) {
        return $fields;
    }
    foreach (array_filter(explode('&', $row['body'] ?? ''), 'strlen') as $segment) {
        [$name, $value] = array_map('urldecode', array_pad(explode('=', $segment, 2), 2, ''));
        $fields[$name] = isset($fields[$name]) ? [...(array) $fields[$name], $value] : $value;
    }
    return $fields;
}

function signWithOAuth(array $row, array $keys): string
{
    $oauth = $row['oauth'];
    $method = $oauth['oauth_signature_method'];
    $known = ['HMAC-SHA1', 'HMAC-SHA256', 'RSA-SHA1', 'PLAINTEXT'];
    if (!in_array($method, $known, true)) {
        throw new NotAsked("it has no $method");
    }
    if (!isset($oauth['oauth_version'], $oauth['oauth_nonce'], $oauth['oauth_timestamp'])) {
        throw new NotAsked('it always sends oauth_version, oauth_nonce and oauth_timestamp');
    }
    if (($oauth['oauth_token'] ?? null) === '') {
        throw new NotAsked('it sends no empty oauth_token');
    }
    if ($row['consumer_secret'] === '' && $method !== 'RSA-SHA1') {
        throw new NotAsked('it takes no empty consumer secret');
    }
    $client = new OAuth($oauth['oauth_consumer_key'], $row['consumer_secret'] ?: ' ', $method);  // RSA makes no use of it
    if (isset($oauth['oauth_token'])) {
        $client->setToken($oauth['oauth_token'], $row['token_secret']);
    }
    $client->setNonce($oauth['oauth_nonce']);
    $client->setTimestamp($oauth['oauth_timestamp']);
    $client->setVersion($oauth['oauth_version']);
    if (isset($row['rsa_key'])) {
        $client->setRSACertificate(implode("\n", $keys[$row['rsa_key']]['private']) . "\n");
    }
    $own = ['consumer_key', 'token', 'signature_method', 'timestamp', 'nonce', 'version'];
    $others = array_diff_key($oauth, array_flip(array_map(fn ($name) => "oauth_$name", $own)));
    return (string) $client->generateSignature($row['method'], $row['url'], [...readForm($row), ...$others]);
}

function judge(array $row, array $wrongs, array $keys): array
{
    try {
        $made = signWithOAuth($row, $keys);
    } catch (NotAsked $reason) {
        return ['not asked', $reason->getMessage()];
    } catch (Throwable $error) {
        return ['wrong', 'throws ' . get_class($error) . ': ' . substr($error->getMessage(), 0, 80)];
    }
    if ($made === $row['signature']) {
        return ['right', ''];
    }
    $fault = $wrongs[$made] ?? null;
    $named = $fault ? implode(' or ', $fault['causes']) . ", as in '{$fault['name']}'" : 'another signature';
    return ['wrong', $named];
}

$vectors = json_decode(file_get_contents(__DIR__ . '/oauth1.json'), true, 512, JSON_THROW_ON_ERROR);
$cases = readCases($vectors);
echo 'PHP ', PHP_VERSION, ', ', count($cases), " requests\n";
if (!extension_loaded('oauth')) {
    exit;
}
$count = ['right' => 0, 'wrong' => 0, 'not asked' => 0];
$lines = '';
foreach ($cases as ['row' => $row, 'wrongs' => $wrongs]) {
    [$result, $why] = judge($row, $wrongs, $vectors['rsa_keys']);
    $count[$result]++;
    $lines .= $result === 'right' ? '' : "    $result: {$row['name']}: $why\n";
}
$counts = implode(', ', array_map(fn ($kind) => "$count[$kind] $kind", array_keys($count)));
echo 'oauth ', phpversion('oauth'), ": $counts\n", $lines;
