"""The documentation tells the truth: each example on its pages runs, and prints what is shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sessions import run_session
from tables import for_each

from oauth_hook import OAuthHook, extract_from_requests

DOCS = Path(__file__).parent.parent.parent / "docs"
PAGES = sorted(page for page in DOCS.rglob("*.rst") if ">>>" in page.read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def restored(monkeypatch, tmp_path):
    """Put back what a page changes for everybody, and give it an empty folder to work in."""
    monkeypatch.setattr(OAuthHook, "consumer_key", None)
    monkeypatch.setattr(OAuthHook, "consumer_secret", None)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    before = list_files(DOCS.parent)
    yield
    extract_from_requests()
    assert list_files(DOCS.parent) == before, "a page wrote into the repository"


def list_files(folder: Path) -> set[str]:
    """Return the names of the files of a folder that are seen, without those of folders in it."""
    return {path.name for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")}


@for_each("page", sorted(DOCS.rglob("*.rst")), ids=lambda page: str(page.relative_to(DOCS)))
def test_links_to_files_lead_somewhere(page):
    """A link from a page to a file of the repository, which a forge follows, has the file at its end."""
    links = re.findall(r"<(\.\./[^>]+)>`__", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).is_file()] == []


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # a reader's session leaves its clients to the interpreter
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_the_page_runs(page):
    """The examples of a page, in turn, in one interpreter, print what the page shows."""
    text = page.read_text(encoding="utf-8")
    for needed in re.findall(r"^\.\. needs: (\w+)$", text, re.MULTILINE):
        pytest.importorskip(needed, reason=f"the page is about {needed}, which is not installed here: see .ci/run")
    assert run_session(text, page.name) == ""


def test_pictures_are_few_and_shown():
    """All pictures together are small, and each is on some page, or in the README."""
    pictures = list((DOCS / "images").iterdir())
    assert sum(path.stat().st_size for path in pictures) < 1_500_000
    text = "".join(page.read_text(encoding="utf-8") for page in (*DOCS.rglob("*.rst"), DOCS.parent / "README.md"))
    assert [path.name for path in pictures if f"images/{path.name}" not in text] == []
