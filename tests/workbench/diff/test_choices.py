"""Each choice is a switch: what it changes is what `diff` reports, with the choice as the edited rule."""

from __future__ import annotations

import re

import pytest

from multichannel.policy.language.source import PolicySource
from multichannel.server.bootstrap import SHIPPED_POLICIES
from multichannel.workbench.diff.changes import Direction
from multichannel.workbench.matrix.markdown import matrix_markdown
from multichannel.workbench.matrix.matrix import matrix_of
from tests.workbench.diff.edits import diff_of, edited, names, position, shipped

CHOICES = "choices.polar"
SHIPPED = (SHIPPED_POLICIES / CHOICES).read_text("utf-8")
STATES = dict(re.findall(r'^choice\("(\w+)"\) if (true|false);$', SHIPPED, re.MULTILINE))
ALLOWS = {
    "SALES_AGENTS_REQUEST_DELEGATED_ADMIN": {
        "partner.request_delegated_admin.multichannel_partner.sales_agent",
        "reseller_relationship.request_delegated_admin.relationship_holder.sales_agent",
        "delegated_admin_grant.reduce.grantee.sales_agent",
        "delegated_admin_grant.terminate.grantee.sales_agent",
    },
    "GLOBAL_ADMINS_USE_DELEGATED_RIGHTS": {
        "customer.add_user.delegated_manage_users.global_admin",
        "subscription.read_summary.delegated_support.global_admin",
        "subscription.read.delegated_support.global_admin",
        *(
            f"subscription.{action}.delegated_manage_subscriptions.global_admin"
            for action in ("read_summary", "read", "update", "cancel", "cancel_service")
        ),
        *(
            f"user.{action}.delegated_manage_users.global_admin"
            for action in ("read", "update_roles", "disable", "enable")
        ),
        "user.read.delegated_read_directory.global_admin",
    },
    "GLOBAL_ADMINS_REQUEST_TRANSFERS": {"partner.request_transfer.self.global_admin"},
    "GLOBAL_ADMINS_DECIDE_TRANSFERS": {
        "transfer.accept.asked.global_admin",
        "transfer.decline.asked.global_admin",
        "transfer.cancel.initiator.global_admin",
    },
    "GLOBAL_ADMINS_RELEASE_SUBSCRIPTIONS": {"subscription.release.billing_partner.global_admin"},
    "GLOBAL_ADMINS_BUY": {"customer.create_subscription.relationship_holder.global_admin"},
    "HELPDESK_AGENTS_BUY": {"customer.create_subscription.relationship_holder.helpdesk_agent"},
    "BILLING_ADMINS_BUY": {"customer.create_subscription.relationship_holder.billing_admin"},
    "HELPDESK_AGENTS_SUSPEND": {
        f"subscription.{action}.billing_partner.helpdesk_agent"
        for action in ("suspend", "reactivate", "cancel")
    },
    "BILLING_ADMINS_SUSPEND": {
        f"subscription.{action}.billing_partner.billing_admin"
        for action in ("suspend", "reactivate", "cancel")
    },
    "GLOBAL_ADMINS_CONFIRM_AGREEMENTS": {"customer.confirm_agreement.relationship_holder.global_admin"},
    "TARGETS_SEE_OFFERED_LINES": {
        f"transfer.read.receiver.{role}" for role in ("global_admin", "admin_agent", "sales_agent")
    },
}
"""What each choice that is off would newly allow."""
QUICK = {"HELPDESK_AGENTS_BUY", "PROVIDERS_END_PARTNERSHIPS"}


def flip(choice: str) -> tuple[str, str, str]:
    """The edit that switches a choice."""
    before = f'choice("{choice}") if {STATES[choice]};'
    return CHOICES, before, before.replace(STATES[choice], "false" if STATES[choice] == "true" else "true")


def test_every_choice_is_in_use() -> None:
    rules = PolicySource.read(SHIPPED_POLICIES).rules
    asked = {
        word
        for rule in rules
        for word in re.findall(r'choice\("(\w+)"\)', rule.text)
        if rule.name != "choice"
    }
    assert asked == STATES.keys()
    assert {choice for choice, state in STATES.items() if state == "false"} >= ALLOWS.keys()


def test_the_matrix_shows_the_state_of_each_choice() -> None:
    as_shipped = matrix_markdown(matrix_of(shipped(), ("Service",)))
    flipped = matrix_markdown(matrix_of(edited(*map(flip, STATES)), ("Service",)))
    for choice, state in STATES.items():
        on, off = ("on", "off") if state == "true" else ("off", "on")
        assert f"| `{choice}` | {on} |" in as_shipped
        assert f"| `{choice}` | {off} |" in flipped


@pytest.mark.parametrize(
    "choice", [each if each in QUICK else pytest.param(each, marks=pytest.mark.long) for each in STATES]
)
def test_a_choice_changes_what_diff_reports_and_is_named(choice: str) -> None:
    diff = diff_of(flip(choice))

    place = position(CHOICES, flip(choice)[1])
    assert diff.changes
    for change in diff.changes:
        assert place in {cited.rule.position for cited in change.rules}
    if choice in ALLOWS:
        assert names(diff, Direction.ALLOWED) == ALLOWS[choice]
        assert names(diff, Direction.DENIED) == set()
    else:
        assert names(diff, Direction.DENIED) or choice == "NO_INDIRECT_MODEL_IN_US_GOVERNMENT_CLOUD"
