"""``oauth-hook request``: a signed request, and the body of its response; ``oauth-hook sign``: what would be sent."""

from __future__ import annotations

import argparse
import json
import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from mimetypes import guess_type
from pathlib import Path
from typing import IO, Any, NamedTuple
from urllib.parse import parse_qsl, quote

import requests
import urllib3
from requests.structures import CaseInsensitiveDict

from ..credentials import ServiceReference
from ..errors import OAuthHookError, ProviderError, UsageError, suggest_word
from ..hook.clock import ServerClock
from ..hook.hook import OAuthHook
from ..protocol.parameters import is_form
from ..protocol.rsa import RSAKey
from ..services.catalog import Service
from ..tokens.accounts import Store, allow_origins, find_credentials, store_hint
from .console import (
    DONE,
    REFUSED,
    check_rsa_key,
    fill_service,
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
    unreadable_file,
    warn,
)
from .preferences import Preferences
from .response import PIECE_BYTES, Output, Progress, keep_beginning, open_output, print_body, read_beginning, save_body

__all__ = ["OutgoingRequest", "request", "sign"]

_MAX_REFUSAL_BYTES = 1 << 20  # that are read at once, for what they say of the clock and of causes
_MAX_REFUSAL_SECONDS = 5  # in which they are; what is slower is shown as it comes


class _Options:
    """What ``request`` and ``sign`` have in common."""

    store: Store | str | None
    words: list[str]
    query: list[tuple[str, str]]
    data: list[tuple[str, str]]
    get: bool
    json: str | None
    data_binary: str | None
    upload_file: str | None
    form: list[tuple[str, str]]
    header: list[tuple[str, str]]
    placement: str | None
    signature_method: str | None
    rsa_key: str | None
    realm: str | None
    body_hash: str | None
    service: str | None
    at: list[tuple[str, str]]
    origin: list[str]
    show_secrets: bool

    @property
    def raw(self) -> str | None:
        """A body that is sent as it is: a text, ``@FILE``, or ``@-`` for standard input."""
        return self.data_binary if self.upload_file is None else f"@{self.upload_file}"


class _RequestOptions(_Options):
    output: str | None
    output_errors: bool
    include: bool
    verbose: bool
    timeout: float


class _SignOptions(_Options):
    url: bool
    curl: bool


class OutgoingRequest(NamedTuple):
    """A request as it goes out, and what signed it."""

    request: requests.PreparedRequest
    unsigned: requests.Request
    hook: OAuthHook
    clock: ServerClock
    account: str | None  #: by its name in the store
    preferences: Preferences
    service: Service


def request(arguments: argparse.Namespace) -> int:
    """Send a signed request, and print the body of its response; if it was refused, say why."""
    options = read_options(_RequestOptions, arguments)
    with ExitStack() as stack:
        session = stack.enter_context(requests.Session())
        for scheme in ("https://", "http://"):
            session.mount(scheme, _LargePieces())
        signed = _prepare(options, session, stack)
        hook = signed.hook
        output = None if options.output in (None, "-") else stack.enter_context(open_output(options.output))
        known = [hook.consumer.secret, hook.token.secret if hook.token else ""]
        if options.verbose:
            report(_describe_request(signed.request, known))
        response = stack.enter_context(_send(session, signed, options.timeout))
        _print_head(options, response, known)
        _give_body(options, response, output, [] if options.show_secrets else known)
    if not response.ok:
        from ..redaction import redact  # takes longer to load than a request that succeeds
        from .slips import find_slip

        reason = redact(response.reason or "", known)
        if sys.stdout is not None and sys.stdout.isatty():
            report("")  # between the body and what is said about it
        warn(one_line(f"the provider said {response.status_code} {reason}"))
        keep_beginning(response)
        report_causes(hook.explain(response))
        slip = find_slip(session, signed, response)
        if slip:
            warn(slip)
    return DONE if response.ok else REFUSED


