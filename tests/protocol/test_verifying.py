"""``verify`` is as strict as a server must be, raises for nothing that was received, and one call serves all."""

from __future__ import annotations

import hmac
import random
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oauthlib.oauth1 import RequestValidator, ResourceEndpoint

from oauth_hook import AccessToken, Consumer, RequestToken, UsageError, sign, verify

URL = "https://api.example.com/items?a=1"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
CONSUMER, TOKEN = Consumer("key", "secret"), AccessToken("token", "token secret")


def judge(signed, method="GET", url=None, headers=None, **more):
    """Return the verdict on a signed request, as the server that knows consumer and token gives it."""
    arguments = {"consumer": CONSUMER, "token": TOKEN, **more}
    return verify(method, url or signed.url, headers=headers or signed.headers, body=signed.body, **arguments)


def signed_get(url=URL, **more):
    return sign("GET", url, **{"consumer": CONSUMER, "token": TOKEN, **more})


def with_header(signed, old, new):
    return {**signed.headers, "Authorization": signed.headers["Authorization"].replace(old, new)}


def test_the_verdict_names_the_keys():
    """A verdict has the keys that the request names, right or wrong; ``None`` where it names none."""
    verdict = judge(signed_get())
    assert (bool(verdict), verdict.consumer_key, verdict.token_key) == (True, "key", "token")
    verdict = judge(signed_get(consumer=Consumer("other", "secret"), token=None), token=None)
    assert (bool(verdict), verdict.consumer_key, verdict.token_key) == (False, "other", None)
    headers = with_header(signed_get(), 'consumer_key="key"', 'consumer_key=""')
    verdict = verify("GET", URL, headers=headers, consumer=lambda key: CONSUMER, token=TOKEN)
    assert (bool(verdict), verdict.consumer_key, verdict.token_key) == (False, None, "token")
    verdict = verify("GET", URL, consumer=CONSUMER)
    assert (bool(verdict), verdict.consumer_key, verdict.token_key) == (False, None, None)


class TestCallables:
    """Consumers and tokens are looked up by the keys that the request names, so that one call serves all."""

    CONSUMERS = {c.key: c for c in (CONSUMER, Consumer("second", "other secret"))}  # noqa: RUF012
    TOKENS = {t.key: t for t in (TOKEN, RequestToken("request", "request secret"))}  # noqa: RUF012

    @pytest.mark.parametrize("consumer", CONSUMERS.values())
    @pytest.mark.parametrize("token", [*TOKENS.values(), None])
    def test_each_is_found(self, consumer, token):
        """Every known pair verifies, two-legged requests too."""
        signed = signed_get(consumer=consumer, token=token)
        verdict = judge(signed, consumer=self.CONSUMERS.get, token=self.TOKENS.get)
        assert verdict, verdict.reason
        assert verdict.token_key == (None if token is None else token.key)

    def test_unknown_ones_are_refused(self):
        """What a callable does not know is refused, and named in the verdict."""
        verdict = judge(signed_get(consumer=Consumer("stranger", "x")), consumer=self.CONSUMERS.get)
        assert "oauth_consumer_key" in verdict.reason
        verdict = judge(signed_get(token=AccessToken("stranger", "x")), token=self.TOKENS.get)
        assert "oauth_token" in verdict.reason
        assert verdict.token_key == "stranger"


def test_the_verdict_has_the_parameters():
    """A verdict has what the request said besides: verifier, body hash, what stood in its header; and no signature."""
    signed = signed_get(verifier="v", nonce="n", timestamp=5, signature_method="PLAINTEXT")
    verdict = judge(signed)
    assert (verdict.parameters["oauth_verifier"], verdict.parameters["oauth_nonce"]) == ("v", "n")
    assert "secret" not in repr(verdict) + str(vars(verdict)["parameters"])
    moved = signed_get("https://api.example.com/items", headers={"Authorization": 'OAuth a="1"'})
    assert {name for name in judge(moved).parameters if not name.startswith("oauth_")} == {"a"}


class Several(dict):
    """Headers as they came, some of them more than once, as Starlette has them."""

    def __iter__(self):
        return iter([*self.keys(), "content-type"])


