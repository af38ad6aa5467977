"""The README's walk, run as it stands there."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from multichannel.demo.issuer import FOLDER, DemoIssuer
from multichannel.policy.decide.policy import Policy
from tests.databases import copy_of
from tests.serving import DemoServer, demo_app, running

README = Path(__file__).parents[2] / "README.md"
COMMAND = Path(sys.executable).with_name("multichannel")
SERVED_AT = "http://127.0.0.1:8000"


@pytest.fixture
def demo(sqlite_world: str, tmp_path: Path, shipped_policy: Policy) -> Iterator[DemoServer]:
    """A fresh demo in a folder of its own, with the command where `make` puts it."""
    issuer = DemoIssuer(tmp_path / FOLDER)
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/multichannel").symlink_to(COMMAND)
    with (
        copy_of(sqlite_world, tmp_path) as database,
        running(demo_app(database, issuer, shipped_policy)) as url,
    ):
        yield DemoServer(url, issuer)


def commands() -> str:
    """The lines to be typed."""
    _, section = README.read_text().split("\n## Walk through it")
    _, block = section.split("\n## ")[0].split("```sh\n")
    return block.split("```")[0]


def errors_in(answer: Any) -> list[Any]:
    """What was denied or refused, wherever it stands in an answer."""
    if isinstance(answer, list):
        return [each for item in answer for each in errors_in(item)]
    if not isinstance(answer, dict):
        return []
    own = [each for name in ("errors", "userErrors") for each in answer.get(name, ())]
    return own + [each for value in answer.values() for each in errors_in(value)]


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl to run the README's commands")
def test_the_readme_walks_from_an_enterprise_agreement_to_csp(demo: DemoServer, tmp_path: Path) -> None:
    script = commands()
    assert script.count(SERVED_AT) == 1

    done = subprocess.run(
        ["sh", "-ec", script.replace(SERVED_AT, demo.url)],  # noqa: S607  (the README's reader has a shell, too)
        cwd=tmp_path,
        capture_output=True,
        check=True,
        text=True,
    )

    assert done.stderr == ""
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [errors_in(answer) for answer in answers] == [[]] * 7
    asked, _, moved, both, one_less, ended, trail = (answer["data"] for answer in answers)
    options = {option["kind"]: option["blockedBy"] for option in asked["node"]["supportOptions"]}
    assert options["RECREATE_IN_CSP"] == [{"code": "AGREEMENT_REQUIRED", "rule": "R13"}]
    services = ["virtual-machines", "storage", "sql-database"]
    new = moved["moveSubscriptionToCsp"]["subscription"]
    assert (new["channel"], new["services"]) == ("CSP", services)
    assert both["node"] == {
        "status": "ACTIVE",
        "version": 1,
        "leftToMove": {"services": services},
        "continuedBy": {"nodes": [{"channel": "CSP", "status": "ACTIVE"}]},
    }
    services.remove("storage")
    left = {"version": 2, "leftToMove": {"services": services}}
    assert one_less["cancelService"]["subscription"] == left
    assert ended["cancelSubscription"]["subscription"] == {
        "status": "DELETED",
        "continuedBy": {"nodes": [{"status": "ACTIVE"}]},
    }
    assert [(each["operation"], each["status"]) for each in trail["auditRecords"]["nodes"]] == [
        ("confirm_customer_agreement", "SUCCEEDED"),
        ("move_subscription_to_csp", "SUCCEEDED"),
        ("cancel_service", "SUCCEEDED"),
        ("cancel_subscription", "SUCCEEDED"),
    ]
