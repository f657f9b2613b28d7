"""What a server's words mean: the causes that an answer names.

The words are those of the OAuth Problem Reporting extension, and those of the services that
have words of their own, in JSON, plain text and HTML.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from html import unescape
from typing import NamedTuple

from ..problem import read_problem, read_refusal

__all__ = ["SAID_SO", "Words", "read_words"]


class Words(NamedTuple):
    """What an answer says.

    :ivar problem: its own word for what was wrong, or ``None``.
    :ivar text: what it says to a person; may be empty.
    :ivar codes: the causes that it names, the likeliest first.
    :ivar blames_signature: it says that the signature is wrong, and so nothing of nonces, clocks and tokens.
    """

    problem: str | None
    text: str
    codes: tuple[str, ...]
    blames_signature: bool

    def __repr__(self) -> str:
        return f"Words(codes={self.codes!r})"

    @property
    def said(self) -> str:
        """The words, for people."""
        return ": ".join(dict.fromkeys(part for part in (self.problem, self.text) if part))


# OAuth Problem Reporting extension, revision of 2009.
_PROBLEMS = {
    "timestamp_refused": ("clock-skew",),
    "nonce_used": ("nonce-reused",),
    "consumer_key_unknown": ("consumer-key",),
    "consumer_key_rejected": ("consumer-key",),
    "consumer_key_refused": ("consumer-key",),
    "token_expired": ("token-expired",),
    "token_revoked": ("token-expired", "token-key"),
    "token_used": ("token-key", "token-expired"),
    "token_rejected": ("token-key", "token-expired"),
    "token_not_authorized": ("token-key",),
    "signature_method_rejected": ("signature-method",),
    "verifier_invalid": ("verifier-missing",),
    "body_hash_invalid": ("body-changed",),
}
_ABSENT = {
    "oauth_callback": "callback-missing", "oauth_verifier": "verifier-missing", "oauth_token": "token-missing",
    "oauth_consumer_key": "consumer-key", "oauth_signature_method": "signature-method",
    "oauth_timestamp": "clock-skew", "oauth_nonce": "nonce-reused", "oauth_body_hash": "body-changed",
}  # fmt: skip

_CLOCK, _NONCE, _TRANSPORT = ("clock-skew",), ("nonce-reused",), ("insecure-transport",)
_CALLBACK, _VERIFIER, _CONSUMER = ("callback-missing",), ("verifier-missing",), ("consumer-key",)
_TOKEN = ("token-key", "token-expired")

# Words of services, as phrases; the first that is there counts.
_BAD = r"(?:invalid|bad|wrong|unknown|unrecogni[sz]ed|rejected|no such)"
_ABSENT_WORD = r"(?:missing|absent|no|required?|requires)"
_PHRASES: tuple[tuple[str, tuple[str, ...]], ...] = (
    # pump.io says this on its API where it does not know the consumer.
    (r"invalid / used nonce", ("nonce-reused", "consumer-key")),
    (r"invalid / expired token|invalid or expired token", ("token-expired", "token-key")),
    (r"(?:timestamp|clock).{0,60}(?:out of bounds|refused|invalid|expired|old|future|range|rejected|bad)", _CLOCK),
    (r"(?:invalid|bad|expired|wrong|old|stale|unacceptable).{0,30}timestamp", _CLOCK),
    (r"nonce.{0,60}(?:used|replay|reused|duplicate|invalid|already)|replay(?:ed)? (?:request|attack)", _NONCE),
    (r"(?:invalid|used|duplicate).{0,20}nonce", _NONCE),
    (r"(?:https|ssl|tls|secure connection)\b.{0,40}(?:required|needed|only|must)", _TRANSPORT),
    (r"(?:use|requires?|only).{0,20}\b(?:https|ssl|tls)\b", _TRANSPORT),
    (r"signature[ _]method", ("signature-method",)),
    (rf"{_ABSENT_WORD}.{{0,40}}oauth_callback|callback.{{0,30}}(?:missing|required|not approved|absent)", _CALLBACK),
    (rf"(?:{_ABSENT_WORD}|{_BAD}).{{0,40}}verifier", _VERIFIER),
    (r"verifier.{0,40}(?:missing|required|invalid|wrong|match|expired)", _VERIFIER),
    (r"(?:token|session|authori[sz]ation).{0,40}(?:expired|revoked)|expired.{0,20}token", ("token-expired",)),
    (rf"{_ABSENT_WORD}.{{0,30}}(?:oauth_token|access token)\b", ("token-missing",)),
    (rf"{_BAD}.{{0,30}}(?:consumer\b|(?:client|application|api)(?: key| id| credentials|[ .,;]*$))", _CONSUMER),
    (r"(?:consumer|client|api)[ _]?(?:key|id)?\b.{0,40}(?:unknown|invalid|rejected|disabled|suspended)", _CONSUMER),
    (r"(?:consumer|client|api)[ _]?(?:key|id)?\b.{0,40}not (?:found|recogni[sz]ed|registered|valid)", _CONSUMER),
    (rf"{_BAD}.{{0,30}}token|token.{{0,40}}(?:unknown|invalid|not found|rejected|mismatch)", _TOKEN),
    (r"content[- ]type|unsupported media", ("content-type",)),
    (r"body[ _]?hash", ("body-changed",)),
)

# What says no more than that the signature, or the credentials behind it, are not believed.
_disbelief = re.compile(
    r"signature(?![ _]method)|could not authenticate|(?:invalid|bad) .{0,20}credentials|authentication failed|"
    r"login attempt",
    re.IGNORECASE,
).search
_FAULTY = ("signature_invalid",)

_problem = re.compile(r"\boauth_problem\s*[=:]\s*[\"']?(\w+)").search
_described = re.compile(r'\b(?:error|error_description)\s*=\s*"([^"]*)"').findall

_A_PAGE = 4096  # characters of a page that are looked through for words
_REFUSED = (400, 401, 403)


def read_words(status: int, headers: Mapping[str, str], body: str) -> Words:
    """Read an answer: its fields, else its text.

    :param status: an answer that is no refusal by its status says something only where it calls itself an error, as
        those of MediaWiki, Flickr and FatSecret do.
    """
    fields = read_problem(headers, body)
    if status < 400 and "oauth_problem" not in fields and not _is_error(body):
        return Words(None, "", (), False)
    problem, text = read_refusal(headers, body)
    described = ": ".join(_described(headers.get("WWW-Authenticate", "")))[:200]
    shown = text or described or _plain_text(body)[:200]
    if status not in (*range(400), *_REFUSED):  # not found, too many, broken: nothing that OAuth could help
        return Words(problem, shown, (), False)
    codes = _of_fields(fields, problem)
    said = " ".join(dict.fromkeys(part for part in (problem, text, described, _plain_text(body)) if part))
    named = _problem(said)
    # A base string that is handed back names methods, tokens and nonces, too.
    said = " ".join(word for word in said[:_A_PAGE].split() if "%" not in word)
    blames = problem in _FAULTY or (named is not None and named[1] in _FAULTY)
    if blames:  # what it says besides is about the signature, too
        return Words(problem, shown, codes, True)
    if not codes:
        words = [named[1] if named else "", *re.findall(r"\w+", described)]
        codes = next((_PROBLEMS[word] for word in words if word in _PROBLEMS), ())
    if not codes:
        codes = next((found for phrase, found in _PHRASES if re.search(phrase, said, re.IGNORECASE)), ())
    return Words(problem, shown, codes, not codes and _disbelief(said) is not None)


def _of_fields(fields: Mapping[str, str], problem: str | None) -> tuple[str, ...]:
    """Return the causes that the fields of the extension name."""
    codes = _PROBLEMS.get(problem or "", ())
    if problem == "parameter_absent":
        absent = [name for name in re.split(r"[&,\s]+", fields.get("oauth_parameters_absent", "")) if name]
        codes = tuple(_ABSENT[name] for name in absent if name in _ABSENT)
        if len(absent) > 2 and "oauth_signature" in absent:
            codes = ("unsigned",)
    if "oauth_acceptable_timestamps" in fields and "clock-skew" not in codes:
        codes = ("clock-skew", *codes)
    return codes


def _is_error(body: str) -> bool:
    """Tell whether an answer calls itself an error, whatever its status."""
    text = body.lstrip()
    if text.startswith("{"):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return False
        return bool(found.get("error") or found.get("errors")) or found.get("stat") == "fail"
    return re.match(r'(?:<\?xml[^>]*>\s*)?<rsp stat="fail"', text) is not None


def _plain_text(body: str) -> str:
    """Return the words of a page, or of the texts in JSON."""
    text = body.strip()
    if text.startswith("<"):
        text = re.sub(r'<err\b[^>]*msg="([^"]*)"[^>]*>', r" \1 ", text)
        text = unescape(re.sub(r"<(?:style|script)\b.*?</(?:style|script)>|<[^>]*>", " ", text, flags=re.DOTALL))
    elif text.startswith(("{", "[")):
        text = " ".join(
            re.findall(
                r'"(?:error|message|msg|info|detail|description|title|errors|reason|code)\w*"\s*:\s*"'
                r'((?:[^"\\]|\\.)*)"',
                text,
            )
        )
    return " ".join(text.split())[:_A_PAGE]


#: What each cause is, in the server's words.
SAID_SO = {
    "unsigned": "The server found no signature in the request.",
    "clock-skew": "The server does not take the timestamp.",
    "nonce-reused": "The server has seen this nonce before.",
    "consumer-key": "The server does not know this consumer key, or does not take it.",
    "token-key": "The server does not know this token, or does not take it.",
    "token-missing": "The server misses a token.",
    "token-expired": "The token is not good any more.",
    "signature-method": "The server does not take this signature method.",
    "callback-missing": "The server misses oauth_callback, or does not take the one that was sent.",
    "verifier-missing": "The server misses oauth_verifier, or does not take the one that was sent.",
    "insecure-transport": "The server wants https.",
    "content-type": "The server does not take this Content-Type.",
    "body-changed": "The server does not take oauth_body_hash.",
}
