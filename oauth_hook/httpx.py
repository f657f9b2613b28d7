"""The same signer for httpx and for httpx2, its continuation, sync and async (the extra ``httpx``)::

    hook = OAuthHook(access_token, access_token_secret, consumer_key, consumer_secret, header_auth=True)
    httpx.Client(auth=OAuth(hook), event_hooks=event_hooks(hook))
    httpx2.AsyncClient(auth=OAuth(hook), event_hooks=async_event_hooks(hook))

``event_hooks`` signs each request as it goes out, redirect hops too, and nothing abroad. ``OAuth``
signs a request once, and sends it once more where a refusal teaches the hook the server's time.

The hook knows ``PreparedRequest``, so each request gets a stand-in of that kind, among its extensions. httpx hands
those on from hop to hop: what a chain has been through stands there, and threads and tasks share nothing.
"""

from __future__ import annotations

import re
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator, Iterator
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any, NoReturn

import requests
from requests.structures import CaseInsensitiveDict

from .errors import UsageError, check_type
from .hook.attach import SignedRequest, attach
from .hook.hook import OAuthHook
from .hook.prepared import can_be_sent_again
from .hook.redirects import Status

__all__ = ["OAuth", "async_event_hooks", "event_hooks"]

# The lowest version of each client that the tests run with.
_LOWEST = {"httpx2": (2, 0), "httpx": (0, 26)}


def _clients() -> list[ModuleType]:
    """Import those of the clients that are installed.

    :raises ImportError: there is none, or none that is new enough.
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


_installed = _clients()
if TYPE_CHECKING:
    from httpx import Auth as _Auth
    from httpx import ByteStream as _ByteStream
    from httpx2 import Auth as _OtherAuth
    from httpx2 import ByteStream as _OtherByteStream
else:
    # A client takes its own kinds only; where both are installed, ours are of both.
    _Auth, _OtherAuth = [*(client.Auth for client in _installed), object][:2]
    _ByteStream, _OtherByteStream = [*(client.ByteStream for client in _installed), object][:2]

_BYTES = tuple(client.ByteStream for client in _installed)
_SYNC = tuple(client.SyncByteStream for client in _installed)
# What the clients make of a file or an iterable, and of ``files=``; the kinds have no public names.
_ITERATED = tuple(type(client.Request("POST", "http://localhost", content=[b""]).stream) for client in _installed)
_MULTIPART = tuple(type(client.Request("POST", "http://localhost", files={"": b""}).stream) for client in _installed)

_EXTENSION = "oauth_hook"
_READ = ("Authorization", "Content-Type", "Host")  # headers
_SHORT = 1 << 16  # octets of a refusal that is read for its reason


class OAuth(_Auth, _OtherAuth):
    """Signs a request, for ``auth=`` of a ``Client``, an ``AsyncClient`` or a single call.

    Redirects come after it: a hop has the signature of the first request, or none, and is refused
    for it. So add ``event_hooks``, which sign each hop. Without them a form with the signature in it is
    a ``UsageError`` where a redirect (307, 308) or a retry would send it again (its head is out by then,
    its body is not); what ``placement="query"`` put into an address goes where the server copies it to.

    A request's own ``OAuth`` has precedence over the client's ``event_hooks``, in hops too.

    :param hook: signs, with its placement, origins and all else.
    :raises UsageError: the hook is none.
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
        if _learn(response) and can_be_sent_again(response.request.extensions[_EXTENSION]):
            another = _copy_of(response)
            _sign(self.hook, another, alone=True)
            yield another

    def sync_auth_flow(self, request: Any) -> Generator[Any, Any, None]:
        """Do the same for a ``Client``."""
        flow = self.auth_flow(request)
        response = yield next(flow)
        if _is_to_be_read(response):
            response.read()
        with suppress(StopIteration):
            yield flow.send(response)

    async def async_auth_flow(self, request: Any) -> AsyncGenerator[Any, Any]:
        """Do the same for an ``AsyncClient``."""
        flow = self.auth_flow(request)
        response = yield next(flow)
        if _is_to_be_read(response):
            await response.aread()
        with suppress(StopIteration):
            yield flow.send(response)


