"""``oauth-hook request``: a signed request, and the body of its response."""

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
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qsl

import requests
from requests.structures import CaseInsensitiveDict

from ..credentials import ServiceReference
from ..errors import OAuthHookError, ProviderError, UsageError, suggest_word
from ..protocol.rsa import RSAKey
from ..redaction import MASK, redact
from ..services.catalog import Service
from ..tokens.accounts import Store, allow_origins, find_credentials, store_hint
from .console import (
    DONE,
    REFUSED,
    find_service,
    is_text,
    is_token,
    one_line,
    open_store,
    print_text,
    read_file,
    read_options,
    read_rsa_key,
    read_service_file,
    report,
    report_causes,
    warn,
)

__all__ = ["request"]


@dataclass(frozen=True)
class _Options:
    store: Store | str | None
    words: list[str]
    data: list[tuple[str, str]]
    json: str | None
    form: list[tuple[str, str]]
    header: list[tuple[str, str]]
    output: str | None
    include: bool
    verbose: bool
    placement: str | None
    signature_method: str | None
    rsa_key: str | None
    realm: str | None
    body_hash: str | None
    service: str | None
    origin: list[str]
    timeout: float
    show_secrets: bool


def request(arguments: argparse.Namespace) -> int:
    """Send a signed request, and print the body of its response; if it was refused, say why."""
    options = read_options(_Options, arguments)
    with open_store(options.store) as store:
        name, method, url = _read_words(options, store)
        if options.origin:
            if name is None:
                raise UsageError("--origin is kept with an account, and none is named: use [NAME] [METHOD] URL")
            allow_origins(store, name, options.origin)
        found = find_credentials(name, store, warn=warn)
    service = _apply_options(options, found.service)
    hook = found.make_hook(service, _read_key(options, service))
    with ExitStack() as stack:
        content = _make_content(options, service, stack)
        session = stack.enter_context(requests.Session())
        prepared = session.prepare_request(requests.Request(method, url, auth=hook, **content))
        file = None if options.output in (None, "-") else stack.enter_context(_open_output(options.output))
        known = [hook.consumer.secret, hook.token.secret if hook.token else ""]
        if options.verbose:
            report(_describe_request(prepared, known))
        response = stack.enter_context(_send(session, prepared, options.timeout, stream=file is not None))
        if file is None:
            data = response.content
            _check_whole(response)
            _print_head(options, response, known)
            _print_body(data, [] if options.show_secrets else known)
        else:
            _print_head(options, response, known)
            for piece in response.iter_content(1 << 16):
                file.write(piece)
            _check_whole(response)
    if not response.ok:
        reason = redact(response.reason or "", known)
        warn(one_line(f"the provider said {response.status_code} {reason}"))
        report_causes(hook.explain(response))
    return DONE if response.ok else REFUSED


# --- who, and how it is signed ---

# RFC 9110 s9.3, RFC 5789: words that are never taken for the NAME of an account.
_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH")


def _read_words(options: _Options, store: Store) -> tuple[str | None, str, str]:
    """Return NAME, METHOD and URL, of which the first two may be left out."""
    *words, url = options.words
    _check_order(words, url, store)
    has_content = options.data or options.form or options.json is not None
    assumed = "POST" if has_content else "GET"
    if not words:
        return None, assumed, url
    if len(words) == 1 and words[0].upper() not in _METHODS and words[0] in store:
        return words[0], assumed, url
    method = words[-1]
    if not is_token(method):
        raise UsageError("the METHOD of a request is one word, such as GET")
    if len(words) == 1 and method.upper() not in _METHODS and method != method.upper():
        hint = f"{suggest_word(method, store)}: {store_hint(store)}"
        raise UsageError(f"the first word is neither a METHOD, such as GET, nor in the store{hint}")
    return words[0] if len(words) == 2 else None, method.upper(), url


