"""Finding a provider's endpoints, as pump.io publishes them.

::

    service = discover("alice@pump.example")

Discovery reads host-meta (RFC 6415), in JSON and in XRD, which is XML, then webfinger (RFC 7033), until the URLs of the
three legs are known. All of it comes from strangers. It speaks https; plain http is what ``scheme="http"`` asks for.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import quote
from xml.etree import ElementTree

import requests

from ..errors import ProviderError, UsageError, check_type, conceal_frames
from ..protocol.url import check_absolute_url, is_loopback, parse_origin, split_url
from ..redaction import redact
from ..services.catalog import Service
from .http import Redirects, WholeResponse, build_refusal, check_timeout, send_request

__all__ = ["Link", "check_scheme", "check_url", "discover", "is_allowed", "read_links"]

_NAMESPACE = "http://apinamespace.org"
_FIELDS = {
    "registration_endpoint": "registration_url",
    f"{_NAMESPACE}/oauth/request_token": "request_token_url",
    f"{_NAMESPACE}/oauth/authorize": "authorization_url",
    f"{_NAMESPACE}/oauth/access_token": "access_token_url",
    f"{_NAMESPACE}/activitypub/whoami": "api_url",
}
"""The relations that pump.io publishes, and the fields of ``Service`` that they fill."""

# Without one of these there is nothing to do with a service. Where registration is missing,
# consumers are registered by hand.
_NEEDED = [rel for rel in _FIELDS if rel.startswith(f"{_NAMESPACE}/oauth/")]

_JSON, _XRD = "application/json", "application/xrd+xml"
_MAX_TEMPLATES = 2  # of one host-meta that are tried

# RFC 7565 s7: a userpart has neither spaces nor what ends a part of a URI; letters of all scripts pass.
_is_name = re.compile(r"[^\s@/?#\x00-\x1F\x7F]+").fullmatch


_holds_declarations = re.compile(r"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE).search


@conceal_frames
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
    :raises requests.RequestException: the connection failed, or the time ran out.
    """
    root, resource = _read_account(account, check_scheme(scheme))
    search = _Search(root, resource, session, time.monotonic() + check_timeout(timeout))
    for url, accept, what in search.documents():
        search.read(url, accept, what)
        if all(rel in search.found for rel in _NEEDED):
            break
    host = root.partition("://")[2].lower()
    return Service(name=host, title=host, **search.urls(scheme))


# Discovery


@dataclass
class _Search:
    """One discovery: what is asked, and what has been found so far.

    :ivar found: relation -> the URL, and the response that had it.
    :ivar trouble: why a document could not be read: the first one that is there, or else the last.
    :ivar failure: the first failure of a connection.
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
        """Yield what to read: a URL, the type to ask for, and what it is; host-meta's lookups once known."""
        well_known = f"{self.root}/.well-known"
        yield f"{well_known}/host-meta.json", _JSON, "host-meta.json"
        yield f"{well_known}/host-meta", _XRD, "host-meta"
        named = [template.replace("{uri}", quote(self.resource, safe="")) for template in self.lookups[:_MAX_TEMPLATES]]
        for url in dict.fromkeys([*named, f"{well_known}/webfinger?resource={quote(self.resource, safe='')}"]):
            if is_allowed(url, self.root.partition(":")[0]):
                yield url, f"{_JSON}, {_XRD};q=0.5", f"the webfinger of {self.resource}"

    def read(self, url: str, accept: str, what: str) -> None:
        """Read a document; where it cannot be read, remember why.

        Redirects may leave the host: it may have its documents elsewhere (RFC 6415 s2).
        """
        headers = {"Accept": accept, "Authorization": None}  # None: nor what the session has
        left = max(self.deadline - time.monotonic(), 0.001)
        try:
            whole = send_request(
                "GET", url, session=self.session, timeout=left, redirects=Redirects.ENCRYPTED, headers=headers
            )
            links = read_links(whole.text) if whole.ok else None
            if links is None:
                raise build_refusal(whole, f"did not send {what}")
        except ProviderError as error:
            if self.trouble is None or self.trouble.status == requests.codes.not_found:
                self.trouble = error
            return
        except requests.ConnectionError as error:  # a server that hangs up may have the next document
            self.failure = self.failure or error
            return
        for link in links:
            if link.rel in _FIELDS and link.href:
                self.found.setdefault(link.rel, (link.href, whole))  # the first is the preferred one (RFC 6415 s3)
            elif link.rel == "lrdd" and "{uri}" in link.template:
                self.lookups.append(link.template)

    def urls(self, scheme: str) -> dict[str, Any]:
        """Return the URLs by the names that ``Service`` has for them.

        :raises ProviderError: one that is needed is missing, is not absolute, or is not where ``scheme`` allows.
        """
        missing = [rel for rel in _NEEDED if rel not in self.found]
        if missing and self.failure is not None:
            raise self.failure
        if missing:
            raise self._missing(missing) from self.trouble
        for rel, (href, whole) in self.found.items():
            if not is_allowed(href, scheme):
                plain = parse_origin(href) is not None
                raise ProviderError(
                    f"{self.root} has {'a plain http URL' if plain else 'no absolute http or https URL'} "
                    f"for {rel}: {href[:200]!r}" + ("; scheme='http' would take it" if plain else ""),
                    status=whole.response.status_code,
                    response=whole.response,
                    redact=redact,
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
            redact=redact,
        )


