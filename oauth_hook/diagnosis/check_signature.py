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


def check_signature(context: Context, parts: Parts, server: Parts | None) -> Iterator[Finding]:
    """Say whether the signature is right for what was sent and the secrets that were given; if not, why."""
    secrets = _secrets(context)
    if secrets is None and context.rsa_key is None:
        return
    search = Search(parts, context.request.context, secrets, context.rsa_key, context.own_key)
    name, signature = (
        context.request.values.get("oauth_signature_method", ""),
        context.request.values["oauth_signature"],
    )
    sent, found = search.find(signature)
    if found is None:
        yield from _guess_causes(context, search, parts, server, sent)
    elif found.codes or not fits_method(name, sent):
        yield from _report_match(context, found, sent, "The request was signed", "signed")
    else:
        context.is_right = True
        context.ruled_out.append("the arithmetic: the signature is what these secrets make of what was sent")
        yield from _check_server_side(context, search, parts, server)


def _secrets(context: Context) -> Secrets | None:
    if context.consumer is None:
        return None
    token = context.token
    secrets = Secrets(
        context.consumer.secret, "" if token is None else token.secret,
        context.consumer.key, "" if token is None else token.key,
    )  # fmt: skip
    try:
        methods.signing_key(secrets.consumer, secrets.token)
    except UsageError as error:
        context.ruled_out.append(f"nothing of the secrets: {error}")
        return None
    return secrets


def _report_match(context: Context, found: Match, target: TargetSignature, who: str, side: str) -> Iterator[Finding]:
    """Say what reproduces a signature."""
    codes, phrase = describe(found, target, context.request.values.get("oauth_signature_method", ""))
    parts = context.request.parts
    if parts is not None and found.parts is not parts:
        context.align(side, found.parts, "sent", parts)
    evidence = (*context.evidence(), *_key_evidence(context, found))
    summary = f"{who} {phrase}."
    for position, code in enumerate(codes):
        yield Finding(code, summary, evidence, proven=True, rank=PROVEN - position)


def _key_evidence(context: Context, found: Match) -> tuple[str, ...]:
    secrets = _secrets(context)
    if not found.keys or secrets is None:
        return ()
    key = context.own_key if context.own_key is not None else secrets.signing_key
    return (f"the right signing key has {len(key)} characters, fingerprint {fingerprint(key)}",)


def _check_server_side(context: Context, search: Search, parts: Parts, server: Parts | None) -> Iterator[Finding]:
    """Where the request is right: say what the other side computes."""
    if context.server_signature is None:
        if server is None and context.response.words.blames_signature:
            yield from _guess_server_view(context, parts)
        elif server is not None and server.text() == parts.text() and context.response.is_refusal:
            yield from _report_secrets(context, "The server has the same base string, and not the same secrets.", SEEN)
        return
    name, given = context.request.values.get("oauth_signature_method", ""), context.server_signature.strip()
    if given == context.request.values["oauth_signature"]:
        context.ruled_out.append("the server's signature: it is that of the request")
        return
    if not parse_signature(given).raw:  # percent-encoded, as it stands in a header
        given = unquote(given)
    target, theirs = search.find(given)
    if theirs is None:
        context.ruled_out.append(_count_attempts(search, "the server's"))
        yield from _report_secrets(context, "The server's signature comes of other secrets, or of another request.", 40)
    elif theirs.codes or not fits_method(name, target):
        yield from _report_match(context, theirs, target, "The server made its signature", "the server")
    else:
        context.ruled_out.append("the server's signature: it is that of the request")


def _guess_server_view(context: Context, parts: Parts) -> Iterator[Finding]:
    """Where a right signature is refused, and nothing is known of what the server computes: the usual reasons."""
    if parts.form and ";" in (context.request.message.content_type or ""):
        summary = "Some servers (pump.io) do not take a form for one where its Content-Type has parameters."
        yield Finding("content-type", summary, (f"it is {context.request.message.content_type}",), rank=GUESSED + 8)
    if _has_bare_plus(context.request.message.authorization or ""):
        summary = "The + of the signature is not percent-encoded in the header; some servers take it for a space."
        yield Finding("percent-encoding", summary, rank=GUESSED + 9)
    yield from _report_secrets(
        context, "The signature is right for these secrets; the server may have others.", GUESSED
    )
    if parts.scheme == "https":
        summary = "The signature is right for the URL that was requested; behind a proxy, the server may see another."
        yield Finding("scheme", summary, rank=GUESSED - 5)


_has_bare_plus = re.compile(r'oauth_signature="[^"]*\+').search


def _report_secrets(context: Context, summary: str, rank: int) -> Iterator[Finding]:
    if context.request.values.get("oauth_signature_method", "").startswith("RSA-"):  # where no secret counts
        yield Finding("consumer-secret", summary, rank=rank, remedy=_KEY_PAIR)
        return
    if context.consumer is not None:
        yield from check_secrets(context.consumer, context.token, rank + 1)
    yield Finding("consumer-secret", summary, rank=rank)
    if context.token is not None:
        yield Finding("token-secret", summary, rank=rank - 1)


_KEY_PAIR = "Sign with the private key whose public half, or certificate, the service has for this consumer key."


def _count_attempts(search: Search, whose: str) -> str:
    text = f"{search.tried:,} ways to make the base string and the key: none makes {whose} signature"
    return f"{text} ({search.cut_short})" if search.cut_short else text


def _guess_causes(
    context: Context, search: Search, parts: Parts, server: Parts | None, sent: TargetSignature
) -> Iterator[Finding]:
    """Where nothing reproduces the signature: other secrets signed it, or another request was signed."""
    name = context.request.values.get("oauth_signature_method", "")
    if name != "PLAINTEXT" and not fits_method(name, sent):
        summary = f"The signature is not one that {name} makes: its length is another."
        yield Finding("signature-method", summary, proven=True, rank=SEEN)
    if name.startswith("RSA-") and (context.rsa_key is None or context.rsa_key.is_in_hardware):
        context.ruled_out.append("nothing of the signature: an RSA one is judged with its key, either half of the pair")
        if server is not None and server.text() == parts.text() and context.response.is_refusal:
            yield from _report_secrets(context, "The server has the same base string, and not the same key.", SEEN)
        return
    context.ruled_out.append(_count_attempts(search, "this"))
    if context.token is None and "oauth_token" in context.request.values:
        context.ruled_out.append("nothing of the token's secret: the request names a token, and none was given")
        return
    summary = "These secrets do not make this signature of what was sent: others signed it, or it was changed since."
    yield from _report_secrets(context, summary, GUESSED)
    # Ahead of the token's secret, where both a query and a form may have been changed.
    rank = GUESSED - 0.5 if parts.query and parts.form else GUESSED - 2
    if parts.query:
        yield Finding("query-changed", summary, rank=rank)
    if parts.form:
        yield Finding("body-changed", summary, rank=rank)
