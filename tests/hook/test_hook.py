"""``OAuthHook`` on real requests over real sockets. What needs no network is in ``test_signing.py``."""

from __future__ import annotations

import copy
import gzip
import io
import json
import logging
import os
import pickle
import subprocess
import sys
import threading
import time

import pytest
import requests

from oauth_hook import AccessToken, Consumer, OAuthHook, UsageError, verify

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no terminals, forks, modes and signals of this kind")
CONSUMER = Consumer("dpf43f3p2l4k3l03", "kd94hf93k423kf44")
TOKEN = AccessToken("nnch734d00sl2jdk", "pfkkdhi9sl3r4s00")
CREDENTIALS = (TOKEN.key, TOKEN.secret, CONSUMER.key, CONSUMER.secret)
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def hook():
    return OAuthHook(*CREDENTIALS)


def verdict(server, url=None, **more):
    """Judge the request that the server received last."""
    got = server.last
    return verify(
        got.method, (url or server.url) + got.target,
        headers=got.headers, body=got.body, consumer=CONSUMER, token=TOKEN, **more,
    )  # fmt: skip


# --- attaching ---


@pytest.mark.parametrize("how", ["call", "session", "subclass", "prepared", "unprepared", "unprepared in place"])
def test_a_hook_attaches_in_every_way(how, server, hook):
    """``auth=`` of a call, ``session.auth``, a subclass of Session, a prepared and an unprepared request."""
    url = server.url + "/x?a=1"
    if how == "call":
        requests.get(url, auth=hook)
    elif how == "session":
        with requests.Session() as session:
            session.auth = hook
            session.get(url)
    elif how == "subclass":
        with type("Mine", (requests.Session,), {})() as session:
            session.auth = hook
            session.get(url)
    else:
        with requests.Session() as session:
            request = requests.Request("GET", url)
            if how == "prepared":
                session.send(hook(request.prepare()))
            elif how == "unprepared":
                session.send(hook(request).prepare())
            else:
                hook(request)
                session.send(request.prepare())
    assert verdict(server)


def test_signing_in_place_returns_the_request_itself(hook):
    """The hook returns what it was given, as requests expects of an ``auth``."""
    prepared = requests.Request("GET", "http://example.com/").prepare()
    assert hook(prepared) is prepared
    request = requests.Request("GET", "http://example.com/")
    assert hook(request) is request


@pytest.mark.parametrize("url_encoded", [True, False])
def test_the_class_level_defaults(url_encoded, server):
    """Class attributes are read at construction; a subclass may set its own; arguments come first."""

    class Mine(OAuthHook):
        consumer_key, consumer_secret, header_auth = CONSUMER.key, CONSUMER.secret, not url_encoded

    hook = Mine(TOKEN.key, TOKEN.secret)
    requests.get(server.url, auth=hook)
    assert verdict(server)
    assert ("oauth_signature" in server.last.target) == url_encoded
    assert (hook.consumer.key, hook.consumer.secret) == (CONSUMER.key, CONSUMER.secret)
    assert (hook.token.key, hook.token.secret) == (TOKEN.key, TOKEN.secret)
    assert Mine("t", "s", "other", "secret").consumer.key == "other"
    assert OAuthHook.consumer_key is None


def test_class_level_defaults_are_read_once(monkeypatch):
    """What is set on the class later does not change the hooks that are there."""
    monkeypatch.setattr(OAuthHook, "consumer_key", "first")
    monkeypatch.setattr(OAuthHook, "signature_method", "HMAC-SHA256")
    hook = OAuthHook()
    monkeypatch.setattr(OAuthHook, "consumer_key", "second")
    assert hook.consumer.key == hook.consumer_key == "first"
    assert "HMAC-SHA256" in repr(hook)


@pytest.mark.parametrize("token", [(None, None), ("", ""), (None, "")])
def test_two_legged(token, server):
    """Without a token, or with an empty one, the consumer signs alone."""
    hook = OAuthHook(*token, CONSUMER.key, CONSUMER.secret, header_auth=True)
    requests.get(server.url, auth=hook)
    assert hook.token is None
    assert "oauth_token" not in server.last.authorization
    got = server.last
    assert verify("GET", server.url + got.target, headers=got.headers, consumer=CONSUMER)


# --- placements on the wire ---

