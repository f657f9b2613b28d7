"""Why a signature is wrong: what ``diagnosis/`` finds that makes the very signature that came.

- Whether a signature is right, oauthlib alone decides. A cause is looked for only after it said no, and only where
  ``diagnosis/`` reproduces oauthlib's own base string to begin with: nothing is guessed.
- Whoever has a consumer's key can send wrong signatures: what is large is not searched, and no search takes more than
  a quarter of a second of this thread's time.
- A provider that strangers can reach would not tell them how near they are to a secret. This one is for trying
  clients, and runs where they run.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from oauthlib.common import Request
from oauthlib.oauth1.rfc5849.signature import base_string_uri, normalize_parameters, signature_base_string
from oauthlib.oauth1.rfc5849.utils import escape

from .messages import Pair
from .parameters import Parameters

__all__ = ["MAX_CHARACTERS", "MAX_PARAMETERS", "make_base_string", "name_cause"]

MAX_CHARACTERS = 64 * 1024
"""Characters of parameters that are searched."""

MAX_PARAMETERS = 1000
"""Parameters that are searched."""

_SEARCH_SECONDS = 0.25


def make_base_string(request: Request, parameters: Parameters) -> str:
    """Return the base string that oauthlib makes of a request (s3.4.1); empty: it would be too long."""
    if parameters.size > MAX_CHARACTERS:
        return ""
    params: Any = request.params
    return signature_base_string(request.http_method, base_string_uri(request.uri), normalize_parameters(params))


def name_cause(
    base_string: str,
    parameters: Parameters,
    secrets: tuple[str, str, str, str],
    *,
    url: str = "",
    body: str = "",
    content_type: str = "",
) -> str | None:
    """Return the mistake that makes a request's signature, as a sentence with its codes.

    :param base_string: oauthlib's, of the request.
    :param secrets: the right ones, of the consumer and of the token, and the keys that they belong to.
    :param body: a short text that is no form; else empty.
    :returns: ``None`` where no known mistake makes it, or it takes too long to find out.
    """
    from ..diagnosis.base_string_parts import Parts, parse
    from ..diagnosis.base_string_variants import RequestContext
    from ..diagnosis.key_variants import Secrets
    from ..diagnosis.search import Search, name_mistake

    method, signature = parameters.protocol["oauth_signature_method"], parameters.protocol["oauth_signature"]
    if method.startswith("RSA-"):  # only its owner can sign with that key
        return None
    parts = parse(base_string) if len(parameters.signed) <= MAX_PARAMETERS else None
    if parts is not None:
        pairs = [pair for pair in parameters.protocol.items() if pair[0] != "oauth_signature"]
        parts = parts.but(
            query=_join(parameters.query), form=_join(parameters.form), order=sorted,
            protocol=tuple((escape(name), escape(value)) for name, value in pairs + parameters.header),
        )  # fmt: skip
    is_reproduced = parts is not None and parts.text() == base_string
    wire = body.encode().decode("latin-1") or None
    context = RequestContext(urlsplit(url).netloc, wire, content_type, parameters.realm)
    search = Search(
        parts if parts is not None and is_reproduced else Parts("GET", "http", "", "", "/"),
        context, Secrets(*secrets), seconds=_SEARCH_SECONDS,
    )  # fmt: skip
    return name_mistake(search, signature, method, in_key_alone=not is_reproduced)


def _join(pairs: list[Pair]) -> tuple[str, ...]:
    return tuple(f"{escape(name)}={escape(value)}" for name, value in pairs)
