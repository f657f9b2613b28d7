"""Taking secrets out of texts that people will see.

Servers echo what they were sent, escaped in their own ways, and hand out new secrets in
responses that are refused for another reason. Neither may reach a message, a log or a terminal.

- A text is read as it stands, and again with one level of escapes taken away, until none is
  left: whatever is composed of percent-encoding, HTML and JSON is found, however deep.
- Each reading knows where its bytes stood in the text, so that only what is secret is masked.
- What is disguised on purpose (base64, another case, another alphabet) is not found.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from html.entities import html5

from .fields import MASK, SECRETS, FieldNames, Span, find_field_values

__all__ = ["MASK", "Redactor", "redact", "shorten", "unescape_levels"]

_MAX_LEVELS = 16  # levels of escapes that are taken away
_MIN_CHANCE_BYTES = 4  # bytes of what is looked for on a mere chance
_MIN_LONG_NUMBER = 9  # digits of a number that stands in no longer one by chance: a PIN does, in a timestamp
_MAX_ESCAPED_CHARS = 25  # characters that a byte of a secret may take, escaped three times


def redact(text: str, secrets: Iterable[str] = (), *, fields: bool = True) -> str:
    """Return a text without secrets in it, each replaced by ``***``.

    :param text: also bytes decoded as Latin-1, whatever they are: UTF-8 is recognized there.
    :param secrets: those that we know of; found raw, and percent-encoded, escaped for HTML or
        JSON, or all of that, in part or as a whole.
    :param fields: the values of fields that hold secrets by their name go too, whatever they are:
        form-encoded, in JSON, in a header or in XML; and what stands before the host in a URL.
    :returns: the text; all else in it is as it was.
    """
    return Redactor(secrets)(text, fields=fields)


def shorten(text: str, most: int) -> str:
    """Return the first characters of a redacted text, without half a mask at their end."""
    if len(text) <= most:
        return text
    split = text.find(MASK, max(0, most + 1 - len(MASK)), most - 1 + len(MASK))
    return text[: most if split < 0 else split]


class Redactor:
    """``redact`` for many texts: what to look for is made of the secrets once."""

    __slots__ = ("_longest", "_names", "_needles")

    def __init__(self, secrets: Iterable[str], names: FieldNames = SECRETS) -> None:
        # A service may have given one as a number, in JSON.
        self._needles = sorted({needle for secret in secrets for needle in _spell_secret(str(secret))})
        self._names = names
        self._longest = max(map(len, self._needles), default=0)

    def __repr__(self) -> str:
        return "Redactor(***)"

    @property
    def needles(self) -> list[bytes]:
        """What is looked for, in UTF-8, with spaces for plus signs."""
        return self._needles

    def __call__(self, text: str, *, fields: bool = True, least: int = 1, most: int | None = None) -> str:
        """Return a text without secrets in it; the arguments are those of ``redact``.

        :param least: bytes of a secret that is looked for; shorter ones stay.
        :param most: characters of the text that are wanted. What is behind them is looked at as far as a secret that
            begins before their end may go on: cut after it was redacted, a text ends in no half of a secret.
        """
        wanted = None
        if most is not None and len(text) > most:
            wanted = len(text[:most].encode("utf-8", "surrogatepass"))
            text = text[: most + self._longest * _MAX_ESCAPED_CHARS]
        data = text.encode("utf-8", "surrogatepass")
        needles = self._needles if least <= 1 else [needle for needle in self._needles if len(needle) >= least]
        # Most values of parameters have no escapes and no fields in them.
        if not self._names.is_thorough and _is_bare_word(data) and not any(needle in data for needle in needles):
            return text[:most]
        spans: list[Span] = []
        for reading in _read_levels(data):
            found = [reading.place(span) for span in _find_needles(reading.text, needles)]
            if fields:
                # Where quotes have told where a value ends, those within it, less escaped, tell nothing.
                closed = {span.start for span in spans if span.is_closed}
                values = [reading.place(span) for span in find_field_values(reading.text, self._names)]
                found += [value for value in values if value.start not in closed]
            spans += found
        return _mask_spans(data, spans, wanted).decode("utf-8", "surrogatepass") if spans else text[:most]


_is_bare_word = re.compile(rb"[A-Za-z0-9._~-]*").fullmatch


def _mask_spans(data: bytes, spans: list[Span], wanted: int | None) -> bytes:
    """Return bytes, as many as are wanted, with masks in the place of some; spans that touch are one."""
    wanted = len(data) if wanted is None else wanted
    apart: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end, span.mask)):
        if not apart or span.start > apart[-1].end:
            apart.append(span)
        elif span.end > apart[-1].end:
            apart[-1] = Span(apart[-1].start, span.end)
    pieces: list[bytes] = []
    done = 0
    for span in apart:
        start, end = _widen_to_characters(data, span.start, span.end)
        if start >= wanted:
            break
        pieces += data[done:start], span.mask
        done = end
    return b"".join([*pieces, data[done:wanted]])


def _widen_to_characters(data: bytes, start: int, end: int) -> tuple[int, int]:
    """Widen a span so that it cuts no UTF-8 sequence in two, which a byte of Latin-1 can be a part of."""
    while start > 0 and data[start] & 0xC0 == 0x80:
        start -= 1
    while end < len(data) and data[end] & 0xC0 == 0x80:
        end += 1
    return start, end


# Readings: a text with its escapes taken away


@dataclass
class _Reading:
    """A text, or what it says with one more level of escapes taken away.

    :ivar below: the reading that this one was made from.
    :ivar ends: where each escape that was taken away ends here, in order.
    :ivar escapes: where it begins here, and where it began and ended below.
    """

    text: bytes
    below: _Reading | None = None
    ends: list[int] = field(default_factory=list)
    escapes: list[tuple[int, int, int]] = field(default_factory=list)

    def place(self, span: Span) -> Span:
        """Return where something that stands here stood in the text; an escape is taken as a whole."""
        if self.below is None:
            return span
        reading, (start, end) = self, span[:2]
        while reading.below is not None:
            start, end = reading._find_byte_below(start)[0], reading._find_byte_below(end - 1)[1]
            reading = reading.below
        return Span(start, end, is_closed=span.is_closed)

    def _find_byte_below(self, position: int) -> tuple[int, int]:
        index = bisect_right(self.ends, position)
        if index < len(self.ends) and self.escapes[index][0] <= position:
            return self.escapes[index][1:]
        moved = position + (self.escapes[index - 1][2] - self.ends[index - 1] if index else 0)
        return moved, moved + 1


def unescape_levels(text: str) -> Iterator[str]:
    """Yield a text as it stands, and with ever more escapes taken away, composed as they may be.

    :param text: bytes decoded as Latin-1, as what is yielded.
    """
    for reading in _read_levels(text.encode("latin-1")):
        yield reading.text.decode("latin-1")


def _read_levels(data: bytes) -> Iterator[_Reading]:
    """Yield a text as it stands, and with ever more escapes taken away."""
    reading: _Reading | None = _Reading(data)
    for _ in range(_MAX_LEVELS):
        if reading is None:
            return
        yield reading
        reading = _unescape_once(reading)


_find_escapes = re.compile(
    rb"""
      %[0-9A-Fa-f]{2}                                               # RFC 3986 s2.1
    | [\\%]u(?:[dD][89abAB][0-9A-Fa-f]{2}[\\%]u[dD][c-fC-F][0-9A-Fa-f]{2}|[0-9A-Fa-f]{4})  # RFC 8259 s7; %u: escape()
    | \\x[0-9A-Fa-f]{2}
    | \\.
    | &(?:\#0*[0-9]{1,7}|\#[xX]0*[0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});
    """,
    re.VERBOSE | re.DOTALL,
).finditer


def _unescape_once(reading: _Reading) -> _Reading | None:
    """Return a text with one level of escapes taken away; ``None`` if there are no escapes left."""
    data, done, length = reading.text, 0, 0
    pieces: list[bytes] = []
    above = _Reading(b"", reading)
    for escape in _find_escapes(data):
        plain = _unescape(escape[0])
        if plain:
            start, end = escape.span()
            pieces += data[done:start], plain
            length += start - done
            above.escapes.append((length, start, end))
            length += len(plain)
            above.ends.append(length)
            done = end
    above.text = b"".join([*pieces, data[done:]])
    return above if pieces else None


_controls = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


@lru_cache(maxsize=4096)
def _unescape(escape: bytes) -> bytes:
    """Return the bytes that an escape stands for, in UTF-8; empty if it is not known."""
    if escape.startswith(b"&#"):
        base, digits = (16, escape[3:-1]) if escape[2:3] in b"xX" else (10, escape[2:-1])
        number = int(digits.lstrip(b"0") or b"0", base)
        return chr(number).encode("utf-8", "surrogatepass") if number <= 0x10FFFF else b""
    if escape.startswith(b"&"):
        return html5.get(escape[1:].decode(), "").encode()
    if escape.startswith(b"%") and len(escape) == 3:
        return bytes.fromhex(escape[1:].decode())
    if escape.startswith(b"\\x") and len(escape) == 4:
        return bytes.fromhex(escape[2:].decode())
    if len(escape) > 2:  # one or two units of UTF-16
        units = bytes.fromhex(escape[2:6].decode() + escape[8:].decode())
        return units.decode("utf-16-be", "surrogatepass").encode("utf-8", "surrogatepass")
    return _controls.get(escape[1:], escape[1:])


# Secrets that we know


def _spell_secret(secret: str) -> Iterator[bytes]:
    """Yield what to look for: a secret in UTF-8, in UTF-8 taken for Latin-1, and in Latin-1, read as texts are.

    A secret that has escapes in it may stand in a text with some of them taken away. A backslash
    at its end may have gone with the quote that follows.
    """
    data = secret.encode("utf-8", "surrogatepass")
    forms = {data, data.decode("latin-1").encode()} - {b""}
    with suppress(UnicodeEncodeError):
        forms |= {form for form in [secret.encode("latin-1")] if len(form) >= _MIN_CHANCE_BYTES}
    for form in forms:
        for reading in _read_levels(form):
            needle = _fold_spaces(reading.text)
            yield needle
            if len(needle) > _MIN_CHANCE_BYTES:
                yield needle.rstrip(b"\\") or needle


def _fold_spaces(data: bytes) -> bytes:
    """Return bytes in which a space is a space, form-encoded or not."""
    return data.replace(b"+", b" ")


def _find_needles(data: bytes, needles: Iterable[bytes]) -> list[Span]:
    spans, text = [], _fold_spaces(data)
    for needle in needles:
        start = text.find(needle)
        is_number = len(needle) < _MIN_LONG_NUMBER and needle.isdigit()
        while start >= 0:
            end = start + len(needle)
            if not is_number or not (text[max(start - 1, 0) : start].isdigit() or text[end : end + 1].isdigit()):
                spans.append(Span(start, end))
            start = text.find(needle, end)
    return spans
