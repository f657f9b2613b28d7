"""niquests: the hook itself signs for it, as ``auth=`` and as ``pre_request``, sync and async, redirects included.

niquests brings its own urllib3, in the place of the one that requests has: it is installed into an environment of its
own (``.ci/run`` makes one), and elsewhere these tests are skipped. The judge is the embedded provider, strict on nonce,
timestamp and signature.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import pickle
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from redirecting import COPIES, PLACES, copy_to, gives_away, read_sent
from sessions import run_session
from test_redirects import PLACEMENTS, STATUSES

from oauth_hook import OAuthHook, ProviderError, UsageError, verify
from oauth_hook.hook.attach import SignedRequest
from oauth_hook.provider import serve

niquests = pytest.importorskip("niquests", reason="niquests has an environment of its own: see .ci/run")

WAYS = ["auth of the session", "auth of the call", "pre_request of the session", "pre_request of the call"]
HOUR = 3600


def ask(kind, way, hook, method, url, *, then=(), **content):
    """Send a request (and ``then`` GETs, in the same session), and return the response, or all of them, read."""
    given = {"auth of the call": {"auth": hook}, "pre_request of the call": {"hooks": {"pre_request": [hook]}}}
    content |= given.get(way, {})
    settings = {"auth": hook} if way == "auth of the session" else {}
    settings |= {"hooks": {"pre_request": [hook]}} if way == "pre_request of the session" else {}

    async def later():
        async with niquests.AsyncSession(timeout=10, **settings) as session:
            session.trust_env = False
            answers = [await session.request(method, url, **content)]
            answers += [await session.get(other, **given.get(way, {})) for other in then]
            return answers

    def now():
        with niquests.Session(timeout=10, **settings) as session:
            session.trust_env = False
            answers = [session.request(method, url, **content)]
            answers += [session.get(other, **given.get(way, {})) for other in then]
            return answers

    answers = asyncio.run(later()) if kind == "async" else now()
    return answers if then else answers[0]


@pytest.fixture(params=["sync", "async"])
def kind(request):
    """``Session`` and ``AsyncSession``."""
    return request.param


def hook_for(provider, **more):
    token = getattr(provider, "token", None) or provider.add_token()
    return OAuthHook(token.key, token.secret, provider.consumer.key, provider.consumer.secret, **more)


# --- signing ---


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("placement", PLACEMENTS)
def test_every_way_signs(kind, way, placement, home):
    """The provider accepts a form, in each placement, however the hook is attached."""
    form = {"a": "b c", "é": "~'"}
    answer = ask(kind, way, hook_for(home, placement=placement), "POST", home.resource_url, data=form)
    assert answer.status_code == 200, answer.text
    assert answer.json()["user"] == "alice"
    assert answer.json()["parameters"] == [["a", "b c"], ["é", "~'"]]
    assert answer.json()["oauth"]["placement"] == {"url-encoded": "body"}.get(placement, placement)


def pieces():
    yield b"one, "
    yield b"two"


async def later_pieces():
    yield b"one, "
    yield b"two"


BODIES = {
    "JSON": lambda _: {"json": {"ü": 1}},
    "multipart": lambda _: {"data": {"a": "1"}, "files": {"file": ("f.bin", b"\0\xff" * 1000)}},
    "file": lambda _: {"data": io.BytesIO(b"\0\xff" * 50_000)},
    "generator": lambda kind: {"data": pieces() if kind == "sync" else later_pieces()},
    "bytes": lambda _: {"data": b"a=1&b=2", "headers": {"Content-Type": "text/plain"}},
}
LENGTHS = {"file": 100_000, "generator": 8, "bytes": 7}


@pytest.mark.parametrize("placement", ["header", "query"])
@pytest.mark.parametrize("body", BODIES)
def test_bodies_arrive_as_they_are(kind, body, placement, home):
    """What is no form is neither read nor changed, streams included."""
    hook = hook_for(home, placement=placement)
    answer = ask(kind, "auth of the session", hook, "POST", home.resource_url, **BODIES[body](kind))
    assert answer.status_code == 200, answer.text
    echo = answer.json()
    assert echo["oauth"]["placement"] == placement
    if body in LENGTHS:
        assert echo["body_length"] == LENGTHS[body]
    if body == "generator":
        assert echo["body_sha256"] == hashlib.sha256(b"one, two").hexdigest()
    if body == "JSON":
        assert echo["json"] == {"ü": 1}


# niquests leaves more of a URL as it was given than requests does; its urllib3 settles the rest on the way out.
TAILS = [
    "?a=%7E", "?a='x'", "?a[]=1&b={2}", "?a=ü", "?a=%c3%bc", "?a=b c", "?a=+", "?a", "?a=", "?a=%zz", '?q="x"<>|^`\\',
    "?a=1#part", "?", "?a=1&a=1;c=2", "?q=%", "?q=%20%2B%2b", "/é;v=1?x=/?",
]  # fmt: skip


@pytest.mark.promise("what-is-on-the-wire-is-what-is-signed")
@pytest.mark.parametrize("placement", ["header", "query"])
def test_what_is_signed_is_what_is_on_the_wire(kind, placement, home):
    """Whatever the spelling of a URL, the provider accepts it as it arrives."""
    urls = [home.resource_url + tail for tail in TAILS]
    answers = ask(kind, "auth of the session", hook_for(home, placement=placement), "GET", urls[0], then=urls[1:])
    assert {tail: answer.text for tail, answer in zip(TAILS, answers, strict=True) if answer.status_code != 200} == {}


@pytest.mark.promise("what-cannot-be-signed-is-not-sent")
def test_what_cannot_be_signed_is_refused_before_anything_is_sent(kind, server):
    """A stream that says it is a form is a UsageError, out of ``auth`` and out of ``pre_request``."""
    for way in WAYS:
        with pytest.raises(UsageError, match="form"):
            ask(
                kind, way, OAuthHook("t", "s", "c", "s"), "POST", server.url, data=io.BytesIO(b"a=1"),
                headers={"Content-Type": "application/x-www-form-urlencoded"},
            )  # fmt: skip
    assert server.received == []


def test_an_unprepared_request_gets_the_hook_as_its_auth(home):
    """``hook(niquests.Request(...))`` signs when it is prepared."""
    request = hook_for(home)(niquests.Request("GET", home.resource_url))
    with niquests.Session() as session:
        assert session.send(session.prepare_request(request)).status_code == 200
        assert session.send(hook_for(home)(niquests.Request("GET", home.resource_url).prepare())).status_code == 200


def test_a_signed_request_is_one_of_niquests_and_pickles_without_its_hook(home):
    """isinstance holds, and what travels is a plain request without secrets."""
    hook = hook_for(home, header_auth=True)
    request = hook(niquests.Request("GET", home.resource_url).prepare())
    assert isinstance(request, niquests.PreparedRequest)
    assert isinstance(request, SignedRequest)
    data = pickle.dumps(request)
    assert hook.consumer.secret.encode() not in data
    again = pickle.loads(data)
    assert type(again) is niquests.PreparedRequest
    assert (again.url, dict(again.headers)) == (request.url, dict(request.headers))
    assert again.hooks["response"] == []


# --- redirects ---


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("placement", PLACEMENTS)
def test_every_hop_at_home_is_signed_anew(kind, way, placement, home):
    """A strict provider accepts each redirect as it arrives."""
    for status in STATUSES:
        home.redirecting.plan, home.redirecting.seen = [(status, "/api/resource/hop/2?p=%7e'"), (status, "end?q=ü")], []
        hook = hook_for(home, placement=placement)
        answer = ask(kind, way, hook, "POST", home.resource_url + "/hop", data={"a": "b c"})
        assert [line[2][:3] for line in home.redirecting.seen] == ["200"] * 3, home.redirecting.seen
        assert (answer.status_code, [hop.status_code for hop in answer.history]) == (200, [status] * 2)
        nonces = {json.loads(line[3])["oauth"]["nonce"] for line in home.redirecting.seen}
        assert len(nonces) == 3
        assert (["a", "b c"] in answer.json()["parameters"]) is (status in (307, 308))


def to(where, status):
    return lambda request: (status, {"Location": where}, b"")


@pytest.mark.promise("redirects-carry-nothing-of-ours-to-another-origin")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("placement", PLACEMENTS)
def test_nothing_of_ours_goes_abroad(kind, way, placement, server, abroad):
    """A redirect to another origin has no oauth_* in its header, URL or body, and neither has the way back."""
    for status in (302, 307):
        server.received.clear()
        abroad.received.clear()
        server.answer = to(f"{abroad.url}/there", status)
        abroad.answer = lambda request: _home_again(request, server)
        hook = OAuthHook("the-token", "s", "c", "s", placement=placement)
        ask(kind, way, hook, "POST", f"{server.url}/x", data={"a": "1"})
        first, last = server.received
        assert "the-token" in first.target + first.authorization + first.body.decode()
        for hop in (abroad.last, last):
            assert "oauth_" not in hop.target + hop.authorization + hop.body.decode()
            assert hop.body == (b"a=1" if status == 307 else b"")


def _home_again(request, server):
    server.answer = None
    return 307, {"Location": f"{server.url}/back"}, b""


def test_a_query_that_a_server_echoes_abroad_is_stripped(kind, server, abroad):
    """Our parameters are taken out of a Location that repeats them; the caller's stay."""
    server.answer = lambda request: (302, {"Location": abroad.url + request.target}, b"")
    ask(kind, "auth of the session", OAuthHook("t", "s", "c", "s", placement="query"), "GET", f"{server.url}/?a=b%20c")
    assert "oauth_signature" in server.last.target
    assert abroad.last.target == "/?a=b%20c"


