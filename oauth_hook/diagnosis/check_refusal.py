"""What a refusal says and does not say: what was lost on the way, what the service wants, and what is likely."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

from ..services.demands import Demand
from .context import Context
from .findings import BETWEEN, GUESSED, SAID, SERVER, SIGNER, WITH_FORM, Finding, guess, proof
from .server_messages import SERVER_SAYS

__all__ = ["check_candidates", "check_demands", "check_lost", "is_unexplained", "quote_causes", "quote_server"]

_BAD_REQUEST, _UNAUTHORIZED = 400, 401
_DEMANDED, _OFTEN = 88, 45  # how certain a demand is that is not met, and one that is not always insisted on


def quote_server(context: Context) -> list[str]:
    """Return the server's words, as a line of evidence."""
    phrase = context.redact(context.response.words.phrase)
    return [f"the server says: {phrase[:200]}"] if phrase else []


# --- what was sent, and did not arrive ---

_OTHERWISE = {
    "header": "Apache with CGI or FastCGI, and some proxies, drop the Authorization header: have them pass it on "
    '(CGIPassAuth On, for Apache), or sign in the query: placement="query".',
    "query": 'The server, or this URL of it, may read the Authorization header alone: try placement="header".',
    "body": "The server, or this URL of it, may read the Authorization header alone, or a proxy changes the body: try "
    'placement="header".',
}


def check_lost(context: Context) -> Iterator[Finding]:
    """Say that protocol parameters which the server misses were sent: they were lost on the way."""
    missing, values = context.response.words.missing, context.request.values
    found = [name for name in values if name in missing or "oauth_" in missing]
    if not found or not context.response.is_refusal:
        return
    what = f"{found[0]}, which" if len(found) == 1 else "the OAuth parameters that"
    summary = f"The request has {what} the server misses: lost on the way, or looked for elsewhere."
    places = {"header": "its Authorization header", "query": "its query", "body": "its form"}
    shown = ", ".join(found[:4]) + (" and so on" if len(found) > 4 else "")
    evidence = [f"{shown} went out in {places[context.placement]}", *quote_server(context)]
    remedy = _OTHERWISE[context.placement]
    yield guess("unsigned", summary, *evidence, rank=SAID + 3, side=BETWEEN, remedy=remedy)


# --- what the server says ---

_NOT_THE_SIGNERS = ("clock-skew", "token-expired")


def quote_causes(context: Context) -> Iterator[Finding]:
    """Say what the server says."""
    words = context.response.words
    codes = words.codes
    # What the service is known to mean by a cause.
    demands = () if context.demands is None else context.demands.demands
    reasons = {demand.code: demand for demand in reversed(demands) if not demand.is_seen}
    # pump.io says this of a consumer that it does not know; a nonce that was used twice would have been seen.
    is_fresh = not context.response.earlier_requests and not context.response.retries
    if codes == ("nonce-reused", "consumer-key") and is_fresh:
        codes = codes[::-1]
    for position, code in enumerate(codes):
        not_found = "The server misses a parameter, or does not look for it where it is."
        summary = not_found if words.problem == "parameter_absent" else SERVER_SAYS[code]
        side = "" if code in _NOT_THE_SIGNERS else SIGNER
        known = reasons.get(code)
        evidence = quote_server(context) if known is None else [*quote_server(context), known.says.rstrip(".")]
        remedy = "" if known is None else known.advice
        yield guess(code, summary, *evidence, rank=SAID - position, side=side, remedy=remedy)


# --- what the service wants ---


def check_demands(context: Context) -> Iterator[Finding]:
    """Say what the service is known to want, and the request does not have; and after a refusal what may be why."""
    if context.demands is None or context.is_success or context.request.reading is None:
        return
    parts, words = _read_parts(context), context.response.words
    is_of_use = words.is_about_oauth or not context.response.is_refusal
    for position, demand in enumerate(context.demands.demands):
        if demand.often and not words.is_about_oauth:
            continue
        is_sure = not demand.often and (is_of_use or demand.code == "no-cause-found")
        # What the server calls wrong, and the arithmetic right, comes of other secrets, or of what it has read.
        is_ruled_out = demand.often and context.is_right and words.blames_signature
        rank = (_DEMANDED if is_sure else GUESSED - 2 if is_ruled_out else _OFTEN) - position / 10
        if demand.is_seen and not demand.is_met(parts):
            side = BETWEEN if demand.code == "unsigned" else SERVER if demand.part in ("form", "path") else SIGNER
            make = guess if demand.often else proof
            evidence = _show_part(demand, parts[demand.part])
            yield make(demand.code, demand.says, *evidence, rank=rank, remedy=demand.advice, side=side)
        elif not demand.is_seen and is_unexplained(context):
            rank = GUESSED - 2 - position / 10
            yield guess(demand.code, demand.says, rank=rank, remedy=demand.advice)


def is_unexplained(context: Context) -> bool:
    """Tell whether a refusal is about OAuth, and does not say what is wrong."""
    response, words = context.response, context.response.words
    is_denied = words.denies_permission and response.status != _UNAUTHORIZED
    return response.is_refusal and words.is_about_oauth and not words.codes and not words.missing and not is_denied


