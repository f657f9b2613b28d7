"""The time of a server (RFC 5849 s3.3): the system's, and what refusals teach about it.

Servers refuse timestamps that are far from their own clock, and say what that is. What one says may be wrong, or a
trap, so an offset is tried out by one request before it is kept, and counts for the origin that taught it alone.
It is the only thing about a hook that changes; threads, and the hooks of other users, share it.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

from ..errors import UsageError
from ..protocol.message import Message, protocol_parameters, read
from ..protocol.url import Origin, parse_origin

__all__ = ["MAX_REPORT_BYTES", "Refusal", "ServerClock", "is_short_report", "read_refused_time"]

_V = TypeVar("_V")

# Bytes of a refusal that are looked at for its reason.
MAX_REPORT_BYTES = 1 << 16
# Seconds. A clock that is further off may be why a server said 401: most servers take
# timestamps for five minutes.
MAX_CLOCK_SKEW = 300
# Seconds. One that is not may be off by as much where the server says itself that the timestamp is wrong: a Date is
# as old as its response, and no server is stricter.
MIN_CLOCK_SKEW = 30
# Seconds by which our own clock, or a correction, may set timestamps back without being followed.
MAX_STEP_BACK = 300
# Origins whose time is kept, the latest ones.
MAX_ORIGINS = 1000
# Where what a service says in its own words may be about OAuth.
_REFUSALS = (400, 401, 403)
_UNAUTHORIZED = 401


class _Learned:
    """What is known about the time at one origin: how far it is from ours, and the last timestamp sent there."""

    __slots__ = ("last", "offset")

    def __init__(self, offset: float, last: int) -> None:
        self.offset = offset
        self.last = last


class ServerClock:
    """A clock that can be corrected, for each origin by itself.

    :param clock: returns seconds since the epoch; ``None``: ``time.time``.
    :raises UsageError: it cannot be called.
    """

    # The mappings are replaced and never changed, and so are read whole, which threads and pickle may do at any time:
    # there is no lock that a fork could find taken.
    __slots__ = ("_clock", "_learned", "trials")

    def __init__(self, clock: Callable[[], float] | None = None) -> None:
        if clock is not None and not callable(clock):
            raise UsageError(f"clock is called for each request, so it must be callable, not {type(clock).__name__}")
        self._clock = clock
        self._learned: Mapping[Origin | None, _Learned] = {}
        self.trials: Mapping[Origin | None, float] = {}  #: offsets that the next requests are to try out

    def timestamp(self, url: str | None = None, trial: float | None = None) -> str:
        """Return a server's time, as far as we know it, in whole seconds since the epoch.

        Once an offset has been learned it does not go back, though our own clock may be set back by up to five
        minutes: some servers refuse a timestamp that is lower than the last.

        :param url: of the request.
        :param trial: the offset that the request tries out, in seconds.
        :raises UsageError: the clock returned no number.
        """
        now = time.time() if self._clock is None else self._now()
        if trial is not None:
            return str(int(now + trial))
        learned = self._learned and (self._learned.get(parse_origin(url)) or self._learned.get(None))
        if not learned:
            return str(int(now))
        seconds = int(now + learned.offset)
        if not seconds < learned.last <= seconds + MAX_STEP_BACK:
            learned.last = seconds
        return str(learned.last)

    def learn(self, server_time: float, url: str | None = None) -> None:
        """Take over a server's time, in seconds since the epoch.

        :param url: of that server; ``None``: any that has not shown its own.
        """
        origin = parse_origin(url)
        known = self._learned.get(origin)
        learned = _Learned(self.offset_of(server_time), 0 if known is None else known.last)
        self._learned = _with(self._learned, origin, learned)

    def offset_of(self, server_time: float) -> float:
        """Return how far a server's time is from ours, in seconds."""
        return server_time - self._now()

    def find_offset(self, url: str) -> float | None:
        """Return how far the time at an origin is from ours, in seconds, if requests have taught it."""
        learned = self._learned.get(parse_origin(url))
        return None if learned is None else learned.offset

    def propose(self, url: str, offset: float) -> None:
        """Have the next request to an origin try out an offset."""
        self.trials = _with(self.trials, parse_origin(url), offset)

    def take_trial(self, url: str) -> float | None:
        """Return the offset that a request is to try out, and no other after it; ``None``: its own clock will do."""
        origin = parse_origin(url)
        offset = self.trials.get(origin)
        if offset is not None:
            self.trials = {other: trial for other, trial in self.trials.items() if other != origin}
        return offset

    def keep(self, url: str, offset: float) -> None:
        """Keep an offset that was tried out and has helped, though timestamps may go back by it."""
        self._learned = _with(self._learned, parse_origin(url), _Learned(offset, 0))

    def _now(self) -> float:
        if self._clock is None:
            return time.time()
        now = self._clock()
        if not isinstance(now, int | float) or not math.isfinite(now):
            raise UsageError(f"clock must return seconds since the epoch, not {now!r}")
        return now


