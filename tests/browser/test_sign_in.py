"""People sign in to a real service at a real provider, by authorization code with PKCE."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.people import PERSONA, SMALL, TOKEN, Person
from tests.browser.test_explorer import execute, expect_result
from tests.oidc.provider import CLIENT_ID

pytestmark = pytest.mark.browser

MINE = "/graphql?query=query+Mine+%7B+viewer+%7B+roles+%7D+%7D"


def test_a_signed_in_user_runs_a_query_on_the_page_where_it_began(person: Person) -> None:
    page = person.page
    page.goto(f"{person.service}{MINE}")

    person.sign_in()

    expect(page.get_by_role("status").first).to_have_text("Alder-Sales-Agent")
    execute(page, "Mine")
    expect_result(page, "SALES_AGENT")
    assert page.url == f"{person.service}{MINE}"
    hosts = {urlsplit(url).netloc for url in person.requests if not url.startswith(("data:", "blob:"))}
    assert hosts == {urlsplit(person.service).netloc, urlsplit(person.provider.issuer).netloc}
    assert person.complaints == []


def test_the_request_has_a_state_a_nonce_and_a_challenge(person: Person) -> None:
    person.page.goto(f"{person.service}/sign-in?to=/graphql")
    expect(person.page.get_by_label("Login")).to_be_visible()

    address = next(url for url in person.requests if url.startswith(f"{person.provider.issuer}/auth?"))
    parameters = {name: value for name, (value,) in parse_qs(urlsplit(address).query).items()}

    assert parameters.pop("state")
    assert parameters.pop("nonce")
    assert len(parameters.pop("code_challenge")) == 43  # SHA-256 in base64url
    assert parameters == {
        "client_id": CLIENT_ID,
        "redirect_uri": f"{person.service}/sign-in",
        "response_type": "code",
        "scope": "openid profile",
        "code_challenge_method": "S256",
    }


def test_a_token_is_kept_in_the_session_of_the_tab_alone(person: Person) -> None:
    page = person.page
    person.begin_signed_in(SMALL)

    token = page.evaluate(TOKEN)
    elsewhere = page.evaluate("JSON.stringify([localStorage, document.cookie, location.href])")

    assert token.count(".") == 2
    assert token not in elsewhere
    assert [url for url in person.requests if token in url] == []
    # The code is good for one use, and yet it does not stay in the history.
    page.go_back()
    assert "code=" not in page.url
    another_tab = page.context.new_page()
    another_tab.goto(f"{person.service}{SMALL}")
    expect(another_tab.get_by_role("link", name="Sign in")).to_be_visible()


def test_who_cancels_is_told_so_and_can_begin_again(person: Person) -> None:
    page = person.page
    page.goto(f"{person.service}{SMALL}")
    page.get_by_role("link", name="Sign in").click()
    page.get_by_role("button", name="Cancel").click()

    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("You have not been signed in: the sign-in was cancelled")
    expect(alert).to_contain_text("End-User aborted interaction")
    assert page.url == f"{person.service}/sign-in"
    person.sign_in()
    assert page.url == f"{person.service}{SMALL}"


def test_an_answer_that_nobody_asked_for_is_ignored(person: Person) -> None:
    for answer in ("code=forged", "error=access_denied&error_description=Call+5550100"):
        for state in ("", "&state=forged"):
            person.page.goto(f"{person.service}/sign-in?{answer}{state}")

            expect(person.page.get_by_role("alert")).to_have_text(
                "This sign-in was begun in another window, or too long ago. Begin again."
            )
            assert not person.page.evaluate("sessionStorage.length")


def test_a_provider_that_cannot_be_reached_is_named_as_the_cause(person: Person) -> None:
    person.page.route(f"{person.provider.issuer}/**", lambda route: route.abort())

    person.page.goto(f"{person.service}/sign-in?to=/graphql")

    expect(person.page.get_by_role("alert")).to_contain_text("The identity provider could not be reached.")
    expect(person.page.get_by_role("link", name="Sign in")).to_be_visible()


def test_a_rejected_request_is_the_operators_to_put_right(person: Person) -> None:
    person.page.route(
        f"{person.provider.issuer}/auth?**",
        lambda route: route.continue_(url=f"{route.request.url}&prompt=none+login"),
    )

    person.page.goto(f"{person.service}/sign-in?to=/graphql")

    expect(person.page.get_by_role("alert")).to_contain_text("Tell its operator what follows")
    expect(person.page.get_by_role("alert")).to_contain_text("prompt none must only be used alone")


def test_sign_in_returns_to_this_service_only(person: Person) -> None:
    person.page.route(f"{person.service}/graphql", lambda route: route.fulfill(body="home"))
    for to in ("https://evil.example/", "//evil.example/", "javascript:alert(1)", "", "%5C%5Cevil.example/"):
        person.page.goto(f"{person.service}/sign-in?to={to}")
        person.provider.log_in(person.page, PERSONA)

        expect(person.page.get_by_text("home")).to_be_visible()
        assert person.page.url == f"{person.service}/graphql"
        person.page.context.clear_cookies()  # so that the provider asks again


def test_who_signs_out_is_asked_for_the_password_again(person: Person) -> None:
    page = person.page
    person.begin_signed_in(SMALL)

    page.get_by_role("link", name="Sign out").click()
    page.get_by_role("button", name="Sign out here").click()

    expect(page.get_by_text("You are not signed in.")).to_be_visible()
    assert page.evaluate("sessionStorage.length") == 0
    page.get_by_role("link", name="Sign in").click()
    expect(page.get_by_label("Password")).to_be_visible()


def test_an_expired_token_is_forgotten(person: Person) -> None:
    page = person.page
    page.clock.install()
    person.begin_signed_in()

    page.clock.fast_forward("02:00:00")

    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    execute(page, "WhoAmI")
    expect_result(page, "UNAUTHENTICATED")
    page.reload()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()


def test_a_token_can_be_pasted_instead(person: Person) -> None:
    page = person.page
    person.begin_signed_in()
    token = page.evaluate(TOKEN)
    page.evaluate("sessionStorage.clear()")
    page.reload()

    page.get_by_role("button", name="Paste a token").click()
    page.get_by_label("Bearer token").fill(token)
    execute(page, "WhoAmI")

    expect_result(page, "SALES_AGENT")


def test_the_page_of_the_policy_leads_to_the_rights_of_who_signs_in(person: Person) -> None:
    page = person.page
    page.goto(f"{person.service}/policy")

    person.sign_in()

    execute(page, "WhoAmI")
    expect_result(page, "capabilities")
