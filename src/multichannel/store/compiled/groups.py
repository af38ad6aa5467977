"""The JSON of groups: keys, the records that they are about, and measures."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer, Text, cast, func, or_, select

from multichannel.store.compiled.json_text import Json, NotCovered, constant, joined
from multichannel.store.compiled.lists import with_parameters
from multichannel.store.compiled.records import LEFT_TO_INTERPRETER, Compilation, Path, RecordJson
from multichannel.store.compiled.selection import (
    ConstantText,
    GroupRecord,
    GroupValue,
    SelectedField,
    SelectedGroups,
    Slot,
)
from multichannel.store.compiled.sql_text import parameter
from multichannel.store.read.groups import GroupQuery, Groups, Having

MAX_INT = 2**31 - 1
"""The largest number that GraphQL has; the interpreter tells of larger ones."""


class GroupsJson:
    """Makes the JSON of the groups of a statement."""

    def __init__(self, compilation: Compilation, records: RecordJson) -> None:
        self._compilation, self._records = compilation, records

    def list(self, selected: SelectedGroups, path: Path) -> Json:
        """The list of groups. If there are more than may be shown, the interpreter has to say so."""
        self._compilation.reads_all = True
        found = Groups(self._compilation.rows).select(selected.resource, _query(selected)).subquery()
        members = [
            (each.key, self._member(selected, each, found, (*path, each.key))) for each in selected.fields
        ]
        json = self._compilation.json
        listed = json.listed(json.object(members), None)
        most = selected.arguments.most
        if most is not None:
            self._compilation.may_deny(path, LEFT_TO_INTERPRETER)
            listed = json.unless_denied(func.count() <= most, listed)
        return Json((select(joined(listed.pieces)).select_from(found).scalar_subquery(),))

    def _member(self, selected: SelectedGroups, field: SelectedField, row: Any, path: Path) -> Json:
        value, json = field.value, self._compilation.json
        if isinstance(value, ConstantText):
            return Json((value.text,))
        if isinstance(value, GroupRecord):
            return self._records.by_id(value.resource, value.fields, row.c[value.name], path, row)
        if not isinstance(value, GroupValue):
            raise NotCovered(f"{type(value).__name__} in a group")
        column = row.c[value.name]
        if value.key is None:
            self._compilation.may_deny(path, LEFT_TO_INTERPRETER)
            number = Json((func.coalesce(cast(column, Text), constant("null")),))
            return json.unless_denied(or_(column.is_(None), column <= MAX_INT), number)
        kind = Text() if value.key.by_month else selected.resource.column(value.key.column.name).type
        return json.column(column, kind, nullable=True)


def _query(selected: SelectedGroups) -> GroupQuery:
    """The query of groups, with parameters in its slots."""
    arguments, place = selected.arguments, selected.place

    def bound(value: Any) -> Any:
        return parameter(place, value.index, Integer()) if isinstance(value, Slot) else value

    having = [
        Having(
            each.measure,
            each.operator,
            [bound(value) for value in each.value] if isinstance(each.value, tuple) else bound(each.value),
        )
        for each in arguments.having
    ]
    return GroupQuery(
        dict(selected.keys),
        dict(selected.measures),
        with_parameters(selected.resource, arguments.condition, place),
        having,
        arguments.order,
        parameter(place, 0, Integer()),
    )
