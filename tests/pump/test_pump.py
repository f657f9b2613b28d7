"""PyPump's face, over real sockets: against the embedded provider, and against a server as strict as pump.io."""

from __future__ import annotations

import gc
import io
import json
import logging
import pickle
import re
import ssl
import subprocess
import sys
import textwrap
import threading
import time
import traceback
import types
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import requests
from oauthlib import oauth1
from pump_server import FORM, JSON, PumpServer
from tables import for_each

from oauth_hook import AccessToken, Account, Consumer, CredentialStore, OAuthHook, OAuthHookError
from oauth_hook.errors import ProviderError, UsageError
from oauth_hook.provider import Provider, serve
from oauth_hook.pump import Client, PyPump, WebPump, simple_verifier

REGISTER, REQUEST, ACCESS = "/api/client/register", "/oauth/request_token", "/oauth/access_token"
BACK = "http://127.0.0.1:9/back"


@pytest.fixture
def server() -> Iterator[PumpServer]:
    """A server that behaves as pump.io does."""
    with PumpServer() as running:
        yield running


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    """The embedded provider."""
    with serve() as running:
        yield running


@pytest.fixture(params=["pump.io", "embedded"])
def home(request: pytest.FixtureRequest) -> Any:
    """Either server: both have ``url``, ``webfinger`` and ``approve``."""
    return request.getfixturevalue("server" if request.param == "pump.io" else "provider")


def client_at(home: Any, **more: Any) -> Client:
    return Client(**{"webfinger": home.webfinger, "name": "Test.io", **more})


def pump_at(home: Any, **more: Any) -> PyPump:
    """Return a pump that has been authorized."""
    more = {"scheme": "http", "verifier_callback": home.approve, "timeout": 20, **more}
    return PyPump(more.pop("client", None) or client_at(home), **more)


def web_at(home: Any, **more: Any) -> WebPump:
    more = {"client_name": "App", "client_type": "web", "callback": BACK, "scheme": "http", "timeout": 20, **more}
    return WebPump(more.pop("client", home.webfinger), **more)


class Terminal(io.TextIOBase):
    """Somebody at the terminal: reads the link on standard error, answers there, and types what is shown."""

    def __init__(self, home: Any, capsys: pytest.CaptureFixture[str]) -> None:
        self.home, self.capsys = home, capsys

    def readline(self, *_: Any) -> str:  # type: ignore[override]
        link = re.search(r"http\S+/oauth/authorize\?\S+", self.capsys.readouterr().err)
        assert link is not None
        return f"  {self.home.approve(link[0])} \n"


# --- the seeds ---


def run(code: str, names: dict[str, Any]) -> None:
    """Run a seed's own code."""
    exec(code, names)  # noqa: S102


AUTHORIZATION = """
client = Client(
    webfinger=WEBFINGER,
    name="Test.io",
    type="native"
    )
pump = PyPump(client=client, verifier_callback=simple_verifier, scheme="http")
client_credentials = pump.get_registration() # will return [<client key>, <client secret>, <expirey>]
client_tokens = pump.get_token() # will return [<token>, <secret>]
"""

AGAIN = """
client = Client(
    webfinger=WEBFINGER,
    name="Test.io",
    type="native",
    key=client_credentials[0], # client key
    secret=client_credentials[1] # client secret
    )
pump = PyPump(
        client=client,
        token=client_tokens[0], # the token key
        secret=client_tokens[1], # the token secret
        verifier_callback=simple_verifier,
        scheme="http"
        )
"""


@pytest.mark.parametrize("seed", ["000_167c4a5b49f62eb6.txt", "001_a955751c04ea2536.txt"])
def test_the_page_on_authorization(seed, home, monkeypatch, capsys):
    """PyPump's page on authorization (two versions of it, with the same code): the first time, and again."""
    monkeypatch.setattr(sys, "stdin", Terminal(home, capsys))
    names: dict[str, Any] = {"WEBFINGER": home.webfinger}
    run("from oauth_hook.pump import PyPump, Client, simple_verifier", names)
    run(AUTHORIZATION, names)
    key, secret, expiry = names["client_credentials"]
    assert (names["client"].key, names["client"].secret, expiry) == (key, secret, 0)
    assert names["pump"].me["id"].startswith("acct:alice@")
    monkeypatch.setattr(sys, "stdin", None)  # whoever is asked now is an error
    run(AGAIN, names)
    assert names["pump"].get_token() == names["client_tokens"]
    assert names["pump"].get_registration() == names["client_credentials"]
    assert names["pump"].me["preferredUsername"] == "alice"
    if isinstance(home, PumpServer):
        assert (home.asked(REGISTER), home.asked(REQUEST), home.asked(ACCESS)) == (1, 1, 1)


def test_the_page_on_authorization_overridden(home):
    """``000_167c4a5b49f62eb6.txt``: "If you're not using CLI you will need to override the get_access method"."""

    class WithoutTerminal(PyPump):
        def get_access(self, url):
            return home.approve(url)

    pump = WithoutTerminal(client=client_at(home), scheme="http")
    assert pump.me["preferredUsername"] == "alice"


# The page's ``button`` without ``self.`` is its own mistake.
GUI = '''
from oauth_hook.pump import PyPump
from gui_framework import Window, Widgets

class MyGui(object):

    pump = None

    def __init__(self):
        self.window = Window()
        self.window.add(
            Widgets.Message("Checking authorization...")
            )

    def return_verifier(self):
        """ Hands the verifier back to PyPump """
        if self.pump is None:
            raise Exception("You need to set PyPump")

        verifier = self.verifier.get()
        self.pump.verifier(verifier)
        # Done!

    def ask_verifier(self, url):
        """ Will display a message with URL and a text box for the verifier """
        self.window.clear()
        self.verifier = Widgets.Textbox()
        self.button = Widgets.Button()
        self.window.add(
            Widgets.Message("Please authorize me!"),
            Widgets.Message(url),
            self.verifier,
            self.button,
            )
        self.button.when_clicked(self.return_verifier)


gui = MyGui()

pump = PyPump(
    WEBFINGER,
    client_name="MyClient",
    verifier_callback=gui.ask_verifier,
    scheme="http"
    )
gui.pump = pump
'''


class Window:
    """A window of a GUI framework that is not there."""

    def __init__(self) -> None:
        self.widgets: list[Any] = []

    def add(self, *widgets: Any) -> None:
        self.widgets.extend(widgets)

    def clear(self) -> None:
        self.widgets.clear()


class Widgets:
    """Its widgets."""

    class Message(str):
        __slots__ = ()

    class Textbox:
        text = ""

        def get(self) -> str:
            return self.text

    class Button:
        def when_clicked(self, action: Callable[[], None]) -> None:
            self.click = action


def test_the_page_on_verifiers(home, monkeypatch):
    """``002_6728dd5f18bcca0a.txt``: the window shows the link, and a button brings the verifier later."""
    framework = types.ModuleType("gui_framework")
    framework.Window, framework.Widgets = Window, Widgets  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "gui_framework", framework)
    names: dict[str, Any] = {"WEBFINGER": home.webfinger}
    run(GUI, names)
    pump, (title, url, textbox, button) = names["pump"], names["gui"].window.widgets
    assert title == "Please authorize me!"
    with pytest.raises(UsageError, match="not authorized this application yet"):
        pump.get_token()
    textbox.text = home.approve(url)
    button.click()
    assert pump.me["preferredUsername"] == "alice"


