"""Where credentials rest: a mapping from names to credentials, in one SQLite file.

The laws of this file:

1. **What was reported stored stays.** A write that has returned survives a kill at any moment and,
   as far as SQLite can promise, a power loss; one that has not returned is there as a whole or not at all.
2. **Nobody else reads it.** The file is 0600 before SQLite sees it, whatever the umask, and its side
   files follow it; directories that are made are 0700. A store that others can read is tightened, never
   widened; a file, a side file or a link that another user made is refused, by root too. What is removed
   is overwritten in the file. (Windows: the user's folder protects it.)
3. **What is not ours is not touched.** A damaged file, another program's and a newer version's are
   reported, and left as they are to the last byte. Each value has a checksum: what comes back is what was
   stored, or an error.
4. **Nothing stays open.** Each operation has a connection of its own, and a process does one at a time,
   so that one store serves threads and forks, and there is nothing to close. (``hold_file`` keeps one, which a fork
   closes.)
5. **Errors are ours**: a ``UsageError`` that names the file and what to do, and shows no secret.

A path that is a symbolic link leads to the file that it points to, for which these laws then hold.
Nothing is made before the first write: a store that is not there yet reads as empty.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
import threading
import time
from collections.abc import Callable, ItemsView, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from urllib.parse import quote

from ..errors import UsageError, conceal_methods
from .stored_values import BaseStore, Row, Stored, check_name, compute_checksum, damaged_entry, decode, encode

if TYPE_CHECKING:
    import sqlite3

__all__ = ["CredentialStore", "default_path", "hold_file", "lock_file"]

_T = TypeVar("_T")
_Run: TypeAlias = Callable[..., list[tuple[Any, ...]]]

_NOTHING: Any = object()  # as None is a default that one may give

_MAGIC = b"SQLite format 3\0"
_APPLICATION_ID = 0x4F417448  # "OAtH", at offset 68 of the file
_VERSION = 1  # of the schema, at offset 60
_SCHEMA = (
    "CREATE TABLE credentials (name TEXT PRIMARY KEY NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL, checksum TEXT)"
    " WITHOUT ROWID",
    f"PRAGMA application_id = {_APPLICATION_ID}",
    f"PRAGMA user_version = {_VERSION}",
)
# Before 1.0.0 there were no checksums. Such a file is read as if it had them, and gets them when it is written to.
_CHECKSUM = "compute_checksum(CAST(name AS BLOB), CAST(kind AS BLOB), CAST(value AS BLOB))"
_ADD_CHECKSUMS = (
    "ALTER TABLE credentials ADD COLUMN checksum TEXT",
    f"UPDATE credentials SET checksum = {_CHECKSUM}",  # noqa: S608
)
_VIEW_WITH_CHECKSUMS = f"CREATE TEMP VIEW credentials AS SELECT *, {_CHECKSUM} AS checksum FROM main.credentials"  # noqa: S608

# In a damaged file SQLite may find the row of another name: the checksum is held against the name that was asked for.
_SELECT_ONE = "SELECT :name, kind, value, checksum FROM credentials WHERE name = :name"
_INSERT = "INTO credentials (name, kind, value, checksum) VALUES (?, ?, ?, ?)"

# The journal is SQLite's default, DELETE: one file at rest, and no shared memory, which network drives lack.
# With it only EXTRA is durable: FULL does not sync the directory when the journal is deleted, so that after
# a power loss the journal may be back, and undo what was reported stored. fullfsync is macOS's real fsync.
_PRAGMAS = ("PRAGMA synchronous = EXTRA", "PRAGMA fullfsync = ON", "PRAGMA secure_delete = ON")
_LOCK_SECONDS = 30.0  # to wait for another process's write, which takes milliseconds
_POLL_SECONDS = 0.05  # between two looks at a file that somebody holds

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
class CredentialStore(BaseStore):
    """A mapping from names to credentials that outlives the process.

    Names are any text, in whose order it iterates; values are ``Consumer``, ``RequestToken``,
    ``AccessToken`` or ``Account``, and come back equal and of the same type. Every operation is one
    transaction: ``update`` stores all or none, and of two processes that ``pop`` one gets the value.
    ``items()`` and ``values()`` are as of the call. A value that is damaged inside a sound file is
    reported when it is asked for; ``del store[name]`` removes it, and the names still iterate.

    :param path: the file; ``None`` for :func:`default_path`. It is kept as an absolute path.
    :raises UsageError: (any operation) the file cannot be used, or is another user's; a name is not text, or a value
        is of another type.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self.path = default_path() if path is None else _absolute(path)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.path!r})"

    def __getitem__(self, name: str) -> Stored:
        for found in self._find(name):
            return self._checked(name, found)
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return bool(self._find(name))

    def __iter__(self) -> Iterator[str]:
        return iter(self._read_all("CAST(name AS TEXT)", lambda row: str(row[0])))

    def __len__(self) -> int:
        return len(self._read_all("1", len))

    def items(self) -> ItemsView[str, Stored]:
        """Return the names and values as of now."""
        pairs = self._read_all("CAST(name AS TEXT), kind, value, checksum", lambda row: (row[0], decode(row)))
        return {name: self._checked(name, found) for name, found in pairs}.items()

    def _insert(self, rows: Sequence[Row]) -> None:
        with self._transaction(write=True, create=True) as run:
            for row in rows:
                run(f"INSERT OR REPLACE {_INSERT}", row)

    def setdefault(self, name: str, default: Stored | None = None) -> Stored:
        """Return the value of that name; where there is no value, store this one, and return it."""
        try:
            return self[name]
        except KeyError:
            row = encode(name, default)
        with self._transaction(write=True, create=True) as run:
            # Another process may have stored one since: then that one stays.
            run(f"INSERT OR IGNORE {_INSERT}", row)
            (found,) = map(decode, run(_SELECT_ONE, {"name": row.name}))
        return self._checked(name, found)

    def __delitem__(self, name: str) -> None:
        with self._transaction(write=True) as run:
            is_there = bool(run(_SELECT_ONE, {"name": check_name(name)}))
            run("DELETE FROM credentials WHERE name = ?", [name])
        if not is_there:
            raise KeyError(name)

    def pop(self, name: str, default: Any = _NOTHING) -> Any:
        """Remove the name and return its value, or else the default; KeyError: there is neither."""
        with self._transaction(write=True) as run:
            for found in map(decode, run(_SELECT_ONE, {"name": check_name(name)})):
                taken = self._checked(name, found)  # a damaged one is reported, and stays
                run("DELETE FROM credentials WHERE name = ?", [name])
                return taken
        if default is _NOTHING:
            raise KeyError(name)
        return default

    def clear(self) -> None:
        """Remove everything."""
        with self._transaction(write=True) as run:
            run("DELETE FROM credentials")

    def _find(self, name: object) -> list[Stored | None]:
        """Return what is stored under a name, in a list: ``None`` in it is a damaged value."""
        with self._transaction() as run:
            found = [decode(row) for row in run(_SELECT_ONE, {"name": check_name(name)})]
            if not found:
                _check_soundness(run, self.path)
        return found

    def _read_all(self, columns: str, read: Callable[[tuple[Any, ...]], _T]) -> list[_T]:
        """Return what is made of each row, in the order of the names."""
        with self._transaction() as run:
            _check_soundness(run, self.path)
            return [read(row) for row in run(f"SELECT {columns} FROM credentials ORDER BY name")]  # noqa: S608

    def _checked(self, name: str, found: Stored | None) -> Stored:
        """Return the value that was found, or say that it is damaged."""
        if found is None:
            raise damaged_entry(name, f"the credential store {self.path!r}") from None
        return found

    @contextmanager
    def _transaction(self, *, write: bool = False, create: bool = False) -> Iterator[_Run]:
        """Give a function that runs a statement and returns its rows; commit at the end, or leave all as it was."""
        path = os.path.realpath(self.path)
        with _turn(), _reported(path):
            _check_owners(self.path, path)
            if not _is_store(path):
                if not create:
                    yield lambda _statement, _parameters=(): []
                    return
                _make_file(path)
            with closing(_connected(path)) as connection:
                # Damage is shown as U+FFFD: sqlite3's own error for what is no UTF-8 would quote the text.
                connection.text_factory = lambda data: data.decode("utf-8", "replace")
                connection.create_function("compute_checksum", 3, compute_checksum, deterministic=True)
                for pragma in _PRAGMAS:
                    connection.execute(pragma)
                # A writer takes the lock at once: of two that read first, neither could go on to write.
                connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
                _check_owners(self.path, path)  # once more: whoever owns the directory may have put in another file
                _prepare(connection, path, write, create)
                yield lambda statement, parameters=(): connection.execute(statement, parameters).fetchall()
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


