"""The base strings that are made of a request with one mistake (s3.4.1), each with the cause that it is.

Tables of rules, the likeliest first: another address, other parameters, another spelling, another order.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple
from unicodedata import normalize
from urllib.parse import parse_qsl, quote, unquote

from oauthlib.oauth1.rfc5849.signature import base_string_uri
from oauthlib.oauth1.rfc5849.utils import escape

from .parameters import Pair, Parameters

__all__ = ["Asked", "Cause", "base_strings", "lower_escapes"]

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
_FEW = 40  # of more parameters none is tried by itself


class Cause(NamedTuple):
    """A mistake.

    :ivar code: its stable name, or names, those of ``oauth_hook.explain``.
    :ivar words: what was done, in words that stand by themselves.
    """

    code: str
    words: str


@dataclass(frozen=True, repr=False)
class Asked:
    """A request with a signature that is not right.

    :param method: the HTTP method.
    :param url: the address that was asked, without its query.
    :param parameters: what it says.
    :param body: a short text that is no form; else empty.
    """

    method: str
    url: str
    parameters: Parameters
    body: str = ""

    @property
    def pairs(self) -> list[Pair]:
        """What is signed (s3.4.1.3.1)."""
        return self.protocol + self.parameters.own + self.parameters.header_own

    @property
    def protocol(self) -> list[Pair]:
        """The protocol parameters, without the signature."""
        return [pair for pair in self.parameters.protocol.items() if pair[0] != "oauth_signature"]

    @property
    def without_query(self) -> list[Pair]:
        """What is signed, but for the query."""
        return self.protocol + self.parameters.of_form + self.parameters.header_own

    @property
    def count(self) -> int:
        """How many parameters there are."""
        return len(self.pairs)

    @property
    def size(self) -> int:
        """How many characters they have."""
        return sum(len(name) + len(value) for name, value in self.pairs)


def base_strings(asked: Asked) -> Iterator[tuple[Cause | None, str]]:
    """Yield the right base string of a request, and then those that are made with a mistake."""
    method, uri = asked.method.upper(), base_string_uri(asked.url)
    right = _normalized(asked.pairs)
    yield None, _joined(method, uri, right)
    for cause, other, address in _addressed(method, uri):
        yield cause, _joined(other, address, right)
    query = _form([(escape(name), escape(value)) for name, value in asked.parameters.of_query])
    for words, left in (("too", asked.pairs), ("and not as parameters", asked.without_query)) if query else ():
        cause = Cause("query-changed", f"the query was signed in the address, {words}")
        yield cause, _joined(method, f"{uri}?{query}", _normalized(left))
    for cause, pairs in _collected(asked):
        yield cause, _joined(method, uri, _normalized(pairs))
    for cause, spell in _SPELLINGS:
        yield cause, _joined(method, uri, _normalized(asked.pairs, spell))
    for cause, pairs in _selected(asked.pairs):
        yield cause, _joined(method, uri, _normalized(pairs))
    for cause, ordered in _ordered(asked):
        yield cause, _joined(method, uri, _form(ordered))
    for cause, pairs in _less(asked):
        yield cause, _joined(method, uri, _normalized(pairs))
    text = _joined(method, uri, right)
    yield Cause("percent-encoding", "the base string was made with lower-case escapes"), lower_escapes(text)
    yield Cause("double-encoding", "the parts of the base string were not percent-encoded"), f"{method}&{uri}&{right}"


def _joined(method: str, uri: str, normalized: str) -> str:
    """Return a base string (s3.4.1.1); oauthlib would have the method in upper case."""
    return "&".join((escape(method), escape(uri), escape(normalized)))


def _normalized(pairs: list[Pair], spell: Callable[[str], str] = escape) -> str:
    """Return parameters encoded and sorted (s3.4.1.3.2)."""
    return _form(sorted((spell(name), spell(value)) for name, value in pairs))


def _form(encoded: list[Pair]) -> str:
    return "&".join([f"{name}={value}" for name, value in encoded])


# Another method, another address (s3.4.1.1, s3.4.1.2)


def _addressed(method: str, uri: str) -> Iterator[tuple[Cause, str, str]]:
    for code, words, address in _addresses(uri):
        if address != uri:
            yield Cause(code, words), method, address
    for other in (*_METHODS, method.lower()):
        if other != method:
            yield Cause("method", f"it is signed for {other}, and came as {method}"), other, uri


def _addresses(uri: str) -> Iterator[tuple[str, str, str]]:
    """Yield other addresses than the one that was asked."""
    scheme, _, rest = uri.partition("://")
    authority, _, path = rest.partition("/")
    host = re.sub(r":\d+$", "", authority)
    port = authority.removeprefix(host)
    other = "https" if scheme == "http" else "http"
    yield "scheme", f"it is signed for {other}", f"{other}://{rest}"
    yield "port", "it is signed without the port", f"{scheme}://{host}/{path}"
    yield "scheme", f"it is signed for {other}, without the port", f"{other}://{host}/{path}"
    default = ":443" if scheme == "https" else ":80"
    yield "port", f"it is signed with the default port, {default}", f"{scheme}://{host}{port or default}/{path}"
    for name in ("localhost", "127.0.0.1", "[::1]", host.removeprefix("www."), f"www.{host}", host.upper()):
        yield "host", f"it is signed for the host {name}", f"{scheme}://{name}{port}/{path}"
    for code, words, change in _PATHS:
        yield code, words, f"{scheme}://{authority}{change('/' + path)}"


def lower_escapes(text: str) -> str:
    """Return percent-encoded text with the escapes in lower case."""
    return re.sub("%[0-9A-Fa-f]{2}", lambda found: found[0].lower(), text)


_PATHS: tuple[tuple[str, str, Callable[[str], str]], ...] = (
    ("path", "it is signed with a slash after the path", lambda path: f"{path}/"),
    ("path", "it is signed without the slash after the path", lambda path: path.rstrip("/")),
    ("path", "it is signed without the parameters (;) of the path", lambda path: path.partition(";")[0]),
    ("path", "it is signed with one slash for several of the path", lambda path: re.sub("/+", "/", path)),
    ("double-encoding", "the path was percent-encoded twice", lambda path: path.replace("%", "%25")),
    ("percent-encoding", "the path was escaped by other rules",
     lambda path: quote(unquote(path), safe="/~;=@:!$&'()*+,")),
    ("double-encoding", "the path was percent-decoded", unquote),
    ("percent-encoding", "~ in the path was percent-encoded", lambda path: path.replace("~", "%7E")),
    ("percent-encoding", "the path was signed with lower-case escapes", lower_escapes),
    ("path", "it is signed with the path in lower case", str.lower),
)  # fmt: skip


# Other parameters (s3.4.1.3.1)


def _collected(asked: Asked) -> Iterator[tuple[Cause, list[Pair]]]:
    """Yield parameters in or out that should not be."""
    parameters, protocol = asked.parameters, asked.protocol
    query, form, rest = parameters.of_query, parameters.of_form, parameters.header_own
    if form:
        yield Cause("body-not-signed", "the form's fields were not signed (s3.4.1.3.1)"), protocol + query + rest
    for cause, pairs in _of_body(asked.body):
        yield cause, asked.pairs + pairs
    if query:
        words = "the query was not signed (s3.4.1.3.1), or was added afterwards"
        yield Cause("query-changed", words), asked.without_query
    if query and form:
        yield Cause("query-changed", "neither the query nor the form was signed (s3.4.1.3.1)"), protocol + rest
    if parameters.realm is not None:
        yield Cause("realm", "the realm was signed (s3.4.1.3.1)"), [*asked.pairs, ("realm", parameters.realm)]
    if "oauth_token" not in parameters.protocol:
        yield (
            Cause("empty-value", "an empty oauth_token was signed that is not there"),
            [*asked.pairs, ("oauth_token", "")],
        )
    for pair in protocol:
        left = [other for other in asked.pairs if other != pair]
        yield (
            Cause(_ABSENT.get(pair[0], "query-changed"), f"{_shown(pair[0])} was not signed, or was added afterwards"),
            left,
        )


_ABSENT = {
    "oauth_callback": "callback-missing", "oauth_verifier": "verifier-missing", "oauth_token": "token-missing",
    "oauth_body_hash": "body-changed",
}  # fmt: skip


def _of_body(body: str) -> Iterator[tuple[Cause, list[Pair]]]:
    """Yield the parameters that others make of a body that is no form."""
    if not body:
        return
    fields = parse_qsl(body, keep_blank_values=True)
    if body.lstrip()[:1] in "{[<-":
        yield Cause("body-signed", "the body was signed as a form, which it is not (s3.4.1.3.1)"), fields
    else:
        yield Cause("content-type", "the body was signed as a form, and its Content-Type says that it is none"), fields
    yield Cause("body-signed", "the whole body was signed as a parameter (s3.4.1.3.1)"), [(body, "")]
    yield Cause("body-signed", "the members of the JSON were signed (s3.4.1.3.1)"), _members(body)
    yield Cause("body-signed", "the parts of the multipart form were signed (s3.4.1.3.1)"), _parts(body)


def _members(body: str) -> list[Pair]:
    """Return what a JSON object has, as far as it is text, numbers or words."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return []
    items = found.items() if isinstance(found, dict) else ()
    texts = [
        (name, value if isinstance(value, str) else json.dumps(value)) for name, value in items if _is_plain(value)
    ]
    return [(_encodable(name), _encodable(value)) for name, value in texts]


