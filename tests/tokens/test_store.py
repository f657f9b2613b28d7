"""The store: what was stored stays, nobody else reads it, and what is not ours is not touched.

The tests are on real files and, where the promise is about processes, with real ones, which are
forked by a fresh interpreter: pytest's own may have threads by then.
"""

from __future__ import annotations

import contextlib
import copy
import itertools
import json
import os
import pickle
import random
import select
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import warnings
from collections.abc import MutableMapping
from pathlib import Path

import pytest

try:
    import resource
except ImportError:  # Windows
    resource = None

from oauth_hook.credentials import AccessToken, Account, Consumer, RequestToken
from oauth_hook.errors import OAuthHookError, UsageError
from oauth_hook.tokens import store as store_module
from oauth_hook.tokens.store import CredentialStore, default_path, hold_file, lock_file

SECRET = "a-Secret-that-is-never-shown"
CONSUMER = Consumer("c-key", SECRET, expires_at=1.5, extra={"owner": "é", "n": [1, None, {"x": True}]})
REQUEST_TOKEN = RequestToken("r-key", SECRET, extra={"oauth_callback_confirmed": "true"})
TOKEN = AccessToken("t-key", SECRET, expires_at=1_900_000_000, extra={"user_id": "7"})
VALUES = [
    CONSUMER,
    REQUEST_TOKEN,
    TOKEN,
    Account(CONSUMER, TOKEN, "tumblr"),
    Account(CONSUMER),
    AccessToken("k", '\0"\\\ud800 \U0001f511'),
]

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no modes and no fork")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "credentials.sqlite3"


@pytest.fixture
def store(path):
    return CredentialStore(path)


def mode(path) -> int:
    return stat.S_IMODE(os.stat(path).st_mode)


def change(path, *statement) -> None:
    """Run a statement on the file behind the store's back."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(*statement)
        connection.commit()


def check(path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def in_a_fresh_process(function, *arguments: object, timeout: float = 60) -> str:
    """Run a function of this module in an interpreter of its own, warnings being errors; return what it prints."""
    code = f"import sys, test_store; test_store.{function.__name__}(*sys.argv[1:])"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *map(str, arguments)],
        cwd=Path(__file__).parent, capture_output=True, text=True, timeout=timeout,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def forked(function) -> int:
    """Run the function in a fork, and return its process's id."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        function()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def ended(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


# The mapping


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_comes_back_equal_and_as_its_own_type(path, value):
    """Another store object on the same file gives an equal value of the same type, extra and expiry included."""
    CredentialStore(path)["name"] = value
    back = CredentialStore(path)["name"]
    assert back == value
    assert type(back) is type(value)
    assert back.to_dict() == value.to_dict()


def test_it_is_a_mutable_mapping(store):
    """It does what a dict does."""
    assert isinstance(store, MutableMapping)
    model: dict = {}
    for each in (store, model):
        each["b"] = TOKEN
        each.update({"a": CONSUMER}, c=REQUEST_TOKEN)
        each.update([("d", TOKEN), ("d", CONSUMER)])
        each["b"] = CONSUMER
        assert each.setdefault("b", TOKEN) == CONSUMER
        assert each.setdefault("e", TOKEN) == TOKEN
        assert each.pop("c") == REQUEST_TOKEN
        assert each.pop("c", None) is None
        assert each.get("c") is None
        del each["d"]
        for missing in (each.__getitem__, each.__delitem__, each.pop):
            with pytest.raises(KeyError, match="'c'"):
                missing("c")
    assert store == model
    assert store != {}
    assert len(store) == 3
    assert "a" in store
    assert "c" not in store
    assert list(store) == list(store.keys()) == ["a", "b", "e"]
    assert list(store.items()) == sorted(model.items())
    assert list(store.values()) == [CONSUMER, CONSUMER, TOKEN]
    assert store.popitem() == ("a", CONSUMER)
    store.clear()
    assert not store
    with pytest.raises(KeyError):
        store.popitem()


def test_names_are_any_text_in_order(store):
    """Empty, long, NUL, quotes and non-ASCII: each names its own; iteration is in the order of the text."""
    names = ["", "a", "a\0b", "A", "é", "\U0001f511", "'; DROP TABLE credentials", "x" * 10_000, "%", " a"]
    for name in names:
        store[name] = Consumer("of-" + (name.encode().hex()[:99]))
    assert list(store) == sorted(names)
    for name in names:
        assert store[name].key == "of-" + name.encode().hex()[:99]


@pytest.mark.parametrize("name", [1, None, b"a", ("a",), ["a"], "\ud800"], ids=repr)
def test_a_name_that_is_no_text_is_refused(store, name):
    """Every operation refuses it, and nothing is changed."""
    store["a"] = TOKEN
    operations = (
        lambda: store[name], lambda: name in store, lambda: store.get(name), lambda: store.pop(name, None),
        lambda: store.__setitem__(name, TOKEN), lambda: store.__delitem__(name), lambda: store.setdefault(name, TOKEN),
        lambda: store.update([("b", TOKEN), (name, TOKEN)]),
    )  # fmt: skip
    for operation in operations:
        with pytest.raises(UsageError):
            operation()
    assert dict(store) == {"a": TOKEN}


class OfMyOwn(AccessToken):
    """A subclass: it would come back as an AccessToken."""


def deep() -> list:
    nested: list = []
    for _ in range(100_000):
        nested = [nested]
    return nested


