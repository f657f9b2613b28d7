"""No secret is in the variables of our frames, whatever public call fails, and however: error collectors print them.

Each call below is given secrets, or is sent some, and made to fail in many ways. Then every frame of ours in the
traceback, and in those of the errors behind it, is looked through for them, raw and escaped.
"""

from __future__ import annotations

import asyncio
import base64
import copy
import enum
import json
import pickle
import socket
import sqlite3
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import is_dataclass
from itertools import pairwise
from urllib.parse import quote, quote_plus

import pytest
import requests
from tables import for_each

import oauth_hook.provider
from oauth_hook import (
    AccessToken,
    Account,
    Consumer,
    CredentialStore,
    LoopbackReceiver,
    OAuthAdapter,
    OAuthFlow,
    OAuthHook,
    RequestToken,
    UsageError,
    ask_on_console,
    discover,
    explain,
    register_client,
    sign,
    update_client,
    verify,
)
from oauth_hook.cli.main import main
from oauth_hook.client import Client, Token, UseHeader, Via
from oauth_hook.credentials import Secret
from oauth_hook.pump import Client as PumpClient
from oauth_hook.pump import PyPump, WebPump
from oauth_hook.tokens.accounts import hook_for_account

# No part of one stands anywhere else, and each has what is escaped.
SECRETS = {
    name: f"9q {name}&hunter2/é+" for name in ("consumer", "token", "verifier", "password", "handle", "issued", "key")
}
CONSUMER = Consumer("ck", SECRETS["consumer"])
REQUEST = RequestToken("rt", SECRETS["token"])
ACCESS = AccessToken("at", SECRETS["token"], extra={"oauth_session_handle": SECRETS["handle"]})
ISSUED = f"oauth_token=t&oauth_token_secret={quote_plus(SECRETS['issued'])}&oauth_session_handle=9q-hunter2"
REGISTERED = json.dumps({"client_id": "c", "client_secret": SECRETS["issued"]})


def forms(secret: str) -> Iterator[str]:
    """What a secret looks like in the variables of a program: itself, escaped, in a ``repr``, in base64."""
    once = quote(secret, safe="")
    for text in (secret, once, once.lower(), quote(once, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]):
        yield text
        yield repr(text.encode())[2:-1]
    yield base64.b64encode(secret.encode()).decode().rstrip("=")[:-2]


FORMS = [*{form for secret in SECRETS.values() for form in forms(secret)}, "hunter2"]


def is_ours(frame) -> bool:
    return frame.f_globals.get("__name__", "").partition(".")[0] == "oauth_hook"


def leaks(error: BaseException, *, theirs: bool = False) -> list[str]:
    """Where a secret shows in the variables of frames: ours, or also those of the libraries that we send with."""
    found, left, seen = [], [error], set()
    while left:
        each = left.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        left += [each.__cause__, each.__context__]
        for frame, line in traceback.walk_tb(each.__traceback__):
            if is_ours(frame) or (theirs and frame.f_globals.get("__name__") != __name__):
                place = f"{frame.f_globals.get('__name__')}:{frame.f_code.co_name}:{line}"
                found += [f"{place}:{name}" for name, value in frame.f_locals.items() if shows(repr(value))]
        held = f"{vars(each)} {getattr(each, 'object', '')}"  # the text that json and codecs could not read
        if shows("".join(traceback.format_exception_only(each)) + held):
            found.append(f"the message of {type(each).__name__}: {each}")
    return found


def shows(text: str) -> bool:
    return any(form in text for form in FORMS)


def fails(call: Callable[[], object], *kinds: type[BaseException]) -> BaseException:
    with pytest.raises(kinds or Exception) as caught:
        call()
    "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    return caught.value


# --- servers that fail in many ways ---


def response(status: str, body: bytes, *headers: str, length: int | None = None) -> bytes:
    head = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body) if length is None else length}", "", ""]
    return "\r\n".join(head).encode() + body