def _check_order(words: list[str], url: str, store: Store) -> None:
    """Refuse too many words, too few, or another order."""
    order = "use [NAME] [METHOD] URL"
    if any("://" in word for word in words):
        raise UsageError(f"the URL goes last: {order}")
    if len(words) > 2 or (not words and not re.search(r"[./:]", url) and url.upper() not in _METHODS):
        raise UsageError(f"{order}, such as: GET https://api.example.com/me")
    if url.upper() in _METHODS:
        raise UsageError(f"there is no URL after {url}: {order}")
    if len(words) == 2 and words[0].upper() in _METHODS and words[0] not in store:
        raise UsageError(f"the METHOD goes after the NAME: {order}")
    if "://" not in url:
        raise UsageError("the URL must be absolute: begin it with https:// (or http://)")


def _apply_options(options: _Options, service: Service) -> Service:
    """Return a service as the options want it."""
    if options.service is not None:
        path = ServiceReference.parse(options.service).path
        service = find_service(options.service) if path is None else read_service_file(path)
    given: dict[str, Any] = {
        "placement": options.placement,
        "signature_method": options.signature_method,
        "realm": options.realm,
        "body_hash": options.body_hash,
    }
    return replace(service, **{name: value for name, value in given.items() if value is not None})


def _read_key(options: _Options, service: Service) -> RSAKey | None:
    """Return the key of the RSA methods, and of no other."""
    is_rsa = service.signature_method.startswith("RSA-")
    if options.rsa_key is None and is_rsa:
        raise UsageError(f"{service.signature_method} signs with an RSA key: name its file with --rsa-key")
    if options.rsa_key is not None and not is_rsa:
        raise UsageError(
            f"--rsa-key is not for {service.signature_method}: use --signature-method RSA-SHA1, or -SHA256"
        )
    return None if options.rsa_key is None else read_rsa_key(options.rsa_key)


# --- what goes out ---


def _make_content(options: _Options, service: Service, stack: ExitStack) -> dict[str, Any]:
    """Return body and headers, as requests takes them; files are open until the stack ends."""
    headers: CaseInsensitiveDict[str] = CaseInsensitiveDict(service.headers)
    if options.json is not None:
        if options.data or options.form:
            raise UsageError("--json is a body by itself: it cannot be combined with -d or -F")
        headers["Content-Type"] = "application/json"
    names = [name.lower() for name, _ in options.header]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"the header {twice} is given twice: put its values into one header, with commas between them")
    headers.update(options.header)
    if options.json is not None:
        return {"data": _read_json(options.json), "headers": headers}
    parts = [_make_part(name, value, stack) for name, value in options.form]
    fields = [pair for name, value in options.data for pair in ([(name, value)] if name else _read_fields(value))]
    return {"data": fields or None, "files": parts or None, "headers": headers}


def _read_json(given: str) -> bytes:
    """Return a JSON body as it was given, or as it is in ``@FILE``; none at all is allowed.

    :raises UsageError: it is not JSON, or the file cannot be read.
    """
    data = read_file(given[1:]) if given.startswith("@") else given.encode("utf-8", "surrogateescape")
    try:
        if data:
            json.loads(data, parse_int=str)  # Python converts no number of more than 4300 digits
    except json.JSONDecodeError as error:
        raise UsageError(f"--json is not JSON: {error.msg}, at line {error.lineno}, column {error.colno}") from None
    except (UnicodeError, RecursionError):
        raise UsageError("--json is not JSON: it is not text (UTF-8), or is nested too deep") from None
    return data


def _read_fields(path: str) -> list[tuple[str, str]]:
    """Return the fields of a form that is in a file.

    :raises UsageError: it has none, or cannot be read.
    """
    try:
        return parse_qsl(read_file(path).decode().strip(), keep_blank_values=True, strict_parsing=True, errors="strict")
    except (UnicodeError, ValueError) as error:
        if isinstance(error, UsageError):
            raise
        raise UsageError(f"{path} is not a form (a=1&b=2): for other bodies, use --json or -F") from None


