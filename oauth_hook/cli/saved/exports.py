"""What programs export as JSON: HAR, collections of Postman (v2.1) and Insomnia (v4, v5), sessions of Charles."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from ...errors import UsageError
from ...protocol.parameters import FORM
from .har import DAMAGED, parse_har
from .messages import Saved, SavedRequest, SavedResponse, find_header, is_signed, join_form, join_headers

__all__ = ["parse_json"]

_variable = re.compile(r"\{\{\s*(?:_\.)?([^{}]{0,200}?)\s*\}\}")

_NOT_SENT = (
    "this export of {tool} has no request as it was sent: {tool} signs it only then. Copy it from {tool}'s {place}, "
    "which shows what was sent"
)
_PLACES = {"Postman": "console (raw)", "Insomnia": "timeline (which is curl's -v)"}


def parse_json(text: str) -> list[Saved]:
    """Read an export.

    :raises UsageError: it is of no program that is known, or has no request in it that was signed.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise UsageError("this is not a HAR file, nor other JSON that can be read: it is cut off, or damaged") from None
    try:
        for is_from, parse in _EXPORTS:
            if is_from(value):
                return parse(value)
    except UsageError:  # which is a ValueError, too
        raise
    except DAMAGED:
        raise UsageError("this export cannot be read: something else stands where its requests belong") from None
    raise UsageError(
        "this JSON has no request that is known here: it is not a HAR file (log.entries), nor an export of Postman, "
        "Insomnia or Charles"
    )


def _parse_postman(value: Any) -> list[Saved]:
    """Read a collection: its requests, and the examples that were saved of their responses."""
    variables = _read_variables(value.get("variable"))
    found: list[Saved] = []
    left = [(value, False)]
    while left:
        item, is_signing = left.pop()
        request = item.get("request")
        request = {"url": request} if isinstance(request, str) else request
        is_signing = _signs(item.get("auth"), is_signing)
        left += [(one, is_signing) for one in item.get("item") or [] if isinstance(one, dict)]
        with suppress(*DAMAGED):
            for example in item.get("response") or []:
                sent = _read_postman_request(example["originalRequest"], variables)
                status = int(example.get("code") or 0)
                content = str(example.get("body") or "").encode("utf-8", "replace")
                headers = join_headers(_read_pairs(example.get("header"), "key"))
                found.append(SavedResponse(sent, status, str(example.get("status") or ""), headers, content))
        if request:
            with suppress(*DAMAGED):
                saved = _read_postman_request(request, variables)
                if is_signed(saved) or not _signs(request.get("auth"), is_signing):
                    found.append(saved)
    return _require_sent(found, "Postman")


def _signs(auth: Any, inherited: bool) -> bool:
    """Tell whether the program signs a request when it sends it."""
    return auth.get("type") == "oauth1" if isinstance(auth, dict) else inherited


def _read_postman_request(request: Any, variables: dict[str, str]) -> SavedRequest:
    url = request["url"]
    url = _fill(url if isinstance(url, str) else str(url["raw"]), variables)
    headers = join_headers((name, _fill(value, variables)) for name, value in _read_pairs(request.get("header"), "key"))
    body = request.get("body") or {}
    text = str(body.get("raw") or "")
    if body.get("mode") == "urlencoded":
        text = join_form(_read_pairs(body.get("urlencoded"), "key"))
        if not find_header(headers, "content-type"):
            headers["Content-Type"] = FORM
    content = _fill(text, variables).encode("utf-8", "replace") or None
    return SavedRequest(str(request.get("method") or "GET").upper(), url, headers, content)


def _parse_insomnia(value: Any) -> list[Saved]:
    """Read an export: of v4 a list of resources, of v5 a tree."""
    resources = value.get("resources")
    if resources is None:
        resources, left = [], [*reversed(value["collection"])]
        while left:
            item = left.pop()
            resources.append({**item, "_type": "request_group" if "children" in item else "request"})
            left += reversed(item.get("children") or [])
        resources.append({**(value.get("environments") or {}), "_type": "environment"})
    variables: dict[str, str] = {}
    for resource in resources:
        if resource.get("_type") == "environment":
            variables |= {str(name): str(one) for name, one in (resource.get("data") or {}).items()}
    found: list[Saved] = []
    for resource in resources:
        with suppress(*DAMAGED):
            saved = _read_insomnia_request(resource, variables) if resource.get("_type") == "request" else None
            if saved and (is_signed(saved) or not _signs(resource.get("authentication"), inherited=False)):
                found.append(saved)
    return _require_sent(found, "Insomnia")


