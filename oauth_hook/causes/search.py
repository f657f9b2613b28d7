"""Which base string, which key, which method reproduces a signature: the cause, proven.

One rule is changed at a time, then two. HMAC costs a microsecond, so that all keys are tried with
all base strings of one changed rule; the time for all of it is bounded.
"""

from __future__ import annotations

import hmac
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from typing import NamedTuple
from urllib.parse import unquote

from ..rsa import RSAKey
from .keys import KeyVariant, Secrets, key_variants, secret_variants
from .parts import Parts
from .texts import Context, Variant, address_variants, parameter_variants, text_variants

__all__ = ["Found", "Search", "Target", "target_of"]

#: Seconds of this thread's time that all searches of one explanation may take.
BUDGET = 0.6

# What a digest's length says of the method, whatever oauth_signature_method says.
_BY_LENGTH = {20: "sha1", 32: "sha256", 64: "sha512", 48: "sha384"}


class Target(NamedTuple):
    """A signature to be reproduced.

    :ivar octets: the digest; empty where it is none.
    :ivar text: the signature as it was sent.
    :ivar digest: the digest's name, by its length.
    :ivar spelled: how it is written, where that is not base64.
    """

    octets: bytes
    text: str
    digest: str
    spelled: str = ""

    def __repr__(self) -> str:
        return "Target(***)"


def target_of(signature: str) -> Target:
    """Return what a signature is: base64 of a digest, another spelling of one, or text (PLAINTEXT)."""
    text = signature.strip()
    for spelled, read in _SPELLED:
        try:
            octets = read(text)
        except ValueError:
            continue
        if len(octets) in _BY_LENGTH or len(octets) >= _RSA:
            return Target(octets, signature, _BY_LENGTH.get(len(octets), ""), spelled)
    return Target(b"", signature, "")


def _padded(text: str) -> str:
    bare = text.rstrip("=")
    return bare + "=" * (-len(bare) % 4)


_SPELLED: tuple[tuple[str, Callable[[str], bytes]], ...] = (
    ("", lambda text: b64decode(text, validate=True)),
    ("in hexadecimal digits", bytes.fromhex),
    ("in base64 without its padding", lambda text: b64decode(_padded(text), validate=True)),
    ("in the URL-safe base64", lambda text: b64decode(_padded(text), b"-_", validate=True)),
)

_RSA = 128  # octets of the smallest signature of an RSA key (1024 bits)


class Found(NamedTuple):
    """What reproduces a signature.

    :ivar codes: the causes, the likeliest first.
    :ivar texts: how the base string was made, where it differs: phrases.
    :ivar keys: how the key was made, where it differs.
    :ivar parts: the base string that was signed.
    """

    codes: tuple[str, ...]
    texts: tuple[str, ...]
    keys: tuple[str, ...]
    parts: Parts


