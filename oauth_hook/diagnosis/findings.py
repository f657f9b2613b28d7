"""What a cause is called, and what to do about it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any

from ..version import find_documentation

__all__ = [
    "ABSENT",
    "ADVICE",
    "BETWEEN",
    "GUESSED",
    "MAX_CANDIDATE",
    "MAX_TEXT_CHARS",
    "PROVEN",
    "QUESTIONS",
    "SAID",
    "SEEN",
    "SERVER",
    "SIGNER",
    "WITH_FORM",
    "Finding",
    "advice_by_side",
    "contrast",
    "fingerprint",
    "guess",
    "is_prose",
    "proof",
    "shorten_line",
]

#: What it is called that a protocol parameter is not there.
ABSENT = {
    "oauth_callback": "callback-missing", "oauth_verifier": "verifier-missing", "oauth_token": "token-missing",
    "oauth_body_hash": "body-changed",
}  # fmt: skip

#: How certain a finding is: computed; seen in the request or in a comparison; said by the server; guessed.
PROVEN, SEEN, SAID, GUESSED = 96, 93, 85, 20
MAX_CANDIDATE = 40  # what is less certain is a candidate

MAX_TEXT_CHARS = 2000  # characters of a value that are shown to tools; people are shown fewer

#: Whose mistake a cause is: the side that signs, the one that verifies, or a proxy or web server between the two.
SIGNER, SERVER, BETWEEN = "signer", "server", "between"

#: What to do about each cause, by its code, if it is not known whose mistake it is. The codes are stable: tools may
#: rely on them.
ADVICE = {
    "unsigned": "See that what sends this signs it, and that what is between passes the signature on.",
    "clock-skew": "Compare both clocks with the time; a hook corrects itself by the server's Date, and tries again.",
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
    "URL that the server sees.",
    "host": "Sign for the host that the server sees: let proxies pass Host on, or use the service's own name.",
    "port": "Leave default ports out and put others in (RFC 5849 s3.4.1.2); a proxy may have changed the port.",
    "path": "Sign the path that the server sees, to the last slash; a proxy or a rewriting rule may change it.",
    "double-encoding": "Percent-encode once: pass values to the client as plain text, and do not quote them before.",
    "plus-as-space": "Send spaces as %20, and a plus sign as %2B: servers and libraries mistake one for the other.",
    "body-not-signed": "Both sides must sign the fields of a form-encoded body (RFC 5849 s3.4.1.3.1).",
    "body-signed": "Only form-encoded bodies are signed (RFC 5849 s3.4.1.3.1): leave JSON, multipart and files out.",
    "body-changed": "Sign last: nothing may change the body after it was signed.",
    "query-changed": "Sign last: nothing may change the query after it was signed, nor add to it on the way.",
    "duplicate-parameters": "Send each protocol parameter once (RFC 5849 s3.1); of others, a server may keep only one "
    "of each name.",
    "parameter-order": "Sort by the percent-encoded name, then by the percent-encoded value (RFC 5849 s3.4.1.3.2).",
    "signature-method": "Sign with the method that oauth_signature_method names and that the service accepts, and send "
    "the base64 of the digest, on one line.",
    "callback-missing": "Send oauth_callback with the request for a request token: a URL, or oob (RFC 5849 s2.1).",
    "verifier-missing": "Send the oauth_verifier that the user came back with, as it was given (RFC 5849 s2.3).",
    "content-type": "Send forms as application/x-www-form-urlencoded, with nothing after it, and only forms so.",
    "insecure-transport": "Use https: over plain http anybody on the way could read or replay this.",
    "redirected": "Request the URL that the redirect names, or let a hook of this package follow it.",
    "percent-encoding": "Leave letters, digits and -._~ alone, and escape all else in upper case (RFC 5849 s3.6); sign "
    "the path as it is on the wire.",
    "charset": "Send text as UTF-8 (RFC 5849 s3.6), and in the form in which the server will see it.",
    "realm": "Leave the realm out of the signature (RFC 5849 s3.4.1.3.1).",
    "empty-value": "Parameters without a value are signed too (RFC 5849 s3.4.1.3.2); or do not send them.",
    "no-cause-found": "Ask the service for the base string that it signed, and explain the request together with it.",
}

#: What to do where a client does not keep the form that it has sent.
WITH_FORM = (
    "To decide, explain the request with its form: an object with the method, url, headers and body that were sent; or "
    "send it once more with requests, and explain that response."
)

_REPORT = "What was sent is right; report this to the service. Until it is mended,"
_SPELLED = (
    "The server spells it otherwise than RFC 5849 s3.4.1 has it: report this to the service; nothing that is sent can "
    "mend it."
)
# Servers that keep parameters in the variables of their language lose what these cannot hold.
_PLAIN_NAMES = (
    "Many servers drop or rename such parameters before they verify (PHP keeps one of each name, and makes a.b a_b and "
    "a[0] an array): send plain names, each once, and report it to the service."
)

# ... and where that is known.
_SIDED_ADVICE = {
    ("unsigned", SIGNER): "Attach the hook as session.auth, as auth= of the call, or in an OAuthAdapter; plain "
    "requests ignores pre_request hooks unless inject_into_requests() was called.",
    ("clock-skew", SIGNER): "Set this machine's clock; a hook corrects itself by the server's response, and tries "
    "again.",
    ("method", SIGNER): "Sign the method that is sent, in upper case (RFC 5849 s3.4.1.1).",
    ("scheme", SIGNER): "Sign the URL that is requested, with its scheme (RFC 5849 s3.4.1.2).",
    ("host", SIGNER): "Sign the host that the request names, in lower case: the Host header's, else the URL's "
    "(RFC 5849 s3.4.1.2).",
    ("port", SIGNER): "Leave the default ports out of what is signed, and put others in (RFC 5849 s3.4.1.2).",
    ("path", SIGNER): "Sign the path that is sent, to the last slash (RFC 5849 s3.4.1.2).",
    ("plus-as-space", SIGNER): "In what is signed, a space is %20 and a plus sign %2B (RFC 5849 s3.6); a + in a query "
    "or a form is a space.",
    ("body-not-signed", SIGNER): "Sign the fields of the form too (RFC 5849 s3.4.1.3.1): let what signs see the body "
    "and its Content-Type.",
    ("duplicate-parameters", SIGNER): "Sign each parameter as often as it is sent (RFC 5849 s3.4.1.3.1); send each "
    "protocol parameter once (s3.1).",
    ("content-type", SIGNER): "Send forms as application/x-www-form-urlencoded, and sign those bodies alone that go "
    "out so (RFC 5849 s3.4.1.3.1).",
    ("empty-value", SIGNER): "Sign parameters without a value too, as name= (RFC 5849 s3.4.1.3.2); or do not send "
    "them.",
    ("method", SERVER): _SPELLED,
    ("scheme", SERVER): _SPELLED,
    ("host", SERVER): _SPELLED,
    ("method", BETWEEN): "Something on the way has changed the method (an override, a proxy): have it pass the method "
    "on, or sign the one that the server sees.",
    ("path", SERVER): f"{_REPORT} use a path in the form in which the server sees it.",
    ("double-encoding", SERVER): f"{_REPORT} send values that need no percent-encoding.",
    ("percent-encoding", SERVER): f"{_REPORT} send none of the characters that it escapes otherwise.",
    ("plus-as-space", SERVER): f"{_REPORT} send no spaces and no plus signs.",
    ("charset", SERVER): f"{_REPORT} send ASCII alone.",
    ("parameter-order", SERVER): f"{_REPORT} send names that sort alike before and after their encoding: no brackets, "
    "none twice.",
    ("empty-value", SERVER): f"{_REPORT} send no parameters without a value.",
    ("realm", SERVER): f"{_REPORT} send no realm.",
    ("duplicate-parameters", SERVER): _PLAIN_NAMES,
    ("query-changed", SERVER): _PLAIN_NAMES,
    ("body-changed", SERVER): _PLAIN_NAMES,
    ("query-changed", BETWEEN): "Something on the way changes the query (a rewriting rule, a proxy, a cache): have it "
    "leave the query alone, or request the URL that the server sees.",
    ("body-changed", BETWEEN): "Something on the way changes the form: have it pass the body on as it came.",
    ("body-not-signed", SERVER): f"{_REPORT} put the parameters into the query.",
    ("body-signed", SERVER): f"{_REPORT} send a body that it does not take for a form.",
    ("content-type", SERVER): "Send application/x-www-form-urlencoded with nothing after it, not even a charset; and "
    "report it to the service.",
    ("signature-method", SERVER): "Sign with the method that the service documents; it does not heed "
    "oauth_signature_method.",
    ("signing-key-encoding", SERVER): "Report it to the service, which makes the key otherwise than RFC 5849 s3.4.2; "
    "or ask it for secrets of letters and digits alone.",
    ("consumer-secret", SERVER): "The server signs with another secret than the consumer's: report it to the service.",
    ("token-secret", SERVER): "The server signs with another secret than the token's: report it to the service.",
    ("consumer-key", SERVER): "The server has read another consumer key than was sent: report it to the service.",
    ("token-key", SERVER): "The server has read another token than was sent: report it to the service.",
    ("token-missing", SERVER): "See whether the server looks for the token where it was put (header, query or form), "
    "and whether the URL is one for a consumer alone: sign without a token there.",
    ("callback-missing", SERVER): f"{_REPORT} send oauth_callback where the other protocol parameters are.",
    ("verifier-missing", SERVER): f"{_REPORT} send oauth_verifier where the other protocol parameters are.",
}  # fmt: skip

#: The page of ``docs/questions`` about what a server says of a cause, where one page is about it.
QUESTIONS = {
    "secret-whitespace": "signature-invalid", "consumer-secret": "signature-invalid",
    "token-secret": "signature-invalid", "signing-key-encoding": "signature-invalid",
    "no-cause-found": "could-not-authenticate-you", "clock-skew": "timestamp-refused",
    "nonce-reused": "nonce-already-used", "consumer-key": "consumer-key-unknown",
    "callback-missing": "callback-not-confirmed", "token-key": "token-rejected", "token-expired": "token-rejected",
    "token-missing": "token-rejected",
}  # fmt: skip


def advice_by_side(code: str) -> dict[str, str]:
    """Return what to do about a cause by whose mistake it is; under ``""``, what to do where that is not known."""
    sided = {side: text for (other, side), text in _SIDED_ADVICE.items() if other == code}
    return {"": ADVICE[code], **sided}


@dataclass(frozen=True)
class Finding:
    """One cause.

    :ivar code: its stable name, a key of ``ADVICE``.
    :ivar summary: what is wrong, in one sentence.
    :ivar evidence: what shows it, a line each, without secrets.
    :ivar proven: whether it was computed, or found in the request itself, rather than guessed.
    :ivar rank: what orders findings; the most certain has the most.
    :ivar remedy: what to do, where that is not what ``ADVICE`` says.
    :ivar side: whose mistake it is: ``"signer"``, ``"server"``, ``"between"`` (a proxy, a web server); empty: that is
        not known.
    """

    code: str
    summary: str
    evidence: tuple[str, ...] = ()
    proven: bool = False
    rank: float = 0
    remedy: str = ""
    side: str = ""

    @property
    def advice(self) -> str:
        """What to do, and in whose code."""
        return self.remedy or _SIDED_ADVICE.get((self.code, self.side)) or ADVICE[self.code]

    @property
    def url(self) -> str:
        """The page of the documentation about this cause: a URL, or in a clone the path of a file of the repository."""
        page = QUESTIONS.get(self.code)
        place = f"questions/{page}.rst" if page else f"explanation/codes.rst#{self.code}"
        return f"{find_documentation()}/{place}"

    @property
    def is_candidate(self) -> bool:
        """Whether it is one of the usual causes, of which nothing was seen or said."""
        return not self.proven and self.rank <= MAX_CANDIDATE

    @property
    def message(self) -> str:
        """What is wrong, and what to do."""
        return f"{self.summary} {self.advice}"

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON can carry it."""
        return {
            "code": self.code,
            "message": self.message,
            "summary": self.summary,
            "advice": self.advice,
            "evidence": list(self.evidence),
            "proven": self.proven,
            "side": self.side,
            "candidate": self.is_candidate,
            "url": self.url,
        }


