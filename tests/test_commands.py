"""``oauth-hook authorize``, ``request``, ``credentials``, ``services``, ``register``: as processes of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from oauth_hook import AccessToken, Account, Consumer, CredentialStore
from oauth_hook.services import SERVICES

COMMAND = [sys.executable, "-W", "ignore", "-m", "oauth_hook"]


@pytest.fixture
def run(tmp_path):
    """Run the command with a store of its own, and return what came of it."""

    def run(*arguments, stdin="", check=0, **environment):
        clean = {name: value for name, value in os.environ.items() if not name.startswith("OAUTH_")}
        done = subprocess.run(
            [*COMMAND, "--store", str(tmp_path / "store"), *arguments],
            input=stdin, capture_output=True, text=True, timeout=60, check=False, env={**clean, **environment},
        )  # fmt: skip
        assert done.returncode == check, (done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        return done

    run.store = tmp_path / "store"
    return run


def urls(provider):
    return [
        "--request-token-url", provider.request_token_url, "--authorization-url", provider.authorization_url,
        "--access-token-url", provider.access_token_url,
    ]  # fmt: skip


def keep(run, provider, name="me"):
    """Put an account at the embedded provider into the store."""
    token = provider.add_token()
    with CredentialStore(run.store) as store:
        store[name] = Account(provider.consumer, token, "embedded")
    return token


def environment(provider, token=None):
    names = {"OAUTH_CONSUMER_KEY": provider.consumer.key, "OAUTH_CONSUMER_SECRET": provider.consumer.secret}
    if token:
        names |= {"OAUTH_TOKEN": token.key, "OAUTH_TOKEN_SECRET": token.secret}
    return names


# --- authorize ---


def test_authorize_without_a_terminal(run, oauth_provider):
    """The link and the prompts go to standard error, answers come from standard input, the account is kept."""
    process = subprocess.Popen(
        [*COMMAND, "--store", str(run.store), "authorize", "me", *urls(oauth_provider)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1,
    )  # fmt: skip
    process.stdin.write(f"{oauth_provider.consumer.key}\n{oauth_provider.consumer.secret}\n")
    process.stdin.flush()
    seen, link = "", None
    while link is None:
        line = process.stderr.readline()
        assert line, seen
        seen += line
        link = next((word for word in line.split() if word.startswith(oauth_provider.authorization_url)), None)
    out, err = process.communicate(oauth_provider.approve(link) + "\n", timeout=30)
    assert (process.returncode, out) == (0, "kept as me\n"), err
    with CredentialStore(run.store) as store:
        account = store["me"]
        assert account.consumer == Consumer(oauth_provider.consumer.key, oauth_provider.consumer.secret)
    assert account.token.secret not in seen + err + out
    assert oauth_provider.consumer.secret not in seen + err + out
    done = run("request", "me", "GET", oauth_provider.resource_url)
    assert json.loads(done.stdout)["user"] == "alice"


def test_authorize_with_a_browser(run, oauth_provider, tmp_path):
    """--browser opens the browser that the environment names, and waits for it on loopback."""
    browser = tmp_path / "browser"
    browser.write_text(
        f"#!{sys.executable}\n"
        "import sys, requests, re\n"
        "session = requests.Session(); session.trust_env = False\n"
        f"form = {{'name': {oauth_provider.user.name!r}, 'password': {oauth_provider.user.password!r}}}\n"
        "session.post(sys.argv[1], {**form, 'answer': 'allow'}, timeout=20)\n"
    )
    browser.chmod(0o755)
    done = run(
        "authorize", "me", "--browser", "--timeout", "30", "--json", *urls(oauth_provider),
        **environment(oauth_provider), BROWSER=f"{browser} %s &",
    )  # fmt: skip
    assert json.loads(done.stdout)["name"] == "me"
    assert json.loads(run("request", "me", "GET", oauth_provider.resource_url).stdout)["user"] == "alice"


def test_a_refused_authorization_keeps_nothing(run, oauth_provider):
    """A wrong secret is the provider's no: status 1, a message, and nothing in the store."""
    wrong = {**environment(oauth_provider), "OAUTH_CONSUMER_SECRET": "wrong-hunter2"}
    done = run("authorize", "me", *urls(oauth_provider), check=1, **wrong)
    assert "signature_invalid" in done.stderr
    assert "hunter2" not in done.stderr + done.stdout
    assert run("credentials", "list").stdout == ""


