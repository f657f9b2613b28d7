"""Saved requests are read as they are: raw HTTP, curl command lines, HAR files."""

from __future__ import annotations

import io
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from itertools import product

import pytest
from tables import for_each

from oauth_hook import AccessToken, Account, Consumer, CredentialStore, UsageError, cli, explain, sign
from oauth_hook.cli.saved import SavedRequest, SavedResponse, read_saved

CONSUMER, TOKEN = Consumer("key", "consumer-hunter2"), AccessToken("token", "token-hunter2")
FORM = "application/x-www-form-urlencoded"

RAW = b"POST /a?b=1 HTTP/1.1\r\nHost: api.example.com\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"


def test_raw_http():
    """Method, target, headers and body; the address is made with the Host header."""
    saved = read_saved(RAW)
    assert isinstance(saved, SavedRequest)
    assert (saved.method, saved.url, saved.body) == ("POST", "https://api.example.com/a?b=1", b"hello")
    assert saved.headers["Content-Type"] == "text/plain"
    assert read_saved(RAW, scheme="http").url.startswith("http://api.")


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "[::1]:5000", "api.example.com:80"])
def test_raw_http_does_not_say_its_scheme(host):
    """It is taken for https, and for http where nobody would speak https: on loopback and at port 80."""
    assert read_saved(RAW.replace(b"api.example.com", host.encode())).url == f"http://{host}/a?b=1"
    assert read_saved(RAW.replace(b"api.example.com", host.encode()), scheme="https").url.startswith("https://")


@for_each(
    ("octets", "body"),
    [
        (RAW.replace(b"\r\n", b"\n"), b"hello"),  # an editor's line ends
        (RAW + b"\r\n", b"hello"),  # and its last one
        (b"\xef\xbb\xbf\n" + RAW, b"hello"),  # and its mark
        (RAW.replace(b"Content-Length: 5\r\n", b"") + b"\n", b"hello"),
        (RAW.partition(b"\r\n\r\n")[0], None),
        (b"POST https://api.example.com/a?b=1\nContent-Type: text/plain\n\nhello\n", b"hello"),
    ],
)
def test_raw_http_as_people_save_it(octets, body):
    """Line feeds alone, a mark in front, a line end after it, a whole address and no version: all are read."""
    saved = read_saved(octets)
    assert (saved.method, saved.url, saved.body) == ("POST", "https://api.example.com/a?b=1", body)


LAID_OUT = (
    b'POST /a?b=1 HTTP/1.1\nHost: 127.0.0.1:8000\nAuthorization: OAuth a="1",\n    b="2"\n\nhello\n'
    b"HTTP/1.1 401 No\nServer: s\n\nno\n"
)


@for_each("end", [b"\n", b"\r\n"])
@for_each("blank", [b"", b"    ", b"  "])
def test_raw_http_with_an_indentation(blank, end):
    """What a document or a terminal has indented, or a person below the first line, is read as if it were not."""
    lines = [b"    " + line if line else blank for line in LAID_OUT.splitlines()]
    for octets in (end.join(lines), b"# copied" + end + end.join(lines), end.join([lines[0].strip(), *lines[1:]])):
        saved = read_saved(octets)
        assert (saved.request.method, saved.request.url) == ("POST", "http://127.0.0.1:8000/a?b=1")
        assert saved.request.headers == {"Host": "127.0.0.1:8000", "Authorization": 'OAuth a="1", b="2"'}
        assert (saved.request.body, saved.status_code, saved.headers) == (b"hello", 401, {"Server": "s"})


def test_headers_that_are_indented_are_not_one():
    """An indented line goes on with the header above it, unless it is a header by itself."""
    saved = read_saved(b'GET / HTTP/1.1\nHost: 127.0.0.1\n    Authorization: OAuth a="1",\n      b="2"\n  X: y\n\n')
    assert saved.url == "http://127.0.0.1/"
    assert saved.headers == {"Host": "127.0.0.1", "Authorization": 'OAuth a="1", b="2"', "X": "y"}


def test_raw_http_as_the_demo_shows_it():
    """Each line with its mark, all of it indented, and the answer in other words than HTTP's."""
    shown = (
        b"      > GET /api/resource?page=2\n      > Host: 127.0.0.1:44341\n"
        b'      > Authorization: OAuth oauth_consumer_key="c",\n      >     oauth_nonce="n"\n'
        b"      < 200 verified: HMAC-SHA1 in the header, for alice\n"
    )
    for octets in (shown, shown.lstrip()):
        saved = read_saved(octets)
        assert saved.url == "http://127.0.0.1:44341/api/resource?page=2"
        assert saved.headers["Authorization"] == 'OAuth oauth_consumer_key="c", oauth_nonce="n"'
    assert read_saved(b"> curl http://a.example/ \\\n  -H 'X: y'").headers == {"X": "y"}


