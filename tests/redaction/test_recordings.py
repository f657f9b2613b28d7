"""No cassette holds a credential, whatever the shape of what was sent and received: real vcrpy, over loopback."""

from __future__ import annotations

import base64
import gzip
import html
import json
import zlib
from types import SimpleNamespace
from urllib.parse import quote

import pytest
import requests
import urllib3
import yaml
from tables import for_each
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

from oauth_hook import UsageError
from oauth_hook.cassettes import scrub_request, scrub_response, scrub_text

vcr = pytest.importorskip("vcr", reason="vcrpy is not installed")
jsonserializer = pytest.importorskip("vcr.serializers.jsonserializer")

S = "hunter2SEC"
FORM = f"a=1&oauth_token_secret={S}&b=2"
NAMES = ("oauth_token", "oauth_verifier", "oauth_token_secret", "client_secret", "x_auth_password", "access_token",
         "refreshToken", "id_token", "api_key", "apikey", "sessionid", "passphrase", "private_key", "my_api_key",
         "userAccessToken", "new-password", "private_token", "api-token")  # fmt: skip


def dumps(value):
    return json.dumps(value)


def nest(text, levels):
    """Return a URL with a text as a parameter of a parameter's URL, as log-in pages have it."""
    for _ in range(levels):
        text = f"https://app/login?a=1&next={quote(text, safe='')}"
    return text


def raw_deflate(data):
    return zlib.compress(data)[2:-4]


# What a body may look like; the name is put in the place of NAME.
SHAPES = {
    "form": f"a=1&NAME={S}&b=2",
    "form, list": f"NAME[]={S}&NAME[0]={S}&p[NAME]={S}&NAME%5B%5D={S}",
    "form, escaped twice": f"next=https%253A%252F%252Fa%253FNAME%253D{S}",
    "form, JSON in a field": "a=" + quote(dumps({"NAME": {"v": [S]}})),
    "form, pieces of punctuation": f"NAME=,{S};{S}'{S}",
    "JSON": dumps({"NAME": S}),
    "JSON, list": dumps({"NAME": [S]}),
    "JSON, object": dumps({"a": 1, "NAME": {"v": S, "w": ["x", {"y": S}]}}),
    "JSON, cut off": '{"NAME": "' + S,
    "JSON in JSON": dumps({"body": dumps({"NAME": [S]})}),
    "JSON with escaped names": dumps({"NAME": S}).replace("_", "\\u005f"),
    "JSON, a name among values": dumps([{"value": S, "name": "NAME"}, {"key": "NAME", "val": [S]}]),
    "JSON, a name among others": dumps({"k": "NAME", "x": S, "message": "too short"}),
    "JSON, pairs": dumps([["NAME", S], ["a", "b"]]),
    "JSON, flat pairs": dumps(["a", "b", "NAME", S]),
    "JSON, name and object": dumps({"name": "NAME", "value": {"v": S}}),
    "JSON behind a mark": "\ufeff" + dumps({"NAME": S}),
    "JSON for a script": f'/**/cb({{"NAME":"{S}"}});',
    "script": f'var NAME = "{S}", o = {{NAME: "{S}", a: 1}}; NAME = `{S}`',
    "Python": repr({"NAME": [S], "a": b"x"}) + repr([("NAME", S)]),
    "PHP": f"Array\n(\n    [NAME] => {S}\n    [a] => b\n)\n",
    "YAML": f"a: 1\nNAME: {S}\nb:\n  NAME:\n    - {S}\n  c: d\n",
    "YAML, block": f"NAME: |\n  {S}\n  {S}\nb: c\n",
    "XML": f"<r><NAME>{S}</NAME></r>",
    "XML, children": f"<r><NAME><v>{S}</v><w>{S}</w></NAME></r>",
    "XML, children of its name": f"<r><o:NAME><o:NAME>a</o:NAME><v>{S}</v></o:NAME></r>",
    "XML, attribute": f"<r><NAME v='{S}'/><NAME x='{S}'></NAME></r>",
    "XML, CDATA": f"<NAME><![CDATA[<{S}>]]></NAME>",
    "XML, comment": f"<NAME><!-- a -->{S}</NAME>",
    "XML, by attribute": f"<entry key='NAME'>{S}</entry><p name='NAME' value='{S}'/><p value='{S}' id='NAME'/>",
    "XML, property list": f"<dict><key>NAME</key>\n <string>{S}</string></dict>",
    "XML, name and value": f"<p><name>NAME</name><value>{S}</value></p>",
    "HTML, input": f'<input type="hidden" name="NAME" value="{S}"/><input value=\'{S}\' name=NAME>',
    "HTML, without quotes": f"<input name=NAME value={S}><input value={S} type=text name=NAME>",
    "HTML, with spaces": f"<input value = {S} type=hidden name = NAME>",
    "HTML, text area": f"<textarea rows=2 name=NAME cols=3>{S}</textarea>",
    "HTML, selection": f"<select name='NAME'><option value='{S}'>x</select>",
    "HTML, element": f"<p><code class='NAME'>{S}</code></p>",
    "HTML, meta": f"<meta name=NAME content={S}><meta content='{S}' name='NAME'>",
    "HTML, attribute": f"<div data-NAME='{S}' NAME={S}>",
    "HTML, attribute of JSON": f'<div data-x="{html.escape(dumps({"NAME": {"v": [S]}}))}">',
    "HTML, script": f"<script>x = {{'NAME': '{S}'}}</script>",
    "HTML, link": f'<a href="/cb?a=1&amp;NAME={S}&amp;b">{html.escape(nest(f"/cb?NAME={S}", 2))}</a>',
    "HTML, list": f"<dl><dt>NAME:</dt>\n<dd><b>{S}</b></dd></dl>",
    "HTML, row": f"<tr><th>NAME</th><td>{S}</td></tr>",
    "text, link": f"see <{nest(f'/cb?NAME={S}', 1)}>\n",
    "base string": "POST&http%3A%2F%2Fh%2F&" + quote(f"a=1&NAME={S}", safe=""),
    "multipart": f'--b\r\nContent-Disposition: form-data; name="NAME"\r\n\r\n{S}\r\n--b--\r\n',
    "multipart, typed": f'--b\r\nContent-Disposition: form-data; name=NAME\r\nContent-Type: text/plain\r\n\r\n{S}\n{S}'
                        "\r\n--b--\r\n",
    "multipart, base64": '--b\r\nContent-Disposition: form-data; name="NAME"\r\nContent-Transfer-Encoding: base64'
                         f"\r\n\r\n{base64.b64encode(S.encode()).decode()}\r\n--b--\r\n",
    "multipart, file": '--b\r\nContent-Disposition: form-data; name="f"; filename="a.json"\r\n\r\n'
                       f'{{"NAME": "{S}"}}\r\n--b--\r\n',
    "multipart, of a record": f'--b\r\nContent-Disposition: form-data; name="user[NAME]"\r\n\r\n{S}\r\n--b--\r\n',
    "multipart, with a charset": f"--b\r\nContent-Disposition: form-data; name*=utf-8''NAME\r\n\r\n{S}\r\n--b--\r\n",
    "HTML, of a record": f'<input name="user[a][NAME]" value="{S}"><input value={S} name="data.NAME">',
    "XML-RPC": f"<member><name>NAME</name><value><string>{S}</string></value></member>",
    "HTTP": f"GET /?NAME={S} HTTP/1.1\r\nCookie: a={S}; b={S}\r\nAuthorization: Negotiate {S}\r\n\r\nNAME={S}",
}  # fmt: skip

