"""An explanation, and how it is shown: findings in order, and the base string part by part."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..protocol.encoding import unescape
from ..redaction import is_secret_name
from ..redaction.redactor import MASK, Redactor
from ..redaction.request_secrets import PUBLIC_NAMES
from .base_string_parts import URL_PARTS
from .comparison import ComparisonRow
from .findings import MAX_TEXT_CHARS, Finding, fingerprint
from .records import RequestRecord

__all__ = [
    "MAX_ROWS",
    "MORE_ROWS",
    "Comparison",
    "Explanation",
    "clip_pair",
    "count_common",
    "describe_finding",
    "mask_rows",
    "shorten_middle",
]

_TERMINAL_COLUMNS = 80
_MAX_NAME_CHARS = 28  # characters of a parameter's name that leave room for its value on the same line
_MAX_REQUEST_CHARS = 3 * _TERMINAL_COLUMNS  # of the request's line: a longer URL would fill the first screen
MAX_ROWS = 1000  # parameters that are shown, and as many again that differ
MORE_ROWS = "..."  #: what the row is called that says how many are not shown

#: Where a mistake is mended, by the side of its finding.
_SIDES = {"signer": "in the client's code", "server": "on the server", "between": "between client and server"}

_ABSENT = {None: "(none)", "": "(empty)"}


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
        """Show the parts, where they differ one value above the other."""
        names = min(max((len(row.name) for row in self.rows), default=0), _MAX_NAME_CHARS)
        sides = max(len(self.left), len(self.right)) + 2
        room = _TERMINAL_COLUMNS - names - len("   !=   ")
        lines = []
        for row in self.rows:
            left, right = clip_pair(row.left, row.right, room - (sides if row.differs else 0) - len("......"))
            values = [left] if not row.differs else [f"{self.left:<{sides}}{left}", f"{self.right:<{sides}}{right}"]
            mark = "!=" if row.differs else "  "
            if len(row.name) > names:
                lines.append(f"   {mark} {shorten_middle(row.name, _TERMINAL_COLUMNS - 6)}")
                heads = [" " * (names + 6)] * 2
            else:
                heads = [f"   {mark} {row.name:<{names}}", " " * (names + 6)]
            lines += [f"{head}  {value}" for head, value in zip(heads, values, strict=False)]
        return "\n".join(lines)


@dataclass(frozen=True)
class Explanation:
    """Why a request was refused, the likeliest cause first.

    ``print`` shows it for a terminal, ``to_html()`` is a page, ``to_dict()`` is for tools. No secret is in any of them.

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
        head = [shorten_middle(self.request, _MAX_REQUEST_CHARS), self.response]
        lines = [piece for line in head for piece in _wrapped(line, "", "  ")] + ["", *self._findings()]
        if self.ruled_out:
            lines += ["", "Ruled out:"]
            lines += [line for text in self.ruled_out for line in _wrapped(text, "   - ", "     ")]
        if self.comparison is not None:
            lines += ["", "The base string, part by part (!= where it differs):", str(self.comparison)]
        return _printable("\n".join(lines))

    @property
    def brief(self) -> str:
        """The findings alone, as wide as the terminal is, but no wider than is read well."""
        return _printable("\n".join(self._findings(min(_TERMINAL_COLUMNS, shutil.get_terminal_size().columns))))

    def _findings(self, columns: int = _TERMINAL_COLUMNS) -> list[str]:
        lines = []
        for number, finding in enumerate(self.findings, 1):
            certainty, place = describe_finding(finding)
            mark = f" ({certainty})" if certainty else ""
            lines += ["", f"{number}. {finding.code}{mark}{f', {place}' if place else ''}"]
            lines += _wrapped(finding.summary, columns=columns) + _wrapped(finding.advice, columns=columns)
            lines += [line for text in finding.evidence for line in _wrapped(text, "     - ", "       ", columns)]
            lines += [f"   See {finding.url}"] if number == 1 else []
        return lines[1:]

    def to_html(self) -> str:
        """Return it as one HTML page: no scripts, nothing that it loads, no secret; in light and dark, and on paper.

        The two base strings stand one above the other, part by part, each with its section of RFC 5849 and what it
        was made from. What would make the page too large is left out, and the page says how much.
        """
        from .report_page import render_explanation  # only needed here

        return render_explanation(self)

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


