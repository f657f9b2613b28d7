"""The house stands as it is drawn: levels of import, lightness, size, names."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import oauth_hook

PACKAGE = Path(oauth_hook.__file__).parent

LEVELS = {
    "errors": 0, "version": 0,
    "credentials": 1, "rsa": 1, "services": 1, "clock": 1, "problem": 1, "redact": 1, "links": 1, "callback": 1,
    "receiver_pages": 1, "loopback": 2,
    "protocol": 2, "store": 2, "token_answer": 2, "cassettes": 2,
    "saved": 2.1, "prepared": 2.5, "causes": 2.7, "diagnosis": 3, "hop": 3.5, "answer": 4, "failures": 4,
    "hook": 4, "command_common": 4, "accounts": 4.5,
    "pre_request": 5, "adapter": 5, "httpx": 5, "flow": 5, "registration": 5, "verifiers": 5,
    "pump_client": 5.9, "pump_request": 5.9, "client": 6, "pump": 6, "provider": 6,
    "demo": 6.5, "account_commands": 6.5, "request_command": 6.5, "explain_command": 6.5, "commands": 6.6, "cli": 7,
    "httpie": 7,
    "__main__": 8,
    "__init__": 9,
}  # fmt: skip

FILES = sorted(PACKAGE.rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Return the modules of the package that a file imports, as dotted paths below it."""
    here = path.relative_to(PACKAGE).with_suffix("").parts
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level:
                base = here[: len(here) - node.level]
                names = [module] if module else [alias.name for alias in node.names]
                found |= {".".join((*base, *name.split("."))) for name in names}
            elif module.split(".")[0] == "oauth_hook":
                found.add(module.partition(".")[2] or "__init__")
        elif isinstance(node, ast.Import):
            found |= {a.name.partition(".")[2] or "__init__" for a in node.names if a.name.startswith("oauth_hook")}
    return found


def home(module: str) -> str:
    return module.split(".")[0]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_from_below(path):
    """Each module has a level, and imports from lower ones only; inside a folder, from its siblings too."""
    name = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    for module in imported(path):
        if home(module) != name:
            assert LEVELS[home(module)] < LEVELS[name], f"{path.name} imports {module}"


def test_siblings_of_the_protocol_share_the_encoding_only():
    """Inside protocol/ only signing.py composes the others."""
    for path in (PACKAGE / "protocol").glob("*.py"):
        if path.stem not in ("signing", "__init__"):
            siblings = {module for module in imported(path) if home(module) == "protocol"}
            assert siblings <= {"protocol.encoding"}, path.name


def test_the_protocol_has_no_http_library_no_oauthlib_and_no_files():
    """protocol/ is pure: it imports neither requests nor oauthlib nor anything that does I/O."""
    for path in (PACKAGE / "protocol").glob("*.py"):
        names = {
            (node.module or "").split(".")[0] if isinstance(node, ast.ImportFrom) else alias.name.split(".")[0]
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        assert not names & {"requests", "urllib3", "oauthlib", "socket", "io", "pathlib", "sqlite3", "logging"}


def test_the_provider_never_imports_what_it_judges():
    """The provider shares no code with the signer: not directly, and not through another module."""
    seen, queue = set(), {m for path in (PACKAGE / "provider").rglob("*.py") for m in imported(path)}
    while queue:
        module = queue.pop()
        if home(module) == "provider" or module in seen:
            continue
        seen.add(module)
        path = PACKAGE.joinpath(*module.split("."))
        path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        queue |= imported(path)
    assert not {home(module) for module in seen} & {"hook", "flow", "protocol", "diagnosis", "__init__"}


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
            # answer.py carries what a thread raised, whatever it is, to the one that waits for it.
            assert getattr(node.type, "id", "") not in ("Exception", "BaseException") or path.name == "answer.py"


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
