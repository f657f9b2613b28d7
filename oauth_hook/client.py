"""Falcon's face: the ``Client`` of its module ``web.oauth``, with Python's names.

::

    client = Client("MyClientID", "MyClientSecret")
    req_token = client.get_token("https://service.example/get_req_token")
    # the user says yes at the service's page, and comes back with the verifier
    req_token.verifier = "..."
    access_token = client.get_token("https://service.example/login", None, req_token)
    user_data = client.call_api(access_token, "https://service.example/user", {"user_id": "me"})

``OAuthFlow`` and ``OAuthHook`` do the work: HMAC-SHA1, as Falcon has it, with a signing key that a subclass may decide.
Where the wire fails, the exceptions are those of ``requests``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import partial
from itertools import chain
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

import requests

from .credentials import Consumer, Credentials, RequestToken, Secret, check_key
from .errors import ProviderError, UsageError, check_type, conceal_frames, conceal_methods
from .hook.attach import freeze
from .hook.hook import OAuthHook
from .protocol.methods import signing_key
from .protocol.parameters import PREFIX, SIGNATURE_PARAMETERS
from .protocol.signing import new_nonce
from .protocol.url import check_absolute_url
from .tokens.flow import OAuthFlow, choose_auth
from .tokens.http import WholeResponse, build_refusal, check_timeout, send_prepared

__all__ = ["Client", "ProtoError", "Token", "UseHeader", "Via"]

_METHOD, _VERSION = "HMAC-SHA1", "1.0"  # what signatures are made with, as Falcon has it

_is_timestamp = re.compile(r"0|[1-9][0-9]{0,14}").fullmatch

_E = TypeVar("_E", bound=Enum)


class Via(Enum):
    """The HTTP method of a client's requests, and with it where their parameters go."""

    GET = "GET"  #: in the query
    POST = "POST"  #: in a form


class UseHeader(Enum):
    """Where the OAuth parameters go (RFC 5849 s3.5); the values are placements of ``OAuthHook``."""

    NONE = "url-encoded"  #: with the other parameters: there is never an ``Authorization`` header
    ALTERN = "header"  #: moved to the header: query or form carry the other parameters only
    FULL = "header+url-encoded"  #: in the header and with the other parameters as well, signed once; not RFC 5849


class ProtoError(ProviderError):
    """The remote side refuses, or breaks the protocol."""


@conceal_methods
@dataclass(eq=False)
class Token:
    """A request token, or an access token.

    :param token: its key, as it was given.
    :param secret: its secret.
    :param verifier: what the user came back with, to be set before the exchange; ``None`` sends none (OAuth 1.0).
    :param raw_data: all that the response said, by name, both halves of the token included; ``None``: made by hand.
    :param exchanged: it is an access token; a request token becomes one when it is exchanged.
    :raises UsageError: the key is empty or has control characters; one of the two is no ``str``.
    """

    token: str
    secret: str
    verifier: str | None = None
    raw_data: dict[str, Any] | None = None
    exchanged: bool = False

    def __post_init__(self) -> None:
        check_key(self.token, "token")
        check_type(self.secret, str, "secret", "a str")
        self.secret = Secret(self.secret)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.token!r}, secret=***, exchanged={self.exchanged!r})"

    def is_request(self) -> bool:
        """Tell whether it has yet to be exchanged; one made by hand has, unless ``exchanged`` was said."""
        return not self.exchanged

    def is_access(self) -> bool:
        """Tell whether it came of an exchange."""
        return self.exchanged

    def get_extra_data(self) -> dict[str, Any]:
        """Return what the service said besides, such as ``user_id``: all that is not named ``oauth_...``."""
        return {name: value for name, value in (self.raw_data or {}).items() if not name.startswith(PREFIX)}


