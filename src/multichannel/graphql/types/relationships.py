"""Reseller relationships."""

from __future__ import annotations

from multichannel.graphql.framework.fields import column, computed, one, resource_type
from multichannel.graphql.types.common import CREATED_AT, UPDATED_AT, version
from multichannel.graphql.types.invitations import invitations
from multichannel.policy.schema.resources import RELATIONSHIP
from multichannel.policy.schema.vocabulary import Action

SUMMARY, READ = Action.READ_SUMMARY, Action.READ


@resource_type(RELATIONSHIP)
class ResellerRelationship:
    """The link between a partner and a customer that selling and support require."""

    status = column("The state of the relationship now.", SUMMARY, filter=True)
    partner = one("The partner; null if you cannot see it.", "Partner", "partner_id", SUMMARY)
    customer = one(
        "The customer; null if you cannot see it, as before it accepts the request.",
        "Customer",
        "customer_id",
        SUMMARY,
    )
    addressed_to = column("The tenant GUID or domain that the request was addressed to.", READ, filter=True)
    associated_partner = one(
        "The reseller that serves the customer through the partner, an indirect provider; null if none.",
        "Partner",
        "associated_partner_id",
        READ,
    )
    delegated_admin_requested = column(
        "Whether the request includes delegated admin privileges.", SUMMARY, filter=True
    )
    delegated_admin = column("Whether the partner has delegated admin privileges.", READ, filter=True)
    invitation = computed(
        "What to send to the customer. Null unless the request is open and you may withdraw it.",
        "RelationshipInvitation",
        SUMMARY,
        invitations,
    )
    market = column("The country of both parties, as an ISO 3166-1 alpha-2 code.", READ, filter=True)
    cloud = column("The national cloud of both parties.", READ, filter=True)
    requested_at = column("When the partner made the request.", READ, filter=True, order=True)
    accepted_at = column("When the customer accepted; null until then.", READ, filter=True, order=True)
    expires_at = column("When the request expires if the customer does not answer.", READ, filter=True)
    closed_at = column(
        "When the request was declined, withdrawn or recorded as expired, or the relationship ended; "
        "null until then.",
        READ,
        filter=True,
    )
    end_reason = column("Why the customer ended it; null unless it did.", READ)
    created_at = CREATED_AT
    updated_at = UPDATED_AT
    version = version()
