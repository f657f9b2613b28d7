"""What programs show of their work, as the raw HTTP that it is about.

curl's ``-v`` and ``--trace``, wget's ``-d``, the debugging output of Python's http.client, Ruby's Net::HTTP (twurl's
``-t``) and Apache's HttpClient, dumps of requests_toolbelt, mitmdump and OkHttp.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote

from ...errors import UsageError
from ...protocol.parameters import is_form
from .messages import cut_at, join_form
from .shell import unescape_string

__all__ = ["Exchange", "find_exchanges", "strip_marks", "unescape_dump"]


class Exchange(NamedTuple):
    """Raw HTTP, and the scheme; ``None``: the transcript does not say."""

    data: bytes
    scheme: str | None = None


# What curl's --trace-time and --trace-ids put before each of its lines.
_strip_times = re.compile(rb"(?m)^(?:\d\d:\d\d:\d\d\.\d{6} )?(?:\[[\dx-]{1,20}\] )?(?=[*<>{}]|[=<][=>] )").sub

_verbose_request = re.compile(rb"(?m)^> [A-Z]+ \S+ HTTP/[\d.]+\s*$").finditer
_verbose_line = re.compile(rb"([<>])(?: (.*)|\r?)", re.DOTALL).fullmatch
_is_marked = re.compile(rb"> [A-Z-]+ \S").match
_marked_line = re.compile(rb"(?m)^[ \t]*> ?(.*)").findall
_last_note = re.compile(rb"\* (?:Connection #\d+ to host|Closing connection|Connection #\d+ closed)[^\n]*\n?")
_note = re.compile(rb"\* |[{}] \[\d+ bytes data\]|  % Total|\s+Dload|\r?[\s\d]{3} .*--:--:--").match

_trace_request = re.compile(rb"(?m)^=> Send header, ").finditer
_trace_section = re.compile(
    rb"(?m)^(=>|<=) (?:Send|Recv) (?:header|data), (\d{1,12}) bytes[^\n]*\n((?:[0-9a-f]{4,12}:[^\n]*(?:\n|\Z))*)"
).finditer
_trace_row = re.compile(rb"(?m)^([0-9a-f]{4,12}): ?([^\r\n]*)").findall
_hex_row = re.compile(rb"((?:[0-9a-f]{2} ){1,16}) *").match

_connected = re.compile(rb"(?m)^(?:\*|== Info:) +Connected to").search
_secured = re.compile(rb"(?m)^(?:\*|== Info:) .*\b(?:SSL|TLS)").search

_REQUEST_LINE = rb"[A-Z][A-Z-]* \S+ HTTP/\d"


def find_exchanges(data: bytes) -> list[Exchange]:
    """Return the exchanges of a transcript; none where it is not one."""
    for read in (_read_curl, _read_toolbelt, _read_wget, _read_wire, _read_mitmdump, _read_okhttp):
        found = list(read(data))
        if found:
            return found
    return []


def strip_marks(data: bytes) -> bytes:
    """Return a request of which each line is marked with ``>``, as the demo shows it, without those marks.

    The response, marked with ``<``, is told there in other words than HTTP's, and is left out.
    """
    if not _is_marked(data) or next(_verbose_request(data), None):
        return data
    return b"\n".join(_marked_line(data))


def _read_curl(data: bytes) -> Iterator[Exchange]:
    data = _strip_times(b"", data)
    for begins, read in ((_trace_request, _parse_trace), (_verbose_request, _parse_verbose)):
        starts = [match.start() for match in begins(data)]
        scheme, notes = None, data[: starts[0]] if starts else b""
        for piece in cut_at(data, starts):
            if _connected(notes):  # of a redirect to another host, which may have another scheme
                scheme = "https" if _secured(notes) else "http"
            yield Exchange(b"\n\n".join(read(piece)), scheme)
            notes = piece
        if starts:
            return


def _parse_verbose(data: bytes) -> tuple[bytes, bytes]:
    """Return what was sent and what came back, of ``curl -v``; the response's body stands as it is among the notes."""
    sent: list[bytes] = []
    got: list[bytes] = []
    for line in _last_note.sub(b"", data).split(b"\n"):
        match = _verbose_line(line)
        if match and not (got and match[1] == b">"):  # what a response's body quotes was not sent
            (sent if match[1] == b">" else got).append(match[2] or b"")
        elif line.startswith(b"| ") and not got:  # of Insomnia's timeline, which shows what was sent as well
            sent += [b"", line[2:]]
        elif (got or line.strip()) and not _note(line):
            got.append(line)
    return b"\n".join(sent), b"\n".join(got)


