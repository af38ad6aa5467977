"""The page of an invitation, as a customer's administrator who has never heard of GraphQL meets it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect
from sqlalchemy import update
from sqlalchemy.orm import Session

from multichannel.demo.cast import CEDAR, EMBER, fixed_id
from multichannel.demo.issuer import DemoIssuer
from multichannel.domain.domains import CustomerDomain
from multichannel.domain.tenants import Cloud, Partner
from multichannel.policy.decide.policy import Policy
from multichannel.store.engines import open_database
from tests.browser.people import Person
from tests.databases import copy_of
from tests.npm import installed
from tests.oidc.provider import GLOBAL_ADMIN, OidcProvider
from tests.serving import DemoServer, demo_app, running

pytestmark = pytest.mark.browser

AXE = Path(__file__).parent / "axe"
PUBLIC = Cloud.PUBLIC
PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 900}
REQUEST = """mutation($input: RequestResellerRelationshipInput!) {
  requestResellerRelationship(input: $input) {
    resellerRelationship { id invitation { url } } userErrors { code } } }"""
INVITE = """mutation($input: InviteIndirectResellerInput!) {
  inviteIndirectReseller(input: $input) { partnership { id invitation { url } } userErrors { code } } }"""
STATE = """query($id: ID!) { node(id: $id) { ... on ResellerRelationship {
  status customer { companyName } delegatedAdminGrants { nodes { status rights duration } } }
  ... on Partnership { reached: status } } }"""
RIGHTS = {"includeDelegatedAdmin": True, "delegatedRights": ["SUPPORT", "MANAGE_SUBSCRIPTIONS"]}


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core, which finds what keeps people from using a page."""
    return (installed(AXE) / "node_modules/axe-core/axe.min.js").read_text()


