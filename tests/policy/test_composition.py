"""Joining standings, grants and roles in the host gives what the engine gives for `allow` itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from multichannel.policy.decide.policy import Policy
from multichannel.policy.decide.sample_principals import KINDS_OF_PRINCIPAL, SHADES_OF_PRINCIPAL
from multichannel.policy.language.source import PolicySource
from multichannel.policy.schema.resources import RESOURCES, Resource
from multichannel.policy.schema.vocabulary import Action
from tests.policy.conftest import POLICIES


@pytest.mark.parametrize("resource", RESOURCES.values(), ids=RESOURCES)
def test_both_ways_give_the_same_predicate(policy: Policy, resource: Resource) -> None:
    for principal in (*KINDS_OF_PRINCIPAL, *SHADES_OF_PRINCIPAL[:3]):
        for action in resource.actions:
            composed = policy._translate(principal, action, resource)
            assert composed == policy._asked(principal, action, resource), (principal, action)


def test_the_shipped_policy_is_composed_for_every_resource(policy: Policy) -> None:
    assert [name for name, resource in RESOURCES.items() if not policy._composition.covers(resource)] == []


def _changed(file: str, before: str, after: str) -> Policy:
    texts = dict(PolicySource.read(POLICIES).texts)
    assert before in texts[file]
    return Policy(PolicySource(tuple((texts | {file: texts[file].replace(before, after)}).items())))


def test_another_allow_is_asked_of_the_engine() -> None:
    wanted = "role in principal.roles;"
    narrower = _changed("main.polar", wanted, f'role != "sales_agent" and {wanted}')
    customer = RESOURCES["Customer"]

    assert not narrower._composition.covers(customer)
    for role, allowed in (("sales_agent", False), ("admin_agent", True)):
        someone = replace(KINDS_OF_PRINCIPAL[0], roles=(role,))
        assert bool(narrower.predicate(someone, Action.READ, customer).allowed) == allowed


def test_a_grant_that_looks_at_the_record_is_asked_of_the_engine() -> None:
    narrower = _changed(
        "subscription.polar",
        'grant("admin_agent", "billing_partner", "release", _: Subscription);',
        'grant("admin_agent", "billing_partner", "release", s: Subscription) if s.is_trial = false;',
    )
    covered = {name for name, resource in RESOURCES.items() if narrower._composition.covers(resource)}

    assert covered == set(RESOURCES) - {"Subscription"}
    someone = replace(KINDS_OF_PRINCIPAL[0], roles=("admin_agent",))
    (branch,) = narrower.predicate(someone, Action.RELEASE, RESOURCES["Subscription"]).allowed
    assert "this.is_trial = false" in str(branch)
