"""``OAuth1Session``: requests-oauthlib's session, which signs and gets tokens; and its errors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode

import requests
from oauthlib.common import add_params_to_uri, urldecode
from oauthlib.oauth1 import SIGNATURE_HMAC, SIGNATURE_TYPE_AUTH_HEADER

from ..errors import ProviderError, UsageError
from ..redaction import Redactor, redact, shorten
from ..tokens.token_response import parse_json_object
from .auth import OAuth1
from .settings import explain_with, read_client

if TYPE_CHECKING:
    from ..diagnosis.explain import Explanation

__all__ = ["OAuth1Session", "TokenMissing", "TokenRequestDenied", "VerifierMissing"]

MAX_ERROR_SOURCE = 1 << 16  # characters of a response that an error is made from
MAX_SHOWN = 500  # characters of a response that an error shows


class TokenRequestDenied(ProviderError, ValueError):  # noqa: N818
    """The service gave no token.

    :ivar response: its response.
    :ivar problem: its own word for why, or ``None``.
    :ivar explanation: what ``oauth_hook.explain`` says of it.
    """

    def __init__(self, message: str, response: Any = None, **more: Any) -> None:
        super().__init__(message, response=response, status=getattr(response, "status_code", None), **more)

    @property
    def status_code(self) -> int | None:
        """The HTTP status of the response."""
        return self.status


class TokenMissing(ProviderError, ValueError):  # noqa: N818
    """There is no ``oauth_token`` in a response, or in a callback.

    :ivar response: what is there, a dict.
    """

    response: Any

    def __init__(self, message: str, response: Any = None, **more: Any) -> None:
        super().__init__(message, response=response, **more)


class VerifierMissing(UsageError):  # noqa: N818
    """An access token was asked for, and there is no verifier."""


class OAuth1Session(requests.Session):
    """A session that signs its requests, and gets tokens. The arguments are those of ``OAuth1``."""

    __attrs__ = [*requests.Session.__attrs__, "_client"]  # noqa: RUF012
    _denied: ClassVar[Any] = TokenRequestDenied
    _missing: ClassVar[Any] = TokenMissing
    _verifier_missing: ClassVar[Any] = VerifierMissing
    _client: OAuth1

    def __init__(
        self,
        client_key: Any,
        client_secret: Any = None,
        resource_owner_key: Any = None,
        resource_owner_secret: Any = None,
        callback_uri: Any = None,
        signature_method: Any = SIGNATURE_HMAC,
        signature_type: Any = SIGNATURE_TYPE_AUTH_HEADER,
        rsa_key: Any = None,
        verifier: Any = None,
        client_class: Any = None,
        force_include_body: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        self._client = OAuth1(
            client_key, client_secret, resource_owner_key, resource_owner_secret, callback_uri, signature_method,
            signature_type, rsa_key, verifier, client_class=client_class, force_include_body=force_include_body,
            **kwargs,
        )  # fmt: skip
        self.auth = self._client

    @property
    def token(self) -> dict[str, str]:
        """What requests are signed with, of ``oauth_token``, ``oauth_token_secret`` and ``oauth_verifier``.

        What it is set to is taken over likewise.
        """
        client = self._client.client
        values = {
            "oauth_token": client.resource_owner_key,
            "oauth_token_secret": client.resource_owner_secret,
            "oauth_verifier": client.verifier,
        }
        return {name: value for name, value in values.items() if value}

    @token.setter
    def token(self, value: dict[str, Any]) -> None:
        self._populate_attributes(value)

    @property
    def authorized(self) -> bool:
        """Whether there is all that requests on a user's behalf are signed with."""
        client = self._client.client
        if str(client.signature_method).startswith("RSA-"):
            return bool(client.resource_owner_key)
        return bool(client.client_secret and client.resource_owner_key and client.resource_owner_secret)

    def authorization_url(self, url: str, request_token: str | None = None, **kwargs: Any) -> str:
        """Return where to send the user (RFC 5849 s2.2).

        :param url: the service's page.
        :param request_token: default: the session's own.
        :param kwargs: more parameters of the query.
        """
        kwargs["oauth_token"] = request_token or self._client.client.resource_owner_key
        return str(add_params_to_uri(url, kwargs.items()))

    def fetch_request_token(
        self, url: str, realm: Iterable[str] | None = None, **request_kwargs: Any
    ) -> dict[str, Any]:
        """Ask for a request token (s2.1), take it over, and return all that the response says.

        :param url: where the service gives them.
        :param realm: names, which are joined by spaces.
        :param request_kwargs: for ``post``.
        :raises TokenRequestDenied: the service refuses, or its response makes no sense.
        :raises TokenMissing: it has no token in it.
        """
        self._client.client.realm = " ".join(realm) if realm else None
        token: dict[str, Any] = self._fetch_token(url, **request_kwargs)
        self._client.client.callback_uri = None
        self._client.client.realm = None
        return token

    def fetch_access_token(self, url: str, verifier: str | None = None, **request_kwargs: Any) -> dict[str, Any]:
        """Exchange the request token for an access token (s2.3), take it over, and return all that the response says.

        :param url: where the service gives them.
        :param verifier: default: the callback's.
        :param request_kwargs: for ``post``.
        :raises VerifierMissing: no verifier is given or kept.
        :raises TokenRequestDenied: the service refuses, or its response makes no sense.
        :raises TokenMissing: it has no token in it.
        """
        if verifier:
            self._client.client.verifier = verifier
        if not getattr(self._client.client, "verifier", None):
            raise self._verifier_missing("No client verifier has been set.")
        token: dict[str, Any] = self._fetch_token(url, **request_kwargs)
        self._client.client.verifier = None
        return token

    def parse_authorization_response(self, url: str) -> dict[str, Any]:
        """Take over the token and the verifier in a callback's URL, and return all that its query says.

        Whose token it is is not looked at: compare it with the one that was asked for.

        :raises TokenMissing: it has no token in it.
        """
        token = dict(urldecode(url.partition("#")[0].partition("?")[2]))
        self._populate_attributes(token)
        self.token = token
        return token

    def explain(self, response: Any) -> Explanation:
        """Say why a request was refused; the session lends its credentials. See ``oauth_hook.explain``."""
        return explain_with(read_client(self._client.client), response)

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """Leave a redirect to who has signed the request, and signs within its origin only."""
        requests.Session.rebuild_auth(self, prepared_request, response)

    def _populate_attributes(self, token: Any) -> None:
        if "oauth_token" not in token:
            raise _build_missing(self._missing, token, self._client.client)
        client = self._client.client
        client.resource_owner_key = token["oauth_token"]
        if "oauth_token_secret" in token:
            client.resource_owner_secret = token["oauth_token_secret"]
        if "oauth_verifier" in token:
            client.verifier = token["oauth_verifier"]

    def _fetch_token(self, url: str, **request_kwargs: Any) -> Any:
        response = self.post(url, **request_kwargs)
        token = None if response.status_code >= 400 else _parse_fields(response.text.strip())
        if token is None:
            raise _build_refusal(self._denied, response, self._client.client)
        if "oauth_token" not in token:
            error = _build_missing(self._missing, token, self._client.client)
            del token  # error collectors print the variables of frames, and there may be a secret in it
            raise error
        self._populate_attributes(token)
        self.token = token
        return token