class _LargePieces(requests.adapters.HTTPAdapter):
    """Sends files in larger pieces than http.client's 16 KB, each of which costs as much as a larger one."""

    def init_poolmanager(self, *arguments: Any, **settings: Any) -> None:
        """Make the pools, whose connections know how large a piece is from urllib3 2 on."""
        if "key_blocksize" in urllib3.poolmanager.PoolKey._fields:
            settings["blocksize"] = PIECE_BYTES
        super().init_poolmanager(*arguments, **settings)


def sign(arguments: argparse.Namespace) -> int:
    """Print what would be sent, and send nothing."""
    options = read_options(_SignOptions, arguments)
    with ExitStack() as stack:
        session = stack.enter_context(requests.Session())
        session.headers.clear()  # what another client sends is its own
        signed = _prepare(options, session, stack)
        if signed.hook.signature_method == "PLAINTEXT" and not options.show_secrets:
            raise UsageError("PLAINTEXT's signature is the secrets themselves: use --show-secrets to have them printed")
        print_text(_describe_signed(options, signed.request))
    return DONE


def _prepare(options: _Options, session: requests.Session, stack: ExitStack) -> OutgoingRequest:
    """Return the request that the options describe, signed; files are open until the stack ends."""
    with open_store(options.store) as store:
        name, method, url = _read_words(options, store)
        preferences = Preferences(store)
        if options.origin:
            if name is None:
                raise UsageError("--origin is kept with an account, and none is named: use [NAME] [METHOD] URL")
            allow_origins(store, name, options.origin)
        name = preferences.choose_account(name, store)
        found = find_credentials(name, store, warn=warn)
    service = _apply_options(options, found.service)
    clock = preferences.load_clock(name)
    hook = found.make_hook(service, _read_key(options, service), clock)
    if method in ("GET", "HEAD") and options.data and not options.get:
        warn(f"-d makes a form of the body, which few servers read of a {method}: -G puts the fields into the URL")
    content = _make_content(options, service, stack)
    unsigned = requests.Request(method, _add_query(options, url), auth=hook, **content)
    return OutgoingRequest(session.prepare_request(unsigned), unsigned, hook, clock, name, preferences, service)


# --- who, and how it is signed ---

# RFC 9110 s9.3, RFC 5789: words that are never taken for the NAME of an account.
_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH")
_OTHER_METHODS = ("PROPPATCH",)  # that are nearly one of them


def _read_words(options: _Options, store: Store) -> tuple[str | None, str, str]:
    """Return NAME, METHOD and URL, of which the first two may be left out."""
    *words, url = options.words
    _check_order(words, url, store)
    has_content = (options.data and not options.get) or options.form or options.json is not None or options.data_binary
    assumed = "PUT" if options.upload_file is not None else "POST" if has_content else "GET"
    if not words:
        return None, assumed, url
    if len(words) == 1 and words[0].upper() not in _METHODS and words[0] in store:
        return words[0], assumed, url
    method = words[-1]
    is_known = method.upper() in _METHODS
    # WebDAV and others have methods of their own: PROPPATCH is no misspelt PATCH.
    close = "" if is_known or method.upper() in _OTHER_METHODS else suggest_word(method, _METHODS)
    if len(words) == 1 and not is_known and method != method.upper():
        hint = f"{suggest_word(method, store)}: {store_hint(store)}"
        raise UsageError(f"the first word is neither a METHOD, such as GET, nor in the store{hint}")
    if close or not is_token(method) or not (is_known or method == method.upper()):
        hint = close or "; a value with spaces needs quotes"
        raise UsageError(f"the METHOD of a request is one word, such as GET{hint}")
    return words[0] if len(words) == 2 else None, method.upper(), url


