"""``sign`` and ``verify`` by example: the wire form, placements, earlier signatures, bad input.

These tests use no network. What holds for every request is in ``test_properties.py``,
published examples are in ``vectors.json``.
"""

from __future__ import annotations

import hashlib
import hmac
import pickle
import subprocess
from base64 import b64encode

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from oauth_hook import AccessToken, Consumer, RequestToken, UsageError, sign, verify
from oauth_hook.protocol import METHODS, Key, Method, register
from oauth_hook.protocol.message import Message
from oauth_hook.protocol.rsa import load_key
from oauth_hook.protocol.signing import Signer, new_nonce

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
URL = "https://api.example.com/1/things"


@pytest.fixture(scope="module")
def rsa_key():
    return rsa.generate_private_key(65537, 2048)


def pem(key, form="TraditionalOpenSSL", passphrase=None):
    encryption = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, getattr(serialization.PrivateFormat, form), encryption)


# --- what is on the wire is what is signed (s3.4.1) ---

WIRE = {
    # the query as sent: the parameters as the base string has them, without ours
    "a=1&a=0&a=": "a%3D%26a%3D0%26a%3D1",
    "flag": "flag%3D",
    "a=b=c": "a%3Db%253Dc",
    "=v": "%3Dv",
    "a[]=1": "a%255B%255D%3D1",
    "q='$|": "q%3D%2527%2524%257C",
    "q=a+b%20c": "q%3Da%2520b%2520c",
    "q=%2Fx/y": "q%3D%252Fx%252Fy",
    "q=%7e%7E~": "q%3D~~~",
    "q=é%C3%A9": "q%3D%25C3%25A9%25C3%25A9",
    "q=100%&r=%zz": "q%3D100%2525%26r%3D%2525zz",
    "&&b=2&": "b%3D2",
}


@pytest.mark.parametrize("query", WIRE)
def test_a_query_is_signed_as_it_stands(query, consumer):
    """Duplicates, empty values, missing ``=``, brackets, odd escapes: all are signed, none is re-quoted (s3.4.1.3)."""
    signed = sign("GET", f"{URL}?{query}", consumer=consumer)
    assert signed.url == f"{URL}?{query}"
    parameters = "%26".join(
        part for part in signed.base_string.split("&")[2].split("%26") if not part.startswith("oauth_")
    )
    assert parameters == WIRE[query]


@pytest.mark.parametrize(
    ("url", "host", "expected"),
    [
        ("http://EXAMPLE.com", None, "http://example.com/"),
        ("HTTP://example.com:80/r%20v/X?id=1", None, "http://example.com/r%20v/X"),
        ("https://example.com:443/", None, "https://example.com/"),
        ("https://example.com:80/", None, "https://example.com:80/"),
        ("http://example.com:8080/a;b=c/;d", None, "http://example.com:8080/a;b=c/;d"),
        ("http://example.com/%7Ea/~a/a%2Fb//", None, "http://example.com/%7Ea/~a/a%2Fb//"),
        ("http://[2001:DB8::1]:8080/", None, "http://[2001:db8::1]:8080/"),
        ("http://127.0.0.1:8080/x", "api.example.com", "http://api.example.com/x"),
        ("https://10.0.0.1/x", "API.example.com:443", "https://api.example.com/x"),
        ("http://example.com/a#b?c", None, "http://example.com/a"),
        ("http://example.com?a=1", None, "http://example.com/"),
    ],
)
def test_the_base_string_uri(url, host, expected, consumer):
    """The base string URI (s3.4.1.2): lower case, no default port, the path as it stands, the Host header first."""
    from urllib.parse import unquote

    signed = sign("GET", url, headers={"Host": host} if host else {}, consumer=consumer)
    assert unquote(signed.base_string.split("&")[1]) == expected


