"""The hook of an account: credentials by name, signed with as their service wants it, and at their service only.

The command and the plugin for HTTPie name credentials alike: by what the store has them under, or not at all, and then
they are in the environment.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from ..credentials import AccessToken, Account, Consumer, ServiceReference
from ..errors import UsageError, conceal_frames, is_text, suggest_word
from ..hook.attach import SignedRequest
from ..hook.clock import ServerClock
from ..hook.hook import OAuthHook
from ..hook.redirects import Status
from ..protocol.url import check_absolute_url, parse_origin, print_origin
from ..services.catalog import SERVICES, Service
from .store import CredentialStore

__all__ = ["hook_for_account"]

log = logging.getLogger("oauth_hook")

#: Where the commands keep credentials: a ``CredentialStore``, or any other such mapping.
Store: TypeAlias = MutableMapping[str, Any]

#: What is told of something that is odd and no error: a sentence.
Warn: TypeAlias = Callable[[str], object]


class AccountHook(OAuthHook):
    """The hook of an account: a request to an origin that is not the account's is refused, and not sent.

    Redirects go as with any hook that is pinned: to elsewhere unsigned, without anything of ours.
    """

    account_name: str | None = None
    open_placeholders: tuple[str, ...] = ()  #: what says at which tenant of its service the account is, and is not said

    def __call__(self, request: Any) -> Any:
        """Sign a request to one of the account's origins.

        :raises UsageError: it goes elsewhere, its URL has a user name, or it is not known where the account is used.
        """
        url = getattr(request, "url", None)
        has_origins = self.is_pinned_elsewhere(None)  # a hook without any is pinned to nothing, and would sign for all
        is_redirect = isinstance(request, SignedRequest) and request.oauth_state.status is not Status.SIGNED
        if has_origins and (is_redirect or not isinstance(url, str) or not self.is_pinned_elsewhere(url)):
            return super().__call__(request)
        place = print_origin(check_absolute_url(url, "the URL")) if isinstance(url, str) else "https://..."
        why = "" if has_origins else " (its service names no URLs)"
        advice = ""
        if self.open_placeholders and not has_origins:
            why = " (it does not say at which tenant of its service it is)"
            options = " ".join(f"--at {name}=..." for name in self.open_placeholders)
            advice = f"keep it anew with {options} ('oauth-hook credentials add', --replace); or, "
        raise UsageError(
            f"the account {self.account_name!r} is not for {place}{why}, so nothing was sent: {advice}if its "
            f"credentials may go there, allow it with --origin {place}, which is kept with the account ('oauth-hook "
            "request', 'oauth-hook credentials allow'; in Python Account.origins)"
        )


@dataclass(frozen=True)
class FoundCredentials:
    """What signs, how its service wants it, and where.

    :param consumer: ``None`` if none was found.
    :param token: ``None``: two-legged.
    :param name: the account's, in its store; ``None``: these are no account's.
    :param origins: those that an account is pinned to.
    """

    consumer: Consumer | None
    token: AccessToken | None
    service: Service
    name: str | None = None
    origins: tuple[str, ...] = ()

    def make_hook(
        self, service: Service | None = None, rsa_key: Any = None, clock: ServerClock | None = None
    ) -> OAuthHook:
        """Return the hook that signs with them.

        :param service: signs as this service wants it, instead of the account's; where it signs stays as it is.
        :param rsa_key: for the RSA methods, whatever ``OAuthHook`` takes for one.
        :param clock: what is known about the server's time.
        :raises UsageError: there is no consumer, or the service wants something impossible.
        """
        service, token = service or self.service, self.token
        if self.consumer is None and token is not None:
            raise UsageError(
                "there is no consumer key to go with the token: set OAUTH_CONSUMER_KEY and OAUTH_CONSUMER_SECRET, or "
                "name an account, which has both"
            )
        if self.consumer is None:
            raise UsageError(
                "there is no consumer key: name an account (see 'oauth-hook credentials list'), or set "
                "OAUTH_CONSUMER_KEY and OAUTH_CONSUMER_SECRET"
            )
        service.check_is_filled("realm")
        kind = OAuthHook if self.name is None else AccountHook
        hook = kind(
            token.key if token else None, token.secret if token else None, self.consumer.key, self.consumer.secret,
            placement=service.placement,
            signature_method=service.signature_method,
            realm=service.realm,
            body_hash=service.body_hash,
            rsa_key=rsa_key,
            origins=self.origins or None,
            clock=clock,
        )  # fmt: skip
        if isinstance(hook, AccountHook):
            hook.account_name = self.name
            hook.open_placeholders = self.service.placeholders
        return hook


@conceal_frames
def hook_for_account(
    name: str | None = None,
    store: Mapping[str, Any] | None = None,
    *,
    placement: str | None = None,
    signature_method: str | None = None,
) -> OAuthHook:
    """Return the hook that signs with an account, for its service's origins and those that the account was given.

    A request to any other origin it refuses with a ``UsageError``. Credentials that are no account's are not pinned.

    :param name: what the store has it under: an account; or a consumer or an access token, whose other half is in the
        environment. ``None``: both are there (``OAUTH_CONSUMER_KEY``, ``OAUTH_CONSUMER_SECRET``, ``OAUTH_TOKEN``,
        ``OAUTH_TOKEN_SECRET``; without a token: two-legged).
    :param store: ``None``: the user's own, ``CredentialStore()``.
    :param placement: instead of the service's.
    :param signature_method: instead of the service's.
    :raises UsageError: there is nothing of that name, there is no consumer key, or the store cannot be read.
    """
    found = find_credentials(name, store)
    wanted = replace(
        found.service,
        placement=placement or found.service.placement,
        signature_method=signature_method or found.service.signature_method,
    )
    return found.make_hook(wanted)


def find_credentials(
    name: str | None = None, store: Mapping[str, Any] | None = None, *, warn: Warn = log.warning
) -> FoundCredentials:
    """Return what signs, and how its service wants it: accounts as they are, halves completed by the environment.

    :param name: as ``hook_for_account`` takes it.
    :param store: likewise.
    :param warn: is told of white space around a value in the environment, and of a token without its secret.
    :raises UsageError: there is nothing of that name, it is a request token, or the store cannot be read.
    """
    found = None if name is None else read_entry(CredentialStore() if store is None else store, name)
    if isinstance(found, Account):
        service = find_account_service(found)
        origins = (*find_origins(service), *found.origins)
        return FoundCredentials(found.consumer, found.token, service, name, origins)
    if is_oauth2_token(found):
        raise UsageError(f"{name!r} is an OAuth 2.0 token, which signs nothing: it goes out as 'Authorization: Bearer'")
    if found is not None and not isinstance(found, Consumer | AccessToken):
        raise UsageError(f"{name!r} is a request token, which can only be exchanged for an access token")
    consumer = found if isinstance(found, Consumer) else read_consumer_from_environment(warn)
    token = found if isinstance(found, AccessToken) else read_token_from_environment(warn)
    return FoundCredentials(consumer, token, Service(name=""))


#: What an OAuth 2.0 token says in ``extra`` of how it was got, which none of OAuth 1.0a's does (RFC 8693 s2.1).
TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"


def find_oauth2_name(name: str) -> str:
    """Return what ``migration.py`` keeps an account's OAuth 2.0 tokens under."""
    return f"{name}-oauth2"


