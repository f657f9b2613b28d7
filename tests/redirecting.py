"""The embedded provider with redirects put in front of it, from where the tests of redirects set out."""

from __future__ import annotations

import html
import json
import re
import time
from urllib.parse import quote, unquote

from oauth_hook.provider.application import Application
from oauth_hook.provider.server import Provider
from oauth_hook.provider.storage import Storage
from oauth_hook.provider.wsgi_server import Server

STATUSES = [301, 302, 303, 307, 308]
PLACEMENTS = ["header", "query", "body", "url-encoded", "header+url-encoded"]
LOCATIONS = {
    "bare": "{abroad}/",
    "with a query": "{abroad}/?page=2",
    "echoing the query": "{abroad}/?{query}",
    "echoing it decoded": "{abroad}/?{decoded}",
    "echoing it as a parameter": "{abroad}/login?next={quoted}&lang=en",
    "scheme-relative": "//{netloc}/?{query}",
    "another name of the machine": "http://localhost:{port}/?{query}",
    "with userinfo": "http://{home}@{netloc}/?{query}",
}

# What servers make of the parameters of a request, percent-encoded as they came: for a query, or for a path.
COPIES = {
    "as they came": lambda pairs: "&".join(f"{name}={value}" for name, value in pairs),
    "decoded": lambda pairs: "&".join(f"{name}={unquote(value)}" for name, value in pairs),
    "in brackets": lambda pairs: "&".join(f"p[{name}]={value}" for name, value in pairs),
    "in upper case": lambda pairs: "&".join(f"{name.upper()}={value}" for name, value in pairs),
    "with a bar": lambda pairs: "&".join(f"{name}|{value}" for name, value in pairs),
    "renamed": lambda pairs: "&".join(f"x{i}={value}" for i, (_, value) in enumerate(pairs)),
    "values alone": lambda pairs: ",".join(value for _, value in pairs),
    "escaped for HTML": lambda pairs: quote("&amp;".join(f"{name}={value}" for name, value in pairs)),
    "JSON": lambda pairs: quote(json.dumps({name: [unquote(value)] for name, value in pairs})),
    "XML": lambda pairs: quote("".join(f"<{name}>{html.escape(unquote(value))}</{name}>" for name, value in pairs)),
}
# Where a copy is put, and whether it can be taken out there.
PLACES = {
    "query": ("{abroad}/?page=2&{copy}", True),
    "a parameter": ("{abroad}/?page=2&next={quoted}", True),
    "path": ("{abroad}/back/{copy}", False),
    "path, escaped": ("{abroad}/back/{quoted}", False),
    "path, escaped often": ("{abroad}/back/{often}?page=2", False),
}


def read_sent(got):
    """Return the protocol parameters that a request came with, wherever they stood, percent-encoded as they came."""
    text = f"{got.authorization}&{got.target.partition('?')[2]}&{got.body.decode()}"
    return re.findall(r"(oauth_\w+)=\"?([^\",&]*)", text)


def copy_to(place, copy, got, abroad):
    """Return the URL at another origin into which a server copies what it was sent."""
    text = COPIES[copy](read_sent(got))
    often = text
    for _ in range(5):
        often = quote(often, safe="")
    return PLACES[place][0].format(abroad=abroad, copy=text, quoted=quote(text, safe=""), often=often)


def gives_away(pairs, received):
    """Return those values of a signed request that another request has in it, however they are escaped."""
    text = f"{received.target}\n{received.headers}\n{received.body.decode()}"
    while text != (text := html.unescape(unquote(text))):
        pass
    telling = ("oauth_signature", "oauth_nonce", "oauth_token", "oauth_consumer_key")
    values = [part for name, value in pairs if name in telling for part in (unquote(value), *unquote(value).split("&"))]
    return [value for value in values if value and value.lower() in text.lower()]


def nothing_of_ours(home, received):
    """Whether a request, as it was received, has nothing of the hook's in it."""
    text = f"{received.target}\n{received.headers}\n{received.body.decode(errors='replace')}"
    while text != (text := unquote(text)):
        pass
    ours = (home.consumer.key, home.consumer.secret, home.token.key, home.token.secret, "oauth_")
    return not any(word in text for word in ours)


class Redirecting:
    """The provider, answering a verified request below ``/api/resource/hop`` with the redirect that was planned."""

    def __init__(self, inner):
        self.inner = inner
        self.plan = []
        self.seen = []

    def __call__(self, environ, start_response):
        answer = {}

        def start(status, headers, exc_info=None):
            answer["status"], answer["headers"] = status, headers

        body = b"".join(self.inner(environ, start))
        self.seen.append((environ["REQUEST_METHOD"], environ["REQUEST_URI"], answer["status"], body))
        if answer["status"].startswith("200") and "/hop" in environ["PATH_INFO"] and self.plan:
            status, location = self.plan.pop(0)
            location = location.replace("{query}", environ["QUERY_STRING"])
            location = location.replace("{decoded}", unquote(environ["QUERY_STRING"]))
            location = location.replace("{quoted}", quote(environ["QUERY_STRING"], safe=""))
            start_response(f"{status} Elsewhere", [("Location", location), ("Content-Length", "0")])
            return [b""]
        start_response(answer["status"], answer["headers"])
        return [body]


def redirecting_provider():
    """Return a provider that verifies and then redirects as planned, with a token; it is to be closed."""
    storage = Storage(None)
    redirecting = Redirecting(Application(storage))
    provider = Provider(storage, Server(redirecting, "127.0.0.1", 0, time.time))
    provider.redirecting, provider.token = redirecting, provider.add_token()
    return provider
