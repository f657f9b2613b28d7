"""Which base string, which key, which method reproduces a signature: the cause, proven.

One rule is changed at a time, then two. HMAC costs a few microseconds, so that all keys are tried with
all base strings of one changed rule. Base strings are made when they are wanted, attempts are made one
by one, and their number is bounded, and the time that they take.
"""

from __future__ import annotations

import hmac
import re
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from functools import cached_property, partial
from itertools import chain, permutations, product
from typing import NamedTuple
from urllib.parse import unquote

from ..protocol.body_hash import ALGORITHMS
from ..protocol.encoding import Pair
from ..protocol.methods import begin_hmac, finish_hmac
from ..protocol.parameters import join_pairs
from ..protocol.rsa import RSAKey
from .base_string_parts import Parts, escape_text
from .base_string_variants import (
    FEW_RULES,
    PARAMETER_RULES,
    TOO_LONG,
    URL_RULES,
    WHOLE_RULES,
    RequestContext,
    Variant,
    make_variants,
)
from .key_variants import KeyVariant, Secrets, key_variants, paired_key_variants, rare_key_variants
from .rare_variants import RARE_RULES

__all__ = ["Match", "Search", "TargetSignature", "describe", "fits_method", "name_mistake", "parse_signature"]

#: Seconds of this thread's time that all searches of one explanation may take.
SEARCH_SECONDS = 0.5

#: Attempts that they may make: twice as many as two mistakes in a usual request are, whatever the time.
MAX_ATTEMPTS = 50_000

# The clock is looked at after so many bytes, since that costs as much as an attempt; an attempt costs as much as
# so many of its bytes, whatever it is.
_BYTES_PER_LOOK, _BYTES_PER_ATTEMPT = 1 << 15, 1000
_TIME_IS_UP = "time was up before all were tried"
_ENOUGH = f"no more than {MAX_ATTEMPTS:,} are tried"

# What a digest's length says of the method, whatever oauth_signature_method says.
_DIGEST_BY_LENGTH = {**ALGORITHMS, 48: "sha384"}
_MAX_PERMUTED = 7  # parameters of which each order is tried: Go and Perl have them in any
_MIN_RSA_BYTES = 128  # bytes of the smallest signature of an RSA key (1024 bits)


class TargetSignature(NamedTuple):
    """A signature to be reproduced.

    :ivar raw: the digest, or the signature of an RSA key; empty for any other text.
    :ivar text: the signature as it was sent.
    :ivar digest: the digest's name, by its length.
    :ivar spelled: how it is written, where that is not base64.
    """

    raw: bytes
    text: str
    digest: str
    spelled: str = ""

    def __repr__(self) -> str:
        return "TargetSignature(***)"


def parse_signature(signature: str) -> TargetSignature:
    """Return what a signature is: base64 of a digest, another spelling of one, or text (PLAINTEXT)."""
    for spelled, read in _SPELLED:
        try:
            raw = read(signature)
        except ValueError:
            continue
        if len(raw) in _DIGEST_BY_LENGTH or len(raw) >= _MIN_RSA_BYTES:
            return TargetSignature(raw, signature, _DIGEST_BY_LENGTH.get(len(raw), ""), spelled)
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


# One way to make a signature, by one rule or two that are not the RFC's: base string, signing key, and how they differ.
_Candidate = tuple[bytes, bytes, tuple[Variant, ...], tuple[KeyVariant, ...]]

_SWAPPED = KeyVariant(
    ("signing-key-encoding",), "with the key for the base string, and the base string for the key", b""
)
_OWN_KEY = "with the key that RFC 5849 s3.4.2 makes of the secrets, and not with that of signing_key"


