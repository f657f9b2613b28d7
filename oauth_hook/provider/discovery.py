"""How clients find the endpoints, and a user's name: host-meta, webfinger and whoami, as pump.io has them.

- host-meta (RFC 6415) lists what the host offers, in XRD, or in JSON where a client takes that.
- webfinger (RFC 7033) says what there is about one account of this host.
- URLs begin with the host that was asked, so that they hold behind a proxy that keeps ``Host``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qs, quote
from xml.sax.saxutils import quoteattr

from .messages import JSON, BadRequestError, Request, Response, json_response
from .storage import Storage

__all__ = ["host_meta", "profile", "profile_path", "webfinger"]

_XRD = "application/xrd+xml; charset=utf-8"
_OPEN = ("Access-Control-Allow-Origin", "*")  # RFC 7033 s5: what is public is public to scripts too
_PORT = re.compile(r":[0-9]+$")

# The relations by which pump.io names its endpoints, and the routes that they are.
_RELATIONS = {
    "registration_endpoint": "registration",
    "http://apinamespace.org/oauth/request_token": "request_token",
    "http://apinamespace.org/oauth/authorize": "authorization",
    "http://apinamespace.org/oauth/access_token": "access_token",
    "http://apinamespace.org/activitypub/whoami": "whoami",
}


def host_meta(routes: Mapping[str, str], request: Request, *, as_json: bool = False) -> Response:
    """Return what this host offers (RFC 6415 s3).

    :param routes: name -> path.
    :param as_json: whether JSON is wanted whatever the client accepts.
    """
    root = request.origin
    links = [{"rel": "lrdd", "type": JSON, "template": f"{root}{routes['webfinger']}?resource={{uri}}"}]
    links += [{"rel": relation, "href": root + routes[name]} for relation, name in _RELATIONS.items()]
    if as_json or _accepts_json(request.accept):
        return json_response({"links": links}, header=_OPEN)
    lines = ["<?xml version='1.0' encoding='UTF-8'?>", "<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>"]
    lines += [f"<Link {' '.join(f'{name}={quoteattr(value)}' for name, value in link.items())} />" for link in links]
    return Response(200, _XRD, "\n".join([*lines, "</XRD>", ""]).encode(), (_OPEN,))


def webfinger(storage: Storage, request: Request) -> Response:
    """Return what there is about an account (RFC 7033 s4).

    :raises BadRequestError: no resource is named (400), or there is no such account here (404).
    """
    resources = parse_qs(request.query, keep_blank_values=True).get("resource", [])
    if len(resources) != 1:
        raise BadRequestError("name one resource")
    name, _, host = resources[0].removeprefix("acct:").rpartition("@")
    bare = _PORT.sub("", request.host)
    if host.lower() not in (request.host.lower(), bare.lower()) or not _is_known(storage, name):
        raise BadRequestError("there is no such account here", status=404)
    link = {"rel": "self", "type": JSON, "href": request.origin + profile_path(name)}
    return json_response({"subject": f"acct:{name}@{host}", "links": [link]}, header=_OPEN)


def profile_path(name: str) -> str:
    """Return where a user's profile is, below the root."""
    return f"/api/user/{quote(name, safe='')}/profile"


def profile(storage: Storage, request: Request, name: str) -> Response:
    """Return what is known of a user.

    :raises BadRequestError: there is no such user (404).
    """
    if not _is_known(storage, name):
        raise BadRequestError("there is no such user here", status=404)
    person = {
        "objectType": "person",
        "id": f"acct:{name}@{request.host}",
        "preferredUsername": name,
        "displayName": name,
        "links": {"self": {"href": request.origin + profile_path(name)}},
    }
    return json_response(person)


def _is_known(storage: Storage, name: str) -> bool:
    # A lone surrogate, which a query can spell, is in no user's name and could not be looked up.
    return name.isprintable() and storage.has_user(name)


def _accepts_json(accept: str) -> bool:
    """Whether an ``Accept`` header takes JSON (RFC 9110 s12.5.1), by name or by a wildcard."""
    for part in accept.lower().split(","):
        kind, *parameters = (piece.strip() for piece in part.split(";"))
        refused = any(piece.replace(" ", "").rstrip("0.") == "q=" for piece in parameters)
        if kind in (JSON, "application/*", "*/*") and not refused:
            return True
    return False
