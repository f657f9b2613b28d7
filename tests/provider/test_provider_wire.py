"""Requests as they look on the wire: every legal spelling is judged by what it says.

A signature covers decoded parameters (RFC 5849 s3.4.1.3), so each awkward spelling here is signed
by oauthlib's client in a plain one, and then sent as it stands, octet for octet.
"""

from __future__ import annotations

import hashlib
import http.client
import io
import json
import logging
import re
import socket
import time
import wsgiref.util
import wsgiref.validate
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

import oauthlib
import pytest
import requests
from oauthlib import oauth1
from tables import for_each

from oauth_hook.credentials import AccessToken
from oauth_hook.errors import UsageError
from oauth_hook.provider import Application, Provider, serve
from oauth_hook.provider.storage import Storage
from oauth_hook.provider.wsgi_server import BodyReader, MalformedBodyError, Server

needs_ipv6 = pytest.mark.skipif(
    oauthlib.__version__ in {"3.2.0", "3.2.1"}, reason="this oauthlib cannot read an IPv6 address"
)

FORM = "application/x-www-form-urlencoded"
Pairs = list[tuple[str, str]]


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with serve() as running:
        yield running


@pytest.fixture(scope="module")
def token(provider: Provider) -> AccessToken:
    return provider.add_token()


class Wire:
    """A client that signs in plain spelling, and sends what it is told to."""

    def __init__(self, provider: Provider, token: AccessToken) -> None:
        self.host = urlsplit(provider.url).netloc
        self.signer = oauth1.Client(provider.consumer.key, provider.consumer.secret, token.key, token.secret)

    def protocol(self, method: str, path: str, pairs: Pairs, host: str | None = None) -> Pairs:
        """Return the protocol parameters of a request that says this."""
        url = f"http://{host or self.host}{path}?{urlencode(pairs, quote_via=quote)}"
        _, headers, _ = self.signer.sign(url, method)  # type: ignore[arg-type]  # any str will do
        parts = re.findall(r'(\w+)="([^"]*)"', headers["Authorization"])
        return [(name, unquote(value)) for name, value in parts]

    def send(
        self, method: str, target: str, headers: dict[str, str] | None = None, body: bytes | None = None
    ) -> tuple[int, Any]:
        """Send a request as it stands; return status and answer."""
        length = {} if body is None else {"Content-Length": str(len(body))}
        lines = [f"{method} {target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in ({"Host": self.host} | length | (headers or {})).items()]
        with connect(self.host) as connection:
            connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b""))
            response = http.client.HTTPResponse(connection, method=method)
            response.begin()
            text = response.read().decode()
        is_json = response.headers.get_content_type() == "application/json"
        return response.status, json.loads(text) if is_json else dict(parse_qsl(text))


@pytest.fixture(scope="module")
def wire(provider: Provider, token: AccessToken) -> Wire:
    return Wire(provider, token)


def header(protocol: Pairs) -> dict[str, str]:
    parts = ", ".join(f'{name}="{quote(value, safe="~")}"' for name, value in protocol)
    return {"Authorization": f"OAuth {parts}"}


AWKWARD: list[tuple[str, Pairs]] = [
    ("a[]=1&a[]=2", [("a[]", "1"), ("a[]", "2")]),
    ("a='x'|y", [("a", "'x'|y")]),
    ("a=%7E~%2D-", [("a", "~~--")]),
    ("a=%c3%bc&b=%C3%BC", [("a", "ü"), ("b", "ü")]),
    ("a=1&a=1&a=0", [("a", "1"), ("a", "1"), ("a", "0")]),
    ("a=&b&=c", [("a", ""), ("b", ""), ("", "c")]),
    ("a=1+2%203%2B4", [("a", "1 2 3+4")]),
    ("a=b=c&d=%3D", [("a", "b=c"), ("d", "=")]),
    ("a;b=1;2", [("a;b", "1;2")]),
    ("&a=1&&b=2&", [("a", "1"), ("b", "2")]),
    ("a=100%&b=%zz&c=%2", [("a", "100%"), ("b", "%zz"), ("c", "%2")]),
    ('a="<>\\^`{}', [("a", '"<>\\^`{}')]),
    ("a?b/=?/:@!$()*,", [("a?b/", "?/:@!$()*,")]),
    ("realm=here&xoauth_x=1&OAuth_y=2", [("realm", "here"), ("xoauth_x", "1"), ("OAuth_y", "2")]),
    ("a=%00%0A%F0%9F%98%80", [("a", "\0\n\N{GRINNING FACE}")]),
]


