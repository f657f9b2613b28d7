"""RFC 5849 as pure functions: no I/O, no HTTP library, and no clock but ``signing``'s default.

Data runs one way::

    request -> parameters -> base string -> signature -> placement -> request

``message`` finds a request's parameters. Only ``signing`` and ``verifying`` compose the steps; what the
files share besides is percent-encoding and the URL.
"""

from .methods import METHODS, Key, Method, register
from .signing import Signed, sign
from .verifying import Verdict, verify

__all__ = ["METHODS", "Key", "Method", "Signed", "Verdict", "register", "sign", "verify"]
