"""How a signed request is read here, whatever comes of it: for clients of any language, to compare with their own view.

It says back what the sender said, and what oauthlib makes of it; nothing that the provider knows besides. So nobody
comes nearer to a secret by it than by the refusal of any other URL: values that are secret by their names are masked,
and so is what PLAINTEXT has for a signature; no signature, key, or measure of one is computed for the response.
"""

from __future__ import annotations

from typing import Any, cast

from oauthlib.oauth1.rfc5849.signature import base_string_uri, normalize_parameters, signature_base_string
from oauthlib.oauth1.rfc5849.utils import escape

from ..redaction import MASK, is_secret_name
from .messages import BadRequestError, Pair, Request, Response, json_response
from .naming import MAX_CHARACTERS
from .parameters import Parameters
from .problems import Refusal

__all__ = ["show_reading"]


def show_reading(request: Request, parameters: Parameters | None, error: Refusal | BadRequestError | None) -> Response:
    """Return how a request was read, and the verdict.

    :param parameters: ``None``: they cannot be read.
    :param error: why the request would be refused; ``None``: it would not be.
    """
    refusal = error if isinstance(error, Refusal) else None
    content: dict[str, Any] = {
        "verdict": "accepted" if error is None else "refused",
        "status": 200 if error is None else error.status,
        "problem": refusal and refusal.problem,
        "advice": refusal.advice if refusal else error and str(error),
        "cause": refusal and refusal.cause,
        "method": request.method,
        "base_url": _read_base_url(request),
    }
    return json_response(content | ({} if parameters is None else _read_parameters(request, parameters)))


def _read_base_url(request: Request) -> str | None:
    """Return the base string URI (s3.4.1.2); ``None``: this version of oauthlib cannot read the host."""
    try:
        return str(base_string_uri(request.base_url))
    except ValueError:
        return None


def _read_parameters(request: Request, parameters: Parameters) -> dict[str, Any]:
    """Return the parameters, each with its place, and the base string that they make; secrets masked."""
    place = "form" if parameters.placement == "body" else parameters.placement.partition("+")[0]
    protocol = [pair for pair in parameters.protocol.items() if pair[0] != "oauth_signature"]
    places = {"query": parameters.query, "form": parameters.form, "header": parameters.header}
    found = [(place, pair) for pair in protocol] + [(name, pair) for name, pairs in places.items() for pair in pairs]
    shown = [(place, (name, MASK if is_secret_name(name) else value)) for place, (name, value) in found]
    method = parameters.protocol.get("oauth_signature_method")
    return {
        "placement": parameters.placement,
        "realm": parameters.realm,
        "signature_method": method,
        "parameters": [{"name": pair[0], "value": pair[1], "from": name} for name, pair in shown],
        "masked": sorted({pair[0] for _, pair in found if is_secret_name(pair[0])}),
        "base_string": None if method == "PLAINTEXT" else _make_base_string(request, [pair for _, pair in shown]),
    }


def _make_base_string(request: Request, pairs: list[Pair]) -> str | None:
    """Return the base string (s3.4.1); ``None`` where it would be too long, or the host cannot be read."""
    base_url = _read_base_url(request)
    if base_url is None or sum(len(name) + len(value) for name, value in pairs) > MAX_CHARACTERS:
        return None
    method, params = cast("Any", request.method), cast("Any", pairs)  # it takes more than its types say
    text = signature_base_string(method, base_url, normalize_parameters(params))
    return str(text).replace(escape(escape(MASK)), MASK)
