"""``OAuthHook``: the only place that changes a ``PreparedRequest``.

It reads a request as it will go out, has ``protocol.signing`` sign it, and puts back
the parts that changed. Either all of them are put back or, where the request cannot
be signed truthfully, none.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from copy import copy
from typing import TYPE_CHECKING, Any, TypeVar

import requests
from requests.auth import AuthBase

from ..credentials import AccessToken, Consumer, Credentials, Secret
from ..errors import UsageError, check_type, clear_frames, conceal_frames, repr_anyhow
from ..protocol import methods
from ..protocol.message import Message
from ..protocol.parameters import is_form
from ..protocol.signing import Signature, Signer
from ..protocol.url import Origin, origin, print_origin, split_url
from .attach import SignedRequest, attach, send_next
from .clock import Refusal, ServerClock, read_refused_time
from .niquests import is_niquests
from .prepared import SENDS_LATIN_1, check_proxies, encode_text, hash_body, read_message
from .redirects import RequestState, Status, follow, is_within, parse_sent_origin, strip

if TYPE_CHECKING:
    from ..diagnosis.explain import Explanation
    from ..services.catalog import Service

__all__ = ["OAuthHook"]

log = logging.getLogger("oauth_hook")

_Hook = TypeVar("_Hook", bound="OAuthHook")
_Request = TypeVar("_Request")  # of requests, or of niquests, which may not be there
# Methods that may be repeated without another effect (RFC 9110 s9.2.2).
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
_BAD_REQUEST = 400
_URL_TYPES = (str, type(None))  # a union takes four times as long
# Refusals by the application itself; who has too much to do, or is broken, has not looked at the signature.
_DECIDED = frozenset(range(400, 500)) - {429}


class OAuthHook(AuthBase):
    """Signs each request that it is attached to with OAuth 1.0a (RFC 5849).

    It attaches as ``session.auth``, as ``auth=`` of one call, and as a ``pre_request``
    hook (``oauth_hook.Session``). It never changes, so threads may share it.

    Parameters named ``oauth_*`` are the protocol's, in the query and in forms too: those that every
    signature has, such as ``oauth_token``, are taken for an earlier one's and give way to the hook's own;
    any other (``oauth_verifier``, ``oauth_callback``, an extension's) moves to where the hook places its own.

    :param access_token: the token's key; empty or ``None``: two-legged.
    :param access_token_secret: the token's secret.
    :param consumer_key: default: the class attribute.
    :param consumer_secret: default: the class attribute.
    :param header_auth: ``True``: the ``Authorization`` header (s3.5.1). ``False``:
        URL-encoded, that is in the body of a form-encoded request (s3.5.2), else in the
        query (s3.5.3). Default: the class attribute.
    :param placement: one of the five placements by name: ``header``, ``query``, ``body``, ``url-encoded`` or
        ``header+url-encoded``. It stands whatever ``header_auth`` is.
    :param signature_method: ``HMAC-``/``RSA-`` ``SHA1``/``SHA256``/``SHA512``,
        ``PLAINTEXT``, or one of the application's own (``protocol.methods.register``).
        Default: the class attribute.
    :param rsa_key: PEM text (``str`` or ``bytes``), ``(PEM, passphrase)``, a loaded key,
        or a callable ``bytes -> bytes``; read once, here.
    :param realm: goes into the header, unsigned.
    :param callback: ``oauth_callback`` (s2.1).
    :param verifier: ``oauth_verifier`` (s2.3).
    :param body_hash: ``"sha1"``, ``"sha256"`` or ``"sha512"``: bodies that are not
        form-encoded are covered by ``oauth_body_hash``.
    :param origins: ``scheme://host[:port]``, one or several: requests to anywhere else go
        out unsigned.
    :param nonce: called for each nonce; default: 24 letters and digits of the system's.
    :param clock: called for the time in seconds since the epoch; default: ``time.time``. A ``ServerClock`` is shared,
        with what it has learned of the server's time.
    :raises UsageError: an argument is wrong, or there is no consumer key.
    """

    consumer_key: str | None = None
    consumer_secret: str | None = None
    header_auth: bool = False
    signature_method: str = "HMAC-SHA1"

    is_plain: bool  #: The signature method is PLAINTEXT, or one like it: a signature is the secrets themselves.
    _signer: Signer
    _origins: frozenset[Origin] | None
    _nonce: Callable[[], str] | None
    _clock: ServerClock
    _realm: str | None

    @conceal_frames
    def __init__(
        self,
        access_token: str | None = None,
        access_token_secret: str | None = None,
        consumer_key: str | None = None,
        consumer_secret: str | None = None,
        header_auth: bool | None = None,
        *,
        placement: str | None = None,
        signature_method: str | None = None,
        rsa_key: Any = None,
        realm: str | None = None,
        callback: str | None = None,
        verifier: str | None = None,
        body_hash: str | None = None,
        origins: str | Iterable[str] | None = None,
        nonce: Callable[[], str] | None = None,
        clock: Callable[[], float] | ServerClock | None = None,
    ) -> None:
        own = self.__dict__
        for name, value in (
            ("consumer_key", consumer_key),
            ("consumer_secret", consumer_secret),
            ("header_auth", header_auth),
            ("signature_method", signature_method),
        ):
            own[name] = getattr(self, name) if value is None else value
        if isinstance(self.consumer_secret, str):
            own["consumer_secret"] = Secret(self.consumer_secret)
        if placement is None:
            placement = "header" if self.header_auth else "url-encoded"
        own["_signer"] = Signer(
            _consumer(self.consumer_key, self.consumer_secret),
            _token(access_token, access_token_secret),
            signature_method=self.signature_method,
            rsa_key=rsa_key,
            placement=placement,
            realm=realm,
            callback=callback,
            verifier=verifier,
            body_hash=body_hash,
        )
        own["is_plain"] = methods.find_method(self.signature_method).plain
        own["_origins"] = None if origins is None else _origins(origins)
        if nonce is not None and not callable(nonce):
            raise UsageError(f"nonce is called for each request, so it must be callable, not {type(nonce).__name__}")
        own["_nonce"] = nonce
        own["_clock"] = clock if isinstance(clock, ServerClock) else ServerClock(clock)
        own["_realm"] = realm

    @property
    def consumer(self) -> Consumer:
        """The application's credentials."""
        return self._signer.consumer

    @property
    def token(self) -> Credentials | None:
        """The user's credentials; ``None``: two-legged."""
        return self._signer.token

    @property
    def placement(self) -> str:
        """Where the protocol parameters go (s3.5), by name."""
        return self._signer.placement

    @property
    def body_hash(self) -> str | None:
        """The digest that covers bodies that are no forms, by name; ``None``: they are not covered."""
        return self._signer.body_hash

    @repr_anyhow
    def __repr__(self) -> str:
        token = "" if self.token is None else f"access_token={self.token.key!r}, access_token_secret=***, "
        return (
            f"{type(self).__name__}({token}consumer_key={self.consumer.key!r}, consumer_secret=***, "
            f"placement={self.placement!r}, signature_method={self.signature_method!r})"
        )

    @conceal_frames
    def __setattr__(self, name: str, value: object) -> None:
        # Threads share hooks; and a setting that came too late would be ignored in silence.
        if type(self) is OAuthHook or hasattr(OAuthHook, name):
            raise AttributeError(f"an OAuthHook never changes: make another instead of setting {name!r}")
        super().__setattr__(name, value)

    @conceal_frames
    def as_user(self: _Hook, token: Credentials | None) -> _Hook:
        """Return a hook for another user (``None``: two-legged), with everything else the same.

        :raises UsageError: that is no token.
        """
        other = copy(self)
        other.__dict__["_signer"] = self._signer.for_token(token)
        return other

    @conceal_frames
    def replace(self: _Hook, **arguments: Any) -> _Hook:
        """Return a hook with other arguments of the constructor, and everything else the same.

        The clock, with what it has learned, and the parsed RSA key are shared. An ``access_token_secret`` by itself is
        another secret of the same token. An ``access_token`` by itself is another token, whose secret is empty: the old
        one's is never its own. ``header_auth`` has the placement that it stands for.

        :raises UsageError: the constructor has no such argument, or refuses its value.
        """
        signer, token = self._signer, self.token
        kept: dict[str, Any] = {
            "consumer_key": signer.consumer.key,
            "consumer_secret": signer.consumer.secret,
            "header_auth": self.header_auth,
            "placement": None if "header_auth" in arguments else signer.placement,
            "signature_method": signer.signature_method,
            "rsa_key": signer.rsa_key,
            "realm": self._realm,
            "callback": signer.callback,
            "verifier": signer.verifier,
            "body_hash": signer.body_hash,
            "origins": self._origins and [print_origin(each) for each in self._origins],
            "nonce": self._nonce,
            "clock": self._clock,
        }
        token_arguments = {"access_token", "access_token_secret"}
        if unknown := arguments.keys() - kept.keys() - token_arguments:
            raise UsageError(f"OAuthHook has no argument {', '.join(sorted(unknown))}")
        if token is not None and "access_token_secret" in arguments:
            kept["access_token"] = token.key
        other = copy(self)
        OAuthHook.__init__(other, **{**kept, **arguments})
        if not arguments.keys() & token_arguments:
            other.__dict__["_signer"] = other._signer.for_token(token)  # which may have more than key and secret
        return other

    def signing_key(self, consumer_secret: str, token_secret: str) -> str:
        """Return the key of the HMAC methods and of PLAINTEXT (s3.4.2, s3.4.4); may be overridden."""
        return methods.signing_key(consumer_secret, token_secret)

    def __call__(self, request: _Request) -> _Request:
        """Sign a ``PreparedRequest`` in place and return it.

        An unprepared ``requests.Request`` gets the hook as its ``auth``, so that
        ``prepare()`` signs it.

        :raises UsageError: the request cannot be signed truthfully; it is left as it was.
        """
        found: Any = request
        if type(found) is not requests.PreparedRequest:  # the commonest, of which there is no more to ask
            if isinstance(found, requests.Request) or is_niquests(found, "Request"):
                found.auth = self
                return request
            if not isinstance(getattr(found, "url", ...), _URL_TYPES):
                raise _foreign(found)
            if isinstance(found, SignedRequest) and self._leave_alone(found):
                return request
        if self._origins is not None and self.is_pinned_elsewhere(found.url):
            log.debug("not signed: the request is not to one of the hook's origins")
            attach(found, self, status=Status.UNSIGNED)
        else:
            self._sign(found)
        return request

    def _leave_alone(self, request: SignedRequest) -> bool:
        """Tell whether a request that a hook has seen before is as it is to go out; one that is sent now is made so."""
        send_next(request)
        state = request.oauth_state
        if state.status in (Status.CROSS_ORIGIN, Status.DISPLACED):
            log.debug("not signed: a redirect led the request to another origin, or to other credentials")
            return True
        if state.is_frozen and state.handler is not self:
            state.handler(request)
            return True
        return state.signed_as is not None and state.handler is self and state.signed_as == read_message(request)

    def is_pinned_elsewhere(self, url: str | None) -> bool:
        """Tell whether a URL is at none of the origins that this hook is pinned to."""
        return self._origins is not None and parse_sent_origin(url) not in self._origins

    def may_sign(self, source: str | None, target: str | None) -> bool:
        """Tell whether a redirect from one URL to another is to be signed; see ``redirects.RedirectHandler``."""
        return is_within(parse_sent_origin(source), parse_sent_origin(target), self._origins) and not (
            self.is_pinned_elsewhere(target)
        )

    def _sign(self, request: requests.PreparedRequest) -> None:
        try:
            message = read_message(request)
            if SENDS_LATIN_1:
                message = encode_text(message, is_hashed=self._signer.body_hash is not None)
            state: RequestState | None = request.__dict__.get("oauth_state")
            trial = None if state is None else state.trial
            if trial is None and self._clock.trials:
                trial = self._clock.take_trial(message.url)
            if request.body is not None and request._body_position is None:
                _note_body_position(request)
            if self.is_plain:  # requests says no sooner than on sending which proxies it uses: see attach.py
                check_proxies(message.url, getattr(request, "proxies", None))
            signature = self._signer.sign(
                message,
                nonce=None if self._nonce is None else self._nonce(),
                timestamp=self._clock.timestamp(message.url, trial),
                body_hash=None if self._signer.body_hash is None else self._body_hash(request, message),
                key=None if type(self).signing_key is _STANDARD_KEY else self._own_key(),
            )
        except BaseException as error:
            clear_frames(error)
            raise
        _put_back(request, message, signature)
        attach(request, self, status=Status.SIGNED, base_string=signature.base_string)
        if trial is not None:
            signed: Any = request
            signed.oauth_state = signed.oauth_state._replace(trial=trial)

    @conceal_frames
    def on_redirect(self, request: Any, state: RequestState, source: Message, *, is_displaced: bool = False) -> None:
        """Sign a redirect for where it goes, or take all that is ours out of it; see ``redirects.RedirectHandler``.

        :raises UsageError: it cannot be signed truthfully; it is left as it was.
        :raises ProviderError: something of ours cannot be taken out of it; likewise.
        """
        state = follow(state, source, request.url, self._origins, is_displaced=is_displaced)
        if state.status is Status.SIGNED:
            self._sign(request)
            signed = request.oauth_state
            state = state._replace(base_string=signed.base_string, trial=signed.trial)
        elif state.sent:
            message = read_message(request)
            stripped, names = strip(message, request.headers, state)
            if is_displaced:
                stripped = stripped._replace(authorization=message.authorization)
            _put_back(request, message, stripped)
            for name in names:
                del request.headers[name]
        request.oauth_state = state._replace(handler=self)

    def learn_from(
        self, request: Message, state: RequestState, status: int, headers: Any, content: bytes, *, can_retry: bool
    ) -> RequestState | None:
        """Learn the server's time from a response, and return the state of one more attempt; see ``RedirectHandler``.

        An offset that the request tried out is kept only if it was not refused again.
        """
        refusal = read_refused_time(request, status, headers, content) if status >= _BAD_REQUEST else Refusal()
        if state.trial is not None:
            # A second attempt that is refused for something else has come further than the first.
            further = state.is_retry and status in _DECIDED and not refusal.is_for_oauth
            if status < _BAD_REQUEST or further:
                self._clock.keep(request.url, state.trial)
        if state.is_retry:
            return None
        trial = None if refusal.server_time is None else self._clock.offset_of(refusal.server_time)
        is_misled = state.trial is not None and refusal.is_for_oauth
        if trial is None and not refusal.is_nonce_used and not is_misled:
            return None
        # What a nonce was used for may have been done: urllib3's retries repeat it.
        if can_retry and (not refusal.is_nonce_used or request.method.upper() in _IDEMPOTENT):
            return state._replace(is_retry=True, trial=trial)
        if trial is not None:
            self._clock.propose(request.url, trial)
        return None

    @conceal_frames
    def explain(
        self,
        request_or_response: Any,
        server_base_string: str | None = None,
        server_signature: str | None = None,
        client_base_string: str | None = None,
        service: Service | str | None = None,
    ) -> Explanation:
        """Say why a request was refused; the hook lends its credentials. See ``oauth_hook.explain``.

        :param request_or_response: what was refused: of ``requests``, or of a client like it.
        :raises UsageError: that is neither a request nor a response.
        """
        from ..diagnosis.clients import find_url
        from ..diagnosis.explain import explain, pinned_elsewhere

        explanation = explain(
            request_or_response, self.consumer, self.token, server_base_string, server_signature, client_base_string,
            service=service,
            rsa_key=self._signer.rsa_key,
            signing_key=None if type(self).signing_key is _STANDARD_KEY else self._own_key(),
        )  # fmt: skip
        url = find_url(request_or_response)
        return pinned_elsewhere(explanation) if url and self.is_pinned_elsewhere(url) else explanation

    def _own_key(self) -> str:
        """Return the signing key of a subclass that overrides it; the signer has the standard's ready."""
        return self.signing_key(self.consumer.secret, "" if self.token is None else self.token.secret)

    def _body_hash(self, request: requests.PreparedRequest, message: Message) -> str | None:
        """Return the digest that is to cover the body; a file is read in pieces and rewound."""
        if message.body is None or isinstance(message.body, bytes | str) or is_form(message.content_type):
            return self._signer.hash_body(message)
        if hasattr(request, "body_digest"):  # aiohttp's, whose bodies are read by coroutines
            return request.body_digest  # type: ignore[no-any-return]
        return hash_body(message.body, request._body_position, str(self._signer.body_hash))


_STANDARD_KEY = OAuthHook.signing_key


def _foreign(found: object) -> UsageError:
    """Return what is wrong with what is no request, or one of another client."""
    client = type(found).__module__.partition(".")[0]
    if client in ("httpx", "httpx2"):
        return UsageError(f"an OAuthHook goes into {client} as oauth_hook.httpx.OAuth(hook): pass auth=OAuth(hook)")
    return UsageError(f"an OAuthHook signs requests of requests and of niquests, and this is a {type(found).__name__}")


def _note_body_position(request: requests.PreparedRequest) -> None:
    """Note where a file begins: requests does so only if it can be iterated, which an mmap cannot."""
    body: Any = request.body
    if hasattr(body, "tell"):
        with suppress(OSError, ValueError):  # a pipe, a closed file
            request._body_position = body.tell()


def _put_back(request: requests.PreparedRequest, message: Message, made: Signature | Message) -> None:
    """Set those parts of a request that differ from what was read."""
    headers = request.headers
    body: Any = made.body
    request.url = made.url
    if made.authorization is not None:
        headers["Authorization"] = made.authorization
    elif message.authorization is not None:
        del headers["Authorization"]
    if body is not request.body:
        request.body = body
        if made.content_type is not None:
            headers["Content-Type"] = made.content_type
        headers["Content-Length"] = str(len(body.encode() if isinstance(body, str) else body))


def _consumer(key: str | None, secret: str | None) -> Consumer:
    if not key:
        raise UsageError("there is no consumer key: pass consumer_key=, or set OAuthHook.consumer_key for all hooks")
    return Consumer(key, "" if secret is None else secret)


def _token(key: str | None, secret: str | None) -> AccessToken | None:
    if key:
        return AccessToken(key, "" if secret is None else secret)
    if secret:
        raise UsageError("there is an access_token_secret without its access_token: pass both or neither")
    return None


def _encode_host(text: str) -> str:
    """Return the authority of an origin as requests sends it, the host encoded (IDNA).

    :raises UsageError: it is no host name.
    """
    prepared = requests.PreparedRequest()
    try:
        prepared.prepare_url(text, None)
    except requests.exceptions.InvalidURL:
        raise UsageError(
            f"the host of the origin {text!r} is no name that requests can send: check its spelling"
        ) from None
    return split_url(str(prepared.url)).authority


def _origins(given: str | Iterable[str]) -> frozenset[Origin]:
    """Return origins as they are compared.

    :raises UsageError: one is not ``scheme://host[:port]``, or none is given.
    """
    found = set()
    check_type(given, Iterable, "origins", "scheme://host[:port], one or several")
    for text in [given] if isinstance(given, str) else given:
        check_type(text, str, "an origin", "scheme://host[:port]")
        url = split_url(text)
        if url.path not in ("", "/") or url.query is not None or url.fragment is not None:
            raise UsageError("an origin is scheme://host[:port], without a path or a query")
        found.add(origin(url.scheme, url.authority if text.isascii() else _encode_host(text)))
    if not found:
        raise UsageError("origins is empty, so that nothing would be signed: name one, or pass None for all")
    return frozenset(found)
