"""A request as it went out, and the response to it, read without changing or using up either.

Both may be of any library, of a saved file, or made by hand: what is of no sense in them is taken for absent.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..errors import UsageError
from ..protocol.encoding import Pair, to_wire, unescape
from ..protocol.message import Message, Reading, protocol_parameters, read
from ..protocol.parameters import is_form
from ..protocol.placement import parse_authorization
from ..protocol.problem_reporting import server_time
from ..protocol.url import is_loopback, to_wire_form
from ..redaction.redactor import Redactor
from ..redaction.request_secrets import find_carried_secrets
from .base_string_parts import Parts, find_base_strings, parse_parts
from .base_string_variants import RequestContext
from .clients import attribute, find_content, find_parts, find_request, find_status, say_how_to_read
from .server_messages import Words, expected_signature, gives_tokens, read_refusal

__all__ = [
    "RequestRecord",
    "ResponseRecord",
    "read_earlier_requests",
    "read_request",
    "read_response",
    "sanitize_text",
]

_MAX_BODY_BYTES = 1 << 16  # bytes of a body that somebody may have signed by mistake; a larger one is an upload
_MAX_RESPONSE_BYTES = 1 << 16  # of a response that are read: refusals are short
_MAX_HEADER_CHARS = 1 << 13  # characters of one of its headers
_MAX_EARLIER_REQUESTS = 50  # requests of a chain that are read, the last ones; requests itself follows thirty redirects


@dataclass(frozen=True, repr=False)
class RequestRecord:
    """A request as it went out.

    :ivar message: what signing reads of it.
    :ivar reading: its parameters; ``None``: it cannot be read, and ``objection`` says why.
    :ivar values: its protocol parameters by name, decoded.
    :ivar repeated: the names of protocol parameters that are there twice, differently.
    :ivar copied: the names of those that are there twice, alike, in several places (s3.1 allows none of them twice).
    :ivar signed_text: the base string that was signed, where the hook that signed it has left it.
    :ivar is_cross_origin: a redirect has led it to another origin.
    :ivar lost_body: it had a body, and its client has not kept it.
    """

    message: Message
    headers: Mapping[str, str]
    reading: Reading | None = None
    objection: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    repeated: tuple[str, ...] = ()
    copied: tuple[str, ...] = ()
    parts: Parts | None = None
    signed_text: str = ""
    is_cross_origin: bool = False
    lost_body: bool = False

    @property
    def lost_form(self) -> bool:
        """Whether it had a form, which is signed, whose fields are not known."""
        return self.lost_body and is_form(self.message.content_type)

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
        return find_carried_secrets(self.message, _unescape_pairs(self.reading.in_header or ()), self.headers)

    @cached_property
    def sources(self) -> dict[Pair, str]:
        """Where each parameter was found, by its percent-encoded name and value (s3.4.1.3.1)."""
        if self.parts is None or self.reading is None:
            return {}
        query, form = (Parts("", "", "", "", "", query=wire).pairs for wire in (self.parts.query, self.parts.form))
        places = {
            "query": [*query, *self.reading.in_query], "form": [*form, *self.reading.in_form],
            "header": self.reading.in_header or [],
        }  # fmt: skip
        found: dict[Pair, list[str]] = {}
        for place, pairs in places.items():
            for pair in dict.fromkeys(pairs):
                found.setdefault(pair, []).append(place)
        return {pair: " and ".join(names) for pair, names in found.items()}

    @property
    def is_plain_http(self) -> bool:
        """Whether it goes over an open network unencrypted."""
        url = None if self.reading is None else self.reading.url
        return url is not None and url.scheme.lower() == "http" and not is_loopback(url.authority)


def read_request(request: Any) -> RequestRecord:
    """Read a request: of any client that ``clients.py`` knows, or anything with method, url, headers and body.

    :raises UsageError: it is nothing of the kind, or cannot be prepared.
    """
    if hasattr(type(request), "prepare") and hasattr(request, "files"):  # requests.Request
        request = _prepare_without_files(request)
    seen = find_parts(request)
    if seen is None:
        raise UsageError(f"explain wants a request or a response, not {type(request).__name__}")
    method, url, body, headers = seen.method, seen.url, seen.body, _read_headers(seen.headers)
    signed = {name: headers.get(name) for name in ("content-type", "authorization", "host")}
    message = Message(
        _without_surrogates(_to_text(method or "")), to_wire_form(_without_surrogates(_to_text(url or ""))),
        _without_surrogates(body), *map(_without_surrogates, signed.values()),
    )  # fmt: skip
    # A HAR, which is JSON, may have what HTTP could not carry.
    odd = [name for name, value in {"method": method, "URL": url, "body": body, **signed}.items()
           if isinstance(value, str) and _without_surrogates(value) != value]  # fmt: skip
    reading, parts, objection = None, None, "" if method and url else "it has no method, or no URL, yet"
    if odd and not objection:
        objection = f"its {odd[0]} has a lone surrogate, which UTF-8 cannot carry"
    if not objection:
        try:
            reading = read(message)
            parts = parse_parts(message.method, reading, message.host or reading.url.authority)
        except UsageError as error:
            reading, objection = None, str(error)
    length = headers.get("content-length", "0")
    lost_body = not seen.keeps_body and (length not in ("", "0") or "transfer-encoding" in headers)
    if lost_body and is_form(message.content_type):  # whose fields are a part of what is signed
        parts = None
    pairs: Sequence[Pair] = () if reading is None else protocol_parameters(reading)
    if reading is None and message.authorization is not None:
        _, pairs = parse_authorization(message.authorization) or (None, ())
    counted = Counter(name for name, _ in pairs) if reading is not None else Counter()
    repeated = tuple(sorted(name for name, times in counted.items() if times > 1))
    return RequestRecord(
        message, headers, reading, objection, dict(_unescape_pairs(pairs)), parts=parts,
        repeated=repeated, copied=() if reading is None else _find_copied(reading),
        signed_text=_to_text(attribute(request, "base_string", "")),
        is_cross_origin=attribute(request, "is_cross_origin") is True,
        lost_body=lost_body,
    )  # fmt: skip


def _find_copied(reading: Reading) -> tuple[str, ...]:
    """Return the names of protocol parameters that stand in more than one place with the same value."""
    places = ((reading.in_header or ()), reading.in_query, reading.in_form)
    counted = Counter(pair for place in places for pair in set(place))
    return tuple(sorted({name for (name, _), times in counted.items() if times > 1}))


def _prepare_without_files(request: Any) -> Any:
    """Prepare a request of ``requests`` that was not prepared yet, and leave its files unread.

    ``prepare`` reads files, for multipart: that has empty ones here, which no signature covers.

    :raises UsageError: it cannot be prepared.
    """
    once = [request.params, request.files]
    for pairs in (request.params, request.data):
        if isinstance(pairs, Mapping):
            once += pairs.values()
        elif isinstance(pairs, list):
            once += [pair[-1] for pair in pairs if isinstance(pair, tuple | list) and pair]
    if any(hasattr(value, "__next__") for value in once):
        raise UsageError("some of the request can be read only once, and would be used up: prepare it first")
    request = copy(request)
    try:
        files = request.files.items() if isinstance(request.files, Mapping) else request.files or ()
        request.files = [(name, _without_content(name, file)) for name, file in files]
        return request.prepare()
    except (ValueError, TypeError, AttributeError, LookupError, RuntimeError, OSError) as error:
        raise UsageError("the request cannot be prepared, so that there is nothing to explain yet") from error


def _without_content(name: Any, file: Any) -> Any:
    """Return what requests takes for a file, with nothing in it."""
    if isinstance(file, tuple | list):
        return (file[0], b"", *file[2:])
    path = attribute(file, "name")
    is_named = isinstance(path, str | bytes) and path and path[:1] not in ("<", b"<") and path[-1:] not in (">", b">")
    return (os.path.basename(path) if is_named else name, b"")


def _unescape_pairs(pairs: Iterable[Pair]) -> Iterator[Pair]:
    return ((unescape(name), unescape(value)) for name, value in pairs)


def _read_headers(headers: Any) -> dict[str, str]:
    """Return headers by their names in lower case; values may be bytes."""
    try:
        pairs = [(name, value) for name, value in (headers.items() if hasattr(headers, "items") else headers or ())]
    except (TypeError, ValueError):
        return {}
    return {_to_text(name).lower(): _to_text(value) for name, value in pairs if value is not None}


def _to_text(value: Any) -> str:
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

    :ivar status: of HTTP; ``None``: nothing came back yet, or what was saved does not have it.
    :ivar lacks_status: the latter.
    :ivar date: the server's time, in seconds since the epoch; ``None``: it does not say.
    :ivar base_strings: those that the server hands back in its error page.
    :ivar signature: that which the server expected, where it says so.
    :ivar unread: the body was not read, because reading is the caller's: how it is done; empty: it was.
    :ivar earlier_requests: the requests before the last, the first one first.
    :ivar location: where the server redirects to, if it was not followed there.
    :ivar retries: how many attempts urllib3 made before this one, with the same headers.
    :ivar challenge: the scheme that it asks for in ``WWW-Authenticate``; empty where it asks for none.
    """

    status: int | None = None
    reason: str = ""
    words: Words = field(default_factory=lambda: Words(None, "", (), blames_signature=False))
    date: float | None = None
    base_strings: tuple[str, ...] = ()
    signature: str | None = None
    unread: str = ""
    earlier_requests: tuple[RequestRecord, ...] = ()
    location: str = ""
    retries: int = 0
    challenge: str = ""
    lacks_status: bool = False

    @property
    def is_refusal(self) -> bool:
        """Whether it says no."""
        return (self.status or 0) >= 400 or bool(self.words.phrase)


