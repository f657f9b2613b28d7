"""A server on loopback that judges requests by a library of somebody else: ``python server_of.py authlib``.

It prints its port, and runs until its standard input is closed. All know one consumer and, but for those of LTI, one
token. A request that is right gets "taken".
"""

from __future__ import annotations

import sys
import threading
from types import SimpleNamespace

from flask import Flask, Request, request
from werkzeug.serving import WSGIRequestHandler, make_server

CONSUMER_KEY, CONSUMER_SECRET = "dpf43f3p2l4k3l03ck", "CSkd94hf93k423kf44"
TOKEN_KEY, TOKEN_SECRET = "nnch734d00sl2jdkat", "TSpfkkdhi9sl3r4s00"

app = Flask(__name__)
used: set[tuple[str, ...]] = set()


def is_new(*nonce):
    """Remember a nonce, with what it belongs to."""
    is_known = nonce in used
    used.add(nonce)
    return not is_known


def judge_by_authlib():
    """Authlib: the resource protector of its Flask integration."""
    from authlib.integrations.flask_oauth1 import ResourceProtector

    client = SimpleNamespace(get_client_secret=lambda: CONSUMER_SECRET, get_rsa_public_key=lambda: None)
    token = SimpleNamespace(
        get_oauth_token=lambda: TOKEN_KEY, get_oauth_token_secret=lambda: TOKEN_SECRET, get_user_id=lambda: 1
    )
    protect = ResourceProtector(
        app,
        query_client=lambda key: client if key == CONSUMER_KEY else None,
        query_token=lambda key, token_key: token if token_key == TOKEN_KEY else None,
        exists_nonce=lambda *nonce: not is_new(*map(str, nonce)),
    )
    return protect()(lambda: "taken")


def judge_by_flask_oauthlib():
    """Flask-OAuthlib: oauthlib of before version 3."""
    from flask_oauthlib.provider import OAuth1Provider

    class RequestOfItsTime(Request):
        authorization = (
            None  # Werkzeug knew Basic and Digest alone, and Flask-OAuthlib takes what it knows for the header
        )

    app.request_class = RequestOfItsTime
    app.config["OAUTH1_PROVIDER_ENFORCE_SSL"] = False
    app.config["OAUTH1_PROVIDER_KEY_LENGTH"] = app.config["OAUTH1_PROVIDER_NONCE_LENGTH"] = (5, 60)
    oauth = OAuth1Provider(app)
    client = SimpleNamespace(
        client_key=CONSUMER_KEY, client_secret=CONSUMER_SECRET, default_realms=[], rsa_key=None, redirect_uris=[],
        default_redirect_uri="",
    )  # fmt: skip
    known = SimpleNamespace(client=client, token=TOKEN_KEY, secret=TOKEN_SECRET, realms=[], user=None)
    oauth.clientgetter(lambda client_key: client if client_key == CONSUMER_KEY else None)
    oauth.tokengetter(lambda client_key, token: known if token == TOKEN_KEY else None)
    oauth.noncegetter(lambda client_key, timestamp, nonce, request_token, access_token:
                      None if (client_key, timestamp, nonce) not in used else nonce)  # fmt: skip
    oauth.noncesetter(lambda client_key, timestamp, nonce, request_token, access_token:
                      used.add((client_key, timestamp, nonce)))  # fmt: skip

    for unused in (oauth.grantgetter, oauth.grantsetter, oauth.tokensetter, oauth.verifiergetter, oauth.verifiersetter):
        unused(lambda *words, **more: None)
    return oauth.require_oauth()(lambda: "taken")


def judge_by_lti():
    """Lti: oauthlib's endpoint for requests that carry a signature alone."""
    from lti.contrib.flask import FlaskToolProvider
    from oauthlib.oauth1 import RequestValidator

    class Validator(RequestValidator):
        enforce_ssl = False
        client_key_length = nonce_length = (5, 60)
        dummy_client = CONSUMER_KEY

        def get_client_secret(self, client_key, request):
            return CONSUMER_SECRET

        def validate_client_key(self, client_key, request):
            return client_key == CONSUMER_KEY

        def validate_timestamp_and_nonce(self, client_key, timestamp, nonce, request, **more):
            return is_new(client_key, timestamp, nonce)

    def judge():
        provider = FlaskToolProvider.from_flask_request(CONSUMER_SECRET, request)
        return "taken" if provider.is_valid_request(Validator()) else ("Invalid LTI launch", 401)

    return judge


def judge_by_pylti():
    """PyLTI: python-oauth2's server."""
    from pylti.common import LTIException, verify_request_common

    def judge():
        consumers = {CONSUMER_KEY: {"secret": CONSUMER_SECRET}}
        try:
            verify_request_common(consumers, request.url, request.method, request.headers, request.form.to_dict())
        except LTIException as error:
            return str(error), 401
        return "taken"

    return judge


class Quiet(WSGIRequestHandler):
    """Logs nothing."""

    def log(self, *words):
        """Leave it out."""


if __name__ == "__main__":
    judge_by = {
        "authlib": judge_by_authlib, "flask_oauthlib": judge_by_flask_oauthlib, "lti": judge_by_lti,
        "pylti": judge_by_pylti,
    }  # fmt: skip
    judge = judge_by[sys.argv[1]]()
    methods = ["GET", "POST", "PUT", "DELETE"]
    app.add_url_rule("/<path:path>", "judge", lambda **path: judge(), methods=methods)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()
