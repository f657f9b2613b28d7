"""Django views whose three legs may be answered by different worker processes.

A whole project in one file; into yours, take the three views. What crosses is in the credential store, which the
workers share, under a random id; the session cookie (signed, not encrypted) carries the id, and nothing else. Users
have a token each, and share one session of requests.

    oauth-hook provider | tee provider.txt
    export SECRET_KEY=$(python -c "import secrets; print(secrets.token_hex())")
    PORT=8000 python examples/django_view.py
    PORT=8001 PUBLIC_URL=http://127.0.0.1:8000 python examples/django_view.py   # another worker, with the same key

In earnest: PUBLIC_URL=https://app.example gunicorn -w 4 --pythonpath examples django_view:application
With a real service: set OAUTH_SERVICE and the others of shared.py, and register PUBLIC_URL/callback there.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import wraps
from urllib.parse import urlsplit

import requests
import shared
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.urls import path
from django.utils.html import format_html
from django.views.decorators.http import require_GET, require_POST

from oauth_hook import AccessToken, ProviderError, RequestToken

PUBLIC_URL = shared.public_url()
settings.configure(
    SECRET_KEY=shared.required("SECRET_KEY"),
    ALLOWED_HOSTS=[urlsplit(PUBLIC_URL).hostname],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware", "django.middleware.csrf.CsrfViewMiddleware"],
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    SESSION_COOKIE_SECURE=PUBLIC_URL.startswith("https:"),
    CSRF_TRUSTED_ORIGINS=[PUBLIC_URL],
)
application = get_wsgi_application()
http = shared.session_of_many()
flow = shared.flow(callback=f"{PUBLIC_URL}/callback", session=http)
hook = flow.hook()
store = shared.store()

PAGE = """<!doctype html><html lang="en"><title>{0}</title><h1>{0}</h1><p>{1}</p><form method="post" action="/connect">
<input type="hidden" name="csrfmiddlewaretoken" value="{2}"><button>Connect</button></form></html>"""
View = Callable[[HttpRequest], HttpResponse]


def page(request: HttpRequest, title: str, text: str, status: int = 200) -> HttpResponse:
    """Return a page; what it is given is escaped."""
    html = format_html(PAGE, title, text, get_token(request))
    return HttpResponse(html, status=status, headers={"Cache-Control": "no-store"})


def explained(view: View) -> View:
    """Show the user what went wrong: with what they brought back (there is no status then), or with the service."""

    @wraps(view)
    def explaining(request: HttpRequest) -> HttpResponse:
        try:
            return view(request)
        except ProviderError as error:
            title = "You said no" if error.problem in ("user_refused", "permission_denied") else "That did not work"
            return page(request, title, str(error), 403 if error.status is None else 502)
        except requests.RequestException:
            return page(request, "The service cannot be reached", "Try again later.", 502)

    return explaining


@require_GET
@explained
def home(request: HttpRequest) -> HttpResponse:
    """Show what the service has for this user."""
    token = store.get(f"granted {request.session.get('id')}")
    if not isinstance(token, AccessToken):
        return page(request, "Not connected", "Allow us to ask the service in your name.")
    return page(request, "Connected", http.get(shared.resource_url(), auth=hook.as_user(token), timeout=30).text)


@require_POST
@explained
def connect(request: HttpRequest) -> HttpResponse:
    """The first leg, and off to the second."""
    request_token = flow.fetch_request_token()
    store.pop(f"granted {request.session.get('id')}", None)
    # A new id each time, so that it cannot have been planted. Where users log in, keep it with the user instead.
    request.session["id"] = secrets.token_urlsafe()
    store[f"asked {request.session['id']}"] = request_token  # remove those that no user came back for, now and then
    return HttpResponseRedirect(flow.authorization_url(request_token))


@require_GET
@explained
def callback(request: HttpRequest) -> HttpResponse:
    """The third leg, for the user who began: the callback of any other is refused."""
    name = f"asked {request.session.get('id')}"
    request_token = store.get(name)
    if not isinstance(request_token, RequestToken):
        return page(request, "Not yours", "Nothing was begun in this browser, or it is done already.", 403)
    # As a query, with its mark: a bare word would pass for a PIN, which says nothing of whose it is.
    verifier = flow.parse_callback(f"?{request.META['QUERY_STRING']}", request_token)
    if store.pop(name, None) != request_token:
        return page(request, "Done already", "Another window was first.", 403)
    store[f"granted {request.session['id']}"] = flow.fetch_access_token(request_token, verifier)
    return HttpResponseRedirect("/")  # away from the URL with the verifier


urlpatterns = [path("", home), path("connect", connect), path("callback", callback)]

if __name__ == "__main__":
    shared.run(lambda: shared.serve(application))
