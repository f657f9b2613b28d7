"""Services with a host for each tenant: placeholders, accounts at one tenant, the command; services that have ended."""

from __future__ import annotations

import io
import json
import os
import re
import socket
import sys
import threading
import time
from dataclasses import replace
from datetime import date, datetime
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
import requests
from strict_provider import CONSUMER, TOKEN, Particulars, posted_form, run_strict_provider
from tables import for_each

from oauth_hook import (
    SERVICES,
    AccessToken,
    Account,
    Consumer,
    CredentialStore,
    LoopbackReceiver,
    OAuthFlow,
    OAuthHookError,
    ProviderError,
    RequestToken,
    Service,
    UsageError,
    cli,
)
from oauth_hook.cli import authorize as authorizing
from oauth_hook.cli.errors import tell
from oauth_hook.services.demands import find_demands
from oauth_hook.tokens.accounts import find_origins, hook_for_account
from oauth_hook.tokens.callback import read_posted_verifier

HERE, WITH_TOKEN = Consumer(*CONSUMER), AccessToken(*TOKEN)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


# --- placeholders ---


def test_each_placeholder_is_filled():
    """The URLs, the origins and the realm are one tenant's, and the service says what it was filled with."""
    shop = SERVICES["magento"].at(host="Shop.Example:8443")
    assert shop.request_token_url == "https://shop.example:8443/oauth/token/request"
    assert (shop.origins, shop.placeholders) == (("https://shop.example:8443",), ())
    assert (shop.tenant, shop.reference) == ({"host": "shop.example:8443"}, "magento?host=shop.example:8443")
    assert Service.from_dict(json.loads(json.dumps(shop.to_dict()))) == shop
    assert SERVICES["magento"].placeholders == ("host",)
    assert SERVICES["magento"].at() == SERVICES["magento"]


@for_each("account", ["123_SB1", "123-sb1", "123_sb1", "123-SB1"])
def test_an_account_is_spelled_as_host_and_as_realm(account):
    """NetSuite's id is in lower case with a hyphen in its hosts, and in upper case with an underscore in the realm."""
    service = SERVICES["netsuite"].at(account=account)
    assert service.realm == "123_SB1"
    assert service.request_token_url == "https://123-sb1.restlets.api.netsuite.com/rest/requesttoken"
    assert service.authorization_url.startswith("https://123-sb1.app.netsuite.com/")
    assert service.reference == "netsuite?account=123-sb1"
    flow = OAuthFlow.for_service(service, HERE)
    signed = flow.hook()(requests.Request("GET", service.origins[1]).prepare())
    assert 'realm="123_SB1"' in signed.headers["Authorization"]


def test_several_are_filled_one_by_one_or_together():
    """A service of one's own may have any; each is known by its name."""
    mine = Service(
        name="mine", access_token_url="https://{host}/{realm}/x", origins=["https://{site}.example"], realm="{SITE}"
    )
    assert mine.placeholders == ("host", "realm", "site")
    part = mine.at(site="a_b")
    assert (part.placeholders, part.origins, part.realm) == (("host", "realm"), ("https://a-b.example",), "A_B")
    whole = part.at(host="h.example", realm="r")
    assert whole == mine.at(host="h.example", realm="r", site="A-B")
    assert whole.access_token_url == "https://h.example/r/x"


@for_each(
    ("value", "is_host"),
    [("shop.example", True), ("localhost", True), ("127.0.0.1:8080", True), ("[::1]:8080", True),
     ("xn--bcher-kva.de", True), ("my_host", True), ("", False), ("https://shop.example", False),
     ("shop.example/path", False), ("a b", False), ("user@shop.example", False), ("shop.example:", False),
     ("shop.example:99999", False), ("a..b", False), ("bücher.de", False), ("shop.example?x=1", False),
     ("{host}", False), ("a\n", False), (None, False), (3, False), (b"shop.example", False), ("&", False),
     ("=", False), ("a#b", False)],
)  # fmt: skip
def test_a_host_and_no_host(value, is_host):
    """A host is taken, with its port; anything else is a ``UsageError`` that names the placeholder and the value."""
    if is_host:
        assert SERVICES["jira"].at(host=value).tenant == {"host": value}
        return
    with pytest.raises(UsageError, match=r"^host must be a") as caught:
        SERVICES["jira"].at(host=value)
    if isinstance(value, str):
        assert repr(value.rpartition("@")[2]) in str(caught.value)
        assert "user" not in str(caught.value)


