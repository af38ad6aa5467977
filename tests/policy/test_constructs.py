"""Every construct of a policy means the same to the point check and to both databases, nulls included."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from multichannel.policy.decide.policy import Policy
from multichannel.policy.language.source import PolicySource
from multichannel.policy.schema.resources import RELATIONSHIP, SUBSCRIPTION
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.engines import open_database
from tests.policy.conftest import POLICIES
from tests.policy.test_agreement import asked, stored
from tests.policy.worlds import principals, worlds

CONDITIONS = [
    's.billing_partner_id = p.tenant_id and s.channel = "csp"',
    "s.billing_partner_id != p.tenant_id",
    "s.billing_partner_id = nil",
    "s.billing_partner_id != nil",
    "s.billing_partner_id = s.partner_of_record_id",
    "s.billing_partner_id != s.support_contact_id",
    "s.billing_partner_id in [p.tenant_id, nil]",
    's.channel in ["ea", "open"]',
    's.channel != "csp"',
    's.channel > "ea"',
    "s.cloud <= p.cloud",
    "s.customer.market = s.market",
    "s.customer.market != p.market",
    "r in s.customer.relationships and r.associated_partner_id != p.tenant_id",
    "r in s.customer.relationships and r.associated_partner_id = s.partner_of_record_id",
    'r in s.customer.relationships and r.status = "expired"',
    'r in s.customer.relationships and r.status != "expired"',
    'r in s.customer.relationships and r.status in ["requested", "expired"]',
    (
        "r in s.customer.relationships and q in s.customer.relationships and "
        "r.partner_id = p.tenant_id and q.partner_id != p.tenant_id and q.market = r.market"
    ),
]
ABOUT_STATUS = ['r.status = "expired"', 'r.status != "expired"', 'r.status in ["expired", "active"]']


@pytest.fixture
def engines(sqlite_url: str, postgresql_url: str) -> Iterator[list[Engine]]:
    """One engine for each database."""
    opened = [open_database(url, connections=1) for url in (sqlite_url, postgresql_url)]
    yield opened
    for engine in opened:
        engine.dispose()


def _granting(condition: str, *, restricts: bool) -> Policy:
    """A policy that grants by a condition, or grants everything and restricts by it."""
    texts = dict(PolicySource.read(POLICIES).texts)
    main = texts["main.polar"].split("# A standing is")[0]
    head = "r: ResellerRelationship" if condition in ABOUT_STATUS else "s: Subscription"
    grant = f'allow(p: Principal, "read", {head}) if p.kind = "partner" and {condition};'
    forbid = 'forbid("NEVER", p: Principal, "read", _: User) if p.kind = "nobody";'
    if restricts:
        grant = f'allow(p: Principal, "read", _{head[0]}: {head[3:]}) if p.kind = "partner";'
        forbid = f'forbid("HIT", p: Principal, "read", {head}) if p.kind = "partner" and {condition};'
    unused = 'has_standing(_: Principal, "none", _: User) if 1 = 2; grant("none", "none", "read", _: User);'
    return Policy(PolicySource((("main.polar", f"{main}\n{grant}\n{forbid}\n{unused}"),)))


@pytest.mark.parametrize("examples", [3, pytest.param(30, marks=pytest.mark.long)])
@pytest.mark.parametrize("restricts", [False, True], ids=["grants", "restricts"])
def test_a_condition_means_the_same_to_the_point_check_and_to_both_databases(
    engines: list[Engine],
    restricts: bool,  # noqa: FBT001
    examples: int,
) -> None:
    policies = {each: _granting(each, restricts=restricts) for each in (*CONDITIONS, *ABOUT_STATUS)}

    @asked(examples, repeatable=True)
    @given(st.data())
    def agree(data: st.DataObject) -> None:
        world = data.draw(worlds())
        who = data.draw(principals(world))[0]
        with stored(engines, next(iter(policies.values())), world) as databases:
            for (condition, policy), database in product(policies.items(), databases):
                database.policy = policy
                resource = RELATIONSHIP if condition in ABOUT_STATUS else SUBSCRIPTION
                checked = {
                    row["id"]
                    for row in world.rows(resource.name)
                    if policy.check(who, Action.READ, databases[0].facts(resource, row["id"], who)).allowed
                }
                assert database.granted(who, resource)[Action.READ] == checked, condition

    agree()