SAID = ISSUED.encode()
# What a server says to a request, whose text it may echo.
FAILURES: dict[str, Callable[[bytes], bytes] | None] = {
    "hangs up": lambda echo: b"",
    "is no HTTP": lambda echo: b"hello " + SAID + b"\r\n\r\n",
    "has odd headers": lambda echo: response("200 OK", SAID, "Content-Length: 7"),
    "is cut off": lambda echo: response("200 OK", SAID, length=len(SAID) + 50),
    "is not gzip": lambda echo: response("200 OK", SAID, "Content-Encoding: gzip"),
    "is too large": lambda echo: response("200 OK", SAID + b"&a=" + b"x" * (1 << 20)),
    "breaks a chunk": lambda echo: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + SAID + b"\r\n",
    "is another charset": lambda echo: response("401 No", echo, "Content-Type: text/plain; charset=punycode"),
    "refuses": lambda echo: response("401 No", b"oauth_problem=token_rejected&oauth_problem_advice=" + echo),
    "refuses in a header": lambda echo: response(
        "401 No", b"", f'WWW-Authenticate: OAuth oauth_problem_advice="{echo.decode()}"'
    ),
    "refuses in JSON": lambda echo: response("400 No", json.dumps({"error": [echo.decode()]}).encode()),
    "refuses in HTML": lambda echo: response("500 No", b"<html><title>No " + echo + b"</title></html>"),
    "refuses beside a token": lambda echo: response("200 OK", SAID + b"&oauth_problem=x&a=" + echo),
    "is JSON, and no token": lambda echo: response("200 OK", REGISTERED.encode()[:-1] + b', "client_id": 1}'),
    "is an odd key": lambda echo: response(
        "200 OK", json.dumps({"client_id": "a\n", "client_secret": SECRETS["issued"]}).encode()
    ),
    "confirms nothing": lambda echo: response("200 OK", SAID + b"&oauth_callback_confirmed=false"),
    "redirects elsewhere": lambda echo: response("307 There", b"", f"Location: http://127.0.0.2:9/?{echo.decode()}"),
    "redirects into a path": lambda echo: response("307 There", b"", f"Location: http://127.0.0.2:9/{echo.decode()}/"),
    "redirects nowhere": lambda echo: response("307 There", b"", f"Location: http://[/{echo.decode()}"),
    "redirects for ever": lambda echo: response("307 There", b"", "Location: /"),
    "is late": None,
}


@pytest.fixture(scope="module")
def raw() -> Iterator[Callable[[str], str]]:
    """Return a function that has a server fail in a way, and returns its URL."""
    reply: list[Callable[[bytes], bytes] | None] = [None]
    over, held = threading.Event(), []

    def serve() -> None:
        while not over.is_set():
            connection = listener.accept()[0]
            with suppress(OSError):
                connection.settimeout(5)
                head = b""
                while b"\r\n\r\n" not in head:
                    head += connection.recv(1 << 16) or b"\r\n\r\n"
                length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
                while len(head.partition(b"\r\n\r\n")[2]) < length:
                    head += connection.recv(1 << 16)
                if reply[0] is None:
                    held.append(connection)
                    continue
                connection.sendall(reply[0](quote_plus(head).encode()))
            connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        port = listener.getsockname()[1]

        def serving(failure: str) -> str:
            reply[0] = FAILURES[failure]
            return f"http://127.0.0.1:{port}/"

        yield serving
        over.set()
        socket.create_connection(("127.0.0.1", port)).close()
        thread.join(5)
        for connection in held:
            connection.close()


def refuse_to_sign(data: bytes) -> bytes:
    raise RuntimeError("the device is not there")


SIGNERS = {
    "header": {"placement": "header"},
    "plain": {"placement": "header", "signature_method": "PLAINTEXT"},
    "plain query": {"placement": "query", "signature_method": "PLAINTEXT"},
    "plain form": {"placement": "url-encoded", "signature_method": "PLAINTEXT"},
    "get": {"placement": "query", "signature_method": "PLAINTEXT", "method": "GET"},
    "device": {"signature_method": "RSA-SHA1", "rsa_key": refuse_to_sign},
}  # fmt: skip


def flow_at(url: str, **more) -> OAuthFlow:
    return OAuthFlow(CONSUMER, url, url, url, **{"timeout": 0.2, "confirmed": "require", **more})


STEPS = {
    "request token": lambda flow: flow.fetch_request_token(x_secret=SECRETS["password"]),
    "access token": lambda flow: flow.fetch_access_token(REQUEST, SECRETS["verifier"]),
    "xauth": lambda flow: flow.xauth("alice", SECRETS["password"]),
    "renew": lambda flow: flow.renew(ACCESS),
}  # fmt: skip


