"""The fields of `Mutation`: what declared mutations take and return, and how they are run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from multichannel.domain.refusals import Refusal
from multichannel.errors import BadInput, Refused, Unavailable
from multichannel.graphql.framework.context import OperationContext, ResolveInfo
from multichannel.graphql.framework.fields import DECLARATIONS, TypeDeclaration, camel
from multichannel.graphql.framework.global_ids import read_id_of
from multichannel.graphql.framework.inputs import idempotency_of
from multichannel.graphql.framework.mutation import MUTATIONS, MutationDeclaration
from multichannel.graphql.framework.selected_columns import columns_at
from multichannel.graphql.framework.strawberry_types import Field, input_type, object_type, register
from multichannel.graphql.framework.user_errors import user_error, user_error_types
from multichannel.policy.schema.resources import Resource
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.audit.mutation_context import MutationContext
from multichannel.store.read.list_query import LoadedRecord, ReadableColumn


@dataclass(frozen=True, slots=True)
class MutationOutcome:
    """What came of a mutation: the id of what it changed or made, the refusal for clients, or an error."""

    value: str | dict[str, Any] | Exception
    codes: Mapping[str, str] = field(default_factory=dict)
    """Those of invitations that it has made, by the id of what they are for."""


def mutation_type() -> Any:
    """Make `Mutation` of all declared mutations, with the types of their payloads."""
    user_error_types()
    return object_type(
        "Mutation",
        "The mutations. Each field runs in its own transaction; the fields of an operation run and commit in "
        "the order in which they are written.",
        {
            name: field
            for each in MUTATIONS.values()
            for name, field in (
                (each.attribute, _field(each)),
                *([(f"bulk_{each.attribute}", _bulk_field(each))] if each.in_bulk else []),
            )
        },
    )


def _field(declared: MutationDeclaration) -> Field:
    declaration = DECLARATIONS[declared.returns.name]
    record_field = _record_field(declaration)
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


def run_mutation(
    declared: MutationDeclaration, operation: OperationContext, input: Any
) -> str | dict[str, Any] | Exception:
    """Run the use case in its transaction; what an `MutationOutcome` holds."""
    return _item_outcome(declared, operation, input, _context(declared, operation))


def _context(declared: MutationDeclaration, operation: OperationContext) -> MutationContext:
    """What the audit records of all items of a call share."""
    resource = declared.requires.resource_for(operation.principal.kind)
    return MutationContext(declared.attribute, resource.name)


def _attempt(
    declared: MutationDeclaration, operation: OperationContext, input: Any, context: MutationContext
) -> str | dict[str, Any]:
    """Run the use case in its transaction: the id of what it changed or made, or the refusal for clients."""
    resource = declared.requires.resource_for(operation.principal.kind, input)
    target_id = _target_id(resource, input)
    act = replace(
        context, resource_type=resource.name, resource_id=target_id, idempotency=idempotency_of(input)
    )
    try:
        return operation.act(act, lambda work: str(declared.use_case(work, input).id))
    except Refused as refusal:
        return user_error(refusal, _current_version(operation, resource, target_id, refusal))


MOST_ITEMS = 100
"""Of all bulk mutations of one operation: each item is a transaction."""


def _bulk_field(declared: MutationDeclaration) -> Field:
    """The mutation for several inputs, with the payload of the single one for each."""
    declaration = DECLARATIONS[declared.returns.name]
    single = camel(declared.attribute)
    name = f"Bulk{single[0].upper()}{single[1:]}"
    items = (
        f"The inputs, 1 to {MOST_ITEMS} in all bulk mutations of an operation. They run in this order; each "
        "has an idempotency key of its own."
    )
    input_type(
        f"{name}Input",
        f"Several inputs of `{single}`.",
        {"items": (f"list[{declared.input_type.__name__}]", items)},
    )
    result = (
        "What came of each item, in the order of the items; null for one that was denied or is invalid: its "
        "error has the path of the result."
    )
    object_type(
        f"{name}Payload",
        f"The results of `bulk{name.removeprefix('Bulk')}`.",
        {"results": Field(f"list[{_payload_name(declared)} | None]", result)},
    )
    description = (
        f"Do the same as `{single}` for several inputs, each in its own transaction: what is refused or "
        f"denied of one changes nothing about the others. {declared.requires}"
    )
    return Field(
        f"{name}Payload | None",
        description,
        _bulk_resolver(declared, declaration),
        {"input": (f"{name}Input", "The input of the mutation.")},
    )


def _bulk_resolver(declared: MutationDeclaration, declaration: TypeDeclaration) -> Callable[..., Any]:
    """Runs the use case for each item, then reads all records at once."""
    record_field = _record_field(declaration)

    def resolve(_root: object, info: ResolveInfo, input: Any) -> dict[str, Any]:
        operation = info.context
        operation.count_items(len(input.items), most=MOST_ITEMS)
        context = _context(declared, operation)
        outcomes = [_item_outcome(declared, operation, item, context) for item in input.items]
        ids = {each for each in outcomes if isinstance(each, str)}
        columns = columns_at(info, ["results", record_field], declaration)
        fault: Unavailable | None = None
        records: dict[Any, LoadedRecord] = {}
        try:
            records = operation.reader.records(declaration.resource, columns, "id", ids) if ids else {}
        except Unavailable as prevented:  # the changes are done
            fault = prevented

        def shown(outcome: str | dict[str, Any] | Exception) -> dict[str, Any] | Exception:
            if isinstance(outcome, str):
                return {record_field: fault or records.get(outcome), "user_errors": []}
            return {record_field: None, "user_errors": [outcome]} if isinstance(outcome, dict) else outcome

        return {"results": [shown(outcome) for outcome in outcomes]}

    return resolve


def _item_outcome(
    declared: MutationDeclaration, operation: OperationContext, item: Any, context: MutationContext
) -> str | dict[str, Any] | Exception:
    """What came of an item, or its error, which graphql-core raises at the path of the result."""
    try:
        return _attempt(declared, operation, item, context)
    except Exception as error:  # noqa: BLE001  (of one item, which hides nothing of what was done with others)
        return error


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


def _record_field(declaration: TypeDeclaration) -> str:
    """The field of a payload that shows a record of the type."""
    return declaration.name[0].lower() + declaration.name[1:]


def _payload_name(declared: MutationDeclaration) -> str:
    name = camel(declared.attribute)
    return f"{name[0].upper()}{name[1:]}Payload"


def _payload(declared: MutationDeclaration, declaration: TypeDeclaration, record_field: str) -> str:
    name, payload = camel(declared.attribute), _payload_name(declared)
    now = f"The {declaration.name} after the mutation; null if it was refused or you cannot see the result."
    fields = {
        record_field: Field(f"{declaration.name} | None", now),
        "user_errors": Field("list[UserError]", "Why the mutation was refused; empty if it succeeded."),
    }
    object_type(payload, f"The result of `{name}`.", fields)
    return payload


def _target_id(resource: Resource, input: Any) -> str | None:
    """The record that the action is on, for the audit log; None where the input does not name it."""
    named = (getattr(input, name, "") for name in ("id", "customer", "subscription"))
    try:
        return read_id_of(resource, next(filter(None, named), ""))
    except BadInput:
        return None


def _current_version(
    operation: OperationContext, resource: Resource, row_id: str | None, refusal: Refused
) -> int | None:
    """The version that a stale one was compared with, for callers who may read it."""
    if refusal.code != Refusal.STALE_VERSION.code or row_id is None:
        return None
    wanted = frozenset({ReadableColumn("version", Action.READ)})
    record = operation.record(resource, row_id, wanted)
    version = record.values["version"] if record else None
    return version if isinstance(version, int) else None
