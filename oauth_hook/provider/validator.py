"""Credentials, freshness and signature of one request (s3.2), as oauthlib asks about them.

- oauthlib decides whether a signature is right; this module tells it what the storage knows.
- A validator serves one request.  It keeps what it looked up, and what was wrong.
- Causes are named in the order that helps: an unknown consumer or token (nothing can be verified
  without), then the signature, then what only a rightful sender learns: the nonce, the verifier.
- The nonce is spent after the signature has been verified, in one statement, although oauthlib asks
  about it first.  So a client's nonces cannot be used up, nor the table filled, without its secret.
- oauthlib hides from a stranger, by dummy credentials, whether a consumer or token exists.  A provider
  that reports problems says so anyway; hence no dummies here.
"""

from __future__ import annotations

import binascii
import hmac
import math
import secrets
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from time import time
from typing import Any, TypeVar

from oauthlib.common import Request
from oauthlib.oauth1 import RequestValidator
from oauthlib.oauth1.rfc5849.signature import base_string_uri

from .messages import BadRequestError
from .naming import make_base_string, name_cause
from .parameters import Parameters
from .problems import Refusal, rejected
from .storage import ConsumerRow, RequestTokenRow, Storage, TokenRow

__all__ = ["METHODS", "Policy", "Validator", "check_host", "new_verifier"]

_Token = TypeVar("_Token", RequestTokenRow, TokenRow)

_RSA = ("RSA-SHA1", "RSA-SHA256", "RSA-SHA512")
_SYMMETRIC = ("HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512", "PLAINTEXT")

# oauthlib verifies RSA through PyJWT, which verifies it through cryptography.
METHODS = frozenset(_SYMMETRIC + (_RSA if find_spec("jwt") and find_spec("cryptography") else ()))
"""The signature methods (s3.4.2-4 and the SHA-2 ones) that can be verified where this runs."""

_VERIFIER_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # nothing to mistake for something else
_MAX_BASE_STRING_CHARACTERS = 64 * 1024


@dataclass(frozen=True)
class Policy:
    """What the server leaves to whoever runs it.

    :param timestamp_lifetime: how far a timestamp may be from the clock, either way, in seconds (s3.3).
    :param clock: returns the time in seconds since the epoch.
    """

    timestamp_lifetime: float = 300
    clock: Callable[[], float] = time


