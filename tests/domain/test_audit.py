"""Verification of an audit chain (R53), record by record."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multichannel.domain.audit import (
    FLAW_DESCRIPTIONS,
    GENESIS,
    AuditStatus,
    ChainFlaw,
    ChainHead,
    ChainVerification,
    seal_of,
    verify_chain,
)
from tests.domain.builders import DAY, NOW

Record = dict[str, Any]


def chain(length: int, *, start: str = GENESIS, pruned: int = 0) -> tuple[ChainHead, list[Record]]:
    """An intact chain, of which the first records were pruned."""
    records: list[Record] = []
    seal = start
    for number in range(pruned + 1, pruned + length + 1):
        record: Record = {
            "number": number,
            "operation_date": NOW + number * DAY,
            "status": AuditStatus.SUCCEEDED,
            "new_value": {"quantity": number},
        }
        record["seal"] = seal = seal_of(seal, record)
        records.append(record)
    return ChainHead("tenant", pruned + length, seal, pruned, start), records


@pytest.mark.parametrize("length", [0, 1, 5])
@pytest.mark.parametrize("pruned", [0, 3])
def test_an_intact_chain_has_no_flaw(length: int, pruned: int) -> None:
    start = "a" * 64 if pruned else GENESIS
    head, records = chain(length, start=start, pruned=pruned)

    assert verify_chain(head, records) == ChainVerification(head, length)


def altered(records: list[Record]) -> list[Record]:
    return [*records[:2], records[2] | {"new_value": {"quantity": 0}}, *records[3:]]


HEAD, RECORDS = chain(5)
CASES: list[tuple[ChainHead, list[Record | None], ChainFlaw, int, int]] = [
    (HEAD, [*altered(RECORDS)], ChainFlaw.ALTERED, 3, 2),
    (HEAD, [*RECORDS[:2], None, *RECORDS[3:]], ChainFlaw.ALTERED, 3, 2),
    (HEAD, [*RECORDS[:2], RECORDS[2] | {"status": object()}, *RECORDS[3:]], ChainFlaw.ALTERED, 3, 2),
    (HEAD, [*RECORDS[:2], *RECORDS[3:]], ChainFlaw.MISSING, 3, 2),
    (HEAD, [*RECORDS[1:]], ChainFlaw.MISSING, 1, 0),
    (HEAD, [*RECORDS[:4]], ChainFlaw.TRUNCATED, 5, 4),
    (HEAD, [], ChainFlaw.TRUNCATED, 1, 0),
    (replace(HEAD, length=4), [*RECORDS], ChainFlaw.BEYOND_HEAD, 5, 4),
    (replace(HEAD, seal="0" * 64), [*RECORDS], ChainFlaw.HEAD_ALTERED, 5, 5),
    (replace(HEAD, checkpoint="1" * 64), [*RECORDS], ChainFlaw.CHECKPOINT_ALTERED, 1, 0),
    (replace(HEAD, checkpoint="1" * 64, pruned=1), [*RECORDS[1:]], ChainFlaw.ALTERED, 2, 0),
]


@pytest.mark.parametrize(("head", "records", "flaw", "number", "valid"), CASES)
def test_the_first_invalid_record_is_named_with_its_flaw(
    head: ChainHead, records: list[Record | None], flaw: ChainFlaw, number: int, valid: int
) -> None:
    verification = verify_chain(head, records)

    assert verification == ChainVerification(head, valid, flaw, number)
    assert str(verification) == f"tenant: record {number}: {FLAW_DESCRIPTIONS[flaw]} ({flaw})"


def test_an_intact_chain_is_described_by_its_length() -> None:
    assert str(verify_chain(HEAD, RECORDS)) == "tenant: 5 records, intact"


def test_every_flaw_is_described() -> None:
    assert FLAW_DESCRIPTIONS.keys() == set(ChainFlaw)


@pytest.mark.rule("R53")
@given(st.integers(0, 4), st.sampled_from(["number", "operation_date", "status", "new_value", "seal"]))
def test_any_change_of_a_record_is_noticed(place: int, column: str) -> None:
    changed: dict[str, Any] = {
        "number": 99,
        "operation_date": NOW,
        "status": AuditStatus.DECLINED,
        "new_value": {},
        "seal": GENESIS,
    }
    records = [*RECORDS]
    records[place] = records[place] | {column: changed[column]}

    verification = verify_chain(HEAD, records)

    assert (verification.records, verification.number) == (place, place + 1)


def test_a_seal_depends_on_the_record_and_the_seal_before_it() -> None:
    record = {"number": 1, "new_value": {"a": 1, "b": 2}}

    assert seal_of(GENESIS, record) == seal_of(GENESIS, {"new_value": {"b": 2, "a": 1}, "number": 1})
    assert seal_of(GENESIS, record) == seal_of(GENESIS, record | {"seal": "anything"})
    assert seal_of(GENESIS, record) != seal_of("1" * 64, record)
    assert seal_of(GENESIS, record) != seal_of(GENESIS, record | {"number": 2})
