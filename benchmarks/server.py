"""A server on loopback that answers each request at once, in a process of its own: ``python -m benchmarks.server``.

It does as little as it can, so that a client's own time is what differs, and prints its port.
"""

from __future__ import annotations

import re
import socket
import threading

_RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
_find_length = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE).search


def main() -> None:
    """Serve until the process is ended."""
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=_serve, args=(connection,), daemon=True).start()


def _serve(connection: socket.socket) -> None:
    """Answer all requests of a connection."""
    data = b""
    with connection:
        while received := connection.recv(1 << 16):
            data += received
            while b"\r\n\r\n" in data:
                head, _, rest = data.partition(b"\r\n\r\n")
                length = _find_length(head)
                size = int(length[1]) if length else 0
                if len(rest) < size:
                    break
                data = rest[size:]
                connection.sendall(_RESPONSE)


if __name__ == "__main__":
    main()
