"""Random requests, signed by requests-oauthlib and by our face of it: the same, but for what is named.

Each difference that is allowed here is one that the docs name ("What differs, and why", in
``docs/coming-from/requests-oauthlib.rst``).
"""

from __future__ import annotations

import random
import re
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
import requests
import requests_oauthlib
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from oauth_hook import AccessToken, Consumer, UsageError, verify
from oauth_hook import requests_oauthlib as ours

FORM = "application/x-www-form-urlencoded"
SECRET = "client secret &="
TEXTS = [
    "a", "b c", "é", "~", "!*'()", "%", "+", "&=", "x" * 40, "", "日本", "a;b", "/?", '"', "1", "%41",
]  # fmt: skip
PATHS = ["/", "/a b", "/%7Euser", "/a;p=1", "/é", "/x/../y", "", "/a%2Fb", "//x"]
QUERIES = ["a=1", "a=1&a=2", "a=&b", "a%20b=c+d", "q=%E9", "oauth_x=1", "a=b%2", "z='x'", "&&", "a=b=c"]
TEXT_BODIES = ["a=b&c=d", "hello", '{"a":1}', "a b", "a=%zz", "<x/>", "", "a=b&oauth_y=1"]
BYTE_BODIES = [b"a=b&c=d", b"hello", b"\x00\xff", b""]
CONTENT_TYPES = [FORM, f"{FORM}; charset=utf-8", "text/plain", "application/json"]
AUTHORIZATIONS = ['OAuth oauth_token="zz", oauth_foo="1"', "Basic abc"]
METHODS = ["HMAC-SHA1", "HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512", "PLAINTEXT"]
# What oauthlib refuses, and our signer signs.
REFUSED_BY_OAUTHLIB = re.compile(
    "GET/HEAD requests should not include body|Body contains parameters but|body was not decodable"
    "|Malformed authorization header|Error trying to decode a non urlencoded|Invalid hex encoding|codec can't decode"
)


@pytest.fixture(scope="module")
def pem():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    encoding, no_encryption = serialization.Encoding.PEM, serialization.NoEncryption()
    return key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, no_encryption).decode()


def draw_text(draw):
    return draw.choice(TEXTS) + draw.choice(TEXTS)


def draw_pairs(draw):
    return [(draw_text(draw), draw_text(draw)) for _ in range(draw.randint(0, 5))]


def draw_request(draw):
    """Return the arguments of a ``requests.Request``."""
    query = f"?{draw.choice(QUERIES)}" if draw.random() < 0.4 else ""
    url = f"{draw.choice(['http', 'HTTPS'])}://127.0.0.1:{draw.choice([80, 443, 8000])}{draw.choice(PATHS)}{query}"
    content = {"method": draw.choice(["GET", "HEAD", "POST", "POST", "PUT", "DELETE", "PATCH"]), "url": url}
    if draw.random() < 0.4:
        content["params"] = draw_pairs(draw)
    if content["method"] not in ("GET", "HEAD") or draw.random() < 0.1:
        content |= draw.choice(
            [
                {},
                {"data": draw_pairs(draw)},
                {"data": draw_pairs(draw)},
                {"data": draw.choice(TEXT_BODIES)},
                {"data": draw.choice(BYTE_BODIES)},
                {"json": {"a": draw_text(draw)}},
                {"files": {"f": ("name", b"data")}},
            ]
        )
    headers = content["headers"] = {}
    if draw.random() < 0.25:
        headers["Content-Type"] = draw.choice(CONTENT_TYPES)
    if draw.random() < 0.15:
        headers["Authorization"] = draw.choice(AUTHORIZATIONS)
    if draw.random() < 0.1:
        headers["Host"] = "Other.example:8080"
    return content


