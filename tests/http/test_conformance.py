"""GraphQL over HTTP as its working group audits it: the audits of the npm package `graphql-http`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from multichannel.explorer.build import NO_NODE, Npm, find_npm
from tests.serving import DemoServer

AUDITS = Path(__file__).parent / "audits"
HOW_MANY = 61


@pytest.fixture(scope="session")
def npm() -> Npm:
    found = find_npm()
    assert found is not None, NO_NODE
    return found


@pytest.fixture(scope="session")
def audits(npm: Npm, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the audits, installed from the lock file."""
    folder = tmp_path_factory.mktemp("audits")
    shutil.copytree(AUDITS, folder, dirs_exist_ok=True)
    npm.run("ci", "--no-audit", "--no-fund", "--ignore-scripts", folder=folder)
    return folder


def run_audits(npm: Npm, audits: Path, *arguments: str) -> dict[str, Any]:
    """What the script prints."""
    path = os.pathsep.join([str(npm.node_folder), os.environ.get("PATH", os.defpath)])
    done = subprocess.run(
        ["node", "audit.mjs", *arguments],  # noqa: S607  (the node that npm runs on)
        cwd=audits,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("persona", [None, "alder-sales-agent"])
def test_all_audits_pass(npm: Npm, audits: Path, demo_server: DemoServer, persona: str | None) -> None:
    token = [demo_server.token(persona)] if persona else []

    found = run_audits(npm, audits, f"{demo_server.url}/graphql", *token)["audits"]

    assert [audit for audit in found if audit["status"] != "ok"] == []
    assert len(found) == HOW_MANY


def test_the_introspection_of_graphql_js_is_within_the_limits(
    npm: Npm, audits: Path, demo_server: DemoServer, client: httpx.Client
) -> None:
    query = run_audits(npm, audits, f"{demo_server.url}/graphql")["introspectionQuery"]

    answer = client.post("/graphql", json={"query": query}).json()

    assert "errors" not in answer
    names = {each["name"] for each in answer["data"]["__schema"]["types"]}
    assert {"Query", "Mutation", "Subscription", "CustomerFilter"} <= names
