"""The command ``oauth-hook``: its arguments, and its exit status.

Results go to standard output; prompts, progress and errors to standard error. The exit
status is 0 for done, 1 where the provider said no or could not be reached, 2 for misuse;
130 after Ctrl-C, and 141 where the reader of the output has gone, as a shell has them.
What each command does is in a module of its own, which is imported when the command is run:
``--version`` and ``--help`` load no HTTP library.
"""

from __future__ import annotations

import argparse
import gc
import math
import os
import re
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from importlib import import_module
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TextIO

from ..errors import OAuthHookError, ProviderError, conceal_frames, suggest_word
from ..version import __version__
from .console import BROKEN_PIPE, INTERRUPTED, MISUSE, is_text, is_token, one_line, report, report_causes

if TYPE_CHECKING:
    from ..tokens.accounts import Store

__all__ = ["main"]

_MAX_GARBAGE = 100_000  # objects
_LAST_PORT = 65_535
_MAX_SECONDS = 1_000_000  # a socket can wait about twice as long

_ENVIRONMENT = """

credentials come from the store (NAME), or from the environment:
  OAUTH_CONSUMER_KEY, OAUTH_CONSUMER_SECRET   the application's
  OAUTH_TOKEN, OAUTH_TOKEN_SECRET             the user's; without them two-legged
never from an argument, which other users of the machine could see.
"""
_FORBID = """
OAUTH_HOOK_FORBID=PLAINTEXT,SHA1 in the environment forbids signature methods: nothing is signed with them.
"""


@conceal_frames
def main(argv: Sequence[str] | None = None, *, store: Store | None = None) -> int:
    """Run the command.

    :param argv: the arguments; default: those of the process.
    :param store: keeps the credentials: any mapping from names to them; default: a ``CredentialStore``.
    :returns: the exit status.
    :raises SystemExit: the arguments are wrong (2), or ask for help or the version (0).
    """
    if argv is None:  # a process of its own, which is over before it would be worth looking for garbage
        gc.set_threshold(_MAX_GARBAGE)
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


# What an option's name may be; what follows it, or only looks like it, may be a secret.
_option_name = re.compile(r"-[A-Za-z]|--[a-z][a-z-]{0,30}(?=\Z|=)").match


