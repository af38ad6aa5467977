"""What tests of subscriptions ask of the API, and the scenes they set."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from multichannel.demo.cast import (
    MEADOW,
    Organisation,
    fixed_id,
)
from multichannel.domain.agreements import AgreementKind, CustomerAgreement
from multichannel.domain.base import new_id
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.users import Role, RoleAssignment, User
from tests.graphql.conftest import Answer, Api
from tests.graphql.stored_rows import stored

SHOWN = """id version status quantity channel commerce billingType recordedBy friendlyName offerName
  termDuration autoRenewEnabled commitmentEndDate cancellationAllowedUntilDate suspensionReasons
  cancellationReason services canceledServices leftToMove { services whole } market cloud
  billingPartner { name } partnerOfRecord { name } supportContact { name } customer { companyName }
  parent { id } continues { id } continuedBy { nodes { id } }"""
MUTATIONS = (
    "recordExternalSubscription",
    "createSubscription",
    "updateSubscription",
    "suspendSubscription",
    "reactivateSubscription",
    "cancelSubscription",
    "cancelService",
    "moveSubscriptionToCsp",
    "assignSupportContact",
    "assignPartnerOfRecord",
    "linkSubscription",
    "completeVendorTask",
)
READ = f"query($id: ID!) {{ node(id: $id) {{ ... on Subscription {{ {SHOWN} }} }} }}"
ABSENT = new_id()


def id_of(key: str) -> str:
    return f"subscription_{fixed_id(f'{key}.subscription')}"


def ask(api: Api, persona: str, mutation: str, *, shown: str = SHOWN, **input: Any) -> Answer:
    """A mutation; a subscription is named by its key or id, a customer by its organisation."""
    kind = f"{mutation[0].upper()}{mutation[1:]}Input"
    if isinstance(input.get("customer"), Organisation):
        input["customer"] = f"customer_{input.pop('customer').id}"
    if "id" in input and not input["id"].startswith("subscription_"):
        input["id"] = id_of(input["id"])
    query = f"""mutation($input: {kind}!) {{ {mutation}(input: $input) {{
      subscription {{ {shown} }} userErrors {{ code path rule message }} }} }}"""
    return api.ask(persona, query, input=input)


def done(api: Api, persona: str, mutation: str, **input: Any) -> dict[str, Any]:
    """The subscription as the mutation shows it, which was not refused."""
    payload: dict[str, Any] = ask(api, persona, mutation, **input).data[mutation]
    assert payload["userErrors"] == []
    found: dict[str, Any] = payload["subscription"]
    return found


def refused(api: Api, persona: str, mutation: str, **input: Any) -> str:
    """The code of the refusal, which changed nothing."""
    before = everything(api)
    payload = ask(api, persona, mutation, **input).data[mutation]
    assert payload["subscription"] is None
    assert everything(api) == before
    (error,) = payload["userErrors"]
    code: str = error["code"]
    return code


def denied(api: Api, persona: str, mutation: str, **input: Any) -> tuple[str, list[str]]:
    """The code and reasons of the denial, which changed nothing."""
    before = everything(api)
    body = ask(api, persona, mutation, **input).body
    assert body["data"] == {mutation: None}
    assert everything(api) == before
    (error,) = body["errors"]
    return error["extensions"]["code"], error["extensions"].get("reasons", [])


def read(api: Api, persona: str, row_id: str) -> dict[str, Any]:
    found: dict[str, Any] = api.ask(persona, READ, id=row_id).data["node"]
    return found


def everything(api: Api) -> list[dict[str, Any]]:
    """Every subscription as it is stored."""
    return [
        {name: value for name, value in vars(row).items() if name != "_sa_instance_state"}
        for row in stored(api, Subscription)
    ]


def change(api: Api, model: type[Any], row_id: str, **values: Any) -> None:
    """Write past every guard, to set the scene."""
    with Session(api.world.store.engine) as session:
        session.execute(update(model).where(model.id == row_id).values(**values))
        session.connection().commit()


def agree(api: Api, customer: Organisation, partner: Organisation | None) -> None:
    """The customer has agreed: with one partner by attestation, or with all by its own signature."""
    with Session(api.world.store.engine) as session:
        session.add(
            CustomerAgreement(
                customer_id=customer.id,
                partner_id=partner.id if partner else None,
                kind=AgreementKind.ATTESTATION if partner else AgreementKind.DIRECT,
                first_name="A",
                last_name="Signer",
                email="a@meadow.example",
                agreed_at=api.world.clock.now,
                cloud=customer.cloud,
                created_at=api.world.clock.now,
            )
        )
        session.connection()
        session.commit()


def act_as(api: Api, persona: str, role: Role) -> None:
    """Give a persona of one role another one."""
    with Session(api.world.store.engine) as session:
        user = session.get_one(User, fixed_id(f"{persona}.user"))
        session.execute(update(RoleAssignment).where(RoleAssignment.user_id == user.id).values(role=role))
        session.connection().commit()


SEATS: dict[str, Any] = {"offerName": "Business mail", "billingType": "LICENSE", "quantity": 5}
AZURE: dict[str, Any] = {"offerName": "Azure plan", "billingType": "USAGE"}
EA: dict[str, Any] = {"channel": "EA", "offerName": "Office apps", "billingType": "LICENSE", "quantity": 3}


def sell(api: Api, persona: str = "alder-sales-agent", **more: Any) -> dict[str, Any]:
    """A new subscription of Meadow's."""
    if not stored(api, CustomerAgreement):
        agree(api, MEADOW, None)
    return done(api, persona, "createSubscription", **{"customer": MEADOW, **SEATS, **more})


def of(made: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An input about what was shown, in the version that was shown."""
    return {"id": made["id"], "expectedVersion": made["version"], **more}
