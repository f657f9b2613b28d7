"""What would fail on Windows, as far as it can be seen elsewhere.

Processes run without the modules and functions that only POSIX has, and with the consoles that Windows has; and the few
places that ask which system this is are told that it is Windows.
"""

from __future__ import annotations

import ast
import io
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import oauth_hook
from oauth_hook import Consumer, CredentialStore
from oauth_hook.cli import console, demo
from oauth_hook.tokens import store as store_module

PACKAGE = Path(oauth_hook.__file__).parent
PATIENCE = 90

# Takes away what Windows does not have. The standard library copes with that; so has the package.
WITHOUT_POSIX = """
import os, signal, socket, sys
names = {"crypt", "fcntl", "grp", "nis", "pty", "pwd", "resource", "spwd", "syslog", "termios", "tty"}
class Refusing:
    def find_spec(self, name, path=None, target=None):
        if name in names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Refusing())
for name in names:
    sys.modules.pop(name, None)
for module, gone in (
    (os, "chown fchmod fchown fork forkpty getegid geteuid getgid getpgid getuid killpg mkfifo openpty pipe2 "
         "posix_spawn register_at_fork setsid statvfs"),
    (signal, "SIGALRM SIGCHLD SIGHUP SIGKILL SIGPIPE SIGQUIT SIGUSR1 alarm pause pthread_kill pthread_sigmask"),
    (socket, "AF_UNIX SO_REUSEPORT socketpair"),
):
    for name in gone.split():
        if hasattr(module, name):
            delattr(module, name)
"""


