"""Slips of the hand: what was meant is said, and nothing secret is repeated, wherever it was typed."""

from __future__ import annotations

import json
import shlex
import socket
import subprocess
import sys
import threading
from dataclasses import replace

import pytest
import requests
from tables import for_each

from oauth_hook import AccessToken, Account, Consumer, CredentialStore, OAuthHook

SECRET = "hunter2SECRETxyz"

# What is typed, and what the one line says; {url} is where the account me is used, {secret} a secret in a wrong place.
MISUSES = """
request | required: [NAME] [METHOD] URL
request me | use [NAME] [METHOD] URL
request me GET | no URL after GET
request GET me {url} | METHOD goes after the NAME
request {url} GET | URL goes last
request me {url} {secret} | a value with spaces needs quotes); the URL goes last
request me {url} -d a=Hello {secret} | a value with spaces needs quotes
request me -d a=Hello world {url} | a value with spaces needs quotes
request me {url} --json no.json | a file is --json @FILE
request me {url} -d @NOTES.md | cannot read NOTES.md
request {secret} {url} | neither a METHOD
request {secret} GET {url} | nothing of that name
request me GETT {url} | did you mean 'GET'
request POTS {url} | did you mean 'POST'
request me {secret} {url} | METHOD of a request
request mee {url} | did you mean 'me'
request me ftp://h/{secret} | https
request me http:/h | absolute
request me http:// | host
request me http://u:{secret}@h/ | user name or password
request me http://127.0.0.1:99999/?x={secret} | port
request me http://127.0.0.1:1:2/{secret} | port
request me {url} a={secret} | --query NAME=VALUE
request {url} a={secret} | -d NAME=VALUE
request me {url} -d {secret} | NAME=VALUE
request me {url} -d @{secret} | cannot read that file
request me {url} --query {secret} | NAME=VALUE
request me {url} --json {secret} | not JSON
request me {url} --json @{secret} | cannot read that file
request me {url} --data-binary @{secret} | cannot read that file
request me {url} -T {secret} | cannot read that file
request me {url} -F {secret} | NAME=VALUE
request me {url} -F a=@{secret} | cannot read that file
request me {url} -H {secret} | Name: value
request me {url} -H 'Authorization: Bearer {secret}' | has the signature
request me {url} -H 'A: 1' -H 'a: 2' | twice
request me {url} -X POST | METHOD goes before
request me {url} --method POST | METHOD goes before
request me {url} -u ck:{secret} | the store
request me {url} --user ck:{secret} | the store
request me {url} --consumer-secret {secret} | the store
request me {url} --token-secret={secret} | the store
request me {url} -k{secret} | -k
request me {url} --outptu {secret} | did you mean '--output'
request me {url} --{secret} | too many arguments
request me {url} --timeout {secret} | number of seconds
request me {url} --placement {secret} | header
request me {url} --placement head | did you mean 'header'
request me {url} --signature-method {secret} | HMAC-SHA256
request me {url} --signature-method HMAC-SHA265 | did you mean 'HMAC-SHA256'
request me {url} --signature-method RSA-SHA1 | --rsa-key
request me {url} --signature-method RSA-SHA1 --rsa-key {secret} | cannot read that file
request me {url} --body-hash {secret} | sha256
request me {url} --service tumbler | did you mean 'tumblr'
request me {url} --service {secret} | no service of that name
request me {url} --origin {secret} | http
request me https://elsewhere.example/ | --origin https://elsewhere.example
request tok {url} | OAUTH_CONSUMER_KEY
sign me {url} --url | --placement query
sign me {url} --signature-method PLAINTEXT | --show-secrets
authorize {secret} | no service of that name
authorize new --service {secret} | no service of that name
authorize new --service flickr --port 99999 | 65535
authorize new --service flickr --set {secret} | NAME=VALUE
authorize new --service flickr --rsa-key {secret} | cannot read that file
register new {secret} --application-name x | a host with a dot
credentials lst | did you mean 'list'
credentials delete me | did you mean 'remove'
credentials show mine | nothing of that name
migrate me | migrate x NAME
migrate {secret} | migrate x NAME
migrate x {secret} | nothing of that name
migrate x me | not an account at X
migrate x --all --token-url http://{secret}/ | --token-url must be https
authorize new --service x --at host={secret} | takes no --at
request me {url} --service x --at host={secret} | takes no --at
explain me {url} | this is a URL
explain {url} | this is a URL
explain me NOTES.md | cannot read NOTES.md
--verison | did you mean '--version'
--{secret} | COMMAND
-V | unknown arguments: -V
credentials {secret} | list
credentials list {secret} | credentials list
credentials show {secret} | nothing of that name
credentials remove mee | did you mean 'me'
credentials allow me --origin {secret} | http
credentials add new {secret} | credentials add NAME
use {secret} | nothing of that name
services {secret} | no service of that name
explain {secret} | neither a file nor an account
explain {secret} {secret} | nothing of that name
provider --port {secret} | 65535
completion {secret} | bash
demo {secret} | too many arguments
{secret} | demo
dmeo | did you mean 'demo'
--consumer-secret={secret} demo | the store
"""