def test_the_page_on_verifiers_on_the_console(home, monkeypatch, capsys):
    """``002_6728dd5f18bcca0a.txt``: "This is how PyPump by default asks": the link, then a line of input."""
    monkeypatch.setattr(sys, "stdin", Terminal(home, capsys))
    pump = PyPump(home.webfinger, client_name="MyClient", scheme="http")
    assert pump.me["preferredUsername"] == "alice"
    assert capsys.readouterr().out == ""


def test_the_page_on_verifiers_by_hand(home):
    """``002_6728dd5f18bcca0a.txt``: ``pypump_instance.verifier(verifier)``."""
    shown: list[str] = []
    pypump_instance = pump_at(home, verifier_callback=shown.append)
    verifier = home.approve(shown[0])
    pypump_instance.verifier(verifier)
    assert pypump_instance.me["preferredUsername"] == "alice"


# --- ways to bring the verifier ---


@for_each("callback", ["oob", BACK, BACK + "?x=1"])
def test_the_callback_returns_it(callback, home):
    """The callback returns the verifier; or the whole address that the user was sent to."""
    pump = pump_at(home, callback=callback)
    assert len(pump.get_token()) == 2


def test_the_callback_brings_it_itself(home):
    """A ``get_access`` that calls ``verifier`` itself is done, whatever it returns then."""

    class Inside(PyPump):
        def get_access(self, url):
            self.verifier(home.approve(url))
            return "and something else"

    assert Inside(client_at(home), scheme="http").me["preferredUsername"] == "alice"


def test_another_thread_brings_it(home):
    """A callback may start a thread that brings the verifier while, or after, the constructor runs."""
    threads = []

    class Elsewhere(PyPump):
        def get_access(self, url):
            threads.append(threading.Thread(target=lambda: self.verifier(home.approve(url))))
            threads[0].start()

    pump = Elsewhere(client_at(home), scheme="http")
    threads[0].join(20)
    assert pump.me["preferredUsername"] == "alice"


def test_two_threads_bring_it(server):
    """Two threads with the same verifier: one exchanges it, and both find the pump authorized."""
    shown: list[str] = []
    pump = pump_at(server, verifier_callback=shown.append)
    verifier, failed = server.approve(shown[0]), []

    def bring() -> None:
        try:
            pump.verifier(verifier)
        except UsageError as error:  # it came when all was done
            failed.append(error)

    threads = [threading.Thread(target=bring) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert server.asked(ACCESS) == 1
    assert all("authorized already" in str(error) for error in failed)
    assert pump.me["preferredUsername"] == "alice"


@for_each("junk", [None, True, False, 0, object()])
def test_what_a_callback_returns_besides(junk, home):
    """PyPump ignored what callbacks return, so they return anything, such as ``webbrowser.open`` does: it is later."""
    shown: list[str] = []

    def callback(url: str) -> Any:
        shown.append(url)
        return junk

    pump = pump_at(home, verifier_callback=callback)
    assert "not authorized" in repr(pump)
    pump.verifier(home.approve(shown[0]))
    assert "not" not in repr(pump)


def test_asking_again(server):
    """``oauth_request`` asks anew; the token stays until there is another."""
    pump = pump_at(server)
    before, server.nickname = pump.get_token(), "bob"
    assert pump.me["preferredUsername"] == "alice"
    pump.verifier_callback = lambda url: None
    pump.oauth_request()
    assert pump.get_token() == before
    pump.verifier_callback = server.approve
    pump.oauth_request()
    assert pump.get_token() != before
    assert pump.me["preferredUsername"] == "bob"
    assert server.asked(REGISTER) == 1


def test_simple_verifier(server, monkeypatch, capsys):
    """It shows the link on standard error, and returns the line without white space."""
    url = f"{server.url}/oauth/authorize?oauth_token=t"
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n code \n"))
    assert simple_verifier(url) == "code"
    shown = capsys.readouterr()
    assert url in shown.err
    assert shown.out == ""


# --- against pump.io ---


def test_the_whole_way_against_pump_io(server):
    """Registration, three legs, whoami through its redirect, a posted note, the feed, an update."""
    client = client_at(
        server, type="web", contacts=["a@a.example", "b@b.example"], redirect=["http://a/", "http://b/"],
        logo="http://a/logo.png",
    )  # fmt: skip
    pump = pump_at(server, client=client)
    said = server.clients[client.key]
    assert said == {**said, "application_type": "web", "application_name": "Test.io", "logo_url": "http://a/logo.png"}
    assert said["contacts"] == "a@a.example b@b.example"
    assert said["redirect_uris"] == "http://a/ http://b/"
    assert pump.me["id"] == "acct:alice@127.0.0.1"
    note = {"verb": "post", "object": {"objectType": "note", "content": "Grüße & <b>'quotes'</b>"}}
    posted = pump.request("/api/user/alice/feed", method="POST", data=note)
    assert posted["object"] == note["object"]
    assert posted["actor"] == "alice"
    feed = pump.request("/api/user/alice/feed", params={"count": 1, "before": "é +"})
    assert feed == {"totalItems": 1, "items": [posted]}
    client.name = "Test.io 2"
    assert client.update() is True
    assert server.clients[client.key]["application_name"] == "Test.io 2"
    for got in server.received:
        if "authorization" in got.headers:
            assert got.headers["authorization"].startswith("OAuth ")
            assert "HMAC-SHA1" in got.headers["authorization"]
            assert "oauth_" not in got.target


def test_the_server_is_strict(server):
    """The server of these tests refuses what pump.io refuses: so that what passes here says something."""
    key, secret, _ = (pump := pump_at(server)).get_registration()
    token, url = pump.get_token(), f"{server.url}/api/user/alice/feed"

    def signed(**more: Any) -> dict[str, Any]:
        uri, headers, _ = oauth1.Client(key, secret, *token, **more).sign(url)
        return {"url": uri, "headers": headers}

    def answer(method: str = "GET", **request: Any) -> tuple[int, str]:
        response = requests.request(method, timeout=20, **request)
        return response.status_code, response.text

    assert answer(**signed())[0] == 200
    lower = signed()
    lower["headers"]["Authorization"] = lower["headers"]["Authorization"].replace("OAuth", "oauth")
    assert answer(**lower)[0] == 401
    assert answer(**signed(signature_type="QUERY")) == (401, "Missing required parameter")
    assert answer(**signed(signature_method="PLAINTEXT")) == (400, "Invalid signature")
    wrong = oauth1.Client(key, "wrong", callback_uri="oob").sign(server.url + REQUEST, "POST")
    assert answer("POST", url=wrong[0], headers=wrong[1]) == (401, "Invalid signature")
    used = signed()
    assert [answer(**used)[0], answer(**used)] == [200, (401, "Invalid / used nonce")]
    assert answer("POST", url=server.url + REGISTER, json={"type": "client_associate", "contacts": []})[0] == 500
    upper = {"Content-Type": "Application/JSON"}
    assert answer("POST", url=server.url + REGISTER, data="{}", headers=upper)[0] == 500


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of our own for 127.0.0.1, and its key, in one file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(timezone.utc)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    plain = serialization.NoEncryption()
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    )
    return path


