"""`multichannel audit`: maintenance of the audit log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

import typer

from multichannel.cli.options import AsJson, DatabaseUrl
from multichannel.domain.audit import ChainVerification
from multichannel.server.bootstrap import open_store
from multichannel.services import audit
from multichannel.settings import load_settings

app = typer.Typer(no_args_is_help=True, help="Verify and prune the audit log.")

FINDINGS = 1
MINIMUM_DAYS = 90
"""The retention that R53 promises."""


@app.command()
def verify(
    tenant: Annotated[
        UUID | None, typer.Option(help="Verify only the chain of the tenant with this tenant id.")
    ] = None,
    as_json: AsJson = False,
    database_url: DatabaseUrl = None,
) -> None:
    """Verify the audit chains; exit 1 and report the first invalid record of each broken chain.

    A chain can only be verified against its own last seal. Keep the length and seal that --json prints in
    another place: they reveal a chain that was rewritten completely.

    Example: multichannel audit verify --json
    """
    with open_store(load_settings(database_url=database_url)) as store:
        chains = audit.verify(store) if tenant is None else iter([audit.verify_tenant(store, str(tenant))])
        intact = _print_json(chains) if as_json else _print_text(chains)
    if not intact:
        raise typer.Exit(FINDINGS)


@app.command()
def prune(
    older_than: Annotated[int, typer.Option(help="Number of days to keep; at least 90.", min=MINIMUM_DAYS)],
    as_json: AsJson = False,
    database_url: DatabaseUrl = None,
) -> None:
    """Delete audit records and events older than the retention period, and idempotency keys after 8 days.

    The rest of each chain stays verifiable. A broken chain is not pruned, and the exit code is 1.

    Example: multichannel audit prune --older-than 365
    """
    with open_store(load_settings(database_url=database_url)) as store:
        done = audit.prune(store, older_than=timedelta(days=older_than))
    counts = {"records": done.records, "events": done.events, "keys": done.keys}
    if as_json:
        typer.echo(json.dumps({**counts, "broken": list(done.broken)}, indent=2))
    else:
        typer.echo("Deleted: " + ", ".join(f"{name} {count}" for name, count in counts.items()))
        for message in done.broken:
            typer.echo(message, err=True)
    if done.broken:
        raise typer.Exit(FINDINGS)


def _print_text(chains: Iterator[ChainVerification]) -> bool:
    """Print the broken chains and totals; returns whether all chains are intact."""
    total = records = broken = 0
    for chain in chains:
        total, records = total + 1, records + chain.records
        if chain.flaw is not None:
            broken += 1
            typer.echo(str(chain))
    typer.echo(f"Chains: {total}, valid records: {records}, broken chains: {broken}")
    return not broken


def _print_json(chains: Iterator[ChainVerification]) -> bool:
    """Print one object, chain by chain as they are verified; returns whether all chains are intact."""
    intact, separator = True, ""
    typer.echo('{"chains": [', nl=False)
    for chain in chains:
        typer.echo(f"{separator}\n  {json.dumps(_as_json(chain))}", nl=False)
        intact, separator = intact and chain.flaw is None, ","
    typer.echo(f'\n], "whole": {json.dumps(intact)}}}')
    return intact


def _as_json(chain: ChainVerification) -> dict[str, Any]:
    head = chain.head
    return {
        "tenant": head.tenant_id,
        "whole": chain.flaw is None,
        "length": head.length,
        "seal": head.seal,
        "pruned": head.pruned,
        "records": chain.records,
        "flaw": chain.flaw,
        "number": chain.number,
    }
