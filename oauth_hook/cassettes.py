"""Taking credentials out of recorded requests and responses (cassettes), so that they can be kept with the code.

For vcrpy::

    vcr.VCR(before_record_request=scrub_request, before_record_response=scrub_response)

vcrpy scrubs a request before it looks for it, too. So a scrubbed cassette matches on replay, whatever the nonce, the
timestamp and the credentials are then, as long as the parameters stand in the same place.

By their names these go, in headers, URLs, forms, JSON, XML, HTML forms, ``repr`` and base strings:

- every ``oauth_*`` but those that are no credentials (``oauth_version``, ``oauth_signature_method``, what a refusal
  says); consumer keys and secrets, tokens and their secrets, what else ends in "secret" or "password";
- in URLs and forms, what a callback calls ``denied``, and ``token``; beside it ``key``, as E*TRADE has it;
- credentials of other schemes (``Authorization: Basic``), cookies, ``X-Auth-Token``, ``X-Api-Key`` and the like, and
  what stands before the host in a URL.

What a server repeats under names of its own is found only where it is given:
``functools.partial(scrub_response, secrets=[...])``.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote_plus

from .errors import UsageError
from .redaction import MASK, redact
from .redaction.names import CREDENTIAL, HEADER, SECRET_HEADER, USERINFO

__all__ = ["scrub_request", "scrub_response", "scrub_text"]

_is_credential = re.compile(CREDENTIAL, re.IGNORECASE).fullmatch
# A name and its value: in quotes, as headers, JSON and repr have them; in escaped quotes (JSON in JSON); by itself.
_field = re.compile(
    rf"""(?<![\w%])(?P<name>{CREDENTIAL})
         (?: (?P<quoted>["']?\s*[:=]\s*b?(?P<quote>["']))(?:(?!(?P=quote))[^\\]|\\.)*(?=(?P=quote))
           | (?P<escaped>\\"\s*:\s*\\")(?:(?!\\").)*(?=\\")
           | (?P<bare>["']?\s*[:=]\s*)(?!(?:null|None|true|false)\b)[^&"'<>\s,;}}\]\\]+ )""",
    re.VERBOSE | re.IGNORECASE,
).sub
_element = re.compile(
    rf"(<(?:[\w.-]+:)?{CREDENTIAL}(?:\s[^<>]*)?>)(?:<!\[CDATA\[(?:(?!\]\]>|<!\[)[\s\S])+\]\]>|[^<]+)(?=</)",
    re.IGNORECASE,
).sub
_input = re.compile(rf"<input\b(?=[^<>]*\bname=[\"']?(?:{CREDENTIAL})[\"'\s/>])[^<>]*>", re.IGNORECASE).sub
_value = re.compile(r"""(\bvalue=)(["'])[^"'<>]+\2""", re.IGNORECASE).sub
_linked = re.compile(r"(?<=[?&#;])((?:token|denied)=)[^&\"'<>\s#]+").sub
_other_scheme = re.compile(
    r"(authorization[\"']?\s*[:=]\W{0,20}(?:basic|bearer|digest|token) +)[^\s,\"'<>]+", re.IGNORECASE
).sub
_userinfo = re.compile(USERINFO).sub
# Escaped, once or more often, as base strings have them: the value ends before the next escaped &.
_escaped_field = re.compile(
    rf"((?:%(?:25)*26|(?<![\w%])){CREDENTIAL}%(?:25)*3D)(?:(?!%(?:25)*26)[^&\"'<>\s,;])+", re.IGNORECASE
).sub
# The whole text is a form, or a URL: whatever stands between two & is one parameter.
_is_form = re.compile(r"[^\s<>\"&=]+=[^\s<>\"]*\s*").fullmatch
_names_in = re.compile(r"(?:\A|(?<=[?#]))([^?#=]+)=").finditer

_is_secret_header = re.compile(SECRET_HEADER, re.IGNORECASE).fullmatch
# Such a header in a text: a line of HTTP, or a member of JSON or of a repr.
_header = re.compile(
    rf"""^(?P<line>[ \t<>]*(?P<of_line>{HEADER}):[ \t]*)(?P<rest>[^\r\n]+)
       | (?P<member>(?P<mark>["'])(?P<of_member>{HEADER})(?P=mark)\s*:\s*(?:\[\s*)?(?P<quote>["']))
         (?P<value>(?:(?!(?P=quote))[^\\]|\\.)*)""",
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
).sub
_cookie = re.compile(r"((?:\A|;)[^=;]+=)[^;]+").sub
_set_cookie = re.compile(r"\A([^=;]+=)[^;]+").sub

_DECODERS: Mapping[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.decompress,
    "x-gzip": gzip.decompress,
    "deflate": lambda data: zlib.decompress(data, zlib.MAX_WBITS if data[:1] == b"\x78" else -zlib.MAX_WBITS),
}


def scrub_request(request: Any, secrets: Iterable[str] = ()) -> Any:
    """Take credentials out of a recorded request: vcrpy's ``before_record_request``.

    :param request: vcrpy's; its ``uri``, ``headers`` and ``body`` are replaced, not changed in place.
    :param secrets: more that must not be seen, wherever it stands.
    :returns: the request.
    """
    secrets = list(secrets)
    request.uri = scrub_text(request.uri, secrets)
    headers = _scrubbed_headers(request.headers, secrets)
    body = request.body
    if isinstance(body, bytes | str):
        request.body = changed = _scrubbed(body, secrets)
        headers = headers if changed == body else _measured(headers, changed)
    request.headers = headers
    return request


def scrub_response(response: dict[str, Any], secrets: Iterable[str] = ()) -> dict[str, Any]:
    """Take credentials out of a recorded response: vcrpy's ``before_record_response``.

    A compressed body in which there is something to take out is kept uncompressed.

    :param response: as vcrpy has it: ``headers``, and ``body`` with its ``string``; it is not changed.
    :param secrets: more that must not be seen, wherever it stands.
    :returns: the scrubbed response.
    :raises UsageError: the body is compressed in a way that cannot be read here.
    """
    secrets = list(secrets)
    headers = _scrubbed_headers(response.get("headers", {}), secrets)
    scrubbed = {**response, "headers": headers}
    body = (response.get("body") or {}).get("string")
    if not body:
        return scrubbed
    plain = _decoded(body, headers) if isinstance(body, bytes) else body
    changed = _scrubbed(plain, secrets)
    if changed == plain:
        return scrubbed
    scrubbed["headers"] = {
        name: values for name, values in _measured(headers, changed).items() if name.lower() != "content-encoding"
    }
    return {**scrubbed, "body": {**response["body"], "string": changed}}


def scrub_text(text: str, secrets: Iterable[str] = ()) -> str:
    """Take credentials out of any text: a URL, a header, a body, a file that another recorder has written.

    :param secrets: more that must not be seen; found raw and escaped.
    :returns: the text with ``***`` in their places.
    """
    if secrets:
        text = redact(text, secrets, fields=False)
    text = _escaped_field(rf"\1{MASK}", text)
    text = _userinfo(MASK, text)
    if _is_form(text):
        return _scrubbed_form(text)
    text = _header(_scrubbed_line, text)
    text = _linked(rf"\1{MASK}", _other_scheme(rf"\1{MASK}", text))
    text = _input(lambda found: _value(rf"\1\2{MASK}\2", found[0]), _element(rf"\1{MASK}", text))
    return _field(_masked, text)


def _scrubbed_line(found: re.Match[str]) -> str:
    """Return a header as it stands in a text, scrubbed."""
    if found["line"]:
        return found["line"] + str(_scrubbed_header(found["of_line"], found["rest"], []))
    return found["member"] + str(_scrubbed_header(found["of_member"], found["value"], []))


def _masked(found: re.Match[str]) -> str:
    """Return a field with its value masked; what was JSON still is."""
    if not found["bare"]:
        return f"{found['name']}{found['quoted'] or found['escaped']}{MASK}"
    is_json = found["bare"][0] in "\"'"  # a number
    return f"{found['name']}{found['bare']}" + (f"{found['bare'][0]}{MASK}{found['bare'][0]}" if is_json else MASK)


def _scrubbed_form(text: str) -> str:
    """Return a form, or a URL, scrubbed; all that is no credential stays as it is spelled."""
    pairs = text.split("&")
    names = {unquote_plus(found[1]) for pair in pairs for found in _names_in(pair)}
    more = {"denied", "token", *(["key"] if "token" in names else [])}
    return "&".join(_scrubbed_pair(pair, more) for pair in pairs)


def _scrubbed_pair(pair: str, more: set[str]) -> str:
    """Return a parameter, before which a URL may stand; a credential's value goes to its end."""
    for found in _names_in(pair):
        name, value = unquote_plus(found[1]), pair[found.end() :]
        if _is_credential(name) or name in more:
            return f"{pair[: found.end()]}{MASK}{value[len(value.rstrip()) :]}"
    return pair


def _scrubbed(value: Any, secrets: list[str]) -> Any:
    """Return text or bytes scrubbed; bytes taken for characters lose nothing."""
    if isinstance(value, str):
        return scrub_text(value, secrets)
    return scrub_text(value.decode("latin-1"), secrets).encode("latin-1")


def _scrubbed_headers(headers: Mapping[str, Any], secrets: list[str]) -> dict[str, Any]:
    """Return headers scrubbed, each by its kind; vcrpy has a value in a list, or by itself."""
    return {
        name: [_scrubbed_header(name, value, secrets) for value in values]
        if isinstance(values, list | tuple)
        else _scrubbed_header(name, values, secrets)
        for name, values in headers.items()
    }


def _scrubbed_header(name: str, value: Any, secrets: list[str]) -> Any:
    """Return a header's value scrubbed; the scheme, the names of cookies and what else is no credential stays."""
    if isinstance(value, bytes):
        return _scrubbed_header(name, value.decode("latin-1"), secrets).encode("latin-1")
    kind = name.lower()
    if kind == "cookie":
        return _cookie(rf"\1{MASK}", value)
    if kind == "set-cookie":
        return _set_cookie(rf"\1{MASK}", value)
    if kind in ("authorization", "proxy-authorization") and not value.lower().startswith("oauth "):
        return f"{value.partition(' ')[0]} {MASK}" if " " in value else MASK
    return MASK if _is_secret_header(name) else scrub_text(value, secrets)


def _measured(headers: Mapping[str, Any], body: bytes | str) -> dict[str, Any]:
    """Return headers with the length of a body that has been changed."""
    length = str(len(body if isinstance(body, bytes) else body.encode()))
    return {
        name: _like(values, length) if name.lower() == "content-length" else values for name, values in headers.items()
    }


def _like(values: Any, value: str) -> Any:
    """Return a header's value as vcrpy keeps it: in a list, or by itself."""
    return [value] if isinstance(values, list) else value


def _decoded(body: bytes, headers: Mapping[str, Any]) -> bytes:
    """Return a body as its sender wrote it.

    :raises UsageError: it is compressed in a way that cannot be read here.
    """
    named = [values for name, values in headers.items() if name.lower() == "content-encoding"]
    coding = (named[0][0] if named and isinstance(named[0], list) else named[0] if named else "").strip().lower()
    if coding in ("", "identity"):
        return body
    if coding not in _DECODERS:
        raise UsageError(
            f"the recorded response is compressed ({coding}), so that credentials in it cannot be seen: "
            "record with vcrpy's decode_compressed_response=True"
        )
    try:
        return _DECODERS[coding](body)
    except (OSError, EOFError, zlib.error):
        return body  # it says so, and is not: vcrpy has decoded it already, or the server errs