BAD = {
    "str": SECRET,
    "dict": TOKEN.to_dict(),
    "None": None,
    "subclass": OfMyOwn("k", SECRET),
    "class": AccessToken,
    "bytes in extra": AccessToken("k", SECRET, extra={"x": SECRET.encode()}),
    "tuple in extra": AccessToken("k", SECRET, extra={"x": (SECRET,)}),
    "int as a name in extra": AccessToken("k", SECRET, extra={1: SECRET}),
    "NaN": AccessToken("k", SECRET, expires_at=float("nan")),
    "deep": AccessToken("k", SECRET, extra={"x": deep()}),
    "account of a dict": Account(CONSUMER.to_dict()),
    "account of a subclass": Account(CONSUMER, OfMyOwn("k", SECRET)),
    "account of a request token": Account(CONSUMER, REQUEST_TOKEN),
    "account of a service object": Account(CONSUMER, TOKEN, 5),
}


@pytest.mark.parametrize("value", BAD.values(), ids=BAD)
def test_a_value_that_would_not_come_back_as_it_is_is_refused(store, value):
    """It is a UsageError that shows no secret; what was there stays, and an update stores none of its values."""
    store["a"] = TOKEN
    for operation in (
        lambda: store.__setitem__("a", value),
        lambda: store.update({"a": CONSUMER, "b": value}),
        lambda: store.update({"b": CONSUMER}, a=value),
        lambda: store.setdefault("b", value),
    ):
        with pytest.raises(UsageError) as caught:
            operation()
        assert SECRET not in "".join(traceback.format_exception(caught.value))
    assert dict(store) == {"a": TOKEN}


def test_update_reads_before_it_stores(store, tmp_path):
    """It can be updated from another store, itself, and a generator that uses it; a failing one stores none."""
    other = CredentialStore(tmp_path / "other")
    other.update(a=TOKEN, b=CONSUMER)
    store.update(other)
    store.update(store)
    store.update((name + name, value) for name, value in [("a", store["a"]), ("b", store["b"])])
    assert list(store) == ["a", "aa", "b", "bb"]

    def failing():
        yield "new", TOKEN
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.update(failing())
    assert "new" not in store


def test_an_iteration_may_change_the_store(store):
    """Names are as of the start of the iteration."""
    store.update({str(i): TOKEN for i in range(20)})
    for name in store:
        del store[name]
    assert len(store) == 0


def test_pickle_copy_repr(store, path):
    """It travels as its path, and shows nothing else."""
    store["a"] = TOKEN
    for other in (pickle.loads(pickle.dumps(store)), copy.copy(store), copy.deepcopy(store)):
        assert type(other) is CredentialStore
        assert other == store
    assert SECRET.encode() not in pickle.dumps(store)
    assert repr(store) == str(store) == f"CredentialStore({str(path)!r})"


