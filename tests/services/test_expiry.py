"""The sweeper writes down what time has done, once, whoever else sweeps."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from multichannel.demo.cast import ALDER, LAUREL, PRAIRIE, THISTLE, WILLOW, fixed_id
from multichannel.domain.audit import AuditRecord
from multichannel.domain.events import Event
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.subscriptions import Subscription, SubscriptionStatus
from multichannel.domain.tenants import Cloud
from multichannel.domain.transfers import Transfer
from multichannel.policy.decide.policy import Policy
from multichannel.policy.language.source import PolicySource
from multichannel.policy.schema.vocabulary import NO_TENANT
from multichannel.server.expiry_job import expire_once, expiry_job
from multichannel.services.audit import verify
from multichannel.services.expiry import sweep
from multichannel.store.engines import open_database
from multichannel.store.store import Store
from tests.world import World

LAPSED = fixed_id("alder.thistle.relationship")
NOTHING = {"ResellerRelationship": 0, "Transfer": 0, "Subscription": 0}


def rows(world: World, model: type[Any], **equal: Any) -> Sequence[Any]:
    with Session(world.store.engine) as session:
        return session.scalars(select(model).filter_by(**equal).order_by(model.id)).all()


def put(world: World, statement: Any, values: Any = None) -> None:
    with world.store.engine.begin() as connection:
        connection.execute(statement, values)


@pytest.fixture
def settled(world: World) -> World:
    """The demo world with nothing due."""
    sweep(world.store)
    put(world, delete(Event))
    return world


def test_sm1_a_request_nobody_answered_is_expired_and_told_once(world: World) -> None:
    before = rows(world, ResellerRelationship, id=LAPSED)[0]
    assert before.stored_status is RelationshipStatus.REQUESTED

    assert sweep(world.store)["ResellerRelationship"] == 1

    after = rows(world, ResellerRelationship, id=LAPSED)[0]
    assert after.stored_status is RelationshipStatus.EXPIRED
    assert (after.version, after.updated_at) == (before.version + 1, world.clock.now)
    assert after.closed_at == before.expires_at
    (told,) = rows(world, Event, resource_id=LAPSED)
    assert (told.operation, told.resource_type, told.customer_id) == (
        "expire",
        "ResellerRelationship",
        THISTLE.id,
    )
    records = rows(world, AuditRecord, resource_id=LAPSED)
    assert {each.tenant_id for each in records} == {ALDER.id, THISTLE.id}
    assert {each.actor_tenant_id for each in records} == {NO_TENANT}
    assert {(each.old_value["status"], each.new_value["status"]) for each in records} == {
        ("requested", "expired")
    }


def test_a_second_sweep_finds_nothing_and_says_nothing(world: World) -> None:
    sweep(world.store)
    told = len(rows(world, Event)), len(rows(world, AuditRecord))

    assert sweep(world.store) == NOTHING

    assert (len(rows(world, Event)), len(rows(world, AuditRecord))) == told


def test_what_is_not_due_yet_stays(settled: World) -> None:
    request = rows(settled, ResellerRelationship, id=fixed_id("alder.quarry.relationship"))[0]
    settled.clock.now = request.expires_at - timedelta(microseconds=1)
    assert sweep(settled.store)["ResellerRelationship"] == 0

    settled.clock.now = request.expires_at
    # Prairie's, asked for at the same time in the other cloud, lapses at the same instant.
    assert sweep(settled.store)["ResellerRelationship"] == 2


def test_r52_each_national_cloud_is_swept(settled: World) -> None:
    settled.clock.now += timedelta(days=90)

    sweep(settled.store)

    found = rows(settled, ResellerRelationship, partner_id=LAUREL.id, customer_id=PRAIRIE.id)
    assert [each.stored_status for each in found] == [RelationshipStatus.EXPIRED]


def transfer(number: int, expires_at: datetime, now: datetime) -> dict[str, Any]:
    return {
        "id": fixed_id(f"transfer-{number}"),
        "owner_id": ALDER.id,
        "kind": "new_commerce",
        "status": "pending",
        "customer_id": fixed_id("canyon"),
        "source_partner_id": fixed_id("birch"),
        "target_partner_id": ALDER.id,
        "initiated_by": "target",
        "target_product_types": [],
        "expires_at": expires_at,
        "market": "US",
        "cloud": Cloud.PUBLIC,
        "version": 1,
        "created_at": now,
        "updated_at": now,
    }


def test_sm4c_transfers_nobody_decided_are_expired_each_with_its_own_event(settled: World) -> None:
    now = settled.clock.now
    due = [transfer(number, now, now) for number in range(3)]
    put(settled, insert(Transfer), [*due, transfer(3, now + timedelta(seconds=1), now)])

    assert sweep(settled.store) == {**NOTHING, "Transfer": 3}

    ids = {each["id"] for each in due}
    assert {each.id for each in rows(settled, Transfer, stored_status="expired")} == ids
    assert {(each.resource_id, each.transfer_id) for each in rows(settled, Event)} == {
        (each, each) for each in ids
    }


def test_sm5_a_term_that_ended_without_renewal_is_written_down(settled: World) -> None:
    now = settled.clock.now
    found = rows(settled, Subscription, friendly_name="Canyon office birch")
    subscription = found[0].id
    values = {"auto_renew_enabled": False, "expires_at": now, "disabled_at": now + timedelta(days=30)}
    put(settled, update(Subscription).where(Subscription.id == subscription).values(values))

    assert sweep(settled.store)["Subscription"] == 1

    assert rows(settled, Subscription, id=subscription)[0].stored_status is SubscriptionStatus.EXPIRED
    assert [each.resource_id for each in rows(settled, Event)] == [subscription]


def test_sm5_a_term_that_renews_begins_anew(settled: World) -> None:
    found = next(each for each in rows(settled, Subscription) if each.auto_renew_enabled)
    settled.clock.now = found.commitment_end_date

    sweep(settled.store)

    after = rows(settled, Subscription, id=found.id)[0]
    assert after.stored_status is SubscriptionStatus.ACTIVE
    assert after.effective_start_date == found.commitment_end_date
    assert after.commitment_end_date > settled.clock.now


def many_requests(world: World, count: int) -> None:
    now = world.clock.now
    put(
        world,
        insert(ResellerRelationship),
        [
            {
                "id": fixed_id(f"request-{number}"),
                "partner_id": WILLOW.id,
                "customer_id": None,
                "addressed_to": f"nobody-{number}.example",
                "status": "requested",
                "expires_at": now,
                "market": "US",
                "cloud": "public",
                "version": 1,
                "created_at": now,
                "updated_at": now,
            }
            for number in range(count)
        ],
    )


def test_any_number_is_swept_in_batches(settled: World) -> None:
    many_requests(settled, 25)

    assert sweep(settled.store, batch=10)["ResellerRelationship"] == 25

    assert len(rows(settled, Event)) == 25
    assert len({each.correlation_id for each in rows(settled, Event)}) == 3


def test_sweepers_at_the_same_time_do_everything_once(settled: World) -> None:
    many_requests(settled, 30)
    engine = open_database(settled.url, connections=4)
    store = Store(engine, lambda: settled.policy, settled.clock)
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: sweep(store, batch=5), range(4)))
    engine.dispose()

    left = sweep(settled.store)["ResellerRelationship"]  # what two of them were at, neither of them took
    assert sum(each["ResellerRelationship"] for each in done) + left == 30
    assert {each.version for each in rows(settled, ResellerRelationship, partner_id=WILLOW.id)} <= {1, 2}
    assert len({each.resource_id for each in rows(settled, Event)}) == len(rows(settled, Event)) == 30
    assert [found for found in verify(settled.store) if found.flaw] == []


def test_what_the_policy_does_not_grant_is_not_swept(world: World) -> None:
    texts = dict(world.policy.source.texts)
    line = 'grant("sweeper", "system", "expire", _: ResellerRelationship);'
    texts["system.polar"] = texts["system.polar"].replace(line, "")
    strict = Policy(PolicySource(tuple(texts.items())))

    assert sweep(Store(world.store.engine, lambda: strict, world.clock))["ResellerRelationship"] == 0
    assert rows(world, ResellerRelationship, id=LAPSED)[0].stored_status is RelationshipStatus.REQUESTED


def test_a_running_service_sweeps_each_time_an_interval_has_passed(world: World) -> None:
    swept = asyncio.Event()

    async def serve() -> None:
        loop = asyncio.get_running_loop()

        def tell() -> None:
            loop.call_soon_threadsafe(swept.set)

        world.store.committed.append(tell)
        async with expiry_job(world.store, 0.001):
            await asyncio.wait_for(swept.wait(), 30)

    asyncio.run(serve())

    assert rows(world, ResellerRelationship, id=LAPSED)[0].stored_status is RelationshipStatus.EXPIRED


def test_a_service_that_ends_before_the_interval_does_not_sweep(world: World) -> None:
    async def serve() -> None:
        async with expiry_job(world.store, 3600):
            pass

    asyncio.run(serve())

    assert rows(world, ResellerRelationship, id=LAPSED)[0].stored_status is RelationshipStatus.REQUESTED


def test_a_sweep_that_fails_is_logged_and_the_service_goes_on(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> Policy:
        raise RuntimeError("no policy")

    expire_once(Store(world.store.engine, broken, world.clock))

    assert [each.message for each in caplog.records] == ["the expiry job failed; the next run tries again"]
