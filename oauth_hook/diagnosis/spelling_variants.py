"""How others spell, choose and order the parameters of a base string: tables of rules that are not the RFC's.

A row has the cause that it is, how the base string is made by it, to end a sentence that begins "The base string was
made ...", and the rule. The most specific rule comes first: where two make the same text, the first one is named.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from html import escape as html_escape
from html import unescape as html_unescape
from posixpath import normpath
from typing import Any, TypeVar
from unicodedata import normalize as unicode_form
from urllib.parse import quote, unquote, unquote_to_bytes

from ..protocol.encoding import Pair
from .base_string_parts import Choice, Spelling, decoded, in_bytes

__all__ = [
    "CHOICES",
    "ENCODERS",
    "FINISHES",
    "MARKS",
    "MERGES",
    "ORDERS",
    "PATHS",
    "SPELLINGS",
    "encode_again",
    "recode",
    "replace_all",
    "spell_by_name",
    "spell_names",
    "spell_values",
]

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


def replace_all(changes: Iterable[tuple[str, str]], text: str) -> str:
    """Replace one text after the other."""
    for old, new in changes:
        text = text.replace(old, new)
    return text


def _encode_as(left_alone: str = "", *, space: str = "%20", tilde: str = "~", finish: Spelling = str) -> Spelling:
    """Return what spells text that is percent-encoded as s3.6 has it as another encoder would have.

    :param left_alone: characters that it does not encode.
    :param finish: what becomes of all escapes.
    """
    changes = [("~", tilde), ("%20", space), *((quote(one, safe=""), one) for one in left_alone)]
    changes = [(right, other) for right, other in changes if right != other]

    def spell(text: str) -> str:
        if "%" not in text and "~" not in text:
            return text
        return finish(replace_all(changes, text))

    return spell


def _escape_units(escapes: re.Match[str]) -> str:
    """Spell what is not ASCII as JavaScript's ``escape``: a byte for what is in Latin-1, ``%uXXXX`` for other units."""
    units = memoryview(decoded(escapes[0]).encode("utf-16", "surrogatepass")).cast("H")[1:]
    return "".join(f"%{unit:02X}" if unit < 256 else f"%u{unit:04X}" for unit in units)


#: The marks that s3.6 leaves alone, and their escapes.
MARKS = tuple((mark, f"%{ord(mark):02X}") for mark in "-._~")


def recode(change: Callable[[bytes], bytes]) -> Spelling:
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
    return recode(lambda utf8: unicode_form(form, utf8.decode()).encode())


_is_twofold = re.compile("%25[0-9A-Fa-f]{2}").search


def _decode_twofold(text: str) -> str:
    """Undo one of the two percent-encodings of what seems to have them: its client got it percent-encoded."""
    return decoded(text) if _is_twofold(text) else text


#: The encoders of others: each is used for names and values, for the base string's own parts, or for both.
ENCODERS: _Table[Spelling] = (
    ("plus-as-space", "with spaces as +", _encode_as(space="+")),
    ("percent-encoding", "with lower-case escapes", lower_escapes),
    ("percent-encoding", "with ~ escaped", _encode_as(tilde="%7E")),
    ("percent-encoding", "with ~ escaped and spaces as +", _encode_as(space="+", tilde="%7E")),  # PHP's urlencode
    ("percent-encoding", "with * left alone", _encode_as("*")),
    ("percent-encoding", "with * left alone, ~ escaped and spaces as +",  # Java's URLEncoder, browsers' forms
     _encode_as("*", space="+", tilde="%7E")),
    ("percent-encoding", "with * left alone and ~ escaped", _encode_as("*", tilde="%7E")),
    ("percent-encoding", "with !*'() left alone", _encode_as("!*'()")),  # encodeURIComponent, Uri.EscapeDataString
    ("percent-encoding", "with !*() left alone, ~ escaped and spaces as +",  # .NET's WebUtility
     _encode_as("!*()", space="+", tilde="%7E")),
    ("percent-encoding", "with !*() left alone, ~ escaped, spaces as + and lower-case escapes",  # and HttpUtility
     _encode_as("!*()", space="+", tilde="%7E", finish=lower_escapes)),
    ("percent-encoding", "with / left alone", _encode_as("/")),  # Python's quote
    ("percent-encoding", "with / left alone and ~ escaped", _encode_as("/", tilde="%7E")),  # before Python 3.7
    ("percent-encoding", "with / and ? left alone", _encode_as("/?")),  # AFNetworking, Alamofire
    ("percent-encoding", "with , left alone", _encode_as(",")),
    ("percent-encoding", "with : and / left alone", _encode_as(":/")),
    ("percent-encoding", "with [ and ] left alone", _encode_as("[]")),
    ("percent-encoding", "with $+!*'(), left alone", _encode_as("$+!*'(),")),  # RFC 1738
    ("percent-encoding", "with $&+=:@ left alone", _encode_as("$&+=:@")),  # Go's PathEscape
    ("percent-encoding", "with @:/ and the like left alone", _encode_as(":/@,;$!*'()")),
    ("percent-encoding", "with @:/ and the like left alone, ? too", _encode_as(":/@,;$!*'()?")),
    # Swift's character sets for a URL's parts, java.net.URI, JavaScript's encodeURI.
    ("percent-encoding", "with what may stand in a query left alone", _encode_as("!$&'()*+,/:;=?@")),
    ("percent-encoding", "with what may stand in a path left alone", _encode_as("!$&'()*+,/:=@")),
    ("percent-encoding", "with what may stand in a path left alone, ; too", _encode_as("!$&'()*+,/:;=@")),
    ("percent-encoding", "with what may stand in a host left alone", _encode_as("!$&'()*+,:;=[]")),
    ("percent-encoding", "with what may stand in a user's name left alone", _encode_as("!$&'()*+,;=")),
    ("percent-encoding", "with what may stand in a URL left alone", _encode_as("!$&'()*+,/:;=?@#")),
    ("percent-encoding", "with what may stand in a URL left alone, [ and ] too", _encode_as("!$&'()*+,/:;=?@#[]")),
    ("percent-encoding", "with -._~ escaped", partial(replace_all, MARKS)),  # Swift's alphanumerics
    ("percent-encoding", "with @*+/ left alone, and %uXXXX (JavaScript's escape)",
     _encode_as("@*+/", tilde="%7E", finish=partial(re.compile("(?:%[89A-F][0-9A-F])+").sub, _escape_units))),
)  # fmt: skip

