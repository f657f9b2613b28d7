"""Signing a request as other clients would have it; or having oauthlib sign it, where a program has asked for that."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from oauthlib.common import extract_params

from ..errors import UsageError
from ..hook.attach import attach
from ..hook.prepared import read_message
from ..hook.redirects import NullHandler, Status, follow, is_within, parse_sent_origin, state_of, strip
from ..protocol.message import Message
from ..protocol.parameters import FORM, is_form
from ..protocol.url import is_loopback, parse_origin, split_url
from .settings import ELSEWHERE, Settings, make_hook

__all__ = ["OAuthlibSigner", "becomes_form", "has_left", "may_be_plain", "read_header", "reads_as_form", "sign"]

_ORDER = {
    f"oauth_{name}": rank
    for rank, name in enumerate(
        (
            "nonce", "timestamp", "version", "signature_method", "consumer_key", "token", "callback", "verifier",
            "body_hash", "signature",
        )
    )
}  # fmt: skip


class SignedHeader(str):
    """A header that is text, and decodes as the bytes that requests-oauthlib has there: some programs rewrite it."""

    __slots__ = ()

    def decode(self, *_: Any, **__: Any) -> str:
        """Return the text."""
        return str(self)


def sign(request: Any, settings: Settings) -> Any:
    """Sign a request and return it. Text without a type that reads as a form is one; an OAuth header gives way.

    :raises UsageError: it cannot be signed truthfully; it is left as it was.
    """
    if state_of(request) is not None:  # it is a redirect, or was signed before
        return make_hook(settings)(request)
    before = read_message(request)
    if becomes_form(before.body, before.content_type or "", settings.placement):
        request.headers["Content-Type"] = FORM
    if _is_oauth(before.authorization):
        del request.headers["Authorization"]
    try:
        make_hook(settings)(request)
    except UsageError:
        _restore(request.headers, before)
        raise
    if settings.placement == "header":
        request.headers["Authorization"] = SignedHeader(_reorder(request.headers["Authorization"]))
    return request


def _is_oauth(authorization: str | None) -> bool:
    return authorization is not None and authorization[:6].lower() == "oauth "


def _restore(headers: Any, before: Message) -> None:
    """Set those headers that were changed to what they were."""
    for name, value in (("Content-Type", before.content_type), ("Authorization", before.authorization)):
        if value is None:
            headers.pop(name, None)
        elif read_header(headers.get(name)) != value:
            headers[name] = value


def has_left(request: Any) -> bool:
    """Tell whether a redirect has led a request out of its origin; no signature may stand in its header then."""
    state = state_of(request)
    if state is None or state.handler is not ELSEWHERE:
        return False
    # It is still there where a program replaces it by itself.
    if _is_oauth(read_header(request.headers.get("Authorization"))):
        del request.headers["Authorization"]
    return True


def read_header(value: str | bytes | None) -> str:
    """Return the value of a header, which requests lets be bytes, as text; none is empty."""
    return value.decode("latin-1") if isinstance(value, bytes) else value or ""


def reads_as_form(body: object) -> bool:
    """Tell whether a body is text, or bytes of text, with parameters in it, as oauthlib finds them."""
    text = body.decode("latin-1") if isinstance(body, bytes) else body
    return isinstance(text, str) and bool(extract_params(text))


def becomes_form(body: Any, content_type: str, placement: str) -> bool:
    """Tell whether a request becomes a form, which it is not by its type."""
    if is_form(content_type):
        return False
    if placement == "body":
        return not body or reads_as_form(body)
    return not content_type and isinstance(body, str) and reads_as_form(body)


def _reorder(header: str) -> str:
    """Return an ``Authorization`` header of ours with its parameters in oauthlib's order, which tests look for."""
    start, first, rest = header.rpartition('oauth_consumer_key="')  # in a realm, quotes are escaped
    pairs = f"{first}{rest}".split(", ")
    return start + ", ".join(sorted(pairs, key=lambda pair: _ORDER.get(pair.partition("=")[0], 8)))


def may_be_plain(url: str, origins: str | Iterable[str]) -> bool:
    """Tell whether a request goes over plain http to where PLAINTEXT may go all the same.

    :param origins: where that is, as ``http://host[:port]``, one or several.
    :raises UsageError: it goes over plain http to elsewhere, loopback aside.
    """
    parts = split_url(url)
    if parts.scheme.lower() != "http" or is_loopback(parts.authority):
        return False
    if parse_sent_origin(url) in map(parse_origin, [origins] if isinstance(origins, str) else origins):
        return True
    raise UsageError(
        f"PLAINTEXT sends the secrets themselves, and the request to {parts.authority} goes over plain http, where "
        "anybody on the way can read them (RFC 5849 s3.4.4): use https, or another signature method. Where all of the "
        "way is your own, say so: oauth_hook.requests_oauthlib.OAuth1.plaintext_origins = "
        f"['http://{parts.authority}']"
    )


class OAuthlibSigner(NullHandler):
    """Has oauthlib sign requests for an ``OAuth1``, and their redirects within the origin."""

    def __init__(self, auth: Any) -> None:
        self._auth = auth

    def __call__(self, request: Any) -> Any:
        """Sign a request as requests-oauthlib does; but no stream is read for it, and no header becomes bytes.

        :raises ValueError: oauthlib refuses.
        """
        content_type = read_header(request.headers.get("Content-Type"))
        if becomes_form(request.body, content_type, "body" if self._auth.client.signature_type == "BODY" else ""):
            content_type = FORM
        if FORM in content_type:
            request.headers["Content-Type"] = FORM
        is_covered = FORM in content_type or getattr(self._auth, "force_include_body", False)
        is_covered = is_covered and isinstance(request.body, bytes | str | None)
        url, headers, signed_body = self._auth.client.sign(
            str(request.url), str(request.method), (request.body or "") if is_covered else None, request.headers
        )
        request.prepare_headers(
            {read_header(name): SignedHeader(read_header(value)) for name, value in headers.items()}
        )
        request.url = url.decode() if isinstance(url, bytes) else url
        if is_covered:
            _set_body(request, signed_body)
        attach(request, self, status=Status.SIGNED)
        return request

    def on_redirect(self, request: Any, state: Any, source: Any, *, is_displaced: bool = False) -> None:
        """Sign a redirect within the origin; elsewhere take all that is ours out of it."""
        state = follow(state, source, request.url, None, is_displaced=is_displaced)
        is_signed = state.status is Status.SIGNED
        message = read_message(request)
        # The earlier signature is taken out in either case; what is in a path may stay within the origin.
        rule = state._replace(status=Status.DISPLACED) if is_signed else state
        stripped, names = strip(message, request.headers, rule)
        if stripped.authorization is None and not is_displaced:
            names.add("authorization")
        for name in names:
            request.headers.pop(name, None)
        request.url = stripped.url
        if stripped.body is not message.body:
            _set_body(request, stripped.body)
        if is_signed:
            self(request)
        request.oauth_state = state._replace(handler=ELSEWHERE if state.status is Status.CROSS_ORIGIN else self)

    def may_sign(self, source: str | None, target: str | None) -> bool:
        """Tell whether a redirect stays within the origin."""
        return is_within(parse_sent_origin(source), parse_sent_origin(target), None)


def _set_body(request: Any, body: Any) -> None:
    request.body = body
    request.prepare_content_length(body)
