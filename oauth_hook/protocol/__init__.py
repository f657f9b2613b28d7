"""RFC 5849 as pure functions: no I/O, no HTTP library, and no clock but ``signing``'s default.

Data runs one way::

    request -> parameters -> base string -> signature -> placement -> request

The files know nothing of each other but the percent-encoding that they share; only
``signing`` composes them.
"""

from .methods import METHODS, Key, Method, register
from .signing import Signed, sign
from .verifying import Verdict, verify

__all__ = ["METHODS", "Key", "Method", "Signed", "Verdict", "register", "sign", "verify"]
