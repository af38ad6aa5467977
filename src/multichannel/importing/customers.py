"""A customer as the vendor's REST API returns it, with its company and billing profile."""

from __future__ import annotations

from enum import StrEnum

from multichannel.importing.field_mapping import incomparable, list_of, object_of, optional, payload, required
from multichannel.importing.problems import abbreviate, invalid
from multichannel.importing.value_readers import country, domain_name, flag, guid, one_of, text


class RelationshipToPartner(StrEnum):
    """What the exporting partner is to the customer."""

    UNKNOWN = "unknown"
    RESELLER = "reseller"
    ADVISOR = "advisor"
    SYNDICATION = "syndication"
    MICROSOFT_SUPPORT = "microsoft_support"
    NONE = "none"


@payload
class ImportedAddress:
    """A company or billing address."""

    address_line1: str | None = optional("addressLine1", text)
    address_line2: str | None = optional("addressLine2", text)
    city: str | None = optional("city", text)
    state: str | None = optional("state", text)
    region: str | None = optional("region", text)
    postal_code: str | None = optional("postalCode", text)
    country: str | None = optional("country", country)
    first_name: str | None = optional("firstName", text)
    last_name: str | None = optional("lastName", text)
    phone_number: str | None = optional("phoneNumber", text)


@payload
class ImportedBillingProfile:
    """How the exporting partner bills the customer."""

    vendor_id: str | None = optional("id", guid)
    first_name: str | None = optional("firstName", text)
    last_name: str | None = optional("lastName", text)
    email: str | None = optional("email", text)
    culture: str | None = optional("culture", text)
    language: str | None = optional("language", text)
    company_name: str | None = optional("companyName", text)
    address: ImportedAddress | None = optional("defaultAddress", object_of(ImportedAddress))
    etag: str | None = incomparable("attributes.etag", text)


@payload
class ImportedCustomer:
    """A customer tenant and its relationship with the exporting partner."""

    vendor_id: str = required("id", guid)
    tenant_id: str = required("companyProfile.tenantId", guid)
    company_name: str = required("companyProfile.companyName", text)
    domain: str | None = optional("companyProfile.domain", domain_name)
    organization_registration_number: str | None = optional(
        "companyProfile.organizationRegistrationNumber", text
    )
    email: str | None = optional("companyProfile.email", text)
    address: ImportedAddress | None = optional("companyProfile.address", object_of(ImportedAddress))
    commerce_id: str | None = optional("commerceId", guid)
    billing_profile: ImportedBillingProfile | None = optional(
        "billingProfile", object_of(ImportedBillingProfile)
    )
    relationship_to_partner: RelationshipToPartner | None = optional(
        "relationshipToPartner", one_of(RelationshipToPartner)
    )
    allow_delegated_access: bool | None = optional("allowDelegatedAccess", flag)
    custom_domains: tuple[str, ...] = optional("customDomains", list_of(domain_name), ())
    associated_partner_id: str | None = optional("associatedPartnerId", guid)
    etag: str | None = incomparable("attributes.etag", text)

    def __post_init__(self) -> None:
        """Reject a customer whose id is not its tenant id: one of the two belongs to another company."""
        if self.vendor_id != self.tenant_id:
            sentence = f"{abbreviate(self.tenant_id)} is not the customer's id {abbreviate(self.vendor_id)}."
            raise invalid("CONTRADICTION", sentence, "companyProfile.tenantId")

    @property
    def market(self) -> str | None:
        """The country of the company address, else of the billing address; None if neither is known."""
        billing = self.billing_profile
        places = (self.address, billing.address if billing else None)
        return next((place.country for place in places if place and place.country), None)
