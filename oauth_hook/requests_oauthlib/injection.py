"""Our signer in the classes of requests-oauthlib, rauth and Authlib: in place, until they are extracted.

What is replaced are methods of the very classes that programs have imported already, and nothing else: subclasses and
what they override, OAuth 2, and the modules' names stay what they are.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache, partial, wraps
from importlib import import_module
from types import ModuleType
from typing import Any

import requests
from oauthlib.oauth1 import SIGNATURE_PLAINTEXT

from ..errors import UsageError
from ..hook import OAuthHook
from ..protocol.methods import METHODS
from ..protocol.parameters import FORM
from .auth import OAuth1
from .session import OAuth1Session, TokenMissing, TokenRequestDenied, VerifierMissing
from .settings import PLACEMENTS, Settings, is_standard, make_hook
from .signing import becomes_form, has_left, may_be_plain, reads_as_form, sign

__all__ = [
    "extract",
    "extract_from_authlib",
    "extract_from_rauth",
    "inject",
    "inject_into_authlib",
    "inject_into_rauth",
]

_ABSENT = object()
RAUTH_TIMEOUT = 300  # seconds, as rauth has it
_METHODS_OF_OURS: dict[type, tuple[str, ...]] = {
    OAuth1: ("__call__",),
    OAuth1Session: (
        "explain",
        "fetch_access_token",
        "parse_authorization_response",
        "rebuild_auth",
        "_fetch_token",
        "_populate_attributes",
    ),
}
_ERRORS = {"_denied": TokenRequestDenied, "_missing": TokenMissing, "_verifier_missing": VerifierMissing}


class _Injection:
    """What stands in for what in the classes of one package. After the end, a stand-in passes everything on."""

    def __init__(self) -> None:
        self.active = True
        self.classes: list[type] = []
        self._parts: list[tuple[type, str, Any, Any]] = []

    def replace(self, owner: type, name: str, make: Callable[[Any], Any]) -> None:
        """Put a method of ours in the place of one.

        :param make: makes it of the original, which may be inherited.
        """
        original = getattr(owner, name, None)
        ours = make(original)

        @wraps(ours)
        def stand_in(*args: Any, **kwargs: Any) -> Any:
            return (ours if self.active or original is None else original)(*args, **kwargs)

        self.set(owner, name, stand_in)

    def set(self, owner: type, name: str, value: Any) -> None:
        """Set an attribute of a class."""
        self._parts.append((owner, name, vars(owner).get(name, _ABSENT), value))
        setattr(owner, name, value)

    def end(self) -> None:
        """Put back what was there, unless something was put on top since."""
        self.active = False
        for owner, name, before, value in reversed(self._parts):
            if vars(owner).get(name) is value:
                if before is _ABSENT:
                    delattr(owner, name)
                else:
                    setattr(owner, name, before)


_injections: dict[str, _Injection] = {}  # by the package


def _extract(package: str) -> None:
    injection = _injections.pop(package, None)
    if injection is not None:
        injection.end()


def _import(name: str, function: str) -> ModuleType:
    """Import a module of a package that only an injection into it needs.

    :raises ImportError: it is not installed.
    """
    package = name.partition(".")[0].replace("_", "-")
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name.partition(".")[0]:  # it is there, and something that it needs is not
            raise
        raise ImportError(f"{function}() needs the package {package!r}: pip install {package}") from None


def inject(*copies: type) -> None:
    """Have requests-oauthlib's own classes sign with our signer, in whatever imported them, until ``extract``.

    Injecting twice is injecting once. What they did without a word is an error from then on: PLAINTEXT over plain http,
    to where ``OAuth1.plaintext_origins`` does not allow it.

    :param copies: ``OAuth1`` and ``OAuth1Session`` of copies of it in other packages. With any, requests-oauthlib
        itself need not be installed.
    :raises UsageError: one of them is no copy of either.
    :raises ImportError: requests-oauthlib is not installed, and no copy is given.
    """
    for copy in copies:
        if _find_ours(copy) is None:
            raise UsageError(
                "inject() takes requests-oauthlib's OAuth1 and OAuth1Session, and copies of them, and "
                f"{getattr(copy, '__qualname__', type(copy).__name__)} is neither"
            )
    classes = [*copies]
    try:
        stock = _import("requests_oauthlib", "inject")
    except ImportError:
        if not copies:
            raise
    else:
        classes += [stock.OAuth1, stock.OAuth1Session]
    injection = _injections.setdefault("requests-oauthlib", _Injection())
    for kind in classes:
        if kind not in injection.classes:
            injection.classes.append(kind)
            _inject_into(injection, kind)


def _inject_into(injection: _Injection, kind: type) -> None:
    ours: Any = _find_ours(kind)
    for name in _METHODS_OF_OURS[ours]:
        injection.replace(kind, name, partial(getattr, ours, name))
    if ours is OAuth1Session:
        for name, error in _ERRORS.items():
            theirs = getattr(sys.modules[kind.__module__], error.__name__, None)
            injection.set(kind, name, error if theirs is None else _join_errors(error, theirs))


def extract() -> None:
    """Undo ``inject``, however often it was called: the very same methods come back."""
    _extract("requests-oauthlib")


def _find_ours(kind: Any) -> type | None:
    """Return our class for a copy of requests-oauthlib's ``OAuth1`` or ``OAuth1Session``; else ``None``."""
    members = vars(kind).keys() if isinstance(kind, type) else set()
    if {"_fetch_token", "_populate_attributes"} <= members:
        return OAuth1Session
    if {"__init__", "__call__"} <= members:  # it signs when called, by settings of these names
        arguments = inspect.signature(vars(kind)["__init__"]).parameters.keys()
        return OAuth1 if {"client_key", "resource_owner_key"} <= arguments else None
    return None


