"""What is secret, and taking it out of a text: everybody who shows something asks here.

======================  =====================================================================================
``names.py``            the one table of the names of secrets, and the expression for a user name in a URL
``fields.py``           finds the values of fields that are secret by their name, whatever the shape of the text
``redactor.py``         finds secrets in a text, however they are escaped, and masks them; cuts what is masked
``stream.py``           the same for bytes that come in pieces, quick where there is nothing secret
``credentials.py``      what a recording must not keep: keys, tokens and cookies as well, in a text or a header
``bodies.py``           a recorded body, whatever its compression, charset and format
``request_secrets.py``  which secrets a caller has given, and which a request carries itself
``html_page.py``        a text on a page, where nothing in it can run, load or hide; the shell of every page
======================  =====================================================================================

A text is redacted first, and cut then: ``Redactor(secrets)(text, most=65536)``, ``shorten(redacted, 200)``. The other
way round, half a secret would be left at the end, which nobody finds any more.

Nothing is imported until it is asked for: a page needs no redactor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .names import is_secret_name
    from .redactor import MASK, Redactor, redact, shorten, unescape_levels

__all__ = ["MASK", "Redactor", "is_secret_name", "redact", "shorten", "unescape_levels"]


def __getattr__(name: str) -> object:
    """Import a public name on first use (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    home = "names" if name == "is_secret_name" else "redactor"
    value: object = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value