class Search:
    """The search for what reproduces a signature.

    :param parts: the right base string of the request.
    :param context: what else is known of it.
    :param secrets: ``None``: HMAC cannot be searched.
    :param rsa_key: judges RSA signatures; ``None``: they cannot be searched.
    :param own_key: the signing key, where it is not made of the secrets as s3.4.2 says.
    """

    def __init__(
        self,
        parts: Parts,
        context: Context,
        secrets: Secrets | None,
        rsa_key: RSAKey | None = None,
        own_key: str | None = None,
    ) -> None:
        self.tried = 0
        self.cut_short = False
        self._deadline = time.thread_time() + BUDGET
        self._context = context
        self._secrets = secrets
        self._rsa_key = rsa_key
        self._texts = [Variant("", "", parts), *text_variants(parts, context)]
        self._octets: dict[int, bytes] = {}
        self._keys = _keys(secrets, own_key)

    def __repr__(self) -> str:
        return "Search(***)"

    def find(self, target: Target, *, pairs: bool = False) -> Found | None:
        """Return what reproduces a signature; ``None`` where nothing does, or it cannot be known.

        :param pairs: two mistakes at once are looked for, instead of one or none.
        """
        if len(target.octets) >= _RSA:
            return None if pairs else self._find_rsa(target)
        if pairs:
            return self._find_pair(target) if target.digest else None
        return self._find_plain(target) or (self._find_hmac(target) if target.digest else None)

    def _is_over(self) -> bool:
        self.cut_short = self.cut_short or time.thread_time() > self._deadline
        return self.cut_short

    def _find_plain(self, target: Target) -> Found | None:
        """Find the key that was sent as the signature (s3.4.4)."""
        for spelled in (target.text, unquote(target.text)):
            for key in self._keys:
                if hmac.compare_digest(key.signing_key, spelled.encode("utf-8", "replace")):
                    codes = key.codes if spelled == target.text else (*key.codes, "double-encoding")
                    return Found(codes, (), (key.phrase,) if key.phrase else (), self._texts[0].parts)
        return None

    def _find_hmac(self, target: Target) -> Found | None:
        for position, text in enumerate(self._texts if self._keys else ()):
            if self._is_over():
                return None
            octets = self._octets_of(position)
            for key in self._keys:
                if self._matches(target, key, octets):
                    return self._found((text,), (key,))
        return None

    def _octets_of(self, position: int) -> bytes:
        if position not in self._octets:
            self._octets[position] = _octets(self._texts[position].parts)
        return self._octets[position]

    def _matches(self, target: Target, key: KeyVariant, text: bytes) -> bool:
        self.tried += 1
        return hmac.digest(key.signing_key, text, target.digest) == target.octets

    def _find_pair(self, target: Target) -> Found | None:
        octets = self._octets_of(0)
        for first, second in self._pairs_of_keys():
            if self._matches(target, second, octets):
                return self._found((), (first, second))
        return self._find_pair_of_texts(target)

    def _find_pair_of_texts(self, target: Target) -> Found | None:
        """Find two mistakes in the base string: of its address and its parameters, or twice of either."""
        right, context = self._texts[0].parts, self._context
        addresses, others = list(address_variants(right, context)), list(parameter_variants(right, context))
        tails = [(other, other.parts.head(), other.parts.tail()) for other in others]
        for first in addresses:
            head = first.parts.head()
            for second, own, tail in tails:
                # One that moves the query into the address has a head of its own.
                if own == right.head() and self._matches(target, self._keys[0], (head + tail).encode()):
                    return self._found((first, second._replace(parts=_joined(first.parts, second.parts))), ())
        for variants, rule in ((addresses, address_variants), (others, parameter_variants)):
            for first in variants:
                for second in rule(first.parts, context):
                    if self._is_over():
                        return None
                    if self._matches(target, self._keys[0], _octets(second.parts)):
                        return self._found((first, second), ())
        return None

    def _pairs_of_keys(self) -> Iterator[tuple[KeyVariant, KeyVariant]]:
        for codes, phrase, secrets in secret_variants(self._secrets) if self._secrets else ():
            first = KeyVariant(codes, phrase, b"")
            for second in key_variants(secrets):
                yield first, second

    def _find_rsa(self, target: Target) -> Found | None:
        """Find the base string of an RSA signature (s3.4.3), which either half of the key judges."""
        if self._rsa_key is None or self._rsa_key.is_in_hardware:  # which each attempt would ask
            return None
        for position, text in enumerate(self._texts):
            for digest in ("sha1", "sha256", "sha512"):
                if self._is_over():
                    return None
                self.tried += 1
                if self._rsa_key.verify(self._octets_of(position), target.octets, digest):
                    return self._found((text,), ())
        return None

    def _found(self, texts: tuple[Variant, ...], keys: tuple[KeyVariant, ...]) -> Found:
        codes = [text.code for text in texts] + [code for key in keys for code in key.codes]
        return Found(
            tuple(dict.fromkeys(code for code in codes if code)),
            tuple(text.phrase for text in texts if text.phrase),
            tuple(key.phrase for key in keys if key.phrase),
            texts[-1].parts if texts else self._texts[0].parts,
        )


def _keys(secrets: Secrets | None, own_key: str | None) -> list[KeyVariant]:
    """Return the right key, and then those that others make."""
    if secrets is None:
        return []
    right = own_key if own_key is not None else secrets.signing_key
    return [KeyVariant((), "", right.encode()), *key_variants(secrets)]


def _joined(address: Parts, parameters: Parts) -> Parts:
    """Return the one's method and address with the other's parameters."""
    method, scheme, host, port, path = address[:5]
    return parameters._replace(
        method=method, scheme=scheme, host=host, port=port, path=path, spell_path=address.spell_path
    )


def _octets(parts: Parts) -> bytes:
    return parts.text().encode("utf-8", "replace")
