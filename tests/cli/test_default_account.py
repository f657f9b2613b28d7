"""``oauth-hook use``, several accounts of one service, and what is kept about a server's clock."""

from __future__ import annotations

import json
import os
import re
import time

import pytest
from tables import for_each

from oauth_hook import AccessToken, Account, Consumer, CredentialStore, KeyringStore, cli
from oauth_hook.cli import preferences

HOUR = 3600


@pytest.fixture(params=["file", "keyring"])
def place(request, call, tmp_path, monkeypatch):
    """The options of a store, and the store: a file, and the keyring of the system."""
    if request.param == "file":
        return [], CredentialStore(call.store)
    keyring = pytest.importorskip("keyring")

    class Memory(keyring.backend.KeyringBackend):
        priority = 1

        def __init__(self):
            super().__init__()
            self.kept = {}

        def get_password(self, service, user):
            return self.kept.get((service, user))

        def set_password(self, service, user, password):
            self.kept[service, user] = password

        def delete_password(self, service, user):
            del self.kept[service, user]

    monkeypatch.setattr("keyring.core._keyring_backend", Memory())
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return ["--store", "keyring"], KeyringStore()


def get_token(call, *words):
    """Return the token that a request was signed with."""
    return json.loads(call(*words).stdout)["token"]


def test_a_default_account_is_used_where_none_is_named(call, oauth_provider, place):
    """Of several accounts of one service, one is the default; it is marked, renamed and removed with its account."""
    options, store = place
    tokens = {name: oauth_provider.add_token() for name in ("sue", "tom")}
    for name, token in tokens.items():
        store[name] = Account(oauth_provider.consumer, token, oauth_provider.url)
    url = oauth_provider.resource_url
    assert "no consumer key" in call(*options, "request", url, check=2).stderr
    assert call(*options, "use", "tom").stdout == call(*options, "use").stdout == "tom is used where no NAME is given\n"
    assert get_token(call, *options, "request", url) == tokens["tom"].key
    assert get_token(call, *options, "request", "sue", url) == tokens["sue"].key
    assert f'oauth_token="{tokens["tom"].key}"' in call(*options, "sign", url).stdout
    label = f"account at {oauth_provider.url}"
    assert call(*options, "credentials", "list").stdout == f"sue\t{label}\ntom\t{label}, the default\n"
    exported = call(*options, "credentials", "export", "tom", "--show-secrets").stdout
    assert f"export OAUTH_TOKEN={tokens['tom'].key}\n" in exported
    call(*options, "credentials", "rename", "tom", "tim")
    assert get_token(call, *options, "request", url) == tokens["tom"].key
    call(*options, "credentials", "remove", "tim")
    assert call(*options, "use").stdout == "no account is the default\n"
    call(*options, "use", "sue")
    assert call(*options, "use", "--none").stdout == "no account is the default\n"
    assert "no consumer key" in call(*options, "request", url, check=2).stderr


def test_a_default_account_is_used_at_its_service_only(call, oauth_provider, server):
    """Elsewhere nothing is sent; credentials of the environment come before it."""
    with CredentialStore(call.store) as store:
        store["me"] = Account(oauth_provider.consumer, None, oauth_provider.url)
    call("use", "me")
    assert "the account 'me' is not for" in call("request", server.url, check=2).stderr
    assert server.received == []
    call("request", server.url, OAUTH_CONSUMER_KEY="another", OAUTH_CONSUMER_SECRET="s")
    assert 'oauth_consumer_key="another"' in server.last.headers["authorization"]


@pytest.mark.parametrize("name", ["OAUTH_CONSUMER_KEY", "OAUTH_CONSUMER_SECRET", "OAUTH_TOKEN", "OAUTH_TOKEN_SECRET"])
def test_credentials_of_the_environment_are_not_displaced(name, call, server):
    """One of them is enough: whoever set a token means that user, and not the default account's."""
    with CredentialStore(call.store) as store:
        store["me"] = Account(Consumer("c", "s"), AccessToken("t", "s"), server.url)
    call("use", "me")
    assert call("request", server.url).stderr == ""
    server.received.clear()
    call("request", server.url, check=0 if name == "OAUTH_CONSUMER_KEY" else 2, **{name: "mine"})
    assert not any('"t"' in got.headers["authorization"] for got in server.received)


def test_an_origin_is_added_to_an_account_that_is_named(call, server):
    """``--origin`` is kept, so the default is not what it is kept with."""
    me = Account(Consumer("c", "s"), AccessToken("t", "s"), "https://api.example.com")
    with CredentialStore(call.store) as store:
        store["me"] = me
    call("use", "me")
    assert "none is named" in call("request", "--origin", server.url, server.url, check=2).stderr
    with CredentialStore(call.store) as store:
        assert store["me"] == me
    assert server.received == []
    call("request", "me", "--origin", server.url, server.url)


@for_each(
    ("words", "said"),
    [(["use", "mee"], "did you mean 'me'"), (["use", "token"], "not an account"), (["use", "me", "--none"], "either")],
)
def test_what_cannot_be_the_default_is_misuse(words, said, call):
    """A name that is not there, a token by itself, and both at once."""
    with CredentialStore(call.store) as store:
        store["me"] = Account(Consumer("c", "s"))
        store["token"] = AccessToken("t", "s")
    assert said in call(*words, check=2).stderr
    assert call("use").stdout == "no account is the default\n"


@for_each("content", [b"", b"{", b"[]", b"\xff", b'{"default": 1, "clocks": 1}', b'{"clocks": {"me": {"x": 1}}}'])
def test_a_damaged_file_says_nothing(content, call):
    """What the command keeps beside a store can be said again: a file that cannot be read is an empty one."""
    with CredentialStore(call.store) as store:
        store["me"] = Account(Consumer("c", "s"))
    (call.store.parent / "store.preferences.json").write_bytes(content)
    assert call("use").stdout == "no account is the default\n"
    assert call("use", "me").stdout.startswith("me is used")
    assert (call.store.parent / "store.preferences.json").stat().st_mode & 0o77 == 0 or os.name == "nt"


