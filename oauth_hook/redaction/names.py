"""The names of secrets, and where else they stand: the one table that errors, explanations and cassettes ask.

================  ========================================================  ==========================================
``SECRET_NAME``   ends the name of what must never be shown                 in errors, logs, explanations
``SECRET_WORDS``  stands somewhere in the name of what a request sends      in explanations, in what the command shows
``CREDENTIAL``    the whole name of what a recording must not keep          in cassettes: keys, tokens and nonces, too
``LINKED``        a parameter of a URL or a form that is a token           in cassettes
``HEADER``        the whole name of a header whose value is a credential    in cassettes
``URL_USERINFO``  what stands before the host at the start of a broken URL  in what a request carries
``USERINFO``      what stands before the host in a URL (RFC 3986 s3.2.1)    everywhere
================  ========================================================  ==========================================
"""

from __future__ import annotations

import re

__all__ = [
    "CREDENTIAL",
    "HEADER",
    "LINKED",
    "LINKED_BESIDE_TOKEN",
    "SECRET_HEADER",
    "SECRET_NAME",
    "USERINFO",
    "is_secret_name",
]

_PASSWORD = "passw(?:or)?d"
SECRET_NAME = rf"(?:secret|{_PASSWORD}|oauth_(?:verifier|session_handle|signature))"
SECRET_WORDS = r"secret|passw|verifier|session_handle|oauth_signature$"

# What stays in a recording: it is the same for everybody, or says why a request was refused.
_KEPT = (
    "version|signature_method|callback_confirmed|problem|problem_advice|acceptable_versions|acceptable_timestamps|"
    "parameters_absent|parameters_rejected|expires_in|authorization_expires_in|authorized_realms"
)
CREDENTIAL = (
    rf"(?:oauth_(?!(?:{_KEPT})\b)\w+"
    r"|(?:client|consumer)_?(?:id|key)|(?:access|request|refresh)_?token|api_?key|x_auth_username"
    rf"|\w+secret|\w*{_PASSWORD})"
)
# What a callback calls them; "key" is E*TRADE's, beside "token" only.
LINKED = "(?<![^?&#;])(?:token|denied)(?==)"
LINKED_BESIDE_TOKEN = "(?<![^?&#;])key(?==)"

_HEADER_WORDS = r"(?:[\w-]+-)?(?:token|secret|password|api-?key)"
HEADER = rf"(?:set-)?cookie|(?:proxy-)?authorization|x-(?:auth-[\w-]+|{_HEADER_WORDS})"
#: X-Auth-Service-Provider (OAuth Echo) is a URL.
SECRET_HEADER = rf"x-auth-(?!service-provider\Z)[\w-]+|{_HEADER_WORDS}"

USERINFO = r"""(?<=//)[^\s/?#"'<>\\]+(?=@)"""
# The same at the start of a URL, however broken: a password with a "/" in it, which no URL may have, is no port.
URL_USERINFO = r"([a-z][a-z0-9+.-]*:[/\\]+|[/\\]*)(?![\[/\\])([^/?#\\]*|[^/?#@]*:(?!\d*(?:[/?#]|\Z))[^@]*)@"

#: Tells whether what stands under a name must not be shown.
is_secret_name = re.compile(SECRET_WORDS, re.IGNORECASE).search
