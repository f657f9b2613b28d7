"""``oauth-hook provider``: the embedded provider by itself, until Ctrl-C."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
from typing import TYPE_CHECKING

from .console import DONE, read_options

if TYPE_CHECKING:
    from ..provider import Provider

__all__ = ["list_details", "provider"]

_TICK_SECONDS = 0.2  # on Windows no signal ends a wait, and Ctrl-C is heard between two of them


class _Options:
    host: str
    port: int
    database: str | None
    verbose: bool


def provider(arguments: argparse.Namespace) -> int:
    """Run a provider until Ctrl-C, and print what a client needs, one ``name: value`` a line."""
    from ..provider import serve

    options = read_options(_Options, arguments)
    if options.verbose:
        log = logging.getLogger("oauth_hook.provider")
        log.setLevel(logging.INFO)
        log.addHandler(logging.StreamHandler())
    with serve(options.host, options.port, database=options.database) as running:
        for name, value in list_details(running).items():
            print(f"{name}: {value}")
        sys.stdout.flush()
        _wait_for_the_end()
    return DONE


def list_details(running: Provider) -> dict[str, str]:
    """Return what a client needs, and two commands that try it, by their names."""
    return running.details() | {
        "whoami_url": running.whoami_url,
        "webfinger": running.webfinger,
        "check_url": running.check_url,
        "requests_url": running.requests_url,
        "to get a token": f"oauth-hook authorize me --service {running.webfinger} --http --browser",
        "to use it": f"oauth-hook request me {running.resource_url} -d status=Hello",
    }


def _wait_for_the_end() -> None:
    """Wait until Ctrl-C or a polite ``kill``.

    The handlers are set here because a shell starts what runs in its background deaf to Ctrl-C.
    """
    end = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: end.set())
    while not end.wait(_TICK_SECONDS):
        pass