@pytest.fixture
def secure(certificate: Path) -> Iterator[PumpServer]:
    """The same server, over TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with PumpServer(context=context) as running:
        yield running


def test_https_is_the_default(secure, certificate, monkeypatch):
    """Without a word about it https is spoken, and certificates are checked; ``verify_requests`` says otherwise."""
    more = {"client_name": "Test.io", "verifier_callback": secure.approve, "timeout": 20}
    with pytest.raises(requests.exceptions.SSLError):
        PyPump(secure.webfinger, **more)
    assert secure.received == []
    pump = PyPump(secure.webfinger, verify_requests=str(certificate), **more)
    assert pump.me["preferredUsername"] == "alice"
    pump.verify_requests = True
    with pytest.raises(requests.exceptions.SSLError):
        pump.request("/api/whoami")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))  # requests would have it overrule verify=False
    with pytest.warns(Warning, match="Unverified HTTPS"):
        pump = PyPump(secure.webfinger, verify_requests=False, **more)
    with pytest.warns(Warning, match="Unverified HTTPS"):
        assert pump.me["preferredUsername"] == "alice"


def test_a_server_that_is_elsewhere(server, recorders):
    """Where a host's documents lead to another one, the API is asked there, and signed for there."""
    door = recorders[0]
    door.received.clear()
    door.answer = lambda got: (200, {"Content-Type": JSON}, requests.get(server.url + got.target, timeout=20).content)
    webfinger = "alice@" + door.url.partition("://")[2]
    store: dict[str, Any] = {}
    pump = pump_at(server, client=Client(webfinger, name="Test.io"), store=store)
    assert pump.me["preferredUsername"] == "alice"
    assert len(door.received) == 1
    assert store[webfinger].service == server.url
    with pytest.raises(UsageError, match=re.escape(f"not at {server.url}")):
        pump.request(f"{door.url}/api/whoami")


# --- what is kept ---


def test_a_store_keeps_it_all(server, tmp_path):
    """With a store, another process registers nothing and asks nobody."""
    path = tmp_path / "credentials"
    pump = pump_at(server, store=CredentialStore(path))
    kept = CredentialStore(path)[server.webfinger]
    assert kept == Account(
        Consumer(*pump.get_registration()[:2]), kept.token, server.url
    )  # fmt: skip
    assert [kept.token.key, kept.token.secret] == pump.get_token()
    asked = len(server.received)
    code = """
        import sys
        from oauth_hook import CredentialStore
        from oauth_hook.pump import PyPump
        pump = PyPump(sys.argv[1], client_name="Test.io", scheme="http", store=CredentialStore(sys.argv[2]))
        print(*pump.get_registration()[:2], *pump.get_token(), pump.me["preferredUsername"])
    """
    output = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code), server.webfinger, path],
        capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    assert output.stdout.split() == [*pump.get_registration()[:2], *pump.get_token(), "alice"], output.stderr
    assert [got.path for got in server.received[asked:]] == ["/api/whoami", "/api/user/alice/profile"]


def test_stored_credentials_make_no_request(server, recorders):
    """With stored or given credentials nothing is sent when a pump is made, so that it works offline."""
    store: dict[str, Any] = {}
    pump = pump_at(server, store=store)
    key, secret, _ = pump.get_registration()
    token = pump.get_token()
    before = len(server.received)
    again = pump_at(server, store=store, verifier_callback=None)
    given = pump_at(server, client=client_at(server, key=key, secret=secret), token=token[0], secret=token[1])
    old = PyPump(server.webfinger, key=key, secret=secret, token=token[0], token_secret=token[1], scheme="http")
    assert len(server.received) == before
    for each in (again, given, old):
        assert each.get_registration() == [key, secret, 0]
        assert each.me["preferredUsername"] == "alice"


@for_each("form", ["{webfinger}", "{url}", "{url}/", "{url}/api/whoami", "tumblr", "three of them", None])
def test_accounts_of_others(form, server):
    """An account that the command has stored serves as well, however it names the service."""
    store: dict[str, Any] = {}
    pump_at(server, store=store)
    kept = store[server.webfinger]
    service = None if form is None else form.format(webfinger=server.webfinger, url=server.url)
    store[server.webfinger] = Account(kept.consumer, kept.token, service)
    assert pump_at(server, store=store, verifier_callback=None).me["preferredUsername"] == "alice"


def test_half_way(server, tmp_path):
    """Registered but not authorized: that is kept, and a new start asks the user without registering again."""
    store = CredentialStore(tmp_path / "credentials")
    pump_at(server, store=store, verifier_callback=lambda url: None)
    assert store[server.webfinger].token is None
    assert pump_at(server, store=store).me["preferredUsername"] == "alice"

    def crash(url: str) -> str:
        raise KeyboardInterrupt

    client = client_at(server)
    with pytest.raises(KeyboardInterrupt):
        pump_at(server, client=client, verifier_callback=crash)
    assert client.key  # the Client knows it too
    pump_at(server, client=client)
    assert server.asked(REGISTER) == 2


def test_arguments_go_before_what_is_kept(server):
    """A client of one's own is used though another is kept, without the token, which is for the other's key."""
    store: dict[str, Any] = {}
    pump_at(server, store=store)
    kept = store[server.webfinger]
    own = client_at(server)
    pump_at(server, client=own)
    pump = pump_at(server, client=client_at(server, key=own.key, secret=own.secret), store=store)
    assert pump.get_registration()[0] == own.key != kept.consumer.key
    assert store[server.webfinger].consumer.key == own.key
    assert server.asked(REGISTER) == 2
    same = client_at(server, key=own.key, secret=own.secret)
    assert pump_at(server, client=same, store=store, verifier_callback=None).get_token() == pump.get_token()


def test_an_update_is_kept(server):
    """What the server answers to an update is taken, in the client and in the store, with the token."""
    store: dict[str, Any] = {}
    client = client_at(server)
    pump = pump_at(server, client=client, store=store)
    new = {"client_id": client.key, "client_secret": "another", "expires_at": 2_000_000_000}
    server.instead[REGISTER] = [(200, {"Content-Type": JSON}, json.dumps(new).encode())]
    client.update()
    assert pump.get_registration() == [client.key, "another", 2_000_000_000]
    assert client.expirey == client.expiry == 2_000_000_000
    assert store[server.webfinger].consumer == Consumer(client.key, "another", expires_at=2_000_000_000)
    assert [store[server.webfinger].token.key, store[server.webfinger].token.secret] == pump.get_token()
    assert pump.hook.consumer.secret == "another"