def is_short_report(headers: Any) -> bool:
    """Tell whether a refusal is short enough to be read for its reason, where the client may mean to stream it."""
    length = headers.get("Content-Length", "")
    return re.fullmatch("[0-9]{1,9}", length) is not None and int(length) <= MAX_REPORT_BYTES


def _with(mapping: Mapping[Origin | None, _V], origin: Origin | None, value: _V) -> dict[Origin | None, _V]:
    """Return a mapping with a value for one more origin; the oldest goes where there are too many."""
    others = [item for item in mapping.items() if item[0] != origin]
    return dict([*others[1 - MAX_ORIGINS :], (origin, value)])


class Refusal(NamedTuple):
    """What a response says against the timestamp or the nonce of its request (s3.3)."""

    server_time: float | None = None  #: the time to try, in seconds since the epoch
    is_nonce_used: bool = False
    is_for_oauth: bool = False  #: whoever sent it did not take the signature, for whatever reason


def read_refused_time(request: Message, status: int, headers: Any, content: bytes) -> Refusal:
    """Read a response for what it says of time, with the reader that ``explain`` has.

    A ``Date`` alone counts only on a 401, and only where it is far from what was sent.

    :param request: as it was sent.
    :param content: the body; empty where it is the caller's to read, and only headers are looked at.
    """
    from ..protocol.problem_reporting import read_problem, server_time  # no request that succeeds needs it

    body = content[:MAX_REPORT_BYTES].decode("utf-8", "replace")
    fields = read_problem(headers, body, anywhere=True)
    if not fields and status not in _REFUSALS:
        return Refusal()
    from ..diagnosis.server_messages import read_refusal  # takes longer to load than a request that succeeds

    sent = request.body if isinstance(request.body, str) else ""
    if isinstance(request.body, bytes):
        sent = request.body[:MAX_REPORT_BYTES].decode("utf-8", "replace")
    words = read_refusal(status, headers, body, sent=f"{request.url} {sent}")
    problem, acceptable = fields.get("oauth_problem"), fields.get("oauth_acceptable_timestamps", "")
    now = server_time(headers, acceptable)
    skew = _measure_skew(request, now)
    helps = (
        problem == "timestamp_refused"
        or bool(acceptable)
        or ("clock-skew" in words.codes and skew > MIN_CLOCK_SKEW)
        or (status == _UNAUTHORIZED and problem is None and skew > MAX_CLOCK_SKEW)
    )
    return Refusal(
        now if helps else None,
        words.codes[:1] == ("nonce-reused",),
        status == _UNAUTHORIZED or bool(fields or words.codes) or words.blames_signature,
    )


def _measure_skew(request: Message, now: float | None) -> float:
    """Return by how many seconds a request was signed for another time; by now the clock may have been corrected."""
    try:
        return abs((now or 0) - int(dict(protocol_parameters(read(request)))["oauth_timestamp"])) if now else 0
    except (KeyError, ValueError):  # somebody has changed it since
        return 0
