"""The partners of a new transfer, which people name by directory ids (R54)."""

from __future__ import annotations

from multichannel.domain.base import Base
from multichannel.domain.transfers import Transfer
from multichannel.store.unit_of_work import UnitOfWork


def add_transfer(
    work: UnitOfWork, parent: Base, transfer: Transfer, *, source: str | None, target: str | None
) -> None:
    """Add a transfer whose partners are shown by these directory ids, to the caller and in its audit log.

    A partner that the caller has named is shown as it was named, so that nothing reveals whether it exists.
    """
    named = {"source_partner_id": source, "target_partner_id": target}
    differing = {
        column: directory_id
        for column, directory_id in named.items()
        if directory_id not in {None, getattr(transfer, column)}
    }
    transfer.source_directory_id = differing.get("source_partner_id")
    transfer.target_directory_id = differing.get("target_partner_id")
    work.add_under(parent, transfer)
    for column, directory_id in differing.items():
        work.record_change(transfer, column, None, directory_id)
