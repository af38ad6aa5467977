"""`multichannel policy who-can`: whose people may do something with a record."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from multichannel.cli.options import DatabaseUrl
from multichannel.cli.policy.common import (
    Output,
    PolicyFolder,
    TextOrJson,
    folder_of,
    print_line,
    resource_name,
)
from multichannel.cli.policy.resolver import RECORD_HELP, target_resolver
from multichannel.errors import BadInput
from multichannel.policy.decide.policy import Policy
from multichannel.policy.schema.resources import RESOURCES
from multichannel.policy.schema.vocabulary import Action
from multichannel.workbench.explain.targets import Target
from multichannel.workbench.permitted import Subject, subjects_as_json
from multichannel.workbench.permitted import who_can as list_subjects


def who_can(
    action: Annotated[str, typer.Argument(help="Action, such as cancel.")],
    kind: Annotated[str, typer.Argument(help="Resource type, such as Subscription.")],
    record: Annotated[str, typer.Argument(help=RECORD_HELP)],
    database_url: DatabaseUrl = None,
    policy: PolicyFolder = None,
    output: TextOrJson = "text",
) -> None:
    """List whose people may do something with a record.

    Each tenant is listed with the roles that may, and with the standing that lets them. For a record of the
    test cases or of a file, the tenants are those of the test cases. An API id needs --database-url; the
    answer is that of the query whoMay.

    Example: multichannel policy who-can cancel Subscription alder_seats
    """
    folder = folder_of(policy)
    resource = RESOURCES[resource_name(kind)]
    loaded = Policy.load(folder)
    with target_resolver(folder, loaded, database_url) as resolver:
        chosen = resolver.action(action, resource)
        target = resolver.record(record, None)
        if target.resource is not resource:
            raise BadInput(f"{record} is a {target.resource.name}, not a {resource.name}.")
        subjects = list_subjects(loaded, chosen, target, resolver.tenants(target))
    Output(
        "who-can",
        loaded.digest,
        partial(_print, chosen, target, subjects),
        partial(_as_json, chosen, target, subjects),
    ).show(output)


def _as_json(action: Action, target: Target, subjects: list[Subject]) -> dict[str, Any]:
    head = {"action": action, "resource": target.resource.name, "record": target.name}
    return {**head, "subjects": subjects_as_json(subjects)}


def _print(action: Action, target: Target, subjects: list[Subject], page: Console) -> None:
    if not subjects:
        print_line(
            page, f"No role of any tenant may {action} {target.name} ({target.resource.name}).", "bold"
        )
        return
    print_line(page, f"May {action} {target.name} ({target.resource.name}):", "bold")
    table = Table("Tenant", "Kind", "Roles", "Standing", "Because", box=None, pad_edge=False)
    for each in subjects:
        table.add_row(each.tenant, each.kind, ", ".join(each.roles), each.standing or "-", each.because)
    page.print(table)
