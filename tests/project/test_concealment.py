"""No secret is in the variables of our frames, whatever public call fails, and however: error collectors print them.

Each call below is given secrets, or is sent some, and made to fail in many ways. Then every frame of ours in the
traceback, and in those of the errors behind it, is looked through for them, raw and escaped.
"""

from __future__ import annotations

import base64
import copy
import enum
import json
import pickle
import socket
import sqlite3
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import quote, quote_plus

import pytest
import requests

import oauth_hook
from oauth_hook import (
    AccessToken,
    Account,
    Consumer,
    CredentialStore,
    LoopbackReceiver,
    OAuthAdapter,
    OAuthFlow,
    OAuthHook,
    ProviderError,
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
        if shows("".join(traceback.format_exception_only(each))):
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
    "query": {"placement": "query"},
    "plain": {"placement": "header", "signature_method": "PLAINTEXT"},
    "plain query": {"placement": "query", "signature_method": "PLAINTEXT"},
    "plain form": {"placement": "url-encoded", "signature_method": "PLAINTEXT"},
    "get": {"placement": "query", "signature_method": "PLAINTEXT", "method": "GET"},
    "device": {"signature_method": "RSA-SHA1", "rsa_key": refuse_to_sign},
}  # fmt: skip


def flow_at(url: str, **more) -> OAuthFlow:
    return OAuthFlow(CONSUMER, url, url, url, **{"timeout": 0.4, "confirmed": "require", **more})


STEPS = {
    "request token": lambda flow: flow.fetch_request_token(x_secret=SECRETS["password"]),
    "access token": lambda flow: flow.fetch_access_token(REQUEST, SECRETS["verifier"]),
    "xauth": lambda flow: flow.xauth("alice", SECRETS["password"]),
    "renew": lambda flow: flow.renew(ACCESS),
}  # fmt: skip


@pytest.mark.parametrize("signer", SIGNERS)
@pytest.mark.parametrize("failure", FAILURES)
def test_the_steps_of_a_flow(failure, signer, raw):
    """What the wire and the server can do to a flow leaves no secret in any frame; nor does what requests raises."""
    if failure == "is late" and signer not in ("header", "plain query"):
        return  # one wait for each of them is enough
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


@pytest.mark.parametrize("signer", SIGNERS)
def test_no_server(signer):
    """A connection that cannot be made is requests' own error, without what the request carried."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/path"
    for call in STEPS.values():
        error = fails(lambda call=call: call(flow_at(url, **SIGNERS[signer])))
        assert isinstance(error, RuntimeError if signer == "device" else requests.ConnectionError)
        assert not leaks(error, theirs=True)
        assert_evidence_is_redacted(error)
        assert signer == "device" or (error.request.method, error.request.url.partition("?")[0]) == (
            "GET" if signer == "get" and "password" not in str(call.__code__.co_names) and call is not STEPS["xauth"] else "POST",
            url,
        )