@pytest.mark.promise(
    "what-is-ours-is-found-under-any-name-and-in-any-escape", "a-redirect-with-ours-in-its-path-is-not-followed"
)
@pytest.mark.parametrize("place", PLACES)
def test_copies_are_found_by_their_values(kind, place, server, abroad):
    """Under any name and in any escape: taken out of a query, and where it is a path, the redirect is not followed."""
    for i, copied in enumerate(COPIES):
        abroad.received.clear()
        server.answer = lambda got, copied=copied: (302, {"Location": copy_to(place, copied, got, abroad.url)}, b"")
        method = ("HMAC-SHA1", "PLAINTEXT")[i % 2]
        hook = OAuthHook(
            "token/key +1", "token%secret", "consumer key+of/16", "consumer=secret", signature_method=method
        )
        if PLACES[place][1]:
            assert ask(kind, WAYS[i % 4], hook, "GET", server.url).status_code == 200
            assert gives_away(read_sent(server.last), abroad.last) == []
            continue
        with pytest.raises(ProviderError, match="not followed"):
            ask(kind, WAYS[i % 4], hook, "GET", server.url)
        assert abroad.received == []


@pytest.mark.promise("pinned-origins-trust-each-other-and-nobody-else")
def test_pinned_origins_trust_each_other(kind, server, abroad):
    """From one of a hook's own origins to another the redirect is signed."""
    server.answer = lambda request: (302, {"Location": abroad.url + "/two"}, b"")
    for way in WAYS:
        ask(kind, way, OAuthHook("t", "s", "c", "s", origins=[server.url, abroad.url]), "GET", server.url)
        assert "oauth_signature" in abroad.last.target


