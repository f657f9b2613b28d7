"""aiohttp: signed as requests is, each redirect too, and nothing of ours cross-origin.

The judges are the embedded provider, strict on nonce, timestamp and signature, and servers that keep the bytes.
"""

from __future__ import annotations

import asyncio
import base64
import copy
import gc
import hashlib
import io
import json
import os
import pickle
import re
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import tracemalloc
import weakref
import zlib
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from redirecting import (
    COPIES,
    LOCATIONS,
    PLACEMENTS,
    PLACES,
    STATUSES,
    copy_to,
    gives_away,
    nothing_of_ours,
    read_sent,
)

from oauth_hook import OAuthHook, ProviderError, UsageError, verify
from oauth_hook.protocol.encoding import unescape
from oauth_hook.protocol.placement import parse_authorization
from oauth_hook.provider import serve

aiohttp = pytest.importorskip("aiohttp", minversion="3.12", reason="aiohttp is not installed, or is too old")

from yarl import URL  # noqa: E402

from oauth_hook.aiohttp import OAuth  # noqa: E402

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
HOUR = 3600
Y2K = {"Date": "Sat, 01 Jan 2000 00:00:00 GMT"}  # 946684800
REFUSED_TIME = 401, Y2K, b"oauth_problem=timestamp_refused"
VERSION = tuple(int(number) for number in re.findall(r"\d+", aiohttp.__version__)[:3])
CLOSES_FILES = VERSION == (3, 12, 0)  # once it has sent them
SENDS_FILES_AGAIN = VERSION >= (3, 12, 15)  # those before begin where they stopped


def hook_for(provider, **more):
    token = getattr(provider, "token", None) or provider.add_token()
    return OAuthHook(token.key, token.secret, provider.consumer.key, provider.consumer.secret, **more)


def run(job, *middlewares, **settings):
    """Have a coroutine function use a session, whose middlewares are given (hooks become ``OAuth``)."""

    async def with_session():
        given = [OAuth(each) if isinstance(each, OAuthHook) else each for each in middlewares]
        if "cookie_jar" in settings:
            settings["cookie_jar"] = settings["cookie_jar"](unsafe=True)  # on a machine without a name
        async with aiohttp.ClientSession(middlewares=given, **settings) as session:
            return await asyncio.wait_for(job(session), 60)

    return asyncio.run(with_session())


async def send(session, method, url, **content):
    """Send a request, and return its response with ``text``, as it was read."""
    async with session.request(method, url, **content) as response:
        response.text = await response.text()
        return response


def ask(hook, method, url, *, settings=None, **content):
    """Send one request with a session of its own; what the content is, a callable says."""

    async def job(session):
        made = {name: value() if callable(value) else value for name, value in content.items()}
        return await send(session, method, url, **made)

    return run(job, hook, **(settings or {}))


# --- bodies and placements ---


async def pieces():
    yield b"one, "
    yield b"two"


def fields():
    form = aiohttp.FormData({"a": "b c"})
    form.add_field("é", "~'")
    return form


def parts():
    form = aiohttp.FormData({"a": "1"})
    form.add_field("file", io.BytesIO(b"\0\xff" * 1000), filename="f.bin")
    return form


def related():
    writer = aiohttp.MultipartWriter("related", boundary="limit")
    writer.append("text")
    writer.append(io.BytesIO(b"\0\xff" * 1000))
    return writer


def reader():
    return io.BufferedReader(io.BytesIO(b"\0\xff" * 1000))


def opened():
    return open(__file__, "rb")  # aiohttp closes it


BODIES = {
    "nothing": {},
    "nothing, bytes": {"data": b""},
    "form, a dict": {"data": {"a": "b c", "é": "~'"}},
    "form, pairs": {"data": [("a", "b c"), ("é", "~'")]},
    "form, FormData": {"data": fields},
    "form, str": {"data": "a=b%20c&%c3%a9=%7e'", "headers": FORM},
    "form, bytes": {"data": b"a=b+c&%C3%A9=~%27", "headers": {"Content-Type": "Application/X-WWW-form-urlencoded;a=b"}},
    "form, bytearray": {"data": lambda: bytearray(b"a=b+c&%C3%A9=~'"), "headers": FORM},
    "form, in chunks": {"data": {"a": "b c", "é": "~'"}, "chunked": True},
    "JSON": {"json": {"ü": [1, "a=b"]}},
    "text": {"data": "a=1&b=ü"},
    "bytes": {"data": b"\0\xff" * 1000},
    "bytes in chunks": {"data": b"\0\xff" * 1000, "chunked": True},
    "memoryview": {"data": lambda: memoryview(b"\0\xff" * 1000)},
    "multipart, FormData": {"data": parts},
    "multipart, MultipartWriter": {"data": related},
    "BytesIO": {"data": lambda: io.BytesIO(b"\0\xff" * 1000)},
    "StringIO": {"data": lambda: io.StringIO("a=ü")},
    "file": {"data": opened},
    "buffered reader": {"data": reader},
    "generator": {"data": pieces},
}
ONCE = {"generator"} if SENDS_FILES_AGAIN else {
    "generator", "multipart, FormData", "multipart, MultipartWriter", "BytesIO", "StringIO", "file", "buffered reader"
}  # fmt: skip


def is_form(body):
    return body.startswith("form")


def bodies(placement):
    """Those that a placement is possible for: only a form has room for parameters."""
    return [body for body in BODIES if placement != "body" or body == "nothing" or is_form(body)]


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_every_body_is_signed_in_every_placement(placement, home):
    """The provider accepts the request, and finds the parameters where they should be and the caller's as they were."""
    for body in bodies(placement):
        response = ask(hook_for(home, placement=placement), "POST", home.resource_url + "?q=%7e'", **BODIES[body])
        echo = json.loads(response.text)
        assert (response.status, response.history) == (200, ()), (body, echo)
        place = {"url-encoded": "body" if is_form(body) else "query"}.get(placement, placement)
        own = [["a", "b c"], ["é", "~'"], ["q", "~'"]] if is_form(body) else [["q", "~'"]]
        assert (echo["oauth"]["placement"], sorted(echo["parameters"])) == (place, sorted(own)), body


