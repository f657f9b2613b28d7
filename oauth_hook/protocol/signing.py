"""Signing a request (RFC 5849 s3.1): this file composes the others.

``Signer.sign`` is the whole pipeline, as straight lines of values::

    request -> parameters -> base string -> signature -> placement -> request

All but the default nonce and clock is a function of its arguments.
"""

from __future__ import annotations

import os
import time
from binascii import b2a_base64
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from ..credentials import Consumer, Credentials, check_token
from ..errors import UsageError, check_type, conceal_frames
from . import placement as places
from .base_string import base_string
from .body_hash import ALGORITHMS, check_algorithm, hash_body
from .encoding import Pair, escape, escape_base64, from_wire, from_wire_like, to_wire
from .message import Message, Reading, body_text, make_message, read, text_headers, with_headers
from .methods import METHODS, Key, check_permitted, find_method, signing_key
from .parameters import FORM, PREFIX, SIGNATURE_PARAMETERS, is_form, join_pairs, normalize, sortable
from .url import SplitURL, is_loopback

if TYPE_CHECKING:
    from .rsa import RSAKey

__all__ = ["Signature", "Signed", "Signer", "new_nonce", "sign"]


class Signature(NamedTuple):
    """What signing makes of a request: each part that it may change, and how it came about."""

    url: str
    body: Any
    content_type: str | None  #: to be set where signing made the body; else ``None``
    authorization: str | None  #: the header to send; ``None``: none
    base_string: str
    signature: str

    def __repr__(self) -> str:
        return "Signature(***)"  # PLAINTEXT's is the secrets