@pytest.mark.parametrize(
    "content_type",
    ["application/x-www-form-urlencoded", "Application/X-WWW-Form-Urlencoded; charset=UTF-8",
     "application/x-www-form-urlencoded;q=1", " application/x-www-form-urlencoded ;charset=latin-1"],
)  # fmt: skip
def test_media_types_are_parsed(content_type, consumer):
    """A form is a form in any case and with any parameters; the header stays as the caller wrote it."""
    signed = sign("POST", URL, headers={"content-TYPE": content_type}, body="a=1", consumer=consumer)
    assert "a%3D1" in signed.base_string
    assert signed.headers["content-TYPE"] == content_type


@pytest.mark.parametrize("content_type", [None, "application/json", "multipart/form-data; boundary=x", "text/plain"])
def test_other_bodies_are_neither_read_nor_changed(content_type, consumer):
    """A body that is no form is not signed (s3.4.1.3.1), whatever it looks like."""
    headers = {"Content-Type": content_type} if content_type else {}
    signed = sign("POST", URL, headers=headers, body=b"a=1", consumer=consumer)
    assert "a%3D1" not in signed.base_string
    assert signed.body == b"a=1"


# --- placements (s3.5) ---


def test_header_placement_has_the_realm_first_and_unsigned(consumer, token):
    """The realm goes first (s3.5.1) and is not signed (s3.4.1.3.1)."""
    signed = sign("GET", URL, consumer=consumer, token=token, realm="Photos")
    assert signed.headers["Authorization"].startswith('OAuth realm="Photos", oauth_consumer_key=')
    assert "realm" not in signed.base_string


def test_a_realm_cannot_break_out_of_its_quotes(consumer):
    """Quotes and backslashes in a realm are escaped; a line break, which would make a new header, is refused."""
    signed = sign("GET", URL, consumer=consumer, realm='a", oauth_token="x\\')
    assert r'realm="a\", oauth_token=\"x\\", oauth_consumer_key' in signed.headers["Authorization"]
    assert verify("GET", signed.url, headers=signed.headers, consumer=consumer)
    for realm in ("a\r\nX: y", "a\x00", "\u20ac"):
        with pytest.raises(UsageError, match="realm"):
            sign("GET", URL, consumer=consumer, realm=realm)


def test_query_placement_appends_and_keeps_the_fragment(consumer):
    """Ours come after the caller's own (s3.5.3), before the fragment."""
    signed = sign("GET", URL + "?b=2&a=%7e#top", consumer=consumer, placement="query")
    assert signed.url.startswith(URL + "?b=2&a=%7e&oauth_consumer_key=")
    assert signed.url.endswith("#top")
    assert "Authorization" not in signed.headers


@pytest.mark.parametrize("body", ["status=h%7e", b"status=h%7e"])
def test_body_placement_appends_and_keeps_the_type(body, consumer):
    """Ours come after the caller's own (s3.5.2); str stays str, and Content-Length is right."""
    signed = sign("POST", URL, headers={**FORM, "content-length": "11"}, body=body, consumer=consumer, placement="body")
    assert signed.body.startswith(body + ("&oauth_consumer_key" if isinstance(body, str) else b"&oauth_consumer_key"))
    assert signed.headers["content-length"] == str(len(signed.body))


def test_body_placement_makes_a_form_of_an_empty_request(consumer):
    """An empty request becomes a form; the media type says so."""
    signed = sign("POST", URL, consumer=consumer, placement="body")
    assert signed.body.startswith("oauth_consumer_key=")
    assert signed.headers["Content-Type"] == FORM["Content-Type"]


@pytest.mark.parametrize(("headers", "body"), [({"Content-Type": "application/json"}, "{}"), ({}, b"x")])
def test_body_placement_refuses_other_bodies(headers, body, consumer):
    """Parameters cannot be put into a body that is no form."""
    with pytest.raises(UsageError, match="placement"):
        sign("POST", URL, headers=headers, body=body, consumer=consumer, placement="body")


def test_url_encoded_is_the_form_or_else_the_query(consumer):
    """url-encoded: the body of a form-encoded request, else the query."""
    form = sign("POST", URL, headers=FORM, body="a=1", consumer=consumer, placement="url-encoded")
    assert form.url == URL
    assert form.body.startswith("a=1&oauth_")
    other = sign(
        "POST", URL, headers={"Content-Type": "application/json"}, body="{}", consumer=consumer,
        placement="url-encoded",
    )  # fmt: skip
    assert other.body == "{}"
    assert "?oauth_" in other.url