@lru_cache
def _join_errors(ours: Any, theirs: Any) -> type:
    """Return an error that is caught as theirs and as ours."""

    def reduce(error: Any) -> tuple[Any, ...]:
        return _make_error, (ours, theirs, *error.args), *ours.__reduce__(error)[2:]

    members = {"__init__": ours.__init__, "__reduce__": reduce}
    return type(ours.__name__, (theirs, ours), {**members, "__module__": theirs.__module__})


def _make_error(ours: Any, theirs: Any, *args: Any) -> Any:
    return _join_errors(ours, theirs)(*args)


def inject_into_rauth() -> None:
    """Have rauth's ``OAuth1Session`` sign with our signer, until ``extract_from_rauth``.

    Signature methods of a program's own are left to rauth, and so are calls that have an ``auth=`` of their own.

    :raises ImportError: rauth is not installed.
    """
    session = _import("rauth.session", "inject_into_rauth").OAuth1Session
    if "rauth" not in _injections:
        _injections["rauth"] = injection = _Injection()
        injection.replace(session, "request", _make_rauth_request)


def extract_from_rauth() -> None:
    """Undo ``inject_into_rauth``."""
    _extract("rauth")


def _make_rauth_request(original: Any) -> Any:
    def request(
        session: Any, method: str, url: str, header_auth: bool = False, realm: str = "", **req_kwargs: Any
    ) -> Any:
        settings = None if req_kwargs.get("auth") else _read_rauth(session, realm)
        if settings is None:
            return original(session, method, url, header_auth, realm, **req_kwargs)
        req_kwargs.setdefault("timeout", RAUTH_TIMEOUT)
        headers, data = req_kwargs.get("headers") or {}, req_kwargs.get("data")
        has_type = any(name.lower() == "content-type" for name in headers)
        placement = "header" if header_auth else "url-encoded"
        if method.upper() in ("POST", "PUT", "PATCH") and not (has_type or req_kwargs.get("files")):
            if data and reads_as_form(data):
                req_kwargs["headers"] = {**headers, "Content-Type": FORM}
            elif not (data or header_auth or req_kwargs.get("json") is not None):
                placement = "body"
        url = session._set_url(url)
        is_plain = settings.signature_method == SIGNATURE_PLAINTEXT
        if is_plain and may_be_plain(str(requests.Request("GET", url).prepare().url), OAuth1.plaintext_origins):
            return original(session, method, url, header_auth, realm, **req_kwargs)
        auth = partial(sign, settings=settings._replace(placement=placement))
        return requests.Session.request(session, method, url, auth=auth, **req_kwargs)

    return request


def _read_rauth(session: Any, realm: str) -> Settings | None:
    """Return the settings of a session of rauth; ``None`` where its signature has to be rauth's own."""
    kind, rauth = type(session.signature), sys.modules["rauth.oauth"]
    if not session.consumer_key or kind not in (
        rauth.HmacSha1Signature, rauth.RsaSha1Signature, rauth.PlaintextSignature,
    ):  # fmt: skip
        return None
    is_rsa = kind is rauth.RsaSha1Signature  # where the key stands in the secret's place
    secret, rsa_key = ("", session.consumer_secret) if is_rsa else (session.consumer_secret or "", None)
    return Settings(
        session.consumer_key, secret, session.access_token or None, session.access_token_secret or None,
        "header", kind.NAME, rsa_key, realm or None,
    )  # fmt: skip


