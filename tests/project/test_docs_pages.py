"""The documentation as its readers get it: built without a warning, whole, and fit for any screen.

What its examples print is held by ``test_docs.py``.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest

import oauth_hook
from oauth_hook.cli.parser import make_parser
from oauth_hook.diagnosis.findings import ADVICE

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
DIAGRAMS = [DOCS / "images" / f"{name}.svg" for name in ("redirects", "signature", "three-legs")]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PATIENCE = 180  # seconds for a build, and for the browser; both take a few, where nobody else works

pytestmark = [pytest.mark.docs, pytest.mark.timeout(2 * PATIENCE)]
NARROW, WIDE = 360, 1280  # pixels: a small telephone, a small laptop
LEGIBLE = 4.5  # WCAG 2.2, 1.4.3: contrast of text and what is behind it

NEEDED = ("sphinx", "furo", "sphinx_copybutton", "sphinx_markdown_builder")
without_sphinx = pytest.mark.skipif(
    not all(map(find_spec, NEEDED)), reason=f"no {', '.join(NEEDED)} here: pip install '.[docs]'"
)


# --- the pages, built once for all workers of a run ---


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of the pages, and what the build complained of."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    site, said = base / "docs-pages", base / "docs-pages.txt"
    try:
        (base / "docs-claim").mkdir()
    except FileExistsError:  # another worker builds them
        until = time.monotonic() + PATIENCE
        while not said.exists() and time.monotonic() < until:
            time.sleep(0.1)
    else:
        command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"]
        result = subprocess.run(
            [*command, "-d", base / "docs-trees", DOCS, site],
            capture_output=True, text=True, timeout=PATIENCE, cwd=base, env={**os.environ, "NO_COLOR": "1"},
        )  # fmt: skip
        part = said.with_suffix(".part")
        part.write_text(result.stdout + result.stderr + ("" if result.returncode == 0 else "refused"), encoding="utf-8")
        part.replace(said)
    return site, said.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def site(built: tuple[Path, str]) -> Path:
    return built[0]


@dataclass
class Page(HTMLParser):
    """What of a page matters here."""

    path: Path
    ids: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    images: list[dict[str, str | None]] = field(default_factory=list)
    headings: int = 0
    title: str = ""

    def __post_init__(self) -> None:
        super().__init__()
        self._open = ""
        self.feed(self.path.read_text(encoding="utf-8"))
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        said = dict(attributes)
        self._open = tag
        self.ids.update(value for name in ("id", "name") if (value := said.get(name)))
        self.headings += tag == "h1"
        if tag == "a" and said.get("href"):
            self.links.append(str(said["href"]))
        if tag == "img":
            self.images.append(said)
        source = said.get("src") or (said.get("href") if tag == "link" and said.get("rel") == "stylesheet" else None)
        if source and tag != "a":
            self.loaded.append(source)

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        self.title += data if self._open == "title" else ""


@pytest.fixture(scope="session")
def pages(site: Path) -> dict[str, Page]:
    """The pages by where they are below the folder."""
    return {path.relative_to(site).as_posix(): Page(path) for path in sorted(site.rglob("*.html"))}


@without_sphinx
class TestPages:
    """All pages together."""

    def test_they_build_without_a_warning(self, built: tuple[Path, str]) -> None:
        """Sphinx has nothing to complain of."""
        assert built[1] == ""

    def test_every_link_leads_somewhere(self, site: Path, pages: dict[str, Page]) -> None:
        """Each link within the documentation leads to a page that is there, and to a place that is on it."""
        broken = []
        for name, page in pages.items():
            for link in page.links:
                parts = urlsplit(urljoin(f"//site/{name}", link))
                if parts.scheme or parts.netloc != "site":
                    continue
                target = unquote(parts.path).lstrip("/")
                found = pages.get(target)
                anchor = unquote(parts.fragment)
                if not (site / target).is_file() or (anchor and found is not None and anchor not in found.ids):
                    broken.append(f"{name}: {link}")
        assert broken == []
        assert sum(len(page.links) for page in pages.values()) > 1000

    def test_what_they_show_is_there_and_their_own(self, site: Path, pages: dict[str, Page]) -> None:
        """Images, styles and scripts are files of the documentation: nothing is loaded from elsewhere."""
        lost = [
            f"{name}: {source}"
            for name, page in pages.items()
            for source in page.loaded
            if not (page.path.parent / unquote(urlsplit(source).path)).is_file()
        ]
        assert lost == []
        shown = {Path(source).name for page in pages.values() for source in page.loaded}
        assert {path.name for path in DIAGRAMS} <= shown

    def test_each_has_a_title_and_one_heading(self, pages: dict[str, Page]) -> None:
        """A page has a title, and one heading of the first level."""
        assert {name: page.headings for name, page in pages.items() if page.headings != 1} == {}
        assert [name for name, page in pages.items() if not page.title.strip()] == []

    def test_pictures_are_described(self, pages: dict[str, Page]) -> None:
        """Who cannot see a picture is told what is in it."""
        images = [(name, image) for name, page in pages.items() for image in page.images]
        assert len(images) >= len(DIAGRAMS)
        assert [(name, image.get("src")) for name, image in images if len(image.get("alt") or "") < 40] == []

    def test_each_is_there_as_markdown(self, site: Path, pages: dict[str, Page]) -> None:
        """Beside each page stands its text as Markdown, whose links lead to other such pages and to pictures."""
        made = {name for name in pages if not name.startswith("_modules/")} - {"genindex.html", "search.html"}
        texts = {name: (site / name).with_suffix(".md").read_text(encoding="utf-8") for name in made}
        assert [name for name, text in texts.items() if not re.search(r"^# \S", text, re.MULTILINE)] == []
        prose = {name: re.sub(r"```.*?```", "", text, flags=re.DOTALL) for name, text in texts.items()}
        links = [(name, link) for name, text in prose.items() for link in re.findall(r"\]\(([^)\s]+)\)", text)]
        within = [(name, link.partition("#")[0]) for name, link in links if "://" not in link]
        assert len(within) > 300
        others = {link for _, link in within if link.endswith(".html")}
        assert [
            link for link in others if not re.match(r"(\.\./)*(genindex|_modules/)", link)
        ] == []  # no Markdown has it
        assert [(name, link) for name, link in within if not (site / name).parent.joinpath(link).exists()] == []

    def test_llms_txt_lists_all_pages(self, site: Path, pages: dict[str, Page]) -> None:
        """It begins with what this is, and has a line for each page."""
        text = (site / "llms.txt").read_text(encoding="utf-8")
        assert re.match(r"# oauth_hook\n\n> \S.*\n\n## ", text)
        listed = re.findall(r"^- \[[^]]+\]\(([^)]+)\): \S", text, re.MULTILINE)
        assert [name for name in listed if not (site / name).is_file()] == []
        left_out = {"genindex.html", "search.html", "index.html"}
        wanted = {name for name in pages if not name.startswith("_modules/")} - left_out
        assert {name.removesuffix(".html") for name in wanted} == {name.removesuffix(".md") for name in listed}

    def test_examples_and_source_are_shown(self, pages: dict[str, Page]) -> None:
        """Each example is listed whole; what is described leads to its source; the version is on each page."""
        listings = pages["examples.html"].path.read_text(encoding="utf-8")
        examples = sorted((ROOT / "examples").glob("*.py"))
        assert len(examples) >= 6
        assert [
            path.name for path in examples if f'<span class="caption-text">{path.name}</span>' not in listings
        ] == []
        assert any(link.startswith("../_modules/oauth_hook/") for link in pages["reference/signing.html"].links)
        for name, page in pages.items():
            assert oauth_hook.__version__ in page.path.read_text(encoding="utf-8"), name


@without_sphinx
class TestReference:
    """The reference has all that users import or type."""

    def test_every_public_name(self, pages: dict[str, Page]) -> None:
        """Each name that the package promises, and each of the modules that users import, has its place."""
        ids = set().union(*(page.ids for name, page in pages.items() if name.startswith("reference")))
        places = {found.removeprefix("oauth_hook.") for found in ids}
        names = set(oauth_hook.__all__) - {"__version__"}
        wanted = {f"services.{name}" if name == "SERVICES" else name for name in names}
        for module in (
            "cassettes",
            "cli.saved",
            "client",
            "diagnosis",
            "protocol.rsa",
            "provider",
            "pump",
            "tokens.accounts",
        ):
            promised = set(import_module(f"oauth_hook.{module}").__all__) - names
            wanted |= {f"{module}.{name}" for name in promised}
        # Which may not be installed.
        wanted |= {"aiohttp.OAuth", "httpx.OAuth", "httpx.event_hooks", "httpx.async_event_hooks"}
        assert wanted <= places

    def test_every_command_and_option(self, pages: dict[str, Page]) -> None:
        """What argparse takes is described."""
        ids = pages["reference/command.html"].ids
        commands = next(action for action in make_parser()._actions if action.choices).choices
        assert len(commands) > 5
        wanted = {f"oauth-hook-{name}" for name in commands} | {
            f"cmdoption-oauth-hook-{name}-{action.option_strings[-1].lstrip('-')}"
            for name, command in commands.items()
            for action in command._actions
            if action.option_strings and action.dest not in ("help", "store")  # which all have
        }
        assert wanted - ids == set()

    def test_every_promise(self, pages: dict[str, Page]) -> None:
        """Each promise of the page on security has its row in the table, and tests in it."""
        page = pages["security.html"]
        rows = {found for found in page.ids if found.startswith("promise-")}
        assert len(rows) > 30
        assert rows == {link.removeprefix("#") for link in page.links if link.startswith("#promise-")}
        assert page.path.read_text(encoding="utf-8").count("::test_") >= len(rows)

    def test_every_code_of_explain(self, pages: dict[str, Page]) -> None:
        """Each code that a finding can have is explained."""
        assert {f"finding-{code}" for code in ADVICE} <= pages["reference/why.html"].ids


# --- light and dark ---


def luminance(colour: str) -> float:
    """Return the relative luminance of ``#rrggbb`` (WCAG 2.2)."""
    values = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21."""
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def parted(style: str) -> list[str]:
    """Return what a style sheet says in light, and in dark."""
    light, mark, rest = style.partition("@media (prefers-color-scheme: dark)")
    assert mark
    return [light, rest.partition("@media")[0]]


SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("path", DIAGRAMS, ids=lambda path: path.name)
def test_a_diagram_reads_well(path: Path) -> None:
    """A diagram is described, has its text as text and nothing from elsewhere, and is legible in light and in dark."""
    text = path.read_text(encoding="utf-8")
    root = ElementTree.fromstring(text)  # noqa: S314 - ours
    assert root.get("viewBox")
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "title desc"
    assert root.findtext(f"{SVG}title")
    assert len(root.findtext(f"{SVG}desc") or "") > 100
    assert len(root.findall(f".//{SVG}text")) > 10
    assert set(re.findall(r"https?://[\w.]+", text)) <= {"http://www.w3.org", "https://api.example.com"}
    assert "@import" not in text
    behind = {element.get("class", "") for element in root.iter(f"{SVG}rect")}
    written = {"text"} | {
        name for element in root.iter() if element.tag in (f"{SVG}text", f"{SVG}tspan")
        for name in element.get("class", "").split()
    }  # fmt: skip
    fills: dict[str, str] = {}  # those of dark take the place of those of light
    for paper, style in zip(("#ffffff", "#14181d"), parted(root.findtext(f"{SVG}style") or ""), strict=True):
        for names, colour in re.findall(r"([\w., -]+) \{[^}]*?\bfill: (#[0-9a-f]{6})", style):
            fills |= dict.fromkeys((name.strip(" .") for name in names.split(",")), colour)
        papers = {paper} | {fills[name] for name in behind if name in fills}
        for name in written & set(fills):
            assert min(contrast(fills[name], colour) for colour in papers) >= LEGIBLE, (name, paper)


@pytest.mark.parametrize("name", ["authorize", "demo", "explain", "progress", "refused", "request"])
def test_a_terminal_reads_well(name: str) -> None:
    """A picture of a terminal is described, has its text as text, and is legible in light and in dark."""
    root = ElementTree.parse(DOCS / "images" / f"{name}.svg").getroot()  # noqa: S314 - ours
    assert root.findtext(f"{SVG}title")
    assert len(root.findtext(f"{SVG}desc") or "") > 40
    assert len(root.findall(f".//{SVG}text")) >= 2
    light, dark = parted(root.findtext(f"{SVG}style") or "")
    for style in (light, dark):
        colours = dict(re.findall(r"([\w.]+) \{ fill: (#[0-9a-f]{6}) \}", style))
        assert len(colours) > 10
        paper = colours.pop("rect")
        assert {name: colour for name, colour in colours.items() if contrast(colour, paper) < LEGIBLE} == {}


# --- in a browser ---

# Loads each page into a frame of each width, and posts what is wrong with it; then it searches.
HARNESS = """<!doctype html><meta charset="utf-8"><body><script>
const [NARROW, WIDE, LEGIBLE] = NUMBERS, wrong = [];