def test_closing_leaves_it_usable(path):
    """close() and the end of a with-block release nothing, as nothing is held."""
    with CredentialStore(path) as store:
        store["a"] = TOKEN
    store.close()
    assert store["a"] == TOKEN
    if os.path.isdir("/proc/self/fd"):
        assert str(path) not in [os.path.realpath(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")]


# The place


def test_the_default_path_is_the_platforms(monkeypatch, tmp_path):
    """XDG on Linux, Application Support on macOS, APPDATA on Windows."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("APPDATA", str(tmp_path / "appdata"))
    end = os.path.join("oauth-hook", "credentials.sqlite3")
    for platform, place in {
        "linux": tmp_path / "xdg", "darwin": tmp_path / "Library/Application Support", "win32": tmp_path / "appdata",
    }.items():  # fmt: skip
        monkeypatch.setattr(sys, "platform", platform)
        assert default_path() == str(place / end)
        assert CredentialStore().path == str(place / end)


def test_the_default_path_without_and_with_a_useless_setting(monkeypatch, tmp_path):
    """A relative XDG_DATA_HOME is ignored, as its specification says; without a home there is an error."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("HOME", str(tmp_path))
    for setting in ("relative", ""):
        monkeypatch.setenv("XDG_DATA_HOME", setting)
        assert default_path() == str(tmp_path / ".local/share/oauth-hook/credentials.sqlite3")
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    with pytest.raises(UsageError, match="give the credential store a path"):
        CredentialStore()


def test_a_path_is_text_or_path_and_survives_a_change_of_directory(monkeypatch, tmp_path):
    """Relative paths are of the moment of construction; odd characters are no SQLite address."""
    monkeypatch.chdir(tmp_path)
    for name in ("relative", Path("a%20b?mode=memory#x"), ":memory:", "file:x", "é \udcff"):
        store = CredentialStore(name)
        (tmp_path / "elsewhere").mkdir(exist_ok=True)
        monkeypatch.chdir(tmp_path / "elsewhere")
        store["a"] = TOKEN
        assert CredentialStore(tmp_path / name)["a"] == TOKEN
        monkeypatch.chdir(tmp_path)
    assert os.listdir(tmp_path / "elsewhere") == []


@pytest.mark.parametrize("path", ["", b"x", 5, "a\0b", ["x"]], ids=repr)
def test_what_is_no_path_is_refused(path):
    """At construction, with a UsageError."""
    with pytest.raises(UsageError, match="path of a credential store"):
        CredentialStore(path)


def test_reading_makes_nothing(tmp_path):
    """Where no store is yet, it reads as empty, and removing finds nothing; no file is made."""
    store = CredentialStore(tmp_path / "a" / "b")
    assert (len(store), list(store), store.get("x"), "x" in store, store.pop("x", 1)) == (0, [], None, False, 1)
    store.clear()
    store.update({})
    with pytest.raises(KeyError):
        del store["x"]
    assert os.listdir(tmp_path) == []


# Nobody else reads it


def watched(monkeypatch) -> list:
    """Return the list to which the modes of all files and directories go, at each open and each COMMIT."""
    seen = []
    connect = sqlite3.connect

    def look(directory):
        seen.append({name: mode(os.path.join(directory, name)) for name in os.listdir(directory)})

    def connecting(address, **options):
        directory = os.path.dirname(address.removeprefix("file://").partition("?")[0])
        look(directory)

        class Watched(sqlite3.Connection):
            def execute(self, statement, *rest):
                if statement == "COMMIT":
                    look(directory)
                return super().execute(statement, *rest)

        return connect(address, factory=Watched, **options)

    monkeypatch.setattr(sqlite3, "connect", connecting)
    return seen


@pytest.mark.promise("the-store-is-its-owners-alone")
@posix
@pytest.mark.parametrize("umask", [0, 0o022, 0o777], ids=oct)
def test_the_file_is_private_whatever_the_umask(tmp_path, monkeypatch, umask):
    """0600 before SQLite opens it, its journal too; directories that are made are 0700, and those there are left."""
    seen = watched(monkeypatch)
    made = []  # the mode that the file had from its first moment
    fchmod = os.fchmod
    monkeypatch.setattr(os, "fchmod", lambda fd, mode: (made.append(os.fstat(fd).st_mode & 0o777), fchmod(fd, mode)))
    os.chmod(tmp_path, 0o750)  # noqa: S103
    store = CredentialStore(tmp_path / "a" / "b" / "credentials")
    before = os.umask(umask)
    try:
        store["a"] = TOKEN
        store["b"] = TOKEN
    finally:
        os.umask(before)
    assert made == [0o600 & ~umask]
    assert seen[0] == {"credentials": 0o600}
    assert {"credentials": 0o600, "credentials-journal": 0o600} in seen
    assert {value for names in seen for value in names.values()} == {0o600}
    assert [mode(tmp_path), mode(tmp_path / "a"), mode(tmp_path / "a/b")] == [0o750, 0o700, 0o700]
    assert os.listdir(tmp_path / "a/b") == ["credentials"]


@pytest.mark.promise("the-store-is-its-owners-alone")
@posix
@pytest.mark.parametrize(("before", "after"), [(0o644, 0o600), (0o777, 0o600), (0o440, 0o400), (0o400, 0o400)])
def test_a_store_that_others_can_read_is_tightened(store, path, before, after):
    """By the first operation, a read too; nothing is ever widened."""
    store["a"] = TOKEN
    os.chmod(path, before)
    assert store["a"] == TOKEN
    assert mode(path) == after


@posix
def test_a_link_leads_to_its_file(tmp_path):
    """Modes and side files are the real file's; a link to nothing yet makes the file there; a circle is an error."""
    (tmp_path / "real").mkdir()
    os.symlink(tmp_path / "real" / "file", tmp_path / "link")
    store = CredentialStore(tmp_path / "link")
    store["a"] = TOKEN
    assert (tmp_path / "link").is_symlink()
    assert mode(tmp_path / "real/file") == 0o600
    os.chmod(tmp_path / "real/file", 0o644)
    assert CredentialStore(tmp_path / "real/file") == store
    assert mode(tmp_path / "real/file") == 0o600
    os.symlink(tmp_path / "circle", tmp_path / "circle")
    with pytest.raises(UsageError, match="circle"):
        CredentialStore(tmp_path / "circle")["a"] = TOKEN


@pytest.mark.promise("what-is-removed-leaves-the-file")
def test_what_is_removed_leaves_the_file(store, path):
    """Removed, replaced and cleared credentials are overwritten in the file."""
    secrets = [f"{SECRET}-{i}" for i in range(40)]
    store.update({str(i): AccessToken("k", secret) for i, secret in enumerate(secrets)})
    assert all(secret.encode() in path.read_bytes() for secret in secrets)
    for i in range(10):
        del store[str(i)]
        store.pop(str(10 + i))
        store[str(20 + i)] = AccessToken("k", "other")
    assert not [secret for secret in secrets[:30] if (secret + '"').encode() in path.read_bytes()]
    store.clear()
    assert SECRET.encode() not in path.read_bytes()


# What is not ours is not touched


def every_operation(store):
    yield lambda: store["a"]
    yield lambda: list(store)
    yield lambda: len(store)
    yield lambda: "a" in store
    yield lambda: store.items()
    yield lambda: store.__setitem__("a", TOKEN)
    yield lambda: store.update(b=TOKEN)
    yield lambda: store.setdefault("b", TOKEN)
    yield lambda: store.pop("a", None)
    yield lambda: store.__delitem__("a")
    yield lambda: store.clear()
    yield lambda: store.popitem()


def refused_untouched(path, match: str, operations=None) -> None:
    """Every operation is a UsageError that names the path, shows no secret, and leaves the directory as it was."""

    def state():
        return {file.name: (file.read_bytes(), file.stat().st_mode) for file in path.parent.iterdir()}

    before = state()
    for operation in operations or every_operation(CredentialStore(path)):
        with pytest.raises(UsageError, match=match) as caught:
            operation()
        assert str(path) in str(caught.value)
        assert SECRET not in "".join(traceback.format_exception(caught.value))
        assert state() == before


def other_program(path):
    change(path, "CREATE TABLE credentials (name, kind, value)")


def other_program_wal(path):
    """A database of another program's in WAL mode, which was killed: SQLite would tidy up."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE t (x)")
    wal = Path(f"{path}-wal").read_bytes()
    connection.close()
    Path(f"{path}-wal").write_bytes(wal)


FOREIGN = {
    "text": lambda path: path.write_text("oauth_token=" + SECRET),
    "long text": lambda path: path.write_text(SECRET * 1000),
    "zeros": lambda path: path.write_bytes(bytes(8192)),
    "magic only": lambda path: path.write_bytes(b"SQLite format 3\0"),
    "other program": other_program,
    "other program, no tables": lambda path: change(path, "PRAGMA user_version = 1"),
    "other program in WAL mode": other_program_wal,
}


@pytest.mark.parametrize("make", FOREIGN.values(), ids=FOREIGN)
def test_a_file_that_is_no_store_is_reported_and_not_touched(path, make):
    """No octet, no mode changes, and no file appears beside it."""
    make(path)
    os.chmod(path, 0o644)
    refused_untouched(path, "is no credential store.*another path")


def test_a_newer_store_is_reported_and_not_touched(store, path):
    """A schema of a version that we do not know yet is for the newer package to read."""
    store["a"] = TOKEN
    change(path, "PRAGMA user_version = 2")
    refused_untouched(path, "newer.*upgrade")


def test_a_store_that_is_upgraded_meanwhile_is_not_touched(store, path, monkeypatch):
    """Between our look at the file and our transaction another process may upgrade it: that is seen."""
    store["a"] = TOKEN
    make = store_module._connected

    def upgraded_first(address):
        change(path, "PRAGMA user_version = 2")
        return make(address)

    monkeypatch.setattr(store_module, "_connected", upgraded_first)
    with pytest.raises(UsageError, match="newer"):
        store["a"] = CONSUMER
    monkeypatch.undo()
    change(path, "PRAGMA user_version = 1")
    assert store["a"] == TOKEN


def truncated(path, data):
    path.write_bytes(data[: len(data) // 2])


def scribbled(path, data):
    path.write_bytes(data[:4096] + b"\xff" * 4096 + data[8192:])


def schema_lost(path, data):
    path.write_bytes(data[:100] + b"\x5a" * 3996 + data[4096:])


def table_lost(path, data):
    change(path, "DROP TABLE credentials")


def version_lost(path, data):
    change(path, "PRAGMA user_version = 0")


@pytest.mark.promise("a-damaged-store-is-reported")
@pytest.mark.parametrize("damage", [truncated, scribbled, schema_lost, table_lost, version_lost])
def test_a_damaged_store_is_reported_and_not_touched(store, path, damage):
    """The message names the file and says what to do; not an octet changes."""
    store.update({f"{i:03}": AccessToken("k", SECRET) for i in range(300)})
    damage(path, path.read_bytes())
    refused_untouched(path, "is damaged.*restore a copy")


def test_damage_elsewhere_stops_a_write_but_not_a_read(store, path):
    """Writing is refused wherever the damage is; what still can be read is read."""
    names = [f"{i:03}" for i in range(300)]
    store.update({name: AccessToken("k", SECRET + name) for name in names})
    data = path.read_bytes()
    page = data.rindex((SECRET + "299").encode()) // 4096
    path.write_bytes(data[: page * 4096] + b"\xff" * 4096 + data[(page + 1) * 4096 :])
    damaged = path.read_bytes()
    assert store["000"].secret == SECRET + "000"
    for write in (lambda: store.__setitem__("000", TOKEN), lambda: store.pop("000")):
        with pytest.raises(UsageError, match="damaged"):
            write()
    assert path.read_bytes() == damaged


def shown(operation) -> str:
    """Return what a person would see of the operation's failure, which must be ours or a KeyError."""
    try:
        operation()
    except (OAuthHookError, KeyError) as error:
        return "".join(traceback.format_exception(error))
    return ""


@pytest.mark.promise("a-damaged-store-is-reported")
def test_any_damage_gives_only_our_errors(store, path):
    """Octets turned over at random: the store works, or raises ours, and never shows a secret."""
    store.update({str(i): AccessToken("k", SECRET) for i in range(30)})
    sound = path.read_bytes()
    dice = random.Random(5849)
    for _ in range(150):
        data = bytearray(sound)
        for _ in range(dice.choice((1, 10, 200))):
            data[dice.randrange(len(data))] = dice.randrange(256)
        path.write_bytes(data)
        for operation in every_operation(store):
            assert SECRET not in shown(operation)


@pytest.mark.promise("a-changed-byte-is-noticed")
@pytest.mark.soak
def test_a_changed_byte_gives_the_stored_value_or_an_error(store, path, portion):
    """Wherever it is: what is read is what was stored, or a UsageError; a name in whose own bytes it is may be missing.

    No value is ever another's, and reading leaves the file as it is.
    """
    stored = {name: Account(Consumer(f"c-{name}", SECRET), TOKEN, "tumblr") for name in ("alice", "bob", "carol")}
    store.update(stored)
    sound = path.read_bytes()
    written = [i for i in range(len(sound)) if any(sound[max(i - 8, 0) : i + 9])]  # most of a page is empty
    dice = random.Random(5849)
    missing = []
    for place in dice.sample(written, portion(len(written))):
        data = bytearray(sound)
        data[place] ^= dice.randrange(1, 256)
        path.write_bytes(data)
        for name, value in stored.items():
            with contextlib.suppress(UsageError):
                if name not in store:
                    missing.append((place, name))
                else:
                    assert store[name] == value
        with contextlib.suppress(UsageError):
            assert stored.items() >= store.items()
        assert path.read_bytes() == data
    assert [
        name for place, name in missing if name.encode() not in sound[place - len(name) - 8 : place + len(name)]
    ] == []


def before_checksums(path) -> None:
    """Make a store as it was before version 1.0.0."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "CREATE TABLE credentials (name TEXT PRIMARY KEY NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL)"
            " WITHOUT ROWID"
        )
        connection.execute(f"PRAGMA application_id = {0x4F417448}")
        connection.execute("PRAGMA user_version = 1")
        rows = {"account": Account(CONSUMER, TOKEN, "tumblr"), "token": TOKEN}
        for name, value in rows.items():
            fields = {field: part for field, part in value.to_dict().items() if field != "origins"}
            row = (name, type(value).__name__, json.dumps(fields))
            connection.execute("INSERT INTO credentials VALUES (?, ?, ?)", row)
        connection.execute("INSERT INTO credentials VALUES ('bad', 'AccessToken', CAST(x'ff' AS TEXT))")
        connection.commit()


def test_a_store_without_checksums_is_read_and_gains_them_when_it_is_written_to(store, path):
    """Reading leaves it as it is; the first write, whatever it is, gives every value its checksum."""
    before_checksums(path)
    old = path.read_bytes()
    assert (list(store), len(store)) == (["account", "bad", "token"], 3)
    assert (store["account"], store["token"]) == (Account(CONSUMER, TOKEN, "tumblr"), TOKEN)
    with pytest.raises(UsageError, match=r"'bad' .* is damaged"):
        store["bad"]
    assert path.read_bytes() == old
    del store["bad"]
    assert dict(store) == {"account": Account(CONSUMER, TOKEN, "tumblr"), "token": TOKEN}
    store["new"] = TOKEN
    change(path, "UPDATE credentials SET value = replace(value, '7', '8')")  # user_id
    for name in ("account", "token", "new"):
        with pytest.raises(UsageError, match=rf"'{name}' .* is damaged"):
            store[name]
    check(path)


ROWS = {
    "no JSON": ("AccessToken", '{"key": "k", "secret": "' + SECRET),
    "JSON of something else": ("AccessToken", "[1]"),
    "unknown kind": ("Password", json.dumps(TOKEN.to_dict())),
    "kind is NULL-like": ("", json.dumps(TOKEN.to_dict())),
    "unknown field": ("AccessToken", json.dumps(TOKEN.to_dict() | {SECRET[:5]: SECRET})),
    "missing field": ("Consumer", json.dumps({"secret": SECRET})),
    "wrong type": ("AccessToken", json.dumps(TOKEN.to_dict() | {"extra": 5})),
    "not ASCII": ("AccessToken", json.dumps(TOKEN.to_dict() | {"secret": SECRET + "é"}, ensure_ascii=False)),
    "blob": ("AccessToken", json.dumps(TOKEN.to_dict()).encode()),
    "deep": ("AccessToken", "[" * 100_000),
    "account without consumer": ("Account", json.dumps({"token": TOKEN.to_dict()})),
    "account of a wrong service": ("Account", json.dumps(Account(CONSUMER, TOKEN).to_dict() | {"service": 5})),
}


@pytest.mark.parametrize(("kind", "value"), ROWS.values(), ids=ROWS)
def test_a_damaged_value_is_reported_for_its_name_only(store, path, kind, value):
    """The names still iterate, the others can be read, and the damaged one can be removed or replaced."""
    store.update(good=TOKEN, bad=TOKEN)
    change(path, "UPDATE credentials SET kind = ?, value = ? WHERE name = 'bad'", (kind, value))
    for operation in (
        lambda: store["bad"], lambda: store.get("bad"), lambda: store.pop("bad", None),
        lambda: store.setdefault("bad", TOKEN), store.items, store.values, store.popitem,
    ):  # fmt: skip
        with pytest.raises(UsageError, match=r"'bad' in the credential store .* is damaged") as caught:
            operation()
        assert SECRET not in "".join(traceback.format_exception(caught.value))
        assert caught.value.__suppress_context__  # json's error carries the whole text
    assert list(store) == ["bad", "good"]
    assert "bad" in store
    assert store["good"] == TOKEN
    store["bad"] = CONSUMER
    del store["bad"]
    assert dict(store) == {"good": TOKEN}


def test_octets_that_are_no_text_are_not_quoted(store, path):
    """sqlite3's own error would show the value around them."""
    store.update(bad=TOKEN, good=TOKEN)
    change(path, "UPDATE credentials SET value = CAST(? AS TEXT) WHERE name = 'bad'", (SECRET.encode() + b"\xff",))
    with pytest.raises(UsageError, match="damaged") as caught:
        store.items()
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    assert list(store) == ["bad", "good"]


# Errors of the place


def test_a_place_that_cannot_be_used_is_reported(tmp_path):
    """A directory, a path below a file, a pipe: a UsageError that names it; reading and writing alike.

    No device of the machine is tried: if the code were broken, root would change its mode for everybody.
    """
    (tmp_path / "file").write_text("x")
    places = [tmp_path, tmp_path / "file" / "below", tmp_path / "file" / "far" / "below", tmp_path / ("x" * 300)]
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "fifo")
        places.append(tmp_path / "fifo")
    for place in places:
        for operation in (lambda at: len(CredentialStore(at)), lambda at: CredentialStore(at).update(a=TOKEN)):
            with pytest.raises(UsageError) as caught:
                operation(place)
            assert str(place) in str(caught.value)


def without_rights(directory: str) -> None:
    """As a user who may only read: what can be read is, everything else is a UsageError."""
    if os.geteuid() == 0:  # whom no mode stops
        os.chown(directory, 65534, 65534)
        os.chown(f"{directory}/file", 65534, 65534)
        os.setgroups([])
        os.setuid(65534)
    os.chmod(f"{directory}/file", 0o400)
    os.chmod(directory, 0o500)
    store = CredentialStore(f"{directory}/file")
    assert store["a"] == TOKEN
    for operation in (
        lambda: store.update(b=TOKEN), lambda: store.pop("a"),
        lambda: CredentialStore(f"{directory}/new").update(a=TOKEN),
        lambda: CredentialStore(f"{directory}/new/new").update(a=TOKEN),
    ):  # fmt: skip
        with pytest.raises(UsageError, match=directory):
            operation()
    os.chmod(f"{directory}/file", 0)
    with pytest.raises(UsageError, match="Permission denied"):
        len(store)
    os.chmod(directory, 0)
    with pytest.raises(UsageError, match="Permission denied"):
        len(store)
    os.chmod(directory, 0o700)


@posix
def test_without_the_right_to_write_it_can_be_read():
    """A read-only file in a read-only directory reads; writing, and reading without the right, are UsageErrors."""
    with tempfile.TemporaryDirectory() as directory:
        CredentialStore(f"{directory}/file")["a"] = TOKEN
        in_a_fresh_process(without_rights, directory)


root = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can make another's file")
NOBODY = 65534


@pytest.mark.promise("the-store-is-its-owners-alone")
@posix
@root
def test_another_users_file_is_refused():
    """Others can read it, and it is not ours to change: nothing is put in."""
    with tempfile.TemporaryDirectory() as directory:
        CredentialStore(f"{directory}/file")["a"] = TOKEN
        os.chmod(directory, 0o711)  # noqa: S103
        os.chmod(f"{directory}/file", 0o666)  # noqa: S103
        in_a_fresh_process(refused_as_nobody, directory)


def refused_as_nobody(directory: str) -> None:
    """As a user who does not own the file."""
    os.setgroups([])
    os.setuid(NOBODY)
    with pytest.raises(UsageError, match="Operation not permitted"):
        len(CredentialStore(f"{directory}/file"))


@pytest.mark.promise("the-store-is-its-owners-alone")
@posix
@root
@pytest.mark.parametrize("name", ["file", "file-journal", "file-wal", "link"])
def test_root_fills_no_file_that_somebody_else_made(tmp_path, name):
    """A store, a journal that waits beside it, a link that leads elsewhere: nothing is put in or changed."""
    store = CredentialStore(tmp_path / "file")
    if name == "link":
        (tmp_path / "elsewhere").touch()
        os.symlink(tmp_path / "elsewhere", tmp_path / "link")
        store = CredentialStore(tmp_path / "link")
    elif name == "file":
        store["a"] = TOKEN
    else:
        (tmp_path / name).touch()
    os.chown(tmp_path / name, NOBODY, NOBODY, follow_symlinks=False)
    if name == "file":
        os.chmod(tmp_path / name, 0o644)
    match = rf"belongs to another user \(uid {NOBODY}\).*another path"
    refused_untouched(Path(os.path.realpath(store.path)), match, every_operation(store))
    os.chown(tmp_path / name, 0, 0, follow_symlinks=False)
    store["b"] = TOKEN
    assert store["b"] == TOKEN


@pytest.mark.promise("the-store-is-its-owners-alone")
@posix
@root
def test_a_file_that_is_exchanged_meanwhile_is_not_filled(store, path, monkeypatch):
    """Whoever owns the directory may put another file in between our look and SQLite's: that is seen."""
    store["a"] = TOKEN
    os.chown(path, NOBODY, NOBODY)
    theirs = path.read_bytes()
    path.rename(path.with_name("theirs"))
    store["a"] = TOKEN
    make = store_module._connected

    def exchanged_first(address):
        path.with_name("theirs").replace(path)
        return make(address)

    monkeypatch.setattr(store_module, "_connected", exchanged_first)
    with pytest.raises(UsageError, match="belongs to another user"):
        store["b"] = TOKEN
    assert path.read_bytes() == theirs


def within_a_limit(path: str) -> None:
    """Write until a file size limit refuses."""
    store = CredentialStore(path)
    store["first"] = TOKEN
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, resource.RLIM_INFINITY))
    stored = ["first"]

    def write_on() -> None:
        for i in range(1000):
            store[str(i)] = AccessToken("k", SECRET * 20)
            stored.append(str(i))

    with pytest.raises(UsageError, match="what was stored before is kept") as caught:
        write_on()
    assert path in str(caught.value)
    assert sorted(stored) == list(store)
    assert len(stored) > 10
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    store["again"] = TOKEN


