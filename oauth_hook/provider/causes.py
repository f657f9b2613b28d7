"""Why a signature is wrong: which mistake makes the very signature that came.

- A mistake is tried by making the base string, or the key, with it, by oauthlib's own functions:
  what comes out right names the cause, and nothing is guessed.
- The commonest mistakes are tried, one at a time (and one in each secret); a client's own tools
  may look further.
- Whoever has a consumer's key can send wrong signatures: what is large is not searched, and no
  search takes more than a quarter of a second of this thread's time.
- A provider that strangers can reach would not tell them how near they are to a secret. This one
  is for trying clients, and runs where they run.
"""

from __future__ import annotations

import hmac
from base64 import b64decode
from collections.abc import Callable, Iterator
from itertools import product
from time import thread_time
from typing import NamedTuple
from urllib.parse import unquote

from oauthlib.oauth1.rfc5849.utils import escape

from .mistakes import Asked, Cause, base_strings, lower_escapes

__all__ = ["LARGEST", "MOST", "Secrets", "named_cause"]

LARGEST = 64 * 1024
"""Characters of parameters that are searched."""

MOST = 1000
"""Parameters that are searched."""

_BUDGET = 0.25  # seconds of this thread's time

_Key = tuple[Cause | None, bytes]


class Secrets(NamedTuple):
    """The right secrets, and what they belong to.

    :ivar consumer: the consumer's secret.
    :ivar token: the token's, or an empty one.
    :ivar names: the consumer's key and the token.
    """

    consumer: str
    token: str
    names: tuple[str, str] = ("", "")

    def __repr__(self) -> str:
        return "Secrets(***)"


class _Target(NamedTuple):
    """The digest in a signature, and how it is written where that is wrong."""

    octets: bytes
    name: str
    spelled: Cause | None


def named_cause(asked: Asked, secrets: Secrets) -> str | None:
    """Return the mistake that makes a request's signature, as a sentence with its code.

    :param asked: the request, whose signature is not right.
    :param secrets: the right ones.
    :returns: ``None`` where no known mistake makes it, or it takes too long to find out.
    """
    causes = _causes(asked, secrets)
    if causes is None:
        return None
    codes = dict.fromkeys(code for cause in causes for code in cause.code.split())
    return f"{', and '.join(cause.words for cause in causes)} ({', '.join(codes)})"


def _causes(asked: Asked, secrets: Secrets) -> list[Cause] | None:
    protocol = asked.parameters.protocol
    method, signature = protocol["oauth_signature_method"], protocol["oauth_signature"]
    if method.startswith("RSA-"):  # only its owner can sign with that key
        return None
    keys = list(_keys(secrets))
    plain = _plain(keys, method, signature)
    if plain is not None:
        return plain
    target = _target(signature)
    if target is None or asked.size > LARGEST or asked.count > MOST:
        return None
    found = _searched(asked, keys, target)
    return None if found is None else [*found, *_unlike(method, target)]


def _searched(asked: Asked, keys: list[_Key], target: _Target) -> list[Cause] | None:
    """Return the mistake in the key, or in the base string; an empty list: there is none in either."""
    deadline = thread_time() + _BUDGET
    for cause, key, text in _attempts(asked, keys):
        if hmac.compare_digest(hmac.digest(key, text, target.name), target.octets):
            return [] if cause is None else [cause]
        if thread_time() > deadline:
            break
    return None


def _attempts(asked: Asked, keys: list[_Key]) -> Iterator[tuple[Cause | None, bytes, bytes]]:
    """Yield all keys with the right base string, then the right key with all base strings."""
    texts = base_strings(asked)
    right = next(texts)[1].encode()
    for cause, key in keys:
        yield cause, key, right
    for cause, text in texts:
        yield cause, keys[0][1], text.encode()


# What a signature is


def _plain(keys: list[_Key], method: str, signature: str) -> list[Cause] | None:
    """Return what is wrong with a signature that is a key itself (s3.4.4)."""
    other = Cause("signature-method", f"it is signed with PLAINTEXT, and oauth_signature_method says {method}")
    twice = Cause("double-encoding", "the signature was percent-encoded twice")
    for spelled, text in ((None, signature), (twice, unquote(signature))):
        for cause, key in keys:
            if hmac.compare_digest(key, text.encode()):
                named = None if method == "PLAINTEXT" else other
                return [found for found in (cause, named, spelled) if found is not None]
    return None