@pytest.mark.promise("no-secret-among-arguments-is-repeated")
@for_each(("typed", "said"), [line.split(" | ") for line in MISUSES.strip().split("\n")])
def test_bad_input_is_one_line_without_secrets(typed, said, call, server):
    """Each says what was wrong and what to type instead; the status is 2, and nothing is sent."""
    if not call.store.exists():  # by the case before
        me = Account(Consumer("c", "s"), AccessToken("t", "s"), server.url)
        CredentialStore(call.store).update(me=me, tok=AccessToken("t", "s"))
    done = call(*shlex.split(typed.format(url=server.url, secret=SECRET)), check=2)
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert SECRET.lower() not in (done.stdout + done.stderr).lower()
    assert server.received == []


def test_a_file_whose_name_is_mistyped_is_suggested(call, server, tmp_path, monkeypatch):
    """A path that looks like one is named, and a file of nearly that name, too."""
    (tmp_path / "photo.jpg").write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    words = ["request", server.url, "-T"]
    given = {"OAUTH_CONSUMER_KEY": "c", "OAUTH_CONSUMER_SECRET": "s"}
    assert "did you mean 'photo.jpg'" in call(*words, "foto.jpg", check=2, **given).stderr
    assert "cannot read ./foto.png" in call(*words, "./foto.png", check=2, **given).stderr


def environment(key, secret, token, token_secret):
    names = ("OAUTH_CONSUMER_KEY", "OAUTH_CONSUMER_SECRET", "OAUTH_TOKEN", "OAUTH_TOKEN_SECRET")
    return dict(zip(names, (key, secret, token, token_secret), strict=True))


@pytest.mark.promise("the-command-shows-no-secret")
def test_exchanged_keys_and_secrets_are_found_out(call, oauth_provider):
    """Where the refusal allows, the same request is tried the other way round, and what was exchanged is said."""
    token, consumer = oauth_provider.add_token(), oauth_provider.consumer
    pairs = (token.key, token.secret, consumer.key, consumer.secret)
    secrets = (consumer.key, token.secret, token.key, consumer.secret)
    for given, said in ((pairs, "key and secret and the token's"), (secrets, "the consumer's secret and the token's")):
        done = call("request", oauth_provider.resource_url, check=1, **environment(*given))
        assert f"{said} are swapped" in done.stderr
        assert "OAUTH_CONSUMER_KEY and _SECRET are the application's" in done.stderr
        assert not any(secret in done.stdout + done.stderr for secret in (token.secret, consumer.secret))
    done = call("request", oauth_provider.resource_url, check=1, **environment(consumer.key, "a", token.key, "b"))
    assert "swapped" not in done.stderr
    with CredentialStore(call.store) as store:
        swapped = AccessToken(token.key, consumer.secret)
        store["me"] = Account(Consumer(consumer.key, token.secret), swapped, oauth_provider.url)
    done = call("request", "me", oauth_provider.resource_url, check=1)
    assert "oauth-hook credentials add me --replace" in done.stderr


def test_what_may_change_something_is_not_sent_again(call, server):
    """Neither a POST, nor after a refusal that does not say what it is about, nor with the secrets themselves."""
    given = environment("c", "s", "t", "u")
    for words, problem in (
        (["-d", "a=1"], "signature_invalid"),
        (["DELETE"], "signature_invalid"),
        ([], "token_expired"),
        ([], None),
    ):
        server.clear()
        server.answer = lambda got, problem=problem: (401, {}, f"oauth_problem={problem}".encode() if problem else b"")
        call("request", *words, server.url, check=1, **given)
        assert len(server.received) == 1
    large = b"oauth_problem=signature_invalid&page=" + b"x" * 2_000_000  # is written as it comes, and not kept
    server.answer = lambda got: (401, {}, large)
    assert len(call("request", server.url, check=1, **given).stdout) >= len(large)
    server.answer = lambda got: (401, {}, b"oauth_problem=signature_invalid")
    server.received.clear()
    call("request", server.url, "--signature-method", "plaintext", check=1, **given)
    assert len(server.received) == 1


def test_a_redirect_does_not_say_that_keys_are_exchanged(call, server):
    """What is sent to a page for signing in the other way round is not taken."""

    def answer(got):
        if 'oauth_consumer_key="t"' in got.headers["authorization"]:
            return 302, {"Location": "/sign-in"}, b""
        return 401, {}, b"oauth_problem=consumer_key_unknown"

    server.answer = answer
    done = call("request", server.url, check=1, **environment("c", "s", "t", "u"))
    assert "swapped" not in done.stderr
    assert "exchanged" not in done.stderr


