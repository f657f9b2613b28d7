"""What the command prints when something goes wrong: one line without secrets, and the exit status.

The exceptions of ``requests`` and urllib3 carry whole URLs, in which a signature (or, with PLAINTEXT, both
secrets) may stand. So a failure of the connection is told by its origin and its cause only.
"""

from __future__ import annotations

from typing import Final

import requests
import urllib3
from requests import exceptions

from ..errors import OAuthHookError, UsageError
from ..protocol.url import parse_origin, print_origin
from ..redaction import redact
from .console import MISUSE, REFUSED, one_line

__all__ = ["find_status", "tell"]

# What requests raises before anything is sent, because the request itself is wrong. Its words repeat what is wrong.
_MISUSE: Final = {
    exceptions.MissingSchema: "the URL must be absolute: begin it with https:// (or http://)",
    exceptions.InvalidSchema: "the URL must begin with https:// (or http://)",
    exceptions.InvalidURL: "the URL cannot be requested: look at its host and its port",
    exceptions.InvalidHeader: "a header has characters that HTTP does not allow",
}

# What went wrong with the connection, the most specific first; {0} stands for the origin, {1} for the cause.
_FAILURES: Final = (
    (exceptions.ProxyError, "the proxy for {0} cannot be used: {1}"),
    (exceptions.SSLError, "cannot make a secure connection to {0}: {1}"),
    (exceptions.Timeout, "{0} did not respond in time"),
    (exceptions.TooManyRedirects, "{0} redirects too many times"),
    (exceptions.ChunkedEncodingError, "the response from {0} was cut off"),
    (exceptions.ContentDecodingError, "the response from {0} is not encoded as its headers say"),
    (exceptions.ConnectionError, "cannot reach {0}: {1}"),
)

# Advice in the package's errors, as it reads in Python and as it reads on the command line. A test holds that each
# phrase is one that the package still uses.
_OPTIONS = (
    ("; if it is encrypted, give (pem, passphrase)", ""),
    ("give the credential store a path", "use --store FILE"),
    ("or keep credentials in a file, a CredentialStore", "or keep credentials in a file, --store FILE"),
    ("scheme='http'", "--http"),
    ("token_url must", "--token-url must"),
    ("replace=True", "--replace"),
    ("`del store[name]`", "`oauth-hook credentials remove NAME`"),
    ("let the user have more time (timeout)", "take more time (--timeout)"),
    ("use ask_on_console", "leave --browser out"),
    ("use another verifier source, such as LoopbackReceiver", "use --browser"),
    ("confirmed='ignore' takes that", '"confirmed": "ignore" in a file for --service takes that'),
)


def find_status(error: Exception) -> int:
    """Return the exit status for an error: misuse where it is the caller's fault, else a refusal."""
    return MISUSE if isinstance(error, (UsageError, *_MISUSE)) else REFUSED


def tell(error: Exception) -> str:
    """Return one line about an error, in words that help on the command line, without secrets."""
    if isinstance(error, OAuthHookError):
        text = str(error)
        for python, option in _OPTIONS:
            text = text.replace(python, option)
        return one_line(text)
    if isinstance(error, requests.RequestException):
        return one_line(_describe_failure(error))
    if isinstance(error, OSError) and error.strerror:
        place = "" if error.filename is None else f": {error.filename}"
        return one_line(f"{error.strerror}{place}")
    return one_line(str(error))


def _describe_failure(error: requests.RequestException) -> str:
    for kind, words in _MISUSE.items():
        if isinstance(error, kind):
            return words
    said = error.args[0] if error.args else ""
    if isinstance(said, str) and said:
        return redact(str(error))  # a sentence, of requests or of this package
    cause = _find_cause(error)
    if isinstance(cause, TimeoutError | urllib3.exceptions.TimeoutError):  # while a body was read, say
        error = requests.Timeout(request=error.request)
    for failure, words in _FAILURES:
        if isinstance(error, failure):
            return words.format(_describe_origin(error), _describe_cause(cause))
    return f"the request failed ({type(error).__name__})"


def _describe_origin(error: requests.RequestException) -> str:
    """Return the origin of the request's URL, whose path and query may hold secrets."""
    origin = parse_origin(getattr(error.request, "url", None))
    return "the server" if origin is None else print_origin(origin)


def _find_cause(error: BaseException) -> BaseException:
    """Return the innermost error: requests and urllib3 put it among the arguments, or chain it."""
    inside = next((part for part in error.args if isinstance(part, BaseException)), None)
    reason = getattr(error, "reason", None)
    inner = inside or (reason if isinstance(reason, BaseException) else None) or error.__cause__
    if inner is None and isinstance(error, urllib3.exceptions.HTTPError):
        inner = error.__context__  # urllib3 1 does not say "from"
    return error if inner is None else _find_cause(inner)


# What TLS says of a response that is not TLS.
_NOT_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG")


def _describe_cause(cause: BaseException) -> str:
    """Return why, in the words of the operating system or of TLS, which have no URL in them."""
    if getattr(cause, "reason", None) in _NOT_TLS:
        return "that port speaks plain http, it seems, so begin the URL with http://"
    if str(getattr(cause, "line", "")).startswith("\x15\x03"):  # an alert of TLS (RFC 8446 s5.1)
        return "that port speaks https, so begin the URL with https://"
    for name in ("verify_message", "reason", "strerror"):
        words = getattr(cause, name, None)
        if isinstance(words, str) and words:
            return words.replace("_", " ").lower() if words.isupper() else words
    if isinstance(cause, ConnectionError):
        return "it closed the connection without a response"
    return f"its response is not HTTP ({type(cause).__name__})"
