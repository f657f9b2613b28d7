"""The last signed requests, and why they were refused: for a person who looks, with a browser, at what a client did.

- They are kept in memory alone, so many and no more, and without the responses that hold new credentials.
- A cause is looked for when somebody asks for it. The secrets that this takes go into no page: all that is shown has
  gone through the redactor.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from threading import Lock
from time import gmtime, strftime
from typing import TYPE_CHECKING

from ..credentials import AccessToken, Consumer
from .messages import Request, Response
from .storage import ConsumerRow, Storage

if TYPE_CHECKING:
    from ..diagnosis.explain import Explanation

__all__ = ["MAX_REQUESTS", "RecentRequest", "RecentRequests"]

MAX_REQUESTS = 50
"""Requests that are kept, the last ones."""

_MAX_FORM_BYTES = 256 * 1024  # bytes of a form that are kept
_MAX_PATH_CHARS = 120  # characters of a path in the list


@dataclass(eq=False, repr=False)
class _SentRequest:
    """What ``explain`` reads of a request; a body that was not kept is a stream."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes | Iterator[bytes]


@dataclass(eq=False, repr=False)
class _SentResponse:
    """What ``explain`` reads of a response."""

    status_code: int
    reason: str
    headers: dict[str, str]
    _content: bytes
    request: _SentRequest


@dataclass(eq=False, repr=False)
class RecentRequest:
    """A request that was verified, or refused.

    :ivar number: which one it is, counted from 1 since the start.
    :ivar time: when it came, in seconds since the epoch.
    :ivar verdict: ``accepted``, or the problem.
    :ivar is_whole: whether its form was short enough to be kept.
    """

    number: int
    time: float
    verdict: str
    response: _SentResponse
    is_whole: bool

    @property
    def is_refused(self) -> bool:
        """Whether it was refused."""
        return self.response.status_code >= HTTPStatus.BAD_REQUEST

    def describe(self, storage: Storage) -> dict[str, str | int]:
        """Return what the list shows."""
        return {
            "number": self.number,
            "time": strftime("%Y-%m-%dT%H:%M:%SZ", gmtime(self.time)),
            "method": self.response.request.method,
            "path": self._show_path(storage),
            "status": self.response.status_code,
            "verdict": self.verdict,
        }

    def explain(self, storage: Storage) -> Explanation:
        """Say why it was refused."""
        from ..diagnosis.explain import explain

        row, token = self._find_credentials(storage)
        consumer, rsa_key = (None, None) if row is None else (Consumer(row.key, row.secret), row.rsa_public_key)
        return explain(self.response, consumer, token, rsa_key=rsa_key)

    def _show_path(self, storage: Storage) -> str:
        from ..diagnosis.report import shorten_middle
        from ..redaction.request_secrets import known_secrets, redactor_for

        row, token = self._find_credentials(storage)
        redact = redactor_for(known_secrets(row and Consumer(row.key, row.secret), token))
        path = self.response.request.url.partition("://")[2].partition("?")[0]
        return shorten_middle(redact(f"/{path.partition('/')[2]}"), _MAX_PATH_CHARS)

    def _find_credentials(self, storage: Storage) -> tuple[ConsumerRow | None, AccessToken | None]:
        """Return those that the request names, as far as they are known here."""
        from ..diagnosis.records import read_request

        keys = read_request(self.response.request).values
        token_key = keys.get("oauth_token", "")
        token = storage.access_token(token_key) or storage.request_token(token_key)
        return storage.consumer(keys.get("oauth_consumer_key", "")), token and AccessToken(token.key, token.secret)


class RecentRequests:
    """The last requests; for any number of threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: list[RecentRequest] = []
        self._count = 0

    def add(self, request: Request, form: bytes | None, response: Response, now: float) -> None:
        """Keep a request; where there are too many, accepted ones go before refused ones."""
        sent, is_whole = _copy_request(request, form)
        headers = {
            **dict(response.headers),
            "Content-Type": response.content_type,
            "Date": formatdate(now, usegmt=True),
        }
        is_refused = response.status >= HTTPStatus.BAD_REQUEST
        body = response.body if is_refused else b""  # new credentials, or what the client said
        answer = _SentResponse(response.status, HTTPStatus(response.status).phrase, headers, body, sent)
        verdict = response.problem or (f"refused ({response.status})" if is_refused else "accepted")
        with self._lock:
            self._count += 1
            self._kept.append(RecentRequest(self._count, now, verdict, answer, is_whole))
            if len(self._kept) > MAX_REQUESTS:
                self._kept.pop(next((i for i, kept in enumerate(self._kept) if not kept.is_refused), 0))

    def newest_first(self) -> list[RecentRequest]:
        """Return all that are kept."""
        with self._lock:
            return self._kept[::-1]

    def find(self, number: str) -> RecentRequest | None:
        """Return a request by its number, as it stands in a path; ``None``: it is not kept, or not any more."""
        return next((kept for kept in self.newest_first() if str(kept.number) == number), None)


def _copy_request(request: Request, form: bytes | None) -> tuple[_SentRequest, bool]:
    """Return what is kept of a request, and whether that is all of it."""
    named = {"Host": request.host, "Authorization": request.authorization, "Content-Type": request.content_type}
    headers = {name: value for name, value in named.items() if value}
    is_whole = len(form or b"") <= _MAX_FORM_BYTES
    body: bytes | Iterator[bytes] = form if form is not None and is_whole else iter(())
    url = request.base_url + (f"?{request.query}" if request.query else "")
    return _SentRequest(request.method, url, headers, body), is_whole