@pytest.fixture
def check(axe: str) -> Callable[[Page], None]:
    """Assert that a page has no serious obstacle, and does not scroll sideways."""

    def run(page: Page) -> None:
        page.evaluate(axe)
        found = page.evaluate("axe.run()")["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

    return run


def post(url: str, token: str, query: str, **variables: Any) -> Any:
    body = {"query": query, "variables": variables}
    answer = httpx.post(f"{url}/graphql", json=body, headers={"Authorization": f"Bearer {token}"}).json()
    assert "errors" not in answer
    return answer["data"]


def ask(person: Person, query: str, login: str = "alder-admin-agent", **variables: Any) -> Any:
    """A request by somebody else, who needs no browser."""
    return post(person.service, person.provider.token(login), query, **variables)


def invite(person: Person, address: str, **more: Any) -> tuple[str, str]:
    """The id of a new request of Alder, and the path of its link."""
    made = ask(person, REQUEST, input={"customer": address, **more})["requestResellerRelationship"]
    return made["resellerRelationship"]["id"], urlsplit(
        made["resellerRelationship"]["invitation"]["url"]
    ).path


def add_company(provider: OidcProvider, name: str, **claims: Any) -> str:
    """A company that the service does not know, with an administrator; the id of its directory."""
    directory_id = fixed_id(name)
    provider.add_account(f"{name}-admin", directory_id, **({"wids": [GLOBAL_ADMIN]} | claims))
    return directory_id


def sign(page: Page) -> None:
    page.get_by_label("First name").fill("Ada")
    page.get_by_label("Last name").fill("Reed")
    page.get_by_label("E-mail").fill("ada@orchard.example")


def test_a_company_that_nobody_knows_accepts_with_fewer_rights_on_a_phone(
    person: Person, check: Callable[[Page], None]
) -> None:
    request_id, path = invite(person, add_company(person.provider, "orchard"), **RIGHTS)
    page = person.page
    page.set_viewport_size(PHONE)

    page.goto(f"{person.service}{path}")
    expect(page.get_by_role("heading", level=1)).to_have_text("You are invited")
    check(page)
    person.sign_in("orchard-admin")
    assert urlsplit(page.url).path == path
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome")
    check(page)
    page.get_by_label("Name of your company").fill("Orchard")
    page.get_by_role("button", name="Show the invitation").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Alder asks your company")
    who = page.get_by_role("region", name="Who asks")
    expect(who).to_contain_text("Partner that sells directly")
    expect(who).to_contain_text("alder.example (verified)")
    expect(who).to_contain_text("United States")
    expect(page.get_by_text("365 days").first).to_be_visible()
    page.get_by_role("checkbox", name="Manage subscriptions").uncheck()
    page.get_by_label("For how long").select_option("90 days")
    check(page)
    sign(page)
    page.get_by_role("button", name="Accept with fewer rights").click()

    expect(page.get_by_text("Your company has accepted.")).to_be_visible()
    check(page)
    assert ask(person, STATE, id=request_id)["node"] == {
        "status": "ACTIVE",
        "customer": {"companyName": "Orchard"},
        "delegatedAdminGrants": {"nodes": [{"status": "ACTIVE", "rights": ["SUPPORT"], "duration": "P90D"}]},
    }


def test_by_keyboard_alone_a_request_is_declined_after_the_list_of_what_it_opens(person: Person) -> None:
    request_id, path = invite(person, EMBER.id)
    page = person.page
    page.goto(f"{person.service}{path}")
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    person.provider.log_in(page, "ember-global-admin")

    opens = page.get_by_role("region", name="What Alder could see and do")
    expect(opens).to_contain_text("Ember office direct")
    expect(opens).not_to_contain_text("Ember azure linden")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Decline":
            break
    page.keyboard.press("Enter")

    expect(page.get_by_text("Your company has declined.")).to_be_visible()
    assert page.evaluate("document.activeElement.tagName") == "H1"
    assert ask(person, STATE, id=request_id)["node"]["status"] == "DECLINED"


def test_who_is_no_global_administrator_is_told_who_can_help(person: Person) -> None:
    _, path = invite(person, add_company(person.provider, "lagoon", wids=[]))
    page = person.page
    page.goto(f"{person.service}{path}")
    person.sign_in("lagoon-admin")
    page.get_by_role("button", name="Show the invitation").click()

    expect(page.get_by_role("alert")).to_contain_text("global administrator of your organization's directory")
    expect(page.get_by_role("link", name="Sign in with another account")).to_be_visible()


def test_a_code_that_is_unknown_is_told_as_such(person: Person) -> None:
    person.page.goto(f"{person.service}/invitations/no-such-code")
    person.sign_in("ember-global-admin")

    expect(person.page.get_by_role("alert")).to_contain_text("The invitation is unknown, withdrawn or over.")


def test_a_refused_acceptance_says_why_and_can_be_repeated(person: Person) -> None:
    _, path = invite(person, add_company(person.provider, "bramble"))
    page = person.page
    page.goto(f"{person.service}{path}")
    person.sign_in("bramble-admin")
    page.get_by_role("button", name="Show the invitation").click()
    sign(page)
    page.get_by_label("E-mail").fill("no-address@x")

    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("E-mail").fill("ada@bramble.example")
    page.get_by_role("button", name="Accept").click()

    expect(page.get_by_text("Your company has accepted.")).to_be_visible()


def test_a_reseller_that_nobody_knows_accepts_its_provider(
    person: Person, check: Callable[[Page], None]
) -> None:
    address = add_company(person.provider, "heath")
    made = ask(person, INVITE, "cedar-admin-agent", input={"reseller": address})["inviteIndirectReseller"]
    partnership = made["partnership"]
    page = person.page
    page.goto(f"{person.service}{urlsplit(partnership['invitation']['url']).path}")
    person.sign_in("heath-admin")
    page.get_by_label("Name of your company").fill("Heath")
    page.get_by_role("button", name="Show the invitation").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cedar invites your company")
    check(page)

    page.get_by_role("button", name="Accept").click()

    expect(page.get_by_text("Your company is a reseller of this provider.")).to_be_visible()
    state = ask(person, STATE, "cedar-admin-agent", id=partnership["id"])
    assert state["node"] == {"reached": "ACTIVE"}


@pytest.fixture
def demo(sqlite_world: str, tmp_path: Path, shipped_policy: Policy) -> Iterator[DemoServer]:
    """A demo of the test's own, in which nothing has verified Cedar's domain and one of Ember's."""
    issuer = DemoIssuer(tmp_path)
    with copy_of(sqlite_world, tmp_path) as database:
        engine = open_database(database)
        with Session(engine) as session:
            session.add(
                CustomerDomain(
                    customer_id=EMBER.id, ascii_domain="ember.test", is_verified=False, cloud=PUBLIC
                )
            )
            session.execute(update(Partner).where(Partner.id == CEDAR.id).values(is_domain_verified=False))
            session.commit()
        engine.dispose()
        with running(demo_app(database, issuer, shipped_policy)) as url:
            yield DemoServer(url, issuer)


def test_in_the_demo_a_persona_answers(
    chromium: Browser, demo: DemoServer, check: Callable[[Page], None]
) -> None:
    made = post(demo.url, demo.token("alder-admin-agent"), REQUEST, input={"customer": EMBER.id, **RIGHTS})
    url = made["requestResellerRelationship"]["resellerRelationship"]["invitation"]["url"]
    context = chromium.new_context(viewport=DESK, color_scheme="dark")
    page = context.new_page()
    page.goto(f"{demo.url}{urlsplit(url).path}")
    page.get_by_label("Demo: act as").select_option("ember-global-admin")
    expect(page.get_by_role("heading", level=1)).to_have_text("Alder asks your company")
    check(page)

    sign(page)
    page.get_by_role("button", name="Accept").click()

    expect(page.get_by_text("Your company has accepted.")).to_be_visible()
    context.close()


def test_a_reseller_asks_together_with_its_provider(chromium: Browser, demo: DemoServer) -> None:
    more = {"customer": EMBER.id, "provider": CEDAR.id}
    made = post(demo.url, demo.token("hazel-sales-agent"), REQUEST, input=more)
    url = made["requestResellerRelationship"]["resellerRelationship"]["invitation"]["url"]
    context = chromium.new_context(viewport=DESK)
    page = context.new_page()
    page.goto(f"{demo.url}{urlsplit(url).path}")
    page.get_by_label("Demo: act as").select_option("ember-global-admin")

    expect(page.get_by_role("region", name="Who asks")).to_contain_text("hazel.example (verified)")
    expect(page.get_by_role("region", name="Together with")).to_contain_text("cedar.example (not verified)")
    own = page.get_by_role("region", name="Your company")
    expect(own).to_contain_text("ember.example (verified), ember.test (not verified)")
    expect(page.get_by_role("region", name="What Cedar could see and do")).to_contain_text("sell you")
    sign(page)
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_text("Your company has accepted.")).to_be_visible()
    context.close()
