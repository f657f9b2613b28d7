<?php
// Signs the requests of a folder with PECL's oauth: see languages/__init__.py.
$folder = $argv[1];
$rows = file("$folder/cases.tsv", FILE_IGNORE_NEW_LINES);
[$consumer_key, $consumer_secret, $token_key, $token_secret] = explode("\t", array_shift($rows));

function cpu_microseconds(): float {
    $usage = getrusage();
    return 1e6 * ($usage["ru_utime.tv_sec"] + $usage["ru_stime.tv_sec"]) + $usage["ru_utime.tv_usec"] + $usage["ru_stime.tv_usec"];
}

echo "version\tPECL oauth " . phpversion("oauth") . ", PHP " . PHP_VERSION . "\n";
foreach ($rows as $row) {
    [$name, $method, $url, $calls, $signature] = explode("\t", $row);
    $is_rsa = str_starts_with($signature, "RSA");
    $oauth = new OAuth($consumer_key, $consumer_secret, $is_rsa ? OAUTH_SIG_METHOD_RSASHA1 : $signature);
    if ($is_rsa) $oauth->setRSACertificate(file_get_contents("$folder/rsa.pem"));
    $oauth->setToken($token_key, $token_secret);
    $fields = [];
    if (is_file("$folder/$name.form")) {
        // Not parse_str, which makes an array of field[1].
        foreach (explode("&", file_get_contents("$folder/$name.form")) as $field) {
            [$key, $value] = explode("=", $field, 2);
            $fields[urldecode($key)] = urldecode($value);
        }
    }
    $header = $oauth->getRequestHeader($method, $url, $fields);
    $best = INF;
    for ($turn = 0; $turn < 2; $turn++) {
        $start = cpu_microseconds();
        for ($i = 0; $i < $calls; $i++) $oauth->getRequestHeader($method, $url, $fields);
        $best = min($best, (cpu_microseconds() - $start) / $calls);
    }
    printf("%s\t%.3f\t%s\n", $name, $best, $header);
}
