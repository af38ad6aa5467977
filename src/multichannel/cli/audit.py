"""`multichannel audit`: maintenance of the audit log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from multichannel.cli.options import AsJson, DatabaseUrl, write
from multichannel.domain.audit import RETENTION, ChainVerification
from multichannel.server.bootstrap import open_store
from multichannel.services import audit
from multichannel.services.audit_checkpoint import read, sign
from multichannel.settings import load_settings

app = typer.Typer(no_args_is_help=True, help="Verify, prove and prune the audit log.")

FINDINGS = 1
FILE: Any = {"exists": True, "dir_okay": False}


@app.command()
def verify(
    tenant: Annotated[
        UUID | None, typer.Option(help="Verify only the chain of the tenant with this tenant id.")
    ] = None,
    since: Annotated[
        Path | None, typer.Option(help="A signed checkpoint that the chains must continue.", **FILE)
    ] = None,
    key: Annotated[
        Path | None, typer.Option(help="With --since: the public key of its signature, in PEM.", **FILE)
    ] = None,
    as_json: AsJson = False,
    database_url: DatabaseUrl = None,
) -> None:
    """Verify the audit chains; exit 1 and report the first invalid record of each broken chain.

    A chain can only be verified against its own head. A checkpoint that was kept in another place reveals a
    chain that was cut, or rewritten completely, since.

    Example: multichannel audit verify --since checkpoint.json --key checkpoint.pub
    """
    if (since is None) != (key is None):
        raise typer.BadParameter("use --since and --key together")
    mark = None if since is None or key is None else read(since.read_bytes(), key.read_bytes())
    with open_store(load_settings(database_url=database_url)) as store:
        chains = (
            audit.verify(store, mark)
            if tenant is None
            else iter([audit.verify_tenant(store, str(tenant), mark)])
        )
        intact = _print_json(chains) if as_json else _print_text(chains)
    if not intact:
        raise typer.Exit(FINDINGS)


@app.command()
def checkpoint(
    key: Annotated[Path, typer.Option(help="An Ed25519 private key in PEM.", **FILE)],
    output: Annotated[Path, typer.Option(help="The file to write.", dir_okay=False)],
    database_url: DatabaseUrl = None,
) -> None:
    """Write the heads of all audit chains to a file, signed. Keep it and the key outside of the database.

    All chains are verified first; exit 1 and no file if one is broken. openssl genpkey -algorithm ed25519
    makes a key, and openssl pkey -pubout its public half for `audit verify --since`.

    Example: multichannel audit checkpoint --key checkpoint.pem --output checkpoint.json
    """
    with open_store(load_settings(database_url=database_url)) as store:
        taken = audit.take_checkpoint(store)
    write(sign(taken, key.read_bytes()), output)
    typer.echo(f"Chains: {len(taken.chains)}. Wrote {output}")


@app.command()
def prune(
    older_than: Annotated[int, typer.Option(help="Number of days to keep; at least 90.", min=RETENTION.days)],
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
