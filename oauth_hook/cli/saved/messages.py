"""What was saved: a request, or a response with its request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import AnyStr, TypeAlias
from urllib.parse import quote_plus

__all__ = [
    "Saved",
    "SavedRequest",
    "SavedResponse",
    "choose_refused",
    "cut_at",
    "find_header",
    "is_absolute",
    "is_signed",
    "join_form",
    "join_headers",
    "read_response_text",
]

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


Saved: TypeAlias = SavedRequest | SavedResponse


def read_response_text(saved: Saved) -> str:
    """Return what a server said, headers and body; empty where no response was saved."""
    if isinstance(saved, SavedRequest):
        return ""
    return "\n".join([*saved.headers.values(), saved._content.decode("utf-8", "replace")])


def is_signed(saved: Saved) -> bool:
    """Tell whether a request has OAuth parameters, wherever they are."""
    request = saved.request if isinstance(saved, SavedResponse) else saved
    places = (request.url, find_header(request.headers, "authorization"), (request.body or b"").decode("latin-1"))
    return any("oauth_" in place for place in places)


def choose_refused(found: Sequence[Saved]) -> Saved:
    """Return the one that most looks like a refused request, the last of equals.

    Other requests of a page (a 404 for its icon) or of a script have nothing to do with OAuth.
    """

    def rank(saved: Saved) -> tuple[bool, bool, bool, bool]:
        status = saved.status_code if isinstance(saved, SavedResponse) else 0
        return is_signed(saved) and status >= 400, status in (401, 403), is_signed(saved), status >= 400

    return max(reversed(found), key=rank)


def cut_at(text: AnyStr, starts: Iterable[int]) -> list[AnyStr]:
    """Return the pieces of a text that begin at these places; what is before the first is in none."""
    return [text[start:end] for start, end in pairwise([*starts, len(text)])]


def join_form(pairs: Iterable[tuple[str, str]]) -> str:
    """Return a form as it is sent, of pairs that a tool shows decoded."""
    return "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in pairs)


def join_headers(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return headers as a mapping: a name that occurs several times has all its values (RFC 9110 s5.3)."""
    found: dict[str, tuple[str, list[str]]] = {}
    for name, value in pairs:
        found.setdefault(name.lower(), (name, []))[1].append(value)
    return {name: ", ".join(values) for name, values in found.values()}


def find_header(headers: dict[str, str], wanted: str) -> str:
    """Return the value of a header, by its name in lower case; empty if it is missing."""
    return next((value for name, value in headers.items() if name.lower() == wanted), "")
