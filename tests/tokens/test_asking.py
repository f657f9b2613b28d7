"""Asking the user: ``ask_on_console`` and ``LoopbackReceiver`` on real streams and sockets.

And asking a server, which may never come to an end with its answer.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import threading
import time

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from oauth_hook import LoopbackReceiver, OAuthFlow, OAuthHookError, ProviderError, UsageError
from oauth_hook.diagnosis.server_messages import read_refusal
from oauth_hook.tokens.http import send_request

CONSOLE = "import sys; from oauth_hook import ask_on_console; print(ask_on_console(sys.argv[1]))"
LINK = "https://service.example/authorize?oauth_token=ours"


def console(stdin, url=LINK):
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CONSOLE, url],
        input=stdin, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip


def get(url, **more):
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, timeout=10, **more)


def visit(*paths):
    """Return a browser that asks for these paths of the callback's server, one after another."""

    def open_browser(url):
        for path in paths:
            with contextlib.suppress(requests.RequestException):
                seen.append(get(f"http://127.0.0.1:{open_browser.port}{path}"))

    seen = open_browser.seen = []
    return open_browser


def eventually(condition):
    """Wait for the browser's thread to have noted what it got."""
    deadline = time.monotonic() + 30
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def receive(browser, **more):
    with LoopbackReceiver(open_browser=browser, timeout=more.pop("timeout", 20), **more) as receiver:
        browser.port = int(receiver.callback_url.split(":")[2].split("/")[0])
        return receiver(LINK)


# --- the console ---


def test_the_console_asks_on_standard_error_and_reads_a_line():
    """The link and the prompts go to standard error; an empty answer is asked again; white space goes."""
    done = console("\n  \n abc \nleft over\n")
    assert (done.returncode, done.stdout) == (0, "abc\n")
    assert LINK in done.stderr


@pytest.mark.parametrize("stdin", ["", "\n\n\n\n\n"])
def test_the_console_gives_up(stdin):
    """The end of input, or nothing three times, is a clear error of ours."""
    done = console(stdin)
    assert done.returncode == 1
    assert "OAuthHookError: no verifier was entered" in done.stderr


@pytest.mark.promise("only-web-urls-are-shown-and-opened")
def test_the_console_shows_web_addresses_only():
    """A link that is no web address is refused."""
    assert "UsageError" in console("abc\n", "file:///etc/passwd").stderr


# --- the receiver ---


def test_the_whole_flow_with_a_browser(oauth_provider):
    """Callback on 127.0.0.1, consent, the last page without a query, the token; the port is closed afterwards."""
    pages = []
    with LoopbackReceiver(open_browser=lambda url: pages.append(get(oauth_provider.approve(url))), timeout=20) as ask:
        assert ask.callback_url.startswith("http://127.0.0.1:")
        flow = OAuthFlow(
            oauth_provider.consumer, oauth_provider.request_token_url, oauth_provider.authorization_url,
            oauth_provider.access_token_url, callback=ask.callback_url, confirmed="require",
        )  # fmt: skip
        token = flow.authorize(ask)
    assert get(oauth_provider.resource_url, auth=flow.hook(token)).status_code == 200
    assert eventually(lambda: pages)
    assert pages[0].status_code == 200
    assert "oauth_" not in pages[0].url + pages[0].text
    with pytest.raises(requests.ConnectionError):
        get(ask.callback_url)


def test_denial_is_received_too(oauth_provider):
    """A user who says no gets a page, and the flow its ProviderError."""
    pages = []
    with LoopbackReceiver(open_browser=lambda url: pages.append(get(oauth_provider.deny(url))), timeout=20) as ask:
        flow = OAuthFlow(
            oauth_provider.consumer, oauth_provider.request_token_url, oauth_provider.authorization_url,
            oauth_provider.access_token_url, callback=ask.callback_url,
        )  # fmt: skip
        with pytest.raises(ProviderError) as caught:
            flow.authorize(ask)
    assert caught.value.problem == "user_refused"
    assert eventually(lambda: pages)
    assert pages[0].status_code == 200


