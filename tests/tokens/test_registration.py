"""Discovery and dynamic registration, the client's side, over real sockets.

Against the embedded provider, and against a server that behaves as pump.io does. The
provider's side is in ``test_provider_registration.py``.
"""

from __future__ import annotations

import json
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter
from tables import for_each

from oauth_hook import Consumer, OAuthHook
from oauth_hook.errors import ProviderError, UsageError
from oauth_hook.provider import Provider, serve
from oauth_hook.tokens.discovery import discover, read_links
from oauth_hook.tokens.registration import register_client, update_client

if TYPE_CHECKING:
    from conftest import Received, Recorder

ROOM = "http://apinamespace.org"
JSON = {"Content-Type": "application/json"}
XRD = {"Content-Type": "application/xrd+xml"}
HTML = {"Content-Type": "text/html"}
SECRET = "s3cr3t-0f-th3-c0nsum3r"
PATHS = {
    "registration_endpoint": "/api/client/register",
    f"{ROOM}/oauth/request_token": "/oauth/request_token",
    f"{ROOM}/oauth/authorize": "/oauth/authorize",
    f"{ROOM}/oauth/access_token": "/oauth/access_token",
    f"{ROOM}/activitypub/whoami": "/api/whoami",
    "dialback": "/api/dialback",
}

Reply = tuple[int, dict[str, str], bytes]


def as_json(links: list[dict[str, Any]]) -> bytes:
    return json.dumps({"links": links}).encode()


def as_xrd(links: list[dict[str, str]], head: str = "<?xml version='1.0' encoding='UTF-8'?>") -> bytes:
    texts = (" ".join(f'{name}="{value}"' for name, value in link.items()) for link in links)
    rows = "\n".join(f"<Link {text} />" for text in texts)
    return f"{head}\n<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>\n{rows}\n</XRD>\n".encode()


class PumpIO:
    """A server that behaves as pump.io does, kept in a dict of clients."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.clients: dict[str, dict[str, Any]] = {}
        self.removed: set[str] = set()  # paths that are 404

    def links(self) -> list[dict[str, str]]:
        lookups = [
            {"rel": "lrdd", "type": "application/xrd+xml", "template": f"{self.root}/api/lrdd?resource={{uri}}"},
            {
                "rel": "lrdd",
                "type": "application/json",
                "template": f"{self.root}/.well-known/webfinger?resource={{uri}}",
            },
        ]
        return [*lookups, *({"rel": rel, "href": self.root + path} for rel, path in PATHS.items())]

    def __call__(self, request: Received) -> Reply:
        path = request.target.partition("?")[0]
        if path not in self.removed:
            if path == "/.well-known/host-meta.json":
                return 200, JSON, as_json(self.links())
            if path == "/.well-known/host-meta":
                wants_json = "application/json" in request.headers.get("accept", "")
                return (200, JSON, as_json(self.links())) if wants_json else (200, XRD, as_xrd(self.links()))
            if path == "/api/client/register" and request.method == "POST":
                return self.register(request)
        return 404, HTML, b"<!DOCTYPE html><html><head><title>Not Found</title></head></html>"

    def register(self, request: Received) -> Reply:
        kind = request.headers.get("content-type", "")
        params = json.loads(request.body) if kind == "application/json" else dict(parse_qsl(request.body.decode()))
        if "type" not in params:
            return self.error("No registration type provided")
        if not isinstance(params.get("contacts", ""), str):
            return self.error("contacts must be a string of space-separated email addresses.")
        if params.get("application_type", "web") not in ("web", "native"):
            return self.error("Unknown application_type.")
        if not isinstance(params.get("redirect_uris", ""), str):
            return self.html(500, "Object has no method 'split'")
        if params["type"] == "client_associate":
            if "client_id" in params:
                return self.error("Only set client_id for update.")
            params["client_id"], params["client_secret"] = f"id-{len(self.clients)}", f"secret-{len(self.clients)}"
            self.clients[params["client_id"]] = params
        elif params["client_id"] not in self.clients:
            return self.html(500, "No such thing")
        elif self.clients[params["client_id"]]["client_secret"] != params["client_secret"]:
            return self.error("Unauthorized", 403)
        self.clients[params["client_id"]] |= params
        answer = {name: params[name] for name in ("client_id", "client_secret")} | {"expires_at": 0}
        return 200, JSON, json.dumps(answer).encode()

    @staticmethod
    def error(text: str, status: int = 400) -> Reply:
        return status, JSON, json.dumps({"error": text}).encode()

    @staticmethod
    def html(status: int, text: str) -> Reply:
        return status, HTML, f"<!DOCTYPE html><html><head><title>{text}</title></head></html>".encode()


@pytest.fixture
def pump(server: Recorder) -> PumpIO:
    """pump.io, on the shared server."""
    server.answer = behaviour = PumpIO(server.url)
    return behaviour


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with serve() as running:
        yield running


class _Secure(HTTPAdapter):
    """What TLS does, without certificates: https://anything is a server on loopback."""

    def __init__(self, home: str) -> None:
        super().__init__()
        self.home = home

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        asked = request.url or ""
        parts = urlsplit(asked)
        request.url = self.home + (parts._replace(scheme="", netloc="").geturl() or "/")
        request.headers["Host"] = parts.netloc
        try:
            response = super().send(request, *args, **kwargs)
        finally:
            request.url = asked
        response.url = asked
        return response


