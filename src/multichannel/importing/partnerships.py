"""A relationship between two partners as the vendor's REST API returns it."""

from __future__ import annotations

from enum import StrEnum

from multichannel.domain.partnerships import PartnershipStatus
from multichannel.importing.field_mapping import optional, payload, required
from multichannel.importing.value_readers import customer_of, guid, identifier, one_of, text


class PartnerRelationshipType(StrEnum):
    """What the exporting partner is to the other one."""

    IS_INDIRECT_RESELLER_OF = "is_indirect_reseller_of"
    IS_INDIRECT_CLOUD_SOLUTION_PROVIDER_OF = "is_indirect_cloud_solution_provider_of"


@payload
class ImportedPartnerRelationship:
    """Another partner, and what the exporting one is to it."""

    partner_id: str = required("id", guid)
    name: str = required("name", text)
    mpn_id: str | None = optional("mpnId", identifier)
    relationship_type: PartnerRelationshipType = required("relationshipType", one_of(PartnerRelationshipType))
    location: str | None = optional("location", text)
    state: PartnershipStatus = optional("state", one_of(PartnershipStatus), PartnershipStatus.ACTIVE)
    customer_id: str | None = optional("links.self.uri", customer_of)
