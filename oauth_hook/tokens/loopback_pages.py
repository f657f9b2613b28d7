"""The responses of the loopback receiver: whole HTTP messages, for a person to read.

- Nothing that came in is shown: neither token nor verifier, nor anything else of the query.
- The shell of the pages is ``redaction/html_page.py``.
- Browsers keep nothing of them, and tell nobody where the user came from.
"""

from __future__ import annotations

from ..redaction.html_page import PAGE_HEADERS, POLICY, render_page

__all__ = ["denied", "done", "not_allowed", "not_ours", "nothing_here", "problem", "see_other", "taken", "unreadable"]

_HEADERS = (
    *(f"{name}: {value}" for name, value in PAGE_HEADERS if value != POLICY),
    f"Content-Security-Policy: {POLICY}; form-action 'none'",
    "Cross-Origin-Resource-Policy: same-origin",
    "Content-Type: text/html; charset=utf-8",
    "Connection: close",
)

_STYLE = """
main { text-align: center; } h1 { margin: .75rem 0; }
svg { width: 3.5rem; height: 3.5rem; fill: none; stroke-linecap: round; stroke-linejoin: round; }
.good { stroke: var(--good); } .bad { stroke: var(--bad); } .plain { stroke: var(--dim); }
p:last-child { color: var(--dim); }
"""

# Drawn in a square of 24, inside a circle; the class beside it is its colour.
_SIGNS = {"good": "M7 12.5l3.5 3.5 6.5-7.5", "bad": "M8.5 8.5l7 7m0-7l-7 7", "plain": "M12 7v6m0 4v.01"}

_BYE = "You can close this window."


def done() -> bytes:
    """Return the last page for a user who said yes (s2.2)."""
    return _page("200 OK", "good", "Done", "The application has your answer, and goes on by itself.", _BYE)


def denied() -> bytes:
    """Return the last page for a user who said no."""
    return _page("200 OK", "bad", "Access denied", "You said no: the application may not act on your behalf.", _BYE)


def problem() -> bytes:
    """Return the last page for a user whom the service sent back without a verifier."""
    text = "The service sent you back without a permission. The application says what happened."
    return _page("200 OK", "bad", "That did not work", text, _BYE)


def not_ours() -> bytes:
    """Return the page for a callback that is not the one which is waited for."""
    text = "It belongs to another request, or something is missing in it."
    title = "This is not the callback that the application waits for"
    return _page("400 Bad Request", "plain", title, text, "The application still waits for the right one.")


def nothing_here() -> bytes:
    """Return the page for any other path."""
    return _page("404 Not Found", "plain", "Nothing here", "An application waits at another URL.")


def unreadable() -> bytes:
    """Return the page for what is not a request, or is too long."""
    text = "If your browser sent it: clear its cookies for 127.0.0.1, or use a private window, and try again."
    return _page("400 Bad Request", "plain", "This request cannot be read, or is too long", text)


def not_allowed(allowed: str = "GET") -> bytes:
    """Return the response to any other method; no person sees it."""
    return _message("405 Method Not Allowed", b"", f"Allow: {allowed}")


def taken() -> bytes:
    """Return the response to what a service has posted; no person sees it."""
    return _message("200 OK", b"")


def see_other(path: str) -> bytes:
    """Return the redirect to the last page.

    Its URL has no query, so that no verifier stays in the address bar, nor in what the
    browser offers of its history.
    """
    return _message("303 See Other", b"", f"Location: {path}")


def _page(status: str, kind: str, title: str, *paragraphs: str) -> bytes:
    sign = (
        f'<svg class="{kind}" viewBox="-1 -1 26 26" aria-hidden="true" focusable="false">'
        f'<circle cx="12" cy="12" r="11" stroke-width="1.5"/><path d="{_SIGNS[kind]}" stroke-width="2"/></svg>\n'
    )
    content = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return _message(status, render_page(title, content, _STYLE, before_heading=sign).encode())


def _message(status: str, body: bytes, *more: str) -> bytes:
    lines = (f"HTTP/1.1 {status}", *_HEADERS, *more, f"Content-Length: {len(body)}", "", "")
    return "\r\n".join(lines).encode("ascii") + body