def _is_plain(value: object) -> bool:
    return not isinstance(value, dict | list)


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()  # JSON may escape half a character


def _parts(body: str) -> list[Pair]:
    """Return the fields of a multipart form, without its files (RFC 7578)."""
    pairs = []
    for part in f"\r\n{body}".split("\r\n--"):
        head, _, value = part.partition("\r\n\r\n")
        name = re.search(r'form-data; name="([^"]*)"(?!; *filename)', head)
        if name:
            pairs.append((name[1], value))
    return pairs


def _less(asked: Asked) -> Iterator[tuple[Cause, list[Pair]]]:
    """Yield the parameters without one of the caller's own."""
    for code, own in (("query-changed", asked.parameters.of_query), ("body-changed", asked.parameters.of_form)):
        for pair in own if len(own) <= _FEW else ():
            left = asked.pairs
            left.remove(pair)
            yield Cause(code, f"{_shown(pair[0])} was not signed, or was added afterwards"), left


def _shown(name: str) -> str:
    return name[:40]


def _selected(pairs: list[Pair]) -> Iterator[tuple[Cause, list[Pair]]]:
    """Yield the parameters that are left where some are lost, or one is encoded before."""
    names = sorted({name for name, value in pairs if escape(value) != value}, key=_callback_first)
    for name in names if len(names) <= _FEW else ():
        twice = [(own, escape(value) if own == name else value) for own, value in pairs]
        yield Cause("double-encoding", f"{_shown(name)} was percent-encoded twice"), twice
    yield Cause("empty-value", "parameters without a value were not signed"), [pair for pair in pairs if pair[1]]
    yield Cause("duplicate-parameters", "of equal names the last only was signed"), list(dict(pairs).items())
    first = list(dict(reversed(pairs)).items())
    yield Cause("duplicate-parameters", "of equal names the first only was signed"), first