class Signer:
    """Who signs, and how: what stays the same from one request to the next.

    The arguments are those of ``sign``; what is wrong with them is said here, not at
    use. The RSA key is read here, once. ``for_token`` makes a signer for another user.
    """

    def __init__(
        self,
        consumer: Consumer,
        token: Credentials | None = None,
        signature_method: str = "HMAC-SHA1",
        rsa_key: Any = None,
        placement: str = "header",
        realm: str | None = None,
        callback: str | None = None,
        verifier: str | None = None,
        body_hash: str | None = None,
    ) -> None:
        method = find_method(signature_method)
        if method.needs_rsa_key and rsa_key is None:
            raise UsageError(f"{method.name} needs rsa_key: PEM, (PEM, passphrase), a loaded key or a callable")
        check_type(consumer, Consumer, "consumer", "a Consumer")
        self.consumer = consumer
        self.signature_method = signature_method
        self.rsa_key: RSAKey | None = None
        if rsa_key is not None:
            from .rsa import load_key  # most signers need none

            self.rsa_key = load_key(rsa_key)
        self.placement = places.check_placement(placement)
        self._targets = places.targets(placement, False), places.targets(placement, True)
        self.realm = None if realm is None else places.quote_realm(realm)
        self.callback = callback
        self.verifier = verifier
        self.body_hash = check_algorithm(body_hash)
        self._check_permitted()
        self._set_token(token)

    def for_token(self, token: Credentials | None) -> Signer:
        """Return a signer for another user, or for none, with everything else the same."""
        other = copy(self)
        other._set_token(token)
        return other

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._check_permitted()  # what was pickled in another process may be forbidden in this one

    def _check_permitted(self) -> None:
        check_permitted("signature_method", self.signature_method, METHODS)
        if self.body_hash is not None:
            check_permitted("body_hash", self.body_hash, ALGORITHMS.values())

    def _set_token(self, token: Credentials | None) -> None:
        """Take the token, and make the protocol parameters (s3.1) that are the same in every request."""
        check_token(token)
        self.token = token
        self._key = Key(signing_key(self.consumer.secret, "" if token is None else token.secret), self.rsa_key)
        constant: list[Pair] = []
        for name, value in (
            ("oauth_consumer_key", self.consumer.key),
            ("oauth_token", None if token is None else token.key),
            ("oauth_callback", self.callback),
            ("oauth_verifier", self.verifier),
            ("oauth_signature_method", self.signature_method),
        ):
            if value is not None:
                check_type(value, str, name, "a str")
                constant.append((name, escape(value)))
        constant.append(("oauth_version", "1.0"))
        # In each of the shapes in which a request needs them: to be sorted, in the header, in a query or form.
        self._sortable = sortable(constant)
        self._quoted = places.quote_pairs(constant)
        self._joined = "" if self.placement == "header" else join_pairs(constant)

    def sign(
        self,
        message: Message,
        *,
        nonce: str | None = None,
        timestamp: str | None = None,
        body_hash: str | None = None,
        key: str | None = None,
    ) -> Signature:
        """Sign a request (s3.1).

        :param nonce: default: fresh (s3.3).
        :param timestamp: whole seconds since the epoch; default: now (s3.3).
        :param body_hash: the digest that is to cover the body, or ``None``.
        :param key: the signing key; default: the two secrets, joined (s3.4.2).
        :raises UsageError: the request cannot be signed truthfully.
        """
        if nonce is not None:
            check_type(nonce, str, "nonce", "a str")
        method = find_method(self.signature_method)
        reading = read(message)
        if method.plain:
            _check_transport(reading.url, method.name)
        fresh = [
            ("oauth_nonce", new_nonce() if nonce is None else escape(nonce)),
            ("oauth_timestamp", str(int(time.time())) if timestamp is None else timestamp),
        ]
        if body_hash is not None:
            fresh.append(("oauth_body_hash", escape(body_hash)))
        if reading.in_header or reading.in_query or reading.in_form:
            fresh += self._keep_parameters(reading)
        text = base_string(message.method, reading.uri, normalize([*reading.own, *self._sortable, *sortable(fresh)]))
        signature = method.signature(text, self._key if key is None else Key(key, self.rsa_key))
        fresh.append(("oauth_signature", escape(signature) if method.plain else escape_base64(signature)))
        return self._place(message, reading, fresh, text, signature)

    def _keep_parameters(self, reading: Reading) -> list[Pair]:
        """Return the protocol parameters that a request came with and that ours do not replace."""
        # An earlier FULL placement left identical copies: a dict of pairs counts them once.
        found = dict.fromkeys([*(reading.in_header or ()), *reading.in_query, *reading.in_form])
        # A request's own oauth_token stays where no token of ours takes its place.
        replaced = SIGNATURE_PARAMETERS - {"oauth_token"} | {text.partition(" ")[0] for text in self._sortable}
        return [pair for pair in found if pair[0] not in replaced]

    def _place(self, message: Message, reading: Reading, fresh: list[Pair], text: str, signature: str) -> Signature:
        """Return the parts of a request with the parameters in place (s3.5), and how they came about."""
        in_header, in_body, in_query = self._targets[reading.form is not None]
        url, body, content_type, header = message.url, message.body, None, message.authorization
        if in_header:
            header = places.authorization(self._quoted, fresh, reading.realm if self.realm is None else self.realm)
        elif reading.in_header is not None:
            header = None
        if in_query or in_body:
            # What a header had besides protocol parameters would count twice as a copy elsewhere.
            copied = [pair for pair in fresh if pair[0].startswith(PREFIX)] if in_header else fresh
            joined = f"{self._joined}&{join_pairs(copied)}"
        if in_query:
            url = reading.url.with_query(from_wire(places.append(reading.query, joined)))
        elif reading.in_query:
            url = reading.url.with_query(from_wire(reading.query))
        if in_body:
            if reading.form is None:
                places.check_empty(message.body, message.content_type, is_form(message.content_type))
                content_type = FORM if message.content_type is None else None
            body = from_wire_like(places.append(reading.form or "", joined), body)
        elif reading.in_form:
            body = from_wire_like(reading.form or "", body)
        parts = (url, body, content_type, header, text, signature)
        return tuple.__new__(Signature, parts)  # what Signature(*parts) does, at half the cost

    def hash_body(self, message: Message) -> str | None:
        """Return the digest that is to cover a body, where one is: never a form's, never nothing's."""
        if self.body_hash is None or places.is_empty(message.body) or is_form(message.content_type):
            return None
        return hash_body(body_text(message.body), self.body_hash)