def is_oauth2_token(value: object) -> bool:
    """Tell whether this is what ``migration.py`` keeps, and so signs nothing."""
    return isinstance(value, AccessToken) and value.extra.get("grant_type") == TOKEN_EXCHANGE


def find_origins(service: Service) -> tuple[str, ...]:
    """Return where a service is: where its API is, and the origins of its URLs; a host that is left open is nowhere."""
    urls = (
        service.request_token_url, service.authorization_url, service.access_token_url, service.registration_url,
        service.renewal_url, service.api_url,
    )  # fmt: skip
    found = [print_origin(origin) for url in urls if (origin := parse_origin(url)) is not None]
    return tuple(dict.fromkeys(origin for origin in (*service.origins, *found) if "{" not in origin))


def read_origins(urls: Iterable[str]) -> tuple[str, ...]:
    """Return the origins of these URLs.

    :raises UsageError: one of them is not an absolute http or https URL.
    """
    return tuple(print_origin(check_absolute_url(url, "an origin")) for url in urls)


def allow_origins(store: Store, name: str, urls: Iterable[str]) -> None:
    """Keep with an account where else it may be used.

    :raises UsageError: there is no such account, or one of the URLs is not an absolute http or https URL.
    """
    account = read_entry(store, name)
    if not isinstance(account, Account):
        raise UsageError(f"{name!r} is not an account: only an account keeps where it is used")
    origins = tuple(dict.fromkeys([*account.origins, *read_origins(urls)]))
    if origins != account.origins:
        store[name] = replace(account, origins=origins)


def read_entry(store: Mapping[str, Any], name: str) -> Any:
    """Return what is in the store by that name.

    :raises UsageError: there is nothing, or it is damaged.
    """
    if name not in store:
        raise UsageError(f"there is nothing of that name in the store{suggest_word(name, store)}: {store_hint(store)}")
    return store[name]


def store_hint(store: object) -> str:
    """Return what to do about a name that a store does not have."""
    from .keyring_store import KeyringStore  # which most never use

    if isinstance(store, KeyringStore):
        return "see 'oauth-hook --store keyring credentials list'"
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


def read_client_from_environment(warn: Warn = log.warning) -> Consumer | None:
    """Return the OAuth 2.0 client that the environment names, if it does; without a secret, it is a public one."""
    pair = _read_pair("OAUTH2_CLIENT_ID", "OAUTH2_CLIENT_SECRET", warn)
    return pair and Consumer(*pair)


def _read_pair(key_name: str, secret_name: str, warn: Warn) -> tuple[str, str] | None:
    """Return a key and its secret from the environment; ``None``: there is no key."""
    values = {name: os.environ.get(name, "") for name in (key_name, secret_name)}
    for name, value in values.items():
        if not is_text(value):
            raise UsageError(f"{name} in the environment is not text (UTF-8)")
        if value != value.strip():
            warn(f"{name} in the environment has white space around it, which is taken as part of it")
    return (values[key_name], values[secret_name]) if values[key_name] else None


def find_account_service(account: Account) -> Service:
    """Return what is known of an account's service: where it is, and how it wants its requests signed.

    :raises UsageError: the file that described it is gone, or does not describe a service any more.
    """
    reference = ServiceReference.parse(account.service or "")
    if reference.text in SERVICES:
        return SERVICES[reference.text].at(**reference.read_tenant())
    if reference.path is not None:
        if not os.path.exists(reference.path):
            raise UsageError(
                f"the file that describes this account's service is gone: {reference.path}; put it back, or authorize "
                "again with --service and its new path"
            )
        return Service.from_file(reference.path).at(**reference.read_tenant())
    # URLs say where a service is, and nothing else about it; without a scheme, a server is spoken to by https.
    if reference.urls is not None:
        request_token_url, authorization_url, access_token_url = reference.urls
        return Service(
            name="",
            request_token_url=request_token_url,
            authorization_url=authorization_url,
            access_token_url=access_token_url,
        )
    host = (reference.url or "").rpartition("@")[2]
    origin = parse_origin(host if "://" in host else f"https://{host}")
    return Service(name="", origins=() if origin is None else [print_origin(origin)])