@pytest.mark.parametrize("placement", ["header", "query", "url-encoded"])
def test_the_body_on_the_wire_is_the_callers(placement, server):
    """Byte for byte what aiohttp sends without us; a form in which parameters are placed begins with it."""
    for body in BODIES:
        server.received.clear()
        for middleware in (
            lambda request, handler: handler(request),
            OAuthHook("t", "s", "c", "s", placement=placement),
        ):
            ask(middleware, "POST", server.url, **BODIES[body])
        (plain, plain_body), (ours, our_body) = map(without_boundary, server.received)
        if placement == "url-encoded" and is_form(body):
            assert our_body.startswith(plain_body + b"&oauth_")
            plain.pop("content-length", None)
            assert int(ours.pop("content-length", len(our_body))) == len(our_body)
        else:
            assert our_body == plain_body
        ours.pop("authorization", None)
        assert ours == plain, body
        assert len(our_body) > 0 or body.startswith("nothing")


def without_boundary(got):
    """Return headers and body without the boundary of a multipart body, which aiohttp draws."""
    kind, mark, boundary = got.headers.get("content-type", "").partition("boundary=")
    if not mark:
        return dict(got.headers), got.body
    return got.headers | {"content-type": kind}, got.body.replace(boundary.encode(), b"limit")


def test_what_aiohttp_compresses(server, consumer, token):
    """A form is signed with its fields, as a server sees it that takes ``Content-Encoding`` away; all else unread."""
    for placement in PLACEMENTS:
        hook = OAuthHook(token.key, token.secret, consumer.key, consumer.secret, placement=placement)
        ask(hook, "POST", server.url, data={"a": "b c"}, compress=True)
        got = server.last
        assert (got.headers["content-encoding"], got.headers.get("content-length")) == ("deflate", None)
        form = zlib.decompress(got.body)
        verdict = verify(
            "POST", server.url + got.target, headers=got.headers, body=form, consumer=consumer, token=token,
            allow_copies=True,
        )  # fmt: skip
        assert verdict, verdict.reason
    hashing = OAuthHook("t", "s", "c", "s", header_auth=True, body_hash="sha1")
    server.received.clear()
    with pytest.raises(UsageError, match="aiohttp compresses it only then"):
        ask(hashing, "POST", server.url, data=b"abc", compress=True)
    assert server.received == []


@pytest.mark.promise("what-cannot-be-signed-is-not-sent")
def test_what_cannot_be_signed_truthfully_is_not_sent(server):
    """A form as a stream, a form made of something else, a hash of what is read once: nothing is sent, nothing read."""
    read = []

    async def watched():
        read.append(1)
        yield b"a=1"

    hook = OAuthHook("t", "s", "c", "s")
    for data in (watched, lambda: io.BytesIO(b"a=1"), reader, parts, related):
        with pytest.raises(UsageError, match="it is a stream"):
            ask(hook, "POST", server.url, data=data, headers=FORM)
    for body in ("JSON", "multipart, FormData", "generator", "buffered reader", "text"):
        with pytest.raises(UsageError, match="this body cannot become a form"):
            ask(hook.replace(placement="body"), "POST", server.url, **BODIES[body])
    for data in (watched, Pipe, piped):
        with pytest.raises(UsageError, match="can be read only once"):
            ask(hook.replace(body_hash="sha256"), "POST", server.url, data=data)
    assert (server.received, read) == ([], [])


def test_a_request_that_cannot_be_signed_is_left_as_it_was(server):
    """A middleware around ours may send it some other way."""
    seen = []

    async def around(request, handler):
        before = str(request.url), dict(request.headers), request.body
        with pytest.raises(UsageError):
            await handler(request)
        seen.append((str(request.url), dict(request.headers), request.body) == before)
        return await OAuth(OAuthHook("t", "s", "c", "s"))(request, last.pop())

    async def inside(request, handler):
        last.append(handler)
        return await hook(request, handler)

    last, hook = [], OAuth(OAuthHook("t", "s", "c", "s", placement="body"))
    run(lambda session: send(session, "POST", server.url, json={"a": 1}), around, inside)
    assert (seen, server.last.body) == ([True], b'{"a": 1}')


# --- the wire ---

TAILS = [
    "?a=%7E", "?a='x'", "?a[]=1&b={2}", "?a=ü", "?a=%c3%bc", "?a=b c", "?a=+", "?a", "?a=", "?a=%zz", '?q="x"<>|^`\\',
    "?a=1#part", "?", "?a=1&a=1;c=2", "?q=%", "?q=%20%2B%2b", "/é;v=1?x=/?", "/%c3%a9|x", "/a[1]^`{}?a=@:!$&'()*,",
    "/./a/../b?x=.", "//double?x", "/x/%2e%2E/%2f?&&a&", "?oauth_callback=http%3A%2F%2Fx%2Fy%3Fa",
]  # fmt: skip
ENCODED = ["?a=%7E%2b+%20'", "/%c3%a9/%2F?x=/?&&", "?a=[1]&b=%2B+", "?a=%zz&flag", "?a=b;c=d|e"]
PARAMS = [{"a": "b c+d", "é": "ü&="}, [("a", "1"), ("a", "")], "a=%2B+&b", {"n": 1, "oauth_callback": "http://x/y?a"}]


@pytest.mark.promise("what-is-on-the-wire-is-what-is-signed")
@pytest.mark.parametrize("placement", ["header", "query", "header+url-encoded"])
def test_what_is_signed_is_what_is_on_the_wire(placement, home, server):
    """Whatever the spelling, yarl's or the caller's own, the provider accepts it as it arrives, and it stays so."""
    rows = [
        *((tail, {}) for tail in TAILS), *((tail, {"encoded": True}) for tail in ENCODED),
        *(("?z=%2B", {"params": params}) for params in PARAMS),
    ]  # fmt: skip

    async def job(session, base, given=rows):
        found = []
        for tail, named in given:
            url = URL(base + tail, encoded=True) if named == {"encoded": True} else base + tail
            response = await send(session, "GET", url, params=named.get("params"))
            found.append((tail, named, response.status, response.text))
        return found

    found = run(lambda session: job(session, home.resource_url), hook_for(home, placement=placement))
    assert [row for row in found if row[2] != 200] == []
    plain = [row for row in rows if "oauth_callback" not in str(row)]
    run(lambda session: job(session, server.url, plain))
    run(lambda session: job(session, server.url, plain), OAuthHook("t", "s", "c", "s", placement=placement))
    targets = [got.target for got in server.received]
    for bare, signed in zip(targets[: len(plain)], targets[len(plain) :], strict=True):
        assert signed.partition("oauth_")[0].rstrip("&?") == bare.rstrip("&?")