def test_pinned_hooks_sign_nowhere_else(kind, server, abroad):
    """``origins=`` holds for niquests."""
    hook = OAuthHook("t", "s", "c", "s", origins=server.url)
    ask(kind, "pre_request of the session", hook, "GET", f"{abroad.url}/", then=[f"{server.url}/"])
    assert (abroad.last.target, "oauth_signature" in server.last.target) == ("/", True)


# --- the clock ---


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("body", ["form", "file"])
def test_a_refused_timestamp_is_answered_by_one_more_attempt(kind, way, body):
    """The hook learns the server's time, sends the request once more, and is right from then on."""
    with serve(clock=lambda: time.time() - 10 * HOUR) as provider:
        hook = hook_for(provider, header_auth=True)
        content = {"data": {"a": "1"}} if body == "form" else {"data": io.BytesIO(b"x" * 100_000)}
        first, second = ask(kind, way, hook, "POST", provider.resource_url, then=[provider.resource_url], **content)
        assert first.status_code == 200, first.text
        assert first.json()["body_length"] == (3 if body == "form" else 100_000)
        assert [answer.status_code for answer in first.history] == [401]
        assert "timestamp_refused" in first.history[0].text
        assert (second.status_code, second.history) == (200, [])


def test_cookies_of_a_refusal_go_along(kind, server):
    """The second attempt carries the cookie that the refusal set, and both responses' cookies are kept."""
    refusal = {"Date": "Sat, 01 Jan 2000 00:00:00 GMT", "Set-Cookie": "seen=1"}
    server.answer = lambda request: (200, {}, b"") if "cookie" in request.headers else (401, refusal, b"")
    answer = ask(kind, "auth of the session", OAuthHook("t", "s", "c", "s"), "GET", server.url)
    assert (answer.status_code, server.last.headers["cookie"]) == (200, "seen=1")


