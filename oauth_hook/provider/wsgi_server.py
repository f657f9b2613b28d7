"""HTTP/1.1 to WSGI, on the standard library's server: enough for one application, and no less.

- A connection is kept alive and has one thread; a response goes out in one send.
- A body is chunked, sized or absent (RFC 9112 s6.3), and ``wsgi.input`` ends where it ends.  A client
  that waits for ``100 Continue`` gets it when the application first reads, so that a refusal
  spares the upload.
- What the application left unread is read and dropped, within reason; else the connection closes.
- The raw request target travels as ``REQUEST_URI``, because WSGI decodes the path.
- A connection that is reset or falls silent is not an error, and is not reported.
"""

from __future__ import annotations

import io
import logging
import os
import re
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from time import monotonic, time
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from .messages import PIECE_BYTES

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

__all__ = ["BodyReader", "Server"]

log = logging.getLogger("oauth_hook.provider")

_THREAD = "oauth_hook.provider"
_POLL_SECONDS = 0.02  # how long close() may have to wait
_MAX_DRAINED_BYTES = 256 * 1024 * 1024
_MAX_LINE_BYTES = 8 * 1024
_FAILURE = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_AUTHORITY = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/?]*")  # of a target in absolute form
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?")


class MalformedBodyError(Exception):
    """A body that is not framed as HTTP says."""


class BodyReader(io.RawIOBase):
    """One request body on a connection that goes on after it (RFC 9112 s6).

    :param source: the connection.
    :param length: in bytes; ``None``: the body is chunked.
    :param begin: called before the first byte is read.
    """

    def __init__(self, source: io.BufferedReader, length: int | None, begin: Callable[[], None]) -> None:
        super().__init__()
        self.begun = False
        self.ended = length == 0
        self._source = source
        self._chunked = length is None
        self._left = length or 0
        self._begin = begin

    def readable(self) -> bool:
        """Return ``True``."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what there is, up to the end of the body.

        :raises ConnectionError: the client left before that.
        :raises MalformedBodyError: it sent something else than a chunk.
        """
        if not self.begun:
            self.begun = True
            self._begin()
        if self._chunked and self._left == 0 and not self.ended:
            self._next_chunk()
        if self.ended:
            return 0
        count = self._source.readinto1(memoryview(buffer)[: self._left])
        if count == 0:
            raise ConnectionResetError("the client left in the middle of a body")
        self._left -= count
        if self._left == 0:
            self._end_part()
        return count

    def _next_chunk(self) -> None:
        """Read the size of a chunk, and after the last one the trailers (RFC 9112 s7.1)."""
        size = _CHUNK_SIZE.fullmatch(self._line())
        if size is None:
            raise MalformedBodyError("a chunk has no size")
        self._left = int(size[1], 16)
        if self._left == 0:
            self.ended = True
            while self._line():
                pass

    def _end_part(self) -> None:
        """Go on to what follows a sized body, or a chunk."""
        if not self._chunked:
            self.ended = True
        elif self._line():
            raise MalformedBodyError("a chunk does not end where its size says")

    def _line(self) -> bytes:
        line = self._source.readline(_MAX_LINE_BYTES)
        if not line.endswith(b"\n"):
            raise MalformedBodyError("a line is too long, or has no end")
        return line.rstrip(b"\r\n")


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Server
    protocol_version = "HTTP/1.1"
    default_request_version = "HTTP/1.1"  # else a broken request line gets a response of HTTP/0.9: without a head
    disable_nagle_algorithm = True
    timeout = 60  # seconds of silence
    rbufsize = PIECE_BYTES

    def handle_one_request(self) -> None:
        """Read one request, respond to it, and leave the connection ready for the next."""
        self.close_connection = True
        self._awaited = False
        try:
            self.raw_requestline = self.rfile.readline(PIECE_BYTES)
        except (ConnectionError, TimeoutError):
            return
        if not self.raw_requestline or not self._head_is_good():
            return
        try:
            body = BodyReader(self.rfile, self._body_length(), self._continue)  # type: ignore[arg-type]
            response = self._respond(body)
        except MalformedBodyError as error:
            self.close_connection = True
            self.send_error(400, str(error))
            return
        self.wfile.write(response)
        self._drain(body)

    def handle_expect_100(self) -> bool:
        """Wait with ``100 Continue`` until the body is wanted."""
        self._awaited = True
        return True

    def log_message(self, format: str, *args: Any) -> None:
        """Log what the standard library remarks on, such as a broken request line."""
        log.debug(f"%s: {format}", self.client_address[0], *args)

    def _head_is_good(self) -> bool:
        """Read the head; where it cannot be understood, respond with that."""
        if self.raw_requestline.endswith(b"\n"):
            return self.parse_request()
        self.requestline = self.command = self.request_version = ""
        self.send_error(414)
        return False

    def _body_length(self) -> int | None:
        """Return the length of the body; ``None``: it is chunked (RFC 9112 s6.3).

        :raises MalformedBodyError: it cannot be told where the body ends.
        """
        coding = self.headers.get("Transfer-Encoding")
        lengths = set(self.headers.get_all("Content-Length", []))
        if coding is None and not lengths:
            return 0
        if coding is not None and not lengths and coding.strip().lower() == "chunked":
            return None
        length = lengths.pop() if coding is None and len(lengths) == 1 else ""
        if not re.fullmatch(r"[0-9]{1,18}", length):
            raise MalformedBodyError("the length of the body cannot be told")
        return int(length)

    def _continue(self) -> None:
        if self._awaited:
            self._awaited = False
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _respond(self, body: BodyReader) -> bytes:
        """Return the whole response, head and body: it is sent at once, which no delayed ACK can hold up."""
        started: list[tuple[str, list[tuple[str, str]]]] = []
        written: list[bytes] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            started.append((status, headers))
            return written.append

        content = self.server.application(self._environ(body), start_response)
        try:
            written.extend(content)
        finally:
            if hasattr(content, "close"):
                content.close()
        if self._awaited:  # it cannot be known now whether the body will come
            self.close_connection = True
        status, headers = started[-1]
        lines = [f"HTTP/1.1 {status}", f"Date: {formatdate(self.server.clock(), usegmt=True)}"]
        lines += [f"{name}: {value}" for name, value in headers]
        lines += [f"Connection: {'close' if self.close_connection else 'keep-alive'}", "", ""]
        return "\r\n".join(lines).encode("latin-1") + b"".join(written)

    def _environ(self, body: BodyReader) -> dict[str, Any]:
        """Return the request as PEP 3333 has it."""
        target = self.requestline.split()[1]  # self.path has been tidied up by the standard library
        path, _, query = _AUTHORITY.sub("", target).partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.command,
            "REQUEST_URI": target,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path.encode("latin-1")).decode("latin-1"),
            "QUERY_STRING": query,
            "SERVER_NAME": self.server.server_address[0],
            "SERVER_PORT": str(self.server.server_address[1]),
            "SERVER_PROTOCOL": self.request_version,
            "REMOTE_ADDR": self.client_address[0],
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO() if body.ended else io.BufferedReader(body, PIECE_BYTES),
            "wsgi.input_terminated": True,
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in self.headers.items():
            if "_" in name:  # would pass for the same name with a hyphen
                continue
            key = name.upper().replace("-", "_")
            key = key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"
            unfolded = " ".join(value.split()) if "\n" in value else value.strip()
            environ[key] = f"{environ[key]}, {unfolded}" if key in environ else unfolded
        return environ

    def _drain(self, body: BodyReader) -> None:
        """Read what the application left of the body, or give the connection up."""
        waste, left = bytearray(PIECE_BYTES), _MAX_DRAINED_BYTES
        try:
            while not (self.close_connection or body.ended):
                left -= body.readinto(waste)
                self.close_connection = left < 0
        except MalformedBodyError:
            self.close_connection = True


