"""OAuth 1.0a (RFC 5849) for requests: sign every request that goes out.

::

    >>> import requests
    >>> from oauth_hook import OAuthHook
    >>> session = requests.Session()
    >>> session.auth = OAuthHook("token", "token secret", "consumer key", "consumer secret")

Where the RFC's rules are:

===================  =============================================  ==========================
RFC 5849             what                                           file
===================  =============================================  ==========================
s1.1                 consumer, request token, access token          ``credentials.py``
s3.1                 making a signed request                        ``protocol/signing.py``
s3.2                 verifying one                                  ``protocol/signing.py``
s3.3                 nonce and timestamp                            ``protocol/signing.py``
s3.4.1.1, s3.4.1.2   signature base string and its URI              ``protocol/base_string.py``
s3.4.1.3             request parameters: found, normalized          ``protocol/parameters.py``
s3.4.2 to s3.4.4     HMAC, RSA, PLAINTEXT, and SHA-2                ``protocol/methods.py``
s3.4.3               RSA keys                                       ``rsa.py``
s3.5                 header, form body, query                       ``protocol/placement.py``
s3.6                 percent-encoding                               ``protocol/encoding.py``
s2.1 to s2.3         the three legs                                 ``flow.py``
s2.2                 the callback, ways to ask the user             ``callback.py``, ``verifiers.py``
(extension)          ``oauth_body_hash``                            ``protocol/body_hash.py``
(requests)           signing a ``PreparedRequest``                  ``hook.py``
(requests)           redirect hops, refusals                        ``hop.py``
(requests)           retries                                        ``adapter.py``
(requests)           the ``pre_request`` event                      ``pre_request.py``
(s3.3)               the server's clock                             ``clock.py``
(extension)          a refusal's words                              ``problem.py``
(httpx, httpx2)      signing their requests and redirect hops       ``httpx.py``
(Falcon, PyPump)     the calls of those two                         ``client.py``, ``pump.py``
(all of it)          why a request was refused                      ``diagnosis.py``, ``causes/``
===================  =============================================  ==========================
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .version import __version__

if TYPE_CHECKING:
    from .adapter import OAuthAdapter
    from .credentials import AccessToken, Account, Consumer, RequestToken
    from .diagnosis import explain
    from .errors import OAuthHookError, ProviderError, UsageError
    from .flow import OAuthFlow
    from .hook import OAuthHook
    from .pre_request import Session, extract_from_requests, inject_into_requests, session
    from .protocol.signing import sign, verify
    from .registration import discover, register_client, update_client
    from .services import SERVICES, Service
    from .store import CredentialStore
    from .verifiers import LoopbackReceiver, ask_on_console

__all__ = [
    "SERVICES",
    "AccessToken",
    "Account",
    "Consumer",
    "CredentialStore",
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
    "adapter": ("OAuthAdapter",),
    "credentials": ("AccessToken", "Account", "Consumer", "RequestToken"),
    "diagnosis": ("explain",),
    "errors": ("OAuthHookError", "ProviderError", "UsageError"),
    "flow": ("OAuthFlow",),
    "hook": ("OAuthHook",),
    "pre_request": ("Session", "extract_from_requests", "inject_into_requests", "session"),
    "protocol.signing": ("sign", "verify"),
    "registration": ("discover", "register_client", "update_client"),
    "services": ("SERVICES", "Service"),
    "store": ("CredentialStore",),
    "verifiers": ("LoopbackReceiver", "ask_on_console"),
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
