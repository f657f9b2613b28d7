"""``oauth-hook credentials``: what is in the store."""

from __future__ import annotations

import argparse
import json
import shlex
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields
from typing import Any

from ..credentials import AccessToken, Account, Credentials, ServiceReference
from ..errors import UsageError, suggest_word
from ..redaction import MASK
from ..services.catalog import SERVICES
from ..tokens.accounts import (
    Store,
    allow_origins,
    find_account_service,
    find_missing_file,
    find_oauth2_name,
    find_origins,
    is_oauth2_token,
    read_consumer_from_environment,
    read_entry,
    read_origins,
    read_token_from_environment,
    store_hint,
)
from .console import (
    DONE,
    ask,
    check_name_is_free,
    open_store,
    print_result,
    prompt_for_consumer,
    read_options,
    report_use,
    resolve_service,
    warn,
)
from .errors import tell
from .preferences import Preferences

__all__ = ["credentials", "use"]


class _Options:
    store: Store | str | None
    action: str
    name: str
    new: str
    service: str | None
    at: list[tuple[str, str]]
    origin: list[str]
    replace: bool
    show_secrets: bool
    json: bool


def credentials(arguments: argparse.Namespace) -> int:
    """Do with the store what the action says; secrets are masked."""
    options = read_options(_Options, arguments)
    names = {"list": "", "rename": "NAME NEW"}.get(options.action, "NAME")
    if [bool(options.name), bool(options.new)] != ["NAME" in names, "NEW" in names]:
        raise UsageError(f"use oauth-hook credentials {options.action} {names}".rstrip())
    actions = {
        "list": _list, "show": _show, "add": _add, "remove": _remove, "allow": _allow, "rename": _rename,
        "export": _export,
    }  # fmt: skip
    with open_store(options.store) as store:
        actions[options.action](options, store)
    return DONE


def _list(options: _Options, store: Store) -> None:
    """Print what each name stands for; where that cannot be read, the reason goes to standard error."""
    if path := find_missing_file(store):
        warn(f"there is no store yet: {path} does not exist")
    found = {}
    default = Preferences(store).default
    for name in store:
        with suppress(KeyError):  # another process has removed it since
            found[name] = _describe_entry(store, name) + (", the default" if name == default else "")
    print_result("\n".join(f"{name}\t{kind}" for name, kind in found.items()), found, as_json=options.json)


def _describe_entry(store: Store, name: str) -> str:
    try:
        value = store[name]
    except UsageError as error:
        warn(tell(error))
        return "cannot be read"
    if isinstance(value, Account):
        place = f"at {ServiceReference.parse(value.service).label}" if value.service else "without a service"
        service = SERVICES.get(ServiceReference.parse(value.service or "").text)
        is_two_legged = service is not None and not service.request_token_url
        missing = ", two-legged" if is_two_legged else ", not authorized yet"
        return f"account {place}{'' if value.token else missing}"
    if is_oauth2_token(value):
        return "OAuth 2.0 tokens" if value.secret else "no OAuth 2.0 tokens: refused"
    return {"Consumer": "consumer", "RequestToken": "request token"}.get(type(value).__name__, "access token")


def _show(options: _Options, store: Store) -> None:
    value = read_entry(store, options.name)
    if options.show_secrets:
        shown = value.to_dict()
    else:
        shown = _mask_secrets(value)
        warn(f"secrets are masked ({MASK}): use --show-secrets to see them")
    print(json.dumps(shown, indent=2))
    if isinstance(value, Account) and (origins := _find_all_origins(value)):
        warn(f"{options.name} is used at {', '.join(origins)}")


def _find_all_origins(account: Account) -> tuple[str, ...]:
    """Return where an account is used: at its service's origins, and at its own."""
    own: tuple[str, ...] = ()
    with suppress(UsageError):  # the file that described the service is gone
        own = find_origins(find_account_service(account))
    return tuple(dict.fromkeys((*own, *account.origins)))


# What services say beside a token that gives access to nothing.
_PUBLIC = ("oauth_authorized_realms", "oauth_callback_confirmed", "oauth_expires_in", "oauth_authorization_expires_in")


def _mask_secrets(value: Credentials | Account) -> dict[str, Any]:
    """Return what ``to_dict`` gives, with what the ``repr`` leaves out masked: the secret, and what a service added."""
    shown = value.to_dict()
    for field in fields(value):
        part = getattr(value, field.name)
        if isinstance(part, Credentials):
            shown[field.name] = _mask_secrets(part)
        elif not field.repr:
            if isinstance(part, Mapping):
                shown[field.name] = {name: said if name in _PUBLIC else MASK for name, said in part.items()}
            else:
                shown[field.name] = part and MASK
    return shown


