"""The names of secrets, and where else they stand: the one table that errors, explanations and cassettes ask.

====================  ========================================================  =======================================
``SECRET_NAME``       ends the name of what must never be shown                 in errors, logs, explanations
``WHOLE_SECRET``      the whole name of such an element, or field of a form     in errors, logs, explanations
``is_secret_name``    tells of a parameter of a request whether it is secret    in explanations, in what is shown
``CREDENTIAL``        the name of what a recording must not keep                in cassettes: keys, tokens, nonces, too
``QUOTED``            a shorter one, in JSON                                    in cassettes
``WHOLE_CREDENTIAL``  the whole name of such an element, or field of a form     in cassettes
``LINKED``            a parameter of a URL or a form that is a credential       in cassettes
``HEADER``            the name of a header of credentials, in any text          in cassettes
``SECRET_HEADER``     the whole name of a header that is a credential           in cassettes
``SECRET_WORDS``      one of them stands in each of the names for errors; ``CREDENTIAL_WORDS``: for cassettes
``URL_USERINFO``      what stands before the host at the start of a broken URL  in what a request carries
``USERINFO``          what stands before the host in a URL (RFC 3986 s3.2.1)    everywhere
====================  ========================================================  =======================================

Some names mean a secret in a request, and something else in a response: ``code`` is what an authorization server hands
out, and also the number of an error, which is evidence. So ``IN_REQUEST`` counts in the parameters of requests and of
URLs only, and what a server says of an error is read by ``SECRET_NAME`` alone.
"""

from __future__ import annotations

import re

__all__ = [
    "CREDENTIAL",
    "CREDENTIAL_WORDS",
    "HEADER",
    "LINKED",
    "LINKED_BESIDE_TOKEN",
    "QUOTED",
    "SECRET_HEADER",
    "SECRET_NAME",
    "SECRET_WORDS",
    "USERINFO",
    "WHOLE_CREDENTIAL",
    "WHOLE_SECRET",
    "is_secret_name",
]

_PASSWORD = "passw(?:or)?d"
# What gives access by itself, whatever protocol it is of; spelled access_token, access-token or accessToken.
_GIVES_ACCESS = (
    r"(?:access|refresh|id|(?<!o)auth|authorization|bearer|api|private|user|device|deploy|job|session|security"
    r"|csrf|xsrf|csrfmiddleware|authenticity)[_-]?token"
    r"|(?:api|(?<!o)auth|private|secret|access|signing|account|subscription)[_-]?key|pass(?:phrase|code|wd)|pwd|jwt"
    r"|(?:php|j)?sess(?:ion)?[_-]?id|session[_-]?(?:key|handle)|(?:client[_-]?)?assertion|saml[_-]?response"
)
# Of an error, "access_token: expired" is a sentence, and "access_token=..." or '"access_token": ...' a field.
_SECRET = rf"secret|{_PASSWORD}|oauth_(?:verifier|session_handle|signature)"
SECRET_NAME = rf"(?:{_SECRET}|(?<![a-z])(?:{_GIVES_ACCESS})(?=[\"']?\s*=|[\"']\s*:))"
# Of a namespace (XML), or of a record: user[password], user.password. What may stand before the name itself has none
# of the signs that end it, or each of them would be tried as the last.
_WITHIN = r"(?:[\w.:\[\]-]*[:.\[])?"
WHOLE_SECRET = rf"{_WITHIN}[\w-]*(?:{_SECRET}|{_GIVES_ACCESS})[\[\]]*"
#: In each of these names stands one of these words: a text without them takes no longer than to find that out.
SECRET_WORDS = (
    *("secret", "pass", "verifier", "handle", "signature", "token", "key", "pwd", "jwt", "sess", "assertion", "saml"),
)
# What does so in the parameters of a request only; a code of up to three digits is a status, or an error's number.
_IN_REQUEST = r"secret|pin|otp|sid|sig|(?:x-amz-)?signature|auth|pass|credentials?|code(?!=\d{1,3}(?!\w))"

# What stays in a recording: it is the same for everybody, or says why a request was refused.
_KEPT = (
    "version|signature_method|callback_confirmed|problem|problem_advice|acceptable_versions|acceptable_timestamps|"
    "parameters_absent|parameters_rejected|expires_in|authorization_expires_in|authorized_realms"
)
CREDENTIAL = (
    rf"(?:oauth_(?!(?:{_KEPT})\b)\w+"
    r"|oauth-?(?:token|verifier|session|consumer|nonce|timestamp|signature(?!-?method))[\w-]{0,40}"
    rf"|(?:client|consumer)[_-]?(?:id|key)|request[_-]?token|x_auth_username|\w*(?:{_GIVES_ACCESS})"
    r"|cookies(?=[\"']\s*:\s*[\[{])"
    rf"|\w+[_-]?secret|\w*{_PASSWORD})"
)
# In JSON, in quotes, and in XML, where they are whole names.
_IN_RECORD = "secret|pin|otp|sig|signature|credentials?"
QUOTED = rf"""(?<=["'])(?:{_IN_RECORD})(?=["'])"""
WHOLE_CREDENTIAL = rf"(?:[\w.:\[\]-]*[:.\[-])?(?:{CREDENTIAL}|{_IN_RECORD})[\[\]]*"
CREDENTIAL_WORDS = (
    *SECRET_WORDS,
    *("oauth", "client", "consumer", "auth", "pin", "otp", "sid", "sig", "credential", "code", "denied", "cookie"),
)
# What a callback calls them; "key" is E*TRADE's, beside "token" only.
LINKED = rf"(?<![^?&#;])(?:token|denied|{_IN_REQUEST})(?==)"
LINKED_BESIDE_TOKEN = "(?<![^?&#;])key(?==)"

_HEADER_WORDS = r"(?:[\w-]+-)?(?:token|secret|password|api-?key|session(?:-?id)?|signature)"
HEADER = (
    r"(?:set-)?cookie2?|(?:[\w-]+-)?auth(?:oriz|entic)ation"
    rf"|x-(?:auth-(?!service-provider\b)[\w-]+|{_HEADER_WORDS})"  # X-Auth-Service-Provider (OAuth Echo) is a URL
)
#: In a request or a response, where nothing else has such a name.
SECRET_HEADER = rf"x-auth-(?!service-provider\Z)[\w-]+|{_HEADER_WORDS}"

USERINFO = r"""(?<=//)[^\s/?#"'<>\\]+(?=@)"""
# The same at the start of a URL, however broken: a password with a "/" in it, which no URL may have, is no port.
URL_USERINFO = r"([a-z][a-z0-9+.-]*:[/\\]+|[/\\]*)(?![\[/\\])([^/?#\\]*|[^/?#@]*:(?!\d*(?:[/?#]|\Z))[^@]*)@"

#: Tells whether what a request sends under a name must not be shown.
is_secret_name = re.compile(
    rf"secret|passw|verifier|session_handle|oauth_signature$|{_GIVES_ACCESS}|(?<!\w)token(?![\w-])"
    rf"|(?<![\w-])(?:{_IN_REQUEST})(?![\w-])",
    re.IGNORECASE,
).search
