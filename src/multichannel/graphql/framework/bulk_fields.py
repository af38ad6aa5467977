"""Bulk mutations: what a declared mutation does for one input, for many, each in its own transaction.

The work of an item is that of the single mutation. What belongs to the call: the keys of its items, their
order, the time that is left, and one look at all records at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from multichannel.errors import NotBegun, Unavailable
from multichannel.graphql.framework.changed_fields import changed_fields
from multichannel.graphql.framework.context import OperationContext, ResolveInfo
from multichannel.graphql.framework.fields import DECLARATIONS, TypeDeclaration, camel
from multichannel.graphql.framework.global_ids import prefix
from multichannel.graphql.framework.inputs import LONGEST_KEY, is_present, parse_key
from multichannel.graphql.framework.mutation import MutationDeclaration, record_field_of
from multichannel.graphql.framework.mutation_run import Outcome, audit_context, run_item
from multichannel.graphql.framework.selected_columns import columns_at
from multichannel.graphql.framework.strawberry_types import Field, input_type, object_type
from multichannel.policy.schema.resources import RESOURCES
from multichannel.store.audit.audit_writer import AuditEntry
from multichannel.store.audit.mutation_context import OWN_KEY
from multichannel.store.mutations import DryRun
from multichannel.store.read.list_query import LoadedRecord

MOST_ITEMS = 1_000
"""Of all bulk mutations of one operation: each item is a transaction."""
ITEMS = (
    f"The inputs, 1 to {MOST_ITEMS:,} in all bulk mutations of an operation. They run in this order. Items "
    "for which there is no time left are not begun, and end with DEADLINE_EXCEEDED."
)
DRY_RUN = (
    "Do nothing, and tell what each item would change, or why it would be refused or denied. Each is judged "
    "by what is stored now, without regard to the items before it. Default: false."
)
KEY = (
    f"A key of your choice, 1 to {LONGEST_KEY} characters: every item that has no key of its own gets one "
    "made of this key and its place. Repeating the mutation with the same key and items returns the first "
    "outcome of each, and does what was not begun."
)
RESULT = (
    "What came of each item, in the order of the items; null for one that was denied, is invalid or was not "
    "begun: its error has the path of the result."
)


def planned_change_type() -> None:
    """Make `PlannedChange`."""
    object_type(
        "PlannedChange",
        "A record that an item of a dry run would change or create.",
        {
            "resource_type": Field("str", "The type of the record, such as `Subscription`."),
            "id": Field("ID | None", "The id of the record; null for one that would be created."),
            "changes": Field("list[AuditChange]", "The fields, as your audit log would have them."),
        },
    )


def bulk_field(declared: MutationDeclaration) -> Field:
    """The mutation for several inputs."""
    declaration = DECLARATIONS[declared.returns.name]
    single = camel(declared.attribute)
    name = f"Bulk{single[0].upper()}{single[1:]}"
    input_type(
        f"{name}Input",
        f"Several inputs of `{single}`.",
        {
            "items": (f"list[{declared.input_type.__name__}]", ITEMS),
            "dry_run": ("bool | None", DRY_RUN),
            "idempotency_key": ("str | None", KEY),
        },
    )
    record = (
        f"The {declaration.name} after all items; null if the item was refused or you cannot see the result. "
        "With `dryRun`, as it is now; null if it would be created."
    )
    object_type(
        f"{name}Result",
        f"What came of an item of `bulk{name.removeprefix('Bulk')}`.",
        {
            record_field_of(declared): Field(f"{declaration.name} | None", record),
            "user_errors": Field("list[UserError]", "Why the item was refused; empty if it succeeded."),
            "planned_changes": Field(
                "list[PlannedChange] | None", "With `dryRun`: what the item would change; else null."
            ),
        },
    )
    object_type(
        f"{name}Payload",
        f"The results of `bulk{name.removeprefix('Bulk')}`.",
        {"results": Field(f"list[{name}Result | None]", RESULT)},
    )
    description = (
        f"Do the same as `{single}` for several inputs, each in its own transaction: what is refused or "
        f"denied of one changes nothing about the others. {declared.requires}"
    )
    return Field(
        f"{name}Payload | None",
        description,
        _resolver(declared, declaration),
        {"input": (f"{name}Input", "The input of the mutation.")},
    )


def _resolver(declared: MutationDeclaration, declaration: TypeDeclaration) -> Callable[..., Any]:
    """Runs the use case for each item, then reads all records at once."""
    record_field = record_field_of(declared)

    def resolve(_root: object, info: ResolveInfo, input: Any) -> dict[str, Any]:
        operation = info.context
        operation.count_items(len(input.items), most=MOST_ITEMS)
        outcomes = [*_outcomes(declared, operation, input)]
        ids = {row_id for each in outcomes if (row_id := _row_id(each)) is not None}
        columns = columns_at(info, ["results", record_field], declaration)
        fault: Unavailable | None = None
        records: dict[Any, LoadedRecord] = {}
        try:
            records = operation.reader.records(declaration.resource, columns, "id", ids) if ids else {}
        except Unavailable as prevented:  # the changes are done
            fault = prevented

        def shown(outcome: Outcome) -> dict[str, Any] | Exception:
            if isinstance(outcome, Exception):
                return outcome
            row_id = _row_id(outcome)
            return {
                record_field: None if row_id is None else fault or records.get(row_id),
                "user_errors": [outcome] if isinstance(outcome, dict) else [],
                "planned_changes": planned_changes(outcome) if input.dry_run else None,
            }

        return {"results": [shown(outcome) for outcome in outcomes]}

    return resolve


def _outcomes(declared: MutationDeclaration, operation: OperationContext, input: Any) -> Iterable[Outcome]:
    """What came of each item, one after the other."""
    key = parse_key(input.idempotency_key) if is_present(input.idempotency_key) else None
    context = audit_context(declared, operation)
    for number, item in enumerate(input.items):
        if operation.is_closing:
            yield NotBegun()
            continue
        item_key = None if key is None else f"{OWN_KEY}{key}{OWN_KEY}{number}"
        yield run_item(declared, operation, item, context, key=item_key, is_dry_run=bool(input.dry_run))


def _row_id(outcome: Outcome) -> str | None:
    if isinstance(outcome, DryRun):
        return outcome.row_id
    return outcome if isinstance(outcome, str) else None


def planned_changes(outcome: Outcome) -> list[dict[str, Any]]:
    """What a dry run would change, as the fields of `PlannedChange`; nothing for what was refused."""
    entries = outcome.entries if isinstance(outcome, DryRun) else ()
    return [_planned_change(each) for each in entries]


def _planned_change(entry: AuditEntry) -> dict[str, Any]:
    is_new = bool(entry.new) and not entry.old
    row_id = None if is_new else f"{prefix(RESOURCES[entry.resource_type])}{entry.resource_id}"
    fields = {
        name: value for name, value in entry.new.items() if name != "id" and value != entry.old.get(name)
    }
    return {
        "resource_type": entry.resource_type,
        "id": row_id,
        "changes": changed_fields(entry.old, fields),
    }