def _check_order(words: list[str], url: str, store: Store) -> None:
    """Refuse too many words, too few, or another order."""
    order = "use [NAME] [METHOD] URL"
    if any("://" in word for word in words) and "=" in url and "://" not in url:
        raise UsageError("a field of a form is -d NAME=VALUE, one of the URL's query --query NAME=VALUE")
    if any("://" in word for word in words):
        told = "" if url.upper() in _METHODS else "there is a word after the URL (a value with spaces needs quotes); "
        raise UsageError(f"{told}the URL goes last: {order}")
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
    service = fill_service(service, options.at, {})
    given: dict[str, Any] = {
        "placement": options.placement,
        "signature_method": options.signature_method,
        "realm": options.realm,
        "body_hash": options.body_hash,
    }
    return replace(service, **{name: value for name, value in given.items() if value is not None})


def _read_key(options: _Options, service: Service) -> RSAKey | None:
    """Return the key of the RSA methods, and of no other."""
    check_rsa_key(options.rsa_key, service.signature_method)
    if options.rsa_key is not None and not service.signature_method.startswith("RSA-"):
        raise UsageError(
            f"--rsa-key is not for {service.signature_method}: use --signature-method RSA-SHA1, or -SHA256"
        )
    return None if options.rsa_key is None else read_rsa_key(options.rsa_key)


# --- what goes out ---


def _add_query(options: _Options, url: str) -> str:
    """Return the URL with the fields that are to go into its query; what is there stays as it is spelled."""
    fields = [*options.query, *(_read_data(options) if options.get else [])]
    if not fields:
        return url
    rest, mark, fragment = url.partition("#")
    joint = "?" if "?" not in rest else "" if rest.endswith(("?", "&")) else "&"
    query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in fields)
    return f"{rest}{joint}{query}{mark}{fragment}"


def _make_content(options: _Options, service: Service, stack: ExitStack) -> dict[str, Any]:
    """Return body and headers, as requests takes them; files are open until the stack ends."""
    headers: CaseInsensitiveDict[str] = CaseInsensitiveDict(service.headers)
    has_form = bool((options.data and not options.get) or options.form)
    bodies = [has_form, options.json is not None, options.data_binary is not None, options.upload_file is not None]
    if sum(bodies) > 1:
        raise UsageError("a request has one body: use either -d and -F, or --json, or --data-binary, or -T")
    if options.json is not None:
        headers["Content-Type"] = "application/json"
    names = [name.lower() for name, _ in options.header]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"the header {twice} is given twice: put its values into one header, with commas between them")
    if "authorization" in names and service.placement.startswith("header"):
        raise UsageError("the header Authorization has the signature: leave yours out, or use --placement query")
    headers.update(options.header)
    if options.json is not None:
        return {"data": _read_json(options.json), "headers": headers}
    if options.raw is not None:
        return {"data": _open_raw(options.raw, headers, stack), "headers": headers}
    parts = [_make_part(name, value, stack) for name, value in options.form]
    fields = [] if options.get else _read_data(options)
    return {"data": fields or None, "files": parts or None, "headers": headers}


def _read_data(options: _Options) -> list[tuple[str, str]]:
    """Return the fields of a form, those in files too."""
    return [pair for name, value in options.data for pair in ([(name, value)] if name else _read_fields(value))]


def _open_raw(raw: str, headers: CaseInsensitiveDict[str], stack: ExitStack) -> Any:
    """Return a body that is sent as it is; a file is sent as it is read. A form is read, as it is signed.

    :param headers: gets the body's type, where it has none.
    """
    path = raw[1:] if raw.startswith("@") else None
    file = _open_file(path, stack) if path not in (None, "-") else sys.stdin.buffer
    if "Content-Type" not in headers:
        guess = guess_type(path)[0] if path else None
        headers["Content-Type"] = guess or "application/octet-stream"
        warn(f"the body is sent as {headers['Content-Type']}: -H 'Content-Type: ...' gives another type")
    if path is None:
        return raw.encode("utf-8", "surrogateescape")
    if is_form(headers["Content-Type"]):
        return read_file(path)
    size = requests.utils.super_len(file) or None  # a pipe does not say
    return _Upload(file, stack.enter_context(Progress("sent", size)))


