"""The provider's state: many threads, a file, bounded growth; and how it starts and ends."""

from __future__ import annotations

import http.client
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import requests
from oauthlib import oauth1

import oauth_hook.provider
from oauth_hook.credentials import AccessToken, Consumer
from oauth_hook.errors import UsageError
from oauth_hook.provider import Provider, serve
from oauth_hook.provider import storage as storage_module
from oauth_hook.provider.storage import Storage

THREADS = 64


def signer(consumer: Consumer, token: AccessToken) -> oauth1.Client:
    return oauth1.Client(consumer.key, consumer.secret, token.key, token.secret)


@pytest.fixture
def storage() -> Iterator[Storage]:
    """A storage that knows a consumer and a user."""
    with closing(Storage()) as storage:
        storage.add_consumer("Client", "c", "s")
        storage.set_user("u", "p", cost=1)
        yield storage


def at_once(work: Callable[[int], object]) -> list[object]:
    """Do the work in many threads, that start together."""
    barrier = threading.Barrier(THREADS)

    def wait_and_work(n: int) -> object:
        barrier.wait(10)
        return work(n)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(wait_and_work, range(THREADS)))


class TestThreads:
    def test_many_clients(self) -> None:
        """Sixty-four clients at once, each its own connection and its own token."""
        with serve() as provider:
            tokens = [provider.add_token() for _ in range(THREADS)]

            def client(n: int) -> object:
                with requests.Session() as session:
                    for i in range(5):
                        url, headers, _ = signer(provider.consumer, tokens[n]).sign(f"{provider.resource_url}?i={i}")
                        echo = session.get(url, headers=headers, timeout=30).json()
                        assert (tokens[n].key, [["i", str(i)]]) == (echo["token"], echo["parameters"])
                return True

            assert all(at_once(client))

    def test_one_nonce(self) -> None:
        """Of many that send the same request at once, one is served."""
        with serve() as provider:
            url, headers, _ = signer(provider.consumer, provider.add_token()).sign(provider.resource_url)
            statuses = at_once(lambda n: requests.get(url, headers=headers, timeout=30).status_code)
        assert sorted(statuses, key=str) == [200] + [401] * (THREADS - 1)

    def test_one_exchange(self, storage: Storage) -> None:
        """Of many that exchange the same request token at once, one gets an access token."""
        storage.add_request_token("r", "s", "c", "oob", 0)
        assert storage.grant("r", "u", "v")
        assert sum(bool(won) for won in at_once(lambda n: storage.exchange("r", f"t{n}", "s"))) == 1

    def test_one_answer(self, storage: Storage) -> None:
        """A yes and a no at the same time are one of them."""
        storage.add_request_token("r", "s", "c", "oob", 0)
        answers = at_once(lambda n: storage.grant("r", "u", f"v{n}") if n % 2 else storage.deny("r"))
        assert sum(bool(won) for won in answers) == 1


class TestFile:
    def test_reopened(self, tmp_path: Path) -> None:
        """With a file, the consumer, the tokens and the spent nonces are there the next time."""
        path = tmp_path / "provider.db"
        with serve(database=path) as provider:
            consumer, token, old = provider.consumer, provider.add_token(), provider.user
            port = int(provider.url.rpartition(":")[2])
            url, headers, _ = signer(consumer, token).sign(provider.resource_url)
            assert requests.get(url, headers=headers, timeout=10).status_code == 200
        with serve(port=port, database=path) as provider:
            assert consumer == provider.consumer
            assert (old.name, False) == (provider.user.name, old.password == provider.user.password)
            assert "nonce_used" in requests.get(url, headers=headers, timeout=10).text
            url, headers, _ = signer(consumer, token).sign(provider.resource_url)
            assert requests.get(url, headers=headers, timeout=10).status_code == 200

    @pytest.mark.skipif(os.name == "nt", reason="no modes there")
    def test_private(self, tmp_path: Path) -> None:
        """Only the owner can read the file, and what SQLite puts beside it."""
        with serve(database=tmp_path / "p.db") as provider:
            provider.add_token()
            assert {0o600} == {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}

    def test_something_else(self, tmp_path: Path) -> None:
        """A file that is none of ours is refused, and left alone."""
        foreign, newer = tmp_path / "foreign", tmp_path / "newer"
        foreign.write_bytes(b"not a database, but long enough to be looked at" * 30)
        storage = Storage(newer)
        storage._connection.execute("PRAGMA user_version = 99")
        storage.close()
        for path in (foreign, newer, tmp_path / "no" / "where", tmp_path):
            with pytest.raises(UsageError, match="cannot use"):
                serve(database=path)
        assert foreign.read_bytes().startswith(b"not a database")


