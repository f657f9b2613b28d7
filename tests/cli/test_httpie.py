"""``http --auth-type=oauth-hook`` with a store of its own, and the embedded provider.

``http`` runs HTTPie in this process, ``http_process`` as one of its own.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import re
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from email.utils import formatdate
from importlib.metadata import entry_points
from types import SimpleNamespace

import pytest
import requests

from oauth_hook import AccessToken, Account, Consumer, CredentialStore, OAuthAdapter, OAuthHook, UsageError, cli
from oauth_hook.credentials import RequestToken
from oauth_hook.provider import serve
from oauth_hook.tokens.accounts import hook_for_account

HOUR = 3600
# HTTPie's own, from Python 3.14 on.
pytestmark = pytest.mark.filterwarnings("ignore:FileType is deprecated:PendingDeprecationWarning")


@pytest.fixture
def store(tmp_path, monkeypatch):
    """The user's own store, in a folder of this test's."""
    for name in ("OAUTH_CONSUMER_KEY", "OAUTH_CONSUMER_SECRET", "OAUTH_TOKEN", "OAUTH_TOKEN_SECRET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("APPDATA", str(tmp_path / "data"))
    return CredentialStore()


@pytest.fixture
def settings_of_httpie(store, tmp_path):
    """A folder of this test's for HTTPie's own settings and sessions."""
    pytest.importorskip("httpie", reason="httpie is not installed")
    folder = tmp_path / "httpie"
    folder.mkdir()
    # Otherwise it looks for a newer version of itself now and then, in the background.
    (folder / "config.json").write_text('{"disable_update_warnings": true}')
    return folder


@pytest.fixture
def http(settings_of_httpie):
    """Run HTTPie in this process, as its program does, and return what came of it."""
    from httpie.context import Environment
    from httpie.core import main

    def http(*arguments, check=0):
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "stderr", err)  # where the plugin itself says what is wrong
            environment = Environment(
                config_dir=settings_of_httpie, stdin=None, stdin_isatty=True, stdout=out, stdout_isatty=False,
                stderr=err, stderr_isatty=False,
            )  # fmt: skip
            try:
                status = main(["http", "--ignore-stdin", *arguments], environment)
            except SystemExit as end:
                status = end.code
        done = SimpleNamespace(stdout=out.buffer.getvalue().decode(), stderr=err.buffer.getvalue().decode())
        assert status == check, (done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        return done

    return http


@pytest.fixture
def http_process(settings_of_httpie):
    """Run ``http`` as a process, and return what came of it."""
    program = shutil.which("http", path=os.path.dirname(sys.executable))

    def http(*arguments, check=0, **environment):
        environment = {**os.environ, "HTTPIE_CONFIG_DIR": str(settings_of_httpie), **environment}
        done = subprocess.run(
            [program, "--ignore-stdin", *arguments],
            capture_output=True, text=True, encoding="utf-8", timeout=60, check=False, env=environment,
        )  # fmt: skip
        assert done.returncode == check, (done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        return done

    return http


@pytest.fixture
def account(store, oauth_provider):
    """An account by the name of ``me``."""
    store["me"] = Account(oauth_provider.consumer, oauth_provider.add_token(), None, oauth_provider.url)
    return store["me"]


ME = ["--auth-type=oauth-hook", "--auth=me"]

# --- what is sent ---


def test_requests_are_signed_as_their_service_wants_it(http, http_process, store, account, oauth_provider, tmp_path):
    """JSON, a form and multipart verify; placement and method are what the account's service says."""
    (tmp_path / "file").write_bytes(b"\0\xff" * 1000)
    service = tmp_path / "mine.json"
    service.write_text(json.dumps({"name": "mine", "placement": "url-encoded", "signature_method": "HMAC-SHA256"}))
    store["mine"] = Account(account.consumer, account.token, str(service), account.origins)
    url = oauth_provider.resource_url
    mine = ["--auth-type=oauth-hook", "--auth=mine"]
    echo = json.loads(http(*mine, url, "q==b c", "é=ü").stdout)
    assert (echo["user"], echo["parameters"], echo["json"]) == ("alice", [["q", "b c"]], {"é": "ü"})
    assert echo["oauth"]["placement"] == "query"
    assert echo["oauth"]["signature_method"] == "HMAC-SHA256"
    echo = json.loads(http(*mine, "--form", url, "a=b c", "é=~'", "e=").stdout)
    assert (echo["oauth"]["placement"], echo["parameters"]) == ("body", [["a", "b c"], ["é", "~'"], ["e", ""]])
    # In a process: HTTPie leaves the file open to its end.
    echo = json.loads(http_process(*mine, "--form", url, f"f@{tmp_path / 'file'}").stdout)
    assert echo["oauth"]["placement"] == "query"
    assert echo["content_type"].startswith("multipart/form-data")
    assert echo["body_length"] > 2000


