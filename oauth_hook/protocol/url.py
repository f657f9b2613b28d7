"""A URL as it goes out: its parts, its origin, and whether that is loopback.

It is read as it stands on the wire; nothing in it is decoded, re-quoted or tidied, since the server signs what it
received.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address
from typing import NamedTuple

from ..errors import UsageError

__all__ = [
    "Origin",
    "SplitURL",
    "check_absolute_url",
    "is_loopback",
    "is_same_origin",
    "origin",
    "parse_origin",
    "print_origin",
    "split_url",
    "to_wire_form",
]


#: Scheme, host and port, as they are compared: lower case, and empty for the default port.
Origin = tuple[str, str, str]

# What urllib3 puts on the wire as it stands (RFC 3986 s2, s3.3, s3.4): plain characters and escapes.
_PLAIN = r"[A-Za-z0-9._~!$&'()*+,;=:@/?#-]*"
_settled = re.compile(f"{_PLAIN}(?:%[0-9A-F]{{2}}{_PLAIN})*").fullmatch


def to_wire_form(url: str) -> str:
    """Return a URL as urllib3 will spell it on the wire.

    ``prepare`` has urllib3 spell URLs already. It is a redirect's ``Location``, or a
    URL set by hand, that arrives here with an ``[`` or a ``%c3`` in its path.
    """
    if _settled(url):
        return url
    from urllib3.exceptions import LocationParseError
    from urllib3.util import parse_url

    try:
        return parse_url(url).url
    except LocationParseError:
        return url


def parse_origin(url: str | None) -> Origin | None:
    """Return the origin of a URL; ``None`` where it has none that we would sign for."""
    try:
        split = split_url(url or "")
        return origin(split.scheme, split.authority)
    except UsageError:
        return None


def print_origin(origin: Origin) -> str:
    """Return an origin as ``Account.origins`` has it."""
    scheme, host, port = origin
    return f"{scheme}://{host}{port and ':'}{port}"


def is_same_origin(old: Origin | None, new: Origin | None) -> bool:
    """Tell whether a redirect stays within the origin, or only goes from its http to its https on the default ports.

    That is where ``requests`` keeps ``Authorization`` as well (``should_strip_auth``).
    """
    if old is None or new is None:
        return False
    return old == new or (old[0] == "http" and new[0] == "https" and old[1:] == new[1:] == (new[1], ""))


# What HTTP cannot carry in a URL. Bytes beyond ASCII, which RFC 3986 does not know and some servers take, stand.
_unsendable = re.compile(r"[\x00-\x20\x7F]").search


# RFC 3986 s3.2: host [ ":" port ], the host a name, an IPv4 address or an IP-literal in
# brackets. An empty port is allowed there and refused here: servers disagree about it.
_split_authority = re.compile(r"(\[[^\[\]]+\]|[^:@\[\]\s]+)(?::([0-9]{1,9}))?").fullmatch


_DEFAULT_PORT = {"http": "80", "https": "443"}


_LAST_PORT = 65535


class SplitURL(NamedTuple):
    """A URL taken apart, every part as it stands in it."""

    target: str  #: everything up to the query
    scheme: str
    authority: str
    path: str
    query: str | None  #: without its ``?``; ``None``: the URL has no ``?``
    fragment: str | None  #: with its ``#``; ``None``: the URL has no ``#``

    def with_query(self, query: str | None) -> str:
        """Return the URL with this query; an empty one leaves no ``?`` behind."""
        return f"{self.target}{'?' + query if query else ''}{self.fragment or ''}"


def split_url(url: str) -> SplitURL:
    """Take a URL apart without changing a character of it.

    :raises UsageError: the URL is not absolute, not http(s), or has a space or a control
        character in it. ``origin`` checks its host and port.
    """
    if not isinstance(url, str):
        raise UsageError(f"the URL must be a str, not {type(url).__name__}")
    # RFC 3986 appendix B, for the two schemes that OAuth 1.0 knows (s3.4.1.2). No expression, which would take twice
    # as long, and ten times between two requests of a client.
    hierarchy, number_sign, fragment = url.partition("#")
    target, question_mark, query = hierarchy.partition("?")
    scheme, mark, place = target.partition("://")
    authority, slash, path = place.partition("/")
    if not mark or scheme.lower() not in _DEFAULT_PORT:
        raise UsageError("the URL must begin with http:// or https://: OAuth 1.0 signs nothing else (s3.4.1.2)")
    if (" " in url or not url.isprintable()) and _unsendable(url):
        raise UsageError("the URL has a space or a control character in it, which HTTP cannot carry: escape it")
    parts = (
        target, scheme, authority, slash + path,
        query if question_mark else None, number_sign + fragment if number_sign else None,
    )  # fmt: skip
    return tuple.__new__(SplitURL, parts)  # what SplitURL(*parts) does, at half the cost


# Cached by scheme and authority alone: paths and queries may carry tokens, and stay out of every cache.
@lru_cache
def origin(scheme: str, authority: str) -> Origin:
    """Return scheme, host and port as they are compared: in lower case, the default port empty.

    :raises UsageError: there is no host, or the authority has userinfo or an empty port.
    """
    match = _split_authority(authority)
    if match is None or int(match[2] or 0) > _LAST_PORT:
        if not authority:
            raise UsageError("the URL has no host")
        if "@" in authority:
            raise UsageError(
                "the URL has a user name or password in it, which OAuth 1.0 has no place for: take them out"
            )
        raise UsageError(f"the host or port of {authority!r} is malformed")
    scheme = scheme.lower()
    host, port = match.groups()
    return scheme, host.lower(), "" if port is None or port == _DEFAULT_PORT[scheme] else port


def is_loopback(authority: str) -> bool:
    """Tell whether a request to that host and port never leaves the machine (RFC 6761 s6.3, RFC 6890)."""
    match = _split_authority(authority)
    host = "" if match is None else match[1].lower().strip("[]").removesuffix(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def check_absolute_url(url: str, name: str) -> Origin:
    """Return the origin of a URL that a request can be sent to.

    :param name: what the message calls the URL; it shows neither its path nor its query, which may have a token in it.
    :raises UsageError: it is not an absolute http or https URL, or has a space or a user name in it.
    """
    try:
        parts = split_url(url)
        return origin(parts.scheme, parts.authority)
    except UsageError as error:
        raise UsageError(f"{name} must be an absolute http or https URL: {error}") from None
