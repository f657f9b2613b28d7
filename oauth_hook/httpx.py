"""The same signer for httpx and for httpx2, its continuation, sync and async (the extra ``httpx``)::

    hook = OAuthHook(access_token, access_token_secret, consumer_key, consumer_secret, header_auth=True)
    httpx.Client(auth=OAuth(hook), event_hooks=event_hooks(hook))
    httpx2.AsyncClient(auth=OAuth(hook), event_hooks=async_event_hooks(hook))

``event_hooks`` signs each request as it goes out, redirects too, and nothing cross-origin. ``OAuth``
signs a request once, and sends it once more where a refusal teaches the hook the server's time.

What was signed stands among the extensions of its request, which httpx hands on to the redirect that follows: what
a chain of redirects has been through stands there, and threads and tasks share nothing.
"""

from __future__ import annotations

import re
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator, Iterator
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from requests.utils import get_environ_proxies

from .errors import UsageError, check_type, conceal_frames
from .hook.clock import is_short_report
from .hook.hook import OAuthHook
from .hook.prepared import can_be_sent_again, is_used_up, read_message
from .hook.redirects import RequestState, Status
from .protocol.message import Message

__all__ = ["OAuth", "async_event_hooks", "event_hooks"]

# The lowest version of each client that the tests run with.
_LOWEST = {"httpx2": (2, 0), "httpx": (0, 26)}


def _import_clients() -> list[ModuleType]:
    """Import those of the clients that are installed.

    :raises ImportError: neither is installed, or neither is new enough.
    """
    found, problem = [], "oauth_hook.httpx needs httpx2 or httpx: pip install 'requests-oauth-hook[httpx]'"
    for name, lowest in _LOWEST.items():
        try:
            module = import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:  # it is there, and something that it needs is not
                raise
            continue
        if tuple(int(number) for number in re.findall(r"\d+", module.__version__)[:2]) >= lowest:
            found.append(module)
        else:
            needed = f"{name}>={lowest[0]}.{lowest[1]}"
            problem = f"oauth_hook.httpx needs {needed}, and {module.__version__} is installed: pip install '{needed}'"
    if not found:
        raise ImportError(problem)
    return list(dict.fromkeys(found))  # httpx2 may stand in for httpx (alias_httpx)


_installed = _import_clients()
if TYPE_CHECKING:
    from httpx import Auth as _Auth
    from httpx import ByteStream as _ByteStream
    from httpx2 import Auth as _OtherAuth
    from httpx2 import ByteStream as _OtherByteStream
else:
    # A client takes its own kinds only; where both are installed, ours are of both.
    _Auth, _OtherAuth = [*(client.Auth for client in _installed), object][:2]
    _ByteStream, _OtherByteStream = [*(client.ByteStream for client in _installed), object][:2]

# The kinds of body of each client that have public names.
_BYTES = tuple(client.ByteStream for client in _installed)
_SYNC = tuple(client.SyncByteStream for client in _installed)

_EXTENSION = "oauth_hook"


