"""``oauth-hook authorize``, ``request``, ``credentials``, ``services``, ``register``.

``run`` runs the command as a process of its own, ``call`` in this one.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import requests
from tables import for_each

from oauth_hook import AccessToken, Account, Consumer, CredentialStore, OAuthHook, RequestToken, cli
from oauth_hook.services import SERVICES

try:
    import fcntl
    import pty
    import termios
except ImportError:  # there are none on Windows
    fcntl = pty = termios = None

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no terminals, forks, modes and signals of this kind")
COMMAND = [sys.executable, "-W", "ignore", "-m", "oauth_hook"]


@pytest.fixture
def run(tmp_path):
    """Run the command with a store of its own, and return what came of it."""

    def run(*arguments, stdin="", check=0, **environment):
        clean = {name: value for name, value in os.environ.items() if not name.startswith("OAUTH_")}
        done = subprocess.run(
            [*COMMAND, "--store", str(tmp_path / "store"), *arguments],
            input=stdin, capture_output=True, text=True, timeout=60, check=False,
            env={**clean, "XDG_DATA_HOME": str(tmp_path / "data"), **environment},
        )  # fmt: skip
        assert done.returncode == check, (done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        return done

    run.store = tmp_path / "store"
    return run


def is_one_line(text):
    return text.startswith("oauth-hook") and text.endswith("\n") and text.count("\n") == 1


@contextmanager
def answering(answer):
    """A server that answers each connection with these octets and closes it; ``None``: it says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            while True:
                connection, _ = listener.accept()
                with connection:
                    connection.settimeout(20)
                    if not connection.recv(1 << 16):
                        return
                    if answer is None:
                        connection.recv(1)
                    else:
                        connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            socket.create_connection(listener.getsockname()).close()
            thread.join()


def urls(provider):
    return [
        "--request-token-url", provider.request_token_url, "--authorization-url", provider.authorization_url,
        "--access-token-url", provider.access_token_url,
    ]  # fmt: skip


def keep(run, provider, name="me", service=None, origins=()):
    """Put an account at the embedded provider into the store."""
    token = provider.add_token()
    with CredentialStore(run.store) as store:
        store[name] = Account(provider.consumer, token, service or " ".join(urls(provider)[1::2]), origins)
    return token


def kept(run, name="me"):
    return CredentialStore(run.store)[name]


def environment(provider, token=None):
    names = {"OAUTH_CONSUMER_KEY": provider.consumer.key, "OAUTH_CONSUMER_SECRET": provider.consumer.secret}
    if token:
        names |= {"OAUTH_TOKEN": token.key, "OAUTH_TOKEN_SECRET": token.secret}
    return names


# --- authorize ---


def test_authorize_without_a_terminal(run, call, oauth_provider):
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
    done = call("request", "me", "GET", oauth_provider.resource_url)
    assert json.loads(done.stdout)["user"] == "alice"


@posix
def test_authorize_with_a_browser(run, call, oauth_provider, tmp_path):
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
    assert json.loads(call("request", "me", "GET", oauth_provider.resource_url).stdout)["user"] == "alice"


def test_a_refused_authorization_keeps_nothing(call, oauth_provider):
    """A wrong secret is the provider's no: status 1, a message, and nothing in the store."""
    wrong = {**environment(oauth_provider), "OAUTH_CONSUMER_SECRET": "wrong-hunter2"}
    done = call("authorize", "me", *urls(oauth_provider), check=1, **wrong)
    assert "signature_invalid" in done.stderr
    assert "1. consumer-secret" in done.stderr
    assert "hunter2" not in done.stderr + done.stdout
    assert call("credentials", "list").stdout == ""


def test_each_prompt_has_a_line_of_its_own(call):
    """Where no Enter is typed, the command itself ends the lines of its prompts, once."""
    done = call("authorize", "tumblr", stdin="key\n", check=2)
    assert done.stderr.splitlines()[-3:-1] == ["consumer key: ", "consumer secret: "]
    assert done.stderr.splitlines()[-1].startswith("oauth-hook: no consumer secret was given")


def test_one_of_three_addresses_is_wrong(call, oauth_provider):
    """The one that is none is named; with --service beside them, nobody knows which is meant."""
    for position, what in ((1, "request token"), (3, "authorization"), (5, "access token")):
        words = urls(oauth_provider)
        words[position] = "example.com/oauth"
        done = call("authorize", "me", *words, check=2, OAUTH_CONSUMER_KEY="c")
        assert is_one_line(done.stderr)
        assert f"the {what} URL must be an absolute http or https URL: " in done.stderr
    done = call("authorize", "me", *urls(oauth_provider), "--service", "tumblr", check=2, OAUTH_CONSUMER_KEY="c")
    assert "--service" in done.stderr


def test_a_name_sends_nobody_anywhere(call, server):
    """A NAME that looks like an address is asked only where --service says so."""
    host = server.url.partition("//")[2]
    for name in (host, f"alice@{host}", "my.account"):
        assert "--service SERVER" in call("authorize", name, "--http", check=2, OAUTH_CONSUMER_KEY="c").stderr
    assert server.received == []


@posix
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
def test_authorize_misused(arguments, call):
    """An unknown service, half of the addresses, a missing file, no consumer key at all: status 2 and what to do."""
    assert call("authorize", *arguments, check=2).stderr.splitlines()[-1].startswith("oauth-hook: ")


def test_an_account_is_authorized_again_at_its_three_addresses(call, oauth_provider):
    """What the three options said is kept: the next authorization needs none of them, nor the consumer."""
    before = keep(call, oauth_provider)
    asked = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "oauth_hook.tokens.verifiers.ask_on_console", lambda url: asked.append(url) or oauth_provider.approve(url)
        )
        assert call("authorize", "me").stdout == "kept as me\n"
    assert asked[0].startswith(oauth_provider.authorization_url)
    assert kept(call).consumer == oauth_provider.consumer
    assert kept(call).token not in (None, before)
    assert call("credentials", "list").stdout == f"me\taccount at {oauth_provider.authorization_url}\n"
    assert json.loads(call("request", "me", "GET", oauth_provider.resource_url).stdout)["user"] == "alice"


@pytest.mark.parametrize(
    ("arguments", "given"),
    [(["--service", "tumblr"], {}), (["--service", "/nowhere/else.json"], {}), ([], {"OAUTH_CONSUMER_KEY": "another"}),
     ([], {"OAUTH_CONSUMER_KEY": "key", "OAUTH_CONSUMER_SECRET": "another"})],
)  # fmt: skip
def test_a_consumer_is_not_taken_to_another_service(arguments, given, call):
    """An account's consumer key is for its service, and what the environment has is for the account, or it is said."""
    account = Account(Consumer("key", "hunter2"), AccessToken("token", "hunter2"), "discogs")
    with CredentialStore(call.store) as store:
        store["me"] = account
    done = call("authorize", "me", *arguments, check=2, **given)
    assert is_one_line(done.stderr)
    assert "hunter2" not in done.stderr
    assert kept(call) == account


@pytest.mark.parametrize("value", [AccessToken("a", "b"), RequestToken("a", "b")])
def test_a_token_by_itself_is_not_overwritten(value, call, oauth_provider):
    """A token under that name would be lost: it is replaced when that is asked for."""
    with CredentialStore(call.store) as store:
        store["me"] = value
    words = ["authorize", "me", *urls(oauth_provider)]
    assert "--replace" in call(*words, check=2, **environment(oauth_provider)).stderr
    assert kept(call) == value
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("oauth_hook.tokens.verifiers.ask_on_console", oauth_provider.approve)
        call(*words, "--replace", **environment(oauth_provider))
    assert isinstance(kept(call), Account)


def test_replace_forgets_what_was_kept_only_at_the_end(call, oauth_provider):
    """With --replace another consumer is taken, and what was there stays until the new token is."""
    with CredentialStore(call.store) as store:
        store["me"] = before = Account(Consumer("key", "secret"), AccessToken("token", "secret"), "discogs")
    words = ["authorize", "me", "--replace", *urls(oauth_provider)]
    call(*words, check=1, **{**environment(oauth_provider), "OAUTH_CONSUMER_SECRET": "wrong"})
    assert kept(call) == before
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("oauth_hook.tokens.verifiers.ask_on_console", oauth_provider.approve)
        call(*words, **environment(oauth_provider))
    assert kept(call).consumer.key == oauth_provider.consumer.key