def _check_owners(link: str, path: str) -> None:
    """Refuse what another user has made, who could read what is stored there, or lead it elsewhere.

    :param link: the path as it was given, which may be a link; root's is trusted.
    :param path: where the file is. A journal beside it, too, would be filled as it is found.
    """
    if sys.platform == "win32":  # where the user's folder protects it
        return
    for place in (link, path, f"{path}-journal", f"{path}-wal"):
        try:
            status = os.lstat(place)
        except FileNotFoundError:
            continue
        trusted = (os.geteuid(), 0) if stat.S_ISLNK(status.st_mode) else (os.geteuid(),)
        if status.st_uid not in trusted:
            why = f"belongs to another user (uid {status.st_uid}), who could read what is stored there"
            advice = "give another path, or have the file given to you (chown)"
            raise _unusable(path, f"cannot be used: {os.strerror(errno.EPERM)}, as {place!r} {why}; {advice}")


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
    # Any thread may close it: a fork does, whose thread is another.
    return sqlite3.connect(url, uri=True, timeout=_LOCK_SECONDS, isolation_level=None, check_same_thread=False)


def _prepare(connection: sqlite3.Connection, path: str, write: bool, create: bool) -> None:
    """Make the table where there is no table yet, and refuse to write to a damaged file, wherever the damage is.

    Another process may have made or upgraded it since we looked: inside the transaction one knows.
    """
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    statements: tuple[str, ...] = ()
    if (application_id, version) != (0, 0):
        _check_identity(path, application_id, version)
        if write:
            _check_soundness(lambda statement: connection.execute(statement).fetchall(), path)
        if "checksum" not in [column[1] for column in connection.execute("PRAGMA table_info(credentials)")]:
            statements = _ADD_CHECKSUMS if write else (_VIEW_WITH_CHECKSUMS,)
    else:  # a new file; or SQLite has just undone the first write, which a kill interrupted
        statements = _SCHEMA if create else ("CREATE TEMP TABLE credentials (name, kind, value, checksum)",)
    for statement in statements:
        connection.execute(statement)


