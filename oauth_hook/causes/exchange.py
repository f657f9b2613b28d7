"""A request as it went out, and the answer to it, read without changing or using up either."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..errors import UsageError
from ..prepared import on_the_wire
from ..problem import server_time
from ..protocol.base_string import is_loopback
from ..protocol.encoding import octets, unescape
from ..protocol.placement import parse_authorization
from ..protocol.signing import Message, Reading, protocol_parameters, read
from .answers import Words, read_words
from .parts import Parts, find_base_strings, parts_of
from .texts import Context

__all__ = ["Answered", "Asked", "is_secret_name", "read_answer", "read_request"]

is_secret_name = re.compile(r"secret|passw|verifier|session_handle", re.IGNORECASE).search

_SIGNED_BODY = 1 << 16  # octets of a body that somebody may have signed by mistake; a larger one is an upload
_LOOKED_AT = 1 << 16  # octets of an answer that are read: refusals are short


@dataclass(frozen=True, repr=False)
class Asked:
    """A request as it went out.

    :ivar message: what signing reads of it.
    :ivar reading: its parameters; ``None``: it cannot be read, and ``objection`` says why.
    :ivar values: its protocol parameters by name, decoded.
    :ivar repeated: the names of protocol parameters that are there twice, differently.
    :ivar signed_text: the base string that was signed, where the hook that signed it has left it.
    :ivar abroad: a redirect has led it to another origin.
    """

    message: Message
    headers: Mapping[str, str]
    reading: Reading | None = None
    objection: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    repeated: tuple[str, ...] = ()
    parts: Parts | None = None
    signed_text: str = ""
    abroad: bool = False

    @property
    def context(self) -> Context:
        """What else is known of it."""
        reading, body = self.reading, self.message.body
        text = octets(body) if isinstance(body, bytes | str) and body and len(body) <= _SIGNED_BODY else None
        authority = "" if reading is None else reading.address.authority
        realm = None if reading is None else reading.realm
        return Context(authority, text, self.message.content_type or "", realm)

    @cached_property
    def carried(self) -> list[str]:
        """The secrets that the request itself carries: verifiers, passwords, and with PLAINTEXT those of its signer."""
        own = [] if self.reading is None else self.reading.own
        found = [unescape(value) for name, value in own if is_secret_name(unescape(name))]
        found += [value for name, value in self.values.items() if is_secret_name(name)]
        if self.values.get("oauth_signature_method") == "PLAINTEXT":
            signature = self.values.get("oauth_signature", "")
            found += [signature, *(unescape(half) for half in signature.split("&"))]
        return [value for value in found if value]

    @property
    def is_plain_http(self) -> bool:
        """Whether it goes over an open network unencrypted."""
        address = None if self.reading is None else self.reading.address
        return address is not None and address.scheme.lower() == "http" and not is_loopback(address.authority)


def read_request(request: Any) -> Asked:
    """Read a request: of ``requests``, of a library like it, or anything with method, url, headers and body.

    :raises UsageError: it is none.
    """
    if hasattr(request, "params") and hasattr(request, "files"):  # requests.Request
        try:
            request = request.prepare()
        except ValueError as error:
            raise UsageError("the request cannot be prepared, so that there is nothing to explain yet") from error
    if not hasattr(request, "method") or not hasattr(request, "url"):
        raise UsageError(f"explain wants a request or a response, not {type(request).__name__}")
    method, url = request.method, request.url
    if not method or url is None:
        return Asked(Message(str(method or ""), str(url or "")), {}, objection="it has no method, or no URL, yet")
    headers = _text_headers(getattr(request, "headers", None) or {})
    body = getattr(request, "body", None) if hasattr(request, "body") else getattr(request, "_content", None)
    message = Message(
        str(method), on_the_wire(str(url)), body,
        headers.get("content-type"), headers.get("authorization"), headers.get("host"),
    )  # fmt: skip
    left = {"signed_text": getattr(request, "base_string", ""), "abroad": bool(getattr(request, "abroad", False))}
    return _read(message, headers, left)


def _read(message: Message, headers: Mapping[str, str], left: Mapping[str, Any]) -> Asked:
    try:
        reading = read(message)
        parts = parts_of(message.method, reading, message.host or reading.address.authority)
    except UsageError as error:
        values = _in_header(message.authorization)
        return Asked(message, headers, objection=str(error), values=values, **left)
    pairs = protocol_parameters(reading)
    names = [name for name, _ in pairs]
    repeated = tuple(sorted({name for name in names if names.count(name) > 1}))
    values = {unescape(name): unescape(value) for name, value in pairs}
    return Asked(message, headers, reading, values=values, repeated=repeated, parts=parts, **left)


def _in_header(authorization: str | None) -> dict[str, str]:
    parsed = None if authorization is None else parse_authorization(authorization)
    return {} if parsed is None else {unescape(name): unescape(value) for name, value in parsed[1]}


def _text_headers(headers: Any) -> dict[str, str]:
    """Return headers by their names in lower case; values may be bytes."""
    return {_text(name).lower(): _text(value) for name, value in headers.items() if value is not None}


def _text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


@dataclass(frozen=True, repr=False)
class Answered:
    """What came back.

    :ivar status: of HTTP; ``None``: nothing came back yet.
    :ivar date: the server's time, in seconds since the epoch; ``None``: it does not say.
    :ivar base_strings: those that the server hands back in its error page.
    :ivar unread: the body was not read, because reading is the caller's (``stream=True``).
    :ivar hops: the requests before the last, the first one first.
    :ivar location: where the server redirects to, if nobody followed it there.
    :ivar retries: how many attempts urllib3 made before this one, with the same headers.
    """

    status: int | None = None
    reason: str = ""
    words: Words = field(default_factory=lambda: Words(None, "", (), blames_signature=False))
    date: float | None = None
    base_strings: tuple[str, ...] = ()
    unread: bool = False
    hops: tuple[Asked, ...] = ()
    location: str = ""
    retries: int = 0

    @property
    def is_refusal(self) -> bool:
        """Whether it says no."""
        return self.status is not None and (self.status >= 400 or bool(self.words.said))


def read_answer(response: Any) -> Answered:
    """Read a response."""
    headers = _text_headers(getattr(response, "headers", None) or {})
    named = {name: headers[name.lower()] for name in ("WWW-Authenticate", "Date") if name.lower() in headers}
    content = getattr(response, "_content", None)
    text = content[:_LOOKED_AT].decode("utf-8", "replace") if isinstance(content, bytes) else ""
    status = int(getattr(response, "status_code", 0) or 0)
    hops = [hop.request for hop in getattr(response, "history", None) or () if getattr(hop, "request", None)]
    return Answered(
        status, _text(getattr(response, "reason", None) or getattr(response, "reason_phrase", "") or ""),
        read_words(status, named, text), server_time(named), tuple(find_base_strings(text)),
        content is False, tuple(read_request(hop) for hop in hops),
        headers.get("location", "") if 300 <= status < 400 else "", _retries(response),
    )  # fmt: skip


def _retries(response: Any) -> int:
    """Return how often urllib3 has sent a request again for another reason than a redirect."""
    history = getattr(getattr(getattr(response, "raw", None), "retries", None), "history", None) or ()
    return sum(getattr(attempt, "redirect_location", None) is None for attempt in history)