def _open_file(path: str, stack: ExitStack) -> IO[bytes]:
    """Open a file until the stack ends.

    :raises UsageError: it cannot be read.
    """
    try:
        return stack.enter_context(open(path, "rb"))
    except OSError as error:
        raise unreadable_file(path, error) from error


class _Upload:
    """A file whose bytes are counted as they are sent."""

    def __init__(self, file: IO[bytes], progress: Progress) -> None:
        self._file, self._progress = file, progress

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __iter__(self) -> Iterator[bytes]:
        while piece := self.read(PIECE_BYTES):
            yield piece

    def read(self, size: int = -1) -> bytes:
        """Read, and count what was read."""
        piece = self._file.read(size)
        self._progress.add(len(piece))
        return piece

    def seek(self, *place: int) -> int:
        """Go back, for a redirect, or after the body was hashed."""
        self._progress.count = 0
        return self._file.seek(*place)


def _read_json(given: str) -> bytes:
    """Return a JSON body as it was given, or as it is in ``@FILE``; none at all is allowed.

    :raises UsageError: it is not JSON, or the file cannot be read.
    """
    data = read_file(given[1:]) if given.startswith("@") else given.encode("utf-8", "surrogateescape")
    try:
        if data:
            json.loads(data, parse_int=str)  # Python converts no number of more than 4300 digits
    except json.JSONDecodeError as error:
        hint = "" if given.startswith("@") else " (a file is --json @FILE)"
        place = f"at line {error.lineno}, column {error.colno}"
        raise UsageError(f"--json is not JSON{hint}: {error.msg}, {place}") from None
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
    return name, (path.name, _open_file(value[1:], stack))


def _send(session: requests.Session, signed: OutgoingRequest, timeout: float) -> requests.Response:
    """Send it, and follow redirects; keep what it teaches about the server's clock.

    A URL that cannot be requested is ours to mend, or the server's where it redirected there; requests has one
    exception for both, urllib3 others, which pass through it.

    :raises UsageError: nothing was sent.
    :raises ProviderError: the server redirects to a URL that cannot be requested.
    """
    prepared, url = signed.request, signed.request.url or ""
    received: list[requests.Response] = []
    prepared.hooks["response"].insert(0, _read_refusal)  # before the hook learns from it
    prepared.register_hook("response", lambda response, **_: received.append(response))
    settings = session.merge_environment_settings(url, {}, True, None, None)
    try:
        response = session.send(prepared, timeout=timeout, allow_redirects=True, **settings)
    except requests.exceptions.InvalidHeader as error:  # of the response: ours were looked at before
        raise ProviderError("the headers of the response make no sense") from error
    except ValueError as error:
        if received:
            raise ProviderError("the server redirects to a URL that cannot be requested") from error
        if isinstance(error, OAuthHookError | requests.RequestException):
            raise
        raise UsageError("the URL cannot be requested: look at its host and its port") from error
    _keep_clock(signed, url)
    return response


def _keep_clock(signed: OutgoingRequest, url: str) -> None:
    """Say what the request has taught about the server's clock, and keep it with the account."""
    name, preferences = signed.account, signed.preferences
    before, offset = preferences.find_offset(name, url), signed.clock.find_offset(url)
    if name is not None:
        preferences.keep_clock(name, url, signed.clock)
    after = preferences.find_offset(name, url)
    if before is not None and after is None:
        advice = "; send the request again" if before == offset else ""
        warn(f"{_describe_clock(before, 'no longer ')}: what {name!r} has kept of it is forgotten{advice}")
    elif offset is not None and before != offset:
        is_kept = after == round(offset)
        warn(f"{_describe_clock(offset)}: signed by its time{f', which {name!r} keeps for a day' if is_kept else ''}")


