"""The signing keys (RFC 5849 s3.4.2) that others make of the same secrets."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from html import escape as html_escape
from html import unescape as html_unescape
from string import whitespace
from typing import NamedTuple
from urllib.parse import quote, quote_plus, unquote, unquote_plus

__all__ = ["KeyVariant", "Secrets", "key_variants", "secret_variants"]


class Secrets(NamedTuple):
    """The two secrets, and the keys that they belong to."""

    consumer: str
    token: str
    consumer_key: str = ""
    token_key: str = ""

    def __repr__(self) -> str:
        return "Secrets(***)"

    @property
    def signing_key(self) -> str:
        """The signing key (s3.4.2)."""
        return f"{_quoted(self.consumer)}&{_quoted(self.token)}"


class KeyVariant(NamedTuple):
    """One signing key that differs.

    :ivar codes: the causes that it would be, the likeliest first.
    :ivar phrase: what differs, to end a sentence that begins "The signing key was made ...".
    """

    codes: tuple[str, ...]
    phrase: str
    signing_key: bytes

    def __repr__(self) -> str:
        return f"KeyVariant({self.codes!r}, {self.phrase!r}, ***)"


def key_variants(secrets: Secrets) -> Iterator[KeyVariant]:
    """Yield what others make of the same secrets: each one key that is not the RFC's."""
    for codes, phrase, other in secret_variants(secrets):
        yield KeyVariant(codes, phrase, other.signing_key.encode())
    yield from _joined_otherwise(secrets)


def secret_variants(secrets: Secrets) -> Iterator[tuple[tuple[str, ...], str, Secrets]]:
    """Yield other secrets than those given: spaces, mix-ups, empty ones."""
    consumer, token = secrets.consumer, secrets.token
    yield from _spaced(secrets)
    for owner, secret in (("consumer", consumer), ("token", token)):
        for phrase, spell in _SPELLINGS:
            other = spell(secret)
            if other != secret:
                changed = secrets._replace(**{owner: other})
                yield ("signing-key-encoding",), f"with the {owner}'s secret {phrase}", changed
    ours, theirs, both = ("consumer-secret",), ("token-secret",), ("consumer-secret", "token-secret")
    yield both, "with the two secrets swapped", secrets._replace(consumer=token, token=consumer)
    yield theirs, "without the token's secret", secrets._replace(token="")
    yield ours, "without the consumer's secret", secrets._replace(consumer="")
    yield both, "without any secret", secrets._replace(consumer="", token="")
    yield ours, "with the consumer key for its secret", secrets._replace(consumer=secrets.consumer_key)
    yield theirs, "with the token for its secret", secrets._replace(token=secrets.token_key)
    keys = secrets._replace(consumer=secrets.consumer_key, token=secrets.token_key)
    yield both, "with both keys for their secrets", keys
    yield theirs, "with the consumer's secret for the token's", secrets._replace(token=consumer)
    yield ours, "with the token's secret for the consumer's", secrets._replace(consumer=token)
    for nothing in ("null", "undefined", "None", "nil"):
        yield theirs, f'with "{nothing}" for the token\'s secret', secrets._replace(token=nothing)


def _in_base64(secret: str) -> str:
    return b64encode(_octets(secret)).decode()


def _in_digits(secret: str) -> str:
    return _octets(secret).hex()


# What a secret has gone through before it was used as the rules say.
_SPELLINGS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("percent-encoded before", lambda secret: _quoted(secret)),
    ("percent-decoded before", unquote),
    ("form-encoded before", lambda secret: quote_plus(secret, safe="~", errors="surrogatepass")),
    ("form-decoded before", unquote_plus),
    ("escaped for HTML", html_escape),
    ("unescaped as if from HTML", html_unescape),
    ("in base64", _in_base64),
    ("in hexadecimal digits", _in_digits),
    ("and a further & after it", "{}&".format),
)


# White space, and what cannot be seen: of files, forms, copied cells and web pages.
_SPACES = (
    ("a line feed", "\n"),
    ("a space", " "),
    ("a carriage return and a line feed", "\r\n"),
    ("a tab", "\t"),
    ("a no-break space", "\u00a0"),
    ("a zero-width space", "\u200b"),
    ("a byte order mark", "\ufeff"),
)
_INVISIBLE = f"{whitespace}\x85\u00a0\u2002\u2003\u2009\u200b\u200c\u200d\u2060\u3000\ufeff"


def _bare(secret: str) -> str:
    return secret.strip(_INVISIBLE)