class _Formatter(argparse.HelpFormatter):
    """Fills paragraphs, and shows positional arguments that are told apart by what they look like under one name."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        """Return a text whose lines are as long as the terminal is wide, but for those that are indented."""
        filled = []
        for is_prose, lines in groupby(text.split("\n"), lambda line: line[:1] not in ("", " ")):
            block = list(lines)
            filled += [super()._fill_text(" ".join(block), width, indent)] if is_prose else block
        return "\n".join(filled)

    def _format_args(self, action: argparse.Action, default_metavar: str) -> str:
        return str(action.metavar) if action.dest == "words" else super()._format_args(action, default_metavar)


# What other programs call the actions of ``credentials``.
_ALSO_CALLED = {"delete": "remove", "del": "remove", "rm": "remove", "ls": "list", "mv": "rename", "move": "rename"}


class _Parser(argparse.ArgumentParser):
    """A parser that reports a mistake in one line."""

    def error(self, message: str) -> NoReturn:
        """Say what was wrong and where to read on, and exit with the status for misuse."""
        if message.endswith(f"required: {'|'.join(_ACTIONS)}"):
            self.exit(MISUSE, self.format_help())
        self.exit(MISUSE, f"{self.prog}: {one_line(_conceal_typed(message))}; see '{self.prog} --help'\n")


def _conceal_typed(message: str) -> str:
    """Return what argparse says without what was typed, which may be a secret in the wrong place."""
    message = message.removeprefix("argument x: ")  # of migrate, whose one choice is a metavar, too
    choice = re.search(r"(.*)invalid choice: (.*) \(choose from (.*)\)", message, re.DOTALL)
    if choice is not None:
        place = "" if re.search(r"COMMAND|\|", choice[1]) else choice[1]
        noun = "command" if "COMMAND" in choice[1] else "choice"
        known = [word for word in re.findall(r"[\w+-]+", choice[3]) if word != CANDIDATES]
        typed = choice[2].partition(", maybe you meant ")[0].strip("'\"")  # from Python 3.15 on
        close = suggest_word(_ALSO_CALLED.get(typed, typed), known)
        advice = close or f": choose one of {', '.join(known)}"
        return f"{place}there is no such {noun}{advice}"
    message = re.sub(r"invalid int value: .*", "expected a whole number", message, flags=re.DOTALL)
    message = re.sub(r"ignored explicit argument .*", "it takes no value", message, flags=re.DOTALL)
    return re.sub(r"=.* could match", " could match", message, flags=re.DOTALL)


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    words = [*(sys.argv[1:] if argv is None else argv)]
    if words[:1] == ["help"]:  # as of other commands
        words = [*words[1:2], "--help"]
    parser = make_parser(words)
    if argv is None and not words:
        parser.exit(MISUSE, parser.format_help())
    if {command.name for command in COMMANDS}.isdisjoint(words):  # argparse would say that the COMMAND is missing
        known = tuple(parser._option_string_actions)
        names = [found[0] for word in words if (found := _option_name(word))]
        if unknown := [name for name in names if not any(option.startswith(name) for option in known)]:
            parser.error(_describe_unknown(unknown, parser))
    arguments, rest = parser.parse_known_args(words)
    rest = _fill_gaps(arguments, rest)
    if rest:
        arguments.parser.error(_describe_unknown(rest, arguments.parser))
    return arguments


def _describe_unknown(words: Sequence[str], parser: argparse.ArgumentParser) -> str:
    """Return what to do about options that a command does not have, and about words that it does not take."""
    names = [found[0] for word in words if (found := _option_name(word))]
    if not names:
        return "too many arguments"
    if any(re.search("user|secret|token|key|password|^-u", name) for name in names):
        told = " ".join([*names, "(credentials come from the store, standard input or the environment)"])
    else:
        told = " ".join(f"{name}{suggest_word(name, parser._option_string_actions)}" for name in names)
    if {"-X", "--method", "--request"} & {*names}:
        told += "; the METHOD goes before the URL, by itself"
    return f"unknown arguments: {told}"


def _fill_gaps(arguments: argparse.Namespace, rest: list[str]) -> list[str]:
    """Take the words behind an option, and return what else is left over.

    argparse wants positional arguments in one piece: ``request GET -d a=1 URL`` leaves the URL over, and
    ``credentials show --show-secrets NAME`` the NAME, which may be left out.
    """
    unknown = [word for word in rest if word.startswith("-")]
    words = [word for word in rest if not word.startswith("-")]
    if unknown or not words:
        return unknown
    if hasattr(arguments, "words"):
        arguments.words += words
        return []
    command = next(command for command in COMMANDS if command.name == arguments.command)
    for argument in command.arguments:
        name = argument.names[0]
        if argument.settings.get("nargs") == "?" and not getattr(arguments, name) and words:
            setattr(arguments, name, words.pop(0))
    return words


def make_parser(words: Sequence[str] | None = None) -> _Parser:
    """Return the parser of the whole command.

    :param words: what it is to parse: a command that is not named there needs no arguments; ``None``: anything.
    """
    parser = _Parser(
        prog="oauth-hook",
        description="OAuth 1.0a: get tokens, sign requests, and find out why they fail.",
        epilog=_list_examples(_EXAMPLES),
        formatter_class=_Formatter,
    )
    parser.add_argument("--version", action="version", version=f"oauth-hook {__version__}")
    parser.add_argument(*STORE.names, **STORE.settings)
    add = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for command in COMMANDS:
        if words is not None and command.name not in words:
            add.add_parser(command.name, help=command.about)
            continue
        description = f"{command.about}\n\n{command.more}" if command.more else command.about
        epilog = _list_examples(command.examples) + command.epilog
        child = add.add_parser(
            command.name,
            help=command.about,
            description=description,
            epilog=epilog,
            formatter_class=_Formatter,
        )
        child.set_defaults(command=command.name, module=command.module or command.name, parser=child)
        child.register("type", None, _text)  # for arguments without a type; paths have str, and may be any bytes
        # Suppressed, the default leaves alone a --store given before the command's name.
        about = argparse.SUPPRESS if command.name in _WITHOUT_STORE else STORE.settings["help"]
        child.add_argument(*STORE.names, **STORE.settings | {"default": argparse.SUPPRESS, "help": about})
        for argument in command.arguments:
            child.add_argument(*argument.names, **argument.settings)
    return parser


def _list_examples(examples: Sequence[str]) -> str:
    return "\n".join(["examples:", *(f"  oauth-hook {example}" for example in examples)]) if examples else ""


# --- types of arguments ---


def _text(value: str) -> str:
    if not is_text(value):
        raise argparse.ArgumentTypeError("not text (UTF-8)")
    return value


def _seconds(value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not 0 < number <= _MAX_SECONDS:
        raise argparse.ArgumentTypeError(f"expected a number of seconds above 0 and at most {_MAX_SECONDS}")
    return number


def _port(value: str) -> int:
    if not re.fullmatch("[0-9]{1,5}", value) or int(value) > _LAST_PORT:
        raise argparse.ArgumentTypeError(f"expected a port, a whole number from 0 to {_LAST_PORT}")
    return int(value)


def _placement(value: str) -> str:
    from ..protocol.placement import PLACEMENTS

    return _choose(value, PLACEMENTS)


def _method(value: str) -> str:
    from ..protocol.methods import METHODS

    return _choose(value.upper(), METHODS)


def _x(value: str) -> str:
    if value != "x":
        raise argparse.ArgumentTypeError(
            "the service comes first, and only X has this: use 'oauth-hook migrate x NAME'"
        )
    return value


def _choose(value: str, known: Iterable[str]) -> str:
    """Return a word that is known; of another one argparse's own words are said, as of an option's ``choices``."""
    if value not in known:
        raise argparse.ArgumentTypeError(f"invalid choice: {value!r} (choose from {', '.join(known)})")
    return value


def _loopback(value: str) -> str:
    from ..protocol.url import is_loopback

    if not is_loopback(f"[{value}]" if ":" in value else value):
        raise argparse.ArgumentTypeError(
            "the provider speaks plain http and is for this machine alone: use 127.0.0.1, ::1 or localhost"
        )
    return value


def _pair(value: str) -> tuple[str, str]:
    name, mark, rest = _text(value).partition("=")
    if not mark or not name:
        raise argparse.ArgumentTypeError("expected NAME=VALUE")
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
        raise argparse.ArgumentTypeError("expected 'Name: value'")
    try:
        rest.encode("latin-1")
    except UnicodeEncodeError:
        raise argparse.ArgumentTypeError(f"the value of {name} has characters that no header can carry") from None
    if not all(character.isprintable() or character in "\t\xa0\xad" for character in rest):
        raise argparse.ArgumentTypeError(f"the value of {name} has a line feed or another control character in it")
    return name, rest


# --- the commands ---


class Argument(NamedTuple):
    """What ``add_argument`` takes."""

    names: tuple[str, ...]
    settings: dict[str, Any]


class _Command(NamedTuple):
    """A command: the function of its name, in the module of its name if no other is given."""

    name: str
    about: str
    arguments: tuple[Argument, ...]
    more: str = ""  # what else its ``--help`` says
    epilog: str = ""
    module: str | None = None
    examples: tuple[str, ...] = ()


def _argument(*names: str, **settings: Any) -> Argument:
    return Argument(names, settings)


def _flag(*names: str, help: str) -> Argument:
    return _argument(*names, action="store_true", help=help)


def _file(*names: str, metavar: str = "FILE", help: str) -> Argument:
    return _argument(*names, type=str, metavar=metavar, help=help)


def _repeated(*names: str, **settings: Any) -> Argument:
    return _argument(*names, action="append", default=[], **settings)


STORE = _file(
    "--store",
    metavar="FILE|keyring",
    help="where credentials are kept: a file, or the operating system's keyring (default: the user's data folder)",
)
_WITHOUT_STORE = ("completion", "demo", "provider", "services")
_JSON = _flag("--json", help="print the result as JSON")
_PRIVATE_KEY = _file("--rsa-key", help="the private key for the RSA methods, in PEM")
_AT = _repeated(
    "--at", type=_pair, metavar="K=V", help="where the tenant of a service is: host=shop.example, account=123_SB1"
)
_ORIGIN = _repeated(
    "--origin", metavar="URL", help="where else the account may be used, besides its service; kept with the account"
)
CANDIDATES = "candidates"  # what the scripts of ``completion`` ask for, and nobody else
_WORDS_HELP = "NAME is an account or token in the store"
_ACTIONS = ("list", "show", "add", "remove", "rename", "allow", "export")

# What ``request`` and ``sign`` make a request of, and how they sign it.
_REQUEST = (
    _argument("words", nargs="+", metavar="[NAME] [METHOD] URL", help=_WORDS_HELP),
    _repeated("--query", type=_pair, metavar="K=V", help="a field of the URL's query"),
    _repeated("-d", "--data", type=_field, metavar="K=V|@FILE", help="a form field, or a file of them (a=1&b=2)"),
    _flag("-G", "--get", help="put the fields of -d into the URL's query"),
    _file("--json", metavar="TEXT|@FILE", help="a JSON body"),
    _file("--data-binary", metavar="TEXT|@FILE|@-", help="a body as it is; of the type that -H gives it"),
    _file("-T", "--upload-file", metavar="FILE|-", help="likewise, the file itself, by PUT"),
    _repeated("-F", "--form", type=_part, metavar="K=V|K=@FILE", help="a part of a multipart form"),
    _repeated("-H", "--header", type=_header, metavar="'N: V'", help="a header"),
    _argument(
        "--placement",
        type=_placement,
        metavar="PLACE",
        help="header (default), query, body, url-encoded or header+url-encoded",
    ),
    _argument("--signature-method", type=_method, metavar="METHOD", help="default: the service's, or HMAC-SHA1"),
    _PRIVATE_KEY,
    _argument("--realm", metavar="TEXT", help="goes into the header, unsigned (default: the service's)"),
    _argument(
        "--body-hash",
        choices=("sha1", "sha256", "sha512"),
        help="sign a hash of bodies that are not forms (default: the service's)",
    ),
    _file("--service", metavar="SERVICE", help="sign as this service wants it: a known one, or a JSON file"),
    _AT,
    _ORIGIN,
)

_EXAMPLES = ("demo", "authorize tumblr", "request tumblr https://api.tumblr.com/v2/user/info")

COMMANDS = (
    _Command(
        "demo",
        "Get a token, sign requests, and see changed ones refused, against a provider of its own on loopback.",
        (
            _flag("-v", "--verbose", help="show all that goes over the wire, and why requests are refused"),
            _flag("--show-secrets", help="show verifiers too, which are masked otherwise"),
        ),
        examples=("demo", "demo --verbose", "demo --verbose --show-secrets | less"),
    ),
    _Command(
        "authorize",
        "Get an access token from a service, with the user's consent, and keep it.",
        (
            _argument(
                "name", metavar="NAME", help="the account's name in the store; without --service, also the service"
            ),
            _file("--service", metavar="SERVICE", help="a known service, a JSON file, or someone@pump.example"),
            _AT,
            *(
                _argument(f"--{leg}-url", metavar="URL", help="with the other two, instead of --service")
                for leg in ("request-token", "authorization", "access-token")
            ),
            _flag("--http", help="ask someone@pump.example over plain http"),
            _flag("--browser", help="open a browser and wait for it on loopback"),
            _argument("--port", type=_port, default=0, help="for --browser, if the callback is registered with a port"),
            _repeated("--set", type=_pair, metavar="K=V", help="a parameter for the authorization page"),
            _PRIVATE_KEY,
            _ORIGIN,
            _argument("--timeout", type=_seconds, default=300, help="seconds to wait for the browser (default: 300)"),
            _flag("--replace", help="replace what is kept as NAME, once this is done"),
            _flag("--anyway", help="go on, though the service has ended OAuth 1"),
            _JSON,
        ),
        """\
