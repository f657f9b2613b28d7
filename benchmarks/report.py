"""The page of the documentation that shows the figures: a table, and a plot that is made by hand.

It takes the figures as the JSON file has them, and needs nothing but the standard library::

    write(Path("docs"), figures)     # docs/benchmarks.rst and docs/images/benchmarks.svg
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

__all__ = [
    "NONE",
    "STYLE",
    "describe_machine",
    "escape_markup",
    "heading",
    "page",
    "plot",
    "table",
    "wrapped",
    "write",
]

Figures = Mapping[str, Any]

_COLUMNS = 118  # of the page's source
NONE = "\N{EN DASH}"

_HEAD = """\
Benchmarks
==========

.. This page and its picture are written by ``python -m benchmarks --report``: change that, and not this.

How long it takes to sign one request, here and with the two other libraries that sign for requests. What counts are
the ratios: another machine has other times, and about the same ratios.
"""

_HOW = """\
The contenders take turns in one process. In each of {rounds} rounds everyone signs the same prepared requests, every
other round in the opposite order, and what is compared is what they took in the same round; the figures are medians
over the rounds. Measured is the processor's time, with the garbage collector off, so that what else the machine does
counts less. Nobody is fast by being wrong: before the race oauthlib's server side verifies what each contender makes,
and who signs wrongly, or not at all, does not take part. RSA keys are read once, by those who can. The floor is what a
GET in the header costs at the least: a function that does nothing but what changes from request to request, and looks
for nothing that might be in another one. Importing is measured in interpreters of its own, after ``import requests``,
by the clock on the wall: a load beyond the number of processors makes it longer.
"""


class Bar(NamedTuple):
    """How a contender compares."""

    who: str
    ratio: float | None  #: how many times as long as ours it takes; ``None``: it does not take part


class Group(NamedTuple):
    """The bars of one case."""

    case: str
    bars: list[Bar]


def write(folder: Path, figures: Figures) -> list[Path]:
    """Write the page and its picture.

    :param folder: the documentation's.
    :param figures: what ``python -m benchmarks --json`` writes.
    :returns: the files that were written.
    """
    texts = {folder / "benchmarks.rst": page(figures), folder / "images" / "benchmarks.svg": plot(figures)}
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    return list(texts)


# --- the page ---


def page(figures: Figures) -> str:
    """Return the page, as reStructuredText."""
    parts = [
        _HEAD,
        _picture(figures),
        heading("Times"),
        wrapped(
            f"Microseconds for one request, and how many times as long that is (medians). "
            f"{NONE}: does not take part, or is not measured there."
        )
        + "\n",
        _times(figures),
        *_objections(figures),
        heading("Goals"),
        _verdict(figures["goals"]),
        _goals(figures["goals"]),
        heading("How it is measured"),
        _HOW.format(rounds=figures["rounds"]),
        heading("Machine and versions"),
        describe_machine(figures["machine"]),
        "Measured and written anew by:\n\n.. code-block:: sh\n\n   python -m benchmarks --report\n",
    ]
    return "\n".join(part for part in parts if part)


def heading(text: str) -> str:
    """Return a heading of a section."""
    return f"{text}\n{'-' * len(text)}\n"


def _picture(figures: Figures) -> str:
    about = f"how many times as long as {figures['ours']} the others take to sign a request"
    lines = [
        ".. figure:: images/benchmarks.svg",
        wrapped(f"Bars: {about}. The figures are in the tables.", first="   :alt: ", then="         "),
        "",
        wrapped(escape_markup(f"{about[0].upper()}{about[1:]}, on a logarithmic scale."), first="   ", then="   "),
        "",
    ]
    return "\n".join(lines)


def _times(figures: Figures) -> str:
    """Return the table of medians: a request to a row, a contender to a column."""
    contenders = [figures["ours"], *figures["peers"], figures["floor"]]
    rows = [
        [escape_markup(case), *[_time(seconds.get(who), figures["ratios"][case].get(who)) for who in contenders]]
        for case, seconds in figures["seconds"].items()
    ]
    return table(["request", *map(escape_markup, contenders)], rows)


def _time(seconds: float | None, ratio: float | None) -> str:
    """Return a time in microseconds, and the ratio to ours where there is one."""
    if seconds is None:
        return NONE
    return f"{1e6 * seconds:,.0f}" + ("" if ratio is None else f" ({ratio:.1f}x)")


def _objections(figures: Figures) -> Iterator[str]:
    """Yield why somebody does not take part, a paragraph each."""
    for case, objections in figures["objections"].items():
        for who, why in objections.items():
            yield f"{wrapped(escape_markup(f'{case}: {who} does not take part, since it {why}'))}\n"


def _verdict(goals: Sequence[Figures]) -> str:
    """Return in a sentence or two what the table of goals says."""
    missed = [escape_markup(goal["what"]) for goal in goals if not goal["met"]]
    if not missed:
        return f"All {len(goals)} goals are met.\n"
    text = f"{len(goals) - len(missed)} of {len(goals)} goals are met. Not met: {'; '.join(missed)}."
    return f"{wrapped(text)}\n"


def _goals(goals: Sequence[Figures]) -> str:
    """Return the table of what is judged: the median of the rounds, the least and the most of them, and the goal."""
    rows = []
    for goal in goals:
        median, low, high = (f"{goal['measured'][name]:.2f}" for name in ("median", "low", "high"))
        unit, bound = goal["unit"], "at most" if goal["is_most"] else "at least"
        target = f"{bound} {goal['target']}{unit}"
        met = "yes" if goal["met"] else "**no**"
        rows.append([escape_markup(goal["what"]), f"{median}{unit}", f"{low} to {high}", target, met])
    return table(["ratio", "median", "rounds", "goal", "met"], rows)


def describe_machine(machine: Mapping[str, str]) -> str:
    """Return the table of what the figures depend on."""
    said = {**machine, "date": machine["date"].partition("T")[0]}  # the hour is nobody's concern
    return table(["", ""], [[escape_markup(name), escape_markup(value)] for name, value in said.items()])


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a table whose source has a line for each cell, and so no lines that are too long."""
    lines = [".. list-table::", *(["   :header-rows: 1"] if any(head) else []), ""]
    for row in [head, *rows] if any(head) else rows:
        cells = [wrapped(cell, first="     - ", then="       ") for cell in row]
        cells[0] = f"   * - {cells[0].removeprefix('     - ')}"
        lines += cells
    return "\n".join([*lines, ""])


