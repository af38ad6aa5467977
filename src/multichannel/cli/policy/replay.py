"""`multichannel policy replay`: which logged decisions a candidate would turn over."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from multichannel.cli.policy.common import FINDINGS, PolicyFolder, console, folder_of, print_json
from multichannel.errors import PolicyInvalid
from multichannel.policy.decide.policy import Policy
from multichannel.policy.deployment.versions import Versions
from multichannel.policy.language.source import PolicySource
from multichannel.settings import load_settings
from multichannel.workbench.replay import Change, Group, Kind, PolicyOf, Replay
from multichannel.workbench.replay import replay as replayed

TITLES = {
    Change.NEWLY_ALLOWED: ("Denied, and would be allowed", "bold red"),
    Change.NEWLY_DENIED: ("Allowed, and would be denied", "bold yellow"),
    Change.REASON: ("Denied, and would be denied for other reasons", "bold"),
    Change.FILTER: ("Lists that would be kept to other rows", "bold"),
    Change.SAME: ("As they were", "bold green"),
}
FEWER_OR_MORE = (
    "Whether they would show more rows or fewer a log cannot tell: see `multichannel policy diff`. "
    "--fail-on newly-allowed takes no account of them, --fail-on changed does."
)
MOST_TENANTS = 5


class FailOn(StrEnum):
    """What exit code 1 is for."""

    NEWLY_ALLOWED = "newly-allowed"
    CHANGED = "changed"


class Format(StrEnum):
    """How the answer is given."""

    TEXT = "text"
    JSON = "json"


def replay(
    log: Annotated[list[Path], typer.Option("--log", help="A decision log; may be given several times.")],
    candidate: Annotated[
        Path, typer.Option(help="The folder of .polar files to try.", exists=True, file_okay=False)
    ],
    policy: PolicyFolder = None,
    output: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.TEXT,
    fail_on: Annotated[
        FailOn | None,
        typer.Option(help="Exit 1 where there is such a change; newly-allowed is about records alone."),
    ] = None,
) -> None:
    """Repeat logged decisions under a candidate policy.

    The log is also verified against the policy that made the decisions, if it is available: in --policy, or
    among the stored versions.

    Example: multichannel policy replay --log decisions.jsonl --candidate ./policies
    """
    tried = Policy.load(candidate)
    found = replayed(log, tried, _at_hand(folder_of(policy)))
    if output is Format.JSON:
        print_json("replay", tried.digest, _body(found))
    else:
        _Page(console(), found).show()
    if fail_on is not None and _fails(found, fail_on):
        raise typer.Exit(FINDINGS)


def _at_hand(folder: Path) -> PolicyOf:
    """Policies by digest, loaded when they are asked for."""
    versions = Versions(load_settings().policy_versions)

    def policy_of(digest: str) -> Policy | None:
        try:
            source = PolicySource.read(folder)
            if source.digest == digest:
                return Policy(source)
            kept = [each.kept_as for each in versions.kept() if each.digest == digest]
            return Policy(versions.read(kept[0]).source) if kept else None
        except PolicyInvalid:
            return None

    return policy_of


def _fails(found: Replay, fail_on: FailOn) -> bool:
    changes = [Change.NEWLY_ALLOWED]
    if fail_on is FailOn.CHANGED:
        changes = [change for change in Change if change is not Change.SAME]
    return any(found.count(change) for change in changes)


def _body(found: Replay) -> dict[str, Any]:
    return {
        "decisions": found.logged,
        "replayed": found.replayed,
        "not_replayed": dict(found.skipped),
        "dropped_by_the_server": found.dropped,
        "logged_under": dict(found.versions.most_common()),
        "changes": {
            change.value: [_group(kind, group) for kind, group in found.of(change)] for change in Change
        },
        "log_disagrees_with_its_policy": found.disagreements and _example(found.disagreements),
    }


def _group(kind: Kind, group: Group) -> dict[str, Any]:
    return {
        "action": kind.action,
        "resource": kind.resource,
        **_example(group),
        "logged_reasons": list(group.logged_reasons),
        "reasons": list(group.reasons),
        "rules": list(group.rules),
    }


def _example(group: Group) -> dict[str, Any]:
    return {
        "count": group.count,
        "tenants": dict(group.tenants.most_common()),
        "example": group.example,
        "place": group.place,
    }


class _Page:
    """The answer for people."""

    def __init__(self, out: Console, found: Replay) -> None:
        self._out = out
        self._found = found

    def show(self) -> None:
        """Print it: how much it is worth first, then what matters most first."""
        self._share()
        for change in Change:
            self._section(change)
        if not self._found.replayed:
            self._line("Nothing was decided again, so this says nothing about the candidate.", "bold red")

    def _share(self) -> None:
        found = self._found
        share = f" ({found.replayed / found.logged:.1%})" if found.logged else ""
        self._line(f"{found.replayed:,} of {found.logged:,} decisions were decided again{share}.", "bold")
        for why, count in found.skipped.most_common():
            self._line(f"{count:,} were not: {why}.", indent=2)
        if found.dropped:
            self._line(f"{found.dropped:,} more were never logged: the service was too busy.", indent=2)
        for digest, count in found.versions.most_common():
            self._line(f"{count:,} were made under policy {digest}.", "dim", indent=2)
        if found.disagreements:
            wrong = found.disagreements
            self._line(
                f"{wrong.count:,} are not what their own policy says, such as {wrong.example} at "
                f"{wrong.place}: the log was changed, or another program made it.",
                "bold red",
                indent=2,
            )

    def _section(self, change: Change) -> None:
        title, style = TITLES[change]
        groups = self._found.of(change)
        if not groups:
            return
        self._out.print()
        self._line(f"{title}: {self._found.count(change):,}", style)
        if change is Change.FILTER:
            self._line(FEWER_OR_MORE, "dim", indent=2)
        for kind, group in groups:
            self._line(f"{group.count:,}: {kind.action} of a {kind.resource}", indent=2)
            if change is not Change.SAME:
                self._details(change, group)

    def _details(self, change: Change, group: Group) -> None:
        self._line(f"such as {group.example} at {group.place}", "dim", indent=6)
        if change is not Change.FILTER:
            self._line(f"logged: {_told(change is Change.NEWLY_DENIED, group.logged_reasons)}", indent=6)
            self._line(f"now:    {_told(change is Change.NEWLY_ALLOWED, group.reasons)}", indent=6)
        if group.rules:
            self._line(f"by {', '.join(group.rules)}", "cyan", indent=6)
        tenants = group.tenants.most_common(MOST_TENANTS)
        for tenant, count in tenants:
            self._line(f"{count:,} by tenant {tenant}", "dim", indent=6)
        if len(group.tenants) > len(tenants):
            self._line(f"and {len(group.tenants) - len(tenants):,} more tenants", "dim", indent=6)

    def _line(self, text: str, style: str = "", *, indent: int = 0) -> None:
        self._out.print(Padding(Text(text, style), (0, 0, 0, indent), expand=False))


def _told(allowed: bool, reasons: tuple[str, ...]) -> str:  # noqa: FBT001  (a verdict)
    if allowed:
        return "allowed"
    return f"denied, {', '.join(reasons) or 'for nothing grants it'}"
