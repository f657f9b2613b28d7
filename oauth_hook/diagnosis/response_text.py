"""What a response says, in fields, JSON, XML, forms, text and HTML: found, and not yet cut or understood."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from itertools import islice
from typing import Any, NamedTuple

from ..protocol.problem_reporting import read_form, read_html, read_problem, unescape_html
from ..redaction import MASK, shorten

__all__ = ["MAX_SEARCHED", "ResponseText", "read_response_text"]

MAX_SEARCHED = 4096  # characters of a page that are looked through for words
_MAX_TEXT = 1 << 14  # characters of a page without its scripts and styles
_MAX_WORD = 80  # characters of a line that may be a word
_MAX_HEADING, _MAX_HEADINGS = 500, 8  # characters of a heading, and headings of a page, that are looked at
_BAD_REQUEST = 400


class ResponseText(NamedTuple):
    """What a response says, uncut.

    :ivar fields: of the extension.
    :ivar problem: its own word for what was wrong.
    :ivar text: what it says to a person.
    :ivar described: what ``WWW-Authenticate`` says in words, which may be the extension's.
    :ivar said: all that is looked through for causes.
    :ivar is_reported: it has fields of the extension, not just their words somewhere in a page.
    :ivar is_error: it calls itself an error.
    :ivar is_mediawiki: it does so in a sentence, with any status.
    """

    fields: Mapping[str, str]
    problem: str | None
    text: str
    described: str
    said: str
    is_reported: bool
    is_error: bool
    is_mediawiki: bool


_described = re.compile(r'\b(?:error|error_description)\s*=\s*"([^"]*)"').findall


def read_response_text(headers: Mapping[str, str], body: str, *, anywhere: bool) -> ResponseText:
    """Read what a response says.

    :param anywhere: it is a refusal: a word of the extension counts wherever it stands.
    """
    page = _plain_text(body)
    sentence = None if body.lstrip().startswith(("{", "[")) else _mediawiki_error(page)
    fields = read_problem(headers, body)
    is_reported = "oauth_problem" in fields
    if anywhere and not is_reported:
        fields = read_problem(headers, body, anywhere=True)
    if "oauth_problem" in fields:
        problem, text = fields["oauth_problem"], fields.get("oauth_problem_advice", "")
    elif sentence:
        problem, text = None, sentence[1]
    else:
        problem, text = _read_message(body.strip())
    described = ": ".join(_described(headers.get("WWW-Authenticate", "")))
    said = " ".join(dict.fromkeys(part[:MAX_SEARCHED] for part in (problem, text, described, page) if part))
    is_error = is_reported or sentence is not None or _is_error(body)
    shown = text or described or page.removeprefix(problem or "").strip()
    return ResponseText(
        fields, problem, shown, described, said[: 2 * MAX_SEARCHED], is_reported, is_error, bool(sentence)
    )


# Special:OAuth responds with a page of status 200, unless it is asked for JSON.
_mediawiki_error = re.compile(
    r".{0,200}?(?<!\S)((?:Error: )?An error occurred in the OAuth protocol: .*|"
    r"Error: oauth_\w{1,20} (?:must|may|is)\b.*)",
    re.DOTALL,
).match


def _read_message(text: str) -> tuple[str | None, str]:
    """Return a service's own word for what was wrong, and what it says about it; the text may be empty."""
    if text.startswith("{"):
        try:
            return _read_object(json.loads(text))
        except (ValueError, RecursionError):
            return None, text
    if text.startswith("<"):
        heading = _read_heading(text)
        return (None, heading) if heading or _is_html(text) else _read_object(_read_elements(text))
    word, about = _read_object(read_form(text))
    if word is not None or about:
        return word, about
    line = text.partition("\n")[0].strip()
    is_word = 0 < len(line) <= _MAX_WORD and line.isprintable() and "=" not in line
    return (line if is_word else None), line


# Names in lower case: Mastercard's have capitals.
_within = ("messages", "errors", "error", "err")
_words_for_it = ("error", "code", "errorcode", "error_code", "reasoncode", "type", "name")
_texts_about_it = (
    "message", "error_description", "description", "info", "detail", "msg", "reason", "developer_message",
    "error_message", "user_message", "error",
)  # fmt: skip


