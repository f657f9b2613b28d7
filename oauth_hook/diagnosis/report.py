"""An explanation, and how it is shown: findings in order, and the base string part by part."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..protocol.encoding import unescape
from ..redaction import is_secret_name
from ..redaction.redactor import MASK, Redactor
from .comparison import ComparisonRow
from .findings import MAX_TEXT_CHARS, Finding, fingerprint

__all__ = ["MAX_ROWS", "Comparison", "Explanation", "masked_rows"]

_TERMINAL_COLUMNS = 100
_COLUMN_CHARS = 36  # characters of a value that are shown side by side with another
MAX_ROWS = 1000  # parameters that are shown, and as many again that differ


@dataclass(frozen=True)
class Comparison:
    """Two base strings part by part, and whose they are."""

    left: str
    right: str
    rows: tuple[ComparisonRow, ...]


@dataclass(frozen=True)
class Explanation:
    """Why a request was refused, the likeliest cause first.

    ``print`` shows it for a terminal; ``to_dict()`` is for tools. No secret is in either.

    :ivar findings: never empty: ``no-cause-found`` stands by itself where nothing was found.
    :ivar request: the request in a line: its method and address.
    :ivar response: the answer in a line; empty where there is none.
    :ivar ruled_out: what was looked at and is not the cause.
    :ivar base_string: the request's own, by the RFC, with secrets masked; empty where it has none.
    :ivar comparison: the base string part by part, beside the other side's where that is known; or ``None``.
    """

    findings: tuple[Finding, ...]
    request: str = ""
    response: str = ""
    ruled_out: tuple[str, ...] = ()
    base_string: str = ""
    comparison: Comparison | None = None

    def __str__(self) -> str:
        lines = [line for line in (self.request, self.response) if line] + ["", *self._findings()]
        if self.ruled_out:
            lines += ["", "Ruled out:"]
            lines += [line for text in self.ruled_out for line in _wrapped(text, "   - ", "     ")]
        if self.comparison is not None:
            lines += ["", "The base string, part by part:", *_table(self.comparison)]
        return _printable("\n".join(lines))

    @property
    def brief(self) -> str:
        """The findings alone, for a terminal."""
        return _printable("\n".join(self._findings()))

    def _findings(self) -> list[str]:
        lines = []
        for number, finding in enumerate(self.findings, 1):
            lines += ["", f"{number}. {finding.code}{' (proven)' if finding.proven else ''}"]
            lines += _wrapped(finding.summary) + _wrapped(finding.advice)
            lines += [line for text in finding.evidence for line in _wrapped(text, "     - ", "       ")]
        return lines[1:]

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON can carry it."""
        return {
            "request": self.request,
            "response": self.response,
            "findings": [
                {
                    "code": finding.code,
                    "message": finding.message,
                    "summary": finding.summary,
                    "advice": finding.advice,
                    "evidence": list(finding.evidence),
                    "proven": finding.proven,
                }
                for finding in self.findings
            ],
            "ruled_out": list(self.ruled_out),
            "base_string": self.base_string,
            "parts": None if self.comparison is None else _listed(self.comparison),
        }


def _listed(comparison: Comparison) -> dict[str, Any]:
    rows = [{"name": row.name, "left": row.left, "right": row.right, "differs": row.differs} for row in comparison.rows]
    return {"left": comparison.left, "right": comparison.right, "rows": rows}


def _printable(text: str) -> str:
    """Return what a terminal shows and does not obey: a server's words are among it."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def _wrapped(text: str, first: str = "   ", then: str = "   ") -> list[str]:
    return textwrap.wrap(text, _TERMINAL_COLUMNS, initial_indent=first, subsequent_indent=then, break_on_hyphens=False)


def _table(comparison: Comparison) -> list[str]:
    """Return the parts in columns, those that differ marked."""
    rows = [(row.name, *_clipped(row.left, row.right), row.differs) for row in comparison.rows]
    same = comparison.left == comparison.right
    names = max(len(name) for name, *_ in rows) if rows else 0
    names = min(names, 24)
    left = max([len(comparison.left), *(len(value) for _, value, _, _ in rows)])
    head = f"   {'':<{names}}      {comparison.left:<{left}}" + ("" if same else f"   {comparison.right}")
    lines = [head.rstrip()]
    for name, mine, other, differs in rows:
        mark = "!=" if differs else "  "
        lines.append(f"   {name[:names]:<{names}}  {mark}  {mine:<{left}}{'' if same else '   ' + other}".rstrip())
    return lines


def _clipped(left: str | None, right: str | None) -> tuple[str, str]:
    """Return two values short enough to stand side by side, the place where they differ in sight."""
    if left is None or right is None:
        return _clip(left, 0), _clip(right, 0)
    same = next((i for i, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right)))
    start = 0 if left == right or max(len(left), len(right)) <= _COLUMN_CHARS else max(0, same - 12)
    return _clip(left, start), _clip(right, start)


def _clip(value: str | None, start: int) -> str:
    if value is None:
        return "(none)"
    if value == "":
        return "(empty)"
    text = "".join(c if c.isprintable() else "?" for c in value)
    head, tail = ("..." if start else ""), ("..." if len(text) > start + _COLUMN_CHARS else "")
    return head + text[start : start + _COLUMN_CHARS] + tail


def masked_rows(rows: Iterable[ComparisonRow], redact: Redactor, more: int = 0) -> tuple[ComparisonRow, ...]:
    """Return rows without secrets: those of ours, and the values of parameters that are secret by their names.

    Where two secret values differ, they are still told apart.

    :param more: rows that are not among them.
    """
    rows = list(rows)
    shown = rows[:MAX_ROWS] + [row for row in rows[MAX_ROWS:] if row.differs][:MAX_ROWS]
    more += len(rows) - len(shown)
    return tuple(_masked(row, redact) for row in shown) + (
        (ComparisonRow("...", f"({more:,} more)", f"({more:,} more)"),) if more else ()
    )


def _masked(row: ComparisonRow, redact: Redactor) -> ComparisonRow:
    if is_secret_name(unescape(row.name)):
        left, right = (None if value is None else MASK for value in (row.left, row.right))
    else:
        left = _shown(row.left, redact)
        right = _shown(row.right, redact) if row.differs else left
    if row.differs and left == right:
        right = f"{right} (another)"
    return ComparisonRow(_shown(row.name, redact) or "", left, right)


def _shown(value: str | None, redact: Redactor) -> str | None:
    """Return a value without secrets, or the measure of one that nobody could read."""
    if value is None or len(value) > MAX_TEXT_CHARS:
        return value and _measure(value)
    return redact(value)


def _measure(value: str) -> str:
    return f"({len(value):,} characters, fingerprint {fingerprint(value)})"
