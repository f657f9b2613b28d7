"""How others spell, choose and order the parameters of a base string: tables of rules that are not the RFC's.

A row has the cause that it is, how the base string is made by it, to end a sentence that begins "The base string was
made ...", and the rule. The most specific rule comes first: where two make the same text, the first one is named.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from posixpath import normpath
from typing import Any, TypeVar
from unicodedata import normalize as unicode_form
from urllib.parse import quote, unquote, unquote_to_bytes

from ..protocol.encoding import Pair
from .base_string_parts import Choice, Spelling, decoded, in_bytes

__all__ = ["CHOICES", "FINISHES", "ORDERS", "PATHS", "SPELLINGS", "encode_again"]

_Rule = TypeVar("_Rule")
_Table = tuple[tuple[str, str, _Rule], ...]


def encode_again(text: str) -> str:
    """Percent-encode what is percent-encoded already."""
    return quote(text, safe="~")


# What most names and values are, and what is the same in each encoding.
_is_unreserved = re.compile("[A-Za-z0-9._~-]*").fullmatch

lower_escapes: Spelling = partial(re.compile("%[0-9A-Fa-f]{2}").sub, lambda escape: escape[0].lower())


def _leave(characters: str) -> Spelling:
    """Return what percent-encodes all but some more characters than s3.6 leaves alone."""
    return lambda text: text if _is_unreserved(text) else quote(unquote_to_bytes(text), safe=f"~{characters}")


def _recode(change: Callable[[bytes], bytes]) -> Spelling:
    """Return what changes the bytes that a text is an encoding of; what cannot be changed so stays as it is."""

    def spell(text: str) -> str:
        if _is_unreserved(text):
            return text
        try:
            return quote(change(unquote_to_bytes(text)), safe="~")
        except ValueError:
            return text

    return spell


def _encode_surrogates(utf8: bytes) -> bytes:
    """Encode each character beyond U+FFFF as its two surrogates (CESU-8), as older UTF-8 of Java and MySQL does."""
    units = memoryview(utf8.decode().encode("utf-16")).cast("H")[1:]  # the first one is the byte order mark
    return "".join(map(chr, units)).encode("utf-8", "surrogatepass")


def _normalize(form: Any) -> Spelling:
    return _recode(lambda utf8: unicode_form(form, utf8.decode()).encode())


#: Names and values, spelled by other rules than s3.6's.
SPELLINGS: _Table[Spelling] = (
    ("double-encoding", "with names and values percent-encoded twice", encode_again),
    ("plus-as-space", "with spaces as +", lambda text: text.replace("%20", "+")),
    ("plus-as-space", "with spaces as plus signs", lambda text: text.replace("%20", "%2B")),
    ("plus-as-space", "with plus signs as spaces", lambda text: text.replace("%2B", "%20")),
    ("percent-encoding", "with lower-case escapes", lower_escapes),
    ("percent-encoding", "with ~ escaped", lambda text: text.replace("~", "%7E")),
    ("percent-encoding", "with ~ escaped and spaces as +", lambda text: text.replace("~", "%7E").replace("%20", "+")),
    ("percent-encoding", "with * left alone", _leave("*")),
    ("percent-encoding", "with !*'() left alone", _leave("!*'()")),
    ("percent-encoding", "with / left alone", _leave("/")),
    ("percent-encoding", "with , left alone", _leave(",")),
    ("percent-encoding", "with : and / left alone", _leave(":/")),
    ("percent-encoding", "with [ and ] left alone", _leave("[]")),
    ("percent-encoding", "with @:/ and the like left alone", _leave(":/@,;$!*'()")),
    ("percent-encoding", "with @:/ and the like left alone, ? too", _leave(":/@,;$!*'()?")),
    ("charset", "with text in Latin-1", _recode(lambda utf8: utf8.decode().encode("latin-1"))),
    ("charset", "with text in Windows-1252", _recode(lambda utf8: utf8.decode().encode("cp1252"))),
    ("charset", "with text taken for Latin-1", _recode(lambda latin: latin.decode("latin-1").encode())),
    ("charset", "with text taken for Windows-1252", _recode(lambda windows: windows.decode("cp1252").encode())),
    ("charset", "with ? for what is not in Latin-1",
     _recode(lambda utf8: utf8.decode("utf-8", "replace").encode("latin-1", "replace"))),
    ("charset", "with ? for what is not in ASCII",
     _recode(lambda utf8: utf8.decode("utf-8", "replace").encode("ascii", "replace"))),
    ("charset", "with U+FFFD for what is not in UTF-8", _recode(lambda utf8: utf8.decode("utf-8", "replace").encode())),
    ("charset", "with characters beyond U+FFFF as surrogates (CESU-8)", _recode(_encode_surrogates)),
    ("charset", "with text in Unicode's composed form (NFC)", _normalize("NFC")),
    ("charset", "with text in Unicode's decomposed form (NFD)", _normalize("NFD")),
    ("charset", "with text in Unicode's compatible form (NFKC)", _normalize("NFKC")),
    ("double-encoding", "with names and values not percent-encoded", decoded),
)  # fmt: skip


def _swap_front_controller(path: str) -> str:
    return path.removeprefix("/index.php") if path.startswith("/index.php") else f"/index.php{path}"


#: The path of the URL. What a more general rule makes as well comes before that rule.
PATHS: _Table[Spelling] = (
    ("path", "with a slash after the path", lambda path: f"{path}/"),
    ("path", "without the last slash of the path", lambda path: path.rstrip("/")),
    ("path", "without the parameters (;) of the path", lambda path: path.partition(";")[0]),
    ("path", "with double slashes of the path as one", lambda path: re.sub("/{2,}", "/", path)),
    ("path", "without the ending (.json) of the path", lambda path: re.sub(r"(?<=[^/])\.\w{2,5}$", "", path)),
    ("path", "with .json after the path", lambda path: f"{path}.json"),
    ("path", "with /index.php in or out of the path", _swap_front_controller),
    ("path", "without the first segment of the path", lambda path: f"/{path[1:].partition('/')[2]}"),
    # WordPress in a folder puts the folder before a path that has it already.
    ("path", "with the first segment of the path twice", lambda path: f"/{path[1:].partition('/')[0]}{path}"),
    ("path", "without the path", lambda path: "/"),
    ("path", "with a ? after the path", lambda path: f"{path}?"),
    ("path", "with . and .. in the path resolved", normpath),
    ("percent-encoding", "with lower-case escapes in the path", lower_escapes),
    ("percent-encoding", "with the path escaped by other rules", _leave("/;=@:!$&'()*+,")),
    ("percent-encoding", "with the path escaped as values are", _leave("/")),
    ("plus-as-space", "with spaces of the path as +", lambda path: path.replace("%20", "+")),
    ("double-encoding", "with the path percent-encoded once more", lambda path: quote(path, safe="/~")),
    ("double-encoding", "with the path decoded", lambda path: in_bytes(decoded(path))),
    ("path", "with the path in lower case", str.lower),
)


def _join_by_comma(pairs: list[Pair]) -> list[Pair]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return [(name, "%2C".join(values)) for name, values in found.items()]


def _number_brackets(pairs: list[Pair]) -> list[Pair]:
    """Number what has empty brackets, as PHP does: ``a[]`` twice is ``a[0]`` and ``a[1]``."""
    counts: dict[str, int] = {}
    spelled = []
    for name, value in pairs:
        if name.endswith("%5B%5D"):
            counts[name] = counts.get(name, -1) + 1
            name = f"{name[:-3]}{counts[name]}%5D"
        spelled.append((name, value))
    return spelled


def _names(spell: Spelling) -> Choice:
    return lambda pairs: [(spell(name), value) for name, value in pairs]


def _values(spell: Spelling) -> Choice:
    return lambda pairs: [(name, spell(value)) for name, value in pairs]


#: Parameters that one side loses, or has otherwise; without a cause: somebody changed the query or the form.
CHOICES: _Table[Choice] = (
    ("empty-value", "without parameters that are empty", lambda pairs: [pair for pair in pairs if pair[1]]),
    ("duplicate-parameters", "with the last of each name only", lambda pairs: list(dict(pairs).items())),
    ("duplicate-parameters", "with the first of each name only", lambda pairs: list(dict(pairs[::-1]).items())),
    ("duplicate-parameters", "with the values of each name joined by commas", _join_by_comma),
    ("duplicate-parameters", "with what has [] after its name numbered", _number_brackets),
    ("", "without the [] of names", _names(lambda name: name.removesuffix("%5B%5D"))),
    ("", "with &amp; between parameters for &", _names(lambda name: name.removeprefix("amp%3B"))),
    ("percent-encoding", "with names not percent-encoded", _names(decoded)),
    ("percent-encoding", "with values not percent-encoded", _values(decoded)),
    # The variables of PHP have no dots and no spaces in their names.
    ("", "with _ for the dots and spaces of names", _names(lambda name: re.sub(r"\.|%20", "_", name))),
    ("", "with line feeds alone as the ends of lines", _values(lambda value: value.replace("%0D%0A", "%0A"))),
    ("", "with carriage returns before line feeds", _values(lambda value: re.sub("(?<!%0D)%0A", "%0D%0A", value))),
    ("", "without the white space around values", _values(_recode(bytes.strip))),
)


def _rank_number(run: str) -> tuple[int, int, str]:
    """Return what sorts digits by the number that they are; int() would refuse one of thousands of digits."""
    bare = run.lstrip("0")
    return (0, len(bare), bare) if run.isdecimal() else (1, 0, run)


def _rank_runs(separator: str) -> Callable[[Pair], Any]:
    """Return what sorts by the runs that a name consists of, numbers by their size."""
    return lambda pair: [_rank_number(run) for run in re.split(separator, decoded(pair[0]).rstrip("]"))]


def _is_protocol(pair: Pair) -> bool:
    return pair[0].startswith("oauth_")


def _sort(key: Callable[[Pair], Any]) -> Choice:
    """Return what sorts pairs by a key; those that are alike in it stay in the order of the wire."""
    return lambda pairs: sorted(pairs, key=key)


#: Another order than s3.4.1.3.2's; the cause is always the same.
ORDERS: tuple[tuple[str, Choice], ...] = (
    ("with the parameters in the order of the wire", list),
    ("with the protocol parameters first", _sort(lambda pair: not _is_protocol(pair))),
    ("with the protocol parameters first, each kind sorted",
     _sort(lambda pair: (not _is_protocol(pair), pair))),
    ("with the protocol parameters last, each kind sorted", _sort(lambda pair: (_is_protocol(pair), pair))),
    ("with the parameters sorted by names and values before their encoding",
     _sort(lambda pair: (decoded(pair[0]), decoded(pair[1])))),
    ("with the parameters sorted by name alone", _sort(lambda pair: pair[0])),
    ("with the parameters sorted without regard to case",
     _sort(lambda pair: (pair[0].lower(), pair[1].lower()))),
    ("with the parameters sorted as whole name=value texts", _sort("=".join)),
    ("with the parameters sorted as PHP sorts nested arrays", _sort(_rank_runs(r"[\[\]]+"))),
    ("with the parameters sorted by names, the members of arrays as they came",
     _sort(lambda pair: decoded(pair[0]).partition("[")[0])),
    ("with numbers in names sorted by their size", _sort(_rank_runs(r"(\d+)"))),
    ("with the parameters sorted backwards", lambda pairs: sorted(pairs, reverse=True)),
)  # fmt: skip


def _halves(spell_url: Spelling | None, spell_parameters: Spelling | None) -> Spelling:
    """Return what respells the method and the URL of a base string, or its parameters."""

    def finish(text: str) -> str:
        head, mark, tail = text.rpartition("&")
        return (spell_url(head) if spell_url else head) + mark + (spell_parameters(tail) if spell_parameters else tail)

    return finish


#: The whole of a base string that is otherwise right.
FINISHES: _Table[Spelling] = (
    ("percent-encoding", "with lower-case escapes throughout", lower_escapes),
    ("double-encoding", "with the parameters encoded once too seldom",
     _halves(None, lambda tail: tail.replace("%25", "%"))),
    ("percent-encoding", "with the parameters as a whole not percent-encoded", _halves(None, unquote)),
    ("percent-encoding", "with the = and & of the parameters left alone",
     _halves(None, lambda tail: tail.replace("%3D", "=").replace("%26", "&"))),
    ("percent-encoding", "with the URL not percent-encoded", _halves(unquote, None)),
    # An = is escaped once more with the parameters; within a value it is escaped twice.
    ("empty-value", "with no = after names that have no value",
     _halves(None, lambda tail: re.sub("%3D(?=%26|$)", "", tail))),
    ("method", "without the method", lambda text: text.partition("&")[2]),
    ("percent-encoding", "with neither the URL nor the parameters percent-encoded", unquote),
    ("double-encoding", "and then percent-encoded as a whole", encode_again),
    ("double-encoding", "with its URL and its parameters percent-encoded once more",
     lambda text: "&".join(map(encode_again, text.split("&")))),
    ("secret-whitespace", "with a line feed after it", "{}\n".format),
)  # fmt: skip