def test_redirects_are_followed(http, store, account, oauth_provider, server, abroad):
    """With ``--follow`` a hop at home is signed anew, and one to another origin goes without anything of ours."""
    echo = http(*ME, "--follow", oauth_provider.url + "/api/whoami", "a==b").stdout
    assert json.loads(echo)["preferredUsername"] == "alice"
    store["me"] = replace(account, origins=[server.url])
    server.answer = lambda request: (307, {"Location": abroad.url + request.target}, b"")
    http(*ME, "--follow", server.url, "a==1")
    assert account.token.key in server.last.authorization
    assert (abroad.last.target, abroad.last.authorization) == ("/?a=1", "")


def test_a_session_keeps_the_name_only(http, account, oauth_provider, tmp_path):
    """``--session`` signs the next time too, and no file of HTTPie's has a key, a secret or a signature."""
    first = http(*ME, "--session=mine", oauth_provider.resource_url)
    second = http("--session=mine", oauth_provider.resource_url)
    assert json.loads(first.stdout)["oauth"]["nonce"] != json.loads(second.stdout)["oauth"]["nonce"]
    files = [path.read_text() for path in (tmp_path / "httpie" / "sessions").rglob("*.json")]
    assert len(files) == 1
    assert json.loads(files[0])["auth"] == {"type": "oauth-hook", "raw_auth": "me"}
    for part in (account.token, account.consumer):
        assert part.key not in files[0]
        assert part.secret not in files[0]


def test_offline_shows_the_signed_request_and_sends_nothing(http, store, account, server):
    """``--offline`` prints what would go out, signature included."""
    store["me"] = replace(account, origins=[server.url])
    shown = http(*ME, "--offline", "--form", server.url, "a=1").stdout
    assert re.search(r"^Authorization: OAuth .*oauth_signature=", shown, re.MULTILINE)
    assert account.token.secret not in shown
    assert server.received == []


def test_credentials_in_the_environment(http_process, store, oauth_provider):
    """Without ``--auth`` the four variables sign, and the store is not even there."""
    token, consumer = oauth_provider.add_token(), oauth_provider.consumer
    done = http_process(
        "--auth-type=oauth-hook", oauth_provider.resource_url,
        OAUTH_CONSUMER_KEY=consumer.key, OAUTH_CONSUMER_SECRET=consumer.secret,
        OAUTH_TOKEN=token.key, OAUTH_TOKEN_SECRET=token.secret,
    )  # fmt: skip
    assert json.loads(done.stdout)["token"] == token.key
    assert not os.path.exists(store.path)


def test_a_wrong_clock_is_corrected(http, store):
    """HTTPie reads answers as streams, so that their headers alone teach the time; then the request goes out again."""
    with serve(clock=lambda: time.time() - 10 * HOUR) as late:
        store["me"] = Account(late.consumer, late.add_token(), None, late.url)
        assert json.loads(http(*ME, late.resource_url, "a=1").stdout)["json"] == {"a": "1"}


