"""A small HTTP/1.1 server for one callback: on 127.0.0.1, without threads, for GET requests and small POSTs.

- It runs only while it is asked to (:meth:`Loopback.step`), in the caller's thread, so that an
  interrupt or a deadline ends it at once and nothing is left running.
- No connection holds up another: the sockets never block, each connection has its own time, and
  of too many the oldest is dropped.
- Each connection carries one request.  What is not a request gets a response as soon as that is clear:
  a browser that tries TLS first must not wait for it.
- A connection is closed after the peer has closed it, or a moment later: closing a socket with
  bytes unread resets it, and the browser would show an error in place of the page.
"""

from __future__ import annotations

import re
import selectors
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field

__all__ = ["Loopback", "Request"]

_MAX_REQUEST_BYTES = 1 << 15  # that are read; cookies for 127.0.0.1 come from all its ports
_REQUEST_SECONDS = 10.0  # in which a request has to be complete
_LINGER_SECONDS = 1.0  # in which the peer has to take the response
_MAX_CONNECTIONS = 64  # at once

# RFC 9112 s3: method, target and version; and what may still become that.
_REQUEST_LINE = re.compile(rb"([A-Z]{1,16}) ([!-~]+) HTTP/1\.[01]\r?")
_BEGINNING = re.compile(rb"[A-Z]{1,16}(?: [!-~]*(?: [!-~]*\r?)?)?")
_HEAD = re.compile(rb"(.*?)\r?\n\r?\n", re.DOTALL)
_FIELD = re.compile(rb"([!-9;-~]+):([^\r\n\0]*)\r?")


@dataclass(frozen=True)
class Request:
    """A request.

    :ivar method: such as ``GET``.
    :ivar target: path and query as they were sent; it may hold secrets.
    :ivar headers: by lower-case name; those that came more than once are joined by commas.
    :ivar body: as much of it as has come; likewise.
    :ivar length: of the whole body, in bytes; of one in chunks, which is not read, 0.
    """

    method: str
    target: str = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    body: str = field(default="", repr=False)
    length: int = 0

    @property
    def path(self) -> str:
        """The target before the question mark."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """The target behind the question mark."""
        return self.target.partition("?")[2]

    @property
    def is_complete(self) -> bool:
        """Whether the whole body has come."""
        return len(self.body) >= self.length


@dataclass(eq=False)
class _Connection:
    socket: socket.socket
    until: float
    received: bytearray = field(default_factory=bytearray)
    unsent: bytes = b""
    has_response: bool = False


class Loopback:
    """A listening socket on 127.0.0.1, and the connections to it.

    :param port: where to listen; 0: a free port.
    :raises OSError: the port is taken, or not for us.
    """

    def __init__(self, port: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", port))
        self._listener.setblocking(False)
        self.port: int = self._listener.getsockname()[1]
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._connections: list[_Connection] = []
        self.takes_post = False  #: whether the body of a POST is waited for

    @property
    def is_delivering(self) -> bool:
        """Whether a response is still on its way."""
        return any(connection.has_response for connection in self._connections)

    def close(self) -> None:
        """Let go of the port and of every connection.  Closing twice does nothing more."""
        for connection in list(self._connections):
            self._drop(connection)
        self._selector.close()
        self._listener.close()

    def step(self, seconds: float, respond: Callable[[Request | None], bytes]) -> None:
        """Wait for something to happen, and deal with it.

        :param seconds: how long to wait for it at most.
        :param respond: returns the whole response to a request, or to what is not one (``None``).
        """
        for key, _ in self._selector.select(max(0.0, seconds)):
            if key.fileobj is self._listener:
                self._accept()
            elif key.data in self._connections:  # not dropped for a new one meanwhile
                self._go_on(key.data, respond)
        now = time.monotonic()
        for connection in [late for late in self._connections if late.until < now]:
            self._drop(connection)

    def _accept(self) -> None:
        if len(self._connections) >= _MAX_CONNECTIONS:
            self._drop(self._connections[0])
        try:
            accepted, _ = self._listener.accept()
        except OSError:  # it went away, or no descriptors are left: do not spin until there are some
            time.sleep(0.01)
            return
        accepted.setblocking(False)
        connection = _Connection(accepted, time.monotonic() + _REQUEST_SECONDS)
        self._connections.append(connection)
        self._selector.register(accepted, selectors.EVENT_READ, connection)

    def _drop(self, connection: _Connection) -> None:
        self._connections.remove(connection)
        self._selector.unregister(connection.socket)
        connection.socket.close()

    def _go_on(self, connection: _Connection, respond: Callable[[Request | None], bytes]) -> None:
        try:
            if connection.unsent:
                self._send(connection)
            else:
                self._receive(connection, respond)
        except BlockingIOError:
            return  # the system was wrong about it being ready
        except OSError:
            self._drop(connection)

    def _receive(self, connection: _Connection, respond: Callable[[Request | None], bytes]) -> None:
        piece = connection.socket.recv(_MAX_REQUEST_BYTES)
        if not piece:
            self._drop(connection)
            return
        if connection.has_response:
            return  # the body of another method, which nobody needs
        connection.received += piece
        if _is_enough(connection.received):
            request = _read(bytes(connection.received))
            if self._awaits_body(request) and len(connection.received) <= _MAX_REQUEST_BYTES:
                return
            connection.unsent = respond(request)
            connection.has_response = True
            connection.until = time.monotonic() + _LINGER_SECONDS
            connection.received.clear()
            self._selector.modify(connection.socket, selectors.EVENT_WRITE, connection)

    def _awaits_body(self, request: Request | None) -> bool:
        return request is not None and self.takes_post and request.method == "POST" and not request.is_complete

    def _send(self, connection: _Connection) -> None:
        connection.unsent = connection.unsent[connection.socket.send(connection.unsent) :]
        if not connection.unsent:
            connection.socket.shutdown(socket.SHUT_WR)
            self._selector.modify(connection.socket, selectors.EVENT_READ, connection)


def _is_enough(received: bytearray) -> bool:
    """Tell whether a request is complete, or never will be."""
    if len(received) > _MAX_REQUEST_BYTES or _HEAD.match(received):
        return True
    line, end, _ = received.partition(b"\n")
    return not (_REQUEST_LINE if end else _BEGINNING).fullmatch(line)


def _read(received: bytes) -> Request | None:
    """Return a request, or ``None`` for what is not one, or too long."""
    head = _HEAD.match(received)
    if head is None:
        return None
    first, *others = head[1].split(b"\n")
    start = _REQUEST_LINE.fullmatch(first)
    if start is None or len(head[0]) > _MAX_REQUEST_BYTES:
        return None
    fields = [_FIELD.fullmatch(line) for line in others]
    headers: dict[str, str] = {}
    for found in fields:
        if found is None:
            return None
        name, value = found[1].decode("ascii").lower(), found[2].decode("latin-1").strip(" \t")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    declared = headers.get("content-length", "0")
    length = int(declared[:9]) if declared.isascii() and declared.isdecimal() else 0
    body = received[head.end() : head.end() + length].decode("latin-1")
    return Request(start[1].decode("ascii"), start[2].decode("ascii"), headers, body, length)
