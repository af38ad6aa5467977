"""What a partner sends to a customer with its request for a relationship: a link, and an e-mail with it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from urllib.parse import urlencode

import orjson
import strawberry

from multichannel.graphql.framework.global_ids import prefix
from multichannel.graphql.framework.strawberry_types import described, register
from multichannel.policy.schema.resources import PARTNER, RELATIONSHIP
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.read.list_query import LoadedRecord, ReadableColumn
from multichannel.store.unit_of_work import UnitOfWork

SUMMARY = Action.READ_SUMMARY
STATUS, ADMIN = ReadableColumn("status", SUMMARY), ReadableColumn("delegated_admin_requested", SUMMARY)
NAME = ReadableColumn("name", SUMMARY)
ACCEPTANCE = """mutation AcceptRelationship($input: AcceptResellerRelationshipInput!) {
  acceptResellerRelationship(input: $input) {
    resellerRelationship { status partner { name } }
    userErrors { code message }
  }
}
"""
SIGNER = {"firstName": "", "lastName": "", "email": ""}
PLAIN = "It lets us sell and support your subscriptions. It does not let us administer your tenant."
WITH_ADMIN = (
    "It lets us sell and support your subscriptions, and makes our admin agents administrators of your "
    "tenant. "
    "You can revoke that at any time."
)


@register
@strawberry.type(description="What to send to the customer about a request.")
class RelationshipInvitation:
    """A link and an e-mail."""

    url: str = described(
        "A link that opens the explorer with the mutation that accepts the request filled in. It is not run."
    )
    text: str = described("The text of an e-mail with the link.")


def invitations(work: UnitOfWork, ids: Collection[str]) -> Mapping[str, RelationshipInvitation]:
    """The invitations of open requests that the caller may withdraw, by id."""
    permitted = work.reader.permitted(RELATIONSHIP, ids)
    withdrawable = [row_id for row_id in ids if Action.CANCEL in permitted.get(row_id, ())]
    records = work.reader.records(RELATIONSHIP, {STATUS, ADMIN}, "id", withdrawable)
    tenant_id = work.principal.tenant_id
    partner = work.reader.records(PARTNER, {NAME}, "id", [tenant_id]).get(tenant_id)
    return {
        row_id: _invitation(work.public_url, str(partner.values["name"]), record)
        for row_id, record in records.items()
        if partner is not None and record.values["status"] == "requested"
    }


def _invitation(public_url: str, partner: str, record: LoadedRecord) -> RelationshipInvitation:
    variables = {"input": {"id": prefix(RELATIONSHIP) + record.id, "agreement": SIGNER}}
    parameters = urlencode({"query": ACCEPTANCE, "variables": orjson.dumps(variables).decode()})
    url = f"{public_url}/graphql?{parameters}"
    purpose = WITH_ADMIN if record.values["delegated_admin_requested"] else PLAIN
    text = (
        f"{partner} asks your company for a reseller relationship. {purpose}\n\n"
        "To accept, a global admin of your company opens this link, signs in, fills in who signs the "
        "customer "
        "agreement if your company has not signed it yet, and runs the request that is shown. Do not change "
        f"the link. It is valid for 90 days.\n\n{url}\n"
    )
    return RelationshipInvitation(url=url, text=text)