def test_a_parameter_of_any_name_goes_to_the_authorization_page(call, oauth_provider):
    """--set takes any name, those of Python's own parameters too."""
    asked = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "oauth_hook.tokens.verifiers.ask_on_console", lambda url: asked.append(url) or oauth_provider.approve(url)
        )
        words = ["--set", "ask=1", "--set", "self=2", "--set", "request_token=a=b"]
        call("authorize", "me", *urls(oauth_provider), *words, **environment(oauth_provider))
    assert asked[0].endswith("&ask=1&self=2&request_token=a%3Db")


def as_launchpad(server):
    """Have a server speak OAuth 1.0: no callback, no verifier; return what describes it."""
    answers = {
        "/request": b"oauth_token=r&oauth_token_secret=s", "/access": b"oauth_token=a&oauth_token_secret=s",
    }  # fmt: skip
    server.answer = lambda got: (200, {}, answers[got.target])
    return {
        "name": "old", "callback": None, "confirmed": "ignore", "signature_method": "PLAINTEXT",
        "request_token_url": f"{server.url}/request", "authorization_url": f"{server.url}/authorize",
        "access_token_url": f"{server.url}/access",
    }  # fmt: skip


@for_each("browser", [False, True])
def test_a_service_without_verifiers_waits_for_enter(browser, call, server, tmp_path, monkeypatch):
    """OAuth 1.0 has no callback and no verifier: the link is shown, or opened, and Enter alone goes on."""
    file, opened = tmp_path / "old.json", []
    file.write_text(json.dumps(as_launchpad(server)))
    call.store.unlink(missing_ok=True)
    monkeypatch.setattr("webbrowser.open", opened.append)
    words = ["authorize", "me", "--service", str(file), *(["--browser"] if browser else [])]
    done = call(*words, stdin="\n", OAUTH_CONSUMER_KEY="app")
    link = f"{server.url}/authorize?oauth_token=r"
    assert link in done.stderr
    assert "Enter" in done.stderr
    assert opened == ([link] if browser else [])
    assert [got.target for got in server.received] == ["/request", "/access"]
    assert not any("callback" in got.authorization or "verifier" in got.authorization for got in server.received)
    assert kept(call) == Account(Consumer("app"), AccessToken("a", "s"), str(file))


@pytest.mark.promise("only-web-urls-are-shown-and-opened")
def test_only_web_addresses_are_shown_and_opened(call, server, tmp_path, monkeypatch):
    """A browser hands other addresses to whatever program opens them: such a service is refused."""
    file, opened = tmp_path / "old.json", []
    file.write_text(json.dumps({**as_launchpad(server), "authorization_url": "file:///etc/hosts"}))
    monkeypatch.setattr("webbrowser.open", opened.append)
    call("authorize", "me", "--service", str(file), "--browser", stdin="\n", check=2, OAUTH_CONSUMER_KEY="app")
    assert opened == []


def test_no_enter_and_another_token_at_a_service_without_verifiers(call, server, tmp_path):
    """Standard input at its end goes no further, nor does a pasted address that is about another token."""
    file = tmp_path / "old.json"
    file.write_text(json.dumps(as_launchpad(server)))
    for stdin in ("", "http://127.0.0.1/?oauth_token=another\n"):
        server.received.clear()
        call("authorize", "me", "--service", str(file), stdin=stdin, check=1, OAUTH_CONSUMER_KEY="app")
        assert [got.target for got in server.received] == ["/request"]


def test_an_address_that_is_pasted_at_a_service_without_callback(call, server, tmp_path):
    """A service that has its callback from the registration puts the verifier into the address where the user lands."""
    file = tmp_path / "registered.json"
    file.write_text(json.dumps(as_launchpad(server)))
    call("authorize", "me", "--service", str(file), OAUTH_CONSUMER_KEY="app",
         stdin="https://app.example/?oauth_token=r&oauth_verifier=v\n")  # fmt: skip
    assert 'oauth_verifier="v"' in server.last.authorization


@posix
def test_ctrl_d_at_a_prompt_is_misuse(run):
    """Ctrl-D where the secret is asked for, on a terminal, is said in one line."""
    ours, theirs = pty.openpty()
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OAUTH_")}
    process = subprocess.Popen(
        [*COMMAND, "--store", str(run.store), "authorize", "tumblr"],
        stdin=theirs, stdout=theirs, stderr=theirs, env=clean, start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )  # fmt: skip
    os.close(theirs)
    seen = b""
    for prompt, answer in ((b"consumer key: ", b"the-key\n"), (b"consumer secret: ", b"\x04")):
        while prompt not in seen:
            seen += os.read(ours, 65536)
        os.write(ours, answer)
    with closing(os.fdopen(ours, "rb", buffering=0)) as terminal:
        try:
            while piece := terminal.read(65536):
                seen += piece
        except OSError:  # what Linux says at the end of a terminal
            pass
    assert process.wait(20) == 2
    assert b"Traceback" not in seen
    assert seen.splitlines()[-1].startswith(b"oauth-hook: no consumer secret was given")


@for_each("errors", ["strict", "surrogateescape"])
def test_a_secret_that_is_no_text_is_not_shown(errors, call):
    """Octets on standard input that are no text are misuse, and are not repeated."""
    done = call("authorize", "tumblr", stdin=b"key\nhunter2\xff\n", check=2, errors=errors)
    assert done.stderr.splitlines()[-1].startswith("oauth-hook: the consumer ")
    assert "hunter2" not in done.stderr


# --- request ---


def test_request_with_credentials_of_the_environment(call, oauth_provider):
    """Consumer and token come from the environment; without a token the request is two-legged."""
    token = oauth_provider.add_token()
    done = call("request", "GET", oauth_provider.resource_url + "?a=1", **environment(oauth_provider, token))
    assert json.loads(done.stdout)["parameters"] == [["a", "1"]]
    done = call("request", "get", oauth_provider.two_legged_url, **environment(oauth_provider))
    assert json.loads(done.stdout)["user"] is None


def test_request_is_curl_like(call, oauth_provider, tmp_path):
    """Forms, JSON, multipart, headers and a file for the answer."""
    keep(call, oauth_provider)
    url = oauth_provider.resource_url
    form = json.loads(call("request", "me", "POST", url, "-d", "a=1", "-d", "b=x=y & z").stdout)
    assert form["parameters"] == [["a", "1"], ["b", "x=y & z"]]
    assert json.loads(call("request", "me", "PUT", url, "--json", '{"a": "é"}').stdout)["json"] == {"a": "é"}
    upload = tmp_path / "upload.bin"
    upload.write_bytes(b"\x00" * 1000)
    multipart = json.loads(call("request", "me", "POST", url, "-F", "a=1", "-F", f"f=@{upload}").stdout)
    assert multipart["content_type"].startswith("multipart/form-data")
    assert multipart["body_length"] > 1000
    answer = tmp_path / "answer.json"
    assert call("request", "me", "GET", url, "-H", "Accept: */*", "-o", str(answer)).stdout == ""
    assert json.loads(answer.read_text())["user"] == "alice"
    query = json.loads(
        call("request", "me", "GET", url, "--placement", "query", "--signature-method", "PLAINTEXT").stdout
    )
    assert (query["oauth"]["placement"], query["oauth"]["signature_method"]) == ("query", "PLAINTEXT")


def test_a_method_may_be_left_out(call, oauth_provider, server):
    """Without METHOD it is GET, and POST where there is something to send; a NAME is one that the store has."""
    keep(call, oauth_provider, origins=server.url)
    keep(call, oauth_provider, "GET")
    for words, method in (
        ([], "GET"), (["-d", "a=1"], "POST"), (["--json", ""], "POST"), (["-F", "a=1"], "POST"),
        (["me"], "GET"), (["me", "-d", "a=1"], "POST"), (["get", "-d", "a=1"], "GET"), (["me", "put"], "PUT"),
        (["me", "Put"], "PUT"),
    ):  # fmt: skip
        call("request", *words, server.url, OAUTH_CONSUMER_KEY="the-environment")
        assert server.last.method == method
        assert ("the-environment" in server.last.authorization) is ("me" not in words)
    done = call("request", "PROPFIND", server.url, check=1, OAUTH_CONSUMER_KEY="c")
    assert "Unsupported method ('PROPFIND')" in done.stderr  # by the server


