"""How types are declared: a leaf names its column, a relation names what it follows, and that is all.

From a declaration follow the resolver, the columns to load, the degree of reading, the filter, the order
and the documentation. There is no other way to make a field of a resource.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from multichannel.policy.schema.resources import RESOURCES, Resource
from multichannel.store.read.query import ReadableColumn, ReadableRelation

if TYPE_CHECKING:
    from multichannel.policy.schema.vocabulary import Action


@dataclass(frozen=True, slots=True)
class Column:
    """A leaf: the mapped attribute of the same name, nullable because it may not be readable."""

    description: str
    read: Action
    filter: bool
    order: bool


@dataclass(frozen=True, slots=True)
class One:
    """A relation to one record of `target`, whose id stands in the column `local`; null when not visible."""

    description: str
    target: str
    local: str
    read: Action


@dataclass(frozen=True, slots=True)
class ManyOf:
    """A connection to the records of `target` whose column `remote` holds this record's id."""

    description: str
    target: str
    remote: str


@dataclass(frozen=True, slots=True)
class Computed:
    """What is worked out for all records of a batch at once, where `witness`, a column, may be read.

    `compute(work, ids, **arguments)` gives the values by id; a record that is not in it has `absent`.
    """

    description: str
    type: str
    witness: str
    read: Action
    compute: Callable[..., Mapping[str, Any]]
    absent: Any = None
    arguments: Mapping[str, tuple[str, str]] = field(default_factory=dict)


Declared = Column | One | ManyOf | Computed


def column(description: str, read: Action, *, filter: bool = False, order: bool = False) -> Column:
    """Declare a leaf."""
    return Column(description, read, filter, order)


def one(description: str, target: str, local: str, read: Action) -> One:
    """Declare a relation to one."""
    return One(description, target, local, read)


def many(description: str, target: str, remote: str) -> ManyOf:
    """Declare a connection. What it lists is decided by what is visible of the target."""
    return ManyOf(description, target, remote)


def computed(  # noqa: PLR0913  (a field of its own is all of this)
    description: str,
    type: str,
    read: Action,
    compute: Callable[..., Mapping[str, Any]],
    *,
    witness: str = "status",
    absent: Any = None,
    arguments: Mapping[str, tuple[str, str]] | None = None,
) -> Computed:
    """Declare a field that must be computed, of a GraphQL type by name, for those who may `read`."""
    return Computed(description, type, witness, read, compute, absent, arguments or {})


@dataclass(frozen=True)
class Declaration:
    """All declared fields of one resource."""

    resource: Resource
    description: str
    fields: dict[str, Declared] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The GraphQL type name."""
        return self.resource.name

    @cached_property
    def columns(self) -> dict[str, Column]:
        """The leaves by name."""
        return {name: item for name, item in self.fields.items() if isinstance(item, Column)}

    @cached_property
    def needs(self) -> dict[str, ReadableColumn]:
        """The column each field needs loaded, by GraphQL name; connections need none."""
        found = {}
        for name, item in self.fields.items():
            if isinstance(item, Column):
                found[camel(name)] = ReadableColumn(name, item.read)
            elif isinstance(item, One):
                found[camel(name)] = ReadableColumn(item.local, item.read)
            elif isinstance(item, Computed):
                found[camel(name)] = ReadableColumn(item.witness, item.read)
        return found

    @cached_property
    def relations(self) -> dict[str, One | ManyOf]:
        """The relations by name."""
        return {name: item for name, item in self.fields.items() if isinstance(item, One | ManyOf)}

    def link(self, name: str) -> ReadableRelation:
        """The relation behind a declared field. A connection is as readable as the relation back to here."""
        item = self.relations[name]
        if isinstance(item, One):
            return ReadableRelation(RESOURCES[item.target], item.local, "id", item.read)
        back = (other for other in DECLARATIONS[item.target].relations.values() if isinstance(other, One))
        remote_read = next(other.read for other in back if other.local == item.remote)
        return ReadableRelation(RESOURCES[item.target], "id", item.remote, None, remote_read)


DECLARATIONS: dict[str, Declaration] = {}
"""Every declared type by name."""


def resource_type(resource: Resource) -> Callable[[type], Declaration]:
    """Declare the GraphQL type of a resource; the class docstring is its description."""

    def declare(body: type) -> Declaration:
        fields: dict[str, Any] = {
            name: item for name, item in vars(body).items() if isinstance(item, Declared)
        }
        _require_witnesses(resource, fields)
        declaration = Declaration(resource, " ".join((body.__doc__ or "").split()), fields)
        DECLARATIONS[resource.name] = declaration
        return declaration

    return declare


def _require_witnesses(resource: Resource, fields: Mapping[str, Any]) -> None:
    """A witness stands in its column's place in a record, so it must be of the column's own degree."""
    for name, item in fields.items():
        if isinstance(item, Computed) and getattr(fields.get(item.witness), "read", None) is not item.read:
            raise TypeError(f"{resource.name}.{name}: its witness is no column of {item.read.name}")


def camel(name: str) -> str:
    """`company_name` as clients spell it: `companyName`."""
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)