BASE64 = {
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 in JSON": lambda text: dumps({"body": base64.b64encode(text.encode()).decode()}),
    "base64 for URLs": lambda text: "a=" + base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "base64 on lines": lambda text: base64.encodebytes(text.encode() + b"&c=d" * 20).decode(),
}

# Credentials that have no name, or one that is short, or not ours.
OTHERS = {
    "token in a link": f"see https://h/?token={S} and {nest(f'/?denied={S}', 2)}",
    "code": f"/cb?code={S}&state=1",
    "pin": f"pin={S}&sig={S}&auth={S}&otp={S}",
    "secret": dumps({"secret": S, "pin": S}),
    "web token": dumps({"a": f"eyJhbGciOiJIUzI1NiJ9.eyJ{S}.abc-{S}"}),
    "private key": dumps({"a": f"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4\n\n{S}\n-----END RSA PRIVATE KEY-----"}),
    "user in a URL": f"https://alice:{S}@h/ {quote(f'https://alice:{S}@h/')}",
    "cookies": dumps({"cookies": {"a": S}, "log": {"cookies": [{"name": "a", "value": S}]}}),
    "schemes by themselves": dumps({"a": f"Bearer 1{S}", "b": f"basic {base64.b64encode(f'a:{S}'.encode()).decode()}"}),
    "a signed URL": f"https://h/?X-Amz-Signature={S}&X-Amz-Security-Token={S}",
    "headers": dumps({"headers": {"Cookie": [f"a={S}", f"b={S}; c"], "X-Api-Key": S, "authorization": f"Basic {S}"}}),
    "headers in HTML": f'<div data-x="{html.escape(dumps({"cookie": f"a={S}", "Authorization": f"Bearer {S}"}))}">',
    "headers, pairs": dumps([["Cookie", f"a={S}"], ["Authorization", f"Basic {S}"]]),
    "headers, curl": f"curl -H 'Cookie: a={S}' -H \"Authorization: Bearer {S}\" -H 'X-Auth-Token: {S}' http://h/",
    "headers, folded": f"Cookie: a=b;\r\n c={S}\r\nAccept: */*\r\n",
}