def test_hosts_as_they_are_sent(server, consumer, token):
    """A ``Host`` of the caller's is what the server signs with; so is the session's ``base_url``; a port of its own."""
    hook = OAuthHook(token.key, token.secret, consumer.key, consumer.secret, header_auth=True)
    port = urlsplit(server.url).port
    rows = (
        (f"{server.url}/a?b=1", {"Host": "API.example.com:8080"}, {}, "http://api.example.com:8080"),
        (f"http://LOCALHOST:{port}/a?b=1", {}, {}, f"http://localhost:{port}"),
        ("/a?b=1", {}, {"base_url": server.url}, server.url),
        (server.url.replace("//", "//user:pass@") + "/a?b=1", {}, {}, server.url),
    )
    for url, headers, settings, base in rows:
        ask(hook, "GET", url, headers=headers, settings=settings)
        got = server.last
        assert verify("GET", base + got.target, headers=got.headers, consumer=consumer, token=token), url


def test_parameters_of_an_earlier_signature_are_replaced(home):
    """A stale signature in the URL, the form or the header is taken out; a callback of the caller's is moved along."""
    old = "oauth_nonce=old&oauth_signature=old&oauth_consumer_key=other"
    for placement in PLACEMENTS:
        response = ask(
            hook_for(home, placement=placement), "POST", f"{home.resource_url}?{old}&a=1", data=f"{old}&b=2",
            headers=FORM | {"Authorization": 'OAuth oauth_token="old"'},
        )  # fmt: skip
        assert response.status == 200, response.text
        assert sorted(json.loads(response.text)["parameters"]) == [["a", "1"], ["b", "2"]]


# --- redirects at home ---


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_every_redirect_at_home_is_signed_anew(placement, home):
    """Two redirects, every kind of body: a strict provider accepts each as it arrives, with a nonce of its own."""
    rows = [
        (status, body)
        for body in bodies(placement)
        for status in STATUSES
        if body == "form, a dict" or status == (302 if body in ONCE else 307)
    ]
    for status, body in rows:
        home.redirecting.plan, home.redirecting.seen = [(status, "/api/resource/hop/2?p=%7e'"), (status, "end?q=ü")], []
        hook = hook_for(home, placement=placement)
        response = ask(hook, "POST", home.resource_url + "/hop?z", **BODIES[body])
        assert [line[2][:3] for line in home.redirecting.seen] == ["200"] * 3, (body, home.redirecting.seen)
        assert [each.status for each in (*response.history, response)] == [status] * 2 + [200]
        seen = [json.loads(line[3]) for line in home.redirecting.seen]
        assert len({echo["oauth"]["nonce"] for echo in seen}) == 3
        kept = status in (307, 308)
        assert [echo["method"] for echo in seen] == (["POST"] * 3 if kept else ["POST", "GET", "GET"])
        if kept and not body.startswith("nothing") and not is_form(body):
            assert len({echo["body_sha256"] for echo in seen}) == 1
            assert seen[2]["body_length"] > 0
        if is_form(body):
            assert (["a", "b c"] in seen[2]["parameters"]) is kept


def test_every_method_is_followed(home):
    """Whatever the method and the status, a redirect is signed; a Location may repeat parameters of ours, too."""
    for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"):
        for status in STATUSES:
            home.redirecting.plan, home.redirecting.seen = [(status, "end?a=1&oauth_nonce=old&{query}")], []
            response = ask(hook_for(home, placement="query"), method, home.resource_url + "/hop?b=%20c")
            assert [line[2][:3] for line in home.redirecting.seen] == ["200"] * 2, home.redirecting.seen
            assert response.status == 200


class Pipe(io.RawIOBase):
    """A file that can be read once."""

    def __init__(self):
        super().__init__()
        self.left = [b"data", b""]

    def readable(self):
        return True

    def read(self, size=-1):
        return self.left.pop(0) if self.left else b""


def piped():
    writer = aiohttp.MultipartWriter("mixed")
    writer.append(Pipe())
    return writer


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_nothing_is_sent_in_the_place_of_what_is_used_up(server, abroad):
    """A generator or a pipe goes out once; a redirect that asks for it again is an error, aiohttp's own or ours."""

    for location in ("/again", abroad.url):
        for data in (pieces, Pipe, piped):
            server.received.clear()
            server.answer = lambda request, location=location: (307, {"Location": location}, b"")
            with pytest.raises((UsageError, aiohttp.ClientPayloadError), match=r"only once|consumed"):
                ask(OAuthHook("t", "s", "c", "s"), "POST", server.url, data=data)
            assert len(server.received) == 1
    assert abroad.received == []


def test_redirects_that_are_not_followed(home):
    """``allow_redirects=False`` gives the server's own response; too many redirects are aiohttp's own error."""
    home.redirecting.plan = [(302, "end")]
    response = ask(hook_for(home), "GET", home.resource_url + "/hop", allow_redirects=False)
    assert (response.status, response.history, response.headers["Location"]) == (302, (), "end")
    home.redirecting.plan, home.redirecting.seen = [(302, "/api/resource/hop")] * 30, []
    with pytest.raises(aiohttp.TooManyRedirects):
        ask(hook_for(home), "GET", home.resource_url + "/hop", max_redirects=3)
    assert [line[2][:3] for line in home.redirecting.seen] == ["200"] * 3


# --- cross-origin ---


@pytest.mark.promise("redirects-carry-nothing-of-ours-to-another-origin")
@pytest.mark.parametrize("placement", PLACEMENTS)
def test_nothing_of_ours_goes_to_another_origin(placement, home, abroad):
    """It gets no oauth_* parameter of ours, no key and no secret; all else goes there as ever."""
    form = {"data": {"a": "b c"}}
    rows = ("GET", 302, {}, "HMAC-SHA1"), ("POST", 307, form, "PLAINTEXT"), ("POST", 303, form, "HMAC-SHA1")
    for location, text in LOCATIONS.items():
        target = text.replace("{abroad}", abroad.url).replace("{netloc}", urlsplit(abroad.url).netloc)
        target = target.replace("{port}", str(urlsplit(abroad.url).port)).replace("{home}", urlsplit(home.url).netloc)
        for method, status, content, signature_method in rows:
            hook = hook_for(home, placement=placement, signature_method=signature_method)
            home.redirecting.plan, home.redirecting.seen = [(status, target)], []
            response = ask(hook, method, home.resource_url + "/hop?a=b%20c", **content)
            assert home.redirecting.seen[0][2].startswith("200"), home.redirecting.seen
            assert response.status == 200
            if location != "with userinfo":  # which is what the server made it, and Basic as ever
                assert nothing_of_ours(home, abroad.last), abroad.last
            if status == 307:
                assert (abroad.last.body, abroad.last.headers["content-length"]) == (b"a=b+c", "5")
                assert abroad.last.headers["content-type"].startswith(FORM["Content-Type"])
            if location == "echoing the query":
                assert parse_qs(urlsplit(abroad.last.target).query) == {"a": ["b c"]}


