"""New rows are stored by statements of their own as a flush of SQLAlchemy's would store them."""

from __future__ import annotations

import pytest
from sqlalchemy import Column, Table, select, text

from multichannel.domain.base import Base, new_id
from multichannel.domain.customers import Customer
from multichannel.domain.tenants import Cloud, Tenant, TenantKind
from multichannel.domain.users import RoleAssignment, User, UserState
from multichannel.policy.schema.vocabulary import SystemRole, system_principal
from multichannel.store.new_rows import insert_of
from multichannel.store.session import GuardedSession
from multichannel.store.store import Store
from multichannel.store.unit_of_work import UnitOfWork
from tests.store.conftest import ALDER, MEADOW, NOW

SEEDER = system_principal(SystemRole.SEEDER)
MAPPERS = sorted(
    (each for each in Base.registry.mappers if isinstance(each.local_table, Table)),
    key=lambda each: each.class_.__name__,
)
"""Those of tables, in one order for all workers; others are mapped to queries, and are not stored."""


@pytest.mark.parametrize("mapper", MAPPERS, ids=lambda each: each.class_.__name__)
def test_every_class_is_inserted_with_all_columns_and_their_defaults(mapper: type) -> None:
    model = mapper.class_  # type: ignore[attr-defined]
    columns = [
        (each.key, each.columns[0])
        for each in mapper.column_attrs  # type: ignore[attr-defined]
        if isinstance(each.columns[0], Column)
    ]
    row = model(**{key: NOW for key, column in columns if column.default is None})

    values = insert_of(row).complete(row)

    assert values.keys() == set(model.__table__.columns.keys())
    assert all(value is not None for value in values.values())
    assert {name: getattr(row, name) for name, _ in columns} == {
        key: values[column.name] for key, column in columns
    }


def customer(name: str, **given: object) -> Customer:
    common = {"cloud": Cloud.PUBLIC, "created_at": NOW, "market": "US", "phone_number": "0"}
    return Customer(company_name=name, custom_domains=["a.example", "\u00fc"], **common, **given)


def test_a_new_row_is_stored_as_a_flush_stores_it(store: Store) -> None:
    def both(work: UnitOfWork) -> None:
        session: GuardedSession = work._session
        common = {"kind": TenantKind.CUSTOMER, "cloud": Cloud.PUBLIC, "created_at": NOW}
        tenants = [Tenant(id=new_id(), **common) for _ in range(2)]
        session.grant(tenants)
        session.insert(tenants)
        one, other = (customer("Both", id=each.id) for each in tenants)
        session.grant([one, other])
        session.insert([one])
        assert one not in session.new
        session.add(other)
        session.flush()

    store.write(SEEDER, both)

    with store.engine.connect() as connection:
        query = text("SELECT * FROM customers WHERE company_name = 'Both'")
        one, other = ({**row, "id": None} for row in connection.execute(query).mappings())
    assert one == other


def test_a_new_row_can_be_changed_and_has_rows_below_it(store: Store) -> None:
    def add(work: UnitOfWork) -> None:
        session: GuardedSession = work._session
        user = User(tenant_id=ALDER, object_id=MEADOW, display_name="A", cloud=Cloud.PUBLIC, created_at=NOW)
        session.grant([user])
        session.insert([user])
        below = User(tenant_id=ALDER, object_id=ALDER, display_name="B", cloud=Cloud.PUBLIC, created_at=NOW)
        below.assignments = [RoleAssignment(tenant_id=ALDER, role="sales_agent")]
        session.grant([below, *below.assignments])
        session.insert([below])  # with what hangs on it, by a flush
        user.state = UserState.INACTIVE

    store.write(SEEDER, add)

    with store.engine.connect() as connection:
        stored = connection.execute(select(User.display_name, User.state).order_by(User.display_name)).all()
        roles = connection.execute(select(RoleAssignment.role)).scalars().all()
    assert [(each.display_name, each.state) for each in stored] == [("A", "inactive"), ("B", "active")]
    assert roles == ["sales_agent"]
