"""The base strings that others make of the same request: each by one rule that is not the RFC's.

Each rule has been seen: in the bug trackers of servers and libraries, behind proxies, in
code that builds its base string by hand. A ``Variant`` names the cause that it would be.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from posixpath import normpath
from typing import NamedTuple
from urllib.parse import quote, unquote_to_bytes

from ..protocol.encoding import Pair
from .base_string_parts import Parts, decoded
from .spelling_variants import CHOICES, FINISHES, ORDERS, SPELLINGS, encoded_again, lower_escapes, spell_path

__all__ = [
    "TOO_LONG",
    "RequestContext",
    "Variant",
    "address_variants",
    "fewer_variants",
    "parameter_variants",
    "text_variants",
    "whole_variants",
]

#: Characters of a base string of which few variants are made: each costs as much as it is long.
TOO_LONG = 1 << 16

# More parameters than this are not left out one by one.
_MAX_LEFT_OUT = 40

_METHODS = ("GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS")
_PORTS = ("80", "443", "8080", "8443", "8000", "8888", "5000", "3000")


class Variant(NamedTuple):
    """One rule that differs.

    :ivar code: the cause that it is, if it reproduces a signature.
    :ivar phrase: how the base string was made, to end a sentence that begins "The base string was made ...".
    """

    code: str
    phrase: str
    parts: Parts


class RequestContext(NamedTuple):
    """What of a request its base string does not show.

    :ivar url_host: the host and port of the URL, as they stand in it.
    :ivar body: the body in octets, where it is text; ``None``: it is not, or there is none.
    :ivar content_type: the media type as it was sent; empty for none.
    :ivar realm: the header's realm, or ``None``.
    :ivar fragment: the URL's, with its ``#``, in octets; empty for none.
    """

    url_host: str = ""
    body: str | None = None
    content_type: str = ""
    realm: str | None = None
    fragment: str = ""

    def __repr__(self) -> str:
        return "RequestContext(***)"


def text_variants(parts: Parts, context: RequestContext) -> Iterator[Variant]:
    """Yield what others make of a request, the commonest mistakes first."""
    yield from address_variants(parts, context)
    yield from parameter_variants(parts, context)
    yield from whole_variants(parts, context)


def address_variants(parts: Parts, context: RequestContext) -> Iterator[Variant]:
    """Yield those that have another method or address, and the same parameters."""
    for rule in (_address, _method, _path):
        yield from rule(parts, context)


def parameter_variants(parts: Parts, context: RequestContext) -> Iterator[Variant]:
    """Yield those that have other parameters, or the same ones spelled or ordered otherwise."""
    for rule in (fewer_variants, _membership, _protocol, _spelling, _selection, _order, _changed):
        yield from rule(parts, context)


def whole_variants(parts: Parts, context: RequestContext) -> Iterator[Variant]:
    """Yield those that are made of the right parts, and then spelled otherwise."""
    for code, phrase, finish in FINISHES:
        yield Variant(code, phrase, parts._replace(finish=finish))


def _address(parts: Parts, context: RequestContext) -> Iterator[Variant]:
    """Another scheme, host or port: a proxy in between, most often (s3.4.1.2)."""
    other = "https" if parts.scheme == "http" else "http"
    yield Variant("scheme", f"for {other}", parts._replace(scheme=other))
    own = {"http": "80", "https": "443"}[parts.scheme]
    if parts.port:
        yield Variant("port", "without the port", parts._replace(port=""))
        yield Variant("scheme", f"for {other}, without the port", parts._replace(scheme=other, port=""))
    else:
        yield Variant("port", f"with the default port, :{own}", parts._replace(port=own))
    for port in _PORTS:
        if port not in (parts.port, own):
            yield Variant("port", f"with the port :{port}", parts._replace(port=port))
    host, port = _split_authority(context.url_host)
    hosts = [host, parts.host.removeprefix("www."), f"www.{parts.host}", f"{parts.host}.", parts.host.upper()]
    hosts += ["localhost", "127.0.0.1", "[::1]"]
    for other in dict.fromkeys(hosts):
        if other and other != parts.host:
            yield Variant("host", f"for the host {other}", parts._replace(host=other))
    if host.lower() != parts.host:
        yield Variant("host", f"for the host {context.url_host}", parts._replace(host=host, port=port))


def _split_authority(authority: str) -> tuple[str, str]:
    host, mark, port = authority.rpartition(":")
    return (host, port) if mark and port.isdecimal() else (authority, "")


def _path(parts: Parts, context: RequestContext) -> Iterator[Variant]:
    """Another path, or one that was encoded or decoded on the way (s3.4.1.2)."""
    for code, phrase, rule in _PATHS:
        path = rule(parts.path)
        if path != parts.path:
            yield Variant(code, phrase, parts._replace(path=path))
    if context.fragment:
        there = parts._replace(path=parts.path + context.fragment)
        yield Variant("path", "with the fragment in the URL", there)


def _as_octets(text: str) -> str:
    return text.encode("utf-8", "replace").decode("latin-1")


def _without_first(path: str) -> str:
    return "/" + path[1:].partition("/")[2]


def _first_twice(path: str) -> str:
    """WordPress in a folder puts the folder before a path that has it already."""
    return f"/{path[1:].partition('/')[0]}{path}"


def _front_controller(path: str) -> str:
    return path.removeprefix("/index.php") if path.startswith("/index.php") else f"/index.php{path}"


# What a more general rule makes as well comes before that rule.
_PATHS: tuple[tuple[str, str, Callable[[str], str]], ...] = (
    ("path", "with a slash after the path", lambda path: f"{path}/"),
    ("path", "without the last slash of the path", lambda path: path.rstrip("/")),
    ("path", "without the parameters (;) of the path", lambda path: path.partition(";")[0]),
    ("path", "with double slashes of the path as one", lambda path: re.sub("/{2,}", "/", path)),
    ("path", "without the ending (.json) of the path", lambda path: re.sub(r"(?<=[^/])\.\w{2,5}$", "", path)),
    ("path", "with .json after the path", lambda path: f"{path}.json"),
    ("path", "with /index.php in or out of the path", _front_controller),
    ("path", "without the first segment of the path", _without_first),
    ("path", "with the first segment of the path twice", _first_twice),
    ("path", "without the path", lambda path: "/"),
    ("path", "with a ? after the path", lambda path: f"{path}?"),
    ("path", "with . and .. in the path resolved", normpath),
    ("percent-encoding", "with lower-case escapes in the path", lower_escapes),
    ("percent-encoding", "with the path escaped by other rules",
     lambda path: quote(unquote_to_bytes(path), safe="/~;=@:!$&'()*+,")),
    ("percent-encoding", "with the path escaped as values are", lambda path: quote(unquote_to_bytes(path), safe="/~")),
    ("plus-as-space", "with spaces of the path as +", lambda path: path.replace("%20", "+")),
    ("double-encoding", "with the path percent-encoded once more", lambda path: quote(path, safe="/~")),
    ("double-encoding", "with the path decoded", lambda path: _as_octets(decoded(path))),
    ("path", "with the path in lower case", str.lower),
)  # fmt: skip


def fewer_variants(parts: Parts, context: RequestContext) -> Iterator[Variant]:
    """Yield those without the query or the form (s3.4.1.3.1)."""
    if parts.form:
        is_odd = context.body is not None and not _looks_like_form(context.body)
        code = "content-type" if is_odd or ";" in context.content_type else _FORM_OUT
        yield Variant(code, "without the fields of the form", parts._replace(form=()))
    if parts.query:
        yield Variant("query-changed", "without the query", parts._replace(query=()))
    if parts.query and parts.form:
        yield Variant("query-changed", "without the query and the form", parts._replace(query=(), form=()))


def _membership(parts: Parts, context: RequestContext) -> Iterator[Variant]:
    """Parameters in or out that should not be (s3.4.1.3.1)."""
    if parts.form:
        yield Variant("duplicate-parameters", "with the form's fields twice", parts._replace(form=parts.form * 2))
    elif context.body:
        yield from _body_signed(parts, context)
    if parts.query:
        yield Variant("duplicate-parameters", "with the query twice", parts._replace(query=parts.query * 2))
    if context.realm is not None:
        realm = ("realm", quote(context.realm, safe="~"))
        yield Variant("realm", "with the realm among the parameters", parts._replace(more=(realm,)))
    query = "&".join(parts.query)
    if query:
        there = parts._replace(path=f"{parts.path}?{query}")
        yield Variant("query-changed", "with the query in the URL, too", there)
        moved = there._replace(query=())
        yield Variant("query-changed", "with the query in the URL, not among the parameters", moved)


def _protocol(parts: Parts, context: RequestContext) -> Iterator[Variant]:
    """Protocol parameters in or out, or another method's name (s3.4.1.3.1)."""
    names = {name for name, _ in parts.protocol}
    for name in ("oauth_token", "oauth_callback", "oauth_verifier", "oauth_signature"):
        if name not in names:
            yield Variant("empty-value", f"with an empty {name}", parts._replace(more=((name, ""),)))
    if "oauth_version" not in names:
        more = parts._replace(more=(("oauth_version", "1.0"),))
        yield Variant("query-changed", "with an oauth_version that was not sent", more)
    again = tuple((name, encoded_again(value)) for name, value in parts.protocol)
    yield Variant(
        "double-encoding", "with the protocol parameters percent-encoded twice", parts._replace(protocol=again)
    )
    for pair in parts.protocol[:_MAX_LEFT_OUT]:
        left = tuple(other for other in parts.protocol if other != pair)
        yield Variant(_WITHOUT.get(pair[0], "query-changed"), f"without {pair[0]}", parts._replace(protocol=left))
        if pair[0] == "oauth_timestamp":
            yield from _asked_twice(parts._replace(protocol=left), pair)
        for method in _SIGNATURE_METHODS if pair[0] == "oauth_signature_method" else ():
            if method != pair[1]:
                named = (*left, (pair[0], method))
                yield Variant("signature-method", f"with {method} as its method", parts._replace(protocol=named))


