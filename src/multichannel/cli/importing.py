"""`multichannel import`: what partners hold elsewhere, brought in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from sqlalchemy.exc import IntegrityError

from multichannel.cli.options import DatabaseUrl
from multichannel.errors import Refused
from multichannel.importing.export import Export
from multichannel.importing.report import ImportRefused, ImportReport
from multichannel.server.bootstrap import open_store
from multichannel.services.imports import import_export
from multichannel.settings import Settings, load_settings

app = typer.Typer(no_args_is_help=True, help="What partners hold elsewhere, brought in.")

REFUSED = 1


def _tenant(value: UUID | None) -> UUID | None:
    if value is not None and not value.int:
        message = "the GUID of zeros is no tenant"
        raise typer.BadParameter(message)
    return value


@app.callback()
def _group() -> None:
    """Keep the command's name even while there is one."""


@app.command("partner-center")
def partner_center(
    files: Annotated[list[Path], typer.Argument(help="Exported JSON, in any order.", metavar="FILE...")],
    partner: Annotated[
        UUID, typer.Option(help="The tenant id of the partner that exported.", callback=_tenant)
    ],
    customer: Annotated[
        UUID | None,
        typer.Option(help="Whose the items are that name no customer.", callback=_tenant),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    database_url: DatabaseUrl = None,
) -> None:
    """Import what the Partner Center API returns: customers, subscriptions, partner relationships, transfers.

    All files are stored together; if anything in them is wrong, nothing is, and the report says what.
    Importing the same again changes nothing.

    Example: multichannel import partner-center customers.json subscriptions.json
    --partner 7a1c9e52-51d7-4c9a-8d1b-0f4f3f3b2a10
    """
    settings = load_settings(database_url=database_url)
    with _progress() as progress:
        export = Export(
            files,
            default_customer=None if customer is None else str(customer),
            progress=ProgressBar(progress),
        )
        report = _import(settings, str(partner), export)
    if as_json:
        typer.echo(json.dumps(report.as_json(), ensure_ascii=False, indent=2))
    else:
        report.render(Console())
    if not report.stored:
        raise typer.Exit(REFUSED)


class ProgressBar:
    """The bytes read, on a terminal."""

    def __init__(self, progress: Progress) -> None:
        """Draw on this display."""
        self._progress = progress
        self._task: TaskID | None = None

    def begin(self, step: str, size: int) -> None:
        """Start a new bar in place of the last."""
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._task = self._progress.add_task(step, total=size)

    def advance(self, size: int) -> None:
        """Move it."""
        if self._task is not None:
            self._progress.advance(self._task, size)


def _progress() -> Progress:
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _import(settings: Settings, partner_id: str, export: Export) -> ImportReport:
    """The report, whether stored or not."""
    try:
        with open_store(settings) as store:
            return import_export(store, partner_id, export)
    except ImportRefused as refused:
        return refused.report
    except IntegrityError:
        message = "Somebody else stored some of this at the same moment; nothing was stored. Import again."
        raise Refused(message) from None
