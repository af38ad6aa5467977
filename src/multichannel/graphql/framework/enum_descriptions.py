"""What the schema says of closed vocabularies and of each of their values."""

from __future__ import annotations

from enum import EnumMeta

from multichannel.domain.agreements import AgreementKind
from multichannel.domain.audit import AuditStatus
from multichannel.domain.commerce import (
    BillingCycle,
    BillingType,
    Channel,
    Commerce,
    ContractType,
    RecordedBy,
    StopReason,
    SubscriptionStatus,
    TermDuration,
)
from multichannel.domain.customers import CustomerQualification
from multichannel.domain.partnerships import PartnershipStatus
from multichannel.domain.relationships import RelationshipStatus
from multichannel.domain.support import SupportOptionKind
from multichannel.domain.tenants import Cloud, PartnerStatus, PartnerType, TenantKind
from multichannel.domain.transfer_effects import TransferSubject
from multichannel.domain.transfers import Initiator, TransferKind, TransferProductType, TransferStatus
from multichannel.domain.users import Role, UserState
from multichannel.policy.schema.vocabulary import Action, AuthMode

ENUMS: dict[EnumMeta, tuple[str, dict[str, str]]] = {
    Action: (
        "What the policy can grant on a record. Creating a record is an action on its parent.",
        {
            "READ_SUMMARY": "See that the record exists, and read its summary fields.",
            "READ": "Read all fields except the billing fields.",
            "READ_BILLING": "Read the billing fields.",
            "UPDATE": "Edit the record.",
            "REQUEST_RELATIONSHIP": "Request a reseller relationship from a customer.",
            "REQUEST_RELATIONSHIP_THROUGH_PROVIDER": "Request a relationship through an indirect provider.",
            "REQUEST_DELEGATED_ADMIN": "Request delegated admin privileges along with a relationship.",
            "INVITE_RESELLER": "Invite a partner to become an indirect reseller.",
            "CREATE_CUSTOMER": "Create a customer with a new tenant.",
            "REQUEST_TRANSFER": "Request subscriptions from another partner.",
            "ADD_USER": "Add a user to the tenant.",
            "UPDATE_ROLES": "Replace the roles of the user.",
            "DISABLE": "End the access of the user.",
            "ENABLE": "Give the disabled user access again.",
            "ACCEPT": "Accept the request, the invitation or the transfer.",
            "DECLINE": "Decline the request or the transfer.",
            "CANCEL": "Withdraw the request or the transfer, or end the subscription.",
            "REMOVE": "End the relationship as the partner, or end the partnership.",
            "END": "End the relationship as the customer.",
            "EXTEND": "Extend the relationship to a provider.",
            "REVOKE_DELEGATED_ADMIN": "Revoke the partner's delegated admin privileges.",
            "LINK": "Link the customer to its directory.",
            "CONFIRM_AGREEMENT": "Record that the customer has accepted the customer agreement.",
            "RECORD_SUBSCRIPTION": "Record a subscription that was bought in another channel.",
            "CREATE_SUBSCRIPTION": "Sell the customer a subscription.",
            "SUSPEND": "Suspend the subscription.",
            "REACTIVATE": "Reactivate the suspended subscription.",
            "CANCEL_SERVICE": "Cancel a single service of the subscription.",
            "MOVE_TO_CSP": "Recreate the subscription of another channel in CSP.",
            "ASSIGN_SUPPORT_CONTACT": "Assign the partner that supports the subscription.",
            "ASSIGN_PARTNER_OF_RECORD": "Assign the reseller that is credited for the subscription.",
            "RELEASE": "Hand the subscription over to another partner.",
            "CONSENT": "Consent to the manual switch.",
            "EXPIRE": "Persist status changes that are due. Used by the service itself.",
            "IMPORT": "Import the partner's data from other systems. Used by the service itself.",
            "ADD_PARTNER": "Add a partner. Used by the service itself.",
            "VERIFY_DOMAIN": "Verify a domain of the customer. Used by the service itself.",
            "ADD_CUSTOMER": "Add a customer. Used by the service itself.",
            "SEED": "Load the demo data. Used by the service itself.",
        },
    ),
    AgreementKind: (
        "How a customer accepted the customer agreement.",
        {
            "ATTESTATION": "A partner attests that the customer signed; valid for that partner.",
            "DIRECT": "The customer signed here itself; valid for every partner.",
        },
    ),
    AuditStatus: (
        "The outcome of an operation.",
        {
            "SUCCEEDED": "The operation succeeded.",
            "FAILED": "It was refused because of the state of the data.",
            "DECLINED": "It was denied by the policy.",
        },
    ),
    AuthMode: (
        "On whose behalf an access token was issued.",
        {"APP_USER": "A signed-in user.", "APP": "An application without a user."},
    ),
    BillingCycle: (
        "How often a subscription is billed.",
        {
            "UNKNOWN": "The vendor has not reported it.",
            "MONTHLY": "Every month.",
            "ANNUAL": "Every year.",
            "NONE": "It is not billed.",
            "ONE_TIME": "Once.",
            "TRIENNIAL": "Every three years.",
            "BIENNIAL": "Every two years.",
        },
    ),
    BillingType: (
        "What the bill of a subscription depends on.",
        {
            "NONE": "The vendor has not reported it.",
            "USAGE": "Metered usage, as of Azure.",
            "LICENSE": "The number of licenses.",
        },
    ),
    Channel: (
        "The route by which a subscription was bought.",
        {
            "CSP": "Cloud Solution Provider: sold and billed by a partner.",
            "DIRECT": "Bought from the vendor's website.",
            "ADVISOR": "Bought from the vendor on a partner's advice.",
            "OPEN": "An Open volume license.",
            "EA": "An Enterprise Agreement.",
            "SYNDICATION": "Sold by a syndication partner.",
        },
    ),
    Cloud: (
        "The national cloud of a tenant. Records, relationships and transfers never cross clouds.",
        {"PUBLIC": "The public cloud.", "US_GOVERNMENT": "The cloud for the US government."},
    ),
    Commerce: (
        "The vendor's generation of commerce. It decides how a subscription ends and how it is transferred.",
        {"LEGACY": "The generation before new commerce.", "NEW_COMMERCE": "The current generation."},
    ),
    ContractType: (
        "What was bought.",
        {
            "SUBSCRIPTION": "A subscription.",
            "PRODUCT_KEY": "A product key.",
            "REDEMPTION_CODE": "A redemption code.",
        },
    ),
    CustomerQualification: (
        "The special offers that the vendor has qualified a customer for.",
        {
            "NONE": "None.",
            "EDUCATION": "Offers for education.",
            "NONPROFIT": "Offers for nonprofits.",
            "GOVERNMENT_COMMUNITY_CLOUD": "Offers of the Government Community Cloud.",
            "STATE_OWNED_ENTITY": "Offers for state-owned entities.",
        },
    ),
    Initiator: (
        "The party that started a transfer.",
        {
            "SOURCE": "The source offered subscriptions.",
            "TARGET": "The target requested subscriptions.",
        },
    ),
    PartnerStatus: (
        "The standing of a partner in the vendor's program.",
        {
            "ACTIVE": "It may sell.",
            "RESTRICTED": "It may manage what it has sold, but sell nothing new.",
            "INACTIVE": "It has left the program.",
        },
    ),
    PartnershipStatus: (
        "The state of a partnership.",
        {
            "INVITED": "The provider has invited the reseller.",
            "ACTIVE": "The reseller has accepted.",
            "REMOVED": "The provider has ended it or withdrawn the invitation.",
        },
    ),
    PartnerType: (
        "How a partner trades with the vendor.",
        {
            "DIRECT_BILL": "Buys from the vendor and sells to customers.",
            "INDIRECT_PROVIDER": "Buys from the vendor and sells through resellers; a distributor.",
            "INDIRECT_RESELLER": "Sells through an indirect provider.",
            "ADVISOR": "Advises customers that buy from the vendor.",
        },
    ),
    RecordedBy: (
        "The party whose record of a subscription this is.",
        {
            "CUSTOMER": "The customer; its partners can see the record.",
            "PARTNER": "A partner; only it and the customer can see the record.",
        },
    ),
    RelationshipStatus: (
        "The state of a reseller relationship.",
        {
            "REQUESTED": "The customer has not answered yet.",
            "ACTIVE": "The customer has accepted.",
            "DECLINED": "The customer has declined.",
            "CANCELED": "The partner has withdrawn the request.",
            "EXPIRED": "The customer did not answer in time.",
            "REMOVED": "The partner has ended the relationship.",
            "ENDED_BY_CUSTOMER": "The customer has ended the relationship.",
        },
    ),
    Role: (
        "The role of a user in its own tenant.",
        {
            "GLOBAL_ADMIN": "Administers the tenant; assigns every role.",
            "USER_MANAGEMENT_ADMIN": "Manages users; assigns every role except global admin.",
            "BILLING_ADMIN": "Works with invoices and billing profiles.",
            "ADMIN_AGENT": "Sells, manages and transfers subscriptions; administers customers.",
            "SALES_AGENT": "Wins customers and sells subscriptions.",
            "HELPDESK_AGENT": "Supports customers.",
            "ACCOUNT_ADMIN": "Manages account admins.",
        },
    ),
    StopReason: (
        "Why a subscription is suspended or canceled.",
        {
            "CUSTOMER_REQUEST": "The customer asked for it.",
            "NON_PAYMENT": "The customer has not paid.",
            "FRAUD": "Fraud, or the suspicion of it.",
        },
    ),
    SubscriptionStatus: (
        "The state of a subscription.",
        {
            "NONE": "The vendor has not reported it.",
            "ACTIVE": "In use.",
            "SUSPENDED": "Its users are locked out; it can be reactivated.",
            "DELETED": "It is gone, with its data.",
            "EXPIRED": "Its term has ended; its users still have access for 30 days.",
            "PENDING": "It has not started yet.",
            "DISABLED": "It has expired, and only admins have access.",
        },
    ),
    SupportOptionKind: (
        "A way to support a subscription that someone else sold.",
        {
            "REQUEST_RELATIONSHIP": "Request a reseller relationship from the customer.",
            "RECREATE_IN_CSP": "Recreate the usage-based subscription in CSP.",
            "TRANSFER": "Request a transfer from the partner that bills it.",
            "WAIT_FOR_TERM_END": "Wait for the end of its term, then sell a new subscription.",
            "CANCEL_THEN_MOVE": "Have the subscription canceled, then sell a new one.",
        },
    ),
    TenantKind: (
        "The kind of organization that a tenant belongs to.",
        {
            "PARTNER": "A reseller, distributor or advisor.",
            "CUSTOMER": "A customer.",
            "SYSTEM": "The service itself.",
        },
    ),
    TermDuration: (
        "The length of a term, as an ISO 8601 duration.",
        {"P1M": "One month.", "P1Y": "One year.", "P3Y": "Three years."},
    ),
    TransferKind: (
        "The vendor's procedure that a transfer follows: who starts it, and what can be transferred.",
        {
            "LEGACY": "Legacy subscriptions, offered by a reseller to its provider.",
            "AZURE_PLAN": "Azure plans, requested by the target.",
            "NEW_COMMERCE": "New commerce subscriptions, requested by the target.",
            "MANUAL_SWITCH": "Legacy Azure subscriptions, offered by the source and consented to by "
            "all parties.",
        },
    ),
    TransferProductType: (
        "The type of product that a target requests.",
        {
            "AZURE_SUBSCRIPTION": "Azure subscriptions.",
            "AZURE_RESERVATION": "Azure reservations.",
            "AZURE_SAVINGS_PLAN": "Azure savings plans.",
            "ONLINE_SERVICES_NCE": "License-based services of new commerce.",
        },
    ),
    TransferStatus: (
        "The state of a transfer or of one of its lines.",
        {
            "PENDING": "The other party has not decided yet.",
            "IN_PROGRESS": "It was accepted, and the subscriptions are being transferred.",
            "COMPLETED": "All subscriptions were transferred.",
            "COMPLETED_WITH_ERRORS": "Some subscriptions were transferred, others failed.",
            "FAILED": "No subscription was transferred.",
            "CANCELED": "The party that started it has canceled it.",
            "DECLINED": "Another party has declined it.",
            "EXPIRED": "It was not decided in time.",
        },
    ),
    TransferSubject: (
        "What a transfer affects.",
        {
            "BILLING": "Who bills the customer.",
            "SUPPORT": "Who supports the customer.",
            "AZURE_ROLE_ASSIGNMENTS": "Role assignments in Azure.",
            "ADMIN_ON_BEHALF_OF": "Ownership in Azure on behalf of the customer.",
            "DELEGATED_ADMIN": "Delegated admin privileges.",
            "PRICE": "Prices and promotions.",
            "QUOTAS": "Increased quotas.",
            "RESERVATIONS": "Reservations and savings plans.",
            "TICKETS": "Support tickets.",
        },
    ),
    UserState: (
        "Whether a user can sign in.",
        {"ACTIVE": "The user can sign in.", "INACTIVE": "The user cannot sign in."},
    ),
}
"""By the enum's name: its description, and that of each value. Codes of refusals have their own."""