ALL_WAYS = {(failure, signer) for failure in FAILURES for signer in ("header", "plain query")} | {
    (failure, signer) for failure in ("hangs up", "is cut off", "refuses", "redirects elsewhere") for signer in SIGNERS
}


@pytest.mark.promise("no-variable-of-ours-shows-a-secret")
@for_each(("failure", "signer"), sorted(ALL_WAYS))
def test_the_steps_of_a_flow(failure, signer, raw):
    """What the wire and the server can do to a flow leaves no secret in any frame; nor does what requests raises."""
    url = raw(failure)
    for step, call in STEPS.items():
        if failure == "confirms nothing" and step != "request token":
            continue
        error = fails(lambda call=call: call(flow_at(url, **SIGNERS[signer])))
        assert not leaks(error, theirs=True), (step, error)
        assert_evidence_is_redacted(error)


def assert_evidence_is_redacted(error: BaseException) -> None:
    """What travels with an error, to another process or a log, has no secret in it."""
    with suppress(TypeError, AttributeError):  # what urllib3 raises does not always pickle
        assert not shows(str(pickle.dumps(error, protocol=0)).replace("\\\\", "\\"))
    request = getattr(error, "request", None)
    if request is not None:
        assert not shows(f"{request.url} {request.headers} {request.body}")


@pytest.mark.parametrize("signer", ["header", "plain query", "plain form", "get"])
def test_no_server(signer):
    """A connection that cannot be made is requests' own error, without what the request carried."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/path"
    for call in STEPS.values():
        error = fails(lambda call=call: call(flow_at(url, **SIGNERS[signer])), requests.ConnectionError)
        assert not leaks(error, theirs=True)
        assert_evidence_is_redacted(error)
        assert error.request.url.partition("?")[0] == url
        assert error.request.method in ("GET", "POST")


def test_a_long_chain_of_errors_takes_no_square():
    """What an application's own callable raises may have very many errors behind it."""

    chain = [RuntimeError() for _ in range(20_000)]
    for error, cause in pairwise(chain):
        error.__cause__ = cause

    def fail() -> None:
        raise chain[0]

    hook = HOOK.replace(nonce=fail)
    start = time.thread_time()
    with pytest.raises(RuntimeError):
        hook(prepared())
    assert time.thread_time() - start < 2


def test_an_error_that_was_handled_before_is_left_as_it_was():
    """Our calls conceal what they raise, and not what an application was handling when it made the call."""

    def look_at_something() -> None:
        evidence = "what the application wants to see"
        raise LookupError(evidence)

    def call() -> None:
        try:
            look_at_something()
        except LookupError:
            Consumer("", SECRETS["consumer"])

    error = fails(call, UsageError)
    assert isinstance(error.__context__, LookupError)
    frames = [frame for frame, _ in traceback.walk_tb(error.__context__.__traceback__)]
    assert "evidence" in frames[-1].f_locals


def test_an_application_s_own_callable_keeps_its_variables():
    """A verifier source, a key in hardware or a clock that fails is the application's to look into."""

    def ask(url: str) -> str:
        seen = len(url)
        try:
            return {}[url]
        except KeyError:
            raise RuntimeError(f"no code for a URL of {seen} characters") from None

    with oauth_hook.provider.serve() as provider:
        urls = provider.request_token_url, provider.authorization_url, provider.access_token_url
        error = fails(lambda: OAuthFlow(provider.consumer, *urls).authorize(ask), RuntimeError)
    frames = {frame.f_code.co_name: frame for frame, _ in traceback.walk_tb(error.__traceback__)}
    assert "seen" in frames["ask"].f_locals
    assert frames["authorize"].f_locals == {}
    assert isinstance(error.__context__, KeyError)


# --- other calls ---


def flow(**more) -> OAuthFlow:
    return flow_at("https://service.invalid/", **more)


HOOK = OAuthHook("at", SECRETS["token"], "ck", SECRETS["consumer"])
PLAIN = OAuthHook("at", SECRETS["token"], "ck", SECRETS["consumer"], True, signature_method="PLAINTEXT")
DEVICE = HOOK.replace(signature_method="RSA-SHA1", rsa_key=refuse_to_sign)
PEM = f"-----BEGIN RSA PRIVATE KEY-----\n{SECRETS['key']}\n-----END RSA PRIVATE KEY-----"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PASSWORD_FORM = f"x_auth_password={quote_plus(SECRETS['password'])}"
SIGNED = sign("GET", "https://h.invalid/", consumer=CONSUMER, token=ACCESS)


