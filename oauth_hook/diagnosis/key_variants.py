"""The signing keys (RFC 5849 s3.4.2) that others make of the same secrets."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from html import escape as html_escape
from html import unescape as html_unescape
from string import whitespace
from typing import NamedTuple
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from .base_string_parts import escape_text
from .spelling_variants import lower_escapes

__all__ = ["KeyVariant", "Secrets", "key_variants", "paired_key_variants", "rare_key_variants"]


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
        return f"{_quote(self.consumer)}&{_quote(self.token)}"


class KeyVariant(NamedTuple):
    """One signing key that differs.

    :ivar codes: the causes that it would be, the likeliest first.
    :ivar phrase: what differs, to end a sentence that begins "The signing key was made ...".
    :ivar secrets: those that it is made of by the rules; ``None``: it is made of the right ones by another rule.
    """

    codes: tuple[str, ...]
    phrase: str
    signing_key: bytes
    secrets: Secrets | None = None

    def __repr__(self) -> str:
        return f"KeyVariant({self.codes!r}, {self.phrase!r}, ***)"


def _quote(secret: str) -> str:
    return escape_text(secret, errors="surrogatepass")


def _leave(characters: str) -> Callable[[str], str]:
    """Return what percent-encodes all but some more characters than s3.6 leaves alone."""
    return lambda secret: quote(secret, safe=f"~{characters}", errors="surrogatepass")


def _to_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # a consumer key may be anything


_NOTHING = ("null", "undefined", "None", "nil")
_INVISIBLE = f"{whitespace}\x85\u00a0\u2002\u2003\u2009\u200b\u200c\u200d\u2060\u3000\ufeff"


def _strip(secret: str) -> str:
    return secret.strip(_INVISIBLE)


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

# What a secret has gone through before it was used as the rules say: the cause, how it is said of its owner, the rule.
_SPELLINGS: tuple[tuple[str, str, Callable[[str], str]], ...] = (
    ("secret-whitespace", "without the white space around the {}'s secret", _strip),
    *(("secret-whitespace", f"with {name} after the {{}}'s secret", f"{{}}{space}".format) for name, space in _SPACES),
    *(("secret-whitespace", f"with {name} before the {{}}'s secret", f"{space}{{}}".format) for name, space in _SPACES),
    ("secret-whitespace", "with \"...\" around the {}'s secret", '"{}"'.format),
    ("secret-whitespace", "with '...' around the {}'s secret", "'{}'".format),
    ("secret-whitespace", "with <...> around the {}'s secret", "<{}>".format),
    ("secret-whitespace", "without the quotes around the {}'s secret",
     lambda secret: secret[1:-1] if secret[:1] + secret[-1:] in ("''", '""', "<>") else secret),
    ("signing-key-encoding", "with the {}'s secret percent-encoded before", _quote),
    ("signing-key-encoding", "with the {}'s secret percent-decoded before", unquote),
    ("signing-key-encoding", "with the {}'s secret form-encoded before",
     lambda secret: quote_plus(secret, safe="~", errors="surrogatepass")),
    ("signing-key-encoding", "with the {}'s secret form-decoded before", unquote_plus),
    ("signing-key-encoding", "with the {}'s secret escaped for HTML", html_escape),
    ("signing-key-encoding", "with the {}'s secret unescaped as if from HTML", html_unescape),
    ("signing-key-encoding", "with the {}'s secret in base64", lambda secret: b64encode(_to_bytes(secret)).decode()),
    ("signing-key-encoding", "with the {}'s secret in hexadecimal digits", lambda secret: _to_bytes(secret).hex()),
    ("signing-key-encoding", "with the {}'s secret and a further & after it", "{}&".format),
)  # fmt: skip


_SPELLINGS_OF = {
    owner: [(cause, phrase.format(owner), spell) for cause, phrase, spell in _SPELLINGS]
    for owner in ("consumer", "token")
}


def _vary_secret(secrets: Secrets, owner: str) -> Iterator[KeyVariant]:
    """Yield others than one of the two secrets: spelled otherwise, mixed up, none."""
    consumer, token, consumer_key, token_key = secrets
    is_consumers = owner == "consumer"
    secret, others_secret, other_owner, key, called = (
        (consumer, token, "token", consumer_key, "consumer key") if is_consumers
        else (token, consumer, "consumer", token_key, "token")
    )  # fmt: skip
    code = f"{owner}-secret"
    others = [(cause, phrase, spell(secret)) for cause, phrase, spell in _SPELLINGS_OF[owner]]
    others += [
        (code, f"without the {owner}'s secret", ""),
        (code, f"with the {called} for its secret", key),
        (code, f"with the {other_owner}'s secret for the {owner}'s", others_secret),
    ]
    others += [(code, f'with "{word}" for the {owner}\'s secret', word) for word in _NOTHING]
    mine, users = _quote(consumer), _quote(token)
    for cause, phrase, other in others:
        if other == secret:
            continue
        if is_consumers:
            signing_key, made = f"{_quote(other)}&{users}", Secrets(other, token, consumer_key, token_key)
        else:
            signing_key, made = f"{mine}&{_quote(other)}", Secrets(consumer, other, consumer_key, token_key)
        yield KeyVariant((cause,), phrase, signing_key.encode(), made)


def _vary_both(secrets: Secrets) -> Iterator[KeyVariant]:
    """Yield others than both secrets."""
    both = ("consumer-secret", "token-secret")
    consumer, token, consumer_key, token_key = secrets
    for codes, phrase, others in (
        (both, "with the two secrets swapped", (token, consumer)),
        (both, "without any secret", ("", "")),
        (both, "with both keys for their secrets", (consumer_key, token_key)),
        (("secret-whitespace",), "without the white space around either secret", (_strip(consumer), _strip(token))),
    ):
        if others != (consumer, token):
            other = Secrets(*others, consumer_key, token_key)
            yield KeyVariant(codes, phrase, _to_bytes(other.signing_key), other)


# The right secrets, encoded in another way than s3.4.2's ...
_ENCODINGS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("with the secrets not percent-encoded", str),
    ("with the secrets percent-encoded twice", lambda secret: _quote(_quote(secret))),
    ("with the secrets percent-decoded", unquote),
    ("with spaces in the secrets as +", lambda secret: _quote(secret).replace("%20", "+")),
    ("with ~ in the secrets escaped", lambda secret: _quote(secret).replace("~", "%7E")),
    ("with / in the secrets left alone", _leave("/")),
    ("with lower-case escapes in the secrets", lambda secret: lower_escapes(_quote(secret))),
    ("with !*'() in the secrets left alone", _leave("!*'()")),
)
# ... or joined in another way, by both of them as they are and percent-encoded.
_JOINS: tuple[tuple[str, str], ...] = (
    ("with a key of the consumer's secret alone, without &", "{c}"),
    ("with a key of the consumer's secret alone, without & and percent-encoding", "{consumer}"),
    ("with a key of the token's secret alone", "{t}"),
    ("with a key of the token's secret alone, without percent-encoding", "{token}"),
    ("with the two secrets joined without &", "{c}{t}"),
    ("with the two secrets joined without & and percent-encoding", "{consumer}{token}"),
    ("with the & of the key percent-encoded", "{c}%26{t}"),
    ("with the secrets in the order token, consumer", "{t}&{c}"),
    ("with the consumer's secret not percent-encoded", "{consumer}&{t}"),
    ("with the token's secret not percent-encoded", "{c}&{token}"),
    ("with &amp; between the secrets", "{c}&amp;{t}"),
)
_DECODINGS: tuple[tuple[str, Callable[[str], bytes]], ...] = (
    ("base64", lambda secret: b64decode(secret, validate=True)),
    ("hexadecimal digits", bytes.fromhex),
)


def _vary_making(secrets: Secrets) -> Iterator[tuple[str, bytes]]:
    """Yield what others make of the right secrets, and how."""
    consumer, token = secrets.consumer, secrets.token
    for phrase, encode in _ENCODINGS:
        yield phrase, _to_bytes(f"{encode(consumer)}&{encode(token)}")
    spelled = {"consumer": consumer, "token": token, "c": _quote(consumer), "t": _quote(token)}
    for phrase, key in _JOINS:
        yield phrase, _to_bytes(key.format(**spelled))
    yield "with the key percent-encoded as a whole", _to_bytes(_quote(f"{consumer}&{token}"))
    yield "with the key percent-encoded as a whole once more", _to_bytes(_quote(secrets.signing_key))
    yield "with the secrets in Latin-1", f"{consumer}&{token}".encode("latin-1", "replace")
    for name, decode in _DECODINGS:
        with suppress(ValueError):
            yield f"with the consumer's secret decoded from {name}", decode(consumer) + b"&" + _to_bytes(token)
        with suppress(ValueError):
            yield f"with the token's secret decoded from {name}", _to_bytes(consumer) + b"&" + decode(token)


def _vary_secrets(secrets: Secrets) -> Iterator[KeyVariant]:
    yield from _vary_secret(secrets, "consumer")
    yield from _vary_secret(secrets, "token")
    yield from _vary_both(secrets)


def key_variants(secrets: Secrets) -> Iterator[KeyVariant]:
    """Yield the keys that others make of the same secrets, by one rule each that is not the RFC's."""
    yield from _vary_secrets(secrets)
    for phrase, key in _vary_making(secrets):
        yield KeyVariant(("signing-key-encoding",), phrase, key)