@pytest.mark.promise("a-request-says-a-thing-once")
@pytest.mark.parametrize(
    "more", [{"content-type": "text/plain", "Content-Type": FORM["Content-Type"]}, {"AUTHORIZATION": "Basic x"}]
)
def test_a_header_that_is_there_twice_is_refused(more):
    """Whoever reads the request afterwards may take the other one."""
    signed = signed_get()
    assert "more than one" in judge(signed, headers={**signed.headers, **more}).reason
    assert "Content-Type" in judge(signed, headers=Several({**signed.headers, "Content-Type": "text/plain"})).reason


@pytest.mark.promise("the-host-header-plays-no-part")
@pytest.mark.promise("a-request-says-a-thing-once")
@pytest.mark.parametrize("header", ['OAuth oauth_nonce="x', 'oauth a="1" b="2"', "OAuth x"])
def test_a_malformed_header_is_refused(header):
    """An OAuth header in which there is no sense is refused, though query or form are signed rightly."""
    signed = signed_get(placement="query")
    assert judge(signed)
    assert "malformed" in judge(signed, headers={"Authorization": header}).reason
    assert judge(signed, headers={"Authorization": "Bearer x"})


def test_the_url_that_is_given_is_judged():
    """The Host header plays no part: neither a proxy's nor an attacker's changes what was signed."""
    signed = signed_get()
    assert judge(signed, headers={**signed.headers, "Host": "evil.example"})
    elsewhere = signed_get("https://evil.example/items?a=1")
    assert not judge(elsewhere, url=URL, headers={**elsewhere.headers, "Host": "evil.example"})


@pytest.mark.promise("a-request-says-a-thing-once")
class TestPlaces:
    """Protocol parameters stand in one place (s3.5)."""

    def test_copies_are_refused_unless_allowed(self):
        """Identical copies in header and query are refused, and taken with ``allow_copies``."""
        signed = signed_get(placement="header+url-encoded")
        assert "one place" in judge(signed).reason
        assert judge(signed, allow_copies=True)

    def test_other_parameters_in_a_second_place_are_refused(self):
        """An oauth_* parameter smuggled into the query of a request that is signed in the header is refused."""
        signed = signed_get()
        assert "one place" in judge(signed, url=URL + "&oauth_verifier=x").reason


@pytest.mark.promise("timestamps-and-nonces-are-judged")
class TestTimestampAndNonce:
    """A timestamp is a positive whole number, and a nonce is not empty (s3.3); PLAINTEXT needs neither (s3.1)."""

    @pytest.mark.parametrize("timestamp", ["0", "00", "-5", "1.5", "1e9", "a", "", " 1", "\u0661", "9" * 5000])
    def test_what_is_no_timestamp(self, timestamp):
        """Anything else is refused, in any length, and nothing is raised."""
        verdict = judge(signed_get(timestamp=timestamp))
        assert "oauth_timestamp" in verdict.reason

    def test_an_empty_nonce(self):
        """An empty nonce is refused."""
        assert "oauth_nonce" in judge(signed_get(nonce="")).reason

    def test_plaintext_may_leave_them_out(self):
        """PLAINTEXT without both is right; with a wrong one it is not."""
        header = 'OAuth oauth_consumer_key="key", oauth_token="token", oauth_signature_method="PLAINTEXT", '
        header += 'oauth_signature="secret%26token%2520secret"'
        request = {"consumer": CONSUMER, "token": TOKEN, "max_age": 300, "is_new": lambda *_: False}
        assert verify("GET", URL, headers={"Authorization": header}, **request)
        wrong = verify("GET", URL, headers={"Authorization": header + ', oauth_timestamp="x"'}, **request)
        assert "oauth_timestamp" in wrong.reason

    @pytest.mark.parametrize(("off", "is_right"), [(0, True), (300, True), (-300, True), (301, False), (-301, False)])
    def test_max_age_bounds_both_sides(self, off, is_right):
        """A timestamp may be ``max_age`` seconds off the server's clock, before or after it."""
        signed = signed_get(timestamp=1_700_000_000 + off)
        verdict = judge(signed, max_age=300, clock=lambda: 1_700_000_000)
        assert bool(verdict) is is_right, verdict.reason

    def test_is_new_is_asked_last(self):
        """Only a request that is signed rightly can use up a nonce; one that was seen is refused."""
        asked = []

        def is_new(*seen):
            asked.append(seen)
            return asked.count(seen) == 1

        signed = signed_get(nonce="n", timestamp=5)
        assert not judge(signed, is_new=is_new, headers=with_header(signed, 'oauth_nonce="n"', 'oauth_nonce="m"'))
        assert asked == []
        assert judge(signed, is_new=is_new)
        assert "used before" in judge(signed, is_new=is_new).reason
        assert asked == [("key", "token", "5", "n")] * 2


