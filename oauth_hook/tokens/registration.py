"""Registering an application with a provider, as pump.io offers it.

::

    service = discover("alice@pump.example")
    consumer = register_client(service.registration_url, application_name="Test.io")
    consumer = update_client(service.registration_url, consumer, application_name="Test.io 2")

Registration is unsigned JSON, with lists as strings, their items separated by spaces. It speaks https; plain http is
what ``scheme="http"`` asks for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import requests

from ..credentials import Consumer
from ..errors import UsageError, check_type, conceal_frames, is_text
from .discovery import check_scheme, check_url
from .http import build_refusal, check_timeout, send_request
from .token_response import find_json_values, parse_expiry, parse_json_object

__all__ = ["register_client", "update_client"]

_JSON = "application/json"


@conceal_frames
def register_client(
    registration_url: str,
    *,
    application_name: str,
    application_type: str = "native",
    redirect_uris: Iterable[str] = (),
    contacts: Iterable[str] = (),
    logo_url: str | None = None,
    scheme: str = "https",
    session: requests.Session | None = None,
    timeout: float = 30,
) -> Consumer:
    """Register an application with a provider, and return its new credentials.

    :param registration_url: a service's ``registration_url``.
    :param application_name: what users will be shown.
    :param application_type: ``"native"`` or ``"web"``.
    :param redirect_uris: its callbacks.
    :param contacts: mail addresses of those responsible for it.
    :param logo_url: a picture of it.
    :param scheme: ``"http"`` allows plain http, which otherwise only loopback may be spoken to in.
    :param session: sends the request; ``None``: a new one.
    :param timeout: for the whole response, in seconds.
    :returns: a consumer with ``expires_at`` (``None``: never, or not said), and in ``extra`` what else was said.
    :raises UsageError: an argument is wrong; nothing has been sent.
    :raises ProviderError: the provider refuses, or its response makes no sense.
    :raises requests.RequestException: the connection failed, or the time ran out.
    """
    check_type(application_name, str, "application_name", "a str")
    check_type(application_type, str, "application_type", "a str")
    fields = _describe_application(application_name, application_type, redirect_uris, contacts, logo_url)
    check_url(registration_url, check_scheme(scheme))
    return _send(registration_url, {"type": "client_associate", **fields}, session, timeout)


@conceal_frames
def update_client(
    registration_url: str,
    consumer: Consumer,
    *,
    application_name: str | None = None,
    application_type: str | None = None,
    redirect_uris: Iterable[str] = (),
    contacts: Iterable[str] = (),
    logo_url: str | None = None,
    scheme: str = "https",
    session: requests.Session | None = None,
    timeout: float = 30,
) -> Consumer:
    """Change what a provider knows of an application; what is not given is not sent.

    pump.io forgets the type where it is not sent again.

    :param consumer: the credentials that ``register_client`` returned; they go in the body.
    :returns: the credentials as the provider gives them now. The other parameters and errors are those of
        ``register_client``.
    :raises UsageError: an argument is wrong; nothing has been sent.
    :raises ProviderError: the provider refuses (403: the secret is another), or its response makes no sense.
    :raises requests.RequestException: the connection failed, or the time ran out.
    """
    check_type(consumer, Consumer, "consumer", "a Consumer")
    fields = _describe_application(application_name, application_type, redirect_uris, contacts, logo_url)
    check_url(registration_url, check_scheme(scheme))
    known = {"client_id": consumer.key, "client_secret": consumer.secret}
    return _send(registration_url, {"type": "client_update", **known, **fields}, session, timeout)


def _send(url: str, content: dict[str, str], session: requests.Session | None, timeout: float) -> Consumer:
    """Send a registration, and return the credentials in the response."""
    headers = {"Accept": _JSON, "Authorization": None}  # None: nor what the session has
    whole = send_request("POST", url, session=session, timeout=check_timeout(timeout), json=content, headers=headers)
    secrets = [content.get("client_secret", ""), *find_json_values(whole.text, "client_secret")]
    fields = parse_json_object(whole.text) if whole.ok else None
    if fields is None or "error" in fields:
        raise build_refusal(
            whole, "sent no client credentials" if whole.ok else "refused to register the client", secrets
        )
    said = fields.pop("expires_at", None)
    expires_at = parse_expiry(said)
    for name in ("client_id", "client_secret"):
        if not isinstance(fields.get(name), str) or not fields[name] or not is_text(fields[name]):
            raise build_refusal(whole, f"sent no usable {name}", secrets)
    if expires_at is None and said not in (None, 0):  # 0: never
        raise build_refusal(whole, "sent no expires_at in seconds", secrets)
    key, secret = fields.pop("client_id"), fields.pop("client_secret")
    try:
        return Consumer(key, secret, expires_at=expires_at, extra=fields)
    except UsageError:
        raise build_refusal(whole, "sent no usable client_id", secrets) from None


def _describe_application(
    application_name: str | None,
    application_type: str | None,
    redirect_uris: Iterable[str],
    contacts: Iterable[str],
    logo_url: str | None,
) -> dict[str, str]:
    """Return what is said of an application, as it travels: what is absent is left out.

    :raises UsageError: something cannot be said so.
    """
    if application_name is not None and not (isinstance(application_name, str) and application_name.strip()):
        raise UsageError("application_name must be a str that is not empty: users are shown it")
    if application_type not in (None, "native", "web"):
        raise UsageError(f"application_type must be 'native' or 'web', not {application_type!r}")
    fields = {
        "application_name": application_name,
        "application_type": application_type,
        "redirect_uris": _join_items("redirect_uris", redirect_uris),
        "contacts": _join_items("contacts", contacts),
        "logo_url": None if logo_url is None else _join_items("logo_url", [logo_url]),
    }
    return {name: value for name, value in fields.items() if value}


def _join_items(name: str, items: Iterable[str]) -> str:
    """Return a list as it travels: its items, separated by spaces."""
    if isinstance(items, str | bytes) or not isinstance(items, Iterable):
        raise UsageError(f"{name} must be a list of str, not {type(items).__name__}")
    found = list(items)
    for item in found:
        if not isinstance(item, str) or not re.fullmatch(r"[^\s\x00-\x1F\x7F]+", item):
            raise UsageError(f"each of {name} must be a str without spaces, and not {item!r}")
    return " ".join(found)
