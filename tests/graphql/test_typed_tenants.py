"""Tenants that people type are known by directory ids, and never by the ids that rows hold (R54)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, get_named_type
from sqlalchemy import update
from sqlalchemy.orm import Session

from multichannel.demo.cast import (
    ALDER,
    BIRCH,
    CANYON,
    CEDAR,
    DOGWOOD,
    HAZEL,
    MEADOW,
    Organisation,
    fixed_id,
)
from multichannel.domain.partnerships import Partnership
from multichannel.domain.relationships import ResellerRelationship
from multichannel.domain.subscriptions import Subscription, SubscriptionShare
from multichannel.domain.support_cases import SupportCase
from multichannel.domain.tenants import Tenant
from multichannel.domain.transfers import Transfer
from multichannel.domain.users import Role
from multichannel.graphql.schema import build_schema
from tests.graphql.case_api import opened
from tests.graphql.conftest import Api
from tests.graphql.relationship_api import as_role, done, relationship_of
from tests.graphql.stored_rows import stored
from tests.graphql.transfer_api import Deals, customer, subscription
from tests.world import one_engine, postgresql_later

UNKNOWN = fixed_id("unknown.directory")
SHARED = {"id": subscription("meadow-office-direct"), "expectedVersion": 1, "sharing": "SELECTED"}
CASE = "support_case_"


@dataclass(frozen=True)
class Typed:
    """How an input that names a tenant is used, so that it succeeds for one partner alone."""

    persona: str
    names: Organisation
    column: Any
    """Where the id of the partner is stored then."""
    refusal: str | None
    """What is refused for any other partner; None if the answer does not tell them apart."""
    rest: Mapping[str, Any] = field(default_factory=dict)
    prepare: Callable[[Api], object] = id
    several: bool = False


def _case(api: Api) -> None:
    opened(api, "canyon-global-admin", "canyon-office-birch")


def _agreed(api: Api) -> None:
    Deals(api).agree(CEDAR)


SALE = {"customer": customer(MEADOW), "offerName": "Online meetings", "billingType": "LICENSE"}
NEW = {"companyName": "Heath", "domain": "heath.example", "email": "office@heath.example"}
OFFER = {"customer": customer(CANYON), "subscriptionIds": [subscription("canyon-azure-alder")]}
TYPED: dict[tuple[str, str], Typed] = {
    ("requestResellerRelationship", "provider"): Typed(
        "dogwood-sales-agent",
        CEDAR,
        ResellerRelationship.partner_id,
        "NO_PARTNERSHIP",
        {"customer": "heath.example"},
    ),
    ("extendRelationshipToProvider", "provider"): Typed(
        "alder-admin-agent",
        CEDAR,
        ResellerRelationship.partner_id,
        "NO_PARTNERSHIP",
        {"id": relationship_of(ALDER, CANYON)},
        lambda api: Deals(api).enrol(CEDAR, ALDER),
    ),
    ("inviteIndirectReseller", "reseller"): Typed("cedar-global-admin", ALDER, Partnership.reseller_id, None),
    ("createCustomer", "associatedPartner"): Typed(
        "cedar-admin-agent",
        DOGWOOD,
        ResellerRelationship.associated_partner_id,
        "ASSOCIATED_PARTNER_INVALID",
        NEW,
    ),
    ("createSubscription", "partnerOfRecord"): Typed(
        "cedar-admin-agent",
        HAZEL,
        Subscription.partner_of_record_id,
        "PARTNER_OF_RECORD_INVALID",
        SALE,
        _agreed,
    ),
    ("assignPartnerOfRecord", "partner"): Typed(
        "cedar-admin-agent",
        DOGWOOD,
        Subscription.partner_of_record_id,
        "PARTNER_OF_RECORD_INVALID",
        {"id": subscription("meadow-azure-cedar"), "expectedVersion": 1},
    ),
    ("assignSupportContact", "partner"): Typed(
        "meadow-global-admin",
        CEDAR,
        Subscription.support_contact_id,
        "CONTACT_NOT_AVAILABLE",
        {"id": subscription("meadow-mail-alder"), "expectedVersion": 1},
    ),
    ("setSubscriptionSharing", "partners"): Typed(
        "meadow-global-admin",
        ALDER,
        SubscriptionShare.partner_id,
        "NOT_SHARED_WITH_STRANGERS",
        SHARED,
        several=True,
    ),
    ("assignSupportCase", "partner"): Typed(
        "canyon-global-admin",
        BIRCH,
        SupportCase.assigned_partner_id,
        "ASSIGNEE_NOT_AVAILABLE",
        prepare=_case,
    ),
    ("requestTransfer", "sourcePartner"): Typed(
        "cedar-admin-agent",
        ALDER,
        Transfer.source_partner_id,
        None,
        {"customer": customer(MEADOW)},
        _agreed,
    ),
    ("requestTransfer", "partnerOfRecord"): Typed(
        "cedar-admin-agent",
        HAZEL,
        Transfer.partner_of_record_id,
        "NOT_YOUR_RESELLER",
        {"customer": customer(MEADOW), "sourcePartner": ALDER.id},
        _agreed,
    ),
    ("offerTransfer", "targetPartner"): Typed(
        "alder-admin-agent",
        CEDAR,
        Transfer.target_partner_id,
        "NO_PARTNERSHIP",
        OFFER | {"kind": "LEGACY"},
        lambda api: Deals(api).enrol(CEDAR, ALDER),
    ),
    ("requestSwitch", "targetPartner"): Typed(
        "meadow-global-admin",
        CEDAR,
        Transfer.target_partner_id,
        "TARGET_UNRELATED",
        {"id": subscription("meadow-mail-alder"), "notice": "Please."},
    ),
}
OTHERWISE = {
    (
        "requestResellerRelationship",
        "customer",
    ): "the address of a customer, tested in test_customer_links.py",
    ("linkCustomer", "directoryId"): "the directory id itself",
}
"""Inputs with a tenant GUID that name no partner."""


def move(api: Api, organisation: Organisation) -> str:
    """Give a partner a directory id that is not its id; its users sign in with it no more."""
    directory_id = fixed_id(f"{organisation.key}.directory")
    with Session(api.world.store.engine) as session:
        session.execute(update(Tenant).where(Tenant.id == organisation.id).values(directory_id=directory_id))
        session.commit()
    return directory_id


def answer(api: Api, mutation: str, name: str, typed: str) -> Any:
    """The payload of the mutation with this tenant, without the id of what it makes."""
    use = TYPED[mutation, name]
    case = stored(api, SupportCase)
    more = {"id": CASE + case[0].id} if case else {}
    kind = f"{mutation[0].upper()}{mutation[1:]}Input"
    document = f"mutation ($input: {kind}!) {{ {mutation}(input: $input) {{ userErrors {{ code path }} }} }}"
    value = [typed] if use.several else typed
    return api.ask(use.persona, document, input={**more, **use.rest, name: value}).data[mutation][
        "userErrors"
    ]


def test_every_input_with_a_tenant_guid_is_tried_here() -> None:
    schema = build_schema()
    assert schema.mutation_type is not None
    inputs = {
        (mutation, name)
        for mutation, declared in schema.mutation_type.fields.items()
        for kind in [get_named_type(declared.args["input"].type)]
        if isinstance(kind, GraphQLInputObjectType)
        for name, each in kind.fields.items()
        if get_named_type(each.type).name == "String" and "tenant GUID" in (each.description or "")
    }
    assert inputs == TYPED.keys() | OTHERWISE.keys()


@one_engine
@pytest.mark.rule("R54")
@pytest.mark.parametrize(("mutation", "name"), TYPED)
def test_a_partner_is_named_by_its_directory_id_and_its_own_id_is_nobody(
    api: Api, mutation: str, name: str
) -> None:
    use = TYPED[mutation, name]
    use.prepare(api)
    directory_id = move(api, use.names)

    before = times_named(api, use)

    unknown, internal = (answer(api, mutation, name, typed) for typed in (UNKNOWN, use.names.id))
    assert unknown == internal
    assert [each["code"] for each in unknown] == ([use.refusal] if use.refusal else [])
    assert times_named(api, use) == before
    assert answer(api, mutation, name, directory_id) == []
    assert times_named(api, use) > before


def times_named(api: Api, use: Typed) -> int:
    """How many rows hold the id of the partner."""
    return sum(getattr(row, use.column.key) == use.names.id for row in stored(api, use.column.class_))


SOURCE = """query ($id: String!) { transfers(filter: {sourcePartnerId: {eq: $id}}) { nodes {
  sourcePartnerId sourcePartnerName sourcePartner { name } } } }"""
REQUESTED = """query ($id: String!) { auditRecords(filter: {resourceId: {eq: $id}}) { nodes {
  changes { field new } } } }"""


@postgresql_later
@pytest.mark.rule("R54")
def test_a_request_does_not_reveal_whether_its_source_exists(api: Api) -> None:
    deals = Deals(api)
    deals.agree(CEDAR)
    as_role(api, "cedar-admin-agent", Role.ADMIN_AGENT, Role.GLOBAL_ADMIN)
    directory_id = move(api, BIRCH)
    for typed in (UNKNOWN, BIRCH.id, directory_id):
        request = {"customer": customer(MEADOW), "sourcePartner": typed}
        made = deals.done("cedar-admin-agent", "requestTransfer", **request)
        again = deals.refused("cedar-admin-agent", "requestTransfer", **request)
        assert again["code"] == "TRANSFER_PENDING"
        shown = {"sourcePartnerId": typed, "sourcePartnerName": None, "sourcePartner": None}
        assert api.ask("cedar-admin-agent", SOURCE, id=typed).data["transfers"]["nodes"] == [shown]
        (record,) = api.ask("cedar-admin-agent", REQUESTED, id=made).data["auditRecords"]["nodes"]
        fields = {each["field"]: each["new"] for each in record["changes"]}
        assert fields["sourcePartnerId"] == typed
        assert not fields.keys() & {"sourceDirectoryId", "targetDirectoryId"}


CREATED = """mutation ($input: CreateCustomerInput!) { createCustomer(input: $input) {
  customer { id } userErrors { code } } }"""
LINKED = """mutation ($input: LinkCustomerInput!) { linkCustomer(input: $input) { userErrors { code } } }"""
BY_CUSTOMER = """query ($in: [String!]!, $not: String!) {
  auditRecords(filter: {customerId: {in: $in}}) { totalCount nodes { customerId } }
  others: auditRecords(filter: {customerId: {ne: $not}}) { totalCount }
  transfers(filter: {customerId: {in: $in}}) { nodes { customerId } } }"""
DIRECTORY = fixed_id("heath.directory")


@postgresql_later
@pytest.mark.rule("R54")
def test_lists_are_filtered_by_the_directory_id_of_a_customer_or_by_its_id(api: Api) -> None:
    as_role(api, "cedar-admin-agent", Role.ADMIN_AGENT, Role.GLOBAL_ADMIN)

    def ask(*ids: str) -> Any:
        return api.ask("cedar-admin-agent", BY_CUSTOMER, **{"in": ids, "not": ids[0]}).data

    heath = api.ask("cedar-admin-agent", CREATED, input=NEW).data["createCustomer"]["customer"]["id"]
    row_id = heath.partition("_")[2]
    parties = {"source_partner_id": ALDER.id, "target_partner_id": CEDAR.id, "owner_id": CEDAR.id}
    Deals(api).transfer("heath", customer_id=row_id, **parties)
    unlinked = ask(heath)
    count = unlinked["auditRecords"]["totalCount"]
    assert count > 0
    assert {each["customerId"] for each in unlinked["auditRecords"]["nodes"]} == {row_id}
    assert unlinked["others"]["totalCount"] == 0

    link = {"id": heath, "expectedVersion": 1, "directoryId": DIRECTORY}
    assert api.ask("cedar-admin-agent", LINKED, input=link).data["linkCustomer"]["userErrors"] == []

    for typed in (heath, DIRECTORY):
        found = ask(typed)
        assert found["auditRecords"]["totalCount"] == count + 1
        assert {each["customerId"] for each in found["auditRecords"]["nodes"]} == {DIRECTORY}
        assert found["others"]["totalCount"] == 0
        assert found["transfers"]["nodes"] == [{"customerId": DIRECTORY}]
    for stranger in (UNKNOWN, customer(CANYON), CANYON.id, "no id"):
        assert ask(stranger)["auditRecords"] == {"totalCount": 0, "nodes": []}
        assert ask(stranger)["transfers"]["nodes"] == []


ACTORS = """query ($id: String!) { auditRecords(filter: {actorTenantId: {eq: $id}}) { nodes {
  actorTenantId } } }"""


@one_engine
@pytest.mark.rule("R54")
def test_who_acted_is_shown_and_found_by_directory_id(api: Api) -> None:
    as_role(api, "alder-user", Role.GLOBAL_ADMIN)
    cancel = {"id": relationship_of(ALDER, MEADOW), "reason": "Done."}
    done(api, "meadow-global-admin", "endResellerRelationship", **cancel)
    directory_id = fixed_id("meadow.directory")
    with Session(api.world.store.engine) as session:
        session.execute(update(Tenant).where(Tenant.id == MEADOW.id).values(directory_id=directory_id))
        session.commit()

    for typed in (directory_id, customer(MEADOW)):
        actors = api.ask("alder-user", ACTORS, id=typed).data["auditRecords"]["nodes"]
        assert actors
        assert {each["actorTenantId"] for each in actors} == {directory_id}


GUIDS = """query ($w: StringFilter!) {
  transfers(filter: {or: [{sourcePartnerId: $w}, {targetPartnerId: $w}, {customerId: $w}]}) { totalCount }
  subscriptions(filter: {entitlementId: $w}) { totalCount }
  auditRecords(filter: {actorTenantId: $w}) { totalCount }
  customers(filter: {directoryId: $w}) { nodes { companyName } } }"""


def test_a_guid_is_compared_with_any_text(api: Api) -> None:
    def ask(**where: Any) -> Any:
        return api.ask("alder-global-admin", GUIDS, w=where).data

    every = len(ask(isNull=False)["customers"]["nodes"])
    assert ask(eq=MEADOW.id.upper())["customers"]["nodes"] == [{"companyName": "Meadow Dairy"}]
    assert ask(startsWith=MEADOW.id[:9])["customers"]["nodes"] == [{"companyName": "Meadow Dairy"}]
    assert ask(contains=MEADOW.id[9:])["customers"]["nodes"] == [{"companyName": "Meadow Dairy"}]
    assert ask(**{"in": ["%", MEADOW.id]})["customers"]["nodes"] == [{"companyName": "Meadow Dairy"}]
    assert len(ask(ne=MEADOW.id)["customers"]["nodes"]) == every - 1
    assert len(ask(ne="no id")["customers"]["nodes"]) == every
    for where in ({"eq": "no id"}, {"in": ["no id"]}, {"startsWith": "%"}, {"contains": "_"}):
        answer = ask(**where)
        assert answer.pop("customers") == {"nodes": []}
        assert {each["totalCount"] for each in answer.values()} == {0}
