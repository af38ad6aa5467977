"""Errors in responses: a message and a code. The cause of an internal error is only logged."""

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


def request_error(error: GraphQLError, code: str) -> dict[str, Any]:
    """An error in the request, with `code` unless its cause has a code of its own."""
    cause = root_cause(error)
    return {
        **error.formatted,
        "extensions": {"code": cause.code if isinstance(cause, MultichannelError) else code},
    }


def domain_error(error: MultichannelError) -> dict[str, Any]:
    """An error without a location in the document."""
    return {"message": error.message, "extensions": _extensions(error)}


def execution_error(error: GraphQLError) -> dict[str, Any]:
    """Domain errors keep their code, graphql-core's become BAD_INPUT, all others INTERNAL."""
    cause = root_cause(error)
    if isinstance(cause, MultichannelError):
        return {**error.formatted, **domain_error(cause)}
    if cause is None:
        return request_error(error, BAD_INPUT)
    return {**error.formatted, **internal_error(cause, error.path)}


def internal_error(cause: BaseException, path: list[str | int] | None = None) -> dict[str, Any]:
    """Log the cause of an internal error; the client receives a correlation id instead."""
    correlation = str(uuid4())
    log.error("internal error %s at %s", correlation, path, exc_info=cause)
    message = "Internal error. Quote the correlation id when you report it."
    return {"message": message, "extensions": {"code": INTERNAL, "correlationId": correlation}}


def root_cause(error: GraphQLError) -> BaseException | None:
    """What a resolver raised; None for an error of graphql-core's own."""
    cause: BaseException | None = error.original_error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause


def _extensions(error: MultichannelError) -> dict[str, Any]:
    if isinstance(error, NotPermitted) and error.reasons:
        return {"code": error.code, "reasons": list(error.reasons)}
    return {"code": error.code}
