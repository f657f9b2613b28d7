"""httpx and httpx2, sync and async: signed as requests is, each redirect too, and nothing of ours cross-origin.

The judges are the embedded provider, strict on nonce, timestamp and signature, and servers that keep the bytes. What
``oauth_hook.httpx`` does without a network is tested at the end.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import json
import pickle
import ssl
import subprocess
import sys
import textwrap
import threading
import time
from importlib import import_module
from importlib.util import find_spec
from types import SimpleNamespace
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
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
from tables import for_each

from oauth_hook import AccessToken, Consumer, OAuthHook, ProviderError, UsageError, verify
from oauth_hook.hook.redirects import RequestState, Status
from oauth_hook.protocol.encoding import unescape
from oauth_hook.protocol.placement import parse_authorization
from oauth_hook.protocol.url import is_same_origin, parse_origin
from oauth_hook.provider import serve

INSTALLED = [name for name in ("httpx", "httpx2") if find_spec(name)]
if not INSTALLED:
    pytest.skip("neither httpx nor httpx2 is installed", allow_module_level=True)

from oauth_hook.httpx import OAuth, async_event_hooks, event_hooks  # noqa: E402

CLIENTS = [
    pytest.param(
        (name, kind),
        id=f"{name}-{kind}",
        marks=() if name in INSTALLED else pytest.mark.skip(f"{name} is not installed"),
    )
    for name, kind in (("httpx", "sync"), ("httpx", "async"), ("httpx2", "async"), ("httpx2", "sync"))
]
# Each test is for both modules, and for both kinds: every second client always, and all of them every night.
pytestmark = pytest.mark.soak(turns="client", one_in=2)
HOUR = 3600
# Everything here is plain http on loopback; reading the machine's certificates would cost more than all the rest.
LOCAL = {"trust_env": False, "timeout": 60, "verify": ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(params=CLIENTS)
def client(request):
    """The module of a client, with ``kind``: ``Client`` or ``AsyncClient``."""
    name, kind = request.param
    return SimpleNamespace(module=import_module(name), kind=kind)


@pytest.fixture(params=[pytest.param(name, marks=CLIENTS[2 * i].marks) for i, name in enumerate(("httpx", "httpx2"))])
def module(request):
    """The module of a client, where sync and async make no difference."""
    return import_module(request.param)


def hook_for(provider, **more):
    token = getattr(provider, "token", None) or provider.add_token()
    return OAuthHook(token.key, token.secret, provider.consumer.key, provider.consumer.secret, **more)


def attached(way, hook, kind="sync"):
    """The settings of a client to which a hook is attached: as auth, by event hooks, or both."""
    hooks = event_hooks if kind == "sync" else async_event_hooks
    return ({"auth": OAuth(hook)} if way != "hooks" else {}) | ({"event_hooks": hooks(hook)} if way != "auth" else {})


def use(client, job, **settings):
    """Have a job done with a client: ``job(call)``, where ``call(name, ...)`` calls a method of the client."""
    settings = {**LOCAL, "follow_redirects": True, **settings}
    if client.kind == "sync":
        with client.module.Client(**settings) as opened:
            return job(lambda name, *args, **kwargs: getattr(opened, name)(*args, **kwargs))
    loop = asyncio.new_event_loop()
    opened = client.module.AsyncClient(**settings)
    try:
        return job(lambda name, *args, **kwargs: loop.run_until_complete(getattr(opened, name)(*args, **kwargs)))
    finally:
        loop.run_until_complete(opened.aclose())
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def ask(client, way, hook, method, url, *, settings=None, **content):
    """Send one request, and return the response."""
    with_hook = attached(way, hook, client.kind) | (settings or {})
    return use(client, lambda call: call("request", method, url, **content), **with_hook)


# --- bodies and placements ---


def pieces():
    yield b"one, "
    yield b"two"


async def later_pieces():
    yield b"one, "
    yield b"two"


def parts():
    return {"data": {"a": "1"}, "files": {"file": ("f.bin", io.BytesIO(b"\0\xff" * 1000))}}


# What is sent, by name; a file is not for AsyncClient, nor a coroutine's stream for Client.
BODIES = {
    "nothing": lambda kind: {},
    "form": lambda kind: {"data": {"a": "b c", "é": ["~'", ""]}},
    "form in bytes": lambda kind: {"content": b"x=%7E&y=%2b+&flag&x=&x=%7e", "headers": FORM},
    "form in upper case": lambda kind: {
        "content": b"a=1", "headers": {"Content-Type": "APPLICATION/X-WWW-Form-urlencoded; Charset=UTF-8"}
    },
    "JSON": lambda kind: {"json": {"ü": [1, "a=b"]}},
    "text": lambda kind: {"content": "a=1&b=ü", "headers": {"Content-Type": "text/plain"}},
    "multipart": lambda kind: parts(),
    "file": lambda kind: {"content": io.BytesIO(b"\0\xff" * 100_000) if kind == "sync" else later_pieces()},
    "generator": lambda kind: {"content": pieces() if kind == "sync" else later_pieces()},
}  # fmt: skip
FORMS = ("form", "form in bytes", "form in upper case")
TWICE = [name for name in BODIES if name != "generator"]  # what can be sent again


def is_possible(placement, body):
    """Whether a placement is possible for a body: only a form has room for parameters."""
    return placement != "body" or body in ("nothing", *FORMS)


ROWS = [(placement, body) for placement in PLACEMENTS for body in BODIES if is_possible(placement, body)]


@for_each(("placement", "body"), ROWS)
def test_every_body_is_signed_in_every_placement(client, placement, body, home):
    """The provider accepts the request, and finds the parameters where they should be and the caller's as they were."""
    in_form = body in FORMS
    for way in ("auth", "hooks"):
        hook = hook_for(home, placement=placement)
        answer = ask(client, way, hook, "POST", home.resource_url + "?q=%7e'", **BODIES[body](client.kind))
        assert answer.status_code == 200, answer.text
        assert answer.history == []
        url_encoded = "body" if in_form else "query"
        assert answer.json()["oauth"]["placement"] == {"url-encoded": url_encoded}.get(placement, placement)
        own = {"form": [["a", "b c"], ["é", "~'"], ["é", ""]], "form in upper case": [["a", "1"]]}
        assert ["q", "~'"] in answer.json()["parameters"]
        assert all(pair in answer.json()["parameters"] for pair in own.get(body, []))


@for_each("body", BODIES)
@for_each("placement", ["header", "query", "url-encoded"])
def test_the_body_on_the_wire_is_the_callers(client, placement, body, server):
    """Byte for byte what the client sends without us; a form in which parameters are placed begins with it."""
    boundary = {"Content-Type": "multipart/form-data; boundary=limit"} if body == "multipart" else {}
    bare, signed = (BODIES[body](client.kind) for _ in range(2))
    use(client, lambda call: call("post", server.url, **bare, **({"headers": boundary} if boundary else {})))
    hook = OAuthHook("t", "s", "c", "s", placement=placement)
    ask(client, "both", hook, "POST", server.url, **signed, **({"headers": boundary} if boundary else {}))
    plain, ours = server.received
    if placement == "url-encoded" and body in FORMS:
        assert ours.body.startswith(plain.body + b"&oauth_")
        assert ours.headers["content-length"] == str(len(ours.body))
        plain.headers.pop("content-length")
        ours.headers.pop("content-length")
    else:
        assert ours.body == plain.body
    ours.headers.pop("authorization", None)
    assert ours.headers == plain.headers
    assert len(ours.body) > 0 or body == "nothing"


