"""Thousands of items from the command line, killed at random moments: each is done once."""

from __future__ import annotations

import csv
import json
import logging
import os
import random
import resource
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from multichannel.demo.cast import ALDER, MEADOW
from multichannel.demo.issuer import DemoIssuer
from multichannel.domain.agreements import CustomerAgreement
from multichannel.domain.audit import AuditRecord, AuditStatus
from multichannel.domain.customers import Customer
from multichannel.domain.subscriptions import Subscription
from tests.cli.shell import COMMAND
from tests.importing.books import customer
from tests.world import World

pytestmark = pytest.mark.long
log = logging.getLogger(__name__)

ITEMS = 3_000
KILLS = 2
MOST_SECONDS = 300


@dataclass
class Terminal:
    """A folder with a demo whose database holds a world."""

    folder: Path
    url: str

    def command(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [COMMAND, *arguments],
            cwd=self.folder,
            env=os.environ | {"MULTICHANNEL_DATABASE_URL": self.url},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str) -> str:
        process = self.command(*arguments)
        out, _ = process.communicate(timeout=900)
        assert process.returncode == 0, out
        return out

    def killed_and_run(self, name: str, mutation: str, persona: str) -> list[dict[str, Any]]:
        """The results of a file whose command was killed at random moments before it was run to its end."""
        results = self.folder / f"{name}.results.jsonl"
        began, used = time.monotonic(), _cpu_seconds()
        seed = time.time_ns()
        chance = random.Random(seed)  # noqa: S311  (the moments of kills)
        for kill in range(KILLS):
            process = self.command("bulk", mutation, name, "--as", persona)
            least = ITEMS * (kill + chance.random()) / KILLS
            while process.poll() is None and _lines(results) < least:
                time.sleep(0.02)
            time.sleep(chance.random() / 50)
            assert process.poll() is None, process.communicate()[0]
            process.send_signal(signal.SIGKILL)
            process.communicate()
            log.warning("%s: killed after %d results (seed %d)", mutation, _lines(results) - 1, seed)
        log.warning(self.run("bulk", mutation, name, "--as", persona).strip())
        seconds, cpu = time.monotonic() - began, _cpu_seconds() - used
        log.warning("%s: %d items in %.0f s, %.0f s of CPU", mutation, ITEMS, seconds, cpu)
        assert cpu < MOST_SECONDS
        _, *told = [json.loads(line) for line in results.read_text().splitlines()]
        return told

    def table(self, name: str, rows: Iterator[dict[str, Any]]) -> None:
        first = next(rows)
        with (self.folder / name).open("w", newline="") as file:
            writer = csv.DictWriter(file, [*first])
            writer.writeheader()
            writer.writerows([first, *rows])


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.fixture
def terminal(world: World, tmp_path: Path) -> Terminal:
    """With 3,000 further customers of Alder's."""
    folder = tmp_path / "here"
    DemoIssuer(folder / ".multichannel")
    terminal = Terminal(folder, world.url)
    items = [customer(f"many-{number}") for number in range(ITEMS)]
    (folder / "customers.json").write_text(json.dumps({"totalCount": ITEMS, "items": items}))
    terminal.run("import", "partner-center", "customers.json", "--partner", ALDER.id)
    return terminal


def test_recordings_agreements_and_moves_are_done_once_each_though_killed(
    world: World, terminal: Terminal
) -> None:
    counts = counting(world)
    before = {kind: counts(kind) for kind in (Subscription, CustomerAgreement)}
    with Session(world.store.engine) as session:
        customers = session.scalars(select(Customer.id).where(Customer.domain.like("many-%"))).all()
    assert len(customers) == ITEMS

    terminal.table(
        "recordings.csv",
        (
            {
                "customer": f"customer_{MEADOW.id}",
                "channel": "EA",
                "offerName": f"Azure {number // 2}",  # each twice: two equal lines are two items
                "billingType": "usage",
            }
            for number in range(ITEMS)
        ),
    )
    recorded = terminal.killed_and_run("recordings.csv", "recordExternalSubscription", "meadow-global-admin")
    check(recorded)
    assert counts(Subscription) == before[Subscription] + ITEMS

    signer = {"firstName": "Ada", "lastName": "Signer", "email": "ada@many.example", "agreedAt": "2026-01-31"}
    rows = ({"id": f"customer_{each}", **signer} for each in [*customers[1:], MEADOW.id])
    terminal.table("agreements.csv", rows)
    check(terminal.killed_and_run("agreements.csv", "confirmCustomerAgreement", "alder-admin-agent"))
    assert counts(CustomerAgreement) == before[CustomerAgreement] + ITEMS

    terminal.table("moves.csv", ({"id": each["id"]} for each in recorded))
    check(terminal.killed_and_run("moves.csv", "moveSubscriptionToCsp", "alder-sales-agent"))
    assert counts(Subscription) == before[Subscription] + 2 * ITEMS

    for operation in (
        "record_external_subscription",
        "confirm_customer_agreement",
        "move_subscription_to_csp",
    ):
        assert not any(number > 1 for number in changed(world, operation).values())
    assert "broken chains: 0" in terminal.run("audit", "verify")


def check(results: list[dict[str, Any]]) -> None:
    """One result for each item, in their order, all of them done, each with a record of its own."""
    assert [each["line"] for each in results] == [*range(2, ITEMS + 2)]
    assert Counter(each["status"] for each in results) == {"succeeded": ITEMS}
    assert len({each["id"] for each in results}) == ITEMS
    assert len({each["key"] for each in results}) == ITEMS


def counting(world: World) -> Callable[[type[Any]], int]:
    def count(kind: type[Any]) -> int:
        with Session(world.store.engine) as session:
            return session.scalars(select(func.count()).select_from(kind)).one()

    return count


def changed(world: World, operation: str) -> Counter[tuple[str, str | None, bool]]:
    """How often each record was changed by an operation, as the audit log of each tenant has it."""
    with Session(world.store.engine) as session:
        rows = session.execute(
            select(AuditRecord.tenant_id, AuditRecord.resource_id, AuditRecord.event_id).where(
                AuditRecord.operation == operation, AuditRecord.status == AuditStatus.SUCCEEDED
            )
        )
        return Counter((row.tenant_id, row.resource_id, row.event_id is None) for row in rows)
