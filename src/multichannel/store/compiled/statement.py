"""Makes the one statement of an operation: the JSON text of its answer, and the text about its caller.

`compile_statement` is the only way to make a statement of this path: each row in it comes from `VisibleRows`
or `Visibility`, which hold the policy's predicates. Runners take nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, Text, case, cast, literal, select

from multichannel.domain.base import GUID
from multichannel.store.compiled.caller_check import select_caller_text
from multichannel.store.compiled.groups import GroupsJson
from multichannel.store.compiled.json_text import (
    Json,
    JsonWriter,
    NotCovered,
    Piece,
    PostgreSQLJson,
    SQLiteJson,
    constant,
    hole,
    joined,
    key_text,
)
from multichannel.store.compiled.lists import ConnectionJson
from multichannel.store.compiled.records import Compilation, Path, PossibleDenial
from multichannel.store.compiled.selection import (
    CallerFact,
    ComputedLater,
    ConstantText,
    OwnTenantId,
    RecordById,
    RecordsByIds,
    Selected,
    SelectedField,
    SelectedGroups,
    SelectedList,
    SelectedObject,
    SelectedPayload,
)
from multichannel.store.compiled.sql_text import SqlText, parameter, to_sql_text

if TYPE_CHECKING:
    from multichannel.policy.decide.policy import Policy
    from multichannel.policy.schema.resources import Resource
    from multichannel.policy.schema.vocabulary import Action, Principal

WRITERS: Mapping[str, JsonWriter] = {"postgresql": PostgreSQLJson(), "sqlite": SQLiteJson()}
"""How each database writes JSON."""
MAX_SQL = 300_000
"""Longer statements, in characters, would cost the database more than the interpreter costs."""
_MADE_HERE = object()


@dataclass(frozen=True, slots=True, eq=False)
class CompiledStatement:
    """SQL whose single row is the text of an answer and the text about the caller."""

    sql: SqlText
    denials: Mapping[Path, PossibleDenial]
    denied: bytes
    """What stands in the answer in place of a denied value."""
    decisions: frozenset[tuple[Action, Resource]]
    """The predicates of the policy that it holds."""
    reads_all: bool
    """Whether it may read all that the principal sees, so that its plan depends on how much that is."""
    steps: tuple[Any, ...]
    """What fills the holes in the answer, by the numbers in these."""
    name: bytes
    """Names the SQL among the prepared statements of a connection."""
    constant: bytes | None
    """The answer, if it reads nothing: neither records nor facts of the caller. The SQL only checks these."""
    seal: object = field(repr=False)

    def __post_init__(self) -> None:
        if self.seal is not _MADE_HERE:
            raise TypeError("statements are made by compile_statement")


def compile_statement(
    policy: Policy, principal: Principal, database: str, selected: Selected
) -> CompiledStatement:
    """The statement for what an operation selects; raises NotCovered."""
    json = WRITERS[database]
    compilation = Compilation(policy, principal, database, json)
    root = _Root(compilation)
    constant = _constant(selected)
    pieces: list[Piece] = ['{"data":{']
    for place, each in enumerate(selected if constant is None else ()):
        pieces += ["," if place else "", key_text(each.key), *root.field(each).pieces]
    answer = joined([*pieces, "}}"])
    caller = _caller_text(policy, database).scalar_subquery()
    sql = to_sql_text(select(answer.label("answer"), caller.label("caller")), database)
    if len(sql.text) > MAX_SQL:
        raise NotCovered("a statement that is too long")
    name = blake2b(sql.text.encode(), digest_size=16).hexdigest().encode()
    decisions = frozenset(compilation.decisions)
    denied, steps, reads_all = json.denied.encode(), tuple(compilation.steps), compilation.reads_all
    return CompiledStatement(
        sql, compilation.denials, denied, decisions, reads_all, steps, name, constant, _MADE_HERE
    )


def _constant(selected: Selected) -> bytes | None:
    """The answer of an operation whose root fields are constants; else None."""
    members = []
    for each in selected:
        if not isinstance(each.value, ConstantText):
            return None
        members.append(key_text(each.key) + each.value.text)
    return f'{{"data":{{{",".join(members)}}}}}'.encode()


@lru_cache(maxsize=2)
def _caller_text(policy: Policy, database: str) -> Select[Any]:
    return select_caller_text(policy, WRITERS[database], database=database)


class _Root:
    """Makes the JSON of root fields, and of objects that are no records."""

    def __init__(self, compilation: Compilation) -> None:
        self._compilation = compilation
        self._lists = ConnectionJson(compilation)
        self._groups = GroupsJson(compilation, self._lists.records)

    def field(self, selected: SelectedField, parent: Path = ()) -> Json:
        value, path = selected.value, (*parent, selected.key)
        if isinstance(value, SelectedList):
            return self._lists.object(value, path)
        if isinstance(value, RecordById):
            return self._by_id(value, path)
        if isinstance(value, RecordsByIds):
            return self._by_ids(value, path)
        if isinstance(value, SelectedGroups):
            return self._groups.list(value, path)
        if isinstance(value, SelectedObject | SelectedPayload):
            members = [(each.key, self.field(each, path)) for each in value.fields]
            return self._compilation.json.object(members)
        return self._constant(value)

    def _constant(self, value: Any) -> Json:
        """What is the same for all records."""
        compilation = self._compilation
        if isinstance(value, ConstantText):
            return Json((value.text,))
        if isinstance(value, CallerFact):
            return Json((value.text(compilation.principal, compilation.ask),))
        if isinstance(value, OwnTenantId):
            return Json(('"', cast(literal(compilation.principal.tenant_id, GUID), Text), '"'))
        if isinstance(value, ComputedLater):
            return hole(compilation.add_step(value.step), "")
        raise NotCovered(f"{type(value).__name__} at the root")

    def _by_id(self, value: RecordById, path: Path) -> Json:
        if value.resource is None:
            return Json(("null",))
        if value.place is None:
            key: Any = literal(self._compilation.principal.tenant_id, GUID)
        else:
            key = parameter(value.place, 0, GUID)
        return self._lists.records.by_id(value.resource, value.fields, key, path)

    def _by_ids(self, value: RecordsByIds, path: Path) -> Json:
        rows, name, key = self._compilation.json.pairs(parameter(value.place, 0, Text()))
        found = [
            (name == resource.name, joined(self._of(resource, fields, key, path, rows)))
            for resource, fields in value.fields
        ]
        record = case(*found, else_=constant("null")) if found else constant("null")
        listed = self._compilation.json.listed(Json((record,)), None)
        return Json((select(joined(listed.pieces)).select_from(rows).scalar_subquery(),))

    def _of(self, resource: Resource, fields: Selected, key: Any, path: Path, rows: Any) -> Sequence[Piece]:
        return self._lists.records.by_id(resource, fields, key, path, rows).pieces
