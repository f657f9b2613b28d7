"""Taking secrets out of texts that people will see.

Servers echo what they were sent, escaped in their own ways, and hand out new secrets in
answers that are refused for another reason. Neither may reach a message, a log or a terminal.

- A text is read as it stands, and again with one level of escapes taken away, until none is
  left: whatever is composed of percent-encoding, HTML and JSON is found, however deep.
- Each reading knows where its octets stood in the text, so that only what is secret is masked.
- What is hidden on purpose (base64, another case, another alphabet) is not found.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from html.entities import html5
from typing import NamedTuple

from .names import SECRET_NAME, USERINFO

__all__ = ["MASK", "Redactor", "redact", "shorten"]

MASK = "***"

_MASK = MASK.encode()
_MASK_IN_JSON = b'"***"'  # in the place of a number or a list: what was JSON still is

_DEEPEST = 16  # levels of escapes that are taken away
_LEAST = 4  # octets of what is looked for on a mere chance
_ESCAPED = 25  # characters that an octet of a secret may take, escaped three times


class _Span(NamedTuple):
    """Where a secret begins and ends, and what stands in its place; closed: in quotes or brackets of its own."""

    start: int
    end: int
    mask: bytes = _MASK
    is_closed: bool = False


def redact(text: str, secrets: Iterable[str] = (), *, fields: bool = True) -> str:
    """Return a text without secrets in it, each replaced by ``***``.

    :param text: also octets decoded as Latin-1, whatever they are: UTF-8 is recognized there.
    :param secrets: those that we know of; found raw, and percent-encoded, escaped for HTML or
        JSON, or all of that, in part or as a whole.
    :param fields: the values of fields that hold secrets by their name go too, whatever they are:
        form-encoded, in JSON, in a header or in XML; and what stands before the host in an address.
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

    __slots__ = ("_longest", "_needles")

    def __init__(self, secrets: Iterable[str]) -> None:
        # A service may have given one as a number, in JSON.
        self._needles = sorted({needle for secret in secrets for needle in _needles(str(secret))})
        self._longest = max(map(len, self._needles), default=0)

    def __repr__(self) -> str:
        return "Redactor(***)"

    def __call__(self, text: str, *, fields: bool = True, least: int = 1, most: int | None = None) -> str:
        """Return a text without secrets in it; the arguments are those of ``redact``.

        :param least: bytes of a secret that is looked for; shorter ones stay.
        :param most: characters of the text that are wanted. What is behind them is looked at as far as a secret that
            begins before their end may go on: cut after it was redacted, a text ends in no half of a secret.
        """
        wanted = None
        if most is not None and len(text) > most:
            wanted = len(text[:most].encode("utf-8", "surrogatepass"))
            text = text[: most + self._longest * _ESCAPED]
        octets = text.encode("utf-8", "surrogatepass")
        needles = [needle for needle in self._needles if len(needle) >= least]
        # Most values of parameters have no escapes and no fields in them.
        if _is_bare_word(octets) and not any(needle in octets for needle in needles):
            return text[:most]
        spans: list[_Span] = []
        for reading in _readings(octets):
            found = [reading.place(span) for span in _occurrences(reading.octets, needles)]
            if fields:
                # Where quotes have told where a value ends, those within it, less escaped, tell nothing.
                closed = {span.start for span in spans if span.is_closed}
                values = [reading.place(span) for span in _field_values(reading.octets)]
                found += [value for value in values if value.start not in closed]
            spans += found
        return _masked(octets, spans, wanted).decode("utf-8", "surrogatepass") if spans else text[:most]


_is_bare_word = re.compile(rb"[A-Za-z0-9._~-]*").fullmatch


