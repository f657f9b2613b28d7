"""Credentials as values: who asks, and on whose behalf (RFC 5849 s1.1).

=====================  =================================================
``Secret``             a text that no ``repr`` shows
``Consumer``           client credentials: the application
``RequestToken``       temporary credentials: a request for authorization
``AccessToken``        token credentials: a user's consent
``Account``            what one needs to call a service: consumer, token
                       and the service
``ServiceReference``   which service that is
=====================  =================================================

Each is frozen, compares by value, shows no secret in its ``repr``, and travels
as JSON through ``to_dict()`` and ``from_dict()``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import Enum
from typing import Any, TypeVar

from .errors import UsageError, check_type, conceal_frames, conceal_methods

__all__ = [
    "AccessToken",
    "Account",
    "Consumer",
    "Credentials",
    "RequestToken",
    "Secret",
    "ServiceKind",
    "ServiceReference",
    "check_key",
    "check_origins",
    "check_token",
    "unique_pairs",
]

_C = TypeVar("_C", bound="Credentials")


class Secret(str):
    """A ``str`` whose ``repr`` is ``***``, so that debuggers, logs of variables and error collectors do not show it.

    ``str(secret)`` is the text itself, and so is whatever else is made of it. It pickles as what it is.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Secret:
        """Return the text as a secret."""
        return str.__new__(cls, str.__str__(text))  # a subclass, such as an Enum's, may print as something else

    def __repr__(self) -> str:
        return "***"


_control_character = re.compile(r"[\x00-\x1F\x7F-\x9F]").search


def check_key(value: str, what: str) -> None:
    """Refuse what cannot be the public half of a pair of credentials.

    A key travels in headers and URLs, so a control character in it is an accident
    (most often a line feed from a file) that would break the request. A secret never
    travels and may hold anything.

    :raises UsageError: it is no ``str``, is empty, or has control characters.
    """
    check_type(value, str, what, "a str")
    if not value:
        raise UsageError(f"{what} is empty: the service gives it together with its secret")
    if _control_character(value):
        raise UsageError(f"{what} has a control character in it (a line feed from a file, perhaps): strip it")


# Loosely: the hook that is pinned to an origin reads it closely.
_is_origin = re.compile(r"https?://[^\s/?#@]+/?", re.IGNORECASE).fullmatch


def check_origins(given: object, name: str) -> tuple[str, ...]:
    """Return origins, one or several, as a tuple.

    :raises UsageError: one of them is not ``scheme://host[:port]``; the message calls them by this name.
    """
    origins = (given,) if isinstance(given, str) else tuple(given) if isinstance(given, Iterable) else (None,)
    if not all(isinstance(each, str) and _is_origin(each) for each in origins):
        raise UsageError(f"{name} must be scheme://host[:port], one or several, such as https://api.example.com")
    return origins


@conceal_methods
@dataclass(frozen=True)
class Credentials:
    """A key, which names its holder, and a secret, which only the two ends know.

    :param key: the public identifier.
    :param secret: the shared secret; empty where the service gives none (RSA, s3.4.3).
    :param expires_at: when it ends, in seconds since the epoch; ``None``: not said.
    :param extra: what else the service said when it issued them, by name.
    :raises UsageError: the key is empty or has control characters, or the secret is no ``str``.
    """

    key: str
    secret: str = field(default="", repr=False)
    expires_at: float | None = field(default=None, kw_only=True)
    extra: Mapping[str, Any] = field(default_factory=dict, kw_only=True, hash=False, repr=False)

    def __post_init__(self) -> None:
        kind = type(self).__name__
        what = f"{'an' if kind[0] in 'AEIOU' else 'a'} {kind}"
        check_key(self.key, f"the key of {what}")
        check_type(self.secret, str, f"the secret of {what}", "a str")
        if type(self.secret) is not Secret:
            object.__setattr__(self, "secret", Secret(self.secret))
        check_type(self.extra, Mapping, "extra", "a mapping")
        if self.expires_at is not None:
            check_type(self.expires_at, (int, float), "expires_at", "seconds since the epoch")
        object.__setattr__(self, "extra", dict(self.extra))

    def __repr__(self) -> str:
        expiry = "" if self.expires_at is None else f", expires_at={self.expires_at!r}"
        return f"{type(self).__name__}(key={self.key!r}, secret=***{expiry})"

    def to_dict(self) -> dict[str, Any]:
        """Return the value, secrets included, as a dict that JSON can carry."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {**values, "secret": str(self.secret), "extra": dict(self.extra)}

    @classmethod
    @conceal_frames
    def from_dict(cls: type[_C], data: Mapping[str, Any]) -> _C:
        """Return the value that ``to_dict`` took apart.

        :raises UsageError: a field is missing, unknown or of the wrong type.
        """
        return cls(**_known_fields(cls, data))


# eq=True would compare fields only within one class: a RequestToken never equals an AccessToken.
# init=False: the constructor is that of Credentials, whose frame is concealed.
@conceal_methods
@dataclass(frozen=True, init=False, repr=False)
class Consumer(Credentials):
    """Client credentials (s1.1): the application's identity with one service."""