@for_each(
    ("words", "said"),
    [
        (["nobody", "https://a.example/"], "the first word is neither a METHOD, such as GET, nor in the store"),
        (["me", "GET"], "there is no URL after GET"),
        (["GET"], "there is no URL after GET"),
        (["me"], "use [NAME] [METHOD] URL"),
        (["GET", "me", "https://a.example/"], "the METHOD goes after the NAME"),
        (["https://a.example/", "GET"], "the URL goes last"),
        (["a.example/me"], "begin it with https://"),
        (["GET", "a.example/me?a=1"], "begin it with https://"),
        (["me", "localhost:8000"], "begin it with https://"),
        (["GET", "https://a.example/", "-XPOST"], "unknown arguments: -X; the METHOD goes before the URL"),
        (["GET", "https://a.example/", "--nothing"], "see 'oauth-hook request --help'"),
        (["nobody", "GET", "https://a.example/"], "there is nothing of that name in the store"),
    ],
)
def test_what_is_missing_is_said(words, said, call):
    """A word that is missing, or nobody's name, is named."""
    done = call("request", *words, check=2, OAUTH_CONSUMER_KEY="c")
    assert is_one_line(done.stderr)
    assert said in done.stderr


def test_a_store_that_is_not_there_is_said(call):
    """Where the store's file does not exist, it is named; so it is where the list is empty for that reason."""
    for words in (["request", "me", "GET", "http://127.0.0.1:9/"], ["request", "me", "http://127.0.0.1:9/"],
                  ["explain", "me"], ["credentials", "show", "me"], ["credentials", "remove", "me"]):  # fmt: skip
        done = call(*words, check=2)
        assert is_one_line(done.stderr)
        assert f"does not exist: {call.store}" in done.stderr
    done = call("credentials", "list")
    assert done.stdout == ""
    assert is_one_line(done.stderr)
    assert str(call.store) in done.stderr
    with CredentialStore(call.store) as store:
        store["a"] = Consumer("key")
    assert "does not exist" not in call("request", "me", "GET", "http://127.0.0.1:9/", check=2).stderr
    assert call("credentials", "list").stderr == ""


def test_a_token_by_itself_wants_a_consumer_key(call):
    """A NAME that is a bare token goes with a consumer of the environment, or it is said."""
    with CredentialStore(call.store) as store:
        store["bare"] = AccessToken("token", "hunter2")
    done = call("request", "bare", "GET", "http://127.0.0.1:9/", check=2)
    assert is_one_line(done.stderr)
    assert "no consumer key to go with the token" in done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [("OAUTH_CONSUMER_SECRET", "hunter2\n"), ("OAUTH_TOKEN", " token"), ("OAUTH_CONSUMER_KEY", "c "),
     ("OAUTH_TOKEN_SECRET", "\thunter2")],
)  # fmt: skip
def test_white_space_around_a_secret_is_said(name, value, call, server):
    """It is most often a mistake, and may be meant: it is sent as it is, and said once."""
    given = {"OAUTH_CONSUMER_KEY": "c", "OAUTH_CONSUMER_SECRET": "s", "OAUTH_TOKEN": "t", "OAUTH_TOKEN_SECRET": "s"}
    assert call("request", "GET", server.url, **given).stderr == ""
    done = call("request", "GET", server.url, "--signature-method", "PLAINTEXT", **given | {name: value})
    assert is_one_line(done.stderr)
    assert f"{name} in the environment has white space" in done.stderr
    assert "hunter2" not in done.stderr
    assert re.search("%(?:25)*(?:20|0A|09)", server.last.authorization)


def test_a_token_without_its_secret_is_said(call, server):
    """A token whose secret is not set is signed with an empty one, which is said; one that is set so is meant."""
    given = {"OAUTH_CONSUMER_KEY": "c", "OAUTH_TOKEN": "t"}
    done = call("request", "GET", server.url, **given)
    assert is_one_line(done.stderr)
    assert "without OAUTH_TOKEN_SECRET" in done.stderr
    assert call("request", "GET", server.url, **given, OAUTH_TOKEN_SECRET="").stderr == ""


def test_a_json_body_is_looked_at(call, server, tmp_path):
    """What is no JSON is not sent, and the place is named; @FILE is a file, and @- standard input."""
    for bad, place in (("{bad", "line 1, column 2"), ("{\n'a'}", "line 2, column 1"), ("[1] 2", "line 1, column 5")):
        done = call("request", "POST", server.url, "--json", bad, check=2, OAUTH_CONSUMER_KEY="c")
        assert is_one_line(done.stderr)
        assert place in done.stderr
    (tmp_path / "bad").write_bytes(b'"\xff"')
    for bad in ("@/nowhere", f"@{tmp_path / 'bad'}", "[" * 200_000):
        assert is_one_line(call("request", server.url, "--json", bad, check=2, OAUTH_CONSUMER_KEY="c").stderr)
    assert server.received == []
    file = tmp_path / "body"
    file.write_text('{"a": "\u00e9"}\n', encoding="utf-8")
    call("request", server.url, "--json", f"@{file}", OAUTH_CONSUMER_KEY="c")
    assert (server.last.method, server.last.body) == ("POST", file.read_bytes())
    call("request", server.url, "--json", "9" * 5000, OAUTH_CONSUMER_KEY="c")
    assert len(server.last.body) == 5000


def test_a_body_of_standard_input(call, server):
    """@- is standard input, of --json and of -d."""
    call("request", server.url, "--json", "@-", stdin='{"a": 1}', OAUTH_CONSUMER_KEY="c")
    assert server.last.body == b'{"a": 1}'
    call("request", server.url, "-d", "@-", "-d", "c=3", stdin="a=1&b=x%26y\n", OAUTH_CONSUMER_KEY="c")
    assert server.last.body == b"a=1&b=x%26y&c=3"


def test_a_form_that_is_in_a_file(call, oauth_provider, tmp_path):
    """-d @FILE is a form in a file, signed as one; a file without fields is misuse."""
    keep(call, oauth_provider)
    (tmp_path / "form").write_bytes(b"a=1&e=%C3%A9&empty=\n")
    got = json.loads(call("request", "me", oauth_provider.resource_url, "-d", f"@{tmp_path / 'form'}").stdout)
    assert got["parameters"] == [["a", "1"], ["e", "\u00e9"], ["empty", ""]]
    for octets in (b'{"a": 1}', b"\xff=1"):
        (tmp_path / "form").write_bytes(octets)
        done = call("request", "me", oauth_provider.resource_url, "-d", f"@{tmp_path / 'form'}", check=2)
        assert is_one_line(done.stderr)
    assert is_one_line(call("request", "me", oauth_provider.resource_url, "-d", "@/nowhere", check=2).stderr)


def test_status_and_headers_are_shown(call, oauth_provider, server, tmp_path):
    """-i prints them before the body, and HEAD has nothing else; -o has the body alone."""
    given = {"OAUTH_CONSUMER_KEY": "c", "OAUTH_CONSUMER_SECRET": "hunter2"}
    server.answer = lambda got: (201, {"X-Echo": "hunter2"}, b"body")
    head, _, body = call("request", "GET", server.url, "-i", **given).stdout.partition("\n\n")
    assert head.startswith("HTTP/1.1 201 Created\n")
    assert "\nX-Echo: ***" in head
    assert body == "body"
    assert "X-Echo: hunter2" in call("request", "GET", server.url, "-i", "--show-secrets", **given).stdout
    shown = call("request", "HEAD", server.url, **given).stdout
    assert shown.startswith("HTTP/1.1 201 Created\n")
    shown = call("request", "GET", server.url, "-i", "-o", str(tmp_path / "body"), **given).stdout
    assert shown.startswith("HTTP/1.1 201 Created\n")
    assert shown.endswith("\n\n")
    assert (tmp_path / "body").read_bytes() == b"body"
    keep(call, oauth_provider)
    shown = call("request", "me", "GET", oauth_provider.whoami_url, "-i").stdout
    assert [line for line in shown.splitlines() if line.startswith("HTTP/")] == [
        "HTTP/1.1 302 Found",
        "HTTP/1.1 200 OK",
    ]