def test_raw_http_with_its_answer():
    """What stands after the request is the response to it."""
    saved = read_saved(RAW + b"\r\n\r\nHTTP/1.1 401 Unauthorized\r\nDate: Sat, 21 Nov 2026 12:00:00 GMT\r\n\r\nno\n")
    assert isinstance(saved, SavedResponse)
    assert (saved.status_code, saved.reason, saved._content) == (401, "Unauthorized", b"no\n")
    assert saved.headers["Date"].startswith("Sat")
    assert saved.request.body == b"hello"


def test_raw_http_of_proxies():
    """Interim answers are passed over, chunks put together, header lines that go on or come twice are one."""
    head = b"POST /a HTTP/1.1\r\nHost: a.example\r\nX: 1,\r\n\t2\r\nx: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
    interim, answer = b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\n", b"HTTP/1.1 401 No\r\nTransfer-Encoding: Chunked\r\n\r\n"
    chunks = b"3;x=y\r\na=1\r\n4\r\n&b=2\r\n0\r\n\r\n"
    for octets in (head + interim + chunks + answer + chunks, head + chunks + interim + answer + chunks):
        saved = read_saved(octets)
        assert (saved.status_code, saved._content, saved.request.body) == (401, b"a=1&b=2", b"a=1&b=2")
        assert saved.request.headers["X"] == "1, 2, 3"
    assert read_saved(head + b"a=1\r\n").body == b"a=1"  # another tool has put them together
    assert read_saved(b"HEAD http://a.example/ HTTP/1.1\n\nHTTP/2 304")._content == b""


def test_a_form_that_was_left_out_is_missed():
    """A form is signed: without it, nothing true could be said."""
    head = f"POST /a HTTP/1.1\nHost: a.example\nContent-Type: {FORM}\nContent-Length: 7\n\n"
    for octets in (head, f"{head}\n\nHTTP/1.1 401 No\n\nno", "".join(f"> {line}\n" for line in head.split("\n"))):
        with pytest.raises(UsageError, match=r"7 bytes.*--trace-ascii"):
            read_saved(octets.encode())
    assert read_saved(head.replace("7", "0").encode()).body is None
    assert read_saved(f"{head}a=1&b=2\n\nHTTP/1.1 401 No\n\nno".encode()).request.body == b"a=1&b=2"


VERBOSE = b"""\
  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current
                                 Dload  Upload   Total   Spent    Left  Speed
\r  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0*   Trying 192.0.2.1:8443...
* Connected to a.example (192.0.2.1) port 8443 (#0)
* SSL connection using TLSv1.3 / TLS_AES_256_GCM_SHA384
> GET /first HTTP/2\r
> Host: a.example:8443\r
> \r
< HTTP/2 302 \r
< location: /me\r
<\r
* Issue another request to this URL
> GET /me HTTP/2\r
> Host: a.example:8443\r
> Authorization: OAuth oauth_nonce="n"\r
> \r
< HTTP/2 401 \r
< date: Sat, 21 Nov 2026 12:00:00 GMT\r
< \r
{ [21 bytes data]
\r100   235  100   228  100     7   112k   3533 --:--:-- --:--:-- --:--:--  229k
<html>
no</html>* Connection #0 to host a.example left intact
"""


@pytest.mark.parametrize("octets", [VERBOSE, VERBOSE.replace(b"\r\n", b"\n").replace(b"> \n", b">\n")])
def test_what_curl_shows(octets):
    """``curl -v``: the last request and its answer, without the notes; the scheme is the one that was spoken."""
    saved = read_saved(octets)
    assert (saved.request.method, saved.request.url) == ("GET", "https://a.example:8443/me")
    assert saved.request.headers["Authorization"] == 'OAuth oauth_nonce="n"'
    assert (saved.status_code, saved.headers["date"][:3], saved._content) == (401, "Sat", b"<html>\nno</html>")
    plain = octets.replace(b"* SSL connection using TLSv1.3 / TLS_AES_256_GCM_SHA384", b"* hello")
    assert read_saved(plain).request.url == "http://a.example:8443/me"
    assert read_saved(plain.replace(b"* Connected", b"* ")).request.url == "https://a.example:8443/me"
    assert read_saved(octets, scheme="http").request.url == "http://a.example:8443/me"


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here to show anything")
@pytest.mark.parametrize("redirected", [False, True])
def test_what_curl_itself_traces(redirected, server, tmp_path):
    """``curl --trace-ascii``: long lines are put together again, the form is there, and of two requests the second."""
    value = f'OAuth oauth_consumer_key="{"k" * 150}"'
    turn = lambda got: (307, {"Location": "/me"}, b"turn") if got.target == "/first" else (401, {"X": "y" * 70}, b"no")  # noqa: E731
    server.answer = turn
    trace = tmp_path / "trace"
    words = ["-s", "-L", "-d", "a=1&b=" + "2" * 100, "-H", f"Authorization: {value}", "-H", f"YY: {'k ' * 75}k"]
    place = server.url + ("/first" if redirected else "/me")
    command = ["curl", "-q", "--noproxy", "*", "--trace-ascii", str(trace), *words, place]
    subprocess.run(command, check=True, timeout=60, capture_output=True)
    saved = read_saved(trace.read_bytes())
    assert (saved.request.method, saved.request.url) == ("POST", server.url + "/me")
    assert (saved.request.headers["Authorization"], saved.request.body) == (value, b"a=1&b=" + b"2" * 100)
    assert (saved.status_code, saved.headers["X"], saved._content) == (401, "y" * 70, b"no")
    stripped = b"\n".join(line.rstrip() for line in trace.read_bytes().split(b"\n"))
    assert read_saved(stripped).request.headers == saved.request.headers


