"""What a refusal of the flow's own requests means, where advice for any signed request would mislead.

Each function tells what to do about a refusal in one step, from its status and what the service says (``Words``); empty
where there is nothing better to say than ``explain`` does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from ..diagnosis.server_messages import Words

__all__ = ["Advise", "advise_on_access_token", "advise_on_request_token", "advise_on_url", "correct_advice"]

#: Tells what to do about a refusal.
Advise: TypeAlias = "Callable[[int, Words], str]"

_OK = range(200, 300)
_WRONG_PLACE = (404, 405, 410)
_NOT_ALLOWED_YET = ("permission_unknown", "token_not_authorized")
# What is said of a token or a verifier, which a request for a request token does not have.
_OF_LATER_STEPS = frozenset({"token-missing", "token-key", "token-expired", "verifier-missing"})


def advise_on_url(name: str) -> Advise:
    """Say that the URL may be wrong, where nothing there gives tokens.

    :param name: the URL's.
    """

    def advise(status: int, words: Words) -> str:
        is_silent_page = status in _OK and not words.problem and not words.codes
        return f"the {name} URL may be wrong" if status in _WRONG_PLACE or is_silent_page else ""

    return advise


def advise_on_request_token(status: int, words: Words) -> str:
    """Say what to do where no request token is issued (s2.1)."""
    if _OF_LATER_STEPS.intersection(words.codes[:1]):
        return "that looks like the access-token URL: are the request-token and access-token URLs swapped?"
    return advise_on_url("request-token")(status, words)


def advise_on_access_token(status: int, words: Words) -> str:
    """Say what to do where a request token is not exchanged (s2.3)."""
    if words.problem in _NOT_ALLOWED_YET:
        return "the user has not answered yet: open the link, allow access there, and only then enter the code"
    if words.problem == "verifier_invalid":
        return "the code was refused: it may be mistyped, or belong to another link"
    if {"token-key", "token-expired"}.intersection(words.codes[:1]):
        return "a request token is good for one exchange, and for a short time: start again"
    return advise_on_url("access-token")(status, words)


def correct_advice(explain: Callable[[], Any], advice: str) -> Any:
    """Return an explanation whose first finding has this advice, unless that was computed from the request itself."""
    explanation = explain()
    first, *others = explanation.findings
    if first.proven:
        return explanation
    remedy = f"{advice[0].upper()}{advice[1:]}{'' if advice.endswith('?') else '.'}"
    others = [finding for finding in others if finding.code not in _OF_LATER_STEPS]
    return replace(explanation, findings=(replace(first, remedy=remedy), *others))
