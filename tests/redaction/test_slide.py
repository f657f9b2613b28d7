"""Nothing shows a part of a secret, wherever it stands in a response: a text is redacted first, and cut then."""

from __future__ import annotations

import json
from html import escape
from types import SimpleNamespace
from urllib.parse import quote

import pytest
import requests
from tables import for_each

from oauth_hook import Consumer, explain, sign
from oauth_hook.redaction import MASK, Redactor, shorten
from oauth_hook.tokens.http import WholeResponse, build_refusal, redact_body

SECRET = "Kd94hf93k423kf44Pfkkdhi9sl3r4s00Zyx8wVu7T"
PARTS = {SECRET[start : start + 8] for start in range(len(SECRET) - 7)}


def header(text):
    return {"WWW-Authenticate": text}, ""


SHAPES = {
    "text": lambda text: ({}, text),
    "text on lines": lambda text: ({}, f"Unauthorized\n{text}"),
    "JSON message": lambda text: ({}, json.dumps({"error": {"code": 5, "message": text}})),
    "JSON error": lambda text: ({}, json.dumps({"error": text})),
    "JSON of other names": lambda text: ({}, json.dumps({"fault": {"faultstring": text, "detail": {"title": text}}})),
    "broken JSON": lambda text: ({}, '{"message": "' + text),
    "form": lambda text: ({}, f"error=no&error_description={quote(text)}"),
    "form of the extension": lambda text: ({}, f"oauth_problem=token_rejected&oauth_problem_advice={quote(text)}"),
    "a problem of its own": lambda text: ({}, f"oauth_problem={quote(text)}"),
    "HTML title": lambda text: ({}, f"<html><title>{escape(text)}</title></html>"),
    "HTML heading": lambda text: ({}, f"<html><body><h1 class='a'>{escape(text)}</h1></body></html>"),
    "HTML page": lambda text: ({}, f"<html><body><p>oauth: {escape(text)}</p></body></html>"),
    "XML": lambda text: ({}, f"<error><code>5</code><message>{escape(text)}</message></error>"),
    "MediaWiki": lambda text: ({}, f"Error: An error occurred in the OAuth protocol: Nonce already used: {text}"),
    "problem in a header": lambda text: header(f'OAuth oauth_problem="{quote(text)}"'),
    "advice in a header": lambda text: header(f'OAuth oauth_problem="no", oauth_problem_advice="{quote(text)}"'),
    "words in a header": lambda text: header(f'OAuth error="no", error_description="{text}"'),
}


CONSUMER = Consumer("c", SECRET)
SIGNED = sign("GET", "https://api.example.com/", consumer=CONSUMER)


def shown_by(headers, body, explained):
    """Return all that an error, and an explanation if it is wanted, show of a response."""
    response = requests.Response()
    response.status_code, response._content = 401, body.encode()
    response.headers.update(headers)
    error = build_refusal(WholeResponse(response, body), "the token", [SECRET])
    redacted = redact_body(WholeResponse(response, body), [SECRET])
    shown = [str(error), repr(error), error.body, str(error.problem), redacted]
    if explained:
        response.request = SimpleNamespace(method="GET", url=SIGNED.url, headers=dict(SIGNED.headers), body=None)
        explanation = explain(response, CONSUMER)
        shown += [str(explanation), repr(explanation)]
    return shown


def check(shape, text, explained):
    for shown in shown_by(*SHAPES[shape](text), explained):
        found = [part for part in PARTS if part in shown]
        assert not found, (shape, len(text), shown)
        assert not shown.rstrip(".").endswith((" *", " **")), shown


LIMITS = (80, 200, 300, 500)  # characters of what errors and explanations show
OFFSETS = range(30, 560)


@pytest.mark.parametrize("limit", LIMITS)
def test_no_offset_leaves_a_part_of_a_secret_before_a_limit(limit):
    """Wherever it stands, a secret that a limit cuts in two is redacted first, and its mask is not split."""
    redact = Redactor([SECRET])
    for offset in OFFSETS:
        before = ("x " * offset)[:offset]
        shown = shorten(redact(before + SECRET + " end"), limit)
        whole = before + MASK + " end"
        assert shown == (before if offset < limit < offset + len(MASK) else whole[:limit])


@pytest.mark.soak
@for_each("shape", SHAPES)
def test_no_offset_shows_a_part_of_a_secret(shape, portion):
    """No limit shows a secret by half in any shape: the shapes share the offsets, and have all of them in full."""
    step = len(OFFSETS) // portion(len(OFFSETS))
    first = list(SHAPES).index(shape) % step
    for index, offset in enumerate(OFFSETS[first::step]):
        check(shape, ("x " * offset)[:offset] + SECRET + " end", index % 16 == 0)
    for index, offset in enumerate(OFFSETS[first :: 21 * step]):
        check(shape, ("ab-" * offset)[:offset] + SECRET + " end", index % 4 == 0)


@pytest.mark.soak
@for_each("shape", ["text", "JSON message", "broken JSON", "HTML page", "XML"])
@for_each("limit", [1 << 12, 1 << 14, 1 << 16])
def test_no_bound_of_what_is_read_shows_a_part_of_a_secret(shape, limit, portion):
    """Nor does a limit of what is looked at, whatever the text before it is shortened to."""
    for index, offset in enumerate(range(limit - 80, limit + 4, 84 // portion(70))):
        check(shape, SECRET * 3 + " " * (offset - 3 * len(SECRET)) + SECRET, index % 7 == 2)


def test_a_bound_on_what_is_read_redacts_all_of_an_escaped_secret():
    """A redactor that is told how much is wanted looks as far behind it as a secret may go on, in every spelling."""
    redact = Redactor([SECRET])
    spellings = (
        SECRET,
        quote(quote(SECRET)),
        "".join(f"%25{ord(letter):02X}" for letter in SECRET),
        "".join(f"&#x{ord(letter):04X};" for letter in SECRET),
        "".join(f"\\u{ord(letter):04x}" for letter in SECRET),
    )
    for spelled in spellings:
        for most in range(1, len(spelled) + 30, 3):
            left = redact("a-b " * 5 + spelled + " é end", most=most)
            assert left in (("a-b " * 5)[:most], "a-b " * 5 + MASK, ("a-b " * 5 + MASK + " é end")[: len(left)])
    assert redact("é" * 10, most=4) == "é" * 4


@for_each(
    ("text", "most", "left"),
    [("abc", 3, "abc"), ("abcd", 3, "abc"), ("ab***", 5, "ab***"), ("ab***c", 5, "ab***"), ("ab***c", 4, "ab"),
     ("ab***c", 3, "ab"), ("ab***c", 2, "ab"), ("***", 1, ""), ("", 0, "")],
)  # fmt: skip
def test_a_mask_is_not_split(text, most, left):
    """A text is cut before a mask that the limit would cut in two."""
    assert shorten(text, most) == left


def test_a_body_of_spaces_and_a_secret():
    """The 401 of issue 11: eighty words, then the consumer's secret."""
    assert all(part not in shown for shown in shown_by({}, "x " * 80 + SECRET, True) for part in PARTS)
