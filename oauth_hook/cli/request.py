"""``oauth-hook request``: a signed request, and the body of its answer."""

from __future__ import annotations

import argparse
import errno
import json
import os
import re
import secrets
import stat
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qsl

import requests
from requests.structures import CaseInsensitiveDict

from ..errors import OAuthHookError, ProviderError, UsageError
from ..protocol.rsa import RSAKey
from ..redaction.redactor import MASK, redact
from ..services.catalog import Service
from ..tokens.accounts import Store, credentials_for, hook_of, is_file, is_text, report, where_to_look
from .console import is_token, known_service, opened, read_octets, read_rsa_key, report_causes, show
from .errors import DONE, REFUSED, tell_plainly

__all__ = ["request"]


def request(arguments: argparse.Namespace) -> int:
    """Send a signed request, and print the body of its answer; say why it was refused, if it was.

    Without METHOD it is GET, or POST where there is something to send (-d, --json, -F). How it is signed is the
    service's to say, and so are the headers that each request to it has to carry; what is given here comes first.
    """
    with opened(arguments) as store:
        name, method, url = _words(arguments, store)
        consumer, token, service = credentials_for(name, store)
    service = _wanted(arguments, service)
    hook = hook_of(consumer, token, service, _rsa_key(arguments, service))
    with ExitStack() as stack:
        content = _content(arguments, service, stack)
        session = stack.enter_context(requests.Session())
        prepared = session.prepare_request(requests.Request(method, url, auth=hook, **content))
        file = stack.enter_context(_output(arguments.output)) if arguments.output not in (None, "-") else None
        known = [hook.consumer.secret, hook.token.secret if hook.token else ""]
        if arguments.verbose:
            report(_head_of(prepared, known))
        response = stack.enter_context(_sent(session, prepared, arguments.timeout, stream=file is not None))
        hidden = [] if arguments.show_secrets else known
        if file is None:
            data = response.content
            _check_whole(response)
            _show_head(arguments, response, known)
            _show(data, hidden)
        else:
            _show_head(arguments, response, known)
            for piece in response.iter_content(1 << 16):
                file.write(piece)
            _check_whole(response)
    if not response.ok:
        reason = redact(response.reason or "", known)
        report(tell_plainly(f"oauth-hook: the provider said {response.status_code} {reason}"))
        report_causes(hook.explain(response))
    return DONE if response.ok else REFUSED


# --- who, and how it is signed ---

# RFC 9110 s9.3, RFC 5789: what nobody takes for the NAME of an account.
_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH")


def _words(arguments: argparse.Namespace, store: Store) -> tuple[str | None, str, str]:
    """Return NAME, METHOD and URL, of which the first two may be left out."""
    *words, url = arguments.words
    _check_order(words, url, store)
    has_content = arguments.data or arguments.form or arguments.json is not None
    assumed = "POST" if has_content else "GET"
    if not words:
        return None, assumed, url
    if len(words) == 1 and words[0].upper() not in _METHODS and words[0] in store:
        return words[0], assumed, url
    method = words[-1]
    if not is_token(method):
        raise UsageError("the METHOD of a request is one word, such as GET")
    if len(words) == 1 and method.upper() not in _METHODS and method != method.upper():
        raise UsageError(f"{method!r} is neither a METHOD, such as GET, nor in the store: {where_to_look(store)}")
    return words[0] if len(words) == 2 else None, method.upper(), url


def _check_order(words: list[str], url: str, store: Store) -> None:
    """Refuse words that are too many, too few, or in another order."""
    order = "say [NAME] [METHOD] URL"
    if any("://" in word for word in words):
        raise UsageError(f"the URL stands last: {order}")
    if len(words) > 2 or (not words and not re.search(r"[./:]", url) and url.upper() not in _METHODS):
        raise UsageError(f"{order}, such as: GET https://api.example.com/me")
    if url.upper() in _METHODS:
        raise UsageError(f"there is no URL after {url}: {order}")
    if len(words) == 2 and words[0].upper() in _METHODS and words[0] not in store:
        raise UsageError(f"the METHOD stands after the NAME: {order}")
    if "://" not in url:
        raise UsageError("the URL is not whole: it begins with https:// (or http://)")


