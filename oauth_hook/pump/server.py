"""A user's pump.io server: where its endpoints are, and how it is spoken to.

Everything real is done by ``discover``, ``register_client``, ``update_client`` and ``OAuthFlow``; here they are
given the settings that a ``PyPump`` has.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from requests.adapters import BaseAdapter

from ..credentials import AccessToken, Consumer, RequestToken
from ..errors import ProviderError
from ..protocol.url import split_url
from ..services.catalog import Service
from ..tokens.discovery import check_scheme, discover, is_allowed
from ..tokens.flow import OAuthFlow
from ..tokens.http import check_timeout
from ..tokens.registration import register_client, update_client

__all__ = ["PumpServer"]


class PumpServer:
    """A user's server: where its endpoints are, and how it is spoken to.

    :param webfinger: the user.
    :param scheme: ``"https"``, or ``"http"``: plain http is spoken.
    :param verify: as ``requests`` has it: whether certificates are checked, or the path of those to trust.
    :param timeout: for each whole response, in seconds.
    :raises UsageError: an argument is wrong.
    """

    def __init__(
        self, webfinger: str, *, scheme: str = "https", verify: bool | str = True, timeout: float = 30
    ) -> None:
        self._webfinger = webfinger
        self._scheme = check_scheme(scheme)
        self._verify = verify
        self._timeout = check_timeout(timeout)
        self._found: Service | None = None
        self._root: str | None = None

    @property
    def root(self) -> str:
        """Where the API is, as ``scheme://host[:port]``.

        :raises ProviderError: the server does not say. See ``discover`` for this and other errors.
        """
        if self._root is None:
            self.service()
        return str(self._root)

    def remember(self, root: str | None) -> None:
        """Take what ``root`` was an earlier time, if it is one that ``scheme`` allows: it is not looked for again."""
        if root is not None and is_allowed(root, self._scheme):
            parts = split_url(root)
            if not parts.path and parts.query is None and parts.fragment is None:
                self._root = root

    def service(self) -> Service:
        """Return the server's endpoints, which are looked for once."""
        if self._found is None:
            with self.session() as session:
                found = discover(self._webfinger, scheme=self._scheme, session=session, timeout=self._timeout)
            parts = split_url(found.api_url or found.access_token_url)
            self._root, self._found = f"{parts.scheme}://{parts.authority}", found
        return self._found

    @contextmanager
    def session(self, adapter: BaseAdapter | None = None) -> Iterator[requests.Session]:
        """Give a session for a few requests, closed at the end: nobody has to close a ``PyPump``.

        :param adapter: sends the requests; ``None``: that of ``requests``.
        """
        with _Session() as session:
            session.verify = self._verify
            if adapter is not None:
                session.mount("https://", adapter)
                session.mount("http://", adapter)
            yield session

    def register(self, said: dict[str, Any]) -> Consumer:
        """Register an application: see ``register_client``."""
        url = self._registration_url()
        with self.session() as session:
            return register_client(url, **said, scheme=self._scheme, session=session, timeout=self._timeout)

    def update(self, consumer: Consumer, said: dict[str, Any]) -> Consumer:
        """Change what is known of an application: see ``update_client``."""
        url = self._registration_url()
        with self.session() as session:
            return update_client(url, consumer, **said, scheme=self._scheme, session=session, timeout=self._timeout)

    def ask_for_token(self, consumer: Consumer, callback: str) -> tuple[RequestToken, str]:
        """Return a request token (RFC 5849 s2.1), and the URL to send the user to (s2.2)."""
        with self._flow(consumer, callback) as flow:
            token = flow.fetch_request_token()
            return token, flow.authorization_url(token)

    def exchange(self, consumer: Consumer, token: RequestToken, came_back: str) -> AccessToken:
        """Return the access token (s2.3) for a verifier, or for the callback URL that has it."""
        with self._flow(consumer, "oob") as flow:
            return flow.fetch_access_token(token, flow.parse_callback(came_back, token))

    def _registration_url(self) -> str:
        url = self.service().registration_url
        if url is None:
            raise ProviderError(
                f"{self.root} does not register clients: it has no registration_endpoint; give the Client its key and "
                "secret"
            )
        return url

    @contextmanager
    def _flow(self, consumer: Consumer, callback: str) -> Iterator[OAuthFlow]:
        service = self.service()
        with self.session() as session:
            yield OAuthFlow.for_service(
                service, consumer, callback=callback, session=session, timeout=self._timeout
            )  # fmt: skip


class _Session(requests.Session):
    """A session whose ``verify`` holds: ``requests`` has REQUESTS_CA_BUNDLE overrule it."""

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        """Return the settings for a request; see ``requests.Session``."""
        own = self.verify if verify is None else verify
        return super().merge_environment_settings(url, proxies, stream, own, cert)
