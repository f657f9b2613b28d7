"""What the commands of ``oauth-hook`` share: the store, credentials, services by name, questions, results."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Mapping, MutableMapping
from contextlib import AbstractContextManager, nullcontext
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from .credentials import AccessToken, Account, Consumer
from .errors import UsageError
from .rsa import RSAKey, load_key
from .services import SERVICES, Service
from .store import CredentialStore

if TYPE_CHECKING:
    from .diagnosis import Explanation

__all__ = [
    "Store", "ask", "ask_line", "consumer_from_environment", "consumer_of", "described_service", "is_file", "is_text",
    "is_token", "kept_as", "known_service", "missing_file", "opened", "print_result", "read_octets", "read_rsa_key",
    "report", "report_causes", "show", "shown_place", "token_from_environment", "where_to_look",
]  # fmt: skip

#: Where the commands keep credentials: a ``CredentialStore``, or any other such mapping.
Store: TypeAlias = MutableMapping[str, Any]

# RFC 9110 s5.6.2: what a method, and the name of a header, is made of.
_is_token = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+").fullmatch


def opened(arguments: argparse.Namespace) -> AbstractContextManager[Store]:
    """Return the store that ``main`` was given, or the one of the command line."""
    given: Store | None = arguments.given_store
    return CredentialStore(arguments.store) if given is None else nullcontext(given)


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


def print_result(arguments: argparse.Namespace, text: str, data: Any) -> None:
    """Print a result, for people or, with ``--json``, for scripts."""
    if arguments.json:
        print(json.dumps(data))
    elif text:
        show(text)


def show(text: str) -> None:
    """Print a text that may have letters which the console lacks (Windows' own have 256): those are escaped."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding))


# --- credentials ---


def consumer_of(kept: object) -> Consumer | None:
    """Return the consumer of what is kept, if it has one."""
    if isinstance(kept, Account):
        return kept.consumer
    return kept if isinstance(kept, Consumer) else None


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


def is_token(value: str) -> bool:
    """Tell whether a word can be a method, or the name of a header."""
    return _is_token(value) is not None


def read_rsa_key(path: str, *, public: bool = False) -> RSAKey:
    """Return the RSA key in a file, whose passphrase, if it has one, is asked for.

    :param public: the public half will do as well: for judging a signature.
    :raises UsageError: the file cannot be read, or has no such key, or not with that passphrase.
    """
    try:
        pem = Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    try:
        if b"ENCRYPTED" in pem or (b"BEGIN OPENSSH" in pem and _PLAIN_OPENSSH not in pem):
            return load_key((pem, ask(f"passphrase of {path}", secret=True)), public=public)
        return load_key(pem, public=public)
    except UsageError as error:
        raise UsageError(str(error).replace("rsa_key", path).replace(", or wants (pem, passphrase)", "")) from error


# The end of what OpenSSH's format begins with: the cipher's name, 4 octets long, is "none".
_PLAIN_OPENSSH = b"AAAABG5vbmU"


# --- questions ---


def ask(what: str, *, secret: bool = False, elsewhere: str = "", needed: bool = True) -> str:
    """Ask for a line, on the terminal or from standard input; a secret is not echoed.

    :param elsewhere: what else to do, which is said where there is no answer.
    :param needed: whether there must be an answer; else its absence is an empty one.
    :raises UsageError: there is none, or it is no text.
    """
    line = ""
    try:
        if secret and sys.stdin is not None and sys.stdin.isatty():
            line = getpass(f"{what}: ", stream=sys.stderr) + "\n"
        else:
            line = ask_line(f"{what}: ")
    except EOFError:  # getpass's word for Ctrl-D
        report("")
    except ValueError:  # no text, or closed; the error would show what was typed
        report("")
        line = "\ud800"
    if not line:
        if not needed:
            return ""
        raise UsageError(f"there is no {what}: {elsewhere}give it on standard input")
    if not is_text(line):
        raise UsageError(f"the {what} cannot be read: standard input is closed, or not text (UTF-8)")
    return line.rstrip("\r\n") if secret else line.strip()


def ask_line(prompt: str) -> str:
    """Return a line of standard input, with its end; empty where there is none any more."""
    if sys.stderr is not None:
        print(prompt, end="", file=sys.stderr, flush=True)
    line = "" if sys.stdin is None else sys.stdin.readline()
    if sys.stdin is None or not line or not sys.stdin.isatty():
        report("")  # nobody's Enter has ended the line of the prompt
    return line


def read_octets(path: str, most: int = -1) -> bytes:
    """Return what is in a file; ``-`` is standard input.

    :param most: octets that are read at most; -1: all.
    :raises UsageError: it cannot be read.
    """
    try:
        if path == "-":
            return b"" if sys.stdin is None else sys.stdin.buffer.read(most)
        with Path(path).open("rb") as file:
            return file.read(most)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error


# --- services ---


def is_file(named: str) -> bool:
    """Tell whether a service is named by the file that describes it."""
    separators = [separator for separator in (os.sep, os.altsep) if separator]  # Windows has two
    return "://" not in named and (named.endswith(".json") or any(separator in named for separator in separators))


def known_service(name: str) -> Service:
    """Return a service by its name.

    :raises UsageError: none of that name is known.
    """
    if name not in SERVICES:
        raise UsageError(f"there is no service {name!r}: see 'oauth-hook services'")
    return SERVICES[name]


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


def report_causes(explanation: Explanation | None) -> None:
    """Say why a request was refused, where OAuth has to do with it."""
    if explanation is not None and explanation.findings[0].code != "no-cause-found":
        report(explanation.brief)


def report(text: str) -> None:
    """Say something to a person, on standard error, where there is one."""
    if sys.stderr is not None:
        print(text, file=sys.stderr, flush=True)
