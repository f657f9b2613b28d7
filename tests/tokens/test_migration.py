"""From OAuth 1.0a tokens to OAuth 2.0 tokens, as X documents it: the function and ``oauth-hook migrate``.

``x_service.py`` is X's endpoint, on loopback.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import traceback
from types import SimpleNamespace
from urllib.parse import unquote

import pytest
import requests
from tables import for_each
from x_service import CLIENT, CONSUMER, PUBLIC_CLIENT, TokenEndpoint, account, refuse

from oauth_hook import AccessToken, Account, CredentialStore, ProviderError, UsageError, cli
from oauth_hook.tokens.accounts import hook_for_account
from oauth_hook.tokens.migration import MAX_ATTEMPTS, exchange_token, migrate_account

USER = account("alice")
SECRETS = (str(CLIENT.secret), str(USER.token.secret), "ACCESS-", "REFRESH-")
BUSY = refuse(429, "rate_limited", **{"Retry-After": "0"})


@pytest.fixture
def x(server):
    """X, where alice, bob and carol have given tokens."""
    server.answer = TokenEndpoint("alice", "bob", "carol")
    server.token_url = f"{server.url}/2/oauth2/token"
    return server


@pytest.fixture
def store(tmp_path):
    return CredentialStore(tmp_path / "store")


def exchange(x, client=CLIENT, token=USER.token, **more):
    return exchange_token(token, client, token_url=x.token_url, **more)


def is_current(endpoint, kept) -> bool:
    """Tell whether what is kept are the tokens that X gave last, which alone are valid."""
    return (str(kept.secret), kept.extra["refresh_token"]) == endpoint.pairs[kept.key]


# --- the exchange ---


@for_each("client", [CLIENT, PUBLIC_CLIENT])
def test_a_token_is_exchanged_as_documented(x, client):
    """A confidential client names itself by Basic, a public one in the form; what comes is an access token's shape."""
    x.answer = TokenEndpoint("alice")
    x.token_url = f"{x.url}/2/oauth2/token"
    before = time.time()
    got = exchange(x, client)
    assert is_current(x.answer, got)
    assert before + 7200 <= got.expires_at <= time.time() + 7200
    assert got.extra["token_type"] == "bearer"
    assert "users.read" in got.extra["scope"]
    assert not any(secret in repr(got) for secret in SECRETS)


def test_less_may_be_asked_for(x):
    """A scope is passed on."""
    assert exchange(x, scope="tweet.read offline.access").extra["scope"] == "tweet.read offline.access"


@pytest.mark.promise("no-variable-of-ours-shows-a-secret")
@for_each(
    "reply, problem, advice",
    [
        (refuse(400, "invalid_request", "oauth_token_secret"), "invalid_request", ""),
        (refuse(400, "invalid_grant"), "invalid_grant", "its user has to authorize again"),
        (refuse(400, "invalid_scope"), "invalid_scope", "leave the scope out"),
        (refuse(400, "invalid_client"), "invalid_client", "OAuth 2.0 client ID"),
        (refuse(400, "unauthorized_client"), "unauthorized_client", "OAuth 2.0 client ID"),
        (refuse(401, "invalid_client"), "invalid_client", "OAuth 2.0 client ID"),
        ((404, {}, b""), None, ""),
        ((200, {}, b'{"access_token": "ACCESS-only", "token_type": "bearer"}'), None, ""),
        ((200, {}, b'{"access_token": ["ACCESS-1"], "refresh_token": "REFRESH-1"}'), None, ""),
        ((200, {}, b'{"error": "invalid_grant", "access_token": "ACCESS-1", "refresh_token": "REFRESH-1"}'),
         "invalid_grant", "authorize again"),
        ((200, {}, b"\xff\xfe{"), "\ufffd\ufffd{", ""),
    ],
)  # fmt: skip
def test_a_refusal_says_what_to_do(x, reply, problem, advice):
    """X's own word is the problem, with its documentation's advice; it is asked once, and no secret is shown."""
    x.answer = lambda _: reply
    with pytest.raises(ProviderError) as caught:
        exchange_token(USER.token, CLIENT, token_url=f"{x.url}/2/oauth2/token")
    assert caught.value.problem == problem
    assert advice in str(caught.value)
    assert len(x.received) == 1
    shown = "".join(traceback.format_exception(caught.value)) + caught.value.body + repr(vars(caught.value))
    shown += str(vars(pickle.loads(pickle.dumps(caught.value)))) + "".join(variables_of_ours(caught.value))
    assert not any(secret in shown for secret in SECRETS)


