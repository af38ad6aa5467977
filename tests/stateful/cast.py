"""The small world the machine plays in: four partners, three customers, their people and their business."""

from __future__ import annotations

from collections.abc import Iterator

from multichannel.demo.cast import fixed_id
from tests.policy.oracle import Row
from tests.stateful.model import vendor
from tests.stateful.model.delegated_admin import RIGHTS
from tests.stateful.model.state import State
from tests.stateful.organisations import (
    ALDER,
    BEGIN,
    BIRCH,
    CANYON,
    CEDAR,
    CUSTOMERS,
    DATED,
    DAY,
    DOGWOOD,
    FJORD,
    IN_CLOUD,
    MEADOW,
    PARTNERS,
)
from tests.stateful.sold import lines, subscriptions, transfers

TEAM = ("global_admin", "admin_agent", "sales_agent")
STAFF = {
    "alder": (*TEAM, "helpdesk_agent", "user_management_admin", "billing_admin", "account_admin"),
    "birch": TEAM,
    "cedar": (*TEAM, "user_management_admin"),
    "dogwood": TEAM,
    "meadow": ("global_admin", "billing_admin"),
    "canyon": ("global_admin",),
    "fjord": ("global_admin",),
}


def rows() -> dict[str, list[Row]]:
    """The rows of every table by its name, in the order in which they can be stored."""
    kinds = {**dict.fromkeys(PARTNERS, "partner"), **dict.fromkeys(CUSTOMERS, "customer")}
    made = {"created_at": BEGIN - 300 * DAY}
    return {
        "tenants": [
            {"id": fixed_id(name), "directory_id": fixed_id(name), "kind": kind, **IN_CLOUD, **made}
            for name, kind in kinds.items()
        ],
        "partners": [
            {
                "id": fixed_id(name),
                "name": name,
                "type": kind,
                "status": status,
                "market": "US",
                **IN_CLOUD,
                **made,
            }
            for name, (kind, status) in PARTNERS.items()
        ],
        "customers": [_customer(name, market) for name, market in CUSTOMERS.items()],
        "customer_domains": [
            {
                "customer_id": fixed_id(name),
                "ascii_domain": f"{name}.example",
                "is_verified": True,
                **IN_CLOUD,
            }
            for name in CUSTOMERS
        ],
        "users": [_user(tenant, role) for tenant, roles in STAFF.items() for role in roles],
        "role_assignments": [
            {"user_id": fixed_id(f"{role}.{tenant}.user"), "role": role, "tenant_id": fixed_id(tenant)}
            for tenant, roles in STAFF.items()
            for role in roles
        ],
        "partnerships": list(_partnerships()),
        "reseller_relationships": list(_relationships()),
        "delegated_admin_grants": list(_grants()),
        "billing_profiles": [
            {
                "id": fixed_id(f"{one}.{other}.bills"),
                "partner_id": fixed_id(one),
                "customer_id": fixed_id(other),
            }
            | IN_CLOUD
            | DATED
            for one, other in (("alder", "meadow"), ("birch", "canyon"))
        ],
        "customer_agreements": list(_agreements()),
        "subscriptions": list(subscriptions()),
        "transfers": list(transfers()),
        "transfer_lines": list(lines()),
    }


UNSHARED: Row = {"sharing": "all_partners", "shared_with": set(), "confirmation": None}


def state() -> State:
    """The same world as the model holds it."""
    stored = rows()
    roles = stored["role_assignments"]
    users = [
        {**each, "roles": {one["role"] for one in roles if one["user_id"] == each["id"]}}
        for each in stored["users"]
    ]
    sold = [
        {
            **UNSHARED,
            **vendor.UNKNOWN,
            "wishes": {},
            **each,
            "state": each["status"],
            "kept_until": None,
            "left": False,
        }
        for each in stored["subscriptions"]
    ]
    moving = [{**each, "base_id": None, "failed": None} for each in stored["transfer_lines"]]
    moving[1]["base_id"] = moving[0]["subscription_id"]
    tables = {
        "Partner": stored["partners"],
        "Customer": [
            {**each, "directory_id": each["id"], "verified": True, "default_sharing": "all_partners"}
            for each in stored["customers"]
        ],
        "User": users,
        "Partnership": stored["partnerships"],
        "ResellerRelationship": stored["reseller_relationships"],
        "DelegatedAdminGrant": stored["delegated_admin_grants"],
        "BillingProfile": stored["billing_profiles"],
        "CustomerAgreement": stored["customer_agreements"],
        "Subscription": sold,
        "SubscriptionShare": [],
        "SupportCase": [],
        "BulkOperation": [],
        "Transfer": [{**each, "asked": set()} for each in stored["transfers"]],
        "TransferLine": moving,
    }
    return State(BEGIN, tables)


