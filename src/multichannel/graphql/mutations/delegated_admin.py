"""Mutations of delegated administration (SM7)."""

from __future__ import annotations

from datetime import timedelta

import strawberry

from multichannel.domain.delegated_admin import DelegatedAdminGrant
from multichannel.domain.delegated_admin_terms import (
    DEFAULT_DURATION,
    DEFAULT_RIGHTS,
    DelegatedAdminApproval,
    DelegatedAdminTerms,
    DelegatedRight,
    parse_duration,
)
from multichannel.domain.relationships import ResellerRelationship
from multichannel.errors import BadInput
from multichannel.graphql.framework.fields import camel
from multichannel.graphql.framework.global_ids import read_id_of
from multichannel.graphql.framework.inputs import MutationInput, input_type
from multichannel.graphql.framework.mutation import mutation
from multichannel.graphql.framework.strawberry_types import described
from multichannel.policy.schema.resources import DELEGATED_ADMIN_GRANT, RELATIONSHIP
from multichannel.policy.schema.vocabulary import Action
from multichannel.services import delegated_admin
from multichannel.store.unit_of_work import UnitOfWork

RIGHTS_REQUESTED = "The rights to request. Default: SUPPORT and MANAGE_SUBSCRIPTIONS."
DURATION_REQUESTED = (
    "How long the rights last from the approval on, as an ISO 8601 duration of whole days or years, from "
    "`P1D` to `P2Y`. Default: `P365D`."
)
AUTO_EXTEND_REQUESTED = "Whether the grant extends itself by 180 days at its end."


def terms_of(
    rights: list[DelegatedRight] | None, duration: str | None, *, auto_extend: bool, prefix: str = ""
) -> DelegatedAdminTerms:
    """What an input requests; BadInput for an invalid duration in its field `<prefix>duration`."""
    return DelegatedAdminTerms(
        rights=DEFAULT_RIGHTS if rights is None else frozenset(rights),
        duration=DEFAULT_DURATION if duration is None else duration_of(f"{prefix}duration", duration),
        auto_extend=auto_extend,
    )


def duration_of(name: str, text: str) -> timedelta:
    """A duration; BadInput if it is not one."""
    duration = parse_duration(text)
    if duration is None:
        raise BadInput(f"input.{camel(name)} is not a duration of whole days or years. Examples: P90D, P1Y.")
    return duration


@input_type
class RequestDelegatedAdminInput(MutationInput):
    """The relationship to request rights in, and the rights."""

    id: strawberry.ID = described("Your relationship with the customer.")
    rights: list[DelegatedRight] | None = described(RIGHTS_REQUESTED, None)
    duration: str | None = described(DURATION_REQUESTED, None)
    auto_extend: bool = described(AUTO_EXTEND_REQUESTED, default=False)


@mutation(Action.REQUEST_DELEGATED_ADMIN, on=RELATIONSHIP, returns=DELEGATED_ADMIN_GRANT)
def request_delegated_admin(work: UnitOfWork, input: RequestDelegatedAdminInput) -> DelegatedAdminGrant:
    """Ask a customer with which you have an active relationship for rights in its tenant.

    The customer can answer for 90 days.
    """
    terms = terms_of(input.rights, input.duration, auto_extend=input.auto_extend)
    return delegated_admin.request_delegated_admin(work, read_id_of(RELATIONSHIP, input.id), terms)


@input_type
class ApproveDelegatedAdminInput(MutationInput):
    """The request to approve, and how far."""

    id: strawberry.ID = described("The requested grant.")
    rights: list[DelegatedRight] | None = described(
        "The rights to approve, out of those requested. Default: all of them.", None
    )
    duration: str | None = described(
        "How long the rights last from now on, as an ISO 8601 duration of whole days or years; "
        "not longer than requested. Default: as requested.",
        None,
    )
    auto_extend: bool | None = described(f"{AUTO_EXTEND_REQUESTED} Default: as requested.", None)


