"""The request beside the base string that its hook signed, beside the server's, and beside another client's."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator

from .base_string_parts import END_MARKS, Parts, decoded, find_base_strings, parse
from .base_string_variants import TOO_LONG, USUAL_RULES, Variant, make_variants
from .comparison import differences, server_side
from .context import Context
from .findings import BETWEEN, PROVEN, SEEN, SERVER, Finding, proof
from .rare_variants import RARE_RULES
from .spelling_variants import encode_again

__all__ = ["check_client_text", "check_server_parts", "check_signed_text", "find_server_parts"]

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
    candidates = _parse_given(context, parts, context.server_text, "the server's base string")
    if not candidates:  # a page may show base strings of others, as an example
        found = [(text, parse(text)) for text in context.response.base_strings]
        candidates = [(text, one) for text, one in found if one is not None and _may_be_of_request(parts, one)]
    if not candidates:
        return None
    context.server_raw, server = _choose_nearest(parts, candidates)
    return server


def _parse_given(context: Context, parts: Parts, given: str | None, whose: str) -> list[tuple[str, Parts]]:
    """Return the base strings that a text may be which a person gave, copied in lines or not; nothing: it is junk."""
    if given is None:
        return []
    whole = "".join(given.split())
    is_whole = parse(whole) is not None and whole[-1] not in END_MARKS
    texts = [whole] if is_whole else dict.fromkeys([*find_base_strings(given), whole])
    candidates = [(text, one) for text in texts if (one := parse(text)) is not None]
    of_request = [(text, one) for text, one in candidates if _may_be_of_request(parts, one)]
    if not candidates:
        context.junk.append(f"what was given as {whose} is not one (METHOD&URL&parameters)")
        context.ruled_out.append(f"{whose}: what was given is not a base string (METHOD&URL&parameters)")
    elif not of_request:
        context.junk.append(f"what was given as {whose} is that of another request: of another client, to another URL")
    return of_request


def _choose_nearest(parts: Parts, candidates: list[tuple[str, Parts]]) -> tuple[str, Parts]:
    """Return the base string that is nearest to the request's: where one ends in a page cannot always be told."""
    mine = _count_parts(parts)

    def distance(candidate: tuple[str, Parts]) -> int:
        theirs = _count_parts(candidate[1])
        return (mine - theirs).total() + (theirs - mine).total()

    of_attempt = [one for one in candidates if _is_same_attempt(parts, one[1])]
    return min((of_attempt or candidates)[:_MAX_BASE_STRINGS], key=distance)


def _count_parts(parts: Parts) -> Counter[tuple[str, str]]:
    return Counter([*parts.url_parts, *parts.pairs])


def _is_same_attempt(parts: Parts, theirs: Parts) -> bool:
    """Tell whether two base strings are of one attempt: whether they have the same nonce, escaped as it may be."""
    mine, other = (decoded(decoded(dict(each.protocol).get("oauth_nonce", ""))) for each in (parts, theirs))
    return mine == other


def _as_same_attempt(parts: Parts, raw: str, theirs: Parts) -> tuple[str, Parts]:
    """Return the base string of another attempt as if it were of this one: with its nonce and timestamp."""
    if _is_same_attempt(parts, theirs):
        return raw, theirs
    ours = {name: value for name, value in parts.protocol if name in ("oauth_nonce", "oauth_timestamp")}
    for name, value in ours.items():
        raw = re.sub(rf"({name}(?:=|%(?:25)*3D))[\w.~-]*", rf"\g<1>{encode_again(value)}", raw, flags=re.IGNORECASE)
    return raw, theirs.but(protocol=tuple((name, ours.get(name, value)) for name, value in theirs.protocol))


def _may_be_of_request(parts: Parts, theirs: Parts) -> bool:
    """Tell whether a base string in a response may be of this request: by its client, its attempt or its URL."""
    client = {pair for pair in parts.protocol if pair[0] in ("oauth_consumer_key", "oauth_nonce", "oauth_timestamp")}
    is_same_url = parts.url_parts[1:] == theirs.url_parts[1:]
    return bool(client & set(theirs.protocol)) or is_same_url or _is_same_attempt(parts, theirs)