class TestSpellings:
    """s3.4.1.3.1: a query and a form say what they decode to."""

    @for_each(("query", "pairs"), AWKWARD)
    def test_query(self, wire: Wire, query: str, pairs: Pairs) -> None:
        """Any query, with the protocol parameters in the header."""
        protocol = wire.protocol("GET", "/api/resource", pairs)
        status, echo = wire.send("GET", f"/api/resource?{query}", header(protocol))
        assert (200, [list(pair) for pair in pairs]) == (status, echo["parameters"])
        assert echo["url"].endswith(f"/api/resource?{query}")

    @for_each(("query", "pairs"), AWKWARD)
    def test_form(self, wire: Wire, query: str, pairs: Pairs) -> None:
        """Any form, with the protocol parameters in it; even below a GET."""
        for method in ("POST", "GET"):
            protocol = wire.protocol(method, "/api/resource", pairs)
            body = f"{query}&{urlencode(protocol)}".encode()
            status, echo = wire.send(method, "/api/resource", {"Content-Type": FORM}, body)
            assert (200, [list(pair) for pair in pairs]) == (status, echo["parameters"])
            assert ("body", len(body)) == (echo["oauth"]["placement"], echo["body_length"])

    @pytest.mark.parametrize("name", ["a%C3%BC", "realm", "oauth_realm"])
    def test_more_in_the_header(self, wire: Wire, name: str) -> None:
        """s3.4.1.3.1: whatever else stands in the header is signed, only the realm is not."""
        pairs = [(unquote(name), "1 2")]
        protocol = wire.protocol("GET", "/api/resource", [] if name == "realm" else pairs)
        headers = header(protocol)
        headers["Authorization"] += f', {name}="1%202"'
        status, echo = wire.send("GET", "/api/resource", headers)
        assert (status, echo["parameters"]) == (200, [])

    @for_each(
        "path",
        ["a;b", "a;b/c;d=1", ";v=1", "%7Ea%2fb", "//a", "a%20b", "a'b(c)!*", "a=b&c", "a:@$,+", "ü", "."],
    )
    def test_path(self, wire: Wire, path: str) -> None:
        """s3.4.1.2: the path is signed as it stands."""
        path = f"/api/resource{path}" if path[0] in ";/" else f"/api/resource/{path}"
        protocol = wire.protocol("GET", path, [])
        status, echo = wire.send("GET", path.encode().decode("latin-1"), header(protocol))
        assert (200, f"http://{wire.host}{path}") == (status, echo["url"])

    @pytest.mark.parametrize(
        "host",
        [
            "API.example",
            "api.example:80",
            "api.example:8080",
            pytest.param("[::1]:81", marks=needs_ipv6),
            "api.example:",
        ],
    )
    def test_host(self, wire: Wire, host: str) -> None:
        """s3.4.1.2: the Host header is signed, in lower case and without a default port."""
        protocol = wire.protocol("GET", "/api/resource", [], host)
        status, _ = wire.send("GET", "/api/resource", {"Host": host, **header(protocol)})
        assert status == 200

    def test_absolute_form(self, wire: Wire) -> None:
        """RFC 9112 s3.2.2: a target may be a whole URL, whose host counts."""
        target = "http://api.example/api/resource"
        protocol = wire.protocol("GET", "/api/resource", [], "api.example")
        assert wire.send("GET", target, {"Host": "other.example", **header(protocol)})[0] == 200

    @pytest.mark.parametrize(
        "content_type",
        [f"{FORM}; charset=utf-8", FORM.upper(), f" {FORM} ;charset=UTF-8;x=y", f"{FORM}\t; a"],
    )
    def test_form_types(self, wire: Wire, content_type: str) -> None:
        """RFC 9110 s8.3.1: types are case-insensitive, and may have parameters."""
        protocol = wire.protocol("POST", "/api/resource", [("a", "1")])
        headers = {"Content-Type": content_type, **header(protocol)}
        status, echo = wire.send("POST", "/api/resource", headers, b"a=1")
        assert (status, echo["parameters"]) == (200, [["a", "1"]])

    @pytest.mark.parametrize("content_type", ["text/plain", f"{FORM}x", "multipart/form-data; boundary=x", ""])
    def test_no_form(self, wire: Wire, content_type: str) -> None:
        """s3.4.1.3.1: what is no form is not signed."""
        headers = {"Content-Type": content_type, **header(wire.protocol("POST", "/api/resource", []))}
        status, echo = wire.send("POST", "/api/resource", headers, b"a=1")
        assert (status, echo["parameters"], echo["body_length"]) == (200, [], 3)

    @pytest.mark.parametrize("scheme", ["oauth", "OAUTH", "OAuth "])
    def test_header_spellings(self, wire: Wire, scheme: str) -> None:
        """s3.5.1: the scheme has no case; spaces, empty parts, bare values and line folds are let pass."""
        protocol = wire.protocol("GET", "/api/resource", [])
        parts = [f"{name} = {quote(value, safe='~')}" for name, value in protocol]
        text = f'{scheme} realm="a, \\"b\\"",, ' + " ,\r\n ".join(parts) + ","
        status, echo = wire.send("GET", "/api/resource", {"Authorization": text})
        assert (status, echo["oauth"]["realm"]) == (200, 'a, "b"')


