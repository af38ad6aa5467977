"""`multichannel policy diff`: what an edit of the policy changes, in decisions instead of in lines."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from multichannel.cli.policy.common import FINDINGS, console, folder_of, print_json
from multichannel.cli.policy.diff_text import print_report
from multichannel.errors import Refused
from multichannel.policy.decide.oso_engine import PolicyFault
from multichannel.policy.decide.policy import Policy
from multichannel.server.bootstrap import open_store
from multichannel.settings import load_settings
from multichannel.workbench.diff.accepted_changes import Accepted, FailOn, accepted, fails, stale
from multichannel.workbench.diff.differ import Comparing
from multichannel.workbench.diff.report import Report, as_body, as_github, as_markdown
from multichannel.workbench.diff.rows import Rows, count
from multichannel.workbench.invariants import FILE, Invariant, read
from multichannel.workbench.revisions import Revision, path_told, revision


class Format(StrEnum):
    """How to print."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    GITHUB = "github"


def diff(
    old: Annotated[str, typer.Argument(help="A folder, a git revision, or REV:path of a folder in one.")],
    new: Annotated[str | None, typer.Argument(help="The same; else the folder of the policy.")] = None,
    output: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.TEXT,
    fail_on: Annotated[FailOn | None, typer.Option(help="Exit 1 on such changes, unless accepted.")] = None,
    accept: Annotated[
        list[str] | None, typer.Option(help="The name of a change that is meant; repeatable.")
    ] = None,
    accept_file: Annotated[
        Path | None, typer.Option(help="Names of changes that are meant, one a line.", dir_okay=False)
    ] = None,
    invariants: Annotated[
        Path | None, typer.Option(help=f"What must never be allowed; else {FILE} beside NEW.", dir_okay=False)
    ] = None,
    database_url: Annotated[
        str | None, typer.Option(help="Count the rows that tenants of this database see, too.")
    ] = None,
    tenant: Annotated[
        list[str] | None, typer.Option("--as", help="With a database: ids of the tenants to count for.")
    ] = None,
) -> None:
    """Compare the decisions of two versions of a policy.

    Newly allowed actions come first, each with a smallest example. Exit codes: 0 success, 1 an invariant is
    violated, an accepted change does not exist, or a change matches --fail-on, 3 if a version does not load.

    Example: multichannel policy diff origin/main --fail-on newly-allowed
    """
    folder = folder_of(None)
    before, after = revision(old, folder), revision(new or path_told(folder), folder)
    names = accepted(accept or (), accept_file)
    beside = after.folder or folder
    held = read(invariants or beside / FILE) if invariants or (beside / FILE).is_file() else ()
    try:
        report = _report(before, after, held, names, database_url, tenant or ())
    except PolicyFault as fault:
        raise Refused(f"A version failed while it was asked: {fault}") from fault
    _print(report, output, path_told(beside))
    if report.violations or report.stale or fails(report.diff, names, fail_on):
        raise typer.Exit(FINDINGS)


def _report(
    before: Revision,
    after: Revision,
    invariants: tuple[Invariant, ...],
    names: tuple[Accepted, ...],
    database_url: str | None,
    tenants: Sequence[str],
) -> Report:
    old, new = before.load(), after.load()
    comparing = Comparing(old, new)
    found = comparing.diff()
    broken = comparing.violations(invariants)
    return Report(
        before.name,
        after.name,
        old.digest,
        new.digest,
        found,
        tuple((each, comparing.groups(each.principals)) for each in broken),
        tuple(stale(found, names)),
        names,
        _rows(database_url, old, new, tenants) if database_url else None,
    )


def _rows(database_url: str, old: Policy, new: Policy, tenants: Sequence[str]) -> Rows:
    with open_store(load_settings(database_url=database_url)) as store:
        return count(store, old, new, tenants)


def _print(report: Report, output: Format, folder: str) -> None:
    if output is Format.JSON:
        print_json("diff", report.new_digest, as_body(report))
    elif output is Format.MARKDOWN:
        typer.echo(as_markdown(report), nl=False)
    elif output is Format.GITHUB:
        typer.echo(as_github(report, folder), nl=False)
    else:
        print_report(report, console())
