"""Where credentials rest: a mapping from names to credentials, in one SQLite file.

The laws of this file:

1. **What was reported stored stays.** A write that has returned survives a kill at any moment and,
   as far as SQLite can promise, a power loss; one that has not returned is there as a whole or not at all.
2. **Nobody else reads it.** The file is 0600 before SQLite sees it, whatever the umask, and its side
   files follow it; directories that are made are 0700. A store that others can read is tightened, never
   widened. What is removed is overwritten in the file. (Windows: the user's folder protects it.)
3. **What is not ours is not touched.** A damaged file, another program's and a newer version's are
   reported, and left as they are to the last byte.
4. **Nothing stays open.** Each operation has a connection of its own, and a process does one at a time,
   so that one store serves threads and forks, and there is nothing to close.
5. **Errors are ours**: a ``UsageError`` that names the file and what to do, and shows no secret.

A path that is a symbolic link leads to the file that it points to, for which these laws then hold.
Nothing is made before the first write: a store that is not there yet reads as empty.
"""

from __future__ import annotations

import json
import os
import stat
import sys
import threading
from collections.abc import Callable, ItemsView, Iterator, Mapping, MutableMapping, ValuesView
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote

from ..credentials import AccessToken, Account, Consumer, RequestToken
from ..errors import UsageError, check_type, conceal_methods, is_text

if TYPE_CHECKING:
    import sqlite3

__all__ = ["CredentialStore", "default_path"]

Stored: TypeAlias = Consumer | RequestToken | AccessToken | Account
_Run: TypeAlias = Callable[..., list[tuple[Any, ...]]]

_KINDS: dict[str, type[Stored]] = {kind.__name__: kind for kind in (Consumer, RequestToken, AccessToken, Account)}
_NOTHING: Any = object()  # as None is a default that one may give

_MAGIC = b"SQLite format 3\0"
_APPLICATION_ID = 0x4F417448  # "OAtH", at offset 68 of the file
_VERSION = 1  # of the schema, at offset 60
_SCHEMA = (
    "CREATE TABLE credentials (name TEXT PRIMARY KEY NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL) WITHOUT ROWID",
    f"PRAGMA application_id = {_APPLICATION_ID}",
    f"PRAGMA user_version = {_VERSION}",
)

# The journal is SQLite's default, DELETE: one file at rest, and no shared memory, which network drives lack.
# With it only EXTRA is durable: FULL does not sync the directory when the journal is deleted, so that after
# a power loss the journal may be back, and undo what was reported stored. fullfsync is macOS's real fsync.
_PRAGMAS = ("PRAGMA synchronous = EXTRA", "PRAGMA fullfsync = ON", "PRAGMA secure_delete = ON")
_LOCK_SECONDS = 30.0  # to wait for another process's write, which takes milliseconds

# What SQLite says, and what it means to a person. Its own words are never passed on: they may quote what
# is in a damaged file. (Words are matched, as codes came with Python 3.11 only.)
_DAMAGED = "is damaged, and was left as it is: restore a copy, or move it away and authorize again"
_FOREIGN = "is no credential store, and was left as it is: give another path, or move the file away"
_MEANINGS = (
    ("not a database", _FOREIGN),
    ("malformed", _DAMAGED),
    ("no such", _DAMAGED),
    ("can't decode", _DAMAGED),
    ("locked", "is being written by another program that does not finish: try again, or end that program"),
    ("readonly", "cannot be written: the file, its directory or the file system is read-only"),
    ("full", "cannot be written, the disk is full: make room and try again; what was stored before is kept"),
    ("disk I/O", "cannot be read or written, the disk or a limit refuses: what was stored before is kept"),
    ("unable to open", "cannot be opened: see who owns the file and its directory, and what they permit"),
)


