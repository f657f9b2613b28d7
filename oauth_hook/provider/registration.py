"""Dynamic registration of consumers, as pump.io has it (after OpenID Connect's early draft).

- A request is JSON or a form, unsigned: whoever registers has nothing to sign with yet.
- Lists travel as strings, their items separated by spaces; what is absent is left out, never null.
- The response is JSON: the new credentials, or ``{"error": "..."}`` with a status of 400 or 403.
- Of what an application says about itself only its name is kept: the user is shown it (s2.2).
"""

from __future__ import annotations

import hmac
import re

from ..credentials import Consumer
from .body import read_body
from .messages import BadRequestError, Request, Response, is_absolute_url, json_response, parse_pairs
from .storage import Storage, new_secret

__all__ = ["respond"]

_UNNAMED = "An application without a name"
_MAX_NAME_CHARACTERS = 200  # registration is open, and what it keeps is kept for good

_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")


def respond(storage: Storage, request: Request, form: bytes | None) -> Response:
    """Register a consumer, or change what is known of one."""
    steps = {"client_associate": _associate, "client_update": _update}
    try:
        fields = _read_fields(request, form)
        _check_fields(fields)
        if "type" not in fields:
            raise BadRequestError("No registration type provided")
        if fields["type"] not in steps:
            raise BadRequestError("Invalid registration type")
        consumer = steps[fields["type"]](storage, fields)
    except BadRequestError as error:
        return json_response({"error": str(error)}, error.status)
    return json_response({"client_id": consumer.key, "client_secret": consumer.secret, "expires_at": 0})


def _read_fields(request: Request, form: bytes | None) -> dict[str, str]:
    """Return the fields of a request, each of them text.

    :raises BadRequestError: it is signed, is neither a form nor a JSON object, or says a thing twice.
    """
    if request.authorization:
        raise BadRequestError("registration takes no Authorization header")
    if form is None:
        fields = read_body(request, None).json
    else:
        pairs = parse_pairs(form, "form")
        fields = dict(pairs)
        if len(fields) < len(pairs):
            raise BadRequestError("the form says the same thing twice")
    if not isinstance(fields, dict):
        raise BadRequestError("send a JSON object, or a form")
    for name, value in fields.items():
        if not isinstance(value, str):
            raise BadRequestError(f"{ascii(name)[1:-1]} must be a string: leave out what is absent")
        if not value.isprintable():  # nor could it be kept: JSON can spell what UTF-8 cannot
            raise BadRequestError(f"{ascii(name)[1:-1]} has characters that cannot be seen")
    return fields


def _check_fields(fields: dict[str, str]) -> None:
    """Check that what the application says of itself can be so."""
    if fields.get("application_type", "native") not in ("native", "web"):
        raise BadRequestError("Unknown application_type.")
    name = fields.get("application_name", _UNNAMED)
    if not name.strip() or len(name) > _MAX_NAME_CHARACTERS:
        raise BadRequestError(f"application_name must have 1 to {_MAX_NAME_CHARACTERS} characters")
    # One space separates two items of a list.
    if "contacts" in fields and not all(map(_EMAIL.fullmatch, fields["contacts"].split(" "))):
        raise BadRequestError("contacts must be space-separated email addresses.")
    if "redirect_uris" in fields and not all(map(is_absolute_url, fields["redirect_uris"].split(" "))):
        raise BadRequestError("redirect_uris must be space-separated URLs.")
    if "logo_url" in fields and not is_absolute_url(fields["logo_url"]):
        raise BadRequestError("Invalid logo_url.")


def _associate(storage: Storage, fields: dict[str, str]) -> Consumer:
    """Register a consumer (s1.1)."""
    for name in ("client_id", "client_secret"):
        if name in fields:
            raise BadRequestError(f"Only set {name} for update.")
    return storage.add_consumer(fields.get("application_name", _UNNAMED), new_secret(), new_secret())


def _update(storage: Storage, fields: dict[str, str]) -> Consumer:
    """Change what is known of a consumer, for those who know its secret."""
    for name in ("client_id", "client_secret"):
        if name not in fields:
            raise BadRequestError(f"No {name} provided")
    known = storage.consumer(fields["client_id"])
    # An unknown consumer and a wrong secret are answered alike: who knows neither learns nothing.
    given, kept = fields["client_secret"], known.secret if known else ""
    if known is None or not hmac.compare_digest(given.encode(), kept.encode()):
        raise BadRequestError("client_id and client_secret do not belong together", status=403)
    if "application_name" in fields:
        storage.rename_consumer(known.key, fields["application_name"])
    return Consumer(known.key, known.secret)