# What HTTP does to a body; each is sent, and each is received.
CODINGS = {
    "gzip": ({"Content-Encoding": "gzip"}, gzip.compress),
    "gzip, two members": ({"Content-Encoding": "gzip"}, lambda data: gzip.compress(data[:9]) + gzip.compress(data[9:])),
    "gzip, cut off": ({"Content-Encoding": "gzip"}, lambda data: gzip.compress(data)[:-9]),
    "gzip, damaged": ({"Content-Encoding": "gzip"}, lambda data: gzip.compress(data)[:-8] + b"12345678"),
    "gzip, and more": ({"Content-Encoding": "gzip"}, lambda data: gzip.compress(b"a=1") + data),
    "gzip, unsaid": ({}, gzip.compress),
    "gzip, said only": ({"Content-Encoding": "gzip"}, bytes),
    "deflate": ({"Content-Encoding": "Deflate "}, zlib.compress),
    "deflate, raw": ({"Content-Encoding": "deflate"}, raw_deflate),
    "two codings": ({"Content-Encoding": "deflate, gzip"}, lambda data: gzip.compress(zlib.compress(data))),
    "two codings, of which one is none": ({"Content-Encoding": "identity, gzip"}, gzip.compress),
    "twice": ({"Content-Encoding": "gzip, gzip"}, lambda data: gzip.compress(gzip.compress(data))),
    "UTF-16": ({}, lambda data: data.decode().encode("utf-16")),
    "UTF-16 without a mark": ({}, lambda data: data.decode().encode("utf-16-be")),
    "UTF-16 by name": ({"Content-Type": "text/a; charset=UTF-16LE"}, lambda data: data.decode().encode("utf-16-le")),
    "UTF-32": ({}, lambda data: data.decode().encode("utf-32")),
    "UTF-7": ({"Content-Type": 'text/plain; charset="utf-7"'}, lambda data: data.decode().encode("utf-7")),
    "UTF-8 with a mark": ({}, lambda data: b"\xef\xbb\xbf" + data),
    "Latin-1": ({"Content-Type": "text/plain; charset=latin-1"}, lambda data: b"\xe9=\xe9&" + data),
    "Windows": ({"Content-Type": "text/plain"}, lambda data: b"\x93\xe9\x94&" + data),
    "binary": ({"Content-Type": "application/octet-stream"}, lambda data: b"\0\1\2" + data),
    "MessagePack": ({"Content-Type": "application/msgpack"}, lambda data: b"\x82\xadclient_secret\xaa" + S.encode()),
    "Protocol Buffers": ({}, lambda data: b"\x0a\x0a" + S.encode() + b"\x12\x05abcde"),
    "in an image": ({"Content-Type": "image/png"}, lambda data: b"\x89PNG\0\1 " + data),
}  # fmt: skip

HEADERS = {
    "Location": nest(f"https://app/cb?oauth_verifier={S}", 2),
    "Refresh": f"0; url=/cb?oauth_verifier={S}",
    "Link": f"</cb?code={S}>; rel=next",
    "Set-Cookie": f"a={S}; Path=/cb?oauth_token={S}; HttpOnly",
    "X-Cookie": f"oauth_token={S}",
    "Set-Cookie2": f"{S}; Path=/",
    "Authorization": f"AWS4-HMAC-SHA256 Credential={S}, Signature={S}",
    "Authentication": f"Bearer {S}",
    "X-Forwarded-Authorization": f"Basic {S}",
    "Proxy-Authorization": f'OAuth {S}, foo="{S}", bar={S}',
    "X-Session-Id": S,
    "X-Client-Secret": S,
    "X-Hub-Signature": S,
    "Cookie": f"{S}; b={S}",
}


