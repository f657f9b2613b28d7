"""Nothing shows a part of a secret, wherever it stands in a response: a text is redacted first, and cut then."""

from __future__ import annotations

import json
from html import escape
from types import SimpleNamespace
from urllib.parse import quote

import pytest
import requests

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
    answer = redact_body(WholeResponse(response, body), [SECRET])
    shown = [str(error), repr(error), error.body, str(error.problem), answer]
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


@pytest.mark.parametrize("shape", SHAPES)
def test_no_offset_shows_a_part_of_a_secret(shape):
    """A secret that a limit of 80, 200, 300 or 500 characters cuts in two is not shown by half."""
    for offset in range(30, 560):
        check(shape, ("x " * offset)[:offset] + SECRET + " end", offset % 16 == 0)
    for offset in range(30, 560, 21):
        check(shape, ("ab-" * offset)[:offset] + SECRET + " end", offset % 4 == 0)


@pytest.mark.parametrize("shape", ["text", "JSON message", "broken JSON", "HTML page", "XML"])
@pytest.mark.parametrize("limit", [1 << 12, 1 << 14, 1 << 16])
def test_no_bound_of_what_is_read_shows_a_part_of_a_secret(shape, limit):
    """Nor does a limit of what is looked at, whatever the text before it is shortened to."""
    for offset in range(limit - 80, limit + 4, 12):
        check(shape, SECRET * 3 + " " * (offset - 3 * len(SECRET)) + SECRET, offset % 5 == 0)


def test_a_bound_on_what_is_read_hides_all_of_an_escaped_secret():
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


@pytest.mark.parametrize(
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
