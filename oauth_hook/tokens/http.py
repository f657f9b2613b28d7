"""Sending a request for credentials: one whole response, or one clear error.

- The time for all of it is bounded, dripping servers included; so is the size of the response.
  When time is up, the connection is hung up.
- A redirect to another origin is refused where credentials are at stake.
- What goes wrong on the wire is ``requests``' own exception; a response that makes no
  sense is a ``ProviderError``, whose text has no secret in it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import Any

import requests
from requests.exceptions import ChunkedEncodingError, ContentDecodingError
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import ReadTimeoutError

from ..errors import OAuthHookError, ProviderError, UsageError, clear_frames, list_errors
from ..hook.attach import freeze
from ..hook.prepared import read_message
from ..protocol.encoding import decode_text, unescape
from ..protocol.message import text_headers
from ..protocol.placement import parse_authorization
from ..protocol.url import is_same_origin, parse_origin, print_origin
from ..redaction import MASK, Redactor, shorten
from ..redaction.request_secrets import find_carried_secrets, redactor_for
from .deadline import Deadline, bound_pool
from .refusals import Advise, correct_advice

__all__ = [
    "Redirects",
    "WholeResponse",
    "build_refusal",
    "check_timeout",
    "redact_body",
    "send_prepared",
    "send_request",
]

MAX_BODY_BYTES = 1 << 20  # of a response that has credentials, or says where they are given
MAX_ERROR_SOURCE = 1 << 16  # characters of a response that an error is made from
MAX_ERROR_BODY = 500  # characters of a response that an error shows
MIN_SECRET_BYTES = 3  # of a secret that somebody may have in earnest
CHUNK_BYTES = 1 << 14
# The packages whose frames have our requests among their variables.
_SENDERS = ("oauth_hook", "requests", "urllib", "urllib3", "http")


class Redirects(Enum):
    """Where a server may redirect a request to; it is signed anew within the origin only."""

    SAME_ORIGIN = "same origin"  #: nowhere else, since the request has credentials in it
    ENCRYPTED = "encrypted"  #: anywhere, except from https to http
    ANYWHERE = "anywhere"


@dataclass(frozen=True)
class WholeResponse:
    """A response whose body has been read."""

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


def send_request(
    method: str,
    url: str,
    *,
    auth: Callable[[Any], Any] | None = None,
    session: requests.Session | None = None,
    timeout: float = 30,
    redirects: Redirects = Redirects.SAME_ORIGIN,
    **content: Any,
) -> WholeResponse:
    """Send a request and read the whole response.

    :param auth: signs it; ``None``: it goes out unsigned, whatever the session's ``auth`` is.
    :param session: the caller's own; ``None``: a new one for this request.
    :param timeout: for all of it together, in seconds.
    :param redirects: which ones are followed.
    :param content: ``params``, ``data``, ``json`` and ``headers``, as requests takes them.
    :raises ProviderError: the response is larger than ``MAX_BODY_BYTES`` or cut off, or redirects elsewhere.
    :raises UsageError: no request can be sent to the URL.
    :raises requests.RequestException: the connection failed, or the time ran out.
    """
    content["headers"] = {"Content-Type": None, **content.get("headers", {})}  # None: nor what the session has
    request = requests.Request(method, url, auth=auth or (lambda unsigned: unsigned), **content)
    used = requests.Session() if session is None else nullcontext(session)
    with Deadline(timeout) as deadline, used as sender, _redact_failures():
        prepared = sender.prepare_request(request)
        freeze(prepared)  # the session's hooks, and adapters, have other credentials
        response = _exchange(sender, prepared, deadline, redirects)
        return WholeResponse(response, _read_text(response, deadline))


def send_prepared(request: requests.PreparedRequest, *, timeout: float = 30) -> requests.Response:
    """Send a request that is signed already, in a new session, and read the whole response, however large.

    Redirects are followed to anywhere. The other errors are those of ``send_request``.

    :param timeout: for all of it together, in seconds.
    :raises ProviderError: the response is cut off, or redirects to what is no URL.
    """
    with Deadline(timeout) as deadline, requests.Session() as session, _redact_failures():
        response = _exchange(session, request, deadline, Redirects.ANYWHERE)
        _read_body(response, deadline, max_bytes=None)
        return response


def _exchange(
    session: requests.Session, request: requests.PreparedRequest, deadline: Deadline, redirects: Redirects
) -> requests.Response:
    """Send a request, follow its redirects one by one, and return the last response, whose body is still to be read."""
    request.hooks["response"].append(_skip_body_of_redirect)
    for _ in range(session.max_redirects + 1):
        response = _send_once(session, request, deadline)
        following = response.next
        if following is None:
            return response
        response.close()
        if not _may_follow(request, following, redirects):
            target = parse_origin(following.url)
            place = "no http URL" if target is None else print_origin(target)
            raise ProviderError(
                f"the server redirects to another origin ({place}), which must not "
                "get these credentials: check the URL that was requested",
                status=response.status_code,
                response=response,
                redact=_redactor_for_request(request),
            )
        request = following
    raise requests.TooManyRedirects(f"more than {session.max_redirects} redirects", response=response)


def _send_once(session: requests.Session, request: requests.PreparedRequest, deadline: Deadline) -> requests.Response:
    """Send a request; a URL that is malformed is the caller's error, or the server's that redirects there.

    requests lets a raw ``ValueError`` through for both.
    """
    settings = session.merge_environment_settings(request.url or "", {}, True, None, None)
    bound_pool(session, request, settings)
    statuses = _Statuses()
    request.hooks["response"].append(statuses)
    try:
        return session.send(request, timeout=deadline.left, allow_redirects=False, **settings)
    except requests.exceptions.InvalidHeader as error:  # of the response: ours were looked at before
        raise ProviderError("the headers of the server's response make no sense") from error
    except (requests.RequestException, OAuthHookError):
        raise
    except ValueError as error:
        if statuses:
            raise ProviderError("the server redirects to something that is no URL") from error
        raise UsageError(f"no request can be sent to this URL: {error}") from error
    finally:
        request.hooks["response"].remove(statuses)


class _Statuses(list[int]):
    """Keeps the statuses of responses, as a response hook. What an error carries has to pickle."""

    def __call__(self, response: requests.Response, **_: Any) -> None:
        self.append(response.status_code)


def _skip_body_of_redirect(response: requests.Response, **_: Any) -> None:
    """Leave a redirect's body unread, which requests would read to its end, however long (a response hook)."""
    if response.is_redirect:
        response.close()
        response._content, response._content_consumed = b"", True


