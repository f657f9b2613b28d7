"""The commands, their arguments and the types of these: what ``oauth-hook`` and its ``--help`` are made of."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from .console import is_text, is_token

__all__ = ["ACTIONS", "CANDIDATES", "COMMANDS", "STORE", "Argument", "Command", "check_text"]

_LAST_PORT = 65_535
_MAX_SECONDS = 1_000_000  # a socket can wait about twice as long


class Argument(NamedTuple):
    """What ``add_argument`` takes."""

    names: tuple[str, ...]
    settings: dict[str, Any]


class Command(NamedTuple):
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


# --- types of arguments ---


def check_text(value: str) -> str:
    """Take an argument that is text.

    :raises argparse.ArgumentTypeError: it has bytes that are not UTF-8.
    """
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
    name, mark, rest = check_text(value).partition("=")
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

_ENVIRONMENT = """

credentials come from the store (NAME), or from the environment:
  OAUTH_CONSUMER_KEY, OAUTH_CONSUMER_SECRET   the application's
  OAUTH_TOKEN, OAUTH_TOKEN_SECRET             the user's; without them two-legged
never from an argument, which other users of the machine could see.
"""
_FORBID = """
OAUTH_HOOK_FORBID=PLAINTEXT,SHA1 in the environment forbids signature methods: nothing is signed with them.
"""

STORE = _file(
    "--store",
    metavar="FILE|keyring",
    help="where credentials are kept: a file, or the operating system's keyring (default: the user's data folder)",
)
_JSON = _flag("--json", help="print the result as JSON")
_PRIVATE_KEY = _file("--rsa-key", help="the private key for the RSA methods, in PEM")
_AT = _repeated(
    "--at", type=_pair, metavar="K=V", help="where the tenant of a service is: host=shop.example, account=123_SB1"
)
_ORIGIN = _repeated(
    "--origin", metavar="URL", help="where else the account may be used, besides its service; kept with the account"
)
CANDIDATES = "candidates"  # asked for by the scripts of ``completion`` only
_WORDS_HELP = "NAME is an account or token in the store"
ACTIONS = ("list", "show", "add", "remove", "rename", "allow", "export")

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

COMMANDS = (
    Command(
        "demo",
        "Get a token, sign requests, and see changed ones refused, against a provider of its own on loopback.",
        (
            _flag("-v", "--verbose", help="show all that goes over the wire, and why requests are refused"),
            _flag("--show-secrets", help="show verifiers too, which are masked otherwise"),
        ),
        examples=("demo", "demo --verbose", "demo --verbose --show-secrets | less"),
    ),
    Command(
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
    Command(
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
    Command(
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
    Command(
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
    Command(
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
    Command(
        "credentials",
        "List, show, add, remove, rename or export what is in the store, or allow an account elsewhere.",
        (
            _argument("action", choices=ACTIONS, metavar="|".join(ACTIONS), help="show prints JSON"),
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
    Command(
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
    Command(
        "services",
        "List the known services, or show what is known about one.",
        (_argument("name", nargs="?", metavar="NAME", help="the one to show"), _JSON),
        examples=("services", "services tumblr", "services tumblr --json"),
    ),
    Command(
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
    Command(
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
    Command(
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
