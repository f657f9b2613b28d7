"""From OAuth 1.0a tokens to OAuth 2.0 tokens, as X documents it: the function and ``oauth-hook migrate``.

``x_service.py`` is X's endpoint, on loopback.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import pickle
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import traceback
from base64 import b64decode
from types import SimpleNamespace
from urllib.parse import unquote

import pytest
import requests
from tables import for_each
from x_service import CLIENT, CONSUMER, PUBLIC_CLIENT, TokenEndpoint, account, refuse

from oauth_hook import AccessToken, Account, Consumer, CredentialStore, ProviderError, UsageError, cli
from oauth_hook.tokens.accounts import hook_for_account
from oauth_hook.tokens.migration import MAX_ATTEMPTS, NameTakenError, exchange_token, migrate_account

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
        lambda request: f"unknown client {request.authorization[6:].rstrip('=')}",
        lambda request: f"unknown client {b64decode(request.authorization[6:]).decode()}",
        lambda request: f"{CLIENT.secret} is wrong",
        lambda request: f"{USER.token.secret} is wrong",
    ],
)
def test_what_a_server_echoes_is_not_shown(x, echo):
    """Nothing of the request is shown where the refusal repeats it: raw, escaped, or as Basic has it."""
    x.answer = lambda request: refuse(400, "invalid_request", echo(request))
    for key in ("id", "id-", "id--"):  # base64 looks different from each third character on
        with pytest.raises(ProviderError, match="invalid_request") as caught:
            exchange_token(USER.token, Consumer(key, CLIENT.secret), token_url=f"{x.url}/2/oauth2/token")
        copied = pickle.dumps(caught.value)
        shown = f"{caught.value} {caught.value.body} {pickle.loads(copied).response.text} {copied}"
        basic = x.last.authorization[6:].rstrip("=")
        assert not any(secret in unquote(shown) for secret in (*SECRETS, basic))


@for_each(
    "reply, waits",
    [
        (refuse(429, "rate_limited"), [1, 2, 4, 8, 16]),
        (refuse(503, "temporarily_unavailable"), [1, 2, 4, 8, 16]),
        ((502, {}, b"<html>bad gateway"), [1, 2, 4, 8, 16]),
        (refuse(429, "rate_limited", **{"Retry-After": "7"}), [7] * 5),
        (refuse(429, "rate_limited", **{"Retry-After": "86400"}), [900] * 5),
        (refuse(429, "rate_limited", **{"Retry-After": "9" * 5000}), [900] * 5),
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
    "said, seconds",
    [
        ("7200", 7200),
        ('"7200"', 7200),
        ("7200.5", 7200.5),
        *((said, None) for said in ("0", "-1", "true", "null", "[7200]", '"soon"')),
        *((said, None) for said in ("1e308", "1e999", "NaN", "Infinity", '"inf"')),
        ("1" + "0" * 400, None),
    ],
)
def test_an_expiry_that_makes_no_sense_loses_no_tokens(x, store, said, seconds):
    """What came is kept, and can be shown; when it ends is not known then."""
    x.answer = lambda _: (200, {}, f'{{"access_token": "A", "refresh_token": "R", "expires_in": {said}}}'.encode())
    before = time.time()
    got = exchange(x)
    assert (str(got.secret), got.extra["refresh_token"]) == ("A", "R")
    assert (got.expires_at is None) if seconds is None else (0 <= got.expires_at - before - seconds < 60)
    store["me"] = got
    assert store["me"] == got
    assert time.gmtime(got.expires_at or 0).tm_year < 2100


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


def test_the_session_keeps_its_own_headers(x):
    """A session of the caller's is used, without its ``auth`` and what its headers say of other requests."""
    with requests.Session() as session:
        session.auth, session.headers["Authorization"] = ("user", "password"), "Bearer another"
        session.headers["Content-Type"] = "application/json"
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


def test_the_tokens_of_another_token_are_not_displaced(x, store):
    """They may be another user's: where the account has another token now, theirs are replaced if it is asked for."""
    store["me"] = USER
    kept = migrate(x, store).token
    store["me"] = account("bob")
    with pytest.raises(NameTakenError, match="of another token"):
        migrate(x, store)
    assert (store["me-oauth2"], len(x.received)) == (kept, 1)
    assert migrate(x, store, replace=True).is_new
    assert is_current(x.answer, store["me-oauth2"])


