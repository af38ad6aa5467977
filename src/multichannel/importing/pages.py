"""Collections and their pages: a page of a collection is not the whole of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

WRAPPERS: Final = ("items", "value")
"""The lists of resources in collections: of the vendor's API, and of OData and PowerShell."""
_TOTALS: Final = ("totalCount", "Count", "@odata.count")
_NEXT: Final = ("nextLink", "@odata.nextLink")
KEPT: Final = frozenset({"attributes", "links", *_TOTALS, *_NEXT})
"""The fields of a collection that say something of its items."""


@dataclass(frozen=True, slots=True)
class CollectionPage:
    """One collection of a file: the kind of its items, how many there are, and how many in all."""

    kind: Any
    count: int
    total: int | None
    has_next: bool

    @classmethod
    def of(cls, collection: Mapping[str, Any], count: int, kind: Any) -> Self:
        """The page that a collection with `count` items is; a total of no more than these says nothing."""
        total = next((each for each in map(collection.get, _TOTALS) if type(each) is int), None)
        links = collection.get("links")
        followed = type(links) is dict and bool(links.get("next"))
        has_next = followed or any(collection.get(name) for name in _NEXT)
        return cls(kind, count, total if total is not None and total > count else None, has_next)

    @property
    def is_part(self) -> bool:
        """Whether there is more than this page."""
        return self.has_next or self.total is not None


def is_collection(resource: Mapping[str, Any]) -> bool:
    """Whether an object says that it is a collection."""
    attributes = resource.get("attributes")
    return type(attributes) is dict and attributes.get("objectType") == "Collection"


def is_page(resource: Mapping[str, Any]) -> bool:
    """Whether an object among others is a collection."""
    return any(type(resource.get(name)) is int for name in _TOTALS) or is_collection(resource)


def incomplete(pages: Iterable[tuple[int, CollectionPage]]) -> Iterator[tuple[int, str]]:
    """The files with pages of which others are missing, by their numbers, and what to tell of each.

    Pages of one kind belong together. They are all there if their items are as many as they say, or if one
    of them is the last.
    """
    groups: defaultdict[Any, list[tuple[int, CollectionPage]]] = defaultdict(list)
    for file, page in pages:
        groups[str(page.kind)].append((file, page))
    for group in groups.values():
        count = sum(page.count for _, page in group)
        has_last = any(not page.has_next for _, page in group)
        for file, page in group:
            missing = not has_last if page.total is None else count < page.total
            if page.is_part and missing:
                extent = f"{page.count:,} of {page.total:,} items" if page.total else "there is a next one"
                sentence = f"This is a page of a longer list ({extent}). Import all its pages together."
                yield file, sentence
