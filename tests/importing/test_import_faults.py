"""Whatever goes wrong, nothing of an import is stored, and what is wrong is said once."""

from __future__ import annotations

import json
import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from multichannel.importing.export import ImportProgress
from tests.databases import sqlite_first
from tests.importing.books import (
    Books,
    Payload,
    codes,
    counts,
    customer,
    guid,
    only,
    reseller,
    subscription,
    transfer,
)

pytestmark = sqlite_first
Damage = Callable[[Payload], Any]
KINDS = {
    "customer": customer("meadow"),
    "subscription": subscription("mail", of="meadow"),
    "reseller": reseller("dogwood"),
    "transfer": transfer("move"),
}
DATES = {"subscription": "creationDate", "transfer": "createdTime"}


class Fault(Exception):
    """Injected."""


class FailsAt(ImportProgress):
    """A watcher that breaks off at a step."""

    def __init__(self, step: str, act: Callable[[], object]) -> None:
        """Act when the step begins."""
        self._step = step
        self._act = act

    def begin(self, step: str, size: int) -> None:
        del size
        if step == self._step:
            self._act()


def encoded(payload: object) -> bytes:
    return json.dumps(payload).encode()


DAMAGES: dict[str, tuple[str, Callable[[Payload], bytes]]] = {
    "wrong type": ("WRONG_TYPE", lambda item: encoded(item | {"id": 7})),
    "missing id": ("MISSING", lambda item: encoded({k: v for k, v in item.items() if k != "id"})),
    "placeholder GUID": ("NOT_A_GUID", lambda item: encoded(item | {"id": "{customer-id}"})),
    "trailing garbage": ("TRAILING_GARBAGE", lambda item: encoded(item) + b" x"),
    "cut off": ("NOT_JSON", lambda item: encoded(item)[:-9]),
    "not JSON": ("NOT_JSON", lambda _: b"<html>Sign in</html>"),
    "empty": ("EMPTY_FILE", lambda _: b""),
    "50 MB in one text": ("ITEM_TOO_LARGE", lambda item: encoded(item | {"name": "x" * 50_000_000})),
    "unknown kind": ("UNKNOWN_KIND", lambda item: encoded(item | {"attributes": {"objectType": "Invoice"}})),
    "no kind": ("MISSING", lambda item: encoded(item | {"attributes": {}})),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_damage_is_one_clear_error_and_changes_nothing(books: Books, kind: str) -> None:
    good = books.write_file(subscription("phone", of="quarry"), name="good.json")
    damages = dict(DAMAGES)
    if kind in DATES:
        dated = KINDS[kind] | {DATES[kind]: "{date}"}
        damages["placeholder date"] = ("NOT_A_DATE", lambda _: encoded(dated))
    before = books.dump()

    for name, (code, damage) in damages.items():
        bad = books.folder / "bad.json"
        bad.write_bytes(damage(KINDS[kind]))
        report = books.load_files(good, bad)

        assert codes(report) == [code], name
        rejection = report.files[1].rejections[0]
        assert rejection.message.endswith(".")
        assert "\n" not in rejection.message
        assert not report.stored
        assert counts(report) == dict.fromkeys(counts(report), 0)
    assert books.dump() == before


def test_all_damage_in_all_files_is_found_at_once(books: Books) -> None:
    paths = [books.write_file(customer("meadow") | {"id": "?"}, name=f"{n}.json") for n in range(3)]

    report = books.load_files(paths[0], books.folder / "absent.json", books.folder, *paths[1:])

    assert codes(report) == ["NOT_A_GUID", "FILE_MISSING", "IS_A_DIRECTORY", "NOT_A_GUID", "NOT_A_GUID"]


def test_a_pipe_is_refused_without_waiting_for_it(books: Books) -> None:
    pipe = books.folder / "pipe"
    os.mkfifo(pipe)

    assert codes(books.load_files(pipe)) == ["IS_A_STREAM"]


def test_a_fault_half_way_stores_nothing(books: Books) -> None:
    path = books.write_file(*KINDS.values())
    before = books.dump()

    def fail() -> None:
        raise Fault

    with pytest.raises(Fault):
        books.load_files(path, progress=FailsAt("Storing TransferEntity", fail))

    assert books.dump() == before
    assert counts(books.load_files(path))["created"] == len(KINDS)


def test_a_file_that_changes_while_it_is_imported_is_refused(books: Books) -> None:
    path = books.write_file(*KINDS.values())
    before = books.dump()

    report = books.load_files(
        path, progress=FailsAt("Storing Subscription", lambda: books.write_file(customer("meadow")))
    )

    assert codes(report) == ["FILE_CHANGED"]
    assert books.dump() == before


def write_subscriptions(path: Path, number: int) -> None:
    """Subscriptions of a fifth as many customers, an add-on now and then before its base."""
    with path.open("w") as file:
        file.write('{"items": [')
        for index in range(number):
            base = {"parentSubscriptionId": guid(f"s{index + number // 5}")} if index % 10 == 0 else {}
            item = subscription(f"s{index}", of=f"c{index * 7 % max(1, number // 5)}", **base)
            file.write(("," if index else "") + json.dumps(item))
        file.write("]}")


def test_memory_does_not_grow_with_the_file(books: Books) -> None:
    path = books.folder / "many.json"
    write_subscriptions(path, 5)
    books.load_files(path)  # what is loaded once is not counted
    write_subscriptions(path, 2500)

    tracemalloc.start()
    report = books.load_files(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert counts(report)["created"] >= 2495
    assert peak < 13 * 1024 * 1024
    assert only([row for row in books.table("subscriptions") if row["vendor_id"] == guid("s10")])["parent_id"]