@for_each("learned", [[1, 10**400], [10**400, 1], [10**5, 0], [0, -(10**400)], [1, 1e300], [True, 1]])
def test_a_stored_time_that_makes_no_sense_is_not_used(learned, call, server):
    """However large a number is, the request is signed by this machine's time."""
    learned = [learned[0], learned[1] or int(time.time())]
    with CredentialStore(call.store) as store:
        store["me"] = Account(Consumer("c", "s"), AccessToken("t", "s"), server.url)
    clocks = {"me": {server.url: learned}}
    (call.store.parent / "store.preferences.json").write_text(json.dumps({"clocks": clocks}))
    call("request", "me", server.url)
    assert abs(int(re.search('oauth_timestamp="([0-9]+)"', server.last.headers["authorization"])[1]) - time.time()) < 60


def test_a_write_that_fails_leaves_no_file(call):
    """It is said what cannot be written, and nothing else lies beside the store."""
    with CredentialStore(call.store) as store:
        store["me"] = Account(Consumer("c", "s"))
    (call.store.parent / "store.preferences.json").mkdir()
    before = set(os.listdir(call.store.parent))
    assert "cannot write" in call("use", "me", check=2).stderr
    assert set(os.listdir(call.store.parent)) == before


def test_a_mapping_of_the_applications_own_has_no_default():
    """Nothing is written beside what is no store of ours."""
    assert cli.main(["use", "me"], store={"me": Account(Consumer("c", "s"))}) == 2


# --- the server's clock ---


def refuse_wrong_time(offset):
    """Return what has a server answer as one whose clock is so many seconds ahead."""

    def answer(got):
        now = int(time.time()) + offset
        sent = int(re.search('oauth_timestamp="([0-9]+)"', got.headers["authorization"])[1])
        accepted = f"{now - 300}-{now + 300}"
        problem = f"oauth_problem=timestamp_refused&oauth_acceptable_timestamps={accepted}"
        return (200, {}, b"ok") if abs(sent - now) < 300 else (401, {}, problem.encode())

    return answer


@pytest.mark.parametrize("offset", [-2 * HOUR, 2 * HOUR])
def test_a_corrected_clock_is_said_once_and_kept_with_the_account(offset, call, server, monkeypatch):
    """The second call pays for one request, and says nothing; after a day the time is asked for again."""

    server.answer = refuse_wrong_time(offset)
    with CredentialStore(call.store) as store:
        store["me"] = Account(Consumer("c", "s"), AccessToken("t", "s"), server.url)

    def count(name):
        before = len(server.received)
        done = call("request", name, server.url)
        assert done.stdout == "ok"
        return len(server.received) - before, done.stderr

    requests, said = count("me")
    assert requests == 2
    direction = "ahead of" if offset > 0 else "behind"
    assert re.search(f"server's clock is 7,[0-9]+ s {direction} this machine's.*'me' keeps", said)
    assert count("me") == (1, "")
    call("credentials", "rename", "me", "you")
    assert count("you") == (1, "")
    monkeypatch.setattr(preferences, "_MAX_CLOCK_AGE", 0)
    assert count("you")[0] == 2


@pytest.mark.skipif(not os.path.exists("/dev/fd"), reason="a pipe has no name here")
def test_a_kept_clock_that_is_stale_is_forgotten(call, server):
    """Once either clock was set, an upload is refused once at most, and what is said is true."""
    with CredentialStore(call.store) as store:
        store["me"] = Account(Consumer("c", "s"), AccessToken("t", "s"), server.url)

    def send(is_upload, check):
        server.received.clear()
        if not is_upload:
            return call("request", "me", server.url, check=check)
        reader, writer = os.pipe()  # which cannot be sent again
        os.write(writer, b"hello")
        os.close(writer)
        try:
            return call("request", "me", server.url, "-T", f"/dev/fd/{reader}", check=check)
        finally:
            os.close(reader)

    for is_upload in (True, False):
        server.answer = refuse_wrong_time(-2 * HOUR)
        assert "'me' keeps for a day" in call("request", "me", server.url).stderr
        server.answer = refuse_wrong_time(0)
        said = send(is_upload, check=1 if is_upload else 0).stderr
        assert len(server.received) == (1 if is_upload else 2)
        assert re.search("clock is no longer 7,[0-9]+ s behind this machine's.*forgotten", said)
        assert ("send the request again" in said) is is_upload
        assert send(is_upload, check=0).stdout == "ok"
        assert len(server.received) == 1
    server.answer = refuse_wrong_time(2 * HOUR)
    assert "ahead of this machine's" in call("request", "me", server.url).stderr
    server.answer = refuse_wrong_time(5 * HOUR)
    assert re.search("clock is 1[78],[0-9]+ s ahead of this machine's", call("request", "me", server.url).stderr)
    server.received.clear()
    assert call("request", "me", server.url).stderr == ""
    assert len(server.received) == 1


def test_a_clock_that_is_years_away_is_not_kept(call, server):
    """A request is signed by it, and the next one asks again."""
    with CredentialStore(call.store) as store:
        store["me"] = Account(Consumer("c", "s"), AccessToken("t", "s"), server.url)
    server.answer = refuse_wrong_time(30 * 365 * 24 * HOUR)
    for _ in range(2):
        server.received.clear()
        assert call("request", "me", server.url).stderr.endswith("ahead of this machine's: signed by its time\n")
        assert len(server.received) == 2