class OAuth(_Auth, _OtherAuth):
    """Signs a request, for ``auth=`` of a ``Client``, an ``AsyncClient`` or a single call.

    Redirects come after it: a redirect has the signature of the first request, or none, and is refused
    for it. So add ``event_hooks``, which sign each redirect. Without them a form with the signature in it is
    a ``UsageError`` where a redirect (307, 308) or a retry would send it again (its head is out by then,
    its body is not); what ``placement="query"`` put into a URL goes where the server copies it to.

    A request's own ``OAuth`` has precedence over the client's ``event_hooks``, in redirects too.

    :param hook: signs, with its placement, origins and all else.
    :raises UsageError: the hook is not an ``OAuthHook``.
    """

    def __init__(self, hook: OAuthHook) -> None:
        check_type(hook, OAuthHook, "hook", "an OAuthHook")
        self.hook = hook

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.hook!r})"

    def __call__(self, request: Any) -> NoReturn:
        """Raise a ``UsageError``: requests and niquests call their ``auth``, and take the hook itself."""
        raise UsageError("oauth_hook.httpx.OAuth is for httpx: requests and niquests take the hook itself, auth=hook")

    def auth_flow(self, request: Any) -> Generator[Any, Any, None]:
        """Sign a request; and once more, where its refusal taught the hook something and its body can be sent again.

        :raises UsageError: the request cannot be signed truthfully; it is left as it was.
        """
        _sign(self.hook, request, alone=True)
        response = yield request
        for earlier in response.history:
            _learn(earlier)
        state = _learn(response, can_retry=True)
        if state is not None:
            retry = _copy_request(response, state)
            _sign(self.hook, retry, alone=True)
            second = yield retry
            for each in (*second.history, second):  # which shows whether that has helped
                if each is not response:
                    _learn(each)

    def sync_auth_flow(self, request: Any) -> Generator[Any, Any, None]:
        """Do the same for a ``Client``."""
        flow = self.auth_flow(request)
        request = next(flow)
        with suppress(StopIteration):
            while True:
                response = yield request
                if _is_to_be_read(response):
                    response.read()
                request = flow.send(response)

    async def async_auth_flow(self, request: Any) -> AsyncGenerator[Any, Any]:
        """Do the same for an ``AsyncClient``."""
        flow = self.auth_flow(request)
        request = next(flow)
        with suppress(StopIteration):
            while True:
                response = yield request
                if _is_to_be_read(response):
                    await response.aread()
                request = flow.send(response)


def event_hooks(hook: OAuthHook) -> dict[str, list[Callable[..., Any]]]:
    """Return the ``event_hooks=`` of a ``Client``: each request is signed as it goes out, redirects included.

    A same-origin redirect is signed for its own URL; a cross-origin one goes unsigned and carries
    nothing of ours, and so do those after it. Refusals correct the clock for the next request.

    :raises UsageError: the hook is not an ``OAuthHook``.
    """
    check_type(hook, OAuthHook, "hook", "an OAuthHook")
    return {"request": [_Signing(hook)], "response": [_Learning()]}


def async_event_hooks(hook: OAuthHook) -> dict[str, list[Callable[..., Any]]]:
    """Return the ``event_hooks=`` of an ``AsyncClient``; see ``event_hooks``."""
    return event_hooks(hook)


class _Done:
    """What an ``AsyncClient`` awaits of a hook that has done its work."""

    def __await__(self) -> Generator[Any, Any, None]:
        yield from ()


@dataclass(frozen=True)
class _Signing:
    """The hook for ``request``. It signs when called, and not when awaited, which a ``Client`` would never do."""

    hook: OAuthHook

    @conceal_frames
    def __call__(self, request: Any) -> Awaitable[None]:
        _sign(self.hook, request)
        return _Done()


@dataclass(frozen=True)
class _Learning:
    """The hook for ``response``."""

    def __call__(self, response: Any) -> Awaitable[None]:
        sent = response.request.extensions.get(_EXTENSION)
        if sent is not None and sent.state.is_frozen:  # an OAuth sends it once more, and learns for itself
            return _Done()
        if _is_to_be_read(response):
            if not isinstance(response.stream, _SYNC):
                return self._later(response)
            response.read()
        _learn(response)
        return _Done()

    async def _later(self, response: Any) -> None:
        await response.aread()
        _learn(response)


class _Sent(NamedTuple):
    """What the extensions of a request say: how it was sent. A redirect comes with what the request before it says."""

    state: RequestState
    message: Message
    body_position: int | None  #: where a file began
    request: weakref.ref[Any]  #: whose it is, for as long as that is there


