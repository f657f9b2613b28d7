"""What a user sees: the question, and what comes of the answer; the shell is ``redaction/html_page.py``.

- The policy has no ``form-action``: browsers apply it to the redirect that follows a form too, and
  that one goes to the application's callback, wherever it is.
- No protection against forged requests is needed: the name and password are typed for each
  answer, so that another site, which does not know them, can submit nothing in the user's name.
  (It could say no in the user's place, if it knew the request token.)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from ..redaction.html_page import PAGE_HEADERS, escape, render_page, show_text
from .messages import HTML, Response

__all__ = ["answered", "denied", "explained", "form", "index", "recent", "sent_back", "unknown", "verifier"]

_STYLE = """
.bad { padding: .5rem .75rem; border-left: .25rem solid var(--bad); color: var(--bad); }
label { display: block; margin-bottom: .25rem; font-weight: 600; }
input { width: 100%; margin-bottom: 1rem; padding: .625rem .75rem; font: inherit; color: inherit;
  background: transparent; border: 1px solid var(--line); border-radius: .375rem; }
.answers { display: flex; flex-wrap: wrap; gap: .75rem; margin: .5rem 0 1.25rem; }
button { flex: 1 1 8rem; padding: .625rem 1rem; font: inherit; font-weight: 600; cursor: pointer;
  border: 1px solid var(--accent); border-radius: .375rem; color: var(--accent); background: transparent; }
button[value=allow] { color: var(--on-accent); background: var(--accent); }
output { display: block; margin: 1rem 0; padding: .75rem; text-align: center; user-select: all;
  font: 700 1.375rem/1.3 ui-monospace, monospace; border: 2px dashed var(--line); border-radius: .375rem; }
dl { margin: 0; } dd { margin: 0 0 .75rem; } a { color: var(--accent); }
ol { margin: 0; padding: 0; list-style: none; }
li { padding: .5rem 0; border-top: 1px solid var(--line); }
"""


def index(endpoints: Iterable[tuple[str, str]]) -> Response:
    """Return the page that says what this is.

    :param endpoints: ``(what it is for, path)``.
    """
    rows = "".join(f"<dt>{escape(what)}</dt><dd><code>{escape(path)}</code></dd>" for what, path in endpoints)
    return _page(
        "OAuth 1.0a provider",
        "<p>This is a provider for trying out and testing clients (RFC 5849). It keeps no "
        'real data.</p><p><a href="requests">The last requests, and why they were refused</a></p>'
        f"<dl>{rows}</dl>",
    )


def recent(listed: Iterable[Mapping[str, str | int]]) -> Response:
    """Return the list of the last signed requests, the last one first.

    :param listed: of each, what the list shows, by its name.
    """
    rows = "".join(
        f'<li><a href="requests/{each["number"]}"><code>{each["method"]} {show_text(str(each["path"]))}</code></a>'
        f"<br><strong>{each['status']}</strong> {show_text(str(each['verdict']))}"
        f'<br><time class="dim" datetime="{each["time"]}">{str(each["time"]).translate(_SPACED)}</time></li>'
        for each in listed
    )
    text = f"<ol>{rows}</ol>" if rows else "<p>None has come yet.</p>"
    note = '<p class="dim">The last one first. Each leads to what was signed, and what was wrong with it.</p>'
    return _page("The last signed requests", note + text)


_SPACED = str.maketrans({"T": " ", "Z": " UTC"})


def explained(page: str) -> Response:
    """Return the response that carries a page of ``explain``."""
    return Response(200, HTML, page.encode("utf-8", "replace"), PAGE_HEADERS)


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
    return Response(303, HTML, b"", (*PAGE_HEADERS, ("Location", callback_url)))


def _page(title: str, content: str, status: int = 200) -> Response:
    return Response(status, HTML, render_page(title, content, _STYLE).encode("utf-8", "replace"), PAGE_HEADERS)