def test_a_mistyped_path_is_suggested(call, oauth_provider):
    """On 404, a URL of the service that is near the one that was typed is named."""
    urls = (oauth_provider.request_token_url, oauth_provider.authorization_url, oauth_provider.access_token_url)
    with CredentialStore(call.store) as store:
        store["me"] = Account(oauth_provider.consumer, oauth_provider.add_token(), " ".join(urls))
    done = call("request", "me", f"{oauth_provider.url}/oauth/request_tokn?a=1", check=1)
    assert f"did you mean {oauth_provider.request_token_url}?" in done.stderr
    assert "did you mean" not in call("request", "me", f"{oauth_provider.url}/elsewhere", check=1).stderr


def test_http_and_https_are_told_apart(call, server):
    """https at a port of plain http, and the other way round, is said plainly."""
    given = environment("c", "s", "", "")
    done = call("request", server.url.replace("http:", "https:"), check=1, **given)
    assert "speaks plain http, it seems, so begin the URL with http://" in done.stderr

    def send_alert():
        connection, _ = listener.accept()
        with connection:
            connection.recv(1 << 16)
            connection.sendall(b"\x15\x03\x01\x00\x02\x02\x46")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=send_alert)
        thread.start()
        done = call("request", f"http://127.0.0.1:{listener.getsockname()[1]}/", check=1, **given)
        thread.join(10)
    assert "begin the URL with https://" in done.stderr


# --- the code that the user is shown ---

RIGHT, WRONG, USED = "7777", "oauth_problem=verifier_invalid", "oauth_problem=token_used"
EARLY = "oauth_problem=permission_unknown"


@for_each(
    ("typed", "refusal", "check", "tries", "questions"),
    [
        ("77 77", WRONG, 0, 1, 0), ("1\nhttp://127.0.0.1/\n77 77", WRONG, 0, 2, 2), ("1\n7777", EARLY, 0, 2, 1),
        ("1\nhttp://127.0.0.1/\nhttp://127.0.0.1/\n7777", WRONG, 0, 2, 3),
        ("oauth_token=u&oauth_verifier=1\n7777", WRONG, 0, 1, 1), ("no? code\n7777", WRONG, 0, 1, 1),
        ("oauth_token=t&oauth_problem=user_refused\n7777", WRONG, 1, 0, 0),
        ("7777", WRONG, 0, 1, 0), ("  7777\t", WRONG, 0, 1, 0), ("1\n7777", WRONG, 0, 2, 1), ("1\n7777", "", 0, 2, 1),
        ("1\n 2 \n 7777 ", WRONG, 0, 3, 2), ("1\n2\n3\n7777", WRONG, 1, 3, 2), ("1", WRONG, 1, 1, 1),
        ("1\n\n7777", WRONG, 1, 1, 1), ("1\n7777", USED, 1, 1, 0),
    ],
)  # fmt: skip
def test_a_wrong_code_is_asked_for_again_twice(typed, refusal, check, tries, questions, call, server):
    """White space around it is nothing; a request token that is used up cannot be exchanged with any code."""
    server.clear()
    (call.store).unlink(missing_ok=True)

    def answer(got):
        if got.target.startswith("/request"):
            return 200, {}, b"oauth_token=t&oauth_token_secret=s&oauth_callback_confirmed=true"
        is_right = f'oauth_verifier="{RIGHT}"' in got.headers["authorization"]
        return (200, {}, b"oauth_token=a&oauth_token_secret=b") if is_right else (401, {}, refusal.encode())

    server.answer = answer
    urls = [f"--{leg}-url={server.url}/{leg}" for leg in ("request-token", "authorization", "access-token")]
    done = call("authorize", "me", *urls, stdin=f"{typed}\n", check=check, **environment("c", "s", "", ""))
    assert len(server.received) == 1 + tries
    assert done.stderr.count("Enter the code again") == questions
    assert ("me" in CredentialStore(call.store)) is (check == 0)
    assert ("has not answered yet" in done.stderr) is (refusal == EARLY)
    if questions == 2 and check:
        assert "no code was accepted in 3 tries" in done.stderr
        assert "verifier-missing" not in done.stderr


def test_the_link_itself_is_not_what_a_service_without_callbacks_sends(call, server, tmp_path):
    """Where the user pastes the URL that they are sent to, the link is asked again, and Enter goes on (OAuth 1.0)."""
    server.answer = lambda got: (200, {}, b"oauth_token=t&oauth_token_secret=s")
    legs = {f"{leg}_url": f"{server.url}/{leg}" for leg in ("request_token", "authorization", "access_token")}
    service = tmp_path / "old.json"
    service.write_text(json.dumps({"name": "old", "callback": None, "confirmed": "ignore", **legs}))
    typed = f"{server.url}/authorization?oauth_token=t\n\n"
    done = call("authorize", "me", "--service", str(service), stdin=typed, **environment("c", "s", "", ""))
    assert done.stderr.count("That is the link to open") == 1
    assert len(server.received) == 2