def test_what_httpie_shows(server):
    """``http -v``: the request, its form and the answer."""
    pytest.importorskip("httpie")
    server.answer = lambda got: (401, {}, b"no")
    words = [
        sys.executable,
        "-m",
        "httpie",
        "--ignore-stdin",
        "-v",
        "--form",
        "POST",
        f"{server.url}/me",
        "a=1",
        "b=x y",
    ]
    shown = subprocess.run(words, check=True, timeout=60, capture_output=True).stdout
    saved = read_saved(shown)
    assert (saved.request.url, saved.request.body, saved.status_code) == (f"{server.url}/me", b"a=1&b=x+y", 401)
    assert saved._content == b"no"


CURL = {
    "curl https://a.example/x": ("GET", "https://a.example/x", None, None),
    "$ curl -sS 'https://a.example/x?a=1&b=2' -H 'Accept: */*' --compressed": (
        "GET", "https://a.example/x?a=1&b=2", None, None,
    ),
    "curl a.example": ("GET", "http://a.example/", None, None),
    "curl -d a=1 -d 'b=x y' https://a.example/": ("POST", "https://a.example/", b"a=1&b=x y", FORM),
    "curl --data-urlencode 'b=x y' https://a.example/": ("POST", "https://a.example/", b"b=x+y", FORM),
    "curl --data-urlencode 'x y&' https://a.example/": ("POST", "https://a.example/", b"x+y%26", FORM),
    "curl -G -d a=1 'https://a.example/?b=2'": ("GET", "https://a.example/?b=2&a=1", None, None),
    "curl -X PUT https://a.example/ --data-raw '{\"a\":1}' -H 'content-type: application/json'": (
        "PUT", "https://a.example/", b'{"a":1}', "application/json",
    ),
    "curl --json '{}' https://a.example/": ("POST", "https://a.example/", b"{}", "application/json"),
    "curl -XDELETE --url https://a.example/x": ("DELETE", "https://a.example/x", None, None),
    "curl -I https://a.example/x": ("HEAD", "https://a.example/x", None, None),
    "curl -o out.txt --unknown-option its-value https://a.example/x": ("GET", "https://a.example/x", None, None),
    "curl \\\n  https://a.example/x \\\n  -d a=1": ("POST", "https://a.example/x", b"a=1", FORM),
    "curl -F a=@b https://a.example/x": ("POST", "https://a.example/x", None, "multipart/form-data"),
    "curl --form-string a=b https://a.example/x": ("POST", "https://a.example/x", None, "multipart/form-data"),
    "curl -sSLd a=1 https://a.example/x": ("POST", "https://a.example/x", b"a=1", FORM),
    "curl -sSXPUT -da=1 -H'X: y' https://a.example/x": ("PUT", "https://a.example/x", b"a=1", FORM),
    "curl -kGd a=1 https://a.example/x": ("GET", "https://a.example/x?a=1", None, None),
    "curl https://a.example --data-binary a=1": ("POST", "https://a.example/", b"a=1", FORM),
    "curl --data-ascii a=1 'https://a.example?b=2#c'": ("POST", "https://a.example/?b=2", b"a=1", FORM),
    "curl --data-raw @a -d b https://a.example/": ("POST", "https://a.example/", b"@a&b", FORM),
    "curl --data-urlencode =b=c --data-urlencode 'd=e&f' https://a.example/": (
        "POST", "https://a.example/", b"b%3Dc&d=e%26f", FORM,
    ),
    "curl --json '{\"a\":' --json '1}' https://a.example/": (
        "POST", "https://a.example/", b'{"a":1}', "application/json",
    ),
    "curl -d a=1 -H 'content-type:' https://a.example/": ("POST", "https://a.example/", b"a=1", None),
    "curl --referer https://b.example/ --max-time 20 https://a.example/x": ("GET", "https://a.example/x", None, None),
    "curl -e https://b.example/ -A 'Agent 1' -b c=d https://a.example/x": ("GET", "https://a.example/x", None, None),
    "curl --unknown-flag https://a.example/x stray": ("GET", "https://a.example/x", None, None),
    "curl --unknown-option 1 a.example": ("GET", "http://a.example/", None, None),
    "curl -T /dev/null https://a.example/x": ("PUT", "https://a.example/x", None, None),
    "curl https://a.example/x --data-raw $'it\\'s=\\u0021\\x21\\041\\n\\\\\\xff'": (
        "POST", "https://a.example/x", b"it's=!!!\n\\\xff", FORM,
    ),
    'curl "https://a.example/x?a=\\$b" -d "c\\"d" -d e\\ f': ("POST", "https://a.example/x?a=$b", b'c"d&e f', FORM),
    "# from Bob\n\n#and Ann\ncurl https://a.example/x # mine\n": ("GET", "https://a.example/x", None, None),
    "me@host:~$ /usr/bin/curl https://a.example/x 2>/dev/null | sort -d a": ("GET", "https://a.example/x", None, None),
}  # fmt: skip


