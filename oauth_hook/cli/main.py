"""The command ``oauth-hook``: its words, and its exit status.

Results go to standard output; prompts, progress and errors to standard error. The exit
status is 0 for done, 1 where the provider said no or could not be reached, 2 for misuse;
130 after Ctrl-C, and 141 where the reader of the output has gone, as a shell has them.
What each command does is in a module of its own, which is imported when the command is run:
``--version`` and ``--help`` load no HTTP library.
"""

from __future__ import annotations

import argparse
import math
import os
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn, TextIO

from ..errors import OAuthHookError, ProviderError
from ..version import __version__
from .console import BROKEN_PIPE, INTERRUPTED, MISUSE, is_text, is_token, one_line, report, report_causes

if TYPE_CHECKING:
    from ..tokens.accounts import Store

__all__ = ["main"]

_MAX_SECONDS = 1_000_000  # what a socket can wait ends at twice as many

_ENVIRONMENT = """\
credentials come from the store (NAME), or from the environment:
  OAUTH_CONSUMER_KEY, OAUTH_CONSUMER_SECRET   the application's
  OAUTH_TOKEN, OAUTH_TOKEN_SECRET             the user's; without them the request is two-legged
never from an argument, which others on the machine could see.
"""


def main(argv: Sequence[str] | None = None, *, store: Store | None = None) -> int:
    """Run the command.

    :param argv: the arguments; default: those of the process.
    :param store: keeps the credentials: any mapping from names to them; default: a ``CredentialStore``.
    :returns: the exit status.
    :raises SystemExit: the arguments are wrong (2), or ask for help or the version (0).
    """
    try:
        arguments = _parse(argv)
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
    return status


def _report_failure(error: Exception) -> int:
    from .errors import find_status, tell

    try:
        report(f"oauth-hook: {tell(error)}")
        if isinstance(error, ProviderError):
            report_causes(error.explanation)
    except OSError:  # nobody reads that either
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


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Shows words that are told apart by what they are as they are said: once."""

    def _format_args(self, action: argparse.Action, default_metavar: str) -> str:
        return str(action.metavar) if action.dest == "words" else super()._format_args(action, default_metavar)


class _Parser(argparse.ArgumentParser):
    """A parser that says in one line what it does not take."""

    def error(self, message: str) -> NoReturn:
        """Say what was wrong and where to read on, and end with the status for misuse."""
        self.exit(MISUSE, f"{self.prog}: {one_line(message)}; see '{self.prog} --help'\n")


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = make_parser()
    arguments, rest = parser.parse_known_args(argv)
    # argparse wants positional arguments in one piece: `request GET -d a=1 URL` leaves the URL over.
    unknown = [word for word in rest if word.startswith("-")] or ([] if hasattr(arguments, "words") else rest)
    if unknown:  # what stands behind a name may be a secret, which does not belong into an argument
        names = [re.sub(r"^(-[^-]|--[^=]*|).*", r"\1", word, flags=re.DOTALL) or word for word in unknown]
        hint = "; the METHOD goes before the URL, by itself" if "-X" in names and arguments.command == "request" else ""
        arguments.parser.error(f"unknown arguments: {' '.join(names)}{hint}")
    if rest:
        arguments.words += rest
    return arguments


def make_parser() -> _Parser:
    """Return the parser of the whole command."""
    parser = _Parser(prog="oauth-hook", description="OAuth 1.0a: tokens, signed requests, and a demo.")
    parser.add_argument("--version", action="version", version=f"oauth-hook {__version__}")
    _add_store(parser, None)
    add = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for describe in (_demo, _authorize, _request, _explain, _register, _credentials, _services, _provider):
        describe(add)
    return parser


def _add_store(parser: argparse.ArgumentParser, default: str | None) -> None:
    about = "where credentials are kept (default: the user's data folder)"
    parser.add_argument("--store", metavar="FILE", type=str, default=default, help=about)


def _add_command(
    add: argparse._SubParsersAction[_Parser], name: str, about: str, more: str = "", *, module: str | None = None
) -> _Parser:
    """Add a command, which is the function of its name in a module.

    :param about: a sentence that says what it does.
    :param more: what else its ``--help`` says.
    :param module: default: the one of its name.
    """
    description = f"{about}\n\n{more}" if more else about
    parser = add.add_parser(name, help=about, description=description, formatter_class=_Formatter)
    parser.set_defaults(command=name, module=module or name, parser=parser)
    parser.register("type", None, _text)  # what has no type of its own; paths have str, and may be any bytes
    _add_store(parser, argparse.SUPPRESS)  # which leaves what was said before the command's name
    return parser


# --- what arguments are ---


def _text(value: str) -> str:
    if not is_text(value):
        raise argparse.ArgumentTypeError("it is not text (UTF-8)")
    return value


def _seconds(value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not 0 < number <= _MAX_SECONDS:
        raise argparse.ArgumentTypeError(f"it must be a number of seconds above 0, and at most {_MAX_SECONDS}")
    return number


def _loopback(value: str) -> str:
    from ..protocol.url import is_loopback

    if not is_loopback(f"[{value}]" if ":" in value else value):
        raise argparse.ArgumentTypeError(
            "the provider is for this machine alone, as it speaks plain http: say 127.0.0.1, ::1 or localhost"
        )
    return value


def _pair(value: str) -> tuple[str, str]:
    name, mark, rest = _text(value).partition("=")
    if not mark or not name:
        raise argparse.ArgumentTypeError("say NAME=VALUE")
    return name, rest


def _field(value: str) -> tuple[str, str]:
    """Take a field of a form, or ``@FILE``, whose name is empty; the path of a file may be any bytes."""
    return ("", value[1:]) if value.startswith("@") else _pair(value)


def _part(value: str) -> tuple[str, str]:
    """Take a part of a form; the path of a file may be any bytes."""
    name, mark, path = value.partition("=@")
    if not mark or "=" in name:
        return _pair(value)
    return _pair(f"{name}=")[0], f"@{path}"


def _header(value: str) -> tuple[str, str]:
    """Take a header; no message shows its value."""
    name, mark, rest = (part.strip() for part in value.partition(":"))
    if not mark or not is_token(name):
        raise argparse.ArgumentTypeError("a header is 'Name: value'")
    try:
        rest.encode("latin-1")
    except UnicodeEncodeError:
        raise argparse.ArgumentTypeError(f"the value of {name} has characters that no header can carry") from None
    if not all(character.isprintable() or character in "\t\xa0\xad" for character in rest):
        raise argparse.ArgumentTypeError(f"the value of {name} has a line feed or another control character in it")
    return name, rest


# --- the commands ---


def _demo(add: argparse._SubParsersAction[_Parser]) -> None:
    parser = _add_command(
        add,
        "demo",
        "Get a token, sign requests, and see changed ones refused, against a provider of its own on loopback.",
    )
    parser.add_argument("--show-secrets", action="store_true", help="show verifiers too, which are masked otherwise")


def _authorize(add: argparse._SubParsersAction[_Parser]) -> None:
    parser = _add_command(
        add,
        "authorize",
        "Get an access token from a service, with the user's consent, and keep it.",
        """\