@conceal_methods
class Client:
    """Calls a remote side that is protected by OAuth. Threads may share one.

    :param cust_id: the consumer key.
    :param cust_secret: the consumer secret.
    :param mode: how requests are made, and where their parameters go: ``Via.POST`` or ``Via.GET``.
    :param timeout: for each whole response, in seconds.
    :ivar use_header: a ``UseHeader``, ``ALTERN`` unless it is set: the header is what the RFC prefers (s3.5) and nearly
        every service takes, and headers stay out of logs. ``NONE`` is for those that want all in the query or form.
    :raises UsageError: an argument is wrong, or a value that is set later.
    """

    mode: Via
    use_header: UseHeader
    timeout: float

    def __init__(self, cust_id: str, cust_secret: str, mode: Via = Via.POST, *, timeout: float = 30) -> None:
        self._consumer = Consumer(cust_id, cust_secret)
        self.mode = mode
        self.use_header = UseHeader.ALTERN
        self.timeout = timeout

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, _CHECKS[name](value) if name in _CHECKS else value)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._consumer.key!r}, cust_secret=***, {self.mode}, {self.use_header})"

    def get_token(self, address: str, callback: str | None = None, token: Token | None = None) -> Token:
        """Ask for a request token (s2.1), or exchange one for an access token (s2.3).

        A request token that was exchanged has become the access token, too; where that failed, it is what it was.

        :param address: where the service gives tokens.
        :param callback: where it sends the user afterwards; ``None``: ``oob``, it shows a verifier. First step only.
        :param token: the request token, with its ``verifier`` set; ``None``: the first step.
        :returns: a new token.
        :raises ProtoError: the service refuses, or its response makes no sense.
        :raises UsageError: an argument is wrong.
        :raises requests.RequestException: the connection failed, or the time ran out.
        """
        _check_url(address)
        if token is not None:
            _check_exchange(token, callback)
        elif callback is not None:
            check_type(callback, str, "callback", "a URL, 'oob' or None")
        flow = OAuthFlow(
            self._consumer, address, "", address, callback=callback or "oob", placement=self.use_header.value,
            method=self.mode.value, timeout=self.timeout, make_hook=self._make_hook,
        )  # fmt: skip
        try:
            if token is None:
                return _make_token(flow.fetch_request_token())
            given = flow.fetch_access_token(RequestToken(token.token, token.secret), token.verifier or None)
        except ProviderError as error:
            raise _proto_error(error, error._explain) from None
        vars(token).update(vars(_make_token(given, exchanged=True)))
        return _make_token(given, exchanged=True)

    def call_api(self, token: Token | None, uri: str, params: Any = None) -> bytes:
        """Call a remote API, and wait for its whole response.

        Redirects are followed: signed anew within the origin, unsigned to another one.

        :param token: an access token; ``None``: the call is the application's own (two-legged).
        :param uri: the API's URL.
        :param params: its parameters, a mapping or pairs, as requests takes them.
        :returns: the data of the response as they came, in bytes; ``parse_qs`` and ``json.loads`` take them.
        :raises ProtoError: the service refuses (a status of 400 or more), or redirects to what is no URL.
        :raises UsageError: an argument is wrong.
        :raises requests.RequestException: the connection failed, or the time ran out.
        """
        check_type(token, (Token, type(None)), "token", "a Token or None")
        key, secret = (None, None) if token is None else (token.token, token.secret)
        request = self.make_oauth_handler(uri, secret, {"oauth_token": key}, params)
        try:
            response = send_prepared(request, timeout=self.timeout)
        except ProviderError as error:
            raise _proto_error(error, None) from error
        data: bytes = response.content
        if response.status_code < 400:
            return data
        whole = WholeResponse(response, data.decode("utf-8", "replace"))
        did = f"refused {request.method} {uri.partition('?')[0]}"
        refusal = build_refusal(whole, did, [self._consumer.secret, secret or ""])
        raise _proto_error(refusal, partial(self._hook_for(key, secret).explain, response))

    def make_secret(self, cust_secret: str, token_secret: str | None = None) -> str:
        """Return the key that requests are signed with (s3.4.2); to be overridden where a service wants another.

        :param cust_secret: the consumer secret.
        :param token_secret: the token's; ``None``: there is no token, or it has none.
        :returns: the two, escaped and joined by ``&``.
        """
        return signing_key(cust_secret, token_secret or "")

    def make_oauth_handler(
        self, address: str, tsecret: str | None = None, oauth_params: Any = None, params: Any = None
    ) -> requests.PreparedRequest:
        """Return a signed request that is ready to send, by ``requests.Session().send``; nothing is sent here.

        :param address: where it goes.
        :param tsecret: the token's secret; ``None``: there is no token, or it has none.
        :param oauth_params: ``oauth_token``, ``oauth_callback``, ``oauth_verifier`` or an extension, as a mapping or
            pairs. ``oauth_nonce`` and ``oauth_timestamp`` are taken as they are given; redirects have nonces of their
            own. Of what this client has itself (``oauth_consumer_key``, ``oauth_signature_method``,
            ``oauth_version``) only that.
        :param params: the other parameters, likewise.
        :raises UsageError: an argument is wrong.
        """
        _check_url(address)
        protocol = {name: value for name, value in _list_pairs(oauth_params, "oauth_params") if value is not None}
        key, mode = protocol.pop("oauth_token", None), self.mode
        if tsecret and not key:
            raise UsageError("tsecret is the secret of a token: give its oauth_token in oauth_params, or no tsecret")
        hook = self._hook_for(key, tsecret, **self._given_to_signing(protocol))
        pairs = [*_list_pairs(params, "params"), *protocol.items()]  # the hook moves the latter to its own
        content: dict[str, Any] = {"data" if mode is Via.POST else "params": pairs}
        with requests.Session() as session:
            auth = choose_auth(hook, mode.value)
            request = session.prepare_request(requests.Request(mode.value, address, auth=auth, **content))
        freeze(request)  # it may go out through a session that has other credentials
        return request

    @staticmethod
    @conceal_frames
    def parse_qs(data: str | bytes) -> dict[str, str]:
        """Return the values in a query or form by name: empty ones too; of a name that is there twice, the last.

        :param data: ``str``, or bytes in UTF-8.
        :raises UsageError: it is neither.
        """
        check_type(data, (str, bytes), "data", "str or bytes")
        text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
        return dict(parse_qsl(text.strip().removeprefix("?"), keep_blank_values=True))

    def _given_to_signing(self, protocol: dict[Any, Any]) -> dict[str, Any]:
        """Take what belongs to signing out of protocol parameters, and return it as a hook takes it.

        :raises UsageError: one is not what this client signs with; one is no protocol parameter.
        """
        own = {"consumer_key": self._consumer.key, "signature_method": _METHOD, "version": _VERSION}
        for name, value in own.items():
            if protocol.pop(PREFIX + name, value) != value:
                raise UsageError(
                    f"oauth_params has another {PREFIX}{name} than this client, which signs with {value!r}"
                )
        given = {}
        if (nonce := protocol.pop("oauth_nonce", None)) is not None:
            check_type(nonce, str, "oauth_nonce", "a str")
            given["nonce"] = chain([nonce], iter(new_nonce, None)).__next__  # one is good once, and not for a redirect
        if (timestamp := protocol.pop("oauth_timestamp", None)) is not None:
            if not _is_timestamp(str(timestamp)):
                raise UsageError("oauth_timestamp must be whole seconds since the epoch")
            given["clock"] = partial(int, timestamp)
        for name in protocol:
            if not str(name).startswith(PREFIX) or name in SIGNATURE_PARAMETERS:
                raise UsageError(
                    f"oauth_params has {name!r}, which is no protocol parameter, or made by signing itself"
                )
        return given

    def _hook_for(self, key: str | None, secret: str | None, **more: Any) -> OAuthHook:
        consumer, placement = self._consumer, self.use_header.value
        return self._make_hook(
            key, secret, consumer.key, consumer.secret, placement=placement, signature_method=_METHOD, **more
        )

    def _make_hook(self, *arguments: Any, **more: Any) -> OAuthHook:
        """Return a hook that signs with this client's key."""
        hook = _Hook(*arguments, **more)
        hook.make_secret = self.make_secret
        return hook


