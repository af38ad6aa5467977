"""From the engine's partial results to conditions. What cannot be translated is refused at load."""

from __future__ import annotations

from typing import Any

from polar import Expression, Variable
from polar.expression import Pattern

from multichannel.errors import PolicyInvalid
from multichannel.policy.decide.conditions import (
    MIRRORED,
    ORDERINGS,
    THIS,
    Comparison,
    Conditions,
    Member,
    Path,
)
from multichannel.policy.schema.resources import RESOURCES, Relation, Resource, Scalar

OPERATORS = {"Unify": "=", "Eq": "=", "Neq": "!=", "Lt": "<", "Leq": "<=", "Gt": ">", "Geq": ">="}


def conditions(expression: Any, resource: Resource) -> Conditions:
    """The conditions of one partial result; PolicyInvalid names the construct that cannot be translated."""
    reader = _Translator(resource)
    reader.read(expression)
    return Conditions(tuple(reader.members), tuple(sorted(set(reader.comparisons), key=str)))


def check_own_rows(required: Conditions, resource: Resource, tenant_id: str) -> None:
    """Refuse conditions on rows of a long relation other than those about the principal's own tenant."""
    kinds = {THIS: resource}
    for member in required.members:
        kind = kinds[member.path.variable]
        for name in member.path.names[:-1]:
            kind = RESOURCES[kind.relation(name).target]
        relation = kind.relation(member.path.names[-1])
        kinds[member.variable] = RESOURCES[relation.target]
        between = relation.many.between if relation.many else None
        own = Comparison(Path(member.variable, (between or "",)), "=", tenant_id)
        if between is not None and own not in required.comparisons:
            raise PolicyInvalid(
                f"`{member}`: of these only rows whose {between} is the principal's own tenant are facts"
            )


class _Translator:
    """Walks one conjunction, naming member variables in the order they appear."""

    def __init__(self, resource: Resource) -> None:
        self.types: dict[str, Resource] = {THIS: resource}
        self.names: dict[str, str] = {"_this": THIS}
        self.members: list[Member] = []
        self.comparisons: list[Comparison] = []

    def read(self, expression: Any) -> None:
        if not isinstance(expression, Expression):
            raise PolicyInvalid(f"not an expression: {expression!r}")
        if expression.operator == "And":
            for part in sorted(
                expression.args, key=lambda part: part.operator != "In" or isinstance(part.args[1], list)
            ):
                self.read(part)
        elif expression.operator == "Isa":
            self._isa(*expression.args)
        elif expression.operator == "In":
            self._member(*expression.args)
        elif expression.operator in OPERATORS:
            self._comparison(OPERATORS[expression.operator], *expression.args)
        else:
            raise PolicyInvalid(f"{_construct(expression.operator)} cannot be turned into a list filter")

    def _isa(self, subject: Any, pattern: Pattern) -> None:
        path = self._path(subject)
        if self._type(path).name != pattern.tag:
            raise PolicyInvalid(f"{path} is not a {pattern.tag}")
        for name, value in pattern.fields.items():
            self._comparison("=", Expression("Dot", [subject, name]), value)

    def _member(self, variable: Any, collection: Any) -> None:
        if isinstance(collection, list):
            self._one_of(variable, collection)
            return
        path = self._path(collection)
        relation = self._attribute(path)
        if not isinstance(relation, Relation) or relation.many is None:
            raise PolicyInvalid(f"{path} is not a list of records")
        name = f"r{len(self.members) + 1}"
        self.names[_name(variable)] = name
        self.types[name] = RESOURCES[relation.target]
        self.members.append(Member(name, path))

    def _one_of(self, fact: Any, values: list[Any]) -> None:
        path = self._path(fact)
        scalar = self._scalar(path)
        for value in values:
            _check_value(path, scalar, "=", value)
        self.comparisons.append(Comparison(path, "in", tuple(sorted(values, key=str))))

    def _comparison(self, operator: str, left: Any, right: Any) -> None:
        if not _is_fact(left):
            left, right, operator = right, left, MIRRORED[operator]
        path = self._path(left)
        scalar = self._scalar(path)
        if _is_fact(right):
            other = self._path(right)
            self._scalar(other)
            self.comparisons.append(Comparison(path, operator, other))
            return
        _check_value(path, scalar, operator, right)
        self.comparisons.append(Comparison(path, operator, right))

    def _scalar(self, path: Path) -> Scalar:
        attribute = self._attribute(path)
        if isinstance(attribute, Relation):
            raise PolicyInvalid(f"{path} is a record; compare its id")
        return attribute

    def _path(self, term: Any) -> Path:
        names: list[str] = []
        while isinstance(term, Expression) and term.operator == "Dot":
            term, name = term.args
            if not isinstance(name, str):
                raise PolicyInvalid("a method call on a resource cannot be turned into a list filter")
            names.append(name)
        if not isinstance(term, Variable) or _name(term) not in self.names:
            raise PolicyInvalid(f"{term!r} is not a fact of the resource")
        return Path(self.names[_name(term)], tuple(reversed(names)))

    def _attribute(self, path: Path) -> Scalar | Relation:
        if not path.names:
            raise PolicyInvalid(f"{path} is a record; compare its id")
        owner = self._type(Path(path.variable, path.names[:-1]))
        try:
            return owner.attributes[path.names[-1]]
        except KeyError:
            raise PolicyInvalid(
                f"{owner.name} has no fact `{path.names[-1]}`; it has {', '.join(owner.attributes)}"
            ) from None

    def _type(self, path: Path) -> Resource:
        kind = self.types[path.variable]
        for name in path.names:
            relation = kind.attributes.get(name)
            if not isinstance(relation, Relation) or relation.many is not None:
                raise PolicyInvalid(f"{path}: {kind.name} has no single record `{name}`")
            kind = RESOURCES[relation.target]
        return kind


def _construct(operator: str) -> str:
    """What an author wrote to get this operator; a negated group comes back as the `or` of its negations."""
    return {
        "Or": "a negated group of conditions, or forall,",
        "Not": "a negated condition",
        "ForAll": "forall",
        "Add": "arithmetic",
        "Sub": "arithmetic",
        "Mul": "arithmetic",
        "Div": "arithmetic",
    }.get(operator, f"`{operator.lower()}` on a resource")


def _name(variable: Any) -> str:
    """The plain name: the text form of an engine variable is its representation."""
    return str.__str__(variable)


def _is_fact(term: Any) -> bool:
    return isinstance(term, Variable) or (isinstance(term, Expression) and term.operator == "Dot")


def _check_value(path: Path, scalar: Scalar, operator: str, value: Any) -> None:
    if value is not None and not isinstance(value, str | int | bool):
        raise PolicyInvalid(f"{path} is compared with {value!r}, which is not a string, number or boolean")
    if scalar.words is not None and isinstance(value, str) and value not in scalar.words:
        raise PolicyInvalid(f'{path} is never "{value}"; it is one of {", ".join(sorted(scalar.words))}')
    if operator in ORDERINGS and scalar.nullable:
        raise PolicyInvalid(f"{path} may be unknown, so it has no order")
