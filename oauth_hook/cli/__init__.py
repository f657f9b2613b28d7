"""The command ``oauth-hook``: ``main.py`` runs it, ``parser.py`` reads what was typed, ``commands.py`` lists the commands.

Each command is in a module of its own.

What is imported here is loaded at every start, and by HTTPie: it is light.
"""

from .main import main

__all__ = ["main"]
