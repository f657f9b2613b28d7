"""What a refusal says of itself.

Servers put ``oauth_problem`` and its companions (OAuth Problem Reporting extension) into
``WWW-Authenticate: OAuth``, or into a form-encoded or JSON body; often into both. Others
answer in a JSON of their own, in plain text or in HTML.

Whoever answers may answer anything: each text is read in time that is linear in its length.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from html import unescape
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl, unquote

__all__ = ["PROBLEMS", "read_form", "read_problem", "read_refusal", "server_time", "text_of_html", "unescaped"]

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
_A_FORM = 1 << 14  # and of a form: there each second one may begin another field


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
        pairs = parse_qsl(text[:_A_FORM], keep_blank_values=True)
    return {name: str(value) for name, value in pairs if name.startswith("oauth_") and isinstance(value, str | int)}


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
    word, about = _of_object(read_form(text))
    if word is not None or about:
        return word, about
    line = text.partition("\n")[0].strip()
    is_word = 0 < len(line) <= _A_WORD and line.isprintable() and "=" not in line
    return (line if is_word else None), line[:_A_LINE]


_A_WORD, _A_LINE = 80, 200  # characters
# Names in lower case: Mastercard's have capitals.
_within = ("errors", "error", "err")
_words_for_it = ("error", "code", "errorcode", "error_code", "reasoncode", "type", "name")
_texts_about_it = ("message", "error_description", "description", "info", "detail", "msg", "reason", "error")
_headings = re.compile(r"<(?:title|h1)\b[^<>]*>", re.IGNORECASE).finditer
_end_of_heading = re.compile(r"</(?:title|h1)\b", re.IGNORECASE).split
_A_HEADING = 500  # characters


def _of_json(text: str) -> tuple[str | None, str]:
    """Read ``{"errors": [{"code": 32, "message": "..."}]}``, ``{"error": "..."}`` and their like."""
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None, text[:_A_LINE]
    return _of_object(found)


def _of_object(found: Mapping[str, Any]) -> tuple[str | None, str]:
    found = {name.lower(): value for name, value in found.items()}
    for name in _within:
        inner = found.get(name)
        if isinstance(inner, list) and inner:
            inner = inner[0]
        if isinstance(inner, dict):
            found = {name.lower(): value for name, value in inner.items()}
        elif isinstance(inner, str) and name == "errors":
            return inner, inner
    word = next((str(found[name]) for name in _words_for_it if _is_plain(found.get(name))), None)
    about = next((str(found[name]) for name in _texts_about_it if _is_plain(found.get(name))), "")
    return word, about[:_A_LINE]


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int) and value != "" and not isinstance(value, bool)


def read_form(text: str) -> dict[str, str]:
    """Return the fields of a text that is form-encoded, as oauthlib's errors are; empty if it is none."""
    if re.match(r"[\w.-]{1,40}=", text) is None or re.search(r"[\s<>]", text) is not None:
        return {}
    return dict(parse_qsl(text[:_A_FORM]))


def _of_html(text: str) -> str:
    starts = (heading.end() for heading in islice(_headings(text), 8))
    said = (text_of_html(_end_of_heading(text[start : start + _A_HEADING], maxsplit=1)[0]) for start in starts)
    return next(filter(None, said), "")[:_A_LINE]


_tag = re.compile("<[^<>]*>")  # a tag may not go on over the start of the next: else many starts take long
_endless_number = re.compile("&#[0-9]{9,}")  # no character, and int() refuses thousands of digits with an error


def unescaped(text: str) -> str:
    """Return a text with the escapes of HTML taken away, whatever numbers are in them."""
    return unescape(_endless_number.sub(" ", text))


def text_of_html(page: str) -> str:
    """Return what stands between tags, in one line."""
    return " ".join(unescaped(_tag.sub(" ", page)).split())
