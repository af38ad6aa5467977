"""Whatever form a condition has, an explanation tells what it met; and agrees with the verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from multichannel.domain.tenants import Cloud, PartnerStatus, PartnerType, TenantKind
from multichannel.policy.decide.policy import Policy
from multichannel.policy.explain.explanation import Explanation, explain
from multichannel.policy.language.source import PolicySource
from multichannel.policy.schema.facts import CustomerFacts, ResellerRelationshipFacts
from multichannel.policy.schema.resources import CUSTOMER
from multichannel.policy.schema.vocabulary import Action, Principal
from tests.policy.conftest import POLICIES

WHO = Principal(
    tenant_id="alder",
    kind=TenantKind.PARTNER,
    roles=("sales_agent",),
    cloud=Cloud.PUBLIC,
    type=PartnerType.DIRECT_BILL,
    status=PartnerStatus.ACTIVE,
    market="US",
)
OTHER = 'has_standing(p: Principal, "onlooker", c: Customer) if '
GRANT = '\ngrant("sales_agent", "onlooker", "update", _: Customer);\n'


def link(partner_id: str, status: str = "active") -> ResellerRelationshipFacts:
    return ResellerRelationshipFacts(
        id=f"meadow-{partner_id}-{status}",
        partner_id=partner_id,
        customer_id="meadow",
        associated_partner_id=None,
        is_extension=False,
        status=status,
        market="US",
        cloud="public",
    )


def customer(*relationships: ResellerRelationshipFacts, market: str = "US") -> CustomerFacts:
    return CustomerFacts(
        id="meadow",
        market=market,
        cloud="public",
        relationships=list(relationships),
        delegated_admin_grants=[],
    )


def explained(added: str, record: Any, who: Principal = WHO) -> Explanation:
    """Why somebody may or may not update a customer, with rules added at the end of customer.polar."""
    texts = dict(PolicySource.read(POLICIES).texts)
    texts["customer.polar"] += f"\n{added}{GRANT}"
    policy = Policy(PolicySource(tuple(texts.items())))
    found = explain(policy, who, Action.UPDATE, CUSTOMER, record)
    assert found.allowed is policy.check(who, Action.UPDATE, record).allowed
    assert bool(found.grants) is bool(policy.grant_derivations(who, Action.UPDATE, record))
    return found


def lacking(found: Explanation) -> list[tuple[str, Any, Any]]:
    """What the way as an onlooker lacks: each condition with what was found and expected."""
    [miss] = [miss for miss in found.near_misses if miss.standing == "onlooker"]
    return [(each.text, each.subject.value if each.subject else None, each.expected) for each in miss.failed]


@pytest.mark.parametrize(
    ("condition", "record", "told"),
    [
        ('c.market = "DE" and p.kind = "partner"', customer(), [('c.market = "DE"', "US", "DE")]),
        ('"DE" = c.market and p.kind = "partner"', customer(), [('"DE" = c.market', "US", "DE")]),
        (
            'p.kind = "customer" and c.market = p.market',
            customer(),
            [('p.kind = "customer"', "partner", "customer")],
        ),
        ("c.market != p.market", customer(), [("c.market != p.market", "US", "US")]),
        (
            'p.kind = "partner" and c.market in ["DE", "FR"]',
            customer(),
            [('c.market in ["DE", "FR"]', "US", ["DE", "FR"])],
        ),
        (
            'x = p.type and x = "advisor" and c.market = p.market',
            customer(),
            [('x = "advisor"', "direct_bill", "advisor")],
        ),
        (
            'r in c.relationships and r.partner_id = p.tenant_id and r.status = "active"',
            customer(link("birch"), link("alder", "terminated")),
            [('r.status = "active"', "terminated", "active")],
        ),
    ],
)
def test_a_condition_that_fails_is_told_with_what_it_found_and_what_it_expected(
    condition: str, record: CustomerFacts, told: list[tuple[str, Any, Any]]
) -> None:
    assert lacking(explained(f"{OTHER}{condition};", record)) == told


def test_a_failed_condition_is_told_at_its_own_line() -> None:
    found = explained(f'{OTHER}\n  p.kind = "partner" and\n  c.market = "DE";', customer())

    [miss] = [miss for miss in found.near_misses if miss.standing == "onlooker"]
    [failed] = miss.failed
    [rule] = [rule for rule in miss.rules if rule.name == "has_standing"]
    assert (failed.line, failed.column) == (rule.line + 2, 3)


def test_where_there_is_no_record_at_all_the_conditions_on_it_were_not_reached() -> None:
    found = explained(f"{OTHER}r in c.relationships and r.partner_id = p.tenant_id;", customer())

    [miss] = [miss for miss in found.near_misses if miss.standing == "onlooker"]
    assert [(each.text, each.holds) for each in miss.failed] == [
        ("r in c.relationships", False),
        ("r.partner_id = p.tenant_id", None),
    ]


def test_the_alternatives_of_an_or_are_ways_of_their_own() -> None:
    found = explained(f'{OTHER}p.type = "advisor" or c.market = "DE";', customer())

    missed = [miss for miss in found.near_misses if miss.standing == "onlooker"]
    assert sorted(each.text for miss in missed for each in miss.failed) == [
        'c.market = "DE"',
        'p.type = "advisor"',
    ]


def test_each_alternative_that_holds_is_a_derivation() -> None:
    found = explained(f'{OTHER}p.type = "direct_bill" or c.market = "US";', customer())

    assert sorted(grant.conditions[0].text for grant in found.grants) == [
        'c.market = "US"',
        'p.type = "direct_bill"',
    ]


@pytest.mark.parametrize(
    "ways",
    [
        f'{OTHER}p.kind = "partner" and c.cloud = p.cloud;\n{OTHER}c.market = p.market;',
        f'{OTHER}(p.kind = "partner" and c.cloud = p.cloud) or c.market = p.market;',
    ],
)
def test_who_lacks_only_a_role_is_told_of_each_way_to_the_standing(ways: str) -> None:
    found = explained(ways, customer(), replace(WHO, roles=("billing_admin",)))

    missed = [miss for miss in found.near_misses if miss.standing == "onlooker"]
    assert [miss.held for miss in missed] == [True, True]
    assert [[each.text for each in miss.conditions] for miss in missed] == [
        ['p.kind = "partner"', "c.cloud = p.cloud"],
        ["c.market = p.market"],
    ]
    granted = explained(ways, customer()).grants
    assert {frozenset(each.rules) for each in granted} == {frozenset(miss.rules) for miss in missed}


def test_a_helper_of_words_that_does_not_hold_fails_once_with_all_its_words() -> None:
    added = f'sunny("DE");\nsunny("FR");\n{OTHER}p.kind = "partner" and sunny(c.market);'

    assert lacking(explained(added, customer())) == [("sunny(c.market)", "US", ("DE", "FR"))]


def test_a_helper_that_holds_is_one_of_the_rules_with_its_line() -> None:
    added = f'sunny("DE");\nsunny("US");\n{OTHER}p.kind = "partner" and sunny(c.market);'
    found = explained(added, customer())

    [grant] = found.grants
    assert [rule.text for rule in grant.rules if rule.name == "sunny"] == ['sunny("US");']


def test_a_helper_that_gives_a_record_is_followed_to_the_one_that_fits() -> None:
    added = f"""current(c: Customer, r) if r in c.relationships and r.status = "active";
{OTHER}current(c, r) and r.partner_id = p.tenant_id;"""

    assert explained(added, customer(link("birch"), link("aspen"), link("alder"))).allowed
    found = explained(added, customer(link("birch"), link("alder", "terminated")))
    assert len(lacking(found)) == 1


def test_roles_of_several_grants_are_told_together_and_once() -> None:
    found = explained(
        f"""{OTHER}c.market = p.market;
