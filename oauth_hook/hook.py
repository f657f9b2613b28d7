"""``OAuthHook``: the only place that changes a ``PreparedRequest``.

It reads a request as it will go out, has ``protocol.signing`` sign it, and puts back
the parts that changed. Either all of them are put back or, where the request cannot
be signed truthfully, none.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Iterable
from copy import copy
from typing import Any, TypeVar

import requests
from requests.auth import AuthBase
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from .credentials import AccessToken, Consumer, Credentials
from .errors import UsageError
from .protocol import methods
from .protocol.base_string import origin, split_url
from .protocol.body_hash import encode_digest
from .protocol.signing import Message, Signer

__all__ = ["OAuthHook"]

log = logging.getLogger("oauth_hook")

_Hook = TypeVar("_Hook", bound="OAuthHook")
Origin = tuple[str, str, str]

# What urllib3 puts on the wire as it stands (RFC 3986 s2, s3.3, s3.4): plain characters and escapes.
_PLAIN = r"[A-Za-z0-9._~!$&'()*+,;=:@/?#-]*"
_settled = re.compile(f"{_PLAIN}(?:%[0-9A-F]{{2}}{_PLAIN})*").fullmatch

_PIECE = 1 << 16  # octets of a file hashed at a time


class OAuthHook(AuthBase):
    """Signs each request that it is attached to with OAuth 1.0a (RFC 5849).

    It attaches as ``session.auth``, as ``auth=`` of one call, and as a ``pre_request``
    hook (``oauth_hook.Session``). It never changes, so threads may share it.

    :param access_token: the token's key; empty or ``None``: two-legged.
    :param access_token_secret: the token's secret.
    :param consumer_key: default: the class attribute.
    :param consumer_secret: default: the class attribute.
    :param header_auth: ``True``: the ``Authorization`` header (s3.5.1). ``False``:
        URL-encoded, that is in the body of a form-encoded request (s3.5.2), else in the
        query (s3.5.3). Default: the class attribute.
    :param placement: one of the five placements by name, instead of ``header_auth``.
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
    :param clock: called for the time in seconds since the epoch; default: ``time.time``.
    :raises UsageError: an argument is wrong, or there is no consumer key.
    """

    consumer_key: str | None = None
    consumer_secret: str | None = None
    header_auth: bool = False
    signature_method: str = "HMAC-SHA1"

    _signer: Signer
    _origins: frozenset[Origin] | None
    _nonce: Callable[[], str] | None
    _clock: Callable[[], float] | None

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
        clock: Callable[[], float] | None = None,
    ) -> None:
        own = self.__dict__
        for name, value in (
            ("consumer_key", consumer_key),
            ("consumer_secret", consumer_secret),
            ("header_auth", header_auth),
            ("signature_method", signature_method),
        ):
            own[name] = getattr(self, name) if value is None else value
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
        own["_origins"] = None if origins is None else _origins(origins)
        own["_nonce"] = _callable(nonce, "nonce")
        own["_clock"] = _callable(clock, "clock")

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

    def __repr__(self) -> str:
        token = "" if self.token is None else f"access_token={self.token.key!r}, access_token_secret=***, "
        return (
            f"{type(self).__name__}({token}consumer_key={self.consumer.key!r}, consumer_secret=***, "
            f"placement={self.placement!r}, signature_method={self.signature_method!r})"
        )

    def __setattr__(self, name: str, value: object) -> None:
        # Threads share hooks; and a setting that came too late would be ignored in silence.
        if type(self) is OAuthHook or hasattr(OAuthHook, name):
            raise AttributeError(f"an OAuthHook never changes: make another instead of setting {name!r}")
        super().__setattr__(name, value)

    def as_user(self: _Hook, token: Credentials | None) -> _Hook:
        """Return a hook for another user (``None``: two-legged), with everything else the same.

        :raises UsageError: that is no token.
        """
        other = copy(self)
        other.__dict__["_signer"] = self._signer.for_token(token)
        return other

    def signing_key(self, consumer_secret: str, token_secret: str) -> str:
        """Return the key of the HMAC methods and of PLAINTEXT (s3.4.2, s3.4.4); may be overridden."""
        return methods.signing_key(consumer_secret, token_secret)

    def __call__(self, request: Any) -> Any:
        """Sign a ``PreparedRequest`` in place and return it.

        An unprepared ``requests.Request`` gets the hook as its ``auth``, so that
        ``prepare()`` signs it.

        :raises UsageError: the request cannot be signed truthfully; it is left as it was.
        """
        if isinstance(request, requests.Request):
            request.auth = self
        elif self._at_home(request.url):
            self._sign(request)
        else:
            log.debug("not signed: the request is not to one of the hook's origins")
        return request

    def _at_home(self, url: str) -> bool:
        """Tell whether a URL is one that this hook signs."""
        if self._origins is None:
            return True
        try:
            address = split_url(url)
            return origin(address.scheme, address.authority) in self._origins
        except UsageError:
            return False

    def _sign(self, request: requests.PreparedRequest) -> None:
        message = _message(request)
        signature = self._signer.sign(
            message,
            nonce=None if self._nonce is None else self._nonce(),
            timestamp=None if self._clock is None else _seconds(self._clock()),
            body_hash=self._body_hash(message),
            key=self._overridden_key(),
        )
        headers = request.headers
        request.url = signature.url
        if signature.authorization is not None:
            headers["Authorization"] = signature.authorization
        elif message.authorization is not None:
            del headers["Authorization"]
        if signature.body is not message.body:
            request.body = signature.body
            if signature.content_type is not None:
                headers["Content-Type"] = signature.content_type
            request.prepare_content_length(signature.body)

    def _overridden_key(self) -> str | None:
        """Return a subclass's own signing key; ``None``: the standard's, which the signer has ready."""
        if type(self).signing_key is _STANDARD_KEY:
            return None
        return self.signing_key(self.consumer.secret, "" if self.token is None else self.token.secret)

    def _body_hash(self, message: Message) -> str | None:
        """Return the digest that is to cover the body; a file is read in pieces and rewound."""
        algorithm = self._signer.body_hash
        if algorithm is None or message.body is None or isinstance(message.body, bytes | str):
            return self._signer.body_hash_of(message)
        return encode_digest(_digest_of_file(message.body, algorithm))


_STANDARD_KEY = OAuthHook.signing_key


def _message(request: requests.PreparedRequest) -> Message:
    """Return what signing reads of a request.

    :raises UsageError: it has no method or URL yet.
    """
    if request.method is None or request.url is None:
        raise UsageError("the request has no method or no URL: prepare it first")
    # A header that is not there is dear to look for (CaseInsensitiveDict raises and catches).
    headers = dict(request.headers.lower_items())
    return Message(
        request.method,
        _on_the_wire(request.url),
        request.body,
        _text(headers.get("content-type")),
        _text(headers.get("authorization")),
        _text(headers.get("host")),
    )


def _on_the_wire(url: str) -> str:
    """Return a URL as urllib3 will spell it on the wire.

    ``prepare`` has urllib3 spell URLs already. It is a redirect's ``Location``, or a
    URL set by hand, that arrives here with an ``[`` or a ``%c3`` in its path.
    """
    if _settled(url):
        return url
    try:
        return parse_url(url).url
    except LocationParseError:
        return url


def _seconds(now: float) -> str:
    """Return a time as a timestamp (s3.3): whole seconds."""
    if not isinstance(now, int | float):
        raise UsageError(f"clock must return seconds since the epoch, not {type(now).__name__}")
    return str(int(now))


def _text(value: str | bytes | None) -> str | None:
    """Return a header's value as text: ``requests`` lets it be bytes."""
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _digest_of_file(body: Any, algorithm: str) -> bytes:
    """Return the digest of what is left of a file, and rewind it.

    :raises UsageError: it is no file that can be rewound.
    """
    try:
        start = body.tell()
        digest = hashlib.new(algorithm)
        while piece := body.read(_PIECE):
            digest.update(piece.encode() if isinstance(piece, str) else piece)
        body.seek(start)
    except (AttributeError, OSError):
        raise UsageError(
            f"body_hash covers the whole body before it is sent, and a {type(body).__name__} can be read only once: "
            "pass bytes or a file that can be rewound, or leave body_hash out"
        ) from None
    return digest.digest()


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


def _origins(given: str | Iterable[str]) -> frozenset[Origin]:
    """Return origins as they are compared.

    :raises UsageError: one is not ``scheme://host[:port]``, or there is none.
    """
    found = set()
    for text in [given] if isinstance(given, str) else given:
        address = split_url(text)
        if address.path not in ("", "/") or address.query is not None or address.fragment is not None:
            raise UsageError(f"an origin is scheme://host[:port], without the path of {text!r}")
        found.add(origin(address.scheme, address.authority))
    if not found:
        raise UsageError("origins is empty, so that nothing would be signed: name one, or pass None for all")
    return frozenset(found)


def _callable(given: Any, name: str) -> Any:
    if given is not None and not callable(given):
        raise UsageError(f"{name} is called for each request, so it must be a callable, not {type(given).__name__}")
    return given
