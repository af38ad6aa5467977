"""Permission to manage, outside of the demo: asked for by link, given in part, extended, and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect

from multichannel.policy.decide.policy import Policy
from tests.importing.books import ALDER, guid
from tests.oidc.provider import OidcProvider
from tests.stories.outside import OutsideStory, code_in, told_outside
from tests.stories.permission import (
    ASKS,
    AZURE,
    CASE,
    LEFT,
    MANAGED,
    RELATIONSHIP,
    SEATS,
    SIGNER,
    STILL_SOLD,
    SUBSCRIPTION,
    SUPPORT_FOR_90_DAYS,
    YEAR_OF_BOTH,
    Permission,
    cancel_a_service_with_the_right_to,
    end_while_the_partner_listens,
    nothing_is_left,
    open_a_case,
    permitted,
    recreate_in_csp,
)

AGENT, OWNER = "alder-admin-agent", "orchard-admin"
EXPORT = Path(__file__).parents[1] / "importing" / "samples"
IMPORTED = {"Oven telemetry", None}
PARTNERSHIP = "partnership { id status invitation { url } }"
USER = "user { roles }"
HELD = "{ resellerRelationships { nodes { id status delegatedAdmin partner { name } } } }"
CREDITED = "subscription { version partnerOfRecord { name } }"
PEOPLE = "users { nodes { displayName } }"


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
    story.server.add_company("orchard")
    page = _open_link(story, chromium, OWNER, code)
    _accept_with_fewer_rights(page)

    permission = permitted(story, AGENT, OWNER, relationship)
    case, sold = open_a_case(permission), recreate_in_csp(permission)
    cancel_a_service_with_the_right_to(permission)
    end_while_the_partner_listens(permission, sold, 1)

    nothing_is_left(permission, case)
    assert story.sees(AGENT) == IMPORTED | {STILL_SOLD}


@pytest.mark.rule("R59", "R65", "SM7")
def test_what_was_permitted_for_90_days_is_over_after_them(story: OutsideStory) -> None:
    _open_for_business(story)
    relationship, code = story.request(AGENT, "orchard", **YEAR_OF_BOTH)
    _accept_by_mutation(story, relationship, code)
    permission = permitted(story, AGENT, OWNER, relationship)
    recreate_in_csp(permission)
    cancel_a_service_with_the_right_to(permission, "READ_DIRECTORY")
    opened = {"subscription": permission.records[SEATS], "subject": "No mail"}
    service = {"id": permission.records[AZURE], "expectedVersion": 3, "service": "virtual-machines"}

    story.clock.now += timedelta(days=89)
    case = open_a_case(permission)
    permission.opens(*MANAGED)
    assert story.node(AGENT, permission.customer, PEOPLE) == {
        "users": {"nodes": [{"displayName": "Orchard-Admin"}]}
    }
    _listen_to_the_last_day(permission)

    assert story.denied(AGENT, "openSupportCase", CASE, **opened) == ("FORBIDDEN", [])
    assert story.denied(AGENT, "cancelService", SUBSCRIPTION, **service) == ("FORBIDDEN", [])
    assert story.node(AGENT, permission.customer, PEOPLE) == {"users": {"nodes": []}}
    assert story.node(AGENT, relationship, LEFT) == {
        "status": "ACTIVE",
        "delegatedAdmin": False,
        "delegatedAdminGrants": {"nodes": [{"status": "EXPIRED"}] * 2},
    }
    # R15, R4: the duty stays, and what the relationship itself opens.
    assert story.node(AGENT, case, "status") == {"status": "OPEN"}
    permission.opens("relationship_holder")


@pytest.mark.rule("R56", "R57", "R59", "R62", "R63", "R65", "SM1", "SM3")
@pytest.mark.browser
def test_a_provider_with_two_resellers_invited_by_link(story: OutsideStory, chromium: Browser) -> None:
    provider, chosen, other = "cedar-admin-agent", "dogwood-admin-agent", "hazel-admin"
    story.server.add_partner("cedar", "indirect_provider")
    for name, address in {"dogwood": guid("dogwood"), "hazel": "hazel.example"}.items():
        story.server.add_company(name)
        invited = story.done(provider, "inviteIndirectReseller", PARTNERSHIP, reseller=address)
        _join(_open_link(story, chromium, f"{name}-admin", code_in(invited["invitation"])))
        assert story.node(provider, invited["id"], "status") == {"status": "ACTIVE"}
    _employ_an_admin_agent(story, "dogwood")

    relationship, code = story.request(chosen, "orchard", provider=guid("cedar"), **YEAR_OF_BOTH)
    story.redeem("orchard", code)
    answer = {"id": relationship, "agreement": SIGNER, **SUPPORT_FOR_90_DAYS}
    story.done(OWNER, "acceptResellerRelationship", RELATIONSHIP, **answer)
    permission = permitted(story, chosen, OWNER, relationship, provider)
    held = story.ask(OWNER, HELD)["resellerRelationships"]["nodes"]
    assert [(each["status"], each["delegatedAdmin"]) for each in held] == [("ACTIVE", True)] * 2
    (companion,) = [each["id"] for each in held if each["partner"]["name"] == "Cedar"]

    case, sold = open_a_case(permission), recreate_in_csp(permission)
    credited = {"id": sold, "expectedVersion": 1, "partner": guid("dogwood")}
    story.done(provider, "assignPartnerOfRecord", CREDITED, **credited)
    cancel_a_service_with_the_right_to(permission)
    assert story.node(provider, case) is None
    _finds_nothing(other, permission, case)
    end_while_the_partner_listens(permission, sold, 2, companion)

    nothing_is_left(permission, case)
    assert story.sees(chosen) == story.sees(provider) == {STILL_SOLD}
    assert story.may(provider, permission.customer) == {"READ_SUMMARY"}
    _finds_nothing(other, permission, case)


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
    without = {**YEAR_OF_BOTH, "delegatedRights": ["MANAGE_SUBSCRIPTIONS"]}
    assert story.refused(agent, ask, asked, customer="summit.example", **without) == "SUPPORT_RIGHT_REQUIRED"

    public, _ = story.request(AGENT, "summit")
    relationship, code = story.request(agent, "summit", **YEAR_OF_BOTH)
    story.redeem("summit", code)
    assert story.node(owner, public) is None
    story.done(owner, "acceptResellerRelationship", RELATIONSHIP, id=relationship, **SUPPORT_FOR_90_DAYS)
    permission = permitted(story, agent, owner, relationship)
    assert story.node(owner, permission.customer, "cloud") == {"cloud": "US_GOVERNMENT"}
    case, sold = open_a_case(permission), recreate_in_csp(permission)
    cancel_a_service_with_the_right_to(permission)
    _finds_nothing(AGENT, permission, case)
    end_while_the_partner_listens(permission, sold, 1)

    nothing_is_left(permission, case)
    assert story.sees(agent) == {STILL_SOLD}


def _open_for_business(story: OutsideStory) -> None:
    """The operator adds Alder, and imports its export."""
    story.server.add_partner("alder", "direct_bill")
    export = [EXPORT / f"{name}.json" for name in ("customer", "customers", "subscriptions")]
    story.server.operate("import", "partner-center", *export, "--partner", ALDER)
    assert story.sees(AGENT) == IMPORTED


def _open_link(story: OutsideStory, chromium: Browser, login: str, code: str) -> Page:
    """An administrator opens an invitation, and signs in for the first time; the page that shows it then."""
    page = chromium.new_context().new_page()
    page.goto(f"{story.server.url}/invitations/{code}")
    page.get_by_role("link", name="Sign in").click()
    story.server.provider.log_in(page, login)
    page.get_by_label("Name of your company").fill(login.partition("-")[0].title())
    page.get_by_role("button", name="Show the invitation").click()
    return page


def _accept_with_fewer_rights(page: Page) -> None:
    """The administrator reads who asks, what for, and what will be seen, and accepts for 90 days."""
    expect(page.get_by_role("heading", level=1)).to_have_text("Alder asks your company")
    for region, texts in {
        "Who asks": ("Alder", "alder.example", "Partner that sells directly", "United States"),
        "What for": ("Support, Manage subscriptions", "365 days"),
        "What Alder could see and do": ("profile: read", "sell you subscriptions"),
    }.items():
        for text in texts:
            expect(page.get_by_role("region", name=region)).to_contain_text(text)
    page.get_by_role("checkbox", name="Manage subscriptions").uncheck()
    page.get_by_label("For how long").select_option("90 days")
    for label, written in {"First name": "Ada", "Last name": "Reed", "E-mail": SIGNER["email"]}.items():
        page.get_by_label(label).fill(written)
    page.get_by_role("button", name="Accept with fewer rights").click()
    expect(page.get_by_text("Your company has accepted.")).to_be_visible()
    page.context.close()


def _join(page: Page) -> None:
    """The administrator of a reseller accepts its provider."""
    expect(page.get_by_role("heading", level=1)).to_have_text("Cedar invites your company")
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_text("Your company is a reseller of this provider.")).to_be_visible()
    page.context.close()


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


def _employ_an_admin_agent(story: OutsideStory, partner: str) -> None:
    """A partner that joined by a link gives somebody the role that uses delegated rights."""
    object_id = str(uuid4())
    story.server.provider.add_account(f"{partner}-admin-agent", guid(partner), object_id)
    person = {
        "objectId": object_id,
        "displayName": f"{partner.title()} admin agent",
        "roles": ["ADMIN_AGENT"],
    }
    assert story.done(f"{partner}-admin", "createUser", USER, **person) == {"roles": ["ADMIN_AGENT"]}


def _listen_to_the_last_day(permission: Permission) -> None:
    """The open stream shows the delegated rights on the 90th day, and none of them at its end."""
    seats = permission.records[SEATS]
    delegated = {"OPEN_SUPPORT_CASE", "CANCEL_SERVICE", "CANCEL", "UPDATE"}
    with permission.listening() as heard:
        for name, version, left in (("Day 90", 3, delegated), ("Day 91", 4, set[str]())):
            permission.rename(OWNER, seats, name, version)
            shown = heard()
            assert (shown["friendlyName"], delegated & set(shown["viewerCan"])) == (name, left)
            permission.story.clock.now += timedelta(days=1)


def _finds_nothing(login: str, permission: Permission, case: str) -> None:
    """Somebody whom nothing was permitted finds neither the customer, nor its records, nor the case."""
    hidden = (permission.customer, *permission.records.values(), case)
    assert [permission.story.node(login, each) for each in hidden] == [None] * 5
