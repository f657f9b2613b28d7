"""A signature base string in its parts (RFC 5849 s3.4.1), made and taken apart.

The rules of the signer are in ``protocol/``. What is here makes base strings by other
rules as well, those of servers and libraries that read the RFC in another way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from html import unescape as html_unescape
from itertools import islice
from typing import NamedTuple
from urllib.parse import quote, unquote, unquote_to_bytes

from ..protocol.encoding import Pair, escape_form
from ..protocol.message import Reading, protocol_parameters
from ..protocol.parameters import parse_pairs
from ..protocol.url import origin

__all__ = ["Parts", "decoded", "find_base_strings", "parse", "parse_parts", "respell"]

Spelling = Callable[[str], str]


class Parts(NamedTuple):
    """What a base string is made of, each part as it is on the wire, and by which rules.

    ``query`` and ``form`` are segments, the query's as they are on the wire; ``protocol`` is percent-encoded pairs.
    """

    method: str
    scheme: str
    host: str
    port: str  #: empty for none
    path: str
    query: tuple[str, ...] = ()
    form: tuple[str, ...] = ()
    protocol: tuple[Pair, ...] = ()
    more: tuple[Pair, ...] = ()  #: further pairs, percent-encoded, that are signed by mistake
    plus: str = "%20"  #: what a ``+`` in query or form means
    spell: Spelling | None = None  #: respells each name and value, instead of s3.6
    spell_path: Spelling | None = None
    keep: Callable[[list[Pair]], list[Pair]] | None = None  #: leaves some of the pairs out
    order: Callable[[list[Pair]], Sequence[Pair]] = sorted  #: instead of s3.4.1.3.2
    finish: Spelling | None = None  #: respells the whole of it

    @property
    def uri(self) -> str:
        """The base string URI (s3.4.1.2)."""
        path = self.path if self.spell_path is None else self.spell_path(self.path)
        return f"{self.scheme}://{self.host}{self.port and ':' + self.port}{path}"

    def pairs(self) -> list[Pair]:
        """Return all the parameters (s3.4.1.3.1), in the order of the wire."""
        wire = "&".join(self.query + self.form)
        pairs = parse_pairs(escape_form(wire.replace("+", self.plus))) + list(self.protocol) + list(self.more)
        if self.keep is not None:
            pairs = self.keep(pairs)
        if self.spell is not None:
            pairs = [(self.spell(name), self.spell(value)) for name, value in pairs]
        return pairs

    def head(self) -> str:
        """Return the base string as far as the parameters."""
        return f"{self.method}&{quote(self.uri.encode('latin-1'), safe='~')}&"

    def tail(self) -> str:
        """Return the parameters, as they stand in the base string."""
        return _quoted("&".join([f"{name}={value}" for name, value in self.order(self.pairs())]))

    def text(self) -> str:
        """Return the base string (s3.4.1.1)."""
        text = self.head() + self.tail()
        return text if self.finish is None else self.finish(text)


def parse_parts(method: str, reading: Reading, authority: str) -> Parts:
    """Return the parts of a request by the RFC's rules: their text is the right base string.

    :param authority: the ``Host`` header's value, or the URL's host and port.
    :raises UsageError: the authority is none.
    """
    scheme, host, port = origin(reading.url.scheme, authority)
    protocol = [pair for pair in protocol_parameters(reading) if pair[0] != "oauth_signature"]
    return Parts(
        method.upper(), scheme, _octets(host), port, _octets(reading.url.path) or "/",
        query=_segments(reading.query), form=_segments(_respelled(reading.form or "")), protocol=tuple(protocol),
    )  # fmt: skip


def _octets(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "surrogatepass").decode("latin-1")


def _segments(wire: str) -> tuple[str, ...]:
    return tuple(segment for segment in wire.split("&") if segment)


def _respelled(form: str) -> str:
    """Spell a form as s3.6 would have it, once for all that is made of it; each + stays: others read it otherwise."""
    spelled = escape_form(form)
    if "+" not in form:
        return spelled
    if spelled == form.replace("+", "%20"):
        return form
    if "\0" in form or "%00" in form:
        return "+".join([escape_form(piece) for piece in form.split("+")])
    return escape_form(form.replace("+", "\0")).replace("%00", "+")


def decoded(text: str) -> str:
    """Undo percent-encoding, octet by octet: what is no UTF-8 is kept as Latin-1."""
    octets = unquote_to_bytes(text)
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def respell(text: str, safe: str = "~") -> str:
    """Percent-encode what percent-encoding spelled, with other characters left alone."""
    return quote(unquote_to_bytes(text), safe=safe)


# What a tail consists of that was made as s3.4.1.1 says: all of it is found out at a tenth of what decoding costs.
_ESCAPES = (("%3D", "="), ("%26", "&"), ("%25", "%"))
_all_plain = re.compile(r"[A-Za-z0-9._~%=&-]*").fullmatch


def _quoted(text: str) -> str:
    """Percent-encode parameters (s3.6)."""
    if not _all_plain(text):
        return quote(text, safe="~", errors="replace")
    for escape, plain in reversed(_ESCAPES):
        text = text.replace(plain, escape)
    return text


def _unquoted(text: str) -> str:
    """Undo ``_quoted``, octet by octet."""
    if text.count("%") != sum(text.count(escape) for escape, _ in _ESCAPES):
        return unquote(text, "latin-1")
    for escape, plain in _ESCAPES:
        text = text.replace(escape, plain)
    return text


# METHOD & address & parameters, the last two percent-encoded: nothing that looks like it is anything else. A wrong one
# may have left out some of the encoding.
_RESERVED = r"!*'()/:;,@$?+\[\]"
_HEAD = rf"\b([A-Z]{{3,10}})&(https?(?:%3A%2F%2F|://)[A-Za-z0-9._~%={_RESERVED}-]+)&"
_base_string = re.compile(rf"{_HEAD}[A-Za-z0-9._~%-]*", re.IGNORECASE)
_goes_on = re.compile(rf"[A-Za-z0-9._~%=&{_RESERVED}-]{{0,4096}}").match
_whole = re.compile(rf"{_HEAD}([A-Za-z0-9._~%=&{_RESERVED}-]*)", re.IGNORECASE).fullmatch
_address = re.compile(r"([a-z]+)://(\[[^\]]*\]|[^:/?#]*)(?::(\d*))?(.*)", re.IGNORECASE | re.DOTALL).fullmatch
_MAX_BASE_STRINGS = 20  # of one text that are looked at
_MAX_END_MARKS = 4  # characters after a base string that may not be its own


def parse(text: str) -> Parts | None:
    """Take a base string apart; ``None`` where it is none."""
    found = _whole(text)
    if found is None:
        return None
    method, uri, parameters = found.groups()
    address = _address(uri if "://" in uri else decoded(uri))
    if address is None:
        return None
    scheme, host, port, path = address.groups()
    plain = parameters if "=" in parameters else _unquoted(parameters)
    pairs = [segment.partition("=") for segment in plain.split("&") if segment]
    protocol = tuple((name, value) for name, _, value in pairs)
    return Parts(method, scheme, _octets(host), port or "", _octets(path), protocol=protocol, order=list)


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
                if ending[-1] in ").,;:!?]'":
                    ending = ending[:-1]
                    yield ending
