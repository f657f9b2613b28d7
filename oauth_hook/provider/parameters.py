"""The parameters of a request: where they may stand (s3.5), which must be there (s3.1).

- Parameters come from the ``Authorization`` header, the query and a form (s3.4.1.3.1).
  Protocol parameters are those whose name begins with ``oauth_``.
- They stand in one place only (s3.5).  One leniency, for clients that sign in two places to
  please old servers: copies in the query or form that equal the header's are counted once.
- oauthlib reads only part of what is legal on the wire: it refuses ``[``, ``'`` and ``|`` in a
  query, unescapes twice what it finds there, and loses a query parameter named ``realm``.
  So it is handed the same parameters in a spelling that all agree on.  This changes nothing
  in the base string, which is made of decoded parameters, wherever they stood; the scheme,
  the host and the path, which it is also made of, stay as they came.
- One thing cannot be handed over: a path that ends in a bare ``;``, which oauthlib drops.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from urllib.parse import quote, unquote

from .messages import BadRequestError, Pair, Request, parse_pairs
from .problems import Refusal, Unsigned, absent, rejected

__all__ = ["BOTH", "Parameters", "canonical_url", "check_form", "collect", "own_segments"]

BOTH = "header+url-encoded"
_REQUIRED = ("oauth_consumer_key", "oauth_signature_method", "oauth_signature")
_FRESHNESS = ("oauth_timestamp", "oauth_nonce")
_TIMESTAMP = re.compile(r"[0-9]{1,10}")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]*")
_NONCE = re.compile(r"[!-~]{1,64}")

# One `name="value"` of the header.  The quotes are the rule (s3.5.1); a bare token is let pass.
_HEADER_PART = re.compile(r'\s*([^\s=,"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]*))\s*(?:,|$)', re.DOTALL)
_EMPTY_PART = re.compile(r"\s*(?:,|$)")


@dataclass(frozen=True, repr=False)
class Parameters:
    """What a request says, decoded.

    :param protocol: the protocol parameters by name.
    :param query: the caller's parameters in the query, in order.
    :param form: the caller's parameters in the form, in order.
    :param header: what the header holds besides protocol parameters and the realm.
    :param placement: ``header``, ``query``, ``body`` or ``header+url-encoded``; empty: unsigned.
    :param realm: the header's realm, which is no part of the signature.
    """

    protocol: dict[str, str]
    query: list[Pair]
    form: list[Pair]
    header: list[Pair]
    placement: str
    realm: str | None

    @property
    def signed(self) -> list[Pair]:
        """All that are signed (s3.4.1.3.1), and the signature."""
        return [*self.protocol.items(), *self.query, *self.form, *self.header]

    @property
    def size(self) -> int:
        """How many characters they have."""
        return sum(len(name) + len(value) for name, value in self.signed)


def collect(request: Request, form: bytes | None) -> Parameters:
    """Return the parameters of a request (s3.4.1.3.1).

    :param form: the body, if it is form-encoded.
    :raises BadRequestError: something is not UTF-8.
    :raises Refusal: protocol parameters are malformed, repeated or in more than one place.
    """
    realm, header = _parse_header(request.authorization)
    query, body = parse_pairs(request.query, "query"), parse_pairs(form or b"", "form")
    protocol, placement = _find_place(_protocol(header), _protocol(query), _protocol(body))
    return Parameters(protocol, _own(query), _own(body), _own(header), placement, realm)


def check_form(
    parameters: Parameters, *, methods: Collection[str], required: Iterable[str] = (), protected: bool = False
) -> None:
    """Check that everything is there and well-formed, before anything is looked up (s3.1, s3.2).

    :param methods: the signature methods that can be verified here.
    :param required: what this endpoint needs besides the parameters of every request.
    :param protected: whether this is a protected resource, where coming unsigned is no mistake.
    :raises Refusal: it is not.
    """
    protocol = parameters.protocol
    method = protocol.get("oauth_signature_method")
    needed = [*_REQUIRED, *([] if _omits_freshness(protocol) else _FRESHNESS), *required]
    missing = [name for name in needed if not protocol.get(name)]
    if protected and not protocol:
        raise Unsigned(missing)
    if protocol.get("oauth_version", "1.0") != "1.0":
        raise Refusal("version_rejected", "oauth_version must be 1.0 (s3.1)", oauth_acceptable_versions="1.0-1.0")
    if method and method not in methods:
        raise Refusal("signature_method_rejected", f"use one of {', '.join(sorted(methods))}")
    if missing:
        raise absent(missing)
    if protocol.get("oauth_token") and "oauth_token" not in needed:
        raise rejected(["oauth_token"], "this URL is for a consumer alone: sign without a token")
    if not _omits_freshness(protocol):
        _check_freshness_form(protocol)


def canonical_url(request: Request, parameters: Parameters, now: float) -> str:
    """Return a URL that says the same as the request, and that oauthlib reads as meant.

    Every parameter stands in its query.  A protocol parameter is escaped once more, because
    oauthlib unescapes those twice.
    """
    protocol = dict(parameters.protocol)
    if _omits_freshness(protocol):
        # s3.1 lets PLAINTEXT do without; oauthlib does not, and never looks at what they hold.
        protocol |= {"oauth_timestamp": f"{now:.0f}", "oauth_nonce": "none"}
    pairs = [(name, _escape(value)) for name, value in protocol.items()]
    pairs += [*parameters.query, *parameters.form, *parameters.header]
    query = "&".join(f"{_escape(name)}={_escape(value)}" for name, value in pairs)
    return f"{request.base_url}?{query}"


def own_segments(query: str) -> str:
    """Return a raw query without the segments that are protocol parameters: fit to be shown."""
    return "&".join(part for part in query.split("&") if not unquote(part).startswith("oauth_"))


def _parse_header(authorization: str) -> tuple[str | None, list[Pair]]:
    """Return the realm and the parameters of an ``Authorization`` header (s3.5.1).

    :raises Refusal: it is of our scheme, and malformed.
    """
    scheme, _, text = authorization.strip().partition(" ")
    if scheme.lower() != "oauth":
        return None, []
    realm, pairs, position = None, [], 0
    while position < len(text):
        blank = _EMPTY_PART.match(text, position)
        part = blank or _HEADER_PART.match(text, position)
        if part is None:
            raise rejected(["Authorization"], 'the header must be OAuth name="value", ... (s3.5.1)')
        position = part.end()
        if part is blank:
            continue
        name, value = _unescape(part[1]), part[2] if part[2] is not None else part[3]
        if name.lower() == "realm":
            realm = re.sub(r"\\(.)", r"\1", value)
        else:
            pairs.append((name, _unescape(value)))
    return realm, pairs


def _find_place(header: list[Pair], query: list[Pair], body: list[Pair]) -> tuple[dict[str, str], str]:
    """Return the protocol parameters and the one place they stand in (s3.5).

    :raises Refusal: they stand in several, or one of them twice.
    """
    places = {"header": header, "query": query, "body": body}
    for pairs in places.values():
        repeated = {name for name, count in Counter(name for name, _ in pairs).items() if count > 1}
        if repeated:
            raise rejected(sorted(repeated), "a protocol parameter must appear only once (s3.1)")
    used = [place for place, pairs in places.items() if pairs]
    if len(used) == 2 and used[0] == "header" and set(places[used[1]]) <= set(header):
        return dict(header), BOTH
    if len(used) > 1:
        names = sorted({name for place in used[1:] for name, _ in places[place]})
        raise rejected(names, f"protocol parameters must stand in one place, not in {' and '.join(used)} (s3.5)")
    return (dict(places[used[0]]), used[0]) if used else ({}, "")


def _omits_freshness(protocol: dict[str, str]) -> bool:
    """Whether timestamp and nonce are left out by the method that may do so (s3.1)."""
    return protocol.get("oauth_signature_method") == "PLAINTEXT" and not any(protocol.get(name) for name in _FRESHNESS)


def _check_freshness_form(protocol: dict[str, str]) -> None:
    """Check the form of timestamp and nonce (s3.3).

    The RFC says no more of a nonce than that it is a string; other providers are as liberal.
    """
    if not _TIMESTAMP.fullmatch(protocol["oauth_timestamp"]):
        raise rejected(["oauth_timestamp"], "oauth_timestamp must be the seconds since 1970, in decimal (s3.3)")
    if not _NONCE.fullmatch(protocol["oauth_nonce"]):
        raise rejected(["oauth_nonce"], "oauth_nonce must have 1 to 64 printable ASCII characters")


def _protocol(pairs: list[Pair]) -> list[Pair]:
    return [pair for pair in pairs if pair[0].startswith("oauth_")]


def _own(pairs: list[Pair]) -> list[Pair]:
    return [pair for pair in pairs if not pair[0].startswith("oauth_")]


def _escape(text: str) -> str:
    """Percent-encode (s3.6); most texts need none, and are found out faster than encoded."""
    return text if _UNRESERVED.fullmatch(text) else quote(text, safe="~")


def _unescape(text: str) -> str:
    """Undo the encoding of s3.6, in which ``+`` is a plus."""
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError as error:
        raise BadRequestError("a header parameter is not UTF-8") from error
