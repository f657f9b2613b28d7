"""The hook of an account: credentials by name, signed with as their service wants it.

The command and the plugin for HTTPie name credentials alike: by what the store has them under, or not at all, and then
they are in the environment.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import replace
from typing import Any, TypeAlias

from ..credentials import AccessToken, Account, Consumer, ServiceReference
from ..errors import UsageError, conceal_frames, is_text, suggest_word
from ..hook.hook import OAuthHook
from ..services.catalog import SERVICES, Service
from .store import CredentialStore

__all__ = ["hook_for_account"]

log = logging.getLogger("oauth_hook")

#: Where the commands keep credentials: a ``CredentialStore``, or any other such mapping.
Store: TypeAlias = MutableMapping[str, Any]

#: What is told of something that is odd and no error: a sentence.
Warn: TypeAlias = Callable[[str], object]


@conceal_frames
def hook_for_account(
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
    :raises UsageError: there is nothing of that name, there is no consumer key, or the store cannot be read.
    """
    consumer, token, service = find_credentials(name, store)
    wanted = replace(
        service,
        placement=placement or service.placement,
        signature_method=signature_method or service.signature_method,
    )
    return make_hook(consumer, token, wanted)


def make_hook(consumer: Consumer | None, token: AccessToken | None, service: Service, rsa_key: Any = None) -> OAuthHook:
    """Return the hook that signs with these credentials as a service wants it.

    :param rsa_key: for the RSA methods, whatever ``OAuthHook`` takes for one.
    :raises UsageError: there is no consumer, or the service wants something impossible.
    """
    if consumer is None and token is not None:
        raise UsageError(
            "there is no consumer key to go with the token: set OAUTH_CONSUMER_KEY and OAUTH_CONSUMER_SECRET, or name "
            "an account, which has both"
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


def find_credentials(
    name: str | None = None, store: Mapping[str, Any] | None = None, *, warn: Warn = log.warning
) -> tuple[Consumer | None, AccessToken | None, Service]:
    """Return what signs, and how its service wants it: accounts as they are, halves completed by the environment.

    :param name: as ``hook_for_account`` takes it.
    :param store: likewise.
    :param warn: is told of white space around a value in the environment, and of a token without its secret.
    :raises UsageError: there is nothing of that name, it is a request token, or the store cannot be read.
    """
    found = None if name is None else read_entry(CredentialStore() if store is None else store, name)
    if isinstance(found, Account):
        return found.consumer, found.token, _find_service(found)
    if found is not None and not isinstance(found, Consumer | AccessToken):
        raise UsageError(f"{name!r} is a request token, which can only be exchanged for an access token")
    consumer = found if isinstance(found, Consumer) else read_consumer_from_environment(warn)
    token = found if isinstance(found, AccessToken) else read_token_from_environment(warn)
    return consumer, token, Service(name="")


def read_entry(store: Mapping[str, Any], name: str) -> Any:
    """Return what is in the store by that name.

    :raises UsageError: there is nothing, or it is damaged.
    """
    if name not in store:
        raise UsageError(f"there is nothing of that name in the store{suggest_word(name, store)}: {store_hint(store)}")
    return store[name]


def store_hint(store: object) -> str:
    """Return what to do about a name that a store does not have."""
    path = find_missing_file(store)
    if path is None or path == CredentialStore().path:  # of the user's own store the list tells as much
        return "see 'oauth-hook credentials list'"
    return f"the file of that store does not exist: {path}"


def find_missing_file(store: object) -> str | None:
    """Return where a store's file would be; ``None``: it is there, or the store has none."""
    path = store.path if isinstance(store, CredentialStore) else None
    return None if path is None or os.path.exists(path) else path


def read_consumer_from_environment(warn: Warn = log.warning) -> Consumer | None:
    """Return the consumer that the environment names, if it does."""
    pair = _read_pair("OAUTH_CONSUMER_KEY", "OAUTH_CONSUMER_SECRET", warn)
    return pair and Consumer(*pair)


def read_token_from_environment(warn: Warn = log.warning) -> AccessToken | None:
    """Return the user's token that the environment names, if it does."""
    pair = _read_pair("OAUTH_TOKEN", "OAUTH_TOKEN_SECRET", warn)
    if pair and "OAUTH_TOKEN_SECRET" not in os.environ:
        warn("OAUTH_TOKEN is in the environment without OAUTH_TOKEN_SECRET, which is taken as empty")
    return pair and AccessToken(*pair)


def _read_pair(key_name: str, secret_name: str, warn: Warn) -> tuple[str, str] | None:
    """Return a key and its secret from the environment; ``None``: there is no key."""
    values = {name: os.environ.get(name, "") for name in (key_name, secret_name)}
    for name, value in values.items():
        if not is_text(value):
            raise UsageError(f"{name} in the environment is not text (UTF-8)")
        if value != value.strip():
            warn(f"{name} in the environment has white space around it, which is taken as part of it")
    return (values[key_name], values[secret_name]) if values[key_name] else None


def _find_service(account: Account) -> Service:
    """Return what is known of an account's service: how it wants its requests signed.

    :raises UsageError: the file that described it is gone, or does not describe a service any more.
    """
    text = account.service or ""
    if text in SERVICES:
        return SERVICES[text]
    path = ServiceReference.parse(text).path
    if path is None:
        return Service(name="")  # a URL says where a service is, and nothing else about it
    if not os.path.exists(path):
        raise UsageError(
            f"the file that describes this account's service is gone: {path}; put it back, or authorize again with "
            "--service and its new path"
        )
    return Service.from_file(path)