def _may_follow(source: requests.PreparedRequest, target: requests.PreparedRequest, redirects: Redirects) -> bool:
    if redirects is Redirects.ANYWHERE:
        return True
    old, new = parse_origin(source.url), parse_origin(target.url)
    if redirects is Redirects.ENCRYPTED and old is not None and new is not None:
        return not (old[0] == "https" and new[0] == "http")
    return is_same_origin(old, new)


@contextmanager
def _redact_failures() -> Iterator[None]:
    """Take what a request carried out of the exceptions of requests, which quote its URL, and hold all of it."""
    try:
        yield
    except BaseException as error:
        clear_frames(error, _SENDERS)
        if isinstance(error, requests.RequestException) and error.request is not None:
            _redact_failure(error, error.request)
        raise


def _redact_failure(error: requests.RequestException, request: Any) -> None:
    redactor = _redactor_for_request(request)
    _, mark, query = str(request.url).partition("?")

    def redact(text: str) -> str:
        return redactor(text.replace(mark + query, f"?{MASK}") if query else text)

    sent = requests.PreparedRequest()
    sent.method, sent.url, sent.headers = request.method, redact(str(request.url)), CaseInsensitiveDict()
    for each in list_errors(error):
        each.args = tuple(redact(said) if isinstance(said, str) else said for said in each.args)
        for name, value in vars(each).items():
            if isinstance(value, str):
                setattr(each, name, redact(value))
        if isinstance(each, requests.RequestException):
            each.request = sent
            if each.response is not None:
                each.response.request, each.response.url = sent, redact(each.response.url)


