"""Rows as the frozen facts a policy is asked about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Select, select

from multichannel.policy.resources import RESOURCES, Relation, Resource, Scalar

Run = Callable[[Select[Any]], Sequence[Any]]


def facts_of(run: Run, resource: Resource, row_id: str, *, tenant_id: str) -> Any | None:
    """The facts of one row with those of its relations, or None when there is no such row.

    `tenant_id` is the principal's own: of a relation too long to load, only rows about it are facts.
    """
    found = _load(run, resource, "id", row_id, tenant_id)
    return found[0] if found else None


def _load(
    run: Run, resource: Resource, key: str, value: str, tenant_id: str, between: str | None = None
) -> list[Any]:
    attributes = resource.attributes
    scalars = [name for name, attribute in attributes.items() if isinstance(attribute, Scalar)]
    links = {name: attribute for name, attribute in attributes.items() if isinstance(attribute, Relation)}
    locals_ = sorted({link.local for link in links.values()} - set(scalars))
    columns = [resource.column(name).label(name) for name in (*scalars, *locals_)]
    statement = select(*columns).where(resource.column(key) == value)
    if between is not None:
        statement = statement.where(resource.column(between) == tenant_id)
    records = []
    for row in run(statement):
        related = {
            name: _related(run, link, getattr(row, link.local), tenant_id) for name, link in links.items()
        }
        values = {name: _plain(getattr(row, name)) for name in scalars}
        records.append(resource.facts(**values, **related))
    return records


def _related(run: Run, link: Relation, value: str, tenant_id: str) -> Any:
    target = RESOURCES[link.target]
    if link.many is None:
        return _load(run, target, "id", value, tenant_id)[0]
    return _load(run, target, link.remote, value, tenant_id, between=link.many.between)


def _plain(value: Any) -> Any:
    """A word of a closed vocabulary as the policy spells it."""
    return str(value) if isinstance(value, str) else value
