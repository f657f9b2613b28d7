"""A server that behaves on the wire as pump.io does, strict where it is strict; oauthlib verifies the signatures.

What is particular about it, and held here:

- The word before the parameters in ``Authorization`` is ``OAuth``, to the letter; API GETs look nowhere else.
- A form is a form if its Content-Type is ``application/x-www-form-urlencoded``, to the letter, and JSON likewise; an
  upper-case JSON type makes a request hang (here it is a 500, which a test notices sooner).
- Errors are text/plain without a challenge, and the same failure has another status at the token endpoints than at
  the API.
- The verifier is not compared. The callback's address is put together as text.
- ``/api/whoami`` redirects to the profile, which wants a signature of its own; a nonce is good once.
"""

from __future__ import annotations

import json
import secrets
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from oauthlib.common import Request as OAuthlibRequest
from oauthlib.oauth1.rfc5849 import signature

ROOM = "http://apinamespace.org"
JSON, FORM, TEXT, HTML = "application/json", "application/x-www-form-urlencoded", "text/plain", "text/html"

Reply = tuple[int, dict[str, str], bytes]


@dataclass(frozen=True)
class Got:
    """One request, as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


@dataclass
class PumpServer:
    """The server. A context manager.

    :ivar received: all requests, in turn.
    :ivar instead: path -> answers to give in place of the real one, the first first; ``None`` hangs up.
    :ivar expires_at: what registrations and updates say.
    :ivar nickname: who is at the browser in ``approve``.
    """

    scheme: str = "http"
    context: ssl.SSLContext | None = None
    received: list[Got] = field(default_factory=list)
    instead: dict[str, list[Reply | None]] = field(default_factory=dict)
    clients: dict[str, dict[str, str]] = field(default_factory=dict)
    request_tokens: dict[str, dict[str, str]] = field(default_factory=dict)
    access_tokens: dict[str, dict[str, str]] = field(default_factory=dict)
    notes: list[dict[str, Any]] = field(default_factory=list)
    nonces: set[str] = field(default_factory=set)
    expires_at: int = 0
    updates_allowed: bool = True
    nickname: str = "alice"

    def __enter__(self) -> PumpServer:
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        if self.context is not None:
            self.scheme = "https"
            self._server.socket = self.context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.host = f"127.0.0.1:{self._server.server_port}"
        self.url = f"{self.scheme}://{self.host}"
        self.webfinger = f"alice@{self.host}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def asked(self, path: str) -> int:
        """Return how many requests there were for a path."""
        return sum(got.path == path for got in self.received)

    def approve(self, url: str) -> str:
        """Say yes in the place of the user; return the verifier, or where the user is sent."""
        token = self.request_tokens[parse_qs(urlsplit(url).query)["oauth_token"][0]]
        token["verifier"], token["user"] = secrets.token_urlsafe(8), self.nickname
        if token["callback"] == "oob":
            return token["verifier"]
        mark = "&" if "?" in token["callback"] else "?"
        return f"{token['callback']}{mark}oauth_token={token['key']}&oauth_verifier={token['verifier']}"

    def respond(self, got: Got) -> Reply | None:
        """Answer a request; ``None``: hang up."""
        self.received.append(got)
        if waiting := self.instead.get(got.path):
            return waiting.pop(0)
        if got.headers.get("host") != self.host:
            return 301, {"Location": self.url + got.target}, b""
        routes: dict[str, Callable[[Got], Reply]] = {
            "/.well-known/host-meta.json": self._host_meta,
            "/.well-known/host-meta": self._host_meta,
            "/api/client/register": self._register,
            "/oauth/request_token": self._request_token,
            "/oauth/access_token": self._access_token,
            "/api/whoami": self._whoami,
        }
        if got.path in routes:
            return routes[got.path](got)
        return self._user(got)

    def _host_meta(self, got: Got) -> Reply:
        rels = {
            "registration_endpoint": "/api/client/register",
            f"{ROOM}/oauth/request_token": "/oauth/request_token",
            f"{ROOM}/oauth/authorize": "/oauth/authorize",
            f"{ROOM}/oauth/access_token": "/oauth/access_token",
            f"{ROOM}/activitypub/whoami": "/api/whoami",
            "dialback": "/api/dialback",
        }
        return _json({"links": [{"rel": rel, "href": self.url + path} for rel, path in rels.items()]})

    # Registration

    def _register(self, got: Got) -> Reply:
        kind = got.headers.get("content-type")
        if "authorization" in got.headers or kind not in (JSON, FORM):
            return _html(500, "an upper-case or unknown type, or an Authorization header")
        said = json.loads(got.body) if kind == JSON else dict(parse_qsl(got.body.decode()))
        if not all(isinstance(value, str) for value in said.values()):
            return _html(500, "Object has no method 'split'")
        if said.get("type") == "client_associate":
            if "client_id" in said:
                return _json({"error": "Only set client_id for update."}, 400)
            said |= {"client_id": secrets.token_hex(8), "client_secret": "consumer-" + secrets.token_hex(8)}
        elif said.get("type") != "client_update":
            return _json({"error": "Invalid registration type"}, 400)
        elif said["client_id"] not in self.clients:
            return _html(500, "No such thing")
        elif self.clients[said["client_id"]]["client_secret"] != said["client_secret"] or not self.updates_allowed:
            return _json({"error": "Unauthorized"}, 403)
        self.clients[said["client_id"]] = said
        given = {name: said[name] for name in ("client_id", "client_secret")}
        return _json({**given, "expires_at": self.expires_at})

    # The three legs

    def _request_token(self, got: Got) -> Reply:
        said = _parameters(got, self.url)
        if "oauth_callback" not in said or "oauth_consumer_key" not in said:
            return _text(400, "Missing required parameter")
        client = self.clients.get(said["oauth_consumer_key"])
        if client is None:
            return _text(400, "Invalid Consumer Key")
        if not _is_valid(got, self.url, client["client_secret"], ""):
            return _text(401, "Invalid signature")
        key, secret = "r-" + secrets.token_hex(8), "request-" + secrets.token_hex(8)
        self.request_tokens[key] = {
            "key": key, "secret": secret, "callback": said["oauth_callback"], "client": client["client_id"],
        }  # fmt: skip
        content = {"oauth_token": key, "oauth_token_secret": secret, "oauth_callback_confirmed": "true"}
        return 200, {"Content-Type": FORM}, urlencode(content).encode()

    def _access_token(self, got: Got) -> Reply:
        said = _parameters(got, self.url)
        if "oauth_verifier" not in said or "oauth_consumer_key" not in said:
            return _text(400, "Missing required parameter")
        client = self.clients.get(said["oauth_consumer_key"])
        token = self.request_tokens.get(said.get("oauth_token", ""))
        if client is None:
            return _text(400, "Invalid Consumer Key")
        if token is None:
            return _text(400, "Invalid / expired Token")
        if not _is_valid(got, self.url, client["client_secret"], token["secret"]):
            return _text(401, "Invalid signature")
        if "verifier" not in token:  # and whatever it is, it is not compared
            return _text(401, "Invalid / expired Token")
        key, secret = f"a-{token['user']}-{client['client_id']}", f"access-{token['user']}-secret"
        self.access_tokens[key] = {"secret": secret, "user": token["user"]}
        return 200, {"Content-Type": FORM}, urlencode({"oauth_token": key, "oauth_token_secret": secret}).encode()

    # The API

    def _whoami(self, got: Got) -> Reply:
        user, refused = self._verified(got)
        return refused or (302, {"Location": f"{self.url}/api/user/{user}/profile"}, b"")

    def _user(self, got: Got) -> Reply:
        parts = got.path.split("/")
        if parts[:3] != ["", "api", "user"] or len(parts) != 5:
            return _html(404, "Not Found")
        user, refused = self._verified(got)
        if refused:
            return refused
        if parts[4] == "profile":
            person = {"objectType": "person", "id": f"acct:{parts[3]}@127.0.0.1", "preferredUsername": parts[3]}
            return _json({**person, "links": {"self": {"href": f"{self.url}{got.path}"}}})
        if got.method == "POST":
            if got.headers.get("content-type") != JSON:
                return _html(500, "this would hang")
            note = {**json.loads(got.body), "id": f"{self.url}/api/activity/{len(self.notes)}", "actor": user}
            self.notes.append(note)
            return _json(note)
        count = int(dict(parse_qsl(got.target.partition("?")[2])).get("count", 20))
        return _json({"totalItems": len(self.notes), "items": self.notes[-count:][::-1]})

    def _verified(self, got: Got) -> tuple[str, Reply | None]:
        """Return the user, and the refusal if there is one."""
        said = _parameters(got, self.url)
        if "oauth_consumer_key" not in said or (got.method == "GET" and "authorization" not in got.headers):
            return "", _text(401, "Missing required parameter")
        client = self.clients.get(said["oauth_consumer_key"])
        token = self.access_tokens.get(said.get("oauth_token", ""))
        if client is None or said["oauth_nonce"] in self.nonces:
            return "", _text(401, "Invalid / used nonce")
        self.nonces.add(said["oauth_nonce"])
        if token is None:
            return "", _text(401, "Invalid / expired Token")
        if not _is_valid(got, self.url, client["client_secret"], token["secret"]):
            return "", _text(400, "Invalid signature")
        return token["user"], None


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that hang up, which some tests make them do."""


