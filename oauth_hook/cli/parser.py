"""The parser of the command ``oauth-hook``: what was typed, or one line about what is wrong with it.

No message repeats what was typed in the place of a value, which may be a secret in the wrong place.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from itertools import groupby
from typing import NoReturn

from ..errors import suggest_word
from ..version import __version__
from .commands import ACTIONS, CANDIDATES, COMMANDS, STORE, check_text
from .console import MISUSE, one_line

__all__ = ["make_parser", "parse_arguments"]

_EXAMPLES = ("demo", "authorize tumblr", "request tumblr https://api.tumblr.com/v2/user/info")
_WITHOUT_STORE = ("completion", "demo", "provider", "services")

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
        if message.endswith(f"required: {'|'.join(ACTIONS)}"):
            self.exit(MISUSE, self.format_help())
        self.exit(MISUSE, f"{self.prog}: {one_line(_conceal_typed(message))}; see '{self.prog} --help'\n")


def _conceal_typed(message: str) -> str:
    """Return what argparse says without what was typed, which may be a secret in the wrong place."""
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


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the arguments of a command; ``None``: those of the process.

    :raises SystemExit: they are wrong (2), or ask for help or the version (0).
    """
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
        child.register("type", None, check_text)  # for arguments without a type; paths have str, and may be any bytes
        # Suppressed, the default leaves alone a --store given before the command's name.
        about = argparse.SUPPRESS if command.name in _WITHOUT_STORE else STORE.settings["help"]
        child.add_argument(*STORE.names, **STORE.settings | {"default": argparse.SUPPRESS, "help": about})
        for argument in command.arguments:
            child.add_argument(*argument.names, **argument.settings)
    return parser


def _list_examples(examples: Sequence[str]) -> str:
    return "\n".join(["examples:", *(f"  oauth-hook {example}" for example in examples)]) if examples else ""