@for_each("body", ["file", "generator", "multipart"])
@for_each("way", ["auth", "hooks"])
def test_a_stream_that_says_it_is_a_form_is_refused(client, way, body, server):
    """It cannot be signed without being used up: a UsageError, before anything is sent."""
    content = BODIES[body](client.kind) | {"headers": FORM}
    with pytest.raises(UsageError, match="it is a stream"):
        ask(client, way, OAuthHook("t", "s", "c", "s"), "POST", server.url, **content)
    assert server.received == []


@for_each("body", ["JSON", "multipart", "generator"])
def test_no_form_is_made_of_something_else(client, body, server):
    """``placement="body"`` on what is no form is a UsageError."""
    hook = OAuthHook("t", "s", "c", "s", placement="body")
    with pytest.raises(UsageError, match="this body cannot become a form"):
        ask(client, "both", hook, "POST", server.url, **BODIES[body](client.kind))
    assert server.received == []


def test_a_form_of_our_own_making(client, home):
    """``placement="body"`` on an empty GET makes a form, with its type and length."""
    answer = ask(client, "both", hook_for(home, placement="body"), "GET", home.resource_url)
    assert answer.status_code == 200, answer.text
    request = answer.request
    assert request.headers["content-type"] == FORM["Content-Type"]
    assert request.headers["content-length"] == str(len(request.content))
    assert request.content.startswith(b"oauth_consumer_key=")


def test_a_length_is_not_added_to_a_chunked_form(module):
    """Where the caller asked for chunks there is no Content-Length, old or new."""
    request = module.Request("POST", "http://h/", content=b"a=1", headers=FORM | {"Transfer-Encoding": "chunked"})
    request.headers.pop("Content-Length", None)
    next(OAuth(OAuthHook("t", "s", "c", "s")).auth_flow(request))
    assert b"oauth_signature" in request.content
    assert "content-length" not in request.headers


# --- the wire ---

TAILS = [
    "?a=%7E", "?a='x'", "?a[]=1&b={2}", "?a=ü", "?a=%c3%bc", "?a=b c", "?a=+", "?a", "?a=", "?a=%zz", '?q="x"<>|^`\\',
    "?a=1#part", "?", "?a=1&a=1;c=2", "?q=%", "?q=%20%2B%2b", "/é;v=1?x=/?", "/%c3%a9|x", "/a[1]^`{}?a=@:!$&'()*,",
    "/./a/../b?x=.", "//double?x", "/%2e%2E/%2f?&&a&", "?oauth_callback=http%3A%2F%2Fx%2Fy%3Fa",
]  # fmt: skip


@pytest.mark.promise("what-is-on-the-wire-is-what-is-signed")
@for_each("placement", ["header", "query", "header+url-encoded"])
def test_what_is_signed_is_what_is_on_the_wire(client, placement, home):
    """Whatever the spelling of a URL, the provider accepts it as it arrives."""
    settings = attached("both", hook_for(home, placement=placement), client.kind)
    urls = [home.resource_url + tail for tail in TAILS]
    answers = use(client, lambda call: [call("get", url) for url in urls], **settings)
    assert {tail: answer.text for tail, answer in zip(TAILS, answers, strict=True) if answer.status_code != 200} == {}


@for_each("placement", ["header", "query"])
def test_the_callers_part_of_a_url_stays_as_the_client_spells_it(client, placement, server):
    """Our parameters come after it, and nothing of it is spelled anew."""
    settings = attached("both", OAuthHook("t", "s", "c", "s", placement=placement), client.kind)
    urls = [server.url + tail for tail in TAILS[:-1]]
    use(client, lambda call: [call("get", url) for url in urls])
    use(client, lambda call: [call("get", url) for url in urls], **settings)
    targets = [received.target for received in server.received]
    for bare, signed in zip(targets[: len(urls)], targets[len(urls) :], strict=True):
        assert signed.partition("oauth_")[0].rstrip("&?") == bare.rstrip("&?")


def test_a_host_header_of_the_callers_is_signed(client, server, consumer, token):
    """The server builds its base string of the Host that it receives."""
    hook = OAuthHook(token.key, token.secret, consumer.key, consumer.secret, header_auth=True)
    for way in ("auth", "hooks"):
        ask(client, way, hook, "GET", f"{server.url}/a?b=1", headers={"Host": "API.example.com:8080"})
        got = server.last
        assert got.headers["host"] == "API.example.com:8080"
        assert verify(
            "GET", f"http://api.example.com:8080{got.target}", headers=got.headers, consumer=consumer, token=token
        )


@for_each("placement", ["header", "query"])
def test_a_target_of_the_callers_is_signed(client, placement, home, server):
    """The extension ``target`` is what goes out in the place of the URL's path, so it is what is signed."""
    target = urlsplit(home.resource_url).path.encode() + b"/x?raw=|%7e"
    hook = hook_for(home, placement=placement)
    answer = ask(client, "both", hook, "GET", home.url + "/other?a=1", extensions={"target": target})
    assert answer.status_code == 200, answer.text
    assert answer.json()["parameters"] == [["raw", "|~"]]
    with pytest.raises(UsageError, match="'target' is no path"):
        ask(client, "auth", hook, "OPTIONS", server.url, extensions={"target": b"*"})
    assert server.received == []


def test_an_empty_answer_to_a_name_and_password_in_the_url(client, server, consumer, token):
    """They do not go out, so that nothing of them is signed; the signature displaces the Basic of the client's."""
    hook = OAuthHook(token.key, token.secret, consumer.key, consumer.secret, header_auth=True)
    ask(client, "hooks", hook, "GET", server.url.replace("//", "//user:pass@") + "/")
    got = server.last
    assert verify("GET", server.url + got.target, headers=got.headers, consumer=consumer, token=token)


def test_parameters_of_an_earlier_signature_are_replaced(client, home):
    """A stale signature in the URL, the form or the header is taken out; a callback of the caller's is moved along."""
    old = "oauth_nonce=old&oauth_signature=old&oauth_consumer_key=other"
    for placement in PLACEMENTS:
        answer = ask(
            client, "both", hook_for(home, placement=placement), "POST", f"{home.resource_url}?{old}&a=1",
            content=f"{old}&b=2".encode(), headers=FORM | {"Authorization": 'OAuth oauth_token="old"'},
        )  # fmt: skip
        assert answer.status_code == 200, answer.text
        assert sorted(answer.json()["parameters"]) == [["a", "1"], ["b", "2"]]


# --- redirects at home ---

HOPS = [
    (placement, body, status)
    for placement, body in ROWS
    for status in STATUSES
    if body == "form" or (status in (302, 307) and not body.startswith("form"))
]