def test_a_corrected_clock_is_kept_for_the_next_call(http, store, server):
    """The second call knows the server's time, and goes out once."""

    def answer(got):
        now = int(time.time()) + HOUR
        sent = int(re.search('oauth_timestamp="([0-9]+)"', got.headers["authorization"])[1])
        return (200, {}, b"ok") if abs(sent - now) < 300 else (401, {"Date": formatdate(now, usegmt=True)}, b"")

    server.answer = answer
    store["me"] = Account(Consumer("c", "s"), AccessToken("t", "u"), server.url)
    for count in (2, 1):
        server.received.clear()
        done = http(*ME, server.url)
        assert (done.stdout, done.stderr) == ("ok", "")
        assert len(server.received) == count


# --- what is refused ---


@pytest.mark.promise("the-command-shows-no-secret")
def test_a_refusal_points_to_explain(http, store, server):
    """On 401 the command that says why is named, once."""
    store["me"] = Account(Consumer("c", "s3cr3t"), AccessToken("t", "u"), server.url)
    server.answer = lambda got: (401, {}, b"no")
    done = http(*ME, server.url)
    assert done.stderr.count("oauth-hook explain me") == 1
    assert "s3cr3t" not in done.stderr
    server.answer = lambda got: (404, {}, b"no")
    assert "explain" not in http(*ME, server.url).stderr


def test_the_default_account_signs_where_none_is_named(http, account, oauth_provider, monkeypatch):
    """Without --auth it is the account of ``oauth-hook use``, unless the environment has a consumer."""
    auth = ["--auth-type=oauth-hook"]
    assert cli.main(["use", "me"]) == 0
    assert json.loads(http(*auth, oauth_provider.resource_url).stdout)["token"] == account.token.key
    monkeypatch.setenv("OAUTH_CONSUMER_KEY", "c")
    assert "explain me" not in http(*auth, oauth_provider.resource_url).stderr


def test_an_unknown_name_is_one_clear_line(http_process, store, server):
    """It says what to do, and nothing is sent."""
    done = http_process("--auth-type=oauth-hook", "--auth=nobody", server.url, check=1)
    assert (
        done.stderr.strip()
        == "http: error: there is nothing of that name in the store: see 'oauth-hook credentials list'"
    )
    assert (done.stdout, server.received) == ("", [])


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("a-key:hush-hush", "takes the NAME of an account"),
        (None, "there is no consumer key"),
        ("half", "there is no consumer key"),
        ("request", "is a request token"),
    ],
)
def test_what_is_no_account_is_one_clear_line(store, capsys, name, line):
    """A secret in the place of a NAME, which is not repeated; no credentials; half of them."""
    plugin = pytest.importorskip("oauth_hook.cli.httpie", reason="httpie is not installed").OAuthPlugin()
    store["half"], store["request"] = AccessToken("half-a-token", "hush-hush"), RequestToken("r", "hush-hush")
    plugin.raw_auth = name
    with pytest.raises(SystemExit) as caught:
        plugin.get_auth()
    said = capsys.readouterr().err
    assert caught.value.code == 1
    assert (said.count("\n"), said.startswith("http: error: "), line in said) == (1, True, True)
    assert "hush-hush" not in said


def test_what_cannot_be_signed_is_one_line_too(http, store, server):
    """A request that our hook refuses is HTTPie's own one-line error."""
    store["plain"] = Account(Consumer("key", "hush-hush"), None, "maas", "http://maas.invalid")  # PLAINTEXT
    done = http("--auth-type=oauth-hook", "--auth=plain", "http://maas.invalid/MAAS/api/2.0/", check=1)
    assert done.stderr.strip().startswith("http: error: UsageError: PLAINTEXT sends the secrets themselves")
    assert "hush-hush" not in done.stdout + done.stderr


