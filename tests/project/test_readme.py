"""The README tells the truth: its sessions run, and its commands are there to paste."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest
from sessions import run_session
from tables import for_each

from oauth_hook import OAuthHook, extract_from_requests

README = Path(__file__).parent.parent.parent / "README.md"


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
    assert len(blocks) >= 3
    assert run_session("\n".join(blocks), "README.md") == ""


in_a_clone = pytest.mark.skipif(
    "](docs/" not in README.read_text(encoding="utf-8"), reason="this README was published: its addresses are whole"
)


def links(text: str) -> list[str]:
    """Return where the links and pictures of a text lead."""
    return re.findall(r"\]\(([^)\s]+)\)", text)


@in_a_clone
def test_its_links_lead_somewhere():
    """What the README shows and links within the repository is there."""
    within = [link for link in links(README.read_text(encoding="utf-8")) if "://" not in link]
    assert len(within) > 10
    assert [link for link in within if not (README.parent / link).is_file()] == []


@in_a_clone
def test_a_release_has_whole_addresses(tmp_path):
    """What is published leads to the repository, as an index has none of its files; nothing else is changed."""
    names = ("README.md", "SECURITY.md", "setup.cfg", "docs/security.rst", "docs/addresses.py")
    (tmp_path / "docs").mkdir()
    for name in names:
        shutil.copyfile(README.parent / name, tmp_path / name)
    command = [sys.executable, tmp_path / "docs" / "addresses.py", "https://host.example/owner/name", "v1.2.3"]
    subprocess.run(command, check=True, timeout=60)
    before, after = (
        {name: (root / name).read_text(encoding="utf-8") for name in names} for root in (README.parent, tmp_path)
    )
    text = after["README.md"]
    assert [link for link in links(text + after["SECURITY.md"]) if "://" not in link] == []
    assert "](https://host.example/owner/name/raw/v1.2.3/docs/images/demo.svg)" in text
    assert "](https://host.example/owner/name/blob/v1.2.3/docs/tutorial.rst)" in text
    assert re.sub(r"https://host\.example/owner/name/(raw|blob)/v1\.2\.3/", "", text) == before["README.md"]
    for name in ("SECURITY.md", "docs/security.rst"):
        assert "https://host.example/owner/name/security/advisories/new" in after[name], name
        assert " --repo owner/name" in after[name], name
    assert [name for name in names if name != "docs/addresses.py" and "OWNER/NAME" in after[name]] == []
    parsers = {name: ConfigParser() for name in ("before", "after")}
    parsers["before"].read_string(before["setup.cfg"])
    parsers["after"].read_string(after["setup.cfg"])
    urls = dict(line.split(" = ") for line in parsers["after"]["metadata"]["project_urls"].strip().splitlines())
    assert urls["Source"] == "https://host.example/owner/name"
    del parsers["after"]["metadata"]["project_urls"]
    assert parsers["after"] == parsers["before"]


CLAIMS = {  # a phrase of the README, and the column of the page of languages, which is the row of the other page
    r"a GET is signed (\d+) times as fast": "GET, 3 parameters, header",
    r"a form of 1,000 fields (\d+) times": "POST form, 1,000 fields",
    r"a value of 1 MB (\d+) times": "POST form, one value of 1 MB",
    r"RSA (\d+) times": "GET, RSA-SHA256",
}


def find_ratios(page: str, row: str, column: str) -> list[float]:
    """Return how many times as long as we it takes, as the first table of a report that has the row says."""
    text = (README.parent / "docs" / page).read_text(encoding="utf-8")
    rows = [re.split(r"\n     - ", found) for found in re.findall(r"   \* - (.*(?:\n     - .*)*)", text)]
    names = next(cells for cells in rows if column in cells)
    cell = next(cells for cells in rows if cells[0] == row)[names.index(column)]
    return [float(ratio) for ratio in re.findall(r"\(([\d.]+)x\)", cell)]  # none where it takes no part


@for_each(("phrase", "case"), CLAIMS.items())
def test_it_claims_no_more_speed_than_was_measured(phrase, case):
    """What the README says of others' speed is what both reports show, or less."""
    (claimed,) = re.findall(phrase, README.read_text(encoding="utf-8"))
    measured = []
    for other in ("requests-oauthlib", "Authlib"):
        measured += find_ratios("benchmarks.rst", case, other)
        measured += find_ratios("benchmarks-languages.rst", f"{other} (Python)", case)
    assert len(measured) >= 2
    assert int(claimed) <= round(min(measured)), "benchmarks were run again: change the README"


def test_it_claims_no_more_speed_than_was_measured_over_rauth():
    """The fastest of the others has a figure of its own."""
    (claimed,) = re.findall(r"\((\d+) times as fast as by rauth\)", README.read_text(encoding="utf-8"))
    (measured,) = find_ratios("benchmarks-languages.rst", "rauth (Python)", "GET, 3 parameters, header")
    assert int(claimed) <= round(measured), "benchmarks were run again: change the README"


def test_it_is_short():
    """A reader sees all of it in a few minutes; the long session is a page of the documentation, which runs, too."""
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 200


def test_the_two_commands_are_one_line_each():
    """A fresh machine needs one line for the demo and one for the tests, each in a block of its own."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/oauth-hook demo\n" in blocks
    assert "python3 -m venv .venv && .venv/bin/pip install '.[test]' && .venv/bin/pytest -n auto\n" in blocks
