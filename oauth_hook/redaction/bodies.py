"""Taking credentials out of a recorded body, whatever it is: what cannot be read goes as a whole."""

from __future__ import annotations

import codecs
import re
import zlib
from collections.abc import Callable, Iterable
from itertools import zip_longest

from .redactor import MASK

__all__ = ["decompress", "redact_body"]

Redact = Callable[[str], str]

_WINDOW_BITS = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}
_MAGIC = {"gzip": b"\x1f\x8b", "x-gzip": b"\x1f\x8b"}


def decompress(body: bytes, codings: Iterable[str]) -> tuple[bytes, bool]:
    """Return a body as its sender wrote it, as far as it can be read, and whether that is all of it.

    :param codings: those of ``Content-Encoding``, in the order in which they were applied (RFC 9110 s8.4).
    :raises LookupError: a coding is not known here.
    """
    is_whole = True
    for coding in reversed([coding for coding in codings if coding not in ("", "identity")]):
        if coding not in _WINDOW_BITS:
            raise LookupError(coding)
        body, read_all = _inflate(body, coding)
        is_whole = is_whole and read_all
    return body, is_whole


def _inflate(body: bytes, coding: str) -> tuple[bytes, bool]:
    """Return what is compressed in a body; the body, where it only says so: a recorder may have decoded it already."""
    if not body.startswith(_MAGIC.get(coding, b"")):
        return body, True
    bits = _WINDOW_BITS[coding]
    # "deflate" is zlib's format (RFC 9110 s8.4.1.2), and from some servers without its head.
    if coding == "deflate" and (body[:1] != b"\x78" or int.from_bytes(body[:2], "big") % 31):
        bits = -zlib.MAX_WBITS
    plain, rest = b"", body
    while rest.startswith(_MAGIC.get(coding, b"")) and rest:
        reader = zlib.decompressobj(bits)
        try:
            plain += reader.decompress(rest)
        except zlib.error:
            return (body, True) if not plain and coding == "deflate" else (plain, False)
        if not reader.eof:
            return plain, False
        rest = reader.unused_data
        if coding == "deflate":
            break
    return plain, not rest


_is_media = re.compile(r"\s*(?:image/(?!svg)|audio/|video/|font/)", re.IGNORECASE).match
_delimiter = re.compile(rb"(?:\A|(?<=\n))(--[^\r\n]{1,200}\r?\n)")
_head_end = re.compile(rb"\r?\n\r?\n").search
_part_type = re.compile(rb"^content-type:([^\r\n]*)", re.IGNORECASE | re.MULTILINE).search
_part_coding = re.compile(rb"^content-transfer-encoding:\s*(?:base64|quoted-printable)", re.I | re.M).search


def redact_body(body: bytes, content_type: str, redact: Redact) -> bytes:
    """Return a body without credentials.

    :param redact: takes them out of a text.
    :returns: the body, but for them; ``***`` for one that is neither text nor multipart, nor, by its type, an image, a
        sound, a film or a font: an archive, a document, a message in a binary format.
    """
    decoded = _decode(body, content_type)
    if decoded is not None:
        text, encoding, mark = decoded
        return mark + redact(text).encode(encoding)
    if _is_media(content_type):
        return redact(body.decode("latin-1")).encode("latin-1")
    if not body.startswith(b"--"):
        return MASK.encode()
    # A part is a body of its own; a name in its head, which the text has told of, is looked for there, too.
    pieces = _delimiter.split(body)
    return b"".join(
        delimiter + _redact_part(part, redact)
        for delimiter, part in zip_longest(*[iter(pieces[1:])] * 2, fillvalue=b"")
    )


def _redact_part(part: bytes, redact: Redact) -> bytes:
    split = _head_end(part)
    if split is None:
        return redact(part.decode("latin-1")).encode("latin-1")
    head, content = part[: split.end()], part[split.end() :]
    kind = _part_type(head)
    content = redact_body(content.removesuffix(b"\r\n"), kind[1].decode("latin-1") if kind else "", redact)
    whole = head + content + b"\r\n" * part.endswith(b"\r\n")
    return redact(whole.decode("latin-1")).encode("latin-1")


_MARKS = [
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16's, which begins it
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
]
_charset = re.compile(r"""charset\s*=\s*["']?(utf-?(?:7|16|32)(?:-?[lb]e)?)(?![\w-])""", re.IGNORECASE).search
_control = re.compile("[\0-\x06\x0e-\x1a\x1c-\x1f]").search
_is_binary = re.compile("[\x80-\x9f]").search  # the second set of controls, unless it is UTF-8 or Windows' charset
_is_text = re.compile(r"\s*(?:text/|application/(?:[\w.-]*\+)?(?:json|xml|x-www-form))", re.IGNORECASE).match
_basic_latin = re.compile("[\t-\x7e]").findall


def _decode(body: bytes, content_type: str) -> tuple[str, str, bytes] | None:
    """Return a body as text, its encoding and its byte order mark; ``None`` where it is no text.

    What says ASCII by ASCII, as nearly all charsets do, is read byte by byte.
    """
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            text = _decode_text(body[len(mark) :], encoding)
            return None if text is None else (text, encoding, mark)
    named = _charset(content_type)
    wide = ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"] if b"\0" in body else []
    for encoding in ([named[1].lower()] if named else []) + wide:
        text = _decode_text(body, encoding)
        if text is not None and (2 * len(_basic_latin(text)) > len(text) or named):
            return text, encoding, b""
    text = _decode_text(body, "latin-1")
    is_text = not named and (_is_text(content_type) or not _is_binary(text or "") or _decode_text(body, "utf-8"))
    return (text, "latin-1", b"") if text is not None and is_text else None


def _decode_text(body: bytes, encoding: str) -> str | None:
    try:
        text = body.decode(encoding)
    except ValueError:
        return None
    return None if _control(text) else text