def _wanted(arguments: argparse.Namespace, service: Service) -> Service:
    """Return a service as the options have it."""
    if arguments.service is not None:
        named = arguments.service
        service = Service.from_file(named) if is_file(named) else known_service(named)
    options = {name: getattr(arguments, name) for name in ("placement", "signature_method", "realm", "body_hash")}
    return replace(service, **{name: value for name, value in options.items() if value is not None})


def _rsa_key(arguments: argparse.Namespace, service: Service) -> RSAKey | None:
    """Return the key of the RSA methods, and of no other."""
    is_rsa = service.signature_method.startswith("RSA-")
    if arguments.rsa_key is None and is_rsa:
        raise UsageError(f"{service.signature_method} signs with an RSA key: name its file with --rsa-key")
    if arguments.rsa_key is not None and not is_rsa:
        raise UsageError(
            f"--rsa-key is not for {service.signature_method}: say --signature-method RSA-SHA1, or -SHA256"
        )
    return None if arguments.rsa_key is None else read_rsa_key(arguments.rsa_key)


# --- what goes out ---


def _content(arguments: argparse.Namespace, service: Service, stack: ExitStack) -> dict[str, Any]:
    """Return body and headers, as requests takes them; files are open until the stack ends."""
    headers: CaseInsensitiveDict[str] = CaseInsensitiveDict(service.headers)
    if arguments.json is not None:
        if arguments.data or arguments.form:
            raise UsageError("--json is a body by itself: it does not go together with -d or -F")
        headers["Content-Type"] = "application/json"
    names = [name.lower() for name, _ in arguments.header]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"the header {twice} is given twice: put its values into one, with commas between them")
    headers.update(arguments.header)
    if arguments.json is not None:
        return {"data": _json(arguments.json), "headers": headers}
    parts = [_part(name, value, stack) for name, value in arguments.form]
    fields = [pair for name, value in arguments.data for pair in ([(name, value)] if name else _fields(value))]
    return {"data": fields or None, "files": parts or None, "headers": headers}


def _json(given: str) -> bytes:
    """Return a JSON body as it was given, or as it is in ``@FILE``; none at all is allowed.

    :raises UsageError: it is no JSON, or the file cannot be read.
    """
    data = read_octets(given[1:]) if given.startswith("@") else given.encode("utf-8", "surrogateescape")
    try:
        if data:
            json.loads(data, parse_int=str)  # Python converts no number of more than 4300 digits
    except json.JSONDecodeError as error:
        raise UsageError(f"--json is no JSON: {error.msg}, at line {error.lineno}, column {error.colno}") from None
    except (UnicodeError, RecursionError):
        raise UsageError("--json is no JSON: it is not text (UTF-8), or is nested too deep") from None
    return data


def _fields(path: str) -> list[tuple[str, str]]:
    """Return the fields of a form that is in a file.

    :raises UsageError: it has none, or cannot be read.
    """
    try:
        return parse_qsl(
            read_octets(path).decode().strip(), keep_blank_values=True, strict_parsing=True, errors="strict"
        )
    except (UnicodeError, ValueError) as error:
        if isinstance(error, UsageError):
            raise
        raise UsageError(f"{path} has no fields of a form (a=1&b=2): for other bodies, --json or -F") from None


def _part(name: str, value: str, stack: ExitStack) -> tuple[str, tuple[str | None, Any]]:
    """Return a part of a multipart form; ``k=@FILE`` is the file."""
    if not value.startswith("@"):
        return name, (None, value)
    path = Path(value[1:])
    if not is_text(path.name):
        raise UsageError(f"the name of {path} has octets that are no text (UTF-8), and travels with it: rename it")
    try:
        return name, (path.name, stack.enter_context(path.open("rb")))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error


