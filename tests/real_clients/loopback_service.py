"""The embedded provider as the service of a client: what it has verified is answered with what the client expects."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from unittest import mock
from urllib.parse import parse_qsl

import requests

from oauth_hook.provider.application import ROUTES, Application
from oauth_hook.provider.server import Provider
from oauth_hook.provider.storage import Storage
from oauth_hook.provider.validator import Policy
from oauth_hook.provider.wsgi_server import Server

PROTECTED = ("/api/resource/", "/api/two-legged/")
MOVED = "/moved"


class Service:
    """A WSGI application that verifies as the provider does, and answers protected paths as a client's service.

    :ivar reply: makes the response, JSON as an object or XML as bytes, of what was verified.
    :ivar moved_to: where protected paths have moved to; empty: nowhere.
    :ivar moved_by: the status that says so.
    :ivar token_extra: what the service adds to an access token, form-encoded.
    :ivar statuses: of all responses so far.
    :ivar verified: what the provider verified, request by request.
    """

    def __init__(self, inner):
        self.inner = inner
        self.reply = None
        self.moved_to = ""
        self.moved_by = "307 Temporary Redirect"
        self.token_extra = b""
        self.statuses = []
        self.verified = []

    def __call__(self, environ, start_response):
        head = []
        body = b"".join(self.inner(environ, lambda status, headers, exc_info=None: head.append((status, headers))))
        status, headers = head[0]
        path = environ["PATH_INFO"]
        if status.startswith("200") and path.startswith(PROTECTED):
            self.verified.append(json.loads(body))
            status, headers, body = self.answer(environ["REQUEST_URI"], self.verified[-1])
        if status.startswith("200") and path == ROUTES["access_token"]:
            body += self.token_extra
            headers = [(name, value) for name, value in headers if name != "Content-Length"]
            headers.append(("Content-Length", str(len(body))))
        self.statuses.append(int(status[:3]))
        start_response(status, headers)
        return [body]

    def answer(self, target, verified):
        """Return the response to a verified request: a redirect, once, or what the client expects."""
        path = target.partition("?")[0]
        if self.moved_to and not path.endswith(MOVED):
            query = verified["url"].partition("?")[2]
            location = f"{self.moved_to}{path}{MOVED}" + (f"?{query}" if query else "")
            return self.moved_by, [("Location", location), ("Content-Length", "0")], b""
        kind, body = encode_reply(self.reply(verified))
        return "200 OK", [("Content-Type", kind), ("Content-Length", str(len(body)))], body


def encode_reply(reply):
    """Return the type and the bytes of a reply: XML where it is bytes, else JSON."""
    return ("text/xml", reply) if isinstance(reply, bytes) else ("application/json", json.dumps(reply).encode())


def serve_as_service(clock_offset=0):
    """Return a provider that answers as a service, with a token; it is to be closed.

    :param clock_offset: how far its clock is ahead, in seconds.
    """
    storage = Storage(None)

    def clock():
        return time.time() + clock_offset

    service = Service(Application(storage, Policy(300, clock)))
    provider = Provider(storage, Server(service, "127.0.0.1", 0, clock))
    provider.service, provider.token = service, provider.add_token()
    provider.api = f"{provider.url}/api/resource"
    return provider


@contextmanager
def divert(places):
    """Have all sessions of requests send elsewhere what they are given; it is prepared, and signed, for there.

    :param places: the beginnings of URLs, and what to put in their place; the longest counts.
    """
    original = requests.Session.request

    def request(session, method, url, *args, **given):
        for start in sorted(places, key=len, reverse=True):
            if url.startswith(start):
                url = places[start] + url.removeprefix(start)
                break
        return original(session, method, url, *args, **given)

    with mock.patch.object(requests.Session, "request", request):
        yield


def approve_and_read(provider, url):
    """Return what the user brings back from the authorization page: the parameters of the callback URL."""
    return dict(parse_qsl(provider.approve(url).partition("?")[2]))
