"""The responses of token endpoints (RFC 5849 s2.1, s2.3): form-encoded, or in the JSON of some."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from ..credentials import AccessToken, RequestToken
from ..errors import UsageError, is_text

__all__ = ["find_json_values", "parse_expiry", "parse_json_object", "read_token"]

MAX_EXPIRY_SECONDS = 1e10  # some 300 years: what is more is no number of seconds

_Token = TypeVar("_Token", RequestToken, AccessToken)


def read_token(kind: type[_Token], text: str, now: float) -> _Token | None:
    """Return the token in a response; ``None`` where it has none, or more than one.

    :param now: when the response came, in seconds since the epoch: ``oauth_expires_in``
        (OAuth Session 1.0) counts from there.
    """
    text = text.lstrip("\ufeff \t\r\n")
    fields = (parse_json_object(text) or {}) if text.startswith("{") else _parse_form(text)
    if "oauth_problem" in fields or fields.get("error") or fields.get("errors"):  # whatever stands beside it
        return None
    key, secret = fields.pop("oauth_token", None), fields.pop("oauth_token_secret", None)
    if not isinstance(key, str) or not isinstance(secret, str) or not is_text(key + secret):
        return None
    try:
        return kind(key, secret, expires_at=parse_expiry(fields.get("oauth_expires_in"), now), extra=fields)
    except UsageError:  # a key that cannot be one
        return None


def _parse_form(text: str) -> dict[str, Any]:
    pairs = parse_qsl(text.strip(), keep_blank_values=True)
    names = [name for name, _ in pairs if name.startswith("oauth_")]
    return {} if len(names) > len(set(names)) else dict(pairs)


def parse_json_object(text: str) -> dict[str, Any] | None:
    """Return a JSON object; ``None``: it is something else, or says something twice."""
    try:
        found = json.loads(text.lstrip("\ufeff"), object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name is there twice")
    return found


def find_json_values(text: str, *names: str) -> list[str]:
    """Return every text that stands in JSON under one of these names, however deep, and however it is spelled there."""
    found: list[str] = []

    def note(pairs: list[tuple[str, Any]]) -> None:
        for value in (value for name, value in pairs if name in names):
            found.extend(part for part in (value if isinstance(value, list) else [value]) if isinstance(part, str))

    with suppress(ValueError, RecursionError):
        json.loads(text, object_pairs_hook=note)
    return found


def parse_expiry(seconds: object, now: float = 0) -> float | None:
    """Return when credentials end, in seconds since the epoch; ``None``: this does not say it, or is 0 (never).

    :param seconds: what a service says, as a number or as text.
    :param now: from when they count; 0: they are seconds since the epoch.
    """
    try:
        left = float(str(seconds))
    except ValueError:
        return None
    return now + left if 0 < left < MAX_EXPIRY_SECONDS else None
