"""Where credentials rest, too: the keyring of the operating system, through the package ``keyring``.

That is the Keychain of macOS, the Credential Locker of Windows, the Secret Service of Linux desktops. All they can do
is to keep a short text under two names, a service's and a user's; they list nothing, and do one thing at a time. The
laws of this file:

1. **Entries are numbered**, an *index* says which name has which number, and two short entries, the *heads*, say which
   number the index has::

       index, index/copy    "oauth-hook 7"
       7                    the index: {"names": {"me": 6, "you": 3}, "removed": [5, 2]}
       6, 3                 the values

2. **What was reported stored stays.** A write takes new numbers, for the values and for the index after them; then the
   first head is replaced, which is the moment at which all of it is true, then the other, and then what they displaced
   is removed. A kill at any moment leaves either the old or the new, even where a keyring replaces an entry by removing
   it first, as macOS' does; what it left over is overwritten, or removed, by the next writes.
3. **One process at a time**, and one thread, whether it reads or writes: they wait for a lock on a file beside the
   ``CredentialStore`` of the user, in which nothing is written.
4. **Texts are short.** Windows takes 2,560 bytes, in UTF-16: longer ones go into several entries, ``6/1``, ``6/2``...
5. **What comes back is what was stored**, or an error: each text has a checksum, and each entry is read again when it
   is written, as there are keyrings that keep nothing. What another program keeps under the service's name stays.
6. **Errors are ours**: a ``UsageError`` that says what to do, and shows no secret.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import ItemsView, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from ..errors import UsageError, check_type, conceal_methods, is_text
from .store import default_path, lock_file
from .stored_values import BaseStore, Row, Stored, check_name, compute_checksum, damaged_entry, decode, encode

__all__ = ["KeyringStore"]

_NOTHING: Any = object()  # as None is a default that one may give

_HEADS = ("index", "index/copy")
_read_head = re.compile(r"oauth-hook ([1-9][0-9]{0,17})").fullmatch
_PIECE_CHARACTERS = 1000  # of one entry: 2,000 bytes in UTF-16


class _Index(NamedTuple):
    """What the store has: the numbers of its values by their names."""

    number: int  #: its own: the last one that is in use
    names: dict[str, int]
    removed: list[int]  #: what the last write displaced; a kill may have left it there


@conceal_methods
class KeyringStore(BaseStore):
    """A mapping from names to credentials in the operating system's keyring; else it is like ``CredentialStore``.

    It needs the package ``keyring`` (the extra ``keyring``), whose configuration says which keyring that is.

    :param service_name: what the keyring calls it; stores of different names have nothing in common.
    :raises UsageError: (any operation) there is no keyring, or it refuses; a name is not text, or a value is of
        another type. (At once) ``keyring`` is not installed, or the name is not text.
    """

    def __init__(self, service_name: str = "oauth-hook") -> None:
        check_type(service_name, str, "service_name", "a str")
        if not service_name or not is_text(service_name) or "\0" in service_name:
            raise UsageError("service_name must be text, not empty, with no NUL in it")
        self.service_name = service_name
        _import_keyring()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.service_name!r})"

    def __getitem__(self, name: str) -> Stored:
        with self._index() as index:
            number = index.names.get(check_name(name))
            if number is None:
                raise KeyError(name)
            return self._value(name, number)

    def __contains__(self, name: object) -> bool:
        with self._index() as index:
            return check_name(name) in index.names

    def __iter__(self) -> Iterator[str]:
        with self._index() as index:
            return iter(sorted(index.names))

    def __len__(self) -> int:
        with self._index() as index:
            return len(index.names)

    def items(self) -> ItemsView[str, Stored]:
        """Return the names and values as of now."""
        with self._index() as index:
            return {name: self._value(name, number) for name, number in sorted(index.names.items())}.items()

    def _insert(self, rows: Sequence[Row]) -> None:
        with self._index() as index:
            self._write(index, {row.name: row for row in rows})

    def setdefault(self, name: str, default: Stored | None = None) -> Stored:
        """Return the value of that name; where there is no value, store this one, and return it."""
        with self._index() as index:
            if check_name(name) not in index.names:
                index = self._write(index, {name: encode(name, default)})
            return self._value(name, index.names[name])

    def __delitem__(self, name: str) -> None:
        with self._index() as index:
            if check_name(name) not in index.names:
                raise KeyError(name)
            self._write(index, {name: None})

    def pop(self, name: str, default: Any = _NOTHING) -> Any:
        """Remove the name and return its value, or else the default; KeyError: there is neither."""
        with self._index() as index:
            if check_name(name) in index.names:
                value = self._value(name, index.names[name])  # a damaged one is reported, and stays
                self._write(index, {name: None})
                return value
        if default is _NOTHING:
            raise KeyError(name)
        return default

    def clear(self) -> None:
        """Remove everything."""
        with self._index() as index:
            if index.names:
                self._write(index, dict.fromkeys(index.names))

    @property
    def _place(self) -> str:
        return f"the keyring store {self.service_name!r}"

    # The index and the values

    @contextmanager
    def _index(self) -> Iterator[_Index]:
        """Give the index, which nobody else reads or changes meanwhile."""
        with lock_file(os.path.join(os.path.dirname(default_path()), "keyring.lock")):
            yield self._read_index()

    def _read_index(self) -> _Index:
        """Return the latest index that a head names.

        :raises UsageError: no index can be read, or a head is another program's or a newer version's.
        """
        heads = [head for head in map(self._get, _HEADS) if head is not None]
        found = [_read_head(head) for head in heads]
        for number in sorted({int(match[1]) for match in found if match is not None}, reverse=True):
            checksum, _, text = (self._read_text(number) or "").partition(" ")
            if None not in found and checksum == compute_checksum(text):
                return self._parse_index(number, text)
        if not heads:
            return _Index(0, {}, [])
        if None in found:
            raise UsageError(
                f"another program keeps something as 'index' of {self.service_name!r} in the keyring, which was left "
                "as it is: give the keyring store another service_name"
            )
        raise UsageError(
            f"the index of {self._place} is damaged, and was left as it is, so that nothing in it can be found: remove "
            f"all entries of {self.service_name!r} with the keyring's own program, and authorize again"
        )

    def _parse_index(self, number: int, text: str) -> _Index:
        """Return an index whose checksum is right.

        :raises UsageError: it has another form, which a newer version gave it.
        """
        with suppress(TypeError, ValueError):
            index = _Index(number, **json.loads(text))
            if isinstance(index.names, dict) and isinstance(index.removed, list):
                return index
        raise UsageError(
            f"{self._place} was written by a newer requests-oauth-hook, and was left as it is: upgrade this one, "
            "or give another service_name"
        )

    def _write(self, index: _Index, rows: Mapping[str, Row | None]) -> _Index:
        """Store values under these names, ``None`` removing one, and return the new index."""
        number, names, removed = index.number, dict(index.names), []
        if number:
            self._set_heads(number)
            removed.append(number)
        self._remove_texts(index.removed)
        for name, row in rows.items():
            if name in names:
                removed.append(names.pop(name))
            if row is not None:
                number += 1
                names[name] = number
                self._write_text(number, f"{row.checksum} {row.kind} {row.value}")
        new = _Index(number + 1, names, removed)
        text = json.dumps({"names": names, "removed": removed})
        self._write_text(new.number, f"{compute_checksum(text)} {text}")
        self._set_heads(new.number)
        self._remove_texts(removed)
        return new

    def _set_heads(self, number: int) -> None:
        for head in _HEADS:
            if self._get(head) != f"oauth-hook {number}":
                self._set(head, f"oauth-hook {number}")

    def _value(self, name: str, number: int) -> Stored:
        """Return the value of that number, or say that it is damaged."""
        parts = (self._read_text(number) or "").split(" ", 2)
        value = decode((name, *parts[1:], parts[0]))
        if value is None:
            raise damaged_entry(name, self._place)
        return value

    # Texts, in one or several entries

    def _read_text(self, number: int) -> str | None:
        """Return the text of that number; ``None``: it is not there, or not whole."""
        count, _, text = (self._get(str(number)) or "").partition(" ")
        if not re.fullmatch("[0-9]{1,6}", count):
            return None
        for n in range(1, int(count)):
            piece = self._get(f"{number}/{n}")
            if piece is None:
                return None
            text += piece
        return text

    def _write_text(self, number: int, text: str) -> None:
        self._remove_texts([number])  # a kill may have left something there
        pieces = [text[start : start + _PIECE_CHARACTERS] for start in range(0, len(text), _PIECE_CHARACTERS)]
        for n, piece in enumerate(pieces[1:], 1):
            self._set(f"{number}/{n}", piece)
        self._set(str(number), f"{len(pieces)} {pieces[0]}")

    def _remove_texts(self, numbers: Iterable[int]) -> None:
        """Remove all entries of these numbers, each one's first last: so a kill leaves what the next write finds."""
        for number in numbers:
            users = [str(number)]
            while self._get(f"{number}/{len(users)}") is not None:
                users.append(f"{number}/{len(users)}")
            for user in reversed(users):
                if self._get(user) is not None:
                    self._call("delete_password", user)

    # The keyring

    def _get(self, user: str) -> str | None:
        found = self._call("get_password", user)
        return found if isinstance(found, str) else None

    def _set(self, user: str, text: str) -> None:
        self._call("set_password", user, text)
        if self._get(user) != text:
            raise _unusable("does not keep what is stored in it")

    def _call(self, function: str, user: str, *text: str) -> Any:
        keyring = _import_keyring()
        try:
            if not isinstance(keyring.get_keyring(), keyring.backends.null.Keyring):
                return getattr(keyring, function)(self.service_name, user, *text)
            problem = "is switched off in the configuration of 'keyring'"
        except keyring.errors.NoKeyringError:
            problem = "is not there, or not known to the package 'keyring'"
        except keyring.errors.KeyringLocked:
            problem = "is locked: unlock it and try again"
        except Exception as error:  # noqa: BLE001 - whoever wrote a keyring's backend raises what they like
            problem = f"refuses, with a {type(error).__name__}"  # whose words may quote what is stored
        raise _unusable(problem)


def _import_keyring() -> Any:
    try:
        import keyring
        import keyring.backends.null
        import keyring.errors
    except ImportError:
        install = "pip install 'requests-oauth-hook[keyring]'"
        raise UsageError(f"KeyringStore needs the package 'keyring': {install}") from None
    return keyring


def _unusable(problem: str) -> UsageError:
    advice = "'python -m keyring diagnose' shows which one it is; or keep credentials in a file, a CredentialStore"
    return UsageError(f"the operating system's keyring {problem}; {advice}")