class Validator(RequestValidator):
    """What the provider knows and allows, as oauthlib asks about it for one request.

    :param storage: what the provider knows.
    :param policy: what it allows.
    :param parameters: the request's, decoded.
    :param read_text: reads the body of a request that is refused, where it is a short text that is no form.
    :param content_type: what it says of its body.

    The methods raise :class:`~.problems.Refusal` where verification cannot go on.
    """

    def __init__(
        self,
        storage: Storage,
        policy: Policy,
        parameters: Parameters,
        read_text: Callable[[], str] = str,
        content_type: str = "",
    ) -> None:
        super().__init__()
        self._storage = storage
        self._policy = policy
        self.parameters = parameters
        self._read_text = read_text
        self._content_type = content_type
        self._protocol = parameters.protocol
        self._request: Request | None = None
        self._consumer: ConsumerRow | None = None
        self._token: RequestTokenRow | TokenRow | None = None
        self._fault: Refusal | None = None

    # What the application asks

    @property
    def consumer(self) -> ConsumerRow:
        """The consumer that signed; known once oauthlib has asked for it."""
        if self._consumer is None:
            raise LookupError("no consumer has been looked up yet")
        return self._consumer

    @property
    def token(self) -> RequestTokenRow | TokenRow:
        """The token that it signed with; known once oauthlib has asked for it."""
        if self._token is None:
            raise LookupError("no token has been looked up yet")
        return self._token

    def refusal(self) -> Refusal:
        """Return why oauthlib said no."""
        if self._request is not None and self._request.validator_log.get("signature") is False:
            return self._wrong_signature(self._request)
        return self._fault or rejected([], "oauthlib does not take this for a signed request")

    def _wrong_signature(self, request: Request) -> Refusal:
        """Return a refusal that names the exact cause, where one of the usual mistakes makes this signature."""
        token, token_secret = ("", "") if self._token is None else (self._token.key, self._token.secret)
        base_string, url = make_base_string(request, self.parameters), request.uri.partition("?")[0]
        cause = name_cause(
            base_string, self.parameters, (self.consumer.secret, token_secret, self.consumer.key, token),
            url=url, body=self._read_text(), content_type=self._content_type,
        )  # fmt: skip
        refusal = Refusal("signature_invalid", cause or "compare the secrets, and the base string part by part")
        refusal.cause = cause
        # It shows the sender what the sender sent; but a verifier is a secret, and megabytes are of no help.
        is_shown = "oauth_verifier" not in self._protocol and self._protocol["oauth_signature_method"] != "PLAINTEXT"
        if is_shown and 0 < len(base_string) <= _MAX_BASE_STRING_CHARACTERS:
            refusal.base_string = base_string
        return refusal

    def spend_nonce(self) -> None:
        """Use up the nonce of a verified request (s3.3).

        :raises Refusal: it has been used.
        """
        if not self._protocol.get("oauth_nonce"):  # PLAINTEXT may do without (s3.1)
            return
        timestamp, nonce = int(self._protocol["oauth_timestamp"]), self._protocol["oauth_nonce"]
        token = self._protocol.get("oauth_token", "")
        if not self._storage.spend_nonce(self.consumer.key, token, timestamp, nonce):
            raise Refusal("nonce_used", "sign each request anew: a nonce is good once (s3.3)")
        self._storage.prune_nonces(self._policy.clock() - self._policy.timestamp_lifetime)

    # What oauthlib asks: forms, which parameters.check_form has judged already

    @property
    def allowed_signature_methods(self) -> tuple[str, ...]:
        """Every method that can be verified here."""
        return tuple(METHODS)

    @property
    def enforce_ssl(self) -> bool:
        """Never: loopback has no eavesdroppers, and a proxy in front may end TLS."""
        return False

    @property
    def timestamp_lifetime(self) -> int:
        """Without end for oauthlib, which knows one clock only: see :meth:`validate_timestamp_and_nonce`."""
        return sys.maxsize

    def check_client_key(self, client_key: str) -> bool:
        """Any text may be a key: what counts is whether it is known."""
        return True

    def check_request_token(self, request_token: str) -> bool:
        """Any text may be a token."""
        return True

    def check_access_token(self, request_token: str) -> bool:
        """Any text may be a token."""
        return True

    def check_nonce(self, nonce: str) -> bool:
        """Accept the form, which has been judged."""
        return True

    def check_verifier(self, verifier: str) -> bool:
        """Any text may be a verifier."""
        return True

    def check_realms(self, realms: list[str]) -> bool:
        """Any realm will do: there is one."""
        return True

    # What oauthlib asks: is it known, is it fresh?

    def validate_timestamp_and_nonce(
        self,
        client_key: str,
        timestamp: Any,
        nonce: str,
        request: Request,
        request_token: str | None = None,
        access_token: str | None = None,
    ) -> bool:
        """Judge the timestamp (s3.3); the nonce waits for :meth:`spend_nonce`."""
        now, lifetime = self._policy.clock(), self._policy.timestamp_lifetime
        low, high = math.ceil(now - lifetime), math.floor(now + lifetime)
        if not low <= int(timestamp) <= high:
            raise Refusal(
                "timestamp_refused",
                "correct the clock: the Date header tells this server's",
                oauth_acceptable_timestamps=f"{low}-{high}",
            )
        return True

    def validate_client_key(self, client_key: str, request: Request) -> bool:
        """Look the consumer up."""
        self._request = request
        self._consumer = self._storage.consumer(client_key)
        if self._consumer is None:
            raise Refusal(
                "consumer_key_unknown", "check oauth_consumer_key: no consumer with this key is registered here"
            )
        return True

    def validate_request_token(self, client_key: str, token: str, request: Request) -> bool:
        """Look the request token up; it is good for the consumer that asked for it (s2.3)."""
        self._token = self._check_owner(self._storage.request_token(token), client_key)
        return True

    def validate_access_token(self, client_key: str, token: str, request: Request) -> bool:
        """Look the access token up; it is good for the consumer that it was issued to (s3.2)."""
        self._token = self._check_owner(self._storage.access_token(token), client_key)
        return True

    def validate_verifier(self, client_key: str, token: str, verifier: str, request: Request) -> bool:
        """Judge whether the user granted this, to the one who has the verifier (s2.3)."""
        row = self.token
        if not isinstance(row, RequestTokenRow):
            raise LookupError("a verifier belongs to a request token")
        self._fault = _check_exchange(row, verifier)
        return self._fault is None

    def validate_redirect_uri(self, client_key: str, redirect_uri: Any, request: Request) -> bool:
        """Take any callback that the application has found well-formed; none are registered."""
        return True

    def validate_requested_realms(self, client_key: str, realms: list[str], request: Request) -> bool:
        """Grant any realm: there is one."""
        return True

    def validate_realms(
        self,
        client_key: str,
        token: str,
        request: Request,
        uri: str | None = None,
        realms: list[str] | None = None,
    ) -> bool:
        """Accept a token in any realm: there is one."""
        return True

    # What oauthlib asks: with what to verify?

    def get_client_secret(self, client_key: str, request: Request) -> str:
        """Return the first half of the key of HMAC and PLAINTEXT (s3.4.2, s3.4.4)."""
        return self.consumer.secret

    def get_request_token_secret(self, client_key: str, token: str, request: Request) -> str:
        """Return the second half."""
        return self.token.secret

    get_access_token_secret = get_request_token_secret

    def get_rsa_key(self, client_key: str, request: Request) -> str:
        """Return the public key that the consumer registered (s3.4.3)."""
        if self.consumer.rsa_public_key is None:
            raise Refusal("signature_method_rejected", "this consumer has registered no RSA public key")
        try:  # oauthlib lets this error through
            binascii.a2b_base64(self._protocol["oauth_signature"].encode("ascii"))
        except ValueError as error:
            raise Refusal("signature_invalid", "oauth_signature must be base64 (s3.4.3)") from error
        return self.consumer.rsa_public_key

    def get_default_realms(self, client_key: str, request: Request) -> list[str]:
        """Return none."""
        return []

    def get_realms(self, token: str, request: Request) -> list[str]:
        """Return none."""
        return []

    # What oauthlib hands over, once it has verified

    def save_request_token(self, token: Any, request: Request) -> None:
        """Keep new temporary credentials (s2.1)."""
        self.spend_nonce()
        self._storage.add_request_token(
            token["oauth_token"],
            token["oauth_token_secret"],
            self.consumer.key,
            self._protocol["oauth_callback"],
            self._policy.clock(),
        )

    def save_access_token(self, token: Any, request: Request) -> None:
        """Exchange the temporary credentials for new token credentials (s2.3)."""
        self.spend_nonce()
        if not self._storage.exchange(self.token.key, token["oauth_token"], token["oauth_token_secret"]):
            raise _token_used()

    def invalidate_request_token(self, client_key: str, request_token: str, request: Request) -> None:
        """Do nothing: the exchange was one transaction, and has done it."""

    def _check_owner(self, row: _Token | None, client_key: str) -> _Token:
        if row is None or row.consumer != client_key:
            raise Refusal("token_rejected", "check oauth_token: it was not issued to this consumer for this use")
        return row


def check_host(url: str) -> None:
    """Check that oauthlib can read the host: before 3.2.2, it cannot read an IPv6 address.

    :raises BadRequestError: it cannot.
    """
    try:
        base_string_uri(url)
    except ValueError as error:
        raise BadRequestError("this version of oauthlib cannot read the host") from error


def new_verifier() -> str:
    """Return a fresh verifier: unguessable (58 bits), and short enough to be typed."""
    return "".join(secrets.choice(_VERIFIER_ALPHABET) for _ in range(12))


def _token_used() -> Refusal:
    return Refusal("token_used", "a request token is good for one exchange: ask for another")


def _check_exchange(row: RequestTokenRow, verifier: str) -> Refusal | None:
    """Return why a request token cannot be exchanged, or ``None`` (s2.3)."""
    if row.state == "asked":
        return Refusal("permission_unknown", "send the user to the authorization page first (s2.2)")
    if row.state == "denied":
        return Refusal("permission_denied", "the user said no")
    if row.state == "used":
        return _token_used()
    if not hmac.compare_digest(verifier.encode(), (row.verifier or "").encode()):
        return Refusal("verifier_invalid", "send the oauth_verifier that came with this very request token")
    return None