function open(url, width) {
  const frame = document.createElement("iframe");
  frame.style.cssText = `width: ${width}px; height: 640px; border: 0`;
  const loaded = new Promise(done => frame.onload = () => done(frame));
  frame.src = url;
  document.body.append(frame);
  return loaded;
}

function luminance(colour) {
  const [r, g, b] = colour.map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
const parse = colour => colour.match(/[0-9.]+/g).map(Number);
const isOpaque = colour => colour.startsWith("rgb(");

// Text of each kind against what is behind it (WCAG 2.2, 1.4.3).
function read(page, inside, theme) {
  inside.body.dataset.theme = theme;
  const kinds = new Set(), view = inside.defaultView;
  for (const element of inside.querySelectorAll("article *, .sidebar-tree a, .toc-tree a")) {
    if (element.closest("svg")) continue;
    const kind = `${element.parentElement.className} ${element.localName} ${element.className}`;
    if (kinds.has(kind) || ![...element.childNodes].some(node => node.nodeType === 3 && node.data.trim())) continue;
    kinds.add(kind);
    let behind = element;
    const ground = () => view.getComputedStyle(behind).backgroundColor, style = view.getComputedStyle(element);
    while (behind.parentElement && !isOpaque(ground())) behind = behind.parentElement;
    if (style.visibility === "hidden" || style.opacity !== "1" || !isOpaque(style.color)) continue;
    const [low, high] = [style.color, ground()].map(parse).map(luminance).sort((a, b) => a - b);
    const contrast = (high + 0.05) / (low + 0.05);
    if (contrast < LEGIBLE) wrong.push(`${page}: ${theme}: ${kind}: contrast ${contrast.toFixed(1)}`);
  }
}

async function look(page) {
  const frame = await open(page, NARROW), inside = frame.contentDocument, root = inside.documentElement;
  if (root.scrollWidth > NARROW) {
    const wide = [...inside.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > NARROW + 1);
    wrong.push(`${page}: ${root.scrollWidth} pixels wide, by ${wide.slice(0, 3).map(e => e.outerHTML.slice(0, 80))}`);
  }
  for (const image of inside.images)
    if (!image.complete || !image.naturalWidth) wrong.push(`${page}: no ${image.src}`);
  if (!inside.title || !inside.querySelector("h1")) wrong.push(`${page}: did not load`);
  if (inside.querySelector("article div.highlight") && !inside.querySelector("article button.copybtn"))
    wrong.push(`${page}: nothing copies its code`);
  const field = inside.querySelector(".narrow-search input");
  if (field.getBoundingClientRect().bottom > 200) wrong.push(`${page}: the search is out of sight`);
  for (const code of inside.querySelectorAll(".highlight pre"))
    if (code.scrollWidth > code.clientWidth && !inside.defaultView.getComputedStyle(code).background.includes("local"))
      wrong.push(`${page}: nothing shows that this scrolls: ${code.innerText.slice(0, 80)}`);
  const icons = [...inside.querySelectorAll(".mobile-header .header-right > *")].map(e => e.getBoundingClientRect());
  const shown = icons.filter(box => box.width);
  if (shown.some((box, n) => n && box.left - shown[n - 1].right < 8)) wrong.push(`${page}: the header's icons touch`);
  frame.style.width = `${WIDE}px`;
  for (const code of inside.querySelectorAll("pre"))
    if (code.scrollWidth > code.clientWidth) wrong.push(`${page}: wider than its box: ${code.innerText.slice(0, 80)}`);
  if (root.scrollWidth > WIDE) wrong.push(`${page}: ${root.scrollWidth} pixels wide`);
  const contents = inside.querySelector(".toc-drawer:not(.no-toc) .toc-sticky");
  if (contents) {
    inside.defaultView.scrollTo(0, 2000);
    const box = contents.getBoundingClientRect();
    if (box.left > WIDE - 100 || box.top > 10 + 64) wrong.push(`${page}: its contents are out of sight`);
  }
  for (const theme of ["light", "dark"]) read(page, inside, theme);
  frame.remove();
}

async function search(words, expected) {
  const frame = await open(`search.html?q=${words}`, WIDE);
  const results = () => [...frame.contentDocument.querySelectorAll("ul.search li a")].map(a => a.getAttribute("href"));
  const isDone = () => !frame.contentDocument.querySelector(".search-summary:empty") && results().length;
  for (let left = 100; left && !isDone(); left--) await new Promise(done => setTimeout(done, 50));
  if (!results().slice(0, 20).some(href => href.startsWith(expected)))
    wrong.push(`a search for ${words} does not find ${expected}, but ${results().slice(0, 5)}`);
  frame.remove();
}

async function some(pages) { while (pages.length) await look(pages.shift()); }
async function all() {
  const pages = PAGES;
  await Promise.all([some(pages), some(pages), some(pages), some(pages)]);
  for (const [words, expected] of SEARCHES) await search(words, expected);
}
all().catch(error => wrong.push(String(error))).then(
  () => fetch("/result", {method: "POST", body: JSON.stringify(wrong)}));
</script>"""

# What people type, and a page that has to be among what is found.
SEARCHES = {
    "401": "explanation/why-401", "429": "questions/too-many-requests", "nonce": "questions/nonce-already-used",
    "timestamp": "questions/timestamp-refused", "signature_invalid": "questions/signature-invalid",
    "could not authenticate you": "questions/could-not-authenticate-you",
    "timestamp refused": "questions/timestamp-refused", "nonce already used": "questions/nonce-already-used",
    "consumer key unknown": "questions/consumer-key-unknown",
    "callback not confirmed": "questions/callback-not-confirmed", "token rejected": "questions/token-rejected",
}  # fmt: skip


class Handler(SimpleHTTPRequestHandler):
    """Serves the pages and the harness, and keeps what was asked for in vain."""

    protocol_version = "HTTP/1.1"
    server: Site

    def do_GET(self) -> None:
        if self.path == "/harness":
            body = self.server.harness.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        else:
            super().do_GET()

    def do_POST(self) -> None:
        self.server.wrong += json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204)
        self.end_headers()
        self.server.is_done.set()

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""

    def send_error(self, code: int, *arguments: object, **more: object) -> None:
        if self.path != "/favicon.ico":  # which browsers ask for unasked
            self.server.wrong.append(f"{code} {self.path}")
        super().send_error(code, *arguments, **more)  # type: ignore[arg-type]


class Site(ThreadingHTTPServer):
    """The pages on loopback."""

    daemon_threads = True
    harness: str
    wrong: list[str]
    is_done: threading.Event

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a browser that hangs up."""


@pytest.fixture
def served(site: Path, pages: dict[str, Page]) -> Iterator[Site]:
    """The pages and the harness, served on loopback."""
    with Site(("127.0.0.1", 0), partial(Handler, directory=str(site))) as server:
        server.harness, server.wrong, server.is_done = HARNESS, [], threading.Event()
        own = [name for name in pages if not name.startswith("_modules/oauth_hook")]  # source, shown all alike
        for name, value in (("PAGES", own), ("NUMBERS", [NARROW, WIDE, LEGIBLE]), ("SEARCHES", [*SEARCHES.items()])):
            server.harness = server.harness.replace(name, json.dumps(value))
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@without_sphinx
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium here")
def test_pages_in_a_browser(served: Site, tmp_path: Path) -> None:
    """Pages fit a phone and a laptop, load what they show, are legible in light and dark, and are searched.

    On a phone code that is wider than the screen shows that it scrolls, and the icons in the header stand apart.
    """
    command = [
        *(str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars"),
        *("--remote-debugging-port=0", f"--user-data-dir={tmp_path}", "--window-size=800,800"),
        f"http://127.0.0.1:{served.server_port}/harness",
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as browser:
        try:
            assert served.is_done.wait(PATIENCE), "the browser did not come to an end"
        finally:
            browser.terminate()
            browser.wait(PATIENCE)
    assert served.wrong == []
