"""The signature base string (RFC 5849 s3.4.1.1) and its URI (s3.4.1.2).

The address is read as it stands on the wire; nothing in it is decoded, re-quoted or
tidied, since the server signs what it received. What was found out about an address is
remembered for a while, as ``urllib.parse`` does: a client asks the same few again and again.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address
from typing import NamedTuple

from ..errors import UsageError
from .encoding import escape

__all__ = ["Address", "base_string", "base_string_uri", "is_loopback", "origin", "split_url"]

# RFC 3986 appendix B, for the two schemes that OAuth 1.0 knows (s3.4.1.2), in any case:
#     scheme "://" authority path-abempty [ "?" query ] [ "#" fragment ]
# without the spaces and control characters that HTTP cannot carry. Octets beyond ASCII,
# which RFC 3986 does not know and some servers take, stand.
_split = re.compile(
    r"((https?)://([^/?#\x00-\x20\x7F]*)([^?#\x00-\x20\x7F]*))"
    r"(?:\?([^#\x00-\x20\x7F]*))?(#[^\x00-\x20\x7F]*)?",
    re.IGNORECASE,
).fullmatch

# RFC 3986 s3.2: host [ ":" port ], the host a name, an IPv4 address or an IP-literal in
# brackets. An empty port is allowed there and refused here: servers disagree about it.
_split_authority = re.compile(r"(\[[^\[\]]+\]|[^:@\[\]\s]+)(?::([0-9]{1,9}))?").fullmatch

_DEFAULT_PORT = {"http": "80", "https": "443"}
_LAST_PORT = 65535


class Address(NamedTuple):
    """A URL taken apart, every part as it stands in it."""

    target: str  #: everything up to the query
    scheme: str
    authority: str
    path: str
    query: str | None  #: without its ``?``; None where there is none
    fragment: str | None  #: with its ``#``; None where there is none

    def with_query(self, query: str | None) -> str:
        """Return the URL with this query; an empty one leaves no ``?`` behind."""
        return f"{self.target}{'?' + query if query else ''}{self.fragment or ''}"


@lru_cache
def split_url(url: str) -> Address:
    """Take a URL apart without changing a character of it.

    :raises UsageError: no absolute http(s) URL with a host, a control character or a
        space in it, userinfo in it, or an empty port.
    """
    if not isinstance(url, str):
        raise UsageError(f"the URL must be a str, not {type(url).__name__}")
    match = _split(url)
    if match is None:
        if re.match("https?://", url, re.IGNORECASE):
            raise UsageError("the URL has a space or a control character in it, which HTTP cannot carry: escape it")
        raise UsageError("the URL must begin with http:// or https://: OAuth 1.0 signs nothing else (s3.4.1.2)")
    return Address(*match.groups())


def origin(scheme: str, authority: str) -> tuple[str, str, str]:
    """Return scheme, host and port as they are compared: in lower case, the default port as none.

    :raises UsageError: there is no host, or the authority has userinfo or an empty port.
    """
    match = _split_authority(authority)
    if match is None or int(match[2] or 0) > _LAST_PORT:
        if not authority:
            raise UsageError("the URL has no host")
        if "@" in authority:
            raise UsageError(
                "the URL has a user name or password in it, and OAuth 1.0 no place for them: take them out"
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


@lru_cache
def base_string_uri(scheme: str, authority: str, path: str) -> str:
    """Return the base string URI (s3.4.1.2), percent-encoded (s3.6) as the base string has it.

    Scheme and host in lower case, the port only where it is not the default, the path
    as it stands (``;`` parameters included), at least ``/``.

    :param authority: the ``Host`` header's value where the request has one, else the URL's host and port.
    :raises UsageError: see ``origin``.
    """
    scheme, host, port = origin(scheme, authority)
    return escape(f"{scheme}://{host}{port and ':' + port}{path or '/'}")


def base_string(method: str, encoded_uri: str, normalized_parameters: str) -> str:
    """Return the signature base string (s3.4.1.1).

    :param method: the HTTP method; it is put in upper case.
    :param encoded_uri: from ``base_string_uri``.
    :param normalized_parameters: from ``parameters.normalize``: of unreserved characters,
        ``%``, ``=`` and ``&`` only, so that encoding them (s3.6) is three replacements.
    """
    parameters = normalized_parameters.replace("%", "%25").replace("=", "%3D").replace("&", "%26")
    return f"{escape(method.upper())}&{encoded_uri}&{parameters}"
