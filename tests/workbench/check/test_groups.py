"""Groups, choices and general restrictions are accepted, and what is wrong with them is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from multichannel.workbench.check import check_source
from tests.policy.groups import grouped

LESS = {"ungranted-action", "no-cases"}
"""What the small policy lacks."""


def codes(tmp_path: Path, *edits: tuple[str, str]) -> set[str]:
    return {finding.code for finding in check_source(grouped(*edits), tmp_path).findings} - LESS


def test_groups_choices_and_general_restrictions_are_accepted(tmp_path: Path) -> None:
    assert codes(tmp_path) == set()
    assert codes(tmp_path, ('RELEASES") if false;', 'RELEASES") if true;')) == set()
    assert codes(tmp_path, ('RELEASES") if false;', 'RELEASES");')) == set()


def test_a_choice_that_is_off_grants_nothing(tmp_path: Path) -> None:
    findings = check_source(grouped(), tmp_path).findings
    missing = next(each for each in findings if each.code == "ungranted-action" and "Sub" in each.message)

    assert "release" not in missing.message.split(" on ")[0].removeprefix("no role is granted ").split(", ")
    assert "cancel_service" in missing.message
    assert "cancel," not in missing.message


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ('seller("sales_agent");', 'seller("sales_agnt");', "unknown-role"),
        ('changes("cancel");', 'changes("cancle");', "unknown-action"),
        ("record.cloud !=", "record.clod !=", "unknown-attribute"),
        ("record.cloud != caller.cloud;", "record.cloud = caller.cloud;", "missing-cross-cloud"),
        ("_action: String, record", '"read", record', "missing-cross-cloud"),
        ("reader(role) if seller(role);", "reader(_role);", "unbounded-grant"),
        ('choice("GLOBAL_ADMIN_RELEASES")', 'choice("GLOBAL_ADMIN_RELEASE")', "wrong-class"),
    ],
)
def test_faults_in_groups_choices_and_general_restrictions_are_found(
    tmp_path: Path, before: str, after: str, code: str
) -> None:
    assert code in codes(tmp_path, (before, after))


def test_a_group_of_actions_may_be_all_that_a_wall_is_about(tmp_path: Path) -> None:
    any_action = ("_action: String, record: Resource)", "action: String, record: Resource)")
    wall = ("record.cloud != caller.cloud;", "changes(action) and record.cloud != caller.cloud;")

    findings = check_source(grouped(any_action, wall), tmp_path).findings

    (found,) = [each.message for each in findings if each.code == "missing-cross-cloud"]
    assert "suspend" in found
    assert "update" not in found