def _make_part(name: str, value: str, stack: ExitStack) -> tuple[str, tuple[str | None, Any]]:
    """Return a part of a multipart form; ``k=@FILE`` is the file."""
    if not value.startswith("@"):
        return name, (None, value)
    path = Path(value[1:])
    if not is_text(path.name):
        raise UsageError(f"the name of {path} is not text (UTF-8), and is part of the request: rename the file")
    try:
        return name, (path.name, stack.enter_context(path.open("rb")))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error


def _send(
    session: requests.Session, prepared: requests.PreparedRequest, timeout: float, *, stream: bool
) -> requests.Response:
    """Send it, and follow redirects.

    A URL that cannot be requested is ours to mend, or the server's where it redirected there; requests has one
    exception for both, urllib3 others, which pass through it.

    :raises UsageError: nothing was sent.
    :raises ProviderError: the server redirects to a URL that cannot be requested.
    """
    received: list[requests.Response] = []
    prepared.register_hook("response", lambda response, **_: received.append(response))
    settings = session.merge_environment_settings(prepared.url or "", {}, stream, None, None)
    try:
        return session.send(prepared, timeout=timeout, allow_redirects=True, **settings)
    except requests.exceptions.InvalidHeader as error:  # of the response: ours were looked at before
        raise ProviderError("the response has headers that make no sense") from error
    except ValueError as error:
        if received:
            raise ProviderError("the server redirects to a URL that cannot be requested") from error
        if isinstance(error, OAuthHookError | requests.RequestException):
            raise
        raise UsageError(f"the URL cannot be requested: {error}") from error


def _describe_request(request: requests.PreparedRequest, known: list[str]) -> str:
    """Return the first line and the headers of a request, without secrets, as curl shows them."""
    lines = [f"{request.method} {request.url}"]
    for name, value in request.headers.items():
        lines.append(f"{name}: {value.decode('latin-1') if isinstance(value, bytes) else value}")
    return "\n".join(f"> {one_line(redact(line, known))}" for line in lines)


# --- what came back ---


def _print_head(options: _Options, response: requests.Response, known: list[str]) -> None:
    """Show what else was sent, and what came back besides bodies, as far as that is wanted."""
    responses = [*response.history, response]
    if options.verbose:
        for each in responses[1:]:
            report(_describe_request(each.request, known))
    if options.include or response.request.method == "HEAD":
        for each in responses:
            lines = [f"HTTP/{'1.0' if each.raw.version == 10 else '1.1'} {each.status_code} {each.reason or ''}"]
            lines += [f"{name}: {value}" for name, value in each.headers.items()]
            secrets = [] if options.show_secrets else known
            print_text("\n".join(one_line(redact(line, secrets, fields=False)) for line in lines) + "\n")


def _print_body(data: bytes, known: list[str]) -> None:
    """Write the body to standard output, without what is known to be secret."""
    shown = data
    if known:  # whatever its type says: bytes taken for characters lose nothing
        shown = redact(data.decode("latin-1"), known, fields=False).encode("latin-1")
    if shown != data:
        warn(f"the response contains one of your secrets, which is masked ({MASK}): use --show-secrets to see it")
    if sys.stdout is not None:
        if shown and not shown.endswith(b"\n") and sys.stdout.isatty():
            shown += b"\n"  # what the terminal shows next begins a line
        sys.stdout.flush()
        sys.stdout.buffer.write(shown)
        sys.stdout.buffer.flush()


def _check_whole(response: requests.Response) -> None:
    """Refuse a response that is shorter than its server said, which urllib3 1 leaves to its user."""
    if getattr(response.raw, "length_remaining", None):
        raise ProviderError("the response was cut off", status=response.status_code, response=response)


@contextmanager
def _open_output(path: str) -> Iterator[IO[bytes]]:
    """Give a file to write a response to, which gets its name when all is there: until then, what was there stays.

    :raises UsageError: nothing can be written there.
    """
    target = os.path.realpath(path)
    try:
        file, part = _create_output(target, path)
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


def _create_output(target: str, path: str) -> tuple[IO[bytes], str | None]:
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