#: Names and values, spelled by other rules than s3.6's.
SPELLINGS: _Table[Spelling] = (
    ("double-encoding", "with names and values percent-encoded twice", encode_again),
    ("plus-as-space", "with spaces as plus signs", lambda text: text.replace("%20", "%2B")),
    ("plus-as-space", "with plus signs as spaces", lambda text: text.replace("%2B", "%20")),
    ("charset", "with text in Latin-1", recode(lambda utf8: utf8.decode().encode("latin-1"))),
    ("charset", "with text in Windows-1252", recode(lambda utf8: utf8.decode().encode("cp1252"))),
    ("charset", "with text taken for Latin-1", recode(lambda latin: latin.decode("latin-1").encode())),
    ("charset", "with text taken for Windows-1252", recode(lambda windows: windows.decode("cp1252").encode())),
    ("charset", "with ? for what is not in Latin-1",
     recode(lambda utf8: utf8.decode("utf-8", "replace").encode("latin-1", "replace"))),
    ("charset", "with ? for what is not in ASCII",
     recode(lambda utf8: utf8.decode("utf-8", "replace").encode("ascii", "replace"))),
    ("charset", "with U+FFFD for what is not in UTF-8", recode(lambda utf8: utf8.decode("utf-8", "replace").encode())),
    ("charset", "with characters beyond U+FFFF as surrogates (CESU-8)", recode(_encode_surrogates)),
    ("charset", "with text in Unicode's composed form (NFC)", _normalize("NFC")),
    ("charset", "with text in Unicode's decomposed form (NFD)", _normalize("NFD")),
    ("charset", "with text in Unicode's compatible form (NFKC)", _normalize("NFKC")),
    *ENCODERS,
    ("double-encoding", "with names and values percent-encoded once less than they were sent", _decode_twofold),
    ("percent-encoding", "with names and values not percent-encoded", decoded),
)  # fmt: skip


#: The path of the URL. What a more general rule makes as well comes before that rule.
PATHS: _Table[Spelling] = (
    ("path", "with a slash after the path", lambda path: f"{path}/"),
    ("path", "without the last slash of the path", lambda path: path.rstrip("/")),
    ("path", "without the parameters (;) of the path", lambda path: path.partition(";")[0]),
    ("path", "with double slashes of the path as one", lambda path: re.sub("/{2,}", "/", path)),
    ("path", "without the ending (.json) of the path", lambda path: re.sub(r"(?<=[^/])\.\w{2,5}$", "", path)),
    ("path", "with .json after the path", lambda path: f"{path}.json"),
    ("path", "with /index.php in or out of the path",
     lambda path: path.removeprefix("/index.php") if path.startswith("/index.php") else f"/index.php{path}"),
    ("path", "without the first segment of the path", lambda path: f"/{path[1:].partition('/')[2]}"),
    # WordPress in a folder puts the folder before a path that has it already.
    ("path", "with the first segment of the path twice", lambda path: f"/{path[1:].partition('/')[0]}{path}"),
    ("path", "without the path", lambda path: "/"),
    ("path", "without the path and its slash", lambda path: ""),
    ("path", "with two slashes before the path", lambda path: f"/{path}"),
    ("path", "with a ? after the path", lambda path: f"{path}?"),
    ("path", "with . and .. in the path resolved", normpath),
    ("percent-encoding", "with lower-case escapes in the path", lower_escapes),
    ("percent-encoding", "with the path escaped by other rules", _leave("/;=@:!$&'()*+,")),
    ("percent-encoding", "with the path escaped as values are", _leave("/")),
    ("plus-as-space", "with spaces of the path as +", lambda path: path.replace("%20", "+")),
    ("double-encoding", "with the path percent-encoded once more", lambda path: quote(path, safe="/~")),
    ("double-encoding", "with the path decoded", lambda path: in_bytes(decoded(path))),
    ("path", "with the path in lower case", str.lower),
)  # fmt: skip


