"""What is wrong with a request as it stands, whoever's secrets signed it."""

from __future__ import annotations

import re
import unicodedata
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import quote, unquote

from ..credentials import Credentials
from ..errors import UsageError
from ..protocol.body_hash import check_body_hash
from ..protocol.methods import METHODS
from ..protocol.parameters import is_form
from ..protocol.url import origin, split_url
from ..redaction.request_secrets import redact_url
from .context import Context
from .findings import GUESSED, SIGNER, WITH_FORM, Finding, contrast, guess, proof
from .records import RequestRecord
from .server_messages import gives_access_tokens, gives_request_tokens

__all__ = [
    "check_clock",
    "check_credentials",
    "check_expiry",
    "check_request",
    "check_secrets",
    "check_step",
    "check_unsigned",
]

_MAX_CLOCK_SKEW = 300  # seconds: a clock that is further off may be why a server said no
_COPIED = 80  # how certain copies are to be why: less than what the server says, since many servers take them
_MAX_TIMESTAMP_DIGITS = 10  # of seconds since the epoch, until the year 2286

_is_scheme = re.compile("[A-Za-z][A-Za-z0-9-]{0,19}").fullmatch


def check_unsigned(context: Context) -> Iterator[Finding]:
    """Say why a request carries no signature."""
    request, values = context.request, context.request.values
    signed = [earlier for earlier in context.response.earlier_requests if "oauth_signature" in earlier.values]
    words = (request.message.authorization or "").split(None, 1)
    if "oauth_signature" in values:
        return
    if request.lost_form and not values and not words:
        summary = "Whether the request was signed cannot be told: its form is not known, where a signature may be."
        yield guess("unsigned", summary, rank=GUESSED, remedy=WITH_FORM)
        return
    if request.is_cross_origin or signed:
        summary = "A redirect led the request to another origin, where it went unsigned: credentials stay with theirs."
        led = [f"the redirects went from {_show_url(signed[-1])} to {_show_url(request)}"] if signed else []
        yield proof("redirected", summary, *led, rank=100)
    elif request.objection:
        yield proof("unsigned", "The request cannot be signed as it stands.", request.objection, rank=100)
    elif values:
        summary = "The request has OAuth parameters, but no oauth_signature."
        yield proof("unsigned", summary, f"it has {', '.join(sorted(values))}", rank=100)
    elif words and words[0].lower().startswith("oauth"):
        summary = "If the request has a signature, it stands where no server reads it."
        unread = 'its Authorization header says OAuth, and cannot be read: OAuth name="value", name="value"'
        remedy = "Write the header as RFC 5849 s3.5.1 has it, or leave that to the hook."
        yield proof("unsigned", summary, unread, rank=100, remedy=remedy)
    else:
        evidence = ["neither its header nor its query nor its form has an oauth_ parameter"]
        if words:  # one word alone is no scheme, but a token
            scheme = f" ({words[0]})" if len(words) > 1 and _is_scheme(words[0]) else ""
            other = f"its Authorization header is of another scheme{scheme}: .netrc or the session's auth set it"
            evidence.append(other)
        if _is_of_python(request):
            yield proof("unsigned", "The request went out unsigned: no hook has seen it.", *evidence, rank=100)
        else:
            agent = request.headers.get("user-agent", "").partition(" ")[0][:40]
            evidence.append(f"its User-Agent is {agent}")
            yield proof("unsigned", "The request went out unsigned.", *evidence, rank=100, remedy=_SIGN_ELSEWHERE)


_SIGN_ELSEWHERE = (
    "What sent it does not sign, or its Authorization header was left out when it was saved. Sign in that program, or "
    "send what oauth_hook.sign() returns."
)
_names_python = re.compile("python|requests|httpx|aiohttp|oauth", re.IGNORECASE).search


def _is_of_python(request: RequestRecord) -> bool:
    """Tell whether a request may be of a client that a hook can be attached to: a program names itself as it likes."""
    agent = request.headers.get("user-agent", "")
    is_other = re.match(r"Mozilla/|curl/|Wget/|Postman|insomnia|Java/|okhttp|Go-http|axios|node|Apache-Http", agent)
    return is_other is None or _names_python(agent) is not None


def _show_url(request: RequestRecord) -> str:
    return redact_url(request.message.url)


def _lacks(name: str) -> Callable[[Mapping[str, str]], bool]:
    return lambda sent: name not in sent and sent.get("oauth_signature_method") != "PLAINTEXT"