def wrapped(text: str, first: str = "", then: str = "", columns: int = _COLUMNS) -> str:
    """Return a text in lines that are not too long; ``first`` and ``then`` stand before them."""
    return textwrap.fill(
        text, columns, initial_indent=first, subsequent_indent=then, break_long_words=False, break_on_hyphens=False
    ) or first.rstrip()  # fmt: skip


def escape_markup(text: str) -> str:
    """Return a text that means itself: library names and errors may have what is markup."""
    return "".join(f"\\{sign}" if sign in "\\*`|_<>" else sign for sign in text)


# --- the picture ---

_WIDTH, _LEFT, _RIGHT = 720, 20, 110  # pixels; the latter is room for the figure behind the longest bar
_TOP, _BAR, _LABEL, _GAP = 96, 17, 22, 16
_TICKS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)

# One colour each for two contenders, which tell themselves from either paper; text is text.
STYLE = """\
    text { font-family: system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
    text { font-size: 15px; fill: #1f2328; }
    .head { font-weight: 600; }
    .note { font-size: 13px; fill: #57606a; }
    .mid { text-anchor: middle; }
    .first { fill: #0a58a8; }
    .second { fill: #7d5a00; }
    .line { stroke: #cfd6dd; stroke-width: 1; }
    .ours { stroke: #1a7f37; stroke-width: 2; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e3e8ed; }
      .note { fill: #a3adb8; }
      .first { fill: #7cb7ff; }
      .second { fill: #e0b84c; }
      .line { stroke: #3c4650; }
      .ours { stroke: #4ac26b; }
    }"""