def _read_object(found: Mapping[str, Any]) -> tuple[str | None, str]:
    """Read ``{"errors": [{"code": 32, "message": "..."}]}``, ``{"error": "..."}`` and their like."""
    found = {name.lower(): value for name, value in found.items()}
    for name in _within:
        inner = found.get(name)
        if isinstance(inner, list) and inner:
            inner = inner[0]
        if isinstance(inner, dict):
            found = {name.lower(): value for name, value in inner.items()}
        elif isinstance(inner, str) and name == "errors":
            return inner, inner
    word = next((str(found[name]) for name in _words_for_it if _is_plain(found.get(name))), None)
    return word, next((str(found[name]) for name in _texts_about_it if _is_plain(found.get(name))), "")


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int) and value != "" and not isinstance(value, bool)


_is_html = re.compile(r"<(?:!doctype html|html|head|body|p|div|pre|center|h\d|script|style)\b", re.IGNORECASE).match
_elements = re.compile(r"<(?:[\w.-]{1,40}:)?([\w.-]{1,40})(?:\s[^<>]*)?>(?:<!\[CDATA\[)?([^<]*)").findall
_headings = re.compile(r"<(?:title|h1)\b[^<>]*>", re.IGNORECASE).finditer
_end_of_heading = re.compile(r"</(?:title|h1)\b", re.IGNORECASE).split


def _read_elements(text: str) -> dict[str, str]:
    """Return the texts in XML, by the names of their elements."""
    pairs = ((name.lower(), unescape_html(inner).strip().removesuffix("]]>")) for name, inner in _elements(text))
    return dict(reversed([(name, inner) for name, inner in pairs if inner]))  # the first of each counts


def _read_heading(text: str) -> str:
    starts = (heading.end() for heading in islice(_headings(text), _MAX_HEADINGS))
    parts = (shorten(text[start : start + _MAX_HEADING + len(MASK)], _MAX_HEADING) for start in starts)
    return next(filter(None, (read_html(_end_of_heading(part, maxsplit=1)[0]) for part in parts)), "")


def _is_error(body: str) -> bool:
    """Tell whether an answer calls itself an error, whatever its status."""
    text = body.lstrip()
    if text.startswith("{"):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return False
        meta = found.get("meta")
        code = meta.get("code") if isinstance(meta, dict) else None  # BrickLink
        if isinstance(code, int) and code >= _BAD_REQUEST:
            return True
        return bool(found.get("error") or found.get("errors")) or found.get("stat") == "fail"
    return re.match(r'(?:<\?xml[^>]*>\s*)?<(?:rsp stat="fail"|error\b)', text) is not None


_code_tags = re.compile(r"<(/?)(style|script)\b", re.IGNORECASE).finditer
_messages = re.compile(r'<err\b[^<>]*?\bmsg="([^"<>]*)"', re.IGNORECASE)  # Flickr
_json_texts = re.compile(
    r'"(?:\w{1,20}_)?(?:error|message|msg|info|detail|description|title|reason|code|field|fault|source)\w{0,40}"\s*:\s*"'
    r'([^"\\]*(?:\\.[^"\\]*)*)"',
    re.IGNORECASE,
).findall


def _plain_text(body: str) -> str:
    """Return the words of a page, or of the texts in JSON or in a form."""
    text = body.strip()
    if text.startswith("<"):
        page = shorten(_without_code(text), _MAX_TEXT)
        return read_html(_messages.sub(r" \1 <", page))[:MAX_SEARCHED]
    if text.startswith(("{", "[")):
        text = " ".join(_json_texts(text[:_MAX_TEXT]))
    else:
        text = " ".join(read_form(text).values()) or text
    return " ".join(text.split())[:MAX_SEARCHED]


def _without_code(page: str) -> str:
    """Return a page without its scripts and style sheets."""
    kept, start, inside = [], 0, ""
    for tag in _code_tags(page):
        closing, name = tag[1], tag[2].lower()
        if not inside and not closing:
            kept.append(page[start : tag.start()])
            inside = name
        elif closing and name == inside:
            inside, start = "", tag.start()
    return "".join(kept) + ("" if inside else page[start:])
