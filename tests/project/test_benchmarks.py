"""The report of the benchmarks, written from given figures: nothing is timed here, and no other library is needed."""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ElementTree
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
SVG = "{http://www.w3.org/2000/svg}"
LONG = "x" * 150
GET, RSA = "GET, 3 parameters, header", "POST <form> & *stars*, RSA_"

FIGURES = {
    "machine": {
        "date": "2026-01-02T03:04:05+00:00", "system": "Linux, x86_64", "processor": "A | processor `of` some kind",
        "python": "CPython 3.12.1",
    },
    "rounds": 25,
    "ours": "oauth_hook",
    "peers": ["one-lib", "other_lib_"],
    "floor": "floor",
    "seconds": {
        GET: {"oauth_hook": 20e-6, "one-lib": 160e-6, "other_lib_": 130.4e-6, "floor": 14e-6},
        RSA: {"oauth_hook": 1.5e-3, "one-lib": 30e-3},
    },
    "ratios": {GET: {"one-lib": 8.04, "other_lib_": 0.5}, RSA: {"one-lib": 321.0}},
    "objections": {RSA: {"other_lib_": "raises ValueError: no <method> `RSA` *here*, " + "and so on, " * 30 + LONG}},
    "goals": [
        {"what": f"{GET}: over one-lib", "measured": {"median": 8.04, "low": 6.96, "high": 9.5}, "target": 5,
         "is_most": False, "unit": "x", "met": True},
        {"what": "import of OAuthHook_", "measured": {"median": 26.44, "low": 25.5, "high": 31}, "target": 25,
         "is_most": True, "unit": " ms", "met": False},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def report():
    """The module, from the checkout: benchmarks are not installed."""
    spec = spec_from_file_location("report_of_benchmarks", ROOT / "benchmarks" / "report.py")
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # where its annotations are looked up
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def drawn(report) -> ElementTree.Element:
    """Return the picture's root."""
    return ElementTree.fromstring(report.plot(FIGURES))  # noqa: S314 - it is ours


def rows(page: str) -> list[list[str]]:
    """Return the rows of all tables, a list of cells each."""
    found = [re.split(r"\n     - ", row) for row in re.findall(r"   \* - (.*(?:\n     .*)*)", page)]
    return [[" ".join(cell.split()) for cell in row] for row in found]


def test_the_table_has_the_medians(report):
    """A request to a row, a contender to a column; who does not take part has a dash, and the reason is told."""
    page = report.page(FIGURES)
    assert ["request", "oauth\\_hook", "one-lib", "other\\_lib\\_", "floor"] in rows(page)
    assert [GET, "20", "160 (8.0x)", "130 (0.5x)", "14"] in rows(page)
    assert ["POST \\<form\\> & \\*stars\\*, RSA\\_", "1,500", "30,000 (321.0x)", "\N{EN DASH}", "\N{EN DASH}"] in rows(
        page
    )
    assert "RSA\\_: other\\_lib\\_ does not take part, since it raises ValueError: no \\<method\\>" in page


def test_goals_are_told_met_or_not(report):
    """Each goal has its row, and those that are not met are named before."""
    page = report.page(FIGURES)
    assert [f"{GET}: over one-lib", "8.04x", "6.96 to 9.50", "at least 5x", "yes"] in rows(page)
    assert ["import of OAuthHook\\_", "26.44 ms", "25.50 to 31.00", "at most 25 ms", "**no**"] in rows(page)
    assert "1 of 2 goals are met. Not met: import of OAuthHook\\_." in page
    met = report.page({**FIGURES, "goals": FIGURES["goals"][:1]})
    assert "All 1 goals are met." in met
    assert "**no**" not in met


def test_the_machine_is_told(report):
    """What the figures depend on is there, with the day and without the hour."""
    page = report.page(FIGURES)
    assert ["date", "2026-01-02"] in rows(page)
    assert ["processor", "A \\| processor \\`of\\` some kind"] in rows(page)
    assert "In each of 25 rounds" in " ".join(page.split())


def test_no_line_is_too_long(report):
    """Lines of the page's source end where others can read them, but for words that are longer."""
    long = [line for line in report.page(FIGURES).splitlines() if len(line) > 120]
    assert [line.strip() for line in long] == [LONG]


@pytest.mark.skipif(find_spec("docutils") is None, reason="docutils is not installed: pip install '.[docs]'")
def test_the_page_is_sound(report):
    """docutils reads the page without a remark, and finds the text in it as it was meant."""
    from docutils import core, nodes

    page = report.page(FIGURES).replace(".. code-block:: sh", "::")  # which is Sphinx's
    document = core.publish_doctree(page, settings_overrides={"report_level": 1, "halt_level": 2})
    cells = [entry.astext() for entry in document.findall(nodes.entry)]
    assert {RSA, "A | processor `of` some kind", "other_lib_", "oauth_hook"} <= set(cells)
    (image,) = document.findall(nodes.image)
    assert image["uri"] == "images/benchmarks.svg"
    assert len(image["alt"]) > 40


def test_the_picture_is_sound(report):
    """The plot is XML, has its text as text, is described in words, and loads nothing from elsewhere."""
    text, root = report.plot(FIGURES), drawn(report)
    assert (root.get("role"), root.get("aria-labelledby")) == ("img", "title desc")
    assert root.findtext(f"{SVG}title")
    described = " ".join(root.findtext(f"{SVG}desc").split())
    assert f"{GET}: one-lib 8.0, other_lib_ 0.5; {RSA}: one-lib 321.0, other_lib_ does not take part." in described
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert {GET, RSA, "one-lib", "other_lib_", "8.0x", "321.0x", "0.5x", "1x", "other_lib_ does not take part"} <= {
        *texts
    }
    assert set(re.findall(r"https?://[\w./]+", text)) == {"http://www.w3.org/2000/svg"}
    assert max(map(len, text.splitlines())) <= 130


def test_bars_are_as_long_as_their_ratios(report):
    """A bar begins at 1 and ends at its ratio, by the logarithm; one below 1 is a line; all stay in the picture."""
    root = drawn(report)
    width = float(root.get("viewBox").split()[2])
    below = [bar for bar in root.iter(f"{SVG}rect") if float(bar.get("y")) > 60]  # the legend
    lengths = [float(bar.get("width")) for bar in below]
    assert lengths == [pytest.approx(lengths[2] * 0.361, rel=0.01), 1.0, lengths[2]]  # log 8.04 / log 321
    ends = [float(bar.get("x")) + float(bar.get("width")) for bar in below]
    ends += [float(line.get("x2")) for line in root.iter(f"{SVG}line")]
    texts = [text for text in root.iter(f"{SVG}text") if "mid" not in text.get("class", "")]
    ends += [float(text.get("x")) + 7.5 * len(text.text) for text in texts]
    assert max(ends) <= width


def luminance(colour: str) -> float:
    """Return the relative luminance of ``#rrggbb`` (WCAG 2.2)."""
    values = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(("scheme", "paper"), [(0, "#ffffff"), (1, "#14181d")], ids=["light", "dark"])
def test_the_picture_reads_well(report, scheme, paper):
    """Text stands out from the paper (4.5), and bars do (3), in light and in dark (WCAG 2.2, 1.4.3 and 1.4.11)."""
    style = drawn(report).findtext(f"{SVG}style")
    rules = style.partition("@media (prefers-color-scheme: dark)")[2 * scheme]
    colours = dict(re.findall(r"(\S+) \{[^}]*(?:fill|stroke): (#[0-9a-f]{6})", rules))
    least = {"text": 4.5, ".note": 4.5, ".first": 3, ".second": 3, ".ours": 3}
    assert set(least) <= set(colours)
    for name, contrast in least.items():
        low, high = sorted([luminance(colours[name]), luminance(paper)])
        assert (high + 0.05) / (low + 0.05) >= contrast, name


def test_both_are_written(report, tmp_path):
    """The page and its picture go where the documentation looks for them, and end lines alike on every system."""
    files = report.write(tmp_path, FIGURES)
    assert files == [tmp_path / "benchmarks.rst", tmp_path / "images" / "benchmarks.svg"]
    for file in files:
        assert b"\r" not in file.read_bytes()
    assert (tmp_path / "benchmarks.rst").read_text(encoding="utf-8") == report.page(FIGURES)
