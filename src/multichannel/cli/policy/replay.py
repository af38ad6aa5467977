"""`multichannel policy replay`: the logged decisions that a candidate policy would change."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console

from multichannel.cli.policy.common import FINDINGS, Output, PolicyFolder, TextOrJson, folder_of, print_line
from multichannel.errors import PolicyInvalid
from multichannel.policy.decide.policy import Policy
from multichannel.policy.deployment.versions import Versions
from multichannel.settings import load_settings
from multichannel.workbench import replay as replaying
from multichannel.workbench.replay import (
    DecisionChange,
    DecisionGroup,
    DecisionKind,
    ReplayResult,
    logged_policy,
)

TITLES = {
    DecisionChange.NEWLY_ALLOWED: ("Newly allowed", "bold red"),
    DecisionChange.NEWLY_DENIED: ("Newly denied", "bold yellow"),
    DecisionChange.REASON: ("Denied for other reasons", "bold"),
    DecisionChange.FILTER: ("Lists with another filter", "bold"),
    DecisionChange.SAME: ("Unchanged", "bold green"),
}
FILTER_NOTE = (
    "A log cannot tell whether these lists would return more rows or fewer: see `multichannel policy diff`. "
    "They count for --fail-on changed, not for --fail-on newly-allowed."
)
MAX_TENANTS = 5


def replay(
    log: Annotated[list[Path], typer.Option("--log", help="Decision log; repeatable.")],
    candidate: Annotated[
        Path, typer.Option(help="Folder of .polar files to evaluate.", exists=True, file_okay=False)
    ],
    policy: PolicyFolder = None,
    output: TextOrJson = "text",
    fail_on: Annotated[
        Literal["newly-allowed", "changed"] | None,
        typer.Option(help="Exit 1 on changes of this kind; newly-allowed ignores list filters."),
    ] = None,
) -> None:
    """Replay logged decisions under a candidate policy.

    The log is also verified against the policy that made the decisions, if it is available: in --policy, or
    among the stored versions.

    Example: multichannel policy replay --log decisions.jsonl --candidate ./policies
    """
    candidate_policy = Policy.load(candidate)
    folder, versions = folder_of(policy), Versions(load_settings().policy_versions)

    def policy_of(digest: str) -> Policy | None:
        with suppress(PolicyInvalid):
            return logged_policy(digest, folder, versions)
        return None

    result = replaying.replay(log, candidate_policy, policy_of)
    Output("replay", candidate_policy.digest, partial(_print, result), partial(_body, result)).show(output)
    failing = {
        None: (),
        "newly-allowed": (DecisionChange.NEWLY_ALLOWED,),
        "changed": set(DecisionChange) - {DecisionChange.SAME},
    }[fail_on]
    if any(result.count(change) for change in failing):
        raise typer.Exit(FINDINGS)


def _body(result: ReplayResult) -> dict[str, Any]:
    return {
        "decisions": result.logged,
        "replayed": result.replayed,
        "not_replayed": dict(result.skipped),
        "dropped_by_the_server": result.dropped,
        "logged_under": dict(result.versions.most_common()),
        "changes": {
            change.value: [_group(kind, group) for kind, group in result.of(change)]
            for change in DecisionChange
        },
        "log_disagrees_with_its_policy": result.disagreements and _example(result.disagreements),
    }


def _group(kind: DecisionKind, group: DecisionGroup) -> dict[str, Any]:
    return {
        "action": kind.action,
        "resource": kind.resource,
        **_example(group),
        "logged_reasons": list(group.logged_reasons),
        "reasons": list(group.reasons),
        "rules": list(group.rules),
    }


def _example(group: DecisionGroup) -> dict[str, Any]:
    return {
        "count": group.count,
        "tenants": dict(group.tenants.most_common()),
        "example": group.example,
        "place": group.place,
    }


def _print(result: ReplayResult, page: Console) -> None:
    """How much of the log was replayed, then the changes, the most important first."""
    share = f" ({result.replayed / result.logged:.1%})" if result.logged else ""
    print_line(page, f"Replayed {result.replayed:,} of {result.logged:,} decisions{share}.", "bold")
    for reason, count in result.skipped.most_common():
        print_line(page, f"Not replayed: {count:,} ({reason}).", indent=2)
    if result.dropped:
        print_line(page, f"Not logged: {result.dropped:,} (the service was too busy).", indent=2)
    for digest, count in result.versions.most_common():
        print_line(page, f"Decided under policy {digest}: {count:,}.", "dim", indent=2)
    if result.disagreements:
        wrong = result.disagreements
        print_line(
            page,
            f"{wrong.count:,} decisions differ from the policy they were logged under, such as "
            f"{wrong.example} at {wrong.place}: the log was edited, or written by another program.",
            "bold red",
            indent=2,
        )
    for change in DecisionChange:
        if result.count(change):
            _print_section(page, result, change)
    if not result.replayed:
        print_line(page, "No decision was replayed: nothing is known about the candidate.", "bold red")


def _print_section(page: Console, result: ReplayResult, change: DecisionChange) -> None:
    title, style = TITLES[change]
    page.print()
    print_line(page, f"{title}: {result.count(change):,}", style)
    if change is DecisionChange.FILTER:
        print_line(page, FILTER_NOTE, "dim", indent=2)
    for kind, group in result.of(change):
        print_line(page, f"{kind.action} {kind.resource}: {group.count:,}", indent=2)
        if change is not DecisionChange.SAME:
            _print_group(page, change, group)


def _print_group(page: Console, change: DecisionChange, group: DecisionGroup) -> None:
    print_line(page, f"example: {group.example} at {group.place}", "dim", indent=6)
    if change is not DecisionChange.FILTER:
        logged = _verdict(group.logged_reasons, allowed=change is DecisionChange.NEWLY_DENIED)
        current = _verdict(group.reasons, allowed=change is DecisionChange.NEWLY_ALLOWED)
        print_line(page, f"logged: {logged}", indent=6)
        print_line(page, f"now:    {current}", indent=6)
    if group.rules:
        print_line(page, f"rules: {', '.join(group.rules)}", "cyan", indent=6)
    tenants = group.tenants.most_common(MAX_TENANTS)
    for tenant, count in tenants:
        print_line(page, f"tenant {tenant}: {count:,}", "dim", indent=6)
    if len(group.tenants) > len(tenants):
        print_line(page, f"and {len(group.tenants) - len(tenants):,} more tenants", "dim", indent=6)


def _verdict(reasons: tuple[str, ...], *, allowed: bool) -> str:
    return "allowed" if allowed else f"denied, {', '.join(reasons) or 'not granted'}"
