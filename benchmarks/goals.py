"""What is measured against what, and how far it should be."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import NamedTuple

from . import cases
from .cases import Case
from .signers import FLOOR, OURS, PEERS, SIGNERS, Sign, floor
from .startup import Startup
from .timing import Entrant, Ratio, Times, race, ratio
from .truth import objection

__all__ = ["Goal", "Result", "goals", "growth", "run"]

#: How many times as fast as the better peer we are to be.
_LEAST_LEAD = {
    cases.GET_HEADER: 5,
    cases.ANOTHER_URL: 5,
    cases.GET_QUERY: 5,
    cases.POST_FORM: 5,
    cases.POST_JSON: 5,
    cases.FORM_1000: 12,
    cases.VALUE_1MB: 12,
    cases.RSA: 100,
}
_MOST_OF_FLOOR = 2
_MOST_GROWTH = 12
_MOST_STARTUP = 25  # milliseconds


class Result(NamedTuple):
    """How a case was signed: what each contender took, or why it did not take part."""

    times: dict[str, Times]
    objections: dict[str, str]


class Goal(NamedTuple):
    """Something measured, and what it should be."""

    what: str
    measured: Ratio
    target: float
    is_most: bool = False  #: the target is the most that it may be, not the least
    unit: str = "x"

    @property
    def met(self) -> bool:
        """Whether the median is on the right side."""
        return self.measured.median <= self.target if self.is_most else self.measured.median >= self.target


def run(case: Case, rounds: int) -> Result:
    """Have all contenders who sign a case rightly race on it."""
    signers: dict[str, Sign] = {name: make(case) for name, make in SIGNERS.items()}
    if case.name in (cases.GET_HEADER, cases.ANOTHER_URL):
        signers[FLOOR] = floor
    objections = {name: wrong for name, sign in signers.items() if (wrong := objection(case, sign))}
    entrants = {name: Entrant(sign, case) for name, sign in signers.items() if name not in objections}
    return Result(race(entrants, rounds), objections)


def growth(some: Case, more: Case, rounds: int) -> Ratio:
    """Return how many times as long as for some fields we take for more of them."""
    times = race({case.name: Entrant(SIGNERS[OURS](case), case) for case in (some, more)}, rounds)
    return ratio(times[more.name], times[some.name])


def goals(results: Mapping[str, Result], fields: Ratio, start: Startup) -> list[Goal]:
    """Return everything that is judged."""
    found = []
    for name, result in results.items():
        peers = [peer for peer in PEERS if peer in result.times]
        if name in _LEAST_LEAD and peers:
            better = min(peers, key=lambda peer: median(result.times[peer]))
            lead = ratio(result.times[better], result.times[OURS])
            found.append(Goal(f"{name}: over {better}", lead, _LEAST_LEAD[name]))
        if FLOOR in result.times:
            share = ratio(result.times[OURS], result.times[FLOOR])
            found.append(Goal(f"{name}: of the floor", share, _MOST_OF_FLOOR, is_most=True))
    found.append(Goal("10,000 fields: of 1,000", fields, _MOST_GROWTH, is_most=True))
    found.append(Goal("import of OAuthHook, after requests", start.ours, _MOST_STARTUP, is_most=True, unit=" ms"))
    return found
