"""A shell to run commands in: in this process, or the installed command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.importing.books import ALDER

COMMAND = Path(sys.executable).with_name("multichannel")
Run = Callable[..., tuple[int, str, str]]


@dataclass(frozen=True)
class Shell:
    """A shell whose folder holds a database with one partner."""

    url: str
    folder: Path
    run: Run

    def load(self, *arguments: str | Path) -> tuple[int, str, str]:
        return self.run("import", "partner-center", *map(str, arguments), "--partner", ALDER)

    def spawn(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run the installed command."""
        return subprocess.run(
            [COMMAND, *arguments],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=500,
        )

    def environment(self) -> dict[str, str]:
        return os.environ | {"MULTICHANNEL_DATABASE_URL": self.url, "COLUMNS": "100"}

    def write(self, name: str, *payloads: dict[str, Any]) -> Path:
        path = self.folder / name
        path.write_text(json.dumps(payloads))
        return path


def one_line(message: str) -> str:
    """The message without its newline, which must be the only one in it."""
    assert message.endswith("\n")
    assert message.count("\n") == 1
    return message[:-1]
