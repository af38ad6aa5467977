"""Commands that a signed-in user runs: the policy decides for the user whom an access token names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from multichannel.server.bootstrap import now, open_store
from multichannel.server.callers import signing_in
from multichannel.settings import Settings
from multichannel.store.store import Store
from multichannel.store.users import Caller

VARIABLE = "MULTICHANNEL_TOKEN"

TokenFile = Annotated[
    Path | None,
    typer.Option(
        help=f"A file with the access token of the user who acts. Default: the variable {VARIABLE}.",
        show_default=False,
    ),
]
"""No option takes the token itself: command lines can be read by other users of the machine."""
Persona = Annotated[str | None, typer.Option("--as", help="A persona of the demo who acts.")]


def token_of(path: Path | None, persona: str | None) -> str:
    """The access token of the user who acts; a usage error if there is none."""
    if persona is not None:
        # The demo world is not loaded in production.
        from multichannel.demo.cast import find_persona  # noqa: PLC0415
        from multichannel.demo.issuer import existing_issuer, token  # noqa: PLC0415

        return token(existing_issuer(), find_persona(persona), now())
    written = os.environ.get(VARIABLE, "") if path is None else path.read_text(encoding="ascii")
    if not written.strip():
        message = f"the user who acts is missing: set {VARIABLE}, or use --token-file or --as"
        raise typer.BadParameter(message)
    return written.strip()


@contextmanager
def open_as_caller(
    settings: Settings, token_file: Path | None, persona: str | None
) -> Iterator[tuple[Store, Caller]]:
    """The store, and the user whom the token names."""
    token = token_of(token_file, persona)
    with open_store(settings) as store:
        yield store, signing_in(settings, store, token)()
