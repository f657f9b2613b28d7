"""Raw HTTP (RFC 9112) as people save it: the request, and after it the response."""

from __future__ import annotations

import re
from itertools import takewhile

from ...errors import UsageError
from ...protocol.parameters import is_form
from ...protocol.url import is_loopback
from .messages import Saved, SavedRequest, SavedResponse, cut_at, find_header, is_absolute, join_headers
from .transcripts import unescape_dump

__all__ = ["begins_raw", "dedent", "find_requests", "parse_http", "parse_response", "split_http_file"]

# Its target may stand in quotation marks, as people copy a URL.
_request_line = re.compile(
    r"""(?!(?:wget|https?|xh|curl|twurl|xurl) )([A-Za-z-]+)(?: |(?<=[A-Z]{3}): (?=["'<]?https?://))"""
    r"""(["'<](?=\w+://))?(\S+?)(?(2)[">'])(?: HTTP/\d(?:\.\d)?)?\s*"""
).fullmatch

# A request line within a log; before it is what the logger puts there.
_logged_line = re.compile(rb"(?m)^([^\n]{0,200}?)[A-Z]{3,10} [^\s\"']+ HTTP/\d(?:\.\d)?[ \t]*\r?$").finditer
_logged_string = re.compile(rb"(?m)^[^\n]{0,200}?(\"[A-Z]{3,10} [^\s\"']+ HTTP/\d(?:\.\d)?\\r\\n[^\n]*\")").findall
_logged_response = re.compile(rb"(?m)^[^\n]{0,200}?(\"HTTP/\d(?:\.\d)? \d{3}[^\"\n]{0,100}\\r\\n[^\n]*\")").findall
_status_line = re.compile(rb"(?m)^HTTP/\d(?:\.\d)? (\d{3}) ?([^\r\n]*)(?:\r?\n|\Z)").search

# RFC 9110 s15.2: an interim response (100 Continue) is followed by the response, and may stand before the body.
_interim = re.compile(rb"(?m)^HTTP/\d(?:\.\d)? 1\d\d[^\n]*\n(?:[^\r\n][^\n]*\n){0,99}\r?\n")

_NAME = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # RFC 9110 s5.6.2

_next_header = re.compile(rb"[ \t]*(?:" + _NAME + rb":|\r?\n|\Z)").match

_chunk = re.compile(rb"(?:\r?\n)?([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r?\n").match


def parse_http(data: bytes, scheme: str | None) -> Saved:
    """Read raw HTTP.

    :param scheme: where the target is a path; ``None``: http where the host is loopback or the port 80, else https.
    :raises UsageError: it is not raw HTTP, or not enough of it is there.
    """
    line, end, rest = data.partition(b"\n")
    data = _interim.sub(b"", line + end + dedent(rest))  # what was marked and copied begins without indentation
    status = _status_line(data)
    request = _request(data if status is None else data[: status.start()], scheme)
    return request if status is None else parse_response(data[status.start() :], request)


def parse_response(data: bytes, request: SavedRequest) -> Saved:
    """Return a request with the response to it, which begins at a status line; the request where none is there."""
    status = _status_line(data)
    if status is None:
        return request
    head, body = _split_head(data[status.end() :])
    headers = _headers(head)
    return SavedResponse(request, int(status[1]), status[2].decode("latin-1"), headers, _decode_chunks(body, headers))


_separator = re.compile(rb"(?m)^###[^\n]*\n?")
_definition = re.compile(rb"(?m)^@([\w.-]{1,80})[ \t]*=[ \t]*([^\r\n]*)").findall
_above_request = re.compile(rb"(?:\s*(?:#|//|@[\w.-]{1,80}[ \t]*=)[^\n]*(?:\n|\Z))*\s*").match
_continued = re.compile(rb"\A([A-Z]+ \S+)((?:\r?\n[ \t]+[?&][^\s]*)+)").sub


