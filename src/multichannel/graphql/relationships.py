"""Reseller relationships."""

from __future__ import annotations

from multichannel.graphql.declarations import column, one, resource_type
from multichannel.policy.resources import RELATIONSHIP
from multichannel.policy.vocabulary import Action

SUMMARY, READ = Action.READ_SUMMARY, Action.READ


@resource_type(RELATIONSHIP)
class ResellerRelationship:
    """A partner's link with a customer, the only door to selling and support (R4)."""

    status = column("Its state now: a request nobody answered in time is expired.", SUMMARY, filter=True)
    partner = one("The partner; null when you may not see it.", "Partner", "partner_id", SUMMARY)
    customer = one("The customer; null when you may not see it.", "Customer", "customer_id", SUMMARY)
    associated_partner = one(
        "The reseller attached by the provider (R23, R24).", "Partner", "associated_partner_id", READ
    )
    delegated_admin = column("Whether the partner holds delegated admin privileges (R13).", READ, filter=True)
    market = column("The country of the relationship, as an ISO 3166 code (R12).", READ, filter=True)
    cloud = column("The national cloud of both parties (R52).", READ, filter=True)
    requested_at = column("When the partner asked for it.", READ, filter=True, order=True)
    accepted_at = column("When the customer's global admin accepted it (R14).", READ, filter=True, order=True)
    expires_at = column("When an unanswered request lapses.", READ, filter=True)
    created_at = column("When this service first heard of it.", READ, filter=True, order=True)
    updated_at = column("When it last changed here.", READ, filter=True, order=True)
    version = column("Counts changes.", READ)
