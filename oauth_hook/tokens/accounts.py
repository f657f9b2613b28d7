"""The hook of an account: credentials by name, signed with as their service wants it.

The command and the plugin for HTTPie name credentials alike: by what the store has them under, or not at all, and then
they are in the environment.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, MutableMapping
from dataclasses import replace
from typing import Any, TypeAlias

from ..credentials import AccessToken, Account, Consumer
from ..errors import UsageError
from ..hook.hook import OAuthHook
from ..services.catalog import SERVICES, Service
from .store import CredentialStore

__all__ = ["hook_for"]


def hook_for(
    name: str | None = None,
    store: Mapping[str, Any] | None = None,
    *,
    placement: str | None = None,
    signature_method: str | None = None,
) -> OAuthHook:
    """Return the hook that signs with an account.

    :param name: what the store has it under: an account; or a consumer or an access token, whose other half is in the
        environment. ``None``: both are there (``OAUTH_CONSUMER_KEY``, ``OAUTH_CONSUMER_SECRET``, ``OAUTH_TOKEN``,
        ``OAUTH_TOKEN_SECRET``; without a token: two-legged).
    :param store: ``None``: the user's own, ``CredentialStore()``.
    :param placement: instead of the service's.
    :param signature_method: instead of the service's.
    :raises UsageError: there is nothing of that name, no consumer key, or the store cannot be read.
    """
    consumer, token, service = credentials_for(name, store)
    wanted = replace(
        service,
        placement=placement or service.placement,
        signature_method=signature_method or service.signature_method,
    )
    return hook_of(consumer, token, wanted)


def hook_of(consumer: Consumer | None, token: AccessToken | None, service: Service, rsa_key: Any = None) -> OAuthHook:
    """Return the hook that signs with these credentials as a service wants it.

    :param rsa_key: for the RSA methods, whatever ``OAuthHook`` takes for one.
    :raises UsageError: there is no consumer, or the service wants what cannot be.
    """
    if consumer is None and token is not None:
        raise UsageError(
            "there is no consumer key to go with the token, which is there by itself: set OAUTH_CONSUMER_KEY and "
            "OAUTH_CONSUMER_SECRET, or name an account, which has both"
        )
    if consumer is None:
        raise UsageError(
            "there is no consumer key: name an account (see 'oauth-hook credentials list'), or set OAUTH_CONSUMER_KEY "
            "and OAUTH_CONSUMER_SECRET"
        )
    return OAuthHook(
        token.key if token else None, token.secret if token else None, consumer.key, consumer.secret,
        placement=service.placement,
        signature_method=service.signature_method,
        realm=service.realm,
        body_hash=service.body_hash,
        rsa_key=rsa_key,
    )  # fmt: skip


def credentials_for(
    name: str | None = None, store: Mapping[str, Any] | None = None
) -> tuple[Consumer | None, AccessToken | None, Service]:
    """Return what signs, and how its service wants it: whole accounts by themselves, and halves with the environment's.

    :param name: as ``hook_for`` takes it.
    :param store: likewise.
    :raises UsageError: there is nothing of that name, it is a request token, or the store cannot be read.
    """
    kept = None if name is None else kept_as(CredentialStore() if store is None else store, name)
    if isinstance(kept, Account):
        return kept.consumer, kept.token, described_service(kept)
    if kept is not None and not isinstance(kept, Consumer | AccessToken):
        raise UsageError(f"{name!r} is a request token, which is good for an access token only")
    consumer = kept if isinstance(kept, Consumer) else consumer_from_environment()
    return consumer, kept if isinstance(kept, AccessToken) else token_from_environment(), Service(name="")


#: Where the commands keep credentials: a ``CredentialStore``, or any other such mapping.
Store: TypeAlias = MutableMapping[str, Any]


def kept_as(store: Mapping[str, Any], name: str) -> Any:
    """Return what is in the store by that name.

    :raises UsageError: there is nothing, or it is damaged.
    """
    if name not in store:
        raise UsageError(f"there is no {name!r} in the store: {where_to_look(store)}")
    return store[name]


def missing_file(store: object) -> str | None:
    """Return where a store's file would be; ``None``: it is there, or the store has none."""
    path = store.path if isinstance(store, CredentialStore) else None
    return None if path is None or os.path.exists(path) else path


def where_to_look(store: object) -> str:
    """Return what to do about a name that a store does not have."""
    path = missing_file(store)
    if path is None or path == CredentialStore().path:  # of the user's own store the list tells as much
        return "see 'oauth-hook credentials list'"
    return f"the file of that store does not exist: {path}"


def consumer_from_environment() -> Consumer | None:
    """Return the consumer that the environment names, if it does."""
    pair = _from_environment("OAUTH_CONSUMER_KEY", "OAUTH_CONSUMER_SECRET")
    return None if pair is None else Consumer(*pair)


def token_from_environment() -> AccessToken | None:
    """Return the user's token that the environment names, if it does."""
    pair = _from_environment("OAUTH_TOKEN", "OAUTH_TOKEN_SECRET")
    return None if pair is None else AccessToken(*pair)


def _from_environment(*names: str) -> tuple[str, ...] | None:
    values = tuple(os.environ.get(name, "") for name in names)
    for name, value in zip(names, values, strict=True):
        if not is_text(value):
            raise UsageError(f"{name} in the environment has octets that are no text (UTF-8)")
        if value != value.strip():
            report(f"oauth-hook: {name} in the environment has white space around it, which is taken as part of it")
    if names[0] == "OAUTH_TOKEN" and values[0] and "OAUTH_TOKEN_SECRET" not in os.environ:
        report("oauth-hook: OAUTH_TOKEN is in the environment without OAUTH_TOKEN_SECRET, which is taken as empty")
    return values if values[0] else None


def is_text(value: str) -> bool:
    """Tell whether the system could read a word as text: what it could not, Python keeps as half characters."""
    return not any("\ud800" <= character <= "\udfff" for character in value)


def is_file(named: str) -> bool:
    """Tell whether a service is named by the file that describes it."""
    separators = [separator for separator in (os.sep, os.altsep) if separator]  # Windows has two
    return "://" not in named and (named.endswith(".json") or any(separator in named for separator in separators))


def described_service(account: Account) -> Service:
    """Return what is known of an account's service: how it wants its requests signed.

    :raises UsageError: a file described it, which is gone or describes none any more.
    """
    place = account.service or ""
    if place in SERVICES:
        return SERVICES[place]
    if not is_file(place):
        return Service(name="")  # an address tells nothing but where it is
    if not os.path.exists(place):
        raise UsageError(
            f"the file that describes this account's service is gone: {place}; put it back, or authorize again with "
            "--service and where it is now"
        )
    return Service.from_file(place)


def shown_place(place: str | None) -> str:
    """Return where an account is, for a person: of a service's three addresses, the one that users see."""
    parts = (place or "no service").split(" ")
    return parts[1] if len(parts) == 3 else place or "no service"


def report(text: str) -> None:
    """Say something to a person, on standard error, where there is one."""
    if sys.stderr is not None:
        print(text, file=sys.stderr, flush=True)
