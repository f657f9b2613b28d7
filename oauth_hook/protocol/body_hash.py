"""``oauth_body_hash``: a body that is not form-encoded, covered by its digest.

OAuth Request Body Hash 1.0 (draft 4, E. Hammer-Lahav and others, 2009) has SHA-1;
services that sign with SHA-2 (Mastercard) hash with it too.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode
from binascii import b2a_base64

from ..errors import UsageError
from .encoding import to_wire

__all__ = ["ALGORITHMS", "check_algorithm", "check_body_hash", "encode_digest", "find_algorithm", "hash_body"]

#: The digests, by the length of what they make, in bytes.
ALGORITHMS = {20: "sha1", 32: "sha256", 64: "sha512"}


def check_algorithm(name: str | None) -> str | None:
    """Return the name of a digest.

    :raises UsageError: there is no such digest.
    """
    if name is not None and name not in ALGORITHMS.values():
        known = ", ".join(ALGORITHMS.values())
        raise UsageError(f"there is no body hash {name!r}: choose one of {known}, or None")
    return name


def hash_body(body: bytes | str, algorithm: str) -> str:
    """Return the ``oauth_body_hash`` of a body (draft s3.2), not percent-encoded.

    :raises UsageError: the body is a ``str`` that UTF-8 cannot carry.
    """
    data = to_wire(body).encode("latin-1") if isinstance(body, str) else body
    return encode_digest(hashlib.new(algorithm, data).digest())


def encode_digest(digest: bytes) -> str:
    """Return a digest as the parameter's value: base64."""
    return b2a_base64(digest, newline=False).decode()


def check_body_hash(value: str | None, body: bytes | str, in_form: bool) -> str:
    """Say what is wrong with a request's ``oauth_body_hash`` (draft s4), or nothing.

    :param value: the parameter's; ``None``: the request has no such parameter; its length names the digest.
    :param in_form: the body is form-encoded.
    """
    if value is None:
        return ""
    if in_form:
        return "oauth_body_hash is not for form-encoded bodies, whose fields are signed"
    algorithm = find_algorithm(value)
    if not algorithm:
        return "oauth_body_hash is not the base64 of a SHA-1, SHA-256 or SHA-512 digest"
    try:
        is_right = hash_body(body, algorithm) == value
    except UsageError as error:
        return str(error)
    if not is_right:
        return "oauth_body_hash does not match the body: the body was changed after signing"
    return ""


def find_algorithm(value: str) -> str:
    """Return the name of the digest that an ``oauth_body_hash`` is of, by its length; empty if it is of none."""
    try:
        return ALGORITHMS.get(len(b64decode(value, validate=True)), "")
    except ValueError:
        return ""
