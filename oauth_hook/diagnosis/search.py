"""Which base string, which key, which method reproduces a signature: the cause, proven.

One rule is changed at a time, then two. HMAC costs a few microseconds, so that all keys are tried with
all base strings of one changed rule. Base strings are made when they are wanted, attempts are made one
by one, and the time for all of it is bounded.
"""

from __future__ import annotations

import hmac
import re
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from itertools import chain, product
from typing import NamedTuple
from urllib.parse import unquote

from ..protocol.rsa import RSAKey
from .base_string_parts import Parts
from .base_string_variants import (
    TOO_LONG,
    RequestContext,
    Variant,
    address_variants,
    fewer_variants,
    parameter_variants,
    text_variants,
    whole_variants,
)
from .key_variants import KeyVariant, Secrets, key_variants, secret_variants

__all__ = ["Match", "Search", "TargetSignature", "describe", "fits_method", "name_mistake", "parse_signature"]

#: Seconds of this thread's time that all searches of one explanation may take.
SEARCH_SECONDS = 0.5

# The clock is looked at after so many bytes, since that costs as much as an attempt; an attempt costs as much as
# so many of its bytes, whatever it is.
_BYTES_PER_CLOCK_CHECK, _BYTES_PER_ATTEMPT = 1 << 15, 1000

# What a digest's length says of the method, whatever oauth_signature_method says.
_DIGEST_BY_LENGTH = {20: "sha1", 32: "sha256", 64: "sha512", 48: "sha384"}


class TargetSignature(NamedTuple):
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
        return "TargetSignature(***)"


def parse_signature(signature: str) -> TargetSignature:
    """Return what a signature is: base64 of a digest, another spelling of one, or text (PLAINTEXT)."""
    for spelled, read in _SPELLED:
        try:
            octets = read(signature)
        except ValueError:
            continue
        if len(octets) in _DIGEST_BY_LENGTH or len(octets) >= _MIN_RSA_BYTES:
            return TargetSignature(octets, signature, _DIGEST_BY_LENGTH.get(len(octets), ""), spelled)
    return TargetSignature(b"", signature, "")


def _padded(text: str) -> str:
    bare = text.rstrip("=")
    return bare + "=" * (-len(bare) % 4)


_URL_SAFE = str.maketrans("-_", "+/")

# Base64 of digits is as long as base64 of a digest of twice as many bits, and so comes first.
_SPELLED: tuple[tuple[str, Callable[[str], bytes]], ...] = (
    ("in base64 of hexadecimal digits", lambda text: bytes.fromhex(b64decode(text, validate=True).decode("ascii"))),
    ("", lambda text: b64decode(text, validate=True)),
    ("in hexadecimal digits", bytes.fromhex),
    ("in base64 without its padding", lambda text: b64decode(_padded(text), validate=True)),
    ("in the URL-safe base64", lambda text: b64decode(_padded(text.translate(_URL_SAFE)), validate=True)),
    ("in base64 with white space", lambda text: b64decode(re.sub(r"\s+", "", text), validate=True)),
    ("in base64 twice", lambda text: b64decode(b64decode(text, validate=True), validate=True)),
)

_RSA_DIGESTS = {"RSA-SHA1": "sha1", "RSA-SHA256": "sha256", "RSA-SHA512": "sha512"}
_MIN_RSA_BYTES = 128  # bytes of the smallest signature of an RSA key (1024 bits)


class Match(NamedTuple):
    """What reproduces a signature.

    :ivar codes: the causes, the likeliest first.
    :ivar variants: how the base string was made, where it differs: phrases.
    :ivar keys: how the key was made, where it differs.
    :ivar parts: the base string that was signed.
    """

    codes: tuple[str, ...]
    variants: tuple[str, ...]
    keys: tuple[str, ...]
    parts: Parts


