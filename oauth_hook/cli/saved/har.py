"""A HAR file (HTTP Archive 1.2): what a browser, or a proxy, saves of its network."""

from __future__ import annotations

import json
from base64 import b64decode
from contextlib import suppress
from typing import Any
from urllib.parse import quote_plus

from ...errors import UsageError
from .messages import SavedRequest, SavedResponse, header_of, joined

__all__ = ["of_har"]


# What an entry raises that has something else where a text, a number or an object belongs; it hides no other entry.
_DAMAGED = (ValueError, KeyError, TypeError, AttributeError, OverflowError)


def of_har(text: str) -> SavedRequest | SavedResponse:
    """Read a HAR file: of its entries the one that most looks like the refusal, the last of equals.

    :raises UsageError: it is none, or has no entries.
    """
    try:
        entries = list(json.loads(text)["log"]["entries"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise UsageError("this is no HAR file: log.entries, each with a request and a response, is missing") from None
    found = []
    for entry in entries:
        with suppress(*_DAMAGED):
            found.append(_of_entry(entry))
    if not found:
        raise UsageError("this HAR file has no entries that can be read")
    return max(reversed(found), key=_looks_like_it)


def _looks_like_it(saved: SavedRequest | SavedResponse) -> tuple[bool, bool, bool, bool]:
    """Order entries: a page's other requests (a 404 for its icon) have nothing to do with OAuth."""
    status = saved.status_code if isinstance(saved, SavedResponse) else 0
    request = saved.request if isinstance(saved, SavedResponse) else saved
    places = (request.url, header_of(request.headers, "authorization"), (request.body or b"").decode("latin-1"))
    is_signed = any("oauth_" in place for place in places)
    return is_signed and status >= 400, status in (401, 403), is_signed, status >= 400


def _of_entry(entry: Any) -> SavedRequest | SavedResponse:
    asked, answered = entry["request"], entry.get("response") or {}
    headers = _headers(asked)
    posted = asked.get("postData") or {}
    if posted.get("mimeType") and not header_of(headers, "content-type"):
        headers["Content-Type"] = str(posted["mimeType"])
    request = SavedRequest(str(asked["method"]).upper(), str(asked["url"]), headers, _body(posted))
    status = int(answered.get("status") or 0)
    if not status:  # it was blocked, or is not answered yet
        return request
    return SavedResponse(request, status, str(answered.get("statusText", "")), _headers(answered), _content(answered))


def _body(posted: Any) -> bytes | None:
    """Return what was sent: the text is that, as it was; parameters are the same, taken apart."""
    pairs = posted.get("params") or []
    text = posted.get("text") or "&".join(
        f"{quote_plus(pair['name'])}={quote_plus(pair.get('value') or '')}" for pair in pairs
    )
    return str(text).encode("utf-8", "replace") or None


def _content(answered: Any) -> bytes:
    content = answered.get("content") or {}
    text = str(content.get("text") or "").encode("utf-8", "replace")
    if content.get("encoding") == "base64":
        with suppress(ValueError):
            return b64decode(text)
    return text


def _headers(message: Any) -> dict[str, str]:
    """Return the headers of a message; those of HTTP/2 that begin with a colon are none."""
    pairs = ((str(pair["name"]), str(pair["value"])) for pair in message.get("headers") or [])
    return joined((name, value) for name, value in pairs if not name.startswith(":"))
