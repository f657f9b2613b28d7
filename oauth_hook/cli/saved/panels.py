"""What panels of browsers, of Postman and of Charles show of a request, copied as text: names, values and headings."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from ...errors import UsageError
from ...protocol.parameters import is_form
from .messages import Saved, SavedRequest, SavedResponse, cut_at, find_header, is_absolute, join_form, join_headers

__all__ = ["is_panel", "parse_panel", "parse_postman_log"]

_is_panel = re.compile(
    r"(?mi)^[ \t]*(?::authority\b|(?:Request )?URL(?::|\t|[ \t]*\r?$)|Request Headers:?[ \t]*\r?$)"
).search
_first_line = re.compile(r"([A-Z][A-Z-]*)[ \t:]+(\S+)(?:[ \t]+HTTP/[\d.]+)?[ \t]*").fullmatch

_HEADINGS = {
    "request headers": "sent", "response headers": "got", "request body": "form", "request payload": "form",
    "form data": "form", "response body": "content", "response": "content", "general": "", "network": "skipped",
    "query string parameters": "skipped", "request": "sent",
}  # fmt: skip
_heading = re.compile(r"(?:▶|▼|\s)*([A-Za-z ]{1,40}?)(?: \(\d+\))?:?\s*(?:view (?:source|parsed).*)?").fullmatch
_pair = re.compile(r"(:?[A-Za-z0-9!#$%&'*+.^_`|~ -]{1,100}?)(?::[ \t]*|\t+)(\S.*|)").fullmatch
_lone_name = re.compile(
    r":?[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}|Request URL|Request Method|Status Code|Remote Address"
).fullmatch
_NAMED = {"request url", "request method", "status code", "url", "method", "response code", "status"}


def is_panel(text: str) -> bool:
    """Tell whether a text is what a panel shows: it names its URL, or has headings."""
    return bool(_is_panel(text))


def parse_panel(text: str) -> Saved:
    """Read what a panel shows.

    :raises UsageError: the URL or the method is not in it.
    """
    shown = _Shown(text)
    general, sent = shown.general, join_headers(shown.sent)
    method = general.get("request method") or general.get("method") or general.get(":method", "")
    url = general.get("request url") or general.get("url") or general.get(":path", "")
    if not is_absolute(url):
        host = general.get(":authority") or find_header(sent, "host")
        url = f"{general.get(':scheme') or 'https'}://{host}{url}" if host and url else ""
    if not url or not method:
        what = "URL" if method else "method"
        raise UsageError(
            f"the {what} of the request is not in these headers, and it is signed: copy the request as cURL, or put "
            "METHOD URL above them"
        )
    request = SavedRequest(method.upper(), url, sent, _read_body(shown.lines["form"], sent))
    status = re.match(
        r"\d{3}\b", general.get("status code") or general.get("response code") or general.get(":status", "")
    )
    content = "\n".join(shown.lines["content"]).strip().encode("utf-8", "replace")
    if not status and not shown.got and not content:
        return request
    return SavedResponse(request, int(status[0]) if status else 0, "", join_headers(shown.got), content)


class _Shown:
    """What stands in each section."""

    def __init__(self, text: str) -> None:
        self.general: dict[str, str] = {}
        self.sent: list[tuple[str, str]] = []
        self.got: list[tuple[str, str]] = []
        self.lines: dict[str, list[str]] = {"form": [], "content": []}
        section = ""
        has_headings = bool(re.search(r"(?mi)^[^\w\n]{0,20}request headers", text))
        lines = iter(text.split("\n"))
        for line in lines:
            line = line.rstrip("\r")
            heading = _heading(line.strip()) if len(line) < 100 else None
            if heading and heading[1].strip().lower() in _HEADINGS:
                section = _HEADINGS[heading[1].strip().lower()]
            elif section in self.lines:
                self.lines[section].append(line)
            elif section != "skipped":
                self._take(line.strip(), lines, section, has_headings=has_headings)

    def _take(self, line: str, rest: Iterator[str], section: str, *, has_headings: bool) -> None:
        """Take a line: the request's, a name with its value, or a name whose value is in the next line."""
        first = _first_line(line)
        if first and first[1].lower() not in _NAMED and (is_absolute(first[2]) or first[2].startswith("/")):
            self.general |= {"method": first[1], "url": first[2]}
            return
        if line.isdecimal() and len(line) == 3:
            self.general.setdefault("status code", line)
            return
        pair = _pair(line)
        name, value = pair.groups() if pair else (line, "")
        if not value and _lone_name(line.removesuffix(":")):
            name, value = line.removesuffix(":"), next(rest, "").strip()
        key = name.strip().lower()
        if not value:
            return
        if key.startswith(":") or (key in _NAMED and section == ""):
            self.general.setdefault(key, value)
        elif section == "got" or (has_headings and section == ""):
            self.got += [(name, value)] if section else []
        elif " " not in name.strip():
            is_shown_before = not has_headings and "request url" in self.general and ":authority" not in self.general
            (self.got if is_shown_before else self.sent).append((name.strip(), value))


def _read_body(lines: list[str], headers: dict[str, str]) -> bytes | None:
    """Return what was sent, which a panel may show taken apart."""
    text = "\n".join(lines).strip()
    if is_form(find_header(headers, "content-type") or None) and "=" not in text.partition(":")[0] and ":" in text:
        pairs = (line.strip().partition(":") for line in text.split("\n") if line.strip())
        text = join_form((name.strip(), value.strip().strip('"')) for name, _, value in pairs)
    return text.encode("utf-8", "replace") or None


_log_entry = re.compile(r"(?m)^[ \t]*([A-Z][A-Z-]*) ([a-z]{1,9}://\S+?):(?: (\d{3}))? \{").finditer
_log_field = re.compile(r'"((?:Request|Response) (?:Headers|Body))": ')


def parse_postman_log(text: str) -> list[Saved]:
    """Read what Postman's console copies (*Copy all logs*): an object for each request, in JSON with comments.

    The status is not in it.
    """
    entries = [*_log_entry(text)]
    found: list[Saved] = []
    for entry, piece in zip(entries, cut_at(text, (entry.start() for entry in entries)), strict=True):
        fields = _read_fields(piece)
        sent, got = fields.get("Request Headers"), fields.get("Response Headers")
        headers, body = _to_headers(sent), fields.get("Request Body")
        if isinstance(body, dict):
            body = join_form((str(name), str(value)) for name, value in body.items())
        content = None if body is None else str(body).encode("utf-8", "replace")
        request = SavedRequest(entry[1], entry[2], headers, content or None)
        found.append(request)
        if got is not None or "Response Body" in fields:
            answer = fields.get("Response Body")
            answer = answer if isinstance(answer, str) else "" if answer is None else json.dumps(answer)
            found[-1] = SavedResponse(
                request, int(entry[3] or 0), "", _to_headers(got), answer.encode("utf-8", "replace")
            )
    return found


def _read_fields(text: str) -> dict[str, object]:
    decode = json.JSONDecoder().raw_decode
    fields: dict[str, object] = {}
    at = 0
    while match := _log_field.search(text, at):
        at = match.end()
        try:
            value, at = decode(text, at)
        except (ValueError, RecursionError):  # and what is within it is not read again
            break
        fields.setdefault(match[1], value)
    return fields


def _to_headers(value: object) -> dict[str, str]:
    pairs = value.items() if isinstance(value, dict) else ()
    listed = ((str(name), one) for name, ones in pairs for one in (ones if isinstance(ones, list) else [ones]))
    return join_headers((name, str(one)) for name, one in listed)
