"""How others spell, choose and order the parameters of a base string: tables of rules that are not the RFC's.

In each table the most specific rule comes first: where two make the same text, the first one is named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal
from unicodedata import normalize as unicode_form
from urllib.parse import quote, unquote, unquote_to_bytes

from ..protocol.encoding import Pair
from .base_string_parts import Spelling, decoded, respell

__all__ = ["CHOICES", "FINISHES", "ORDERS", "SPELLINGS", "encoded_again", "lower_escapes", "spell_path"]

Choice = Callable[[list[Pair]], list[Pair]]


def lower_escapes(text: str) -> str:
    """Spell escapes with lower-case digits."""
    return re.sub("%[0-9A-Fa-f]{2}", lambda escape: escape[0].lower(), text)


def encoded_again(text: str) -> str:
    """Percent-encode what is percent-encoded already."""
    return quote(text, safe="~")


def spell_path(spell: Spelling) -> Spelling:
    """Return what spells each segment of a path by a rule for values."""
    return lambda path: "/".join(spell(segment) for segment in path.split("/"))


# Names and values, spelled by other rules than s3.6's


def _left_alone(characters: str) -> Spelling:
    return lambda text: respell(text, f"~{characters}")


def _recoded(read: str, write: str, errors: Literal["strict", "replace"] = "strict") -> Spelling:
    """Return what takes text for one encoding and writes another; what cannot be read or written so stays as it is."""

    def spell(text: str) -> str:
        try:
            return quote(unquote_to_bytes(text).decode(read, errors).encode(write, errors), safe="~")
        except ValueError:
            return text

    return spell


def _surrogates(text: str) -> str:
    """Spell each character beyond U+FFFF as its two surrogates (CESU-8), as older UTF-8 of Java and MySQL does."""
    try:
        plain = unquote_to_bytes(text).decode()
    except ValueError:
        return text
    pairs = re.sub("[^\0-\uffff]", lambda far: _pair_of(ord(far[0]) - 0x10000), plain)
    return quote(pairs, safe="~", errors="surrogatepass")


def _pair_of(far: int) -> str:
    return chr(0xD800 + (far >> 10)) + chr(0xDC00 + (far & 0x3FF))


def _unicode(form: Literal["NFC", "NFD", "NFKC"]) -> Spelling:
    def spell(text: str) -> str:
        try:
            return quote(unicode_form(form, unquote_to_bytes(text).decode()), safe="~")
        except ValueError:
            return text

    return spell


#: The cause, how it is done, and what does it.
SPELLINGS: tuple[tuple[str, str, Spelling], ...] = (
    ("double-encoding", "with names and values percent-encoded twice", encoded_again),
    ("plus-as-space", "with spaces as +", lambda text: text.replace("%20", "+")),
    ("plus-as-space", "with spaces as plus signs", lambda text: text.replace("%20", "%2B")),
    ("plus-as-space", "with plus signs as spaces", lambda text: text.replace("%2B", "%20")),
    ("percent-encoding", "with lower-case escapes", lower_escapes),
    ("percent-encoding", "with ~ escaped", lambda text: text.replace("~", "%7E")),
    ("percent-encoding", "with ~ escaped and spaces as +", lambda text: text.replace("~", "%7E").replace("%20", "+")),
    ("percent-encoding", "with * left alone", _left_alone("*")),
    ("percent-encoding", "with !*'() left alone", _left_alone("!*'()")),
    ("percent-encoding", "with / left alone", _left_alone("/")),
    ("percent-encoding", "with , left alone", _left_alone(",")),
    ("percent-encoding", "with : and / left alone", _left_alone(":/")),
    ("percent-encoding", "with [ and ] left alone", _left_alone("[]")),
    ("percent-encoding", "with @:/ and the like left alone", _left_alone(":/@,;$!*'()")),
    ("percent-encoding", "with @:/ and the like left alone, ? too", _left_alone(":/@,;$!*'()?")),
    ("charset", "with text in Latin-1", _recoded("utf-8", "latin-1")),
    ("charset", "with text in Windows-1252", _recoded("utf-8", "cp1252")),
    ("charset", "with text taken for Latin-1", _recoded("latin-1", "utf-8")),
    ("charset", "with text taken for Windows-1252", _recoded("cp1252", "utf-8")),
    ("charset", "with ? for what is not in Latin-1", _recoded("utf-8", "latin-1", "replace")),
    ("charset", "with ? for what is not in ASCII", _recoded("utf-8", "ascii", "replace")),
    ("charset", "with U+FFFD for what is not in UTF-8", _recoded("utf-8", "utf-8", "replace")),
    ("charset", "with characters beyond U+FFFF as surrogates (CESU-8)", _surrogates),
    ("charset", "with text in Unicode's composed form (NFC)", _unicode("NFC")),
    ("charset", "with text in Unicode's decomposed form (NFD)", _unicode("NFD")),
    ("charset", "with text in Unicode's compatible form (NFKC)", _unicode("NFKC")),
    ("double-encoding", "with names and values not percent-encoded", lambda text: decoded(text)),
)


# Parameters that one side loses, or has otherwise


def _not_empty(pairs: list[Pair]) -> list[Pair]:
    return [pair for pair in pairs if pair[1]]


def _last_of_each(pairs: list[Pair]) -> list[Pair]:
    return list(dict(pairs).items())


def _first_of_each(pairs: list[Pair]) -> list[Pair]:
    return list(dict(reversed(pairs)).items())


def _joined_by_comma(pairs: list[Pair]) -> list[Pair]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return [(name, "%2C".join(values)) for name, values in found.items()]


def _numbered(pairs: list[Pair]) -> list[Pair]:
    """Number what has empty brackets, as PHP does: ``a[]`` twice is ``a[0]`` and ``a[1]``."""
    counts: dict[str, int] = {}
    spelled = []
    for name, value in pairs:
        if name.endswith("%5B%5D"):
            counts[name] = counts.get(name, -1) + 1
            name = f"{name[:-3]}{counts[name]}%5D"
        spelled.append((name, value))
    return spelled


def _each(of_name: Spelling | None, of_value: Spelling | None) -> Choice:
    """Return what spells all names by one rule, and all values by another."""
    return lambda pairs: [
        (name if of_name is None else of_name(name), value if of_value is None else of_value(value))
        for name, value in pairs
    ]


def _underlined(name: str) -> str:
    """Spell a name as PHP does, whose variables have no dots and no spaces in their names."""
    return re.sub(r"\.|%20", "_", name)


def _trimmed(value: str) -> str:
    return quote(unquote_to_bytes(value).strip(), safe="~")


#: Likewise, of all pairs; ``changed`` stands for the cause that somebody changed the query or the form.
CHOICES: tuple[tuple[str, str, Choice], ...] = (
    ("empty-value", "without parameters that are empty", _not_empty),
    ("duplicate-parameters", "with the last of each name only", _last_of_each),
    ("duplicate-parameters", "with the first of each name only", _first_of_each),
    ("duplicate-parameters", "with the values of each name joined by commas", _joined_by_comma),
    ("duplicate-parameters", "with what has [] after its name numbered", _numbered),
    ("changed", "without the [] of names", _each(lambda name: name.removesuffix("%5B%5D"), None)),
    ("changed", "with &amp; between parameters for &", _each(lambda name: name.removeprefix("amp%3B"), None)),
    ("percent-encoding", "with names not percent-encoded", _each(decoded, None)),
    ("percent-encoding", "with values not percent-encoded", _each(None, decoded)),
    ("changed", "with _ for the dots and spaces of names", _each(_underlined, None)),
    ("changed", "with line feeds alone as the ends of lines", _each(None, lambda text: text.replace("%0D%0A", "%0A"))),
    ("changed", "with carriage returns before line feeds",
     _each(None, lambda text: re.sub("(?<!%0D)%0A", "%0D%0A", text))),
    ("changed", "without the white space around values", _each(None, _trimmed)),
)  # fmt: skip


# Another order than s3.4.1.3.2's


def _unencoded(pair: Pair) -> tuple[str, str]:
    return decoded(pair[0]), decoded(pair[1])


def _number(digits: str) -> tuple[int, int, str]:
    """Return what sorts digits by the number that they are; a number of thousands of digits would be refused."""
    bare = digits.lstrip("0")
    return 0, len(bare), bare


def _nested(pair: Pair) -> tuple[object, ...]:
    """PHP's order: names as keys of nested arrays, numbers by their size."""
    keys = re.split(r"[\[\]]+", decoded(pair[0]).rstrip("]"))
    return tuple(_number(key) if key.isdecimal() else (1, 0, key) for key in keys)


