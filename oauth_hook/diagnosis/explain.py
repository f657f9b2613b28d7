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
from ..services.catalog import Service
from ..services.demands import find_demands
from .base_string_parts import Parts
from .check_base_string import check_client_text, check_server_parts, check_signed_text, find_server_parts
from .check_refusal import check_candidates, check_demands, check_lost, quote_causes, quote_server
from .check_request import (
    check_clock,
    check_credentials,
    check_expiry,
    check_request,
    check_secrets,
    check_step,
    check_unsigned,
)
from .check_signature import check_signature
from .clients import find_request, find_status
from .comparison import ComparisonRow
from .context import Context
from .findings import MAX_CANDIDATE, Finding, guess, is_prose
from .records import (
    RequestRecord,
    ResponseRecord,
    read_earlier_requests,
    read_request,
    read_response,
    sanitize_text,
)
from .report import MAX_ROWS, Comparison, Explanation, mask_rows

__all__ = ["Explanation", "Finding", "explain", "pinned_elsewhere"]


@conceal_frames
def explain(
    request_or_response: Any,
    consumer: Consumer | None = None,
    token: Credentials | None = None,
    server_base_string: str | None = None,
    server_signature: str | None = None,
    client_base_string: str | None = None,
    service: Service | str | None = None,
    *,
    rsa_key: Any = None,
    signing_key: str | None = None,
) -> Explanation:
    """Say why a request was refused, the likeliest cause first.

    :param request_or_response: a ``requests.Response`` (its request and its history are read), a ``PreparedRequest``
        or ``Request``; the same of niquests, httpx, aiohttp, urllib, http.client or urllib3; or an object that has
        method, url, headers and body, or status_code, headers, content and request. Nothing is changed, a body that
        was not read yet is left unread, and what a client does not keep is said to be unknown.
    :param consumer: with whose secret the signature is computed anew; ``None``: it is not.
    :param token: likewise; ``None``: the request is two-legged.
    :param server_base_string: what the server says it signed; default: what its error page shows.
    :param server_signature: the server's, or another client's for the same nonce and timestamp.
    :param client_base_string: what another client says it signed, of this attempt or of another.
    :param service: what it is known to want is looked at too: a service, or the name of a known one; ``None``: it is
        recognized by the request's URL, if it is a known one.
    :param rsa_key: either half of the pair, for the RSA methods.
    :param signing_key: the key itself, where it is not made as RFC 5849 s3.4.2 says.
    :returns: findings, each with a stable code; ``no-cause-found`` where there is nothing to be found.
    :raises UsageError: an argument is wrong, or the first one is neither. No request or response raises anything.
    """
    given = {
        "server_base_string": server_base_string, "server_signature": server_signature,
        "client_base_string": client_base_string, "signing_key": signing_key,
    }  # fmt: skip
    _check_arguments(consumer, token, given)
    if service is not None:
        check_type(service, (Service, str), "service", "a Service or the name of one")
    key = None if rsa_key is None else load_key(rsa_key, public=True)
    raw_response = None if find_status(request_or_response) is NotImplemented else request_or_response
    raw_request = request_or_response if raw_response is None else find_request(raw_response)
    request = _NO_REQUEST if raw_response is not None and raw_request is None else read_request(raw_request)
    earlier = read_earlier_requests(raw_response)
    own = known_secrets(consumer, token)
    carried = [secret for one in (request, *earlier) for secret in one.carried]
    secrets = [*own, signing_key or "", server_signature or "", *find_key_secrets(key), *carried]
    redact, prose_redact = redactor_for(secrets), None
    if any(map(is_prose, secrets)):
        prose_redact = redactor_for(secret for secret in secrets if not is_prose(secret))
    response = ResponseRecord() if raw_response is None else read_response(raw_response, request, earlier, redact)
    server_text, client_text = (
        None if text is None else sanitize_text(text) for text in (server_base_string, client_base_string)
    )
    signature = response.signature if server_signature is None else server_signature
    demands = find_demands(service, request.message.url)
    context = Context(
        request,
        response,
        redact,
        consumer=consumer,
        token=token,
        server_text=server_text,
        server_signature=signature,
        rsa_key=key,
        own_key=signing_key,
        client_text=client_text,
        demands=demands,
        prose_redact=prose_redact,
    )
    if request is _NO_REQUEST:
        findings = list(quote_causes(context)) or [_find_nothing(context)]
        findings[0] = replace(findings[0], evidence=(*findings[0].evidence, *_list_unknown(context)))
        shown = context.redacted([_join_words(context)])[0]
        return Explanation(tuple(_redact_finding(context, finding) for finding in findings), response=shown)
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
    findings = _show_evidence_once(list(ordered.values()) or [_find_nothing(context)])
    findings[0] = replace(findings[0], evidence=(*findings[0].evidence, *context.junk))
    findings[0] = replace(findings[0], evidence=tuple(dict.fromkeys([*findings[0].evidence, *_list_unknown(context)])))
    if context.is_success and findings[0].code != "no-cause-found":
        context.ruled_out.append(f"a refusal: the server said {_join_status(context.response)}")
    message, parts = context.request.message, context.request.parts
    rows: tuple[ComparisonRow, ...] = ()
    if parts is not None:
        pairs = [*parts.url_parts, *sorted(parts.pairs)]
        own = [ComparisonRow(name, value, value) for name, value in pairs[:MAX_ROWS]]
        rows = mask_rows(own, context.redact, context.request, more=len(pairs) - len(own))
        context.comparison = context.comparison or Comparison("the request", "the request", rows)
    request, shown_status = context.redacted([f"{message.method} {redact_url(message.url)}", _join_words(context)])
    return Explanation(
        findings=tuple(_redact_finding(context, finding) for finding in findings),
        request=request,
        response=shown_status,
        ruled_out=context.redacted(context.ruled_out, is_prose=True),
        base_string=_join_rows(rows) if rows else "",
        comparison=context.comparison,
    )


