"""Near misses as they are redact depend on nothing that is not redact, whatever a policy asks."""

from __future__ import annotations

import shutil
from itertools import product

import pytest

from multichannel.policy.decide.policy import Policy
from multichannel.policy.explain.explanation import NearMiss, redact, redacted_near_misses
from multichannel.policy.schema.facts import CustomerFacts, ResellerRelationshipFacts
from multichannel.policy.schema.resources import CUSTOMER
from multichannel.policy.schema.vocabulary import Action
from multichannel.server.bootstrap import SHIPPED_POLICIES
from tests.store.conftest import ALDER, BIRCH, MEADOW, agent

CONDITIONAL = """
grant("billing_admin", "relationship_holder", "update", c: Customer) if
  r in c.relationships and r.status = "requested";
grant("admin_agent", "customer", "update", c: Customer) if
  r in c.relationships and r.status = "requested";
has_standing(p: Principal, "customer", c: Customer) if
  p.kind = "customer" and r in c.relationships and r.market = c.market and r.customer_id = p.tenant_id;
"""


def relationship(partner: str, *, market: str, requested: bool) -> ResellerRelationshipFacts:
    """A link of a partner to Meadow."""
    return ResellerRelationshipFacts(
        id=f"link of {partner}",
        partner_id=partner,
        customer_id=MEADOW,
        associated_partner_id=None,
        is_extension=False,
        status="requested" if requested else "active",
        market=market,
        cloud="public",
    )


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    """The policy that ships, with grants and a standing that ask for what others are to a customer."""
    folder = tmp_path_factory.mktemp("edited") / "policies"
    shutil.copytree(SHIPPED_POLICIES, folder)
    with (folder / "customer.polar").open("a", encoding="utf-8") as file:
        file.write(CONDITIONAL)
    return Policy.load(folder)


def worlds(*, serves: bool) -> list[CustomerFacts]:
    """Meadow in every world that differs only in what others are to it and in its market."""
    own = [relationship(ALDER, market="US", requested=False)] if serves else []
    others = [
        [],
        *([relationship(BIRCH, market=market, requested=said)] for said in (True, False) for market in "AB"),
        [relationship(BIRCH, market="A", requested=True), relationship("cedar", market="B", requested=False)],
    ]
    return [
        CustomerFacts(
            id=MEADOW, market=market, cloud="public", relationships=[*own, *links], delegated_admin_grants=[]
        )
        for market, links in product("AB", others)
    ]


def missed(policy: Policy, role: str, record: CustomerFacts) -> list[tuple[NearMiss, bool]]:
    """What came near an update, for an employee of Alder who reads no more than the id and the cloud."""
    who = agent(ALDER, role)
    shown = redact(record, CUSTOMER, {"id", "cloud"}, ALDER)
    return redacted_near_misses(policy, who, Action.UPDATE, record, shown)


@pytest.mark.parametrize("serves", [True, False])
@pytest.mark.parametrize("role", ["billing_admin", "user_management_admin"])
def test_near_misses_are_the_same_in_worlds_that_differ_in_what_is_not_told(
    policy: Policy, role: str, *, serves: bool
) -> None:
    denied = [
        record
        for record in worlds(serves=serves)
        if not policy.check(agent(ALDER, role), Action.UPDATE, record).allowed
    ]
    found = [missed(policy, role, record) for record in denied]

    assert len(denied) >= 6
    assert found[0]
    assert all(each == found[0] for each in found)


def test_a_standing_that_is_held_is_told_with_what_its_grants_ask_besides(policy: Policy) -> None:
    [record, *_] = worlds(serves=True)
    at = [miss for miss, held in missed(policy, "billing_admin", record) if held]

    assert {miss.standing for miss in at} == {"relationship_holder"}
    assert [(miss.roles_needed, len(miss.failed)) for miss in at] == [
        (("global_admin", "admin_agent", "sales_agent", "helpdesk_agent"), 0),
        ((), 2),
    ]
