"""Raw HTTP (RFC 9112) as people save it: the request, and after it the response."""

from __future__ import annotations

import os
import re

from ...errors import UsageError
from ...protocol.url import is_loopback
from .messages import SavedRequest, SavedResponse, find_header, is_absolute, join_headers

__all__ = ["dedent", "parse_http"]

_request_line = re.compile(r"([A-Za-z-]+) (\S+)(?: HTTP/\d(?:\.\d)?)?\s*").fullmatch
_status_line = re.compile(rb"(?m)^HTTP/\d(?:\.\d)? (\d{3}) ?([^\r\n]*)(?:\r?\n|\Z)").search

# RFC 9110 s15.2: an interim response (100 Continue) is followed by the response, and may stand before the body.
_interim = re.compile(rb"(?m)^HTTP/\d(?:\.\d)? 1\d\d[^\n]*\n(?:[^\r\n][^\n]*\n){0,99}\r?\n")

_NAME = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # RFC 9110 s5.6.2

_chunk = re.compile(rb"(?:\r?\n)?([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r?\n").match


def parse_http(data: bytes, scheme: str | None) -> SavedRequest | SavedResponse:
    """Read raw HTTP.

    :param scheme: where the target is a path; ``None``: http where the host is loopback or the port 80, else https.
    :raises UsageError: it is not raw HTTP, or not enough of it is there.
    """
    line, end, rest = data.partition(b"\n")
    data = _interim.sub(b"", line + end + dedent(rest))  # what was marked and copied begins without indentation
    status = _status_line(data)
    request = _request(data if status is None else data[: status.start()], scheme)
    if status is None:
        return request
    head, body = _split_head(data[status.end() :])
    headers = _headers(head)
    return SavedResponse(request, int(status[1]), status[2].decode("latin-1"), headers, _decode_chunks(body, headers))


def dedent(data: bytes) -> bytes:
    """Return a text without the indentation that all its lines have, as in a document that quotes it."""
    indent = os.path.commonprefix(re.findall(rb"(?m)^([ \t]*)[^\s]", data))  # noqa: RUF071 - it is no path
    return re.sub(rb"(?m)^(?:%b|[ \t]+(?=\r?$))" % re.escape(indent), b"", data) if indent else data


def _request(data: bytes, scheme: str | None) -> SavedRequest:
    head, body = _split_head(data)
    line, _, rest = head.partition(b"\n")
    match = _request_line(line.decode("latin-1"))
    if match is None:
        raise UsageError(
            "this is neither raw HTTP (METHOD TARGET, headers, an empty line, the body) nor a curl command line nor HAR"
            if line
            else "there is no request in what was saved: METHOD TARGET, headers, an empty line, the body"
        )
    headers = _headers(rest)
    method, target = match.groups()
    if not is_absolute(target):
        path = "" if target == "*" else target if target.startswith("/") else f"/{target}"  # RFC 9112 s3.2.4
        target = f"{_origin(headers, scheme)}{path}"
    content = _trim_body(_decode_chunks(body, headers), headers)
    _check_form(headers, content)
    return SavedRequest(method.upper(), target, headers, content)


def _origin(headers: dict[str, str], scheme: str | None) -> str:
    host = find_header(headers, "host")
    if not host:
        raise UsageError("the saved request has a path and no Host header, which says where it went: add it")
    is_plain = is_loopback(host) or host.endswith(":80")
    return f"{scheme or ('http' if is_plain else 'https')}://{host}"


def _split_head(data: bytes) -> tuple[bytes, bytes]:
    """Return head and body, which an empty line parts, whatever its line ends are."""
    if data[:1] == b"\n" or data[:2] == b"\r\n":  # of a response without headers
        return b"", data[data.index(b"\n") + 1 :]
    match = re.search(rb"\r?\n\r?\n", data)
    return (data, b"") if match is None else (data[: match.start()], data[match.end() :])


def _headers(data: bytes) -> dict[str, str]:
    """Return the headers; one that goes on in an indented line (RFC 9112 s5.2) is one.

    An indented line that is a header by itself does not continue another: somebody laid it out so.
    """
    lines = re.sub(rb"\r?\n[ \t]+(?![ \t]|%b:[ \t])" % _NAME, b" ", data).decode("latin-1").split("\n")
    parted = (line.partition(":") for line in lines)
    return join_headers((name.strip(), value.strip()) for name, mark, value in parted if mark)


def _trim_body(body: bytes, headers: dict[str, str]) -> bytes | None:
    """Return a body without the line ends that an editor puts after it."""
    length = _length(headers)
    return (body.rstrip(b"\r\n") if length is None or length > len(body) else body[:length]) or None


def _length(headers: dict[str, str]) -> int | None:
    """Return what Content-Length says."""
    said = find_header(headers, "content-length")
    return int(said) if said.isdecimal() and len(said) < 20 else None


def _decode_chunks(body: bytes, headers: dict[str, str]) -> bytes:
    """Return a body without the frames of its chunks (RFC 9112 s7.1), which some tools save and others do not."""
    if "chunked" not in find_header(headers, "transfer-encoding").lower():
        return body
    pieces, at = [], 0
    while frame := _chunk(body, at):
        at = frame.end() + int(frame[1], 16)
        pieces.append(body[frame.end() : at])
        if not pieces[-1]:
            return b"".join(pieces)
    return body


def _check_form(headers: dict[str, str], content: bytes | None) -> None:
    """Refuse a request whose form was left out: it is signed, so that nothing true could be said of the rest."""
    is_form = find_header(headers, "content-type").lower().startswith("application/x-www-form-urlencoded")
    length = _length(headers)
    if is_form and content is None and length:
        raise UsageError(
            f"the form of the saved request ({length} bytes, which are signed) is not in it: curl -v leaves bodies "
            "out; save with curl --trace-ascii FILE, or put the form after an empty line"
        )
