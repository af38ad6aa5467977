"""The root of event streams: what each field tells of an event, to those who may see its object now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import strawberry
from strawberry.types.field import StrawberryField

from multichannel.errors import BadInput, NotVisible
from multichannel.graphql.framework.context import Operation, ResolveInfo
from multichannel.graphql.framework.fields import DECLARATIONS, Declaration
from multichannel.graphql.framework.global_ids import prefix, read_id_of
from multichannel.graphql.framework.inputs import GUID_FORM
from multichannel.graphql.framework.selected_columns import columns_at
from multichannel.graphql.framework.type_builder import field_with_arguments, made_type, plain_field
from multichannel.policy.schema.resources import TRANSFER, Resource
from multichannel.store.read.event_feed import Occurrence
from multichannel.store.read.query import Record

STREAMED = {
    "transfer_changed": "Transfer",
    "reseller_relationship_changed": "ResellerRelationship",
    "subscription_changed": "Subscription",
}
"""The fields of `Events`, and the kind of object each is about."""


@dataclass
class Opening:
    """In place of an event, when a stream is opened: its arguments are checked, and nothing is told.

    It learns of which kind the stream is, and which event to go on after.
    """

    resource: Resource | None = None
    after: Occurrence | None = None


def events_type() -> Any:
    """Make `Events` with its fields."""
    fields = {name: _field(name, DECLARATIONS[kind]) for name, kind in STREAMED.items()}
    told = "Events from now on. Each is told only to those who may see its object at that moment."
    return made_type("Events", told, fields)


def _field(name: str, declaration: Declaration) -> StrawberryField:
    kind = declaration.name
    shown = kind[0].lower() + kind[1:]
    change = f"{kind}Change"
    made_type(
        change,
        f"One change of a {kind}.",
        {
            "event_id": plain_field("event_id", "ID", "The event's own id."),
            "occurred_at": plain_field("occurred_at", "datetime", "When it was changed."),
            "operation": plain_field(
                "operation", "str", "The mutation that changed it, or `expire` when time did."
            ),
            "correlation_id": plain_field(
                "correlation_id", "str", "Ties together the records and events of one act."
            ),
            "transfer_id": plain_field(
                "transfer_id", "ID | None", "The transfer that was part of the act, if one was."
            ),
            shown: plain_field(shown, kind, "The object as it is now."),
        },
    )

    def resolve(
        info: strawberry.Info, id: str | None = None, after: str | None = None
    ) -> dict[str, Any] | None:
        wanted = None if id is None else read_id_of(declaration.resource, id)
        raw: ResolveInfo = info._raw_info  # noqa: SLF001  (Strawberry has no public way to it)
        happened: Occurrence | Opening = raw.root_value
        if isinstance(happened, Opening):
            if wanted is not None and _seen(info.context, declaration, wanted, frozenset()) is None:
                raise NotVisible
            happened.resource = declaration.resource
            happened.after = None if after is None else _event(info.context, declaration, after)
            return None
        if happened.resource_type != kind or wanted not in {None, happened.resource_id}:
            return None
        columns = columns_at(raw, shown, declaration)
        record = _seen(info.context, declaration, happened.resource_id, columns)
        return None if record is None else {**_told(happened), shown: record}

    arguments = {
        "id": ("ID | None", f"Only of this {kind}; of every one you may see if it is left out."),
        "after": (
            "ID | None",
            "The `eventId` you had last: what came since is told first, and the minute before again.",
        ),
    }
    return field_with_arguments(
        name, f"{change} | None", f"A {kind} was made or changed.", resolve, arguments
    )


def _event(operation: Operation, declaration: Declaration, event_id: str) -> Occurrence:
    """An event the client has had; BadInput if it may not know of it, or it is too old."""
    feed = operation.work.feed(declaration.resource)
    found = feed.find(event_id) if GUID_FORM.fullmatch(event_id) else None
    if found is None:
        kind = declaration.name
        raise BadInput(
            f"`after` is no event about a {kind} that you see and that is still kept. "
            "Read the objects, and leave it out."
        )
    return found


def _told(happened: Occurrence) -> dict[str, Any]:
    transfer = happened.transfer_id
    return {
        "event_id": happened.id,
        "occurred_at": happened.occurred_at,
        "operation": happened.operation,
        "correlation_id": happened.correlation_id,
        "transfer_id": None if transfer is None else prefix(TRANSFER) + transfer,
    }


def _seen(operation: Operation, declaration: Declaration, row_id: str, columns: Any) -> Record | None:
    return operation.reader.records(declaration.resource, columns, "id", [row_id]).get(row_id)