def _callback_first(name: str) -> tuple[bool, str]:
    return name != "oauth_callback", name


# Another spelling (s3.6)


def _but(safe: str) -> Callable[[str], str]:
    return lambda text: quote(text, safe=f"~{safe}")


def _latin1(text: str) -> str:
    return quote(text.encode("latin-1", "replace"), safe="~")


_SPELLINGS: tuple[tuple[Cause, Callable[[str], str]], ...] = tuple(
    (Cause(code, words), spell)
    for code, words, spell in (
        ("double-encoding", "parameters were percent-encoded twice", lambda text: escape(escape(text))),
        ("plus-as-space", "spaces were signed as +", lambda text: escape(text).replace("%20", "+")),
        ("plus-as-space", "+ was signed as a space", lambda text: escape(text.replace("+", " "))),
        ("plus-as-space", "a space was signed as +, percent-encoded", lambda text: escape(text.replace(" ", "+"))),
        (
            "percent-encoding",
            "parameters were signed with lower-case escapes",
            lambda text: lower_escapes(escape(text)),
        ),
        ("percent-encoding", "~ was percent-encoded", lambda text: escape(text).replace("~", "%7E")),
        (
            "percent-encoding",
            "~ was percent-encoded, and spaces were signed as +",
            lambda text: escape(text).replace("~", "%7E").replace("%20", "+"),
        ),
        ("percent-encoding", "!*'() were not percent-encoded", _but("!*'()")),
        ("percent-encoding", "* was not percent-encoded", _but("*")),
        ("percent-encoding", "/ was not percent-encoded", _but("/")),
        ("percent-encoding", ", was not percent-encoded", _but(",")),
        ("percent-encoding", ": and / were not percent-encoded", _but(":/")),
        ("percent-encoding", "@ : / and the like were not percent-encoded", _but(":/@,;$!*'()")),
        ("percent-encoding", "[ and ] were not percent-encoded", _but("[]")),
        ("charset", "text was signed in Latin-1", _latin1),
        ("charset", "text was taken for Latin-1", lambda text: escape(text.encode().decode("latin-1"))),
        ("charset", "text was signed in Unicode's composed form (NFC)", lambda text: escape(normalize("NFC", text))),
        ("charset", "text was signed in Unicode's decomposed form (NFD)", lambda text: escape(normalize("NFD", text))),
        ("double-encoding", "parameters were not percent-encoded", str),
    )
)


