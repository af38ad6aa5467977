"""Writes computed values as their selection asks for them: what graphql-core does to complete a value."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from graphql import GraphQLEnumType, GraphQLList, GraphQLNonNull, GraphQLObjectType

from multichannel.graphql.compiled.collecting import Collecting, Nodes
from multichannel.graphql.framework.strawberry_types import reader_of

Complete = Callable[[Any], Any]
"""From a value to what JSON says of it."""


def completion(collecting: Collecting, kind: Any, nodes: Nodes) -> Complete:
    """How values of a GraphQL type are completed for the selection of these nodes.

    It raises what graphql-core would report: ValueError, or a leaf's own error. Such values are faults.
    """
    if isinstance(kind, GraphQLNonNull):
        return _required(completion(collecting, kind.of_type, nodes))
    if isinstance(kind, GraphQLList):
        return _list(completion(collecting, kind.of_type, nodes))
    if isinstance(kind, GraphQLObjectType):
        return _object(collecting, kind, nodes)
    serialize = lru_cache(kind.serialize) if isinstance(kind, GraphQLEnumType) else kind.serialize
    return lambda value: None if value is None else serialize(value)


def _required(complete: Complete) -> Complete:
    def required(value: Any) -> Any:
        completed = complete(value)
        if completed is None:
            raise ValueError("null in place of a value that is required")
        return completed

    return required


def _list(complete: Complete) -> Complete:
    return lambda values: None if values is None else [complete(value) for value in values]


def _object(collecting: Collecting, kind: GraphQLObjectType, nodes: Nodes) -> Complete:
    members: list[tuple[str, Complete, Complete]] = []
    for key, below in collecting.below(nodes, kind.name).items():
        name = below[0].name.value
        if name == "__typename":
            members.append((key, lambda _value: kind.name, str))
        else:
            field = kind.fields[name]
            complete = completion(collecting, field.type, below)
            members.append((key, reader_of(kind.name, name, field), complete))

    def completed(value: Any) -> Any:
        return None if value is None else {key: complete(read(value)) for key, read, complete in members}

    return completed
