"""Where the values of fields stand that are secret by their name: in forms, JSON, headers, XML and HTML."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

from .names import CREDENTIAL, LINKED, LINKED_BESIDE_TOKEN, SECRET_NAME, USERINFO

__all__ = [
    "CREDENTIALS",
    "CREDENTIALS_BESIDE_TOKEN",
    "CREDENTIALS_IN_FORM",
    "MASK",
    "SECRETS",
    "FieldNames",
    "Span",
    "find_field_values",
]

MASK = "***"


class Span(NamedTuple):
    """Where a secret begins and ends, and what stands in its place; closed: in quotes or brackets of its own."""

    start: int
    end: int
    mask: bytes = MASK.encode()
    is_closed: bool = False


class FieldNames:
    """Which names of fields are looked for, in a text in lower case.

    :param name: the expression for a name, in a text.
    :param tag: for the name of an XML element.
    :param bare: matches a value without quotes; by default up to the next field, or the end of the line.
    """

    def __init__(self, name: str, tag: str, bare: re.Pattern[bytes] | None = None) -> None:
        self.bare = bare
        # The quote that closes a name, and what stands between it and its value: name="..." value= of HTML too.
        self.find_field = re.compile(
            rb"""(?:%b)(["'\]]{0,3})\s*(?:,\s*)?(?:["']?value["']?\s*)?(=>?|:)"""
            rb"""(?:\s*(?=["'\[{])|\s*b(?=["'])|[ \t]*)""" % name.encode()
        ).search
        self.find_elements = re.compile(rb"<%b(?:\s[^<>]*)?(?<!/)>" % tag.encode()).finditer
        self.find_element_ends = re.compile(rb"</%b\s*>" % tag.encode()).finditer
        # HTML whose value stands before its name.
        self.find_inputs = re.compile(
            rb"""<input\b(?=[^<>]*\bvalue=(?:"([^"<>]*)"|'([^'<>]*)'))[^<>]*\bname=["']?%b["'\s/>]""" % tag.encode()
        ).finditer


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

_bare_in_form = re.compile(rb"[^&]*(?<!\s)")
_bare_word = re.compile(rb"""(?!(?:null|none|true|false)\b)[^&"'<>\s,;}\]\\]*""", re.IGNORECASE)

_number = re.compile(rb"-?[0-9][0-9.eE+-]*(?=\s*(?:[,}\]]|\Z))").match
_nothing = re.compile(rb"(?:null|true|false|None|True|False)\b").match
_json_parts = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[{\]}]', re.DOTALL).finditer

_userinfo_in = re.compile(USERINFO.encode()).finditer
_content = re.compile(rb"(?:<!\[CDATA\[[^]]*(?:\](?!\]>)[^]]*)*)?[^<]*")
_content_in_json = re.compile(rb'(?:<!\[CDATA\[)?[^"\\<]*(?:\\.[^"\\<]*)*', re.DOTALL)


_CREDENTIAL_TAG = rf"(?:[\w.-]+:)?{CREDENTIAL}"

#: What errors and explanations look for.
SECRETS = FieldNames(SECRET_NAME, rf"[\w:.-]*{SECRET_NAME}")
#: What recordings look for in a text, and in a form or a URL, where a value goes up to the next ``&``.
CREDENTIALS = FieldNames(rf"(?<![\w%]){CREDENTIAL}|{LINKED}", _CREDENTIAL_TAG, _bare_word)
CREDENTIALS_IN_FORM = FieldNames(rf"(?<![\w%]){CREDENTIAL}|{LINKED}", _CREDENTIAL_TAG, _bare_in_form)
CREDENTIALS_BESIDE_TOKEN = FieldNames(
    rf"(?<![\w%]){CREDENTIAL}|{LINKED}|{LINKED_BESIDE_TOKEN}", _CREDENTIAL_TAG, _bare_in_form
)


def find_field_values(text: bytes, names: FieldNames) -> list[Span]:
    """Return where the values of secret fields are, and what stands before the host in a URL."""
    lower, first = text.lower(), text.lstrip()[:1]
    is_json = first in (b"{", b"[")
    bare = names.bare or (_bare_in_json if is_json else _bare_in_markup if first == b"<" else _bare)
    found = (
        *_find_named_values(text, lower, names, bare),
        *_find_contents(text, lower, names, _content_in_json if is_json else _content),
        *(Span(*userinfo.span()) for userinfo in _userinfo_in(text)),
    )
    return [span for span in found if span.start < span.end]


def _find_named_values(text: bytes, lower: bytes, names: FieldNames, bare: re.Pattern[bytes]) -> Iterator[Span]:
    """Yield the values that stand after a name, and ``=`` or ``:``; of HTML, also those that stand before it."""
    named = names.find_field(lower)
    while named is not None:
        start, mark = named.end(), named[2][:1]
        quote = named[1].strip(b"]")[-1:]
        span = _find_json_value(text, start, quote) if quote and mark == b":" else None
        # In JSON, a quote after a name without one is not the value's: it ends the string that the name stands in.
        if span is None and (quote or bare is not _bare_in_json):
            span = _find_quoted_value(text, start, mark, bare)
        if span is None:
            span = Span(start, _match_end(bare, text, start))
        yield span
        named = names.find_field(lower, max(span.end, start))
    for tag in names.find_inputs(lower):
        yield Span(*tag.span(1 if tag[1] is not None else 2))


def _find_json_value(text: bytes, start: int, quote: bytes) -> Span | None:
    """Return a value of JSON that is no string; ``null`` and their like are no secret, and empty."""
    mask = quote + MASK.encode() + quote  # what was JSON still is
    if text[start : start + 1] in (b"[", b"{"):
        depth = 0
        for part in _json_parts(text, start):
            depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(part[0], 0)
            if depth == 0:
                return Span(start, part.end(), mask, True)
        return Span(start, len(text), mask, True)
    number = _number(text, start)
    if number is not None:
        return Span(start, number.end(), mask)
    return Span(start, start) if _nothing(text, start) else None


def _find_quoted_value(text: bytes, start: int, mark: bytes, bare: re.Pattern[bytes]) -> Span | None:
    """Return a value in quotes, and with it what follows them and cannot; ``None`` where there are none."""
    string = _string(text, start)
    if string is None:
        return None
    if _may_follow[mark](text, string.end()):
        return Span(*string.span(string.lastgroup or 0), is_closed=True)
    return Span(start + 1, _match_end(bare, text, string.end()))


def _match_end(pattern: re.Pattern[bytes], text: bytes, start: int) -> int:
    found = pattern.match(text, start)
    return found.end() if found else start


def _find_contents(text: bytes, lower: bytes, names: FieldNames, unclosed: re.Pattern[bytes]) -> Iterator[Span]:
    """Yield the contents of XML elements; of one that is not closed, what stands before the next tag."""
    ends = [end.start() for end in names.find_element_ends(lower)]
    done = 0
    for element in names.find_elements(lower):
        start = element.end()
        if start >= done:
            index = bisect_left(ends, start)
            done = ends[index] if index < len(ends) else _match_end(unclosed, text, start)
            yield Span(start, done)
