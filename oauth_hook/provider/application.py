"""The provider as a WSGI application: one table of routes, one function a route.

- A request passes the same stations everywhere: read the head, read the form if it is one,
  collect the parameters, check their form, let oauthlib verify, do what was asked.
- Whatever stands in the way is an exception, and becomes a response in one place.
- One line is logged for each request, to ``oauth_hook.provider``: method, path, status, problem.
  Queries and bodies are not logged, since they may hold verifiers and passwords.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING

from ..errors import UsageError
from . import authorization, discovery, pages, registration
from .body import Body, read_body, read_form, read_short_text
from .endpoints import AccessTokenEndpoint, RequestTokenEndpoint, ResourceEndpoint, SignatureOnlyEndpoint
from .messages import FORM, NO_STORE, BadRequestError, Request, Response, json_response
from .parameters import Parameters, canonical_url, check_form, collect, own_segments
from .problems import Refusal, refuse
from .recent import RecentRequests
from .storage import Storage
from .validator import METHODS, Policy, Validator, check_host

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

__all__ = ["ROUTES", "Application"]

_Handler = Callable[[Request, "bytes | None"], Response]

log = logging.getLogger("oauth_hook.provider")

ROUTES = {
    "request_token": "/oauth/request_token",
    "authorization": "/oauth/authorize",
    "access_token": "/oauth/access_token",
    "registration": "/api/client/register",
    "resource": "/api/resource",
    "two_legged": "/api/two-legged",
    "host_meta": "/.well-known/host-meta",
    "host_meta_json": "/.well-known/host-meta.json",
    "webfinger": "/.well-known/webfinger",
    "whoami": "/api/whoami",
    "profile": "/api/user/NICKNAME/profile",
    "check": "/api/check",
    "requests": "/requests",
}
"""Where everything is, below the root."""

_SIGNED = frozenset(
    ROUTES[name] for name in ("request_token", "access_token", "resource", "two_legged", "whoami", "profile")
)
_READ = frozenset({"GET", "HEAD"})
_TOKEN = frozenset({"GET", "POST"})
_ANY = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SHOWN = ("signature_method", "nonce", "timestamp", "version", "body_hash", "callback")
_TEXT = "text/plain; charset=utf-8"
_RECENT = re.compile(r"/requests/[0-9]{1,18}")
_PROFILE = re.compile(r"/api/user/[^/]+/profile")
_REALM = re.compile(r"[ !#-\[\]-~]+")


class Application:
    """An OAuth 1.0a provider (RFC 5849) as a WSGI application (PEP 3333).

    :param storage: what the provider knows; it stays the caller's to close.
    :param policy: what it allows.
    :param realm: the protection space that challenges name (RFC 9110 s11.5).
    :raises UsageError: the realm cannot stand between quotes.
    """

    def __init__(self, storage: Storage, policy: Policy | None = None, realm: str = "provider") -> None:
        if not _REALM.fullmatch(realm):
            raise UsageError("the realm must be printable ASCII, without quotes and backslashes")
        self.storage = storage
        self.policy = policy or Policy()
        self.realm = realm
        self._recent = RecentRequests()
        self._routes: dict[str, tuple[frozenset[str], _Handler]] = {
            "/": (_READ, self._index),
            ROUTES["request_token"]: (_TOKEN, self._request_token),
            ROUTES["authorization"]: (_READ | {"POST"}, self._authorization),
            ROUTES["access_token"]: (_TOKEN, self._access_token),
            ROUTES["registration"]: (frozenset({"POST"}), self._registration),
            ROUTES["resource"]: (_ANY, self._resource),
            ROUTES["two_legged"]: (_ANY, self._two_legged),
            ROUTES["host_meta"]: (_READ, self._host_meta),
            ROUTES["host_meta_json"]: (_READ, self._host_meta),
            ROUTES["webfinger"]: (_READ, self._webfinger),
            ROUTES["whoami"]: (_READ, self._whoami),
            ROUTES["profile"]: (_READ, self._profile),
            ROUTES["check"]: (_ANY, self._check),
            ROUTES["requests"]: (_READ, self._requests),
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Respond to one request."""
        try:
            response = self._respond(Request.from_environ(environ))
        except BadRequestError as error:
            response = _refuse_bad(error)
        what = ascii(f"{environ['REQUEST_METHOD']} {environ.get('PATH_INFO', '')}")[1:-1]  # stays one line
        log.info("%s %d %s", what, response.status, ascii(response.problem or "-")[1:-1])
        length = ("Content-Length", str(len(response.body)))
        start_response(
            f"{response.status} {HTTPStatus(response.status).phrase}",
            [("Content-Type", response.content_type), length, *response.headers],
        )
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [response.body]

    def _respond(self, request: Request) -> Response:
        """Find the route, and follow it."""
        route = _find_route(request.route)
        methods, handler = self._routes.get(route, (None, None))
        if methods is None or handler is None:
            raise BadRequestError("there is nothing at this path", status=404)
        if request.method not in methods:
            allowed = ("Allow", ", ".join(sorted(methods)))
            return Response(405, _TEXT, b"this path does not take this method\n", (allowed,))
        form = read_form(request)
        try:
            response = handler(request, form)
        except Refusal as refusal:
            response = refuse(refusal, self.realm)
        except BadRequestError as error:
            response = _refuse_bad(error)
        if route in _SIGNED:
            self._recent.add(request, form, response, self.policy.clock())
        return response

    def _index(self, request: Request, form: bytes | None) -> Response:
        """Say what this is."""
        return pages.index((name.replace("_", " ").capitalize(), path) for name, path in ROUTES.items())

    def _registration(self, request: Request, form: bytes | None) -> Response:
        """Register a consumer, or change what is known of one."""
        return registration.respond(self.storage, request, form)

    def _host_meta(self, request: Request, form: bytes | None) -> Response:
        """Say where everything is (RFC 6415)."""
        return discovery.host_meta(ROUTES, request, as_json=request.route == ROUTES["host_meta_json"])

    def _webfinger(self, request: Request, form: bytes | None) -> Response:
        """Say what there is about an account (RFC 7033)."""
        return discovery.webfinger(self.storage, request)

    # For people, and for clients under development

    def _requests(self, request: Request, form: bytes | None) -> Response:
        """Show the last signed requests, or why one of them was refused: as a page to browsers, in JSON to others."""
        number = request.route.removeprefix(ROUTES["requests"]).lstrip("/")
        if not number:
            listed = [recent.describe(self.storage) for recent in self._recent.newest_first()]
            if request.is_of_browser:
                return pages.recent(listed)
            return json_response([each | {"url": f"{request.base_url}/{each['number']}"} for each in listed])
        recent = self._recent.find(number)
        if recent is None:
            raise BadRequestError("there is no such request, or not any more", status=404)
        if not recent.is_whole:
            raise BadRequestError("the form of this request was too large to be kept", status=404)
        explanation = recent.explain(self.storage)
        if request.is_of_browser:
            return pages.explained(explanation.to_html())
        return json_response(recent.describe(self.storage) | {"explanation": explanation.to_dict()})

    def _check(self, request: Request, form: bytes | None) -> Response:
        """Say how a signed request is read here, and whether it is accepted (200 whatever the verdict)."""
        from .reading import show_reading  # what it needs takes long to load

        parameters = None
        try:
            parameters = collect(request, form)
            verify = self._verify if parameters.protocol.get("oauth_token") else self._verify_two_legged
            verify(request, form)
        except (Refusal, BadRequestError) as error:
            return show_reading(request, parameters, error)
        return show_reading(request, parameters, None)

    # The three legs (s2)

    def _request_token(self, request: Request, form: bytes | None) -> Response:
        """Issue temporary credentials (s2.1)."""
        validator, url = self._read(request, form, ["oauth_callback"])
        authorization.check_callback(validator.parameters.protocol["oauth_callback"])
        _read_body(request, form, validator.parameters)
        endpoint = RequestTokenEndpoint(validator)
        _, credentials, status = endpoint.create_request_token_response(url, request.method)
        return _issue(validator, credentials, status)

    def _authorization(self, request: Request, form: bytes | None) -> Response:
        """Ask the user (s2.2)."""
        return authorization.respond(self.storage, request, form)

    def _access_token(self, request: Request, form: bytes | None) -> Response:
        """Exchange temporary credentials for token credentials (s2.3)."""
        validator, url = self._read(request, form, ["oauth_token", "oauth_verifier"])
        _read_body(request, form, validator.parameters)
        endpoint = AccessTokenEndpoint(validator)
        _, credentials, status = endpoint.create_access_token_response(url, request.method)
        return _issue(validator, credentials, status)

    # Protected resources (s3)

    def _resource(self, request: Request, form: bytes | None) -> Response:
        """Respond to a user's request with what was verified."""
        return _echo(request, *self._verify(request, form))

    def _whoami(self, request: Request, form: bytes | None) -> Response:
        """Send a user's application on to the user's profile, which wants a signature of its own."""
        validator, _ = self._verify(request, form)
        profile = request.origin + discovery.profile_path(str(validator.token.user))
        return Response(302, _TEXT, b"", (("Location", profile), NO_STORE))

    def _profile(self, request: Request, form: bytes | None) -> Response:
        """Tell a user's application about a user."""
        self._verify(request, form)
        name = request.route.split("/")[3].encode("latin-1").decode("utf-8", "replace")  # PEP 3333
        return discovery.profile(self.storage, request, name)

    def _two_legged(self, request: Request, form: bytes | None) -> Response:
        """Respond to a consumer's own request with what was verified."""
        return _echo(request, *self._verify_two_legged(request, form))

    def _verify(self, request: Request, form: bytes | None) -> tuple[Validator, Body]:
        """Return the validator that accepted a user's request, and the request's body.

        :raises Refusal: it has not been accepted.
        """
        validator, url = self._read(request, form, ["oauth_token"], protected=True)
        valid, _ = ResourceEndpoint(validator).validate_protected_resource_request(url, request.method)
        return validator, _accept(request, form, validator, valid)

    def _verify_two_legged(self, request: Request, form: bytes | None) -> tuple[Validator, Body]:
        """Return the validator that accepted a consumer's own request, and the request's body.

        :raises Refusal: it has not been accepted.
        """
        validator, url = self._read(request, form, [], protected=True)
        valid, _ = SignatureOnlyEndpoint(validator).validate_request(url, request.method)
        return validator, _accept(request, form, validator, valid)

    def _read(
        self, request: Request, form: bytes | None, required: list[str], *, protected: bool = False
    ) -> tuple[Validator, str]:
        """Return what oauthlib needs to verify a request: the validator, and the URL to look at.

        :raises Refusal: the parameters are not well-formed and complete (s3.1).
        """
        parameters = collect(request, form)
        check_form(parameters, methods=METHODS, required=required, protected=protected)
        if request.host.startswith("["):
            check_host(request.base_url)
        validator = Validator(
            self.storage, self.policy, parameters, lambda: read_short_text(request), request.content_type
        )
        return validator, canonical_url(request, parameters, self.policy.clock())


