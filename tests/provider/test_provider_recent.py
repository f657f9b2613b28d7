"""What the provider shows to whoever develops a client: the last requests, explained, and how it reads one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import parse_qs, quote

import pytest
import requests
from oauthlib import oauth1

from oauth_hook import AccessToken, Consumer, RequestToken, sign
from oauth_hook.provider import Provider, serve
from oauth_hook.provider.recent import MAX_REQUESTS

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def provider() -> Iterator[Provider]:
    with serve() as running:
        yield running


def send(
    provider: Provider, url: str, token: AccessToken | None = None, body: bytes | None = None, *,
    method: str = "GET", after: tuple[str, str] = ("", ""), **more: object,
) -> requests.Response:  # fmt: skip
    """Send a signed request whose URL was changed after signing, as ``after`` says."""
    headers = FORM if body else {}
    given = {"consumer": provider.consumer, "token": token, **more}
    signed = sign(method, url, headers=headers, body=body, **given)  # type: ignore[arg-type]
    return requests.request(
        method, signed.url.replace(*after), headers=signed.headers, data=signed.body, timeout=10, allow_redirects=False
    )


def recent(provider: Provider, number: int | str = "") -> requests.Response:
    return requests.get(f"{provider.requests_url}{number and f'/{number}'}", timeout=10)


class TestRequests:
    def test_the_last_requests_are_listed(self, provider: Provider) -> None:
        """Method, path, time, verdict and a link to each, the last one first; in JSON for programs."""
        token = provider.add_token()
        send(provider, provider.resource_url, token)
        send(provider, provider.resource_url + "/a%20b?x=1", token, after=("x=1", "x=1&y=2"), method="DELETE")
        last, first = recent(provider).json()
        assert (first["method"], first["path"], first["status"], first["verdict"]) == (
            "GET", "/api/resource", 200, "accepted",
        )  # fmt: skip
        assert (last["method"], last["path"], last["status"]) == ("DELETE", "/api/resource/a%20b", 401)
        assert last["verdict"].startswith("signature_invalid")
        assert last["time"] >= first["time"] > "2020-01-01T00:00:00Z"
        assert last["url"] == f"{provider.requests_url}/2"
        assert requests.get(last["url"], timeout=10).json()["explanation"]["findings"][0]["code"] == "query-changed"

    def test_a_browser_gets_pages(self, provider: Provider) -> None:
        """The list leads to a page for each request: that which ``to_html()`` makes of it."""
        send(provider, f"{provider.resource_url}?x=1", provider.add_token(), after=("x=1", "x=2"))
        listed = requests.get(provider.requests_url, headers=BROWSER, timeout=10)
        page = requests.get(f"{provider.requests_url}/1", headers=BROWSER, timeout=10)
        for response in (listed, page):
            assert response.headers["Content-Type"] == "text/html; charset=utf-8"
            assert "default-src 'none'" in response.headers["Content-Security-Policy"]
            assert "<script" not in response.text
        assert 'href="requests/1"' in listed.text
        assert "query-changed" in page.text
        assert 'href="requests"' in requests.get(provider.url, timeout=10).text

    def test_as_many_are_kept_as_are_promised(self, provider: Provider) -> None:
        """Accepted requests go before refused ones, and those go in their order."""
        token = provider.add_token()
        requests.get(f"{provider.resource_url}/first", timeout=10)
        for number in range(MAX_REQUESTS + 5):
            send(provider, f"{provider.resource_url}/{number}", token)
        listed = recent(provider).json()
        assert len(listed) == MAX_REQUESTS
        assert (listed[0]["path"], listed[-1]["path"]) == (
            f"/api/resource/{MAX_REQUESTS + 4}", "/api/resource/first",
        )  # fmt: skip
        for number in range(MAX_REQUESTS + 5):
            requests.get(f"{provider.resource_url}/unsigned/{number}", timeout=10)
        listed = recent(provider).json()
        assert [each["path"].rpartition("/")[2] for each in listed] == [
            str(number) for number in reversed(range(5, MAX_REQUESTS + 5))
        ]

    def test_what_is_not_kept_is_not_found(self, provider: Provider) -> None:
        """A number of nothing, and what is no number, is a 404; so is a request whose form was too large to keep."""
        assert [recent(provider, what).status_code for what in ("1", "x", "1/2", "9" * 30)] == [404] * 4
        assert recent(provider).json() == []
        body = b"a=" + b"b" * 300_000
        send(
            provider, provider.resource_url, provider.add_token(), body, method="POST", after=("resource", "resource/x")
        )
        assert recent(provider, 1).status_code == 404
        assert "too large" in recent(provider, 1).text

    def test_a_request_that_cannot_be_read_is_listed(self, provider: Provider) -> None:
        """So is one with broken parameters."""
        requests.get(f"{provider.resource_url}?a=%ff", timeout=10)
        requests.get(provider.resource_url, headers={"Authorization": "OAuth broken"}, timeout=10)
        assert [each["verdict"] for each in recent(provider).json()] == ["parameter_rejected", "refused (400)"]
        assert all(recent(provider, number).json()["explanation"]["findings"] for number in (1, 2))

    @pytest.mark.promise("explain-shows-no-secret")
    @pytest.mark.parametrize("method", ["HMAC-SHA1", "PLAINTEXT"])
    def test_no_secret_is_shown(self, provider: Provider, method: str) -> None:
        """Neither the provider's own nor one that was sent, whatever was wrong, and wherever it stood."""
        token = provider.add_token()
        token_secret, secret = token.secret, provider.consumer.secret
        send(provider, provider.resource_url, token, signature_method=method)
        send(provider, f"{provider.resource_url}/{secret}?a={secret}&password=hunter2", token, signature_method=method,
             after=("password", "q=1&password"))  # fmt: skip
        wrong = AccessToken(token.key, f"{token_secret} ")
        send(
            provider, provider.resource_url, wrong, f"b={token_secret}".encode(), method="POST", signature_method=method
        )
        send(provider, provider.access_token_url, RequestToken("t", "s"), verifier="hunter2", method="POST")
        pages = [
            requests.get(provider.requests_url + path, headers=headers, timeout=10).text
            for path in ("", "/1", "/2", "/3", "/4") for headers in (BROWSER, {})
        ]  # fmt: skip
        for text in pages:
            for hidden in (secret, token_secret, "hunter2"):
                assert hidden not in text
                assert quote(hidden, safe="") not in text

    def test_new_credentials_are_not_kept(self, provider: Provider) -> None:
        """The response to a request for a token is not shown."""
        response = send(provider, provider.request_token_url, callback="oob", method="POST")
        fields = parse_qs(response.text)
        shown = recent(provider).text + recent(provider, 1).text
        assert fields["oauth_token_secret"][0] not in shown
        assert fields["oauth_token"][0] not in shown