def describe_finding(finding: Finding) -> tuple[str, str]:
    """Return how certain a finding is, and where its mistake is mended; each empty where that is not known."""
    certainty = "proven" if finding.proven else "candidate" if finding.is_candidate else ""
    return certainty, _SIDES.get(finding.side, "")


def _printable(text: str) -> str:
    """Return what a terminal shows and does not obey: a server's words are among it."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def _wrapped(text: str, first: str = "   ", then: str = "   ", columns: int = _TERMINAL_COLUMNS) -> list[str]:
    return textwrap.wrap(text, max(columns, 20), initial_indent=first, subsequent_indent=then, break_on_hyphens=False)


def clip_pair(
    left: str | None, right: str | None, width: int, absent: Mapping[str | None, str] = _ABSENT
) -> tuple[str, str]:
    """Return two values short enough to be shown, the place where they differ in sight.

    :param width: characters of each that are shown; dots say that there are more.
    :param absent: what to show of a value that is empty, or not there.
    """
    start = 0
    if left != right and max(len(left or ""), len(right or "")) > width:
        start = max(0, count_common(left or "", right or "") - width // 3)
    clip = shorten_middle if left == right else lambda text, width: _clip(text, start, width)
    return clip(left, width) if left else absent[left], clip(right, width) if right else absent[right]


def count_common(left: str, right: str) -> int:
    """Return how many characters two texts have in common at their beginning."""
    differing = (index for index, (mine, other) in enumerate(zip(left, right, strict=False)) if mine != other)
    return next(differing, min(len(left), len(right)))


def _clip(text: str, start: int, width: int) -> str:
    return f"{'...' if start else ''}{text[start : start + width]}{'...' if len(text) > start + width else ''}"


def shorten_middle(text: str, width: int) -> str:
    """Return a text of at most that many characters: both ends tell it from others."""
    if len(text) <= width:
        return text
    end = (width - len("...")) // 2
    return f"{text[: width - len('...') - end]}...{text[-end:]}"


_PUBLIC_NAMES = PUBLIC_NAMES.union(URL_PARTS)


def mask_rows(
    rows: Iterable[ComparisonRow], redact: Redactor, request: RequestRecord, more: int = 0
) -> tuple[ComparisonRow, ...]:
    """Return rows without secrets: those of ours, and the values of parameters that are secret by their names.

    Where two secret values differ, they are still told apart.

    :param rows: the parts of the URL first.
    :param request: tells what each part was made from.
    :param more: rows that are not among them.
    """
    rows = _name_sources(rows, request)
    kept = rows[:MAX_ROWS] + [row for row in rows[MAX_ROWS:] if row.differs][:MAX_ROWS]
    more += len(rows) - len(kept)
    masked = []
    for row in kept:
        is_public = row.name in _PUBLIC_NAMES
        is_secret = not is_public and is_secret_name(unescape(row.name)) is not None
        left = _mask(row.left, redact, is_secret)
        right = _mask(row.right, redact, is_secret) if row.differs else left
        if row.differs and left == right:
            right = f"{right} (another)"
        name = row.name if is_public else _mask(row.name, redact, False) or ""
        masked.append(ComparisonRow(name, left, right, row.source))
    rest = f"({more:,} more)"
    return (*masked, ComparisonRow(MORE_ROWS, rest, rest)) if more else tuple(masked)


def _name_sources(rows: Iterable[ComparisonRow], request: RequestRecord) -> list[ComparisonRow]:
    """Return rows with what each was made from."""
    named = list(rows)
    host = "URL" if request.message.host is None else "Host header"
    for index, source in enumerate(("request line", "URL", host, host, "URL")):
        named[index] = named[index]._replace(source=source)
    for index, row in enumerate(named[len(URL_PARTS) :], len(URL_PARTS)):
        pairs = [(row.name, value) for value in (row.right, row.left) if value is not None]
        source = next((request.sources[pair] for pair in pairs if pair in request.sources), "")
        named[index] = row._replace(source=source)
    return named


def _mask(value: str | None, redact: Redactor, is_secret: bool) -> str | None:
    """Return a value without secrets, or the length of one too long to read."""
    if value is None or is_secret:
        return None if value is None else MASK
    if len(value) > MAX_TEXT_CHARS:
        return f"({len(value):,} characters, fingerprint {fingerprint(value)})"
    return redact(value)