def test_a_client_by_itself(secure, certificate, monkeypatch):
    """A ``Client`` registers, and updates, without a pump; registering twice is an update, as with PyPump."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    client = client_at(secure)
    with pytest.raises(UsageError, match="not registered yet"):
        client.update()
    client.register()
    key = client.key
    client.name = "Another"
    client.register()
    assert client.key == key
    assert secure.clients[key]["application_name"] == "Another"


EXPIRED = 1_000_000_000


def test_an_expired_client_is_updated(server):
    """Credentials whose time is over are updated first: the key stays, and the tokens with it."""
    store: dict[str, Any] = {}
    server.expires_at = EXPIRED
    first = pump_at(server, store=store)
    server.expires_at = 0
    pump = pump_at(server, store=store, verifier_callback=None)
    assert pump.get_token() == first.get_token()
    assert pump.get_registration()[2] == 0
    assert store[server.webfinger].consumer.expires_at is None
    assert json.loads(server.received[-1].body)["type"] == "client_update"


def test_an_expired_client_is_registered_anew(server):
    """Where the update does not help, there is a new registration, and the user is asked again."""
    server.expires_at = EXPIRED
    key, secret, expiry = (first := pump_at(server)).get_registration()
    assert expiry == EXPIRED
    old = {"client_id": key, "client_secret": secret, "expires_at": EXPIRED}
    server.instead[REGISTER] = [(200, {"Content-Type": JSON}, json.dumps(old).encode())]
    server.expires_at = 0
    client = client_at(server, key=key, secret=secret, expirey=expiry)
    token = first.get_token()
    pump = pump_at(server, client=client, token=token[0], secret=token[1])
    assert client.key != key
    assert pump.get_token() != token
    assert pump.me["preferredUsername"] == "alice"


def test_an_expired_client_that_cannot_be_renewed(server):
    """Where neither helps, what is stored stays."""
    store: dict[str, Any] = {}
    server.expires_at = EXPIRED
    pump_at(server, store=store, verifier_callback=lambda url: None)
    kept = store[server.webfinger]
    no = (400, {"Content-Type": JSON}, b'{"error": "no more clients"}')
    server.instead[REGISTER] = [no, no]
    with pytest.raises(ProviderError, match="no more clients"):
        pump_at(server, store=store)
    assert store == {server.webfinger: kept}
    assert server.instead[REGISTER] == []


REFUSED_UPDATES = {
    "wrong secret": None,
    "failure": (500, {"Content-Type": "text/html"}, b"<html><title>Oh no</title></html>"),
    "outage": (503, {"Content-Type": "text/plain"}, b"be back soon"),
    "nonsense": (200, {"Content-Type": "text/html"}, b"<html><title>log in to the hotel</title></html>"),
}


@pytest.mark.parametrize("make", [pump_at, web_at])
@pytest.mark.parametrize("case", REFUSED_UPDATES)
def test_a_refused_update_costs_no_token(case, make, server):
    """An expired client whose update is refused is not registered anew where there is a token, unless asked to."""
    store: dict[str, Any] = {}
    pump_at(server, store=store)
    good = store[server.webfinger]
    secret = "wrong-hunter2" if case == "wrong secret" else good.consumer.secret
    kept = Account(Consumer(good.consumer.key, secret, expires_at=5.0), good.token, good.service)
    store[server.webfinger] = kept
    if REFUSED_UPDATES[case]:
        server.instead[REGISTER] = [REFUSED_UPDATES[case]]
    with pytest.raises(ProviderError, match="out of the store") as caught:
        make(server, store=store, verifier_callback=lambda url: None)
    assert caught.value.status == (REFUSED_UPDATES[case] or (403,))[0]
    assert pickle.loads(pickle.dumps(caught.value)).response.status_code == caught.value.status
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))
    assert store == {server.webfinger: kept}
    assert [json.loads(got.body)["type"] for got in server.received if got.path == REGISTER][1:] == ["client_update"]
    if case == "wrong secret":
        del store[server.webfinger]  # what the error says
        assert pump_at(server, store=store).get_registration()[0] != good.consumer.key
    else:  # it was not the client's fault
        assert pump_at(server, store=store, verifier_callback=None).get_token() == [good.token.key, good.token.secret]


def test_a_refused_update_costs_no_given_token(server):
    """A token that was given is kept likewise; one in the store for another client, too."""
    key, _, _ = (first := pump_at(server)).get_registration()
    token = first.get_token()
    client = client_at(server, key=key, secret="wrong", expirey=EXPIRED)
    with pytest.raises(ProviderError, match="out of the store"):
        pump_at(server, client=client, token=token[0], secret=token[1])
    assert client.key == key
    store: dict[str, Any] = {}
    pump_at(server, store=store)
    kept = dict(store)
    with pytest.raises(ProviderError, match="out of the store"):
        pump_at(server, client=client_at(server, key=key, secret="wrong", expirey=EXPIRED), store=store)
    assert store == kept
    client = client_at(server, key=key, secret=first.client.secret, expirey=EXPIRED)
    pump_at(server, client=client, store=store, verifier_callback=lambda url: None)  # which the server renews
    assert client.expiry == 0
    assert store == kept


def test_an_expired_client_without_a_token_is_registered_anew(server):
    """Where a refused update costs nothing, there is a new registration."""
    store: dict[str, Any] = {}
    server.expires_at = EXPIRED
    pump_at(server, store=store, verifier_callback=lambda url: None)
    kept = store[server.webfinger]
    server.expires_at, server.updates_allowed = 0, False
    pump = pump_at(server, store=store)
    assert pump.me["preferredUsername"] == "alice"
    assert store[server.webfinger].consumer.key != kept.consumer.key


# --- web applications ---


def test_two_workers_with_a_store(provider, tmp_path):
    """One process sends the user away; another, which shares nothing but the store, hears the callback."""
    store = CredentialStore(tmp_path / "credentials")
    first = web_at(provider, store=store)
    assert not first.logged_in
    back = provider.approve(first.url)
    code = """
        import sys
        from oauth_hook import CredentialStore
        from oauth_hook.pump import WebPump
        webfinger, path, callback, back = sys.argv[1:]
        store = CredentialStore(path)
        pump = WebPump(webfinger, client_name="App", callback=callback, scheme="http", store=store)
        pump.verifier(back)
        print(pump.logged_in, pump.url)
    """
    output = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code), provider.webfinger, store.path, BACK, back],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert output.stdout.split() == ["True", "None"], output.stderr
    assert list(store) == [provider.webfinger]
    third = web_at(provider, store=store)
    assert third.url is None
    assert third.logged_in


@pytest.mark.parametrize(
    "look",
    [
        lambda pump: pump.logged_in,
        lambda pump: pump.url is None,
        lambda pump: pump.get_token()[0].startswith("a-alice-"),
        lambda pump: pump.me["preferredUsername"] == "alice",
        lambda pump: pump.request("/api/whoami")["preferredUsername"] == "alice",
    ],
    ids=["logged_in", "url", "get_token", "me", "request"],
)
def test_what_another_worker_has_finished(look, server, tmp_path):
    """The worker that sent the user away finds in the store what another one has finished, whatever it is asked."""
    path = tmp_path / "credentials"
    first, second = (web_at(server, store=CredentialStore(path)) for _ in range(2))
    back = server.approve(first.url)
    assert first.get_token()[0].startswith("r-")
    assert not first.logged_in
    second.verifier(back)
    assert look(first)
    assert first.get_token() == second.get_token()
    with pytest.raises(UsageError, match="authorized already"):
        first.verifier(back)
    assert CredentialStore(path)[server.webfinger].token.key == second.get_token()[0]


def test_workers_that_began_together(server):
    """Workers that were made before anything was stored register once, and either hears the callback."""
    store: dict[str, Any] = {}
    workers = [web_at(server, store=store) for _ in range(4)]
    back = server.approve(workers[0].url)
    assert workers[1].get_registration() == workers[0].get_registration()
    workers[2].verifier(back)
    assert [worker.logged_in for worker in workers] == [True] * 4
    assert [worker.url for worker in workers] == [None] * 4
    assert server.asked(REGISTER) == server.asked(REQUEST) == 1


def test_an_update_keeps_what_another_worker_has_finished(server):
    """An update from a worker that has not heard of the token yet does not throw it away."""
    store: dict[str, Any] = {}
    first = web_at(server, store=store)
    web_at(server, store=store).verifier(server.approve(first.url))
    token = store[server.webfinger].token
    new = {"client_id": first.client.key, "client_secret": first.client.secret, "expires_at": 2_000_000_000}
    server.instead[REGISTER] = [(200, {"Content-Type": JSON}, json.dumps(new).encode())]
    first.client.update()
    assert store[server.webfinger].token == token is not None
    assert store[server.webfinger].consumer.expires_at == first.client.expiry == 2_000_000_000
    assert first.logged_in


def test_a_pump_that_another_process_has_authorized(server):
    """A pump that waits for the verifier finds the token in the store; one with a client of its own does not."""
    store: dict[str, Any] = {}
    shown: list[str] = []
    waiting = pump_at(server, store=store, verifier_callback=shown.append)
    pump_at(server, store=store)
    assert waiting.me["preferredUsername"] == "alice"
    assert waiting.get_token() == [store[server.webfinger].token.key, store[server.webfinger].token.secret]
    pump_at(server, client=(own := client_at(server)))
    own = client_at(server, key=own.key, secret=own.secret)
    with pytest.raises(UsageError, match="not authorized this application yet"):
        pump_at(server, client=own, store=store, verifier_callback=shown.append).get_token()


def test_two_workers_without_a_store(home):
    """The first worker's credentials travel in the user's session, as plain values, to the second."""
    first = web_at(home)
    session = json.loads(json.dumps({"client": first.get_registration(), "token": first.get_token()}))
    back = home.approve(first.url)
    (key, secret, _), (token, token_secret) = session["client"], session["token"]
    second = web_at(home, key=key, secret=secret, token=token, token_secret=token_secret)
    assert not second.logged_in
    second.verifier(back)
    assert second.logged_in
    assert second.get_token() != [token, token_secret]
    with pytest.raises(UsageError, match="authorized already"):
        second.verifier(back)
    client = client_at(home, key=key, secret=secret)
    third = WebPump(client, token=second.get_token()[0], secret=second.get_token()[1], scheme="http")
    assert third.logged_in
    assert third.url is None


def test_one_worker(home):
    """The same object, with a bare verifier: ``url`` stays the same until it is there, and is ``None`` then."""
    pump = web_at(home, callback="oob")
    url = pump.url
    assert pump.url == url
    pump.verifier(home.approve(url))
    assert pump.url is None
    assert pump.logged_in
    assert pump.get_token() == pump.get_token()
    with pytest.raises(UsageError, match="authorized already"):
        pump.verifier("again")


def test_a_web_pump_sends_nothing_before_it_is_needed(server):
    """Making one sends nothing: the worker that only hears the callback asks for no other request token."""
    pump = web_at(server, verifier_callback=lambda url: pytest.fail("it is ignored"))
    assert server.received == []
    assert pump.get_registration()[0] in server.clients
    assert server.asked(REQUEST) == 0
    assert pump.get_token()[0] in pump.url
    assert server.asked(REQUEST) == 1


def test_two_windows(server):
    """Of two windows the last one is waited for; the other's callback is refused, and nothing is lost by it."""
    store: dict[str, Any] = {}
    first, second = web_at(server, store=store), web_at(server, store=store)
    lost, found = server.approve(first.url), server.approve(second.url)
    with pytest.raises(ProviderError, match="another request token"):
        web_at(server, store=store).verifier(lost)
    third = web_at(server, store=store)
    third.verifier(found)
    assert third.logged_in
    assert web_at(server, store=store).logged_in


