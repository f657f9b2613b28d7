"""What the tests of the command share."""

from __future__ import annotations

import io
import os
import sys
from types import SimpleNamespace

import pytest

from oauth_hook import cli


@pytest.fixture
def call(tmp_path, monkeypatch, capsysbinary):
    """Run the command in this process, with a store of its own, and return what came of it."""

    def call(*arguments, stdin="", check=0, errors="strict", **environment):
        with monkeypatch.context() as patch:
            for name in [name for name in os.environ if name.startswith("OAUTH_")]:
                patch.delenv(name)
            for name, value in {"XDG_DATA_HOME": str(tmp_path / "data"), **environment}.items():
                patch.setenv(name, value)
            octets = stdin if isinstance(stdin, bytes) else stdin.encode()
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(octets), "utf-8", errors))
            try:
                status = cli.main(["--store", str(tmp_path / "store"), *arguments])
            except SystemExit as end:
                status = end.code
        out, err = (text.decode() for text in capsysbinary.readouterr())
        assert status == check, (out, err)
        return SimpleNamespace(stdout=out, stderr=err)

    call.store = tmp_path / "store"
    return call
