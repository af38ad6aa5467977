"""R65: the customer reads everybody who may do something; a partner reads its own people alone."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest

from multichannel.demo.cast import ALDER, CEDAR, DOGWOOD, HAZEL, MEADOW, PERSONAS, WILLOW, fixed_id
from multichannel.domain.users import Role
from tests.graphql.conftest import Api
from tests.world import shared_postgresql_later

pytestmark = pytest.mark.rule("R65")
SHOWN = "access { tenant { id name kind } standing roles actions because }"
MEADOW_ID = f"customer_{MEADOW.id}"
OF_CEDAR, EVERYWHERE = (
    f"subscription_{fixed_id(key + '.subscription')}"
    for key in ("meadow-azure-cedar", "meadow-office-direct")
)
NODE = f"""query ($id: ID!) {{ node(id: $id) {{
  ... on Customer {{ {SHOWN} }}
  ... on Subscription {{ {SHOWN} }} }} }}"""
WHO_MAY = (
    "query ($action: Action!, $id: ID!) { whoMay(action: $action, id: $id) { tenant { id name } roles } }"
)


def access(api: Api, persona: str, record_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.ask(persona, NODE, id=record_id).data["node"]["access"]
    return found


def names(entries: list[dict[str, Any]]) -> set[str]:
    return {each["tenant"]["name"] for each in entries}


def test_a_customer_reads_the_reseller_that_a_provider_has_attached(shared_api: Api) -> None:
    entries = access(shared_api, "meadow-global-admin", MEADOW_ID)

    assert names(entries) == {each.name for each in (MEADOW, ALDER, CEDAR, DOGWOOD, WILLOW)}
    (dogwood,) = [
        each for each in entries if each["tenant"]["name"] == "Dogwood" and "SALES_AGENT" in each["roles"]
    ]
    assert dogwood == {
        "tenant": {"id": f"partner_{DOGWOOD.id}", "name": "Dogwood", "kind": "PARTNER"},
        "standing": "attached_reseller",
        "roles": ["ADMIN_AGENT", "SALES_AGENT", "HELPDESK_AGENT"],
        "actions": ["READ_SUMMARY", "READ", "LABEL"],
        "because": "A provider attaches a reseller to a customer that it created for the reseller.",
    }


def test_a_customer_reads_who_is_credited_for_a_subscription(shared_api: Api) -> None:
    entries = access(shared_api, "meadow-global-admin", OF_CEDAR)

    assert names(entries) == {each.name for each in (MEADOW, CEDAR, DOGWOOD, HAZEL)}
    assert {each["standing"] for each in entries if each["tenant"]["name"] == "Hazel"} == {
        "partner_of_record"
    }


@pytest.mark.parametrize("record_id", [MEADOW_ID, EVERYWHERE])
@pytest.mark.parametrize("persona", ["alder-global-admin", "alder-user-management-admin"])
def test_a_partner_reads_its_own_people_alone(shared_api: Api, persona: str, record_id: str) -> None:
    assert names(access(shared_api, persona, record_id)) == {"Alder"}
    answer = shared_api.ask(persona, WHO_MAY, action="READ_SUMMARY", id=record_id).data["whoMay"]
    assert [each["tenant"]["name"] for each in answer] == ["Alder"]


@pytest.mark.parametrize("persona", ["alder-sales-agent", "alder-billing-admin", "cedar-admin-agent"])
def test_other_roles_of_a_partner_read_nobody(shared_api: Api, persona: str) -> None:
    answer = shared_api.ask(persona, NODE, id=MEADOW_ID)
    assert (answer.body["data"]["node"], answer.errors) == (
        {"access": None},
        [(["node", "access"], "FORBIDDEN")],
    )
    assert shared_api.ask(persona, WHO_MAY, action="READ", id=MEADOW_ID).errors == [(["whoMay"], "FORBIDDEN")]


def test_who_may_is_not_found_forbidden_or_bad_input(shared_api: Api) -> None:
    def codes(persona: str, action: str, record_id: str) -> list[str]:
        return shared_api.ask(persona, WHO_MAY, action=action, id=record_id).codes

    assert codes("alder-global-admin", "READ", OF_CEDAR) == ["NOT_FOUND"]
    assert codes("alder-global-admin", "READ", f"customer_{fixed_id('absent')}") == ["NOT_FOUND"]
    assert codes("alder-global-admin", "READ", f"partner_{ALDER.id}") == ["FORBIDDEN"]
    assert codes("alder-global-admin", "ACCEPT", MEADOW_ID) == ["BAD_INPUT"]
    assert codes("meadow-global-admin", "READ", "nonsense") == ["BAD_INPUT"]


@pytest.mark.parametrize("record_id", [MEADOW_ID, EVERYWHERE])
def test_who_may_tells_by_action_what_access_tells_by_company(shared_api: Api, record_id: str) -> None:
    entries = access(shared_api, "meadow-global-admin", record_id)
    for action in sorted({action for each in entries for action in each["actions"]}):
        roles: dict[str, set[str]] = defaultdict(set)
        for each in entries:
            if action in each["actions"]:
                roles[each["tenant"]["name"]] |= set(each["roles"])
        answer = shared_api.ask("meadow-global-admin", WHO_MAY, action=action, id=record_id).data["whoMay"]
        assert {each["tenant"]["name"]: set(each["roles"]) for each in answer} == roles
        assert all(
            each["roles"] == [role.name for role in Role if role.name in each["roles"]] for each in answer
        )


def test_a_page_takes_as_many_statements_as_one_record(shared_api: Api) -> None:
    """The grants, the facts with their relations, the companies and their names."""
    page = shared_api.ask("meadow-global-admin", f"{{ subscriptions(first: 100) {{ nodes {{ {SHOWN} }} }} }}")
    one = shared_api.ask("meadow-global-admin", f"{{ subscriptions(first: 1) {{ nodes {{ {SHOWN} }} }} }}")

    assert len(page.data["subscriptions"]["nodes"]) > 1
    assert len(page.statements) == len(one.statements) <= 14


@shared_postgresql_later
@pytest.mark.parametrize("kind", ["Customer", "Subscription"])
def test_it_agrees_with_what_each_persona_can(shared_api: Api, kind: str) -> None:
    """Every persona with one role finds exactly the actions that the customer reads of it."""
    field = kind.lower() + "s"
    lists = f"{{ {field}(first: 100) {{ nodes {{ id viewerCan }} }} }}"
    told: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    records = set()
    for customer in ("meadow", "canyon", "quarry", "summit"):
        query = f"{{ {field}(first: 100) {{ nodes {{ id {SHOWN} }} }} }}"
        for node in shared_api.ask(f"{customer}-global-admin", query).data[field]["nodes"]:
            records.add(node["id"])
            for each in node["access"]:
                for role in each["roles"]:
                    told[node["id"], each["tenant"]["id"].partition("_")[2], role] |= set(each["actions"])
    for persona in PERSONAS:
        if len(persona.roles) == 1:
            nodes = shared_api.ask(persona.name, lists).data[field]["nodes"]
            found = {node["id"]: set(node["viewerCan"]) for node in nodes if node["id"] in records}
            (role,) = persona.roles
            expected = {
                record_id: actions
                for (record_id, tenant_id, named), actions in told.items()
                if tenant_id == persona.organisation.id
                and named == role.upper()
                and "READ_SUMMARY" in actions
            }
            assert found == expected, persona.name
