"""OAuth 1.0a (RFC 5849) for requests: sign every request that goes out.

::

    >>> import requests
    >>> from oauth_hook import OAuthHook
    >>> session = requests.Session()
    >>> session.auth = OAuthHook("token", "token secret", "consumer key", "consumer secret")

Where the RFC's rules are:

===================  ==========================================  ==================================
RFC 5849             what                                        file
===================  ==========================================  ==================================
s1.1                 consumer, request token, access token       ``credentials.py``
s3.1                 making a signed request                     ``protocol/signing.py``
s3.2                 verifying one                               ``protocol/verifying.py``
s3.3                 nonce and timestamp                         ``protocol/signing.py``
s3.3                 the server's clock                          ``hook/clock.py``
s3.4.1.1, s3.4.1.2   signature base string and its URI           ``protocol/base_string.py``
s3.4.1.3.1           request parameters: where they are          ``protocol/message.py``
s3.4.1.3.2           request parameters: normalized              ``protocol/parameters.py``
s3.4.2 to s3.4.4     HMAC, RSA, PLAINTEXT, and SHA-2             ``protocol/methods.py``
s3.4.3               RSA keys                                    ``protocol/rsa.py``
s3.5                 header, form body, query                    ``protocol/placement.py``
s3.6                 percent-encoding                            ``protocol/encoding.py``
s2.1 to s2.3         the three legs                              ``tokens/flow.py``
s2.2                 the callback                                ``tokens/callback.py``
s2.2                 ways to ask the user                        ``tokens/verifiers.py``
(extension)          ``oauth_body_hash``                         ``protocol/body_hash.py``
(extension)          problem reporting                           ``protocol/problem_reporting.py``
(requests)           signing a ``PreparedRequest``               ``hook/hook.py``
(all clients)        the policy of redirects                     ``hook/redirects.py``
(requests)           redirects                                   ``hook/attach.py``
(requests)           one more attempt after a refusal            ``hook/retry.py``
(niquests)           what is peculiar to it                      ``hook/niquests.py``
(requests)           retries                                     ``hook/adapter.py``
(requests)           the ``pre_request`` event                   ``hook/pre_request.py``
(httpx, httpx2)      signing their requests and redirects        ``httpx.py``
(Falcon, PyPump)     the calls of those two                      ``client.py``, ``pump/``
(requests-oauthlib)  its names, and injection into others        ``requests_oauthlib/``
(all of it)          why a request was refused                   ``diagnosis/``
===================  ==========================================  ==================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .version import __version__

if TYPE_CHECKING:
    from .credentials import AccessToken, Account, Consumer, RequestToken
    from .diagnosis import explain
    from .errors import OAuthHookError, ProviderError, UsageError
    from .hook.adapter import OAuthAdapter
    from .hook.hook import OAuthHook
    from .hook.pre_request import Session, extract_from_requests, inject_into_requests, session
    from .protocol.signing import sign
    from .protocol.verifying import verify
    from .services import SERVICES, Service
    from .tokens.discovery import discover
    from .tokens.flow import OAuthFlow
    from .tokens.keyring_store import KeyringStore
    from .tokens.registration import register_client, update_client
    from .tokens.store import CredentialStore
    from .tokens.verifiers import LoopbackReceiver, ask_on_console

__all__ = [
    "SERVICES",
    "AccessToken",
    "Account",
    "Consumer",
    "CredentialStore",
    "KeyringStore",
    "LoopbackReceiver",
    "OAuthAdapter",
    "OAuthFlow",
    "OAuthHook",
    "OAuthHookError",
    "ProviderError",
    "RequestToken",
    "Service",
    "Session",
    "UsageError",
    "__version__",
    "ask_on_console",
    "discover",
    "explain",
    "extract_from_requests",
    "inject_into_requests",
    "register_client",
    "session",
    "sign",
    "update_client",
    "verify",
]

_HOMES = {
    "credentials": ("AccessToken", "Account", "Consumer", "RequestToken"),
    "diagnosis": ("explain",),
    "errors": ("OAuthHookError", "ProviderError", "UsageError"),
    "hook.adapter": ("OAuthAdapter",),
    "hook.hook": ("OAuthHook",),
    "hook.pre_request": ("Session", "extract_from_requests", "inject_into_requests", "session"),
    "protocol.signing": ("sign",),
    "protocol.verifying": ("verify",),
    "services": ("SERVICES", "Service"),
    "tokens.discovery": ("discover",),
    "tokens.flow": ("OAuthFlow",),
    "tokens.keyring_store": ("KeyringStore",),
    "tokens.registration": ("register_client", "update_client"),
    "tokens.store": ("CredentialStore",),
    "tokens.verifiers": ("LoopbackReceiver", "ask_on_console"),
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for (PEP 562).

    Whoever uses one part of the package does not load the others: pytest, which loads
    every plugin at every start, does not even load requests.
    """
    for home, names in _HOMES.items():
        if name in names:
            from importlib import import_module

            value: object = getattr(import_module(f".{home}", __name__), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
