"""A policy folder as its author has it, and the policy that services use from it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from multichannel.policy.deployment.gate import Gate
from multichannel.policy.deployment.reloader import Reloader
from multichannel.policy.deployment.versions import RollbackPin, Versions
from multichannel.policy.language.source import PolicySource
from multichannel.server.bootstrap import SHIPPED_POLICIES

CAST = "operator: {kind: system}\n"
CASES = """
facts:
  Service: {the_service: {}}
cases:
  - {who: operator_operator, what: the_service, %s, why: The operator makes the first partner.}
"""
HOLDS, FAILS = "may: [add_partner]", "may_not: {add_partner: NOT_GRANTED}"


@dataclass
class Clock:
    """A clock that goes on by a minute whenever it is asked."""

    now: datetime = field(default_factory=lambda: datetime(2026, 1, 1, tzinfo=UTC))

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


@dataclass
class Author:
    """Edits the policy in `folder`; services keep its versions beside it. It has no cases to begin with."""

    root: Path
    clock: Clock = field(default_factory=Clock)
    gate: Gate = field(default_factory=Gate)

    def begins(self) -> None:
        """As little of the shipped policy as loads."""
        self.folder.mkdir()
        for name in ("choices.polar", "main.polar", "roles.polar", "system.polar", "user.polar"):
            shutil.copy(SHIPPED_POLICIES / name, self.folder)

    @property
    def folder(self) -> Path:
        return self.root / "policy"

    @property
    def versions(self) -> Versions:
        return Versions(self.root / "versions")

    @property
    def digest(self) -> str:
        """Of what the folder holds now."""
        return PolicySource.read(self.folder).digest

    def edits(self, comment: str) -> str:
        """Another policy that says the same; gives its digest."""
        shipped = (SHIPPED_POLICIES / "user.polar").read_text("utf-8")
        (self.folder / "user.polar").write_text(f"{shipped}# {comment}\n", "utf-8")
        return self.digest

    def claims(self, said: str) -> None:
        """One case, that says what the operator may or may not."""
        (self.folder / "cast.yaml").write_text(CAST, "utf-8")
        (self.folder / "service.cases.yaml").write_text(CASES % said, "utf-8")

    def breaks(self) -> None:
        """A policy that does not load, for its user.polar."""
        (self.folder / "user.polar").write_text("# Users.\ngrant(\n", "utf-8")

    def serves(self, *, fall_back_to_last_good: bool = False) -> Reloader:
        """A service that starts now."""
        return Reloader(
            self.folder,
            self.versions,
            self.clock,
            fall_back_to_last_good=fall_back_to_last_good,
            gate=self.gate,
        )

    def pins(self, digest: str) -> None:
        """Pin a former version over what the folder holds."""
        over = frozenset({self.digest})
        self.versions.set_pin(RollbackPin(self.versions.find(digest).kept_as, over, self.clock()))
