"""Why a signature is wrong: which mistake makes the very signature that came.

- A mistake is tried by making the base string, or the key, with it, by oauthlib's own functions:
  what comes out right names the cause, and nothing is guessed.
- The commonest mistakes are tried, one at a time; a client's own tools may look further.
- A provider that strangers can reach would not tell them how near they are to a secret. This one
  is for trying clients, and runs where they run.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from oauthlib.oauth1.rfc5849.signature import base_string_uri, normalize_parameters, signature_base_string
from oauthlib.oauth1.rfc5849.utils import escape

from .parameters import Pair, Parameters

__all__ = ["Secrets", "named_cause"]

Secrets = tuple[str, str]  # the consumer's, and the token's or an empty one

_DIGESTS = {"HMAC-SHA1": "sha1", "HMAC-SHA256": "sha256", "HMAC-SHA512": "sha512"}
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")


def named_cause(method: str, url: str, parameters: Parameters, secrets: Secrets) -> str | None:
    """Return the mistake that makes the signature of a request, as a sentence; ``None`` where none is known to.

    :param method: the HTTP method.
    :param url: the address that was asked, without its query.
    :param secrets: the right ones.
    """
    signature = parameters.protocol["oauth_signature"]
    name = parameters.protocol["oauth_signature_method"]
    if name == "PLAINTEXT":
        return next((cause for cause, key in _keys(secrets) if hmac.compare_digest(key, signature.encode())), None)
    if name not in _DIGESTS:
        return None
    right = f"{escape(secrets[0])}&{escape(secrets[1])}".encode()
    text = _base_string(method, url, _pairs(parameters))
    for other, digest in _DIGESTS.items():
        if other != name and _signs(right, text, digest, signature):
            return f"it is signed with {other}, and oauth_signature_method says {name}"
    digest = _DIGESTS[name]
    for cause, key in _keys(secrets):
        if _signs(key, text, digest, signature):
            return cause
    for cause, text in _texts(method, url, parameters):
        if _signs(right, text, digest, signature):
            return cause
    return None


def _signs(key: bytes, text: str, digest: str, signature: str) -> bool:
    made = b64encode(hmac.digest(key, text.encode(), digest)).decode()
    return hmac.compare_digest(made.encode(), signature.encode())


def _pairs(parameters: Parameters) -> list[Pair]:
    signed = [pair for pair in parameters.protocol.items() if pair[0] != "oauth_signature"]
    return signed + parameters.own + parameters.header_own


def _base_string(method: Any, url: str, pairs: Any) -> str:
    """Return the base string (s3.4.1) of oauthlib."""
    return signature_base_string(method, base_string_uri(url), normalize_parameters(pairs))


def _keys(secrets: Secrets) -> Iterator[tuple[str, bytes]]:
    """Yield keys that are made with a mistake (s3.4.2)."""
    consumer, token = secrets
    for space, name in (("\n", "a line feed"), (" ", "a space"), ("\r\n", "a line end"), ("\t", "a tab")):
        yield f"the consumer's secret was used with {name} after it", _key(consumer + space, token)
        yield f"the token's secret was used with {name} after it", _key(consumer, token + space)
        yield f"the consumer's secret was used with {name} before it", _key(space + consumer, token)
        yield f"the token's secret was used with {name} before it", _key(consumer, space + token)
    yield "the two secrets were swapped", _key(token, consumer)
    yield "the token's secret was left out", _key(consumer, "")
    yield "the consumer's secret was left out", _key("", token)
    yield "no secret was used", _key("", "")
    yield "the key was made without its &", escape(consumer).encode()
    yield "the secrets were not percent-encoded", f"{consumer}&{token}".encode()
    yield "the secrets were percent-encoded twice", _key(escape(consumer), escape(token))
    yield "the secrets were percent-decoded", _key(unquote(consumer), unquote(token))


def _key(consumer: str, token: str) -> bytes:
    return f"{escape(consumer)}&{escape(token)}".encode()


def _texts(method: str, url: str, parameters: Parameters) -> Iterator[tuple[str, str]]:
    """Yield base strings that are made with a mistake (s3.4.1)."""
    pairs = _pairs(parameters)
    for other in _METHODS:
        if other != method:
            yield f"it is signed for {other}, and came as {method}", _base_string(other, url, pairs)
    for cause, address in _addresses(url):
        yield cause, _base_string(method, address, pairs)
    query, form = parameters.own[: parameters.in_query], parameters.own[parameters.in_query :]
    if form:
        left = [pair for pair in pairs if pair not in form]
        yield "the form's fields were not signed (s3.4.1.3.1)", _base_string(method, url, left)
    if query:
        left = [pair for pair in pairs if pair not in query]
        yield "the query was not signed (s3.4.1.3.1), or was added afterwards", _base_string(method, url, left)
    if parameters.realm is not None:
        with_realm = [*pairs, ("realm", parameters.realm)]
        yield "the realm was signed (s3.4.1.3.1)", _base_string(method, url, with_realm)
    for pair in pairs:
        left = [other for other in pairs if other != pair]
        yield f"{pair[0]} was not signed, or was added afterwards", _base_string(method, url, left)
    empty = [pair for pair in pairs if pair[1]]
    yield "parameters without a value were not signed", _base_string(method, url, empty)
    yield from _spelled(method, url, pairs)


def _spelled(method: str, url: str, pairs: list[Pair]) -> Iterator[tuple[str, str]]:
    """Yield base strings whose parameters are spelled or ordered by other rules (s3.4.1.3.2, s3.6)."""
    encoded = [(escape(name), escape(value)) for name, value in pairs]
    for cause, spelled in (
        ("spaces were signed as +", [(n.replace("%20", "+"), v.replace("%20", "+")) for n, v in encoded]),
        ("+ was signed as a space", [(n.replace("%2B", "%20"), v.replace("%2B", "%20")) for n, v in encoded]),
        ("a space was signed as +, percent-encoded", [(n, v.replace("%20", "%2B")) for n, v in encoded]),
        ("~ was percent-encoded", [(n.replace("~", "%7E"), v.replace("~", "%7E")) for n, v in encoded]),
        ("parameters were percent-encoded twice", [(escape(n), escape(v)) for n, v in encoded]),
        ("parameters were not percent-encoded", pairs),
    ):
        yield cause, _joined(method, url, sorted(spelled))
    yield "the parameters were not sorted", _joined(method, url, encoded)
    by_text = [(escape(name), escape(value)) for name, value in sorted(pairs)]
    yield "the parameters were sorted before they were percent-encoded", _joined(method, url, by_text)


def _joined(method: Any, url: str, pairs: list[Pair]) -> str:
    return signature_base_string(method, base_string_uri(url), "&".join(f"{name}={value}" for name, value in pairs))


def _addresses(url: str) -> Iterator[tuple[str, str]]:
    """Yield other addresses than the one that was asked."""
    scheme, _, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    host, _, port = authority.rpartition(":") if not authority.endswith("]") else (authority, "", "")
    host = host or authority
    other = "https" if scheme == "http" else "http"
    yield f"it is signed for {other}", f"{other}://{rest}"
    if port and host != authority:
        yield "it is signed without the port", f"{scheme}://{host}{slash}{path}"
    for name in ("localhost", "127.0.0.1"):
        if name != host:
            yield f"it is signed for the host {name}", f"{scheme}://{name}{port and ':' + port}{slash}{path}"
    yield "it is signed with a slash after the path", f"{scheme}://{rest}/"
    yield "it is signed without the slash after the path", f"{scheme}://{rest.rstrip('/')}"
    yield "the path was percent-decoded", f"{scheme}://{authority}/{unquote(path)}"
    yield "the path was percent-encoded twice", f"{scheme}://{authority}/{path.replace('%', '%25')}"