def _redactor_for_request(request: Any) -> Redactor:
    """Return what takes out of a text all that a request carried: its server may have echoed it."""
    message = read_message(request)
    _, pairs = parse_authorization(message.authorization or "") or (None, [])
    fields = [(unescape(name), unescape(value)) for name, value in pairs]
    headers = text_headers({name.lower(): value for name, value in request.headers.items()})
    return redactor_for(find_carried_secrets(message, fields, headers))


def _read_body(response: requests.Response, deadline: Deadline, max_bytes: int | None) -> bytes:
    """Read the body within the time that is left, and leave it in the response for whoever looks."""
    data, status = bytearray(), response.status_code
    broken = False
    with response:
        try:
            for piece in response.iter_content(CHUNK_BYTES):
                data += piece
                if max_bytes is not None and len(data) > max_bytes:
                    message = f"the response is larger than {max_bytes} bytes, too large for a token"
                    redactor = _redactor_for_request(response.request)
                    raise ProviderError(message, status=status, response=response, redact=redactor)
                if deadline.is_over:
                    deadline.give_up()
        except (ChunkedEncodingError, ContentDecodingError):
            broken = True
        except requests.ConnectionError as error:
            if not isinstance(error.args[0] if error.args else None, ReadTimeoutError):
                raise
            raise requests.ReadTimeout("the response was not complete in time", response=response) from error
    if broken:  # raised here, because what urllib3 says of it quotes the response
        response._content = b""
        message = "the response was cut off, or is not encoded as it says"
        redactor = _redactor_for_request(response.request)
        raise ProviderError(message, status=status, response=response, redact=redactor)
    response._content = bytes(data)
    return response._content


def _read_text(response: requests.Response, deadline: Deadline) -> str:
    data = _read_body(response, deadline, MAX_BODY_BYTES)
    named = response.encoding if "charset" in response.headers.get("Content-Type", "").lower() else None
    return decode_text(data, named)


def build_refusal(
    response: WholeResponse, did: str, secrets: Iterable[str] = (), *, advise: Advise | None = None
) -> ProviderError:
    """Return the error for a response that is a refusal, or makes no sense.

    :param did: what the server did: "refused to issue a request token".
    :param secrets: all that the response may echo; no message shows them.
    :param advise: tells what to do about it; the explanation then says that, too.
    """
    from ..diagnosis.server_messages import read_refusal  # takes longer to load than a request that succeeds

    redact = Redactor(secrets)
    status = response.response.status_code
    words = read_refusal(status, response.response.headers, response.text, redact, refused=True, tokens=True)
    said = words.phrase
    if not said:
        said = "it says nothing about why" if response.text.strip() else "the response is empty"
    advice = "" if advise is None else advise(status, words)
    explain = response.explain
    if advice and explain is not None:
        explain = partial(correct_advice, explain, advice)
    return ProviderError(
        f"the server {did} (status {status}): {said}{advice and '; '}{advice}",
        status=status,
        problem=words.problem,
        body=shorten(redact(response.text, most=MAX_ERROR_SOURCE), MAX_ERROR_BODY),
        response=response.response,
        explain=explain,
        redact=redact,
    )


def redact_body(response: WholeResponse, secrets: Iterable[str]) -> str:
    """Return the start of a response, as an error may show it."""
    redacted = Redactor(secrets)(response.text, least=MIN_SECRET_BYTES, most=MAX_ERROR_SOURCE)
    return shorten(redacted, MAX_ERROR_BODY)