The consumer key and secret come from the store (NAME), the environment
(OAUTH_CONSUMER_KEY, OAUTH_CONSUMER_SECRET), or a prompt; where --service is
someone@pump.example, oauth-hook registers itself. Authorizing NAME again replaces
its token; for another service or another consumer key, use --replace.""",
        examples=(
            "authorize tumblr",
            "authorize sue --service flickr --browser --set perms=read",
            "authorize me --service alice@127.0.0.1:8734 --http",
        ),
    ),
    _Command(
        "request",
        "Send a signed request, and print the body of its response; if it was refused, say why.",
        (
            *_REQUEST,
            _file("-o", "--output", help="write the body to a file, unchanged; a refusal does not take its place"),
            _flag("--output-errors", help="write refusals there, too"),
            _flag("-i", "--include", help="print the response's status and headers, too"),
            _flag("-v", "--verbose", help="show what is sent, on standard error, without secrets"),
            _argument(
                "--timeout", type=_seconds, default=30, help="seconds to wait for the server each time (default: 30)"
            ),
            _flag("--show-secrets", help="show your secrets where the response echoes them"),
        ),
        """\
The default METHOD is GET, or POST if there is something to send (-d, --json, --data-binary, -F; PUT with -T). Bodies
are sent and printed as they come, whatever their size. The service determines how
requests are signed and which headers they carry; the options given here override it. An account is used at its
service only, and where --origin allowed it.""",
        _ENVIRONMENT + _FORBID,
        examples=(
            "request tumblr https://api.tumblr.com/v2/user/info",
            "request sue https://www.flickr.com/services/rest -d title=Hello",
            "request sue https://up.flickr.com/services/upload/ -F photo=@photo.jpg",
        ),
    ),
    _Command(
        "sign",
        "Print the signature that a request would have, for other programs to send; nothing is sent.",
        (
            *_REQUEST,
            _flag("--url", help="print the signed URL instead of the header (with --placement query)"),
            _flag("--curl", help="print a command line for curl"),
            _flag("--show-secrets", help="allow PLAINTEXT, whose signature is the secrets themselves"),
        ),
        """\
