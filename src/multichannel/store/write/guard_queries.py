"""Queries of guards: rows that are only checked, and rows that change along with another."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import bindparam, func, inspect, select

from multichannel.domain.tenants import Tenant
from multichannel.store.facts import facts_by_id, facts_with
from multichannel.store.prepared import PreparedObjects, PreparedStatement, columns_of
from multichannel.store.session import PolicyBypass
from multichannel.store.users import principal_of, select_tenants

if TYPE_CHECKING:
    from sqlalchemy import Select

    from multichannel.domain.base import Base
    from multichannel.policy.schema.resources import Resource
    from multichannel.policy.schema.vocabulary import Principal
    from multichannel.store.access import Access

T = TypeVar("T", bound="Base")


class GuardQueries:
    """Queries on behalf of rows that were fetched for an action; the results cannot be written.

    Conditions are equalities by attribute; a list or set means one of its items, `status` the current one.
    A refusal must reveal nothing of the results that the caller may not read anyway.
    """

    def __init__(self, access: Access, *parents: object) -> None:
        """`parents`, at least one, were fetched for the action that the query is part of."""
        session = access.session
        if not parents or not all(session.may_query_for(parent) for parent in parents):
            raise PolicyBypass("a guard's query on behalf of a row that was not fetched for an action")
        self._access = access
        self._session = session
        self._parents: tuple[Any, ...] = parents

    def one(self, model: type[T], **equal: Any) -> T | None:
        """The first row, by id, that fulfils the conditions."""
        rows: Sequence[T] = self._rows(model, equal, limit=1)
        return rows[0] if rows else None

    def all(self, model: type[T], **equal: Any) -> Sequence[T]:
        """Every row that fulfils the conditions, by id."""
        rows: Sequence[T] = self._rows(model, equal)
        return rows

    def any(self, model: type[Base], **equal: Any) -> bool:
        """Whether any row fulfils the conditions."""
        return bool(self._access.run(select_any(model, _forms(model, equal)), _parameters(equal)))

    def count(self, model: type[Base], **equal: Any) -> int:
        """How many rows fulfil the conditions."""
        rows = self._access.run(select_count(model, _forms(model, equal)), _parameters(equal))
        count: int = rows[0][0]
        return count

    def principals(self, tenant_ids: Collection[str]) -> dict[str, Principal]:
        """By id of a tenant, the principal with every role there: what the tenant's users can do in all."""
        statement = select_tenants().where(Tenant.id.in_(sorted(tenant_ids)))
        return {row.tenant_id: principal_of(row) for row in self._access.run(statement)}

    def facts(self, resource: Resource, column: str, value: str) -> Sequence[Any]:
        """The facts of every row whose column holds the value, to decide what would be if some changed."""
        tenant_id = self._access.principal.tenant_id
        return facts_with(self._access.run, resource, column, value, tenant_id=tenant_id)

    def facts_by_id(self, resource: Resource, row_ids: Collection[str]) -> dict[str, Any]:
        """The facts of rows by id, for principals of any tenant; one statement for each relation."""
        return facts_by_id(self._access.run, resource, row_ids)

    def linked(self, model: type[T], **equal: Any) -> Sequence[T]:
        """Rows that refer to a parent, or to which a parent refers: locked, to be written with it."""
        rows = self._locked(model, equal)
        for row in rows:
            self._require_link(row)
        self._session.grant(rows)
        return rows

    def between(self, model: type[T], column: str, *, of: str = "partner_id", **equal: Any) -> Sequence[T]:
        """Rows of the parent's customer and, by `column`, its partner: locked, to be written with it.

        `of` is the column of the parent that names the partner.
        """
        (parent,) = self._parents
        own = {column: getattr(parent, of), "customer_id": parent.customer_id}
        rows = self._locked(model, equal | own)
        self._session.grant(rows)
        return rows

    def _locked(self, model: type[T], equal: dict[str, Any]) -> Sequence[T]:
        if not all(self._session.is_granted(parent) for parent in self._parents):
            raise PolicyBypass("rows to be written along with one that was not fetched to be written")
        rows: Sequence[T] = self._rows(model, equal, is_locked=True)
        return rows

    def _require_link(self, row: Any) -> None:
        references = _references(row)
        if not any(parent.id in references or row.id in _references(parent) for parent in self._parents):
            raise PolicyBypass(f"a {type(row).__name__} that has no reference to or from its parent")

    def _rows(
        self, model: Any, equal: dict[str, Any], *, limit: int | None = None, is_locked: bool = False
    ) -> Sequence[Any]:
        statement = select_equal(model, _forms(model, equal), limit, is_locked=is_locked)
        return [row[0] for row in self._access.load(statement, _parameters(equal))]


Form = Hashable
"""What a condition compares with: values that are part of the statement, or a parameter of this form."""
Forms = tuple[tuple[str, Form], ...]
ONE, SEVERAL = "one", "several"


def _forms(model: Any, equal: dict[str, Any]) -> Forms:
    """What decides the statement: of statuses, which depend on time, the values; of others, how many."""
    columns = inspect(model).column_attrs
    return tuple((name, _form(value, is_column=name in columns)) for name, value in equal.items())


def _form(value: Any, *, is_column: bool) -> Form:
    if is_column and value is not None:
        return SEVERAL if _is_list(value) else ONE
    return tuple(value) if _is_list(value) else (value,)


def _parameters(equal: dict[str, Any]) -> dict[str, Any]:
    return {f"equal_{name}": list(each) if _is_list(each) else each for name, each in equal.items()}


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple | set | frozenset)


@lru_cache(maxsize=200)
def select_equal(
    model: Any, forms: Forms, limit: int | None, *, is_locked: bool
) -> Select[Any] | PreparedObjects:
    """The rows that fulfil conditions, by id; the parameters are named `equal_` and the attribute."""
    columns: list[Any] = columns_of(model)
    selected = select(*(columns or [model]))
    statement = selected.where(*_conditions(model, forms)).order_by(*inspect(model).primary_key)
    statement = statement if limit is None else statement.limit(limit)
    statement = statement.with_for_update(of=model, key_share=True) if is_locked else statement
    return PreparedObjects(model, statement) if columns else statement


@lru_cache(maxsize=200)
def select_any(model: Any, forms: Forms) -> PreparedStatement:
    """The key of one of these rows."""
    keys = inspect(model).primary_key
    return PreparedStatement(select(*keys).where(*_conditions(model, forms)).limit(1))


@lru_cache(maxsize=200)
def select_count(model: Any, forms: Forms) -> PreparedStatement:
    """The number of these rows."""
    return PreparedStatement(select(func.count()).select_from(model).where(*_conditions(model, forms)))


def _conditions(model: Any, forms: Iterable[tuple[str, Form]]) -> Iterator[Any]:
    for name, form in forms:
        column = getattr(model, name)
        if form == ONE:
            yield column == bindparam(f"equal_{name}")
        elif form == SEVERAL:
            yield column.in_(bindparam(f"equal_{name}", expanding=True))
        elif isinstance(form, tuple):
            yield column == form[0] if len(form) == 1 else column.in_(form)


def _references(row: Any) -> set[Any]:
    """The values of a row's foreign keys, but for those to tenants, which many rows share."""
    table: Any = type(row).__table__
    references = set()
    for column in table.columns:
        targets = {key.column.table.name for key in column.foreign_keys}
        if targets - {"tenants", "partners", "customers"}:
            references.add(getattr(row, inspect(type(row)).get_property_by_column(column).key))
    return references
