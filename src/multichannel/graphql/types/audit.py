"""Audit records."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import orjson
import strawberry

from multichannel.graphql.framework.fields import camel, column, computed, resource_type
from multichannel.graphql.framework.registry import NAMESPACE
from multichannel.policy.schema.resources import AUDIT_RECORD
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.read.query import Shown
from multichannel.store.unit_of_work import Work

SUMMARY, READ = Action.READ_SUMMARY, Action.READ
OLD, NEW = Shown("old_value", READ), Shown("new_value", READ)


@strawberry.type(description="A field that an act changed. What is not text is JSON; null is no value.")
class AuditChange:
    """One field with its values before and after."""

    field: str = strawberry.field(description="The field, as this schema spells it.")
    old: str | None = strawberry.field(description="What it held; null for what was made.")
    new: str | None = strawberry.field(description="What it holds since.")


NAMESPACE["AuditChange"] = AuditChange


def _changes(work: Work, ids: Collection[str]) -> Mapping[str, list[AuditChange]]:
    """The fields of each record in order, for those that may be read."""
    records = work.reader.records(AUDIT_RECORD, frozenset({OLD, NEW}), "id", ids)
    return {
        row_id: _fields(record.values["old_value"], record.values["new_value"])
        for row_id, record in records.items()
    }


def _fields(old: dict[str, Any], new: dict[str, Any]) -> list[AuditChange]:
    return [
        AuditChange(field=camel(name), old=_text(old.get(name)), new=_text(new.get(name)))
        for name in sorted(new)
    ]


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else orjson.dumps(value).decode()


@resource_type(AUDIT_RECORD)
class AuditRecord:
    """What was done, refused or denied to one object, as your tenant may know of it (R53)."""

    number = column("Its place in your tenant's chain, without gaps.", SUMMARY, filter=True, order=True)
    operation_date = column("When.", SUMMARY, filter=True, order=True)
    operation = column("The mutation, such as `accept_transfer`.", SUMMARY, filter=True)
    status = column("Whether it was done, refused by the state of things, or denied.", SUMMARY, filter=True)
    resource_type = column("The kind of object.", SUMMARY, filter=True)
    resource_id = column("The object's GUID.", SUMMARY, filter=True)
    customer_id = column("The GUID of the customer concerned.", SUMMARY, filter=True)
    actor_tenant_id = column("The tenant that acted.", SUMMARY, filter=True)
    reasons = column("Codes of why not.", SUMMARY)
    event_id = column("The event that tells of the same change, to go on from with `after`.", SUMMARY)
    correlation_id = column("Ties together the records and events of one act.", SUMMARY, filter=True)
    changes = computed(
        "The fields that were changed. Of acts of others, those that you are told of.",
        "list[AuditChange]",
        READ,
        _changes,
        witness="seal",
        absent=(),
    )
    actor_user_id = column("The user that acted, of your own tenant.", READ, filter=True)
    seal = column("SHA-256 over this record and the seal before it.", READ)
