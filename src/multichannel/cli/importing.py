"""`multichannel import`: data from other systems."""

from __future__ import annotations

import gc
import json
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import DownloadColumn, Progress, TaskID
from sqlalchemy.exc import IntegrityError

from multichannel.cli.options import AsJson, DatabaseUrl, nonzero_guid
from multichannel.cli.progress import progress_bars
from multichannel.domain.base import GUID_FORM
from multichannel.domain.commerce import Channel
from multichannel.errors import Refused
from multichannel.importing.differences import MEANINGS
from multichannel.importing.export import Export, ImportProgress
from multichannel.importing.inventory import DateOrder, Decimals, InventoryFormat
from multichannel.importing.report import ImportRefused, ImportReport
from multichannel.server.bootstrap import open_store
from multichannel.services.imports import ImportOptions, import_export
from multichannel.services.imports.inventory import import_inventory
from multichannel.services.imports.matching import NEW
from multichannel.settings import Settings, load_settings
from multichannel.workbench.pages import document, render_template, stylesheet

app = typer.Typer(no_args_is_help=True, help="Import data from other systems.")

REFUSED = 1
COLLECTIONS = (10_000, 20, 20)


@app.command("partner-center")
def partner_center(
    files: Annotated[list[Path], typer.Argument(help="Exported JSON files, in any order.", metavar="FILE")],
    partner: Annotated[UUID, typer.Option(help="Tenant id of the exporting partner.", callback=nonzero_guid)],
    customer: Annotated[
        UUID | None,
        typer.Option(help="Customer to assign items to if they do not name one.", callback=nonzero_guid),
    ] = None,
    reopen: Annotated[
        bool,
        typer.Option(
            "--reopen-relationships",
            help="Open relationships again that were removed or canceled here, or have expired.",
        ),
    ] = False,
    link: Annotated[
        list[str] | None,
        typer.Option(
            help="Which subscription made here one of the export is, or `new`; asked for by the report.",
            metavar="VENDOR_ID=ID",
        ),
    ] = None,
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="Store what can be stored, and write the rest to a file.")
    ] = False,
    rejects: Annotated[
        Path, typer.Option(help="Where --keep-going writes the rejected items.", metavar="FILE")
    ] = Path("rejects.json"),
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Store nothing, and show what would change.")
    ] = False,
    html: Annotated[
        Path | None, typer.Option(help="Write the differences of a dry run as a page.", metavar="FILE")
    ] = None,
    as_json: AsJson = False,
    database_url: DatabaseUrl = None,
) -> None:
    """Import responses of the Partner Center API: customers, subscriptions, partner relationships, transfers.

    All files are stored in one transaction. If any item is invalid, nothing is stored and the report lists
    the errors, unless --keep-going is given: fix the file of rejected items, and import it. The exit code is
    1 if any item was rejected. Importing the same files again changes nothing.

    Example: multichannel import partner-center customers.json subscriptions.json
    --partner 7a1c9e52-51d7-4c9a-8d1b-0f4f3f3b2a10
    """
    if html is not None and not dry_run:
        raise typer.BadParameter("--html shows the differences of a --dry-run")
    settings = load_settings(database_url=database_url)
    collect_rarely()
    options = ImportOptions(
        reopens=reopen, keeps_going=keep_going, is_dry_run=dry_run, links=_links(link or [])
    )
    with progress_bars(DownloadColumn()) as progress:
        export = Export(
            files,
            default_customer=None if customer is None else str(customer),
            progress=ProgressBar(progress),
        )
        report = _import(settings, str(partner), export, options)
    if report.stored and report.rejected_total:
        _write_rejects(rejects, export, report)
    if html is not None and report.is_dry_run:
        html.write_text(_page(report), encoding="utf-8")
    if as_json:
        typer.echo(json.dumps(report.as_json(), ensure_ascii=False, indent=2))
    else:
        report.render(Console())
    if report.rejected_total or not (report.stored or report.is_dry_run):
        raise typer.Exit(REFUSED)