@conceal_methods
class CredentialStore(MutableMapping[str, Stored]):
    """A mapping from names to credentials that outlives the process.

    Names are any text, in whose order it iterates; values are ``Consumer``, ``RequestToken``,
    ``AccessToken`` or ``Account``, and come back equal and of the same type. Every operation is one
    transaction: ``update`` stores all or none, and of two processes that ``pop`` one gets the value.
    ``items()`` and ``values()`` are as of the call. A value that is damaged inside a sound file is
    reported when it is asked for; ``del store[name]`` removes it, and the names still iterate.

    :param path: the file; ``None`` for :func:`default_path`. It is kept as an absolute path.
    :raises UsageError: (any operation) the file cannot be used, a name is not text, or a value is of another type.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self.path = default_path() if path is None else _absolute(path)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.path!r})"

    def __getitem__(self, name: str) -> Stored:
        with self._transaction() as run:
            rows = run("SELECT kind, value FROM credentials WHERE name = ?", _text(name))
        if not rows:
            raise KeyError(name)
        return self._decoded(name, *rows[0])

    def __contains__(self, name: object) -> bool:
        with self._transaction() as run:
            return bool(run("SELECT 1 FROM credentials WHERE name = ?", _text(name)))

    def __iter__(self) -> Iterator[str]:
        with self._transaction() as run:
            return iter([name for (name,) in run("SELECT CAST(name AS TEXT) FROM credentials ORDER BY name")])

    def __len__(self) -> int:
        with self._transaction() as run:
            return sum(count for (count,) in run("SELECT count(*) FROM credentials"))

    def items(self) -> ItemsView[str, Stored]:
        """Return the names and values as of now."""
        with self._transaction() as run:
            rows = run("SELECT CAST(name AS TEXT), kind, value FROM credentials ORDER BY name")
        return {name: self._decoded(name, kind, value) for name, kind, value in rows}.items()

    def values(self) -> ValuesView[Stored]:
        """Return the values as of now, in the order of their names."""
        return dict(self.items()).values()

    def __setitem__(self, name: str, value: Stored) -> None:
        self.update([(name, value)])

    def update(self, other: Any = (), /, **more: Stored) -> None:
        """Store all of a mapping or of pairs, and of the keyword arguments, or none."""
        pairs = other.items() if isinstance(other, Mapping) else other
        # All is read (from a store, perhaps) and encoded before the first is stored.
        rows = [(_text(name), *_encoded(value)) for name, value in (*pairs, *more.items())]
        if rows:
            with self._transaction(write=True, create=True) as run:
                for row in rows:
                    run("INSERT OR REPLACE INTO credentials VALUES (?, ?, ?)", *row)

    def setdefault(self, name: str, default: Stored | None = None) -> Stored:
        """Return the value of that name; where there is no value, store this one, and return it."""
        try:
            return self[name]
        except KeyError:
            row = (_text(name), *_encoded(default))
        with self._transaction(write=True, create=True) as run:
            # Another process may have stored one since: then that one stays.
            run("INSERT OR IGNORE INTO credentials VALUES (?, ?, ?)", *row)
            (found,) = run("SELECT kind, value FROM credentials WHERE name = ?", row[0])
        return self._decoded(name, *found)

    def __delitem__(self, name: str) -> None:
        with self._transaction(write=True) as run:
            found = run("SELECT 1 FROM credentials WHERE name = ?", _text(name))
            run("DELETE FROM credentials WHERE name = ?", _text(name))
        if not found:
            raise KeyError(name)

    def pop(self, name: str, default: Any = _NOTHING) -> Any:
        """Remove the name and return its value, or else the default; KeyError: there is neither."""
        with self._transaction(write=True) as run:
            for kind, value in run("SELECT kind, value FROM credentials WHERE name = ?", _text(name)):
                taken = self._decoded(name, kind, value)  # a damaged one is reported, and stays
                run("DELETE FROM credentials WHERE name = ?", _text(name))
                return taken
        if default is _NOTHING:
            raise KeyError(name)
        return default

    def popitem(self) -> tuple[str, Stored]:
        """Remove the first name and return it with its value; KeyError: it is empty, or another process was first."""
        for name in self:
            return name, self.pop(name)
        raise KeyError("the credential store is empty")

    def clear(self) -> None:
        """Remove everything."""
        with self._transaction(write=True) as run:
            run("DELETE FROM credentials")

    def close(self) -> None:
        """Do nothing: between two operations nothing is open. The store can be used on."""

    def __enter__(self) -> CredentialStore:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _decoded(self, name: str, kind: object, value: object) -> Stored:
        """Return the value that a row holds, or say that it is damaged."""
        try:
            return _decode(kind, value)
        except (TypeError, ValueError, RecursionError):  # not chained: json's errors carry the whole text
            advice = "remove it (`del store[name]`) and authorize again; the others are not concerned"
            raise UsageError(f"{name!r} in the credential store {self.path!r} is damaged: {advice}") from None

    @contextmanager
    def _transaction(self, *, write: bool = False, create: bool = False) -> Iterator[_Run]:
        """Give a function that runs a statement and returns its rows; commit at the end, or leave all as it was."""
        path = os.path.realpath(self.path)
        with _turn(), _reported(path):
            if not _is_store(path):
                if not create:
                    yield lambda *_statement: []
                    return
                _make_file(path)
            with closing(_connected(path)) as connection:
                # Damage is shown as U+FFFD: sqlite3's own error for what is no UTF-8 would quote the text.
                connection.text_factory = lambda data: data.decode("utf-8", "replace")
                for pragma in _PRAGMAS:
                    connection.execute(pragma)
                # A writer takes the lock at once: of two that read first, neither could go on to write.
                connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
                _prepare(connection, path, write, create)
                yield lambda statement, *parameters: connection.execute(statement, parameters).fetchall()
                connection.execute("COMMIT")  # without it, closing the connection undoes


def default_path() -> str:
    """Return the platform's place for a user's data: ``oauth-hook/credentials.sqlite3`` below it.

    Linux and other Unix: ``$XDG_DATA_HOME``, else ``~/.local/share``; macOS: ``~/Library/Application Support``;
    Windows: ``%APPDATA%``. A user without a home directory has none, which is a ``UsageError``.
    """
    if sys.platform == "win32":
        place = os.environ.get("APPDATA", "") or os.path.expanduser("~\\AppData\\Roaming")
    elif sys.platform == "darwin":
        place = os.path.expanduser("~/Library/Application Support")
    else:
        place = os.environ.get("XDG_DATA_HOME", "")
        if not os.path.isabs(place):  # the XDG specification: a relative one is to be ignored
            place = os.path.expanduser("~/.local/share")
    if not os.path.isabs(place):
        raise UsageError("no home directory is known to keep credentials in: give the credential store a path")
    return os.path.join(place, "oauth-hook", "credentials.sqlite3")


def _absolute(path: object) -> str:
    """Return a path that holds after a change of directory, and in another process."""
    name = os.fspath(path) if isinstance(path, os.PathLike) else path
    if not isinstance(name, str) or not name or "\0" in name:
        raise UsageError("the path of a credential store must be a str or a path, not empty, with no NUL in it")
    return os.path.abspath(os.path.expanduser(name))


def _text(name: Any) -> str:
    """Return the name, if it can be one."""
    check_type(name, str, "the name of stored credentials", "a str")
    if not is_text(name):
        raise UsageError(f"{name!r} cannot name stored credentials: half a character (a surrogate) is in it")
    return str(name)


def _encoded(value: object) -> tuple[str, str]:
    """Return the kind and the JSON of a value, or refuse it if it would not come back as it is."""
    _check_parts(value)
    kind = type(value).__name__
    with suppress(TypeError, ValueError, RecursionError):  # not chained: json's errors may show the value
        text = json.dumps(value.to_dict())  # type: ignore[attr-defined]
        if _decode(kind, text) == value:
            return kind, text
    raise UsageError(f"this {kind} cannot be stored: its fields, `extra` included, must be what JSON can carry")


def _decode(kind: object, value: object) -> Stored:
    """Return the value that was encoded, or raise TypeError, ValueError or RecursionError."""
    # As JSON here is ASCII, anything else is damage, which must not become part of a secret.
    if kind not in _KINDS or not isinstance(value, str) or not value.isascii():
        raise UsageError("this is no stored value")
    result = _KINDS[str(kind)].from_dict(json.loads(value))
    _check_parts(result)
    return result


def _check_parts(value: object) -> None:
    """Refuse what would come back as another type: a subclass, too, and an account of other parts."""
    if type(value) not in _KINDS.values():
        what = "a Consumer, a RequestToken, an AccessToken or an Account, and of no subclass"
        raise UsageError(f"stored credentials must be {what}: this is of class {type(value).__name__}")
    if isinstance(value, Account):
        right = type(value.consumer) is Consumer and type(value.token) in (AccessToken, type(None))
        if not right or not isinstance(value.service, str | None):
            raise UsageError("an Account to store has a Consumer, an AccessToken or None, and a service's name or None")


def _is_store(path: str) -> bool:
    """Return whether a store is there, and refuse anything else; an empty file, as a kill leaves it, is not one yet.

    This looks without SQLite, which would finish or undo what another program left half-done in a file of its own.
    """
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return False
    if not stat.S_ISREG(status.st_mode):
        raise _unusable(path, "is a directory or a device: give the path of a file")
    if status.st_size:
        # Closing a file drops this process's locks on it (POSIX); we hold none, as each has its _turn.
        with open(path, "rb") as file:
            header = file.read(100)
        if len(header) < 100 or not header.startswith(_MAGIC):
            raise _unusable(path, _FOREIGN)
        _check_identity(path, int.from_bytes(header[68:72], "big"), int.from_bytes(header[60:64], "big"))
    if os.name != "nt" and status.st_mode & 0o077:
        os.chmod(path, status.st_mode & 0o600)
    return bool(status.st_size)


def _check_identity(path: str, application_id: int, version: int) -> None:
    """Refuse a database that is another program's, or of another version of ours."""
    if application_id != _APPLICATION_ID:
        raise _unusable(path, _FOREIGN)
    if version > _VERSION:
        raise _unusable(path, "was written by a newer requests-oauth-hook, and was left as it is: upgrade this one")
    if version < _VERSION:
        raise _unusable(path, _DAMAGED)


