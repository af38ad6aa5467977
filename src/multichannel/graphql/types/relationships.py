"""Reseller relationships."""

from __future__ import annotations

from multichannel.graphql.framework.fields import column, computed, one, resource_type
from multichannel.graphql.types.invitations import invitations
from multichannel.policy.schema.resources import RELATIONSHIP
from multichannel.policy.schema.vocabulary import Action

SUMMARY, READ = Action.READ_SUMMARY, Action.READ


@resource_type(RELATIONSHIP)
class ResellerRelationship:
    """A partner's link with a customer, the only door to selling and support (R4)."""

    status = column("Its state now: a request nobody answered in time is expired.", SUMMARY, filter=True)
    partner = one("The partner; null when you may not see it.", "Partner", "partner_id", SUMMARY)
    customer = one(
        "The customer; null when you may not see it, as while it has not accepted.",
        "Customer",
        "customer_id",
        SUMMARY,
    )
    addressed_to = column("The tenant id or domain that the request named.", READ, filter=True)
    associated_partner = one(
        "The reseller attached by the provider (R23, R24).", "Partner", "associated_partner_id", READ
    )
    delegated_admin_requested = column(
        "Whether the request asks for delegated admin privileges (R13).", SUMMARY, filter=True
    )
    delegated_admin = column("Whether the partner holds delegated admin privileges (R13).", READ, filter=True)
    invitation = computed(
        "What to send to the customer, for who may withdraw the request, while it is open.",
        "RelationshipInvitation",
        SUMMARY,
        invitations,
    )
    market = column("The country of the relationship, as an ISO 3166 code (R12).", READ, filter=True)
    cloud = column("The national cloud of both parties (R52).", READ, filter=True)
    requested_at = column("When the partner asked for it.", READ, filter=True, order=True)
    accepted_at = column("When the customer's global admin accepted it (R14).", READ, filter=True, order=True)
    expires_at = column("When an unanswered request lapses.", READ, filter=True)
    closed_at = column(
        "When it was declined, withdrawn, written off as lapsed, or removed.", READ, filter=True
    )
    created_at = column("When this service first heard of it.", READ, filter=True, order=True)
    updated_at = column("When it last changed here.", READ, filter=True, order=True)
    version = column("Counts changes.", READ)