def test_a_store_and_a_session(server):
    """A request token from the user's session goes before the store's, so that two windows do not meet."""
    store: dict[str, Any] = {}
    first = web_at(server, store=store)
    token, back = first.get_token(), server.approve(first.url)
    other = web_at(server, store=store)
    waiting = server.approve(other.url)
    web_at(server, store=store, token=token[0], token_secret=token[1]).verifier(back)
    assert web_at(server, store=store).logged_in
    token = other.get_token()
    web_at(server, store=store, token=token[0], token_secret=token[1]).verifier(waiting)
    assert list(store) == [server.webfinger]


def test_another_window_meanwhile(server):
    """What another window has asked for since stays when the first one is done."""
    store: dict[str, Any] = {}
    first = web_at(server, store=store)
    back = server.approve(first.url)
    other = web_at(server, store=store)
    waiting = server.approve(other.url)
    first.verifier(back)
    web_at(server, store=store).verifier(waiting)
    assert web_at(server, store=store).logged_in


def test_a_user_who_says_no(provider):
    """A denial is the provider's error, and leaves the registration, and nobody logged in."""
    store: dict[str, Any] = {}
    pump = web_at(provider, store=store)
    back = provider.deny(pump.url)
    with pytest.raises(ProviderError, match="the user said no"):
        web_at(provider, store=store).verifier(back)
    assert store[provider.webfinger].token is None
    assert not pump.logged_in


def test_somebody_else_is_not_logged_in(server):
    """Who says to be alice, and allows it as bob, is not logged in as alice."""
    server.nickname = "bob"
    pump = web_at(server)
    pump.verifier(server.approve(pump.url))
    assert pump.me["preferredUsername"] == "bob"
    assert not pump.logged_in


def test_a_revoked_token(server):
    """A token that the server takes no more is not logged in; ``oauth_request`` asks again, and ``url`` is there."""
    store: dict[str, Any] = {}
    first = web_at(server, store=store)
    first.verifier(server.approve(first.url))
    server.access_tokens.clear()
    pump = web_at(server, store=store)
    assert not pump.logged_in
    assert pump.url is None
    pump.oauth_request()
    second = web_at(server, store=store)
    second.verifier(server.approve(pump.url))
    assert second.logged_in


def test_a_revoked_token_that_another_worker_has_replaced(server):
    """A worker whose token the server takes no more finds the one that another worker has got since."""
    store: dict[str, Any] = {}
    web_at(server, store=store).get_registration()
    store[server.webfinger] = Account(store[server.webfinger].consumer, AccessToken(*(old := ["revoked", "secret"])))
    first, other = (web_at(server, store=store) for _ in range(2))
    assert not first.logged_in
    other.oauth_request()
    other.verifier(server.approve(other.url))
    assert first.get_token() == old  # nobody has said since that it is worth nothing
    assert first.logged_in
    assert first.get_token() == other.get_token() != old
    assert first.me["preferredUsername"] == "alice"


def test_a_request_token_from_the_session_and_a_token_that_has_come_meanwhile(server):
    """A worker that was given a request token looks into the store as well; the token that it waits for stays good."""
    store: dict[str, Any] = {}
    first = web_at(server, store=store)
    (key, secret, _), token = first.get_registration(), first.get_token()
    back = server.approve(first.url)
    waiting = web_at(server, store=store, key=key, secret=secret, token=token[0], token_secret=token[1])
    assert not waiting.logged_in
    other = web_at(server, store=store)
    other.oauth_request()
    other.verifier(server.approve(other.url))
    assert waiting.logged_in
    waiting.verifier(back)
    assert waiting.logged_in


def test_a_look_at_a_refused_token_forgets_no_request(server, tmp_path):
    """Who is being asked again stays so, whatever ``logged_in`` says meanwhile, and whatever other windows ask."""
    store = CredentialStore(tmp_path / "credentials")
    web_at(server, store=store).get_registration()
    store[server.webfinger] = Account(store[server.webfinger].consumer, AccessToken("revoked", "secret"))
    first, other = (web_at(server, store=store) for _ in range(2))
    first.oauth_request()
    back = server.approve(first.url)
    other.oauth_request()
    assert not first.logged_in
    first.verifier(back)
    assert first.logged_in


def test_a_server_that_fails_is_not_a_logout(server):
    """A status of 500 says nothing about the user."""
    pump = web_at(server)
    pump.verifier(server.approve(pump.url))
    server.instead["/api/whoami"] = [(500, {"Content-Type": "text/plain"}, b"oh no")]
    with pytest.raises(ProviderError, match="oh no"):
        _ = pump.logged_in
    server.instead["/api/whoami"] = [(200, {"Content-Type": "text/html"}, b"<html>log in to the hotel</html>")]
    with pytest.raises(ProviderError, match="gave no profile"):
        _ = pump.logged_in
    assert pump.logged_in


