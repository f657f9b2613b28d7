"""What a refusal says of itself (OAuth Problem Reporting extension).

Servers put ``oauth_problem`` and its companions into ``WWW-Authenticate: OAuth``, or
into a form-encoded or JSON body; often into both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qsl, unquote

__all__ = ["read_problem", "server_time"]

_challenge = re.compile(r"\bOAuth\b(.*)", re.IGNORECASE | re.DOTALL).search
_parameters = re.compile(r'(oauth_\w+)\s*=\s*(?:"([^"]*)"|([^\s,"]*))').findall

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
        except ValueError:
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
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError, OSError):
        return None
