"""`multichannel policy rollback`: reactivates an earlier policy version in all services."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from multichannel.cli.policy.common import Output, PolicyFolder, TextOrJson, folder_of
from multichannel.errors import Refused
from multichannel.policy.deployment.versions import SHORT, KeptVersion, Versions
from multichannel.server.bootstrap import now
from multichannel.settings import load_settings
from multichannel.workbench.rollback import VersionHistory, history, roll_back


def rollback(
    digest: Annotated[
        str | None,
        typer.Argument(help="First characters of the version's digest. Default: the previous version."),
    ] = None,
    list_versions: Annotated[
        bool, typer.Option("--list", help="List the versions that have been active.")
    ] = False,
    release: Annotated[
        bool, typer.Option("--release", help="End the rollback; services use the policy folder again.")
    ] = False,
    policy: PolicyFolder = None,
    output: TextOrJson = "text",
) -> None:
    """Reactivate an earlier policy version.

    All running services switch to it within 5 seconds. It is pinned in MULTICHANNEL_POLICY_VERSIONS and stays
    active, even after restarts, until it is released or the policy folder changes. The files in the policy
    folder are not modified.

    Example: multichannel policy rollback
    """
    if list_versions + release + (digest is not None) > 1:
        raise typer.BadParameter("use only one of a digest, --list and --release")
    versions, folder = Versions(load_settings().policy_versions), folder_of(policy)
    if list_versions:
        message = ""
    elif release:
        message = _release(versions)
    else:
        chosen = roll_back(versions, folder, digest, now())
        message = (
            f"Rolled back to policy {chosen.digest[:SHORT]}. Services switch to it within 5 seconds and keep "
            f"it until `multichannel policy rollback --release`, or until the policy in {folder} changes."
        )
    known = history(versions, folder)
    present = known.present.digest if known.present else ""
    Output("rollback", present, partial(_print, message, known), partial(_body, known)).show(output)


def _release(versions: Versions) -> str:
    try:
        if versions.release():
            return "Rollback released: services follow the policy folder again."
    except OSError as error:
        raise Refused(f"{versions.folder} cannot be written: {error.strerror}") from None
    return "No rollback is active."


def _print(message: str, known: VersionHistory, page: Console) -> None:
    """Print a sentence, or the versions if there is none."""
    if message or not known.versions:
        page.print(message or "No policy version has been active yet.", markup=False)
        return
    table = Table("Digest", "Last activated", "", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for version in known.versions:
        since = version.since.isoformat(sep=" ", timespec="seconds").replace("+00:00", "Z")
        table.add_row(version.digest[:SHORT], since, ", ".join(_states(version, known)))
    page.print(table)


def _states(version: KeptVersion, known: VersionHistory) -> Iterator[str]:
    if known.present is not None and version.digest == known.present.digest:
        yield "current"
    if known.pinned is not None and version.digest == known.pinned.digest:
        yield "pinned"
    if version.digest == known.folder:
        yield "in the policy folder"


def _body(known: VersionHistory) -> dict[str, Any]:
    return {
        "pinned": known.pinned.digest if known.pinned else None,
        "folder": known.folder,
        "versions": [
            {
                "digest": version.digest,
                "since": version.since.isoformat().replace("+00:00", "Z"),
                "states": list(_states(version, known)),
            }
            for version in known.versions
        ],
    }