def _read_insomnia_request(request: Any, variables: dict[str, str]) -> SavedRequest:
    url = _fill(str(request["url"]), variables)
    query = "&".join(
        f"{quote(name, safe='')}={quote(_fill(value, variables), safe='')}"
        for name, value in _read_pairs(request.get("parameters"), "name")
    )
    url += f"{'&' if '?' in url else '?'}{query}" if query else ""
    headers = join_headers((name, _fill(one, variables)) for name, one in _read_pairs(request.get("headers"), "name"))
    body = request.get("body") or {}
    mime = str(body.get("mimeType") or "")
    if mime and not find_header(headers, "content-type"):
        headers["Content-Type"] = mime
    text = join_form(_read_pairs(body.get("params"), "name")) if mime == FORM else str(body.get("text") or "")
    content = _fill(text, variables).encode("utf-8", "replace") or None
    return SavedRequest(str(request.get("method") or "GET").upper(), url, headers, content)


def _parse_charles(value: Any) -> list[Saved]:
    """Read a session (``.chlsj``)."""
    found: list[Saved] = []
    for one in value:
        with suppress(*DAMAGED):
            scheme, port = str(one["scheme"]), one.get("port") or one.get("actualPort")
            default = {"https": 443, "http": 80}.get(scheme)
            host = f"{one['host']}:{port}" if port and port != default else str(one["host"])
            query = f"?{one['query']}" if one.get("query") else ""
            url = f"{scheme}://{host}{one.get('path') or '/'}{query}"
            headers, body = _read_charles_message(one["request"])
            request = SavedRequest(str(one["method"]).upper(), url, headers, body or None)
            found.append(request)
            if isinstance(status := (one.get("response") or {}).get("status"), int):
                found[-1] = SavedResponse(request, status, "", *_read_charles_message(one["response"]))
    if not found:
        raise UsageError("this session of Charles has no request that can be read")
    return found


def _read_charles_message(message: Any) -> tuple[dict[str, str], bytes]:
    pairs = _read_pairs((message.get("header") or {}).get("headers"), "name")
    text = str((message.get("body") or {}).get("text") or "")
    return join_headers((name, value) for name, value in pairs if name[:1] != ":"), text.encode("utf-8", "replace")


def _read_pairs(value: Any, name: str) -> Iterator[tuple[str, str]]:
    """Yield names and values of a list that has an object for each, without those that are switched off."""
    for pair in value or []:
        if pair.get(name) and not pair.get("disabled"):
            yield str(pair[name]), str(pair.get("value") or "")


def _read_variables(value: Any) -> dict[str, str]:
    with suppress(*DAMAGED):
        return dict(_read_pairs(value, "key"))
    return {}


def _fill(text: str, variables: dict[str, str]) -> str:
    """Return a text with the values of its variables; one whose value is not there stays."""
    return _variable.sub(lambda match: variables.get(match[1], match[0]), text)


def _require_sent(found: list[Saved], tool: str) -> list[Saved]:
    if not found:
        raise UsageError(_NOT_SENT.format(tool=tool, place=_PLACES[tool]))
    return found


def _has_key(*names: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, dict) and all(name in value for name in names)


_EXPORTS: tuple[tuple[Callable[[Any], bool], Callable[[Any], list[Saved]]], ...] = (
    (_has_key("log"), parse_har),
    (_has_key("info", "item"), _parse_postman),
    (_has_key("resources"), _parse_insomnia),
    (_has_key("collection", "type"), _parse_insomnia),
    (lambda value: isinstance(value, list) and _has_key("scheme", "request")((value or [None])[0]), _parse_charles),
)