def test_a_host_before_a_port_is_a_host():
    """What has its port in the URL takes a host with dots, and no port of its own; so it is before a query too."""
    mine = Service(name="mine", api_url="https://{host}:8443/r", origins=["https://{host}:8443"])
    assert mine.at(host="shop.example").api_url == "https://shop.example:8443/r"
    assert mine.at(host="[::1]").origins == ("https://[::1]:8443",)
    for mixed in (mine, replace(mine, access_token_url="https://{host}/a")):
        with pytest.raises(UsageError, match="host must be a host without a port, such as"):
            mixed.at(host="shop.example:1")
    assert Service(name="mine", api_url="https://{host}?a").at(host="a.b:1").api_url == "https://a.b:1?a"


@for_each("value", ["", "a.b", "a/b", "123 SB1", "-1", "a:1", "ä", "_", "a\n", None, 7])
def test_a_word_that_no_host_can_have(value):
    """A part of a host is one word."""
    with pytest.raises(UsageError, match=r"^account must be"):
        SERVICES["netsuite"].at(account=value)


def test_unknown_and_unfilled_placeholders():
    """A placeholder that the service does not have, or that nobody has filled, is named, and how to fill it."""
    for name, wrong, known in (("magento", "account", "host"), ("x", "host", "none"), ("netsuite", "host", "account")):
        with pytest.raises(UsageError, match=rf"no placeholder {wrong}: .*{known}"):
            SERVICES[name].at(**{wrong: "a"})
    with pytest.raises(UsageError, match="no placeholder host: it has none; it is filled already, with host=a:"):
        SERVICES["jira"].at(host="a").at(host="b")
    part = Service(name="mine", api_url="https://{host}/{realm}").at(realm="r")
    with pytest.raises(UsageError, match="are host; it is filled already, with realm=r:"):
        part.at(realm="s")
    with pytest.raises(UsageError, match=r"--at host=\.\.\. --at shop="):
        OAuthFlow(HERE, "https://{host}/1", "https://{host}/2", "https://{shop}/3")
    for name in (name for name, service in SERVICES.items() if service.placeholders):
        (placeholder,) = SERVICES[name].placeholders
        with pytest.raises(UsageError, match=rf'\.at\({placeholder}="\.\.\."\).*--at {placeholder}='):
            OAuthFlow.for_service(name, HERE)


# --- accounts ---


@for_each(
    ("name", "tenant", "here"),
    [("magento", {"host": "shop.example"}, "https://shop.example/rest/V1/x"),
     ("netsuite", {"account": "123_SB1"}, "https://123-sb1.suitetalk.api.netsuite.com/x"),
     ("woocommerce", {"host": "shop.example"}, "http://shop.example/wp-json/wc/v3/orders"),
     ("maas", {"host": "maas.example:5443"}, "https://maas.example:5443/MAAS/api/2.0/machines/"),
     ("wiki", {"host": "wiki.example"}, "https://wiki.example/w/api.php")],
)  # fmt: skip
@pytest.mark.promise("an-account-signs-for-its-service-only")
def test_an_account_is_at_its_tenant(name, tenant, here, tmp_path):
    """It comes out of the store as it was, and its hook signs for the tenant's hosts, as the service wants it."""
    service = SERVICES[name].at(**tenant)
    account = Account(HERE, WITH_TOKEN, service.reference)
    with CredentialStore(tmp_path / "store") as store:
        store["me"] = account
    with CredentialStore(tmp_path / "store") as store:
        assert store["me"] == account
        hook = hook_for_account("me", store)
    signed = hook(requests.Request("GET", here).prepare())
    sent = signed.headers.get("Authorization", signed.url)
    assert service.signature_method in sent
    assert service.realm is None or service.realm in sent
    for elsewhere in ("https://other.example/", here.replace("://", "://x")):
        with pytest.raises(UsageError, match="is not for"):
            hook(requests.Request("GET", elsewhere).prepare())