@for_each("placement", PLACEMENTS)
@for_each("status", STATUSES)
def test_every_hop_at_home_is_signed_anew(client, placement, status, home):
    """Two redirects, every kind of body: a strict provider accepts each as it arrives, with a nonce of its own."""
    for body in (name for p, name, s in HOPS if (p, s) == (placement, status)):
        if status in (307, 308) and (body == "generator" or (body == "file" and client.kind == "async")):
            continue  # what is used up cannot be sent again, by any client
        home.redirecting.plan, home.redirecting.seen = [(status, "/api/resource/hop/2?p=%7e'"), (status, "end?q=ü")], []
        hook = hook_for(home, placement=placement)
        answer = ask(client, "hooks", hook, "POST", home.resource_url + "/hop?z", **BODIES[body](client.kind))
        assert [line[2][:3] for line in home.redirecting.seen] == ["200"] * 3, home.redirecting.seen
        assert (answer.status_code, [hop.status_code for hop in answer.history]) == (200, [status] * 2)
        seen = [json.loads(line[3]) for line in home.redirecting.seen]
        assert len({echo["oauth"]["nonce"] for echo in seen}) == 3
        kept = status in (307, 308)
        assert [echo["method"] for echo in seen] == (["POST"] * 3 if kept else ["POST", "GET", "GET"])
        if kept and body not in ("nothing", "form"):
            assert len({echo["body_sha256"] for echo in seen}) == 1
            assert seen[2]["body_length"] > 0
        if body == "form":
            assert (["a", "b c"] in seen[2]["parameters"]) is kept
        if placement == "url-encoded" and not kept:  # though httpx leaves the form's Content-Type at the hop
            assert seen[2]["oauth"]["placement"] == "query"


