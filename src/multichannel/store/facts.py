"""Rows as the frozen facts that a policy decides on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Select, select

from multichannel.policy.schema.resources import RESOURCES, Relation, Resource

Run = Callable[[Select[Any]], Sequence[Any]]


def facts_of(run: Run, resource: Resource, row_id: str, *, tenant_id: str) -> Any | None:
    """The facts of one row with those of its relations; None if the row does not exist.

    `tenant_id` is the principal's own: of a relation too long to load, only rows about this tenant are facts.
    """
    records = _Loader(run, tenant_id).load(resource, "id", row_id)
    return records[0] if records else None


class _Loader:
    """Loads records of facts for a principal of one tenant."""

    def __init__(self, run: Run, tenant_id: str) -> None:
        self._run = run
        self._tenant_id = tenant_id
        self._loaded: dict[tuple[str, str, str, str | None], list[Any]] = {}

    def load(self, resource: Resource, key: str, value: str, between: str | None = None) -> list[Any]:
        """The records whose `key` column holds the value; with `between`, only those about the tenant.

        They are loaded once: many records may have one customer.
        """
        place = resource.name, key, value, between
        if place not in self._loaded:
            self._loaded[place] = self._load(resource, key, value, between)
        return self._loaded[place]

    def _load(self, resource: Resource, key: str, value: str, between: str | None) -> list[Any]:
        attributes = resource.attributes
        links = {name: item for name, item in attributes.items() if isinstance(item, Relation)}
        scalars = [name for name in attributes if name not in links]
        locals_ = sorted({link.local for link in links.values()} - set(scalars))
        columns = [resource.column(name).label(name) for name in (*scalars, *locals_)]
        statement = select(*columns).where(resource.column(key) == value)
        if between is not None:
            statement = statement.where(resource.column(between) == self._tenant_id)
        return [
            resource.facts(
                **{name: _plain(getattr(row, name)) for name in scalars},
                **{name: self._related(link, getattr(row, link.local)) for name, link in links.items()},
            )
            for row in self._run(statement)
        ]

    def _related(self, link: Relation, value: str) -> Any:
        target = RESOURCES[link.target]
        if link.many is None:
            return self.load(target, "id", value)[0]
        return self.load(target, link.remote, value, between=link.many.between)


def _plain(value: Any) -> Any:
    """An enum's value, as the policy spells it."""
    return str(value) if isinstance(value, str) else value