@mutation(Action.APPROVE, on=DELEGATED_ADMIN_GRANT)
def approve_delegated_admin(work: UnitOfWork, input: ApproveDelegatedAdminInput) -> DelegatedAdminGrant:
    """Approve a partner's request as the customer, with fewer rights or for a shorter time if you like.

    A request made along with a relationship is approved by accepting the relationship.
    """
    approval = DelegatedAdminApproval(
        rights=None if input.rights is None else frozenset(input.rights),
        duration=None if input.duration is None else duration_of("duration", input.duration),
        auto_extend=input.auto_extend,
    )
    return delegated_admin.approve_delegated_admin(work, _grant_id(input.id), approval)


@input_type
class DeclineDelegatedAdminInput(MutationInput):
    """The request to decline."""

    id: strawberry.ID = described("The requested grant.")


@mutation(Action.DECLINE, on=DELEGATED_ADMIN_GRANT)
def decline_delegated_admin(work: UnitOfWork, input: DeclineDelegatedAdminInput) -> DelegatedAdminGrant:
    """Decline a partner's request as the customer. The relationship stays as it is."""
    return delegated_admin.decline_delegated_admin(work, _grant_id(input.id))


@input_type
class ReduceDelegatedAdminInput(MutationInput):
    """The grant to reduce, and the rights that remain."""

    id: strawberry.ID = described("The grant.")
    rights: list[DelegatedRight] = described(
        "The complete set of rights that remain; rights not listed are taken away."
    )


@mutation(Action.REDUCE, on=DELEGATED_ADMIN_GRANT)
def reduce_delegated_admin(work: UnitOfWork, input: ReduceDelegatedAdminInput) -> DelegatedAdminGrant:
    """Take rights away from an active grant, as the customer or as the partner that has them."""
    return delegated_admin.reduce_delegated_admin(work, _grant_id(input.id), input.rights)


@input_type
class TerminateDelegatedAdminInput(MutationInput):
    """The grant to end, or the request to withdraw."""

    id: strawberry.ID = described("The grant.")


@mutation(Action.TERMINATE, on=DELEGATED_ADMIN_GRANT)
def terminate_delegated_admin(work: UnitOfWork, input: TerminateDelegatedAdminInput) -> DelegatedAdminGrant:
    """End a grant at once, as the customer or as the partner. The relationship stays as it is.

    The partner withdraws a request by the same mutation.
    """
    return delegated_admin.terminate_delegated_admin(work, _grant_id(input.id))


@input_type
class SetDelegatedAdminAutoExtendInput(MutationInput):
    """The grant, and whether it extends itself."""

    id: strawberry.ID = described("The grant.")
    auto_extend: bool = described(AUTO_EXTEND_REQUESTED)


@mutation(Action.SET_AUTO_EXTEND, on=DELEGATED_ADMIN_GRANT)
def set_delegated_admin_auto_extend(
    work: UnitOfWork, input: SetDelegatedAdminAutoExtendInput
) -> DelegatedAdminGrant:
    """Decide as the customer whether an active grant extends itself at its end."""
    return delegated_admin.set_delegated_admin_auto_extend(
        work, _grant_id(input.id), auto_extend=input.auto_extend
    )


@input_type
class RevokeDelegatedAdminInput(MutationInput):
    """A relationship with the partner whose rights to revoke."""

    id: strawberry.ID = described("The relationship.")


@mutation(Action.REVOKE_DELEGATED_ADMIN, on=RELATIONSHIP)
def revoke_delegated_admin(work: UnitOfWork, input: RevokeDelegatedAdminInput) -> ResellerRelationship:
    """End all grants and open requests of a partner as the customer. Its relationships stay active."""
    return delegated_admin.revoke_delegated_admin(work, read_id_of(RELATIONSHIP, input.id))


def _grant_id(value: strawberry.ID) -> str:
    return read_id_of(DELEGATED_ADMIN_GRANT, value)
