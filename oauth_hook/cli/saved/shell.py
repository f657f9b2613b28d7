"""The words of a command line, as a shell parts them (bash and its like, or Windows' cmd), and escapes in strings."""

from __future__ import annotations

import re

from ...errors import UsageError

__all__ = ["split_words", "unescape_string"]

_match_bash = re.compile(
    r"""
    \\[ \t]*(?:\r?\n|\Z)                     # the line goes on in the next
  | \\(?P<escaped>.)
  | '(?P<literal>[^']*)'
  | \$'(?P<ansi>[^'\\]*(?:\\.[^'\\]*)*)'
  | \$?"(?P<quoted>[^"\\]*(?:\\.[^"\\]*)*)"
  | (?P<space>\s+(?:\#[^\n]*)?)              # and a comment
  | (?P<plain>[^\s'"\\$]+|\$)
    """,
    re.VERBOSE | re.DOTALL,
).match

# Of cmd after its carets are taken away: then the rules are those of the program's own, Microsoft's.
_match_cmd = re.compile(
    r"""
    "(?P<microsoft>[^"\\]*(?:(?:\\.|"")[^"\\]*)*)"
  | (?P<space>\s+)
  | (?P<plain>[^\s"]+)
    """,
    re.VERBOSE | re.DOTALL,
).match
_is_cmd = re.compile(r"""[^']*?(?:(?:\A|\s)\^"|\^\r?\n)""").match

_ends_command = re.compile(r"[|;&<>]|[0-9]>").match

# A line end ends a command, unless the next line goes on with it: a page has taken the backslash before it.
_GOES_ON = ("-", "http://", "https://", "'http", '"http')


def split_words(text: str) -> list[str]:
    """Return the words of the first command.

    What stands within a word that was never quoted, such as the ``&`` of a URL, belongs to it.

    :raises UsageError: a quotation mark is not closed.
    """
    part = _match_bash
    if _is_cmd(text):
        text, part = re.sub(r"\^(?:\r?\n)?(.|\Z)", r"\1", text, flags=re.DOTALL), _match_cmd
    words: list[str] = []
    word: list[str] | None = None
    at = 0
    while at < len(text):
        match = part(text, at)
        if match is None:
            raise UsageError("this curl command line cannot be read: a quotation mark is not closed")
        at = match.end()
        kind = match.lastgroup or ""
        found = _unescape(kind, match[kind]) if kind else ""
        if kind == "plain" and word is None and _ends_command(found):
            break
        if kind == "space":
            words += [] if word is None else ["".join(word)]
            word = None
            if words and "\n" in found and not text.startswith(_GOES_ON, at):
                break
        elif kind:
            word = word or []
            word.append(found)
    return words if word is None else [*words, "".join(word)]


def _unescape(kind: str, text: str) -> str:
    if kind == "ansi":
        data = _ansi(_decode_escape, text.encode("utf-8", "surrogateescape"))
        return data.decode("utf-8", "surrogateescape")
    if kind == "quoted":
        return re.sub(r'\\(?:([$`"\\])|\r?\n)', lambda escape: escape[1] or "", text)
    if kind == "microsoft":
        return re.sub(r'\\(["\\])|"(")', lambda escape: escape[1] or escape[2], text)
    return text


# ANSI-C quoting, $'...' of bash: https://www.gnu.org/software/bash/manual/bash.html#ANSI_002dC-Quoting
_ansi = re.compile(rb"\\(?:x([0-9A-Fa-f]{1,2})|([0-7]{1,3})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|([\s\S]))").sub
_LETTERS = dict(zip(b"abeEfnrtv\\'\"?", b"\a\b\x1b\x1b\f\n\r\t\v\\'\"?", strict=True))


def _decode_escape(escape: re.Match[bytes]) -> bytes:
    """Return the bytes that an escape stands for; an unknown one stands for itself."""
    in_hex, in_octal, unit, point, letter = escape.groups()
    if in_hex or in_octal:
        return bytes([int(in_hex, 16) if in_hex else int(in_octal, 8) & 0xFF])
    if unit or point:
        number = int(unit or point, 16)
        return chr(number).encode("utf-8", "surrogatepass") if number <= 0x10FFFF else escape[0]
    return bytes([_LETTERS[letter[0]]]) if letter[0] in _LETTERS else escape[0]


def unescape_string(data: bytes) -> bytes:
    """Return what a string of Python's, Ruby's or Go's stands for, without the quotation marks around it."""
    return _ansi(lambda escape: b"#" if escape[0] == b"\\#" else _decode_escape(escape), data)
