"""A real OAuth 1.0a provider to run anywhere: one process, no set-up, no network needed.

::

    from oauth_hook.provider import serve

    with serve() as provider:                     # loopback, a free port
        provider.consumer, provider.user          # throwaway ones, made at the start
        provider.request_token_url                # s2.1
        provider.authorization_url                # s2.2: a plain HTML page
        provider.access_token_url                 # s2.3
        provider.resource_url                     # s3: echoes what was verified
        provider.registration_url                 # gives new client credentials on request
        provider.check_url                        # says how it reads any signed request
        provider.requests_url                     # for a browser: the last requests, and why they were refused
        provider.webfinger                        # alice@127.0.0.1:PORT, to discover all this by
        provider.approve(url)                     # the user's part, without a browser

It exists to judge clients, so it shares no code with the signer of this package: whether a
signature is right is decided by oauthlib's server side.  RFC 5849, section by section:

=================  ==================================================================
s2.1, s2.3, s3     ``application.py``: the routes, and what stands at them
s2.2               ``authorization.py`` (the question and its answer), ``pages.py`` (what the user sees)
s3.1, s3.5         ``parameters.py``: where parameters may stand, which must be there
s3.2, s3.3         ``validator.py``: credentials, timestamp, nonce, signature
s3.4               oauthlib (``endpoints.py``)
s3.5.2             ``body.py``: a form is read, anything else is measured (Request Body Hash extension)
refusals           ``problems.py`` (OAuth Problem Reporting extension), ``naming.py`` (the exact mistake, for
                   which it asks ``diagnosis/``)
registration       ``registration.py``: client credentials on request, as pump.io gives them
for development    ``reading.py`` (how a signed request is read), ``recent.py`` (the last ones, explained)
discovery          ``discovery.py``: host-meta (RFC 6415), webfinger (RFC 7033), profiles
state              ``storage.py`` (SQLite, and passwords at rest)
HTTP               ``messages.py`` (requests and responses as values), ``wsgi_server.py`` (HTTP/1.1 to WSGI)
to run it          ``server.py`` (``serve``), ``pytest_plugin.py`` (``oauth_provider``)
=================  ==================================================================

Nothing is imported until it is asked for, so that the pytest plugin costs nothing where
it is not used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .application import Application
    from .server import Provider, serve

__all__ = ["Application", "Provider", "serve"]

_HOMES = {"Application": "application", "Provider": "server", "serve": "server"}


def __getattr__(name: str) -> object:
    """Import a public name on first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