def _make_file(path: str) -> None:
    """Make an empty file, 0600 from its first moment, and the directories above it; one that is there is kept."""
    _make_directory(os.path.dirname(path))
    with suppress(FileExistsError), open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        if sys.platform != "win32":
            os.fchmod(file.fileno(), 0o600)  # the umask may have taken rights from us


def _make_directory(path: str) -> None:
    """Make the directory, 0700, and those above it that are missing."""
    if not os.path.isdir(path):
        if os.path.dirname(path) != path:
            _make_directory(os.path.dirname(path))
        with suppress(FileExistsError):  # another process was first; or it is a file, which opening one below will say
            os.mkdir(path, 0o700)
            os.chmod(path, 0o700)  # the umask may have taken rights from us


def _connected(path: str) -> sqlite3.Connection:
    """Return a connection to a file that is there: SQLite itself would make one that everybody can read."""
    import sqlite3  # `import oauth_hook` is to stay light

    quoted = quote(os.fsencode(path.replace(os.sep, "/")))
    url = f"file://{'' if quoted.startswith('/') else '/'}{quoted}?mode=rw"
    return sqlite3.connect(url, uri=True, timeout=_LOCK_SECONDS, isolation_level=None)


def _prepare(connection: sqlite3.Connection, path: str, write: bool, create: bool) -> None:
    """Make the table where there is no table yet, and refuse to write to a damaged file, wherever the damage is.

    Another process may have made or upgraded it since we looked: inside the transaction one knows.
    """
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if (application_id, version) != (0, 0):
        _check_identity(path, application_id, version)
    else:  # a new file; or SQLite has just undone the first write, which a kill interrupted
        for statement in _SCHEMA if create else ("CREATE TEMP TABLE credentials (name, kind, value)",):
            connection.execute(statement)
    if write and connection.execute("PRAGMA quick_check(1)").fetchall() != [("ok",)]:
        raise _unusable(path, _DAMAGED)