class Candidate(NamedTuple):
    """One way to make a signature.

    :ivar variants: how the base string is made: one variant, or two; the last one has its parts.
    :ivar keys: how the key is made, likewise.
    """

    variants: tuple[Variant, ...]
    keys: tuple[KeyVariant, ...]
    octets: bytes
    signing_key: bytes

    def __repr__(self) -> str:
        return "Candidate(***)"

    def found(self) -> Match:
        """Return it as what reproduces a signature."""
        codes = [text.code for text in self.variants] + [code for key in self.keys for code in key.codes]
        return Match(
            tuple(dict.fromkeys(code for code in codes if code)),
            tuple(text.phrase for text in self.variants if text.phrase),
            tuple(key.phrase for key in self.keys if key.phrase),
            self.variants[-1].parts,
        )


_SWAPPED = KeyVariant(
    ("signing-key-encoding",), "with the key for the base string, and the base string for the key", b""
)


class _Made(NamedTuple):
    """A base string that others make, in octets."""

    variant: Variant
    octets: bytes


class Search:
    """The search for what reproduces a signature.

    :param parts: the right base string of the request.
    :param context: what else is known of it.
    :param secrets: ``None``: HMAC cannot be searched.
    :param rsa_key: judges RSA signatures; ``None``: they cannot be searched.
    :param own_key: the signing key, where it is not made of the secrets as s3.4.2 says.
    :param seconds: how much of this thread's time all that it finds may take; default: ``SEARCH_SECONDS``.
    :ivar tried: how many attempts were made.
    :ivar cut_short: why not all were made; empty: they were.
    """

    def __init__(
        self,
        parts: Parts,
        context: RequestContext,
        secrets: Secrets | None,
        rsa_key: RSAKey | None = None,
        own_key: str | None = None,
        seconds: float | None = None,
    ) -> None:
        self.tried = 0
        self.cut_short = ""
        self._deadline = time.thread_time() + (SEARCH_SECONDS if seconds is None else seconds)
        self._unlooked = 0
        self._is_up = False
        self._context = context
        self._secrets = secrets
        self._rsa_key = rsa_key
        self._keys = _keys(secrets, own_key)
        self._right = _Made(Variant("", "", parts), _octets(parts))
        self._is_long = len(self._right.octets) > TOO_LONG
        self._made = {self._right.octets: self._right}
        self._variants = text_variants(parts, context)

    def __repr__(self) -> str:
        return "Search(***)"

    def find(self, target: TargetSignature, *, pairs: bool = False, combined: bool = True) -> Match | None:
        """Return what reproduces a signature; ``None`` where nothing does, or it cannot be known.

        :param pairs: two mistakes in the base string, or two in the key, are looked for.
        :param combined: one mistake in the key together with one in the base string is looked for, too.
        """
        if len(target.octets) >= _MIN_RSA_BYTES:
            return None if pairs else self._find_rsa(target)
        if pairs:
            return self._find_hmac(target, self._pairs())
        found = self.find_plain(target) or self._find_hmac(target, self._singles())
        return found or (self._find_hmac(target, self._combined()) if combined else None)

    def find_two_in_key(self, target: TargetSignature) -> Match | None:
        """Return what reproduces a signature with two mistakes in the key, and none in the base string."""
        return self._find_hmac(target, self._pairs_in_key())

    def find_spoiled(self, signature: str, *, combined: bool = True) -> tuple[TargetSignature, Match] | None:
        """Find a signature that was spoiled on its way: a + that became a space, or one escape too many."""
        spoiled = (
            ("plus-as-space", signature.replace(" ", "+"), "rightly, and the + of the signature was sent as it is"),
            ("double-encoding", unquote(signature), "rightly, and the signature was percent-encoded once too often"),
        )
        for code, other, phrase in spoiled:
            target = parse_signature(other)
            found = self.find(target, combined=combined) if other != signature else None
            if found is not None:
                return target, found._replace(codes=(code, *found.codes), variants=(phrase, *found.variants))
        return None

    def find_plain(self, target: TargetSignature) -> Match | None:
        """Find the key that was sent as the signature (s3.4.4)."""
        for spelled in (target.text, unquote(target.text)):
            for key in self._keys:
                if hmac.compare_digest(key.signing_key, spelled.encode("utf-8", "replace")):
                    keys, parts = (key.phrase,) if key.phrase else (), self._right.variant.parts
                    if spelled == target.text:
                        return Match(key.codes, (), keys, parts)
                    variants = ("rightly, and the signature spelled wrong",)
                    return Match((*key.codes, "double-encoding"), variants, keys, parts)
        return None

    def _find_hmac(self, target: TargetSignature, attempts: Iterator[Candidate]) -> Match | None:
        """Make one attempt after the other, until one makes the signature or the time is up."""
        if not target.digest or not self._keys:
            return None
        for attempt in attempts:
            self.tried += 1
            if hmac.digest(attempt.signing_key, attempt.octets, target.digest) == target.octets:
                return attempt.found()
            if self._is_over(len(attempt.octets)):
                break
        return None

    def _is_over(self, octets: int) -> bool:
        """Tell whether the time is up; the clock is looked at after so many octets, since that costs, too."""
        self._unlooked += octets + _BYTES_PER_ATTEMPT
        if self._unlooked > _BYTES_PER_CLOCK_CHECK:
            self._unlooked = 0
            if time.thread_time() > self._deadline:
                self._is_up, self.cut_short = True, "time was up before all were tried"
        return self._is_up

    def _base_strings(self) -> Iterator[_Made]:
        """Yield the base strings that others make, each of them made once, and not before it is wanted."""
        yield from list(self._made.values())[1:]
        if self._is_long:
            self.cut_short = "the base string is too long to try all others"
            yield from self._long_base_strings()
            return
        for variant in self._variants:
            if self._is_over(len(self._right.octets)):
                return
            octets = _octets(variant.parts)
            if octets not in self._made:
                self._made[octets] = _Made(variant, octets)
                yield self._made[octets]

    def _long_base_strings(self) -> Iterator[_Made]:
        """Yield those that cost little to make, where all of them would cost too much; none is kept."""
        parts, context = self._right.variant.parts, self._context
        tail = self._right.octets.rpartition(b"&")[2]
        for variant in address_variants(parts, context):
            yield _Made(variant, variant.parts.head().encode("utf-8", "replace") + tail)
        for variant in fewer_variants(parts, context):
            yield _Made(variant, _octets(variant.parts))

    def _singles(self) -> Iterator[Candidate]:
        """Yield what has one mistake or none, in the key or in the base string."""
        right = self._keys[0]
        for key in self._keys:
            yield Candidate((self._right.variant,), (key,), self._right.octets, key.signing_key)
        yield Candidate((self._right.variant,), (_SWAPPED,), right.signing_key, self._right.octets)
        for text in self._base_strings():
            yield Candidate((text.variant,), (right,), text.octets, right.signing_key)

    def _combined(self) -> Iterator[Candidate]:
        """Yield what has one mistake in the key and one in the base string: all keys with all base strings."""
        for text in list(self._made.values())[1:]:
            for key in self._keys[1:]:
                yield Candidate((text.variant,), (key,), text.octets, key.signing_key)

    def _pairs(self) -> Iterator[Candidate]:
        """Yield what has two mistakes in the key, or two in the base string."""
        if self._is_long:
            return
        yield from self._pairs_in_key()
        key = self._keys[0]
        for variants, octets in self._variant_pairs():
            yield Candidate(variants, (key,), octets, key.signing_key)

    def _pairs_in_key(self) -> Iterator[Candidate]:
        right = self._right
        for first, second in self._key_pairs():
            yield Candidate((right.variant,), (first, second), right.octets, second.signing_key)

    def _key_pairs(self) -> Iterator[tuple[KeyVariant, KeyVariant]]:
        """Yield two mistakes that do not make what fewer of them make."""
        known = {key.signing_key for key in self._keys}
        for codes, phrase, secrets in secret_variants(self._secrets) if self._secrets else ():
            for second in key_variants(secrets):
                if second.signing_key not in known:
                    known.add(second.signing_key)
                    yield KeyVariant(codes, phrase, b""), second

    def _variant_pairs(self) -> Iterator[tuple[tuple[Variant, Variant], bytes]]:
        """Yield two mistakes in the base string: of address and parameters, of either, of one and the whole."""
        head, mark, tail = self._right.octets.rpartition(b"&")
        head, made = head + mark, list(self._base_strings())
        addresses = [text for text in made if text.octets.endswith(mark + tail)]
        others = [text for text in made if text.octets.startswith(head)]
        for (first, one), (second, two) in product(addresses, others):
            parts = _joined(first.parts, second.parts)
            yield (first, second._replace(parts=parts)), one.removesuffix(tail) + two[len(head) :]
        for variants, rule in ((addresses, address_variants), (others, parameter_variants), (made, whole_variants)):
            for first in (text.variant for text in variants if text.variant.parts.finish is None):
                for second in rule(first.parts, self._context):
                    yield (first, second), _octets(second.parts)

    def _find_rsa(self, target: TargetSignature) -> Match | None:
        """Find the base string of an RSA signature (s3.4.3), which either half of the key judges."""
        if self._rsa_key is None or self._rsa_key.is_in_hardware:  # which each attempt would ask
            return None
        right = self._right.variant.parts
        named = dict(right.protocol).get("oauth_signature_method", "")
        for text in chain([self._right], self._base_strings()):
            for method, digest in _RSA_DIGESTS.items():
                self.tried += 1
                if self._rsa_key.verify(text.octets, target.octets, digest):
                    code, by = ("", "") if method == named else ("signature-method", f"by {method} and not by {named}")
                    return Candidate((Variant(code, by, right), text.variant), (), b"", b"").found()
                if self._is_over(_BYTES_PER_CLOCK_CHECK):
                    return None
        return None


