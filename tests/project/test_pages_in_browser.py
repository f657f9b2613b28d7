"""Every page of the package in a real browser: on a narrow screen and a wide one, in light and in dark."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from oauth_hook import OAuthHook
from oauth_hook.provider import Provider
from oauth_hook.tokens import loopback_pages

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PATIENCE = 120  # seconds for the browser, which takes a few where nobody else works
WIDTHS = (390, 1280)
HTML = {"Accept": "text/html"}

pytestmark = [
    pytest.mark.browser, pytest.mark.timeout(2 * PATIENCE),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium here"),
]  # fmt: skip

# Loads each page into a frame of each width, and posts what the browser makes of it.
HARNESS = """<!doctype html><meta charset="utf-8"><body><script>
const seen = [];
async function look(page, width) {
  const frame = document.createElement("iframe");
  frame.style.cssText = `width: ${width}px; height: 640px; border: 0`;
  const loaded = new Promise(done => frame.onload = done);
  frame.src = page;
  document.body.append(frame);
  await loaded;
  const inside = frame.contentDocument, root = inside.documentElement;
  const wide = [...inside.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > width + 1);
  seen.push({
    page, width, title: inside.title, wide: wide.map(e => e.outerHTML.slice(0, 80)).slice(0, 3),
    overflow: Math.max(root.scrollWidth - width, 0), scripts: inside.scripts.length,
    loaded: frame.contentWindow.performance.getEntriesByType("resource").map(entry => entry.name),
    ground: frame.contentWindow.getComputedStyle(inside.body).backgroundColor,
  });
  frame.remove();
}
(async () => { for (const page of PAGES) for (const width of WIDTHS) await look(page, width); })().then(
  () => fetch("/result", {method: "POST", body: JSON.stringify(seen)}),
  error => fetch("/result", {method: "POST", body: JSON.stringify([String(error)])}));
</script>"""


class Site(ThreadingHTTPServer):
    """The pages and the harness on loopback; and what a browser asked for besides."""

    daemon_threads = True

    def __init__(self, pages: dict[str, str]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        harness = HARNESS.replace("PAGES", json.dumps([*pages])).replace("WIDTHS", json.dumps(WIDTHS))
        self.pages = {**pages, "/harness": harness}
        self.unknown: list[str] = []
        self.seen: list[dict[str, object]] = []
        self.is_done = threading.Event()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a browser that hangs up."""


class Handler(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        page = self.server.pages.get(self.path)
        if page is None and self.path != "/favicon.ico":  # which browsers ask for unasked
            self.server.unknown.append(self.path)
        body = (page or "").encode()
        self.send_response(200 if page else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.server.seen += json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204)
        self.end_headers()
        self.server.is_done.set()

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def pages(oauth_provider: Provider) -> dict[str, str]:
    """Each page, with the widest texts that it may have."""
    provider, token = oauth_provider, oauth_provider.add_token()
    hook = OAuthHook(token.key, token.secret, provider.consumer.key, provider.consumer.secret, header_auth=True)
    wide = "w" * 150
    url = f"{provider.resource_url}/{wide}?{wide}=1&a={wide}&b={'%00' * 60}"
    with requests.Session() as session:
        for after in ("=1&more=2", "=2"):
            request = hook(requests.Request("POST", url, data={"x": "ü \u202e", "<b>": "</b>"}).prepare())
            request.url = str(request.url).replace("=1", after)
            explanation = hook.explain(session.send(request))
        listed = session.get(provider.requests_url, headers=HTML).text
        explained = session.get(f"{provider.requests_url}/1", headers=HTML).text
        asked = session.get(f"{provider.authorization_url}?oauth_token=nobodys").text
        index = session.get(provider.url).text
    receiver = loopback_pages.done().partition(b"\r\n\r\n")[2].decode()
    return {
        "/explanation": explanation.to_html(), "/requests": listed, "/requests/1": explained, "/asked": asked,
        "/index": index, "/receiver": receiver,
    }  # fmt: skip


@pytest.fixture
def site(pages: dict[str, str]) -> Iterator[Site]:
    with Site(pages) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("scheme", "is_dark"), [(1, False), (0, True)], ids=["light", "dark"])
def test_pages_fit_load_nothing_and_follow_the_scheme(site: Site, tmp_path: Path, scheme: int, is_dark: bool) -> None:
    """No page scrolls sideways, runs a script or loads anything; its ground is dark where the user wants it dark."""
    command = [
        *(str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars"),
        *("--remote-debugging-port=0", f"--user-data-dir={tmp_path}", "--window-size=1400,800"),
        *(f"--blink-settings=preferredColorScheme={scheme}", f"http://127.0.0.1:{site.server_port}/harness"),
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as browser:
        try:
            assert site.is_done.wait(PATIENCE), "the browser did not come to an end"
        finally:
            browser.terminate()
            browser.wait(PATIENCE)
    assert len(site.seen) == (len(site.pages) - 1) * len(WIDTHS)
    for seen in site.seen:
        assert (seen["overflow"], seen["wide"], seen["scripts"], seen["loaded"]) == (0, [], 0, []), seen
        assert seen["title"], seen
        assert (seen["ground"] == "rgb(18, 23, 30)") == is_dark, seen
    assert site.unknown == []
