"""The command: ``python -m benchmarks [--quick] [--rounds N] [--json FILE] [--report [FOLDER]] [--check]``.

With ``--languages`` it compares signatures in other languages, and whole requests on loopback, instead.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

from oauth_hook import __version__

from .cases import FORM_1000, FORM_10000, all_cases, new_key
from .end_to_end import measure
from .goals import Goal, Result, goals, growth, run
from .languages.race import CASES, MOST_OF_OTHERS, list_figures, race_languages
from .languages.report import write as write_languages
from .report import write
from .signers import FLOOR, OURS, PEERS
from .startup import HEAVY, Startup, startup
from .timing import ratio

_CONTENDERS = (OURS, *PEERS, FLOOR)
_PACKAGES = ("requests", "urllib3", "requests-oauthlib", "oauthlib", "PyJWT", "Authlib", "cryptography")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run everything, print what came out, and return the exit status."""
    options = _parser().parse_args(arguments)
    rounds: int = options.rounds or (5 if options.quick else 25)
    machine = _machine()
    print(*[f"{name}: {value}" for name, value in machine.items()], f"rounds: {rounds}", "", sep="\n")
    if options.languages:
        return _compare_languages(options, machine, min(rounds, 11))
    cases = all_cases(new_key())
    results = {}
    for name, case in cases.items():
        print(f"{name} ...", file=sys.stderr)
        results[name] = run(case, rounds)
    fields = growth(cases[FORM_1000], cases[FORM_10000], rounds)
    start = startup(min(rounds, 11))
    judged = goals(results, fields, start)
    _print_times(results)
    _print_goals(judged)
    _print_startup(start)
    machine["load"] += f", {_load()} at the end, with {os.cpu_count()} processors"
    figures = _figures(machine, rounds, results, judged, start)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    if options.report:
        print("wrote", *write(options.report, figures), file=sys.stderr)
    sound = not start.heavy and not any({OURS, FLOOR} & result.objections.keys() for result in results.values())
    return int(options.check and not (sound and all(goal.met for goal in judged)))


def _compare_languages(options: argparse.Namespace, machine: dict[str, str], rounds: int) -> int:
    """Run the programs of other languages and the GETs on loopback, and return the exit status."""
    languages = list_figures(race_languages(rounds))
    costs = measure(10 * rounds)
    machine["load"] += f", {_load()} at the end, with {os.cpu_count()} processors"
    figures = {
        "machine": machine,
        "rounds": rounds,
        "cases": list(CASES),
        "languages": languages,
        "end_to_end": [cost._asdict() for cost in costs],
    }
    rows = [
        (each["name"], *[f"{each['ratios'][case]:.2f}x" if case in each["ratios"] else "-" for case in CASES])
        for each in languages
    ]
    _print_table(("of what the hook takes (median)", *CASES), rows)
    print(*[f"{each['name']}: {each['objection']}" for each in languages if each["objection"]], "", sep="\n")
    rows = [(f"{cost.client}: {cost.signer}", f"{cost.each:,.0f}", f"{cost.extra:,.0f}") for cost in costs]
    _print_table(("microseconds a GET, from the call to the response", "least", "more than by hand"), rows)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    if options.report:
        print("wrote", *write_languages(options.report, figures), file=sys.stderr)
    get = next(iter(CASES))
    slower = [
        name for name, share in MOST_OF_OTHERS.items()
        for each in languages
        if each["name"] == name and get in each["ratios"] and 1 / each["ratios"][get] > share
    ]  # fmt: skip
    print(*[f"{name} is not outdone as it should be: NO" for name in slower], sep="\n")
    return int(options.check and bool(slower))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="How fast signing is, and others' is.")
    parser.add_argument("--rounds", type=_count, metavar="N", help="turns of each contender in each case (default: 25)")
    parser.add_argument("--languages", action="store_true", help="compare other languages, and whole requests, instead")
    parser.add_argument("--quick", action="store_true", help="5 rounds: to see that it runs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    about = "write the page of the documentation (default: docs)"
    parser.add_argument("--report", type=Path, metavar="FOLDER", nargs="?", const=Path("docs"), help=about)
    parser.add_argument("--check", action="store_true", help="exit with 1 if a goal is not met")
    return parser


def _count(text: str) -> int:
    if (count := int(text)) < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return count


def _print_times(results: Mapping[str, Result]) -> None:
    """Print what one call takes, and why somebody did not take part."""
    rows = [(name, *[_time(result, contender) for contender in _CONTENDERS]) for name, result in results.items()]
    _print_table(("microseconds a request (median)", *_CONTENDERS), rows)
    for name, result in results.items():
        for contender, wrong in result.objections.items():
            print(f"{name}: {contender} does not count, since it {wrong}")
    print()


def _time(result: Result, contender: str) -> str:
    if contender not in result.times:
        return "-"
    return f"{1e6 * median(result.times[contender]):,.1f}"


def _print_goals(judged: Iterable[Goal]) -> None:
    rows = []
    for goal in judged:
        middle, low, high = (f"{figure:.2f}{goal.unit}" for figure in goal.measured)
        sign = "<=" if goal.is_most else ">="
        rows.append((goal.what, middle, low, high, f"{sign} {goal.target}{goal.unit}", "yes" if goal.met else "NO"))
    _print_table(("ratio, round by round", "median", "min", "max", "target", "met?"), rows)
    print()


def _print_startup(start: Startup) -> None:
    print(f"import requests takes {start.requests:.0f} ms, importing OAuthHook {start.ours.median:.1f} ms more")
    print(f"and loads {', '.join(start.heavy)}: NO" if start.heavy else f"and loads none of {', '.join(HEAVY)}")


def _print_table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """Print columns, the first flush left and the others flush right."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for first, *others in [head, *rows]:
        cells = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        print("  ".join([first.ljust(widths[0]), *cells]))


def _machine() -> dict[str, str]:
    """Return what the figures depend on."""
    return {
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "system": f"{platform.system()}, {platform.machine()}",
        "processor": _processor(),
        "load": f"{_load()} at the beginning",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "oauth_hook": __version__,
        **{name: _version(name) for name in _PACKAGES},
    }


def _processor() -> str:
    """Return the processor's name; ``platform`` does not know it on Linux."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _load() -> str:
    """Return how busy the machine is with other things."""
    if not hasattr(os, "getloadavg"):
        return "unknown"
    return f"{os.getloadavg()[0]:.1f}"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _figures(
    machine: Mapping[str, str], rounds: int, results: Mapping[str, Result], judged: Iterable[Goal], start: Startup
) -> dict[str, Any]:
    """Return everything for the JSON file and the report; times are medians, in seconds."""
    return {
        "machine": dict(machine),
        "rounds": rounds,
        "ours": OURS,
        "peers": list(PEERS),
        "floor": FLOOR,
        "seconds": {
            name: {who: median(times) for who, times in result.times.items()} for name, result in results.items()
        },
        "ratios": {
            name: {peer: ratio(result.times[peer], result.times[OURS]).median for peer in PEERS if peer in result.times}
            for name, result in results.items()
        },
        "objections": {name: result.objections for name, result in results.items() if result.objections},
        "goals": [{**goal._asdict(), "measured": goal.measured._asdict(), "met": goal.met} for goal in judged],
        "import": {"requests_ms": start.requests, "oauth_hook_ms": start.ours._asdict(), "heavy": start.heavy},
    }


if __name__ == "__main__":
    sys.exit(main())
