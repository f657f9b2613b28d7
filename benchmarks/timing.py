"""Contenders taking turns, so that what disturbs one disturbs all, and ratios stay true.

A signed request must not be signed again (Authlib refuses to), so that each call gets a
request of its own; the copies are made before the clock starts.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice
from statistics import median
from typing import NamedTuple

import requests

from .cases import Case
from .signers import Sign

__all__ = ["Entrant", "Ratio", "Times", "race", "ratio"]

Times = Sequence[float]  #: seconds a call, round by round

# Signing waits for nothing, so that the processor's time is all of it; and what other
# processes take on a busy machine is not in it. Where that clock is coarse, the wall's.
_clock = time.process_time if time.get_clock_info("process_time").resolution <= 1e-6 else time.perf_counter


@dataclass
class Entrant:
    """Somebody who signs the requests of a case."""

    sign: Sign
    case: Case
    _supply: Iterator[requests.PreparedRequest] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._supply = cycle(self.case.requests)

    def turn(self) -> float:
        """Sign some requests, and return the seconds that one took."""
        sign, batch = self.sign, [request.copy() for request in islice(self._supply, self.case.calls)]
        start = _clock()
        for request in batch:
            sign(request)
        return (_clock() - start) / len(batch)


class Ratio(NamedTuple):
    """How two entrants compare: the median over the rounds, and how far they spread."""

    median: float
    low: float
    high: float


def race(entrants: Mapping[str, Entrant], rounds: int) -> dict[str, Times]:
    """Return what each entrant took in each round.

    Every other round goes backwards, so that a machine which becomes slower is unfair
    to nobody. The first one only warms up.
    """
    order, times = list(entrants), {name: [0.0] * 0 for name in entrants}
    for name in order:
        entrants[name].turn()
    for _ in range(rounds):
        with _no_collector():
            for name in order:
                times[name].append(entrants[name].turn())
        order.reverse()
    return dict(times)


def ratio(theirs: Times, ours: Times) -> Ratio:
    """Return how many times as long as ours theirs takes."""
    by_round = [a / b for a, b in zip(theirs, ours, strict=True)]
    return Ratio(median(by_round), min(by_round), max(by_round))


@contextmanager
def _no_collector() -> Iterator[None]:
    """Keep the garbage collector, whose turns come when they come, out of the race, as ``timeit`` does."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