@posix
def test_a_limit_of_the_disk_loses_nothing(path):
    """A write that no longer fits is a UsageError; all before it are there, and with room again it goes on."""
    in_a_fresh_process(within_a_limit, path)
    check(path)


def test_a_full_disk_is_reported(store, path, monkeypatch):
    """SQLITE_FULL is a UsageError, and nothing of the update is stored."""
    store["a"] = TOKEN
    monkeypatch.setattr(store_module, "_PRAGMAS", (*store_module._PRAGMAS, "PRAGMA max_page_count = 3"))
    with pytest.raises(UsageError, match=r"disk is full.*make room"):
        store.update({str(i): AccessToken("k", SECRET * 9) for i in range(100)})
    monkeypatch.undo()
    assert dict(store) == {"a": TOKEN}


def test_a_writer_that_does_not_finish_is_reported(store, path, monkeypatch):
    """After the patience it is a UsageError; readers go on meanwhile."""
    store["a"] = TOKEN
    monkeypatch.setattr(store_module, "_LOCK_SECONDS", 0.05)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(UsageError, match="another program that does not finish"):
            store["b"] = TOKEN
        assert store["a"] == TOKEN


def test_errors_of_sqlites_that_have_no_meaning_here_are_ours_too(store, monkeypatch):
    """Their words are not passed on: they may quote the file."""
    store["a"] = TOKEN

    def failing(address):
        raise sqlite3.DatabaseError(SECRET)

    monkeypatch.setattr(store_module, "_connected", failing)
    with pytest.raises(UsageError, match="SQLite reports a DatabaseError") as caught:
        store["a"]
    assert SECRET not in "".join(traceback.format_exception(caught.value))