def test_what_goes_out_is_shown(call, oauth_provider, server):
    """-v shows each request on standard error, without secrets."""
    given = {"OAUTH_CONSUMER_KEY": "c", "OAUTH_CONSUMER_SECRET": "hunter2"}
    words = ["request", "GET", f"{server.url}/a?b=1", "--signature-method", "PLAINTEXT", "-v", "-H", "X: y"]
    done = call(*words, **given)
    assert done.stdout == '{"method": "GET"}'
    lines = done.stderr.splitlines()
    assert lines[0] == f"> GET {server.url}/a?b=1"
    assert "> X: y" in lines
    assert any(line.startswith("> Authorization: OAuth ") and 'oauth_consumer_key="c"' in line for line in lines)
    assert "hunter2" not in done.stderr
    keep(call, oauth_provider)
    shown = call("request", "me", "GET", oauth_provider.whoami_url, "--verbose").stderr
    assert shown.count("> GET ") == 2
    assert shown.count("> Authorization: OAuth ") == 2
    done = call("request", "GET", "http://127.0.0.1:9/", "-v", check=1, OAUTH_CONSUMER_KEY="c")
    assert done.stderr.startswith("> GET http://127.0.0.1:9/\n")


def test_headers_of_the_service_are_sent(call, server):
    """What a service wants in the header of each request is sent, unless -H has another."""
    with CredentialStore(call.store) as store:
        store["me"] = Account(Consumer("c", "s"), AccessToken("t", "s"), "discogs", server.url)
    call("request", "me", server.url)
    assert server.last.headers["user-agent"] == SERVICES["discogs"].headers["User-Agent"]
    call("request", "me", server.url, "-H", "user-agent: MyApp/1.0")
    assert server.last.headers["user-agent"] == "MyApp/1.0"


def test_how_it_is_signed_may_be_said(call, server, tmp_path):
    """--service says it as a whole, by a name or a file; --realm, --body-hash and the others one by one."""
    words = ["request", server.url, "--json", "{}"]
    call(*words, "--service", "woocommerce", OAUTH_CONSUMER_KEY="c")
    assert "oauth_signature=" in server.last.target
    (tmp_path / "net.json").write_text(json.dumps({"name": "net", "realm": "1", "signature_method": "HMAC-SHA256"}))
    call(
        *words, "--service", str(tmp_path / "net.json"), "--realm", "2", "--body-hash", "sha256", OAUTH_CONSUMER_KEY="c"
    )
    assert 'realm="2"' in server.last.authorization
    assert 'oauth_signature_method="HMAC-SHA256"' in server.last.authorization
    assert "oauth_body_hash=" in server.last.authorization
    assert "'oauth-hook services'" in call(*words, "--service", "nowhere", check=2, OAUTH_CONSUMER_KEY="c").stderr


def rsa_pair(passphrase=None, form="PKCS8"):
    """Return a private key, by its passphrase if there is one, and the public half, as PEM."""
    serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(65537, 2048)
    hidden = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, getattr(serialization.PrivateFormat, form), hidden)
    return private, key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def test_rsa_keys_come_from_a_file(call, oauth_provider, tmp_path):
    """--rsa-key names a file, for request, authorize and explain; a passphrase is asked for, and not shown."""
    private, public = rsa_pair(b"hunter2")
    consumer = oauth_provider.add_consumer(rsa_public_key=public)
    (tmp_path / "key.pem").write_bytes(private)
    (tmp_path / "public.pem").write_bytes(public)
    (tmp_path / "rsa.json").write_text(json.dumps({
        "name": "rsa", "signature_method": "RSA-SHA1", "request_token_url": oauth_provider.request_token_url,
        "authorization_url": oauth_provider.authorization_url, "access_token_url": oauth_provider.access_token_url,
    }))  # fmt: skip
    key = ["--rsa-key", str(tmp_path / "key.pem")]
    given = {"OAUTH_CONSUMER_KEY": consumer.key, "OAUTH_CONSUMER_SECRET": consumer.secret}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("oauth_hook.tokens.verifiers.ask_on_console", oauth_provider.approve)
        call("authorize", "me", "--service", str(tmp_path / "rsa.json"), *key, stdin="hunter2\n", **given)
    done = call("request", "me", oauth_provider.resource_url, *key, stdin="hunter2\n")
    assert json.loads(done.stdout)["oauth"]["signature_method"] == "RSA-SHA1"
    assert "passphrase of" in done.stderr
    assert "hunter2" not in done.stdout + done.stderr
    hook = OAuthHook(
        consumer_key=consumer.key, header_auth=True, signature_method="RSA-SHA1", rsa_key=(private, "hunter2")
    )
    header = hook(requests.Request("GET", "https://a.example/").prepare()).headers["Authorization"]
    (tmp_path / "saved").write_text(f"GET https://a.example/\nAuthorization: {header}\n")
    words = ["explain", str(tmp_path / "saved"), "--json"]
    ruled_out = json.loads(call(*words, "--rsa-key", str(tmp_path / "public.pem"), **given).stdout)["ruled_out"]
    assert any("the arithmetic" in text for text in ruled_out)
    done = call(*words, **given)
    assert "--rsa-key FILE" in done.stderr
    assert not any("the arithmetic" in text for text in json.loads(done.stdout)["ruled_out"])


@pytest.mark.parametrize("form", ["PKCS8", "TraditionalOpenSSL", "OpenSSH"])
def test_a_key_without_passphrase_asks_for_none(form, call, server, tmp_path):
    """Nothing is asked where nothing is hidden, whichever form the key has."""
    (tmp_path / "key").write_bytes(rsa_pair(form=form)[0])
    words = ["--signature-method", "RSA-SHA256", "--rsa-key", str(tmp_path / "key")]
    assert call("request", server.url, *words, OAUTH_CONSUMER_KEY="c").stderr == ""
    assert 'oauth_signature_method="RSA-SHA256"' in server.last.authorization


def test_a_wrong_key_of_rsa_is_misuse(call, server, tmp_path):
    """What is wrong with the key, or that there is none, is said in the words of the command."""
    private, public = rsa_pair(b"hunter2")
    for name, data in (("private", private), ("public", public), ("none", b"hello")):
        (tmp_path / name).write_bytes(data)
    for method, file, stdin, said in (
        ("RSA-SHA1", None, "", "name its file with --rsa-key"),
        ("HMAC-SHA1", "public", "", "--rsa-key is not for HMAC-SHA1"),
        ("RSA-SHA1", "missing", "", "cannot read"),
        ("RSA-SHA1", "public", "", "public is a public key, which cannot sign"),
        ("RSA-SHA1", "none", "", "none is not PEM text"),
        ("RSA-SHA1", "private", "wrong\n", "its passphrase is wrong"),
        ("RSA-SHA1", "private", "", "no passphrase of"),
    ):
        key = ["--rsa-key", str(tmp_path / file)] if file else []
        words = ["request", server.url, "--signature-method", method, *key]
        said_last = call(*words, stdin=stdin, check=2, OAUTH_CONSUMER_KEY="c").stderr.removeprefix("passphrase of ")
        assert said in said_last
        assert "rsa_key" not in said_last
        assert "pem, passphrase" not in said_last
    assert server.received == []


def test_a_refusal_is_status_1(call, oauth_provider):
    """A provider's no is printed, said on standard error, and is the exit status."""
    token = oauth_provider.add_token()
    wrong = {**environment(oauth_provider, token), "OAUTH_TOKEN_SECRET": "wrong"}
    done = call("request", "GET", oauth_provider.resource_url, check=1, **wrong)
    assert "signature_invalid" in done.stdout
    assert "401" in done.stderr


@pytest.mark.promise("no-error-shows-what-a-server-echoes")
def test_what_a_server_echoes_of_our_secrets_is_masked(call, server):
    """An answer that echoes our secrets is printed without them, unless asked for or written to a file."""
    server.answer = lambda got: (200, {"Content-Type": "text/plain"}, got.authorization.encode())
    given = {"OAUTH_CONSUMER_KEY": "c", "OAUTH_CONSUMER_SECRET": "one-hunter2", "OAUTH_TOKEN": "t",
             "OAUTH_TOKEN_SECRET": "two-hunter2"}  # fmt: skip
    words = ["request", "GET", server.url, "--signature-method", "PLAINTEXT"]
    done = call(*words, **given)
    assert "hunter2" not in done.stdout
    assert is_one_line(done.stderr)
    assert "--show-secrets" in done.stderr
    done = call(*words, "--show-secrets", **given)
    assert "one-hunter2%26two-hunter2" in done.stdout
    assert done.stderr == ""
    assert call("request", "GET", server.url, **given).stderr == ""


