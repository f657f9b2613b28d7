"""The promises of ``security.rst``, and the tests that hold them.

The page names its promises where it makes them, ``.. held-by:: no-secret-is-shown``; a test says which it holds,
``@pytest.mark.promise("no-secret-is-shown")``; ``.. promise-table::`` makes a table of both, which this file prints
when it is run by itself. ``tests/project/test_promises.py`` finds promises without tests, and marks without a promise.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "security.rst"


def find_promises(page: str) -> list[str]:
    """Return the names of the promises that a page makes, in its order."""
    return " ".join(re.findall(r"^ *\.\. held-by:: (.+(?:\n +\S.*)*)$", page, re.MULTILINE)).split()


def find_marks(folder: Path) -> dict[str, list[str]]:
    """Return the tests in a folder that are marked with a promise, by its name, as pytest calls them."""
    marks: dict[str, list[str]] = {}
    for path in sorted(folder.rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for name, test in _read_marks(tree.body, path.relative_to(folder.parent).as_posix()):
            marks.setdefault(name, []).append(test)
    return marks


def _read_marks(body: Iterable[ast.stmt], place: str) -> Iterator[tuple[str, str]]:
    """Yield promise and test, for each mark of functions and classes."""
    for node in body:
        if not isinstance(node, ast.FunctionDef | ast.ClassDef):
            continue
        test = f"{place}::{node.name}"
        for mark in node.decorator_list:
            if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.promise":
                yield from ((ast.literal_eval(name), test) for name in mark.args)
        if isinstance(node, ast.ClassDef):
            yield from _read_marks(node.body, test)


def tests_by_promise() -> dict[str, list[str]]:
    """Return the tests of each promise of the page, in its order."""
    marks = find_marks(ROOT / "tests")
    return {name: marks.get(name, []) for name in find_promises(PAGE.read_text(encoding="utf-8"))}


if __name__ == "__main__":
    for promise, tests in tests_by_promise().items():
        print(promise, *tests, sep="\n    ")
