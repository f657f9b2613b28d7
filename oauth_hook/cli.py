"""The command ``oauth-hook``: its words, and its exit status.

Results go to standard output; prompts, progress and errors to standard error. The exit
status is 0 for done, 1 where the provider said no or could not be reached, 2 for misuse.
What each command does is in ``commands.py``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import requests

from . import commands
from .errors import OAuthHookError, UsageError
from .version import __version__

__all__ = ["main"]

_INTERRUPTED = 130

_ENVIRONMENT = """\
credentials come from the store (NAME), or from the environment:
  OAUTH_CONSUMER_KEY, OAUTH_CONSUMER_SECRET   the application's
  OAUTH_TOKEN, OAUTH_TOKEN_SECRET             the user's; without them the request is two-legged
never from an argument, which others on the machine could see.
"""


def main(argv: Sequence[str] | None = None, *, store: commands.Store | None = None) -> int:
    """Run the command.

    :param argv: the arguments; default: those of the process.
    :param store: keeps the credentials: any mapping from names to them; default: a ``CredentialStore``.
    :returns: the exit status.
    """
    arguments = _parser().parse_args(argv)
    arguments.given_store = store
    try:
        status: int = arguments.run(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _INTERRUPTED
    except (OAuthHookError, requests.RequestException) as error:
        print(f"oauth-hook: {error}", file=sys.stderr)
        return commands.MISUSE if isinstance(error, UsageError) else commands.REFUSED
    except BrokenPipeError:
        # The reader of our output has gone (``oauth-hook demo | head``), and wants no traceback.
        sys.stderr.close()
        return commands.REFUSED
    except OSError as error:
        print(f"oauth-hook: {error}", file=sys.stderr)
        return commands.REFUSED
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="oauth-hook", description="OAuth 1.0a: tokens, signed requests, and a demo.")
    parser.add_argument("--version", action="version", version=f"oauth-hook {__version__}")
    parser.add_argument("--store", metavar="FILE", help="where credentials are kept (default: the user's data folder)")
    add = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for describe in (_demo, _authorize, _request, _register, _credentials, _services, _provider):
        describe(add)
    return parser


def _command(
    add: argparse._SubParsersAction[argparse.ArgumentParser], name: str, run: object
) -> argparse.ArgumentParser:
    about = str(run.__doc__).partition("\n")[0]
    parser = add.add_parser(
        name, help=about, description=run.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.set_defaults(run=run)
    return parser


def _demo(add: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _command(add, "demo", commands.demo)
    parser.add_argument("--show-secrets", action="store_true", help="show verifiers too, which are masked otherwise")


def _authorize(add: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _command(add, "authorize", commands.authorize)
    parser.add_argument(
        "name", metavar="NAME", help="what to keep the account as; a known service's name means that one"
    )
    parser.add_argument("--service", metavar="SERVICE", help="a known service, a JSON file, or someone@pump.example")
    for leg in ("request-token", "authorization", "access-token"):
        parser.add_argument(f"--{leg}-url", metavar="URL", help="instead of --service")
    parser.add_argument("--http", action="store_true", help="someone@pump.example is asked over plain http")
    parser.add_argument("--browser", action="store_true", help="open a browser and wait for it on loopback")
    parser.add_argument(
        "--port", type=int, default=0, help="for --browser, where the callback is registered with a port"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="K=V", help="a parameter for the authorization page"
    )
    parser.add_argument("--timeout", type=float, default=300, help="seconds to wait for the browser (default: 300)")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def _request(add: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _command(add, "request", commands.request)
    parser.epilog = _ENVIRONMENT
    parser.add_argument(
        "words", nargs="+", metavar="[NAME] METHOD URL", help="NAME is an account or token in the store"
    )
    parser.add_argument("-d", "--data", action="append", default=[], metavar="K=V", help="a field of a form")
    parser.add_argument("--json", metavar="TEXT", help="a JSON body")
    parser.add_argument(
        "-F", "--form", action="append", default=[], metavar="K=V|K=@FILE", help="a part of a multipart form"
    )
    parser.add_argument("-H", "--header", action="append", default=[], metavar="'N: V'", help="a header")
    parser.add_argument("-o", "--output", metavar="FILE", help="write the answer's body to a file, as it is")
    parser.add_argument("--placement", help="header (default), query, body, url-encoded or header+url-encoded")
    parser.add_argument("--signature-method", help="default: the service's, or HMAC-SHA1")
    parser.add_argument("--timeout", type=float, default=30, help="seconds (default: 30)")
    parser.add_argument("--show-secrets", action="store_true", help="show our secrets where the answer echoes them")


def _register(add: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _command(add, "register", commands.register)
    parser.add_argument("name", metavar="NAME", help="what to keep the consumer as")
    parser.add_argument("server", metavar="SERVER", help="someone@pump.example, pump.example, or a URL")
    parser.add_argument("--application-name", required=True, metavar="TEXT", help="what users will be shown")
    parser.add_argument("--application-type", choices=("native", "web"), default="native")
    parser.add_argument("--redirect-uri", action="append", default=[], metavar="URL")
    parser.add_argument("--contact", action="append", default=[], metavar="ADDRESS")
    parser.add_argument("--http", action="store_true", help="ask over plain http")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def _credentials(add: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _command(add, "credentials", commands.credentials)
    parser.add_argument("action", choices=("list", "show", "remove"))
    parser.add_argument("name", nargs="?", metavar="NAME")
    parser.add_argument("--show-secrets", action="store_true")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def _services(add: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _command(add, "services", commands.services)
    parser.add_argument("name", nargs="?", metavar="NAME")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def _provider(add: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _command(add, "provider", commands.provider)
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    parser.add_argument("--database", metavar="FILE", help="keep the state in a file (default: in memory)")
