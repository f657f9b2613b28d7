"""A provider that runs: a server in the background, with a consumer and a user to try it with.

- The consumer and the user are throwaway ones.  In memory, both are new at each start.  With a
  database file, the consumer made at the first start is found again, and so are all tokens; the
  user gets a new password at each start, because the old one rests hashed and cannot be shown.
- Only loopback is served, unless told otherwise: this speaks plain HTTP.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from html import unescape
from time import time
from types import TracebackType
from typing import TYPE_CHECKING

from ..credentials import AccessToken, Consumer
from ..errors import ProviderError, UsageError
from ..protocol.url import is_loopback
from .application import ROUTES, Application
from .storage import RANDOM_PASSWORD_COST, Storage, new_secret
from .validator import Policy
from .wsgi_server import Server

if TYPE_CHECKING:
    import requests

__all__ = ["Provider", "User", "serve"]

_USER = "alice"
_TIMEOUT_SECONDS = 30
_VERIFIER = re.compile(r'<output id="verifier">([^<]*)</output>')


@dataclass(frozen=True)
class User:
    """A person with an account at the provider."""

    name: str
    password: str = field(repr=False)


def serve(
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    database: str | os.PathLike[str] | None = None,
    realm: str = "provider",
    timestamp_lifetime: float = 300,
    clock: Callable[[], float] = time,
    loopback_only: bool = True,
) -> Provider:
    """Start a provider in the background, and return it; best used as a context manager.

    :param host: the name or IP address to listen on.
    :param port: the port; 0: a free one.
    :param database: a file to keep everything in; ``None``: in memory, gone at the end.
    :param realm: what challenges name.
    :param timestamp_lifetime: how far timestamps may be off, either way, in seconds.
    :param clock: the provider's time, in seconds since the epoch; one that is wrong tests clients.
    :param loopback_only: whether to refuse a host that others can reach.
    :raises UsageError: an argument is wrong, the file is not a database of a provider, or the port is taken.
    """
    if loopback_only and not is_loopback(f"[{host}]" if ":" in host else host):
        raise UsageError(f"{host} is not loopback, and this is plain HTTP: allow it with loopback_only=False")
    storage = Storage(database)
    try:
        application = Application(storage, Policy(timestamp_lifetime, clock), realm)
        server = Server(application, host, port, clock)
    except (OSError, OverflowError) as error:
        storage.close()
        raise UsageError(f"cannot listen on {host} port {port}: {error}") from error
    except UsageError:
        storage.close()
        raise
    return Provider(storage, server)


class Provider:
    """A running provider.

    Made by :func:`serve`.  A context manager; :meth:`close` ends it.

    :ivar url: where it is, without a slash at the end.
    :ivar consumer: client credentials that it knows.
    :ivar user: a user who can log in.
    """

    def __init__(self, storage: Storage, server: Server) -> None:
        self._storage = storage
        self._server = server
        host, port = server.server_address[:2]
        self.url = f"http://{f'[{host!s}]' if ':' in str(host) else host!s}:{port}"
        first = storage.first_consumer()
        self.consumer = Consumer(first.key, first.secret) if first else self.add_consumer()
        self.user = User(_USER, secrets.token_urlsafe(12))
        storage.set_user(self.user.name, self.user.password, RANDOM_PASSWORD_COST)

    def __repr__(self) -> str:
        return f"<Provider at {self.url}>"

    def __enter__(self) -> Provider:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop serving, and let go of the database.  Closing twice does nothing more."""
        self._server.close()
        self._storage.close()

    # Where things are

    @property
    def request_token_url(self) -> str:
        """Where temporary credentials are issued (s2.1)."""
        return self.url + ROUTES["request_token"]

    @property
    def authorization_url(self) -> str:
        """Where the user answers (s2.2)."""
        return self.url + ROUTES["authorization"]

    @property
    def access_token_url(self) -> str:
        """Where token credentials are issued (s2.3)."""
        return self.url + ROUTES["access_token"]

    @property
    def registration_url(self) -> str:
        """Where clients register themselves."""
        return self.url + ROUTES["registration"]

    @property
    def resource_url(self) -> str:
        """A protected resource of the user's: it echoes what was verified."""
        return self.url + ROUTES["resource"]

    @property
    def two_legged_url(self) -> str:
        """A protected resource of the consumer's own, called without a token."""
        return self.url + ROUTES["two_legged"]

    @property
    def whoami_url(self) -> str:
        """A protected resource that leads to the profile of the user."""
        return self.url + ROUTES["whoami"]

    @property
    def check_url(self) -> str:
        """Where any signed request is answered with how it is read: base URL, parameters, base string, verdict."""
        return self.url + ROUTES["check"]

    @property
    def requests_url(self) -> str:
        """The last signed requests, and why they were refused: pages for a browser, JSON for others."""
        return self.url + ROUTES["requests"]

    @property
    def webfinger(self) -> str:
        """The account of :attr:`user`, such as ``alice@127.0.0.1:8080``: what clients discover this provider by."""
        return f"{self.user.name}@{self.url.partition('://')[2]}"

    def details(self) -> dict[str, str]:
        """Return all that a client needs, throwaway secrets included, by name and in order."""
        places = ("request_token", "authorization", "access_token", "registration", "resource", "two_legged")
        return {
            "url": self.url,
            **{f"{name}_url": self.url + ROUTES[name] for name in places},
            "consumer_key": self.consumer.key,
            "consumer_secret": self.consumer.secret,
            "user_name": self.user.name,
            "user_password": self.user.password,
        }

    # Who is known

    def add_consumer(
        self,
        name: str = "Example application",
        *,
        key: str | None = None,
        secret: str | None = None,
        rsa_public_key: str | bytes | None = None,
    ) -> Consumer:
        """Register an application (s1.1).

        :param name: what the user is shown.
        :param key: its key; ``None``: a random one.
        :param secret: its secret, which may be empty; ``None``: a random one.
        :param rsa_public_key: a public key in PEM, for the RSA methods (s3.4.3).
        :raises UsageError: the key is taken or cannot be one, or the PEM holds no RSA public key.
        """
        pem = None if rsa_public_key is None else _check_pem(rsa_public_key)
        key = new_secret() if key is None else key
        return self._storage.add_consumer(name, key, new_secret() if secret is None else secret, pem)

    def add_user(self, name: str, password: str) -> User:
        """Give a person an account, or a new password."""
        self._storage.set_user(name, password)
        return User(name, password)

    def add_token(self, consumer: Consumer | None = None, user: User | None = None) -> AccessToken:
        """Issue an access token without the three legs.

        :param consumer: whose; ``None``: of :attr:`consumer`.
        :param user: on whose behalf; ``None``: of :attr:`user`.
        :raises UsageError: one of them is not known here.
        """
        consumer, user = consumer or self.consumer, user or self.user
        if self._storage.consumer(consumer.key) is None or not self._storage.has_user(user.name):
            raise UsageError("add the consumer and the user first: add_consumer(), add_user()")
        return self._storage.add_access_token(new_secret(), new_secret(), consumer.key, user.name)

    # The user's part, without a browser

    def approve(self, url: str, user: User | None = None) -> str:
        """Say yes on the authorization page, as a browser would.

        This is a verifier source: it takes an authorization URL and returns what comes of it.

        :param url: the page, with its ``oauth_token``.
        :param user: who says so; ``None``: :attr:`user`.
        :returns: the callback URL to which the user was sent, or the verifier (``oob``).
        :raises UsageError: the URL is not of this provider.
        :raises ProviderError: the page offers nothing to allow.
        """
        user = user or self.user
        response = self._submit(url, {"name": user.name, "password": user.password, "answer": "allow"})
        shown = _VERIFIER.search(response.text)
        return unescape(shown[1]) if shown else response.headers["Location"]

    def deny(self, url: str) -> str | None:
        """Say no on the authorization page.

        :returns: the callback URL to which the user was sent. ``None`` (``oob``): there is nothing to bring back, and
            the application learns of it when it asks for an access token (``permission_denied``).
        :raises UsageError: the URL is not of this provider.
        :raises ProviderError: the page offers nothing to deny.
        """
        return self._submit(url, {"answer": "deny"}).headers.get("Location")

    def _submit(self, url: str, fields: dict[str, str]) -> requests.Response:
        """Open the page, and submit its form."""
        import requests

        if not url.startswith(f"{self.authorization_url}?"):  # a password goes there
            raise UsageError("this is not an authorization URL of this provider")
        with requests.Session() as session:
            session.trust_env = False
            response = session.get(url, timeout=_TIMEOUT_SECONDS)
            if response.ok:
                response = session.post(url, fields, allow_redirects=False, timeout=_TIMEOUT_SECONDS)
        if not response.ok:
            heading = re.search("<h1>([^<]*)</h1>", response.text)
            message = f"the authorization page says: {unescape(heading[1]) if heading else response.reason}"
            raise ProviderError(message, status=response.status_code, response=response)
        return response


def _check_pem(pem: str | bytes) -> str:
    """Return an RSA public key as text, if it is one.

    :raises UsageError: it is not, or nothing here can tell.
    """
    try:
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
        from cryptography.hazmat.primitives.serialization import load_pem_public_key
    except ImportError as error:
        raise UsageError("RSA needs the package cryptography, and PyJWT") from error
    text = pem.encode() if isinstance(pem, str) else pem
    try:
        key = load_pem_public_key(text)
    except ValueError as error:
        raise UsageError("rsa_public_key must be a public key in PEM") from error
    if not isinstance(key, RSAPublicKey):
        raise UsageError("rsa_public_key must be an RSA key: this is a public key of another kind")
    return text.decode("ascii")
