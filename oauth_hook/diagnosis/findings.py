"""What is said of a refusal: findings in order, the base string part by part, and how both are shown."""

from __future__ import annotations

import hashlib
import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..protocol.encoding import unescape
from ..redaction import is_secret_name
from ..redaction.redactor import MASK, Redactor
from .comparison import ComparisonRow

__all__ = ["ADVICE", "MOST_ROWS", "Comparison", "Explanation", "Finding", "fingerprint", "masked_rows", "shortened"]

_WIDTH = 100  # columns of a terminal that are used
_VALUE = 36  # characters of a value that are shown

#: What to do about each cause, by its code. The codes are stable: tools may rely on them.
ADVICE = {
    "unsigned": "Attach the hook as session.auth, as auth= of the call, or in an OAuthAdapter; plain requests ignores "
    "pre_request hooks unless inject_into_requests() was called.",
    "clock-skew": "Set this machine's clock; a hook corrects itself by the server's answer, and tries again.",
    "nonce-reused": "Sign each attempt anew: mount OAuthAdapter for retries, and do not send a signed request twice.",
    "consumer-key": "Use the consumer key that this service gave for this application, without spaces around it.",
    "consumer-secret": "Compare the consumer secret with the one the service shows for this consumer key.",
    "token-key": "Use the access token that this service gave for this user and this consumer key.",
    "token-secret": "Use the secret that came with this very token: the access token's, not the request token's.",
    "token-missing": "Sign with the user's token too: its key and its secret.",
    "token-expired": "Get a new token: renew it where the service allows that, or ask the user again.",
    "secret-whitespace": "Strip the secret where it is read, and keep it without spaces, line feeds and quotes; in a "
    "shell, printf adds no line feed, echo does.",
    "signing-key-encoding": "Make the key of both secrets, each percent-encoded once, joined by & (RFC 5849 s3.4.2).",
    "method": "Sign the method that is sent, in upper case; something on the way may have changed it.",
    "scheme": "A proxy in between ends TLS, most often: have it tell the server (X-Forwarded-Proto), or sign for the "
    "address that the server sees.",
    "host": "Sign for the host that the server sees: let proxies pass Host on, or use the service's own name.",
    "port": "Leave default ports out and put others in (RFC 5849 s3.4.1.2); a proxy may have changed the port.",
    "path": "Sign the path that the server sees, to the last slash; a proxy or a rewriting rule may change it.",
    "double-encoding": "Percent-encode once: pass values to the client as plain text, and do not quote them before; "
    "where it is the server that does, tell the service.",
    "plus-as-space": "Send spaces as %20, and a plus sign as %2B: servers and libraries mistake one for the other.",
    "body-not-signed": "The fields of a form-encoded body are signed (RFC 5849 s3.4.1.3.1): send them as a form, or "
    "put them where the server looks.",
    "body-signed": "Only form-encoded bodies are signed (RFC 5849 s3.4.1.3.1): leave JSON, multipart and files out.",
    "body-changed": "Sign last: nothing may change the body after it was signed.",
    "query-changed": "Sign last: nothing may change the query after it was signed, nor add to it on the way; where "
    "it is the server that does, tell the service.",
    "duplicate-parameters": "Send each protocol parameter once (RFC 5849 s3.1); of others, a server may keep only one "
    "of each name.",
    "parameter-order": "Sort by the percent-encoded name, then by the percent-encoded value (RFC 5849 s3.4.1.3.2).",
    "signature-method": "Sign with the method that oauth_signature_method names and that the service accepts, and send "
    "the base64 of the digest, on one line.",
    "callback-missing": "Send oauth_callback with the request for a request token: an address, or oob (RFC 5849 s2.1).",
    "verifier-missing": "Send the oauth_verifier that the user came back with, as it was given (RFC 5849 s2.3).",
    "content-type": "Send forms as application/x-www-form-urlencoded, with nothing after it, and only forms so.",
    "insecure-transport": "Use https: over plain http anybody on the way could read or replay this.",
    "redirected": "Ask the address that the redirect names, or let a hook of this package follow it, hop by hop.",
    "percent-encoding": "Leave letters, digits and -._~ alone, and escape all else in upper case (RFC 5849 s3.6); sign "
    "the path as it is on the wire.",
    "charset": "Send text as UTF-8 (RFC 5849 s3.6), and in the form in which the server will see it.",
    "realm": "Leave the realm out of the signature (RFC 5849 s3.4.1.3.1).",
    "empty-value": "Parameters without a value are signed too (RFC 5849 s3.4.1.3.2); or do not send them.",
    "no-cause-found": "Ask the service for the base string that it signed, and explain the request together with it.",
}


