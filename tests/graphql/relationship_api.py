"""How the tests of relationships and partnerships ask, and what they put in the way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, insert, update
from sqlalchemy.orm import Session

from multichannel.demo.cast import Organisation, fixed_id
from multichannel.domain.base import Base
from multichannel.domain.users import Role, RoleAssignment
from tests.graphql.conftest import Answer, Api

RELATIONSHIP = (
    "resellerRelationship { id status version addressedTo delegatedAdmin customer { companyName } }"
)
SUMMARY = "resellerRelationship { id status }"
GRANT = """delegatedAdminGrant { id status rights duration autoExtend startsAt endsAt expiresAt endedBy
  customer { companyName } partner { name } relationship { id delegatedAdmin } }"""
PARTNERSHIP = "partnership { id status addressedTo reseller { name } provider { name } acceptedAt removedAt }"
SHOWN = {
    "requestResellerRelationship": SUMMARY,
    "acceptResellerRelationship": RELATIONSHIP,
    "declineResellerRelationship": RELATIONSHIP,
    "cancelResellerRelationshipRequest": SUMMARY,
    "removeResellerRelationship": RELATIONSHIP,
    "endResellerRelationship": RELATIONSHIP,
    "detachReseller": SUMMARY,
    "extendRelationshipToProvider": SUMMARY,
    "revokeDelegatedAdmin": RELATIONSHIP,
    "requestDelegatedAdmin": GRANT,
    "approveDelegatedAdmin": GRANT,
    "declineDelegatedAdmin": GRANT,
    "reduceDelegatedAdmin": GRANT,
    "terminateDelegatedAdmin": GRANT,
    "setDelegatedAdminAutoExtend": GRANT,
    "inviteIndirectReseller": PARTNERSHIP,
    "acceptPartnership": PARTNERSHIP,
    "removePartnership": PARTNERSHIP,
}
SIGNER = {"firstName": "Ada", "lastName": "Signer", "email": "ada@quarry.example"}
GLOBAL_ADMIN, ADMIN_AGENT, SALES_AGENT = Role.GLOBAL_ADMIN, Role.ADMIN_AGENT, Role.SALES_AGENT


def do(api: Api, persona: str, mutation: str, **input: Any) -> Answer:
    """The answer to one mutation with this input."""
    kind = f"{mutation[0].upper()}{mutation[1:]}Input"
    shown = SHOWN[mutation]
    query = (
        f"mutation ($input: {kind}!) {{ {mutation}(input: $input) {{ {shown} userErrors {{ code path }} }} }}"
    )
    return api.ask(persona, query, input=input)


def done(api: Api, persona: str, mutation: str, **input: Any) -> Any:
    """What a mutation that was not refused shows."""
    payload = do(api, persona, mutation, **input).data[mutation]
    assert payload.pop("userErrors") == []
    return next(iter(payload.values()))


def refusal(api: Api, persona: str, mutation: str, **input: Any) -> tuple[str, list[str]]:
    """Code and path of the one refusal, after which nothing is shown."""
    payload = do(api, persona, mutation, **input).data[mutation]
    (error,) = payload.pop("userErrors")
    assert list(payload.values()) == [None]
    return error["code"], error["path"]


def denial(api: Api, persona: str, mutation: str, **input: Any) -> tuple[str, list[str]]:
    """Code and reasons of the denial."""
    answer = do(api, persona, mutation, **input)
    assert answer.body["data"] == {mutation: None}
    (error,) = answer.body["errors"]
    return error["extensions"]["code"], error["extensions"].get("reasons", [])


def as_role(api: Api, persona: str, *roles: Role) -> str:
    """Let a persona have these roles and no others."""
    user_id, tenant_id = fixed_id(f"{persona}.user"), api.world.principal(persona).tenant_id
    with Session(api.world.store.engine) as session:
        session.execute(delete(RoleAssignment).where(RoleAssignment.user_id == user_id))
        rows = [{"user_id": user_id, "tenant_id": tenant_id, "role": role} for role in roles]
        if rows:
            session.execute(insert(RoleAssignment), rows)
        session.commit()
    return persona


def set_row(api: Api, model: type[Base], row_id: str, **values: Any) -> None:
    """Change a stored row, past every guard."""
    with Session(api.world.store.engine) as session:
        session.execute(update(model.__table__).where(model.__table__.c.id == row_id).values(**values))  # type: ignore[arg-type]  # a table
        session.commit()


def add_rows(api: Api, model: type[Base], *rows: Mapping[str, Any]) -> None:
    """Store rows, past every guard, dated now where the model has times."""
    now = api.world.clock.now
    times = {"created_at": now, "updated_at": now}
    dated = {name: value for name, value in times.items() if name in model.__table__.c}
    with Session(api.world.store.engine) as session:
        session.execute(insert(model), [{**dated, **row} for row in rows])
        session.commit()


def relationship_of(partner: Organisation, customer: Organisation) -> str:
    """The global id of a relationship of the demo world."""
    return "reseller_relationship_" + fixed_id(f"{partner.key}.{customer.key}.relationship")


def partnership_of(provider: Organisation, reseller: Organisation) -> str:
    """The global id of a partnership of the demo world."""
    return "partnership_" + fixed_id(f"{provider.key}.{reseller.key}.partnership")


def bare(global_id: str) -> str:
    """The row's own id."""
    return global_id.rsplit("_", 1)[1]


def grant_of(partner: Organisation, customer: Organisation) -> str:
    """The global id of a grant of delegated admin of the demo world."""
    return "delegated_admin_grant_" + fixed_id(f"{partner.key}.{customer.key}.delegated-admin")