def event_hooks(hook: OAuthHook) -> dict[str, list[Callable[..., Any]]]:
    """Return the ``event_hooks=`` of a ``Client``: each request is signed as it goes out, redirect hops included.

    At home a hop is signed for its own URL; a hop to another origin goes unsigned and carries
    nothing of ours, and so do those after it. Refusals correct the clock for the next request.

    :raises UsageError: the hook is none.
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

    def __call__(self, request: Any) -> Awaitable[None]:
        _sign(self.hook, request)
        return _Done()


@dataclass(frozen=True)
class _Learning:
    """The hook for ``response``."""

    def __call__(self, response: Any) -> Awaitable[None]:
        if _is_to_be_read(response):
            if not isinstance(response.stream, _SYNC):
                return self._later(response)
            response.read()
        _learn(response)
        return _Done()

    async def _later(self, response: Any) -> None:
        await response.aread()
        _learn(response)


class _StandIn(requests.PreparedRequest):
    """A request of httpx, as the hook sees it: what signing reads of it, and what becomes of that."""

    #: Its URL is as httpx sends it, and not as urllib3 would spell it.
    in_wire_form = True
    #: The request, for as long as there is one. A hop comes with the stand-in of the one before.
    stands_for: weakref.ref[Any]

    def copy(self) -> Any:
        """Return a copy, for the request after this one."""
        copied = _StandIn()
        vars(copied).update(vars(self), headers=self.headers.copy())
        return copied


def _sign(hook: OAuthHook, request: Any, *, alone: bool = False) -> None:
    """Sign a request for where it goes, or take out of it what is ours.

    :param alone: this hook signs it, and no other that the client may have.
    """
    source: Any = request.extensions.get(_EXTENSION)
    frozen = alone or (source is not None and source.oauth_state.is_frozen)
    if frozen and not alone:
        hook = source.oauth_state.handler
    stand_in: Any = _StandIn() if source is None else source.copy()
    shown = _show(request, stand_in)
    same = source is not None and source.stands_for() is request
    if source is None:
        hook(stand_in)
    elif same and not hook.is_pinned_elsewhere(stand_in.url):
        stand_in.oauth_state = stand_in.oauth_state._replace(is_frozen=False)
        hook(stand_in)
    else:
        hook.on_redirect(stand_in, source)
    if not isinstance(stand_in, SignedRequest):  # a subclass may pass a request over, and with it its redirects
        attach(stand_in, hook, status=Status.CROSS_ORIGIN)
    stand_in.oauth_state = stand_in.oauth_state._replace(handler=hook, source=None, is_frozen=frozen)
    if source is not None and hasattr(shown, "read"):
        _rewind(stand_in, must=not same)
    _put_back(request, stand_in)
    if stand_in.body is not shown:
        _replace_body(request, stand_in.body, once=alone and stand_in.oauth_state.status is Status.SIGNED)
    stand_in.stands_for = weakref.ref(request)
    request.extensions = {**request.extensions, _EXTENSION: stand_in}


def _show(request: Any, stand_in: _StandIn) -> Any:
    """Set what signing reads of a request, and return the body as it reads it."""
    stand_in.method, stand_in.url = request.method, _home_of(request) + _target_of(request)
    stand_in.headers = CaseInsensitiveDict({name: request.headers[name] for name in _READ if name in request.headers})
    stand_in.body = body = _body_of(request.stream)
    if stand_in._body_position is None and hasattr(body, "tell"):
        with suppress(OSError, ValueError):  # a pipe, a closed file
            stand_in._body_position = body.tell()
    return body


def _rewind(stand_in: Any, *, must: bool) -> None:
    """Have a file or multipart body go out from its beginning once more.

    :raises UsageError: it must, and it cannot. httpx would send what is left of it, which is nothing.
    """
    if can_be_sent_again(stand_in):
        stand_in.body.seek(stand_in._body_position)
    elif must:
        raise UsageError("a redirect asks for the body again, and it can be read only once: pass bytes or another file")


def _home_of(request: Any) -> str:
    return f"{request.url.scheme}://{request.url.netloc.decode('ascii')}"


def _target_of(request: Any) -> str:
    """Return path and query as they go out; the extension ``target`` displaces those of the URL.

    :raises UsageError: that is no path.
    """
    target = request.extensions.get("target", request.url.raw_path)
    with suppress(UnicodeDecodeError):
        text: str = target if isinstance(target, str) else target.decode()
        if text.startswith("/"):
            return text
    raise UsageError("the extension 'target' is no path with a query, and OAuth 1.0 signs nothing else: leave it out")


def _body_of(stream: Any) -> Any:
    """Return a body as signing sees it: text, or something that is not read.

    An empty one is ``None``: a hop that has become a GET keeps its ``Content-Type`` in httpx, and is no form.
    """
    if isinstance(stream, _Octets):
        return stream.octets or None
    if isinstance(stream, _BYTES):
        return b"".join(stream) or None
    if isinstance(stream, _MULTIPART):
        return _Multipart(stream)
    return getattr(stream, "_stream", stream) if type(stream) in _ITERATED else stream


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


def _put_back(request: Any, stand_in: Any) -> None:
    """Set the address and the headers of a request where they differ from its stand-in's."""
    target = stand_in.url.removeprefix(_home_of(request))
    if target != _target_of(request):
        if "target" in request.extensions:
            request.extensions = {**request.extensions, "target": target.encode()}
        else:
            request.url = request.url.copy_with(raw_path=target.encode("ascii"))
    for name in ("Authorization", "Content-Type"):
        value = stand_in.headers.get(name)
        if value is None:
            request.headers.pop(name, None)
        elif value != request.headers.get(name):
            request.headers[name] = value


