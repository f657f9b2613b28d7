"""What curl shows of its work, with ``-v`` or ``--trace-ascii``, as the raw HTTP that it is about."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["Exchange", "find_exchange", "strip_marks"]


class Exchange(NamedTuple):
    """Raw HTTP, and the scheme; ``None``: the transcript does not say."""

    data: bytes
    scheme: str | None


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

_connected = re.compile(rb"(?m)^(?:\*|== Info:) +Connected to").search
_secured = re.compile(rb"(?m)^(?:\*|== Info:) .*\b(?:SSL|TLS)").search


def find_exchange(data: bytes) -> Exchange | None:
    """Return the last exchange of a transcript; ``None``: it is not one."""
    for begins, read in ((_trace_request, _parse_trace), (_verbose_request, _parse_verbose)):
        starts = [match.start() for match in begins(data)]
        if starts:
            last = data[starts[-2] : starts[-1]] if len(starts) > 1 else data
            notes = last if _connected(last) else data  # of a redirect to another host, which may have another scheme
            scheme = "https" if _secured(notes) else "http" if _connected(notes) else None
            return Exchange(b"\n\n".join(read(data[starts[-1] :])), scheme)
    return None


def strip_marks(data: bytes) -> bytes:
    """Return a request of which each line is marked with ``>``, as the demo shows it, without those marks.

    The response, marked with ``<``, is told there in other words than HTTP's, and is left out.
    """
    if not _is_marked(data) or next(_verbose_request(data), None):
        return data
    return b"\n".join(_marked_line(data))


def _parse_verbose(data: bytes) -> tuple[bytes, bytes]:
    """Return what was sent and what came back, of ``curl -v``; the response's body stands as it is among the notes."""
    sent: list[bytes] = []
    got: list[bytes] = []
    for line in _last_note.sub(b"", data).split(b"\n"):
        match = _verbose_line(line)
        if match and not (got and match[1] == b">"):  # what a response's body quotes was not sent
            (sent if match[1] == b">" else got).append(match[2] or b"")
        elif not _note(line):
            got.append(line)
    return b"\n".join(sent), b"\n".join(got)


def _parse_trace(data: bytes) -> tuple[bytes, bytes]:
    """Return the same of ``curl --trace-ascii``: rows of 64 bytes at most, with the offset of each.

    A row that ends two bytes before the next begins was ended by CRLF; one byte is a space that an editor took.
    """
    pieces: dict[bytes, list[bytes]] = {b"=>": [], b"<=": []}
    for mark, size, dump in (section.groups() for section in _trace_section(data)):
        rows = [(int(offset, 16), text) for offset, text in _trace_row(dump)]
        ends = [*(offset for offset, _ in rows[1:]), int(size)]
        for (offset, text), end in zip(rows, ends, strict=False):
            pieces[mark].append(text + {1: b" ", 2: b"\r\n"}.get(end - offset - len(text), b""))
    return b"".join(pieces[b"=>"]), b"".join(pieces[b"<="])