# Another order (s3.4.1.3.2)


def _ordered(asked: Asked) -> Iterator[tuple[Cause, list[Pair]]]:
    encoded = [(escape(name), escape(value)) for name, value in asked.pairs]
    count = len(asked.protocol)
    yield Cause("parameter-order", "the parameters were not sorted"), encoded
    yield Cause("parameter-order", "the parameters were not sorted"), encoded[count:] + encoded[:count]
    for words, key in _ORDERS:
        yield Cause("parameter-order", f"the parameters were sorted {words}"), sorted(encoded, key=key)


def _unescaped(pair: Pair) -> Pair:
    return unquote(pair[0]), unquote(pair[1])


def _nested(pair: Pair) -> list[tuple[int, int, str]]:
    keys = re.split(r"[\[\]]+", unquote(pair[0]).rstrip("]"))
    return [(0, int(key), "") if _is_number(key) else (1, 0, key) for key in keys]


def _by_size(pair: Pair) -> list[tuple[int, int, str]]:
    runs = re.split(r"([0-9]+)", unquote(pair[0]))
    return [(0, int(run), "") if _is_number(run) else (1, 0, run) for run in runs]


def _is_number(text: str) -> bool:
    return re.fullmatch("[0-9]{1,18}", text) is not None


_ORDERS: tuple[tuple[str, Callable[[Pair], Any]], ...] = (
    ("before they were percent-encoded", _unescaped),
    ("by their names alone", lambda pair: pair[0]),
    ("without regard to upper and lower case", lambda pair: (pair[0].lower(), pair[1].lower())),
    ("as whole name=value texts", lambda pair: f"{pair[0]}={pair[1]}"),
    ("as nested arrays", _nested),
    ("by their names alone, without brackets", lambda pair: unquote(pair[0]).partition("[")[0]),
    ("with numbers in names by their size", _by_size),
)