def _keys(secrets: Secrets | None, own_key: str | None) -> list[KeyVariant]:
    """Return the right key, and then those that others make, each of them once."""
    if secrets is None:
        return []
    keys = list(key_variants(secrets))
    right = secrets.signing_key.encode()
    if own_key is not None:
        phrase = "with the key that RFC 5849 s3.4.2 makes of the secrets, and not with that of signing_key"
        keys.insert(0, KeyVariant(("signing-key-encoding",), phrase, right))
        right = own_key.encode("utf-8", "surrogatepass")
    each = {right: KeyVariant((), "", right)}
    for key in keys:
        each.setdefault(key.signing_key, key)
    return list(each.values())


def _joined(address: Parts, parameters: Parts) -> Parts:
    """Return the one's method and address with the other's parameters."""
    method, scheme, host, port, path = address[:5]
    return parameters._replace(
        method=method, scheme=scheme, host=host, port=port, path=path, spell_path=address.spell_path
    )


def _octets(parts: Parts) -> bytes:
    return parts.text().encode("utf-8", "replace")


_HMAC_DIGESTS = {"HMAC-SHA1": "sha1", "HMAC-SHA256": "sha256", "HMAC-SHA512": "sha512"}


def fits_method(method: str, target: TargetSignature) -> bool:
    """Tell whether a signature is one of the method that the request names, in base64."""
    if method in _HMAC_DIGESTS:
        return target.digest == _HMAC_DIGESTS[method] and not target.spelled
    if method.startswith("RSA-"):
        return not target.digest  # as long as the key's modulus
    return method != "PLAINTEXT" or not target.octets


