"""The README tells the truth: its sessions run, and its commands are there to paste."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sessions import run_session

from oauth_hook import OAuthHook, extract_from_requests

README = Path(__file__).parent.parent / "README.md"


@pytest.fixture(autouse=True)
def restored(monkeypatch):
    """Put back what the README changes for everybody."""
    monkeypatch.setattr(OAuthHook, "consumer_key", None)
    monkeypatch.setattr(OAuthHook, "consumer_secret", None)
    yield
    extract_from_requests()


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # a reader's session leaves its clients to the interpreter
def test_the_readme_runs():
    """Each interactive block of the README runs in turn and prints what it shows."""
    blocks = re.findall(r"^```pycon\n(.*?)^```$", README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert len(blocks) >= 10
    assert run_session("\n".join(blocks), "README.md") == ""


def test_the_two_commands_are_one_line_each():
    """A fresh machine needs one line for the demo and one for the tests, each in a block of its own."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/oauth-hook demo\n" in blocks
    assert "python3 -m venv .venv && .venv/bin/pip install '.[test]' && .venv/bin/pytest -n auto\n" in blocks
