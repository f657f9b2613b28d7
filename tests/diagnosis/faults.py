"""Faults of OAuth 1.0a, made on purpose: a signer each of whose steps can go wrong, and answers as of servers.

``Signing`` is a request together with how one side computes its signature. A fault is two of them, what is right and
what one side does instead (``right.but(method="GET")``): the request goes out with the signature of the one, and the
other is what the server has. The signer shares no code with the package: it is made of ``hmac``, ``hashlib`` and
``urllib`` (and cryptography for RSA), so that it can judge. The tables are in ``test_diagnosis_faults.py``.

``read_clients`` returns what clients in other languages made of the same requests: ``clients/`` has their base strings
and signatures as data, and the small programs that made them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus, unquote_to_bytes

import requests
from requests.utils import get_encoding_from_headers

from oauth_hook import AccessToken, Consumer

FORM_TYPE = "application/x-www-form-urlencoded"
MULTIPART_TYPE = "multipart/form-data; boundary=b0undary"
NOW = int(time.time())

Pairs = list[tuple[bytes, bytes]]


# --- percent-encoding, and the ways in which it is got wrong ---


def escape(value: bytes | str) -> str:
    """Percent-encode as RFC 5849 s3.6 has it."""
    return quote(value, safe="-._~")


def escape_twice(value: bytes) -> str:
    return escape(escape(value))


def escape_not(value: bytes) -> str:
    return value.decode("latin-1")


def escape_in_lower_case(value: bytes) -> str:
    return lower_escapes(escape(value))


def escape_tilde_too(value: bytes) -> str:
    return escape(value).replace("~", "%7E")


def escape_as_javascript(value: bytes) -> str:
    """Encode as ``encodeURIComponent`` does, which leaves five characters more."""
    return quote(value, safe="-._~!*'()")


def escape_but_slash(value: bytes) -> str:
    """Encode as ``urllib.parse.quote`` does where ``safe`` is not given."""
    return quote(value, safe="/-._~")


def escape_as_form(value: bytes) -> str:
    return quote_plus(value, safe="-._~")


def escape_as_latin_1(value: bytes) -> str:
    return escape(value.decode("utf-8").encode("latin-1", "replace"))


def escape_decomposed(value: bytes) -> str:
    return escape(unicodedata.normalize("NFD", value.decode("utf-8")))


def escape_latin_1_as_utf_8(value: bytes) -> str:
    """Encode what was sent in Latin-1 as the UTF-8 that a server has made of it."""
    return escape(value.decode("latin-1"))


def escape_with_replacement(value: bytes) -> str:
    """Encode what a server has that decodes UTF-8 and puts U+FFFD for what is none."""
    return escape(value.decode("utf-8", "replace"))


def lower_escapes(text: str) -> str:
    return re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), text)


# --- a request, and how one side signs it ---

_HASHES = {"HMAC-SHA1": "sha1", "HMAC-SHA256": "sha256", "HMAC-SHA512": "sha512"}


@dataclass(frozen=True)
class Signing:
    """A request as it stands on the wire, and the way from there to a signature. ``but`` makes another one.

    The first fields are the request's; ``query``, ``path`` and ``body`` are its bytes as they are sent. The last ones
    are the signer's ways, right as they are given here.
    """

    method: str = "GET"
    scheme: str = "https"
    host: str = "api.example.com"
    path: str = "/1/items.json"
    query: str = "count=2&q=red%20shoes"
    body: Any = None
    content_type: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    consumer_key: str = "ck-dpf43f3p2l4k"
    token_key: str | None = "at-nnch734d00sl"
    consumer_secret: str = "CSkd94hf93k423kf44"
    token_secret: str = "TSpfkkdhi9sl3r4s00"
    signature_method: str = "HMAC-SHA1"
    nonce: str = "wIjqoxSZeYVc4nN8"
    timestamp: str = str(NOW)
    version: str | None = "1.0"
    extensions: tuple[tuple[str, str], ...] = ()  #: oauth_callback and the like
    realm: str | None = None
    placement: str = "header"

    algorithm: str | None = None  #: what it signs with, where that is not what the request says
    encode: Callable[[bytes], str] = escape
    order: str = "encoded"  #: or "decoded", "wire", "names", "nested", "numbers", "any case"
    collect: Callable[[Pairs], Pairs] = field(default=lambda pairs: pairs)
    uri: Callable[[str], str] = field(default=lambda uri: uri)
    finish: Callable[[str], str] = field(default=lambda base: base)
    key: Callable[[str, str], str] = field(default=lambda mine, users: f"{escape(mine)}&{escape(users)}")
    signs_query: bool = True
    signs_body: bool | None = None  #: None: as its Content-Type says
    plus_is_space: bool = True

    def but(self, **changes: Any) -> Signing:
        """Return the same with something else in it."""
        return replace(self, **changes)

    # the credentials, as a person has them

    @property
    def consumer(self) -> Consumer:
        return Consumer(self.consumer_key, self.consumer_secret)

    @property
    def token(self) -> AccessToken | None:
        return AccessToken(self.token_key, self.token_secret) if self.token_key else None

    @property
    def secrets(self) -> set[str]:
        """What must never show."""
        hidden = {self.consumer_secret, self.token_secret, self.key(self.consumer_secret, self.token_secret)}
        hidden |= {value for name, value in self.extensions if name == "oauth_verifier"}
        public = {self.consumer_key, f"{self.consumer_key}&"}
        return {secret for secret in hidden - public if len(secret.strip("& ")) > 3}

    # from the request to the signature

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}{self.path}" + (f"?{self.query}" if self.query else "")

    def protocol(self) -> list[tuple[str, str]]:
        """Return the OAuth parameters, without the signature."""
        pairs = [
            ("oauth_consumer_key", self.consumer_key),
            ("oauth_token", self.token_key),
            ("oauth_signature_method", self.signature_method),
            ("oauth_timestamp", self.timestamp),
            ("oauth_nonce", self.nonce),
            ("oauth_version", self.version),
            *self.extensions,
        ]
        return [(name, value) for name, value in pairs if value is not None]

    def pairs(self) -> Pairs:
        """Return what is to be signed, decoded, in the order of the wire (s3.4.1.3.1)."""
        found = self._decoded(self.query) if self.signs_query else []
        found += [(name.encode(), value.encode()) for name, value in self.protocol()]
        form = (self.content_type or "").lower().split(";")[0].strip() == FORM_TYPE
        if (form if self.signs_body is None else self.signs_body) and self.body:
            found += self._decoded(self.body if isinstance(self.body, str) else self.body.decode("latin-1"))
        return self.collect(found)

    def _decoded(self, text: str) -> Pairs:
        text = text.replace("+", " ") if self.plus_is_space else text
        halves = [segment.partition("=") for segment in text.split("&") if segment]
        return [(unquote_to_bytes(name), unquote_to_bytes(value)) for name, _, value in halves]

    def normalized(self) -> str:
        """Return the parameters in order, encoded and joined (s3.4.1.3.2)."""
        pairs = self.pairs()
        if self.order == "decoded":
            pairs.sort()
        encoded = [(self.encode(name), self.encode(value)) for name, value in pairs]
        orders: dict[str, Callable[[tuple[str, str]], Any]] = {
            "encoded": lambda pair: pair,
            "names": lambda pair: pair[0],
            "nested": lambda pair: pair[0].partition("%5B")[0],
            "numbers": lambda pair: [int(run) if run.isdigit() else run for run in re.split("(%5B|%5D|=)", pair[0])],
            "any case": lambda pair: pair[0].lower(),
        }
        if self.order in orders:
            encoded.sort(key=orders[self.order])
        return "&".join(f"{name}={value}" for name, value in encoded)

    def base_uri(self) -> str:
        """Return the URL as it is signed (s3.4.1.2)."""
        host = next((value for name, value in self.headers if name.lower() == "host"), self.host).lower()
        default = {"http": ":80", "https": ":443"}.get(self.scheme.lower(), ":")
        return self.uri(f"{self.scheme.lower()}://{host.removesuffix(default)}{self.path or '/'}")

    def base(self) -> str:
        """Return the signature base string (s3.4.1.1)."""
        return self.finish("&".join((escape(self.method), escape(self.base_uri()), escape(self.normalized()))))

    def signature(self) -> str:
        """Return the signature (s3.4.2 to s3.4.4), not percent-encoded."""
        key = self.key(self.consumer_secret, self.token_secret)
        algorithm = self.algorithm or self.signature_method
        if algorithm == "PLAINTEXT":
            return key
        if algorithm.startswith("RSA-"):
            return base64.b64encode(rsa_signature(self.base().encode(), algorithm)).decode()
        digest = hmac.new(key.encode(), self.base().encode(), getattr(hashlib, _HASHES[algorithm])).digest()
        return base64.b64encode(digest).decode()

    # what goes out

    def request(self, signature: str | None = None) -> requests.PreparedRequest:
        """Return the request as sent, with a signature: this signing's own, where no other is given."""
        pairs = [*self.protocol(), ("oauth_signature", self.signature() if signature is None else signature)]
        encoded = "&".join(f"{name}={escape(value)}" for name, value in pairs)
        url, body, headers = self.url, self.body, dict(self.headers)
        if self.content_type:
            headers["Content-Type"] = self.content_type
        if self.placement in ("header", "header and body"):
            quoted = [f'{escape(name)}="{escape(value)}"' for name, value in pairs]
            realm = [] if self.realm is None else [f'realm="{self.realm}"']
            headers["Authorization"] = "OAuth " + ", ".join(realm + quoted)
        if self.placement == "query":
            url += ("&" if self.query else "?") + encoded
        elif self.placement in ("body", "header and body"):
            body = f"{body}&{encoded}" if body else encoded
        return prepared(self.method, url, headers, body)

    def unsigned(self) -> requests.PreparedRequest:
        """Return the request with nothing of OAuth in it."""
        headers = dict(self.headers)
        if self.content_type:
            headers["Content-Type"] = self.content_type
        return prepared(self.method, self.url, headers, self.body)


