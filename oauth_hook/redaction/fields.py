"""Where the values of fields stand that are secret by their name, whatever the shape of the text.

A name tells of a value in four ways, and each shape is one of them:

- it stands before the value, with ``=`` or ``:`` between: forms, JSON, headers, PHP, Python, YAML;
- it names an element, by its tag or an attribute, whose other attributes and content are the value: XML, HTML;
- it is a value itself, in an object or a list whose other values it names: ``{"name": ..., "value": ...}``;
- it names a part of multipart, whose content is the value.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from .names import (
    CREDENTIAL,
    CREDENTIAL_WORDS,
    HEADER,
    LINKED,
    LINKED_BESIDE_TOKEN,
    QUOTED,
    SECRET_NAME,
    SECRET_WORDS,
    USERINFO,
    WHOLE_CREDENTIAL,
    WHOLE_SECRET,
)

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
    :param words: one of them stands in each name.
    :param whole: for the whole name of an XML element, or for a whole text that is a name.
    :param bare: matches a value without quotes; by default up to the next field, or the end of the line.
    :ivar is_thorough: a recording is kept, and an error is read: so what may be a secret goes from the one, and
        stays in the other.
    """

    def __init__(self, name: str, whole: str, words: Iterable[str], bare: re.Pattern[bytes] | None = None) -> None:
        self.bare = bare
        self.is_thorough = bare is not None
        self._name, self._whole = name.encode(), whole.encode()
        self._words = [word.encode() for word in words]

    # The expressions are compiled when they are first looked for, which takes as long as the rest of this module.

    @cached_property
    def find_field(self) -> Callable[..., re.Match[bytes] | None]:
        """Find a name before its value: the quote that closes it, and what stands between it and its value."""
        return re.compile(
            rb"""(?:%b)(?:\[\w{0,20}(?=\]))?(["'\]]{0,3})\s*(=>?|:)"""
            rb"""(?:\s*(?=["'\[{])|\s*b(?=["'])|[ \t]*)""" % self._name
        ).search

    @cached_property
    def is_name(self) -> Callable[..., re.Match[bytes] | None]:
        """Tell whether a whole text is a name."""
        return re.compile(rb"[\s:*]*%b[\s:*]*" % self._whole).fullmatch

    @cached_property
    def find_quoted(self) -> Callable[..., re.Match[bytes] | None]:
        """Find a name that is a value itself."""
        return re.compile(rb"""["']%b["']\s*[,}\])]""" % self._whole).search

    @cached_property
    def find_parts(self) -> Callable[..., Iterator[re.Match[bytes]]]:
        """Find the heads of parts of multipart (RFC 7578 s4.2), up to their content."""
        return re.compile(
            rb"""\bname\*?=["']?(?:[\w-]*'[\w-]*')?%b["']?(?=[;\r\n])[^\r\n]{0,200}\r?\n(?:[^\r\n]{1,200}\r?\n){0,8}\r?\n"""
            % self._whole
        ).finditer

    def may_be_in(self, text: bytes) -> bool:
        """Tell whether a name may stand in a text, quickly."""
        return any(word in text for word in self._words)


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
_part_end = re.compile(rb"\r?\n(?:--|\Z)|\Z").search

_NAMED = rf"(?<![\w%])(?<!\bx-){CREDENTIAL}|{QUOTED}|{LINKED}"  # what begins with "x-" is a header's

#: What errors and explanations look for.
SECRETS = FieldNames(SECRET_NAME, WHOLE_SECRET, SECRET_WORDS)
#: What recordings look for in a text, and in a form or a URL, where a value goes up to the next ``&``.
CREDENTIALS = FieldNames(_NAMED, WHOLE_CREDENTIAL, CREDENTIAL_WORDS, _bare_word)
CREDENTIALS_IN_FORM = FieldNames(_NAMED, WHOLE_CREDENTIAL, CREDENTIAL_WORDS, _bare_in_form)
_NAMED_BESIDE_TOKEN = rf"{_NAMED}|{LINKED_BESIDE_TOKEN}"
CREDENTIALS_BESIDE_TOKEN = FieldNames(_NAMED_BESIDE_TOKEN, WHOLE_CREDENTIAL, CREDENTIAL_WORDS, _bare_in_form)


def find_field_values(text: bytes, names: FieldNames) -> list[Span]:
    """Return where the values of secret fields are, and what stands before the host in a URL."""
    lower, first = text.lower(), text.lstrip()[:1]
    is_json = first in (b"{", b"[")
    bare = names.bare or (_bare_in_json if is_json else _bare_in_markup if first == b"<" else _bare)
    found = [Span(*userinfo.span()) for userinfo in _userinfo_in(text)]
    if names.may_be_in(lower):
        found += _find_named_values(text, lower, names, bare)
        found += _find_parts(text, lower, names)
        if b"<" in text:
            found += _find_elements(text, lower, names, _content_in_json if is_json else _content)
        if names.find_quoted(lower):
            found += _find_record_values(text, lower, names)
        if names.is_thorough:
            found += _find_header_values(text, lower)
    if names.is_thorough:
        found += _find_by_shape(text, names)
    return [span for span in found if span.start < span.end]