def test_an_account_whose_tenant_is_not_said_is_used_where_it_was_allowed():
    """As accounts of older versions are: at its own origins; but not without the realm that it needs."""
    store = {
        "shop": Account(HERE, None, "woocommerce", "http://shop.example"),
        "erp": Account(HERE, WITH_TOKEN, "netsuite", "https://123-sb1.suitetalk.api.netsuite.com"),
        "odd": Account(HERE, WITH_TOKEN, "magento?shop=a"),
    }
    hook = hook_for_account("shop", store)
    assert "oauth_signature" in hook(requests.Request("GET", "http://shop.example/wp-json/").prepare()).url
    with pytest.raises(UsageError, match="account"):
        hook_for_account("erp", store)
    with pytest.raises(UsageError, match="no placeholder shop"):
        hook_for_account("odd", store)
    assert [find_origins(SERVICES[name]) for name in ("woocommerce", "netsuite", "magento")] == [(), (), ()]


def test_only_a_known_service_is_named_by_a_reference():
    """An account that named another would be for nowhere, or for the service that is known by the name."""
    mine = Service.from_dict({"name": "mine", "api_url": "https://{host}/"})
    url = "https://x.example/request"
    for unknown in (mine, mine.at(host="a"), Service(name=""), replace(SERVICES["x"], request_token_url=url)):
        with pytest.raises(UsageError, match=r"not one of the known services.*JSON file"):
            unknown.reference  # noqa: B018
    assert replace(SERVICES["x"], placement="query").reference == "x"


def test_a_tenant_is_said_once():
    """Which of two is meant, nobody knows."""
    account = Account(HERE, WITH_TOKEN, "magento?host=a.example&host=b.example")
    with pytest.raises(UsageError, match=r"magento\?host=a.example&host=b.example has host twice"):
        hook_for_account("shop", {"shop": account})


# --- the command ---


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    """Run the command, and return what came of it."""
    for name in [name for name in os.environ if name.startswith("OAUTH_")]:
        monkeypatch.delenv(name)

    def call(*words, stdin="", check=0, **environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        try:
            status = cli.main(["--store", str(tmp_path / "store"), *words])
        except SystemExit as end:
            status = end.code
        out, err = capsys.readouterr()
        assert status == check, (out, err)
        return SimpleNamespace(stdout=out, stderr=err)

    call.store = tmp_path / "store"
    return call


@pytest.fixture(scope="module")
def provider():
    with run_strict_provider("") as running:
        yield running


def describe(provider, tmp_path, **more):
    """Describe a service with a host for each tenant in a file, and have the provider play it; return the file."""
    row = {
        "name": "mine", "title": "Mine", "request_token_url": "http://{host}/request", "origins": ["http://{host}"],
        "authorization_url": "http://{host}/authorize", "access_token_url": "http://{host}/access", **more,
    }  # fmt: skip
    posts = row.get("callback_method") == "POST"
    legs = tuple(provider.url + path for path in ("/request", "/authorize", "/access"))
    provider.play(Particulars(
        (legs[0], "" if posts else legs[1], legs[2]), posts_verifier=posts, callback=row.get("callback", "oob"),
    ))  # fmt: skip
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(row), encoding="utf-8")
    return str(path)


def test_authorize_at_one_tenant(call, provider, tmp_path):
    """--at fills what the file leaves open, for --service as for known ones; the account is used there and again."""
    file, host = describe(provider, tmp_path), f"127.0.0.1:{provider.port}"
    keys = {"OAUTH_CONSUMER_KEY": CONSUMER[0], "OAUTH_CONSUMER_SECRET": CONSUMER[1]}
    call("authorize", "me", "--service", file, "--at", f"host={host}", stdin="v-1234\n", **keys)
    assert provider.steps == ["request token", "access token"]
    with CredentialStore(call.store) as store:
        assert store["me"] == Account(HERE, WITH_TOKEN, f"{file}?host={host}")
    assert "ok" in call("request", "me", "GET", f"{provider.url}/api").stdout
    assert provider.steps[-1] == "GET"
    assert "is not for" in call("request", "me", "GET", "http://127.0.0.1:9/", check=2).stderr
    call("authorize", "me", stdin="v-1234\n")
    assert provider.steps.count("access token") == 2
    other = call("authorize", "me", "--service", file, "--at", "host=other.example", check=2).stderr
    assert "is not for" in other


