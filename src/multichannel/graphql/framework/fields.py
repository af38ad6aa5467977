"""Declarations of resource types: columns, relations and computed fields.

Resolver, columns to load, read level, filter, order and documentation are derived from a declaration. There
is no other way to define a field of a resource.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from multichannel.policy.schema.resources import RESOURCES, Resource
from multichannel.store.read.list_query import ReadableColumn, ReadableRelation

if TYPE_CHECKING:
    from multichannel.policy.schema.vocabulary import Action


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the same name, nullable because the caller may not be allowed to read it.

    `attribute` is the mapped attribute if it has another name. A column with the id of a tenant of one of the
    resource types `tenants` shows the directory id in its place, as far as the caller sees the tenant. The
    argument `search` of lists looks in the columns with `search`.
    """

    description: str
    read: Action
    filter: bool = field(default=False, kw_only=True)
    order: bool = field(default=False, kw_only=True)
    search: bool = field(default=False, kw_only=True)
    attribute: str | None = field(default=None, kw_only=True)
    tenants: tuple[str, ...] = field(default=(), kw_only=True)


@dataclass(frozen=True, slots=True)
class ToOne:
    """A relation to one record of `target`; null if not visible. `local` is the column with the record's id.

    It is named after the field, with `_id` at the end, unless it is given.
    """

    description: str
    target: str
    read: Action
    local: str = field(default="", kw_only=True)


@dataclass(frozen=True, slots=True)
class ToMany:
    """A connection to the visible records of `target` whose column `remote` holds this record's id."""

    description: str
    target: str
    remote: str


@dataclass(frozen=True, slots=True)
class Computed:
    """A value of the GraphQL type `type`, computed for all records of a batch where `witness` is readable.

    `compute(work, ids, **arguments)` returns the values by id; other records have the value `absent`.
    """

    description: str
    type: str
    read: Action
    compute: Callable[..., Mapping[str, Any]]
    witness: str = field(default="status", kw_only=True)
    absent: Any = field(default=None, kw_only=True)
    arguments: Mapping[str, tuple[str, str]] = field(default_factory=dict, kw_only=True)


@dataclass(frozen=True, slots=True)
class ComputedRoot:
    """A field of `Query` of the GraphQL type `type`: `compute(work, **arguments)` returns its value."""

    description: str
    type: str
    compute: Callable[..., Any]
    arguments: Mapping[str, tuple[str, str]]


FieldDeclaration = Column | ToOne | ToMany | Computed


@dataclass(frozen=True)
class TypeDeclaration:
    """All declared fields of one resource."""

    resource: Resource
    description: str
    fields: dict[str, FieldDeclaration] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The GraphQL type name."""
        return self.resource.name

    @cached_property
    def columns(self) -> dict[str, Column]:
        """The columns by name."""
        return {name: item for name, item in self.fields.items() if isinstance(item, Column)}

    def readable(self, name: str) -> ReadableColumn:
        """The mapped attribute of a column, with its read level."""
        item = self.columns[name]
        return ReadableColumn(item.attribute or name, item.read)

    @cached_property
    def needs(self) -> dict[str, ReadableColumn]:
        """The column to load for each field, by GraphQL name; connections need none."""
        columns = {}
        for name, item in self.fields.items():
            if isinstance(item, Column):
                columns[camel(name)] = self.readable(name)
            elif isinstance(item, ToOne):
                columns[camel(name)] = ReadableColumn(item.local, item.read)
            elif isinstance(item, Computed):
                columns[camel(name)] = ReadableColumn(item.witness, item.read)
        return columns

    @cached_property
    def relations(self) -> dict[str, ToOne | ToMany]:
        """The relations by name."""
        return {name: item for name, item in self.fields.items() if isinstance(item, ToOne | ToMany)}

    def link(self, name: str) -> ReadableRelation:
        """A declared relation. A connection has the read level of the relation back to this type."""
        item = self.relations[name]
        if isinstance(item, ToOne):
            return ReadableRelation(RESOURCES[item.target], item.local, "id", item.read)
        back = (other for other in DECLARATIONS[item.target].relations.values() if isinstance(other, ToOne))
        remote_read = next(other.read for other in back if other.local == item.remote)
        return ReadableRelation(RESOURCES[item.target], "id", item.remote, None, remote_read)


DECLARATIONS: dict[str, TypeDeclaration] = {}
"""Every declared type by name."""


def resource_type(resource: Resource) -> Callable[[type], TypeDeclaration]:
    """Declare the GraphQL type of a resource; the docstring of the class is its description."""

    def declare(body: type) -> TypeDeclaration:
        fields: dict[str, Any] = {
            name: _with_column(name, item)
            for name, item in vars(body).items()
            if isinstance(item, FieldDeclaration)
        }
        _require_witnesses(resource, fields)
        declaration = TypeDeclaration(resource, " ".join((body.__doc__ or "").split()), fields)
        DECLARATIONS[resource.name] = declaration
        return declaration

    return declare


def _with_column(name: str, item: FieldDeclaration) -> FieldDeclaration:
    return replace(item, local=f"{name}_id") if isinstance(item, ToOne) and not item.local else item


def _require_witnesses(resource: Resource, fields: Mapping[str, Any]) -> None:
    """A computed field is denied with its witness, so both must have the same read level."""
    for name, item in fields.items():
        if isinstance(item, Computed) and getattr(fields.get(item.witness), "read", None) is not item.read:
            raise TypeError(
                f"{resource.name}.{name}: its witness is not a column with the read level {item.read.name}"
            )


def camel(name: str) -> str:
    """The GraphQL name: `companyName` for `company_name`."""
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)
