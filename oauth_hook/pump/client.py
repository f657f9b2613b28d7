"""An application as a pump.io server knows it, and what the constructor of ``PyPump`` makes of its arguments."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..credentials import AccessToken, Account, Consumer
from ..errors import ProviderError, UsageError, check_type, conceal_methods
from ..tokens.verifiers import ask_on_console
from .server import PumpServer

__all__ = ["Client", "find_account", "read_arguments", "simple_verifier"]

# What discover() takes for an account; the finer points of hosts are judged there.
_is_webfinger = re.compile(r"[^\s@/?#]+@[^\s@/?#]+").fullmatch


@conceal_methods
class Client:
    """An application, as the server of one user knows it.

    ``key``, ``secret`` and ``expiry`` are what the server gave it. Where they are not given here, a ``PyPump``
    registers the application, and fills them in.

    :param webfinger: the user, ``nickname@host`` or ``nickname@host:port``.
    :param type: ``"native"``, or ``"web"``: a web application.
    :param name: what users will be shown; without one nothing can be registered.
    :param contacts: mail addresses of those responsible for the application.
    :param redirect: its callbacks.
    :param logo: the URL of a picture.
    :param key: the consumer key (``client_id``).
    :param secret: the consumer secret (``client_secret``).
    :param expiry: when the two end, in seconds since the epoch; 0: never.
    :param expirey: the same, as PyPump spells it.
    :raises UsageError: an argument is wrong.
    """

    def __init__(
        self,
        webfinger: str,
        type: str = "native",
        name: str | None = None,
        contacts: Iterable[str] | None = None,
        redirect: Iterable[str] | None = None,
        logo: str | None = None,
        key: str | None = None,
        secret: str | None = None,
        expiry: float | None = None,
        *,
        expirey: float | None = None,
    ) -> None:
        check_type(webfinger, str, "the webfinger", "a str, such as alice@pump.example")
        self.webfinger = webfinger.strip().removeprefix("acct:")
        if not _is_webfinger(self.webfinger):
            raise UsageError(f"{webfinger[:200]!r} is not a webfinger such as alice@pump.example: nickname, @, host")
        if type not in ("native", "web"):
            raise UsageError(f"the type of a Client must be 'native' or 'web', not {type!r}")
        self.type = type
        self.name = name
        self.contacts = _listed("contacts", contacts)
        self.redirect = _listed("redirect", redirect)
        self.logo = logo
        if (key is None) is not (secret is None):
            raise UsageError("the key and the secret of a Client go together: give both, or neither to register it")
        self.key = key
        self.secret = secret
        self.expiry = expirey if expiry is None else expiry
        if self.expiry is not None:
            check_type(self.expiry, (int, float), "expiry", "seconds since the epoch")
        _ = self.consumer  # what is wrong with the key is said now
        self._server: PumpServer | None = None
        self._changed: Callable[[], None] = lambda: None  # nobody is told

    def __repr__(self) -> str:
        key = "" if self.key is None else f", key={self.key!r}, secret=***"
        return f"Client({self.webfinger!r}, name={self.name!r}{key})"

    @property
    def nickname(self) -> str:
        """The user's name at the server."""
        return self.webfinger.partition("@")[0]

    @property
    def server(self) -> str:
        """The server's host, with its port where it was named."""
        return self.webfinger.partition("@")[2]

    @property
    def expirey(self) -> float | None:
        """``expiry``, as PyPump spells it."""
        return self.expiry

    @expirey.setter
    def expirey(self, value: float | None) -> None:
        """Set ``expiry``."""
        self.expiry = value

    @property
    def consumer(self) -> Consumer | None:
        """The credentials; ``None``: it is not registered."""
        if self.key is None:
            return None
        return Consumer(self.key, self.secret or "", expires_at=self.expiry or None)

    def registered(self) -> Consumer:
        """Return the credentials.

        :raises UsageError: there are none.
        """
        consumer = self.consumer
        if consumer is None:
            raise UsageError("the client has no key, which request tokens are asked for with: ask the user (again)")
        return consumer

    @property
    def is_expired(self) -> bool:
        """Whether the credentials were given for a time that is over."""
        return bool(self.expiry) and time.time() >= float(self.expiry or 0)

    def attach(self, server: PumpServer, changed: Callable[[], None]) -> None:
        """Take a ``PyPump``'s settings.

        :param server: the server to register with.
        :param changed: called when the server has given other credentials.
        """
        self._server, self._changed = server, changed

    def adopt(self, consumer: Consumer) -> None:
        """Take credentials that the server gave."""
        self.key, self.secret, self.expiry = consumer.key, consumer.secret, consumer.expires_at or 0

    def register(self) -> None:
        """Register with the server; where there are credentials already, ``update``.

        :raises UsageError: what is said of the application cannot be, or there is no name.
        :raises ProviderError: the server refuses, or its response makes no sense.
        :raises requests.RequestException: the connection failed, or the time ran out.
        """
        if self.key is None:
            self._associate()
        else:
            self.update()

    def update(self) -> bool:
        """Tell the server what is new about the application, and take the credentials as it gives them now.

        :returns: ``True``, as PyPump does.
        :raises UsageError: it is not registered. The other errors are those of ``register``.
        """
        consumer = self.consumer
        if consumer is None:
            raise UsageError("this Client is not registered yet: register() it, or give it its key and secret")
        self._take(self._own_server().update(consumer, self._said()))
        return True

    def ensure(self, *, has_token: bool = False) -> None:
        """Register where that has not been done. Where the credentials have expired, have them renewed.

        An update is tried first, since it keeps the key, which tokens are bound to. Where the server takes it and
        leaves the credentials expired, there is a new registration, and then the user has to be asked again. So there
        is where it refuses the update, unless that would cost a token.

        :param has_token: there is a token, which a new registration would make worthless.
        :raises ProviderError: the update is refused, and there is a token. The other errors are those of
            ``register``; the credentials stay as they were.
        """
        if self.key is None:
            self._associate()
        elif self.is_expired:
            try:
                self.update()
            except ProviderError as error:
                if has_token:
                    raise self._not_renewed(error) from error
            if self.is_expired:
                self._associate()

    def _not_renewed(self, error: ProviderError) -> ProviderError:
        return ProviderError(
            f"the registration has expired, and is not renewed: {error}. Nothing has been changed: try again later, or "
            f"mend the client secret. To register anew on purpose, and have the user asked again, take "
            f"{self.webfinger!r} out of the store, and give neither key and secret nor a token",
            status=error.status,
            problem=error.problem,
            body=error.body,
            response=error.response,
            redact=error._redact,
        )

    def _associate(self) -> None:
        if self.name is None:
            raise UsageError("a Client needs a name to be registered: the user is asked to allow it by that name")
        self._take(self._own_server().register(self._said()))

    def _take(self, consumer: Consumer) -> None:
        self.adopt(consumer)
        self._changed()

    def _own_server(self) -> PumpServer:
        if self._server is None:
            self._server = PumpServer(self.webfinger)
        return self._server

    def _said(self) -> dict[str, Any]:
        """Return what the application says of itself, by the names of ``register_client``."""
        return {
            "application_name": self.name,
            "application_type": self.type,
            "redirect_uris": self.redirect,
            "contacts": self.contacts,
            "logo_url": self.logo,
        }


