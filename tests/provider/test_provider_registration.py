"""The provider's dynamic registration and discovery, as a client on the wire sees them.

The client's side of it is in ``test_registration.py``; here the requests are made by hand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
import requests
from oauthlib import oauth1
from tables import for_each

from oauth_hook.credentials import AccessToken, Consumer
from oauth_hook.provider import Provider, serve

NEW = {"type": "client_associate", "application_type": "native", "application_name": "Test.io"}
ROOM = "http://apinamespace.org"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with serve() as running:
        yield running


@pytest.fixture(scope="module")
def http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


def register(http: requests.Session, provider: Provider, **content: Any) -> tuple[int, Any]:
    """Send a registration as it stands; return status and answer."""
    response = http.post(provider.registration_url, timeout=10, **content)
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Cache-Control"] == "no-store"
    return response.status_code, response.json()


def signed(consumer: Consumer, token: AccessToken | None, url: str, method: str = "GET", **more: Any) -> dict[str, str]:
    """Return the headers of a signed request, by oauthlib's client."""
    key, secret = (token.key, token.secret) if token else (None, None)
    signer = oauth1.Client(consumer.key, consumer.secret, key, secret, **more)
    _, headers, _ = signer.sign(url, method)
    return dict(headers)


class TestAssociate:
    @pytest.mark.parametrize("way", ["json", "data"])
    def test_new_credentials(self, http: requests.Session, provider: Provider, way: str) -> None:
        """JSON or a form gets credentials of its own, that never expire."""
        status, answer = register(http, provider, **{way: NEW})
        again = register(http, provider, **{way: NEW})[1]
        assert (status, set(answer), answer["expires_at"]) == (200, {"client_id", "client_secret", "expires_at"}, 0)
        assert len({answer["client_id"], answer["client_secret"], again["client_id"], again["client_secret"]}) == 4

    def test_they_sign(self, http: requests.Session, provider: Provider) -> None:
        """A registered consumer gets a request token, and the user sees its name, escaped."""
        _, answer = register(http, provider, json={**NEW, "application_name": "<b>Test.io & Söhne</b>"})
        consumer = Consumer(answer["client_id"], answer["client_secret"])
        headers = signed(consumer, None, provider.request_token_url, "POST", callback_uri="oob")
        token = http.post(provider.request_token_url, headers=headers, timeout=10)
        assert token.status_code == 200
        page = http.get(f"{provider.authorization_url}?{token.text}", timeout=10)
        assert "&lt;b&gt;Test.io &amp; Söhne&lt;/b&gt;" in page.text

    def test_all_fields(self, http: requests.Session, provider: Provider) -> None:
        """Lists are strings, their items separated by spaces; callbacks may have schemes of their own."""
        more = {
            "redirect_uris": "https://a.example/cb http://127.0.0.1:8080/ myapp:/cb",
            "contacts": "alice@a.example bob@b.example",
            "logo_url": "https://a.example/logo.png",
        }
        assert register(http, provider, json={**NEW, "application_type": "web", **more})[0] == 200

    def test_no_name(self, http: requests.Session, provider: Provider) -> None:
        """A name may be left out, as on pump.io."""
        assert register(http, provider, json={"type": "client_associate"})[0] == 200

    @for_each(
        ("change", "complaint"),
        [
            ({"type": None}, "type must be a string"),
            ({"type": "client_destroy"}, "Invalid registration type"),
            ({"client_id": "x"}, "Only set client_id for update."),
            ({"client_secret": "x"}, "Only set client_secret for update."),
            ({"application_type": "mobile"}, "Unknown application_type."),
            ({"application_name": None}, "application_name must be a string"),
            ({"application_name": " "}, "application_name"),
            ({"application_name": "x" * 201}, "application_name"),
            ({"application_name": "a\nb"}, "application_name"),
            ({"application_name": "\ud800"}, "application_name"),
            ({"redirect_uris": ["https://a.example/"]}, "redirect_uris must be a string"),
            ({"redirect_uris": "https://a.example/  https://b.example/"}, "space-separated"),
            ({"redirect_uris": ""}, "space-separated"),
            ({"redirect_uris": "nowhere"}, "space-separated"),
            ({"redirect_uris": "http:///"}, "space-separated"),
            ({"redirect_uris": "http://[/"}, "space-separated"),
            ({"contacts": ["a@a.example"]}, "contacts must be a string"),
            ({"contacts": "alice"}, "contacts"),
            ({"logo_url": "logo"}, "Invalid logo_url."),
            ({"logo_url": 3}, "logo_url must be a string"),
            ({"\ud800": 3}, "must be a string"),
        ],
    )
    def test_mistakes(self, http: requests.Session, provider: Provider, change: dict[str, Any], complaint: str) -> None:
        """What cannot be so is a 400 that says what, in JSON."""
        status, answer = register(http, provider, json={**NEW, **change})
        assert (status, list(answer)) == (400, ["error"])
        assert complaint in answer["error"]

    @for_each(
        ("body", "media_type"),
        [
            (b"", "application/json"),
            (b"{", "application/json"),
            (b"[]", "application/json"),
            (b'"client_associate"', "application/json"),
            (b"{}", "application/json"),
            (b"[" * 200_000, "application/json"),
            (b'{"type": "' + b"x" * 2_000_000 + b'"}', "application/json"),
            (json.dumps(NEW).encode(), "text/plain"),
            (json.dumps(NEW).encode(), "application/x-www-form-urlencoded"),
            (b"type=client_associate&type=client_associate", "application/x-www-form-urlencoded"),
            (b"type=client_associate&application_name=%ff", "application/x-www-form-urlencoded"),
            (b"type=client_associate&application_name=\xff", "application/x-www-form-urlencoded"),
        ],
    )
    def test_other_bodies(self, http: requests.Session, provider: Provider, body: bytes, media_type: str) -> None:
        """What is neither a JSON object nor a form is a 400, however strange."""
        response = http.post(provider.registration_url, data=body, headers={"Content-Type": media_type}, timeout=10)
        assert response.status_code == 400

    def test_registration_is_unsigned(self, http: requests.Session, provider: Provider) -> None:
        """Whoever registers has nothing to sign with, so that a signature is a mistake."""
        headers = signed(provider.consumer, None, provider.registration_url, "POST")
        status, answer = register(http, provider, json=NEW, headers=headers)
        assert status == 400
        assert "Authorization" in answer["error"]

    def test_only_post(self, http: requests.Session, provider: Provider) -> None:
        """Registering is no reading."""
        response = http.get(provider.registration_url, timeout=10)
        assert (response.status_code, response.headers["Allow"]) == (405, "POST")


