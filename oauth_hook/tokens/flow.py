"""``OAuthFlow``: from a consumer key to an access token (RFC 5849 s2.1 to s2.3).

::

    request_token = flow.fetch_request_token()                    # s2.1
    url = flow.authorization_url(request_token)                   # s2.2: send the user there
    verifier = flow.parse_callback(callback_url, request_token)   # what came back
    access_token = flow.fetch_access_token(request_token, verifier)  # s2.3

Each step returns a new value and changes nothing, so that a flow is shared by threads and
processes and tokens travel between them.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlencode

import requests

from ..credentials import AccessToken, Consumer, Credentials, RequestToken, check_token
from ..errors import ProviderError, UsageError, check_type, conceal_frames, conceal_methods
from ..hook.hook import OAuthHook
from ..protocol.encoding import to_wire
from ..protocol.parameters import FORM
from ..protocol.rsa import load_key
from ..protocol.url import check_absolute_url
from ..redaction import Redactor
from ..services.catalog import SERVICES, Service
from .callback import PostedVerifier, read_callback, read_posted_verifier
from .http import WholeResponse, build_refusal, check_timeout, redact_body, send_request
from .refusals import Advise, advise_on_access_token, advise_on_request_token, advise_on_url
from .token_response import read_token

__all__ = ["OAuthFlow", "VerifierPendingError", "choose_auth"]

log = logging.getLogger("oauth_hook")

_CONFIRMED = ("require", "warn", "ignore")

# An absolute URI (RFC 3986 s4.3), as s2.1 wants it, of any scheme: desktop applications have their own (myapp:/back).
_is_uri = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+").fullmatch

_Token = TypeVar("_Token", RequestToken, AccessToken)
_Flow = TypeVar("_Flow", bound="OAuthFlow")


class VerifierPendingError(UsageError):
    """The verifier comes later, and ``authorize`` needed it at once.

    :ivar request_token: the token that the user was asked about; go on with ``fetch_access_token``.
    """

    def __init__(self, request_token: RequestToken) -> None:
        super().__init__(
            "the verifier source returned None, which means that the verifier comes later: keep the request_token of "
            "this error, and call fetch_access_token with it once the verifier is there"
        )
        self.request_token = request_token


@conceal_methods
class OAuthFlow:
    """The three legs with one service, for one consumer.

    :param consumer: the application's credentials.
    :param request_token_url: where temporary credentials are issued (s2.1).
    :param authorization_url: where the user answers (s2.2).
    :param access_token_url: where token credentials are issued (s2.3).
    :param callback: where the service sends the user afterwards; ``"oob"``: it shows a PIN; ``None``: not sent.
    :param placement: where protocol parameters go (s3.5). In the query they stand in the logs of urllib3 and of
        servers: choose it only where the service takes nothing else.
    :param signature_method: see ``OAuthHook``, as are ``rsa_key`` and ``realm``.
    :param method: the HTTP method of token requests, ``"POST"`` or ``"GET"``.
    :param confirmed: what to make of a response without ``oauth_callback_confirmed=true`` (s2.1): ``"require"``
        refuses it; ``"warn"`` logs a warning where it is missing, and refuses ``false``; ``"ignore"`` takes all.
    :param session: sends the requests; ``None``: a new session for each.
    :param timeout: for each whole response, in seconds.
    :param hook_class: ``OAuthHook`` or a subclass, which signs.
    :param make_hook: makes the hooks that sign, from the arguments of ``OAuthHook``; ``None``: ``hook_class``.
    :param more: other fields of ``Service``: ``renewal_url``, ``authorization_parameters``, ``headers``, ...
    :raises UsageError: an argument is wrong.
    """

    def __init__(
        self,
        consumer: Consumer,
        request_token_url: str,
        authorization_url: str,
        access_token_url: str,
        *,
        callback: str | None = "oob",
        placement: str = "header",
        signature_method: str = "HMAC-SHA1",
        rsa_key: Any = None,
        realm: str | None = None,
        method: str = "POST",
        confirmed: str = "warn",
        session: requests.Session | None = None,
        timeout: float = 30,
        hook_class: type[OAuthHook] = OAuthHook,
        make_hook: Callable[..., OAuthHook] | None = None,
        **more: Any,
    ) -> None:
        check_type(consumer, Consumer, "consumer", "a Consumer(key, secret)")
        if method not in ("POST", "GET"):
            raise UsageError(f"method must be 'POST' or 'GET', not {method!r}")
        if confirmed not in _CONFIRMED:
            raise UsageError(f"confirmed must be one of {', '.join(_CONFIRMED)}, not {confirmed!r}")
        self.consumer = consumer
        self.service = Service.from_dict({
            "name": "", "request_token_url": request_token_url, "authorization_url": authorization_url,
            "access_token_url": access_token_url, "callback": callback, "placement": placement,
            "signature_method": signature_method, "realm": realm, "token_method": method, "confirmed": confirmed,
            **more,
        })  # fmt: skip
        _check_service(self.service)
        self._rsa_key = None if rsa_key is None else load_key(rsa_key)
        self._session = session
        self._timeout = check_timeout(timeout)
        self._make_hook = make_hook or hook_class
        self.hook()  # what is wrong with the rest is said now

    @classmethod
    @conceal_frames
    def for_service(cls: type[_Flow], service: str | Service, consumer: Consumer, **more: Any) -> _Flow:
        """Return the flow of a service.

        :param service: a name in ``SERVICES``, or a ``Service``.
        :param more: arguments of ``OAuthFlow``, instead of what the service has.
        :raises UsageError: there is no such service, or its placeholders are not filled (``Service.at``).
        """
        found = service if isinstance(service, Service) else SERVICES[service]
        fields = found.to_dict()
        fields["method"] = fields.pop("token_method")
        return cls(consumer, **{**fields, **more})

    def __repr__(self) -> str:
        return f"OAuthFlow({self.consumer!r}, {self.service.request_token_url!r}, ...)"

    def hook(self, token: Credentials | None = None, **more: Any) -> OAuthHook:
        """Return a hook that signs for a token as this service wants it.

        :param token: the user's access token; ``None``: two-legged. With a request token it signs too, as the exchange
            does; services refuse that anywhere else.
        :param more: further arguments of the hook, or others than the service's.
        :raises UsageError: that is no token, or an argument is wrong.
        """
        check_token(token)
        arguments: dict[str, Any] = {
            "placement": self.service.placement,
            "signature_method": self.service.signature_method,
            "rsa_key": self._rsa_key,
            "realm": self.service.realm,
            "body_hash": self.service.body_hash,
        } | more
        key, secret = (None, None) if token is None else (token.key, token.secret)
        return self._make_hook(key, secret, self.consumer.key, self.consumer.secret, **arguments)

    # The three legs

    def fetch_request_token(self, **parameters: str) -> RequestToken:
        """Ask for temporary credentials (s2.1).

        :param parameters: what the service wants to know besides, such as ``x_auth_access_type``.
        :raises ProviderError: the service refuses, or its response makes no sense.
        :raises requests.RequestException: the connection failed, or the time ran out.
        """
        hook = self.hook(callback=self.service.callback)
        response = self._send(self._url("request_token_url"), hook, parameters)
        token = self._token(RequestToken, response, "a request token", [], advise_on_request_token)
        self._check_confirmed(token, response)
        return token

    def authorization_url(self, request_token: RequestToken, **parameters: str) -> str:
        """Return the URL to send the user to (s2.2).

        :param parameters: what the service wants in it besides, such as ``perms``.
        """
        check_type(request_token, RequestToken, "request_token", "a RequestToken")
        url = self._url("authorization_url")
        ours = {
            name: value.replace("{consumer_key}", self.consumer.key)
            for name, value in self.service.authorization_parameters.items()
        }
        query = urlencode({self.service.token_parameter: request_token.key, **ours, **parameters})
        base, mark, fragment = url.partition("#")
        return f"{base}{'&' if '?' in base else '?'}{query}{mark}{fragment}"

    def parse_callback(self, callback: str, request_token: RequestToken) -> str | None:
        """Return the verifier that the user came back with (s2.2), having checked that it is ours.

        :param callback: the whole callback URL, its query, or the bare PIN that the service showed. A web application
            passes the whole URL, or the query with its ``?``: a single word would be taken for a PIN. Of a service
            that posts to the callback, the form that it posted.
        :raises ProviderError: the user said no; the callback is about another token; something is missing.
        :raises UsageError: it is neither a URL nor a PIN.
        """
        check_type(request_token, RequestToken, "request_token", "a RequestToken")
        if self.service.callback_method == "POST":
            return read_posted_verifier(callback, self.consumer).verifier
        return read_callback(callback, request_token.key)

    def fetch_access_token(
        self, request_token: RequestToken, verifier: str | None = None, **parameters: str
    ) -> AccessToken:
        """Exchange the temporary credentials for token credentials (s2.3).

        :param verifier: what the user came back with; ``None`` sends none (OAuth 1.0 servers).
        :param parameters: what the service wants to know besides.
        :raises ProviderError: the service refuses, or its response makes no sense.
        :raises requests.RequestException: the connection failed, or the time ran out.
        """
        check_type(request_token, RequestToken, "request_token", "a RequestToken")
        hook = self.hook(request_token, verifier=verifier or None)
        url, method = self._url("access_token_url"), self.service.access_token_method
        response = self._send(url, hook, parameters, method=method)
        secrets = [request_token.secret, verifier or ""]
        return self._token(AccessToken, response, "an access token", secrets, advise_on_access_token)

    def authorize(self, ask: Callable[[str], str | None], **parameters: str) -> AccessToken:
        """Go through all three legs.

        :param ask: a verifier source: it is called with the authorization URL, and returns the verifier, the
            whole callback URL, or ``None`` where the verifier comes later. Where the service takes no callback in
            the request (its ``callback`` is ``None``, as in OAuth 1.0) an empty one will do, and a callback
            without a verifier.
        :param parameters: for the authorization URL.
        :raises VerifierPendingError: the verifier comes later; a ``UsageError`` that carries ``request_token``.
        :raises UsageError: the source waits for a callback (it has a ``callback_url``), and the flow has ``"oob"``; or
            the service posts its verifier (``callback_method``), and the source takes no POST.
        :raises ProviderError: see the three steps.
        """
        if self.service.callback_method == "POST":
            return self._authorize_by_post(ask)
        if self.service.callback == "oob" and getattr(ask, "callback_url", None):
            raise UsageError(
                "the verifier source waits at its callback_url, and this flow has the service show a PIN (callback is "
                "'oob'), so no callback would arrive: make the flow with callback=receiver.callback_url"
            )
        request_token = self.fetch_request_token()
        came_back = ask(self.authorization_url(request_token, **parameters))
        if came_back is None:
            raise VerifierPendingError(request_token)
        return self.fetch_access_token(request_token, self._read_verifier(came_back, request_token))

    def _authorize_by_post(self, source: Any) -> AccessToken:
        """Go through the legs with a service that posts the verifier first, and has no page to send a user to."""
        if not hasattr(source, "wait_for_post"):
            raise UsageError(
                "this service posts the verifier to the callback: let a LoopbackReceiver wait for it, or give what was "
                "posted to parse_callback, and go through the steps"
            )
        posted: PostedVerifier = source.wait_for_post(self.consumer)
        return self.fetch_access_token(self.fetch_request_token(), posted.verifier)

    def _read_verifier(self, came_back: str, request_token: RequestToken) -> str | None:
        """Return the verifier in what a source returned; OAuth 1.0, before revision A, has none."""
        if self.service.callback is None and isinstance(came_back, str):
            return read_callback(came_back, request_token.key, verified=False) if came_back.strip() else None
        return self.parse_callback(came_back, request_token)

    # Other ways

    def renew(self, access_token: AccessToken, **parameters: str) -> AccessToken:
        """Renew an access token: by its session handle (OAuth Session 1.0), or at the service's ``renewal_url``.

        :raises UsageError: the token has no handle, and the service no such URL.
        :raises ProviderError: the service refuses, or its response makes no sense.
        """
        check_type(access_token, AccessToken, "access_token", "an AccessToken")
        handle = access_token.extra.get("oauth_session_handle")
        url = self.service.renewal_url
        if url is None and handle is None:
            raise UsageError("this token cannot be renewed: it has no oauth_session_handle, the service no renewal_url")
        fields = parameters if handle is None else {"oauth_session_handle": str(handle), **parameters}
        response = self._send(url or self._url("access_token_url"), self.hook(access_token), fields)
        # E*TRADE's response is a sentence, "Access Token has been renewed": the token lives on.
        if url is not None and response.ok and "renewed" in response.text.lower() and "oauth_" not in response.text:
            return replace(access_token, expires_at=None)
        secrets = [access_token.secret, handle or ""]
        renewed = self._token(AccessToken, response, "a renewed token", secrets, advise_on_url("renewal"))
        return replace(renewed, extra={**({"oauth_session_handle": handle} if handle else {}), **renewed.extra})

    def xauth(self, username: str, password: str, **parameters: str) -> AccessToken:
        """Exchange a name and a password for an access token (xAuth), where the service allows it.

        They go in the body whatever ``method`` is: URLs are logged.

        :raises ProviderError: the service refuses, or its response makes no sense.
        """
        fields = {"x_auth_username": username, "x_auth_password": password, "x_auth_mode": "client_auth", **parameters}
        response = self._send(self._url("access_token_url"), self.hook(), fields, method="POST")
        return self._token(AccessToken, response, "an access token", [password], advise_on_url("access-token"))

    # What the steps share

    def _url(self, name: str) -> str:
        url: str = getattr(self.service, name)
        if not url:
            raise UsageError(
                f"the service {self.service.name or 'of this flow'} has no {name}: this step is not for it"
            )
        return url

    def _send(
        self, url: str, hook: OAuthHook, parameters: Mapping[str, str], method: str | None = None
    ) -> WholeResponse:
        method = method or self.service.token_method
        for name, value in parameters.items():
            check_type(value, str, name, "a str")
            to_wire(value)
        content: dict[str, Any] = {"data" if method == "POST" else "params": dict(parameters)}
        content["headers"] = dict(self.service.headers)
        auth = choose_auth(hook, method)
        whole = send_request(method, url, auth=auth, session=self._session, timeout=self._timeout, **content)
        service = self.service if self.service.name else None  # one without a name is recognized by its URLs
        return replace(whole, explain=partial(hook.explain, whole.response, service=service))

    def _token(
        self, kind: type[_Token], response: WholeResponse, what: str, secrets: list[str], advise: Advise
    ) -> _Token:
        """Read a token from a response (s2.1, s2.3)."""
        token = read_token(kind, response.text, time.time()) if response.ok else None
        if token is None:
            did = f"{'did not send' if response.ok else 'refused to issue'} {what}"
            raise build_refusal(response, did, [self.consumer.secret, *secrets], advise=advise)
        return token

    def _check_confirmed(self, token: RequestToken, response: WholeResponse) -> None:
        """Hold a response to s2.1: ``oauth_callback_confirmed`` tells OAuth 1.0a from 1.0, which can be phished."""
        policy, said = self.service.confirmed, token.extra.get("oauth_callback_confirmed")
        if policy == "ignore" or str(said).lower() == "true":
            return
        if said is None and policy == "warn":
            log.warning("the service did not confirm the callback (RFC 5849 s2.1): it may speak OAuth 1.0, not 1.0a")
            return
        secrets = [self.consumer.secret, token.secret]
        raise ProviderError(
            "the service did not confirm the callback (oauth_callback_confirmed, RFC 5849 s2.1), so that the user "
            "could be led astray; confirmed='ignore' takes that",
            status=response.response.status_code,
            problem="parameter_absent" if said is None else "parameter_rejected",
            body=redact_body(response, secrets),
            response=response.response,
            redact=Redactor(secrets),
        )


def _check_service(service: Service) -> None:
    """Check the URLs, the callback and the method of token requests.

    :raises UsageError: one of them cannot be.
    """
    service.check_is_filled()
    for name in ("request_token_url", "authorization_url", "access_token_url", "renewal_url"):
        if getattr(service, name):
            check_absolute_url(getattr(service, name), name)
    if service.callback not in (None, "oob"):
        _check_callback(service.callback)
    if service.access_token_method not in (None, "POST", "GET"):
        raise UsageError(f"access_token_method must be 'POST' or 'GET', not {service.access_token_method!r}")


def _check_callback(callback: str) -> None:
    """Check that a callback is a URL as it travels; no message shows its query, which may have a secret in it.

    :raises UsageError: it is not.
    """
    if not _is_uri(callback):
        trouble = f"{callback.partition('?')[0]!r} is not"
        if " " in callback:
            trouble = "it has a space in it: write %20"
        elif not callback.isprintable():
            trouble = "it has a line feed or another control character in it: take it out"
        elif not callback.isascii():
            trouble = "it has a character in it that is not ASCII: percent-encode it, or give the host as xn--..."
        raise UsageError(
            "callback must be an absolute URL, such as https://app.example/back or myapp:/back; 'oob', for a PIN; or "
            f"None: {trouble}"
        )


def choose_auth(hook: OAuthHook, method: str) -> Callable[[Any], Any]:
    """Return what signs a request: a POST without fields is signed as a form (s3.5.2) where the placement allows it.

    In the query a verifier would be logged.
    """
    return partial(_sign_form, hook) if method == "POST" and hook.placement.endswith("url-encoded") else hook


def _sign_form(hook: OAuthHook, request: requests.PreparedRequest) -> Any:
    if request.body is None:
        request.headers["Content-Type"], request.body = FORM, ""
    return hook(request)
