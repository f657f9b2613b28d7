"""The deadline of one exchange, for everything that a timeout of requests does not bound."""

from __future__ import annotations

import contextlib
import io
import socket
import threading
import time

import pytest
import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3.util import Retry

from oauth_hook import OAuthAdapter, OAuthHook, ProviderError
from oauth_hook.tokens.http import send_request

BUDGET = 0.3  # seconds that an exchange has
SOON = 5  # seconds by which it is given up, on a processor that is shared


@pytest.fixture
def listener():
    """A socket that listens on loopback, and whatever it has accepted, closed at the end."""
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


def url_of(listener, scheme="http"):
    return f"{scheme}://127.0.0.1:{listener.getsockname()[1]}/"


def eventually(condition):
    deadline = time.monotonic() + 30
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


@contextlib.contextmanager
def given_up(error=requests.ReadTimeout):
    """What is in the block is given up soon, and leaves no thread behind."""
    before, begin = set(threading.enumerate()), time.monotonic()
    with pytest.raises(error):
        yield
    assert time.monotonic() - begin < SOON
    assert eventually(lambda: set(threading.enumerate()) <= before)


def test_a_name_that_is_looked_up_for_ever(monkeypatch):
    """A resolver that does not answer holds up its own thread, which ends with it, and not the caller."""
    over = threading.Event()

    def getaddrinfo(*_, **__):
        over.wait(30)
        raise socket.gaierror("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    before, begin = set(threading.enumerate()), time.monotonic()
    with pytest.raises(requests.Timeout):
        send_request("GET", "http://slow.example/", timeout=BUDGET)
    assert time.monotonic() - begin < SOON
    over.set()
    assert eventually(lambda: set(threading.enumerate()) <= before)


def test_a_name_with_many_addresses(monkeypatch):
    """Each address has a timeout of its own, and all together the time of the exchange."""
    made = []

    def connect(address, *_, **__):
        for _ in range(10):
            time.sleep(BUDGET)
        made.append(socket.socket())
        return made[0]

    monkeypatch.setattr("urllib3.util.connection.create_connection", connect)
    with given_up(requests.Timeout):
        send_request("GET", "http://many.example/", timeout=BUDGET)
    assert made[0].fileno() == -1, "what is connected too late is closed"


@pytest.mark.promise("a-timeout-bounds-the-whole-response")
@pytest.mark.parametrize("verify", [True, False])
def test_a_handshake_that_drips(listener, verify):
    """A server that sends TLS' first messages byte by byte is hung up."""
    hung_up = threading.Event()

    def drip():
        connection = listener.accept()[0]
        with connection, contextlib.suppress(OSError):
            connection.settimeout(0.05)
            connection.sendall(b"\x16\x03\x03\x3f\xff\x02")
            while True:
                connection.sendall(b"\0")
                with contextlib.suppress(TimeoutError):
                    if not connection.recv(65536):
                        break
        hung_up.set()

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    with contextlib.closing(requests.Session()) as session:
        session.verify = verify
        with pytest.raises(requests.Timeout):
            send_request("GET", url_of(listener, "https"), session=session, timeout=BUDGET)
    assert hung_up.wait(SOON)
    thread.join(SOON)


def test_a_proxy_that_drips(listener):
    """So is a proxy that does so with its answer to CONNECT."""

    def drip():
        connection = listener.accept()[0]
        with connection, contextlib.suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 ")
            while True:
                connection.sendall(b"x")
                time.sleep(0.05)

    threading.Thread(target=drip, daemon=True).start()
    with contextlib.closing(requests.Session()) as session:
        session.proxies = {"https": url_of(listener)}
        begin = time.monotonic()
        with pytest.raises(requests.Timeout):
            send_request("GET", "https://service.example/", session=session, timeout=BUDGET)
        assert time.monotonic() - begin < SOON


@pytest.mark.parametrize("policy", [
    Retry(3, backoff_factor=60, status_forcelist=(503,)),
    Retry(3, backoff_factor=60, status_forcelist=(503,), allowed_methods=None),
    Retry(3),
], ids=["pauses", "pauses for every method", "as the server says"])  # fmt: skip
@pytest.mark.parametrize("kind", ["stock", "signing"])
def test_pauses_between_attempts(server, policy, kind):
    """A policy that would wait for an hour waits until the exchange is over."""
    server.answer = lambda request: (503, {"Retry-After": "3600"}, b"")
    hook = OAuthHook("t", "s", "c", "s")
    with contextlib.closing(requests.Session()) as session:
        session.mount(
            "http://", HTTPAdapter(max_retries=policy) if kind == "stock" else OAuthAdapter(hook, max_retries=policy)
        )
        with given_up():
            send_request("GET", server.url, session=session, timeout=BUDGET)
    assert len(server.received) == 1


def test_a_pool_that_lends_no_more_connections(server):
    """An adapter that blocks while all its connections are out does so until the exchange is over."""
    with contextlib.closing(requests.Session()) as session:
        session.mount("http://", HTTPAdapter(pool_maxsize=1, pool_block=True))
        with session.get(server.url, stream=True, timeout=20), given_up():
            send_request("GET", server.url, session=session, timeout=BUDGET)
        assert send_request("GET", server.url, session=session, timeout=20).ok


def test_a_connection_from_before_is_used_and_hung_up(listener):
    """What a session has connected before carries the request, and is hung up like a new one."""
    accepted = []

    def serve():
        with contextlib.suppress(OSError):
            while True:
                connection = listener.accept()[0]
                accepted.append(connection)
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
                while True:
                    connection.sendall(b"x")
                    time.sleep(0.05)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    with contextlib.closing(requests.Session()) as session:
        assert session.get(url_of(listener), timeout=20).text == "ok"
        with pytest.raises(requests.ReadTimeout):
            send_request("GET", url_of(listener), session=session, timeout=BUDGET)
    assert len(accepted) == 1
    thread.join(SOON)
    assert not thread.is_alive()
    accepted[0].close()


def test_a_session_goes_on_as_before(server):
    """An exchange leaves a session as it was: its one connection is used again, without a deadline."""
    with contextlib.closing(requests.Session()) as session:
        adapter = session.get_adapter(server.url)
        for _ in range(3):
            assert send_request("GET", server.url, session=session, timeout=20).ok
            assert session.get(server.url, timeout=20).ok
        assert type(session.get_adapter(server.url)) is type(adapter) is HTTPAdapter
        (pool,) = adapter.poolmanager.pools._container.values()
        assert pool.num_connections == 1


def test_a_transport_of_ones_own(server):
    """An adapter that is none of urllib3's is asked as it is, with the timeout."""
    asked = []

    class Own(BaseAdapter):
        def send(self, request, timeout=None, **settings):
            asked.append(timeout)
            response = requests.Response()
            response.status_code, response.request, response.url = 200, request, request.url
            response.raw = io.BytesIO(b"whole")
            return response

        def close(self):
            pass

    with contextlib.closing(requests.Session()) as session:
        session.mount("own://", Own())
        assert send_request("GET", "own://somewhere/", session=session, timeout=20).text == "whole"
    assert 0 < asked[0] <= 20


def test_an_interrupt_is_no_timeout(server):
    """Ctrl-C, or whatever else ends a program, is not made a timeout of."""

    def interrupt(request):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        send_request("GET", server.url, auth=interrupt, timeout=BUDGET)


def test_what_fails_before_it_is_late_is_as_it_was(server):
    """Errors of the exchange come through."""
    server.answer = lambda request: (200, {}, b"x" * (2 << 20))
    with pytest.raises(ProviderError, match="larger"):
        send_request("GET", server.url, timeout=20)
    with pytest.raises(requests.exceptions.SSLError):
        send_request("GET", server.url.replace("http:", "https:"), timeout=20)
