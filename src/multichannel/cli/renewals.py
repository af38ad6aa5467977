"""`multichannel renewals`: what ends soon, by partner, as a signed-in user sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from multichannel.cli.caller import Persona, TokenFile, open_as_caller
from multichannel.cli.options import ByteOrderMark, DatabaseUrl, ExportFile
from multichannel.cli.table_files import TableFormat, open_table
from multichannel.errors import BadInput
from multichannel.graphql.export.lists import ListExport
from multichannel.settings import load_settings
from multichannel.workbench.pages import document, render_template, stylesheet

FURTHEST = 3650
_FIELDS: Final = {
    "partner": "billingPartner.name",
    "customer": "customer.companyName",
    "subscription": "friendlyName",
    "offer": "offerName",
    "channel": "channel",
    "status": "status",
    "quantity": "quantity",
    "ends": "commitmentEndDate",
    "renews": "autoRenewEnabled",
    "id": "id",
}
_ELSEWHERE: Final = "Bought elsewhere"


class ReportFormat(StrEnum):
    """The formats of the report."""

    TABLE = "table"
    CSV = "csv"
    HTML = "html"


@dataclass(frozen=True, slots=True)
class PartnerRenewals:
    """What ends of one partner, the earliest first; of none, what was bought elsewhere."""

    partner: str
    rows: Sequence[Mapping[str, Any]]

    @property
    def summary(self) -> str:
        """How many there are, how many of them renew, and with how many licenses."""
        renewing = sum(row["renews"] is True for row in self.rows)
        quantity = sum(row["quantity"] or 0 for row in self.rows)
        return f"{len(self.rows)} in all, {renewing} renewing, quantity {quantity:,}"


def renewals_command(
    days: Annotated[int, typer.Option(help="Look so many days ahead.", min=1, max=FURTHEST)] = 30,
    made_as: Annotated[
        ReportFormat, typer.Option("--format", help="Format of the report.", case_sensitive=False)
    ] = ReportFormat.TABLE,
    output: ExportFile = None,
    bom: ByteOrderMark = False,
    token_file: TokenFile = None,
    persona: Persona = None,
    database_url: DatabaseUrl = None,
) -> None:
    """List subscriptions whose term ends within some days, by partner, as a user sees them.

    Each with its customer, channel, quantity, and whether it renews by itself. What was bought elsewhere
    stands at the end, in a group of its own.

    Example: multichannel renewals --days 60 --format html --output renewals.html
    """
    if bom and made_as is not ReportFormat.CSV:
        raise BadInput("--bom is for CSV.")
    with open_as_caller(load_settings(database_url=database_url), token_file, persona) as (store, caller):
        begin = store.clock()
        export = ListExport(
            "subscriptions", list(_FIELDS.values()), [_ending(begin, days)], "COMMITMENT_END_DATE"
        )
        groups = _by_partner([dict(zip(_FIELDS, row, strict=True)) for row in export.rows(store, caller)])
    title = f"Terms that end by {begin + timedelta(days=days):%Y-%m-%d}"
    if made_as is ReportFormat.CSV:
        with open_table(output, TableFormat.CSV, list(_FIELDS), bom=bom) as write:
            for row in (row for group in groups for row in group.rows):
                write([row[name] for name in _FIELDS])
    elif made_as is ReportFormat.HTML:
        _print(_page(groups, title), output)
    elif output is not None:
        with output.open("w", encoding="utf-8") as file:
            _render(Console(file=file, width=160), groups, title)
    else:
        _render(Console(), groups, title)


def _ending(begin: datetime, days: int) -> str:
    """The filter for what has not ended yet, and ends within the days."""
    end = begin + timedelta(days=days)
    return (
        f'{{commitmentEndDate: {{gte: "{begin.isoformat()}", lt: "{end.isoformat()}"}}, '
        "status: {in: [ACTIVE, SUSPENDED]}}"
    )


def _by_partner(rows: Sequence[Mapping[str, Any]]) -> list[PartnerRenewals]:
    """By name of the partner that bills them, in the order of the rows; what none bills comes last."""

    def partner(row: Mapping[str, Any]) -> tuple[bool, str]:
        is_elsewhere = row["channel"] != "csp"
        return is_elsewhere, _ELSEWHERE if is_elsewhere else row["partner"] or "Another partner"

    ordered = sorted(rows, key=partner)
    return [PartnerRenewals(name, list(each)) for (_, name), each in groupby(ordered, key=partner)]


def _page(groups: Sequence[PartnerRenewals], title: str) -> str:
    content = render_template("cli/renewals.html.jinja", title=title, groups=groups)
    return document(title, content, stylesheet("cli/differences.css"))


def _print(text: str, output: Path | None) -> None:
    if output is None:
        typer.echo(text)
    else:
        output.write_text(text, encoding="utf-8")


def _render(console: Console, groups: Sequence[PartnerRenewals], title: str) -> None:
    console.print(title if groups else f"{title}: none", "", highlight=False)
    for group in groups:
        table = Table(
            box=None, pad_edge=False, title=f"{group.partner}: {group.summary}", title_justify="left"
        )
        for name in ("ends", "renews", "customer", "subscription", "channel", "quantity"):
            table.add_column(name, justify="right" if name == "quantity" else "left", overflow="fold")
        for row in group.rows:
            table.add_row(*(Text(cell) for cell in _cells(row)))
        console.print(table, "")


def _cells(row: Mapping[str, Any]) -> list[str]:
    renews = {True: "yes", False: "no", None: "unknown"}[row["renews"]]
    name = row["subscription"] or row["offer"] or row["id"]
    quantity = "" if row["quantity"] is None else f"{row['quantity']:,}"
    return [row["ends"][:10], renews, row["customer"] or "", name, row["channel"], quantity]
