"""Asking the user: on the console, and in a browser with a receiver on loopback (RFC 5849 s2.2)."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from tables import for_each

from oauth_hook import Consumer
from oauth_hook.errors import OAuthHookError, ProviderError, UsageError
from oauth_hook.provider import serve
from oauth_hook.tokens import loopback, verifiers
from oauth_hook.tokens.flow import OAuthFlow
from oauth_hook.tokens.verifiers import LoopbackReceiver, ask_on_console

try:
    import pty
except ImportError:  # there are none on Windows
    pty = None

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no terminals, forks, modes and signals of this kind")
URL = "https://service.example/authorize?oauth_token=our-token&perms=read"
OURS = "oauth_token=our-token&oauth_verifier=the-verifier"
NOT_WEB = ["", "-o", "javascript:alert(1)", "file:///etc/passwd", "https:///x", "//h/", "http://h/ x", "http://h/\x1b[2J",
           "http://[h/"]  # fmt: skip
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PATIENCE = 60  # seconds, for a busy machine: nothing here takes one

ASK = (
    "import sys; from oauth_hook.tokens.verifiers import ask_on_console; "
    f"answer = ask_on_console({URL!r}); print(ascii(answer))"
)


def ask(typed: bytes, code: str = ASK) -> tuple[int, str, str]:
    """Run a program that asks, its input a pipe; return its status, output and errors."""
    done = subprocess.run([sys.executable, "-c", code], input=typed, capture_output=True, timeout=30)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


class Terminal:
    """A program that asks, on a terminal of its own; its standard output is a pipe."""

    def __init__(self) -> None:
        self.ours, theirs = pty.openpty()
        self.program = subprocess.Popen(
            [sys.executable, "-c", ASK], stdin=theirs, stderr=theirs, stdout=subprocess.PIPE, start_new_session=True
        )
        os.close(theirs)
        self.shown = b""

    def until(self, text: bytes) -> None:
        """Wait until the terminal shows something."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.shown:
            ready, _, _ = select.select([self.ours], [], [], max(0, deadline - time.monotonic()))
            assert ready, self.shown
            self.shown += os.read(self.ours, 4096)

    def end(self) -> tuple[int, str]:
        """Return the program's status and output."""
        output, _ = self.program.communicate(timeout=PATIENCE)
        os.close(self.ours)
        return self.program.returncode, output.decode().strip()