class Server(ThreadingMixIn, TCPServer):
    """A WSGI application behind a socket, served in the background from construction to :meth:`close`.

    :param application: what to serve; its responses are held whole, so they should be small.
    :param host: the name or IP address to listen on.
    :param port: the port; 0: a free one.
    :param clock: returns the time for the ``Date`` header, in seconds since the epoch.
    :raises OSError: it cannot listen there.
    """

    allow_reuse_address = os.name != "nt"
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, application: WSGIApplication, host: str, port: int, clock: Callable[[], float] = time) -> None:
        self.application = application
        self.clock = clock
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._connections: dict[threading.Thread, socket.socket] = {}
        self._lock = threading.Lock()
        super().__init__((host, port), _Handler)
        self._thread = threading.Thread(target=self.serve_forever, args=(_POLL_SECONDS,), name=_THREAD, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening, cut the connections, and wait for the threads, a second at most."""
        self.shutdown()
        self.server_close()
        with self._lock:
            connections = dict(self._connections)
        for connection in connections.values():
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        deadline = monotonic() + 1
        for thread in [self._thread, *connections]:
            thread.join(max(0, deadline - monotonic()))

    def process_request(self, request: Any, client_address: Any) -> None:
        """Give a connection its thread."""
        arguments = (request, client_address)
        thread = threading.Thread(target=self.process_request_thread, args=arguments, name=_THREAD, daemon=True)
        with self._lock:
            self._connections[thread] = request
        thread.start()

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection to its end."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                self._connections.pop(threading.current_thread(), None)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report a failure of the application, and respond with it; a lost connection is not one."""
        error = sys.exc_info()[1]
        if isinstance(error, OSError):
            log.debug("%s: %s", client_address[0], error)
            return
        log.error("the application failed", exc_info=error)
        with suppress(OSError):
            request.sendall(_FAILURE)
