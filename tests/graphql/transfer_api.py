"""What the stories of transfers share: the documents, and the rows that the demo world does not have."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from multichannel.demo.cast import MEADOW, Organisation, find_persona, fixed_id
from multichannel.domain.agreements import AgreementKind, CustomerAgreement
from multichannel.domain.audit import AuditRecord, Event
from multichannel.domain.base import Base
from multichannel.domain.partnerships import Partnership, PartnershipStatus
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.tenants import Cloud
from multichannel.domain.transfers import Initiator, Transfer, TransferKind, TransferLine, TransferStatus
from multichannel.domain.users import Role, RoleAssignment
from tests.graphql.conftest import Answer, Api

SHOWN = """query ($id: ID!) { node(id: $id) { ... on Transfer {
  status kind initiatedBy customerId sourcePartnerId sourcePartnerName targetPartnerId targetPartnerName
  targetProductTypes customer { companyName } moves { subject } staysBehind { subject rule sentence }
  lines { number baseNumber subscription newSubscription friendlyName quantity status error } } } }"""
STATUS = "query ($id: ID!) { node(id: $id) { ... on Subscription { status } } }"


def document(mutation: str) -> str:
    """The document of a mutation of transfers."""
    kind = mutation[0].upper() + mutation[1:]
    return (
        f"mutation ($input: {kind}Input!) {{ {mutation}(input: $input) {{"
        " transfer { id status } userErrors { code message path rule"
        " lines { subscription reasons { code rule message } } } } }"
    )


def customer(organisation: Organisation) -> str:
    """The id of a customer for clients."""
    return f"customer_{organisation.id}"


def subscription(key: str) -> str:
    """The id of a purchase of the demo world for clients."""
    return f"subscription_{fixed_id(key + '.subscription')}"


@dataclass(frozen=True)
class Deals:
    """The API, and a hand in the database for what stories begin with."""

    api: Api

    def ask(self, persona: str, mutation: str, **given: Any) -> Answer:
        """The answer to a mutation."""
        return self.api.ask(persona, document(mutation), input=given)

    def done(self, persona: str, mutation: str, **given: Any) -> str:
        """The transfer's id, of a mutation that was done."""
        payload = self.ask(persona, mutation, **given).data[mutation]
        assert payload["userErrors"] == []
        return str(payload["transfer"]["id"])

    def refused(self, persona: str, mutation: str, **given: Any) -> dict[str, Any]:
        """The one refusal of a mutation that was not done."""
        payload = self.ask(persona, mutation, **given).data[mutation]
        assert payload["transfer"] is None
        (error,) = payload["userErrors"]
        return dict(error)

    def reasons(self, persona: str, mutation: str, **given: Any) -> tuple[str, list[str]]:
        """Code and reasons of a denial."""
        (error,) = self.ask(persona, mutation, **given).body["errors"]
        return error["extensions"]["code"], error["extensions"].get("reasons", [])

    def seen(self, persona: str, transfer_id: str) -> Any:
        """A transfer as somebody sees it: the body with data and errors."""
        return self.api.ask(persona, SHOWN, id=transfer_id).body

    def status(self, persona: str, subscription_id: str) -> str | None:
        """The status of a subscription as somebody sees it."""
        node = self.api.ask(persona, STATUS, id=subscription_id).data["node"]
        return node["status"] if node else None

    def store(self, *rows: Base) -> None:
        """Put rows into the database, past every guard."""
        with Session(self.api.world.store.engine) as session:
            session.add_all(rows)
            session.commit()

    def change(self, model: type[Base], row_id: str, **values: Any) -> None:
        """Change a row, past every guard."""
        with Session(self.api.world.store.engine) as session:
            session.execute(update(model).where(model.id == row_id).values(values))  # type: ignore[attr-defined]
            session.commit()

    def rows(self, model: type[Any], **equal: Any) -> list[Any]:
        """Rows as they are stored."""
        with Session(self.api.world.store.engine) as session:
            return list(session.scalars(select(model).filter_by(**equal).order_by(model.id)))

    def agree(self, partner: Organisation, with_customer: Organisation = MEADOW) -> None:
        """Let a customer be bound by its agreement with a partner."""
        now = self.now
        self.store(
            CustomerAgreement(
                customer_id=with_customer.id,
                partner_id=partner.id,
                kind=AgreementKind.ATTESTATION,
                first_name="Ada",
                last_name="Reed",
                email="ada@meadow.example",
                agreed_at=now,
                cloud=with_customer.cloud,
                created_at=now,
            )
        )

    def relate(self, partner: Organisation, with_customer: Organisation) -> None:
        """Give a partner an active relationship."""
        now = self.now
        self.store(
            ResellerRelationship(
                partner_id=partner.id,
                customer_id=with_customer.id,
                addressed_to=with_customer.id,
                stored_status=RelationshipStatus.ACTIVE,
                market="US",
                cloud=with_customer.cloud,
                created_at=now,
                updated_at=now,
            )
        )

    def enrol(self, provider: Organisation, reseller: Organisation) -> None:
        """Make one partner the other's reseller."""
        now = self.now
        self.store(
            Partnership(
                provider_id=provider.id,
                reseller_id=reseller.id,
                status=PartnershipStatus.ACTIVE,
                market="US",
                cloud=Cloud.PUBLIC,
                created_at=now,
                updated_at=now,
            )
        )

    def give_role(self, persona: str, role: Role) -> None:
        """One more role for a persona."""
        found = find_persona(persona)
        user_id = fixed_id(f"{found.name}.user")
        self.store(RoleAssignment(user_id=user_id, tenant_id=found.organisation.id, role=role))

    def purchase(self, key: str, like: str, **values: Any) -> str:
        """One more subscription like one of the demo world; its id for clients."""
        (found,) = self.rows(Subscription, id=fixed_id(f"{like}.subscription"))
        stored = {column.key for column in Subscription.__mapper__.column_attrs} - {"alias", "tags"}
        columns = {name: getattr(found, name) for name in stored}
        row_id = fixed_id(f"{key}.subscription")
        anew = {"id": row_id, "vendor_id": fixed_id(f"{key}.vendor"), "friendly_name": key}
        self.store(Subscription(**{**columns, **anew, **values}))
        return f"subscription_{row_id}"

    def transfer(self, key: str, **values: Any) -> str:
        """A transfer in any state; its id for clients."""
        now = self.now
        given = {
            "kind": TransferKind.NEW_COMMERCE,
            "initiated_by": Initiator.TARGET,
            "stored_status": TransferStatus.PENDING,
            "expires_at": now + timedelta(days=30),
            "customer_id": MEADOW.id,
            "market": "US",
            "cloud": Cloud.PUBLIC,
            "created_at": now,
            "updated_at": now,
            **values,
        }
        row_id = fixed_id(f"{key}.transfer")
        self.store(Transfer(id=row_id, **given))
        return f"transfer_{row_id}"

    def books(self, operation: str, resource_id: str) -> tuple[list[tuple[str, str]], list[str | None]]:
        """Of one act on one object: (tenant, status) of each audit record, and the transfer of each event."""
        row_id = resource_id.partition("_")[2]
        records = self.rows(AuditRecord, operation=operation, resource_id=row_id)
        events = self.rows(Event, operation=operation, resource_id=row_id)
        return sorted((row.tenant_id, row.status.value) for row in records), [
            row.transfer_id for row in events
        ]

    def lines(self, transfer_id: str) -> list[tuple[int, str | None, str | None]]:
        """Number, status and error of each line."""
        rows = self.rows(TransferLine, transfer_id=transfer_id.partition("_")[2])
        return sorted((row.number, row.status, row.error) for row in rows)

    @property
    def now(self) -> Any:
        """The time in this world."""
        return self.api.world.clock.now