@pytest.mark.parametrize(
    "words",
    [["GET"], ["a", "b", "c", "d"], ["nobody", "GET", "http://127.0.0.1/"], ["GET", "http://127.0.0.1/"],
     ["GET", "ftp://127.0.0.1/"]],
)  # fmt: skip
def test_request_misused(words, call):
    """Missing words, an unknown name, no credentials, no http: status 2."""
    assert call("request", *words, check=2).stderr.startswith("oauth-hook: ")


def test_no_connection_is_status_1(call):
    """A server that is not there is said, without a traceback."""
    done = call("request", "GET", "http://127.0.0.1:9/", check=1, OAUTH_CONSUMER_KEY="c")
    assert done.stderr.startswith("oauth-hook: ")


def test_data_and_form_make_one_multipart(call, oauth_provider, server):
    """-d with -F gives a multipart form with both, the fields first."""
    keep(call, oauth_provider, origins=server.url)
    call("request", "me", "POST", server.url, "-d", "a=1", "-F", "b=2")
    body = server.last.body
    assert body.index(b'name="a"\r\n\r\n1') < body.index(b'name="b"\r\n\r\n2')
    assert server.last.headers["content-type"].startswith("multipart/form-data; boundary=")


def test_words_and_options_may_be_mixed(call, oauth_provider, server):
    """Options may stand between METHOD and URL, as with curl."""
    keep(call, oauth_provider, origins=server.url)
    call("request", "-d", "a=1", "me", "POST", "-d", "b=2", f"{server.url}/x", "-H", "X: y: z")
    assert (server.last.target, server.last.body) == ("/x", b"a=1&b=2")
    assert server.last.headers["x"] == "y: z"


def test_the_octets_of_a_path_are_its_own(call, server, tmp_path):
    """A file's name may be no text, where it is no part of what is sent."""
    name = os.fsdecode(os.fsencode(tmp_path) + b"/\xff")
    call("request", "GET", server.url, "-o", name, OAUTH_CONSUMER_KEY="c")
    assert os.path.getsize(name) == len('{"method": "GET"}')
    done = call("request", "POST", server.url, "-F", f"f=@{name}", check=2, OAUTH_CONSUMER_KEY="c")
    assert "rename" in done.stderr
    assert len(server.received) == 1


def test_the_service_of_an_account_says_how_to_sign(call, oauth_provider, server, tmp_path, monkeypatch):
    """A service that a file describes is asked as the file says, from wherever the command is called."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tumblr.json").write_text(json.dumps({
        "name": "tumblr", "placement": "query", "signature_method": "HMAC-SHA256", "body_hash": "sha256",
        "request_token_url": oauth_provider.request_token_url, "access_token_url": oauth_provider.access_token_url,
        "authorization_url": oauth_provider.authorization_url, "origins": [server.url],
    }))  # fmt: skip
    with monkeypatch.context() as patch:
        patch.setattr("oauth_hook.tokens.verifiers.ask_on_console", oauth_provider.approve)
        done = call("authorize", "me", "--service", "tumblr.json", "--json", **environment(oauth_provider))
    assert json.loads(done.stdout)["service"] == kept(call).service == str(tmp_path / "tumblr.json")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    call("request", "me", "POST", server.url, "--json", "{}")
    assert "oauth_signature_method=HMAC-SHA256" in server.last.target
    assert "oauth_body_hash=" in server.last.target
    (tmp_path / "tumblr.json").unlink()
    done = call("request", "me", "GET", server.url, check=2)
    assert is_one_line(done.stderr)
    assert f"gone: {tmp_path / 'tumblr.json'}" in done.stderr
    assert len(server.received) == 1


def test_a_known_service_is_asked_as_it_wants(call, server):
    """An account at a known service signs as that service wants it, unless told otherwise."""
    with CredentialStore(call.store) as store:
        store["me"] = Account(Consumer("c", "s"), None, "woocommerce", server.url)
    call("request", "me", "GET", server.url)
    assert "oauth_signature=" in server.last.target
    call("request", "me", "GET", server.url, "--placement", "header", "--signature-method", "HMAC-SHA256")
    assert 'oauth_signature_method="HMAC-SHA256"' in server.last.authorization


def test_a_realm_of_the_service_is_sent(call, server, tmp_path):
    """The realm of a service goes into the header."""
    (tmp_path / "net.json").write_text(json.dumps({"name": "net", "realm": "123_SB1", "origins": [server.url]}))
    with CredentialStore(call.store) as store:
        store["me"] = Account(Consumer("c", "s"), AccessToken("t", "s"), str(tmp_path / "net.json"))
    call("request", "me", "GET", server.url)
    assert 'realm="123_SB1"' in server.last.authorization


@pytest.mark.promise("an-account-signs-for-its-service-only")
def test_an_account_is_used_at_its_service_only(call, server, abroad):
    """Elsewhere nothing is sent; --origin allows it, is kept with the account, and allows nothing else."""
    with CredentialStore(call.store) as store:
        store["me"] = Account(Consumer("c"), AccessToken("t", "hunter2"), "launchpad")  # PLAINTEXT
    for words in ([], ["GET"], ["POST", "-d", "a=1"], ["--service", "tumblr"], ["--placement", "query"]):
        error = call("request", "me", *words, f"{server.url}/x?a=1", check=2).stderr
        assert is_one_line(error)
        assert f"'me' is not for {server.url}, so nothing was sent" in error
        assert f"--origin {server.url}" in error
        assert "hunter2" not in error
    error = call("request", "me", "https://api.launchpad.net:pw@evil.example/", check=2).stderr
    assert "user name or password in it" in error
    assert "--origin" not in error
    assert server.received == []
    call("request", "--origin", server.url, "me", f"{server.url}/x")
    assert 'oauth_signature="%26hunter2"' in server.last.authorization
    call("request", "me", f"{server.url}/x")
    assert kept(call) == Account(Consumer("c"), AccessToken("t", "hunter2"), "launchpad", [server.url])
    call("request", "me", abroad.url, check=2)
    assert (len(server.received), abroad.received) == (2, [])


def test_an_account_of_a_service_without_urls_is_used_where_it_was_allowed(call, server):
    """MAAS and shops have hosts of their own: such an account, or one of no service, is used nowhere before that."""
    with CredentialStore(call.store) as store:
        for name, service in (("a", "maas"), ("b", None), ("c", "somewhere")):
            store[name] = Account(Consumer("c"), AccessToken("t", "s"), service)
    for name in "abc":
        error = call("request", name, server.url, check=2).stderr
        assert is_one_line(error)
        assert "--origin" in error
        assert server.received == []
    for name in "abc":
        done = call("credentials", "allow", name, "--origin", f"{server.url}/MAAS/", "--json")
        assert json.loads(done.stdout) == {"name": name, "origins": [server.url]}
        call("request", name, server.url)
    assert len(server.received) == 3
    assert call("credentials", "allow", "a", "--origin", "https://a.example:443/x").stdout == (
        f"a may also be used at {server.url}, https://a.example\n"
    )
    for words in (["a"], ["nobody", "--origin", server.url], ["a", "--origin", "a.example"]):
        assert is_one_line(call("credentials", "allow", *words, check=2).stderr)


@pytest.mark.promise("an-account-signs-for-its-service-only")
@pytest.mark.parametrize("status", [302, 307])
def test_a_redirect_to_elsewhere_goes_unsigned(call, oauth_provider, server, abroad, status):
    """The request has been allowed; where the server leads it is not the account's, and gets nothing of it."""
    token = keep(call, oauth_provider, origins=server.url)
    server.answer = lambda request: (status, {"Location": abroad.url + request.target}, b"")
    call("request", "me", f"{server.url}/x", "--placement", "query", "--signature-method", "PLAINTEXT")
    assert token.key in server.last.target
    assert (abroad.last.target, abroad.last.authorization) == ("/x", "")


def test_an_origin_is_kept_with_an_account(call, server):
    """Credentials of the environment, and halves in the store, are pinned to nothing, and have nowhere to keep it."""
    with CredentialStore(call.store) as store:
        store["half"] = Consumer("c")
    for words in ([], ["half"]):
        error = call("request", *words, server.url, "--origin", server.url, check=2, OAUTH_CONSUMER_KEY="c").stderr
        assert is_one_line(error)
        assert "account" in error
        call("request", *words, server.url, OAUTH_CONSUMER_KEY="c")
    assert len(server.received) == 2


