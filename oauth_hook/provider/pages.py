"""What a person sees: plain HTML that works without scripts, in any window, in light and dark.

- Everything that comes from outside is escaped; the policy forbids all that HTML could load or run.
- The policy has no ``form-action``: browsers apply it to the redirect that follows a form too, and
  that one goes to the application's callback, wherever it is.
- No protection against forged requests is needed: the name and password are typed for each
  answer, so that another site, which does not know them, can submit nothing in the user's name.
  (It could say no in the user's place, if it knew the request token.)
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from urllib.parse import urlsplit

from .messages import HTML, Response

__all__ = ["answered", "denied", "form", "index", "sent_back", "unknown", "verifier"]

_HEADERS = (
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
)

_STYLE = """
:root { color-scheme: light dark; --ink: #1b2430; --dim: #55606e; --ground: #eef1f5; --card: #fff;
  --line: #8792a0; --accent: #1456b8; --on-accent: #fff; --bad: #a4161a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ecf1; --dim: #a9b4c1; --ground: #12171e;
  --card: #1c242e; --line: #6d7988; --accent: #7db4ff; --on-accent: #0b1420; --bad: #ff9a94; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem;
  font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground); }
main { width: 100%; max-width: 26rem; padding: 2rem; border-radius: .75rem; background: var(--card);
  box-shadow: 0 1px 2px #0003, 0 8px 24px #0002; overflow-wrap: anywhere; }
h1 { margin: 0 0 .75rem; font-size: 1.375rem; line-height: 1.25; }
p { margin: 0 0 1rem; } main > :last-child { margin-bottom: 0; }
.dim, dt { color: var(--dim); font-size: .9375rem; }
.bad { padding: .5rem .75rem; border-left: .25rem solid var(--bad); color: var(--bad); }
label { display: block; margin-bottom: .25rem; font-weight: 600; }
input { width: 100%; margin-bottom: 1rem; padding: .625rem .75rem; font: inherit; color: inherit;
  background: transparent; border: 1px solid var(--line); border-radius: .375rem; }
.answers { display: flex; flex-wrap: wrap; gap: .75rem; margin: .5rem 0 1.25rem; }
button { flex: 1 1 8rem; padding: .625rem 1rem; font: inherit; font-weight: 600; cursor: pointer;
  border: 1px solid var(--accent); border-radius: .375rem; color: var(--accent); background: transparent; }
button[value=allow] { color: var(--on-accent); background: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
output { display: block; margin: 1rem 0; padding: .75rem; text-align: center; user-select: all;
  font: 700 1.375rem/1.3 ui-monospace, monospace; border: 2px dashed var(--line); border-radius: .375rem; }
dl { margin: 0; } dd { margin: 0 0 .75rem; } code { font-family: ui-monospace, monospace; }
"""


def index(endpoints: Iterable[tuple[str, str]]) -> Response:
    """Return the page that says what this is.

    :param endpoints: ``(what it is for, path)``.
    """
    rows = "".join(f"<dt>{escape(what)}</dt><dd><code>{escape(path)}</code></dd>" for what, path in endpoints)
    return _page(
        "OAuth 1.0a provider",
        "<p>This is a provider for trying out and testing clients (RFC 5849). It keeps no "
        f"real data.</p><dl>{rows}</dl>",
    )


def form(consumer: str, callback: str, name: str = "", *, failed: bool = False) -> Response:
    """Return the question to the user (s2.2): may this application act for you?

    :param consumer: what the application is called.
    :param callback: where the answer goes, or ``oob``.
    :param name: what the user typed as name before.
    :param failed: whether name and password were wrong, so that the question is asked again (403).
    """
    who = escape(consumer)
    message = '<p class="bad" role="alert" id="failed">Name and password do not match. Nothing has been allowed.</p>'
    described = ' aria-invalid="true" aria-describedby="failed"' if failed else ""
    back = f"You will be sent back to <code>{escape(urlsplit(callback).netloc or callback)}</code>."
    whereto = "You will be shown a code to type in." if callback == "oob" else back
    return _page(
        f"Allow {consumer}?",
        f"<p><strong>{who}</strong> asks to act on your behalf with this service.</p>"
        f"{message if failed else ''}"
        '<form method="post">'
        '<label for="name">Name</label>'
        f'<input id="name" name="name" value="{escape(name)}" autocomplete="username" required'
        f' autocapitalize="none" spellcheck="false"{described}>'
        '<label for="password">Password</label>'
        '<input id="password" name="password" type="password" autocomplete="current-password" required'
        f"{described}>"
        '<div class="answers"><button name="answer" value="allow">Allow</button>'
        '<button name="answer" value="deny" formnovalidate>Deny</button></div></form>'
        f'<p class="dim">{whereto} {who} never sees your password.</p>',
        status=403 if failed else 200,
    )


def verifier(consumer: str, code: str) -> Response:
    """Return the page that shows the verifier, for an application without a callback (s2.2)."""
    who = escape(consumer)
    return _page(
        f"{consumer} is allowed",
        f'<p><label for="verifier">Type this code into {who}:</label></p>'
        f'<output id="verifier">{escape(code)}</output>'
        f'<p class="dim">It is good once, and for {who} only. You may close this window.</p>',
    )


def denied(consumer: str) -> Response:
    """Return the page for a user who said no to an application without a callback."""
    return _page(
        f"{consumer} is denied",
        f"<p>{escape(consumer)} may not act on your behalf. You may close this window.</p>",
    )


def answered() -> Response:
    """Return the page for a question that has been answered before (409)."""
    text = "<p>Go back to the application and start again, if that was not what you wanted.</p>"
    return _page("This question has been answered", text, status=409)


def unknown() -> Response:
    """Return the page for a request token that there is not (404)."""
    text = (
        "<p>The link belongs to no request for authorization, or to one of long ago. "
        "Go back to the application and start again.</p>"
    )
    return _page("Nothing to allow here", text, status=404)


def sent_back(callback_url: str) -> Response:
    """Return the redirect to the application (s2.2).

    303: the browser must fetch the callback with GET, and not post the password to it.
    """
    return Response(303, HTML, b"", (*_HEADERS, ("Location", callback_url)))


def _page(title: str, content: str, status: int = 200) -> Response:
    heading = escape(title)
    text = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{heading}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n<h1>{heading}</h1>\n{content}\n</main>\n</body>\n</html>\n"
    )
    return Response(status, HTML, text.encode("utf-8", "replace"), _HEADERS)