def _list_unknown(context: Context) -> list[str]:
    """Return what was not there to be looked at, as lines of evidence."""
    unknown = [context.response.unread] if context.response.unread else []
    if context.request.lost_form:
        unknown.append(_LOST_FORM)
    if context.response.lacks_status:
        unknown.append("the response's status is not in what was given")
    return unknown


_LOST_FORM = "the fields of the form that was sent are not known, and they are signed: its client does not keep a body"


def _show_evidence_once(findings: list[Finding]) -> list[Finding]:
    """Return findings without the lines of evidence that an earlier one has: one comparison shows two mistakes."""
    seen: set[str] = set()
    shown = []
    for finding in findings:
        shown.append(replace(finding, evidence=tuple(line for line in finding.evidence if line not in seen)))
        seen.update(finding.evidence)
    return shown


def _find_causes(context: Context) -> list[Finding]:
    """Return what was found, and what is likely where that is not much."""
    found = list(check_unsigned(context))
    if found:
        return found
    found += _look_at_all(context)
    if not any(finding.rank >= _DECISIVE for finding in found):
        found += check_candidates(context)
    certain = {finding.code for finding in found if finding.proven and finding.rank >= _CERTAIN}
    if certain and (context.is_right is not False or certain & _OF_OTHERS):
        found = [finding for finding in found if not finding.is_candidate]
    response = context.response
    is_elsewhere = response.is_refusal and not response.words.is_about_oauth
    has_doubt = any(MAX_CANDIDATE < finding.rank < _OF_NO_USE for finding in found)
    if is_elsewhere and (has_doubt or response.status in _NOTHING_OF_OAUTH):
        found.append(_find_nothing(context))
    return found


_DECISIVE = 80  # how certain a finding has to be for the usual causes to be of no interest
_CERTAIN = 94  # how certain one that is proven has to be for all that is only likely to be of none
_OF_OTHERS = {"consumer-key", "token-key", "token-missing", "redirected"}  # why these secrets do not make a signature


def _look_at_all(context: Context) -> Iterator[Finding]:
    for check in (check_request, check_credentials, check_secrets):
        yield from check(context)
    parts = context.request.parts
    changed = [] if parts is None else list(check_signed_text(context, parts))
    yield from changed
    if parts is not None and not changed:
        server = find_server_parts(context, parts)
        yield from check_server_parts(context, parts, server)
        yield from check_signature(context, parts, server)
        yield from check_client_text(context, parts, server)
    for check in (check_clock, check_step, check_expiry, check_demands):
        yield from check(context)
    yield from list(check_lost(context)) or quote_causes(context)


def _find_nothing(context: Context) -> Finding:
    """Say that no cause was found, and what would tell more."""
    summary, remedy = _say_nothing(context)
    rank = 84 if context.response.status in _NOTHING_OF_OAUTH else _OF_NO_USE
    return guess("no-cause-found", summary, *quote_server(context), rank=rank, remedy=remedy)


_OF_NO_USE = 50  # how certain it is that a refusal is not about OAuth: less than what was seen, more than a demand


def _say_nothing(context: Context) -> tuple[str, str]:
    """Return what is said where no cause was found, and what to do."""
    response, status = context.response, context.response.status or 0
    if context.is_success:
        signed = "" if context.is_right is None else _SIGNED[context.is_right]
        return f"The server took the request: it said {_join_status(response)}{signed}.", _ALL_IS_WELL
    if response.lacks_status and not response.is_refusal:
        signed = "" if context.is_right is None else _SIGNED[context.is_right]
        return f"Whether the server took the request is not known{signed}.", _WITH_STATUS
    if response.words.denies_permission:
        return _DENIED, _ASK_FOR_PERMISSION
    if context.request is _NO_REQUEST:
        return _NO_REQUEST_KNOWN, _WITH_REQUEST
    is_without_keys = context.consumer is None and context.rsa_key is None
    is_unchecked = context.is_right is None and is_without_keys and context.request.parts is not None
    if response.is_refusal and not response.words.is_about_oauth:
        means = 429 if response.words.limits_rate else status  # Xero says so with any status
        remedy = _BROKEN if means >= 500 else _WHERE_TO_LOOK.get(means, _OWN_REASON)
        if is_unchecked:
            return f"{_NOT_OAUTHS} The signature was not checked.", f"{remedy} {_WITH_SECRETS}"
        return _RIGHT if context.is_right else _NOT_OAUTHS, remedy
    if context.is_right and response.is_refusal:
        return _RIGHT, _OWN_REASON
    if is_unchecked:
        return _UNCHECKED, _WITH_SECRETS
    return _NOTHING, _COMPARED if context.server_raw else ""


