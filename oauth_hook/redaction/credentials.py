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

_is_header = re.compile(HEADER, re.IGNORECASE).fullmatch
_is_secret_header = re.compile(SECRET_HEADER, re.IGNORECASE).fullmatch


def redact_credentials(text: str, secrets: Iterable[str] = ()) -> str:
    """Return a text of any shape without credentials; all else in it is as it was.

    :param secrets: more to take out, wherever it stands; found raw and escaped.
    """
    if secrets:
        text = Redactor(secrets)(text, fields=False)
    if _is_form(text):
        return (_in_form_with_token if _has_token(text) else _in_form)(text)
    return _in_text(text)


def redact_header(name: str, value: str, secrets: Iterable[str] = ()) -> str:
    """Return a header's value without credentials; the scheme, the names of cookies and all else stay."""
    if _is_secret_header(name):
        return MASK
    value = redact_credentials(value, secrets)
    return _in_text(f"{name}: {value}")[len(name) + 2 :] if _is_header(name) else value
