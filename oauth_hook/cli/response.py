"""The body of a response, as it comes: to a pipe or a file byte for byte, to a terminal as a text that it can show.

Nothing here holds more than a few pieces of it, except for JSON that a terminal gets indented.
"""

from __future__ import annotations

import codecs
import errno
import json
import os
import re
import secrets as randomness
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import chain
from time import monotonic
from typing import IO, Any

import requests
import urllib3
from requests import exceptions

from ..errors import ProviderError, UsageError
from ..protocol.encoding import find_charset
from ..redaction.stream import StreamRedactor
from .console import print_text, report, shows_colours, warn

__all__ = [
    "PIECE_BYTES", "Output", "Progress", "keep_beginning", "open_output", "print_body", "read_beginning", "save_body",
]  # fmt: skip

#: That are read from a connection at once, if so many are there, or from a file.
PIECE_BYTES = 1 << 18
_MAX_INDENTED_BYTES = 1 << 20  # of a JSON body that a terminal gets indented and coloured


def print_body(response: requests.Response, secrets: list[str]) -> None:
    """Write a body to standard output as it comes, without what is known to be secret.

    :raises ProviderError: it was cut off.
    """
    if sys.stdout is None:
        return
    mask = StreamRedactor(secrets)
    pieces = filter(len, mask.redact(_read_pieces(response)))
    if sys.stdout.isatty():
        _show(response, map(bytes, pieces))
    else:
        sys.stdout.flush()
        for piece in pieces:
            sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
    if mask.has_found:
        warn("the response contains one of your secrets, which is masked (***): use --show-secrets to see it")
    _check_whole(response)


def save_body(response: requests.Response, output: Output) -> None:
    """Write a body to a file as it comes, unchanged, and say how long it was.

    :raises ProviderError: it was cut off.
    """
    length = response.headers.get("Content-Length", "")
    is_known = length.isdigit() and "Content-Encoding" not in response.headers
    with Progress("saved", int(length) if is_known else None) as progress:
        for piece in _read_pieces(response):
            output.file.write(piece)
            progress.add(len(piece))
    _check_whole(response)
    report(f"saved {progress.count:,} bytes to {output.name}")


def _read_pieces(response: requests.Response) -> Iterator[bytes]:
    """Yield a body in pieces, each as soon as it is there, and not only once it is full."""
    raw = response.raw
    if response._content is not False or getattr(raw, "chunked", True) or not hasattr(raw, "read1"):
        yield from response.iter_content(PIECE_BYTES)
        return
    try:
        while piece := raw.read1(PIECE_BYTES, decode_content=True):
            yield piece
    except urllib3.exceptions.ProtocolError as error:
        raise exceptions.ChunkedEncodingError(error, request=response.request) from error
    except urllib3.exceptions.DecodeError as error:
        raise exceptions.ContentDecodingError(error, request=response.request) from error
    except urllib3.exceptions.HTTPError as error:
        raise exceptions.ConnectionError(error, request=response.request) from error


class _Begun:
    """The connection of a response whose beginning was read, and is given out once more before the rest."""

    chunked = True  # it comes in pieces

    def __init__(self, raw: Any, beginning: list[bytes], rest: Iterator[bytes]) -> None:
        self.beginning = b"".join(beginning)
        self._raw, self._rest = raw, rest

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)

    def stream(self, *_: object, **_settings: object) -> Iterator[bytes]:
        """Yield the pieces, as requests asks for them."""
        return chain([self.beginning], self._rest)


def read_beginning(response: requests.Response, most: int, seconds: float) -> None:
    """Have a response hold its body, if that is short; what there is of a longer one is kept for ``keep_beginning``.

    :param most: bytes that are read, but for one piece.
    :param seconds: in which they are.
    """
    pieces, beginning, end = _read_pieces(response), [], monotonic() + seconds
    count = 0
    for piece in pieces:
        beginning.append(piece)
        count += len(piece)
        if count > most or monotonic() > end:
            response.raw = _Begun(response.raw, beginning, pieces)
            return
    response._content = b"".join(beginning)
    response._content_consumed = True


def keep_beginning(response: requests.Response) -> None:
    """Have a response whose body is gone hold the beginning of it, which says why a request was refused."""
    if isinstance(response.raw, _Begun):
        response._content = response.raw.beginning


def _check_whole(response: requests.Response) -> None:
    """Refuse a response that is shorter than its server said, which urllib3 1 leaves to its user."""
    if getattr(response.raw, "length_remaining", None):
        raise ProviderError("the response was cut off", status=response.status_code, response=response)


# --- on a terminal ---


