"""What a cause is called, and what to do about it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any

__all__ = [
    "ABSENT",
    "ADVICE",
    "GUESSED",
    "MAX_TEXT_CHARS",
    "PROVEN",
    "SAID",
    "SEEN",
    "Finding",
    "fingerprint",
    "guess",
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

MAX_TEXT_CHARS = 2000  # characters of a value that are shown to tools; people are shown fewer

#: What to do about each cause, by its code. The codes are stable: tools may rely on them.
ADVICE = {
    "unsigned": "Attach the hook as session.auth, as auth= of the call, or in an OAuthAdapter; plain requests ignores "
    "pre_request hooks unless inject_into_requests() was called.",
    "clock-skew": "Set this machine's clock; a hook corrects itself by the server's response, and tries again.",
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


@dataclass(frozen=True)
class Finding:
    """One cause.

    :ivar code: its stable name, a key of ``ADVICE``.
    :ivar summary: what is wrong, in one sentence.
    :ivar evidence: what shows it, a line each, without secrets.
    :ivar proven: whether it was computed, or found in the request itself, rather than guessed.
    :ivar rank: what orders findings; the most certain has the most.
    :ivar remedy: what to do, where that is not what ``ADVICE`` says.
    """

    code: str
    summary: str
    evidence: tuple[str, ...] = ()
    proven: bool = False
    rank: float = 0
    remedy: str = ""

    @property
    def advice(self) -> str:
        """What to do."""
        return self.remedy or ADVICE[self.code]

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
        }


def proof(code: str, summary: str, *evidence: str, rank: float, remedy: str = "") -> Finding:
    """Return a cause that was computed, or found in the request itself."""
    return Finding(code, summary, evidence, proven=True, rank=rank, remedy=remedy)


def guess(code: str, summary: str, *evidence: str, rank: float, remedy: str = "") -> Finding:
    """Return a cause that is likely."""
    return Finding(code, summary, evidence, rank=rank, remedy=remedy)


def fingerprint(text: str) -> str:
    """Return a few characters by which a text is told from another, and not found out."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:4]


_long_words = re.compile(r"(\S{400})\S+").sub


def shorten_line(text: str) -> str:
    """Return a line that people can read, of characters that any encoding can carry.

    To be used after secrets are taken out: half a secret would not be found any more.
    """
    return _long_words(r"\1...", text)[:MAX_TEXT_CHARS].encode("utf-8", "replace").decode()
