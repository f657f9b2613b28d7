"""The same signer for aiohttp, as a client middleware (aiohttp 3.12 and up; the extra ``aiohttp``)::

    hook = OAuthHook(access_token, access_token_secret, consumer_key, consumer_secret, header_auth=True)
    async with aiohttp.ClientSession(middlewares=[OAuth(hook)]) as session:
        async with session.get("https://api.example.com/1/me.json") as response:
            ...

aiohttp asks its middlewares for each request that goes out, redirects too, so that each is signed for where it goes,
and nothing cross-origin is. What it makes for a redirect says nothing of the request before it, except that the list
of traces is the call's: by that a redirect finds what it has been through, for as long as aiohttp keeps the
responses that led to it. Tasks and threads share nothing.
"""

from __future__ import annotations

import asyncio
import re
import weakref
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, NamedTuple

try:
    import aiohttp
except ModuleNotFoundError as error:
    if error.name != "aiohttp":  # it is there, and something that it needs is not
        raise
    raise ImportError("oauth_hook.aiohttp needs aiohttp: pip install 'requests-oauth-hook[aiohttp]'") from None
from aiohttp.base_protocol import BaseProtocol
from yarl import URL

from .errors import UsageError, check_type
from .hook.hook import MAX_REPORT_BYTES, OAuthHook
from .hook.prepared import read_message
from .hook.redirects import RequestState, Status
from .protocol.body_hash import encode_digest
from .protocol.message import Message

__all__ = ["OAuth"]

if TYPE_CHECKING:
    _Handler = Callable[[aiohttp.ClientRequest], Awaitable[aiohttp.ClientResponse]]

_LOWEST = (3, 12)  # the first that has client middlewares
if tuple(int(number) for number in re.findall(r"\d+", aiohttp.__version__)[:2]) < _LOWEST:
    needed = "aiohttp>={}.{}".format(*_LOWEST)
    raise ImportError(
        f"oauth_hook.aiohttp needs {needed}, and {aiohttp.__version__} is installed: pip install '{needed}'"
    )

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class _Sent(NamedTuple):
    """How a request was sent that its server redirected."""

    state: RequestState
    message: Message
    request: weakref.ref[aiohttp.ClientRequest]
    response: weakref.ref[aiohttp.ClientResponse]
    source: _Sent | None  #: the request before it, where it was a redirect itself


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
        self._calls: dict[int, _Sent] = {}  # by the identity of the list of traces that a call has

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.hook!r})"

    def __call__(self, request: Any, handler: _Handler | None = None) -> Awaitable[aiohttp.ClientResponse]:
        """Sign a request, send it, and send it once more where its refusal taught the hook something.

        :raises UsageError: the request cannot be signed truthfully; it is left as it was.
        """
        if handler is None:
            raise UsageError("oauth_hook.aiohttp.OAuth is for aiohttp: requests takes the hook itself, auth=hook")
        return self._send(request, handler)

    async def _send(self, request: aiohttp.ClientRequest, handler: _Handler) -> aiohttp.ClientResponse:
        source = self._find_source(request)
        outgoing = await self._sign(request, source)
        response = await handler(request)
        if await _may_help(outgoing, response):
            response.close()
            jar = request.session.cookie_jar
            jar.update_cookies(response.cookies, response.url)
            request.update_cookies(jar.filter_cookies(request.url))
            outgoing = await self._sign(request, source)
            response = await handler(request)
        if response.status in _REDIRECTS:
            self._remember(request, response, outgoing, source)
        return response

    def _find_source(self, request: aiohttp.ClientRequest) -> _Sent | None:
        """Return how the request was sent that this one is a redirect of; ``None`` where it is none."""
        traces = _traces(request)
        sent = self._calls.get(id(traces))
        response = None if sent is None else sent.response()
        if sent is None or response is None or _traces(response) is not traces:
            return None
        # Another middleware may send the very request again that was redirected.
        return sent.source if sent.request() is request else sent

    def _remember(
        self,
        request: aiohttp.ClientRequest,
        response: aiohttp.ClientResponse,
        outgoing: _Outgoing,
        source: _Sent | None,
    ) -> None:
        """Keep how a request was sent for the redirect that may follow, as long as its response is there."""
        key, calls = id(_traces(request)), self._calls

        def forget(reference: weakref.ref[Any]) -> None:
            if key in calls and calls[key].response is reference:
                del calls[key]

        calls[key] = _Sent(
            outgoing.oauth_state,
            read_message(outgoing),
            weakref.ref(request),
            weakref.ref(response, forget),
            source,
        )

    async def _sign(self, request: aiohttp.ClientRequest, source: _Sent | None) -> _Outgoing:
        """Sign a request for where it goes, or take out of it what is ours."""
        hook: Any = self.hook
        outgoing = _Outgoing(request, RequestState(Status.CROSS_ORIGIN, hook), await _read_body(request))
        if source is not None and outgoing.is_stream and not _can_be_sent_again(request.body):
            raise UsageError(
                "a redirect asks for the body again, and it can be read only once: pass bytes or another file"
            )
        if hook.body_hash is not None and outgoing.is_stream:
            outgoing.body_digest = await _hash_payload(request.body, hook.body_hash)
        if source is None:
            hook(outgoing)
        else:
            hook.on_redirect(outgoing, source.state, source.message)
        await outgoing.put_back()
        return outgoing