def test_authorizing_keeps_where_the_account_is_used(call, oauth_provider, server, monkeypatch):
    """Where a server's endpoints are is kept, and what --origin says, which stays when it is authorized again."""
    monkeypatch.setattr("oauth_hook.tokens.verifiers.ask_on_console", oauth_provider.approve)
    host = oauth_provider.url.partition("://")[2]
    words = ["authorize", "me", "--service", f"alice@{host}", "--http"]
    call(*words, "--origin", f"{server.url}/api")
    assert kept(call).origins == (oauth_provider.url, server.url)
    call(*words)
    assert kept(call).origins == (oauth_provider.url, server.url)
    call("request", "me", oauth_provider.resource_url)
    call("request", "me", server.url)
    assert is_one_line(call(*words, "--origin", "nowhere", check=2).stderr)
    call("register", "app", f"alice@{host}", "--http", "--application-name", "a")
    assert kept(call, "app").origins == (oauth_provider.url,)


def test_a_request_token_signs_no_requests(call, server):
    """A request token under that name is refused, instead of another that the environment has."""
    with CredentialStore(call.store) as store:
        store["me"] = RequestToken("a", "b")
    call("request", "me", "GET", server.url, check=2, OAUTH_CONSUMER_KEY="c", OAUTH_TOKEN="t")
    assert server.received == []


@for_each(
    "words",
    [["GET", "{}/\udcff"], ["G\udcff", "{}"], ["G T", "{}"], ["G\nT", "{}"], ["GET", "nothing"], ["GET", "http://"],
     ["GET", "http://h:99999/"], ["GET", "http://[::1"], ["GET", "http://a..b/"], ["GET", "http://user:hunter2@h/"],
     ["GET", f"http://{'a' * 64}.invalid/"], ["GET", "http://*.invalid/"],
     ["POST", "{}", "-d", "a=\udcff"], ["POST", "{}", "-d", "hunter2"], ["POST", "{}", "-d", "=hunter2"],
     ["POST", "{}", "--json", "\udcff"], ["POST", "{}", "-F", "\udcff=@/dev/null"], ["POST", "{}", "-F", "a=@/nowhere"],
     ["POST", "{}", "--json", "{{}}", "-d", "a=1"], ["POST", "{}", "--json", "{{}}", "-F", "a=1"],
     ["GET", "{}", "-H", "X: \N{EURO SIGN}"], ["GET", "{}", "-H", "X: \udcff"], ["GET", "{}", "-H", "X"],
     ["GET", "{}", "-H", "hunter2"], ["GET", "{}", "-H", "X: hunter2\r\nY: b"], ["GET", "{}", "-H", "X\xe9: b"],
     ["GET", "{}", "-H", ": b"], ["GET", "{}", "-H", "X: a", "-H", "x: b"], ["GET", "{}", "-H", "X Y: b"],
     *(["GET", "{}", "--timeout", text] for text in ("-3", "0", "nan", "inf", "1e300", "soon", "")),
     ["GET", "{}", "--placement", "elsewhere"], ["GET", "{}", "--signature-method", "RSA-SHA1"],
     ["GET", "{}", "--token", "hunter2"]],
)  # fmt: skip
def test_a_request_that_cannot_be_made_is_misuse(words, call, server):
    """What cannot be sent, or its answer not be written, is said in one line before anything is sent."""
    words = [word.format(server.url) for word in words]
    done = call("request", *words, check=2, OAUTH_CONSUMER_KEY="c")
    assert is_one_line(done.stderr), done.stderr
    assert "-H" not in words or "header" in done.stderr
    assert not words[0].startswith(("G ", "G\n")) or "METHOD" in done.stderr
    assert "hunter2" not in done.stderr
    assert done.stdout == ""
    assert server.received == []


def test_octets_that_are_no_text_end_no_process_with_a_traceback(call, run, server):
    """Octets that the terminal's encoding cannot read, among a process's arguments and in its environment."""
    assert "not text" in call("request", "GET", f"{server.url}/\udcff", check=2).stderr
    done = run("request", "GET", server.url, check=2, OAUTH_CONSUMER_KEY="c", OAUTH_CONSUMER_SECRET=b"hunter2\xff")
    assert "OAUTH_CONSUMER_SECRET" in done.stderr
    assert "hunter2" not in done.stderr
    assert server.received == []


@pytest.mark.parametrize("place", ["ftp://127.0.0.1/hunter2", "http://[/hunter2", "http://127.0.0.1:99999/hunter2",
                                   "http://a..b/hunter2"])  # fmt: skip
def test_a_redirect_to_nowhere_is_the_servers_fault(place, call, server):
    """An address that cannot be asked is no misuse where the server said it."""
    server.answer = lambda got: (302, {"Location": place}, b"")
    done = call("request", "GET", server.url, check=1, OAUTH_CONSUMER_KEY="c")
    assert is_one_line(done.stderr)
    assert "redirect" in done.stderr
    assert "hunter2" not in done.stderr


GIVEN = {"OAUTH_CONSUMER_KEY": "the-consumer", "OAUTH_CONSUMER_SECRET": "one-hunter2", "OAUTH_TOKEN": "the-token",
         "OAUTH_TOKEN_SECRET": "two-hunter2"}  # fmt: skip
IN_THE_QUERY = ["--placement", "query", "--signature-method", "PLAINTEXT"]


def without_secrets(text):
    return not any(word in text for word in ("hunter2", "oauth_", "the-token", "the-consumer", "a-code", "Traceback"))