def test_ctrl_c_leaves_nothing_half_stored(run, oauth_provider):
    """An interrupted authorization leaves the store as it was."""
    before = keep(run, oauth_provider)
    process = subprocess.Popen(
        [*COMMAND, "--store", str(run.store), "authorize", "me", *urls(oauth_provider)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    while "oauth_token=" not in process.stderr.readline():
        pass
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in err
    with CredentialStore(run.store) as store:
        assert store["me"].token == before


@pytest.mark.parametrize(
    "arguments",
    [["nowhere"], ["me", "--request-token-url", "http://127.0.0.1/"], ["me", "--service", "missing.json"],
     ["me", "--service", "tumblr"]],
)  # fmt: skip
def test_authorize_misused(arguments, run):
    """An unknown service, half of the addresses, a missing file, no consumer key at all: status 2 and what to do."""
    assert run("authorize", *arguments, check=2).stderr.startswith(("oauth-hook: ", "consumer key: oauth-hook: "))


# --- request ---


def test_request_with_credentials_of_the_environment(run, oauth_provider):
    """Consumer and token come from the environment; without a token the request is two-legged."""
    token = oauth_provider.add_token()
    done = run("request", "GET", oauth_provider.resource_url + "?a=1", **environment(oauth_provider, token))
    assert json.loads(done.stdout)["parameters"] == [["a", "1"]]
    done = run("request", "get", oauth_provider.two_legged_url, **environment(oauth_provider))
    assert json.loads(done.stdout)["user"] is None


def test_request_is_curl_like(run, oauth_provider, tmp_path):
    """Forms, JSON, multipart, headers and a file for the answer."""
    keep(run, oauth_provider)
    url = oauth_provider.resource_url
    form = json.loads(run("request", "me", "POST", url, "-d", "a=1", "-d", "b=x=y & z").stdout)
    assert form["parameters"] == [["a", "1"], ["b", "x=y & z"]]
    assert json.loads(run("request", "me", "PUT", url, "--json", '{"a": "é"}').stdout)["json"] == {"a": "é"}
    upload = tmp_path / "upload.bin"
    upload.write_bytes(b"\x00" * 1000)
    multipart = json.loads(run("request", "me", "POST", url, "-F", "a=1", "-F", f"f=@{upload}").stdout)
    assert multipart["content_type"].startswith("multipart/form-data")
    assert multipart["body_length"] > 1000
    answer = tmp_path / "answer.json"
    assert run("request", "me", "GET", url, "-H", "Accept: */*", "-o", str(answer)).stdout == ""
    assert json.loads(answer.read_text())["user"] == "alice"
    query = json.loads(
        run("request", "me", "GET", url, "--placement", "query", "--signature-method", "PLAINTEXT").stdout
    )
    assert (query["oauth"]["placement"], query["oauth"]["signature_method"]) == ("query", "PLAINTEXT")


def test_a_refusal_is_status_1(run, oauth_provider):
    """A provider's no is printed, said on standard error, and is the exit status."""
    token = oauth_provider.add_token()
    wrong = {**environment(oauth_provider, token), "OAUTH_TOKEN_SECRET": "wrong"}
    done = run("request", "GET", oauth_provider.resource_url, check=1, **wrong)
    assert "signature_invalid" in done.stdout
    assert "401" in done.stderr


def test_what_a_server_echoes_of_our_secrets_is_masked(run, server):
    """An answer that echoes our secrets is printed without them, unless asked for or written to a file."""
    server.answer = lambda got: (200, {"Content-Type": "text/plain"}, got.authorization.encode())
    given = {"OAUTH_CONSUMER_KEY": "c", "OAUTH_CONSUMER_SECRET": "one-hunter2", "OAUTH_TOKEN": "t",
             "OAUTH_TOKEN_SECRET": "two-hunter2"}  # fmt: skip
    words = ["request", "GET", server.url, "--signature-method", "PLAINTEXT"]
    assert "hunter2" not in run(*words, **given).stdout
    assert "one-hunter2%26two-hunter2" in run(*words, "--show-secrets", **given).stdout


@pytest.mark.parametrize(
    "words",
    [["GET"], ["a", "b", "c", "d"], ["nobody", "GET", "http://127.0.0.1/"], ["GET", "http://127.0.0.1/"],
     ["GET", "ftp://127.0.0.1/"]],
)  # fmt: skip
def test_request_misused(words, run):
    """Missing words, an unknown name, no credentials, no http: status 2."""
    assert run("request", *words, check=2).stderr.startswith("oauth-hook: ")


def test_no_connection_is_status_1(run):
    """A server that is not there is said, without a traceback."""
    done = run("request", "GET", "http://127.0.0.1:9/", check=1, OAUTH_CONSUMER_KEY="c")
    assert done.stderr.startswith("oauth-hook: ")


def test_help_names_the_environment(run):
    """The help of request says where secrets come from."""
    text = run("request", "--help").stdout
    for name in ("OAUTH_CONSUMER_KEY", "OAUTH_CONSUMER_SECRET", "OAUTH_TOKEN", "OAUTH_TOKEN_SECRET"):
        assert name in text


# --- credentials, services, register ---


def test_credentials_are_listed_shown_and_removed(run):
    """list names them, show masks their secrets unless asked, remove removes."""
    with CredentialStore(run.store) as store:
        token = AccessToken("token", "two-hunter2", extra={"oauth_session_handle": "three-hunter2"})
        store["a"] = Account(Consumer("key", "one-hunter2"), token, "tumblr")
        store["b"] = Consumer("key", "one-hunter2")
    assert run("credentials", "list").stdout == "a\taccount at tumblr\nb\tconsumer\n"
    shown = run("credentials", "show", "a").stdout
    assert json.loads(shown)["token"]["key"] == "token"
    assert "hunter2" not in shown
    assert run("credentials", "show", "a", "--show-secrets").stdout.count("hunter2") == 3
    run("credentials", "remove", "a")
    assert json.loads(run("credentials", "list", "--json").stdout) == {"b": "consumer"}
    assert "no 'a'" in run("credentials", "show", "a", check=2).stderr
    run("credentials", "show", check=2)


def test_a_damaged_store_is_reported(run):
    """A file that is no store is named, and left as it is."""
    run.store.write_bytes(b"something else")
    assert str(run.store) in run("credentials", "list", check=2).stderr
    assert run.store.read_bytes() == b"something else"


def test_services_are_listed_and_shown(run):
    """services lists what is known, and shows one."""
    assert set(json.loads(run("services", "--json").stdout)) == set(SERVICES)
    assert "request_token_url: https://www.tumblr.com/oauth/request_token" in run("services", "tumblr").stdout
    run("services", "nowhere", check=2)


def test_register_and_authorize_with_a_pump(run, oauth_provider):
    """A server that lets clients register gives a consumer key, which the next command uses."""
    server = oauth_provider.url.partition("//")[2]
    done = run("register", "me", f"alice@{server}", "--application-name", "Test.io", "--http", "--json")
    key = json.loads(done.stdout)["consumer"]
    with CredentialStore(run.store) as store:
        assert store["me"].consumer.key == key
        assert store["me"].token is None
    assert "not authorized yet" in run("credentials", "list").stdout


def test_any_mapping_may_keep_the_credentials(oauth_provider, capsysbinary):
    """``main(argv, store=...)`` takes a mapping of the application's own in the place of the file."""
    from oauth_hook.cli import main

    store = {"me": Account(oauth_provider.consumer, oauth_provider.add_token(), "example")}
    assert main(["request", "me", "GET", oauth_provider.resource_url], store=store) == 0
    assert json.loads(capsysbinary.readouterr().out)["user"] == "alice"
    assert main(["credentials", "remove", "me"], store=store) == 0
    assert store == {}