def _masked(octets: bytes, spans: list[_Span], wanted: int | None) -> bytes:
    """Return octets, as many as are wanted, with masks in the place of some; spans that touch are one."""
    wanted = len(octets) if wanted is None else wanted
    apart: list[_Span] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end, span.mask)):
        if not apart or span.start > apart[-1].end:
            apart.append(span)
        elif span.end > apart[-1].end:
            apart[-1] = _Span(apart[-1].start, span.end)
    pieces: list[bytes] = []
    done = 0
    for span in apart:
        start, end = _whole_characters(octets, span.start, span.end)
        if start >= wanted:
            break
        pieces += octets[done:start], span.mask
        done = end
    return b"".join([*pieces, octets[done:wanted]])


def _whole_characters(octets: bytes, start: int, end: int) -> tuple[int, int]:
    """Widen a span so that it cuts no UTF-8 sequence in two, which an octet of Latin-1 can be a part of."""
    while start > 0 and octets[start] & 0xC0 == 0x80:
        start -= 1
    while end < len(octets) and octets[end] & 0xC0 == 0x80:
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

    octets: bytes
    below: _Reading | None = None
    ends: list[int] = field(default_factory=list)
    escapes: list[tuple[int, int, int]] = field(default_factory=list)

    def place(self, span: _Span) -> _Span:
        """Return where something that stands here stood in the text; an escape is taken as a whole."""
        if self.below is None:
            return span
        reading, (start, end) = self, span[:2]
        while reading.below is not None:
            start, end = reading._octet_below(start)[0], reading._octet_below(end - 1)[1]
            reading = reading.below
        return _Span(start, end, _MASK, span.is_closed)

    def _octet_below(self, position: int) -> tuple[int, int]:
        index = bisect_right(self.ends, position)
        if index < len(self.ends) and self.escapes[index][0] <= position:
            return self.escapes[index][1:]
        moved = position + (self.escapes[index - 1][2] - self.ends[index - 1] if index else 0)
        return moved, moved + 1


def _readings(octets: bytes) -> Iterator[_Reading]:
    """Yield a text as it stands, and with ever more escapes taken away."""
    reading: _Reading | None = _Reading(octets)
    for _ in range(_DEEPEST):
        if reading is None:
            return
        yield reading
        reading = _unescaped(reading)


_escapes_in = re.compile(
    rb"""
      %[0-9A-Fa-f]{2}                                               # RFC 3986 s2.1
    | [\\%]u(?:[dD][89abAB][0-9A-Fa-f]{2}[\\%]u[dD][c-fC-F][0-9A-Fa-f]{2}|[0-9A-Fa-f]{4})  # RFC 8259 s7; %u: escape()
    | \\x[0-9A-Fa-f]{2}
    | \\.
    | &(?:\#0*[0-9]{1,7}|\#[xX]0*[0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});
    """,
    re.VERBOSE | re.DOTALL,
).finditer


def _unescaped(reading: _Reading) -> _Reading | None:
    """Return a text with one level of escapes taken away; ``None`` where there is none."""
    octets, done, length = reading.octets, 0, 0
    pieces: list[bytes] = []
    above = _Reading(b"", reading)
    for escape in _escapes_in(octets):
        plain = _plain(escape[0])
        if plain:
            start, end = escape.span()
            pieces += octets[done:start], plain
            length += start - done
            above.escapes.append((length, start, end))
            length += len(plain)
            above.ends.append(length)
            done = end
    above.octets = b"".join([*pieces, octets[done:]])
    return above if pieces else None


_controls = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


@lru_cache(maxsize=4096)
def _plain(escape: bytes) -> bytes:
    """Return the octets that an escape stands for, in UTF-8; none where nobody knows."""
    if escape.startswith(b"&"):
        return _of_html(escape[1:-1].decode())
    if escape.startswith(b"%") and len(escape) == 3:
        return bytes.fromhex(escape[1:].decode())
    if escape.startswith(b"\\x") and len(escape) == 4:
        return bytes.fromhex(escape[2:].decode())
    if len(escape) > 2:  # one or two units of UTF-16
        units = bytes.fromhex(escape[2:6].decode() + escape[8:].decode())
        return units.decode("utf-16-be", "surrogatepass").encode("utf-8", "surrogatepass")
    return _controls.get(escape[1:], escape[1:])