# A name before its value


def _find_named_values(text: bytes, lower: bytes, names: FieldNames, bare: re.Pattern[bytes]) -> Iterator[Span]:
    """Yield the values that stand after a name, and ``=`` or ``:``."""
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
            if mark == b":" and names.is_thorough:
                span = _add_block(text, named.start(), span)
        yield span
        named = names.find_field(lower, max(span.end, start))


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
    """Return a value in quotes, and with it what follows them and cannot; ``None`` if there are no quotes."""
    string = _string(text, start)
    if string is None:
        return None
    if _may_follow[mark](text, string.end()):
        return Span(*string.span(string.lastgroup or 0), is_closed=True)
    return Span(start + 1, _match_end(bare, text, string.end()))


def _match_end(pattern: re.Pattern[bytes], text: bytes, start: int) -> int:
    found = pattern.match(text, start)
    return found.end() if found else start


_block = re.compile(rb"(?:[|>][+-]?)?[ \t]*(?=\r?\n)").match
_line = re.compile(rb"\r?\n([ \t]*)(-[ \t]+)?[^\r\n]*").match


def _add_block(text: bytes, name: int, value: Span) -> Span:
    """Return a value with the lines of YAML that belong to it, where there is nothing behind its name."""
    if value.end - value.start > 2 or not _block(text, value.start):
        return value
    line = text[text.rfind(b"\n", 0, name) + 1 : name]
    indent = len(line) - len(line.lstrip(b" \t-"))
    end = start = _match_end(_rest_of_line, text, value.start)
    while (more := _line(text, end)) and (len(more[1]) > indent or (more[2] and len(more[1]) == indent)):
        end = more.end()
    first = text[start:end]
    return Span(start + len(first) - len(first.lstrip(b" \t\r\n-")), end) if first.strip() else value


_rest_of_line = re.compile(rb"[^\r\n]*")


# A name of an element


class _Tag(NamedTuple):
    """A tag: where it is, what its name is, and what stands within it."""

    start: int
    end: int
    name: bytes
    inner: bytes

    @property
    def is_empty(self) -> bool:
        return self.inner.endswith(b"/") or self.name in _VOID


_VOID = {b"input", b"meta", b"link", b"img", b"br", b"hr", b"param", b"embed", b"source"}
_MAX_TAGS_BETWEEN = 6  # tags between a name and the text that it names
_tags = re.compile(rb"<([^<>]*)>").finditer
_tag_name = re.compile(rb"/?[^\s/>]*").match
_attributes = re.compile(rb"""(?<![^\s"'/])([^\s"'=<>/]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""").finditer
_holds_value = re.compile(rb"(?:data-)?(?:val(?:ue)?|v|content|text|default|string|data)").fullmatch
_holds_no_name = re.compile(rb"for|(?:data-)?(?:val(?:ue)?|v|content|text|default|string|data)").fullmatch


def _find_elements(text: bytes, lower: bytes, names: FieldNames, unclosed: re.Pattern[bytes]) -> Iterator[Span]:
    """Yield what elements hold that a tag or an attribute names, or the text of the element before them."""
    tags = [_Tag(*tag.span(), _tag_name(tag[1])[0], tag[1]) for tag in _tags(lower)]  # type: ignore[index]
    ends = _match_tags(tags)
    done = 0
    for index, tag in enumerate(tags):
        if tag.start < done or tag.inner.startswith(b"/"):
            continue
        if names.is_thorough and ends.get(index) == index + 1 and names.is_name(lower[tag.end : tags[index + 1].start]):
            yield from _find_next_text(text, tags, index + 2)
        if not names.may_be_in(tag.inner):
            continue
        is_empty = tag.is_empty or (ends.get(index) == index + 1 and tags[index + 1].start == tag.end)
        spans = _find_attribute_values(tag, names, is_empty)
        if spans is None:
            continue
        if not tag.is_empty:
            end = tags[ends[index]].start if index in ends else _match_end(unclosed, text, tag.end)
            done = max(tag.end, end)
            yield Span(tag.end, done)
        yield from spans


def _match_tags(tags: list[_Tag]) -> dict[int, int]:
    """Return the index of the tag that closes each, by the index of what it closes."""
    ends: dict[int, int] = {}
    open_tags: dict[bytes, list[int]] = {}
    for index, tag in enumerate(tags):
        if tag.name.startswith(b"/"):
            if open_tags.get(tag.name[1:]):
                ends[open_tags[tag.name[1:]].pop()] = index
        elif not tag.is_empty:
            open_tags.setdefault(tag.name, []).append(index)
    return ends


