"""What the acceptance of a request would open to the partner, for the customer that is to answer (R4, SM7).

The policy decides it on the facts as they are, but for the request and the rights: these count as accepted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from multichannel.domain.delegated_admin import DelegatedAdminGrant
from multichannel.domain.delegated_admin_terms import DelegatedAdminStatus, DelegatedRight
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.policy.schema.facts import DelegatedAdminGrantFacts, ResellerRelationshipFacts
from multichannel.policy.schema.resources import (
    CUSTOMER,
    CUSTOMER_AGREEMENT,
    SUBSCRIPTION,
    SUPPORT_CASE,
    USER,
    Resource,
)
from multichannel.policy.schema.vocabulary import Action, Principal
from multichannel.store.unit_of_work import UnitOfWork

OF_CUSTOMER: Mapping[Resource, str] = {
    CUSTOMER: "id",
    SUBSCRIPTION: "customer_id",
    USER: "tenant_id",
    CUSTOMER_AGREEMENT: "customer_id",
    SUPPORT_CASE: "customer_id",
}
"""The records that a request can open, and their column with the customer's id."""


@dataclass(frozen=True, slots=True)
class AcceptanceEffect:
    """What people of the partner could do with records of one type, by the relationship or by one right."""

    right: DelegatedRight | None
    resource: Resource
    actions: tuple[Action, ...]
    ids: tuple[str, ...]


def acceptance_effects(work: UnitOfWork, ids: Sequence[str]) -> dict[str, list[AcceptanceEffect]]:
    """By request that the caller may ACCEPT and that is not answered: what acceptance would open.

    Of the relationship itself it is everything that the partner could do then; of each right, what is added.
    The number of statements does not depend on the number of records.
    """
    requests = [
        row
        for row in work.relationships.find_permitted(ids, to=Action.ACCEPT)
        if row.status_at(work.now) is RelationshipStatus.REQUESTED and row.customer_id is not None
    ]
    if not requests:
        return {}
    queries = work.query_for(*requests)
    partners = queries.principals({row.partner_id for row in requests})
    grants = queries.all(
        DelegatedAdminGrant,
        relationship_id=[row.id for row in requests],
        requested_with_relationship=True,
        status=DelegatedAdminStatus.PENDING,
    )
    records = {
        customer_id: {
            resource: queries.facts(resource, column, customer_id) for resource, column in OF_CUSTOMER.items()
        }
        for customer_id in {str(row.customer_id) for row in requests}
    }
    return {
        row.id: list(
            _Acceptance(work, partners[row.partner_id], row).effects(
                records[str(row.customer_id)], [each for each in grants if each.relationship_id == row.id]
            )
        )
        for row in requests
    }


class _Acceptance:
    """One request, as if it were accepted."""

    def __init__(self, work: UnitOfWork, partner: Principal, request: ResellerRelationship) -> None:
        self._work, self._partner, self._request = work, partner, request
        self._decided: dict[str, frozenset[Action]] = {}

    def effects(
        self, records: Mapping[Resource, Sequence[Any]], grants: Collection[DelegatedAdminGrant]
    ) -> Iterator[AcceptanceEffect]:
        rights = {right for grant in grants for right in grant.rights}
        grant_ids = frozenset(grant.id for grant in grants)
        for resource, listed in records.items():
            plain = {each.id: self._actions(resource, each, grant_ids, None) for each in listed}
            yield from _grouped(resource, None, plain)
            for right in DelegatedRight:
                if right in rights:
                    more = {
                        each.id: self._actions(resource, each, grant_ids, right) - plain[each.id]
                        for each in listed
                    }
                    yield from _grouped(resource, right, more)

    def _actions(
        self, resource: Resource, record: Any, grant_ids: frozenset[str], right: DelegatedRight | None
    ) -> frozenset[Action]:
        """What all roles of the partner could do with a record."""
        supposed = _supposing(record, self._request.id, grant_ids, right)
        # Most records differ in nothing that a policy reads but their ids.
        key = repr(replace(supposed, id=self._request.customer_id))
        if key not in self._decided:
            roles = self._partner.roles
            verdicts = self._work.policy.verdicts(self._partner, supposed, [roles])[roles]
            self._decided[key] = frozenset(action for action in resource.actions if verdicts[action].allowed)
        return self._decided[key]


def _grouped(
    resource: Resource, right: DelegatedRight | None, by_id: Mapping[str, frozenset[Action]]
) -> Iterator[AcceptanceEffect]:
    groups: defaultdict[frozenset[Action], list[str]] = defaultdict(list)
    for row_id, actions in sorted(by_id.items()):
        if actions:
            groups[actions].append(row_id)
    for actions, ids in groups.items():
        ordered = tuple(action for action in resource.actions if action in actions)
        yield AcceptanceEffect(right, resource, ordered, tuple(ids))


def _supposing(record: Any, request_id: str, grant_ids: frozenset[str], right: DelegatedRight | None) -> Any:
    """The same facts with the request accepted, and with one of the rights it asks for approved, if any."""
    if isinstance(record, ResellerRelationshipFacts):
        return replace(record, status=RelationshipStatus.ACTIVE.value) if record.id == request_id else record
    if isinstance(record, DelegatedAdminGrantFacts):
        if right is None or record.id not in grant_ids:
            return record
        only: dict[str, Any] = {each.value: each is right for each in DelegatedRight}
        return replace(record, status=DelegatedAdminStatus.ACTIVE.value, **only)
    changes = {}
    for field in fields(record):
        value = getattr(record, field.name)
        if isinstance(value, list):
            changes[field.name] = [_supposing(each, request_id, grant_ids, right) for each in value]
        elif is_dataclass(value):
            changes[field.name] = _supposing(value, request_id, grant_ids, right)
    return replace(record, **changes)
