"""Helper rules and general restrictions decide as if they were written out, as checks and as lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from multichannel.errors import PolicyInvalid
from multichannel.policy.decide.policy import Policy, Verdict
from multichannel.policy.explain.explanation import explain
from multichannel.policy.schema.facts import ServiceFacts
from multichannel.policy.schema.resources import PARTNER, RESOURCES, SERVICE, SUBSCRIPTION
from multichannel.policy.schema.vocabulary import Action, Principal, SystemRole, system_principal
from multichannel.store.engines import open_database
from tests.policy.groups import policy_with
from tests.policy.test_agreement import Stored, asked, stored
from tests.policy.worlds import principals, worlds
from tests.policy.worlds.plain import KINDS

ASKS_A_STANDING = (
    'caller.status = "inactive" and changes(action);',
    """caller.status = "inactive" and changes(action) and concerned(caller, record);
    concerned(caller: Principal, record) if has_standing(caller, _standing, record);""",
)
RECORD = ("action: String, _: Resource)", "action: String, record: Resource)")
CHANGES = {Action.UPDATE, Action.CANCEL}


@pytest.fixture
def engines(sqlite_url: str, postgresql_url: str) -> Iterator[list[Engine]]:
    """One engine for each database."""
    opened = [open_database(url, connections=1) for url in (sqlite_url, postgresql_url)]
    yield opened
    for engine in opened:
        engine.dispose()


@pytest.fixture(params=[(), (RECORD, ASKS_A_STANDING)], ids=["separable", "whole"])
def grouped(request: pytest.FixtureRequest) -> Policy:
    """The policy, and one of the same verdicts whose rules about all records ask for standings."""
    return policy_with(*request.param)


def _expected(who: Principal, action: Action, row: dict[str, Any]) -> Verdict:
    is_billing = who.kind == "partner" and row["billing_partner_id"] == who.tenant_id
    sells = {"admin_agent", "sales_agent"} & {*who.roles}
    granted = is_billing and (
        (action is Action.READ and bool(sells or "helpdesk_agent" in who.roles))
        or (action in CHANGES and bool(sells))
        or (action is Action.RELEASE and "admin_agent" in who.roles)
    )
    reasons = [
        *(["CROSS_CLOUD"] if row["cloud"] != who.cloud else []),
        *(["PARTNER_INACTIVE"] if who.status == "inactive" and action in CHANGES else []),
    ]
    return Verdict(allowed=granted and not reasons, reasons=tuple(reasons))


@pytest.mark.parametrize("examples", [4, pytest.param(40, marks=pytest.mark.long)])
def test_checks_and_lists_on_both_databases_decide_as_if_groups_were_written_out(
    engines: list[Engine], examples: int
) -> None:
    policy, drawn = policy_with(), iter(KINDS * examples)
    tally: Counter[bool] = Counter()

    @asked(examples, repeatable=examples < 40)
    @given(st.data())
    def agree(data: st.DataObject) -> None:
        world = data.draw(worlds(next(drawn)))
        with stored(engines, policy, world) as databases:
            for who in data.draw(principals(world)):
                listed = [database.granted(who, SUBSCRIPTION) for database in databases]
                for action in SUBSCRIPTION.actions:
                    tally.update(_allowed(databases[0], who, action, [each[action] for each in listed]))

    agree()
    assert tally[True]
    assert tally[False]


def _allowed(database: Stored, who: Principal, action: Action, listed: list[set[str]]) -> Iterator[bool]:
    """By row of one of the databases, of all of which the lists are given."""
    for row in database.world.rows("Subscription"):
        facts = database.facts(SUBSCRIPTION, row["id"], who)
        expected = _expected(who, action, row)
        assert database.policy.check(who, action, facts) == expected
        assert [row["id"] in ids for ids in listed] == [expected.allowed] * len(listed)
        yield expected.allowed


def test_a_resource_type_without_the_facts_of_a_general_restriction_is_not_denied_by_it(
    grouped: Policy,
) -> None:
    operator = system_principal(SystemRole.OPERATOR)

    assert grouped.check(operator, Action.ADD_PARTNER, ServiceFacts(id="1")) == Verdict(allowed=True)
    assert grouped.restrictions(operator, Action.ADD_PARTNER, SERVICE) == ()
    assert [item.name for item in grouped.restrictions(operator, Action.READ, PARTNER)] == ["CROSS_CLOUD"]
    found = explain(grouped, operator, Action.ADD_PARTNER, SERVICE, ServiceFacts(id="1"))
    assert (found.allowed, found.restrictions) == (True, ())


def test_a_general_restriction_is_cited_where_it_stands(grouped: Policy) -> None:
    everywhere = [resource for resource in RESOURCES.values() if "cloud" in resource.attributes]

    assert {resource.name for resource in everywhere} == {*RESOURCES} - {"Service", "SubscriptionShare"}
    for resource in everywhere:
        principal = system_principal(SystemRole.OPERATOR)
        (found,) = grouped.restrictions(principal, resource.actions[0], resource)
        assert [rule.file for rule in found.rules] == ["main.polar"]
        assert found.rules[0].text.startswith('forbid("CROSS_CLOUD"')


def test_a_general_rule_reads_facts_through_helper_rules_too() -> None:
    helper = "apart(caller, record);\napart(caller: Principal, record) if record.cloud != caller.cloud;"
    policy = policy_with(("record.cloud != caller.cloud;", helper))
    operator = system_principal(SystemRole.OPERATOR)

    assert policy.check(operator, Action.ADD_PARTNER, ServiceFacts(id="1")).allowed
    assert policy.restrictions(operator, Action.READ, PARTNER)


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("record.clod != caller.cloud;", "no resource type has all facts"),
        ("record.cloud != caller.clod;", "a Principal has no fact `clod`"),
        ('record.cloud != caller.cloud and record.status = "gone";', 'is never "gone"'),
    ],
)
def test_what_is_wrong_with_a_general_restriction_is_refused_at_load(condition: str, message: str) -> None:
    with pytest.raises(PolicyInvalid, match=message):
        policy_with(("record.cloud != caller.cloud;", condition))
