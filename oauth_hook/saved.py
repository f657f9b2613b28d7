"""Saved requests: raw HTTP, a curl command line, or a HAR file, read as they are.

Each is what other tools save: a proxy or ``curl --trace-ascii``, the "copy as cURL" of a
browser, and the log of a browser's network (HTTP Archive 1.2).
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus, urlsplit

from .errors import UsageError
from .protocol.base_string import is_loopback

__all__ = ["SavedRequest", "SavedResponse", "read_saved"]


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


def read_saved(octets: bytes, *, scheme: str | None = None) -> SavedRequest | SavedResponse:
    """Read a saved request, and the response to it where that was saved as well.

    :param octets: raw HTTP (the request, and after it the response), a curl command line, or a HAR file, of which
        the last refused entry is taken, or else the last.
    :param scheme: of raw HTTP whose target is a path, which does not say; ``None``: http where the host is loopback
        or the port 80, else https.
    :raises UsageError: it is none of them.
    """
    text = octets.decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    if text.startswith("{"):
        return _of_har(text)
    if re.match(r"(?:\$\s+)?curl(?:\.exe)?\s", text):
        return _of_curl(text)
    return _of_http(octets.lstrip(b"\xef\xbb\xbf \t\r\n"), scheme)


# --- raw HTTP (RFC 9112) ---

_request_line = re.compile(r"([A-Za-z]+) (\S+)(?: HTTP/\d(?:\.\d)?)?\s*").fullmatch
_status_line = re.compile(rb"(?m)^HTTP/\d(?:\.\d)? (\d{3}) ?([^\r\n]*)\r?\n")


def _of_http(octets: bytes, scheme: str | None) -> SavedRequest | SavedResponse:
    status = _status_line.search(octets)
    head, body = _parted(octets if status is None else octets[: status.start()])
    line, headers = _head(head)
    match = _request_line(line)
    if match is None:
        raise UsageError(
            "this is neither raw HTTP (METHOD TARGET, headers, an empty line, the body) nor a curl command line nor HAR"
        )
    method, target = match.groups()
    if "://" not in target:
        host = next((value for name, value in headers.items() if name.lower() == "host"), "")
        if not host:
            raise UsageError("the saved request has a path and no Host header, so that nobody knows where it went")
        is_plain = is_loopback(host) or host.endswith(":80")
        target = f"{scheme or ('http' if is_plain else 'https')}://{host}{target}"
    if status is not None:  # what stands between them is the editor's
        body = body.rstrip(b"\r\n")
    request = SavedRequest(method.upper(), target, headers, _measured(body, headers))
    if status is None:
        return request
    answer_head, answer_body = _parted(octets[status.end() :])
    _, answer_headers = _head(b"\n" + answer_head)
    return SavedResponse(request, int(status[1]), status[2].decode("latin-1"), answer_headers, answer_body)


def _parted(octets: bytes) -> tuple[bytes, bytes]:
    """Return head and body, which an empty line parts, whatever its line ends are."""
    match = re.search(rb"\r?\n\r?\n", octets)
    return (octets, b"") if match is None else (octets[: match.start()], octets[match.end() :])


def _head(octets: bytes) -> tuple[str, dict[str, str]]:
    lines = octets.decode("latin-1").replace("\r\n", "\n").split("\n")
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, mark, value = line.partition(":")
        if mark:
            headers[name.strip()] = value.strip()
    return lines[0], headers


def _measured(body: bytes, headers: dict[str, str]) -> bytes | None:
    """Return a body without the line end that an editor puts after it."""
    length = next((value for name, value in headers.items() if name.lower() == "content-length"), "")
    if length.isdecimal():
        body = body[: int(length)]
    elif body.endswith(b"\n"):
        body = body.rstrip(b"\r\n")
    return body or None


# --- curl ---


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        """Refuse a command line that curl itself would not take."""
        raise UsageError(f"this curl command line cannot be read: {message[:200]}")


def _curl_parser() -> argparse.ArgumentParser:
    """Return a parser of what of curl's options matters to a request."""
    parser = _Parser(prog="curl", add_help=False, allow_abbrev=False)
    parser.add_argument("url", nargs="*")
    parser.add_argument("--url", dest="named_url")
    parser.add_argument("-X", "--request")
    parser.add_argument("-H", "--header", action="append", default=[])
    parser.add_argument("-G", "--get", action="store_true")
    parser.add_argument("-I", "--head", action="store_true")
    parser.add_argument("-u", "--user")
    parser.add_argument("-F", "--form", action="append")
    for name in ("--data-raw", "--data-binary", "--data-ascii"):
        parser.add_argument(name, action=_Data)
    parser.add_argument("-d", "--data", action=_Data)
    parser.add_argument("--data-urlencode", action=_Data)
    parser.add_argument("--json", action=_Data)
    parser.set_defaults(pieces=[])
    return parser


