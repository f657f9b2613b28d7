"""Finding a provider's endpoints, and registering with it, as pump.io offers both.

::

    service = discover("alice@pump.example")
    consumer = register_client(service.registration_url, application_name="Test.io")
    consumer = update_client(service.registration_url, consumer, application_name="Test.io 2")

- Discovery reads host-meta (RFC 6415), in JSON and in XRD, then webfinger (RFC 7033), until
  the addresses of the three legs are known.
- Registration is unsigned JSON, with lists as strings, their items separated by spaces.
- Both speak https. Plain http is what ``scheme="http"`` asks for.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import requests

from ..credentials import Consumer
from ..errors import ProviderError, UsageError, check_type
from ..protocol.url import is_loopback, origin, parse_origin, split_url
from ..services.catalog import Service
from .http import Redirects, WholeResponse, build_refusal, check_timeout, send_request
from .links import read_links
from .token_response import is_broken

__all__ = ["discover", "register_client", "update_client"]

_ROOM = "http://apinamespace.org"
_FIELDS = {
    "registration_endpoint": "registration_url",
    f"{_ROOM}/oauth/request_token": "request_token_url",
    f"{_ROOM}/oauth/authorize": "authorization_url",
    f"{_ROOM}/oauth/access_token": "access_token_url",
    f"{_ROOM}/activitypub/whoami": "api_url",
}
"""The relations that pump.io publishes, and the fields of ``Service`` that they fill."""

# Without one of these there is nothing to do with a service. Where registration is missing,
# consumers are registered by hand.
_NEEDED = [rel for rel in _FIELDS if rel.startswith(f"{_ROOM}/oauth/")]

_JSON, _XRD = "application/json", "application/xrd+xml"
_LOOKUPS = 2  # templates of one host-meta that are tried

# RFC 7565 s7: a userpart has neither spaces nor what ends a part of a URI; letters of all scripts pass.
_is_name = re.compile(r"[^\s@/?#\x00-\x1F\x7F]+").fullmatch


def discover(
    account: str, *, scheme: str = "https", session: requests.Session | None = None, timeout: float = 30
) -> Service:
    """Find out where a provider's endpoints are.

    :param account: ``user@host``, ``user@host:port``, a host, or a URL there.
    :param scheme: ``"https"``, or ``"http"``: plain http is allowed, and is spoken where the account is no URL.
    :param session: sends the requests; ``None``: a new session for each.
    :param timeout: for all of it together, in seconds.
    :returns: a service named after its host; ``registration_url`` and ``api_url`` are ``None`` where it has none.
    :raises UsageError: an argument is wrong.
    :raises ProviderError: an endpoint is missing, or is not where ``scheme`` allows it to be.
    :raises requests.RequestException: the wire failed, or time was up.
    """
    root, resource = _read_account(account, _check_scheme(scheme))
    search = _Search(root, resource, session, time.monotonic() + check_timeout(timeout))
    for url, accept, what in search.documents():
        search.read(url, accept, what)
        if all(rel in search.found for rel in _NEEDED):
            break
    host = root.partition("://")[2].lower()
    return Service(name=host, title=host, **search.addresses(scheme))


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
    :param contacts: mail addresses of those who answer for it.
    :param logo_url: a picture of it.
    :param scheme: ``"http"`` allows plain http, which otherwise only loopback may be spoken to in.
    :param session: sends the request; ``None``: a new one.
    :param timeout: for the whole answer, in seconds.
    :returns: a consumer with ``expires_at`` (``None``: never, or not said), and in ``extra`` what else was said.
    :raises UsageError: an argument is wrong; nothing has been sent.
    :raises ProviderError: the provider refuses, or its answer makes no sense.
    :raises requests.RequestException: the wire failed, or time was up.
    """
    check_type(application_name, str, "application_name", "a str")
    check_type(application_type, str, "application_type", "a str")
    fields = _described(application_name, application_type, redirect_uris, contacts, logo_url)
    _check_address(registration_url, _check_scheme(scheme))
    return _send(registration_url, {"type": "client_associate", **fields}, session, timeout)


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
    :raises ProviderError: the provider refuses (403: the secret is another), or its answer makes no sense.
    :raises requests.RequestException: the wire failed, or time was up.
    """
    check_type(consumer, Consumer, "consumer", "a Consumer")
    fields = _described(application_name, application_type, redirect_uris, contacts, logo_url)
    _check_address(registration_url, _check_scheme(scheme))
    known = {"client_id": consumer.key, "client_secret": consumer.secret}
    return _send(registration_url, {"type": "client_update", **known, **fields}, session, timeout)


# Discovery


@dataclass
class _Search:
    """One discovery: what is asked, and what has been found so far.

    :ivar found: relation -> the address, and the answer that had it.
    :ivar trouble: why a document could not be read: the first one that is there, or else the last.
    :ivar failure: the first time that the wire failed.
    """

    root: str
    resource: str
    session: requests.Session | None
    deadline: float
    found: dict[str, tuple[str, WholeResponse]] = field(default_factory=dict)
    lookups: list[str] = field(default_factory=list)
    trouble: ProviderError | None = None
    failure: requests.ConnectionError | None = None

    def documents(self) -> Iterator[tuple[str, str, str]]:
        """Yield what to read: an address, the type to ask for, and what it is; host-meta's lookups once known."""
        well_known = f"{self.root}/.well-known"
        yield f"{well_known}/host-meta.json", _JSON, "host-meta.json"
        yield f"{well_known}/host-meta", _XRD, "host-meta"
        named = [template.replace("{uri}", quote(self.resource, safe="")) for template in self.lookups[:_LOOKUPS]]
        for url in dict.fromkeys([*named, f"{well_known}/webfinger?resource={quote(self.resource, safe='')}"]):
            if _is_allowed(url, self.root.partition(":")[0]):
                yield url, f"{_JSON}, {_XRD};q=0.5", f"the webfinger of {self.resource}"

    def read(self, url: str, accept: str, what: str) -> None:
        """Read a document; where it cannot be read, remember why.

        Redirects may leave the host: it may have its documents elsewhere (RFC 6415 s2).
        """
        headers = {"Accept": accept, "Authorization": None}  # None: nor what the session has
        left = max(self.deadline - time.monotonic(), 0.001)
        try:
            answer = send_request(
                "GET", url, session=self.session, timeout=left, redirects=Redirects.ENCRYPTED, headers=headers
            )
            links = read_links(answer.text) if answer.ok else None
            if links is None:
                raise build_refusal(answer, what)
        except ProviderError as error:
            if self.trouble is None or self.trouble.status == requests.codes.not_found:
                self.trouble = error
            return
        except requests.ConnectionError as error:  # a server that hangs up may have the next document
            self.failure = self.failure or error
            return
        for link in links:
            if link.rel in _FIELDS and link.href:
                self.found.setdefault(link.rel, (link.href, answer))  # the first is the preferred one (RFC 6415 s3)
            elif link.rel == "lrdd" and "{uri}" in link.template:
                self.lookups.append(link.template)

    def addresses(self, scheme: str) -> dict[str, Any]:
        """Return the addresses by the names that ``Service`` has for them.

        :raises ProviderError: one that is needed is missing, is no address, or is not where ``scheme`` allows.
        """
        missing = [rel for rel in _NEEDED if rel not in self.found]
        if missing and self.failure is not None:
            raise self.failure
        if missing:
            raise self._missing(missing) from self.trouble
        for rel, (href, answer) in self.found.items():
            if not _is_allowed(href, scheme):
                plain = parse_origin(href) is not None
                raise ProviderError(
                    f"{self.root} has {'a plain http address' if plain else 'no absolute http address'} "
                    f"for {rel}: {href[:200]!r}" + ("; scheme='http' would take it" if plain else ""),
                    status=answer.response.status_code,
                    response=answer.response,
                )
        return {_FIELDS[rel]: href for rel, (href, _) in self.found.items()}

    def _missing(self, rels: list[str]) -> ProviderError:
        trouble = self.trouble
        reason = f" ({trouble})" if trouble else ""
        return ProviderError(
            f"{self.root} does not say where its endpoints are: neither host-meta nor webfinger "
            f"has a link {', '.join(rels)}{reason}",
            status=trouble.status if trouble else None,
            problem=trouble.problem if trouble else None,
            body=trouble.body if trouble else "",
            response=trouble.response if trouble else None,
        )


