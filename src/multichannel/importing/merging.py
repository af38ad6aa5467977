"""Several descriptions of one record: what one does not say, another may; contradicting ones are refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, Final, TypeVar, cast

from multichannel.domain.commerce import BillingCycle
from multichannel.domain.transfers import TransferKind
from multichannel.importing.customers import RelationshipToPartner
from multichannel.importing.partnerships import ImportedPartnerRelationship

T = TypeVar("T")

_MISSING: Final = frozenset(
    {None, (), BillingCycle.UNKNOWN, TransferKind.LEGACY, RelationshipToPartner.UNKNOWN}
)
"""What stands where a description says nothing: a transfer whose type is not named is a legacy one."""


def is_missing(value: Any) -> bool:
    """Whether a value stands for none."""
    return value == [] if isinstance(value, list) else value in _MISSING


def merged(one: T, other: T) -> T:
    """All that two descriptions of one record say, which do not contradict each other."""
    changes: dict[str, Any] = {}
    for name, before, after in _compared(one, other):
        if is_missing(before):
            changes[name] = after
        elif is_dataclass(before) and not is_missing(after):
            changes[name] = merged(before, after)
    return cast("T", replace(cast("Any", one), **changes)) if changes else one


def contradictions(one: Any, other: Any) -> Iterator[tuple[str, Any, Any]]:
    """The fields that two descriptions give different values, with both."""
    for name, before, after in _compared(one, other):
        if is_missing(before) or is_missing(after):
            continue
        if is_dataclass(before):
            yield from contradictions(before, after)
        else:
            yield name, before, after


def _compared(one: Any, other: Any) -> Iterator[tuple[str, Any, Any]]:
    """The fields that differ. An ETag is no fact, and one partner may be named for many customers."""
    left_out = {"customer_id"} if isinstance(one, ImportedPartnerRelationship) else set()
    for field in fields(one):
        before, after = getattr(one, field.name), getattr(other, field.name)
        if field.compare and field.name not in left_out and before != after:
            yield field.name, before, after
