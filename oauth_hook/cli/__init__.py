"""The command ``oauth-hook``: ``main.py`` has its parser, and a file each of its commands."""

from .main import main

__all__ = ["main"]