@pytest.mark.promise("an-account-signs-for-its-service-only")
def test_an_account_is_used_at_its_service_only(http, store, server):
    """A request to elsewhere is HTTPie's own one-line error, which says what to do; nothing is sent."""
    store["me"] = Account(Consumer("key"), AccessToken("t", "hush-hush"), "launchpad")  # PLAINTEXT
    done = http(*ME, server.url, check=1)
    assert done.stderr.strip().startswith(f"http: error: UsageError: the account 'me' is not for {server.url}")
    assert f"--origin {server.url}" in done.stderr
    assert "hush-hush" not in done.stdout + done.stderr
    assert server.received == []
    cli.main(["credentials", "allow", "me", "--origin", server.url], store=store)
    http(*ME, server.url)
    assert "hush-hush" in server.last.authorization


# --- the account's hook ---


def test_the_hook_of_an_account(store):
    """Whole accounts sign as their service wants it; what is asked for outright comes first."""
    store["school"] = Account(Consumer("c", "cs"), AccessToken("t", "ts"), "schoology")
    store["shop"] = Account(Consumer("c", "cs"), None, "woocommerce")
    store["somewhere"] = Account(Consumer("c", "cs"), None, "https://api.example.com/authorize")
    hook = hook_for_account("school")
    assert (hook.consumer, hook.token, hook.placement) == (Consumer("c", "cs"), AccessToken("t", "ts"), "header")
    assert (hook_for_account("shop").placement, hook_for_account("shop").token) == ("query", None)
    assert hook_for_account("shop", placement="header", signature_method="HMAC-SHA512").placement == "header"
    assert hook_for_account("somewhere").placement == "header"
    assert hook_for_account("mine", {"mine": Account(Consumer("d", ""), None, None)}).consumer.key == "d"


SERVICE_OF = {
    "launchpad": ["https://launchpad.net", "https://api.launchpad.net"],
    "tumblr": ["https://www.tumblr.com", "https://api.tumblr.com"],
    "twitter": ["https://api.x.com", "https://api.twitter.com"],
    "https://pump.example/": ["https://pump.example"],
    "http://pump.example": ["http://pump.example"],
    "alice@pump.example:8443": ["https://pump.example:8443"],
    "https://a.example/1 https://b.example/2 https://c.example/3": [
        "https://a.example", "https://b.example", "https://c.example"
    ],
    "maas": [], "nowhere": [], "two words": [], "": [],
}  # fmt: skip


@pytest.mark.promise("an-account-signs-for-its-service-only")
@pytest.mark.parametrize(("service", "places"), SERVICE_OF.items())
@pytest.mark.parametrize("given", [(), ("https://more.example",)])
def test_an_accounts_hook_signs_for_its_service_only(store, service, places, given):
    """That is where its API and its URLs are, and where it was allowed; elsewhere it raises, and leaves the request."""
    store["me"] = Account(Consumer("c", "cs"), AccessToken("t", "ts"), service, given)
    made = hook_for_account("me")
    hooks = [made, made.as_user(AccessToken("u", "us")), pickle.loads(pickle.dumps(made)), made.replace(realm="r")]
    for hook in hooks:
        for place in (*places, *given):
            prepared = requests.Request("GET", f"{place}/x?a=1", auth=hook).prepare()
            assert prepared.headers["Authorization"].startswith("OAuth ")
        for place in (
            "https://evil.example",
            "http://launchpad.net",
            "https://www.tumblr.com:8443",
            "http://127.0.0.1",
        ):
            prepared = requests.Request("GET", place).prepare()
            for attached in (lambda r: hook(r), lambda r: r.prepare_auth(hook)):  # noqa: B023 - called at once
                with pytest.raises(UsageError, match=r"'me'.*--origin https?://"):
                    attached(prepared)
            assert "Authorization" not in prepared.headers
            for home in (*places, *given)[:1]:
                signed = requests.Request("GET", home, auth=hook).prepare()
                signed.url = place
                with pytest.raises(UsageError, match="is not for"):
                    signed.prepare_auth(hook)
    assert issubclass(type(made), OAuthHook)


