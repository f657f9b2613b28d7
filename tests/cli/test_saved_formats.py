"""What tools show and save of a request is read, with the response; what cannot hold one is named.

Real tools make the samples where they are here; the others follow what the tool documents, and say so.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from contextlib import suppress

import pytest
import requests

from oauth_hook import AccessToken, Consumer, UsageError, explain, sign
from oauth_hook.cli.saved import SavedRequest, SavedResponse, is_har, read_saved

CONSUMER, TOKEN = Consumer("key", "consumer-hunter2"), AccessToken("token", "token-hunter2")
FORM = "application/x-www-form-urlencoded"
BODY = "a=1&b=x+y%26"
URL = "https://api.example.com/a?q=1"
SIGNED = sign("POST", URL, headers={"Content-Type": FORM}, body=BODY, consumer=CONSUMER, token=TOKEN)
HEADER = SIGNED.headers["Authorization"]
SAID = '{"error": "can\'t"}'

HEAD = f"POST /a?q=1 HTTP/1.1\r\nHost: api.example.com\r\nAuthorization: {HEADER}\r\nContent-Type: {FORM}\r\n"
RAW = f"{HEAD}Content-Length: {len(BODY)}\r\n\r\n{BODY}"
RESPONSE = f"HTTP/1.1 401 Unauthorized\r\nX-Said: no\r\n\r\n{SAID}"
OTHER = "GET /favicon.ico HTTP/1.1\r\nHost: api.example.com\r\n\r\n"


def prefix(text, mark):
    return "".join(f"{mark}{line}\n" for line in text.replace("\r", "").split("\n"))


def wire(text, mark):
    """Return what Apache's HttpClient logs of a text (its "wire" logger)."""
    lines = re.findall(r"[^\n]*\n|[^\n]+$", text)
    return "".join(
        f'2026-11-29 10:33:09,1 DEBUG wire:72 - http-outgoing-0 {mark} "'
        + line.replace("\r", "[\\r]").replace("\n", "[\\n]")
        + '"\n'
        for line in lines
    )


