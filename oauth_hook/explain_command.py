"""``oauth-hook explain``: why a saved request was refused."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from .accounts import hook_for
from .command_common import consumer_from_environment, opened, show, token_from_environment
from .diagnosis import Explanation
from .diagnosis import explain as explain_request
from .errors import UsageError
from .failures import DONE
from .saved import SavedRequest, SavedResponse, read_saved

__all__ = ["explain"]

_MOST = 64 << 20  # octets of a saved request, or a HAR file, that are read


def explain(arguments: argparse.Namespace) -> int:
    """Say why a saved request was refused.

    FILE is raw HTTP (the request, and after it the response if it was saved), a curl command line, or a HAR file; "-",
    or none, is standard input. The secrets come from the store (NAME) or the environment; without them the request is
    looked at as it stands.
    """
    if len(arguments.words) > 2:
        raise UsageError("say [NAME] FILE, such as: oauth-hook explain tumblr refused.har")
    name = arguments.words[0] if len(arguments.words) == 2 else None
    saved = read_saved(_octets(arguments.words[-1] if arguments.words else "-"), scheme=arguments.scheme)
    base_string = None if arguments.base_string is None else _text(arguments.base_string)
    explanation = _explained(arguments, name, saved, base_string)
    show(json.dumps(explanation.to_dict(), indent=2) if arguments.json else str(explanation))
    return DONE


def _explained(
    arguments: argparse.Namespace, name: str | None, saved: SavedRequest | SavedResponse, base_string: str | None
) -> Explanation:
    if name is None and consumer_from_environment() is None:
        return explain_request(saved, None, token_from_environment(), base_string, arguments.signature)
    with opened(arguments) as store:
        hook = hook_for(name, store)
    return hook.explain(saved, base_string, arguments.signature)


def _octets(path: str) -> bytes:
    """Return what is in a file, or on standard input.

    :raises UsageError: it cannot be read, or is too large.
    """
    try:
        if path == "-":
            octets = sys.stdin.buffer.read(_MOST + 1)
        else:
            with Path(path).open("rb") as file:
                octets = file.read(_MOST + 1)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    if len(octets) > _MOST:
        raise UsageError(f"{path} is larger than 64 MB: save the one request that was refused")
    return octets


def _text(given: str) -> str:
    """Return a base string that was given as it is, or as @FILE."""
    return _octets(given[1:]).decode("utf-8", "replace").strip() if given.startswith("@") else given
