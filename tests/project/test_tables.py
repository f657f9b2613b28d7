"""``for_each`` runs every case, and its failure names those that failed."""

from __future__ import annotations

import inspect
import threading
from types import SimpleNamespace

import pytest
from conftest import has_its_turn
from tables import for_each


def test_a_failure_names_the_cases_that_failed():
    """All are run; those that fail, raise or skip are named, by their values or by the names they were given."""
    ran = []

    def check(number):
        ran.append(number)
        if number == 2:
            pytest.skip("not here")
        assert number != 3, "is three"
        return 1 // number

    with pytest.raises(
        pytest.fail.Exception, match=r"(?s)3 of 5.*\[number=0\].*ZeroDivision.*number=2.*number=3.*is three"
    ):
        for_each("number", range(5))(check)()
    assert ran == [0, 1, 2, 3, 4]
    with pytest.raises(pytest.fail.Exception, match=r"(?s)1 of 1.*\[zero\]"):
        for_each("number", [0], ids=["zero"])(check)()


def test_several_tables_try_every_combination():
    """Each row may have several values; what is no value of a table is left to fixtures."""
    seen = []
    test = for_each("a, b", [(1, 2), (3, 4)])(for_each("c", "xy")(lambda a, b, c, more: seen.append((a, b, c, more))))
    assert list(inspect.signature(test).parameters) == ["more"]
    test(more=5)
    assert seen == [(1, 2, "x", 5), (1, 2, "y", 5), (3, 4, "x", 5), (3, 4, "y", 5)]


def test_cases_wait_at_once():
    """In threads, as many as there are cases: each waits for all the others."""
    together = threading.Barrier(3, timeout=20)
    for_each("case", range(3), at_once=True)(lambda case: together.wait())()


@for_each("cases", [[], [pytest.param(1)]])
def test_a_table_that_would_check_nothing_is_refused(cases):
    """An empty one, and one whose rows have marks, which only tests of their own can have."""
    with pytest.raises(AssertionError, match=r"checks nothing|need tests of their own"):
        for_each("case", cases)


def test_what_a_case_left_in_a_fixture_goes(caplog, capsys, server):
    """A log, what was printed and what a server received are the case's own."""

    def check(case, caplog, capsys, server):
        assert caplog.text == ""
        assert capsys.readouterr().out == ""
        assert server.received == []
        print(case)
        server.received.append(case)
        caplog.records.append(case)
        caplog.handler.stream.write("logged")

    for_each("case", range(2))(check)(caplog=caplog, capsys=capsys, server=server)


def test_the_values_of_a_parameter_take_turns():
    """Of several tests each runs with some of the values, and all of the values run; what has no such values runs."""

    def make_item(test, mark, **indices):
        row = SimpleNamespace(indices=indices) if indices else None
        return SimpleNamespace(nodeid=f"{test}[x]", callspec=row, get_closest_marker=lambda name: mark)

    taking_turns = pytest.mark.soak(turns="client", one_in=2).mark
    ran = [[i for i in range(4) if has_its_turn(make_item(f"test_{n}", taking_turns, client=i))] for n in range(20)]
    assert {tuple(values) for values in ran} == {(0, 2), (1, 3)}
    rows = [[i for i in range(4) if has_its_turn(make_item("t", taking_turns, client=i, row=row))] for row in range(2)]
    assert sorted([*rows[0], *rows[1]]) == [0, 1, 2, 3]
    for mark, indices in ((taking_turns, {"other": 1}), (taking_turns, {}), (pytest.mark.soak.mark, {"client": 1})):
        assert has_its_turn(make_item("t", mark, **indices))
    assert has_its_turn(make_item("t", None, client=1))
