"""A program with a window: it shows the link, and takes the code in a text box.

The network is asked in threads, so that the window stays alive. ``Login`` knows no Tk, and would do for any other
toolkit that can look into a queue now and then.

    oauth-hook provider | tee provider.txt
    python examples/tk_window.py

With a real service:

    OAUTH_SERVICE=tumblr OAUTH_CONSUMER_KEY=... OAUTH_CONSUMER_SECRET=... python examples/tk_window.py
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import TypeAlias

import requests
import shared

from oauth_hook import CredentialStore, OAuthFlow, OAuthHookError, RequestToken

News: TypeAlias = tuple[str, str]  # what happened ("link", "done" or "failed"), and the text to show


class Login:
    """All of it but the window. Its methods return at once; what comes of them is put into ``news``."""

    def __init__(self, flow: OAuthFlow, resource_url: str, store: CredentialStore) -> None:
        self.news: SimpleQueue[News] = SimpleQueue()
        self._flow, self._resource_url, self._store = flow, resource_url, store
        self._request_token: RequestToken | None = None

    def begin(self) -> None:
        """Ask for a link to show."""
        self._in_background(self._ask)

    def enter(self, typed: str) -> None:
        """Go on with what the user typed: the code, or the URL that the service sent them to."""
        self._in_background(lambda: self._exchange(typed))

    def _ask(self) -> News:
        self._request_token = self._flow.fetch_request_token()
        return "link", self._flow.authorization_url(self._request_token)

    def _exchange(self, typed: str) -> News:
        if self._request_token is None:
            return "failed", "There is no link yet."
        token = self._flow.fetch_access_token(
            self._request_token, self._flow.parse_callback(typed, self._request_token)
        )
        self._store[f"window {self._flow.consumer.key}"] = token
        response = requests.get(self._resource_url, auth=self._flow.hook(token), timeout=30)
        response.raise_for_status()
        return "done", response.text

    def _in_background(self, step: Callable[[], News]) -> None:
        def work() -> None:
            try:
                self.news.put(step())
            except (OAuthHookError, requests.RequestException) as error:
                self.news.put(("failed", str(error)))

        threading.Thread(target=work, daemon=True).start()


class Window:
    """The window: only the thread that runs its main loop touches it."""

    def __init__(self, login: Login) -> None:
        import tkinter  # here, as Login is of use where there is no Tk

        self.login = login
        self.root = tkinter.Tk()
        self.root.title("Authorization")
        self.message, self.link = tkinter.StringVar(), tkinter.StringVar()
        tkinter.Label(self.root, textvariable=self.message, wraplength=560, justify="left").pack(padx=12, pady=6)
        tkinter.Entry(self.root, textvariable=self.link, state="readonly", width=80).pack(padx=12)  # to copy from
        self.verifier = tkinter.Entry(self.root, width=40)
        self.verifier.pack(padx=12, pady=6)
        self.buttons = [
            tkinter.Button(self.root, text="Continue", command=self._send),
            tkinter.Button(self.root, text="New link", command=self._begin),
        ]
        for button in self.buttons:
            button.pack(side="right", padx=12, pady=6)
        self._begin()
        self._look()

    def _begin(self) -> None:
        self._show("Asking the service...", "disabled")
        self.login.begin()

    def _send(self) -> None:
        self._show("Checking...", "disabled")
        self.login.enter(self.verifier.get())

    def _show(self, message: str, state: str) -> None:
        self.message.set(message)
        for button in self.buttons:
            button["state"] = state

    def _look(self) -> None:
        """Show the news, and look again in a moment."""
        while not self.login.news.empty():
            kind, text = self.login.news.get()
            if kind == "link":
                self.link.set(text)
                text = "Open this link, answer there, and enter the code that you are shown:"
            self._show(text, "disabled" if kind == "done" else "normal")
        self.root.after(50, self._look)


if __name__ == "__main__":
    shared.run(lambda: Window(Login(shared.flow(), shared.resource_url(), shared.store())).root.mainloop())