class TestTokens:
    """The token that signed is the one that was expected."""

    def test_a_token_that_was_not_expected(self):
        """Where none is expected, a request that names one is refused, though its signature may be right."""
        signed = signed_get(token=AccessToken("token", ""))
        assert "not expected" in judge(signed, token=None).reason

    def test_a_token_that_is_missing(self):
        """Where one is expected, a two-legged request is refused."""
        assert "no oauth_token" in judge(signed_get(token=None)).reason

    def test_an_empty_one_is_none(self):
        """``oauth_token=""`` names no token: clients send it on the first leg."""
        signed = signed_get(url=URL, token=None)
        empty = sign("GET", URL, headers={"Authorization": 'OAuth oauth_token=""'}, consumer=CONSUMER)
        assert judge(signed, token=None).token_key is judge(empty, token=None).token_key is None
        assert judge(empty, token=None)


class TestForgeries:
    """What anybody could have made, or seen, is refused."""

    @pytest.mark.promise("what-is-no-secret-signs-nothing")
    @pytest.mark.parametrize("method", ["HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512"])
    def test_two_empty_secrets(self, method):
        """HMAC with two empty secrets is signed by everybody."""
        signed = signed_get(consumer=Consumer("key"), token=None, signature_method=method)
        assert "empty" in judge(signed, consumer=Consumer("key"), token=None).reason

    @pytest.mark.promise("plaintext-is-refused-over-plain-http")
    def test_plaintext_over_plain_http(self):
        """PLAINTEXT that came over plain http is refused, loopback aside."""
        for url, is_right in (("http://api.example.com/", False), ("https://api.example.com/", True),
                              ("http://127.0.0.1:8000/", True)):  # fmt: skip
            signed = signed_get(url="https://api.example.com/", signature_method="PLAINTEXT")
            assert bool(judge(signed, url=url)) is is_right

    def test_methods(self):
        """A method that is not among those allowed is refused, and one that is not there is a UsageError."""
        signed = signed_get(signature_method="HMAC-SHA1")
        assert judge(signed, methods=["HMAC-SHA1", "HMAC-SHA256"])
        assert judge(signed, methods="HMAC-SHA1")
        assert "HMAC-SHA256 is accepted" in judge(signed, methods={"HMAC-SHA256"}).reason
        with pytest.raises(UsageError, match="HMAC-MD5"):
            judge(signed, methods=["HMAC-MD5"])


@pytest.mark.promise("signatures-are-compared-in-constant-time")
@pytest.mark.parametrize("method", ["HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512", "PLAINTEXT"])
def test_signatures_are_compared_in_constant_time(method, monkeypatch):
    """Right or wrong, a signature is compared as a whole: how long that takes tells nothing about where it differs."""
    compared = []
    compare_digest = hmac.compare_digest

    def compare(ours, theirs):
        compared.append((ours, theirs))
        return compare_digest(ours, theirs)

    monkeypatch.setattr("oauth_hook.protocol.methods.hmac.compare_digest", compare)
    signed = signed_get(signature_method=method)
    assert judge(signed)
    assert [ours == theirs for ours, theirs in compared] == [True]
    (signature, _) = compared.pop()
    for wrong in (signature[:-1], bytes([signature[0] ^ 1]) + signature[1:], signature + b"x", b""):
        given = quote(wrong.decode(), safe="")
        assert not judge(signed, headers=with_header(signed, quote(signature.decode(), safe=""), given))
        assert compared.pop() == (signature, wrong)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"consumer": None}, "consumer"),
        ({"token": "token"}, "token"),
        ({"max_age": -1}, "max_age"),
        ({"max_age": True}, "max_age"),
        ({"max_age": "300"}, "max_age"),
        ({"max_age": float("nan")}, "max_age"),
        ({"clock": 5}, "clock"),
        ({"is_new": "yes"}, "is_new"),
        ({"methods": 5}, "methods"),
        ({"consumer": lambda key: (key, "secret")}, "consumer"),
        ({"token": lambda key: CONSUMER}, "token"),
    ],
)
def test_wrong_arguments(more, words):
    """A wrong argument is a UsageError that names it, whatever the request is."""
    with pytest.raises(UsageError, match=words):
        judge(signed_get(), **more)


