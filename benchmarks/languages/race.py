"""All programs on all cases, round by round, and whoever signs wrongly does not count."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from oauth_hook import AccessToken, Consumer, verify
from oauth_hook.protocol.parameters import FORM

from .. import cases
from ..cases import Case
from .programs import PROGRAMS, NotInstalledError, Program

__all__ = ["CASES", "MOST_OF_OTHERS", "Standing", "list_figures", "race_languages"]

#: How many signatures of each case are timed at once.
CASES = {cases.GET_HEADER: 1000, cases.POST_FORM: 500, cases.FORM_1000: 3, cases.VALUE_1MB: 1, cases.RSA: 5}

#: The most that the hook's GET may take of that of other languages.
MOST_OF_OTHERS = {
    "liboauth (C)": 1.0,
    "dghubble/oauth1 (Go)": 0.75,
    "oauth-1.0a (Node)": 0.75,
    "oauth (Node)": 0.75,
}

# Without what has to be escaped in the signing key, which one of them forgets.
CONSUMER = ("dpf43f3p2l4k3l03", "kd94hf93k423kf44")
TOKEN = ("nnch734d00sl2jdk", "pfkkdhi9sl3r4s00")

RUN_SECONDS = 120  # for one program and all cases


class Standing(NamedTuple):
    """How a program did: a version, and by case the microseconds of each round; or why it did not take part."""

    version: str = ""
    times: dict[str, list[float]] = {}  # noqa: RUF012  # nobody changes it
    objection: str = ""

    def ratio(self, ours: Standing, case: str) -> float | None:
        """Return how many times as long as ours it takes: the median of the rounds; ``None``: it cannot sign that."""
        if case not in self.times:
            return None
        return median(theirs / own for theirs, own in zip(self.times[case], ours.times[case], strict=True))


def race_languages(
    rounds: int,
    names: Collection[str] = tuple(CASES),
    programs: Collection[Program] = PROGRAMS,
    *,
    fetch: bool = True,
) -> dict[str, Standing]:
    """Return how each program did, by its name; every other round goes backwards, so that none is favoured.

    :param names: of the cases.
    :param fetch: get what is not installed from where its language has its packages.
    """
    key = cases.new_key()
    chosen = {name: _respell(case) for name, case in cases.all_cases(key).items() if name in names}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        _write(folder, chosen, key)
        commands, standings = {}, {}
        for number, program in enumerate(programs):
            place = folder / str(number)
            place.mkdir()
            try:
                commands[program.name] = program.build(place, fetch)
            except NotInstalledError as error:
                standings[program.name] = Standing(objection=f"not installed ({error})")
        order, runs = list(commands), {name: [] for name in commands}  # type: ignore[var-annotated]
        for _ in range(rounds):
            for name in order:
                print(name, "...", file=sys.stderr)
                runs[name].append(_run(commands[name], folder, chosen, key))
            order.reverse()
    standings |= {name: _summarize(found) for name, found in runs.items()}
    return {program.name: standings[program.name] for program in programs}


def _respell(case: Case) -> Case:
    """Return a case as all can sign it: some go wrong over a ``+`` in a query, and some over a ``[`` in a name."""
    request = case.requests[0].copy()
    request.url = str(request.url).replace("+", "%20")
    if request.body:
        request.body = str(request.body).replace("%5B", "_").replace("%5D", "")
    return case._replace(requests=(request,))


def _write(folder: Path, chosen: dict[str, Case], key: str) -> None:
    """Write what the programs read."""
    rows = ["\t".join((*CONSUMER, *TOKEN))]
    for number, (name, case) in enumerate(chosen.items()):
        request = case.requests[0]
        rows.append(
            "\t".join((str(number), str(request.method), str(request.url), str(CASES[name]), case.signature_method))
        )
        if request.body:
            (folder / f"{number}.form").write_text(str(request.body))
    (folder / "cases.tsv").write_text("\n".join(rows) + "\n")
    (folder / "rsa.pem").write_text(key)


def _run(command: list[str], folder: Path, chosen: dict[str, Case], key: str) -> Standing:
    """Run a program once."""
    try:
        ran = subprocess.run(  # noqa: S603
            [*command, str(folder)], capture_output=True, text=True, timeout=RUN_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return Standing(objection=f"takes longer than {RUN_SECONDS} s")
    version, times = "", {}
    for line in ran.stdout.splitlines():
        name, _, said = line.partition("\t")
        if name == "version":
            version = said
        else:
            case = list(chosen.values())[int(name)]
            microseconds, _, header = said.partition("\t")
            if _is_right(case, header, key):
                times[case.name] = [float(microseconds)]
    said = ["no right signature", *ran.stderr.strip().splitlines()]
    return Standing(version, times, "" if times else f"fails: {said[-1]}")


def _is_right(case: Case, header: str, key: str) -> bool:
    """Tell whether a signature is right. Who has no RSA-SHA256 may sign with RSA-SHA1, which takes as long."""
    request = case.requests[0]
    return bool(
        verify(
            str(request.method),
            str(request.url),
            headers={"Authorization": header, **({"Content-Type": FORM} if request.body else {})},
            body=request.body,
            consumer=Consumer(*CONSUMER),
            token=AccessToken(*TOKEN),
            rsa_key=case.rsa_key and key,
        )
    )


def _summarize(runs: list[Standing]) -> Standing:
    """Return the rounds of a program as one; a case counts if it was signed rightly in each of them."""
    shared = set.intersection(*(set(run.times) for run in runs))
    times = {case: [run.times[case][0] for run in runs] for case in runs[0].times if case in shared}
    return Standing(runs[0].version, times, "" if times else next(run.objection for run in runs if run.objection))


def list_figures(standings: Mapping[str, Standing]) -> list[dict[str, Any]]:
    """Return how everybody did as the JSON file and the report have it, ours first."""
    ours = next(iter(standings.values()))
    return [
        {
            "name": name,
            "version": standing.version or "not there",
            "objection": standing.objection,
            "microseconds": {case: median(times) for case, times in standing.times.items()},
            "ratios": {case: standing.ratio(ours, case) for case in standing.times},
        }
        for name, standing in standings.items()
    ]
