"""Support cases: who opens, sees and works on them, and their states (SM8, R15, R69, R70)."""

from __future__ import annotations

from typing import Any

import pytest

from multichannel.demo.cast import ALDER, BIRCH, CANYON, CEDAR, DOGWOOD, HAZEL, MEADOW, fixed_id
from multichannel.domain.relationships import ResellerRelationship
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.support_cases import SupportCase, SupportCaseComment
from multichannel.domain.users import Role
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.audit.mutation_context import MutationContext
from multichannel.store.session import PolicyBypass
from multichannel.store.unit_of_work import UnitOfWork
from tests.graphql import relationship_api
from tests.graphql.case_api import (
    ASSIGN,
    CLOSE,
    COMMENT,
    OPEN,
    REOPEN,
    RESOLVE,
    WORK,
    denied,
    done,
    least,
    opened,
    read,
    refused,
    send,
    subscription,
)
from tests.graphql.conftest import Api
from tests.graphql.relationship_api import as_role, bare, relationship_of, set_row
from tests.graphql.stored_rows import NewRows, stored
from tests.world import postgresql_later

pytestmark = postgresql_later

OFFICE, PHONE = "canyon-office-birch", "meadow-phone-cedar"
"""Birch sells the first to Canyon, and Alder is its support contact; Cedar sells the second to Meadow."""
CUSTOMER, CONTACT, SELLER = "canyon-global-admin", "alder-helpdesk-agent", "birch-sales-agent"
NOT_FOUND: tuple[str, list[str]] = ("NOT_FOUND", [])
LIST = """query ($filter: SupportCaseFilter, $orderBy: [SupportCaseOrder!]) {
  supportCases(filter: $filter, orderBy: $orderBy) {
    totalCount nodes { subject severity openedBy openedByName comments { text } }
  }
}"""


def seller(api: Api) -> str:
    """Birch's agent, as one that works on cases."""
    return as_role(api, SELLER, Role.ADMIN_AGENT)


@pytest.mark.rule("R69", "SM8")
def test_a_case_is_opened_worked_on_resolved_reopened_and_closed(api: Api) -> None:
    id = opened(api, CUSTOMER, OFFICE, comment="Since noon.\n\nNobody gets mail.")
    case = read(api, CUSTOMER, id)
    assert (case["status"], case["assignedPartner"], case["commentCount"]) == ("OPEN", {"name": "Alder"}, 1)

    question = done(api, CONTACT, COMMENT, id=id, comment="Which domain?", waitsForCustomer=True)
    assert question["status"] == "WAITING_FOR_CUSTOMER"
    assert done(api, CUSTOMER, COMMENT, id=id, comment="canyon.example")["status"] == "IN_PROGRESS"
    assert done(api, CONTACT, RESOLVE, id=id, comment="The record was missing.")["status"] == "RESOLVED"
    assert done(api, CUSTOMER, REOPEN, id=id, comment="Not for everybody.")["status"] == "OPEN"
    assert done(api, CONTACT, COMMENT, id=id, comment="Again.")["status"] == "IN_PROGRESS"
    done(api, CONTACT, RESOLVE, id=id)
    closed = done(api, CUSTOMER, CLOSE, id=id)

    assert closed["status"] == "CLOSED"
    assert [(each["number"], each["party"], each["text"]) for each in closed["comments"]] == [
        (1, "CUSTOMER", "Since noon.\n\nNobody gets mail."),
        (2, "PARTNER", "Which domain?"),
        (3, "CUSTOMER", "canyon.example"),
        (4, "PARTNER", "The record was missing."),
        (5, "CUSTOMER", "Not for everybody."),
        (6, "PARTNER", "Again."),
    ]
    assert closed["version"] == 8
    (row,) = stored(api, SupportCase, id=bare(id))
    assert (row.resolved_at, row.closed_at) == (api.world.clock.now, api.world.clock.now)