def check_server_parts(context: Context, parts: Parts, server: Parts | None) -> Iterator[Finding]:
    """Name the difference between the request's base string and the server's."""
    mine, theirs = parts.text(), []
    if server is None:  # what was given may be one that cannot be taken apart
        theirs = [] if context.server_text is None else [context.server_text.strip()]
    elif context.server_raw != mine:
        raw, server = _as_same_attempt(parts, context.server_raw, server)
        others = [raw, context.server_raw, server.text()]
        theirs = [] if len(mine) > TOO_LONG else [text for text in others if text != mine]
    if server is not None:
        context.align("the request", parts, "the server", server)
    variant = _find_variant(context, parts, theirs)
    if variant is not None:
        code = variant.code if server is None else _recognize_duplicates(variant.code, parts, server)
        code = context.name_for_server(code)
        summary = f"The server made its base string {variant.phrase}."
        side = server_side(code, parts, parts.but(**variant.changes))
        yield proof(code, summary, *context.evidence(), rank=PROVEN - 1, side=side)
    elif context.server_raw == mine:
        context.ruled_out.append("the base string: the server's is that of the request")
    elif server is not None:
        for position, difference in enumerate(differences(parts, server)):
            summary = f"The base strings differ: {difference.phrase_for('the request', 'the server')}."
            code = _recognize_duplicates(difference.code, parts, server)
            side = _find_side(code, parts, server)
            yield proof(code, summary, *context.evidence(), rank=SEEN - position, side=side)


def _recognize_duplicates(code: str, parts: Parts, server: Parts) -> str:
    """Return the cause: a server may seem to leave out a query or a form, and keep one parameter of each name."""
    mine, theirs = _count_parts(parts), _count_parts(server)
    lost, kept = mine - theirs, {name for name, _ in theirs}
    if code in ("query-changed", "body-changed", "body-not-signed") and lost and not theirs - mine:
        return "duplicate-parameters" if all(name in kept for name, _ in lost) else code
    return code


def _find_side(code: str, parts: Parts, server: Parts) -> str:
    """Return who changed what was sent: a server where it has names that many cannot keep, else what is between."""
    if code not in ("query-changed", "body-changed"):
        return server_side(code, parts, server)
    names = [name for name, _ in parts.pairs]
    is_odd = len(set(names)) < len(names) or any(re.search(r"%5[BD]|\.|%20", name) for name in names)
    return SERVER if is_odd else BETWEEN


def check_client_text(context: Context, parts: Parts, server: Parts | None) -> Iterator[Finding]:
    """Compare what another client says it signed with what is to be signed, and with what the server has."""
    given = _parse_given(context, parts, context.client_text, "the other client's base string")
    if not given:
        return
    mine, (raw, client) = parts.text(), _as_same_attempt(parts, *_choose_nearest(parts, given))
    if raw == mine:
        context.ruled_out.append("the other client's base string: it is that of the request")
    else:
        context.align("the client", client, "the request", parts)
        texts = [] if len(mine) > TOO_LONG else [text for text in (raw, client.text()) if text != mine]
        variant = _find_variant(context, parts, texts)
        if variant is not None:
            summary = f"The other client made its base string {variant.phrase}."
            yield proof(variant.code, summary, *context.evidence(), rank=PROVEN - 1)
        else:
            for position, difference in enumerate(differences(parts, client)):
                phrase = difference.phrase_for("the request", "the other client")
                summary = f"The other client signed another base string: {phrase}."
                yield proof(difference.code, summary, *context.evidence(), rank=SEEN - position)
    if server is not None:
        _, server = _as_same_attempt(parts, context.server_raw, server)
        context.align("the client", client, "the server", server)
        if client.text() == server.text():
            context.ruled_out.append("the other client's base string: it is the server's")


def _find_variant(context: Context, parts: Parts, base_strings: list[str]) -> Variant | None:
    """Return the mistake that makes one of these base strings, the first if it is found in time, else another."""
    deadline = time.thread_time() + SEARCH_SECONDS
    found: dict[str, Variant] = {}
    rules = USUAL_RULES + RARE_RULES
    for variant in make_variants(parts, context.request.context, rules) if base_strings else ():
        if time.thread_time() > deadline:
            break
        found.setdefault(parts.but(**variant.changes).text(), variant)
        if base_strings[0] in found:
            break
    return next((found[text] for text in base_strings if text in found), None)
