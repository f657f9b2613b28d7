"""A request as it went out, and the answer to it, read without changing or using up either.

Both may be of any library, of a saved file, or made by hand: what is of no sense in them is taken for absent.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..errors import UsageError
from ..protocol.encoding import Pair, to_wire, unescape
from ..protocol.message import Message, Reading, protocol_parameters, read
from ..protocol.placement import parse_authorization
from ..protocol.problem_reporting import server_time
from ..protocol.url import is_loopback, to_wire_form
from ..redaction.redactor import Redactor
from ..redaction.request_secrets import find_carried_secrets
from .base_string_parts import Parts, find_base_strings, parse_parts
from .base_string_variants import RequestContext
from .server_messages import Words, expected_signature, gives_tokens, read_refusal

__all__ = [
    "RequestRecord",
    "ResponseRecord",
    "attribute",
    "read_earlier_requests",
    "read_request",
    "read_response",
    "sanitize_text",
]

_MAX_BODY_BYTES = 1 << 16  # octets of a body that somebody may have signed by mistake; a larger one is an upload
_MAX_RESPONSE_BYTES = 1 << 16  # octets of an answer that are read: refusals are short
_MAX_HEADER_CHARS = 1 << 13  # characters of one of its headers
_MAX_EARLIER_REQUESTS = 50  # requests of a chain that are read, the last ones; requests itself follows thirty redirects


def attribute(thing: Any, name: str, default: Any = None) -> Any:
    """Return an attribute; the default where there is none, or it cannot be had yet: httpx raises RuntimeError."""
    try:
        return getattr(thing, name, default)
    except (RuntimeError, ValueError, TypeError, LookupError):
        return default


@dataclass(frozen=True, repr=False)
class RequestRecord:
    """A request as it went out.

    :ivar message: what signing reads of it.
    :ivar reading: its parameters; ``None``: it cannot be read, and ``objection`` says why.
    :ivar values: its protocol parameters by name, decoded.
    :ivar repeated: the names of protocol parameters that are there twice, differently.
    :ivar signed_text: the base string that was signed, where the hook that signed it has left it.
    :ivar is_cross_origin: a redirect has led it to another origin.
    """

    message: Message
    headers: Mapping[str, str]
    reading: Reading | None = None
    objection: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    repeated: tuple[str, ...] = ()
    parts: Parts | None = None
    signed_text: str = ""
    is_cross_origin: bool = False

    @property
    def context(self) -> RequestContext:
        """What else is known of it."""
        reading, body = self.reading, self.message.body
        text = to_wire(body) if isinstance(body, bytes | str) and body and len(body) <= _MAX_BODY_BYTES else None
        if reading is None:
            return RequestContext("", text, self.message.content_type or "")
        fragment = to_wire(reading.url.fragment or "")
        return RequestContext(reading.url.authority, text, self.message.content_type or "", reading.realm, fragment)

    @cached_property
    def carried(self) -> list[str]:
        """The secrets that the request itself carries: verifiers, passwords, and with PLAINTEXT those of its signer."""
        if self.reading is None:
            return find_carried_secrets(self.message, self.values.items(), self.headers)
        return find_carried_secrets(self.message, _decoded(self.reading.in_header or ()), self.headers)

    @property
    def is_plain_http(self) -> bool:
        """Whether it goes over an open network unencrypted."""
        address = None if self.reading is None else self.reading.url
        return address is not None and address.scheme.lower() == "http" and not is_loopback(address.authority)


def read_request(request: Any) -> RequestRecord:
    """Read a request: of ``requests``, of a library like it, or anything with method, url, headers and body.

    :raises UsageError: it is none.
    """
    if hasattr(type(request), "prepare") and hasattr(request, "files"):  # requests.Request
        request = _prepared(request)
    method, url = attribute(request, "method", _NONE), attribute(request, "url", _NONE)
    if url is _NONE or not isinstance(method, str | bytes | None):
        raise UsageError(f"explain wants a request or a response, not {type(request).__name__}")
    headers = _text_headers(attribute(request, "headers"))
    body = attribute(request, "body", attribute(request, "_content"))
    message = Message(
        _without_surrogates(_text(method or "")), to_wire_form(_without_surrogates(_text(url or ""))),
        _without_surrogates(body),
        *(_without_surrogates(headers.get(name)) for name in _SIGNED),
    )  # fmt: skip
    left: dict[str, Any] = {
        "signed_text": _text(attribute(request, "base_string", "")),
        "is_cross_origin": attribute(request, "is_cross_origin") is True,
    }
    if not method or not url:
        return RequestRecord(message, headers, objection="it has no method, or no URL, yet", **left)
    # A HAR, which is JSON, may have what HTTP could not carry.
    given = {"method": method, "URL": url, "body": body} | {name: headers.get(name) for name in _SIGNED}
    for name, text in given.items():
        if isinstance(text, str) and _without_surrogates(text) != text:
            return _unread(message, headers, f"its {name} has a lone surrogate, which UTF-8 cannot carry", left)
    return _read(message, headers, left)


_NONE = object()
_SIGNED = ("content-type", "authorization", "host")  # the headers that signing reads


def _prepared(request: Any) -> Any:
    """Prepare a request of ``requests`` that nobody has prepared yet, and leave its files unread.

    ``prepare`` reads files, for multipart: that has empty ones here, which no signature covers.

    :raises UsageError: it cannot be prepared.
    """
    once = (request.params, request.files, *_list_values(request.params), *_list_values(request.data))
    if any(hasattr(value, "__next__") for value in once):
        raise UsageError("some of the request can be read only once, and would be used up: prepare it first")
    request = copy(request)
    try:
        files = request.files.items() if isinstance(request.files, Mapping) else request.files or ()
        request.files = [(name, _without_content(name, file)) for name, file in files]
        return request.prepare()
    except (ValueError, TypeError, AttributeError, LookupError, RuntimeError, OSError) as error:
        raise UsageError("the request cannot be prepared, so that there is nothing to explain yet") from error


def _list_values(pairs: Any) -> list[Any]:
    if isinstance(pairs, Mapping):
        return list(pairs.values())
    return [pair[-1] for pair in pairs if isinstance(pair, tuple | list) and pair] if isinstance(pairs, list) else []


def _without_content(name: Any, file: Any) -> Any:
    """Return what requests takes for a file, with nothing in it."""
    if isinstance(file, tuple | list):
        return (file[0], b"", *file[2:])
    path = attribute(file, "name")
    is_named = isinstance(path, str | bytes) and path and path[:1] not in ("<", b"<") and path[-1:] not in (">", b">")
    return (os.path.basename(path) if is_named else name, b"")


def _read(message: Message, headers: Mapping[str, str], left: Mapping[str, Any]) -> RequestRecord:
    try:
        reading = read(message)
        parts = parse_parts(message.method, reading, message.host or reading.url.authority)
    except UsageError as error:
        return _unread(message, headers, str(error), left)
    pairs = protocol_parameters(reading)
    repeated = tuple(sorted(name for name, times in Counter(name for name, _ in pairs).items() if times > 1))
    values = dict(_decoded(pairs))
    return RequestRecord(message, headers, reading, values=values, repeated=repeated, parts=parts, **left)


def _unread(message: Message, headers: Mapping[str, str], objection: str, left: Mapping[str, Any]) -> RequestRecord:
    return RequestRecord(message, headers, objection=objection, values=dict(_in_header(message.authorization)), **left)


def _in_header(authorization: str | None) -> Iterator[Pair]:
    parsed = None if authorization is None else parse_authorization(authorization)
    return _decoded(() if parsed is None else parsed[1])


def _decoded(pairs: Iterable[Pair]) -> Iterator[Pair]:
    return ((unescape(name), unescape(value)) for name, value in pairs)


def _text_headers(headers: Any) -> dict[str, str]:
    """Return headers by their names in lower case; values may be bytes."""
    try:
        pairs = [(name, value) for name, value in (headers.items() if hasattr(headers, "items") else headers or ())]
    except (TypeError, ValueError):
        return {}
    return {_text(name).lower(): _text(value) for name, value in pairs if value is not None}


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return str.__str__(value) if isinstance(value, str) else str(value)


def _without_surrogates(value: Any) -> Any:
    """Return a text without lone surrogates, which nothing can carry on; all else as it is."""
    if not isinstance(value, str) or value.isascii():
        return value
    return value.encode("utf-8", "replace").decode()


@dataclass(frozen=True, repr=False)
class ResponseRecord:
    """What came back.

    :ivar status: of HTTP; ``None``: nothing came back yet.
    :ivar date: the server's time, in seconds since the epoch; ``None``: it does not say.
    :ivar base_strings: those that the server hands back in its error page.
    :ivar signature: that which the server expected, where it says so.
    :ivar unread: the body was not read, because reading is the caller's (``stream=True``).
    :ivar earlier_requests: the requests before the last, the first one first.
    :ivar location: where the server redirects to, if nobody followed it there.
    :ivar retries: how many attempts urllib3 made before this one, with the same headers.
    """

    status: int | None = None
    reason: str = ""
    words: Words = field(default_factory=lambda: Words(None, "", (), blames_signature=False))
    date: float | None = None
    base_strings: tuple[str, ...] = ()
    signature: str | None = None
    unread: bool = False
    earlier_requests: tuple[RequestRecord, ...] = ()
    location: str = ""
    retries: int = 0

    @property
    def is_refusal(self) -> bool:
        """Whether it says no."""
        return self.status is not None and (self.status >= 400 or bool(self.words.phrase))


def read_earlier_requests(response: Any) -> tuple[RequestRecord, ...]:
    """Read the requests that redirects, or a second attempt, came after; the last ones of many."""
    history, found = attribute(response, "history"), []
    for earlier in history[-_MAX_EARLIER_REQUESTS:] if isinstance(history, list | tuple) else ():
        with suppress(UsageError):
            found.append(read_request(attribute(earlier, "request")))
    return tuple(found)


def read_response(
    response: Any, answered_request: RequestRecord, earlier_requests: tuple[RequestRecord, ...], redact: Redactor
) -> ResponseRecord:
    """Read a response.

    :param answered_request: what it answers.
    :param earlier_requests: the requests before that.
    :param redact: what it echoes of ours is out of its words before they are cut short: half a secret would not be
        found any more.
    """
    headers = _text_headers(attribute(response, "headers"))
    named = {
        name: sanitize_text(headers[name.lower()][:_MAX_HEADER_CHARS])
        for name in ("WWW-Authenticate", "Date")
        if name.lower() in headers
    }
    content = attribute(response, "_content")
    content_read = content if isinstance(content, bytes | bytearray) else b""
    text = sanitize_text(content_read[: 2 * _MAX_RESPONSE_BYTES].decode("utf-8", "replace"))
    status = attribute(response, "status_code")
    status = int(status) if isinstance(status, int) else 0
    url, given = answered_request.message.url, f"{named.get('WWW-Authenticate', '')}\n{text[:_MAX_RESPONSE_BYTES]}"
    words = read_refusal(
        status, named, text, redact, tokens=gives_tokens(url), sent=f"{url} {answered_request.context.body or ''}"
    )
    return ResponseRecord(
        status, _text(attribute(response, "reason") or attribute(response, "reason_phrase") or ""),
        words, server_time(named), tuple(find_base_strings(given)),
        expected_signature(given, answered_request.values.get("oauth_signature", "")),
        content is False, earlier_requests,
        headers.get("location", "") if 300 <= status < 400 else "", _retries(response),
    )  # fmt: skip


_endless = re.compile("[0-9]{1000,}").sub


def sanitize_text(text: str) -> str:
    """Return a text without numbers that int() refuses, of thousands of digits: so html.unescape() does, too."""
    return _endless("0", text)


def _retries(response: Any) -> int:
    """Return how often urllib3 has sent a request again for another reason than a redirect."""
    history = attribute(attribute(attribute(response, "raw"), "retries"), "history")
    attempts = history if isinstance(history, list | tuple) else ()
    return sum(attribute(attempt, "redirect_location") is None for attempt in attempts)
