"""The signature base string (RFC 5849 s3.4.1.1) and its URI (s3.4.1.2).

Only methods and origins are cached: a path may carry a secret, which no cache may keep.
"""

from __future__ import annotations

from functools import lru_cache

from .encoding import escape
from .url import origin

__all__ = ["base_string", "base_string_uri"]


def base_string_uri(scheme: str, authority: str, path: str) -> str:
    """Return the base string URI (s3.4.1.2), percent-encoded (s3.6) as the base string has it.

    Scheme and host in lower case, the port only where it is not the default, the path
    as it stands (``;`` parameters included), at least ``/``.

    :param authority: the ``Host`` header's value where the request has one, else the URL's host and port.
    :raises UsageError: see ``origin``.
    """
    return _escape_origin(scheme, authority) + (escape(path) if path else "%2F")


@lru_cache
def _escape_origin(scheme: str, authority: str) -> str:
    scheme, host, port = origin(scheme, authority)
    return escape(f"{scheme}://{host}{port and ':' + port}")


def base_string(method: str, encoded_uri: str, normalized_parameters: str) -> str:
    """Return the signature base string (s3.4.1.1).

    :param method: the HTTP method; it is put in upper case.
    :param encoded_uri: from ``base_string_uri``.
    :param normalized_parameters: from ``parameters.normalize``, percent-encoded.
    """
    return f"{_escape_method(method)}&{encoded_uri}&{normalized_parameters}"


@lru_cache
def _escape_method(method: str) -> str:
    return escape(method.upper())
