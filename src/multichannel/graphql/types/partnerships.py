"""Partnerships, and partners as far as others may know them."""

from __future__ import annotations

from multichannel.graphql.framework.fields import Column, Computed, ToMany, ToOne, resource_type
from multichannel.graphql.types.common import CREATED_AT, UPDATED_AT, version
from multichannel.graphql.types.invitations import reseller_invitations
from multichannel.policy.schema.resources import PARTNER, PARTNERSHIP
from multichannel.policy.schema.vocabulary import Action

SUMMARY, READ = Action.READ_SUMMARY, Action.READ


@resource_type(PARTNERSHIP)
class Partnership:
    """The link between an indirect provider and an indirect reseller."""

    status = Column("The state of the partnership.", SUMMARY, filter=True, order=True)
    provider = ToOne("The indirect provider.", "Partner", SUMMARY)
    reseller = ToOne(
        "The indirect reseller; null for its provider until it accepts the invitation, and after the "
        "partnership has ended, unless it still serves customers through the provider: see `attachments`.",
        "Partner",
        SUMMARY,
    )
    addressed_to = Column("The tenant GUID or domain that the provider invited.", READ, filter=True)
    invitation = Computed(
        "What to send to the reseller. It is shown once, in the result of the mutation that makes the link; "
        "null otherwise.",
        "InvitationLink",
        SUMMARY,
        reseller_invitations,
    )
    market = Column("The country of both partners, as an ISO 3166-1 alpha-2 code.", READ, filter=True)
    cloud = Column("The national cloud of both partners.", READ, filter=True)
    invited_at = Column("When the provider invited the reseller.", READ, filter=True, order=True)
    accepted_at = Column(
        "When the reseller accepted the invitation; null until then.", READ, filter=True, order=True
    )
    removed_at = Column(
        "When the provider ended the partnership or withdrew the invitation; null until then.",
        READ,
        filter=True,
    )
    created_at = CREATED_AT
    updated_at = UPDATED_AT
    version = version()


@resource_type(PARTNER)
class Partner:
    """A reseller, distributor or advisor.

    Customers and resellers that it asks can read it; others that it has to do with can read its name.
    """

    name = Column("The company's name.", SUMMARY, filter=True, order=True)
    directory_id = Column(
        "Its tenant GUID at the vendor, the `tid` claim of its users' tokens. Mutations take it where they "
        "ask for a partner.",
        SUMMARY,
        filter=True,
    )
    type = Column("How it trades with the vendor.", READ)
    status = Column("Its standing in the vendor's program.", READ)
    market = Column("The country it sells in, as an ISO 3166-1 alpha-2 code.", READ)
    cloud = Column("The national cloud of its tenant.", READ)
    domain = Column("The primary domain of its tenant; null if it is not known.", READ)
    is_domain_verified = Column("Whether a sign-in of the partner has shown that it has the domain.", READ)
    partner_number = Column("The partner number that the vendor assigned.", READ)
    reseller_relationships = ToMany(
        "Its relationships with customers that you can see.", "ResellerRelationship", "partner_id"
    )
    attachments = ToMany(
        "The relationships of providers through which it serves customers as a reseller, as far as you can "
        "see them. They outlive a partnership that ends.",
        "ResellerRelationship",
        "associated_partner_id",
    )
    resellers = ToMany("Its partnerships as a provider that you can see.", "Partnership", "provider_id")
    providers = ToMany("Its partnerships as a reseller that you can see.", "Partnership", "reseller_id")
    users = ToMany("The users of its tenant, if you may manage them.", "User", "tenant_id")