@dataclass(frozen=True)
class Finding:
    """One cause.

    :ivar code: its stable name, a key of ``ADVICE``.
    :ivar what: what is wrong, in one sentence.
    :ivar evidence: what shows it, a line each, without secrets.
    :ivar proven: whether it was computed, or found in the request itself, rather than guessed.
    :ivar weight: what orders findings; the most certain has the most.
    :ivar remedy: what to do, where that is not what ``ADVICE`` says.
    """

    code: str
    what: str
    evidence: tuple[str, ...] = ()
    proven: bool = False
    weight: float = 0
    remedy: str = ""

    @property
    def advice(self) -> str:
        """What to do."""
        return self.remedy or ADVICE[self.code]

    @property
    def message(self) -> str:
        """What is wrong, and what to do."""
        return f"{self.what} {self.advice}"


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
    :ivar answer: the answer in a line; empty where there is none.
    :ivar ruled_out: what was looked at and is not the cause.
    :ivar base_string: the request's own, by the RFC, with secrets masked; empty where it has none.
    :ivar sides: the base string part by part, beside the other side's where that is known; or ``None``.
    """

    findings: tuple[Finding, ...]
    request: str = ""
    answer: str = ""
    ruled_out: tuple[str, ...] = ()
    base_string: str = ""
    sides: Comparison | None = None

    def __str__(self) -> str:
        lines = [line for line in (self.request, self.answer) if line] + ["", *self._findings()]
        if self.ruled_out:
            lines += ["", "Ruled out:"]
            lines += [line for text in self.ruled_out for line in _wrapped(text, "   - ", "     ")]
        if self.sides is not None:
            lines += ["", "The base string, part by part:", *_table(self.sides)]
        return _printable("\n".join(lines))

    @property
    def brief(self) -> str:
        """The findings alone, for a terminal."""
        return _printable("\n".join(self._findings()))

    def _findings(self) -> list[str]:
        lines = []
        for number, finding in enumerate(self.findings, 1):
            lines += ["", f"{number}. {finding.code}{' (proven)' if finding.proven else ''}"]
            lines += _wrapped(finding.what) + _wrapped(finding.advice)
            lines += [line for text in finding.evidence for line in _wrapped(text, "     - ", "       ")]
        return lines[1:]

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON can carry it."""
        return {
            "request": self.request,
            "answer": self.answer,
            "findings": [
                {
                    "code": finding.code,
                    "message": finding.message,
                    "what": finding.what,
                    "advice": finding.advice,
                    "evidence": list(finding.evidence),
                    "proven": finding.proven,
                }
                for finding in self.findings
            ],
            "ruled_out": list(self.ruled_out),
            "base_string": self.base_string,
            "parts": None if self.sides is None else _listed(self.sides),
        }


def _listed(sides: Comparison) -> dict[str, Any]:
    rows = [{"name": row.name, "left": row.left, "right": row.right, "differs": row.differs} for row in sides.rows]
    return {"left": sides.left, "right": sides.right, "rows": rows}


def _printable(text: str) -> str:
    """Return what a terminal shows and does not obey: a server's words are among it."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def _wrapped(text: str, first: str = "   ", then: str = "   ") -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=first, subsequent_indent=then, break_on_hyphens=False)


def _table(sides: Comparison) -> list[str]:
    """Return the parts in columns, those that differ marked."""
    rows = [(row.name, *_clipped(row.left, row.right), row.differs) for row in sides.rows]
    same = sides.left == sides.right
    names = max(len(name) for name, *_ in rows) if rows else 0
    names = min(names, 24)
    left = max([len(sides.left), *(len(value) for _, value, _, _ in rows)])
    head = f"   {'':<{names}}      {sides.left:<{left}}" + ("" if same else f"   {sides.right}")
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
    start = 0 if left == right or max(len(left), len(right)) <= _VALUE else max(0, same - 12)
    return _clip(left, start), _clip(right, start)


def _clip(value: str | None, start: int) -> str:
    if value is None:
        return "(none)"
    if value == "":
        return "(empty)"
    text = "".join(c if c.isprintable() else "?" for c in value)
    head, tail = ("..." if start else ""), ("..." if len(text) > start + _VALUE else "")
    return head + text[start : start + _VALUE] + tail


def masked_rows(rows: Iterable[ComparisonRow], hide: Redactor, more: int = 0) -> tuple[ComparisonRow, ...]:
    """Return rows without secrets: those of ours, and the values of parameters that are secret by their names.

    Where two secret values differ, they are still told apart.

    :param more: rows that are not among them.
    """
    rows = list(rows)
    shown = rows[:MOST_ROWS] + [row for row in rows[MOST_ROWS:] if row.differs][:MOST_ROWS]
    more += len(rows) - len(shown)
    return tuple(_masked(row, hide) for row in shown) + (
        (ComparisonRow("...", f"({more:,} more)", f"({more:,} more)"),) if more else ()
    )


MOST_ROWS = 1000  # parameters that are shown, and as many again that differ


def _masked(row: ComparisonRow, hide: Redactor) -> ComparisonRow:
    if is_secret_name(unescape(row.name)):
        left, right = (None if value is None else MASK for value in (row.left, row.right))
    else:
        left = _shown(row.left, hide)
        right = _shown(row.right, hide) if row.differs else left
    if row.differs and left == right:
        right = f"{right} (another)"
    return ComparisonRow(_shown(row.name, hide) or "", left, right)


def _shown(value: str | None, hide: Redactor) -> str | None:
    """Return a value without secrets, or the measure of one that nobody could read."""
    if value is None or len(value) > _MOST:
        return value and _measure(value)
    return hide(value)


def _measure(value: str) -> str:
    return f"({len(value):,} characters, fingerprint {fingerprint(value)})"


def fingerprint(text: str) -> str:
    """Return a few characters by which a text is told from another, and not found out."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:4]


_MOST = 2000  # characters of a value that are shown to tools; people are shown fewer

_long_words = re.compile(r"(\S{400})\S+").sub


def shortened(text: str) -> str:
    """Return a line that people can read, of characters that any encoding can carry.

    To be used after secrets are taken out: half a secret would not be found any more.
    """
    return _long_words(r"\1...", text)[:_MOST].encode("utf-8", "replace").decode()
