"""The base strings that others make of the same request: each by one rule that is not the RFC's.

Each rule has been seen: in the bug trackers of servers and libraries, behind proxies, in
code that builds its base string by hand. A ``Variant`` names the cause that it would be.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any, NamedTuple
from urllib.parse import quote

from ..protocol.encoding import Pair
from .base_string_parts import Parts, decoded, split_segments
from .findings import ABSENT
from .spelling_variants import CHOICES, ENCODERS, FINISHES, MERGES, ORDERS, PATHS, SPELLINGS, encode_again, spell_values

__all__ = [
    "FEW_RULES",
    "PARAMETER_RULES",
    "TOO_LONG",
    "URL_RULES",
    "USUAL_RULES",
    "WHOLE_RULES",
    "RequestContext",
    "Rule",
    "Variant",
    "make_variants",
]

#: Characters of a base string of which few variants are made: each costs as much as it is long.
TOO_LONG = 1 << 16

# More parameters than this are not left out one by one.
_MAX_LEFT_OUT = 40

_MAX_TIMESTAMP_DIGITS = 20

_METHODS = ("GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS")
_PORTS = ("80", "443", "8080", "8443", "8000", "8888", "5000", "3000")
_SIGNATURE_METHODS = ("HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512")


class Variant(NamedTuple):
    """One rule that differs.

    :ivar code: the cause that it is, if it reproduces a signature.
    :ivar phrase: how the base string was made, to end a sentence that begins "The base string was made ...".
    :ivar changes: what it changes of the right parts.
    """

    code: str
    phrase: str
    changes: Mapping[str, Any]


class RequestContext(NamedTuple):
    """What of a request its base string does not show.

    :ivar url_host: the host and port of the URL, as they stand in it.
    :ivar body: the body, a character for each byte, where it is text; ``None``: it has no body of text.
    :ivar content_type: the media type as it was sent; empty for none.
    :ivar realm: the header's realm, or ``None``.
    :ivar fragment: the URL's, with its ``#``, a character for each byte; empty for none.
    """

    url_host: str = ""
    body: str | None = None
    content_type: str = ""
    realm: str | None = None
    fragment: str = ""

    def __repr__(self) -> str:
        return "RequestContext(***)"


def _vary_method(parts: Parts, context: RequestContext) -> Iterator[Variant]:
    """Another method, or another spelling of it (s3.4.1.1)."""
    for method in _METHODS:
        yield Variant("method", f"for {method}", {"method": method})
    yield Variant("method", "with the method in lower case", {"method": parts.method.lower()})
    capital = parts.method.capitalize()
    yield Variant("method", f"with the method as {capital[:20]}", {"method": capital})


def _vary_authority(parts: Parts, context: RequestContext) -> Iterator[Variant]:
    """Another scheme, host or port: a proxy in between, most often (s3.4.1.2)."""
    other, default = ("https", "80") if parts.scheme == "http" else ("http", "443")
    yield Variant("scheme", f"for {other}", {"scheme": other})
    yield from _spell_authority(parts)
    if parts.port:
        yield Variant("port", "without the port", {"port": ""})
        yield Variant("scheme", f"for {other}, without the port", {"scheme": other, "port": ""})
        yield Variant("path", "without the port and the path", {"port": "", "path": "/"})
        yield Variant("path", "without the port, the path and its slash", {"port": "", "path": ""})
    else:
        yield Variant("port", f"with the default port, :{default}", {"port": default})
    for port in _PORTS:
        if port != default:
            yield Variant("port", f"with the port :{port}", {"port": port})
    host, mark, port = context.url_host.rpartition(":")
    if not mark or not port.isdecimal():
        host, port = context.url_host, ""
    hosts = [host, parts.host.removeprefix("www."), f"www.{parts.host}", f"{parts.host}.", _capitalize(parts.host)]
    for name in (*hosts, "localhost", "127.0.0.1", "[::1]"):
        if name:
            yield Variant("host", f"for the host {name}", {"host": name})
    if host and host.lower() != parts.host:
        yield Variant("host", f"for the host {context.url_host}", {"host": host, "port": port})


def _capitalize(host: str) -> str:
    """Return a host in capitals: a character stands for a byte, and what is not ASCII stays."""
    return host.encode("latin-1").upper().decode("latin-1")


def _spell_authority(parts: Parts) -> Iterator[Variant]:
    """Scheme and host in capitals, or not there at all."""
    scheme, host = parts.scheme.upper(), parts.host
    yield Variant("scheme", f"with the scheme as {scheme}", {"scheme": scheme})
    yield Variant("host", "with the scheme and the host in capitals", {"scheme": scheme, "host": _capitalize(host)})
    yield Variant("scheme", "without the scheme", {"scheme": ""})
    yield Variant("scheme", "with // alone for the scheme", {"scheme": "", "host": f"//{host}"})
    yield Variant("host", "with the path alone for the URL", {"scheme": "", "host": "", "port": ""})


def _vary_path(parts: Parts, context: RequestContext) -> Iterator[Variant]:
    """Another path, or one that was encoded or decoded on the way (s3.4.1.2)."""
    for code, phrase, spell in PATHS:
        yield Variant(code, phrase, {"path": spell(parts.path)})
    yield Variant("path", "with the fragment in the URL", {"path": parts.path + context.fragment})


def _merge_query_and_form(parts: Parts, context: RequestContext) -> Iterator[Variant]:
    """One of each name, where query and form have a name in common: a server that has one table for both."""
    names = [{segment.partition("=")[0] for segment in segments} for segments in (parts.query, parts.form)]
    for code, phrase, choice in MERGES if names[0] & names[1] else ():
        yield Variant(code, phrase, {"keep": choice})


def _leave_out_form_or_query(parts: Parts, context: RequestContext) -> Iterator[Variant]:
    """Nothing of the query, or of the form (s3.4.1.3.1)."""
    is_odd = context.body is not None and not _looks_like_form(context.body)
    code = "content-type" if is_odd else "body-not-signed"
    yield Variant(code, "without the fields of the form", {"form": ()})
    yield Variant("query-changed", "without the query", {"query": ()})
    if parts.query and parts.form:
        yield Variant("query-changed", "without the query and the form", {"query": (), "form": ()})


def _put_in(parts: Parts, context: RequestContext) -> Iterator[Variant]:
    """Query and form in another place, or twice, and what is no parameter at all (s3.4.1.3.1)."""
    yield Variant("duplicate-parameters", "with the form's fields twice", {"form": parts.form * 2})
    if context.body and not parts.form:
        yield from _put_in_body(context.body, context.content_type)
    yield Variant("duplicate-parameters", "with the query twice", {"query": parts.query * 2})
    if context.realm is not None:
        realm = ("realm", quote(context.realm, safe="~"))
        yield Variant("realm", "with the realm among the parameters", {"more": (realm,)})
    if parts.query:
        path = f"{parts.path}?{'&'.join(parts.query)}"
        yield Variant("query-changed", "with the query in the URL, too", {"path": path})
        moved = {"path": path, "query": ()}
        yield Variant("query-changed", "with the query in the URL, not among the parameters", moved)
        if context.fragment:
            yield from _put_in_fragment(parts, path, context.fragment)


def _put_in_fragment(parts: Parts, path: str, fragment: str) -> Iterator[Variant]:
    """The fragment, which is never sent, behind the query."""
    whole = path + fragment
    yield Variant("path", "with the query and the fragment in the URL, too", {"path": whole})
    moved = {"path": whole, "query": ()}
    yield Variant("path", "with the query and the fragment in the URL, not among the parameters", moved)
    longer = {"query": (*parts.query[:-1], parts.query[-1] + _escape(fragment))}
    yield Variant("path", "with the fragment as a part of the query", longer)


def _put_in_body(body: str, content_type: str) -> Iterator[Variant]:
    """A body that is no form, signed as if it were one."""
    code, whole = "content-type" if _looks_like_form(body) else "body-signed", _escape(body)
    yield Variant(code, "with the body's fields among the parameters", {"form": split_segments(body)})
    if "multipart" in content_type.lower():
        fields = {"more": tuple(_read_multipart(body))}
        yield Variant("body-signed", "with the parts of the form among the parameters", fields)
    yield Variant("body-signed", "with the whole body among the parameters", {"more": ((whole, ""),)})
    for name in ("xml", "body", "data", "json"):
        yield Variant("body-signed", f"with the whole body as the parameter {name}", {"more": ((name, whole),)})
    members = {"more": tuple(_read_json(body))}
    yield Variant("body-signed", "with the members of the JSON among the parameters", members)


def _escape(text: str, encoding: str = "latin-1") -> str:
    return quote(text, safe="~", encoding=encoding, errors="replace")


_find_field = re.compile(r'form-data; name="([^"]*)"(?:\r\n(?!\r\n)[^\r\n]*){0,20}\r\n\r\n(.*)', re.DOTALL).search


def _read_multipart(body: str) -> Iterator[Pair]:
    """Yield the fields of a multipart form, without its files (RFC 7578)."""
    for part in body.split("\r\n--")[:-1]:
        field = _find_field(part)
        if field is not None:
            yield _escape(field[1]), _escape(field[2])


def _read_json(body: str) -> Iterator[Pair]:
    """Yield the members of a JSON object, which may have lone surrogates in it."""
    try:
        found = json.loads(body.encode("latin-1"))
    except (ValueError, RecursionError):
        return
    for name, value in found.items() if isinstance(found, dict) else ():
        yield _escape(name, "utf-8"), _escape(value if isinstance(value, str) else json.dumps(value), "utf-8")


_looks_like_form = re.compile(r"[^\s=&{}\[\]\"<>]+=[^\s={}\"<>]*(?:&[^\s=&{}\"<>]+=[^\s={}\"<>]*)*").fullmatch


def _vary_protocol(parts: Parts, context: RequestContext) -> Iterator[Variant]:
    """Protocol parameters in or out, or with another value (s3.4.1.3.1)."""
    names = {name for name, _ in parts.protocol}
    for name in ("oauth_token", "oauth_callback", "oauth_verifier", "oauth_signature"):
        if name not in names:
            yield Variant("empty-value", f"with an empty {name}", {"more": ((name, ""),)})
    if "oauth_version" not in names:
        version = {"more": (("oauth_version", "1.0"),)}
        yield Variant("query-changed", "with an oauth_version that was not sent", version)
    again = {"protocol": tuple((name, encode_again(value)) for name, value in parts.protocol)}
    yield Variant("double-encoding", "with the protocol parameters percent-encoded twice", again)
    for name, value in parts.protocol[:_MAX_LEFT_OUT]:
        left = tuple(pair for pair in parts.protocol if pair != (name, value))
        code = ABSENT.get(name, "query-changed") if value else "empty-value"
        yield Variant(code, f"without {name}" if value else f"without {name}, which is empty", {"protocol": left})
        for code, phrase, other in _other_values(name, value):
            yield Variant(code, phrase, {"protocol": left, "more": ((name, other),)})
    yield Variant("duplicate-parameters", "with the protocol parameters twice", {"more": parts.protocol})


def _other_values(name: str, value: str) -> Iterator[tuple[str, str, str]]:
    """Another signature method; another second, where the clock was asked once for the signature and once to send."""
    if name == "oauth_signature_method":
        for method in _SIGNATURE_METHODS:
            if method != value:
                yield "signature-method", f"with {method} as its method", method
    if name == "oauth_timestamp" and value.isascii() and value.isdecimal() and len(value) < _MAX_TIMESTAMP_DIGITS:
        for seconds in (-1, 1, -2, 2):
            signed = str(int(value) + seconds)
            yield "clock-skew", f"with the timestamp {signed}, and {value} was sent", signed


def _vary_spelling(parts: Parts, context: RequestContext) -> Iterator[Variant]:
    """Names and values spelled by other rules than s3.6's."""
    texts = _join_texts(parts)
    for code, phrase, spell in SPELLINGS:
        if spell(texts) != texts:
            yield Variant(code, phrase, {"spell": spell})
            if ("%" in parts.path or "~" in parts.path) and code in ("charset", "percent-encoding"):
                yield Variant(code, f"{phrase}, in the path too", {"spell": spell, "spell_path": spell})
    names = {name for name, value in parts.pairs if "%" in value}
    for name in sorted(names, key=lambda name: (name != "oauth_callback", name))[:_MAX_LEFT_OUT]:
        twice = {"keep": spell_values(encode_again, only=name)}
        yield Variant("double-encoding", f"with {decoded(name)[:40]} percent-encoded twice", twice)
    as_spaces = {
        name: tuple(re.sub("%2[Bb]", "%20", segment) for segment in segments)
        for name, segments in (("query", parts.query), ("form", parts.form))
    }
    yield Variant("plus-as-space", "with plus signs in query or form as spaces", as_spaces)
    yield Variant("plus-as-space", "with + in query or form taken for a plus sign", {"plus": "%2B"})


