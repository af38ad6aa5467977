from __future__ import annotations

from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

import httpx
import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


class Server(Protocol):
    url: str


class Visit(Protocol):
    page: Page
    requests: list[str]
    complaints: list[str]


def persona_with(server: Server, roles: list[str]) -> dict[str, Any]:
    personas = httpx.get(f"{server.url}/demo/personas").json()
    return next(each for each in personas if each["roles"] == roles)


def choose(page: Page, persona: dict[str, Any]) -> None:
    page.get_by_label("Acting as").select_option(persona["persona"])
    expect(page.get_by_role("status")).to_contain_text(persona["tenant"])


def execute(page: Page, operation: str) -> None:
    """Run what the editor shows, once it shows it."""
    expect(page.get_by_role("tab", name=operation)).to_have_attribute("aria-selected", "true")
    expect(page.locator(".graphiql-query-editor .view-lines")).to_contain_text(operation)
    page.get_by_role("button", name="Execute query").click()


def run_example(page: Page, title: str, operation: str) -> None:
    page.get_by_role("region", name="Examples").get_by_role("button", name=title).click()
    execute(page, operation)


def expect_result(page: Page, text: str) -> None:
    result = page.get_by_role("region", name="Result Window")
    expect(result).to_contain_text(f'"{text}"', ignore_case=True)


def test_a_chosen_persona_gets_its_answer_and_its_denial_from_this_server_alone(
    long_visit: Visit, demo_server: Server
) -> None:
    choose(long_visit.page, persona_with(demo_server, ["sales_agent"]))
    run_example(long_visit.page, "Customers with subscriptions", "CustomersWithSubscriptions")
    expect_result(long_visit.page, "totalCount")

    choose(long_visit.page, persona_with(demo_server, ["billing_admin"]))
    run_example(long_visit.page, "A denied change", "RenameCustomer")
    expect_result(long_visit.page, "FORBIDDEN")

    hosts = {urlsplit(url).netloc for url in long_visit.requests if not url.startswith(("data:", "blob:"))}
    assert hosts == {urlsplit(demo_server.url).netloc}
    assert long_visit.complaints == []


def test_the_answer_follows_the_persona(long_visit: Visit, demo_server: Server) -> None:
    billing_admin = persona_with(demo_server, ["billing_admin"])
    choose(long_visit.page, persona_with(demo_server, ["sales_agent"]))
    run_example(long_visit.page, "Who am I", "WhoAmI")
    expect_result(long_visit.page, "SALES_AGENT")

    choose(long_visit.page, billing_admin)
    execute(long_visit.page, "WhoAmI")

    expect_result(long_visit.page, "BILLING_ADMIN")


def test_without_a_persona_the_caller_is_nobody(long_visit: Visit) -> None:
    run_example(long_visit.page, "Who am I", "WhoAmI")
    long_visit.page.get_by_label("Acting as").select_option(label="Nobody (no token)")
    execute(long_visit.page, "WhoAmI")

    expect_result(long_visit.page, "UNAUTHENTICATED")


def test_a_token_is_kept_neither_in_storage_nor_in_the_address(
    long_visit: Visit, demo_server: Server
) -> None:
    persona = persona_with(demo_server, ["sales_agent"])
    choose(long_visit.page, persona)
    run_example(long_visit.page, "Who am I", "WhoAmI")
    expect_result(long_visit.page, "SALES_AGENT")

    stored = long_visit.page.evaluate(
        "JSON.stringify([localStorage, sessionStorage, document.cookie, location.href])"
    )

    assert "WhoAmI" in stored
    assert persona["token"] not in stored


def test_outside_a_demo_a_pasted_token_signs_in(visit: Visit, demo_server: Server) -> None:
    persona = persona_with(demo_server, ["sales_agent"])
    visit.page.route(
        "**/sign-in/configuration", lambda route: route.fulfill(json={"personas": False, "client": None})
    )
    visit.page.reload()

    visit.page.get_by_label("Bearer token").fill(persona["token"])
    execute(visit.page, "WhoAmI")

    expect_result(visit.page, "SALES_AGENT")


def test_a_link_fills_the_editors_in_and_runs_nothing(visit: Visit, demo_server: Server) -> None:
    query = "query Linked($id: ID!) { node(id: $id) { id } }"
    asked = urlencode({"query": query, "variables": '{"id": "customer_of_the_link"}'})
    choose(visit.page, persona_with(demo_server, ["sales_agent"]))

    visit.page.goto(f"{demo_server.url}/graphql?{asked}")

    expect(visit.page.get_by_role("tab", name="Linked")).to_have_attribute("aria-selected", "true")
    expect(visit.page.locator(".graphiql-query-editor .view-lines")).to_contain_text("query Linked")
    expect(visit.page.get_by_label("Variables")).to_contain_text("customer_of_the_link")
    expect(visit.page.get_by_role("region", name="Result Window")).not_to_contain_text("data")
    execute(visit.page, "Linked")
    expect_result(visit.page, "BAD_INPUT")