PLACES = {
    ("header", "GET"): "header", ("header", "form"): "header", ("header", "json"): "header",
    ("query", "GET"): "query", ("query", "form"): "query", ("query", "json"): "query",
    ("body", "GET"): "body", ("body", "form"): "body",
    ("url-encoded", "GET"): "query", ("url-encoded", "form"): "body", ("url-encoded", "json"): "query",
    ("header+url-encoded", "GET"): "header query", ("header+url-encoded", "form"): "header body",
}  # fmt: skip


@pytest.mark.parametrize(("placement", "kind"), PLACES)
def test_each_placement_arrives_where_it_should(placement, kind, server):
    """Each placement puts the parameters where RFC 5849 s3.5 says, and Content-Length is right."""
    hook = OAuthHook(*CREDENTIALS, placement=placement)
    if kind == "GET":
        requests.get(server.url, params={"q": "a b"}, auth=hook)
    elif kind == "form":
        requests.post(server.url, {"status": "Yay! It works!", "é": ["1", "2"]}, auth=hook)
    else:
        requests.post(server.url, json={"a": 1}, auth=hook)
    got = server.last
    found = [
        name
        for name, text in (("header", got.authorization), ("query", got.target), ("body", got.body.decode()))
        if "oauth_signature=" in text
    ]
    assert " ".join(found) == PLACES[placement, kind]
    assert int(got.headers.get("content-length", 0)) == len(got.body)
    assert verdict(server, allow_copies=" " in PLACES[placement, kind])


def test_header_values_are_str(hook):
    """A header of ours is ``str``, whatever the caller's are; mock libraries and sessions rely on that."""
    prepared = OAuthHook(*CREDENTIALS, header_auth=True)(
        requests.Request("POST", "http://example.com/", headers={"X": b"1"}, data="a=1").prepare()
    )
    assert type(prepared.headers["Authorization"]) is str
    signed = hook(requests.Request("POST", "http://example.com/", data={"a": 1}).prepare())
    assert {type(value) for value in signed.headers.values()} == {str}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_form_that_held_nothing_else_goes_out_empty(method, server):
    """Where the only field was a protocol parameter, which moves to the header, Content-Length says 0."""
    hook = OAuthHook(*CREDENTIALS, header_auth=True)
    requests.request(method, server.url, data={"oauth_verifier": "v"}, auth=hook, timeout=5)
    assert (server.last.body, server.last.headers["content-length"]) == (b"", "0")
    assert 'oauth_verifier="v"' in server.last.authorization
    assert verdict(server)


@pytest.mark.parametrize("header_auth", [True, False])
def test_hooking_twice_is_hooking_once(header_auth, server):
    """A request that is signed already is signed anew, the old signature gone."""
    hook = OAuthHook(*CREDENTIALS, header_auth=header_auth)
    with requests.Session() as session:
        prepared = hook(requests.Request("POST", server.url, data={"a": "1"}).prepare())
        first = prepared.body, prepared.headers.get("Authorization")
        session.send(hook(hook(prepared)))
    assert verdict(server)
    assert (prepared.body, prepared.headers.get("Authorization")) != first
    assert (server.last.authorization + server.last.body.decode()).count("oauth_nonce") == 1


@pytest.mark.promise("what-is-on-the-wire-is-what-is-signed")
@pytest.mark.parametrize(
    "path",
    ["/a[1]", "/caf%c3%a9", "/caf\u00e9", "/a%2Fb;c=d", "/%7Euser", "/a'b$c|d", "/?a[]=1&a[]=2", "/?q=%7e'$|", "/?100%",
     "/?flag&empty=&=v", "/?a=b=c", "?x", "/?%zz=1", "/a%zz", "/x#fragment", "/?next=http://h/?a=b"],
)  # fmt: skip
@pytest.mark.parametrize("by_hand", [False, True])
def test_what_is_on_the_wire_is_what_is_signed(path, by_hand, server):
    """Whatever requests and urllib3 make of a URL on its way out, that is what was signed."""
    hook = OAuthHook(*CREDENTIALS, header_auth=True)
    with requests.Session() as session:
        if by_hand:  # as a redirect's Location would arrive
            prepared = requests.Request("GET", server.url).prepare()
            prepared.url = server.url + (path if path.startswith("/") else "/" + path)
            session.send(hook(prepared))
        else:
            session.get(server.url + path, auth=hook)
    assert verdict(server)


