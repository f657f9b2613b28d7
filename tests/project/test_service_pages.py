"""Each known service has a page, which says what its row says."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest
from tables import for_each

from oauth_hook import SERVICES

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "docs" / "howto" / "services"


@pytest.fixture
def service_pages(monkeypatch):
    """What makes the pages."""
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "_ext"))
    return importlib.import_module("service_pages")


def test_each_service_has_a_page_and_each_page_a_service():
    """No row without a page, and no page without a row."""
    assert {path.stem for path in FOLDER.glob("*.rst")} == set(SERVICES), "python docs/_ext/service_pages.py"


@for_each("name", list(SERVICES))
def test_a_page_is_up_to_date(service_pages, name):
    """What a page says is what the row says; what was written by hand stands between its marks, in two places."""
    text = (FOLDER / f"{name}.rst").read_text(encoding="utf-8")
    assert text == service_pages.make_page(name), "python docs/_ext/service_pages.py"
    assert text.count(service_pages.BEGIN) == text.count(service_pages.END) == 2


@for_each("path", sorted(FOLDER.glob("*.rst")), ids=lambda path: path.stem)
def test_a_page_is_honest_and_harmless(path):
    """It says once that nothing was tried against the live service, and as of when; no example writes into a store."""
    text = path.read_text(encoding="utf-8")
    assert len(re.findall(r"^Not tried against the live service: ", text, re.MULTILINE)) == 1
    assert re.search(r" on 20\d\d-\d\d-\d\d\.$|was out of reach\.$", text, re.MULTILINE)
    assert not re.search(r">>> .*(CredentialStore\(\)|KeyringStore)|store\[", text)
    assert "oauth-hook request" in text
    assert "OAuthFlow.for_service(service, " in text


@for_each("path", sorted(FOLDER.glob("*.rst")), ids=lambda path: path.stem)
def test_a_page_says_what_no_row_can(path):
    """Where to register, what to copy, and what goes wrong most often; registering comes before the first sample."""
    text = path.read_text(encoding="utf-8")
    assert 0 < text.index("\nRegister an application\n") < text.index(".. code-block:: ")
    assert re.findall(r"^:(\w+):\s", text, re.MULTILINE) == ["Register", "Copy"]
    assert re.search(r"^What (goes|went) wrong most often\n-+\n\n(- .+\n(  .+\n)*)+", text, re.MULTILINE)
