"""The counterpart at the vendor of what is sold here: what is to do in its portal, and what it has confirmed.

The vendor's portal is worked by people. What the product makes or changes is a task for them until an export
shows the same, or a person says that it is done.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final, TypeAlias

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, mapped_column

from multichannel.domain.base import GUID, DescribedEnum, enum_of
from multichannel.domain.commerce import Channel, SubscriptionStatus
from multichannel.domain.refusals import Refusal
from multichannel.errors import Refused


class VendorState(DescribedEnum):
    """How a record here and its counterpart at the vendor agree."""

    NOT_AT_VENDOR = "not_at_vendor", "The vendor has no counterpart that a partner manages, and needs none."
    TO_DO = "to_do", "It was made or changed here, and the same is still to be done at the vendor."
    CONFIRMED = "confirmed", "The vendor's export shows it, or a person has done it there."
    DIFFERS = "differs", "The vendor's export does not show a change that was made here."


STATES = enum_of(VendorState)


class VendorTaskKind(DescribedEnum):
    """What is to be done in the vendor's portal."""

    ADD_CUSTOMER = "add_customer", "Add the customer, whose tenant the vendor makes."
    PURCHASE = "purchase", "Buy the subscription."
    TRANSFER = "transfer", "Request the transfer of the subscription from its former partner."
    RELEASE = "release", "Accept the request to transfer the subscription to its new partner."
    CANCEL = "cancel", "Cancel the subscription."
    SUSPEND = "suspend", "Suspend the subscription."
    REACTIVATE = "reactivate", "Reactivate the subscription."
    CHANGE_QUANTITY = "change_quantity", "Change the number of licenses."
    CHANGE_AUTO_RENEW = "change_auto_renew", "Turn automatic renewal on or off."


TRANSFERRING: Final = frozenset({VendorTaskKind.TRANSFER, VendorTaskKind.RELEASE})
"""What follows from a transfer, which stands."""

Changes: TypeAlias = Mapping[str, tuple[Any, Any]]
"""By name, the vendor's value and the value here that the vendor is to have."""

FOLLOWED: Final = {
    "status": "stored_status",
    "quantity": "quantity",
    "auto_renew_enabled": "auto_renew_enabled",
}
"""What is changed at the vendor as well, with the attribute that holds it."""
GONE: Final = frozenset({SubscriptionStatus.EXPIRED, SubscriptionStatus.DISABLED, SubscriptionStatus.DELETED})
"""Any of these at the vendor does for a subscription that was ended here."""
_OF_STATUS: Final = {
    SubscriptionStatus.ACTIVE: VendorTaskKind.REACTIVATE,
    SubscriptionStatus.SUSPENDED: VendorTaskKind.SUSPEND,
}


@dataclass(frozen=True, slots=True)
class VendorRecord:
    """What is known of the counterpart, as columns."""

    vendor_state: VendorState
    vendor_task: VendorTaskKind | None = None
    vendor_task_since: datetime | None = None
    vendor_changes: Mapping[str, Any] | None = None

    def columns(self) -> dict[str, Any]:
        """The columns by name; changes are lists, as JSON has them."""
        changes = {name: [plain(each) for each in pair] for name, pair in (self.vendor_changes or {}).items()}
        return {
            "vendor_state": self.vendor_state,
            "vendor_task": self.vendor_task,
            "vendor_task_since": self.vendor_task_since,
            "vendor_changes": changes,
        }


CONFIRMED: Final = VendorRecord(VendorState.CONFIRMED)
NOT_AT_VENDOR: Final = VendorRecord(VendorState.NOT_AT_VENDOR)


def plain(value: Any) -> Any:
    """A value as JSON has it: a status as its word."""
    return value.value if isinstance(value, SubscriptionStatus) else value


def task_of(changes: Changes, former: VendorTaskKind | None = None) -> VendorTaskKind:
    """What to do about changes: the weightiest of them; a release stays one."""
    if "status" in changes:
        if former is VendorTaskKind.RELEASE:
            return former
        return _OF_STATUS.get(SubscriptionStatus(changes["status"][1]), VendorTaskKind.CANCEL)
    return VendorTaskKind.CHANGE_QUANTITY if "quantity" in changes else VendorTaskKind.CHANGE_AUTO_RENEW


def is_done(name: str, here: Any, there: Any) -> bool:
    """Whether the vendor's value is what it is to be."""
    if name == "status" and here == SubscriptionStatus.DELETED:
        return there in GONE
    return bool(here == there)