def test_a_host_header_of_the_callers_is_signed(server):
    """Where the Host header differs from the URL, the base string has the header (s3.4.1.2)."""
    requests.get(server.url, headers={"Host": "api.example.com"}, auth=OAuthHook(*CREDENTIALS, header_auth=True))
    assert server.last.headers["host"] == "api.example.com"
    assert verdict(server, url="http://api.example.com")
    assert not verdict(server)


# --- bodies are never touched ---

BODIES = {
    "bytes": lambda: b"\x00\xff" * 1000,
    "text": lambda: "naïve text",
    "file": lambda: io.BytesIO(b"from a file " * 1000),
    "text file": lambda: io.StringIO("ascii text " * 10),
    "generator": lambda: (piece for piece in (b"one ", b"two ", b"three")),
    "gzip": lambda: gzip.compress(b"squeezed" * 100, mtime=0),
}
EXPECTED = {
    "file": b"from a file " * 1000, "text file": b"ascii text " * 10, "generator": b"one two three",
    "text": "naïve text".encode(),
}  # fmt: skip


@pytest.mark.parametrize("header_auth", [True, False])
@pytest.mark.parametrize("content_type", [None, "application/octet-stream"])
@pytest.mark.parametrize("kind", BODIES)
def test_bodies_arrive_byte_for_byte(kind, content_type, header_auth, server):
    """Files, generators, text and binary, with and without a media type, arrive as they are (promise 1)."""
    headers = {"Content-Type": content_type} if content_type else {}
    hook = OAuthHook(*CREDENTIALS, header_auth=header_auth)
    requests.post(server.url, data=BODIES[kind](), headers=headers, auth=hook)
    assert server.last.body == EXPECTED.get(kind, BODIES[kind]() if kind not in EXPECTED else b"")
    assert verdict(server)


@pytest.mark.parametrize("header_auth", [True, False])
def test_multipart_and_json_arrive_byte_for_byte(header_auth, server):
    """Multipart with fields and files, and JSON, are neither read nor changed."""
    hook = OAuthHook(*CREDENTIALS, header_auth=header_auth)
    requests.post(server.url, data={"a": "1"}, files={"f": ("n.bin", b"\x00" * 5000)}, auth=hook)
    assert b"\x00" * 5000 in server.last.body
    assert b"oauth_" not in server.last.body
    assert verdict(server)
    requests.post(server.url, json={"a": "é"}, auth=hook)
    assert json.loads(server.last.body) == {"a": "é"}
    assert verdict(server)


@pytest.mark.promise("what-cannot-be-signed-is-not-sent")
@pytest.mark.parametrize("body", [io.BytesIO(b"a=1"), iter([b"a=1"])], ids=["file", "generator"])
def test_a_form_encoded_stream_is_refused_before_anything_is_sent(body, server, hook):
    """A stream whose fields would have to be signed raises a clear error; nothing is sent, nothing consumed."""
    with pytest.raises(UsageError, match="form-encoded"):
        requests.post(server.url, data=body, headers={"Content-Type": FORM}, auth=hook)
    assert server.received == []
    assert b"".join(body) == b"a=1"


@pytest.mark.parametrize("placement", ["header", "query", "header+url-encoded"])
def test_an_error_leaves_every_part_as_it_was(placement):
    """Where signing fails at its last step, neither address nor header nor body has changed."""

    def broken(octets):
        raise RuntimeError("the hardware is gone")

    hook = OAuthHook(*CREDENTIALS, placement=placement, signature_method="RSA-SHA1", rsa_key=broken)
    request = requests.Request("POST", "http://example.com/?a=1", data={"oauth_callback": "oob"}).prepare()
    before = request.url, dict(request.headers), request.body
    with pytest.raises(RuntimeError, match="hardware"):
        hook(request)
    assert (request.url, dict(request.headers), request.body) == before


def test_an_error_leaves_the_request_as_it_was():
    """What cannot be signed is left exactly as it was."""
    request = requests.Request("POST", "http://example.com/?a=1", json={"a": 1}).prepare()
    before = request.url, dict(request.headers), request.body
    with pytest.raises(UsageError, match="placement"):
        OAuthHook(*CREDENTIALS, placement="body")(request)
    assert (request.url, dict(request.headers), request.body) == before


