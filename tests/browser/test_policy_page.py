"""The page about the current policy in a browser: without scripts, and by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from multichannel.explorer.policy_page import page as policy_page
from multichannel.policy.decide.policy import Policy
from multichannel.policy.deployment.current_policy import PolicyState, ReloadFailure
from tests.serving import now

pytestmark = pytest.mark.browser


class Server(Protocol):
    url: str


@pytest.fixture
def visited(chromium: Browser, demo_server: Server) -> Iterator[tuple[Page, list[str], list[str]]]:
    """The page on a narrow screen with scripts switched off, what it asked for, and its complaints."""
    context = chromium.new_context(viewport={"width": 700, "height": 800}, java_script_enabled=False)
    page = context.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(f"{demo_server.url}/policy")
    yield page, asked, complaints
    context.close()


def test_it_shows_the_current_policy_and_requests_nothing_else(
    visited: tuple[Page, list[str], list[str]], demo_server: Server, shipped_policy: Policy
) -> None:
    page, asked, complaints = visited

    expect(page.get_by_role("heading", level=1)).to_have_text("Current policy")
    expect(page.get_by_text(shipped_policy.digest)).to_be_visible()
    table = page.get_by_role("region", name="Subscription: grants")
    release = table.get_by_role("row").filter(has=page.get_by_role("rowheader", name="release", exact=True))
    expect(release.get_by_role("cell")).to_have_text(
        [
            "no",
            "no",
            "no",
            "yes",
            "no",
            "no",
            "no",
            "PARTNER_INACTIVE, RESELLERS_SELL_NOTHING, LICENSE_BASED_STAYS_WITH_PARTNER, TRIALS_STAY",
        ]
    )
    assert {urlsplit(url).path for url in asked} <= {"/policy", "/favicon.ico"}
    assert {urlsplit(url).netloc for url in asked} == {urlsplit(demo_server.url).netloc}
    assert complaints == []


def test_the_page_itself_does_not_scroll_sideways_and_its_tables_do_by_keyboard(
    visited: tuple[Page, list[str], list[str]],
) -> None:
    page, _, _ = visited
    table = page.get_by_role("region", name="Partnership: grants")
    last = table.get_by_role("columnheader", name="Unless")
    expect(last).not_to_be_in_viewport()

    table.focus()
    for _ in range(40):
        page.keyboard.press("ArrowRight")

    expect(last).to_be_in_viewport()
    box, screen = table.bounding_box(), page.viewport_size
    assert box is not None
    assert screen is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= screen["width"]


def test_programs_get_json_from_the_same_address(demo_server: Server, shipped_policy: Policy) -> None:
    for_people = httpx.get(f"{demo_server.url}/policy", headers={"Accept": "text/html,*/*;q=0.8"})
    for_programs = httpx.get(f"{demo_server.url}/policy")

    assert for_programs.json()["policy"] == shipped_policy.digest
    assert for_people.headers["Content-Type"].startswith("text/html")
    assert for_people.headers["Vary"] == for_programs.headers["Vary"] == "Accept"
    content_policy = for_people.headers["Content-Security-Policy"]
    assert content_policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in content_policy
    assert "script-src" not in content_policy


def test_it_shows_a_rejected_policy_and_a_pin(shipped_policy: Policy) -> None:
    state = PolicyState(shipped_policy, now())
    problem = ReloadFailure('user.polar:2: expected `)` & found "<b>"', "d1ge57", now(), "user.polar", 2)

    calm = bytes(policy_page(state).body).decode()
    alarmed = bytes(policy_page(replace(state, pinned=True, problem=problem)).body).decode()

    assert "rejected" not in calm
    assert "Pinned" not in calm
    assert "user.polar:2: expected `)` &amp; found &#34;&lt;b&gt;&#34;" in alarmed
    assert "d1ge57" in alarmed
    assert "rejected" in alarmed
    assert "Pinned." in alarmed
    assert shipped_policy.digest in alarmed
