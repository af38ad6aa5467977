"""What a service asks of a policy folder beyond that its cases pass."""

from __future__ import annotations

from pathlib import Path

from multichannel.policy.testing.case_files import SUFFIX
from multichannel.workbench.check import check
from multichannel.workbench.check.invariants import MISSING


def problems(folder: Path) -> tuple[str, ...]:
    """The errors that `policy check` finds, and whether cases or invariants are missing."""
    checked = check(folder)
    return (
        *(f"{found.file}:{found.line}: {found.message} [{found.code}]" for found in checked.errors),
        *([] if any(folder.glob(f"*{SUFFIX}")) else [f"there are no cases: no file *{SUFFIX}"]),
        *(found.message for found in checked.warnings if found.code == MISSING),
    )