def _sent(
    session: requests.Session, prepared: requests.PreparedRequest, timeout: float, *, stream: bool
) -> requests.Response:
    """Send it, and follow redirects.

    An address that cannot be asked is ours to mend, or the server's where it redirected there; requests has one
    exception for both, urllib3 others, which pass through it.

    :raises UsageError: nothing was sent.
    :raises ProviderError: the server redirects to where nobody can follow.
    """
    answered: list[requests.Response] = []
    prepared.register_hook("response", lambda response, **_: answered.append(response))
    settings = session.merge_environment_settings(prepared.url or "", {}, stream, None, None)
    try:
        return session.send(prepared, timeout=timeout, allow_redirects=True, **settings)
    except requests.exceptions.InvalidHeader as error:  # of the answer: ours were looked at before
        raise ProviderError("the server's answer has headers that make no sense") from error
    except ValueError as error:
        if answered:
            raise ProviderError("the server redirects to an address that nobody can follow") from error
        if isinstance(error, OAuthHookError | requests.RequestException):
            raise
        raise UsageError(f"the URL cannot be asked: {error}") from error


def _head_of(request: requests.PreparedRequest, known: list[str]) -> str:
    """Return the first line and the headers of a request, without secrets, as curl shows them."""
    lines = [f"{request.method} {request.url}", *(f"{name}: {_text(value)}" for name, value in request.headers.items())]
    return "\n".join(f"> {tell_plainly(redact(line, known))}" for line in lines)


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


# --- what came back ---


def _show_head(arguments: argparse.Namespace, response: requests.Response, known: list[str]) -> None:
    """Show what else was sent, and how it was answered, as far as that is wanted."""
    answers = [*response.history, response]
    if arguments.verbose:
        for answer in answers[1:]:
            report(_head_of(answer.request, known))
    if arguments.include or response.request.method == "HEAD":
        for answer in answers:
            lines = [f"HTTP/{'1.0' if answer.raw.version == 10 else '1.1'} {answer.status_code} {answer.reason or ''}"]
            lines += [f"{name}: {value}" for name, value in answer.headers.items()]
            hidden = [] if arguments.show_secrets else known
            show("\n".join(tell_plainly(redact(line, hidden, fields=False)) for line in lines) + "\n")


def _show(data: bytes, known: list[str]) -> None:
    """Write the body to standard output, without what is known to be secret."""
    shown = data
    if known:  # whatever its type says: octets taken for characters lose nothing
        shown = redact(data.decode("latin-1"), known, fields=False).encode("latin-1")
    if shown != data:
        report(f"oauth-hook: a secret of yours stands in the answer, and is masked ({MASK}): --show-secrets shows it")
    if sys.stdout is not None:
        if shown and not shown.endswith(b"\n") and sys.stdout.isatty():
            shown += b"\n"  # what the terminal shows next begins a line
        sys.stdout.flush()
        sys.stdout.buffer.write(shown)
        sys.stdout.buffer.flush()


def _check_whole(response: requests.Response) -> None:
    """Refuse an answer that is shorter than its server said, which urllib3 1 leaves to its user."""
    if getattr(response.raw, "length_remaining", None):
        raise ProviderError("the answer was cut off", status=response.status_code, response=response)


@contextmanager
def _output(path: str) -> Iterator[IO[bytes]]:
    """Give a file to write an answer to, which gets its name when all is there: until then, what was there stays.

    :raises UsageError: nothing can be written there.
    """
    target = os.path.realpath(path)
    try:
        file, part = _opened_output(target, path)
    except OSError as error:
        raise UsageError(f"cannot write {path!r}: {error.strerror}") from error
    try:
        with file:
            yield file
        if part is not None:
            os.replace(part, target)
    finally:
        if part is not None:
            with suppress(FileNotFoundError):
                os.unlink(part)


def _opened_output(target: str, path: str) -> tuple[IO[bytes], str | None]:
    """Return a file beside the target, and its name; or the target itself, where it is a device or a pipe."""
    try:
        mode = os.stat(target).st_mode
    except FileNotFoundError:
        mode = None
    if mode is not None and not stat.S_ISREG(mode):
        return open(target, "wb"), None
    if not os.path.basename(path):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if mode is not None and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    part = os.path.join(os.path.dirname(target), f".oauth-hook-{secrets.token_hex(8)}.part")
    file = open(part, "xb")  # noqa: SIM115 - the caller closes it
    if mode is not None:
        with suppress(OSError):  # some file systems have no modes
            os.chmod(part, stat.S_IMODE(mode))
    return file, part
