"""Documents: parsed, limited and validated; valid documents of signed-in callers are cached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    get_operation_ast,
    parse,
    validate,
)

from multichannel.errors import TooComplex
from multichannel.graphql.execution.cost import OperationCost
from multichannel.graphql.execution.errors import (
    PARSE_FAILED,
    VALIDATION_FAILED,
    domain_error,
    request_error,
)
from multichannel.graphql.execution.limits import check_size, values_of
from multichannel.graphql.schema import build_schema

MAX_TOKENS = 2_000
MAX_ERRORS = 5
CACHE_SIZE = 100
MAX_CACHED_LENGTH = 4_000
"""Longer documents are parsed each time. A document of this many characters may take 0.75 MB once parsed, two
hundred times its text, so a full cache takes 75 MB at most.
"""


class InvalidDocument(Exception):
    """The document cannot be executed; `errors` is what the client receives."""

    def __init__(self, *errors: dict[str, Any]) -> None:
        super().__init__("The document cannot be executed.")
        self.errors = list(errors)


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """A valid document."""

    ast: DocumentNode
    _costs: dict[str | None, OperationCost] = field(default_factory=dict, compare=False, repr=False)

    def cost(self, name: str | None, variables: Mapping[str, Any] | None) -> int:
        """The cost of the operation that `name` selects; InvalidDocument if it is over a limit."""
        known = self._costs.get(name)
        if known is None:
            operation = get_operation_ast(self.ast, name)
            if operation is None:
                return 0
            known = self._costs[name] = OperationCost(self.ast, operation, values_of(self.ast, operation))
        return within_limits(known, variables)

    def operation_type(self, name: str | None) -> OperationType | None:
        """The type of the operation that `name` selects; None if it selects none."""
        operation = get_operation_ast(self.ast, name)
        return operation.operation if isinstance(operation, OperationDefinitionNode) else None

    def root_fields(self, name: str | None) -> list[str]:
        """The root fields of the operation that `name` selects; none if there are fragments among them."""
        operation = get_operation_ast(self.ast, name)
        selections = operation.selection_set.selections if operation else ()
        fields = [each for each in selections if isinstance(each, FieldNode)]
        return [each.name.value for each in fields] if len(fields) == len(selections) else []


def within_limits(cost: OperationCost, variables: Mapping[str, Any] | None) -> int:
    """The cost of an operation with these variables; InvalidDocument if it is over a limit."""
    try:
        return cost.check(variables)
    except TooComplex as error:
        raise InvalidDocument(domain_error(error)) from None


def read_document(text: str, *, cache: bool) -> ParsedDocument:
    """Parse and validate a document; raises InvalidDocument. Invalid documents are never cached."""
    return _read_cached(text) if cache and len(text) <= MAX_CACHED_LENGTH else _read(text)


def _read(text: str) -> ParsedDocument:
    try:
        ast = parse(text, max_tokens=MAX_TOKENS, no_location=False)
    except GraphQLError as error:
        raise InvalidDocument(request_error(error, PARSE_FAILED)) from None
    try:
        check_size(ast)
    except TooComplex as error:
        raise InvalidDocument(domain_error(error)) from None
    if errors := validate(build_schema(), ast, max_errors=MAX_ERRORS):
        raise InvalidDocument(*(request_error(error, VALIDATION_FAILED) for error in errors))
    return ParsedDocument(ast)


_read_cached = lru_cache(CACHE_SIZE)(_read)