def test_a_streamed_refusal_is_the_callers_to_read(kind, server):
    """With ``stream=True`` headers alone correct the clock, and the body of the response can still be read."""
    old = {"Date": "Sat, 01 Jan 2000 00:00:00 GMT"}
    server.answer = lambda _: (200, {}, b"here") if len(server.received) > 1 else (401, old, b"oauth_problem=none")

    async def later():
        async with niquests.AsyncSession(auth=OAuthHook("t", "s", "c", "s")) as session:
            answer = await session.get(server.url, stream=True)
            return answer.status_code, await answer.content

    def now():
        with niquests.Session(auth=OAuthHook("t", "s", "c", "s")) as session:
            answer = session.get(server.url, stream=True)
            return answer.status_code, answer.content

    assert (asyncio.run(later()) if kind == "async" else now()) == (200, b"here")


def test_other_refusals_are_the_callers(kind, home):
    """A wrong secret is refused once, and the response is the server's."""
    hook = OAuthHook(home.token.key, "wrong", home.consumer.key, home.consumer.secret)
    answer = ask(kind, "auth of the session", hook, "GET", home.resource_url)
    assert (answer.status_code, answer.history) == (401, [])
    assert "signature_invalid" in answer.text


# --- an application in this process, and HTTP/2 ---


def test_an_application_in_this_process(kind):
    """``app=`` is signed for as well; without a connection a refusal is left as it is, and the hook still learns."""
    seen = []

    def wsgi(environ, start_response):
        seen.append(environ["HTTP_AUTHORIZATION"])
        start_response("401 Unauthorized", [("Date", "Sat, 01 Jan 2000 00:00:00 GMT"), ("Content-Length", "0")])
        return [b""]

    async def asgi(scope, receive, send):
        if scope["type"] == "http":
            seen.append(dict(scope["headers"])[b"authorization"].decode())
            headers = [(b"date", b"Sat, 01 Jan 2000 00:00:00 GMT"), (b"content-length", b"0")]
            await send({"type": "http.response.start", "status": 401, "headers": headers})
            await send({"type": "http.response.body", "body": b""})

    hook = OAuthHook("t", "s", "c", "s", header_auth=True)

    async def later():
        async with niquests.AsyncSession(app=asgi, auth=hook) as session:
            session.mount("http://application", session.get_adapter("asgi://default"))
            return [await session.get("http://application/") for _ in range(2)]

    def now():
        with niquests.Session(app=wsgi, auth=hook) as session:
            session.mount("http://application", session.get_adapter("wsgi://default"))
            return [session.get("http://application/") for _ in range(2)]

    answers = asyncio.run(later()) if kind == "async" else now()
    assert [(answer.status_code, answer.history) for answer in answers] == [(401, []), (401, [])]
    assert 'oauth_timestamp="9466' in seen[1]