def test_only_our_callback_counts():
    """Favicons, scanners, other tokens, no token and wrong paths are answered, and waited past."""
    browser = visit("/favicon.ico", "/robots.txt", "/?oauth_token=theirs&oauth_verifier=evil", "/?oauth_verifier=evil",
                    "/", "/?oauth_token=ours&oauth_verifier=v")  # fmt: skip
    assert receive(browser).endswith("/?oauth_token=ours&oauth_verifier=v")
    assert eventually(lambda: len(browser.seen) == 6)
    assert all(answer.status_code >= 400 for answer in browser.seen[:4])
    assert browser.seen[-1].status_code == 200
    assert "evil" not in "".join(answer.text for answer in browser.seen)


def test_garbage_and_stalled_connections_do_not_hold_it_up():
    """What is no HTTP, and connections that say nothing, do not keep the callback out."""

    def browser(url):
        with socket.create_connection(("127.0.0.1", browser.port)), \
             socket.create_connection(("127.0.0.1", browser.port)) as junk:  # fmt: skip
            junk.sendall(b"\x16\x03\x01\x00\xff garbage\r\n\r\n")
            browser.answer = get(f"http://127.0.0.1:{browser.port}/?oauth_token=ours&oauth_verifier=v")

    begin = time.monotonic()
    assert "oauth_verifier=v" in receive(browser, timeout=60)
    assert time.monotonic() - begin < 30
    assert eventually(lambda: hasattr(browser, "answer"))
    assert browser.answer.status_code == 200


def test_a_second_tab_changes_nothing():
    """The first callback is the one; the second tab gets a page or a closed port, never an exception here."""
    browser = visit("/?oauth_token=ours&oauth_verifier=first", "/?oauth_token=ours&oauth_verifier=second")
    assert receive(browser).endswith("first")


def test_foreign_hosts_are_not_served():
    """A page that points its own name at this address (DNS rebinding) is refused."""
    refused = []

    def browser(url):
        address = f"http://127.0.0.1:{browser.port}/?oauth_token=ours&oauth_verifier=v"
        refused.append(get(address, headers={"Host": "evil.example"}).status_code)
        get(address)

    assert "oauth_verifier=v" in receive(browser)
    assert refused[0] >= 400


def test_it_waits_no_longer_than_its_deadline():
    """Nobody comes back: a clear error after the timeout, and nothing left behind."""
    threads, begin = threading.active_count(), time.monotonic()
    with pytest.raises(OAuthHookError, match="seconds"):
        receive(visit(), timeout=0.5)
    assert time.monotonic() - begin < 20
    assert eventually(lambda: threading.active_count() <= threads)


def test_it_is_good_for_one_call(capsys):
    """After one call it is closed; a browser that does not open is said, with the link."""
    browser = visit("/?oauth_token=ours&oauth_verifier=v")
    receiver = LoopbackReceiver(open_browser=lambda url: browser(url) or False, timeout=20)
    browser.port = int(receiver.callback_url.split(":")[2].rstrip("/"))
    receiver(LINK)
    with pytest.raises(UsageError, match="another"):
        receiver(LINK)
    assert LINK in capsys.readouterr().err


def test_bad_arguments():
    """A port that is taken or none, a timeout that is none, no browser: each is named."""
    with LoopbackReceiver() as taken:
        port = int(taken.callback_url.split(":")[2].rstrip("/"))
        for arguments in ({"port": port}, {"port": -1}, {"port": "80"}, {"timeout": 0}, {"timeout": "5"},
                          {"open_browser": None}, {"path": "no slash"}):  # fmt: skip
            with pytest.raises(UsageError):
                LoopbackReceiver(**arguments)