class OwnKey(OAuthHook):
    """A hook whose signing key cannot be made."""

    def signing_key(self, consumer_secret: str, token_secret: str) -> str:
        both = consumer_secret + token_secret
        raise RuntimeError(f"no key of {len(both)} characters")


def prepared(url: str = "https://h.invalid/", **more) -> requests.PreparedRequest:
    return requests.Request("POST", url, **more).prepare()


def with_body(body: str) -> requests.PreparedRequest:
    request = prepared(headers=FORM)
    request.body = body
    return request


def stopped() -> float:
    raise RuntimeError("the clock has stopped")


CALLS: dict[str, Callable[[], object]] = {
    # Values
    "Consumer without a key": lambda: Consumer("", SECRETS["consumer"]),
    "Consumer of bytes": lambda: Consumer("k", SECRETS["consumer"].encode()),
    "Token that expires oddly": lambda: AccessToken("k", SECRETS["token"], expires_at="soon"),
    "Token with odd extras": lambda: AccessToken("k", SECRETS["token"], extra=[SECRETS["handle"]]),
    "from_dict": lambda: RequestToken.from_dict({"secret": SECRETS["token"], "odd": SECRETS["handle"]}),
    "Account.from_dict": lambda: Account.from_dict({"token": {"key": "", "secret": SECRETS["token"]}, "consumer": {}}),
    **{
        f"{type(value).__name__}.{name} =": lambda value=value, name=name: setattr(value, name, SECRETS["token"])
        for value, name in [
            (CONSUMER, "secret"), (REQUEST, "secret"), (ACCESS, "secret"), (Account(CONSUMER), "token"),
            (OAuthHook("t", "s", "c", "s"), "consumer_secret"), (Client("c", "s"), "mode"),
        ]
    },
    # The hook
    **{
        f"OAuthHook({name}=)": lambda more=more: OAuthHook(**{
            "access_token": "t", "access_token_secret": SECRETS["token"], "consumer_key": "ck",
            "consumer_secret": SECRETS["consumer"], "verifier": SECRETS["verifier"], **more,
        })
        for name, more in {
            "access_token": {"access_token": ""},
            "access_token_secret": {"access_token_secret": [SECRETS["token"]]},
            "consumer_key": {"consumer_key": ""},
            "consumer_secret": {"consumer_secret": SECRETS["consumer"].encode()},
            "placement": {"placement": "here"},
            "signature_method": {"signature_method": "MD5"},
            "rsa_key": {"signature_method": "RSA-SHA1", "rsa_key": PEM},
            "rsa_key of bytes": {"signature_method": "RSA-SHA1", "rsa_key": (PEM.encode(), SECRETS["password"])},
            "realm": {"realm": "a\n"},
            "verifier": {"verifier": SECRETS["verifier"].encode()},
            "callback": {"callback": 5},
            "origins": {"origins": "nowhere"},
            "nonce": {"nonce": "always the same"},
        }.items()
    },
    "hook.replace": lambda: HOOK.replace(consumer_secret=SECRETS["consumer"], placement="here"),
    "hook.replace what": lambda: HOOK.replace(consumer_secret=SECRETS["consumer"], what=SECRETS["password"]),
    "hook.as_user": lambda: HOOK.as_user((SECRETS["token"],)),
    "hook.explain": lambda: HOOK.explain(SECRETS["password"]),
    "hook of a stream": lambda: HOOK(prepared(data=iter([PASSWORD_FORM.encode()]), headers=FORM)),
    "hook over http": lambda: PLAIN(prepared("http://h.invalid/", data=PASSWORD_FORM, headers=FORM)),
    "hook with a device": lambda: DEVICE(prepared(data=PASSWORD_FORM, headers=FORM)),
    "hook with a key of its own": lambda: OwnKey("t", SECRETS["token"], "c", SECRETS["consumer"])(prepared()),
    "hook with a clock": lambda: HOOK.replace(clock=stopped)(prepared(data=PASSWORD_FORM, headers=FORM)),
    "hook and half a character": lambda: HOOK(with_body(f"a=\ud800&{PASSWORD_FORM}")),
    # Without a network
    "sign badly": lambda: sign("GET", "nowhere", consumer=CONSUMER, token=ACCESS, verifier=SECRETS["verifier"]),
    "sign a list": lambda: sign("POST", "https://h.invalid/", body=[PASSWORD_FORM], consumer=CONSUMER),
    "sign a form": lambda: sign(
        "POST", "https://h.invalid/", headers=FORM, body=f"{PASSWORD_FORM}&a=\ud800", consumer=CONSUMER
    ),
    "sign with a device": lambda: sign(
        "POST", "https://h.invalid/", headers=FORM, body=PASSWORD_FORM, consumer=CONSUMER, signature_method="RSA-SHA1",
        rsa_key=refuse_to_sign,
    ),
    "sign with bad PEM": lambda: sign(
        "GET", "https://h.invalid/", consumer=CONSUMER, signature_method="RSA-SHA1", rsa_key=(PEM, SECRETS["password"])
    ),
    "sign PLAINTEXT": lambda: sign("GET", "http://h.invalid/", consumer=CONSUMER, signature_method="PLAINTEXT"),
    "verify badly": lambda: verify("GET", "https://h.invalid/", consumer=SECRETS["consumer"]),
    "verify with a key": lambda: verify("GET", "https://h.invalid/", consumer=CONSUMER, rsa_key=PEM),
    "verify and look up": lambda: verify(
        "GET", SIGNED.url, headers=SIGNED.headers, consumer=lambda key: CONSUMER, token=lambda key: [][0]
    ),
    "verify and remember": lambda: verify(
        "GET", SIGNED.url, headers=SIGNED.headers, consumer=CONSUMER, token=ACCESS, is_new=lambda *_: {}[0]
    ),
    "explain": lambda: explain(SECRETS["password"], CONSUMER, ACCESS),
    "explain wrongly": lambda: explain(prepared(), SECRETS["consumer"], SECRETS["token"]),
    # Flows, without a server
    "OAuthFlow": lambda: flow(callback=f"nowhere {SECRETS['verifier']}"),
    "OAuthFlow with a key": lambda: flow(signature_method="RSA-SHA1", rsa_key=PEM),
    "for_service": lambda: OAuthFlow.for_service("nowhere", CONSUMER, rsa_key=PEM),
    "xauth with bytes": lambda: flow().xauth("alice", SECRETS["password"].encode()),
    "xauth with half a character": lambda: flow().xauth("alice", SECRETS["password"], extra="\ud800"),
    "verifier of bytes": lambda: flow().fetch_access_token(REQUEST, SECRETS["verifier"].encode()),
    "another token": lambda: flow().fetch_access_token(ACCESS, SECRETS["verifier"]),
    "renew with bytes": lambda: flow().renew(ACCESS, more=SECRETS["password"].encode()),
    "callback of another": lambda: flow().parse_callback(
        f"https://a/?oauth_token=x&oauth_verifier={quote(SECRETS['verifier'])}", REQUEST
    ),
    "callback twice": lambda: flow().parse_callback(
        f"https://a/?oauth_token=rt&oauth_verifier={quote(SECRETS['verifier'])}&oauth_verifier=2", REQUEST
    ),
    "callback that denies": lambda: flow().parse_callback(
        f"https://a/?oauth_token=rt&denied=rt&oauth_verifier={quote(SECRETS['verifier'])}", REQUEST
    ),
    "callback without a token": lambda: flow().parse_callback(f"oauth_verifier={quote(SECRETS['verifier'])}", REQUEST),
    "callback that is none": lambda: flow().parse_callback(f"{SECRETS['verifier']} and more", REQUEST),
    "callback of bytes": lambda: flow().parse_callback(SECRETS["verifier"].encode(), REQUEST),
    "register badly": lambda: register_client("nowhere", application_name=SECRETS["password"]),
    "update badly": lambda: update_client("http://h.invalid/", CONSUMER, application_name="a"),
    "update what": lambda: update_client("https://h.invalid/", CONSUMER, contacts=[f"{SECRETS['password']} a"] and 5),
    "console": lambda: ask_on_console("nowhere"),
    "receiver": lambda: LoopbackReceiver(open_browser=None),
    "hook_for_account": lambda: hook_for_account("a", {"a": REQUEST}),
    "hook_for_account oddly": lambda: hook_for_account("a", {"a": CONSUMER}, placement="here"),
    # The faces
    "Client": lambda: Client("", SECRETS["consumer"]),
    "Client oddly": lambda: Client("k", SECRETS["consumer"], Via.GET, timeout=-1),
    "Token": lambda: Token("", SECRETS["token"], SECRETS["verifier"], {"oauth_token_secret": SECRETS["token"]}),
    "make_oauth_handler": lambda: client().make_oauth_handler(
        "https://h.invalid/", SECRETS["token"], {"oauth_verifier": SECRETS["verifier"]},
        {"password": SECRETS["password"]},
    ),
    "make_oauth_handler oddly": lambda: client().make_oauth_handler(
        "https://h.invalid/", SECRETS["token"], {"oauth_token": "t", "password": SECRETS["password"]}
    ),
    "parse_qs": lambda: Client.parse_qs([SECRETS["issued"]]),
    "pump Client": lambda: PumpClient("nowhere", key="k", secret=SECRETS["consumer"]),
    "pump Client alone": lambda: PumpClient("a@h.invalid", secret=SECRETS["consumer"]),
    "PyPump": lambda: PyPump(
        PumpClient("a@h.invalid", key="k", secret=SECRETS["consumer"]), token="t", secret=SECRETS["token"], store=5
    ),
    "WebPump": lambda: WebPump(
        "a@h.invalid", key="k", secret=SECRETS["consumer"], token="", token_secret=SECRETS["token"], scheme="gopher"
    ),
}  # fmt: skip


