"""`multichannel audit`: the books."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

import typer

from multichannel.cli.options import DatabaseUrl
from multichannel.domain.audit import ChainVerification
from multichannel.server.bootstrap import open_store
from multichannel.services import audit
from multichannel.settings import load_settings
from multichannel.store.store import Store

app = typer.Typer(no_args_is_help=True, help="The books: audit chains, events, idempotency keys.")

FINDINGS = 1
SHORTEST = 90
"""Days of retention that R53 promises."""

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def verify(
    tenant: Annotated[UUID | None, typer.Option(help="Only this tenant's chain.")] = None,
    as_json: AsJson = False,
    database_url: DatabaseUrl = None,
) -> None:
    """Walk the audit chains; exit 1 and name the first bad record of each that is not whole.

    A chain proves its records against its own end. Keep the length and seal that --json prints elsewhere: who
    rewrites a whole chain, end and all, is found by them.

    Example: multichannel audit verify --json
    """
    with open_store(load_settings(database_url=database_url)) as store:
        told = _as_json if as_json else _as_text
        whole = told(_examined(store, tenant))
    if not whole:
        raise typer.Exit(FINDINGS)


@app.command()
def prune(
    older_than: Annotated[int, typer.Option(help="Days to keep, 90 or more (R53).", min=SHORTEST)],
    as_json: AsJson = False,
    database_url: DatabaseUrl = None,
) -> None:
    """Let go of audit records and events that are older, and of idempotency keys after 8 days.

    What remains of each chain is whole. A chain that is not whole is left alone; the exit code is 1 then.

    Example: multichannel audit prune --older-than 365
    """
    with open_store(load_settings(database_url=database_url)) as store:
        done = audit.prune(store, older_than=timedelta(days=older_than))
    counts = {"records": done.records, "events": done.events, "keys": done.keys}
    if as_json:
        typer.echo(json.dumps({**counts, "broken": list(done.broken)}, indent=2))
    else:
        typer.echo(", ".join(f"{count} {name}" for name, count in counts.items()) + " let go")
        for message in done.broken:
            typer.echo(message, err=True)
    if done.broken:
        raise typer.Exit(FINDINGS)


def _examined(store: Store, tenant: UUID | None) -> Iterator[ChainVerification]:
    return audit.verify(store) if tenant is None else iter([audit.verify_one(store, str(tenant))])


def _as_text(chains: Iterator[ChainVerification]) -> bool:
    """Print what is wrong, and what was walked; gives whether all are whole."""
    walked = records = bad = 0
    for chain in chains:
        walked, records = walked + 1, records + chain.records
        if chain.flaw is not None:
            bad += 1
            typer.echo(str(chain))
    typer.echo(f"{walked} chains, {records} good records, {bad or 'no'} chains not whole")
    return not bad


def _as_json(chains: Iterator[ChainVerification]) -> bool:
    """Print one object, chain by chain as they are walked; gives whether all are whole."""
    whole, separator = True, ""
    typer.echo('{"chains": [', nl=False)
    for chain in chains:
        typer.echo(f"{separator}\n  {json.dumps(_told(chain))}", nl=False)
        whole, separator = whole and chain.flaw is None, ","
    typer.echo(f'\n], "whole": {json.dumps(whole)}}}')
    return whole


def _told(chain: ChainVerification) -> dict[str, Any]:
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
