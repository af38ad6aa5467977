"""`explainDecision` and refusals: each names the very lines of the policy that decided."""

from __future__ import annotations

from typing import Any

import pytest

from multichannel.demo.cast import fixed_id
from multichannel.graphql.types.decision_explanation import HIDDEN_CONDITIONS
from multichannel.server.bootstrap import SHIPPED_POLICIES
from tests.graphql.conftest import Api
from tests.world import postgresql_later

pytestmark = postgresql_later

MEADOW, EMBER = f"customer_{fixed_id('meadow')}", f"customer_{fixed_id('ember')}"
EXPLAIN = """query ($id: ID!, $action: Action!) { explainDecision(action: $action, id: $id) {
  allowed
  grants { roles standing rules { file line text } }
  restrictions { code rules { file line text } }
  nearMisses {
    standing standingHeld rolesNeeded failedConditions { condition value } rules { file line text }
  }
  policyDigest
} }"""
UPDATE = """mutation ($id: ID!) {
  updateCustomer(input: {id: $id, expectedVersion: 1, city: "Dover"}) { customer { id } userErrors { code } }
}"""

ALLOW = """allow(principal: Principal, action: String, resource) if
  has_standing(principal, standing, resource) and
  grant(role, standing, action, resource) and
  role in principal.roles;"""
HOLDER = """has_standing(caller: Principal, "relationship_holder", customer: Customer) if
  caller.kind = "partner" and
  relationship in customer.relationships and
  relationship.partner_id = caller.tenant_id and relationship.status = "active";"""
HOLDER_READS = 'grant(role, "relationship_holder", "read", _: Customer) if customer_manager(role);'
HOLDER_EDITS = 'grant(role, "relationship_holder", "update", _: Customer) if customer_manager(role);'
MANAGERS = """customer_manager(role) if
  role in ["global_admin", "admin_agent", "sales_agent", "helpdesk_agent"];"""
INACTIVE = """forbid("PARTNER_INACTIVE", caller: Principal, action: String, _: Resource) if
  caller.status = "inactive" and changes(action);"""


def rule(file: str, statement: str) -> dict[str, Any]:
    """A statement of a policy file with the line it begins on, found by looking for it."""
    before, found, _ = (SHIPPED_POLICIES / file).read_text("utf-8").partition(statement)
    assert found, f"{file} has changed: write the statement into this test as it is now"
    return {"file": file, "line": before.count("\n") + 1, "text": statement}


def explained(api: Api, persona: str, action: str, id: str) -> dict[str, Any]:
    """The explanation, without the digest, which must be that of the policy in force."""
    found: dict[str, Any] = api.ask(persona, EXPLAIN, id=id, action=action).data["explainDecision"]
    assert found.pop("policyDigest") == api.world.policy.digest
    return found


def lines(rules: list[dict[str, Any]]) -> list[tuple[str, int, str]]:
    """Rules in the order of the files, for the order of an explanation's rules means nothing."""
    return sorted((each["file"], each["line"], each["text"]) for each in rules)


def test_an_explanation_of_a_grant_names_the_role_the_standing_and_the_rules(api: Api) -> None:
    found = explained(api, "alder-sales-agent", "READ", MEADOW)

    [grant] = found.pop("grants")
    assert found == {"allowed": True, "restrictions": [], "nearMisses": []}
    assert (grant["roles"], grant["standing"]) == (["sales_agent"], "relationship_holder")
    assert lines(grant["rules"]) == lines(
        [
            rule("main.polar", ALLOW),
            rule("customer.polar", HOLDER),
            rule("customer.polar", HOLDER_READS),
            rule("roles.polar", MANAGERS),
        ]
    )


