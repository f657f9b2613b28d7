"""The table of clients in the documentation (``docs/clients.rst``), row by row, cell by cell.

Each cell is one request on real sockets: a client library, a placement, a kind of body, and a redirect. The embedded
provider verifies every request of it, redirects included. niquests has its own environment, where this file runs too.
"""

from __future__ import annotations

import asyncio
import io
import json
import re
import ssl
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from tables import for_each

from oauth_hook import OAuthAdapter, OAuthHook, Session

PAGE = Path(__file__).parent.parent.parent / "docs" / "clients.rst"

PLACEMENTS = ["header", "query", "url-encoded", "header+url-encoded"]
BODIES = ["none", "form", "JSON", "multipart", "file", "generator"]
REDIRECTS = ["none", "302", "307", "abroad"]

OCTETS = b"\0\xff" * 5000
# All is plain http on loopback; a client that reads the machine's certificates takes longer for that than for its row.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def content(body: str, method: str) -> dict[str, Any]:
    """Return what a client is given for a kind of body, in the words of requests."""
    return {
        "none": dict,
        "form": lambda: {"data": {"a": "b c", "\u00e9": "~'"}},
        "JSON": lambda: {"json": {"a": "\u00fc"}},
        "multipart": lambda: {"data": {"a": "1"}, "files": {"file": ("f.bin", io.BytesIO(OCTETS))}},
        "file": lambda: {method: io.BytesIO(OCTETS)},
        "generator": lambda: {method: _pieces()},
    }[body]()


def _pieces() -> Any:
    yield OCTETS
    yield b"end"


def with_requests(attach: Callable[[Any, OAuthHook, str], None], kind: type = requests.Session) -> Any:
    """Return a caller of requests, to whose session a hook is attached."""

    def call(hook: OAuthHook, method: str, url: str, body: str) -> Any:
        with kind() as session:
            session.trust_env = False
            attach(session, hook, url)
            return session.request(method, url, timeout=20, **content(body, "data"))

    return call


def with_futures(hook: OAuthHook, method: str, url: str, body: str) -> Any:
    """Call by requests-futures, in another thread."""
    with import_module("requests_futures.sessions").FuturesSession() as session:
        session.trust_env, session.auth = False, hook
        return session.request(method, url, timeout=20, **content(body, "data")).result(timeout=30)


def with_httpx(name: str, *, is_async: bool) -> Any:
    """Return a caller of httpx, or of its continuation."""

    def call(hook: OAuthHook, method: str, url: str, body: str) -> Any:
        module, signing = import_module(name), import_module("oauth_hook.httpx")
        settings = {"trust_env": False, "follow_redirects": True, "timeout": 20, "verify": NO_TLS}
        given = content(body, "content")
        if not is_async:
            with module.Client(event_hooks=signing.event_hooks(hook), **settings) as client:
                return client.request(method, url, **given)

        async def later() -> Any:
            if "content" in given:
                given["content"] = _later(given["content"])
            async with module.AsyncClient(event_hooks=signing.async_event_hooks(hook), **settings) as client:
                return await client.request(method, url, **given)

        return asyncio.run(later())

    return call


async def _later(pieces: Any) -> Any:
    for piece in pieces:
        yield piece


def with_niquests(*, is_async: bool) -> Any:
    """Return a caller of niquests."""

    def call(hook: OAuthHook, method: str, url: str, body: str) -> Any:
        niquests = import_module("niquests")
        if not is_async:
            with niquests.Session(timeout=20, auth=hook) as session:
                session.trust_env = False
                return session.request(method, url, **content(body, "data"))

        async def later() -> Any:
            async with niquests.AsyncSession(timeout=20, auth=hook) as session:
                session.trust_env = False
                return await session.request(method, url, **content(body, "data"))

        return asyncio.run(later())

    return call


def with_aiohttp(hook: OAuthHook, method: str, url: str, body: str) -> Any:
    """Call by aiohttp."""
    aiohttp, signing = import_module("aiohttp"), import_module("oauth_hook.aiohttp")
    given = content(body, "data")
    if body == "generator":
        given["data"] = _later(given["data"])
    if body == "multipart":
        form = given["data"] = aiohttp.FormData(given["data"])
        name, file = given.pop("files")["file"]
        form.add_field("file", file, filename=name)

    async def later() -> Any:
        session = aiohttp.ClientSession(middlewares=[signing.OAuth(hook)])
        async with session, session.request(method, url, **given) as response:
            text = await response.text()
            return SimpleNamespace(status_code=response.status, text=text, json=lambda: json.loads(text))

    return asyncio.run(later())