def spell_by_name(spell: Callable[[list[str]], list[str]], rename: Spelling = str) -> Choice:
    """Return what spells the values of each name that is there more than once; under another name, if one is made."""

    def choose(pairs: list[Pair]) -> list[Pair]:
        found: dict[str, list[str]] = {}
        for name, value in pairs:
            found.setdefault(rename(name), []).append(value)
        return [(name, value) for name, values in found.items() for value in (spell(values) if values[1:] else values)]

    return choose


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


def _number_repeated(form: str) -> Choice:
    """Return what puts a number to each name that is there more than once, as PHP's http_build_query does."""

    def number(pairs: list[Pair]) -> list[Pair]:
        totals = Counter(name for name, _ in pairs)
        counts: Counter[str] = Counter()
        spelled = []
        for name, value in pairs:
            spelled.append((name if totals[name] == 1 else name + form.format(counts[name]), value))
            counts[name] += 1
        return spelled

    return number


def _name_as_php(name: str) -> str:
    """Return the variable that PHP makes of a name: without brackets, and _ for dots and spaces."""
    return re.sub(r"\.|%20", "_", name.partition("%5B")[0] or name)


def spell_names(spell: Spelling) -> Choice:
    """Return what spells each name."""
    return lambda pairs: [(spell(name), value) for name, value in pairs]


def spell_values(spell: Spelling, only: str | None = None) -> Choice:
    """Return what spells the values, or those of one name only."""
    return lambda pairs: [(name, spell(value) if only in (None, name) else value) for name, value in pairs]


#: One parameter of those that are alike.
MERGES: _Table[Choice] = (
    ("duplicate-parameters", "with the last of each name only", lambda pairs: list(dict(pairs).items())),
    ("duplicate-parameters", "with the first of each name only", lambda pairs: list(dict(pairs[::-1]).items())),
    (
        "duplicate-parameters",
        "with the same parameter once, where it is there twice",
        lambda pairs: list(dict.fromkeys(pairs)),
    ),
)  # fmt: skip

#: Parameters that one side loses, or has otherwise; without a cause: somebody changed the query or the form.
CHOICES: _Table[Choice] = (
    ("empty-value", "without parameters that are empty", lambda pairs: [pair for pair in pairs if pair[1]]),
    *MERGES,
    (
        "duplicate-parameters",
        "with the values of each name joined by commas",
        spell_by_name(lambda values: ["%2C".join(values)]),
    ),
    ("duplicate-parameters", "with what has [] after its name numbered", _number_brackets),
    ("duplicate-parameters", "with names that are repeated numbered", _number_repeated("%5B{}%5D")),
    ("duplicate-parameters", "with [] after names that are repeated", _number_repeated("%5B%5D")),
    ("", "without the [] of names", spell_names(lambda name: name.removesuffix("%5B%5D"))),
    ("", "with &amp; between parameters for &", spell_names(lambda name: name.removeprefix("amp%3B"))),
    ("percent-encoding", "with names not percent-encoded", spell_names(decoded)),
    ("percent-encoding", "with values not percent-encoded", spell_values(decoded)),
    # The variables of PHP have no dots and no spaces in their names.
    ("", "with _ for the dots and spaces of names", spell_names(lambda name: re.sub(r"\.|%20", "_", name))),
    ("", "with names as PHP has them, without brackets", spell_names(_name_as_php)),
    ("", "with values escaped for HTML", spell_values(recode(lambda utf8: html_escape(utf8.decode()).encode()))),
    (
        "",
        "with values unescaped as if from HTML",
        spell_values(recode(lambda utf8: html_unescape(utf8.decode()).encode())),
    ),
    ("", "with line feeds alone as the ends of lines", spell_values(lambda value: value.replace("%0D%0A", "%0A"))),
    ("", "with carriage returns before line feeds", spell_values(lambda value: re.sub("(?<!%0D)%0A", "%0D%0A", value))),
    ("", "without the white space around values", spell_values(recode(bytes.strip))),
)