def test_full_placement_counts_its_copies_once(consumer, token):
    """header+url-encoded puts identical copies in both places, and signs them once."""
    signed = sign("GET", URL + "?a=1", consumer=consumer, token=token, placement="header+url-encoded")
    assert signed.headers["Authorization"].count("oauth_nonce") == signed.url.count("oauth_nonce") == 1
    assert signed.base_string.count("oauth_nonce") == 1
    assert verify("GET", signed.url, headers=signed.headers, consumer=consumer, token=token, allow_copies=True)


# --- what an earlier signature leaves, and what is the request's own ---


@pytest.mark.parametrize("placement", ["header", "query", "body", "url-encoded", "header+url-encoded"])
def test_extensions_move_and_survive(placement, consumer, token):
    """oauth_callback, oauth_verifier and extensions found in query or form go where ours go, and survive re-signing."""
    url, body = URL + "?oauth_callback=oob&x=1", "oauth_verifier=v%20w&oauth_ext=1"
    headers = FORM
    for _ in range(2):
        signed = sign("POST", url, headers=headers, body=body, consumer=consumer, token=token, placement=placement)
        url, headers, body = signed.url, signed.headers, signed.body
        everything = signed.url + signed.headers.get("Authorization", "") + signed.body
        for name in ("oauth_callback", "oauth_verifier", "oauth_ext"):
            assert signed.base_string.count(name) == 1
            assert everything.count(name) == (2 if placement == "header+url-encoded" else 1)
        assert ("oauth_callback" in signed.headers.get("Authorization", "")) == placement.startswith("header")
    copies = placement == "header+url-encoded"
    assert verify("POST", url, headers=headers, body=body, consumer=consumer, token=token, allow_copies=copies)


def test_the_requests_own_token_stays_where_there_is_none_of_ours(consumer):
    """A request's own oauth_token is signed with it, where the signer has no token."""
    signed = sign("GET", URL + "?oauth_token=mine&oauth_nonce=old", consumer=consumer)
    assert "oauth_token%3Dmine" in signed.base_string
    assert "old" not in signed.base_string + signed.url
    replaced = sign("GET", URL + "?oauth_token=mine", consumer=consumer, token=AccessToken("t", "s"))
    assert "mine" not in replaced.base_string + replaced.url


def test_another_schemes_authorization_is_left_alone_by_other_placements(consumer):
    """Only OAuth's header is an earlier signature; Basic stays where we sign in the query."""
    signed = sign("GET", URL, headers={"Authorization": "Basic eDp5"}, consumer=consumer, placement="query")
    assert signed.headers["Authorization"] == "Basic eDp5"
    moved = sign("GET", URL, headers={"authorization": 'oauth oauth_nonce="1"'}, consumer=consumer, placement="query")
    assert "authorization" not in moved.headers


# --- body hash ---


@pytest.mark.promise("a-body-hash-covers-the-body")
@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
def test_body_hash_covers_other_bodies(algorithm, consumer):
    """oauth_body_hash is the digest of a body that is no form; verify holds the body to it."""
    signed = sign(
        "POST", URL, headers={"Content-Type": "application/json"}, body='{"é": 1}', consumer=consumer,
        body_hash=algorithm,
    )  # fmt: skip
    digest = b64encode(hashlib.new(algorithm, '{"é": 1}'.encode()).digest()).decode()
    from oauth_hook.protocol.encoding import escape

    assert f'oauth_body_hash="{escape(digest)}"' in signed.headers["Authorization"]
    assert verify("POST", URL, headers=signed.headers, body='{"é": 1}', consumer=consumer)
    verdict = verify("POST", URL, headers=signed.headers, body="{}", consumer=consumer)
    assert not verdict
    assert "changed after signing" in verdict.reason


@pytest.mark.parametrize(("headers", "body"), [(FORM, "a=1"), ({}, None), ({}, b""), ({}, "")])
def test_body_hash_is_not_for_forms_or_nothing(headers, body, consumer):
    """A form's fields are signed already, and where there is no body there is nothing to cover."""
    signed = sign("POST", URL, headers=headers, body=body, consumer=consumer, body_hash="sha256")
    assert "oauth_body_hash" not in signed.base_string