@pytest.mark.promise(
    "what-is-ours-is-found-under-any-name-and-in-any-escape", "a-redirect-with-ours-in-its-path-is-not-followed"
)
def test_copies_are_found_by_their_values(server, abroad):
    """Under any name and in any escape: taken out of a query, and where it is a path, the redirect is not followed."""
    for j, place in enumerate(PLACES):
        for i, copied in enumerate(COPIES):
            abroad.received.clear()
            server.answer = lambda got, copied=copied, place=place: (
                307, {"Location": copy_to(place, copied, got, abroad.url)}, b"",
            )  # fmt: skip
            hook = OAuthHook(
                "token/key +1", "token%secret", "consumer key+of/16", "consumer=secret",
                placement=("header", "query", "body")[i % 3], signature_method=("HMAC-SHA1", "PLAINTEXT")[(i + j) % 2],
            )  # fmt: skip
            if PLACES[place][1]:
                assert ask(hook, "POST", server.url, data={"a": "1"}).status == 200
                assert gives_away(read_sent(server.last), abroad.last) == []
                assert "page=2" in abroad.last.target
                assert abroad.last.body == b"a=1"
                continue
            with pytest.raises(ProviderError, match="not followed"):
                ask(hook, "POST", server.url, data={"a": "1"})
            assert abroad.received == []


@pytest.mark.promise("pinned-origins-trust-each-other-and-nobody-else")
def test_pinned_origins_trust_each_other(server, abroad, recorders, consumer, token):
    """From one of a hook's own origins to another the redirect is signed; from there to elsewhere it is stripped."""
    third = recorders[2]
    third.answer = None
    for placement in PLACEMENTS:
        third.received.clear()
        server.answer = lambda got: (307, {"Location": f"{abroad.url}/?{got.target.partition('?')[2]}"}, b"")
        abroad.answer = lambda got: (307, {"Location": f"{third.url}/?{got.target.partition('?')[2]}"}, b"")
        hook = OAuthHook(
            token.key, token.secret, consumer.key, consumer.secret, placement=placement,
            origins=[server.url, abroad.url],
        )  # fmt: skip
        assert ask(hook, "POST", server.url, data={"a": "1"}).status == 200
        verdict = verify(
            "POST", abroad.url + abroad.last.target, headers=abroad.last.headers, body=abroad.last.body,
            consumer=consumer, token=token, allow_copies=True,
        )  # fmt: skip
        assert verdict, verdict.reason
        assert gives_away(read_sent(server.last) + read_sent(abroad.last), third.last) == []


def test_bodies_that_are_no_forms_go_along_untouched(server, abroad):
    """A 307 takes them to another origin byte for byte; nothing is hashed for it."""
    server.answer = lambda request: (307, {"Location": abroad.url}, b"")
    for body in BODIES:
        if not is_form(body) and body not in ONCE:
            hook = OAuthHook("t", "s", "c", "s", header_auth=True, body_hash="sha256")
            ask(hook, "POST", server.url, **BODIES[body])
            assert (abroad.last.body, abroad.last.authorization) == (server.last.body, "")


@pytest.mark.promise("nothing-is-signed-after-another-origin")
def test_who_was_elsewhere_is_not_signed_on_return(home, abroad, server):
    """A foreign server cannot have a request signed by redirecting; what it copies a redirect later is taken out."""
    for placement in PLACEMENTS:
        abroad.answer = lambda got: (302, {"Location": home.resource_url + "/end?delete=all"}, b"")
        home.redirecting.plan, home.redirecting.seen = [(307, "/api/resource/hop/2?{query}"), (302, abroad.url)], []
        response = ask(hook_for(home, placement=placement), "GET", home.resource_url + "/hop")
        assert response.status == 401
        assert [line[2][:3] for line in home.redirecting.seen] == ["200", "200", "401"]
    abroad.answer = lambda got: (
        307,
        {"Location": f"{server.url}/?{home.redirecting.seen[0][1].partition('?')[2]}"},
        b"",
    )
    for placement in ("query", "body", "header+url-encoded"):
        home.redirecting.plan = [(307, "/api/resource/hop/2?{query}"), (307, abroad.url + "/?{query}")]
        home.redirecting.seen = []
        assert (
            ask(hook_for(home, placement=placement), "POST", home.resource_url + "/hop", data={"a": "1"}).status == 200
        )
        assert nothing_of_ours(home, abroad.last)
        assert nothing_of_ours(home, server.last)
        assert server.last.body == b"a=1"


@pytest.mark.promise("origins-pin-a-hook")
def test_origins_hold(home, abroad):
    """A pinned hook signs nowhere else, refuses nothing there, and not on redirects either."""
    pinned = hook_for(home, origins=home.url, header_auth=True, body_hash="sha256")
    ask(pinned, "POST", abroad.url + "/?a=1", data=pieces, headers=FORM)
    ask(pinned, "POST", abroad.url + "/?a=1", data=pieces)
    assert all(nothing_of_ours(home, got) and got.body == b"one, two" for got in abroad.received)
    assert [got.target for got in abroad.received] == ["/?a=1"] * 2
    abroad.answer = lambda got: (307, {"Location": "/2"}, b"") if got.target == "/1" else (200, {}, b"")
    assert ask(pinned, "POST", abroad.url + "/1", data=b"abc", compress=True).status == 200
    assert ask(pinned, "GET", home.resource_url).status == 200
    assert ask(hook_for(home, origins=abroad.url), "GET", home.resource_url).status == 401


