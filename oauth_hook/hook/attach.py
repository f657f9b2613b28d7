"""A request of requests (or niquests), attached to the hook that signed it, so that its redirects are signed too.

``requests`` makes a redirect of ``request.copy()``: it sets its URL, method and body, calls ``prepare_cookies`` and
``Session.rebuild_auth``, and only then does it send it, or leave it to the caller as ``response.next``. So a signed
request becomes a ``SignedRequest``: ``prepare_cookies`` tells it that it is a redirect, and the first thing that
reads its ``hooks`` or its ``path_url`` has it signed for where it goes. ``Session.send`` reads the hooks before
anything else, whatever the adapter (test kits put others in the place of ``HTTPAdapter``); adapters that are given a
request without a session in between, as niquests does for multiplexed ones, read ``path_url``. Nothing that only
builds a redirect reads either. Nothing of ``requests`` is patched, and all else about redirects is as it does them.
"""

from __future__ import annotations

import copy
import copyreg
import sys
from collections.abc import MutableMapping
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import requests
from requests.utils import get_netrc_auth

from ..errors import ProviderError
from ..protocol.placement import parse_authorization
from .niquests import is_niquests, retry_refused_of_niquests
from .pre_request import list_hooks
from .prepared import check_proxies, is_used_up, read_message
from .redirects import NullHandler, RedirectHandler, RequestState, Status, state_of
from .retry import retry_refused

if TYPE_CHECKING:
    _Prepared = requests.PreparedRequest
else:
    _Prepared = object  # it is mixed into the class of requests', or of niquests'

__all__ = ["SignedRequest", "attach", "freeze", "send_next"]

# What ``object.__reduce_ex__`` makes an object with.
_NEW, _NEW_WITH_NAMES = vars(copyreg)["__newobj__"], vars(copyreg)["__newobj_ex__"]
_RESPONSE_HOOKS = (retry_refused, retry_refused_of_niquests)


class SignedRequest(_Prepared):
    """What a prepared request gains when it is attached to a hook.

    It is copied and pickled as the request that it was: without its hook, and so without secrets.
    """

    oauth_state: RequestState
    _plain: type[requests.PreparedRequest]  # the class that the request had

    @property
    def base_string(self) -> str:
        """The signature base string (RFC 5849 s3.4.1) that was signed; empty where it is not signed."""
        return self.oauth_state.base_string

    @property
    def is_cross_origin(self) -> bool:
        """Whether a redirect has led it to another origin, where it is not signed any more."""
        return self.oauth_state.status is Status.CROSS_ORIGIN

    @property
    def hooks(self) -> Any:
        """The response hooks, which ``Session.send`` reads first: a redirect is signed at that moment.

        :raises UsageError: the redirect cannot be signed truthfully.
        :raises requests.exceptions.UnrewindableBodyError: its body is not there any more.
        """
        if self.oauth_state.status is Status.REDIRECTED:
            send_next(self)
        return self.__dict__["hooks"]

    @hooks.setter
    def hooks(self, hooks: Any) -> None:
        self.__dict__["hooks"] = hooks

    @property
    def path_url(self) -> str:
        """The target of the request, which adapters read when they send it; see ``hooks``.

        No request is told which proxies it goes through. But the adapters of requests and niquests read this in
        ``request_url(request, proxies)``, and what that was called with is there to be looked at.

        :raises UsageError: a proxy would carry PLAINTEXT's secrets in clear.
        """
        if self.oauth_state.status is Status.REDIRECTED:
            send_next(self)
        state = self.oauth_state
        if state.handler.is_plain and state.status is Status.SIGNED:
            check_proxies(self.url or "", sys._getframe(1).f_locals.get("proxies"))
        if state.signed_as is not None:
            self.oauth_state = state._replace(signed_as=None)
        url: str = super().path_url
        return url

    def copy(self) -> Any:
        """Return a copy, of the class that the request's own ``copy`` gives; as a redirect it is signed anew."""
        state = self.oauth_state
        copied = self._unsigned().copy()
        attach(copied, state.handler, status=state.status)
        source = state.source if state.status is Status.REDIRECTED else self
        copied.oauth_state = state._replace(source=source, signed_as=None, is_retry=False)
        return copied

    def prepare_cookies(self, cookies: Any) -> None:
        """Set the cookies; a copy whose cookies are set is a redirect, to be signed when it is sent."""
        super().prepare_cookies(cookies)
        if self.oauth_state.source is not None:
            self.oauth_state = self.oauth_state._replace(status=Status.REDIRECTED, base_string="")

    def prepare_auth(self, auth: Any, url: str | bytes = "") -> None:
        """Take other credentials, which stand; but ``.netrc``'s do not displace a signature on a redirect."""
        state = self.oauth_state
        # Nor do they join what is to stay unsigned: a server would choose whom they are sent to.
        is_settled = state.is_frozen or _stays_signed(self)
        if isinstance(auth, tuple) and is_settled and auth == get_netrc_auth(self.url or ""):
            return
        if state.status is not Status.REDIRECTED or not callable(auth) or auth is state.handler:
            super().prepare_auth(auth, url)
            return
        try:
            state.handler.on_redirect(self, state.source.oauth_state, read_message(state.source), is_displaced=True)
        except ProviderError:  # it is only built as yet: when it is sent, it will be refused
            return
        displaced = self.oauth_state
        self.oauth_state = displaced._replace(status=Status.UNSIGNED)  # another hook may sign it
        super().prepare_auth(auth, url)
        if self.oauth_state.status is Status.UNSIGNED:
            self.oauth_state = displaced

    def prepare(self, *args: Any, **kwargs: Any) -> None:
        """Prepare another request in the place of this one."""
        del self.oauth_state
        self.__class__ = self._plain  # type: ignore[assignment]
        self.prepare(*args, **kwargs)

    def _unsigned(self) -> Any:
        """Return the request as it was before it was attached; it shares what is in it."""
        plain = object.__new__(self._plain)
        plain.__dict__.update(self.__dict__)
        del plain.__dict__["oauth_state"]
        for name in copyreg._slotnames(self._plain):  # type: ignore[attr-defined]
            if hasattr(self, name):
                setattr(plain, name, getattr(self, name))
        return plain

    def _detached(self) -> Any:
        """Return the request as it was, without the response hook of ours."""
        plain = self._unsigned()
        plain.hooks = {
            event: [hook for hook in list_hooks(hooks) if hook not in _RESPONSE_HOOKS]
            for event, hooks in plain.hooks.items()
        }
        return plain

    def __reduce_ex__(self, protocol: Any) -> Any:
        make, arguments, *rest = self._detached().__reduce_ex__(protocol)
        if make is _NEW:  # which pickle takes for the very class of what it pickles
            make = arguments[0].__new__
        elif make is _NEW_WITH_NAMES:
            kind, given, named = arguments
            make, arguments = partial(kind.__new__, kind, *given, **named), ()
        return (make, arguments, *rest)

    def __copy__(self) -> Any:
        return copy.copy(self._detached())

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return copy.deepcopy(self._detached(), memo)