# --- signature methods (s3.4) ---


def test_plaintext_is_the_two_secrets(consumer):
    """PLAINTEXT sends the secrets, escaped once by themselves (s3.4.4); empty ones keep their ``&``."""
    token = RequestToken("t", "a&b")
    assert sign("GET", URL, consumer=consumer, token=token, signature_method="PLAINTEXT").signature == (
        "kd94hf93k423kf44&a%26b"
    )
    assert sign("GET", URL, consumer=Consumer("c"), signature_method="PLAINTEXT").signature == "&"


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:1/",
        "http://127.0.0.1/",
        "http://[::1]:80/",
        "http://a.localhost/",
        "http://[0:0:0:0:0:0:0:1]/",
    ],
)
def test_plaintext_may_go_to_this_machine(url, consumer):
    """Over plain http, PLAINTEXT goes to loopback only."""
    assert sign("GET", url, consumer=consumer, signature_method="PLAINTEXT")


@pytest.mark.promise("plaintext-is-refused-over-plain-http")
@pytest.mark.parametrize(
    "url", ["http://example.com/", "http://127.0.0.1.example.com/", "http://localhost.example/", "http://127.999.1.1/"]
)
def test_plaintext_never_goes_over_an_open_network(url, consumer):
    """PLAINTEXT over plain http to another machine is refused, and the error shows no secret."""
    with pytest.raises(UsageError, match="https") as caught:
        sign("GET", url, consumer=consumer, signature_method="PLAINTEXT")
    assert consumer.secret not in str(caught.value)
    with pytest.raises(UsageError, match="https"):
        sign("GET", url.replace("http", "HTTP"), consumer=consumer, signature_method="PLAINTEXT")
    with pytest.raises(UsageError, match="https"):
        sign("GET", url, headers={"Host": "localhost"}, consumer=consumer, signature_method="PLAINTEXT")


@pytest.mark.parametrize("digest", ["SHA1", "SHA256", "SHA512"])
def test_rsa_signs_with_one_half_and_verifies_with_either(digest, rsa_key):
    """RSA (s3.4.3) needs no secrets; either half of the pair verifies, another's does not."""
    public = rsa_key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    consumer = Consumer("c")
    signed = sign("GET", URL, consumer=consumer, signature_method=f"RSA-{digest}", rsa_key=pem(rsa_key))
    for key in (public, public.decode(), rsa_key, rsa_key.public_key(), pem(rsa_key)):
        assert verify("GET", URL, headers=signed.headers, consumer=consumer, rsa_key=key)
    other = rsa.generate_private_key(65537, 2048)
    assert not verify("GET", URL, headers=signed.headers, consumer=consumer, rsa_key=other)


def test_rsa_keys_are_read_in_every_format(rsa_key, tmp_path):
    """PKCS#1, PKCS#8, OpenSSH, str, bytes, with and without passphrase, loaded, a callable: one signature."""
    openssh = tmp_path / "id"
    openssh.write_bytes(pem(rsa_key, "OpenSSH"))
    keys = [
        pem(rsa_key), pem(rsa_key).decode(), pem(rsa_key, "PKCS8"), pem(rsa_key, "OpenSSH"), rsa_key,
        (pem(rsa_key, "PKCS8", b"pass"), b"pass"), (pem(rsa_key, "TraditionalOpenSSL", b"pass").decode(), "pass"),
        lambda octets: rsa_key.sign(octets, padding.PKCS1v15(), SHA256()),
    ]  # fmt: skip
    signatures = {
        sign("GET", URL, consumer=Consumer("c"), signature_method="RSA-SHA256", rsa_key=key, nonce="n", timestamp=1
             ).signature
        for key in keys
    }  # fmt: skip
    assert len(signatures) == 1