def paired_key_variants(secrets: Secrets) -> Iterator[tuple[KeyVariant, KeyVariant]]:
    """Yield two mistakes, the second of them with the key that both make; those with one in each secret first."""
    tokens = [(other, other.signing_key.rpartition(b"&")[2]) for other in _vary_secret(secrets, "token")]
    for first in _vary_secret(secrets, "consumer"):
        half = first.signing_key.partition(b"&")[0]  # what is percent-encoded has no & in it
        for second, other_half in tokens:
            yield first, KeyVariant(second.codes, second.phrase, half + b"&" + other_half)
    for first in _vary_secrets(secrets):
        for second in key_variants(first.secrets or secrets):
            yield first, second


_MAX_CUT_CHARS = 100  # of a secret that was cut: how many characters may be missing

# What is read for what, of a screen or a letter.
_ALIKE = {"0": "O", "O": "0", "1": "lI", "l": "1I", "I": "1l", "5": "S", "S": "5", "8": "B", "B": "8"}

_RARE_JOINS = (
    ("with a space between the secrets", "{c} {t}"),
    ("with + between the secrets", "{c}+{t}"),
    ("with a space, & and a space between the secrets", "{c} & {t}"),
    ("with : between the secrets", "{c}:{t}"),
    ("with , between the secrets", "{c},{t}"),
    ("with the consumer's key and its secret for the two secrets", "{consumer_key}&{c}"),
)


