"""`make bench-long`: how costs grow with the customers of others, and with the clients that ask at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine

from multichannel.policy.schema.vocabulary import Principal
from multichannel.server.bootstrap import now
from multichannel.store.engines import open_database
from tests.benchmarks.databases import databases
from tests.benchmarks.over_http import Effort, over_http
from tests.benchmarks.queries import OVER_HTTP
from tests.benchmarks.rows_read import Asked, pages, rows_read, steps_taken
from tests.benchmarks.variants import ON, peers, policy_on
from tests.benchmarks.world import (
    GROWTH,
    MILLION,
    PER_CUSTOMER,
    PROVIDERS,
    RESELLERS,
    Scale,
    World,
    principal,
)

CONNECTIONS = (1, 8, 64)
ROWS_PER_OWN, ROWS_AT_LEAST = 8, 1_000
"""A page may read so many rows for each record of the caller, and so many in any case."""
STEPS_PER_OWN, STEPS_AT_LEAST = 400, 50_000
"""The same in steps of SQLite's virtual machine."""
ROWS_IN_ORDER, STEPS_IN_ORDER = 500, 10_000
"""A page in the order of an index may read so many, however many records the caller has."""

APP = typer.Typer(pretty_exceptions_enable=False)


@APP.command()
def measure(
    million: Annotated[bool, typer.Option(help="Also a million customers: 10 GB.")] = True,  # noqa: FBT002
    json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,  # noqa: FBT002
) -> None:
    """Measure pages at a thousand, a hundred thousand and a million customers, from 1 to 64 connections.

    Fails if a page reads more rows than the caller's own records explain.
    """
    scales = [scale for scale in GROWTH if million or scale is not MILLION]
    found = {scale.name: _scale(scale) for scale in scales}
    if json:
        typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2))
    else:
        _print(found)
    if any(each["too_many"] for each in found.values()):
        raise typer.Exit(1)


def _scale(scale: Scale) -> dict[str, Any]:
    with databases(scale) as urls:
        engines = {
            name: open_database(url.render_as_string(hide_password=False)) for name, url in urls.items()
        }
        try:
            too_many = [line for name, engine in engines.items() for line in _too_many(scale, name, engine)]
        finally:
            for engine in engines.values():
                engine.dispose()
        http = {
            name: {
                connections: over_http(scale, url, Effort(3, 400, connections), [ON, *peers()])
                for connections in CONNECTIONS
            }
            for name, url in urls.items()
        }
    return {"too_many": too_many, "http": http}


def callers(scale: Scale) -> Iterator[tuple[str, Asked]]:
    """A user of a partner of each type that the world has, and of a customer."""
    world = World(scale)
    kinds = {"direct bill": 0, "provider": PROVIDERS.start, "reseller": RESELLERS.start}
    types = {"direct bill": "direct_bill", "provider": "indirect_provider", "reseller": "indirect_reseller"}
    for name, number in kinds.items():
        if number < scale.partners:
            yield name, _asked(principal(world.partners[number], "sales_agent", type=types[name]), world)
    yield "customer", _asked(principal(world.customers[0], "global_admin", kind="customer"), world)


def _asked(caller: Principal, world: World) -> Asked:
    return Asked(caller, (caller.tenant_id, now(), caller.tenant_id, world.agent, None))


def _too_many(scale: Scale, database: str, engine: Engine) -> list[str]:
    """The lists that read more than the caller's own records explain, in the words of a report."""
    measured_in = {"SQLite": (steps_taken, STEPS_PER_OWN, STEPS_AT_LEAST, STEPS_IN_ORDER, "steps")}
    read, per_own, at_least, in_order, unit = measured_in.get(
        database, (rows_read, ROWS_PER_OWN, ROWS_AT_LEAST, ROWS_IN_ORDER, "rows")
    )
    own = scale.subscriptions // scale.partners
    lines = []
    for name, asked in callers(scale):
        of_own = at_least + per_own * (PER_CUSTOMER if name == "customer" else own)
        for page, query in pages():
            most = in_order if _is_in_order(page) else of_own
            amount = read(engine, policy_on(), asked, query)
            if amount > most:
                lines.append(f"{database}, {name}: {page} reads {amount:.0f} {unit}, {most} at most")
    return lines


def _is_in_order(page: str) -> bool:
    """Whether an index has the rows in order: the subscriptions of a partner are found by its customers."""
    list_name, _, order = page.partition(" by ")
    return order.removesuffix("_DESC") == "ID" and list_name != "subscriptions"


def _print(found: dict[str, Any]) -> None:
    console = Console()
    if not console.is_terminal:
        console.width = 140
    for database in next(iter(found.values()))["http"]:
        for question in OVER_HTTP:
            console.print(_table(found, database, question))
    for scale, each in found.items():
        for line in each["too_many"]:
            console.print(f"[red]{scale}: {line}[/]")


def _table(found: dict[str, Any], database: str, question: str) -> Table:
    table = Table(
        title=f"{database}, {question}: ms of CPU, server and database; p99 in ms; requests a second"
    )
    table.add_column("customers")
    first = next(iter(found.values()))["http"][database]
    names = list(next(iter(first.values()))[question])
    for connections in CONNECTIONS:
        for name in names:
            table.add_column(f"{name}, {connections}", justify="right")
    for scale, each in found.items():
        cells = [
            each["http"][database][connections][question][name]
            for connections in CONNECTIONS
            for name in names
        ]
        table.add_row(scale, *map(_cell, cells))
    return table


def _cell(figures: dict[str, float]) -> str:
    cpu = f"{figures['cpu']:.2f}+{figures['database_cpu']:.2f}"
    return f"{cpu}\n{figures['p99']:.1f}\n{figures['per_second']:.0f}/s"


if __name__ == "__main__":
    APP()
