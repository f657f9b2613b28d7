"""A provider on loopback that behaves as one service does, by what is known of it, and takes nothing else.

Every host is routed to it: requests go out as they would to the service, with its host, and arrive here. It judges with
oauthlib, and shares no code with the signer, nor with ``services.json``.
"""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from oauthlib.oauth1.rfc5849 import signature
from requests import PreparedRequest
from requests.adapters import HTTPAdapter

FORM = "application/x-www-form-urlencoded"
CONSUMER, REQUEST, TOKEN = ("consumer", "c-secret"), ("request", "r-secret"), ("token", "t-secret")
VERIFIER = "v-1234"
REGISTERED = "http://127.0.0.1:9/registered"  # where a service sends users that was told no callback

_VERIFY = {
    "HMAC-SHA1": signature.verify_hmac_sha1, "HMAC-SHA256": signature.verify_hmac_sha256,
    "HMAC-SHA512": signature.verify_hmac_sha512, "PLAINTEXT": signature.verify_plaintext,
}  # fmt: skip
_VERIFY_RSA = {"RSA-SHA1": signature.verify_rsa_sha1, "RSA-SHA256": signature.verify_rsa_sha256}


@dataclass(frozen=True)
class Refusal:
    """How a service says no."""

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """The type of its body."""
        return {"<": "text/html", "{": "application/json"}.get(self.body[:1], "text/plain")


class RefusedError(Exception):
    """The provider says no; the word is the cause, as ``Particulars.refusals`` has it."""


@dataclass(frozen=True)
class Particulars:
    """What one service is known to do.

    :ivar legs: the URLs of the request token, the user's page and the access token; empty: it has none.
    :ivar methods: those of the two token requests.
    :ivar callback: what has to be sent as ``oauth_callback``; ``None``: nothing may be.
    :ivar page: the parameters that the user's page has to get, by their names.
    :ivar tokens: whether requests carry one; whether they are signed at all.
    :ivar refusals: how it says no, by the cause, and the code that ``explain`` gives it.
    """

    legs: tuple[str, str, str] = ("", "", "")
    methods: tuple[str, str] = ("POST", "POST")
    callback: str | None = "oob"
    verifier: bool = True
    confirms: bool = True
    posts_verifier: bool = False
    page: Mapping[str, str] = field(default_factory=lambda: {"oauth_token": REQUEST[0]})
    signature_method: str = "HMAC-SHA1"
    in_query: bool = False
    realm: str | None = None
    nonce: tuple[int, int] = (1, 64)
    needs_user_agent: bool = False
    needs_body_hash: bool = False
    consumer_secret: str = CONSUMER[1]
    tokens: bool = True
    signed: bool = True
    xauth: bool = False
    hosts: tuple[str, ...] = ()
    refusals: Mapping[str, tuple[Refusal, str]] = field(default_factory=dict)