class TestAskOnConsole:
    def test_pipe(self) -> None:
        """The link goes to standard error; one line is read, a terminal or not; output is the program's own."""
        status, output, errors = ask(b" \tthe-verifier \r\nnext line\n")
        assert (status, output.strip()) == (0, "'the-verifier'")
        assert URL in errors
        assert "the-verifier" not in errors

    def test_one_line_only(self) -> None:
        """What follows the line is left to whoever reads next."""
        code = f"{ASK}; print(sys.stdin.readline())"
        assert ask(b"one\ntwo\n", code)[1].split() == ["'one'", "two"]

    def test_no_newline_at_the_end(self) -> None:
        """A line that is cut off by the end of the input is a line."""
        assert ask(b"the-verifier")[1].strip() == "'the-verifier'"

    def test_whole_url(self) -> None:
        """A pasted callback URL is returned as it is."""
        assert ask(f"http://127.0.0.1:1/?{OURS}\n".encode())[1].strip() == f"'http://127.0.0.1:1/?{OURS}'"

    def test_empty_lines(self) -> None:
        """Two empty answers are forgiven, three are not."""
        status, output, errors = ask(b"\n  \nthird\n")
        assert (status, output.strip()) == (0, "'third'")
        assert errors.count("Nothing was entered") == 2
        status, output, errors = ask(b"\n\n\nfourth\n")
        assert (status, output) == (1, "")
        assert "OAuthHookError: no verifier was entered, 3 times" in errors

    def test_end_of_input(self) -> None:
        """The end of the input is a clear error, at once or after an empty line."""
        for typed in (b"", b"\n"):
            status, output, errors = ask(typed)
            assert (status, output) == (1, "")
            assert "OAuthHookError: no verifier was entered: standard input is at its end" in errors

    def test_not_text(self) -> None:
        """Octets that are no text are an error that does not show the others."""
        code = f"import sys; sys.stdin.reconfigure(encoding='utf-8', errors='strict'); {ASK}"
        status, _, errors = ask(b"secret\xff\n", code)
        assert status == 1
        assert "OAuthHookError: no verifier was entered: standard input is closed, or not text" in errors
        assert "secret" not in errors
        assert "UnicodeDecodeError" not in errors

    @pytest.mark.parametrize("change", ["sys.stdin = None", "sys.stdin.close()", "import os; os.close(0)"])
    def test_no_input(self, change: str) -> None:
        """Without a console it is an error too, and nothing else escapes."""
        status, _, errors = ask(b"x\n", f"import sys; {change}; {ASK}")
        assert status == 1
        assert "oauth_hook.errors.OAuthHookError: " in errors.splitlines()[-1]

    def test_no_stderr(self) -> None:
        """Where standard error is missing or closed, the question is not put to standard output instead."""
        for change in ("sys.stderr = None", "sys.stderr.close()"):
            assert ask(b"x\n", f"import sys; {change}; {ASK}")[1].strip() == "'x'"

    def test_streams_of_the_moment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The streams are looked up when it is called."""
        monkeypatch.setattr(sys, "stdin", io.StringIO("typed\n"))
        monkeypatch.setattr(sys, "stderr", io.StringIO())
        assert ask_on_console(URL) == "typed"
        assert URL in sys.stderr.getvalue()

    @posix
    def test_terminal(self) -> None:
        """On a terminal the user sees the link and the prompt, and types the code."""
        terminal = Terminal()
        terminal.until(b"Code: ")
        assert URL.encode() in terminal.shown
        os.write(terminal.ours, b"\n")
        terminal.until(b"Nothing was entered")
        os.write(terminal.ours, b"the-verifier\n")
        assert terminal.end() == (0, "'the-verifier'")

    @posix
    def test_control_d(self) -> None:
        """Ctrl-D is the end of the input."""
        terminal = Terminal()
        terminal.until(b"Code: ")
        os.write(terminal.ours, b"\x04")
        terminal.until(b"standard input is at its end")
        assert terminal.end() == (1, "")

    @posix
    def test_control_c(self) -> None:
        """Ctrl-C goes through as KeyboardInterrupt."""
        terminal = Terminal()
        terminal.until(b"Code: ")
        terminal.program.send_signal(signal.SIGINT)
        terminal.until(b"KeyboardInterrupt")
        assert terminal.end() == (-signal.SIGINT, "")

    @for_each("url", NOT_WEB)
    def test_no_web_address(self, url: str, capsys: pytest.CaptureFixture[str]) -> None:
        """What is no web address is not shown to the user, nor its control characters to the terminal."""
        with pytest.raises(UsageError, match="http or https"):
            ask_on_console(url)
        assert capsys.readouterr() == ("", "")


class Call(threading.Thread):
    """A receiver called in a thread, so that the test can be the browser."""

    def __init__(self, receiver: LoopbackReceiver, url: str = URL) -> None:
        super().__init__()
        self.receiver, self.url = receiver, url
        self.returned: str | None = None
        self.raised: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self.returned = self.receiver(self.url)
        except BaseException as error:
            self.raised = error

    def result(self) -> str | None:
        """Return what the call returns, or raise what it raises."""
        self.join(PATIENCE)
        assert not self.is_alive()
        if self.raised:
            raise self.raised
        return self.returned


class Kit:
    """Makes receivers, and looks afterwards whether anything of them is left."""

    def __init__(self) -> None:
        self.made: list[LoopbackReceiver] = []
        self.calls: list[Call] = []

    def make(self, *, open_browser: Callable[[str], object] = lambda url: None, **more: Any) -> LoopbackReceiver:
        more.setdefault("timeout", PATIENCE)
        self.made.append(LoopbackReceiver(open_browser=open_browser, **more))
        return self.made[-1]

    def call(self, receiver: LoopbackReceiver | None = None, url: str = URL) -> Call:
        self.calls.append(Call(receiver or self.make(), url))
        return self.calls[-1]


def port_of(receiver: LoopbackReceiver) -> int:
    return int(receiver.callback_url.split(":")[2].partition("/")[0])


def is_open(port: int) -> bool:
    with socket.socket() as client:
        client.settimeout(PATIENCE)
        return client.connect_ex(("127.0.0.1", port)) == 0


def opening_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("oauth_hook")]


@pytest.fixture
def kit() -> Iterator[Kit]:
    """Nothing is left of a receiver: no thread, no port."""
    before = set(threading.enumerate())
    kit = Kit()
    yield kit
    for receiver in kit.made:
        receiver.close()
    for call in kit.calls:
        call.join(PATIENCE)
    deadline = time.monotonic() + PATIENCE
    while (left := set(threading.enumerate()) - before) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not left
    assert not [receiver for receiver in kit.made if is_open(port_of(receiver))]


@pytest.fixture
def no_last_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody fetches the last page, for which a receiver waits a second."""
    monkeypatch.setattr(verifiers, "_LINGER_SECONDS", 0.1)


def get(receiver: LoopbackReceiver, query: str = "", **more: Any) -> requests.Response:
    """Come back as the browser does."""
    with requests.Session() as session:
        session.trust_env = False
        return session.get(f"{receiver.callback_url}{query and '?'}{query}", timeout=PATIENCE, **more)


def connect(receiver: LoopbackReceiver) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port_of(receiver)), PATIENCE)


def rest_of(client: socket.socket) -> bytes:
    """Return all that comes, until the other side closes."""
    pieces = []
    while piece := client.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