@pytest.mark.parametrize("case", ["none", "no key", "wrong pass", "missing pass", "extra pass", "public", "ec", "type"])
def test_a_wrong_rsa_key_is_named(case, rsa_key):
    """Each way in which an RSA key can be wrong says what to do, and shows nothing of the key."""
    public = rsa_key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    key, words = {
        "none": (None, "needs rsa_key"),
        "no key": ("-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----", "not PEM text"),
        "wrong pass": ((pem(rsa_key, "PKCS8", b"pass"), b"hunter2"), "passphrase is wrong"),
        "missing pass": (pem(rsa_key, "PKCS8", b"pass"), "passphrase"),
        "extra pass": ((pem(rsa_key), b"pass"), "not encrypted"),
        "public": (public, "public key"),
        "ec": (pem(ec.generate_private_key(ec.SECP256R1())), "RSA key"),
        "type": (42, "not int"),
    }[case]
    with pytest.raises(UsageError, match=words) as caught:
        sign("GET", URL, consumer=Consumer("c"), signature_method="RSA-SHA1", rsa_key=key)
    assert "hunter2" not in str(caught.value)


def test_openssh_keys_with_a_passphrase(rsa_key):
    """OpenSSH's own encrypted format is read; the extra brings what that needs."""
    key = (pem(rsa_key, "OpenSSH", b"pass"), "pass")
    assert sign("GET", URL, consumer=Consumer("c"), signature_method="RSA-SHA1", rsa_key=key).signature


def test_an_rsa_callable_has_to_return_bytes():
    """A callable that returns something else is the caller's to mend."""
    with pytest.raises(UsageError, match="must return bytes"):
        sign("GET", URL, consumer=Consumer("c"), signature_method="RSA-SHA1", rsa_key=lambda octets: "text")


def test_rsa_without_the_extra_names_it(tmp_path):
    """Without cryptography the error says which extra to install; everything else works."""
    code = (
        "import sys; sys.modules['cryptography'] = None\n"
        "from oauth_hook import sign, Consumer, UsageError\n"
        f"sign('GET', {URL!r}, consumer=Consumer('c'))\n"
        "try: sign('GET', 'http://a/', consumer=Consumer('c'), signature_method='RSA-SHA1', rsa_key='-----BEGIN')\n"
        "except UsageError as error: print(error)"
    )
    import sys

    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert "pip install 'requests-oauth-hook[rsa]'" in output.stdout


def test_loaded_keys_pickle_as_they_were_given_and_show_nothing(rsa_key):
    """A key read from PEM travels to another process; its repr shows nothing."""
    key = load_key(pem(rsa_key))
    assert pickle.loads(pickle.dumps(key)).sign(b"x", "sha1") == key.sign(b"x", "sha1")
    assert repr(key) == "RSAKey(***)"


def test_an_application_adds_a_method_of_its_own(consumer):
    """register() puts a method into the table; sign and verify know it from then on."""
    register(Method("HMAC-SHA384", lambda text, key: hmac.digest(key.signing_key.encode(), text.encode(), "sha384")))
    try:
        signed = sign("GET", URL, consumer=consumer, signature_method="HMAC-SHA384")
        assert verify("GET", URL, headers=signed.headers, consumer=consumer)
        with pytest.raises(UsageError, match="already"):
            register(METHODS["HMAC-SHA1"])
    finally:
        del METHODS["HMAC-SHA384"]


# --- verify (s3.2) ---