@for_each("way", ["hooks", "both"])
@for_each("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_every_method_is_followed(client, way, method, home):
    """Whatever the method, redirects are accepted."""
    for status in STATUSES:
        home.redirecting.plan, home.redirecting.seen = [(status, "end?a=1")], []
        answer = ask(client, way, hook_for(home), method, home.resource_url + "/hop")
        assert [line[2][:3] for line in home.redirecting.seen] == ["200"] * 2, home.redirecting.seen
        assert answer.status_code == 200


@for_each("placement", PLACEMENTS)
@for_each("location", ["/api/resource/end?{query}", "/api/resource/end?page=2&oauth_nonce=old&{query}"])
def test_stale_parameters_echoed_back_are_replaced(client, placement, location, home):
    """A same-origin Location that repeats our parameters is signed as if it did not."""
    home.redirecting.plan, home.redirecting.seen = [(302, location)], []
    answer = ask(client, "hooks", hook_for(home, placement=placement), "GET", home.resource_url + "/hop?a=b%20c")
    assert answer.status_code == 200, answer.text
    assert ["a", "b c"] in answer.json()["parameters"]


def test_a_file_and_its_hash_follow(module, home, tmp_path):
    """A file is rewound for each same-origin redirect, to where it was; ``body_hash`` covers what is sent."""
    path = tmp_path / "file"
    path.write_bytes(b"0123456789" * 10_000)
    client = SimpleNamespace(module=module, kind="sync")
    for body_hash in (None, "sha256"):
        for status in (307, 308):
            home.redirecting.plan, home.redirecting.seen = [(status, "/api/resource/hop/2"), (status, "end")], []
            with path.open("rb") as file:
                hook = hook_for(home, body_hash=body_hash)
                answer = ask(client, "hooks", hook, "PUT", home.resource_url + "/hop", content=file)
            assert answer.status_code == 200, answer.text
            assert answer.json()["body_sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


class Pipe(io.RawIOBase):
    """A file that can be read once."""

    def __init__(self):
        self.left = [b"data", b""]

    def readable(self):
        return True

    def read(self, size=-1):
        return self.left.pop(0) if self.left else b""


@pytest.mark.parametrize("way", ["hooks", "both"])
def test_nothing_is_sent_in_the_place_of_what_is_used_up(module, way, server, abroad):
    """A pipe, alone or as a part, goes out once; a redirect that asks for it again is a UsageError."""
    client = SimpleNamespace(module=module, kind="sync")
    for origins in (None, abroad.url):
        hook = OAuthHook("t", "s", "c", "s", origins=origins)
        for content in ({"content": Pipe()}, {"files": {"f": ("f", Pipe())}}):
            server.received.clear()
            server.answer = lambda request: (307, {"Location": "/again" if request.target == "/" else abroad.url}, b"")
            with pytest.raises(UsageError, match="can be read only once"):
                ask(client, way, hook, "POST", server.url, **content)
            assert b"data" in server.last.body
            assert len(server.received) == 1
    assert abroad.received == []


def test_what_is_used_up_fails_as_ever(client, home):
    """A generator cannot follow a 307: the client's own error says so."""
    home.redirecting.plan = [(307, "end")]
    with pytest.raises(client.module.StreamConsumed):
        ask(client, "both", hook_for(home), "POST", home.resource_url + "/hop", **BODIES["generator"](client.kind))


@for_each("way", ["auth", "hooks", "both"])
def test_without_redirects_the_answer_is_the_servers(client, way, home):
    """``next_request`` can be sent as it is by the same client, and is signed for where it goes."""

    def job(call):
        home.redirecting.plan = [(307, "/api/resource/hop/2"), (302, "end?a=1")]
        answers = [call("post", home.resource_url + "/hop", data={"a": "1"})]
        while answers[-1].next_request is not None:
            answers.append(call("send", answers[-1].next_request))
        return answers

    for placement in ("header", "body"):
        settings = attached(way, hook_for(home, placement=placement), client.kind) | {"follow_redirects": False}
        answers = use(client, job, **settings)
        assert [answer.status_code for answer in answers] == [307, 302, 200], answers[-1].text
        assert [answer.history for answer in answers] == [[], [], []]


def test_redirects_for_ever_end_as_ever(client, home):
    """The client counts the redirects, and the error is the client's."""
    home.redirecting.plan = [(302, "/api/resource/hop")] * 30
    with pytest.raises(client.module.TooManyRedirects):
        ask(client, "both", hook_for(home), "GET", home.resource_url + "/hop", settings={"max_redirects": 3})


@pytest.mark.parametrize(
    ("old", "new", "stays"),
    [
        ("http://a.example/", "https://a.example/x", True),
        ("http://a.example:80/", "https://A.example:443/x", True),
        ("https://a.example/", "http://a.example/x", False),
        ("http://a.example:8080/", "https://a.example:8443/x", False),
        ("https://a.example/", "https://b.example/x", False),
        ("https://a.example/", "https://a.example:8443/x", False),
        ("https://a.example/", "//a.example/x", True),
    ],
)
@pytest.mark.parametrize("placement", ["header", "url-encoded"])
def test_what_home_is(module, old, new, stays, placement):
    """The same origin, or its https on the default ports: what the client itself takes for it, and requests too."""
    seen = []

    def answer(request):
        seen.append(request)
        return module.Response(307, headers={"Location": new}) if len(seen) == 1 else module.Response(200)

    hook = OAuthHook("t", "s", "c", "s", placement=placement)
    with module.Client(
        transport=module.MockTransport(answer), follow_redirects=True, event_hooks=event_hooks(hook)
    ) as client:
        client.post(old, data={"a": "1"})
    home, away = seen
    assert b"oauth_" in home.headers.raw[-1][1] + home.headers.get("authorization", "").encode() + b"".join(home.stream)
    assert ("oauth_" in away.headers.get("authorization", "") + b"".join(away.stream).decode()) is stays
    if not new.startswith("//"):
        assert is_same_origin(parse_origin(old), parse_origin(new)) is stays


# --- abroad ---


# Every client in every placement; and every location in every placement, the clients taking turns.
ABROAD = [
    pytest.param(name.values[0], location, placement, id=f"{name.id}-{location}-{placement}", marks=name.marks)
    for i, location in enumerate(LOCATIONS)
    for j, placement in enumerate(PLACEMENTS)
    for k, name in enumerate(CLIENTS)
    if location == "echoing the query" or (i + j) % len(CLIENTS) == k
]


@pytest.mark.promise("redirects-carry-nothing-of-ours-to-another-origin")
@pytest.mark.parametrize(("client", "location", "placement"), ABROAD, indirect=["client"])
def test_nothing_of_ours_goes_abroad(client, location, placement, home, abroad):
    """Another origin gets no oauth_* parameter of ours, no key and no secret; all else goes there as ever."""
    target = LOCATIONS[location].replace("{abroad}", abroad.url).replace("{netloc}", urlsplit(abroad.url).netloc)
    target = target.replace("{port}", str(urlsplit(abroad.url).port)).replace("{home}", urlsplit(home.url).netloc)
    form = {"data": {"a": "b c"}}
    rows = ("GET", 302, {}, "HMAC-SHA1"), ("POST", 307, form, "PLAINTEXT"), ("POST", 303, form, "HMAC-SHA1")
    for method, status, content, signature_method in rows:
        hook = hook_for(home, placement=placement, signature_method=signature_method)
        home.redirecting.plan, home.redirecting.seen = [(status, target)], []
        answer = ask(client, "hooks", hook, method, home.resource_url + "/hop?a=b%20c", **content)
        assert home.redirecting.seen[0][2].startswith("200"), home.redirecting.seen
        assert answer.status_code == 200
        assert nothing_of_ours(home, abroad.last), abroad.last
        if status == 307:
            assert abroad.last.body == b"a=b+c"
            assert abroad.last.headers["content-length"] == "5"
        if location == "with a query":
            assert abroad.last.target == "/?page=2"
        if location == "echoing the query":
            assert parse_qs(urlsplit(abroad.last.target).query) == {"a": ["b c"]}


@pytest.mark.promise(
    "what-is-ours-is-found-under-any-name-and-in-any-escape", "a-redirect-with-ours-in-its-path-is-not-followed"
)
@for_each("place", PLACES)
def test_copies_are_found_by_their_values(client, place, server, abroad):
    """Under any name and in any escape: taken out of a query, and where it is a path, the redirect is not followed."""
    rows = [(name, method) for name in COPIES for method in ("HMAC-SHA1", "PLAINTEXT")]
    for i, (copied, method) in enumerate(rows):
        abroad.received.clear()
        server.answer = lambda got, copied=copied: (307, {"Location": copy_to(place, copied, got, abroad.url)}, b"")
        placement = ("header", "query", "body")[i % 3]
        hook = OAuthHook(
            "token/key +1", "token%secret", "consumer key+of/16", "consumer=secret",
            placement=placement, signature_method=method,
        )  # fmt: skip
        if PLACES[place][1]:
            assert ask(client, "hooks", hook, "POST", server.url, data={"a": "1"}).status_code == 200
            assert gives_away(read_sent(server.last), abroad.last) == []
            assert "page=2" in abroad.last.target
            assert abroad.last.body == b"a=1"
            continue
        with pytest.raises(ProviderError, match="not followed"):
            ask(client, "both", hook, "POST", server.url, data={"a": "1"})
        assert abroad.received == []


@pytest.mark.promise("pinned-origins-trust-each-other-and-nobody-else")
def test_pinned_origins_trust_each_other(client, server, abroad, recorders, consumer, token):
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
        assert ask(client, "hooks", hook, "POST", server.url, data={"a": "1"}).status_code == 200
        verdict = verify(
            "POST", abroad.url + abroad.last.target, headers=abroad.last.headers, body=abroad.last.body,
            consumer=consumer, token=token, allow_copies=True,
        )  # fmt: skip
        assert verdict, verdict.reason
        assert gives_away(read_sent(server.last) + read_sent(abroad.last), third.last) == []


@pytest.mark.parametrize("body", ["JSON", "multipart", "text", "file"])
def test_bodies_that_are_no_forms_go_abroad_untouched(client, body, server, abroad):
    """A 307 takes them along byte for byte."""
    if (body, client.kind) == ("file", "async"):
        pytest.skip("AsyncClient has no files")
    server.answer = lambda request: (307, {"Location": abroad.url}, b"")
    ask(
        client,
        "hooks",
        OAuthHook("t", "s", "c", "s", header_auth=True),
        "POST",
        server.url,
        **BODIES[body](client.kind),
    )
    assert abroad.last.body == server.last.body
    assert abroad.last.authorization == ""


@pytest.mark.promise("nothing-is-signed-after-another-origin")
def test_who_was_abroad_is_not_signed_on_return(client, home, abroad):
    """A foreign server cannot have a request to the provider signed by redirecting to it."""
    for placement in PLACEMENTS:
        abroad.answer = lambda got: (302, {"Location": home.resource_url + "/end?delete=all"}, b"")
        home.redirecting.plan, home.redirecting.seen = [(302, abroad.url)], []
        answer = ask(client, "both", hook_for(home, placement=placement), "GET", home.resource_url + "/hop")
        assert answer.status_code == 401
        assert [line[2][:3] for line in home.redirecting.seen] == ["200", "401"]


def test_nothing_of_ours_on_later_hops_abroad(client, home, abroad, server):
    """Cross-origin stays cross-origin on the next redirect; an echo that comes a redirect later is stripped too."""
    home.redirecting.plan, home.redirecting.seen = (
        [(307, "/api/resource/hop/2?{query}"), (307, abroad.url + "/?{query}")],
        [],
    )
    echo = []

    def on(request):
        first = home.redirecting.seen[0][1].partition("?")[2]
        echo.append(request)
        return 307, {"Location": f"{server.url}/?{first}"}, b""

    abroad.answer = on
    for placement in ("query", "body", "header+url-encoded"):
        home.redirecting.plan = [(307, "/api/resource/hop/2?{query}"), (307, abroad.url + "/?{query}")]
        home.redirecting.seen = []
        hook = hook_for(home, placement=placement)
        answer = ask(client, "hooks", hook, "POST", home.resource_url + "/hop", data={"a": "1"})
        assert answer.status_code == 200
        assert nothing_of_ours(home, echo[-1])
        assert nothing_of_ours(home, server.last)
        assert server.last.body == b"a=1"


@pytest.mark.promise("origins-pin-a-hook")
def test_origins_hold(client, home, abroad):
    """A pinned hook signs nowhere else, refuses nothing there, and not on redirects either."""
    pinned = hook_for(home, origins=home.url, header_auth=True)
    for way in ("auth", "hooks", "both"):
        ask(client, way, pinned, "POST", abroad.url + "/?a=1", **BODIES["generator"](client.kind) | {"headers": FORM})
        assert nothing_of_ours(home, abroad.last)
        assert (abroad.last.target, abroad.last.body) == ("/?a=1", b"one, two")
        assert ask(client, way, pinned, "GET", home.resource_url).status_code == 200
    elsewhere = hook_for(home, origins=abroad.url, header_auth=True)
    assert ask(client, "both", elsewhere, "GET", home.resource_url).status_code == 401


@pytest.mark.promise("plaintext-is-refused-over-plain-http")
def test_plaintext_over_http_is_refused(client):
    """The secrets themselves do not go over an open network: a UsageError, and on a redirect as well."""
    hook = OAuthHook("t", "the-secret", "c", "s", signature_method="PLAINTEXT", header_auth=True)
    for way in ("auth", "hooks"):
        with pytest.raises(UsageError, match="https") as caught:
            ask(client, way, hook, "GET", "http://api.invalid/")
        assert "the-secret" not in str(caught.value)


def test_each_client_has_its_own_way_of_attaching(client, home):
    """The hook itself in httpx, and ``OAuth`` in requests, are refused with what to pass."""
    hook, home.redirecting.seen = hook_for(home), []
    with pytest.raises(UsageError, match=r"oauth_hook\.httpx\.OAuth\(hook\)"):
        use(client, lambda call: call("get", home.resource_url), auth=hook)
    with pytest.raises(UsageError, match=r"is for httpx: .*auth=hook$"):
        requests.get(home.resource_url, auth=OAuth(hook))
    assert home.redirecting.seen == []


# --- OAuth alone, and redirects ---


def test_oauth_alone_signs_once(client, home):
    """A redirect goes out with the first signature or with none, and is refused: event hooks are for that."""
    for placement in ("header", "query"):
        home.redirecting.plan, home.redirecting.seen = [(302, "end?b=2")], []
        answer = ask(client, "auth", hook_for(home, placement=placement), "GET", home.resource_url + "/hop")
        assert [line[2][:3] for line in home.redirecting.seen] == ["200", "401"]
        assert answer.status_code == 401


@for_each("status", [307, 308])
@for_each("placement", ["body", "url-encoded", "header+url-encoded"])
def test_oauth_alone_sends_a_signed_form_once(client, placement, status, home, abroad):
    """What a redirect would take to where nobody has looked is a UsageError: another origin gets nothing of ours."""
    for location in (abroad.url, "end"):
        home.redirecting.plan = [(status, location)]
        hook = hook_for(home, placement=placement, signature_method="PLAINTEXT")
        with pytest.raises(UsageError, match="use event_hooks"):
            ask(client, "auth", hook, "POST", home.resource_url + "/hop", data={"a": "1"})
    assert all(nothing_of_ours(home, received) for received in abroad.received)


def test_oauth_alone_gives_nothing_away_in_headers(client, home, abroad):
    """The client strips the header cross-origin, and a form without our parameters goes along."""
    home.redirecting.plan = [(307, abroad.url)]
    answer = ask(client, "auth", hook_for(home, header_auth=True), "POST", home.resource_url + "/hop", data={"a": "1"})
    assert answer.status_code == 200
    assert nothing_of_ours(home, abroad.last)
    assert abroad.last.body == b"a=1"


def test_oauth_alone_does_not_sign_what_redirects_led_to(client, server, abroad):
    """A refusal that names the timestamp is answered by another attempt only where it refuses what was signed."""
    refusal = 401, Y2K, b"oauth_problem=timestamp_refused"
    hook = OAuthHook("t", "s", "c", "s", header_auth=True)
    server.answer = lambda request: (302, {"Location": abroad.url}, b"") if request.target == "/" else refusal
    for answer in (refusal, (302, {"Location": server.url + "/back"}, b"")):
        server.received.clear()
        abroad.received.clear()
        abroad.answer = lambda request, answer=answer: answer
        assert ask(client, "auth", hook, "GET", server.url).status_code == 401
        assert len(abroad.received) == 1
        assert [bool(request.authorization) for request in server.received] == [True, False][: len(server.received)]
    assert abs(int(hook._clock.timestamp(server.url)) - time.time()) < 60


def test_a_requests_own_oauth_has_precedence(client, home):
    """A call as another user is that user's, in every redirect, though the client signs with its own."""
    bob = home.add_token(user=home.add_user(f"bob {time.monotonic_ns()}", "a password"))
    alice = hook_for(home, header_auth=True)

    def job(call):
        home.redirecting.plan, home.redirecting.seen = [(302, "/api/resource/hop/2"), (302, "end")], []
        return call("get", home.resource_url + "/hop", auth=OAuth(alice.as_user(bob))), call("get", home.resource_url)

    theirs, ours = use(client, job, **attached("hooks", alice, client.kind))
    assert [json.loads(line[3])["token"] for line in home.redirecting.seen] == [bob.key] * 3 + [home.token.key]
    assert (theirs.json()["token"], ours.json()["user"]) == (bob.key, "alice")


def test_a_request_that_is_sent_again_is_signed_again(client, home):
    """One Request object, sent twice: each with a nonce of its own."""
    for way in ("auth", "hooks", "both"):
        request = client.module.Request("POST", home.resource_url, data={"a": "1"})
        settings = attached(way, hook_for(home), client.kind)
        answers = use(client, lambda call, request=request: [call("send", request) for _ in range(3)], **settings)
        assert [answer.status_code for answer in answers] == [200] * 3
        assert len({answer.json()["oauth"]["nonce"] for answer in answers}) == 3


def test_who_sends_a_request_again_says_who_signs_it(client, home):
    """The last ``auth=`` counts, for the redirect that another's response led to too, and even if it does not sign."""
    bob = home.add_token(user=home.add_user(f"bob {time.monotonic_ns()}", "a password"))
    alice = hook_for(home, header_auth=True)
    others = alice.as_user(bob), hook_for(home, origins="https://elsewhere.example")

    def job(call):
        for other in others:
            home.redirecting.plan = [(302, "/api/resource")]
            hop = call("get", home.resource_url + "/hop", auth=OAuth(alice)).next_request
            for request in (hop, client.module.Request("GET", home.resource_url)):
                for hook in (alice, other):
                    answer = call("send", request, auth=OAuth(hook))
                    yield answer.json()["user"].split()[0] if answer.status_code == 200 else None
                    assert (answer.status_code == 200) is ("oauth_" in request.headers.get("Authorization", ""))

    for way in ({}, {"event_hooks": attached("hooks", alice, client.kind)["event_hooks"]}):
        users = use(client, lambda call: list(job(call)), **way | {"follow_redirects": False})
        assert users == ["alice", "bob", "alice", "bob", "alice", None, "alice", None]


def test_a_request_whose_address_is_changed_is_no_redirect(client, home, server):
    """The caller may have it signed for another origin; only servers may not."""
    request = client.module.Request("GET", server.url)
    hook = hook_for(home, header_auth=True)

    def job(call):
        call("send", request)
        request.url = client.module.URL(home.resource_url)
        request.headers["Host"] = urlsplit(home.url).netloc
        return call("send", request)

    for way in ("auth", "hooks"):
        assert use(client, job, **attached(way, hook, client.kind)).status_code == 200


# --- the clock ---


@pytest.fixture(scope="module")
def slow_home():
    """A provider whose clock is ten hours slow."""
    with serve(clock=lambda: time.time() - 10 * HOUR) as provider:
        provider.token = provider.add_token()
        yield provider


@pytest.mark.parametrize("way", ["auth", "both"])
@pytest.mark.parametrize("body", TWICE)
def test_a_refused_timestamp_is_answered_by_one_more_attempt(client, way, body, slow_home):
    """The hook learns the server's time, sends the request once more, and is right from then on."""
    if (body, client.kind) == ("file", "async"):
        pytest.skip("AsyncClient has no files, only streams that cannot be sent again")
    hook = hook_for(slow_home)

    def job(call):
        first = call("post", slow_home.resource_url, **BODIES[body](client.kind))
        return first, call("get", slow_home.resource_url)

    first, second = use(client, job, **attached(way, hook, client.kind))
    assert first.status_code == 200, first.text
    assert [answer.status_code for answer in first.history] == [401]
    assert "timestamp_refused" in first.history[0].text
    assert first.request is not first.history[0].request
    assert (second.status_code, second.history) == (200, [])
    content = BODIES[body](client.kind)
    if body == "file":
        assert first.json()["body_sha256"] == hashlib.sha256(content["content"].read()).hexdigest()


def test_what_cannot_be_sent_again_is_not(client, slow_home):
    """A generator was used up: the refusal is the response, and the hook has learned all the same."""
    hook = hook_for(slow_home, header_auth=True)

    def job(call):
        content = BODIES["generator"](client.kind)
        return call("post", slow_home.resource_url, **content), call("get", slow_home.resource_url)

    first, second = use(client, job, **attached("both", hook, client.kind))
    assert (first.status_code, first.history) == (401, [])
    assert (second.status_code, second.history) == (200, [])


def test_files_in_parts_that_cannot_be_rewound_are_not_sent_again(module, slow_home):
    """httpx would send an empty part; the refusal is the response."""
    client = SimpleNamespace(module=module, kind="sync")
    answer = ask(client, "auth", hook_for(slow_home), "POST", slow_home.resource_url, files={"f": ("f", Pipe())})
    assert (answer.status_code, answer.history) == (401, [])


def test_event_hooks_alone_learn_for_the_next_request(client, slow_home):
    """The refusal is the caller's, and the next request has the right time."""
    hook = hook_for(slow_home)
    answers = use(
        client,
        lambda call: [call("get", slow_home.resource_url) for _ in range(2)],
        **attached("hooks", hook, client.kind),
    )
    assert [answer.status_code for answer in answers] == [401, 200]
    assert "timestamp_refused" in answers[0].text


def test_a_refused_hop_is_sent_again(client, server):
    """A same-origin redirect that is refused for its timestamp is itself sent once more, not the first request."""

    def answer(request):
        if request.target == "/first":
            return 307, {"Location": "/second"}, b""
        return (200, {}, b"") if len(server.received) > 2 else (401, Y2K, b"oauth_problem=timestamp_refused")

    server.answer = answer
    for placement in ("header", "body"):
        server.received.clear()
        hook = OAuthHook("t", "s", "c", "s", placement=placement)
        answered = ask(client, "both", hook, "POST", server.url + "/first", data={"a": "1"})
        assert [request.target for request in server.received] == ["/first", "/second", "/second"]
        assert (answered.status_code, [refused.status_code for refused in answered.history]) == (200, [401])
        assert all(b"a=1" in request.body for request in server.received)


def test_there_is_no_third_attempt(client, server):
    """A server that goes on refusing has the last word."""
    server.answer = lambda request: (401, Y2K, b"oauth_problem=timestamp_refused")
    answer = ask(client, "both", OAuthHook("t", "s", "c", "s"), "GET", server.url)
    assert (answer.status_code, len(answer.history), len(server.received)) == (401, 1, 2)


def test_the_refused_request_stays_as_it_was(client, server):
    """The second attempt is another request: what is in the history is what was sent first."""
    server.answer = lambda request: (200, {}, b"") if len(server.received) > 1 else (401, Y2K, b"")
    answer = ask(client, "both", OAuthHook("t", "s", "c", "s", header_auth=True), "GET", server.url)
    sent = [request.authorization for request in server.received]
    assert [answer.history[0].request.headers["Authorization"], answer.request.headers["Authorization"]] == sent


REASONS = {
    "in the header": (401, {"WWW-Authenticate": 'OAuth oauth_problem="timestamp_refused"'}, b""),
    "in the body": (400, {}, b"oauth_problem=timestamp_refused"),
    "in JSON": (400, {}, b'{"oauth_problem": "timestamp_refused"}'),
    "a date alone": (401, {}, b"no"),
    "acceptable timestamps": (403, {}, b"oauth_acceptable_timestamps=946684700-946684900"),
}
Y2K = {"Date": "Sat, 01 Jan 2000 00:00:00 GMT"}  # 946684800


def timestamp(received):
    text = received.authorization + received.target
    return int(text.partition("oauth_timestamp=")[2].strip('"').partition('"')[0].partition("&")[0])


@for_each("reason", REASONS)
@for_each("whole", [True, False])
def test_a_refusal_says_why_in_many_ways(client, reason, whole, server):
    """Each teaches the hook, streamed or not; and what the response says can still be read."""
    status, headers, body = REASONS[reason]
    server.answer = lambda _: (200, {}, b"here") if len(server.received) > 1 else (status, headers | Y2K, body)
    hook = OAuthHook("t", "s", "c", "s", header_auth=True)

    if whole:
        answer = ask(client, "auth", hook, "GET", server.url)
        assert (answer.status_code, answer.content) == (200, b"here")
    else:
        assert streamed(client, "auth", hook, server.url) == (False, b"here")
    assert [timestamp(received) - 946684800 < 60 for received in server.received] == [False, True]


def test_a_streamed_refusal_can_still_be_read(client, server):
    """What was read for its reason is there for the caller, in pieces or whole; a long response is left alone."""
    hook = OAuthHook("t", "s", "c", "s", header_auth=True)
    for body in (b"no, no, no", b"x" * 100_000):
        server.answer = lambda _, body=body: (400, {}, body)
        for way in ("auth", "hooks", "both"):
            assert streamed(client, way, hook, server.url) == (len(body) < 100, body)


def streamed(client, way, hook, url):
    """Get a response as a stream: whether it had been read by then, and what is in it."""

    async def later():
        async with (
            client.module.AsyncClient(**attached(way, hook, "async"), **LOCAL) as opened,
            opened.stream("GET", url) as answer,
        ):
            return answer.is_stream_consumed, b"".join([piece async for piece in answer.aiter_bytes(7)])

    if client.kind == "async":
        return asyncio.run(later())
    with client.module.Client(**attached(way, hook), **LOCAL) as opened, opened.stream("GET", url) as answer:
        return answer.is_stream_consumed, b"".join(answer.iter_bytes(7))


def test_a_refusal_that_another_hook_has_used_up(client, server):
    """What is not there any more is not read; the headers say enough."""
    server.answer = lambda request: (200, {}, b"") if len(server.received) > 1 else (401, Y2K, b"no")

    def now(response):
        assert b"".join(response.iter_raw()) == b"no" or response.is_success

    async def later(response):
        assert b"".join([piece async for piece in response.aiter_raw()]) == b"no" or response.is_success

    hook = OAuthHook("t", "s", "c", "s")
    hooks = event_hooks(hook)
    hooks["response"].insert(0, now if client.kind == "sync" else later)
    opened = client.module.Client if client.kind == "sync" else client.module.AsyncClient
    settings = LOCAL | {"event_hooks": hooks}

    async def ask_later():
        async with opened(**settings) as asking:
            request = client.module.Request("GET", server.url)
            return [await asking.send(request, stream=True) for _ in range(2)]

    def ask_now():
        with opened(**settings) as asking:
            return [asking.send(client.module.Request("GET", server.url), stream=True) for _ in range(2)]

    answers = ask_now() if client.kind == "sync" else asyncio.run(ask_later())
    assert [answer.status_code for answer in answers] == [401, 200]
    assert timestamp(server.last) - 946684800 < 60


def test_other_refusals_are_the_callers(client, home):
    """A wrong secret is refused once, and the response is the server's."""
    hook = OAuthHook(home.token.key, "wrong", home.consumer.key, home.consumer.secret)
    answer = ask(client, "both", hook, "GET", home.resource_url)
    assert (answer.status_code, answer.history) == (401, [])
    assert "signature_invalid" in answer.text


def test_unsigned_requests_teach_nothing(client, server):
    """The refusal of a request that was not signed is none of the hook's business."""
    server.answer = lambda _: (401, Y2K, b"oauth_problem=timestamp_refused")
    hook = OAuthHook("t", "s", "c", "s", origins="https://api.example")
    answer = ask(client, "both", hook, "GET", server.url)
    assert (answer.status_code, answer.history) == (401, [])
    assert abs(int(hook._clock.timestamp(server.url)) - time.time()) < 60


def test_cookies_of_a_refusal_go_along(client, server):
    """The second attempt carries the cookie that the refusal set, beside none or those that were there."""
    refusal = Y2K | {"Set-Cookie": "seen=1"}
    server.answer = lambda request: (200, {}, b"") if len(server.received) > 1 else (401, refusal, b"")
    answer = ask(client, "both", OAuthHook("t", "s", "c", "s"), "GET", server.url)
    assert (answer.status_code, server.last.headers["cookie"]) == (200, "seen=1")


# --- body_hash, realm, RSA ---


def body_hash_of(received):
    _, pairs = parse_authorization(received.authorization)
    return unescape(dict(pairs).get("oauth_body_hash", ""))


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
@pytest.mark.parametrize("body", ["nothing", "form", "JSON", "text", "multipart", "file"])
def test_body_hash(client, algorithm, body, server):
    """A body that is no form is covered by its digest, files and multipart included; each arrives whole."""
    if (body, client.kind) == ("file", "async"):
        pytest.skip("AsyncClient has no files")
    hook = OAuthHook("t", "s", "c", "s", header_auth=True, body_hash=algorithm)
    ask(client, "both", hook, "POST", server.url, **BODIES[body](client.kind))
    got = server.last
    expected = base64.b64encode(hashlib.new(algorithm, got.body).digest()).decode()
    assert body_hash_of(got) == ("" if body in ("nothing", "form") else expected)
    assert len(got.body) == int(got.headers["content-length"])


def test_a_stream_has_no_body_hash(client, server):
    """What can be read only once is a UsageError, and is left as it was."""
    hook = OAuthHook("t", "s", "c", "s", header_auth=True, body_hash="sha1")
    content = BODIES["generator"](client.kind)["content"]
    with pytest.raises(UsageError, match="can be read only once"):
        ask(client, "both", hook, "POST", server.url, content=content)
    assert server.received == []
    if client.kind == "sync":
        assert b"".join(content) == b"one, two"


def test_realm_and_rsa(client, rsa_provider):
    """The hook's other settings hold: the realm in the header, an RSA key, or a callable that signs."""
    provider, consumer, key = rsa_provider
    token = provider.add_token(consumer)
    hook = OAuthHook(
        token.key,
        token.secret,
        consumer.key,
        header_auth=True,
        signature_method="RSA-SHA256",
        rsa_key=key,
        realm="Fotos",
    )
    for way in ("auth", "hooks"):
        answer = ask(client, way, hook, "POST", provider.resource_url, data={"a": "1"})
        assert answer.status_code == 200, answer.text
        assert answer.json()["oauth"]["realm"] == "Fotos"


@pytest.fixture(scope="module")
def rsa_provider():
    """A provider, a consumer of its, and the consumer's private key in PEM."""
    pytest.importorskip("jwt", reason="oauthlib verifies RSA with PyJWT")
    rsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.rsa")
    from cryptography.hazmat.primitives import serialization as s

    key = rsa.generate_private_key(65537, 2048)
    public = key.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo).decode()
    private = key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption()).decode()
    with serve() as provider:
        yield provider, provider.add_consumer(rsa_public_key=public), private