def _unusable(path: str, why: str) -> UsageError:
    return UsageError(f"the credential store {path!r} {why}")


@contextmanager
def _reported(path: str) -> Iterator[None]:
    """Turn what SQLite and the operating system raise into an error of ours."""
    import sqlite3

    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError) as error:  # the latter where SQLite's words quote what is damaged
        meanings = [meaning for words, meaning in _MEANINGS if words in str(error)]
        raise _unusable(path, (*meanings, f"cannot be used: SQLite reports a {type(error).__name__}")[0]) from None
    except OSError as error:
        raise _unusable(path, f"cannot be used: {error.strerror} ({error.filename})") from error


# One operation at a time in a process, whatever the number of stores, and none during a fork: a connection
# never crosses a fork, and a child never inherits a lock (SQLite's own included) that nobody would release.
_LOCK = threading.RLock()
_AT_WORK: list[bool] = []

if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_LOCK.acquire, after_in_parent=_LOCK.release, after_in_child=_LOCK.release)


@contextmanager
def _turn() -> Iterator[None]:
    """Wait for this thread's turn."""
    with _LOCK:
        if _AT_WORK:  # in this very thread, as it has the lock: this is a signal handler
            raise UsageError("a signal handler cannot use a credential store that it interrupted: try again later")
        try:
            _AT_WORK.append(True)
            yield
        finally:
            _AT_WORK.clear()
