from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TypeVar

import pytest

from multichannel.demo.cast import ALDER, CEDAR, EMBER, INVITED, MEADOW, NEWCOMERS, PERSONAS, WILLOW
from multichannel.demo.world import SEEDER, rows_of_world, seed
from multichannel.domain.base import Base
from multichannel.domain.commerce import BillingType, Channel, Commerce
from multichannel.domain.customers import Customer
from multichannel.domain.partnerships import Partnership, PartnershipStatus
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.tenants import Partner, PartnerStatus, PartnerType, Tenant
from multichannel.domain.users import Role, RoleAssignment
from multichannel.errors import NotPermitted
from multichannel.policy.schema.resources import CUSTOMER, SUBSCRIPTION, Resource
from multichannel.policy.schema.vocabulary import Action
from multichannel.server.bootstrap import SHIPPED_POLICIES
from multichannel.store.unit_of_work import UnitOfWork
from tests.demo.expected import CUSTOMER_IDS, EXPECTED, SUBSCRIPTION_IDS
from tests.world import World, one_engine

R = TypeVar("R", bound=Base)


def standings_in_policy(resource: Resource) -> set[str]:
    """The standings that the policy files define for a kind of resource."""
    files = "".join(path.read_text() for path in SHIPPED_POLICIES.glob("*.polar"))
    return set(re.findall(rf'has_standing\(\w+: Principal, "(\w+)", \w+: {resource.name}\)', files))


def standings_held(world: World, resource: Resource, names: dict[str, str]) -> Iterator[str]:
    """The standings that personas hold to what they see."""
    for name, sees in EXPECTED.items():
        principal = world.principal(name)
        seen = sees.customers if resource is CUSTOMER else sees.subscriptions
        with world.store.reading(principal) as work:
            for key in (key for keys in seen.values() for key in keys):
                facts = work.repository(resource).facts(names[key])
                yield from (standing for standing, _ in work.policy.standings(principal, facts))


@one_engine
@pytest.mark.parametrize(("resource", "names"), [(CUSTOMER, CUSTOMER_IDS), (SUBSCRIPTION, SUBSCRIPTION_IDS)])
def test_some_persona_holds_every_standing(world: World, resource: Resource, names: dict[str, str]) -> None:
    held = set(standings_held(world, resource, names))

    assert held == standings_in_policy(resource) - {"system"} != set()


def test_a_partner_that_left_the_programme_is_told_so_and_changes_nothing(world: World) -> None:
    def change(work: UnitOfWork) -> Customer:
        return work.customers.get(EMBER.id, to=Action.UPDATE)

    with pytest.raises(NotPermitted) as denial:
        world.store.write(world.principal("linden-admin-agent"), change)

    assert denial.value.reasons == ("PARTNER_INACTIVE",)
    assert world.store.write(world.principal("ember-global-admin"), change).company_name == EMBER.name


def rows(kind: type[R]) -> list[R]:
    """The rows of one kind in a new world."""
    return [row for rows in rows_of_world(datetime.now(UTC)) for row in rows if isinstance(row, kind)]


def test_it_has_every_kind_of_partner_role_and_relationship() -> None:
    assert {each.type for each in rows(Partner)} == set(PartnerType)
    assert {each.status for each in rows(Partner)} == set(PartnerStatus)
    assert {each.role for each in rows(RoleAssignment)} == set(Role)
    assert {each.stored_status for each in rows(ResellerRelationship)} == set(RelationshipStatus) - {
        RelationshipStatus.EXPIRED
    }
    assert {each.status for each in rows(Partnership)} == set(PartnershipStatus)
    assert {each.commerce for each in rows(Subscription)} == set(Commerce)
    assert {each.channel for each in rows(Subscription)} == set(Channel) - {Channel.SYNDICATION}
    assert {each.billing_type for each in rows(Subscription)} == {BillingType.LICENSE, BillingType.USAGE}


def test_it_keeps_the_rules_it_is_to_show() -> None:
    cloud = {each.id: each.cloud for each in rows(Tenant)}
    relationships, billed = rows(ResellerRelationship), [each for each in rows(Subscription) if is_csp(each)]
    resellers = {
        (each.provider_id, each.reseller_id) for each in rows(Partnership) if each.status == "active"
    }
    attached = {
        (each.partner_id, each.associated_partner_id) for each in relationships if each.associated_partner_id
    }
    credited = {
        (each.billing_partner_id, each.partner_of_record_id) for each in billed if each.partner_of_record_id
    }

    assert attached <= resellers, "R23"
    assert credited <= resellers, "R25"
    assert all(cloud[str(each.billing_partner_id)] == cloud[str(each.customer_id)] for each in billed), "R52"
    known = [each for each in relationships if each.customer_id]
    assert all(cloud[each.partner_id] == cloud[str(each.customer_id)] for each in known), "R52"
    assert WILLOW.id not in {each.billing_partner_id for each in billed}, "an advisor does not bill"


def is_csp(subscription: Subscription) -> bool:
    return subscription.channel is Channel.CSP


def test_two_csp_partners_sell_to_one_customer() -> None:
    sold = [each for each in rows(Subscription) if is_csp(each) and each.customer_id == MEADOW.id]

    assert {each.billing_partner_id for each in sold} == {ALDER.id, CEDAR.id}


def test_each_newcomer_is_invited_and_otherwise_unknown() -> None:
    """What is addressed to it waits for its first sign-in."""
    waiting = {each.addressed_to for each in rows(ResellerRelationship) if each.customer_id is None}
    waiting |= {each.addressed_to for each in rows(Partnership) if each.reseller_id is None}

    assert waiting == {each.domain for each in INVITED} != set()
    assert {each.organisation for each in NEWCOMERS} == set(INVITED)
    assert not {each.id for each in INVITED} & {each.directory_id for each in rows(Tenant)}


def test_what_is_there_is_not_made_again(world: World) -> None:
    assert not seed(world.store)


def test_only_the_seeder_may_make_a_world(world: World) -> None:
    def make(work: UnitOfWork) -> None:
        work.service(to=Action.SEED)

    world.store.write(SEEDER, make)
    for name in ("alder-global-admin", "meadow-global-admin"):
        with pytest.raises(NotPermitted):
            world.store.write(world.principal(name), make)


def test_ids_are_the_same_in_every_world() -> None:
    assert CUSTOMER_IDS["meadow"] == "629704ff-2196-5c61-aca3-46822667d74e"
    assert SUBSCRIPTION_IDS["meadow-office-direct"] == "d50e3116-8048-5267-b547-8261032ac389"
    assert PERSONAS[0].id == "09799892-2102-5fd9-9258-1612d87f0828"
