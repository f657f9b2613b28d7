"""The request beside the base string that its hook signed, and beside the server's."""

from __future__ import annotations

import time
from collections.abc import Iterator
from urllib.parse import quote

from .alignment import differences
from .case import PROVEN, SEEN, Case
from .findings import Finding
from .parts import Parts, find_base_strings, parse
from .texts import Variant, text_variants

_BUDGET = 0.2  # seconds of this thread's time

__all__ = ["of_server_parts", "of_what_was_signed", "server_parts"]


def of_what_was_signed(case: Case, parts: Parts) -> Iterator[Finding]:
    """Compare the request with the base string that its hook signed."""
    signed = parse(case.asked.signed_text) if case.asked.signed_text else None
    nonce = case.asked.values.get("oauth_nonce")
    if signed is None or dict(signed.protocol).get("oauth_nonce") != quote(nonce or "", safe="~"):
        return  # somebody else has signed it since
    if case.asked.signed_text == parts.text():
        case.ruled_out.append("a change after signing: what went out is what the hook signed")
        return
    case.align("signed", signed, "sent", parts)
    for difference in differences(parts, signed):
        what = difference.phrase.format(left="what was sent", right="what was signed")
        what = f"The request was changed after signing: {what}."
        yield Finding(difference.code, what, case.evidence(), proven=True, weight=PROVEN)


def server_parts(case: Case, parts: Parts) -> Parts | None:
    """Return the server's base string, made comparable; ``None`` where it is not known."""
    given = [] if case.server_text is None else find_base_strings(case.server_text)
    found = [(text, parse(text)) for text in (given or case.answered.base_strings)]
    nonce = ("oauth_nonce", dict(parts.protocol).get("oauth_nonce", ""))
    candidates = [(text, theirs) for text, theirs in found if theirs is not None]
    if case.server_text is not None and not given:
        case.ruled_out.append("the server's base string: what was given is none (METHOD&address&parameters)")
    if not candidates:
        return None
    of_this = [(text, theirs) for text, theirs in candidates if nonce in theirs.protocol]
    case.server_raw, server = (of_this or candidates)[0]
    return server


def of_server_parts(case: Case, parts: Parts, server: Parts | None) -> Iterator[Finding]:
    """Name the difference between the request's base string and the server's."""
    if server is None:
        return
    if server.text() == parts.text() and case.server_raw in ("", parts.text()):
        case.align("the request", parts, "the server", server)
        case.ruled_out.append("the base string: the server's is that of the request")
        return
    server = _of_the_same_attempt(parts, server)
    case.align("the request", parts, "the server", server)
    variant = _variant_of(case, parts, {server.text(), case.server_raw} - {parts.text()})
    if variant is not None:
        what = f"The server made its base string {variant.phrase}."
        yield Finding(variant.code, what, case.evidence(), proven=True, weight=PROVEN - 1)
        return
    for position, difference in enumerate(differences(parts, server)):
        what = difference.phrase.format(left="the request", right="the server")
        yield Finding(
            difference.code, f"The base strings differ: {what}.", case.evidence(), proven=True, weight=SEEN - position
        )


def _variant_of(case: Case, parts: Parts, texts: set[str]) -> Variant | None:
    """Return the mistake that makes one of these base strings, if it is found in time."""
    deadline = time.thread_time() + _BUDGET
    for variant in text_variants(parts, case.asked.context):
        if variant.parts.text() in texts:
            return variant
        if time.thread_time() > deadline:
            break
    return None


def _of_the_same_attempt(parts: Parts, server: Parts) -> Parts:
    """Return the server's base string as if it were of this attempt: with its nonce and timestamp."""
    ours = {name: value for name, value in parts.protocol if name in ("oauth_nonce", "oauth_timestamp")}
    return server._replace(protocol=tuple((name, ours.get(name, value)) for name, value in server.protocol))