def raw(receiver: LoopbackReceiver, octets: bytes) -> bytes:
    """Send octets as they are, and return the whole answer."""
    with connect(receiver) as client:
        client.sendall(octets)
        return rest_of(client)


def request(receiver: LoopbackReceiver, target: str = f"/?{OURS}", host: str | None = None) -> bytes:
    return f"GET {target} HTTP/1.1\r\nHost: {host or f'127.0.0.1:{port_of(receiver)}'}\r\n\r\n".encode("latin-1")


def came_back(call: Call) -> bool:
    """Come back with the right answer after whatever happened, and tell whether it is what the call returns."""
    assert call.is_alive()
    assert "<h1>Done</h1>" in get(call.receiver, OURS).text
    return call.result() == f"{call.receiver.callback_url}?{OURS}"


class TestReceiver:
    def test_the_way(self, kit: Kit) -> None:
        """The whole callback URL is returned, the browser sees the last page, and the port is closed."""
        call = kit.call()
        page = get(call.receiver, OURS)
        assert (200, call.receiver.callback_url) == (page.status_code, page.url)
        assert "<h1>Done</h1>" in page.text
        assert "You can close this window." in page.text
        assert call.result() == f"{call.receiver.callback_url}?{OURS}"
        assert not is_open(port_of(call.receiver))

    @pytest.mark.promise("no-verifier-stays-in-the-url-bar")
    def test_no_verifier_stays_in_the_address_bar(self, kit: Kit) -> None:
        """The callback is redirected to an address without its query."""
        call = kit.call()
        answer = get(call.receiver, OURS, allow_redirects=False)
        assert (answer.status_code, answer.headers["Location"], answer.content) == (303, "/", b"")
        assert get(call.receiver).status_code == 200
        assert call.result()

    @for_each(
        ("query", "heading"),
        [
            ("denied=our-token", "Access denied"),
            ("oauth_token=our-token&denied=our-token&oauth_verifier=x", "Access denied"),
            ("oauth_problem=user_refused", "Access denied"),
            ("oauth_problem=user_refused&oauth_token=our-token", "Access denied"),
            ("oauth_token=our-token&oauth_problem=permission_denied", "Access denied"),
            ("oauth_token=our-token&oauth_problem=token_expired", "That did not work"),
            ("oauth_token=our-token&oauth_problem=token_expired&oauth_verifier=x", "That did not work"),
            ("oauth_token=our-token", "That did not work"),
            ("oauth_token=our-token&oauth_verifier=", "That did not work"),
            ("oauth_verifier=%C3%BC%26&x=1&oauth_token=our-token", "Done"),
        ],
    )
    def test_answers(self, kit: Kit, query: str, heading: str) -> None:
        """Consent, denial in its three spellings and other problems of our token are returned as they came."""
        call = kit.call()
        assert f"<h1>{heading}</h1>" in get(call.receiver, query).text
        assert call.result() == f"{call.receiver.callback_url}?{query}"

    @pytest.mark.promise("the-receiver-takes-its-own-callback-only")
    @for_each(
        "query",
        [
            "",
            "oauth_verifier=the-verifier",
            "oauth_token=&oauth_verifier=x",
            "oauth_token=another&oauth_verifier=x",
            "oauth_token=our-token&oauth_token=another&oauth_verifier=x",
            "oauth_token=our-tokeN&oauth_verifier=x",
            "oauth_token=our-token%20&oauth_verifier=x",
            "oauth_token=our-token%ff&oauth_verifier=x",
            "denied=another",
            "denied=another&oauth_token=our-token",
            "denied=our-token&oauth_token=another",
            "denied=",
            "oauth_problem=user_refused&oauth_token=another",
            "&".join(f"oauth_token=our-token&n{n}=" for n in range(100)),
        ],
    )
    def test_another_token(self, kit: Kit, query: str) -> None:
        """What does not carry our token, or carries another too, is said so; the wait goes on."""
        call = kit.call()
        page = get(call.receiver, query)
        assert page.status_code == 400
        assert "not the callback" in page.text
        assert came_back(call)

    @pytest.mark.parametrize("destination", ["image", "empty", "script", "iframe"])
    def test_denial_from_within_a_page(self, kit: Kit, destination: str) -> None:
        """Another page cannot say no by loading a problem without a token as a part of itself."""
        call = kit.call()
        query = "oauth_problem=user_refused"
        assert get(call.receiver, query, headers={"Sec-Fetch-Dest": destination}).status_code == 400
        page = get(call.receiver, query, headers={"Sec-Fetch-Dest": "document"})
        assert "Access denied" in page.text
        assert call.result()

    @pytest.mark.parametrize(
        "url",
        [
            "https://us.etrade.example/e/t/etws/authorize?key=consumer&token=our-token",
            "http://127.0.0.1:1/authorize?a=1&oauth_token=our%2dtoken&token=other#fragment",
        ],
    )
    def test_names_of_the_token(self, kit: Kit, url: str) -> None:
        """The token is the oauth_token of the authorization URL, or the token, as E*TRADE has it."""
        assert came_back(kit.call(url=url))

    @pytest.mark.promise("the-receiver-takes-its-own-callback-only")
    @pytest.mark.parametrize(
        "target", ["/favicon.ico", f"/x?{OURS}", f"//?{OURS}", f"http://evil.example/?{OURS}", "*"]
    )
    def test_other_paths(self, kit: Kit, target: str) -> None:
        """Nothing is found at other addresses: the icon, what scanners try."""
        call = kit.call()
        assert raw(call.receiver, request(call.receiver, target)).startswith(b"HTTP/1.1 404 ")
        assert came_back(call)

    def test_own_path(self, kit: Kit) -> None:
        """The callback's path can be chosen."""
        call = kit.call(kit.make(path="/a/b%20c"))
        assert call.receiver.callback_url == f"http://127.0.0.1:{port_of(call.receiver)}/a/b%20c"
        assert raw(call.receiver, request(call.receiver)).startswith(b"HTTP/1.1 404 ")
        assert came_back(call)

    @pytest.mark.promise("the-receiver-takes-its-own-callback-only")
    @for_each("method", ["HEAD", "POST", "PUT", "OPTIONS", "PROPFIND", "BREW"])
    def test_other_methods(self, kit: Kit, method: str) -> None:
        """Only GET brings an answer."""
        call = kit.call()
        answer = raw(call.receiver, request(call.receiver).replace(b"GET", method.encode()))
        assert answer.startswith(b"HTTP/1.1 405 ")
        assert b"\r\nAllow: GET\r\n" in answer
        assert answer.endswith(b"\r\n\r\n")
        assert came_back(call)

    def test_large_body(self, kit: Kit) -> None:
        """A body that nobody reads does not reset the connection before its answer is there."""
        call = kit.call()
        head = request(call.receiver).replace(b"GET", b"POST")
        assert raw(call.receiver, head + b"x" * 3_000_000).startswith(b"HTTP/1.1 405 ")
        assert came_back(call)

    @pytest.mark.promise("the-receiver-takes-its-own-callback-only")
    def test_other_names(self, kit: Kit) -> None:
        """A page of another name that resolves to 127.0.0.1 (DNS rebinding) gets nothing."""
        call = kit.call()
        port = port_of(call.receiver)
        for host in (
            f"evil.example:{port}",
            "127.0.0.1",
            f"127.0.0.1:{port ^ 1}",
            f"[::1]:{port}",
            f"a@127.0.0.1:{port}",
        ):
            assert raw(call.receiver, request(call.receiver, host=host)).startswith(b"HTTP/1.1 404 ")
        twice = request(call.receiver, host=f"127.0.0.1:{port}\r\nHost: 127.0.0.1:{port}")
        none = request(call.receiver).replace(b"Host", b"X-Host")
        assert {raw(call.receiver, octets)[:12] for octets in (twice, none)} == {b"HTTP/1.1 404"}
        assert came_back(call)

    @pytest.mark.usefixtures("no_last_page")
    def test_localhost(self, kit: Kit) -> None:
        """A service that was given localhost sends the user to the same place."""
        call = kit.call()
        answer = raw(call.receiver, request(call.receiver, host=f"LocalHost:{port_of(call.receiver)}"))
        assert answer.startswith(b"HTTP/1.1 303 ")
        assert call.result() == f"{call.receiver.callback_url}?{OURS}"

    @for_each(
        "octets",
        [
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # a browser that tries TLS
            b"\x00", b"\r\n\r\n", b"\n", b" ", b"get / HTTP/1.1\r\n", b"GET /?%s\r\n" % OURS.encode(),
            b"GET  / HTTP/1.1\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"SSH-2.0-OpenSSH\r\n", b"GET /\xff HTTP/1.1\r\n", b"GET / HTTP/9\r\n",
            b"GET / HTTP/1.1\r\nno colon\r\n\r\n", b"GET / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", b"GET / HTTP/1.1\r\nA: \0\r\n\r\n", b"A" * 17,
        ],
    )  # fmt: skip
    def test_garbage(self, kit: Kit, octets: bytes) -> None:
        """What is no request, and never will be, is answered at once; the wait goes on."""
        call = kit.call()
        start = time.monotonic()
        assert raw(call.receiver, octets).startswith(b"HTTP/1.1 400 ")
        assert time.monotonic() - start < 8  # a receiver that waited for somebody would take ten
        assert came_back(call)

    def test_too_long(self, kit: Kit) -> None:
        """A request that does not end is cut off, and its sender is still told."""
        call = kit.call()
        for octets in (
            b"GET /" + b"a" * 200_000,
            request(call.receiver)[:-2] + b"Cookie: " + b"a" * 200_000 + b"\r\n\r\n",
        ):
            assert raw(call.receiver, octets).startswith(b"HTTP/1.1 400 ")
        assert came_back(call)

    @pytest.mark.usefixtures("no_last_page")
    def test_octet_by_octet(self, kit: Kit) -> None:
        """A request may come in pieces, its lines may end in LF alone, and its sender may stop sending."""
        call = kit.call()
        with connect(call.receiver) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for octet in request(call.receiver).replace(b"\r\n", b"\n"):
                client.sendall(bytes([octet]))
                time.sleep(0.001)
            client.shutdown(socket.SHUT_WR)
            assert rest_of(client).startswith(b"HTTP/1.1 303 ")
        assert call.result()

    def test_stalled_connections(self, kit: Kit) -> None:
        """Connections that say nothing, or half of it, hold up nobody, however many they are."""
        call = kit.call()
        stalled = [connect(call.receiver) for _ in range(100)]
        for client in stalled[::2]:
            client.sendall(b"GET / HTT")
        start = time.monotonic()
        assert came_back(call)
        assert time.monotonic() - start < 8  # a receiver that waited for somebody would take ten
        for client in stalled:
            client.close()

    def test_resets(self, kit: Kit) -> None:
        """Peers that vanish are no concern of the wait."""
        call = kit.call()
        for octets in (b"", b"GET", request(call.receiver, "/x"), b"POST / HTTP/1.1\r\n\r\n" + b"x" * 100_000):
            client = connect(call.receiver)
            client.sendall(octets)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            client.close()
        assert came_back(call)

    def test_stalled_connections_end(self, kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
        """A connection that does not become a request in time is closed."""
        monkeypatch.setattr(loopback, "_REQUEST_SECONDS", 0.2)
        call = kit.call()
        with connect(call.receiver) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost:")
            assert rest_of(client) == b""
        assert came_back(call)

    def test_two_tabs(self, kit: Kit) -> None:
        """The first answer stands; a second window is shown what that was."""
        call = kit.call()
        assert get(call.receiver, OURS, allow_redirects=False).status_code == 303
        assert "<h1>Done</h1>" in get(call.receiver, "denied=our-token").text
        assert call.result() == f"{call.receiver.callback_url}?{OURS}"

    @pytest.mark.usefixtures("no_last_page")
    def test_last_page_not_fetched(self, kit: Kit) -> None:
        """A browser that does not follow to the last page, and scanners, keep nobody waiting for long."""
        call = kit.call()
        stalled = connect(call.receiver)
        raw(call.receiver, request(call.receiver))
        start = time.monotonic()
        assert call.result()
        assert 0.05 < time.monotonic() - start < PATIENCE
        stalled.close()

    def test_last_page_for_a_slow_browser(self, kit: Kit) -> None:
        """The port is not closed before the browser has the whole last page."""
        call = kit.call()
        raw(call.receiver, request(call.receiver))
        with connect(call.receiver) as client:
            octets = request(call.receiver, "/")
            client.sendall(octets[:20])
            time.sleep(0.3)
            client.sendall(octets[20:])
            time.sleep(0.3)
            head, _, page = rest_of(client).partition(b"\r\n\r\n")
        assert page.endswith(b"</html>\n")
        assert f"Content-Length: {len(page)}" in head.decode().split("\r\n")
        assert call.result()

    @pytest.mark.usefixtures("no_last_page")
    def test_a_browser_before_the_call(self, kit: Kit) -> None:
        """It listens from the start: who comes before the call is answered when it is called."""
        receiver = kit.make()
        with connect(receiver) as client:
            client.sendall(request(receiver))
            call = kit.call(receiver)
            assert rest_of(client).startswith(b"HTTP/1.1 303 ")
        assert call.result()

    def test_headers(self, kit: Kit) -> None:
        """Nothing is loaded, framed, stored or told to others, whatever the answer."""
        call = kit.call()
        answers = [
            raw(call.receiver, octets).partition(b"\r\n\r\n")[0].decode().split("\r\n")
            for octets in (
                b"\0",
                request(call.receiver).replace(b"GET", b"POST"),
                request(call.receiver, "/x"),
                request(call.receiver, "/"),
                request(call.receiver),
                request(call.receiver, "/"),
            )
        ]
        assert [int(lines[0].split()[1]) for lines in answers] == [400, 405, 404, 400, 303, 200]
        for lines in answers:
            headers = dict(line.split(": ", 1) for line in lines[1:])
            policy = headers["Content-Security-Policy"].split("; ")
            assert {"default-src 'none'", "style-src 'unsafe-inline'", "frame-ancestors 'none'"} <= set(policy)
            assert "script" not in headers["Content-Security-Policy"]
            assert headers["Cache-Control"] == "no-store"
            assert headers["Referrer-Policy"] == "no-referrer"
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["X-Frame-Options"] == "DENY"
            assert headers["Connection"] == "close"
        assert call.result()

    def test_nothing_secret(
        self, kit: Kit, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
    ) -> None:
        """Neither pages nor logs nor output nor repr show a token, a verifier or a query; the link goes to stderr."""
        caplog.set_level(logging.DEBUG, logger="oauth_hook")
        call = kit.call()
        answers = [
            raw(call.receiver, request(call.receiver, f"/x?{OURS}")),
            raw(call.receiver, request(call.receiver, "/?oauth_token=foreign-one&oauth_verifier=the-verifier")),
            raw(call.receiver, request(call.receiver, f"/?denied=foreign-one&{OURS}")),
            raw(call.receiver, b"\0" + OURS.encode()),
            raw(call.receiver, request(call.receiver)),
            raw(call.receiver, request(call.receiver, "/")),
        ]
        assert call.result()
        output, errors = capfd.readouterr()
        shown = b"".join(answers).decode() + output + errors.replace(URL, "") + caplog.text + repr(call.receiver)
        assert not [word for word in ("our-token", "foreign-one", "verifier=", "the-verifier") if word in shown]
        assert (output, errors.count(URL)) == ("", 1)
        assert "our-token" not in repr(loopback.Request("GET", f"/?{OURS}", {"cookie": "our-token"}))


@pytest.mark.promise("strangers-are-read-in-linear-time")
@pytest.mark.parametrize("field", [b"A:" + b" " * 32000 + b"x", b"A:" + b" \t" * 16000, b"A: " + b"\r" * 32000])
def test_a_request_is_read_in_linear_time(field: bytes) -> None:
    """White space in a header, which a stranger may send, costs no time to speak of."""
    begin = time.thread_time()
    loopback._read(b"GET /?a=b HTTP/1.1\r\nHost: h\r\n" + field + b"\r\n\r\n")
    assert time.thread_time() - begin < 0.2


class TestEndOfTheCall:
    def test_timeout(self, kit: Kit) -> None:
        """After the timeout it is an OAuthHookError that says what to do, and the port is closed."""
        receiver = kit.make(timeout=0.3)
        start = time.monotonic()
        with pytest.raises(OAuthHookError, match=r"no callback came .* 0\.3 seconds") as raised:
            receiver(URL)
        assert 0.3 <= time.monotonic() - start < PATIENCE
        assert not isinstance(raised.value, UsageError | ProviderError)
        assert not is_open(port_of(receiver))

    def test_timeout_of_the_whole(self, kit: Kit) -> None:
        """Neither visitors nor a browser that does not end prolong the wait."""
        over = threading.Event()
        call = kit.call(kit.make(timeout=0.5, open_browser=lambda url: over.wait(PATIENCE)))
        start = time.monotonic()
        while call.is_alive() and time.monotonic() - start < PATIENCE:
            with socket.socket() as client:
                client.settimeout(0.2)
                with contextlib.suppress(OSError):
                    client.connect(("127.0.0.1", port_of(call.receiver)))
                    client.send(b"GET /x HTTP/1.1\r\n\r\n")
        with pytest.raises(OAuthHookError, match="no callback came"):
            call.result()
        assert time.monotonic() - start < 8  # a receiver that waited for somebody would take ten
        over.set()

    def test_browser_that_runs_on(self, kit: Kit) -> None:
        """The call does not wait until the browser is closed."""
        over = threading.Event()
        assert came_back(kit.call(kit.make(open_browser=lambda url: over.wait(PATIENCE))))
        assert opening_threads()
        over.set()

    @pytest.mark.promise("the-receiver-takes-its-own-callback-only")
    def test_good_once(self, kit: Kit) -> None:
        """One call for each receiver; not two at once, none after the end."""
        call = kit.call()
        get(call.receiver, "x=1")  # now it waits
        with pytest.raises(UsageError, match="already waiting for a callback"):
            call.receiver(URL)
        assert came_back(call)
        with pytest.raises(UsageError, match="closed"):
            call.receiver(URL)

    def test_close(self, kit: Kit) -> None:
        """Closing lets go of the port, ends the context, may happen twice, and no call follows."""
        with kit.make() as receiver:
            assert is_open(port_of(receiver))
        assert not is_open(port_of(receiver))
        receiver.close()
        with pytest.raises(UsageError, match="closed"):
            receiver(URL)

    def test_close_from_elsewhere(self, kit: Kit) -> None:
        """A window's button for giving up ends the wait."""
        call = kit.call()
        get(call.receiver, "x=1")
        call.receiver.close()
        with pytest.raises(OAuthHookError, match="was closed before"):
            call.result()
        assert not is_open(port_of(call.receiver))

    @posix
    def test_close_from_a_signal_handler(self, kit: Kit) -> None:
        """So does a signal handler, which runs in the thread that waits."""
        receiver = kit.make()
        previous = signal.signal(signal.SIGALRM, lambda *_: receiver.close())
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            with pytest.raises(OAuthHookError, match="was closed before"):
                receiver(URL)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, previous)

    @posix
    def test_control_c(self) -> None:
        """Ctrl-C ends it at once, as KeyboardInterrupt, and leaves neither thread nor port."""
        code = (
            "import socket, threading\n"
            "from oauth_hook.tokens.verifiers import LoopbackReceiver\n"
            "receiver = LoopbackReceiver(open_browser=lambda url: print(receiver.callback_url, flush=True))\n"
            "try:\n"
            f"    receiver({URL!r})\n"
            "except KeyboardInterrupt:\n"
            "    port = int(receiver.callback_url[17:-1])\n"
            "    for thread in threading.enumerate():  # the one that opens the browser may be about to end\n"
            "        thread is threading.current_thread() or thread.join(1)\n"
            "    print(threading.active_count(), socket.socket().connect_ex(('127.0.0.1', port)) != 0, flush=True)\n"
            "    raise\n"
        )
        command = [sys.executable, "-W", "ignore::ResourceWarning", "-c", code]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
            program.stdout.readline()
            program.send_signal(signal.SIGINT)
            output, errors = program.communicate(timeout=PATIENCE)  # the receiver itself would wait for minutes
        assert (output.strip(), program.returncode) == ("1 True", -signal.SIGINT)
        assert errors.splitlines()[-1] == "KeyboardInterrupt"

    @posix
    def test_no_descriptor_is_left(self, kit: Kit) -> None:
        """A call leaves no file descriptor open, whatever its connections did."""
        for _ in range(3):
            call = kit.call()
            stalled = connect(call.receiver)
            assert came_back(call)
            stalled.close()
            left = len(os.listdir("/dev/fd"))
        call = kit.call()
        assert came_back(call)
        assert len(os.listdir("/dev/fd")) <= left


