"""Request bodies: a form is read, anything else is only measured.

- A form-encoded body is part of what is signed (s3.4.1.3.1), so it is read whole, up to a limit.
- Any other body is read in pieces and digested, and never held: uploads may be of any size.
- ``oauth_body_hash`` (OAuth Request Body Hash extension) covers the bodies that RFC 5849 leaves
  uncovered, and is an error on a form, which the signature covers already.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64decode
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from .messages import JSON, BadRequestError, Request
from .problems import Refusal, rejected

__all__ = ["MAX_FORM_BYTES", "MAX_JSON_BYTES", "Body", "read_body", "read_form", "read_short_text"]

MAX_FORM_BYTES = 16 * 1024 * 1024
MAX_JSON_BYTES = 1024 * 1024
_MAX_TEXT_BYTES = 16 * 1024
_OTHER_HASHES = {20: "sha1", 64: "sha512"}  # than SHA-256, by the bytes of their digests


@dataclass(frozen=True)
class Body:
    """What remains of a body that has been read.

    :param length: in bytes.
    :param sha256: its digest.
    :param json: what it says, if it is JSON of at most :data:`MAX_JSON_BYTES`, else ``None``.
    """

    length: int
    sha256: bytes
    json: Any = None


def read_form(request: Request, limit: int = MAX_FORM_BYTES) -> bytes | None:
    """Return the whole body if it is a form, else leave it alone and return ``None``.

    :raises BadRequestError: it is longer than ``limit`` bytes (413), or was cut short.
    """
    if not request.is_form:
        return None
    pieces, length = [], 0
    for piece in request.pieces:
        length += len(piece)
        if length > limit:
            raise BadRequestError(f"a form may have at most {limit} bytes", status=413)
        pieces.append(piece)
    return b"".join(pieces)


def read_body(request: Request, form: bytes | None, body_hash: str | None = None) -> Body:
    """Read what has not been read of the body, and check that ``oauth_body_hash``, where it is sent, is the body's.

    The extension ties the hash to the signature method's, and some services to another; the
    length of the digest tells which one it is.

    :param form: the body, if it is a form and has been read already.
    :raises BadRequestError: the body was cut short.
    :raises Refusal: the hash is another body's, or stands where it must not.
    """
    if body_hash is not None and form is not None:
        raise rejected(["oauth_body_hash"], "a form is signed already: send no oauth_body_hash with it")
    try:
        stated = b64decode(body_hash or "", validate=True)
    except ValueError:
        stated = b""
    sha256 = hashlib.sha256()
    digests = [sha256] if len(stated) not in _OTHER_HASHES else [sha256, hashlib.new(_OTHER_HASHES[len(stated)])]
    keeping = request.media_type == JSON or request.media_type.endswith("+json")
    kept, length, parsed = b"", 0, None
    for piece in request.pieces if form is None else [form]:
        length += len(piece)
        for digest in digests:
            digest.update(piece)
        keeping = keeping and length <= MAX_JSON_BYTES
        kept = kept + piece if keeping else b""
    if body_hash is not None and not hmac.compare_digest(stated, digests[-1].digest()):
        raise Refusal("body_hash_invalid", "oauth_body_hash must be the base64 of the digest of the body as sent")
    with suppress(ValueError, RecursionError):
        parsed = json.loads(kept)
    return Body(length, sha256.digest(), parsed)


def read_short_text(request: Request) -> str:
    """Read a body that is no form, where it is a short text and on its way already; else return the empty string.

    For a request that is refused, whose body is not needed.

    :raises BadRequestError: the body was cut short.
    """
    if request.is_form or not 0 < request.length <= _MAX_TEXT_BYTES:
        return ""
    return b"".join(request.pieces).decode("utf-8", "replace")
