"""The fields of `Mutation`: what declared mutations take and return, and how they are run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multichannel.errors import Refused, Unavailable
from multichannel.graphql.framework.bulk_fields import bulk_field, planned_change_type
from multichannel.graphql.framework.context import OperationContext, ResolveInfo
from multichannel.graphql.framework.fields import DECLARATIONS, TypeDeclaration, camel
from multichannel.graphql.framework.mutation import MUTATIONS, MutationDeclaration, record_field_of
from multichannel.graphql.framework.mutation_run import MutationOutcome, run_mutation
from multichannel.graphql.framework.selected_columns import columns_at
from multichannel.graphql.framework.strawberry_types import Field, object_type, register
from multichannel.graphql.framework.user_errors import user_error, user_error_types
from multichannel.policy.schema.resources import Resource
from multichannel.store.read.list_query import LoadedRecord, ReadableColumn


def mutation_type() -> Any:
    """Make `Mutation` of all declared mutations, with the types of their payloads."""
    user_error_types()
    planned_change_type()
    return object_type(
        "Mutation",
        "The mutations. Each field runs in its own transaction; the fields of an operation run and commit in "
        "the order in which they are written.",
        {
            name: field
            for each in MUTATIONS.values()
            for name, field in (
                (each.attribute, _field(each)),
                *([(f"bulk_{each.attribute}", bulk_field(each))] if each.in_bulk else []),
            )
        },
    )


def _field(declared: MutationDeclaration) -> Field:
    declaration = DECLARATIONS[declared.returns.name]
    record_field = record_field_of(declared)
    register(declared.input_type)
    return Field(
        f"{_payload(declared, declaration, record_field)} | None",
        declared.description,
        (_redeemer if declared.for_newcomers else _resolver)(declared, declaration, record_field),
        {"input": (declared.input_type.__name__, "The input of the mutation.")},
    )


def _resolver(
    declared: MutationDeclaration, declaration: TypeDeclaration, record_field: str
) -> Callable[..., Any]:
    """Runs the use case in its transaction, then reads the record as the caller may see it.

    A root value that is an `MutationOutcome` says that it has been run.
    """

    def resolve(root: object, info: ResolveInfo, input: Any) -> dict[str, Any]:
        operation = info.context
        if isinstance(root, MutationOutcome):
            operation.codes = root.codes
            outcome = root.value
        else:
            outcome = run_mutation(declared, operation, input)
        if isinstance(outcome, Exception):
            raise outcome
        if not isinstance(outcome, str):
            return {record_field: None, "user_errors": [outcome]}
        columns = columns_at(info, [record_field], declaration)
        return {record_field: _shown(operation, declaration.resource, outcome, columns), "user_errors": []}

    return resolve


def _shown(
    operation: OperationContext, resource: Resource, row_id: str, columns: frozenset[ReadableColumn]
) -> LoadedRecord | Unavailable | None:
    """The record after a change; what prevents reading it is an error of this field: the change is done."""
    try:
        return operation.record(resource, row_id, columns)
    except Unavailable as fault:
        return fault


def _redeemer(
    declared: MutationDeclaration, declaration: TypeDeclaration, record_field: str
) -> Callable[..., Any]:
    """Redeems an invitation, then reads the record as the person may see it who has redeemed it."""

    def resolve(_root: object, info: ResolveInfo, input: Any) -> dict[str, Any]:
        operation = info.context
        try:
            row_id = operation.redeem(lambda store, token: declared.use_case(store, token, input))
        except Refused as refusal:
            return {record_field: None, "user_errors": [user_error(refusal, None)]}
        columns = columns_at(info, [record_field], declaration)
        return {record_field: _shown(operation, declaration.resource, row_id, columns), "user_errors": []}

    return resolve


def _payload(declared: MutationDeclaration, declaration: TypeDeclaration, record_field: str) -> str:
    name = camel(declared.attribute)
    payload = f"{name[0].upper()}{name[1:]}Payload"
    now = f"The {declaration.name} after the mutation; null if it was refused or you cannot see the result."
    fields = {
        record_field: Field(f"{declaration.name} | None", now),
        "user_errors": Field("list[UserError]", "Why the mutation was refused; empty if it succeeded."),
    }
    object_type(payload, f"The result of `{name}`.", fields)
    return payload