What is printed is for one request, once, within the next minutes: a signature has a nonce and a timestamp.""",
        _ENVIRONMENT,
        "request",
        examples=(
            "sign tumblr https://api.tumblr.com/v2/user/info",
            "sign tumblr https://api.tumblr.com/v2/user/info --curl | sh",
            "sign sue https://api.example.com/me --placement query --url",
        ),
    ),
    _Command(
        "explain",
        "Say why a saved request was refused.",
        (
            _argument("words", nargs="*", metavar="[NAME] [FILE]", help=_WORDS_HELP),
            _file("--base-string", metavar="TEXT|@FILE", help="what the server says it signed"),
            _file("--my-base-string", metavar="TEXT|@FILE", help="what another client says it signed"),
            _argument(
                "--signature", metavar="TEXT", help="a signature known to be right for the same nonce and timestamp"
            ),
            _file("--rsa-key", help="for the RSA methods, either half of the key pair, in PEM"),
            _file(
                "--service",
                metavar="SERVICE",
                help="look at what this service is known to want: a known one, or a JSON file (default: the account's, "
                "or the one that has the URL)",
            ),
            _argument(
                "--scheme",
                choices=("https", "http"),
                help="for raw HTTP, which does not say (default: https, or http for loopback and port 80)",
            ),
            _file(
                "--html", help="write a page to look at: the findings, both base strings part by part ('-': print it)"
            ),
            _JSON,
        ),
        """\
