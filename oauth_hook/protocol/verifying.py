"""Verifying the signature of a request (RFC 5849 s3.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..credentials import Consumer, Credentials, check_token
from ..errors import UsageError, check_type
from .base_string import base_string
from .body_hash import check_body_hash
from .encoding import unescape
from .message import make_message, protocol_parameters, read, text_headers
from .methods import METHODS, Key, check_signature_method, signing_key
from .parameters import check_protocol_parameters, is_form, normalize
from .rsa import load_key

__all__ = ["Verdict", "verify"]


@dataclass(frozen=True)
class Verdict:
    """Whether a request is signed rightly; true or false by itself."""

    reason: str = ""  #: what is wrong, for a person; empty if nothing is
    base_string: str = field(default="", repr=False)  #: the one that was judged; empty if it did not come to that

    def __bool__(self) -> bool:
        return not self.reason


def verify(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | str | None = None,
    consumer: Consumer,
    token: Credentials | None = None,
    rsa_key: Any = None,
) -> Verdict:
    """Judge the signature of a request (s3.2), compared in constant time.

    Whether nonce and timestamp are fresh is for the server to say, which remembers
    the ones that it has seen.

    :param method: as in ``sign``, as are ``url``, ``headers`` and ``body``: as received.
    :param consumer: whose key the request has to name.
    :param token: whose key it has to name; ``None``: the consumer alone signed.
    :param rsa_key: either half of the consumer's pair. With it, only RSA methods are
        accepted; without it, none: or else who knows a key that is no secret could sign.
    :raises UsageError: an argument is wrong. A wrong request raises nothing.
    """
    check_type(consumer, Consumer, "consumer", "a Consumer")
    check_token(token)
    rsa = None if rsa_key is None else load_key(rsa_key, public=True)
    message = make_message(method, url, text_headers(headers), body)
    try:
        reading = read(message)
        protocol = protocol_parameters(reading)
        signed = [pair for pair in protocol if pair[0] != "oauth_signature"]
        text = base_string(method, reading.uri, normalize(reading.own + signed))
    except UsageError as error:
        return Verdict(str(error))
    values = {unescape(name): unescape(value) for name, value in protocol}
    objection = (
        check_protocol_parameters(protocol, values, consumer.key, None if token is None else token.key)
        or check_signature_method(values["oauth_signature_method"], rsa is not None)
        or check_body_hash(values.get("oauth_body_hash"), body or "", is_form(message.content_type))
    )
    if objection:
        return Verdict(objection, text)
    key = Key(signing_key(consumer.secret, "" if token is None else token.secret), rsa)
    if METHODS[values["oauth_signature_method"]].accepts(text, key, values["oauth_signature"]):
        return Verdict("", text)
    return Verdict("the signature is wrong: another secret, or the request was changed after signing", text)
