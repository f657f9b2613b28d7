"""What is wrong with a request as it stands, whoever's secrets signed it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote, unquote

from ..credentials import Consumer, Credentials
from ..errors import UsageError
from ..protocol.body_hash import check_body_hash
from ..protocol.methods import METHODS
from ..protocol.parameters import is_form
from ..protocol.url import origin, split_url
from ..redaction.request_secrets import redact_url
from .findings import Finding
from .records import RequestRecord, ResponseRecord
from .server_messages import gives_access_tokens, gives_request_tokens

__all__ = [
    "check_clock",
    "check_credentials",
    "check_expiry",
    "check_location",
    "check_request",
    "check_secrets",
    "check_step",
    "check_unsigned",
]

# A clock that is further off than this, in seconds, may be why a server said no.
_MAX_CLOCK_SKEW = 300


def check_unsigned(request: RequestRecord, response: ResponseRecord) -> Finding | None:
    """Say why a request carries no signature; ``None`` where it has one."""
    if "oauth_signature" in request.values:
        return None
    earlier = next(
        (earlier for earlier in reversed(response.earlier_requests) if "oauth_signature" in earlier.values), None
    )
    if request.is_cross_origin or earlier is not None:
        evidence = (
            [f"the redirects went from {_redacted_url(earlier)} to {_redacted_url(request)}"]
            if earlier is not None
            else []
        )
        summary = "A redirect led the request to another origin, where it went unsigned: credentials stay with theirs."
        return Finding("redirected", summary, tuple(evidence), proven=True, rank=100)
    if request.objection:
        return Finding("unsigned", "The request cannot be signed as it stands.", (request.objection,), True, 100)
    if request.values:
        names = ", ".join(sorted(request.values))
        summary = "The request has OAuth parameters, but no oauth_signature."
        return Finding("unsigned", summary, (f"it has {names}",), proven=True, rank=100)
    evidence = ["neither its header nor its query nor its form has an oauth_ parameter"]
    words = (request.message.authorization or "").split(None, 1)
    if words and words[0].lower().startswith("oauth"):
        evidence = ['its Authorization header says OAuth, and cannot be read: OAuth name="value", name="value"']
        summary = "If the request has a signature, it stands where no server reads it."
        return Finding("unsigned", summary, tuple(evidence), proven=True, rank=100, remedy=_FORM_OF_HEADER)
    if words:
        # One word alone is no scheme, but a token.
        scheme = f" ({words[0]})" if len(words) > 1 and _is_scheme(words[0]) else ""
        evidence.append(f"its Authorization header is of another scheme{scheme}: .netrc or the session's auth set it")
    return Finding("unsigned", "The request went out unsigned: no hook has seen it.", tuple(evidence), True, 100)


_FORM_OF_HEADER = "Write the header as RFC 5849 s3.5.1 has it, or leave that to the hook."
_is_scheme = re.compile("[A-Za-z][A-Za-z0-9-]{0,19}").fullmatch


def _redacted_url(request: RequestRecord) -> str:
    return redact_url(request.message.url)


def check_request(request: RequestRecord, response: ResponseRecord) -> Iterator[Finding]:
    """Yield what is wrong with the protocol parameters of a signed request (s3.1, s3.3)."""
    values = request.values
    if request.objection and (response.status is None or response.is_refusal):
        code = "host" if _has_bad_url(request) else "content-type"
        yield Finding(code, "The request cannot be read as it was signed.", (request.objection,), True, 92)
    if request.repeated:
        verb = "is" if len(request.repeated) == 1 else "are"
        summary = f"{', '.join(request.repeated)} {verb} in the request more than once, each time another."
        yield Finding("duplicate-parameters", summary, (), proven=True, rank=97)
    yield from _check_reused_nonce(request, response)
    if response.retries and response.words.codes[:1] == ("nonce-reused",):
        summary = "urllib3 sent the request again with the signature of the first attempt."
        evidence = (f"it made {response.retries} attempt(s) before this one",)
        yield Finding("nonce-reused", summary, evidence, proven=True, rank=98)
    yield from _check_required(request)
    yield from _check_values(values)
    yield from _check_timestamp(values.get("oauth_timestamp"))
    method = values.get("oauth_signature_method", "")
    if method not in METHODS:
        summary = f"There is no signature method {method!r}." if method else "The request names no signature method."
        yield Finding("signature-method", summary, (), proven=True, rank=94)
    if method == "PLAINTEXT" and request.is_plain_http:
        summary = "PLAINTEXT sends the secrets themselves, and this went over plain http."
        yield Finding("insecure-transport", summary, (), proven=True, rank=96)
    body = request.message.body
    if "oauth_body_hash" in values and (body is None or isinstance(body, bytes | str)):
        objection = check_body_hash(values["oauth_body_hash"], body or "", is_form(request.message.content_type))
        if objection:
            summary = f"What was sent is not what was hashed: {objection}."
            yield Finding("body-changed", summary, (), proven=True, rank=96)


def _has_bad_url(request: RequestRecord) -> bool:
    """Tell whether it is the address that nobody can sign (s3.4.1.2)."""
    try:
        address = split_url(request.message.url)
        origin(address.scheme, request.message.host or address.authority)
    except UsageError:
        return True
    return False


# What s3.1 requires, and PLAINTEXT may leave out; the causes are those that servers name for it.
_REQUIRED = {"oauth_nonce": "nonce-reused", "oauth_timestamp": "clock-skew"}


def _check_required(request: RequestRecord) -> Iterator[Finding]:
    """Name the protocol parameters that a signed request has to have, and has not (s3.1)."""
    values = request.values
    if request.objection or values.get("oauth_signature_method") == "PLAINTEXT":
        return
    for name, code in _REQUIRED.items():
        if name not in values:
            remedy = f"Send {name} with each request, a fresh one (RFC 5849 s3.3)."
            yield Finding(code, f"The request has no {name}.", (), proven=True, rank=95, remedy=remedy)


def _check_reused_nonce(request: RequestRecord, response: ResponseRecord) -> Iterator[Finding]:
    """A signature that another request of the same chain had already."""
    nonce = request.values.get("oauth_nonce")
    for earlier in response.earlier_requests:
        if nonce is None or earlier.values.get("oauth_nonce") != nonce:
            continue
        if earlier.message.url == request.message.url and earlier.message.method == request.message.method:
            summary = "The request was sent again with the signature of the first attempt."
            yield Finding("nonce-reused", summary, ("the same oauth_nonce in both",), proven=True, rank=98)
        else:
            summary = "A redirect was followed with the signature of the request before it."
            evidence = (f"the same oauth_nonce at {_redacted_url(earlier)} and at {_redacted_url(request)}",)
            yield Finding("redirected", summary, evidence, proven=True, rank=98)
        return


# What an empty value, or white space around it, stands for (s2.1, s2.3, s3.1).
_NEVER_EMPTY = {
    "oauth_verifier": "verifier-missing", "oauth_callback": "callback-missing", "oauth_consumer_key": "consumer-key",
    "oauth_token": "token-key",
}  # fmt: skip


def _check_values(values: Mapping[str, str]) -> Iterator[Finding]:
    """Name the protocol parameters whose value cannot be right, whatever the service; verifiers are not shown."""
    for name, code in _NEVER_EMPTY.items():
        value = values.get(name)
        if value is not None and value != value.strip():
            yield Finding(code, f"{name} has white space around it.", (), proven=True, rank=94)
        elif value == "" and name != "oauth_token":  # two-legged requests may have an empty token
            yield Finding(code, f"{name} is empty.", (), proven=True, rank=94)
    version = values.get("oauth_version", "1.0")
    if version != "1.0":
        summary = f"oauth_version is {version!r}, and is 1.0 wherever it is sent (RFC 5849 s3.1)."
        remedy = "Leave oauth_version out, or say 1.0."
        yield Finding("signature-method", summary, (), proven=True, rank=94, remedy=remedy)


def _check_timestamp(timestamp: str | None) -> Iterator[Finding]:
    if timestamp is None:
        return
    if not timestamp.isascii() or not timestamp.isdecimal():
        summary = f"oauth_timestamp is no number of seconds: {timestamp!r}."
        yield Finding("clock-skew", summary, (), proven=True, rank=94)
    elif len(timestamp) > _MAX_TIMESTAMP_DIGITS:
        summary = (
            f"oauth_timestamp has {len(timestamp)} digits: milliseconds, perhaps, where seconds are wanted (s3.3)."
        )
        yield Finding("clock-skew", summary, (), proven=True, rank=94)


_MAX_TIMESTAMP_DIGITS = 10  # of seconds since the epoch, until the year 2286


def _seconds(request: RequestRecord) -> int | None:
    """Return the timestamp; ``None`` where it is none."""
    timestamp = request.values.get("oauth_timestamp", "")
    return int(timestamp) if timestamp.isdecimal() and len(timestamp) <= _MAX_TIMESTAMP_DIGITS else None


def check_credentials(
    request: RequestRecord, consumer: Consumer | None, token: Credentials | None
) -> Iterator[Finding]:
    """Yield where the request names others than the credentials that were given."""
    values = request.values
    if consumer is not None and values.get("oauth_consumer_key") != consumer.key:
        sent = values.get("oauth_consumer_key")
        summary = "The request names another consumer." if sent else "The request names no consumer."
        yield Finding("consumer-key", summary, _compared("oauth_consumer_key", sent, consumer.key), True, 98)
    if token is None:
        return
    sent = values.get("oauth_token")
    if not sent:
        evidence = (f"oauth_token should be {token.key}",)
        yield Finding("token-missing", "The request names no token: it was signed two-legged.", evidence, True, 98)
    elif sent != token.key:
        yield Finding(
            "token-key", "The request names another token.", _compared("oauth_token", sent, token.key), True, 95
        )


def check_expiry(request: RequestRecord, response: ResponseRecord, token: Credentials | None) -> Finding | None:
    """Say that a token has ended, where a request with it was refused."""
    timestamp = _seconds(request)
    if token is None or token.expires_at is None or not response.is_refusal or timestamp is None:
        return None
    now = timestamp if response.date is None else response.date
    if token.expires_at > now:
        return None
    evidence = (f"it was good until {token.expires_at:.0f} (seconds since the epoch), and this was at {now:.0f}",)
    return Finding("token-expired", "The token had ended when it was used.", evidence, proven=True, rank=90)


def check_location(response: ResponseRecord) -> Finding | None:
    """Say that the server is at another address, where a redirect was not followed."""
    if not response.location or response.status not in (301, 307, 308):
        return None
    summary = "The server redirects permanently, and the redirect was not followed: it has another URL for this."
    evidence = (f"the Location is {redact_url(response.location)}",)
    return Finding("redirected", summary, evidence, proven=True, rank=70)


def check_secrets(consumer: Consumer, token: Credentials | None, rank: int) -> Iterator[Finding]:
    """Yield what looks wrong with the secrets that were given, where they may be why a request was refused.

    :param rank: of the findings.
    """
    for owner, credentials in (("consumer", consumer), ("token", token)):
        if credentials is None:
            continue
        secret, code = credentials.secret, f"{owner}-secret"
        bare = secret.strip().strip("\"'")
        if bare != secret:
            summary = f"The {owner}'s secret, as it was given, has white space or quotes around it."
            evidence = (f"it has {len(secret)} characters, {len(bare)} without them",)
            yield Finding("secret-whitespace", summary, evidence, proven=False, rank=rank)
        elif not secret:
            yield Finding(code, f"The {owner}'s secret is empty.", rank=rank)
        elif secret == credentials.key:
            yield Finding(code, f"The {owner}'s secret is the same as its key.", rank=rank)
        elif unquote(secret) != secret:
            summary = f"The {owner}'s secret looks percent-encoded already."
            yield Finding("signing-key-encoding", summary, rank=rank - 2)
    if token is not None and token.secret and token.secret == consumer.secret:
        yield Finding("token-secret", "The token's secret is the same as the consumer's.", rank=rank)


def _compared(name: str, sent: str | None, given: str) -> tuple[str, ...]:
    if sent is None:
        return (f"{name} is missing",)
    if sent.strip() == given.strip():
        return (f"{name} differs by white space only: {sent!r} was sent, {given!r} was given",)
    if given in (unquote(sent), quote(sent, safe="~")):
        return (f"{name} differs by percent-encoding only: {sent!r} was sent, {given!r} was given",)
    return (f"{name} is {sent!r}, and {given!r} was given",)


def check_clock(request: RequestRecord, response: ResponseRecord) -> Finding | None:
    """Say how far the timestamp is from the server's time, where that may matter."""
    timestamp = _seconds(request)
    if not response.is_refusal or response.date is None or timestamp is None:
        return None
    off = timestamp - response.date
    if abs(off) <= _MAX_CLOCK_SKEW:
        return None
    way = "behind" if off < 0 else "ahead of"
    summary = f"The request was signed for a time {_span(abs(off))} {way} the server's."
    evidence = (f"oauth_timestamp is {timestamp}, the answer's Date is {response.date:.0f}",)
    return Finding("clock-skew", summary, evidence, proven=False, rank=50 if response.words.blames_signature else 85)


def _span(seconds: float) -> str:
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} seconds"


def check_step(request: RequestRecord, response: ResponseRecord) -> Finding | None:
    """Say what a request for a token lacks (s2.1, s2.3), where it was refused."""
    if not response.is_refusal or request.reading is None:
        return None
    url, values = request.message.url, request.values
    # pump.io says no more than "Missing required parameter".
    rank = 84 if re.search("missing|required|absent", response.words.phrase, re.IGNORECASE) else 30
    if "oauth_token" not in values and "oauth_callback" not in values and gives_request_tokens(url):
        summary = "This asks for a request token, and has no oauth_callback."
        return Finding("callback-missing", summary, ("RFC 5849 s2.1 wants one; OAuth 1.0 had none",), rank=rank)
    if "oauth_token" in values and "oauth_verifier" not in values and gives_access_tokens(url):
        summary = "This exchanges a request token, and has no oauth_verifier."
        return Finding("verifier-missing", summary, ("RFC 5849 s2.3 wants one; OAuth 1.0 had none",), rank=rank)
    return None
