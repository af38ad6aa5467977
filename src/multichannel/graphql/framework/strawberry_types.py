"""The only module that relies on Strawberry's internals: makes types at run time, and the executable schema.

Types made from declarations refer to each other before they exist. Their annotations are therefore strings.
Strawberry looks these up when it builds the schema, in the module of the class: all made classes name this
module, and `register` enters each type into its namespace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, field
from datetime import datetime
from enum import StrEnum
from inspect import cleandoc
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform

import strawberry
from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema
from strawberry.annotation import StrawberryAnnotation
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.schema.types.scalar import DEFAULT_SCALAR_REGISTRY
from strawberry.types.arguments import StrawberryArgument, convert_argument, convert_arguments
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver

from multichannel.domain import support, transfer_effects  # noqa: F401  (their enums are registered below)
from multichannel.domain.base import DescribedEnum
from multichannel.domain.refusals import Refusal
from multichannel.graphql.framework.fields import camel
from multichannel.graphql.framework.scalars import DATE_TIME

NAMESPACE: dict[str, Any] = globals()
ID = strawberry.ID
T = TypeVar("T")
CONFIG = StrawberryConfig(scalar_map={datetime: DATE_TIME})

DIRECT_RESOLVERS: dict[str, dict[str, Any]] = {}
"""Resolvers that graphql-core calls without Strawberry in between, by GraphQL type and field."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a made type: its annotation, description and resolver, which gets graphql-core's info.

    Without a resolver, the value is the attribute or dictionary item of the field's name. `arguments` holds
    annotation and description by name.
    """

    type: str
    description: str
    resolve: Callable[..., Any] | None = None
    arguments: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def described(description: str, default: Any = MISSING, *, default_factory: Any = MISSING) -> Any:
    """A field of a Strawberry type or input; one of an input without a default is required."""
    return strawberry.field(description=description, default=default, default_factory=default_factory)


def register(made: Any) -> Any:
    """Enter a Strawberry type into the namespace under its GraphQL name; also a class decorator."""
    name = made.__strawberry_definition__.name
    if name in NAMESPACE:
        raise TypeError(f"two GraphQL types are named {name}")
    NAMESPACE[name] = made
    return made


@dataclass_transform(kw_only_default=True, field_specifiers=(described,))
def value_type(cls: type[T]) -> type[T]:
    """Make a class an object type of its name; its docstring is the description."""
    register(strawberry.type(cls, description=" ".join((cls.__doc__ or "").split())))
    DIRECT_RESOLVERS[cls.__name__] = {camel(name): _attribute(name) for name in cls.__annotations__}
    return cls


def is_registered(name: str) -> bool:
    """Whether there is a type of this GraphQL name."""
    return name in NAMESPACE


def register_enum(words: type[StrEnum], description: str, values: Mapping[str, str]) -> None:
    """Make a GraphQL enum of a Python enum, with descriptions of its values."""
    made: Any = strawberry.enum(words, name=words.__name__, description=description)
    for value in made.__strawberry_definition__.values:
        value.description = values[value.name]
    register(made)


for _words in DescribedEnum.__subclasses__():
    register_enum(_words, cleandoc(_words.__doc__ or ""), {each.name: each.description for each in _words})


def register_refusal_codes(name: str, description: str, refusals: Iterable[Refusal]) -> None:
    """Make an enum with one value for each refusal, described by its message."""
    codes = StrEnum(name, {refusal.code: refusal.code for refusal in refusals})  # type: ignore[misc]  # the names are data
    register_enum(codes, description, {code.name: Refusal[code.name].message for code in codes})


def object_type(name: str, description: str, fields: Mapping[str, Field], **attributes: Any) -> Any:
    """Make an object type; `attributes` are the bases and class attributes of its class."""
    bases = attributes.pop("bases", ())
    DIRECT_RESOLVERS[name] = {
        camel(key): each.resolve or _attribute(key) for key, each in fields.items() if not each.arguments
    }
    made = {key: _strawberry_field(each) for key, each in fields.items()}
    cls = _class(name, bases, {key: each.type for key, each in fields.items()}, {**made, **attributes})
    return register(strawberry.type(cls, name=name, description=description))


def input_type(name: str, description: str, fields: Mapping[str, tuple[str, str]]) -> None:
    """Make an input type of optional fields, from annotation and description by name."""
    made = {
        key: StrawberryField(
            graphql_name=_without_underscore(key),
            description=text,
            default=strawberry.UNSET,
        )
        for key, (_, text) in fields.items()
    }
    cls = _class(name, (), {key: annotation for key, (annotation, _) in fields.items()}, made)
    register(strawberry.input(cls, name=name, description=description))


def _without_underscore(name: str) -> str | None:
    """The GraphQL name of what would be a keyword in Python, such as `for_`; None for other names."""
    return name.rstrip("_") if name.endswith("_") else None


def _class(name: str, bases: tuple[type, ...], annotations: dict[str, str], body: dict[str, Any]) -> type:
    return type(name, bases, {"__annotations__": annotations, "__module__": __name__, **body})


def _strawberry_field(declared: Field) -> StrawberryField:
    """A field that Strawberry resolves if it has arguments, because Strawberry converts them."""
    if not declared.arguments:
        return StrawberryField(description=declared.description)
    made = StrawberryField(description=declared.description, base_resolver=_resolver(declared.resolve))
    made.arguments = [
        StrawberryArgument(
            name,
            _without_underscore(name),
            StrawberryAnnotation(annotation, namespace=NAMESPACE),
            default=None if "None" in annotation else strawberry.UNSET,
            description=text,
        )
        for name, (annotation, text) in declared.arguments.items()
    ]
    return made


def _resolver(resolve: Any) -> StrawberryResolver[Any]:
    """Strawberry's info has no public way to graphql-core's, which holds the fragments of the document."""

    def call(root: Any, info: strawberry.Info, **arguments: Any) -> Any:
        return resolve(root, info._raw_info, **arguments)  # noqa: SLF001

    return StrawberryResolver(call)


def executable_schema(*, query: Any, mutation: Any, subscription: Any, types: Iterable[str]) -> GraphQLSchema:
    """The schema that graphql-core executes.

    Strawberry has no public access to it, and calls every resolver through four functions of its own. Fields
    without arguments need none of these, so their resolvers are set once the schema is built.
    """
    schema: GraphQLSchema = strawberry.Schema(  # noqa: SLF001
        query=query,
        mutation=mutation,
        subscription=subscription,
        types=[NAMESPACE[name] for name in types],
        config=CONFIG,
    )._schema
    for made in schema.type_map.values():
        if isinstance(made, GraphQLObjectType):
            for key, resolve in DIRECT_RESOLVERS.get(made.name, {}).items():
                made.fields[key].resolve = resolve
    return schema


def read_input(name: str, value: Any) -> Any:
    """A value of graphql-core for an input type, as Strawberry passes it to resolvers."""
    return convert_argument(value, NAMESPACE[name], DEFAULT_SCALAR_REGISTRY, CONFIG)


def read_arguments(field: GraphQLField, values: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a field, as Strawberry passes graphql-core's to its resolver."""
    return convert_arguments(values, _declared(field).arguments, DEFAULT_SCALAR_REGISTRY, CONFIG)


def reader_of(type_name: str, name: str, field: GraphQLField) -> Callable[[Any], Any]:
    """Reads a field without arguments, whose resolver needs no context."""
    resolve = DIRECT_RESOLVERS.get(type_name, {}).get(name)
    return attrgetter(_declared(field).python_name) if resolve is None else lambda value: resolve(value, None)


def _declared(field: GraphQLField) -> StrawberryField:
    declared: StrawberryField = field.extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
    return declared


def _attribute(name: str) -> Callable[..., Any]:
    def resolve(source: Any, _info: Any) -> Any:
        return source[name] if isinstance(source, dict) else getattr(source, name)

    return resolve
