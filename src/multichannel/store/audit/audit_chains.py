"""The stored audit chains: verified in constant memory, and pruned from their beginning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, func, or_, select, update

from multichannel.domain.audit import (
    GENESIS,
    AuditChain,
    AuditRecord,
    ChainFlaw,
    ChainHead,
    ChainMark,
    ChainVerification,
    verify_chain,
)
from multichannel.domain.tenants import Tenant
from multichannel.errors import NotPermitted, Refused
from multichannel.policy.schema.resources import AUDIT_RECORD
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.access import Access

PAGE = 500
"""Records in memory at once."""
Row = Mapping[Any, Any]
COLUMNS = tuple(AuditRecord.__table__.columns)
HEAD_COLUMNS = [getattr(AuditChain, field.name) for field in fields(ChainHead)]


class ChainBroken(Refused):
    """A broken chain is not pruned, so that the evidence stays."""

    def __init__(self, examined: ChainVerification) -> None:
        super().__init__(f"{examined}. Nothing of this chain was pruned.")


class AuditChains:
    """The chains of all tenants, as far as the principal may read or delete their records."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._session = access.session

    def tenants(self, *, after: str | None = None) -> list[str]:
        """The next tenants, in order, that have a chain or a record; none when there are no more."""
        tenant_ids: set[str] = set()
        for column in (AuditChain.tenant_id, AuditRecord.tenant_id):
            beyond = [column > after] if after else []
            statement = select(column).distinct().where(*beyond).order_by(column).limit(PAGE)
            tenant_ids.update(self._session.decided(statement).scalars())
        return sorted(tenant_ids)[:PAGE]

    def tenant_id(self, typed: str) -> str | None:
        """The tenant with this directory id or, of those not linked to one, with this id; None if unknown."""
        statement = select(Tenant.id, Tenant.directory_id).where(
            or_(Tenant.directory_id == typed, Tenant.id == typed)
        )
        rows = {row.directory_id or row.id: row.id for row in self._session.decided(statement)}
        return rows.get(typed)

    def verify(self, tenant_id: str, mark: ChainMark | None = None) -> ChainVerification:
        """Verify the chain of a tenant, and that it continues an earlier head.

        Every record must be readable to the principal.
        """
        head = self._head(tenant_id)
        if head is None:
            return self._without_head(ChainHead(tenant_id, 0, GENESIS, 0, GENESIS), mark)
        return verify_chain(head, self._records(tenant_id, Action.READ, after=head.pruned), mark)

    def prune(self, tenant_id: str, *, before: datetime) -> int:
        """Delete the records before the first that is not older; returns how many.

        ChainBroken if they do not verify, NotPermitted if the policy does not grant it for all of them.
        """
        policy, principal = self._access.policy, self._access.principal
        if not policy.predicate(principal, Action.EXPIRE, AUDIT_RECORD).allowed:
            raise _denial()
        head = self._head(tenant_id, lock=True)
        if head is None:
            return 0
        upto = self._first_since(head, before) - 1
        if upto <= head.pruned:
            return 0
        seal = self._seal(tenant_id, upto)
        begin = replace(head, length=upto, seal=seal)
        examined = verify_chain(begin, self._records(tenant_id, Action.EXPIRE, after=head.pruned, upto=upto))
        if examined.flaw is not None:
            raise ChainBroken(examined)
        deleted = self._session.prune(
            delete(AuditRecord).where(
                AuditRecord.tenant_id == tenant_id,
                AuditRecord.number <= upto,
                self._access.granted(Action.EXPIRE, AUDIT_RECORD),
            )
        )
        if deleted != upto - head.pruned:
            raise _denial()
        moved = update(AuditChain).where(AuditChain.tenant_id == tenant_id)
        self._session.write_audit(moved.values(pruned=upto, checkpoint=seal), [{}])
        return deleted

    def _head(self, tenant_id: str, *, lock: bool = False) -> ChainHead | None:
        statement = select(*HEAD_COLUMNS).where(AuditChain.tenant_id == tenant_id)
        row = self._session.decided(statement.with_for_update() if lock else statement).first()
        return None if row is None else ChainHead(*tuple(row))

    def _without_head(self, none: ChainHead, mark: ChainMark | None) -> ChainVerification:
        """Valid if nothing was ever recorded for the tenant."""
        if mark is not None and mark.length:
            return ChainVerification(none, 0, ChainFlaw.SHORTENED, mark.length)
        statement = select(func.min(AuditRecord.number)).where(AuditRecord.tenant_id == none.tenant_id)
        first = self._session.decided(statement).scalar()
        return ChainVerification(none, 0, None if first is None else ChainFlaw.NO_HEAD, first)

    def _records(
        self, tenant_id: str, action: Action, *, after: int, upto: int | None = None
    ) -> Iterator[Row | None]:
        """The records by number, a page at a time; None for one whose values cannot be read."""
        statement = (
            select(*COLUMNS)
            .where(AuditRecord.tenant_id == tenant_id, self._access.granted(action, AUDIT_RECORD))
            .order_by(AuditRecord.number)
        )
        if upto is not None:
            statement = statement.where(AuditRecord.number <= upto)
        while rows := self._page(statement.where(AuditRecord.number > after)):
            yield from rows
            last = rows[-1]
            if last is None:
                return
            after = last["number"]

    def _page(self, statement: Select[Any]) -> list[Row | None]:
        try:
            return [*self._session.decided(statement.limit(PAGE)).mappings()]
        except (ValueError, LookupError):  # a row of this page; all before it are readable
            return list(self._one_by_one(statement))

    def _one_by_one(self, statement: Select[Any]) -> Iterator[Row | None]:
        for place in range(PAGE):
            try:
                yield from self._session.decided(statement.offset(place).limit(1)).mappings()
            except (ValueError, LookupError):
                yield None
                return

    def _first_since(self, head: ChainHead, before: datetime) -> int:
        """The number of the first record that is not older, or the one after the last."""
        statement = select(func.min(AuditRecord.number)).where(
            AuditRecord.tenant_id == head.tenant_id, AuditRecord.operation_date >= before
        )
        number: int | None = self._session.decided(statement).scalar()
        return head.length + 1 if number is None else number

    def _seal(self, tenant_id: str, number: int) -> str:
        statement = select(AuditRecord.seal).where(
            AuditRecord.tenant_id == tenant_id, AuditRecord.number == number
        )
        return str(self._session.decided(statement).scalar())


def _denial() -> NotPermitted:
    return NotPermitted("EXPIRE of audit records is not granted to you.")