def test_a_busy_server_refuses_nobody(x, store):
    """Whatever a 5xx says, it is asked again, and nothing is kept of it."""
    store["me"] = USER
    x.answer.replies = [refuse(503, "invalid_grant", **{"Retry-After": "0"})] * (MAX_ATTEMPTS + 1)
    with pytest.raises(ProviderError, match="goes on where it stopped"):
        migrate(x, store)
    assert list(store) == ["me"]
    assert migrate(x, store).is_new


def test_a_refusal_displaces_no_tokens(x, store):
    """Where X refuses to exchange once more, what it gave before is still kept, and may be valid."""
    store["me"] = USER
    kept = migrate(x, store).token
    x.answer.tokens.clear()
    with pytest.raises(ProviderError, match="invalid_grant"):
        migrate(x, store, replace=True)
    assert store["me-oauth2"] == kept
    assert not migrate(x, store).is_new


def test_a_refusal_is_not_held_against_another_token(x, store):
    """What was refused is gone when its account was authorized again."""
    store["me"] = account("mallory")
    with pytest.raises(ProviderError, match="invalid_grant"):
        migrate(x, store)
    store["me"] = USER
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
        Account(CONSUMER, USER.token, "tumblr", ("https://api.x.com",)),
        Account(CONSUMER, USER.token, None, ("https://api.x.com", "https://x.example")),
        None,
    ],
)
def test_what_is_no_account_at_x_is_not_exchanged(x, value):
    """Only X knows what to do with X's tokens: nothing else is sent there."""
    with pytest.raises(UsageError):
        migrate_account({"me": value} if value else {}, "me", CLIENT, token_url=f"{x.url}/2/oauth2/token")
    assert x.received == []


@for_each(
    "service, origins",
    [
        ("x", ()),
        ("x", ("https://proxy.example",)),
        ("twitter", ()),
        ("https://api.x.com", ()),
        ("https://api.twitter.com/oauth/request_token https://api.x.com/a https://api.x.com/t", ()),
        (None, ("https://api.x.com",)),
    ],
)
def test_an_account_at_x_is_known_by_its_origins(x, service, origins):
    """However its service is kept: by name, by URLs, or not at all, and then by where the account may be used."""
    x.answer = TokenEndpoint("alice")
    store = {"me": Account(CONSUMER, USER.token, service, origins)}
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
    places = ["migration.py", "store.py", "stored_values.py"] if portion(10) == 10 else ["_migrate_once"]
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


@for_each("make", [dict, CredentialStore])
def test_whoever_waits_for_x_is_in_nobodys_way(x, tmp_path, make):
    """While X is busy with one, the same thread and others exchange what they want; what they did is not done again."""
    store = make() if make is dict else make(tmp_path / "waiting")
    store.update({name: account(name) for name in ("alice", "bob", "carol")})
    x.answer = TokenEndpoint("alice", "bob", "carol")
    x.token_url = f"{x.url}/2/oauth2/token"
    x.answer.replies = [BUSY]

    def work_meanwhile(_seconds):
        assert migrate(x, store, "bob").is_new
        threads = [threading.Thread(target=migrate, args=(x, store, name)) for name in ("carol", "alice")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)

    assert not migrate(x, store, "alice", sleep=work_meanwhile).is_new
    assert len(x.received) == 4
    assert all(is_current(x.answer, store[f"{name}-oauth2"]) for name in ("alice", "bob", "carol"))


@pytest.fixture
def stuck(x):
    """X, which does not answer alice before it is told to: what ``set`` this event."""
    endpoint, go_on = x.answer, threading.Event()

    def answer(request):
        if b"alice" in request.body:
            go_on.wait(30)
        return endpoint(request)

    x.answer, x.endpoint = answer, endpoint
    yield go_on
    go_on.set()


