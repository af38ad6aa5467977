"""Support cases."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from multichannel.domain.support_cases import SupportCaseComment
from multichannel.graphql.framework.fields import Column, Computed, ToOne, resource_type
from multichannel.graphql.framework.strawberry_types import Field, object_type
from multichannel.graphql.types.common import CREATED_AT, UPDATED_AT, version
from multichannel.policy.schema.resources import SUPPORT_CASE
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.unit_of_work import UnitOfWork

READ = Action.READ

object_type(
    "SupportCaseComment",
    "A comment on a support case. It is never changed.",
    {
        "number": Field("int", "The position among the comments of the case, from 1."),
        "party": Field("SupportCaseParty", "The side of the case that wrote it."),
        "author_name": Field("str", "The name of the user who wrote it, at that time."),
        "text": Field("str", "The comment. It may have several lines."),
        "created_at": Field("datetime", "When it was written."),
    },
)


def _comments(work: UnitOfWork, ids: Sequence[str]) -> Mapping[str, list[SupportCaseComment]]:
    """The comments on the cases that may be read, in the order in which they were written."""
    readable = work.support_cases.find_permitted(ids, to=READ)
    if not readable:
        return {}
    rows = work.query_for(*readable).all(SupportCaseComment, support_case_id=[each.id for each in readable])
    comments: dict[str, list[Any]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.number):
        comments[row.support_case_id].append(row)
    return comments


@resource_type(SUPPORT_CASE)
class SupportCase:
    """A customer's support case of one of its subscriptions."""

    subject = Column("What it is about.", READ, filter=True, order=True)
    severity = Column("How much it affects the customer's business.", READ, filter=True, order=True)
    status = Column("The state of the case.", READ, filter=True, order=True)
    customer = ToOne("The customer; null if you cannot see it.", "Customer", READ)
    subscription = ToOne(
        "The subscription that it is about; null if you cannot see it.", "Subscription", READ
    )
    opened_by = Column("The side that opened it.", READ, filter=True)
    opened_by_name = Column("The name of the user who opened it, at that time.", READ)
    opening_partner = ToOne(
        "The partner that opened it; null if the customer did, or you cannot see that partner.",
        "Partner",
        READ,
    )
    assigned_partner = ToOne(
        "The partner that handles it; null if none does, or you cannot see that partner.", "Partner", READ
    )
    comment_count = Column("The number of its comments.", READ, filter=True, order=True)
    comments = Computed(
        "Its comments, oldest first.",
        "list[SupportCaseComment]",
        READ,
        _comments,
        witness="comment_count",
        absent=(),
    )
    resolved_at = Column("When it was resolved; null unless it is.", READ, filter=True, order=True)
    closed_at = Column("When it was closed; null until then.", READ, filter=True, order=True)
    cloud = Column("The national cloud of the customer's tenant.", READ, filter=True)
    created_at = CREATED_AT
    updated_at = UPDATED_AT
    version = version(expected=True)