@for_each("line", CURL)
def test_curl(line):
    """A command line of curl's, as a browser copies it or a person types it."""
    saved = read_saved(line.encode())
    headers = {name.lower(): value for name, value in saved.headers.items()}
    assert (saved.method, saved.url, saved.body, headers.get("content-type")) == CURL[line]


@pytest.mark.skipif(
    shutil.which("curl") is None or shutil.which("bash") is None,
    reason="there is no curl here to compare with, or no shell",
)
@pytest.mark.parametrize(
    "line",
    [
        line for line in CURL
        if line.startswith("curl") and not any(name in line for name in ("-F", "--form", "--json '", "-o", "--unknown"))
    ],
)  # fmt: skip
def test_curl_itself(line, server, tmp_path):
    """What curl sends for the same line is what was read."""
    words = (
        line.removeprefix("$ ").replace("https://a.example", server.url).replace("curl a.example", f"curl {server.url}")
    )
    subprocess.run(["bash", "-c", f"{words} -q -s -o /dev/null --max-time 20"], check=True, cwd=tmp_path, timeout=60)
    saved = read_saved(words.encode())
    got = server.last
    assert (got.method, server.url + got.target, got.body) == (saved.method, saved.url, saved.body or b"")
    headers = {name.lower(): value for name, value in saved.headers.items()}
    assert got.headers.get("content-type") == headers.get("content-type")
    assert got.headers.get("authorization") == headers.get("authorization")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("-u me:pw", "Basic bWU6cHc="),
        ("-sume:pw", "Basic bWU6cHc="),
        ("--user me:pw -H 'Authorization: OAuth a=b'", "OAuth a=b"),
    ],
)
def test_who_signs_a_curl_command(words, expected):
    """-u makes a header, which one that is given outright displaces, as in curl itself."""
    assert read_saved(f"curl https://a.example/ {words}".encode()).headers["Authorization"] == expected


CMD = {
    # as browsers copy it today
    'curl ^"https://a.example/x?a=1^&b=^%^20c^" ^\n -X ^"PUT^" ^\n --data-raw ^"^{^\\^"a^\\^":^\\^"C:^\\^\\^\\^"^}^"': (
        "PUT", "https://a.example/x?a=1&b=%20c", b'{"a":"C:\\"}',
    ),
    # and as they did until 2023
    'curl "https://a.example/x?a=1^&b=2" ^\r\n  -H "accept: */*" ^\r\n  --data-raw "c=1^&d=^%^20e" ^\r\n  -k': (
        "POST", "https://a.example/x?a=1&b=2", b"c=1&d=%20e",
    ),
    'C:\\Users\\me>curl.exe ^"https://a.example/x^" --data-raw ^"a=^\n\n1""2^"': (
        "POST", "https://a.example/x", b'a=\n1"2',
    ),
}  # fmt: skip


@pytest.mark.parametrize("line", CMD)
def test_curl_for_windows(line):
    """Browsers copy command lines for Windows' cmd too, whose escapes are carets."""
    saved = read_saved(line.encode())
    assert (saved.method, saved.url, saved.body) == CMD[line]


def test_escapes_that_are_no_characters():
    """``$'...'`` can name what is no text: half a character goes out in three octets, as bash has it."""
    saved = read_saved(rb"curl https://a.example/$'\ud800' -d $'\ud800\U0001f600\UFFFFFFFF\q' -H $'X: \xff'")
    assert saved.body == b"\xed\xa0\x80\xf0\x9f\x98\x80\\UFFFFFFFF\\q"
    assert (saved.url[-1], saved.headers["X"]) == ("\N{REPLACEMENT CHARACTER}", "\N{REPLACEMENT CHARACTER}")


def test_a_file_as_windows_saves_it():
    """Windows' own shell redirects in UTF-16."""
    assert read_saved("curl https://a.example/x".encode("utf-16")).url == "https://a.example/x"


def har(*entries):
    return json.dumps({"log": {"version": "1.2", "entries": list(entries)}}).encode()