# --- many at once ---


def test_one_mapping_serves_many_tasks(module, home, abroad):
    """Chains that stay and chains that leave, at the same time: what each has been through stands with it."""
    abroad.answer = lambda request: (302, {"Location": home.resource_url + "/end"}, b"")
    hooks = async_event_hooks(hook_for(home, placement="query"))
    home.redirecting.plan = []
    redirects = {"stays": "/api/resource/end", "leaves": abroad.url + "/?"}
    inner = home.redirecting.inner

    def planned(environ, start_response):
        where = redirects.get(environ["PATH_INFO"].rpartition("/")[2])
        if where is None:
            return inner(environ, start_response)
        answer = []
        body = inner(environ, lambda status, headers, exc_info=None: answer.append(status))
        assert answer[0].startswith("200"), body
        start_response("302 Found", [("Location", f"{where}?{environ['QUERY_STRING']}"), ("Content-Length", "0")])
        return [b""]

    async def main():
        async with module.AsyncClient(event_hooks=hooks, **LOCAL, follow_redirects=True) as client:
            urls = [f"{home.resource_url}/{where}?i={i}" for i in range(20) for where in redirects]
            return await asyncio.gather(*(client.get(url) for url in urls))

    home.redirecting.inner = planned
    try:
        answers = asyncio.run(main())
    finally:
        home.redirecting.inner = inner
    assert [answer.status_code for answer in answers] == [200, 401] * 20
    assert all(nothing_of_ours(home, received) for received in abroad.received)


