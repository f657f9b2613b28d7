"""Slips of the hand that a refusal of the server's shows: what was exchanged, and a URL that was mistyped."""

from __future__ import annotations

from contextlib import suppress
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import requests

from ..protocol.problem_reporting import read_problem

if TYPE_CHECKING:
    from ..services.catalog import Service
    from .request import OutgoingRequest

__all__ = ["find_slip"]

_SUCCESSFUL = range(200, 300)  # a redirect may lead to a page for signing in
_UNAUTHORIZED, _NOT_FOUND = 401, 404
_TIMEOUT_SECONDS = 10  # for a request that only finds out why another was refused
_PAIRS = "OAUTH_CONSUMER_KEY and _SECRET are the application's, OAUTH_TOKEN and _SECRET the user's"


def find_slip(session: requests.Session, signed: OutgoingRequest, response: requests.Response) -> str | None:
    """Return a sentence about the slip that was refused, where it can be found out."""
    if response.status_code == _NOT_FOUND:
        close = _find_near_url(signed.service, response.request.url or "")
        return f"there is nothing at that URL: did you mean {close}?" if close else None
    if response.status_code != _UNAUTHORIZED or response.history:
        return None
    with suppress(requests.RequestException):
        exchanged, others = _exchange(signed, response)
        if others and _is_taken(session, signed, others):
            advice = f"oauth-hook credentials add {signed.account} --replace" if signed.account else _PAIRS
            return f"{exchanged} are swapped: the other way round, the provider accepts this request; {advice}"
    return None


def _exchange(signed: OutgoingRequest, response: requests.Response) -> tuple[str, dict[str, Any]]:
    """Return what may have been exchanged, as a refusal has it, and the other credentials; none: nothing."""
    consumer, token = signed.hook.consumer, signed.hook.token
    problem = read_problem(response.headers, response.text).get("oauth_problem")
    if token is None or problem not in ("consumer_key_unknown", "signature_invalid"):
        return "", {}
    secrets = {"consumer_secret": token.secret, "access_token_secret": consumer.secret}
    if problem == "signature_invalid":
        return "the consumer's secret and the token's", secrets | {"access_token": token.key}
    keys = {"consumer_key": token.key, "access_token": consumer.key}
    return "the consumer's key and secret and the token's", secrets | keys


def _is_taken(session: requests.Session, signed: OutgoingRequest, others: dict[str, Any]) -> bool:
    """Send a request once more, with other credentials; only one that changes nothing, and none with secrets in it."""
    unsigned, hook = signed.unsigned, signed.hook
    is_harmless = unsigned.method in ("GET", "HEAD") and not unsigned.data and not unsigned.files
    if not is_harmless or not hook.signature_method.startswith("HMAC"):
        return False
    unsigned.auth = hook.replace(**others)
    again = session.prepare_request(unsigned)
    settings = session.merge_environment_settings(again.url or "", {}, True, None, None)
    with session.send(again, timeout=_TIMEOUT_SECONDS, allow_redirects=False, **settings) as response:
        return response.status_code in _SUCCESSFUL


def _find_near_url(service: Service, url: str) -> str | None:
    """Return the URL of a service that another one was meant to be, perhaps."""
    given = url.partition("?")[0]
    urls = (service.api_url, service.request_token_url, service.authorization_url, service.access_token_url)
    known = {each.partition("?")[0] for each in urls if each}
    return next(iter(get_close_matches(given, known - {given}, n=1, cutoff=0.8)), None)