The consumer key and secret come from the store (NAME), the environment
(OAUTH_CONSUMER_KEY, OAUTH_CONSUMER_SECRET), or a prompt; or the package registers
itself, where --service is someone@pump.example. Authorizing NAME again replaces its
token; for another service or another consumer key, say --replace.""",
    )
    parser.add_argument(
        "name", metavar="NAME", help="what to keep the account as; without --service, it names the service"
    )
    parser.add_argument(
        "--service", type=str, metavar="SERVICE", help="a known service, a JSON file, or someone@pump.example"
    )
    for leg in ("request-token", "authorization", "access-token"):
        parser.add_argument(f"--{leg}-url", metavar="URL", help="with the other two, instead of --service")
    parser.add_argument("--http", action="store_true", help="someone@pump.example is asked over plain http")
    parser.add_argument("--browser", action="store_true", help="open a browser and wait for it on loopback")
    parser.add_argument(
        "--port", type=int, default=0, help="for --browser, where the callback is registered with a port"
    )
    parser.add_argument(
        "--set", action="append", type=_pair, default=[], metavar="K=V", help="a parameter for the authorization page"
    )
    parser.add_argument("--rsa-key", type=str, metavar="FILE", help="the private key of the RSA methods, in PEM")
    parser.add_argument("--timeout", type=_seconds, default=300, help="seconds to wait for the browser (default: 300)")
    parser.add_argument("--replace", action="store_true", help="forget what is kept as NAME, once this is done")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def _request(add: argparse._SubParsersAction[_Parser]) -> None:
    parser = _add_command(
        add,
        "request",
        "Send a signed request, and print the body of its response; say why it was refused, if it was.",
        """\
Without METHOD it is GET, or POST where there is something to send (-d, --json, -F). How it is signed is the
service's to say, and so are the headers that each request to it has to carry; what is given here comes first.""",
    )
    parser.epilog = _ENVIRONMENT
    parser.add_argument(
        "words", nargs="+", metavar="[NAME] [METHOD] URL", help="NAME is an account or token in the store"
    )
    about = "a field of a form, or a file with such fields (a=1&b=2)"
    parser.add_argument("-d", "--data", action="append", type=_field, default=[], metavar="K=V|@FILE", help=about)
    parser.add_argument("--json", type=str, metavar="TEXT|@FILE", help="a JSON body")
    about = "a part of a multipart form"
    parser.add_argument("-F", "--form", action="append", type=_part, default=[], metavar="K=V|K=@FILE", help=about)
    parser.add_argument("-H", "--header", action="append", type=_header, default=[], metavar="'N: V'", help="a header")
    parser.add_argument("-o", "--output", type=str, metavar="FILE", help="write the body to a file, as it is")
    parser.add_argument("-i", "--include", action="store_true", help="print the response's status and headers, too")
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="show what goes out, on standard error, without secrets"
    )
    parser.add_argument(
        "--placement", metavar="PLACE", help="header (default), query, body, url-encoded or header+url-encoded"
    )
    parser.add_argument("--signature-method", metavar="METHOD", help="default: the service's, or HMAC-SHA1")
    parser.add_argument("--rsa-key", type=str, metavar="FILE", help="the private key of the RSA methods, in PEM")
    parser.add_argument("--realm", metavar="TEXT", help="goes into the header, unsigned (default: the service's)")
    about = "cover bodies that are not forms (default: the service's)"
    parser.add_argument("--body-hash", choices=("sha1", "sha256", "sha512"), help=about)
    parser.add_argument(
        "--service", type=str, metavar="SERVICE", help="sign as a known service, or a JSON file, has it"
    )
    parser.add_argument(
        "--timeout", type=_seconds, default=30, help="seconds to wait for the server each time (default: 30)"
    )
    parser.add_argument("--show-secrets", action="store_true", help="show our secrets where the response echoes them")


