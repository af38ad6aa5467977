"""`make bench`: what the policy costs, and how far the service is from a handler written by hand."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from sqlalchemy import URL

from multichannel.store.engines import open_database
from tests.benchmarks.cold import cold_predicates
from tests.benchmarks.databases import databases
from tests.benchmarks.mutations import mutations_over_http
from tests.benchmarks.over_http import Effort, over_http
from tests.benchmarks.plans import whole_tables
from tests.benchmarks.queries import QUERIES
from tests.benchmarks.report import print_tables
from tests.benchmarks.timing import interleaved, ratio, wall_ratio
from tests.benchmarks.variants import INTERPRETED, LIMIT, OFF, ON, peers, policy_on, variants
from tests.benchmarks.world import FULL, SMALL, Scale, World

HAS_PROC = Path("/proc/self/stat").exists()
"""Where there is no /proc, the CPU of a server process cannot be told, and HTTP is left out."""

APP = typer.Typer(pretty_exceptions_enable=False)


@APP.command()
def measure(
    small: Annotated[bool, typer.Option("--small", help="A small world: quick, nothing to quote.")] = False,  # noqa: FBT002
    json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,  # noqa: FBT002
    http: Annotated[bool, typer.Option(help="Measure over HTTP as well.")] = True,  # noqa: FBT002
    rounds: Annotated[int, typer.Option(min=1, help="How often each variant takes its turn.")] = 20,
) -> None:
    """Measure the page of 100 customers, and 20 customers with 5 subscriptions each, on both databases."""
    figures = measured(SMALL if small else FULL, rounds, http=http and HAS_PROC)
    if json:
        typer.echo(orjson.dumps(figures, option=orjson.OPT_INDENT_2))
    else:
        print_tables(figures)


def measured(scale: Scale, rounds: int, *, http: bool) -> dict[str, Any]:
    """All figures."""
    with databases(scale) as urls:
        found = {name: _database(scale, url, rounds, http=http) for name, url in urls.items()}
    return {
        "scale": scale.name,
        "customers": scale.customers,
        "subscriptions": scale.subscriptions,
        "partners": scale.partners,
        "python": platform.python_version(),
        "databases": found,
        "cold_predicates": cold_predicates(policy_on(), rounds),
    }


def _database(scale: Scale, url: URL, rounds: int, *, http: bool) -> dict[str, Any]:
    engine = open_database(url.render_as_string(hide_password=False))
    caller = World(scale).caller
    try:
        found: dict[str, Any] = {"whole_tables": whole_tables(engine, caller), "in_process": {}}
        for name in QUERIES:
            answers = variants(engine, caller, name)
            if len({answer() for answer in answers.values()}) != 1:
                raise ValueError(f"the variants answer differently: {name}")
            times = interleaved(answers, rounds)
            found["in_process"][name] = {
                **{variant: each.figures for variant, each in times.items()},
                "on_off": ratio(times[ON], times[OFF]),
                "on_off_wall": wall_ratio(times[ON], times[OFF]),
            }
    finally:
        engine.dispose()
    if http:
        found["http"] = over_http(
            scale, url, Effort(rounds=5, requests=200), [ON, OFF, INTERPRETED, LIMIT, *peers()]
        )
        found["mutations"] = mutations_over_http(scale, url, Effort(rounds=5, requests=100))
    return found


if __name__ == "__main__":
    APP()
