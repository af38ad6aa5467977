"""Partners that import exports made by a test, and what then stands in the database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import inspect, select

from multichannel.domain.base import Base
from multichannel.domain.tenants import Cloud, PartnerStatus, PartnerType, TenantKind
from multichannel.domain.users import Role
from multichannel.importing.export import Export, ImportProgress
from multichannel.importing.report import ImportRefused, ImportReport
from multichannel.policy.decide.policy import Policy
from multichannel.policy.schema.resources import RESOURCES
from multichannel.policy.schema.vocabulary import Action, Principal, SystemRole, system_principal
from multichannel.services.imports import ImportOptions, import_export
from multichannel.services.provisioning import add_partner
from multichannel.store.engines import open_database
from multichannel.store.read.list_query import ListQuery, ReadableColumn, Window
from multichannel.store.session import AUDIT_TABLES
from multichannel.store.store import Store

Payload = dict[str, Any]
Table = list[dict[str, Any]]


def guid(name: str) -> str:
    """A GUID that is always the same for a name."""
    return str(uuid5(NAMESPACE_URL, name))


ALDER, BIRCH = guid("alder"), guid("birch")


@dataclass
class Books:
    """A database, and the partners that import into it."""

    store: Store
    folder: Path
    now: datetime = field(default_factory=lambda: datetime(2026, 3, 1, tzinfo=UTC))

    def add_partner(
        self,
        partner_id: str = ALDER,
        kind: PartnerType = PartnerType.DIRECT_BILL,
        *,
        market: str = "US",
        cloud: Cloud = Cloud.PUBLIC,
    ) -> None:
        self.store.write(
            system_principal(SystemRole.OPERATOR),
            lambda work: add_partner(
                work, partner_id, name="Alder", kind=kind, market=market, cloud=cloud, partner_number=None
            ),
        )

    def write_file(self, *payloads: Payload, name: str = "export.json") -> Path:
        path = self.folder / name
        path.write_text(json.dumps({"totalCount": len(payloads), "items": payloads}), encoding="utf-8")
        return path

    def load(
        self, *payloads: Payload, by: str = ALDER, customer: str | None = None, **options: Any
    ) -> ImportReport:
        """Import payloads in one file; `options` are those of an import."""
        export = Export([self.write_file(*payloads)], default_customer=customer)
        return self._load(export, by, ImportOptions(**options))

    def load_files(
        self,
        *paths: Path,
        by: str = ALDER,
        customer: str | None = None,
        progress: ImportProgress | None = None,
        **options: Any,
    ) -> ImportReport:
        """Import files a second after whatever was before; the report, stored or refused."""
        export = Export(paths, default_customer=customer, progress=progress)
        return self._load(export, by, ImportOptions(**options))

    def _load(self, export: Export, by: str, options: ImportOptions) -> ImportReport:
        self.now += timedelta(seconds=1)
        try:
            return import_export(self.store, by, export, options)
        except ImportRefused as refused:
            return refused.report

    def table(self, name: str) -> Table:
        table = Base.metadata.tables[name]
        with self.store.engine.connect() as connection:
            rows = connection.execute(select(table).order_by(*table.primary_key)).mappings()
            return [dict(row) for row in rows]

    def dump(self) -> dict[str, Table]:
        """Every table, row by row."""
        return {name: self.table(name) for name in sorted(Base.metadata.tables)}

    def records(self) -> dict[str, Table]:
        """Every table but those of the audit log and the events."""
        return {name: rows for name, rows in self.dump().items() if name not in AUDIT_TABLES}

    def facts(self) -> dict[str, list[str]]:
        """Every table of records without what the service chose by chance: its own ids."""
        dump = self.records()
        names = {
            row["id"]: f"{table} {_natural_key(row)}"
            for table, rows in dump.items()
            for row in rows
            if table not in {"tenants", "partners", "customers"} and "id" in row
        }
        return {
            table: sorted(
                str({key: names.get(str(value), value) for key, value in row.items()}) for row in rows
            )
            for table, rows in dump.items()
        }

    def sight_of(self, partner_id: str, resource: str, action: Action) -> set[str]:
        """The rows on which the people of a direct-bill partner in the US may do something."""
        principal = Principal(
            tenant_id=partner_id,
            kind=TenantKind.PARTNER,
            roles=tuple(Role),
            cloud=Cloud.PUBLIC,
            type=PartnerType.DIRECT_BILL,
            status=PartnerStatus.ACTIVE,
            market="US",
        )
        found, model = RESOURCES[resource], RESOURCES[resource].mapped
        with self.store.reading(principal) as work:
            ids = [row["id"] for row in self.table(model.__tablename__)]
            return {row for row, each in work.check_rows(found, ids, action).items() if each[action].allowed}

    def sight(self, partner_id: str, kind: PartnerType = PartnerType.DIRECT_BILL) -> dict[str, Table]:
        """All that the people of a partner see, column by column."""
        principal = Principal(
            tenant_id=partner_id,
            kind=TenantKind.PARTNER,
            roles=tuple(Role),
            cloud=Cloud.PUBLIC,
            type=kind,
            market="US",
        )
        seen: dict[str, Table] = {}
        with self.store.reading(principal) as work:
            for name, resource in RESOURCES.items():
                if resource.model is None or Action.READ not in resource.reads:
                    continue
                columns = inspect(resource.model).column_attrs.keys()
                shown = frozenset(ReadableColumn(column, Action.READ) for column in columns)
                page = work.reader.page(resource, ListQuery(shown, Window(100)))
                seen[name] = [
                    {key: str(value) for key, value in each.values.items()} for each in page.records
                ]
        return seen


def only(rows: Table) -> dict[str, Any]:
    """The one row of a table."""
    assert len(rows) == 1, rows
    return rows[0]


def counts(report: ImportReport) -> dict[str, int]:
    """What the whole import counts."""
    names = ("created", "updated", "unchanged", "inferred")
    return {name: sum(getattr(file, name) for file in report.files) for name in names}


def codes(report: ImportReport) -> list[str]:
    """The code of everything rejected."""
    return [each.code for file in report.files for each in file.rejections]


def notices(report: ImportReport) -> list[str]:
    """The code of every notice."""
    return [each.code for file in report.files for each in file.notices]


def customer(name: str, **fields: Any) -> Payload:
    tenant_id = guid(name)
    profile = {"tenantId": tenant_id, "companyName": name, "domain": f"{name}.example"}
    return {
        "id": tenant_id,
        "companyProfile": profile | fields.pop("profile", {}),
        "relationshipToPartner": "reseller",
        **fields,
        "attributes": {"objectType": "Customer"},
    }


def subscription(name: str, of: str, **fields: Any) -> Payload:
    vendor_id = guid(name)
    return {
        "id": vendor_id,
        "offerId": guid("an offer"),
        "friendlyName": name,
        "quantity": 5,
        "status": "active",
        "billingType": "license",
        "billingCycle": "monthly",
        "creationDate": "2024-01-25T23:01:08.693Z",
        **fields,
        "links": {"self": {"uri": f"/customers/{guid(of)}/subscriptions/{vendor_id}"}},
        "attributes": {"objectType": "Subscription"},
    }


def reseller(name: str, of_customer: str | None = None, **fields: Any) -> Payload:
    """An indirect reseller of the exporting partner, of one customer if that is named."""
    links = {"self": {"uri": f"/customers/{guid(of_customer)}/relationships"}} if of_customer else {}
    return {
        "id": guid(name),
        "name": name,
        "relationshipType": "is_indirect_cloud_solution_provider_of",
        "mpnId": "4847383",
        **fields,
        "links": links,
        "attributes": {"objectType": "PartnerRelationship"},
    }


def transfer(name: str, **fields: Any) -> Payload:
    line = {"id": 0, "subscriptionId": guid("moved"), "quantity": 3}
    return {
        "id": guid(name),
        "status": "Active",
        "customerTenantId": guid("somebody"),
        "sourcePartnerTenantId": guid("a source"),
        "targetPartnerTenantId": guid("a target"),
        "lineItems": [line | {"addonItems": [{"id": 0, "subscriptionId": guid("its add-on")}]}],
        **fields,
        "attributes": {"objectType": "TransferEntity"},
    }


@contextmanager
def opened(url: str, policy: Policy, folder: Path) -> Iterator[Books]:
    """Books on a database, with a clock that moves on by a second at each import."""
    engine = open_database(url, connections=2)
    books = Books(Store(engine, lambda: policy, lambda: books.now), folder)
    yield books
    engine.dispose()


def _natural_key(row: dict[str, Any]) -> str:
    return " ".join(
        str(row[name])
        for name in (
            "owner_id",
            "partner_id",
            "vendor_id",
            "customer_id",
            "provider_id",
            "reseller_id",
            "number",
        )
        if name in row
    )
