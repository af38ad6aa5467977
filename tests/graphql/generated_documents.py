"""Documents made at random from the schema, with variables: everything that a client could ask of a list."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
)

from multichannel.demo.cast import ALDER, CEDAR
from multichannel.graphql.compiled.operations import GROUPED, ROOT_LISTS
from multichannel.graphql.compiled.selecting import NAMES
from multichannel.graphql.framework.fields import DECLARATIONS, Computed
from multichannel.graphql.framework.global_ids import read_id
from multichannel.graphql.schema import build_schema

TEXTS = ("a", "con", "%", "_", "/", "Ü", "é", 'quo"te', "", "contoso", "A", "\\", "tab\n", "\u2028", "e")
SEARCHED = {
    name for name, each in DECLARATIONS.items() if any(column.search for column in each.columns.values())
}
PARTNERS = (f"partner_{ALDER.id}", f"partner_{CEDAR.id}")
SCHEMA = (
    "__schema { queryType { name } }",
    '__type(name: "Customer") { name fields { name } }',
    "__schema { types { ...T } }",
)
COMPUTED = 0.3
"""The share of computed fields that are asked for where they are drawn: they take the time of many others."""
Variables = dict[str, Any]


class Name(str):
    """A value that is written without quotes, such as one of an enum."""

    __slots__ = ()


@dataclass
class Known:
    """What documents refer to: ids of records, and cursors by type and order."""

    ids: Sequence[str] = ()
    cursors: dict[tuple[str, str], list[str]] = field(default_factory=dict)


class DocumentMaker:
    """Makes one document from a seed."""

    def __init__(self, seed: int, known: Known) -> None:
        self._random = random.Random(seed)  # noqa: S311  (the same documents in every run)
        self._known = known
        self._types: dict[str, Any] = dict(build_schema().type_map)
        self._declared: list[str] = []
        self._fragments: list[str] = []
        self._variables: Variables = {}

    def make(self) -> tuple[str, Variables]:
        """A query and its variables."""
        roots = " ".join(self._root(number) for number in range(self._random.randint(1, 2)))
        declared = f"({', '.join(self._declared)})" if self._declared else ""
        return f"query Made{declared} {{ {roots} }} {' '.join(self._fragments)}", self._variables

    def _chance(self, share: float) -> bool:
        return self._random.random() < share

    def _root(self, number: int) -> str:
        makers = {
            self._node: 0.15 if self._known.ids else 0,
            self._nodes: 0.1 if self._known.ids else 0,
            self._about_action: 0.1 if self._known.ids else 0,
            self._viewer: 0.07,
            self._about_schema: 0.03,
            self._groups: 0.07,
            self._of_all: 0.48,
        }
        [make] = self._random.choices(list(makers), weights=list(makers.values()))
        return make(number)

    def _node(self, number: int) -> str:
        wanted = self._random.choice(self._known.ids)
        value = self._value("ID!", wanted)
        return f"n{number}: node(id: {value}) {{ __typename id {self._on(wanted, 2)} }}"

    def _of_all(self, number: int) -> str:
        name = self._random.choice(list(ROOT_LISTS))
        kind = ROOT_LISTS[name].name
        return f"r{number}: {name}{self._arguments(kind)} {{ {self._list(kind, 2)} }}"

    def _on(self, row_id: str, depth: int) -> str:
        kind = read_id(row_id)[0].name
        return f"... on {kind} {{ {self._record(kind, depth)} }}"

    def _nodes(self, number: int) -> str:
        ids = [self._random.choice([*self._known.ids, *PARTNERS]) for _ in range(self._random.randint(0, 5))]
        kinds = {read_id(each)[0].name: each for each in ids}
        records = " ".join(self._on(each, 1) for each in kinds.values())
        return f"m{number}: nodes(ids: {self._value('[ID!]!', ids)}) {{ __typename id {records} }}"

    def _about_action(self, number: int) -> str:
        """What the policy decides of a record, or an error: of another type, or not visible."""
        name = self._random.choice(["explainDecision", "whoMay"])
        field: Any = self._types["Query"].fields[name]
        row_id = self._random.choice([*self._known.ids, *PARTNERS])
        resource = read_id(row_id)[0]
        action = self._random.choice([*(each.name for each in resource.actions), "READ_BILLING"])
        given = f"action: {self._value('Action!', Name(action))}, id: {self._value('ID!', row_id)}"
        return f"d{number}: {name}({given}){self._directive()} {{ {self._values_of(field)} }}"

    def _groups(self, number: int) -> str:
        name = self._random.choice(list(GROUPED))
        kind = GROUPED[name].type
        keys, orders = (list(self._types[f"{kind}Group{part}"].values) for part in ("Key", "Order"))
        by = [Name(each) for each in self._random.sample(keys, self._random.randint(1, 3))]
        given = [f"by: {self._value(f'[{kind}GroupKey!]!', by)}"]
        if self._chance(0.4):
            order = [Name(each) for each in self._random.sample(orders, self._random.randint(0, 2))]
            given.append(f"orderBy: {self._value(f'[{kind}GroupOrder!]', order)}")
        if self._chance(0.3):
            given.append(f"first: {self._value('Int', self._random.randint(0, 4))}")
        if self._chance(0.3):
            condition = {"count": {"gt": 1}} if self._chance(0.5) else {"quantity": {"in": [0, 1, 5]}}
            given.append(f"having: {self._value(f'{kind}GroupHaving', condition)}")
        if self._chance(0.3) and (condition := self._filter(self._types[f"{kind}Filter"], 0)):
            given.append(f"filter: {self._value(f'{kind}Filter', condition, 0.5)}")
        fields = self._types[f"{kind}Group"].fields
        made = []
        for each in self._random.sample(list(fields), self._random.randint(1, 5)):
            below = get_named_type(fields[each].type)
            inner = f" {{ {self._record(below.name, 1)} }}" if below.name in DECLARATIONS else ""
            made.append(f"{self._alias()}{each}{self._directive()}{inner}")
        return f"g{number}: {name}({', '.join(given)}) {{ {' '.join(made)} __typename }}"

    def _viewer(self, number: int) -> str:
        fields: dict[str, GraphQLField] = self._types["Viewer"].fields
        made = []
        for name in self._random.sample(list(fields), self._random.randint(1, 4)):
            below = get_named_type(fields[name].type)
            if below.name in DECLARATIONS:
                made.append(f"{name}{self._directive()} {{ {self._record(below.name, 1)} }}")
            else:
                made.append(self._with_values(name, fields[name]))
        return f"v{number}: viewer{self._directive()} {{ {' '.join([*made, '__typename'])} }}"

    def _about_schema(self, number: int) -> str:
        text = self._random.choice(SCHEMA)
        if "...T" in text and not any("fragment T " in each for each in self._fragments):
            self._fragments.append("fragment T on __Type { name kind }")
        return f"s{number}: {text}"

    def _with_values(self, name: str, field: GraphQLField) -> str:
        """A computed field with its arguments, and what is selected of its values."""
        given = []
        for key, each in field.args.items():
            if isinstance(get_named_type(each.type), GraphQLEnumType):
                kind: Any = get_named_type(each.type)
                value: Any = Name(self._random.choice(list(kind.values)))
                given.append(f"{key}: {self._value(f'{kind.name}!', value)}")
            elif self._chance(0.5):
                value = self._random.choice([None, *PARTNERS, *self._known.ids[:2]])
                given.append(f"{key}: {self._value('ID', value)}")
        below = self._values_of(field)
        text = f"{name}({', '.join(given)})" if given else name
        return f"{text}{self._directive()}{f' {{ {below} }}' if below else ''}"

    def _values_of(self, field: GraphQLField) -> str:
        """What is selected of a computed value; empty if it is no object."""
        kind = get_named_type(field.type)
        if not isinstance(kind, GraphQLObjectType):
            return ""
        names = self._random.sample(list(kind.fields), self._random.randint(1, len(kind.fields)))
        made = [f"{self._alias()}{self._with_values(name, kind.fields[name])}" for name in names]
        text = " ".join([*made, "__typename"])
        return f"... on {kind.name} {{ {text} }}" if self._chance(0.2) else text

    def _alias(self) -> str:
        return f"a{self._random.randint(0, 10**6)}: " if self._chance(0.25) else ""

    def _value(self, kind: str, value: Any, share: float = 0.4) -> str:
        """The value, or a variable that has it."""
        if not self._chance(share):
            return _literal(value)
        name = f"v{len(self._declared)}"
        self._declared.append(f"${name}: {kind}")
        self._variables[name] = value
        return f"${name}"

    def _arguments(self, kind: str) -> str:
        given, size, order = [], self._random.randint(0, 7), None
        drawn = self._random.random()
        if drawn < 0.75:
            given.append(f"{'first' if drawn < 0.5 else 'last'}: {self._value('Int', size)}")
        if self._chance(0.4):
            orders = self._orders(kind)
            order = " ".join(orders)
            given.append(f"orderBy: {self._value(f'[{kind}Order!]', [*map(Name, orders)])}")
        for name in ("after", "before"):
            cursors = self._known.cursors.get((kind, order or "ID"))
            if cursors and self._chance(0.2):
                given.append(f"{name}: {self._value('String', self._random.choice(cursors))}")
        if kind in SEARCHED and self._chance(0.1):
            given.append(f"search: {self._value('String', self._random.choice(TEXTS[:10]))}")
        if self._chance(0.35) and (condition := self._filter(self._types[f"{kind}Filter"], 0)):
            given.append(f"filter: {self._value(f'{kind}Filter', condition, 0.5)}")
        return f"({', '.join(given)})" if given else ""

    def _orders(self, kind: str) -> list[str]:
        """One key or several, which are often those of a known cursor."""
        known = sorted(order for of, order in self._known.cursors if of == kind and " " in order)
        if known and self._chance(0.3):
            return self._random.choice(known).split()
        words = list(self._types[f"{kind}Order"].values)
        return self._random.choices(words, k=self._random.choice([1, 1, 2, 3]))

    def _filter(self, kind: GraphQLInputObjectType, depth: int) -> Variables:
        chosen: Variables = {}
        names = self._random.sample(list(kind.fields), min(len(kind.fields), self._random.randint(1, 2)))
        for name in names:
            inner: Any = get_nullable_type(kind.fields[name].type)
            if isinstance(inner, GraphQLList):
                below = self._types[get_named_type(inner).name]
                parts = (self._filter(below, depth + 1) for _ in range(self._random.randint(0, 2)))
                value: Any = [part for part in parts if part] if depth < 2 else None
            elif inner.name == "Boolean":
                value = self._chance(0.5)
            elif inner.name == "ActionFilter":
                target = kind.name.removesuffix("Filter").removesuffix("Relation").removesuffix("List")
                value = {"has": Name(self._random.choice(DECLARATIONS[target].resource.actions).name)}
            elif inner.name == "IDFilter":
                value = self._of_ids(kind)
            elif _selects_records(inner):
                value = self._filter(inner, depth + 1) if depth < 2 else None
            else:
                value = self._comparison(inner)
            if value is not None and value != {}:
                chosen[name] = value
        return chosen

    def _of_ids(self, kind: GraphQLInputObjectType) -> Variables | None:
        """A comparison of ids of the type that a filter is about, if any are known."""
        of_type = [each for each in self._known.ids if kind.name.startswith(read_id(each)[0].name)]
        if not of_type:
            return None
        some = self._random.choice(of_type)
        operator = self._random.choice(["eq", "ne", "in"])
        return {operator: [some, self._random.choice(of_type)] if operator == "in" else some}

    def _comparison(self, kind: GraphQLInputObjectType) -> Variables:
        operator = self._random.choice(list(kind.fields))
        operand: Any = get_nullable_type(kind.fields[operator].type)
        if isinstance(operand, GraphQLList):
            item = get_named_type(operand)
            return {operator: [self._operand(item) for _ in range(self._random.randint(0, 3))]}
        return {operator: self._operand(operand)}

    def _operand(self, kind: Any) -> Any:
        if isinstance(kind, GraphQLEnumType):
            return Name(self._random.choice(list(kind.values)))
        match kind.name:
            case "Int":
                return self._random.randint(0, 30)
            case "Boolean":
                return self._chance(0.5)
            case "DateTime":
                return f"20{self._random.randint(20, 28)}-0{self._random.randint(1, 9)}-01T00:00:00Z"
        ids = [each.rpartition("_")[2].upper() for each in self._known.ids[:5]]
        return self._random.choice([*TEXTS, *ids])

    def _directive(self) -> str:
        if not self._chance(0.12):
            return ""
        flag = self._value("Boolean!", self._chance(0.6))
        return f" @{self._random.choice(['include', 'skip'])}(if: {flag})"

    def _record(self, kind: str, depth: int) -> str:
        fields = self._types[kind].fields
        names = self._random.sample(list(fields), min(len(fields), self._random.randint(1, 6)))
        made = [self._field(kind, name, depth) for name in names]
        text = " ".join([*filter(None, made), self._random.choice(["id", "__typename", "viewerCan"])])
        drawn = self._random.random()
        if drawn < 0.15:
            return f"... on {kind}{self._directive()} {{ {text} }} id"
        if drawn < 0.25:
            return f"... on Node {{ id }} ... {{ {text} }}"
        if drawn < 0.4:
            name = f"F{len(self._fragments)}"
            self._fragments.append(f"fragment {name} on {kind} {{ {text} }}")
            return f"...{name} id"
        return text

    def _field(self, kind: str, name: str, depth: int) -> str:
        fields = self._types[kind].fields
        below = get_named_type(fields[name].type).name
        number, alias = self._random.randint(0, 10**6), self._alias()
        if _is_computed(kind, name):
            return f"a{number}: {self._with_values(name, fields[name])}" if self._chance(COMPUTED) else ""
        if below.endswith("Connection"):
            target = below.removesuffix("Connection")
            inner = f"{{ {self._list(target, depth - 1)} }}" if depth else ""
            return f"c{number}: {name}{self._arguments(target)}{self._directive()} {inner}" if inner else ""
        if below in DECLARATIONS:
            return f"{alias}{name}{self._directive()} {{ {self._record(below, depth - 1)} }}" if depth else ""
        return f"{alias}{name}{self._directive()}"

    def _list(self, kind: str, depth: int) -> str:
        made = []
        choices = ["nodes", "edges", "pageInfo", "totalCount", "totalCountIsAtLeast", "__typename"]
        for name in self._random.sample(choices, self._random.randint(1, 3)):
            if name == "nodes":
                made.append(f"nodes {{ {self._record(kind, depth)} }}")
            elif name == "edges":
                drawn = self._random.sample(["cursor", "node", "__typename"], self._random.randint(1, 3))
                parts = [
                    f"node {{ {self._record(kind, depth)} }}" if part == "node" else part for part in drawn
                ]
                made.append(f"edges {{ {' '.join(parts)} }}")
            elif name == "pageInfo":
                members = ["hasNextPage", "hasPreviousPage", "startCursor", "endCursor", "__typename"]
                chosen = " ".join(self._random.sample(members, self._random.randint(1, 4)))
                made.append(f"pageInfo {{ {chosen} }}")
            else:
                made.append(name)
        return " ".join(made)


def _selects_records(kind: GraphQLInputObjectType) -> bool:
    """Whether an input is the filter of a type, of a relation to it, or of a list of it."""
    name = kind.name.removesuffix("Filter")
    return any(name.removesuffix(kind) in DECLARATIONS for kind in ("", "Relation", "List"))


def _is_computed(kind: str, name: str) -> bool:
    item = DECLARATIONS[kind].fields.get(NAMES[kind].get(name, ""))
    return isinstance(item, Computed) or name == "viewerCanNow"


def _literal(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_literal(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_literal, value)) + "]"
    return str(value) if isinstance(value, Name) else orjson.dumps(value).decode()