def entry(status, **request):
    asked = {"method": "get", "url": "https://a.example/", "headers": [{"name": ":authority", "value": "a"}]}
    content = {"text": "bm8=", "encoding": "base64"}
    return {"request": {**asked, **request}, "response": {"status": status, "headers": [], "content": content}}


def test_har():
    """The last refused entry is taken, with its form and its answer."""
    posted = {"mimeType": FORM, "params": [{"name": "a b", "value": "1&2"}]}
    saved = read_saved(har(entry(401), entry(403, method="post", postData=posted), entry(200)))
    assert (saved.status_code, saved._content) == (403, b"no")
    assert (saved.request.method, saved.request.body) == ("POST", b"a+b=1%262")
    assert saved.request.headers == {"Content-Type": FORM}
    assert read_saved(har(entry(200), entry(204))).status_code == 204


SIGNED = "https://a.example/?oauth_signature=x"


def test_har_of_a_page():
    """A page asks for more than the API: what has to do with OAuth is taken, wherever it stands."""
    header = [{"name": "authorization", "value": 'OAuth oauth_nonce="n"'}]
    in_form = {"mimeType": FORM, "text": "oauth_nonce=n", "params": [{"name": "wrong", "value": "wrong"}]}
    for signed in ({"url": SIGNED}, {"headers": header}, {"postData": in_form}):
        saved = read_saved(har(entry(400, **signed), entry(404, url="https://a.example/favicon.ico"), entry(401)))
        assert saved.status_code == 400
    assert saved.request.body == b"oauth_nonce=n"
    assert read_saved(har(entry(200, url=SIGNED), entry(404))).status_code == 200
    assert read_saved(har(entry(401), entry(404), entry(200, url=SIGNED))).status_code == 401


@pytest.mark.parametrize("response", [None, {}, {"status": 0}, {"status": 0, "content": {}}])
def test_har_without_an_answer(response):
    """A request that was blocked, or is not answered yet, is a request without an answer."""
    blocked = {**entry(0, url=SIGNED), "response": response}
    for one in (blocked, {"request": blocked["request"]}):
        saved = read_saved(har(one, {"damaged": True}, entry(404)))
        assert isinstance(saved, SavedRequest)
        assert saved.url == SIGNED


def test_har_with_a_body_that_is_no_base64():
    """A body is base64 where it says so and is; else it stands as it is."""
    for encoding, text, expected in (("base64", "bm8=", b"no"), ("base64", "no", b"no"), (None, "bm8=", b"bm8=")):
        one = entry(401)
        one["response"]["content"] = {"text": text, "encoding": encoding}
        assert read_saved(har(one))._content == expected


@for_each(
    "octets",
    [
        b"", b"hello", b"GET /path HTTP/1.1\r\n\r\n", b"{}", b'{"log": {"entries": []}}', b'{"log": {"entries": [{}]}}',
        b"[" * 100_000, b'{"log":' * 100_000, b"curl", b"curl 'https://a.example/", b"curl -d @file https://a.example/",
        b"curl -X", b"\x00\xff", b"GET  HTTP/1.1", b"curl 'http://[/'", b"curl --data-urlencode a@b https://a.example/",
        b"curl --data-binary @- https://a.example/", b"curl --json @a https://a.example/", b"HTTP/1.1 401 No\n\nno",
        b"# nothing\n", b'{"log": {"entries": {}}}', b'{"log": {"entries": [1]}}',
    ],
)  # fmt: skip
def test_what_is_none(octets):
    """Anything else is one clear UsageError."""
    with pytest.raises(UsageError):
        read_saved(octets)


@for_each(
    "text",
    ["$session = New-Object Microsoft.PowerShell.Commands.Session", "wget https://a.example/",
     "http https://a.example/ a=1"],
)  # fmt: skip
def test_commands_of_other_tools(text):
    """What else browsers copy and people type is no raw HTTP: it is said what to copy instead."""
    with pytest.raises(UsageError, match="copy the request as cURL"):
        read_saved(text.encode())


@pytest.mark.promise("strangers-are-read-in-linear-time")
@for_each(
    "octets",
    [
        b"curl https://a.example/ -d '" + b"a" * 250_000 + b"'",
        b'curl https://a.example/ -d "' + b"\\a" * 125_000 + b'"',
        b"curl https://a.example/ -d $'" + b"\\n" * 125_000 + b"'", b'curl ^"a" ' + b'"' * 250_001, b"$/" * 125_000,
        b"> GET / HTTP/1.1\n> Host: a\n\n" + b" " * 250_000, b"GET http://a/\n\n" + b"HTTP/1.1 100\n" * 20_000,
        b"#\n" * 125_000, b"=> Send header, 9 bytes\n" + b"0000:\n" * 50_000, b"curl " + b"-" * 250_000,
        b"GET http://a/\nTransfer-Encoding: chunked\n\n" + b"1\na\n" * 50_000, b"curl " + b"\\\n" * 75_000,
    ],
    ids=lambda octets: octets[:12],
)  # fmt: skip
def test_reading_is_linear(octets):
    """A quarter of a megabyte of anything is read, or refused, in a moment."""
    start = time.process_time()
    with suppress(UsageError):
        read_saved(octets)
    assert time.process_time() - start < 10 / 16  # the square of ten seconds for a megabyte


