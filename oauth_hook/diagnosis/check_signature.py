"""The signature, computed anew: whether it is right, and if not, what reproduces it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from ..errors import UsageError
from ..protocol import methods
from .base_string_parts import Parts, decoded
from .check_refusal import is_unexplained
from .comparison import server_side
from .context import Context
from .findings import (
    BETWEEN,
    GUESSED,
    PROVEN,
    SAID,
    SEEN,
    SERVER,
    SIGNER,
    Finding,
    fingerprint,
    guess,
    proof,
)
from .key_variants import Secrets
from .search import Match, Search, TargetSignature, describe, fits_method, parse_signature

__all__ = ["check_signature"]

_has_bare_plus = re.compile(r'oauth_signature="[^"]*\+').search


def check_signature(context: Context, parts: Parts, server: Parts | None) -> Iterator[Finding]:
    """Say whether the signature is right for what was sent and the secrets that were given; if not, why.

    :param parts: of the request.
    :param server: of the server's base string, where it is known.
    """
    secrets = _read_secrets(context)
    if secrets is None and context.rsa_key is None:
        return
    search = Search(parts, context.request.context, secrets, context.rsa_key, context.own_key)
    has_same_text = server is not None and server.text() == parts.text() and context.response.is_refusal
    lacks_secret = context.token is None and bool(context.request.values.get("oauth_token"))
    sent, found = search.find(context.request.values["oauth_signature"], thorough=not lacks_secret)
    if found is None:
        yield from _guess_causes(context, search, parts, sent, has_same_text)
    elif found.codes or not fits_method(context.method, sent):
        yield from _report_match(context, search, found, sent)
    else:
        context.is_right = True
        context.ruled_out.append("the arithmetic: the signature is what these secrets make of what was sent")
        if context.server_signature is not None:
            yield from _check_server_signature(context, search, context.server_signature.strip())
        elif has_same_text:
            yield from _suspect_key(context, SAID - 4.5)
            yield from _report_secrets(
                context, "The server has the same base string, and not the same secrets.", SAID - 5
            )
        elif server is None and (context.response.words.blames_signature or is_unexplained(context)):
            yield from _guess_server_view(context, parts)


def _read_secrets(context: Context) -> Secrets | None:
    """Return the secrets; ``None`` if none were given, or no signing key can be made of them."""
    consumer, token = context.consumer, context.token
    if consumer is None:
        return None
    try:
        methods.signing_key(consumer.secret, "" if token is None else token.secret)
    except UsageError as error:
        context.ruled_out.append(f"nothing of the secrets: {error}")
        return None
    of_token = ("", "") if token is None else (token.secret, token.key)
    return Secrets(consumer.secret, of_token[0], consumer.key, of_token[1])


def _report_match(
    context: Context, search: Search, found: Match, target: TargetSignature, *, is_server: bool = False
) -> Iterator[Finding]:
    """Say what reproduces a signature."""
    codes, phrase = describe(found, target, context.method)
    who, shown = ("The server made its signature", "the server") if is_server else ("The request was signed", "signed")
    parts = context.request.parts
    if parts is not None and found.parts is not parts:
        context.align(shown, found.parts, "sent", parts)
    evidence = list(context.evidence())
    if found.keys:
        size, mark = len(search.right_key), fingerprint(search.right_key)
        evidence.append(f"the right signing key has {size} characters, fingerprint {mark}")
    for position, code in enumerate(map(context.name_for_server, codes) if is_server else codes):
        side = server_side(code, search.parts, found.parts) if is_server else SIGNER
        yield proof(code, f"{who} {phrase}.", *evidence, rank=PROVEN - position, side=side)


def _check_server_signature(context: Context, search: Search, given: str) -> Iterator[Finding]:
    """Where the request is right: say what the server computes."""
    is_same = given == context.request.values["oauth_signature"]
    if not is_same and not parse_signature(given).raw:  # percent-encoded, as it stands in a header
        given = unquote(given)
    target, found = search.find(given)
    if found is None:
        context.ruled_out.append(_count_attempts(search, "the server's"))
        yield from _report_secrets(context, "The server's signature comes of other secrets, or of another request.", 40)
    elif found.codes or not fits_method(context.method, target):
        yield from _report_match(context, search, found, target, is_server=True)
    else:
        context.ruled_out.append("the server's signature: it is that of the request")


def _guess_server_view(context: Context, parts: Parts) -> Iterator[Finding]:
    """Where a right signature is refused, and nothing is known of what the server computes: the usual reasons."""
    if parts.form and ";" in (context.request.message.content_type or ""):
        summary = "Some servers (pump.io) do not take a form for one where its Content-Type has parameters."
        yield guess(
            "content-type", summary, f"it is {context.request.message.content_type}", rank=GUESSED + 8, side=SERVER
        )
    if _has_bare_plus(context.request.message.authorization or ""):
        summary = "The + of the signature is not percent-encoded in the header; some servers take it for a space."
        yield guess("percent-encoding", summary, rank=GUESSED + 9, side=SIGNER)
    yield from _suspect_shapes(context, parts)
    yield from _suspect_key(context, GUESSED + 0.5)
    summary = "The signature is right for these secrets; the server may have others for these keys."
    yield from _report_secrets(context, summary, GUESSED, _COPY_ANEW)
    if parts.scheme == "https":
        summary = "The signature is right for the URL that was requested; behind a proxy, the server may see another."
        yield guess("scheme", summary, rank=GUESSED - 5, side=BETWEEN)


_COPY_ANEW = (
    "To decide, copy key and secret anew from the service's page, and send a plain GET without parameters with them: "
    "if that is refused too, it is the credentials; if not, it is what this request has besides."
)


def _suspect_shapes(context: Context, parts: Parts) -> Iterator[Finding]:
    """Say what many servers mishandle: the first of what this request has of it."""
    names = [name for name, _ in parts.pairs]
    changed = "body-changed" if parts.form else "query-changed"
    found = next((name for name in names if re.search(r"%5[BD]|\.|%20", name) and not name.startswith("oauth_")), None)
    twice = next((name for name in names if names.count(name) > 1), None) if len(names) <= _MAX_NAMES else None
    if twice is not None:
        summary = f"The request has {decoded(twice)} more than once, and many servers keep one parameter of each name."
        yield guess("duplicate-parameters", summary, rank=GUESSED + 6, side=SERVER, remedy=_DECIDE_SHAPE)
    if found is not None:
        summary = f"The request has {decoded(found)}, and many servers rename what has brackets, dots or spaces in it."
        yield guess(changed, summary, rank=GUESSED + 5, side=SERVER, remedy=_DECIDE_SHAPE)
    if (context.request.message.content_type or "").lower().startswith("multipart/"):
        summary = "The body is multipart, which is not signed (RFC 5849 s3.4.1.3.1); many servers sign its fields."
        yield guess("body-signed", summary, rank=GUESSED + 4, side=SERVER, remedy=_DECIDE_SHAPE)


_MAX_NAMES = 200  # parameters that are compared with one another
_DECIDE_SHAPE = (
    "To decide, send the same request without it: if that is accepted, report it to the service, and send plain names, "
    "each once."
)
_is_plain = re.compile(r"[A-Za-z0-9._~ -]*").fullmatch  # no service gives secrets with spaces


def _suspect_key(context: Context, rank: float) -> Iterator[Finding]:
    """Say that a secret has characters of which servers make another key."""
    if context.method.startswith("RSA-"):
        return
    secrets = [one.secret for one in (context.consumer, context.token) if one is not None]
    if not all(map(_is_plain, secrets)):
        summary = "A secret has characters that are percent-encoded in the signing key, and some servers leave them."
        remedy = (
            "To decide, sign with a key of the secrets as they are (override OAuthHook.signing_key): if that is "
            "accepted, report it to the service, or ask it for secrets of letters and digits."
        )
        yield guess("signing-key-encoding", summary, rank=rank, side=SERVER, remedy=remedy)


def _report_secrets(context: Context, summary: str, rank: int, decision: str = "") -> Iterator[Finding]:
    if context.method.startswith("RSA-"):  # where no secret counts
        remedy = "Sign with the private key whose public half, or certificate, the service has for this consumer key."
        yield guess("consumer-secret", summary, rank=rank, remedy=remedy)
        return
    yield guess("consumer-secret", summary, rank=rank, remedy=decision)
    if context.token is not None:
        summary = "Or it is the token's secret, in the same way."
        yield guess("token-secret", summary, rank=rank - 1)


def _count_attempts(search: Search, whose: str) -> str:
    text = f"{search.tried:,} ways to make the base string and the key: none makes {whose} signature"
    return f"{text} ({search.cut_short})" if search.cut_short else text


def _guess_causes(
    context: Context, search: Search, parts: Parts, sent: TargetSignature, has_same_text: bool
) -> Iterator[Finding]:
    """Where nothing reproduces the signature: other secrets signed it, or another request was signed."""
    if context.method != "PLAINTEXT" and not fits_method(context.method, sent):
        summary = f"The signature is not one that {context.method} makes: its length is another."
        yield proof("signature-method", summary, rank=SEEN)
    if context.method.startswith("RSA-") and (context.rsa_key is None or context.rsa_key.is_in_hardware):
        context.ruled_out.append("nothing of the signature: an RSA one is judged with its key, either half of the pair")
        if has_same_text:
            yield from _report_secrets(context, "The server has the same base string, and not the same key.", SEEN)
        return
    context.ruled_out.append(_count_attempts(search, "this"))
    if context.token is None and "oauth_token" in context.request.values:
        context.ruled_out.append("nothing of the token's secret: the request names a token, and none was given")
        return
    context.is_right = False
    summary = "These secrets do not make this signature of what was sent: others signed it, or it was changed since."
    yield from _report_secrets(context, summary, GUESSED)
    # Ahead of the token's secret, where both a query and a form may have been changed.
    rank = GUESSED - 0.5 if parts.query and parts.form else GUESSED - 2
    for code, what, segments in (("query-changed", "query", parts.query), ("body-changed", "form", parts.form)):
        if segments:
            yield guess(code, f"Or the {what} was changed after it was signed.", rank=rank, side=SIGNER)
