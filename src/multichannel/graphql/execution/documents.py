"""Documents: parsed and validated, within limits; what signed-in callers send is kept to be read once."""

from __future__ import annotations

from dataclasses import dataclass
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
from multichannel.graphql.execution.errors import PARSE_FAILED, VALIDATION_FAILED, plain, with_code
from multichannel.graphql.execution.limits import check_size
from multichannel.graphql.schema import build_schema

MOST_TOKENS = 2_000
MOST_ERRORS = 5
KEPT = 100
LONGEST_KEPT = 4_000
"""Longer documents are read each time. One of this many characters may take 0.75 MB when it is parsed, two
hundred times its text, so that all that are kept take 75 MB at most.
"""


class Unreadable(Exception):
    """A document that cannot be executed; `errors` tell why, as clients are told."""

    def __init__(self, *errors: dict[str, Any]) -> None:
        """Keep what to answer."""
        super().__init__("The document cannot be executed.")
        self.errors = list(errors)


@dataclass(frozen=True, slots=True)
class Document:
    """A document that can be executed."""

    parsed: DocumentNode

    def operation_type(self, name: str | None) -> OperationType | None:
        """What kind of operation would be executed; None when the name does not choose one."""
        operation = get_operation_ast(self.parsed, name)
        return operation.operation if isinstance(operation, OperationDefinitionNode) else None


def read_document(text: str, *, keep: bool) -> Document:
    """The document of a text, or Unreadable; to `keep` it is to find it in memory the next time.

    Only a document that can be executed is kept: an exception is not.
    """
    return _kept(text) if keep and len(text) <= LONGEST_KEPT else _read(text)


def _read(text: str) -> Document:
    try:
        parsed = parse(text, max_tokens=MOST_TOKENS, no_location=False)
    except GraphQLError as error:
        raise Unreadable(with_code(error, PARSE_FAILED)) from None
    try:
        check_size(parsed)
    except TooComplex as error:
        raise Unreadable(plain(error)) from None
    if errors := validate(build_schema(), parsed, max_errors=MOST_ERRORS):
        raise Unreadable(*(with_code(error, VALIDATION_FAILED) for error in errors))
    return Document(parsed)


_kept = lru_cache(KEPT)(_read)
