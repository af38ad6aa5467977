"""Partnerships, and partners as far as others may know them."""

from __future__ import annotations

from multichannel.graphql.framework.fields import column, many, one, resource_type
from multichannel.policy.schema.resources import PARTNER, PARTNERSHIP
from multichannel.policy.schema.vocabulary import Action

SUMMARY, READ = Action.READ_SUMMARY, Action.READ


@resource_type(PARTNERSHIP)
class Partnership:
    """An indirect provider's link with an indirect reseller (SM3)."""

    status = column("Its state.", SUMMARY, filter=True)
    provider = one("The indirect provider.", "Partner", "provider_id", SUMMARY)
    reseller = one(
        "The indirect reseller; to its provider null until it consents.", "Partner", "reseller_id", SUMMARY
    )
    addressed_to = column("The tenant id that the provider invited.", READ, filter=True)
    market = column("The country of both, as an ISO 3166 code (R12).", READ, filter=True)
    cloud = column("The national cloud of both (R52).", READ, filter=True)
    invited_at = column("When the provider invited the reseller.", READ, filter=True, order=True)
    accepted_at = column("When the reseller's global admin consented.", READ, filter=True, order=True)
    removed_at = column("When the provider ended it.", READ, filter=True)
    created_at = column("When this service first heard of it.", READ, filter=True, order=True)
    updated_at = column("When it last changed here.", READ, filter=True, order=True)
    version = column("Counts changes.", READ)


@resource_type(PARTNER)
class Partner:
    """A reseller, distributor or advisor; to others mostly a name."""

    name = column("The company's name.", SUMMARY, filter=True)
    type = column("How it trades with the vendor.", READ)
    status = column("Its standing in the vendor's programme (R19).", READ)
    market = column("The country it sells in, as an ISO 3166 code (R12).", READ)
    cloud = column("The national cloud it works in (R52).", READ)
    partner_number = column("The vendor's number of it.", READ)
    reseller_relationships = many(
        "Its relationships with customers, as far as you may see them.", "ResellerRelationship", "partner_id"
    )
    resellers = many("As a provider, its partnerships with resellers.", "Partnership", "provider_id")
    providers = many("As a reseller, its partnerships with providers.", "Partnership", "reseller_id")
    users = many("Its people, if they are yours to manage.", "User", "tenant_id")