def _asked_twice(others: Parts, timestamp: Pair) -> Iterator[Variant]:
    """The clock asked once for the signature and once for the request."""
    name, value = timestamp
    for second in (
        (-1, 1, -2, 2) if value.isascii() and value.isdecimal() and len(value) < _MAX_TIMESTAMP_DIGITS else ()
    ):
        signed = str(int(value) + second)
        more = others._replace(more=((name, signed),))
        yield Variant("clock-skew", f"with the timestamp {signed}, and {value} was sent", more)


_MAX_TIMESTAMP_DIGITS = 20  # digits of a timestamp
_FORM_OUT = "body-not-signed"
_SIGNATURE_METHODS = ("HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512")
_WITHOUT = {
    "oauth_callback": "callback-missing", "oauth_verifier": "verifier-missing", "oauth_token": "token-missing",
    "oauth_body_hash": "body-changed",
}  # fmt: skip


def _body_signed(parts: Parts, context: RequestContext) -> Iterator[Variant]:
    """A body that is no form, signed as if it were one."""
    body = context.body or ""
    fields = tuple(segment for segment in body.split("&") if segment)
    code = "content-type" if _looks_like_form(body) else "body-signed"
    yield Variant(code, "with the body's fields among the parameters", parts._replace(form=fields))
    parts_of_form = _multipart_fields(body) if "multipart" in context.content_type.lower() else []
    if parts_of_form:
        more = tuple((_escaped(name), _escaped(value)) for name, value in parts_of_form)
        yield Variant("body-signed", "with the parts of the form among the parameters", parts._replace(more=more))
    whole = (_escaped(body), "")
    yield Variant("body-signed", "with the whole body among the parameters", parts._replace(more=(whole,)))
    for name in ("xml", "body", "data", "json"):
        named = parts._replace(more=((name, _escaped(body)),))
        yield Variant("body-signed", f"with the whole body as the parameter {name}", named)
    try:
        found = _plain_json(body)
    except (ValueError, RecursionError):
        return
    if found:
        more = tuple((_quoted(name), _quoted(value)) for name, value in found)
        yield Variant("body-signed", "with the members of the JSON among the parameters", parts._replace(more=more))


