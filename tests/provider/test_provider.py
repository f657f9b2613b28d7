"""The provider judged from outside: what it accepts, what it refuses, and how it says so.

Requests are signed by oauthlib's client side and sent over real sockets.  How awkward requests
look on the wire is in ``test_provider_wire.py``; pages are in ``test_provider_pages.py``;
threads and files are in ``test_provider_state.py``.
"""

from __future__ import annotations

import hashlib
import time
from base64 import b64encode
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from oauthlib import oauth1
from oauthlib.common import urlencode
from tables import for_each

from oauth_hook.credentials import AccessToken, Consumer, Credentials
from oauth_hook.errors import ProviderError, UsageError
from oauth_hook.provider import Provider, serve
from oauth_hook.tokens.flow import OAuthFlow, VerifierPendingError

METHODS = ["HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512", "PLAINTEXT"]
RSA_METHODS = ["RSA-SHA1", "RSA-SHA256", "RSA-SHA512"]
PLACEMENTS = {"header": "AUTH_HEADER", "query": "QUERY", "body": "BODY"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

needs_rsa = pytest.mark.skipif(
    not (find_spec("jwt") and find_spec("cryptography")), reason="oauthlib verifies RSA with PyJWT"
)


@pytest.fixture
def provider() -> Iterator[Provider]:
    with serve() as running:
        yield running


@pytest.fixture
def token(provider: Provider) -> AccessToken:
    return provider.add_token()


def send(
    method: str,
    url: str,
    consumer: Consumer,
    token: Credentials | None = None,
    *,
    data: str | None = None,
    **options: Any,
) -> requests.Response:
    """Sign a request with oauthlib's client, and send it."""
    keys = {} if token is None else {"resource_owner_key": token.key, "resource_owner_secret": token.secret}
    client = oauth1.Client(consumer.key, consumer.secret, **keys, **options)
    given = {} if data is None else FORM
    url, headers, body = client.sign(url, method, data, given)  # type: ignore[arg-type]  # any str will do
    return requests.request(method, url, headers=headers, data=body, allow_redirects=False, timeout=10)


def get_token(response: requests.Response) -> AccessToken:
    """Read token credentials, or temporary ones, from an answer."""
    assert response.status_code == 200, response.text
    fields = dict(parse_qsl(response.text))
    return AccessToken(fields["oauth_token"], fields["oauth_token_secret"])


def ask(provider: Provider, callback: str = "oob") -> tuple[AccessToken, str]:
    """Take the first leg; return the request token, and the page to send the user to."""
    response = send("POST", provider.request_token_url, provider.consumer, callback_uri=callback)
    request_token = get_token(response)
    return request_token, f"{provider.authorization_url}?oauth_token={request_token.key}"


def exchange(provider: Provider, request_token: Credentials, verifier: str) -> requests.Response:
    """Take the third leg."""
    return send("POST", provider.access_token_url, provider.consumer, request_token, verifier=verifier)


def problem(response: requests.Response) -> tuple[int, str]:
    """Return status and problem of a refusal, after checking that both places name the same."""
    fields = dict(parse_qsl(response.text))
    assert f'oauth_problem="{fields["oauth_problem"]}"' in response.headers["WWW-Authenticate"]
    return response.status_code, fields["oauth_problem"]


class TestThreeLegs:
    def test_out_of_band(self, provider: Provider) -> None:
        """s2: with ``oob`` the user is shown a verifier, and it buys an access token."""
        request_token, page = ask(provider)
        access_token = get_token(exchange(provider, request_token, provider.approve(page)))
        echo = send("GET", provider.resource_url, provider.consumer, access_token)
        assert (echo.status_code, echo.json()["user"]) == (200, "alice")
        assert provider.consumer.key == echo.json()["consumer"]

    def test_callback(self, provider: Provider) -> None:
        """s2.2: the user is sent to the callback, whose own query and fragment are kept."""
        callback = "http://client.example/ready?a=%7e&b#top"
        request_token, page = ask(provider, callback)
        landed = urlsplit(provider.approve(page))
        said = dict(parse_qsl(landed.query))
        assert landed.query.startswith(f"a=%7e&b&oauth_token={request_token.key}&oauth_verifier=")
        assert (landed.netloc, landed.path, landed.fragment) == ("client.example", "/ready", "top")
        get_token(exchange(provider, request_token, said["oauth_verifier"]))

    @for_each(
        ("callback", "start"),
        [
            ("http://client.example", "http://client.example?oauth_token="),
            ("http://client.example/?", "http://client.example/?oauth_token="),
            ("app:///ready", "app:///ready?oauth_token="),
            ("http://client.example/ü?ö", "http://client.example/%C3%BC?%C3%B6&oauth_token="),
        ],
    )
    @for_each("placement", PLACEMENTS)
    def test_callback_forms(self, provider: Provider, callback: str, start: str, placement: str) -> None:
        """s2.1: any absolute URI is a callback, and arrives as it was sent, from every place."""
        options: dict[str, Any] = {"callback_uri": callback, "signature_type": PLACEMENTS[placement]}
        data = "x=1" if placement == "body" else None
        answer = send("POST", provider.request_token_url, provider.consumer, data=data, **options)
        page = f"{provider.authorization_url}?oauth_token={get_token(answer).key}"
        assert provider.approve(page).startswith(start)

    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_get_and_post(self, provider: Provider, method: str) -> None:
        """Both methods fetch tokens, as live services want now one, now the other."""
        answer = send(method, provider.request_token_url, provider.consumer, callback_uri="oob")
        assert "oauth_callback_confirmed=true" in answer.text
        assert answer.headers["Cache-Control"] == "no-store"

    @pytest.mark.parametrize("callback", ["nowhere", "javascript:alert(1)", "http://x/\r\nSet-Cookie: a=b", ""])
    def test_bad_callback(self, provider: Provider, callback: str) -> None:
        """s2.1: what is no absolute URI, or what a browser would run, is no callback."""
        query = urlencode([("oauth_callback", callback)])
        url = f"{provider.request_token_url}?{query}"
        answer = send("POST", url, provider.consumer, signature_type="QUERY")
        assert answer.status_code == 400

    def test_denial(self, provider: Provider) -> None:
        """A user who says no comes back with ``user_refused``, and nothing can be exchanged."""
        request_token, page = ask(provider, "http://client.example/")
        expected = f"http://client.example/?oauth_token={request_token.key}&oauth_problem=user_refused"
        assert expected == provider.deny(page)
        assert problem(exchange(provider, request_token, "any")) == (401, "permission_denied")

    def test_denial_out_of_band(self, provider: Provider) -> None:
        """With ``oob`` there is nowhere to go back to."""
        assert provider.deny(ask(provider)[1]) is None

    def test_no_to_a_flow_without_a_callback(self, provider: Provider) -> None:
        """Who is not sent back brings nothing: the flow waits for a verifier, and the exchange says that it was no."""
        urls = provider.request_token_url, provider.authorization_url, provider.access_token_url
        flow = OAuthFlow(provider.consumer, *urls)
        with pytest.raises(VerifierPendingError) as pending:
            flow.authorize(provider.deny)
        with pytest.raises(ProviderError) as refused:
            flow.fetch_access_token(pending.value.request_token, "a guess")
        assert refused.value.problem == "permission_denied"

    def test_answered_once(self, provider: Provider) -> None:
        """A question is answered once."""
        page = ask(provider)[1]
        provider.deny(page)
        with pytest.raises(ProviderError, match="has been answered") as caught:
            provider.approve(page)
        assert caught.value.status == 409

    def test_approves_here_only(self, provider: Provider) -> None:
        """The user's password is not typed into other people's pages."""
        with pytest.raises(UsageError):
            provider.approve("http://127.0.0.1:1/oauth/authorize?oauth_token=x")

    def test_another_user(self, provider: Provider) -> None:
        """The access token belongs to the user who said yes."""
        bob = provider.add_user("bob", "correct horse")
        request_token, page = ask(provider)
        access_token = get_token(exchange(provider, request_token, provider.approve(page, bob)))
        assert send("GET", provider.resource_url, provider.consumer, access_token).json()["user"] == "bob"


class TestExchange:
    """s2.3: what the exchange checks."""

    def test_wrong_verifier(self, provider: Provider) -> None:
        """A wrong verifier is refused, and costs nothing."""
        request_token, page = ask(provider)
        verifier = provider.approve(page)
        assert problem(exchange(provider, request_token, "WRONG")) == (401, "verifier_invalid")
        get_token(exchange(provider, request_token, verifier))

    def test_verifier_of_another_token(self, provider: Provider) -> None:
        """A verifier is good for its own request token only."""
        (first, page), (second, other_page) = ask(provider), ask(provider)
        provider.approve(page)
        assert problem(exchange(provider, first, provider.approve(other_page))) == (401, "verifier_invalid")
        assert second.key != first.key

    def test_unauthorized(self, provider: Provider) -> None:
        """Nothing is exchanged before the user has answered."""
        assert problem(exchange(provider, ask(provider)[0], "any")) == (401, "permission_unknown")

    def test_once(self, provider: Provider) -> None:
        """A request token is good for one exchange."""
        request_token, page = ask(provider)
        verifier = provider.approve(page)
        get_token(exchange(provider, request_token, verifier))
        assert problem(exchange(provider, request_token, verifier)) == (401, "token_used")

    def test_other_consumer(self, provider: Provider) -> None:
        """A request token is good for the consumer that asked for it."""
        request_token, page = ask(provider)
        verifier = provider.approve(page)
        other = provider.add_consumer()
        answer = send("POST", provider.access_token_url, other, request_token, verifier=verifier)
        assert problem(answer) == (401, "token_rejected")

    def test_signature_comes_first(self, provider: Provider) -> None:
        """Who cannot sign does not learn what became of a request token."""
        request_token, _ = ask(provider)
        forged = AccessToken(request_token.key, "guessed")
        answer = exchange(provider, forged, "any")
        assert problem(answer) == (401, "signature_invalid")
        assert "any" not in answer.text

    @pytest.mark.parametrize(("verifier", "token"), [(None, True), ("v", False)])
    def test_missing(self, provider: Provider, verifier: str | None, token: bool) -> None:
        """Token and verifier must both be there."""
        request_token = ask(provider)[0] if token else None
        answer = send("POST", provider.access_token_url, provider.consumer, request_token, verifier=verifier)
        name = "oauth_verifier" if token else "oauth_token"
        assert problem(answer) == (400, "parameter_absent")
        assert name == dict(parse_qsl(answer.text))["oauth_parameters_absent"]

    def test_missing_callback(self, provider: Provider) -> None:
        """s2.1: a request for temporary credentials names its callback (1.0a)."""
        answer = send("POST", provider.request_token_url, provider.consumer)
        assert problem(answer) == (400, "parameter_absent")
        assert "oauth_parameters_absent=oauth_callback" in answer.text

    def test_request_token_is_no_access_token(self, provider: Provider) -> None:
        """Temporary credentials open no resource."""
        answer = send("GET", provider.resource_url, provider.consumer, ask(provider)[0])
        assert problem(answer) == (401, "token_rejected")


class TestResource:
    """s3: signed requests."""

    @for_each("placement", PLACEMENTS)
    @for_each("method", METHODS)
    def test_methods_and_placements(self, provider: Provider, token: AccessToken, method: str, placement: str) -> None:
        """s3.4, s3.5: every signature method, from every place."""
        answer = send(
            "POST",
            f"{provider.resource_url}?q=%C3%BC&q=",
            provider.consumer,
            token,
            data="b=1+2&b=3%2B4",
            signature_method=method,
            signature_type=PLACEMENTS[placement],
        )
        echo = answer.json()
        assert echo["parameters"] == [["q", "ü"], ["q", ""], ["b", "1 2"], ["b", "3+4"]]
        assert (placement, method) == (echo["oauth"]["placement"], echo["oauth"]["signature_method"])
        assert token.secret not in answer.text
        assert provider.consumer.secret not in answer.text

    @needs_rsa
    @pytest.mark.parametrize("method", RSA_METHODS)
    def test_rsa(self, provider: Provider, rsa_pair: tuple[str, str], method: str) -> None:
        """s3.4.3: a consumer that registered a public key signs with the private one."""
        private, public = rsa_pair
        consumer = provider.add_consumer(secret="", rsa_public_key=public)
        token = provider.add_token(consumer)
        options = {"signature_method": method, "rsa_key": private}
        answer = send("GET", f"{provider.resource_url}?a=1", consumer, token, **options)
        assert answer.json()["parameters"] == [["a", "1"]]

    @needs_rsa
    def test_rsa_refused(self, provider: Provider, rsa_pair: tuple[str, str]) -> None:
        """RSA needs a key that was registered, and a signature by it."""
        private, public = rsa_pair
        options: dict[str, Any] = {"signature_method": "RSA-SHA256", "rsa_key": private}
        keyless = send("GET", provider.two_legged_url, provider.consumer, **options)
        assert problem(keyless) == (400, "signature_method_rejected")
        consumer = provider.add_consumer(rsa_public_key=public.encode())
        url = f"{provider.two_legged_url}?"
        signed, _, _ = oauth1.Client(consumer.key, signature_type="QUERY", **options).sign(url + "a=1")
        assert problem(requests.get(signed.replace("a=1", "a=2"), timeout=10)) == (401, "signature_invalid")
        broken = signed.partition("oauth_signature=")[0] + "oauth_signature=%C3%BC"
        assert problem(requests.get(broken, timeout=10)) == (401, "signature_invalid")

    @needs_rsa
    def test_rsa_key_is_checked(self, provider: Provider) -> None:
        """What is no RSA public key cannot be registered."""
        for pem in ("", b"\xff", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"):
            with pytest.raises(UsageError):
                provider.add_consumer(rsa_public_key=pem)

    @for_each("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
    def test_http_methods(self, provider: Provider, token: AccessToken, method: str) -> None:
        """The method is signed, and any of them will do."""
        answer = send(method, provider.resource_url, provider.consumer, token)
        assert answer.status_code == 200
        assert (b"" if method == "HEAD" else method) == (answer.content and answer.json()["method"])

    def test_two_legged(self, provider: Provider) -> None:
        """A consumer may sign for itself."""
        echo = send("GET", provider.two_legged_url, provider.consumer).json()
        assert (provider.consumer.key, None, None) == (echo["consumer"], echo["user"], echo["token"])

    def test_two_legged_with_token(self, provider: Provider, token: AccessToken) -> None:
        """Where no token belongs, one is refused rather than ignored."""
        answer = send("GET", provider.two_legged_url, provider.consumer, token)
        assert problem(answer) == (400, "parameter_rejected")

    def test_empty_secrets(self, provider: Provider) -> None:
        """s3.4.4: a secret may be empty; the key keeps its ``&``."""
        consumer = provider.add_consumer(key="MAAS:key", secret="")
        answer = send("GET", provider.two_legged_url, consumer, signature_method="PLAINTEXT")
        assert answer.json()["consumer"] == "MAAS:key"

    def test_plaintext_without_freshness(self, provider: Provider) -> None:
        """s3.1: PLAINTEXT may leave timestamp and nonce out."""
        consumer = provider.consumer
        header = (
            f'OAuth oauth_consumer_key="{consumer.key}", oauth_signature_method="PLAINTEXT", '
            f'oauth_signature="{consumer.secret}%26"'
        )
        for _ in range(2):
            answer = requests.get(provider.two_legged_url, headers={"Authorization": header}, timeout=10)
            assert answer.status_code == 200

    def test_echo_of_a_body(self, provider: Provider, token: AccessToken) -> None:
        """What is not a form is measured, and shown only if it is JSON."""
        client = oauth1.Client(provider.consumer.key, provider.consumer.secret, token.key, token.secret)
        body = b'{"a": [1, "\xc3\xbc"]}'
        headers = {"Content-Type": "Application/JSON; charset=utf-8"}
        url, headers, _ = client.sign(provider.resource_url, "PUT", headers=headers)
        echo = requests.put(url, data=body, headers=headers, timeout=10).json()
        assert echo["json"] == {"a": [1, "ü"]}
        assert (len(body), hashlib.sha256(body).hexdigest()) == (echo["body_length"], echo["body_sha256"])
        assert echo["content_type"] == "Application/JSON; charset=utf-8"

    @pytest.mark.parametrize("body", [b"{", b"[" * 100_000, b" " * (1024 * 1024) + b"1"])
    def test_json_that_is_none(self, provider: Provider, token: AccessToken, body: bytes) -> None:
        """Broken, bottomless or very long JSON is a body like any other."""
        client = oauth1.Client(provider.consumer.key, provider.consumer.secret, token.key, token.secret)
        headers = {"Content-Type": "application/json"}
        url, headers, _ = client.sign(provider.resource_url, "POST", headers=headers)
        echo = requests.post(url, data=body, headers=headers, timeout=10).json()
        assert (None, len(body)) == (echo["json"], echo["body_length"])


@pytest.fixture(scope="module")
def rsa_pair() -> tuple[str, str]:
    """A private key and its public one, in PEM."""
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
    )

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


class TestRefusals:
    """s3.2: what is not believed, and why."""

    def test_unsigned(self, provider: Provider) -> None:
        """An unsigned request is challenged, and told nothing was wrong with it."""
        for headers in ({}, {"Authorization": "Basic YTpi"}):
            answer = requests.get(provider.resource_url, headers=headers, timeout=10)
            assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'OAuth realm="provider"')
            assert "oauth_problem=parameter_absent" in answer.text

    @for_each("name", ["consumer_key", "token", "signature_method", "signature", "timestamp", "nonce"])
    def test_missing_parameter(self, provider: Provider, token: AccessToken, name: str) -> None:
        """s3.1: the refusal names the parameter that is not there."""
        client = oauth1.Client(provider.consumer.key, provider.consumer.secret, token.key, token.secret)
        _, headers, _ = client.sign(provider.resource_url)
        header = headers["Authorization"].replace(f"oauth_{name}=", f"x{name}=")
        answer = requests.get(provider.resource_url, headers={"Authorization": header}, timeout=10)
        assert problem(answer) == (400, "parameter_absent")
        assert f"oauth_parameters_absent=oauth_{name}" in answer.text

    def test_replay(self, provider: Provider, token: AccessToken) -> None:
        """s3.3: a request is good once."""
        client = oauth1.Client(provider.consumer.key, provider.consumer.secret, token.key, token.secret)
        url, headers, _ = client.sign(provider.resource_url)
        assert requests.get(url, headers=headers, timeout=10).status_code == 200
        assert problem(requests.get(url, headers=headers, timeout=10)) == (401, "nonce_used")

    def test_replayed_request_token(self, provider: Provider) -> None:
        """s3.3 holds for temporary credentials too."""
        client = oauth1.Client(provider.consumer.key, provider.consumer.secret, callback_uri="oob")
        url, headers, _ = client.sign(provider.request_token_url, "POST")
        assert requests.post(url, headers=headers, timeout=10).status_code == 200
        assert problem(requests.post(url, headers=headers, timeout=10)) == (401, "nonce_used")

    def test_nonce_is_per_credentials(self, provider: Provider, token: AccessToken) -> None:
        """s3.3: the same nonce may come with another token, consumer or timestamp."""
        now = int(time.time())
        others = [provider.add_token(), provider.add_token(), token]
        for other, timestamp in [(token, now), (others[0], now), (others[1], now), (token, now - 1)]:
            options = {"nonce": "same", "timestamp": str(timestamp)}
            answer = send("GET", provider.resource_url, provider.consumer, other, **options)
            assert answer.status_code == 200

    def test_forgery_burns_no_nonce(self, provider: Provider, token: AccessToken) -> None:
        """Who cannot sign cannot use up a client's nonces."""
        options = {"nonce": "taken", "timestamp": str(int(time.time()))}
        forged = AccessToken(token.key, "guessed")
        assert send("GET", provider.resource_url, provider.consumer, forged, **options).status_code == 401
        assert send("GET", provider.resource_url, provider.consumer, token, **options).status_code == 200

    @pytest.mark.parametrize("offset", [-301, -86400, 302, 86400])
    def test_timestamp(self, provider: Provider, token: AccessToken, offset: int) -> None:
        """s3.3: old and future timestamps are refused, with those that would do."""
        timestamp = str(int(time.time()) + offset)
        answer = send("GET", provider.resource_url, provider.consumer, token, timestamp=timestamp)
        assert problem(answer) == (401, "timestamp_refused")
        fields = dict(parse_qsl(answer.text))
        low, high = map(int, fields["oauth_acceptable_timestamps"].split("-"))
        assert low <= time.time() <= high
        assert 598 <= high - low <= 600
        assert f'oauth_acceptable_timestamps="{low}-{high}"' in answer.headers["WWW-Authenticate"]

    @pytest.mark.parametrize(
        ("name", "value"),
        [("timestamp", "today"), ("timestamp", "-1"), ("timestamp", "1 2345678"), ("nonce", "x" * 65)],
    )
    def test_malformed(self, provider: Provider, token: AccessToken, name: str, value: str) -> None:
        """s3.3: a timestamp is a number, a nonce is short text."""
        answer = send("GET", provider.resource_url, provider.consumer, token, **{name: value})
        assert problem(answer) == (400, "parameter_rejected")
        assert f"oauth_parameters_rejected=oauth_{name}" in answer.text

    @pytest.mark.parametrize("nonce", ["1", "~a-b_c.d/e+f=", "x" * 64])
    def test_nonces(self, provider: Provider, token: AccessToken, nonce: str) -> None:
        """s3.3: any printable text is a nonce."""
        assert send("GET", provider.resource_url, provider.consumer, token, nonce=nonce).status_code == 200

    def test_wrong_secrets(self, provider: Provider, token: AccessToken) -> None:
        """s3.2: a wrong secret is a wrong signature; the server shows what it signed."""
        for consumer, owner in [
            (Consumer(provider.consumer.key, "x"), token),
            (provider.consumer, AccessToken(token.key, "x")),
        ]:
            answer = send("GET", f"{provider.resource_url}?a=1", consumer, owner)
            assert problem(answer) == (401, "signature_invalid")
            assert dict(parse_qsl(answer.text))["debug_sbs"].startswith("GET&http%3A%2F%2F127.0.0.1%3A")
            assert "debug_sbs" not in answer.headers["WWW-Authenticate"]

    def test_unknown_consumer(self, provider: Provider, token: AccessToken) -> None:
        """s3.2: a consumer that nobody registered."""
        answer = send("GET", provider.resource_url, Consumer("nobody", "x"), token)
        assert problem(answer) == (401, "consumer_key_unknown")

    def test_token_of_another_consumer(self, provider: Provider, token: AccessToken) -> None:
        """s3.2: an access token is for its own consumer."""
        answer = send("GET", provider.resource_url, provider.add_consumer(), token)
        assert problem(answer) == (401, "token_rejected")

    def test_unknown_method(self, provider: Provider, token: AccessToken) -> None:
        """s3.4: a method that the server does not know."""
        client = oauth1.Client(provider.consumer.key, provider.consumer.secret, token.key, token.secret)
        _, headers, _ = client.sign(provider.resource_url)
        headers = {"Authorization": headers["Authorization"].replace("HMAC-SHA1", "HMAC-MD5")}
        answer = requests.get(provider.resource_url, headers=headers, timeout=10)
        assert problem(answer) == (400, "signature_method_rejected")

    def test_version(self, provider: Provider, token: AccessToken) -> None:
        """s3.1: the version, where it is sent, is 1.0."""
        client = oauth1.Client(provider.consumer.key, provider.consumer.secret, token.key, token.secret)
        _, headers, _ = client.sign(provider.resource_url)
        headers = {"Authorization": headers["Authorization"].replace('version="1.0"', 'version="2.0"')}
        answer = requests.get(provider.resource_url, headers=headers, timeout=10)
        assert problem(answer) == (400, "version_rejected")

    @pytest.mark.promise("what-is-on-the-wire-is-what-is-signed")
    @pytest.mark.parametrize(("was", "now"), [("a=1", "a=2"), ("a=1", "a=1&c=3"), ("b=1", "b=2"), ("&b=1", "")])
    def test_changed_on_the_way(self, provider: Provider, token: AccessToken, was: str, now: str) -> None:
        """s3.4: whoever changes query or form breaks the signature."""
        client = oauth1.Client(provider.consumer.key, provider.consumer.secret, token.key, token.secret)
        url, headers, body = client.sign(f"{provider.resource_url}?a=1", "POST", "z=1&b=1", FORM)
        answer = requests.post(url.replace(was, now), data=body.replace(was, now), headers=headers, timeout=10)
        assert problem(answer) == (401, "signature_invalid")

    def test_wrong_clock(self) -> None:
        """A provider whose clock is off judges by it, and shows it in ``Date``."""
        with serve(clock=lambda: time.time() + 3600) as provider:
            answer = send("GET", provider.two_legged_url, provider.consumer)
            assert problem(answer) == (401, "timestamp_refused")
            late = str(int(time.time()) + 3600)
            assert send("GET", provider.two_legged_url, provider.consumer, timestamp=late).ok

    def test_a_clock_of_few_digits(self) -> None:
        """s3.3: a timestamp is a positive integer of any length, in each leg: 137131200 in the RFC's own example."""
        now = 137131200
        with serve(clock=lambda: now) as provider:
            short, signer = {"timestamp": str(now)}, provider.consumer
            answer = send("POST", provider.request_token_url, signer, callback_uri="oob", **short)
            request_token = get_token(answer)
            verifier = provider.approve(f"{provider.authorization_url}?oauth_token={request_token.key}")
            answer = send("POST", provider.access_token_url, signer, request_token, verifier=verifier, **short)
            token = get_token(answer)
            assert send("GET", provider.resource_url, signer, token, **short).ok
            assert send("GET", provider.resource_url, signer, token, timestamp=f"0{now}").ok
            assert send("GET", provider.two_legged_url, signer, **short).ok
            answer = send("GET", provider.two_legged_url, signer, timestamp=str(now - 301))
            assert problem(answer) == (401, "timestamp_refused")
            for malformed in ("", "x", "0137131200000"):  # milliseconds, too
                answer = send("GET", provider.two_legged_url, signer, timestamp=malformed)
                assert answer.status_code == 400


class TestBodyHash:
    """The OAuth Request Body Hash extension."""

    @for_each("name", ["sha1", "sha256", "sha512"])
    @for_each("body", [b"", b"\x00\xff" * 100_000])
    def test_right(self, provider: Provider, token: AccessToken, name: str, body: bytes) -> None:
        """The hash of the body is accepted, whichever hash it is."""
        answer = self.send(provider, token, b64encode(hashlib.new(name, body).digest()).decode(), body)
        assert hashlib.sha256(body).hexdigest() == answer.json()["body_sha256"]

    @pytest.mark.promise("a-body-hash-covers-the-body")
    @pytest.mark.parametrize("body_hash", [b64encode(bytes(20)).decode(), b64encode(bytes(32)).decode(), "ü", ""])
    def test_wrong(self, provider: Provider, token: AccessToken, body_hash: str) -> None:
        """Any other is refused."""
        answer = self.send(provider, token, body_hash, b"body")
        assert problem(answer) == (401, "body_hash_invalid")

    def test_form(self, provider: Provider, token: AccessToken) -> None:
        """A form is signed itself, and has no body hash."""
        body_hash = b64encode(hashlib.sha256(b"a=1").digest()).decode()
        answer = send("POST", provider.resource_url, provider.consumer, token, data=f"a=1&oauth_body_hash={body_hash}")
        assert problem(answer) == (400, "parameter_rejected")

    def send(self, provider: Provider, token: AccessToken, body_hash: str, body: bytes) -> requests.Response:
        client = oauth1.Client(
            provider.consumer.key, provider.consumer.secret, token.key, token.secret, signature_type="QUERY"
        )
        query = urlencode([("oauth_body_hash", body_hash)])
        url, headers, _ = client.sign(f"{provider.resource_url}?{query}", "POST")
        return requests.post(url, data=body, headers=headers, timeout=10)
