"""Run the blind table and print the figures: ``python tests/blind/run.py``; ``--validate`` asks oauthlib only."""

from __future__ import annotations

import html
import json
import statistics
import sys
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from blind_case import Case, arguments, subject
from blind_signer import escape
from blind_table import FAULTS, RIGHTS, objection

# faults for which explain searches to its end, a tenth of a second each, and which make up most of the table's time
LONG = (Path(__file__).parent / "data" / "long.txt").read_text(encoding="utf-8").split()
SECRETS = {"consumer-secret", "token-secret"}


@dataclass
class Figures:
    """What came of the table."""

    first: list[str] = field(default_factory=list)
    in_three: list[str] = field(default_factory=list)
    sides: list[str] = field(default_factory=list)
    blamed: list[str] = field(default_factory=list)
    raised: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    faults: int = 0
    slowest: str = ""


def secrets(case: Case) -> set[str]:
    """Return what must not be seen: the given secrets of eight characters and more, as they are and escaped."""
    found = {case.given.get("_secret", "")}
    if case.keys is not None:
        found |= {case.keys.consumer_secret, case.keys.token_secret} - {case.keys.consumer, case.keys.token}
    found |= {text.strip() for text in found} | {escape(text.strip()) for text in found}
    return {text for text in found if len(text) >= 8}


def judge(case: Case, figures: Figures, is_right: bool) -> None:
    from oauth_hook import explain

    handed, named = subject(case), arguments(case)
    try:
        start = time.process_time()
        explanation = explain(handed, **named)
        figures.seconds.append(time.process_time() - start)
        if figures.seconds[-1] == max(figures.seconds):
            figures.slowest = case.id
        texts = [str(explanation), json.dumps(explanation.to_dict(), ensure_ascii=False), explanation.to_html()]
    except Exception:
        figures.raised.append(f"{case.id}: {traceback.format_exc()}")
        return
    codes = [finding.code for finding in explanation.findings]
    said = ", ".join(f"{finding.code}/{finding.side or '-'}" for finding in explanation.findings[:4]) or "nothing"
    line = f"{case.id} [{case.kind}] {case.what}: expected {' or '.join(sorted(case.codes))}, said {said}"
    if any(secret in form for secret in secrets(case) for text in texts for form in (text, html.unescape(text))):
        figures.shown.append(line)
    if is_right:
        if set(codes) - case.codes:
            figures.blamed.append(line)
        return
    if not set(codes[:1]) & case.codes:
        figures.first.append(line)
    if not set(codes[:3]) & case.codes:
        figures.in_three.append(line)
    first = explanation.findings[0] if explanation.findings else None
    unknowable = first and not first.proven and first.code in SECRETS  # who has the wrong secret is not to be seen
    if first and case.sides and first.code in case.codes and not unknowable and first.side not in case.sides:
        figures.sides.append(f"{line}; side {' or '.join(sorted(case.sides))}")


def run(long: int = len(LONG)) -> Figures:
    """Judge the table, with so many of the cases that take long."""
    figures = Figures()
    left_out = set(LONG) - set(LONG[:: max(1, len(LONG) // max(1, long))])
    for case in FAULTS:
        if case.id not in left_out:
            figures.faults += 1
            judge(case, figures, is_right=False)
    for case in RIGHTS:
        judge(case, figures, is_right=True)
    return figures


def share(misses: list[str]) -> str:
    return f"{len(FAULTS) - len(misses)} of {len(FAULTS)} ({1 - len(misses) / len(FAULTS):.2%})"


def summary(figures: Figures) -> str:
    kinds = {case.kind for case in FAULTS}
    lines = [
        f"{len(FAULTS)} faults in {len(kinds)} kinds, {len(RIGHTS)} right requests",
        f"first finding right: {share(figures.first)}",
        f"in the first three:  {share(figures.in_three)}",
        f"false blame:         {len(figures.blamed)} of {len(RIGHTS)}",
        f"exceptions:          {len(figures.raised)}",
        f"secrets shown:       {len(figures.shown)}",
        f"side wrong:          {len(figures.sides)} (of those whose code is right)",
        f"CPU time of explain: median {statistics.median(figures.seconds) * 1000:.2f} ms,"
        f" maximum {max(figures.seconds) * 1000:.0f} ms ({figures.slowest})",
    ]
    parts: dict[str, Any] = {
        "First finding wrong": figures.first, "Not in the first three": figures.in_three, "False blame": figures.blamed,
        "Exceptions": figures.raised, "Secrets shown": figures.shown, "Side wrong": figures.sides,
    }  # fmt: skip
    for title, misses in parts.items():
        if misses:
            lines += ["", f"{title}:", *(f"- {miss}" for miss in misses)]
    return "\n".join(lines)


if __name__ == "__main__":
    if "--validate" in sys.argv:
        doubled = [name for name, count in Counter(case.id for case in [*FAULTS, *RIGHTS]).items() if count > 1]
        objections = [text for case in [*FAULTS, *RIGHTS] if (text := objection(case))]
        print(f"{len(FAULTS)} faults in {len({case.kind for case in FAULTS})} kinds, {len(RIGHTS)} right requests")
        print("\n".join([*objections, *(f"{name}: twice" for name in doubled)]) or "all as oauthlib has it")
    else:
        print(summary(run()))
