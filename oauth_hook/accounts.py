"""The hook of an account: credentials by name, signed with as their service wants it.

The command and the plugin for HTTPie name credentials alike: by what the store has them under, or not at all, and then
they are in the environment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .command_common import consumer_from_environment, described_service, kept_as, token_from_environment
from .credentials import AccessToken, Account, Consumer
from .errors import UsageError
from .hook import OAuthHook
from .services import Service
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
