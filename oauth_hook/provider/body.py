"""Request bodies: a form is read, anything else is only measured.

- A form-encoded body is part of what is signed (s3.4.1.3.1), so it is read whole, up to a limit.
- Any other body is read in pieces and digested, and never held: uploads may be of any size.
- ``oauth_body_hash`` (OAuth Request Body Hash extension) covers the bodies that RFC 5849 leaves
  uncovered, and is an error on a form, which the signature covers already.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import json
from base64 import b64decode
from dataclasses import dataclass
from typing import Any

from .messages import JSON, BadRequestError, Request
from .problems import Refusal, rejected

__all__ = ["FORM_LIMIT", "JSON_LIMIT", "Body", "check_body_hash", "measure", "read_form", "short_text"]

FORM_LIMIT = 16 * 1024 * 1024
JSON_LIMIT = 1024 * 1024
_SHORT = 16 * 1024
_HASHES = {20: "sha1", 32: "sha256", 64: "sha512"}


@dataclass(frozen=True)
class Body:
    """What remains of a body that has been read.

    :param length: in octets.
    :param digests: hash name -> digest.
    :param json: what it says, if it is JSON of at most :data:`JSON_LIMIT` octets, else ``None``.
    """

    length: int
    digests: dict[str, bytes]
    json: Any = None


def read_form(request: Request, limit: int = FORM_LIMIT) -> bytes | None:
    """Return the whole body if it is a form, else leave it alone and return ``None``.

    :raises BadRequestError: it is longer than ``limit`` octets (413), or was cut short.
    """
    if not request.is_form:
        return None
    pieces, length = [], 0
    for piece in request.pieces:
        length += len(piece)
        if length > limit:
            raise BadRequestError(f"a form may have {limit} octets", status=413)
        pieces.append(piece)
    return b"".join(pieces)


def measure(request: Request, form: bytes | None, body_hash: str | None) -> Body:
    """Read what has not been read of the body, and return its measures.

    :param form: the body, if it is a form and has been read already.
    :param body_hash: the request's ``oauth_body_hash``, which tells what to digest with.
    :raises BadRequestError: the body was cut short.
    """
    digests = {name: hashlib.new(name) for name in {"sha256", _hash_name(body_hash) or "sha256"}}
    keeping = request.media_type == JSON or request.media_type.endswith("+json")
    kept, length = b"", 0
    for piece in request.pieces if form is None else [form]:
        length += len(piece)
        for digest in digests.values():
            digest.update(piece)
        keeping = keeping and length <= JSON_LIMIT
        kept = kept + piece if keeping else b""
    parsed = _parse_json(kept) if keeping else None
    return Body(length, {name: digest.digest() for name, digest in digests.items()}, parsed)


def short_text(request: Request) -> str:
    """Read a body that is no form, where it is a short text and on its way already; else return the empty string.

    For a request that is refused, whose body nobody needs.

    :raises BadRequestError: the body was cut short.
    """
    if request.is_form or not 0 < request.length <= _SHORT:
        return ""
    return b"".join(request.pieces).decode("utf-8", "replace")


def check_body_hash(body_hash: str | None, is_form: bool, body: Body) -> None:
    """Check that ``oauth_body_hash``, where it is sent, is the body's.

    The extension ties the hash to the signature method's, and some services to another; the
    length of the digest tells which one it is.

    :raises Refusal: it is another body's, or stands where it must not.
    """
    if body_hash is None:
        return
    if is_form:
        raise rejected(["oauth_body_hash"], "a form is signed already: send no oauth_body_hash with it")
    name = _hash_name(body_hash)
    if name is None or not hmac.compare_digest(_digest(body_hash), body.digests[name]):
        raise Refusal("body_hash_invalid", "oauth_body_hash is the base64 of the digest of the body as sent")


def _digest(body_hash: str) -> bytes:
    """Return the digest in an ``oauth_body_hash``; empty if there is none."""
    try:
        return b64decode(body_hash, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _hash_name(body_hash: str | None) -> str | None:
    """Return the name of the hash that makes digests of this length."""
    return None if body_hash is None else _HASHES.get(len(_digest(body_hash)))


def _parse_json(text: bytes) -> Any:
    """Return what JSON says, or ``None`` if it is not JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