FILE is raw HTTP (the request, and after it the response if it was saved), alone or in a log; what curl, wget,
HTTPie, mitmdump or a library shows of its work; a curl command line or another call that a browser copies; or a HAR
file (exported from a browser with sensitive data, or the signature is missing). "-", or no FILE, is standard input.
The page "Why did it say 401?" of the documentation lists all formats. The secrets come from the store (NAME; without
it, the account that has the keys of the request, or the default one) or the environment; without them, only what the
request itself shows is checked.""",
        _ENVIRONMENT,
        examples=(
            "explain tumblr refused.har",
            "explain tumblr < refused.txt",
            "explain sue refused.txt --html why.html",
        ),
    ),
    _Command(
        "register",
        "Register an application with a pump.io server, and keep the consumer key that it gives.",
        (
            _argument("name", metavar="NAME", help="the consumer's name in the store"),
            _argument("server", metavar="SERVER", help="someone@pump.example, pump.example, or a URL"),
            _argument("--application-name", required=True, metavar="TEXT", help="what users will be shown"),
            _argument("--application-type", choices=("native", "web"), default="native", help="default: native"),
            _repeated("--redirect-uri", metavar="URL", help="where users may be sent back"),
            _repeated("--contact", metavar="EMAIL", help="whom to write to about it"),
            _flag("--http", help="ask over plain http"),
            _flag("--replace", help="replace what is kept as NAME, once this is done"),
            _JSON,
        ),
        module="authorize",
        examples=(
            'register pump alice@pump.example --application-name "My client"',
            'register pump pump.example --application-name "My client" --contact me@example.com',
            'register me 127.0.0.1:8734 --http --application-name "My client"',
        ),
    ),
    _Command(
        "credentials",
        "List, show, add, remove, rename or export what is in the store, or allow an account elsewhere.",
        (
            _argument("action", choices=_ACTIONS, metavar="|".join(_ACTIONS), help="show prints JSON"),
            _argument("name", nargs="?", default="", metavar="NAME", help="what it is about"),
            _argument("new", nargs="?", default="", metavar="NEW", help="for rename: the new name"),
            _file(
                "--service",
                metavar="SERVICE",
                help="for add: a known service, a JSON file or a server (default: NAME, if it is a known service)",
            ),
            _AT,
            _ORIGIN,
            _flag("--replace", help="for add and rename: replace what is kept by that name"),
            _flag("--show-secrets", help="show secrets too, which are masked otherwise"),
            _flag("--json", help="print the list as JSON, too: {NAME: what it is}"),
        ),
        """\
