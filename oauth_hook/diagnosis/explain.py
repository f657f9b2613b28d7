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

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..credentials import Consumer, Credentials, check_token
from ..errors import check_type
from ..protocol.encoding import to_wire
from ..protocol.message import Message
from ..protocol.rsa import load_key
from ..redaction.redactor import MASK
from ..redaction.request_secrets import find_key_secrets, known_secrets, redact_url, redactor_for
from .base_string_parts import Parts
from .check_base_string import check_server_parts, check_signed_text, server_parts
from .check_request import (
    check_clock,
    check_credentials,
    check_expiry,
    check_location,
    check_request,
    check_step,
    check_unsigned,
)
from .check_signature import check_signature
from .comparison import ComparisonRow
from .context import SAID, Context
from .findings import Finding
from .records import (
    RequestRecord,
    ResponseRecord,
    attribute,
    read_earlier_requests,
    read_request,
    read_response,
    sanitize_text,
)
from .report import MAX_ROWS, Comparison, Explanation, masked_rows
from .server_messages import SERVER_SAYS

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
    given = {"server_base_string": server_base_string, "server_signature": server_signature, "signing_key": signing_key}
    _check(consumer, token, given)
    key = None if rsa_key is None else load_key(rsa_key, public=True)
    raw_response = request_or_response if attribute(request_or_response, "status_code", _NONE) is not _NONE else None
    raw_request = request_or_response if raw_response is None else attribute(raw_response, "request")
    request = _NO_REQUEST if raw_response is not None and raw_request is None else read_request(raw_request)
    earlier = read_earlier_requests(raw_response)
    own = known_secrets(consumer, token)
    carried = [secret for one in (request, *earlier) for secret in one.carried]
    redact = redactor_for((*own, signing_key or "", server_signature or "", *find_key_secrets(key), *carried))
    response = ResponseRecord() if raw_response is None else read_response(raw_response, request, earlier, redact)
    server_text = None if server_base_string is None else sanitize_text(server_base_string)
    signature = response.signature if server_signature is None else server_signature
    context = Context(request, response, redact, consumer, token, server_text, signature, key, signing_key)
    if request is _NO_REQUEST:
        evidence = (*_quote_server(context), "the response has no request to look at")
        nothing = Finding("no-cause-found", _NOTHING, evidence)
        return Explanation((_redact_finding(context, nothing),))
    return _explanation(context)


def _check(consumer: object, token: object, texts: Mapping[str, str | None]) -> None:
    if consumer is not None:
        check_type(consumer, Consumer, "consumer", "a Consumer")
    check_token(token)
    for name, text in texts.items():
        if text is not None:
            check_type(text, str, name, "a str")
            to_wire(text)
    for credentials in (consumer, token):
        if isinstance(credentials, Credentials):
            to_wire(credentials.key)


_NONE = object()
_NO_REQUEST = RequestRecord(Message("", ""), {})


def pinned_elsewhere(explanation: Explanation) -> Explanation:
    """Return an explanation of an unsigned request whose hook is pinned to other origins."""
    first = explanation.findings[0]
    if first.code != "unsigned":
        return explanation
    evidence = (*first.evidence, "the hook signs for its origins= only, and this URL is at none of them")
    return replace(explanation, findings=(replace(first, evidence=evidence), *explanation.findings[1:]))


def _explanation(context: Context) -> Explanation:
    """Look at all of a case, and put what was found in order."""
    ordered: dict[str, Finding] = {}
    for finding in sorted(_findings(context), key=lambda finding: -finding.rank):
        ordered.setdefault(finding.code, finding)
    if not ordered:
        nothing = _nothing_found(context)
        ordered[nothing.code] = nothing
    parts, message = context.request.parts, context.request.message
    rows = () if parts is None else _request_rows(context, parts)
    if context.comparison is None and rows:
        context.comparison = Comparison("the request", "the request", rows)
    return Explanation(
        findings=tuple(_redact_finding(context, finding) for finding in ordered.values()),
        request=context.redacted([f"{message.method} {redact_url(message.url)}"])[0],
        response=context.redacted([_status_line(context)])[0],
        ruled_out=context.redacted(context.ruled_out),
        base_string=_join_rows(rows) if rows else "",
        comparison=context.comparison,
    )