def split_http_file(data: bytes) -> list[bytes]:
    """Return the requests of an ``.http`` file, which ``###`` parts, with what its variables (``@name = value``) are.

    What is no such file, or has a response, is returned as it is.
    """
    parts = _separator.split(data)
    if _status_line(data) or (len(parts) == 1 and not data.startswith((b"@", b"//"))):
        return [data]
    values = {name: value.strip() for name, value in _definition(data)}
    found = []
    for part in parts:
        above = _above_request(part)
        part = part[above.end() if above else 0 :]
        part = re.sub(rb"\{\{\s{0,9}([\w.-]{1,80})\s{0,9}\}\}", lambda match: values.get(match[1], match[0]), part)
        part = _continued(lambda match: match[1] + b"".join(match[2].split()), part, 1)
        if part.strip():
            found.append(part)
    return found


def find_requests(data: bytes) -> list[bytes]:
    """Return the raw HTTP that a log has, such as dumps of Go's ``httputil``, without what the logger puts before it.

    What has the request alone, without a log, is returned as it is.
    """
    if _begins_with_line(data):
        return [data]
    strings = _logged_string(data)
    if strings:
        responses = _logged_response(data)
        whole = b"\n\n".join(unescape_dump(text) for text in [strings[-1], *responses[-1:]])
        return [*map(unescape_dump, strings[:-1]), whole]
    matches = [*_logged_line(data)]
    pieces = cut_at(data, (match.start() for match in matches))
    return [_strip_prefix(piece, match[1]) for match, piece in zip(matches, pieces, strict=True)]


def begins_raw(data: bytes) -> bool:
    """Tell whether a text begins with raw HTTP, a request line and a header: whatever follows belongs to it."""
    return _begins_with_line(data) and bool(_next_header(data.partition(b"\n")[2]))


def _begins_with_line(data: bytes) -> bool:
    """Tell whether a text begins with a request line; without a version, two words may be anything."""
    line = data.partition(b"\n")[0].decode("latin-1")
    match = _request_line(line)
    if match is None:
        return False
    return " HTTP/" in line or match[1].isupper() or match[3][0] == "/" or bool(is_absolute(match[3]))


def _strip_prefix(data: bytes, prefix: bytes) -> bytes:
    """Return a logged text without its prefix, in which digits may differ from line to line.

    A logger puts it before each line, or before each text: then the next one that is no response ends this one.
    """
    if not prefix.strip():
        return data
    shape = re.sub(rb"\d+", rb"\\d{1,20}", re.escape(prefix))
    lines = data.split(b"\n")
    is_prefixed = re.compile(shape).match
    if len(lines) > 1 and is_prefixed(lines[1]):
        return b"\n".join(line[match.end() :] if (match := is_prefixed(line)) else line for line in lines)
    kept = [lines[0][len(prefix) :]]
    for line in lines[1:]:
        match = is_prefixed(line)
        if match and not line.startswith(b"HTTP/", match.end()):
            break
        kept.append(line[match.end() :] if match else line)
    return b"\n".join(kept)


def dedent(data: bytes) -> bytes:
    """Return a text without the indentation that all its lines have, as in a document that quotes it."""
    indents = re.findall(rb"(?m)^([ \t]*)[^\s]", data) or [b""]
    pairs = zip(min(indents), max(indents), strict=False)
    indent = bytes(one for one, other in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return re.sub(rb"(?m)^(?:%b|[ \t]+(?=\r?$))" % re.escape(indent), b"", data) if indent else data


def _request(data: bytes, scheme: str | None) -> SavedRequest:
    head, body = _split_head(data)
    line, _, rest = head.partition(b"\n")
    match = _request_line(line.decode("latin-1"))
    if match is None:
        raise UsageError("there is no request in what was saved: METHOD TARGET, headers, an empty line, the body")
    headers = _headers(rest)
    method, _, target = match.groups()
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
    match = re.search(rb"\r?\n[ \t]*\r?\n", data)
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
    length = _length(headers)
    if is_form(find_header(headers, "content-type")) and content is None and length:
        raise UsageError(
            f"the form of the saved request ({length} bytes, which are signed) is not in it: curl -v leaves bodies "
            "out; save with curl --trace-ascii FILE, or put the form after an empty line"
        )