class TestGrowth:
    def test_nonces(self, storage: Storage) -> None:
        """Nonces whose time is over are forgotten; the others are not."""
        for timestamp in range(3000):
            assert storage.spend_nonce("c", "t", timestamp, "n")
            storage.prune_nonces(timestamp - 10)
        (count,) = storage._connection.execute("SELECT count(*) FROM nonces").fetchone()
        assert count < 1100
        assert not storage.spend_nonce("c", "t", 2999, "n")

    def test_request_tokens(self, storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
        """So are request tokens that nobody came back for."""
        monkeypatch.setattr(storage_module, "REQUEST_TOKEN_SECONDS", 100)
        storage.add_request_token("old", "s", "c", "oob", now=1000)
        storage.add_request_token("new", "s", "c", "oob", now=1101)
        assert storage.request_token("old") is None
        assert storage.request_token("new") is not None


class TestRunning:
    def test_details(self) -> None:
        """All that a client needs, in a fixed order, ready to be printed."""
        with serve() as provider:
            details = provider.details()
            urls = ["request_token_url", "authorization_url", "access_token_url", "registration_url"]
            urls += ["resource_url", "two_legged_url"]
            secrets = ["consumer_key", "consumer_secret", "user_name", "user_password"]
            assert ["url", *urls, *secrets] == list(details)
            assert all(details[name] == getattr(provider, name) for name in urls)
            assert (provider.user.password, provider.consumer.secret) == (
                details["user_password"],
                details["consumer_secret"],
            )

    def test_throwaway(self) -> None:
        """Each provider has credentials of its own, and shows no secret in passing."""
        with serve() as one, serve() as two:
            assert one.consumer.key != two.consumer.key
            assert one.user.password != two.user.password
            for shown in (
                repr(one),
                repr(one.user),
                repr(one.consumer),
                repr(one._storage.consumer(one.consumer.key)),
            ):
                assert one.user.password not in shown
                assert one.consumer.secret not in shown

    def test_known_only(self) -> None:
        """Tokens are for those who are known, and a key is taken once."""
        with serve() as provider:
            with pytest.raises(UsageError):
                provider.add_token(Consumer("nobody", "x"))
            with pytest.raises(UsageError):
                provider.add_consumer(key=provider.consumer.key)

    @pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com"])  # noqa: S104 - refused
    def test_loopback_only(self, host: str) -> None:
        """Nobody else can reach it, unless that was asked for."""
        with pytest.raises(UsageError, match="loopback"):
            serve(host)

    def test_cannot_listen(self) -> None:
        """A port that is taken, or is none, is the caller's mistake."""
        with serve() as provider:
            for port in (int(provider.url.rpartition(":")[2]), 70_000):
                with pytest.raises(UsageError, match="cannot listen"):
                    serve(port=port)

    def test_ipv6(self) -> None:
        """The other loopback, where there is one."""
        try:
            provider = serve("::1")
        except UsageError:
            pytest.skip("no IPv6 here")
        with provider:
            connection = http.client.HTTPConnection("::1", int(provider.url.rpartition(":")[2]), timeout=10)
            connection.request("GET", "/")
            assert connection.getresponse().status == 200
            connection.close()

    def test_close(self) -> None:
        """Closing is quick, leaves no thread behind, and may be repeated."""
        with serve() as provider, requests.Session() as session:
            session.get(provider.url, timeout=10)  # a connection that is kept alive
            assert [thread.name for thread in threading.enumerate()].count("oauth_hook.provider") == 2
            started = time.perf_counter()
            provider.close()
            elapsed = time.perf_counter() - started
            assert "oauth_hook.provider" not in {thread.name for thread in threading.enumerate()}
            assert elapsed < 0.3
            with pytest.raises(requests.ConnectionError):
                session.get(provider.url, timeout=10)

    def test_log(self, caplog: pytest.LogCaptureFixture) -> None:
        """One line a request: method, path, status, problem and its cause; no query's value, no secret."""
        caplog.set_level(logging.DEBUG, "oauth_hook.provider")
        with serve() as provider:
            url, headers, _ = signer(provider.consumer, provider.add_token()).sign(provider.resource_url)
            requests.get(f"{url}?a=secret", headers=headers, timeout=10)
        assert [record.getMessage() for record in caplog.records] == [
            "GET /api/resource 401 signature_invalid: the request was signed without the query (query-changed)"
        ]

    def test_names(self) -> None:
        """What the package promises is there, and nothing else."""
        assert set(oauth_hook.provider.__all__) <= set(dir(oauth_hook.provider))
        assert {"Application", "Provider", "serve"} == set(oauth_hook.provider.__all__)
        assert Provider is oauth_hook.provider.Provider
        with pytest.raises(AttributeError):
            oauth_hook.provider.nothing  # noqa: B018


class TestPlugin:
    def test_fixture(self, tmp_path: Path) -> None:
        """``oauth_provider`` is a provider of one's own for each test."""
        (tmp_path / "conftest.py").write_text("from oauth_hook.provider.pytest_plugin import oauth_provider\n")
        (tmp_path / "test_it.py").write_text(
            "import requests\n"
            "seen = set()\n"
            "def test_one(oauth_provider): seen.add(oauth_provider.consumer.key)\n"
            "def test_two(oauth_provider):\n"
            "    assert oauth_provider.consumer.key not in seen\n"
            "    assert requests.get(oauth_provider.url, timeout=10).ok\n"
        )
        command = [
            sys.executable,
            "-W",
            "error",
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            str(tmp_path),
        ]
        result = subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=False, env=self.environment()
        )
        assert "2 passed" in result.stdout, result.stdout

    def test_costs_nothing(self) -> None:
        """Loading the plugin loads no server, no database and no oauthlib."""
        code = (
            "import pytest, sys; before = set(sys.modules); import oauth_hook.provider.pytest_plugin;"
            "new = set(sys.modules) - before;"
            "print(sorted(new & {'oauthlib', 'sqlite3', 'http.server', 'oauth_hook.provider.server'}))"
        )
        command = [sys.executable, "-c", code]
        result = subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=False, env=self.environment()
        )
        assert result.stdout == "[]\n", result.stderr

    def environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
