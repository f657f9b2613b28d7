"""A HAR file (HTTP Archive 1.2): what a browser, or a proxy, saves of its network."""

from __future__ import annotations

from base64 import b64decode
from contextlib import suppress
from typing import Any

from ...errors import UsageError
from .messages import Saved, SavedRequest, SavedResponse, find_header, join_form, join_headers

__all__ = ["DAMAGED", "parse_har"]

#: What an entry raises that has something else where a text, a number or an object belongs; it hides no other entry.
DAMAGED = (ValueError, KeyError, TypeError, AttributeError, OverflowError)


def parse_har(value: Any) -> list[Saved]:
    """Read a HAR file: its entries, without those that cannot be read.

    :param value: what its JSON says.
    :raises UsageError: it is not a HAR file, or has no entries.
    """
    try:
        entries = list(value["log"]["entries"])
    except (KeyError, TypeError):
        raise UsageError("this is not a HAR file: it has no log.entries, each with a request and a response") from None
    found = []
    for entry in entries:
        with suppress(*DAMAGED):
            found.append(_parse_entry(entry))
    if not found:
        raise UsageError("this HAR file has no entries that can be read")
    return found


def _parse_entry(entry: Any) -> Saved:
    sent, replied = entry["request"], entry.get("response") or {}
    headers = _headers(sent)
    posted = sent.get("postData") or {}
    if posted.get("mimeType") and not find_header(headers, "content-type"):
        headers["Content-Type"] = str(posted["mimeType"])
    request = SavedRequest(str(sent["method"]).upper(), str(sent["url"]), headers, _body(posted))
    status = int(replied.get("status") or 0)
    if not status:  # it was blocked, or has no response yet
        return request
    return SavedResponse(request, status, str(replied.get("statusText", "")), _headers(replied), _content(replied))


def _body(posted: Any) -> bytes | None:
    """Return what was sent: the text is that, as it was; parameters are the same, taken apart."""
    pairs = ((pair["name"], pair.get("value") or "") for pair in posted.get("params") or [])
    text = posted.get("text") or join_form(pairs)
    return str(text).encode("utf-8", "replace") or None


def _content(replied: Any) -> bytes:
    content = replied.get("content") or {}
    text = str(content.get("text") or "").encode("utf-8", "replace")
    if content.get("encoding") == "base64":
        with suppress(ValueError):
            return b64decode(text)
    return text


def _headers(message: Any) -> dict[str, str]:
    """Return the headers of a message; those of HTTP/2 that begin with a colon are left out."""
    pairs = ((str(pair["name"]), str(pair["value"])) for pair in message.get("headers") or [])
    return join_headers((name, value) for name, value in pairs if not name.startswith(":"))
