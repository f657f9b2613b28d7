"""Verifying the signature of a request (RFC 5849 s3.2), as strictly as a server must.

The laws of this file:

1. The URL that is given is the one that is judged. A server knows its own name; the ``Host`` header of a proxy is
   wrong, and that of an attacker is bait.
2. A wrong request raises nothing. A wrong argument does.
3. What is cheap and public is judged first, the signature then, and whether the nonce is new last of all: so that a
   forged request cannot use up a nonce.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from ..credentials import Consumer, Credentials, check_token
from ..errors import UsageError, check_type, conceal_frames
from .base_string import base_string
from .body_hash import check_body_hash, find_algorithm
from .encoding import Pair, unescape
from .message import Reading, make_message, protocol_parameters, read, text_headers
from .methods import (
    FORBID,
    METHODS,
    Key,
    check_signature_method,
    find_method,
    is_forbidden,
    read_forbidden,
    signing_key,
)
from .parameters import is_form, normalize, sortable
from .rsa import RSAKey, load_key
from .url import is_loopback

__all__ = ["Verdict", "verify"]

_C = TypeVar("_C", bound=Credentials)


@dataclass(frozen=True)
class Verdict:
    """Whether a request is signed rightly; true or false by itself."""

    reason: str = ""  #: what is wrong, for a person; empty if nothing is
    base_string: str = field(default="", repr=False)  #: the one that was judged; empty if it did not come to that
    consumer_key: str | None = (
        None  #: the consumer that the request names, be it right or wrong; ``None``: it names none
    )
    token_key: str | None = None  #: the token that it names, likewise
    #: The protocol parameters that it has, by name and without the signature; those of a header whose names do not
    #: begin with ``oauth_`` are among them.
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)

    def __bool__(self) -> bool:
        return not self.reason


@conceal_frames
def verify(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | str | None = None,
    consumer: Consumer | Callable[[str], Consumer | None],
    token: Credentials | Callable[[str], Credentials | None] | None = None,
    rsa_key: Any = None,
    methods: Collection[str] | None = None,
    max_age: float | None = None,
    clock: Callable[[], float] | None = None,
    is_new: Callable[[str, str | None, str, str], bool] | None = None,
    allow_copies: bool = False,
) -> Verdict:
    """Judge the signature of a request (s3.2), compared in constant time.

    Where PLAINTEXT leaves timestamp and nonce out, as it may (s3.1), there is no age and no nonce to judge.

    :param method: as in ``sign``, as are ``headers`` and ``body``: as received.
    :param url: as the client has to have signed it: scheme, host and port that the server is known by, path and query
        as received. The ``Host`` header plays no part.
    :param consumer: whose key the request has to name; or a callable that returns the consumer of a key, or ``None``.
    :param token: whose key it has to name; or a callable that returns the token of a key, or ``None``: then a request
        without a token is judged as two-legged. ``None``: the consumer alone signed, and a token is refused.
        Whether the token is that consumer's is for the caller to compare, by the keys of the verdict.
    :param rsa_key: either half of the consumer's pair. With it, only RSA methods are
        accepted; without it, none: or else who knows a key that is no secret could sign. It is one consumer's: pass
        that ``Consumer`` with it, and no callable that knows others.
    :param methods: the names of the signature methods that are accepted; default: all in ``METHODS``.
    :param max_age: seconds by which a timestamp may be off, on either side of ``clock()``; default: any.
    :param clock: returns seconds since the epoch; default: ``time.time``.
    :param is_new: called last, with consumer key, token key (``None``: none), timestamp and nonce of a request that is
        signed rightly; it remembers them, and returns whether it has not seen them before (s3.3).
    :param allow_copies: take identical protocol parameters in several places, as lenient servers do; s3.5 allows one.
    :raises UsageError: an argument is wrong, or the variable ``OAUTH_HOOK_FORBID`` is. A wrong request raises nothing.
    """
    rules = _Rules(
        None if methods is None else _check_methods(methods),
        read_forbidden(),
        max_age,
        _check_clock(max_age, clock),
        allow_copies,
    )
    if not callable(consumer):
        check_type(consumer, Consumer, "consumer", "a Consumer, or a callable that returns one")
    if not callable(token):
        check_token(token)
    if is_new is not None and not callable(is_new):
        raise UsageError(f"is_new must be callable, not {type(is_new).__name__}")
    rsa = None if rsa_key is None else load_key(rsa_key, public=True)
    message = make_message(method, url, text_headers(headers), body)._replace(host=None)
    try:
        reading = read(message)
        protocol = protocol_parameters(reading)
        signed = [pair for pair in protocol if pair[0] != "oauth_signature"]
        text = base_string(method, reading.uri, normalize(reading.own + sortable(signed)))
    except UsageError as error:
        return Verdict(str(error))
    values = {unescape(name): unescape(value) for name, value in protocol}
    reason = (
        _check_headers(headers or (), message.authorization, reading)
        or _check_places(reading, rules)
        or _check_protocol_parameters(protocol, values)
        or check_signature_method(values["oauth_signature_method"], rsa is not None, rules.methods, rules.forbidden)
        or _check_transport(reading, values["oauth_signature_method"])
        or _check_age(values.get("oauth_timestamp"), rules)
        or check_body_hash(values.get("oauth_body_hash"), body or "", is_form(message.content_type))
        or _check_digest(values.get("oauth_body_hash"), rules)
        or _check_signature(text, values, consumer, token, rsa)
        or _check_nonce(values, is_new)
    )
    values.pop("oauth_signature", None)
    return Verdict(reason, text, values.get("oauth_consumer_key") or None, values.get("oauth_token") or None, values)


class _Rules(NamedTuple):
    """What a server accepts."""

    methods: frozenset[str] | None
    forbidden: frozenset[str]
    max_age: float | None
    clock: Callable[[], float]
    allow_copies: bool


def _check_methods(methods: Collection[str]) -> frozenset[str]:
    if isinstance(methods, str):
        methods = (methods,)
    check_type(methods, Iterable, "methods", "a collection of names")
    return frozenset(find_method(name).name for name in methods)


def _check_clock(max_age: float | None, clock: Callable[[], float] | None) -> Callable[[], float]:
    if max_age is not None and (not isinstance(max_age, int | float) or isinstance(max_age, bool) or not max_age >= 0):
        raise UsageError(f"max_age must be a number of seconds, 0 or more, not {max_age!r}")
    if clock is not None and not callable(clock):
        raise UsageError(f"clock must be callable and return seconds since the epoch, not {type(clock).__name__}")
    return time.time if clock is None else clock


def _check_headers(names: Iterable[str], authorization: str | None, reading: Reading) -> str:
    """Say that a header might be read otherwise by somebody else, or nothing.

    That is one which came twice (RFC 9110 s5.3), and an OAuth ``Authorization`` (s3.5.1) in which there is no sense.
    """
    lower = [name.lower() for name in names]
    twice = [name for name in ("Authorization", "Content-Type") if lower.count(name.lower()) > 1]
    if twice:
        return f"there is more than one {twice[0]} header"
    if reading.in_header is None and (authorization or "").lower().split(None, 1)[:1] == ["oauth"]:
        return "the Authorization header is malformed (RFC 5849 s3.5.1)"
    return ""


def _check_places(reading: Reading, rules: _Rules) -> str:
    """Say that protocol parameters stand in more than one place (s3.5), or nothing."""
    places = {"header": reading.in_header, "query": reading.in_query, "form": reading.in_form}
    used = [place for place, pairs in places.items() if pairs]
    if len(used) > 1 and not rules.allow_copies:
        return (
            f"there are protocol parameters in {' and '.join(used)}, and only one place may have them (RFC 5849 s3.5)"
        )
    return ""


def _check_transport(reading: Reading, method: str) -> str:
    """Say that the secrets themselves came over an open network (s3.4.4), or nothing."""
    url = reading.url
    if METHODS[method].plain and url.scheme.lower() == "http" and not is_loopback(url.authority):
        return f"{method} sends the secrets themselves, and came over plain http (RFC 5849 s3.4.4)"
    return ""


def _check_age(timestamp: str | None, rules: _Rules) -> str:
    """Say that a timestamp is too far from the clock (s3.3), or nothing."""
    if rules.max_age is None or timestamp is None:
        return ""
    off = int(timestamp) - rules.clock()
    if abs(off) <= rules.max_age:
        return ""
    return f"oauth_timestamp is {abs(off):.0f} seconds {'ahead' if off > 0 else 'old'}; {rules.max_age:g} are allowed"


def _check_digest(body_hash: str | None, rules: _Rules) -> str:
    """Say that the environment forbids the digest of a body hash, or nothing."""
    digest = "" if body_hash is None else find_algorithm(body_hash)
    if digest and is_forbidden(digest, rules.forbidden):
        return f"oauth_body_hash is made with {digest}, which the environment variable {FORBID} forbids in this process"
    return ""


def _check_signature(
    text: str,
    values: Mapping[str, str],
    consumer: Consumer | Callable[[str], Consumer | None],
    token: Credentials | Callable[[str], Credentials | None] | None,
    rsa: RSAKey | None,
) -> str:
    """Say that a request is not signed by those whose keys it names, or nothing."""
    token_key = values.get("oauth_token") or None
    known_consumer, known_token = _find(consumer, values["oauth_consumer_key"] or None), _find(token, token_key)
    check_token(known_token)
    if known_consumer is None:
        return "oauth_consumer_key names another consumer, or one that is not known"
    check_type(known_consumer, Consumer, "what consumer returns", "a Consumer or None")
    if known_token is None and token_key is not None:
        return "oauth_token names another token, or one that is not known or not expected"
    if known_token is None and isinstance(token, Credentials):
        return "the request has no oauth_token, and must be signed with one"
    method = METHODS[values["oauth_signature_method"]]
    secrets = known_consumer.secret, "" if known_token is None else known_token.secret
    if not any(secrets) and not method.needs_rsa_key and not method.plain:
        return "both secrets are empty, so that anybody could have signed this"
    if not method.accepts(text, Key(signing_key(*secrets), rsa), values["oauth_signature"]):
        return "the signature is wrong: another secret, or the request was changed after signing"
    return ""


def _find(known: _C | Callable[[str], _C | None] | None, key: str | None) -> _C | None:
    """Return the credentials that a request names, or ``None``."""
    if known is None or key is None:
        return None
    if callable(known):
        return known(key)
    return known if known.key == key else None


def _check_nonce(values: Mapping[str, str], is_new: Callable[[str, str | None, str, str], bool] | None) -> str:
    """Say that a nonce was used before (s3.3), or nothing; without one, which PLAINTEXT allows, nothing is asked."""
    if is_new is None or "oauth_nonce" not in values:
        return ""
    token_key = values.get("oauth_token") or None
    if is_new(values["oauth_consumer_key"], token_key, values.get("oauth_timestamp", ""), values["oauth_nonce"]):
        return ""
    return "oauth_nonce was used before"


_REQUIRED = ("oauth_consumer_key", "oauth_signature_method", "oauth_signature")
_FRESH = ("oauth_timestamp", "oauth_nonce")


def _check_protocol_parameters(protocol: Sequence[Pair], values: Mapping[str, str]) -> str:
    """Say what is wrong with a request's protocol parameters (s3.1, s3.2), or nothing.

    :param protocol: the parameters; ``values`` are the same, decoded.
    """
    if not protocol:
        return "the request is not signed: there are no protocol parameters in its header, query or form"
    # PLAINTEXT may go without timestamp and nonce (s3.1).
    needed = _REQUIRED if values.get("oauth_signature_method") == "PLAINTEXT" else _REQUIRED + _FRESH
    missing = [name for name in needed if name not in values]
    if missing:
        return f"the request has no {', no '.join(missing)}"
    if len(values) < len(protocol):
        return "a protocol parameter is there more than once (RFC 5849 s3.1)"
    if values.get("oauth_version", "1.0") != "1.0":
        return "oauth_version is not 1.0"
    if not _is_timestamp(values.get("oauth_timestamp", "1")):
        return "oauth_timestamp must be a positive whole number of seconds (RFC 5849 s3.3)"
    if not values.get("oauth_nonce", "present"):
        return "oauth_nonce is empty"
    return ""


# Fifteen digits are thirty million years; of thousands of them, int() raises an error.
_is_timestamp = re.compile("0{0,9}[1-9][0-9]{0,14}").fullmatch