def _parse_trace(data: bytes) -> tuple[bytes, bytes]:
    """Return the same of ``curl --trace`` (rows of 16 bytes, in hexadecimal) and ``--trace-ascii`` (64 bytes at most).

    A row that ends two bytes before the next begins was ended by CRLF; one byte is a space that an editor took.
    """
    pieces: dict[bytes, list[bytes]] = {b"=>": [], b"<=": []}
    for mark, size, dump in (section.groups() for section in _trace_section(data)):
        rows = [(int(offset, 16), text) for offset, text in _trace_row(dump)]
        ends = [*(offset for offset, _ in rows[1:]), int(size)]
        for (offset, text), end in zip(rows, ends, strict=False):
            in_hex = _hex_row(text)
            if in_hex and len(in_hex[1]) == 3 * (end - offset):
                pieces[mark].append(bytes.fromhex(in_hex[1].decode()))
            else:
                pieces[mark].append(text + {1: b" ", 2: b"\r\n"}.get(end - offset - len(text), b""))
    return b"".join(pieces[b"=>"]), b"".join(pieces[b"<="])


_toolbelt_request = re.compile(rb"(?m)^< " + _REQUEST_LINE).finditer


def _read_toolbelt(data: bytes) -> Iterator[Exchange]:
    """Read what requests_toolbelt's ``dump_all`` shows: ``<`` was sent, and ``>`` came back; bodies have no mark."""
    for piece in cut_at(data, (match.start() for match in _toolbelt_request(data))):
        sent, _, got = piece.partition(b"\n> HTTP/")
        yield Exchange(_unmark(sent.rstrip(b"\r\n"), b"<") + (b"\n\nHTTP/" + _unmark(got, b">") if got else b""))


def _unmark(data: bytes, mark: bytes) -> bytes:
    """Return a message of whose head each line is marked, and of whose body the first one may be."""
    head, *body = re.split(rb"\r?\n%b ?\r?\n" % mark, data, maxsplit=1)
    head = re.sub(rb"(?m)^%b " % mark, b"", head)
    return b"\n\n".join([head, *(part.removeprefix(mark + b" ") for part in body)])


_wget_body = re.compile(rb"\s*\[(?:BODY data|POST data): (.*?)\]\r?\nHTTP request sent", re.DOTALL).match
_wget_content = re.compile(rb"(?m)^Skipping (\d{1,9}) bytes of body: \[").search
_wget_url = re.compile(rb"(?m)^--\d{4}-\d\d-\d\d [\d:]{8}-- +(https?)://").findall


def _read_wget(data: bytes) -> Iterator[Exchange]:
    """Read what ``wget -d`` shows."""
    notes, *pieces = data.split(b"---request begin---")
    scheme = None
    for piece in pieces:
        schemes = _wget_url(notes)
        scheme = schemes[-1].decode() if schemes else scheme
        sent, _, notes = piece.partition(b"---request end---")
        body, content = _wget_body(notes), _wget_content(notes)
        got = notes.partition(b"---response begin---")[2].partition(b"---response end---")[0].strip()
        said = notes[content.end() : content.end() + int(content[1])] if content else b""
        yield Exchange(b"\n\n".join([sent.strip(), body[1] if body else b"", got, said]), scheme)


# Each begins the line, or stands after what a logger puts before it; what was sent is quoted as its language does.
_wire_line = re.compile(
    rb"^(?:|[^\n]{0,200}?[^\n\w])"
    rb"(?:(?P<sent>send:|<-|>>) (?=b?[\"'])|(?P<got>reply:|->|<<) (?=b?[\"'])|(?P<header>header:) )"
    rb"(?P<text>.*?)\r?$",
    re.DOTALL,
).match
_is_wire = re.compile(rb"(?m)(?:send:|<-|>>) b?[\"']" + _REQUEST_LINE).search
_begins_request = re.compile(_REQUEST_LINE).match
_ruby_secured = re.compile(rb"(?m)^(?:starting SSL for|SSL established)").search


def _read_wire(data: bytes) -> Iterator[Exchange]:
    """Read what http.client, Net::HTTP and Apache's HttpClient log: pieces as they were sent and came, in quotes."""
    if not _is_wire(data):
        return
    is_python = b"send: " in data
    scheme = None if is_python or b"<- " not in data else "https" if _ruby_secured(data) else "http"
    exchanges: list[tuple[list[bytes], list[bytes]]] = []
    for line in data.split(b"\n"):
        match = _wire_line(line)
        piece = b"" if match is None else match["text"] + b"\r\n" if match["header"] else unescape_dump(match["text"])
        if match and match["sent"] and _begins_request(piece):
            exchanges.append(([], []))
        if not exchanges:
            continue
        sent, got = exchanges[-1]
        if match:
            (sent if match["sent"] else got).append(piece)
        elif is_python and got and line.strip():  # what the script printed of the response
            got.append((b"\r\n" if got[-1].endswith(b"\r\n") else b"") + line + b"\n")
    for sent, got in exchanges:
        yield Exchange(b"".join(sent) + b"\r\n\r\n" + b"".join(got), scheme)


_apache = re.compile(rb"\[(?:\\([rn])|0x([0-9a-f]{1,2}))\]").sub


