"""The expiry job stores each due status change once, however many jobs run."""

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
from multichannel.domain.audit import AuditRecord, Event
from multichannel.domain.base import new_id
from multichannel.domain.commerce import SubscriptionStatus
from multichannel.domain.customers import Customer
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.tenants import Cloud, Tenant, TenantKind
from multichannel.domain.transfers import Transfer
from multichannel.policy.decide.policy import Policy
from multichannel.policy.language.source import PolicySource
from multichannel.policy.schema.vocabulary import NO_TENANT
from multichannel.server.expiry_job import expire_once, expiry_job
from multichannel.services.audit import verify
from multichannel.services.expiry import sweep
from multichannel.store.access import Access
from multichannel.store.engines import open_database
from multichannel.store.store import Store
from tests.world import World

EXPIRED_REQUEST = fixed_id("alder.thistle.relationship")
NOTHING = {"ResellerRelationship": 0, "DelegatedAdminGrant": 0, "Transfer": 0, "Subscription": 0}


def rows(world: World, model: type[Any], **equal: Any) -> Sequence[Any]:
    with Session(world.store.engine) as session:
        return session.scalars(select(model).filter_by(**equal).order_by(model.id)).all()


def put(world: World, statement: Any, values: Any = None) -> None:
    with world.store.engine.begin() as connection:
        connection.execute(statement, values)


@pytest.fixture
def nothing_due(world: World) -> World:
    """The demo world with nothing due."""
    sweep(world.store)
    put(world, delete(Event))
    return world


@pytest.mark.rule("SM1")
def test_a_request_without_answer_expires_with_one_event(world: World) -> None:
    before = rows(world, ResellerRelationship, id=EXPIRED_REQUEST)[0]
    assert before.stored_status is RelationshipStatus.REQUESTED

    assert sweep(world.store)["ResellerRelationship"] == 1

    after = rows(world, ResellerRelationship, id=EXPIRED_REQUEST)[0]
    assert after.stored_status is RelationshipStatus.EXPIRED
    assert (after.version, after.updated_at) == (before.version + 1, world.clock.now)
    assert after.closed_at == before.expires_at
    (event,) = rows(world, Event, resource_id=EXPIRED_REQUEST)
    assert (event.operation, event.resource_type, event.customer_id) == (
        "expire",
        "ResellerRelationship",
        THISTLE.id,
    )
    records = rows(world, AuditRecord, resource_id=EXPIRED_REQUEST)
    assert {each.tenant_id for each in records} == {ALDER.id, THISTLE.id}
    assert {each.actor_tenant_id for each in records} == {NO_TENANT}
    assert {(each.old_value["status"], each.new_value["status"]) for each in records} == {
        ("requested", "expired")
    }


def test_a_second_run_changes_nothing_and_writes_no_event(world: World) -> None:
    sweep(world.store)
    before = len(rows(world, Event)), len(rows(world, AuditRecord))

    assert sweep(world.store) == NOTHING

    assert (len(rows(world, Event)), len(rows(world, AuditRecord))) == before


def test_what_is_not_due_yet_stays(nothing_due: World) -> None:
    request = rows(nothing_due, ResellerRelationship, id=fixed_id("alder.quarry.relationship"))[0]
    nothing_due.clock.now = request.expires_at - timedelta(microseconds=1)
    assert sweep(nothing_due.store)["ResellerRelationship"] == 0

    nothing_due.clock.now = request.expires_at
    # Prairie's, asked for at the same time in the other cloud, expires at the same time.
    assert sweep(nothing_due.store)["ResellerRelationship"] == 2


@pytest.mark.rule("R52")
def test_the_job_runs_in_each_national_cloud(nothing_due: World) -> None:
    nothing_due.clock.now += timedelta(days=90)

    sweep(nothing_due.store)

    requests = rows(nothing_due, ResellerRelationship, partner_id=LAUREL.id, customer_id=PRAIRIE.id)
    assert [each.stored_status for each in requests] == [RelationshipStatus.EXPIRED]


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


@pytest.mark.rule("SM4c")
def test_pending_transfers_expire_each_with_its_own_event(nothing_due: World) -> None:
    now = nothing_due.clock.now
    due = [transfer(number, now, now) for number in range(3)]
    put(nothing_due, insert(Transfer), [*due, transfer(3, now + timedelta(seconds=1), now)])

    assert sweep(nothing_due.store) == {**NOTHING, "Transfer": 3}

    ids = {each["id"] for each in due}
    assert {each.id for each in rows(nothing_due, Transfer, stored_status="expired")} == ids
    assert {(each.resource_id, each.transfer_id) for each in rows(nothing_due, Event)} == {
        (each, each) for each in ids
    }


@pytest.mark.rule("SM5")
def test_the_end_of_a_term_without_renewal_is_stored(nothing_due: World) -> None:
    now = nothing_due.clock.now
    subscription = rows(nothing_due, Subscription, friendly_name="Canyon office birch")[0].id
    values = {"auto_renew_enabled": False, "expires_at": now, "disabled_at": now + timedelta(days=30)}
    put(nothing_due, update(Subscription).where(Subscription.id == subscription).values(values))

    assert sweep(nothing_due.store)["Subscription"] == 1

    assert rows(nothing_due, Subscription, id=subscription)[0].stored_status is SubscriptionStatus.EXPIRED
    assert [each.resource_id for each in rows(nothing_due, Event)] == [subscription]


