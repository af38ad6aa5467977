"""`multichannel policy rollback`: a former version in force again, in every process, until it is released."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.table import Table

from multichannel.cli.policy.common import PolicyFolder, console, folder_of, print_json
from multichannel.errors import Refused
from multichannel.policy.deployment.versions import SHORT, Version, Versions
from multichannel.server.bootstrap import now
from multichannel.settings import load_settings
from multichannel.workbench.rollback import History, history, roll_back


class Format(StrEnum):
    """How to print."""

    TEXT = "text"
    JSON = "json"


def rollback(
    digest: Annotated[
        str | None, typer.Argument(help="How its digest begins; else the version before the present one.")
    ] = None,
    listing: Annotated[bool, typer.Option("--list", help="List the versions that were in force.")] = False,
    release: Annotated[bool, typer.Option("--release", help="Let the policy folder count again.")] = False,
    policy: PolicyFolder = None,
    output: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.TEXT,
) -> None:
    """Re-activate an earlier policy version.

    All running services switch to it within 5 seconds. It is pinned in MULTICHANNEL_POLICY_VERSIONS and stays
    active, also after restarts, until it is released or the policy folder changes. The files in the policy
    folder are not modified.

    Example: multichannel policy rollback
    """
    if listing + release + (digest is not None) > 1:
        raise typer.BadParameter("give one of a digest, --list and --release")
    versions, folder = Versions(load_settings().policy_versions), folder_of(policy)
    if listing:
        told = _listed(history(versions, folder), output)
    elif release:
        told = _released(versions)
    else:
        chosen = roll_back(versions, folder, digest, now())
        told = (
            f"Policy {chosen.digest[:SHORT]} is pinned. Services take it up within 5 seconds, and keep it "
            f"until `multichannel policy rollback --release`, or until {folder} holds another than now."
        )
    if output is Format.TEXT and told:
        console().print(told, markup=False)
    if output is Format.JSON:
        found = history(versions, folder)
        print_json("rollback", found.present.digest if found.present else "", _as_json(found))


def _released(versions: Versions) -> str:
    try:
        return "The policy folder counts again." if versions.release() else "Nothing was pinned."
    except OSError as error:
        raise Refused(f"{versions.folder} cannot be written: {error.strerror}") from None


def _listed(known: History, output: Format) -> str:
    """Print the table; what is left to say where there is none."""
    if not known.versions or output is Format.JSON:
        return "" if known.versions else "No policy has been in force here yet."
    table = Table("Digest", "Last put in force", "", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for version in known.versions:
        since = version.since.isoformat(sep=" ", timespec="seconds").replace("+00:00", "Z")
        table.add_row(version.digest[:SHORT], since, ", ".join(_marks(version, known)))
    console().print(table)
    return ""


def _marks(version: Version, known: History) -> Iterator[str]:
    if known.present is not None and version.digest == known.present.digest:
        yield "in force"
    if known.pinned is not None and version.digest == known.pinned.digest:
        yield "pinned"
    if version.digest == known.folder:
        yield "in the policy folder"


def _as_json(known: History) -> dict[str, Any]:
    return {
        "pinned": known.pinned.digest if known.pinned else None,
        "folder": known.folder,
        "versions": [
            {
                "digest": version.digest,
                "since": version.since.isoformat().replace("+00:00", "Z"),
                "states": list(_marks(version, known)),
            }
            for version in known.versions
        ],
    }
