"""HTTP messages as values: a request as it arrived, a response as it will go.

- The request target is the one on the wire.  WSGI decodes ``PATH_INFO``, and a decoded path
  cannot be signed; servers hand over the raw one as ``REQUEST_URI`` or ``RAW_URI``.
- Text is UTF-8 or refused: s3.4.1.3.1 and s3.6 know no other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

__all__ = [
    "FORM",
    "HTML",
    "JSON",
    "NO_STORE",
    "PIECE_BYTES",
    "BadRequestError",
    "Pair",
    "Request",
    "Response",
    "is_absolute_url",
    "json_response",
    "parse_pairs",
]

Pair = tuple[str, str]

FORM = "application/x-www-form-urlencoded"
HTML = "text/html; charset=utf-8"
JSON = "application/json"
NO_STORE = ("Cache-Control", "no-store")

PIECE_BYTES = 64 * 1024
"""How much of a body is read at once."""

_ABSOLUTE_FORM = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://([^/?]*)")


class BadRequestError(Exception):
    """A request that breaks HTTP, or what is no part of OAuth, so that OAuth has no problem to report.

    :param reason: what is wrong, for a person.
    :param status: the HTTP status of the response.
    """

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True)
class Response:
    """A response, complete.

    :param status: the HTTP status code.
    :param content_type: the media type of the body.
    :param body: the body, whole.
    :param headers: further headers as ``(name, value)``.
    :param problem: why the request was refused, for the log; empty: it was not.
    """

    status: int
    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class Request:
    """A request: its head, and its body still to be read.

    :param method: as sent, such as ``GET``.
    :param scheme: ``http`` or ``https``.
    :param host: the ``Host`` header, as sent.
    :param route: the path, decoded: what routing goes by.
    :param path: the path as on the wire.
    :param query: the query as on the wire, without ``?``.
    :param authorization: the ``Authorization`` header, or the empty string.
    :param content_type: the ``Content-Type`` header, or the empty string.
    :param pieces: the body, which can be read once.
    :param accept: the ``Accept`` header, or the empty string.
    :param length: the ``Content-Length``; 0 for none, and for a body that waits for ``100 Continue``.
    """

    method: str
    scheme: str
    host: str
    route: str
    path: str
    query: str
    authorization: str
    content_type: str
    pieces: Iterator[bytes] = field(repr=False)
    accept: str = ""
    length: int = 0

    @classmethod
    def from_environ(cls, environ: Mapping[str, Any]) -> Request:
        """Return the request of a WSGI environment (PEP 3333).

        :raises BadRequestError: the target or the host is not one.
        """
        host, path, query = _read_target(environ)
        length = environ.get("CONTENT_LENGTH") or ""
        is_on_its_way = re.fullmatch("[0-9]{1,18}", length) and not environ.get("HTTP_EXPECT")
        return cls(
            method=environ["REQUEST_METHOD"],
            scheme=environ["wsgi.url_scheme"],
            host=host,
            route=environ.get("PATH_INFO") or "/",
            path=path,
            query=query,
            authorization=environ.get("HTTP_AUTHORIZATION", ""),
            content_type=environ.get("CONTENT_TYPE", ""),
            pieces=_pieces(environ),
            accept=environ.get("HTTP_ACCEPT", ""),
            length=int(length) if is_on_its_way else 0,
        )

    @property
    def is_of_browser(self) -> bool:
        """Whether a browser sent it, for its user to see: nobody else names HTML in ``Accept``."""
        return "text/html" in self.accept.lower()

    @property
    def media_type(self) -> str:
        """The media type in lower case, without its parameters (RFC 9110 s8.3.1)."""
        return self.content_type.partition(";")[0].strip().lower()

    @property
    def is_form(self) -> bool:
        """Whether the body is form-encoded (s3.4.1.3.1): the type decides, whatever the method."""
        return self.media_type == FORM

    @property
    def origin(self) -> str:
        """Scheme and host, as on the wire: URLs made of it hold behind a proxy that keeps ``Host``."""
        return f"{self.scheme}://{self.host}"

    @property
    def base_url(self) -> str:
        """Scheme, host and path as on the wire; what s3.4.1.2 starts from."""
        return self.origin + self.path


def json_response(content: object, status: int = 200, header: tuple[str, str] = NO_STORE) -> Response:
    """Return a response in JSON."""
    return Response(status, JSON, json.dumps(content).encode(), (header,))


def parse_pairs(text: str | bytes, what: str) -> list[Pair]:
    """Return the pairs of a form-encoded text (s3.4.1.3.1), whatever characters it left unescaped.

    :param what: what to call the text in a message.
    :raises BadRequestError: it is not UTF-8.
    """
    try:
        text = text if isinstance(text, str) else text.decode()
        return parse_qsl(text, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError as error:
        raise BadRequestError(f"the {what} is not UTF-8") from error


def is_absolute_url(text: str) -> bool:
    """Whether a text is an absolute URI; one of http has a host, too."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme and (parts.netloc or parts.scheme not in ("http", "https")))


def _pieces(environ: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield the body in pieces, to its end and not beyond.

    :raises BadRequestError: it ends before its ``Content-Length``.
    """
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        while piece := stream.read(PIECE_BYTES):
            yield piece
        return
    left = int(environ.get("CONTENT_LENGTH") or 0)
    while left > 0:
        piece = stream.read(min(left, PIECE_BYTES))
        if not piece:
            raise BadRequestError("the body is shorter than its Content-Length")
        left -= len(piece)
        yield piece


def _read_target(environ: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return the host, the path and the query that a request was sent to, as on the wire.

    :raises BadRequestError: the target or the host is not one.
    """
    host = environ.get("HTTP_HOST", f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}")
    target = environ.get("REQUEST_URI") or environ.get("RAW_URI")
    if not target:  # as well as it can be known where the server hands over no raw one
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        query = environ.get("QUERY_STRING", "")
        target = quote(path.encode("latin-1"), safe="/;:@!$&'()*+,=~") + (f"?{query}" if query else "")
    absolute = _ABSOLUTE_FORM.match(target)
    if absolute:  # the authority then replaces the Host header (RFC 9112 s3.2.2)
        target, host = target[absolute.end() :], absolute[1]
    try:  # WSGI presents it as Latin-1
        path, _, query = target.encode("latin-1").decode("utf-8").partition("?")
    except UnicodeError as error:
        raise BadRequestError("the request target is not UTF-8") from error
    if "#" in target:
        raise BadRequestError("a request target has no fragment")
    _check_host(host)
    return host, path or "/", query


def _check_host(host: str) -> None:
    """Refuse a ``Host`` header that no URL could be made of (RFC 9112 s3.2).

    :raises BadRequestError: it is empty, has characters that end a host, or a port out of range.
    """
    try:
        parts = urlsplit(f"//{host}")
        usable = bool(parts.hostname) and host.isascii() and parts.port != 0
    except ValueError:
        usable = False
    if not usable or re.search(r"[\s/?#@\\]", host):
        raise BadRequestError("the Host header is missing or is not a host")
