"""``KeyringStore``: the promises of a store, kept in keyrings that this file brings."""

from __future__ import annotations

import copy
import os
import pickle
import random
import subprocess
import sys
import traceback
from contextlib import suppress
from pathlib import Path

import pytest

pytest.importorskip("keyring", reason="keyring is not installed")

from keyring.backends import fail, null
from keyring.errors import InitError
from keyrings import (
    FileKeyring,
    ForgetfulKeyring,
    FullKeyring,
    Killed,
    MacKeyring,
    MemoryKeyring,
    RefusingKeyring,
    WindowsKeyring,
)
from test_store import (  # noqa: F401 - what any store promises, on the store of this file
    CONSUMER,
    REQUEST_TOKEN,
    SECRET,
    TOKEN,
    VALUES,
    every_operation,
    test_a_name_that_is_no_text_is_refused,
    test_a_value_that_would_not_come_back_as_it_is_is_refused,
    test_an_iteration_may_change_the_store,
    test_it_is_a_mutable_mapping,
    test_names_are_any_text_in_order,
    test_one_of_many_takers_gets_it,
    test_threads_share_a_store,
    test_update_reads_before_it_stores,
)

from oauth_hook import AccessToken, Account, CredentialStore, KeyringStore, UsageError, cli
from oauth_hook.tokens import store as store_module
from oauth_hook.tokens.stored_values import Row, compute_checksum

