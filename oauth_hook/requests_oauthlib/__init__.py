"""requests-oauthlib's OAuth 1 names and calls, over ``OAuthHook``; and that signer for programs that import theirs.

An application changes one import::

    from oauth_hook.requests_oauthlib import OAuth1, OAuth1Session

Where a library does the importing (tweepy, jira, Flask-Dance), its classes are patched, in place::

    from oauth_hook import requests_oauthlib

    requests_oauthlib.inject()

until ``extract()``. ``inject_into_rauth`` and ``inject_into_authlib`` do the same for those two. Nothing is patched on
import, and none of the three has to be installed.

================  ==========================================================================
``settings.py``   what their objects say about signing, and the hooks that are made of it
``signing.py``    signing a request as they would have it; or having oauthlib sign it
``auth.py``       ``OAuth1``
``session.py``    ``OAuth1Session``, and its errors
``injection.py``  ``inject`` and ``extract``, for requests-oauthlib, rauth and Authlib
================  ==========================================================================
"""

from oauthlib.oauth1 import (
    SIGNATURE_HMAC,
    SIGNATURE_HMAC_SHA1,
    SIGNATURE_HMAC_SHA256,
    SIGNATURE_HMAC_SHA512,
    SIGNATURE_PLAINTEXT,
    SIGNATURE_RSA,
    SIGNATURE_RSA_SHA1,
    SIGNATURE_RSA_SHA256,
    SIGNATURE_RSA_SHA512,
    SIGNATURE_TYPE_AUTH_HEADER,
    SIGNATURE_TYPE_BODY,
    SIGNATURE_TYPE_QUERY,
)

from .auth import OAuth1
from .injection import (
    extract,
    extract_from_authlib,
    extract_from_rauth,
    inject,
    inject_into_authlib,
    inject_into_rauth,
)
from .session import OAuth1Session, TokenMissing, TokenRequestDenied, VerifierMissing

__all__ = [
    "SIGNATURE_HMAC",
    "SIGNATURE_HMAC_SHA1",
    "SIGNATURE_HMAC_SHA256",
    "SIGNATURE_HMAC_SHA512",
    "SIGNATURE_PLAINTEXT",
    "SIGNATURE_RSA",
    "SIGNATURE_RSA_SHA1",
    "SIGNATURE_RSA_SHA256",
    "SIGNATURE_RSA_SHA512",
    "SIGNATURE_TYPE_AUTH_HEADER",
    "SIGNATURE_TYPE_BODY",
    "SIGNATURE_TYPE_QUERY",
    "OAuth1",
    "OAuth1Session",
    "TokenMissing",
    "TokenRequestDenied",
    "VerifierMissing",
    "extract",
    "extract_from_authlib",
    "extract_from_rauth",
    "inject",
    "inject_into_authlib",
    "inject_into_rauth",
]
