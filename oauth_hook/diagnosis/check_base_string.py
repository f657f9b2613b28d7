"""The request beside the base string that its hook signed, and beside the server's."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator

from .base_string_parts import Parts, decoded, find_base_strings, parse
from .base_string_variants import TOO_LONG, Variant, make_variants
from .comparison import differences
from .context import Context
from .findings import BETWEEN, PROVEN, SEEN, SERVER, Finding, proof, server_side

__all__ = ["check_server_parts", "check_signed_text", "find_server_parts"]

#: Seconds of this thread's time for the rule by which a server made its base string.
SEARCH_SECONDS = 0.15

_MAX_BASE_STRINGS = 20  # base strings of a server that are compared with the request's


def check_signed_text(context: Context, parts: Parts) -> Iterator[Finding]:
    """Compare the request with the base string that its hook signed."""
    if not context.request.signed_text:
        return
    if context.request.signed_text == parts.text():
        context.ruled_out.append("a change after signing: what went out is what the hook signed")
        return
    signed = parse(context.request.signed_text)
    if signed is None or not _is_same_attempt(parts, signed):
        return  # somebody else has signed it since
    context.align("signed", signed, "sent", parts)
    for difference in differences(parts, signed):
        phrase = difference.phrase_for("what was sent", "what was signed")
        summary = f"The request was changed after signing: {phrase}."
        yield proof(difference.code, summary, *context.evidence(), rank=PROVEN)


def find_server_parts(context: Context, parts: Parts) -> Parts | None:
    """Return the server's base string, made comparable; ``None`` where it is not known."""
    given = [] if context.server_text is None else find_base_strings(context.server_text)
    if context.server_text is not None and not given:
        context.ruled_out.append(
            "the server's base string: what was given is not a base string (METHOD&URL&parameters)"
        )
    found = [(text, parse(text)) for text in given or context.response.base_strings]
    candidates = [(text, theirs) for text, theirs in found if theirs is not None]
    if not given:  # a page may show base strings of others, as an example
        candidates = [(text, theirs) for text, theirs in candidates if _may_be_of_request(parts, theirs)]
    candidates = [one for one in candidates if _is_same_attempt(parts, one[1])] or candidates
    if not candidates:
        return None
    mine = _count_parts(parts)

    def distance(candidate: tuple[str, Parts]) -> int:
        theirs = _count_parts(candidate[1])
        return (mine - theirs).total() + (theirs - mine).total()

    # Where one ends in a page cannot always be told: the request's own says it best.
    context.server_raw, server = min(candidates[:_MAX_BASE_STRINGS], key=distance)
    return server


def _count_parts(parts: Parts) -> Counter[tuple[str, str]]:
    return Counter([*parts.url_parts, *parts.pairs])


def _is_same_attempt(parts: Parts, theirs: Parts) -> bool:
    """Tell whether two base strings are of one attempt: whether they have the same nonce, escaped as it may be."""
    mine, other = (decoded(decoded(dict(each.protocol).get("oauth_nonce", ""))) for each in (parts, theirs))
    return mine == other


def _may_be_of_request(parts: Parts, theirs: Parts) -> bool:
    """Tell whether a base string that nobody gave may be of this request: by its client, its attempt, its URL."""
    client = {pair for pair in parts.protocol if pair[0] in ("oauth_consumer_key", "oauth_nonce", "oauth_timestamp")}
    is_same_url = parts.url_parts[1:] == theirs.url_parts[1:]
    return bool(client & set(theirs.protocol)) or is_same_url or _is_same_attempt(parts, theirs)


def check_server_parts(context: Context, parts: Parts, server: Parts | None) -> Iterator[Finding]:
    """Name the difference between the request's base string and the server's."""
    mine, theirs = parts.text(), set()
    if server is None:  # what was given may be one that cannot be taken apart
        theirs = set() if context.server_text is None else {context.server_text.strip()}
    elif context.server_raw != mine:
        if not _is_same_attempt(parts, server):  # as if it were: with its nonce and timestamp
            ours = {name: value for name, value in parts.protocol if name in ("oauth_nonce", "oauth_timestamp")}
            server = server.but(protocol=tuple((name, ours.get(name, value)) for name, value in server.protocol))
        theirs = set() if len(mine) > TOO_LONG else {server.text(), context.server_raw} - {mine}
    if server is not None:
        context.align("the request", parts, "the server", server)
    variant = _find_variant(context, parts, theirs) if theirs else None
    if variant is not None:
        code = variant.code if server is None else _recognize_duplicates(variant.code, parts, server)
        summary = f"The server made its base string {variant.phrase}."
        yield proof(code, summary, *context.evidence(), rank=PROVEN - 1, side=server_side(code))
    elif context.server_raw == mine:
        context.ruled_out.append("the base string: the server's is that of the request")
    elif server is not None:
        for position, difference in enumerate(differences(parts, server)):
            summary = f"The base strings differ: {difference.phrase_for('the request', 'the server')}."
            code = _recognize_duplicates(difference.code, parts, server)
            side = _find_side(code, parts)
            yield proof(code, summary, *context.evidence(), rank=SEEN - position, side=side)


def _recognize_duplicates(code: str, parts: Parts, server: Parts) -> str:
    """Return the cause: a server may seem to leave out a query or a form, and keep one parameter of each name."""
    mine, theirs = _count_parts(parts), _count_parts(server)
    lost, kept = mine - theirs, {name for name, _ in theirs}
    if code in ("query-changed", "body-changed", "body-not-signed") and lost and not theirs - mine:
        return "duplicate-parameters" if all(name in kept for name, _ in lost) else code
    return code


def _find_side(code: str, parts: Parts) -> str:
    """Return who changed what was sent: a server where it has names that many cannot keep, else what is between."""
    if code not in ("query-changed", "body-changed"):
        return server_side(code)
    names = [name for name, _ in parts.pairs]
    is_odd = len(set(names)) < len(names) or any(re.search(r"%5[BD]|\.|%20", name) for name in names)
    return SERVER if is_odd else BETWEEN


def _find_variant(context: Context, parts: Parts, base_strings: set[str]) -> Variant | None:
    """Return the mistake that makes one of these base strings, if it is found in time."""
    deadline = time.thread_time() + SEARCH_SECONDS
    for variant in make_variants(parts, context.request.context):
        if time.thread_time() > deadline:
            return None
        if parts.but(**variant.changes).text() in base_strings:
            return variant
    return None
