"""`multichannel policy diff`: the decisions that change between two versions of a policy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.progress import track

from multichannel.cli.policy.common import FINDINGS, FORMAT, Output, folder_of
from multichannel.cli.policy.diff_text import print_report
from multichannel.errors import Refused
from multichannel.policy.decide.oso_engine import PolicyFault
from multichannel.policy.deployment.versions import INVARIANTS
from multichannel.server.bootstrap import open_store
from multichannel.settings import load_settings
from multichannel.workbench.diff.accepted_changes import (
    AcceptedChange,
    FailOn,
    fails,
    read_accepted,
    stale_acceptances,
)
from multichannel.workbench.diff.differ import PolicyComparison, Step
from multichannel.workbench.diff.invariant_changes import weakened
from multichannel.workbench.diff.policy_version import PolicyVersion
from multichannel.workbench.diff.report import DiffReport, as_github, as_markdown
from multichannel.workbench.diff.report_json import as_body
from multichannel.workbench.diff.rows import count_rows
from multichannel.workbench.diff.violations import InvariantChecker
from multichannel.workbench.invariants import Invariant, read
from multichannel.workbench.revisions import Revision, display_path, revision


def diff(
    old: Annotated[str, typer.Argument(help="Folder, git revision, or REV:path for a folder of a revision.")],
    new: Annotated[str | None, typer.Argument(help="Like OLD. Default: the policy folder.")] = None,
    output: Annotated[Literal["text", "json", "markdown", "github"], FORMAT] = "text",
    fail_on: Annotated[
        FailOn,
        typer.Option(
            help="Exit 1 on changes of this kind that are not accepted; verdict: newly allowed or denied."
        ),
    ] = FailOn.VERDICT,
    accept: Annotated[list[str] | None, typer.Option(help="Name of an intended change; repeatable.")] = None,
    accept_file: Annotated[
        Path | None, typer.Option(help="File with names of intended changes, one per line.", dir_okay=False)
    ] = None,
    invariants: Annotated[
        Path | None,
        typer.Option(help=f"More invariants than those in {INVARIANTS} of OLD and of NEW.", dir_okay=False),
    ] = None,
    database_url: Annotated[
        str | None, typer.Option(help="Also count the rows of this database that tenants can see.")
    ] = None,
    tenant: Annotated[
        list[str] | None,
        typer.Option("--as", help="With --database-url: tenant id to count for; repeatable."),
    ] = None,
) -> None:
    """Compare the decisions of two versions of a policy.

    Lost and violated invariants come first, then newly allowed actions, each with a minimal example.
    Exit codes: 0 success, 1 an invariant is violated or lost, something was not compared, an accepted change
    does not exist, or a change matches --fail-on, 3 if a version does not load.

    Example: multichannel policy diff origin/main --accept subscription.release.billing_partner.sales_agent
    """
    folder = folder_of(None)
    before, after = revision(old, folder), revision(new or display_path(folder), folder)
    names = read_accepted(accept or (), accept_file)
    more = read(invariants) if invariants else ()
    try:
        report = _report(before, after, more, names, database_url, tenant or ())
    except PolicyFault as fault:
        raise Refused(f"A version failed during evaluation: {fault}") from fault
    Output(
        "diff",
        report.new_digest,
        partial(print_report, report),
        partial(as_body, report),
        {
            "markdown": partial(as_markdown, report),
            "github": partial(as_github, report, display_path(after.folder or folder)),
        },
    ).show(output)
    if not report.is_held or fails(report.diff, names, fail_on):
        raise typer.Exit(FINDINGS)


def _progress(steps: Sequence[Step]) -> Iterable[Step]:
    """Show on a terminal how much has been compared."""
    screen = Console(stderr=True)
    return track(steps, "Comparing", console=screen, transient=True, disable=not screen.is_terminal)


def _report(
    before: Revision,
    after: Revision,
    more: tuple[Invariant, ...],
    names: tuple[AcceptedChange, ...],
    database_url: str | None,
    tenants: Sequence[str],
) -> DiffReport:
    old, new = before.load(), after.load()
    versions = PolicyVersion(old), PolicyVersion(new)
    found = PolicyComparison(*versions).diff(_progress)
    held = after.invariants()
    lost = tuple(weakened(before.invariants(), held))
    accepted = {each.name for each in names}
    # What is lost without being accepted still holds, so that what it lets through is told as well.
    left = tuple(each.invariant for each in lost if each.name not in accepted)
    checker = InvariantChecker(versions[1])
    violations = tuple(checker.violations((*held, *left, *more)))
    rows = None
    if database_url:
        with open_store(load_settings(database_url=database_url)) as store:
            rows = count_rows(store, old, new, tenants)
    return DiffReport(
        before.name,
        after.name,
        old.digest,
        new.digest,
        found,
        lost,
        violations,
        checker.given_up,
        tuple(stale_acceptances(found.names | {each.name for each in lost}, names)),
        names,
        rows,
    )