def client() -> Client:
    return Client("ck", SECRETS["consumer"], timeout=0.2)


@pytest.mark.promise("no-variable-of-ours-shows-a-secret")
@for_each("call", CALLS)
def test_what_fails_at_once(call):
    """Whatever is wrong with the arguments, no frame of ours shows them."""
    assert not leaks(fails(CALLS[call]))


SERVED: dict[str, Callable[[str], object]] = {
    "discover": lambda url: discover(url, scheme="http", timeout=0.2),
    "register": lambda url: register_client(url, application_name="a", timeout=0.2),
    "update": lambda url: update_client(url, CONSUMER, application_name="a", timeout=0.2),
    "get_token": lambda url: client().get_token(url),
    "exchange": lambda url: client().get_token(url, None, Token("t", SECRETS["token"], SECRETS["verifier"])),
    "call_api": lambda url: falcon(UseHeader.NONE, Via.GET).call_api(
        Token("t", SECRETS["token"]), url, {"password": SECRETS["password"]}
    ),
    "PyPump": lambda url: PyPump(
        PumpClient(f"a@{url[7:-1]}", name="a", key="k", secret=SECRETS["consumer"], expiry=1),
        scheme="http", timeout=0.2, token="t", secret=SECRETS["token"],
    ),
    "PyPump.request": lambda url: pump(url).request("/api", "POST", {"password": SECRETS["password"]}),
    "WebPump.verifier": lambda url: WebPump(
        f"a@{url[7:-1]}", scheme="http", timeout=0.2, key="k", secret=SECRETS["consumer"], token="t",
        token_secret=SECRETS["token"],
    ).verifier(SECRETS["verifier"]),
    "adapter": lambda url: mounted(url).post(url, {"password": SECRETS["password"]}).raise_for_status(),
    "hook": lambda url: requests.post(url, auth=PLAIN.replace(placement="query")).raise_for_status(),
    "httpx": lambda url: with_httpx(url),
    "aiohttp": lambda url: with_aiohttp(url),
    "Session": lambda url: oauth_hook.session({"pre_request": PLAIN}).post(url, {"password": SECRETS["password"]}),
}  # fmt: skip


