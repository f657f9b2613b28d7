"""How the programs of each language are built and run: with what is installed, fetched where that can be."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

__all__ = ["OURS", "PROGRAMS", "NotInstalledError", "Program"]

OURS = "requests-oauth-hook"
BUILD_SECONDS = 120  # for what may wait for a registry

_HERE = Path(__file__).parent


class NotInstalledError(Exception):
    """A language or a library of it is not there, and cannot be fetched."""


class Program(NamedTuple):
    """A program of a library, by the language's name and the library's."""

    language: str
    library: str
    #: Returns the command, in a folder of its own, where it may be told to fetch what is not installed; raises
    #: ``NotInstalledError``.
    build: Callable[[Path, bool], list[str]]

    @property
    def name(self) -> str:
        """What the tables call it."""
        return f"{self.library} ({self.language})"


def _run(*command: str, folder: Path, **environment: str) -> None:
    """Run a step of a build.

    :raises NotInstalledError: the command is not there, or it failed; the message is the last thing that it said.
    """
    try:
        done = subprocess.run(  # noqa: S603
            command, cwd=folder, env=os.environ | environment, capture_output=True, text=True, timeout=BUILD_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotInstalledError(f"{command[0]}: {type(error).__name__}") from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise NotInstalledError(said[-1] if said else f"{command[0]} failed")


def _build_python(library: str, folder: Path, fetch: bool) -> list[str]:
    module = {OURS: "oauth_hook", "requests-oauthlib": "requests_oauthlib"}.get(library, library.lower())
    _run(sys.executable, "-c", f"import {module}", folder=folder)
    return [sys.executable, str(_HERE / "peers.py"), library]


def _build_c(folder: Path, fetch: bool) -> list[str]:
    _run("cc", "-O2", "-o", "liboauth", str(_HERE / "liboauth.c"), "-loauth", folder=folder)
    return [str(folder / "liboauth")]


def _build_go(folder: Path, fetch: bool) -> list[str]:
    """Take the library from GOPATH where it is there, and otherwise as a module."""
    shutil.copy(_HERE / "dghubble.go", folder / "main.go")
    build = ("go", "build", "-o", "dghubble", "main.go")
    try:
        _run(*build, folder=folder, GO111MODULE="off")
    except NotInstalledError:
        if not fetch:
            raise
        _run("go", "mod", "init", "signs", folder=folder)
        _run("go", "get", "github.com/dghubble/oauth1", folder=folder)
        _run(*build, folder=folder)
    return [str(folder / "dghubble")]


def _build_node(library: str, folder: Path, fetch: bool) -> list[str]:
    """Take the library from where Node finds it (``NODE_PATH``), and otherwise from npm."""
    shutil.copy(_HERE / "node.js", folder / "sign.js")
    try:
        _run("node", "-e", f"require('{library}')", folder=folder)
    except NotInstalledError:
        if not fetch:
            raise
        _run("npm", "install", "--silent", "--no-save", "--prefix", str(folder), library, folder=folder)
    return ["node", str(folder / "sign.js"), library]


def _build_script(interpreter: str, check: tuple[str, ...], script: str, folder: Path, fetch: bool) -> list[str]:
    _run(interpreter, *check, folder=folder)
    return [interpreter, str(_HERE / script)]


#: Everybody, ours first.
PROGRAMS = (
    *(
        Program("Python", library, partial(_build_python, library))
        for library in (OURS, "requests-oauthlib", "Authlib", "oauthlib", "rauth")
    ),
    Program("C", "liboauth", _build_c),
    Program("Go", "dghubble/oauth1", _build_go),
    Program("Node", "oauth-1.0a", partial(_build_node, "oauth-1.0a")),
    Program("Node", "oauth", partial(_build_node, "oauth")),
    Program(
        "PHP", "PECL oauth", partial(_build_script, "php", ("-r", "exit(class_exists('OAuth') ? 0 : 1);"), "pecl.php")
    ),
    Program("Ruby", "oauth", partial(_build_script, "ruby", ("-e", "require 'oauth'"), "gem.rb")),
    Program("Perl", "Net::OAuth", partial(_build_script, "perl", ("-MNet::OAuth", "-e", "1"), "net_oauth.pl")),
)