def variables_of_ours(error):
    """Yield what error collectors print of our frames."""
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_globals["__name__"].startswith("oauth_hook"):
            yield str({name: str(value) for name, value in trace.tb_frame.f_locals.items()})
        trace = trace.tb_next


@pytest.mark.promise("no-error-shows-what-a-server-echoes")
@for_each(
    "echo",
    [
        lambda request: request.body.decode(),
        lambda request: unquote(request.body.decode()),
        lambda request: f"the header {request.authorization}",
        lambda request: f"unknown client {request.authorization[6:]}",
        lambda request: f"{CLIENT.secret} is wrong",
        lambda request: f"{USER.token.secret} is wrong",
    ],
)
def test_what_a_server_echoes_is_not_shown(x, echo):
    """Nothing of the request is shown where the refusal repeats it: raw, escaped, or as Basic has it."""
    x.answer = lambda request: refuse(400, "invalid_request", echo(request))
    with pytest.raises(ProviderError, match="invalid_request") as caught:
        exchange_token(USER.token, CLIENT, token_url=f"{x.url}/2/oauth2/token")
    shown = f"{caught.value} {caught.value.body} {pickle.loads(pickle.dumps(caught.value)).response.text}"
    basic = x.last.authorization[6:]
    assert not any(secret in unquote(shown) for secret in (*SECRETS, basic))


@for_each(
    "reply, waits",
    [
        (refuse(429, "rate_limited"), [1, 2, 4, 8, 16]),
        (refuse(503, "temporarily_unavailable"), [1, 2, 4, 8, 16]),
        ((502, {}, b"<html>bad gateway"), [1, 2, 4, 8, 16]),
        (refuse(429, "rate_limited", **{"Retry-After": "7"}), [7] * 5),
        (refuse(429, "rate_limited", **{"Retry-After": "86400"}), [900] * 5),
        (refuse(429, "rate_limited", **{"x-rate-limit-reset": "1"}), [1] * 5),
        (refuse(429, "rate_limited", **{"Retry-After": "soon"}), [1, 2, 4, 8, 16]),
    ],
)  # fmt: skip
def test_a_busy_server_is_asked_again(x, reply, waits):
    """429 and 5xx are tried again with backoff, as long as X says or twice as long each time, and not for ever."""
    for failures, succeeds in ((2, True), (MAX_ATTEMPTS, False)):
        x.clear()
        x.answer = TokenEndpoint("alice")
        x.answer.replies = [reply] * failures
        slept = []
        if succeeds:
            assert is_current(x.answer, exchange(x, sleep=slept.append))
            assert (slept, len(x.received)) == (waits[:2], 3)
        else:
            with pytest.raises(ProviderError, match="goes on where it stopped"):
                exchange(x, sleep=slept.append)
            assert (slept, len(x.received)) == (waits, MAX_ATTEMPTS)


@for_each(
    "changed",
    [
        {"token_url": "http://api.x.invalid/2/oauth2/token"},
        {"token_url": "api.x.com"},
        {"token": CONSUMER},
        {"client": USER.token},
        {"timeout": 0},
    ],
)
def test_what_is_wrong_is_said_before_anything_is_sent(x, changed):
    """The old token's secret goes to https or loopback alone, and arguments have types."""
    arguments = {"token": USER.token, "client": CLIENT, "token_url": f"{x.url}/2/oauth2/token", **changed}
    with pytest.raises(UsageError):
        exchange_token(**arguments)
    assert x.received == []


@pytest.mark.promise("token-requests-stay-with-their-service")
def test_a_redirect_elsewhere_is_not_followed(x, recorders):
    """The tokens and the client's secret go to no other origin."""
    x.answer = lambda _: (307, {"Location": f"{recorders[1].clear().url}/2/oauth2/token"}, b"")
    with pytest.raises(ProviderError, match="another origin"):
        exchange(x)
    assert recorders[1].received == []


def test_the_session_keeps_its_own_credentials(x):
    """A session of the caller's is used, without its ``auth`` and its ``Authorization``."""
    with requests.Session() as session:
        session.auth, session.headers["Authorization"] = ("user", "password"), "Bearer another"
        assert is_current(x.answer, exchange(x, PUBLIC_CLIENT, session=session))


# --- in a store ---


