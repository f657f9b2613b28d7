"""What is secret, and taking it out of a text: everybody who shows something asks here.

``redactor.py`` finds secrets in a text, however they are escaped; ``request_secrets.py`` knows which secrets a
request carries.
"""

from .redactor import MASK, Redactor, redact, shorten

__all__ = ["MASK", "Redactor", "redact", "shorten"]