@pytest.mark.promise("a-wrong-request-raises-nothing")
def test_a_body_that_is_no_text():
    """A body with a lone surrogate has no bytes to hash: a wrong request, and no error."""
    headers = {"Content-Type": "text/plain"}
    signed = sign("POST", URL, headers=headers, body="x", consumer=CONSUMER, token=TOKEN, body_hash="sha1")
    verdict = verify("POST", URL, headers=signed.headers, body="\ud800", consumer=CONSUMER, token=TOKEN)
    assert "surrogate" in verdict.reason
    with pytest.raises(UsageError, match="surrogate"):
        sign("POST", URL, headers=headers, body="\ud800", consumer=CONSUMER, body_hash="sha1")


@pytest.mark.promise("a-wrong-request-raises-nothing")
@given(st.text(), st.text(), st.one_of(st.none(), st.text(), st.binary()))
def test_no_request_raises(url, header, body):
    """Whatever comes in, there is a verdict."""
    for address in (url, "http://example.com/" + url, URL):
        for headers in ({"Authorization": header}, {**FORM, "Authorization": "OAuth " + header, "Host": header}):
            assert not verify("GET", address, headers=headers, body=body, consumer=CONSUMER, token=TOKEN, max_age=1)


class Validator(RequestValidator):
    """What oauthlib's server asks its application: the consumer and the token of these tests, at any time."""

    enforce_ssl = False
    timestamp_lifetime = 10**12
    allowed_signature_methods = ("HMAC-SHA1", "HMAC-SHA256")
    dummy_client = dummy_access_token = "nobody"

    def check_client_key(self, key):
        return True

    check_access_token = check_nonce = check_client_key

    def get_client_secret(self, key, request):
        return CONSUMER.secret

    def get_access_token_secret(self, key, token, request):
        return TOKEN.secret

    def validate_client_key(self, key, request):
        return key == CONSUMER.key

    def validate_access_token(self, key, token, request):
        return token == TOKEN.key

    def validate_timestamp_and_nonce(self, *_, **__):
        return True

    validate_realms = validate_timestamp_and_nonce


PIECES = ("&", "=", "%20", "+", "%", "&oauth_nonce=x", "&oauth_token=token", "a=1", ";", '"', ", ", "\\", "%C3%A9", " ",
          ', oauth_version="1.0"', ', a="1"', 'realm="x"', "oauth_", "OAuth ")  # fmt: skip


def change(text, dice):
    """Return a text with a piece put in, left out, or doubled."""
    start, end = sorted((dice.randrange(len(text) + 1), dice.randrange(len(text) + 1)))
    return dice.choice(
        [text[:start] + dice.choice(PIECES) + text[start:], text[:start] + text[end:], text[:end] + text[start:]]
    )


@pytest.mark.soak
@pytest.mark.promise("verify-accepts-nothing-that-oauthlib-refuses")
def test_what_oauthlib_refuses_is_refused(portion):
    """Of requests that were signed and then changed anyhow, none is accepted that oauthlib's server refuses."""
    endpoint, dice, accepted = ResourceEndpoint(Validator()), random.Random(5849), 0
    for _ in range(portion(10_000)):
        method, url = dice.choice(["GET", "POST"]), URL + dice.choice(["", "&b=%20x&a=0", "&c"])
        headers, body = dice.choice([({}, None), (FORM, "x=1&y=%C3%A9"), (FORM, "")])
        signed = sign(
            method, url, headers=headers, body=body, consumer=CONSUMER, token=TOKEN,
            placement=dice.choice(["header", "query", "url-encoded", "header+url-encoded"]),
            signature_method=dice.choice(Validator.allowed_signature_methods),
        )  # fmt: skip
        parts = {"query": signed.url.partition("?")[2], "body": signed.body, **signed.headers}
        for part in dice.choices([name for name, text in parts.items() if text], k=dice.randrange(3)):
            parts[part] = change(parts[part], dice)
        url, body = f"https://api.example.com/items?{parts.pop('query')}", parts.pop("body")
        if not parts.get("Authorization", "OAuth ").startswith("OAuth "):
            continue  # another scheme's, in which oauthlib looks for parameters all the same
        if verify(method, url, headers=parts, body=body, consumer=CONSUMER, token=TOKEN):
            accepted += 1
            assert endpoint.validate_protected_resource_request(url, method, body, parts)[0], (method, url, body, parts)
    assert accepted > portion(10_000) / 5