class _Data(argparse.Action):
    """Gathers data in the order of the command line, whichever option it came by."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        namespace.pieces = [*namespace.pieces, (option_string, values)]


def _of_curl(text: str) -> SavedRequest:
    try:
        words = shlex.split(re.sub(r"\\\r?\n", " ", text.removeprefix("$").strip()))
    except ValueError as error:
        raise UsageError(f"this curl command line cannot be read: {error}") from None
    found, _ = _curl_parser().parse_known_args(_without_others(words[1:]))
    # What an option that is not known here was given stands among the addresses.
    url = found.named_url or next((word for word in found.url if "://" in word), found.url[0] if found.url else "")
    if not url:
        raise UsageError("this curl command line has no URL")
    headers = dict(_header(text) for text in found.header)
    if found.user is not None:
        headers["Authorization"] = "Basic " + b64encode(found.user.encode()).decode()
    if found.form:  # its octets are curl's to make, and are not signed
        headers.setdefault("Content-Type", "multipart/form-data")
    data = _curl_data(found.pieces)
    if data is not None and found.get:
        url, data = f"{url}{'&' if '?' in url else '?'}{data}", None
    if data is not None and not any(name.lower() == "content-type" for name in headers):
        is_json = any(option == "--json" for option, _ in found.pieces)
        headers["Content-Type"] = "application/json" if is_json else "application/x-www-form-urlencoded"
    method = found.request or ("HEAD" if found.head else "POST" if data is not None or found.form else "GET")
    if "://" not in url:
        url = f"http://{url}"
    if not urlsplit(url).path:
        url = url.replace("?", "/?", 1) if "?" in url else f"{url}/"
    return SavedRequest(method, url, headers, None if data is None else data.encode())


# Options of curl that take a value and say nothing about the request that is signed.
_OTHERS = frozenset((
    "-A", "--user-agent", "-b", "--cookie", "-c", "--cookie-jar", "--cacert", "--cert", "--connect-timeout", "-D",
    "--dump-header", "-e", "--referer", "--key", "--limit-rate", "-m", "--max-time", "--max-redirs", "-o", "--output",
    "--resolve", "--retry", "-w", "--write-out", "-x", "--proxy",
))  # fmt: skip


def _without_others(words: list[str]) -> list[str]:
    kept, skip = [], False
    for word in words:
        if skip:
            skip = False
        elif word in _OTHERS:
            skip = True
        else:
            kept.append(word)
    return kept


def _header(text: str) -> tuple[str, str]:
    name, _, value = text.partition(":")
    return name.strip(), value.strip()


def _curl_data(pieces: list[tuple[str, str]]) -> str | None:
    """Return the body that curl makes of its data options; files that they name are not here to be read."""
    made = []
    for option, value in pieces:
        if value.startswith("@") and option not in ("--data-raw", "--data-urlencode"):
            raise UsageError(f"the body was in the file {value[1:]}: put its content in place of {value}")
        if option == "--data-urlencode":
            name, mark, content = value.partition("=")
            value = f"{name}={quote_plus(content)}" if mark and name else quote_plus(content if mark else name)
        made.append(value)
    return "&".join(made) if made else None


# --- HAR (HTTP Archive 1.2) ---


def _of_har(text: str) -> SavedRequest | SavedResponse:
    try:
        entries = json.loads(text)["log"]["entries"]
        answers = [_of_entry(entry) for entry in entries]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise UsageError("this is no HAR file: log.entries, each with a request and a response, is missing") from None
    if not answers:
        raise UsageError("this HAR file has no entries")
    refused = [answer for answer in answers if answer.status_code >= 400]
    return (refused or answers)[-1]


def _of_entry(entry: Any) -> SavedResponse:
    asked, answered = entry["request"], entry["response"]
    posted = asked.get("postData") or {}
    body = posted.get("text")
    if not body and posted.get("params"):
        pairs = posted["params"]
        body = "&".join(f"{quote_plus(pair['name'])}={quote_plus(pair.get('value', ''))}" for pair in pairs)
    request = SavedRequest(
        str(asked["method"]).upper(), str(asked["url"]), _pairs(asked), body.encode() if body else None
    )
    content = answered.get("content") or {}
    text = str(content.get("text", ""))
    octets = b64decode(text) if content.get("encoding") == "base64" else text.encode()
    return SavedResponse(
        request, int(answered.get("status", 0)), str(answered.get("statusText", "")), _pairs(answered), octets
    )


def _pairs(message: Any) -> dict[str, str]:
    """Return the headers of a message; those of HTTP/2 that begin with a colon are none."""
    named = {str(pair["name"]): str(pair["value"]) for pair in message.get("headers", [])}
    return {name: value for name, value in named.items() if not name.startswith(":")}
