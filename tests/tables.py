"""One behaviour that holds for many inputs, as one test: a test for each would cost more than what it checks."""

from __future__ import annotations

import functools
import inspect
import traceback
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

Test = Callable[..., None]

_FAILURES = (Exception, pytest.fail.Exception, pytest.skip.Exception)  # a case that skips would take the rest along


def for_each(
    names: str | tuple[str, ...], cases: Iterable[Any], ids: Any = None, *, at_once: bool = False
) -> Callable[[Test], Test]:
    """Run a test with each case in turn, as ``pytest.mark.parametrize`` does in tests of their own.

    All cases are run, and the failure names those that failed. They share the fixtures of the one test; a recorder, a
    log or a store is cleared before each. Several of these try every combination. Cases that wait, and share nothing,
    can wait at once, in threads.
    """
    arguments = tuple(name.strip() for name in names.split(",")) if isinstance(names, str) else tuple(names)
    rows = [case if len(arguments) > 1 else (case,) for case in cases]
    labels = [ids(*row) for row in rows] if callable(ids) else list(ids or [])
    assert rows, "a table without a case checks nothing"
    assert not any(hasattr(case, "marks") for row in rows for case in (row, *row)), "marks need tests of their own"

    def decorate(test: Test) -> Test:
        @functools.wraps(test)
        def run(*self: Any, **fixtures: Any) -> None:
            def fails(number: int) -> str:
                case = dict(zip(arguments, rows[number], strict=True))
                try:
                    _clear(fixtures)
                    test(*self, **case, **fixtures)
                except _FAILURES:
                    label = labels[number] if labels else ", ".join(f"{name}={case[name]!r:.200}" for name in case)
                    return f"[{label}]\n{traceback.format_exc()}"
                return ""

            with ThreadPoolExecutor(len(rows) if at_once else 1) as threads:
                everywhere = threads.map if at_once else map
                failures = [failure for failure in everywhere(fails, range(len(rows))) if failure]
            if failures:
                pytest.fail(f"{len(failures)} of {len(rows)} cases failed:\n\n" + "\n".join(failures), pytrace=False)

        signature = inspect.signature(test)
        fixtures = [parameter for name, parameter in signature.parameters.items() if name not in arguments]
        run.__signature__ = signature.replace(parameters=fixtures)  # type: ignore[attr-defined]  # pytest fills these in
        return run

    return decorate


def _clear(fixtures: dict[str, Any]) -> None:
    """Take away what the case before has left."""
    for fixture in fixtures.values():
        if isinstance(fixture, pytest.CaptureFixture):
            fixture.readouterr()
        elif hasattr(type(fixture), "clear") and not isinstance(fixture, bytearray | dict | list | set):
            fixture.clear()
