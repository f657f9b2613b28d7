"""What the provider knows, in SQLite: in memory, or in a file on request.

- One connection under one lock: a statement takes microseconds, and threads may come in any number.
- A step that reads and then writes is one statement or one transaction; two that race cannot both win.
- What comes from outside without end (nonces, request tokens that are never exchanged) is pruned.
- Shared secrets rest in the clear, because the signature needs them (s4.7); the file is made for
  its owner only.  Passwords rest hashed.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from ..credentials import AccessToken, Consumer
from ..errors import UsageError

__all__ = [
    "CHOSEN_PASSWORD_COST",
    "RANDOM_PASSWORD_COST",
    "ConsumerRow",
    "RequestTokenRow",
    "Storage",
    "TokenRow",
    "new_secret",
]

_Row = TypeVar("_Row")

_VERSION = 1
_NONCES_PER_PRUNING = 1000

REQUEST_TOKEN_SECONDS = 24 * 3600.0
"""How long a request token is remembered (s2.1 leaves it to the server)."""

CHOSEN_PASSWORD_COST = 14
"""The cost (log2 of scrypt's N) for a password that a person chose: 16 MiB, some 50 ms."""

RANDOM_PASSWORD_COST = 1
"""The cost for a password of 80 random bits or more: those cannot be guessed, at any speed."""

# What no password matches, at the cost of one that a person chose.
_UNMATCHED_PASSWORD = f"{CHOSEN_PASSWORD_COST}${'00' * 16}${'00' * 64}"

_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE consumers (
    key TEXT PRIMARY KEY, secret TEXT NOT NULL, name TEXT NOT NULL, rsa_public_key TEXT
);
CREATE TABLE users (name TEXT PRIMARY KEY, password TEXT NOT NULL);
CREATE TABLE request_tokens (
    key TEXT PRIMARY KEY, secret TEXT NOT NULL, consumer TEXT NOT NULL REFERENCES consumers,
    callback TEXT NOT NULL, created REAL NOT NULL,
    state TEXT NOT NULL DEFAULT 'asked' CHECK (state IN ('asked', 'granted', 'denied', 'used')),
    user TEXT REFERENCES users, verifier TEXT
);
CREATE TABLE access_tokens (
    key TEXT PRIMARY KEY, secret TEXT NOT NULL,
    consumer TEXT NOT NULL REFERENCES consumers, user TEXT NOT NULL REFERENCES users
);
CREATE TABLE nonces (
    timestamp INTEGER, consumer TEXT, token TEXT, nonce TEXT,
    PRIMARY KEY (timestamp, consumer, token, nonce)
) WITHOUT ROWID;
PRAGMA user_version = {_VERSION};
COMMIT;
"""


class ConsumerRow(NamedTuple):
    """Client credentials and what they are called."""

    key: str
    secret: str
    name: str
    rsa_public_key: str | None

    def __repr__(self) -> str:
        return f"ConsumerRow({self.key!r}, ***)"


class RequestTokenRow(NamedTuple):
    """Temporary credentials: ``asked``, then ``granted`` or ``denied``, then ``used``."""

    key: str
    secret: str
    consumer: str
    callback: str
    created: float
    state: str
    user: str | None
    verifier: str | None

    def __repr__(self) -> str:
        return f"RequestTokenRow({self.key!r}, ***)"


class TokenRow(NamedTuple):
    """Token credentials."""

    key: str
    secret: str
    consumer: str
    user: str

    def __repr__(self) -> str:
        return f"TokenRow({self.key!r}, ***)"


class Storage:
    """The provider's state, for any number of threads.

    :param path: the database file, made if it is not there; ``None``: in memory.
    :raises UsageError: it cannot be opened, or is something else.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self._lock = threading.RLock()
        self._spent = 0
        try:
            self._connection = _open(path)
        except (OSError, sqlite3.Error) as error:
            raise UsageError(f"cannot use {path} as the provider's database: {error}") from error

    def close(self) -> None:
        """Let go of the database."""
        with self._lock:
            self._connection.close()

    # Consumers and users

    def add_consumer(self, name: str, key: str, secret: str, rsa_public_key: str | None = None) -> Consumer:
        """Keep client credentials (s1.1).

        :raises UsageError: the key is taken.
        """
        consumer = Consumer(key, secret)
        row = (key, secret, name, rsa_public_key)
        if not self._write("INSERT OR IGNORE INTO consumers VALUES (?, ?, ?, ?)", *row):
            raise UsageError(f"there is a consumer with the key {key!r} already")
        return consumer

    def rename_consumer(self, key: str, name: str) -> bool:
        """Give a consumer another name; ``False`` if no consumer has this key."""
        return self._write("UPDATE consumers SET name = ? WHERE key = ?", name, key)

    def consumer(self, key: str) -> ConsumerRow | None:
        """Return a consumer by its key."""
        return self._one(ConsumerRow._make, "SELECT * FROM consumers WHERE key = ?", key)

    def first_consumer(self) -> ConsumerRow | None:
        """Return the consumer that was added first."""
        return self._one(ConsumerRow._make, "SELECT * FROM consumers ORDER BY rowid LIMIT 1")

    def set_user(self, name: str, password: str, cost: int = CHOSEN_PASSWORD_COST) -> None:
        """Add a user, or give one a new password."""
        salt = secrets.token_bytes(16)
        kept = f"{cost}${salt.hex()}${_scrypt(password, salt, cost).hex()}"
        statement = "INSERT INTO users VALUES (?, ?) ON CONFLICT DO UPDATE SET password = excluded.password"
        self._write(statement, name, kept)

    def has_user(self, name: str) -> bool:
        """Whether there is a user of this name."""
        return self._password(name) is not None

    def is_password(self, name: str, password: str) -> bool:
        """Whether this is the user's password; an unknown user costs the same time."""
        kept = self._password(name)
        cost, salt, digest = (kept or _UNMATCHED_PASSWORD).split("$")
        made = _scrypt(password, bytes.fromhex(salt), int(cost))
        return hmac.compare_digest(made, bytes.fromhex(digest)) and kept is not None

    # Request tokens

    def add_request_token(self, key: str, secret: str, consumer: str, callback: str, now: float) -> None:
        """Keep temporary credentials (s2.1), and forget those of long ago."""
        with self._transaction() as execute:
            execute("DELETE FROM request_tokens WHERE created < ?", now - REQUEST_TOKEN_SECONDS)
            statement = "INSERT INTO request_tokens (key, secret, consumer, callback, created) VALUES (?, ?, ?, ?, ?)"
            execute(statement, key, secret, consumer, callback, now)

    def request_token(self, key: str) -> RequestTokenRow | None:
        """Return temporary credentials by their key."""
        return self._one(RequestTokenRow._make, "SELECT * FROM request_tokens WHERE key = ?", key)

    def grant(self, key: str, user: str, verifier: str) -> bool:
        """Record that the user said yes (s2.2); ``False`` if the question was answered already."""
        granted = (
            "UPDATE request_tokens SET state = 'granted', user = ?, verifier = ? WHERE key = ? AND state = 'asked'"
        )
        return self._write(granted, user, verifier, key)

    def deny(self, key: str) -> bool:
        """Record that the user said no; ``False`` if the question was answered already."""
        return self._write("UPDATE request_tokens SET state = 'denied' WHERE key = ? AND state = 'asked'", key)

    def exchange(self, request_token: str, key: str, secret: str) -> bool:
        """Turn a granted request token into token credentials (s2.3), once.

        :returns: ``False`` if another request was quicker.
        """
        with self._transaction() as execute:
            used = "UPDATE request_tokens SET state = 'used' WHERE key = ? AND state = 'granted'"
            if execute(used, request_token).rowcount == 0:
                return False
            issue = "INSERT INTO access_tokens SELECT ?, ?, consumer, user FROM request_tokens WHERE key = ?"
            execute(issue, key, secret, request_token)
        return True

    # Access tokens

    def add_access_token(self, key: str, secret: str, consumer: str, user: str) -> AccessToken:
        """Keep token credentials."""
        token = AccessToken(key, secret)
        self._write("INSERT INTO access_tokens VALUES (?, ?, ?, ?)", key, secret, consumer, user)
        return token

    def access_token(self, key: str) -> TokenRow | None:
        """Return token credentials by their key."""
        return self._one(TokenRow._make, "SELECT * FROM access_tokens WHERE key = ?", key)

    # Nonces

    def spend_nonce(self, consumer: str, token: str, timestamp: int, nonce: str) -> bool:
        """Use a nonce up (s3.3); ``False`` if it was used with these credentials and this timestamp."""
        statement = "INSERT OR IGNORE INTO nonces VALUES (?, ?, ?, ?)"
        return self._write(statement, timestamp, consumer, token, nonce)

    def prune_nonces(self, oldest: float) -> None:
        """Forget nonces whose timestamps are refused anyway; does so every thousandth call only.

        :param oldest: the oldest timestamp that is accepted, in seconds since the epoch.
        """
        with self._lock:
            self._spent += 1
            due = self._spent % _NONCES_PER_PRUNING == 1
        if due:
            self._write("DELETE FROM nonces WHERE timestamp < ?", oldest)

    def _password(self, name: str) -> str | None:
        """Return what is kept of a user's password: cost, salt and hash."""
        return self._one(lambda row: str(row[0]), "SELECT password FROM users WHERE name = ?", name)

    def _one(self, make: Callable[[Any], _Row], statement: str, *values: object) -> _Row | None:
        """Return the one row that a statement finds."""
        with self._lock:
            row = self._connection.execute(statement, values).fetchone()
        return None if row is None else make(row)

    def _write(self, statement: str, *values: object) -> bool:
        """Run a statement that writes; whether it changed anything."""
        with self._lock:
            return self._connection.execute(statement, values).rowcount > 0

    @contextmanager
    def _transaction(self) -> Iterator[Callable[..., sqlite3.Cursor]]:
        """Run several statements as one, or none of them."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            with self._connection:  # commits, or rolls back
                yield lambda statement, *values: self._connection.execute(statement, values)


def new_secret() -> str:
    """Return a fresh key or secret: 160 random bits, letters and digits."""
    return secrets.token_hex(20)


def _scrypt(password: str, salt: bytes, cost: int) -> bytes:
    # "surrogatepass": a form may hold any text, and none of it may raise.
    text = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(text, salt=salt, n=2**cost, r=8, p=1, maxmem=64 * 1024 * 1024)


def _open(path: str | os.PathLike[str] | None) -> sqlite3.Connection:
    """Open the database, and bring it to the schema that this version expects."""
    if path is not None:
        # SQLite would make the file readable by all.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    name = ":memory:" if path is None else str(Path(path).absolute())
    connection = sqlite3.connect(name, isolation_level=None, check_same_thread=False, timeout=10)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            connection.executescript(_SCHEMA)
        elif version != _VERSION:
            raise sqlite3.DatabaseError(f"it has version {version}, and this program writes {_VERSION}")
        connection.execute("PRAGMA foreign_keys = ON")
    except sqlite3.Error:
        connection.close()
        raise
    return connection
