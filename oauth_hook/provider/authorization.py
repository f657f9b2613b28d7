"""The user's part (s2.2): the question, the answer, the way back to the application.

- The request is not signed; it names a request token, and the user proves who they are.
- A question is answered once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, urlencode

from . import pages
from .messages import Request, Response, is_absolute_url
from .problems import rejected
from .storage import Storage
from .validator import new_verifier

__all__ = ["OOB", "callback_url", "check_callback", "respond"]

OOB = "oob"
"""The callback of an application that has none (s2.1; case-sensitive)."""

_CALLBACK = re.compile(r"([a-z][a-z0-9+.-]*):[^\s\x00-\x1f\x7f]+", re.IGNORECASE)
_FORBIDDEN = {"javascript", "vbscript", "data", "file"}  # a browser would run it, or read the disk
_URI = "!#$%&'()*+,/:;=?@[]~"


def check_callback(callback: str) -> None:
    """Check that a callback is ``oob`` or an absolute URI (s2.1).

    :raises Refusal: it is neither.
    """
    absolute = _CALLBACK.fullmatch(callback)
    usable = absolute is not None and absolute[1].lower() not in _FORBIDDEN and is_absolute_url(callback)
    if callback != OOB and not usable:
        raise rejected(["oauth_callback"], "oauth_callback must be an absolute URI, or oob (s2.1)")


def callback_url(callback: str, answer: Mapping[str, str]) -> str:
    """Return the callback with the answer in its query (s2.2): what is there already stays as it is."""
    # Not by urlsplit and back, which drops an empty authority and an empty query.
    rest, mark, fragment = quote(callback, safe=_URI).partition("#")
    joint = "?" if "?" not in rest else "" if rest.endswith(("?", "&")) else "&"
    return f"{rest}{joint}{urlencode(answer, quote_via=quote)}{mark}{fragment}"


def respond(storage: Storage, request: Request, form: bytes | None) -> Response:
    """Ask the user, or take the answer."""
    said = dict(parse_qsl((form or b"").decode("utf-8", "replace"), keep_blank_values=True))
    named = dict(parse_qsl(request.query)).get("oauth_token") or said.get("oauth_token", "")
    row = storage.request_token(named)
    consumer = row and storage.consumer(row.consumer)
    if row is None or consumer is None:
        return pages.unknown()
    if row.state != "asked":
        return pages.answered()
    if request.method != "POST":
        return pages.form(consumer.name, row.callback)
    if said.get("answer") == "deny":
        # The problem reporting extension names the parameter that says so.
        is_first, told, page = storage.deny(row.key), {"oauth_problem": "user_refused"}, pages.denied(consumer.name)
    else:
        name = said.get("name", "")
        if said.get("answer") != "allow" or not storage.is_password(name, said.get("password", "")):
            return pages.form(consumer.name, row.callback, name, failed=True)
        verifier = new_verifier()
        is_first, told = storage.grant(row.key, name, verifier), {"oauth_verifier": verifier}
        page = pages.verifier(consumer.name, verifier)
    if not is_first:
        return pages.answered()
    if row.callback == OOB:
        return page
    return pages.sent_back(callback_url(row.callback, {"oauth_token": row.key, **told}))
