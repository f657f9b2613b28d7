"""``oauth-hook completion``: in the real shells, as far as they are here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from oauth_hook import AccessToken, CredentialStore, cli
from oauth_hook.services import SERVICES

# What a shell runs when a user presses Tab behind these words, and prints what it would offer.
SHELLS = {
    "bash": 'eval "$(oauth-hook completion bash)"; COMP_WORDS=(oauth-hook "$@"); COMP_CWORD=$#; _oauth_hook; '
    'printf "%s\\n" "${COMPREPLY[@]}"',
    "zsh": "compdef() { }; compadd() { shift; print -l -- $@ }; _files() { print FILES }; "
    'eval "$(oauth-hook completion zsh)"; words=(oauth-hook "$@"); CURRENT=$#words; _oauth_hook',
    "fish": 'oauth-hook completion fish | source; complete -C "oauth-hook $argv"',
}


@pytest.fixture
def candidates(tmp_path, capsys, monkeypatch):
    """What could stand in the place of the last word, with one token in the store."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    with CredentialStore(tmp_path / "store") as store:
        store["sue"] = AccessToken("token", "secret")

    def candidates(*words):
        assert cli.main(["completion", "candidates", "--", "--store", str(tmp_path / "store"), *words]) == 0
        return capsys.readouterr().out.split()

    return candidates


def test_what_could_stand_there(candidates):
    """Commands, options, their values, services and stored names are known; files are the shell's to complete."""
    assert {"request", "sign", "help", "completion"} <= {*candidates("")}
    assert candidates("req") == ["request"]
    assert "--signature-method" in candidates("request", "--s")
    assert candidates("request", "--placement", "q") == ["query"]
    assert candidates("request", "--body-hash", "") == ["sha1", "sha256", "sha512"]
    assert candidates("request", "--service", "disc") == ["discogs"]
    assert candidates("authorize", "") == [*SERVICES]
    assert candidates("request", "s") == ["sue"]
    assert candidates("request", "sue", "GE") == ["GET"]
    assert candidates("credentials", "sh") == ["show"]
    assert candidates("credentials", "show", "") == ["sue"]
    assert candidates("request", "--json", "") == candidates("request", "-o", "x") == []
    assert candidates("completion", "") == ["bash", "zsh", "fish"]
    assert "provider" in candidates("help", "p")


def test_nothing_is_made_by_asking(tmp_path, capsys):
    """A store that is not there stays so, and the keyring is not opened."""
    for store in (str(tmp_path / "none"), "keyring"):
        assert cli.main(["completion", "candidates", "--", "--store", store, "credentials", "show", ""]) == 0
    assert capsys.readouterr().out == ""
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_completes(shell, tmp_path):
    """What the command prints for a shell makes that shell offer what the command knows."""
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    command = tmp_path / "oauth-hook"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m oauth_hook "$@"\n')
    command.chmod(0o755)
    settings = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": str(tmp_path)}

    def offered(*words):
        names = [] if shell == "fish" else [shell]
        done = subprocess.run(
            [shell, "-c", SHELLS[shell], *names, *words],
            env=settings,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return done.stdout.split()

    assert offered("authorize", "disc") == ["discogs"]
    assert "--signature-method" in offered("request", "--sig")
    (tmp_path / "a-file").write_text("")
    if shell != "bash":  # which does that by itself (complete -o default)
        assert offered("request", "-o", f"{tmp_path}/a-f") in (["FILES"], [f"{tmp_path}/a-file"])


def test_help_of_a_command(capsys):
    """``help COMMAND`` is its ``--help``, and ``help`` that of all."""
    shown = []
    for words in (["help", "sign"], ["sign", "--help"], ["help"], ["--help"]):
        with pytest.raises(SystemExit) as end:
            cli.main(words)
        assert end.value.code == 0
        shown.append(capsys.readouterr().out)
    assert shown[0] == shown[1]
    assert shown[2] == shown[3]
