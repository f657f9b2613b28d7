"""Two base strings side by side, part by part, and what their differences mean."""

from __future__ import annotations

import re
from collections import Counter, deque
from itertools import permutations
from typing import NamedTuple
from unicodedata import normalize as unicode_form

from ..protocol.encoding import Pair
from .base_string_parts import URL_PARTS, Parts, decoded
from .base_string_variants import TOO_LONG

__all__ = ["ComparisonRow", "Difference", "align", "differences"]


class ComparisonRow(NamedTuple):
    """One part, as either side has it; ``None``: that side has none.

    :ivar name: ``method``, ``scheme``, ``host``, ``port``, ``path``, or a parameter's name.
    """

    name: str
    left: str | None
    right: str | None

    @property
    def differs(self) -> bool:
        """Whether the two sides have it differently."""
        return self.left != self.right


class Difference(NamedTuple):
    """What a difference means.

    :ivar code: the cause.
    :ivar phrase: what differs, as a sentence without its full stop; ``{left}`` and ``{right}`` stand for the sides.
    """

    code: str
    phrase: str

    def phrase_for(self, left: str, right: str) -> str:
        """Return the phrase with the names of the sides; names of parameters may have braces of their own."""
        return self.phrase.replace("{left}", left).replace("{right}", right)


def align(left: Parts, right: Parts) -> list[ComparisonRow]:
    """Return the parts of two base strings side by side, parameters in order of their names."""
    rows = [ComparisonRow(name, getattr(left, name), getattr(right, name)) for name in URL_PARTS]
    ours, theirs = _sorted(left), _sorted(right)
    for name in dict.fromkeys(sorted([*ours, *theirs])):
        mine, other = ours.get(name, []), theirs.get(name, [])
        if mine == other:
            rows += [ComparisonRow(name, value, value) for value in mine]
            continue
        both = Counter(mine) & Counter(other)
        rows += [ComparisonRow(name, value, value) for value in both.elements()]
        mine, other = list((Counter(mine) - both).elements()), list((Counter(other) - both).elements())
        for position in range(max(len(mine), len(other))):
            rows.append(ComparisonRow(name, _at(mine, position), _at(other, position)))
    return rows


def _sorted(parts: Parts) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in parts.pairs:
        found.setdefault(name, []).append(value)
    return found


def _at(values: list[str], position: int) -> str | None:
    return values[position] if position < len(values) else None


def differences(ours: Parts, theirs: Parts) -> list[Difference]:
    """Say what the differences between two base strings mean, the address first.

    :param ours: of the request, with query and form told apart.
    :param theirs: of the other side, which does not tell them apart.
    """
    found = [_compare_url(name, ours, theirs) for name in URL_PARTS if getattr(ours, name) != getattr(theirs, name)]
    mine, others = ours.pairs, theirs.pairs
    only_ours, only_theirs = Counter(mine) - Counter(others), Counter(others) - Counter(mine)
    if not only_ours and not only_theirs:
        if mine and list(ours.order(mine)) != list(theirs.order(others)):
            found.append(Difference("parameter-order", "the parameters are in another order"))
        return found
    return found + _compare_parameters(ours, list(only_ours.elements()), list(only_theirs.elements()))


def _compare_url(name: str, ours: Parts, theirs: Parts) -> Difference:
    mine, other = str(getattr(ours, name)), str(getattr(theirs, name))
    code = name
    if name == "path" and decoded(mine) == decoded(other):
        code = "percent-encoding"
    elif name == "path" and (decoded(mine) == other or mine == decoded(other)):
        code = "double-encoding"
    return Difference(code, f"{{left}} has {_shown(name, mine)}, {{right}} {_shown(name, other)}")


def _shown(name: str, value: str) -> str:
    return f"the {name} {value}" if value else f"no {name}"