def describe(found: Match, target: TargetSignature, method: str) -> tuple[list[str], str]:
    """Return the causes of a wrong signature, and how it was made, to end "It was signed ..."."""
    codes, phrases = list(found.codes), [*found.variants, *found.keys]
    if not fits_method(method, target):
        codes.append("signature-method")
        by = f"with {target.digest or 'no digest at all (PLAINTEXT)'}, where oauth_signature_method says {method}"
        phrases.append(target.spelled or by)
    return codes, ", and ".join(phrases)


def name_mistake(search: Search, signature: str, method: str, *, in_key_alone: bool = False) -> str | None:
    """Return the mistake that makes a signature, as a sentence with its codes, for the side that refuses it.

    :param in_key_alone: the base string is not known, so that only a signature that is a key itself can be judged.
    :returns: ``None`` where no known mistake makes it, or it takes too long to find out.
    """
    target = parse_signature(signature)
    found = search.find_plain(target) if in_key_alone else search.find(target, combined=False)
    if found is None and not in_key_alone:
        spoiled = search.find_spoiled(signature, combined=False)
        target, found = spoiled or (target, search.find_two_in_key(target))
    if found is None:
        return None
    codes, phrase = describe(found, target, method)
    return f"the request was signed {phrase} ({', '.join(dict.fromkeys(codes))})" if codes else None
