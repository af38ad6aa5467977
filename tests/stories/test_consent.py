"""Permission to manage, outside of the demo: asked for by link, given in part, extended, and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from multichannel.policy.decide.policy import Policy
from tests.http.test_ended_relationship_streams import by_sse
from tests.http.test_streams import LAST_EVENT
from tests.importing.books import ALDER, guid
from tests.oidc.provider import OidcProvider
from tests.stories.outside import OutsideStory, code_in, told_outside

AGENT, OWNER = "alder-admin-agent", "orchard-admin"
EXPORT = Path(__file__).parents[1] / "importing" / "samples"
IMPORTED = {"Oven telemetry", None}
AZURE, SEATS, SECRET = "Press hall", "Front desk", "Merger"
SIGNER = {"firstName": "Ada", "lastName": "Reed", "email": "ada@orchard.example"}
YEAR_OF_BOTH = {
    "includeDelegatedAdmin": True,
    "delegatedRights": ["SUPPORT", "MANAGE_SUBSCRIPTIONS"],
    "delegatedDuration": "P1Y",
}
SUPPORT_FOR_90_DAYS = {"delegatedRights": ["SUPPORT"], "delegatedDuration": "P90D"}
RELATIONSHIP = "resellerRelationship { status }"
SUBSCRIPTION = "subscription { id version status friendlyName canceledServices }"
PARTNERSHIP = "partnership { id status invitation { url } }"
GRANT = "delegatedAdminGrant { id status }"
CASE = "supportCase { id status assignedPartner { name } }"
ASKS = """status partner { name type market domain }
  delegatedAdminGrants { nodes { status rights duration } }"""
LAST_ACT = """{ auditRecords(last: 1, orderBy: NUMBER) { nodes {
  operation actorName delegatedAdminGrant { id } } } }"""
SOLD = "{ subscriptions(filter: {channel: {eq: CSP}}) { nodes { id customer { companyName } } } }"
CHANGES = """subscription { subscriptionChanged(after: "%s") { subscription { friendlyName } } }"""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.long)])
def story(
    request: pytest.FixtureRequest, oidc_provider: OidcProvider, shipped_policy: Policy
) -> Iterator[OutsideStory]:
    """The service with an empty database; PostgreSQL is for the long tests."""
    database: str = request.getfixturevalue(f"{request.param}_url")
    with told_outside(database, oidc_provider, shipped_policy) as begun:
        yield begun


@pytest.mark.rule(
    "R14", "R15", "R54", "R56", "R59", "R60", "R62", "R63", "R65", "R66", "R69", "SM1", "SM7", "SM8"
)
@pytest.mark.browser
def test_a_company_nobody_knew_permits_some_then_more_and_takes_it_back(
    story: OutsideStory, chromium: Browser
) -> None:
    _open_for_business(story)
    relationship, code = story.request(AGENT, "orchard", **YEAR_OF_BOTH)
    _accept_in_a_browser(story, chromium, code)
    customer = _permitted(story, relationship)
    records = _record_what_was_bought_elsewhere(story, customer)
    assert story.sees(AGENT) == IMPORTED | {AZURE, SEATS}
    assert story.node(AGENT, records[SECRET]) is None

    case = story.done(AGENT, "openSupportCase", CASE, subscription=records[SEATS], subject="No mail")
    assert story.node(OWNER, case["id"], "status assignedPartner { name }") == {
        "status": case["status"],
        "assignedPartner": {"name": "Alder"},
    }
    _cancel_a_service_with_the_right_to(story, relationship, records[AZURE])
    assert _with_access(story, records[SEATS]) == {
        ("Orchard", "buyer"),
        ("Orchard", "customer"),
        ("Alder", "relationship_holder"),
        ("Alder", "delegated_support"),
        ("Alder", "delegated_manage_subscriptions"),
    }
    _end_while_the_partner_listens(story, relationship, records[SEATS])

    for record in records.values():
        assert _with_access(story, record) == {("Orchard", "buyer"), ("Orchard", "customer")}
    assert story.sees(AGENT) == IMPORTED | {"Still sold"}
    assert [story.node(AGENT, each) for each in (*records.values(), case["id"])] == [None] * 4
    left = story.node(AGENT, customer, "companyName viewerCan")
    assert left == {"companyName": "Orchard", "viewerCan": ["READ_SUMMARY"]}
    over = story.node(AGENT, relationship, "status delegatedAdmin delegatedAdminGrants { nodes { status } }")
    assert over == {
        "status": "ENDED_BY_CUSTOMER",
        "delegatedAdmin": False,
        "delegatedAdminGrants": {"nodes": [{"status": "TERMINATED"}, {"status": "TERMINATED"}]},
    }


@pytest.mark.rule("R59", "SM7")
def test_what_was_permitted_for_90_days_is_over_after_them(story: OutsideStory) -> None:
    _open_for_business(story)
    relationship, code = story.request(AGENT, "orchard", **YEAR_OF_BOTH)
    _accept_by_mutation(story, relationship, code)
    customer = _permitted(story, relationship)
    records = _record_what_was_bought_elsewhere(story, customer)
    opened = {"subscription": records[SEATS], "subject": "No mail"}

    story.clock.now += timedelta(days=89)
    case = story.done(AGENT, "openSupportCase", CASE, **opened)
    assert story.node(AGENT, relationship, "delegatedAdmin") == {"delegatedAdmin": True}
    story.clock.now += timedelta(days=1)

    assert story.denied(AGENT, "openSupportCase", CASE, **opened) == ("FORBIDDEN", [])
    over = story.node(AGENT, relationship, "status delegatedAdmin delegatedAdminGrants { nodes { status } }")
    assert over == {
        "status": "ACTIVE",
        "delegatedAdmin": False,
        "delegatedAdminGrants": {"nodes": [{"status": "EXPIRED"}]},
    }
    # R15, R4: the duty stays, and what the relationship itself opens.
    assert story.node(AGENT, case["id"], "status") == {"status": case["status"]}
    assert story.sees(AGENT) == IMPORTED | {AZURE, SEATS}


@pytest.mark.rule("R56", "R57", "R62", "R63", "R65", "SM3")
def test_a_provider_with_two_resellers_invited_by_link(story: OutsideStory) -> None:
    provider, chosen, other = "cedar-admin-agent", "dogwood-admin", "hazel-admin"
    story.server.add_partner("cedar", "indirect_provider")
    for name, address in {"dogwood": guid("dogwood"), "hazel": "hazel.example"}.items():
        story.server.add_company(name)
        invited = story.done(provider, "inviteIndirectReseller", PARTNERSHIP, reseller=address)
        link = {"code": code_in(invited["invitation"]), "companyName": name.title()}
        story.done(f"{name}-admin", "redeemResellerInvitation", PARTNERSHIP, **link)
        joined = story.done(f"{name}-admin", "acceptPartnership", PARTNERSHIP, id=invited["id"])
        assert joined["status"] == "ACTIVE"

    relationship, code = story.request(chosen, "orchard", provider=guid("cedar"))
    story.redeem("orchard", code)
    story.done(OWNER, "acceptResellerRelationship", RELATIONSHIP, id=relationship, agreement=SIGNER)
    customer = story.node(OWNER, relationship, "customer { id }")["customer"]["id"]
    records = _record_what_was_bought_elsewhere(story, customer, guid("dogwood"))
    assert (story.sees(chosen), story.sees(provider), story.sees(other)) == ({AZURE, SEATS}, set(), set())
    assert story.node(provider, customer, "companyName") == {"companyName": "Orchard"}
    assert story.node(other, customer) is None

    for partner in ("Dogwood", "Cedar"):
        held = story.ask(OWNER, "{ resellerRelationships { nodes { id status partner { name } } } }")
        (own,) = [
            each for each in held["resellerRelationships"]["nodes"] if each["partner"]["name"] == partner
        ]
        assert own["status"] == "ACTIVE"
        story.done(OWNER, "endResellerRelationship", RELATIONSHIP, id=own["id"], reason="Closed")
        assert story.sees(chosen) == set()
    assert [story.node(chosen, each) for each in records.values()] == [None] * 3
    assert story.may(chosen, customer) == {"READ_SUMMARY", "READ_OWN_ACCESS"}
    assert story.may(provider, customer) == {"READ_SUMMARY"}


@pytest.mark.rule("R50", "R52", "R61", "C1")
def test_in_the_government_cloud_a_request_carries_support_and_knows_no_resellers(
    story: OutsideStory,
) -> None:
    agent, owner = "laurel-admin-agent", "summit-admin"
    story.server.add_partner("laurel", "direct_bill", "us_government")
    story.server.add_partner("alder", "direct_bill")
    ask, asked = "requestResellerRelationship", "resellerRelationship { id }"
    assert story.denied(agent, "inviteIndirectReseller", PARTNERSHIP, reseller=guid("hazel")) == (
        "FORBIDDEN",
        ["NO_INDIRECT_MODEL", "ONLY_PROVIDERS_INVITE"],
    )
    assert story.refused(agent, ask, asked, customer="summit.example") == "DELEGATED_ADMIN_REQUIRED"

    public, _ = story.request(AGENT, "summit")
    relationship, code = story.request(agent, "summit", **YEAR_OF_BOTH)
    story.redeem("summit", code)
    assert story.node(owner, public) is None
    story.done(owner, "acceptResellerRelationship", RELATIONSHIP, id=relationship, **SUPPORT_FOR_90_DAYS)
    customer = story.node(owner, relationship, "customer { id cloud }")["customer"]
    assert customer["cloud"] == "US_GOVERNMENT"
    _record_what_was_bought_elsewhere(story, customer["id"], guid("laurel"), owner)
    assert (story.sees(agent), story.sees(AGENT)) == ({AZURE, SEATS}, set())

    story.done(owner, "endResellerRelationship", RELATIONSHIP, id=relationship, reason="Closed")
    assert story.sees(agent) == set()
    assert story.may(agent, customer["id"]) == {"READ_SUMMARY"}


def _open_for_business(story: OutsideStory) -> None:
    """The operator adds Alder, and imports its export."""
    story.server.add_partner("alder", "direct_bill")
    export = [EXPORT / f"{name}.json" for name in ("customer", "customers", "subscriptions")]
    story.server.operate("import", "partner-center", *export, "--partner", ALDER)
    assert story.sees(AGENT) == IMPORTED


def _accept_in_a_browser(story: OutsideStory, chromium: Browser, code: str) -> None:
    """An administrator signs in for the first time, reads who asks, and accepts with fewer rights."""
    story.server.add_company("orchard")
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{story.server.url}/invitations/{code}")
    page.get_by_role("link", name="Sign in").click()
    story.server.provider.log_in(page, OWNER)
    page.get_by_label("Name of your company").fill("Orchard")
    page.get_by_role("button", name="Show the invitation").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Alder asks your company")
    expect(page.get_by_role("region", name="Who asks")).to_contain_text("United States")
    expect(page.get_by_role("region", name="What Alder could see and do")).to_be_visible()
    page.get_by_role("checkbox", name="Manage subscriptions").uncheck()
    page.get_by_label("For how long").select_option("90 days")
    for label, written in {"First name": "Ada", "Last name": "Reed", "E-mail": SIGNER["email"]}.items():
        page.get_by_label(label).fill(written)
    page.get_by_role("button", name="Accept with fewer rights").click()
    expect(page.get_by_text("Your company has accepted.")).to_be_visible()
    context.close()


def _accept_by_mutation(story: OutsideStory, relationship: str, code: str) -> None:
    """The same without a browser: a request for a year of two rights is answered with one, for 90 days."""
    story.redeem("orchard", code)
    wanted = {"rights": YEAR_OF_BOTH["delegatedRights"], "duration": "P365D"}
    assert story.node(OWNER, relationship, ASKS) == {
        "status": "REQUESTED",
        "partner": {"name": "Alder", "type": "DIRECT_BILL", "market": "US", "domain": "alder.example"},
        "delegatedAdminGrants": {"nodes": [{"status": "PENDING", **wanted}]},
    }
    answer = {"id": relationship, "agreement": SIGNER, **SUPPORT_FOR_90_DAYS}
    assert story.done(OWNER, "acceptResellerRelationship", RELATIONSHIP, **answer) == {"status": "ACTIVE"}


def _permitted(story: OutsideStory, relationship: str) -> str:
    """The id of the customer, once both sides see what it has permitted."""
    given = [{"status": "ACTIVE", "rights": ["SUPPORT"], "duration": "P90D"}]
    for login in (AGENT, OWNER):
        assert story.node(login, relationship, ASKS)["delegatedAdminGrants"] == {"nodes": given}
    return str(story.node(OWNER, relationship, "customer { id }")["customer"]["id"])


def _record_what_was_bought_elsewhere(
    story: OutsideStory, customer: str, partner: str = ALDER, owner: str = OWNER
) -> dict[str, str]:
    """A customer records three subscriptions, and shares two of them with one partner; their ids by name."""
    seats: dict[str, Any] = {"channel": "DIRECT", "billingType": "LICENSE", "quantity": 12}
    azure = {"channel": "EA", "billingType": "USAGE", "services": ["storage", "virtual-machines"]}
    ids = {}
    for name, bought in {AZURE: azure, SEATS: seats, SECRET: seats}.items():
        named = {"customer": customer, "offerName": name, "friendlyName": name, "sharing": "NONE"}
        recorded = story.done(owner, "recordExternalSubscription", SUBSCRIPTION, **named, **bought)
        ids[name] = recorded["id"]
    for name in (AZURE, SEATS):
        shared = {"id": ids[name], "expectedVersion": 1, "sharing": "SELECTED", "partners": [partner]}
        story.done(owner, "setSubscriptionSharing", SUBSCRIPTION, **shared)
    assert story.sees(owner) == {AZURE, SEATS, SECRET}
    return ids


def _cancel_a_service_with_the_right_to(story: OutsideStory, relationship: str, azure: str) -> None:
    """What Alder has recreated in CSP it cancels in the old channel, once the customer lets it."""
    story.done(AGENT, "moveSubscriptionToCsp", SUBSCRIPTION, id=azure)
    one = {"id": azure, "expectedVersion": 2, "service": "storage"}
    assert story.denied(AGENT, "cancelService", SUBSCRIPTION, **one) == ("FORBIDDEN", [])

    wanted = {"id": relationship, "rights": ["MANAGE_SUBSCRIPTIONS"], "duration": "P90D"}
    more = story.done(AGENT, "requestDelegatedAdmin", GRANT, **wanted)
    assert story.denied(AGENT, "cancelService", SUBSCRIPTION, **one) == ("FORBIDDEN", [])
    assert story.done(OWNER, "approveDelegatedAdmin", GRANT, id=more["id"])["status"] == "ACTIVE"
    assert story.done(AGENT, "cancelService", SUBSCRIPTION, **one)["canceledServices"] == ["storage"]
    (act,) = story.ask(OWNER, LAST_ACT)["auditRecords"]["nodes"]
    by = {"actorName": "Alder admin agent", "delegatedAdminGrant": {"id": more["id"]}}
    assert act == {"operation": "cancel_service", **by}


def _end_while_the_partner_listens(story: OutsideStory, relationship: str, seats: str) -> None:
    """The open stream tells Alder what it sells itself, and nothing else from that moment on."""
    sold = story.ask(AGENT, SOLD)["subscriptions"]["nodes"]
    (own,) = [each["id"] for each in sold if each["customer"]["companyName"] == "Orchard"]
    story.clock.now += timedelta(hours=1)
    _rename(story, OWNER, seats, "Reception", 2)
    (seen,) = story.ask(OWNER, LAST_EVENT)["auditRecords"]["nodes"]
    with by_sse(story.server, CHANGES % seen["eventId"]) as heard:
        _rename(story, OWNER, seats, "Entrance", 3)
        assert heard()["data"]["subscriptionChanged"]["subscription"] == {"friendlyName": "Entrance"}

        ended = {"id": relationship, "reason": "Another supplier"}
        story.done(OWNER, "endResellerRelationship", RELATIONSHIP, **ended)
        _rename(story, OWNER, seats, "Hidden", 4)
        _rename(story, AGENT, own, "Still sold", 1)

        assert heard()["data"]["subscriptionChanged"]["subscription"] == {"friendlyName": "Still sold"}


def _with_access(story: OutsideStory, subscription: str) -> set[tuple[str, str]]:
    """Who may do something with a subscription, and by which standing, as its customer is told."""
    access = story.node(OWNER, subscription, "access { tenant { name } standing }")["access"]
    return {(each["tenant"]["name"], each["standing"]) for each in access}


def _rename(story: OutsideStory, login: str, subscription: str, name: str, version: int) -> None:
    change = {"id": subscription, "expectedVersion": version, "friendlyName": name}
    story.done(login, "updateSubscription", SUBSCRIPTION, **change)