def draw_auth(draw, pem):
    """Return the arguments of an ``OAuth1``."""
    arguments = {"client_key": f"k{draw_text(draw)}", "client_secret": SECRET, "nonce": f"n{draw_text(draw)}"}
    arguments["timestamp"] = str(draw.randint(1, 2**31))
    if draw.random() < 0.7:
        arguments |= {"resource_owner_key": f"t{draw_text(draw)}", "resource_owner_secret": draw_text(draw)}
    for name, value in (("callback_uri", "http://x/?a=b&c=d"), ("verifier", draw_text(draw)), ("realm", "a, b")):
        if draw.random() < 0.2:
            arguments[name] = value
    arguments["signature_type"] = draw.choice(["auth_header", "AUTH_HEADER", "query", "body"])
    arguments["signature_method"] = draw.choice(METHODS)
    if draw.random() < 0.02:
        arguments |= {"signature_method": "RSA-SHA1", "rsa_key": pem}
    arguments["force_include_body"] = draw.random() < 0.2
    return arguments


def sign(kind, content, arguments):
    """Return a request that was signed, or the error with which it was refused."""
    try:
        return requests.Request(auth=kind(**arguments), **content).prepare()
    except ValueError as error:
        return error


def read_header(request, name):
    value = request.headers.get(name, "")
    return value.decode() if isinstance(value, bytes) else value


def read_request(request):
    """Return what a server reads: parameters by place, decoded; and the rest as it is."""
    header, content_type = read_header(request, "Authorization"), read_header(request, "Content-Type").partition(";")[0]
    if header.startswith("OAuth "):
        header = sorted((name, unquote(value)) for name, value in re.findall(r'(\w+)="([^"]*)"', header))
    body = request.body or b""
    body = body.encode() if isinstance(body, str) else body
    if content_type == FORM:
        body = sorted(parse_qsl(body.decode("latin-1"), keep_blank_values=True))
    url = urlsplit(request.url)
    return header, content_type, body, url._replace(query=""), sorted(parse_qsl(url.query, keep_blank_values=True))


def may_differ(content, arguments):
    """Tell whether a request is one that the docs say is signed otherwise."""
    query_and_form = f"{content['url']}&{content.get('data')}"
    in_header = arguments["signature_type"].upper() == "AUTH_HEADER"
    is_empty = not (content.get("data") or content.get("json") or content.get("files"))
    return (
        "%E9" in query_and_form  # bytes that are not UTF-8
        or "oauth_" in query_and_form  # protocol parameters that the caller has put there
        or any("%41" in str(value) for value in arguments.values())  # which oauthlib unescapes once too often
        or (not in_header and content["headers"].get("Authorization", "").startswith("OAuth"))
        or (arguments["force_include_body"] and is_empty)  # there is nothing to be covered
    )


@pytest.mark.soak
def test_random_requests_are_signed_as_requests_oauthlib_signs_them(portion, pem, monkeypatch):
    """Where both sign: the same parameters in the same places, and the same signature. Ours signs where theirs does."""
    multipart = (b"--x\r\n--x--\r\n", "multipart/form-data; boundary=x")
    monkeypatch.setattr("requests.models.encode_multipart_formdata", lambda _: multipart)  # its boundary is random
    signed = refused = 0
    for seed in range(portion(6000)):
        draw = random.Random(seed)
        content, arguments = draw_request(draw), draw_auth(draw, pem)
        theirs, own = (sign(kind, content, arguments) for kind in (requests_oauthlib.OAuth1, ours.OAuth1))
        case = (seed, content, arguments, theirs, own)
        if isinstance(own, Exception):
            assert isinstance(own, UsageError), case
            assert isinstance(theirs, Exception), case
        elif "rsa_key" not in arguments:
            assert is_verified(own, arguments), case
        if isinstance(theirs, Exception):
            assert REFUSED_BY_OAUTHLIB.search(str(theirs)), case
            refused += 1
        else:
            assert read_request(own) == read_request(theirs) or may_differ(content, arguments), case
            signed += 1
    assert signed > refused > 0


def is_verified(request, arguments):
    """Verify a request as the server that its ``Host`` names."""
    url = request.url
    host = request.headers.get("Host")
    if host and arguments["signature_method"] != "PLAINTEXT":  # which signs no URL, and goes to loopback here
        url = urlsplit(url)._replace(netloc=host).geturl()
    secret = arguments.get("resource_owner_secret", "")
    return verify(
        request.method, url, headers=request.headers, body=request.body,
        consumer=Consumer(arguments["client_key"], SECRET), token=lambda key: AccessToken(key, secret),
    )  # fmt: skip
