"""Make the pictures of the README and of the gallery from the real thing: ``python docs/pictures.py``.

What a terminal shows is run in one, wide enough that no word is broken, and drawn as SVG, in light and dark; on a phone
the pages let it scroll. Pages are taken by Chromium at the width of a phone, in both schemes.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import requests

from oauth_hook import Consumer, OAuthFlow, OAuthHook
from oauth_hook.provider import Provider, serve

IMAGES = Path(__file__).parent / "images"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
COLUMNS, PHONE = 88, 390  # of a terminal, and pixels of a phone
WIDTH, LINE, LEFT, TOP = 8.0, 18, 18, 50  # of a character, of a line, of the margins, in pixels
PATIENCE = 60  # seconds for a program, and for the browser

# --- a terminal ---


class Screen:
    """What a program has written to a terminal: lines of pieces, each a text and its colour."""

    def __init__(self) -> None:
        self.text = ""

    def lines(self) -> list[list[tuple[str, str]]]:
        """Return the lines; what was written over is gone."""
        shown = []
        for line in self.text.replace("\r\n", "\n").split("\n"):
            last = re.split(r"\r(?:\x1b\[K)?", line)[-1]
            pieces, colour = [], ""
            for text, code in re.findall(r"([^\x1b]*)(?:\x1b\[([0-9;]*)m)?", last):
                pieces += [(text, colour)] if text else []
                colour = f"a{code.rpartition(';')[2]}" if code not in ("", "0") else "" if code == "0" else colour
            shown.append(pieces)
        return shown


def run_in_terminal(
    *words: str,
    folder: str,
    environment: dict[str, str] | None = None,
    reply: Callable[[str], str | None] = lambda text: None,
    until: Callable[[str], object] = lambda text: None,
) -> Screen:
    """Return what ``oauth-hook`` shows on a terminal.

    :param folder: where its store is.
    :param environment: variables that are set besides.
    :param reply: gets what was shown since the last reply; returns the line that its user types, or ``None``.
    :param until: gets what is shown; ends the program.
    """
    screen, mine = Screen(), os.environ | {"TERM": "xterm-256color", "XDG_DATA_HOME": folder} | (environment or {})
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 60, COLUMNS, 0, 0))
    for name in ("COLUMNS", "NO_COLOR"):
        mine.pop(name, None)
    command = [sys.executable, "-m", "oauth_hook", *words]
    begin, end = 0, time.monotonic() + PATIENCE
    with subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=mine) as program:  # noqa: S603
        os.close(slave)
        while time.monotonic() < end:
            if not select.select([master], [], [], 0.05)[0]:
                if (line := reply(screen.text[begin:])) is not None:
                    begin = len(screen.text)
                    os.write(master, f"{line}\n".encode())
                continue
            try:
                piece = os.read(master, 65536)
            except OSError:  # of Linux, at the end
                break
            if not piece:
                break
            screen.text += piece.decode()
            if until(screen.text):
                break
        program.terminate()
    os.close(master)
    return screen


LIGHT = {
    "rect": "#f6f8fa", "text": "#24292f", ".s": "#000000", ".ok": "#116329", ".no": "#a40e26", ".why": "#7d4e00",
    ".dim": "#57606a", ".a31": "#a40e26", ".a32": "#116329", ".a33": "#7d4e00", ".a34": "#0550ae", ".a35": "#6639ba",
    ".a36": "#1b5e75", ".a1": "#000000",
}  # fmt: skip
DARK = {
    "rect": "#10202f", "text": "#d5dde5", ".s": "#ffffff", ".ok": "#7ee787", ".no": "#ff9b8e", ".why": "#f2cc60",
    ".dim": "#9fb3c8", ".a31": "#ff9b8e", ".a32": "#7ee787", ".a33": "#f2cc60", ".a34": "#8cc2ff", ".a35": "#d2b3ff",
    ".a36": "#76d4e8", ".a1": "#ffffff",
}  # fmt: skip
# What is not coloured by the program itself.
COLOURS = (
    (re.compile(r"\$ |>>> |\S.*\n"), "s"),
    (re.compile(r"\s+why: |\d+\. [a-z-]+( \([a-z]+\))?(, |$)"), "why"),
    (re.compile(r"\s+!= |\s+sent  "), "why"),
)


def draw(lines: list[list[tuple[str, str]]], title: str, description: str) -> str:
    """Return lines of a terminal as SVG, its text as text, in the colours of the reader's scheme."""
    while lines and not any(text.strip() for text, _ in lines[-1]):
        lines = lines[:-1]
    wide = max(sum(len(text) for text, _ in line) for line in lines)
    width, height = int(wide * WIDTH + 2 * LEFT), TOP + LINE * len(lines) + 12
    rows = [
        f'<text x="{LEFT}" y="{TOP + LINE * number}" xml:space="preserve"{_class(_find_colour(line))}>'
        f"{_spans(line)}</text>"
        for number, line in enumerate(lines)
        if line
    ]
    dots = "".join(
        f'<circle cx="{22 + 18 * n}" cy="20" r="5.5" fill="{c}"/>'
        for n, c in enumerate(("#ff6b5f", "#f5bf4f", "#61c554"))
    )
    light, dark = (" ".join(f"{name} {{ fill: {colour} }}" for name, colour in each.items()) for each in (LIGHT, DARK))
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" '
        'font-size="13">',
        f"<title>{escape(title)}</title>", f"<desc>{escape(description)}</desc>",
        f"<style>{light} @media (prefers-color-scheme: dark) {{ {dark} }}</style>",
        f'<rect width="{width}" height="{height}" rx="8"/>', dots, *rows, "</svg>", "",
    ])  # fmt: skip


