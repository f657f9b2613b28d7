"""The time of a server (RFC 5849 s3.3): the system's, and what refusals teach about it.

Servers refuse timestamps that are far from their own clock, and say what that is. The
offset is learned once and added from then on; it is the only thing about a hook that
changes, and threads, and the hooks of other users, share it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from ..errors import UsageError

__all__ = ["ServerClock"]


# Seconds by which a correction may set timestamps back without being followed.
MAX_STEP_BACK = 300


class ServerClock:
    """A clock that can be corrected.

    :param clock: returns seconds since the epoch; ``None``: ``time.time``.
    :raises UsageError: it cannot be called.
    """

    # Attributes are set whole and read whole, which threads may do at once: there is no
    # lock that a fork could find taken.
    __slots__ = ("_clock", "_last", "_offset")

    def __init__(self, clock: Callable[[], float] | None = None) -> None:
        if clock is not None and not callable(clock):
            raise UsageError(f"clock is called for each request, so it must be callable, not {type(clock).__name__}")
        self._clock = clock
        self._offset: float | None = None
        self._last = 0

    def timestamp(self) -> str:
        """Return the server's time, as far as we know it, in whole seconds since the epoch.

        Once an offset has been learned it never goes back, though our own clock may be set
        back: some servers refuse a timestamp that is lower than the last.

        :raises UsageError: the clock returned no number.
        """
        now = time.time() if self._clock is None else self._now()
        if self._offset is None:
            return str(int(now))
        self._last = last = max(self._last, int(now + self._offset))
        return str(last)

    def learn(self, server_time: float) -> None:
        """Take over the server's time, in seconds since the epoch.

        Small corrections do not set timestamps back; one of more than five minutes has to.
        """
        if self._last - server_time > MAX_STEP_BACK:
            self._last = int(server_time)
        self._offset = server_time - self._now()

    def _now(self) -> float:
        if self._clock is None:
            return time.time()
        now = self._clock()
        if not isinstance(now, int | float) or not math.isfinite(now):
            raise UsageError(f"clock must return seconds since the epoch, not {now!r}")
        return now
