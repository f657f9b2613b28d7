"""The pages of the provider, as a browser and its user get them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
import requests
from oauthlib import oauth1

from oauth_hook.provider import Provider, serve

NASTY = "<b>Evil</b> & \"Co\" 'Ü'"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with serve() as running:
        yield running


def page_url(provider: Provider, callback: str = "oob", name: str = "Client") -> str:
    """Take the first leg; return the page to send the user to."""
    consumer = provider.add_consumer(name)
    client = oauth1.Client(consumer.key, consumer.secret, callback_uri=callback)
    url, headers, _ = client.sign(provider.request_token_url, "POST")
    fields = dict(parse_qsl(requests.post(url, headers=headers, timeout=10).text))
    return f"{provider.authorization_url}?oauth_token={fields['oauth_token']}"


class Page(HTMLParser):
    """The elements of a page that matter here."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.labels: set[str] = set()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def submit(url: str, **fields: str) -> requests.Response:
    return requests.post(url, fields, allow_redirects=False, timeout=10)


class TestForm:
    def test_fields(self, provider: Provider) -> None:
        """The form has labelled fields and two buttons, and needs no script."""
        page = Page(requests.get(page_url(provider), timeout=10).text)
        assert [field["name"] for field in page.all("input")] == ["name", "password"]
        assert {label["for"] for label in page.all("label")} == {field["id"] for field in page.all("input")}
        assert [(b["name"], b["value"]) for b in page.all("button")] == [
            ("answer", "allow"),
            ("answer", "deny"),
        ]
        assert [html["lang"] for html in page.all("html")] == ["en"]
        assert len(page.all("h1")) == 1
        assert not page.all("script")

    def test_says_who_and_whereto(self, provider: Provider) -> None:
        """The user sees who asks, and where they will be sent."""
        text = Page(requests.get(page_url(provider, "https://client.example/x", NASTY), timeout=10).text).text
        assert NASTY in text
        assert "client.example" in text

    def test_wrong_password(self, provider: Provider) -> None:
        """A wrong password is said so, keeps the name, and spoils nothing."""
        url = page_url(provider)
        for name, password in [
            (NASTY, "x"),
            (provider.user.name, "x"),
            ("", ""),
            (provider.user.name, "\ud800"),
        ]:
            raw = {"name": name, "password": password.encode("utf-8", "surrogatepass"), "answer": "allow"}
            answer = requests.post(url, raw, allow_redirects=False, timeout=10)
            page = Page(answer.text)
            assert (403, name) == (answer.status_code, page.all("input")[0]["value"])
            assert "do not match" in page.text
            assert password not in answer.text.replace("x", "") or not password
        assert provider.approve(url)

    def test_no_answer(self, provider: Provider) -> None:
        """A form without an answer allows nothing."""
        user = provider.user
        assert submit(page_url(provider), name=user.name, password=user.password).status_code == 403

    def test_deny_needs_no_password(self, provider: Provider) -> None:
        """To say no, one need not log in."""
        answer = submit(page_url(provider), answer="deny")
        assert "may not act" in Page(answer.text).text

    def test_verifier(self, provider: Provider) -> None:
        """The verifier is shown, and easily told apart from the rest."""
        user = provider.user
        answer = submit(page_url(provider), name=user.name, password=user.password, answer="allow")
        assert [output["id"] for output in Page(answer.text).all("output")] == ["verifier"]

    def test_redirect(self, provider: Provider) -> None:
        """The browser fetches the callback with GET, and does not post the password to it."""
        user, url = provider.user, page_url(provider, "http://client.example/")
        answer = submit(url, name=user.name, password=user.password, answer="allow")
        assert (answer.status_code, answer.content) == (303, b"")

    def test_unknown(self, provider: Provider) -> None:
        """A link to nothing is a page too."""
        for query in ("", "?oauth_token=", "?oauth_token=nobodys&oauth_token=%ff"):
            answer = requests.get(provider.authorization_url + query, timeout=10)
            assert answer.status_code == 404
            assert Page(answer.text).all("h1")

    def test_index(self, provider: Provider) -> None:
        """The front page says what this is, and no secret."""
        answer = requests.get(provider.url, timeout=10)
        assert "/oauth/request_token" in Page(answer.text).text
        assert provider.consumer.key not in answer.text

    def test_headers(self, provider: Provider) -> None:
        """Nothing is loaded, framed, stored or told to others, on any page."""
        user, url = provider.user, page_url(provider, "http://client.example/")
        answers = [requests.get(provider.url, timeout=10), requests.get(url, timeout=10)]
        answers.append(requests.get(provider.authorization_url, timeout=10))
        answers.append(submit(url, name=user.name, password="x", answer="allow"))
        answers.append(submit(url, name=user.name, password=user.password, answer="allow"))
        for answer in answers:
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "form-action" not in policy  # would stop the redirect to the callback
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["X-Frame-Options"] == "DENY"
            assert answer.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium here")
def test_in_a_browser(provider: Provider, tmp_path: Path) -> None:
    """A real browser shows the form as it was meant, however the application is called."""
    command = [
        *(str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
        *(f"--user-data-dir={tmp_path}", "--dump-dom", page_url(provider, name=NASTY)),
    ]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    page = Page(result.stdout)
    assert [field["name"] for field in page.all("input")] == ["name", "password"]
    assert f"Allow {NASTY}?" in page.text
