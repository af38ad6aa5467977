from __future__ import annotations

import pytest

from multichannel.errors import BadInput
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.store import Store
from multichannel.workbench.diff.rows import count_rows
from tests.store.conftest import ALDER, BIRCH, MEADOW, engine, phone, served, store
from tests.workbench.diff.edits import edited, shipped

__all__ = ["engine", "phone", "served", "store"]
WIDER = ("customer.polar", "relationship.partner_id = caller.tenant_id and ", "")


def test_rows_are_counted_under_both_versions(store: Store) -> None:
    found = count_rows(store, shipped(), edited(WIDER), [BIRCH, ALDER, MEADOW])

    of_customers = {(each.action, each.before, each.after) for each in found.changed}
    assert {each.resource for each in found.changed} == {"Customer"}
    assert of_customers == {(Action.READ_SUMMARY, 0, 1), (Action.READ, 0, 1)}
    assert {each.before for each in found.counts if each.resource == "ResellerRelationship"} == {0, 1}


def test_some_tenants_of_each_kind_are_asked_for_where_none_is_named(store: Store) -> None:
    found = count_rows(store, shipped(), shipped())

    assert len(found.tenants) == 3
    assert found.changed == ()


def test_what_is_no_tenant_is_refused(store: Store) -> None:
    with pytest.raises(BadInput, match="not found in this database"):
        count_rows(store, shipped(), shipped(), ["00000000-0000-4000-8000-000000000000"])