def _compare_parameters(ours: Parts, only_ours: list[Pair], only_theirs: list[Pair]) -> list[Difference]:
    form = Counter(Parts("", "", "", "", "", form=ours.form).pairs)
    missing = list(only_ours)
    found: list[Difference] = []
    if form and not form - Counter(missing) and not {name for name, _ in form} & {name for name, _ in only_theirs}:
        missing = list((Counter(missing) - form).elements())
        found.append(Difference("body-not-signed", "{right} has none of the form's fields"))
    partners: dict[str, deque[Pair]] = {}
    for pair in only_theirs:
        partners.setdefault(decoded(pair[0]), deque()).append(pair)
    alone = []
    for pair in missing:
        others = partners.get(decoded(pair[0]))
        if others:
            found.append(_compare_values(pair, others.popleft(), in_form=pair in form))
        else:
            alone.append(pair)
    names = Counter(name for name, _ in ours.pairs)
    found += [_explain_missing(pair, often=names[pair[0]] > 1, in_form=pair in form) for pair in alone]
    found += [_explain_extra(pair) for others in partners.values() for pair in others]
    return list({difference.code: difference for difference in reversed(found)}.values())[::-1]


def _compare_values(ours: Pair, theirs: Pair, *, in_form: bool) -> Difference:
    """Say how two values of one name come to differ."""
    name, mine, other = decoded(ours[0]), ours[1], theirs[1]
    if max(len(mine), len(other)) > TOO_LONG:  # to be read in other ways, each of which costs as much as it is long
        return Difference("body-changed" if in_form else "query-changed", f"{name} differs")
    plain, theirs_plain = decoded(mine), decoded(other)
    phrase = f"{name} differs"
    if plain == theirs_plain:
        return Difference("percent-encoding", f"{name} is escaped by other rules")
    if plain in (decoded(theirs_plain), other) or theirs_plain in (decoded(plain), mine):
        return Difference("double-encoding", f"{name} is percent-encoded once more on one side")
    if plain.replace("+", " ") == theirs_plain.replace("+", " "):
        return Difference("plus-as-space", f"{name} has a + on one side, and a space on the other")
    if _same_text(plain, theirs_plain):
        return Difference("charset", f"{name} is the same text in another encoding")
    return Difference(_CREDENTIALS.get(name, "body-changed" if in_form else "query-changed"), phrase)


_CREDENTIALS = {
    "oauth_consumer_key": "consumer-key", "oauth_token": "token-key", "oauth_signature_method": "signature-method",
    "oauth_body_hash": "body-changed", "oauth_timestamp": "clock-skew",
}  # fmt: skip


_CHARSETS = ("utf-8", "latin-1", "cp1252")


def _same_text(left: str, right: str) -> bool:
    """Tell whether two values are one text that was read or written in other encodings, whole or with losses."""
    if unicode_form("NFKC", left) == unicode_form("NFKC", right):  # which is so of NFC and NFD, too
        return True
    if any(_recoded(left, *charsets) == right for charsets in permutations(_CHARSETS, 2)):
        return True
    # A server puts ? or U+FFFD for what it cannot write or read; that is lost where the other side has something.
    lost = "\ufffd" in left + right or _is_lossy(left) != _is_lossy(right)
    return lost and _skeleton(left) == _skeleton(right)


def _recoded(text: str, write: str, read: str) -> str | None:
    try:
        return text.encode(write).decode(read)
    except ValueError:
        return None


def _is_lossy(text: str) -> bool:
    return text.replace("\ufffd", "").isascii()


def _skeleton(text: str) -> str:
    return re.sub(r"[^\x00-\x3e\x40-\x7f]+", "?", text)


def _explain_missing(pair: Pair, *, often: bool, in_form: bool) -> Difference:
    name = decoded(pair[0])
    if name in _ABSENT:
        return Difference(_ABSENT[name], f"{{right}} has no {name}")
    if not pair[1]:
        return Difference("empty-value", f"{{right}} has no {name}, which is empty")
    if often:
        return Difference("duplicate-parameters", f"{{right}} has {name} less often")
    return Difference("body-changed" if in_form else "query-changed", f"{{right}} has no {name}")


_ABSENT = {"oauth_callback": "callback-missing", "oauth_verifier": "verifier-missing", "oauth_token": "token-missing"}


def _explain_extra(pair: Pair) -> Difference:
    name = decoded(pair[0])
    if name == "realm":
        return Difference("realm", "{right} has the realm among the parameters")
    if not pair[1] and name == "oauth_token":
        return Difference("empty-value", f"{{right}} has an empty {name}")
    return Difference("query-changed", f"{{right}} has {name}, and {{left}} has not")
