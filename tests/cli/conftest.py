from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from multichannel.cli import main
from multichannel.policy.decide.policy import Policy
from multichannel.server import bootstrap
from tests.cli.shell import Run, Shell
from tests.importing.books import ALDER


@pytest.fixture
def loaded_policy(monkeypatch: pytest.MonkeyPatch, shipped_policy: Policy) -> None:
    """Commands that open a store get the shipped policy without loading it again."""
    monkeypatch.setattr(bootstrap, "load_policy", lambda _: shipped_policy)


@pytest.fixture
def shell(database_url: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setenv("MULTICHANNEL_DATABASE_URL", database_url)
    monkeypatch.setenv("COLUMNS", "100")
    options = ("--id", ALDER, "--name", "Alder", "--type", "direct_bill", "--market", "US")
    assert run("partner", "add", *options)[0] == 0
    return Shell(database_url, Path.cwd(), run)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command as a shell would in an empty folder: its exit code, and what it wrote on both streams."""
    monkeypatch.delenv("COLUMNS", raising=False)  # which test workers have, and pipes have not
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in os.environ:
        if name.startswith("MULTICHANNEL_"):
            monkeypatch.delenv(name)

    def command(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["multichannel", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        written = capsys.readouterr()
        return int(end.value.code or 0), written.out, written.err

    return command
