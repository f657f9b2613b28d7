"""What is secret, and taking it out of a text: everybody who shows something asks here.

======================  =====================================================================================
``names.py``            the one table of the names of secrets, and the expression for a user name in a URL
``fields.py``           finds the values of fields that are secret by their name, whatever the shape of the text
``redactor.py``         finds secrets in a text, however they are escaped, and masks them; cuts what is masked
``credentials.py``      what a recording must not keep: keys, tokens and cookies as well, in a text or a header
``bodies.py``           a recorded body, whatever its compression, charset and format
``request_secrets.py``  which secrets a caller has given, and which a request carries itself
======================  =====================================================================================

A text is redacted first, and cut then: ``Redactor(secrets)(text, most=65536)``, ``shorten(redacted, 200)``. The other
way round, half a secret would be left at the end, which nobody finds any more.
"""

from .names import is_secret_name
from .redactor import MASK, Redactor, redact, shorten, unescape_levels

__all__ = ["MASK", "Redactor", "is_secret_name", "redact", "shorten", "unescape_levels"]