def read_earlier_requests(response: Any) -> tuple[RequestRecord, ...]:
    """Read the requests that redirects, or a second attempt, came after; the last ones of many."""
    history, found = attribute(response, "history"), []
    for earlier in history[-_MAX_EARLIER_REQUESTS:] if isinstance(history, list | tuple) else ():
        with suppress(UsageError):
            found.append(read_request(find_request(earlier)))
    return tuple(found)


def read_response(
    response: Any, request: RequestRecord, earlier_requests: tuple[RequestRecord, ...], redact: Redactor
) -> ResponseRecord:
    """Read a response.

    :param request: the request that it is a response to.
    :param earlier_requests: the requests before that.
    :param redact: what it echoes of ours is out of its words before they are cut short: half a secret would not be
        found any more.
    """
    headers = _read_headers(attribute(response, "headers"))
    named = {
        name: sanitize_text(headers[name.lower()][:_MAX_HEADER_CHARS])
        for name in ("WWW-Authenticate", "Date")
        if name.lower() in headers
    }
    content, status = find_content(response), find_status(response)
    text = sanitize_text((content or b"")[: 2 * _MAX_RESPONSE_BYTES].decode("utf-8", "replace"))
    status = int(status) if isinstance(status, int) and status else None
    refused = status or (401 if _says_unauthorized(text) else 0)
    url, said = request.message.url, f"{named.get('WWW-Authenticate', '')}\n{text[:_MAX_RESPONSE_BYTES]}"
    sent = f"{url} {request.context.body or ''}"
    retries = attribute(attribute(attribute(response, "raw"), "retries"), "history")
    reasons = [attribute(response, name) for name in ("reason", "reason_phrase", "message")]
    attempts = retries if isinstance(retries, list | tuple) else ()
    return ResponseRecord(
        status,
        next((_to_text(reason) for reason in reasons if reason and isinstance(reason, str | bytes)), ""),
        read_refusal(refused, named, text, redact, tokens=gives_tokens(url), sent=sent),
        server_time(named),
        tuple(find_base_strings(said)),
        expected_signature(said, request.values.get("oauth_signature", "")),
        say_how_to_read(response) if content is None else "",
        earlier_requests,
        headers.get("location", "") if 300 <= (status or 0) < 400 else "",
        sum(attribute(attempt, "redirect_location") is None for attempt in attempts),
        named.get("WWW-Authenticate", "").lstrip().partition(" ")[0][:20],
        status is None,
    )


_says_unauthorized = re.compile(r"\W{0,20}(?:\w+\W{1,4}){0,6}?(?:401\b|un-?authori[sz]ed\b)", re.IGNORECASE).match


_endless = re.compile("[0-9]{1000,}").sub


def sanitize_text(text: str) -> str:
    """Return a text without numbers that int() refuses, of thousands of digits: so html.unescape() does, too."""
    return _endless("0", text)
