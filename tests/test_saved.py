"""Saved requests are read as they are: raw HTTP, curl command lines, HAR files."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading

import pytest

from oauth_hook import AccessToken, Consumer, UsageError, explain, sign
from oauth_hook.saved import SavedRequest, SavedResponse, read_saved

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


@pytest.mark.parametrize(
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


def test_raw_http_with_its_answer():
    """What stands after the request is the response to it."""
    saved = read_saved(RAW + b"\r\n\r\nHTTP/1.1 401 Unauthorized\r\nDate: Sat, 21 Nov 2026 12:00:00 GMT\r\n\r\nno\n")
    assert isinstance(saved, SavedResponse)
    assert (saved.status_code, saved.reason, saved._content) == (401, "Unauthorized", b"no\n")
    assert saved.headers["Date"].startswith("Sat")
    assert saved.request.body == b"hello"


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
}  # fmt: skip


@pytest.mark.parametrize("line", CURL)
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
    "line", [line for line in CURL if "-F" not in line and "--json" not in line and "-o" not in line]
)
def test_curl_itself(line, server, tmp_path):
    """What curl sends for the same line is what was read."""
    words = (
        line.removeprefix("$ ").replace("https://a.example", server.url).replace("curl a.example", f"curl {server.url}")
    )
    subprocess.run(["bash", "-c", f"{words} -q -s -o /dev/null --max-time 20"], check=True, cwd=tmp_path, timeout=60)
    saved = read_saved(words.encode())
    got = server.last
    assert (got.method, server.url + got.target, got.body) == (saved.method, saved.url, saved.body or b"")


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
    assert (saved.request.method, saved.request.body, saved.request.headers) == ("POST", b"a+b=1%262", {})
    assert read_saved(har(entry(200), entry(204))).status_code == 204


@pytest.mark.parametrize(
    "octets",
    [
        b"", b"hello", b"GET /path HTTP/1.1\r\n\r\n", b"{}", b'{"log": {"entries": []}}', b'{"log": {"entries": [{}]}}',
        b"[" * 100_000, b'{"log":' * 100_000, b"curl", b"curl 'https://a.example/", b"curl -d @file https://a.example/",
        b"curl -X", b"\x00\xff", b"GET  HTTP/1.1",
    ],
)  # fmt: skip
def test_what_is_none(octets):
    """Anything else is one clear UsageError."""
    with pytest.raises(UsageError):
        read_saved(octets)


def test_saved_requests_are_explained():
    """explain takes what was saved, whatever it was saved as."""
    signed = sign(
        "POST", "https://a.example/x?q=1", headers={"Content-Type": FORM}, body="a=1", consumer=CONSUMER, token=TOKEN
    )
    line = f"curl 'https://a.example/x?q=2' -d 'a=1' -H 'Authorization: {signed.headers['Authorization']}'"
    explanation = explain(read_saved(line.encode()), CONSUMER, TOKEN, server_base_string=signed.base_string)
    assert explanation.findings[0].code == "query-changed"


@pytest.mark.parametrize("kind", ["raw", "curl", "har"])
def test_the_command(kind, tmp_path):
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
    command = [sys.executable, "-m", "oauth_hook", "explain"]
    environment = os.environ | {
        "OAUTH_CONSUMER_KEY": "key", "OAUTH_CONSUMER_SECRET": "consumer-hunter2", "OAUTH_TOKEN": "token",
        "OAUTH_TOKEN_SECRET": "token-hunter2",
    }  # fmt: skip
    for words, given in (([str(path)], None), (["--json", "-"], octets), ([], octets)):
        done = subprocess.run([*command, *words], input=given, capture_output=True, env=environment, timeout=60)
        assert (done.returncode, done.stderr) == (0, b"")
        assert b"secret-whitespace" in done.stdout
        assert b"hunter2" not in done.stdout
    assert (
        json.loads(
            subprocess.run(
                [*command, "--json", path], capture_output=True, env=environment, timeout=60, check=True
            ).stdout
        )["findings"][0]["code"]
        == "secret-whitespace"
    )


def test_the_command_without_secrets(tmp_path):
    """Without credentials the request is looked at as it stands; misuse is said in one line."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OAUTH_")}
    command = [sys.executable, "-m", "oauth_hook", "explain"]
    done = subprocess.run(
        command, input=b"GET https://a.example/\n\n", capture_output=True, env=environment, timeout=60, check=True
    )
    assert b"1. unsigned (proven)" in done.stdout
    for words, given in (
        (["-"], b"nonsense"),
        ([str(tmp_path / "none")], b""),
        (["no-such-name", "-"], b"GET https://a/\n"),
    ):
        done = subprocess.run([*command, *words], input=given, capture_output=True, env=environment, timeout=60)
        assert done.returncode == 2, words
        assert done.stderr.startswith(b"oauth-hook: ")
        assert done.stderr.count(b"\n") == 1


def test_a_reader_that_goes_away(tmp_path):
    """Nothing waits for ever: standard input that is closed is an empty request, which is misuse."""
    ours, theirs = socket.socketpair()
    threading.Thread(target=theirs.close).start()
    with ours:
        done = subprocess.run(
            [sys.executable, "-m", "oauth_hook", "explain"], stdin=ours, capture_output=True, timeout=60
        )
    assert done.returncode == 2
