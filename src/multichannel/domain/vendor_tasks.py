"""What is to do at the vendor, as records: derived from what is not there yet as it is here.

No table has them, so that none is left over, forgotten or doubled: a task is open while its subscription or
customer says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import literal_column, select, union_all
from sqlalchemy.orm import Mapped

from multichannel.domain.base import GUID, Base
from multichannel.domain.commerce import BillingCycle, BillingType
from multichannel.domain.customers import Customer
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.tenants import Cloud, Tenant
from multichannel.domain.users import Role
from multichannel.domain.vendor import VendorState, VendorTaskKind

_SOLD: Any = Subscription.__table__.c
_LINK: Any = ResellerRelationship.__table__.c
_COMPANY: Any = Customer.__table__.c
_TERMS: Final = ("offer_id", "offer_name", "quantity", "term_duration", "billing_cycle", "billing_type")


def _missing(column: Any, type_: Any = None) -> Any:
    """NULL of the type of a column, which has its name."""
    return literal_column("NULL", type_ or column.type).label(column.name)


def _word(word: str, column: Any) -> Any:
    return literal_column(f"'{word}'", column.type)


_OF_SUBSCRIPTIONS = select(
    _SOLD.id.label("id"),
    _SOLD.owner_id.label("partner_id"),
    _SOLD.customer_id.label("customer_id"),
    _SOLD.id.label("subscription_id"),
    _SOLD.vendor_task.label("kind"),
    _SOLD.vendor_state.label("state"),
    _SOLD.vendor_task_since.label("since"),
    _SOLD.vendor_changes.label("changes"),
    _SOLD.vendor_id.label("vendor_id"),
    _SOLD.friendly_name.label("name"),
    _SOLD.cloud.label("cloud"),
    *(_SOLD[name] for name in _TERMS),
).where(_SOLD.vendor_task.is_not(None))
_OF_CUSTOMERS = (
    select(
        _LINK.id.label("id"),
        _LINK.partner_id.label("partner_id"),
        _LINK.customer_id.label("customer_id"),
        literal_column("NULL", GUID).label("subscription_id"),
        _word(VendorTaskKind.ADD_CUSTOMER, _SOLD.vendor_task).label("kind"),
        _word(VendorState.TO_DO, _SOLD.vendor_state).label("state"),
        _LINK.created_at.label("since"),
        _missing(_SOLD.vendor_changes).label("changes"),
        literal_column("NULL", GUID).label("vendor_id"),
        _COMPANY.company_name.label("name"),
        _LINK.cloud.label("cloud"),
        *(_missing(_SOLD[name]) for name in _TERMS),
    )
    .join(Tenant, Tenant.id == _LINK.customer_id)
    .join(Customer, _COMPANY.id == _LINK.customer_id)
    .where(Tenant.directory_id.is_(None), _LINK.status == RelationshipStatus.ACTIVE)
)


class VendorTask(Base):
    """Something to do in the vendor's portal for one subscription or customer of a partner."""

    __table__ = union_all(_OF_SUBSCRIPTIONS, _OF_CUSTOMERS).subquery("vendor_tasks")
    __mapper_args__ = {"primary_key": [__table__.c.id]}  # noqa: RUF012  (SQLAlchemy's name and form)
    parties = ("partner_id",)

    id: Mapped[str]
    partner_id: Mapped[str]
    customer_id: Mapped[str]
    subscription_id: Mapped[str | None]
    kind: Mapped[VendorTaskKind]
    state: Mapped[VendorState]
    since: Mapped[datetime]
    changes: Mapped[dict[str, Any] | None]
    cloud: Mapped[Cloud]


SELLERS: Final = (Role.ADMIN_AGENT, Role.SALES_AGENT)
_ROLES: Final[Mapping[VendorTaskKind, Sequence[Role]]] = {
    VendorTaskKind.ADD_CUSTOMER: SELLERS,
    VendorTaskKind.PURCHASE: SELLERS,
    VendorTaskKind.TRANSFER: (Role.ADMIN_AGENT,),
    VendorTaskKind.RELEASE: (Role.ADMIN_AGENT,),
}
_WORDS: Final = {"P1M": "1 month", "P1Y": "1 year", "P3Y": "3 years"}
_STATUS: Final = {
    "active": "set Status to Active",
    "suspended": "set Status to Suspended",
    "deleted": "select Cancel subscription",
}


def vendor_roles(kind: VendorTaskKind) -> Sequence[Role]:
    """The roles with which people do it in the vendor's portal (role matrix)."""
    return _ROLES.get(kind, (Role.GLOBAL_ADMIN, *SELLERS))


def instruction(task: Mapping[str, Any]) -> str:
    """What to do, in the words of Partner Center."""
    kind: VendorTaskKind = task["kind"]
    if kind is VendorTaskKind.ADD_CUSTOMER:
        return (
            f"Under Customers, select Add customer and enter {task['name'] or 'the company'}. Then tell its "
            "Microsoft ID here: linkCustomer."
        )
    if kind is VendorTaskKind.PURCHASE:
        return (
            f"Under Customers, open the customer and select Add products. Add {_product(task)} to the cart, "
            "select Review and Buy. Then tell the subscription ID here: completeVendorTask."
        )
    if kind is VendorTaskKind.TRANSFER:
        return (
            "Under Customers, open the customer and request the transfer of billing ownership of "
            f"{_product(task)} from its partner. Then tell the new subscription ID here: completeVendorTask."
        )
    if kind is VendorTaskKind.RELEASE:
        return f"Accept the new partner's request to transfer billing ownership of {_subscription(task)}."
    steps = ", ".join(_steps(task["changes"] or {}))
    return (
        f"Under Customers, open the customer, Subscriptions and {_subscription(task)}: {steps}, and submit."
    )


def _steps(changes: Mapping[str, Sequence[Any]]) -> Iterator[str]:
    if "quantity" in changes:
        there, here = changes["quantity"]
        yield f"change Licenses from {there} to {here}"
    if "auto_renew_enabled" in changes:
        yield f"turn Auto-renew {'on' if changes['auto_renew_enabled'][1] else 'off'}"
    if "status" in changes:
        yield _STATUS[changes["status"][1]]


def _subscription(task: Mapping[str, Any]) -> str:
    return f"{task['name'] or task['offer_name'] or task['offer_id']} (subscription ID {task['vendor_id']})"


def _product(task: Mapping[str, Any]) -> str:
    """The product with its terms, such as `Business mail, 5 licenses, for 1 year, billed annually`."""
    named = task["offer_name"] or task["offer_id"]
    parts = [f"{named} ({task['offer_id']})" if task["offer_name"] and task["offer_id"] else str(named)]
    if task["billing_type"] is BillingType.LICENSE:
        parts.append(f"{task['quantity']:,} license{'' if task['quantity'] == 1 else 's'}")
    if term := task["term_duration"]:
        parts.append(f"for {_WORDS.get(term, term)}")
    if task["billing_cycle"] not in (None, BillingCycle.NONE, BillingCycle.UNKNOWN):
        parts.append(f"billing {task['billing_cycle'].value.replace('_', ' ')}")
    return ", ".join(parts)
