"""``explain()``: why a request was refused.

It reads the request as it went out and the answer to it, computes the signature anew, and
searches for the one mistake, or the two, that explain the difference::

    explanation = explain(response, consumer, token)
    print(explanation)
    explanation.findings[0].code, explanation.findings[0].message

What it looks at, in this order: the request as it stands; the base string that was signed,
where the hook has left it; the server's own base string and signature, where they are known;
the request's signature, under the credentials that were given; the server's words.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from .causes.alignment import align
from .causes.answers import SAID_SO, Words
from .causes.case import SAID, Case
from .causes.comparison import of_server_parts, of_what_was_signed, server_parts
from .causes.computation import of_computation
from .causes.exchange import Answered, read_answer, read_request
from .causes.findings import Explanation, Finding, masked_rows
from .causes.parts import Parts
from .causes.structure import (
    of_clock,
    of_credentials,
    of_expiry,
    of_location,
    of_request,
    of_step,
    of_unsigned,
)
from .credentials import Consumer, Credentials, check_token
from .errors import check_type
from .redact import redact
from .rsa import load_key

__all__ = ["Explanation", "Finding", "explain", "pinned_elsewhere"]


def explain(
    request_or_response: Any,
    consumer: Consumer | None = None,
    token: Credentials | None = None,
    server_base_string: str | None = None,
    server_signature: str | None = None,
    *,
    rsa_key: Any = None,
    signing_key: str | None = None,
) -> Explanation:
    """Say why a request was refused, the likeliest cause first.

    :param request_or_response: a ``requests.Response`` (its request and its history are read), a ``PreparedRequest``
        or ``Request``, or anything of another client's with method, url, headers and body. Neither is changed; a
        body that nobody has read yet is left unread.
    :param consumer: with whose secret the signature is computed anew; ``None``: it is not.
    :param token: likewise; ``None``: the request is two-legged.
    :param server_base_string: what the server says it signed; default: what its error page shows.
    :param server_signature: the server's, or another client's for the same nonce and timestamp.
    :param rsa_key: either half of the pair, for the RSA methods.
    :param signing_key: the key itself, where it is not made as RFC 5849 s3.4.2 says.
    :returns: findings, each with a stable code; ``no-cause-found`` where there is nothing to be found.
    :raises UsageError: that is no request, or an argument is wrong. No request or response raises anything.
    """
    if consumer is not None:
        check_type(consumer, Consumer, "consumer", "a Consumer")
    check_token(token)
    for name, text in (("server_base_string", server_base_string), ("server_signature", server_signature)):
        if text is not None:
            check_type(text, str, name, "a str")
    is_answer = hasattr(request_or_response, "status_code")
    request = getattr(request_or_response, "request", None) if is_answer else request_or_response
    answered = read_answer(request_or_response) if is_answer else Answered()
    if is_answer and request is None:
        return Explanation((_nothing(answered.words, "the response has no request to look at"),))
    return _explanation(
        Case(
            read_request(request), answered, consumer, token, server_base_string, server_signature,
            None if rsa_key is None else load_key(rsa_key, public=True), signing_key,
        )
    )  # fmt: skip


def pinned_elsewhere(explanation: Explanation) -> Explanation:
    """Return an explanation of an unsigned request whose hook is pinned to other origins."""
    first = explanation.findings[0]
    if first.code != "unsigned":
        return explanation
    evidence = (*first.evidence, "the hook signs for its origins= only, and this address is at none of them")
    return replace(explanation, findings=(replace(first, evidence=evidence), *explanation.findings[1:]))


def _explanation(case: Case) -> Explanation:
    """Look at all of a case, and put what was found in order."""
    ordered: dict[str, Finding] = {}
    for finding in sorted(_findings(case), key=lambda finding: -finding.weight):
        ordered.setdefault(finding.code, finding)
    if not ordered:
        nothing = _nothing(case.answered.words, *_missing_means(case))
        ordered[nothing.code] = nothing
    parts, message = case.asked.parts, case.asked.message
    if case.sides is None and parts is not None:
        case.align("the request", parts, "the request", parts)
    return Explanation(
        findings=tuple(_without_secrets(case, finding) for finding in ordered.values()),
        request=case.hidden([f"{message.method} {message.url.partition('?')[0]}"])[0],
        answer=case.hidden([_answer(case)])[0],
        ruled_out=case.hidden(case.ruled_out),
        base_string="" if parts is None else _masked_text(parts, case.secrets),
        sides=case.sides,
    )


def _findings(case: Case) -> Iterator[Finding]:
    unsigned = of_unsigned(case.asked, case.answered)
    if unsigned is not None:
        yield unsigned
        return
    yield from of_request(case.asked, case.answered)
    yield from of_credentials(case.asked, case.consumer, case.token)
    yield from _of_signature(case)
    clock = of_clock(case.asked, case.answered)
    others = (
        of_step(case.asked, case.answered), of_location(case.asked, case.answered),
        of_expiry(case.asked, case.answered, case.token),
    )  # fmt: skip
    yield from (finding for finding in (clock, *others) if finding is not None)
    if clock is None and case.answered.date is not None:
        case.ruled_out.append("the clock: the timestamp is within five minutes of the server's Date")
    yield from _of_words(case)


def _of_signature(case: Case) -> Iterator[Finding]:
    """Compare the request with what was signed, then with what the server says, and compute it anew."""
    parts = case.asked.parts
    if parts is None:
        return
    changed = list(of_what_was_signed(case, parts))
    if changed:
        yield from changed
        return
    server = server_parts(case, parts)
    yield from of_server_parts(case, parts, server)
    yield from of_computation(case, parts, server)


def _of_words(case: Case) -> Iterator[Finding]:
    """Say what the server says."""
    words = case.answered.words
    for position, code in enumerate(words.codes):
        evidence = (f"the server says: {_said(case)[:200]}",)
        yield Finding(code, SAID_SO[code], evidence, weight=SAID - position)


def _said(case: Case) -> str:
    return redact(case.answered.words.said, case.secrets)


def _answer(case: Case) -> str:
    answered = case.answered
    if answered.status is None:
        return ""
    said = _said(case)[:300]
    return f"{answered.status} {answered.reason}".rstrip() + (f": {said}" if said else "")


def _missing_means(case: Case) -> list[str]:
    """Return what would have told more."""
    hints = []
    if case.consumer is None:
        hints.append("with consumer= and token= the signature is computed anew")
    if case.answered.unread:
        hints.append("the answer's body was not read yet (stream=True): read response.content first")
    return hints


def _nothing(words: Words, *evidence: str) -> Finding:
    what = "Nothing is wrong with the request, as far as can be seen from here."
    said = [f"the server says: {words.said[:200]}"] if words.said else []
    return Finding("no-cause-found", what, (*said, *evidence))


def _without_secrets(case: Case, finding: Finding) -> Finding:
    what = case.hidden([finding.what], fields=False)[0]
    return replace(finding, what=what, evidence=case.hidden(finding.evidence))


def _masked_text(parts: Parts, secrets: list[str]) -> str:
    rows = masked_rows(align(parts, parts), secrets)[5:]
    pairs = [(row.name, row.left or "") for row in rows]
    return parts._replace(keep=lambda _: pairs, spell=None).text().replace("%2A%2A%2A", "***")
