"""One name, one meaning: unique class names, no retired words, a complete glossary."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import multichannel

ROOT = Path(__file__).parents[2]
PACKAGE = Path(multichannel.__file__).parent
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text("utf-8")
TOUR = (ROOT / "docs" / "tour.md").read_text("utf-8")

TYPED_IN_EACH_LAYER = {
    "AuditRecord",
    "BillingProfile",
    "BulkOperation",
    "Customer",
    "CustomerAgreement",
    "DelegatedAdminGrant",
    "Partner",
    "Partnership",
    "ResellerRelationship",
    "Subscription",
    "SupportCase",
    "SupportCaseComment",
    "Transfer",
    "User",
    "VendorTask",
}
"""Nouns of the domain, which name their mapped class and their GraphQL type."""

RETIRED = (
    "aside",
    "asked",
    "books",
    "ears",
    "hush",
    "lapse",
    "ledger",
    "looks",
    "said",
    "sight",
    "told",
    "tried",
    "untold",
    "ways",
    "whatever",
)
"""Words of an earlier vocabulary; the glossary has what to write instead."""


@cache
def _trees() -> list[tuple[str, ast.Module]]:
    return [
        (str(path.relative_to(PACKAGE)), ast.parse(path.read_text("utf-8")))
        for path in sorted(PACKAGE.rglob("*.py"))
    ]


def _defined(tree: ast.Module) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _words(name: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)]


def test_no_class_name_stands_twice() -> None:
    places = defaultdict(list)
    for file, tree in _trees():
        for node in _defined(tree):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(file)

    repeated = {name: files for name, files in places.items() if len(files) > 1}
    assert {name: files for name, files in repeated.items() if name not in TYPED_IN_EACH_LAYER} == {}


def test_no_name_is_made_of_a_retired_word() -> None:
    found = [
        f"{file}:{node.lineno} {node.name}"
        for file, tree in _trees()
        for node in _defined(tree)
        if set(_words(node.name)) & set(RETIRED)
    ]
    assert found == []


def test_no_module_is_named_by_a_retired_word() -> None:
    assert [file for file, _ in _trees() if set(re.split(r"[/_.]", file)) & set(RETIRED)] == []


def test_the_glossary_has_every_class_that_the_tour_names() -> None:
    classes = {node.name for _, tree in _trees() for node in _defined(tree) if isinstance(node, ast.ClassDef)}
    named = {
        word for word in re.findall(r"`([A-Za-z_.]+)`", TOUR) for word in word.split(".") if word in classes
    }

    assert named
    assert sorted(name for name in named if f"`{name}`" not in GLOSSARY) == []