class _Outgoing:
    """A request of httpx as an ``OAuthHook`` reads and signs one: by the names that requests has for its parts."""

    in_wire_form = True  #: its URL is as httpx sends it, and not as urllib3 would spell it

    def __init__(self, request: Any, state: RequestState, body_position: int | None) -> None:
        self.method, self.headers = request.method, request.headers
        self.url = _origin_url(request) + _read_target(request)
        self.body = self.body_before = _read_body(request.stream)
        self.oauth_state = state
        self._body_position = body_position
        if body_position is None and hasattr(self.body, "tell"):
            with suppress(OSError, ValueError):  # a pipe, a closed file
                self._body_position = self.body.tell()

    @property
    def proxies(self) -> dict[str, str]:
        """Those of the environment. httpx tells nobody about others, nor whether it minds these (``trust_env``)."""
        return get_environ_proxies(self.url)

    def rewind(self, *, must: bool) -> None:
        """Have a file or multipart body go out from its beginning once more.

        :raises UsageError: it must, and it cannot. httpx would send what is left of it, which is nothing.
        """
        is_file = hasattr(self.body, "read")
        if is_file and can_be_sent_again(self.body, self._body_position):
            self.body.seek(self._body_position)
        elif is_file and must:
            raise UsageError(
                "a redirect asks for the body again, and it can be read only once: pass bytes or another file"
            )


@conceal_frames
def _sign(hook: OAuthHook, request: Any, *, alone: bool = False) -> None:
    """Sign a request for where it goes, or take out of it what is ours.

    :param alone: this hook signs it, and no other that the client may have.
    :raises UsageError: the request cannot be signed truthfully; it is left as it was.
    """
    sent: _Sent | None = request.extensions.get(_EXTENSION)
    is_frozen = alone or (sent is not None and sent.state.is_frozen)
    signer: Any = sent.state.handler if sent is not None and is_frozen and not alone else hook
    if sent is None:
        # A subclass of the hook may pass it over, and with it its redirects.
        outgoing = _Outgoing(request, RequestState(Status.CROSS_ORIGIN, signer), None)
        signer(outgoing)
    else:
        # What the client sends a second time, or two hooks sign, is no redirect, wherever it goes.
        is_redirect = sent.request() is not request
        outgoing = _Outgoing(request, sent.state, sent.body_position)
        outgoing.rewind(must=is_redirect)
        if is_redirect or sent.state.status is Status.CROSS_ORIGIN or signer.is_pinned_elsewhere(outgoing.url):
            signer.on_redirect(outgoing, sent.state, sent.message)
        else:
            signer(outgoing)
    state = outgoing.oauth_state._replace(handler=signer, is_frozen=is_frozen)
    _put_back(request, outgoing, once=alone and state.status is Status.SIGNED)
    sent = _Sent(state, read_message(outgoing), outgoing._body_position, weakref.ref(request))
    request.extensions = {**request.extensions, _EXTENSION: sent}


def _origin_url(request: Any) -> str:
    return f"{request.url.scheme}://{request.url.netloc.decode('ascii')}"


def _read_target(request: Any) -> str:
    """Return path and query as they go out; the extension ``target`` displaces those of the URL.

    :raises UsageError: it is not a path.
    """
    target = request.extensions.get("target", request.url.raw_path)
    with suppress(UnicodeDecodeError):
        text: str = target if isinstance(target, str) else target.decode()
        if text.startswith("/"):
            return text
    raise UsageError("the extension 'target' is no path with a query, and OAuth 1.0 signs nothing else: leave it out")


def _read_body(stream: Any) -> Any:
    """Return a body as signing sees it: bytes, or something that is not read.

    An empty one is ``None``: a redirect that has become a GET keeps its ``Content-Type`` in httpx, and is no form.
    """
    if isinstance(stream, _SignedForm):
        return stream.content or None
    if isinstance(stream, _BYTES):
        return b"".join(stream) or None
    if type(stream).__module__.partition(".")[0] not in _LOWEST:
        return stream
    # What a client makes of ``files=``, of a file or of an iterable; the kinds have no public names.
    return _Multipart(stream) if hasattr(stream, "fields") else getattr(stream, "_stream", stream)


