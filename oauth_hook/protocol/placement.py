"""Where protocol parameters travel (RFC 5849 s3.5): put there, and found there.

Pairs are percent-encoded already (s3.6), so that placing is joining.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from ..errors import UsageError, check_type
from .encoding import Pair, escape_header_value, to_wire

__all__ = [
    "PLACEMENTS",
    "append",
    "authorization",
    "check_empty",
    "check_placement",
    "is_empty",
    "parse_authorization",
    "quote_pairs",
    "quote_realm",
    "targets",
]

#: The five placements. ``url-encoded`` is the body of a form-encoded request, else the
#: query; ``header+url-encoded`` is both at once, for lenient servers: s3.5 allows one only.
PLACEMENTS = ("header", "query", "body", "url-encoded", "header+url-encoded")

# RFC 9110 s11.4: auth-scheme 1*SP ( auth-param *( "," auth-param ) ), the scheme in any case.
_scheme = re.compile(r"\s*OAuth(?:\s+|$)", re.IGNORECASE).match
# auth-param: token BWS "=" BWS ( token / quoted-string ). Names are percent-encoded (s3.5.1).
_parameter = re.compile(r'\s*([^\s="\,]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]*))\s*(?:,|$)').match
_empty_element = re.compile(r"\s*,").match  # a list may have them (RFC 9110 s5.6.1)
_quoted_pair = re.compile(r"\\(.)").sub


def check_placement(name: str) -> str:
    """Return the name of a placement.

    :raises UsageError: there is no such placement.
    """
    if name not in PLACEMENTS:
        raise UsageError(f"there is no placement {name!r}: choose one of {', '.join(PLACEMENTS)}")
    return name


@cache
def targets(placement: str, has_form: bool) -> tuple[bool, bool, bool]:
    """Tell whether a placement means the header (s3.5.1), the body (s3.5.2), the query (s3.5.3).

    :param has_form: the request is form-encoded: there ``url-encoded`` means the body.
    """
    url_encoded = placement.endswith("url-encoded")
    return (
        placement.startswith("header"),
        placement == "body" or (url_encoded and has_form),
        placement == "query" or (url_encoded and not has_form),
    )


def is_empty(body: object) -> bool:
    """Tell whether there is nothing to send."""
    return body is None or (isinstance(body, (bytes, str)) and not body)


def check_empty(body: object, content_type: str | None, in_form: bool) -> None:
    """Refuse to make a form (s3.5.2) of a request that has something else to send.

    :raises UsageError: there is a body, or a media type other than a form's.
    """
    if not is_empty(body) or (content_type is not None and not in_form):
        raise UsageError(
            "placement='body' puts parameters into a form (RFC 5849 s3.5.2), and this body cannot become a form "
            f"({content_type or type(body).__name__}): use placement='header' or 'query'"
        )


def quote_pairs(pairs: Iterable[Pair]) -> str:
    """Return parameters as the ``Authorization`` header has them (s3.5.1), with commas between them."""
    return ", ".join([f'{name}="{value}"' for name, value in pairs])


def authorization(quoted: str, pairs: Iterable[Pair], realm: str | None) -> str:
    """Return the value of the ``Authorization`` header (s3.5.1), the realm first.

    :param quoted: some parameters, from ``quote_pairs``; ``pairs`` are the others.
    :param realm: as ``quote_realm`` made it, or ``None`` for none.
    """
    scheme = "OAuth" if realm is None else f'OAuth realm="{realm}",'
    return f"{scheme} {quoted}" + "".join([f', {name}="{value}"' for name, value in pairs])


def append(wire: str, joined: str) -> str:
    """Return a form (s3.5.2) or query (s3.5.3) with parameters from ``join_pairs`` after what is there.

    Separators at its end give way: some servers refuse an empty segment, and what is signed twice is to be the same.
    """
    own = wire.rstrip("&")
    return f"{own}&{joined}" if own else joined


def quote_realm(realm: str) -> str:
    r"""Return a realm as it stands between the quotes (RFC 9110 s5.6.4), ``"`` and ``\`` escaped.

    :raises UsageError: it has a character that no header can carry.
    """
    check_type(realm, str, "realm", "a str")
    if any(not " " <= c <= "\xff" or "\x7f" <= c < "\xa0" for c in realm):
        raise UsageError("realm has a character that a header cannot carry (a control character, or beyond Latin-1)")
    return realm.replace("\\", "\\\\").replace('"', '\\"')


def parse_authorization(header: str) -> tuple[str | None, list[Pair]] | None:
    """Read an ``Authorization`` header (s3.5.1); the inverse of ``authorization``.

    :returns: the realm, as it stood between its quotes, and the pairs, respelled as s3.6
        would have them; ``None`` where it is another scheme's, or there is no sense in it.
    """
    scheme = _scheme(header)
    if scheme is None:
        return None
    realm, pairs = None, []
    position, end = scheme.end(), len(header.rstrip())
    while position < end:
        empty = _empty_element(header, position)
        if empty is not None:
            position = empty.end()
            continue
        match = _parameter(header, position)
        if match is None:
            return None
        position = match.end()
        name, quoted, token = match.groups()
        if name.lower() == "realm":
            realm = quote_realm(token) if quoted is None else quoted
        else:
            value = token if quoted is None else _quoted_pair(lambda pair: pair[1], quoted)
            pairs.append((escape_header_value(to_wire(name)), escape_header_value(to_wire(value))))
    return realm, pairs
