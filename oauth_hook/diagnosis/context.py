"""One refused request: what is known of it, and what has been found out so far."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ..credentials import Consumer, Credentials
from ..protocol.rsa import RSAKey
from ..redaction.redactor import Redactor
from ..services.demands import KnownDemands
from .base_string_parts import Parts, in_text
from .comparison import align
from .findings import contrast, shorten_line
from .records import RequestRecord, ResponseRecord
from .report import Comparison, mask_rows

__all__ = ["Context"]

_MAX_LINE_CHARS = 1 << 14  # characters of a line that are looked through: far fewer are shown


@dataclass(repr=False)
class Context:
    """One refused request.

    :ivar redact: takes all that must not be shown out of a text.
    :ivar server_text: the server's base string, as it was given.
    :ivar server_raw: the one that is compared, letter for letter; empty where the server's is not known.
    :ivar client_text: the base string that another client says it signed, as it was given.
    :ivar server_signature: a signature known good for the same nonce and timestamp.
    :ivar own_key: the signing key, where it is not made of the secrets as RFC 5849 s3.4.2 says.
    :ivar junk: what was given for a base string, and is something else, as lines.
    :ivar demands: what the service is known to want.
    :ivar prose_redact: takes secrets out of sentences of ours; those that are words of such sentences themselves stay.
    :ivar ruled_out: what was looked at and is not the cause.
    :ivar is_right: whether the signature is what the secrets make of what was sent; ``None``: that is not known.
    :ivar comparison: the base string beside that of the other side, without secrets.
    """

    request: RequestRecord
    response: ResponseRecord
    redact: Redactor
    consumer: Consumer | None = None
    token: Credentials | None = None
    server_text: str | None = None
    server_signature: str | None = None
    rsa_key: RSAKey | None = None
    own_key: str | None = None
    client_text: str | None = None
    junk: list[str] = field(default_factory=list)
    demands: KnownDemands | None = None
    prose_redact: Redactor | None = None
    ruled_out: list[str] = field(default_factory=list)
    is_right: bool | None = None
    comparison: Comparison | None = None
    server_raw: str = ""

    @property
    def method(self) -> str:
        """The signature method that the request names."""
        return self.request.values.get("oauth_signature_method", "")

    @property
    def is_success(self) -> bool:
        """Whether the server said yes."""
        return self.response.status is not None and not self.response.is_refusal

    @property
    def placement(self) -> str:
        """Where the protocol parameters are: ``header``, ``query`` or ``body``."""
        reading = self.request.reading
        if reading is None or reading.in_header is not None:
            return "header"
        return "query" if reading.in_query else "body"

    def name_for_server(self, code: str) -> str:
        """Return what a mistake is called that a server makes, by its code where a signer makes it.

        A server leaves a form out because of what its Content-Type has besides.
        """
        has_more = ";" in (self.request.message.content_type or "")
        return "content-type" if code == "body-not-signed" and has_more else code

    def redacted(self, lines: Iterable[str], *, is_prose: bool = False) -> tuple[str, ...]:
        """Return texts without the secrets in them, and short enough to be read.

        :param is_prose: they are sentences of ours.
        """
        redact = self.prose_redact if is_prose and self.prose_redact is not None else self.redact
        return tuple(shorten_line(redact(text[:_MAX_LINE_CHARS], fields=not is_prose)) for text in lines)

    def align(self, left: str, mine: Parts, right: str, other: Parts) -> None:
        """Put two base strings side by side."""
        self.comparison = Comparison(left, right, mask_rows(align(mine, other), self.redact, self.request))

    def evidence(self) -> tuple[str, ...]:
        """Return the parts that differ, as lines."""
        if self.comparison is None:
            return ()
        sides = [_DONE.get(side, f"{side} has {{}}") for side in (self.comparison.left, self.comparison.right)]
        lines = []
        for row in [row for row in self.comparison.rows if row.differs][:_MAX_LINES]:
            contrasted = contrast(in_text(row.left or ""), in_text(row.right or ""))
            values = zip((row.left, row.right), contrasted, strict=True)
            shown = [_SHOWN.get(value, short) for value, short in values]
            lines.append(
                f"{row.name}: " + ", ".join(side.format(value) for side, value in zip(sides, shown, strict=True))
            )
        return tuple(lines)


_DONE = {"signed": "{} was signed", "sent": "{} was sent"}
_SHOWN = {None: "nothing", "": "an empty value"}
_MAX_LINES = 5  # parts that differ, and are shown as evidence