def proof(code: str, summary: str, *evidence: str, rank: float, remedy: str = "", side: str = SIGNER) -> Finding:
    """Return a cause that was computed, or found in the request itself: the signer's mistake, where none is named."""
    return Finding(code, summary, evidence, proven=True, rank=rank, remedy=remedy, side=side)


def guess(code: str, summary: str, *evidence: str, rank: float, remedy: str = "", side: str = "") -> Finding:
    """Return a cause that is likely."""
    return Finding(code, summary, evidence, rank=rank, remedy=remedy, side=side)


def fingerprint(text: str) -> str:
    """Return a few characters by which a text is told from another, and not found out."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:4]


_long_words = re.compile(r"(\S{400})\S+").sub


def shorten_line(text: str) -> str:
    """Return a line that people can read, of characters that any encoding can carry.

    To be used after secrets are taken out: half a secret would not be found any more.
    """
    return _long_words(r"\1...", text)[:MAX_TEXT_CHARS].encode("utf-8", "replace").decode()


_MAX_CONTRAST_CHARS = 60  # characters of a value that is shown beside another
_CONTEXT_CHARS = 12  # of it, those before the first difference


def contrast(left: str, right: str) -> tuple[str, str]:
    """Return two values as they are, or as short as their difference allows: where it begins is in sight."""
    if max(len(left), len(right)) <= _MAX_CONTRAST_CHARS:
        return left, right
    pairs = enumerate(zip(left, right, strict=False))
    same = next((position for position, (a, b) in pairs if a != b), min(len(left), len(right)))
    start = max(0, min(same - _CONTEXT_CHARS, max(len(left), len(right)) - _MAX_CONTRAST_CHARS))
    shown = [text[start : start + _MAX_CONTRAST_CHARS] for text in (left, right)]
    return tuple(
        ("..." if start else "") + piece + ("..." if start + len(piece) < len(text) else "")
        for piece, text in zip(shown, (left, right), strict=True)
    )  # type: ignore[return-value]


_words = re.compile(r"[a-z]+").findall
_PROSE = frozenset(_words(" ".join((*ADVICE.values(), *_SIDED_ADVICE.values())).lower()))


def is_prose(secret: str) -> bool:
    """Tell whether a secret is nothing but words of our own sentences, which give nothing away."""
    return re.fullmatch("[a-z& ]+", secret) is not None and _PROSE.issuperset(_words(secret))
