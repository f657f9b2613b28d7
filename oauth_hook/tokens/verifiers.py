"""Ways to ask the user (RFC 5849 s2.2): on the console, or in a browser.

A verifier source is any callable that takes the authorization URL and returns the verifier, the
whole callback URL (which ``OAuthFlow.parse_callback`` reads), or ``None``: the application comes
back with it later.  Two are here; a method of a window, or of a web application, is another::

    flow.authorize(ask_on_console)

    with LoopbackReceiver() as receiver:
        flow = OAuthFlow.for_service("tumblr", consumer, callback=receiver.callback_url)
        access_token = flow.authorize(receiver)

- Prompts and links go to standard error, never to standard output.  Nothing is logged.
- Only ``http`` and ``https`` URLs are shown or opened: a discovered service names its own
  URL, and ``webbrowser`` would hand any other to whatever program opens it.
"""

from __future__ import annotations

import contextlib
import hmac
import re
import secrets
import sys
import threading
import time
import webbrowser
from collections.abc import Callable
from types import TracebackType
from urllib.parse import parse_qs

from ..credentials import Consumer
from ..errors import OAuthHookError, UsageError, check_type, conceal_frames, repr_anyhow
from ..protocol.problem_reporting import is_denial
from ..protocol.url import check_absolute_url, split_url
from . import loopback_pages as pages
from .callback import PostedVerifier, read_posted_verifier
from .loopback import Loopback, Request

__all__ = ["LoopbackReceiver", "ask_on_console", "find_paste_slip", "join_code"]

_MAX_TRIES = 3
_TICK_SECONDS = 0.1  # between looks at the clock; on Windows nothing else lets Ctrl-C through
_LINGER_SECONDS = 1.0  # that the browser has to fetch the last page

# A path that means itself, in a request line as in a Location (RFC 3986 s3.3).
_is_path = re.compile(r"/(?!/)(?:[\w.~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*", re.ASCII).fullmatch


@conceal_frames
def ask_on_console(url: str) -> str:
    """Ask the user for the verifier (s2.2): the link to standard error, one line from standard input.

    A terminal is not needed.  What is typed is seen there, as the user has to see it.

    :param url: the authorization URL.
    :returns: what was typed: a verifier, without spaces, or the whole callback URL.
    :raises UsageError: the URL is not an absolute http or https URL.
    :raises OAuthHookError: standard input is at its end or cannot be read, or three times nothing was typed that can
        be an answer: nothing at all, the link itself, or a URL without a code in it.
    """
    _check_url(url)
    _tell(
        f"Open this link, and answer there:\n\n  {url}\n\n"
        "Then paste here the code that you are shown, or the URL that you are sent to."
    )
    for _ in range(_MAX_TRIES):
        _tell("Code: ", end="")
        answer = join_code(_read_line())
        slip = find_paste_slip(answer, url) if answer else "Nothing was entered."
        if not slip:
            return answer
        _tell(slip)
    raise OAuthHookError(f"no verifier was entered, {_MAX_TRIES} times: start again once you have it")


def join_code(typed: str) -> str:
    """Return what was typed without the spaces around it, and those in a code that is shown in groups, as 123 456."""
    return typed.strip() if re.search("[=?&/]", typed) else "".join(typed.split())


def find_paste_slip(answer: str, url: str) -> str:
    """Return what to do where a URL was pasted that cannot be the answer; empty: it may be.

    :param url: the authorization URL.
    """
    if "://" not in answer:
        return ""
    answer = answer.strip()
    fields = _parse_fields(answer.partition("?")[2].replace("#", "&"))
    if answer.partition("?")[0] == url.partition("?")[0] and not fields.keys() - _parse_fields(url.partition("?")[2]):
        return "That is the link to open. Paste what the page shows once you have answered there."
    if fields.keys().isdisjoint(_IN_CALLBACKS):
        return "There is no code in that URL. Paste the code that the page shows, or the URL that it sent you to."
    return ""


_IN_CALLBACKS = ("oauth_token", "oauth_verifier", "oauth_problem", "denied")


def _read_line() -> str:
    """Return a line of standard input.

    :raises OAuthHookError: there is no line.
    """
    trouble = "at its end"
    line = ""
    if sys.stdin is None:  # a program without a console
        trouble = "missing"
    else:
        try:
            line = sys.stdin.readline()
        except OSError as error:
            raise OAuthHookError(
                f"the verifier cannot be read from standard input: {error.strerror or error}"
            ) from error
        except ValueError:  # closed, or not text; the error would keep what was typed
            trouble = "closed, or not text"
    if not line:
        _tell("")  # the prompt's line ends here
        raise OAuthHookError(
            f"no verifier was entered: standard input is {trouble}. Enter it there, or use another verifier source, "
            "such as LoopbackReceiver"
        )
    return line