_NEVER_EMPTY = {
    "oauth_verifier": "verifier-missing", "oauth_callback": "callback-missing", "oauth_consumer_key": "consumer-key",
    "oauth_token": "token-key",  # which may be empty in a two-legged request
}  # fmt: skip

_IN_SECONDS = (
    "Send whole seconds since 1970, in UTC: int(time.time()) in Python, Math.floor(Date.now() / 1000) in JavaScript, "
    "time() in PHP."
)

# What cannot be right in protocol parameters, whatever the service (s2.1, s2.3, s3.1 to s3.3): the cause, when it is
# so, what is said, and what to do if that is not the usual. Verifiers are not shown.
_RULES: tuple[tuple[str, Callable[[Mapping[str, str]], bool], str, str], ...] = (
    ("nonce-reused", _lacks("oauth_nonce"), "The request has no oauth_nonce.",
     "Send oauth_nonce with each request, a fresh one (RFC 5849 s3.3)."),
    ("clock-skew", _lacks("oauth_timestamp"), "The request has no oauth_timestamp.",
     "Send oauth_timestamp with each request, a fresh one (RFC 5849 s3.3)."),
    *((code, lambda sent, name=name: sent.get(name, "") != sent.get(name, "").strip(),
       f"{name} has white space around it.", "") for name, code in _NEVER_EMPTY.items()),
    *((code, lambda sent, name=name: sent.get(name) == "", f"{name} is empty.", "")
      for name, code in _NEVER_EMPTY.items() if name != "oauth_token"),
    ("signature-method", lambda sent: sent.get("oauth_version", "1.0") != "1.0",
     "oauth_version is {oauth_version!r}, and is 1.0 wherever it is sent (RFC 5849 s3.1).",
     "Leave oauth_version out, or say 1.0."),
    ("clock-skew", lambda sent: not re.fullmatch("[0-9]+", sent.get("oauth_timestamp", "0")),
     "oauth_timestamp must be a number of seconds, and is {oauth_timestamp!r}.", _IN_SECONDS),
    ("clock-skew", lambda sent: len(sent.get("oauth_timestamp", "")) > _MAX_TIMESTAMP_DIGITS,
     "oauth_timestamp has {digits} digits: milliseconds, perhaps, and not seconds (RFC 5849 s3.3).", _IN_SECONDS),
    ("signature-method", lambda sent: not sent.get("oauth_signature_method"),
     "The request names no signature method.", ""),
    ("signature-method", lambda sent: sent.get("oauth_signature_method", "PLAINTEXT") not in METHODS,
     "There is no signature method {oauth_signature_method!r}.", ""),
)  # fmt: skip


def check_request(context: Context) -> Iterator[Finding]:
    """Yield what is wrong with a signed request (s3.1, s3.3)."""
    request, response = context.request, context.response
    if request.objection and (response.status is None or response.is_refusal):
        code = "host" if _has_bad_url(request) else "content-type"
        yield proof(code, "The request cannot be read as it was signed.", request.objection, rank=92)
    if request.repeated:
        verb = "is" if len(request.repeated) == 1 else "are"
        summary = f"{', '.join(request.repeated)} {verb} in the request more than once, each time another."
        yield proof("duplicate-parameters", summary, rank=97)
    if request.copied and response.words.is_about_oauth:
        summary = f"{', '.join(request.copied)} stood in more than one place, each time the same."
        yield proof("duplicate-parameters", summary, rank=_COPIED)
    yield from _check_reuse(context)
    shown = {**request.values, "digits": str(len(request.values.get("oauth_timestamp", "")))}
    for code, is_wrong, summary, remedy in _RULES:
        if is_wrong(request.values):
            yield proof(code, summary.format_map(shown), rank=94, remedy=remedy)
    if request.values.get("oauth_signature_method") == "PLAINTEXT" and request.is_plain_http:
        summary = "PLAINTEXT sends the secrets themselves, and this went over plain http."
        yield proof("insecure-transport", summary, rank=96)
    body, hashed = request.message.body, request.values.get("oauth_body_hash")
    if hashed is not None and not request.lost_body and isinstance(body, bytes | str | None):
        objection = check_body_hash(hashed, body or "", is_form(request.message.content_type))
        if objection:
            yield proof("body-changed", f"What was sent is not what was hashed: {objection}.", rank=96)
    if response.location and response.status in (301, 307, 308):
        summary = "The server redirects permanently, and the redirect was not followed: it has another URL for this."
        yield proof("redirected", summary, f"the Location is {redact_url(response.location)}", rank=70)