@pytest.mark.promise("plaintext-is-refused-over-plain-http", "plaintext-goes-through-no-proxy")
def test_plaintext_stays_off_open_networks(server, abroad, monkeypatch):
    """Not over plain http, and to loopback through no proxy, of the call's, the session's or the environment's."""
    hook = OAuthHook("t", "the-secret", "c", "s", signature_method="PLAINTEXT", header_auth=True)
    with pytest.raises(UsageError, match="https") as caught:
        ask(hook, "GET", "http://api.invalid/")
    assert "the-secret" not in str(caught.value)
    for given in ({"proxy": abroad.url}, {"settings": {"proxy": URL(abroad.url)}}):
        with pytest.raises(UsageError, match="through a proxy"):
            ask(hook, "GET", server.url, **given)
    monkeypatch.setenv("http_proxy", abroad.url)
    assert ask(hook, "GET", server.url, settings={"trust_env": True}).status == 200  # NO_PROXY names loopback
    monkeypatch.delenv("no_proxy")
    monkeypatch.delenv("NO_PROXY")
    with pytest.raises(UsageError, match="through a proxy"):
        ask(hook, "GET", server.url, settings={"trust_env": True})
    assert ask(hook, "GET", server.url).status == 200
    assert abroad.received == []
    assert ask(hook.replace(signature_method="HMAC-SHA1"), "GET", server.url, proxy=abroad.url).status == 200
    assert abroad.last.target.startswith(server.url)


# --- the clock ---


@pytest.fixture(scope="module")
def slow_home():
    """A provider whose clock is ten hours slow."""
    with serve(clock=lambda: time.time() - 10 * HOUR) as provider:
        provider.token = provider.add_token()
        yield provider


def test_a_refused_timestamp_is_answered_by_one_more_attempt(slow_home):
    """The hook learns the server's time, sends the request once more where it can, and is right from then on."""
    for placement in ("header", "url-encoded"):
        for body in BODIES:
            seen = []

            async def inside(request, handler, seen=seen):
                seen.append(await handler(request))
                return seen[-1]

            async def job(session, body=body):
                content = {name: value() if callable(value) else value for name, value in BODIES[body].items()}
                first = await send(session, "POST", slow_home.resource_url, **content)
                return first, await send(session, "GET", slow_home.resource_url)

            hook = hook_for(slow_home, placement=placement)
            first, second = run(job, hook, inside)
            once = body == "generator" or (body in ONCE and body != "StringIO" and CLOSES_FILES)
            assert [each.status for each in seen] == ([401] if once else [401, 200]) + [200], body
            assert (first.status, first.history) == (401 if once else 200, ())
            assert (second.status, second.history) == (200, ())


def timestamp(received):
    text = received.authorization + received.target
    return int(text.partition("oauth_timestamp=")[2].strip('"').partition('"')[0].partition("&")[0])


@pytest.mark.promise("a-wrong-date-does-not-lock-out")
def test_an_offset_is_kept_only_if_it_helped(server):
    """A server that goes on refusing has the last word, after two attempts, and the clock is as it was."""
    server.answer = lambda request: REFUSED_TIME
    hook = OAuthHook("t", "s", "c", "s")
    assert (ask(hook, "GET", server.url).status, len(server.received)) == (401, 2)
    assert [abs(timestamp(got) - 946684800) < 60 for got in server.received] == [False, True]
    assert abs(int(hook._clock.timestamp(server.url)) - time.time()) < 60


def test_a_refused_redirect_is_sent_again(server):
    """A redirect that is refused for its timestamp is sent once more itself, and the next has the right time."""

    def answer(request):
        statuses = iter([(307, {"Location": "/second"}, b""), REFUSED_TIME, (307, {"Location": "/third"}, b"")])
        return [*statuses, (200, {}, b"")][len(server.received) - 1]

    server.answer = answer
    for placement in ("header", "body", "query"):
        server.received.clear()
        response = ask(OAuthHook("t", "s", "c", "s", placement=placement), "POST", server.url, data={"a": "1"})
        assert [got.target.partition("?")[0] for got in server.received] == ["/", "/second", "/second", "/third"]
        assert (response.status, [each.status for each in response.history]) == (200, [307, 307])
        assert all(b"a=1" in got.body and b"oauth_" in str(got).encode() for got in server.received)
        assert [abs(timestamp_anywhere(got) - 946684800) < 60 for got in server.received] == [False, False, True, True]


def timestamp_anywhere(got):
    return int(dict(read_sent(got))["oauth_timestamp"])


@pytest.mark.promise("a-used-nonce-repeats-idempotent-methods-only")
def test_a_used_nonce_is_replaced_where_that_is_safe(server):
    """Once for an idempotent method; a POST may have been executed."""
    server.answer = lambda request: (
        (401, {}, b"oauth_problem=nonce_used") if len(server.received) == 1 else (200, {}, b"")
    )
    for method, status, sent in (("PUT", 200, 2), ("GET", 200, 2), ("POST", 401, 1), ("PATCH", 401, 1)):
        server.received.clear()
        assert (ask(OAuthHook("t", "s", "c", "s"), method, server.url).status, len(server.received)) == (status, sent)


REASONS = {
    "in the header": (401, {"WWW-Authenticate": 'OAuth oauth_problem="timestamp_refused"'}, b""),
    "in the body": (400, {}, b"oauth_problem=timestamp_refused"),
    "in JSON": (400, {}, b'{"oauth_problem": "timestamp_refused"}'),
    "a date alone": (401, {}, b"no"),
    "acceptable timestamps": (403, {}, b"oauth_acceptable_timestamps=946684700-946684900"),
}


@pytest.mark.parametrize("reason", REASONS)
def test_a_refusal_says_why_in_many_ways(reason, server):
    """Each teaches the hook; a session that raises for a status sees the second response alone."""
    status, headers, body = REASONS[reason]
    server.answer = lambda _: (200, {}, b"here") if len(server.received) > 1 else (status, headers | Y2K, body)
    settings = {"raise_for_status": True}
    response = ask(OAuthHook("t", "s", "c", "s", header_auth=True), "GET", server.url, settings=settings)
    assert (response.status, response.text) == (200, "here")
    assert [timestamp(got) - 946684800 < 60 for got in server.received] == [False, True]