# Threads, forks, processes, kills


def test_threads_share_a_store(store):
    """Eight threads write, read and remove through one object; none is lost."""
    errors = []

    def work(thread: int) -> None:
        try:
            for i in range(15):
                store[f"{thread}-{i}"] = AccessToken(f"{thread}-{i}", SECRET)
                assert store[f"{thread}-{i}"].key == f"{thread}-{i}"
            del store[f"{thread}-0"]
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert list(store) == sorted(f"{thread}-{i}" for thread in range(8) for i in range(1, 15))


def test_one_of_many_takers_gets_it(store):
    """pop gives a value to one taker only, and setdefault all the same one."""
    store["a"] = TOKEN
    taken, settled = [], []

    def take(n: int) -> None:
        taken.append(store.pop("a", None))
        settled.append(store.setdefault("b", AccessToken(str(n))))

    threads = [threading.Thread(target=take, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken, key=repr) == [TOKEN, *[None] * 7]
    assert len(set(settled)) == 1


def test_setdefault_keeps_what_another_stored_meanwhile(store, path, monkeypatch):
    """Between its look and its write another process may store the name: then that value stays, and is returned."""
    encode = store_module.encode

    def meanwhile(name, value):
        monkeypatch.undo()
        CredentialStore(path)["a"] = CONSUMER
        return encode(name, value)

    monkeypatch.setattr(store_module, "encode", meanwhile)
    assert store.setdefault("a", TOKEN) == CONSUMER
    assert store["a"] == CONSUMER


def forks_beside_threads(path: str) -> None:
    """Fork thirty times while two threads write without a pause; each child writes through the same object."""
    store = CredentialStore(path)
    store["a"] = TOKEN
    done = threading.Event()

    def write() -> None:
        for i in itertools.count():
            store[f"thread-{threading.get_ident()}-{i % 20}"] = TOKEN
            if done.is_set():
                return

    threads = [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    children = []
    for n in range(30):
        children.append(forked(lambda n=n: (store.__setitem__(f"child-{n}", TOKEN), store["a"])))
        store[f"parent-{n}"] = TOKEN
    statuses = []
    deadline = time.monotonic() + 30
    for child in children:
        while not (ended_one := os.waitpid(child, os.WNOHANG))[0] and time.monotonic() < deadline:
            time.sleep(0.005)
        if not ended_one[0]:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        statuses.append(os.waitstatus_to_exitcode(ended_one[1]) if ended_one[0] else "hangs")
    done.set()
    for thread in threads:
        thread.join()
    assert statuses == [0] * 30, statuses
    assert all(f"{who}-{n}" in store for who in ("child", "parent") for n in range(30))


@posix
def test_one_store_serves_forks_and_threads_at_once(path):
    """A fork waits for the operations under way, so that a child neither hangs nor shares a connection."""
    code = "import sys, warnings, test_store; warnings.simplefilter('ignore', DeprecationWarning); "
    code += "test_store.forks_beside_threads(sys.argv[1])"  # Python 3.12 warns of forks beside threads as such
    subprocess.run([sys.executable, "-c", code, str(path)], cwd=Path(__file__).parent, check=True, timeout=60)
    check(path)


def forks_beside_a_held_file(path: str) -> None:
    """Fork while another thread holds a file, which the children wait for, longer than for any other lock."""
    warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of forks beside threads as such
    is_held, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        with hold_file(path), hold_file(path):
            is_held.set()
            go_on.wait(30)
            Path(f"{path}-done").touch()

    def wait() -> None:
        signal.alarm(20)
        with contextlib.suppress(UsageError), lock_file(path):
            raise AssertionError("the fork took the lock away")
        with hold_file(path):
            assert os.path.exists(f"{path}-done")

    thread = threading.Thread(target=hold)
    thread.start()
    assert is_held.wait(20)
    store_module._LOCK_SECONDS = 0.05
    children = [forked(wait) for _ in range(2)]
    time.sleep(0.3)
    go_on.set()
    thread.join()
    assert [ended(child) for child in children] == [0, 0]
    assert sorted(os.listdir(os.path.dirname(path))) == [os.path.basename(path), f"{os.path.basename(path)}-done"]


@posix
def test_a_fork_neither_inherits_nor_ends_what_is_held(path):
    """A child waits like anybody else for what a thread of its parent holds, who may hold it twice."""
    in_a_fresh_process(forks_beside_a_held_file, path)


def four_writers(path: str) -> None:
    """Four forks of one parent, which has used the store, write a hundred each."""
    store = CredentialStore(path)
    assert len(store) == 0

    def write(n: int) -> None:
        for i in range(100):
            store[f"{n}-{i}"] = AccessToken(f"{n}-{i}", SECRET)

    children = [forked(lambda n=n: write(n)) for n in range(4)]
    assert [ended(child) for child in children] == [0] * 4
    assert sorted(store) == sorted(f"{n}-{i}" for n in range(4) for i in range(100))
    assert all(token.key == name for name, token in store.items())


@pytest.mark.promise("what-was-stored-survives-a-kill")
@posix
def test_four_processes_write_and_none_is_lost(path):
    """Four times a hundred, on a file that none of them has made yet."""
    in_a_fresh_process(four_writers, path)
    check(path)


def kills(directory: str, number: str) -> None:
    """Kill a writing process at random moments; what it had reported stored must be there, as reported."""
    reported: dict[str, dict[str, int]] = {}
    dice = random.Random()
    lost_halfway = 0
    for n in range(int(number)):
        # A new file every tenth time, so that its making is interrupted, too.
        path = f"{directory}/{n // 10}"
        known = reported.setdefault(path, {})
        reading, writing = os.pipe()
        store = CredentialStore(path)

        def write(writing=writing, store=store, n=n) -> None:
            for i in itertools.count():
                store.update({f"{n}-{i}": AccessToken("k", str(i)), "both": AccessToken("k", f"{n * 100_000 + i}")})
                os.write(writing, f"{n}-{i} {i} {n * 100_000 + i}\n".encode())

        child = forked(write)
        os.close(writing)
        said = b""
        if dice.random() < 0.7:
            some = dice.randint(1, 4)  # so many are stored, however slow the machine
            while said.count(b"\n") < some and select.select([reading], [], [], 20)[0]:
                piece = os.read(reading, 4096)
                assert piece, "the writer ended by itself"
                said += piece
        time.sleep(dice.random() * 0.012)
        os.kill(child, signal.SIGKILL)
        assert ended(child) == -signal.SIGKILL
        lost_halfway += os.path.exists(f"{path}-journal")
        with os.fdopen(reading, "rb") as pipe:
            for line in (said + pipe.read()).decode().splitlines():
                name, secret, both = line.split()
                known[name] = int(secret)
                known["both"] = int(both)
        now = dict(CredentialStore(path))
        both = known.pop("both", 0)
        assert {name: int(now[name].secret) for name in known} == known
        assert not known or int(now["both"].secret) >= both
        # What was not reported is there as a whole or not at all.
        last = now.pop("both", None)
        assert last is None or max(int(a) * 100_000 + int(b) for a, b in (x.split("-") for x in now)) == int(
            last.secret
        )
        if os.path.exists(path) and os.path.getsize(path):
            check(path)
    print(sum(map(len, reported.values())), lost_halfway)


@pytest.mark.promise("what-was-stored-survives-a-kill")
@posix
@pytest.mark.soak
def test_two_hundred_kills_lose_nothing(tmp_path, portion):
    """Killed at random moments: what was reported is there, updates are whole, and the file opens and is sound."""
    stored, halfway = map(int, in_a_fresh_process(kills, tmp_path, portion(200)).split())
    assert stored > portion(200)
    assert halfway > portion(200) // 40  # moments inside a write were among them


def test_the_settings_that_a_kill_cannot_show(store, monkeypatch):
    """Power loss: SQLite is told to sync the directory, too (EXTRA), and macOS to sync in earnest."""
    seen = {}

    class Asked(sqlite3.Connection):
        def execute(self, statement, *rest):
            if statement == "COMMIT":
                for name in ("synchronous", "journal_mode", "fullfsync", "secure_delete"):
                    (seen[name],) = super().execute(f"PRAGMA {name}").fetchone()
            return super().execute(statement, *rest)

    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: connect(*a, factory=Asked, **k))
    store["a"] = TOKEN
    extra = 3
    assert seen == {"synchronous": extra, "journal_mode": "delete", "fullfsync": 1, "secure_delete": 1}


def test_a_store_whose_first_write_was_undone_is_empty(store, path, monkeypatch):
    """SQLite may find, inside the transaction, that a kill interrupted the making of the file: then it is empty."""
    os.close(os.open(path, os.O_CREAT, 0o600))
    monkeypatch.setattr(store_module, "_is_store", lambda path: True)
    assert (len(store), list(store), store.get("a"), store.pop("a", None)) == (0, [], None, None)
    store["a"] = TOKEN
    assert store["a"] == TOKEN


@posix
def test_a_signal_handler_is_told_that_it_interrupts(store, monkeypatch):
    """A handler that uses the store while its own thread does gets an error at once, and the write goes through."""
    caught = []

    def handle(*_):
        try:
            len(store)
        except UsageError as error:
            caught.append(str(error))

    before = signal.signal(signal.SIGUSR1, handle)
    prepare = store_module._prepare
    monkeypatch.setattr(
        store_module, "_prepare", lambda *a: (prepare(*a), os.kill(os.getpid(), signal.SIGUSR1), time.sleep(0.01))
    )
    try:
        store["a"] = TOKEN
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert ["signal handler" in text for text in caught] == [True]
    monkeypatch.undo()
    assert store["a"] == TOKEN


def test_an_interrupted_operation_leaves_nothing_behind(store, path, monkeypatch):
    """Ctrl-C before the end stores nothing, and the store works on."""
    store["a"] = TOKEN
    prepare = store_module._prepare

    def interrupted(*arguments):
        prepare(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(store_module, "_prepare", interrupted)
    with pytest.raises(KeyboardInterrupt):
        store["b"] = TOKEN
    monkeypatch.undo()
    store["c"] = TOKEN
    assert list(store) == ["a", "c"]
    check(path)


def test_a_thousand_accounts_are_no_burden(store):
    """A read among a thousand is quick, and so is storing them in one update; the bounds are of processor time."""
    start = time.thread_time()
    store.update({str(i): Account(CONSUMER, TOKEN, "tumblr") for i in range(1000)})
    assert len(store.items()) == len(store) == 1000
    for i in range(100):
        assert store[str(i)].service == "tumblr"
    assert time.thread_time() - start < 5