def _read_account(account: str, scheme: str) -> tuple[str, str]:
    """Return where to ask, without a slash at the end, and what to ask webfinger about.

    :raises UsageError: it is neither an account nor a host nor a URL, or a URL of plain http unasked.
    """
    check_type(account, str, "the account", "a str, such as alice@pump.example")
    text = account.strip().removeprefix("acct:")
    if "://" in text:
        _check_address(text, scheme, loopback=False)
        address = split_url(text)
        return f"{address.scheme.lower()}://{address.authority}", text.partition("#")[0]
    name, at, host = text.rpartition("@")
    root = f"{scheme}://{host}"
    if (at and not _is_name(name)) or parse_origin(root) is None or split_url(root).target != root or "/" in host:
        raise UsageError(f"{account[:200]!r} is no account such as alice@pump.example, and no URL")
    return root, f"acct:{name}@{host}" if at else f"{root}/"


def _is_allowed(url: str, scheme: str) -> bool:
    """Tell whether an address is absolute, and https, or http where that was asked for."""
    place = parse_origin(url)
    return place is not None and (place[0] == "https" or scheme == "http")


# Registration


def _send(url: str, content: dict[str, str], session: requests.Session | None, timeout: float) -> Consumer:
    """Send a registration, and return the credentials in the answer."""
    headers = {"Accept": _JSON, "Authorization": None}  # None: nor what the session has
    answer = send_request("POST", url, session=session, timeout=check_timeout(timeout), json=content, headers=headers)
    secrets = [content.get("client_secret", ""), *_secrets_in(answer.text)]
    fields = _object(answer.text) if answer.ok else None
    if fields is None or "error" in fields:
        raise build_refusal(answer, "client credentials", secrets)
    expiry = _expiry(fields.pop("expires_at", None))
    for name in ("client_id", "client_secret"):
        if not isinstance(fields.get(name), str) or not fields[name] or is_broken(fields[name]):
            raise build_refusal(answer, f"a {name}", secrets)
    if expiry is None:
        raise build_refusal(answer, "an expires_at in seconds", secrets)
    key, secret = fields.pop("client_id"), fields.pop("client_secret")
    try:
        return Consumer(key, secret, expires_at=expiry or None, extra=fields)
    except UsageError:
        raise build_refusal(answer, "a usable client_id", secrets) from None


