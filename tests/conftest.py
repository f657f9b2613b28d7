"""What the tests share: a consumer, a token, and a server that keeps what it received."""

from __future__ import annotations

import gc
import io
import itertools
import json
import os
import signal
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from oauth_hook import AccessToken, Consumer

_TESTS_BETWEEN_COLLECTIONS = 10
_finished = itertools.count(1)
_POLL = 0.1  # seconds between two looks at whether to end, which cost something as long as the run lasts


@dataclass(frozen=True)
class Received:
    """One request, as it came over the socket."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def authorization(self) -> str:
        return self.headers.get("authorization", "")


@dataclass
class Recorder:
    """A loopback server that keeps each request, and answers as its ``answer`` says."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answer: Callable[[Received], tuple[int, dict[str, str], bytes]] | None = None

    @property
    def last(self) -> Received:
        return self.received[-1]

    def clear(self) -> Recorder:
        """Forget what came and how to answer, and return the recorder."""
        self.received.clear()
        self.answer = None
        return self


def _handler(recorder: Recorder) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        timeout = 10

        def handle_one_method(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Received(self.command, self.path, headers, self._body(headers))
            recorder.received.append(request)
            status, extra, body = (recorder.answer or _plain)(request)
            self.send_response_only(status)  # without a Date, which the tests set themselves
            for name, value in extra.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def _body(self, headers: dict[str, str]) -> bytes:
            if headers.get("transfer-encoding") == "chunked":
                pieces = []
                while size := int(self.rfile.readline(), 16):
                    pieces.append(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
                return b"".join(pieces)
            return self.rfile.read(int(headers.get("content-length", 0)))

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = handle_one_method

        def log_message(self, *args: object) -> None:
            """Keep the test's output clean."""

    return Handler


def _plain(request: Received) -> tuple[int, dict[str, str], bytes]:
    return 200, {"Content-Type": "application/json"}, json.dumps({"method": request.method}).encode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that hang up, which some tests make them do."""

    request_queue_size = 128


@pytest.fixture(scope="module")
def home() -> Iterator[Any]:
    """A provider that verifies and then redirects as planned, with a token."""
    from redirecting import redirecting_provider  # which tests without a provider need not load

    with redirecting_provider() as provider:
        yield provider


def _is_soak(config: pytest.Config) -> bool:
    return config.getoption("markexpr") == "soak"


def pytest_configure(config: pytest.Config) -> None:
    """Let Ctrl-C reach the programs that tests start, and have hypothesis try more under ``-m soak``.

    What is compiled is kept: a hundred programs start here, and each would compile the package anew.
    """
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell has it for what it runs in the background
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if find_spec("hypothesis"):  # the environment of niquests has none
        from hypothesis import HealthCheck, settings

        examples = 1200 if _is_soak(config) else 80
        unhurried = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
        settings.register_profile("suite", max_examples=examples, deadline=None, suppress_health_check=unhurried)
        settings.load_profile("suite")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Have the values of a parameter take turns: ``soak(turns="client", one_in=2)`` runs every second one, all in time.

    Which ones differs from test to test, and from row to row of a table; under ``-m soak`` all of them run.
    """
    if not _is_soak(config):
        left = [item for item in items if not has_its_turn(item)]
        if left:
            config.hook.pytest_deselected(items=left)
            items[:] = [item for item in items if has_its_turn(item)]


def has_its_turn(item: pytest.Item) -> bool:
    mark, row = item.get_closest_marker("soak"), getattr(item, "callspec", None)
    if mark is None or row is None or mark.kwargs.get("turns") not in row.indices:
        return True
    test = zlib.crc32(item.nodeid.partition("[")[0].encode())
    return (test + sum(row.indices.values())) % int(mark.kwargs["one_in"]) == 0


def pytest_collection_finish() -> None:
    """Have garbage collected between tests, and not look through thousands of those, which all live to the end.

    Where it is collected at the bottom of a recursion, as in tests of deeply nested documents, the finalizers of
    whatever is found have no stack left, and fail the test.
    """
    gc.freeze()
    gc.disable()


def pytest_runtest_logfinish() -> None:
    """Collect the garbage of some tests; what has lived longer is not looked through again."""
    if next(_finished) % _TESTS_BETWEEN_COLLECTIONS == 0:
        gc.collect(1)


@pytest.fixture
def collected() -> Iterator[None]:
    """Have garbage collected in a test that looks at how much memory there is."""
    gc.enable()
    yield
    gc.disable()


@pytest.fixture(scope="session")
def portion(pytestconfig: pytest.Config) -> Callable[[int], int]:
    """Return how much is done of what a test marked ``soak`` does in full: a tenth, and under ``-m soak`` all."""
    return lambda full: full if _is_soak(pytestconfig) else full // 10


@pytest.fixture(scope="session", autouse=True)
def no_proxies() -> Iterator[None]:
    """Everything here is on loopback, which a proxy of the machine's has no business with."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_PROXY", "127.0.0.1,localhost,::1,.invalid")
        patch.setenv("no_proxy", "127.0.0.1,localhost,::1,.invalid")
        yield


@pytest.fixture(scope="session")
def recorders() -> Iterator[list[Recorder]]:
    """Three servers for the whole run: a home, and two other origins."""
    servers, recorders = [], []
    for _ in range(3):
        recorder = Recorder()
        server = _Server(("127.0.0.1", 0), _handler(recorder))
        recorder.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, args=(_POLL,), daemon=True).start()
        servers.append(server)
        recorders.append(recorder)
    yield recorders
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def server(recorders: list[Recorder]) -> Recorder:
    """A server, cleared for this test."""
    return recorders[0].clear()


@pytest.fixture
def abroad(recorders: list[Recorder]) -> Recorder:
    """A server of another origin, cleared for this test."""
    return recorders[1].clear()


@pytest.fixture
def consumer() -> Consumer:
    return Consumer("dpf43f3p2l4k3l03", "kd94hf93k423kf44")


@pytest.fixture
def token() -> AccessToken:
    return AccessToken("nnch734d00sl2jdk", "pfkkdhi9sl3r4s00")


@pytest.fixture
def short_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search for what makes a signature that gives up early, for tests that would wait for its end."""
    from oauth_hook.diagnosis import check_base_string, search

    monkeypatch.setattr(search, "SEARCH_SECONDS", 0.02)
    monkeypatch.setattr(check_base_string, "SEARCH_SECONDS", 0.01)


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: Any) -> Any:
    """Run the command in this process, with a store of its own, and return what came of it."""
    from oauth_hook import cli

    def call(
        *arguments: str, stdin: str | bytes = "", check: int = 0, errors: str = "strict", **environment: str
    ) -> SimpleNamespace:
        with monkeypatch.context() as patch:
            for name in [name for name in os.environ if name.startswith("OAUTH_")]:
                patch.delenv(name)
            for name, value in {"XDG_DATA_HOME": str(tmp_path / "data"), **environment}.items():
                patch.setenv(name, value)
            data = stdin if isinstance(stdin, bytes) else stdin.encode()
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), "utf-8", errors))
            try:
                status = cli.main(["--store", str(tmp_path / "store"), *arguments])
            except SystemExit as end:
                status = end.code
        out, err = (text.decode() for text in capsysbinary.readouterr())
        assert status == check, (out, err)
        return SimpleNamespace(stdout=out, stderr=err)

    call.store = tmp_path / "store"
    return call
