"""The command line: one module per group of commands. Exit 0 good, 1 refused, 2 usage, 3 no policy."""

from __future__ import annotations

import typer

from multichannel.cli.application import app
from multichannel.errors import BadInput, Misconfigured, MultichannelError, PolicyInvalid

REFUSED, USAGE, NO_POLICY = 1, 2, 3


def main() -> None:
    """Run a command; what it refuses is one line on stderr and an exit code."""
    try:
        app()
    except PolicyInvalid as error:
        _fail(f"The policy does not load: {error.message}", NO_POLICY)
    except (Misconfigured, BadInput) as error:
        _fail(error.message, USAGE)
    except MultichannelError as error:
        _fail(error.message, REFUSED)


def _fail(message: str, code: int) -> None:
    typer.echo(message, err=True)
    raise SystemExit(code)