class LoopbackReceiver:
    """Asks the user in a browser, and receives the callback on 127.0.0.1 (s2.2).

    A verifier source, for one call; a context manager, which need not be used as one.  Where the service posts the
    verifier by itself (``Service.callback_method``), it waits for that at ``post_url``, and opens no browser.  It
    listens from the start, so that the URLs are known before the request token is fetched, and answers while it is
    called.  However the call ends, the port is closed then.

    A callback is accepted if the tokens in it are the one of the authorization URL, and no other.  A problem
    (``oauth_problem``) without any token is accepted too, since services send such, unless a page in the browser
    loads it as a part of itself.  Who tricks the user into following such a link ends the call with a denial, and
    learns nothing.

    Once it has come, the browser is redirected to the last page, whose URL has no query: no verifier stays in
    the address bar.  The call returns when the browser has that page, or has not fetched it within a second.

    :param port: where to listen; 0: a free port.  Some services want the callback registered with its port.
    :param timeout: how long the user has, in seconds.
    :param open_browser: is called with the URL, in a thread of its own: it may take as long as the browser runs.
        Where it returns ``False`` or raises ``webbrowser.Error``, the user is told to open the link; what else
        it raises, the call raises.
    :param path: the path of the callback.
    :raises UsageError: an argument is wrong, or the port is taken.
    """

    def __init__(
        self,
        port: int = 0,
        timeout: float = 300,
        open_browser: Callable[[str], object] = webbrowser.open,
        *,
        path: str = "/",
    ) -> None:
        if not isinstance(port, int) or isinstance(port, bool) or not 0 <= port <= 65535:
            raise UsageError(f"port must be a number from 0 to 65535, not {port!r}")
        if not isinstance(timeout, int | float) or isinstance(timeout, bool) or not timeout > 0:
            raise UsageError(f"timeout must be a number of seconds above 0, not {timeout!r}")
        if not callable(open_browser):
            raise UsageError(f"open_browser must be callable with a URL, not {type(open_browser).__name__}")
        check_type(path, str, "path", "a str")
        if not _is_path(path):
            raise UsageError(f"path must be the path of a URL, such as '/callback', not {path!r}")
        self._timeout = timeout
        self._open_browser = open_browser
        self._path = path
        self._post_path = f"{path.rstrip('/')}/{secrets.token_urlsafe(16)}"
        self._lock = threading.RLock()  # taken again by a signal handler that closes
        self._is_called = self._is_closed = False
        try:
            self._server = Loopback(port)
        except OSError as error:
            raise UsageError(f"cannot listen on 127.0.0.1 port {port}: {error.strerror or error}") from error

    @repr_anyhow
    def __repr__(self) -> str:
        return f"<LoopbackReceiver at {self.callback_url}>"

    def __enter__(self) -> LoopbackReceiver:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def callback_url(self) -> str:
        """Where the service is to send the user, such as ``http://127.0.0.1:4711/``."""
        return f"http://127.0.0.1:{self._server.port}{self._path}"

    @property
    def post_url(self) -> str:
        """Where the service is to post the verifier to: below ``callback_url``, another one for each receiver.

        Nobody can guess its path.  It is what keeps other people's forms out, so it is told to the service alone.
        """
        return f"http://127.0.0.1:{self._server.port}{self._post_path}"

    def close(self) -> None:
        """Let go of the port.  A call that waits in another thread ends within a moment.  Closing twice is allowed."""
        with self._lock:
            self._is_closed = True
            if not self._is_called:
                self._server.close()

    @conceal_frames
    def __call__(self, url: str) -> str:
        """Send the user to the authorization URL, and wait for the callback.

        :param url: the authorization URL; its query names the token, as ``oauth_token`` or ``token``.
        :returns: the whole callback URL, be it consent, denial or another problem.
        :raises UsageError: the URL is not an absolute http or https URL, or names no token; the
            receiver is closed or waits already.
        :raises OAuthHookError: time is up, or the receiver was closed meanwhile.
        """
        _check_url(url)
        waiting = _Waiting(_find_token(url), self._path, self._server.port)
        deadline = time.monotonic() + self._timeout
        self._begin()
        try:
            _tell(f"Opening your browser. If it does not open, open this link, and answer there:\n\n  {url}\n")
            opening = _Opening(self._open_browser, url)
            opening.start()
            self._wait(waiting, deadline, opening)
            self._show_last_page(waiting)
        finally:
            self._end()
        return waiting.callback

    @conceal_frames
    def wait_for_post(self, consumer: Consumer | None = None) -> PostedVerifier:
        """Wait until a service posts the verifier to ``post_url`` (``Service.callback_method`` is ``"POST"``).

        What comes elsewhere, from a page in a browser, or about another consumer is refused, and the wait goes on.
        The form is not signed: whoever knows ``post_url`` can post one.  With ``consumer`` it has to have its secret
        too, and may come to ``callback_url``; without, compare the key with the one that the service shows.

        :param consumer: the application's; ``None``: the service tells it now, together with the verifier.
        :raises UsageError: the receiver is closed or waits already, or ``consumer`` is not a ``Consumer``.
        :raises OAuthHookError: time is up, or the receiver was closed meanwhile.
        """
        if consumer is not None:
            check_type(consumer, Consumer, "consumer", "a Consumer")
        paths = [self._post_path, *([] if consumer is None else [self._path])]
        waiting = _WaitingForPost(consumer, paths)
        deadline = time.monotonic() + self._timeout
        self._begin()
        try:
            self._server.takes_post = True
            self._wait(waiting, deadline)
            self._deliver(waiting)
        finally:
            self._end()
        return read_posted_verifier(waiting.callback, consumer)

    def _begin(self) -> None:
        with self._lock:
            if self._is_closed:
                raise UsageError("this receiver is closed: it is good for one call; make another")
            if self._is_called:
                raise UsageError("this receiver is already waiting for a callback: make one for each call")
            self._is_called = True

    def _end(self) -> None:
        with self._lock:
            self._is_called, self._is_closed = False, True
            self._server.close()

    def _wait(self, waiting: _Waiting | _WaitingForPost, deadline: float, opening: _Opening | None = None) -> None:
        while not waiting.callback:
            left = deadline - time.monotonic()
            if left <= 0:
                raise OAuthHookError(
                    f"no {waiting.awaited} within {self._timeout:g} seconds: start again, or let the user "
                    f"have more time (timeout); {waiting.advice}"
                )
            if self._is_closed:
                raise OAuthHookError("the receiver was closed before anybody came back from the service")
            if opening is not None:
                opening.look()
            self._server.step(min(left, _TICK_SECONDS), waiting.respond)

    def _show_last_page(self, waiting: _Waiting) -> None:
        """Go on until the browser has the last page, or does not fetch it in time."""
        until = time.monotonic() + _LINGER_SECONDS
        while not waiting.is_over and time.monotonic() < until:
            self._server.step(_TICK_SECONDS, waiting.respond)
        self._deliver(waiting)

    def _deliver(self, waiting: _Waiting | _WaitingForPost) -> None:
        """Go on until the last response is sent, or its client is gone."""
        until = time.monotonic() + _LINGER_SECONDS
        while self._server.is_delivering and time.monotonic() < until:
            self._server.step(_TICK_SECONDS, waiting.respond)