# Name -> (text, status; None: there is no response in it). All of POST URL with HEADER and BODY.
FORMATS = {
    "Go's httputil.DumpRequest, printed by log (its documentation)": (
        f"2026/11/29 10:33:08 start\n2026/11/29 10:33:09 {RAW}\n2026/11/29 10:33:10 {RESPONSE}\n"
        "2026/11/29 10:33:10 done\n", 401,
    ),
    "the same, several": (f"2026/11/29 10:33:09 {RAW}\n2026/11/29 10:33:10 {OTHER}\n", None),
    "the same, with %q": (f"2026/11/29 10:33:09 {json.dumps(RAW)}\n2026/11/29 10:33:10 {json.dumps(RESPONSE)}\n", 401),
    "a log prefix in each line (docker compose)": (prefix(f"{RAW}\n\n{RESPONSE}", "app_1  | "), 401),
    "Ruby's Net::HTTP, which twurl -t shows (its source)": (
        "opening connection to api.example.com:443...\nopened\nstarting SSL for api.example.com:443...\n"
        f"SSL established, protocol: TLSv1.3\n<- {json.dumps(RAW[: -len(BODY)])}\n<- {json.dumps(BODY)}\n"
        '-> "HTTP/1.1 401 Unauthorized\\r\\n"\n-> "X-Said: no\\r\\n"\n-> "\\r\\n"\nreading 18 bytes...\n'
        f"-> {json.dumps(SAID)}\nread 18 bytes\nConn keep-alive\n", 401,
    ),
    "Apache's HttpClient (its logging guide)": (wire(RAW, ">>") + wire(RESPONSE, "<<"), 401),
    "OkHttp's logging interceptor (its documentation)": (
        f"--> POST {URL} http/1.1\nAuthorization: {HEADER}\nContent-Type: {FORM}\n\n{BODY}\n"
        f"--> END POST (12-byte body)\n<-- 401 Unauthorized {URL} (12ms)\nx-said: no\n\n{SAID}\n"
        "<-- END HTTP (18-byte body)\n", 401,
    ),
    "the same, in Android's log": (
        prefix(
            f"--> POST {URL} h2\nAuthorization: {HEADER}\nContent-Type: {FORM}\n\n{BODY}\n--> END POST\n"
            f"<-- 401 {URL} (12ms)\nx-said: no\n\n{SAID}\n<-- END HTTP", "D/OkHttp: ",
        ), 401,
    ),
    "code fences of Markdown": (
        f"I send\n\n```http\n{RAW}\n```\n\nwith\n\n```python\nimport requests\nrequests.post(url, oauth_x=1)\n```\n\n"
        f"and get\n\n~~~\n{RESPONSE}\n~~~\n\nWhy?\n", 401,
    ),
    "a curl line and its response in fences": (
        f"```sh\n$ curl -i '{URL}' -d '{BODY}' -H 'Authorization: {HEADER}'\n```\n\n```\n{RESPONSE}\n```\n", 401,
    ),
    "several curl lines, with what came back": (
        f"$ curl https://api.example.com/one\n{{\"can't\": 1}}\n$ curl '{URL}' -H 'Authorization: {HEADER}' \\\n"
        f"  --data '{BODY}'\n{SAID}\n$ curl https://api.example.com/three\n", None,
    ),
    "a pasted page's quotation marks and dashes": (
        f"curl \u2018{URL}\u2019 \u2013data \u2018{BODY}\u2019 \u2013H "
        f"\u201cAuthorization: {HEADER.replace(chr(34), '')}\u201d", None,
    ),
    "Chrome's headers panel (as its version 115 copies it)": (
        f"Request URL: {URL}\nRequest Method: POST\nStatus Code: 401 Unauthorized\nRemote Address: 192.0.2.1:443\n"
        "Referrer Policy: no-referrer\nx-said: no\n:authority: api.example.com\n:method: POST\n:path: /a?q=1\n"
        f":scheme: https\naccept: */*\nauthorization: {HEADER}\ncontent-type: {FORM}\nForm Data\n{BODY}\n", 401,
    ),
    "the same, a name and its value in two lines (since 117)": (
        f"General\nRequest URL\n{URL}\nRequest Method\nPOST\nStatus Code\n401 Unauthorized\nResponse Headers\n"
        "x-said\nno\nRequest Headers\n:authority\napi.example.com\n:method\nPOST\n:path\n/a?q=1\n:scheme\nhttps\n"
        f"authorization\n{HEADER}\ncontent-type\n{FORM}\nForm Data\na: 1\nb: x y&\n", 401,
    ),
    "pseudo-headers below a request line": (
        f"POST /a?q=1 HTTP/2\n:authority: api.example.com\nauthorization: {HEADER}\ncontent-type: {FORM}\n"
        f"Form Data\n{BODY}\n", None,
    ),
    "Postman's console (an issue of its tracker)": (
        f'POST {URL}: {{\n  "Network": {{\n    "addresses": {{\n      // local and remote\n    }}\n  }},\n'
        f'  "Request Headers": {json.dumps({"authorization": HEADER, "content-type": FORM})},\n'
        f'  "Request Body": {json.dumps(BODY)},\n  "Response Headers": {{"x-said": "no"}},\n'
        f'  "Response Body": {json.dumps(SAID)}\n}}\n', 0,
    ),
    "the same, as it shows it": (
        f"POST {URL}\n401\n173 ms\nNetwork\nTLS: 1.3\nRequest Headers\nAuthorization: {HEADER}\nContent-Type: {FORM}\n"
        f'Request Body\na: "1"\nb: "x y&"\nResponse Headers\nX-Said: no\nResponse Body\n{SAID}\n', 401,
    ),
    "Insomnia's timeline": (
        "* Preparing request to https://api.example.com/a\n* Connected to api.example.com (192.0.2.1) port 443 (#0)\n"
        f"* SSL connection using TLSv1.3\n\n> POST /a?q=1 HTTP/2\n> Host: api.example.com\n> authorization: {HEADER}\n"
        f"> content-type: {FORM}\n> content-length: {len(BODY)}\n\n| {BODY}\n\n* We are done\n\n"
        f"< HTTP/2 401 \n< x-said: no\n\n{SAID}\n* Connection #0 to host left intact\n", 401,
    ),
    "Charles' overview": (
        f"URL\t{URL}\nStatus\tComplete\nResponse Code\t401 Unauthorized\nProtocol\tHTTP/1.1\nMethod\tPOST\n"
        f"Request Headers\nAuthorization\t{HEADER}\nContent-Type\t{FORM}\nRequest Body\n{BODY}\n"
        f"Response Headers\nX-Said\tno\nResponse Body\n{SAID}\n", 401,
    ),
    "Charles' session (.chlsj)": (
        json.dumps([
            {"status": "COMPLETE", "method": "POST", "scheme": "https", "host": "api.example.com", "port": None,
             "actualPort": 443, "path": "/a", "query": "q=1",
             "request": {"header": {"headers": [{"name": "Authorization", "value": HEADER},
                                                {"name": "Content-Type", "value": FORM}]}, "body": {"text": BODY}},
             "response": {"status": 401, "header": {"headers": [{"name": "X-Said", "value": "no"}]},
                          "body": {"text": SAID}}},
            {"damaged": True},
        ]), 401,
    ),
    "fetch, as browsers copy it": (
        f'await fetch("{URL}", {{\n  "credentials": "include",\n  "headers": '
        f'{json.dumps({"authorization": HEADER, "content-type": FORM})},\n  "body": {json.dumps(BODY)},\n'
        '  "method": "POST"\n});', None,
    ),
    "PowerShell, as browsers copy it": (
        "$session = New-Object Microsoft.PowerShell.Commands.WebRequestSession\n$session.UserAgent = \"Mozilla/5.0\"\n"
        f'Invoke-WebRequest -UseBasicParsing -Uri "{URL}" `\n-Method "POST" `\n-WebSession $session `\n-Headers @{{\n'
        '"accept"="*/*"\n  "authorization"="' + HEADER.replace('"', '`"') + f'"\n}} `\n-ContentType "{FORM}" `\n'
        f'-Body "{BODY}"', None,
    ),
    "PowerShell, as a person types it": (
        f"irm '{URL}' -Method Post -Headers @{{ Authorization = '{HEADER}'; Accept = 'x' }} -Body '{BODY}'", None,
    ),
    "an .http file": (
        "@host = api.example.com\n### first\n# @name one\nGET https://{{host}}/one\n\n"
        f"### two\nPOST https://{{{{ host }}}}/a\n    ?q=1\nAuthorization: {HEADER}\nContent-Type: {FORM}\n\n{BODY}\n\n"
        "### three\nGET https://{{host}}/\n", None,
    ),
    "Guzzle's debugging format (its documentation)": (f">>>>>>>>\n{RAW}\n<<<<<<<<\n{RESPONSE}\n--------\nNULL", 401),
    "notes above raw HTTP (httpx -v)": (f"* Connecting to 'api'\n* Connected to 'api'\n{RAW}\n\n{RESPONSE}", 401),
}  # fmt: skip


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("name", FORMATS)
def test_a_format(name, end):
    """Method, URL, signature and form are read, and status, headers and body of the response, if it has one."""
    text, status = FORMATS[name]
    saved = read_saved(text.replace("\r\n", "\n").replace("\n", end).encode())
    request = saved if isinstance(saved, SavedRequest) else saved.request
    headers = {name.lower(): value for name, value in request.headers.items()}
    assert (request.method, request.url, request.body) == ("POST", URL, BODY.encode())
    assert headers["authorization"].replace('"', "") == HEADER.replace('"', "")
    assert headers["content-type"] == FORM
    assert not any(name[:1] == ":" for name in headers)
    assert (saved.status_code if isinstance(saved, SavedResponse) else None) == status
    if status is not None:
        assert SAID.encode() in saved._content or "anel" in name or "two lines" in name
        assert [value for name, value in saved.headers.items() if name.lower() == "x-said"] == ["no"] or "wire" in text
    assert not is_har(text.encode())