def _of_html(name: str) -> bytes:
    if not name.startswith("#"):
        return html5.get(name + ";", "").encode()
    base, digits = (16, name[2:]) if name[1] in "xX" else (10, name[1:])
    number = int(digits.lstrip("0") or "0", base)
    return chr(number).encode("utf-8", "surrogatepass") if number <= 0x10FFFF else b""


# Secrets that we know


def _needles(secret: str) -> Iterator[bytes]:
    """Yield what to look for: a secret in UTF-8, in UTF-8 taken for Latin-1, and in Latin-1, read as texts are.

    A secret that has escapes in it may stand in a text with some of them taken away. A backslash
    at its end may have gone with the quote that follows.
    """
    octets = secret.encode("utf-8", "surrogatepass")
    forms = {octets, octets.decode("latin-1").encode()} - {b""}
    with suppress(UnicodeEncodeError):
        forms |= {form for form in [secret.encode("latin-1")] if len(form) >= _LEAST}
    for form in forms:
        for reading in _readings(form):
            needle = _folded(reading.octets)
            yield needle
            if len(needle) > _LEAST:
                yield needle.rstrip(b"\\") or needle


def _folded(octets: bytes) -> bytes:
    """Return octets in which a space is a space, form-encoded or not."""
    return octets.replace(b"+", b" ")


def _occurrences(octets: bytes, needles: Iterable[bytes]) -> list[_Span]:
    spans, text = [], _folded(octets)
    for needle in needles:
        start = text.find(needle)
        while start >= 0:
            spans.append(_Span(start, start + len(needle)))
            start = text.find(needle, start + len(needle))
    return spans


# Secrets that are so by the name of their field

_NAMES = SECRET_NAME.encode()

# A name at its end, the quote that closes it, and what stands between it and its value: name="..." value= of HTML too.
_field_in = re.compile(
    _NAMES + rb"""(["'\]]{0,3})\s*(?:,\s*)?(?:["']?value["']?\s*)?(=>?|:)(?:\s*(?=["'\[{])|[ \t]*)""",
).search

# A value in quotes, and what may follow it. A form's value may begin with a quote, too.
_string = re.compile(
    rb"""
      "(?P<double>[^"\\]*(?:\\.[^"\\]*)*\\?) (?:"|\Z)
    | '(?P<single>[^'\\\r\n]*(?:\\.[^'\\\r\n]*)*) '
    """,
    re.DOTALL | re.VERBOSE,
).match
_may_follow = {
    b":": re.compile(rb"(?!\w)").match,
    b"=": re.compile(rb"[ \t]*(?:[,;}\])>/&\r\n]|\Z)|\s+[\w:.-]+\s*=").match,
}

# A value without quotes: up to the next field or the end of the line. HTML's "&lt;" is a part of it, "&amp;" is not.
_ENTITY = rb"&(?:lt|gt|quot|apos|\#(?!0*38;|[xX]0*26;)[xX]?[0-9A-Fa-f]+);"
_bare = re.compile(rb"[^&\r\n]*(?:%b[^&\r\n]*)*" % _ENTITY)
_bare_in_json = re.compile(rb'[^"\\&\r\n]*(?:(?:\\[^nr]|%b)[^"\\&\r\n]*)*' % _ENTITY)
_bare_in_markup = re.compile(rb"[^<&\r\n]*(?:%b[^<&\r\n]*)*" % _ENTITY)

_number = re.compile(rb"-?[0-9][0-9.eE+-]*(?=\s*(?:[,}\]]|\Z))").match
_nothing = re.compile(rb"(?:null|true|false)\b").match
_json_parts = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[{\]}]', re.DOTALL).finditer

