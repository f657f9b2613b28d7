"""Mistakes in a base string that are seen seldom: each is tried alone, after the usual ones and never with another."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from html.entities import codepoint2name
from itertools import chain, combinations
from unicodedata import normalize as unicode_form
from urllib.parse import quote, unquote

from ..protocol.encoding import Pair
from .base_string_parts import Choice, Parts, Spelling, decoded, in_bytes, in_text
from .base_string_variants import RequestContext, Rule, Variant
from .spelling_variants import MARKS, recode, replace_all, spell_by_name, spell_names, spell_values

__all__ = ["RARE_RULES"]

_MAX_HOST_CHARS = 253  # of a host that DNS knows
_MAX_LEFT_ALONE = 6  # kinds of escapes of which each choice is tried
_MAX_RESPELLED = 12  # values that are spelled otherwise one by one


def _vary_url(parts: Parts, context: RequestContext) -> Iterator[Variant]:
    """Another method or URL, by a constant or by a slip of the code that puts it together (s3.4.1.2)."""
    for phrase, method in (("a space after", f"{parts.method} "), ("a space before", f" {parts.method}")):
        yield Variant("method", f"with {phrase} the method", {"method": method})
    yield Variant("scheme", "with :// alone for the scheme", {"scheme": "", "host": f"://{parts.host}"})
    yield Variant("port", "with the port :-1", {"port": "-1"})  # Java's URL.getPort
    for host in _name_hosts(parts.host):
        yield Variant("host", f"for the host {in_text(host)}", {"host": host})
    segments = parts.path.split("/")
    for position in range(1, min(len(segments), _MAX_RESPELLED)):
        path = "/".join(segments[:position] + segments[position + 1 :])
        yield Variant("path", f"without {segments[position][:40]} in the path", {"path": path})


def _name_hosts(host: str) -> Iterator[str]:
    """Yield what a host is called elsewhere: in mixed case, in Unicode, by another first label or by none."""
    yield host.title()
    if "xn--" in host and len(host) <= _MAX_HOST_CHARS:
        with suppress(UnicodeError):
            yield in_bytes(host.encode().decode("idna"))
    first, _, domain = host.partition(".")
    if "." in domain and not domain.replace(".", "").isdecimal():
        yield domain
        yield from (f"{label}.{domain}" for label in ("www", "api", "m", "app", "secure") if label != first)


def _vary_protocol(parts: Parts, context: RequestContext) -> Iterator[Variant]:
    """A protocol parameter spelled otherwise than it was sent; a realm that was signed, and not sent."""
    for name, value in parts.protocol:
        for code, other in _respell_protocol(name, value):
            changed = tuple((own, other if own == name else text) for own, text in parts.protocol)
            yield Variant(code, f"with {other[:40]} as {name}", {"protocol": changed})
    if context.realm is None:
        account = parts.host.partition(".")[0].upper().replace("-", "_")  # NetSuite's realm is in its host
        for realm in (account, ""):
            more = {"more": (("realm", realm),)}
            yield Variant("realm", "with a realm among the parameters that was not sent", more)


def _respell_protocol(name: str, value: str) -> Iterator[tuple[str, str]]:
    if name == "oauth_version":
        yield from (("query-changed", version) for version in ("1.0a", "1.0", "1"))
    elif name == "oauth_signature_method":
        spelled = (value.lower(), value.replace("-", "_"), value.replace("-", ""))
        yield from (("signature-method", method) for method in spelled)
    elif name == "oauth_timestamp":
        yield from (("clock-skew", time) for time in (f"{value}.0", f"{value}000", value[:-3]))


# Charsets besides Latin-1 and Windows-1252, by the names that people know.
_CHARSETS = (
    ("Windows-1251", "cp1251"), ("Windows-1250", "cp1250"), ("KOI8-R", "koi8-r"), ("ISO 8859-2", "iso8859-2"),
    ("ISO 8859-15", "iso8859-15"), ("Windows-1254", "cp1254"), ("Windows-1253", "cp1253"), ("Shift_JIS", "cp932"),
    ("EUC-JP", "euc_jp"), ("GB 18030", "gb18030"), ("Big5", "big5"), ("EUC-KR", "cp949"),
    ("UTF-16 (big-endian)", "utf-16-be"), ("UTF-16 (little-endian)", "utf-16-le"),
)  # fmt: skip
# What text that is not ASCII becomes elsewhere.
_TEXTS: tuple[tuple[str, Callable[[str], bytes]], ...] = (
    *((f"with text in {name}", partial(str.encode, encoding=charset)) for name, charset in _CHARSETS),
    ("with text in Unicode's compatible decomposed form (NFKD)", lambda text: unicode_form("NFKD", text).encode()),
    ("without characters beyond U+FFFF", lambda text: re.sub(_ASTRAL, "", text).encode()),  # MySQL's utf8
    ("with ? for characters beyond U+FFFF", lambda text: re.sub(_ASTRAL, "?", text).encode()),
    ("with the escapes of JSON for what is not ASCII", lambda text: json.dumps(text)[1:-1].encode()),
    ("with numbered entities of HTML", lambda text: text.encode("ascii", "xmlcharrefreplace")),
    ("with named entities of HTML", lambda text: re.sub("[^\x00-\x7f]", _name_entity, text).encode()),
)
_ASTRAL = "[\U00010000-\U0010ffff]"
_find_beyond_ascii = re.compile("%[89A-Fa-f]").search


def _name_entity(character: re.Match[str]) -> str:
    name = codepoint2name.get(ord(character[0]))
    return f"&{name};" if name else character[0]


def _recode_text(change: Callable[[str], bytes]) -> Spelling:
    return recode(lambda utf8: change(utf8.decode()))


def _vary_charset(parts: Parts, context: RequestContext) -> Iterator[Variant]:
    """Text beyond ASCII in another charset, or as it is."""
    if not any(_find_beyond_ascii(text) for pair in parts.pairs for text in pair):
        return
    for phrase, change in _TEXTS:
        yield Variant("charset", phrase, {"spell": _recode_text(change)})
    for name, charset in (("UTF-8", "utf-8"), ("Latin-1", "latin-1")):
        phrase = f"with text that is not ASCII as it is, in {name}"
        yield Variant("charset", phrase, {"finish": _unescape_beyond_ascii, "charset": charset})


_unescape_beyond_ascii: Spelling = partial(
    re.compile("(?:%25[89A-F][0-9A-F])+").sub, lambda escapes: decoded(escapes[0].replace("%25", "%"))
)


def _vary_escapes(parts: Parts, context: RequestContext) -> Iterator[Variant]:
    """Names and values escaped by hand: some characters that need not be, or not some that must be (s3.6)."""
    texts = {text for pair in parts.pairs for text in pair}
    escapes = sorted({escape for text in texts for escape in _find_escapes(text)})
    too_little = [(escape, unquote(escape)) for escape in escapes] if len(escapes) <= _MAX_LEFT_ALONE else []
    for done, changes in (("escaped", MARKS), ("left alone", too_little)):
        for chosen in chain.from_iterable(combinations(changes, count + 1) for count in range(len(changes))):
            characters = " and ".join("the space" if old == "%20" else unquote(old) for old, _ in chosen)
            spell = partial(replace_all, chosen)
            yield Variant("percent-encoding", f"with {characters} {done}", {"spell": spell})


_find_escapes = re.compile("%[2-7][0-9A-F]").findall


def _change_part(place: int, change: Spelling) -> Spelling:
    """Return what changes one of the three parts of a base string."""

    def finish(text: str) -> str:
        parts = text.split("&", 2)
        parts[place] = change(parts[place])
        return "&".join(parts)

    return finish


_JOINS: tuple[tuple[str, Spelling], ...] = (
    ("with the colon of the URL as it is", _change_part(1, lambda url: url.replace("%3A", ":"))),
    ("with the slashes of the URL as they are", _change_part(1, lambda url: url.replace("%2F", "/"))),
    *((f"with {name} between the parameters", _change_part(2, partial(replace_all, (("%26", mark),))))
      for name, mark in ((";", "%3B"), (",", "%2C"), ("a line feed", "%0A"), ("nothing", ""))),
    ("with a ? before the first parameter", _change_part(2, "%3F{}".format)),
    ("with the parameters as the query of the URL", lambda text: "%3F".join(text.rsplit("&", 1))),
    ("with nothing between method, URL and parameters", lambda text: text.replace("&", "")),
    ("with line feeds between method, URL and parameters", lambda text: text.replace("&", "\n")),
    ("with all of it in lower case", str.lower),
)  # fmt: skip


def _write_list(write: Callable[[list[str]], str]) -> Choice:
    """Return what writes the values of each name that is there more than once as a list."""
    return spell_by_name(lambda values: [quote(write([decoded(value) for value in values]), safe="~")])


def _drop_numbers(name: str) -> str:
    return re.sub(r"%5B\d{1,9}%5D", "%5B%5D", name)


def _lower_text(text: str) -> str:
    """Return a text in lower case, without its escapes."""
    return re.sub("%[0-9a-f]{2}", lambda escape: escape[0].upper(), text.lower())


def _fill_in(word: str, value: str) -> str:
    return value or word


_NOTHING = ("None", "null", "undefined", "nil", "NULL")

# The pairs of names and values; without a cause: somebody changed the query or the form.
_CHOICES: tuple[tuple[str, str, Choice], ...] = (
    *(("empty-value", f"with {word} for what is empty", spell_values(partial(_fill_in, word))) for word in _NOTHING),
    ("empty-value", "with nothing for null, None and the like",
     spell_values(lambda value: "" if value in _NOTHING else value)),
    ("duplicate-parameters", "with the values of each name as a list of Python's", _write_list(repr)),
    ("duplicate-parameters", "with the values of each name as JSON", _write_list(json.dumps)),
    ("duplicate-parameters", "with the values of each name as JSON without spaces",
     _write_list(partial(json.dumps, separators=(",", ":")))),
    ("duplicate-parameters", "with the values of each name as a list of Java's",
     _write_list(lambda values: f"[{', '.join(values)}]")),
    *(("duplicate-parameters", f"with the values of each name joined by {mark!r}", _write_list(mark.join))
      for mark in (", ", ";", "|", " ")),
    ("duplicate-parameters", "with Array for the values of each name", _write_list(lambda values: "Array")),
    ("duplicate-parameters", "with [] for the numbers in brackets", spell_by_name(list, _drop_numbers)),
    ("duplicate-parameters", "with [] for the numbers in brackets, the first of each name only",
     spell_by_name(lambda values: values[:1], _drop_numbers)),
    ("duplicate-parameters", "with [] for the numbers in brackets, the last of each name only",
     spell_by_name(lambda values: values[-1:], _drop_numbers)),
    ("duplicate-parameters", "with [] for the numbers in brackets, the values joined by commas",
     spell_by_name(lambda values: ["%2C".join(values)], _drop_numbers)),
    ("duplicate-parameters", "without the numbers in brackets",
     spell_by_name(list, lambda name: re.sub(r"%5B\d{1,9}%5D", "", name))),
    ("", "with backslashes before quotes",  # PHP's addslashes, and its magic quotes
     spell_values(lambda value: re.sub("%5C|%2[27]", r"%5C\g<0>", value))),
    ("", "without the backslashes before quotes",
     spell_values(lambda value: re.sub("%5C(%5C|%2[27])", r"\1", value))),
    ("", "with True and False for true and false",
     spell_values(lambda value: value.capitalize() if value in ("true", "false") else value)),
    ("", "with true and false for True and False",
     spell_values(lambda value: value.lower() if value in ("True", "False") else value)),
    ("", "with 1 and 0 for true and false", spell_values(lambda value: {"true": "1", "false": "0"}.get(value, value))),
    ("", "with true and false for 1 and 0", spell_values(lambda value: {"1": "true", "0": "false"}.get(value, value))),
    ("", "with names in lower case", spell_names(_lower_text)),
    ("", "with values in lower case",
     lambda pairs: [(name, value if name.startswith("oauth_") else _lower_text(value)) for name, value in pairs]),
)  # fmt: skip


def _choose(parts: Parts, context: RequestContext) -> Iterator[Variant]:
    """Names and values that a language, or a framework, writes otherwise."""
    changed = "body-changed" if parts.form else "query-changed"
    for code, phrase, choice in _CHOICES:
        yield Variant(code or changed, phrase, {"keep": choice})
    names = [name for name, _ in parts.pairs if not name.startswith("oauth_")]
    for name in list(dict.fromkeys(names))[:_MAX_RESPELLED]:
        for what, space in (("space", "%20"), ("line feed", "%0A")):
            phrase = f"with a {what} after the value of {decoded(name)[:40]}"
            yield Variant(changed, phrase, {"keep": spell_values(f"{{}}{space}".format, only=name)})


def _sort_as_hash_map(pairs: list[Pair]) -> list[Pair]:
    """Put pairs into the order in which Java's HashMap has their names: by the buckets of a table."""
    size = 16
    while len(pairs) > size * 3 // 4:
        size *= 2
    return sorted(pairs, key=lambda pair: _hash_as_java(decoded(pair[0])) & size - 1)