def after_export(before: Mapping[str, Any], exported: Mapping[str, Any], at: datetime) -> VendorRecord:
    """What an export says of the counterpart of a stored row; an exported None says nothing.

    A row that the export is the first to show has been made here. It is to be at the vendor as it is here.
    """
    changes = before["vendor_changes"] or {}
    if before["vendor_id"] is None:
        changes = {name: (None, plain(before[name])) for name in FOLLOWED if before[name] is not None}
    elif not changes:
        return CONFIRMED
    if exported["status"] in GONE:
        return CONFIRMED
    left = {name: _seen(pair, exported[name]) for name, pair in changes.items()}
    open_changes = {name: pair for name, pair in left.items() if not is_done(name, pair[1], pair[0])}
    if before["vendor_id"] is None:
        open_changes = {name: pair for name, pair in open_changes.items() if pair[0] is not None}
    if not open_changes:
        return CONFIRMED
    is_contradicted = any(exported[name] is not None for name in open_changes)
    return VendorRecord(
        VendorState.DIFFERS if is_contradicted else before["vendor_state"],
        task_of(open_changes, before["vendor_task"]),
        before["vendor_task_since"] or at,
        open_changes,
    )


def _seen(pair: tuple[Any, Any], exported: Any) -> tuple[Any, Any]:
    there, here = pair
    return (there if exported is None else plain(exported), here)


class VendorCounterpart:
    """What a subscription knows of its counterpart, as a mixin of its mapped class."""

    vendor_id: Mapped[str | None] = mapped_column(GUID)
    vendor_state: Mapped[VendorState] = mapped_column(default=VendorState.NOT_AT_VENDOR)
    vendor_task: Mapped[VendorTaskKind | None]
    vendor_task_since: Mapped[datetime | None]
    vendor_changes: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    vendor_columns: ClassVar = frozenset({"vendor_task", "vendor_task_since", "vendor_changes"})
    """What says no more than the state, to the audit log."""

    channel: Mapped[Channel]

    def begin_at_vendor(self, task: VendorTaskKind, at: datetime) -> None:
        """It is new here, and to be made at the vendor."""
        self._know(VendorRecord(VendorState.TO_DO, task, at))

    @contextmanager
    def followed_at_vendor(self, at: datetime, task: VendorTaskKind | None = None) -> Iterator[None]:
        """What changes meanwhile is to be changed at the vendor as well, for which `task` may be a name."""
        before = self._followed()
        yield
        after = self._followed()
        if before == after or self.channel is not Channel.CSP:
            return
        if self.vendor_id is None:
            self.give_up_at_vendor(is_gone=task is VendorTaskKind.RELEASE)
            return
        changes = self._changes()
        for name in FOLLOWED:
            if before[name] != after[name]:
                there = changes[name][0] if name in changes else before[name]
                changes[name] = (there, after[name])
        if after["status"] in GONE:
            changes = {name: pair for name, pair in changes.items() if name == "status"}
        self._settle(changes, task or self.vendor_task, at)

    def give_up_at_vendor(self, *, is_gone: bool = False) -> None:
        """Once it has ended before it was made at the vendor, there is nothing to do any more.

        Since when there was stays known: the vendor may show it all the same.
        """
        is_over = is_gone or self._followed()["status"] in GONE
        if is_over and self.vendor_id is None and self.vendor_task is not None:
            self._know(VendorRecord(VendorState.NOT_AT_VENDOR, None, self.vendor_task_since))

    def refusals_to_link(self, _at: datetime) -> Iterator[Refused]:
        """SUBSCRIPTION_LINKED: it has the vendor's id."""
        if self.vendor_id is not None:
            yield Refusal.SUBSCRIPTION_LINKED.error()

    def refusals_to_complete_vendor_task(self, _at: datetime) -> Iterator[Refused]:
        """NO_VENDOR_TASK: there is nothing to do at the vendor."""
        if self.vendor_task is None:
            yield Refusal.NO_VENDOR_TASK.error()

    def link_with_vendor(self, vendor_id: str, at: datetime) -> None:
        """It is the vendor's subscription of this id. What has ended here is to end there, too."""
        self.vendor_id = vendor_id
        is_over = self._followed()["status"] in GONE
        changes = {"status": (SubscriptionStatus.ACTIVE, SubscriptionStatus.DELETED)} if is_over else {}
        self._settle(changes, None, at)

    def take_from_vendor(self, *, discard: bool) -> None:
        """Take the values that the vendor is to have, or with `discard` those that it has.

        An export may have taken the former back here meanwhile.
        """
        for name, pair in self._changes().items():
            value = pair[0] if discard else pair[1]
            setattr(self, FOLLOWED[name], SubscriptionStatus(value) if name == "status" else value)
        self._know(CONFIRMED)

    def forget_at_vendor(self) -> None:
        """It is not to be made at the vendor."""
        self._know(NOT_AT_VENDOR)

    def _changes(self) -> dict[str, tuple[Any, Any]]:
        return {name: (there, here) for name, (there, here) in (self.vendor_changes or {}).items()}

    def _followed(self) -> dict[str, Any]:
        return {name: getattr(self, attribute) for name, attribute in FOLLOWED.items()}

    def _settle(self, changes: Changes, former: VendorTaskKind | None, at: datetime) -> None:
        left = {name: (there, here) for name, (there, here) in changes.items() if there != here}
        if not left:
            self._know(CONFIRMED)
            return
        since = self.vendor_task_since or at
        self._know(VendorRecord(VendorState.TO_DO, task_of(left, former), since, left))

    def _know(self, record: VendorRecord) -> None:
        for name, value in record.columns().items():
            setattr(self, name, value)