@pytest.mark.promise("a-body-hash-covers-the-body")
@pytest.mark.parametrize("make", [io.BytesIO, lambda data: data])
def test_body_hash_covers_files_and_rewinds_them(make, server):
    """A seekable file is hashed in pieces from where it stands, and sent from there."""
    hook = OAuthHook(*CREDENTIALS, header_auth=True, body_hash="sha256")
    data = make(b"skip" + b"x" * 200_000) if make is io.BytesIO else b"x" * 200_000
    if make is io.BytesIO:
        data.seek(4)
    requests.post(server.url, data=data, auth=hook)
    assert server.last.body == b"x" * 200_000
    assert "oauth_body_hash" in server.last.authorization
    assert verdict(server)


def test_body_hash_of_a_generator_is_refused(server):
    """A generator can be read only once, so it cannot be covered: an error says so, and nothing is consumed."""
    body = iter([b"x"])
    with pytest.raises(UsageError, match="only once"):
        requests.post(server.url, data=body, auth=OAuthHook(*CREDENTIALS, body_hash="sha1"))
    assert list(body) == [b"x"]
    assert server.received == []


@posix
def test_uploading_a_large_file_takes_no_more_memory_than_unsigned(server, tmp_path):
    """300 MB through a signed session: the process that sends them grows no more than one that does not sign."""
    code = """
import resource, sys, requests
from oauth_hook import OAuthHook
url, sign, path = sys.argv[1:]
auth = OAuthHook("t", "ts", "c", "cs", header_auth=True, body_hash="sha256") if sign == "yes" else None
requests.put(url, data=open(path, "rb"), auth=auth, stream=True).close()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform == 'darwin' else 1))
"""
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(300_000_000)
    sink = _Sink()
    try:
        peak = {
            sign: int(subprocess.run([sys.executable, "-W", "ignore", "-c", code, sink.url, sign, str(path)],
                                     capture_output=True, text=True, check=True, timeout=60).stdout)
            for sign in ("no", "yes")
        }  # fmt: skip
    finally:
        sink.close()
    assert sink.lengths == [300_000_000, 300_000_000]
    assert peak["yes"] - peak["no"] < 20_000  # KiB


class _Sink:
    """A server that counts a body's bytes and keeps none of them."""

    def __init__(self):
        import socket

        self.lengths = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                head = b""
                while b"\r\n\r\n" not in head:
                    head += connection.recv(65536)
                head, _, rest = head.partition(b"\r\n\r\n")
                wanted = int(
                    next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))[15:]
                )
                length = len(rest)
                while length < wanted:
                    length += len(connection.recv(1 << 20))
                self.lengths.append(length)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    def close(self):
        self._socket.close()


def test_a_file_without_seek_is_refused_unread():
    """What can be read only once is not read to find that out."""

    class Tape:
        def __init__(self):
            self.left = [b"x"]

        def __iter__(self):
            return iter(self.left)

        def tell(self):
            return 0

        def read(self, size=-1):
            return self.left.pop() if self.left else b""

    tape = Tape()
    with pytest.raises(UsageError, match="only once"):
        OAuthHook(*CREDENTIALS, body_hash="sha1")(requests.Request("PUT", "http://example.com/", data=tape).prepare())
    assert tape.left == [b"x"]


# --- origins ---


@pytest.mark.promise("origins-pin-a-hook")
def test_origins_pin_a_hook(server, abroad, caplog):
    """A request to anywhere but the origins goes out unsigned and unrefused, with a debug log line."""
    hook = OAuthHook(*CREDENTIALS, origins=server.url.upper().replace("HTTP:", "http:"), placement="body")
    requests.post(server.url, auth=hook)
    assert verdict(server)
    with caplog.at_level(logging.DEBUG, "oauth_hook"):
        requests.post(abroad.url, json={}, auth=hook)
    assert "oauth_" not in str(abroad.last)
    assert [record.name for record in caplog.records if "not signed" in record.message] == ["oauth_hook"]


@pytest.mark.parametrize(
    ("origins", "url", "home"),
    [
        ("https://api.example.com", "https://API.example.com:443/x", True),
        ("https://api.example.com:443/", "https://api.example.com/x", True),
        ("https://api.example.com", "http://api.example.com/x", False),
        ("https://api.example.com", "https://api.example.com:444/", False),
        ("https://api.example.com", "https://api.example.com.evil.example/", False),
        (["http://a.example", "https://b.example:8443"], "https://b.example:8443/", True),
        (["http://a.example", "https://b.example:8443"], "https://b.example/", False),
        ("http://[::1]:8080", "http://[::1]:8080/", True),
    ],
)
def test_origins_compare_scheme_host_and_port(origins, url, home):
    """Scheme, host in any case, and port are compared exactly, the default port being none."""
    signed = OAuthHook(*CREDENTIALS, origins=origins)(requests.Request("GET", url).prepare())
    assert ("oauth_signature" in signed.url) is home