class Search:
    """The search for what reproduces a signature.

    :param parts: the right base string of the request.
    :param context: what else is known of it.
    :param secrets: ``None``: HMAC cannot be searched.
    :param rsa_key: judges RSA signatures; ``None``: they cannot be searched.
    :param own_key: the signing key, where it is not made of the secrets as s3.4.2 says.
    :param seconds: how much of this thread's time all that it finds may take; default: ``SEARCH_SECONDS``.
    :ivar parts: the right ones.
    :ivar tried: how many attempts were made.
    :ivar cut_short: why not all were made; empty: they were.
    :ivar right_key: the right signing key.
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
        self._is_over = False
        self._deadline = time.thread_time() + (SEARCH_SECONDS if seconds is None else seconds)
        self._bytes_since_look = 0
        self.parts = parts
        self._context = context
        self._secrets = secrets
        self._rsa_key = rsa_key
        self.right_key = (secrets.signing_key if secrets else "") if own_key is None else own_key
        self._right = KeyVariant((), "", self.right_key.encode("utf-8", "surrogatepass"))
        self._text = parts.encode()
        self._made: dict[bytes, Variant] = {}
        self._variants = make_variants(parts, context)

    def __repr__(self) -> str:
        return "Search(***)"

    @cached_property
    def _keys(self) -> list[KeyVariant]:
        """The right key, and then those that others make, each of them once."""
        if self._secrets is None:
            return []
        of_rfc = KeyVariant(("signing-key-encoding",), _OWN_KEY, self._secrets.signing_key.encode())
        each: dict[bytes, KeyVariant] = {}
        for key in (self._right, of_rfc, *key_variants(self._secrets)):
            each.setdefault(key.signing_key, key)
        return list(each.values())

    def find(self, signature: str, *, thorough: bool = True) -> tuple[TargetSignature, Match | None]:
        """Return what a signature is, and what reproduces it; ``None`` where nothing does, or it cannot be known.

        One mistake is looked for, then one together with a signature that was spoiled on its way, then two.

        :param thorough: two mistakes are looked for in the base string, too.
        """
        target = parse_signature(signature)
        found = self._find_one(target)
        if found is not None:
            return target, found
        for code, other, phrase in (
            ("plus-as-space", signature.replace(" ", "+"), "rightly, and the + of the signature was sent as it is"),
            ("double-encoding", unquote(signature), "rightly, and the signature was percent-encoded once too often"),
        ):
            spoiled = parse_signature(other)
            found = self._find_one(spoiled) if other != signature else None
            if found is not None:
                return spoiled, found._replace(codes=(code, *found.codes), variants=(phrase, *found.variants))
        return target, self._find_hmac(target, self._vary_twice(thorough))

    def find_plain(self, target: TargetSignature) -> Match | None:
        """Find the key that was sent as the signature (s3.4.4)."""
        for key, spelled in product(self._keys, dict.fromkeys((target.text, unquote(target.text)))):
            if hmac.compare_digest(key.signing_key, spelled.encode("utf-8", "replace")):
                found = self._match((), (key,))
                if spelled == target.text:
                    return found
                phrase = "rightly, and the signature spelled wrong"
                return found._replace(codes=(*key.codes, "double-encoding"), variants=(phrase,))
        return None

    def _find_one(self, target: TargetSignature) -> Match | None:
        """Find one mistake, or one in the key together with one in the base string."""
        if len(target.raw) >= _MIN_RSA_BYTES:
            return self._find_rsa(target)
        found = self._find_hmac(target, self._vary_once()) or self.find_plain(target)
        return found or self._find_hmac(target, self._vary_key_and_text())

    def _find_hmac(self, target: TargetSignature, candidates: Iterator[_Candidate]) -> Match | None:
        """Try one candidate after the other, until one makes the signature or it is over."""
        if not target.digest or self._secrets is None:
            return None
        last_key, begun = b"", None
        for text, signing_key, variants, keys in candidates:
            if self._count_attempt(len(text)):
                break
            if signing_key != last_key:
                last_key, begun = signing_key, None
                made = hmac.digest(signing_key, text, target.digest)
            else:  # what is used again is begun once, at half the cost
                begun = begun or begin_hmac(partial(bytes, signing_key), target.digest)
                made = finish_hmac(begun, text)
            if made == target.raw:
                return self._match(variants, keys)
        return None

    def _find_rsa(self, target: TargetSignature) -> Match | None:
        """Find the base string of an RSA signature (s3.4.3), which either half of the key judges."""
        if self._rsa_key is None or self._rsa_key.is_in_hardware:  # which each attempt would ask
            return None
        named = dict(self.parts.protocol).get("oauth_signature_method", "")
        for text, variants in chain([(self._text, ())], ((text, (variant,)) for text, variant in self._base_strings())):
            for digest in ALGORITHMS.values():
                if self._count_attempt(_BYTES_PER_LOOK):
                    return None
                if self._rsa_key.verify(text, target.raw, digest):
                    method = f"RSA-{digest.upper()}"
                    other = Variant("signature-method", f"by {method} and not by {named}", {})
                    return self._match(variants if method == named else (other, *variants), ())
        return None

    def _match(self, variants: tuple[Variant, ...], keys: tuple[KeyVariant, ...]) -> Match:
        codes = [variant.code for variant in variants] + [code for key in keys for code in key.codes]
        changes = {name: value for variant in variants for name, value in variant.changes.items()}
        return Match(
            tuple(dict.fromkeys(codes)),
            tuple(variant.phrase for variant in variants),
            tuple(key.phrase for key in keys if key.phrase),
            self.parts.but(**changes) if changes else self.parts,
        )

    def _count_attempt(self, count: int) -> bool:
        """Count an attempt, of so many bytes, and tell whether it may not be made any more."""
        if self.tried >= MAX_ATTEMPTS:
            self.cut_short, self._is_over = _ENOUGH, True
        elif not self._look_at_clock(count):
            self.tried += 1
        return self._is_over

    def _look_at_clock(self, count: int) -> bool:
        """Tell whether it is over; the clock is looked at after so many bytes, since that costs, too."""
        self._bytes_since_look += count + _BYTES_PER_ATTEMPT
        if self._bytes_since_look > _BYTES_PER_LOOK:
            self._bytes_since_look = 0
            if not self._is_over and time.thread_time() > self._deadline:
                self.cut_short, self._is_over = _TIME_IS_UP, True
        return self._is_over

    def _base_strings(self) -> Iterator[tuple[bytes, Variant]]:
        """Yield the base strings that others make, each of them made once, and not before it is wanted."""
        yield from list(self._made.items())
        variants, is_long = self._variants, len(self._text) > TOO_LONG
        if is_long:  # then few are made, and none is kept
            self.cut_short = self.cut_short or "the base string is too long to try all others"
            variants = make_variants(self.parts, self._context, FEW_RULES)
        for variant in variants:
            if self._look_at_clock(len(self._text)):
                return
            text = self.parts.but(**variant.changes).encode()
            if text != self._text and text not in self._made:
                if not is_long:
                    self._made[text] = variant
                yield text, variant

    def _vary_once(self) -> Iterator[_Candidate]:
        """Yield what has one mistake or none, in the key or in the base string."""
        right = self._right
        yield self._text, right.signing_key, (), (right,)
        for key in self._keys[1:]:
            yield self._text, key.signing_key, (), (key,)
        yield right.signing_key, self._text, (), (_SWAPPED,)
        for text, variant in self._base_strings():
            yield text, right.signing_key, (variant,), ()
        if len(self._text) <= TOO_LONG:
            yield from self._vary_rarely()

    def _vary_rarely(self) -> Iterator[_Candidate]:
        """Yield what has one mistake that is seen seldom."""
        right = self._right
        for variant in make_variants(self.parts, self._context, RARE_RULES):
            if self._look_at_clock(len(self._text)):
                return
            text = self.parts.but(**variant.changes).encode()
            if text != self._text and text not in self._made:
                yield text, right.signing_key, (variant,), ()
        for key in rare_key_variants(self._secrets) if self._secrets else ():
            yield self._text, key.signing_key, (), (key,)

    def _vary_key_and_text(self) -> Iterator[_Candidate]:
        """Yield what has one mistake in the key and one in the base string: all keys with all base strings."""
        for key in self._keys[1:]:
            for text, variant in self._made.items():
                yield text, key.signing_key, (variant,), (key,)

    def _vary_twice(self, thorough: bool) -> Iterator[_Candidate]:
        """Yield what has two mistakes in the key, or two in the base string."""
        if len(self._text) > TOO_LONG:
            return
        yield from self._vary_key_twice()
        for text, variants in chain(self._permute(), self._vary_text_twice()) if thorough else ():
            yield text, self._right.signing_key, variants, ()

    def _permute(self) -> Iterator[tuple[bytes, tuple[Variant]]]:
        """Yield all orders of a few parameters."""
        pairs, head = self.parts.pairs, self.parts.head.encode()
        if not len(set(pairs)) == len(pairs) <= _MAX_PERMUTED:
            return
        phrase = "with the parameters in an order without a rule, such as that of a hash table"
        pieces = {escape_text(join_pairs([pair])).encode(): pair for pair in pairs}
        for pieces_in_order in permutations(pieces):
            order = partial(_put_in_order, [pieces[piece] for piece in pieces_in_order])
            yield head + b"%26".join(pieces_in_order), (Variant("parameter-order", phrase, {"order": order}),)

    def _vary_key_twice(self) -> Iterator[_Candidate]:
        """Yield what has two mistakes in the key that do not make what one of them makes."""
        known = {key.signing_key for key in self._keys}
        for keys in paired_key_variants(self._secrets) if self._secrets else ():
            signing_key = keys[1].signing_key
            if signing_key not in known:
                known.add(signing_key)
                yield self._text, signing_key, (), keys

    def _vary_text_twice(self) -> Iterator[tuple[bytes, tuple[Variant, Variant]]]:
        """Yield two mistakes in the base string: of URL and parameters, of either, of one and the whole."""
        head, mark, tail = self._text.rpartition(b"&")
        head, made = head + mark, list(self._base_strings())
        of_url = [(text.removesuffix(tail), variant) for text, variant in made if text.endswith(mark + tail)]
        of_parameters = [(text[len(head) :], variant) for text, variant in made if text.startswith(head)]
        for (first, one), (second, two) in product(of_url, of_parameters):
            yield first + second, (one, two)
        for variants, rules in (
            ([variant for _, variant in of_url], URL_RULES),
            ([variant for _, variant in of_parameters], PARAMETER_RULES),
            (list(self._made.values()), WHOLE_RULES),
        ):
            for one in variants:
                parts = self.parts.but(**one.changes)
                for two in make_variants(parts, self._context, rules) if parts.finish is None else ():
                    yield parts.but(**two.changes).encode(), (one, two)


def _put_in_order(order: list[Pair], pairs: list[Pair]) -> list[Pair]:
    return order


def fits_method(method: str, target: TargetSignature) -> bool:
    """Tell whether a signature is one of the method that the request names, in base64."""
    kind, _, digest = method.partition("-")
    if kind == "HMAC":
        return target.digest == digest.lower() and not target.spelled
    if kind == "RSA":
        return not target.digest  # as long as the key's modulus
    return method != "PLAINTEXT" or not target.raw


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
    if in_key_alone:
        target = parse_signature(signature)
        found = search.find_plain(target)
    else:
        target, found = search.find(signature, thorough=False)
    if found is None:
        return None
    codes, phrase = describe(found, target, method)
    return f"the request was signed {phrase} ({', '.join(dict.fromkeys(codes))})" if codes else None