@for_each(
    ("words", "says"),
    [(["shop", "--service", "magento"], "--at host="), (["erp", "--service", "netsuite"], "--at account="),
     (["shop", "--service", "magento", "--at", "shop=a"], "no placeholder shop"),
     (["shop", "--service", "magento", "--at", "host=https://a/"], "host must be a host"),
     (["x", "--at", "host=a"], "no placeholder host"), (["shop", "--service", "magento", "--at", "host"], "NAME=VALUE"),
     (["me", "--service", "a@pump.example", "--at", "host=a"], "--at is for")],
)  # fmt: skip
def test_tenants_that_authorize_refuses(words, says, call):
    """Unfilled, unknown, no host: one line that names it, before anything is asked."""
    done = call("authorize", *words, check=2)
    assert says in done.stderr
    assert "consumer key:" not in done.stderr


def test_credentials_are_added_at_a_tenant(call):
    """What NetSuite or MAAS shows is kept with the tenant; the list and ``services`` say so."""
    keys = {"OAUTH_CONSUMER_KEY": "c", "OAUTH_TOKEN": "t", "OAUTH_TOKEN_SECRET": "s"}
    call("credentials", "add", "erp", "--service", "netsuite", "--at", "account=123_SB1", **keys)
    with CredentialStore(call.store) as store:
        assert store["erp"].service == "netsuite?account=123-sb1"
    assert "account at netsuite?account=123-sb1" in call("credentials", "list").stdout
    refused = call("credentials", "add", "b", "--service", "netsuite", "--at", "host=a", check=2).stderr
    assert "no placeholder host" in refused
    signed = call("sign", "erp", "GET", "https://123-sb1.suitetalk.api.netsuite.com/services/rest/x").stdout
    assert 'realm="123_SB1"' in signed
    assert "HMAC-SHA256" in signed
    assert "\n--at account=... says where it is" in call("services", "netsuite").stdout
    words = ["sign", "GET", "https://123-sb1.suitetalk.api.netsuite.com/x", "--service", "netsuite"]
    assert 'realm="123_SB1"' in call(*words, "--at", "account=123_SB1").stdout
    assert 'realm="1"' in call(*words, "--realm", "1").stdout
    assert "--at account=" in call(*words, check=2).stderr


@for_each(
    ("words", "says"),
    [("shop --service magento", "--at host=..."), ("magento", "--at host=..."),
     ("netsuite --at host=a", "no placeholder host"),
     ("wiki --service wiki --origin https://wiki.example", "--at host=..."),
     ("me --at host=a", "--at is for"), ("shop --service magento?host=a.example&host=b.example", "has host twice"),
     ("shop --service magento --at host=a.example --at host=b.example", "--at has host twice")],
)  # fmt: skip
def test_tenants_that_credentials_add_refuses(words, says, call):
    """Unfilled, unknown, said twice, or of no service: nothing is asked, and nothing kept."""
    refused = call("credentials", "add", *words.split(), check=2).stderr
    assert says in refused
    assert "consumer key:" not in refused
    with CredentialStore(call.store) as store:
        assert not store


def test_an_account_without_a_tenant_says_how_to_get_one(call):
    """One that older versions kept is for nowhere: the first advice is the tenant, and then an origin."""
    with CredentialStore(call.store) as store:
        store["shop"] = Account(HERE, WITH_TOKEN, "magento")
    for words in (["request", "shop", "https://shop.example/"], ["sign", "shop", "https://shop.example/"]):
        refused = call(*words, check=2).stderr
        assert "'shop' is not for https://shop.example (it does not say at which tenant" in refused
        assert refused.index("--at host=...") < refused.index("--origin")
        assert "names no URLs" not in refused
    twice = ["--service", "netsuite", "--at", "account=1", "--at", "account=2"]
    assert "--at has account twice" in call("sign", "GET", "https://a.example/", *twice, check=2).stderr


def test_what_is_said_after_credentials_add_works(call, provider, tmp_path):
    """The next command for an account at no service allows the place first."""
    keys = {"OAUTH_CONSUMER_KEY": CONSUMER[0], "OAUTH_CONSUMER_SECRET": CONSUMER[1], "OAUTH_TOKEN": TOKEN[0],
            "OAUTH_TOKEN_SECRET": TOKEN[1]}  # fmt: skip
    describe(provider, tmp_path)
    said = call("credentials", "add", "me", **keys).stderr.split()
    url = said[-1]
    assert said[-4:-1] == ["me", "--origin", url]
    words = [word.replace(url, f"{provider.url}/api") for word in said[said.index("request") :]]
    assert "ok" in call(*words).stdout