# --- requests ---


@pytest.fixture
def pump(server: PumpServer) -> PyPump:
    """An authorized pump, at a server that has forgotten how it came to that."""
    made = pump_at(server)
    server.received.clear()
    return made


@pytest.mark.parametrize("form", ["/api/whoami", "api/whoami", "{}/api/whoami", "HTTP://{h}/api/whoami"])
def test_endpoints(form, server, pump):
    """A path with or without a slash, or an address at the same server."""
    endpoint = form.format(server.url, h=server.host)
    assert pump.request(endpoint)["preferredUsername"] == "alice"
    assert pump.request(f"{server.url}/api/whoami", raw=True)["preferredUsername"] == "alice"


def test_links_in_another_scheme(server, pump):
    """A server behind a proxy names https in its links: they are asked as the server is."""
    feed = pump.request(f"https://{server.host}/api/user/alice/feed?count=3&q=a/../b")
    assert feed["totalItems"] == 0
    assert server.received[-1].target == "/api/user/alice/feed?count=3&q=a/../b"


@pytest.mark.parametrize(
    "form", ["https://elsewhere.example/api/whoami", "http://u:p@{}/x", "ftp://{}/x", "http://{}0/x"]
)
def test_endpoints_elsewhere(form, server, pump):
    """What would be signed for elsewhere is refused before anything is sent."""
    with pytest.raises(UsageError, match=f"not at {re.escape(server.url)}"):
        pump.request(form.format(server.host))
    assert server.received == []


def test_other_ways_to_sign(server, pump, recorders):
    """``client=False`` asks anybody unsigned; another hook signs as it does."""
    abroad = recorders[1]
    abroad.received.clear()
    abroad.answer = None
    assert pump.request(abroad.url + "/x", client=False) == {"method": "GET"}
    assert abroad.last.authorization == ""
    assert pump.request(abroad.url + "/x", client=OAuthHook(None, None, "k", "s", True)) == {"method": "GET"}
    assert 'oauth_consumer_key="k"' in abroad.last.authorization
    assert pump.request("/.well-known/host-meta.json", client=False)["links"]
    with pytest.raises(ProviderError, match="Missing required parameter"):
        pump.request("/api/whoami", client=False)


def test_a_session_of_ones_own(server, pump):
    """``pump.hook`` signs for any session, at home only; it stays the same one, since it learns the server's time."""
    assert pump.hook is pump.hook
    with requests.Session() as session:
        session.auth = pump.hook
        assert session.get(f"{server.url}/api/whoami", timeout=20).json()["preferredUsername"] == "alice"
    elsewhere = pump.hook(requests.Request("GET", "https://elsewhere.example/").prepare())
    assert "Authorization" not in elsewhere.headers


@pytest.mark.parametrize(
    ("data", "headers", "kind", "body"),
    [
        ({"a": "ü"}, None, JSON, b'{"a": "\\u00fc"}'),
        ([], None, JSON, b"[]"),
        ('{"a": 1}', None, JSON, b'{"a": 1}'),
        (b"\x89PNG", {"content-type": "image/png"}, "image/png", b"\x89PNG"),
        ({"a": "b c"}, {"Content-Type": FORM}, FORM, b"a=b+c"),
        ("", None, None, b""),
        (None, None, None, b""),
    ],
)  # fmt: skip
def test_bodies(data, headers, kind, body, provider, recorders, server, pump):
    """JSON for a dict or a list; what is text or octets goes as it is."""
    server.instead["/x"] = [(200, {"Content-Type": JSON}, b"[1]")]
    assert pump.request("/x", "POST", data, headers=headers) == [1]
    assert (server.received[-1].headers.get("content-type"), server.received[-1].body) == (kind, body)
    # And the signature over it holds.
    assert pump_at(provider).request("/api/resource", "POST", data, headers=headers)["body_length"] == len(body)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH"])
def test_methods(method, provider):
    """Every method, with query and other arguments of requests."""
    pump = pump_at(provider)
    verified = pump.request("/api/resource", method, params=[("a", "1"), ("a", "2")], cookies={"c": "d"})
    assert verified["method"] == method
    assert verified["parameters"] == [["a", "1"], ["a", "2"]]
    assert verified["oauth"]["placement"] == "header"
    assert verified["oauth"]["signature_method"] == "HMAC-SHA1"


def test_answers(server, pump):
    """JSON is parsed; what is none, or empty, or a redirect that is not followed, is the response."""
    server.instead["/x"] = [
        (201, {"Content-Type": "application/activity+json"}, b'{"a": 1}'),
        (200, {"Content-Type": "image/png"}, b"\x89PNG"),
        (204, {}, b""),
        (200, {"Content-Type": JSON}, b""),
    ]
    assert pump.request("/x") == {"a": 1}
    assert pump.request("/x").content == b"\x89PNG"
    assert pump.request("/x", "DELETE").status_code == 204
    assert pump.request("/x").status_code == 200
    assert pump.request("/api/whoami", allow_redirects=False).headers["Location"].endswith("/api/user/alice/profile")


@for_each(
    ("reply", "status", "said"),
    [
        ((404, {"Content-Type": JSON}, b'{"error": "No such note"}'), 404, "No such note"),
        ((400, {"Content-Type": "text/plain"}, b"Invalid signature"), 400, "Invalid signature"),
        ((500, {"Content-Type": "text/html"}, b"<html><title>Oh no</title></html>"), 500, "Oh no"),
        ((401, {}, b""), 401, "the response is empty"),
        ((401, {"Content-Type": "text/plain; charset=undefined"}, "gar nüscht".encode()), 401, "gar nüscht"),
        ((200, {"Content-Type": JSON}, b'{"a": '), 200, "the JSON that it announces"),
        ((200, {"Content-Type": JSON}, b"[" * 100_000), 200, "the JSON that it announces"),
    ],
)
def test_refusals(reply, status, said, server, pump):
    """A refusal, and JSON that is none, are the provider's error, which says what was asked."""
    server.instead["/api/x"] = [reply]
    with pytest.raises(ProviderError, match=said) as caught:
        pump.request("/api/x?q=1", "PUT")
    assert caught.value.status == status
    assert f"PUT {server.url}/api/x " in str(caught.value)


@pytest.mark.parametrize("data", [{"a": object()}, {"a": float("nan")}, [b"x"]])
def test_what_json_cannot_carry(data, server, pump):
    """It is misuse, and nothing is sent."""
    with pytest.raises(UsageError, match="JSON cannot carry"):
        pump.request("/x", "POST", data)
    assert server.received == []


BUSY = (503, {"Content-Type": "text/plain", "Retry-After": "86400"}, b"busy")


def test_retries(server, pump):
    """What may be repeated is sent again, each time with a signature of its own, and at once."""
    server.instead["/api/user/alice/feed"] = [BUSY, None, (502, {}, b"")]
    assert pump.request("/api/user/alice/feed", retries=3)["totalItems"] == 0
    assert server.asked("/api/user/alice/feed") == 4
    assert len({got.headers["authorization"] for got in server.received}) == 4
    pump.retries = 1
    server.instead["/api/user/alice/feed"] = [BUSY, BUSY]
    with pytest.raises(ProviderError, match="busy"):
        pump.request("/api/user/alice/feed")
    server.instead["/api/user/alice/feed"] = [(404, {}, b"")]
    with pytest.raises(ProviderError):
        pump.request("/api/user/alice/feed")
    assert server.asked("/api/user/alice/feed") == 7


