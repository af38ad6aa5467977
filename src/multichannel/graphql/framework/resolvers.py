"""Resolvers of declared fields: a column is one lookup, a relation is loaded for the whole batch."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from multichannel.errors import NotPermitted
from multichannel.graphql.framework.connections import (
    MAX_PAGE_SIZE,
    Connection,
    ConnectionArguments,
    NestedConnection,
    batch_of,
    read_connection_arguments,
)
from multichannel.graphql.framework.context import ResolveInfo
from multichannel.graphql.framework.fields import DECLARATIONS, Computed, ToOne, TypeDeclaration
from multichannel.graphql.framework.filters import read_filter, read_order, read_search
from multichannel.graphql.framework.global_ids import prefix
from multichannel.graphql.framework.selected_columns import columns_of_connection, columns_of_record
from multichannel.graphql.framework.tenant_ids import directory_ids
from multichannel.policy.schema.resources import RESOURCES
from multichannel.policy.schema.vocabulary import Action
from multichannel.services.possible_actions import possible_actions
from multichannel.store.read.list_query import And, LoadedRecord

Resolver = Callable[[Any, ResolveInfo], Any]


def column_value(name: str) -> Resolver:
    """The value, or the denial in its place, which graphql-core raises at the field's path."""

    def resolve(record: LoadedRecord, _info: ResolveInfo) -> Any:
        return record.values[name]

    return resolve


def tenant_id(name: str, targets: Collection[str]) -> Resolver:
    """The directory id of a tenant that is visible and has one, or else the value of the column."""

    def resolve(record: LoadedRecord, info: ResolveInfo) -> Any:
        def load(records: list[LoadedRecord]) -> dict[str, str]:
            keys = {other.values[name] for other in records if isinstance(other.values[name], str)}
            return directory_ids(info.context.reader, targets, keys)

        key = record.values[name]
        if not isinstance(key, str):
            return key
        loaded: dict[str, str] = batch_of(record).load_once((name, "directory"), load)
        return loaded.get(key, key)

    return resolve


def global_id(declaration: TypeDeclaration) -> Resolver:
    """The global id of a record."""
    head = prefix(declaration.resource)

    def resolve(record: LoadedRecord, _info: ResolveInfo) -> str:
        return head + record.id

    return resolve


def viewer_can(declaration: TypeDeclaration) -> Resolver:
    """The actions permitted on a record; one statement for its batch."""

    def resolve(record: LoadedRecord, info: ResolveInfo) -> list[Action]:
        return _permitted(declaration, record, info).get(record.id, [])

    return resolve


def viewer_can_now(declaration: TypeDeclaration) -> Resolver:
    """The permitted actions that no state refuses; a bounded number of statements for the batch."""

    def resolve(record: LoadedRecord, info: ResolveInfo) -> list[Action]:
        permitted = _permitted(declaration, record, info)
        possible: dict[str, list[Action]] = batch_of(record).load_once(
            "viewer_can_now",
            lambda _records: possible_actions(info.context.work, declaration.resource, permitted),
        )
        return possible.get(record.id, [])

    return resolve


def _permitted(
    declaration: TypeDeclaration, record: LoadedRecord, info: ResolveInfo
) -> dict[str, list[Action]]:
    permitted: dict[str, list[Action]] = batch_of(record).load_once(
        "viewer_can",
        lambda records: info.context.reader.permitted(declaration.resource, {item.id for item in records}),
    )
    return permitted


def related_record(item: ToOne) -> Resolver:
    """The related record, or None if it is absent or not visible; one statement for the batch."""

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
        records: dict[str, LoadedRecord] = batch_of(record).load_once((item.local, nodes), load)
        return records.get(key)

    return resolve


def computed_value(name: str, item: Computed) -> Callable[..., Any]:
    """A value computed for the batch, or the denial in place of the witness column."""

    def resolve(record: LoadedRecord, info: ResolveInfo, **arguments: Any) -> Any:
        witness = record.values[item.witness]
        if isinstance(witness, NotPermitted):
            return witness

        def load(records: list[LoadedRecord]) -> Mapping[str, Any]:
            ids = [other.id for other in records if not isinstance(other.values[item.witness], NotPermitted)]
            return item.compute(info.context.work, ids, **arguments)

        key = (name, tuple(sorted(arguments.items())))
        values: Mapping[str, Any] = batch_of(record).load_once(key, load)
        return values.get(record.id, item.absent)

    return resolve


def root_connection(declaration: TypeDeclaration) -> Callable[..., Connection]:
    """A list of all visible records of a type."""

    def resolve(_root: object, info: ResolveInfo, **arguments: Any) -> Connection:
        columns = columns_of_connection(info, declaration)
        page = page_arguments(declaration, arguments, info.context.max_page_size)
        return Connection(info.context.reader, page, columns)

    return resolve


def nested_connection(declaration: TypeDeclaration, name: str) -> Callable[..., Connection]:
    """A list of a record's own."""
    link = declaration.link(name)
    target = DECLARATIONS[link.target.name]

    def resolve(record: LoadedRecord, info: ResolveInfo, **arguments: Any) -> Connection:
        nodes = tuple(id(node) for node in info.field_nodes)
        page, columns = batch_of(record).load_once(
            (name, nodes),
            lambda _records: (page_arguments(target, arguments), columns_of_connection(info, target)),
        )
        return NestedConnection(info.context.reader, page, columns, record, link)

    return resolve


def page_arguments(
    declaration: TypeDeclaration, arguments: dict[str, Any], max_page_size: int = MAX_PAGE_SIZE
) -> ConnectionArguments:
    """The validated arguments of a list; raises BadInput."""
    selected = read_filter(declaration, arguments.get("filter"))
    condition = And((selected, read_search(declaration, arguments.get("search"))))
    order = read_order(declaration, arguments.get("order_by"))
    return read_connection_arguments(declaration.resource, arguments, condition, order, max_page_size)