@pytest.mark.rule("SM8")
def test_what_a_state_does_not_allow_is_refused(api: Api) -> None:
    id = opened(api, CUSTOMER, OFFICE)
    for mutation in (REOPEN, CLOSE):
        assert refused(api, CUSTOMER, mutation, id=id) == ("SUPPORT_CASE_NOT_RESOLVED", ["id"])
    done(api, CONTACT, RESOLVE, id=id)
    for mutation in (COMMENT, RESOLVE):
        assert refused(api, CUSTOMER, mutation, **least(mutation, id)) == ("SUPPORT_CASE_RESOLVED", ["id"])
    to_alder = {"id": id, "partner": ALDER.id}
    assert refused(api, CUSTOMER, ASSIGN, **to_alder) == ("SUPPORT_CASE_RESOLVED", ["id"])
    done(api, CUSTOMER, CLOSE, id=id)
    before = stored(api, SupportCaseComment)
    for mutation in WORK:
        input = least(mutation, id) | ({"partner": ALDER.id} if mutation == ASSIGN else {})
        assert refused(api, CUSTOMER, mutation, **input) == ("SUPPORT_CASE_CLOSED", ["id"])
    assert len(stored(api, SupportCaseComment)) == len(before)


@pytest.mark.rule("R69")
def test_a_case_is_seen_by_the_customer_the_assigned_partner_and_the_seller_alone(api: Api) -> None:
    id = opened(api, CUSTOMER, OFFICE)
    for persona in (CUSTOMER, CONTACT, seller(api)):
        assert read(api, persona, id)["status"] == "OPEN"
        assert api.ask(persona, LIST).data["supportCases"]["totalCount"] == 1
    for persona in ("cedar-admin-agent", "dogwood-sales-agent", "meadow-global-admin", "laurel-admin-agent"):
        assert read(api, persona, id) is None
        assert api.ask(persona, LIST).data["supportCases"]["totalCount"] == 0
        for mutation in WORK:
            assert denied(api, persona, mutation, **least(mutation, id)) == NOT_FOUND
    # A role that does not handle cases sees none, and who views them changes nothing.
    assert read(api, "alder-billing-admin", id) is None
    for mutation in WORK:
        assert denied(api, "alder-sales-agent", mutation, **least(mutation, id))[0] == "FORBIDDEN"
    assert denied(api, CONTACT, CLOSE, id=id) == ("FORBIDDEN", ["CUSTOMER_CLOSES"])


@pytest.mark.rule("R69")
def test_partners_that_support_a_subscription_open_cases_of_it_and_others_do_not(api: Api) -> None:
    reseller = as_role(api, "dogwood-sales-agent", Role.HELPDESK_AGENT)
    for persona, key, name in (
        ("cedar-admin-agent", PHONE, "Cedar"),
        (reseller, PHONE, "Dogwood"),
        (CONTACT, OFFICE, "Alder"),
        (CONTACT, "meadow-office-direct", "Alder"),  # R59: delegated
        (seller(api), OFFICE, "Birch"),
    ):
        case = read(api, persona, opened(api, persona, key))
        assert (case["assignedPartner"], case["status"]) == ({"name": name}, "OPEN")
    about = {"subject": "No mail", "severity": "A"}
    credited = as_role(api, "hazel-sales-agent", Role.ADMIN_AGENT)
    for persona, key in (
        (credited, "meadow-azure-cedar"),  # R24: credit is no delegation
        (CONTACT, "canyon-azure-ea"),  # R69: nor is a relationship
        ("alder-sales-agent", OFFICE),
    ):
        code, _ = denied(api, persona, OPEN, subscription=subscription(key), **about)
        assert code == "FORBIDDEN"
    assert denied(api, CONTACT, OPEN, subscription=subscription(PHONE), **about) == NOT_FOUND


@pytest.mark.rule("R69", "SM8")
def test_a_partner_closes_what_a_partner_opened(api: Api) -> None:
    id = opened(api, CONTACT, OFFICE)
    done(api, CONTACT, RESOLVE, id=id)

    assert done(api, seller(api), CLOSE, id=id)["status"] == "CLOSED"


