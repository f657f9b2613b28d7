"""HTTP messages as values: a request as it arrived, a response as it will go.

- The request target is the one on the wire.  WSGI decodes ``PATH_INFO``, and a decoded path
  cannot be signed; servers hand over the raw one as ``REQUEST_URI`` or ``RAW_URI``.
- Text is UTF-8 or refused: s3.4.1.3.1 and s3.6 know no other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

__all__ = ["FORM", "HTML", "JSON", "BadRequestError", "Request", "Response"]

FORM = "application/x-www-form-urlencoded"
HTML = "text/html; charset=utf-8"
JSON = "application/json"

_PIECE = 64 * 1024
_ABSOLUTE_FORM = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://([^/?]*)")


class BadRequestError(Exception):
    """A request that breaks HTTP itself, so that OAuth has nothing to say about it.

    :param reason: what is wrong, for a person.
    :param status: the HTTP status of the answer.
    """

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True)
class Response:
    """An answer, complete.

    :param status: the HTTP status code.
    :param content_type: the media type of the body.
    :param body: the octets of the body.
    :param headers: further headers as ``(name, value)``.
    """

    status: int
    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


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
        target = environ.get("REQUEST_URI") or environ.get("RAW_URI") or _rebuilt_target(environ)
        host = environ.get("HTTP_HOST", f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}")
        absolute = _ABSOLUTE_FORM.match(target)
        if absolute:  # the authority then replaces the Host header (RFC 9112 s3.2.2)
            target, host = target[absolute.end() :], absolute[1]
        path, _, query = _utf8(target, "request target").partition("?")
        if "#" in target:
            raise BadRequestError("a request target has no fragment")
        _check_host(host)
        return cls(
            method=environ["REQUEST_METHOD"],
            scheme=environ["wsgi.url_scheme"],
            host=host,
            route=environ.get("PATH_INFO") or "/",
            path=path or "/",
            query=query,
            authorization=environ.get("HTTP_AUTHORIZATION", ""),
            content_type=environ.get("CONTENT_TYPE", ""),
            pieces=_pieces(environ),
            accept=environ.get("HTTP_ACCEPT", ""),
            length=_length(environ),
        )

    @property
    def media_type(self) -> str:
        """The media type in lower case, without its parameters (RFC 9110 s8.3.1)."""
        return self.content_type.partition(";")[0].strip().lower()

    @property
    def is_form(self) -> bool:
        """Whether the body is form-encoded (s3.4.1.3.1): the type decides, whatever the method."""
        return self.media_type == FORM

    @property
    def base_url(self) -> str:
        """Scheme, host and path as on the wire; what s3.4.1.2 starts from."""
        return f"{self.scheme}://{self.host}{self.path}"


def _pieces(environ: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield the body in pieces, to its end and not beyond.

    :raises BadRequestError: it ends before its ``Content-Length``.
    """
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        while piece := stream.read(_PIECE):
            yield piece
        return
    left = int(environ.get("CONTENT_LENGTH") or 0)
    while left > 0:
        piece = stream.read(min(left, _PIECE))
        if not piece:
            raise BadRequestError("the body is shorter than its Content-Length")
        left -= len(piece)
        yield piece


def _length(environ: Mapping[str, Any]) -> int:
    """Return the length of a body that is on its way, as far as it is known."""
    length = environ.get("CONTENT_LENGTH") or ""
    return int(length) if re.fullmatch("[0-9]{1,18}", length) and not environ.get("HTTP_EXPECT") else 0


def _rebuilt_target(environ: Mapping[str, Any]) -> str:
    """Return the target as well as it can be known where the server hands over no raw one."""
    path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    query = environ.get("QUERY_STRING", "")
    encoded = quote(path.encode("latin-1"), safe="/;:@!$&'()*+,=~")
    return encoded + (f"?{query}" if query else "")


def _utf8(text: str, what: str) -> str:
    """Return what WSGI presents as Latin-1 as the UTF-8 that it was.

    :raises BadRequestError: it was not UTF-8.
    """
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError as error:
        raise BadRequestError(f"the {what} is not UTF-8") from error


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