'add' takes the credentials from the environment, if OAUTH_CONSUMER_KEY is set there (with OAUTH_CONSUMER_SECRET,
OAUTH_TOKEN and OAUTH_TOKEN_SECRET); otherwise it asks for them, or reads them from standard input, one a line:
consumer key, consumer secret, token, token secret. Without a token the account is two-legged.
'allow' keeps with an account where it may be used (--origin URL), besides its service; elsewhere it signs nothing.
'export' prints lines for a shell (or JSON), with --show-secrets only.""",
        examples=(
            "credentials list",
            "credentials show sue --show-secrets",
            "credentials add sue --service flickr",
            "credentials remove sue",
            "credentials rename sue susan",
            "credentials allow sue --origin https://api.example.com",
            "credentials export sue --show-secrets",
        ),
    ),
    _Command(
        "use",
        "Make an account the default: the one that is used where no NAME is given.",
        (
            _argument("name", nargs="?", metavar="NAME", help="the account in the store; without it, say which it is"),
            _flag("--none", help="have no default"),
        ),
        """\
'request', 'sign' and HTTPie use it where no NAME is given and the environment has no OAUTH_... credentials; like any
account it is used at its service only. 'explain' uses it where no account has the keys of the request. It follows
'credentials rename', and 'credentials remove' ends it.""",
        module="credentials",
        examples=("use tumblr", "use", "use --none"),
    ),
    _Command(
        "services",
        "List the known services, or show what is known about one.",
        (_argument("name", nargs="?", metavar="NAME", help="the one to show"), _JSON),
        examples=("services", "services tumblr", "services tumblr --json"),
    ),
    _Command(
        "migrate",
        "Exchange stored OAuth 1.0a tokens for OAuth 2.0 tokens of the same users, who are not asked.",
        (
            _argument(
                "service", type=_x, choices=("x",), metavar="x", help="X, which alone documents such an exchange"
            ),
            _argument("name", nargs="?", default="", metavar="NAME", help="an account in the store"),
            _flag("--all", help="all accounts at X, one after another; a user whom X refuses is skipped"),
            _argument("--scope", metavar="TEXT", help="what the new tokens may do (default: as much as the old)"),
            _argument("--token-url", metavar="URL", help="where to send it (default: X's; https, or loopback)"),
            _argument("--timeout", type=_seconds, default=30, help="seconds to wait for X each time (default: 30)"),
            _flag("--replace", help="exchange again what was exchanged or refused; the tokens of the last time end"),
            _JSON,
        ),
        """\
The new tokens are kept as NAME-oauth2, beside NAME, which stays as it is, and valid. What was exchanged is not
exchanged again: where this stopped half-way, run it once more. With --json there is one object a line.
To see them: oauth-hook credentials show NAME-oauth2 --show-secrets
(secret: the access token, for 'Authorization: Bearer'; extra: the refresh token).""",
        """

the OAuth 2.0 client ID and its secret, which are not the consumer key and secret, come from the environment
(OAUTH2_CLIENT_ID, OAUTH2_CLIENT_SECRET; without a secret it is a public client), a prompt or standard input.""",
        examples=("migrate x me", "migrate x --all --json", "migrate x me --scope 'users.read tweet.read'"),
    ),
    _Command(
        "provider",
        "Run a real OAuth 1.0a provider until Ctrl-C, and print what a client needs, one 'name: value' per line.",
        (
            _argument("--host", type=_loopback, default="127.0.0.1", help="a loopback address (default: %(default)s)"),
            _argument("--port", type=_port, default=0, help="default: any free port"),
            _file("--database", help="keep the state in a file (default: in memory)"),
            _flag("--verbose", help="log each request on standard error, and why it was refused"),
        ),
        examples=("provider", "provider --port 8734 --verbose", "provider --port 8734 --database provider.sqlite3"),
    ),
    _Command(
        "completion",
        "Print what makes a shell complete commands, options, services and stored names.",
        (
            _argument("shell", choices=("bash", "zsh", "fish", CANDIDATES), metavar="bash|zsh|fish", help="the shell"),
            _argument("words", nargs="*", default=[], help=argparse.SUPPRESS),
        ),
        epilog="""

in the file that the shell reads at its start:
  eval "$(oauth-hook completion bash)"   ~/.bashrc
  eval "$(oauth-hook completion zsh)"    ~/.zshrc, after compinit
  oauth-hook completion fish | source    ~/.config/fish/config.fish
""",
        examples=("completion bash", "completion zsh", "completion fish"),
    ),
)