class _Multipart:
    """A multipart body, as a file that ``body_hash`` can read. httpx reads the parts from their beginning each time."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._pieces: Iterator[bytes] = iter(())

    def seekable(self) -> bool:
        """Tell whether it can be read again: all parts are text, or files that can be rewound."""
        parts = [getattr(field, "file", b"") for field in self._stream.fields]
        return all(isinstance(part, bytes | str) or (hasattr(part, "seekable") and part.seekable()) for part in parts)

    def tell(self) -> int:
        """Return where it begins."""
        return 0

    def seek(self, position: int) -> None:
        """Begin again."""
        if not self.seekable():
            raise OSError
        self._pieces = iter(self._stream)

    def read(self, size: int) -> bytes:
        """Return the next piece, of httpx' own size; nothing at the end."""
        return next((piece for piece in self._pieces if piece), b"")


class _SignedForm(_ByteStream, _OtherByteStream):
    """A form with parameters of ours in it, or with them taken out.

    :param once: it must not go out a second time: a redirect would take it where no hook has looked.
    """

    def __init__(self, content: bytes, *, once: bool) -> None:
        super().__init__(content)
        self.content = content
        self._once, self._is_sent = once, False

    def __iter__(self) -> Iterator[bytes]:
        yield self._send()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._send()

    def _send(self) -> bytes:
        if self._once and self._is_sent:
            raise UsageError(
                "a form with its signature was to go out a second time, after a redirect (307, 308) or as a retry, "
                "and OAuth cannot see where to: use event_hooks, which sign each redirect, or placement='header'"
            )
        self._is_sent = True
        return self.content


def _put_back(request: Any, outgoing: _Outgoing, *, once: bool) -> None:
    """Set the URL and the body of a request where signing changed them; its headers are set.

    :param once: redirects come after the signature in a body.
    """
    target = outgoing.url.removeprefix(_origin_url(request))
    if target != _read_target(request):
        if "target" in request.extensions:
            request.extensions = {**request.extensions, "target": target.encode()}
        else:
            request.url = request.url.copy_with(raw_path=target.encode("ascii"))
    if outgoing.body is not outgoing.body_before:
        body: Any = outgoing.body
        content = body.encode() if isinstance(body, str) else body
        request.stream = _SignedForm(content, once=once)
        request._content = content  # what ``content`` shows, which httpx keeps beside the stream
        if "Transfer-Encoding" in request.headers:
            request.headers.pop("Content-Length", None)


def _find_sent(response: Any) -> _Sent | None:
    """Return how a request was sent whose response teaches something; ``None`` where it does not.

    It was signed, and it was refused or tried out an offset of the clock.
    """
    sent: _Sent | None = response.request.extensions.get(_EXTENSION)
    if sent is None or not sent.state.is_to_learn_from(response.status_code):
        return None
    # A redirect that was not signed comes with what the request before it says.
    return sent if sent.request() is response.request else None


def _is_to_be_read(response: Any) -> bool:
    """Tell whether to read a refusal for its reason: a short one, as httpx does not tell who is to stream it."""
    short = is_short_report(response.headers)
    return short and response.is_error and not response.is_stream_consumed and _find_sent(response) is not None


def _learn(response: Any, *, can_retry: bool = False) -> RequestState | None:
    """Have the hook that signed a request learn from its response, and return the state of one more attempt."""
    sent = _find_sent(response)
    if sent is None:
        return None
    content = b""
    with suppress(RuntimeError):  # ResponseNotRead
        content = response.content
    state, request = sent.state, response.request
    request.extensions = {**request.extensions, _EXTENSION: sent._replace(state=state._replace(trial=None))}
    return state.handler.learn_from(
        sent.message, state, response.status_code, response.headers, content,
        can_retry=can_retry and not is_used_up(sent.message.body, sent.body_position),
    )  # fmt: skip


def _copy_request(response: Any, state: RequestState) -> Any:
    """Return a copy of the request of a response, to be signed in that state and sent once more."""
    request = response.request
    copied = copy(request)  # which leaves out the stream and the extensions
    copied.headers, copied.stream = request.headers.copy(), request.stream
    sent = request.extensions[_EXTENSION]._replace(state=state, request=weakref.ref(copied))
    copied.extensions = {**request.extensions, _EXTENSION: sent}
    if response.cookies:
        response.cookies.set_cookie_header(copied)
    return copied
