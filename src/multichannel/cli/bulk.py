"""`multichannel bulk`: one mutation for every line of a file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from multichannel.cli.bulk_file import Line, read_lines
from multichannel.cli.bulk_results import ResultsFile, open_results
from multichannel.cli.caller import Persona, TokenFile, token_of
from multichannel.cli.options import AsJson, DatabaseUrl
from multichannel.cli.progress import progress_bars
from multichannel.domain.bulk_operations import BulkItemStatus
from multichannel.errors import Refused, Unauthenticated
from multichannel.graphql.bulk.columns import columns_of
from multichannel.graphql.bulk.items import BulkMutation, ItemResult, bulk_names, invalid
from multichannel.server.bootstrap import open_store
from multichannel.server.callers import signing_in
from multichannel.settings import load_settings
from multichannel.store.audit.mutation_context import OWN_KEY
from multichannel.store.store import Store
from multichannel.store.users import Caller

REFUSED = 1
MOST_SHOWN = 20
MOST_FAILURES = 5
"""So many items in a row that fail because of the service stop the run."""


def bulk_command(
    mutation: Annotated[str | None, typer.Argument(help="A mutation, such as `cancelSubscription`.")] = None,
    file: Annotated[
        Path | None, typer.Argument(help="A table (.csv) with a header, or a JSON object per line (.jsonl).")
    ] = None,
    list_columns: Annotated[
        bool, typer.Option("--list", help="List the mutations, or the columns of one.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Change nothing, and tell what each line would do.")
    ] = False,
    results: Annotated[
        Path | None,
        typer.Option(help="The results file. Default: that of the items with `.results.jsonl` added."),
    ] = None,
    retry: Annotated[
        bool, typer.Option("--retry", help="Try again what was refused, denied or invalid before.")
    ] = False,
    token_file: TokenFile = None,
    persona: Persona = None,
    as_json: AsJson = False,
    database_url: DatabaseUrl = None,
) -> None:
    """Run a mutation for every line of a file, as the user of a token.

    Each line is a transaction, decided for the user as it is at that moment. The results file has one line
    for each item: its status, the id of the record, or errors that say what to do. A run that was stopped or
    killed goes on when the same command is given again, and does nothing twice; lines that were changed or
    added since are done. To do the same file as new work, name another results file.

    Columns are the fields of the mutation's input: --list describes them. Case, spaces and punctuation of the
    header mean nothing; an empty cell leaves a field out, `null` clears it; several values are separated by
    semicolons. The exit code is 1 unless every item succeeded.

    Example: multichannel bulk recordExternalSubscription bought.csv --dry-run
    """
    if list_columns:
        typer.echo(_columns(mutation) if mutation else _mutations())
        return
    if mutation is None or file is None:
        raise typer.BadParameter("name a mutation and a file, or --list")
    settings = load_settings(database_url=database_url)
    work = BulkMutation(mutation)
    lines = read_lines(file, work)
    with open_store(settings) as store:
        caller_of = signing_in(settings, store, token_of(token_file, persona))
        if dry_run:
            outcomes = _dry_run(store, work, caller_of, lines)
            results = results or file.with_name(f"{file.name}.dry-run.jsonl")
            results.write_text(
                "".join(f"{json.dumps(each, ensure_ascii=False)}\n" for each in outcomes), "utf-8"
            )
        else:
            results = results or file.with_name(f"{file.name}.results.jsonl")
            with open_results(results, mutation, caller_of()) as kept:
                _run(store, work, caller_of, lines, kept, retries=retry)
                outcomes = [kept.results[line.key] | {"line": line.number} for line in lines]
    _report(mutation, outcomes, results, as_json=as_json, dry_run=dry_run)


def _run(
    store: Store,
    work: BulkMutation,
    caller_of: Callable[[], Caller],
    lines: list[Line],
    kept: ResultsFile,
    *,
    retries: bool,
) -> None:
    """Do what is still to be done; Refused if it cannot go on at the moment."""
    waiting = [line for line in lines if kept.needs(line, retries=retries)]
    failures = 0
    try:
        with _progress(work.name, len(lines), done=len(lines) - len(waiting)) as advance:
            for line in waiting:
                if retries:
                    kept.begin_again(line)
                key = f"{OWN_KEY}{kept.idempotency_key(line)}"
                result = _done(store, work, caller_of(), line, key=key)
                kept.add(line, result)
                failures = failures + 1 if result.status is BulkItemStatus.FAILED else 0
                if failures == MOST_FAILURES:
                    raise Refused(f"Stopped: {result.errors[0]['message']} {_again(kept)}")
                advance()
    except Unauthenticated as fault:
        raise Refused(f"Stopped: {fault.message} {_again(kept)}") from None
    except KeyboardInterrupt:
        raise Refused(f"Stopped. {_again(kept)}") from None
    kept.finish(lines)


def _again(kept: ResultsFile) -> str:
    return f"{kept.path} has {len(kept.results)} results; the same command goes on from there."


def _dry_run(
    store: Store, work: BulkMutation, caller_of: Callable[[], Caller], lines: list[Line]
) -> list[dict[str, Any]]:
    outcomes = []
    with _progress(work.name, len(lines)) as advance:
        for line in lines:
            result = _done(store, work, caller_of(), line, is_dry_run=True)
            outcomes.append(
                {
                    "line": line.number,
                    "status": result.status.value,
                    **({"errors": list(result.errors)} if result.errors else {}),
                    **({} if result.planned is None else {"changes": [*map(_change, result.planned)]}),
                }
            )
            advance()
    return outcomes


def _change(planned: dict[str, Any]) -> dict[str, Any]:
    fields = {each.field: {"old": each.old, "new": each.new} for each in planned["changes"]}
    return {"type": planned["resource_type"], "id": planned["id"], "fields": fields}


def _done(store: Store, work: BulkMutation, caller: Caller, line: Line, **how: Any) -> ItemResult:
    return work.run(store, caller, line.item, **how) if line.problem is None else invalid(line.problem)


@contextmanager
def _progress(name: str, total: int, *, done: int = 0) -> Iterator[Callable[[], None]]:
    """A bar of items on a terminal; what advances it."""
    with progress_bars() as progress:
        task = progress.add_task(name, total=total, completed=done)
        yield lambda: progress.advance(task)


def _report(
    mutation: str, outcomes: list[dict[str, Any]], results: Path, *, as_json: bool, dry_run: bool
) -> None:
    counts = Counter(each["status"] for each in outcomes)
    if as_json:
        statuses = {status.value: counts[status.value] for status in BulkItemStatus}
        report = {"mutation": mutation, "dryRun": dry_run, "items": len(outcomes), **statuses}
        typer.echo(json.dumps({**report, "results": str(results)}, indent=2))
    else:
        verb = "would be " if dry_run else ""
        listed = ", ".join(f"{verb}{status} {counts[status]}" for status in BulkItemStatus if counts[status])
        typer.echo(f"{mutation}: {len(outcomes)} items, {listed}. Results: {results}")
        _tell_errors([each for each in outcomes if "errors" in each])
    if counts[BulkItemStatus.SUCCEEDED] != len(outcomes):
        raise typer.Exit(REFUSED)


def _tell_errors(failed: list[dict[str, Any]]) -> None:
    for each in failed[:MOST_SHOWN]:
        for error in each["errors"]:
            at = f" {'.'.join(map(str, error['path']))}" if error.get("path") else ""
            reasons = f" ({', '.join(error['reasons'])})" if error.get("reasons") else ""
            typer.echo(f"  line {each['line']}{at}: {error['code']} {error['message']}{reasons}")
    if len(failed) > MOST_SHOWN:
        typer.echo(f"  and {len(failed) - MOST_SHOWN} more lines, listed in the results file")


def _mutations() -> str:
    """Every mutation with the names of its columns; those that every row needs are marked."""
    blocks = []
    for name in bulk_names():
        columns = ", ".join(
            f"{each.name}*" if each.is_required else each.name
            for each in columns_of(BulkMutation(name).input_type)
        )
        blocks.append(f"{name}\n  {columns}")
    return "\n".join(
        [*blocks, "", "* in every row. For the columns of one: multichannel bulk MUTATION --list"]
    )


def _columns(mutation: str) -> str:
    work = BulkMutation(mutation)
    lines = [work.summary, ""]
    for each in columns_of(work.input_type):
        lines.append(f"{each.name}{'*' if each.is_required else ''}  ({each.values})")
        lines.append(f"  {each.description}")
    return "\n".join([*lines, "", "* in every row."])
