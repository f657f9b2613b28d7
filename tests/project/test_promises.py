"""What ``docs/security.rst`` promises is held by tests, and what tests say that they hold is promised there."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "security.rst").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def promises():
    """What makes the table of the documentation."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "docs" / "_ext"))
        return importlib.import_module("promises")


@pytest.fixture(scope="module")
def held(promises):
    """The tests of each promise, by its name."""
    return promises.find_marks(ROOT / "tests")


def test_each_promise_has_a_test_and_each_mark_a_promise(promises, held):
    """No promise stands without a test, and no test holds what the page does not promise."""
    made = promises.find_promises(PAGE)
    assert [name for name in made if name not in held] == []
    assert [tests for name, tests in held.items() if name not in made] == []
    assert len(set(made)) == len(made) > 30


def test_what_is_marked_is_a_test(held):
    """A mark stands on what pytest collects: functions and classes of its names."""
    for tests in held.values():
        for test in tests:
            assert re.fullmatch(r"tests/[\w/]+\.py(::Test\w+)?(::test_\w+)?", test), test


def test_every_threat_has_a_promise():
    """Each entry of the threat model names what is promised against it."""
    model = PAGE.partition("What is not promised")[0]
    threats = re.split(r"^(?=\w[^\n]*\n   \w)", model, flags=re.MULTILINE)[1:]
    assert len(threats) > 15
    assert [threat.partition("\n")[0] for threat in threats if ".. held-by::" not in threat] == []


def test_marks_are_found(promises, tmp_path):
    """A mark is found on functions, on classes and in them, with several names; other marks are none."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_it.py").write_text(
        '@pytest.mark.promise("a", "b")\n@pytest.mark.skip\ndef test_one(): ...\n'
        '@pytest.mark.promise("a")\nclass TestAll:\n    @pytest.mark.promise("c")\n    def test_two(self): ...\n'
        '    @pytest.mark.skipif("d")\n    def test_three(self): ...\n'
    )
    assert promises.find_marks(tmp_path / "tests") == {
        "a": ["tests/test_it.py::test_one", "tests/test_it.py::TestAll"],
        "b": ["tests/test_it.py::test_one"],
        "c": ["tests/test_it.py::TestAll::test_two"],
    }
    page = "Threat\n   Words.\n\n   .. held-by:: a b\n      c\n\n   More.\n\n.. held-by:: d\n"
    assert promises.find_promises(page) == ["a", "b", "c", "d"]