def with_httpx(url: str) -> None:
    httpx = pytest.importorskip("httpx")
    from oauth_hook.httpx import event_hooks

    hooks = event_hooks(PLAIN.replace(placement="query"))
    with httpx.Client(event_hooks=hooks, follow_redirects=True, timeout=0.2) as session:
        session.post(url).raise_for_status()


def with_aiohttp(url: str) -> None:
    aiohttp = pytest.importorskip("aiohttp")
    from oauth_hook.aiohttp import OAuth

    async def ask() -> None:
        middlewares = [OAuth(PLAIN.replace(placement="query"))]
        async with (
            aiohttp.ClientSession(middlewares=middlewares, timeout=aiohttp.ClientTimeout(0.4)) as session,
            session.post(url, data={"password": SECRETS["password"]}) as response,
        ):
            response.raise_for_status()

    asyncio.run(ask())


def falcon(use_header: UseHeader, mode: Via) -> Client:
    made = Client("ck", SECRETS["consumer"], mode, timeout=0.2)
    made.use_header = use_header
    return made


def pump(url: str) -> PyPump:
    kept = {f"a@{url[7:-1]}": Account(CONSUMER, ACCESS, url[:-1])}
    return PyPump(f"a@{url[7:-1]}", scheme="http", timeout=0.2, store=kept)


