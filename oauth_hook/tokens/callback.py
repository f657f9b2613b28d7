"""What the user comes back with (RFC 5849 s2.2): read, and checked to be ours."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from ..errors import ProviderError, UsageError, check_type
from ..protocol.problem_reporting import is_denial

__all__ = ["read_callback"]

# A PIN is one word; base64 may end in =, and nothing else in it looks like a query or a URL.
_is_pin = re.compile(r"(?!\S*://)[^\s&?=#]+={0,2}").fullmatch


def read_callback(callback: str, token_key: str, *, verified: bool = True) -> str | None:
    """Return the verifier in a callback.

    :param callback: a whole URL, its query, or a bare PIN.
    :param token_key: the request token that the user was asked about.
    :param verified: whether there has to be a verifier; OAuth 1.0, before revision A, has none.
    :raises ProviderError: see ``OAuthFlow.parse_callback``; its ``problem`` is a word of the
        OAuth Problem Reporting extension.
    :raises UsageError: it is neither.
    """
    check_type(callback, str, "the callback", "a str")
    text = callback.strip()
    if _is_pin(text):
        return text
    fields = _parse_fields(text)
    if any(fields.get(name, token_key) != token_key for name in ("oauth_token", "denied")):
        raise ProviderError(
            "the callback is about another request token: it belongs to another window, or somebody else sent it",
            problem="token_rejected",
        )
    problem = fields.get("oauth_problem")
    if is_denial(fields, [problem]):
        raise ProviderError("the user said no", problem=problem or "user_refused")
    if problem is not None:
        raise ProviderError(f"the service sent the user back with a problem: {problem[:80]}", problem=problem[:80])
    if "oauth_token" not in fields:
        raise ProviderError(
            "the callback has no oauth_token, so it cannot be told which request token it is about",
            problem="parameter_absent",
        )
    verifier = fields.get("oauth_verifier")
    if verifier == "NULL":  # Garmin's word for it (OAuth Specification 1.0.1)
        raise ProviderError("the user said no", problem="user_refused")
    if verified and not verifier:
        raise ProviderError("the callback has no oauth_verifier (RFC 5849 s2.2)", problem="parameter_absent")
    return verifier or None


def _parse_fields(text: str) -> dict[str, str]:
    """Return the fields of a URL's query, or of a query by itself.

    :raises UsageError: it is neither.
    :raises ProviderError: a field that matters is there twice.
    """
    before, mark, query = text.partition("?")
    if not mark:
        if "://" in text:
            query = ""
        elif "=" in text:
            query = text
        else:
            raise UsageError(
                "this is neither a callback URL nor a verifier: paste all that the service shows, or sends"
            )
    # pump.io adds its parameters at the very end, behind a fragment where the callback has one.
    query, _, fragment = query.partition("#") if "#" not in before else (query, "", "")
    pairs = parse_qsl(query, keep_blank_values=True) + parse_qsl(fragment.partition("&")[2], keep_blank_values=True)
    names = [name for name, _ in pairs if name in ("oauth_token", "oauth_verifier", "denied", "oauth_problem")]
    if len(names) > len(set(names)):
        raise ProviderError("the callback says the same thing twice", problem="parameter_rejected")
    return dict(pairs)