@pytest.mark.browser
@pytest.mark.skipif(not shutil.which("chromium"), reason="there is no chromium")
def test_the_last_page_in_a_browser(tmp_path):
    """A real browser arrives at the last page, which says that all is done and has labels for everybody."""
    pages = []

    def browser(url):
        pages.append(subprocess.run(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             f"--user-data-dir={tmp_path}", "--dump-dom",
             f"http://127.0.0.1:{browser.port}/?oauth_token=ours&oauth_verifier=v"],
            capture_output=True, text=True, timeout=60, check=False,
        ).stdout)  # fmt: skip

    receive(browser, timeout=60)
    assert eventually(lambda: pages)
    assert '<html lang="en">' in pages[0]
    assert "<h1" in pages[0]
    assert "oauth_verifier" not in pages[0]


# --- a server that never comes to an end ---


class Drip:
    """A server that sends an octet now and then, of its head or its body, and notes who hangs up."""

    def __init__(self, start):
        self.start, self.asked, self.hung_up, self.end = start, 0, 0, threading.Event()
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.settimeout(30)
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/"
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        with self.socket, contextlib.suppress(OSError):
            while not self.end.is_set():
                self.answer(self.socket.accept()[0])

    def answer(self, connection):
        with connection:
            connection.settimeout(0.05)
            try:
                connection.recv(65536)
                self.asked += 1
                connection.sendall(self.start)
                while not self.end.is_set():
                    connection.sendall(b"x")
                    with contextlib.suppress(TimeoutError):
                        if not connection.recv(65536):
                            break
            except ConnectionError:
                pass
            self.hung_up += 1

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end.set()
        with contextlib.suppress(OSError):
            socket.create_connection(self.socket.getsockname()).close()
        self.thread.join(10)


HEAD, BODY = b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n"
CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFF\r\n"


@pytest.mark.parametrize(
    ("start", "own"),
    [(b"", True), (HEAD, True), (HEAD, False), (BODY, True), (BODY, False), (CHUNKS, True)],
    ids=["start", "head", "head, no session", "body", "body, no session", "chunks"],
)
def test_who_is_given_up_is_hung_up(start, own):
    """When time is up the connection is hung up, and the thread that waited for it ends, whosever session it is."""
    with Drip(start) as server, contextlib.closing(requests.Session()) as session:
        before = set(threading.enumerate())
        with pytest.raises(requests.ReadTimeout, match=r"within 0\.3"):
            send_request("POST", server.url, session=session if own else None, timeout=0.3)
        assert eventually(lambda: set(threading.enumerate()) <= before)
        assert eventually(lambda: server.hung_up)
        assert (server.asked, server.hung_up) == (1, 1)


def test_nothing_is_tried_again_when_time_is_up():
    """An adapter that was told to retry does not when time is up: its one connection is hung up."""
    with Drip(b"") as server, contextlib.closing(requests.Session()) as session:
        session.mount("http://", HTTPAdapter(max_retries=Retry(3, backoff_factor=0)))
        before = set(threading.enumerate())
        with pytest.raises(requests.ReadTimeout):
            send_request("GET", server.url, session=session, timeout=0.3)
        assert eventually(lambda: set(threading.enumerate()) <= before)
        assert eventually(lambda: server.hung_up)
        assert (server.asked, server.hung_up) == (1, 1)


def test_what_else_a_session_does_goes_on(server):
    """Only the exchange that was given up is hung up: the session's other connections are used on."""
    with Drip(BODY) as drip, contextlib.closing(requests.Session()) as session:
        with session.get(server.url, stream=True) as other:
            with pytest.raises(requests.ReadTimeout):
                send_request("POST", drip.url, session=session, timeout=0.3)
            assert eventually(lambda: drip.hung_up)
            assert other.json() == {"method": "GET"}
        assert send_request("POST", server.url, session=session, timeout=30).ok


@pytest.mark.parametrize(
    ("headers", "body"), [({}, "<h1>" * 16384), ({"WWW-Authenticate": "OAuth " + "oauth_a" * 8571}, "")]
)
def test_a_refusal_is_read_in_time(headers, body):
    """Reading a refusal's words takes no longer than the refusal is long: none can be made to hang."""
    start = time.thread_time()
    read_refusal(401, headers, body)
    assert time.thread_time() - start < 2
