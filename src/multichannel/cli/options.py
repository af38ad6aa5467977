"""Options that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer

DatabaseUrl = Annotated[
    str | None,
    typer.Option(help="The database; else MULTICHANNEL_DATABASE_URL, else .multichannel/multichannel.db."),
]