def test_one_client_serves_many_threads(module, home):
    """``Client`` is for threads to share, and so is what is attached to it."""
    hook = hook_for(home)
    statuses = []
    with module.Client(**attached("both", hook), **LOCAL) as client:

        def work():
            statuses.extend(client.post(home.resource_url, data={"i": str(i)}).status_code for i in range(10))

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert statuses == [200] * 80


def test_trio(module, home):
    """No event loop in particular is asked for."""
    trio = pytest.importorskip("trio")
    hook = hook_for(home)

    async def main():
        async with module.AsyncClient(**attached("both", hook, "async"), **LOCAL, follow_redirects=True) as client:
            return await client.post(home.resource_url + "/hop", data={"a": "1"})

    home.redirecting.plan = [(307, "end")]
    assert trio.run(main).status_code == 200


# --- without a network ---


def test_oauth_is_an_auth_of_every_client_that_is_installed():
    """isinstance holds for each, at once."""
    auth = OAuth(OAuthHook("t", "s", "c", "s"))
    assert all(isinstance(auth, import_module(name).Auth) for name in INSTALLED)


def test_only_a_hook_will_do():
    """What is no OAuthHook is a UsageError where it is given, and not where it is used."""
    for make in (OAuth, event_hooks, async_event_hooks):
        with pytest.raises(UsageError, match="hook must be an OAuthHook, not function"):
            make(lambda request: request)


