"""A request in the one plain form that it has below the bindings, and where its parameters are (RFC 5849 s3.4.1.3.1).

A binding turns its client's request into a ``Message`` and puts the result back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ..errors import UsageError, check_type
from .base_string import base_string_uri
from .encoding import Pair, to_wire
from .parameters import divide, is_form
from .placement import parse_authorization
from .url import SplitURL, split_url

__all__ = [
    "Message",
    "Reading",
    "body_text",
    "make_message",
    "protocol_parameters",
    "read",
    "text_headers",
    "with_headers",
]


class Message(NamedTuple):
    """What signing reads of a request. A body that is not text is never read."""

    method: str
    url: str
    body: object = None
    content_type: str | None = None
    authorization: str | None = None
    host: str | None = None  #: the ``Host`` header, where the request has one

    def __repr__(self) -> str:
        return "Message(***)"  # a form may hold a verifier or a password


class Reading(NamedTuple):
    """A request's parameters, told apart by whose they are and by place (s3.4.1.3.1)."""

    url: SplitURL
    uri: str  #: the base string URI, percent-encoded
    query: str  #: the caller's own segments, byte for byte
    form: str | None  #: likewise; ``None``: the body is not a form
    own: list[str]  #: both of them, as ``parameters.sortable`` has them
    realm: str | None
    in_header: list[Pair] | None  #: ``None``: there is no OAuth Authorization header
    in_query: list[Pair]
    in_form: list[Pair]


def read(message: Message) -> Reading:
    """Find a request's parameters (s3.4.1.3.1) and its base string URI (s3.4.1.2).

    :raises UsageError: the URL cannot be signed, or the body is a form-encoded stream.
    """
    url = split_url(message.url)
    uri = base_string_uri(url.scheme, message.host or url.authority, url.path)
    query, own, in_query = divide(to_wire(url.query)) if url.query else ("", [], [])
    form: str | None = None
    in_form: list[Pair] = []
    if message.body is not None and is_form(message.content_type):
        form, fields, in_form = divide(to_wire(body_text(message.body)))
        own = own + fields
    earlier = None if message.authorization is None else parse_authorization(message.authorization)
    realm, in_header = (None, None) if earlier is None else earlier
    parts = (url, uri, query, form, own, realm, in_header, in_query, in_form)
    return tuple.__new__(Reading, parts)  # what Reading(*parts) does, at half the cost


def body_text(body: object) -> bytes | str:
    """Return a body that can be read without being used up.

    :raises UsageError: it is a stream.
    """
    if isinstance(body, (bytes, str)):
        return body
    if isinstance(body, (bytearray, memoryview)):
        return bytes(body)
    raise UsageError(
        "the body is form-encoded, so that its fields are signed (RFC 5849 s3.4.1.3.1), but it is a stream "
        f"({type(body).__name__}) and cannot be read without being used up: pass the form as a dict, bytes or str"
    )


def protocol_parameters(reading: Reading) -> list[Pair]:
    """Return the protocol parameters of a request; identical copies in several places count once."""
    places = [place for place in (reading.in_header, reading.in_query, reading.in_form) if place]
    pairs = [pair for place in places for pair in place]
    return list(dict.fromkeys(pairs)) if len(places) > 1 else pairs


def make_message(method: str, url: str, headers: Mapping[str, str], body: bytes | str | None) -> Message:
    """Return the request as signing reads it."""
    if not isinstance(method, str) or not method:
        raise UsageError(f"method must be the name of an HTTP method, not {method!r}")
    check_type(url, str, "the URL", "a str")
    if body is not None and not isinstance(body, (bytes, str)):
        raise UsageError(f"body must be bytes, str or None, not {type(body).__name__}: for streams there is OAuthHook")
    header = {name.lower(): value for name, value in headers.items()}.get
    return Message(method, url, body, header("content-type"), header("authorization"), header("host"))


def text_headers(headers: Mapping[str, str] | None) -> dict[str, str]:
    """Return headers as a dict of our own; bytes, which ``requests`` allows, as text."""
    result = {}
    if headers is not None:
        check_type(headers, Mapping, "headers", "a mapping")
    for name, value in (headers or {}).items():
        check_type(name, str, "the name of a header", "a str")
        text = value.decode("latin-1") if isinstance(value, bytes) else value
        check_type(text, str, f"the header {name}", "a str")
        result[name] = text
    return result


def with_headers(headers: Mapping[str, str], changed: Mapping[str, str | None]) -> dict[str, str]:
    """Return headers with some of them set, or taken out (``None``), each under the name that it had."""
    left = dict(changed)
    known = {name.lower(): name for name in changed} if headers else {}
    result: dict[str, str] = {}
    for name, value in headers.items():
        ours = known.get(name.lower())
        new = value if ours is None else left.pop(ours, None)
        if new is not None:
            result[name] = new
    return result | {name: value for name, value in left.items() if value is not None}