def _find_route(path: str) -> str:
    """Return the route that a path belongs to: a protected resource may be called by any path below."""
    if _RECENT.fullmatch(path):
        return ROUTES["requests"]
    for name in ("resource", "two_legged", "check"):
        if path.startswith((f"{ROUTES[name]}/", f"{ROUTES[name]};")):
            return ROUTES[name]
    return ROUTES["profile"] if _PROFILE.fullmatch(path) else path


def _refuse_bad(error: BadRequestError) -> Response:
    return Response(error.status, _TEXT, f"{error}\n".encode())


def _read_body(request: Request, form: bytes | None, parameters: Parameters) -> Body:
    return read_body(request, form, parameters.protocol.get("oauth_body_hash"))


def _accept(request: Request, form: bytes | None, validator: Validator, valid: bool) -> Body:
    """Return the body of a request that oauthlib has verified, its nonce spent.

    :raises Refusal: it has not been, the nonce was used, or ``oauth_body_hash`` is another body's.
    """
    if not valid:
        raise validator.refusal()
    validator.spend_nonce()
    return _read_body(request, form, validator.parameters)


def _issue(validator: Validator, credentials: str | None, status: int) -> Response:
    """Return new credentials, form-encoded (s2.1, s2.3).

    :raises Refusal: oauthlib issued none.
    """
    if status != HTTPStatus.OK or credentials is None:
        raise validator.refusal()
    return Response(status, FORM, credentials.encode(), (NO_STORE,))


def _echo(request: Request, validator: Validator, body: Body) -> Response:
    """Return what was verified, without what only sender and server may know."""
    parameters = validator.parameters
    token = validator.token if parameters.protocol.get("oauth_token") else None
    query = own_segments(request.query)
    shown = {name: parameters.protocol.get(f"oauth_{name}") for name in _SHOWN}
    verified = {
        "method": request.method,
        "url": request.base_url + (f"?{query}" if query else ""),
        "consumer": validator.consumer.key,
        "user": token and token.user,
        "token": token and token.key,
        "parameters": parameters.query + parameters.form,
        "oauth": {"placement": parameters.placement, "realm": parameters.realm, **shown},
        "content_type": request.content_type,
        "body_length": body.length,
        "body_sha256": body.sha256.hex(),
        "json": body.json,
    }
    return json_response(verified)
