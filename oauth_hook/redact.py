"""Taking secrets out of texts that people will see.

Servers echo what they were sent, escaped in their own ways, and hand out new secrets in
answers that are refused for another reason. Neither may reach a message, a log or a terminal.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from html import escape as html_escape
from urllib.parse import quote, quote_plus

__all__ = ["MASK", "redact"]

MASK = "***"

# A field whose value is a secret whoever sent it, form-encoded, in JSON or in a header.
_secret_field = re.compile(
    r"""((?:\w*secret|\w*password|passw(?:or)?d|oauth_verifier|oauth_session_handle|oauth_signature)
         (?:"|'|&quot;|\\")?\s*(?:=|:|%3D)\s*(?:"|'|&quot;|\\")?)
        [^&"'<>\s,;}\\]+""",
    re.IGNORECASE | re.VERBOSE,
).sub


def redact(text: str, secrets: Iterable[str] = (), *, fields: bool = True) -> str:
    """Return a text without secrets in it, each replaced by ``***``.

    :param secrets: those that we know of; found raw, percent-encoded (once or twice, in
        either case), escaped for HTML or JSON.
    :param fields: the values of fields that hold secrets by their name go too, whatever they are.
    """
    for spelling in sorted({s for secret in secrets for s in _spellings(secret)}, key=len, reverse=True):
        text = text.replace(spelling, MASK)
    return _secret_field(rf"\1{MASK}", text) if fields else text


def _spellings(secret: str) -> set[str]:
    """Return the ways in which a secret may be spelled in an answer; none for an empty one."""
    if not secret:
        return set()
    octets = secret.encode("utf-8", "surrogatepass")
    once, plus = quote(octets, safe="~"), quote_plus(octets)
    spelled = {secret, once, plus, quote(octets), quote(once, safe=""), html_escape(secret), json.dumps(secret)[1:-1]}
    return spelled | {re.sub("%..", lambda escape: escape[0].lower(), text) for text in (once, plus)}