def test_a_refusal_is_still_the_callers_to_read(server):
    """What was read for its reason is there, in pieces or whole; a long response, or one cut off, is left alone."""

    async def streamed(session):
        async with session.get(server.url) as response:
            return b"".join([piece async for piece in response.content.iter_chunked(7)])

    async def whole(session):
        async with session.get(server.url) as response:
            return await response.read()

    hook = OAuthHook("t", "s", "c", "s", header_auth=True)
    for body in (b"no, no, no", b"x" * 100_000, b""):
        server.answer = lambda _, body=body: (400, {}, body)
        assert [run(job, hook) for job in (streamed, whole)] == [body, body]
    with pytest.raises(aiohttp.ClientResponseError) as caught:
        ask(hook, "GET", server.url, settings={"raise_for_status": True})
    assert caught.value.status == 400


def test_a_refusal_that_is_cut_off(abroad):
    """The status is the caller's, and so is the error where it reads."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve_cut():
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 401 No\r\nContent-Length: 100\r\n\r\noauth")

        thread = threading.Thread(target=serve_cut)
        thread.start()

        async def job(session):
            async with session.get(f"http://127.0.0.1:{listener.getsockname()[1]}/") as response:
                with pytest.raises(aiohttp.ClientError):
                    await response.read()
                return response.status

        assert run(job, OAuthHook("t", "s", "c", "s")) == 401
        thread.join(10)


@pytest.mark.skipif(CLOSES_FILES, reason="aiohttp 3.12.0 sends no file again")
def test_a_refusal_before_all_has_been_sent():
    """The second attempt begins anew, once the first has let go of the file."""
    content, received = os.urandom(8 << 20), []

    async def answer(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        if received:
            received.append(await reader.readexactly(len(content)))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        else:
            received.append(head)
            writer.write(b"HTTP/1.1 401 No\r\nDate: " + Y2K["Date"].encode() + b"\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    async def job(session):
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        with tempfile.TemporaryFile() as file:
            file.write(content)
            file.seek(0)
            response = await send(session, "PUT", url, data=file)
        server.close()
        return response.status

    assert run(job, OAuthHook("t", "s", "c", "s", header_auth=True)) == 200
    assert received[1:] == [content]


def test_what_teaches_nothing(home, server):
    """A wrong secret is refused once; the refusal of what was not signed is none of the hook's business."""
    wrong = OAuthHook(home.token.key, "wrong", home.consumer.key, home.consumer.secret)
    home.redirecting.seen = []
    response = ask(wrong, "GET", home.resource_url)
    assert (response.status, len(home.redirecting.seen)) == (401, 1)
    assert "signature_invalid" in response.text
    server.answer = lambda _: REFUSED_TIME
    pinned = OAuthHook("t", "s", "c", "s", origins="https://api.example")
    assert (ask(pinned, "GET", server.url).status, len(server.received)) == (401, 1)
    assert abs(int(pinned._clock.timestamp(server.url)) - time.time()) < 60


def test_cookies(server):
    """The jar's and the call's go out as ever, and the second attempt carries what the refusal set besides."""
    set_late = {"Set-Cookie": "late=2"}
    refusal = 401, Y2K | {"Set-Cookie": "seen=1; Path=/"}, b""
    server.answer = lambda got: (200, set_late, b"") if len(server.received) != 2 else refusal

    async def job(session):
        session.cookie_jar.update_cookies({"jar": "a", "both": "jar"}, URL(server.url))
        for _ in range(2):
            await send(session, "GET", server.url, cookies={"own": "b", "both": "call"}, headers={"Cookie": "hand=c"})

    run(job, OAuthHook("t", "s", "c", "s"), cookie_jar=aiohttp.CookieJar)
    mine = {"jar": "a", "both": "call", "own": "b", "hand": "c"}
    sent = [dict(pair.split("=") for pair in got.headers["cookie"].split("; ")) for got in server.received]
    assert sent == [mine, mine | {"late": "2"}, mine | {"late": "2", "seen": "1"}]


# --- body_hash, realm, RSA ---


@pytest.mark.promise("a-body-hash-covers-the-body")
@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
def test_body_hash(algorithm, server):
    """A body that is no form is covered by its digest, files and multipart included; each arrives whole."""
    hook = OAuthHook("t", "s", "c", "s", header_auth=True, body_hash=algorithm)
    for body in BODIES:
        if body == "generator" or (CLOSES_FILES and body in ONCE):
            continue
        server.received.clear()
        ask(lambda request, handler: handler(request), "POST", server.url, **BODIES[body])
        ask(hook, "POST", server.url, **BODIES[body])
        plain, got = server.received
        assert without_boundary(got)[1] == without_boundary(plain)[1]
        expected = base64.b64encode(hashlib.new(algorithm, got.body).digest()).decode()
        found = unescape(dict(parse_authorization(got.authorization)[1]).get("oauth_body_hash", ""))
        assert found == ("" if body.startswith("nothing") or is_form(body) else expected), body


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
@pytest.mark.skipif(CLOSES_FILES, reason="aiohttp 3.12.0 closes what is read to be hashed")
@pytest.mark.parametrize("data", [io.BytesIO, bytes])
def test_a_long_body_is_hashed_beside_other_tasks(data):
    """In pieces, or in another thread: the event loop goes round meanwhile."""

    async def job(session):
        rounds = 0

        async def turn():
            nonlocal rounds
            while True:
                await asyncio.sleep(0)
                rounds += 1

        turning = asyncio.create_task(turn())
        with pytest.raises(UsageError, match="https"):  # which it says once all has been hashed
            await send(session, "POST", "http://api.invalid", data=data(bytes(20 << 20)))
        turning.cancel()
        return rounds

    hook = OAuthHook("t", "s", "c", "s", header_auth=True, body_hash="sha512", signature_method="PLAINTEXT")
    assert run(job, hook) > 20


def test_realm_and_rsa():
    """The hook's other settings hold: the realm in the header, an RSA key, or a callable that signs."""
    pytest.importorskip("jwt", reason="oauthlib verifies RSA with PyJWT")
    rsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.rsa")
    from cryptography.hazmat.primitives import serialization as s

    key = rsa.generate_private_key(65537, 2048)
    public = key.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo).decode()
    with serve() as provider:
        consumer = provider.add_consumer(rsa_public_key=public)
        token = provider.add_token(consumer)
        hook = OAuthHook(
            token.key, token.secret, consumer.key, header_auth=True, signature_method="RSA-SHA256", rsa_key=key,
            realm="Fotos",
        )  # fmt: skip
        response = ask(hook, "POST", provider.resource_url, data={"a": "1"})
        assert response.status == 200, response.text
        assert json.loads(response.text)["oauth"]["realm"] == "Fotos"