def _join_words(context: Context) -> str:
    """Return a response in a line; empty where nothing came back."""
    status = "" if context.response.status is None else _join_status(context.response)
    phrase = context.redact(context.response.words.phrase)[:300]
    return status if phrase == context.response.reason else ": ".join(filter(None, (status, phrase)))


def _join_status(response: ResponseRecord) -> str:
    return f"{response.status} {response.reason}".rstrip()


_NOTHING = "Nothing is wrong with the request, as far as can be seen from here."
_RIGHT = "The signature is right for these secrets: the server refuses something else."
_NOT_OAUTHS = "The server refuses something else than who asks: nothing in its response is about OAuth."
_DENIED = "The server says that whoever asks may not do this: it is not the signature that it refuses."
_ASK_FOR_PERMISSION = (
    "See on the service's page what the application and the token may do; get a new token after a change, or ask as "
    "another user."
)
_WITH_STATUS = "Look up the response's status, and explain both together: a program may show it without copying it."
_NO_REQUEST_KNOWN = "The response does not say which request it is to: there is nothing to compute."
_WITH_REQUEST = (
    "Explain the request itself, as it was sent; or an object with status_code, headers, content and request, which "
    "has method, url, headers and body."
)
_SIGNED = {True: ", and the signature is right for these secrets", False: ", though the signature is of other secrets"}
_ALL_IS_WELL = "There is nothing to mend."
_UNCHECKED = (
    "Nothing is wrong with the request, as far as can be seen without its secrets: the signature was not checked."
)
_WITH_SECRETS = "Give the secrets of consumer and token, and the signature is computed anew."
_OWN_REASON = (
    "The service may refuse for a reason of its own: permissions, limits, a URL that takes no signature. Where it "
    "blames the signature, ask it for the base string that it signed, and explain the request together with it."
)
_BROKEN = (
    "The server, or what stands before it, has failed: try again later, each time with a fresh signature; if it stays, "
    "report it to the service."
)
# What is nothing that a signature could mend, and where to look.
_WHERE_TO_LOOK = {
    400: "Read what the service says of the parameters: their names, their values, their form.",
    402: "The service wants to be paid: look at the plan of the account.",
    403: "Look at the permissions of the application, the token and the user, and at the limits of the service; a "
    "firewall before it may refuse this machine, or its User-Agent.",
    404: "Look at the URL: its version, its path, its id; some services answer 404 for what the user may not see.",
    405: "Look at the method: this URL takes others (the Allow header names them).",
    406: "Look at the Accept header, and at the ending of the path.",
    407: "A proxy on this side wants a name and a password: give them in the proxy's URL.",
    409: "What is asked for conflicts with what the service has: read what it says.",
    410: "What was there is gone: look for a newer version of the API.",
    411: "Send a Content-Length: a stream of unknown length has none.",
    413: "Send less at once: the body is too large for the service, or for a proxy before it.",
    414: "Send the parameters in a form, by POST: the URL is too long.",
    415: "Look at the Content-Type: this URL takes another.",
    422: "Read what the service says of the values: it has understood, and does not take them.",
    426: "Use https, or the version of HTTP that the service asks for.",
    429: "Wait, as long as Retry-After says, and ask less often; sign each attempt anew.",
    431: "Send fewer or shorter headers: sign in the query, or drop cookies.",
    451: "The service may not show this where you are.",
}
_NOTHING_OF_OAUTH = frozenset({404, 405, 406, 407, 410, 413, 414, 429, 431, 451, *range(500, 600)})
_COMPARED = "The server has the same base string: compare the secrets with those that the service has."


def _redact_finding(context: Context, finding: Finding) -> Finding:
    summary = context.redacted([finding.summary], is_prose=True)[0]
    return replace(finding, summary=summary, evidence=context.redacted(finding.evidence))


def _join_rows(rows: tuple[ComparisonRow, ...]) -> str:
    """Return the base string that such parts make."""
    method, scheme, host, port, path, *pairs = [(row.name, row.left or "") for row in rows]
    shown = Parts(method[1], scheme[1], host[1], port[1], path[1], keep=lambda _: pairs)
    return shown.text().replace("%2A%2A%2A", MASK)
