"""Rows as the frozen facts that a policy decides on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, select

from multichannel.policy.schema.resources import RESOURCES, Relation, Resource

Run = Callable[[Select[Any]], Sequence[Any]]

KEY = "key_"


def facts_of(run: Run, resource: Resource, row_id: str, *, tenant_id: str | None) -> Any | None:
    """The facts of one row with those of its relations; None if the row does not exist.

    `tenant_id` is the principal's own: of a relation too long to load, only rows about this tenant are facts.
    With None all rows are, which do for principals of any tenant.
    """
    records = facts_with(run, resource, "id", row_id, tenant_id=tenant_id)
    return records[0] if records else None


def facts_with(
    run: Run, resource: Resource, column: str, value: str, *, tenant_id: str | None
) -> Sequence[Any]:
    """The facts of all rows whose column holds the value, with one statement for each kind of relation."""
    return _Loader(run, tenant_id).load(resource, column, {value})[value]


def facts_by_id(run: Run, resource: Resource, ids: Collection[str]) -> dict[str, Any]:
    """The facts of rows by id, with all of their relations: they do for principals of any tenant."""
    records = _Loader(run, None).load(resource, "id", ids)
    return {row_id: records[row_id][0] for row_id in ids if records[row_id]}


class _Loader:
    """Loads records of facts for a principal of one tenant, or of any."""

    def __init__(self, run: Run, tenant_id: str | None) -> None:
        self._run = run
        self._tenant_id = tenant_id
        self._loaded: defaultdict[tuple[str, str, str | None], dict[str, list[Any]]] = defaultdict(dict)

    def load(
        self, resource: Resource, key: str, values: Collection[str], between: str | None = None
    ) -> Mapping[str, list[Any]]:
        """Records by each value of their `key` column; with `between`, only those about the tenant.

        They are loaded once: many records may have one customer.
        """
        loaded = self._loaded[resource.name, key, between]
        if missing := set(values) - set(loaded):
            loaded |= self._load(resource, key, missing, between)
        return loaded

    def _load(
        self, resource: Resource, key: str, values: Collection[str], between: str | None
    ) -> dict[str, list[Any]]:
        attributes = resource.attributes
        links = {name: item for name, item in attributes.items() if isinstance(item, Relation)}
        scalars = [name for name in attributes if name not in links]
        locals_ = sorted({link.local for link in links.values()} - set(scalars))
        columns = [resource.column(name).label(name) for name in (*scalars, *locals_)]
        key_column = resource.column(key)
        statement = select(key_column.label(KEY), *columns).where(key_column.in_(sorted(values)))
        if between is not None and self._tenant_id is not None:
            statement = statement.where(resource.column(between) == self._tenant_id)
        rows = self._run(statement)
        related = {name: self._related(link, rows) for name, link in links.items()} if rows else {}
        records: dict[str, list[Any]] = {value: [] for value in values}
        for row in rows:
            facts = {name: _plain(getattr(row, name)) for name in scalars}
            facts |= {name: _linked(link, related[name], row) for name, link in links.items()}
            records[getattr(row, KEY)].append(resource.facts(**facts))
        return records

    def _related(self, link: Relation, rows: Sequence[Any]) -> Mapping[str, list[Any]]:
        """The records at the other end of a relation of these rows."""
        between = None if link.many is None else link.many.between
        values = {getattr(row, link.local) for row in rows}
        return self.load(RESOURCES[link.target], link.remote, values, between)


def _linked(link: Relation, records: Mapping[str, list[Any]], row: Any) -> Any:
    linked = records[getattr(row, link.local)]
    return linked[0] if link.many is None else linked


def _plain(value: Any) -> Any:
    """An enum's value, as the policy spells it."""
    return str(value) if isinstance(value, str) else value