class TestUpdate:
    @pytest.mark.parametrize("way", ["json", "data"])
    def test_a_new_name(self, http: requests.Session, provider: Provider, way: str) -> None:
        """The consumer stays what it was, and has the name that it asks for."""
        _, old = register(http, provider, **{way: NEW})
        known = {"client_id": old["client_id"], "client_secret": old["client_secret"]}
        change = {"type": "client_update", "application_name": "Test.io 2", **known}
        assert register(http, provider, **{way: change}) == (200, old)
        row = provider._storage.consumer(old["client_id"])
        assert row is not None
        assert row.name == "Test.io 2"
        assert register(http, provider, **{way: {"type": "client_update", **known}}) == (200, old)
        assert provider._storage.consumer(old["client_id"]) == row

    @pytest.mark.parametrize("change", [{"client_secret": "wrong"}, {"client_id": "unknown"}, {"client_secret": ""}])
    def test_whoever_does_not_know_the_secret(
        self, http: requests.Session, provider: Provider, change: dict[str, str]
    ) -> None:
        """A wrong secret and an unknown consumer are the same 403, and change nothing."""
        known = {"client_id": provider.consumer.key, "client_secret": provider.consumer.secret}
        before = provider._storage.consumer(provider.consumer.key)
        request = {"type": "client_update", "application_name": "Mine", **known, **change}
        status, answer = register(http, provider, json=request)
        assert (status, answer) == (403, {"error": "client_id and client_secret do not belong together"})
        assert provider._storage.consumer(provider.consumer.key) == before

    @pytest.mark.parametrize("missing", ["client_id", "client_secret"])
    def test_both_are_needed(self, http: requests.Session, provider: Provider, missing: str) -> None:
        """An update without its credentials is a 400."""
        request = {"type": "client_update", "client_id": "a", "client_secret": "b"}
        del request[missing]
        assert register(http, provider, json=request) == (400, {"error": f"No {missing} provided"})


