"""Reading a ``PreparedRequest`` as it will go out. Nothing here changes one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import urllib3
from requests.structures import CaseInsensitiveDict

from ..errors import UsageError
from ..protocol.body_hash import encode_digest
from ..protocol.encoding import to_wire
from ..protocol.message import Message
from ..protocol.parameters import is_form
from ..protocol.url import split_url, to_wire_form

__all__ = [
    "SENDS_LATIN_1",
    "can_be_sent_again",
    "check_proxies",
    "encode_text",
    "hash_body",
    "is_used_up",
    "read_message",
]


_READ = ("content-type", "authorization", "host")
_ABSENT = (None, None, None)

CHUNK_SIZE = 1 << 16  # bytes of a file hashed at a time

#: Whether a ``str`` goes out as Latin-1, as ``http.client`` has it. Since urllib3 2 it goes out as UTF-8.
SENDS_LATIN_1 = urllib3.__version__.startswith("1.")  # type: ignore[attr-defined]


def read_message(request: Any) -> Message:
    """Return what signing reads of a ``PreparedRequest``, or of what has the names of its parts.

    :raises UsageError: it has no method or URL yet.
    """
    if request.method is None or request.url is None or request.headers is None:
        raise UsageError("the request has no method, no URL or no headers: prepare it first")
    headers = request.headers
    read: Any = _ABSENT
    if type(headers) is CaseInsensitiveDict:
        # Where a header that is not there is dear to look for (it raises and catches): what is behind has the names in
        # lower case, with the name as it was written and the value.
        store = headers._store
        if not store.keys().isdisjoint(_READ):
            read = [store[name][1] if name in store else None for name in _READ]
    else:  # those of other clients, and of HTTPie, ignore case as well
        found = CaseInsensitiveDict(headers) if isinstance(headers, dict) else headers
        read = [found.get(name) for name in _READ]
    if read is not _ABSENT:  # requests lets values be bytes
        read = [value.decode("latin-1") if isinstance(value, bytes) else value for value in read]
    # A request of httpx has the URL as that sends it.
    url = request.url if getattr(request, "in_wire_form", False) else to_wire_form(request.url)
    return tuple.__new__(Message, (request.method, url, request.body, *read))  # as Message(...), at half the cost


def encode_text(message: Message, *, is_hashed: bool) -> Message:
    """Return a message whose body is UTF-8, as it is signed, where it is text that is read; see ``SENDS_LATIN_1``.

    :param is_hashed: a body that is no form is read too.
    :raises UsageError: the text has a lone surrogate.
    """
    body = message.body
    if not isinstance(body, str) or body.isascii() or not (is_hashed or is_form(message.content_type)):
        return message
    return message._replace(body=to_wire(body).encode("latin-1"))


def hash_body(body: Any, start: object, algorithm: str) -> str | None:
    """Return ``oauth_body_hash`` for a body that is not text; ``None`` for an empty one.

    A file is read in pieces and rewound; a buffer, and an iterable that is no iterator, are read as they stand.

    :param start: where the client begins to send, and rewinds to on a redirect (``_body_position``), if it knows.
    :raises UsageError: it can be read only once.
    """
    digest, is_empty = hashlib.new(algorithm), True
    try:
        for piece in _read_pieces(body, start):
            digest.update(piece.encode() if isinstance(piece, str) else piece)
            is_empty = is_empty and not len(piece)
        if not (is_empty or hasattr(body, "read")) and is_used_up(body, start):
            raise OSError  # it goes on where it stopped, and so would be sent empty
    except (AttributeError, OSError):
        raise UsageError(
            f"body_hash covers the whole body before it is sent, and a {type(body).__name__} can be read only once: "
            "pass bytes or a file that can be rewound, or leave body_hash out"
        ) from None
    return None if is_empty else encode_digest(digest.digest())


def _read_pieces(body: Any, start: object) -> Iterator[Any]:
    if not hasattr(body, "read") and can_be_sent_again(body, start):
        yield from [memoryview(body)] if _is_buffer(body) else body
        return
    if not isinstance(start, int):
        start = body.tell()
    body.seek(start)  # before anything is read: what cannot be rewound is left as it is
    while piece := body.read(CHUNK_SIZE):
        yield piece
    body.seek(start)


def can_be_sent_again(body: Any, start: object) -> bool:
    """Tell whether a body will still be there after it has been sent: a file to be rewound, or no stream at all.

    Text and buffers (``bytearray``, ``mmap``) are, and an iterable that is no iterator, which begins anew each time.

    :param start: where the client begins to send it (``_body_position``), if it knows.
    """
    if body is None or isinstance(body, bytes | str):
        return True
    if not isinstance(start, int):
        return not (hasattr(body, "read") or hasattr(body, "__next__") or hasattr(body, "__anext__"))
    try:
        seekable = getattr(body, "seekable", None)
        return bool(seekable()) if seekable is not None else hasattr(body, "seek")
    except ValueError:  # it is closed
        return False


def is_used_up(body: Any, start: object) -> bool:
    """Tell whether a body that has been sent is not there any more, whatever it seemed to be before.

    requests sends what is left of it, which is nothing, where a redirect asks for it again. So does what wraps an
    iterator without being one, as a progress bar does.
    """
    if not can_be_sent_again(body, start):
        return True
    if body is None or isinstance(body, bytes | str) or isinstance(start, int) or _is_buffer(body):
        return False
    return hasattr(body, "__iter__") and next(iter(body), None) is None


def _is_buffer(body: Any) -> bool:
    try:
        memoryview(body)
    except TypeError:
        return False
    return True


def check_proxies(url: str, proxies: Any) -> None:
    """Refuse to have a proxy carry secrets in clear: over plain http they go to loopback, and nowhere else.

    :param proxies: those of the client, as requests has them; anything but a mapping means that there are no proxies.
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