def test_other_stores_do_not_wait(x, store, stuck):
    """An exchange concerns its own store: a mapping of one's own, or another file."""
    for theirs, ours in (({}, {}), (store, CredentialStore(f"{store.path}-2"))):
        stuck.clear()
        theirs["me"], ours["me"] = USER, account("bob")
        thread = threading.Thread(target=migrate, args=(x, theirs))
        thread.start()
        assert migrate(x, ours).is_new
        assert thread.is_alive()
        stuck.set()
        thread.join(30)
        assert is_current(x.endpoint, theirs["me-oauth2"])


def exchange_at_once(x, stores, stuck):
    """Migrate in a thread for each of these, and return whether what they got was new."""
    done = []
    threads = [threading.Thread(target=lambda each=each: done.append(migrate(x, each).is_new)) for each in stores]
    for thread in threads:
        thread.start()
    stuck.set()
    for thread in threads:
        thread.join(30)
    return sorted(done)


def test_threads_take_turns_on_any_mapping(x, stuck):
    """Each of the others finds what the first one got."""
    assert exchange_at_once(x, [{"me": USER}] * 3, stuck) == [False, False, True]
    assert len(x.received) == 1


@pytest.mark.skipif(os.name == "nt", reason="Windows lets few users make a link")
def test_a_link_leads_to_the_same_turn(x, store, stuck, tmp_path):
    """A store is the file that its path leads to."""
    store["me"] = USER
    (tmp_path / "link").symlink_to(store.path)
    assert exchange_at_once(x, [store, CredentialStore(tmp_path / "link")], stuck) == [False, True]
    assert len(x.received) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_fork_inherits_no_turn(x):
    """A child of a process that exchanges a token at this moment does not wait for a thread that it has not got."""
    call = "import sys; from test_migration import fork_beside_an_exchange; fork_beside_an_exchange(sys.argv[1])"
    subprocess.run(
        [sys.executable, "-c", call, x.url], check=True, timeout=60,
        cwd=os.path.dirname(__file__), env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert x.answer.count == 2


def fork_beside_an_exchange(url: str) -> None:
    """Migrate one account of a mapping in a thread, and, before its request is sent, another one in a fork."""
    started, go_on = threading.Event(), threading.Event()

    class SlowSession(requests.Session):
        def send(self, *arguments, **named):
            started.set()
            go_on.wait(30)
            return super().send(*arguments, **named)

    store, server = {"me": USER, "you": account("bob")}, SimpleNamespace(token_url=f"{url}/2/oauth2/token")
    thread = threading.Thread(target=migrate, args=(server, store), kwargs={"session": SlowSession()})
    thread.start()
    assert started.wait(20)
    child = os.fork()
    if not child:
        signal.alarm(20)
        os._exit(not migrate(server, store, "you").is_new)
    _, status = os.waitpid(child, 0)
    go_on.set()
    thread.join(30)
    assert (status, "me-oauth2" in store) == (0, True)


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


def test_a_name_that_is_taken_stops_no_other(x, store, call, tmp_path):
    """What is in one account's way, or damaged there, is said; the others are exchanged, and the status tells."""
    store.update({name: account(name) for name in ("alice", "bob", "carol")})
    store.update({"alice-oauth2": CONSUMER, "bob-oauth2": CONSUMER})
    with contextlib.closing(sqlite3.connect(store.path, isolation_level=None)) as file:
        file.execute("UPDATE credentials SET value = '{}' WHERE name = 'bob-oauth2'")
    done = call("--all", check=1)
    assert "alice: there is a 'alice-oauth2' in the store" in done.err
    assert "bob: 'bob-oauth2' in the credential store" in done.err
    assert done.out.startswith("carol: its OAuth 2.0 tokens are kept")
    assert "rename one of the two" in call("alice", check=2).err


def test_the_tokens_of_an_account_are_not_forgotten(x, store, call, tmp_path, capsys):
    """Who renames or removes an account is told of its OAuth 2.0 tokens, which stay: they may be all that is left."""
    store["me"] = USER
    call("me")
    place = ["--store", str(tmp_path / "store"), "credentials"]
    for arguments in (["rename", "me", "you"], ["rename", "you", "me"], ["remove", "me"]):
        assert cli.main([*place, *arguments]) == 0
        assert ("me-oauth2 stays in the store" in capsys.readouterr().err) == (arguments[1] == "me")
    assert list(store) == ["me-oauth2"]


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
