"""PyPump's face: authorization at a pump.io server, and signed requests to its API.

::

    pump = PyPump(Client("alice@pump.example", name="Test.io"), verifier_callback=simple_verifier)
    key, secret, expiry = pump.get_registration()
    token, token_secret = pump.get_token()
    pump.request("/api/whoami")

The laws of this file:

1. **Nothing is asked twice.** With a ``store``, or with what the two calls gave, a new start registers nothing and
   asks nobody. Whoever was registered but not authorized is not registered again.
2. **Nothing is lost.** What is stored is replaced when the server has given something better, and never before.
3. **Signed for the same origin only**, in the header, with HMAC-SHA1: all that pump.io takes. Each attempt and each
   redirect is signed anew.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

from ..credentials import AccessToken, Account, RequestToken
from ..errors import UsageError, check_type, conceal_frames, conceal_methods
from ..hook.hook import OAuthHook
from .client import Client, find_account, read_arguments, simple_verifier
from .request import (
    check_profile,
    check_retries,
    encode_content,
    make_adapter,
    make_hook,
    may_be_elsewhere,
    read_result,
    resolve_endpoint,
)
from .server import PumpServer

__all__ = ["PyPump"]


@conceal_methods
class PyPump:
    """One user's pump.io server, to be authorized at and to send requests to.

    It is authorized when it is made, if it has not been before: the server is discovered, the client registered, a
    request token fetched, and ``verifier_callback`` called with the URL that the user has to open. It returns the
    verifier, or the whole callback URL. Where it returns no ``str``, the verifier comes later, by
    ``pump.verifier(code)``, from any thread; or the callback has called that itself.

    :param client: the application, a ``Client``; or the user's webfinger, as in early PyPump, with ``client_name``.
    :param token: the access token's key, as ``get_token`` gave it.
    :param secret: its secret. Together with ``key`` it is the consumer's, as in early PyPump.
    :param verifier_callback: called with the URL; ``None``: ``get_access``, which asks on the terminal.
    :param scheme: ``"https"``; ``"http"`` asks for plain http.
    :param store: keeps an ``Account`` under the webfinger: a ``CredentialStore``, or another mutable mapping; ``None``:
        nothing is kept. What is given as an argument goes before what is kept.
    :param callback: where the server sends the user afterwards; ``"oob"``: it shows the verifier; or ``callback_uri``.
    :param verify_requests: whether certificates are checked, or the path of those to trust.
    :param retries: how often a request is sent again: see ``request``.
    :param timeout: for each response, in seconds.
    :param client_name: the application's name, where ``client`` is a webfinger; so are ``client_type`` and ``key``.
    :param token_secret: the token's secret, where ``secret`` is the consumer's.
    :raises UsageError: an argument is wrong; nothing has been sent.
    :raises ProviderError: the server is no pump.io server, or refuses something.
    :raises requests.RequestException: the connection failed, or the time ran out.
    """

    def __init__(
        self,
        client: Client | str,
        token: str | None = None,
        secret: str | None = None,
        verifier_callback: Callable[[str], Any] | None = None,
        scheme: str = "https",
        *,
        store: MutableMapping[str, Any] | None = None,
        callback: str = "oob",
        verify_requests: bool | str = True,
        retries: int = 0,
        timeout: float = 30,
        client_name: str | None = None,
        client_type: str = "native",
        key: str | None = None,
        token_secret: str | None = None,
        callback_uri: str | None = None,
    ) -> None:
        self.client, given = read_arguments(
            client, token, secret, name=client_name, kind=client_type, key=key, token_secret=token_secret
        )
        check_type(verifier_callback, (Callable, type(None)), "verifier_callback", "callable")  # type: ignore[arg-type]
        self.verifier_callback = verifier_callback
        self.store: MutableMapping[str, Any] = {} if store is None else store
        check_type(self.store, MutableMapping, "store", "a CredentialStore or another mutable mapping")
        self.callback = callback if callback_uri is None else callback_uri
        check_type(self.callback, str, "callback", "a URL, or 'oob'")
        self.verify_requests = verify_requests
        self.retries = check_retries(retries)
        self.timeout = timeout
        self._server = PumpServer(self.client.webfinger, scheme=scheme, verify=verify_requests, timeout=timeout)
        self._lock = threading.Lock()  # of two threads that bring the verifier, one exchanges it
        self._pending: RequestToken | None = None
        self._hook: tuple[Account, OAuthHook] | None = None
        self._me: dict[str, Any] | None = None
        self._has_own_key = self.client.key is not None
        self._account: Account | None = None
        self._account = self._resumed(given)
        self.client.attach(self._server, self._registered)
        if self.client.is_expired:
            self._ensure()
        self._begin()

    def __repr__(self) -> str:
        state = "not authorized" if self._token is None else "authorized"
        return f"<{type(self).__name__} of {self.client.webfinger}, {state}>"

    def _resumed(self, token: AccessToken | None) -> Account | None:
        """Return the credentials to begin with: what was given, and what is kept.

        :raises UsageError: a token was given, but not which client it is for; something else is kept.
        """
        self._look_again()
        consumer = self.client.consumer
        if consumer is None and token is not None:
            raise UsageError("a token is good for the client that it was issued to: give its key and secret, too")
        return None if consumer is None else Account(consumer, token or self._token)

    def _look_again(self, refused: AccessToken | None = None) -> None:
        """Take what is kept, where there is no token yet, or a refused one: another process may have got one since."""
        kept = None if self._token is not refused else find_account(self.store, self.client.webfinger)
        is_other = kept is not None and self.client.key not in (None, kept.consumer.key)
        if kept is None or (is_other and (self._has_own_key or kept.token is None)):
            return  # a token is good for the key that it was issued to
        if not self._has_own_key:
            self.client.adopt(kept.consumer)
        self._server.remember(kept.service)
        if self._account is None or kept.token is not None:
            self._account = Account(self.client.registered(), kept.token)

    def _ensure(self) -> None:
        """Have the client registered, at no token's cost: neither ours, nor one that is kept for another key."""
        self._look_again()
        kept = find_account(self.store, self.client.webfinger)
        self.client.ensure(has_token=any(each is not None and each.token for each in (self._account, kept)))

    def _begin(self) -> None:
        """Ask the user when a pump is made, if there is no token."""
        if self._token is None:
            self.oauth_request()

    @property
    def _token(self) -> AccessToken | None:
        return None if self._account is None else self._account.token

    def get_registration(self) -> list[Any]:
        """Return ``[key, secret, expiry]`` of the client, the last in seconds since the epoch, 0: never."""
        return [self.client.key, self.client.secret, self.client.expiry or 0]

    def get_token(self) -> list[str]:
        """Return ``[token, secret]`` of the access token.

        :raises UsageError: the user has not been heard yet.
        """
        _, token = self._authorized()
        return [token.key, token.secret]

    def _authorized(self) -> tuple[Account, AccessToken]:
        self._look_again()
        account = self._account
        if account is None or account.token is None:
            advice = "call verifier() with the code that the user is shown, or oauth_request() to ask again"
            raise UsageError(f"{self.client.webfinger} has not authorized this application yet: {advice}")
        return account, account.token

    def _registered(self) -> None:
        """Keep other credentials of the client's; the token, too, if it is for the same key.

        Without a token they do not displace those of another key in the store that have one.
        """
        consumer = self.client.registered()
        before = find_account(self.store, self.client.webfinger) if self._token is None else self._account
        token = before.token if before is not None and before.consumer.key == consumer.key else None
        if token is None and self._token is None and before is not None and before.token is not None:
            self._account = Account(consumer)
        else:
            self._keep(Account(consumer, token, self._server.root))

    def _keep(self, account: Account) -> None:
        self._account, self._me = account, None
        self.store[self.client.webfinger] = account

    def oauth_request(self) -> None:
        """Ask the user, again where there is a token already, which stays until there is another.

        :raises ProviderError: the server refuses something. The other errors are those of the constructor.
        """
        asked, url = self._ask_for_token()
        came_back = (self.verifier_callback or self.get_access)(url)
        if isinstance(came_back, str):  # callbacks written for PyPump return what they like: it was ignored there
            self._exchange(asked, came_back)

    def _ask_for_token(self) -> tuple[RequestToken, str]:
        """Fetch a request token, having registered the client; return it, and where to send the user."""
        self._ensure()
        self._pending, url = self._server.ask_for_token(self.client.registered(), self.callback)
        return self._pending, url

    def get_access(self, url: str) -> str | None:
        """Ask the user for the verifier, on the terminal; to be overridden in programs without one.

        :param url: the URL that the user has to open.
        :returns: the verifier or the whole callback URL; ``None``: it comes later, by ``verifier``.
        """
        return simple_verifier(url)

    def verifier(self, verifier: str) -> None:
        """Finish what the callback began.

        Where it is refused, another may be brought; what is stored stays.

        :param verifier: what the user was shown, or the whole callback URL.
        :raises UsageError: the user was not asked yet; it is neither a verifier nor a URL.
        :raises ProviderError: the user said no, or the server refuses it.
        :raises requests.RequestException: the connection failed, or the time ran out.
        """
        asked = self._asked()
        if asked is None:
            reason = "the user has not been asked yet" if self._token is None else "this is authorized already"
            raise UsageError(f"no verifier is waited for: {reason}")
        self._exchange(asked, verifier)

    def _asked(self) -> RequestToken | None:
        """Return the request token that the user is being asked about."""
        return self._pending

    def _exchange(self, asked: RequestToken, came_back: str) -> None:
        with self._lock:
            if self._pending is not asked:
                return  # brought already, by the callback or by another thread
            consumer = self.client.registered()
            token = self._server.exchange(consumer, asked, came_back)
            self._pending = None
            self._keep(Account(consumer, token, self._server.root))

    @property
    @conceal_frames
    def hook(self) -> OAuthHook:
        """What signs for the user, to be attached to a session of one's own; it signs nothing that goes elsewhere.

        :raises UsageError: the user has not been heard yet.
        """
        account, token = self._authorized()
        made = self._hook
        if made is None or made[0] is not account:
            made = self._hook = (account, make_hook(self._server.root, account.consumer, token))
        return made[1]

    @property
    @conceal_frames
    def me(self) -> dict[str, Any]:
        """The profile of the user whose token this is, fetched once; its ``id`` is ``acct:nickname@host``."""
        known = self._me
        if known is None:
            known = self._me = check_profile(self.request("/api/whoami"), self._server.root)
        return known

    def request(
        self,
        endpoint: str,
        method: str = "GET",
        data: Any = "",
        raw: bool = False,
        params: Any = None,
        retries: int | None = None,
        client: Any = None,
        headers: Mapping[str, str] | None = None,
        timeout: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Send a signed request, and return what the JSON of its response says.

        :param endpoint: a path such as ``/api/user/alice/feed``, or a URL at the same server.
        :param method: the HTTP method.
        :param data: a dict or a list goes as JSON; ``str`` and ``bytes`` go as they are.
        :param raw: the endpoint is an absolute URL.
        :param params: for the query, as requests takes them.
        :param retries: how often it is sent again, signed anew; ``None``: the pump's. A connection that cannot be made
            is tried again for every method; a broken one, and the statuses 502, 503 and 504, only for those that may be
            repeated (RFC 9110 s9.2.2), which POST is not.
        :param client: ``None``: signed for the user; ``False``: unsigned; else a hook or other ``auth`` of requests,
            with which, as unsigned, it may go to other servers.
        :param headers: others than ``Content-Type: application/json``, which goes with ``data``.
        :param timeout: as requests has it; ``None``: the pump's.
        :param kwargs: other arguments of ``requests.request``.
        :returns: what was parsed; or the ``requests.Response``, where it is no JSON, or empty.
        :raises UsageError: there is no token yet; the URL is at another server; ``data`` cannot be JSON.
        :raises ProviderError: the status is 400 or more, or it calls itself JSON and is not.
        :raises requests.RequestException: the connection failed, or the time ran out.
        """
        auth = self.hook if client is None else client or None
        url = endpoint if may_be_elsewhere(endpoint, raw, client) else resolve_endpoint(endpoint, self._server.root)
        data, headers = encode_content(data, headers)
        adapter = make_adapter(auth, self.retries if retries is None else check_retries(retries))
        timeout = self.timeout if timeout is None else timeout
        kwargs = {"auth": auth, "timeout": timeout, "verify": self.verify_requests, **kwargs}
        secrets = [self.client.secret or "", "" if self._token is None else self._token.secret]
        with self._server.session(adapter) as session:
            return read_result(session.request(method, url, params, data, headers, **kwargs), auth, secrets)