def _customer(name: str, market: str) -> Row:
    named = {"company_name": name, "domain": f"{name}.example", "city": "Springfield"}
    return {"id": fixed_id(name), **named, "market": market, **IN_CLOUD, **DATED}


def _user(tenant: str, role: str) -> Row:
    return {
        "id": fixed_id(f"{role}.{tenant}.user"),
        "tenant_id": fixed_id(tenant),
        "object_id": fixed_id(f"{role}.{tenant}"),
        "display_name": f"{tenant} {role}",
        "state": "active",
        **IN_CLOUD,
        **DATED,
    }


def _partnerships() -> Iterator[Row]:
    for reseller, status in (("dogwood", "active"), ("birch", "active"), ("alder", "invited")):
        address = fixed_id(reseller)
        link = {"provider_id": CEDAR, "reseller_id": address, "addressed_to": address, "status": status}
        yield {"id": fixed_id(f"cedar.{reseller}"), **link, "market": "US", **IN_CLOUD, **DATED}


def _relationships() -> Iterator[Row]:
    for partner, customer, status, admin, attached in (
        (ALDER, MEADOW, "active", True, None),
        (ALDER, CANYON, "active", False, None),
        (BIRCH, CANYON, "active", True, None),
        (CEDAR, MEADOW, "active", False, DOGWOOD),
        (CEDAR, CANYON, "active", False, None),
        (BIRCH, MEADOW, "requested", False, None),
        (ALDER, FJORD, "requested", False, None),
    ):
        yield {
            "id": fixed_id(f"{partner}.{customer}"),
            "partner_id": partner,
            "customer_id": customer,
            "addressed_to": customer,
            "associated_partner_id": attached,
            "invited_with_id": None,
            "status": status,
            "delegated_admin_requested": admin,
            "end_reason": None,
            "detached_reseller_ids": [],
            "is_extension": False,
            "expires_at": BEGIN + 60 * DAY if status == "requested" else None,
            "market": "US",
            **IN_CLOUD,
            **DATED,
        }


def _grants() -> Iterator[Row]:
    """Alder may do everything in Meadow for 200 days, Birch in Canyon for two years; one request waits."""
    for partner, customer, status, days in (
        (ALDER, MEADOW, "active", 200),
        (BIRCH, CANYON, "active", 730),
        (ALDER, CANYON, "pending", 60),
    ):
        end = BEGIN + days * DAY
        yield {
            "id": fixed_id(f"{partner}.{customer}.grant"),
            "relationship_id": fixed_id(f"{partner}.{customer}"),
            "partner_id": partner,
            "customer_id": customer,
            "requested_with_relationship": False,
            **dict.fromkeys(RIGHTS, True),
            "duration_days": 365,
            "auto_extend": False,
            "status": status,
            "ends_at": end if status == "active" else None,
            "expires_at": end,
            **IN_CLOUD,
            **DATED,
        }


def _agreements() -> Iterator[Row]:
    for customer, partner in ((MEADOW, None), (CANYON, ALDER), (CANYON, CEDAR)):
        yield {
            "id": fixed_id(f"{customer}.{partner}"),
            "customer_id": customer,
            "partner_id": partner,
            "kind": "attestation" if partner else "direct",
            "first_name": "A",
            "last_name": "Signer",
            "email": "a@signer.example",
            "agreed_at": DATED["created_at"],
            "created_at": DATED["created_at"],
            **IN_CLOUD,
        }
