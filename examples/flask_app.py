"""A Flask application of several worker processes: each leg may be answered by another one.

What crosses is in the credential store, which the workers share, under a random id; the session cookie carries the
id, and nothing else. (Flask signs its cookie but does not encrypt it: a token's secret in it could be read wherever
cookies can.) Users have a token each, and share one session of requests.

    oauth-hook provider | tee provider.txt
    export SECRET_KEY=$(python -c "import secrets; print(secrets.token_hex())")
    PORT=8000 python examples/flask_app.py
    PORT=8001 PUBLIC_URL=http://127.0.0.1:8000 python examples/flask_app.py     # another worker, with the same key

In earnest: PUBLIC_URL=https://app.example gunicorn -w 4 --pythonpath examples 'flask_app:create_app()'
With a real service: set OAUTH_SERVICE and the others of shared.py, and register PUBLIC_URL/callback there.
"""

from __future__ import annotations

import secrets

import requests
import shared
from flask import Flask, redirect, render_template_string, request, session
from werkzeug.wrappers import Response

from oauth_hook import AccessToken, ProviderError, RequestToken

PAGE = """<!doctype html><html lang="en"><title>{{ title }}</title><h1>{{ title }}</h1><p>{{ text }}</p>
{% if connect %}<form method="post" action="/connect"><button>Connect</button></form>{% endif %}</html>"""


def page(title: str, text: str, status: int = 200, *, connect: bool = True) -> Response:
    """Return a page; the template escapes what it is given."""
    html = render_template_string(PAGE, title=title, text=text, connect=connect)
    return Response(html, status, {"Cache-Control": "no-store"}, content_type="text/html; charset=utf-8")


def create_app() -> Flask:
    """Return the application."""
    app = Flask(__name__)
    public_url = shared.public_url()
    app.config.update(
        SECRET_KEY=shared.required("SECRET_KEY"),
        SESSION_COOKIE_SAMESITE="Lax",  # it comes along when the service sends the user back, not with others' forms
        SESSION_COOKIE_SECURE=public_url.startswith("https:"),
    )
    http = shared.session_of_many()
    flow = shared.flow(callback=f"{public_url}/callback", session=http)
    hook = flow.hook()
    store = shared.store()

    @app.get("/")
    def home() -> Response:
        """Show what the service has for this user."""
        token = store.get(f"granted {session.get('id')}")
        if not isinstance(token, AccessToken):
            return page("Not connected", "Allow us to ask the service in your name.")
        response = http.get(shared.resource_url(), auth=hook.as_user(token), timeout=30)
        return page("Connected", response.text, connect=not response.ok)

    @app.post("/connect")
    def connect() -> Response:
        """The first leg, and off to the second."""
        request_token = flow.fetch_request_token()
        store.pop(f"granted {session.get('id')}", None)
        # A new id each time, so that it cannot have been planted. Where users log in, keep it with the user instead.
        session["id"] = secrets.token_urlsafe()
        store[f"asked {session['id']}"] = request_token  # remove those that no user came back for, now and then
        return redirect(flow.authorization_url(request_token), 303)

    @app.get("/callback")
    def callback() -> Response:
        """The third leg, for the user who began: the callback of any other is refused."""
        name = f"asked {session.get('id')}"
        request_token = store.get(name)
        if not isinstance(request_token, RequestToken):
            return page("Not yours", "Nothing was begun in this browser, or it is done already.", 403)
        # As a query, with its mark: a bare word would pass for a PIN, which says nothing of whose it is.
        verifier = flow.parse_callback(f"?{request.query_string.decode('ascii', 'replace')}", request_token)
        if store.pop(name, None) != request_token:
            return page("Done already", "Another window was first.", 403)
        store[f"granted {session['id']}"] = flow.fetch_access_token(request_token, verifier)
        return redirect("/", 303)  # away from the URL with the verifier

    @app.errorhandler(ProviderError)
    def refused(error: ProviderError) -> Response:
        """Say what the user brought back (no status: not a response of the service), or what the service said."""
        title = "You said no" if error.problem in ("user_refused", "permission_denied") else "That did not work"
        return page(title, str(error), 403 if error.status is None else 502)

    @app.errorhandler(requests.RequestException)
    def unreachable(_: requests.RequestException) -> Response:
        """The wire failed."""
        return page("The service cannot be reached", "Try again later.", 502)

    return app


if __name__ == "__main__":
    shared.run(lambda: shared.serve(create_app()))
