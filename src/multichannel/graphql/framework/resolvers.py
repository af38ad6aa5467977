"""Resolvers of declared fields: a leaf is one look-up, a relation is loaded for the whole batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from multichannel.errors import NotPermitted
from multichannel.graphql.framework.connections import Connection, NestedConnection, asked, batch_of
from multichannel.graphql.framework.context import ResolveInfo
from multichannel.graphql.framework.fields import DECLARATIONS, Column, Computed, Declaration, One
from multichannel.graphql.framework.filters import read_filter, read_order
from multichannel.graphql.framework.global_ids import prefix
from multichannel.graphql.framework.selected_columns import columns_of_connection, columns_of_record
from multichannel.policy.schema.resources import RESOURCES
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.read.query import LoadedRecord

Resolver = Callable[[Any, ResolveInfo], Any]


def leaf(name: str) -> Resolver:
    """The value, or the denial in its place, which the executor raises at the field's path."""

    def resolve(record: LoadedRecord, _info: ResolveInfo) -> Any:
        return record.values[name]

    return resolve


def global_id(declaration: Declaration) -> Resolver:
    """The id clients know a record by."""
    head = prefix(declaration.resource)

    def resolve(record: LoadedRecord, _info: ResolveInfo) -> str:
        return head + record.id

    return resolve


def viewer_can(declaration: Declaration) -> Resolver:
    """What the caller may do to a record; one statement for its batch."""

    def resolve(record: LoadedRecord, info: ResolveInfo) -> list[Action]:
        permitted: dict[str, list[Action]] = batch_of(record).load_once(
            "viewer_can",
            lambda records: info.context.reader.permitted(
                declaration.resource, {item.id for item in records}
            ),
        )
        return permitted.get(record.id, [])

    return resolve


def related(item: One) -> Resolver:
    """The related record, or None when it is absent or not visible; one statement for the batch."""

    def resolve(record: LoadedRecord, info: ResolveInfo) -> Any:
        key = record.values[item.local]
        if not isinstance(key, str):
            return key

        def load(records: list[LoadedRecord]) -> dict[str, LoadedRecord]:
            keys = {
                other.values[item.local] for other in records if isinstance(other.values[item.local], str)
            }
            columns = columns_of_record(info, DECLARATIONS[item.target])
            return info.context.reader.records(RESOURCES[item.target], columns, "id", keys)

        nodes = tuple(id(node) for node in info.field_nodes)
        found: dict[str, LoadedRecord] = batch_of(record).load_once((item.local, nodes), load)
        return found.get(key)

    return resolve


def computed_value(name: str, item: Computed) -> Callable[..., Any]:
    """What is worked out for the batch, or the denial in its place where the record is not read so far."""

    def resolve(record: LoadedRecord, info: ResolveInfo, **arguments: Any) -> Any:
        witness = record.values[item.witness]
        if isinstance(witness, NotPermitted):
            return witness

        def load(records: list[LoadedRecord]) -> Mapping[str, Any]:
            ids = [other.id for other in records if not isinstance(other.values[item.witness], NotPermitted)]
            return item.compute(info.context.work, ids, **arguments)

        key = (name, tuple(sorted(arguments.items())))
        found: Mapping[str, Any] = batch_of(record).load_once(key, load)
        return found.get(record.id, item.absent)

    return resolve


def root_connection(declaration: Declaration) -> Callable[..., Connection]:
    """A list of everything visible of a kind."""

    def resolve(info: ResolveInfo, arguments: dict[str, Any]) -> Connection:
        what = _asked(declaration, arguments)
        return Connection(info.context.reader, what, columns_of_connection(info, declaration))

    return resolve


def nested_connection(declaration: Declaration, name: str) -> Callable[..., Connection]:
    """A list of what belongs to a record."""
    link = declaration.link(name)
    target = DECLARATIONS[link.target.name]

    def resolve(record: LoadedRecord, info: ResolveInfo, arguments: dict[str, Any]) -> Connection:
        nodes = tuple(id(node) for node in info.field_nodes)
        what, columns = batch_of(record).load_once(
            (name, nodes), lambda _records: (_asked(target, arguments), columns_of_connection(info, target))
        )
        return NestedConnection(info.context.reader, what, columns, record, link)

    return resolve


def _asked(declaration: Declaration, arguments: dict[str, Any]) -> Any:
    condition = read_filter(declaration, arguments.get("filter"))
    order = read_order(declaration, arguments.get("order_by"))
    return asked(declaration.resource, arguments, condition, order)


def resolvers(declaration: Declaration) -> dict[str, Resolver]:
    """The resolvers of a type's fields without arguments, by attribute name."""
    found: dict[str, Resolver] = {"id": global_id(declaration), "viewer_can": viewer_can(declaration)}
    for name, item in declaration.fields.items():
        if isinstance(item, Column):
            found[name] = leaf(name)
        elif isinstance(item, One):
            found[name] = related(item)
        elif isinstance(item, Computed) and not item.arguments:
            found[name] = computed_value(name, item)
    return found
