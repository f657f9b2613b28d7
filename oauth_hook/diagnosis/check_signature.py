"""The signature, computed anew: whether it is right, and if not, what reproduces it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from ..errors import UsageError
from ..protocol import methods
from .base_string_parts import Parts
from .check_request import check_secrets
from .context import GUESSED, PROVEN, SEEN, Context
from .findings import Finding, fingerprint
from .key_variants import Secrets
from .search import Match, Search, TargetSignature, describe, fits_method, parse_signature

__all__ = ["check_signature"]


def check_signature(case: Context, parts: Parts, server: Parts | None) -> Iterator[Finding]:
    """Say whether the signature is right for what was sent and the secrets that were given; if not, why."""
    secrets = _secrets(case)
    if secrets is None and case.rsa_key is None:
        return
    search = Search(parts, case.asked.context, secrets, case.rsa_key, case.own_key)
    name, signature = case.asked.values.get("oauth_signature_method", ""), case.asked.values["oauth_signature"]
    sent = parse_signature(signature)
    found = search.find(sent)
    if found is None:
        sent, found = search.find_spoiled(signature) or (sent, search.find(sent, pairs=True))
    if found is None:
        yield from _guesses(case, search, parts, server, sent)
    elif found.codes or not fits_method(name, sent):
        yield from _of_found(case, found, sent, "The request was signed", "signed")
    else:
        case.is_right = True
        case.ruled_out.append("the arithmetic: the signature is what these secrets make of what was sent")
        yield from _of_the_other_side(case, search, parts, server)


def _secrets(case: Context) -> Secrets | None:
    if case.consumer is None:
        return None
    token = case.token
    secrets = Secrets(
        case.consumer.secret, "" if token is None else token.secret,
        case.consumer.key, "" if token is None else token.key,
    )  # fmt: skip
    try:
        methods.signing_key(secrets.consumer, secrets.token)
    except UsageError as error:
        case.ruled_out.append(f"nothing of the secrets: {error}")
        return None
    return secrets


def _of_found(case: Context, found: Match, target: TargetSignature, who: str, side: str) -> Iterator[Finding]:
    """Say what reproduces a signature."""
    codes, phrase = describe(found, target, case.asked.values.get("oauth_signature_method", ""))
    parts = case.asked.parts
    if parts is not None and found.parts is not parts:
        case.align(side, found.parts, "sent", parts)
    evidence = (*case.evidence(), *_key_evidence(case, found))
    what = f"{who} {phrase}."
    for position, code in enumerate(codes):
        yield Finding(code, what, evidence, proven=True, weight=PROVEN - position)


def _key_evidence(case: Context, found: Match) -> tuple[str, ...]:
    secrets = _secrets(case)
    if not found.keys or secrets is None:
        return ()
    key = case.own_key if case.own_key is not None else secrets.signing_key
    return (f"the right signing key has {len(key)} characters, fingerprint {fingerprint(key)}",)


def _of_the_other_side(case: Context, search: Search, parts: Parts, server: Parts | None) -> Iterator[Finding]:
    """Where the request is right: say what the other side computes."""
    if case.server_signature is None:
        if server is None and case.answered.words.blames_signature:
            yield from _of_what_servers_see(case, parts)
        elif server is not None and server.text() == parts.text() and case.answered.is_refusal:
            yield from _other_secrets(case, "The server has the same base string, and not the same secrets.", SEEN)
        return
    name, given = case.asked.values.get("oauth_signature_method", ""), case.server_signature.strip()
    if given == case.asked.values["oauth_signature"]:
        case.ruled_out.append("the server's signature: it is that of the request")
        return
    target = parse_signature(given)
    if not target.octets:  # percent-encoded, as it stands in a header
        target = parse_signature(unquote(given))
    theirs = search.find(target) or search.find(target, pairs=True)
    if theirs is None:
        case.ruled_out.append(_tried(search, "the server's"))
        yield from _other_secrets(case, "The server's signature comes of other secrets, or of another request.", 40)
    elif theirs.codes or not fits_method(name, target):
        yield from _of_found(case, theirs, target, "The server made its signature", "the server")
    else:
        case.ruled_out.append("the server's signature: it is that of the request")


def _of_what_servers_see(case: Context, parts: Parts) -> Iterator[Finding]:
    """Where a right signature is refused, and nothing is known of what the server computes: the usual reasons."""
    if parts.form and ";" in (case.asked.message.content_type or ""):
        what = "Some servers (pump.io) do not take a form for one where its Content-Type has parameters."
        yield Finding("content-type", what, (f"it is {case.asked.message.content_type}",), weight=GUESSED + 8)
    if _has_bare_plus(case.asked.message.authorization or ""):
        what = "The + of the signature is not percent-encoded in the header; some servers take it for a space."
        yield Finding("percent-encoding", what, weight=GUESSED + 9)
    yield from _other_secrets(case, "The signature is right for these secrets; the server may have others.", GUESSED)
    if parts.scheme == "https":
        what = "The signature is right for the address that was asked; behind a proxy, the server may see another."
        yield Finding("scheme", what, weight=GUESSED - 5)


_has_bare_plus = re.compile(r'oauth_signature="[^"]*\+').search


def _other_secrets(case: Context, what: str, weight: int) -> Iterator[Finding]:
    if case.asked.values.get("oauth_signature_method", "").startswith("RSA-"):  # where no secret counts
        yield Finding("consumer-secret", what, weight=weight, remedy=_KEY_PAIR)
        return
    if case.consumer is not None:
        yield from check_secrets(case.consumer, case.token, weight + 1)
    yield Finding("consumer-secret", what, weight=weight)
    if case.token is not None:
        yield Finding("token-secret", what, weight=weight - 1)


_KEY_PAIR = "Sign with the private key whose public half, or certificate, the service has for this consumer key."


def _tried(search: Search, whose: str) -> str:
    text = f"{search.tried:,} ways to make the base string and the key: none makes {whose} signature"
    return f"{text} ({search.cut_short})" if search.cut_short else text


def _guesses(
    case: Context, search: Search, parts: Parts, server: Parts | None, sent: TargetSignature
) -> Iterator[Finding]:
    """Where nothing reproduces the signature: other secrets signed it, or another request was signed."""
    name = case.asked.values.get("oauth_signature_method", "")
    if name != "PLAINTEXT" and not fits_method(name, sent):
        what = f"The signature is none that {name} makes: its length is another."
        yield Finding("signature-method", what, proven=True, weight=SEEN)
    if name.startswith("RSA-") and (case.rsa_key is None or case.rsa_key.is_in_hardware):
        case.ruled_out.append("nothing of the signature: an RSA one is judged with its key, either half of the pair")
        if server is not None and server.text() == parts.text() and case.answered.is_refusal:
            yield from _other_secrets(case, "The server has the same base string, and not the same key.", SEEN)
        return
    case.ruled_out.append(_tried(search, "this"))
    if case.token is None and "oauth_token" in case.asked.values:
        case.ruled_out.append("nothing of the token's secret: the request names a token, and none was given")
        return
    what = "These secrets do not make this signature of what was sent: others signed it, or it was changed since."
    yield from _other_secrets(case, what, GUESSED)
    # Ahead of the token's secret, where both a query and a form may have been changed.
    weight = GUESSED - 0.5 if parts.query and parts.form else GUESSED - 2
    if parts.query:
        yield Finding("query-changed", what, weight=weight)
    if parts.form:
        yield Finding("body-changed", what, weight=weight)