def inject_into_authlib() -> None:
    """Have Authlib's OAuth 1 clients sign with our signer, until ``extract_from_authlib``.

    Those are the one for requests and, where httpx is installed, those for httpx; each of them has two event hooks
    from its next request on, which sign redirects, and do nothing after ``extract_from_authlib``. Where a program asks
    for Authlib's own (an ``auth_class`` that overrides signing, a registered method), Authlib signs.

    :raises ImportError: Authlib is not installed.
    """
    client = _import("authlib.integrations.requests_client.oauth1_session", "inject_into_authlib")
    if "authlib" in _injections:
        return
    _injections["authlib"] = injection = _Injection()
    _authlib_standard()  # as it is now
    injection.replace(client.OAuth1Auth, "__call__", _make_authlib_call)
    injection.replace(client.OAuth1Session, "rebuild_auth", lambda _: requests.Session.rebuild_auth)
    with suppress(ImportError):
        for_httpx = import_module("authlib.integrations.httpx_client.oauth1_client")
        for name in ("sync_auth_flow", "async_auth_flow"):
            injection.replace(for_httpx.OAuth1Auth, name, partial(_make_authlib_flow, name))
        for kind in (for_httpx.OAuth1Client, for_httpx.AsyncOAuth1Client):
            injection.replace(kind, "send", _make_authlib_send)


def extract_from_authlib() -> None:
    """Undo ``inject_into_authlib``."""
    _extract("authlib")


def _make_authlib_call(original: Any) -> Any:
    def call(auth: Any, req: Any) -> Any:
        if has_left(req):
            return req
        settings = _read_authlib(auth, req.url)
        return original(auth, req) if settings is None else sign(req, settings)

    return call


def _make_authlib_flow(name: str, original: Any) -> Any:
    from ..httpx import OAuth

    def flow(auth: Any, request: Any) -> Any:
        settings = _read_authlib(auth, str(request.url))
        if settings is None:
            return original(auth, request)
        body = getattr(request, "_content", None)  # a stream has none
        if becomes_form(body, request.headers.get("Content-Type", ""), settings.placement) and body is not None:
            request.headers["Content-Type"] = FORM
        return getattr(OAuth(make_hook(settings)), name)(request)

    return flow


class _Bystander(OAuthHook):
    """The hook of a client whose requests bring their own, by which their redirects are signed: it signs no other."""

    def __call__(self, request: Any) -> Any:
        return request


def _make_authlib_send(original: Any) -> Any:
    from ..httpx import event_hooks

    ours = event_hooks(_Bystander(consumer_key="none", signature_method="HMAC-SHA256"))  # SHA-1 may be forbidden

    def send(client: Any, request: Any, **kwargs: Any) -> Any:
        for event, hooks in client.event_hooks.items():
            hooks.extend(hook for hook in ours[event] if hook not in hooks)
        return original(client, request, **kwargs)

    return send


def _read_authlib(auth: Any, url: str) -> Settings | None:
    """Return the settings of an ``OAuth1Auth`` of Authlib; ``None`` where its signature has to be Authlib's own."""
    signing, methods = _authlib_standard()
    if not (auth.client_id and auth.signature_type in PLACEMENTS and is_standard(auth, signing, methods)):
        return None
    import_module("authlib.oauth1.rfc5849.errors").InsecureTransportError.check(url)  # its rule for every method
    if auth.signature_method == SIGNATURE_PLAINTEXT and may_be_plain(url, OAuth1.plaintext_origins):
        return None
    return Settings(
        auth.client_id, auth.client_secret or "", auth.token or None, auth.token_secret or None,
        PLACEMENTS[auth.signature_type], auth.signature_method, auth.rsa_key, auth.realm or None,
        auth.redirect_uri or None, auth.verifier or None, "sha1" if auth.force_include_body else None,
    )  # fmt: skip


@lru_cache
def _authlib_standard() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what makes Authlib's signature what it is: methods of its class, and signature methods, by name."""
    kind = import_module("authlib.oauth1.rfc5849.client_auth").ClientAuth
    names = ("sign", "prepare", "_render", "get_oauth_params", "get_oauth_signature")
    own = {name: f for name, f in kind.SIGNATURE_METHODS.items() if f.__module__.startswith("authlib.")}
    return {name: getattr(kind, name) for name in names}, {name: own[name] for name in own.keys() & METHODS.keys()}