def _add(options: _Options, store: Store) -> None:
    """Keep an account whose credentials were got elsewhere.

    :raises UsageError: the name is taken, the service is not known or no tenant of it is said, or there is no consumer
        key.
    """
    check_name_is_free(store, options.name, replace=options.replace)
    origins = read_origins(options.origin)
    # NAME alone is a service only if it is a known one; nothing is asked of a server here.
    named = options.service or options.name
    place = None
    if options.service is not None or options.at or named in SERVICES:
        place, service = resolve_service(named, options.at)
        if service is not None:
            service.check_is_filled()
    consumer = read_consumer_from_environment(warn)
    if consumer is not None:
        token = read_token_from_environment(warn)
    else:
        consumer = prompt_for_consumer(prompts=False)
        key = ask("token (empty: none)", needed=False, prompts=False)
        token = AccessToken(key, ask("token secret", secret=True, prompts=False).strip()) if key else None
    account = store[options.name] = Account(consumer, token, place, origins)
    kept = {"name": options.name, "consumer": consumer.key, **({} if token is None else {"token": token.key})}
    print_result(f"kept as {options.name}", kept, as_json=options.json)
    if not options.json:
        report_use(options.store, options.name, account)


def _remove(options: _Options, store: Store) -> None:
    """Remove what is kept by that name, readable or not."""
    try:
        del store[options.name]
    except KeyError:
        hint = f"{suggest_word(options.name, store)}: {store_hint(store)}"
        raise UsageError(f"there is nothing of that name in the store{hint}") from None
    Preferences(store).forget(options.name)
    _warn_of_oauth2_tokens(store, options.name)
    print_result(f"removed {options.name}", {"removed": options.name}, as_json=options.json)


def _allow(options: _Options, store: Store) -> None:
    """Keep with an account where else it may be used.

    :raises UsageError: there is no such account, or no --origin, or that is no URL.
    """
    if not options.origin:
        raise UsageError("use --origin URL: oauth-hook credentials allow NAME --origin https://api.example.com")
    allow_origins(store, options.name, options.origin)
    allowed = list(store[options.name].origins)
    result = {"name": options.name, "origins": allowed}
    print_result(f"{options.name} may also be used at {', '.join(allowed)}", result, as_json=options.json)


def _rename(options: _Options, store: Store) -> None:
    """Keep what is kept by one name by another.

    :raises UsageError: there is nothing by the first, or the second is taken.
    """
    value = read_entry(store, options.name)
    check_name_is_free(store, options.new, replace=options.replace)
    store[options.new] = value  # first, so that nothing is lost whenever this ends
    del store[options.name]
    Preferences(store).rename(options.name, options.new)
    _warn_of_oauth2_tokens(store, options.name)
    result = {"renamed": options.name, "name": options.new}
    print_result(f"renamed {options.name} to {options.new}", result, as_json=options.json)


def _warn_of_oauth2_tokens(store: Store, name: str) -> None:
    """Say that what an account's token was exchanged for stays where it is: it may be all that its user has now."""
    kept_as = find_oauth2_name(name)
    if kept_as in store:
        warn(f"{kept_as} stays in the store: if it has OAuth 2.0 tokens of this account, rename or remove it, too")


def _export(options: _Options, store: Store) -> None:
    """Print an account for another program: as lines that a POSIX shell sets its environment by, or as JSON.

    :raises UsageError: --show-secrets was not given, or this is not an account.
    """
    if not options.show_secrets:
        raise UsageError("an export prints the secrets: use --show-secrets to allow that")
    value = read_entry(store, options.name)
    if not isinstance(value, Account):
        raise UsageError(
            f"{options.name} is not an account, and only accounts are exported: use 'oauth-hook credentials show'"
        )
    pairs = {"OAUTH_CONSUMER_KEY": value.consumer.key, "OAUTH_CONSUMER_SECRET": str(value.consumer.secret)}
    if value.token is not None:
        pairs |= {"OAUTH_TOKEN": value.token.key, "OAUTH_TOKEN_SECRET": str(value.token.secret)}
    lines = [f"export {name}={shlex.quote(text)}" for name, text in pairs.items()]
    print_result("\n".join(lines), pairs, as_json=options.json)


class _UseOptions:
    store: Store | str | None
    name: str | None
    none: bool


def use(arguments: argparse.Namespace) -> int:
    """Make an account the one that is used where none is named, or say which one that is."""
    options = read_options(_UseOptions, arguments)
    if options.name is not None and options.none:
        raise UsageError("use either NAME or --none")
    with open_store(options.store) as store:
        preferences = Preferences(store)
        if options.name is not None and not isinstance(read_entry(store, options.name), Account):
            raise UsageError(f"{options.name!r} is not an account: only an account can be the default")
        if options.name is not None or options.none:
            preferences.set_default(options.name)
        default = preferences.default
    print(f"{default} is used where no NAME is given" if default else "no account is the default")
    return DONE
