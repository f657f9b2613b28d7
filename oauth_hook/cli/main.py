"""The command ``oauth-hook``: it is run here, and this is where its exit status comes from.

Results go to standard output; prompts, progress and errors to standard error. The exit
status is 0 for done, 1 where the provider said no or could not be reached, 2 for misuse;
130 after Ctrl-C, and 141 where the reader of the output has gone, as a shell has them.
What each command does is in a module of its own, which is imported when the command is run:
``--version`` and ``--help`` load no HTTP library.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, TextIO

from ..errors import OAuthHookError, ProviderError, conceal_frames
from .console import BROKEN_PIPE, INTERRUPTED, report, report_causes

if TYPE_CHECKING:
    from ..tokens.accounts import Store

__all__ = ["main"]

_MAX_GARBAGE = 100_000  # objects


@conceal_frames
def main(argv: Sequence[str] | None = None, *, store: Store | None = None) -> int:
    """Run the command.

    :param argv: the arguments; default: those of the process.
    :param store: keeps the credentials: any mapping from names to them; default: a ``CredentialStore``.
    :returns: the exit status.
    :raises SystemExit: the arguments are wrong (2), or ask for help or the version (0).
    """
    from .parser import parse_arguments  # which HTTPie, where the plugin loads this module, has no use for

    if argv is None:  # a process of its own, which is over before it would be worth looking for garbage
        gc.set_threshold(_MAX_GARBAGE)
    try:
        arguments = parse_arguments(argv)
        if store is not None:
            arguments.store = store
        module = import_module(f".{arguments.module}", __package__)
        status: int = getattr(module, arguments.command)(arguments)
        if sys.stdout is not None:
            sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has gone (``oauth-hook demo | head``), and wants no traceback
        _drain_stream(sys.stdout)
        return BROKEN_PIPE
    except (OAuthHookError, OSError) as error:  # the exceptions of requests are of the latter kind
        _drain_stream(sys.stdout)
        return _report_failure(error)
    finally:
        if argv is None:
            gc.freeze()  # Python would look at all that was imported once more at its end
    return status


def _report_failure(error: Exception) -> int:
    from .errors import find_status, tell

    try:
        report(f"oauth-hook: {tell(error)}")
        if isinstance(error, ProviderError):
            report_causes(error.explanation)
    except OSError:  # that has no reader either
        _drain_stream(sys.stderr)
    return find_status(error)


def _drain_stream(stream: TextIO | None) -> None:
    """Write what a stream still holds, or drop it: Python would try once more at its end, and complain."""
    if stream is None:
        return
    try:
        stream.flush()
    except OSError:
        with suppress(OSError, ValueError):  # a stream that is not the system's
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