def _join_texts(parts: Parts) -> str:
    """Return the path and all names and values: a rule that leaves this as it is changes none of them."""
    return "-".join([*parts.path.split("/"), *(text for pair in parts.pairs for text in pair)])


def _choose(parts: Parts, context: RequestContext) -> Iterator[Variant]:
    """Parameters that one side loses, has otherwise, or has in another order than s3.4.1.3.2's."""
    changed = "body-changed" if parts.form else "query-changed"
    for code, phrase, choice in CHOICES:
        yield Variant(code or changed, phrase, {"keep": choice})
    bare = tuple(segment for segment in parts.query if "=" in segment)
    yield Variant("empty-value", "without names that have no =", {"query": bare})
    for phrase, order in ORDERS:
        yield Variant("parameter-order", phrase, {"order": order})


def _leave_out_one(parts: Parts, context: RequestContext) -> Iterator[Variant]:
    """One parameter more than was signed."""
    for code, place, segments in (("query-changed", "query", parts.query), ("body-changed", "form", parts.form)):
        for position, segment in enumerate(segments if len(segments) <= _MAX_LEFT_OUT else ()):
            left = segments[:position] + segments[position + 1 :]
            yield Variant(code, f"without {segment.partition('=')[0][:40]} of the {place}", {place: left})


