"""Running the interactive sessions of the README and of the documentation."""

from __future__ import annotations

import doctest
import gc

_OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def run_session(text: str, name: str) -> str:
    """Run each example of a text in turn; return a report of those that print something else, empty where none does.

    What a page has opened under the name of ``provider`` is closed for it, as a reader's interpreter does at its end.
    """
    test = doctest.DocTestParser().get_doctest(text, {}, name, name, 0)
    runner = doctest.DocTestRunner(optionflags=_OPTIONS)
    report: list[str] = []
    names = test.globs
    gc.freeze()  # what was there before is the tests' own, and a long way to look through in each collection
    try:
        runner.run(test, out=report.append, clear_globs=False)
        if "provider" in names:
            names["provider"].close()
        names.clear()
        gc.collect()
    finally:
        gc.unfreeze()
    return "".join(report) if runner.failures else ""
