"""The same signer for aiohttp, as a client middleware (aiohttp 3.12 and up; the extra ``aiohttp``)::

    hook = OAuthHook(access_token, access_token_secret, consumer_key, consumer_secret, header_auth=True)
    async with aiohttp.ClientSession(middlewares=[OAuth(hook)]) as session:
        async with session.get("https://api.example.com/1/me.json") as response:
            ...

aiohttp asks its middlewares for each request that goes out, redirects too, so that each is signed for where it goes,
and nothing cross-origin is. The request that it makes for a redirect knows nothing of the one before it. What all
requests of a call have in common is the list of their traces (``trace_configs=``): there stands, among the caller's
and for as long as the call's responses live, what its redirects have been through. Tasks and threads share nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

try:
    import aiohttp
except ModuleNotFoundError as error:
    if error.name != "aiohttp":  # it is there, and something that it needs is not
        raise
    raise ImportError("oauth_hook.aiohttp needs aiohttp: pip install 'requests-oauth-hook[aiohttp]'") from None
from aiohttp.base_protocol import BaseProtocol
from aiohttp.payload import IOBasePayload, Payload
from aiohttp.tracing import Trace
from yarl import URL

from .errors import UsageError, check_type, conceal_frames
from .hook.clock import MAX_REPORT_BYTES, is_short_report
from .hook.hook import OAuthHook
from .hook.prepared import can_be_sent_again, read_message
from .hook.redirects import NullHandler, RequestState, Status
from .protocol.body_hash import encode_digest
from .protocol.message import Message
from .protocol.parameters import is_form

__all__ = ["OAuth"]

if TYPE_CHECKING:
    _Handler = Callable[[aiohttp.ClientRequest], Awaitable[aiohttp.ClientResponse]]

_LOWEST = (3, 12)  # the first that has client middlewares
if tuple(int(number) for number in re.findall(r"\d+", aiohttp.__version__)[:2]) < _LOWEST:
    needed = "aiohttp>={}.{}".format(*_LOWEST)
    raise ImportError(
        f"oauth_hook.aiohttp needs {needed}, and {aiohttp.__version__} is installed: pip install '{needed}'"
    )

# A subclass of the hook may pass a request over, and with it its redirects.
_PASSED_OVER = RequestState(Status.CROSS_ORIGIN, NullHandler())
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# Bytes that are hashed on the event loop; a longer piece is hashed in another thread.
MAX_BYTES_ON_LOOP = 1 << 20


class OAuth:
    """Signs each request of a ``ClientSession`` (``middlewares=``), or of one call, as it goes out.

    A same-origin redirect is signed for its own URL; a cross-origin one goes unsigned and carries nothing of ours,
    and so do those after it. Where a refusal teaches the hook the server's time, the request is sent once more, if
    its body can be; the refusal is not in ``response.history``, which is aiohttp's.

    :param hook: signs, with its placement, origins and all else.
    :raises UsageError: the hook is not an ``OAuthHook``.
    """

    def __init__(self, hook: OAuthHook) -> None:
        check_type(hook, OAuthHook, "hook", "an OAuthHook")
        self.hook = hook

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.hook!r})"

    def __call__(self, request: Any, handler: _Handler | None = None) -> Awaitable[aiohttp.ClientResponse]:
        """Sign a request, send it, and send it once more where its refusal taught the hook something.

        :raises UsageError: the request cannot be signed truthfully; it is left as it was.
        :raises ProviderError: a redirect would take what is ours to another origin, and cannot be stripped of it.
        """
        if handler is None:
            raise UsageError("oauth_hook.aiohttp.OAuth is for aiohttp: requests takes the hook itself, auth=hook")
        return self._send(request, handler)

    @conceal_frames
    async def _send(self, request: aiohttp.ClientRequest, handler: _Handler) -> aiohttp.ClientResponse:
        traces = _traces(request)
        chain = self._find_chain(traces) if traces else None
        outgoing = await _sign(self.hook, request, chain)
        response = await handler(request)
        if outgoing.oauth_state.is_to_learn_from(response.status):
            state = await _learn(outgoing, response)
            if state is not None:
                await _prepare_retry(request, response)
                outgoing = await _sign(self.hook, request, state=state)
                response = await handler(request)
                await _learn(outgoing, response)
        if response.status in _REDIRECTS:
            if chain is None:
                chain = _Chain(self)
                traces.append(chain)
            chain.state, chain.source = outgoing.oauth_state, read_message(outgoing)
        return response

    def _find_chain(self, traces: list[Any]) -> _Chain | None:
        """Return what the redirects of a call have been through; ``None``: there was none."""
        for trace in traces:
            if isinstance(trace, _Chain) and trace.middleware is self:
                return trace
        return None


_SILENT = aiohttp.TraceConfig()
_SILENT.freeze()


class _Chain(Trace):
    """What the redirects of a call have been through: one of its traces, and one that does nothing."""

    state: RequestState  #: of the last request that was redirected
    source: Message  #: that request, as it was sent

    def __init__(self, middleware: OAuth) -> None:
        super().__init__(None, _SILENT, None)  # type: ignore[arg-type]
        self.middleware = middleware


def _traces(request: Any) -> list[Any]:
    """Return the list of traces of a request, which all requests of a call have in common.

    :raises UsageError: the request has no such list. Then a redirect could not be told from another request.
    """
    traces = getattr(request, "_traces", None)
    if not isinstance(traces, list):
        raise UsageError(
            f"oauth_hook.aiohttp does not know aiohttp {aiohttp.__version__}: use the newest versions of both"
        )
    return traces


class _Outgoing:
    """A request of aiohttp as an ``OAuthHook`` reads and signs one: by the names that requests has for its parts."""

    in_wire_form = True  #: its URL is as aiohttp sends it, and not as urllib3 would spell it
    _body_position = None
    body_digest: str | None = None

    def __init__(self, request: aiohttp.ClientRequest, state: RequestState, body: Any) -> None:
        self.method, self.headers = request.method, request.headers
        self.url = str(request.url)
        self.proxies = {"http": str(request.proxy)} if request.proxy is not None else {}
        self.body = body
        self.oauth_state = state


async def _sign(
    hook: OAuthHook, request: aiohttp.ClientRequest, chain: _Chain | None = None, state: RequestState | None = None
) -> _Outgoing:
    """Sign a request for where it goes, or take out of it what is ours.

    :param chain: what its call has been through.
    :param state: that of one more attempt.
    :raises UsageError: it cannot be signed truthfully; it is left as it was.
    """
    signer: Any = hook
    body = _read_body(request) if request.body else None
    outgoing = _Outgoing(request, state or _PASSED_OVER, body)
    url = outgoing.url
    if chain is not None and (not _can_be_sent_again(body) or _is_left_over(body, chain.source.body)):
        raise UsageError("a redirect asks for the body again, and it can be read only once: pass bytes or another file")
    if hook.body_hash is not None and isinstance(body, Payload) and _is_to_be_signed(hook, url, chain):
        outgoing.body_digest = await _hash_payload(request, body, hook.body_hash)
    if chain is None:
        signer(outgoing)
    else:
        signer.on_redirect(outgoing, chain.state, chain.source)
    if outgoing.url != url:  # in its query
        before, query = request.url, outgoing.url.partition("?")[2]
        request.url = URL.build(
            scheme=before.scheme, authority=before.raw_authority, path=before.raw_path, query_string=query, encoded=True
        )
    if outgoing.body is not body:
        await _replace_body(request, outgoing.body)
    return outgoing


def _is_to_be_signed(hook: OAuthHook, url: str, chain: _Chain | None) -> bool:
    if chain is None:
        return not hook.is_pinned_elsewhere(url)
    return chain.state.status is not Status.CROSS_ORIGIN and hook.may_sign(chain.source.url, url)


def _read_body(request: aiohttp.ClientRequest) -> Any:
    """Return a body as signing sees it: the bytes of a form, or something that is not read."""
    body: Any = request.body
    is_read = isinstance(body, aiohttp.BytesPayload) and is_form(request.headers.get("Content-Type"))
    return bytes(body._value) if is_read else body


class _Digest:
    """What a body can be written to, to be hashed."""

    def __init__(self, algorithm: str) -> None:
        self.hash, self.is_empty = hashlib.new(algorithm), True

    async def write(self, piece: bytes) -> None:
        """Hash a piece."""
        self.is_empty = self.is_empty and not len(piece)
        if len(piece) > MAX_BYTES_ON_LOOP:
            await asyncio.to_thread(self.hash.update, piece)
        else:
            self.hash.update(piece)


async def _hash_payload(request: aiohttp.ClientRequest, payload: Payload, algorithm: str) -> str | None:
    """Return ``oauth_body_hash`` for a body that is read in pieces and rewound; ``None`` where it has none.

    aiohttp reads a file in another thread, and hands it on in pieces.

    :raises UsageError: it can be read only once, or is compressed as it is sent.
    """
    if is_form(request.headers.get("Content-Type")):
        return None
    if request.compress:
        raise UsageError(
            "body_hash covers a body as it is sent, and aiohttp compresses it only then: compress it yourself, and set "
            "its Content-Encoding, or leave compress or body_hash out"
        )
    if not _can_be_sent_again(payload):
        raise UsageError(
            f"body_hash covers the whole body before it is sent, and a {type(payload).__name__} can be read only once: "
            "pass bytes or a file that can be rewound, or leave body_hash out"
        )
    digest = _Digest(algorithm)
    await payload.write(digest)  # type: ignore[arg-type]
    return None if digest.is_empty else encode_digest(digest.hash.digest())


def _can_be_sent_again(body: Any) -> bool:
    """Tell whether aiohttp can send a body once more: bytes, files that can be rewound, and parts that are such."""
    if isinstance(body, aiohttp.MultipartWriter):
        return all(_can_be_sent_again(part) for part, *_ in body)
    if isinstance(body, IOBasePayload):  # which aiohttp closes once it is sent in 3.12.0
        return not getattr(body, "consumed", True) and can_be_sent_again(body._value, 0)
    return body is None or isinstance(body, bytes | aiohttp.BytesPayload)


def _is_left_over(body: Any, before: Any) -> bool:
    """Tell whether a redirect has what is left of a file: aiohttp 3.12 goes on where the request before it stopped."""
    is_file = isinstance(body, IOBasePayload) and isinstance(before, IOBasePayload)
    return is_file and body is not before and body._value is before._value


async def _replace_body(request: aiohttp.ClientRequest, body: bytes | str) -> None:
    """Have a request send a form that has been changed, or made."""
    content = body.encode() if isinstance(body, str) else body
    # A redirect takes its Content-Type from the body.
    payload = aiohttp.BytesPayload(content, content_type=request.headers["Content-Type"])
    if hasattr(request, "update_body"):
        await request.update_body(payload)
    else:  # in aiohttp 3.12.0
        request.headers.popall("Content-Length", None)
        if request.chunked:
            request.headers.popall("Transfer-Encoding", None)
        request.update_body_from_data(payload)
        request.update_transfer_encoding()


async def _learn(outgoing: _Outgoing, response: aiohttp.ClientResponse) -> RequestState | None:
    """Have the hook learn from a response, and return the state of one more attempt; ``None``: the response stands."""
    state = outgoing.oauth_state
    if not state.is_to_learn_from(response.status):
        return None
    return state.handler.learn_from(
        read_message(outgoing), state, response.status, response.headers, await _read_refusal(response),
        can_retry=_can_be_sent_again(outgoing.body),
    )  # fmt: skip


async def _read_refusal(response: aiohttp.ClientResponse) -> bytes:
    """Return a short body of a refusal, and leave it to be read or streamed once more."""
    if response.ok or not is_short_report(response.headers):
        return b""
    with suppress(aiohttp.ClientError):  # it was cut off, which its reader will find as well
        content = await response.read()
        loop = asyncio.get_running_loop()
        response.content = aiohttp.StreamReader(BaseProtocol(loop), MAX_REPORT_BYTES, loop=loop)
        response.content.feed_data(content)
        response.content.feed_eof()
        return content
    return b""


async def _prepare_retry(request: aiohttp.ClientRequest, response: aiohttp.ClientResponse) -> None:
    """Let go of a refusal, so that its request can be sent once more, with the cookies that it set."""
    response.release()
    await request.close()  # waits for what still sends the body
    jar = request.session.cookie_jar
    jar.update_cookies(response.cookies, response.url)
    set_now = jar.filter_cookies(request.url)
    request.update_cookies({name: set_now[name] for name in response.cookies if name in set_now})
