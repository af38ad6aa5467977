"""Joining standings, grants and roles in the host gives what the engine gives for `allow` itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from multichannel.policy.decide.policy import Policy
from multichannel.policy.decide.sample_principals import IN_SEVERAL_STATES, ONE_OF_EACH_KIND
from multichannel.policy.language.source import PolicySource
from multichannel.policy.schema.resources import RESOURCES, Resource
from multichannel.policy.schema.vocabulary import ROLES, Action, Principal
from tests.policy.conftest import POLICIES


@pytest.mark.parametrize(
    "principals",
    [ONE_OF_EACH_KIND, pytest.param(IN_SEVERAL_STATES[:3], marks=pytest.mark.long)],
    ids=["of each kind", "in several states"],
)
@pytest.mark.parametrize("resource", RESOURCES.values(), ids=RESOURCES)
def test_both_ways_give_the_same_predicate(
    policy: Policy, resource: Resource, principals: tuple[Principal, ...]
) -> None:
    for principal in principals:
        for action in resource.actions:
            joined = policy.predicate(principal, action, resource)
            evaluated = policy.derivations.evaluated(principal, resource)
            assert joined == policy._predicate(evaluated, principal, action, resource), (principal, action)


@pytest.mark.parametrize(
    "principal",
    [
        pytest.param(each, marks=pytest.mark.long if each.kind in {before.kind for before in earlier} else ())
        for each, *earlier in (ONE_OF_EACH_KIND[place::-1] for place in range(len(ONE_OF_EACH_KIND)))
    ],
    ids=[f"{each.type or each.kind} {each.roles[0]}" for each in ONE_OF_EACH_KIND],
)
def test_both_ways_give_the_same_derivations(policy: Policy, principal: Principal) -> None:
    for resource in RESOURCES.values():
        joined = policy.derivations.allowed(principal, resource, trace=True)
        assert set(joined) == set(policy.derivations.evaluated(principal, resource, trace=True))


def test_the_shipped_policy_is_joined_for_every_resource(policy: Policy) -> None:
    assert [name for name, resource in RESOURCES.items() if not policy.derivations.is_joined(resource)] == []


def _changed(file: str, before: str, after: str) -> Policy:
    texts = dict(PolicySource.read(POLICIES).texts)
    assert before in texts[file]
    return Policy(PolicySource(tuple((texts | {file: texts[file].replace(before, after)}).items())))


def test_another_allow_is_asked_of_the_engine() -> None:
    wanted = "role in principal.roles;"
    narrower = _changed("main.polar", wanted, f'role != "sales_agent" and {wanted}')
    customer = RESOURCES["Customer"]

    assert not narrower.derivations.is_joined(customer)
    for role, allowed in (("sales_agent", False), ("admin_agent", True)):
        someone = replace(ONE_OF_EACH_KIND[0], roles=(role,))
        assert bool(narrower.predicate(someone, Action.READ, customer).allowed) == allowed


def test_a_grant_that_looks_at_the_record_is_asked_of_the_engine() -> None:
    narrower = _changed(
        "subscription.polar",
        'grant("admin_agent", "billing_partner", "release", _: Subscription);',
        'grant("admin_agent", "billing_partner", "release", s: Subscription) if s.is_trial = false;',
    )
    covered = {name for name, resource in RESOURCES.items() if narrower.derivations.is_joined(resource)}

    assert covered == set(RESOURCES) - {"Subscription"}
    someone = replace(ONE_OF_EACH_KIND[0], roles=("admin_agent",))
    current, ended = narrower.predicate(someone, Action.RELEASE, RESOURCES["Subscription"]).allowed
    assert "this.is_trial = false" in str(current)
    assert "this.is_trial = false" in str(ended)


@pytest.mark.parametrize("condition", ['action != "read"', 'action != "read" and action != "update"'])
def test_a_restriction_of_all_actions_but_one_leaves_that_one_in_checks_and_in_lists(condition: str) -> None:
    head = 'forbid("NOT_NOW", p: Principal, action: String, _: Customer)'
    restriction = f'{head} if p.status = "active" and {condition};'
    policy = _changed("customer.polar", "# Customers.", f"{restriction}\n# Customers.")
    customer = RESOURCES["Customer"]
    partner = ONE_OF_EACH_KIND[0]
    record = customer.facts(id="1", market="US", cloud="public", relationships=[], delegated_admin_grants=[])

    for action in customer.actions:
        is_restricted = f'"{action}"' not in condition
        restricting = [each.name for each in policy.restrictions(partner, action, customer)]
        assert ("NOT_NOW" in restricting) is is_restricted
        checked = policy.check(partner, action, record)
        assert ("NOT_NOW" in checked.reasons) is is_restricted
        assert policy.verdicts(partner, record, [partner.roles])[partner.roles][action] == checked


def test_a_grant_that_leaves_roles_standings_or_actions_open_is_one_to_each_of_them() -> None:
    anything = 'grant(_role, _standing, action, _: Customer) if action in ["update", "read"];'
    policy = _changed("customer.polar", "# Customers.", f"{anything}\n# Customers.")
    found = {
        (each.role, each.standing, each.action) for each in policy.derivations.grants(RESOURCES["Customer"])
    }

    for role in ROLES:
        for standing in ("relationship_holder", "attached_reseller", "customer"):
            assert {(role, standing, Action.READ), (role, standing, Action.UPDATE)} <= found
    assert not policy.derivations.is_joined(RESOURCES["Customer"])