# --- beside other things of aiohttp's ---


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_basic_auth_beside_it(home, server, abroad, tmp_path, monkeypatch):
    """Both go out where there is room for both; a signature in the header displaces it, on redirects too."""
    basic = {"auth": aiohttp.BasicAuth("user", "pass")}
    server.answer = lambda got: (302, {"Location": "/2"}, b"") if len(server.received) % 2 else (200, {}, b"")
    for placement, kind in (("query", "Basic "), ("header", "OAuth "), ("header+url-encoded", "OAuth ")):
        for settings, content in (({}, basic), (basic, {})):
            server.received.clear()
            ask(OAuthHook("t", "s", "c", "s", placement=placement), "GET", server.url, settings=settings, **content)
            assert [got.authorization[:6] for got in server.received] == [kind] * 2
            assert all(dict(read_sent(got))["oauth_token"] == "t" for got in server.received)
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login user password pass")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    home.redirecting.plan = [(302, "end")]
    settings = {"trust_env": True}
    assert ask(hook_for(home, placement="header"), "GET", home.resource_url + "/hop", settings=settings).status == 200


def test_middlewares_around_and_inside(server, home):
    """One around ours that sends again has each attempt signed; one inside sees it signed; a call's replace all."""
    tries = []

    async def twice(request, handler):
        for _ in range(2):
            response = await handler(request)
            tries.append(response.status)
            await response.read()
        return response

    async def inside(request, handler):
        assert "oauth_" in str(request.url)
        return await handler(request)

    hook = hook_for(home, placement="query")
    home.redirecting.plan, home.redirecting.seen = [(307, "/api/resource/hop/2"), (307, "/api/resource/hop/3")], []
    response = run(
        lambda session: send(session, "POST", home.resource_url + "/hop", data={"a": "1"}), twice, hook, inside
    )
    assert [line[2][:3] for line in home.redirecting.seen] == ["200"] * len(tries)
    assert (tries, response.status) == ([307, 307, 200, 200], 200)
    nonces = re.findall("oauth_nonce=([^&]*)", " ".join(line[1] for line in home.redirecting.seen))
    assert len(set(nonces)) == len(nonces) == 4

    bob = home.add_token(user=home.add_user(f"bob {time.monotonic_ns()}", "a password"))

    async def calls(session):
        home.redirecting.plan, home.redirecting.seen = [(302, "/api/resource/hop/2"), (302, "end")], []
        await send(session, "GET", home.resource_url + "/hop", middlewares=[OAuth(hook.as_user(bob))])
        await send(session, "GET", home.resource_url)
        return await send(session, "GET", home.resource_url, middlewares=[])

    assert run(calls, hook).status == 401
    assert [json.loads(line[3])["token"] for line in home.redirecting.seen[:4]] == [bob.key] * 3 + [home.token.key]


def test_what_stands_between_keeps_no_secret_from_being_stripped(home, abroad):
    """A middleware around ours may put another response in the place of the redirect: it is still one."""

    class Other:
        def __init__(self, response):
            self._response = copy.copy(response)

        def __getattr__(self, name):
            return getattr(self._response, name)

    async def around(request, handler):
        response = await asyncio.create_task(handler(request))  # another task, another context
        return Other(response) if response.status == 302 else response

    home.redirecting.plan = [(302, abroad.url + "/?{query}")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aiohttp.ClientResponse, "__del__", lambda self: None)
        run(
            lambda session: send(session, "GET", home.resource_url + "/hop"), around,
            hook_for(home, placement="header+url-encoded"),
        )  # fmt: skip
    assert nothing_of_ours(home, abroad.last), abroad.last


def test_traces(server, home):
    """``trace_configs`` hear of each request as ever, and of nothing else."""
    heard = []
    config = aiohttp.TraceConfig()
    for signal in ("request_start", "request_redirect", "request_end", "request_exception"):

        async def hear(session, context, given, signal=signal):
            heard.append(signal)

        getattr(config, f"on_{signal}").append(hear)
    home.redirecting.plan = [(307, "/api/resource/hop/2"), (307, "end")]
    settings = {"trace_configs": [config]}
    assert ask(hook_for(home), "POST", home.resource_url + "/hop", data={"a": "1"}, settings=settings).status == 200
    assert heard == ["request_start", "request_redirect", "request_redirect", "request_end"]


def test_a_web_socket_is_signed(home):
    """Its request is a GET like any other; that the provider has no web sockets is no matter."""
    home.redirecting.seen = []

    async def job(session):
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(home.resource_url)

    run(job, hook_for(home))
    assert [line[2][:3] for line in home.redirecting.seen] == ["200"]


def test_expect_100(home):
    """A second attempt, and a redirect, of a request that waits for "100 Continue" is sent as any other."""
    home.redirecting.plan = [(307, "end")]
    assert ask(hook_for(home), "POST", home.resource_url + "/hop", data=b"abc", expect100=True).status == 200


# --- many at once ---


