"""What the smaller commands of ``oauth-hook`` do. Each takes its parsed arguments and returns the exit status.

``authorize``, ``register`` and ``credentials add`` are in ``account_commands.py``, ``request`` in
``request_command.py``.
"""

from __future__ import annotations

import argparse
import json
import logging
import signal
import sys
import threading
from contextlib import suppress
from typing import Any

from ..credentials import Account, Credentials
from ..errors import UsageError
from ..redaction.redactor import MASK
from ..services.catalog import SERVICES
from ..tokens.accounts import Store, kept_as, missing_file, report, shown_place, where_to_look
from .authorize import add
from .console import known_service, opened, print_result
from .errors import DONE, REFUSED, tell

__all__ = ["credentials", "demo", "provider", "services"]

_TICK = 0.2  # seconds: on Windows no signal ends a wait, and Ctrl-C is heard between two of them


def demo(arguments: argparse.Namespace) -> int:
    """Get a token, sign requests, and see changed ones refused, against a provider of its own on loopback."""
    from .demo import run

    return DONE if run(sys.stdout, show_secrets=arguments.show_secrets) else REFUSED


def provider(arguments: argparse.Namespace) -> int:
    """Run a real OAuth 1.0a provider until Ctrl-C, and print what a client needs, one 'name: value' a line."""
    from ..provider import serve

    if arguments.verbose:
        _log_to_standard_error()
    with serve(arguments.host, arguments.port, database=arguments.database) as running:
        more = {"whoami_url": running.whoami_url, "webfinger": running.webfinger}
        for name, value in (running.details() | more).items():
            print(f"{name}: {value}")
        sys.stdout.flush()
        _wait_for_the_end()
    return DONE


def _log_to_standard_error() -> None:
    log = logging.getLogger("oauth_hook.provider")
    log.setLevel(logging.INFO)
    log.addHandler(logging.StreamHandler())


def _wait_for_the_end() -> None:
    """Wait until Ctrl-C or a polite ``kill``.

    The handlers are set here because a shell starts what runs in its background deaf to Ctrl-C.
    """
    end = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: end.set())
    while not end.wait(_TICK):
        pass


def credentials(arguments: argparse.Namespace) -> int:
    """List, show, add or remove what is in the store; secrets are masked.

    What is added comes from the environment, where OAUTH_CONSUMER_KEY is in it (with OAUTH_CONSUMER_SECRET, OAUTH_TOKEN
    and OAUTH_TOKEN_SECRET), or else from prompts or standard input, a line each: consumer key, consumer secret, token,
    token secret. Without a token the account is two-legged.
    """
    with opened(arguments) as store:
        if arguments.action == "list":
            if path := missing_file(store):
                report(f"oauth-hook: there is no store yet: {path} does not exist")
            found = _kinds(store)
            print_result(arguments, "\n".join(f"{name}\t{kind}" for name, kind in found.items()), found)
            return DONE
        if not arguments.name:
            raise UsageError(f"say which: oauth-hook credentials {arguments.action} NAME")
        if arguments.action == "add":
            return add(arguments, store)
        if arguments.action == "remove":
            return _remove(arguments, store)
        shown = kept_as(store, arguments.name).to_dict()
    if not arguments.show_secrets:
        shown = _masked(shown)
        report(f"oauth-hook: secrets are masked ({MASK}): --show-secrets shows them")
    print(json.dumps(shown, indent=2))
    return DONE


def _kinds(store: Store) -> dict[str, str]:
    """Return what each name stands for; where that cannot be read, the reason goes to standard error."""
    found = {}
    for name in store:
        with suppress(KeyError):  # another process has removed it since
            found[name] = _kind_of(store, name)
    return found


def _kind_of(store: Store, name: str) -> str:
    try:
        return _kind(store[name])
    except UsageError as error:
        report(f"oauth-hook: {tell(error)}")
        return "cannot be read"


def _remove(arguments: argparse.Namespace, store: Store) -> int:
    """Remove what is kept by that name, readable or not."""
    try:
        del store[arguments.name]
    except KeyError:
        raise UsageError(f"there is no {arguments.name!r} in the store: {where_to_look(store)}") from None
    print_result(arguments, f"removed {arguments.name}", {"removed": arguments.name})
    return DONE


def services(arguments: argparse.Namespace) -> int:
    """List the known services, or show what is known of one."""
    if arguments.name is None:
        rows = {name: service.title for name, service in SERVICES.items()}
        print_result(arguments, "\n".join(f"{name:<14}{title}" for name, title in rows.items()), rows)
        return DONE
    fields = known_service(arguments.name).to_dict()
    lines = [f"{name}: {_in_words(value)}" for name, value in fields.items() if value not in (None, "", {})]
    print_result(arguments, "\n".join(lines), fields)
    return DONE


def _in_words(value: Any) -> str:
    return ", ".join(f"{name}: {text}" for name, text in value.items()) if isinstance(value, dict) else str(value)


def _kind(value: Credentials | Account) -> str:
    if isinstance(value, Account):
        return f"account at {shown_place(value.service)}" + ("" if value.token else ", not authorized yet")
    return {"Consumer": "consumer", "RequestToken": "request token"}.get(type(value).__name__, "access token")


def _masked(data: Any) -> Any:
    """Return what ``to_dict`` gave with its secrets masked: ``secret``, and all that a service added."""
    if not isinstance(data, dict):
        return data
    return {
        name: value and MASK if name == "secret" else dict.fromkeys(value, MASK) if name == "extra" else _masked(value)
        for name, value in data.items()
    }
