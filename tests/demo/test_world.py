from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from multichannel.demo.cast import (
    EMBER,
    ORGANISATIONS,
    PARTNERSHIPS,
    PERSONAS,
    PURCHASES,
    RELATIONSHIPS,
    WILLOW,
)
from multichannel.demo.world import SEEDER, seed
from multichannel.domain.commerce import BillingType, Channel, Commerce
from multichannel.domain.customers import Customer
from multichannel.domain.partnerships import PartnershipStatus
from multichannel.domain.relationships import RelationshipStatus
from multichannel.domain.tenants import PartnerStatus, PartnerType
from multichannel.domain.users import Role
from multichannel.errors import NotPermitted
from multichannel.policy.schema.resources import CUSTOMER, SUBSCRIPTION, Resource
from multichannel.policy.schema.vocabulary import Action
from multichannel.server.bootstrap import SHIPPED_POLICIES
from multichannel.store.unit_of_work import UnitOfWork
from tests.demo.expected import CUSTOMER_IDS, EXPECTED, SUBSCRIPTION_IDS
from tests.world import World


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


def test_it_has_every_kind_of_partner_role_and_relationship() -> None:
    partners = [each for each in ORGANISATIONS if each.partner_type]
    assert {each.partner_type for each in partners} == set(PartnerType)
    assert {each.status for each in partners} == set(PartnerStatus)
    assert {role for persona in PERSONAS for role in persona.roles} == set(Role)
    assert {each.status for each in RELATIONSHIPS} == set(RelationshipStatus) - {RelationshipStatus.EXPIRED}
    assert {each.status for each in PARTNERSHIPS} == set(PartnershipStatus)
    assert {each.commerce for each in PURCHASES} == set(Commerce)
    assert {each.channel for each in PURCHASES} == set(Channel) - {Channel.SYNDICATION}
    assert {each.billing_type for each in PURCHASES} == {BillingType.LICENSE, BillingType.USAGE}


def test_it_keeps_the_rules_it_is_to_show() -> None:
    resellers = {(each.provider, each.reseller) for each in PARTNERSHIPS if each.status == "active"}
    attached = {(each.partner, each.attached) for each in RELATIONSHIPS if each.attached}
    billed = [each for each in PURCHASES if each.channel is Channel.CSP]

    assert attached <= resellers, "R23"
    assert {
        (each.partner, each.partner_of_record) for each in billed if each.partner_of_record
    } <= resellers, "R25"
    assert all(each.partner and each.partner.cloud == each.customer.cloud for each in billed), "R52"
    assert all(each.partner.cloud == each.customer.cloud for each in RELATIONSHIPS), "R52"
    assert WILLOW not in {each.partner for each in billed}, "an advisor does not bill"


def test_two_csp_partners_sell_to_one_customer() -> None:
    sellers = {each.partner for each in PURCHASES if each.customer.key == "meadow" and each.channel == "csp"}

    assert {each.key for each in sellers if each} == {"alder", "cedar"}


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