@pytest.mark.rule("R69")
def test_a_case_is_handed_to_a_partner_that_may_support_the_subscription(api: Api) -> None:
    id = opened(api, CUSTOMER, OFFICE)
    done(api, CONTACT, COMMENT, id=id, comment="I look into it.")
    for partner in (CEDAR.id, CANYON.id, fixed_id("nobody")):
        code = refused(api, CUSTOMER, ASSIGN, id=id, partner=partner)
        assert code == ("ASSIGNEE_NOT_AVAILABLE", ["partner"])

    handed = done(api, CUSTOMER, ASSIGN, id=id, partner=BIRCH.id)

    assert (handed["status"], handed["assignedPartner"]) == ("OPEN", {"name": "Birch"})
    assert read(api, seller(api), id)["assignedPartner"] == {"name": "Birch"}
    version = handed["version"]
    again = done(api, CUSTOMER, ASSIGN, id=id, partner=BIRCH.id, expectedVersion=version)
    assert again["version"] == version
    stale = {"id": id, "partner": ALDER.id, "expectedVersion": version - 1}
    assert refused(api, CUSTOMER, ASSIGN, **stale) == ("STALE_VERSION", ["expectedVersion"])


def leave(api: Api) -> None:
    """Alder and Canyon part, by Alder's decision."""
    set_row(api, ResellerRelationship, bare(relationship_of(ALDER, CANYON)), status="removed")


@pytest.mark.rule("R15", "R69")
def test_a_partner_whose_rights_are_gone_finishes_what_it_has_begun_and_begins_nothing(api: Api) -> None:
    begun, other = opened(api, CUSTOMER, OFFICE), opened(api, CUSTOMER, OFFICE)
    done(api, CONTACT, RESOLVE, id=other)
    done(api, CUSTOMER, CLOSE, id=other)

    leave(api)

    later = opened(api, CUSTOMER, OFFICE)
    assert stored(api, SupportCase, id=bare(later))[0].assigned_partner_id == BIRCH.id
    assert [read(api, CONTACT, id) is not None for id in (begun, other, later)] == [True, False, False]
    about = {"subject": "No mail", "severity": "A", "subscription": subscription(OFFICE)}
    assert denied(api, CONTACT, OPEN, **about) == NOT_FOUND
    assert refused(api, CUSTOMER, ASSIGN, id=later, partner=ALDER.id)[0] == "ASSIGNEE_NOT_AVAILABLE"
    assert done(api, CONTACT, COMMENT, id=begun, comment="Nearly done.")["status"] == "IN_PROGRESS"
    assert done(api, CONTACT, RESOLVE, id=begun)["status"] == "RESOLVED"
    done(api, CUSTOMER, CLOSE, id=begun)
    assert read(api, CONTACT, begun) is None


@pytest.mark.rule("R62", "R69")
def test_with_the_relationship_that_the_customer_ends_its_cases_are_gone(api: Api) -> None:
    id = opened(api, CUSTOMER, OFFICE)

    end = {"id": relationship_of(ALDER, CANYON), "reason": "We part"}
    relationship_api.done(api, CUSTOMER, "endResellerRelationship", **end)

    assert read(api, CONTACT, id) is None
    assert denied(api, CONTACT, COMMENT, id=id, comment="But") == NOT_FOUND
    assert read(api, seller(api), id) is not None


def name_contact(api: Api, persona: str, key: str, partner: str | None) -> Any:
    document = """mutation ($input: AssignSupportContactInput!) { assignSupportContact(input: $input) {
      subscription { version } userErrors { code } } }"""
    (row,) = stored(api, Subscription, id=bare(subscription(key)))
    input = {"id": subscription(key), "expectedVersion": row.version, "partner": partner}
    return api.ask(persona, document, input=input).data["assignSupportContact"]["userErrors"]