grant(role, "onlooker", "update", _: Customer) if role in ["global_admin", "admin_agent"];""",
        customer(),
        replace(WHO, roles=("billing_admin",)),
    )

    [miss] = [miss for miss in found.near_misses if miss.standing == "onlooker"]
    assert sorted(miss.roles_needed) == ["admin_agent", "global_admin", "sales_agent"]
    assert (miss.held, miss.failed, found.near_misses[0]) == (True, (), miss)


def test_a_rule_that_asks_itself_has_an_end() -> None:
    added = f"""near(c: Customer, m) if c.market = m;
near(c: Customer, m) if near(c, m) and c.market = m;
{OTHER}p.kind = "partner" and c.market = "DE";"""

    assert lacking(explained(added, customer())) == [('c.market = "DE"', "US", "DE")]


def test_what_is_allowed_and_taken_away_names_both() -> None:
    restriction = 'forbid("NOT_NOW", p: Principal, "update", _: Customer) if p.type = "direct_bill";'
    added = f"{OTHER}c.market = p.market;\n{restriction}"
    found = explained(added, customer())

    assert (found.allowed, len(found.grants), found.near_misses) == (False, 1, ())
    assert [(item.code, item.conditions[0].text) for item in found.restrictions] == [
        ("NOT_NOW", 'p.type = "direct_bill"')
    ]
