"""``explain()``: why a request was refused.

It reads the request as it went out and the response to it, computes the signature anew, and
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
from ..errors import check_type, conceal_frames
from ..protocol.encoding import to_wire
from ..protocol.message import Message
from ..protocol.rsa import load_key
from ..redaction.redactor import MASK
from ..redaction.request_secrets import find_key_secrets, known_secrets, redact_url, redactor_for
from .base_string_parts import Parts
from .check_base_string import check_server_parts, check_signed_text, find_server_parts
from .check_request import check_clock, check_credentials, check_expiry, check_request, check_step, check_unsigned
from .check_signature import check_signature
from .comparison import ComparisonRow
from .context import Context
from .findings import SAID, Finding, guess
from .records import (
    RequestRecord,
    ResponseRecord,
    attribute,
    read_earlier_requests,
    read_request,
    read_response,
    sanitize_text,
)
from .report import MAX_ROWS, Comparison, Explanation, mask_rows
from .server_messages import SERVER_SAYS

__all__ = ["Explanation", "Finding", "explain", "pinned_elsewhere"]


@conceal_frames
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
    :raises UsageError: an argument is wrong, or the first one is neither. No request or response raises anything.
    """
    given = {"server_base_string": server_base_string, "server_signature": server_signature, "signing_key": signing_key}
    _check_arguments(consumer, token, given)
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
        return Explanation((_redact_finding(context, _find_nothing(context)),))
    return _explain_context(context)


def _check_arguments(consumer: object, token: object, texts: Mapping[str, str | None]) -> None:
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


def _explain_context(context: Context) -> Explanation:
    """Look at all of it, and put what was found in order."""
    ordered: dict[str, Finding] = {}
    for finding in sorted(_find_causes(context), key=lambda finding: -finding.rank):
        ordered.setdefault(finding.code, finding)
    findings = list(ordered.values()) or [_find_nothing(context)]
    message, response, parts = context.request.message, context.response, context.request.parts
    rows: tuple[ComparisonRow, ...] = ()
    if parts is not None:
        pairs = [*parts.url_parts, *sorted(parts.pairs)]
        own = [ComparisonRow(name, value, value) for name, value in pairs[:MAX_ROWS]]
        rows = mask_rows(own, context.redact, context.request, more=len(pairs) - len(own))
        context.comparison = context.comparison or Comparison("the request", "the request", rows)
    phrase = context.redact(response.words.phrase)[:300]
    status = "" if response.status is None else f"{response.status} {response.reason}".rstrip()
    request, shown_status = context.redacted([
        f"{message.method} {redact_url(message.url)}", f"{status}: {phrase}" if status and phrase else status,
    ])  # fmt: skip
    return Explanation(
        findings=tuple(_redact_finding(context, finding) for finding in findings),
        request=request,
        response=shown_status,
        ruled_out=context.redacted(context.ruled_out),
        base_string=_join_rows(rows) if rows else "",
        comparison=context.comparison,
    )


def _find_causes(context: Context) -> Iterator[Finding]:
    unsigned = list(check_unsigned(context))
    if unsigned:
        yield from unsigned
        return
    yield from check_request(context)
    yield from check_credentials(context)
    parts = context.request.parts
    changed = [] if parts is None else list(check_signed_text(context, parts))
    yield from changed
    if parts is not None and not changed:
        server = find_server_parts(context, parts)
        yield from check_server_parts(context, parts, server)
        yield from check_signature(context, parts, server)
    for check in (check_clock, check_step, check_expiry, _quote_causes):
        yield from check(context)


def _quote_causes(context: Context) -> Iterator[Finding]:
    """Say what the server says."""
    words = context.response.words
    for position, code in enumerate(words.codes):
        not_found = "The server misses a parameter, or does not look for it where it is."
        summary = not_found if words.problem == "parameter_absent" else SERVER_SAYS[code]
        yield guess(code, summary, *_quote_server(context), rank=SAID - position)


def _quote_server(context: Context) -> list[str]:
    phrase = context.redact(context.response.words.phrase)
    return [f"the server says: {phrase[:200]}"] if phrase else []


def _find_nothing(context: Context) -> Finding:
    """Say that no cause was found, and what would tell more."""
    evidence = _quote_server(context)
    if context.response.unread:
        evidence.append("the response's body was not read yet (stream=True): read response.content first")
    if context.server_text is not None and not context.server_raw:
        evidence.append("what was given as the server's base string is not one (METHOD&URL&parameters)")
    if context.request is _NO_REQUEST:
        evidence.append("the response has no request to look at")
    is_without_keys = context.consumer is None and context.rsa_key is None
    summary, remedy = _NOTHING, _COMPARED if context.server_raw else ""
    if context.is_right and context.response.is_refusal:
        summary, remedy = _RIGHT, _NOT_OAUTHS
    elif context.is_right is None and is_without_keys and context.request.parts is not None:
        summary, remedy = _UNCHECKED, _WITH_SECRETS
    return guess("no-cause-found", summary, *evidence, rank=0, remedy=remedy)


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


def _join_rows(rows: tuple[ComparisonRow, ...]) -> str:
    """Return the base string that such parts make."""
    method, scheme, host, port, path, *pairs = [(row.name, row.left or "") for row in rows]
    shown = Parts(method[1], scheme[1], host[1], port[1], path[1], keep=lambda _: pairs)
    return shown.text().replace("%2A%2A%2A", MASK)