@pytest.mark.rule("R70", "R26")
def test_seller_and_customer_name_any_related_partner_and_its_standing_ends_with_the_relationship(
    api: Api,
) -> None:
    sight = (
        "query ($id: ID!) { node(id: $id) { ... on Subscription { quantity supportCases { totalCount } } } }"
    )
    id = opened(api, "meadow-global-admin", PHONE)
    for persona in ("cedar-admin-agent", "meadow-global-admin"):
        assert name_contact(api, persona, PHONE, None) == []
        assert api.ask("alder-sales-agent", sight, id=subscription(PHONE)).data["node"] is None
        assert name_contact(api, persona, PHONE, ALDER.id) == []
        shown = api.ask("alder-sales-agent", sight, id=subscription(PHONE)).data["node"]
        assert shown == {"quantity": 10, "supportCases": {"totalCount": 1}}
    assert read(api, CONTACT, id) is not None
    assert denied(api, CONTACT, COMMENT, id=id, comment="May I?")[0] == "FORBIDDEN"
    for partner in (BIRCH.id, fixed_id("nobody"), MEADOW.id):  # Meadow has no relationship with Birch
        for persona in ("cedar-admin-agent", "meadow-global-admin"):
            assert name_contact(api, persona, PHONE, partner) == [{"code": "CONTACT_NOT_AVAILABLE"}]

    set_row(api, ResellerRelationship, bare(relationship_of(ALDER, MEADOW)), status="removed")

    assert api.ask("alder-sales-agent", sight, id=subscription(PHONE)).data["node"] is None
    assert read(api, CONTACT, id) is None


@pytest.mark.rule("R69")
def test_a_partners_own_note_has_neither_cases_nor_another_support_contact(api: Api) -> None:
    about = {"subject": "No mail", "severity": "A", "subscription": subscription("meadow-records-open")}
    assert denied(api, "meadow-global-admin", OPEN, **about) == ("FORBIDDEN", ["PRIVATE_RECORD"])


@pytest.mark.rule("R69")
def test_helpdesk_agents_of_the_customer_open_cases_and_name_the_subscription_alone(api: Api) -> None:
    agent = as_role(api, "meadow-user", Role.HELPDESK_AGENT)
    shown = "{ subscriptions { nodes { friendlyName quantity } } supportCases { totalCount } }"
    answer = api.ask(agent, shown).body
    assert {each["quantity"] for each in answer["data"]["subscriptions"]["nodes"]} == {None}

    id = opened(api, agent, PHONE)

    assert read(api, agent, id)["status"] == "OPEN"
    assert read(api, "meadow-billing-admin", id) is None


@pytest.mark.rule("R69", "R53")
def test_every_party_has_the_change_in_its_audit_log_and_the_texts_stay_where_they_were_written(
    api: Api,
) -> None:
    id, new = opened(api, CUSTOMER, OFFICE), NewRows(api)

    done(api, CONTACT, COMMENT, id=id, comment="A secret of Canyon")

    records = {each.tenant_id: each for each in new.records()}
    assert records.keys() == {ALDER.id, BIRCH.id, CANYON.id}
    assert {each.resource_type for each in records.values()} == {"SupportCase"}
    status = {"status": "in_progress"}
    assert records[ALDER.id].new_value == {**status, "comment_count": 1}
    assert [records[each].new_value for each in (BIRCH.id, CANYON.id)] == [status, status]
    (event,) = new.events()
    assert (event.resource_type, event.customer_id) == ("SupportCase", CANYON.id)