def test_rsa_is_asked_for_its_key_before_anything_else(call):
    """A service of RSA-SHA1 without --rsa-key is misuse in the command's words; nobody is asked for a consumer."""
    done = call("authorize", "j", "--service", "jira", "--at", "host=a.example", check=2)
    assert "name its file with --rsa-key" in done.stderr
    assert "consumer key" not in done.stderr


def test_another_users_token_is_not_replaced_unasked(call, oauth_provider):
    """Of two users named at one server, the second replaces the first with --replace only; the list has the server."""
    with CredentialStore(call.store) as store:
        place = oauth_provider.url.partition("//")[2]
        store["me"] = Account(oauth_provider.consumer, oauth_provider.add_token(), f"alice@{place}")
    done = call("authorize", "me", "--service", f"bob@{place}", "--http", check=2)
    assert f"'me' has the token of alice at {place}: for bob choose another NAME, or use --replace" in done.stderr
    assert call("credentials", "list").stdout == f"me\taccount at {place}\n"


def test_help_is_what_is_missing(call):
    """``credentials`` alone, and the command alone, print their help on standard error; the status is 2."""
    assert "examples:" in call("credentials", check=2).stderr
    done = subprocess.run([sys.executable, "-m", "oauth_hook"], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "examples:" in done.stderr


def test_what_is_used_where_is_shown(call):
    """``show`` names the origins that an account is used at, and masks no realms; a pipe is not prompted."""
    done = call("credentials", "add", "me", "--service", "tumblr", stdin="c\ns\nt\nu\n")
    assert "consumer key" not in done.stderr
    with CredentialStore(call.store) as store:
        token = AccessToken("t", SECRET, extra={"oauth_authorized_realms": "photos", "other": SECRET})
        store["me"] = replace(store["me"], token=token)
    done = call("credentials", "show", "me")
    assert "me is used at https://api.tumblr.com" in done.stderr
    assert '"oauth_authorized_realms": "photos"' in done.stdout
    assert SECRET not in done.stdout + done.stderr
    assert '"origins": []' in done.stdout  # its own, as ``Account.from_dict`` takes them


def test_lists_are_in_order_and_say_what_can_be_typed(call):
    """Services are sorted; what only the scripts of ``completion`` ask for is not offered; no --store where none is."""
    names = [line.split()[0] for line in call("services").stdout.splitlines()]
    assert names == sorted(names)
    assert "choose one of bash, zsh, fish;" in call("completion", "powershell", check=2).stderr
    for command, has_store in (("demo", False), ("services", False), ("provider", False), ("request", True)):
        assert ("--store" in call(command, "--help").stdout) is has_store


# --- whose credentials explain a request ---


def save(key, token=None):
    """Return a request as it was saved, signed by this consumer, and for this user."""
    hook = OAuthHook(token and token.key, token and token.secret, key, "s", placement="header")
    request = hook(requests.Request("GET", "https://a.example/").prepare())
    return f"GET / HTTP/1.1\nHost: a.example\nAuthorization: {request.headers['Authorization']}\n\n"


def test_explain_finds_the_account_by_itself(call):
    """Without a NAME it is the account with the request's keys, or else the default one; those named come first."""
    tom, sue = AccessToken("t", "ts"), AccessToken("u", "us")
    with CredentialStore(call.store) as store:
        store.update(
            other=Account(Consumer("o", "s")), tom=Account(Consumer("c", "s"), tom),
            sue=Account(Consumer("c", "s"), sue), gone=Account(Consumer("g", "s"), None, "/nowhere/gone.json"),
        )  # fmt: skip
    done = call("explain", stdin=save("c", sue))
    assert "explained with the account 'sue', which has this consumer key" in done.stderr
    assert "as can be seen from here" in done.stdout
    assert "the account 'tom'" in call("explain", stdin=save("c", tom)).stderr
    assert "as can be seen from here" in call("explain", stdin=save("c")).stdout  # for no user
    assert "account" not in call("explain", stdin=save("z")).stderr.replace("of an account", "")
    call("use", "other")
    assert "explained with the account 'other', the default" in call("explain", stdin=save("z")).stderr
    assert "explained with" not in call("explain", "tom", stdin=save("c", sue)).stderr
    assert "explained with" not in call("explain", stdin=save("c", sue), OAUTH_CONSUMER_KEY="c").stderr
    assert "gone.json" in call("explain", stdin=save("g")).stderr