def _array(pair: Pair) -> str:
    return decoded(pair[0]).partition("[")[0]


def _by_numbers(pair: Pair) -> list[tuple[int, int, str]]:
    runs = re.split(r"(\d+)", decoded(pair[0]))
    return [_number(run) if run.isdecimal() else (1, 0, run) for run in runs]


def _any_case(pair: Pair) -> tuple[str, str]:
    return pair[0].lower(), pair[1].lower()


def _is_protocol(pair: Pair) -> bool:
    return pair[0].startswith("oauth_")


def _by(key: Callable[[Pair], object]) -> Choice:
    """Return what sorts pairs by a key; those that are alike in it stay in the order of the wire."""
    return lambda pairs: sorted(pairs, key=key)  # type: ignore[arg-type]


#: Likewise; the cause is always the same.
ORDERS: tuple[tuple[str, Callable[[list[Pair]], Sequence[Pair]]], ...] = (
    ("with the parameters in the order of the wire", list),
    ("with the protocol parameters first", _by(lambda pair: not _is_protocol(pair))),
    ("with the protocol parameters first, each kind sorted", _by(lambda pair: (not _is_protocol(pair), pair))),
    ("with the protocol parameters last, each kind sorted", _by(lambda pair: (_is_protocol(pair), pair))),
    ("with the parameters sorted by names and values before their encoding", _by(_unencoded)),
    ("with the parameters sorted by name alone", _by(lambda pair: pair[0])),
    ("with the parameters sorted without regard to case", _by(_any_case)),
    ("with the parameters sorted as whole name=value texts", _by("=".join)),
    ("with the parameters sorted as PHP sorts nested arrays", _by(_nested)),
    ("with the parameters sorted by names, the members of arrays as they came", _by(_array)),
    ("with numbers in names sorted by their size", _by(_by_numbers)),
    ("with the parameters sorted backwards", lambda pairs: sorted(pairs, reverse=True)),
)


