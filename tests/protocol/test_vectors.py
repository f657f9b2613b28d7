"""Published examples of OAuth 1.0 signatures, each compared at every stage that its source publishes.

They are in ``vectors/oauth1.json``, which says what its fields are and where each number stands in print, and is for
other languages too. Where print is wrong, it has the right value, ``misprints`` the printed one, ``note`` the evidence.
What a source does not print was computed; the faults of that file, and its runners, are in ``test_vectors_file.py``.

Print was read in copies: OAuth Core 1.0 Revision A in its Draft 3, the OAuth wiki in liboauth's tests, other
pages that are gone in the tests named beside them.

What does not come from print is compared with oauthlib (base strings and signatures) and ``urllib.parse``
(s3.6), which share no code with us. ``sign`` and ``verify`` beyond examples: ``test_signing.py``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote, quote_from_bytes, unquote_to_bytes, urlsplit

import pytest
from oauthlib.oauth1.rfc5849 import signature as oauthlib_signature
from tables import Test, for_each

from oauth_hook import AccessToken, Consumer, sign, verify
from oauth_hook.protocol import Verdict
from oauth_hook.protocol.base_string import base_string, base_string_uri
from oauth_hook.protocol.body_hash import hash_body
from oauth_hook.protocol.encoding import escape, escape_form, escape_header_value, unescape
from oauth_hook.protocol.methods import METHODS, Key, signing_key
from oauth_hook.protocol.parameters import FORM, divide, join_pairs, normalize, parse_pairs, sortable
from oauth_hook.protocol.placement import append, authorization, parse_authorization, quote_pairs
from oauth_hook.protocol.rsa import load_key
from oauth_hook.protocol.url import split_url

# --- the form of a row ---


@dataclass(frozen=True, kw_only=True)
class Vector:
    """A published request, and what comes of it: an entry of ``requests`` in ``vectors/oauth1.json``."""

    name: str
    source: str
    note: str = ""
    published: list[str]  #: the stages that stand in the source
    url: str
    oauth: dict[str, str]  #: the protocol parameters, decoded and without ``oauth_signature``
    method: str
    headers: dict[str, str]
    body: str | None
    consumer_secret: str
    token_secret: str
    rsa_key: str | None = None  #: its name among ``rsa_keys``
    normalized: str | None = None
    base_string: str
    signature: str | None
    header: str | None  #: each line break a space
    signed_url: str | None = None  #: the parameters in the query
    signed_form: str | None = None  #: the parameters in the body
    misprints: list[str] = field(default_factory=list)  #: signatures as printed that are wrong

    def __getitem__(self, name: str) -> str | None:
        return self.oauth.get(f"oauth_{name}")

    @property
    def form(self) -> str | None:
        return self.body if self.headers.get("Content-Type") == FORM else None

    @property
    def credentials(self) -> dict[str, object]:
        key = self["token"]
        token = None if key is None else AccessToken(key, self.token_secret)
        return {"consumer": Consumer(self["consumer_key"] or "", self.consumer_secret), "token": token}

    @property
    def refused_for(self) -> str:
        """Why a strict server refuses the request, though its signature is as published; empty where it accepts it."""
        if not (self["timestamp"] or "1").isdigit():
            return "oauth_timestamp must be"
        if (self["signature_method"] or "").startswith("HMAC") and not (self.consumer_secret or self.token_secret):
            return "both secrets are empty"
        return ""


PUBLISHED = json.loads((Path(__file__).parent.parent.parent / "vectors" / "oauth1.json").read_text(encoding="utf-8"))
VECTORS = [Vector(**entry) for entry in PUBLISHED["requests"]]


def pem(name: str | None, part: str = "private") -> str | None:
    """Return the RSA key of that name as PEM text, or its certificate, if it has one."""
    if name is None:
        return None
    key = PUBLISHED["rsa_keys"][name]
    return "\n".join([*key.get(part, key["private"]), ""])


def each(part: str, *fields: str) -> Callable[[Test], Test]:
    """Run a test for each entry of a part of the file; a field that an entry does not have is ``None``."""
    return pytest.mark.parametrize(fields, [[entry.get(name) for name in fields] for entry in PUBLISHED[part]])


def having(*stages: str, among: list[Vector] = VECTORS) -> Callable[[Test], Test]:
    """Run a test for each row whose source publishes all of these stages."""
    rows = [v for v in among if all(getattr(v, stage) for stage in stages)]
    assert rows
    return for_each("vector", rows, ids=[v.name for v in rows])


# --- stage by stage ---


def normalized_by_us(vector: Vector) -> str:
    query = divide(urlsplit(vector.url).query)
    form = divide(vector.form or "")
    oauth = sortable((escape(name), escape(value)) for name, value in vector.oauth.items())
    return normalize([*query[1], *form[1], *oauth])


def base_string_by_us(vector: Vector) -> str:
    url = split_url(vector.url)
    uri = base_string_uri(url.scheme, url.authority, url.path)
    return base_string(vector.method, uri, normalized_by_us(vector))


@having("normalized")
def test_parameters_are_normalized_as_published(vector):
    """Query, form and protocol parameters become the published string (s3.4.1.3)."""
    assert escape(vector.normalized) == normalized_by_us(vector)


@having("base_string")
def test_base_strings_are_as_published(vector):
    """Method, URI and parameters become the published base string (s3.4.1.1)."""
    assert vector.base_string == base_string_by_us(vector)


@having("signature")
def test_signatures_are_as_published(vector):
    """The method named makes the published signature of the base string and the secrets (s3.4.2 to s3.4.4)."""
    key = Key(
        signing_key(vector.consumer_secret, vector.token_secret), vector.rsa_key and load_key(pem(vector.rsa_key))
    )
    assert vector.signature == METHODS[vector["signature_method"]].signature(base_string_by_us(vector), key)


@having("header")
def test_headers_are_as_published(vector):
    """Placed in the published order, the parameters are the published header, byte for byte (s3.5.1)."""
    realm, published = header_values(vector.header)
    values = vector.oauth | {"oauth_signature": vector.signature}
    pairs = [(name, escape(values.pop(name))) for name in published]
    assert vector.header == authorization(quote_pairs(pairs[:1]), pairs[1:], realm)
    assert values == {}


@having("header")
def test_published_headers_are_read(vector):
    """A published header is read as the realm and the parameters that it was made of (s3.5.1)."""
    realm, pairs = parse_authorization(vector.header)
    assert header_values(vector.header) == (realm, dict(pairs))
    assert vector.oauth | {"oauth_signature": vector.signature} == {n: unescape(v) for n, v in pairs}


def header_values(header: str) -> tuple[str | None, dict[str, str]]:
    scheme, _, rest = header.partition(" ")
    assert scheme == "OAuth"
    values = dict(re.findall(r'(\w+)="([^"]*)"', rest))
    return values.pop("realm", None), values


# --- through the front door ---

# oauth_version is what sign() always sends: a request without it can be verified, not made.
SIGNABLE = [v for v in VECTORS if v["version"] and v["signature_method"]]


def signed_by_us(vector: Vector, **more: object):
    arguments = {"headers": vector.headers} | more
    return sign(
        vector.method,
        vector.url,
        body=vector.body,
        **vector.credentials,
        signature_method=vector["signature_method"],
        rsa_key=pem(vector.rsa_key),
        callback=vector["callback"],
        verifier=vector["verifier"],
        body_hash=vector["body_hash"] and "sha1",
        nonce=vector["nonce"],
        timestamp=vector["timestamp"],
        **arguments,
    )


@having("signature", among=SIGNABLE)
def test_sign_makes_what_is_published(vector):
    """``sign`` makes the published base string, signature and header from the request and the credentials."""
    realm, published = header_values(vector.header)
    signed = signed_by_us(vector, realm=realm)
    assert vector.signature == signed.signature
    assert vector.base_string == signed.base_string
    assert (realm, published) == header_values(signed.headers["Authorization"])
    assert (vector.url, vector.body) == (signed.url, signed.body)


@having("base_string", among=[v for v in SIGNABLE if v.signature is None and v["signature_method"] == "PLAINTEXT"])
def test_sign_makes_the_base_string_of_plaintext_too(vector):
    """``sign`` says the published base string for PLAINTEXT, which makes no use of it (s3.4.4)."""
    assert vector.base_string == signed_by_us(vector).base_string


@having("signature", among=SIGNABLE)
@for_each("placement", ["query", "url-encoded", "header+url-encoded"])
def test_a_signature_is_the_same_in_every_place(vector, placement):
    """Where the parameters travel (s3.5) changes nothing about the signature, nor about the verdict."""
    signed = signed_by_us(vector, placement=placement)
    assert vector.signature == signed.signature
    verdict = verify(
        vector.method,
        signed.url,
        headers=signed.headers,
        body=signed.body,
        **vector.credentials,
        rsa_key=pem(vector.rsa_key),
        allow_copies=placement == "header+url-encoded",
    )
    assert is_judged(verdict, vector)


@having("signature", among=SIGNABLE)
def test_signing_a_published_request_again_changes_nothing(vector):
    """The published signature is taken out before the request is signed, so that the same one comes out."""
    again = signed_by_us(vector, headers=vector.headers | {"Authorization": vector.header})
    assert header_values(vector.header) == header_values(again.headers["Authorization"])


def verdict_on(vector: Vector, **changed: object):
    request = {
        "url": vector.url,
        "headers": vector.headers | {"Authorization": vector.header},
        "body": vector.body,
        "rsa_key": pem(vector.rsa_key, "certificate"),
        **vector.credentials,
    } | changed
    return verify(vector.method, request.pop("url"), **request)


def is_judged(verdict: Verdict, vector: Vector) -> bool:
    """Tell whether a request is accepted, or refused for what a strict server has to refuse in it."""
    return vector.refused_for in verdict.reason if vector.refused_for else bool(verdict)


@having("signature")
def test_published_requests_verify(vector):
    """``verify`` accepts the published request, and its base string is the published one.

    Some were made up for tests of signing: theirs have two empty secrets, or words for timestamps, and are refused.
    """
    verdict = verdict_on(vector)
    assert is_judged(verdict, vector), verdict.reason
    assert vector.base_string == verdict.base_string


@having("signed_url")
def test_published_urls_verify(vector):
    """``verify`` accepts the published URL, parameters in the query (s3.5.3)."""
    assert is_judged(verdict_on(vector, url=vector.signed_url, headers={}), vector)


@having("signed_form")
def test_published_forms_verify(vector):
    """``verify`` accepts the published form, parameters in the body (s3.5.2)."""
    assert is_judged(verdict_on(vector, headers=vector.headers, body=vector.signed_form), vector)


@having("signature")
def test_another_signature_does_not_verify(vector):
    """``verify`` refuses the published request under the signature with two characters swapped."""
    wrong = vector.signature[1] + vector.signature[0] + vector.signature[2:]
    assert wrong != vector.signature
    assert not verdict_on(vector, headers=with_signature(vector, wrong))


@having("misprints")
def test_misprinted_signatures_do_not_verify(vector):
    """Signatures that are wrong in print are wrong to ``verify``: nothing was bent to make them fit."""
    for printed in vector.misprints:
        verdict = verdict_on(vector, headers=with_signature(vector, printed))
        assert verdict.reason.startswith("the signature is wrong")


def with_signature(vector: Vector, signature: str) -> dict[str, str]:
    value = quote(signature, safe="~")
    header = re.sub(r'oauth_signature="[^"]*"', f'oauth_signature="{value}"', vector.header)
    return vector.headers | {"Authorization": header}


# --- an independent oracle ---


def base_string_by_oauthlib(vector: Vector) -> str:
    pairs = [f'{name}="{quote(value, safe="~")}"' for name, value in vector.oauth.items()]
    parameters = oauthlib_signature.collect_parameters(
        uri_query=urlsplit(vector.url).query,
        body=vector.form,
        headers={"Authorization": "OAuth " + ", ".join(pairs)} if pairs else None,
    )
    return oauthlib_signature.signature_base_string(
        vector.method,
        oauthlib_signature.base_string_uri(vector.url),
        oauthlib_signature.normalize_parameters(parameters),
    )


@for_each("vector", VECTORS, ids=[v.name for v in VECTORS])
def test_oauthlib_builds_the_same_base_string(vector):
    """oauthlib, which shares no code with us, builds our base string; the published one, where there is one."""
    expected = base_string_by_oauthlib(vector)
    assert expected == base_string_by_us(vector)
    assert vector.base_string == expected


OAUTHLIB_METHODS = {
    "HMAC-SHA1": oauthlib_signature.sign_hmac_sha1_with_client,
    "HMAC-SHA256": oauthlib_signature.sign_hmac_sha256_with_client,
    "HMAC-SHA512": oauthlib_signature.sign_hmac_sha512_with_client,
    "RSA-SHA1": oauthlib_signature.sign_rsa_sha1_with_client,
    "RSA-SHA256": oauthlib_signature.sign_rsa_sha256_with_client,
    "RSA-SHA512": oauthlib_signature.sign_rsa_sha512_with_client,
    "PLAINTEXT": oauthlib_signature.sign_plaintext_with_client,
}


def signature_by_oauthlib(method, text, consumer_secret="", token_secret="", rsa_key=None):
    client = SimpleNamespace(client_secret=consumer_secret, resource_owner_secret=token_secret, rsa_key=pem(rsa_key))
    return OAUTHLIB_METHODS[method](text, client)


@having("signature")
def test_oauthlib_makes_the_published_signature(vector):
    """oauthlib makes the signature that is pinned here, from its own base string."""
    text = base_string_by_oauthlib(vector)
    secrets = vector.consumer_secret, vector.token_secret, vector.rsa_key
    assert vector.signature == signature_by_oauthlib(vector["signature_method"], text, *secrets)


# --- signatures of a base string alone ---


@each("signatures", "method", "consumer_secret", "token_secret", "rsa_key", "base_string", "signature")
def test_base_strings_are_signed_as_published(method, consumer_secret, token_secret, rsa_key, base_string, signature):
    """Each method makes the published signature of a text, accepts it, and agrees with oauthlib."""
    key = Key(signing_key(consumer_secret, token_secret), rsa_key and load_key(pem(rsa_key)))
    assert signature == METHODS[method].signature(base_string, key)
    assert METHODS[method].accepts(base_string, key, signature)
    assert signature == signature_by_oauthlib(method, base_string, consumer_secret, token_secret, rsa_key)


def test_every_method_has_a_published_vector():
    """No method in the table stands on our own word alone."""
    published = {entry["method"] for entry in PUBLISHED["signatures"]} | {
        v["signature_method"] for v in VECTORS if v.signature
    }
    assert set(METHODS) <= published


# --- the base string URI (s3.4.1.2) ---


@each("base_string_uris", "url", "host", "uri")
def test_base_string_uris_are_as_published(url, host, uri):
    """Scheme and host in lower case, no default port, no query, no fragment, a path; as oauthlib has it."""
    parts = split_url(url)
    assert quote(uri, safe="~") == base_string_uri(parts.scheme, host or parts.authority, parts.path)
    assert uri == oauthlib_signature.base_string_uri(url, host)


# --- normalization (s3.4.1.3.2) ---


@each("normalized", "wire", "normalized")
def test_parameters_alone_are_normalized_as_published(wire, normalized):
    """Decoded, encoded anew, and sorted by name and then value, in ascending order of octets."""
    assert escape(normalized) == normalize(divide(wire)[1])


def test_parameters_are_found_and_decoded_as_the_rfc_tabulates():
    """Query, header and body give the table's parameters, in both of its spellings (s3.4.1.3.1, s3.4.1.3.2)."""
    table = PUBLISHED["decoded_parameters"]
    decoded = [(row["name"], row["value"]) for row in table["rows"]]
    encoded = [(row["encoded_name"], row["encoded_value"]) for row in table["rows"]]
    example = next(v for v in VECTORS if v.name == table["request"])
    query, form = divide(urlsplit(example.url).query), divide(example.form)
    header = [pair for pair in parse_authorization(example.header)[1] if pair[0] != "oauth_signature"]
    assert sortable(encoded) == [*query[1], *sortable(header), *form[1]]
    assert decoded == [(unescape(name), unescape(value)) for name, value in encoded]
    assert encoded == [(escape(name), escape(value)) for name, value in decoded]
    assert (query[2], form[2]) == ([], [])


