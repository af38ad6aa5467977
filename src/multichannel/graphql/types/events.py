"""The root of GraphQL subscriptions: an event is delivered to callers who can see its record now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from multichannel.domain.base import GUID_FORM
from multichannel.errors import BadInput, NotVisible
from multichannel.graphql.framework.context import OperationContext, ResolveInfo
from multichannel.graphql.framework.fields import DECLARATIONS, TypeDeclaration
from multichannel.graphql.framework.global_ids import prefix, read_id_of
from multichannel.graphql.framework.selected_columns import columns_at
from multichannel.graphql.framework.strawberry_types import Field, object_type
from multichannel.policy.schema.resources import TRANSFER, Resource
from multichannel.store.read.event_feed import StoredEvent

STREAMED = {
    "transfer_changed": "Transfer",
    "reseller_relationship_changed": "ResellerRelationship",
    "subscription_changed": "Subscription",
    "delegated_admin_grant_changed": "DelegatedAdminGrant",
    "support_case_changed": "SupportCase",
}
"""The fields of `Events`, and the type of record that each is about."""


@dataclass
class SubscribeProbe:
    """The root value that checks a subscription's arguments before the first event.

    Resolving it enters the resource that the stream is about, and the event to resume after.
    """

    resource: Resource | None = None
    after: StoredEvent | None = None


def events_type() -> Any:
    """Make `Events` with its fields."""
    fields = {name: _field(DECLARATIONS[kind]) for name, kind in STREAMED.items()}
    text = "Events from now on. An event is delivered only if you can see its record at that moment."
    return object_type("Events", text, fields)


def _field(declaration: TypeDeclaration) -> Field:
    kind = declaration.name
    record_field = kind[0].lower() + kind[1:]

    def resolve(
        event: StoredEvent | SubscribeProbe,
        info: ResolveInfo,
        id: str | None = None,
        after: str | None = None,
    ) -> dict[str, Any] | None:
        operation = info.context
        wanted = None if id is None else read_id_of(declaration.resource, id)
        if isinstance(event, SubscribeProbe):
            if wanted is not None and operation.record(declaration.resource, wanted, frozenset()) is None:
                raise NotVisible
            event.resource = declaration.resource
            event.after = None if after is None else _stored_event(operation, declaration, after)
            return None
        if event.resource_type != kind or wanted not in {None, event.resource_id}:
            return None
        columns = columns_at(info, [record_field], declaration)
        record = operation.record(declaration.resource, event.resource_id, columns)
        return None if record is None else {**_values(event), record_field: record}

    text = f"Changes of each {kind} that you can see, including new ones."
    change = _change_type(kind, record_field)
    return Field(f"{change} | None", text, resolve, _arguments(kind))


def _change_type(kind: str, record_field: str) -> str:
    """Make `TransferChange` and the like."""
    fields = {
        "event_id": Field("ID", "The id of the event; pass it as `after` to resume."),
        "occurred_at": Field("datetime", "When the change took place."),
        "operation": Field(
            "str",
            "The operation that changed the record, such as `accept_transfer`; `expire` for a change that "
            "became due.",
        ),
        "correlation_id": Field("str", "The id shared by all audit records and events of one operation."),
        "transfer_id": Field("ID | None", "The transfer that the change was part of; null if none."),
        record_field: Field(kind, "The record as it is now."),
    }
    name = f"{kind}Change"
    object_type(name, f"A change of a {kind}.", fields)
    return name


def _arguments(kind: str) -> dict[str, tuple[str, str]]:
    return {
        "id": ("ID | None", f"Only changes of this {kind}. Default: changes of all that you can see."),
        "after": (
            "ID | None",
            "The `eventId` you received last. Later events, and those of the minute before, come first.",
        ),
    }


def _stored_event(operation: OperationContext, declaration: TypeDeclaration, event_id: str) -> StoredEvent:
    """An event that the client has received; BadInput if it is not visible or no longer stored."""
    feed = operation.work.feed(declaration.resource)
    event = feed.find(event_id) if GUID_FORM.fullmatch(event_id) else None
    if event is None:
        raise BadInput(
            f"`after` is not the id of a stored event about a {declaration.name} that you can see. "
            "Omit it, and read the records instead."
        )
    return event


def _values(event: StoredEvent) -> dict[str, Any]:
    transfer = event.transfer_id
    return {
        "event_id": event.id,
        "occurred_at": event.occurred_at,
        "operation": event.operation,
        "correlation_id": event.correlation_id,
        "transfer_id": None if transfer is None else prefix(TRANSFER) + transfer,
    }