def check(provider: Provider, token: AccessToken | None = None, **more: object) -> dict[str, object]:
    response = send(provider, more.pop("url", provider.check_url), token, **more)  # type: ignore[arg-type]
    assert response.status_code == 200
    content: dict[str, object] = response.json()
    return content


class TestCheck:
    @pytest.mark.parametrize("placement", ["header", "query", "body", "header+url-encoded"])
    def test_a_right_request_is_read_as_its_signer_means_it(self, provider: Provider, placement: str) -> None:
        """Base URL, parameters with their places, base string and verdict."""
        token, url, body = provider.add_token(), f"{provider.check_url}?a=1&b=%20&a=2", b"c=%C3%BC&d="
        signed = sign(
            "POST", url, headers=FORM, body=body, consumer=provider.consumer, token=token, placement=placement
        )
        read = requests.post(signed.url, headers=signed.headers, data=signed.body, timeout=10).json()
        assert (read["verdict"], read["status"], read["problem"]) == ("accepted", 200, None)
        assert read["base_string"] == signed.base_string
        assert read["base_url"] == provider.check_url
        assert read["method"] == "POST"
        places = {(pair["name"], pair["value"]): pair["from"] for pair in read["parameters"]}
        assert [places[pair] for pair in [("a", "1"), ("b", " "), ("a", "2"), ("c", "ü"), ("d", "")]] == [
            "query", "query", "query", "form", "form",
        ]  # fmt: skip
        where = {"body": "form", "query": "query"}.get(placement, "header")
        assert places["oauth_token", token.key] == where

    def test_a_request_without_a_token(self, provider: Provider) -> None:
        """A consumer's own request is accepted, too, and at any path below."""
        assert check(provider)["verdict"] == "accepted"
        assert check(provider, url=f"{provider.check_url}/a;b/c")["base_url"] == f"{provider.check_url}/a;b/c"

    def test_the_base_string_is_oauthlibs(self, provider: Provider) -> None:
        """It is that which a refusal elsewhere hands back."""
        client = oauth1.Client(provider.consumer.key, "wrong", nonce="n", timestamp="1234567890")
        strings = []
        for url in (provider.two_legged_url, provider.check_url):
            target, headers, _ = client.sign(f"{url}?b=%2B&a=1%202&a=%C3%BC", "GET")
            strings.append(requests.get(target, headers=headers, timeout=10))
        refused = parse_qs(strings[0].text)
        read = strings[1].json()
        if "debug_sbs" in refused:
            assert read["base_string"] == refused["debug_sbs"][0].replace("two-legged", "check")
        assert read["problem"] == refused["oauth_problem"][0]

    def test_a_wrong_request_gets_its_cause(self, provider: Provider) -> None:
        """The response is 200, and says what the status would be, the problem, the advice and the cause."""
        token = provider.add_token()
        read = check(provider, token, url=f"{provider.check_url}?x=1", after=("x=1", "x=1&y=2"))
        assert (read["verdict"], read["status"], read["problem"]) == ("refused", 401, "signature_invalid")
        assert "query-changed" in str(read["cause"])
        assert read["cause"] == read["advice"]
        unknown = check(provider, consumer=Consumer("nobody", "x"))
        assert (unknown["problem"], unknown["cause"]) == ("consumer_key_unknown", None)
        assert str(unknown["base_string"]).startswith("GET&http%3A%2F%2F127.0.0.1%3A")

    def test_a_request_that_cannot_be_read(self, provider: Provider) -> None:
        """It is answered as well, with as much as was read."""
        for headers, query in (({"Authorization": "OAuth broken"}, ""), ({}, "?a=%ff"), ({}, "")):
            response = requests.get(provider.check_url + query, headers=headers, timeout=10)
            assert response.status_code == 200
            assert response.json()["verdict"] == "refused"
            assert response.json()["advice"]

    def test_a_nonce_is_good_once_here_too(self, provider: Provider) -> None:
        """The verdict is that of any other URL."""
        signed = sign("GET", provider.check_url, consumer=provider.consumer)
        verdicts = [requests.get(signed.url, headers=signed.headers, timeout=10).json() for _ in range(2)]
        assert [read["problem"] for read in verdicts] == [None, "nonce_used"]

    @pytest.mark.promise("explain-shows-no-secret")
    @pytest.mark.parametrize("method", ["HMAC-SHA1", "PLAINTEXT"])
    @pytest.mark.parametrize("secret", ["right", "wrong"])
    def test_nobody_learns_a_secret(self, provider: Provider, method: str, secret: str) -> None:
        """No signature is shown, neither the one that was sent nor the right one, and no value with a secret's name."""
        token = provider.add_token()
        right = {"consumer": provider.consumer, "token": token, "nonce": "n" * 8, "signature_method": method}
        url = f"{provider.check_url}?password=hunter2&client_secret=hunter2"
        expected = sign("GET", url, verifier="hunter2", **right)  # type: ignore[arg-type]
        wrong = {} if secret == "right" else {"consumer": Consumer(provider.consumer.key, "wrong-guess")}
        signed = sign("GET", url, verifier="hunter2", timestamp=expected_timestamp(expected.headers), **right | wrong)  # type: ignore[arg-type]
        read = requests.get(signed.url, headers=signed.headers, timeout=10).json()
        text = json.dumps(read)
        assert read["masked"] == ["client_secret", "oauth_verifier", "password"]
        for hidden in ("hunter2", "wrong-guess", provider.consumer.secret, token.secret, expected.signature):
            assert hidden not in text
        assert signed.signature not in text
        assert (read["base_string"] is None) == (method == "PLAINTEXT")


def expected_timestamp(headers: dict[str, str]) -> str:
    return headers["Authorization"].partition('oauth_timestamp="')[2].partition('"')[0]