def test_verify_says_what_is_wrong(consumer, token):
    """A verdict is false for whatever is wrong, says what, and never raises for what was received."""
    signed = sign("POST", URL, headers=FORM, body="a=1", consumer=consumer, token=token)
    header = signed.headers["Authorization"]

    def reason(url=URL, body="a=1", header=header, consumer=consumer, token=token, **more):
        headers = {**FORM, "Authorization": header} if header else FORM
        verdict = verify("POST", url, headers=headers, body=body, consumer=consumer, token=token, **more)
        assert bool(verdict) is (not verdict.reason)
        return verdict.reason

    assert reason() == ""
    assert "changed after signing" in reason(body="a=2")
    assert "changed after signing" in reason(url=URL + "?b=1")
    assert "changed after signing" in reason(consumer=Consumer(consumer.key, "wrong"))
    assert "another consumer" in reason(consumer=Consumer("other", consumer.secret))
    assert "another token" in reason(token=AccessToken("other", token.secret))
    assert "not signed" in reason(header="")
    assert "more than once" in reason(header=header + ', oauth_nonce="x"')
    assert "no oauth_nonce" in reason(header=header.replace("oauth_nonce", "oauth_other"))
    assert "no signature method" in reason(header=header.replace("HMAC-SHA1", "HMAC-MD5"))
    assert "1.0" in reason(header=header.replace('"1.0"', '"2.0"'))
    assert "no rsa_key" in reason(header=header.replace("HMAC-SHA1", "RSA-SHA1"))
    assert reason(header=header.replace("HMAC-SHA1", "PLAINTEXT"))
    assert "http" in reason(url="ftp://example.com/")


@pytest.mark.promise("what-is-no-secret-signs-nothing")
def test_an_rsa_consumer_is_not_impersonated_by_its_empty_secret(rsa_key):
    """Where the consumer has an RSA key, HMAC with its empty secret, which everybody knows, is refused."""
    forged = sign("GET", URL, consumer=Consumer("c"))
    verdict = verify("GET", URL, headers=forged.headers, consumer=Consumer("c"), rsa_key=rsa_key)
    assert not verdict
    assert "RSA" in verdict.reason


# --- nonce and clock (s3.3) ---


@pytest.mark.promise("no-nonce-is-used-twice")
def test_nonces_are_letters_and_digits_of_the_systems_source(monkeypatch):
    """A nonce has 24 letters and digits: more than 128 bits, and short enough for oauthlib's default limit."""
    nonces = {new_nonce() for _ in range(2000)}
    assert len(nonces) == 2000
    assert all(len(nonce) == 24 and nonce.isalnum() and nonce.isascii() for nonce in nonces)
    monkeypatch.setattr("os.urandom", bytes)
    assert new_nonce() == "A" * 24


def test_given_nonce_and_timestamp_are_used(consumer):
    """A nonce and a timestamp that are passed in make a signature reproducible."""
    signed = sign("GET", URL, consumer=consumer, nonce="a b", timestamp="137131200")
    assert 'oauth_nonce="a%20b"' in signed.headers["Authorization"]
    assert signed == sign("GET", URL, consumer=consumer, nonce="a b", timestamp=137131200)


# --- bad input ---

