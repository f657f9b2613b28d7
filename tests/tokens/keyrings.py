"""Keyrings for tests, as ``keyring`` takes its backends: in memory, in files, and with what is peculiar to some."""

from __future__ import annotations

import json
import os
from pathlib import Path
from urllib.parse import quote

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError, PasswordSetError


class Killed(BaseException):
    """The process would have ended here."""


class MemoryKeyring(KeyringBackend):
    """Keeps everything in ``entries``; ``calls_left`` is how many changes there are before it is killed."""

    priority = 1

    def __init__(self):
        super().__init__()
        self.entries: dict[tuple[str, str], str] = {}
        self.calls_left = -1

    def get_password(self, service, username):
        return self.entries.get((service, username))

    def set_password(self, service, username, password):
        self._count()
        self.entries[service, username] = password

    def delete_password(self, service, username):
        self._count()
        if (service, username) not in self.entries:
            raise PasswordDeleteError(username)
        del self.entries[service, username]

    def _count(self):
        if self.calls_left == 0:
            raise Killed
        self.calls_left -= 1


class MacKeyring(MemoryKeyring):
    """Replaces an entry by removing it first, as ``keyring.backends.macOS`` does."""

    def set_password(self, service, username, password):
        if (service, username) in self.entries:
            self.delete_password(service, username)
        super().set_password(service, username, password)


class WindowsKeyring(MemoryKeyring):
    """Takes 2,560 bytes a value and 512 characters a user name, whose case it does not tell apart."""

    def get_password(self, service, username):
        return super().get_password(service.lower(), username.lower())

    def set_password(self, service, username, password):
        if len(password.encode("utf-16-le")) > 2560 or len(username) > 512 or "\0" in username + password:
            raise OSError(1783, "CredWrite", "The stub received bad data")
        super().set_password(service.lower(), username.lower(), password)

    def delete_password(self, service, username):
        super().delete_password(service.lower(), username.lower())


class RefusingKeyring(KeyringBackend):
    """Refuses all, in the words of several backends, which quote what they were given."""

    priority = 1
    error: type[Exception] = KeyringLocked

    def get_password(self, service, username):
        raise self.error("get", service, username)

    def set_password(self, service, username, password):
        raise self.error("set", service, username, password)

    delete_password = get_password


class FullKeyring(MemoryKeyring):
    """Can be read, and takes nothing more."""

    def set_password(self, service, username, password):
        raise PasswordSetError(f"no room for {password}")


class ForgetfulKeyring(MemoryKeyring):
    """Says that it keeps what it does not keep."""

    def set_password(self, service, username, password):
        return


class FileKeyring(KeyringBackend):
    """Keeps each entry in a file of its own, for several processes, in the folder that KEYRING_OF_TESTS names."""

    priority = 1

    def _path(self, service, username):
        return Path(os.environ["KEYRING_OF_TESTS"], f"{quote(service, safe='')} {quote(username, safe='')}")

    def get_password(self, service, username):
        try:
            return json.loads(self._path(service, username).read_text())
        except FileNotFoundError:
            return None

    def set_password(self, service, username, password):
        path = self._path(service, username)
        part = path.with_suffix(f".{os.getpid()}")
        part.write_text(json.dumps(password))
        part.replace(path)

    def delete_password(self, service, username):
        self._path(service, username).unlink()
