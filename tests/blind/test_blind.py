"""``explain`` on the table that was written blind, without a look at ``diagnosis/``: see ``FIRST_RUN.txt``."""

from __future__ import annotations

import statistics
import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import run as blind
from blind_table import FAULTS, RIGHTS, objection

pytestmark = [
    pytest.mark.soak,
    pytest.mark.timeout(600),
]  # of the faults that take long a tenth; what counts is the whole


@pytest.fixture(scope="module")
def figures(portion) -> blind.Figures:
    return blind.run(portion(len(blind.LONG)))


def test_the_table_is_what_oauthlib_says_of_it():
    """Each fault is one, the mistake undone is right, and so is each right request; the table is large enough."""
    assert [text for case in [*FAULTS, *RIGHTS] if (text := objection(case))] == []
    assert [name for name, count in Counter(case.id for case in [*FAULTS, *RIGHTS]).items() if count > 1] == []
    assert len(FAULTS) >= 320
    assert len({case.kind for case in FAULTS}) >= 45
    assert len(RIGHTS) >= 95


def test_the_first_finding_is_right(figures):
    """In 98 of 100 faults the first finding names the cause, and the side whose mistake it is."""
    assert len(figures.first) <= 0.02 * figures.faults, "\n".join(figures.first)
    assert figures.sides == []


def test_one_of_three_findings_is_right(figures):
    """In 99.5 of 100 faults one of the first three findings names the cause."""
    assert len(figures.in_three) <= 0.005 * figures.faults, "\n".join(figures.in_three)


def test_what_is_right_is_not_blamed(figures):
    """Of no right request the signature, the secrets or the clock is blamed."""
    assert figures.blamed == []


def test_nothing_raises_and_no_secret_is_shown(figures):
    """Whatever was handed over, there is an explanation, without a secret, and in time."""
    assert figures.raised == []
    assert figures.shown == []
    assert statistics.median(figures.seconds) < 0.02
    assert max(figures.seconds) < 1