@lru_cache
def _signed_kind(plain: type[requests.PreparedRequest]) -> type[SignedRequest]:
    """Return the class for a signed request that was of this one."""
    return type(f"Signed{plain.__name__}", (SignedRequest, plain), {"_plain": plain})


_SIGNED = _signed_kind(requests.PreparedRequest)
# A named tuple's own ``__new__`` takes twice as long.
_new_tuple: Any = tuple.__new__
_NEW_STATE = tuple(RequestState._field_defaults[name] for name in RequestState._fields[3:])


def attach(request: Any, handler: RedirectHandler, *, status: Status, base_string: str = "") -> None:
    """Attach a request to the hook that has seen it, which is asked again on a redirect and on a refusal.

    Requests of other libraries than ``requests`` and niquests go their own ways.
    """
    kind: Any = type(request)
    on_response: Any = retry_refused
    if kind is requests.PreparedRequest:  # the commonest first: this is a part of each signing
        request.__class__ = _SIGNED
        request.oauth_state = _new_tuple(RequestState, (status, handler, base_string, *_NEW_STATE))
    elif (state := state_of(request)) is not None:
        kept = (state.sent, None, None, state.is_retry, state.trial, state.is_frozen)
        request.oauth_state = _new_tuple(RequestState, (status, handler, base_string, *kept))
        if not isinstance(request, SignedRequest):  # httpx', whose redirects and retries are its binding's
            return
    elif isinstance(request, requests.PreparedRequest) or is_niquests(request, "PreparedRequest"):
        request.__class__ = _signed_kind(kind)
        request.oauth_state = RequestState(status, handler, base_string)
    else:
        return
    if kind is not requests.PreparedRequest and is_niquests(request, "PreparedRequest"):
        on_response = retry_refused_of_niquests
    hooks = request.__dict__["hooks"]  # a redirect's are read where it is sent
    found = hooks.get("response") if hooks else None
    if type(found) is not list:  # a caller may have set anything that ``Session.send`` takes
        found = list_hooks(found)
        if isinstance(hooks, MutableMapping):  # in place: the session of an adapter that signs has read them already
            hooks["response"] = found
        else:
            request.hooks = {"response": found}
    if on_response not in found:
        found.insert(0, on_response)


def freeze(request: requests.PreparedRequest) -> None:
    """Keep a request as it was signed, or unsigned, whatever hooks the session and its adapters have."""
    if not isinstance(request, SignedRequest):
        attach(request, NullHandler(), status=Status.UNSIGNED)
    if isinstance(request, SignedRequest):
        request.oauth_state = request.oauth_state._replace(is_frozen=True)


def send_next(request: Any) -> None:
    """Have a redirect that is about to be sent signed for where it goes, or stripped; once.

    :raises UsageError: it cannot be signed truthfully.
    :raises requests.exceptions.UnrewindableBodyError: the body is not there any more. An empty one in its place,
        which is what requests would send, would be taken for the whole of it.
    """
    state: RequestState = request.oauth_state
    if state.status is not Status.REDIRECTED:
        return
    if is_used_up(request.body, request._body_position):
        client: Any = requests if isinstance(request, requests.PreparedRequest) else sys.modules["niquests"]
        raise client.exceptions.UnrewindableBodyError(
            "a redirect asks for the body again, and it was a stream that can be read once: pass bytes or a file"
        )
    source = read_message(state.source)
    is_displaced = _has_other_credentials(read_message(request).authorization, source.authorization)
    state.handler.on_redirect(request, state.source.oauth_state, source, is_displaced=is_displaced)
    if request.oauth_state.status is Status.SIGNED:
        request.oauth_state = request.oauth_state._replace(signed_as=read_message(request))


def _has_other_credentials(new: str | None, old: str | None) -> bool:
    """Tell whether the client or the caller has put credentials in the place of ours since the redirect was built."""
    return new is not None and new != old and (old is None or parse_authorization(old) is not None)


def _stays_signed(request: SignedRequest) -> bool:
    """Tell whether a request is signed, or is a redirect that will be."""
    state = request.oauth_state
    if state.status is not Status.REDIRECTED:
        return state.status is Status.SIGNED
    source = state.source
    return source.oauth_state.status is Status.SIGNED and bool(state.handler.may_sign(source.url, request.url))