def _findings(context: Context) -> Iterator[Finding]:
    unsigned = check_unsigned(context.request, context.response)
    if unsigned is not None:
        yield unsigned
        return
    yield from check_request(context.request, context.response)
    yield from check_credentials(context.request, context.consumer, context.token)
    yield from _check_signatures(context)
    clock = check_clock(context.request, context.response)
    others = (
        check_step(context.request, context.response), check_location(context.response),
        check_expiry(context.request, context.response, context.token),
    )  # fmt: skip
    yield from (finding for finding in (clock, *others) if finding is not None)
    if clock is None and context.response.date is not None:
        context.ruled_out.append("the clock: the timestamp is within five minutes of the server's Date")
    yield from _check_server_words(context)


def _check_signatures(context: Context) -> Iterator[Finding]:
    """Compare the request with what was signed, then with what the server says, and compute it anew."""
    parts = context.request.parts
    if parts is None:
        return
    changed = list(check_signed_text(context, parts))
    if changed:
        yield from changed
        return
    server = server_parts(context, parts)
    yield from check_server_parts(context, parts, server)
    yield from check_signature(context, parts, server)


def _check_server_words(context: Context) -> Iterator[Finding]:
    """Say what the server says."""
    words = context.response.words
    for position, code in enumerate(words.codes):
        evidence = (f"the server says: {_server_words(context)[:200]}",)
        summary = _NOT_FOUND if words.problem == "parameter_absent" else SERVER_SAYS[code]
        yield Finding(code, summary, evidence, rank=SAID - position)


_NOT_FOUND = "The server misses a parameter, or does not look for it where it is."


def _server_words(context: Context) -> str:
    return context.redact(context.response.words.phrase)


def _status_line(context: Context) -> str:
    response = context.response
    if response.status is None:
        return ""
    phrase = _server_words(context)[:300]
    return f"{response.status} {response.reason}".rstrip() + (f": {phrase}" if phrase else "")


def _quote_server(context: Context) -> list[str]:
    phrase = context.response.words.phrase
    return [f"the server says: {phrase[:200]}"] if phrase else []


def _nothing_found(context: Context) -> Finding:
    """Say that no cause was found, and what would tell more."""
    evidence = _quote_server(context)
    if context.response.unread:
        evidence.append("the answer's body was not read yet (stream=True): read response.content first")
    if context.server_text is not None and not context.server_raw:
        evidence.append("what was given as the server's base string is not one (METHOD&URL&parameters)")
    if context.is_right and context.response.is_refusal:
        return Finding("no-cause-found", _RIGHT, tuple(evidence), remedy=_NOT_OAUTHS)
    if (
        context.is_right is None
        and context.consumer is None
        and context.rsa_key is None
        and context.request.parts is not None
    ):
        return Finding("no-cause-found", _UNCHECKED, tuple(evidence), remedy=_WITH_SECRETS)
    return Finding("no-cause-found", _NOTHING, tuple(evidence), remedy=_COMPARED if context.server_raw else "")


_NOTHING = "Nothing is wrong with the request, as far as can be seen from here."
_RIGHT = "Nothing is wrong with the request: its signature is right for these secrets."
_UNCHECKED = (
    "Nothing is wrong with the request, as far as can be seen without its secrets: the signature was not checked."
)
_WITH_SECRETS = "Give the secrets of consumer and token, and the signature is computed anew."
_NOT_OAUTHS = (
    "The service may refuse for a reason of its own: permissions, limits, a URL that takes no signature. Where it "
    "blames the signature, ask it for the base string that it signed, and explain the request together with it."
)
_COMPARED = "The server has the same base string: compare the secrets with those that the service has."


def _redact_finding(context: Context, finding: Finding) -> Finding:
    summary = context.redacted([finding.summary], fields=False)[0]
    return replace(finding, summary=summary, evidence=context.redacted(finding.evidence))


def _request_rows(context: Context, parts: Parts) -> tuple[ComparisonRow, ...]:
    """Return the request's own parts, without secrets."""
    pairs = [*parts.url_parts, *sorted(parts.pairs)]
    rows = [ComparisonRow(name, value, value) for name, value in pairs[:MAX_ROWS]]
    return masked_rows(rows, context.redact, more=len(pairs) - len(rows))


def _join_rows(rows: tuple[ComparisonRow, ...]) -> str:
    """Return the base string that such parts make."""
    method, scheme, host, port, path, *pairs = [(row.name, row.left or "") for row in rows]
    shown = Parts(method[1], scheme[1], host[1], port[1], path[1], keep=lambda _: pairs)
    return shown.text().replace("%2A%2A%2A", MASK)
