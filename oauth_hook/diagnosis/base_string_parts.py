"""A signature base string in its parts (RFC 5849 s3.4.1), made and taken apart.

The rules of the signer are in ``protocol/``. What is here makes base strings by other
rules as well, those of servers and libraries that read the RFC in another way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from html import unescape as html_unescape
from itertools import islice
from typing import Any
from urllib.parse import quote, unquote, unquote_to_bytes

from ..protocol.encoding import Pair, escape_form
from ..protocol.message import Reading, protocol_parameters
from ..protocol.parameters import join_pairs, parse_pairs
from ..protocol.url import origin

__all__ = [
    "END_MARKS",
    "URL_PARTS",
    "Choice",
    "Parts",
    "Spelling",
    "decoded",
    "escape_text",
    "find_base_strings",
    "in_bytes",
    "in_text",
    "parse",
    "parse_parts",
    "split_segments",
]

Spelling = Callable[[str], str]
Choice = Callable[[list[Pair]], list[Pair]]


#: The parts before the parameters, in their order.
URL_PARTS = ("method", "scheme", "host", "port", "path")

# What each piece of a base string is made of.
_PIECES = {
    "_sent": {"query", "form", "plus"},
    "pairs": {"query", "form", "plus", "protocol", "more", "keep", "spell"},
    "head": {*URL_PARTS, "spell_path"},
    "tail": {"query", "form", "plus", "protocol", "more", "keep", "spell", "order"},
}


@cache
def _find_stale(*changed: str) -> list[str]:
    """Return the pieces that have to be made again where these parts are others."""
    return [piece for piece, parts in _PIECES.items() if not parts.isdisjoint(changed)]


_UNRESERVED = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"


def escape_text(text: str, encoding: str = "utf-8", errors: str = "replace") -> str:
    """Percent-encode all but the unreserved characters (s3.6)."""
    if not text.isascii():
        return quote(text, safe="~", encoding=encoding, errors=errors)
    # Thousands of texts are made of one request, and few kinds of characters in each are reserved: replacing one kind
    # after the other costs a fraction of a loop over all characters. "%" comes first, since the others make it.
    reserved = set(text.encode().translate(None, _UNRESERVED))
    if ord("%") in reserved:
        text = text.replace("%", "%25")
    for code in reserved - {ord("%")} if reserved else ():
        text = text.replace(chr(code), f"%{code:02X}")
    return text


@dataclass(frozen=True, eq=False, repr=False)
class Parts:
    """What a base string is made of, each part as it is on the wire, and by which rules.

    ``query`` and ``form`` are segments, the query's as they are on the wire; ``protocol`` is percent-encoded pairs.
    """

    method: str
    scheme: str  #: empty if the base string has no scheme, which is a mistake
    host: str
    port: str  #: empty for none
    path: str
    query: tuple[str, ...] = ()
    form: tuple[str, ...] = ()
    protocol: tuple[Pair, ...] = ()
    more: tuple[Pair, ...] = ()  #: further pairs, percent-encoded, that are signed by mistake
    plus: str = "%20"  #: what a ``+`` in query or form means
    spell: Spelling | None = None  #: respells each name and value, instead of s3.6
    spell_path: Spelling | None = None  #: respells each segment of the path
    keep: Choice | None = None  #: leaves some of the pairs out
    order: Choice = sorted  #: instead of s3.4.1.3.2
    finish: Spelling | None = None  #: respells the whole of it
    charset: str = "utf-8"  #: of the bytes that are signed
    _source: Parts | None = None  #: what it was made of

    def but(self, **changes: Any) -> Parts:
        """Return the same with other parts or rules; a piece that they leave alone is not made again."""
        other = object.__new__(Parts)
        other.__dict__.update(self.__dict__, _source=self, **changes)
        for piece in _find_stale(*changes):
            other.__dict__.pop(piece, None)
        return other

    @property
    def url_parts(self) -> list[tuple[str, str]]:
        """The method and the parts of the base string URI (s3.4.1.2), by their names."""
        return [(name, getattr(self, name)) for name in URL_PARTS]

    @cached_property
    def _sent(self) -> list[Pair]:
        wire = "&".join(self.query + self.form)
        return parse_pairs(escape_form(wire.replace("+", self.plus)))

    @cached_property
    def pairs(self) -> list[Pair]:
        """All the parameters (s3.4.1.3.1), in the order of the wire."""
        pairs = [*self._sent, *self.protocol, *self.more]
        if self.keep is not None:
            pairs = self.keep(pairs)
        if self.spell is not None:
            pairs = [(self.spell(name), self.spell(value)) for name, value in pairs]
        return pairs

    @cached_property
    def head(self) -> str:
        """The base string as far as the parameters (s3.4.1.2)."""
        path = self.path
        if self.spell_path is not None:
            path = "/".join([self.spell_path(segment) for segment in path.split("/")])
        uri = f"{self.scheme and self.scheme + '://'}{self.host}{self.port and ':' + self.port}{path}"
        return f"{self.method}&{escape_text(uri, 'latin-1')}&"

    @cached_property
    def tail(self) -> str:
        """The parameters, as they stand in the base string (s3.4.1.3.2)."""
        source = self._source
        if source is not None and source.order is self.order and source.pairs == self.pairs:
            return source.tail  # most rules change nothing of most requests
        return escape_text(join_pairs(self.order(self.pairs)))

    def text(self) -> str:
        """Return the base string (s3.4.1.1)."""
        text = self.head + self.tail
        return text if self.finish is None else self.finish(text)

    def encode(self) -> bytes:
        """Return the bytes of the base string, which are signed."""
        return self.text().encode(self.charset, "replace")


def parse_parts(method: str, reading: Reading, authority: str) -> Parts:
    """Return the parts of a request by the RFC's rules: their text is the right base string.

    :param authority: the ``Host`` header's value, or the URL's host and port.
    :raises UsageError: the authority has no host, or is malformed.
    """
    scheme, host, port = origin(reading.url.scheme, authority)
    return Parts(
        method.upper(), scheme, in_bytes(host), port, in_bytes(reading.url.path) or "/",
        query=split_segments(reading.query), form=split_segments(_respell_form(reading.form or "")),
        protocol=tuple(pair for pair in protocol_parameters(reading) if pair[0] != "oauth_signature"),
    )  # fmt: skip


def in_bytes(text: str) -> str:
    """Return text as UTF-8, with a character for each byte."""
    return text if text.isascii() else text.encode("utf-8", "surrogatepass").decode("latin-1")


def in_text(wire: str) -> str:
    """Undo ``in_bytes``, for people."""
    try:
        return wire.encode("latin-1").decode()
    except UnicodeError:
        return wire


def split_segments(wire: str) -> tuple[str, ...]:
    """Split a query or form, as it is on the wire."""
    return tuple(segment for segment in wire.split("&") if segment)


def _respell_form(form: str) -> str:
    """Spell a form as s3.6 would have it, once for all that is made of it; each + stays: others read it otherwise."""
    if "\0" in form or "%00" in form:
        return "+".join([escape_form(piece) for piece in form.split("+")])
    return escape_form(form.replace("+", "\0")).replace("%00", "+")


def decoded(text: str) -> str:
    """Undo percent-encoding: bytes that are not UTF-8 are kept as Latin-1."""
    plain = unquote_to_bytes(text)
    try:
        return plain.decode()
    except UnicodeDecodeError:
        return plain.decode("latin-1")


# METHOD & URL & parameters, the last two percent-encoded: nothing that looks like it is anything else. A wrong one
# may have left out some of the encoding.
_RESERVED = r"!*'()/:;,@$?+\[\]"
_HEAD = rf"\b([A-Z]{{3,10}})&(https?(?:%3A%2F%2F|://)[A-Za-z0-9._~%={_RESERVED}-]+)&"
_base_string = re.compile(rf"{_HEAD}[A-Za-z0-9._~%-]*", re.IGNORECASE)
_goes_on = re.compile(rf"[A-Za-z0-9._~%=&{_RESERVED}-]{{0,4096}}").match
# Of a text that is one for certain, the URL may lack its scheme, or all but its path.
_whole = re.compile(
    rf"([A-Z]{{3,10}})&(?=[^&]*(?:/|%2F))([A-Za-z0-9._~%={_RESERVED}-]+)&([A-Za-z0-9._~%=&{_RESERVED}-]*)",
    re.IGNORECASE,
).fullmatch
_url = re.compile(r"(?:([a-z]+)://)?(\[[^\]]*\]|[^:/?#]*)(?::(\d*))?(.*)", re.IGNORECASE | re.DOTALL).fullmatch
_MAX_BASE_STRINGS = 20  # of one text that are looked at
END_MARKS = ").,;:!?]'"  #: characters that may end the sentence which a base string stands in
_MAX_END_MARKS = 4  # characters after a base string that may not be its own


def parse(text: str) -> Parts | None:
    """Take a base string apart; ``None`` for any other text."""
    found = _whole(text)
    is_plain = found is not None and ("://" in found[2] or found[2].startswith("/"))
    url = None if found is None else _url(found[2] if is_plain else decoded(found[2]))
    if found is None or url is None:
        return None
    scheme, host, port, path = url.groups()
    pairs = [segment.partition("=") for segment in _unquote_tail(found[3]).split("&") if segment]
    protocol = tuple((name, value) for name, _, value in pairs)
    return Parts(found[1], scheme or "", in_bytes(host), port or "", in_bytes(path), protocol=protocol, order=list)


_ESCAPES = (("%3D", "="), ("%26", "&"), ("%25", "%"))  # all that a tail has that was made as s3.4.1.1 says


def _unquote_tail(tail: str) -> str:
    """Return the parameters that stand in a base string, percent-encoded or not."""
    if "=" in tail:
        return tail
    if tail.count("%") != sum(tail.count(escape) for escape, _ in _ESCAPES):
        return unquote(tail, "latin-1")
    # A tenth of what decoding costs.
    for escape, plain in _ESCAPES:
        tail = tail.replace(escape, plain)
    return tail


def find_base_strings(text: str) -> list[str]:
    """Return the base strings in a text, such as an error page: raw, or in the escapes of HTML, JSON and forms.

    Where one ends cannot always be told from what follows it: each place where it may end is given, the likeliest
    first.
    """
    plain = re.sub(r"\\u00([2-7][0-9A-Fa-f])", lambda escape: chr(int(escape[1], 16)), text).replace("\\/", "/")
    spelled = [plain, html_unescape(plain)]
    spelled += [unquote(reading) for reading in spelled if "%26http" in reading.lower()]
    found = (ending for reading in dict.fromkeys(spelled) for ending in _endings(reading))
    return list(dict.fromkeys(found))


def _endings(text: str) -> Iterator[str]:
    """Yield the base strings in a text, and where else each of them may end."""
    for match in islice(_base_string.finditer(text), _MAX_BASE_STRINGS):
        more = _goes_on(text, match.end())
        for ending in (match[0], match[0] + (more[0] if more else "")):
            yield ending
            for _ in range(_MAX_END_MARKS):  # of a sentence that it stands in
                if ending[-1] in END_MARKS:
                    ending = ending[:-1]
                    yield ending
