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
import zlib
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from .errors import UsageError
from .redaction.credentials import redact_credentials, redact_header

__all__ = ["scrub_request", "scrub_response", "scrub_text"]

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
    headers = _scrub_headers(request.headers, secrets)
    if isinstance(request.body, bytes | str):
        changed = _scrub_any(request.body, partial(scrub_text, secrets=secrets))
        headers = headers if changed == request.body else _set_length(headers, changed)
        request.body = changed
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
    headers = _scrub_headers(response.get("headers", {}), secrets)
    scrubbed = {**response, "headers": headers}
    body = (response.get("body") or {}).get("string")
    if not body:
        return scrubbed
    plain = _decode_body(body, headers) if isinstance(body, bytes) else body
    changed = _scrub_any(plain, partial(scrub_text, secrets=secrets))
    if changed != plain:
        scrubbed["body"] = {**response["body"], "string": changed}
        kept = {name: values for name, values in headers.items() if name.lower() != "content-encoding"}
        scrubbed["headers"] = _set_length(kept, changed)
    return scrubbed


def scrub_text(text: str, secrets: Iterable[str] = ()) -> str:
    """Take credentials out of any text: a URL, a header, a body, a file that another recorder has written.

    :param secrets: more that must not be seen; found raw and escaped.
    :returns: the text with ``***`` in their places.
    """
    return redact_credentials(text, secrets)


def _scrub_any(value: Any, scrub: Callable[[str], str]) -> Any:
    """Return text or bytes scrubbed, or a list of them; bytes taken for characters lose nothing."""
    if isinstance(value, list | tuple):
        return [_scrub_any(item, scrub) for item in value]
    return scrub(value) if isinstance(value, str) else scrub(value.decode("latin-1")).encode("latin-1")


def _scrub_headers(headers: Mapping[str, Any], secrets: list[str]) -> dict[str, Any]:
    return {name: _scrub_any(value, partial(redact_header, name, secrets=secrets)) for name, value in headers.items()}


def _set_length(headers: dict[str, Any], body: bytes | str) -> dict[str, Any]:
    """Return headers with the length of a body that has been changed; vcrpy has a value in a list, or by itself."""
    length = str(len(body if isinstance(body, bytes) else body.encode()))
    names = [name for name in headers if name.lower() == "content-length"]
    return headers | {name: [length] if isinstance(headers[name], list) else length for name in names}


def _decode_body(body: bytes, headers: Mapping[str, Any]) -> bytes:
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