@pytest.mark.parametrize(
    ("target", "url"),
    [
        ("/a?next=http://l/cb&x=1", "https://h.example/a?next=http://l/cb&x=1"),
        ("*", "https://h.example"),
        ("a", "https://h.example/a"),
        ("HTTPS://other.example/a", "HTTPS://other.example/a"),
    ],
)
def test_what_a_target_is(target, url):
    """A target is a whole address only where it begins with a scheme; OPTIONS has one that is no path."""
    assert read_saved(f"OPTIONS {target} HTTP/1.1\r\nHost: h.example\r\n\r\n".encode()).url == url


def test_octets_that_are_line_ends_elsewhere_are_none_in_headers():
    """The second octet of an A with a ring is a line end in Latin-1, for str.splitlines(); for HTTP it is not."""
    header = 'OAuth realm="\u00c5", oauth_nonce="1"'
    saved = read_saved(f"GET / HTTP/1.1\nHost: h\nAuthorization: {header}\n\n".encode())
    assert saved.headers["Authorization"] == header.encode().decode("latin-1")


def test_a_path_with_curl_in_it_is_no_command():
    """Raw HTTP is raw HTTP, whatever its path is."""
    assert read_saved(b"GET /files/a%20b/curl HTTP/1.1\nHost: h\n\n").url == "https://h/files/a%20b/curl"


@pytest.mark.parametrize("option", ["--next https://b.example/", "--url-query a=1"])
def test_curl_options_that_would_make_another_request(option):
    """What would change the request, and is not read, is an error."""
    with pytest.raises(UsageError, match="--next or --url-query"):
        read_saved(f"curl https://h.example/ {option}".encode())


def test_a_curl_address_without_a_scheme_and_with_one_in_its_query():
    """curl takes http where there is no scheme; one in the query is none of the address's."""
    assert read_saved(b"curl 'x.example/login?next=https://y/'").url == "http://x.example/login?next=https://y/"


def test_a_caret_in_a_quotation_of_the_shell():
    """A caret before a quotation mark is cmd's only outside of the shell's own quotation marks."""
    assert read_saved(b"""curl 'https://h/' --data-raw 'x ^"y'""").body == b'x ^"y'


def test_a_status_without_end():
    """A status that is no number that a computer has makes its entry one that cannot be read."""
    with pytest.raises(UsageError, match="no entries that can be read"):
        read_saved(
            b'{"log": {"entries": [{"request": {"method": "GET", "url": "http://h"}, "response": {"status": 1e999}}]}}'
        )


def test_what_an_answer_quotes_was_not_sent():
    """In curl -v, a line of the answer that begins with > is the answer's."""
    saved = read_saved(
        b"* Connected to h\n> GET / HTTP/1.1\n> Host: h\n>\n< HTTP/1.1 401 No\n< Server: s\n<\nsays\n> a=1\n"
    )
    assert isinstance(saved, SavedResponse)
    assert saved.request.body is None
    assert b"a=1" in saved._content


def test_a_redirect_to_plain_http():
    """Of a transcript with a redirect, the scheme is that of the last address."""
    saved = read_saved(
        b"* Connected to a port 443\n* SSL connection using\n> GET / HTTP/1.1\n> Host: a\n>\n< HTTP/1.1 302 F\n<\n"
        b"* Connected to b port 80\n> GET /x HTTP/1.1\n> Host: b\n>\n< HTTP/1.1 401 No\n<\n"
    )
    assert saved.request.url == "http://b/x"


def test_lengths_that_make_no_sense():
    """A Content-Length that is none, or too large, cuts nothing off."""
    for length in ("9" * 5000, "1000", "-1", "many"):
        saved = read_saved(f"POST https://a.example/\nContent-Length: {length}\n\nhello\n".encode())
        assert saved.body == b"hello"


def test_saved_requests_are_explained():
    """explain takes what was saved, whatever it was saved as."""
    signed = sign(
        "POST", "https://a.example/x?q=1", headers={"Content-Type": FORM}, body="a=1", consumer=CONSUMER, token=TOKEN
    )
    line = f"curl 'https://a.example/x?q=2' -d 'a=1' -H 'Authorization: {signed.headers['Authorization']}'"
    explanation = explain(read_saved(line.encode()), CONSUMER, TOKEN, server_base_string=signed.base_string)
    assert explanation.findings[0].code == "query-changed"