# --- the three places (s3.5) ---


def test_the_three_places_carry_the_same_parameters():
    """The examples of s3.5.1, s3.5.2 and s3.5.3 are read alike, and made from what was read."""
    in_header, url_encoded = PUBLISHED["places"]["header"], PUBLISHED["places"]["url_encoded"]
    realm, pairs = parse_authorization(in_header)
    assert ("", [], pairs) == divide(url_encoded)
    assert ("oauth_signature", "wOJIO9A2W5mFwDgiDvZbTSMK%2FPY%3D") in pairs
    assert authorization(quote_pairs(pairs[:1]), pairs[1:], realm) == in_header
    assert append("", join_pairs(pairs)) == url_encoded
    assert append("file=vacation.jpg", join_pairs(pairs)) == f"file=vacation.jpg&{url_encoded}"


# --- the body hash (draft s3.2) ---


@each("body_hashes", "body", "algorithm", "hash")
def test_body_hashes_are_as_published(body, algorithm, hash):
    """The hash is the digest of the body's octets, in base64; a ``str`` goes out as UTF-8."""
    assert hash == hash_body(body, algorithm)
    assert hash == hash_body(body.encode(), algorithm)


# --- percent-encoding (s3.6) ---


@each("encoded", "text", "encoded")
def test_text_is_encoded_as_published(text, encoded):
    """UTF-8, upper-case digits, and nothing but the unreserved characters as they are; and back."""
    assert encoded == escape(text)
    assert text == unescape(encoded)
    assert encoded == escape_form(encoded).replace("&", "%26").replace("=", "%3D")


