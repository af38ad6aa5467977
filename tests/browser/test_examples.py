"""The worked examples of the explorer: as they come, in any order, again, whoever was chosen before."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from itertools import cycle
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Response, expect

from multichannel.demo.cast import PERSONAS
from tests.browser.test_explorer import execute, expect_result
from tests.serving import DemoServer

pytestmark = pytest.mark.browser

TITLES = {persona.title for persona in PERSONAS}
CHOSEN_BEFORE = ("alder-sales-agent", "meadow-user", "", "cedar-global-admin", "prairie-global-admin")
"""Whom somebody acts as before an example is opened; the empty name is nobody."""


@dataclass(frozen=True)
class Example:
    """What an example shows: strings of the answer, and the codes of all denials and refusals in it."""

    title: str
    operation: str
    persona: str
    shown: tuple[str, ...]
    codes: tuple[str, ...] = ()


SITUATIONS = (
    Example(
        "Licences from another channel",
        "AcceptRelationship",
        "quarry-global-admin",
        ("ACTIVE", "Quarry office direct"),
    ),
    Example(
        "Licences from another CSP partner",
        "LicencesOfAnotherPartner",
        "alder-admin-agent",
        ("LEGACY_LICENSE", "RENEWS", "CANCEL_THEN_MOVE"),
    ),
    Example(
        "Azure from another channel",
        "RecreateAzure",
        "alder-admin-agent",
        ("ATTESTATION", "CSP", "EA"),
    ),
    Example(
        "Azure from another CSP partner",
        "RequestAzureTransfer",
        "alder-admin-agent",
        ("PENDING", "Alder"),
    ),
    Example(
        "Coexistence",
        "Coexistence",
        "canyon-global-admin",
        ("Canyon azure alder", "Canyon azure ea", "Canyon office birch"),
    ),
    Example(
        "Never resold: refused",
        "ResellRefused",
        "alder-admin-agent",
        ("ALREADY_CSP",),
        ("FORBIDDEN",),
    ),
    Example(
        "Roles",
        "RolesNeeded",
        "alder-billing-admin",
        ("sales_agent", "user_management_admin"),
    ),
    Example(
        "US government cloud",
        "GovernmentCloud",
        "laurel-admin-agent",
        ("NO_INDIRECT_MODEL",),
        ("FORBIDDEN", "DELEGATED_ADMIN_REQUIRED"),
    ),
    Example(
        "Provider and reseller",
        "AcceptPartnership",
        "birch-global-admin",
        ("ACTIVE", "INDIRECT_PROVIDER"),
    ),
)
OTHERS = (
    Example(
        "Rights that a customer gave",
        "DelegatedRights",
        "alder-admin-agent",
        ("MANAGE_SUBSCRIPTIONS", "CANCEL_SERVICE"),
    ),
    Example("First sign-in by invitation", "InviteJuniper", "alder-admin-agent", ("juniper.example",)),
    Example("A dry run for many", "LabelCustomers", "alder-admin-agent", ("Meadow Dairy",), ("NOT_FOUND",)),
    Example("Thousands, run by the service", "StartBulkOperation", "alder-admin-agent", ("QUEUED",)),
    Example("A denied change", "RenameCustomer", "alder-billing-admin", (), ("FORBIDDEN",)),
)


def run(page: Page, example: Example) -> Any:
    """The answer to an example, which is opened and executed and nothing else."""
    page.get_by_role("region", name="Examples").get_by_role("button", name=example.title).click()
    with page.expect_response(lambda response: _answers(response, example.operation)) as answer:
        execute(page, example.operation)
    return answer.value.json()


def _answers(response: Response, operation: str) -> bool:
    return operation in (response.request.post_data or "")


def codes(answer: Any) -> list[str]:
    """The codes of denials, then of refusals, in an answer."""
    denials = [error["extensions"]["code"] for error in answer.get("errors", ())]
    payloads = [value for value in answer["data"].values() if isinstance(value, dict)]
    return denials + [error["code"] for each in payloads for error in each.get("userErrors", ())]


@pytest.mark.parametrize("again", [4, pytest.param(None, marks=pytest.mark.long)], ids=["some", "all"])
def test_every_example_has_its_outcome_in_any_order_and_again(page: Page, again: int | None) -> None:
    """Each comes once, and then some of them, or all, come again."""
    examples, before = list(SITUATIONS + OTHERS), cycle(CHOSEN_BEFORE)
    order = random.Random(62)  # noqa: S311  (a fixed order, not a secret)
    for many in (None, again):
        order.shuffle(examples)
        for example in examples[:many]:
            page.get_by_label("Acting as").select_option(next(before))

            answer = run(page, example)

            expect(page.get_by_label("Acting as")).to_have_value(example.persona)
            assert codes(answer) == list(example.codes), (example.title, answer)
            for text in example.shown + example.codes:
                assert json.dumps(text) in json.dumps(answer), example.title
                expect_result(page, text)


def test_the_link_of_an_example_leads_an_administrator_to_the_first_sign_in(
    page: Page, server: DemoServer
) -> None:
    answer = run(page, next(each for each in OTHERS if each.operation == "InviteJuniper"))
    url = answer["data"]["inviteCustomer"]["resellerRelationship"]["invitation"]["url"]

    link = page.context.new_page()
    link.goto(f"{server.url}{urlsplit(url).path}")
    link.get_by_label("Demo: act as").select_option(label="Juniper Foods, administrator")
    link.get_by_label("Name of your company").fill("Juniper Foods")
    link.get_by_role("button", name="Show the invitation").click()

    expect(link.get_by_role("heading", level=1)).to_have_text("Alder asks your company")
    link.close()


def test_every_example_that_needs_the_demo_is_among_these(page: Page) -> None:
    buttons = page.get_by_role("region", name="Examples").get_by_role("button")
    expect(buttons.filter(has_text="A denied change")).to_be_visible()

    texts = [each.splitlines() for each in buttons.all_inner_texts()]
    acting = {lines[0] for lines in texts if lines[-1] in TITLES}
    assert acting == {each.title for each in SITUATIONS + OTHERS}


def test_a_question_is_asked_with_the_times_and_ids_that_it_needs(page: Page) -> None:
    page.get_by_label("Acting as").select_option("alder-global-admin")
    for title, operation, names in (
        ("What ends in the next 30 days", "EndsSoon", {"now", "inThirtyDays"}),
        ("Who changed this subscription", "ChangesOfSubscription", {"subscription"}),
    ):
        asked, answer = question(page, title, operation)

        assert asked["variables"].keys() == names
        assert "errors" not in answer, title


def question(page: Page, title: str, operation: str) -> tuple[Any, Any]:
    """What the explorer asks when a question is opened and executed, and the answer."""
    page.get_by_role("region", name="Examples").get_by_role("button", name=title).click()
    with page.expect_response(lambda response: _answers(response, operation)) as response:
        execute(page, operation)
    return json.loads(response.value.request.post_data or ""), response.value.json()


def test_outside_of_a_demo_there_is_no_example_of_its_world(chromium: Browser, server: DemoServer) -> None:
    page = chromium.new_page()
    page.route(
        "**/sign-in/configuration", lambda route: route.fulfill(json={"personas": False, "client": None})
    )
    page.goto(f"{server.url}/graphql")

    examples = page.get_by_role("region", name="Examples")
    expect(examples.get_by_role("button", name="Who am I")).to_be_visible()
    expect(examples.get_by_role("button", name="Coexistence")).to_have_count(0)
    page.close()
