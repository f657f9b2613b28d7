"""The links in a host's or an account's metadata: host-meta (RFC 6415) and webfinger (RFC 7033).

One document comes in two spellings: JSON, and XRD, which is XML. Both come from strangers.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple
from xml.etree import ElementTree

__all__ = ["Link", "read_links"]

_holds_declarations = re.compile(r"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE).search


class Link(NamedTuple):
    """One link; what it does not say is empty."""

    rel: str  #: what it leads to
    href: str  #: where that is
    template: str  #: where that is for one resource, ``{uri}`` standing for it


def read_links(text: str) -> list[Link] | None:
    """Return the links of a document in JSON or XRD, the preferred ones first; ``None``: it is neither."""
    text = text.lstrip("\ufeff \t\r\n")
    rows = _of_json(text) if text.startswith("{") else _of_xrd(text)
    if rows is None:
        return None
    return [Link(*(_text(row.get(name)) for name in Link._fields)) for row in rows]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _of_json(text: str) -> list[dict[str, Any]] | None:
    """Read a JRD (RFC 6415 appendix A, RFC 7033 s4.4)."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    links = found.get("links", [])  # it begins with a brace, so that it is an object
    return [link for link in links if isinstance(link, dict)] if isinstance(links, list) else None


def _of_xrd(text: str) -> list[dict[str, str]] | None:
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