def _show(response: requests.Response, pieces: Iterator[bytes]) -> None:
    """Show a text as it comes, and JSON indented; a terminal would take anything else for commands."""
    charset = find_charset(response.encoding)
    text = codecs.getincrementaldecoder(charset)("replace")
    first = next(pieces, b"")
    is_json = re.match(r"\s*[\w.+-]+/(?:[\w.+-]+\+)?json\b", response.headers.get("Content-Type", ""), re.IGNORECASE)
    while is_json and len(first) < _MAX_INDENTED_BYTES and (piece := next(pieces, b"")):
        first += piece
    if b"\0" in first and not charset.startswith(("utf_16", "utf_32")):
        kind = response.headers.get("Content-Type", "of no type")
        report(f"the response is not text ({kind}): use -o FILE, or a pipe")
        for _ in pieces:
            pass
        return
    shown = _make_harmless(text.decode(first))
    if is_json:
        shown = _indent_json(shown, in_colours=shows_colours(sys.stdout))
    print_text(shown, end="")
    last = shown[-1:]
    for piece in pieces:
        shown = _make_harmless(text.decode(piece))
        print_text(shown, end="")
        sys.stdout.flush()
        last = shown[-1:] or last
    if last not in ("", "\n"):
        print_text("")  # what the terminal shows next begins a line


def _make_harmless(text: str) -> str:
    """Return a text whose control characters a terminal shows and does not obey."""
    if text.isprintable():
        return text
    lines = text.replace("\r\n", "\n")
    return "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in lines)


_JSON_TOKEN = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?|([\[{])\s*([\]}])?|([\]}])|(,)|([^\s,:\[\]{}"]+)|:')
_KEY, _STRING, _OTHER = "34", "32", "36"  # colours


def _indent_json(text: str, *, in_colours: bool) -> str:
    """Return JSON on lines of its own, every value as it was spelled; what is no JSON as it is."""
    try:
        json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return text

    def paint(word: str, colour: str) -> str:
        return f"\x1b[{colour}m{word}\x1b[0m" if in_colours else word

    made, depth = [], 0
    for string, colon, opening, closed, closing, comma, other in _JSON_TOKEN.findall(text):
        if string:
            made.append(f"{paint(string, _KEY)}: " if colon else paint(string, _STRING))
        elif other:
            made.append(paint(other, _OTHER))
        elif closed:
            made.append(opening + closed)
        elif opening or closing:
            depth += 1 if opening else -1
            made.append(f"{opening}\n{'  ' * depth}" if opening else f"\n{'  ' * depth}{closing}")
        elif comma:
            made.append(f",\n{'  ' * depth}")
    return "".join([*made, "\n"])


class Progress:
    """A line on standard error, where that is a terminal, that says how far something is: share, rate and time left.

    :param what: such as ``sent``.
    :param total: how many bytes there will be; ``None`` if that is not known.
    """

    _SECONDS = 0.2  # between two updates

    def __init__(self, what: str, total: int | None) -> None:
        self.count = 0
        self._what, self._total = what, total
        self._begin = self._last = monotonic()
        self._is_shown = sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._has_line = False

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._has_line:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def add(self, count: int) -> None:
        """Count further bytes."""
        self.count += count
        now = monotonic()
        if not self._is_shown or now - self._last < self._SECONDS:
            return
        self._last, self._has_line = now, True
        rate = self.count / (now - self._begin)
        line = f"{self._what} {self.count / 1e6:.1f} MB, {rate / 1e6:.1f} MB/s"
        if self._total and rate:
            left = max(0, self._total - self.count) / rate
            line += f", {self.count / self._total:.0%}, {left:.0f} s left"
        sys.stderr.write(f"\r\x1b[K{line}")
        sys.stderr.flush()


# --- to a file ---


class Output:
    """A file that is written beside the one that it is to become."""

    def __init__(self, path: str, file: IO[bytes]) -> None:
        self.name, self.file = os.fsencode(path).decode("utf-8", "replace"), file
        self.is_wanted = True

    def discard(self) -> None:
        """Leave the one that is there."""
        self.is_wanted = False


@contextmanager
def open_output(path: str) -> Iterator[Output]:
    """Give a file to write a response to, which gets its name when all is there: until then, what was there stays.

    :raises UsageError: nothing can be written there.
    """
    target = os.path.realpath(path)
    try:
        file, part = _create_output(target, path)
    except OSError as error:
        raise UsageError(f"cannot write {path!r}: {error.strerror}") from error
    output = Output(path, file)
    try:
        with file:
            yield output
        if part is not None and output.is_wanted:
            os.replace(part, target)
    finally:
        if part is not None:
            with suppress(FileNotFoundError):
                os.unlink(part)


def _create_output(target: str, path: str) -> tuple[IO[bytes], str | None]:
    """Return a file beside the target, and its name; or the target itself, where it is a device or a pipe."""
    try:
        mode = os.stat(target).st_mode
    except FileNotFoundError:
        mode = None
    if mode is not None and not stat.S_ISREG(mode):
        return open(target, "wb"), None
    if not os.path.basename(path):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if mode is not None and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    part = os.path.join(os.path.dirname(target), f".oauth-hook-{randomness.token_hex(8)}.part")
    file = open(part, "xb")  # noqa: SIM115 - the caller closes it
    if mode is not None:
        with suppress(OSError):  # some file systems have no modes
            os.chmod(part, stat.S_IMODE(mode))
    return file, part