def test_posts_are_not_repeated(server, pump):
    """A POST may have been carried out: neither a status nor a broken connection has it sent again."""
    server.instead["/x"] = [BUSY, None]
    with pytest.raises(ProviderError, match="busy"):
        pump.request("/x", "POST", {"a": 1}, retries=3)
    with pytest.raises(requests.ConnectionError):
        pump.request("/x", "POST", {"a": 1}, retries=3)
    assert server.asked("/x") == 2


def test_a_timeout(server, pump):
    """An answer that does not come ends in requests' own exception, in time."""
    release = threading.Event()
    respond = server.respond
    server.respond = lambda got: release.wait(30) and respond(got)  # type: ignore[method-assign]
    begin = time.monotonic()
    with pytest.raises(requests.ReadTimeout):
        pump.request("/api/whoami", timeout=0.2)
    pump.timeout = 0.2
    with pytest.raises(requests.ReadTimeout):
        pump.request("/api/whoami", "POST", retries=2)
    with pytest.raises(requests.Timeout):
        pump_at(server, timeout=0.2)
    assert time.monotonic() - begin < 20
    release.set()


def test_a_redirect_abroad(server, pump, recorders):
    """A server that redirects elsewhere takes no signature along."""
    abroad = recorders[1]
    abroad.received.clear()
    abroad.answer = None
    server.instead["/x"] = [(302, {"Location": abroad.url + "/y"}, b"")]
    assert pump.request("/x") == {"method": "GET"}
    assert abroad.last.authorization == ""
    assert "oauth_" not in abroad.last.target


# --- bad input ---


@for_each("wrong", ["alice", "", "alice@", "@pump.example", "a b@pump.example", "a@b@c", "a@b/c", "http://h/"])
@for_each("make", [PyPump, WebPump, Client])
def test_what_is_no_webfinger(wrong, make):
    """What is no webfinger is misuse, before anything is sent."""
    with pytest.raises(UsageError, match="is not a webfinger such as alice@"):
        make(wrong)


def a_client(**more: Any) -> Client:
    return Client("alice@127.0.0.1:1", name="Test.io", **more)


@for_each(
    ("make", "said"),
    [
        (lambda: PyPump(None), "client must be"),
        (lambda: Client(None), "webfinger must be"),
        (lambda: a_client(type="Native"), "'native' or 'web'"),
        (lambda: a_client(key="k"), "key and the secret of a Client go together"),
        (lambda: a_client(secret="s"), "key and the secret of a Client go together"),
        (lambda: a_client(key="", secret="s"), "key of a Consumer is empty"),
        (lambda: a_client(key="k\n", secret="s"), "control character"),
        (lambda: a_client(contacts="a@a.example"), "contacts of a Client must be a list"),
        (lambda: a_client(redirect="http://a/"), "redirect of a Client must be a list"),
        (lambda: a_client(expiry="never"), "expiry must be"),
        (lambda: PyPump(a_client(), token="t"), "a token and its secret go together"),
        (lambda: PyPump(a_client(), secret="s"), "a token and its secret go together"),
        (lambda: PyPump(a_client(), simple_verifier, "s"), "goes as verifier_callback="),
        (lambda: PyPump(a_client(), "t", "s"), "give its key and secret, too"),
        (lambda: PyPump("alice@127.0.0.1:1", "t", "s", key="k"), "go together"),
        (lambda: PyPump(a_client(), client_name="x"), "are for a webfinger"),
        (lambda: PyPump(a_client(), verifier_callback="oob"), "verifier_callback must be callable"),
        (lambda: PyPump(a_client(), scheme="ftp"), "scheme must be"),
        (lambda: PyPump(a_client(), timeout=0), "timeout must be"),
        (lambda: PyPump(a_client(), retries=-1), "retries must be"),
        (lambda: PyPump(a_client(), store=[]), "store must be"),
        (lambda: PyPump(a_client(), callback=None), "callback must be"),
        (lambda: PyPump("alice@127.0.0.1:1"), "needs a name"),
        (lambda: PyPump(a_client(), store={"alice@127.0.0.1:1": Consumer("k")}), "must be an Account, not Consumer"),
    ],
)  # fmt: skip
def test_misuse(make, said):
    """Each wrong argument is said at once, and nothing is sent."""
    with pytest.raises(UsageError, match=said):
        make()


def test_an_unreachable_server():
    """Where nobody listens, the error is requests' own."""
    with pytest.raises(requests.ConnectionError):
        PyPump(a_client(), scheme="http", timeout=20)


def test_a_foreign_server(recorders):
    """A server that is no pump.io says nothing of endpoints."""
    door = recorders[0]
    door.answer = lambda got: (404, {"Content-Type": "text/html"}, b"<html><title>Not Found</title></html>")
    client = Client("alice@" + door.url.partition("://")[2], name="Test.io")
    with pytest.raises(ProviderError, match="does not say where its endpoints are"):
        PyPump(client, scheme="http")


def test_a_server_that_registers_nobody(server, recorders):
    """Without a registration_endpoint the error says what to do."""
    door = recorders[0]

    def answer(got: Any) -> tuple[int, dict[str, str], bytes]:
        links = requests.get(server.url + got.target, timeout=20).json()["links"]
        return 200, {}, json.dumps({"links": [link for link in links if "registration" not in link["rel"]]}).encode()

    door.answer = answer
    with pytest.raises(ProviderError, match="does not register clients"):
        PyPump(Client("alice@" + door.url.partition("://")[2], name="Test.io"), scheme="http")


def test_plain_http_has_to_be_asked_for(server, tmp_path):
    """Neither a server that names plain http nor a store that knows one gets what was meant for https."""
    store = CredentialStore(tmp_path / "credentials")
    pump_at(server, store=store)
    with pytest.raises(requests.ConnectionError):
        pump_at(server, store=store, scheme="https").request("/api/whoami")


@pytest.mark.parametrize(
    ("path", "reply", "said"),
    [
        (REGISTER, (400, {"Content-Type": JSON}, b'{"error": "Unknown type."}'), "Unknown type"),
        (REGISTER, (200, {"Content-Type": JSON}, b'{"client_id": "a"}'), "client_secret"),
        (REGISTER, (500, {"Content-Type": "text/html"}, b"<html><title>Oh no</title></html>"), "Oh no"),
        (REQUEST, (401, {"Content-Type": "text/plain"}, b"Invalid signature"), "Invalid signature"),
        (REQUEST, (200, {"Content-Type": "text/html"}, b"<html></html>"), "a request token"),
        (ACCESS, (400, {"Content-Type": "text/plain"}, b"Invalid / expired Token"), "Invalid / expired Token"),
    ],
)  # fmt: skip
def test_refusals_on_the_way(path, reply, said, server):
    """Each refusal is one clear error, which pickles; what was stored is there afterwards, the next start goes on."""
    store: dict[str, Any] = {}
    server.instead[path] = [reply]
    with pytest.raises(ProviderError, match=said) as caught:
        pump_at(server, store=store)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    kept = dict(store)
    assert pump_at(server, store=store).me["preferredUsername"] == "alice"
    assert server.asked(REGISTER) == (2 if path == REGISTER else 1)
    assert not kept or store[server.webfinger].consumer == kept[server.webfinger].consumer


