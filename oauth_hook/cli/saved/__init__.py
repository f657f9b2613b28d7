"""Saved requests, read as they are: raw HTTP, and what clients, proxies, browsers and loggers make of it.

Each format is told by what stands in the text, the most special first (:data:`_READERS`); all give the same two values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TypeVar

from ...errors import UsageError
from .curl import find_curl_lines, parse_curl
from .exports import parse_json
from .http import begins_raw, find_requests, parse_http, split_http_file
from .messages import Saved, SavedRequest, SavedResponse, choose_refused, is_absolute, read_response_text
from .panels import is_panel, parse_panel, parse_postman_log
from .scripts import parse_fetch, parse_powershell
from .surroundings import strip_surroundings
from .transcripts import find_exchanges, strip_marks
from .unreadable import name_unreadable

__all__ = ["SavedRequest", "SavedResponse", "is_har", "read_response_text", "read_saved"]

_Piece = TypeVar("_Piece")

_is_json = re.compile(rb"\{|\[\s*[{\[]").match
_is_har = re.compile(rb'\{\s*"log"\s*:').match


def read_saved(data: bytes, *, scheme: str | None = None) -> Saved:
    """Read a saved request, and the response to it where that was saved as well.

    Of several, the last refused one is taken that has to do with OAuth.

    :param data: raw HTTP (the request, and after it the response), alone, in a log or in a page; a transcript of curl,
        wget, HTTPie, mitmdump or a library; command lines of curl's; a call that a browser copied; headers as a
        browser shows them; or what a browser (HAR), Postman, Insomnia or Charles exports.
    :param scheme: of raw HTTP whose target is a path, which does not say; ``None``: what a transcript says, or http
        where the host is loopback or the port 80, else https.
    :raises UsageError: it cannot be read as any of them; what it is instead is named, and what to save.
    """
    data = strip_surroundings(data)
    for read in (_read_raw,) if begins_raw(data) else _READERS:
        found = read(data, scheme)
        if found:
            return _require_url(choose_refused(found))
    raise UsageError(name_unreadable(data))


def is_har(data: bytes) -> bool:
    """Tell whether what was saved is read as a HAR file."""
    return _is_har(strip_surroundings(data)) is not None


def _read_json(data: bytes, _scheme: str | None) -> list[Saved]:
    return parse_json(_to_text(data)) if _is_json(data) else []


def _read_transcript(data: bytes, scheme: str | None) -> list[Saved]:
    exchanges = find_exchanges(strip_marks(data))
    return _parse_each(lambda exchange: parse_http(exchange.data, scheme or exchange.scheme), exchanges)


def _read_command(data: bytes, _scheme: str | None) -> list[Saved]:
    text = _to_text(data)
    return _parse_each(parse_curl, find_curl_lines(text)) or parse_fetch(text) or parse_powershell(text)


def _read_panel(data: bytes, _scheme: str | None) -> list[Saved]:
    text = _to_text(data)
    return parse_postman_log(text) or ([parse_panel(text)] if is_panel(text) else [])


def _read_raw(data: bytes, scheme: str | None) -> list[Saved]:
    requests = [request for part in split_http_file(strip_marks(data)) for request in find_requests(part)]
    return _parse_each(lambda request: parse_http(request, scheme), requests)


# The most special first. Each returns what it reads; nothing where the text is of another kind.
_READERS = (_read_json, _read_transcript, _read_command, _read_panel, _read_raw)


def _parse_each(parse: Callable[[_Piece], Saved], pieces: Iterable[_Piece]) -> list[Saved]:
    """Return what can be read: one piece that is damaged hides no other.

    :raises UsageError: all of them are; the error is that of the last.
    """
    found: list[Saved] = []
    errors: list[UsageError] = []
    for piece in pieces:
        try:
            found.append(parse(piece))
        except UsageError as error:  # noqa: PERF203
            errors.append(error)
    if errors and not found:
        raise errors[-1]
    return found


def _to_text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _require_url(saved: Saved) -> Saved:
    """Return what was read.

    :raises UsageError: its URL begins with a variable of the program that kept it.
    """
    url = (saved.request if isinstance(saved, SavedResponse) else saved).url
    if not is_absolute(url):
        raise UsageError(
            "the URL of the saved request must be absolute; where it begins with a variable ({{...}}) whose value "
            "was not saved, put the value in its place"
        )
    return saved
