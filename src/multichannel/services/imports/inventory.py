"""Records what a customer bought elsewhere, from its own list, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from multichannel.domain.commerce import RecordedBy
from multichannel.domain.new_subscriptions import ExternalSubscription
from multichannel.domain.subscriptions import Subscription
from multichannel.errors import NotVisible, Refused
from multichannel.importing.inventory import InventoryFormat, InventoryRow, read_inventory
from multichannel.importing.problems import Problem, UnreadableFile
from multichannel.importing.report import FileReport, ImportRefused, ImportReport, Outcome
from multichannel.policy.schema.resources import CUSTOMER
from multichannel.policy.schema.vocabulary import Action, SystemRole, system_principal
from multichannel.services.provisioning import customer_principal
from multichannel.services.subscriptions import record_external_subscription
from multichannel.store.audit.mutation_context import MutationContext
from multichannel.store.store import Store
from multichannel.store.unit_of_work import UnitOfWork

OPERATION = "import_inventory"
EDITS = ("friendly_name", "quantity", "commitment_end_date", "auto_renew_enabled")
"""What a later list changes of a record, as far as it says it."""


def import_inventory(store: Store, directory_id: str, path: Path, how: InventoryFormat) -> ImportReport:
    """Record the rows of a file for a customer, as its own records, or none of them.

    The policy decides as for the customer's own users. A row with the id of a record, or with the channel,
    product and name of one, is that record. ImportRefused, with the report, if any row is invalid.
    """
    try:
        operator = system_principal(SystemRole.OPERATOR)
        principal = store.write(operator, lambda work: customer_principal(work, directory_id))
    except NotVisible:
        raise Refused(f"Customer {directory_id} not found. Add it first: multichannel customer add") from None
    report = ImportReport([FileReport(str(path))])
    rows = _read(path, how, report.files[0])
    if report.rejected_total:
        raise ImportRefused(report)
    customer_id: str = principal.tenant_id
    mutation = MutationContext(OPERATION, CUSTOMER.name, customer_id)

    def record(work: UnitOfWork) -> str:
        report.files[0] = file = FileReport(str(path))
        file.kinds["Subscription"] = len(rows)
        _record(work, customer_id, rows, file)
        if file.rejected_total:
            raise ImportRefused(report)
        return customer_id

    store.act(principal, mutation, record)
    report.stored = True
    return report


def _read(path: Path, how: InventoryFormat, file: FileReport) -> list[InventoryRow]:
    rows: list[InventoryRow] = []
    lines: dict[Any, int] = {}
    try:
        for each in read_inventory(path, how):
            if not isinstance(each, InventoryRow):
                file.reject_line(*each)
            elif (first := lines.setdefault(_key(each.external), each.line)) != each.line:
                message = f"Line {first} describes the same subscription. Keep one, or give each its id."
                file.reject_line(each.line, [Problem("product", "CONTRADICTION", message)])
            else:
                rows.append(each)
    except UnreadableFile as error:
        file.fail(error)
    return rows


def _record(work: UnitOfWork, customer_id: str, rows: Iterable[InventoryRow], file: FileReport) -> None:
    customer = work.customers.get(customer_id, to=Action.RECORD_SUBSCRIPTION)
    stored = work.query_for(customer).all(
        Subscription, owner_id=customer_id, customer_id=customer_id, recorded_by=RecordedBy.CUSTOMER
    )
    known: dict[Any, Subscription] = {_key(each): each for each in stored}
    for row in rows:
        before = known.get(_key(row.external))
        try:
            if before is None:
                record_external_subscription(work, customer_id, row.external)
                file.count(Outcome.CREATED)
            else:
                file.count(_update(work, before, row.external))
        except Refused as refused:
            field = refused.path[-1] if refused.path else ""
            file.reject_line(row.line, [Problem(field, refused.code, refused.message)])


def _update(work: UnitOfWork, stored: Subscription, external: ExternalSubscription) -> Outcome:
    wanted = {name: getattr(external, name) for name in EDITS}
    edits = {
        name: value for name, value in wanted.items() if value is not None and getattr(stored, name) != value
    }
    if not edits:
        return Outcome.UNCHANGED
    row = work.subscriptions.get(stored.id, to=Action.UPDATE)
    row.change(edits, at=work.now)
    row.schedule_transitions()
    return Outcome.UPDATED


def _key(described: ExternalSubscription | Subscription) -> Sequence[Any]:
    """What tells one subscription of a customer from another."""
    if described.entitlement_id is not None:
        return (described.entitlement_id,)
    name = described.friendly_name or described.offer_name or ""
    return described.channel, (described.offer_name or "").casefold(), name.casefold()
