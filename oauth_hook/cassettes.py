"""Taking credentials out of recorded requests and responses (cassettes), so that they can be kept with the code.

For vcrpy::

    vcr.VCR(before_record_request=scrub_request, before_record_response=scrub_response)

vcrpy scrubs a request before it looks for it, too. So a scrubbed cassette matches on replay, whatever the nonce, the
timestamp and the credentials are then, as long as the parameters stand in the same place.

By their names these go, in headers, URLs, forms, JSON, XML, HTML, multipart, YAML, ``repr`` and base strings, however
they are escaped:

- every ``oauth_*`` but those that are no credentials (``oauth_version``, ``oauth_signature_method``, what a refusal
  says); consumer keys and secrets, tokens and their secrets, what else ends in "secret" or "password", what gives
  access in other protocols (``access_token``, ``api_key``, ``session_id``);
- in URLs and forms, what a callback calls ``denied``, and ``token``; beside it ``key``, as E*TRADE has it; ``code``,
  ``pin``, ``sig`` and the like;
- credentials of other schemes (``Authorization: Basic``), cookies, ``X-Auth-Token``, ``X-Api-Key`` and the like, what
  stands before the host in a URL, JSON Web Tokens and private keys.

A body that cannot be read, and may hold some of these, goes as a whole: one in a binary format, unless it is an image,
a sound, a film or a font, and a request whose compression is not known here.

What a server repeats under names of its own is found only where it is given:
``functools.partial(scrub_response, secrets=[...])``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from .errors import UsageError
from .redaction import MASK
from .redaction.bodies import decompress, redact_body
from .redaction.credentials import redact_credentials, redact_header

__all__ = ["scrub_request", "scrub_response", "scrub_text"]


def scrub_request(request: Any, secrets: Iterable[str] = ()) -> Any:
    """Take credentials out of a recorded request: vcrpy's ``before_record_request``.

    A compressed body is kept uncompressed; one that cannot be read is kept as ``***``.

    :param request: vcrpy's; its ``uri``, ``headers`` and ``body`` are replaced, not changed in place.
    :param secrets: more that must not be seen, wherever it stands.
    :returns: the request.
    """
    secrets = list(secrets)
    request.uri = scrub_text(request.uri, secrets)
    headers = _scrub_headers(request.headers, secrets)
    body = _read_whole(request.body)
    if body:
        try:
            changed = _scrub_body(body, headers, secrets)
        except LookupError:
            changed = MASK.encode()
        if changed != body:
            headers = _describe_body(headers, changed)
            # vcrpy iterates over what was sent in pieces.
            request.body = [changed] if isinstance(request.body, list | tuple | Iterator) else changed
    request.headers = headers
    return request


def scrub_response(response: dict[str, Any], secrets: Iterable[str] = ()) -> dict[str, Any]:
    """Take credentials out of a recorded response: vcrpy's ``before_record_response``.

    A compressed body in which there is something to take out is kept uncompressed; one that cannot be read is kept as
    ``***``.

    :param response: as vcrpy has it: ``headers``, and ``body`` with its ``string``; it is not changed.
    :param secrets: more that must not be seen, wherever it stands.
    :returns: the scrubbed response.
    :raises UsageError: the body is compressed in a way that cannot be read here.
    """
    secrets = list(secrets)
    headers = _scrub_headers(response.get("headers", {}), secrets)
    others = {name: value for name, value in response.items() if name not in ("headers", "body")}
    scrubbed = {**response, **_scrub_values(others, secrets), "headers": headers}
    body = (response.get("body") or {}).get("string")
    if not body:
        return scrubbed
    try:
        changed = _scrub_body(_read_whole(body), headers, secrets)
    except LookupError as error:
        raise UsageError(
            f"the recorded response is compressed ({error.args[0]}), so that credentials in it cannot be seen: "
            "record with vcrpy's decode_compressed_response=True"
        ) from None
    if changed != _read_whole(body):
        scrubbed["body"] = {**response["body"], "string": changed.decode() if isinstance(body, str) else changed}
        scrubbed["headers"] = _describe_body(headers, changed)
    return scrubbed


def scrub_text(text: str, secrets: Iterable[str] = ()) -> str:
    """Take credentials out of any text: a URL, a header, a body, a file that another recorder has written.

    :param secrets: more that must not be seen; found raw and escaped.
    :returns: the text with ``***`` in their places.
    """
    return redact_credentials(text, secrets)


def _read_whole(body: Any) -> bytes:
    """Return a body as bytes, whatever a client has for it: what it gave as an object is recorded as JSON."""
    if hasattr(body, "read"):
        body = body.read()
    if body is None or isinstance(body, bytes | bytearray | memoryview | str):
        return body.encode() if isinstance(body, str) else bytes(body or b"")
    if not isinstance(body, Mapping):
        body = list(body) if isinstance(body, Iterable) else [repr(body)]
        if all(isinstance(piece, bytes | str) for piece in body):
            return b"".join(_read_whole(piece) for piece in body)
    return json.dumps(body, default=repr).encode()


def _scrub_body(body: bytes, headers: Mapping[str, Any], secrets: list[str]) -> bytes:
    """Return a body without credentials; the very same object if it has none.

    :raises LookupError: it is compressed in a way that cannot be read here.
    """
    codings = [
        coding.strip().lower() for text in _read_header(headers, "content-encoding") for coding in text.split(",")
    ]
    plain, is_whole = decompress(body, codings)
    content_type = ";".join(_read_header(headers, "content-type"))
    scrubbed = redact_body(plain, content_type, partial(scrub_text, secrets=secrets))
    return body if is_whole and scrubbed == plain else scrubbed


def _read_header(headers: Mapping[str, Any], wanted: str) -> list[str]:
    """Return the values of a header; vcrpy has them in a list, or one by itself."""
    found = [value for name, value in headers.items() if name.lower() == wanted]
    lines = [line for value in found for line in (value if isinstance(value, list | tuple) else [value])]
    return [line.decode("latin-1") if isinstance(line, bytes) else str(line) for line in lines]


def _scrub_values(value: Any, secrets: list[str]) -> Any:
    if isinstance(value, Mapping):
        return {name: _scrub_values(item, secrets) for name, item in value.items()}
    return _scrub_any(value, partial(scrub_text, secrets=secrets)) if isinstance(value, str | bytes) else value


def _scrub_any(value: Any, scrub: Any) -> Any:
    """Return text or bytes scrubbed, or a list of them; bytes taken for characters lose nothing."""
    if isinstance(value, list | tuple):
        return [_scrub_any(item, scrub) for item in value]
    return scrub(value.decode("latin-1")).encode("latin-1") if isinstance(value, bytes) else scrub(str(value))


def _scrub_headers(headers: Mapping[str, Any], secrets: list[str]) -> dict[str, Any]:
    return {name: _scrub_any(value, partial(redact_header, name, secrets=secrets)) for name, value in headers.items()}


def _describe_body(headers: dict[str, Any], body: bytes) -> dict[str, Any]:
    """Return headers that fit a body that has been changed: not compressed, and of another length."""
    length, kept = str(len(body)), dict[str, Any]()
    for name, value in headers.items():
        if name.lower() == "content-length":
            kept[name] = [length] if isinstance(value, list) else length
        elif name.lower() != "content-encoding":
            kept[name] = value
    return kept
