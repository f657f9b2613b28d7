"""Requests and responses as their libraries have them: under which names, and what they do not keep.

=====================  ===========================================================================================
requests, niquests     the names that all others are compared with; ``_content`` is False before it is read
httpx, httpx2          a request's body is ``_content``, where it is not a stream
aiohttp                a response has ``status``, ``request_info`` and ``_body``; the request's body is not kept
urllib.request         a ``Request`` has ``full_url``, ``header_items()`` and ``data``
http.client, urllib3   a response has ``status``, and nothing of its request; so has urllib's ``HTTPError``
=====================  ===========================================================================================

What is made by hand may have any of these names.
"""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = ["attribute", "find_content", "find_parts", "find_request", "find_status", "find_url", "say_how_to_read"]

_NONE = object()
_URLLIB_FORM = ("Content-type", "application/x-www-form-urlencoded")  # urllib's default type


def attribute(thing: Any, name: str, default: Any = None) -> Any:
    """Return an attribute; the default: it is missing, or cannot be had yet, for which httpx raises RuntimeError."""
    try:
        return getattr(thing, name, default)
    except (RuntimeError, ValueError, TypeError, LookupError):
        return default


def find_status(thing: Any) -> Any:
    """Return a response's status, which may be ``None``; what is no response has ``NotImplemented``."""
    status = attribute(thing, "status_code", _NONE)
    if status is _NONE:
        status = attribute(thing, "status")
        return status if isinstance(status, int) else NotImplemented
    return status


def find_request(response: Any) -> Any:
    """Return the request that a response is to; ``None``: it does not know it."""
    return attribute(response, "request", None) or attribute(response, "request_info")


def find_url(thing: Any) -> str:
    """Return the URL of a request, or of a response's request; empty: that has no URL."""
    request = thing if find_status(thing) is NotImplemented else find_request(thing)
    url = attribute(request, "url", attribute(request, "full_url"))
    return url.decode("latin-1") if isinstance(url, bytes) else str(url or "")


class RequestParts(NamedTuple):
    """A request's parts as its library has them.

    :ivar keeps_body: whether the library keeps a request's body, so that ``None`` means that it has none.
    """

    method: Any
    url: Any
    headers: Any
    body: Any
    keeps_body: bool = True


def find_parts(request: Any) -> RequestParts | None:
    """Return the parts of a request; ``None``: it is no request."""
    if callable(attribute(request, "get_method")) and isinstance(attribute(request, "full_url"), str):
        headers = [_URLLIB_FORM] * (request.data is not None) + request.header_items()
        return RequestParts(request.get_method(), request.full_url, headers, request.data)
    method, url = attribute(request, "method"), attribute(request, "url", _NONE)
    if url is _NONE or not isinstance(method, str | bytes | None):
        return None
    body = attribute(request, "body", attribute(request, "_content", _NONE))
    if body is _NONE:
        return RequestParts(method, url, attribute(request, "headers"), None, keeps_body=False)
    payload = attribute(body, "_value")  # aiohttp wraps bytes, too
    return RequestParts(method, url, attribute(request, "headers"), payload if isinstance(payload, bytes) else body)


def find_content(response: Any) -> bytes | None:
    """Return a response's body; ``None`` if it was not read yet."""
    kept = [attribute(response, "_content"), attribute(response, "_body")]
    own = attribute(response, "__dict__", {})  # and no property, which would read it
    for content in (*kept, *(own.get(name) for name in ("content", "body", "text"))):
        if isinstance(content, bytes | bytearray | str):
            return content.encode("utf-8", "replace") if isinstance(content, str) else bytes(content)
    return None


def say_how_to_read(response: Any) -> str:
    """Say how to read a body that was not read yet; empty if there is nothing to read."""
    first = "the response's body was not read yet"
    if attribute(response, "_content") is False:
        return f"{first} (stream=True): read response.content first"
    if attribute(response, "read") is None:
        return ""
    if hasattr(type(response), "request_info"):
        return f"{first}: await response.read() first"
    if hasattr(type(response), "aread"):
        return f"{first}: call response.read(), or await response.aread(), first"
    return f"{first}, and can be read only once"