def _find_attribute_values(tag: _Tag, names: FieldNames, is_empty: bool) -> list[Span] | None:
    """Return the values of the other attributes of an element that is named; ``None`` where it is not."""
    attributes = list(_attributes(tag.inner))
    naming = [one for one in attributes if not _holds_no_name(one[1]) and names.is_name(one[one.lastindex or 1])]
    if not naming and not names.is_name(tag.name):
        return None
    values = [one for one in attributes if (naming or is_empty or names.is_thorough) and _holds_value(one[1])]
    if not values and is_empty and tag.name not in _VOID:
        values = [one for one in attributes if one not in naming]
    base = tag.start + 1
    return [Span(base + one.start(one.lastindex or 1), base + one.end(one.lastindex or 1)) for one in values]


def _find_next_text(text: bytes, tags: list[_Tag], index: int) -> Iterator[Span]:
    """Yield the text in the element that follows one whose text is a name: ``<dt>PIN</dt> <dd>1234</dd>``."""
    for tag, following in pairwise(tags[index : index + _MAX_TAGS_BETWEEN]):
        if text[tag.end : following.start].strip():
            yield Span(tag.end, following.start)
            return


# A name among values


_holds_message = re.compile(
    rb"error|err|message|msg|reason|details?|description|code|type|title|status|label|hint|help|required|in|loc"
    rb"|location|kind|domain|field|path|rule|id"
).fullmatch


class _Value(NamedTuple):
    """A value in an object or a list: its key, and where it stands."""

    key: bytes
    start: int
    end: int
    mask: bytes
    is_name: bool = False


def _find_record_values(text: bytes, lower: bytes, names: FieldNames) -> Iterator[Span]:
    """Yield the values in objects and lists that a value beside them names."""
    quote = names.find_quoted(lower)[0][:1]  # type: ignore[index]
    mask = quote + MASK.encode() + quote
    records: list[tuple[bytes, int, list[_Value]]] = [(b"", 0, [])]
    key = b""
    for part in _record_parts[quote](lower):
        if part[2]:
            key = part[1]
        elif part[0] in (b"{", b"["):
            records.append((key, part.start(), []))
            key = b""
        elif part[0] in (b"}", b"]"):
            if len(records) > 1:
                key, start, values = records.pop()
                yield from _choose_named(values, part[0] == b"}", names)
                records[-1][2].append(_Value(key, start, part.end(), mask))
            key = b""
        else:
            found = 1 if part[1] is not None else 0
            name = found == 1 and bool(names.is_name(part[1]))
            shown = MASK.encode() if found else mask
            records[-1][2].append(_Value(key, *part.span(found), shown, name))
            key = b""
    for _, start, values in records[1:]:
        yield from _choose_named(values, lower[start : start + 1] == b"{", names)


_record_parts = {
    b'"': re.compile(rb'"([^"\\]*(?:\\.[^"\\]*)*)(?:"|\Z)(\s*:)?|[\[{\]}]|[^\s"\[\]{},:]+', re.DOTALL).finditer,
    b"'": re.compile(rb"'([^'\\]*(?:\\.[^'\\]*)*)(?:'|\Z)(\s*:)?|[\[{\]}]|[^\s'\[\]{},:]+", re.DOTALL).finditer,
}


def _choose_named(values: list[_Value], is_object: bool, names: FieldNames) -> Iterator[Span]:
    """Yield what a name names: in an object, what is called its value; in a list, what follows it."""
    chosen: list[_Value] = []
    if any(value.is_name for value in values) and is_object:
        others = [value for value in values if not value.is_name]
        chosen = [value for value in others if _holds_value(value.key)]
        if not chosen and names.is_thorough:
            chosen = [value for value in others if not _holds_message(value.key)]
    elif names.is_thorough:
        chosen = [value for name, value in pairwise(values) if name.is_name and not value.is_name]
    for value in chosen:
        yield Span(value.start, value.end, value.mask, True)


# A name of a part


def _find_parts(text: bytes, lower: bytes, names: FieldNames) -> Iterator[Span]:
    """Yield the contents of parts of multipart, up to the next delimiter."""
    done = 0
    for head in names.find_parts(lower):
        if head.start() >= done:
            done = _part_end(text, head.end()).start()  # type: ignore[union-attr]
            yield Span(head.end(), done)


# Headers, and what is a secret by itself