class TestPlaces:
    """s3.5: one place only, with one leniency."""

    @pytest.mark.parametrize("place", ["query", "body"])
    def test_header_and_copies(self, wire: Wire, place: str) -> None:
        """Copies that equal the header's are counted once."""
        protocol = wire.protocol("POST", "/api/resource", [("a", "1")])
        status, echo = self.send_twice(wire, place, protocol, protocol)
        assert (status, echo["oauth"]["placement"]) == (200, "header+url-encoded")
        assert "oauth_" not in echo["url"]
        assert echo["parameters"] == [["a", "1"]]

    @pytest.mark.parametrize("place", ["query", "body"])
    @pytest.mark.parametrize("extra", [("oauth_nonce", "other"), ("oauth_more", "1")])
    def test_header_and_others(self, wire: Wire, place: str, extra: tuple[str, str]) -> None:
        """Copies that differ, or that the header lacks, are in the wrong place."""
        protocol = wire.protocol("POST", "/api/resource", [("a", "1")])
        status, fields = self.send_twice(wire, place, protocol, [extra])
        assert (status, fields["oauth_problem"]) == (400, "parameter_rejected")
        assert extra[0] == fields["oauth_parameters_rejected"]

    def test_query_and_body(self, wire: Wire) -> None:
        """The leniency is not for two url-encoded places."""
        protocol = wire.protocol("POST", "/api/resource", [])
        target = f"/api/resource?{urlencode(protocol)}"
        body = urlencode(protocol).encode()
        status, fields = wire.send("POST", target, {"Content-Type": FORM}, body)
        assert (status, fields["oauth_problem"]) == (400, "parameter_rejected")

    @pytest.mark.parametrize("place", ["header", "query"])
    def test_repeated(self, wire: Wire, place: str) -> None:
        """s3.1: a protocol parameter appears once."""
        protocol = wire.protocol("GET", "/api/resource", [])
        protocol.append(("oauth_nonce", dict(protocol)["oauth_nonce"]))
        target, headers = "/api/resource", header(protocol)
        if place == "query":
            target, headers = f"{target}?{urlencode(protocol)}", {}
        status, fields = wire.send("GET", target, headers)
        assert (status, fields["oauth_parameters_rejected"]) == (400, "oauth_nonce")

    @pytest.mark.parametrize("callback", ["http://client.example/100%25?realm=x", "http://x/?a=%2525"])
    @pytest.mark.parametrize("place", ["query", "body"])
    def test_escapes_in_values(self, provider: Provider, wire: Wire, callback: str, place: str) -> None:
        """s3.6: a protocol parameter is decoded once, wherever it stands (oauthlib would do it twice)."""
        client = oauth1.Client(provider.consumer.key, provider.consumer.secret, callback_uri=callback)
        _, headers, _ = client.sign(provider.request_token_url, "POST")
        fields = ", ".join(re.findall(r'\w+="[^"]*"', headers["Authorization"]))
        encoded = fields.replace('"', "").replace(", ", "&")
        target, body = "/oauth/request_token", None
        target, body = (f"{target}?{encoded}", None) if place == "query" else (target, encoded.encode())
        status, answer = wire.send("POST", target, {"Content-Type": FORM}, body)
        assert status == 200
        page = f"{provider.authorization_url}?oauth_token={answer['oauth_token']}"
        assert provider.approve(page).startswith(callback)

    def send_twice(self, wire: Wire, place: str, protocol: Pairs, copies: Pairs) -> tuple[int, Any]:
        if place == "query":
            return wire.send("POST", f"/api/resource?a=1&{urlencode(copies)}", header(protocol))
        headers = {"Content-Type": FORM, **header(protocol)}
        return wire.send("POST", "/api/resource", headers, f"a=1&{urlencode(copies)}".encode())


