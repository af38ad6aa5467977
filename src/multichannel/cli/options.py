"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from multichannel.errors import Misconfigured

DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        help="Database URL. Default: MULTICHANNEL_DATABASE_URL, else .multichannel/multichannel.db.",
        show_default=False,
    ),
]
ExportFile = Annotated[
    Path | None, typer.Option(help="File to write. Default: the standard output.", metavar="FILE")
]
ByteOrderMark = Annotated[
    bool, typer.Option("--bom", help="Begin CSV with a byte order mark, so that Excel reads UTF-8.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Host = Annotated[str | None, typer.Option(help="Address to listen on.")]
Port = Annotated[int | None, typer.Option(help="Port to listen on; 0 picks a free port.")]
Workers = Annotated[int | None, typer.Option(help="Number of worker processes.")]
Shadow = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="Folder of a candidate policy. Requests it would decide differently are logged."
    ),
]


def nonzero_guid(value: UUID | None) -> UUID | None:
    """Reject the GUID of zeros, which identifies nothing."""
    if value is not None and not value.int:
        raise typer.BadParameter("the all-zero GUID is not a valid id")
    return value


def write(text: str, path: Path) -> None:
    """Write a file; Misconfigured if that fails."""
    try:
        path.write_text(text, "utf-8", newline="")
    except OSError as error:
        raise Misconfigured(f"{path} cannot be written: {error.strerror}") from None
