"""Tenants that a partner names: created as stubs on first mention, and never overwritten."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID, uuid5

from sqlalchemy import or_, select

from multichannel.domain.tenants import Cloud, Partner, Tenant, TenantKind
from multichannel.store.write.customer_directory import CustomerDirectory
from multichannel.store.write.owner_bulk_writer import Row


class TenantDirectory(CustomerDirectory):
    """Looks up tenants other than the partner's own, and creates those it names."""

    def known(self, ids: Iterable[str]) -> dict[str, tuple[TenantKind, Cloud]]:
        """Kind and cloud of the known tenants among these ids or directory ids, by the id given."""
        wanted = set(ids)
        statement = select(Tenant.id, Tenant.directory_id, Tenant.kind, Tenant.cloud).where(
            or_(Tenant.id.in_(sorted(wanted)), Tenant.directory_id.in_(sorted(wanted)))
        )
        return {
            key: (row.kind, row.cloud)
            for row in self._session.decided(statement)
            for key in wanted & {row.id, row.directory_id}
        }

    def partner_at(self, address: str, cloud: Cloud, market: str) -> str | None:
        """The partner with this directory id, if it is in the cloud and the market.

        None for a domain: that of a partner is shown by its sign-in alone.
        """
        if "." in address:
            return None
        statement = (
            select(Partner.id)
            .join(Tenant, Tenant.id == Partner.id)
            .where(Tenant.directory_id == address, Partner.cloud == cloud, Partner.market == market)
        )
        partner_id: str | None = self._session.decided(statement).scalar()
        return partner_id

    def partner_id(self, directory_id: str) -> str:
        """The id of the partner with this directory id (R54), or an id that no partner has.

        A partner that does not exist is so treated as one that the caller has nothing to do with. The same
        directory id gives the same id until a partner has it.
        """
        return self.partner_ids([directory_id])[directory_id]

    def partner_ids(self, directory_ids: Iterable[str]) -> dict[str, str]:
        """The id of each partner as `partner_id` gives it, by directory id."""
        wanted = set(directory_ids)
        statement = select(Tenant.id, Tenant.directory_id).where(
            Tenant.kind == TenantKind.PARTNER,
            or_(Tenant.id.in_(sorted(wanted)), Tenant.directory_id.in_(sorted(wanted))),
        )
        rows = self._session.decided(statement).all()
        known = {row.directory_id: row.id for row in rows}
        internal = {row.id for row in rows}
        return {each: known.get(each) or (_nobody(each) if each in internal else each) for each in wanted}

    def add_partners(self, rows: Sequence[Row]) -> None:
        """Insert partners with their tenants."""
        self._add(TenantKind.PARTNER, Partner, rows)


def _nobody(directory_id: str) -> str:
    """An id that no partner has, in place of a directory id that is the internal id of one."""
    return str(uuid5(UUID(directory_id), "nobody"))
