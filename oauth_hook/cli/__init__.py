"""The command ``oauth-hook``: its parser is in ``main.py``, and each command in a module of its own.

What is imported here is loaded at every start, and by HTTPie: it is light.
"""

from .main import main

__all__ = ["main"]
