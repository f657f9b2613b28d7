"""Request parameters (RFC 5849 s3.4.1.3): found, told apart, normalized.

A parameter is a pair of name and value, both percent-encoded (s3.6); parameters are
lists of pairs, never a dict, because a request may carry a name twice (s3.4.1.3.2).
"""

from __future__ import annotations

from collections.abc import Iterable

from .encoding import UNRESERVED, Pair, escape_form, has_misspelled_escape

__all__ = [
    "FORM",
    "SIGNATURE_PARAMETERS",
    "divide",
    "is_form",
    "join_pairs",
    "normalize",
    "parse_pairs",
    "sortable",
]

#: The media type of single-part, form-encoded bodies (s3.4.1.3.1).
FORM = "application/x-www-form-urlencoded"

PREFIX = "oauth_"

#: What belongs to one signature and goes when another takes its place (s3.1 and the
#: body hash extension). ``oauth_callback``, ``oauth_verifier`` and extensions belong
#: to the request, and stay.
SIGNATURE_PARAMETERS = frozenset(
    PREFIX + name
    for name in (
        "consumer_key", "token", "signature_method", "signature", "timestamp", "nonce", "version", "body_hash",
    )
)  # fmt: skip


def is_form(content_type: str | None) -> bool:
    """Tell whether a ``Content-Type`` means a form-encoded body (s3.4.1.3.1).

    Media types are case-insensitive and may carry parameters (RFC 9110 s8.3.1), such as a charset.
    """
    return content_type is not None and content_type.partition(";")[0].strip().lower() == FORM


def parse_pairs(canonical: str) -> list[Pair]:
    """Split text from ``escape_form`` into its parameters; a name without ``=`` has an empty value."""
    pairs = []
    for segment in canonical.split("&"):
        if segment:
            name, _, value = segment.partition("=")
            pairs.append((name, value.replace("=", "%3D") if "=" in value else value))
    return pairs


def join_pairs(pairs: Iterable[Pair]) -> str:
    """Join parameters as a form (s3.5.2) or query (s3.5.3) has them; the inverse of ``parse_pairs``."""
    return "&".join([f"{name}={value}" for name, value in pairs])


def divide(wire: str) -> tuple[str, list[str], list[Pair]]:
    """Tell the caller's parameters in a query or form (s3.4.1.3.1) from protocol parameters (s3.1).

    :param wire: the query or form as it is on the wire, from ``to_wire``.
    :returns: the caller's own segments, byte for byte and in their order; the same as
        ``sortable`` has them; and the pairs whose name begins with ``oauth_``.
    """
    data = wire.encode("latin-1")  # in which replacing takes a third less than in a str
    shape = data.translate(None, _NO_SEPARATORS)
    # As encoders write a form: well spelled, with one "=" in each segment. It is respelled as a whole.
    is_regular = shape == b"=&" * (len(shape) // 2) + b"=" and not has_misspelled_escape(wire)
    if is_regular and ("_" not in wire or PREFIX not in wire):  # looking for one character takes no time
        twice = data.replace(b"%", b"%25").replace(b"+", b"%2520").replace(b"=", b" ").decode()
        return wire, twice.split("&"), []
    own, own_spelled, protocol = [], [], []
    for segment, spelled in zip(wire.split("&"), escape_form(wire).split("&"), strict=True):
        if spelled.startswith(PREFIX):
            protocol.append(spelled)
        else:
            own.append(segment)
            own_spelled.append(spelled)
    return "&".join(own), sortable(parse_pairs("&".join(own_spelled))), parse_pairs("&".join(protocol))


# What a form-encoder's output consists of, but for the separators.
_NO_SEPARATORS = (UNRESERVED + "%+").encode()


def sortable(pairs: Iterable[Pair]) -> list[str]:
    """Return parameters as the base string has them (s3.4.1.1), percent-encoded once more, with a space for the ``=``.

    That sorts as the parameters do (s3.4.1.3.2): a space comes before all that names consist of, and a ``%`` before
    all else, followed by ``25`` or not.
    """
    return [f"{name} {value}".replace("%", "%25") for name, value in pairs]


def normalize(parameters: Iterable[str]) -> str:
    """Sort parameters by name, then value, and join them (s3.4.1.3.2), percent-encoded as the base string has them.

    :param parameters: from ``sortable``.
    """
    # As bytes, in which a megabyte is looked through in a tenth of the time.
    return "%26".join(sorted(parameters)).encode().replace(b" ", b"%3D").decode()
