"""Changes of a customer, and copies of its billing profiles."""

from __future__ import annotations

from typing import Any

import pytest

from multichannel.domain.customers import NOT_SHARED_COLUMNS, BillingProfile, Customer
from multichannel.domain.refusals import Refusal
from multichannel.domain.tenants import Cloud
from tests.domain.builders import BEGAN, NOW
from tests.refusals import refuses


def customer() -> Customer:
    return Customer(
        id="customer",
        company_name="Meadow",
        city="Springfield",
        market="US",
        cloud=Cloud.PUBLIC,
        version=3,
        updated_at=BEGAN,
    )


def facts(row: Customer) -> dict[str, Any]:
    return {name: value for name, value in vars(row).items() if name != "_sa_instance_state"}


def test_an_edit_changes_its_columns_and_counts_one_version() -> None:
    row = customer()
    row.change({"company_name": "Meadow Ltd", "city": None}, expected_version=3, at=NOW)

    assert (row.company_name, row.city) == ("Meadow Ltd", None)
    assert (row.version, row.updated_at) == (4, NOW)


@pytest.mark.parametrize("changes", [{}, {"company_name": "Meadow", "city": "Springfield"}])
def test_an_edit_of_equal_values_changes_nothing(changes: dict[str, str | None]) -> None:
    row = customer()
    before = facts(row)
    row.change(changes, expected_version=3, at=NOW)

    assert facts(row) == before


@pytest.mark.rule("R46")
@pytest.mark.parametrize("version", [2, 4])
def test_an_edit_of_another_version_is_refused(version: int) -> None:
    row = customer()
    before = facts(row)
    with refuses(Refusal.STALE_VERSION):
        row.change({"company_name": "Meadow Ltd"}, expected_version=version, at=NOW)

    assert facts(row) == before


def test_a_copied_billing_profile_has_all_but_the_identity_of_the_original() -> None:
    columns = {column.key for column in BillingProfile.__mapper__.column_attrs}
    texts = columns - NOT_SHARED_COLUMNS - {"cloud", "customer_id"}
    own = BillingProfile(
        id="own",
        partner_id="partner",
        customer_id="customer",
        vendor_id="vendor",
        cloud=Cloud.PUBLIC,
        version=5,
        created_at=BEGAN,
        updated_at=BEGAN,
        **{name: f"the {name}" for name in texts},
    )
    copy = own.shared_with("provider", at=NOW)

    assert {name: getattr(copy, name) for name in texts} == {name: f"the {name}" for name in texts}
    assert (copy.partner_id, copy.customer_id, copy.cloud) == ("provider", "customer", Cloud.PUBLIC)
    assert [getattr(copy, name) for name in ("id", "vendor_id", "version")] == [None, None, 1]
    assert (copy.created_at, copy.updated_at) == (NOW, NOW)