class _Outgoing:
    """A request of aiohttp as an ``OAuthHook`` reads and signs one: by the names that requests has for its parts."""

    in_wire_form = True  #: its URL is as aiohttp sends it, and not as urllib3 would spell it
    _body_position = None

    def __init__(self, request: aiohttp.ClientRequest, state: RequestState, body: Any) -> None:
        self._request = request
        self.method, self.headers = request.method, request.headers
        self.url = self._url_before = str(request.url)
        self.body = self._body_before = body
        self.body_digest: str | None = None
        self.oauth_state = state

    @property
    def is_stream(self) -> bool:
        """Whether the body is something that signing does not read."""
        return self.body is not None and not isinstance(self.body, bytes)

    async def put_back(self) -> None:
        """Set the URL and the body of the request where signing changed them; its headers are set."""
        request = self._request
        if self.url != self._url_before:
            request.url = URL(self.url, encoded=True)
        if self.body is self._body_before:
            return
        body: Any = self.body.encode() if isinstance(self.body, str) else self.body
        if hasattr(request, "update_body"):
            await request.update_body(body)
        else:  # before aiohttp 3.12.7
            del request.headers["Content-Length"]
            request.update_body_from_data(body)
        self.body = self._body_before = body


def _traces(of: Any) -> list[Any]:
    """Return the list of traces of a request's or a response's call, which all of a call have in common.

    :raises UsageError: there is none. Then a redirect could not be told from another request.
    """
    try:
        traces: list[Any] = of._traces
    except AttributeError:
        raise UsageError(
            f"oauth_hook.aiohttp does not know aiohttp {aiohttp.__version__}: use the newest versions of both"
        ) from None
    return traces


async def _read_body(request: aiohttp.ClientRequest) -> Any:
    """Return a body as signing sees it: bytes, or something that is not read; ``None``: there is none."""
    payload: Any = request.body
    if isinstance(payload, aiohttp.BytesPayload):
        # ``decode`` is all that aiohttp 3.12.0 has; Latin-1 gives the very bytes back.
        payload = await payload.as_bytes() if hasattr(payload, "as_bytes") else payload.decode("latin-1")
        payload = payload.encode("latin-1") if isinstance(payload, str) else bytes(payload)
    return payload or None


def _can_be_sent_again(payload: Any) -> bool:
    """Tell whether a body can be read from its beginning once more: aiohttp knows the size of what can."""
    return payload.size is not None and not getattr(payload, "consumed", True)


class _Digest:
    """What a body can be written to, to be hashed."""

    def __init__(self, algorithm: str) -> None:
        import hashlib

        self.hash, self.length = hashlib.new(algorithm), 0

    async def write(self, chunk: bytes) -> None:
        """Add to the digest."""
        self.hash.update(chunk)
        self.length += len(chunk)


async def _hash_payload(payload: Any, algorithm: str) -> str | None:
    """Return ``oauth_body_hash`` for a body that is read in pieces and rewound; ``None`` for an empty one.

    :raises UsageError: it cannot be rewound.
    """
    if not _can_be_sent_again(payload):
        raise UsageError(
            f"body_hash covers the whole body before it is sent, and a {type(payload).__name__} can be read only once: "
            "pass bytes or a file that can be rewound, or leave body_hash out"
        )
    digest = _Digest(algorithm)
    await payload.write(digest)
    return encode_digest(digest.hash.digest()) if digest.length else None


async def _may_help(outgoing: _Outgoing, response: aiohttp.ClientResponse) -> bool:
    """Have the hook learn from a refusal, and tell whether to send its request once more."""
    state = outgoing.oauth_state
    if response.ok or state.status is not Status.SIGNED:
        return False
    content = await _read_refusal(response)
    learned = state.handler.learn_from(read_message(outgoing), response.status, response.headers, content)
    return learned and (not outgoing.is_stream or _can_be_sent_again(outgoing.body))


async def _read_refusal(response: aiohttp.ClientResponse) -> bytes:
    """Return a short body of a refusal, and leave it to be read or streamed once more."""
    length = response.headers.get("Content-Length", "")
    if not re.fullmatch("[0-9]{1,9}", length) or int(length) > MAX_REPORT_BYTES:
        return b""
    content = await response.read()
    loop = asyncio.get_running_loop()
    stream = aiohttp.StreamReader(BaseProtocol(loop), MAX_REPORT_BYTES, loop=loop)
    stream.feed_data(content)
    stream.feed_eof()
    response.content = stream
    return content
