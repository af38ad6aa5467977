"""Reseller relationships."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from multichannel.graphql.framework.fields import Column, Computed, ToMany, ToOne, resource_type
from multichannel.graphql.framework.global_ids import prefix
from multichannel.graphql.framework.strawberry_types import Field, object_type
from multichannel.graphql.types.common import CREATED_AT, UPDATED_AT, version
from multichannel.graphql.types.invitations import customer_invitations
from multichannel.policy.schema.resources import RELATIONSHIP
from multichannel.policy.schema.vocabulary import Action
from multichannel.services.acceptance import acceptance_effects
from multichannel.store.unit_of_work import UnitOfWork

SUMMARY, READ = Action.READ_SUMMARY, Action.READ
EXAMPLES = 100

object_type(
    "AcceptanceEffect",
    "What people of a partner could do with some of a customer's records after its acceptance.",
    {
        "right": Field(
            "DelegatedRight | None",
            "The right of delegated admin that opens it; null for the relationship itself.",
        ),
        "type": Field("str", "The type of record, such as `Subscription`."),
        "actions": Field(
            "list[Action]", "The actions, for one role or another; of a right, those that it adds."
        ),
        "total": Field("int", "The number of records of today that they apply to."),
        "ids": Field("list[ID]", f"The ids of these records, {EXAMPLES} at most."),
    },
)


def _effects(work: UnitOfWork, ids: Sequence[str]) -> Mapping[str, list[dict[str, object]]]:
    return {
        key: [
            {
                "right": each.right,
                "type": each.resource.name,
                "actions": each.actions,
                "total": len(each.ids),
                "ids": [prefix(each.resource) + row_id for row_id in each.ids[:EXAMPLES]],
            }
            for each in effects
        ]
        for key, effects in acceptance_effects(work, ids).items()
    }


@resource_type(RELATIONSHIP)
class ResellerRelationship:
    """The link between a partner and a customer that selling and support require."""

    status = Column("The state of the relationship now.", SUMMARY, filter=True, order=True)
    partner = ToOne("The partner; null if you cannot see it.", "Partner", SUMMARY)
    customer = ToOne(
        "The customer; null if you cannot see it, as before it accepts the request.", "Customer", SUMMARY
    )
    addressed_to = Column("The tenant GUID or domain that the request was addressed to.", READ, filter=True)
    associated_partner = ToOne(
        "The reseller that serves the customer through the partner, an indirect provider; null if none.",
        "Partner",
        READ,
    )
    delegated_admin_requested = Column("Whether the request includes delegated admin.", SUMMARY, filter=True)
    delegated_admin = Column("Whether the partner has an active grant of delegated admin.", READ, filter=True)
    delegated_admin_grants = ToMany(
        "The grants of delegated admin within the relationship, and requests for them, that you can see.",
        "DelegatedAdminGrant",
        "relationship_id",
    )
    if_accepted = Computed(
        "What the partner could do if you accepted the request, as the policy decides it today. Empty unless "
        "you may accept it and have not answered.",
        "list[AcceptanceEffect]",
        READ,
        _effects,
        witness="requested_at",
        absent=[],
    )
    invitation = Computed(
        "What to send to the customer. It is shown once, in the result of the mutation that makes the link; "
        "null otherwise.",
        "InvitationLink",
        SUMMARY,
        customer_invitations,
    )
    market = Column(
        "The country of both parties, as an ISO 3166-1 alpha-2 code.", READ, filter=True, order=True
    )
    cloud = Column("The national cloud of both parties.", READ, filter=True)
    requested_at = Column("When the partner made the request.", READ, filter=True, order=True)
    accepted_at = Column("When the customer accepted; null until then.", READ, filter=True, order=True)
    expires_at = Column(
        "When the request expires if the customer does not answer; null once it has accepted.",
        READ,
        filter=True,
    )
    closed_at = Column(
        "When the request was declined, withdrawn or recorded as expired, or the relationship ended; "
        "null until then.",
        READ,
        filter=True,
    )
    end_reason = Column("Why the customer ended it; null unless it did.", READ)
    created_at = CREATED_AT
    updated_at = UPDATED_AT
    version = version()
