"""`multichannel export`: lists as files, as a signed-in user sees them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from multichannel.cli.caller import Persona, TokenFile, open_as_caller
from multichannel.cli.export_columns import LISTS, Exported, TableColumn, columns_of, paths_of, required_by
from multichannel.cli.options import ByteOrderMark, DatabaseUrl, ExportFile
from multichannel.cli.progress import progress_bars
from multichannel.cli.table_files import TableFormat, open_table
from multichannel.errors import BadInput
from multichannel.graphql.export.lists import ListExport
from multichannel.settings import load_settings
from multichannel.store.store import Store
from multichannel.store.users import Caller


def export_command(
    exported: Annotated[Exported, typer.Argument(help="What to export.", metavar="LIST")],
    made_as: Annotated[
        TableFormat, typer.Option("--format", help="Format of the table.", case_sensitive=False)
    ] = TableFormat.CSV,
    condition: Annotated[
        str | None,
        typer.Option(
            "--filter",
            help="Only records that match: a filter of the API, or the same as JSON.",
            metavar="FILTER",
        ),
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(
            help="Fields of the API, separated by commas; or `vendor`, or `inventory`.",
            metavar="FIELDS",
            show_default=False,
        ),
    ] = None,
    output: ExportFile = None,
    bom: ByteOrderMark = False,
    token_file: TokenFile = None,
    persona: Persona = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Export customers, subscriptions, relationships or audit records, as a user sees them.

    A column is a field of the record or of one that it refers to, such as customer.companyName. Values that
    the policy withholds are empty, and counted at the end. All rows are of one moment.

    Statuses and other words are the vendor's. `--columns vendor` exports customers or subscriptions in the
    columns of the vendor's own export, which `multichannel import partner-center` reads again; `--columns
    inventory` what `multichannel import inventory` reads. In CSV, text that a spreadsheet would run as a
    formula has an apostrophe before it, which an import takes away again.

    Example: multichannel export subscriptions --filter '{status: {eq: ACTIVE}}' --output active.csv
    """
    if bom and made_as is not TableFormat.CSV:
        raise BadInput("--bom is for CSV.")
    made_of = columns_of(exported, columns)
    export = ListExport(
        LISTS[exported], paths_of(made_of), _all_of(condition, required_by(exported, columns))
    )
    with open_as_caller(load_settings(database_url=database_url), token_file, persona) as (store, caller):
        header = [column.header for column in made_of]
        with (
            _rows(export, store, caller, exported) as rows,
            open_table(output, made_as, header, bom=bom) as write,
        ):
            for row in rows:
                write(_cells(made_of, export, row))
    for path, count in sorted(export.withheld.items()):
        typer.echo(f"Withheld by the policy: {count} values of {path}", err=True)


def _all_of(condition: str | None, required: str | None) -> list[str]:
    return [each for each in (condition, required) if each is not None]


def _cells(columns: Sequence[TableColumn], export: ListExport, row: Sequence[Any]) -> list[Any]:
    fields = {".".join(path.names): value for path, value in zip(export.paths, row, strict=True)}
    return [column.value(fields) for column in columns]


@contextmanager
def _rows(
    export: ListExport, store: Store, caller: Caller, exported: Exported
) -> Iterator[Iterable[list[Any]]]:
    """The rows; a terminal shows how many have been read."""
    with progress_bars() as progress:
        total = export.count(store, caller) if progress.console.is_terminal else None
        yield progress.track(
            export.rows(store, caller), total=total, description=f"Exporting {exported.value}"
        )
