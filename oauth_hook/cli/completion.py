"""``oauth-hook completion``: what a shell needs to complete commands, options, services and stored names.

A shell asks the command itself what could stand at a place (``completion candidates``), so that what is known of the
arguments is written once, in ``commands.py``.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable

from ..protocol.methods import METHODS
from ..protocol.placement import PLACEMENTS
from ..services.catalog import SERVICES
from .commands import CANDIDATES, COMMANDS, STORE, Argument
from .console import DONE, open_store, print_text, read_options

__all__ = ["completion"]

_SCRIPTS = {
    "bash": """\
# eval "$(oauth-hook completion bash)"
_oauth_hook() {
    local IFS=$'\\n' words=("${COMP_WORDS[@]:1:COMP_CWORD}")
    COMPREPLY=($(oauth-hook completion candidates -- "${words[@]}" 2>/dev/null))
}
complete -o default -F _oauth_hook oauth-hook
""",
    "zsh": """\
# eval "$(oauth-hook completion zsh)"
_oauth_hook() {
    local -a found
    found=("${(@f)$(oauth-hook completion candidates -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ -n "$found" ]]; then compadd -- $found; else _files; fi
}
compdef _oauth_hook oauth-hook
""",
    "fish": """\
# oauth-hook completion fish | source
function __oauth_hook
    set -l words (commandline -opc) (commandline -ct)
    set -l found (oauth-hook completion candidates -- $words[2..-1] 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c oauth-hook -f -a '(__oauth_hook)'
""",
}
_HTTP_METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")


class _Options:
    shell: str
    words: list[str]


def completion(arguments: argparse.Namespace) -> int:
    """Print a script for a shell, or what could stand in the place of the last of some words."""
    options = read_options(_Options, arguments)
    if options.shell == CANDIDATES:
        found = [word for word in _find_candidates(options.words or [""]) if word.startswith(options.words[-1:][0])]
        print_text("\n".join(found), end="\n" if found else "")
    else:
        sys.stdout.write(_SCRIPTS[options.shell])
    return DONE


def _find_candidates(words: list[str]) -> Iterable[str]:
    """Return what could stand in the place of the last word; nothing where it is a file, or the user's own."""
    *before, current = words
    names = {command.name: command for command in COMMANDS}
    command = next((names[word] for word in before if word in names), None)
    options = {name: option for option in (STORE, *(command.arguments if command else ())) for name in option.names}
    previous = options.get(before[-1]) if before and before[-1].startswith("-") else None
    if previous is not None and previous.settings.get("action") != "store_true":
        return _find_values(previous)
    if current.startswith("-"):
        return [name for name in (*options, "--help") if name.startswith("--")]
    if command is None:
        return names if "help" in before else [*names, "help"]
    choices: Iterable[str] = command.arguments[0].settings.get("choices", ())
    if not set(before).isdisjoint(choices) or not choices:
        return _find_words(command.name, before)
    return [choice for choice in choices if choice != CANDIDATES]


def _find_values(option: Argument) -> Iterable[str]:
    """Return what an option takes."""
    known: dict[str, Iterable[str]] = {
        "--service": SERVICES,
        "--placement": PLACEMENTS,
        "--signature-method": METHODS,
    }
    choices: Iterable[str] = option.settings.get("choices", ())
    return choices or known.get(option.names[-1], ())


def _find_words(command: str, before: list[str]) -> Iterable[str]:
    """Return the words that a command takes besides options."""
    if command in ("authorize", "services"):
        return SERVICES
    stored = [name for name in _list_stored(before) if name not in before]
    if command in ("request", "sign"):
        return [*stored, *_HTTP_METHODS]
    return stored if command in ("credentials", "explain", "migrate", "use") else ()


def _list_stored(before: list[str]) -> Iterable[str]:
    """Return the names in the store that the words before name, if it is there; a keyring might ask for a password."""
    path = before[before.index("--store") + 1] if "--store" in before[:-1] else None
    if path == "keyring" or (path is not None and not os.path.exists(path)):
        return ()
    with open_store(path) as store:
        return [*store]
