"""Taking secrets out of bytes that come in pieces, at the speed of a search for a word.

However a secret is spelled, it stands in one run of bytes of which secrets and escapes are made. So bytes can be parted
wherever another one stands; and what holds neither a secret as it is, nor an escape in so long a run, needs no closer
look. That look is the ``Redactor``'s, which alone knows what the escapes say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .redactor import Redactor

__all__ = ["StreamRedactor"]

_ALPHABET = frozenset(b"%\\&#;0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")  # of escapes
_NON_ASCII = range(0x80, 0x100)
_MAX_SPELLED_BYTES = 64  # that a byte of a secret is followed through, where nothing else stands around it
# What every escape begins with, and how it goes on if it stands for ASCII, as escapes of escapes do; what else goes on
# in this way is looked at for nothing.
_ASCII_ESCAPES = {
    b"%": rb"(?=[0-7]|u00[0-7])",
    b"\\": rb"(?!u(?!00[0-7])[0-9A-Fa-f]{4}|x[89A-Fa-f][0-9A-Fa-f])",
    b"&": rb"(?=#0*[0-9]{1,3};|#[xX]0*[0-7]?[0-9A-Fa-f];|[A-Za-z][A-Za-z0-9]{1,31};)",
}


class StreamRedactor:
    """``Redactor`` for bytes that come in pieces, whatever they are: known secrets only, also where they are cut.

    :ivar has_found: whether there was a secret.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self.has_found = False
        self._secrets = [secret for secret in secrets if secret]
        needles = self._list_needles()
        letters = _ALPHABET.union(*needles)
        if b" "[0] in letters:
            letters |= set(b"+")
        if not letters.isdisjoint(_NON_ASCII):
            letters = letters.union(_NON_ASCII)
        self._alphabet = bytes(sorted(letters))
        #: What a text must have in it that has the secret as it is, in whatever charset, whatever stands for spaces.
        self._words = [max(re.split(rb"[ \x80-\xff]+", needle), key=len) for needle in needles]
        self._longest = _MAX_SPELLED_BYTES * max([8, *map(len, needles)])
        self._shortest = min((len(needle.decode("utf-8", "ignore")) for needle in needles), default=0)
        self._find_marks = {mark: re.compile(pattern, re.DOTALL).search for mark, pattern in self._describe_marks()}
        self._match_run = re.compile(b"[%b]*" % re.escape(self._alphabet)).match

    def _list_needles(self) -> list[bytes]:
        if any(mark.decode() in secret for secret in self._secrets for mark in _ASCII_ESCAPES):
            return self._redact.needles
        return [secret.encode("utf-8", "surrogatepass").replace(b"+", b" ") for secret in self._secrets]

    def _describe_marks(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield expressions for beginnings of escapes, where enough for half a secret stands before or after one."""
        run = b"[%b]{%d}" % (re.escape(self._alphabet), self._shortest // 2)
        is_ascii = self._alphabet[-1] < _NON_ASCII[0]
        has_controls = self._alphabet[0] < b" "[0]
        for mark, escapes in _ASCII_ESCAPES.items() if self._secrets else ():
            following = self._alphabet.translate(None, b"" if has_controls or mark != b"\\" else b"nrtbf")
            ends = escapes if is_ascii else b""
            yield mark, b"%b(?=[%b])%b(?:(?=%b)|(?<=%b.))" % (re.escape(mark), re.escape(following), ends, run, run)

    @cached_property
    def _redact(self) -> Redactor:
        from .redactor import Redactor  # takes longer to load than most bodies to come

        return Redactor(self._secrets)

    def redact(self, pieces: Iterable[bytes]) -> Iterator[bytes | memoryview]:
        """Yield the pieces without secrets; what may be the beginning of one is held back until more is there."""
        held = b""
        for piece in pieces:
            text = held + piece
            may_hold = self._may_hold(text)
            end = self._find_end(text, may_hold=may_hold)
            yield self._take_out(text[:end]) if may_hold else memoryview(text)[:end]
            held = text[end:]
        yield self._take_out(held)

    def _find_end(self, text: bytes, *, may_hold: bool) -> int:
        """Return up to where no secret goes on, or where one would be longer than secrets are."""
        begin = max(0, len(text) - self._longest)
        end = begin + len(text[begin:].rstrip(self._alphabet))
        if may_hold and 0 < end == begin:
            whole = _join_masks(self._take_out(text))
            while end and _join_masks(self._take_out(text[:end]) + self._take_out(text[end:])) != whole:
                end -= min(end, 1 + self._longest // 4)
        return end

    def _may_hold(self, text: bytes) -> bool:
        """Tell whether a secret may be there."""
        return any(word in text for word in self._words) or any(
            mark in text and any(self._redact_bytes(run) != run for run in self._find_runs(text, find))
            for mark, find in self._find_marks.items()
        )

    def _find_runs(self, text: bytes, find: Callable[[bytes, int], re.Match[bytes] | None]) -> Iterator[bytes]:
        """Yield what has escapes in it, and is as long as a secret, each with the byte that follows."""
        done = 0
        while mark := find(text, done):
            start = max(done, mark.start() - self._longest)
            start += len(text[start : mark.start()].rstrip(self._alphabet))
            done = self._match_run(text, mark.end()).end() + 1  # type: ignore[union-attr]  # as none is one, too
            if done - start > self._shortest:
                yield text[start:done]

    def _take_out(self, text: bytes) -> bytes:
        if not self._may_hold(text):
            return text
        masked = self._redact_bytes(text)
        self.has_found = self.has_found or masked != text
        return masked

    def _redact_bytes(self, text: bytes) -> bytes:
        # Whatever its type says: bytes taken for characters lose nothing.
        return self._redact(text.decode("latin-1"), fields=False).encode("latin-1")


#: Secrets that touch have one mask; where they are cut between two, each has its own.
_join_masks = partial(re.compile(rb"(?:\*\*\*)+").sub, b"***")
