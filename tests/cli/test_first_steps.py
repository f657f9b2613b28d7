"""What somebody new is shown: help with examples, the demo on one screen, and what to type next."""

from __future__ import annotations

import re
import shlex

import pytest
from tables import for_each

from oauth_hook import Account, Consumer, CredentialStore, cli
from oauth_hook.cli.commands import ACTIONS, COMMANDS
from oauth_hook.cli.parser import make_parser


def read_help(capsys, *words):
    with pytest.raises(SystemExit) as end:
        cli.main([*words, "--help"])
    assert end.value.code == 0
    return capsys.readouterr().out


def list_examples(text):
    lines = text.partition("\nexamples:\n")[2].split("\n\n")[0].splitlines()
    assert all(line.startswith("  oauth-hook ") for line in lines)
    return [shlex.split(line.partition("|")[0].partition("<")[0].partition(">")[0])[1:] for line in lines]


@for_each("name", ["", *(command.name for command in COMMANDS)])
def test_each_help_has_three_examples_that_are_right(name, capsys):
    """What is shown can be typed: the parser takes it, and it fits a terminal of 80 columns, as all else does."""
    text = read_help(capsys, *filter(None, [name]))
    examples = list_examples(text)
    assert len(examples) == (len(ACTIONS) if name == "credentials" else 3)  # one for each of its actions
    for words in examples:
        if words != ["completion"]:
            make_parser().parse_args(words)
        assert not name or words[0] == name


@for_each(("name", "columns"), [(command.name, columns) for command in COMMANDS for columns in (60, 80, 120)])
def test_help_is_as_wide_as_the_terminal(name, columns, capsys, monkeypatch):
    """Paragraphs are filled to the width; what is to be typed stays on a line of its own."""
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = [line for line in read_help(capsys, name).splitlines() if not line.startswith("  ")]
    assert max(map(len, lines)) <= columns


def test_names_are_suggested_as_they_are_spelled(call):
    """Upper case is no obstacle, neither in what is typed nor in what is kept."""
    with CredentialStore(call.store) as store:
        store["MyApp"] = Account(Consumer("c", "s"))
    assert "did you mean 'MyApp'" in call("credentials", "show", "myap", check=2).stderr
    assert "did you mean 'tumblr'" in call("services", "TUMBLER", check=2).stderr


@for_each(
    ("words", "stdin", "next_words"),
    [
        (["credentials", "add", "tumblr"], "c\ns\n\n", ["authorize", "tumblr"]),
        (["credentials", "add", "me", "--service", "tumblr"], "c\ns\nt\nu\n",
         ["request", "me", "https://api.tumblr.com/v2/user/info"]),
        (["credentials", "add", "me", "--origin", "https://a.example"], "c\ns\n\n", ["request", "me", "https://a.example/"]),
    ],
)  # fmt: skip
def test_what_to_type_next_is_said(words, stdin, next_words, call):
    """A line that can be typed as it stands, with the same store; not for scripts, which want JSON."""
    call.store.unlink(missing_ok=True)
    done = call(*words, stdin=stdin)
    assert shlex.split(done.stderr.rpartition("next: ")[2]) == ["oauth-hook", "--store", str(call.store), *next_words]
    assert "next:" not in call(*words, "--replace", "--json", stdin=stdin).stderr


def test_what_the_provider_prints_can_be_typed(call, oauth_provider):
    """Its two commands are lines of a name and a value, as all that it prints."""
    from oauth_hook.cli.provider import list_details

    details = list_details(oauth_provider)
    commands = [value for value in details.values() if value.startswith("oauth-hook ")]
    assert [shlex.split(command)[1] for command in commands] == ["authorize", "request"]
    for command in commands:
        make_parser().parse_args(shlex.split(command)[1:])
    assert all(re.fullmatch("[^:\n]+: [^\n]+", f"{name}: {value}") for name, value in details.items())


def test_the_demo_fits_a_screen_and_ends_with_the_point(capsys):
    """24 lines of 80 columns: a line a step, why the last were refused, and what to type next."""
    assert cli.main(["demo"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= 23  # as a prompt stands below
    assert max(map(len, lines)) <= 80
    steps = [line for line in lines if re.match(r"[ \d]\d .* > ", line)]
    assert len(steps) == 11
    assert all(" > " in step and " < " in step for step in steps)
    reasons = (
        "query-changed (proven), amount: 10 was signed, 99 was sent",
        "body-changed (proven), amount: 10 was signed",
    )
    for step, why, reason in zip(steps[-2:], (lines[11], lines[13]), reasons, strict=True):
        assert why.startswith(f"   why: {reason}")
        assert lines[lines.index(step) + 1] == why
    assert [line.split()[:2] for line in lines[-3:]] == [
        ["oauth-hook", "demo"], ["oauth-hook", "provider"], ["oauth-hook", "authorize"],
    ]  # fmt: skip


def test_the_demo_shows_all_with_verbose(capsys):
    """Every header and body, and the explanations as a whole."""
    assert cli.main(["demo", "--verbose"]) == 0
    out = capsys.readouterr().out
    assert out.count("Authorization: OAuth") == 5
    assert out.count("why: ") == 2
    assert "11 of 11 steps" in out
