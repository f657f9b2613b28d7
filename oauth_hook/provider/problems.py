"""Refusals: what was wrong with a request, in the words of the OAuth Problem Reporting extension.

- A refusal is an exception with everything that its response needs, and never a secret.
- 400 says that the request is malformed, 401 that it is well-formed and not believed (s3.2).
- It goes out twice, in the body and in ``WWW-Authenticate``, because clients look in either.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote, urlencode

from .messages import FORM, NO_STORE, Response

__all__ = ["Refusal", "Unsigned", "absent", "refuse", "rejected"]

STATUSES = {
    "parameter_absent": 400,
    "parameter_rejected": 400,
    "signature_method_rejected": 400,
    "version_rejected": 400,
    "body_hash_invalid": 401,
    "consumer_key_unknown": 401,
    "nonce_used": 401,
    "permission_denied": 401,
    "permission_unknown": 401,
    "signature_invalid": 401,
    "timestamp_refused": 401,
    "token_rejected": 401,
    "token_used": 401,
    "verifier_invalid": 401,
}
"""Each problem that this provider reports, and the HTTP status that goes with it."""


class Refusal(Exception):  # noqa: N818 - an outcome, not a failure
    """A request that is not accepted.

    :param problem: one of :data:`STATUSES`.
    :param advice: what to do about it, for a person.
    :param companions: the extension's further parameters, such as ``oauth_acceptable_timestamps``.
    """

    def __init__(self, problem: str, advice: str, **companions: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.status = STATUSES[problem]
        self.advice = advice
        self.companions = companions
        # Which mistake it was, where that is known exactly; for the log.
        self.cause: str | None = None
        # The server's base string is too long for a header, and only wanted for comparison.
        self.base_string: str | None = None

    def challenge(self, realm: str) -> str:
        """Return the value of ``WWW-Authenticate`` (s3.5.1 and the extension)."""
        parts = [f'{name}="{quote(value, safe="~")}"' for name, value in self._stated().items()]
        return ", ".join([f'OAuth realm="{realm}"', *parts])

    def body(self) -> bytes:
        """Return the refusal form-encoded."""
        stated = self._stated()
        if self.base_string is not None:
            stated["debug_sbs"] = self.base_string
        return urlencode(stated, quote_via=quote).encode("ascii")

    def _stated(self) -> dict[str, str]:
        return {"oauth_problem": self.problem, "oauth_problem_advice": self.advice, **self.companions}


class Unsigned(Refusal):
    """A request for a protected resource that carries no protocol parameter at all.

    Nothing in it was wrong, it has yet to authenticate: the challenge is the bare one.
    """

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__("parameter_absent", "sign the request (RFC 5849 s3)", oauth_parameters_absent=_listed(names))
        self.status = 401

    def challenge(self, realm: str) -> str:
        """Return the bare challenge."""
        return f'OAuth realm="{realm}"'


def absent(names: Iterable[str], advice: str = "send every parameter of RFC 5849 s3.1") -> Refusal:
    """Return the refusal of a request that lacks the named parameters."""
    return Refusal("parameter_absent", advice, oauth_parameters_absent=_listed(names))


def rejected(names: Iterable[str], advice: str) -> Refusal:
    """Return the refusal of a request whose named parameters cannot be accepted."""
    return Refusal("parameter_rejected", advice, oauth_parameters_rejected=_listed(names))


def refuse(refusal: Refusal, realm: str) -> Response:
    """Return the response that carries a refusal."""
    headers = (("WWW-Authenticate", refusal.challenge(realm)), NO_STORE)
    problem = refusal.problem if refusal.cause is None else f"{refusal.problem}: {refusal.cause}"
    return Response(refusal.status, FORM, refusal.body(), headers, problem)


def _listed(names: Iterable[str]) -> str:
    """Return names as the extension lists them: each encoded, joined by ``&``."""
    return "&".join(quote(name, safe="~") for name in names)
