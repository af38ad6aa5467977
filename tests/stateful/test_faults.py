"""The machine can fail: with one thing broken it finds it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from hypothesis.stateful import run_state_machine_as_test

from multichannel.domain.transfers import Transfer
from multichannel.policy.decide.policy import Policy
from multichannel.policy.explain.standing_access import tenant_ids
from multichannel.server.bootstrap import SHIPPED_POLICIES
from multichannel.services import access, relationship_ends, transfer_execution
from multichannel.store.audit.audit_writer import AuditWriter
from multichannel.store.audit.mutation_context import IdempotencyKeys
from tests.databases import copy_of
from tests.stateful import cast
from tests.stateful.calls import SIGNER, global_id
from tests.stateful.checks import read
from tests.stateful.machine import machine_of
from tests.stateful.organisations import CANYON, CEDAR, DOGWOOD
from tests.stateful.runs import runs
from tests.stateful.service import opened
from tests.stateful.sight import check_access, check_ended

Break = Callable[[pytest.MonkeyPatch], None]


def keep_the_old_subscription_running(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(transfer_execution, "close_at_source", lambda _subscription, _at: None)


def skip_a_record_of_the_other_side(patch: pytest.MonkeyPatch) -> None:
    append = AuditWriter._append

    def one_less(self: AuditWriter, status: Any, entries: Any, reasons: Any = ()) -> None:
        append(self, status, entries[:-1] if len(entries) > 1 else entries, reasons)

    patch.setattr(AuditWriter, "_append", one_less)


def forget_idempotency_keys(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(IdempotencyKeys, "keep", lambda _self, _outcome: None)


def decide_transfers_that_have_lapsed(patch: pytest.MonkeyPatch) -> None:
    status_at = Transfer.status_at

    def pending_for_ever(self: Transfer, at: Any) -> Any:
        stays = self.stored_status == "pending"
        return self.stored_status if stays else status_at(self, at)

    patch.setattr(Transfer, "status_at", pending_for_ever)


FAULTS: dict[Break, str] = {
    keep_the_old_subscription_running: "Subscription .* stored and expected differ",
    skip_a_record_of_the_other_side: "books: ",
    forget_idempotency_keys: "a repeated call was done once more|records: |Call",
    decide_transfers_that_have_lapsed: "Transfer",
}


NOT_NEEDED = ("link", "manage", "buy", "change", "try_wrong_party", "try_wrong_state", "begin_transfer")
"""Rules that only keep the machine from coming to these faults soon."""
QUICKLY_FOUND = set(FAULTS) - {decide_transfers_that_have_lapsed}


@pytest.mark.parametrize(
    "fault",
    [each if each in QUICKLY_FOUND else pytest.param(each, marks=pytest.mark.long) for each in FAULTS],
)
def test_the_machine_finds_what_is_broken(
    empty_sqlite: str, tmp_path: Path, shipped_policy: Policy, monkeypatch: pytest.MonkeyPatch, fault: Break
) -> None:
    fault(monkeypatch)

    with pytest.raises(AssertionError, match=FAULTS[fault]):
        _run(empty_sqlite, tmp_path, shipped_policy)


def test_the_machine_finds_a_standing_that_outlives_its_relationship(
    empty_sqlite: str, tmp_path: Path
) -> None:
    policies = shutil.copytree(SHIPPED_POLICIES, tmp_path / "policies")
    text = (policies / "customer.polar").read_text()
    active = 'relationship.partner_id = caller.tenant_id and relationship.status = "active"'
    assert active in text
    (policies / "customer.polar").write_text(
        text.replace(active, "relationship.partner_id = caller.tenant_id")
    )

    with pytest.raises(AssertionError, match="sees other "):
        _run(empty_sqlite, tmp_path, Policy.load(policies))


def leave_resellers_attached(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(relationship_ends, "_detach", lambda *_arguments: None)


def forget_attached_resellers(patch: pytest.MonkeyPatch) -> None:
    """In `access`: only those who see a record by a relationship of their own."""

    def some(facts: Any) -> Any:
        return set(tenant_ids(facts)) - {DOGWOOD}

    patch.setattr(access, "tenant_ids", some)


CONSENT: dict[Break | None, str | None] = {
    None: None,
    leave_resellers_attached: "for whom .* is closed, sees",
    forget_attached_resellers: "and its access does not tell",
}


@pytest.mark.parametrize("fault", CONSENT)
def test_what_is_left_open_or_hidden_of_consent_is_found(
    empty_sqlite: str,
    tmp_path: Path,
    shipped_policy: Policy,
    monkeypatch: pytest.MonkeyPatch,
    fault: Break | None,
) -> None:
    if fault:
        fault(monkeypatch)
    with copy_of(empty_sqlite, tmp_path) as url, opened(url, shipped_policy) as service:
        service.reset()
        state = cast.state()
        people = {row["display_name"]: row for row in state.people()}
        reseller, customer = people["dogwood sales_agent"], service.caller(people["canyon global_admin"])
        told = {"customer": CANYON, "provider": CEDAR}
        own = service.change(service.caller(reseller), "requestResellerRelationship", told)
        link = {"id": global_id("ResellerRelationship", str(own.row_id))}
        service.change(customer, "acceptResellerRelationship", {**link, "agreement": SIGNER})
        message = CONSENT[fault]
        with pytest.raises(AssertionError, match=message) if message else nullcontext():
            check_access(service, state, reseller)
            service.change(customer, "endResellerRelationship", {**link, "reason": "Another supplier"})
            check_ended(service, read(service.engine, service.clock.now), reseller, [CANYON])


def _run(template: str, folder: Path, policy: Policy) -> None:
    with copy_of(template, folder) as url, opened(url, policy) as service:
        machine, _ = machine_of(service, without=NOT_NEEDED)
        run_state_machine_as_test(machine, settings=runs(60, 20, repeatable=True))
