"""`docs/rules.md` says what became of each business rule and each cell of the role matrix, and is right."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from multichannel.domain.users import Role
from multichannel.policy.decide.policy import Policy
from multichannel.policy.language.source import PolicySource
from multichannel.policy.schema.resources import RESOURCES, Resource
from tests.contract import rules_page

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "rules.md").read_text("utf-8")
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


def test_the_page_is_made_from_the_glossary_and_the_marks_of_tests() -> None:
    assert rules_page.PAGE.read_text("utf-8") == rules_page.page(), "run: python -m tests.contract.rules_page"


def test_every_business_rule_has_a_sentence() -> None:
    """R1 to R53 are the vendor's and have no gap; this service's own go on from R54, in order."""
    numbers = [int(rule[1:]) for rule in rules_page.sentences()]
    assert numbers[:53] == list(range(1, 54))
    assert numbers == sorted(set(numbers))


def test_a_rule_that_applies_is_proved_and_one_that_does_not_is_not() -> None:
    proved = set(rules_page.proofs())
    applicable = {
        rule for rule, sentence in rules_page.sentences().items() if rules_page.NOT_APPLICABLE not in sentence
    }

    assert applicable - proved == set()
    assert {rule for rule in proved if rule.startswith("R")} - applicable == set()


def test_marks_name_rules_that_the_glossary_has() -> None:
    numbers = set(
        re.findall(r"^\| ((?:R|SM|C)\d+[a-c]?) \|", rules_page.GLOSSARY.read_text("utf-8"), re.MULTILINE)
    )

    assert set(rules_page.proofs()) <= numbers


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