def _rank_number(run: str) -> tuple[int, int, str]:
    """Return what sorts digits by the number that they are; int() would refuse one of thousands of digits."""
    bare = run.lstrip("0")
    return (0, len(bare), bare) if run.isdecimal() else (1, 0, run)


def _rank_runs(separator: str) -> Callable[[Pair], Any]:
    """Return what sorts by the runs that a name consists of, numbers by their size."""
    return lambda pair: [_rank_number(run) for run in re.split(separator, decoded(pair[0]).rstrip("]"))]


# Unicode's collation, as JavaScript's localeCompare and .NET's culture have it: marks, digits, letters of either case.
_COLLATION = {mark: chr(rank) for rank, mark in enumerate("_-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$0123456789")}
_collate = str.maketrans(_COLLATION)


def _rank_by_locale(read: Spelling) -> Callable[[Pair], Any]:
    """Return what sorts as a dictionary does: small letters before capital ones, where all else is the same."""
    return lambda pair: [(text.lower().translate(_collate), text.swapcase()) for text in map(read, pair)]


def _rank_by_size(pair: Pair) -> Any:
    """Return what sorts as a dictionary does, numbers by their size."""
    runs = [[_rank_number(run) for run in re.split(r"(\d+)", text.lower())] for text in pair]
    return [[(kind, size, run.translate(_collate)) for kind, size, run in text] for text in runs]


def _rank_by_letters(pair: Pair) -> list[tuple[str, str]]:
    """Return what sorts without regard to marks, as the C library's locales do."""
    plain = (decoded(pair[0]), decoded(pair[1]))
    return [(re.sub(r"[\W_]", "", text.lower()), text.swapcase()) for text in plain]


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
    ("with numbers in values sorted by their size",
     _sort(lambda pair: (pair[0], [_rank_number(run) for run in re.split(r"(\d+)", decoded(pair[1]))]))),
    ("with numbers in names and values sorted by their size",
     _sort(lambda pair: [[_rank_number(run) for run in re.split(r"(\d+)", decoded(text))] for text in pair])),
    ("with the parameters sorted as a locale has it", _sort(_rank_by_locale(str))),
    ("with the parameters sorted as a locale has it, before their encoding", _sort(_rank_by_locale(decoded))),
    ("with the parameters sorted as a locale has it, numbers by their size", _sort(_rank_by_size)),
    ("with the parameters sorted as a locale has it, by letters and digits alone", _sort(_rank_by_letters)),
    ("with the protocol parameters sorted, and all others before them as they came",
     _sort(lambda pair: (True, pair) if _is_protocol(pair) else (False,))),
    ("with the protocol parameters sorted, and all others after them as they came",
     _sort(lambda pair: (False, pair) if _is_protocol(pair) else (True,))),
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
    ("percent-encoding", "with the parameters encoded once too seldom",
     _halves(None, lambda tail: tail.replace("%25", "%"))),
    ("percent-encoding", "with the parameters as a whole not percent-encoded", _halves(None, unquote)),
    ("percent-encoding", "with the = and & of the parameters left alone",
     _halves(None, lambda tail: tail.replace("%3D", "=").replace("%26", "&"))),
    ("percent-encoding", "with the URL not percent-encoded", _halves(unquote, None)),
    # An = is escaped once more with the parameters; within a value it is escaped twice.
    ("empty-value", "with no = after names that have no value",
     _halves(None, lambda tail: re.sub("%3D(?=%26|$)", "", tail))),
    ("percent-encoding", "with each name=value encoded as one",
     _halves(None, lambda tail: tail.replace("%3D", "%253D"))),
    ("percent-encoding", "with &amp; between the parameters",
     _halves(None, lambda tail: tail.replace("%26", "%26amp%3B"))),
    ("percent-encoding", "with &amp; between method, URL and parameters", lambda text: text.replace("&", "&amp;")),
    ("query-changed", "with a & after the last parameter", "{}%26".format),
    ("query-changed", "with a & before the first parameter", _halves(None, "%26{}".format)),
    ("method", "without the method", lambda text: text.partition("&")[2]),
    ("percent-encoding", "with neither the URL nor the parameters percent-encoded", unquote),
    ("double-encoding", "and then percent-encoded as a whole", encode_again),
    ("double-encoding", "with its URL and its parameters percent-encoded once more",
     lambda text: "&".join(map(encode_again, text.split("&")))),
    ("double-encoding", "with its parameters percent-encoded once more", _halves(None, encode_again)),
    ("double-encoding", "with its URL percent-encoded once more",
     lambda text: "&".join(encode_again(part) if at == 1 else part for at, part in enumerate(text.split("&")))),
    ("secret-whitespace", "with a line feed after it", "{}\n".format),
)  # fmt: skip