def plot(figures: Figures) -> str:
    """Return the picture: bars from the line that is ours, on a logarithmic scale, as SVG."""
    groups = [
        Group(case, [Bar(peer, ratios.get(peer)) for peer in figures["peers"]])
        for case, ratios in figures["ratios"].items()
    ]
    ours, peers = figures["ours"], figures["peers"]
    step = _LABEL + _BAR * len(peers) + _GAP
    bottom = _TOP + step * len(groups)
    most = max([2.0, *[bar.ratio for group in groups for bar in group.bars if bar.ratio is not None]])
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {bottom + 40}" role="img" '
        'aria-labelledby="title desc">',
        f'  <title id="title">How many times as long as {escape(ours)} the others take to sign a request</title>',
        f'  <desc id="desc">{_described(groups)}</desc>',
        f"  <style>\n{STYLE}\n  </style>",
        f'  <text class="head" x="{_LEFT}" y="28">How many times as long as {escape(ours)} it takes to sign</text>',
        *_legend(ours, peers),
        *_scale(most, bottom),
    ]
    for number, group in enumerate(groups):
        lines += _bars(group, _TOP + step * number, most)
    return "\n".join([*lines, "</svg>", ""])


def _described(groups: Sequence[Group]) -> str:
    """Return the picture in words."""
    said = [
        f"{group.case}: "
        + ", ".join(f"{who} {'does not take part' if ratio is None else f'{ratio:.1f}'}" for who, ratio in group.bars)
        for group in groups
    ]
    text = f"Horizontal bars on a logarithmic scale that begins at 1, which is us. {'; '.join(said)}."
    return escape(wrapped(text, then="    ", columns=_COLUMNS - 24), quote=False)


def _legend(ours: str, peers: Sequence[str]) -> Iterator[str]:
    for number, (peer, colour) in enumerate(zip(peers, ("first", "second"), strict=True)):
        x = _LEFT + 190 * number
        yield f'  <rect class="{colour}" x="{x}" y="44" width="14" height="14" rx="2"/>'
        yield f'  <text class="note" x="{x + 21}" y="56">{escape(peer)}</text>'
    x = _LEFT + 190 * len(peers)
    yield f'  <line class="ours" x1="{x}" y1="42" x2="{x}" y2="60"/>'
    yield f'  <text class="note" x="{x + 12}" y="56">{escape(ours)} (logarithmic scale)</text>'


def _scale(most: float, bottom: int) -> Iterator[str]:
    """Yield the ticks up to the first that no bar goes beyond, and the line that is ours."""
    for tick in _TICKS:
        x = _place(tick, most)
        if x > _WIDTH - _RIGHT + 40:
            break
        kind = "ours" if tick == 1 else "line"
        yield f'  <line class="{kind}" x1="{x}" y1="{_TOP - 16}" x2="{x}" y2="{bottom}"/>'
        yield f'  <text class="note mid" x="{x}" y="{bottom + 20}">{tick}x</text>'


def _bars(group: Group, top: int, most: float) -> Iterator[str]:
    yield f'  <text x="{_LEFT + 8}" y="{top + 14}">{escape(group.case)}</text>'
    for number, (bar, colour) in enumerate(zip(group.bars, ("first", "second"), strict=True)):
        y = top + _LABEL + _BAR * number
        end = float(_LEFT) if bar.ratio is None else max(_place(bar.ratio, most), _LEFT + 1.0)
        said = f"{escape(bar.who)} does not take part" if bar.ratio is None else f"{bar.ratio:.1f}x"
        if bar.ratio is not None:
            width = round(end - _LEFT, 1)
            yield f'  <rect class="{colour}" x="{_LEFT}" y="{y}" width="{width}" height="{_BAR - 3}" rx="2"/>'
        yield f'  <text class="note" x="{end + 8:.1f}" y="{y + 12}">{said}</text>'


def _place(ratio: float, most: float) -> float:
    """Return where a ratio is on the scale; what is faster than ours would be left of it."""
    return round(_LEFT + (_WIDTH - _LEFT - _RIGHT) * math.log(ratio) / math.log(most), 1)
