"""Make the pictures of the README: what the command prints, as SVG. ``python docs/pictures.py`` makes them anew."""

from __future__ import annotations

import re
import subprocess
import sys
from html import escape
from pathlib import Path

IMAGES = Path(__file__).parent / "images"
WIDTH, LINE, LEFT, TOP = 8.0, 18, 18, 50  # of a character, of a line, of the margins, in pixels

# The panel is dark whatever the page is, as a terminal is: what is on it reads alike in light and dark.
COLOURS = (
    (re.compile(r"\$ "), "#ffffff"),
    (re.compile(r"\s+> "), "#9fb3c8"),
    (re.compile(r"\s+< (?:200|alice)"), "#7ee787"),
    (re.compile(r"\s+< 401"), "#ff9b8e"),
    (re.compile(r"\s+why: |\d+\. [a-z-]+( \(proven\))?(, |$)"), "#f2cc60"),
    (re.compile(r"\s+!= |\s+sent  "), "#f2cc60"),
    (re.compile(r"\S"), "#ffffff"),
)
PLAIN = "#d5dde5"


def picture(lines: list[str], title: str, description: str) -> str:
    """Return lines of a terminal as SVG, its text as text."""
    width = int(max(len(line) for line in lines) * WIDTH + 2 * LEFT)
    height = TOP + LINE * len(lines) + 12
    rows = [
        f'<text x="{LEFT}" y="{TOP + LINE * number}" fill="{_colour(line)}" xml:space="preserve">{escape(line)}</text>'
        for number, line in enumerate(lines)
        if line.strip()
    ]
    dots = "".join(
        f'<circle cx="{22 + 18 * n}" cy="20" r="5.5" fill="{c}"/>'
        for n, c in enumerate(("#ff6b5f", "#f5bf4f", "#61c554"))
    )
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" '
        'font-size="13">',
        f"<title>{escape(title)}</title>", f"<desc>{escape(description)}</desc>",
        f'<rect width="{width}" height="{height}" rx="8" fill="#10202f"/>', dots, *rows, "</svg>", "",
    ])  # fmt: skip


def _colour(line: str) -> str:
    return next((colour for pattern, colour in COLOURS if pattern.match(line)), PLAIN)


def _output(*words: str) -> list[str]:
    command = [sys.executable, "-m", "oauth_hook", *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()  # noqa: S603


def main() -> None:
    """Write both pictures."""
    shown = ["$ oauth-hook demo", *_output("demo")]
    about = (
        "What oauth-hook demo prints: a token is issued, signed requests are verified, changed ones refused, and why."
    )
    (IMAGES / "demo.svg").write_text(picture(shown, "oauth-hook demo", about), encoding="utf-8")
    explained = _explained()
    about = "What explain says of a request whose query was changed after signing: the base strings part by part."
    (IMAGES / "explain.svg").write_text(picture(explained, "explain", about), encoding="utf-8")


def _explained() -> list[str]:
    import requests

    from oauth_hook import OAuthHook
    from oauth_hook.provider import serve

    with serve() as provider, requests.Session() as session:
        token = provider.add_token()
        hook = OAuthHook(token.key, token.secret, provider.consumer.key, provider.consumer.secret, header_auth=True)
        request = hook(requests.Request("GET", provider.resource_url, params={"amount": 10, "to": "alice"}).prepare())
        request.url = str(request.url).replace("amount=10", "amount=99")
        return [">>> print(hook.explain(response))", *str(hook.explain(session.send(request))).splitlines()]


if __name__ == "__main__":
    main()
