"""The page with a section for each code of ``explain``: ``python docs/_ext/codes_page.py`` makes it of the advice."""

from __future__ import annotations

from pathlib import Path

from oauth_hook.diagnosis.findings import ADVICE, QUESTIONS, advice_by_side

PAGE = Path(__file__).parent.parent / "explanation" / "codes.rst"

HEAD = """\
The codes of explain, and what to do
====================================

Each finding of ``explain`` has one of these codes, and ``finding.url`` leads here, or to a page of its own. The codes
are stable: programs may rely on them. What to do depends on whose mistake it is, if that is known (``finding.side``).

.. Made by docs/_ext/codes_page.py of oauth_hook/diagnosis/findings.py; a test compares the two.
"""
SIDES = {
    "": "Whoever is at fault",
    "signer": "In the client's code",
    "server": "On the server",
    "between": "Between client and server",
}


def make_page() -> str:
    """Return the page, as it has to be."""
    return HEAD + "".join(map(_show_code, ADVICE))


def _show_code(code: str) -> str:
    """Return the section of a code."""
    advice = "".join(f"*{SIDES[side]}:* {_escape(text)}\n\n" for side, text in advice_by_side(code).items())
    question = QUESTIONS.get(code)
    more = f"More about it: :doc:`/questions/{question}`.\n" if question else ""
    return f"\n{code}\n{'-' * len(code)}\n\n{advice}{more}".rstrip() + "\n"


def _escape(text: str) -> str:
    return "".join(f"\\{c}" if c in "\\*`|_" else c for c in text)


if __name__ == "__main__":
    PAGE.write_text(make_page(), encoding="utf-8")
