"""Audit records."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from multichannel.graphql.framework.changed_fields import AuditChange, changed_fields
from multichannel.graphql.framework.fields import Column, Computed, ToOne, resource_type
from multichannel.policy.schema.resources import AUDIT_RECORD
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.read.list_query import ReadableColumn
from multichannel.store.unit_of_work import UnitOfWork

SUMMARY, READ = Action.READ_SUMMARY, Action.READ
OLD, NEW = ReadableColumn("old_value", READ), ReadableColumn("new_value", READ)


def _changes(work: UnitOfWork, ids: Collection[str]) -> Mapping[str, list[AuditChange]]:
    """The fields of each record in order, for those that may be read."""
    records = work.reader.records(AUDIT_RECORD, frozenset({OLD, NEW}), "id", ids)
    return {
        row_id: changed_fields(record.values["old_value"], record.values["new_value"])
        for row_id, record in records.items()
    }


@resource_type(AUDIT_RECORD)
class AuditRecord:
    """An entry of your tenant's audit log: the outcome of an operation on one record."""

    number = Column(
        "The position in your tenant's audit chain; consecutive.", SUMMARY, filter=True, order=True
    )
    operation_date = Column("When the operation took place.", SUMMARY, filter=True, order=True)
    operation = Column("The operation, such as `accept_transfer`.", SUMMARY, filter=True, order=True)
    status = Column(
        "Whether the operation succeeded, was refused or was denied.", SUMMARY, filter=True, order=True
    )
    resource_type = Column(
        "The type of the record, such as `Subscription`.", SUMMARY, filter=True, order=True
    )
    resource_id = Column(
        "The GUID in the id of the record; null if no record was created. Filters take the id as well.",
        SUMMARY,
        filter=True,
    )
    customer_id = Column(
        "The tenant GUID of the customer that the record belongs to; the GUID in its id until it is linked, "
        "or if you cannot see it. Filters take either, or the id.",
        SUMMARY,
        filter=True,
        tenants=("Customer",),
    )
    actor_tenant_id = Column(
        "The tenant GUID of the organization that performed the operation; the GUID in its id if you cannot "
        "see it. Filters take either, or the id.",
        SUMMARY,
        filter=True,
        tenants=("Partner", "Customer"),
    )
    reasons = Column(
        "The codes of the refusal or of the denial reasons; empty if the operation succeeded.", SUMMARY
    )
    event_id = Column("The id of the event about the same change; event streams take it as `after`.", SUMMARY)
    correlation_id = Column(
        "The id shared by all audit records and events of one operation.", SUMMARY, filter=True
    )
    changes = Computed(
        "The changed fields. For operations of other tenants, only those disclosed to you.",
        "list[AuditChange]",
        READ,
        _changes,
        witness="seal",
        absent=(),
    )
    delegated_admin_grant = ToOne(
        "The grant of delegated admin by which a partner acted for the customer; null if none was used.",
        "DelegatedAdminGrant",
        SUMMARY,
    )
    actor_name = Column(
        "The name of the person who performed the operation by delegation; null for other operations.", READ
    )
    actor_user_id = Column(
        "The GUID of the user that performed the operation; null for users of other tenants, "
        "unless they acted by delegation.",
        READ,
        filter=True,
    )
    seal = Column("SHA-256 over this record and the seal of the previous one.", READ)