@pytest.mark.parametrize("kind", ["raw", "curl", "har"])
def test_the_command(kind, tmp_path, command, monkeypatch):
    """``oauth-hook explain`` reads a file or standard input; secrets come from the environment, and none are shown."""
    signed = sign("GET", "https://a.example/x", consumer=Consumer("key", "consumer-hunter2\n"), token=TOKEN)
    header = signed.headers["Authorization"]
    octets = {
        "raw": f"GET /x HTTP/1.1\nHost: a.example\nAuthorization: {header}\n\n\nHTTP/1.1 401 No\n\nno\n".encode(),
        "curl": f"curl https://a.example/x -H 'Authorization: {header}'".encode(),
        "har": har(entry(401, url="https://a.example/x", headers=[{"name": "authorization", "value": header}])),
    }[kind]
    path = tmp_path / "saved"
    path.write_bytes(octets)
    environment = {
        "OAUTH_CONSUMER_KEY": "key", "OAUTH_CONSUMER_SECRET": "consumer-hunter2", "OAUTH_TOKEN": "token",
        "OAUTH_TOKEN_SECRET": "token-hunter2",
    }  # fmt: skip
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for words, given in (([str(path)], b""), (["--json", "-"], octets), ([], octets)):
        done = command(*words, stdin=given)
        assert done.err == ""
        assert "secret-whitespace" in done.out
        assert "hunter2" not in done.out
    process = subprocess.run(
        [sys.executable, "-m", "oauth_hook", "explain", "--json"], input=octets, capture_output=True, timeout=60
    )
    assert (process.returncode, process.stderr) == (0, b"")
    assert b"hunter2" not in process.stdout
    assert json.loads(process.stdout)["findings"][0]["code"] == "secret-whitespace"


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    """Run ``explain`` in this process, with a store and an environment of its own; return what it printed."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("OAUTH_")]:
        monkeypatch.delenv(name)

    def command(*words, stdin=b"", check=0):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        assert cli.main(["explain", "--store", str(tmp_path / "store"), *words]) == check
        return capsys.readouterr()

    command.folder = tmp_path
    return command


def saved_and_signed(**more):
    """Return a signed request, and what was saved of it."""
    signed = sign("GET", "https://a.example/x?q=1", consumer=CONSUMER, token=TOKEN, **more)
    return signed, f"GET {signed.url}\nAuthorization: {signed.headers['Authorization']}\n".encode()


def test_a_name_alone_reads_standard_input(command):
    """One word is a file if there is one of that name, or else an account, whose request comes by standard input."""
    _, octets = saved_and_signed()
    with CredentialStore(command.folder / "store") as store:
        store["me"] = Account(CONSUMER, AccessToken("another", "token-hunter2"), "example")
    assert "1. token-key" in command("me", stdin=octets).out
    assert "1. token-key" in command("me", "-", stdin=octets).out
    (command.folder / "me").write_bytes(b"GET https://a.example/\n")
    assert "1. unsigned" in command("me", stdin=octets).out
    assert "1. unsigned" in command("me", "me").out
    error = command("nobody", stdin=octets, check=2).err
    assert "neither a file nor an account of that name" in error
    assert "use [NAME] [FILE]" in command("a", "b", "c", check=2).err


def test_a_page_to_look_at(command):
    """--html writes the page to a FILE, beside what is printed; for "-" the page is all that is printed."""
    _, octets = saved_and_signed()
    done = command("--html", "why.html", stdin=octets)
    page = (command.folder / "why.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert "hunter2" not in page
    assert done.out == command(stdin=octets).out
    assert done.err.splitlines()[0] == "the page is in why.html"
    assert command("--html", "-", stdin=octets).out == page + "\n"
    assert json.loads(command("--html", "why.html", "--json", stdin=octets).out)["findings"]
    assert "give --html a FILE" in command("--html", "-", "--json", stdin=octets, check=2).err
    assert "cannot write 'none/why.html'" in command("--html", "none/why.html", stdin=octets, check=2).err


def test_a_command_line_as_an_argument(command):
    """A whole command line where a NAME or a FILE belongs is not shown again: it may have secrets in it."""
    error = command("curl https://h.example/ -H 'Authorization: secret-hunter2'" + " " * 300, check=2).err
    assert "standard input" in error
    assert "hunter2" not in error


def test_a_base_string_in_a_file(command):
    """--base-string takes the text, or the file that has it, line end and all."""
    signed, octets = saved_and_signed()
    theirs = signed.base_string.replace("https%3A", "http%3A")
    (command.folder / "base").write_text(theirs + "\n")
    for option, given in product(("--base-string", "--my-base-string"), (theirs, "@base")):
        assert "1. scheme (proven)" in command(option, given, stdin=octets).out
    assert "cannot read nowhere" in command("--base-string", "@nowhere", stdin=octets, check=2).err


def test_a_service_is_named(command):
    """What a known service wants, an account's, or one that a file describes, is looked at whatever the URL is."""
    _, octets = saved_and_signed()
    assert "realm" not in command(stdin=octets).out
    (command.folder / "mine.json").write_text('{"name": "mine", "title": "Mine", "realm": "Main"}')
    for named, says in (("netsuite", "NetSuite"), ("./mine.json", "Mine wants the realm")):
        out = command("--service", named, stdin=octets).out
        assert says in out
        assert "realm (proven), in the client's code" in out
    with CredentialStore(command.folder / "store") as store:
        store["shop"] = Account(CONSUMER, TOKEN, "netsuite")
    assert "realm (proven), in the client's code" in command("shop", stdin=octets).out
    for named, says in (("netsiute", "netsuite"), ("./none.json", "neither a service nor a file")):
        assert says in command("--service", named, stdin=octets, check=2).err