_elements_in = re.compile(rb"<[\w:.-]*%b(?:\s[^<>]*)?(?<!/)>" % _NAMES).finditer
_element_ends_in = re.compile(rb"</[\w:.-]*%b\s*>" % _NAMES).finditer
_userinfo_in = re.compile(USERINFO.encode()).finditer
_content = re.compile(rb"(?:<!\[CDATA\[[^]]*(?:\](?!\]>)[^]]*)*)?[^<]*")
_content_in_json = re.compile(rb'(?:<!\[CDATA\[)?[^"\\<]*(?:\\.[^"\\<]*)*', re.DOTALL)


def _field_values(octets: bytes) -> list[_Span]:
    """Return where the values of secret fields are."""
    lower = octets.lower()
    first = octets.lstrip()[:1]
    bare = _bare_in_json if first in (b"{", b"[") else _bare_in_markup if first == b"<" else _bare
    found = (*_values(octets, lower, bare), *_contents(octets, lower, bare), *_userinfo(octets))
    return [span for span in found if span.start < span.end]


def _userinfo(octets: bytes) -> Iterator[_Span]:
    """Yield what stands before the host in an address (RFC 3986 s3.2.1)."""
    return (_Span(*userinfo.span()) for userinfo in _userinfo_in(octets))


def _values(octets: bytes, lower: bytes, bare: re.Pattern[bytes]) -> Iterator[_Span]:
    """Yield the values that stand after a name, and ``=`` or ``:``."""
    named = _field_in(lower)
    while named is not None:
        start, mark = named.end(), named[2][:1]
        is_quoted = named[1].strip(b"]") != b""
        span = _in_json(octets, start) if is_quoted and mark == b":" else None
        # In JSON, a quote after a name without one is not the value's: it ends the string that the name stands in.
        if span is None and (is_quoted or bare is not _bare_in_json):
            span = _in_quotes(octets, start, mark, bare)
        if span is None:
            span = _Span(start, _end(bare, octets, start))
        yield span
        named = _field_in(lower, max(span.end, start))


def _in_json(octets: bytes, start: int) -> _Span | None:
    """Return a value of JSON that is no string; ``null`` and their like are no secret, and empty."""
    if octets[start : start + 1] in (b"[", b"{"):
        return _Span(start, _end_of_json(octets, start), _MASK_IN_JSON, True)
    number = _number(octets, start)
    if number is not None:
        return _Span(start, number.end(), _MASK_IN_JSON)
    return _Span(start, start) if _nothing(octets, start) else None


def _in_quotes(octets: bytes, start: int, mark: bytes, bare: re.Pattern[bytes]) -> _Span | None:
    """Return a value in quotes, and with it what follows them and cannot; ``None`` where there are none."""
    string = _string(octets, start)
    if string is None:
        return None
    if _may_follow[mark](octets, string.end()):
        return _Span(*string.span(string.lastgroup or 0), _MASK, True)
    return _Span(start + 1, _end(bare, octets, string.end()))


def _end(pattern: re.Pattern[bytes], octets: bytes, start: int) -> int:
    found = pattern.match(octets, start)
    return found.end() if found else start


def _end_of_json(octets: bytes, start: int) -> int:
    """Return where a JSON list or object ends that begins here."""
    depth = 0
    for part in _json_parts(octets, start):
        depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(part[0], 0)
        if depth == 0:
            return part.end()
    return len(octets)


def _contents(octets: bytes, lower: bytes, bare: re.Pattern[bytes]) -> Iterator[_Span]:
    """Yield the contents of XML elements; of one that is not closed, what stands before the next tag."""
    ends = [end.start() for end in _element_ends_in(lower)]
    unclosed = _content_in_json if bare is _bare_in_json else _content
    done = 0
    for element in _elements_in(lower):
        start = element.end()
        if start >= done:
            index = bisect_left(ends, start)
            done = ends[index] if index < len(ends) else _end(unclosed, octets, start)
            yield _Span(start, done)
