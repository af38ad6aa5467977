"""Stores a partner's export in one transaction, completely or not at all.

`importing` has read and validated the files. One module per kind of item; `unit.py` is the context. Imports
`importing`, `store`, `policy` and `domain`. Start with `store_export`.
"""

from __future__ import annotations

from contextlib import closing

from multichannel.errors import NotVisible, Refused
from multichannel.importing.export import Export
from multichannel.importing.report import ImportRefused, ImportReport
from multichannel.policy.schema.resources import PARTNER
from multichannel.policy.schema.vocabulary import Action, SystemRole, system_principal
from multichannel.services.imports.customers import store_customers
from multichannel.services.imports.dry_run import add_missing, watch
from multichannel.services.imports.partnerships import store_partner_relationships
from multichannel.services.imports.relationships import attach_resellers
from multichannel.services.imports.subscriptions import store_subscriptions
from multichannel.services.imports.transfers import store_transfers
from multichannel.services.imports.unit import ImportOptions, ImportUnit
from multichannel.store.audit.mutation_context import MutationContext
from multichannel.store.store import Store
from multichannel.store.unit_of_work import UnitOfWork

__all__ = ["ImportOptions", "import_export", "store_export"]

IMPORTER = system_principal(SystemRole.IMPORTER)
DEFAULT_OPTIONS = ImportOptions()
OPERATION = "import"
"""The name of the operation in audit records and events."""


def import_export(
    store: Store, partner_id: str, export: Export, options: ImportOptions = DEFAULT_OPTIONS
) -> ImportReport:
    """Check all files, then store them as this partner's facts; the report says what was done.

    ImportRefused, with the report, if anything is wrong with any of them; Refused if there is no such
    partner. No transaction is open while files are checked.
    """
    with closing(export):
        try:
            store.write(IMPORTER, lambda work: work.partners.get(partner_id, to=Action.IMPORT))
        except NotVisible:
            raise Refused(f"Partner {partner_id} not found. Add it first: multichannel partner add") from None
        report = export.check()
        if report.rejected_total and (report.failed or not options.keeps_going):
            raise ImportRefused(report)
        # The importing partner is the actor of all that changes.
        mutation = MutationContext(OPERATION, PARTNER.name, partner_id)
        stored = store.act_in_bulk(
            IMPORTER,
            mutation,
            lambda work: store_export(work, partner_id, export, options),
            is_dry_run=options.is_dry_run,
        )
        if not options.is_dry_run:
            store.update_statistics()
        return stored


def store_export(
    work: UnitOfWork, partner_id: str, export: Export, options: ImportOptions = DEFAULT_OPTIONS
) -> ImportReport:
    """Store a checked export in order of reference: partners, customers, subscriptions, transfers."""
    partner = work.partners.get(partner_id, to=Action.IMPORT)
    unit = ImportUnit(work, partner, export, options)
    if options.is_dry_run:
        watch(unit)
    resellers = store_partner_relationships(unit)
    store_customers(unit, resellers)
    attach_resellers(unit, resellers)
    store_subscriptions(unit, resellers)
    store_transfers(unit)
    unit.bulk_changes.settle()
    if options.is_dry_run:
        add_missing(unit)
    export.finish(unit.report)
    if unit.report.failed or (unit.report.rejected_total and not options.keeps_going):
        raise ImportRefused(unit.report)
    unit.report.stored, unit.report.is_dry_run = not options.is_dry_run, options.is_dry_run
    return unit.report