@pytest.fixture
def record(tmp_path, server):
    """Return what records one exchange, in YAML and in JSON, and returns all that the files say, decoded."""

    def read_files(send):
        texts = []
        for serializer in ("yaml", "json"):
            name = tmp_path / f"{len(list(tmp_path.iterdir()))}.{serializer}"
            recorder = vcr.VCR(serializer=serializer, record_mode="all", before_record_request=scrub_request,
                               before_record_response=scrub_response)  # fmt: skip
            recorder.register_serializer("json", SimpleNamespace(serialize=write_json))
            try:
                with recorder.use_cassette(str(name)):
                    send()
            # vcrpy reads a response before it records it; from Python 3.14 on, urllib3 lets zlib's error through.
            except (urllib3.exceptions.DecodeError, zlib.error):
                pass
            if not name.exists():
                continue
            texts += [name.read_text(encoding="utf-8"), repr(yaml.safe_load(name.read_text(encoding="utf-8")))]
        return "\n".join(texts).replace("\\x00", "").replace("\\0", "")

    yield read_files
    assert HTTPConnectionPool.ConnectionCls is HTTPConnection  # nothing of vcrpy's is left for the tests to come


def write_json(recorded):
    """Return vcrpy's JSON, or nothing for bytes, which it cannot hold: it would leave urllib3 and httpx patched."""
    try:
        return jsonserializer.serialize(recorded)
    except (UnicodeDecodeError, TypeError):
        return ""


def check(text, secret=S):
    """Look for a secret as it is, and in base64, at each of the three places where that may begin."""
    spelled = [base64.b64encode(b" " * shift + secret.encode()).decode()[4 * (shift > 0) : 12] for shift in range(3)]
    assert not [form for form in (secret, secret.encode().hex(), *spelled) if form in text], text


def exchange(server, body, headers, status=200):
    """Return what sends a body, and receives it."""
    server.answer = lambda request: (status, headers, body)

    def send():
        with requests.Session() as session, session.post(server.url + "/x", data=body, headers=headers, stream=True,
                                                         allow_redirects=False) as response:  # fmt: skip
            response.raw.read(decode_content=False)

    return send


@pytest.mark.promise("recordings-have-no-credentials")
@for_each("shape", SHAPES)
def test_no_shape_hides_a_credential(shape, record, server):
    """Sent and received, in whatever a program or a server writes: what a secret's name tells of goes as a whole."""
    check(record(exchange(server, SHAPES[shape].replace("NAME", "client_secret").encode(), {})))
    for name in NAMES:
        check(scrub_text(SHAPES[shape].replace("NAME", name)))


@pytest.mark.parametrize("shape", BASE64)
def test_fields_in_base64_go(shape, record, server):
    """What is in base64 is looked into, and goes as a whole where a secret's name is in it."""
    for text in (f"a=1&client_secret={S}&b=23456789", dumps({"client_secret": [S], "a": "b"}), f"x_auth_password={S}"):
        check(record(exchange(server, BASE64[shape](text).encode(), {})))


@pytest.mark.promise("recordings-have-no-credentials")
@for_each("shape", OTHERS)
def test_no_credential_of_another_kind_is_kept(shape, record, server):
    """Credentials of other protocols, and what is one by its own shape."""
    check(record(exchange(server, OTHERS[shape].encode(), {})))


@pytest.mark.promise("recordings-have-no-credentials")
@for_each("coding", CODINGS)
def test_no_coding_hides_a_credential(coding, record, server):
    """Compressed, cut off, in another charset, or in a format that nobody here reads."""
    headers, encode = CODINGS[coding]
    body = encode(FORM.encode())
    check(record(exchange(server, body, headers)))
    given = {"headers": {name: [value] for name, value in headers.items()}, "body": {"string": body}}
    check(repr(scrub_response(given)["body"]["string"]).replace("\\x00", ""))


def test_two_lines_of_content_encoding():
    """A coding may be said in a line of its own; the last is taken away first (RFC 9110 s8.4)."""
    body = gzip.compress(zlib.compress(FORM.encode()))
    for lines in (["deflate", "gzip"], ["deflate, gzip"], ["identity", "deflate", "gzip"]):
        made = scrub_response({"headers": {"Content-Encoding": lines}, "body": {"string": body}})
        assert made["body"]["string"] == b"a=1&oauth_token_secret=***&b=2"
        assert made["headers"] == {}