def mounted(url: str) -> requests.Session:
    session = requests.Session()
    session.mount(url, OAuthAdapter(PLAIN.replace(placement="query")))
    return session


@pytest.mark.promise("no-variable-of-ours-shows-a-secret")
@for_each("call", SERVED)
@for_each("failure", FAILURES)
def test_what_a_server_fails(call, failure, raw):
    """Nor does a frame of ours show what was sent, or came back, when a server fails."""
    if failure == "is late" and call not in ("discover", "call_api", "PyPump.request"):
        return
    url = raw(failure)
    error = error_of(lambda: SERVED[call](url))
    if call in (
        "PyPump.request",
        "adapter",
        "Session",
        "hook",
        "httpx",
        "aiohttp",
    ):  # what a session of the caller's own raises is its own
        assert error is None or not [leak for leak in leaks(error) if "the message of" not in leak]
    else:
        assert error is not None or call in ("call_api", "exchange")  # which may be content with what came
        assert error is None or not leaks(error)
        assert_evidence_is_redacted(error)


# What a session of the caller's own raises is its own; the variables of our frames are ours.
OWN_SESSION = ("PyPump.request", "adapter", "Session", "hook", "httpx", "aiohttp")


def error_of(call: Callable[[], object]) -> BaseException | None:
    """What a call raises, if it does."""
    try:
        call()
    except Exception as error:
        return error
    return None


# --- the store, the command ---


@pytest.mark.promise("no-variable-of-ours-shows-a-secret")
@for_each("damage", ["json", "kind", "value", "none"])
@for_each(
    "use",
    [
        lambda store: store["a"], lambda store: store.items(), lambda store: store.values(), lambda store: dict(store),
        lambda store: store.pop("a"), lambda store: store.get("a"), lambda store: store.popitem(),
        lambda store: store.setdefault("a", CONSUMER),
        lambda store: store.update({"b": CONSUMER, "c": AccessToken("k", extra={"a": {CONSUMER}})}),
        lambda store: store.update(b=SECRETS["token"]), lambda store: store.__setitem__("b", {"a": SECRETS["token"]}),
    ],
)  # fmt: skip
def test_the_store(damage, use, tmp_path):
    """A row that cannot be read, and a value that cannot be stored, are in no frame of ours."""
    store = CredentialStore(tmp_path / str(len(list(tmp_path.iterdir()))))
    store["a"] = ACCESS
    with closing(sqlite3.connect(store.path)) as connection:
        (value,) = connection.execute("SELECT value FROM credentials").fetchone()
    spoiled = {"json": value[:-1], "kind": value, "value": value.replace('"key"', '"kez"'), "none": value}[damage]
    with sqlite3.connect(store.path) as connection:
        connection.execute(
            "UPDATE credentials SET value = ?, kind = ?", (spoiled, "K" if damage == "kind" else "AccessToken")
        )
    connection.close()
    error = error_of(lambda: use(store))
    assert not leaks(error) if error else damage == "none"


@pytest.mark.promise("no-variable-of-ours-shows-a-secret")
@pytest.mark.parametrize(
    "words",
    [
        ["request", "GET", "nowhere"], ["request", "http://127.0.0.1:1/", "--placement", "there"],
        ["request", "https://h.invalid/", "--rsa-key", "nowhere", "--signature-method", "RSA-SHA1"],
        ["request", "http://127.0.0.1:1/", "-d", f"password={SECRETS['password']}", "--no"],
        ["explain", "nowhere"], ["authorize", "a"], ["credentials", "show", "b"],
    ],
)  # fmt: skip
def test_the_command(words, monkeypatch, capsys):
    """An error that leaves the command (a program may call ``main``) has no variables; nor is a secret printed."""
    for name, secret in {"CONSUMER": "consumer", "TOKEN": "token"}.items():
        monkeypatch.setenv("OAUTH_CONSUMER_KEY" if name == "CONSUMER" else "OAUTH_TOKEN", "k")
        monkeypatch.setenv(f"OAUTH_{name}_SECRET", SECRETS[secret])
    assert not leaks(fails(lambda: sys.exit(main(words, store={})), SystemExit))
    shown = capsys.readouterr()
    assert not shows(shown.out + shown.err)