def _read_parts(context: Context) -> dict[str, str | None]:
    """Return what demands may be about."""
    request, reading = context.request, context.request.reading
    values, timestamp = request.values, request.values.get("oauth_timestamp", "")
    has_time = timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 10
    body = request.message.body
    return {
        "method": request.message.method.upper(),
        "scheme": None if reading is None else reading.url.scheme.lower(),
        "path": None if reading is None else reading.url.path,
        "query": None if reading is None else reading.query,
        "form": None if reading is None else reading.form,
        "realm": None if reading is None else reading.realm,
        "placement": context.placement,
        "signature_method": values.get("oauth_signature_method"),
        "nonce": values.get("oauth_nonce"),
        "token": values.get("oauth_token"),
        "user_agent": request.headers.get("user-agent"),
        "body": None if not body else "a body",
        "other_body": None if not body or (reading is not None and reading.form is not None) else "a body",
        "body_hash": values.get("oauth_body_hash"),
        "consumer_secret": None if context.consumer is None else context.consumer.secret,
        "day": time.strftime("%Y-%m-%d", time.gmtime(int(timestamp))) if has_time else None,
    }


_SHOWN = ("realm", "signature_method", "nonce", "placement", "scheme", "token")


def _show_part(demand: Demand, value: str | None) -> list[str]:
    """Return what shows that a demand is not met."""
    name = demand.part.replace("_", " ")
    if value is None:
        return [f"it has no {name}"]
    if demand.part in _SHOWN:
        return [f"its {name} is {value!r}"]
    found = re.search(demand.must_not, value) if demand.must_not and demand.part != "day" else None
    return [f"its {name} has {found[0]!r}"] if found is not None and found[0] else []


# --- what is likely, where nothing is said ---

_GIVE_SECRETS = (
    "To decide, give explain the secrets of consumer and token: it computes the signature anew, and proves what is "
    "wrong with it."
)
_REGISTERED = "To decide, compare the public key that the service has for this consumer key with the key that signs."
_LOOK_AT_TOKEN = "See on the service's page what the application and the token may do; get a new token after a change."


def check_candidates(context: Context) -> Iterator[Finding]:
    """Yield the usual causes of a refusal that names none, the likeliest first, with the step that decides."""
    if context.response.status == _BAD_REQUEST and context.response.words.phrase.lower() in ("", "bad request"):
        yield from _suspect_method(context)
    if not is_unexplained(context) or context.is_right is False:  # then the signature is what is wrong
        return
    words, challenge = context.response.words, context.response.challenge
    has_token = bool(context.request.values.get("oauth_token"))
    if words.denies_permission:
        summary = "The server says that whoever asks may not do this: the token, its user, or the application."
        yield guess("token-key", summary, *quote_server(context), rank=GUESSED + 15, remedy=_LOOK_AT_TOKEN)
    if challenge and challenge.lower() != "oauth":
        summary = f"The server asks for {challenge} and not for OAuth, as if it had seen no OAuth parameters."
        remedy = "See that this URL takes OAuth 1.0a at all, and that no password protection stands before it."
        yield guess("unsigned", summary, rank=GUESSED + 5, remedy=remedy)
    yield from _suspect_method(context)
    if context.is_right is None and not words.denies_permission:
        yield from _suspect_secrets(context, has_token=has_token)
    code, what = ("token-expired", "token") if has_token else ("consumer-key", "consumer key")
    summary = f"The {what} may be revoked, expired, or of another environment (sandbox, production)."
    yield guess(code, summary, rank=GUESSED - 3)
    if context.response.date is None:
        summary = "The clocks may differ: the response has no Date to compare oauth_timestamp with."
        yield guess("clock-skew", summary, rank=GUESSED - 4)


def _suspect_method(context: Context) -> Iterator[Finding]:
    """Say that the method may be one that a server does not know: passport says no more than Bad Request."""
    if context.method not in ("HMAC-SHA1", "PLAINTEXT"):
        summary = f"Some servers take HMAC-SHA1 alone, and refuse {context.method} without a word."
        remedy = 'Look up which methods the service takes, or try signature_method="HMAC-SHA1".'
        yield guess("signature-method", summary, rank=GUESSED - 2.5, remedy=remedy)


def _suspect_secrets(context: Context, *, has_token: bool) -> Iterator[Finding]:
    """Where the signature could not be computed anew."""
    if context.method.startswith("RSA-"):
        summary = "The service may have another public key than that of the key that signed."
        yield guess("consumer-secret", summary, rank=GUESSED, remedy=_REGISTERED)
        return
    summary = "The refusal does not say why: likeliest, a secret is wrong, cut short or of another key."
    remedy = _GIVE_SECRETS if context.consumer is None else WITH_FORM if context.request.lost_form else ""
    yield guess("consumer-secret", summary, rank=GUESSED, remedy=remedy)
    if has_token:
        summary = "Likewise the token's secret: it may be another token's, or the request token's."
        yield guess("token-secret", summary, rank=GUESSED - 1)
