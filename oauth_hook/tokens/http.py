"""Asking a server for credentials: one whole answer, or one clear error.

- The time for all of it is bounded, dripping servers included; so is the answer's size.
  When time is up, the connection is hung up.
- A redirect to another origin is refused where credentials are at stake.
- What goes wrong on the wire is ``requests``' own exception; an answer that makes no
  sense is a ``ProviderError``, whose text has no secret in it.
"""

from __future__ import annotations

import contextvars
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import requests
from requests.exceptions import ChunkedEncodingError, ContentDecodingError
from urllib3.exceptions import ReadTimeoutError

from ..errors import OAuthHookError, ProviderError, UsageError
from ..hook.attach import freeze
from ..protocol.problem_reporting import PROBLEMS, read_refusal
from ..protocol.url import is_same_origin, parse_origin
from ..redaction.redactor import redact

__all__ = ["Answer", "ask", "check_timeout", "refusal", "shown_body", "within"]

_MOST = 1 << 20  # octets of an answer that are read
_LOOKED_AT = 1 << 16  # characters of an answer that an error is made from
_SHOWN = 500  # characters of an answer that an error shows
_SAID = 200  # characters of what a server calls a problem, and says about it
_SHORT = 2  # characters of a secret that nobody has in earnest

_HANG_UPS, _PAUSE = 100, 0.1  # how often, and seconds in between

_T = TypeVar("_T")


@dataclass(frozen=True)
class Answer:
    """A whole answer."""

    response: requests.Response
    text: str = field(repr=False)
    #: Makes the explanation of a refusal, where the request was signed.
    explain: Callable[[], Any] | None = field(default=None, repr=False)

    @property
    def ok(self) -> bool:
        """Whether its status says that all went well."""
        return self.response.status_code < 400


def check_timeout(timeout: float) -> float:
    """Return a time limit, in seconds.

    :raises UsageError: it is no positive number.
    """
    if not isinstance(timeout, int | float) or not 0 < timeout <= threading.TIMEOUT_MAX:
        raise UsageError(f"timeout must be a number of seconds above 0, not {timeout!r}")
    return timeout


def ask(
    method: str,
    url: str,
    *,
    auth: Callable[[Any], Any] | None = None,
    session: requests.Session | None = None,
    timeout: float = 30,
    may_leave: bool = False,
    **content: Any,
) -> Answer:
    """Send a request and read the whole answer.

    :param auth: signs it; ``None``: it goes out unsigned, whatever the session's ``auth`` is.
    :param session: the caller's own; ``None``: a new one for this request.
    :param timeout: for all of it together, in seconds.
    :param may_leave: follow redirects to other origins, except from https to http.
    :param content: ``params``, ``data``, ``json`` and ``headers``, as requests takes them.
    :raises ProviderError: the answer is too large, cut off, or a redirect to another origin.
    :raises requests.RequestException: the wire failed, or time was up.
    """
    request = requests.Request(method, url, auth=auth or _unsigned, **content)
    deadline = time.monotonic() + timeout

    def exchange() -> Answer:
        if session is not None:
            return _exchange(session, request, deadline, may_leave)
        with requests.Session() as own:
            return _exchange(own, request, deadline, may_leave)

    return within(timeout, exchange)


