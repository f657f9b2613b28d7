"""What was saved: a request, or a response with its request."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

__all__ = ["SavedRequest", "SavedResponse", "find_header", "is_absolute", "join_headers", "read_response_text"]

#: Whether a URL has a scheme; one may stand in its query, too (``?next=https://...``).
is_absolute = re.compile("[A-Za-z][A-Za-z0-9+.-]*://").match


@dataclass(frozen=True, repr=False)
class SavedRequest:
    """A request that was saved: what ``explain`` reads of one."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True, repr=False)
class SavedResponse:
    """A response that was saved, with its request."""

    request: SavedRequest
    status_code: int
    reason: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    _content: bytes = b""


def read_response_text(saved: SavedRequest | SavedResponse) -> str:
    """Return what a server said, headers and body; empty where no response was saved."""
    if isinstance(saved, SavedRequest):
        return ""
    return "\n".join([*saved.headers.values(), saved._content.decode("utf-8", "replace")])


def join_headers(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return headers as a mapping: a name that occurs several times has all its values (RFC 9110 s5.3)."""
    found: dict[str, tuple[str, list[str]]] = {}
    for name, value in pairs:
        found.setdefault(name.lower(), (name, []))[1].append(value)
    return {name: ", ".join(values) for name, values in found.values()}


def find_header(headers: dict[str, str], wanted: str) -> str:
    """Return the value of a header, by its name in lower case; empty where there is none."""
    return next((value for name, value in headers.items() if name.lower() == wanted), "")
