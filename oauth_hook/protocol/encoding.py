"""Percent-encoding (RFC 5849 s3.6) and what form-encoding becomes under it.

Laws of this file:

- Only the unreserved characters of RFC 3986 s2.3 stand for themselves; everything
  else is ``%XX`` with upper-case digits, and a space is ``%20``.
- Text that came over the wire is a string of bytes. Here it is a ``str`` in which
  each character is one byte (``to_wire``), so that nothing which HTTP can carry is
  lost or refused, valid UTF-8 or not.
- A charset that a stranger names is one that text is sent in, or it is UTF-8: Python knows others, which
  take a minute for a megabyte (punycode), or are none.
"""

from __future__ import annotations

import re
from encodings import aliases, normalize_encoding
from string import ascii_letters, digits
from urllib.parse import quote, unquote

from ..errors import UsageError

__all__ = [
    "UNRESERVED",
    "Pair",
    "decode_text",
    "escape",
    "escape_base64",
    "escape_form",
    "escape_header_value",
    "find_charset",
    "from_wire",
    "from_wire_like",
    "has_misspelled_escape",
    "to_wire",
    "unescape",
]

#: A parameter: its name and value, both percent-encoded (s3.6).
Pair = tuple[str, str]

UNRESERVED = ascii_letters + digits + "-._~"

# The spelling of each byte (s3.6), by the byte.
_SPELLING = {chr(i): chr(i) if chr(i) in UNRESERVED else f"%{i:02X}" for i in range(256)}

_all_unreserved = re.compile(r"[A-Za-z0-9._~-]*").fullmatch
# What a string that is spelled as s3.6 spells it consists of, if each % begins an escape.
_SPELLED = (UNRESERVED + "%").encode()

# What a form-encoder's output has to consist of, to be spelled as s3.6 spells it, with
# separators and + for a space ...
_WELL_SPELLED = (UNRESERVED + "%&=+").encode()
# ... and an escape that is not so spelled: of an unreserved byte (2D 2E 30-39 41-5A
# 5F 61-7A 7E), with a lower-case digit, or a % that begins no escape at all.
_misspelled_escape = re.compile(r"%(?![0189A-F][0-9A-F]|2[0-9A-CF]|3[A-F]|[46]0|5[B-E]|7[B-DF])").search
# How surrogatepass writes U+D800 to U+DFFF, which no UTF-8 has (RFC 3629 s3).
_surrogate = re.compile(rb"\xED[\xA0-\xBF]").search
# An escape, whatever its case, or a % that begins none.
_each_escape = re.compile("%([0-9A-Fa-f]{2})?").sub
# What else has to become an escape, by a table: a regular expression takes seven times as long for a megabyte of it.
_RESERVED = {ord(byte): spelled for byte, spelled in _SPELLING.items() if byte not in f"{UNRESERVED}%"}
_RESERVED_IN_FORM = _RESERVED | {ord("+"): "%20", ord("&"): "&", ord("="): "="}


# The charsets of the Encoding Standard (WHATWG), by the names that Python has for them.
_CHARSETS = (
    "ascii|utf_8|utf_16(?:_[bl]e)?|utf_32|latin_1|iso8859_(?:[2-9]|1[013-6])|cp(?:866|874|125[0-8]|932|949)|koi8_[ru]|"
    "mac_(?:roman|cyrillic)|gb2312|gbk|gb18030|big5(?:hkscs)?|euc_(?:jp|kr)|iso2022_jp|shift_jis"
)
_MAX_CHARSET_NAME = 40  # characters


def decode_text(data: bytes, charset: str | None) -> str:
    """Return text in a charset that a stranger names; in UTF-8 where that is not a known one.

    What cannot be read becomes U+FFFD.
    """
    return data.decode(find_charset(charset), "replace")


def find_charset(named: str | None) -> str:
    """Return Python's name of a charset that a stranger names; UTF-8 where that is not a known one."""
    known = (named or "")[:_MAX_CHARSET_NAME].encode("ascii", "ignore").decode()  # no name of a charset has others
    name = normalize_encoding(known).lower()
    codec = aliases.aliases.get(name, name)
    return codec if re.fullmatch(_CHARSETS, codec) else "utf-8"


def to_wire(text: str | bytes) -> str:
    """Return wire text as a ``str`` with one character per byte; a ``str`` goes out as UTF-8.

    :raises UsageError: the text has a lone surrogate, which no encoding can carry.
    """
    if isinstance(text, str):
        return text if text.isascii() else _utf8(text).decode("latin-1")
    return text.decode("latin-1")


def from_wire(wire: str) -> str:
    """Undo ``to_wire`` for text that was a ``str``."""
    return wire if wire.isascii() else wire.encode("latin-1").decode()


def from_wire_like(wire: str, original: object) -> bytes | str:
    """Undo ``to_wire`` for text that was what the original is: ``bytes``, or else ``str``."""
    return wire.encode("latin-1") if isinstance(original, (bytes, bytearray, memoryview)) else from_wire(wire)


def escape(text: str) -> str:
    """Percent-encode a string (s3.6).

    :raises UsageError: the text has a lone surrogate, which UTF-8 cannot carry.
    """
    # What URLs consist of is replaced at a fifth of the cost of a loop over all characters, which is for the rest.
    spelled = text.replace("%", "%25").replace("/", "%2F").replace(":", "%3A")
    if spelled.isascii() and not spelled.encode().translate(None, _SPELLED):
        return spelled
    return quote(_utf8(text), safe="~")


def escape_base64(text: str) -> str:
    """Percent-encode base64 (s3.6), in which three characters are reserved."""
    return text.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")


def unescape(text: str) -> str:
    """Undo ``escape``; bytes that are not UTF-8 become U+FFFD."""
    return unquote(text)


def escape_form(wire: str) -> str:
    """Respell form-encoded bytes as s3.6 would: what decoding and encoding each part makes.

    The separators ``&`` and ``=`` stand. What a form-encoder wrote is mostly spelled
    like that already, which is found out at the speed of ``bytes.translate``: that is
    why nothing is split, decoded and encoded piece by piece.
    """
    # Looked at while + is still one byte, so that no escape is looked at that was only just made.
    if not wire.encode("latin-1").translate(None, _WELL_SPELLED) and not has_misspelled_escape(wire):
        return wire.replace("+", "%20")
    return _respelled(wire, _RESERVED_IN_FORM)


def has_misspelled_escape(wire: str) -> bool:
    """Tell whether an escape is not spelled as s3.6 would have it."""
    return "%" in wire and _misspelled_escape(wire) is not None


def escape_header_value(wire: str) -> str:
    """Respell a value of the ``Authorization`` header (s3.5.1) as s3.6 would have it."""
    return wire if _all_unreserved(wire) else _respelled(wire, _RESERVED)


def _respelled(wire: str, reserved: dict[int, str]) -> str:
    if "%" in wire:
        wire = _each_escape(lambda escape: _SPELLING[chr(int(escape[1], 16)) if escape[1] else "%"], wire)
    return wire.translate(reserved)


def _utf8(text: str) -> bytes:
    utf8 = text.encode("utf-8", "surrogatepass")
    # Found out by hand: a UnicodeEncodeError would carry the text, which may be a secret, into a traceback.
    if _surrogate(utf8):
        raise UsageError("the text has a lone surrogate (half a character) in it, which UTF-8 cannot carry")
    return utf8