class _Waiting:
    """One wait for one callback: what each request gets, and whether it is the one. It does no I/O.

    :ivar callback: the whole callback URL, or empty.
    :ivar is_over: whether the last page has been asked for.
    """

    awaited = "callback came from the service"
    advice = "where the browser runs on another machine, use ask_on_console"

    def __init__(self, token: str, path: str, port: int) -> None:
        self._token = token
        self._path = path
        self._origin = f"http://127.0.0.1:{port}"
        names = ("127.0.0.1", "localhost")
        self._hosts = {f"{name}:{port}" for name in names} | (set(names) if port == 80 else set())
        self._last_page = b""
        self.callback = ""
        self.is_over = False

    def respond(self, request: Request | None) -> bytes:
        """Return the response to a request, or to what is not one."""
        if request is None:
            return pages.unreadable()
        # A page of another name that resolves to 127.0.0.1 (DNS rebinding) could read what it gets.
        if request.headers.get("host", "").lower() not in self._hosts:
            return pages.nothing_here()
        if request.method != "GET":
            return pages.not_allowed()
        if request.path != self._path:
            return pages.nothing_here()
        if self.callback and not request.query:
            self.is_over = True
            return self._last_page
        return self._judge(request)

    def _judge(self, request: Request) -> bytes:
        fields = _parse_fields(request.query)
        if not self._is_ours(fields, request.headers.get("sec-fetch-dest", "document")):
            return pages.not_ours()
        if not self.callback:  # the first callback stands; a second window sees what it was
            self._last_page = _last_page(fields)
            self.callback = self._origin + request.target
        return pages.see_other(self._path)

    def _is_ours(self, fields: dict[str, list[str]], destination: str) -> bool:
        tokens = {*fields.get("oauth_token", ()), *fields.get("denied", ())}
        if tokens:
            return tokens == {self._token}
        return "oauth_problem" in fields and destination == "document"