# --- the end ---


def test_services_say_when_they_end(call):
    """The list names the day, and one service's fields name what follows."""
    listed = call("services").stdout
    assert "OpenStreetMap (historic) (OAuth 1 ended on 2024-06-01)\n" in listed
    assert "Garmin Connect (OAuth 1 end" in listed
    shown = call("services", "garmin").stdout
    assert "\nends: 2026-12-31\n" in shown
    assert "\nsuccessor: Garmin's OAuth 2.0" in shown


def test_the_day_of_the_end():
    """The last day is a day of OAuth 1; without one there is no end."""
    garmin = SERVICES["garmin"]
    assert [garmin.has_ended(day) for day in ("2026-12-30", "2026-12-31", "2027-01-01")] == [False, False, True]
    days = (date(2026, 12, 31), datetime(2026, 12, 31, 23, 59), date(2027, 1, 1))
    assert [garmin.has_ended(day) for day in days] == [False, False, True]
    assert SERVICES["openstreetmap"].has_ended()
    for wrong in ("", "soon", "2026-1-1", 2026, 1798675200.0):
        with pytest.raises(UsageError, match="day must be a date"):
            garmin.has_ended(wrong)
    assert not SERVICES["x"].has_ended("9999-12-31")
    for wrong in ("31.12.2026", "2026", "soon", ""):
        with pytest.raises(UsageError, match="ends of a Service"):
            Service(name="mine", ends=wrong)


def test_authorize_says_what_follows_before_it_asks(call, provider, tmp_path):
    """A service that will end, or that has a successor, is authorized all the same, once that was said."""
    file = describe(provider, tmp_path, ends="9999-12-31", successor="Something better follows.")
    done = call("authorize", "me", "--service", file, "--at", f"host=127.0.0.1:{provider.port}",
                stdin="\n".join((*CONSUMER, "v-1234", "")))  # fmt: skip
    before, _, _ = done.stderr.partition("consumer key")
    assert "9999-12-31" in before
    assert "Something better follows." in before


def test_authorize_goes_past_the_end_only_if_it_is_told_to(call, provider, tmp_path):
    """A service that has ended is asked for nothing, and neither is the user, without --anyway."""
    file, host = describe(provider, tmp_path, ends="2024-06-01", successor="Ask anew."), f"127.0.0.1:{provider.port}"
    words = ["authorize", "me", "--service", file, "--at", f"host={host}"]
    refused = call(*words, check=2, stdin="\n".join((*CONSUMER, "v-1234", ""))).stderr
    assert all(word in refused for word in ("2024-06-01", "Ask anew.", "--anyway"))
    assert "consumer key" not in refused
    assert provider.steps == []
    call(*words, "--anyway", stdin="\n".join((*CONSUMER, "v-1234", "")))
    assert provider.steps == ["request token", "access token"]
    assert "--anyway" in call("authorize", "openstreetmap", check=2).stderr


# --- the verifier that is posted ---


def post_soon(*posts):
    """POST each body to its URL, one after another, in a thread; return the thread and the statuses."""
    statuses = []

    def post():
        for url, body in posts:
            statuses.append(requests.post(url, body, headers=FORM, timeout=20).status_code)

    thread = threading.Thread(target=post)
    thread.start()
    return thread, statuses


def test_an_activated_integration_is_authorized(call, provider, tmp_path, monkeypatch):
    """Magento posts consumer and verifier, and only then tokens are fetched; nobody is asked for a key.

    The command shows a URL that nobody can guess, and what is posted elsewhere before changes nothing.
    """
    file = describe(provider, tmp_path, callback_method="POST", callback=None, confirmed="ignore")
    posting = []

    def show(text):
        url = re.search(r"http://127\.0\.0\.1:\d+/\S*", text)
        if url is not None and not posting:
            junk = posted_form(("attacker", "secret"))
            root = url[0].rpartition("/")[0] + "/"
            posting.extend(post_soon((root, junk), (root + "x" * 22, junk), (url[0], "junk"), (url[0], posted_form())))
        return show_at_all(text)

    show_at_all = authorizing.report
    monkeypatch.setattr(authorizing, "report", show)
    done = call("authorize", "shop", "--service", file, "--at", f"host=127.0.0.1:{provider.port}")
    thread, statuses = posting
    thread.join(20)
    assert (provider.steps, statuses) == (["request token", "access token"], [404, 404, 400, 200])
    with CredentialStore(call.store) as store:
        assert (store["shop"].consumer, store["shop"].token) == (HERE, WITH_TOKEN)
    assert all(secret not in done.stderr + done.stdout for secret in (CONSUMER[1], TOKEN[1], "v-1234"))