@pytest.mark.parametrize("wrong", ["consumer", "token"])
def test_a_wrong_stored_secret(wrong, home, tmp_path):
    """It is refused in one clear error, and stays stored: nothing is thrown away that may be mended."""
    store = CredentialStore(tmp_path / "credentials")
    pump_at(home, store=store)
    good = store[home.webfinger]
    bad = (
        Account(Consumer(good.consumer.key, "wrong-hunter2"), None, good.service)
        if wrong == "consumer"
        else Account(good.consumer, AccessToken(good.token.key, "wrong-hunter2"), good.service)
    )
    store[home.webfinger] = bad
    with pytest.raises(ProviderError, match=r"signature") as caught:
        pump_at(home, store=store).request("/api/whoami")
    assert caught.value.status in (400, 401)
    assert "hunter2" not in str(caught.value) + repr(caught.value) + str(caught.value.explanation)
    assert store[home.webfinger] == bad


def test_a_client_that_nobody_knows(server):
    """A key that the server has forgotten is refused, and what is stored stays."""
    store: dict[str, Any] = {server.webfinger: Account(Consumer("gone", "secret"), None, server.url)}
    kept = dict(store)
    with pytest.raises(ProviderError, match="Invalid Consumer Key"):
        pump_at(server, store=store)
    with pytest.raises(ProviderError, match="No such thing"):
        web_at(server, store=store).client.update()
    assert store == kept


def test_a_verifier_that_is_refused(provider):
    """A wrong verifier is the provider's error; the registration stays, and the right one may be brought then."""
    store: dict[str, Any] = {}
    shown: list[str] = []
    pump = pump_at(provider, store=store, verifier_callback=shown.append)
    kept = dict(store)
    right = provider.approve(shown[0])
    for wrong, error in [("wrong-hunter2", ProviderError), ("", UsageError), ("a b", UsageError), (None, UsageError)]:
        with pytest.raises(error) as caught:
            pump.verifier(wrong)
        assert "hunter2" not in str(caught.value)
    for wrong in (f"{BACK}?oauth_token=another&oauth_verifier=v", f"{BACK}?denied={shown[0].partition('=')[2]}"):
        with pytest.raises(ProviderError):
            pump.verifier(wrong)
    assert store == kept
    pump.verifier(right)
    assert pump.me["preferredUsername"] == "alice"


def test_a_refused_verifier_from_the_callback(provider):
    """The constructor raises; the stored token of an earlier time is not touched by an attempt at another one."""
    store: dict[str, Any] = {}
    pump = pump_at(provider, store=store)
    kept = dict(store)
    pump.verifier_callback = lambda url: "wrong"
    with pytest.raises(ProviderError):
        pump.oauth_request()
    assert store == kept
    assert pump.me["preferredUsername"] == "alice"
    with pytest.raises(ProviderError):
        pump_at(provider, verifier_callback=lambda url: "wrong")


def test_nobody_said_yes(server):
    """A verifier before its time: pump.io compares none, and refuses a request token that nobody authorized."""
    pump = pump_at(server, verifier_callback=lambda url: None)
    with pytest.raises(ProviderError, match="Invalid / expired Token") as caught:
        pump.verifier("anything")
    assert caught.value.status == 401


def test_before_its_time(server):
    """``verifier`` where nobody was asked, and requests before there is a token, are misuse, and nothing is sent."""
    pump = web_at(server, callback="oob")
    for step in (
        lambda: pump.verifier("code"),
        lambda: pump.request("/api/whoami"),
        lambda: pump.me,
        lambda: pump.hook,
    ):
        with pytest.raises(UsageError, match=r"not been asked yet|not authorized this application yet"):
            step()
    assert server.received == []
    done = pump_at(server)
    with pytest.raises(UsageError, match="authorized already"):
        done.verifier("code")


def test_what_a_console_cannot_ask(server, monkeypatch):
    """Without a callback and without input the error says so, and the registration is kept."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    store: dict[str, Any] = {}
    with pytest.raises(OAuthHookError, match="no verifier was entered"):
        PyPump(client_at(server), scheme="http", store=store)
    assert store[server.webfinger].consumer.key in server.clients


def test_a_store_that_cannot_be_written(server, tmp_path):
    """The store's own error comes through; the user's consent is not lost: the pump has the token."""

    class Full(dict):  # type: ignore[type-arg]
        def __setitem__(self, name: str, value: Account) -> None:
            if value.token is not None:
                raise UsageError("the disk is full")
            super().__setitem__(name, value)

    shown: list[str] = []
    pump = pump_at(server, store=Full(), verifier_callback=shown.append)
    with pytest.raises(UsageError, match="the disk is full"):
        pump.verifier(server.approve(shown[0]))
    assert pump.me["preferredUsername"] == "alice"


# --- secrets ---


@pytest.mark.promise("no-secret-is-shown")
def test_no_secret_shows(server, caplog, capfd):
    """Neither representations, nor logs at DEBUG, nor output, nor errors with their tracebacks show a secret."""
    caplog.set_level(logging.DEBUG)
    texts: list[str] = []
    store: dict[str, Any] = {}
    shown: list[str] = []
    client = client_at(server)
    pump = pump_at(server, client=client, store=store, verifier_callback=shown.append)
    verifier = server.approve(shown[0])
    echo = {"Content-Type": "text/plain"}
    request_secret = server.request_tokens[next(iter(server.request_tokens))]["secret"]
    for path, secrets, step in [
        (ACCESS, [client.secret, verifier, request_secret], lambda: pump.verifier(verifier)),
        (REGISTER, [client.secret], client.update),
        (REQUEST, [client.secret], lambda: WebPump(client, scheme="http").url),
    ]:
        server.instead[path] = [(400, echo, f"what is {' '.join(secrets)}?".encode())]
        with pytest.raises(ProviderError) as caught:
            step()
        texts += traceback.format_exception(caught.value)
        texts += [caught.value.body, repr(caught.value)]
    pump.verifier(verifier)
    token, token_secret = pump.get_token()
    server.instead["/x"] = [(400, echo, f"what is {client.secret} {token_secret}?".encode())]
    with pytest.raises(ProviderError) as caught:
        pump.request("/x")
    texts += [*traceback.format_exception(caught.value), caught.value.body]
    assert pump.me
    texts += [repr(pump), str(client), repr(pump.hook), repr(pump.__dict__), repr(store), repr(web_at(server))]
    texts += [caplog.text, *capfd.readouterr()]
    everything = "\n".join(texts)
    assert token in everything
    for secret in (client.secret, verifier, request_secret, token_secret):
        assert secret not in everything


def test_nothing_stays_open(server):
    """Nobody has to close a pump: no connection waits for the next request."""
    pump = pump_at(server)
    assert pump.me
    with pytest.raises(ProviderError):
        pump.request("/nowhere")
    del pump
    gc.collect()  # an open one would be a ResourceWarning, which is an error here


def test_the_names():
    """The module offers these four names; a ``Client`` takes a webfinger with a port, and in two spellings."""
    import oauth_hook.pump

    assert oauth_hook.pump.__all__ == ["Client", "PyPump", "WebPump", "simple_verifier"]
    client = Client("acct:alice@pump.example:8080", "native", "Test.io", key="k", secret="s", expiry=5)
    assert (client.webfinger, client.nickname, client.server) == (
        "alice@pump.example:8080", "alice", "pump.example:8080",
    )  # fmt: skip
    assert client.consumer == Consumer("k", "s", expires_at=5)
    client.expirey = 0
    assert client.expiry == 0