@pytest.mark.parametrize("name", [name for name in FORMATS if "pasted" not in name])
def test_a_format_is_explained(name):
    """With the right secrets, explain finds the signature right: not a byte that is signed was read wrongly."""
    explanation = explain(read_saved(FORMATS[name][0].encode()), CONSUMER, TOKEN, server_base_string=SIGNED.base_string)
    assert not any(finding.proven for finding in explanation.findings), explanation


@pytest.mark.parametrize("name", FORMATS)
def test_what_a_request_quotes_was_not_sent(name):
    """What begins with raw HTTP is that, whatever its body or its response looks like."""
    quoted = FORMATS[name][0].replace("HTTP/1.1 401", "HTTP 401")
    head = "PUT /raw HTTP/1.1\nHost: h\nAuthorization: OAuth oauth_nonce=n\nContent-Type: text/plain\n\n"
    if "###" not in quoted:  # which parts the requests of an .http file, and begins with raw HTTP, too
        saved = read_saved(f"{head}{quoted}".encode())
        assert (saved.method, saved.url) == ("PUT", "https://h/raw")
    saved = read_saved(f"{head}a\n\nHTTP/1.1 400 No\n\n{quoted}".encode())
    assert (saved.request.method, saved.request.body, saved.status_code) == ("PUT", b"a", 400)


