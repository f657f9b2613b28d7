"""Known services as data: their URLs, and what they require.

``SERVICES["tumblr"]`` is a ``Service``; one of your own is made by hand, from a dict, or
from a JSON file. The known ones are in ``services.json``, in the form that such a file has.
Nothing here uses the network.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date
from functools import cached_property
from typing import Any

from ..credentials import ServiceKind, ServiceReference, check_origins
from ..errors import UsageError, check_type, suggest_word
from ..version import __version__

__all__ = ["SERVICES", "Service", "UnknownServiceError"]


# What stands for a part of a URL that each tenant has its own of: {host}; in capitals for the same as an id.
_find_placeholders = re.compile(r"\{([a-z]+|[A-Z]+)\}").findall
_is_host = re.compile(r"(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?").fullmatch
_LAST_PORT = 65535
_is_label = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*").fullmatch
_is_day = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}").fullmatch

_MAPPINGS = ("authorization_parameters", "headers", "tenant")
_TEMPLATES = (
    "request_token_url", "authorization_url", "access_token_url", "registration_url", "renewal_url", "api_url", "realm",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Service:
    """One OAuth 1.0 service.

    Where each tenant of a service has a host of its own, its URLs, its origins and its realm have placeholders, such
    as ``https://{host}/oauth/token``, which ``at`` fills.

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
    :param callback_method: how the verifier comes to the callback: ``"GET"``, by the user's browser (s2.2), or
        ``"POST"``, from the service itself, before a request token is asked for.
    :param confirmed: what to make of a missing ``oauth_callback_confirmed``: see ``OAuthFlow``.
    :param authorization_parameters: what the authorization URL takes besides the token;
        ``{consumer_key}`` stands for the consumer's.
    :param token_parameter: the name under which that URL takes the request token.
    :param headers: what token requests have to carry besides; read from a dict or a file, ``{version}`` stands for
        this package's version.
    :param tenant: what has filled its placeholders, by their names.
    :param ends: the last day on which the service takes OAuth 1.0, a ``str`` as ``YYYY-MM-DD``, which JSON carries and
        which compares as dates do; ``None``: none is known.
    :param successor: what comes instead, in one sentence.
    :param notes: what else users should know, in sentences.
    :param documentation: the URL of the service's own documentation.
    :param checked: the day on which this was compared with its sources, as ``YYYY-MM-DD``.
    :param checked_against: those sources: ``"documentation"``, ``"source"`` (the service's own code), ``"clients"``.
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
    callback_method: str = "GET"
    confirmed: str = "warn"
    authorization_parameters: Mapping[str, str] = field(default_factory=dict, hash=False)
    token_parameter: str = "oauth_token"
    headers: Mapping[str, str] = field(default_factory=dict, hash=False)
    tenant: Mapping[str, str] = field(default_factory=dict, hash=False)
    ends: str | None = None
    successor: str = ""
    notes: str = ""
    documentation: str = ""
    checked: str = ""
    checked_against: str = ""

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if item.name in _MAPPINGS:
                words = [*value, *value.values()] if isinstance(value, Mapping) else [None]
                if not all(isinstance(word, str) for word in words):
                    raise UsageError(f"{item.name} of a Service must be a mapping from str to str")
                object.__setattr__(self, item.name, dict(value))
            elif item.name == "origins":
                object.__setattr__(self, "origins", check_origins(value, "origins of a Service"))
            elif not isinstance(value, str) and not (value is None and "None" in str(item.type)):
                raise UsageError(f"{item.name} of a Service must be a str, not {type(value).__name__}")
        if self.callback_method not in ("GET", "POST"):
            raise UsageError(f"callback_method of a Service must be 'GET' or 'POST', not {self.callback_method!r}")
        if self.ends is not None and not _is_day(self.ends):
            raise UsageError(f"ends of a Service must be a day, such as 2026-12-31, not {self.ends!r}")

    # --- tenants ---

    @property
    def placeholders(self) -> tuple[str, ...]:
        """The names of the placeholders that nothing has filled yet."""
        found = [name.lower() for text in self._templates for name in _find_placeholders(text)]
        return tuple(dict.fromkeys(found))

    @property
    def _templates(self) -> list[str]:
        return [text for name in _TEMPLATES if (text := getattr(self, name))] + list(self.origins)

    def at(self, **values: str) -> Service:
        """Return the service of one tenant: its placeholders filled.

        A placeholder that is a whole host takes a host, with a port if need be and the URL has none; one that is a
        part of a host takes a word, in either of the spellings that an account's id has (``123_SB1``, ``123-sb1``).

        :raises UsageError: the service has no such placeholder, or it is filled already, or the value is no host.
        """
        unknown = [name for name in values if name not in self.placeholders]
        if unknown:
            known = f"its placeholders are {', '.join(self.placeholders)}" if self.placeholders else "it has none"
            filled_with = ", ".join(f"{name}={self.tenant[name]}" for name in unknown if name in self.tenant)
            if filled_with:
                known += f"; it is filled already, with {filled_with}: fill the Service that it was made of"
            raise UsageError(f"{self._label} has no placeholder {', '.join(unknown)}: {known}")
        filled = {name: self._check_value(name, value) for name, value in values.items()}
        changes: dict[str, Any] = {name: _fill(text, filled) for name in _TEMPLATES if (text := getattr(self, name))}
        origins = [_fill(text, filled) for text in self.origins]
        return replace(self, **changes, origins=origins, tenant={**self.tenant, **filled})

    def _check_value(self, name: str, value: str) -> str:
        """Return the value of a placeholder as it stands in a host."""
        check_type(value, str, name, "a str")
        value = value.lower()
        # What stands behind it where it is a whole host: a port, a path, nothing.
        behind = [found[1] for text in self._templates if (found := re.search(rf"://\{{{name}\}}([:/?#]|$)", text))]
        match = _is_host(value)
        if not behind:
            what, value = "one word that can stand in a host, such as 123456 or 123456_SB1", value.replace("_", "-")
            is_right = _is_label(value) is not None
        elif ":" in behind:
            what = "a host without a port, such as shop.example (in ASCII: xn--...)"
            is_right = match is not None and match[1] is None
        else:
            what = "a host, such as shop.example or shop.example:8443 (in ASCII: xn--...)"
            is_right = match is not None and int(match[1] or 0) <= _LAST_PORT
        if not is_right:
            raise UsageError(f"{name} must be {what}, not {value.rpartition('@')[2][:80]!r}")
        return value

    def check_is_filled(self, name: str | None = None) -> None:
        """Refuse a service, or one field of it, whose placeholders are not filled.

        :raises UsageError: they are not; the message names them.
        """
        texts = self._templates if name is None else [getattr(self, name) or ""]
        left = dict.fromkeys(each.lower() for text in texts for each in _find_placeholders(text))
        if left:
            wanted, given = ", ".join(f'{each}="..."' for each in left), " ".join(f"--at {each}=..." for each in left)
            raise UsageError(
                f"{self._label} has a host for each tenant, and which one is not said: use .at({wanted}) of the "
                f"Service, or {given} of the command"
            )

    @property
    def _label(self) -> str:
        return self.title or self.name or "this service"

    @property
    def reference(self) -> str:
        """What ``Account.service`` calls it: its name, and what has filled its placeholders.

        :raises UsageError: it is not one of ``SERVICES``, whose name alone would say where it is.
        """
        known = SERVICES.get(self.name)
        if known is None or known.at(**self.tenant)._templates != self._templates:
            raise UsageError(
                f"{self._label} is not one of the known services, so an account cannot name it: let Account.service be "
                "the path of a JSON file that describes it, a server's URL, or its three URLs with spaces between them"
            )
        return str(ServiceReference(ServiceKind.NAME, self.name, tuple(self.tenant.items())))

    def has_ended(self, day: str | date | None = None) -> bool:
        """Tell whether the service has ceased to take OAuth 1.0.

        :param day: a ``datetime.date``, or a ``str`` as ``YYYY-MM-DD``; ``None``: today, by the local clock.
        :raises UsageError: it is neither.
        """
        day = date.today() if day is None else day
        text = day.isoformat()[:10] if isinstance(day, date) else day  # behind the day of a datetime is its time
        if not isinstance(text, str) or not _is_day(text):
            raise UsageError(f"day must be a date, or a str such as '2026-12-31', not {day!r}")
        return self.ends is not None and self.ends < text

    # --- as data ---

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


def _fill(text: str, values: Mapping[str, str]) -> str:
    """Return a text with its placeholders filled; one in capitals is spelled as an id: in capitals, with ``_``."""
    for name, value in values.items():
        as_id = value.upper().replace("-", "_")
        text = text.replace(f"{{{name}}}", value).replace(f"{{{name.upper()}}}", as_id)
    return text


def _read_json(path: str | os.PathLike[str]) -> Any:
    with open(os.fspath(path), encoding="utf-8") as file:
        return json.load(file)


class UnknownServiceError(UsageError, KeyError):
    """There is no service of that name: a ``KeyError`` too, so that ``in`` and ``get`` work as in any mapping."""

    __str__ = Exception.__str__  # not KeyError's, which puts the message between quotes


class _KnownServices(Mapping[str, Service]):
    """The services of ``services.json``, by name and by other names; read when they are first asked for."""

    _OTHER_NAMES = {  # noqa: RUF012 - never changed
        "twitter": "x", "wikimedia": "mediawiki", "confluence": "jira", "bitbucket": "jira", "adobecommerce": "magento",
        "thenounproject": "nounproject", "immoscout24": "immobilienscout24",
    }  # fmt: skip

    @cached_property
    def _services(self) -> dict[str, Service]:
        services = map(Service.from_dict, _read_json(os.path.join(os.path.dirname(__file__), "services.json")))
        return {service.name: service for service in services}

    def __getitem__(self, name: str) -> Service:
        if not isinstance(name, str) or (found := self._OTHER_NAMES.get(name, name)) not in self._services:
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


# In ``services.json``, ``checked`` is the day on which a row was compared with what ``checked_against`` names, as a
# public index had stored it. That Tumblr refuses "oob" is in issue 381 of scribejava and pull request 5 of its own
# tumblr_client; that Schoology takes no callback and confirms none, in its own client for PHP.
SERVICES: Mapping[str, Service] = _KnownServices()
"""The services that are known here, by name. An unknown name is a ``UsageError`` (and a ``KeyError``)."""
