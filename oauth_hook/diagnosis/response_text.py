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
    text = body = _unwrap_call(body.strip())
    is_json = text.startswith(("{", "["))
    read = _read_json if is_json else _read_markup if text.startswith("<") else _read_plain
    problem, message, page, is_error = read(text)
    sentence = None if is_json else _mediawiki_error(page)
    fields = read_problem(headers, body)
    is_reported = bool(fields.get("oauth_problem"))
    if anywhere and not is_reported:
        fields = read_problem(headers, body, anywhere=True)
    if "oauth_problem" in fields:
        problem, message = fields["oauth_problem"], fields.get("oauth_problem_advice", "")
    elif sentence:
        problem, message = None, sentence[1]
    described = ": ".join(_described(headers.get("WWW-Authenticate", "")))
    said = " ".join(dict.fromkeys(part[:MAX_SEARCHED] for part in (problem, message, described, page) if part))
    shown = message or described or page.removeprefix(problem or "").strip()
    is_error = is_error or is_reported or sentence is not None
    return ResponseText(
        fields, problem, shown, described, said[: 2 * MAX_SEARCHED], is_reported, is_error, sentence is not None
    )


_begins_call = re.compile(r"(?:/\*\*/\s?)?[\w$.]{1,100}\((?=[{\[])").match


def _unwrap_call(text: str) -> str:
    """Return the JSON that is handed to a function (JSONP), as Flickr's and other old APIs wrap it; else the text."""
    call, end = _begins_call(text), text.rstrip("; \n")
    return text if call is None or not end.endswith(")") else end[call.end() : -1]


# Special:OAuth responds with a page of status 200, unless it is asked for JSON.
_mediawiki_error = re.compile(
    r".{0,200}?(?<!\S)((?:Error: )?An error occurred in the OAuth protocol: .*|"
    r"Error: oauth_\w{1,20} (?:must|may|is)\b.*)",
    re.DOTALL,
).match

# A service's own word for what was wrong, what it says about it, all that it says, and whether it calls that an error.
_Said = tuple[str | None, str, str, bool]

_json_texts = re.compile(
    r'"(?:\w{1,20}_)?(?:error|message|msg|info|detail|description|title|reason|code|field|fault|source)\w{0,40}"\s*:\s*"'
    r'([^"\\]*(?:\\.[^"\\]*)*)"',
    re.IGNORECASE,
).findall


def _read_json(text: str) -> _Said:
    page = _cut_page(" ".join(_json_texts(text[:_MAX_TEXT])))
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None, text, page, False
    if not isinstance(found, dict):
        return None, text.partition("\n")[0], page, False
    meta = found.get("meta")
    code = meta.get("code") if isinstance(meta, dict) else None  # BrickLink
    is_error = isinstance(code, int) and code >= _BAD_REQUEST
    is_error = is_error or bool(found.get("error") or found.get("errors")) or found.get("stat") == "fail"
    return *_read_object(found), page, is_error


_is_html = re.compile(r"<(?:!doctype html|html|head|body|p|div|pre|center|h\d|script|style)\b", re.IGNORECASE).match
_is_xml_error = re.compile(r'(?:<\?xml[^>]*>\s*)?<(?:rsp stat="fail"|error\b)').match
_elements = re.compile(r"<(?:[\w.-]{1,40}:)?([\w.-]{1,40})(?:\s[^<>]*)?>(?:<!\[CDATA\[)?([^<]*)").findall
_headings = re.compile(r"<(?:title|h1)\b[^<>]*>", re.IGNORECASE).finditer
_end_of_heading = re.compile(r"</(?:title|h1)\b", re.IGNORECASE).split
_code = re.compile(r"<(script|style)\b.*?(?=</\1\b|\Z)", re.IGNORECASE | re.DOTALL)
_messages = re.compile(r'<err\b[^<>]*?\bmsg="([^"<>]*)"', re.IGNORECASE)  # Flickr


def _read_markup(text: str) -> _Said:
    words = read_html(_messages.sub(r" \1 <", shorten(_code.sub("", text), _MAX_TEXT)))
    heading, is_error = _read_heading(text), _is_xml_error(text) is not None
    if heading or _is_html(text):
        return None, heading, words[:MAX_SEARCHED], is_error
    pairs = [(name, unescape_html(inner).strip().removesuffix("]]>")) for name, inner in _elements(text)]
    first = dict(reversed([(name.lower(), inner) for name, inner in pairs if inner]))
    return *_read_object(first), words[:MAX_SEARCHED], is_error


def _read_heading(text: str) -> str:
    starts = (heading.end() for heading in islice(_headings(text), _MAX_HEADINGS))
    parts = (shorten(text[start : start + _MAX_HEADING + len(MASK)], _MAX_HEADING) for start in starts)
    return next(filter(None, (read_html(_end_of_heading(part, maxsplit=1)[0]) for part in parts)), "")


def _read_plain(text: str) -> _Said:
    fields = read_form(text)
    page = _cut_page(" ".join(fields.values()) or text)
    word, about = _read_object(fields)
    if word is not None or about:
        return word, about, page, False
    line = text.partition("\n")[0].strip()
    is_word = 0 < len(line) <= _MAX_WORD and line.isprintable() and "=" not in line
    return (line if is_word else None), line, page, False


def _cut_page(text: str) -> str:
    return " ".join(text.split())[:MAX_SEARCHED]


# Names in lower case: Mastercard's have capitals.
_within = ("messages", "errors", "error", "err", "o:errordetails")
_words_for_it = ("error", "code", "errorcode", "error_code", "o:errorcode", "reasoncode", "type", "name")
_texts_about_it = (
    "message", "error_description", "description", "info", "detail", "msg", "reason", "developer_message",
    "error_message", "user_message", "error", "title",
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
    plain = {
        name: str(value)
        for name, value in found.items()
        if isinstance(value, str | int) and value != "" and not isinstance(value, bool)
    }
    word = next((plain[name] for name in _words_for_it if name in plain and not _is_url(plain[name])), None)
    return word, next((plain[name] for name in _texts_about_it if name in plain), "")


_is_url = re.compile(r"about:|(?:https?|urn|tag):\S", re.IGNORECASE).match  # a problem's type (RFC 9457 s3.1.1)
