"""A deadline for one exchange, which hangs up whatever is still connected then.

A timeout of ``requests`` bounds each wait for the socket. A server that sends a byte now and then never reaches it; nor
does a ``Retry`` policy that pauses for an hour, or a name with many IP addresses. So the connection pool that is about
to send gets three manners, which last for as long as a deadline is set, in the thread that has set it:

- its connections tell the deadline their sockets, which a timer shuts down when time is up;
- a connection is made in a thread of its own, because nothing can interrupt the look-up of a name;
- no attempt begins, and no pause lasts, beyond the deadline.

Which session, adapter and proxy a pool belongs to makes no difference. Transports that are not of urllib3, such as
those of test kits, do as they do.
"""

from __future__ import annotations

import copy
import errno
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import EmptyPoolError, HTTPError, LocationValueError
from urllib3.util import Retry

if TYPE_CHECKING:
    _Connection = HTTPConnection
    _Pool = HTTPConnectionPool
    _Policy = Retry
else:
    _Connection = _Pool = _Policy = object  # they are mixed into the classes that a pool has

__all__ = ["Deadline", "bound_pool"]

_GRACE_SECONDS = 0.1  # so that the timeouts of requests, which say more, come first


class Deadline:
    """Bounds what its block sends, by this thread, through pools that ``bound_pool`` has been told of::

        with Deadline(30) as deadline:
            ...

    :param seconds: for all of it together.
    :ivar is_over: whether the exchange was given up; what comes of it then means nothing.
    :raises requests.ReadTimeout: at the end of the block: time was up, whatever else came of it.
    """

    def __init__(self, seconds: float) -> None:
        self.is_over = False
        self._seconds = seconds
        self._end = time.monotonic() + seconds
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds + _GRACE_SECONDS, self._hang_up)
        self._timer.daemon = True

    def __enter__(self) -> Deadline:
        self._timer.start()
        self._outer = _current.set(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        _current.reset(self._outer)
        self._timer.cancel()
        self._timer.join()
        for each in self._sockets:
            each.close()
        # What is hung up fails in many ways, or looks like a whole response; none of it means anything.
        if self.is_over and (kind is None or issubclass(kind, Exception)):
            raise requests.ReadTimeout(f"there was no whole response within {self._seconds} seconds") from None

    @property
    def left(self) -> float:
        """The seconds that are left, and never 0, which is no timeout that can be set."""
        return max(self._end - time.monotonic(), 0.001)

    def watch(self, connected: Any) -> None:
        """Hang up this connection when time is up.

        A duplicate of its socket is kept, which nobody else closes, and which outlives the beginning of TLS.
        """
        try:
            duplicate = socket.fromfd(connected.fileno(), socket.AF_INET, socket.SOCK_STREAM)
        except OSError as error:
            if error.errno == errno.ENOTSOCK:  # from Python 3.14 on: what stands in for a recorded one, and never waits
                return
            raise
        with self._lock:
            self._sockets.append(duplicate)
            if self.is_over:
                _shut_down(duplicate)

    def _hang_up(self) -> None:
        with self._lock:
            self.is_over = True
            for each in self._sockets:
                _shut_down(each)

    def give_up(self) -> NoReturn:
        """End the exchange in the caller's thread."""
        self.is_over = True
        raise _GivenUpError

    def connect(self, connect: Callable[[], socket.socket]) -> socket.socket:
        """Return the socket that a call has connected, or give it up when time is up.

        The call goes on by itself then, until the resolver or its own timeout ends it, and what it connects is closed.
        """
        made: list[socket.socket] = []
        failed: list[Exception] = []
        lock, is_late = threading.Lock(), False

        def work() -> None:
            try:
                connected = connect()
            except (HTTPError, OSError, ValueError) as error:  # raised in the caller's thread
                failed.append(error)
                return
            with lock:
                made.append(connected)
            if is_late:
                connected.close()

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        try:
            thread.join(self.left + _GRACE_SECONDS)
        finally:  # Ctrl-C, too, may have ended the wait
            with lock:
                is_late = not made
        if failed:
            raise failed[0]
        if is_late:
            self.give_up()
        self.watch(made[0])
        return made[0]


class _GivenUpError(Exception):
    """Passes through urllib3 and requests, which take no notice of it."""


_current: ContextVar[Deadline | None] = ContextVar("oauth_hook.tokens.deadline", default=None)


def bound_pool(session: requests.Session, request: requests.PreparedRequest, settings: dict[str, Any]) -> None:
    """Have the pool through which a session will send a request keep deadlines.

    :param settings: what ``merge_environment_settings`` gave.
    """
    adapter = session.get_adapter(request.url or "")
    if not isinstance(adapter, HTTPAdapter):
        return
    with suppress(LocationValueError):  # which sending says in requests' own words
        pool = adapter.get_connection_with_tls_context(
            request, settings["verify"], proxies=settings["proxies"], cert=settings["cert"]
        )
        _mix_into(pool, _BoundedPool)


def _shut_down(connected: socket.socket) -> None:
    """End every wait for a connection; closing a socket would not wake up who is waiting for it."""
    with suppress(OSError):  # it is closed already
        connected.shutdown(socket.SHUT_RDWR)  # under TLS: without its farewell


def _mix_into(value: Any, mixin: Any) -> None:
    """Give an object that urllib3 keeps to itself the methods of a mixin, for good."""
    if not isinstance(value, mixin):
        kind: Any = type(value)
        object.__setattr__(value, "__class__", _mixed_class(mixin, kind))  # vcrpy's own would set it elsewhere, too


@lru_cache
def _mixed_class(mixin: Any, kind: Any) -> Any:
    return type(f"Bounded{kind.__name__}", (mixin, kind), {})


class _BoundedConnection(_Connection):
    def _new_conn(self) -> Any:
        deadline = _current.get()
        return super()._new_conn() if deadline is None else deadline.connect(super()._new_conn)

    def _tunnel(self) -> None:
        """Have a proxy connect; its response may look whole when it is hung up."""
        super()._tunnel()
        if (deadline := _current.get()) is not None and deadline.is_over:
            deadline.give_up()


class _BoundedPool(_Pool):
    def urlopen(  # type: ignore[override]
        self,
        method: str,
        url: str,
        body: Any = None,
        headers: Any = None,
        retries: Any = None,
        *others: Any,
        **more: Any,
    ) -> Any:
        """Make one attempt, if there is time; the next one, if there is to be one, comes here again."""
        deadline = _current.get()
        if deadline is not None:
            if deadline.is_over:
                deadline.give_up()
            if isinstance(retries, Retry):
                retries = copy.copy(retries)  # it is the adapter's, which other threads use
                _mix_into(retries, _BoundedRetry)
        return super().urlopen(method, url, body, headers, retries, *others, **more)

    def _get_conn(self, timeout: float | None = None, **more: Any) -> Any:
        """Take a connection, made before or new, and have it keep the deadline, too."""
        deadline = _current.get()
        if deadline is None:
            return super()._get_conn(timeout, **more)
        try:
            connection: Any = super()._get_conn(deadline.left if timeout is None else timeout, **more)
        except EmptyPoolError:  # the pool lends a few connections only, and all are out
            deadline.is_over = deadline.is_over or timeout is None
            raise  # as it is: urllib3 would give back a connection for any other error
        if isinstance(connection, HTTPConnection):
            _mix_into(connection, _BoundedConnection)
            if connection.sock is not None:
                deadline.watch(connection.sock)
        return connection


class _BoundedRetry(_Policy):
    def get_backoff_time(self) -> float:
        """Return the policy's own pause, in seconds, cut off at the deadline."""
        return _within_deadline(super().get_backoff_time())

    def get_retry_after(self, response: Any) -> float | None:
        """Return the server's pause, in seconds, cut off at the deadline."""
        seconds = super().get_retry_after(response)
        return None if seconds is None else _within_deadline(seconds)


def _within_deadline(pause: float) -> float:
    """Return a pause, cut off where the exchange will be given up."""
    deadline = _current.get()
    return pause if deadline is None else min(pause, deadline.left + 2 * _GRACE_SECONDS)