def _quoted(text: str) -> str:
    return quote(text, safe="~", errors="replace")  # JSON may have lone surrogates in it


def _escaped(wire: str) -> str:
    return quote(wire.encode("latin-1"), safe="~")


_part = re.compile(r'form-data; name="([^"]*)"(?:\r\n(?!\r\n)[^\r\n]*){0,20}\r\n\r\n(.*)', re.DOTALL).search


def _multipart_fields(body: str) -> list[tuple[str, str]]:
    """Return the fields of a multipart form, without its files (RFC 7578)."""
    fields = [_part(part) for part in body.split("\r\n--")[:-1]]
    return [(field[1], field[2]) for field in fields if field is not None]


def _plain_json(body: str) -> list[tuple[str, str]]:
    found = json.loads(body.encode("latin-1"))
    items = found.items() if isinstance(found, dict) else ()
    return [(name, value if isinstance(value, str) else json.dumps(value)) for name, value in items]


def _looks_like_form(body: str | None) -> bool:
    return (
        body is not None
        and re.fullmatch(r"[^\s=&{}\[\]\"<>]+=[^\s={}\"<>]*(?:&[^\s=&{}\"<>]+=[^\s={}\"<>]*)*", body) is not None
    )


def _changed(parts: Parts, context: RequestContext) -> Iterator[Variant]:
    """One parameter more than was signed."""
    for left, name in _one_less(parts.query):
        yield Variant("query-changed", f"without {name} of the query", parts._replace(query=left))
    for left, name in _one_less(parts.form):
        yield Variant("body-changed", f"without {name} of the form", parts._replace(form=left))