class TestOpeningTheBrowser:
    def test_is_called_with_the_link(self, kit: Kit, capsys: pytest.CaptureFixture[str]) -> None:
        """The browser is opened with the authorization URL, which is shown as well."""
        opened: list[str] = []
        assert came_back(kit.call(kit.make(open_browser=opened.append)))
        assert opened == [URL]
        assert URL in capsys.readouterr().err

    def test_may_be_the_browser(self, kit: Kit) -> None:
        """A callable that goes the whole way itself does not block the receiver."""
        receiver = kit.make(open_browser=lambda url: get(receiver, OURS))
        assert receiver(URL) == f"{receiver.callback_url}?{OURS}"

    def test_no_browser(self, kit: Kit, capsys: pytest.CaptureFixture[str]) -> None:
        """Without a browser the user is told, once, to open the link above; the wait goes on."""

        def fail(url: str) -> None:
            raise webbrowser.Error("could not locate runnable browser")

        for open_browser in (lambda url: False, fail):
            call = kit.call(kit.make(open_browser=open_browser))
            deadline, errors = time.monotonic() + PATIENCE, ""
            while "could not be opened" not in errors and time.monotonic() < deadline:
                time.sleep(0.01)
                errors += capsys.readouterr().err
            time.sleep(0.3)
            errors += capsys.readouterr().err
            assert (errors.count("could not be opened"), errors.count(URL)) == (1, 1)
            assert came_back(call)

    def test_what_else_goes_wrong(self, kit: Kit) -> None:
        """Anything else that it raises is raised to the caller, at once, and the port is closed."""
        receiver = kit.make(open_browser=lambda url: {}["missing"])
        start = time.monotonic()
        with pytest.raises(KeyError):
            receiver(URL)
        assert time.monotonic() - start < 8  # a receiver that waited for somebody would take ten
        assert not is_open(port_of(receiver))

    def test_webbrowser_by_default(self, kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
        """The default is the standard library's."""
        assert LoopbackReceiver.__init__.__defaults__[-1] is webbrowser.open

    def test_no_stderr(self, kit: Kit, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        """A program without standard error works, and writes nothing to standard output instead."""
        monkeypatch.setattr(sys, "stderr", None)
        assert came_back(kit.call())
        assert capsys.readouterr().out == ""

    @for_each("url", [*NOT_WEB, None])
    def test_no_web_address(self, kit: Kit, url: Any) -> None:
        """Only web addresses are opened; the receiver is as good as before."""
        opened: list[str] = []
        receiver = kit.make(open_browser=opened.append)
        with pytest.raises(UsageError, match="authorization URL"):
            receiver(url)
        assert not opened
        assert came_back(kit.call(receiver))

    @pytest.mark.parametrize("query", ["", "?x=1", "?oauth_token=", "?oauth_token=a&oauth_token=b", "#oauth_token=a"])
    def test_no_token(self, kit: Kit, query: str) -> None:
        """An authorization URL without a token is refused: nothing could tell which callback is ours."""
        with pytest.raises(UsageError, match="must name one token"):
            kit.make()(f"https://service.example/{query}")


class TestArguments:
    @for_each(
        "arguments",
        [
            {"port": -1}, {"port": 65536}, {"port": "80"}, {"port": None}, {"port": True}, {"port": 1.0},
            {"timeout": 0}, {"timeout": -1}, {"timeout": float("nan")}, {"timeout": "5"},
            {"timeout": None}, {"timeout": True},
            {"open_browser": None}, {"open_browser": "firefox"},
            {"path": ""}, {"path": "callback"}, {"path": "//evil.example/"}, {"path": "/?a"}, {"path": "/#a"},
            {"path": None}, {"path": "/a b"}, {"path": "/%"}, {"path": "/ü"}, {"path": "/\r\nX: y"}, {"path": "/\n"},
        ],
        ids=str,
    )  # fmt: skip
    def test_wrong(self, arguments: dict[str, Any]) -> None:
        """A wrong argument is refused where it is given, by its name."""
        with pytest.raises(UsageError, match=next(iter(arguments))):
            LoopbackReceiver(**arguments)

    def test_port_taken(self, kit: Kit) -> None:
        """A port that is taken is named."""
        port = port_of(kit.make())
        with pytest.raises(UsageError, match=f"127.0.0.1 port {port}: "):
            LoopbackReceiver(port)

    def test_port_again(self, kit: Kit) -> None:
        """A given port can be had again right after a call, which a registered callback needs."""
        call = kit.call()
        assert came_back(call)
        assert came_back(kit.call(kit.make(port=port_of(call.receiver))))

    def test_no_time_limit(self, kit: Kit) -> None:
        """An infinite timeout is one."""
        assert came_back(kit.call(kit.make(timeout=float("inf"))))

    @pytest.mark.promise("the-receiver-listens-on-loopback-only")
    def test_loopback_only(self, kit: Kit) -> None:
        """Nobody on the network reaches it."""
        assert kit.make()._server._listener.getsockname()[0] == "127.0.0.1"

    def test_repr(self, kit: Kit) -> None:
        """It says where it is."""
        receiver = kit.make()
        assert repr(receiver) == f"<LoopbackReceiver at {receiver.callback_url}>"


class TestWithAFlow:
    @pytest.fixture
    def flow(self, kit: Kit) -> Iterator[tuple[OAuthFlow, LoopbackReceiver, Any]]:
        with serve() as provider:
            answers: dict[str, Any] = {"answer": provider.approve}
            receiver = kit.make(open_browser=lambda url: requests.get(answers["answer"](url), timeout=PATIENCE))
            flow = OAuthFlow(
                provider.consumer, provider.request_token_url, provider.authorization_url, provider.access_token_url,
                callback=receiver.callback_url,
            )  # fmt: skip
            yield flow, receiver, (provider, answers)

    def test_consent(self, flow: Any) -> None:
        """The three legs, with a browser that follows the service's redirect."""
        flow, receiver, (provider, _) = flow
        token = flow.authorize(receiver)
        assert requests.get(provider.resource_url, auth=flow.hook(token), timeout=PATIENCE).ok

    def test_a_flow_without_its_address(self, kit: Kit) -> None:
        """A flow left at "oob" is refused at once, and nothing is sent or opened: nobody would come to the receiver."""
        receiver = kit.make(open_browser=lambda url: pytest.fail("a browser was opened"))
        flow = OAuthFlow(Consumer("key", "secret"), *[f"http://127.0.0.1:9/{leg}" for leg in range(3)])
        with pytest.raises(UsageError, match=r"callback=receiver\.callback_url"):
            flow.authorize(receiver)

    def test_denial(self, flow: Any) -> None:
        """A denial arrives as the flow's own error."""
        flow, receiver, (provider, answers) = flow
        answers["answer"] = provider.deny
        with pytest.raises(ProviderError, match="said no"):
            flow.authorize(receiver)


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium here")
class TestInABrowser:
    @pytest.mark.parametrize(
        ("query", "heading"),
        [(OURS, "Done"), ("denied=our-token", "Access denied"), ("oauth_token=x", "not the callback")],
    )
    def test_last_page(self, kit: Kit, server: Any, tmp_path: Path, query: str, heading: str) -> None:
        """A real browser follows the service's redirect to the callback, and shows the last page."""
        pages: list[str] = []

        def browse(url: str) -> None:
            command = [
                *(str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
                *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
                *(f"--user-data-dir={tmp_path}", "--dump-dom", url),
            ]
            result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
            pages.append(result.stdout)

        receiver = kit.make(open_browser=browse, timeout=60)
        server.answer = lambda request: (303, {"Location": f"{receiver.callback_url}?{query}"}, b"")
        call = kit.call(receiver, f"{server.url}/authorize?oauth_token=our-token")
        deadline = time.monotonic() + 60
        while not pages and time.monotonic() < deadline:
            time.sleep(0.05)
        assert heading in pages[0].partition("<h1>")[2].partition("</h1>")[0]
        assert "display: grid" in pages[0]
        assert call.is_alive() if heading == "not the callback" else call.result()
