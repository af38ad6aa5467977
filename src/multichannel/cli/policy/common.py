"""What the commands of the workbench have in common: options, output, exit codes.

Exit 0 good, 1 findings, 2 usage, 3 the policy does not load.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

import multichannel
from multichannel.errors import Misconfigured

SCHEMA_VERSION = 1
FINDINGS = 1
WIDE = 240
SHIPPED = Path(multichannel.__file__).parent / "policies"

PolicyFolder = Annotated[
    Path | None,
    typer.Option(
        "--policy",
        help="The folder of .polar files; else MULTICHANNEL_POLICY_DIR, else the policies that ship.",
        exists=True,
        file_okay=False,
    ),
]


def folder_of(policy: Path | None) -> Path:
    """The folder a command works on."""
    return policy or Path(os.environ.get("MULTICHANNEL_POLICY_DIR") or SHIPPED)


def console(*, stderr: bool = False) -> Console:
    """Where text goes: laid out and coloured on a terminal, plain and unwrapped in a pipe."""
    found = Console(stderr=stderr, highlight=False, soft_wrap=False)
    if not found.is_terminal:
        # What reads a pipe wraps for itself.
        found.width = max(found.width, WIDE) if "COLUMNS" not in os.environ else found.width
    return found


def write(text: str, path: Path) -> None:
    """Write a file; Misconfigured where that cannot be."""
    try:
        path.write_text(text, "utf-8", newline="")
    except OSError as error:
        raise Misconfigured(f"{path} cannot be written: {error.strerror}") from None


def print_json(command: str, digest: str, body: Mapping[str, Any]) -> None:
    """Print what a command found as one JSON object, with what it was found by."""
    typer.echo(json_text(command, digest, body))


def json_text(command: str, digest: str, body: Mapping[str, Any]) -> str:
    """What a command found as one JSON object, with what it was found by."""
    head = {
        "schema_version": SCHEMA_VERSION,
        "command": f"policy {command}",
        "policy_sha256": digest,
        "engine": f"oso {version('oso')}",
    }
    return json.dumps({**head, **body}, indent=2, ensure_ascii=False)