@app.command("inventory")
def inventory(
    file: Annotated[Path, typer.Argument(help="A table (CSV) with a header.", metavar="FILE")],
    customer: Annotated[UUID, typer.Option(help="Tenant id of the customer.", callback=nonzero_guid)],
    channel: Annotated[
        Channel | None, typer.Option(help="Channel of rows that name none.", case_sensitive=False)
    ] = None,
    dates: Annotated[
        DateOrder,
        typer.Option(help="Order of year, month and day; 2026-04-03 is always read."),
    ] = DateOrder.YMD,
    numbers: Annotated[
        Decimals, typer.Option(help="What separates fractions; the other one groups thousands.")
    ] = Decimals.POINT,
    as_json: AsJson = False,
    database_url: DatabaseUrl = None,
) -> None:
    """Import a customer's own list of what it bought elsewhere, as its own records.

    Columns: product (required), name, channel, billing (license or usage), quantity, status, end, term,
    renews and id. Each has other names as well, such as seats for quantity; case, spaces and punctuation mean
    nothing. The same list again changes nothing; a later one changes name, quantity, end and renewal.

    Example: multichannel import inventory bought.csv --customer 0a1b6c52-7f0d-4e57-9c1b-1d2f0e6a9b01
    --channel ea --dates dmy --numbers comma
    """
    how = InventoryFormat(dates=dates, decimals=numbers, channel=channel)
    try:
        with open_store(load_settings(database_url=database_url)) as store:
            report = import_inventory(store, str(customer), file, how)
    except ImportRefused as refused:
        report = refused.report
    if as_json:
        typer.echo(json.dumps(report.as_json(), ensure_ascii=False, indent=2))
    else:
        report.render(Console())
    if not report.stored:
        raise typer.Exit(REFUSED)


def collect_rarely() -> None:
    """Search for garbage less often: an import makes many objects, and few that refer to each other."""
    gc.freeze()
    gc.set_threshold(*COLLECTIONS)


def _links(answers: list[str]) -> dict[str, str]:
    links = {}
    for answer in answers:
        vendor_id, _, row_id = answer.lower().partition("=")
        if not (GUID_FORM.fullmatch(vendor_id) and (row_id == NEW or GUID_FORM.fullmatch(row_id))):
            raise typer.BadParameter(
                f"{answer!r} is not VENDOR_ID=ID or VENDOR_ID={NEW}", param_hint="--link"
            )
        links[vendor_id] = row_id
    return links


def _write_rejects(path: Path, export: Export, report: ImportReport) -> None:
    """Write a file that can be imported again; it may take the place of one of the imported files."""
    written = path.with_name(f".{path.name}.tmp")
    items = list(export.rejected(report))
    content = {"totalCount": len(items), "items": items}
    written.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
    written.replace(path)
    report.rejects = str(path)


def _page(report: ImportReport) -> str:
    differences = report.differences
    counts = sorted(differences.counts.items())
    content = render_template(
        "cli/differences.html.jinja",
        counts=[(number, kind, change, MEANINGS[change]) for (change, kind), number in counts],
        listed=differences.listed,
        unlisted=sum(differences.counts.values()) - len(differences.listed),
    )
    return document("What the import would change", content, stylesheet("cli/differences.css"))


class ProgressBar(ImportProgress):
    """Shows on a terminal how many bytes have been read."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None

    def begin(self, step: str, size: int) -> None:
        """Replace the bar by a new one."""
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._task = self._progress.add_task(step, total=size)

    def advance(self, size: int) -> None:
        """Advance the bar."""
        if self._task is not None:
            self._progress.advance(self._task, size)


def _import(settings: Settings, partner_id: str, export: Export, options: ImportOptions) -> ImportReport:
    """The report, whether stored or not."""
    try:
        with open_store(settings) as store:
            return import_export(store, partner_id, export, options)
    except ImportRefused as refused:
        return refused.report
    except IntegrityError:
        raise Refused("Conflict with another change; nothing was stored. Import again.") from None