def respond_401(server):
    server.answer = lambda got: (401, {"X-Said": "no"}, SAID.encode())


def check_real(server, shown):
    saved = read_saved(shown)
    got = server.last
    assert (saved.request.method, saved.request.url) == (got.method, server.url + got.target)
    assert saved.request.body == got.body == BODY.encode()
    headers = {name.lower(): value for name, value in saved.request.headers.items()}
    assert headers["authorization"] == got.headers.get("authorization") == HEADER
    assert headers["content-type"] == got.headers.get("content-type")
    assert (saved.status_code, saved.headers["X-Said"]) == (401, "no")
    assert saved._content.strip() == SAID.encode()


SCRIPT = """
import http.client, requests, sys
http.client.HTTPConnection.debuglevel = 1
session = requests.Session()
session.trust_env = False
session.get(sys.argv[1] + "/first")
headers = {"Authorization": sys.argv[2], "Content-Type": sys.argv[4]}
print(session.post(sys.argv[1] + "/a?q=1", sys.argv[3], headers=headers).text)
"""


@pytest.mark.parametrize("mark", ["", "2026-11-29 10:33:09,123 DEBUG http.client: "])
def test_http_client_itself(mark, server):
    """Python's http.client with its debuglevel, and what the script printed; in a log, too."""
    respond_401(server)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, server.url, HEADER, BODY, FORM], capture_output=True, check=True, timeout=60
    )
    check_real(server, re.sub(rb"(?m)^(?=send:|reply:|header:)", mark.encode(), done.stdout))


