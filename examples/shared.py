"""What the examples share: which service, whose application, where tokens rest; and a web server for trying.

All of it comes from the environment, so that no secret stands in a program:

    OAUTH_SERVICE           a name that ``oauth-hook services`` lists, such as tumblr, or a JSON file of your own
    OAUTH_CONSUMER_KEY      your application's key there
    OAUTH_CONSUMER_SECRET   and its secret
    OAUTH_RESOURCE_URL      what to ask for in the user's name; the default is the API URL that the service is known by
    OAUTH_STORE             the file that keeps tokens; default: examples.sqlite3

Without OAUTH_SERVICE the examples use the provider that comes with the package. Run it in another terminal; it prints
the user's name and password as user_name and user_password:

    oauth-hook provider | tee provider.txt
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import requests

from oauth_hook import SERVICES, Consumer, CredentialStore, OAuthFlow, OAuthHookError, Service

PROVIDER = Path("provider.txt")


def flow(**more: Any) -> OAuthFlow:
    """Return the three legs with the service, for our consumer; ``more`` is what OAuthFlow takes."""
    if os.environ.get("OAUTH_SERVICE"):
        consumer = Consumer(required("OAUTH_CONSUMER_KEY"), os.environ.get("OAUTH_CONSUMER_SECRET", ""))
    else:
        consumer = Consumer(_provider()["consumer_key"], _provider()["consumer_secret"])
    return OAuthFlow.for_service(_service(), consumer, **more)


def resource_url() -> str:
    """Return what to ask for in the user's name."""
    return os.environ.get("OAUTH_RESOURCE_URL") or _service().api_url or required("OAUTH_RESOURCE_URL")


def store() -> CredentialStore:
    """Return the store, which several processes may use at once."""
    return CredentialStore(os.environ.get("OAUTH_STORE", "examples.sqlite3"))


def required(name: str) -> str:
    """Return a variable of the environment, or end the program and say what is missing."""
    return os.environ.get(name) or sys.exit(f"Set {name} in the environment: see examples/shared.py")


def _service() -> Service:
    if name := os.environ.get("OAUTH_SERVICE"):
        return Service.from_file(name) if name.endswith(".json") else SERVICES[name]
    details = _provider()
    urls = {f"{leg}_url": details[f"{leg}_url"] for leg in ("request_token", "authorization", "access_token")}
    return Service.from_dict({"name": "provider", "api_url": details["resource_url"], **urls})


def _provider() -> dict[str, str]:
    """Return what the embedded provider said of itself."""
    lines = PROVIDER.read_text(encoding="utf-8").splitlines() if PROVIDER.exists() else []
    if not lines:
        sys.exit("Set OAUTH_SERVICE, or run `oauth-hook provider | tee provider.txt` here, in another terminal")
    return dict(line.split(": ", 1) for line in lines)


def run(main: Callable[[], None]) -> None:
    """Run a program whose user wants sentences, not tracebacks."""
    try:
        main()
    except (OAuthHookError, requests.RequestException) as error:
        sys.exit(f"{Path(sys.argv[0]).name}: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


# For the web applications


def session_of_many() -> requests.Session:
    """Return a session for the requests of many users: it keeps no cookies, which one would leave for another."""
    session = requests.Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return session


def public_url() -> str:
    """Return the URL that browsers know us by: that of all workers together, whatever a request claims."""
    return os.environ.get("PUBLIC_URL", f"http://127.0.0.1:{os.environ.get('PORT', '8000')}")


def serve(application: Any) -> None:
    """Be one worker, on the port PORT (0: a free one). It is for trying: in earnest, use gunicorn or the like."""
    port = int(os.environ.get("PORT", "8000"))
    with make_server("127.0.0.1", port, application, _Server, _Handler) as server:
        print(f"http://127.0.0.1:{server.server_port}/", flush=True)
        server.serve_forever()


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Handler(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Log nothing: the URL of a callback has the verifier in it."""
