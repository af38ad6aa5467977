"""The resource types: their mapped classes, facts and actions."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, get_args, get_origin, get_type_hints

from sqlalchemy.orm import InstrumentedAttribute

from multichannel.domain.agreements import CustomerAgreement
from multichannel.domain.audit import AuditRecord
from multichannel.domain.base import Base
from multichannel.domain.bulk_operations import BulkOperation
from multichannel.domain.customers import BillingProfile, Customer
from multichannel.domain.delegated_admin import DelegatedAdminGrant
from multichannel.domain.partnerships import Partnership
from multichannel.domain.relationships import ResellerRelationship
from multichannel.domain.subscriptions import Subscription, SubscriptionShare
from multichannel.domain.support_cases import SupportCase
from multichannel.domain.tenants import Partner
from multichannel.domain.transfers import Transfer
from multichannel.domain.users import User
from multichannel.domain.vendor_tasks import VendorTask
from multichannel.policy.schema import facts
from multichannel.policy.schema.vocabulary import READS, Action


@dataclass(frozen=True, slots=True)
class Scalar:
    """A fact that is a value; `nullable` facts may be unknown, and a flag is true or false."""

    name: str
    is_flag: bool
    nullable: bool
    words: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Relation:
    """A fact that is another record, or a list of them, joined on one column."""

    name: str
    target: str
    many: facts.Many | None

    @property
    def local(self) -> str:
        """The column of this side of the join."""
        return self.many.local if self.many else f"{self.name}_id"

    @property
    def remote(self) -> str:
        """The column of the other side of the join."""
        return self.many.column if self.many else "id"


RESOURCES: dict[str, Resource] = {}
"""Every resource type by name, as they are defined below; a policy file may mention no other."""


@dataclass(frozen=True, eq=False)
class Resource:
    """A resource type that policies decide on."""

    facts: type
    model: type[Base] | None
    actions: tuple[Action, ...]

    def __post_init__(self) -> None:
        RESOURCES[self.name] = self

    @property
    def name(self) -> str:
        """The name in policy files and in the GraphQL schema."""
        return self.facts.__name__.removesuffix("Facts")

    @property
    def reads(self) -> tuple[Action, ...]:
        """The read levels of the resource type."""
        return tuple(action for action in self.actions if action in READS)

    @cached_property
    def attributes(self) -> dict[str, Scalar | Relation]:
        """The facts by name."""
        hints = get_type_hints(self.facts, vars(facts), include_extras=True)
        return {field.name: self._attribute(field.name, hints[field.name]) for field in fields(self.facts)}

    @property
    def mapped(self) -> Any:
        """The mapped class; TypeError for the service itself, which is not stored."""
        if self.model is None:
            raise TypeError(f"{self.name} is not stored")
        return self.model

    def scalar(self, name: str) -> Scalar:
        """A fact that is a value."""
        found = self.attributes[name]
        if not isinstance(found, Scalar):
            raise TypeError(f"{self.name}.{name} is a record")
        return found

    def relation(self, name: str) -> Relation:
        """A fact that is a record or a list of them."""
        found = self.attributes[name]
        if not isinstance(found, Relation):
            raise TypeError(f"{self.name}.{name} is a value")
        return found

    def column(self, name: str) -> InstrumentedAttribute[Any]:
        """The mapped attribute that holds a scalar fact."""
        attribute: InstrumentedAttribute[Any] = getattr(self.mapped, name)
        return attribute

    def _attribute(self, name: str, hint: Any) -> Scalar | Relation:
        if get_origin(hint) is not None and hasattr(hint, "__metadata__"):
            listed, many = get_args(hint)
            return Relation(name, get_args(listed)[0].__name__.removesuffix("Facts"), many)
        if isinstance(hint, type) and hint.__name__.endswith("Facts"):
            return Relation(name, hint.__name__.removesuffix("Facts"), None)
        enum = getattr(self.column(name).__clause_element__().type, "enums", None) if self.model else None
        kinds = get_args(hint) or (hint,)
        return Scalar(name, bool in kinds, type(None) in kinds, frozenset(enum) if enum else None)


SERVICE = Resource(
    facts.ServiceFacts,
    None,
    (Action.ADD_PARTNER, Action.ADD_CUSTOMER, Action.SEED, Action.EXPIRE, Action.RUN_BULK),
)
PARTNER = Resource(
    facts.PartnerFacts,
    Partner,
    (
        Action.READ_SUMMARY,
        Action.READ,
        Action.REQUEST_RELATIONSHIP,
        Action.REQUEST_RELATIONSHIP_THROUGH_PROVIDER,
        Action.REQUEST_DELEGATED_ADMIN,
        Action.INVITE_RESELLER,
        Action.CREATE_CUSTOMER,
        Action.REQUEST_TRANSFER,
        Action.READ_SUPPORT_OPTIONS,
        Action.ADD_USER,
        Action.START_BULK,
        Action.VERIFY_DOMAIN,
        Action.IMPORT,
    ),
)
PARTNERSHIP = Resource(
    facts.PartnershipFacts,
    Partnership,
    (Action.READ_SUMMARY, Action.READ, Action.ACCEPT, Action.REMOVE, Action.INVITE, Action.REDEEM),
)
RELATIONSHIP = Resource(
    facts.ResellerRelationshipFacts,
    ResellerRelationship,
    (
        Action.READ_SUMMARY,
        Action.READ,
        Action.ACCEPT,
        Action.DECLINE,
        Action.CANCEL,
        Action.REMOVE,
        Action.END,
        Action.DETACH_RESELLER,
        Action.EXTEND,
        Action.REQUEST_DELEGATED_ADMIN,
        Action.REVOKE_DELEGATED_ADMIN,
        Action.INVITE,
        Action.REDEEM,
        Action.EXPIRE,
    ),
)
DELEGATED_ADMIN_GRANT = Resource(
    facts.DelegatedAdminGrantFacts,
    DelegatedAdminGrant,
    (
        Action.READ_SUMMARY,
        Action.READ,
        Action.APPROVE,
        Action.DECLINE,
        Action.REDUCE,
        Action.TERMINATE,
        Action.SET_AUTO_EXTEND,
        Action.EXPIRE,
    ),
)
CUSTOMER = Resource(
    facts.CustomerFacts,
    Customer,
    (
        Action.READ_SUMMARY,
        Action.READ,
        Action.READ_ACCESS,
        Action.READ_OWN_ACCESS,
        Action.UPDATE,
        Action.LABEL,
        Action.LINK,
        Action.CONFIRM_AGREEMENT,
        Action.RECORD_SUBSCRIPTION,
        Action.CREATE_SUBSCRIPTION,
        Action.SET_SHARING,
        Action.ADD_USER,
        Action.START_BULK,
        Action.VERIFY_DOMAIN,
    ),
)
BILLING_PROFILE = Resource(facts.BillingProfileFacts, BillingProfile, (Action.READ_BILLING,))
CUSTOMER_AGREEMENT = Resource(
    facts.CustomerAgreementFacts, CustomerAgreement, (Action.READ_SUMMARY, Action.READ)
)
SUBSCRIPTION = Resource(
    facts.SubscriptionFacts,
    Subscription,
    (
        Action.READ_SUMMARY,
        Action.READ,
        Action.READ_BILLING,
        Action.READ_ACCESS,
        Action.READ_OWN_ACCESS,
        Action.UPDATE,
        Action.LABEL,
        Action.SUSPEND,
        Action.REACTIVATE,
        Action.CANCEL,
        Action.CANCEL_SERVICE,
        Action.MOVE_TO_CSP,
        Action.ASSIGN_SUPPORT_CONTACT,
        Action.ASSIGN_PARTNER_OF_RECORD,
        Action.LINK,
        Action.COMPLETE_VENDOR_TASK,
        Action.REQUEST_SWITCH,
        Action.RELEASE,
        Action.SET_SHARING,
        Action.CONFIRM,
        Action.DISPUTE,
        Action.OPEN_SUPPORT_CASE,
        Action.EXPIRE,
    ),
)
SUBSCRIPTION_SHARE = Resource(facts.SubscriptionShareFacts, SubscriptionShare, ())
"""What subscriptions are shared by; nobody acts on it, and rules read it."""
SUPPORT_CASE = Resource(
    facts.SupportCaseFacts,
    SupportCase,
    (
        Action.READ,
        Action.COMMENT,
        Action.ASSIGN,
        Action.RESOLVE,
        Action.REOPEN,
        Action.CLOSE,
    ),
)
VENDOR_TASK = Resource(facts.VendorTaskFacts, VendorTask, (Action.READ,))
TRANSFER = Resource(
    facts.TransferFacts,
    Transfer,
    (
        Action.READ_SUMMARY,
        Action.READ,
        Action.CONSENT,
        Action.ACCEPT,
        Action.DECLINE,
        Action.CANCEL,
        Action.EXPIRE,
    ),
)
USER = Resource(facts.UserFacts, User, (Action.READ, Action.UPDATE_ROLES, Action.DISABLE, Action.ENABLE))
BULK_OPERATION = Resource(
    facts.BulkOperationFacts, BulkOperation, (Action.READ, Action.CANCEL, Action.RUN_BULK)
)
AUDIT_RECORD = Resource(
    facts.AuditRecordFacts, AuditRecord, (Action.READ_SUMMARY, Action.READ, Action.EXPIRE)
)


def with_article(kind: str) -> str:
    """Such as `a Customer` or `an AuditRecord`."""
    return f"an {kind}" if kind[0] in "AEIO" else f"a {kind}"