_headers = re.compile(
    rb"""(?:^(?P<line>[ \t<>*]*)|(?P<open>["'])|(?<![\w-]))(?P<name>%b)(?P<close>["'\]]{0,2})(?![\w-])
         \s*(?:=>|[:=]|(?<=["'])\s*,)(?:\s*b?(?=["'\[(])|[ \t]*)"""
    % HEADER.encode(),
    re.MULTILINE | re.VERBOSE,
).finditer
_quoted_line = {b'"': re.compile(rb'(?:[^"\\\r\n]|\\.)*'), b"'": re.compile(rb"(?:[^'\\\r\n]|\\.)*")}
_word = re.compile(rb"""(?:(?:basic|bearer|digest|token)[ ]+)?[^\s,"'<>]+""", re.IGNORECASE)
_folded = re.compile(rb"[^\r\n]*(?:\r?\n[ \t]+[^\r\n]*)*")
_strings = re.compile(rb""""([^"\\]*(?:\\.[^"\\]*)*)(?:"|\Z)|'([^'\\]*(?:\\.[^'\\]*)*)(?:'|\Z)""", re.DOTALL).finditer
_scheme = re.compile(rb"[\s-]*([\w-]+)[ \t]+").match
_oauth_parts = re.compile(rb"""([^\s,="]+)\s*=\s*(?:"([^"]*)"|([^\s,]*))|([^\s,]+)""").finditer
_is_kept = re.compile(rb"realm|(?:x_)?oauth_\w+").fullmatch
_pairs = re.compile(rb"[\s-]*(?:[^=;]*=)?([^;]*)").match


def _find_header_values(text: bytes, lower: bytes) -> Iterator[Span]:
    """Yield what is secret of headers in a text: lines of HTTP, members of JSON or of a ``repr``, arguments of curl."""
    done = 0
    for header in _headers(lower):
        start = header.end()
        if start < done:
            continue
        name, opened, closed = header["name"], header["open"], header["close"]
        if closed and text[start : start + 1] in (b"[", b"{", b"("):
            span = _find_json_value(text, start, b'"') or Span(start, _match_end(_rest_of_line, text, start))
            pieces = [part.span(part.lastindex or 0) for part in _strings(text, span.start, span.end)]
            done = span.end
        else:
            string = _string(text, start)
            if string is not None:
                span = Span(*string.span(string.lastgroup or 0))
            elif opened:
                span = Span(start, _match_end(_quoted_line[opened], text, start))
            else:
                span = Span(start, _match_end(_word if header["line"] is None else _folded, text, start))
            pieces, done = [span[:2]], span.end
        for piece in pieces:
            yield from _find_in_header(name, text, *piece)


def _find_in_header(name: bytes, text: bytes, start: int, end: int) -> Iterator[Span]:
    """Yield what is secret of a header's value: not the scheme, nor the names of cookies."""
    if name.startswith((b"cookie", b"set-cookie")):
        last = text.find(b";", start, end) if name.startswith(b"set") else end
        last = end if last < 0 else last
        while start < last and (pair := _pairs(text, start, last)):
            yield Span(*pair.span(1))
            start = pair.end() + 1
        return
    scheme = _scheme(text, start, end) if name.endswith(b"ation") else None
    if scheme is None or scheme[1].lower() != b"oauth":
        yield Span(scheme.end() if scheme else start, end)
        return
    for part in _oauth_parts(text, scheme.end(), end):
        if not part[1] or not _is_kept(part[1].lower()):
            yield Span(*part.span(part.lastindex or 0))


_by_shape = re.compile(
    rb"""(?<![\w-])eyJ[\w-]{8,}(?:\.[\w-]*){2,4}                                       # a JSON Web Token (RFC 7519)
       | (?<=\bbearer[ ])(?=[a-z.~+/_-]*[0-9])[\w.~+/-]{8,}=*                           # RFC 6750 s2.1
       | (?<=\bbasic[ ])(?P<basic>[a-z0-9+/]{4,}={0,2})                                 # RFC 7617 s2
       | (?<=PRIVATE[ ]KEY-----)[^-]*(?:-(?!----)[^-]*)*                                # PEM (RFC 7468)
       | (?<![\w+/-])(?P<base64>[\w+/-]{24,}(?:\r?\n[\w+/-]+)*)={0,2}      # what may be anything
    """,
    re.VERBOSE | re.IGNORECASE,
).finditer
_STANDARD = bytes.maketrans(b"-_", b"+/")


def _find_by_shape(text: bytes, names: FieldNames) -> Iterator[Span]:
    """Yield what is secret whatever it is called: JSON Web Tokens, private keys, and fields in base64."""
    for found in _by_shape(text):
        if found["basic"]:
            is_secret = b":" in _decode(found["basic"])
        else:
            is_secret = not found["base64"] or names.find_field(_decode(found["base64"]).lower()) is not None
        if is_secret:
            yield Span(*found.span())


def _decode(base64: bytes) -> bytes:
    """Return what base64 says, as far as it is whole."""
    data = b"".join(base64.split()).translate(_STANDARD).rstrip(b"=")
    data += b"A" * (len(data) % 4 == 1)
    return b64decode(data + b"=" * (-len(data) % 4))
