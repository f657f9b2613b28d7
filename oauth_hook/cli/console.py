"""What the commands of ``oauth-hook`` share: the store, credentials, services by name, questions, results."""

from __future__ import annotations

import argparse
import json
import re
import sys
from contextlib import AbstractContextManager, nullcontext
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..credentials import Account, Consumer
from ..errors import UsageError
from ..protocol.rsa import RSAKey, load_key
from ..services.catalog import SERVICES, Service
from ..tokens.accounts import Store, is_text, report
from ..tokens.store import CredentialStore

if TYPE_CHECKING:
    from ..diagnosis.explain import Explanation

__all__ = [
    "ask",
    "ask_line",
    "consumer_of",
    "is_token",
    "known_service",
    "opened",
    "print_result",
    "read_octets",
    "read_rsa_key",
    "report_causes",
    "show",
]


# RFC 9110 s5.6.2: what a method, and the name of a header, is made of.
_is_token = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+").fullmatch


def opened(arguments: argparse.Namespace) -> AbstractContextManager[Store]:
    """Return the store that ``main`` was given, or the one of the command line."""
    given: Store | None = arguments.given_store
    return CredentialStore(arguments.store) if given is None else nullcontext(given)


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
        said = str(error).replace("; if it is encrypted, give (pem, passphrase)", "")
        raise UsageError(said.replace("rsa_key", path)) from error


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


def known_service(name: str) -> Service:
    """Return a service by its name.

    :raises UsageError: none of that name is known.
    """
    if name not in SERVICES:
        raise UsageError(f"there is no service {name!r}: see 'oauth-hook services'")
    return SERVICES[name]


def report_causes(explanation: Explanation | None) -> None:
    """Say why a request was refused, where OAuth has to do with it."""
    if explanation is not None and explanation.findings[0].code != "no-cause-found":
        report(explanation.brief)
