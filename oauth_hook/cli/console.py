"""What the commands of ``oauth-hook`` share: exit statuses, options, the store, questions, results.

It is loaded at every start, so what is slow to load is imported where it is needed.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

from ..errors import UsageError, is_text, suggest_word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..credentials import Account, Consumer
    from ..diagnosis.explain import Explanation
    from ..protocol.rsa import RSAKey
    from ..services.catalog import Service
    from ..tokens.accounts import Store

__all__ = [
    "BROKEN_PIPE",
    "DONE",
    "INTERRUPTED",
    "MISUSE",
    "REFUSED",
    "ask",
    "ask_line",
    "check_name_is_free",
    "check_rsa_key",
    "fill_service",
    "find_service",
    "is_text",
    "is_token",
    "one_line",
    "open_store",
    "print_result",
    "print_text",
    "prompt_for_consumer",
    "read_file",
    "read_options",
    "read_rsa_key",
    "read_service_file",
    "report",
    "report_causes",
    "report_next",
    "report_use",
    "resolve_service",
    "shows_colours",
    "unreadable_file",
    "warn",
]

DONE, REFUSED, MISUSE = 0, 1, 2
#: What a shell reports of a process that SIGINT or SIGPIPE ends: 128 and the signal's number.
INTERRUPTED, BROKEN_PIPE = 130, 141

_Options = TypeVar("_Options")


def read_options(kind: type[_Options], arguments: argparse.Namespace) -> _Options:
    """Return the arguments of a command as an object of its own class, whose attributes have types."""
    options = object.__new__(kind)
    vars(options).update(vars(arguments))
    return options


def open_store(store: Store | str | None) -> AbstractContextManager[Store]:
    """Return the store that ``main`` was given, or the one in that file; ``None``: the user's own.

    :param store: ``"keyring"`` is the one in the operating system's keyring; a file of that name is ``./keyring``.
    """
    if store is not None and not isinstance(store, str):
        return nullcontext(store)
    if store == "keyring":
        from ..tokens.keyring_store import KeyringStore

        return KeyringStore()
    from ..tokens.store import CredentialStore

    return CredentialStore(store)


def check_name_is_free(store: Store, name: str, *, replace: bool) -> None:
    """Refuse to lose what is kept under that name.

    :raises UsageError: the name is taken, and ``replace`` is false.
    """
    if not replace and name in store:
        raise UsageError(
            f"{name!r} is in the store already, and its credentials would be lost: choose another NAME, or use "
            "--replace"
        )


# --- words on the command line ---

# RFC 9110 s5.6.2: what a method, and the name of a header, is made of.
_is_token = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+").fullmatch


def is_token(value: str) -> bool:
    """Tell whether a word can be a method, or the name of a header."""
    return _is_token(value) is not None


# --- output ---


def print_result(text: str, data: Any, *, as_json: bool) -> None:
    """Print a result, for people or, with ``--json``, for scripts."""
    if as_json:
        import json

        print(json.dumps(data))
    elif text:
        print_text(text)


def print_text(text: str, end: str = "\n", errors: str = "backslashreplace") -> None:
    """Print a text that may have letters which the console lacks (Windows' own have 256): those are escaped.

    :param errors: how, in the words of ``str.encode``.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    print(text.encode(encoding, errors).decode(encoding), end=end)


def shows_colours(stream: TextIO) -> bool:
    """Tell whether what is written there may have colours (no-color.org; ``FORCE_COLOR`` asks for them anywhere)."""
    if "NO_COLOR" in os.environ:
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    # Consoles of Windows show colours only where a terminal says so, and else the escapes themselves.
    is_able = os.name != "nt" or bool({"WT_SESSION", "ANSICON", "TERM"} & {*os.environ})
    return stream.isatty() and is_able and os.environ.get("TERM") != "dumb"


def report(text: str) -> None:
    """Print a message for people on standard error, if there is one."""
    if sys.stderr is not None:
        print(text, file=sys.stderr, flush=True)


def report_next(store: object, *words: str) -> None:
    """Say what to type next, about the same store."""
    import shlex

    place = ["--store", store] if isinstance(store, str) else []
    report(f"next: {shlex.join(['oauth-hook', *place, *words])}")


def report_use(store: object, name: str, account: Account) -> None:
    """Say what to type next with an account: to authorize it, or to use it where its service is."""
    from ..credentials import ServiceReference
    from ..tokens.accounts import find_account_service, find_origins

    service = find_account_service(account)
    path = "/" if ServiceReference.parse(account.service or "").url is None else "/api/whoami"  # as pump.io has it
    if account.token is None and service.request_token_url:
        report_next(store, "authorize", name)
    else:
        places = [service.api_url, *(f"{origin}{path}" for origin in (*account.origins, *find_origins(service)))]
        place = next(filter(None, places), None)  # without one, it may be used where it is allowed
        somewhere = "https://api.example.com/"
        report_next(store, "request", name, *([place] if place else ["--origin", somewhere, somewhere]))


def warn(text: str) -> None:
    """Report what is odd or worth knowing but is no error."""
    report(f"oauth-hook: {text}")


def report_causes(explanation: Explanation | None) -> None:
    """Say why a request was refused, or where to look."""
    if explanation is not None:
        report(explanation.brief)


def one_line(text: str) -> str:
    """Return a text as one line that a terminal shows and does not obey."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in " ".join(text.split()))


# --- questions ---


def ask(what: str, *, secret: bool = False, elsewhere: str = "", needed: bool = True, prompts: bool = True) -> str:
    """Ask for a line, on the terminal or from standard input; a secret is not echoed.

    :param elsewhere: what else to do, for the message where nothing is typed.
    :param needed: whether something must be typed; otherwise nothing is an empty line.
    :param prompts: whether to print the prompt if standard input is not a terminal.
    :raises UsageError: nothing was typed, or it is not text.
    """
    line = ""
    try:
        if secret and sys.stdin is not None and sys.stdin.isatty():
            from getpass import getpass

            line = getpass(f"{what}: ", stream=sys.stderr) + "\n"
        else:
            is_seen = prompts or (sys.stdin is not None and sys.stdin.isatty())
            line = ask_line(f"{what}: " if is_seen else "")
    except EOFError:  # getpass's word for Ctrl-D
        report("")
    except ValueError:  # no text, or closed; the error would show what was typed
        report("")
        line = "\ud800"
    if not line:
        if not needed:
            return ""
        raise UsageError(f"no {what} was given: {elsewhere}enter it on standard input")
    if not is_text(line):
        raise UsageError(f"the {what} cannot be read: standard input is closed, or not text (UTF-8)")
    return line.rstrip("\r\n") if secret else line.strip()


def ask_line(prompt: str) -> str:
    """Return a line of standard input, with its end; empty at the end of the input."""
    if sys.stderr is not None:
        print(prompt, end="", file=sys.stderr, flush=True)
    line = "" if sys.stdin is None else sys.stdin.readline()
    if prompt and (sys.stdin is None or not line or not sys.stdin.isatty()):
        report("")  # no Enter key has ended the line of the prompt
    return line


def prompt_for_consumer(*, prompts: bool = True) -> Consumer:
    """Ask for a consumer key and its secret.

    :param prompts: see ``ask``.
    :raises UsageError: nothing was typed, or it is not text.
    """
    from ..credentials import Consumer

    elsewhere = "set it in the environment, or "
    key = ask("consumer key", elsewhere=elsewhere, prompts=prompts)
    return Consumer(key, ask("consumer secret", secret=True, elsewhere=elsewhere, prompts=prompts).strip())


# --- files and services ---


def read_file(path: str, max_bytes: int = -1) -> bytes:
    """Return what is in a file; ``-`` is standard input.

    :param max_bytes: how much is read at most; -1: all.
    :raises UsageError: it cannot be read.
    """
    try:
        if path == "-":
            return b"" if sys.stdin is None else sys.stdin.buffer.read(max_bytes)
        with open(path, "rb") as file:
            return file.read(max_bytes)
    except OSError as error:
        raise unreadable_file(path, error) from error


# Absolute or relative, or a short plain word.
_looks_like_path = re.compile(r"[./~].*|[A-Za-z]:.*|[a-z]{1,8}|[A-Za-z]{1,16}\.[a-z]{1,5}", re.DOTALL).fullmatch


def unreadable_file(path: str, error: OSError) -> UsageError:
    """Return the error for a file that cannot be read; what does not look like a path may be a secret typed there."""
    folder, name = os.path.split(path)
    close = ""
    if isinstance(error, FileNotFoundError):
        with suppress(OSError, ValueError):
            close = suggest_word(name, os.listdir(folder or "."))
    shown = path if _looks_like_path(path) or os.path.lexists(path) else "that file"
    return UsageError(f"cannot read {shown}: {error.strerror}{close}")


# The end of what OpenSSH's format begins with: the cipher's name, 4 bytes long, is "none".
_PLAIN_OPENSSH = b"AAAABG5vbmU"


def read_rsa_key(path: str, *, public: bool = False) -> RSAKey:
    """Return the RSA key in a file, whose passphrase, if it has one, is asked for.

    :param public: the public half will do as well: for judging a signature.
    :raises UsageError: the file cannot be read, or has no such key, or not with that passphrase.
    """
    from ..protocol.rsa import load_key

    try:
        with open(path, "rb") as file:
            pem = file.read()
    except OSError as error:
        raise unreadable_file(path, error) from error
    try:
        if b"ENCRYPTED" in pem or (b"BEGIN OPENSSH" in pem and _PLAIN_OPENSSH not in pem):
            return load_key((pem, ask(f"passphrase of {path}", secret=True)), public=public)
        return load_key(pem, public=public)
    except UsageError as error:
        raise UsageError(str(error).replace("rsa_key", path)) from error


def check_rsa_key(path: str | None, signature_method: str) -> None:
    """Refuse an RSA method without a key.

    :raises UsageError: no file is named.
    """
    if path is None and signature_method.startswith("RSA-"):
        raise UsageError(f"{signature_method} signs with an RSA key: name its file with --rsa-key")


def find_service(name: str) -> Service:
    """Return a known service by its name.

    :raises UsageError: there is no service of that name.
    """
    from ..services.catalog import SERVICES

    if name not in SERVICES:
        raise UsageError(f"there is no service of that name{suggest_word(name, SERVICES)}: see 'oauth-hook services'")
    return SERVICES[name]


def read_service_file(path: str) -> Service:
    """Return the service that a file describes.

    :raises UsageError: there is no such file, or it cannot be used.
    """
    from ..services.catalog import Service

    if not os.path.exists(path):  # nor is there a secret in the error, which has the signs of a path in it
        raise UsageError("there is neither a service nor a file of that name: see 'oauth-hook services'")
    return Service.from_file(path)


def fill_service(service: Service, at: Sequence[tuple[str, str]], tenant: Mapping[str, str]) -> Service:
    """Return a service with its placeholders filled.

    :param at: what --at says; it comes before ``tenant``, which a reference has.
    :raises UsageError: it has no such placeholders, or they cannot be filled so.
    """
    from ..credentials import unique_pairs

    if at and not service.placeholders and not service.tenant:
        raise UsageError(f"{service.title or service.name or 'this service'} takes no --at")
    return service.at(**{**tenant, **unique_pairs(at, "--at")})


def resolve_service(named: str, at: Sequence[tuple[str, str]] = ()) -> tuple[str, Service | None]:
    """Return what to keep of the service that SERVICE names, and what is known of it; ``None``: it is not known here.

    :param at: what fills its placeholders.
    :raises UsageError: there is no such service, its file cannot be used, or its placeholders are others.
    """
    from ..credentials import ServiceKind, ServiceReference
    from ..services.catalog import SERVICES

    reference = ServiceReference.parse(named)
    text, service = reference.text, None
    if text in SERVICES:
        service = SERVICES[text]
    elif reference.path is not None:
        text = os.path.abspath(text)
        service = read_service_file(text)
    if service is not None:
        service = fill_service(service, at, reference.read_tenant())
        return str(ServiceReference(reference.kind, text, tuple(service.tenant.items()))), service
    if at:
        raise UsageError(
            "--at is for a --service that is known, or that a file describes: a server's URL says where it is"
        )
    if reference.kind is ServiceKind.NAME:
        raise UsageError(
            f"there is no service of that name{suggest_word(named, SERVICES)}: see 'oauth-hook services', or name one "
            "with --service or its three URLs"
        )
    return named, None