@pytest.mark.rule("SM8")
def test_a_stored_comment_is_neither_changed_nor_deleted_by_any_use_case(api: Api) -> None:
    id = bare(opened(api, CUSTOMER, OFFICE, comment="First"))

    def edit(work: UnitOfWork) -> str:
        case = work.support_cases.get(id, to=Action.COMMENT)
        (comment,) = work.query_for(case).linked(SupportCaseComment, support_case_id=id)
        comment.text = "Something else"
        return case.id

    def delete(work: UnitOfWork) -> str:
        case = work.support_cases.get(id, to=Action.COMMENT)
        (comment,) = work.query_for(case).linked(SupportCaseComment, support_case_id=id)
        work.remove_under(case, comment)
        return case.id

    for use_case in (edit, delete):
        with pytest.raises(PolicyBypass, match="SupportCaseComment"):
            api.world.store.act(
                api.world.principal(CUSTOMER), MutationContext("edit", "SupportCase"), use_case
            )
    assert [each.text for each in stored(api, SupportCaseComment)] == ["First"]


def test_cases_are_filtered_and_ordered(api: Api) -> None:
    for severity, subject in (("C", "A question"), ("A", "No mail"), ("B", "Slow mail")):
        opened(api, CUSTOMER, OFFICE, severity=severity, subject=subject)
    severe = api.ask(CUSTOMER, LIST, orderBy="SEVERITY").data["supportCases"]["nodes"]
    assert [each["subject"] for each in severe] == ["No mail", "Slow mail", "A question"]
    assert {each["openedBy"] for each in severe} == {"CUSTOMER"}
    found = api.ask(CUSTOMER, LIST, filter={"severity": {"eq": "A"}, "status": {"in": ["OPEN"]}})
    assert found.data["supportCases"]["totalCount"] == 1
    none = api.ask(CUSTOMER, LIST, filter={"subscription": {"friendlyName": {"eq": "Nothing"}}})
    assert none.data["supportCases"]["totalCount"] == 0


@pytest.mark.parametrize("text", ["", " \n ", "x" * 4001, "a\x00b", "a\u202eb"])
def test_an_invalid_comment_is_bad_input(api: Api, text: str) -> None:
    id = opened(api, CUSTOMER, OFFICE)
    answer = send(api, CUSTOMER, COMMENT, id=id, comment=text)
    assert answer.codes == ["BAD_INPUT"]
    assert stored(api, SupportCaseComment) == []


def test_a_case_has_so_many_comments_and_no_more(api: Api) -> None:
    id = opened(api, CUSTOMER, OFFICE)
    set_row(api, SupportCase, bare(id), comment_count=499)
    done(api, CUSTOMER, COMMENT, id=id, comment="The last")
    for mutation in (COMMENT, RESOLVE):
        assert refused(api, CUSTOMER, mutation, id=id, comment="More") == ("TOO_MANY_COMMENTS", ["id"])
    assert done(api, CUSTOMER, RESOLVE, id=id)["status"] == "RESOLVED"


def test_an_ended_subscription_is_supported_until_it_is_deleted(api: Api) -> None:
    about = {"subject": "My data", "severity": "A", "subscription": subscription(OFFICE)}
    set_row(api, Subscription, bare(subscription(OFFICE)), status="disabled")
    opened(api, CUSTOMER, OFFICE)
    set_row(api, Subscription, bare(subscription(OFFICE)), status="deleted")
    assert refused(api, CUSTOMER, OPEN, **about)[0] == "SUBSCRIPTION_ENDED"


def test_a_list_with_comments_takes_as_many_statements_for_many_as_for_one(api: Api) -> None:
    opened(api, CUSTOMER, OFFICE, comment="One")
    few = len(api.ask(CUSTOMER, LIST).statements)
    for number in range(4):
        opened(api, CUSTOMER, OFFICE, comment=f"More {number}")
    assert len(api.ask(CUSTOMER, LIST).statements) == few


def test_a_repeated_call_with_its_key_comments_once(api: Api) -> None:
    id = opened(api, CUSTOMER, OFFICE)
    for _ in range(2):
        case = done(api, CUSTOMER, COMMENT, id=id, comment="Once", idempotencyKey="k")
        assert case["commentCount"] == 1
    assert {HAZEL.id, DOGWOOD.id}.isdisjoint(each.tenant_id for each in stored(api, SupportCaseComment))