@pytest.mark.promise("no-secret-is-shown")
def test_nothing_secret_is_shown_and_everything_pickles(module):
    """repr masks the secrets, of what travels with the request too; copies sign as the original."""
    hook = OAuthHook(
        "t", "the-token-secret", "c", "the-consumer-secret", placement="body", signature_method="PLAINTEXT"
    )
    request = module.Request("POST", "https://api.example.com/")
    hooks = event_hooks(hook)
    for original in (OAuth(hook), hooks["request"][0], hooks["response"][0]):
        again = pickle.loads(pickle.dumps(original))
        assert "-secret" not in repr(original) + repr(again)
    assert "OAuthHook(" in repr(OAuth(hook))
    pickle.loads(pickle.dumps(hooks))["request"][0](request)
    assert b"the-token-secret" in request.content
    assert "-secret" not in repr(request) + repr(request.extensions) + repr(request.stream)
    assert pickle.loads(pickle.dumps(request)).extensions == {}


def test_the_hooks_for_the_other_kind_of_client_sign_too(client, home):
    """A mix-up does not let a request go unsigned."""
    other = {"sync": async_event_hooks, "async": event_hooks}[client.kind](hook_for(home))
    answer = use(client, lambda call: call("get", home.resource_url), event_hooks=other)
    assert answer.status_code == 200, answer.text