class H2Server:
    """An HTTP/2 server on loopback, without TLS: keeps what it received, answers as ``answer(headers)`` says."""

    def __init__(self, answer):
        self.answer, self.received = answer, []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._connections = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)

    def _accept(self):
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._connections.append(connection)
                thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection):
        from jh2.config import H2Configuration
        from jh2.connection import H2Connection
        from jh2.events import RequestReceived

        state = H2Connection(config=H2Configuration(client_side=False, header_encoding="utf-8"))
        state.initiate_connection()
        with connection, suppress(OSError):
            connection.sendall(state.data_to_send())
            while data := connection.recv(1 << 16):
                for event in state.receive_data(data):
                    if isinstance(event, RequestReceived):
                        headers = dict(event.headers)
                        self.received.append(headers)
                        status, more = self.answer(headers)
                        state.send_headers(event.stream_id, [(":status", str(status)), *more], end_stream=True)
                connection.sendall(state.data_to_send())


@pytest.fixture
def h2():
    """A server of HTTP/2 and a hook; its paths: / is answered, /hop redirects to /, /late refuses the timestamp."""
    answers = {
        "/": (200, []),
        "/hop": (302, [("location", "/?next=1")]),
        "/late": (401, [("date", "Sat, 01 Jan 2000 00:00:00 GMT")]),
    }
    server = H2Server(lambda headers: answers[headers[":path"].partition("?")[0]])
    yield SimpleNamespace(server=server, hook=OAuthHook("t", "ts", "c", "cs", header_auth=True))
    server.close()


def is_signed(hook, server, headers):
    return verify(
        headers[":method"], server.url + headers[":path"], headers={"Authorization": headers["authorization"]},
        consumer=hook.consumer, token=hook.token,
    )  # fmt: skip


def test_multiplexed_responses(kind, h2):
    """Lazy responses over one HTTP/2 connection: each request and each redirect is signed, once.

    A refused timestamp teaches the hook, and the refusal is the response: nobody would see a second attempt.
    """
    hook, server = h2.hook, h2.server
    settings = {"multiplexed": True, "disable_http1": True, "auth": hook}
    urls = [f"{server.url}/?a={n}" for n in range(3)] + [f"{server.url}/hop", f"{server.url}/late"]

    async def later():
        async with niquests.AsyncSession(**settings) as session:
            answers = [await session.get(url) for url in urls]
            await session.gather()
            return [answer.status_code for answer in answers]

    def now():
        with niquests.Session(**settings) as session:
            answers = [session.get(url) for url in urls]
            assert answers[0].lazy
            session.gather()
            return [answer.status_code for answer in answers]

    assert (asyncio.run(later()) if kind == "async" else now()) == [200, 200, 200, 200, 401]
    assert len(server.received) == 6
    assert [str(is_signed(hook, server, headers).reason) for headers in server.received if not
            is_signed(hook, server, headers)] == []  # fmt: skip
    assert len({headers["authorization"] for headers in server.received}) == 6
    assert 'oauth_timestamp="9466' in hook(niquests.Request("GET", server.url).prepare()).headers["Authorization"]


# --- the page ---


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # a reader's session leaves its clients to the interpreter
def test_the_page_runs():
    """The examples of ``docs/howto/niquests.rst`` print what the page shows."""
    page = Path(__file__).parent.parent.parent / "docs" / "howto" / "niquests.rst"
    assert run_session(page.read_text(encoding="utf-8"), page.name) == ""


# --- side by side ---


def test_requests_works_beside_it(home):
    """In the same process and environment requests is signed for as ever, on whatever urllib3 it has now."""
    import requests

    hook = hook_for(home)
    home.redirecting.plan, home.redirecting.seen = [(302, "end")], []
    assert requests.get(home.resource_url + "/hop", auth=hook, timeout=10).status_code == 200
    assert ask("sync", "auth of the call", hook, "GET", home.resource_url).status_code == 200


def test_the_package_does_not_load_niquests():
    """Signing for requests loads nothing of it, though it is installed."""
    code = (
        "import sys, requests; from oauth_hook import OAuthHook; "
        "OAuthHook('t', 's', 'c', 's')(requests.Request('GET', 'http://h/').prepare()); "
        "print([name for name in sys.modules if name.startswith('niquests')])"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert output.stdout.strip() == "[]"
