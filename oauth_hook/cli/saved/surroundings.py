"""What stands around a saved request: byte order marks, indentation, comments, code fences, a page's typography."""

from __future__ import annotations

import re

from .http import dedent

__all__ = ["strip_surroundings"]

# What a person writes above a saved request: JetBrains' ### and the shell's # begin comments.
_above = re.compile(rb"\A\s*(?:#[^\n]*(?:\n\s*|\Z))*").sub

_fence = re.compile(rb"(?m)^[ \t]*(?:```|~~~)[^\n]*\n?").finditer
_is_sent = re.compile(
    rb"(?m)^[^\n]{0,200}?(?:[A-Z]{3,10} \S+ HTTP/|HTTP/\d|\bcurl\s|:authority\b)|^[A-Z]{3,10}:? https?://|\A\s*\{"
).search

# A page, or a word processor, makes them of what was typed; then there are none of the typed ones.
_is_pasted = re.compile("(?:oauth_[a-z_]{1,40}=|\\s-{0,2}|[:(,=])[\u201c\u201d\u2018\u2019]").search
_TYPED = str.maketrans({"\u201c": '"', "\u201d": '"', "\u201e": '"', "\u2018": "'", "\u2019": "'", "\u00a0": " "})
_dash = re.compile("(?<=\\s)[\u2013\u2014](?=([A-Za-z]{2})?)").sub


def strip_surroundings(data: bytes) -> bytes:
    """Return what was saved, as UTF-8, without what stands around it."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):  # Windows saves UTF-16
        data = data.decode("utf-16", "replace").encode()
    data = _straighten(_unfence(dedent(data.removeprefix(b"\xef\xbb\xbf"))))
    return _above(b"", dedent(data), 1)


def _unfence(data: bytes) -> bytes:
    """Return what stands in code fences (Markdown), of which request and response may each have one."""
    marks = [*_fence(data)]
    if not marks or _begins_request(data[: marks[0].start()]):  # else a body has them
        return data
    ends = [*(mark.start() for mark in marks), len(data)]
    pieces = [dedent(data[begin.end() : end]) for begin, end in zip(marks[::2], ends[1::2], strict=False)]
    return b"\n\n".join([piece for piece in pieces if _is_sent(piece)] or pieces)


def _begins_request(data: bytes) -> bool:
    return bool(re.match(rb"\s*(?:[A-Z]{3,10} \S+(?: HTTP/[\d.]+)?\r?\n|\{)", data))


def _straighten(data: bytes) -> bytes:
    """Return a text with the quotation marks and dashes that were typed, where a page has made others of them."""
    if b"\xe2\x80" not in data or b'"' in data:
        return data
    text = data.decode("utf-8", "surrogateescape")
    if _is_pasted(text):
        text = _dash(lambda dash: "--" if dash[1] else "-", text.translate(_TYPED))
    return text.encode("utf-8", "surrogateescape")