class TestHostMeta:
    def links(self, provider: Provider) -> dict[str, str]:
        return {
            "registration_endpoint": provider.registration_url,
            f"{ROOM}/oauth/request_token": provider.request_token_url,
            f"{ROOM}/oauth/authorize": provider.authorization_url,
            f"{ROOM}/oauth/access_token": provider.access_token_url,
            f"{ROOM}/activitypub/whoami": provider.whoami_url,
        }

    @pytest.mark.parametrize(
        ("name", "accept"),
        [
            ("host-meta.json", "application/xrd+xml"),
            ("host-meta.json", None),
            ("host-meta", "application/json"),
            ("host-meta", "text/html, */*;q=0.1"),
            ("host-meta", "Application/JSON ; q=0.5"),
        ],
    )
    def test_json(self, http: requests.Session, provider: Provider, name: str, accept: str | None) -> None:
        """JSON where it is asked for by address or by ``Accept``: what clients need, in links."""
        url = f"{provider.url}/.well-known/{name}"
        response = http.get(url, headers={"Accept": accept}, timeout=10)  # type: ignore[dict-item]  # None: not sent
        found = {link["rel"]: link.get("href") for link in response.json()["links"] if link["rel"] != "lrdd"}
        assert (response.headers["Content-Type"], found) == ("application/json", self.links(provider))

    @for_each("accept", [None, "", "application/xrd+xml", "application/json;q=0", "*/*; q=0.0", "text/html"])
    def test_xrd(self, http: requests.Session, provider: Provider, accept: str | None) -> None:
        """XRD where JSON is not accepted: the same links."""
        url = f"{provider.url}/.well-known/host-meta"
        response = http.get(url, headers={"Accept": accept}, timeout=10)  # type: ignore[dict-item]
        root = ElementTree.fromstring(response.content)  # noqa: S314 - our own
        space = "{http://docs.oasis-open.org/ns/xri/xrd-1.0}"
        found = {link.attrib["rel"]: link.attrib.get("href") for link in root.iter(f"{space}Link")}
        assert root.tag == f"{space}XRD"
        assert response.headers["Content-Type"].startswith("application/xrd+xml")
        assert {**self.links(provider), "lrdd": None} == found

    def test_the_host_that_was_asked(self, http: requests.Session, provider: Provider) -> None:
        """Addresses begin with the Host that the client used, escaped where it is strange."""
        for host in ("pump.example", "localhost:1", "a&b'<\">"):
            for accept in ("application/json", "application/xrd+xml"):
                url = f"{provider.url}/.well-known/host-meta"
                response = http.get(url, headers={"Host": host, "Accept": accept}, timeout=10)
                if accept == "application/json":
                    hrefs = [link.get("href", "") for link in response.json()["links"]]
                else:
                    root = ElementTree.fromstring(response.content)  # noqa: S314 - our own
                    hrefs = [link.attrib.get("href", "") for link in root]
                assert f"http://{host}/oauth/authorize" in hrefs