def _has_bad_url(request: RequestRecord) -> bool:
    """Tell whether the URL is one that cannot be signed (s3.4.1.2)."""
    try:
        url = split_url(request.message.url)
        origin(url.scheme, request.message.host or url.authority)
    except UsageError:
        return True
    return False


def _check_reuse(context: Context) -> Iterator[Finding]:
    """A signature that another request of the same chain, or another attempt, had already."""
    request, response = context.request, context.response
    nonce = request.values.get("oauth_nonce")
    earlier = next((one for one in response.earlier_requests if nonce and one.values.get("oauth_nonce") == nonce), None)
    if earlier is not None and earlier.message[:2] == request.message[:2]:
        summary = "The request was sent again with the signature of the first attempt."
        yield proof("nonce-reused", summary, "the same oauth_nonce in both", rank=98)
    elif earlier is not None:
        summary = "A redirect was followed with the signature of the request before it."
        evidence = f"the same oauth_nonce at {_show_url(earlier)} and at {_show_url(request)}"
        yield proof("redirected", summary, evidence, rank=98)
    if response.retries and response.words.codes[:1] == ("nonce-reused",):
        summary = "urllib3 sent the request again with the signature of the first attempt."
        yield proof("nonce-reused", summary, f"it made {response.retries} attempt(s) before this one", rank=98)


def check_credentials(context: Context) -> Iterator[Finding]:
    """Yield where the request names others than the credentials that were given."""
    values, consumer, token = context.request.values, context.consumer, context.token
    key, token_key = values.get("oauth_consumer_key"), values.get("oauth_token")
    if consumer is not None and key != consumer.key:
        summary = "The request names another consumer." if key else "The request names no consumer."
        yield proof("consumer-key", summary, _compare_keys("oauth_consumer_key", key, consumer.key), rank=98)
    if token is not None and not token_key:
        summary = "The request names no token: it was signed two-legged."
        yield proof("token-missing", summary, f"oauth_token should be {token.key}", rank=98)
    elif token is not None and token_key != token.key:
        evidence = _compare_keys("oauth_token", token_key, token.key)
        yield proof("token-key", "The request names another token.", evidence, rank=95)
    elif (
        token is None and token_key and consumer is not None
        and not context.method.startswith("RSA-") and not context.is_success
    ):  # fmt: skip
        summary = "The request names a token, and none was given to explain: the signing key has its secret in it."
        yield proof("token-missing", summary, f"oauth_token is {token_key}", rank=79, remedy=_WITH_TOKEN, side="")


_WITH_TOKEN = (
    "Give the token too, its key and its secret; or, if the request was signed without one, take oauth_token out of it."
)


def _compare_keys(name: str, sent: str | None, given: str) -> str:
    if sent is None:
        return f"{name} is missing"
    if sent.strip() == given.strip():
        return f"{name} differs by white space only: {sent!r} was sent, {given!r} was given"
    if given in (unquote(sent), quote(sent, safe="~")):
        return f"{name} differs by percent-encoding only: {sent!r} was sent, {given!r} was given"
    sent, given = contrast(sent, given)
    return f"{name} is {sent!r}, and {given!r} was given"


def check_secrets(context: Context) -> Iterator[Finding]:
    """Yield what looks wrong with the secrets that were given, whatever the server says.

    What may be right, and is odd, is said where the request was refused.
    """
    if context.method.startswith("RSA-") or context.is_success:
        return
    for owner, credentials in (("consumer", context.consumer), ("token", context.token)):
        if credentials is None:
            continue
        yield from _check_characters(owner, credentials.secret)
        if context.response.is_refusal:
            yield from _check_oddities(context, owner, credentials)
    if (
        context.response.is_refusal and context.consumer and context.token
        and context.token.secret and context.token.secret == context.consumer.secret
    ):  # fmt: skip
        yield guess("token-secret", "The token's secret is the same as the consumer's.", rank=60, side=SIGNER)


_QUOTES = "\"'`\u2018\u2019\u201c\u201d\u00ab\u00bb"
_unseen = re.compile(r"[^\S ]|[\x00-\x1f\x7f-\xa0\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]")


def _check_characters(owner: str, secret: str) -> Iterator[Finding]:
    """White space, quotes, and what cannot be seen: none of it is part of a secret."""
    bare = _unseen.sub("", secret).strip().strip(_QUOTES)
    if bare == secret:
        return
    found = [f"U+{ord(c):04X} ({unicodedata.name(c, 'a control character').lower()})" for c in _unseen.findall(secret)]
    evidence = [f"it has {len(secret)} characters, {len(bare)} without them"]
    if found:
        evidence.append(f"among them {', '.join(dict.fromkeys(found[:3]))}")
    summary = f"The {owner}'s secret, as it was given, has white space, quotes or unseen characters in it."
    yield proof("secret-whitespace", summary, *evidence, rank=83)