def prepared(method: str, url: str, headers: dict[str, str], body: Any = None) -> requests.PreparedRequest:
    """Return a request that requests has prepared, its URL as given: requests would mend some of its escapes."""
    request = requests.Request(method, "https://placeholder.example/", headers=headers, data=body).prepare()
    request.url = url
    return request


@cache
def _rsa_key() -> Any:
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def rsa_signature(base: bytes, algorithm: str) -> bytes:
    """Sign by a key made for this run (s3.4.3)."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    chosen = {"RSA-SHA1": hashes.SHA1, "RSA-SHA256": hashes.SHA256, "RSA-SHA512": hashes.SHA512}[algorithm]()
    return bytes(_rsa_key().sign(base, padding.PKCS1v15(), chosen))


# --- what clients in other languages made ---

CLIENTS = Path(__file__).parent / "clients"
CLIENTS_TIME = 1_700_000_000  #: when they signed


@dataclass(frozen=True)
class Made:
    """A base string and a signature that a client in another language made of a request, by one of its ways.

    :ivar codes: what the way is called, as a person who has not run ``explain`` has put it down.
    """

    client: str
    way: str
    codes: str
    right: Signing
    base: str
    signature: str

    @property
    def name(self) -> str:
        return f"{self.client.split()[0]}: {self.way}"

    @property
    def shows_base(self) -> bool:
        """Whether the base string, as it may be copied, shows what is wrong."""
        return self.base.strip() != self.right.base()

    def answered(self, signature: str) -> requests.Response:
        return answer(self.right.request(signature), "oauth_problem=signature_invalid", date=CLIENTS_TIME)

    def sent(self) -> Fault:
        """Return the refused request of that client."""
        given = {"consumer": self.right.consumer, "token": self.right.token}
        return Fault(self.answered(self.signature), given, self.right.secrets)

    def verified(self) -> Fault:
        """Return a right request that a server refuses which has such a base string."""
        given = {"consumer": self.right.consumer, "token": self.right.token, "server_base_string": self.base}
        return Fault(self.answered(self.right.signature()), given, self.right.secrets)


def read_clients() -> list[Made]:
    """Return what the clients made."""
    rights = {}
    for line in (CLIENTS / "requests.tsv").read_text(encoding="utf-8").splitlines():
        name, method, scheme, host, path, place, fields = line.split("\t")
        wire = "&".join("=".join(escape(half) for half in field.split("=", 1)) for field in fields.split("|"))
        own = {"query": wire} if place == "query" else {"query": "", "body": wire, "content_type": FORM_TYPE}
        rights[name] = Signing(method, scheme, host, path, timestamp=str(CLIENTS_TIME), **own)  # type: ignore[arg-type]
    rows = [row for name in ("node", "perl", "java") for row in json.loads((CLIENTS / f"{name}.json").read_bytes())]
    return [Made(right=rights[row.pop("request")], **row) for row in rows]


# --- answers ---


def answer(
    request: requests.PreparedRequest | None,
    body: str | bytes = "",
    status: int = 401,
    content_type: str = "text/plain; charset=utf-8",
    *,
    date: float | None = NOW,
    history: Sequence[requests.Response] = (),
    **headers: str,
) -> requests.Response:
    """Return a response as an adapter of requests makes it, read already. ``_`` in a header's name is a hyphen."""
    response = requests.Response()
    response.status_code = status
    response.reason = {200: "OK", 401: "Unauthorized", 403: "Forbidden"}.get(status, "")
    response.headers["Content-Type"] = content_type
    if date is not None:
        response.headers["Date"] = formatdate(date, usegmt=True)
    for name, value in headers.items():
        response.headers[name.replace("_", "-")] = value
    response.encoding = get_encoding_from_headers(response.headers)
    response._content = body if isinstance(body, bytes) else body.encode()
    response._content_consumed = True
    response.history = list(history)
    if request is not None:
        response.request, response.url = request, str(request.url)
    return response


# --- rows ---


@dataclass
class Fault:
    """What a person has in hand, and what is to come of it.

    :ivar subject: the request or the response.
    :ivar given: the other arguments of ``explain``.
    :ivar secrets: what must not show.
    """

    subject: requests.PreparedRequest | requests.Response
    given: dict[str, Any]
    secrets: set[str]


@dataclass(frozen=True)
class Row:
    """One fault.

    :ivar codes: the expected code; where the evidence cannot tell between two, either.
    :ivar also: codes that have to be among the first three as well: the other half of a pair of causes.
    :ivar mentions: what the explanation has to show.
    """

    name: str
    codes: tuple[str, ...]
    make: Callable[[], Fault]
    also: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
