"""What no explanation shows: the secrets that were given, and those that a request carries itself.

A request may carry them anywhere: in its URL and its ``Authorization``, as a signature (which is both secrets,
where PLAINTEXT is meant, whatever ``oauth_signature_method`` says), in the fields of a form, of JSON, of multipart.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, unquote

from ..credentials import Consumer, Credentials
from ..protocol.message import Message
from ..protocol.rsa import RSAKey
from .names import URL_USERINFO, is_secret_name
from .redactor import Redactor

__all__ = ["PUBLIC_NAMES", "find_carried_secrets", "find_key_secrets", "known_secrets", "redact_url", "redactor_for"]

_SHORT = 3  # characters of a secret that stands in too many words by accident: redacting it would redact the evidence
_MAX_BODY = 1 << 18  # bytes of a body that are looked through: what is larger is an upload
_MAX_NAME = 100  # characters of a name that are looked at
_MAX_SECRETS = 100  # secrets of one request: a body may name thousands, and each is looked for in every text

#: What every signed request has in it: such a name is no secret's, and a secret that is such a word is not found out.
PUBLIC_NAMES = frozenset((
    "oauth_consumer_key", "oauth_nonce", "oauth_signature_method", "oauth_timestamp", "oauth_token", "oauth_version",
))  # fmt: skip

Field = tuple[str, str]


def known_secrets(consumer: Consumer | None, token: Credentials | None) -> list[str]:
    """Return the secrets that were given, and what a server may show of them: the signing key, base64, hexadecimal."""
    given = [credentials.secret for credentials in (consumer, token) if credentials is not None]
    key = "&".join(quote(secret, safe="~", errors="replace") for secret in [*given, ""][:2])
    encoded = [text.encode("utf-8", "replace") for text in (*given, key) if len(text) > _SHORT]
    spelled = [
        form for text in encoded for form in (b64encode(text).decode().rstrip("="), text.hex(), text.hex().upper())
    ]
    return given + spelled


def redactor_for(secrets: Iterable[str]) -> Redactor:
    """Return what takes secrets out of texts, in every form in which a server may have them."""
    forms: dict[str, None] = {}
    for secret in secrets:
        if secret.isalnum():  # it has one form only
            forms |= {secret: None} if len(secret) > _SHORT else {}
            continue
        # PLAINTEXT joins both secrets, escaped, by "&" (s3.4.4), and where it travels it may be escaped once more.
        once = unquote(secret)
        for part in (secret, *secret.split("&"), *once.split("&"), *unquote(once).split("&")):
            # Others read it without what stands around it by accident.
            spelled = (part, part.strip(), part.strip().strip("\"'<>"), " ".join(part.split()))
            forms |= dict.fromkeys(form for form in spelled if len(form) > _SHORT)
    return Redactor(forms)


def find_key_secrets(key: RSAKey | None) -> list[str]:
    """Return what must not be shown of an RSA key: its lines of PEM, and its passphrase."""
    if key is None:
        return []
    _, (given,) = key.__reduce__()  # what it was read from
    texts = [
        _decode(text) for text in (given if isinstance(given, tuple) else (given,)) if isinstance(text, str | bytes)
    ]
    if not texts or "PRIVATE KEY" not in texts[0]:
        return []
    lines = [line.strip() for line in texts[0].splitlines() if line.strip() and not line.startswith("-----")]
    return [*lines, *texts[1:]]


def find_carried_secrets(message: Message, in_header: Iterable[Field], headers: Mapping[str, str]) -> list[str]:
    """Return the secrets that a request carries: what has a secret's name, and what gives access by itself.

    :param in_header: the parameters of its ``Authorization``, decoded.
    :param headers: by their names in lower case.
    """
    body = message.body
    fields = [*in_header, *_read_url(message.url), *_read_headers(headers)]
    if isinstance(body, bytes | str) and len(body) <= _MAX_BODY:
        fields += _read_body(_decode(body))
    named = (value for name, value in fields if name not in PUBLIC_NAMES and is_secret_name(name))
    return list(dict.fromkeys(named))[:_MAX_SECRETS]


def _read_url(url: str) -> Iterator[Field]:
    userinfo = _find_userinfo(url) if "@" in url else None
    if userinfo is not None:
        name, _, password = userinfo[2].partition(":")
        yield from (("password", part) for part in re.split("[/?#]", password or name))
    for text in re.split("[?#]", url)[1:]:
        yield from _read_form(text)


def _read_headers(headers: Mapping[str, str]) -> Iterator[Field]:
    for name, value in headers.items():
        if name.endswith(("authorization", "authentication")):
            yield from _read_authorization(value)
        elif name == "cookie":
            yield from (("secret", cookie.partition("=")[2]) for cookie in value.split(";"))
        else:
            yield name, value


def _read_form(text: str) -> Iterator[Field]:
    for segment in text.split("&"):
        name, _, value = segment.partition("=")
        yield unquote(name[:_MAX_NAME]), value


def _read_authorization(header: str) -> Iterator[Field]:
    """Yield what another scheme than OAuth has, or an OAuth that cannot be read."""
    words = header.split(None, 1)
    if words and words[0].lower() == "oauth":
        for part in re.split(r"[\s,]+", header):
            name, _, value = part.partition("=")
            yield name, value.strip('"')
    elif words:
        yield "secret", words[-1]
        try:
            yield "password", b64decode(words[-1]).decode("latin-1").partition(":")[2]  # Basic (RFC 7617 s2)
        except ValueError:
            return


def _read_body(text: str) -> Iterator[Field]:
    start = text.lstrip()[:1]
    if start in ("{", "["):
        yield from _read_json(text)
    yield from _read_multipart(text) if start == "-" else _read_form(text)


def _read_json(text: str) -> Iterator[Field]:
    """Yield the texts and numbers in JSON, each under the names that it stands in."""
    try:
        left: list[tuple[str, Any]] = [("", json.loads(text, parse_int=str, parse_float=str))]
    except (ValueError, RecursionError):
        return
    while left:
        names, value = left.pop()
        if isinstance(value, str):
            yield names, value
        elif isinstance(value, list):
            left += [(names, item) for item in value]
        elif isinstance(value, dict):
            left += [(name if is_secret_name(name) else names, item) for name, item in value.items()]


_part_name = re.compile(r'\bname="?([^";\r\n]*)').search


def _read_multipart(text: str) -> Iterator[Field]:
    for part in text.split("\n--"):
        head, *content = re.split(r"\r?\n\r?\n", part, maxsplit=1)
        name = _part_name(head)
        if name is not None and content:
            yield name[1], content[0].removesuffix("\r")


def _decode(text: str | bytes) -> str:
    if isinstance(text, str):
        return text
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1")


_find_userinfo = re.compile(URL_USERINFO, re.IGNORECASE).match


def redact_url(url: str) -> str:
    """Return a URL without user name and password, query and fragment."""
    userinfo = _find_userinfo(url) if "@" in url else None
    if userinfo is not None:
        url = userinfo[1] + url[userinfo.end() :]
    return re.split("[?#]", url, maxsplit=1)[0]
