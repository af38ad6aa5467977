"""The command line: one module per group of commands.

Exit codes: 0 success, 1 refused or findings, 2 usage, 3 the policy does not load, 4 a fault of this program.
Start with `application.py`, which lists the commands. May import every package, but no database driver, Oso,
Strawberry or graphql-core.
"""

from __future__ import annotations

import io
import sys
import traceback
from contextlib import suppress
from typing import NoReturn

import typer

from multichannel.cli.application import app
from multichannel.errors import BadInput, DatabaseUnavailable, Misconfigured, MultichannelError, PolicyInvalid

REFUSED, USAGE, NO_POLICY, CRASHED = 1, 2, 3, 4


def main() -> None:
    """Run a command; an expected error is one line on stderr and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A character that the terminal's encoding lacks is printed as an escape instead of raising.
            with suppress(OSError):
                stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except PolicyInvalid as error:
        _fail(f"The policy does not load: {error.message}", NO_POLICY)
    except (Misconfigured, BadInput) as error:
        _fail(error.message, USAGE)
    except DatabaseUnavailable as error:
        _fail(f"Database error: {error.reason}", REFUSED)
    except MultichannelError as error:
        _fail(error.message, REFUSED)
    except OSError as error:
        _fail_output(error)
    except Exception as error:  # noqa: BLE001  (told with its traceback, under an exit code of its own)
        reason = _database_error(error)
        if reason is None:
            traceback.print_exception(error)
            _fail("This is a fault of this program: nothing is known of what it was asked for.", CRASHED)
        _fail(f"Database error: {reason}", REFUSED)


def _database_error(error: Exception) -> str | None:
    """The first line of the database's own message, without the statement; None for other errors."""
    from sqlalchemy.exc import DBAPIError, SQLAlchemyError  # noqa: PLC0415  (many commands need no database)

    if not isinstance(error, SQLAlchemyError):
        return None
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return next(iter(str(cause).strip().splitlines()), type(cause).__name__)


def _fail_output(error: OSError) -> NoReturn:
    """End where a file cannot be read or written, or the output is closed."""
    try:
        sys.stdout.flush()
    except OSError:
        # Otherwise the interpreter flushes once more at exit and prints a traceback.
        with suppress(OSError):
            sys.stdout.close()
    _fail(f"{error.filename or 'output'}: {error.strerror or error}", USAGE)


def _fail(message: str, code: int) -> NoReturn:
    typer.echo(message, err=True)
    raise SystemExit(code)
