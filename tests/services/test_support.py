"""Of every subscription of the demo world, the options tell what the mutations do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from multichannel.demo.cast import ORGANISATIONS
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.support import SupportOptionKind, transfer_kind
from multichannel.domain.transfers import TransferKind
from multichannel.errors import Denied, NotPermitted, Refused
from multichannel.services.relationships import RelationshipRequest, request_reseller_relationship
from multichannel.services.subscriptions import move_subscription_to_csp
from multichannel.services.support import SupportOption, support_options
from multichannel.services.transfers import TransferRequest, request_transfer
from multichannel.store.unit_of_work import UnitOfWork
from tests.services.conftest import UseCases
from tests.world import one_engine

pytestmark = one_engine
REQUEST, RECREATE, TRANSFER, _, _ = SupportOptionKind
PERSONAS = ("alder-admin-agent", "birch-sales-agent", "cedar-admin-agent", "willow-sales-agent")
BESIDES = {"SOLD_BY_ANOTHER_PARTNER", "NO_RELATIONSHIP", "NOT_GRANTED"}
"""Blockers that the mutation does not know, or that the policy denies without a code."""
OF_THE_SOURCE = {"NOT_CSP", "SUBSCRIPTION_NOT_ACTIVE", "SUBSCRIPTION_SUSPENDED", "LEGACY_LICENSE", "TRIAL"}
"""Blockers that the source is refused for when it accepts, but not the target when it requests."""


class RolledBack(Exception):
    """Ends a transaction without a trace."""


def codes_of(use_cases: UseCases, persona: str, use_case: Callable[[UnitOfWork], Any]) -> set[str]:
    """What a use case is refused or denied with, if it is; nothing is kept."""

    def rolled_back(work: UnitOfWork) -> Any:
        use_case(work)
        raise RolledBack

    try:
        use_cases.run(persona, rolled_back)
    except RolledBack:
        return set()
    except NotPermitted as denial:
        return {*denial.reasons, denial.code}
    except (Refused, Denied) as refusal:
        return {refusal.code}
    raise AssertionError("a use case that ends without an error")


def options_of(use_cases: UseCases, persona: str) -> dict[str, list[SupportOption]]:
    ids = [row.id for row in use_cases.rows(Subscription)]
    return use_cases.read(persona, lambda work: support_options(work, ids))


def use_case_of(kind: SupportOptionKind, row: Subscription, seller: str) -> Callable[[UnitOfWork], Any]:
    request = TransferRequest(
        kind=transfer_kind(row),
        customer_id=row.customer_id,
        source_partner_id=row.billing_partner_id or seller,
        product_types=(),
        partner_of_record_id=None,
    )
    return {
        REQUEST: lambda work: request_reseller_relationship(
            work, RelationshipRequest(address=row.customer_id)
        ),
        RECREATE: lambda work: move_subscription_to_csp(work, row.id),
        TRANSFER: lambda work: request_transfer(work, request),
    }[kind]


@pytest.mark.parametrize("agreed", [False, True])
@pytest.mark.parametrize("persona", PERSONAS)
def test_an_option_is_available_if_and_only_if_its_mutation_is_possible(
    use_cases: UseCases, persona: str, *, agreed: bool
) -> None:
    if agreed:
        for customer in ("meadow", "canyon", "quarry", "thistle", "ember"):
            use_cases.agree(f"{customer}-global-admin", customer)
    another = next(each.id for each in ORGANISATIONS if each.key == "linden")
    checked = 0
    for row_id, options in options_of(use_cases, persona).items():
        row = use_cases.row(Subscription, id=row_id)
        if row.billing_partner_id == use_cases.world.principal(persona).tenant_id:
            assert {option.blocked_by[0].code for option in options} == {"ALREADY_YOURS"}
            continue
        for option in options:
            if option.kind not in {REQUEST, RECREATE, TRANSFER}:
                continue
            if option.kind is TRANSFER and transfer_kind(row) is TransferKind.MANUAL_SWITCH:
                continue  # the source starts it
            codes = codes_of(use_cases, persona, use_case_of(option.kind, row, another))
            later = OF_THE_SOURCE if option.kind is TRANSFER else set()
            blocked = {blocker.code for blocker in option.blocked_by} - later
            if not blocked:
                assert codes == set(), (row.friendly_name, option)
            elif blocked - BESIDES:
                assert codes & {*blocked, "NOT_FOUND"}, (row.friendly_name, option, codes)
            checked += 1
    assert checked
