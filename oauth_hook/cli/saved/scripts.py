"""Calls that browsers copy besides curl's: ``fetch`` of JavaScript, and ``Invoke-WebRequest`` of PowerShell."""

from __future__ import annotations

import json
import re

from ...errors import UsageError
from ...protocol.parameters import FORM
from .messages import Saved, SavedRequest, find_header, is_absolute

__all__ = ["parse_fetch", "parse_powershell"]

_fetch = re.compile(r"(?m)^[ \t]*(?:await[ \t]+)?fetch\([ \t\r\n]*(?=\")").finditer
_comma = re.compile(r"\s*,\s*").match


def parse_fetch(text: str) -> list[Saved]:
    """Read calls as a browser copies them ("Copy as fetch"), whose arguments are JSON.

    :raises UsageError: the arguments are not JSON: it is a program, which says how a request is made.
    """
    decode = json.JSONDecoder().raw_decode
    found: list[Saved] = []
    for call in _fetch(text):
        try:
            url, at = decode(text, call.end())
            comma = _comma(text, at)
            options = decode(text, comma.end())[0] if comma else {}
            headers = {str(name): str(value) for name, value in (options.get("headers") or {}).items()}
            body = options.get("body")
        except (ValueError, AttributeError, RecursionError):
            continue
        content = None if body is None else str(body).encode("utf-8", "replace")
        if content and not find_header(headers, "content-type"):
            headers["Content-Type"] = "text/plain;charset=UTF-8"
        found.append(SavedRequest(str(options.get("method") or "GET").upper(), str(url), headers, content))
    return found


# A string of PowerShell's, in double quotation marks: a backtick escapes, two marks are one; or in single ones.
_STRING = r"""\"(?P<double>(?:[^"`]|`[\s\S]|"")*)\"|'(?P<single>(?:[^']|'')*)'"""
_token = re.compile(
    rf"(?P<end>[;|]|\r?\n(?=[ \t]*(?:\$\w|Invoke-)))|(?P<table>@\{{)|(?P<close>\}})|=|(?P<name>-[A-Za-z]+(?=\s|:))"
    rf"|{_STRING}|(?P<word>[^\s\"'`;|={{}}()]+)|(?P<skipped>[\s`()]+)"
).match
_powershell = re.compile(r"(?mi)(?<![\w$-])(?:Invoke-WebRequest|Invoke-RestMethod|iwr|irm)(?=\s)").search
_character = re.compile(r"\$\(\[char\](0x[0-9a-fA-F]{1,5}|\d{1,7})\)").sub
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


def parse_powershell(text: str) -> list[Saved]:
    """Read calls of ``Invoke-WebRequest`` and ``Invoke-RestMethod``, as a browser copies them.

    :raises UsageError: the body is not in one of them.
    """
    found: list[Saved] = []
    at = 0
    while call := _powershell(text, at):
        given, headers, at = _read_call(text, call.end())
        if is_absolute(given.get("uri", "")):
            found.append(_make_request(given, headers))
    return found


def _read_call(text: str, at: int) -> tuple[dict[str, str], dict[str, str], int]:
    """Return the parameters of a call, its headers, and where it ends."""
    given: dict[str, str] = {}
    headers: dict[str, str] = {}
    name, key, in_table = "uri", "", False
    while (token := _token(text, at)) and (in_table or not token["end"]):
        at = token.end()
        if token["table"] or token["close"]:
            in_table, key = bool(token["table"]), ""
        elif token["name"] and not in_table:
            name = token["name"][1:].lower()
        elif token["double"] is not None or token["single"] is not None or (token["word"] or "[")[0] != "[":
            value = _read_string(token)
            if not in_table:
                given.setdefault(name, value)
            elif key:
                headers[key], key = value, ""
            else:
                key = value
    return given, headers, at


def _make_request(given: dict[str, str], headers: dict[str, str]) -> SavedRequest:
    body = given.get("body")
    if "infile" in given or (body or "")[:1] in ("$", "@"):
        raise UsageError("the body of this PowerShell command is not in it: put its text in the place of -Body's value")
    if kind := given.get("contenttype") or (FORM if body and not find_header(headers, "content-type") else ""):
        headers["Content-Type"] = kind
    content = None if body is None else body.encode("utf-8", "replace")
    return SavedRequest(given.get("method", "GET").upper(), given["uri"], headers, content)


def _read_string(token: re.Match[str]) -> str:
    if token["single"] is not None:
        return token["single"].replace("''", "'")
    if token["double"] is None:
        return token["word"]
    text = _character(lambda match: chr(min(int(match[1], 0), 0x10FFFF)), token["double"])
    return re.sub(r'`([\s\S])|""', lambda match: _ESCAPES.get(match[1], match[1]) if match[1] else '"', text)
