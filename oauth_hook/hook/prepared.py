"""Reading a ``PreparedRequest`` as it will go out. Nothing here changes one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from requests.structures import CaseInsensitiveDict

from ..errors import UsageError
from ..protocol.body_hash import encode_digest
from ..protocol.message import Message
from ..protocol.url import split_url, to_wire_form

if TYPE_CHECKING:
    import requests

__all__ = ["can_be_sent_again", "check_proxies", "hash_file", "is_used_up", "read_message"]


_READ = ("content-type", "authorization", "host")
_NONE = [None, None, None]

CHUNK_SIZE = 1 << 16  # bytes of a file hashed at a time


def read_message(request: Any) -> Message:
    """Return what signing reads of a ``PreparedRequest``, or of what has the names of its parts.

    :raises UsageError: it has no method or URL yet.
    """
    if request.method is None or request.url is None or request.headers is None:
        raise UsageError("the request has no method, no URL or no headers: prepare it first")
    # A header that is not there is dear to look for (CaseInsensitiveDict raises and catches), and so is going through
    # all: what is behind both has names in lower case, with the name as it was written and the value.
    headers = request.headers
    store = headers._store if type(headers) is CaseInsensitiveDict else _lower_case(headers)
    read = [store[name][1] if name in store else None for name in _READ]
    if read != _NONE:  # requests lets values be bytes
        read = [value.decode("latin-1") if isinstance(value, bytes) else value for value in read]
    # A request of httpx has the URL as that sends it.
    url = request.url if getattr(request, "in_wire_form", False) else to_wire_form(request.url)
    return Message(request.method, url, request.body, *read)


def _lower_case(headers: Any) -> dict[str, tuple[str, Any]]:
    """Return headers by their names in lower case; HTTPie puts a mapping of its own in the place of requests'."""
    return {name.lower(): (name, value) for name, value in headers.items()}


def hash_file(body: Any, start: object, algorithm: str) -> str | None:
    """Return ``oauth_body_hash`` for a body that is a file, read in pieces and rewound; ``None`` for an empty one.

    :param start: where the client begins to send, and rewinds to on a redirect (``_body_position``), if it knows.
    :raises UsageError: it is no file that can be rewound.
    """
    try:
        if not isinstance(start, int):
            start = body.tell()
        body.seek(start)  # before anything is read: what cannot be rewound is left as it is
        digest, length = hashlib.new(algorithm), 0
        while piece := body.read(CHUNK_SIZE):
            digest.update(piece.encode() if isinstance(piece, str) else piece)
            length += len(piece)
        body.seek(start)
    except (AttributeError, OSError):
        raise UsageError(
            f"body_hash covers the whole body before it is sent, and a {type(body).__name__} can be read only once: "
            "pass bytes or a file that can be rewound, or leave body_hash out"
        ) from None
    return encode_digest(digest.digest()) if length else None


def can_be_sent_again(body: Any, start: object) -> bool:
    """Tell whether a body is still there after it has been sent: text, or a file to be rewound.

    :param start: where the client begins to send it (``_body_position``), if it knows.
    """
    if body is None or isinstance(body, bytes | str):
        return True
    if not isinstance(start, int):
        return False
    seekable = getattr(body, "seekable", None)
    return bool(seekable()) if seekable is not None else hasattr(body, "seek")


def is_used_up(request: requests.PreparedRequest) -> bool:
    """Tell whether a request's body has been sent, and was a stream that can be read once.

    requests sends what is left of it, which is nothing, where a redirect asks for it again.
    """
    body: Any = request.body
    if can_be_sent_again(body, request._body_position):
        return False
    return hasattr(body, "__next__") or hasattr(body, "read")


def check_proxies(url: str, proxies: Any) -> None:
    """Refuse to have a proxy carry secrets in clear: over plain http they go to loopback, and nowhere else.

    :param proxies: those of the client, as requests has them; anything else than a mapping is none.
    :raises UsageError: the URL is plain http, and a proxy is to carry it.
    """
    if not isinstance(proxies, Mapping):
        return
    from requests.utils import select_proxy

    parts = split_url(url)
    if parts.scheme.lower() == "http" and select_proxy(url, dict(proxies)):
        raise UsageError(
            f"PLAINTEXT sends the secrets themselves, and the plain http request to {parts.authority} would go through "
            "a proxy, where whoever runs it can read them: except the host (NO_PROXY in the environment), send without "
            "proxies (trust_env=False, and no proxies=), or use https, or another signature method"
        )
