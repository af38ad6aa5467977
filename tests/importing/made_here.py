"""What people do with the product between two imports, as mutations do it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from multichannel.domain.agreements import Signature
from multichannel.domain.commerce import BillingType, Channel, StopReason
from multichannel.domain.new_subscriptions import ExternalSubscription, SubscriptionOrder
from multichannel.domain.tenants import Cloud, PartnerStatus, PartnerType, TenantKind
from multichannel.domain.transfers import TransferKind
from multichannel.domain.users import Role
from multichannel.policy.schema.vocabulary import Principal
from multichannel.services import customers, subscriptions, transfers, vendor_tasks
from multichannel.store.audit.mutation_context import MutationContext
from multichannel.store.unit_of_work import UnitOfWork
from tests.importing.books import ALDER, Books, guid

OFFER = "DZH318Z0BPS6:0001"


@dataclass
class People:
    """The people of a direct-bill partner or, with `kind`, of a customer."""

    books: Books
    tenant_id: str = ALDER
    kind: TenantKind = TenantKind.PARTNER

    def does(self, use_case: Callable[[UnitOfWork], Any]) -> str:
        """Run a use case as a mutation, and give the id of what it returns."""
        self.books.now += timedelta(seconds=1)
        is_partner = self.kind is TenantKind.PARTNER
        principal = Principal(
            tenant_id=self.tenant_id,
            kind=self.kind,
            roles=tuple(Role),
            cloud=Cloud.PUBLIC,
            type=PartnerType.DIRECT_BILL if is_partner else None,
            status=PartnerStatus.ACTIVE if is_partner else None,
            market="US",
        )
        mutation = MutationContext("test", "Subscription")
        return self.books.store.act(principal, mutation, lambda work: str(use_case(work).id))

    def agree(self, customer_id: str) -> str:
        signature = Signature("Sam", "Field", "sam@customer.example", None, self.books.now)
        return self.does(lambda work: customers.confirm_customer_agreement(work, customer_id, signature))

    def add_customer(self, name: str) -> str:
        new = customers.NewCustomer(
            company_name=name, ascii_domain=f"{name}.example", profile={"email": None}, billing={}
        )
        return self.does(lambda work: customers.create_customer(work, new))

    def sell(self, customer_id: str, name: str, quantity: int = 5, **more: Any) -> str:
        terms: dict[str, Any] = {"billing_type": BillingType.LICENSE, "offer_id": OFFER, "quantity": quantity}
        order = SubscriptionOrder(offer_name="Business mail", friendly_name=name, **terms, **more)
        return self.does(lambda work: subscriptions.create_subscription(work, customer_id, order))

    def record_azure(self, customer_id: str) -> str:
        bought = ExternalSubscription(
            channel=Channel.EA, billing_type=BillingType.USAGE, offer_name="Azure", services=("storage",)
        )
        return self.does(lambda work: subscriptions.record_external_subscription(work, customer_id, bought))

    def move(self, row_id: str) -> str:
        return self.does(lambda work: subscriptions.move_subscription_to_csp(work, row_id))

    def update(self, row_id: str, **edits: Any) -> str:
        return self.does(
            lambda work: subscriptions.update_subscription(
                work, row_id, edits, expected_version=self.version(row_id)
            )
        )

    def cancel(self, row_id: str) -> str:
        reason = StopReason.CUSTOMER_REQUEST
        return self.does(
            lambda work: subscriptions.cancel_subscription(
                work, row_id, reason, expected_version=self.version(row_id)
            )
        )

    def link(self, row_id: str, vendor_id: str) -> str:
        ids = vendor_tasks.VendorIds(vendor_id=vendor_id)
        return self.does(
            lambda work: vendor_tasks.link_subscription(
                work, row_id, ids, expected_version=self.version(row_id)
            )
        )

    def request_transfer(self, customer_id: str, source_id: str) -> str:
        request = transfers.TransferRequest(
            kind=TransferKind.NEW_COMMERCE,
            customer_id=customer_id,
            source_directory_id=source_id,
            product_types=(),
            partner_of_record_directory_id=None,
        )
        return self.does(lambda work: transfers.request_transfer(work, request))

    def accept_transfer(self, transfer_id: str, *row_ids: str) -> str:
        return self.does(
            lambda work: transfers.accept_transfer(
                work, transfer_id, subscription_ids=row_ids, expected_version=None
            )
        )

    def version(self, row_id: str) -> int:
        rows = {row["id"]: row["version"] for row in self.books.table("subscriptions")}
        return int(rows[row_id])


def row_named(books: Books, vendor_id: str) -> str:
    """The id here of an imported subscription, by its name at the vendor."""
    rows = {row["vendor_id"]: row["id"] for row in books.table("subscriptions")}
    return str(rows[guid(vendor_id)])