def _check_oddities(context: Context, owner: str, credentials: Credentials) -> Iterator[Finding]:
    secret, code = credentials.secret, f"{owner}-secret"
    wants_none = context.demands is not None and any(
        one.part == code.replace("-", "_") for one in context.demands.demands
    )
    if not secret and not wants_none:
        yield proof(code, f"The {owner}'s secret is empty.", rank=81)
    elif secret and secret == credentials.key:
        yield proof(code, f"The {owner}'s secret is the same as its key.", rank=81)
    elif unquote(secret) != secret:
        yield proof("signing-key-encoding", f"The {owner}'s secret looks percent-encoded already.", rank=58)
    elif _is_base64_of_text(secret):
        remedy = "If the service shows another one, use that: a secret is signed with as it is, not in base64."
        summary = f"The {owner}'s secret looks like base64 of a text."
        yield proof("signing-key-encoding", summary, rank=57, remedy=remedy)


def _is_base64_of_text(secret: str) -> bool:
    try:
        plain = b64decode(secret, validate=True)
    except ValueError:
        return False
    return len(plain) >= _MIN_TEXT_BYTES and plain.isascii() and plain.decode().isprintable()


_MIN_TEXT_BYTES = 10  # bytes that are a text by chance once in ten thousand times


def _read_timestamp(context: Context) -> int | None:
    """Return the timestamp; ``None``: it has none that can be read."""
    timestamp = context.request.values.get("oauth_timestamp", "")
    return int(timestamp) if timestamp.isdecimal() and len(timestamp) <= _MAX_TIMESTAMP_DIGITS else None


def check_clock(context: Context) -> Iterator[Finding]:
    """Say how far the timestamp is from the server's time, where that may matter."""
    timestamp, date = _read_timestamp(context), context.response.date
    if date is None:
        return
    off = None if timestamp is None or not context.response.is_refusal else timestamp - date
    if off is None or abs(off) <= _MAX_CLOCK_SKEW:
        context.ruled_out.append("the clock: the timestamp is within five minutes of the server's Date")
        return
    unit, length = next(one for one in _SPANS if abs(off) >= 2 * one[1])
    way = "behind" if off < 0 else "ahead of"
    summary = f"The request was signed for a time {abs(off) / length:.0f} {unit} {way} the server's."
    evidence = f"oauth_timestamp is {timestamp}, the response's Date is {date:.0f}"
    rank = 50 if context.response.words.blames_signature else 85
    yield guess("clock-skew", summary, evidence, rank=rank, side=SIGNER)


_SPANS = (("days", 86400), ("hours", 3600), ("minutes", 60))


def check_expiry(context: Context) -> Iterator[Finding]:
    """Say that a token has ended, where a request with it was refused."""
    timestamp, expires_at = _read_timestamp(context), None if context.token is None else context.token.expires_at
    if expires_at is None or timestamp is None or not context.response.is_refusal:
        return
    now = timestamp if context.response.date is None else context.response.date
    if expires_at <= now:
        evidence = f"it was good until {expires_at:.0f} (seconds since the epoch), and this was at {now:.0f}"
        yield proof("token-expired", "The token had ended when it was used.", evidence, rank=90)


def check_step(context: Context) -> Iterator[Finding]:
    """Say what a request for a token lacks (s2.1, s2.3), where it was refused."""
    request, response = context.request, context.response
    if not response.is_refusal or request.reading is None:
        return
    url, values = request.message.url, request.values
    # pump.io says no more than "Missing required parameter".
    rank = 84 if re.search("missing|required|absent", response.words.phrase, re.IGNORECASE) else 30
    wants_callback = context.demands is None or context.demands.wants_callback
    if wants_callback and not {"oauth_token", "oauth_callback"} & values.keys() and gives_request_tokens(url):
        summary = "This asks for a request token, and has no oauth_callback."
        yield guess("callback-missing", summary, "RFC 5849 s2.1 wants one; OAuth 1.0 had none", rank=rank, side=SIGNER)
    if "oauth_token" in values and "oauth_verifier" not in values and gives_access_tokens(url):
        summary = "This exchanges a request token, and has no oauth_verifier."
        yield guess("verifier-missing", summary, "RFC 5849 s2.3 wants one; OAuth 1.0 had none", rank=rank, side=SIGNER)