def _check_transport(url: SplitURL, method: str) -> None:
    """Refuse to send the secrets themselves over an open network (s3.4.4)."""
    if url.scheme.lower() == "http" and not is_loopback(url.authority):
        raise UsageError(
            f"{method} sends the secrets themselves, and the request to {url.authority} goes over plain http, "
            "where anybody on the way can read them (RFC 5849 s3.4.4): use https, or another signature method"
        )


# Two of base64's signs are no letters or digits. Standing them for two that are leaves
# 5.9 bits a character, 142 in all.
_LETTERS_FOR_SIGNS = bytes.maketrans(b"+/", b"Az")


def new_nonce() -> str:
    """Return a nonce (s3.3): 24 letters and digits, made of 144 bits from the system's source.

    Nothing is kept for threads and forks to share. oauthlib's servers want 20 to 30 by default.
    """
    return b2a_base64(os.urandom(18), newline=False).translate(_LETTERS_FOR_SIGNS).decode()


@dataclass(frozen=True)
class Signed:
    """A signed request: what to send, and how it came about. PLAINTEXT's is the secrets, so ``repr`` shows nothing."""

    url: str = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    body: bytes | str | None = field(repr=False)
    base_string: str = field(repr=False)
    signature: str = field(repr=False)  #: base64 as the method made it, not percent-encoded


@conceal_frames
def sign(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | str | None = None,
    consumer: Consumer,
    token: Credentials | None = None,
    signature_method: str = "HMAC-SHA1",
    rsa_key: Any = None,
    placement: str = "header",
    realm: str | None = None,
    callback: str | None = None,
    verifier: str | None = None,
    body_hash: str | None = None,
    nonce: str | None = None,
    timestamp: str | int | None = None,
) -> Signed:
    """Sign a request without a network (s3.1), exactly as it stands: nothing is re-quoted.

    An earlier signature is taken out first, so that signing twice is signing once.

    :param headers: ``Content-Type``, ``Authorization`` and ``Host`` are read.
    :param body: read where it is form-encoded, or for ``body_hash``.
    :param token: an ``AccessToken`` or ``RequestToken``; ``None``: two-legged.
    :param signature_method: a name in ``methods.METHODS``.
    :param rsa_key: PEM, ``(PEM, passphrase)``, a loaded key, or a callable ``bytes -> bytes``.
    :param placement: one of ``placement.PLACEMENTS``.
    :param realm: goes first into the header and is never signed (s3.4.1.3.1).
    :param callback: ``oauth_callback`` (s2.1).
    :param verifier: ``oauth_verifier`` (s2.3).
    :param body_hash: ``"sha1"``, ``"sha256"`` or ``"sha512"``, to cover a body that is no form.
    :param nonce: default: fresh (s3.3).
    :param timestamp: whole seconds since the epoch (s3.3); default: now.
    :raises UsageError: an argument is wrong, or the request cannot be signed truthfully.
    """
    signer = Signer(consumer, token, signature_method, rsa_key, placement, realm, callback, verifier, body_hash)
    sent = text_headers(headers)
    message = make_message(method, url, sent, body)
    signature = signer.sign(
        message,
        nonce=nonce,
        timestamp=None if timestamp is None else escape(str(timestamp)),
        body_hash=signer.hash_body(message),
    )
    changed = {
        "Authorization": signature.authorization,
        "Content-Type": signature.content_type or message.content_type,
    }
    if signature.body is not body and any(name.lower() == "content-length" for name in sent):
        changed["Content-Length"] = str(len(to_wire(signature.body)))
    headers = with_headers(sent, changed)
    return Signed(signature.url, headers, signature.body, signature.base_string, signature.signature)
