"""`multichannel policy what-can`: what a principal may do, and with which records."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from multichannel.cli.options import DatabaseUrl
from multichannel.cli.policy.common import (
    Output,
    PolicyFolder,
    TextOrJson,
    folder_of,
    one_of,
    print_line,
    resource_name,
)
from multichannel.cli.policy.resolver import AS_HELP, target_resolver
from multichannel.policy.decide.policy import Policy
from multichannel.policy.schema.resources import RESOURCES
from multichannel.policy.schema.vocabulary import Action
from multichannel.workbench.permitted import PermittedRecords, permitted_as_json, what_can_rows
from multichannel.workbench.permitted import what_can as list_permitted


def what_can(
    who: Annotated[str, typer.Option("--as", help=AS_HELP)],
    kind: Annotated[str | None, typer.Option(help="Only this resource type, such as Subscription.")] = None,
    action: Annotated[str | None, typer.Option(help="Only this action, such as cancel.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many records to name for each action.")] = 5,
    database_url: DatabaseUrl = None,
    policy: PolicyFolder = None,
    output: TextOrJson = "text",
) -> None:
    """List what a principal may do, and with which records.

    The records are those of the test cases; with --database-url, or for a user of a database, its rows.

    Example: multichannel policy what-can --as alder_sales_agent --kind Subscription
    """
    folder = folder_of(policy)
    resources = [RESOURCES[resource_name(kind)]] if kind else [*RESOURCES.values()]
    known = {each.value: each.value for resource in resources for each in resource.actions}
    actions = [Action(one_of(action, known, "action"))] if action else [*Action]
    loaded = Policy.load(folder)
    with target_resolver(folder, loaded, database_url) as resolver:
        principal = resolver.principal(who)
        if database_url is None and not resolver.is_user(who):
            targets = [each for each in resolver.records if each.resource in resources]
            permitted = list_permitted(loaded, principal, targets, actions, most=limit)
        else:
            permitted = what_can_rows(loaded, principal, resolver.database, resources, actions, most=limit)
    Output(
        "what-can",
        loaded.digest,
        partial(_print, who, permitted),
        lambda: {"who": who, "permitted": permitted_as_json(permitted)},
    ).show(output)


def _print(who: str, permitted: list[PermittedRecords], page: Console) -> None:
    if not permitted:
        print_line(page, f"{who} may do nothing with these records.", "bold")
        return
    print_line(page, f"{who} may:", "bold")
    table = Table("Resource", "Action", "Records", "Such as", box=None, pad_edge=False)
    for each in permitted:
        more = ", ..." if each.count > len(each.names) else ""
        table.add_row(each.resource.name, each.action, str(each.count), ", ".join(each.names) + more)
    page.print(table)