def unescape_dump(text: bytes) -> bytes:
    """Return the bytes that a quoted string of Python's, Ruby's, Go's or Apache HttpClient's stands for."""
    text = text.strip().removeprefix(b"b")
    end = text.rfind(text[:1])
    text = _apache(
        lambda match: {b"r": b"\r", b"n": b"\n"}.get(match[1]) or bytes([int(match[2] or b"0", 16)]), text[1:end]
    )
    return unescape_string(text)


_mitm_request = re.compile(rb"(?m)^\S{1,100}: ([A-Z][A-Z-]*) (https?://\S+)(?: [^\n]*)?\r?\n").finditer
_mitm_response = re.compile(rb"(?m)^ *<< (?:HTTP/[\d.]+ )?(\d{3})(?: ([^\n]*?))?(?: [\d.]+[kmg]?b)?\r?$").search


def _read_mitmdump(data: bytes) -> Iterator[Exchange]:
    """Read what ``mitmdump --flow-detail 3`` shows: URL and headers, and bodies as they are easy to read."""
    matches = [*_mitm_request(data)]
    for match, piece in zip(matches, cut_at(data, (match.end() for match in matches)), strict=True):
        response = _mitm_response(piece)
        if not response and b"\n    " not in b"\n" + piece:
            continue
        sent = _restore_body(_take_indented(piece[: response.start()] if response else piece))
        got = b"HTTP/1.1 %b %b\n" % (response[1], response[2] or b"") + _take_indented(
            piece[response.end() :].lstrip(b"\r\n")
        ) if response else b""  # fmt: skip
        yield Exchange(b"%b %b HTTP/1.1\n" % match.groups() + sent + b"\n\n" + got)


def _take_indented(data: bytes) -> bytes:
    """Return the lines that are indented, and the empty ones among them; others are of the log."""
    lines = (line.rstrip(b"\r") for line in data.split(b"\n"))
    return b"\n".join(line[4:] for line in lines if line[:4] == b"    " or not line).strip(b"\n")


def _restore_body(data: bytes) -> bytes:
    """Return headers and body of a request whose form, or JSON, is shown taken apart.

    :raises UsageError: the body was cut off.
    """
    head, _, body = data.partition(b"\n\n")
    lengths = re.findall(rb"(?im)^content-length: (\d{1,12})$", head)
    kinds = re.findall(rb"(?im)^content-type: ([^\n]*)$", head)
    if not body or not lengths or not kinds or (len(body) == int(lengths[0]) and not re.search(rb"\s", body)):
        return data
    if not is_form(kinds[0].decode("latin-1")):
        try:
            made = [json.dumps(json.loads(body), ensure_ascii=False, separators=pair) for pair in ((",", ":"), None)]
        except (ValueError, RecursionError):
            return data
        return head + b"\n\n" + next((one.encode() for one in made if len(one.encode()) == int(lengths[0])), body)
    if b"(cut off)" in body:
        raise UsageError("mitmdump has cut off the form, which is signed: save with mitmdump --flow-detail 4")
    pairs = [line.partition(": ")[::2] for line in body.decode("utf-8", "replace").split("\n") if line]
    bare = [(name.strip("'\""), value.strip("'\"")) for name, value in pairs]
    made = [join_form(pairs), "&".join(f"{quote(name)}={quote(value)}" for name, value in pairs), join_form(bare)]
    form = next((one for one in made if len(one) == int(lengths[0])), made[0])
    return re.sub(rb"(?im)^content-length: \d+\n?", b"", head) + b"\n\n" + form.encode()


_okhttp_line = re.compile(
    rb"(?m)^([^\n]{0,200}?)(-->|<--) (?:([A-Z][A-Z-]*) (https?://\S+)(?: [^\n]*)?|(\d{3})([^\n]*))$"
)


def _read_okhttp(data: bytes) -> Iterator[Exchange]:
    """Read what OkHttp's HttpLoggingInterceptor logs: ``-->`` begins what was sent, ``<--`` what came back."""
    matches = [match for match in _okhttp_line.finditer(data) if match[3] != b"END"]
    pending = b""
    for match, piece in zip(matches, cut_at(data, (match.end() for match in matches)), strict=True):
        piece = re.split(rb"(?m)^[^\n]{0,200}?(?:-->|<--) END", piece, maxsplit=1)[0]
        lines = [line.removeprefix(match[1]).rstrip(b"\r") for line in piece.split(b"\n")[1:]]
        if match[3]:
            if pending:
                yield Exchange(pending)
            pending = b"%b %b HTTP/1.1\n" % (match[3], match[4]) + b"\n".join(lines)
        elif pending:
            reason = re.sub(rb" https?://\S+.*", b"", match[6]).strip()
            yield Exchange(pending + b"\n\nHTTP/1.1 %b %b\n" % (match[5], reason) + b"\n".join(lines))
            pending = b""
    if pending:
        yield Exchange(pending)