def test_a_pinned_hook_refuses_nothing_elsewhere():
    """Elsewhere nothing is refused either: not an address that could not be signed, nor a body."""
    hook = OAuthHook(*CREDENTIALS, origins="https://api.example.com", placement="body")
    odd = requests.Request("GET", "http://example.com/").prepare()
    for url in ("http://me:secret@example.com/", "ftp://example.com/", "http://example.com:/"):
        odd.url = url
        assert hook(odd).url == url


@pytest.mark.parametrize("header_auth", [True, False])
@pytest.mark.parametrize("placement", ["header", "query", "body", "url-encoded", "header+url-encoded"])
def test_placement_stands_whatever_header_auth_is(header_auth, placement):
    """``placement`` names the place outright, so that a program's own default for ``header_auth`` does no harm."""
    assert OAuthHook(*CREDENTIALS, header_auth, placement=placement).placement == placement


@pytest.mark.parametrize("other", ["http://h.example/", 5, None, b"GET"])
def test_what_is_no_request(other, hook):
    """What a hook is called with in the place of a request is named, and refused."""
    with pytest.raises(UsageError, match=f"signs requests of requests .* this is a {type(other).__name__}$"):
        hook(other)


# --- values: pickling, users, repr ---


def test_a_hook_never_changes(hook):
    """Setting anything on a hook is refused, with what to do instead; a subclass may have attributes of its own."""
    for name in ("consumer_key", "header_auth", "placement", "token", "realm"):
        with pytest.raises(AttributeError, match="never changes"):
            setattr(hook, name, "x")

    class Mine(OAuthHook):
        def __init__(self, *args):
            super().__init__(*args)
            self.api = "https://example.com"

    assert Mine(*CREDENTIALS).api
    with pytest.raises(AttributeError):
        Mine(*CREDENTIALS).consumer_key = "x"


def test_as_user_gives_a_hook_for_another_user(hook, server):
    """as_user keeps everything but the token; the first hook is as it was."""
    other = AccessToken("other", "other secret")
    requests.get(server.url, auth=hook.as_user(other))
    got = server.last
    assert verify("GET", server.url + got.target, headers=got.headers, consumer=CONSUMER, token=other)
    assert hook.token == TOKEN
    assert hook.as_user(None).token is None
    whole = OAuthHook(*CREDENTIALS, origins=server.url, realm="R", callback="oob", verifier="v", body_hash="sha1",
                      header_auth=True).as_user(other)  # fmt: skip
    requests.put(server.url, data=b"x", auth=whole)
    for part in ('realm="R"', 'oauth_callback="oob"', 'oauth_verifier="v"', "oauth_body_hash="):
        assert part in server.last.authorization
    assert "oauth" not in str(whole(requests.Request("GET", "http://example.com/").prepare()).headers)
    assert type(type("Mine", (OAuthHook,), {})(*CREDENTIALS).as_user(other)).__name__ == "Mine"
    with pytest.raises(UsageError, match="AccessToken"):
        hook.as_user("other")


@pytest.mark.parametrize("again", [lambda hook: pickle.loads(pickle.dumps(hook)), copy.copy, copy.deepcopy])
def test_hooks_pickle_and_copy(again, hook, server):
    """A hook that went through a pickle signs as before."""
    requests.get(server.url, auth=again(hook))
    assert verdict(server)


