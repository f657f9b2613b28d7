"""A command line of curl's, as a browser copies it (for bash or for Windows' cmd) or a person types it."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import NamedTuple
from urllib.parse import quote_plus, urlsplit

from ...errors import UsageError
from ...protocol.parameters import FORM
from .http import parse_response
from .messages import Saved, SavedRequest, cut_at, find_header, is_absolute, join_headers
from .shell import split_words

__all__ = ["find_curl_lines", "parse_curl"]

# A prompt may stand before it, and a folder.
_start = re.compile(
    r"(?m)^(?![A-Z]+ \S+ HTTP/)"
    r"(?:[^\n]{0,200}?[$%>][ \t]{0,9})?(?:[^\s'\"]{0,200}[/\\])?curl(?:\.exe)?(?:\s|\Z)"
)

_DATA = ("data", "data-ascii", "data-binary", "data-raw", "data-urlencode", "json")

# Options that take a value: those that a signature may cover, and others whose value could be taken for the URL.
_VALUED = frozenset((
    *_DATA,
    "form", "form-string", "header", "request", "upload-file", "url", "user", "cacert", "cert", "ciphers",
    "connect-timeout", "connect-to", "cookie", "cookie-jar", "doh-url", "dump-header", "interface", "key",
    "limit-rate", "max-redirs", "max-time", "noproxy", "oauth2-bearer", "output", "preproxy", "proxy",
    "proxy-header", "proxy-user", "range", "referer", "resolve", "retry", "retry-delay", "retry-max-time", "socks5",
    "socks5-hostname", "trace", "trace-ascii", "user-agent", "write-out", "url-query",
))  # fmt: skip
_VALUED_LETTERS = "AbcCdDeEFHKmoPQrtTuUwxXyYz"
_LETTERS = {
    "d": "data", "F": "form", "G": "get", "H": "header", "I": "head", "T": "upload-file", "u": "user", "X": "request",
}  # fmt: skip


class _Line(NamedTuple):
    """A command line: options by their long names, and other words, each with whether an unknown option may take it."""

    options: list[tuple[str, str]]
    others: list[tuple[bool, str]]

    def has(self, *names: str) -> bool:
        """Tell whether one of these options is given."""
        return any(name in names for name, _ in self.options)

    def values(self, *names: str) -> list[str]:
        """Return what these options were given, in order."""
        return [value for name, value in self.options if name in names]


def find_curl_lines(text: str) -> list[str]:
    """Return the command lines of curl's in a text."""
    return cut_at(text, (match.start() for match in _start.finditer(text)))


def parse_curl(text: str) -> Saved:
    """Read a command line of curl's, and what ``curl -i`` shows below it; bytes that are not UTF-8 are lone surrogates.

    :raises UsageError: curl itself would not take it, or a file that is not here had the body.
    """
    start = _start.match(text)
    line = _read_line(split_words(text[start.end() :] if start else ""))
    url, data = _read_url(line), _read_data(line)
    method = "HEAD" if line.has("head") else "PUT" if line.has("upload-file") else "GET"
    if data is not None and line.has("get"):
        url, data = f"{url}{'&' if '?' in url else '?'}{_to_text(data)}", None
    elif data is not None or line.has("form", "form-string"):
        method = "POST"
    body = None if data is None else data.encode("utf-8", "surrogateescape")
    request = SavedRequest([method, *line.values("request")][-1], url, _make_headers(line, data), body)
    return parse_response(text.encode("utf-8", "surrogateescape"), request)


def _read_line(words: list[str]) -> _Line:
    line, rest, is_doubtful = _Line([], []), iter(words), False
    for word in rest:
        if word[:1] != "-" or word == "-":
            line.others.append((is_doubtful, word))
            is_doubtful = False
            continue
        options, wants = _read_options(word)
        line.options.extend(options)
        if wants:
            value = next(rest, None)
            if value is None:
                raise UsageError(f"this curl command line cannot be read: {word[:30]} needs a value")
            line.options.append((wants, value))
        is_doubtful = word[:2] == "--" and not wants  # it may be an option that is not known here, and want a value
    return line


def _read_options(word: str) -> tuple[list[tuple[str, str]], str]:
    """Return the options of a word, and the name of the one that takes the next word for its value, if one does."""
    if word.startswith("--"):
        name = word[2:]
        return ([], name) if name in _VALUED else ([(name, "")], "")
    options: list[tuple[str, str]] = []
    for position, letter in enumerate(word[1:], 2):
        name = _LETTERS.get(letter, letter)
        if letter in _VALUED_LETTERS:
            value = word[position:]
            return ([*options, (name, value)], "") if value else (options, name)
        options.append((name, ""))
    return options, ""


def _read_url(line: _Line) -> str:
    if line.has("next", "url-query"):
        raise UsageError("this curl command line has --next or --url-query: write the one request with all of its URL")
    if line.has("url"):
        url = line.values("url")[0]
    elif line.others:
        _, url = min(line.others, key=lambda other: (not is_absolute(other[1]), other[0]))
    else:
        raise UsageError("this curl command line has no URL")
    url = _to_text(url).partition("#")[0]
    if not is_absolute(url):
        url = f"http://{url}"
    try:
        has_path = bool(urlsplit(url).path)
    except ValueError:
        raise UsageError("the URL of this curl command line cannot be read") from None
    return url if has_path else f"{url.partition('?')[0]}/{url[len(url.partition('?')[0]) :]}"


def _make_headers(line: _Line, data: str | None) -> dict[str, str]:
    """Return the headers that matter: those given, of which ``Name:`` takes curl's own away, and two of curl's own."""
    given = [_to_text(text).partition(":") for text in line.values("header")]
    headers = join_headers((name.strip(), value.strip()) for name, _, value in given if value.strip())
    if line.has("user") and not find_header(headers, "authorization"):
        headers["Authorization"] = "Basic " + b64encode(line.values("user")[-1].encode("utf-8", "replace")).decode()
    if "content-type" in (name.strip().lower() for name, _, _ in given):
        return headers
    if data is not None:
        headers["Content-Type"] = "application/json" if line.has("json") else FORM
    elif line.has("form", "form-string"):  # its bytes are curl's to make, and are not signed
        headers["Content-Type"] = "multipart/form-data"
    return headers


def _read_data(line: _Line) -> str | None:
    """Return what curl makes of its data options, in their order."""
    made = None
    for name, value in line.options:
        if name in _DATA:
            piece = _encode_data(name, value)
            made = piece if made is None else f"{made}{'' if name == 'json' else '&'}{piece}"
    return made


def _encode_data(name: str, value: str) -> str:
    """Return what one data option adds; a file that it names is not here to be read."""
    if name == "data-raw":
        return value
    if name != "data-urlencode":
        if value.startswith("@"):
            raise _missing_file_error(value)
        return value
    field, mark, content = value.partition("=")
    if not mark and "@" in value:
        raise _missing_file_error(value[value.index("@") :])
    raw = (content if mark else value).encode("utf-8", "surrogateescape")
    return f"{field}={quote_plus(raw)}" if mark and field else quote_plus(raw)


def _missing_file_error(named: str) -> UsageError:
    return UsageError(f"the body was in the file {named[1:]}: put its content in the place of {named}")


def _to_text(word: str) -> str:
    """Return a word as text."""
    return word.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