def _vary_whole(parts: Parts, context: RequestContext) -> Iterator[Variant]:
    """The whole of the base string, spelled otherwise: its parts by another encoder, too, or instead."""
    for code, phrase, finish in FINISHES:
        yield Variant(code, phrase, {"finish": finish})
    texts = _join_texts(parts)
    for code, phrase, spell in ENCODERS:
        yield Variant(code, f"{phrase}, in the URL and the parameters as a whole", {"finish": spell})
        if spell(texts) != texts:
            yield Variant(code, f"{phrase}, in values and as a whole", {"spell": spell, "finish": spell})


Rule = Callable[[Parts, RequestContext], Iterator[Variant]]

#: Another method or URL, and the same parameters.
URL_RULES: tuple[Rule, ...] = (_vary_authority, _vary_method, _vary_path)
#: Other parameters, or the same ones spelled or ordered otherwise.
PARAMETER_RULES: tuple[Rule, ...] = (
    _merge_query_and_form, _leave_out_form_or_query, _put_in, _vary_protocol, _vary_spelling, _choose, _leave_out_one,
)  # fmt: skip
#: The whole of the base string, spelled otherwise.
WHOLE_RULES: tuple[Rule, ...] = (_vary_whole,)
#: Those that cost little, however long a request is.
FEW_RULES: tuple[Rule, ...] = (*URL_RULES, _leave_out_form_or_query)
#: Those that are tried together with one another.
USUAL_RULES = URL_RULES + PARAMETER_RULES + WHOLE_RULES


def make_variants(parts: Parts, context: RequestContext, rules: tuple[Rule, ...] = USUAL_RULES) -> Iterator[Variant]:
    """Yield what others make of a request, the commonest mistakes first, where it differs from the right parts."""
    for variant in chain.from_iterable(rule(parts, context) for rule in rules):
        for name, value in variant.changes.items():
            if getattr(parts, name) != value:
                yield variant
                break
