"""A small signer of OAuth 1.0a, each step of which can be replaced by a mistake. It shares no code with the package."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

FORM = "application/x-www-form-urlencoded"
TIMESTAMP = 1764400000  # Sat, 29 Nov 2025 07:06:40 GMT
NONCE = "Wm3qf7Tz1xKc9LrP"
UNRESERVED = "-._~"

Pairs = list[tuple[str, str]]


def escape(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe=UNRESERVED)


@dataclass(frozen=True)
class Keys:
    """The four strings of an account."""

    consumer: str = "q7GkV2nXw9Rt4b"
    consumer_secret: str = "H5dPz8LmQ2yWc7Vx3TfN"
    token: str | None = "83641-Jx5uEwRk0hSb"
    token_secret: str = "uC6gTn1sZr9KoYv4MaEi"


KEYS = Keys()
TWO_LEGGED = Keys(token=None, token_secret="")


@dataclass(frozen=True)
class Call:
    """What the caller wants to send."""

    method: str = "GET"
    url: str = "https://api.example.com/1/photos"
    query: Pairs = field(default_factory=list)
    form: Pairs | None = None
    body: bytes | None = None
    content_type: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    keys: Keys = KEYS
    hash_name: str = "HMAC-SHA1"
    placement: str = "header"
    realm: str | None = None
    nonce: str = NONCE
    timestamp: str = str(TIMESTAMP)
    version: str | None = "1.0"
    extra: tuple[tuple[str, str], ...] = ()  # further oauth_ parameters
    wire: Callable[[str], str] = escape  # how query and form are written


@dataclass(frozen=True)
class Steps:
    """The steps of signing. A mistake replaces one."""

    base_url: Callable[[str], str] = lambda url: canonical_url(url)
    method: Callable[[str], str] = str.upper
    query: Callable[[Pairs], Pairs] = lambda pairs: pairs
    form: Callable[[Pairs], Pairs] = lambda pairs: pairs
    oauth: Callable[[Pairs], Pairs] = lambda pairs: pairs
    more: tuple[tuple[str, str], ...] = ()  # signed though not sent
    encode: Callable[[str], str] = escape
    encode_key: Callable[[str], str] | None = None
    order: Callable[[Pairs], Pairs] = sorted  # of encoded pairs
    order_raw: Callable[[Pairs], Pairs] | None = None  # instead, of pairs that are not encoded yet
    join: Callable[[Pairs], str] = lambda pairs: "&".join(f"{key}={value}" for key, value in pairs)
    outer: Callable[[str], str] = escape
    outer_url: Callable[[str], str] | None = None
    outer_parameters: Callable[[str], str] | None = None
    base: Callable[[str], str] = lambda base: base
    consumer_secret: Callable[[str], str] = escape
    token_secret: Callable[[str], str] = escape
    key: Callable[[str, str], str] = lambda consumer, token: f"{consumer}&{token}"
    hash_name: str | None = None  # the one that is computed, where it is not the one announced
    signature: Callable[[str], str] = lambda signature: signature
    write_header: Callable[[str], str] = escape


def canonical_url(url: str) -> str:
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    port = parts.port
    if port is not None and port != {"http": 80, "https": 443}.get(parts.scheme.lower()):
        host = f"{host}:{port}"
    return f"{parts.scheme.lower()}://{host}{parts.path or '/'}"


HASHES = {
    "HMAC-SHA1": "sha1", "HMAC-SHA256": "sha256", "HMAC-SHA512": "sha512",
    "HMAC-MD5": "md5",
}  # fmt: skip


def base_string(call: Call, steps: Steps, oauth: Pairs) -> str:
    url_pairs = call.query + parse_qsl(urlsplit(call.url).query, keep_blank_values=True)
    pairs = steps.query(url_pairs) + steps.form(list(call.form or [])) + steps.oauth(oauth) + list(steps.more)
    encode_key = steps.encode_key or steps.encode
    if steps.order_raw:
        pairs = [(encode_key(key), steps.encode(value)) for key, value in steps.order_raw(pairs)]
    else:
        pairs = steps.order([(encode_key(key), steps.encode(value)) for key, value in pairs])
    outer_url, outer_parameters = steps.outer_url or steps.outer, steps.outer_parameters or steps.outer
    return steps.base(
        f"{steps.method(call.method)}&{outer_url(steps.base_url(call.url))}&{outer_parameters(steps.join(pairs))}"
    )


def oauth_pairs(call: Call) -> Pairs:
    keys = call.keys
    pairs = [
        ("oauth_consumer_key", keys.consumer), ("oauth_nonce", call.nonce), ("oauth_signature_method", call.hash_name),
        ("oauth_timestamp", call.timestamp),
    ]  # fmt: skip
    if keys.token is not None:
        pairs.append(("oauth_token", keys.token))
    if call.version is not None:
        pairs.append(("oauth_version", call.version))
    return pairs + list(call.extra)


def sign(call: Call, steps: Steps | None = None) -> dict[str, Any]:
    """Return the request as it goes out: method, url, headers, body."""
    steps = steps or Steps()
    oauth = oauth_pairs(call)
    key = steps.key(steps.consumer_secret(call.keys.consumer_secret), steps.token_secret(call.keys.token_secret))
    name = steps.hash_name or call.hash_name
    if name == "PLAINTEXT":
        signature = key
    else:
        text = base_string(call, steps, oauth)
        digest = hmac.new(key.encode(), text.encode("utf-8", "surrogatepass"), getattr(hashlib, HASHES[name])).digest()
        signature = base64.b64encode(digest).decode()
    return place(call, steps, [*oauth, ("oauth_signature", steps.signature(signature))])


def place(call: Call, steps: Steps, oauth: Pairs) -> dict[str, Any]:
    def encoded(pairs: Pairs) -> str:
        return "&".join(f"{call.wire(name)}={call.wire(value)}" for name, value in pairs)

    headers, url, body = list(call.headers), call.url, call.body
    query, form = list(call.query), call.form
    if call.placement == "header":
        written = [f'{escape(name)}="{steps.write_header(value)}"' for name, value in oauth]
        if call.realm is not None:
            written.insert(0, f'realm="{call.realm}"')
        headers.append(("Authorization", "OAuth " + ", ".join(written)))
    tail = ""
    if call.placement == "query":
        tail = "&".join(f"{escape(name)}={steps.write_header(value)}" for name, value in oauth)
    query_text = "&".join(text for text in (encoded(query), tail) if text)
    if query_text:
        address, _, fragment = url.partition("#")
        url = address + ("&" if "?" in address else "?") + query_text + (f"#{fragment}" if fragment else "")
    if form is not None:
        text = encoded(form)
        if call.placement == "body":
            text += ("&" if text else "") + "&".join(
                f"{escape(name)}={steps.write_header(value)}" for name, value in oauth
            )
        body = text.encode()
    content_type = call.content_type or (FORM if form is not None else None)
    if content_type and content_type != "none":
        headers.append(("Content-Type", content_type))
    return {"method": call.method, "url": url, "headers": headers, "body": body}


def right_base_string(call: Call) -> str:
    return base_string(call, Steps(), oauth_pairs(call))


__all__ = [
    "FORM", "KEYS", "NONCE", "TIMESTAMP", "TWO_LEGGED", "Call", "Keys", "Steps", "base_string", "canonical_url",
    "escape", "oauth_pairs", "replace", "right_base_string", "sign",
]  # fmt: skip