@pytest.mark.rule("SM5")
def test_a_term_that_renews_begins_anew(nothing_due: World) -> None:
    before = next(each for each in rows(nothing_due, Subscription) if each.auto_renew_enabled)
    nothing_due.clock.now = before.commitment_end_date

    sweep(nothing_due.store)

    after = rows(nothing_due, Subscription, id=before.id)[0]
    assert after.stored_status is SubscriptionStatus.ACTIVE
    assert after.effective_start_date == before.commitment_end_date
    assert after.commitment_end_date > nothing_due.clock.now


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


def test_any_number_of_rows_is_changed_in_batches(nothing_due: World) -> None:
    many_requests(nothing_due, 25)

    assert sweep(nothing_due.store, batch=10)["ResellerRelationship"] == 25

    assert len(rows(nothing_due, Event)) == 25
    assert len({each.correlation_id for each in rows(nothing_due, Event)}) == 3


def test_jobs_at_the_same_time_change_every_row_once(nothing_due: World) -> None:
    many_requests(nothing_due, 30)
    engine = open_database(nothing_due.url, connections=4)
    store = Store(engine, lambda: nothing_due.policy, nothing_due.clock)
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: sweep(store, batch=5), range(4)))
    engine.dispose()

    left = sweep(nothing_due.store)["ResellerRelationship"]  # what two of them were at, neither of them took
    assert sum(each["ResellerRelationship"] for each in done) + left == 30
    assert {each.version for each in rows(nothing_due, ResellerRelationship, partner_id=WILLOW.id)} <= {1, 2}
    assert len({each.resource_id for each in rows(nothing_due, Event)}) == len(rows(nothing_due, Event)) == 30
    assert [chain for chain in verify(nothing_due.store) if chain.flaw] == []


def test_rows_that_the_policy_does_not_grant_stay(world: World) -> None:
    texts = dict(world.policy.source.texts)
    line = 'grant("sweeper", "system", "expire", _: ResellerRelationship);'
    texts["system.polar"] = texts["system.polar"].replace(line, "")
    strict = Policy(PolicySource(tuple(texts.items())))

    assert sweep(Store(world.store.engine, lambda: strict, world.clock))["ResellerRelationship"] == 0
    assert (
        rows(world, ResellerRelationship, id=EXPIRED_REQUEST)[0].stored_status is RelationshipStatus.REQUESTED
    )


def test_a_running_service_runs_the_job_after_each_interval(world: World) -> None:
    swept = asyncio.Event()

    async def serve() -> None:
        loop = asyncio.get_running_loop()

        def tell() -> None:
            loop.call_soon_threadsafe(swept.set)

        world.store.committed.append(tell)
        async with expiry_job(world.store, 0.001):
            await asyncio.wait_for(swept.wait(), 30)

    asyncio.run(serve())

    assert (
        rows(world, ResellerRelationship, id=EXPIRED_REQUEST)[0].stored_status is RelationshipStatus.EXPIRED
    )


def test_a_service_that_ends_before_the_interval_does_not_run_the_job(world: World) -> None:
    async def serve() -> None:
        async with expiry_job(world.store, 3600):
            pass

    asyncio.run(serve())

    assert (
        rows(world, ResellerRelationship, id=EXPIRED_REQUEST)[0].stored_status is RelationshipStatus.REQUESTED
    )


def test_a_job_that_fails_is_logged_and_the_service_continues(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> Policy:
        raise RuntimeError("no policy")

    expire_once(Store(world.store.engine, broken, world.clock))

    assert [each.message for each in caplog.records] == ["the expiry job failed; the next run tries again"]


def overdue(world: World, count: int) -> None:
    """Customers that have not answered in time, each asked by Alder."""
    now = world.clock.now
    ids = [new_id() for _ in range(count)]
    common = {"cloud": Cloud.PUBLIC, "created_at": now}
    stored = {**common, "market": "US", "version": 1, "updated_at": now}
    request = {**stored, "partner_id": ALDER.id, "status": "requested", "expires_at": now}
    put(world, insert(Tenant), [{**common, "id": each, "kind": TenantKind.CUSTOMER} for each in ids])
    customer = {**stored, "company_name": "A customer", "phone_number": "0"}
    put(world, insert(Customer), [{**customer, "id": each} for each in ids])
    put(world, insert(ResellerRelationship), [{**request, "customer_id": each} for each in ids])


def test_many_customers_cost_no_more_predicates_and_statements_than_a_few(
    nothing_due: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    statements: list[object] = []
    run = Access.run

    def counted(access: Access, statement: Any, *parameters: Any) -> Sequence[Any]:
        statements.append(statement)
        return run(access, statement, *parameters)

    monkeypatch.setattr(Access, "run", counted)
    costs = []
    for count in (2, 2, 40):
        overdue(nothing_due, count)
        translated = nothing_due.policy.translate.cache_info().misses
        statements.clear()
        assert sweep(nothing_due.store)["ResellerRelationship"] == count
        costs.append((nothing_due.policy.translate.cache_info().misses - translated, len(statements)))

    assert costs[1] == costs[2]
    assert costs[1][0] == 0
    customers = {each.customer_id for each in rows(nothing_due, Event)}
    seen = {each.tenant_id for each in rows(nothing_due, AuditRecord)}
    assert len(customers) == 44
    assert customers | {ALDER.id} <= seen
