"""An explanation, and how it is shown: findings in order, and the base string part by part."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..protocol.encoding import unescape
from ..redaction import is_secret_name
from ..redaction.redactor import MASK, Redactor
from .base_string_parts import URL_PARTS
from .comparison import ComparisonRow
from .findings import MAX_TEXT_CHARS, Finding, fingerprint

__all__ = ["MAX_ROWS", "Comparison", "Explanation", "mask_rows"]

_TERMINAL_COLUMNS = 100
_MAX_NAME_CHARS = 24  # characters of a parameter's name in the table
_COLUMN_CHARS = 36  # characters of a value that are shown side by side with another
MAX_ROWS = 1000  # parameters that are shown, and as many again that differ


@dataclass(frozen=True)
class Comparison:
    """Two base strings part by part, and whose they are."""

    left: str
    right: str
    rows: tuple[ComparisonRow, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON can carry it."""
        return {
            "left": self.left,
            "right": self.right,
            "rows": [{**row._asdict(), "differs": row.differs} for row in self.rows],
        }

    def __str__(self) -> str:
        """Show the parts in columns, those that differ marked."""
        same = self.left == self.right
        rows = [(row.name, *_clip_pair(row.left, row.right), "!=" if row.differs else "  ") for row in self.rows]
        names = min(max([len(name) for name, *_ in rows], default=0), _MAX_NAME_CHARS)
        left = max([len(self.left), *(len(value) for _, value, _, _ in rows)])
        lines = [("", self.left, self.right, "  "), *rows]
        return "\n".join(
            f"   {name[:names]:<{names}}  {mark}  {mine:<{left}}{'' if same else '   ' + other}".rstrip()
            for name, mine, other, mark in lines
        )


@dataclass(frozen=True)
class Explanation:
    """Why a request was refused, the likeliest cause first.

    ``print`` shows it for a terminal; ``to_dict()`` is for tools. No secret is in either.

    :ivar findings: never empty: ``no-cause-found`` stands by itself where nothing was found.
    :ivar request: the request in a line: its method and URL.
    :ivar response: the response in a line; empty where nothing came back.
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
            lines += ["", "The base string, part by part:", str(self.comparison)]
        return _printable("\n".join(lines))

    @property
    def brief(self) -> str:
        """The findings alone, for a terminal."""
        return _printable("\n".join(self._findings()))

    def _findings(self) -> list[str]:
        lines = []
        for number, finding in enumerate(self.findings, 1):
            mark = " (proven)" if finding.proven else " (candidate)" if finding.is_candidate else ""
            lines += ["", f"{number}. {finding.code}{mark}"]
            lines += _wrapped(finding.summary) + _wrapped(finding.advice)
            lines += [line for text in finding.evidence for line in _wrapped(text, "     - ", "       ")]
        return lines[1:]

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON can carry it."""
        return {
            "request": self.request,
            "response": self.response,
            "findings": [finding.to_dict() for finding in self.findings],
            "ruled_out": list(self.ruled_out),
            "base_string": self.base_string,
            "parts": None if self.comparison is None else self.comparison.to_dict(),
        }


def _printable(text: str) -> str:
    """Return what a terminal shows and does not obey: a server's words are among it."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def _wrapped(text: str, first: str = "   ", then: str = "   ") -> list[str]:
    return textwrap.wrap(text, _TERMINAL_COLUMNS, initial_indent=first, subsequent_indent=then, break_on_hyphens=False)


def _clip_pair(left: str | None, right: str | None) -> tuple[str, str]:
    """Return two values short enough to stand side by side, the place where they differ in sight."""
    start = 0
    if left is not None and right is not None and left != right and max(len(left), len(right)) > _COLUMN_CHARS:
        same = next(
            (i for i, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right))
        )
        start = max(0, same - 12)
    return _clip(left, start), _clip(right, start)


def _clip(value: str | None, start: int) -> str:
    if not value:
        return "(none)" if value is None else "(empty)"
    text = "".join(c if c.isprintable() else "?" for c in value)
    head, tail = ("..." if start else ""), ("..." if len(text) > start + _COLUMN_CHARS else "")
    return head + text[start : start + _COLUMN_CHARS] + tail


# What every base string has in it: a secret that is the same word is not found out by it.
_PUBLIC_NAMES = frozenset((
    *URL_PARTS, "oauth_consumer_key", "oauth_nonce", "oauth_signature_method", "oauth_timestamp", "oauth_token",
    "oauth_version",
))  # fmt: skip


def mask_rows(rows: Iterable[ComparisonRow], redact: Redactor, more: int = 0) -> tuple[ComparisonRow, ...]:
    """Return rows without secrets: those of ours, and the values of parameters that are secret by their names.

    Where two secret values differ, they are still told apart.

    :param more: rows that are not among them.
    """
    rows = list(rows)
    kept = rows[:MAX_ROWS] + [row for row in rows[MAX_ROWS:] if row.differs][:MAX_ROWS]
    more += len(rows) - len(kept)
    masked = []
    for row in kept:
        is_secret = is_secret_name(unescape(row.name)) is not None
        left = _mask(row.left, redact, is_secret)
        right = _mask(row.right, redact, is_secret) if row.differs else left
        if row.differs and left == right:
            right = f"{right} (another)"
        name = row.name if row.name in _PUBLIC_NAMES else _mask(row.name, redact, False) or ""
        masked.append(ComparisonRow(name, left, right))
    rest = f"({more:,} more)"
    return (*masked, ComparisonRow("...", rest, rest)) if more else tuple(masked)


def _mask(value: str | None, redact: Redactor, is_secret: bool) -> str | None:
    """Return a value without secrets, or the measure of one that nobody could read."""
    if value is None or is_secret:
        return None if value is None else MASK
    if len(value) > MAX_TEXT_CHARS:
        return f"({len(value):,} characters, fingerprint {fingerprint(value)})"
    return redact(value)
