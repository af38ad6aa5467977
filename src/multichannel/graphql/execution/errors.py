"""Errors as clients see them: a sentence and a code; the cause of a fault stays in the log."""

from __future__ import annotations

import logging
from typing import Any
from uuid import uuid4

from graphql import GraphQLError

from multichannel.errors import MultichannelError, NotPermitted

log = logging.getLogger(__name__)

PARSE_FAILED, VALIDATION_FAILED, BAD_INPUT, INTERNAL = (
    "GRAPHQL_PARSE_FAILED",
    "GRAPHQL_VALIDATION_FAILED",
    "BAD_INPUT",
    "INTERNAL",
)


def with_code(error: GraphQLError, code: str) -> dict[str, Any]:
    """An error of the request itself, whose text is about the document alone; a code of ours goes first."""
    cause = _root(error)
    found = cause.code if isinstance(cause, MultichannelError) else code
    return {**error.formatted, "extensions": {"code": found}}


def plain(error: MultichannelError) -> dict[str, Any]:
    """An error that has no place in a document."""
    return {"message": error.message, "extensions": _extensions(error)}


def raised(error: GraphQLError) -> dict[str, Any]:
    """An error of execution: ours as it is, the executor's about input as BAD_INPUT, all else as a fault."""
    cause = _root(error)
    if isinstance(cause, MultichannelError):
        return {**error.formatted, "message": cause.message, "extensions": _extensions(cause)}
    if cause is None:
        return with_code(error, BAD_INPUT)
    return {**error.formatted, **fault(cause, error.path)}


def fault(cause: BaseException, path: list[str | int] | None = None) -> dict[str, Any]:
    """What went wrong inside: for the client a number to tell the operator, for the log the cause."""
    correlation = str(uuid4())
    log.error("fault %s at %s", correlation, path, exc_info=cause)
    message = "Something went wrong here. Tell the operator the correlation id."
    return {"message": message, "extensions": {"code": INTERNAL, "correlationId": correlation}}


def _root(error: GraphQLError) -> BaseException | None:
    cause: BaseException | None = error.original_error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause


def _extensions(error: MultichannelError) -> dict[str, Any]:
    if isinstance(error, NotPermitted) and error.reasons:
        return {"code": error.code, "reasons": list(error.reasons)}
    return {"code": error.code}