class _WaitingForPost:
    """One wait for one POST, likewise.

    :param paths: where it may be posted to.
    :ivar callback: the form that was posted, or empty.
    """

    awaited = "verifier was posted by the service"
    advice = "check that it has the whole Callback URL, with the path, and can reach it"

    def __init__(self, consumer: Consumer | None, paths: list[str]) -> None:
        self._consumer = consumer
        self._paths = [path.encode() for path in paths]
        self.callback = ""

    def respond(self, request: Request | None) -> bytes:
        """Return the response to a request, or to what is not one."""
        if request is None:
            return pages.unreadable()
        # Compared in a time that does not tell how much of the path was right.
        if not any(hmac.compare_digest(request.path.encode(), path) for path in self._paths):
            return pages.nothing_here()
        if request.method != "POST":
            return pages.not_allowed("POST")
        is_of_browser = any(name in request.headers for name in ("origin", "sec-fetch-site"))
        if is_of_browser or not request.is_complete or not self._is_ours(request.body):
            return pages.not_ours()
        self.callback = self.callback or request.body
        return pages.taken()

    def _is_ours(self, body: str) -> bool:
        try:
            read_posted_verifier(body, self._consumer)
        except OAuthHookError:
            return False
        return True


class _Opening(threading.Thread):
    """Opens the browser, without keeping anybody waiting: some run until their window is closed."""

    def __init__(self, open_browser: Callable[[str], object], url: str) -> None:
        super().__init__(name="oauth_hook-open-browser", daemon=True)
        self._open_browser = open_browser
        self._url = url
        self._failed: BaseException | None = None
        self._is_opened = True
        self._is_looked_at = False

    def run(self) -> None:
        """Open it."""
        with contextlib.ExitStack() as stack:
            stack.push(self._keep)
            self._is_opened = self._open_browser(self._url) is not False

    def _keep(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool:
        """Keep what was raised, whatever it is, for the one that waits."""
        self._failed = error
        return True

    def look(self) -> None:
        """Tell the user, once, if the browser could not be opened; raise what else went wrong."""
        if self._is_looked_at or self.is_alive():
            return
        self._is_looked_at = True
        if isinstance(self._failed, webbrowser.Error) or not self._is_opened:
            _tell("The browser could not be opened: open the link above yourself.")
        elif self._failed is not None:
            raise self._failed


def _last_page(fields: dict[str, list[str]]) -> bytes:
    problems = fields.get("oauth_problem", [])
    if is_denial(fields, problems):
        return pages.denied()
    return pages.done() if not problems and any(fields.get("oauth_verifier", ())) else pages.problem()


def _check_url(url: str) -> None:
    """Refuse what no browser is to open, and no terminal to show.

    :raises UsageError: it is not an absolute http or https URL; the message does not show its query, which has a token.
    """
    check_absolute_url(url, "the authorization URL")
    if not url.isprintable():
        raise UsageError("the authorization URL has a character in it that cannot be printed: escape it")


def _find_token(url: str) -> str:
    """Return the request token in an authorization URL (s2.2); E*TRADE names it ``token``.

    :raises UsageError: there is no token, or more than one.
    """
    fields = _parse_fields(split_url(url).query or "")
    tokens = set(fields.get("oauth_token") or fields.get("token") or ())
    if len(tokens) != 1 or not all(tokens):
        raise UsageError(
            "the authorization URL must name one token, as oauth_token or token: the callback is known by it"
        )
    return tokens.pop()


def _parse_fields(query: str) -> dict[str, list[str]]:
    """Return the fields of a query; no field where there are very many."""
    try:
        return parse_qs(query, keep_blank_values=True, max_num_fields=100)
    except ValueError:
        return {}


def _tell(text: str, end: str = "\n") -> None:
    """Write to standard error, where there is one: a window may run without."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):  # gone, or closed
            print(text, end=end, file=sys.stderr, flush=True)
