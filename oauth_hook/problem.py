"""What a refusal says of itself.

Servers put ``oauth_problem`` and its companions (OAuth Problem Reporting extension) into
``WWW-Authenticate: OAuth``, or into a form-encoded or JSON body; often into both. Others
answer in a JSON of their own, in plain text or in HTML.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, unquote

__all__ = ["PROBLEMS", "read_problem", "read_refusal", "server_time"]

#: The words of the extension, as servers use them.
PROBLEMS = frozenset((
    "additional_authorization_required", "body_hash_invalid", "consumer_key_refused", "consumer_key_rejected",
    "consumer_key_unknown", "nonce_used", "parameter_absent", "parameter_rejected", "permission_denied",
    "permission_unknown", "signature_invalid", "signature_method_rejected", "timestamp_refused", "token_expired",
    "token_not_authorized", "token_rejected", "token_revoked", "token_used", "user_refused", "verifier_invalid",
    "version_rejected",
))  # fmt: skip

_challenge = re.compile(r"\bOAuth\b(.*)", re.IGNORECASE | re.DOTALL).search
_parameters = re.compile(r'\b(oauth_\w{1,40})\s{0,8}=\s{0,8}(?:"([^"]*)"|([^\s,"]*))').findall

_MOST = 1 << 16  # characters of a body that are looked at: reports are short


def read_problem(headers: Mapping[str, str], body: str = "") -> dict[str, str]:
    """Return the ``oauth_*`` fields of a refusal, decoded, by name; empty if it has none.

    :param headers: of the answer; ``WWW-Authenticate`` is read.
    :param body: the answer's text, if it may be looked at: form-encoded or JSON.
    """
    fields: dict[str, str] = {}
    challenge = _challenge(headers.get("WWW-Authenticate", ""))
    if challenge is not None:
        fields |= {name: unquote(quoted or token) for name, quoted, token in _parameters(challenge[1])}
    if "oauth_" in body[:_MOST]:
        fields |= _fields_of(body[:_MOST].strip())
    return fields


def _fields_of(text: str) -> dict[str, str]:
    if text.startswith("{"):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return {}
        pairs = list(found.items()) if isinstance(found, dict) else []
    else:
        pairs = parse_qsl(text, keep_blank_values=True)
    return {name: str(value) for name, value in pairs if name.startswith("oauth_")}


def server_time(headers: Mapping[str, str], acceptable: str = "") -> float | None:
    """Return the server's time in seconds since the epoch, as an answer shows it.

    :param headers: of the answer: its ``Date``, to the second, where the server's own
        words do not contradict it (a proxy's clock may have set it).
    :param acceptable: ``oauth_acceptable_timestamps``, ``LOW-HIGH``: else its middle.
    :returns: ``None`` where neither says.
    """
    date = _date(headers.get("Date", ""))
    match = re.fullmatch(r"\s*(\d{1,15})\s*-\s*(\d{1,15})\s*", acceptable)
    if match is None:
        return date
    low, high = int(match[1]), int(match[2])
    return date if date is not None and low <= date <= high else (low + high) / 2


def _date(text: str) -> float | None:
    try:
        seconds = parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError, OSError):
        return None
    return seconds if seconds > 0 else None


def read_refusal(headers: Mapping[str, str], body: str) -> tuple[str | None, str]:
    """Return a refusal's own word for what was wrong, and what it says about it to a person.

    :param headers: of the answer.
    :param body: its text.
    :returns: the word is ``None`` where there is none; the text may be empty.
    """
    fields = read_problem(headers, body)
    if "oauth_problem" in fields:
        return fields["oauth_problem"], fields.get("oauth_problem_advice", "")
    text = body[:_MOST].strip()
    if text.startswith("{"):
        return _of_json(text)
    if text.startswith("<"):
        return None, _of_html(text)
    line = text.partition("\n")[0].strip()
    is_word = 0 < len(line) <= _A_WORD and line.isprintable() and "=" not in line
    return (line if is_word else None), line[:_A_LINE]


_A_WORD, _A_LINE = 80, 200  # characters
_words_for_it = ("error", "code", "errorCode", "error_code", "type", "name")
_texts_about_it = ("message", "error_description", "description", "info", "detail", "msg", "reason", "error")
_heading = re.compile(r"<(title|h1)\b[^<>]{0,200}>(.{0,500}?)</\1>", re.IGNORECASE | re.DOTALL).search


def _of_json(text: str) -> tuple[str | None, str]:
    """Read ``{"errors": [{"code": 32, "message": "..."}]}``, ``{"error": "..."}`` and their like."""
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None, text[:_A_LINE]
    for name in ("errors", "error"):
        inner = found.get(name) if isinstance(found, dict) else None
        if isinstance(inner, list) and inner:
            inner = inner[0]
        if isinstance(inner, dict):
            found = inner
        elif isinstance(inner, str) and name == "errors":
            return inner, inner
    word = next((str(found[name]) for name in _words_for_it if _is_plain(found.get(name))), None)
    about = next((str(found[name]) for name in _texts_about_it if _is_plain(found.get(name))), "")
    return word, about[:_A_LINE]


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int) and value != "" and not isinstance(value, bool)


def _of_html(text: str) -> str:
    heading = _heading(text)
    return " ".join(unescape(re.sub("<[^>]*>", " ", heading[2])).split())[:_A_LINE] if heading else ""
