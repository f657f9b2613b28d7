"""``WebPump``: a ``PyPump`` for web applications."""

from __future__ import annotations

from typing import Any

from ..credentials import AccessToken, Account, RequestToken
from ..errors import ProviderError, conceal_frames, conceal_methods
from .pypump import PyPump

__all__ = ["WebPump"]


@conceal_methods
class WebPump(PyPump):
    """A ``PyPump`` for web applications, which nothing waits for: the user comes back in another request::

        pump = WebPump("alice@pump.example", client_name="App", callback="https://app.example/back", store=store)
        redirect(pump.url)                           # one worker
        pump = WebPump("alice@pump.example", client_name="App", callback="https://app.example/back", store=store)
        pump.verifier(callback_that_was_called)       # another one, in another process

    What the second has to know is the request token. A ``store`` that they share keeps it, for each webfinger the last
    one. Without a store, what ``get_registration()`` and ``get_token()`` gave goes into the user's session, and comes
    back as ``key``, ``secret``, ``token`` and ``token_secret``.

    The arguments are those of ``PyPump``, but ``verifier_callback`` is ignored, and ``token`` may be a request token.
    Nothing is sent before one of its calls needs it, except for a client that has expired.
    """

    _url: str | None = None
    _given: RequestToken | None = None

    def _resumed(self, token: AccessToken | None) -> Account | None:
        self._given = None if token is None else RequestToken(token.key, token.secret)
        return super()._resumed(token)

    def _begin(self) -> None:
        """Ask nobody yet."""

    def _look_again(self, refused: AccessToken | None = None) -> None:
        before = self._token
        super()._look_again(refused)
        if self._token != before and not self._is_waited_for(self._pending):
            self._pending = self._url = None  # it is used

    @property
    @conceal_frames
    def url(self) -> str | None:
        """Where to send the user; ``None``: there is a token. (After ``oauth_request``, the user is asked anyway.)"""
        self._look_again()
        if self._url is None and self._token is None:
            self.oauth_request()
        return self._url

    @property
    @conceal_frames
    def logged_in(self) -> bool:
        """Whether the server takes the token, and it is that of the webfinger's user; it is asked each time.

        That is about the token, and not about who is at the browser. Where it is refused, one kept since is tried.

        :raises ProviderError: the server fails (a status of 500 or more), or its response makes no sense.
        """
        self._look_again()
        token, self._me = self._token, None
        if token is None:
            return False
        try:
            identity = str(self.me.get("id"))
        except ProviderError as error:
            if error.status not in (400, 401, 403):  # which one it is differs by place
                raise
            self._look_again(token)
            return self._token != token and self.logged_in
        return identity.removeprefix("acct:").partition("@")[0] == self.client.nickname

    def get_registration(self) -> list[Any]:
        """Return ``[key, secret, expiry]`` of the client, registered now if it was not; see ``PyPump``."""
        self._ensure()
        return super().get_registration()

    def get_token(self) -> list[str]:
        """Return ``[token, secret]`` of the access token; before there is one, of the request token."""
        self._look_again()
        if self._token is None and self._pending is None:
            self.oauth_request()
        asked = self._pending
        return super().get_token() if asked is None else [asked.key, asked.secret]

    def oauth_request(self) -> None:
        """Fetch a request token, and keep it for the worker to which the user comes back."""
        asked, self._url = self._ask_for_token()
        self.store[self._slot] = asked

    def _asked(self) -> RequestToken | None:
        if self._pending is None:
            self._look_again()  # for the key that it was asked for with
            kept = self.store.get(self._slot)
            self._pending = self._given or (kept if isinstance(kept, RequestToken) else None)
        return self._pending

    def _exchange(self, asked: RequestToken, came_back: str) -> None:
        super()._exchange(asked, came_back)
        if self._pending is None:
            self._url = self._given = None
            if self._is_waited_for(asked):
                self.store.pop(self._slot, None)

    def _is_waited_for(self, asked: RequestToken | None) -> bool:
        """Tell whether a request token is the one that is kept: another window may have asked for another since."""
        kept = self.store.get(self._slot)
        return asked is not None and isinstance(kept, RequestToken) and kept.key == asked.key

    @property
    def _slot(self) -> str:
        return f"{self.client.webfinger} request token"
