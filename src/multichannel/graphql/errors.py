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
    """An error of the request itself: its text is the executor's own, about the document alone."""
    return {**error.formatted, "extensions": {"code": code}}


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
    correlation = str(uuid4())
    log.error("fault %s at %s", correlation, error.path, exc_info=cause)
    message = "Something went wrong here. Tell the operator the correlation id."
    return {
        **error.formatted,
        "message": message,
        "extensions": {"code": INTERNAL, "correlationId": correlation},
    }


def _root(error: GraphQLError) -> BaseException | None:
    cause: BaseException | None = error.original_error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause


def _extensions(error: MultichannelError) -> dict[str, Any]:
    if isinstance(error, NotPermitted) and error.reasons:
        return {"code": error.code, "reasons": list(error.reasons)}
    return {"code": error.code}
