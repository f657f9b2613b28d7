"""The command ``oauth-hook``.

Results go to standard output; prompts, progress and errors to standard error. The exit
status is 0 for done, 1 where the provider said no, 2 for misuse.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence

import requests

from .errors import OAuthHookError, UsageError
from .version import __version__

__all__ = ["main"]

DONE, REFUSED, MISUSE, INTERRUPTED = 0, 1, 2, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    :param argv: the arguments; default: those of the process.
    :returns: the exit status.
    """
    arguments = _parser().parse_args(argv)
    try:
        status: int = arguments.run(arguments)
    except KeyboardInterrupt:
        return INTERRUPTED
    except OAuthHookError as error:
        print(f"oauth-hook: {error}", file=sys.stderr)
        return MISUSE if isinstance(error, UsageError) else REFUSED
    except requests.RequestException as error:
        print(f"oauth-hook: {error}", file=sys.stderr)
        return REFUSED
    except BrokenPipeError:
        # The reader of our output has gone (``oauth-hook demo | head``), and wants no traceback.
        sys.stderr.close()
        return REFUSED
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="oauth-hook", description="OAuth 1.0a for requests.")
    parser.add_argument("--version", action="version", version=f"oauth-hook {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    demo = commands.add_parser(
        "demo", help="see all of it work against the embedded provider", description=_demo.__doc__
    )
    demo.add_argument("--show-secrets", action="store_true", help="show verifiers too, which are masked otherwise")
    demo.set_defaults(run=_demo)

    provider = commands.add_parser(
        "provider", help="run the embedded provider by itself", description=_provider.__doc__
    )
    provider.add_argument("--host", default="127.0.0.1", help="a loopback address (default: %(default)s)")
    provider.add_argument("--port", type=int, default=0, help="default: a free one")
    provider.add_argument("--database", metavar="FILE", help="keep the state in a file (default: in memory)")
    provider.set_defaults(run=_provider)
    return parser


def _demo(arguments: argparse.Namespace) -> int:
    """Get a token, sign requests, and see changed ones refused, against a provider of its own on loopback."""
    from .demo import run

    return DONE if run(sys.stdout, show_secrets=arguments.show_secrets) else REFUSED


def _provider(arguments: argparse.Namespace) -> int:
    """Run a real OAuth 1.0a provider until Ctrl-C, and print what a client needs, one ``name: value`` a line."""
    from .provider import serve

    with serve(arguments.host, arguments.port, database=arguments.database) as provider:
        for name, value in provider.details().items():
            print(f"{name}: {value}")
        sys.stdout.flush()
        _wait_for_the_end()
    return DONE


def _wait_for_the_end() -> None:
    """Wait until Ctrl-C or a polite ``kill``.

    The handlers are set here because a shell starts what runs in its background deaf to Ctrl-C.
    """
    end = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: end.set())
    end.wait()
