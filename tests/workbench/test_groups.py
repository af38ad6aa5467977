"""The matrix, comparisons, coverage and gaps follow groups, choices and general restrictions."""

from __future__ import annotations

from multichannel.policy.schema.facts import ServiceFacts
from multichannel.policy.schema.vocabulary import Action, SystemRole, system_principal
from multichannel.policy.testing.case_files import CaseSuite
from multichannel.workbench.case_coverage import gaps
from multichannel.workbench.coverage.instrumentation import Instrumentation
from multichannel.workbench.diff.changes import Direction
from multichannel.workbench.diff.differ import PolicyComparison
from multichannel.workbench.diff.policy_version import PolicyVersion
from multichannel.workbench.matrix.markdown import matrix_markdown
from multichannel.workbench.matrix.matrix import matrix_of
from tests.policy.groups import grouped, policy_with
from tests.workbench.diff.edits import names

ON = ('choice("GLOBAL_ADMIN_RELEASES") if false;', 'choice("GLOBAL_ADMIN_RELEASES") if true;')


def test_the_matrix_shows_groups_choices_and_general_restrictions() -> None:
    matrix = matrix_of(policy_with())
    sheets = {sheet.resource.name: sheet for sheet in matrix.resources}
    subscription = sheets["Subscription"]
    rows = {row.action: tuple(row.cells) for row in subscription.rows}

    assert rows == {
        "read": ("admin_agent", "sales_agent", "helpdesk_agent"),
        "update": ("admin_agent", "sales_agent"),
        "cancel": ("admin_agent", "sales_agent"),
        "release": ("admin_agent",),
    }
    taken = {item.code: item.clauses[0].actions for item in subscription.restrictions}
    assert taken == {"CROSS_CLOUD": None, "PARTNER_INACTIVE": ("update", "cancel")}
    inactive = subscription.restrictions[1].clauses[0].condition
    assert (inactive.where, inactive.rule.file) == ('caller.status = "inactive"', "main.polar")
    assert [item.code for item in sheets["Service"].restrictions] == []
    assert [item.code for item in sheets["Partner"].restrictions] == ["CROSS_CLOUD", "PARTNER_INACTIVE"]
    assert "| `GLOBAL_ADMIN_RELEASES` | off |" in matrix_markdown(matrix)


def test_a_choice_that_is_made_is_told_as_the_change_it_makes() -> None:
    diff = PolicyComparison(PolicyVersion(policy_with()), PolicyVersion(policy_with(ON))).diff()

    assert names(diff, Direction.ALLOWED) == {"subscription.release.billing_partner.global_admin"}
    assert len(diff.changes) == 1
    assert {(each.version, each.rule.name) for each in diff.changes[0].rules if each.is_edited} == {
        ("new", "choice")
    }


def test_a_general_restriction_that_is_gone_is_told_for_every_resource_type_it_concerned() -> None:
    gone = ("record.cloud != caller.cloud;", 'record.cloud != caller.cloud and caller.kind = "customer";')

    diff = PolicyComparison(PolicyVersion(policy_with()), PolicyVersion(policy_with(gone))).diff()

    assert {change.cause for change in diff.changes} == {"CROSS_CLOUD"}
    assert {change.resource for change in diff.of(Direction.ALLOWED)} == {"Subscription"}


def test_general_restrictions_are_not_probed_where_they_do_not_concern_the_record() -> None:
    probes = Instrumentation(grouped())
    operator = system_principal(SystemRole.OPERATOR)
    reached = probes.reached({operator: [Action.ADD_PARTNER]}, ServiceFacts(id="1"))
    texts = {probes.points[each.point].rule.text for each in reached[operator, Action.ADD_PARTNER]}

    assert not any("CROSS_CLOUD" in text for text in texts)
    assert any("PARTNER_INACTIVE" in text for text in texts)


def test_a_general_restriction_needs_a_case_on_every_resource_type_where_something_is_granted() -> None:
    found = gaps(policy_with(), CaseSuite((), ()))

    wanted = {each.message for each in found if each.code == "restriction-without-case"}
    assert wanted == {
        "no case on a Subscription expects CROSS_CLOUD by this rule",
        "no case on a Subscription expects PARTNER_INACTIVE by this rule",
    }
