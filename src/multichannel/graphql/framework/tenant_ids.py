"""Ids of tenants: clients know directory ids and global ids, rows hold internal ids (R54)."""

from __future__ import annotations

from collections.abc import Collection

from multichannel.graphql.framework.global_ids import FORM, read_id
from multichannel.policy.schema.resources import RESOURCES
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.read.list_query import ReadableColumn
from multichannel.store.read.reader import Reader

DIRECTORY_ID = ReadableColumn("directory_id", Action.READ_SUMMARY)


def directory_ids(reader: Reader, targets: Collection[str], ids: Collection[str]) -> dict[str, str]:
    """By id, the directory ids of visible tenants of these resource types that have one."""
    found = {}
    for target in targets if ids else ():
        for row_id, record in reader.records(RESOURCES[target], {DIRECTORY_ID}, "id", ids).items():
            if isinstance(directory_id := record.values["directory_id"], str):
                found[row_id] = directory_id
    return found


def row_id_of(value: str) -> str:
    """The id of a row, for a global id; other values stay as they are."""
    return read_id(value)[1] if FORM.fullmatch(value) else value