BAD = {
    "scheme": ({"url": "ftp://example.com/"}, "http"),
    "relative": ({"url": "/path"}, "http"),
    "no host": ({"url": "http:///path"}, "no host"),
    "no host at all": ({"url": "http://"}, "no host"),
    "userinfo": ({"url": "http://me:hunter2@example.com/"}, "user name"),
    "empty port": ({"url": "http://example.com:/"}, "port"),
    "space": ({"url": "http://example.com/a b"}, "space"),
    "line feed": ({"url": "http://example.com/a\nb"}, "control character"),
    "bytes": ({"url": b"http://example.com/"}, "str"),
    "method": ({"method": ""}, "method"),
    "no method": ({"method": None}, "method"),
    "signature method": ({"signature_method": "HMAC-MD5"}, "HMAC-SHA1"),
    "signature method type": ({"signature_method": ["HMAC-SHA1"]}, "HMAC-SHA1"),
    "placement": ({"placement": "cookie"}, "url-encoded"),
    "body hash": ({"body_hash": "md5"}, "sha256"),
    "consumer": ({"consumer": "key"}, "Consumer"),
    "token": ({"token": ("key", "secret")}, "AccessToken"),
    "realm": ({"realm": 5}, "realm"),
    "body": ({"body": iter([b"x"])}, "OAuthHook"),
    "surrogate": ({"url": "http://example.com/?\ud800"}, "surrogate"),
    "nonce": ({"nonce": 5}, "nonce"),
    "callback": ({"callback": 5}, "callback"),
    "header": ({"headers": {"Host": 5}}, "Host"),
    "header name": ({"headers": {5: "x"}}, "header"),
    "headers": ({"headers": [("a", "b")]}, "headers"),
    "url list": ({"url": ["http://example.com/"]}, "URL"),
    "token kind": ({"token": Consumer("k", "s")}, "AccessToken"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_gets_an_error_that_says_what_to_do(case, consumer):
    """Whatever is wrong is refused by a UsageError, which is a ValueError too, before anything happens."""
    given, words = BAD[case]
    arguments = {"method": "GET", "url": URL, "consumer": consumer, **given}
    with pytest.raises(UsageError, match=words) as caught:
        sign(arguments.pop("method"), arguments.pop("url"), **arguments)
    assert isinstance(caught.value, ValueError)
    assert "hunter2" not in str(caught.value)


def test_no_secret_hides_in_an_errors_context():
    """A secret that cannot be encoded is in no message, and in no error behind the error."""
    with pytest.raises(UsageError) as caught:
        sign("GET", URL, consumer=Consumer("c", "hunter2\ud800"))
    assert caught.value.__context__ is None
    with pytest.raises(UsageError) as caught:
        Consumer("c", b"hunter2")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("header", ['OAuth realm=abc\\, x="1"', 'OAuth , a="1", , b="2",'])
def test_odd_headers_of_the_callers_are_read(header, consumer):
    """A realm without quotes cannot break out when it is quoted; empty elements of the list are nothing (RFC 9110)."""
    signed = sign("GET", URL, headers={"Authorization": header}, consumer=consumer)
    verdict = verify("GET", URL, headers=signed.headers, consumer=consumer)
    assert verdict, verdict.reason


def test_body_placement_leaves_the_callers_media_type(consumer):
    """A form type with a charset stays as it is where signing makes the body."""
    given = {"Content-Type": FORM["Content-Type"] + "; charset=UTF-8"}
    assert sign("POST", URL, headers=given, consumer=consumer, placement="body").headers == given


@pytest.mark.parametrize("given", [{"extra": 5}, {"expires_at": "soon"}])
def test_credentials_of_wrong_types_are_refused(given):
    """What is no mapping or no time is a UsageError, in from_dict too."""
    with pytest.raises(UsageError):
        AccessToken("k", "s", **given)
    with pytest.raises(UsageError):
        AccessToken.from_dict({"key": "k", **given})


@pytest.mark.parametrize("kind", [Consumer, AccessToken, RequestToken])
@pytest.mark.parametrize("key", ["", None, b"key", "key\n", "k\x00y", "k\x7fy", "k\x85y"])
def test_keys_that_cannot_travel_are_refused(kind, key):
    """A key with a control character, an empty one or no str is refused; a secret may hold anything."""
    with pytest.raises(UsageError, match="key"):
        kind(key, "secret")
    assert kind("key", " odd\n\x00").secret == " odd\n\x00"


def test_credentials_are_values(consumer):
    """Credentials compare by value and kind, travel as dicts, hide their secrets, and cannot be changed."""
    token = AccessToken("t", "hunter2", expires_at=5.0, extra={"user_id": "1", "oauth_session_handle": "hunter2"})
    assert AccessToken.from_dict(token.to_dict()) == token
    assert AccessToken("t", "s") != RequestToken("t", "s")
    assert "hunter2" not in repr(token) + str(token)
    with pytest.raises(AttributeError):
        token.key = "x"
    with pytest.raises(UsageError):
        AccessToken.from_dict({"secret": "x"})
    with pytest.raises(UsageError):
        AccessToken.from_dict({"key": "x", "color": "red"})
    assert hash(token) == hash(AccessToken.from_dict(token.to_dict()))


def test_signed_shows_no_secret(consumer, token):
    """The repr of what was signed shows nothing: a PLAINTEXT signature is the secrets."""
    signed = sign("GET", URL, consumer=consumer, token=token, signature_method="PLAINTEXT")
    assert consumer.secret not in repr(signed)
    signer = Signer(consumer, token)
    assert consumer.secret not in repr(signer)
    assert consumer.secret not in repr(Key(consumer.secret)) + repr(Message("GET", URL, consumer.secret))
    assert consumer.secret not in repr(signer.sign(Message("GET", URL)))