def migrate(x, store, name="me", **more):
    return migrate_account(store, name, CLIENT, token_url=x.token_url, **more)


def test_the_result_is_kept_beside_the_account(x, store):
    """The account stays as it was; what is kept is found again, and is not exchanged again unless it is asked for."""
    store["me"] = USER
    first = migrate(x, store)
    assert (first.kept_as, first.is_new, store["me"]) == ("me-oauth2", True, USER)
    assert first.token == store["me-oauth2"]
    assert is_current(x.answer, store["me-oauth2"])
    again = migrate(x, store)
    assert (again.token, again.is_new, len(x.received)) == (first.token, False, 1)
    assert migrate(x, store, replace=True).is_new
    assert is_current(x.answer, store["me-oauth2"])
    assert sorted(store) == ["me", "me-oauth2"]


def test_another_token_is_exchanged_anew(x, store):
    """Where the account was authorized again, what is kept of its old token is replaced."""
    store["me"] = USER
    migrate(x, store)
    store["me"] = account("bob")
    assert migrate(x, store).is_new
    assert is_current(x.answer, store["me-oauth2"])


def test_a_refused_token_is_not_sent_again(x, store):
    """``invalid_grant`` is final, as documented: it is said again without a request, unless one is asked for."""
    store["me"] = account("mallory")
    for replace, count in ((False, 1), (False, 1), (True, 2)):
        with pytest.raises(ProviderError, match="authorize again") as caught:
            migrate(x, store, replace=replace)
        assert (caught.value.problem, len(x.received)) == ("invalid_grant", count)
    x.answer = TokenEndpoint("mallory")
    assert migrate(x, store, replace=True).is_new


@for_each(
    "value",
    [
        CONSUMER,
        USER.token,
        Account(CONSUMER, None, "x"),
        Account(CONSUMER, USER.token, "tumblr"),
        Account(CONSUMER, USER.token, None),
        Account(CONSUMER, USER.token, "https://x.example"),
        None,
    ],
)
def test_what_is_no_account_at_x_is_not_exchanged(x, value):
    """Only X knows what to do with X's tokens: nothing else is sent there."""
    with pytest.raises(UsageError):
        migrate_account({"me": value} if value else {}, "me", CLIENT, token_url=f"{x.url}/2/oauth2/token")
    assert x.received == []


@for_each(
    "service", ["x", "twitter", "https://api.twitter.com/oauth/request_token https://api.x.com/a https://api.x.com/t"]
)
def test_an_account_at_x_is_known_by_its_origins(x, service):
    """However its service is kept: by name, or by the three URLs."""
    x.answer = TokenEndpoint("alice")
    store = {"me": Account(CONSUMER, USER.token, service)}
    assert migrate_account(store, "me", CLIENT, token_url=f"{x.url}/2/oauth2/token").is_new


def test_nothing_of_the_users_is_displaced(x, store):
    """Something else of that name is in the way, which is said before anything is sent."""
    store.update({"me": USER, "me-oauth2": AccessToken("mine", "TSmine")})
    with pytest.raises(UsageError, match="'me-oauth2'"):
        migrate(x, store, replace=True)
    assert x.received == []
    assert store["me-oauth2"] == AccessToken("mine", "TSmine")


def test_what_is_kept_signs_nothing(x, store):
    """OAuth 2.0 tokens are no half of an OAuth 1.0a pair."""
    store["me"] = USER
    migrate(x, store)
    with pytest.raises(UsageError, match="signs nothing"):
        hook_for_account("me-oauth2", store)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.soak
