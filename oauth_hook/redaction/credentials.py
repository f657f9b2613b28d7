"""Taking out of a text, or a header, all credentials, keys and tokens that a recording must not keep."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .fields import CREDENTIALS, CREDENTIALS_BESIDE_TOKEN, CREDENTIALS_IN_FORM, MASK
from .names import HEADER, SECRET_HEADER
from .redactor import Redactor

__all__ = ["redact_credentials", "redact_header"]

_in_text = Redactor((), CREDENTIALS)
_in_form = Redactor((), CREDENTIALS_IN_FORM)
_in_form_with_token = Redactor((), CREDENTIALS_BESIDE_TOKEN)
# The whole text is a form, or a URL: whatever stands between two & is one parameter.
_is_form = re.compile(r"[^\s<>\"&=]+=[^\s<>\"]*\s*").fullmatch
_has_token = re.compile(r"(?<![^?&#])token=").search

_is_secret_header = re.compile(SECRET_HEADER, re.IGNORECASE).fullmatch
# A header of credentials in a text: a line of HTTP, or a member of JSON or of a repr.
_header = re.compile(
    rf"""^(?P<line>[ \t<>]*(?P<of_line>{HEADER}):[ \t]*)(?P<rest>[^\r\n]+)
       | (?P<member>(?P<mark>["'])(?P<of_member>{HEADER})(?P=mark)\s*:\s*(?:\[\s*)?(?P<quote>["']))
         (?P<value>(?:(?!(?P=quote))[^\\]|\\.)*)""",
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
).sub
_scheme = re.compile(
    r"(authorization[\"']?\s*[:=]\W{0,20}(?:basic|bearer|digest|token) +)[^\s,\"'<>]+", re.IGNORECASE
).sub
_cookie = re.compile(r"((?:\A|;)[^=;]+=)[^;]+").sub
_set_cookie = re.compile(r"\A([^=;]+=)[^;]+").sub


def redact_credentials(text: str, secrets: Iterable[str] = ()) -> str:
    """Return a text of any shape without credentials; all else in it is as it was.

    :param secrets: more to take out, wherever it stands; found raw and escaped.
    """
    if secrets:
        text = Redactor(secrets)(text, fields=False)
    if _is_form(text):
        return (_in_form_with_token if _has_token(text) else _in_form)(text)
    return _in_text(_scheme(rf"\1{MASK}", _header(_redact_header_in_text, text)))


def redact_header(name: str, value: str, secrets: Iterable[str] = ()) -> str:
    """Return a header's value without credentials; the scheme, the names of cookies and all else stay."""
    kind = name.lower()
    if kind == "cookie":
        return _cookie(rf"\1{MASK}", value)
    if kind == "set-cookie":
        return _set_cookie(rf"\1{MASK}", value)
    if kind in ("authorization", "proxy-authorization") and not value.lower().startswith("oauth "):
        return f"{value.partition(' ')[0]} {MASK}" if " " in value else MASK
    return MASK if _is_secret_header(name) else redact_credentials(value, secrets)


def _redact_header_in_text(found: re.Match[str]) -> str:
    if found["line"]:
        return found["line"] + redact_header(found["of_line"], found["rest"])
    return found["member"] + redact_header(found["of_member"], found["value"])