def test_the_command_and_a_store_that_breaks(monkeypatch):
    """What is not caught at all leaves no variables either."""

    class Broken(dict[str, object]):
        def __contains__(self, name: object) -> bool:
            raise RuntimeError("out of order")

    monkeypatch.setenv("OAUTH_CONSUMER_SECRET", SECRETS["consumer"])
    assert not leaks(
        fails(lambda: main(["request", "a", "GET", f"https://h.invalid/?pin={SECRETS['verifier']}"], store=Broken()))
    )


# --- values ---


def test_a_secret_is_a_str():
    """It is what it was to whatever takes a ``str``, and shows nothing in a ``repr``, wherever it stands."""
    plain = SECRETS["consumer"]
    secret = Secret(plain)
    assert isinstance(secret, str)
    assert (secret, hash(secret), str(secret), f"{secret}", "".join([secret])) == (
        plain,
        hash(plain),
        plain,
        plain,
        plain,
    )
    assert type(str(secret)) is str
    assert (repr(secret), f"{[secret]}", f"{secret!r}") == ("***", "[***]", "***")
    assert json.loads(json.dumps({secret: secret})) == {plain: plain}
    again = [pickle.loads(pickle.dumps(secret)), copy.copy(secret), copy.deepcopy(secret)]
    assert again == [plain] * 3
    assert [repr(each) for each in again] == ["***"] * 3
    with closing(sqlite3.connect(":memory:")) as connection:
        assert connection.execute("SELECT ?", (secret,)).fetchone() == (plain,)
    assert requests.Request("GET", "https://h.invalid/", params={"a": secret}).prepare().url.endswith(quote_plus(plain))


def test_a_secret_of_another_kind_of_str_is_its_text():
    """Not what it prints: an ``Enum``'s member, for example, prints as its name in some Pythons."""

    class Kept(str, enum.Enum):
        ONE = "hunter2"

    assert Secret(Kept.ONE) == "hunter2"
    assert Consumer("k", Kept.ONE).secret == "hunter2"


@pytest.mark.promise("no-variable-of-ours-shows-a-secret")
def test_credentials_keep_secrets_as_such():
    """The variables of a hook and of credentials show none; what ``to_dict`` gives is plain, for YAML and the like."""
    hook = OAuthHook("t", "token-hunter2", "c", "consumer-hunter2")
    assert not shows(f"{vars(hook)} {vars(hook.consumer)} {vars(hook.token)}")
    assert hook.consumer_secret == hook.consumer.secret == "consumer-hunter2"
    assert type(hook.consumer.to_dict()["secret"]) is str
    made = [pickle.loads(pickle.dumps(hook.consumer)), Consumer.from_dict(hook.consumer.to_dict())]
    assert made == [hook.consumer] * 2
    assert not shows(str([vars(each) for each in made]))


@pytest.mark.promise("no-variable-of-ours-shows-a-secret")
def test_what_was_refused_has_a_repr():
    """An object whose constructor has failed is a variable of some frame: its ``repr`` does not raise."""
    public = [getattr(oauth_hook, name) for name in oauth_hook.__all__]
    kinds = [kind for kind in public if isinstance(kind, type) and not is_dataclass(kind)]  # which has all its fields
    for kind in [*kinds, Client, PumpClient, PyPump, WebPump]:
        assert kind.__name__ in repr(kind.__new__(kind))


def test_a_subclass_whose_constructor_fails_can_be_reported():
    """The variables of an application's own constructor, which has the half-made hook in them, can be shown."""

    class Own(OAuthHook):
        def __init__(self) -> None:
            super().__init__("t", "token-hunter2", "", "consumer-hunter2")

    error = fails(Own, UsageError)
    text = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert "self = <Own" in text
