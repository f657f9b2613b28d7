"""The request beside the base string that its hook signed, and beside the server's."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator

from .base_string_parts import Parts, decoded, find_base_strings, parse
from .base_string_variants import TOO_LONG, Variant, text_variants
from .comparison import differences
from .context import PROVEN, SEEN, Context
from .findings import Finding

__all__ = ["check_server_parts", "check_signed_text", "server_parts"]

_BUDGET = 0.15  # seconds of this thread's time
_MANY = 20  # base strings of a server that are compared with the request's


def check_signed_text(case: Context, parts: Parts) -> Iterator[Finding]:
    """Compare the request with the base string that its hook signed."""
    if not case.asked.signed_text:
        return
    if case.asked.signed_text == parts.text():
        case.ruled_out.append("a change after signing: what went out is what the hook signed")
        return
    signed = parse(case.asked.signed_text)
    if signed is None or not _is_same_attempt(parts, signed):
        return  # somebody else has signed it since
    case.align("signed", signed, "sent", parts)
    for difference in differences(parts, signed):
        what = difference.said("what was sent", "what was signed")
        what = f"The request was changed after signing: {what}."
        yield Finding(difference.code, what, case.evidence(), proven=True, weight=PROVEN)


def server_parts(case: Context, parts: Parts) -> Parts | None:
    """Return the server's base string, made comparable; ``None`` where it is not known."""
    given = [] if case.server_text is None else find_base_strings(case.server_text)
    found = [(text, parse(text)) for text in (given or case.answered.base_strings)]
    candidates = [(text, theirs) for text, theirs in found if theirs is not None]
    if not given:  # a page may show base strings of others, as an example
        candidates = [(text, theirs) for text, theirs in candidates if _concern_one_request(parts, theirs)]
    if case.server_text is not None and not given:
        case.ruled_out.append("the server's base string: what was given is none (METHOD&address&parameters)")
    if not candidates:
        return None
    of_this = [(text, theirs) for text, theirs in candidates if _is_same_attempt(parts, theirs)]
    mine = _counted(parts)
    # Where one ends in a page cannot always be told: the request's own says it best.
    case.server_raw, server = min(
        (of_this or candidates)[:_MANY],
        key=lambda candidate: (mine - _counted(candidate[1])).total() + (_counted(candidate[1]) - mine).total(),
    )
    return server


def _counted(parts: Parts) -> Counter[object]:
    return Counter([*parts[:5], *parts.pairs()])


def _is_same_attempt(parts: Parts, theirs: Parts) -> bool:
    """Tell whether two base strings are of one attempt: whether they have the same nonce, escaped as it may be."""
    mine, other = (decoded(decoded(dict(each.protocol).get("oauth_nonce", ""))) for each in (parts, theirs))
    return mine == other


def _concern_one_request(parts: Parts, theirs: Parts) -> bool:
    """Tell whether a base string that nobody gave may be of this request: by its client, its attempt, its address."""
    client = {pair for pair in parts.protocol if pair[0] in ("oauth_consumer_key", "oauth_nonce", "oauth_timestamp")}
    return bool(client & set(theirs.protocol)) or parts[1:5] == theirs[1:5] or _is_same_attempt(parts, theirs)


def check_server_parts(case: Context, parts: Parts, server: Parts | None) -> Iterator[Finding]:
    """Name the difference between the request's base string and the server's."""
    if server is None:
        variant = None if case.server_text is None else _variant_of(case, parts, {case.server_text.strip()})
        if variant is not None:  # which is none that could be taken apart
            what = f"The server made its base string {variant.phrase}."
            yield Finding(variant.code, what, case.evidence(), proven=True, weight=PROVEN - 1)
        return
    mine = parts.text()
    if case.server_raw == mine:
        case.align("the request", parts, "the server", server)
        case.ruled_out.append("the base string: the server's is that of the request")
        return
    if not _is_same_attempt(parts, server):
        server = _of_the_same_attempt(parts, server)
    case.align("the request", parts, "the server", server)
    variant = None if len(mine) > TOO_LONG else _variant_of(case, parts, {server.text(), case.server_raw} - {mine})
    if variant is not None:
        what = f"The server made its base string {variant.phrase}."
        remedy = _REMEDIES.get(variant.code, "")
        yield Finding(variant.code, what, case.evidence(), proven=True, weight=PROVEN - 1, remedy=remedy)
        return
    for position, difference in enumerate(differences(parts, server)):
        code, what = difference.code, f"The base strings differ: {difference.said('the request', 'the server')}."
        remedy = _REMEDIES.get(code, "")
        yield Finding(code, what, case.evidence(), proven=True, weight=SEEN - position, remedy=remedy)


# What to do where it is the server that lacks what the request has.
_REMEDIES = {
    "token-missing": "See whether the server looks for the token where it was put (header, query or form), and whether "
    "the address is one for a consumer alone: sign without a token there.",
}


def _variant_of(case: Context, parts: Parts, texts: set[str]) -> Variant | None:
    """Return the mistake that makes one of these base strings, if it is found in time."""
    deadline = time.thread_time() + _BUDGET
    for variant in text_variants(parts, case.asked.context):
        if time.thread_time() > deadline:
            return None
        if variant.parts.text() in texts:
            return variant
    return None


def _of_the_same_attempt(parts: Parts, server: Parts) -> Parts:
    """Return the server's base string of another attempt as if it were of this one: with its nonce and timestamp."""
    ours = {name: value for name, value in parts.protocol if name in ("oauth_nonce", "oauth_timestamp")}
    return server._replace(protocol=tuple((name, ours.get(name, value)) for name, value in server.protocol))