def _spaced(secrets: Secrets) -> Iterator[tuple[tuple[str, ...], str, Secrets]]:
    """White space or quotes around a secret."""
    codes = ("secret-whitespace",)
    for owner in ("consumer", "token"):
        secret: str = getattr(secrets, owner)
        if secret != _bare(secret):
            stripped = secrets._replace(**{owner: _bare(secret)})
            yield codes, f"without the white space around the {owner}'s secret", stripped
        for name, space in _SPACES:
            after, before = secrets._replace(**{owner: secret + space}), secrets._replace(**{owner: space + secret})
            yield codes, f"with {name} after the {owner}'s secret", after
            yield codes, f"with {name} before the {owner}'s secret", before
        for quoted in ('"{}"', "'{}'", "<{}>"):
            other = secrets._replace(**{owner: quoted.format(secret)})
            yield codes, f"with {quoted.format('...')} around the {owner}'s secret", other
        if secret[:1] + secret[-1:] in ("''", '""', "<>"):
            bare = secrets._replace(**{owner: secret[1:-1]})
            yield codes, f"without the quotes around the {owner}'s secret", bare
    if secrets != (stripped := secrets._replace(consumer=_bare(secrets.consumer), token=_bare(secrets.token))):
        yield codes, "without the white space around either secret", stripped


def _joined_otherwise(secrets: Secrets) -> Iterator[KeyVariant]:
    """The right secrets, encoded or joined in another way than s3.4.2's."""
    consumer, token = secrets.consumer, secrets.token
    spelled = _quoted(consumer), _quoted(token)
    rules = [
        ("with the secrets not percent-encoded", f"{consumer}&{token}"),
        ("with the secrets percent-encoded twice", f"{_quoted(spelled[0])}&{_quoted(spelled[1])}"),
        ("with the secrets percent-decoded", f"{unquote(consumer)}&{unquote(token)}"),
        ("with spaces in the secrets as +", f"{spelled[0]}&{spelled[1]}".replace("%20", "+")),
        ("with ~ in the secrets escaped", f"{spelled[0]}&{spelled[1]}".replace("~", "%7E")),
        ("with / in the secrets left alone", f"{_quoted(consumer, '/')}&{_quoted(token, '/')}"),
        ("with lower-case escapes in the secrets", f"{_lower(spelled[0])}&{_lower(spelled[1])}"),
        ("with !*'() in the secrets left alone", f"{_quoted(consumer, _URI)}&{_quoted(token, _URI)}"),
        ("with a key of the consumer's secret alone, without &", spelled[0]),
        ("with a key of the consumer's secret alone, without & and percent-encoding", consumer),
        ("with a key of the token's secret alone", spelled[1]),
        ("with a key of the token's secret alone, without percent-encoding", token),
        ("with the two secrets joined without &", spelled[0] + spelled[1]),
        ("with the two secrets joined without & and percent-encoding", consumer + token),
        ("with the & of the key percent-encoded", f"{spelled[0]}%26{spelled[1]}"),
        ("with the secrets in the order token, consumer", f"{spelled[1]}&{spelled[0]}"),
        ("with the key percent-encoded as a whole", _quoted(f"{consumer}&{token}")),
    ]
    codes = ("signing-key-encoding",)
    for phrase, key in rules:
        yield KeyVariant(codes, phrase, _octets(key))
    yield KeyVariant(codes, "with the secrets in Latin-1", f"{consumer}&{token}".encode("latin-1", "replace"))
    for owner, secret in (("consumer", consumer), ("token", token)):
        for name, read in _READ:
            octets = _read(read, secret)
            if octets:
                halves = (octets, _octets(token)) if owner == "consumer" else (_octets(consumer), octets)
                yield KeyVariant(codes, f"with the {owner}'s secret decoded from {name}", b"&".join(halves))


_URI = "!*'()"
_READ: tuple[tuple[str, Callable[[str], bytes]], ...] = (
    ("base64", lambda secret: b64decode(secret, validate=True)),
    ("hexadecimal digits", bytes.fromhex),
)


def _read(read: Callable[[str], bytes], secret: str) -> bytes:
    try:
        return read(secret)
    except ValueError:
        return b""


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # a consumer key may be anything


def _quoted(secret: str, safe: str = "") -> str:
    return quote(secret, safe=f"~{safe}", errors="surrogatepass")


def _lower(text: str) -> str:
    return re.sub("%[0-9A-F]{2}", lambda escape: escape[0].lower(), text)