def exchange(port, *pieces):
    """Send pieces to the receiver, and return the status of its response."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(0.02)
        return connection.makefile("rb").readline().split()[1]


def request_of(body, *lines, method="POST", path="/"):
    head = [f"{method} {path} HTTP/1.1", "Host: shop-tunnel.example", f"Content-Length: {len(body)}", *lines]
    return "\r\n".join([*head, "", body]).encode()


@pytest.mark.promise("a-posted-verifier-is-the-services-own")
def test_only_the_services_own_post_is_taken():
    """A browser's, another consumer's, a GET, another path, half of a form: each is refused, and the wait goes on."""
    right = posted_form()
    refused = [
        (request_of(right, "Origin: https://evil.example"), b"400"),
        (request_of(right, "Sec-Fetch-Site: cross-site"), b"400"),
        (request_of(posted_form(("other", CONSUMER[1]))), b"400"),
        (request_of(posted_form((CONSUMER[0], "another secret"))), b"400"),
        (request_of(posted_form(verifier="")), b"400"),
        (request_of(f"{right}&oauth_verifier=twice"), b"400"),
        (request_of(""), b"400"),
        (request_of("", "Transfer-Encoding: chunked"), b"400"),
        (request_of(right, path="/other"), b"404"),
        (request_of("", method="GET", path="/?oauth_verifier=v"), b"405"),
        (b"\x16\x03\x01", b"400"),
    ]
    found = []
    with LoopbackReceiver(timeout=30) as receiver:
        port, path = urlsplit(receiver.post_url).port, urlsplit(receiver.post_url).path
        refused += [(request_of(right, path=path[:-1]), b"404"), (request_of("", path=path, method="GET"), b"405")]

        def be_the_world():
            found.extend(exchange(port, request) for request, _ in refused)
            whole = request_of(right, path=path) + b"\r\n"  # in pieces, with a line feed that old clients append
            found.append(exchange(port, whole[:20], whole[20:150], whole[150:]))

        thread = threading.Thread(target=be_the_world)
        thread.start()
        posted = receiver.wait_for_post(HERE)
        thread.join(20)
    assert found == [*(status for _, status in refused), b"200"]
    assert (posted.consumer, posted.verifier) == (HERE, "v-1234")
    for shown in (posted, posted.verifier, posted.consumer.secret, receiver):
        assert all(secret not in repr(shown) for secret in ("v-1234", CONSUMER[1], path))


@pytest.mark.promise("a-posted-verifier-is-the-services-own")
def test_who_does_not_know_the_path_cannot_bring_a_consumer():
    """Where the consumer comes with the verifier, the form is taken at the URL that nobody can guess alone."""
    with LoopbackReceiver(timeout=30) as receiver, LoopbackReceiver() as other:
        root, junk = receiver.callback_url, posted_form(("attacker", "secret"))
        ours = urlsplit(other.post_url)._replace(netloc=urlsplit(root).netloc).geturl()
        urls = (root, root + "oauth", ours, f"{receiver.post_url}/", f"{root}?{urlsplit(receiver.post_url).path}")
        thread, statuses = post_soon(*((url, junk) for url in urls), (receiver.post_url, posted_form()))
        assert receiver.wait_for_post().consumer == HERE
        thread.join(20)
    assert statuses == [404] * 5 + [200]
    with LoopbackReceiver(path="/back") as receiver:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/back/[\w-]{22}", receiver.post_url)


def test_what_is_posted_to_a_known_consumer_may_come_to_the_callback_url():
    """The consumer's secret says whose the form is."""
    with LoopbackReceiver(timeout=30) as receiver:
        thread, statuses = post_soon((receiver.callback_url, posted_form()))
        assert receiver.wait_for_post(HERE).verifier == "v-1234"
        thread.join(20)
    assert statuses == [200]