def test_a_hook_with_an_rsa_key_pickles_with_it_and_reads_it_once(server, monkeypatch):
    """The key is read at construction, not per request or per user, and travels as PEM."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    from oauth_hook.protocol import rsa as module

    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    hook = OAuthHook(*CREDENTIALS, signature_method="RSA-SHA256", rsa_key=pem, header_auth=True)
    again = pickle.loads(pickle.dumps(hook))
    monkeypatch.setattr(module, "_parse", None)
    for signer in (hook, again, hook.as_user(TOKEN)):
        requests.get(server.url, auth=signer)
        assert verdict(server, rsa_key=key.public_key())


@pytest.mark.promise("no-secret-is-shown")
def test_no_secret_shows(hook):
    """repr and str show who signs and how, and no secret."""
    shown = repr(hook) + str(hook) + repr(hook.consumer) + repr(hook.token) + repr(hook.as_user(None))
    assert CONSUMER.key in shown
    assert CONSUMER.secret not in shown
    assert TOKEN.secret not in shown


def test_signing_key_may_be_overridden(server):
    """A subclass decides how the secrets become the key (Falcon's makeSecret); pickling and users keep that."""
    hook = Reversed(*CREDENTIALS)
    for signer in (hook, pickle.loads(pickle.dumps(hook)), hook.as_user(TOKEN)):
        requests.get(server.url, auth=signer)
        assert not verdict(server)
        got = server.last
        swapped = Consumer(CONSUMER.key, TOKEN.secret), AccessToken(TOKEN.key, CONSUMER.secret)
        assert verify("GET", server.url + got.target, headers=got.headers, consumer=swapped[0], token=swapped[1])


class Reversed(OAuthHook):
    """A hook that puts the token's secret first."""

    def signing_key(self, consumer_secret, token_secret):
        return super().signing_key(token_secret, consumer_secret)


# --- nonces and clock ---


def test_nonce_and_clock_are_called_for_each_request(server):
    """The application's own nonce and clock are asked each time, and make signatures reproducible."""
    nonces = iter(["first", "second"])
    hook = OAuthHook(*CREDENTIALS, header_auth=True, nonce=lambda: next(nonces), clock=lambda: 137131201.9)
    for nonce in ("first", "second"):
        requests.get(server.url, auth=hook)
        assert f'oauth_nonce="{nonce}"' in server.last.authorization
        assert 'oauth_timestamp="137131201"' in server.last.authorization


def test_timestamps_are_now(server, hook):
    """The default clock is the system's, in whole seconds (s3.3)."""
    before = int(time.time())
    requests.get(server.url, auth=OAuthHook(*CREDENTIALS, header_auth=True))
    timestamp = int(server.last.authorization.partition('oauth_timestamp="')[2].partition('"')[0])
    assert before <= timestamp <= time.time()


# --- bad input ---

BAD = {
    "no consumer key": ({"consumer_key": None}, "no consumer key"),
    "empty consumer key": ({"consumer_key": ""}, "no consumer key"),
    "signature method": ({"signature_method": "HMAC-MD5"}, "HMAC-SHA1"),
    "placement": ({"placement": "cookie"}, "url-encoded"),
    "body hash": ({"body_hash": "md5"}, "sha256"),
    "rsa without key": ({"signature_method": "RSA-SHA1"}, "rsa_key"),
    "secret alone": ({"access_token": None}, "access_token"),
    "consumer key": ({"consumer_key": "key\n"}, "control character"),
    "token": ({"access_token": "to\x00ken"}, "control character"),
    "token type": ({"access_token": 5}, "str"),
    "secret type": ({"consumer_secret": b"bytes"}, "str"),
    "realm": ({"realm": "a\nb"}, "realm"),
    "nonce": ({"nonce": "fixed"}, "callable"),
    "clock": ({"clock": 5}, "callable"),
    "origins": ({"origins": "example.com"}, "http"),
    "origins path": ({"origins": "http://example.com/api"}, "path"),
    "no origins": ({"origins": []}, "empty"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_arguments_are_refused_at_construction(case):
    """A hook that would not work is not made; the error says what to do and shows no secret."""
    given, words = BAD[case]
    names = ("access_token", "access_token_secret", "consumer_key", "consumer_secret")
    with pytest.raises(UsageError, match=words) as caught:
        OAuthHook(**{**dict(zip(names, CREDENTIALS, strict=True)), **given})
    assert CONSUMER.secret not in str(caught.value)


@pytest.mark.promise("what-cannot-be-signed-is-not-sent")
@pytest.mark.parametrize(
    ("hook", "words"),
    [
        (OAuthHook(*CREDENTIALS, nonce=lambda: 5), "nonce"),
        (OAuthHook(*CREDENTIALS, clock=lambda: "noon"), "clock"),
        (OAuthHook(*CREDENTIALS, signature_method="PLAINTEXT"), "https"),
    ],
)
def test_bad_requests_are_refused_before_anything_is_sent(hook, words):
    """What cannot be signed is said before a connection is made."""
    with pytest.raises(UsageError, match=words):
        requests.get("http://api.example.invalid/", auth=hook, timeout=0.01)


def test_an_unprepared_prepared_request_is_refused(hook):
    """A PreparedRequest without method and URL is the caller's to mend."""
    with pytest.raises(UsageError, match="prepare"):
        hook(requests.PreparedRequest())