def _unsigned(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _exchange(session: requests.Session, request: requests.Request, deadline: float, may_leave: bool) -> Answer:
    """Send a request and follow its redirects, hop by hop."""
    prepared = session.prepare_request(request)
    freeze(prepared)  # the session's hooks, and adapters, have other credentials
    prepared.hooks["response"].append(_without_body)
    for _ in range(session.max_redirects + 1):
        settings = session.merge_environment_settings(prepared.url or "", {}, True, None, None)
        left = max(0.001, deadline - time.monotonic())
        response = _sent(session, prepared, timeout=left, allow_redirects=False, **settings)
        with response:
            following = response.next
            if following is None:
                return Answer(response, _whole_text(response, deadline))
        if not _may_follow(prepared, following, may_leave):
            raise ProviderError(
                f"the server redirects to another origin ({_shown_origin(following.url)}), which has no business with "
                "these credentials: check the address that was asked",
                status=response.status_code,
                response=response,
            )
        prepared = following
    raise requests.TooManyRedirects(f"more than {session.max_redirects} redirects", response=response)


def _sent(session: requests.Session, prepared: requests.PreparedRequest, **settings: Any) -> requests.Response:
    """Send a request; an address that is none is the caller's error, or the server's that redirects there.

    requests lets a raw ``ValueError`` through for both.
    """
    answers = _Answers()
    prepared.hooks["response"].append(answers)
    try:
        return session.send(prepared, **settings)
    except requests.exceptions.InvalidHeader as error:  # of the answer: ours were looked at before
        raise ProviderError("the server's answer has headers that make no sense") from error
    except (requests.RequestException, OAuthHookError):
        raise
    except ValueError as error:
        if answers:
            raise ProviderError("the server redirects to something that is no address") from error
        raise UsageError(f"the address cannot be asked: {error}") from error
    finally:
        prepared.hooks["response"].remove(answers)


class _Answers(list[int]):
    """Keeps the statuses of answers, as a response hook. What an error carries has to pickle."""

    def __call__(self, response: requests.Response, **_: Any) -> None:
        self.append(response.status_code)


def _without_body(response: requests.Response, **_: Any) -> None:
    """Leave a redirect's body unread, which requests would read to its end, however long (a response hook)."""
    if response.is_redirect:
        response.close()
        response._content, response._content_consumed = b"", True


def _may_follow(source: requests.PreparedRequest, target: requests.PreparedRequest, may_leave: bool) -> bool:
    old, new = parse_origin(source.url), parse_origin(target.url)
    if may_leave and old is not None and new is not None:
        return not (old[0] == "https" and new[0] == "http")
    return is_same_origin(old, new)


def _shown_origin(url: str | None) -> str:
    found = parse_origin(url)
    return "no http address" if found is None else f"{found[0]}://{found[1]}{found[2] and ':' + found[2]}"


def _whole_text(response: requests.Response, deadline: float) -> str:
    """Read the body within the time that is left, and leave it in the response for whoever looks."""
    data, status = bytearray(), response.status_code
    try:
        for piece in response.iter_content(1 << 14):
            data += piece
            if len(data) > _MOST:
                message = f"the answer is larger than {_MOST} octets, which no token is"
                raise ProviderError(message, status=status, response=response)
            if time.monotonic() > deadline:
                raise requests.ReadTimeout("the answer was not complete in time", response=response)
        broken = False
    except (ChunkedEncodingError, ContentDecodingError):
        broken = True
    except requests.ConnectionError as error:
        if not isinstance(error.args[0] if error.args else None, ReadTimeoutError):
            raise
        raise requests.ReadTimeout("the answer was not complete in time", response=response) from error
    if broken:  # raised here, because what urllib3 says of it quotes the answer
        raise ProviderError("the answer was cut off, or is not encoded as it says", status=status, response=response)
    response._content = bytes(data)
    named = response.encoding if "charset" in response.headers.get("Content-Type", "").lower() else None
    try:
        return data.decode(named or "utf-8", "replace")
    except (LookupError, UnicodeError):  # no charset that Python knows, or one that is no text encoding
        return data.decode("utf-8", "replace")


def within(seconds: float, call: Callable[[], _T]) -> _T:
    """Return what a call returns, or give it up when time is up.

    A timeout of requests bounds each wait for the socket, which a server that sends an octet
    now and then never reaches; so the call has a thread of its own, which is left behind then, and hung up.
    """
    done: list[_T] = []
    failed: list[BaseException] = []

    def work() -> None:
        try:
            done.append(call())
        except BaseException as error:  # raised in the caller's thread
            failed.append(error)

    thread = threading.Thread(target=contextvars.copy_context().run, args=(work,), daemon=True)
    thread.start()
    is_late = True
    try:
        thread.join(seconds + 0.1)
        is_late = thread.is_alive()
    finally:
        if is_late:  # or Ctrl-C has ended the wait
            threading.Thread(target=_hang_up, args=(thread,), daemon=True).start()
    if is_late:  # whatever comes now: a head that is hung up may look like a whole answer
        raise requests.ReadTimeout(f"there was no whole answer within {seconds} seconds")
    if failed:
        raise failed[0]
    return done[0]


def _hang_up(thread: threading.Thread) -> None:
    """Shut the connection that a thread is waiting for, so that it ends; again where it has made a next one.

    Closing does not do it: ``requests`` has nothing to close before an answer's head is there, and closing
    what another thread reads from waits for that thread. Shutting the socket ends its wait with an error.
    """
    for _ in range(_HANG_UPS):
        for connection in _in_use_by(thread):
            with suppress(OSError):  # it is closed already
                socket.socket.shutdown(connection, socket.SHUT_RDWR)  # under TLS: without its farewell
        thread.join(_PAUSE)
        if not thread.is_alive():
            return


def _in_use_by(thread: threading.Thread) -> Iterator[socket.socket]:
    """Yield the sockets in whose methods a thread is, whatever session or adapter has made them."""
    frame = sys._current_frames().get(thread.ident or 0)
    while frame is not None:
        holder = frame.f_locals.get("self")
        if isinstance(holder, socket.SocketIO):  # what http.client reads from
            holder = getattr(holder, "_sock", None)
        if isinstance(holder, socket.socket):
            yield holder
        frame = frame.f_back


def refusal(answer: Answer, what: str, secrets: Iterable[str] = ()) -> ProviderError:
    """Return the error for an answer that is a refusal, or makes no sense.

    :param what: what was asked for, as the subject of a sentence: "the request token".
    :param secrets: all that the answer may echo; no message shows them.
    """
    secrets = list(secrets)
    text = answer.text[:_LOOKED_AT]
    word, about = read_refusal(answer.response.headers, text)
    # A word of the extension is none of our secrets, even where it has the letters of one. Redacted first and cut
    # then: half a secret would not be found any more.
    word = word if word is None or word in PROBLEMS else redact(word, secrets)[:_SAID]
    said = ": ".join(dict.fromkeys(part for part in (word, redact(about, secrets)[:_SAID]) if part))
    if not said:
        said = "it says nothing about why" if answer.text.strip() else "its answer is empty"
    status = answer.response.status_code
    return ProviderError(
        f"the server did not give {what} (status {status}): {said}",
        status=status,
        problem=word,
        body=redact(text, secrets)[:_SHOWN],
        response=answer.response,
        explain=answer.explain,
    )


def shown_body(answer: Answer, secrets: Iterable[str]) -> str:
    """Return the start of an answer, as an error may show it."""
    return redact(answer.text[:_LOOKED_AT], [secret for secret in secrets if len(secret) > _SHORT])[:_SHOWN]