def by_urllib(wire: str) -> str:
    """Respell one name or value of a form as decoding and encoding it would."""
    return quote_from_bytes(unquote_to_bytes(wire.replace("+", " ").encode("latin-1")), safe="~")


@for_each("octet", range(256))
def test_every_spelling_of_an_octet_becomes_one(octet):
    """Raw, ``%xx`` or ``%XX``, each of the 256 octets is spelled as ``urllib`` would; raw separators stand."""
    one = quote_from_bytes(bytes([octet]), safe="~")
    digits = f"{octet:02x}"
    for spelling in {f"%{a}{b}" for a in (digits[0], digits[0].upper()) for b in (digits[1], digits[1].upper())}:
        assert by_urllib(spelling) == one == escape_form(spelling) == escape_header_value(spelling)
        assert f"a={one}&{one}=%2525" == escape_form(f"a={spelling}&{spelling}=%2525")
    raw = chr(octet)
    assert (raw if raw in "&=" else by_urllib(raw)) == escape_form(raw)
    assert one == escape_header_value(raw)
    assert quote(raw, safe="~") == escape(raw)


def test_every_two_octets_after_a_percent_sign_are_read_as_urllib_reads_them():
    """An escape is one only with two hex digits after the sign, whatever follows (all 65,536 pairs)."""
    for first in range(256):
        for second in range(256):
            wire = f"%{chr(first)}{chr(second)}"
            parts = re.split("([&=])", wire)
            expected = "".join(part if part in ("&", "=") else by_urllib(part) for part in parts)
            assert expected == escape_form(wire)


def test_names_and_values_are_told_apart_before_they_are_decoded():
    """An escaped separator belongs to the text: only raw ``&`` and the first raw ``=`` separate."""
    assert parse_pairs(escape_form("a%26b=c%3Dd&e=f=g&=h&i")) == [
        ("a%26b", "c%3Dd"),
        ("e", "f%3Dg"),
        ("", "h"),
        ("i", ""),
    ]