@conceal_methods
@dataclass(frozen=True, init=False, repr=False)
class RequestToken(Credentials):
    """Temporary credentials (s2.1): good only for asking the user and for the exchange."""


@conceal_methods
@dataclass(frozen=True, init=False, repr=False)
class AccessToken(Credentials):
    """Token credentials (s2.3): the user's consent, to sign requests with."""


def check_token(token: object) -> None:
    """Check that a value is a token that can sign for a user, or ``None`` for no user.

    :raises UsageError: it is neither an ``AccessToken`` nor a ``RequestToken``.
    """
    if token is not None:
        check_type(token, (AccessToken, RequestToken), "token", "an AccessToken or a RequestToken")


# What fills the placeholders of a service stands behind its name, or its path: magento?host=shop.example
_split_tenant = re.compile(r"([^?]+)\?([a-z]+=[^?&=\s]+(?:&[a-z]+=[^?&=\s]+)*)").fullmatch


class ServiceKind(Enum):
    """How a ``ServiceReference`` says which service it means."""

    NAME = "name"  #: by the name of a known service, such as ``tumblr``
    SERVER = "server"  #: by a server that is asked for its endpoints: its URL, its host, or a user there
    FILE = "file"  #: by the path of a file that describes it
    URLS = "urls"  #: by the URLs of its three legs


@dataclass(frozen=True)
class ServiceReference:
    """Which service an account is at. ``parse`` reads one, and ``str`` prints it as ``Account.service`` has it.

    :param kind: how ``text`` says it.
    :param text: a name, a URL or ``user@host``, a path, or three URLs with a space between them.
    :param tenant: what fills the placeholders of a service that is meant by its name or its file: pairs.
    """

    kind: ServiceKind
    text: str
    tenant: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, text: str) -> ServiceReference:
        """Read a reference, by its spelling alone: whether there is such a service or file is not looked up.

        :raises UsageError: it is no ``str``.
        """
        check_type(text, str, "the service", "a str")
        if "://" not in text and (parts := _split_tenant(text)) is not None:
            pairs = [pair.partition("=") for pair in parts[2].split("&")]
            return replace(cls.parse(parts[1]), tenant=tuple((name, value) for name, _, value in pairs))
        separators = tuple(separator for separator in (os.sep, os.altsep) if separator)  # Windows has two
        if "://" not in text and (text.endswith(".json") or any(separator in text for separator in separators)):
            return cls(ServiceKind.FILE, text)
        if text.count(" ") == 2:
            return cls(ServiceKind.URLS, text)
        return cls(ServiceKind.SERVER if any(mark in text for mark in "@.:") else ServiceKind.NAME, text)

    def __str__(self) -> str:
        tenant = "&".join(f"{name}={value}" for name, value in self.tenant)
        return f"{self.text}?{tenant}" if tenant else self.text

    @property
    def name(self) -> str | None:
        """The name of a known service."""
        return self.text if self.kind is ServiceKind.NAME else None

    @property
    def url(self) -> str | None:
        """The server's URL, its host, or a user there, as ``discover`` takes them."""
        return self.text if self.kind is ServiceKind.SERVER else None

    @property
    def path(self) -> str | None:
        """The path of the file that describes the service."""
        return self.text if self.kind is ServiceKind.FILE else None

    @property
    def urls(self) -> tuple[str, str, str] | None:
        """The URLs where request tokens are given, where users answer, and where access tokens are given."""
        if self.kind is not ServiceKind.URLS:
            return None
        request_token_url, authorization_url, access_token_url = self.text.split(" ")
        return request_token_url, authorization_url, access_token_url

    @property
    def label(self) -> str:
        """The reference as people are shown it: of three URLs, the one that users see; of a user's server, its host."""
        if self.user:
            return _parse_host(self.text)
        return str(self) if self.urls is None else self.urls[1]

    @property
    def user(self) -> str:
        """Who is meant, where a server is named by a user there, as in ``someone@pump.example``; else empty."""
        return self.text.rpartition("@")[0] if self.url and "://" not in self.text else ""

    def read_tenant(self) -> dict[str, str]:
        """Return what fills the placeholders, by their names.

        :raises UsageError: one of them is there twice.
        """
        return unique_pairs(self.tenant, str(self))

    def is_same_service(self, other: ServiceReference) -> bool:
        """Tell whether two references mean one service; a server is known by its host, in any case.

        One whose tenant is not said may be anybody's.
        """
        if ServiceKind.SERVER is self.kind is other.kind:
            return _parse_host(self.text) == _parse_host(other.text)
        is_same_tenant = self.tenant == other.tenant or not (self.tenant and other.tenant)
        return (self.kind, self.text) == (other.kind, other.text) and is_same_tenant


