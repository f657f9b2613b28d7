"""The types keep what they promise to users: ``typing_users.py`` calls every public name, as users do.

Lint has mypy and pyright judge that file; here it is held that it leaves nothing out, and that what
its types say is so when it runs.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import typing_users

import oauth_hook
from oauth_hook import extract_from_requests
from oauth_hook.provider import Provider

ROOT = Path(__file__).parent.parent.parent
USERS = ROOT / "tests" / "project" / "typing_users.py"
TREE = ast.parse(USERS.read_text(encoding="utf-8"))
MODULES = (
    "cassettes", "cli.saved", "client", "diagnosis", "httpx", "protocol", "protocol.rsa", "provider", "pump",
    "requests_oauthlib", "tokens.accounts",
)  # fmt: skip

# Public to the machinery that calls them, and not to users.
NOT_FOR_USERS = {
    "OAuth.async_auth_flow", "OAuth.auth_flow", "OAuth.sync_auth_flow",  # httpx
    "OAuthAdapter.init_poolmanager", "OAuthAdapter.proxy_manager_for",  # requests
    "OAuthHook.is_pinned_elsewhere", "OAuthHook.is_plain", "OAuthHook.learn_from", "OAuthHook.may_sign",
    "OAuthHook.on_redirect",  # hook/attach.py, hook/retry.py
    "Client.adopt", "Client.attach", "Client.registered",  # pump.py
}  # fmt: skip


def public_modules() -> Iterator[Any]:
    yield oauth_hook
    for name in MODULES:
        if name != "httpx" or find_spec("httpx") or find_spec("httpx2"):
            yield import_module(f"oauth_hook.{name}")


def used() -> tuple[set[str], set[str]]:
    """Return the names that the file uses, imports themselves not counted; and attributes, keyword arguments too."""
    imported = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(TREE)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    names = {node.id for node in ast.walk(TREE) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    attributes = {node.attr for node in ast.walk(TREE) if isinstance(node, ast.Attribute)}
    attributes |= {node.arg for node in ast.walk(TREE) if isinstance(node, ast.keyword) and node.arg is not None}
    return {imported.get(name, name) for name in names}, attributes


def test_every_public_name_is_used() -> None:
    """Whatever a public module promises is used by the file, as a name or by its module."""
    names, attributes = used()
    missing = {f"{module.__name__}.{name}" for module in public_modules() for name in module.__all__}
    assert {name for name in missing if name.rpartition(".")[2] not in names | attributes} == set()


def members(kind: type) -> set[str]:
    """Return what a class of ours offers besides what it inherits from others."""
    own = [base for base in kind.__mro__ if base.__module__.startswith("oauth_hook")]
    found = {name for base in own for name in (*vars(base), *inspect.get_annotations(base))}
    return {name for name in found if not name.startswith("_")}


def test_every_public_member_is_used() -> None:
    """So is each public method, property and field of the classes among them."""
    _, attributes = used()
    defined = {node.name for node in ast.walk(TREE) if isinstance(node, ast.FunctionDef)}
    classes = {
        value
        for module in public_modules()
        for value in (getattr(module, name) for name in module.__all__)
        if isinstance(value, type)
    }
    assert len(classes) > 30
    missing = {f"{kind.__name__}.{name}" for kind in classes for name in members(kind) - attributes - defined}
    assert missing - NOT_FOR_USERS == set()


def runnable() -> list[Callable[..., object]]:
    """Return the functions that need nothing but a provider and a folder."""
    functions = [value for _, value in inspect.getmembers(typing_users, inspect.isfunction)]
    return [
        function
        for function in functions
        if function.__module__ == typing_users.__name__
        and {*inspect.signature(function).parameters} <= {"provider", "oauth_provider", "folder"}
    ]


@pytest.mark.parametrize("function", runnable(), ids=lambda function: function.__name__)
def test_what_the_types_say_is_so(function: Callable[..., object], oauth_provider: Provider, tmp_path: Path) -> None:
    """The same code runs, and each value is of the class that its type says."""
    for client in ("httpx2", "httpx"):
        if client in function.__name__.split("_"):
            pytest.importorskip(client, reason=f"{client} is not installed")
    given = {"provider": oauth_provider, "oauth_provider": oauth_provider, "folder": str(tmp_path)}
    try:
        function(**{name: given[name] for name in inspect.signature(function).parameters})
    finally:
        extract_from_requests()


def test_a_wrong_type_is_found() -> None:
    """What ``assert_type`` says at run time is held: a value of another class is an error."""
    assert typing_users.assert_type(None, int | None) is None
    with pytest.raises(AssertionError):
        typing_users.assert_type("1", int | None)
    with pytest.raises(AssertionError):
        typing_users.assert_type(1, list[str])