LONG = AccessToken("t", "s" * 5000, extra={"é": "ü" * 3000})


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The user's data folder, and the folder of ``FileKeyring``."""
    for name in ("XDG_DATA_HOME", "HOME", "APPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "data"))
    (tmp_path / "keyring").mkdir()
    monkeypatch.setenv("KEYRING_OF_TESTS", str(tmp_path / "keyring"))
    return tmp_path / "keyring"


def use(monkeypatch, backend):
    """Make it the keyring of this process, without asking the machine for its own."""
    monkeypatch.setattr("keyring.core._keyring_backend", backend)
    return backend


@pytest.fixture(params=[MemoryKeyring, MacKeyring, WindowsKeyring])
def backend(request, monkeypatch):
    return use(monkeypatch, request.param())


@pytest.fixture
def store(backend):
    return KeyringStore()


@pytest.mark.parametrize("value", [*VALUES, Account(CONSUMER, TOKEN, "maas", ["https://maas.example"]), LONG])
def test_a_value_comes_back_equal_and_as_its_own_type(store, value):
    """Another store object of the same name gives an equal value of the same type; of another name, nothing."""
    store["name"] = value
    back = KeyringStore("oauth-hook")["name"]
    assert (back, type(back), back.to_dict()) == (value, type(value), value.to_dict())
    assert dict(KeyringStore("another")) == {}


@pytest.mark.promise("the-keyring-alone-has-what-is-kept-there")
def test_what_is_removed_leaves_the_keyring(store, backend):
    """Removed and replaced values are removed, whatever their length; an empty store keeps no credentials."""
    for value in (TOKEN, LONG, CONSUMER, LONG, TOKEN):
        store["a"] = store["b"] = value
        store.update(c=value, d=value)
        del store["d"]
        assert store.pop("c") == value
    assert sum(SECRET in text for text in backend.entries.values()) == len(store) == 2
    assert not [text for text in backend.entries.values() if "sssss" in text]
    store.clear()
    store.clear()
    assert SECRET not in str(backend.entries)
    assert len(backend.entries) == 3  # two heads and an empty index


def test_pickle_copy_repr(store):
    """It travels as its name, and shows nothing else."""
    store["a"] = TOKEN
    for other in (pickle.loads(pickle.dumps(store)), copy.copy(store), copy.deepcopy(store)):
        assert other == store
    assert repr(store) == "KeyringStore('oauth-hook')"
    with store as entered:
        assert entered is store
    assert store["a"] == TOKEN


@pytest.mark.parametrize("name", ["", None, b"a", "a\0", "\ud800"], ids=repr)
def test_a_service_name_is_text(name):
    """Anything else is refused at once."""
    with pytest.raises(UsageError, match="service_name"):
        KeyringStore(name)


# What was stored stays


def changes(store):
    yield lambda: store.__setitem__("a", CONSUMER)
    yield lambda: store.__setitem__("new", LONG)
    yield lambda: store.update(a=LONG, long=TOKEN, new=REQUEST_TOKEN)
    yield lambda: store.pop("long")
    yield lambda: store.__delitem__("a")
    yield lambda: store.clear()


@pytest.mark.soak(turns="backend", one_in=3)
@pytest.mark.parametrize("number", range(6))
def test_a_kill_at_any_moment_leaves_the_old_or_the_new(store, backend, number):
    """Before each change of the keyring that a write makes; the next write removes what was left over of it."""
    before = {"a": TOKEN, "long": LONG}
    store.update(before)
    old, _ = dict(backend.entries), list(changes(store))[number]()
    after, rest = dict(store), len(backend.entries)
    assert after != before
    for calls in range(1000):
        backend.entries = dict(old)
        backend.calls_left = calls
        try:
            list(changes(store))[number]()
        except Killed:
            backend.calls_left = -1
        else:
            break
        found = dict(KeyringStore())
        assert found in (before, after), calls
        assert {name: store[name] for name in found} == found
        if found == before:
            list(changes(store))[number]()
        else:
            store["a"] = TOKEN
            store.update(after) if after else store.clear()
        for name in after.keys() ^ set(store):
            del store[name]
        assert dict(store) == after
        assert len(backend.entries) == rest, calls
    else:
        pytest.fail("it does not end")
    backend.calls_left = -1
    assert calls > 4


def writes(first: str) -> None:
    """Write ten values in a process of its own, and remove one in two."""
    store = KeyringStore()
    for i in range(10):
        store[f"{first}{i}"] = AccessToken(f"{first}{i}", SECRET)
        if i % 2:
            del store[f"{first}{i}"]


def start(code, folder, **more):
    environment = {**os.environ, "PYTHON_KEYRING_BACKEND": "keyrings.FileKeyring", **more}
    return subprocess.Popen(
        [sys.executable, "-W", "error", *code], cwd=Path(__file__).parent, env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_processes_write_at_once_and_none_is_lost(folder, monkeypatch):
    """Four of them, each its own names: all that was reported stored is there, and nothing is left over."""
    processes = [start(["-c", f"import test_keyring_store as t; t.writes('{first}')"], folder) for first in "abcd"]
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, "")
    use(monkeypatch, FileKeyring())
    wanted = {f"{first}{i}": AccessToken(f"{first}{i}", SECRET) for first in "abcd" for i in range(0, 10, 2)}
    assert dict(KeyringStore()) == wanted
    assert len(list(folder.iterdir())) <= len(wanted) + 5  # heads, and an index in one or two entries


def test_a_process_that_does_not_finish_is_reported(store, monkeypatch):
    """After the patience it is a UsageError."""
    store["a"] = TOKEN
    monkeypatch.setattr(store_module, "_LOCK_SECONDS", 0.05)
    lock = Path(store_module.default_path()).with_name("keyring.lock")
    code = (
        "import sys; from oauth_hook.tokens.store import lock_file\n"
        "with lock_file(sys.argv[1]): print('locked', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout.readline() == b"locked\n"
        with pytest.raises(UsageError, match="another program that does not finish"):
            store["b"] = TOKEN
        other.stdin.close()
    assert (dict(store), lock.read_bytes()) == ({"a": TOKEN}, b"")


# What is not ours, and damage


def test_what_another_program_keeps_there_stays(store, backend):
    """Its entries are in nobody's way, but for those that the index needs: then it is said, and they are left."""
    theirs = {("oauth-hook", "me"): SECRET, ("other", "index"): SECRET, ("oauth-hook", "me/1"): SECRET}
    backend.entries.update(theirs)
    store["me"] = TOKEN
    assert dict(store) == {"me": TOKEN}
    del store["me"]
    assert backend.entries.items() >= theirs.items()
    for user in ("index", "index/copy"):
        backend.entries = {("oauth-hook", user): SECRET}
        for operation in every_operation(KeyringStore()):
            with pytest.raises(UsageError, match=r"another program .* another service_name") as caught:
                operation()
            assert SECRET not in "".join(traceback.format_exception(caught.value))
        assert backend.entries == {("oauth-hook", user): SECRET}


@pytest.mark.soak(turns="backend", one_in=3)
def test_any_damage_gives_the_stored_value_or_an_error(store, backend):
    """Each character of each entry changed, each entry cut, emptied or lost: no other value is ever read."""
    stored = {"alice": TOKEN, "bob": Account(CONSUMER, TOKEN, "tumblr"), "long": AccessToken("t", "s" * 1500)}
    store.update(stored)
    sound, dice = dict(backend.entries), random.Random(5849)
    for entry, text in sound.items():
        places = dice.sample(range(len(text)), min(len(text), 60))
        damaged = [
            text[:place] + chr(ord(text[place]) ^ dice.choice((1, 2, 4, 32))) + text[place + 1 :] for place in places
        ]
        for each in [*damaged, text[:-1], text + "0", "", None]:
            backend.entries = (
                {**sound, entry: each} if each is not None else {k: v for k, v in sound.items() if k != entry}
            )
            for name, value in stored.items():
                with suppress(UsageError):
                    assert store[name] == value


@pytest.mark.parametrize("index", ['{"names": {}, "removed": [], "more": 1}', '{"names": {}}', "[]", "5", "x",
                                   '{"names": [1], "removed": []}', '{"names": {}, "removed": {}}'])  # fmt: skip
def test_an_index_of_a_newer_version_is_reported(store, backend, index):
    """Its checksum is right, and its form is none of ours: no operation touches it, and the error says what to do."""
    store["alice"] = TOKEN
    number = backend.entries["oauth-hook", "index"].split()[1]
    backend.entries["oauth-hook", number] = f"1 {compute_checksum(index)} {index}"
    before = dict(backend.entries)
    for operation in every_operation(store):
        with pytest.raises(UsageError, match="a newer requests-oauth-hook"):
            operation()
    assert backend.entries == before


def test_a_damaged_value_is_reported_for_its_name_only(store, backend):
    """The names still iterate, the others can be read, and the damaged one can be removed or replaced."""
    for replace in (False, True):
        store.update(good=TOKEN, bad=AccessToken("bad", "hush"))
        (entry,) = (entry for entry, text in backend.entries.items() if '"bad"' in text and "hush" in text)
        backend.entries[entry] = backend.entries[entry].replace("hush", "hash")
        for operation in (
            lambda: store["bad"],
            lambda: store.pop("bad", None),
            store.items,
            store.values,
            store.popitem,
        ):
            with pytest.raises(UsageError, match=r"'bad' in the keyring store 'oauth-hook' is damaged.*del store"):
                operation()
        assert (list(store), "bad" in store, store["good"]) == (["bad", "good"], True, TOKEN)
        if replace:
            store["bad"] = CONSUMER
        del store["bad"]
        assert dict(store) == {"good": TOKEN}
        assert "hash" not in str(backend.entries)


def test_a_lost_head_is_made_up_for(store, backend):
    """There are two, either of which will do; the next write makes both."""
    store["a"] = TOKEN
    for user in ("index", "index/copy"):
        del backend.entries["oauth-hook", user]
        assert store["a"] == TOKEN
        store["a"] = TOKEN
        assert ("oauth-hook", user) in backend.entries


# Keyrings that do not work

CREDENTIALS = "keep credentials in a file, a CredentialStore"


@pytest.mark.parametrize(
    ("backend", "said"),
    [
        (fail.Keyring(), "is not there"),
        (null.Keyring(), "is switched off"),
        (RefusingKeyring(), "is locked: unlock it"),
        (type("Broken", (RefusingKeyring,), {"error": InitError})(), "refuses, with a InitError"),
        (type("Odd", (RefusingKeyring,), {"error": ZeroDivisionError})(), "refuses, with a ZeroDivisionError"),
    ],
    ids=["fail", "null", "locked", "broken", "odd"],
)
def test_a_keyring_that_refuses_is_a_usage_error(backend, said, monkeypatch):
    """It says why, in words of ours, and what else to do; reading and writing alike."""
    use(monkeypatch, backend)
    for operation in every_operation(KeyringStore()):
        with pytest.raises(UsageError) as caught:
            operation()
        assert said in str(caught.value)
        assert str(caught.value).endswith(CREDENTIALS)


@pytest.mark.parametrize("kind", [FullKeyring, ForgetfulKeyring])
def test_what_is_not_kept_is_said(kind, monkeypatch):
    """A keyring that takes nothing, or says that it did: nothing is reported stored, and no secret is shown."""
    use(monkeypatch, kind())
    store = KeyringStore()
    assert list(store) == []
    with pytest.raises(UsageError, match=CREDENTIALS) as caught:
        store["a"] = TOKEN
    assert SECRET not in str(caught.value)
    assert "a" not in store


def test_without_keyring_the_extra_is_named(monkeypatch):
    """At once, and by nothing else: the package and its other names work."""
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(UsageError, match=r"pip install 'requests-oauth-hook\[keyring\]'"):
        KeyringStore()
    assert cli.main(["--store", "keyring", "credentials", "list"]) == 2


def test_a_keyring_that_cannot_be_loaded_is_a_usage_error(folder):
    """The configuration of ``keyring`` may name a backend that is not there."""
    code = "from oauth_hook import KeyringStore\ntry: len(KeyringStore())\nexcept ValueError as error: print(error)"
    said, errors = start(["-c", code], folder, PYTHON_KEYRING_BACKEND="nowhere.Keyring").communicate(timeout=60)
    assert "keyring refuses, with a ModuleNotFoundError" in said, errors


# The command


def test_the_command_keeps_credentials_in_the_keyring(folder, monkeypatch, capsys, tmp_path):
    """--store keyring goes for each command; a file of that name is ./keyring."""
    use(monkeypatch, FileKeyring())
    monkeypatch.chdir(tmp_path)
    for name, value in {"OAUTH_CONSUMER_KEY": "c", "OAUTH_CONSUMER_SECRET": "s"}.items():
        monkeypatch.setenv(name, value)
    assert cli.main(["--store", "keyring", "credentials", "add", "shop", "--origin", "http://127.0.0.1:9"]) == 0
    assert KeyringStore()["shop"].consumer.key == "c"
    assert capsys.readouterr().out == "kept as shop\n"
    process = start(["-m", "oauth_hook", "credentials", "list", "--store", "keyring"], folder, PYTHONPATH=os.getcwd())
    assert process.communicate(timeout=60) == ("shop\taccount without a service, not authorized yet\n", "")
    assert cli.main(["request", "shop", "http://127.0.0.1:9/", "--store", "keyring"]) == 1  # nobody is there
    assert cli.main(["request", "nobody", "GET", "http://127.0.0.1:9/", "--store", "keyring"]) == 2
    assert "'oauth-hook --store keyring credentials list'" in capsys.readouterr().err
    assert cli.main(["--store", "keyring", "credentials", "remove", "shop"]) == 0
    assert cli.main(["--store", "./new", "credentials", "add", "shop"]) == 0
    assert (list(CredentialStore("new")), list(KeyringStore())) == (["shop"], [])
    use(monkeypatch, fail.Keyring())
    capsys.readouterr()
    assert cli.main(["--store", "keyring", "credentials", "list"]) == 2
    assert capsys.readouterr().err.endswith("keep credentials in a file, --store FILE\n")


@pytest.mark.promise("the-keyring-alone-has-what-is-kept-there")
def test_nothing_is_written_but_the_lock(store, folder):
    """In the user's data folder there is one empty file, which only the user can open."""
    store["a"] = TOKEN
    (lock,) = Path(store_module.default_path()).parent.iterdir()
    assert (lock.name, lock.stat().st_size) == ("keyring.lock", 0)
    assert os.name == "nt" or lock.stat().st_mode & 0o777 == 0o600


def test_a_row_shows_no_secret():
    """What a store holds as text is in no variable of a frame, either."""
    row = Row("me", "AccessToken", '{"key": "t", "secret": "hunter2"}', "sum-hunter2")
    assert repr(row) == "Row(name='me', kind='AccessToken', value=***)"
