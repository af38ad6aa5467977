"""The company profiles of customers, which all partners of a customer share.

The first description makes the profile. Afterwards the importer whose description it is may complete and
correct it; other importers only say the market of a customer whose market is unknown. What a customer or a
partner has typed since, no import changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from multichannel.importing import table_columns as columns
from multichannel.importing.customers import ImportedCustomer
from multichannel.importing.merging import is_missing
from multichannel.services.imports.unit import ImportUnit
from multichannel.store.write.owner_bulk_writer import Row


def store_profiles(unit: ImportUnit, facts: Mapping[str, ImportedCustomer], absent: set[str]) -> None:
    """Store the profiles of customers; `absent` are those that do not exist yet."""
    profiles = {key: _profile(unit, each) for key, each in facts.items()}
    unit.companies.add_customers(
        [
            {**profiles[key], "id": key, "created_at": unit.now, "updated_at": unit.now}
            | {"cloud": unit.importer.cloud}
            for key in profiles
            if key in absent
        ]
    )
    stored = unit.companies.profiles(facts.keys() - absent)
    changed = []
    for key, row in stored.items():
        profile = {**row, **_changes(row, profiles[key])}
        if profile != row:
            changed.append({name: profile[name] for name in profiles[key]} | {"id": key})
    unit.companies.update_profiles(changed, stored, now=unit.now)


def _profile(unit: ImportUnit, facts: ImportedCustomer) -> dict[str, Any]:
    described = columns.company_profile(facts)
    return {**described, "market": facts.market, "described_by_id": unit.importer.id}


def _changes(stored: Row, wanted: Row) -> dict[str, Any]:
    """What a description changes of a profile.

    A list of customers says less than the description of each: without a country it completes one that has
    one, and corrects nothing. So both may come in any order.
    """
    known = {name: value for name, value in wanted.items() if not is_missing(value)}
    if stored["company_name"] is None:  # a stub
        return known
    if stored["described_by_id"] != wanted["described_by_id"]:
        is_new = stored["market"] is None and "market" in known
        return {"market": known["market"]} if is_new else {}
    corrects = wanted["country"] is not None or stored["country"] is None
    return {name: value for name, value in known.items() if corrects or is_missing(stored[name])}
