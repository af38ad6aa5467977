"""One item of a bulk mutation, as JSON: read as GraphQL reads an input, run as the single mutation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from graphql import GraphQLError, GraphQLInputObjectType
from graphql.utilities import coerce_input_value, validate_input_value

from multichannel.domain.base import new_id
from multichannel.domain.bulk_operations import BulkItemStatus
from multichannel.errors import BadInput, Denied, MultichannelError, Unauthenticated
from multichannel.graphql.execution.errors import domain_error, internal_error
from multichannel.graphql.framework.bulk_fields import planned_changes
from multichannel.graphql.framework.context import OperationContext
from multichannel.graphql.framework.fields import camel
from multichannel.graphql.framework.global_ids import prefix
from multichannel.graphql.framework.mutation import MUTATIONS
from multichannel.graphql.framework.mutation_run import Outcome, audit_context, run_item
from multichannel.graphql.framework.strawberry_types import read_input
from multichannel.graphql.schema import build_schema
from multichannel.store.mutations import DryRun
from multichannel.store.store import Store
from multichannel.store.users import Caller


@dataclass(frozen=True, slots=True)
class ItemResult:
    """What came of an item: the global id of the record, or errors with code and message.

    `planned` is what a dry run would change.
    """

    status: BulkItemStatus
    record_id: str | None = None
    errors: tuple[dict[str, Any], ...] = ()
    planned: tuple[dict[str, Any], ...] | None = None


def invalid(message: str) -> ItemResult:
    """The result of an item that cannot be read."""
    return ItemResult(BulkItemStatus.INVALID, errors=({"code": BadInput.code, "message": message},))


class BulkMutation:
    """A mutation that runs in bulk, by its GraphQL name; BadInput if there is none of this name."""

    def __init__(self, name: str) -> None:
        schema = build_schema()
        declared = MUTATIONS.get(name)
        if declared is None or not declared.in_bulk:
            raise BadInput(f"{name!r} is not a mutation for many items. One of: {', '.join(bulk_names())}.")
        self.name, self._declared = name, declared
        kind = schema.type_map[declared.input_type.__name__]
        assert isinstance(kind, GraphQLInputObjectType)  # noqa: S101  (for the type checker)
        self.input_type = kind
        self.summary = declared.description
        self._correlation_id = new_id()

    def run(
        self, store: Store, caller: Caller, item: Any, *, key: str | None = None, is_dry_run: bool = False
    ) -> ItemResult:
        """Do what an item asks for, or tell what it would do. Raises Unauthenticated alone."""
        errors: list[dict[str, Any]] = []

        def note(error: GraphQLError, path: list[str | int]) -> None:
            errors.append({"code": BadInput.code, "message": error.message, "path": list(map(str, path))})

        validate_input_value(item, self.input_type, note)
        if errors:
            return ItemResult(BulkItemStatus.INVALID, errors=tuple(errors))
        value = coerce_input_value(item, self.input_type)
        context = OperationContext(store, caller)
        with store.operation():
            try:
                shared = replace(audit_context(self._declared, context), correlation_id=self._correlation_id)
                outcome = run_item(
                    self._declared,
                    context,
                    read_input(self.input_type.name, value),
                    shared,
                    key=key,
                    is_dry_run=is_dry_run,
                )
            finally:
                context.close()
        return self._result(outcome)

    def _result(self, outcome: Outcome) -> ItemResult:
        if isinstance(outcome, str):
            return ItemResult(BulkItemStatus.SUCCEEDED, prefix(self._declared.returns) + outcome)
        if isinstance(outcome, DryRun):
            return ItemResult(BulkItemStatus.SUCCEEDED, planned=tuple(planned_changes(outcome)))
        if isinstance(outcome, dict):
            shown = {camel(key): value for key, value in outcome.items() if value not in (None, [])}
            return ItemResult(BulkItemStatus.REFUSED, errors=(shown,))
        return failure(outcome)


def failure(cause: Exception) -> ItemResult:
    """The result of an item that raised an error; Unauthenticated is raised again."""
    if isinstance(cause, Unauthenticated):
        raise cause
    statuses = {Denied: BulkItemStatus.DENIED, BadInput: BulkItemStatus.INVALID}
    status = next((each for kind, each in statuses.items() if isinstance(cause, kind)), BulkItemStatus.FAILED)
    error = domain_error(cause) if isinstance(cause, MultichannelError) else internal_error(cause)
    return ItemResult(status, errors=({**error["extensions"], "message": error["message"]},))


def bulk_names() -> list[str]:
    """The GraphQL names of the mutations that run in bulk."""
    build_schema()
    return [name for name, declared in MUTATIONS.items() if declared.in_bulk]
