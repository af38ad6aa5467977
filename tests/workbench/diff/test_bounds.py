"""What a comparison tries is as much as the rules ask for: rows, roles together, markets."""

from __future__ import annotations

import pytest

from multichannel.policy.schema.resources import RESOURCES
from multichannel.workbench.diff.changes import Direction
from multichannel.workbench.diff.differ import PolicyComparison
from multichannel.workbench.diff.model_finder import MOST_ROWS
from multichannel.workbench.diff.policy_version import PolicyVersion
from multichannel.workbench.diff.principals import alike_markets
from tests.workbench.diff.edits import Edit, diff_of, edited, names, shipped

CUSTOMER, MAIN, END = "customer.polar", "main.polar", "customer.id = caller.tenant_id;"


def customers(rules: str) -> Edit:
    """More rules about customers."""
    return CUSTOMER, END, f"{END}\n{rules}"


def held_by(statuses: list[str]) -> str:
    """A standing of whoever has been removed while other partners have relationships of these states."""
    others = "".join(
        f' and r{number} in c.relationships and r{number}.status = "{status}"'
        f" and r{number}.partner_id != r.partner_id"
        for number, status in enumerate(statuses)
    )
    return f"""
has_standing(p: Principal, "attached_reseller", c: Customer) if
  r in c.relationships and r.associated_partner_id = p.tenant_id and r.status = "removed"{others};
"""


def test_a_standing_that_needs_three_rows_is_told() -> None:
    diff = diff_of(customers(held_by(["active", "requested"])))

    assert diff.of(Direction.ALLOWED)
    assert diff.bounds.rows >= 3
    assert diff.bounds.is_complete


def test_a_standing_that_needs_more_rows_than_are_tried_is_not_called_the_same() -> None:
    diff = diff_of(customers(held_by(["active", "requested"] * MOST_ROWS)))

    assert not diff.bounds.is_complete


BOTH = """
  "sales_agent" in p.roles and "billing_admin" in p.roles and b.cloud = p.cloud;
"""


def test_a_right_of_two_roles_together_is_told() -> None:
    standing = 'has_standing(p: Principal, "billing_partner", b: BillingProfile) if'
    diff = diff_of(("billing_profile.polar", "\ngrant(", f"\n{standing}{BOTH}grant("))

    assert names(diff, Direction.ALLOWED) == {
        "billing_profile.read_billing.billing_partner.billing_admin+sales_agent"
    }
    assert diff.bounds.roles == {"BillingProfile": 3}  # and the role of a grant


@pytest.mark.long
def test_an_allow_for_two_roles_together_is_told() -> None:
    allow = 'allow(p: Principal, "read_billing", b: BillingProfile) if'
    diff = diff_of((MAIN, "\nallow(", f"\n{allow}{BOTH}allow("))

    assert names(diff, Direction.ALLOWED) == {"billing_profile.read_billing.billing_admin+sales_agent"}


def test_markets_that_occur_in_the_same_lists_only_are_one_to_a_comparison() -> None:
    first = 'forbid("CLOSED", p: Principal, "update", _: Customer) if p.market in ["AA", "BB", "CC"];'
    second = (
        'forbid("CLOSED", p: Principal, "link", _: Customer) if p.market in ["BB", "CC"] or p.market = "DD";'
    )
    source = edited(customers(f"{first}\n{second}")).source

    alike = alike_markets(source)
    assert {market: alike[market] for market in ("AA", "BB", "CC", "DD")} == {
        "AA": "AA",
        "BB": "BB",
        "CC": "BB",
        "DD": "DD",
    }


def test_a_restriction_of_many_markets_is_compared_for_the_records_it_is_about() -> None:
    markets = [f"{first}{second}" for first in "ABCDEFGHIJ" for second in "ABC"]
    rules = "\n".join(
        f'forbid("CLOSED", p: Principal, "create_subscription", _: Customer) if p.market = "{market}";'
        for market in markets
    )
    many = edited(customers(rules))
    fewer = edited(customers(rules.replace(f'"{markets[7]}"', f'"{markets[7]}" and p.kind = "customer"')))
    diff = PolicyComparison(PolicyVersion(many), PolicyVersion(fewer)).diff()

    [allowed] = diff.of(Direction.ALLOWED)
    assert (allowed.resource, allowed.actions, allowed.cause) == (
        "Customer",
        ("create_subscription",),
        "CLOSED",
    )
    assert {str(group).rpartition(" ")[2] for group in allowed.principals} == {markets[7]}
    assert diff.bounds.principals.keys() == {"Customer"}
    assert shipped().derivations.is_joined(RESOURCES["Customer"])
