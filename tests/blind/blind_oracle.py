"""Whether a request is right, as oauthlib has it: it judges the table before ``explain`` does."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from blind_case import as_bytes
from blind_signer import Keys
from oauthlib.oauth1.rfc5849 import signature as oauthlib_signature


def header_pairs(request: dict[str, Any]) -> list[tuple[str, str]]:
    for name, value in request["headers"]:
        if name.lower() == "authorization" and value.lower().startswith("oauth"):
            parts = [part.strip().partition("=") for part in value[5:].split(",") if "=" in part]
            return [(unquote(key), unquote(text.strip().strip('"'))) for key, _, text in parts]
    return []


def parameters(request: dict[str, Any]) -> list[tuple[str, str]]:
    query = urlsplit(request["url"]).query
    pairs = parse_qsl(query, keep_blank_values=True)
    content_type = next((value for name, value in request["headers"] if name.lower() == "content-type"), "")
    if content_type.split(";")[0].strip().lower() == "application/x-www-form-urlencoded":
        pairs += parse_qsl((as_bytes(request["body"]) or b"").decode("utf-8", "replace"), keep_blank_values=True)
    return pairs + [pair for pair in header_pairs(request) if pair[0].lower() != "realm"]


def oracle_base_string(request: dict[str, Any]) -> str:
    host = next((value for name, value in request["headers"] if name.lower() == "host"), None)
    return oauthlib_signature.signature_base_string(
        request["method"],
        oauthlib_signature.base_string_uri(request["url"].partition("#")[0], host),
        oauthlib_signature.normalize_parameters([pair for pair in parameters(request) if pair[0] != "oauth_signature"]),
    )


def is_signed(request: dict[str, Any]) -> bool:
    return any(name == "oauth_signature" for name, _ in parameters(request))


class _Asked:
    """The request as oauthlib's verifying functions want it."""

    def __init__(self, request: dict[str, Any]) -> None:
        pairs = parameters(request)
        host = next((value for name, value in request["headers"] if name.lower() == "host"), None)
        self.http_method = request["method"]
        self.uri = oauthlib_signature.base_string_uri(request["url"].partition("#")[0], host)
        self.params = [pair for pair in pairs if pair[0] != "oauth_signature"]
        named = dict(pairs)
        self.signature = named.get("oauth_signature", "")
        self.client_key, self.resource_owner_key = named.get("oauth_consumer_key"), named.get("oauth_token")
        self.signature_method = named.get("oauth_signature_method", "")


def verifies(request: dict[str, Any], keys: Keys, rsa_key: str | None = None) -> bool:
    """Tell whether oauthlib takes the request, with these secrets and for this consumer and token."""
    asked = _Asked(request)
    names = [name for name, _ in parameters(request) if name.startswith("oauth_")]
    if (
        len(names) != len(set(names))
        or asked.client_key != keys.consumer
        or (asked.resource_owner_key or None) != keys.token
    ):
        return False
    functions = {
        "HMAC-SHA1": oauthlib_signature.verify_hmac_sha1, "HMAC-SHA256": oauthlib_signature.verify_hmac_sha256,
        "HMAC-SHA512": oauthlib_signature.verify_hmac_sha512, "PLAINTEXT": oauthlib_signature.verify_plaintext,
    }  # fmt: skip
    rsa = {
        "RSA-SHA1": oauthlib_signature.verify_rsa_sha1, "RSA-SHA256": oauthlib_signature.verify_rsa_sha256,
        "RSA-SHA512": oauthlib_signature.verify_rsa_sha512,
    }  # fmt: skip
    if asked.signature_method in rsa:
        return bool(rsa_key and rsa[asked.signature_method](asked, rsa_key))
    if asked.signature_method not in functions:
        return False
    return bool(functions[asked.signature_method](asked, keys.consumer_secret, keys.token_secret))