def _object(text: str) -> dict[str, Any] | None:
    """Return a JSON object in which nothing is said twice; ``None``: it is none."""
    try:
        found = json.loads(text.lstrip("\ufeff"), object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a name is there twice")
    return dict(pairs)


def _secrets_in(text: str) -> list[str]:
    """Return every client_secret in an answer, which no error may show, however it is spelled there."""
    found: list[str] = []

    def note(pairs: list[tuple[str, Any]]) -> None:
        for value in (value for name, value in pairs if name == "client_secret"):
            found.extend(part for part in (value if isinstance(value, list) else [value]) if isinstance(part, str))

    with suppress(ValueError, RecursionError):
        json.loads(text, object_pairs_hook=note)
    return found


def _expiry(value: object) -> float | None:
    """Return when credentials end, in seconds since the epoch; 0: never, or not said; ``None``: it is no time."""
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
        return None
    return float(value)


# Arguments


def _check_scheme(scheme: str) -> str:
    if scheme not in ("https", "http"):
        raise UsageError(f"scheme must be 'https' or 'http', not {scheme!r}")
    return scheme


def _check_address(url: str, scheme: str, *, loopback: bool = True) -> None:
    """Check that an address may be asked.

    :param loopback: whether plain http is allowed there, unasked.
    :raises UsageError: it is no absolute http(s) URL, or plain http that was not asked for.
    """
    check_type(url, str, "the address", "a URL; a service that has no registration_url registers nobody")
    address = split_url(url)
    place = origin(address.scheme, address.authority)
    if place[0] == "http" and scheme != "http" and not (loopback and is_loopback(address.authority)):
        raise UsageError("this is plain http, where all can read the secret: ask for it with scheme='http'")


def _described(
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
        "redirect_uris": _joined("redirect_uris", redirect_uris),
        "contacts": _joined("contacts", contacts),
        "logo_url": None if logo_url is None else _joined("logo_url", [logo_url]),
    }
    return {name: value for name, value in fields.items() if value}


def _joined(name: str, items: Iterable[str]) -> str:
    """Return a list as it travels: its items, separated by spaces."""
    if isinstance(items, str | bytes) or not isinstance(items, Iterable):
        raise UsageError(f"{name} must be a list of str, not {type(items).__name__}")
    found = list(items)
    for item in found:
        if not isinstance(item, str) or not re.fullmatch(r"[^\s\x00-\x1F\x7F]+", item):
            raise UsageError(f"each of {name} must be a str without spaces, and not {item!r}")
    return " ".join(found)
