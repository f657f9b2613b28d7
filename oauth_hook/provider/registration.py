"""Dynamic registration of consumers, as pump.io has it (after OpenID Connect's early draft).

- A request is JSON or a form, unsigned: whoever registers has nothing to sign with yet.
- Lists travel as strings, their items separated by spaces; what is absent is left out, never null.
- The answer is JSON: the new credentials, or ``{"error": "..."}`` with a status of 400 or 403.
- Of what an application says about itself only its name is kept: the user is shown it (s2.2).
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ..credentials import Consumer
from .body import measure
from .messages import JSON, Request, Response
from .storage import Storage, new_secret

__all__ = ["respond"]

_UNNAMED = "An application without a name"
_NAME_LIMIT = 200  # characters: registration is open, and what it keeps is kept for good

_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")


class _RegistrationError(Exception):
    """A registration that is not accepted.

    :param reason: why, for a person; it goes out.
    :param status: the HTTP status of the answer.
    """

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.status = status


def respond(storage: Storage, request: Request, form: bytes | None) -> Response:
    """Register a consumer, or change what is known of one."""
    try:
        fields = _read(request, form)
        consumer = _steps(fields.get("type"))(storage, fields)
    except _RegistrationError as error:
        return _json(error.status, {"error": str(error)})
    return _json(200, {"client_id": consumer.key, "client_secret": consumer.secret, "expires_at": 0})


def _read(request: Request, form: bytes | None) -> dict[str, str]:
    """Return the fields of a request, each of them text.

    :raises _RegistrationError: it is signed, is neither a form nor a JSON object, or says a thing twice.
    """
    if request.authorization:
        raise _RegistrationError("registration takes no Authorization header")
    fields = _form_fields(form) if form is not None else measure(request, None, None).json
    if not isinstance(fields, dict):
        raise _RegistrationError("send a JSON object, or a form")
    for name, value in fields.items():
        if not isinstance(value, str):
            raise _RegistrationError(f"{ascii(name)[1:-1]} must be a string: leave out what is absent")
        if not value.isprintable():  # nor could it be kept: JSON can spell what UTF-8 cannot
            raise _RegistrationError(f"{ascii(name)[1:-1]} has characters that nobody can see")
    return _checked(fields)


def _form_fields(form: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(form.decode("utf-8"), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise _RegistrationError("the form is not UTF-8") from None
    if len(dict(pairs)) < len(pairs):
        raise _RegistrationError("the form says the same thing twice")
    return dict(pairs)


def _checked(fields: dict[str, str]) -> dict[str, str]:
    """Return the fields, if what the application says of itself can be so."""
    if fields.get("application_type", "native") not in ("native", "web"):
        raise _RegistrationError("Unknown application_type.")
    name = fields.get("application_name", _UNNAMED)
    if not name.strip() or len(name) > _NAME_LIMIT:
        raise _RegistrationError(f"application_name has 1 to {_NAME_LIMIT} characters")
    if not all(_EMAIL.fullmatch(contact) for contact in _items(fields, "contacts")):
        raise _RegistrationError("contacts must be space-separated email addresses.")
    if not all(_is_url(uri) for uri in _items(fields, "redirect_uris")):
        raise _RegistrationError("redirect_uris must be space-separated URLs.")
    if "logo_url" in fields and not _is_url(fields["logo_url"]):
        raise _RegistrationError("Invalid logo_url.")
    return fields


def _items(fields: Mapping[str, str], name: str) -> list[str]:
    """Return the items of a list; one space separates two of them."""
    return fields[name].split(" ") if name in fields else []


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme and (parts.netloc or parts.scheme not in ("http", "https"))) and text.isprintable()


def _steps(kind: str | None) -> Callable[[Storage, dict[str, str]], Consumer]:
    """Return what to do for a type of registration."""
    if kind is None:
        raise _RegistrationError("No registration type provided")
    known = {"client_associate": _associate, "client_update": _update}
    if kind not in known:
        raise _RegistrationError("Invalid registration type")
    return known[kind]


def _associate(storage: Storage, fields: dict[str, str]) -> Consumer:
    """Register a consumer (s1.1)."""
    for name in ("client_id", "client_secret"):
        if name in fields:
            raise _RegistrationError(f"Only set {name} for update.")
    return storage.add_consumer(fields.get("application_name", _UNNAMED), new_secret(), new_secret())


def _update(storage: Storage, fields: dict[str, str]) -> Consumer:
    """Change what is known of a consumer, for whoever knows its secret."""
    for name in ("client_id", "client_secret"):
        if name not in fields:
            raise _RegistrationError(f"No {name} provided")
    known = storage.consumer(fields["client_id"])
    # An unknown consumer and a wrong secret are answered alike: who knows neither learns nothing.
    given, kept = fields["client_secret"], known.secret if known else ""
    if known is None or not hmac.compare_digest(given.encode(), kept.encode()):
        raise _RegistrationError("client_id and client_secret do not belong together", status=403)
    if "application_name" in fields:
        storage.rename_consumer(known.key, fields["application_name"])
    return Consumer(known.key, known.secret)


def _json(status: int, content: dict[str, Any]) -> Response:
    return Response(status, JSON, json.dumps(content).encode(), (("Cache-Control", "no-store"),))
