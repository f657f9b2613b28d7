"""What becomes of a signed request after it was sent: redirect hops, and one more attempt.

``requests`` makes a redirect hop of ``request.copy()``: it sets the hop's URL, method and
body, and then calls ``prepare_cookies`` on it. So a request that was signed is turned into
a ``SignedRequest``, whose copies tell their hook at that moment where they are bound for.
Nothing of ``requests`` is patched, and all else about redirects is as it does them.
"""

from __future__ import annotations

import time
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

import requests
from requests.cookies import extract_cookies_to_jar
from requests.utils import rewind_body

from .prepared import can_be_sent_again

if TYPE_CHECKING:
    from .protocol.encoding import Pair

__all__ = ["SignedRequest", "accompany", "settle"]


class Follower(Protocol):
    """A hook, as what it signed knows it."""

    def __call__(self, request: Any) -> Any:
        """Sign a request."""

    def follow(self, hop: SignedRequest, source: SignedRequest) -> None:
        """Sign a redirect hop for where it goes, or strip it."""

    def learn_from(self, response: requests.Response, streamed: bool) -> bool:
        """Learn from a refusal, and tell whether signing anew may help."""


class SignedRequest(requests.PreparedRequest):
    """A prepared request that its hook follows.

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

    _plain: type[requests.PreparedRequest] = requests.PreparedRequest
    _hook: Follower
    _source: SignedRequest | None = None  # what this is a copy of, until it is known where it goes
    _sent: frozenset[Pair] = frozenset()  # protocol parameters that earlier hops carried

    def copy(self) -> SignedRequest:
        """Return a copy, which is signed anew if it becomes a redirect hop."""
        copied: Any = super().copy()
        copied.__class__ = type(self)
        for name in ("_hook", "_sent", "signed", "abroad", "settled"):
            setattr(copied, name, getattr(self, name))
        copied._source = self
        return copied  # type: ignore[no-any-return]

    def prepare_cookies(self, cookies: Any) -> None:
        """Set the cookies; a redirect hop is signed for where it goes, or stripped, at that moment."""
        super().prepare_cookies(cookies)
        source, self._source = self._source, None
        if source is not None:
            self._hook.follow(self, source)

    def prepare_auth(self, auth: Any, url: str | bytes = "") -> None:
        """Take other credentials; but ``.netrc``'s, a pair, do not displace a signature on a redirect hop."""
        if not (self.signed and isinstance(auth, tuple)):
            super().prepare_auth(auth, url)

    def prepare(self, *args: Any, **kwargs: Any) -> None:
        """Prepare another request in the place of this one."""
        self.signed = self.abroad = self.again = self.settled = False
        self._source, self._sent = None, frozenset()
        super().prepare(*args, **kwargs)

    def __reduce__(self) -> Any:
        state = {name: value for name, value in self.__dict__.items() if name not in _OURS}
        state["hooks"] = {event: [h for h in hooks if h is not answered] for event, hooks in self.hooks.items()}
        return _restored, (self._plain, state)


_OURS = frozenset({"signed", "abroad", "again", "settled", "_hook", "_source", "_sent"})


def _restored(kind: type[requests.PreparedRequest], state: dict[str, Any]) -> requests.PreparedRequest:
    request = kind()
    request.__dict__.update(state)
    return request


@lru_cache
def _signed_kind(plain: type[requests.PreparedRequest]) -> type[SignedRequest]:
    """Return the class for a request of somebody's own subclass."""
    return type(f"Signed{plain.__name__}", (SignedRequest, plain), {"_plain": plain})


def accompany(request: Any, hook: Follower, *, signed: bool) -> None:
    """Have a hook follow a request that it has seen, to where redirects lead it and to a refusal.

    Requests of other libraries than ``requests`` go their own ways.
    """
    kind: Any = type(request)
    if kind is requests.PreparedRequest:
        request.__class__ = SignedRequest
    elif isinstance(request, SignedRequest):
        request._source, request.signed = None, True
    elif isinstance(request, requests.PreparedRequest):
        request.__class__ = _signed_kind(kind)
    else:
        return
    request._hook = hook
    if not signed:
        request.signed = False
    hooks = request.hooks["response"]
    if answered not in hooks:
        hooks.insert(0, answered)


class _Nobody:
    """Follows a request that nobody is to sign."""

    def __call__(self, request: Any) -> Any:
        return request

    def follow(self, hop: SignedRequest, source: SignedRequest) -> None:
        hop.signed = False

    def learn_from(self, response: requests.Response, streamed: bool) -> bool:
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
    request = response.request
    if response.ok or not isinstance(request, SignedRequest) or not request.signed or request.again:
        return None
    if not request._hook.learn_from(response, kwargs.get("stream", False)) or not can_be_sent_again(request):
        return None
    if not kwargs.get("stream", False):
        response.content  # noqa: B018  # read to its end, so that the connection can be used again
    response.close()
    again: Any = request.copy()
    if again._cookies:  # whose header would otherwise stay as it is
        again.headers.pop("Cookie", None)
    extract_cookies_to_jar(again._cookies, request, response.raw)
    again.prepare_cookies(again._cookies)
    again.again = True
    if again._body_position is not None:
        rewind_body(again)
    begin = time.perf_counter()
    second = response.connection.send(again, **kwargs)
    second.elapsed = timedelta(seconds=time.perf_counter() - begin)
    second.history.append(response)
    second.request = again
    return second
