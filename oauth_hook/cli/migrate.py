"""``oauth-hook migrate``: OAuth 2.0 tokens for users who gave OAuth 1.0a tokens."""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

from ..credentials import Consumer
from ..errors import ProviderError, UsageError
from ..tokens.accounts import Store, read_client_from_environment
from ..tokens.migration import (
    INVALID_GRANT,
    TOKEN_URL,
    NameTakenError,
    check_token_url,
    find_token_at_x,
    migrate_account,
    read_token_at_x,
)
from .console import DONE, REFUSED, ask, open_store, print_result, read_options, warn
from .errors import tell

__all__ = ["migrate"]


@dataclass(frozen=True)
class _Options:
    store: Store | str | None
    name: str
    all: bool
    scope: str | None
    token_url: str | None
    timeout: float
    replace: bool
    json: bool


def migrate(arguments: argparse.Namespace) -> int:
    """Exchange the tokens of accounts, one after another, and keep what comes beside them."""
    options = read_options(_Options, arguments)
    if bool(options.name) == options.all:
        raise UsageError("name one account, or use --all for all accounts at X")
    check_token_url(options.token_url or TOKEN_URL)
    with open_store(options.store) as store:
        if options.all:
            names = _find_accounts(store)
        else:
            names = [options.name]
            read_token_at_x(store, options.name)  # what is wrong is said before anything is asked for
        client = read_client_from_environment(warn) or _prompt_for_client()
        return max([DONE, *(_migrate_one(options, store, name, client) for name in names)])


def _find_accounts(store: Store) -> list[str]:
    """Return the names of the accounts at X that have a user's token.

    :raises UsageError: there are no such accounts.
    """
    found = [name for name in store if _is_candidate(store, name)]
    if not found:
        raise UsageError("there is no account at X in the store: see 'oauth-hook credentials list'")
    return found


def _is_candidate(store: Store, name: str) -> bool:
    try:
        return find_token_at_x(store.get(name)) is not None
    except UsageError as error:  # it is damaged, or its service's file is gone: the others are not concerned
        warn(tell(error))
        return False


def _prompt_for_client() -> Consumer:
    key = ask("OAuth 2.0 client ID", elsewhere="set OAUTH2_CLIENT_ID in the environment, or ")
    return Consumer(key, ask("client secret (empty: a public client)", secret=True, needed=False).strip())


def _wait(seconds: float) -> None:
    warn(f"X is busy: trying again in {seconds:.0f} seconds")
    time.sleep(seconds)


def _migrate_one(options: _Options, store: Store, name: str, client: Consumer) -> int:
    """Migrate an account, say so, and return the exit status.

    :raises OAuthHookError: it failed, and so would the next one.
    """
    try:
        done = migrate_account(
            store, name, client,
            replace=options.replace,
            scope=options.scope,
            token_url=options.token_url or TOKEN_URL,
            timeout=options.timeout,
            sleep=_wait,
        )  # fmt: skip
    except (NameTakenError, ProviderError) as error:
        if not options.all or (isinstance(error, ProviderError) and error.problem != INVALID_GRANT):
            raise
        warn(f"{name}: {tell(error)}")
        return REFUSED
    expiry, kept = done.token.expires_at, "" if done.is_new else ", as before"
    until = "" if expiry is None else time.strftime(" (until %Y-%m-%d %H:%M UTC)", time.gmtime(expiry))
    result = {
        "name": name,
        "kept_as": done.kept_as,
        "is_new": done.is_new,
        "scope": done.token.extra.get("scope"),
        "expires_at": expiry,
    }
    print_result(f"{name}: its OAuth 2.0 tokens are kept as {done.kept_as}{kept}{until}", result, as_json=options.json)
    return DONE