@pytest.fixture
def secure(server: Recorder) -> Iterator[requests.Session]:
    """A session for which the server speaks https, under any name."""
    with requests.Session() as session:
        session.trust_env = False
        session.mount("https://", _Secure(server.url))
        yield session


@pytest.fixture
def raw() -> Iterator[Callable[[Callable[[socket.socket], None]], str]]:
    """Start a server that answers every connection as it is told to, octet by octet; return its URL."""
    listeners: list[socket.socket] = []

    def start(answer: Callable[[socket.socket], None]) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def work() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection, suppress(OSError):
                        connection.settimeout(10)
                        connection.recv(65536)
                        answer(connection)

        threading.Thread(target=work, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for listener in listeners:
        listener.close()


def account(url: str) -> str:
    return f"alice@{urlsplit(url).netloc}"


def targets(server: Recorder) -> list[str]:
    return [request.target.partition("?")[0] for request in server.received]


class TestTheWholeWay:
    def test_from_nothing_to_a_request_token(self, provider: Provider) -> None:
        """From an account to credentials that the embedded provider honours."""
        service = discover(provider.webfinger, scheme="http")
        consumer = register_client(service.registration_url, application_name="Test.io")
        hook = OAuthHook(None, None, consumer.key, consumer.secret, header_auth=True, callback="oob")
        assert requests.post(service.request_token_url, auth=hook, timeout=10).status_code == 200
        assert service.to_dict() == {
            **service.to_dict(),
            "name": urlsplit(provider.url).netloc,
            "request_token_url": provider.request_token_url,
            "authorization_url": provider.authorization_url,
            "access_token_url": provider.access_token_url,
            "registration_url": provider.registration_url,
            "api_url": provider.whoami_url,
        }

    def test_an_update(self, provider: Provider) -> None:
        """A consumer gets another name, and keeps its credentials."""
        consumer = register_client(provider.registration_url, application_name="Test.io", contacts=["a@a.example"])
        renamed = update_client(provider.registration_url, consumer, application_name="Test.io 2")
        assert renamed == consumer
        row = provider._storage.consumer(consumer.key)
        assert row is not None
        assert row.name == "Test.io 2"
        with pytest.raises(ProviderError, match="do not belong together") as caught:
            update_client(provider.registration_url, Consumer(consumer.key, SECRET), application_name="Mine")
        assert caught.value.status == 403

    def test_the_public_names(self) -> None:
        """The three are offered at the top."""
        import oauth_hook

        assert (oauth_hook.discover, oauth_hook.register_client, oauth_hook.update_client) == (
            discover,
            register_client,
            update_client,
        )


class TestWhereToLook:
    @pytest.mark.parametrize(
        "form", ["alice@{}", "acct:alice@{}", " alice@{}\n", "{}", "http://{}", "http://{}/", "HTTP://{}/alice?a=b#c"]
    )
    def test_accounts_hosts_and_urls(self, server: Recorder, pump: PumpIO, form: str) -> None:
        """An account, a host or a URL leads to the host's documents; the port is kept."""
        host = urlsplit(server.url).netloc
        service = discover(form.format(host), scheme="http")
        assert service.request_token_url == f"{server.url}/oauth/request_token"
        assert service.name == host
        assert targets(server) == ["/.well-known/host-meta.json"]

    def test_https_is_the_default(self, server: Recorder, pump: PumpIO, secure: requests.Session) -> None:
        """Without a word about the scheme, https is spoken, to the port that is named."""
        pump.root = "https://pump.example"
        service = discover("alice@Pump.Example", session=secure)
        assert (service.name, service.registration_url) == ("pump.example", "https://pump.example/api/client/register")
        assert server.last.headers["host"] == "pump.example"
        discover("alice@pump.example:8443", session=secure)
        assert server.last.headers["host"] == "pump.example:8443"

    def test_an_https_url_is_asked_over_https(self, pump: PumpIO, secure: requests.Session) -> None:
        """``scheme="http"`` allows plain http, and does not take https away from a URL that has it."""
        pump.root = "https://pump.example"
        assert discover("https://pump.example", scheme="http", session=secure).name == "pump.example"

    def test_nothing_of_the_session_is_signed(self, server: Recorder, pump: PumpIO) -> None:
        """Discovery is unsigned, whatever the session signs otherwise."""
        with requests.Session() as session:
            session.auth = OAuthHook("token", "secret", "key", "secret", header_auth=True)
            session.headers["Authorization"] = "Bearer mine"
            session.headers["X-Mine"] = "1"
            discover(account(server.url), scheme="http", session=session)
        assert "authorization" not in server.last.headers
        assert server.last.headers["x-mine"] == "1"

    @for_each(
        "wrong",
        [
            "", "alice@", "@pump.example", "a b@pump.example", "alice@pump example", "a@b@pump.example", "alice@h/path",
            "alice@h?q", "alice@h#f", "alice@h:port", "alice@[::1", "a/b@h", "ftp://h/", "https://", "https://u:p@h/",
            "https://h:/", "https://h/a b", "https://h/\n#", None, 3, b"alice@h",
        ],
    )  # fmt: skip
    def test_what_is_no_account(self, wrong: Any) -> None:
        """What is neither an account nor a host nor a URL is misuse, and nothing is sent."""
        with pytest.raises(UsageError):
            discover(wrong, timeout=5)

    @pytest.mark.parametrize("host", ["pump.example", "127.0.0.1:1", "localhost"])
    def test_plain_http_has_to_be_asked_for(self, host: str) -> None:
        """A URL of plain http is refused unless it was asked for, on loopback too."""
        with pytest.raises(UsageError, match="scheme='http'"):
            discover(f"http://{host}/", timeout=5)

    @pytest.mark.parametrize("more", [{"scheme": "ftp"}, {"scheme": None}, {"timeout": 0}, {"timeout": "soon"}])
    def test_other_arguments(self, more: dict[str, Any]) -> None:
        """A scheme that nobody knows and a time that is none are misuse."""
        with pytest.raises(UsageError):
            discover("alice@127.0.0.1:1", **more)


class TestDocuments:
    def test_xrd_where_there_is_no_json(self, server: Recorder, pump: PumpIO) -> None:
        """An older server has host-meta in XRD only."""
        pump.removed = {"/.well-known/host-meta.json"}
        service = discover(account(server.url), scheme="http")
        assert service.registration_url == f"{server.url}/api/client/register"
        assert targets(server) == ["/.well-known/host-meta.json", "/.well-known/host-meta"]
        assert server.last.headers["accept"] == "application/xrd+xml"

    def test_json_where_xrd_was_asked_for(self, server: Recorder, pump: PumpIO) -> None:
        """host-meta is read by what it is, not by what it was asked to be."""

        def answer(request: Received) -> Reply:
            return (200, XRD, as_json(pump.links())) if request.target.endswith("host-meta") else pump.html(404, "No")

        server.answer = answer
        assert discover(account(server.url), scheme="http").api_url == f"{server.url}/api/whoami"

    @for_each("lookup", [None, "/lookup?a={uri}&b=1", "relative{uri}", "/without"])
    @for_each("answer", [as_json, as_xrd])
    def test_webfinger_last(
        self, server: Recorder, lookup: str | None, answer: Callable[[list[dict[str, str]]], bytes]
    ) -> None:
        """Where host-meta has no endpoints, the account's own document is asked for, by its template if it is one."""
        links = [{"rel": rel, "href": server.url + path} for rel, path in PATHS.items()]
        template = None if lookup is None else (server.url if lookup.startswith("/") else "") + lookup

        def reply(request: Received) -> Reply:
            if "host-meta" in request.target:
                return 200, JSON, as_json([] if template is None else [{"rel": "lrdd", "template": template}])
            return 200, JSON, answer(links)

        server.answer = reply
        name = account(server.url)
        assert discover(name, scheme="http").access_token_url == f"{server.url}/oauth/access_token"
        path, _, query = server.last.target.partition("?")
        expected = (
            ("/lookup", "a") if lookup and lookup.startswith("/lookup") else ("/.well-known/webfinger", "resource")
        )
        assert (path, parse_qs(query)[expected[1]]) == (expected[0], [f"acct:{name}"])
        assert len(server.received) == 3

    def test_a_url_is_its_own_resource(self, server: Recorder) -> None:
        """Webfinger is asked about the URL, where it was a URL."""
        server.answer = lambda request: PumpIO.html(404, "Not Found")
        with pytest.raises(ProviderError):
            discover(f"{server.url}/alice#top", scheme="http")
        assert parse_qs(server.last.target.partition("?")[2]) == {"resource": [f"{server.url}/alice"]}

    def test_an_unknown_account(self, server: Recorder, pump: PumpIO) -> None:
        """Where only webfinger can tell, an account that it does not know is an error that says so."""
        server.answer = lambda request: (200, JSON, b"{}") if "host-meta" in request.target else pump(request)
        name = account(server.url)
        with pytest.raises(ProviderError, match=f"webfinger of acct:{name}.*404.*Not Found") as caught:
            discover(name, scheme="http")
        assert caught.value.status == 404

    def test_no_webfinger_where_host_meta_says_all(self, server: Recorder, provider: Provider) -> None:
        """Whether the account exists shows when the user logs in; nobody is asked before."""
        service = discover(provider.webfinger.replace("alice", "nobody"), scheme="http")
        assert service.request_token_url == provider.request_token_url

    @pytest.mark.parametrize("missing", list(PATHS)[1:4])
    def test_a_missing_endpoint(self, server: Recorder, pump: PumpIO, missing: str) -> None:
        """An endpoint that nobody names is an error that names it, and only it."""
        links = [link for link in pump.links() if link["rel"] != missing]
        server.answer = lambda request: (200, JSON, as_json(links))
        with pytest.raises(ProviderError) as caught:
            discover(account(server.url), scheme="http")
        assert missing in str(caught.value)
        assert not [rel for rel in PATHS if rel != missing and rel in str(caught.value)]

    def test_a_service_without_registration(self, server: Recorder, pump: PumpIO) -> None:
        """Registration and whoami may be missing: consumers are then registered by hand."""
        links = [link for link in pump.links() if "/oauth/" in link["rel"]]
        server.answer = lambda request: (200, JSON, as_json(links))
        service = discover(account(server.url), scheme="http")
        assert (service.registration_url, service.api_url) == (None, None)
        with pytest.raises(UsageError, match="registration_url"):
            register_client(service.registration_url, application_name="Test.io")  # type: ignore[arg-type]

    def test_the_first_of_two_links(self, server: Recorder, pump: PumpIO) -> None:
        """The first of several links is the preferred one."""
        more = [{"rel": rel, "href": "https://second.example/"} for rel in PATHS]
        server.answer = lambda request: (200, JSON, as_json(pump.links() + more))
        assert discover(account(server.url), scheme="http").api_url == f"{server.url}/api/whoami"

    @for_each(
        "href",
        [
            "/oauth/authorize",
            "//h/a",
            "ftp://h/a",
            "javascript:alert(1)",
            "https://",
            "https://u:p@h/",
            "https://h/a b",
        ],
    )
    def test_addresses_that_are_none(self, server: Recorder, pump: PumpIO, href: str) -> None:
        """A link has to be an absolute http(s) address."""
        links = [{**link, "href": href} if link["rel"].endswith("authorize") else link for link in pump.links()]
        server.answer = lambda request: (200, JSON, as_json(links))
        with pytest.raises(ProviderError, match=r"no absolute http or https URL for .*authorize"):
            discover(account(server.url), scheme="http")

    @pytest.mark.promise("https-never-leads-to-plain-http")
    @pytest.mark.parametrize("host", ["pump.example", "127.0.0.1"])
    def test_https_never_leads_to_plain_http(
        self, server: Recorder, pump: PumpIO, secure: requests.Session, host: str
    ) -> None:
        """An https discovery does not yield endpoints of plain http, on loopback neither, and says what to do."""
        pump.root = f"http://{host}"
        with pytest.raises(ProviderError, match=r"plain http URL for .*scheme='http'"):
            discover("alice@pump.example", session=secure)
        pump.root = f"https://{host}"
        assert discover("alice@pump.example", session=secure).access_token_url.startswith("https://")

    def test_plain_http_may_lead_to_https(self, server: Recorder, pump: PumpIO) -> None:
        """A server behind a proxy may advertise https: links are taken as they are."""
        pump.root = "https://pump.example"
        assert (
            discover(account(server.url), scheme="http").access_token_url == "https://pump.example/oauth/access_token"
        )

    def test_plain_http_lookups_are_not_followed(self, server: Recorder, secure: requests.Session) -> None:
        """A template of plain http is passed over in an https discovery."""
        links = [{"rel": "lrdd", "template": "http://pump.example/lookup?a={uri}"}]
        server.answer = lambda request: (200, JSON, as_json(links))
        with pytest.raises(ProviderError):
            discover("alice@pump.example", session=secure)
        assert targets(server)[2:] == ["/.well-known/webfinger"]

    def test_redirects(self, server: Recorder, abroad: Recorder) -> None:
        """A host may have its documents elsewhere; what they say counts."""
        there = PumpIO(abroad.url)
        abroad.answer = there
        server.answer = lambda request: (302, {"Location": abroad.url + request.target}, b"")
        service = discover(account(server.url), scheme="http")
        assert service.request_token_url == f"{abroad.url}/oauth/request_token"

    @pytest.mark.promise("https-never-leads-to-plain-http")
    def test_redirects_to_plain_http(self, server: Recorder, abroad: Recorder, secure: requests.Session) -> None:
        """An https discovery does not go on over plain http."""
        server.answer = lambda request: (302, {"Location": abroad.url + request.target}, b"")
        with pytest.raises(ProviderError, match="redirects"):
            discover("alice@pump.example", session=secure)
        assert abroad.received == []

    def test_endless_redirects(self, server: Recorder) -> None:
        """A circle is requests' own exception."""
        server.answer = lambda request: (302, {"Location": server.url + request.target}, b"")
        with pytest.raises(requests.TooManyRedirects):
            discover(account(server.url), scheme="http")

    @for_each(
        "body",
        [
            b"", b"{", b"[]", b'{"links": 3}', b'{"links": [3, null, {"rel": 3, "href": 4}]}', b'{"a":' * 100_000,
            b"null", b"<XRD>", b"<html></html>", b"<!DOCTYPE html><title>Hello</title>", b"not found", b"\xff\xfe",
            b"<a>" * 100_000, b"<?xml version='1.0' encoding='no-such'?><XRD xmlns='x'><Link rel='a'/></XRD>",
        ],
    )  # fmt: skip
    @for_each("status", [200, 404, 500])
    def test_strange_documents(self, server: Recorder, body: bytes, status: int) -> None:
        """Whatever the documents are, there is one clear error."""
        server.answer = lambda request: (status, JSON, body)
        with pytest.raises(ProviderError, match="does not say where its endpoints are"):
            discover(account(server.url), scheme="http")
        assert len(server.received) == 3

    def test_a_wire_that_fails(self) -> None:
        """No server at all is requests' own exception."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        with pytest.raises(requests.ConnectionError):
            discover(f"alice@127.0.0.1:{port}", scheme="http", timeout=5)

    def test_a_document_that_is_hung_up_on(self, server: Recorder, pump: PumpIO) -> None:
        """A server that drops the connection for one document is asked for the next."""

        def dropping(request: Received) -> Any:
            if request.target == "/.well-known/host-meta.json":
                raise ConnectionAbortedError
            return pump(request)

        server.answer = dropping
        assert discover(account(server.url), scheme="http").request_token_url
        asked = [request.target for request in server.received]
        assert asked == ["/.well-known/host-meta.json", "/.well-known/host-meta"]

    def test_the_most_telling_trouble_is_told(self, server: Recorder) -> None:
        """A document that is there and cannot be read is told, not that others are missing."""
        server.answer = lambda request: (500 if "json" in request.target else 404, {}, b"broken")
        with pytest.raises(ProviderError) as caught:
            discover(account(server.url), scheme="http")
        assert caught.value.status == 500

    @pytest.mark.parametrize("there", ["http://127.0.0.1:99999/", "alice@127.0.0.1:65536", "127.0.0.1:123456789012"])
    def test_a_port_that_is_none(self, there: str) -> None:
        """There is no port beyond 65535: a UsageError, before anything is sent."""
        with pytest.raises(UsageError):
            discover(there, scheme="http")


BOMB = (
    "<!DOCTYPE XRD [<!ENTITY a '0123456789'>"
    + "".join(f"<!ENTITY {chr(98 + n)} '{('&' + chr(97 + n) + ';') * 10}'>" for n in range(9))
    + "]>"
)


class TestXml:
    """XML comes from strangers: nothing in it is expanded, fetched or looked up."""

    @pytest.mark.promise("xml-is-read-without-document-types")
    @pytest.mark.parametrize(
        "head",
        [
            BOMB,
            "<!DOCTYPE XRD>",
            "<!doctype XRD>",
            "<?xml version='1.0'?><!-- a --><!DOCTYPE XRD SYSTEM 'http://127.0.0.1:1/x.dtd'>",
            "<!DOCTYPE XRD [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>",
        ],
    )
    def test_document_types_are_refused(self, server: Recorder, pump: PumpIO, head: str) -> None:
        """A document with a document type is not read, however good the rest of it is."""
        server.answer = lambda request: (200, XRD, as_xrd(pump.links(), head))
        started = time.process_time()
        with pytest.raises(ProviderError, match="does not say where"):
            discover(account(server.url), scheme="http", timeout=20)
        assert time.process_time() - started < 5

    @pytest.mark.promise("xml-is-read-without-document-types")
    @pytest.mark.parametrize("charset", ["utf-16", "utf-16-le", "utf-7", "utf-32"])
    def test_no_encoding_hides_them(self, server: Recorder, pump: PumpIO, charset: str) -> None:
        """Nor where the document is encoded otherwise, and says so or not."""
        text = as_xrd(pump.links(), BOMB).decode().encode(charset)
        for kind in ("application/xrd+xml", f"application/xrd+xml; charset={charset}"):
            server.answer = lambda request, kind=kind: (200, {"Content-Type": kind}, text)
            with pytest.raises(ProviderError):
                discover(account(server.url), scheme="http", timeout=20)

    def test_what_is_read(self) -> None:
        """Escapes are undone, other namespaces and a byte order mark do no harm, only the XRD's own links count."""
        text = (
            "\ufeff<?xml version='1.0' encoding='UTF-8'?><XRD xmlns='x' xmlns:h='y'><h:Host>a</h:Host>"
            "<Link rel='a&amp;b' href=\"http://h/?x=1&amp;y=&#50;\"/><Property><Link rel='inner'/></Property></XRD>"
        )
        found = read_links(text)
        assert found is not None
        assert [tuple(link) for link in found] == [("a&b", "http://h/?x=1&y=2", "")]
        assert read_links("<XRD><Link rel='&undefined;'/></XRD>") is None
        assert read_links("<XRD><Link rel='\ud800'/></XRD>") is None
        assert read_links("<xrd/>") is None


class TestRegister:
    def test_on_the_wire(self, server: Recorder, pump: PumpIO) -> None:
        """Unsigned JSON, lists as strings, everything given and nothing else."""
        consumer = register_client(
            f"{server.url}/api/client/register",
            application_name="Test.io ü",
            application_type="web",
            redirect_uris=["https://a.example/cb", "https://b.example/cb"],
            contacts=("alice@a.example", "bob@b.example"),
            logo_url="https://a.example/logo.png",
        )
        assert (consumer.key, consumer.secret, consumer.expires_at, consumer.extra) == ("id-0", "secret-0", None, {})
        assert server.last.headers["content-type"] == "application/json"
        assert json.loads(server.last.body) == {
            "type": "client_associate",
            "application_type": "web",
            "application_name": "Test.io ü",
            "redirect_uris": "https://a.example/cb https://b.example/cb",
            "contacts": "alice@a.example bob@b.example",
            "logo_url": "https://a.example/logo.png",
        }

    def test_absent_fields_are_left_out(self, server: Recorder, pump: PumpIO) -> None:
        """What is not given is not sent: neither null nor an empty list, which pump.io stumbles over."""
        url = f"{server.url}/api/client/register"
        register_client(url, application_name="Test.io", redirect_uris=[], contacts=[], logo_url=None)
        sent = {"type": "client_associate", "application_type": "native", "application_name": "Test.io"}
        assert json.loads(server.last.body) == sent

    def test_no_authorization(self, server: Recorder, pump: PumpIO, tmp_path: Any, monkeypatch: Any) -> None:
        """No Authorization header goes out: not the session's, not a hook's, not .netrc's."""
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1 login me password mine\n")
        monkeypatch.setenv("NETRC", str(netrc))
        with requests.Session() as session:
            session.auth = OAuthHook("token", "secret", "key", "secret", header_auth=True)
            session.headers["Authorization"] = "Bearer mine"
            register_client(f"{server.url}/api/client/register", application_name="Test.io", session=session)
            assert session.headers["Authorization"] == "Bearer mine"
        assert "authorization" not in server.last.headers

    @pytest.mark.parametrize(
        ("said", "expected"),
        [
            (0, None),
            (None, None),
            (0.0, None),
            (1_800_000_000, 1_800_000_000.0),
            ("1800000000", 1_800_000_000.0),
            (1_800_000_000.5, 1_800_000_000.5),
        ],
    )
    def test_expiry(self, server: Recorder, said: Any, expected: float | None) -> None:
        """``expires_at`` is kept in seconds since the epoch; 0 and null are never. The rest is in ``extra``."""
        reply = {"client_id": "a", "client_secret": "b", "expires_at": said, "more": {"x": [1]}}
        server.answer = lambda request: (200, JSON, json.dumps(reply).encode())
        consumer = register_client(f"{server.url}/r", application_name="Test.io")
        assert consumer == Consumer("a", "b", expires_at=expected, extra={"more": {"x": [1]}})
        assert type(consumer.expires_at) is type(expected)
        assert Consumer.from_dict(json.loads(json.dumps(consumer.to_dict()))) == consumer

    @for_each(
        "wrong",
        [
            {"application_name": ""}, {"application_name": " "}, {"application_name": None}, {"application_name": 3},
            {"application_type": "mobile"}, {"application_type": ""}, {"application_type": None},
            {"redirect_uris": "https://a.example/"}, {"redirect_uris": ["https://a.example/ x"]},
            {"redirect_uris": [""]}, {"redirect_uris": None}, {"redirect_uris": 3}, {"redirect_uris": [3]},
            {"redirect_uris": ["a\nb"]},
            {"redirect_uris": b"https://a.example/"}, {"contacts": "alice@a.example"}, {"contacts": ["a@b c@d"]},
            {"contacts": [None]}, {"logo_url": ""}, {"logo_url": "a b"}, {"logo_url": 3}, {"scheme": "gopher"},
            {"timeout": -1}, {"timeout": None},
        ],
    )  # fmt: skip
    def test_bad_arguments(self, server: Recorder, pump: PumpIO, wrong: dict[str, Any]) -> None:
        """What cannot be said so is misuse, before anything is sent."""
        with pytest.raises(UsageError):
            register_client(f"{server.url}/api/client/register", **{"application_name": "Test.io", **wrong})
        assert server.received == []

    @for_each("url", [None, 3, "", "/api/client/register", "ftp://h/", "https://u:p@h/", "https://h/a b"])
    def test_bad_addresses(self, url: Any) -> None:
        """A registration goes to an absolute http(s) address."""
        with pytest.raises(UsageError):
            register_client(url, application_name="Test.io", timeout=5)

    def test_plain_http(self, server: Recorder, pump: PumpIO) -> None:
        """Plain http is refused unless it was asked for, or never leaves the machine."""
        with pytest.raises(UsageError, match="scheme='http'"):
            register_client("http://pump.example/api/client/register", application_name="Test.io", timeout=5)
        with requests.Session() as session:
            session.trust_env = False
            session.mount("http://pump.example", _Secure(server.url))
            url = "http://pump.example/api/client/register"
            assert register_client(url, application_name="Test.io", scheme="http", session=session).key == "id-0"


class TestUpdate:
    def test_on_the_wire(self, server: Recorder, pump: PumpIO) -> None:
        """The credentials go in the body, with what is to change and nothing else; the reply is used."""
        url = f"{server.url}/api/client/register"
        consumer = register_client(url, application_name="Test.io")
        assert update_client(url, consumer, application_name="Test.io 2", contacts=["a@a.example"]) == consumer
        known = {"type": "client_update", "client_id": "id-0", "client_secret": "secret-0"}
        assert json.loads(server.last.body) == {**known, "application_name": "Test.io 2", "contacts": "a@a.example"}
        update_client(url, consumer)
        assert json.loads(server.last.body) == known

    def test_a_session_of_other_requests(self, server: Recorder, pump: PumpIO) -> None:
        """A registration is JSON, whatever the session says of its other requests."""
        with requests.Session() as session:
            session.headers["Content-Type"] = "text/plain"
            register_client(f"{server.url}/api/client/register", application_name="Test.io", session=session)
        assert server.last.headers["content-type"] == "application/json"

    def test_the_reply_is_used(self, server: Recorder) -> None:
        """A provider may give another secret and another time."""
        reply = {"client_id": "a", "client_secret": "new", "expires_at": 1_800_000_000, "x": 1}
        server.answer = lambda request: (200, JSON, json.dumps(reply).encode())
        old = Consumer("a", "old")
        assert update_client(f"{server.url}/r", old) == Consumer("a", "new", expires_at=1.8e9, extra={"x": 1})
        assert old == Consumer("a", "old")

    def test_a_wrong_secret(self, server: Recorder, pump: PumpIO) -> None:
        """pump.io's 403 is an error that has its word."""
        url = f"{server.url}/api/client/register"
        consumer = register_client(url, application_name="Test.io")
        with pytest.raises(ProviderError, match=r"status 403.*Unauthorized") as caught:
            update_client(url, Consumer(consumer.key, SECRET), application_name="Test.io 2")
        assert (caught.value.status, caught.value.problem) == (403, "Unauthorized")
        assert SECRET not in "".join(traceback.format_exception(caught.value)) + caught.value.body

    def test_an_unknown_consumer(self, server: Recorder, pump: PumpIO) -> None:
        """pump.io's 500 in HTML is an error that has its title."""
        with pytest.raises(ProviderError, match=r"status 500.*No such thing") as caught:
            update_client(f"{server.url}/api/client/register", Consumer("nobody", SECRET))
        assert caught.value.status == 500

    @pytest.mark.parametrize("consumer", [None, "id-0", {"key": "a"}])
    def test_not_a_consumer(self, server: Recorder, consumer: Any) -> None:
        """Only a ``Consumer`` can be updated."""
        with pytest.raises(UsageError, match="a Consumer"):
            update_client(f"{server.url}/r", consumer)
        assert server.received == []


GOOD = {"client_id": "a", "client_secret": SECRET, "expires_at": 0}

NONSENSE: list[tuple[int, bytes]] = [
    (200, b""),
    (200, b"  \n"),
    (200, b"OK"),
    (200, b"<html><title>Log in</title></html>"),
    (200, b"[]"),
    (200, b"null"),
    (200, b"{"),
    (200, b'{"a":' * 100_000),
    (200, b"client_id=a&client_secret=" + SECRET.encode()),
    (200, b'{"error": "No"}'),
    (200, json.dumps({**GOOD, "error": "No"}).encode()),
    (200, json.dumps({"client_id": "a"}).encode()),
    (200, json.dumps({"client_secret": SECRET}).encode()),
    (200, f'{{"client_id": "a", "client_id": "b", "client_secret": "{SECRET}"}}'.encode()),
    (200, f'{{"client_id": "a", "client_secret": "x", "client_secret": "{SECRET}"}}'.encode()),
    *((200, json.dumps({**GOOD, "client_id": value}).encode()) for value in ("", None, 3, ["a"], "a\n", True)),
    *((200, json.dumps({**GOOD, "client_secret": value}).encode()) for value in ("", None, 3, [SECRET])),
    *((200, json.dumps({**GOOD, "expires_at": value}).encode()) for value in (-1, "0", "soon", True, [], 1e13)),
    (200, json.dumps({**GOOD, "expires_at": "X"}).replace('"X"', "NaN").encode()),
    (200, json.dumps({**GOOD, "expires_at": "X"}).replace('"X"', "1e999").encode()),
    (200, json.dumps({**GOOD, "expires_at": "X"}).replace('"X"', "9" * 5000).encode()),
    (204, b""),
    (304, b""),
    (400, b'{"error": "Unknown application_type."}'),
    (401, json.dumps(GOOD).encode()),
    (403, json.dumps({"error": f"wrong secret {SECRET}"}).encode()),
    (404, b"<html><h1>Cannot POST</h1></html>"),
    (500, SECRET.encode()),
]


class TestAnswers:
    @for_each(("status", "body"), NONSENSE)
    @for_each("update", [False, True])
    def test_refusals_and_nonsense(self, server: Recorder, status: int, body: bytes, update: bool) -> None:
        """Whatever is no registration is one error with its status, and no secret in it, theirs or ours."""
        server.answer = lambda request: (status, JSON, body)
        url, arguments = f"{server.url}/r", [Consumer("a", SECRET)] if update else []
        with pytest.raises(ProviderError) as caught:
            (update_client if update else register_client)(url, *arguments, application_name="Test.io")
        error = caught.value
        assert error.status == status
        assert error.response is not None
        shown = f"{error}{error!r}{error.problem}"
        known = update or b"client_secret" in body
        assert not known or SECRET not in shown + error.body + "".join(traceback.format_exception(error))

    @pytest.mark.parametrize("secret", ['quo"te & <', "a;b c", "ü\\n", "%41+"])
    def test_strange_secrets_are_not_shown(self, server: Recorder, secret: str) -> None:
        """A new secret in an answer that is refused stays hidden, however it is spelled."""
        body = json.dumps({"client_id": "", "client_secret": secret})
        server.answer = lambda request: (200, JSON, body.encode())
        with pytest.raises(ProviderError) as caught:
            register_client(f"{server.url}/r", application_name="Test.io")
        assert secret not in caught.value.body
        assert json.dumps(secret)[1:-1] not in caught.value.body

    @pytest.mark.parametrize("field", ["client_id", "client_secret"])
    def test_half_a_character(self, server: Recorder, field: str) -> None:
        r"""A lone surrogate, which JSON can spell, is none that anything could be signed with."""
        body = json.dumps({"client_id": "a", "client_secret": "b", field: "x\ud800"})
        server.answer = lambda request: (200, JSON, body.encode())
        with pytest.raises(ProviderError, match=f"sent no usable {field}"):
            register_client(f"{server.url}/r", application_name="Test.io")

    def test_arrays_are_never_sent(self, server: Recorder, pump: PumpIO) -> None:
        """This pump.io refuses arrays; whoever sends them by hand sees what the module spares one."""
        url = f"{server.url}/api/client/register"
        for field, status in (("redirect_uris", 500), ("contacts", 400)):
            sent = {"type": "client_associate", "application_name": "x", field: ["a@a.example"]}
            assert requests.post(url, json=sent, timeout=10).status_code == status
        register_client(url, application_name="x", redirect_uris=["https://a.example/"], contacts=["a@a.example"])

    @pytest.mark.promise("token-requests-stay-with-their-service")
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_redirects_elsewhere(self, server: Recorder, abroad: Recorder, status: int) -> None:
        """A registration does not go to another origin: pump.io redirects a wrong Host, POSTs too."""
        server.answer = lambda request: (status, {"Location": f"{abroad.url}/r"}, b"")
        with pytest.raises(ProviderError, match="redirects to another origin") as caught:
            update_client(f"{server.url}/r", Consumer("a", SECRET))
        assert caught.value.status == status
        assert abroad.received == []

    def test_redirects_at_home(self, server: Recorder) -> None:
        """A redirect that stays there and keeps the method is followed, still unsigned."""

        def answer(request: Received) -> Reply:
            here = request.target == "/r"
            return (308, {"Location": "/r2"}, b"") if here else (200, JSON, json.dumps(GOOD).encode())

        server.answer = answer
        assert register_client(f"{server.url}/r", application_name="Test.io").key == "a"
        assert server.received[0].body == server.received[1].body

    @pytest.mark.promise("responses-are-bounded")
    def test_huge(self, server: Recorder) -> None:
        """An answer of more than a megabyte is refused, in discovery too."""
        server.answer = lambda request: (200, JSON, json.dumps(GOOD).encode() + b" " * (2 << 20))
        with pytest.raises(ProviderError, match="larger than"):
            register_client(f"{server.url}/r", application_name="Test.io")
        with pytest.raises(ProviderError, match="larger than"):
            discover(account(server.url), scheme="http")


class TestTime:
    """Nothing hangs past the timeout."""

    @staticmethod
    def silent(connection: socket.socket) -> None:
        while connection.recv(65536):
            pass

    @staticmethod
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(100):
            connection.sendall(b" ")
            time.sleep(0.1)

    @staticmethod
    def cut(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{")

    @pytest.mark.promise("a-timeout-bounds-the-whole-response")
    @for_each("answer", [silent, drip], at_once=True)
    @for_each("what", [discover, register_client], at_once=True)
    def test_slow_servers(self, raw: Any, answer: Callable[[socket.socket], None], what: Any) -> None:
        """A server that is silent, or sends an octet now and then, is given up in time: requests' own exception."""
        url = raw(answer)
        started = time.monotonic()
        more = {"scheme": "http"} if what is discover else {"application_name": "Test.io"}
        with pytest.raises(requests.Timeout):
            what(url, timeout=0.5, **more)
        assert time.monotonic() - started < 9  # all of what drips would take ten

    def test_the_time_is_for_all_documents_together(self, server: Recorder) -> None:
        """Discovery asks several times, and takes no longer for that."""

        def slow(request: Received) -> Reply:
            time.sleep(0.2)
            return 404, HTML, b"no"

        server.answer = slow
        with pytest.raises(requests.Timeout):
            discover(account(server.url), scheme="http", timeout=0.3)
        assert len(server.received) <= 2

    def test_cut_off(self, raw: Any) -> None:
        """An answer that ends too early is the server's fault."""
        with pytest.raises(ProviderError, match="cut off"):
            register_client(f"{raw(self.cut)}/r", application_name="Test.io", timeout=10)
