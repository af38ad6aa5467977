"""A shell to run the installed command in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.importing.books import ALDER

COMMAND = Path(sys.executable).with_name("multichannel")


@dataclass(frozen=True)
class Shell:
    """A shell whose folder holds a database with one partner."""

    url: str
    folder: Path

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [COMMAND, *map(str, arguments)],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=500,
        )

    def load(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return self.run("import", "partner-center", *arguments, "--partner", ALDER)

    def environment(self) -> dict[str, str]:
        return os.environ | {"MULTICHANNEL_DATABASE_URL": self.url, "COLUMNS": "100"}

    def write(self, name: str, *payloads: dict[str, Any]) -> Path:
        path = self.folder / name
        path.write_text(json.dumps(payloads))
        return path
