"""From stored OAuth 1.0a tokens to OAuth 2.0 tokens of the same users, who are not asked: X's token exchange.

::

    client = Consumer("the OAuth 2.0 client ID", "its client secret")  # without a secret: a public client
    migrate_account(CredentialStore(), "me", client)                   # kept as "me-oauth2", beside "me"

X documents it on the page "Migrating OAuth 1.0a user tokens to OAuth 2.0" of docs.x.com, read in November 2026:

- The old token stays as it is, and valid. Exchanged again, it gives new tokens, and those it gave before end: so
  nothing is lost wherever this stops, and the last ones that were given have to be kept.
- For that reason two exchanges of one token must not run at once.
- ``invalid_grant`` is final: the user has to authorize again. 429 and 5xx pass.

What comes after the exchange (refreshing tokens, sending them) is OAuth 2.0, and not done here.
"""

from __future__ import annotations

import os
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple, TypeVar

import requests

from ..credentials import AccessToken, Account, Consumer
from ..errors import ProviderError, UsageError, check_type, conceal_frames, is_text
from ..protocol.url import check_absolute_url, is_loopback
from ..redaction.request_secrets import known_secrets
from ..services.catalog import SERVICES
from .accounts import (
    TOKEN_EXCHANGE,
    Store,
    find_account_service,
    find_oauth2_name,
    find_origins,
    is_oauth2_token,
    read_entry,
)
from .http import build_refusal, check_timeout, send_request
from .keyring_store import KeyringStore
from .store import CredentialStore, default_path, hold_file
from .token_response import find_json_values, parse_expiry, parse_json_object

__all__ = [
    "INVALID_GRANT",
    "TOKEN_URL",
    "Migration",
    "NameTakenError",
    "check_token_url",
    "exchange_token",
    "find_token_at_x",
    "migrate_account",
    "read_token_at_x",
]

TOKEN_URL = "https://api.x.com/2/oauth2/token"
INVALID_GRANT = "invalid_grant"
MAX_ATTEMPTS = 6
MAX_WAIT_SECONDS = 900  # what X counts requests by
_SUBJECT = "urn:x:params:oauth:token-type:oauth1_token"
_NEW_SECRETS = ("access_token", "refresh_token")
_TOO_MANY, _BROKEN = 429, 500

_CLIENT = "check the OAuth 2.0 client ID and secret, and that OAuth 2.0 is set up for the application at X"
_ADVICE = {
    INVALID_GRANT: "the token was revoked, or is another application's: its user has to authorize again, by OAuth 2.0",
    "invalid_scope": "leave the scope out, or ask for less than the old token allows",
    "invalid_client": _CLIENT,
    "unauthorized_client": _CLIENT,
}
_LATER = "nothing is lost: do the same later, and it goes on where it stopped"

_T = TypeVar("_T")


class NameTakenError(UsageError):
    """``NAME-oauth2`` stands for something else, which would be lost; other accounts are not concerned."""


class Migration(NamedTuple):
    """What became of an account."""

    name: str
    kept_as: str  #: where its OAuth 2.0 tokens are in the store
    token: AccessToken  #: these, as ``exchange_token`` returns them
    is_new: bool  #: they were got now; ``False``: an earlier run got them


@conceal_frames
def migrate_account(
    store: Store,
    name: str,
    client: Consumer,
    *,
    replace: bool = False,
    scope: str | None = None,
    token_url: str = TOKEN_URL,
    session: requests.Session | None = None,
    timeout: float = 30,
    sleep: Callable[[float], object] = time.sleep,
) -> Migration:
    """Exchange the token of an account at X, and keep what comes beside it, as ``NAME-oauth2``.

    The account itself is not touched. What was exchanged is not exchanged again, and what X refused as
    ``invalid_grant`` is not sent again: so a run that stopped half-way is simply repeated. Runs on one store take
    turns, and while one waits for a busy X the others may go on.

    The parameters and errors that are not named here are those of ``exchange_token``.

    :param store: a ``CredentialStore``, a ``KeyringStore`` or any other such mapping.
    :param client: the application's OAuth 2.0 client ID and secret; without a secret it is a public client.
    :param replace: exchange again in any case, and replace the OAuth 2.0 tokens of another token, too; those of the
        last exchange end then.
    :returns: the tokens, and whether they are new.
    :raises NameTakenError: something else is kept as ``NAME-oauth2``, or it cannot be read; nothing has been sent.
    :raises UsageError: there is no such account; nothing has been sent.
    :raises ProviderError: X refuses, or has refused this token before.
    """
    exchange = partial(
        _exchange_once, client=client, scope=scope, token_url=token_url, session=session, timeout=timeout
    )
    return _retry_while_busy(lambda: _migrate_once(store, name, exchange, replace), sleep)


