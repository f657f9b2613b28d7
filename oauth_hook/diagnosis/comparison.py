"""Two base strings side by side, part by part, and what their differences mean."""

from __future__ import annotations

import re
from collections import Counter, deque
from itertools import zip_longest
from typing import NamedTuple

from ..protocol.encoding import Pair
from .base_string_parts import URL_PARTS, Parts, decoded
from .base_string_variants import TOO_LONG
from .findings import ABSENT, BETWEEN, SERVER
from .spelling_variants import SPELLINGS

__all__ = ["ComparisonRow", "Difference", "align", "differences", "server_side"]


class ComparisonRow(NamedTuple):
    """One part, as either side has it; ``None``: that side has none.

    :ivar name: ``method``, ``scheme``, ``host``, ``port``, ``path``, or a parameter's name.
    :ivar source: what it was made from, such as ``query``; empty where the request does not have it.
    """

    name: str
    left: str | None
    right: str | None
    source: str = ""

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
    values: dict[str, tuple[list[str], list[str]]] = {}
    for side, parts in enumerate((left, right)):
        for name, value in parts.pairs:
            values.setdefault(name, ([], []))[side].append(value)
    for name, (mine, others) in sorted(values.items()):
        if mine == others:
            rows += [ComparisonRow(name, value, value) for value in mine]
            continue
        both = Counter(mine) & Counter(others)
        rows += [ComparisonRow(name, value, value) for value in both.elements()]
        alone, others_alone = (Counter(mine) - both).elements(), (Counter(others) - both).elements()
        rows += [ComparisonRow(name, *pair) for pair in zip_longest(alone, others_alone)]
    return rows


def differences(ours: Parts, theirs: Parts) -> list[Difference]:
    """Say what the differences between two base strings mean, the URL first.

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
    return found + _compare_parameters(ours, only_ours, only_theirs)


def server_side(code: str, ours: Parts, theirs: Parts) -> str:
    """Return whose mistake a base string of the server's is: a proxy's, where the URL is another, not spelled so."""
    if code not in URL_PARTS:
        return SERVER
    mine, other = (str(getattr(parts, code)).lower() for parts in (ours, theirs))
    return SERVER if mine == other and code != "path" else BETWEEN


def _compare_url(name: str, ours: Parts, theirs: Parts) -> Difference:
    mine, other = str(getattr(ours, name)), str(getattr(theirs, name))
    code = name
    if name == "path" and decoded(mine) == decoded(other):
        code = "percent-encoding"
    elif name == "path" and (decoded(mine) == other or mine == decoded(other)):
        code = "double-encoding"
    shown = [f"the {name} {value}" if value else f"no {name}" for value in (mine, other)]
    return Difference(code, f"{{left}} has {shown[0]}, {{right}} {shown[1]}")


def _compare_parameters(ours: Parts, only_ours: Counter[Pair], only_theirs: Counter[Pair]) -> list[Difference]:
    form = Counter(Parts("", "", "", "", "", form=ours.form).pairs)
    found: list[Difference] = []
    if form and form <= only_ours and not {name for name, _ in form} & {name for name, _ in only_theirs}:
        only_ours = only_ours - form
        found.append(Difference("body-not-signed", "{right} has none of the form's fields"))
    partners: dict[str, deque[Pair]] = {}
    for pair in only_theirs.elements():
        partners.setdefault(decoded(pair[0]), deque()).append(pair)
    names = Counter(name for name, _ in ours.pairs)
    missing = []
    for pair in only_ours.elements():
        changed = "body-changed" if pair in form else "query-changed"
        others, renamed = partners.get(decoded(pair[0])), partners.get(_rename(decoded(pair[0])))
        if others:
            found.append(_compare_values(pair, others.popleft(), changed))
        elif renamed:
            phrase = f"{{right}} has {decoded(renamed.popleft()[0])} for {decoded(pair[0])}"
            missing.append(Difference(changed, f"{phrase}, as PHP and its like rename parameters"))
        else:
            missing.append(_explain_missing(pair, "duplicate-parameters" if names[pair[0]] > 1 else changed))
    found += missing + [_explain_extra(pair) for others in partners.values() for pair in others]
    return list({difference.code: difference for difference in reversed(found)}.values())[::-1]


def _rename(name: str) -> str:
    """Return what PHP makes of a name: a variable's, without brackets, and with _ for what it cannot have."""
    return re.sub("[. ]", "_", name.partition("[")[0])


def _compare_values(ours: Pair, theirs: Pair, changed: str) -> Difference:
    """Say how two values of one name come to differ.

    :param changed: the cause, where no other one is known.
    """
    name, mine, other = decoded(ours[0]), ours[1], theirs[1]
    if max(len(mine), len(other)) > TOO_LONG:  # to be read in other ways, each of which costs as much as it is long
        return Difference(changed, f"{name} differs")
    plain, theirs_plain = decoded(mine), decoded(other)
    if plain == theirs_plain:
        return Difference("percent-encoding", f"{name} is escaped by other rules")
    if plain in (decoded(theirs_plain), other) or theirs_plain in (decoded(plain), mine):
        return Difference("double-encoding", f"{name} is percent-encoded once more on one side")
    if plain.replace("+", " ") == theirs_plain.replace("+", " "):
        return Difference("plus-as-space", f"{name} has a + on one side, and a space on the other")
    is_recoded = any(other == spell(mine) or mine == spell(other) for code, _, spell in SPELLINGS if code == "charset")
    if is_recoded or _is_same_but_for_losses(plain, theirs_plain):
        return Difference("charset", f"{name} is the same text in another encoding")
    return Difference(_CREDENTIALS.get(name, changed), f"{name} differs")


_CREDENTIALS = {
    "oauth_consumer_key": "consumer-key", "oauth_token": "token-key", "oauth_signature_method": "signature-method",
    "oauth_body_hash": "body-changed", "oauth_timestamp": "clock-skew",
}  # fmt: skip


def _is_same_but_for_losses(left: str, right: str) -> bool:
    """Tell whether one side has ? or U+FFFD for what it could not write or read, and the other something."""
    is_ascii = [text.replace("\ufffd", "").isascii() for text in (left, right)]
    if "\ufffd" not in left + right and is_ascii[0] == is_ascii[1]:
        return False
    return _each_lost("?", left) == _each_lost("?", right)


_each_lost = re.compile(r"[^\x00-\x3e\x40-\x7f]+").sub


def _explain_missing(pair: Pair, otherwise: str) -> Difference:
    name = decoded(pair[0])
    if not pair[1]:
        return Difference("empty-value", f"{{right}} has no {name}, which is empty")
    if name in ABSENT:
        return Difference(ABSENT[name], f"{{right}} has no {name}")
    is_repeated = otherwise == "duplicate-parameters"
    return Difference(otherwise, f"{{right}} has {name} less often" if is_repeated else f"{{right}} has no {name}")


def _explain_extra(pair: Pair) -> Difference:
    name = decoded(pair[0])
    if name == "realm":
        return Difference("realm", "{right} has the realm among the parameters")
    if not pair[1]:
        return Difference("empty-value", f"{{right}} has an empty {name}")
    return Difference("query-changed", f"{{right}} has {name}, and {{left}} has not")