class StrictProvider:
    """The provider: it plays the service that it was told to play last."""

    def __init__(self, url: str, public_key: str) -> None:
        self.url = url
        self.port = urlsplit(url).port
        self.public_key = public_key
        self.play(Particulars())

    def play(self, service: Particulars) -> None:
        """Be this service from now on, in a new life."""
        self.service = service
        self.steps: list[str] = []
        self.hosts: set[str] = set()
        self.nonces: set[str] = set()
        self.fault = ""  #: the cause that the next requests are refused for

    def respond(self, request: SimpleNamespace) -> tuple[int, Mapping[str, str], str]:
        """Return status, headers and body."""
        self.hosts.add(urlsplit(request.url).netloc)
        try:
            if self.fault:
                raise RefusedError(self.fault)
            return 200, *self._take(request)
        except RefusedError as cause:
            refusal, _ = self.service.refusals.get(str(cause), (Refusal(401, f"oauth_problem={cause}"), ""))
            return refusal.status, {"Content-Type": refusal.kind, **refusal.headers}, refusal.body

    def _take(self, request: SimpleNamespace) -> tuple[Mapping[str, str], str]:
        service, base = self.service, request.url
        legs = [base == url or (request.method == "GET" and base.startswith(url + "?")) for url in service.legs]
        same = service.legs[0] == service.legs[2]  # Evernote: a token tells the last leg from the first
        if service.legs[1] and base.startswith((f"{service.legs[1]}?", f"{service.legs[1]}&")):
            return self._ask_user(dict(parse_qsl(urlsplit(base).query)))
        has_token = "oauth_token" in request.oauth
        if service.legs[0] and legs[0] and not (same and has_token):
            return FORM_TYPE, self._give_request_token(request)
        if service.legs[2] and legs[2]:
            return FORM_TYPE, self._give_access_token(request)
        if not service.signed:
            if request.oauth or request.headers.get("api-key") != TOKEN[1]:
                raise RefusedError("token")
        else:
            self._check(request, TOKEN if service.tokens else None)
        self.steps.append(request.method)
        return {"Content-Type": "application/json"}, '{"ok": true}'

    def _ask_user(self, fields: dict[str, str]) -> tuple[Mapping[str, str], str]:
        """Show the user's page, and say yes: the PIN, or the redirect."""
        if any(fields.get(name) != value for name, value in self.service.page.items()):
            raise RefusedError("page")
        self.steps.append("page")
        back = f"{REGISTERED}?oauth_token={REQUEST[0]}"
        back += f"&oauth_verifier={VERIFIER}" if self.service.verifier else ""
        return ({}, VERIFIER) if self.service.callback == "oob" else ({"X-Back": back}, "")

    def _give_request_token(self, request: SimpleNamespace) -> str:
        self._check(request, None, self.service.methods[0])
        if request.oauth.get("oauth_callback") != self.service.callback:
            raise RefusedError("callback")
        self.steps.append("request token")
        confirmed = "&oauth_callback_confirmed=true" if self.service.confirms else ""
        return f"oauth_token={REQUEST[0]}&oauth_token_secret={REQUEST[1]}{confirmed}\n"

    def _give_access_token(self, request: SimpleNamespace) -> str:
        self._check(request, None if self.service.xauth else REQUEST, self.service.methods[1])
        if request.oauth.get("oauth_verifier") != (VERIFIER if self.service.verifier else None):
            raise RefusedError("verifier")
        if self.service.xauth and dict(parse_qsl(request.body.decode())).get("x_auth_mode") != "client_auth":
            raise RefusedError("token")
        self.steps.append("access token")
        return f"oauth_token={TOKEN[0]}&oauth_token_secret={TOKEN[1]}"

    def _check(self, request: SimpleNamespace, token: tuple[str, str] | None, method: str | None = None) -> None:
        """Verify a request, as strictly as the service does, or more."""
        service, oauth = self.service, request.oauth
        if method is not None and request.method != method:
            raise RefusedError("method")
        if not oauth or request.in_query is not service.in_query:
            raise RefusedError("placement")
        if oauth.get("oauth_consumer_key") != CONSUMER[0] or oauth.get("oauth_token") != (token and token[0]):
            raise RefusedError("token")
        if oauth.get("oauth_signature_method") != service.signature_method:
            raise RefusedError("signature-method")
        if request.realm != service.realm:
            raise RefusedError("realm")
        self._check_details(request)
        verify = _VERIFY.get(service.signature_method)
        keys = (service.consumer_secret, token[1] if token else "") if verify else (self.public_key,)
        if not (verify or _VERIFY_RSA[service.signature_method])(request.judged, *keys):
            raise RefusedError("signature")

    def _check_details(self, request: SimpleNamespace) -> None:
        service, nonce = self.service, request.oauth.get("oauth_nonce", "")
        least, most = service.nonce
        if service.signature_method != "PLAINTEXT" and (nonce in self.nonces or not least <= len(nonce) <= most):
            raise RefusedError("nonce")
        self.nonces.add(nonce)
        if service.needs_user_agent and not request.headers.get("User-Agent"):
            raise RefusedError("user-agent")
        digest = base64.b64encode(hashlib.sha256(request.body).digest()).decode()
        sent = request.oauth.get("oauth_body_hash")
        if sent != digest if service.needs_body_hash and request.body else sent and not service.needs_body_hash:
            raise RefusedError("body-hash")


FORM_TYPE = {"Content-Type": FORM}


def _read(handler: BaseHTTPRequestHandler) -> SimpleNamespace:
    """Return a request with what a server's reader of OAuth makes of it."""
    body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
    url = f"{handler.headers.get('X-Scheme', 'http')}://{handler.headers['Host']}{handler.path}"
    is_form = handler.headers.get("Content-Type", "").startswith(FORM)
    header = {name: value for name, value in handler.headers.items() if name == "Authorization"}
    everywhere = {"uri_query": urlsplit(url).query, "body": body.decode() if is_form else "", "headers": header}
    params = signature.collect_parameters(**everywhere, exclude_oauth_signature=False)
    realm = dict(signature.collect_parameters(headers=header, with_realm=True, exclude_oauth_signature=False))
    judged = SimpleNamespace(
        uri=url, http_method=handler.command, signature=dict(params).get("oauth_signature", ""),
        params=[pair for pair in params if pair[0] != "oauth_signature"],
    )  # fmt: skip
    return SimpleNamespace(
        method=handler.command, url=url, headers=handler.headers, body=body, judged=judged, realm=realm.get("realm"),
        oauth={name: value for name, value in params if name.startswith("oauth_")},
        in_query="oauth_signature=" in urlsplit(url).query,
    )  # fmt: skip


class Routed(HTTPAdapter):
    """Takes each request to the provider, whatever its host."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port

    def add_headers(self, request: PreparedRequest, **kwargs: Any) -> None:
        """Say where the request was to go."""
        parts = urlsplit(request.url)
        request.headers.update({"Host": parts.netloc, "X-Scheme": parts.scheme})

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        """Return the connection to the provider."""
        return self.poolmanager.connection_from_host("127.0.0.1", self._port, "http")


@contextmanager
def run_strict_provider(public_key: str) -> Iterator[StrictProvider]:
    """Run the provider, in a thread."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            status, headers, body = provider.respond(_read(self))
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body.encode()))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        do_POST = do_GET

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    provider = StrictProvider(f"http://127.0.0.1:{server.server_port}", public_key)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def posted_form(consumer: tuple[str, str] = CONSUMER, verifier: str = VERIFIER) -> str:
    """Return what Magento posts to the callback of an integration that is activated."""
    fields = {
        "oauth_consumer_key": consumer[0], "oauth_consumer_secret": consumer[1],
        "store_base_url": "https://shop.example/", "oauth_verifier": verifier,
    }  # fmt: skip
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in fields.items())
