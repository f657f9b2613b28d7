"""Signature methods (RFC 5849 s3.4.2 to s3.4.4, and SHA-2): one table, from name to method.

A method makes a signature of a base string and a key, and says whether a signature is
right. Comparison happens in one place, in constant time. ``register`` adds a method of
an application's own::

    register(Method("HMAC-SHA384", lambda text, key: key.hmac(text.encode(), "sha384")))

``OAUTH_HOOK_FORBID`` in the environment takes methods out of use for a whole process, whatever its code asks for.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from base64 import b64decode
from binascii import b2a_base64
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import UsageError, check_type
from .encoding import escape

if TYPE_CHECKING:
    from .rsa import RSAKey

__all__ = [
    "FORBID",
    "METHODS",
    "Key",
    "Method",
    "begin_hmac",
    "check_permitted",
    "check_signature_method",
    "find_method",
    "finish_hmac",
    "is_forbidden",
    "read_forbidden",
    "register",
    "signing_key",
]


#: The environment variable that forbids methods to a process.
FORBID = "OAUTH_HOOK_FORBID"


@dataclass(frozen=True, repr=False)
class Key:
    """What a method signs with.

    It pickles and copies as the two values that it is made of.
    """

    signing_key: str  #: both secrets, joined (s3.4.2)
    rsa_key: RSAKey | None = None
    _begun: dict[str, tuple[Any, Any]] = field(default_factory=dict, init=False, compare=False)

    def __repr__(self) -> str:
        return "Key(***)"

    def __reduce__(self) -> tuple[Any, ...]:
        return Key, (self.signing_key, self.rsa_key)

    def hmac(self, message: bytes, digest: str) -> bytes:
        """Return the HMAC of bytes (s3.4.2; RFC 2104 s2), with ``signing_key``.

        The hashes over the padded key are begun once, and copied for each message (RFC 2104 s4). ``hmac.digest``
        begins anew each time, which between two requests of a client costs three times as much as all of this.

        :param digest: the name of a hash, as ``hashlib.new`` has it.
        """
        begun = self._begun.get(digest)
        if begun is None:
            begun = self._begun[digest] = begin_hmac(self.signing_key.encode, digest)
        return finish_hmac(begun, message)


def begin_hmac(read_key: Callable[[], bytes], digest: str) -> tuple[Any, Any]:
    """Return the inner and the outer hash of RFC 2104 s2, each with its padded key."""
    inner = hashlib.new(digest)  # before the secret is in this frame: where there is no such hash, this raises
    outer, size = inner.copy(), inner.block_size
    secret = read_key()
    padded = (secret if len(secret) <= size else hashlib.new(digest, secret).digest()).ljust(size, b"\0")
    inner.update(padded.translate(_XOR_36))
    outer.update(padded.translate(_XOR_5C))
    return inner, outer


def finish_hmac(begun: tuple[Any, Any], message: bytes) -> bytes:
    """Return the HMAC of bytes; what was begun may be finished any number of times."""
    inner, outer = begun[0].copy(), begun[1].copy()
    inner.update(message)
    outer.update(inner.digest())
    result: bytes = outer.digest()
    return result


_XOR_36, _XOR_5C = (bytes(byte ^ mask for byte in range(256)) for mask in (0x36, 0x5C))


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
    return lambda text, key: key.hmac(text.encode(), digest)


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

    :raises UsageError: there is no such method.
    """
    try:
        return METHODS[name]
    except (KeyError, TypeError):
        known = ", ".join(METHODS)
        raise UsageError(f"there is no signature method {name!r}: choose one of {known}") from None


def read_forbidden() -> frozenset[str]:
    """Return the words of ``OAUTH_HOOK_FORBID``, such as ``PLAINTEXT,SHA1``, in upper case.

    :raises UsageError: a word is no method's name and no part of one. Ignored, it would forbid nothing in silence.
    """
    value = os.environ.get(FORBID)
    if not value:
        return frozenset()
    words = frozenset(value.upper().replace(",", " ").split())
    if unknown := words.difference(*map(_words_for, METHODS)):
        known = dict.fromkeys(part for name in METHODS for part in name.split("-"))
        raise UsageError(
            f"the environment variable {FORBID} forbids {', '.join(sorted(unknown))}, and there is nothing of that "
            f"name to forbid: give {', '.join(known)}, or the name of one signature method, with commas between them"
        )
    return words


def is_forbidden(name: str, words: Collection[str]) -> bool:
    """Tell whether words from ``read_forbidden`` forbid a signature method, or the digest of a body hash."""
    return not _words_for(name).isdisjoint(words)


def _words_for(name: str) -> set[str]:
    """Return the words that forbid something: its name, each part of it, and PLAINTEXT if it sends the secrets."""
    plain = name in METHODS and METHODS[name].plain
    return {name.upper(), *name.upper().split("-"), *(["PLAINTEXT"] if plain else [])}


def check_permitted(argument: str, name: str, choices: Iterable[str]) -> None:
    """Refuse to sign with what ``OAUTH_HOOK_FORBID`` forbids.

    :param argument: what the message calls it; ``choices`` are what the argument may be besides.
    :param name: a signature method, or the digest of a body hash.
    :raises UsageError: the variable forbids it, or has a word that names nothing.
    """
    words = read_forbidden()
    if words and is_forbidden(name, words):
        permitted = ", ".join(repr(choice) for choice in choices if not is_forbidden(choice, words))
        raise UsageError(
            f"{argument}={name!r} is forbidden in this process by the environment variable {FORBID} "
            f"({', '.join(sorted(words))}), which permits {permitted or 'none'}"
        )


def check_signature_method(
    name: str, has_rsa_key: bool, accepted: Collection[str] | None = None, forbidden: Collection[str] = ()
) -> str:
    """Say why a request may not be signed with a method (s3.2), or nothing.

    A consumer that has an RSA key often has no secret, and a request that anybody can
    sign with an empty one must not pass for its own.
    """
    method = METHODS.get(name)
    if method is None:
        return f"there is no signature method {name!r}"
    if is_forbidden(name, forbidden):
        return f"the request is signed with {name}, which the environment variable {FORBID} forbids in this process"
    if accepted is not None and name not in accepted:
        return f"the request is signed with {name}, and {', '.join(sorted(accepted)) or 'no method'} is accepted"
    if method.needs_rsa_key and not has_rsa_key:
        return f"the request is signed with {name}, and no rsa_key was given to judge it"
    if has_rsa_key and not method.needs_rsa_key:
        return f"the request is signed with {name}, and the consumer signs with an RSA key"
    return ""