@pytest.mark.promise("what-was-stored-survives-a-kill")
def test_a_kill_at_any_moment_loses_nothing(x, store, portion):
    """Killed at any line of the work, the account is as it was, and the next run ends with X's current tokens."""
    places = ["migration.py", "store.py", "stored_values.py"] if portion(10) == 10 else ["migrate_account"]
    call = "import sys; from test_migration import kill_at_each_line; kill_at_each_line(*sys.argv[1:])"
    done = subprocess.run(  # a fresh interpreter, as this one has threads, and forks of it may not end
        [sys.executable, "-c", call, store.path, x.url, *places],
        cwd=os.path.dirname(__file__), env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 10


def kill_at_each_line(path: str, url: str, *places: str) -> None:
    """Migrate an account again and again, killed one line later each time, and print how many lines there were."""
    store, lines = CredentialStore(path), 1
    server = SimpleNamespace(token_url=f"{url}/2/oauth2/token")
    store["me"] = USER
    while is_killed_at(lines, places, lambda: migrate(server, store)):
        assert store["me"] == USER
        kept = store.get("me-oauth2")
        assert kept is None or is_last(url, kept)
        migrate(server, store)
        assert is_last(url, store["me-oauth2"])
        del store["me-oauth2"]
        lines += 1
    assert is_last(url, store["me-oauth2"])
    print(lines)


def is_last(url: str, kept: AccessToken) -> bool:
    return [str(kept.secret), kept.extra["refresh_token"]] == requests.get(f"{url}/pairs", timeout=10).json()[kept.key]


def is_killed_at(count: int, places: tuple[str, ...], work) -> bool:
    """Run work in a fork that is killed at so many lines of these files or functions; was it?"""
    child = os.fork()
    if not child:
        left = count

        def trace(frame, event, _argument):
            nonlocal left
            if not (frame.f_code.co_filename.endswith(places) or frame.f_code.co_name in places):
                return None
            left -= event == "line"
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)
            return trace

        sys.settrace(trace)
        try:
            work()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status in (0, signal.SIGKILL)
    return status == signal.SIGKILL