def _check_soundness(run: _Run, path: str) -> None:
    """Refuse a damaged file, wherever the damage is; a store that is not there yet says nothing."""
    if run("PRAGMA integrity_check(1)") not in ([("ok",)], []):
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

# What ``hold_file`` holds, by its path: which thread does, and by what.
_HELD: dict[str, tuple[int, sqlite3.Connection]] = {}


def _start_child() -> None:
    """Let go, after a fork, of what other threads hold in the parent: closing a copy leaves the parent its locks."""
    for _, connection in _HELD.values():
        connection.close()
    _HELD.clear()
    _LOCK.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_LOCK.acquire, after_in_parent=_LOCK.release, after_in_child=_start_child)


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


@contextmanager
def lock_file(path: str) -> Iterator[None]:
    """Wait until no other process and no other thread has this file locked, and lock it; it stays empty.

    :raises UsageError: it cannot be made, is another user's, or another process does not finish.
    """
    with _turn():
        with _reported(path):
            connection = _lock(path, _LOCK_SECONDS)
        with closing(connection):
            yield


@contextmanager
def hold_file(path: str) -> Iterator[None]:
    """Lock a file for as long as a request takes: others wait without a limit, and the stores stay in use meanwhile.

    The thread that holds it may hold it once more; a fork does not inherit it.

    :raises UsageError: it cannot be made, or is another user's.
    """
    holder, _ = _HELD.get(path, (None, None))
    if holder == threading.get_ident():
        yield
        return
    while not _try_to_hold(path):
        time.sleep(_POLL_SECONDS)
    try:
        yield
    finally:
        with _turn():
            if path in _HELD:  # in a fork it is not
                _HELD.pop(path)[1].close()


def _try_to_hold(path: str) -> bool:
    """Lock a file; ``False``: another thread or process has it."""
    import sqlite3

    with _turn(), _reported(path):
        try:
            _HELD[path] = threading.get_ident(), _lock(path, 0)
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            return False
    return True


def _lock(path: str, seconds: float) -> sqlite3.Connection:
    """Return a connection that has a file locked, of which it makes an empty one.

    :param seconds: to wait for whoever has it.
    """
    _check_owners(path, path)
    _make_file(path)
    connection = _connected(path)
    try:
        connection.execute(f"PRAGMA busy_timeout = {seconds * 1000:.0f}")
        connection.execute("PRAGMA journal_mode = MEMORY")  # a file is what a fork would take away from its parent
        connection.execute("BEGIN IMMEDIATE")
    except BaseException:
        connection.close()
        raise
    return connection
