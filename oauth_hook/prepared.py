"""Reading a ``PreparedRequest`` as it will go out. Nothing here changes one."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from .errors import UsageError
from .protocol.base_string import origin, split_url
from .protocol.body_hash import encode_digest
from .protocol.signing import Message

if TYPE_CHECKING:
    import requests

__all__ = [
    "Origin",
    "can_be_sent_again",
    "digest_of_file",
    "is_same_home",
    "is_used_up",
    "message_of",
    "on_the_wire",
    "origin_of",
]

#: Scheme, host and port, as they are compared: lower case, and empty for the default port.
Origin = tuple[str, str, str]

# What urllib3 puts on the wire as it stands (RFC 3986 s2, s3.3, s3.4): plain characters and escapes.
_PLAIN = r"[A-Za-z0-9._~!$&'()*+,;=:@/?#-]*"
_settled = re.compile(f"{_PLAIN}(?:%[0-9A-F]{{2}}{_PLAIN})*").fullmatch

_NONE = (None, None, None)

_PIECE = 1 << 16  # octets of a file hashed at a time


def message_of(request: requests.PreparedRequest) -> Message:
    """Return what signing reads of a request.

    :raises UsageError: it has no method or URL yet.
    """
    if request.method is None or request.url is None or request.headers is None:
        raise UsageError("the request has no method, no URL or no headers: prepare it first")
    # A header that is not there is dear to look for (CaseInsensitiveDict raises and catches).
    header = dict(_lower_items(request.headers)).get
    read: Any = header("content-type"), header("authorization"), header("host")
    if read != _NONE:  # requests lets values be bytes
        read = [value.decode("latin-1") if isinstance(value, bytes) else value for value in read]
    # What stands in for a request of httpx has the URL as that sends it.
    url = request.url if getattr(request, "in_wire_form", False) else on_the_wire(request.url)
    return Message(request.method, url, request.body, *read)


def _lower_items(headers: Any) -> Iterable[tuple[str, Any]]:
    """Return headers with their names in lower case; HTTPie puts a mapping of its own in the place of requests'."""
    if hasattr(headers, "lower_items"):
        return headers.lower_items()  # type: ignore[no-any-return]
    return ((name.lower(), value) for name, value in headers.items())


def on_the_wire(url: str) -> str:
    """Return a URL as urllib3 will spell it on the wire.

    ``prepare`` has urllib3 spell URLs already. It is a redirect's ``Location``, or a
    URL set by hand, that arrives here with an ``[`` or a ``%c3`` in its path.
    """
    if _settled(url):
        return url
    try:
        return parse_url(url).url
    except LocationParseError:
        return url


def digest_of_file(request: requests.PreparedRequest, algorithm: str) -> str | None:
    """Return ``oauth_body_hash`` for a body that is a file, read in pieces and rewound; ``None`` for an empty one.

    :raises UsageError: it is no file that can be rewound.
    """
    body: Any = request.body
    start: Any = request._body_position  # where requests begins to send, and rewinds to on a redirect
    try:
        if not isinstance(start, int):
            start = body.tell()
        body.seek(start)  # before anything is read: what cannot be rewound is left as it is
        digest, length = hashlib.new(algorithm), 0
        while piece := body.read(_PIECE):
            digest.update(piece.encode() if isinstance(piece, str) else piece)
            length += len(piece)
        body.seek(start)
    except (AttributeError, OSError):
        raise UsageError(
            f"body_hash covers the whole body before it is sent, and a {type(body).__name__} can be read only once: "
            "pass bytes or a file that can be rewound, or leave body_hash out"
        ) from None
    return encode_digest(digest.digest()) if length else None


def can_be_sent_again(request: requests.PreparedRequest) -> bool:
    """Tell whether a request's body is still there after it has been sent: text, or a file to be rewound."""
    body: Any = request.body
    if body is None or isinstance(body, bytes | str):
        return True
    if not isinstance(request._body_position, int):
        return False
    seekable = getattr(body, "seekable", None)
    return bool(seekable()) if seekable is not None else hasattr(body, "seek")


def is_used_up(request: requests.PreparedRequest) -> bool:
    """Tell whether a request's body has been sent, and was a stream that can be read once.

    requests sends what is left of it, which is nothing, where a redirect asks for it again.
    """
    body: Any = request.body
    if body is None or isinstance(body, bytes | str) or can_be_sent_again(request):
        return False
    return hasattr(body, "__next__") or hasattr(body, "read")


def origin_of(url: str | None) -> Origin | None:
    """Return the origin of a URL; ``None`` where it has none that we would sign for."""
    try:
        address = split_url(url or "")
        return origin(address.scheme, address.authority)
    except UsageError:
        return None


def is_same_home(old: Origin | None, new: Origin | None) -> bool:
    """Tell whether a redirect stays at home: the same origin, or its https on the default ports.

    That is where ``requests`` keeps ``Authorization`` as well (``should_strip_auth``).
    """
    if old is None or new is None:
        return False
    return old == new or (old[0] == "http" and new[0] == "https" and old[1:] == new[1:] == (new[1], ""))