@pytest.mark.promise("recordings-have-no-credentials")
@for_each("name", HEADERS)
def test_no_header_hides_a_credential(name, record, server):
    """In requests and in responses, in a redirect's URL within a URL as well."""
    text = record(exchange(server, b"", {name: HEADERS[name]}, 302))
    check(text)
    assert name in text


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "gzip, br"])
def test_what_cannot_be_decompressed_goes(coding, server, tmp_path):
    """A request is kept without its body, and still goes out; a response is not recorded, and the error says why."""
    body, name = b"\x8b\x05\x80" + FORM.encode(), tmp_path / "one.yaml"
    recorder = vcr.VCR(before_record_request=scrub_request, before_record_response=scrub_response)
    with recorder.use_cassette(str(name)):
        requests.post(server.url, data=body, headers={"Content-Encoding": coding})
    assert server.last.body == body
    check(name.read_text())
    with pytest.raises(UsageError, match="decode_compressed_response"):
        scrub_response({"headers": {"Content-Encoding": [coding]}, "body": {"string": body}})


BODIES = {
    "pieces": lambda: iter([b"a=1&oauth_token", f"_secret={S}".encode()]),
    "bytes": lambda: bytearray(FORM.encode()),
    "object": lambda: {"client_secret": S, "a": [1, S.encode()] and 1},
    "pairs": lambda: [("client_secret", S), ("a", "b")],
    "pieces of text": lambda: ["a=1&oauth_token_", f"secret={S}"],
}


@pytest.mark.parametrize("kind", BODIES)
def test_bodies_that_clients_hand_over_as_objects(kind):
    """What vcrpy takes from clients as it is (aiohttp gives it dicts) is scrubbed like the bytes that it stands for."""
    request = vcr.request.Request("POST", "http://h/", BODIES[kind](), {})
    recorded = scrub_request(request)._to_dict()
    check(repr(recorded | {"body": list(recorded["body"])}))
    assert scrub_request(request) is request


def test_what_stands_beside_headers_and_body_is_scrubbed():
    """The reason of a status, and whatever else a recorder keeps of a response."""
    given = {"status": {"code": 302, "message": f"to /?oauth_token={S}"}, "url": f"http://h/?oauth_token={S}"}
    made = scrub_response({**given, "headers": {}, "body": {"string": b""}})
    assert made["status"] == {"code": 302, "message": "to /?oauth_token=***"}
    assert made["url"] == "http://h/?oauth_token=***"


KEPT = {
    "an image": ({"Content-Type": ["image/png"]}, bytes(range(256)) * 9),
    "a film": ({"Content-Type": ["video/mp4"]}, b"\0\1oauth"),
    "text": ({"Content-Type": ["text/plain"]}, "Größe, \u201cja\u201d".encode("cp1252")),
    "text without a type": ({}, "Größe".encode("latin-1")),
    "UTF-16": ({}, "{“a”: 1}".encode("utf-16")),
    "an error": ({}, b'{"code": 32, "error_code": 401, "error": "bad", "errors": [{"field": "password", "code": 5, '
                     b'"message": "is too short"}]}'),
    "an error's page": ({}, b"<h1>401</h1><p>The parameter <code>oauth_token</code> is wrong.</p>"),
    "an error's form": ({}, b"code=401&oauth_problem=token_rejected&oauth_problem_advice=try again"),
    "names": ({}, b'{"parameters": "oauth_token&oauth_nonce", "oauth_version": "1.0", "oauth2": true, "tokens": 2}'),
    "compressed": ({"Content-Encoding": ["gzip"]}, gzip.compress(b"a=1")),
    "multipart": ({}, b'--b\r\nContent-Disposition: form-data; name="f"\r\nContent-Type: image/png\r\n\r\n\0\r\n--b--'),
}  # fmt: skip


@for_each("kind", KEPT)
def test_what_holds_no_credential_stays(kind):
    """Byte for byte, with its headers."""
    headers, body = KEPT[kind]
    given = {"status": {"code": 401, "message": "Unauthorized"}, "headers": headers, "body": {"string": body}}
    assert scrub_response(given) == given


def test_only_the_part_that_cannot_be_read_goes():
    """Of multipart, each part is a body of its own."""
    part = b"--b\r\nContent-Disposition: form-data; name=%b\r\n%b\r\n%b\r\n"
    image = part % (b"i", b"Content-Type: image/png\r\n", b"\0\1\2")
    zipped = part % (b"z", b"Content-Type: application/zip\r\n", b"PK\3\4\0" + S.encode())
    field = part % (b"x_auth_password", b"", S.encode())
    made = scrub_response({"headers": {}, "body": {"string": image + zipped + field + b"--b--\r\n"}})
    assert made["body"]["string"] == (
        image + zipped.replace(b"PK\3\4\0" + S.encode(), b"***") + field.replace(S.encode(), b"***") + b"--b--\r\n"
    )
