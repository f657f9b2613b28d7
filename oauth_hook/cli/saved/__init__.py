"""Saved requests: raw HTTP, a transcript or a command line of curl's, or a HAR file, read as they are.

Each is what other tools save: a proxy, or HTTPie's ``-v``; ``curl -v`` and ``curl --trace-ascii``; the "copy as cURL"
of a browser; and the log of a browser's network (HTTP Archive 1.2).
"""

from __future__ import annotations

import re

from ...errors import UsageError
from .curl import is_curl, parse_curl
from .har import parse_har
from .http import dedent, parse_http
from .messages import SavedRequest, SavedResponse, read_response_text
from .transcripts import find_exchange, strip_marks

__all__ = ["SavedRequest", "SavedResponse", "is_har", "read_response_text", "read_saved"]

# What a person writes above a saved request: JetBrains' ### and the shell's # begin comments.
_above = re.compile(rb"\A\s*(?:#[^\n]*(?:\n\s*|\Z))*").sub

# Command lines of other tools, which browsers copy as well.
_other_tool = re.compile(
    r"(\$session\b|Invoke-WebRequest|Invoke-RestMethod|(?:await\s+)?fetch\(|wget|https?)(?:\s|(?<=\())", re.IGNORECASE
).match


def read_saved(data: bytes, *, scheme: str | None = None) -> SavedRequest | SavedResponse:
    """Read a saved request, and the response to it where that was saved as well.

    :param data: raw HTTP (the request, and after it the response); what ``curl -v`` or ``curl --trace-ascii`` shows,
        of which the last exchange is taken; a curl command line; or a HAR file, of which the last refused entry that
        has to do with OAuth is taken.
    :param scheme: of raw HTTP whose target is a path, which does not say; ``None``: what a transcript says, or http
        where the host is loopback or the port 80, else https.
    :raises UsageError: it cannot be read as any of them.
    """
    data = _strip_surroundings(data)
    text = data.decode("utf-8", "surrogateescape")
    if is_har(data):
        return parse_har(text)
    data = strip_marks(data)
    exchange = find_exchange(data)
    if exchange is not None:
        return parse_http(exchange.data, scheme or exchange.scheme)
    if is_curl(text):
        return parse_curl(text)
    if other := _other_tool(text):
        raise UsageError(
            f"this is a command of another tool ({other[1]}), which is not read here: copy the request as cURL (bash "
            "or cmd), or save a HAR file"
        )
    return parse_http(data, scheme)


def is_har(data: bytes) -> bool:
    """Tell whether what was saved is read as a HAR file."""
    return _strip_surroundings(data).startswith(b"{")


def _strip_surroundings(data: bytes) -> bytes:
    """Return what was saved, as UTF-8, without its byte order mark, its indentation, and what stands above it."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):  # Windows saves UTF-16
        data = data.decode("utf-16", "replace").encode()
    return _above(b"", dedent(data.removeprefix(b"\xef\xbb\xbf")), 1)
