"""Nobody is fast by being wrong: before the race, oauthlib's server side judges each contender."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from cryptography.hazmat.primitives import serialization
from oauthlib.oauth1.rfc5849 import signature as rfc5849

from oauth_hook.protocol.parameters import FORM

from .cases import Case
from .signers import CONSUMER, TOKEN, Sign

__all__ = ["objection"]


def objection(case: Case, sign: Sign) -> str:
    """Sign a case's first request, and say what is wrong with the result, or nothing."""
    request = case.requests[0].copy()
    try:
        sign(request)
    except Exception as error:  # whatever it is, it is that contender's result
        return f"raises {type(error).__name__}: {error}"
    if _content(request) != _content(case.requests[0]):
        return "changes the body"
    if _is_in_header(request) != (case.placement == "header"):
        return "puts the signature elsewhere"
    return "" if _verifies(case, request) else "makes a wrong signature"


def _content(request: requests.PreparedRequest) -> object:
    """Return what the body says: a form may be spelled in several ways."""
    body = _text(request.body)
    return parse_qsl(body, keep_blank_values=True) if _has_form(request) else body


def _has_form(request: requests.PreparedRequest) -> bool:
    return _text(request.headers.get("Content-Type")) == FORM


def _is_in_header(request: requests.PreparedRequest) -> bool:
    return _text(request.headers.get("Authorization")).startswith("OAuth ")


def _verifies(case: Case, request: requests.PreparedRequest) -> bool:
    url = str(request.url)
    pairs = rfc5849.collect_parameters(
        urlsplit(url).query,
        _text(request.body) if _has_form(request) else None,
        {name: _text(value) for name, value in request.headers.items()},
        exclude_oauth_signature=False,
    )
    asked: Any = SimpleNamespace(
        http_method=request.method,
        uri=url,
        params=[pair for pair in pairs if pair[0] != "oauth_signature"],
        signature=dict(pairs)["oauth_signature"],
    )
    if case.rsa_key is None:
        return bool(rfc5849.verify_hmac_sha1(asked, CONSUMER[1], TOKEN[1]))
    return bool(rfc5849.verify_rsa_sha256(asked, _public(case.rsa_key)))


def _text(value: object) -> str:
    """Return a header's value or a body as text: one of the contenders makes bytes of them."""
    return value.decode() if isinstance(value, bytes) else str(value or "")


def _public(pem: str) -> str:
    key = serialization.load_pem_private_key(pem.encode(), None).public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, form).decode()
