"""The interpreter: graphql-core executes a document with the schema's resolvers."""

from __future__ import annotations

from typing import Any

from graphql import ExecutionResult, GraphQLError, OperationType, execute_sync

from multichannel.errors import DatabaseUnavailable
from multichannel.graphql.execution.documents import ParsedDocument
from multichannel.graphql.execution.errors import execution_error, root_cause
from multichannel.graphql.execution.faults import Faults, without_empty_data
from multichannel.graphql.execution.requests import GraphQLRequest
from multichannel.graphql.framework.context import OperationContext
from multichannel.graphql.schema import build_schema
from multichannel.store.store import Store
from multichannel.store.users import Caller, VerifiedToken

ResponseBody = dict[str, Any]
"""A GraphQL response. One without `data` is the last: nothing was executed, or nothing more will be."""

AnyResponse = ResponseBody | bytes
"""A response, or the JSON text of one with `data`, as a compiled statement has written it."""


def execute_document(  # noqa: PLR0913  (all that an operation needs)
    store: Store,
    caller: Caller | VerifiedToken | None,
    document: ParsedDocument,
    request: GraphQLRequest,
    root: object = None,
    *,
    faults: Faults | None = None,
) -> ResponseBody:
    """Execute one operation in a context of its own, which is closed afterwards.

    A query whose connection was lost is executed once more: it only reads. One whose decisions are recorded
    is not, as they would be recorded twice.
    """
    result = _execute(store, caller, document, request, root)
    is_query = document.operation_type(request.operation_name) is OperationType.QUERY
    if is_query and not store.is_recording and any(map(_is_loss, result.errors or ())):
        result = _execute(store, caller, document, request, root)
    if faults is not None and result.errors:
        faults.report_errors(result.errors)
    return to_response(result)


def _is_loss(error: GraphQLError) -> bool:
    cause = root_cause(error)
    return isinstance(cause, DatabaseUnavailable) and cause.is_lost


def _execute(
    store: Store,
    caller: Caller | VerifiedToken | None,
    document: ParsedDocument,
    request: GraphQLRequest,
    root: object,
) -> ExecutionResult:
    context = OperationContext(store, caller)
    try:
        return execute_sync(
            build_schema(),
            document.ast,
            root_value=root,
            variable_values=request.variables,
            operation_name=request.operation_name,
            context_value=context,
        )
    finally:
        context.close()


def to_response(result: ExecutionResult) -> ResponseBody:
    """The response for an execution result; without `data` if execution never began or failed as a whole."""
    errors = [execution_error(error) for error in result.errors or ()]
    if result.data is None and errors and not any(error.path for error in result.errors or ()):
        return {"errors": errors}
    return without_empty_data({"data": result.data, "errors": errors}) if errors else {"data": result.data}