def test_one_middleware_serves_many_tasks_and_loops(home, abroad):
    """Chains that stay and chains that leave, at the same time, in two event loops: none is taken for another."""
    abroad.answer = lambda request: (302, {"Location": home.resource_url + "/end"}, b"")
    redirects = {"stays": "/api/resource/end", "leaves": abroad.url + "/?"}
    inner, home.redirecting.plan = home.redirecting.inner, []
    middleware, found = OAuth(hook_for(home, placement="query")), []

    def planned(environ, start_response):
        where = redirects.get(environ["PATH_INFO"].rpartition("/")[2])
        if where is None:
            return inner(environ, start_response)
        answer = []
        body = inner(environ, lambda status, headers, exc_info=None: answer.append(status))
        assert answer[0].startswith("200"), body
        start_response("302 Found", [("Location", f"{where}?{environ['QUERY_STRING']}"), ("Content-Length", "0")])
        return [b""]

    async def job(session):
        urls = [f"{home.resource_url}/{where}?i={i}" for i in range(15) for where in redirects]
        return [response.status for response in await asyncio.gather(*(send(session, "GET", url) for url in urls))]

    home.redirecting.inner = planned
    try:
        threads = [threading.Thread(target=lambda: found.append(run(job, middleware))) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    finally:
        home.redirecting.inner = inner
    assert found == [[200, 401] * 15] * 2
    assert all(nothing_of_ours(home, received) for received in abroad.received)


def test_nothing_is_left_of_calls_that_end_anyhow(home, server):
    """Not of one that was redirected, timed out, was cancelled or failed: neither a request nor what was sent."""
    alive = []

    async def watch(request, handler):
        alive.append(weakref.ref(request))
        return await handler(request)

    async def job(session):
        home.redirecting.plan = [(307, "/api/resource/hop/2"), (307, "end")]
        await send(session, "POST", home.resource_url + "/hop", data={"a": "1"})
        server.answer = lambda got: (307, {"Location": "/late"}, b"") if got.target[:2] == "/?" else time.sleep(0.3)
        with pytest.raises(asyncio.TimeoutError):
            await send(session, "PUT", server.url, data=b"abc", timeout=aiohttp.ClientTimeout(total=0.1))
        task = asyncio.create_task(send(session, "PUT", server.url, data=b"abc"))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(aiohttp.ClientConnectorError):
            await send(session, "GET", "http://127.0.0.1:9")
        del task

    middleware = OAuth(hook_for(home))
    run(job, watch, middleware)
    gc.collect()
    assert len(alive) >= 8
    assert [each() for each in alive if each() is not None] == []
    assert vars(middleware) == {"hook": middleware.hook}


@pytest.mark.soak
@pytest.mark.skipif(CLOSES_FILES, reason="aiohttp 3.12.0 closes what is read to be hashed")
def test_memory_is_flat_over_an_upload(portion, tmp_path):
    """A file of 300 MB, with its hash and a redirect, and a generator of as much: a few pieces at a time in memory."""
    size, received = portion(300 << 20), []

    async def answer(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        chunked, count = b"chunked" in head.lower(), 0
        left = None if chunked else int(re.search(rb"(?i)content-length: (\d+)", head)[1])
        tail = b""
        while not tail.endswith(b"0\r\n\r\n") if chunked else count < left:
            piece = await reader.read(1 << 16)
            count, tail = count + len(piece), (tail + piece)[-5:]
        received.append(count)
        again = b"PUT / " in head and not chunked
        writer.write(b"HTTP/1.1 307 No\r\nLocation: /2\r\n" if again else b"HTTP/1.1 200 OK\r\n")
        writer.write(b"Connection: close\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    async def generate():
        for _ in range(size >> 20):
            yield bytes(1 << 20)

    path = tmp_path / "sparse"
    with path.open("wb") as file:
        os.truncate(file.fileno(), size)

    async def job(session):
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        tracemalloc.start()
        try:
            with path.open("rb") as file:
                await send(session, "PUT", url, data=file)
            plain = OAuth(OAuthHook("t", "s", "c", "s", header_auth=True))
            await send(session, "PUT", url, data=generate(), middlewares=[plain])
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
            server.close()

    hook = OAuthHook("t", "s", "c", "s", header_auth=True, body_hash="sha1")
    assert run(job, hook) < 12 << 20
    assert [count >= size for count in received] == [True] * 3


# --- without a network ---


def test_only_a_hook_will_do(home):
    """What is no OAuthHook is a UsageError where it is given; requests is told to take the hook itself."""
    with pytest.raises(UsageError, match="hook must be an OAuthHook, not function"):
        OAuth(lambda request: request)
    with pytest.raises(UsageError, match=r"is for aiohttp: .*auth=hook$"):
        requests.get(home.resource_url, auth=OAuth(hook_for(home)))


@pytest.mark.promise("no-secret-is-shown")
def test_nothing_secret_is_shown_and_it_pickles(home):
    """repr masks the secrets; a copy, pickled or not, signs as the original."""
    middleware = OAuth(hook_for(home))
    assert repr(middleware).startswith("OAuth(OAuthHook(")
    assert home.token.secret not in repr(middleware) and home.consumer.secret not in repr(middleware)  # noqa: PT018
    for again in (copy.copy(middleware), copy.deepcopy(middleware), pickle.loads(pickle.dumps(middleware))):
        assert run(lambda session: send(session, "GET", home.resource_url), again).status == 200


def test_an_aiohttp_that_is_built_otherwise(server):
    """Without what a call's requests have in common no redirect could be told from another request: a UsageError."""
    hook = OAuth(OAuthHook("t", "s", "c", "s"))
    with pytest.raises(UsageError, match=f"does not know aiohttp {re.escape(aiohttp.__version__)}"):
        asyncio.run(hook(SimpleNamespace(method="GET"), lambda request: None))


def test_subclasses_of_the_hook_are_asked(home, server):
    """``signing_key`` may be overridden; a subclass may pass a request over, and its redirects with it."""

    class Own(OAuthHook):
        def signing_key(self, consumer_secret, token_secret):
            return f"{home.consumer.secret}&{home.token.secret}"

    class Quiet(OAuthHook):
        def __call__(self, request):
            return request

    own = Own(home.token.key, "other", home.consumer.key, "other")
    assert ask(own, "GET", home.resource_url).status == 200
    quiet = Quiet(home.token.key, home.token.secret, home.consumer.key, home.consumer.secret)
    assert ask(quiet, "GET", home.resource_url).status == 401
    server.answer = lambda request: (302, {"Location": "/end"}, b"") if request.target == "/" else (200, {}, b"")
    ask(quiet, "GET", server.url)
    assert "oauth" not in server.last.target


# --- what is installed ---


def importing(prelude):
    """Import the module in an interpreter of its own, after some preparation, and return what it says at the end."""
    code = textwrap.dedent(prelude) + "\nimport oauth_hook.aiohttp; print('imported')"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    return (ran.stdout or ran.stderr).strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("prelude", "said"),
    [
        (
            "import sys; sys.modules['aiohttp'] = None",
            "ImportError: oauth_hook.aiohttp needs aiohttp: pip install 'requests-oauth-hook[aiohttp]'",
        ),
        (
            "import aiohttp; aiohttp.__version__ = '3.11.18'",
            "ImportError: oauth_hook.aiohttp needs aiohttp>=3.12, and 3.11.18 is installed: "
            "pip install 'aiohttp>=3.12'",
        ),
        (
            "import sys; sys.modules['multidict'] = None",
            "ModuleNotFoundError: import of multidict halted; None in sys.modules",
        ),
    ],
)
def test_what_is_missing_is_named(prelude, said):
    """The extra, the version, or what a broken aiohttp lacks."""
    assert importing(prelude) == said