def run(program: str, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program whose text files and pipes have no default encoding to fall back on."""
    encodings = ["-X", "warn_default_encoding", "-W", "error::EncodingWarning"]
    return subprocess.run(
        [sys.executable, *encodings, "-c", program, *map(str, arguments)],
        capture_output=True, encoding="utf-8", errors="replace", timeout=PATIENCE,
        env={**os.environ, "PYTHONUTF8": "0", **environment},
    )  # fmt: skip


def command(*arguments: object, encoding: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command on a console of that encoding."""
    main = "import sys; from oauth_hook.cli import main; sys.exit(main())"
    return run(main, *arguments, PYTHONIOENCODING=encoding, **environment)


def system(**differs: object) -> SimpleNamespace:
    """Return a stand-in for ``os`` that is another system's in some ways."""
    return SimpleNamespace(**{**vars(os), **differs})


# --- without POSIX ---

EVERYTHING = """
import importlib, pkgutil, threading
import oauth_hook
for found in pkgutil.walk_packages(oauth_hook.__path__, "oauth_hook."):
    # Others' extras.
    if found.name.rpartition(".")[2] not in ("__main__", "aiohttp", "httpie", "httpx", "pytest_plugin"):
        importlib.import_module(found.name)

import requests
from oauth_hook import Consumer, CredentialStore, LoopbackReceiver, OAuthFlow
from oauth_hook.tokens import store
from oauth_hook.cli import main
from oauth_hook.provider import serve
from types import SimpleNamespace

store.sys = SimpleNamespace(platform="win32")
kept = CredentialStore(sys.argv[1])
kept["me"] = Consumer("key", "secret")
assert dict(kept) == {"me": Consumer("key", "secret")}

with serve(database=sys.argv[2]) as provider:
    with LoopbackReceiver(timeout=60, open_browser=lambda url: requests.get(provider.approve(url)).ok) as receiver:
        urls = provider.request_token_url, provider.authorization_url, provider.access_token_url
        flow = OAuthFlow(provider.consumer, *urls, callback=receiver.callback_url)
        hook = flow.hook(flow.authorize(receiver))
    assert requests.get(provider.resource_url, auth=hook).ok
sys.exit(main(["demo"]))
"""


def test_nothing_needs_what_only_posix_has(tmp_path):
    """All modules load, a callback is received, credentials are kept, and the demo runs, without POSIX's modules."""
    ran = run(WITHOUT_POSIX + EVERYTHING, tmp_path / "credentials", tmp_path / "provider", PYTHONIOENCODING="cp437")
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr.startswith("Opening your browser")
    assert "steps went as they should" in ran.stdout


def test_what_only_posix_has_is_away():
    """The test above is worth something: what it takes away is missed where it is needed."""
    for needed in ("import fcntl", "import os; os.fork()", "import signal; signal.SIGALRM", "import pwd"):
        assert run(WITHOUT_POSIX + needed).returncode == 1


WAITING = """
import signal, threading
from types import SimpleNamespace
from oauth_hook.cli import provider as commands

class Deaf(threading.Event):
    # A wait of Windows: handlers of signals are called after it, and never during it.
    def wait(self, timeout=None):
        assert timeout is not None and timeout <= 1, "Ctrl-C would never be heard"
        signal.raise_signal(signal.SIGINT)
        return False if not self.is_set() else super().wait(0)

commands.threading = SimpleNamespace(Event=Deaf)
commands._wait_for_the_end()
print("ended")
"""


def test_ctrl_c_ends_the_provider():
    """``oauth-hook provider`` never waits without end for what no signal interrupts there."""
    ran = run(WAITING)
    assert (ran.stdout.strip(), ran.stderr) == ("ended", "")


# --- consoles ---

REFUSED = """GET /1/x?q=%E6%BC%A2 HTTP/1.1
Host: api.example.com
Authorization: OAuth oauth_consumer_key="k", oauth_signature_method="HMAC-SHA1", oauth_timestamp="1", \
oauth_nonce="n", oauth_signature="abc"

HTTP/1.1 401 Unauthorized
Content-Type: text/plain; charset=utf-8

\u7f72\u540d\u304c\u7121\u52b9 \u2603: the signature is invalid
"""


@pytest.mark.parametrize("encoding", ["cp1252", "cp932", "ascii"])
class TestConsoles:
    """Consoles whose letters are not all letters."""

    def test_explain(self, encoding, tmp_path):
        """What a server says in letters that the console lacks is shown escaped."""
        path = tmp_path / "refused.txt"
        path.write_text(REFUSED, encoding="utf-8")
        ran = command("explain", path, encoding=encoding, OAUTH_CONSUMER_KEY="k", OAUTH_CONSUMER_SECRET="its secret")
        assert (ran.returncode, ran.stderr) == (0, "")
        assert "the signature is invalid" in ran.stdout
        assert "\\u2603" in ran.stdout

    def test_names(self, encoding, tmp_path):
        """So are names in the store."""
        with CredentialStore(tmp_path / "store") as store:
            store["caf\u00e9 \u6f22\u5b57"] = Consumer("key")
        ran = command("--store", tmp_path / "store", "credentials", "list", encoding=encoding)
        assert (ran.returncode, ran.stderr) == (0, "")
        assert ran.stdout.endswith("\tconsumer\n")


HELPING = """
from oauth_hook.cli import main
for words in (["--help"], ["authorize", "--help"], ["services"], ["services", "x"]):
    print(words)
    try:
        status = main(words)
    except SystemExit as end:
        status = end.code
    assert not status, status
"""


def test_help_is_in_letters_that_all_consoles_have():
    """What the command says of itself is ASCII."""
    ran = run(HELPING, PYTHONIOENCODING="ascii")
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout


@pytest.mark.parametrize(
    ("name", "environment", "colours"),
    [("nt", {}, False), ("nt", {"WT_SESSION": "1"}, True), ("nt", {"WT_SESSION": "1", "NO_COLOR": ""}, False),
     ("posix", {}, True), ("posix", {"NO_COLOR": ""}, False)],
)  # fmt: skip
def test_colours_only_where_they_are_shown(monkeypatch, name, environment, colours):
    """An old console of Windows would show the escapes that colours are made of."""
    monkeypatch.setattr(console, "os", system(name=name, environ=environment))
    stream = io.StringIO()
    stream.isatty = lambda: True
    demo.Report(stream).head("A part")
    assert ("\x1b" in stream.getvalue()) is colours


# --- paths and files ---


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("C:\\Users\\J\u00f6rg %20\\a?b#c", "file:///C%3A/Users/J%C3%B6rg%20%2520/a%3Fb%23c?mode=rw"),
        ("\\\\server\\share\\store", "file:////server/share/store?mode=rw"),
    ],
)
def test_the_store_opens_a_path_of_windows(monkeypatch, path, address):
    """SQLite gets a drive and a network share as the URI that it documents for them, whatever letters are in it."""
    opened = []
    monkeypatch.setattr(store_module, "os", system(sep="\\", fsencode=str.encode))
    monkeypatch.setattr(sqlite3, "connect", lambda *arguments, **more: opened.append(arguments[0]))
    store_module._connected(path)
    assert opened == [address]


def test_text_files_have_an_encoding():
    """No text file is read or written in the encoding of the machine: Windows' is none that others share."""
    calls = [
        (path, node)
        for path in sorted(PACKAGE.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    ]
    lax = [f"{path.relative_to(PACKAGE)}:{call.lineno}" for path, call in calls if not _names_its_encoding(call)]
    assert lax == []


def _names_its_encoding(call: ast.Call) -> bool:
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    is_method = isinstance(call.func, ast.Attribute) and not (
        isinstance(call.func.value, ast.Name) and call.func.value.id in ("os", "webbrowser", "stack")
    )
    if name not in ("read_text", "write_text") and not (name == "open" and (is_method or "id" in vars(call.func))):
        return True
    words = [word.value for word in call.args if isinstance(word, ast.Constant) and isinstance(word.value, str)]
    return any("b" in word and len(word) <= 3 for word in words) or any(
        word.arg == "encoding" for word in call.keywords
    )