def test_an_explanation_names_the_restriction_beside_the_grant(api: Api) -> None:
    found = explained(api, "linden-admin-agent", "UPDATE", EMBER)

    assert (found["allowed"], found["nearMisses"]) == (False, [])
    [restriction] = found["restrictions"]
    assert restriction["code"] == "PARTNER_INACTIVE"
    assert rule("main.polar", INACTIVE) in restriction["rules"]
    [grant] = found["grants"]
    assert (grant["roles"], grant["standing"]) == (["admin_agent"], "relationship_holder")
    assert lines(grant["rules"]) == lines(
        [
            rule("main.polar", ALLOW),
            rule("customer.polar", HOLDER),
            rule("customer.polar", HOLDER_EDITS),
            rule("roles.polar", MANAGERS),
        ]
    )


def test_a_restriction_denies_with_its_code(api: Api) -> None:
    answer = api.ask("linden-admin-agent", UPDATE, id=EMBER)

    [error] = answer.body["errors"]
    assert answer.body["data"] == {"updateCustomer": None}
    assert error["path"] == ["updateCustomer"]
    assert error["extensions"] == {"code": "FORBIDDEN", "reasons": ["PARTNER_INACTIVE"]}
    assert api.ask(
        "linden-admin-agent", "query ($id: ID!) { node(id: $id) { ... on Customer { version } } }", id=EMBER
    ).data == {"node": {"version": 1}}


def test_an_explanation_names_the_standing_and_the_roles_needed(api: Api) -> None:
    found = explained(api, "alder-billing-admin", "UPDATE", MEADOW)

    assert (found["allowed"], found["grants"], found["restrictions"]) == (False, [], [])
    nearest = found["nearMisses"][0]
    assert nearest["standing"] == "relationship_holder"
    assert sorted(nearest["rolesNeeded"]) == ["admin_agent", "global_admin", "helpdesk_agent", "sales_agent"]
    assert nearest["failedConditions"] == []
    assert lines(nearest["rules"]) == lines(
        [rule("customer.polar", HOLDER), rule("customer.polar", HOLDER_EDITS)]
    )


def test_a_condition_on_the_caller_is_disclosed_with_the_callers_value(api: Api) -> None:
    found = explained(api, "alder-billing-admin", "UPDATE", MEADOW)

    held, other = found["nearMisses"]
    assert (held["standing"], held["standingHeld"]) == ("relationship_holder", True)
    assert (other["standing"], other["standingHeld"], other["rolesNeeded"]) == (
        "customer",
        False,
        ["global_admin"],
    )
    assert other["failedConditions"] == [
        {"condition": 'caller.kind = "customer"', "value": "partner"},
        {"condition": f'customer.id = "{fixed_id("alder")}"', "value": fixed_id("meadow")},
    ]


def test_conditions_on_other_tenants_are_not_disclosed_whether_they_hold_or_not(api: Api) -> None:
    found = explained(api, "meadow-global-admin", "CREATE_SUBSCRIPTION", MEADOW)

    [missed] = found["nearMisses"]
    assert (missed["standing"], missed["standingHeld"]) == ("relationship_holder", False)
    assert sorted(missed["rolesNeeded"]) == ["admin_agent", "sales_agent"]
    assert missed["failedConditions"] == [
        {"condition": 'caller.kind = "partner"', "value": "customer"},
        {
            "condition": HIDDEN_CONDITIONS,
            "value": None,
        },
    ]


def test_a_missing_role_is_denied_without_a_reason(api: Api) -> None:
    answer = api.ask("alder-billing-admin", UPDATE, id=MEADOW)

    [error] = answer.body["errors"]
    assert error["extensions"] == {"code": "FORBIDDEN"}


@pytest.mark.parametrize("persona", ["linden-admin-agent", "alder-account-admin", "cedar-admin-agent"])
def test_an_invisible_record_is_not_explained(api: Api, persona: str) -> None:
    hidden = MEADOW if persona != "cedar-admin-agent" else EMBER

    answer = api.ask(persona, EXPLAIN, id=hidden, action="UPDATE")

    assert answer.errors == [(["explainDecision"], "NOT_FOUND")]
