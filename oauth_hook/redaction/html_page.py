"""The shell of every page that a person sees: HTML that runs nothing and loads nothing, in light and dark.

- What comes from outside goes through ``escape`` or ``show_text``; the policy forbids all that HTML could load or run.
- A page works without scripts, in any window from 320 pixels on, on paper, and with a keyboard alone.
"""

from __future__ import annotations

from html import escape

__all__ = ["PAGE_HEADERS", "POLICY", "escape", "render_page", "show_text"]

#: What a page may do: show its own style.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"

#: The headers of every page: nothing is loaded, framed, stored or told to others.
PAGE_HEADERS = (
    ("Content-Security-Policy", POLICY),
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
)

_STYLE = """
:root { color-scheme: light dark; --ink: #1b2430; --dim: #55606e; --ground: #eef1f5; --card: #fff;
  --line: #8792a0; --accent: #1456b8; --on-accent: #fff; --good: #11703c; --bad: #a4161a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ecf1; --dim: #a9b4c1; --ground: #12171e;
  --card: #1c242e; --line: #6d7988; --accent: #7db4ff; --on-accent: #0b1420; --good: #6fd69b; --bad: #ff9a94; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem;
  font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground); }
main { width: 100%; max-width: 26rem; padding: 2rem; border-radius: .75rem; background: var(--card);
  box-shadow: 0 1px 2px #0003, 0 8px 24px #0002; overflow-wrap: anywhere; }
h1 { margin: 0 0 .75rem; font-size: 1.375rem; line-height: 1.25; }
p { margin: 0 0 1rem; } main > :last-child { margin-bottom: 0; }
.dim, dt { color: var(--dim); font-size: .9375rem; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
code { font-family: ui-monospace, monospace; }
"""


def render_page(title: str, content: str, style: str = "", *, before_heading: str = "") -> str:
    """Return a page.

    :param title: as text, not as HTML; it is the heading, too.
    :param content: HTML, what comes from outside escaped.
    :param style: what this page has besides the common style.
    :param before_heading: HTML.
    """
    heading = show_text(title)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{heading}</title>\n<style>{_STYLE}{style}</style>\n</head>\n"
        f"<body>\n<main>\n{before_heading}<h1>{heading}</h1>\n{content}\n</main>\n</body>\n</html>\n"
    )


def show_text(text: str) -> str:
    """Return a text as HTML; characters that cannot be seen, or turn the order of others, by their numbers."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else f"\u27e8U+{ord(c):04X}\u27e9" for c in text)
    return escape(text)
