"""The package is light to import, and has the names that it promises.

Its floors are held by import-linter, its docstrings, the length of functions and what they may catch by ruff: see
``pyproject.toml``.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import oauth_hook

ROOT = Path(__file__).parent.parent.parent
TOP = """
    AUTHORS CHANGELOG.md CONTRIBUTING.md LICENSE MANIFEST.in README.md SECURITY.md pyproject.toml setup.cfg setup.py
    test_settings.py.template tox.ini benchmarks docs examples oauth_hook tests vectors
"""


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


@pytest.mark.skipif(not (shutil.which("git") and (ROOT / ".git").exists()), reason="this is no checkout")
def test_nothing_lies_about():
    """Git has nothing at the top but what belongs there: no file that an example, or somebody's try, has left."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z"], capture_output=True, check=True, cwd=ROOT, timeout=60
    ).stdout
    names = {name.partition("/")[0] for name in listed.decode().strip("\0").split("\0")}
    assert {name for name in names if not name.startswith(".")} == set(TOP.split())
