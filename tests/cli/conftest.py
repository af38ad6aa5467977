from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from multichannel.cli import main
from tests.cli.shell import Shell
from tests.importing.books import ALDER

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def shell(database_url: str, tmp_path: Path) -> Shell:
    shell = Shell(database_url, tmp_path)
    options = ("--id", ALDER, "--name", "Alder", "--type", "direct_bill", "--market", "US")
    assert shell.run("partner", "add", *options).returncode == 0
    return shell


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command as a shell in an empty folder would: its exit code, and what it wrote on both streams."""
    monkeypatch.delenv("COLUMNS", raising=False)  # which test workers have, and pipes have not
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in os.environ:
        if name.startswith("MULTICHANNEL_"):
            monkeypatch.delenv(name)

    def command(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["multichannel", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        written = capsys.readouterr()
        return int(end.value.code or 0), written.out, written.err

    return command
