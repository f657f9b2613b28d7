"""The signing keys (RFC 5849 s3.4.2) that others make of the same secrets."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote, quote_plus, unquote

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
        return f"{quote(self.consumer, safe='~')}&{quote(self.token, safe='~')}"


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
    yield from _spaced(secrets)
    for owner in ("consumer", "token"):
        secret = getattr(secrets, owner)
        for phrase, other in (("percent-encoded", quote(secret, safe="~")), ("percent-decoded", unquote(secret))):
            if other != secret:
                changed = secrets._replace(**{owner: other})
                yield ("signing-key-encoding",), f"with the {owner}'s secret {phrase} before", changed
    both = ("consumer-secret", "token-secret")
    token = ("token-secret",)
    yield both, "with the two secrets swapped", secrets._replace(consumer=secrets.token, token=secrets.consumer)
    yield token, "without the token's secret", secrets._replace(token="")
    yield both[:1], "without the consumer's secret", secrets._replace(consumer="")
    yield both, "without any secret", secrets._replace(consumer="", token="")
    yield both[:1], "with the consumer key for its secret", secrets._replace(consumer=secrets.consumer_key)
    yield token, "with the token for its secret", secrets._replace(token=secrets.token_key)
    keys = secrets._replace(consumer=secrets.consumer_key, token=secrets.token_key)
    yield both, "with both keys for their secrets", keys
    yield token, "with the consumer's secret for the token's", secrets._replace(token=secrets.consumer)
    yield both[:1], "with the token's secret for the consumer's", secrets._replace(consumer=secrets.token)


_SPACES = (("a line feed", "\n"), ("a space", " "), ("a carriage return and a line feed", "\r\n"), ("a tab", "\t"))


def _spaced(secrets: Secrets) -> Iterator[tuple[tuple[str, ...], str, Secrets]]:
    """White space around a secret: from a file, a form or a copied cell."""
    codes = ("secret-whitespace",)
    for owner in ("consumer", "token"):
        secret: str = getattr(secrets, owner)
        if secret != secret.strip():
            stripped = secrets._replace(**{owner: secret.strip()})
            yield codes, f"without the white space around the {owner}'s secret", stripped
        for name, space in _SPACES:
            after, before = secrets._replace(**{owner: secret + space}), secrets._replace(**{owner: space + secret})
            yield codes, f"with {name} after the {owner}'s secret", after
            yield codes, f"with {name} before the {owner}'s secret", before
        for quoted in ('"{}"', "'{}'", "<{}>"):
            other = secrets._replace(**{owner: quoted.format(secret)})
            yield codes, f"with {quoted.format('...')} around the {owner}'s secret", other
        if secret[:1] == secret[-1:] and secret[:1] in ("'", '"'):
            bare = secrets._replace(**{owner: secret[1:-1]})
            yield codes, f"without the quotes around the {owner}'s secret", bare
    if secrets != (stripped := secrets._replace(consumer=secrets.consumer.strip(), token=secrets.token.strip())):
        yield codes, "without the white space around either secret", stripped


def _joined_otherwise(secrets: Secrets) -> Iterator[KeyVariant]:
    """The right secrets, encoded or joined in another way than s3.4.2's."""
    consumer, token = secrets.consumer, secrets.token
    spelled = quote(consumer, safe="~"), quote(token, safe="~")
    rules = [
        ("without percent-encoding", f"{consumer}&{token}"),
        ("percent-encoded twice", f"{quote(spelled[0], safe='~')}&{quote(spelled[1], safe='~')}"),
        ("percent-decoded", f"{unquote(consumer)}&{unquote(token)}"),
        ("with spaces as +", f"{quote_plus(consumer, safe='~')}&{quote_plus(token, safe='~')}"),
        ("with ~ escaped", f"{_old(consumer)}&{_old(token)}"),
        ("with / left alone", f"{quote(consumer, safe='~/')}&{quote(token, safe='~/')}"),
        ("with lower-case escapes", f"{_lower(spelled[0])}&{_lower(spelled[1])}"),
        ("with !*'() left alone", f"{quote(consumer, safe=_URI)}&{quote(token, safe=_URI)}"),
        ("of the consumer's secret alone, without &", spelled[0]),
        ("of the token's secret alone", spelled[1]),
        ("with the two secrets joined without &", spelled[0] + spelled[1]),
        ("with the & percent-encoded", f"{spelled[0]}%26{spelled[1]}"),
        ("in the order token, consumer", f"{spelled[1]}&{spelled[0]}"),
        ("percent-encoded as a whole", quote(f"{consumer}&{token}", safe="~")),
    ]
    for phrase, key in rules:
        yield KeyVariant(("signing-key-encoding",), phrase, key.encode("utf-8", "surrogatepass"))
    yield KeyVariant(("signing-key-encoding",), "in Latin-1", f"{consumer}&{token}".encode("latin-1", "replace"))
    for owner, secret in (("consumer", consumer), ("token", token)):
        octets = _base64(secret)
        if octets is not None:
            made = octets + b"&" + token.encode() if owner == "consumer" else consumer.encode() + b"&" + octets
            yield KeyVariant(("signing-key-encoding",), f"with the {owner}'s secret decoded from base64", made)


_URI = "~!*'()"


def _old(secret: str) -> str:
    return quote(secret, safe="").replace("~", "%7E")


def _lower(text: str) -> str:
    return re.sub("%[0-9A-F]{2}", lambda escape: escape[0].lower(), text)


def _base64(secret: str) -> bytes | None:
    try:
        return b64decode(secret, validate=True) or None
    except ValueError:
        return None