def read_arguments(
    client: Client | str,
    token: str | None,
    secret: str | None,
    *,
    name: str | None,
    kind: str,
    key: str | None,
    token_secret: str | None,
) -> tuple[Client, AccessToken | None]:
    """Return the client and the token that one of PyPump's two constructor forms means.

    :param client: a ``Client``, or a webfinger (early PyPump), for which ``name``, ``kind`` and ``key`` are there.
    :param secret: the consumer's where ``key`` is given, as early PyPump had it; else the token's.
    :raises UsageError: an argument is wrong, or half of a pair is missing.
    """
    if isinstance(client, str):
        own = None if key is None else secret
        client = Client(client, kind, name, key=key, secret=own)
        secret = secret if key is None else None
    elif name is not None or key is not None:
        raise UsageError("client_name and key are for a webfinger: a Client has its own name and key")
    check_type(client, Client, "client", "a Client, or a webfinger such as alice@pump.example")
    secret = token_secret if secret is None else secret
    if token is None and secret is None:
        return client, None
    if token is None or secret is None:
        raise UsageError("a token and its secret go together: give both, or neither to ask the user")
    check_type(token, str, "token", "a str (a callback goes as verifier_callback=)")
    return client, AccessToken(token, secret)


def find_account(store: Mapping[str, Any], webfinger: str) -> Account | None:
    """Return what a store keeps for a user.

    :raises UsageError: it is no account.
    """
    kept = store.get(webfinger)
    check_type(kept, (Account, type(None)), f"what the store keeps as {webfinger!r}", "an Account")
    return kept


def simple_verifier(url: str) -> str:
    """Ask the user on the terminal; see ``ask_on_console``.

    :param url: the URL that the user has to open.
    :returns: what was typed: the verifier, or the whole callback URL.
    """
    return ask_on_console(url)


def _listed(name: str, items: Iterable[str] | None) -> list[str]:
    if isinstance(items, str):
        raise UsageError(f"{name} of a Client must be a list of str, not one str")
    return [] if items is None else list(items)
