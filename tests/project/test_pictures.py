"""The pictures of the README and of the gallery show what the command and ``explain`` say today."""

from __future__ import annotations

import html
import importlib
import re
from pathlib import Path

import pytest

from oauth_hook.version import find_documentation

DOCS = Path(__file__).parent.parent.parent / "docs"
# What is another each time: ports, times, and words that are long and random.
CHANGING = re.compile(r"(?<![\w-])([\w-]{20,}|[A-Z0-9]{12})(?![\w-])|\b\d{5,}\b")


@pytest.fixture(scope="module")
def pictures():
    """What makes the pictures, where there are terminals."""
    pytest.importorskip("pty", reason="Windows has no such terminals")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(DOCS))
        yield importlib.import_module("pictures")


def read_lines(svg: str) -> list[str]:
    """Return the lines that a picture shows, what changes left out, and base strings, which break anywhere."""
    texts = [html.unescape(re.sub(r"<[^>]+>", "", text)) for text in re.findall(r"<text [^>]*>(.*?)</text>", svg)]
    return [CHANGING.sub("...", text).rstrip() for text in texts if "%25" not in text]


@pytest.mark.skipif(find_documentation() != "docs", reason="this is a release, whose pages have a URL")
def test_pictures_of_terminals_are_up_to_date(pictures, oauth_provider):
    """Line by line each picture has what is shown now."""
    made = [pictures.picture_demo(), pictures.picture_explanation(oauth_provider)]
    made += pictures.picture_commands(oauth_provider)
    for picture in made:
        kept = (DOCS / "images" / f"{picture.name}.svg").read_text(encoding="utf-8")
        drawn = pictures.draw(picture.lines, picture.title, picture.about)
        assert read_lines(kept) == read_lines(drawn), f"{picture.name}: python docs/pictures.py"
        assert len(read_lines(kept)) > 5, picture.name
