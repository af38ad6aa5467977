"""Documents: parsed and validated once, within limits, and kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    get_operation_ast,
    parse,
    validate,
)

from multichannel.errors import TooComplex
from multichannel.graphql.errors import PARSE_FAILED, VALIDATION_FAILED, plain, with_code
from multichannel.graphql.limits import check_size
from multichannel.graphql.schema import build_schema

MOST_TOKENS = 2_000
MOST_ERRORS = 5
KEPT = 500
LONGEST_KEPT = 20_000
"""Documents longer than this many characters are not kept; they are too rarely the same."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document, or the errors that keep it from being executed."""

    parsed: DocumentNode | None
    errors: list[dict[str, Any]] = field(default_factory=list)

    def operation_type(self, name: str | None) -> OperationType | None:
        """What kind of operation would be executed; None when the name does not choose one."""
        operation = get_operation_ast(self.parsed, name) if self.parsed else None
        return operation.operation if isinstance(operation, OperationDefinitionNode) else None


def read_document(text: str) -> Document:
    """The document of a text, from memory if it was read before."""
    return _kept(text) if len(text) <= LONGEST_KEPT else _read(text)


def _read(text: str) -> Document:
    try:
        parsed = parse(text, max_tokens=MOST_TOKENS, no_location=False)
    except GraphQLError as error:
        return Document(None, [with_code(error, PARSE_FAILED)])
    try:
        check_size(parsed)
    except TooComplex as error:
        return Document(None, [plain(error)])
    errors = validate(build_schema(), parsed, max_errors=MOST_ERRORS)
    return Document(None if errors else parsed, [with_code(error, VALIDATION_FAILED) for error in errors])


_kept = lru_cache(KEPT)(_read)