def _find_colour(line: list[tuple[str, str]]) -> str:
    text = "".join(piece for piece, _ in line)
    return next((colour for pattern, colour in COLOURS if pattern.match(text)), "")


def _spans(line: list[tuple[str, str]]) -> str:
    return "".join(
        f"<tspan{_class(colour)}>{escape(text)}</tspan>" if colour else escape(text) for text, colour in line
    )


def _class(name: str) -> str:
    return f' class="{name}"' if name else ""


def plain(text: str) -> list[list[tuple[str, str]]]:
    """Return lines without colours of their own."""
    return [[(line, "")] for line in text.splitlines()]


@dataclass(frozen=True)
class Picture:
    """A picture of a terminal: what it shows, and what is said of it to who cannot see it."""

    name: str
    title: str
    about: str
    lines: list[list[tuple[str, str]]]

    def save(self) -> None:
        """Write it."""
        text = draw(self.lines, self.title, self.about)
        (IMAGES / f"{self.name}.svg").write_text(text, encoding="utf-8")


# --- what the terminals show ---


def picture_demo() -> Picture:
    """Return the whole of ``oauth-hook demo``, each verdict in its colour."""
    command = [sys.executable, "-m", "oauth_hook", "demo"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603
    about = "What oauth-hook demo prints: a token is issued, signed requests are verified, changed ones are refused."
    lines = [*plain("$ oauth-hook demo"), *map(_colour_verdict, shown.splitlines())]
    return Picture("demo", "oauth-hook demo", about, lines)


def _colour_verdict(line: str) -> list[tuple[str, str]]:
    step, sign, verdict = line.partition("< ")
    return [(step, ""), (sign + verdict, "no" if verdict.startswith("401") else "ok")]


def picture_explanation(provider: Provider) -> Picture:
    """Return what ``explain`` says of a request that was changed, as text."""
    explained = _change(provider, "GET", {"amount": 10, "to": "alice"})
    about = "What explain says of a request whose query was changed after signing: the base strings part by part."
    return Picture("explain", "explain", about, plain(f">>> print(hook.explain(response))\n{explained}"))


def _change(provider: Provider, method: str, parameters: dict[str, Any]) -> Any:
    """Return the explanation of a request that was changed after signing."""
    token, consumer = provider.add_token(), provider.consumer
    hook = OAuthHook(token.key, token.secret, consumer.key, consumer.secret, header_auth=True)
    with requests.Session() as session:
        request = hook(requests.Request(method, provider.resource_url, params=parameters).prepare())
        request.url = str(request.url).replace("amount=10", "amount=99")
        return hook.explain(session.send(request))


def picture_commands(provider: Provider) -> Iterator[Picture]:
    """Yield ``authorize``, ``request`` and a refusal, with the lines that were typed."""
    with tempfile.TemporaryDirectory() as folder:
        keys = _keys(provider)
        place = f"alice@{provider.url.partition('//')[2]}"
        typed = ["authorize", "me", "--service", place, "--http"]
        shown = run_in_terminal(*typed, folder=folder, reply=lambda text: _consent(provider, text))
        about = "What oauth-hook authorize shows: a link, the question for the code, and where the account is kept."
        yield Picture("authorize", "oauth-hook authorize", about, _with_command(typed, shown))

        typed = ["request", "me", provider.resource_url, "-d", "status=Hello"]
        about = "What oauth-hook request shows of a signed POST: the response, its JSON indented and coloured."
        shown = run_in_terminal(*typed, folder=folder)
        yield Picture("request", "oauth-hook request", about, _with_command(typed, shown))

        typed = ["request", provider.two_legged_url]
        about = "What oauth-hook request shows of a refusal: the server's words, and that a space is behind the secret."
        keys["OAUTH_CONSUMER_SECRET"] += " "
        shown = run_in_terminal(*typed, folder=folder, environment=keys)
        yield Picture("refused", "a refusal", about, _with_command(typed, shown))


def picture_progress(provider: Provider) -> Picture:
    """Return a download, before its end."""
    with tempfile.TemporaryDirectory() as folder, _serve_film() as url:
        typed, is_half = ["request", url, "-o", f"{folder}/film.mp4"], re.compile(r"\b[4-9]\d%").search
        shown = run_in_terminal(*typed, folder=folder, environment=_keys(provider), until=is_half)
    about = "What oauth-hook request shows while it saves a file: megabytes, rate, share and the seconds left."
    return Picture("progress", "progress", about, _with_command([*typed[:3], "film.mp4"], shown))


def _keys(provider: Provider) -> dict[str, str]:
    return {"OAUTH_CONSUMER_KEY": provider.consumer.key, "OAUTH_CONSUMER_SECRET": provider.consumer.secret}


def _consent(provider: Provider, text: str) -> str | None:
    """Return what the user of ``authorize`` types: the code that the page shows."""
    if not re.search(r"[:>?] ?$", text) or "oauth_token=" not in text:
        return None
    return provider.approve("".join(re.search(r"(https?://\S+oauth_token=\S+)", text.replace("\r\n", "\n"))[1].split()))


def _with_command(words: list[str], screen: Screen) -> list[list[tuple[str, str]]]:
    """Return a terminal with the line that was typed first, wrapped as the terminal does."""
    lines = []
    for line in [[(f"$ oauth-hook {' '.join(words)}", "s")], *screen.lines()]:
        rest = line
        while sum(len(text) for text, _ in rest) > COLUMNS:
            head, rest = _split(rest)
            lines.append(head)
        lines.append(rest)
    return lines


def _split(line: list[tuple[str, str]]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    head, room = [], COLUMNS
    for number, (text, colour) in enumerate(line):
        if len(text) > room:
            return [*head, (text[:room], colour)], [(text[room:], colour), *line[number + 1 :]]
        head.append((text, colour))
        room -= len(text)
    return head, []


class _Film(BaseHTTPRequestHandler):
    """Sends 40 MB at leisure."""

    def do_GET(self) -> None:
        """Send them."""
        self.send_response(200)
        self.send_header("Content-Type", "video/mp4")
        self.send_header("Content-Length", str(40 * 1_000_000))
        self.end_headers()
        for _ in range(40):
            try:
                self.wfile.write(bytes(1_000_000))
            except OSError:  # the picture is taken
                return
            time.sleep(0.08)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def _serve_film() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Film) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/film.mp4"
        server.shutdown()


# --- pages ---


class Browser:
    """Chromium, which is told what to do through a pipe."""

    def __init__(self, folder: str) -> None:
        commands, self._commands = os.pipe()
        self._events, events = os.pipe()
        program = [
            *(str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars"),
            *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
            *(f"--user-data-dir={folder}", "--remote-debugging-pipe", "about:blank"),
        ]
        # It reads commands from descriptor 3, and writes events to descriptor 4.
        shell = ["sh", "-c", f'exec "$@" 3<&{commands} 4>&{events}', "sh", *program]
        self._process = subprocess.Popen(shell, pass_fds=(commands, events), stderr=subprocess.DEVNULL)  # noqa: S603
        os.close(commands)
        os.close(events)
        self._rest, self._number, self._session = b"", 0, ""
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._ask("Page.enable")

    def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            said = self._read()
            if said.get("id") == self._number:
                return dict(said["result"])

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            self._rest += os.read(self._events, 1 << 20)
        message, _, self._rest = self._rest.partition(b"\0")
        return dict(json.loads(message))

    def take(self, url: str, scheme: str, height: int) -> bytes:
        """Return a picture of a page on a phone, as WebP."""
        self._ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self._ask("Emulation.setDeviceMetricsOverride", width=PHONE, height=height, deviceScaleFactor=2, mobile=True)
        self._ask("Page.navigate", url=url)
        while self._read().get("method") != "Page.loadEventFired":
            pass
        return base64.b64decode(self._ask("Page.captureScreenshot", format="webp", quality=70)["data"])

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(PATIENCE)
        os.close(self._commands)
        os.close(self._events)


def picture_pages(provider: Provider) -> None:
    """The explanation as a page, and the pages of the provider, in light and dark."""
    explained = _change(provider, "GET", {"amount": 10, "to": "alice"})
    urls = provider.request_token_url, provider.authorization_url, provider.access_token_url
    flow = OAuthFlow(Consumer(provider.consumer.key, provider.consumer.secret), *urls)
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "explanation.html"
        page.write_text(explained.to_html(), encoding="utf-8")
        shown = {
            "page-explanation": (page.as_uri(), 844),
            "page-authorization": (flow.authorization_url(flow.fetch_request_token()), 640),
            "page-requests": (provider.requests_url, 640),
        }
        browser = Browser(folder)
        try:
            for name, (url, height) in shown.items():
                for scheme in ("light", "dark"):
                    (IMAGES / f"{name}-{scheme}.webp").write_bytes(browser.take(url, scheme, height))
        finally:
            browser.close()


def main() -> None:
    """Make all of them."""
    with serve() as provider:
        terminals = picture_demo(), picture_explanation(provider), picture_progress(provider)
        for picture in (*terminals, *picture_commands(provider)):
            picture.save()
        picture_pages(provider)


if __name__ == "__main__":
    main()