def test_a_receiver_for_posts_is_bounded_and_good_for_one_call():
    """Time ends it, and what closes it; it does not wait twice."""
    with LoopbackReceiver(timeout=0.2) as receiver:
        with pytest.raises(UsageError, match="consumer must be a Consumer, not str"):
            receiver.wait_for_post("not a consumer")
        with pytest.raises(OAuthHookError, match=r"no verifier was posted .* within .*Callback URL") as caught:
            receiver.wait_for_post()
        assert "browser" not in tell(caught.value)
        with pytest.raises(UsageError, match="closed"):
            receiver.wait_for_post()


@pytest.mark.promise("a-posted-verifier-is-the-services-own")
def test_a_flow_takes_its_own_consumers_post_only():
    """What is posted about another consumer is refused, and the flow waits on."""
    flow = OAuthFlow.for_service(SERVICES["magento"].at(host="shop.example"), Consumer("another", "secret"))
    with LoopbackReceiver(timeout=1) as receiver:
        thread, statuses = post_soon((receiver.post_url, posted_form()))
        with pytest.raises(OAuthHookError, match="within 1 seconds"):
            flow.authorize(receiver)
        thread.join(20)
    assert statuses == [400]


def test_a_flow_needs_a_source_that_takes_posts():
    """The console cannot receive one; what a web application was posted is read by itself."""
    flow = OAuthFlow.for_service(SERVICES["magento"].at(host="shop.example"), HERE)
    with pytest.raises(UsageError, match="LoopbackReceiver"):
        flow.authorize(lambda url: "v")
    assert flow.parse_callback(posted_form(), RequestToken("r", "s")) == "v-1234"
    with pytest.raises(ProviderError, match="another consumer"):
        flow.parse_callback(posted_form(("other", "s")), RequestToken("r", "s"))
    posted = read_posted_verifier(posted_form())
    assert (posted.consumer, posted.verifier) == (HERE, "v-1234")
    for body, consumer in (
        ("", None), ("oauth_verifier=v", None), (posted_form(), Consumer("other", "s")),
        (posted_form(("a\n", "s")), None), (posted_form(("a\n", "s")), HERE),
        (posted_form() + "\udc80&oauth_verifier=", None), (posted_form().replace(CONSUMER[1], "\udc80"), HERE),
    ):  # fmt: skip
        with pytest.raises(ProviderError):
            read_posted_verifier(body, consumer)


def test_explain_knows_the_one_method():
    """A service that takes one signature method wants that one, whatever was made of its description."""
    for name, method in (
        ("trello", "HMAC-SHA1"),
        ("netsuite", "HMAC-SHA256"),
        ("jira", "RSA-SHA1"),
        ("maas", "PLAINTEXT"),
    ):
        other = replace(SERVICES[name], signature_method="HMAC-SHA512")
        for service in (name, SERVICES[name], other):
            wanted = next(d for d in find_demands(service, "").demands if d.part == "signature_method")
            assert f" takes {method} alone." in wanted.says
            assert wanted.is_met({"signature_method": method})
            assert not wanted.is_met({"signature_method": "HMAC-SHA512"})


def test_explain_recognizes_a_service_of_another_name():
    """Whatever a file calls it, its URLs tell which it is; an unknown one wants what its description says."""
    mine = Service(name="mine", title="Mine", realm="here", callback=None)
    says = [demand.says for demand in find_demands(mine, "https://api.trello.com/1/x").demands]
    assert "Mine wants the realm 'here' in the header." in says
    assert "Mine takes HMAC-SHA1 alone." in says
    assert [demand.code for demand in find_demands(mine, "https://mine.example/").demands] == ["realm"]
    wanted = {one: find_demands(one, "").wants_callback for one in ("x", "magento", "tumblr")}
    assert wanted == {"x": True, "magento": False, "tumblr": False}
    assert find_demands(None, "https://mine.example/") is None


def test_explain_knows_the_last_day():
    """A request that was signed on the last day is in time; one of the day after has its cause, and what follows."""
    mine = Service(name="mine", title="Mine", ends="2024-06-01", successor="Ask anew.")
    (demand,) = find_demands(mine, "https://mine.example/").demands
    assert (demand.code, demand.advice) == ("token-expired", "Ask anew.")
    assert [demand.is_met({"day": day}) for day in ("2024-06-01", "2024-06-02", None)] == [True, False, True]
    assert "2024-06-01" in demand.says
