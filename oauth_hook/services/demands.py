"""What services are known to want of a signed request, as data: ``demands.json``, which ``explain`` reads.

A service is recognized by the URL of a request, or named. Each demand has the cause that it is when it is not met,
what it says, what to do, and the part of a request that it is about::

    {"code": "realm", "part": "realm", "must": "[A-Z0-9]+(?:_[A-Z0-9]+)*", "says": "...", "advice": "..."}

``must`` is what the whole part must match, where there is one (``needed``: there must be one); ``must_not`` is what
must not be found in it. ``with`` names further parts and what must be found in them, for the demand to count at all.
Without either it is something that a request does not show: a likely cause of a refusal. What stands in
``services.json`` is not said again: a realm, a body hash, the end, and the signature method of a service that
``takes_one_method``.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from .catalog import SERVICES, Service

__all__ = ["Demand", "KnownDemands", "find_demands"]


@dataclass(frozen=True)
class Demand:
    """One thing that a service wants.

    :ivar code: the cause that it is when it is not met, as ``explain`` names it.
    :ivar says: what the service wants, in one sentence.
    :ivar advice: what to do.
    :ivar part: what of a request it is about; empty: a request does not show it.
    :ivar until: the last day of a ``part`` that is one.
    :ivar often: what does not meet it is refused often, and not always.
    """

    code: str
    says: str
    advice: str
    part: str = ""
    must: str | None = None
    must_not: str = ""
    needed: bool = False
    until: str = ""
    often: bool = False
    given: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_seen(self) -> bool:
        """Whether a request shows that it is met, or is not."""
        return bool(self.part)

    def is_met(self, parts: Mapping[str, str | None]) -> bool:
        """Tell whether a request meets it.

        :param parts: of the request, by their names; ``None``: it has no such part.
        """
        if not all(re.search(pattern, parts.get(name) or "") for name, pattern in self.given.items()):
            return True
        if not self.part:
            return False
        value = parts.get(self.part)
        if value is None:
            return not self.needed
        if self.until:
            return value <= self.until
        is_right = self.must is None or re.fullmatch(self.must, value) is not None
        return is_right and not (self.must_not and re.search(self.must_not, value))


@dataclass(frozen=True)
class KnownDemands:
    """What one service wants.

    :ivar title: what people call it.
    :ivar urls: what the beginning of its URLs matches.
    :ivar takes_one_method: whether it takes no other signature method than its own.
    :ivar wants_callback: whether it wants ``oauth_callback`` of a request for a request token.
    """

    name: str
    title: str
    urls: str
    demands: tuple[Demand, ...]
    takes_one_method: bool = False
    wants_callback: bool = True


@cache
def _read_all() -> dict[str, KnownDemands]:
    with open(os.path.join(os.path.dirname(__file__), "demands.json"), encoding="utf-8") as file:
        rows: list[dict[str, Any]] = json.load(file)
    return {
        row["name"]: KnownDemands(
            row["name"], SERVICES[row["name"]].title, row["urls"],
            tuple(Demand(**{("given" if name == "with" else name): value for name, value in one.items()})
                  for one in row["demands"]),
            row.get("takes_one_method", False),
        )
        for row in rows
    }  # fmt: skip


def find_demands(service: Service | str | None, url: str) -> KnownDemands | None:
    """Return what a service wants.

    :param service: a service, or the name of a known one; ``None``, or one of another name: it is recognized by the
        URL.
    :returns: ``None`` where nothing is known of it.
    :raises UnknownServiceError: there is no service of that name.
    """
    if isinstance(service, str):
        service = SERVICES[service]
    start = url[:_MAX_URL_CHARS]
    row = next((each for each in _read_all().values() if re.match(each.urls, start, re.IGNORECASE)), None)
    if service is None:
        if row is None:
            return None
        service = SERVICES[row.name]
    row = _read_all().get(service.name) or row or KnownDemands(service.name, service.title or service.name, "", ())
    demands = (*_read_service(service, row), *row.demands)
    return replace(row, demands=demands, wants_callback=service.callback is not None)


_MAX_URL_CHARS = 2000


def _read_service(service: Service, known: KnownDemands) -> list[Demand]:
    """Return what a service's own description says that it wants, where nothing more precise is known."""
    title, parts = (service.title or known.title).partition(" (")[0], {demand.part for demand in known.demands}
    found = []
    if known.takes_one_method:
        method = SERVICES[known.name].signature_method  # whatever somebody has made of it
        key = " and the private key whose public half it has" if method.startswith("RSA") else ""
        advice = f'Sign with signature_method="{method}"{key}.'
        found.append(
            Demand("signature-method", f"{title} takes {method} alone.", advice, "signature_method", must=method)
        )
    if service.realm is not None and "realm" not in parts and "{" not in service.realm:
        found.append(Demand(
            "realm", f"{title} wants the realm {service.realm!r} in the header.", f"Sign with realm={service.realm!r}.",
            "realm", must=re.escape(service.realm), needed=True, given={"placement": "header"},
        ))  # fmt: skip
    if service.body_hash is not None and "body_hash" not in parts:
        found.append(Demand(
            "body-changed", f"{title} wants the hash of each body that is no form, in oauth_body_hash.",
            f"Sign with body_hash={service.body_hash!r}.", "body_hash", needed=True, given={"other_body": "."},
        ))  # fmt: skip
    if service.ends is not None:
        says = f"{title} has ended OAuth 1 on {service.ends}."
        advice = service.successor or "Ask the service what follows."
        found.append(Demand("token-expired", says, advice, "day", until=service.ends))
    return found