def _migrate_once(store: Store, name: str, exchange: Callable[[AccessToken], AccessToken], replace: bool) -> Migration:
    with _wait_for_turn(store):
        token = read_token_at_x(store, name)
        kept_as = find_oauth2_name(name)
        kept = _read_kept(store, kept_as, token, replace)
        if kept is not None and kept.key == token.key and not replace:
            if kept.secret:
                return Migration(name, kept_as, kept, is_new=False)
            advice = f"{_ADVICE[INVALID_GRANT]}; replace=True asks again"
            raise ProviderError(f"X refused the token of {name!r} before: {advice}", problem=INVALID_GRANT)
        try:
            got = exchange(token)
        except ProviderError as error:
            is_final = error.problem == INVALID_GRANT and not _is_busy(error.status)
            if is_final and not (kept and kept.secret):  # tokens that are kept may be valid still
                store[kept_as] = _make_token(token, "", error=INVALID_GRANT)
            raise
        store[kept_as] = got
        return Migration(name, kept_as, got, is_new=True)


def _read_kept(store: Store, kept_as: str, token: AccessToken, replace: bool) -> AccessToken | None:
    """Return what an earlier run kept under this name.

    :raises NameTakenError: it is something else, or cannot be read; or another token's, and ``replace`` is false.
    """
    try:
        kept = store.get(kept_as)
    except UsageError as error:
        raise NameTakenError(str(error)) from error
    if kept is not None and not is_oauth2_token(kept):
        raise NameTakenError(f"there is a {kept_as!r} in the store, which would be lost: rename one of the two")
    if kept is not None and kept.secret and kept.key != token.key and not replace:
        advice = "rename it, or use replace=True if nobody needs them"
        raise NameTakenError(f"{kept_as!r} has the OAuth 2.0 tokens of another token, which would be lost: {advice}")
    return kept


def find_token_at_x(value: object) -> AccessToken | None:
    """Return the user's token of an account at X; ``None``: it is not such an account.

    At X is an account whose service is X or stands at X's origins; where its service is not known, its own origins
    say it.

    :raises UsageError: the file that described its service is gone.
    """
    if not isinstance(value, Account) or value.token is None:
        return None
    origins = find_origins(find_account_service(value)) or value.origins
    return value.token if origins and set(origins) <= set(find_origins(SERVICES["x"])) else None


def read_token_at_x(store: Store, name: str) -> AccessToken:
    """Return the user's token of an account at X.

    :raises UsageError: there is no such account, or it is at another service, or has no token.
    """
    token = find_token_at_x(read_entry(store, name))
    if token is None:
        raise UsageError(f"{name!r} is not an account at X with a user's token, so there is nothing to exchange")
    return token


@conceal_frames
def exchange_token(
    token: AccessToken,
    client: Consumer,
    *,
    scope: str | None = None,
    token_url: str = TOKEN_URL,
    session: requests.Session | None = None,
    timeout: float = 30,
    sleep: Callable[[float], object] = time.sleep,
) -> AccessToken:
    """Exchange an OAuth 1.0a token at X for OAuth 2.0 tokens of the same user.

    :param token: the user's, as X gave it; it stays valid.
    :param client: the application's OAuth 2.0 client ID and secret; without a secret it is a public client.
    :param scope: what the new token may do, separated by spaces; ``None``: all that the old one may.
    :param token_url: where to send it: https, or loopback.
    :param session: sends the request; ``None``: a new one.
    :param timeout: for each whole response, in seconds.
    :param sleep: waits for these seconds, where X is busy (429, 5xx) and asked again, ``MAX_ATTEMPTS`` times in all.
    :returns: a token whose ``secret`` is the OAuth 2.0 access token, with ``expires_at``; ``extra`` has its
        ``refresh_token`` and ``scope``; its ``key`` is the old one's, as OAuth 2.0 tokens have no public half.
    :raises UsageError: an argument is wrong; nothing has been sent.
    :raises ProviderError: X refuses (``problem`` is its word), or its response makes no sense.
    :raises requests.RequestException: the connection failed, or the time ran out.
    """
    return _retry_while_busy(lambda: _exchange_once(token, client, scope, token_url, session, timeout), sleep)


