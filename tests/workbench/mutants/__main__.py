"""`python -m tests.workbench.mutants`: which command notices which of the named faults, as a table."""

from __future__ import annotations

from multichannel.server.bootstrap import SHIPPED_POLICIES
from tests.workbench.mutants.faults import FAULTS
from tests.workbench.mutants.table import Workbench, lines

workbench = Workbench(SHIPPED_POLICIES)
for line in lines([workbench.row(fault) for fault in FAULTS]):
    print(line)  # noqa: T201  (it is what the command is for)
