"""Secrets in bytes that come in pieces: whatever the cuts and the spelling, what the ``Redactor`` says of the whole."""

from __future__ import annotations

import random
from html.entities import html5

import pytest

from oauth_hook.redaction import Redactor
from oauth_hook.redaction.stream import StreamRedactor

ENTITIES = {value: name for name, value in sorted(html5.items()) if name.endswith(";")}
ALPHABETS = ("abcdefgnrtuxXYZ0189", "abcXYZ0189+/=", "abnrtXYZ0189-_.~", "abntuxX01+/= &%\\;#\"'<é日")
PADS = ('ab{}":, \n%&#\\u', "abc;&#x%u\\0123", "\x00\x01\xff %", "ab ", "abc")


def change_case(chance, text):
    return "".join(chance.choice((letter.lower(), letter.upper())) for letter in text)


def spell(chance, letter):
    """Return a character in one of the ways in which servers escape it, or as it is."""
    number = ord(letter)
    zeros = "0" * chance.choice((0, 0, 1, 5))
    ways = [
        letter, f"&#{zeros}{number};", f"&#{chance.choice('xX')}{zeros}{change_case(chance, f'{number:x}')};",
        "".join("%" + change_case(chance, f"{byte:02x}") for byte in letter.encode()),
        chance.choice("\\%") + "u" + change_case(chance, f"{number:04x}"),
    ]  # fmt: skip
    ways += ["\\x" + change_case(chance, f"{number:02x}")] if number < 128 else []
    ways += ["&" + ENTITIES[letter]] if letter in ENTITIES else []
    ways += ["\\" + letter] if letter not in "nrtbfux" else []
    return chance.choice(ways)


def make_case(chance):
    """Return secrets, and bytes with some of them in them, each escaped at most three times."""
    secrets = [
        "".join(chance.choices(chance.choice(ALPHABETS), k=chance.choice((2, 4, 8, 16, 16, 20, 32, 48))))
        for _ in range(chance.choice((1, 2)))
    ]
    text = b""
    for _ in range(chance.randrange(1, 4)):
        text += "".join(chance.choices(chance.choice(PADS), k=chance.choice((0, 1, 5, 60, 900)))).encode("latin-1")
        secret = spelled = chance.choice(secrets)
        for _ in range(chance.choice((0, 1, 1, 1, 2, 3))):
            share = chance.choice((0.05, 0.3, 1))
            again = "".join(spell(chance, letter) if chance.random() < share else letter for letter in spelled)
            spelled = again if len(again) < 50 * len(secret) else spelled
        text += spelled[chance.random() < 0.15 :].encode()
    return secrets, text


def cut(chance, text):
    sizes = chance.choice(([1, 2, 3], [1, 3, 7], [50, 500], [1, 100_000], [100_000]))
    while text:
        size = chance.choice(sizes)
        yield text[:size]
        text = text[size:]


@pytest.mark.promise("the-command-shows-no-secret")
@pytest.mark.parametrize("cases", [50, pytest.param(1000, marks=pytest.mark.soak)])
def test_what_comes_in_pieces_is_redacted_as_a_whole(cases):
    """In every spelling that is unescaped, mixed and nested, wherever it is cut, beside whatever bytes."""
    found = 0
    for seed in range(cases):
        chance = random.Random(seed)
        secrets, text = make_case(chance)
        whole = Redactor(secrets)(text.decode("latin-1"), fields=False).encode("latin-1")
        stream = StreamRedactor(secrets)
        assert b"".join(stream.redact(cut(chance, text))) == whole, seed
        assert stream.has_found is (whole != text)
        found += stream.has_found
    assert found > cases // 2


@pytest.mark.promise("the-command-shows-no-secret")
@pytest.mark.parametrize("nul", ["", "\0"])
def test_spellings_that_are_rare(nul):
    """Leading zeros, a capital X, both cases of hexadecimal digits, a NUL byte, each letter in its own way."""
    secret = "kd94hf93k423kf44"
    formats = ("&#X{:X};", "&#{:04};", "&#x{:06x};", "%{:02x}", "\\u{:04X}", "\\x{:02x}")
    spelled = ["".join(way.format(byte) for byte in secret.encode()) for way in formats]
    spelled.append("".join(f"%{byte:02x}" if byte % 2 else f"%{byte:02X}" for byte in secret.encode()))
    spelled.append("".join(formats[i % len(formats)].format(byte) for i, byte in enumerate(secret.encode())))
    spelled += ["kd94hf93%6B423kf44", "kd94\\hf93k423kf44", "\\kd94hf93k423kf44", "kd94hf93k423kf4&#52;"]
    for each in spelled:
        assert b"".join(StreamRedactor([secret]).redact([f"{nul}a: {each}\n".encode()])) == f"{nul}a: ***\n".encode()


def test_secrets_that_touch_are_not_kept_until_the_end():
    """What a server repeats without end is masked as it comes."""
    secret = "kd94hf93k423kf44"
    out = StreamRedactor([secret]).redact([secret.encode() * 1000 for _ in range(20)])
    first = bytes(next(out))
    assert set(first) == set(b"*")
    assert set(b"".join(out)) == set(b"*")
