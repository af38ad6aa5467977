"""`multichannel policy explain`: why an action is allowed or denied."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.text import Text

from multichannel.cli.options import DatabaseUrl
from multichannel.cli.policy.common import FINDINGS, Output, PolicyFolder, TextOrJson, folder_of
from multichannel.cli.policy.resolver import AS_HELP, RECORD_HELP, target_resolver
from multichannel.policy.decide.policy import Policy
from multichannel.policy.deployment.versions import Versions
from multichannel.settings import load_settings
from multichannel.workbench.explain.explanation import (
    ExplainedDecision,
    explain_logged_decision,
    explain_target,
    explanation_as_json,
    find_logged_decision,
    policy_of,
)
from multichannel.workbench.explain.render_terminal import render_explanation


def explain(
    who: Annotated[
        str | None,
        typer.Option("--as", help=AS_HELP),
    ] = None,
    action: Annotated[str | None, typer.Option(help="Action, such as cancel.")] = None,
    resource: Annotated[str | None, typer.Option(help=RECORD_HELP)] = None,
    sql: Annotated[bool, typer.Option("--sql", help="Also print the SQL of the list filter.")] = False,
    expect: Annotated[
        Literal["allow", "deny"] | None, typer.Option(help="Exit 1 unless the decision matches this value.")
    ] = None,
    log: Annotated[Path | None, typer.Option(help="Decision log.", exists=True, dir_okay=False)] = None,
    decision: Annotated[
        str | None, typer.Option(help="With --log: first characters of the decision's id.")
    ] = None,
    database_url: DatabaseUrl = None,
    policy: PolicyFolder = None,
    output: TextOrJson = "text",
) -> None:
    """Explain a decision: matching rules, conditions and values.

    Records of a database that the principal cannot see are explained only with --database-url.

    Example: multichannel policy explain --as aspen_sales_agent --action cancel --resource alder_seats
    """
    folder = folder_of(policy)
    question = (who, action, resource)
    if log is not None and decision is not None and question == (None, None, None):
        line = find_logged_decision(log, decision)
        versions = Versions(load_settings().policy_versions)
        result = explain_logged_decision(line, policy_of(line, folder, versions), sql=sql)
    elif None not in question and log is None and decision is None:
        result = _explain(folder, (str(who), str(action), str(resource)), database_url, sql=sql)
    else:
        raise typer.BadParameter("use --as, --action and --resource, or --log and --decision")
    Output("explain", result.digest, partial(_print, result), partial(explanation_as_json, result)).show(
        output
    )
    if expect is not None and result.explanation.allowed != (expect == "allow"):
        raise typer.Exit(FINDINGS)


def _explain(
    folder: Path, question: tuple[str, str, str], url: str | None, *, sql: bool
) -> ExplainedDecision:
    who, action, what = question
    policy = Policy.load(folder)
    with target_resolver(folder, policy, url) as resolver:
        principal = resolver.principal(who)
        target = resolver.record(what, principal)
        return explain_target(
            policy, (who, principal), resolver.action(action, target.resource), target, sql=sql
        )


def _print(result: ExplainedDecision, page: Console) -> None:
    allowed, target = result.explanation.allowed, result.target
    verdict = ("may", "bold green") if allowed else ("may not", "bold red")
    page.print(
        Text.assemble(result.who, " ", verdict, f" {result.action} {target.name} ({target.resource.name})")
    )
    if not target.visible:
        page.print(Text("The principal cannot see this record; its facts come from the database.", "yellow"))
    if result.logged is not None and result.logged.allowed != allowed:
        page.print(Text("The logged decision differs.", "yellow"))
    page.print(render_explanation(result.explanation))
    for dialect, statement in result.filters.items():
        page.print(Text(f"\n-- SQL of the list, {dialect}", "bold"))
        page.print(Text(statement), soft_wrap=True)
