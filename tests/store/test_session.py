"""Whatever goes around the repositories is refused by the session itself."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.exc import InvalidRequestError

from multichannel.domain.customers import Customer
from multichannel.domain.tenants import Tenant, TenantKind
from multichannel.domain.users import RoleAssignment, User
from multichannel.errors import NotPermitted, NotVisible
from multichannel.policy.schema.vocabulary import NO_TENANT, Action, SystemRole, system_principal
from multichannel.store.session import GuardedSession, PolicyBypass
from multichannel.store.store import Store
from multichannel.store.unit_of_work import UnitOfWork
from multichannel.store.write.owner_bulk_writer import OwnerBulkWriter
from multichannel.store.write.repository import Repository
from tests.store.conftest import ALDER, BIRCH, MEADOW, NOW, agent

AROUND: dict[str, Callable[[GuardedSession], Any]] = {
    "select": lambda session: session.execute(select(Customer)),
    "columns": lambda session: session.execute(select(Customer.id)),
    "table": lambda session: session.execute(select(Customer.__table__)),
    "count": lambda session: session.scalar(select(func.count()).select_from(Customer)),
    "scalars": lambda session: session.scalars(select(Customer)).all(),
    "get": lambda session: session.get(Customer, MEADOW),
    "get_one": lambda session: session.get_one(Customer, MEADOW),
    "query": lambda session: session.query(Customer).all(),
    "text": lambda session: session.execute(text("SELECT 1")),
    "update": lambda session: session.execute(update(Customer).values(market="GB")),
    "delete": lambda session: session.execute(delete(Customer)),
    "insert": lambda session: session.execute(insert(Tenant), [_tenant_values()]),
    "insert table": lambda session: session.execute(insert(Tenant.__table__), [_tenant_values()]),  # type: ignore[arg-type]
    "merge": lambda session: session.merge(Tenant(**_tenant_values())),
    "connection": lambda session: session.connection().execute(text("SELECT 1")),
    "bulk update": lambda session: session.bulk_update_mappings(Customer, [{"id": MEADOW, "market": "GB"}]),
    "bulk insert": lambda session: session.bulk_insert_mappings(Tenant, [_tenant_values()]),
    "bulk save": lambda session: session.bulk_save_objects([Tenant(**_tenant_values())]),
    "new row": lambda session: session.insert([Tenant(**_tenant_values())]),
    "bulk write": lambda session: session.write(insert(Tenant), [_tenant_values()]),
}


def _tenant_values() -> dict[str, Any]:
    return {"id": NO_TENANT, "kind": TenantKind.CUSTOMER, "cloud": "public", "created_at": NOW}


@pytest.mark.parametrize("way", AROUND)
def test_a_statement_that_carries_no_decision_is_refused(shared_store: Store, way: str) -> None:
    with shared_store.reading(agent()) as work, pytest.raises(PolicyBypass):
        AROUND[way](work._session)


def test_a_relation_is_not_loaded_lazily(store: Store) -> None:
    def load(work: UnitOfWork) -> None:
        user = User(tenant_id=ALDER, object_id=NO_TENANT, display_name="U", cloud="public", created_at=NOW)
        parent = work.partners.get(ALDER, to=Action.ADD_USER)
        work.add_under(parent, user)
        work._session.expire(user)
        with pytest.raises((InvalidRequestError, PolicyBypass), match=r"raise|without a decision"):
            _ = user.assignments

    store.write(system_principal(SystemRole.OPERATOR), load)


def test_a_row_fetched_to_be_read_cannot_be_written(shared_store: Store) -> None:
    def write(work: UnitOfWork) -> None:
        work.customers.get(MEADOW, to=Action.READ).phone_number = "1"

    with pytest.raises(PolicyBypass):
        shared_store.write(agent(), write)


def test_no_row_is_created_under_a_parent_fetched_to_be_read(shared_store: Store) -> None:
    def write(work: UnitOfWork) -> None:
        parent = work.partners.get(ALDER, to=Action.READ)
        work.add_under(parent, Tenant(**_tenant_values()))

    with pytest.raises(PolicyBypass):
        shared_store.write(agent(), write)


@pytest.mark.parametrize("change", ["new", "dirty", "deleted"])
def test_a_flush_of_a_row_that_was_not_granted_is_refused_and_nothing_is_stored(
    store: Store, phone: Callable[[], str | None], change: str
) -> None:
    def write(work: UnitOfWork) -> None:
        statement = select(Customer).where(Customer.id == MEADOW)
        ((customer,),) = work._session.decided_objects(statement)
        if change == "new":
            work._session.add(Tenant(**_tenant_values()))
        elif change == "dirty":
            customer.phone_number = "1"
        else:
            work._session.delete(customer)

    with pytest.raises(PolicyBypass):
        store.write(agent(), write)
    assert phone() == "0"


def test_a_row_fetched_for_an_action_may_be_written(store: Store, phone: Callable[[], str | None]) -> None:
    def write(work: UnitOfWork) -> None:
        work.customers.get(MEADOW, to=Action.UPDATE).phone_number = "1"

    store.write(agent(), write)
    assert phone() == "1"


def test_a_failure_after_a_write_leaves_nothing_behind(store: Store, phone: Callable[[], str | None]) -> None:
    def write(work: UnitOfWork) -> None:
        work.customers.get(MEADOW, to=Action.UPDATE).phone_number = "1"
        work._session.flush()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.write(agent(), write)
    assert phone() == "0"


def test_nothing_is_stored_under_a_parent_that_was_not_fetched(shared_store: Store) -> None:
    with pytest.raises(PolicyBypass):
        shared_store.write(agent(), lambda work: work.add_under(Tenant(id=ALDER), Tenant(**_tenant_values())))


def test_bulk_writes_need_an_owner_that_was_fetched_and_stay_with_it(shared_store: Store) -> None:
    def of_a_stranger(work: UnitOfWork) -> None:
        OwnerBulkWriter(work._session, User, "tenant_id", Tenant(id=BIRCH))  # type: ignore[arg-type]

    def for_another(work: UnitOfWork) -> None:
        alder = work.partners.get(ALDER, to=Action.READ)
        OwnerBulkWriter(work._session, RoleAssignment, "tenant_id", alder).insert([{"tenant_id": BIRCH}])

    for use_case in (of_a_stranger, for_another):
        with pytest.raises(PolicyBypass):
            shared_store.write(agent(), use_case)


def test_a_row_comes_for_an_action_or_not_at_all(shared_store: Store) -> None:
    def get(roles: str, tenant_id: str, action: Action) -> Callable[[], Any]:
        return lambda: shared_store.write(
            agent(tenant_id, roles), lambda work: work.customers.get(MEADOW, to=action).company_name
        )

    assert get("sales_agent", ALDER, Action.UPDATE)() == "Meadow"
    with pytest.raises(NotPermitted):
        get("billing_admin", ALDER, Action.UPDATE)()
    with pytest.raises(NotVisible):
        get("sales_agent", BIRCH, Action.UPDATE)()


def _read(row_id: str, work: UnitOfWork) -> None:
    work.customers.get(row_id, to=Action.READ)


def test_a_missing_row_and_an_invisible_row_give_the_same_error(shared_store: Store) -> None:
    refusals = []
    for row_id in (MEADOW, NO_TENANT):
        with pytest.raises(NotVisible) as refused:
            shared_store.write(agent(BIRCH), partial(_read, row_id))
        refusals.append((str(refused.value), refused.value.args, refused.value.code))
    assert refusals[0] == refusals[1]


def test_every_public_method_of_a_repository_takes_an_action_or_gives_facts_only() -> None:
    without = {
        name
        for name, method in inspect.getmembers(Repository, inspect.isfunction)
        if not name.startswith("_") and not _takes_an_action(method)
    }
    assert without <= {"facts", "due", "find_visible"}, (
        "facts are what the policy is asked about; `due` gives ids to EXPIRE; `find_visible` gives rows of "
        "any read level, which are only asked what they would refuse"
    )


def _takes_an_action(method: Callable[..., Any]) -> bool:
    to = inspect.signature(method).parameters.get("to")
    return (
        to is not None and to.kind is to.KEYWORD_ONLY and to.annotation == "Action" and to.default is to.empty
    )