def _target(signature: str) -> _Target | None:
    """Return the digest in a signature, however it is written; its length tells the hash."""
    for cause, read in _SPELLED:
        try:
            octets = read(signature)
        except ValueError:
            continue
        if len(octets) in _HASHES:
            return _Target(octets, _HASHES[len(octets)], cause)
    return None


def _unlike(method: str, target: _Target) -> Iterator[Cause]:
    """Yield how a digest is not what the request says that it is."""
    made = f"HMAC-{target.name.upper()}"
    if made != method:
        yield Cause("signature-method", f"it is signed with {made}, and oauth_signature_method says {method}")
    if target.spelled is not None:
        yield target.spelled


def _base64(text: str) -> bytes:
    return b64decode(text, validate=True)


def _padded(text: str) -> bytes:
    return _base64(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))


_HASHES = {20: "sha1", 32: "sha256", 64: "sha512"}  # by the length of the digest
_SPELLED: tuple[tuple[Cause | None, Callable[[str], bytes]], ...] = (
    (None, _base64),
    (Cause("signature-method", "the signature is in hexadecimal digits, and not in base64"), bytes.fromhex),
    (Cause("signature-method", "the signature is in base64 without its padding"), _padded),
    (
        Cause("signature-method", "the signature is in the URL-safe base64"),
        lambda text: _padded(text.translate({ord("-"): "+", ord("_"): "/"})),
    ),
    (Cause("plus-as-space", "a + of the signature has become a space"), lambda text: _base64(text.replace(" ", "+"))),
    (Cause("double-encoding", "the signature was percent-encoded twice"), lambda text: _base64(unquote(text))),
)


# Keys


def _keys(secrets: Secrets) -> Iterator[_Key]:
    """Yield the right key (s3.4.2), and then those that are made with a mistake."""
    consumer, token, names = secrets
    yield None, _key(consumer, token)
    yield Cause("consumer-secret token-secret", "the two secrets were swapped"), _key(token, consumer)
    yield Cause("consumer-secret token-secret", "no secret was used"), _key("", "")
    of_consumer, of_token = list(_uses(consumer, names[0])), list(_uses(token, names[1]))
    uses = product([(None, consumer), *of_consumer], [(None, token), *of_token])
    for (one, first), (two, second) in sorted(uses, key=lambda pair: sum(cause is not None for cause, _ in pair)):
        parts = [("consumer", one), ("token", two)]
        named = [(owner, cause) for owner, cause in parts if cause is not None]
        if named:
            code = " ".join((cause.code or f"{owner}-secret") for owner, cause in named)
            words = ", and ".join(f"the {owner}'s secret was {cause.words}" for owner, cause in named)
            yield Cause(code, words), _key(first, second)
    for words, key in _joined(consumer, token):
        yield Cause("signing-key-encoding", words), key.encode()


def _key(consumer: str, token: str) -> bytes:
    return f"{escape(consumer)}&{escape(token)}".encode()


_SPACES = (("a line feed", "\n"), ("a space", " "), ("a line end", "\r\n"), ("a tab", "\t"))


def _uses(secret: str, name: str) -> Iterator[tuple[Cause, str]]:
    """Yield how one secret was used wrongly; without a code: another was used instead."""
    for space, text in _SPACES:
        yield Cause("secret-whitespace", f"used with {space} after it"), secret + text
        yield Cause("secret-whitespace", f"used with {space} before it"), text + secret
    for mark in "\"'":
        yield Cause("secret-whitespace", f"used with {mark} around it"), f"{mark}{secret}{mark}"
    yield Cause("", "left out"), ""
    yield Cause("", "replaced by its key"), name
    yield Cause("signing-key-encoding", "percent-encoded twice"), escape(secret)
    yield Cause("signing-key-encoding", "percent-decoded"), unquote(secret)


def _joined(consumer: str, token: str) -> Iterator[tuple[str, str]]:
    """Yield keys that are encoded or joined by other rules."""
    one, two = escape(consumer), escape(token)
    yield "the key was made without its &", one
    yield "the key was made without its &, of both secrets", one + two
    yield "the key was made of the token's secret alone", two
    yield "the & of the key was percent-encoded", f"{one}%26{two}"
    yield "the secrets were not percent-encoded", f"{consumer}&{token}"
    yield "the secrets were percent-encoded with lower-case escapes", lower_escapes(f"{one}&{two}")
    yield "the secrets were percent-encoded with spaces as +", f"{one}&{two}".replace("%20", "+")
    yield "the secrets were percent-encoded but for /", f"{one}&{two}".replace("%2F", "/")