# The whole of it, made in another way


def _of_parameters(spell: Spelling) -> Spelling:
    """Return what respells the parameters of a base string that is otherwise right."""

    def finish(text: str) -> str:
        head, mark, parameters = text.rpartition("&")
        return head + mark + spell(parameters)

    return finish


def _address_unencoded(text: str) -> str:
    head, mark, parameters = text.rpartition("&")
    return unquote(head) + mark + parameters


def _parts_encoded_again(text: str) -> str:
    return "&".join(map(encoded_again, text.split("&")))


def _separators(text: str) -> str:
    return text.replace("%3D", "=").replace("%26", "&")


# An = is escaped once more with the parameters; within a value it is escaped twice.
_no_equals = partial(re.compile("%3D(?=%26|$)").sub, "")

#: Likewise, of a whole base string.
FINISHES: tuple[tuple[str, str, Spelling], ...] = (
    ("percent-encoding", "with lower-case escapes throughout", lower_escapes),
    ("double-encoding", "with the parameters encoded once too seldom",
     _of_parameters(lambda text: text.replace("%25", "%"))),
    ("percent-encoding", "with the parameters as a whole not percent-encoded", _of_parameters(unquote)),
    ("percent-encoding", "with the = and & of the parameters left alone", _of_parameters(_separators)),
    ("percent-encoding", "with the URL not percent-encoded", _address_unencoded),
    ("empty-value", "with no = after names that have no value", _of_parameters(_no_equals)),
    ("method", "without the method", lambda text: text.partition("&")[2]),
    ("percent-encoding", "with neither the URL nor the parameters percent-encoded", unquote),
    ("double-encoding", "and then percent-encoded as a whole", encoded_again),
    ("double-encoding", "with its URL and its parameters percent-encoded once more", _parts_encoded_again),
    ("secret-whitespace", "with a line feed after it", "{}\n".format),
)  # fmt: skip
