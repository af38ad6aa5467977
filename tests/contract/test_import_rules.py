"""The import rules of `pyproject.toml` find what they are there to find."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import multichannel

PACKAGE = Path(multichannel.__file__).parent
SETTINGS = Path(__file__).parents[2] / "pyproject.toml"

PLANTED = {
    "domain/customers.py": "import multichannel.policy.decide.policy",
    "store/unit_of_work.py": "from multichannel.services import customers",
    "store/session.py": "from multichannel.importing import reader",
    "services/customers.py": "import polar",
    "services/users.py": "from multichannel.settings import Settings",
    "demo/world.py": "from multichannel.graphql.framework.scalars import X",
    "graphql/types/customers.py": "import psycopg",
    "graphql/types/users.py": "from multichannel.decision_log import log_file",
    "workbench/replay.py": "import strawberry",
    "policy/decide/policy.py": "from multichannel.identity import keys",
}


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    ignored = shutil.ignore_patterns("__pycache__", "node_modules", "dist", "policies")
    return Path(shutil.copytree(PACKAGE, tmp_path / "src" / "multichannel", ignore=ignored))


def test_planted_imports_are_found(copied: Path) -> None:
    for file, text in PLANTED.items():
        with (copied / file).open("a") as planted:
            planted.write(f"{text}\n")
    # The copy comes before the installed package.
    program = (
        "import sys; sys.path.insert(0, 'src'); "
        "from importlinter.cli import lint_imports_command as run; run()"
    )
    arguments = ["--config", str(SETTINGS), "--no-cache"]
    result = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=copied.parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    output = " ".join(result.stdout.split())
    assert "Contracts: 0 kept, 7 broken." in output
    for file in PLANTED:
        assert "multichannel." + file.removesuffix(".py").replace("/", ".") in output


@pytest.mark.parametrize(
    "text",
    [
        "from sqlalchemy import create_engine",
        "from sqlalchemy.engine import Connection",
        "from sqlalchemy.orm import Session",
    ],
)
def test_a_session_outside_the_store_is_found(copied: Path, text: str) -> None:
    planted = copied / "services" / "customers.py"
    planted.write_text(f'"""A module."""\n\n{text}\n')
    ruff = [sys.executable, "-m", "ruff", "check", "--config", str(SETTINGS), "--select", "TID251"]
    result = subprocess.run([*ruff, str(planted)], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "Only store holds a session or an engine" in result.stdout
