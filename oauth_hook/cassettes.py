"""Taking credentials out of recorded requests and answers (cassettes), so that they can be kept with the code.

For vcrpy::

    vcr.VCR(before_record_request=scrub_request, before_record_response=scrub_response)

vcrpy scrubs a request before it looks for it, too. So a scrubbed cassette matches on replay, whatever the nonce, the
timestamp and the credentials are then, as long as the parameters stand in the same place.

By their names these go: every ``oauth_*`` but those that are no credentials (``oauth_version``,
``oauth_signature_method``, what a refusal says), and the secrets and passwords of xAuth and of registration; in
headers, addresses, forms, JSON and base strings. What a server repeats under names of its own is found only where it
is given: ``functools.partial(scrub_response, secrets=[...])``.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote_plus

from .errors import UsageError
from .redact import MASK, redact

__all__ = ["scrub_request", "scrub_response", "scrub_text"]

# What stays: it is the same for everybody, or says why a request was refused (OAuth Problem Reporting).
_KEPT = (
    "version|signature_method|callback_confirmed|problem|problem_advice|acceptable_versions|acceptable_timestamps|"
    "parameters_absent|parameters_rejected|expires_in|authorization_expires_in|authorized_realms"
)
_NAME = (
    rf"(?:oauth_(?!(?:{_KEPT})\b)\w+"
    r"|client_id|(?:client|consumer|token)_secret|x_auth_(?:username|password))"
)
_is_credential = re.compile(_NAME, re.IGNORECASE).fullmatch
# A name and its value: in quotes, as headers and JSON have them; in escaped quotes (JSON in JSON); by itself.
_field = re.compile(
    rf"""(?<![\w%])(?P<name>{_NAME})
         (?: (?P<quoted>"?\s*[:=]\s*")(?:[^"\\]|\\.)*(?=")
           | (?P<escaped>\\"\s*:\s*\\")(?:(?!\\").)*(?=\\")
           | (?P<bare>"?\s*[:=]\s*)(?!null\b|true\b|false\b)[^&"'<>\s,;}}\]\\]+ )""",
    re.VERBOSE | re.IGNORECASE,
).sub
# Escaped, once or more often, as base strings have them: the value ends before the next escaped &.
_escaped_field = re.compile(
    rf"((?:%(?:25)*26|(?<![\w%])){_NAME}%(?:25)*3D)(?:(?!%(?:25)*26)[^&\"'<>\s,;])+", re.IGNORECASE
).sub
# The whole text is a form: whatever stands between two & is one parameter.
_is_form = re.compile(r"[^\s<>\"&=]+=[^\s<>\"]*\s*").fullmatch

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
    request.headers = {name: _scrubbed(value, secrets) for name, value in request.headers.items()}
    if isinstance(request.body, bytes | str):
        request.body = _scrubbed(request.body, secrets)
    return request


def scrub_response(response: dict[str, Any], secrets: Iterable[str] = ()) -> dict[str, Any]:
    """Take credentials out of a recorded answer: vcrpy's ``before_record_response``.

    A compressed body in which there is something to take out is kept uncompressed.

    :param response: as vcrpy has it: ``headers``, and ``body`` with its ``string``; it is not changed.
    :param secrets: more that must not be seen, wherever it stands.
    :returns: the scrubbed answer.
    :raises UsageError: the body is compressed in a way that cannot be read here.
    """
    secrets = list(secrets)
    headers = {name: _scrubbed_values(values, secrets) for name, values in response.get("headers", {}).items()}
    scrubbed = {**response, "headers": headers}
    body = (response.get("body") or {}).get("string")
    if not body:
        return scrubbed
    plain = _decoded(body, headers) if isinstance(body, bytes) else body
    changed = _scrubbed(plain, secrets)
    if changed == plain:
        return scrubbed
    length = len(changed if isinstance(changed, bytes) else changed.encode())
    scrubbed["headers"] = {
        name: _like(values, str(length)) if name.lower() == "content-length" else values
        for name, values in headers.items()
        if name.lower() != "content-encoding"
    }
    return {**scrubbed, "body": {**response["body"], "string": changed}}


def scrub_text(text: str, secrets: Iterable[str] = ()) -> str:
    """Take credentials out of any text: an address, a header, a body, a file that another recorder has written.

    :param secrets: more that must not be seen; found raw and escaped.
    :returns: the text with ``***`` in their places.
    """
    if secrets:
        text = redact(text, secrets, fields=False)
    text = _escaped_field(rf"\1{MASK}", text)
    if _is_form(text):
        return "&".join(_scrubbed_pair(pair) for pair in text.split("&"))
    return _field(_masked, text)


def _masked(found: re.Match[str]) -> str:
    """Return a field with its value masked; what was JSON still is."""
    if not found["bare"]:
        return f"{found['name']}{found['quoted'] or found['escaped']}{MASK}"
    is_json = found["bare"].startswith('"')  # a number
    return f"{found['name']}{found['bare']}" + (f'"{MASK}"' if is_json else MASK)


def _scrubbed_pair(pair: str) -> str:
    """Return a parameter of a form, or of an address up to its first ``&``."""
    before, mark, value = pair.partition("=")
    name = unquote_plus(before.rpartition("?")[2])
    if not mark or not _is_credential(name):
        return pair
    return f"{before}={MASK}{value[len(value.rstrip()) :]}"


def _scrubbed(value: Any, secrets: list[str]) -> Any:
    """Return text or octets scrubbed; octets taken for characters lose nothing."""
    if isinstance(value, str):
        return scrub_text(value, secrets)
    return scrub_text(value.decode("latin-1"), secrets).encode("latin-1")


def _scrubbed_values(values: Any, secrets: list[str]) -> Any:
    """Return a header's value, or its values, scrubbed."""
    if isinstance(values, list | tuple):
        return [_scrubbed(value, secrets) for value in values]
    return _scrubbed(values, secrets)


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
            f"a recorded answer is compressed ({coding}), so that nobody sees whether credentials are in it: "
            "record with vcrpy's decode_compressed_response=True"
        )
    try:
        return _DECODERS[coding](body)
    except (OSError, EOFError, zlib.error):
        return body  # it says so, and is not: vcrpy has decoded it already, or the server errs
