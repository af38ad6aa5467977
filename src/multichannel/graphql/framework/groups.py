"""Groups of lists: their declarations, and the resolver of their fields. `group_types` makes their types."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import strawberry
from graphql import FieldNode

from multichannel.errors import BadInput
from multichannel.graphql.framework.context import ResolveInfo
from multichannel.graphql.framework.fields import DECLARATIONS, Column, ToMany, ToOne, TypeDeclaration, camel
from multichannel.graphql.framework.filters import operands_of, read_filter
from multichannel.graphql.framework.selected_columns import columns_at
from multichannel.store.read.groups import COUNT, ColumnKey, GroupQuery, Having, RecordKey, Sum

MAX_KEYS = 5
MAX_GROUPS = 1_000


@dataclass(frozen=True)
class GroupsDeclaration:
    """The groups of the records of a type: what they are grouped by, and what is counted and summed.

    Keys are names of columns and of relations to one record. `names` holds the names of keys that are called
    otherwise, `months` the columns of times by whose month records are grouped.
    """

    type: str
    description: str
    keys: tuple[str, ...]
    months: Mapping[str, str]
    """The column of each key that is a month."""
    quantity: str
    """The description of the sum of `quantity`."""
    names: Mapping[str, str] = field(default_factory=dict)
    quantity_of: str | None = None
    """The relation to many whose records have the quantities."""
    counted: Mapping[str, str] = field(default_factory=dict)
    """The relation to one whose records are counted, by the name of the count."""

    @property
    def declaration(self) -> TypeDeclaration:
        """The type of the records."""
        return DECLARATIONS[self.type]

    def attributes(self) -> dict[str, str]:
        """The field or month column of each key, by the key's name."""
        return {self.names.get(each, each): each for each in self.keys} | dict(self.months)

    def key(self, name: str) -> ColumnKey | RecordKey:
        """What the key of a name groups by."""
        attribute = self.attributes()[name]
        if isinstance(self.declaration.fields[attribute], Column):
            return ColumnKey(self.declaration.readable(attribute), by_month=name in self.months)
        return RecordKey(self.declaration.link(attribute))

    def target(self, name: str) -> TypeDeclaration | None:
        """The type of the records that the key of a name groups by; None if it is a value."""
        item = self.declaration.fields[self.attributes()[name]]
        return DECLARATIONS[item.target] if isinstance(item, ToOne | ToMany) else None

    def measure(self, name: str) -> Sum | RecordKey:
        """What the measure of a name computes."""
        if name in self.counted:
            return RecordKey(self.declaration.link(self.counted[name]))
        if self.quantity_of is None:
            return Sum(self.declaration.readable("quantity"))
        link = self.declaration.link(self.quantity_of)
        return Sum(DECLARATIONS[link.target.name].readable("quantity"), link)

    @property
    def measures(self) -> dict[str, str]:
        """The measures, with their descriptions."""
        return {
            COUNT: "The number of its records.",
            "quantity": f"{self.quantity} Null if you cannot read any.",
            **{
                name: f"The number of different records in `{camel(of)}` that you can see."
                for name, of in self.counted.items()
            },
        }


def groups_resolver(declared: GroupsDeclaration) -> Callable[..., list[dict[str, Any]]]:
    """Resolves the groups of a list."""

    def resolve(_root: object, info: ResolveInfo, **arguments: Any) -> list[dict[str, Any]]:
        query = read_groups(declared, arguments, _selected(info))
        groups = info.context.reader.groups(declared.declaration.resource, query)
        if len(groups) > MAX_GROUPS:
            raise BadInput(f"There are more than {MAX_GROUPS} groups: pass first, or a filter.")
        return _with_records(declared, info, list(query.keys), [dict(each) for each in groups])

    return resolve


def read_groups(
    declared: GroupsDeclaration,
    arguments: Mapping[str, Any],
    selected: Collection[str],
) -> GroupQuery:
    """The query of what a client asks, with the measures among the fields `selected`; raises BadInput."""
    keys = list(dict.fromkeys(each.value for each in arguments["by"]))
    if not 1 <= len(keys) <= MAX_KEYS:
        raise BadInput(f"by must have 1 to {MAX_KEYS} different keys, not {len(keys)}.")
    first = arguments.get("first")
    if first is not None and not 1 <= first <= MAX_GROUPS:
        raise BadInput(f"first must be between 1 and {MAX_GROUPS}, not {first}.")
    conditions = list(_having(arguments.get("having")))
    order = [_order(each.value) for each in arguments.get("order_by") or ()]
    needed = {each.measure for each in conditions} | {name for name, _ in order}
    return GroupQuery(
        {name: declared.key(name) for name in keys},
        {
            name: declared.measure(name)
            for name in declared.measures
            if name != COUNT and (name in needed or camel(name) in selected)
        },
        read_filter(declared.declaration, arguments.get("filter")),
        conditions,
        order,
        first or MAX_GROUPS + 1,
    )


def _order(word: str) -> tuple[str, bool]:
    return word.removesuffix("_desc"), word.endswith("_desc")


def _having(value: Any) -> Iterator[Having]:
    for measure, part in vars(value).items() if value is not None else ():
        if part is not strawberry.UNSET and part is not None:
            for operator, operand in operands_of(measure, part):
                yield Having(measure, operator, operand)


def _selected(info: ResolveInfo) -> set[str]:
    """The names of all fields below: a measure that none of them names is not computed."""
    names: set[str] = set()
    pending: list[Any] = [*info.field_nodes, *info.fragments.values()]
    while pending:
        node = pending.pop()
        if isinstance(node, FieldNode):
            names.add(node.name.value)
        if getattr(node, "selection_set", None) is not None:
            pending += node.selection_set.selections
    return names


def _with_records(
    declared: GroupsDeclaration, info: ResolveInfo, keys: list[str], groups: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The groups with all fields: the records in place of their ids, loaded at once."""
    for name in declared.attributes():
        target = declared.target(name) if name in keys else None
        if target is not None:
            columns = columns_at(info, [camel(name)], target)
            ids = {each[name] for each in groups if each[name] is not None}
            records = info.context.reader.records(target.resource, columns, "id", ids) if ids else {}
            for each in groups:
                each[name] = records.get(each[name])
    empty = dict.fromkeys([*declared.attributes(), *declared.measures])
    return [{**empty, **each} for each in groups]
