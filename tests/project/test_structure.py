"""The package is light to import, and has the names that it promises.

Its floors are held by import-linter, its docstrings, the length of functions and what they may catch by ruff: see
``pyproject.toml``.
"""

from __future__ import annotations

import subprocess
import sys

import oauth_hook


def test_importing_the_package_is_light():
    """``import oauth_hook`` loads neither oauthlib nor sqlite3, http.server, cryptography, asyncio or other clients.

    That holds when every public name is asked for, too.
    """
    heavy = ["oauthlib", "sqlite3", "http.server", "cryptography", "asyncio", "aiohttp", "httpx", "niquests", "tkinter"]
    code = (
        "import sys, requests; before = set(sys.modules); from oauth_hook import *; "
        f"print([name for name in {heavy} if name in set(sys.modules) - before])"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert output.stdout.strip() == "[]"


def test_the_public_names_are_there():
    """What ``__all__`` promises can be imported, and nothing private is promised."""
    for name in oauth_hook.__all__:
        assert getattr(oauth_hook, name) is not None
    assert len(set(oauth_hook.__all__)) == len(oauth_hook.__all__)


def test_the_pytest_plugin_costs_nothing():
    """Loading the plugin, which pytest does at every start, loads neither requests nor oauthlib."""
    code = "import sys, oauth_hook.provider.pytest_plugin; print({'requests', 'oauthlib'} & set(sys.modules))"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert output.stdout.strip() == "set()"
