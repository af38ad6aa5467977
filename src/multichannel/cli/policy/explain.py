"""`multichannel policy explain`: why somebody may do something, or may not."""

from __future__ import annotations

from contextlib import ExitStack
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from multichannel.cli.options import DatabaseUrl
from multichannel.cli.policy.common import FINDINGS, PolicyFolder, console, folder_of, print_json
from multichannel.errors import BadInput
from multichannel.policy.decide.policy import Policy
from multichannel.policy.deployment.versions import Versions
from multichannel.settings import load_settings
from multichannel.workbench.explain.explanation import (
    Explained,
    as_json,
    explain_logged,
    explained,
    logged,
    policy_of,
)
from multichannel.workbench.explain.render_terminal import told
from multichannel.workbench.explain.targets import Asking, Database


class Format(StrEnum):
    """How to print."""

    TEXT = "text"
    JSON = "json"


class Expected(StrEnum):
    """What the answer should be."""

    ALLOW = "allow"
    DENY = "deny"


def explain(
    who: Annotated[
        str | None,
        typer.Option("--as", help="Who asks: alder_sales_agent of the cases, a persona, or a file of facts."),
    ] = None,
    action: Annotated[str | None, typer.Option(help="What for: an action such as cancel.")] = None,
    resource: Annotated[
        str | None,
        typer.Option(help="Of what: a record of the cases, an id of the API, or a file of facts."),
    ] = None,
    sql: Annotated[bool, typer.Option("--sql", help="Show the SQL of the list, too.")] = False,
    expect: Annotated[Expected | None, typer.Option(help="Exit 1 unless the answer is this.")] = None,
    log: Annotated[Path | None, typer.Option(help="A decision log.", exists=True, dir_okay=False)] = None,
    decision: Annotated[str | None, typer.Option(help="How the id of a decision of it begins.")] = None,
    database_url: DatabaseUrl = None,
    policy: PolicyFolder = None,
    output: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.TEXT,
) -> None:
    """Explain a decision: matching rules, conditions and values.

    Records of a database that the principal cannot see are explained only with --database-url.

    Example: multichannel policy explain --as aspen_sales_agent --action cancel --resource alder_seats
    """
    folder = folder_of(policy)
    question = (who, action, resource)
    if log is not None and decision is not None and question == (None, None, None):
        line = logged(log, decision)
        versions = Versions(load_settings().policy_versions)
        found = explain_logged(line, policy_of(line, folder, versions), sql=sql)
    elif None not in question and log is None and decision is None:
        with ExitStack() as stack:
            found = _asked(folder, (str(who), str(action), str(resource)), stack, database_url, sql=sql)
    else:
        raise typer.BadParameter("give --as, --action and --resource, or --log and --decision")
    if output is Format.JSON:
        print_json("explain", found.digest, as_json(found))
    else:
        _show(found)
    if expect is not None and found.explanation.allowed != (expect is Expected.ALLOW):
        raise typer.Exit(FINDINGS)


def _asked(
    folder: Path, question: tuple[str, str, str], stack: ExitStack, url: str | None, *, sql: bool
) -> Explained:
    who, action, what = question
    policy = Policy.load(folder)
    asking = Asking(folder, partial(_database, policy, stack, url))
    principal = asking.principal(who)
    asked = asking.record(what, principal)
    return explained(policy, (who, principal), asking.action(action, asked.resource), asked, sql=sql)


def _database(policy: Policy, stack: ExitStack, url: str | None) -> Database:
    """The database that is given, or the one that is here, under the policy in question."""
    # Most questions are about cases; these take a second less to answer without any of this.
    from multichannel.demo.cast import PERSONAS  # noqa: PLC0415
    from multichannel.graphql.framework.global_ids import read_id  # noqa: PLC0415
    from multichannel.server.bootstrap import driver_url, now, require_current  # noqa: PLC0415
    from multichannel.store.engines import open_database  # noqa: PLC0415
    from multichannel.store.store import Store  # noqa: PLC0415

    settings = load_settings(database_url=url)
    at = settings.database_url
    if at.get_backend_name() == "sqlite" and at.database and not Path(at.database).is_file():
        raise BadInput(f"there is no database at {at.database}. Give one with --database-url.")
    require_current(settings)
    engine = open_database(driver_url(settings), connections=1)
    stack.callback(engine.dispose)
    people = {persona.name: (persona.organisation.id, persona.id) for persona in PERSONAS}
    return Database(Store(engine, lambda: policy, now), people, read_id, open_to_operator=url is not None)


def _show(found: Explained) -> None:
    out = console()
    allowed = found.explanation.allowed
    verdict = ("may", "bold green") if allowed else ("may not", "bold red")
    out.print(
        Text.assemble(
            found.who, " ", verdict, f" {found.action} {found.asked.name} (a {found.asked.resource.name})"
        )
    )
    if not found.asked.seen:
        out.print(Text("It cannot see it at all; the facts are the database's.", "yellow"))
    if found.logged is not None and found.logged.allowed != allowed:
        out.print(Text("The log says otherwise.", "yellow"))
    out.print(told(found.explanation))
    for dialect, statement in found.filters.items():
        out.print(Text(f"\n-- The list of all there are, {dialect}", "bold"))
        out.print(Text(statement), soft_wrap=True)