@pytest.mark.promise("the-command-shows-no-secret")
@for_each(
    ("answer", "words"),
    [(b"", "without a response"), (None, "in time"), (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "HTTP"),
     (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "cut off"),
     (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf", "cut off"),
     (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nhalf", "encoded"),
     (b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", "redirects")],
)  # fmt: skip
def test_a_failure_on_the_wire_is_one_line_without_secrets(answer, words, call):
    """What goes wrong on the wire names the server and the cause, and no part of the query."""
    with answering(answer) as url:
        done = call("request", "GET", f"{url}/?code=a-code", *IN_THE_QUERY, "--timeout", "1", check=1, **GIVEN)
    assert is_one_line(done.stderr)
    assert words in done.stderr
    assert without_secrets(done.stderr), done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("url", "words"),
    [("http://127.0.0.1:9", "cannot reach http://127.0.0.1:9: Connection refused"),
     ("http://nowhere.invalid", "cannot reach http://nowhere.invalid: ")],
)  # fmt: skip
def test_a_server_that_cannot_be_reached_is_named(url, words, call):
    """A refused connection and an unknown name are said with the server's name and nothing secret."""
    words_of_query = ["--placement", "query"] if "invalid" in url else IN_THE_QUERY
    done = call("request", "GET", f"{url}/?code=a-code", *words_of_query, check=1, **GIVEN)
    assert is_one_line(done.stderr)
    assert words in done.stderr
    assert without_secrets(done.stderr)


@pytest.mark.parametrize("to_a_file", [False, True])
def test_a_body_that_stops_is_late(to_a_file, call, tmp_path):
    """A server that stops in the middle did not answer in time."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(20)
                connection.recv(1 << 16)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
                connection.recv(1)

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        words = ["-o", str(tmp_path / "answer")] if to_a_file else []
        done = call("request", "GET", url, "--timeout", "0.2", *words, check=1, **GIVEN)
        thread.join()
    assert is_one_line(done.stderr)
    assert "in time" in done.stderr
    assert not (tmp_path / "answer").exists()


def test_a_proxy_that_cannot_be_reached_is_said(call):
    """A proxy's password is in no message."""
    proxy = "http://user:hunter2@127.0.0.1:9"
    done = call("request", "GET", "http://nowhere.invalid/?code=a-code", "--placement", "query", check=1, **GIVEN,
               HTTP_PROXY=proxy, http_proxy=proxy, NO_PROXY="", no_proxy="")  # fmt: skip
    assert is_one_line(done.stderr)
    assert "proxy" in done.stderr
    assert without_secrets(done.stderr)


def test_no_tls_is_said(call, server):
    """https where plain http is spoken is said in the words of TLS."""
    done = call("request", "GET", server.url.replace("http:", "https:"), check=1, **GIVEN)
    assert is_one_line(done.stderr)
    assert "cannot make a secure connection to https://127.0.0.1:" in done.stderr


def test_the_reason_of_a_refusal_is_shown_as_text(call):
    """What the server has for a reason shows none of our secrets, and cannot steer the terminal."""
    with answering(b"HTTP/1.1 401 \x1b[31mone-hunter2\r\nContent-Length: 0\r\nConnection: close\r\n\r\n") as url:
        done = call("request", "GET", url, check=1, **GIVEN)
    assert done.stderr.startswith("oauth-hook: the provider said 401 \N{REPLACEMENT CHARACTER}[31m***\n")
    assert "\x1b" not in done.stderr
    assert "hunter2" not in done.stderr


def test_an_echo_of_a_secret_that_is_no_ascii_is_masked(call, server):
    """A secret with letters beyond ASCII is masked in its own spelling too."""
    server.answer = lambda got: (200, {}, "the secret is hunter2-é".encode())
    done = call("request", "GET", server.url, OAUTH_CONSUMER_KEY="c", OAUTH_CONSUMER_SECRET="hunter2-é")
    assert done.stdout == "the secret is ***"


def test_a_wrong_clock_is_corrected_by_what_the_body_says(call, server):
    """A refusal that tells the server's time in its body teaches the time, and the request is sent once more."""
    now = int(time.time()) + 5000
    refusal = f"oauth_problem=timestamp_refused&oauth_acceptable_timestamps={now - 300}-{now + 300}".encode()
    server.answer = lambda got: (400, {}, refusal) if len(server.received) == 1 else (200, {}, b"fine")
    assert call("request", "GET", server.url, **GIVEN).stdout == "fine"


@posix
def test_what_follows_an_answer_on_a_terminal_begins_a_line(call, server):
    """On a terminal an answer without a line feed at its end gets one; in a file it does not."""
    server.answer = lambda got: (200, {}, b"fine")
    ours, theirs = pty.openpty()
    subprocess.run([*COMMAND, "request", "GET", server.url], stdout=theirs, env={**os.environ, **GIVEN}, check=True,
                   timeout=60)  # fmt: skip
    os.close(theirs)
    assert os.read(ours, 100) == b"fine\r\n"
    os.close(ours)
    assert call("request", "GET", server.url, **GIVEN).stdout == "fine"


# --- where an answer is written ---


@pytest.fixture
def output(tmp_path):
    """A file that is there already, in a folder of its own."""
    folder = tmp_path / "folder"
    folder.mkdir()
    file = folder / "answer"
    file.write_bytes(b"before")
    file.chmod(0o640)
    return file


@posix
def test_an_answer_replaces_a_file_as_a_whole(call, server, output):
    """The file gets the new content and keeps its mode; a link leads to it as before; nothing else is left."""
    link = output.parent / "link"
    link.symlink_to(output.name)
    call("request", "GET", server.url, "-o", str(link), OAUTH_CONSUMER_KEY="c")
    assert output.read_bytes() == b'{"method": "GET"}'
    assert stat.S_IMODE(output.stat().st_mode) == 0o640
    assert link.is_symlink()
    assert sorted(output.parent.iterdir()) == [output, link]


@posix
def test_a_new_file_has_the_mode_of_the_umask(call, server, output):
    """A new file can be read by whom the umask lets."""
    before = os.umask(0o027)
    try:
        call("request", "GET", server.url, "-o", str(output.parent / "new"), OAUTH_CONSUMER_KEY="c")
    finally:
        os.umask(before)
    assert stat.S_IMODE((output.parent / "new").stat().st_mode) == 0o640


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
     b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"],
)  # fmt: skip
def test_half_an_answer_is_not_kept(answer, call, output):
    """Where no whole answer comes, the file is as it was, or not there; nothing else is left."""
    with answering(answer) as url:
        for file in (output, output.parent / "new"):
            call("request", "GET", url, "-o", str(file), check=1, OAUTH_CONSUMER_KEY="c")
    assert output.read_bytes() == b"before"
    assert list(output.parent.iterdir()) == [output]


@posix
def test_an_interrupted_answer_is_not_kept(run, output):
    """Ctrl-C in the middle of an answer leaves the file as it was."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)
        process = subprocess.Popen(
            [*COMMAND, "request", "GET", f"http://127.0.0.1:{listener.getsockname()[1]}/", "-o", str(output)],
            env={**os.environ, **GIVEN}, stderr=subprocess.PIPE, text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )  # fmt: skip
        connection, _ = listener.accept()
        with connection:
            connection.recv(1 << 16)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 70000)
            deadline = time.monotonic() + 20
            while len(list(output.parent.iterdir())) == 1 and time.monotonic() < deadline:
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (130, "")
    assert output.read_bytes() == b"before"
    assert list(output.parent.iterdir()) == [output]


@posix
def test_a_pipe_is_written_to(call, server, output):
    """What is no file is opened as it is, and stays what it is; a single - is standard output."""
    pipe = output.parent / "pipe"  # not a device of the machine's, which a broken command would replace
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert call("request", "GET", server.url, "-o", str(pipe), OAUTH_CONSUMER_KEY="c").stdout == ""
        assert os.read(reader, 100) == b'{"method": "GET"}'
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert call("request", "GET", server.url, "-o", "-", OAUTH_CONSUMER_KEY="c").stdout == '{"method": "GET"}'


def test_a_place_that_cannot_be_written_is_misuse(call, server, output, monkeypatch):
    """Where no answer can be written, nothing is sent."""
    monkeypatch.chdir(output.parent)
    for place in ("nowhere/answer", "answer/below", ".", "..", "", "new/", "x" * 300):
        done = call("request", "GET", server.url, "-o", place, check=2, OAUTH_CONSUMER_KEY="c")
        assert is_one_line(done.stderr)
    assert server.received == []
    assert list(output.parent.iterdir()) == [output]
    assert output.read_bytes() == b"before"


@contextmanager
def as_somebody():
    """Be somebody whom the modes of files bind: root may write anywhere."""
    if os.name == "nt" or os.getuid():
        yield
        return
    os.setreuid(65534, 0)  # the real one is whom access(2) asks about; the effective one opens files, and comes back
    try:
        yield
    finally:
        os.setreuid(0, 0)


def test_a_file_that_is_protected_stays(call, server):
    """A file that is read-only, though its folder is not, is not replaced; one that is not, is."""
    with TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # noqa: S103 - nobody else's is in it
        output = Path(folder, "answer")
        output.write_bytes(b"before")
        for mode, status, expected in ((0o444, 2, b"before"), (0o666, 0, b'{"method": "GET"}')):
            output.chmod(mode)
            with as_somebody():
                call("request", "GET", server.url, "-o", str(output), check=status, OAUTH_CONSUMER_KEY="c")
            assert output.read_bytes() == expected
            assert len(server.received) == (status == 0)


def test_help_names_the_environment(call):
    """The help of request says where secrets come from."""
    text = call("request", "--help").stdout
    for name in ("OAUTH_CONSUMER_KEY", "OAUTH_CONSUMER_SECRET", "OAUTH_TOKEN", "OAUTH_TOKEN_SECRET"):
        assert name in text
    assert "OAUTH_HOOK_FORBID" in text


# --- credentials, services, register ---


def test_credentials_are_listed_shown_and_removed(call):
    """list names them, show masks their secrets unless asked, remove removes."""
    with CredentialStore(call.store) as store:
        token = AccessToken("token", "two-hunter2", extra={"oauth_session_handle": "three-hunter2"})
        store["a"] = Account(Consumer("key", "one-hunter2"), token, "tumblr")
        store["b"] = Consumer("key", "one-hunter2")
    assert call("credentials", "list").stdout == "a\taccount at tumblr\nb\tconsumer\n"
    done = call("credentials", "show", "a")
    assert "--show-secrets" in done.stderr
    shown = done.stdout
    assert json.loads(shown)["token"]["key"] == "token"
    assert "hunter2" not in shown
    assert call("credentials", "show", "a", "--show-secrets").stdout.count("hunter2") == 3
    call("credentials", "remove", "a")
    assert json.loads(call("credentials", "list", "--json").stdout) == {"b": "consumer"}
    assert "nothing of that name" in call("credentials", "show", "a", check=2).stderr
    call("credentials", "show", check=2)


def test_empty_secrets_are_shown_as_empty(call):
    """What is masked is there: an empty secret is shown as it is."""
    with CredentialStore(call.store) as store:
        store["a"] = Account(Consumer("key"), AccessToken("token", "hunter2"))
    shown = json.loads(call("credentials", "show", "a").stdout)
    assert (shown["consumer"]["secret"], shown["token"]["secret"]) == ("", "***")


def test_credentials_are_added(call, oauth_provider, tmp_path):
    """What was got elsewhere comes from the environment, or a line each from standard input; what is there stays."""
    token = oauth_provider.add_token()
    whole = environment(oauth_provider, token)
    url = oauth_provider.resource_url
    assert call("credentials", "add", "me", "--origin", url, **whole).stdout == "kept as me\n"
    assert kept(call) == Account(oauth_provider.consumer, token, origins=oauth_provider.url)
    assert json.loads(call("request", "me", "GET", oauth_provider.resource_url).stdout)["user"] == "alice"
    error = call("credentials", "add", "me", check=2, OAUTH_CONSUMER_KEY="c").stderr
    assert "--replace" in error
    assert kept(call).token == token
    lines = ["key", "one-hunter2", "token", "two-hunter2", ""]
    done = call("credentials", "add", "me", "--replace", "--service", "discogs", "--json", stdin="\n".join(lines))
    assert json.loads(done.stdout) == {"name": "me", "consumer": "key", "token": "token"}
    assert "hunter2" not in done.stderr
    assert kept(call) == Account(Consumer("key", "one-hunter2"), AccessToken("token", "two-hunter2"), "discogs")
    for name, rest in (("tumblr", "\n"), ("two", "")):  # Enter, or the end
        call("credentials", "add", name, stdin=f"key\nsecret\n{rest}")
        service = "tumblr" if name == "tumblr" else None
        assert kept(call, name) == Account(Consumer("key", "secret"), None, service)
    file = tmp_path / "own.json"
    file.write_text('{"name": "own"}')
    for service in (str(file), "pump.example", "alice@pump.example"):
        call("credentials", "add", "me", "--replace", "--service", service, OAUTH_CONSUMER_KEY="c")
        assert kept(call).service == service


@for_each(
    ("words", "stdin"),
    [([], "c\ns\n"), (["a", "--service", "nowhere"], "c\ns\n"), (["a", "--service", "./missing.json"], "c\ns\n"),
     (["a"], ""), (["a"], "key\n"), (["a"], "key\nsecret\ntoken\n")],
)  # fmt: skip
def test_credentials_that_cannot_be_added(words, stdin, call):
    """No name, no such service, half of what is needed: status 2, and nothing is kept."""
    assert call("credentials", "add", *words, stdin=stdin, check=2).stderr.splitlines()[-1].startswith("oauth-hook: ")
    assert not call.store.exists()


def test_a_name_that_the_output_cannot_spell_is_escaped(run):
    """Where standard output has no such letters, they are escaped."""
    with CredentialStore(run.store) as store:
        store["\N{EURO SIGN}"] = Consumer("key")
    assert run("credentials", "list", PYTHONIOENCODING="ascii").stdout == "\\u20ac\tconsumer\n"


def test_a_damaged_store_is_reported(call):
    """A file that is no store is named, and left as it is."""
    call.store.write_bytes(b"something else")
    assert str(call.store) in call("credentials", "list", check=2).stderr
    assert call.store.read_bytes() == b"something else"


def test_services_are_listed_and_shown(call):
    """services lists what is known, and shows one."""
    assert set(json.loads(call("services", "--json").stdout)) == set(SERVICES)
    assert "request_token_url: https://www.tumblr.com/oauth/request_token" in call("services", "tumblr").stdout
    assert "authorization_parameters: key: {consumer_key}\n" in call("services", "etrade").stdout
    call("services", "nowhere", check=2)
    assert "\norigins: https://api.launchpad.net\n" in call("services", "launchpad").stdout
    assert json.loads(call("services", "launchpad", "--json").stdout)["origins"] == ["https://api.launchpad.net"]
    assert "\n--at host=... says where it is" in call("services", "maas").stdout


def test_register_and_authorize_with_a_pump(call, oauth_provider):
    """A server that lets clients register gives a consumer key, which the next command uses."""
    server = oauth_provider.url.partition("//")[2]
    done = call("register", "me", f"alice@{server}", "--application-name", "Test.io", "--http", "--json")
    key = json.loads(done.stdout)["consumer"]
    with CredentialStore(call.store) as store:
        assert store["me"].consumer.key == key
        assert store["me"].token is None
    assert "not authorized yet" in call("credentials", "list").stdout


def damage(run, name):
    with closing(sqlite3.connect(run.store)) as connection, connection:
        assert connection.execute("UPDATE credentials SET value = ? WHERE name = ?", ("hunter2", name)).rowcount == 1


def test_one_damaged_entry_hides_no_other(call):
    """list names the damaged entry beside the others, show says what to do, remove and --replace are it."""
    with CredentialStore(call.store) as store:
        store.update({name: Consumer("key", "secret") for name in "abc"})
    damage(call, "b")
    done = call("credentials", "list")
    assert done.stdout == "a\tconsumer\nb\tcannot be read\nc\tconsumer\n"
    assert is_one_line(done.stderr)
    assert "'b'" in done.stderr
    assert "oauth-hook credentials remove" in done.stderr
    assert json.loads(call("credentials", "list", "--json").stdout)["b"] == "cannot be read"
    for words in (["credentials", "show", "b"], ["request", "b", "GET", "http://127.0.0.1:9/"], ["authorize", "b"]):
        error = call(*words, check=2).stderr
        assert is_one_line(error)
        assert "oauth-hook credentials remove" in error
        assert "hunter2" not in error
    assert call("credentials", "remove", "b").stdout == "removed b\n"
    assert call("credentials", "list").stdout == "a\tconsumer\nc\tconsumer\n"
    assert "nothing of that name" in call("credentials", "remove", "b", check=2).stderr


def test_what_is_kept_is_not_registered_over(call, oauth_provider):
    """register refuses a name that is taken, before it asks the server, unless it is to be replaced."""
    server = "alice@" + oauth_provider.url.partition("//")[2]
    before = keep(call, oauth_provider)
    done = call("register", "me", "pump.invalid", "--application-name", "a", check=2)
    assert "--replace" in done.stderr
    assert kept(call).token == before
    call("register", "me", server, "--application-name", "a", "--http", "--replace")
    assert kept(call).token is None
    damage(call, "me")
    call("register", "me", server, "--application-name", "a", "--http", check=2)
    call("register", "me", server, "--application-name", "a", "--http", "--replace")
    assert kept(call).consumer != oauth_provider.consumer


def test_a_server_that_registers_nobody(call, server):
    """A server without a registration_endpoint says no: status 1, what it is about, and nothing kept."""
    room = "http://apinamespace.org/oauth/"
    links = [
        {"rel": room + name, "href": f"{server.url}/{name}"} for name in ("request_token", "authorize", "access_token")
    ]
    server.answer = lambda got: (200, {"Content-Type": "application/json"}, json.dumps({"links": links}).encode())
    host = server.url.partition("//")[2]
    done = call("register", "me", host, "--application-name", "a", "--http", check=1)
    assert is_one_line(done.stderr)
    assert "registration_endpoint" in done.stderr
    assert call("credentials", "list").stdout == ""


@for_each("command", [["register", "me", "{}", "--application-name", "a"], ["authorize", "me", "--service", "{}"]])
@for_each(("scheme", "status"), [("", 1), ("http://", 2), ("alice@", 1)])
def test_plain_http_is_offered_where_it_would_help(command, scheme, status, call, oauth_provider):
    """Where https fails, or plain http is refused, --http is named."""
    server = scheme + oauth_provider.url.partition("//")[2]
    done = call(*(word.format(server) for word in command), check=status)
    assert is_one_line(done.stderr)
    assert "--http" in done.stderr
    assert "scheme=" not in done.stderr


def test_an_address_that_is_none_is_misuse(call):
    """A port that there is not, and a scheme that is not the web's, are the caller's to mend."""
    for server in ("http://h:99999/", "h:99999", "ftp://h/"):
        done = call("register", "me", server, "--application-name", "a", "--http", check=2)
        assert is_one_line(done.stderr)


def test_any_mapping_may_keep_the_credentials(oauth_provider, capsysbinary):
    """``main(argv, store=...)`` takes a mapping of the application's own in the place of the file."""
    store = {"me": Account(oauth_provider.consumer, oauth_provider.add_token(), "example", oauth_provider.url)}
    assert cli.main(["request", "me", "GET", oauth_provider.resource_url], store=store) == 0
    assert json.loads(capsysbinary.readouterr().out)["user"] == "alice"
    assert cli.main(["credentials", "remove", "me"], store=store) == 0
    assert store == {}