def unique_pairs(pairs: Iterable[tuple[str, str]], where: str) -> dict[str, str]:
    """Return pairs as a dict.

    :param where: what has them, for the message.
    :raises UsageError: a name is there twice: which is meant?
    """
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise UsageError(f"{where} has {name} twice: say it once")
        found[name] = value
    return found


def _parse_host(server: str) -> str:
    """Return the host, and the port where one is named, of a URL, a host, or a user there."""
    authority = server.partition("://")[2].partition("/")[0] or server.rpartition("@")[2]
    return authority.lower()


@conceal_methods
@dataclass(frozen=True)
class Account:
    """All that one needs to call a service on a user's behalf.

    :param consumer: the application's credentials.
    :param token: the user's, or ``None`` for two-legged calls.
    :param service: which service it is, as ``ServiceReference`` prints it: a known service's name (of one tenant:
        ``SERVICES["magento"].at(host="shop.example").reference``), a server's URL, the path of a file, or three URLs
        with spaces between them; ``None``: not said.
    :param origins: where the account may be used besides: ``scheme://host[:port]``, one or several. The hook of an
        account (``hook_for_account``) signs for its service's own origins and for these, and for no other.
    :raises UsageError: one of them is not an origin.
    """

    consumer: Consumer
    token: AccessToken | None = None
    service: str | None = None
    origins: Sequence[str] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "origins", check_origins(self.origins, "origins of an Account"))

    def to_dict(self) -> dict[str, Any]:
        """Return the value, secrets included, as a dict that JSON can carry."""
        token = None if self.token is None else self.token.to_dict()
        consumer = self.consumer.to_dict()
        return {"consumer": consumer, "token": token, "service": self.service, "origins": list(self.origins)}

    @classmethod
    @conceal_frames
    def from_dict(cls, data: Mapping[str, Any]) -> Account:
        """Return the value that ``to_dict`` took apart.

        :raises UsageError: a field is missing, unknown or of the wrong type.
        """
        known = _known_fields(cls, data)
        if "consumer" not in known:
            raise UsageError("an Account needs a consumer")
        token = known.get("token")
        return cls(
            consumer=Consumer.from_dict(known["consumer"]),
            token=None if token is None else AccessToken.from_dict(token),
            service=known.get("service"),
            origins=known.get("origins", ()),
        )


def _known_fields(cls: type[Any], data: object) -> dict[str, Any]:
    """Return ``data`` as keyword arguments for ``cls``, or say what does not fit."""
    if not isinstance(data, Mapping):
        raise UsageError(f"{cls.__name__}.from_dict wants a mapping, not {type(data).__name__}")
    names = {f.name for f in fields(cls)}
    unknown = sorted(str(name) for name in data if name not in names)
    if unknown:
        raise UsageError(f"{cls.__name__} has no field {', '.join(unknown)}")
    if "key" in names and "key" not in data:
        raise UsageError(f"{cls.__name__} needs a key")
    return dict(data)
