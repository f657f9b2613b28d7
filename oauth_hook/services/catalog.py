"""Known services as data: their URLs, and what they require.

``SERVICES["tumblr"]`` is a ``Service``; one of your own is made by hand, from a dict, or
from a JSON file. The known ones are in ``services.json``, in the form that such a file has.
Nothing here uses the network.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cached_property
from typing import Any

from ..credentials import check_origins
from ..errors import UsageError, suggest_word
from ..version import __version__

__all__ = ["SERVICES", "Service", "UnknownServiceError"]


@dataclass(frozen=True, kw_only=True)
class Service:
    """One OAuth 1.0 service.

    :param name: a short name, in lower case.
    :param title: what people call it.
    :param request_token_url: where temporary credentials are issued (RFC 5849 s2.1); empty: it has no flow.
    :param authorization_url: where the user allows or denies access (s2.2).
    :param access_token_url: where token credentials are issued (s2.3).
    :param registration_url: where clients register themselves, if they can.
    :param renewal_url: where an access token is renewed, if not at ``access_token_url``.
    :param api_url: a URL of its API to try a token on.
    :param origins: where its API is, ``scheme://host[:port]`` each: an account's hook signs for these, and for the
        origins of the URLs above.
    :param token_method: the HTTP method of token requests.
    :param access_token_method: that of the request for an access token (s2.3), where it is another.
    :param placement: where protocol parameters go (s3.5).
    :param signature_method: the method that it takes.
    :param body_hash: the digest that it requires of bodies that are not forms.
    :param realm: the realm that it requires in the header.
    :param callback: what to send as ``oauth_callback`` where the application has none; ``None``: nothing.
    :param confirmed: what to make of a missing ``oauth_callback_confirmed``: see ``OAuthFlow``.
    :param authorization_parameters: what the authorization URL takes besides the token;
        ``{consumer_key}`` stands for the consumer's.
    :param token_parameter: the name under which that URL takes the request token.
    :param headers: what token requests have to carry besides; read from a dict or a file, ``{version}`` stands for
        this package's version.
    :param notes: what else users should know, in sentences.
    :param documentation: the URL of the service's own documentation.
    :param checked: the day on which this was compared with it, as ``YYYY-MM-DD``.
    :raises UsageError: a value has the wrong type.
    """

    name: str
    title: str = ""
    request_token_url: str = ""
    authorization_url: str = ""
    access_token_url: str = ""
    registration_url: str | None = None
    renewal_url: str | None = None
    api_url: str | None = None
    origins: Sequence[str] = ()
    token_method: str = "POST"
    access_token_method: str | None = None
    placement: str = "header"
    signature_method: str = "HMAC-SHA1"
    body_hash: str | None = None
    realm: str | None = None
    callback: str | None = "oob"
    confirmed: str = "warn"
    authorization_parameters: Mapping[str, str] = field(default_factory=dict, hash=False)
    token_parameter: str = "oauth_token"
    headers: Mapping[str, str] = field(default_factory=dict, hash=False)
    notes: str = ""
    documentation: str = ""
    checked: str = ""

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if item.name in ("authorization_parameters", "headers"):
                words = [*value, *value.values()] if isinstance(value, Mapping) else [None]
                if not all(isinstance(word, str) for word in words):
                    raise UsageError(f"{item.name} of a Service must be a mapping from str to str")
                object.__setattr__(self, item.name, dict(value))
            elif item.name == "origins":
                object.__setattr__(self, "origins", check_origins(value, "origins of a Service"))
            elif not isinstance(value, str) and not (value is None and "None" in str(item.type)):
                raise UsageError(f"{item.name} of a Service must be a str, not {type(value).__name__}")

    def to_dict(self) -> dict[str, Any]:
        """Return the service as a dict that JSON can carry."""
        return asdict(self) | {"origins": list(self.origins)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Service:
        """Return the service that a dict describes; what it leaves out has its default.

        :raises UsageError: a field is unknown or of the wrong type, or there is no name.
        """
        if not isinstance(data, Mapping):
            raise UsageError(f"Service.from_dict takes a mapping, not {type(data).__name__}")
        unknown = sorted(str(name) for name in data if name not in {item.name for item in fields(cls)})
        if unknown:
            raise UsageError(f"a Service has no field {', '.join(unknown)}")
        if "name" not in data:
            raise UsageError("a Service needs a name")
        service = cls(**data)
        headers = {name: value.replace("{version}", __version__) for name, value in service.headers.items()}
        return replace(service, headers=headers)

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Service:
        """Return the service that a JSON file describes.

        :raises UsageError: the file cannot be read, is not JSON, or does not describe a service.
        """
        try:
            data = _read_json(path)
        except (OSError, ValueError, RecursionError) as error:
            raise UsageError(f"{os.fspath(path)} is not a JSON file that describes a service: {error}") from error
        return cls.from_dict(data)


def _read_json(path: str | os.PathLike[str]) -> Any:
    with open(os.fspath(path), encoding="utf-8") as file:
        return json.load(file)


class UnknownServiceError(UsageError, KeyError):
    """There is no service of that name: a ``KeyError`` too, so that ``in`` and ``get`` work as in any mapping."""

    __str__ = Exception.__str__  # not KeyError's, which puts the message between quotes


class _KnownServices(Mapping[str, Service]):
    """The services of ``services.json`` by name, and by the names that they had; read when they are first asked for."""

    _FORMER_NAMES = {"twitter": "x", "wikimedia": "mediawiki"}  # noqa: RUF012 - never changed

    @cached_property
    def _services(self) -> dict[str, Service]:
        services = map(Service.from_dict, _read_json(os.path.join(os.path.dirname(__file__), "services.json")))
        return {service.name: service for service in services}

    def __getitem__(self, name: str) -> Service:
        if not isinstance(name, str) or (found := self._FORMER_NAMES.get(name, name)) not in self._services:
            raise UnknownServiceError(
                f"there is no service of that name{suggest_word(str(name), self)}: the known ones are {', '.join(self)}"
            )
        return self._services[found]

    def __iter__(self) -> Iterator[str]:
        return iter(self._services)

    def __len__(self) -> int:
        return len(self._services)

    def __repr__(self) -> str:
        return f"<services: {', '.join(self)}>"


# In ``services.json``, ``checked`` is set where the row was compared, on that day, with the service's documentation as
# a public index had stored it; for Flickr, Schoology, MediaWiki and WooCommerce with source of their own as well. Where
# it is missing, the documentation was out of reach and the row rests on what clients of the service do. That Tumblr
# refuses "oob" is in issue 381 of scribejava and pull request 5 of its own tumblr_client; that Schoology takes no
# callback and confirms none, in its own client for PHP.
SERVICES: Mapping[str, Service] = _KnownServices()
"""The services that are known here, by name. An unknown name is a ``UsageError`` (and a ``KeyError``)."""