def _explain(add: argparse._SubParsersAction[_Parser]) -> None:
    parser = _add_command(
        add,
        "explain",
        "Say why a saved request was refused.",
        """\
FILE is raw HTTP (the request, and after it the response if it was saved), what 'curl -v' or 'curl --trace-ascii'
shows, a curl command line, or a HAR file (of a browser: exported with sensitive data, which is where the signature
is); "-", or none, is standard input. The secrets come from the store (NAME) or the environment; without them the
request is looked at as it stands.""",
    )
    parser.epilog = _ENVIRONMENT
    parser.add_argument("words", nargs="*", metavar="[NAME] [FILE]", help="NAME is an account or token in the store")
    parser.add_argument("--base-string", type=str, metavar="TEXT|@FILE", help="what the server says it signed")
    parser.add_argument("--signature", metavar="TEXT", help="a signature known good for the same nonce and timestamp")
    parser.add_argument(
        "--rsa-key", type=str, metavar="FILE", help="for the RSA methods, either half of the pair, in PEM"
    )
    parser.add_argument(
        "--scheme",
        choices=("https", "http"),
        help="of raw HTTP, which does not say (default: https, and http for loopback and port 80)",
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def _register(add: argparse._SubParsersAction[_Parser]) -> None:
    parser = _add_command(
        add,
        "register",
        "Register an application with a pump.io server, and keep the consumer key that it gives.",
        module="authorize",
    )
    parser.add_argument("name", metavar="NAME", help="what to keep the consumer as")
    parser.add_argument("server", metavar="SERVER", help="someone@pump.example, pump.example, or a URL")
    parser.add_argument("--application-name", required=True, metavar="TEXT", help="what users will be shown")
    parser.add_argument("--application-type", choices=("native", "web"), default="native", help="default: native")
    parser.add_argument(
        "--redirect-uri", action="append", default=[], metavar="URL", help="where users may be sent back"
    )
    parser.add_argument("--contact", action="append", default=[], metavar="ADDRESS", help="whom to write to about it")
    parser.add_argument("--http", action="store_true", help="ask over plain http")
    parser.add_argument("--replace", action="store_true", help="forget what is kept as NAME, once this is done")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def _credentials(add: argparse._SubParsersAction[_Parser]) -> None:
    parser = _add_command(
        add,
        "credentials",
        "List, show, add or remove what is in the store; secrets are masked.",
        """\
What is added comes from the environment, where OAUTH_CONSUMER_KEY is in it (with OAUTH_CONSUMER_SECRET, OAUTH_TOKEN
and OAUTH_TOKEN_SECRET), or else from prompts or standard input, a line each: consumer key, consumer secret, token,
token secret. Without a token the account is two-legged.""",
    )
    actions = ("list", "show", "add", "remove")
    parser.add_argument("action", choices=actions, metavar="|".join(actions), help="show prints JSON")
    parser.add_argument("name", nargs="?", default="", metavar="NAME", help="what to show, add or remove")
    parser.add_argument(
        "--service",
        type=str,
        metavar="SERVICE",
        help="whose account to add: a known service, a JSON file or a server (default: NAME, if it is a known one)",
    )
    parser.add_argument("--replace", action="store_true", help="forget what is kept as NAME, for what is added")
    parser.add_argument("--show-secrets", action="store_true", help="show secrets too, which are masked otherwise")
    parser.add_argument("--json", action="store_true", help="print the list, too, as JSON: {NAME: what it is}")


def _services(add: argparse._SubParsersAction[_Parser]) -> None:
    parser = _add_command(add, "services", "List the known services, or show what is known of one.")
    parser.add_argument("name", nargs="?", metavar="NAME", help="the one to show")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def _provider(add: argparse._SubParsersAction[_Parser]) -> None:
    parser = _add_command(
        add,
        "provider",
        "Run a real OAuth 1.0a provider until Ctrl-C, and print what a client needs, one 'name: value' a line.",
    )
    parser.add_argument("--host", type=_loopback, default="127.0.0.1", help="a loopback address (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    parser.add_argument("--database", type=str, metavar="FILE", help="keep the state in a file (default: in memory)")
    parser.add_argument(
        "--verbose", action="store_true", help="say on standard error what was asked, and why it was refused"
    )
