"""The house stands as it is drawn: lightness, size, names; its floors are held by import-linter (pyproject.toml)."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import oauth_hook

PACKAGE = Path(oauth_hook.__file__).parent

FILES = sorted(PACKAGE.rglob("*.py"))


def test_importing_the_package_is_light():
    """``import oauth_hook`` loads neither oauthlib nor sqlite3, http.server, cryptography, asyncio or other clients.

    That holds when every public name is asked for, too.
    """
    heavy = ["oauthlib", "sqlite3", "http.server", "cryptography", "asyncio", "httpx", "niquests", "tkinter"]
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


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_modules_and_functions_are_short(path):
    """No module over 400 lines, no function over 60; no ``assert`` checks input, no broad ``except`` swallows."""
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno - node.lineno < 60, node.name
        assert not isinstance(node, ast.Assert)
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None
            # http.py carries what a thread raised, whatever it is, to the one that waits for it.
            assert getattr(node.type, "id", "") not in ("Exception", "BaseException") or path.name == "http.py"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_modules_and_public_names_have_docstrings(path):
    """Every module, class and public function says what it is."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), path
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    inner = {id(node) for outer in functions for node in ast.walk(outer) if node is not outer}
    for node in ast.walk(tree):
        named = isinstance(node, ast.ClassDef) or (node in functions and id(node) not in inner)
        if named and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{path.name}: {node.name}"


def test_the_pytest_plugin_costs_nothing():
    """Loading the plugin, which pytest does at every start, loads neither requests nor oauthlib."""
    code = "import sys, oauth_hook.provider.pytest_plugin; print({'requests', 'oauthlib'} & set(sys.modules))"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert output.stdout.strip() == "set()"
