"""The page of the documentation that compares languages, and its picture; from figures as the JSON file has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

from ..report import NONE, STYLE, describe_machine, escape_markup, heading, table, wrapped

__all__ = ["page", "plot", "write"]

Figures = Mapping[str, Any]

_HEAD = """\
Benchmarks of other languages
=============================

.. This page and its picture are written by ``python -m benchmarks --languages --report``: change that, and not this.

What one signature costs in C, Go, Node, PHP, Ruby and Perl, and with Python's other libraries; and what the hook adds
to a request from the call to the response. What counts are the ratios: another machine has other times, and about the
same ratios.
"""

_SIGNATURES = """\
Microseconds of processor time for one signature, and how many times as long as with the hook (medians of the rounds).
{none}: does not sign that, or not rightly.
"""

_END_TO_END = """\
Microseconds of the client's processor time for a GET with three parameters on loopback, from the call to the response
that has been read, and what is more of it than with a header that was set by hand. They are the least of all turns.
The rest of a request leaves little in the processor's caches of what a signature needs, so that it costs more there
than when one is made after another. The floor signs this very request with nothing that it could do without.
"""

_HOW = """\
Each library has a program of its own in its own language (``benchmarks/languages/``), as its documentation has it used.
In each of {rounds} rounds all of them run one after another, every other round in the opposite order, and what is
compared is what they took in the same round. A program takes the lesser of two turns, after one that warms up where
code is compiled as it runs, by the processor's time of its whole process, with its garbage collector. Time counts from
the request, as the library takes it, to the header. Where it takes fields instead of a form, they are there already;
the hook reads the form. Each program's signatures are verified, and who signs wrongly does not count. So that all can
take part, there is no ``+`` in the query, no ``[`` in a field's name, and nothing to escape in a secret: those are what
some of them get wrong. RSA is RSA-SHA256 where a library has it, and otherwise RSA-SHA1, which takes as long. PECL's
oauth is an extension of PHP that is written in C.
"""


def write(folder: Path, figures: Figures) -> list[Path]:
    """Write the page and its picture into the documentation's folder, and return the files that were written."""
    name = "benchmarks-languages"
    texts = {folder / f"{name}.rst": page(figures), folder / "images" / f"{name}.svg": plot(figures)}
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    return list(texts)


def page(figures: Figures) -> str:
    """Return the page, as reStructuredText."""
    absent = [f"{each['name']}: {each['objection']}" for each in figures["languages"] if each["objection"]]
    about = "how many times as long as with the hook a GET takes to be signed"
    parts = [
        _HEAD,
        ".. figure:: images/benchmarks-languages.svg",
        wrapped(f"Bars: {about}. The figures are in the table.", first="   :alt: ", then="         ") + "\n",
        wrapped(f"{about[0].upper()}{about[1:]}.", first="   ", then="   ") + "\n",
        heading("Signatures"),
        _SIGNATURES.format(none=NONE),
        _signatures(figures),
        *[wrapped(escape_markup(each)) + "\n" for each in absent],
        heading("From the call to the response"),
        _END_TO_END,
        _end_to_end(figures),
        heading("How it is measured"),
        _HOW.format(rounds=figures["rounds"]),
        heading("Machine and versions"),
        describe_machine(figures["machine"] | {each["name"]: each["version"] for each in figures["languages"]}),
        "Measured and written anew by:\n\n.. code-block:: sh\n\n   python -m benchmarks --languages --report\n",
    ]
    return "\n".join(parts)


def _signatures(figures: Figures) -> str:
    """Return the table of signatures: a library to a row, a case to a column."""
    rows = [
        [escape_markup(each["name"]), *[_cell(each["microseconds"], each["ratios"], case) for case in figures["cases"]]]
        for each in figures["languages"]
        if not each["objection"]
    ]
    return table(["library", *map(escape_markup, figures["cases"])], rows)


def _cell(microseconds: Mapping[str, float], ratios: Mapping[str, float], case: str) -> str:
    return f"{microseconds[case]:,.0f} ({ratios[case]:.2f}x)" if case in microseconds else NONE


def _end_to_end(figures: Figures) -> str:
    rows = [
        [escape_markup(cost["client"]), escape_markup(cost["signer"]), f"{cost['each']:,.0f}", f"{cost['extra']:,.0f}"]
        for cost in figures["end_to_end"]
    ]
    return table(["client", "signed by", "a GET", "more than by hand"], rows)


# --- the picture ---

_WIDTH, _LEFT, _RIGHT, _TOP, _BAR = 720, 240, 70, 60, 26  # pixels


def plot(figures: Figures) -> str:
    """Return the picture: a bar for each library that signs a GET, from the fastest on, as SVG."""
    case = figures["cases"][0]
    bars = sorted((each["ratios"][case], each["name"]) for each in figures["languages"] if case in each["ratios"])
    title = "How many times as long as with the hook a GET takes to be signed"
    said = "; ".join(f"{name}: {ratio:.2f}" for ratio, name in bars)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_TOP + _BAR * len(bars) + 10}" role="img" '
        'aria-labelledby="title desc">',
        f'  <title id="title">{title}</title>',
        f'  <desc id="desc">{escape(said)}</desc>',
        f"  <style>\n{STYLE}\n  </style>",
        f'  <text class="head" x="20" y="28">{title}</text>',
        *_bars(bars),
    ]
    return "\n".join([*lines, "</svg>", ""])


def _bars(bars: list[tuple[float, str]]) -> Iterator[str]:
    """Yield the bars, ours in a colour of its own."""
    scale = (_WIDTH - _LEFT - _RIGHT) / bars[-1][0]
    for number, (ratio, name) in enumerate(bars):
        y, width = _TOP + _BAR * number, round(scale * ratio, 1)
        colour = "second" if ratio == 1 else "first"
        yield f'  <text class="note" x="20" y="{y + 14}">{escape(name)}</text>'
        yield f'  <rect class="{colour}" x="{_LEFT}" y="{y}" width="{width}" height="{_BAR - 8}" rx="2"/>'
        yield f'  <text class="note" x="{_LEFT + width + 8:.1f}" y="{y + 14}">{ratio:.2f}x</text>'
