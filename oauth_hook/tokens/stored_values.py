"""What the stores keep: credentials as text, with a checksum that tells damage."""

from __future__ import annotations

import json
import zlib
from abc import abstractmethod
from collections.abc import Mapping, MutableMapping, Sequence, ValuesView
from typing import Any, NamedTuple, TypeAlias, TypeVar

from ..credentials import AccessToken, Account, Consumer, RequestToken
from ..errors import UsageError, check_type, conceal_methods, is_text

__all__ = ["BaseStore", "Row", "Stored", "check_name", "compute_checksum", "damaged_entry", "decode", "encode"]

Stored: TypeAlias = Consumer | RequestToken | AccessToken | Account

_KINDS: dict[str, type[Stored]] = {kind.__name__: kind for kind in (Consumer, RequestToken, AccessToken, Account)}


class Row(NamedTuple):
    """A value as text, under its name."""

    name: str
    kind: str  #: the name of its class
    value: str  #: what its ``to_dict`` gives, as JSON in ASCII
    checksum: str  #: of the other three

    def __repr__(self) -> str:
        return f"Row(name={self.name!r}, kind={self.kind!r}, value=***)"


def check_name(name: Any) -> str:
    """Return the name, if it can be one.

    :raises UsageError: it is no ``str``, or has a lone surrogate.
    """
    check_type(name, str, "the name of stored credentials", "a str")
    if not is_text(name):
        raise UsageError(f"{name!r} cannot name stored credentials: half a character (a surrogate) is in it")
    return str(name)


def compute_checksum(*parts: str | bytes) -> str:
    """Return the checksum of a name, a kind and a value: CRC-32, which notices any damage to four bytes in a row."""
    encoded = [part.encode() if isinstance(part, str) else part for part in parts]
    return format(zlib.crc32(b"\0".join(encoded)), "08x")


def encode(name: str, value: object) -> Row:
    """Return a value as it is stored under that name.

    :raises UsageError: that is no name, or the value would not come back as it is.
    """
    name = check_name(name)
    _check_parts(value)
    row = _make_row(name, value)
    if row is None or decode(row) != value:
        what = f"this {type(value).__name__} cannot be stored"
        raise UsageError(f"{what}: its fields, `extra` included, must be what JSON can carry")
    return row


def _make_row(name: str, value: Any) -> Row | None:
    kind = type(value).__name__
    try:
        text = json.dumps(value.to_dict())
    except (TypeError, ValueError, RecursionError):  # whose messages and frames may show the value
        return None
    return Row(name, kind, text, compute_checksum(name, kind, text))


def decode(row: Sequence[Any]) -> Stored | None:
    """Return the value that ``encode`` made a row of; ``None``: it is damaged.

    Whoever calls raises the error, so that no frame of its traceback has the row in a variable.
    """
    try:
        name, kind, text, checksum = row
        # As JSON here is ASCII, anything else is damage, which must not become part of a secret.
        if not (isinstance(text, str) and text.isascii()) or checksum != compute_checksum(name, kind, text):
            return None
        value = _KINDS[kind].from_dict(json.loads(text))
        _check_parts(value)
    except (AttributeError, LookupError, TypeError, ValueError, RecursionError):
        return None
    return value


def damaged_entry(name: str, place: str) -> UsageError:
    """Return the error for a value that cannot be decoded.

    :param place: where it was found.
    """
    advice = "remove it (`del store[name]`) and authorize again; the others are not concerned"
    return UsageError(f"{name!r} in {place} is damaged: {advice}")


def _check_parts(value: object) -> None:
    """Refuse what would come back as another type: a subclass, too, and an account of other parts."""
    if type(value) not in _KINDS.values():
        what = "a Consumer, a RequestToken, an AccessToken or an Account, and of no subclass"
        raise UsageError(f"stored credentials must be {what}: this is of class {type(value).__name__}")
    if isinstance(value, Account):
        right = type(value.consumer) is Consumer and type(value.token) in (AccessToken, type(None))
        if not right or not isinstance(value.service, str | None):
            raise UsageError("an Account to store has a Consumer, an AccessToken or None, and a service's name or None")


_S = TypeVar("_S", bound="BaseStore")


@conceal_methods
class BaseStore(MutableMapping[str, Stored]):
    """What the stores have in common."""

    @abstractmethod
    def _insert(self, rows: Sequence[Row]) -> None:
        """Store all of these, or none; of two of one name, the last."""

    def values(self) -> ValuesView[Stored]:
        """Return the values as of now, in the order of their names."""
        return dict(self.items()).values()

    def __setitem__(self, name: str, value: Stored) -> None:
        self.update([(name, value)])

    def update(self, other: Any = (), /, **more: Stored) -> None:
        """Store all of a mapping or of pairs, and of the keyword arguments, or none."""
        pairs = other.items() if isinstance(other, Mapping) else other
        # All is read (from a store, perhaps) and encoded before the first is stored.
        rows = [encode(name, value) for name, value in (*pairs, *more.items())]
        if rows:
            self._insert(rows)

    def popitem(self) -> tuple[str, Stored]:
        """Remove the first name and return it with its value; KeyError: it is empty, or another process was first."""
        for name in self:
            return name, self.pop(name)
        raise KeyError("the credential store is empty")

    def close(self) -> None:
        """Do nothing: between two operations nothing is open. The store can be used on."""

    def __enter__(self: _S) -> _S:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()
