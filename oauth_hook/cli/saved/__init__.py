"""Saved requests: raw HTTP, a transcript or a command line of curl's, or a HAR file, read as they are.

Each is what other tools save: a proxy, or HTTPie's ``-v``; ``curl -v`` and ``curl --trace-ascii``; the "copy as cURL"
of a browser; and the log of a browser's network (HTTP Archive 1.2).
"""

from __future__ import annotations

import re

from ...errors import UsageError
from .curl import is_curl, of_curl
from .har import of_har
from .http import dedented, of_http
from .messages import SavedRequest, SavedResponse, text_of_answer
from .transcripts import untangled, without_marks

__all__ = ["SavedRequest", "SavedResponse", "is_har", "read_saved", "text_of_answer"]

# What a person writes above a saved request: JetBrains' ### and the shell's # begin comments.
_above = re.compile(rb"\A\s*(?:#[^\n]*(?:\n\s*|\Z))*").sub

# Command lines of other tools, which browsers copy as well.
_other_tool = re.compile(
    r"(\$session\b|Invoke-WebRequest|Invoke-RestMethod|(?:await\s+)?fetch\(|wget|https?)(?:\s|(?<=\())", re.IGNORECASE
).match


def read_saved(octets: bytes, *, scheme: str | None = None) -> SavedRequest | SavedResponse:
    """Read a saved request, and the response to it where that was saved as well.

    :param octets: raw HTTP (the request, and after it the response); what ``curl -v`` or ``curl --trace-ascii`` shows,
        of which the last exchange is taken; a curl command line; or a HAR file, of which the last refused entry that
        has to do with OAuth is taken.
    :param scheme: of raw HTTP whose target is a path, which does not say; ``None``: what a transcript says, or http
        where the host is loopback or the port 80, else https.
    :raises UsageError: it is none of them.
    """
    octets = _below(octets)
    text = octets.decode("utf-8", "surrogateescape")
    if is_har(octets):
        return of_har(text)
    octets = without_marks(octets)
    exchange = untangled(octets)
    if exchange is not None:
        return of_http(exchange.octets, scheme or exchange.scheme)
    if is_curl(text):
        return of_curl(text)
    if other := _other_tool(text):
        raise UsageError(
            f"this is a command of another tool ({other[1]}), which is not read here: copy the request as cURL (bash "
            "or cmd), or save a HAR file"
        )
    return of_http(octets, scheme)


def is_har(octets: bytes) -> bool:
    """Tell whether what was saved is read as a HAR file."""
    return _below(octets).startswith(b"{")


def _below(octets: bytes) -> bytes:
    """Return what was saved, without the indentation of all of it and what stands above it."""
    return _above(b"", dedented(_utf8(octets)), 1)


def _utf8(octets: bytes) -> bytes:
    """Return octets without a byte order mark; what Windows saved in UTF-16, as UTF-8."""
    if octets[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return octets.decode("utf-16", "replace").encode()
    return octets.removeprefix(b"\xef\xbb\xbf")
