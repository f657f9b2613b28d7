"""The command ``oauth-hook``: run by ``main.py``, parsed by ``parser.py``, described by ``commands.py``.

Each command is in a module of its own.

What is imported here is loaded at every start, and by HTTPie: it is light.
"""

from .main import main

__all__ = ["main"]