def _replace_body(request: Any, body: bytes | str, *, once: bool) -> None:
    """Set the body of a request, and its length; with ``once``, redirects come after the signature in it."""
    content = body.encode() if isinstance(body, str) else body
    request.stream = _Octets(content)
    vars(request).pop("_content", None)  # else ``content`` would show what was there before
    request.read()
    request.stream = _Octets(content, once=once)
    if "Transfer-Encoding" not in request.headers:
        request.headers["Content-Length"] = str(len(content))


class _Octets(_ByteStream, _OtherByteStream):
    """A body in memory.

    :param once: it must not go out a second time, to where nobody has looked.
    """

    def __init__(self, octets: bytes, *, once: bool = False) -> None:
        super().__init__(octets)
        self.octets = octets
        self._left = 1.0 if once else float("inf")  # times

    def __iter__(self) -> Iterator[bytes]:
        yield self._going_out()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._going_out()

    def _going_out(self) -> bytes:
        if not self._left:
            raise UsageError(
                "a form with its signature was to go out a second time, after a redirect (307, 308) or as a retry, "
                "and OAuth cannot see where to: use event_hooks, which sign each redirect hop, or placement='header'"
            )
        self._left -= 1
        return self.octets


def _refused(response: Any) -> Any:
    """Return the stand-in of a signed request that was refused; ``None`` where that is not what happened."""
    stand_in = response.request.extensions.get(_EXTENSION) if response.is_error else None
    # A hop that nobody has signed carries the stand-in of the request before it.
    own = (
        stand_in is not None
        and stand_in.oauth_state.status is Status.SIGNED
        and stand_in.stands_for() is response.request
    )
    return stand_in if own else None


def _is_to_be_read(response: Any) -> bool:
    """Tell whether to read a refusal for its reason: a short one, as httpx does not tell who is to stream it."""
    length = response.headers.get("Content-Length", "")
    short = re.fullmatch("[0-9]{1,9}", length) is not None and int(length) <= _SHORT
    return short and not response.is_stream_consumed and _refused(response) is not None


def _learn(response: Any) -> bool:
    """Have the hook that signed a request learn from its refusal, and tell whether signing anew may help."""
    stand_in = _refused(response)
    if stand_in is None:
        return False
    content = b""
    with suppress(RuntimeError):  # ResponseNotRead
        content = response.content
    seen = {"status_code": response.status_code, "headers": response.headers, "content": content, "request": stand_in}
    return bool(stand_in.oauth_state.handler.learn_from(SimpleNamespace(**seen), False))


def _copy_of(response: Any) -> Any:
    """Return a copy of the request that was answered, to be sent once more."""
    request = response.request
    another = copy(request)  # which leaves out the stream and the extensions
    another.headers, another.stream, another.extensions = request.headers.copy(), request.stream, request.extensions
    if response.cookies:
        response.cookies.set_cookie_header(another)
    return another