def _parse_fields(text: str) -> dict[str, Any] | None:
    """Return the fields of a token response, form-encoded or JSON; ``None`` where it is neither."""
    if text.startswith("{"):
        return parse_json_object(text)
    try:
        return dict(urldecode(text))
    except ValueError:
        return None


def _secrets(client: Any) -> list[str]:
    return [str(s) for s in (client.client_secret, client.resource_owner_secret, client.verifier) if s]


def _build_missing(kind: Any, token: Mapping[str, Any], client: Any) -> Any:
    """Return the error for fields without a token."""
    shown = shorten(redact(urlencode(token), _secrets(client)), MAX_SHOWN)
    return kind(f"Response does not contain a token: {shown}", token, problem=token.get("oauth_problem"))


def _build_refusal(kind: Any, response: requests.Response, client: Any) -> Any:
    """Return the error for a response without a token; it begins with requests-oauthlib's words."""
    from ..diagnosis.server_messages import read_refusal  # takes longer to load than a request that succeeds

    redact, text, status = Redactor(_secrets(client)), response.text, response.status_code
    headers = getattr(response, "headers", None)  # of what stands for a response in tests, none
    headers = headers if isinstance(headers, Mapping) else {}
    words = read_refusal(status, headers, text, redact, refused=True, tokens=True)
    body = shorten(redact(text, most=MAX_ERROR_SOURCE), MAX_SHOWN)
    if status >= 400:
        said = f"Token request failed with code {status}"
    else:
        said = (
            "Unable to decode token from token response. This is commonly caused by an unsuccessful request where a "
            "non urlencoded error message is returned"
        )
    explain = partial(explain_with, read_client(client), response)
    return kind(f"{said}, response was '{body}'.", response, problem=words.problem, body=body, explain=explain)
