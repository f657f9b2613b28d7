"""RFC 5849 as pure functions: no I/O, no HTTP library, and no clock but ``signing``'s default.

Data runs one way::

    request -> parameters -> base string -> signature -> placement -> request

``message`` finds a request's parameters. Only ``signing`` and ``verifying`` compose the steps; what the
files share besides is percent-encoding and the URL.
"""

from typing import TYPE_CHECKING

from .methods import METHODS, Key, Method, register
from .signing import Signed, sign

if TYPE_CHECKING:
    from .verifying import Verdict, verify

__all__ = ["METHODS", "Key", "Method", "Signed", "Verdict", "register", "sign", "verify"]


def __getattr__(name: str) -> object:
    """Import what verifies when it is first asked for (PEP 562): who signs does without it."""
    if name not in ("Verdict", "verify"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import verifying

    return getattr(verifying, name)