class TestWebfinger:
    def ask(self, http: requests.Session, provider: Provider, resource: str) -> requests.Response:
        return http.get(f"{provider.url}/.well-known/webfinger", params={"resource": resource}, timeout=10)

    def test_the_users_account(self, http: requests.Session, provider: Provider) -> None:
        """The account is found with and without the port, and with and without ``acct:``."""
        host = urlsplit(provider.url)
        assert provider.webfinger == f"alice@{host.netloc}"
        for resource in (f"acct:{provider.webfinger}", provider.webfinger, f"acct:alice@{host.hostname}"):
            answer = self.ask(http, provider, resource).json()
            assert answer["subject"] == f"acct:{resource.removeprefix('acct:')}"
            assert answer["links"][0]["href"] == f"{provider.url}/api/user/alice/profile"

    @for_each(
        "account", ["mallory@HOST", "alice@elsewhere.example", "alice@", "@HOST", "alice", "acct:", "", "\0@HOST"]
    )
    def test_unknown_accounts(self, http: requests.Session, provider: Provider, account: str) -> None:
        """Somebody who is not here, or not of here, is a 404."""
        resource = account.replace("HOST", urlsplit(provider.url).netloc)
        assert self.ask(http, provider, resource).status_code == 404

    def test_one_resource(self, http: requests.Session, provider: Provider) -> None:
        """No resource, or two, is a 400."""
        for query in ("", "?resource=a&resource=b"):
            assert http.get(f"{provider.url}/.well-known/webfinger{query}", timeout=10).status_code == 400

    def test_host_meta_leads_here(self, http: requests.Session, provider: Provider) -> None:
        """The template of host-meta is this address."""
        links = http.get(f"{provider.url}/.well-known/host-meta.json", timeout=10).json()["links"]
        (template,) = [link["template"] for link in links if link["rel"] == "lrdd"]
        url = template.replace("{uri}", f"acct%3A{provider.webfinger.replace('@', '%40')}")
        assert http.get(url, timeout=10).status_code == 200


class TestWhoami:
    def test_two_signatures(self, http: requests.Session, provider: Provider) -> None:
        """whoami leads to the profile, which wants a signature of its own."""
        token = provider.add_token()
        first = http.get(
            provider.whoami_url,
            headers=signed(provider.consumer, token, provider.whoami_url),
            allow_redirects=False,
            timeout=10,
        )
        place = first.headers["Location"]
        assert (first.status_code, place) == (302, f"{provider.url}/api/user/alice/profile")
        assert http.get(place, timeout=10).status_code == 401
        answer = http.get(place, headers=signed(provider.consumer, token, place), timeout=10)
        assert answer.json()["preferredUsername"] == provider.user.name
        stale = http.get(place, headers=signed(provider.consumer, token, provider.whoami_url), timeout=10)
        assert stale.status_code == 401

    def test_unsigned(self, http: requests.Session, provider: Provider) -> None:
        """Nobody is nobody."""
        response = http.get(provider.whoami_url, timeout=10)
        assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, 'OAuth realm="provider"')

    def test_awkward_names(self, http: requests.Session, provider: Provider) -> None:
        """A name of any letters comes back as it is; one that nobody has is a 404, after the signature."""
        user = provider.add_user("ünï code", "password")
        token = provider.add_token(user=user)
        headers = signed(provider.consumer, token, provider.whoami_url)
        place = http.get(provider.whoami_url, headers=headers, allow_redirects=False, timeout=10).headers["Location"]
        assert re.fullmatch(r"[!-~]+", place)
        answer = http.get(place, headers=signed(provider.consumer, token, place), timeout=10)
        assert answer.json()["preferredUsername"] == "ünï code"
        nobody = f"{provider.url}/api/user/nobody/profile"
        assert http.get(nobody, timeout=10).status_code == 401
        assert http.get(nobody, headers=signed(provider.consumer, token, nobody), timeout=10).status_code == 404

    def test_only_reading(self, http: requests.Session, provider: Provider) -> None:
        """A profile is read here, and not changed."""
        for url in (provider.whoami_url, f"{provider.url}/api/user/alice/profile"):
            assert http.put(url, timeout=10).status_code == 405
