"""Faults with names: what the check does not find, a case does, and the policy that ships has none."""

from __future__ import annotations

import pytest

from multichannel.policy.testing.case_files import read_suite
from multichannel.server.bootstrap import SHIPPED_POLICIES
from multichannel.workbench.check import check, check_source
from tests.workbench.mutants.fault import Fault
from tests.workbench.mutants.faults import FAULTS
from tests.workbench.mutants.table import PASSED, Workbench, lines
from tests.workbench.mutants.trial import Trial

ONE_OF_EACH = {
    "a relationship that was only requested opens the customer": {"test", "matrix", "diff"},
    "sales agents read what it costs": {"test", "matrix", "diff"},
    "only reading stays in its national cloud": {"check", "test", "matrix", "diff"},
    "a condition is negated with not": {"check", "matrix", "diff"},
    "a grant in the shadow of another": {"check"},
}
"""Which commands notice it."""
ENDLESS = "rules that ask themselves for ever"
SAMPLE = [fault for place, fault in enumerate(FAULTS) if place % 4 == 0 or fault.name == ENDLESS]
"""The faults of the default run; the long tests try all of them."""


@pytest.fixture(scope="module")
def workbench() -> Workbench:
    return Workbench(SHIPPED_POLICIES)


@pytest.fixture(scope="module")
def trial() -> Trial:
    return Trial(read_suite(SHIPPED_POLICIES).cases)


def test_the_policy_that_ships_passes_the_check() -> None:
    """That its cases hold is shown beside the vocabulary of the policy."""
    assert check(SHIPPED_POLICIES).findings == ()


def test_there_are_faults_in_every_file_and_no_two_are_alike(workbench: Workbench) -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 60
    assert len({fault.put_into(workbench.source).texts for fault in FAULTS}) == len(FAULTS)
    assert {fault.file for fault in FAULTS} == {name for name, _ in workbench.source.texts}


@pytest.mark.parametrize("fault", SAMPLE, ids=[fault.name for fault in SAMPLE])
def test_a_fault_is_caught(
    workbench: Workbench, trial: Trial, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a case, or else by the check."""
    if fault.name == ENDLESS:
        # The engine uses up its time limit, whatever that is: 20 s after the command line is imported.
        monkeypatch.setenv("POLAR_TIMEOUT_MS", "500")
    source = fault.put_into(workbench.source)
    if not trial.fails(source, fault.file):
        assert check_source(source, SHIPPED_POLICIES).errors


@pytest.mark.parametrize(("name", "noticed"), ONE_OF_EACH.items(), ids=ONE_OF_EACH)
def test_a_fault_is_noticed_by_the_commands_that_look_for_it(
    workbench: Workbench, name: str, noticed: set[str]
) -> None:
    row = workbench.row(next(fault for fault in FAULTS if fault.name == name))
    said = {"check": row.check, "test": row.test, "matrix": row.matrix, "diff": row.diff}
    assert {command for command, words in said.items() if words != PASSED} == noticed


def test_no_command_says_anything_of_a_policy_without_a_fault(workbench: Workbench) -> None:
    row = workbench.said("nothing", workbench.source, "audit_record.polar")
    assert (row.check, row.test, row.matrix, row.diff) == (PASSED, PASSED, PASSED, PASSED)


@pytest.mark.long
def test_every_fault_is_caught_by_check_or_test_and_this_is_which(workbench: Workbench) -> None:
    rows = [workbench.row(fault) for fault in FAULTS]
    print(*lines(rows), sep="\n")  # noqa: T201  (`pytest -s` shows the table)
    assert [row.name for row in rows if not row.is_caught] == []