class _Hook(OAuthHook):
    """Signs with the key that a client makes."""

    make_secret: Callable[[str, str | None], str]

    def signing_key(self, consumer_secret: str, token_secret: str) -> str:
        """Return what ``make_secret`` makes."""
        key = self.make_secret(consumer_secret, token_secret or None)
        check_type(key, str, "what make_secret returns", "a str")
        return key


def _proto_error(error: ProviderError, explain: Callable[[], Any] | None) -> ProtoError:
    """Return a provider's error under Falcon's name."""
    return ProtoError(
        str(error),
        status=error.status,
        problem=error.problem,
        body=error.body,
        response=error.response,
        explain=explain,
        redact=error._redact,
    )


def _make_token(given: Credentials, exchanged: bool = False) -> Token:
    raw = {"oauth_token": given.key, "oauth_token_secret": given.secret, **given.extra}
    return Token(given.key, given.secret, raw_data=raw, exchanged=exchanged)


def _check_url(url: str) -> None:
    """Refuse what no request can be sent to, which requests says in errors of its own.

    :raises UsageError: it is no http or https URL, or has a password in it.
    """
    check_type(url, str, "the URL", "a str")
    request = requests.PreparedRequest()
    try:
        request.prepare_url(url, None)
        (urlsplit(str(request.url)).hostname or "").encode("idna")  # as urllib3 looks for it
    except ValueError:  # of requests too; not chained: it shows the URL, which may have a password in it
        raise UsageError(
            "the URL must be an absolute http or https URL, such as https://service.example/path"
        ) from None
    check_absolute_url(str(request.url), "the URL")


def _check_exchange(token: Token, callback: str | None) -> None:
    check_type(token, Token, "token", "a Token or None")
    if token.is_access():
        raise UsageError("this is an access token already: only a request token can be exchanged for one")
    if callback is not None:
        raise UsageError("callback belongs to the request for a request token (RFC 5849 s2.1): pass None with a token")


def _member(kind: type[_E], value: object) -> _E:
    """Return a member of an enumeration, given by itself or by its value."""
    try:
        return kind(value)
    except ValueError:
        raise UsageError(f"choose one of {', '.join(map(str, kind))}, not a {type(value).__name__}") from None


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "mode": partial(_member, Via), "use_header": partial(_member, UseHeader), "timeout": check_timeout,
}  # fmt: skip


def _list_pairs(params: Any, name: str) -> list[tuple[Any, Any]]:
    """Return a mapping or pairs as a list of pairs."""
    given: Iterable[Any] = params.items() if isinstance(params, Mapping) else params or ()
    try:
        return [(key, value) for key, value in given]
    except (TypeError, ValueError):
        raise UsageError(f"{name} must be a mapping or pairs") from None
