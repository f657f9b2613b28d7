"""The plugin for HTTPie, which finds it by its entry point::

    http --auth-type=oauth-hook --auth=NAME https://api.example.com/1/account.json

NAME is an account in the user's credential store, as ``oauth-hook authorize NAME`` keeps it; how requests are signed is
its service's to say. Without ``--auth`` the credentials are in the environment (``OAUTH_CONSUMER_KEY``,
``OAUTH_CONSUMER_SECRET``, ``OAUTH_TOKEN`` and ``OAUTH_TOKEN_SECRET``), or those of the default account (``oauth-hook
use``). No secret is ever an argument, or in a file of HTTPie's: ``--session`` keeps the NAME.

HTTPie loads its plugins at every start. So nothing else of this package is loaded until there is a request to sign.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from httpie.plugins import AuthPlugin  # type: ignore[import-not-found,import-untyped,unused-ignore]

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["OAuthPlugin"]

_UNAUTHORIZED = 401


class OAuthPlugin(AuthPlugin):  # type: ignore[misc,unused-ignore]
    """``--auth-type=oauth-hook``."""

    name = "OAuth 1.0a (oauth-hook)"
    description = (
        "Sign with an account of 'oauth-hook authorize NAME' (--auth=NAME), or with OAUTH_CONSUMER_KEY, "
        "OAUTH_CONSUMER_SECRET, OAUTH_TOKEN and OAUTH_TOKEN_SECRET of the environment (without --auth)."
    )
    auth_type = "oauth-hook"
    auth_require = False
    auth_parse = False
    prompt_password = False

    raw_auth: Any = None

    def get_auth(self, username: str | None = None, password: str | None = None) -> Callable[[Any], Any]:
        """Return what signs with the account that ``--auth`` names.

        :param username: nothing, as ``--auth`` is a NAME and is not taken apart.
        :param password: nothing.
        :raises SystemExit: there is no such account, or no credentials; it has been said on standard error.
        """
        from ..errors import OAuthHookError, UsageError
        from ..tokens.accounts import find_credentials
        from ..tokens.store import CredentialStore
        from .preferences import Preferences

        name: str | None = self.raw_auth
        store = CredentialStore()
        preferences = Preferences(store)
        try:
            name = preferences.choose_account(name, store)
            clock = preferences.load_clock(name)
            if name is not None and ":" in name and name not in store:  # not repeated: it may be a secret
                raise UsageError(
                    "--auth takes the NAME of an account, not a key and its secret: keep them with 'oauth-hook "
                    "authorize NAME', or leave --auth out and set OAUTH_CONSUMER_KEY, OAUTH_CONSUMER_SECRET, "
                    "OAUTH_TOKEN and OAUTH_TOKEN_SECRET"
                )
            hook = find_credentials(name, store).make_hook(clock=clock)
        except OAuthHookError as error:
            # HTTPie is reading its arguments, and would show anything else that is raised as a traceback.
            print(f"http: error: {error}", file=sys.stderr)
            raise SystemExit(1) from None

        def look(response: Any, **_: Any) -> None:
            if name is not None:
                preferences.keep_clock(name, response.request.url, clock)
            if response.status_code == _UNAUTHORIZED:
                words = " ".join(filter(None, ("oauth-hook explain", name)))
                print(f"http: why it was refused: run it again with -v, and pipe it to '{words}'", file=sys.stderr)

        def sign(request: Any) -> Any:
            signed = hook(request)
            signed.register_hook("response", look)
            return signed

        return sign