def _exchange_once(
    token: AccessToken,
    client: Consumer,
    scope: str | None,
    token_url: str,
    session: requests.Session | None,
    timeout: float,
) -> AccessToken:
    check_type(token, AccessToken, "token", "an AccessToken")
    check_type(client, Consumer, "client", "a Consumer: the OAuth 2.0 client ID and its secret")
    check_token_url(token_url)
    form = {
        "grant_type": TOKEN_EXCHANGE,
        "subject_token": token.key,
        "subject_token_type": _SUBJECT,
        "oauth_token_secret": str(token.secret),
        **({} if scope is None else {"scope": scope}),
        **({} if client.secret else {"client_id": client.key}),
    }
    pair = f"{client.key}:{client.secret}"
    basic = b64encode(pair.encode()).decode()
    headers: dict[str, Any] = {
        "Accept": "application/json",
        "Authorization": f"Basic {basic}" if client.secret else None,  # None: nor what the session has
    }
    whole = send_request("POST", token_url, session=session, timeout=check_timeout(timeout), data=form, headers=headers)
    fields = parse_json_object(whole.text) or {}
    got = _read_tokens(token, fields) if whole.ok else None
    if got is None:
        secrets = [*known_secrets(client, token), *find_json_values(whole.text, *_NEW_SECRETS)]
        secrets += [pair, basic.rstrip("=")] if client.secret else []
        advice = _LATER if _is_busy(whole.response.status_code) else _ADVICE.get(str(fields.get("error")), "")
        did = f"{'did not send' if whole.ok else 'refused to issue'} OAuth 2.0 tokens"
        raise build_refusal(whole, did, secrets, advise=lambda *_: advice)
    return got


def _retry_while_busy(attempt: Callable[[], _T], sleep: Callable[[float], object]) -> _T:
    """Return what an attempt returns, as soon as X is not busy any more, or ``MAX_ATTEMPTS`` are made."""
    for exponent in range(MAX_ATTEMPTS - 1):
        try:
            return attempt()
        except ProviderError as error:
            if error.response is None or not _is_busy(error.response.status_code):
                raise
            wait = _read_wait(error.response, 2**exponent)
        sleep(wait)
    return attempt()


def _is_busy(status: int | None) -> bool:
    return status is not None and (status == _TOO_MANY or status >= _BROKEN)


def check_token_url(url: str) -> None:
    """Refuse to send tokens where others could read them.

    :raises UsageError: it is neither an https URL nor one of loopback.
    """
    check_type(url, str, "token_url", "a str")
    scheme, host, _ = check_absolute_url(url, "token_url")
    if scheme == "http" and not is_loopback(host):
        raise UsageError("this is plain http, where anybody on the way can read the tokens: token_url must be https")


def _read_wait(response: requests.Response, otherwise: float) -> float:
    """Return how many seconds X wants us to wait."""
    wait, reset = (response.headers.get(name, "") for name in ("Retry-After", "x-rate-limit-reset"))
    if wait.isascii() and wait.isdigit():
        return min(float(wait), MAX_WAIT_SECONDS)
    if reset.isascii() and reset.isdigit():
        return min(max(float(reset) - time.time(), 1), MAX_WAIT_SECONDS)
    return otherwise


def _read_tokens(token: AccessToken, fields: dict[str, Any]) -> AccessToken | None:
    """Return the tokens of a response; ``None``: it has not got both."""
    values = [fields.get(name) for name in _NEW_SECRETS]
    if fields.get("error") or not all(isinstance(value, str) and value and is_text(value) for value in values):
        return None
    expires_at = parse_expiry(fields.get("expires_in"), time.time())
    extra = {name: fields[name] for name in ("token_type", "scope") if isinstance(fields.get(name), str)}
    return _make_token(token, values[0], expires_at, refresh_token=values[1], **extra)


def _make_token(old: AccessToken, secret: Any, expires_at: float | None = None, **extra: Any) -> AccessToken:
    """Return what is kept: OAuth 2.0 tokens under the key of the token that they came from, or why there are none."""
    return AccessToken(old.key, secret, expires_at=expires_at, extra={"grant_type": TOKEN_EXCHANGE, **extra})


# Whose turn it is on a mapping that is no store of ours, by its ``id``; no fork inherits a turn.
_TURNS: dict[int, threading.RLock] = {}
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_TURNS.clear)


@contextmanager
def _wait_for_turn(store: Store) -> Iterator[None]:
    """Wait until nobody else exchanges a token of this store: the tokens of two exchanges would end each other."""
    if isinstance(store, CredentialStore | KeyringStore):
        path = os.path.realpath(store.path if isinstance(store, CredentialStore) else default_path())
        with hold_file(f"{path}-migration"):
            yield
    else:
        with _TURNS.setdefault(id(store), threading.RLock()):
            yield
