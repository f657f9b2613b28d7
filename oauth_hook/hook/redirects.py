"""What becomes of a signed request after it was sent: redirect hops, and one more attempt.

``requests`` makes a redirect hop of ``request.copy()``: it sets the hop's URL, method and
body, and then calls ``prepare_cookies`` on it. So a request that was signed is turned into
a ``SignedRequest``, whose copies tell their hook at that moment where they are bound for.
Nothing of ``requests`` is patched, and all else about redirects is as it does them.
niquests, which descends from ``requests``, makes its hops the same way; its attempts may be asynchronous.
"""

from __future__ import annotations

import inspect
import sys
import time
from datetime import timedelta
from functools import lru_cache, partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Protocol

import requests
from requests.cookies import extract_cookies_to_jar
from requests.utils import rewind_body

from .prepared import can_be_sent_again, is_used_up

if TYPE_CHECKING:
    from ..protocol.encoding import Pair

    _Prepared = requests.PreparedRequest
else:
    _Prepared = object  # it is mixed into the class of requests', or of niquests'

__all__ = ["SignedRequest", "accompany", "is_niquests", "settle"]


class Follower(Protocol):
    """A hook, as what it signed knows it."""

    def __call__(self, request: Any) -> Any:
        """Sign a request."""

    def follow(self, hop: SignedRequest, source: SignedRequest) -> None:
        """Sign a redirect hop for where it goes, or strip it."""

    def learn_from(self, response: requests.Response, streamed: bool) -> bool:
        """Learn from a refusal, and tell whether signing anew may help."""


class SignedRequest(_Prepared):
    """What a prepared request gains whose hook follows it.

    A mere copy is as it was. It pickles as the plain request that it is, without its hook
    and so without secrets.
    """

    #: Whether it carries a signature of its hook's.
    signed: bool = True
    #: Whether a redirect has led it away from home, where it is not signed any more.
    abroad: bool = False
    #: Whether it is the second attempt at a refused request, and so the last.
    again: bool = False
    #: Whether its own hook alone may sign it, and not one that the session has besides.
    settled: bool = False
    #: Whether it is a hop whose body was read by the request before it.
    used_up: bool = False
    #: The signature base string (RFC 5849 s3.4.1) that was signed; empty where it is not signed.
    base_string: str = ""

    _plain: type[requests.PreparedRequest]
    _hook: Follower
    _source: SignedRequest | None = None  # what this is a copy of, until it is known where it goes
    _sent: frozenset[Pair] = frozenset()  # protocol parameters that earlier hops carried

    def copy(self) -> SignedRequest:
        """Return a copy, which is signed anew if it becomes a redirect hop."""
        copied: Any = super().copy()
        copied.__class__ = type(self)
        for name in ("_hook", "_sent", "signed", "abroad", "settled", "base_string"):
            setattr(copied, name, getattr(self, name))
        copied._source = self
        return copied  # type: ignore[no-any-return]

    def prepare_cookies(self, cookies: Any) -> None:
        """Set the cookies; a redirect hop is signed for where it goes, or stripped, at that moment."""
        super().prepare_cookies(cookies)
        source, self._source = self._source, None
        if source is not None:
            self._hook.follow(self, source)
            self.used_up = is_used_up(self)

    @property
    def path_url(self) -> str:
        """The target of the request, which clients ask for when they send it.

        :raises requests.exceptions.UnrewindableBodyError: the body is not there any more. An empty one in its
            place, which is what requests would send, would be taken for the whole of it.
        """
        if self.used_up:
            client: Any = requests if isinstance(self, requests.PreparedRequest) else sys.modules["niquests"]
            raise client.exceptions.UnrewindableBodyError(
                "a redirect asks for the body again, and it was a stream that can be read once: pass bytes or a file"
            )
        url: str = super().path_url
        return url

    def prepare_auth(self, auth: Any, url: str | bytes = "") -> None:
        """Take other credentials; but ``.netrc``'s, a pair, do not displace a signature on a redirect hop."""
        if not (self.signed and isinstance(auth, tuple)):
            super().prepare_auth(auth, url)

    def prepare(self, *args: Any, **kwargs: Any) -> None:
        """Prepare another request in the place of this one."""
        self.signed = self.abroad = self.again = self.settled = self.used_up = False
        self._source, self._sent, self.base_string = None, frozenset(), ""
        super().prepare(*args, **kwargs)

    def __reduce__(self) -> Any:
        state = {name: value for name, value in self.__dict__.items() if name not in _OURS}
        state["hooks"] = {event: [h for h in hooks if h not in _OUR_HOOKS] for event, hooks in self.hooks.items()}
        return _restored, (self._plain, state)


_OURS = frozenset({"signed", "abroad", "again", "settled", "used_up", "base_string", "_hook", "_source", "_sent"})


def _restored(kind: type[requests.PreparedRequest], state: dict[str, Any]) -> requests.PreparedRequest:
    request = kind()
    request.__dict__.update(state)
    return request


@lru_cache
def _signed_kind(plain: type[requests.PreparedRequest]) -> type[SignedRequest]:
    """Return the class for a signed request that was of this one."""
    return type(f"Signed{plain.__name__}", (SignedRequest, plain), {"_plain": plain})


_SIGNED = _signed_kind(requests.PreparedRequest)


