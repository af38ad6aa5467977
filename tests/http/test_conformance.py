"""GraphQL over HTTP as its working group audits it: the audits of the npm package `graphql-http`."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.npm import installed, node_environment
from tests.serving import DemoServer

AUDITS = Path(__file__).parent / "audits"
HOW_MANY = 61


@pytest.fixture(scope="session")
def audits() -> Path:
    """A folder with the audits, installed from the lock file."""
    return installed(AUDITS)


def run_audits(audits: Path, *arguments: str) -> dict[str, Any]:
    """What the script prints."""
    done = subprocess.run(
        ["node", "audit.mjs", *arguments],  # noqa: S607  (the node that npm runs on)
        cwd=audits,
        env=node_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("persona", [None, "alder-sales-agent"])
def test_all_audits_pass(audits: Path, demo_server: DemoServer, persona: str | None) -> None:
    token = [demo_server.token(persona)] if persona else []

    found = run_audits(audits, f"{demo_server.url}/graphql", *token)["audits"]

    assert [audit for audit in found if audit["status"] != "ok"] == []
    assert len(found) == HOW_MANY


def test_the_introspection_of_graphql_js_is_within_the_limits(
    audits: Path, demo_server: DemoServer, client: httpx.Client
) -> None:
    query = run_audits(audits, f"{demo_server.url}/graphql")["introspectionQuery"]

    answer = client.post("/graphql", json={"query": query}).json()

    assert "errors" not in answer
    names = {each["name"] for each in answer["data"]["__schema"]["types"]}
    assert {"Query", "Mutation", "Subscription", "CustomerFilter"} <= names
