"""A page of a longer list is not stored as if it were the whole."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.databases import sqlite_first
from tests.importing.books import Books, Payload, codes, counts, customer, subscription

pytestmark = sqlite_first
NEXT = {"next": {"uri": "/customers?size=1&seekOperation=Next"}}


def page(*items: Payload, total: int | None = None, more: bool = False, **fields: Any) -> Payload:
    collection: Payload = {"items": list(items), "links": NEXT if more else {}, **fields}
    return collection if total is None else {"totalCount": total, **collection}


def mails(first: int, last: int) -> list[Payload]:
    return [subscription(f"mail {number}", of="meadow") for number in range(first, last)]


def written(books: Books, *contents: object) -> list[Path]:
    paths = [books.folder / f"{number}.json" for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_text(json.dumps(content))
    return paths


@pytest.mark.parametrize(
    "contents",
    [
        [page(*mails(0, 1), total=1200, more=True)],
        [page(*mails(0, 1), total=3)],
        [page(*mails(0, 1), total=1, more=True)],
        [page(*mails(0, 1), more=True)],
        [{"value": mails(0, 2), "@odata.nextLink": "https://x.example"}],
        [[page(*mails(0, 1), total=3), page(*mails(1, 2), total=3)]],
        [page(*mails(0, 1), total=3, more=True), page(*mails(1, 2), total=3)],
        [page(*mails(0, 1), more=True), page(customer("meadow"), total=1)],
    ],
)
def test_a_page_alone_is_refused_and_the_rest_is_asked_for(books: Books, contents: Sequence[object]) -> None:
    before = books.dump()

    report = books.load_files(*written(books, *contents))

    assert set(codes(report)) == {"INCOMPLETE_PAGES"}
    assert "Import all its pages together." in report.files[0].rejections[0].message
    assert not report.stored
    assert books.dump() == before


@pytest.mark.parametrize(
    "contents",
    [
        [page(*mails(0, 2), total=3, more=True), page(*mails(2, 3), total=3)],
        [[page(*mails(0, 2), total=3, more=True), page(*mails(2, 3), total=3)]],
        [page(*mails(0, 2), more=True), page(*mails(2, 3))],
        [page(*mails(0, 3), total=3)],
        [{"value": mails(0, 3), "Count": 3}],
    ],
)
def test_all_pages_together_are_the_whole(books: Books, contents: Sequence[object]) -> None:
    report = books.load_files(*written(books, *contents))

    assert (codes(report), counts(report)["created"]) == ([], 3)


@pytest.mark.parametrize(
    "content",
    [
        {"totalCount": 0, "attributes": {"objectType": "Collection"}},
        {"value": [], "Count": 0},
        [],
        [{"totalCount": 0, "items": [], "attributes": {"objectType": "Collection"}}],
    ],
)
def test_nothing_to_import_is_no_fault(books: Books, content: object) -> None:
    report = books.load_files(*written(books, content, mails(0, 1)))

    assert (report.stored, counts(report)["created"]) == (True, 1)
