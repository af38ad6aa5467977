"""The table of what each persona sees, against the store, on both databases."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import timedelta

import pytest

from multichannel.demo.cast import CANYON, LAUREL, MEADOW, PERSONAS, PRAIRIE, SUMMIT, WORLD
from multichannel.demo.world import SEEDER, rows_of_world
from multichannel.domain.base import Base
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.tenants import Cloud
from multichannel.errors import NotPermitted
from multichannel.policy.schema.resources import CUSTOMER, RELATIONSHIP, SUBSCRIPTION, Resource
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.read import (
    list_query as selection,  # pytest would collect its class Test by that name
)
from multichannel.store.read.list_query import (
    And,
    Children,
    ListQuery,
    LoadedRecord,
    OrderBy,
    ReadableColumn,
    ReadableRelation,
    Window,
    by_column,
)
from multichannel.store.read.reader import Reader
from multichannel.store.unit_of_work import UnitOfWork
from tests.demo.expected import CUSTOMER_IDS, EXPECTED, SUBSCRIPTION_IDS, Degrees, Sees
from tests.world import World, shared_postgresql_later

Degree = dict[Action, set[str]]

SHOWN = {
    CUSTOMER: (
        ReadableColumn("company_name", Action.READ_SUMMARY),
        ReadableColumn("email", Action.READ),
    ),
    SUBSCRIPTION: (
        ReadableColumn("friendly_name", Action.READ_SUMMARY),
        ReadableColumn("vendor_id", Action.READ),
        ReadableColumn("order_id", Action.READ_BILLING),
    ),
}
"""One column of each degree, from the lowest; every row of the world has a value in each."""
ONE_PAGE, SMALL_PAGE = 100, 2
PERSONA_NAMES = [persona.name for persona in PERSONAS]
SUBSCRIPTIONS_OF_CUSTOMER = ReadableRelation(SUBSCRIPTION, "id", "customer_id", None)
CUSTOMER_OF_SUBSCRIPTION = ReadableRelation(CUSTOMER, "customer_id", "id", Action.READ_SUMMARY)


def listing(resource: Resource, window: Window, **options: object) -> ListQuery:
    return ListQuery(frozenset(SHOWN[resource]), window, **options)  # type: ignore[arg-type]  # fields by name


def listed(reader: Reader, resource: Resource, order: OrderBy) -> Iterator[LoadedRecord]:
    """All rows of a list, in small pages, each begun at the place where the last one ended."""
    after = None
    while True:
        page = reader.page(resource, listing(resource, Window(SMALL_PAGE, after=after), order=order))
        yield from page.records
        if not page.more_after:
            return
        after = page.records[-1].position


def degree_of(record: LoadedRecord) -> Action:
    """The highest degree that is readable; the lower ones must be readable too."""
    columns = SHOWN[record.resource]
    readable = [not isinstance(record.values[column.name], NotPermitted) for column in columns]
    assert readable == sorted(readable, reverse=True)
    return columns[sum(readable) - 1].read


def by_degree(records: Iterable[LoadedRecord], ids: dict[str, str]) -> Degree:
    names = {row_id: name for name, row_id in ids.items()}
    found: Degree = defaultdict(set)
    for record in records:
        found[degree_of(record)].add(names[record.id])
    return dict(found)


def all_names(degrees: Degrees) -> set[str]:
    return {name for names in degrees.values() for name in names}


def readers(world: World) -> Iterator[tuple[str, Sees, Reader]]:
    for name in PERSONA_NAMES:
        with world.store.reading(world.principal(name)) as work:
            yield name, EXPECTED[name], work.reader


def columns_named(world: World, name: str) -> dict[str, dict[str, object]]:
    with world.store.reading(world.principal(name)) as work:
        reader = work.reader
        return {
            record.id: dict(record.values)
            for record in reader.page(SUBSCRIPTION, listing(SUBSCRIPTION, Window(ONE_PAGE))).records
        }


def test_the_table_speaks_of_every_persona_and_of_real_names() -> None:
    assert set(EXPECTED) == set(PERSONA_NAMES)
    assert set().union(*(all_names(sees.customers) for sees in EXPECTED.values())) == set(CUSTOMER_IDS)
    assert set().union(*(all_names(sees.subscriptions) for sees in EXPECTED.values())) == set(
        SUBSCRIPTION_IDS
    )


@pytest.mark.parametrize("order", [OrderBy(), by_column(SHOWN[SUBSCRIPTION][0]), OrderBy(descending=True)])
def test_lists_hold_what_the_table_says_to_the_degree_it_says(shared_world: World, order: OrderBy) -> None:
    for name, sees, reader in readers(shared_world):
        by_name = bool(order.keys)
        customers = listed(reader, CUSTOMER, by_column(SHOWN[CUSTOMER][0]) if by_name else order)
        subscriptions = listed(reader, SUBSCRIPTION, order)

        assert by_degree(customers, CUSTOMER_IDS) == sees.customers, name
        assert by_degree(subscriptions, SUBSCRIPTION_IDS) == sees.subscriptions, name


@shared_postgresql_later
def test_a_count_is_the_length_of_the_list(shared_world: World) -> None:
    for name, sees, reader in readers(shared_world):
        assert reader.count(CUSTOMER) == len(all_names(sees.customers)), name
        assert reader.count(SUBSCRIPTION) == len(all_names(sees.subscriptions)), name


@shared_postgresql_later
def test_asked_for_by_id_the_same_rows_are_there_and_no_others(shared_world: World) -> None:
    for name, sees, reader in readers(shared_world):
        customers = reader.records(CUSTOMER, SHOWN[CUSTOMER], "id", CUSTOMER_IDS.values())
        subscriptions = reader.records(SUBSCRIPTION, SHOWN[SUBSCRIPTION], "id", SUBSCRIPTION_IDS.values())

        assert by_degree(customers.values(), CUSTOMER_IDS) == sees.customers, name
        assert by_degree(subscriptions.values(), SUBSCRIPTION_IDS) == sees.subscriptions, name


@shared_postgresql_later
def test_below_its_customer_a_subscription_is_seen_as_in_the_list(shared_world: World) -> None:
    for name, sees, reader in readers(shared_world):
        customers = [record.id for record in listed(reader, CUSTOMER, OrderBy())]
        children = Children(SUBSCRIPTIONS_OF_CUSTOMER, customers)
        pages = reader.pages(SUBSCRIPTION, listing(SUBSCRIPTION, Window(ONE_PAGE), children=children))
        below = all_names(sees.customers)
        expected = {
            degree: kept
            for degree, names in sees.subscriptions.items()
            if (kept := {each for each in names if each.split("-")[0] in below})
        }
        records = [record for page in pages.values() for record in page.records]

        assert by_degree(records, SUBSCRIPTION_IDS) == expected, name


def test_a_filter_finds_a_row_only_by_what_may_be_read_of_it(shared_world: World) -> None:
    for name, sees, reader in readers(shared_world):
        for column in SHOWN[SUBSCRIPTION]:
            readable = set().union(
                *(
                    names
                    for degree, names in sees.subscriptions.items()
                    if [each.read for each in SHOWN[SUBSCRIPTION]].index(degree)
                    >= SHOWN[SUBSCRIPTION].index(column)
                )
            )
            known = selection.Compare(column, "is_null", value=False)
            assert reader.count(SUBSCRIPTION, known) == len(readable), (name, column)


@shared_postgresql_later
def test_a_filter_through_the_customer_finds_only_what_both_sides_show(shared_world: World) -> None:
    served = selection.Compare(SHOWN[CUSTOMER][0], "eq", MEADOW.name)
    for name, sees, reader in readers(shared_world):
        through = selection.RelatedTo(CUSTOMER_OF_SUBSCRIPTION, And((served,)))
        sees_meadow = MEADOW.key in all_names(sees.customers)
        expected = {each for each in all_names(sees.subscriptions) if each.startswith("meadow-")}

        assert reader.count(SUBSCRIPTION, through) == (len(expected) if sees_meadow else 0), name


@shared_postgresql_later
def test_two_records_of_one_subscription_stay_two_and_each_with_its_own_readers(shared_world: World) -> None:
    records = ("canyon-azure-ea", "canyon-azure-ea-by-birch")
    ids = [SUBSCRIPTION_IDS[key] for key in records]
    *_, subscriptions = rows_of_world(shared_world.clock.now)
    vendor_ids = [
        each.vendor_id for each in subscriptions if isinstance(each, Subscription) and each.id in ids
    ]
    assert len(vendor_ids) == 2
    assert len(set(vendor_ids)) == 1

    seen = {
        name: {key for key in records if SUBSCRIPTION_IDS[key] in columns_named(shared_world, name)}
        for name in ("alder-global-admin", "birch-sales-agent", "cedar-admin-agent", "canyon-global-admin")
    }

    assert seen == {
        "alder-global-admin": {"canyon-azure-ea"},
        "birch-sales-agent": {"canyon-azure-ea", "canyon-azure-ea-by-birch"},
        "cedar-admin-agent": set(),
        "canyon-global-admin": {"canyon-azure-ea", "canyon-azure-ea-by-birch"},
    }


@shared_postgresql_later
def test_a_private_record_is_seen_by_its_partner_and_its_customer_alone(shared_world: World) -> None:
    private = {"meadow-records-open": "alder", "meadow-backup-advisor": "willow"}
    private["canyon-azure-ea-by-birch"] = "birch"
    for key, partner in private.items():
        who = {
            name.split("-")[0]
            for name in PERSONA_NAMES
            if SUBSCRIPTION_IDS[key] in columns_named(shared_world, name)
        }

        assert who == {partner, key.split("-")[0]}


def relationship(world: World, partner: str, customer: str) -> ResellerRelationship:
    """A relationship that should not be: across clouds."""
    return ResellerRelationship(
        partner_id=partner,
        customer_id=customer,
        stored_status=RelationshipStatus.ACTIVE,
        market="US",
        cloud=Cloud.US_GOVERNMENT,
        created_at=world.clock.now,
        updated_at=world.clock.now,
    )


def add(world: World, row: Base) -> None:
    def use_case(work: UnitOfWork) -> None:
        work.add_under(work.service(to=Action.SEED), row)

    world.store.write(SEEDER, use_case)


def test_nothing_crosses_national_clouds_even_where_a_relationship_says_so(world: World) -> None:
    add(world, relationship(world, LAUREL.id, MEADOW.id))

    with world.store.reading(world.principal("laurel-admin-agent")) as work:
        customers = {record.id for record in listed(work.reader, CUSTOMER, OrderBy())}
        subscriptions = {record.id for record in listed(work.reader, SUBSCRIPTION, OrderBy())}

    government = {
        SUBSCRIPTION_IDS[each["key"]]
        for each in WORLD["purchases"]
        if each["customer"] in {SUMMIT.key, PRAIRIE.key}
    }
    assert customers == {SUMMIT.id}
    assert subscriptions
    assert subscriptions <= government


@pytest.mark.parametrize("status", [each for each in RelationshipStatus if each != "active"])
def test_only_an_active_relationship_opens_anything(world: World, status: RelationshipStatus) -> None:
    row = relationship(world, world.principal("dogwood-sales-agent").tenant_id, CANYON.id)
    row.stored_status, row.cloud = status, Cloud.PUBLIC
    add(world, row)

    name_alone = {Action.READ_SUMMARY: {"canyon"}} if status == "ended_by_customer" else {}  # R62
    with world.store.reading(world.principal("dogwood-sales-agent")) as work:
        seen = by_degree(listed(work.reader, CUSTOMER, OrderBy()), CUSTOMER_IDS)
    assert seen == {Action.READ: {"meadow"}, **name_alone}


def statuses(world: World, persona: str) -> dict[str, str]:
    """The customers a partner has asked, by the id of the customer, with what came of it."""
    columns = frozenset(
        {ReadableColumn("customer_id", Action.READ_SUMMARY), ReadableColumn("status", Action.READ_SUMMARY)}
    )
    with world.store.reading(world.principal(persona)) as work:
        page = work.reader.page(RELATIONSHIP, ListQuery(columns, Window(ONE_PAGE)))
    names = {None: "unknown"} | {row_id: name for name, row_id in CUSTOMER_IDS.items()}
    return {names[record.values["customer_id"]]: record.values["status"] for record in page.records}


def test_a_request_nobody_answered_is_expired_from_its_time_on(world: World) -> None:
    assert statuses(world, "alder-sales-agent") == {
        "meadow": "active",
        "canyon": "active",
        "quarry": "requested",
        "thistle": "expired",
        "ember": "removed",
        "unknown": "requested",  # Juniper has never signed in
    }

    world.clock.now += timedelta(days=100)

    assert statuses(world, "alder-sales-agent")["quarry"] == "expired"
    assert statuses(world, "alder-sales-agent")["meadow"] == "active"


@shared_postgresql_later
def test_a_relationship_is_known_to_its_parties_and_to_the_attached_reseller(shared_world: World) -> None:
    assert statuses(shared_world, "dogwood-sales-agent") == {"meadow": "active"}
    assert statuses(shared_world, "birch-sales-agent") == {
        "meadow": "canceled",
        "canyon": "active",
        "thistle": "active",
        "ember": "ended_by_customer",
    }
    assert statuses(shared_world, "prairie-global-admin") == {"prairie": "requested"}
    assert statuses(shared_world, "alder-account-admin") == {}
