"""X's token endpoint, as docs.x.com describes the exchange of OAuth 1.0a tokens (read on 2026-11-29)."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from oauth_hook import AccessToken, Account, Consumer

if TYPE_CHECKING:
    from conftest import Received

CONSUMER = Consumer("x-consumer-key", "CSx-consumer-secret")
CLIENT = Consumer("x-client-id", "CLIENTSECRETx/+0")
PUBLIC_CLIENT = Consumer("x-public-client-id")
SCOPES = {"tweet.read", "users.read", "offline.access"}

Reply = tuple[int, dict[str, str], bytes]


def account(user: str) -> Account:
    """Return a user's account at X."""
    return Account(CONSUMER, AccessToken(f"12345-{user}", f"TSof-{user}-0123456789"), "x")


class TokenEndpoint:
    """Exchanges the tokens of these users; what it gave last is in ``pairs``, and nothing else is valid."""

    def __init__(self, *users: str) -> None:
        self.tokens = {account(user).token.key: str(account(user).token.secret) for user in users}
        self.pairs: dict[str, tuple[str, str]] = {}
        self.replies: list[Reply] = []  #: what it says first, before it does its work again
        self.count = 0

    def __call__(self, request: Received) -> Reply:
        if self.replies:
            return self.replies.pop(0)
        if request.target == "/pairs":  # which is not X's, but for tests in other processes
            return 200, {"Content-Type": "application/json"}, json.dumps(self.pairs).encode()
        assert (request.method, request.target) == ("POST", "/2/oauth2/token")
        form = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        error = self.find_error(request, form)
        return refuse(*error) if error else self.exchange(form)

    def find_error(self, request: Received, form: dict[str, str]) -> tuple[int, str] | None:
        needed = {"grant_type", "subject_token", "subject_token_type", "oauth_token_secret"}
        if request.headers["content-type"] != "application/x-www-form-urlencoded" or not needed <= set(form):
            return 400, "invalid_request"
        if form["grant_type"] != "urn:ietf:params:oauth:grant-type:token-exchange":
            return 400, "unsupported_grant_type"
        if form["subject_token_type"] != "urn:x:params:oauth:token-type:oauth1_token":
            return 400, "invalid_request"
        if not self.knows_client(request, form):
            return 400, "invalid_client"
        if self.tokens.get(form["subject_token"]) != form["oauth_token_secret"]:
            return 400, "invalid_grant"
        if not set(form.get("scope", "").split()) <= SCOPES:
            return 400, "invalid_scope"
        return None

    def knows_client(self, request: Received, form: dict[str, str]) -> bool:
        scheme, _, encoded = request.authorization.partition(" ")
        if scheme:
            basic = b64decode(encoded).decode() == f"{CLIENT.key}:{CLIENT.secret}"
            return scheme == "Basic" and basic and "client_id" not in form
        return form.get("client_id") == PUBLIC_CLIENT.key

    def exchange(self, form: dict[str, str]) -> Reply:
        self.count += 1
        pair = (f"ACCESS-{self.count}-{form['subject_token']}", f"REFRESH-{self.count}-{form['subject_token']}")
        self.pairs[form["subject_token"]] = pair
        said = {
            "token_type": "bearer",
            "expires_in": 7200,
            "access_token": pair[0],
            "refresh_token": pair[1],
            "scope": form.get("scope") or " ".join(sorted(SCOPES)),
        }
        return 200, {"Content-Type": "application/json"}, json.dumps(said).encode()


def refuse(status: int, error: str, description: str = "", **headers: str) -> Reply:
    """Return a refusal in the form of RFC 6749 s5.2."""
    said = {"error": error, **({"error_description": description} if description else {})}
    return status, {"Content-Type": "application/json", **headers}, json.dumps(said).encode()
