"""The contenders, and the floor: each a callable that signs a ``PreparedRequest`` in place."""

from __future__ import annotations

import hashlib
import os
import time
from binascii import b2a_base64
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote_plus, urlsplit

import requests
from authlib.integrations.requests_client import OAuth1Auth
from requests_oauthlib import OAuth1

from oauth_hook import OAuthHook

from .cases import Case

__all__ = ["CONSUMER", "FLOOR", "OURS", "PEERS", "SIGNERS", "TOKEN", "Sign", "floor"]

Sign = Callable[[requests.PreparedRequest], Any]

#: Key and secret; with characters that have to be encoded.
CONSUMER = ("dpf43f3p2l4k3l03", "kd94hf93k423kf44/+=")
TOKEN = ("nnch734d00sl2jdk", "pfkkdhi9sl3r4s00/+=")

OURS = "oauth_hook"
PEERS = ("requests-oauthlib", "Authlib")
FLOOR = "floor"


def _ours(case: Case) -> Sign:
    return OAuthHook(
        *TOKEN,
        *CONSUMER,
        placement=case.placement,
        signature_method=case.signature_method,
        rsa_key=case.rsa_key,
    )


def _requests_oauthlib(case: Case) -> Sign:
    return OAuth1(  # type: ignore[no-any-return]
        *CONSUMER,
        *TOKEN,
        signature_type={"header": "AUTH_HEADER", "query": "QUERY"}[case.placement],
        signature_method=case.signature_method,
        rsa_key=case.rsa_key,
    )


def _authlib(case: Case) -> Sign:
    return OAuth1Auth(  # type: ignore[no-any-return]
        *CONSUMER,
        *TOKEN,
        signature_type=case.placement.upper(),
        signature_method=case.signature_method,
        rsa_key=case.rsa_key,
    )


#: Makes a contender's signer for a case, ready for use: reading keys once is allowed to all.
SIGNERS: dict[str, Callable[[Case], Sign]] = {
    OURS: _ours,
    "requests-oauthlib": _requests_oauthlib,
    "Authlib": _authlib,
}


def _constants() -> tuple[tuple[Any, Any], list[tuple[str, str]], str]:
    """Return what the floor has ready: HMAC's hashes over the key, the constant parameters, the header's beginning."""
    key = "&".join([quote(secret, safe="~") for secret in (CONSUMER[1], TOKEN[1])]).encode()
    pairs = [
        ("oauth_consumer_key", quote(CONSUMER[0], safe="~")),
        ("oauth_token", quote(TOKEN[0], safe="~")),
        ("oauth_signature_method", "HMAC-SHA1"),
        ("oauth_version", "1.0"),
    ]
    padded = key.ljust(64, b"\0")
    inner, outer = (hashlib.sha1(bytes(byte ^ mask for byte in padded), usedforsecurity=False) for mask in (0x36, 0x5C))
    return (inner, outer), pairs, "OAuth " + "".join([f'{name}="{value}", ' for name, value in pairs])


(_INNER, _OUTER), _PAIRS, _HEAD = _constants()


def floor(request: requests.PreparedRequest) -> None:
    """Sign a GET in the header with HMAC-SHA1, and do nothing that this request could do without.

    Included is what nobody can leave out, because it changes from request to request:
    reading the URL, decoding its parameters and encoding them as s3.6 wants them
    (whatever ASCII they are, by the standard library's functions), a fresh nonce and
    timestamp, sorting, the base string, the HMAC, the header.

    Made beforehand is what stays the same: HMAC's hashes over the signing key, the encoded constants and
    their part of the header. What is known to consist of a few characters is encoded by
    replacing them: the normalized parameters, the scheme, base64.

    Left out is what a hook for everybody has to look for: a body, a ``Host`` header, an
    earlier signature or ``oauth_`` parameters in the request, capitals or a default
    port in the URL, a URL that cannot be signed, other placements, methods and clocks.
    """
    url = urlsplit(request.url or "")
    nonce, timestamp = os.urandom(12).hex(), str(int(time.time()))
    pairs = [*_PAIRS, ("oauth_nonce", nonce), ("oauth_timestamp", timestamp)]
    # As parse_qsl does it, less what it checks and collects on the way.
    for segment in url.query.split("&"):
        if segment:
            name, _, value = segment.partition("=")
            pairs.append((quote(unquote_plus(name), safe="~"), quote(unquote_plus(value), safe="~")))
    pairs.sort()
    parameters = "&".join([f"{name}={value}" for name, value in pairs])
    parameters = parameters.replace("%", "%25").replace("=", "%3D").replace("&", "%26")
    # With "/" let pass, which is quote's default, it mostly finds nothing to do.
    place = quote(url.netloc + url.path, safe="/~").replace("/", "%2F")
    text = f"GET&{url.scheme}%3A%2F%2F{place}&{parameters}"
    inner, outer = _INNER.copy(), _OUTER.copy()
    inner.update(text.encode())
    outer.update(inner.digest())
    signature = b2a_base64(outer.digest(), newline=False).decode()
    signature = signature.replace("/", "%2F").replace("+", "%2B").replace("=", "%3D")
    request.headers["Authorization"] = (
        f'{_HEAD}oauth_nonce="{nonce}", oauth_timestamp="{timestamp}", oauth_signature="{signature}"'
    )