def test_a_token_without_a_consumer(command, monkeypatch):
    """The environment's token is looked at, though no consumer goes with it."""
    _, octets = saved_and_signed()
    monkeypatch.setenv("OAUTH_TOKEN", "another")
    monkeypatch.setenv("OAUTH_TOKEN_SECRET", "token-hunter2")
    assert "1. token-key" in command(stdin=octets).out


def test_a_base_string_that_is_none(command):
    """What is no base string, in a file or not, is misuse."""
    _, octets = saved_and_signed()
    (command.folder / "base").write_text("hello\n")
    for option, given in product(("--base-string", "--my-base-string"), ("hello", "@base", "")):
        error = command(option, given, stdin=octets, check=2).err
        assert error.count("\n") == 1
        assert f"{option} must be METHOD&URL&parameters" in error


def test_a_file_before_the_name(command):
    """Words in another order are told theirs."""
    (command.folder / "saved").write_bytes(b"GET https://a.example/\n")
    with CredentialStore(command.folder / "store") as store:
        store["me"] = Account(CONSUMER, TOKEN, "example")
    assert "the NAME first" in command("saved", "me", check=2).err


def test_a_har_file_without_the_signature(command):
    """Browsers leave the header out of what they export; that is said before the request is called unsigned."""
    plain = har(entry(401, url="https://a.example/x", headers=[]))
    error = command(stdin=plain).err
    assert error.startswith("oauth-hook: this HAR file")
    assert "sensitive data" in error
    signed, _ = saved_and_signed()
    headers = [{"name": "Authorization", "value": signed.headers["Authorization"]}]
    assert "HAR" not in command(stdin=har(entry(401, url=signed.url, headers=headers))).err
    assert command(stdin=b"GET https://a.example/\n").err == ""


def test_what_is_too_large_is_not_read(command):
    """64 MB are read, and not an octet more."""
    for more, check in ((0, 2), (1, 2)):
        with open("large", "wb") as file:
            file.write(b"{")  # which is no HAR, at once
            file.truncate((64 << 20) + more)
        assert ("larger than 64 MB" in command("large", check=check).err) is bool(more)


def test_what_would_tell_more_is_said(command):
    """Where nothing is proven, the options that were not used are named, on standard error, once."""
    signed, octets = saved_and_signed()
    told = command(stdin=octets)
    assert told.err.count("\n") == 1
    assert all(name in told.err for name in ("NAME", "OAUTH_CONSUMER_KEY", "--base-string"))
    assert "--rsa-key" not in told.err
    with CredentialStore(command.folder / "store") as store:
        store["me"] = Account(CONSUMER, TOKEN, "example")
    assert "OAUTH_CONSUMER_KEY" not in command("me", stdin=octets).err
    shown = octets + b"\nHTTP/1.1 401 No\n\ndebug_sbs=" + signed.base_string.encode()
    error = command(stdin=shown).err
    assert "OAUTH_CONSUMER_KEY" in error
    assert "--base-string" not in error
    assert command("me", "--base-string", signed.base_string, stdin=octets).err == ""
    assert command("me", "--base-string", signed.base_string.replace("GET", "PUT"), stdin=octets).err == ""


def test_the_command_without_secrets(tmp_path, command):
    """Without credentials the request is looked at as it stands; misuse is said in one line."""
    assert "1. unsigned (proven)" in command(stdin=b"GET https://a.example/\n\n").out
    for words, given in (
        (["-"], b"nonsense"),
        ([str(tmp_path / "none")], b""),
        (["no-such-name", "-"], b"GET https://a/\n"),
    ):
        error = command(*words, stdin=given, check=2).err
        assert error.startswith("oauth-hook: ")
        assert error.count("\n") == 1


def test_a_reader_that_goes_away(tmp_path):
    """Nothing waits for ever: standard input that is closed is an empty request, which is misuse."""
    ours, theirs = socket.socketpair()
    threading.Thread(target=theirs.close).start()
    with ours:
        done = subprocess.run(
            [sys.executable, "-m", "oauth_hook", "explain"], stdin=ours, capture_output=True, timeout=60
        )
    assert done.returncode == 2