CLIENTS: dict[str, tuple[str, Callable[..., Any]]] = {
    "requests, auth": ("requests", with_requests(lambda session, hook, url: setattr(session, "auth", hook))),
    "requests, pre_request": (
        "requests", with_requests(lambda session, hook, url: session.hooks.update(pre_request=[hook]), Session),
    ),
    "requests, OAuthAdapter": (
        "requests", with_requests(lambda session, hook, url: session.mount(_root(url), OAuthAdapter(hook))),
    ),
    "requests-futures": ("requests_futures", with_futures),
    "httpx, Client": ("httpx", with_httpx("httpx", is_async=False)),
    "httpx, AsyncClient": ("httpx", with_httpx("httpx", is_async=True)),
    "httpx2, Client": ("httpx2", with_httpx("httpx2", is_async=False)),
    "httpx2, AsyncClient": ("httpx2", with_httpx("httpx2", is_async=True)),
    "aiohttp, ClientSession": ("aiohttp", with_aiohttp),
    "niquests, Session": ("niquests", with_niquests(is_async=False)),
    "niquests, AsyncSession": ("niquests", with_niquests(is_async=True)),
}  # fmt: skip


def own_errors() -> list[type[Exception]]:
    """Return the error of aiohttp's, which is none of Python's kinds, where aiohttp is installed."""
    return [import_module("aiohttp").ClientPayloadError] if find_spec("aiohttp") else []


def _root(url: str) -> str:
    return "/".join(url.split("/")[:3])


def rows() -> list[Any]:
    """Return the client and placement of each row of the page's table."""
    found = re.findall(r"^   \* - (.+)\n     - ``(.+)``$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return [
        pytest.param(
            client, placement,
            marks=pytest.mark.skipif(
                find_spec(CLIENTS[client][0]) is None, reason=f"{CLIENTS[client][0]} is not installed here: see .ci/run"
            ),
        )
        for client, placement in found
    ]  # fmt: skip


def cells(client: str, placement: str) -> dict[str, str]:
    """Return what the page says of a row, by the kind of body."""
    text = PAGE.read_text(encoding="utf-8")
    row = re.search(
        rf"^   \* - {re.escape(client)}\n     - ``{re.escape(placement)}``\n((?:     - .*\n)+)", text, re.MULTILINE
    )
    assert row is not None
    return dict(zip(BODIES, re.findall("- (.*)", row[1]), strict=True))


def test_the_page_has_every_row():
    """Each client with each placement has a row, and each row says something of each kind of body."""
    named = [tuple(row.values) for row in rows()]
    assert named == [(client, placement) for client in CLIENTS for placement in PLACEMENTS]
    for client, placement in named:
        assert set(cells(client, placement).values()) <= {"all", "once"}


@pytest.mark.parametrize(("client", "placement"), rows())
@for_each("redirect", REDIRECTS)
def test_a_row_of_the_table(client, placement, redirect, home, abroad):
    """All that a row promises is verified by the provider, at each redirect; nothing of ours goes cross-origin."""
    call, said = CLIENTS[client][1], cells(client, placement)
    for body in BODIES:
        target = f"{abroad.url}/x" if redirect == "abroad" else f"{home.url}/api/resource/end"
        home.redirecting.plan[:] = [] if redirect == "none" else [(307 if redirect == "307" else 302, target)]
        hook = OAuthHook(
            home.token.key, home.token.secret, home.consumer.key, home.consumer.secret, placement=placement
        )
        asked = hook, "GET" if body == "none" else "POST", f"{home.resource_url}/hop", body
        if redirect == "307" and said[body] == "once":
            with pytest.raises((OSError, RuntimeError, *own_errors())):  # the client's own: nothing arrives cut off
                call(*asked)
            continue
        answer = call(*asked)
        assert answer.status_code == 200, (body, answer.text)
        if redirect == "abroad":
            got = abroad.last
            assert b"oauth_" not in got.target.encode() + got.authorization.encode() + got.body, body
        else:
            verified = answer.json()
            assert verified["user"] == "alice", body
            if redirect != "302" and body in ("file", "generator"):
                assert verified["body_length"] == len(OCTETS) + 3 * (body == "generator"), body