def test_runs_take_turns(x, store):
    """Each exchange ends the tokens of the one before: so threads and processes exchange a token once."""
    store["me"] = USER
    command = [sys.executable, "-m", "oauth_hook", "--store", store.path, "migrate", "x", "me", "--json"]
    known = {"OAUTH2_CLIENT_ID": CLIENT.key, "OAUTH2_CLIENT_SECRET": str(CLIENT.secret)}
    other = subprocess.Popen(
        [*command, "--token-url", x.token_url], env={**os.environ, **known}, stdout=subprocess.PIPE, text=True
    )
    done = []
    threads = [threading.Thread(target=lambda: done.append(migrate(x, store).is_new)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    done.append(json.loads(other.communicate(timeout=60)[0])["is_new"])
    assert sorted(done) == [False, False, False, False, True]
    assert len(x.received) == 1
    assert is_current(x.answer, store["me-oauth2"])


# --- the command ---


@pytest.fixture
def call(x, tmp_path, monkeypatch, capsys):
    """Run ``oauth-hook migrate x``, and return what came of it."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))

    def call(
        *arguments, stdin=f"{CLIENT.key}\n{CLIENT.secret}\n", check=0, store=str(tmp_path / "store"), **environment
    ):
        with monkeypatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            patch.setattr(sys, "stdin", io.StringIO(stdin))
            status = cli.main(["--store", store, "migrate", "x", "--token-url", x.token_url, *arguments])
        out, err = capsys.readouterr()
        assert status == check, (out, err)
        assert not any(secret in out + err for secret in SECRETS)
        return SimpleNamespace(out=out, err=err)

    return call


def test_the_command_migrates_one_account(x, store, call):
    """It asks for the client, or takes it from standard input or the environment, and shows no secret."""
    store["me"] = USER
    assert call("me").out.startswith("me: its OAuth 2.0 tokens are kept as me-oauth2 (until 20")
    assert is_current(x.answer, store["me-oauth2"])
    found = {"OAUTH2_CLIENT_ID": CLIENT.key, "OAUTH2_CLIENT_SECRET": CLIENT.secret}
    assert "as before" in call("me", stdin="", **found).out
    said = json.loads(call("me", "--json", "--replace", "--scope", "tweet.read", stdin="", **found).out)
    assert (said["name"], said["kept_as"], said["is_new"], said["scope"]) == ("me", "me-oauth2", True, "tweet.read")
    assert call("me", "--replace", stdin=f"{PUBLIC_CLIENT.key}\n").out
    assert is_current(x.answer, store["me-oauth2"])


def test_the_command_migrates_all_accounts(x, store, call):
    """One user's refusal stops no other, and is the exit status; what is no account at X is left alone."""
    users = {name: account(name) for name in ("alice", "bob", "mallory")}
    store.update(**users, tumblr=Account(CONSUMER, USER.token, "tumblr"), token=USER.token, bare=CONSUMER)
    done = call("--all", check=1)
    assert [line.partition(":")[0] for line in done.out.splitlines()] == ["alice", "bob"]
    assert "mallory: the server refused to issue OAuth 2.0 tokens" in done.err
    assert len(x.received) == 3
    assert all(is_current(x.answer, store[f"{name}-oauth2"]) for name in ("alice", "bob"))
    assert {name: store[name] for name in users} == users
    again = call("--all", check=1)
    assert again.out.count("as before") == 2
    assert "mallory: X refused the token of 'mallory' before" in again.err
    assert "--replace asks again" in again.err
    assert len(x.received) == 3


def test_the_command_stops_where_all_would_fail_and_goes_on_later(x, store, call):
    """A wrong client is said once; repeated with the right one, it exchanges those that are left."""
    store.update(alice=account("alice"), bob=account("bob"), carol=account("carol"))
    exchanges = x.answer.exchange
    wrong = refuse(400, "invalid_client")
    x.answer.exchange = lambda form: wrong if form["subject_token"].endswith("bob") else exchanges(form)
    done = call("--all", check=1)
    assert done.out.startswith("alice:")
    assert done.err.count("invalid_client") == 1
    assert sorted(store) == ["alice", "alice-oauth2", "bob", "carol"]
    x.answer.exchange = exchanges
    assert call("--all").out.count("as before") == 1
    assert all(is_current(x.answer, store[f"{name}-oauth2"]) for name in ("alice", "bob", "carol"))
    assert x.answer.count == 3


def test_the_command_waits_and_goes_on(x, store, call):
    """A rate limit is waited out."""
    store["me"] = USER
    x.answer.replies = [BUSY, BUSY]
    assert call("me").err.count("X is busy: trying again in 0 seconds") == 2
    assert is_current(x.answer, store["me-oauth2"])


@for_each(
    "arguments, stdin, words",
    [
        ([], "", "--all"),
        (["me", "--all"], "", "--all"),
        (["nobody"], "id\nsecret\n", "nothing of that name"),
        (["--all"], "id\nsecret\n", "no account at X"),
        (["tumblr"], "id\nsecret\n", "not an account at X"),
        (["tumblr"], "", "not an account at X"),
        (["nobody"], "", "nothing of that name"),
        (["ours"], "", "OAUTH2_CLIENT_ID"),
        (["ours", "--token-url", "http://api.x.invalid/"], "", "--token-url must be https"),
    ],
)
def test_misuse_is_said(tmp_path, call, arguments, stdin, words):
    """What cannot be done is status 2, and one line."""
    with CredentialStore(tmp_path / "store") as store:
        store["tumblr"] = Account(CONSUMER, USER.token, "tumblr")
        if "ours" in arguments:
            store["ours"] = Account(CONSUMER, USER.token, "x")
    assert words in call(*arguments, stdin=stdin, check=2).err


def test_a_damaged_entry_concerns_no_other(x, store, call, tmp_path):
    """With --all, an account that cannot be read is named, and the others are exchanged."""
    store.update(alice=account("alice"), gone=Account(CONSUMER, USER.token, str(tmp_path / "gone.json")))
    assert "gone.json" in call("--all").err
    assert is_current(x.answer, store["alice-oauth2"])


def test_the_keyring_serves_too(x, call, monkeypatch, tmp_path):
    """``--store keyring`` keeps the tokens in the operating system's keyring."""
    pytest.importorskip("keyring", reason="keyring is not installed")
    from keyrings import MemoryKeyring

    from oauth_hook import KeyringStore

    monkeypatch.setattr("keyring.core._keyring_backend", MemoryKeyring())
    KeyringStore()["me"] = USER
    call("me", store="keyring")
    assert is_current(x.answer, KeyringStore()["me-oauth2"])
    assert KeyringStore()["me"] == USER
    assert "as before" in call("--all", store="keyring").out


def test_the_list_tells_them_apart(x, store, call, tmp_path, capsys):
    """``credentials`` lists OAuth 2.0 tokens as such, and shows what is in them only where it is asked to."""
    store.update(me=USER, you=account("mallory"))
    call("--all", check=1)
    place = ["--store", str(tmp_path / "store"), "credentials"]
    assert cli.main([*place, "list"]) == 0
    listed = capsys.readouterr().out
    assert "me-oauth2\tOAuth 2.0 tokens\n" in listed
    assert "you-oauth2\tno OAuth 2.0 tokens: refused\n" in listed
    assert cli.main([*place, "show", "me-oauth2"]) == 0
    assert not any(secret in "".join(capsys.readouterr()) for secret in SECRETS)
    assert cli.main([*place, "show", "me-oauth2", "--show-secrets"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["secret"], shown["extra"]["refresh_token"]) == x.answer.pairs[USER.token.key]