def _hash_as_java(text: str) -> int:
    code = 0
    for unit in memoryview(text.encode("utf-16-le", "surrogatepass")).cast("H"):
        code = code * 31 + unit & 0xFFFFFFFF
    return code ^ code >> 16


_ORDERS: tuple[tuple[str, Choice], ...] = (
    ("sorted by value", lambda pairs: sorted(pairs, key=lambda pair: pair[1])),
    ("sorted by value, then by name", lambda pairs: sorted(pairs, key=lambda pair: pair[::-1])),
    ("sorted by name, the values of each name backwards",
     lambda pairs: sorted(sorted(pairs, reverse=True), key=lambda pair: pair[0])),
    ("sorted by the length of their names", lambda pairs: sorted(pairs, key=lambda pair: len(pair[0]))),
    ("in the order of Java's HashMap", _sort_as_hash_map),
    ("in the order of the wire, backwards", lambda pairs: pairs[::-1]),
)  # fmt: skip


def _respell_whole(parts: Parts, context: RequestContext) -> Iterator[Variant]:
    """The parameters in another order than s3.4.1.3.2's, or the parts put together otherwise (s3.4.1.1)."""
    for phrase, order in _ORDERS:
        yield Variant("parameter-order", f"with the parameters {phrase}", {"order": order})
    for phrase, finish in _JOINS:
        yield Variant("percent-encoding", phrase, {"finish": finish})


#: After all others, in this order.
RARE_RULES: tuple[Rule, ...] = (
    _vary_url, _respell_whole, _choose, _vary_protocol, _vary_charset, _vary_escapes,
)  # fmt: skip