def test_a_request_that_cannot_be_signed_is_left_as_it_was(module):
    """Nothing of it is changed before the error."""
    request = module.Request("POST", "http://h/?a=1", json={"a": 1})
    before = str(request.url), request.headers.raw, request.content, request.stream, dict(request.extensions)
    with pytest.raises(UsageError):
        next(OAuth(OAuthHook("t", "s", "c", "s", placement="body")).auth_flow(request))
    assert (str(request.url), request.headers.raw, request.content, request.stream, request.extensions) == before


def test_extensions_of_the_callers_are_not_changed(client, home):
    """A mapping that calls share stays the caller's."""
    shared = {"timeout": {"connect": 20, "read": 20, "write": 20, "pool": 20}}
    before = dict(shared)
    hook = hook_for(home)
    answers = use(
        client, lambda call: [call("get", home.resource_url, extensions=shared) for _ in range(2)],
        **attached("both", hook, client.kind),
    )  # fmt: skip
    assert [answer.status_code for answer in answers] == [200, 200]
    assert shared == before


def test_subclasses_of_the_hook_are_asked(client, home, server):
    """``signing_key`` may be overridden; a subclass may pass a request over, and its redirects with it."""

    class Own(OAuthHook):
        def signing_key(self, consumer_secret, token_secret):
            return f"{home.consumer.secret}&{home.token.secret}"

    class Quiet(OAuthHook):
        def __call__(self, request):
            return request

    own = Own(home.token.key, "other", home.consumer.key, "other")
    assert ask(client, "both", own, "GET", home.resource_url).status_code == 200
    quiet = Quiet(home.token.key, home.token.secret, home.consumer.key, home.consumer.secret)
    for way in ("auth", "hooks", "both"):
        assert ask(client, way, quiet, "GET", home.resource_url).status_code == 401
        redirect = {"Location": home.resource_url}
        server.answer = lambda request, redirect=redirect: (302, redirect, b"")
        assert ask(client, way, quiet, "GET", server.url).status_code == 401
    server.answer = lambda request: (302, {"Location": "/end"}, b"") if request.target == "/" else (200, {}, b"")
    ask(client, "hooks", quiet, "GET", server.url)
    assert "oauth" not in server.last.target


WIRE = st.text("abcXYZ019%&=+;/?:@!$'()*,.-_~[]{}|^`\\\"<> é\U0001f600", max_size=30)
SIGNERS = {
    placement: OAuthHook("t", "ts", "c", "cs", placement=placement) for placement in PLACEMENTS
}  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(name=st.sampled_from(INSTALLED), placement=st.sampled_from(PLACEMENTS), path=WIRE, query=WIRE, form=WIRE)
def test_any_url_and_form_verifies(name, placement, path, query, form):
    """What leaves the flow verifies as it goes out, and signing again changes nothing of the caller's."""
    library = import_module(name)
    url = f"http://api.example.com/{path.replace('?', '')}?{query}"
    request = library.Request("POST", url, content=form.encode(), headers=FORM)
    sent = bare = (request.url.raw_path, request.content)
    for _ in range(2):
        flow = OAuth(SIGNERS[placement]).auth_flow(request)
        next(flow)
        flow.close()
        sent = request.url.raw_path, b"".join(request.stream)
        verdict = verify(
            "POST", "http://api.example.com" + sent[0].decode(), headers=dict(request.headers), body=sent[1],
            consumer=Consumer("c", "cs"), token=AccessToken("t", "ts"), allow_copies=placement == "header+url-encoded",
        )  # fmt: skip
        assert verdict, verdict.reason
        assert request.headers.get("content-length", "0") == str(len(sent[1]))
    assert sent[0].partition(b"oauth_")[0].rstrip(b"&?") == bare[0].rstrip(b"&?")
    assert sent[1].partition(b"oauth_")[0].rstrip(b"&") == bare[1].rstrip(b"&")


# --- what is installed ---


def importing(prelude):
    """Import the module in an interpreter of its own, after some preparation, and return what it says at the end."""
    code = textwrap.dedent(prelude) + "\nimport oauth_hook.httpx as m; print([c.__name__ for c in m._installed])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    return (ran.stdout or ran.stderr).strip().splitlines()[-1]


def test_neither_is_installed():
    """The error names the command that installs one."""
    said = importing("import sys; sys.modules['httpx'] = sys.modules['httpx2'] = None")
    assert said.startswith("ImportError: oauth_hook.httpx needs httpx2 or httpx")
    assert "pip install 'requests-oauth-hook[httpx]'" in said


STAND_IN = """
    import sys, types
    def version(name, text):
        module = sys.modules[name] = types.ModuleType(name)
        module.__version__ = text
"""


def test_a_version_that_is_too_old_says_so():
    """On import, with the version that is needed; one that is not needed may be as old as it likes."""
    said = importing(STAND_IN + "    version('httpx', '0.25.2'); sys.modules['httpx2'] = None")
    assert said.startswith("ImportError: oauth_hook.httpx needs httpx>=0.26, and 0.25.2 is installed")
    said = importing(STAND_IN + "    version('httpx', '0.9.5'); version('httpx2', '1.9.9rc1')")
    assert said.startswith("ImportError")
    if "httpx2" in INSTALLED:
        assert importing(STAND_IN + "    version('httpx', '0.1')") == "['httpx2']"


def test_either_alone_is_enough():
    """Whichever is installed is used, and both where both are."""
    for name in INSTALLED:
        (other,) = {"httpx", "httpx2"} - {name}
        assert importing(f"import sys; sys.modules['{other}'] = None") == f"['{name}']"
    assert sorted(importing("").strip("[]'").split("', '")) == sorted(INSTALLED)


def test_a_client_that_is_broken_says_what_it_lacks():
    """That is not the same as no client."""
    said = importing("import sys; sys.modules['idna'] = None")
    assert said.startswith("ModuleNotFoundError")
    assert "idna" in said


@pytest.mark.skipif("httpx2" not in INSTALLED, reason="httpx2 is not installed")
def test_httpx2_may_stand_in_for_httpx():
    """``httpx2.alias_httpx()`` makes both names mean one module."""
    if not hasattr(import_module("httpx2"), "alias_httpx"):
        pytest.skip("this httpx2 has no alias")
    assert importing("import httpx2; httpx2.alias_httpx()") == "['httpx2']"


def test_what_travels_with_a_request_is_the_hooks_own_kind(module):
    """The extension has the state that redirects.py knows, so that redirects are judged by the same code."""
    request = module.Request("GET", "http://h/")
    next(OAuth(OAuthHook("t", "s", "c", "s")).auth_flow(request))
    state = request.extensions["oauth_hook"].state
    assert (type(state), state.status) == (RequestState, Status.SIGNED)
    assert quote("http://h/", safe="") in state.base_string