def _read_account(account: str, scheme: str) -> tuple[str, str]:
    """Return where to ask, without a slash at the end, and what to ask webfinger about.

    :raises UsageError: it is neither an account nor a host nor a URL, or a URL of plain http unasked.
    """
    check_type(account, str, "the account", "a str, such as alice@pump.example")
    text = account.strip().removeprefix("acct:")
    if "://" in text:
        check_url(text, scheme, loopback=False)
        parts = split_url(text)
        return f"{parts.scheme.lower()}://{parts.authority}", text.partition("#")[0]
    name, at, host = text.rpartition("@")
    root = f"{scheme}://{host}"
    if (at and not _is_name(name)) or parse_origin(root) is None or split_url(root).target != root or "/" in host:
        raise UsageError("the account is neither one such as alice@pump.example nor a host nor a URL")
    return root, f"acct:{name}@{host}" if at else f"{root}/"


def is_allowed(url: str, scheme: str) -> bool:
    """Tell whether a URL is absolute, and https, or http where that was asked for."""
    place = parse_origin(url)
    return place is not None and (place[0] == "https" or scheme == "http")


# The documents


class Link(NamedTuple):
    """One link; what it does not say is empty."""

    rel: str  #: what it leads to
    href: str  #: where that is
    template: str  #: where that is for one resource, ``{uri}`` standing for it


def read_links(text: str) -> list[Link] | None:
    """Return the links of a document in JSON or XRD, the preferred ones first; ``None``: it is neither."""
    text = text.lstrip("\ufeff \t\r\n")
    rows = _parse_jrd(text) if text.startswith("{") else _parse_xrd(text)
    if rows is None:
        return None
    values = ([row.get(name) for name in Link._fields] for row in rows)
    return [Link(*(value if isinstance(value, str) else "" for value in each)) for each in values]


def _parse_jrd(text: str) -> list[dict[str, Any]] | None:
    """Read a JRD (RFC 6415 appendix A, RFC 7033 s4.4)."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    links = found.get("links", [])  # it begins with a brace, so that it is an object
    return [link for link in links if isinstance(link, dict)] if isinstance(links, list) else None


def _parse_xrd(text: str) -> list[dict[str, str]] | None:
    """Read an XRD (RFC 6415 s3).

    A document type can make a short document long beyond all bounds, or refer to local
    files; an XRD has none, so that whatever has one is no XRD. No encoding hides it: the
    text is decoded already, and without the NULs that make expat see UTF-16 in it anyway.
    """
    if "\0" in text or _holds_declarations(text):
        return None
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - see above
    except (ElementTree.ParseError, ValueError, LookupError):
        return None
    return [link.attrib for link in root.findall("{*}Link")] if root.tag.rpartition("}")[2] == "XRD" else None


# Arguments


def check_scheme(scheme: str) -> str:
    """Return ``"https"`` or ``"http"``.

    :raises UsageError: it is something else.
    """
    if scheme not in ("https", "http"):
        raise UsageError(f"scheme must be 'https' or 'http', not {scheme!r}")
    return scheme


def check_url(url: str, scheme: str, *, loopback: bool = True) -> None:
    """Check that a request may be sent to a URL.

    :param loopback: whether plain http is allowed there, unasked.
    :raises UsageError: it is not an absolute http(s) URL, or plain http that was not asked for.
    """
    check_type(url, str, "the URL", "a str; a service without a registration_url does not register clients")
    found, host, _ = check_absolute_url(url, "the URL")
    if found == "http" and scheme != "http" and not (loopback and is_loopback(host)):
        raise UsageError(
            "this is plain http, where anybody on the way can read the secret: use https, or ask for it with "
            "scheme='http'"
        )