@pytest.mark.promise("an-account-signs-for-its-service-only")
def test_an_accounts_hook_in_other_clients(store, server, abroad):
    """In httpx, and in an adapter: a request to elsewhere is refused, a redirect there goes unsigned."""
    httpx = pytest.importorskip("httpx")
    from oauth_hook.httpx import OAuth, event_hooks

    store["me"] = Account(Consumer("c", "cs"), AccessToken("t", "ts"), None, server.url)
    hook = hook_for_account("me")
    server.answer = lambda request: (302, {"Location": abroad.url + request.target}, b"")
    session = requests.Session()
    session.mount("http://", OAuthAdapter(hook))
    with httpx.Client(event_hooks=event_hooks(hook), follow_redirects=True) as hooked, httpx.Client() as plain:
        for get in (session.get, hooked.get, lambda url: plain.get(url, auth=OAuth(hook), follow_redirects=True)):
            get(f"{server.url}/x")
            assert "oauth_signature" in server.last.authorization + server.last.target
            assert (abroad.last.target, abroad.last.authorization) == ("/x", "")
            count = len(abroad.received)
            with pytest.raises(UsageError, match="is not for"):
                get(abroad.url)
            assert len(abroad.received) == count
    session.close()


def test_halves_in_the_store_are_completed_by_the_environment(store, monkeypatch):
    """A consumer or a token by itself, or neither, goes with what the environment has; an account stands alone."""
    store["consumer"], store["token"] = Consumer("c", "cs"), AccessToken("t", "ts")
    store["request"], store["account"] = RequestToken("r", "rs"), Account(Consumer("c", "cs"), None, None)
    with pytest.raises(UsageError, match="no consumer key"):
        hook_for_account("token")
    for name, value in {"CONSUMER_KEY": "ec", "CONSUMER_SECRET": "es", "TOKEN": "et", "TOKEN_SECRET": "ets"}.items():
        monkeypatch.setenv(f"OAUTH_{name}", value)
    pairs = {
        name: (hook_for_account(name).consumer.key, hook_for_account(name).token)
        for name in ("consumer", "token", None)
    }
    env, own = AccessToken("et", "ets"), AccessToken("t", "ts")
    assert pairs == {"consumer": ("c", env), "token": ("ec", own), None: ("ec", env)}
    assert hook_for_account("account").token is None
    with pytest.raises(UsageError, match="'request' is a request token"):
        hook_for_account("request")
    with pytest.raises(UsageError, match="there is nothing of that name in the store"):
        hook_for_account("other")


# --- the entry point ---


def test_the_plugin_is_found_and_loads_nothing_else():
    """HTTPie loads this plugin at every start: no parser comes with it, no command and nothing that loads requests."""
    pytest.importorskip("httpie", reason="httpie is not installed")
    found = {point.value for point in entry_points(group="httpie.plugins.auth.v1") if point.name == "oauth-hook"}
    assert found == {"oauth_hook.cli.httpie:OAuthPlugin"}
    code = (
        "import sys, httpie.core, importlib; before = set(sys.modules); "
        "importlib.import_module('oauth_hook.cli.httpie'); "
        "print(*sorted(name for name in set(sys.modules) - before if name.startswith('oauth_hook')))"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert output.stdout.split() == [
        "oauth_hook", "oauth_hook.cli", "oauth_hook.cli.console", "oauth_hook.cli.httpie", "oauth_hook.cli.main",
        "oauth_hook.errors", "oauth_hook.version",
    ]  # fmt: skip


def test_without_httpie_nothing_is_missing():
    """The package works where there is no HTTPie; the plugin's module alone asks for it."""
    code = (
        "import sys; sys.modules['httpie'] = None\n"
        "from oauth_hook import *\n"
        "import oauth_hook.tokens.accounts\n"
        "try: import oauth_hook.cli.httpie\n"
        "except ImportError as error: print(error.name)"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert output.stdout.strip().startswith("httpie")
