"""Labels: the name and the tags that a partner gives a record for its own use. No other tenant sees them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, ForeignKey, UniqueConstraint, bindparam, select
from sqlalchemy.orm import Mapped, column_property, mapped_column

from multichannel.domain.base import GUID, Base, id_column
from multichannel.domain.tenants import Tenant

OWN_TENANT = bindparam("tenant", type_=GUID)
"""The tenant of the caller, which every statement on behalf of one binds, as it binds `now`."""


class _Label(Base):
    """The columns of every label."""

    __abstract__ = True

    parties = ("tenant_id",)

    id: Mapped[str] = id_column()
    tenant_id: Mapped[str] = mapped_column(GUID, ForeignKey(Tenant.id))
    alias: Mapped[str | None]
    tags: Mapped[list[str]] = mapped_column(JSON, default=list)


class CustomerLabel(_Label):
    """How one tenant calls a customer."""

    __tablename__ = "customer_labels"
    __table_args__ = (UniqueConstraint("customer_id", "tenant_id"),)

    customer_id: Mapped[str] = mapped_column(GUID, ForeignKey("customers.id"))


class SubscriptionLabel(_Label):
    """How one tenant calls a subscription."""

    __tablename__ = "subscription_labels"
    __table_args__ = (UniqueConstraint("subscription_id", "tenant_id"),)

    subscription_id: Mapped[str] = mapped_column(GUID, ForeignKey("subscriptions.id"))


def own_label(column: Any, reference: Any, record_id: Any) -> Any:
    """A column of the caller's own label of a record, as a column of the record; NULL without a label."""
    label = column.class_
    found = select(column).where(reference == record_id, label.tenant_id == OWN_TENANT)
    return column_property(found.correlate_except(label).scalar_subquery(), deferred=True)
