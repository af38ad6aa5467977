"""Attaches resellers to customers for which an export names them (R24)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from multichannel.importing.problems import Problem
from multichannel.importing.report import Outcome
from multichannel.services.imports.partnerships import Attachment, Resellers
from multichannel.services.imports.relationships import attach_reseller_relationships, ensure_customers
from multichannel.services.imports.unit import ImportUnit, batches

_FIELD: Final = "links.self.uri"


def attach_resellers(unit: ImportUnit, resellers: Resellers) -> None:
    """Attach resellers to customers that the export does not describe."""
    for batch in batches(sorted(resellers.attachments)):
        chosen = {
            customer_id: attachment
            for customer_id in batch
            if (attachment := choose(unit, resellers.attachments[customer_id])) is not None
        }
        partners = {customer_id: attachment.reseller_id for customer_id, attachment in chosen.items()}
        named = ensure_customers(unit, {key: each.item for key, each in chosen.items()}, partners)
        outcomes = attach_reseller_relationships(unit, partners)
        for customer_id, attachment in chosen.items():
            if problem := named.problems.get(customer_id):
                unit.reject(attachment.item, problem)
            elif customer_id in named.inferred or outcomes[customer_id] is not Outcome.UNCHANGED:
                _count_change(unit, attachment)


def choose(unit: ImportUnit, attachments: Sequence[Attachment]) -> Attachment | None:
    """The attachment of a customer; None, with the items rejected, if several resellers compete."""
    first = attachments[0]
    rivals = [each for each in attachments if each.reseller_id != first.reseller_id]
    for rival in rivals:
        sentence = (
            f"Only one reseller can be attached to a customer; {first.reseller_id} is attached as well."
        )
        unit.reject(rival.item, Problem(_FIELD, "CONTRADICTION", sentence))
    return None if rivals else first


def _count_change(unit: ImportUnit, attachment: Attachment) -> None:
    """Count an item as updated if it changed a relationship but no partnership."""
    if attachment.outcome is Outcome.UNCHANGED:
        unit.file(attachment.item).count(Outcome.UNCHANGED, -1)
        unit.file(attachment.item).count(Outcome.UPDATED)
