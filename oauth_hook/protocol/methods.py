"""Signature methods (RFC 5849 s3.4.2 to s3.4.4, and SHA-2): one table, from name to method.

A method makes a signature of a base string and a key, and says whether a signature is
right. Comparison happens in one place, in constant time. ``register`` adds a method of
an application's own::

    def sign(text, key):
        return hmac.digest(key.signing_key.encode(), text.encode(), "sha384")

    register(Method("HMAC-SHA384", sign))
"""

from __future__ import annotations

import hmac
from base64 import b64decode
from binascii import b2a_base64
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import NamedTuple

from ..errors import UsageError, check_type
from .encoding import escape
from .rsa import RSAKey

__all__ = ["METHODS", "Key", "Method", "check_signature_method", "find_method", "register", "signing_key"]


class Key(NamedTuple):
    """What a method signs with."""

    signing_key: str  #: both secrets, joined (s3.4.2)
    rsa_key: RSAKey | None = None

    def __repr__(self) -> str:
        return "Key(***)"


def signing_key(consumer_secret: str, token_secret: str) -> str:
    """Join the two secrets; the ``&`` is there even where both are empty (s3.4.2, s3.4.4)."""
    return f"{escape(consumer_secret)}&{escape(token_secret)}"


@dataclass(frozen=True)
class Method:
    """A signature method.

    :param name: the value of ``oauth_signature_method``.
    :param sign: makes the bytes of the signature of a base string, which are put into base64 here.
    :param verify: tells whether bytes are the signature of a base string. Left out:
        they are, if ``sign`` makes the same.
    :param needs_rsa_key: it signs with ``Key.rsa_key``.
    :param plain: it sends the secrets themselves (s3.4.4), without base64, and so
        never over an open network.
    """

    name: str
    sign: Callable[[str, Key], bytes]
    verify: Callable[[str, Key, bytes], bool] | None = None
    needs_rsa_key: bool = field(default=False, kw_only=True)
    plain: bool = field(default=False, kw_only=True)

    def signature(self, text: str, key: Key) -> str:
        """Return the ``oauth_signature`` of a base string, not percent-encoded."""
        made = self.sign(text, key)
        return made.decode() if self.plain else b2a_base64(made, newline=False).decode()

    def accepts(self, text: str, key: Key, signature: str) -> bool:
        """Tell whether a signature is right; where it is made anew for that, compared in constant time."""
        if self.verify is None:
            return hmac.compare_digest(self.signature(text, key).encode(), signature.encode())
        try:
            made = b64decode(signature, validate=True)
        except ValueError:
            return False
        return self.verify(text, key, made)


def _hmac(digest: str) -> Callable[[str, Key], bytes]:
    """Return HMAC (s3.4.2) with a digest."""
    return lambda text, key: hmac.digest(key.signing_key.encode(), text.encode(), digest)


def _rsa(digest: str) -> tuple[Callable[[str, Key], bytes], Callable[[str, Key, bytes], bool]]:
    """Return RSASSA-PKCS1-v1_5 (s3.4.3) with a digest."""

    def sign(text: str, key: Key) -> bytes:
        return _present(key.rsa_key).sign(text.encode(), digest)

    def verify(text: str, key: Key, made: bytes) -> bool:
        return _present(key.rsa_key).verify(text.encode(), made, digest)

    return sign, verify


def _present(rsa_key: RSAKey | None) -> RSAKey:
    if rsa_key is None:
        raise UsageError("an RSA signature method needs an rsa_key")
    return rsa_key


#: The table of signature methods, by name.
METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        Method("HMAC-SHA1", _hmac("sha1")),
        Method("HMAC-SHA256", _hmac("sha256")),
        Method("HMAC-SHA512", _hmac("sha512")),
        Method("RSA-SHA1", *_rsa("sha1"), needs_rsa_key=True),
        Method("RSA-SHA256", *_rsa("sha256"), needs_rsa_key=True),
        Method("RSA-SHA512", *_rsa("sha512"), needs_rsa_key=True),
        Method("PLAINTEXT", lambda _, key: key.signing_key.encode(), plain=True),
    )
}


def register(method: Method) -> None:
    """Add a method of the application's own to the table.

    :raises UsageError: the name is empty or taken.
    """
    check_type(method, Method, "method", "a Method")
    if not method.name:
        raise UsageError("a signature method needs a name")
    if method.name in METHODS:
        raise UsageError(f"there is a signature method {method.name!r} already: give yours another name")
    METHODS[method.name] = method


def find_method(name: str) -> Method:
    """Return the method of that name.

    :raises UsageError: there is none.
    """
    try:
        return METHODS[name]
    except (KeyError, TypeError):
        known = ", ".join(METHODS)
        raise UsageError(f"there is no signature method {name!r}: choose one of {known}") from None


def check_signature_method(name: str, has_rsa_key: bool, accepted: Collection[str] | None = None) -> str:
    """Say why a request may not be signed with a method (s3.2), or nothing.

    A consumer that has an RSA key often has no secret, and a request that anybody can
    sign with an empty one must not pass for its own.
    """
    method = METHODS.get(name)
    if method is None:
        return f"there is no signature method {name!r}"
    if accepted is not None and name not in accepted:
        return f"the request is signed with {name}, and {', '.join(sorted(accepted)) or 'no method'} is accepted"
    if method.needs_rsa_key and not has_rsa_key:
        return f"the request is signed with {name}, and no rsa_key was given to judge it"
    if has_rsa_key and not method.needs_rsa_key:
        return f"the request is signed with {name}, and the consumer signs with an RSA key"
    return ""