@pytest.mark.parametrize("indent", ["", "    "])
def test_requests_toolbelt_itself(indent, server):
    """dump_all of requests_toolbelt, whose marks are the other way round than curl's."""
    dump = pytest.importorskip("requests_toolbelt.utils.dump")
    respond_401(server)
    with requests.Session() as session:
        session.trust_env = False
        headers = {"Authorization": HEADER, "Content-Type": FORM}
        shown = dump.dump_all(session.post(f"{server.url}/a?q=1", BODY, headers=headers)).decode()
    check_real(server, "".join(indent + line for line in shown.splitlines(keepends=True)).encode())


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here to show anything")
@pytest.mark.parametrize("option", ["--trace", "--trace-ascii"])
@pytest.mark.parametrize("times", [[], ["--trace-time"]])
def test_curl_traces_themselves(option, times, server, tmp_path):
    """curl's traces in hexadecimal and in text, with the time or without."""
    respond_401(server)
    words = ["curl", "-q", "-s", "--noproxy", "*", option, str(tmp_path / "trace"), *times, "-d", BODY]
    subprocess.run([*words, "-H", f"Authorization: {HEADER}", f"{server.url}/a?q=1"], check=True, timeout=60)
    check_real(server, (tmp_path / "trace").read_bytes())


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here to show anything")
def test_curl_verbose_with_times(server):
    """curl -v with --trace-time."""
    respond_401(server)
    words = ["curl", "-q", "-s", "--noproxy", "*", "-v", "--trace-time", "-H", "Content-Type: text/plain"]
    words += ["-H", f"Authorization: {HEADER}", f"{server.url}/a?q=1"]
    done = subprocess.run(words, check=True, timeout=60, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    saved = read_saved(done.stdout)
    assert (saved.request.url, saved.request.body, saved.status_code) == (f"{server.url}/a?q=1", None, 401)
    assert saved.request.headers["Authorization"] == HEADER


@pytest.mark.skipif(shutil.which("wget") is None, reason="there is no wget here to show anything")
def test_wget_itself(server, tmp_path):
    """wget -d: its settings name the header as well, and are not the request."""
    respond_401(server)
    words = ["wget", "-d", "--no-proxy", "--no-hsts", "-O", "-", "--post-data", BODY, "--tries", "1"]
    words += ["--header", f"Authorization: {HEADER}", f"{server.url}/a?q=1"]
    done = subprocess.run(words, check=False, timeout=60, capture_output=True, cwd=tmp_path)
    check_real(server, done.stderr)


# As mitmdump 11.0.2 showed it, with --flow-detail 3.
MITMDUMP = f"""[10:33:11.203] HTTP(S) proxy listening at *:8767.
[10:33:17.882][127.0.0.1:56078] client connect
127.0.0.1:56078: POST {URL}
    Host: api.example.com
    Authorization: {HEADER}
    Content-Length: {len(BODY)}
    Content-Type: {FORM}

    FIRST
    SECOND

 << 401 Unauthorized 18b
    X-Said: no

    {SAID}

[10:33:17.894][127.0.0.1:56078] client disconnect
127.0.0.1:56078: GET https://api.example.com/favicon.ico
    Host: api.example.com

 << 404 Not Found 0b
"""


@pytest.mark.parametrize("lines", [("a: 1\r", "b: x y&"), ("a: '1'", "b: x y&"), ("a: '1'", "b: 'x y&'"), (BODY, "")])
def test_mitmdump(lines):
    """mitmdump shows a form decoded; it is the form again, whose length is known."""
    saved = read_saved(MITMDUMP.replace("FIRST", lines[0]).replace("SECOND", lines[1]).encode())
    assert (saved.request.method, saved.request.url, saved.request.body) == ("POST", URL, BODY.encode())
    assert saved.request.headers["Authorization"] == HEADER
    assert (saved.status_code, saved.reason, saved._content) == (401, "Unauthorized", SAID.encode())


def test_mitmdump_that_was_cut():
    """A form that mitmdump has cut off cannot be judged, and it is said how to save all of it."""
    with pytest.raises(UsageError, match="--flow-detail 4"):
        read_saved(MITMDUMP.replace("SECOND", "(cut off)").encode())


def collection(**more):
    request = {
        "method": "POST", "url": {"raw": "{{base}}/a?q=1"}, "header": [{"key": "Authorization", "value": HEADER}],
        "body": {"mode": "urlencoded", "urlencoded": [{"key": "a", "value": "1"}, {"key": "b", "value": "x y&"},
                                                      {"key": "c", "value": "2", "disabled": True}]},
    }  # fmt: skip
    example = {"originalRequest": request, "code": 401, "status": "Unauthorized",
               "header": [{"key": "X-Said", "value": "no"}], "body": SAID}  # fmt: skip
    item = {"name": "one", "request": request, "response": [example], **more}
    return {"info": {"schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
            "variable": [{"key": "base", "value": "https://api.example.com"}],
            "item": [{"name": "folder", "item": [item, {"request": "https://api.example.com/"}]}]}  # fmt: skip


def test_a_log_of_postman_without_a_status():
    """What *Copy all logs* leaves out is not made up: a refusal is read by its words, and nothing is called right."""
    signed = sign("GET", "https://api.example.com/a", consumer=CONSUMER, token=TOKEN)
    for body, code, shown in (
        ("Unauthorized", "consumer-secret", "Unauthorized"),
        ('{"error": "invalid_signature"}', "consumer-secret", "invalid_signature"),
        ("oauth_problem=nonce_used", "nonce-reused", "nonce_used"),
        ('{"id": 1}', "no-cause-found", ""),
        ("<html><body>Hello, a page about being unauthorized</body></html>", "no-cause-found", ""),
    ):
        log = (
            f'GET https://api.example.com/a: {{\n  "Request Headers": {json.dumps(signed.headers)},\n'
            f'  "Response Headers": {{}},\n  "Response Body": {json.dumps(body)}\n}}\n'
        )
        explanation = explain(read_saved(log.encode()), CONSUMER, TOKEN)
        assert (explanation.findings[0].code, explanation.response) == (code, shown)
        assert "status is not in what was given" in " ".join(explanation.findings[0].evidence)
        assert not any(words in str(explanation) for words in ("Nothing is wrong", "took the request: ", "it said 0"))


def test_a_collection_of_postman():
    """Its schema, v2.1: what was saved as an example is read with its response, in folders, with variables."""
    saved = read_saved(json.dumps(collection()).encode())
    assert (saved.request.method, saved.request.url, saved.request.body) == ("POST", URL, BODY.encode())
    assert (saved.status_code, saved.headers, saved._content) == (401, {"X-Said": "no"}, SAID.encode())
    alone = read_saved(json.dumps(collection(response=[])).encode())
    assert (alone.url, alone.headers["Authorization"]) == (URL, HEADER)


@pytest.mark.parametrize(
    "value",
    [
        {"info": {}, "item": [{"request": {"url": "https://a.example", "auth": {"type": "oauth1"}}}]},
        {"info": {}, "auth": {"type": "oauth1"}, "item": [{"request": "https://a.example"}]},
        {"_type": "export", "resources": [
            {"_type": "request", "url": "https://a.example", "authentication": {"type": "oauth1"}}]},
    ],
)  # fmt: skip
def test_an_export_that_is_signed_later(value):
    """A program that signs when it sends has not saved the signature; it is said where to look."""
    with pytest.raises(UsageError, match="signs it only then"):
        read_saved(json.dumps(value).encode())


@pytest.mark.parametrize("version", [4, 5])
def test_an_export_of_insomnia(version):
    """Its export format, v4, a list; and v5, a tree, where it is JSON."""
    request = {
        "url": "{{ _.base }}/a", "method": "POST", "headers": [{"name": "Authorization", "value": HEADER}],
        "parameters": [{"name": "q", "value": "1"}],
        "body": {"mimeType": FORM, "params": [{"name": "a", "value": "1"}, {"name": "b", "value": "x y&"}]},
    }  # fmt: skip
    data = {"base": "https://api.example.com"}
    four = {"_type": "export", "__export_format": 4,
            "resources": [{"_type": "environment", "data": data}, {"_type": "request", **request}]}  # fmt: skip
    five = {"type": "collection.insomnia.rest/5.0", "environments": {"data": data},
            "collection": [{"name": "folder", "children": [request]}]}  # fmt: skip
    saved = read_saved(json.dumps(four if version == 4 else five).encode())
    assert (saved.method, saved.url, saved.body) == ("POST", URL, BODY.encode())
    assert saved.headers == {"Authorization": HEADER, "Content-Type": FORM}


@pytest.mark.parametrize("line", ["GET {}", "GET: {}", 'GET "{}"', "GET <{}>", "GET {} HTTP/1.1", "GET '{}'\n"])
def test_a_signed_url_with_its_method(line):
    """A URL that has its signature is all there is, with the method."""
    url = "https://api.example.com/a?q='1'&oauth_nonce=n&oauth_signature=x%3D"
    saved = read_saved(line.format(url).encode())
    assert (saved.method, saved.url) == ("GET", url)


def test_typographic_quotes_in_a_body_are_its_own():
    """What is not a page's doing stays."""
    body = "a=\u201cb\u201d".encode()
    assert read_saved(b'POST https://h/ HTTP/1.1\nAuthorization: OAuth a="b"\n\n' + body).body == body
    pasted = "GET https://h/ HTTP/1.1\nAuthorization: OAuth oauth_nonce=\u201cn\u201d\n\n"
    assert read_saved(pasted.encode()).headers["Authorization"] == 'OAuth oauth_nonce="n"'


def test_of_several_the_refused_one():
    """Of all formats with several exchanges, the last refused one that speaks OAuth is taken."""
    dumps = [
        f"> {line} /{status} HTTP/1.1\n> Host: h\n> Authorization: OAuth oauth_nonce=n\n>\n< HTTP/1.1 {status} X\n<\n\n"
        for line, status in (("GET", 200), ("PUT", 401), ("GET", 404), ("GET", 204))
    ]
    assert read_saved("".join(dumps[:2] + dumps[3:]).encode()).status_code == 401
    assert read_saved("".join(dumps[:1] + dumps[2:]).encode()).status_code == 404


NAMED = {
    "access log": b'127.0.0.1 - - [29/Nov/2026:10:33:09 +0000] "GET /a?oauth_token=hunter2 HTTP/1.1" 401 12 "-" "x"',
    "access log ": b'DEBUG:urllib3.connectionpool:https://h:443 "GET /a?oauth_token=hunter2 HTTP/1.1" 401 29',
    "source code": b'import requests\nr = requests.get("https://h/", auth=OAuth1("hunter2"))\n',
    "source code ": b"const r = await fetch(url, {headers: {a: 'hunter2'}})\n",
    "source code  ": b"<?php\n$client->get('hunter2');",
    "another tool": b"wget --header 'Authorization: hunter2' https://h/",
    "another tool ": b"http POST https://h/ a=hunter2",
    "another tool  ": b"twurl -X POST /1/hunter2",
    "Insomnia v4": b"type: collection.insomnia.rest/5.0\nname: hunter2\ncollection:\n  - url: https://h/\n",
    "XML or HTML": b"<?xml version='1.0'?><session>hunter2</session>",
    "without its request": b"HTTP/1.1 401 hunter2\n\nno",
    "METHOD URL": b"https://h/?oauth_token=hunter2",
    "METHOD URL ": b"Authorization: OAuth oauth_token=hunter2",
    "the method of the request": b":authority: h\n:path: /hunter2\n",
    "the URL of the request": b":method: GET\n:authority:\n\n",
    "binary": b"\x89PNG\r\n\x1a\n\x00\x00hunter2",
    "binary ": bytes(range(128, 256)) * 20,
    "empty": b" \n",
    "neither raw HTTP": b"hello hunter2",
    "JSON": b'{"hunter2": 1}',
    "JSON ": b'[{"hunter2": 1}]',
    "variable": b'{"info": {}, "item": [{"request": "{{hunter2}}/a"}]}',
    "PowerShell": b"Invoke-WebRequest 'https://h/' -Method POST -InFile hunter2",
}


@pytest.mark.parametrize("name", NAMED)
def test_what_holds_no_request_is_named(name):
    """It is said what it is, and nothing of it is repeated."""
    with pytest.raises(UsageError) as caught:
        read_saved(NAMED[name])
    assert name.strip() in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.promise("strangers-are-read-in-linear-time")
@pytest.mark.parametrize("name", FORMATS)
def test_reading_a_large_one_is_linear(name):
    """A lot of each format, over and over, is read or refused in a moment."""
    text = FORMATS[name][0]
    start = time.process_time()
    with suppress(UsageError):
        read_saved((text + "\n").encode() * (200_000 // len(text)))
    assert time.process_time() - start < 4
