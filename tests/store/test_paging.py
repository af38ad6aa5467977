"""Keyset windows: in any order, walking a list either way gives each visible row once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, insert

from multichannel.domain.customers import Customer, CustomerQualification
from multichannel.domain.tenants import Cloud, Tenant, TenantKind
from multichannel.policy.decide.policy import Policy
from multichannel.policy.schema.resources import CUSTOMER
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.access import Access
from multichannel.store.engines import WRITING, execution_options
from multichannel.store.read.list_query import (
    ListQuery,
    OrderBy,
    OrderKey,
    Page,
    ReadableColumn,
    Window,
    by_column,
)
from multichannel.store.read.reader import Reader
from multichannel.store.session import GuardedSession
from tests.store.conftest import ALDER, NOW, add_relationship, agent

NAME, PHONE, MARKET, QUALIFICATION = (
    ReadableColumn("company_name", Action.READ_SUMMARY),
    ReadableColumn("phone_number", Action.READ),
    ReadableColumn("market", Action.READ_SUMMARY),
    ReadableColumn("qualification", Action.READ),
)
VALUES = st.sampled_from((None, "", "a", "A", "b", "é", "z"))
ROWS = st.lists(
    st.tuples(VALUES, VALUES, st.sampled_from("XY"), st.sampled_from(CustomerQualification)), max_size=9
)
KEYS = st.builds(OrderKey, st.sampled_from((NAME, PHONE, MARKET, QUALIFICATION)), st.booleans())
ORDERS = st.builds(
    OrderBy, st.lists(KEYS, max_size=3, unique_by=lambda key: key.column).map(tuple), st.booleans()
)
POSITIONS = {NAME: 0, PHONE: 1, MARKET: 2, QUALIFICATION: 3}
"""The places of the columns in the drawn rows."""


@pytest.fixture
def connection(shared_engine: Engine) -> Iterator[Connection]:
    with shared_engine.connect() as opened:
        opened.execution_options(**execution_options(shared_engine, WRITING))
        yield opened


def _row_id(number: int) -> str:
    return f"{(number * 7) % 16:x}0000000-0000-4000-8000-{number:012}"


@contextmanager
def _stored(connection: Connection, policy: Policy, role: str, rows: list[Any]) -> Iterator[Reader]:
    """What somebody of Alder reads with, while these rows and no others are there."""
    nested = connection.begin_nested()
    try:
        connection.exec_driver_sql("DELETE FROM reseller_relationships")
        _store(connection, rows)
        with GuardedSession(connection) as session:
            yield Reader(Access(session, policy, agent(ALDER, role), NOW))
    finally:
        nested.rollback()


def _store(connection: Connection, rows: list[Any]) -> None:
    """Customers of Alder, with ids in another order than their values."""
    for number, (name, phone, market, qualification) in enumerate(rows):
        row_id = _row_id(number)
        common = {"id": row_id, "cloud": Cloud.PUBLIC, "created_at": NOW}
        connection.execute(insert(Tenant), {"kind": TenantKind.CUSTOMER, **common})
        values = {
            "company_name": name,
            "phone_number": phone,
            "market": market,
            "qualification": qualification,
            "version": 1,
            "updated_at": NOW,
        }
        connection.execute(insert(Customer), values | common)
        add_relationship(connection, ALDER, row_id)


def _expected(rows: list[Any], order: OrderBy, *, readable: bool) -> list[str]:
    """The ids in order: unknown and unreadable values last, or first when it descends."""
    numbers = sorted(range(len(rows)), key=_row_id, reverse=order.descending)

    def value_of(number: int, column: ReadableColumn) -> Any:
        value = rows[number][POSITIONS[column]]
        if column.read is Action.READ and not readable:
            value = None
        if isinstance(value, CustomerQualification):
            value = [*CustomerQualification].index(value)
        return (value is None, 0 if value is None else value)

    for key in reversed(order.keys):  # sorting is stable: the first key decides last
        numbers.sort(key=lambda number, of=key: value_of(number, of.column), reverse=key.descending)  # type: ignore[misc]
    return [_row_id(number) for number in numbers]


def _walk(reader: Reader, order: OrderBy, size: int, *, backwards: bool) -> list[str]:
    """All ids in the list's order, window by window from one end."""
    found: list[str] = []
    window = Window(size, backwards=backwards)
    while True:
        page = _page(reader, order, window)
        ids = [record.id for record in page.records]
        found = ids + found if backwards else found + ids
        if not (page.more_before if backwards else page.more_after):
            return found
        edge = page.records[0 if backwards else -1].position
        window = replace(window, before=edge) if backwards else replace(window, after=edge)


def _page(reader: Reader, order: OrderBy, window: Window) -> Page:
    return reader.page(CUSTOMER, ListQuery(frozenset({NAME, PHONE}), window, order=order))


def _settings(examples: int) -> settings:
    return settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@pytest.mark.parametrize("examples", [15, pytest.param(1000, marks=pytest.mark.long)])
@pytest.mark.parametrize("role", ["sales_agent", "billing_admin"])
def test_walking_forwards_and_backwards_gives_every_row_once_in_order(
    connection: Connection, shipped_policy: Policy, role: str, examples: int
) -> None:
    @_settings(examples)
    @given(ROWS, ORDERS, st.integers(1, 4))
    def walk(rows: list[Any], order: OrderBy, size: int) -> None:
        with _stored(connection, shipped_policy, role, rows) as reader:
            expected = _expected(rows, order, readable=role == "sales_agent")
            assert _walk(reader, order, size, backwards=False) == expected
            assert _walk(reader, order, size, backwards=True) == expected
            assert reader.count(CUSTOMER) == len(expected)

    connection.begin()
    walk()


@pytest.mark.parametrize("examples", [15, pytest.param(1000, marks=pytest.mark.long)])
@pytest.mark.parametrize("role", ["sales_agent", "billing_admin"])
def test_a_window_between_two_rows_holds_what_lies_between_them(
    connection: Connection, shipped_policy: Policy, role: str, examples: int
) -> None:
    @_settings(examples)
    @given(ROWS.filter(lambda rows: len(rows) > 1), ORDERS, st.data())
    def between(rows: list[Any], order: OrderBy, data: st.DataObject) -> None:
        with _stored(connection, shipped_policy, role, rows) as reader:
            everything = _page(reader, order, Window(100)).records
            first = data.draw(st.integers(0, len(everything) - 1))
            last = data.draw(st.integers(first, len(everything) - 1))
            inside = [record.id for record in everything[first + 1 : last]]
            for backwards in (False, True):
                window = Window(
                    100, backwards, after=everything[first].position, before=everything[last].position
                )
                assert [record.id for record in _page(reader, order, window).records] == inside

    connection.begin()
    between()


def test_no_position_carries_a_value_that_was_not_readable(
    connection: Connection, shipped_policy: Policy
) -> None:
    rows = [
        (name, phone, "X", CustomerQualification.NONE) for name, phone in (("a", "5550100"), ("b", "5550101"))
    ]
    connection.begin()
    for role, readable in (("sales_agent", True), ("billing_admin", False)):
        with _stored(connection, shipped_policy, role, rows) as reader:
            page = _page(reader, by_column(PHONE), Window(10))
            assert len(page.records) == 2
            assert all((record.position.values != (None,)) is readable for record in page.records)
            assert all(isinstance(record.values["phone_number"], str) is readable for record in page.records)
