"""`docs/rules.md` says what became of each business rule and each cell of the role matrix, and is right."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from multichannel.domain.users import Role
from multichannel.policy.decide.policy import Policy
from multichannel.policy.language.source import PolicySource
from multichannel.policy.schema.resources import RESOURCES, Resource

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "rules.md").read_text("utf-8")
RULES = re.findall(r"^\| R(\d+) \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE)
NOT_HERE = "does not apply: "
CELLS = re.findall(r"^\| ([a-z].+?) \| `([^`]+)` \| ((?:[yo-] \| ){7})(.*?) ?\|$", PAGE, re.MULTILINE)
ROLES = (
    Role.GLOBAL_ADMIN,
    Role.USER_MANAGEMENT_ADMIN,
    Role.BILLING_ADMIN,
    Role.ADMIN_AGENT,
    Role.SALES_AGENT,
    Role.HELPDESK_AGENT,
    Role.ACCOUNT_ADMIN,
)


@cache
def _tests(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / "tests" / file).read_text("utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def _named_after_rules() -> Iterator[tuple[str, str]]:
    for path in (ROOT / "tests").rglob("test_*.py"):
        for name in _tests(str(path.relative_to(ROOT / "tests"))):
            for number in re.findall(r"(?:^|_)r(\d+)(?=_|$)", name) if name.startswith("test_") else ():
                yield number, name


def test_every_rule_has_one_row() -> None:
    assert [int(number) for number, _, _ in RULES] == [*range(1, 54)]


@pytest.mark.parametrize(("number", "told", "proof"), RULES, ids=[f"R{number}" for number, _, _ in RULES])
def test_a_rule_is_tested_by_name_or_does_not_apply_for_a_reason(number: str, told: str, proof: str) -> None:
    assert told
    if proof.startswith(NOT_HERE):
        assert proof.removeprefix(NOT_HERE)
        assert number not in {found for found, _ in _named_after_rules()}
        return
    file, _, name = proof.strip("`").partition("::")
    assert name in _tests(file)
    assert number in re.findall(r"(?:^|_)r(\d+)(?=_|$)", name)


def test_every_file_a_rule_names_exists() -> None:
    named = {found for _, told, _ in RULES for found in re.findall(r"`([\w/]+\.(?:py|polar))`", told)}
    folders = (ROOT / "policies", ROOT / "src" / "multichannel")
    missing = [file for file in named if not any((folder / file).is_file() for folder in folders)]

    assert named
    assert missing == []


@pytest.mark.parametrize(
    ("row", "decided", "cells", "note"), CELLS, ids=[f"{row}, {by}" for row, by, _, _ in CELLS]
)
def test_the_role_matrix_is_what_the_policy_grants(
    shipped_policy: Policy, row: str, decided: str, cells: str, note: str
) -> None:
    """`y` is granted, `o` is granted where every choice is on, `-` is neither."""
    kind, action, standing = re.fullmatch(r"(\w+)\.(\w+) as (\w+)", decided).groups()  # type: ignore[union-attr]  # or it fails
    resource = RESOURCES[kind]
    granted = _granted(shipped_policy, resource, action, standing)
    marks = [cell.strip() for cell in cells.split("|")[:-1]]
    said = {role.value for role, mark in zip(ROLES, marks, strict=True) if mark == "y"}

    assert said == granted, (row, note)
    off = {role.value for role, mark in zip(ROLES, marks, strict=True) if mark == "o"}
    assert off == _granted(_with_every_choice(), resource, action, standing) - granted, (row, note)
    assert note == ("`choices.polar`" if off else "")


def _granted(policy: Policy, resource: Resource, action: str, standing: str) -> set[str]:
    grants = policy.derivations.grants(resource)
    return {item.role for item in grants if (item.action, item.standing) == (action, standing)}


@cache
def _with_every_choice() -> Policy:
    """The policy with every choice switched on."""
    texts = dict(PolicySource.read(ROOT / "policies").texts)
    texts["choices.polar"] = texts["choices.polar"].replace(" if false;", " if true;")
    return Policy(PolicySource(tuple(texts.items())))


def test_every_action_of_a_tenant_stands_in_the_role_matrix(shipped_policy: Policy) -> None:
    """What the policy grants to somebody other than the service is in some row."""
    granted = {
        f"{name}.{item.action} as {item.standing}"
        for name, resource in RESOURCES.items()
        for item in shipped_policy.derivations.grants(resource)
        if item.standing != "system"
    }
    assert sorted(granted - {decided for _, decided, _, _ in CELLS}) == []
