"""A customer's first steps in the explorer, by a link with an operation."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_explorer import choose, execute, expect_result
from tests.serving import DemoServer

pytestmark = pytest.mark.browser

REQUEST = """mutation { requestResellerRelationship(input: {customer: "ember.example"}) {
  resellerRelationship { id } } }"""
ACCEPTANCE = """mutation AcceptRelationship($input: AcceptResellerRelationshipInput!) {
  acceptResellerRelationship(input: $input) {
    resellerRelationship { status partner { name } }
    userErrors { code message }
  }
}
"""


def sign_in(page: Page, server: DemoServer, persona: str) -> None:
    """Act as a persona from now on."""
    listed = httpx.get(f"{server.url}/demo/personas").json()
    choose(page, next(each for each in listed if each["persona"] == persona))


def test_a_link_with_an_operation_needs_only_the_signer_to_be_filled_in(
    page: Page, server: DemoServer
) -> None:
    asked = _ask(server)
    sign_in(page, server, "ember-global-admin")
    held = json.dumps(
        {"input": {"id": asked["id"], "agreement": {"firstName": "", "lastName": "", "email": ""}}}
    )
    page.goto(f"{server.url}/graphql?{urlencode({'query': ACCEPTANCE, 'variables': held})}")
    sign_in(page, server, "ember-global-admin")
    variables = page.get_by_label("Variables")
    expect(variables).to_contain_text(asked["id"])

    signer = {"firstName": "Ada", "lastName": "Reed", "email": "ada@ember.example"}
    filled = json.dumps({"input": {"id": asked["id"], "agreement": signer}})
    variables.locator(".view-lines").click()
    page.keyboard.press("Control+A")
    page.evaluate("text => navigator.clipboard.writeText(text)", filled)
    page.keyboard.press("Control+V")  # what is typed, the editor completes with quotes of its own
    execute(page, "AcceptRelationship")

    expect_result(page, "ACTIVE")


def _ask(server: DemoServer) -> Any:
    """Alder's request to Ember."""
    authorization = {"Authorization": f"Bearer {server.token('alder-sales-agent')}"}
    answer = httpx.post(f"{server.url}/graphql", json={"query": REQUEST}, headers=authorization).json()
    return answer["data"]["requestResellerRelationship"]["resellerRelationship"]