def _one_less(segments: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    for position, segment in enumerate(segments if len(segments) <= _MAX_LEFT_OUT else ()):
        yield segments[:position] + segments[position + 1 :], segment.partition("=")[0][:40]


def _spelling(parts: Parts, context: RequestContext) -> Iterator[Variant]:
    """Names and values spelled by other rules than s3.6's."""
    for code, phrase, spell in SPELLINGS:
        yield Variant(code, phrase, parts._replace(spell=spell))
        if parts.path != "/" and code in ("charset", "percent-encoding"):
            yield Variant(code, f"{phrase}, in the path too", parts._replace(spell=spell, spell_path=spell_path(spell)))
    for name in sorted({name for name, value in parts.pairs() if "%" in value}, key=_callback_first)[:_MAX_LEFT_OUT]:
        twice = parts._replace(keep=partial(_one_encoded_again, name))
        yield Variant("double-encoding", f"with {decoded(name)[:40]} percent-encoded twice", twice)
    as_spaces = parts._replace(query=_with_spaces(parts.query), form=_with_spaces(parts.form))
    yield Variant("plus-as-space", "with plus signs in query or form as spaces", as_spaces)
    plus = parts._replace(plus="%2B")
    yield Variant("plus-as-space", "with + in query or form taken for a plus sign", plus)


def _callback_first(name: str) -> tuple[bool, str]:
    return name != "oauth_callback", name


def _one_encoded_again(name: str, pairs: list[Pair]) -> list[Pair]:
    return [(own, encoded_again(value) if own == name else value) for own, value in pairs]


def _with_spaces(segments: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(re.sub("%2[Bb]", "%20", segment) for segment in segments)


def _selection(parts: Parts, context: RequestContext) -> Iterator[Variant]:
    """Parameters that one side loses, or has otherwise."""
    changed = "body-changed" if parts.form else "query-changed"
    for code, phrase, choice in CHOICES:
        yield Variant(changed if code == "changed" else code, phrase, parts._replace(keep=choice))
    bare = tuple(segment for segment in parts.query if "=" in segment)
    yield Variant("empty-value", "without names that have no =", parts._replace(query=bare))
    twice = parts._replace(more=parts.protocol)
    yield Variant("duplicate-parameters", "with the protocol parameters twice", twice)


def _method(parts: Parts, context: RequestContext) -> Iterator[Variant]:
    """Another method, or another spelling of it (s3.4.1.1)."""
    for method in _METHODS:
        if method != parts.method:
            yield Variant("method", f"for {method}", parts._replace(method=method))
    yield Variant("method", "with the method in lower case", parts._replace(method=parts.method.lower()))
    capital = parts._replace(method=parts.method.capitalize())
    yield Variant("method", f"with the method as {capital.method[:20]}", capital)


def _order(parts: Parts, context: RequestContext) -> Iterator[Variant]:
    """Parameters in another order than s3.4.1.3.2's."""
    for phrase, order in ORDERS:
        yield Variant("parameter-order", phrase, parts._replace(order=order))