def accompany(request: Any, hook: Follower, *, signed: bool, base_string: str = "") -> None:
    """Have a hook follow a request that it has seen, to where redirects lead it and to a refusal.

    Requests of other libraries than ``requests`` and niquests go their own ways.
    """
    kind: Any = type(request)
    if kind is requests.PreparedRequest:
        request.__class__ = _SIGNED
    elif isinstance(request, SignedRequest):
        request._source, request.signed = None, True
    elif isinstance(request, requests.PreparedRequest) or is_niquests(request, "PreparedRequest"):
        request.__class__ = _signed_kind(kind)
    else:
        return
    request._hook, request.base_string = hook, base_string
    if not signed:
        request.signed = False
    hooks = request.hooks["response"]
    hook_of_answers = answered if isinstance(request, requests.PreparedRequest) else answered_by_niquests
    if hook_of_answers not in hooks:
        hooks.insert(0, hook_of_answers)


def is_niquests(request: object, name: str) -> bool:
    """Tell whether an object is of a class of niquests, which nobody has imported yet if it is not."""
    return isinstance(request, getattr(sys.modules.get("niquests"), name, ()))


class _Nobody:
    """Follows a request that nobody is to sign."""

    def __call__(self, request: Any) -> Any:
        return request

    def follow(self, hop: SignedRequest, source: SignedRequest) -> None:
        """Leave a redirect hop unsigned."""
        hop.signed = False

    def learn_from(self, response: requests.Response, streamed: bool) -> bool:
        """Learn nothing."""
        return False


def settle(request: requests.PreparedRequest) -> None:
    """Keep a request as it was signed, or unsigned, whatever hooks the session and its adapters have."""
    if not isinstance(request, SignedRequest):
        accompany(request, _Nobody(), signed=False)
    if isinstance(request, SignedRequest):
        request.settled = True


def answered(response: requests.Response, **kwargs: Any) -> requests.Response | None:
    """Send a refused request once more, where the refusal taught its hook something (a response hook).

    The refused answer goes into the history of the new one, as with ``HTTPDigestAuth``.
    """
    streamed = kwargs.get("stream", False)
    if not _is_refusal(response) or not _may_help(response.request, response, streamed, kwargs):
        return None
    if not streamed:
        response.content  # noqa: B018  # read to its end, so that the connection can be used again
    response.close()
    again = _another_of(response)
    begin = time.perf_counter()
    second: requests.Response = _with_history(response.connection.send(again, **kwargs), again, response, begin)
    return second


async def _answered_later(response: Any, **kwargs: Any) -> Any:
    """Do the same for a response of niquests' ``AsyncSession``."""
    streamed = kwargs.get("stream", False)
    if not _is_refusal(response):
        return None
    body = b"" if streamed else await response.content
    seen: Any = SimpleNamespace(**vars(response), content=body)
    if not _may_help(response.request, seen, streamed, kwargs):
        return None
    await response.close()
    again = _another_of(response)
    begin = time.perf_counter()
    second = await response.connection.send(again, **kwargs)
    if not streamed:  # as niquests does with what it has read
        response.__class__ = sys.modules["niquests"].Response
    return _with_history(second, again, response, begin)


class _Answered(partial):  # type: ignore[type-arg]
    """``answered`` for both kinds of session of niquests, which do not tell a hook which one calls it.

    ``AsyncSession`` awaits the hooks that ``iscoroutinefunction`` knows, and that looks through a
    ``partial`` at what is in it; ``Session`` calls every hook. What they pass shows who it was.
    """

    def __call__(self, response: Any, **kwargs: Any) -> Any:
        return (self.func if inspect.iscoroutinefunction(type(response).close) else answered)(response, **kwargs)


answered_by_niquests = _Answered(_answered_later)
_OUR_HOOKS = (answered, answered_by_niquests)


def _is_refusal(response: requests.Response) -> bool:
    """Tell whether an answer is a refusal of what was signed, and the first one."""
    request = response.request
    return not response.ok and isinstance(request, SignedRequest) and request.signed and not request.again


def _may_help(request: Any, refusal: requests.Response, streamed: bool, kwargs: Any) -> bool:
    """Have the hook learn from a refusal, and tell whether to send its request once more.

    What a multiplexed session of niquests gets once more would reach nobody: the caller has the first answer already.
    And an application that niquests calls in this process (``app=``) has no connection to it.
    """
    helps = request._hook.learn_from(refusal, streamed) and can_be_sent_again(request)
    return bool(helps and hasattr(refusal, "connection") and not kwargs.get("multiplexed", False))


def _another_of(response: requests.Response) -> Any:
    """Return the request that was answered, signed anew."""
    request: Any = response.request
    again = request.copy()
    if again._cookies:  # whose header would otherwise stay as it is
        again.headers.pop("Cookie", None)
    extract_cookies_to_jar(again._cookies, request, response.raw)
    again.prepare_cookies(again._cookies)
    again.again = True
    if again._body_position is not None:
        rewind_body(again)
    return again


def _with_history(second: Any, again: Any, response: requests.Response, begin: float) -> Any:
    """Return the answer to the second attempt as one that the first led to."""
    second.elapsed = timedelta(seconds=time.perf_counter() - begin)
    second.history.append(response)
    second.request = again
    return second
