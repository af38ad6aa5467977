"""The command line: one module per group of commands. Exit 0 good, 1 refused, 2 usage, 3 no policy."""

from __future__ import annotations

import io
import sys
from contextlib import suppress
from typing import NoReturn

import typer
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from multichannel.cli.application import app
from multichannel.errors import BadInput, Misconfigured, MultichannelError, PolicyInvalid

REFUSED, USAGE, NO_POLICY = 1, 2, 3


def main() -> None:
    """Run a command; what it refuses is one line on stderr and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # What a terminal's encoding lacks is shown by its number, and fails nothing.
            with suppress(OSError):
                stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except PolicyInvalid as error:
        _fail(f"The policy does not load: {error.message}", NO_POLICY)
    except (Misconfigured, BadInput) as error:
        _fail(error.message, USAGE)
    except MultichannelError as error:
        _fail(error.message, REFUSED)
    except SQLAlchemyError as error:
        _fail(f"The database cannot be used: {_reason(error)}", REFUSED)
    except OSError as error:
        _abandon(error)


def _reason(error: SQLAlchemyError) -> str:
    """What the database itself says, in one line: the rest is statements, and not for people."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return next(iter(str(cause).strip().splitlines()), type(cause).__name__)


def _abandon(error: OSError) -> NoReturn:
    """End where a file, or the output itself, gives or takes no more."""
    try:
        sys.stdout.flush()
    except OSError:
        # Or the interpreter would try once more, and complain.
        with suppress(OSError):
            sys.stdout.close()
    _fail(f"{error.filename or 'The output'}: {error.strerror or error}", USAGE)


def _fail(message: str, code: int) -> NoReturn:
    typer.echo(message, err=True)
    raise SystemExit(code)