def _handler(pump: PumpServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        timeout = 10

        def _any(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            reply = pump.respond(Got(self.command, self.path, headers, body))
            if reply is None:
                self.close_connection = True
                return
            status, extra, content = reply
            self.send_response(status)
            for name, value in extra.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = _any

        def log_message(self, *args: object) -> None:
            """Keep the test's output clean."""

    return Handler


def _signed_headers(got: Got) -> dict[str, str]:
    """Return what counts for a signature: a header with its scheme spelled otherwise is none, nor is such a form."""
    headers = {}
    if got.headers.get("authorization", "").startswith("OAuth "):
        headers["Authorization"] = got.headers["authorization"]
    if got.headers.get("content-type") == FORM:
        headers["Content-Type"] = FORM
    return headers


def _collected(got: Got, url: str, **options: bool) -> list[tuple[str, str]]:
    headers = _signed_headers(got)
    body = got.body.decode() if "Content-Type" in headers else ""
    query = urlsplit(url + got.target).query
    return signature.collect_parameters(query, body, headers, **options)


def _parameters(got: Got, url: str) -> dict[str, str]:
    return dict(_collected(got, url, exclude_oauth_signature=False))


def _is_valid(got: Got, url: str, client_secret: str, token_secret: str) -> bool:
    said = _parameters(got, url)
    if said.get("oauth_signature_method") != "HMAC-SHA1":
        return False
    request = OAuthlibRequest(url + got.target, got.method, "", {})
    request.params = _collected(got, url)
    request.signature = said["oauth_signature"]
    return bool(signature.verify_hmac_sha1(request, client_secret, token_secret))


def _json(content: Any, status: int = 200) -> Reply:
    return status, {"Content-Type": "application/json; charset=utf-8"}, json.dumps(content).encode()


def _text(status: int, content: str) -> Reply:
    return status, {"Content-Type": TEXT}, content.encode()


def _html(status: int, content: str) -> Reply:
    return status, {"Content-Type": HTML}, f"<!DOCTYPE html><title>{content}</title>".encode()
