"""What the command keeps beside a store: which account is the default, and how far servers' clocks are from ours.

It is a small file of JSON, without secrets. Whatever is in it can be said or learned again, so a file that cannot be
read is an empty one, and of two processes that write at once the later one wins.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from typing import Any

from ..errors import UsageError
from ..hook.clock import MIN_CLOCK_SKEW, ServerClock
from ..protocol.url import check_absolute_url, parse_origin, print_origin
from ..tokens.accounts import Store
from ..tokens.store import CredentialStore, default_path

__all__ = ["Preferences"]

_MAX_CLOCK_AGE = 86_400  # seconds; by then somebody may have set either clock
_MAX_OFFSET = 86_400  # seconds; no time zone explains more
_CREDENTIALS = ("OAUTH_CONSUMER_KEY", "OAUTH_CONSUMER_SECRET", "OAUTH_TOKEN", "OAUTH_TOKEN_SECRET")


class Preferences:
    """The default account of a store, and what is known about the clocks at its accounts' servers."""

    def __init__(self, store: Store) -> None:
        self._path = _find_path(store)

    @property
    def default(self) -> str | None:
        """The name of the default account."""
        name = self._read().get("default")
        return name if isinstance(name, str) else None

    def choose_account(self, name: str | None, store: Store) -> str | None:
        """Return the NAME whose credentials are used: the one that was given, else the default one.

        ``None``: the environment's are, or there is no default.
        """
        if name is not None or any(map(os.environ.get, _CREDENTIALS)):
            return name
        return self.default if (self.default or "") in store else None

    def set_default(self, name: str | None) -> None:
        """Make an account the default, or none.

        :raises UsageError: nothing can be kept beside this store.
        """
        self._write(self._read() | {"default": name})

    def forget(self, name: str) -> None:
        """Take what is kept about an account away."""
        self.rename(name, None)

    def rename(self, name: str, new: str | None) -> None:
        """Keep by another name what is kept about an account; by none: nothing."""
        kept = self._read()
        clocks = _read_mapping(kept, "clocks")
        if kept.get("default") != name and name not in clocks:
            return
        learned = clocks.pop(name, None)
        if new is not None and learned is not None:
            clocks[new] = learned
        default = new if kept.get("default") == name else kept.get("default")
        self._write({"default": default, "clocks": clocks})

    def load_clock(self, name: str | None) -> ServerClock:
        """Return a clock that knows what an account's requests have taught lately."""
        clock = ServerClock()
        for origin, offset in self._list_offsets(name).items():
            clock.keep(origin, offset)
        return clock

    def find_offset(self, name: str | None, url: str) -> int | None:
        """Return how far a server's clock is from ours, in seconds, as an account has learned it lately."""
        return self._list_offsets(name).get(_print_origin(url))

    def keep_clock(self, name: str, url: str, clock: ServerClock) -> None:
        """Keep what an account's request has taught about the clock of a server, if that is news.

        Nothing is kept where ours is right, or wrong by more than a day. What was kept before is forgotten as well if
        the server has refused it, and the request could not be sent again.
        """
        before, learned = self.find_offset(name, url), clock.find_offset(url)
        offset = None if learned is None else round(learned)
        is_news = before != offset
        if not is_news and (before is None or clock.take_trial(url) is None):
            return
        clocks = _read_mapping(self._read(), "clocks")
        offsets = _read_mapping(clocks, name)
        offsets.pop(_print_origin(url), None)
        if is_news and offset is not None and MIN_CLOCK_SKEW < abs(offset) <= _MAX_OFFSET:
            offsets[_print_origin(url)] = [offset, int(time.time())]
        with suppress(UsageError):  # it is learned again then
            self._write(self._read() | {"clocks": clocks | {name: offsets}})

    def _list_offsets(self, name: str | None) -> dict[str, int]:
        """Return how far the clocks of servers are from ours, in seconds, as an account has learned it lately."""
        found = {}
        for origin, learned in _read_mapping(_read_mapping(self._read(), "clocks"), name).items():
            is_pair = isinstance(learned, list) and [type(each) for each in learned] == [int, int]
            # Whole numbers only: what stands in the file may be too large for another.
            is_recent = is_pair and 0 <= int(time.time()) - learned[1] < _MAX_CLOCK_AGE
            if is_recent and parse_origin(origin) and abs(learned[0]) <= _MAX_OFFSET:
                found[origin] = learned[0]
        return found

    def _read(self) -> dict[str, Any]:
        if self._path is None:
            return {}
        try:
            with open(self._path, encoding="utf-8") as file:
                kept = json.load(file)
        except (OSError, ValueError, RecursionError):
            return {}
        return kept if isinstance(kept, dict) else {}

    def _write(self, kept: dict[str, Any]) -> None:
        if self._path is None:
            raise UsageError("no default can be kept with this store: name the account each time")
        from tempfile import NamedTemporaryFile

        folder = os.path.dirname(self._path)
        written = None
        try:
            os.makedirs(folder, mode=0o700, exist_ok=True)
            with NamedTemporaryFile("w", prefix=".oauth-hook-", dir=folder, delete=False) as file:
                written = file.name
                json.dump(kept, file)
            os.replace(written, self._path)
        except OSError as error:
            if written is not None:
                with suppress(OSError):
                    os.unlink(written)
            raise UsageError(f"cannot write {self._path}: {error.strerror}") from error


def _find_path(store: Store) -> str | None:
    """Return where it is kept: beside the file of the store; ``None``: the store is somebody else's mapping."""
    if isinstance(store, CredentialStore):
        return f"{store.path}.preferences.json"
    from ..tokens.keyring_store import KeyringStore  # which most never use

    folder = os.path.dirname(default_path())
    return os.path.join(folder, "keyring.preferences.json") if isinstance(store, KeyringStore) else None


def _print_origin(url: str) -> str:
    return print_origin(check_absolute_url(url, "the URL"))


def _read_mapping(kept: dict[str, Any], name: str | None) -> dict[str, Any]:
    found = kept.get(name) if name is not None else None
    return dict(found) if isinstance(found, dict) else {}
