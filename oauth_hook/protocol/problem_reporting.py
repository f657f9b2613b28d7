"""The OAuth Problem Reporting extension: ``oauth_problem`` and its companions.

Servers put them into ``WWW-Authenticate: OAuth``, or into a form-encoded or JSON body, often into both; some write
them into a page for people. What else a service says, in words of its own, is read by ``diagnosis/server_messages.py``.

Whoever responds may send anything: each text is read in time that is linear in its length.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterable, Mapping
from email.utils import parsedate_to_datetime
from html import unescape
from urllib.parse import parse_qsl, unquote

__all__ = [
    "PROBLEMS",
    "is_denial",
    "read_form",
    "read_html",
    "read_problem",
    "server_time",
    "unescape_html",
]

#: The words of the extension, as servers use them.
PROBLEMS = frozenset((
    "additional_authorization_required", "body_hash_invalid", "consumer_key_refused", "consumer_key_rejected",
    "consumer_key_unknown", "nonce_used", "parameter_absent", "parameter_rejected", "permission_denied",
    "permission_unknown", "signature_invalid", "signature_method_rejected", "timestamp_refused", "token_expired",
    "token_not_authorized", "token_rejected", "token_revoked", "token_used", "user_refused", "verifier_invalid",
    "version_rejected",
))  # fmt: skip
_DENIALS = frozenset(("user_refused", "permission_denied"))

_find_challenge = re.compile(r"\bOAuth\b(.*)", re.IGNORECASE | re.DOTALL).search
_find_parameters = re.compile(r'\b(oauth_\w{1,40})\s{0,8}=\s{0,8}(?:"([^"]*)"|([^\s,"]*))').findall

_find_in_page = re.compile(
    r"\b(oauth_(?:problem(?:_advice)?|acceptable_\w{1,20}|parameters_\w{1,20}))\s{0,8}[=:]\s{0,8}[\\\"']{0,2}([\w.-]{1,200})"
).findall

_MAX_BODY = 1 << 16  # characters of a body that are looked at: reports are short
_MAX_FORM = 1 << 14  # and of a form: there each second one may begin another field


def read_problem(headers: Mapping[str, str], body: str = "", *, anywhere: bool = False) -> dict[str, str]:
    """Return the ``oauth_*`` fields of a refusal, decoded, by name; empty if it has none.

    :param headers: of the response; ``WWW-Authenticate`` is read.
    :param body: the response's text, if it may be looked at: form-encoded or JSON.
    :param anywhere: it is a refusal, and so a word of the extension counts wherever it stands: in a page, a sentence.
    """
    fields: dict[str, str] = {}
    challenge = _find_challenge(headers.get("WWW-Authenticate", ""))
    if challenge is not None:
        fields |= {name: unquote(quoted or token) for name, quoted, token in _find_parameters(challenge[1])}
    text = body[:_MAX_BODY].strip()
    if "oauth_" in text:
        fields |= _read_fields(text)
    if anywhere and "oauth_problem" in text and "oauth_problem" not in fields:
        # What a page shows goes before what stands in its tags and comments. The first of each counts, and only if
        # the problem is one of the extension's own words.
        for shown in (read_html(text), unescape_html(text)) if text.startswith("<") else (text,):
            found = dict(reversed(_find_in_page(shown)))
            if found.get("oauth_problem") in PROBLEMS:
                return fields | found
    return fields


def _read_fields(text: str) -> dict[str, str]:
    if text.startswith("{"):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return {}
        pairs = list(found.items()) if isinstance(found, dict) else []
    else:
        pairs = parse_qsl(text[:_MAX_FORM], keep_blank_values=True)
    return {name: str(value) for name, value in pairs if name.startswith("oauth_") and isinstance(value, str | int)}


def is_denial(names: Container[str], problems: Iterable[str | None]) -> bool:
    """Tell whether a callback says that the user said no.

    :param names: of its parameters: some services send ``denied`` alone, with the request token.
    :param problems: the values of ``oauth_problem``.
    """
    return "denied" in names or not _DENIALS.isdisjoint(problems)


def server_time(headers: Mapping[str, str], acceptable: str = "") -> float | None:
    """Return the server's time in seconds since the epoch, as a response shows it.

    :param headers: of the response: its ``Date``, to the second, where the server's own
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


_tag = re.compile("<[^<>]*>")  # a tag may not go on over the start of the next: else many starts take long
_endless_number = re.compile("&#[0-9]{9,}")  # no character, and int() refuses thousands of digits with an error


def unescape_html(text: str) -> str:
    """Return a text with the escapes of HTML taken away, whatever numbers are in them."""
    return unescape(_endless_number.sub(" ", text))


def read_html(page: str) -> str:
    """Return what stands between tags, in one line."""
    return " ".join(unescape_html(_tag.sub(" ", page)).split())


def read_form(text: str) -> dict[str, str]:
    """Return the fields of a text that is form-encoded, as oauthlib's errors are; empty if it is not."""
    if re.match(r"[\w.-]{1,40}=", text) is None or re.search(r"[\s<>]", text) is not None:
        return {}
    return dict(parse_qsl(text[:_MAX_FORM]))