def _describe_clock(offset: float, negation: str = "") -> str:
    direction = "ahead of" if offset > 0 else "behind"
    return f"the server's clock is {negation}{abs(offset):,.0f} s {direction} this machine's"


def _read_refusal(response: requests.Response, **_: Any) -> None:
    """Read a refusal that is no larger than such are, or the beginning of a larger one."""
    if not response.ok:
        read_beginning(response, _MAX_REFUSAL_BYTES, _MAX_REFUSAL_SECONDS)


def _describe_request(request: requests.PreparedRequest, known: list[str]) -> str:
    """Return the first line and the headers of a request, without secrets, as curl shows them."""
    from ..redaction import redact

    lines = [f"{request.method} {request.url}"]
    for name, value in request.headers.items():
        lines.append(f"{name}: {value.decode('latin-1') if isinstance(value, bytes) else value}")
    return "\n".join(f"> {one_line(redact(line, known))}" for line in lines)


# --- what came back ---


def _print_head(options: _RequestOptions, response: requests.Response, known: list[str]) -> None:
    """Show what else was sent, and what came back besides bodies, as far as that is wanted."""
    responses = [*response.history, response]
    if options.verbose:
        for each in responses[1:]:
            report(_describe_request(each.request, known))
    if options.include or response.request.method == "HEAD":
        from ..redaction import redact

        for each in responses:
            lines = [f"HTTP/{'1.0' if each.raw.version == 10 else '1.1'} {each.status_code} {each.reason or ''}"]
            lines += [f"{name}: {value}" for name, value in each.headers.items()]
            secrets = [] if options.show_secrets else known
            print_text("\n".join(one_line(redact(line, secrets, fields=False)) for line in lines) + "\n")


def _give_body(
    options: _RequestOptions, response: requests.Response, output: Output | None, secrets: list[str]
) -> None:
    """Write the body where it is wanted; a refusal does not take the place of a good file."""
    if output is None:
        print_body(response, secrets)
    elif response.ok or options.output_errors:
        save_body(response, output)
    else:
        output.discard()
        print_body(response, secrets)
        warn(f"{output.name} is as it was: --output-errors writes refusals there, too")


# --- what would be sent ---


def _describe_signed(options: _SignOptions, prepared: requests.PreparedRequest) -> str:
    """Return the signed URL, a command line for curl, or the header; the URL, where the header has no signature."""
    url, header = prepared.url or "", prepared.headers.get("Authorization", "")
    header = header.decode("latin-1") if isinstance(header, bytes) else header
    if options.curl:
        return _write_curl(options, prepared)
    if options.url and header:
        raise UsageError("the signature is in the header, and the URL has none: use --url with --placement query")
    if options.url:
        return url
    if header:
        return f"Authorization: {header}"
    return prepared.body if isinstance(prepared.body, str) else url


def _write_curl(options: _SignOptions, prepared: requests.PreparedRequest) -> str:
    """Return a line that a POSIX shell runs as it stands, with curl."""
    body = prepared.body
    words = ["curl", *(["--head"] if prepared.method == "HEAD" else ["-X", str(prepared.method)])]
    for name, value in prepared.headers.items():
        text = value.decode("latin-1") if isinstance(value, bytes) else value
        if name not in ("Content-Length", "Transfer-Encoding"):
            words += ["-H", f"{name}: {text}" if text.strip() else f"{name};"]
    if body and prepared.method == "HEAD":
        raise UsageError("curl sends no body with HEAD: leave the body out")
    if isinstance(body, bytes | str) and body:
        text = body if isinstance(body, str) else body.decode("utf-8", "surrogateescape")
        if "\0" in text or options.form:
            raise UsageError("a body like this does not fit into a command line: use --data-binary @FILE, or -T")
        words += ["--data-raw", text]
    elif body is not None:
        words += ["--data-binary", str(options.raw)]
    return shlex.join([*words, str(prepared.url)])