def rare_key_variants(secrets: Secrets) -> Iterator[KeyVariant]:
    """Yield the keys of mistakes that are seen seldom: each is tried alone."""
    for owner, secret in (("consumer", secrets.consumer), ("token", secrets.token)):
        for phrase, other in _spoil(secret):
            made = secrets._replace(**{owner: other}).signing_key
            yield KeyVariant((f"{owner}-secret",), phrase.format(owner), made.encode())
    halves = {name: _quote(value) for name, value in zip(("c", "t", "consumer_key"), secrets[:3], strict=True)}
    for phrase, key in _RARE_JOINS:
        yield KeyVariant(("signing-key-encoding",), phrase, key.format(**halves).encode())
    for name, charset in (("little-endian", "utf-16-le"), ("big-endian", "utf-16-be"), ("with a mark", "utf-16")):
        phrase = f"with the key in UTF-16 ({name})"
        yield KeyVariant(("signing-key-encoding",), phrase, secrets.signing_key.encode(charset))


def _spoil(secret: str) -> Iterator[tuple[str, str]]:
    """Yield a secret that was copied badly: in other case, twice, not the whole of it, or with a slip in it."""
    yield "with the {}'s secret in capitals", secret.upper()
    yield "with the {}'s secret in small letters", secret.lower()
    yield "with the {}'s secret twice", secret * 2
    for count in range(1, min(len(secret), _MAX_CUT_CHARS)):
        characters = "character" if count == 1 else f"{count} characters"
        yield f"without the last {characters} of the {{}}'s secret", secret[:-count]
        yield f"without the first {characters} of the {{}}'s secret", secret[count:]
    for place in range(min(len(secret), _MAX_CUT_CHARS)):
        before, here, after = secret[:place], secret[place], secret[place + 1 :]
        yield "without one character of the {}'s secret", before + after
        yield "with two neighbours in the {}'s secret swapped", before + after[:1] + here + after[1:]
        for other in _ALIKE.get(here, ""):
            yield "with a character of the {}'s secret for its like (0 and O, 1 and l)", before + other + after