class TestMalformed:
    """What is no request gets an answer too, and harms nobody."""

    @pytest.mark.parametrize("target", ["/api/resource?a=%FF", "/api/resource/%s", "/api/resource?a=\xff", "/a#b"])
    def test_not_utf8(self, wire: Wire, target: str) -> None:
        """Octets that are not UTF-8, and fragments, are refused."""
        target = target.replace("%s", "\xff")
        assert wire.send("GET", target, header(wire.protocol("GET", "/api/resource", [])))[0] == 400

    @pytest.mark.parametrize("body", [b"a=%FF", b"a=\xff"])
    def test_form_not_utf8(self, wire: Wire, body: bytes) -> None:
        """So are forms that are not."""
        assert wire.send("POST", "/api/resource", {"Content-Type": FORM}, body)[0] == 400

    @pytest.mark.parametrize(
        "text",
        [
            "OAuth a",
            'OAuth oauth_token="a" oauth_nonce="b"',
            'OAuth a="b',
            "OAuth oauth_token=%FF",
            "OAuth =",
        ],
    )
    def test_header(self, wire: Wire, text: str) -> None:
        """A header that cannot be read is not guessed at."""
        assert wire.send("GET", "/api/resource", {"Authorization": text})[0] == 400

    @for_each("host", ["", "a b", "a/b", "a:0", "a:99999", "[::1", "a@b", "\xfc"])
    def test_host(self, wire: Wire, host: str) -> None:
        """A Host header must be a host."""
        assert wire.send("GET", "/", {"Host": host})[0] == 400

    def test_form_too_long(self, wire: Wire) -> None:
        """A form is held whole, so it has a limit."""
        headers = {"Content-Type": FORM}
        assert wire.send("POST", "/api/resource", headers, b"a" * (16 * 1024 * 1024 + 1))[0] == 413

    def test_unknown_path_and_method(self, wire: Wire) -> None:
        """404 and 405 are what they are elsewhere."""
        assert wire.send("GET", "/nothing")[0] == 404
        assert wire.send("DELETE", "/oauth/request_token")[0] == 405
        assert wire.send("POST", "/api/client/register")[0] == 400

    @for_each(
        ("text", "status"),
        [
            (b"GET\r\n\r\n", b"400"),
            (b"GET / HTTP/3.0\r\n\r\n", b"505"),
            (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", b"414"),
            (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 200 + b"\r\n", b"431"),
            (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", b"400"),
            (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", b"400"),
            (
                b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                b"400",
            ),
            (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", b"400"),
            (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", b"405"),
            (
                b"POST /api/resource HTTP/1.1\r\nHost: a\r\nContent-Type: "
                + FORM.encode()
                + b"\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
                b"400",
            ),
        ],
    )
    def test_http(self, wire: Wire, text: bytes, status: bytes) -> None:
        """What is not HTTP, or leaves open where a body ends, is refused, and the connection ends."""
        with connect(wire.host) as connection:
            connection.sendall(text)
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        assert status == answer.split()[1]
        assert answer.count(b"HTTP/1.1 ") == 1


def connect(host: str) -> socket.socket:
    name, _, port = host.partition(":")
    return socket.create_connection((name, int(port)), timeout=10)


class TestConnections:
    """The bridge from HTTP/1.1 to WSGI."""

    def test_generator(self, provider: Provider, token: AccessToken) -> None:
        """A generator goes out in chunks, and arrives."""
        client = oauth1.Client(provider.consumer.key, provider.consumer.secret, token.key, token.secret)
        url, headers, _ = client.sign(provider.resource_url, "PUT")
        pieces = [bytes([n]) * (n * 1000 + 1) for n in range(100)]
        echo = requests.put(url, data=iter(pieces), headers=headers, timeout=10).json()
        whole = b"".join(pieces)
        assert (len(whole), hashlib.sha256(whole).hexdigest()) == (echo["body_length"], echo["body_sha256"])

    def test_chunked_form(self, wire: Wire) -> None:
        """A form in chunks, with extensions and trailers, is a form."""
        protocol = wire.protocol("POST", "/api/resource", [("a", "1"), ("b", "2")])
        headers = {"Content-Type": FORM, "Transfer-Encoding": "Chunked", **header(protocol)}
        body = b"3;x=y\r\na=1\r\n4 \r\n&b=2\r\n0\r\nTrailer: z\r\n\r\n"
        lines = "".join(f"{name}: {value}\r\n" for name, value in {"Host": wire.host, **headers}.items())
        with connect(wire.host) as connection:
            connection.sendall(f"POST /api/resource HTTP/1.1\r\n{lines}\r\n".encode() + body)
            assert connection.recv(65536).split()[1] == b"200"

    def test_keeps_alive(self, provider: Provider) -> None:
        """Many requests, refused uploads among them, go over one connection."""
        connection = http.client.HTTPConnection(urlsplit(provider.url).netloc, timeout=10)
        connection.connect()
        local = connection.sock.getsockname()
        for method, body in [
            ("GET", None),
            ("POST", b"x" * 3_000_000),
            ("HEAD", None),
            ("POST", iter([b"a", b"b"])),
        ]:
            connection.request(method, "/api/resource", body)
            response = connection.getresponse()
            assert (401, method == "HEAD") == (response.status, response.read() == b"")
            assert local == connection.sock.getsockname()
        connection.close()

    def test_answers_at_once(self, provider: Provider) -> None:
        """No answer waits for the delayed acknowledgement of a first half (40 ms each)."""
        with requests.Session() as session:
            session.get(provider.url, timeout=10)

            def seconds_of_many() -> float:
                started = time.perf_counter()
                for _ in range(25):
                    session.get(provider.resource_url, timeout=10)
                return time.perf_counter() - started

            assert any(seconds_of_many() < 0.75 for _ in range(10))  # a second at least, if each one waits

    def test_http_1_0(self, wire: Wire) -> None:
        """An old client is answered, and let go."""
        with connect(wire.host) as connection:
            connection.sendall(f"GET / HTTP/1.0\r\nHost: {wire.host}\r\n\r\n".encode())
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        assert b"Connection: close" in answer

    @pytest.mark.parametrize("signed", [True, False])
    def test_expect_continue(self, wire: Wire, signed: bool) -> None:
        """Who waits for 100 Continue gets it when the body is wanted, and a refusal otherwise."""
        protocol = header(wire.protocol("POST", "/api/resource", [])) if signed else {}
        headers = {"Host": wire.host, "Content-Length": "4", "Expect": "100-continue", **protocol}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        with connect(wire.host) as connection:
            connection.sendall(f"POST /api/resource HTTP/1.1\r\n{lines}\r\n".encode())
            first = connection.recv(65536)
            assert (b"100" if signed else b"401") == first.split()[1]
            if signed:
                connection.sendall(b"body")
                assert connection.recv(65536).split()[1] == b"200"
            else:
                assert b"Connection: close" in first

    def test_leaving_is_no_error(self, caplog: pytest.LogCaptureFixture, wire: Wire) -> None:
        """A client that hangs up in the middle of a body is not reported."""
        caplog.set_level(logging.INFO, "oauth_hook.provider")
        with connect(wire.host) as connection:
            connection.sendall(b"POST /api/resource HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx")
        assert wire.send("GET", "/nothing")[0] == 404
        assert not [record for record in caplog.records if record.levelno > logging.INFO]

    def test_failure_of_the_application(self, caplog: pytest.LogCaptureFixture) -> None:
        """A bug in the application is a 500, and is reported."""

        def broken(environ: object, start_response: object) -> list[bytes]:
            raise ZeroDivisionError("a bug")

        server = Server(broken, "127.0.0.1", 0)
        try:
            answer = requests.get(f"http://127.0.0.1:{server.server_address[1]}", timeout=10)
        finally:
            server.close()
        assert answer.status_code == 500
        assert "a bug" in caplog.text

    @for_each("text", [b"1\r\nab\r\n", b"\r\n", b"-1\r\n", b"1", b"0x1\r\na\r\n", b"0\r\nT: x"])
    def test_bad_chunks(self, text: bytes) -> None:
        """RFC 9112 s7.1: a chunk has a size, and ends where it says."""
        reader = BodyReader(io.BufferedReader(io.BytesIO(text)), None, lambda: None)
        with pytest.raises(MalformedBodyError):
            reader.readall()

    def test_cut_short(self) -> None:
        """A body that breaks off is a lost connection."""
        for text, length in [(b"abc", 4), (b"5\r\nabc", None)]:
            source: io.BufferedReader = io.BufferedReader(io.BytesIO(text))
            with pytest.raises(ConnectionError):
                BodyReader(source, length, lambda: None).readall()


class TestOtherServers:
    """The application under a WSGI server that is not ours."""

    @pytest.fixture
    def storage(self) -> Iterator[Storage]:
        with closing(Storage()) as storage:
            yield storage

    def test_conforms(self, storage: Storage) -> None:
        """PEP 3333, as the standard library's checker understands it."""
        application = wsgiref.validate.validator(Application(storage))
        assert call(application, "GET", "/")[0] == 200

    def test_without_raw_target(self, storage: Storage) -> None:
        """Where no raw target is handed over, one is made from the decoded path; the query is raw anyway."""
        consumer = storage.add_consumer("n", "key", "secret")
        for target in ("/api/two-legged?a[]=1", "/api/two-legged/%C3%BC%20b?a[]=1"):
            url = f"http://127.0.0.1{target}".replace("[]", "%5B%5D")
            _, headers, _ = oauth1.Client(consumer.key, consumer.secret).sign(url, "POST")
            status, echo = call(Application(storage), "POST", target, headers["Authorization"], b"body")
            assert (status, echo["body_length"]) == (200, 4)

    def test_short_body(self, storage: Storage) -> None:
        """A body shorter than announced is refused."""
        extra = {"CONTENT_TYPE": FORM, "CONTENT_LENGTH": "9"}
        assert call(Application(storage), "POST", "/api/resource", "", b"a=1", **extra)[0] == 400

    def test_realm(self, storage: Storage) -> None:
        """A realm that could break out of its quotes is refused."""
        with pytest.raises(UsageError):
            Application(storage, realm='a"b')


def call(
    application: Callable[..., Any],
    method: str,
    target: str,
    authorization: str = "",
    body: bytes = b"",
    **extra: str,
) -> tuple[int, Any]:
    """Call a WSGI application as a server would that has only what PEP 3333 asks for."""
    path, _, query = target.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": unquote(path, "latin-1"),
        "QUERY_STRING": query,
        "SCRIPT_NAME": "",
        "HTTP_AUTHORIZATION": authorization,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body + b"the next request"),
        **extra,
    }
    if int(environ["CONTENT_LENGTH"]) > len(body):
        environ["wsgi.input"] = io.BytesIO(body)
    wsgiref.util.setup_testing_defaults(environ)
    started: list[str] = []
    result = application(environ, lambda status, headers, exc_info=None: started.append(status))
    text = b"".join(result).decode()
    if hasattr(result, "close"):
        result.close()
    return int(started[0][:3]), json.loads(text) if text.startswith("{") else text
