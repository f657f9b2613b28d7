"""``OAuthAdapter``: signs each attempt at the moment of sending.

urllib3 sends a request again, headers and all, as often as its ``Retry`` policy has it;
a server that remembers nonces refuses the second attempt. Each attempt is a call of the
connection pool's ``urlopen``, which calls itself: there the request is signed anew. All
else about the policy is as urllib3 does it.
"""

from __future__ import annotations

from contextvars import ContextVar
from functools import lru_cache
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from ..errors import check_type, conceal_frames
from .hook import OAuthHook
from .prepared import can_be_sent_again, read_message
from .redirects import state_of

__all__ = ["OAuthAdapter"]


class OAuthAdapter(HTTPAdapter):
    """A transport adapter that signs what it sends, mounted by prefix::

        session.mount("https://api.example.com/", OAuthAdapter(hook, max_retries=Retry(3, backoff_factor=0.5)))

    It signs whatever comes below the prefix, a redirect from elsewhere too: requests does not tell it where that comes
    from. In a session that asks other servers, give it a hook with ``origins=`` and mount it for ``https://``: then it
    sees where each chain of redirects begins, and signs none that begins elsewhere.

    :param hook: signs each attempt, retries included, with a nonce and a timestamp of its own.
    :param arguments: those of ``requests.adapters.HTTPAdapter``. A body that cannot be
        sent twice (a generator) is sent once, whatever ``max_retries`` says.
    :raises UsageError: the hook is not an ``OAuthHook``.
    """

    __attrs__ = [*HTTPAdapter.__attrs__, "hook"]  # noqa: RUF012  # as the base class declares it

    def __init__(self, hook: OAuthHook, **arguments: Any) -> None:
        check_type(hook, OAuthHook, "hook", "an OAuthHook")
        self.hook = hook
        super().__init__(**arguments)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pool manager, with pools that sign each attempt."""
        super().init_poolmanager(*args, **kwargs)
        _sign_in(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        """Return the pool manager for a proxy, with pools that sign each attempt."""
        return _sign_in(super().proxy_manager_for(*args, **kwargs))

    @conceal_frames
    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        """Send a request, signed; see ``HTTPAdapter.send``.

        :raises UsageError: the request cannot be signed truthfully.
        """
        current = _attempts.set(_Attempts(self, request, proxies))
        try:
            return super().send(request, stream=stream, timeout=timeout, verify=verify, cert=cert, proxies=proxies)
        finally:
            _attempts.reset(current)


class _Attempts:
    """The attempts at one request."""

    def __init__(self, adapter: OAuthAdapter, request: requests.PreparedRequest, proxies: Any) -> None:
        self._adapter = adapter
        self._request = request
        self._proxies = proxies
        state = state_of(request)
        # A redirect is signed as the session begins to send it: that is the first attempt's signature.
        self._signed_as = None if state is None or state.handler is not adapter.hook else state.signed_as

    def sign(self, policy: Retry) -> tuple[str, Any, Any, Retry]:
        """Sign the request anew, and return the target, body, headers and policy of this attempt."""
        request, signed_as, self._signed_as = self._request, self._signed_as, None
        if signed_as is None or signed_as != read_message(request):
            request = self._adapter.hook(request)
        if not can_be_sent_again(request.body, request._body_position):
            policy = _only_connecting(policy)
        return self._adapter.request_url(request, self._proxies), request.body, request.headers, policy


def _only_connecting(policy: Retry) -> Retry:
    """Return a policy for a body that is used up once it has begun to go out: the first response stands."""
    return policy.new(read=False, other=False, status=0, status_forcelist=(), respect_retry_after_header=False)


# Pools are shared by threads and know no requests: which one is being sent is the context's.
_attempts: ContextVar[_Attempts | None] = ContextVar("oauth_hook.adapter.attempts", default=None)


class _SigningPool:
    """What a pool does for each attempt, before urllib3's own ``urlopen``."""

    def urlopen(
        self,
        method: str,
        url: str,
        body: Any = None,
        headers: Any = None,
        retries: Any = None,
        *others: Any,
        **more: Any,
    ) -> Any:
        """Make one attempt, signed; the next one, if there is to be one, comes here again."""
        attempts = _attempts.get()
        if attempts is not None:
            url, body, headers, retries = attempts.sign(retries)
        return super().urlopen(method, url, body, headers, retries, *others, **more)  # type: ignore[misc]


@lru_cache
def _signing_kind(pool: type[Any]) -> type[Any]:
    """Return a class of pools (http, https, SOCKS) whose attempts are signed."""
    return type(f"Signing{pool.__name__}", (_SigningPool, pool), {})


def _sign_in(manager: Any) -> Any:
    """Have a pool manager make pools whose attempts are signed."""
    manager.pool_classes_by_scheme = {
        scheme: pool if issubclass(pool, _SigningPool) else _signing_kind(pool)
        for scheme, pool in manager.pool_classes_by_scheme.items()
    }
    return manager
