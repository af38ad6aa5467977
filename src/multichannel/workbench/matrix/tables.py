"""The matrix for programs: the body of the JSON output, and CSV for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

from multichannel.policy.language.source import Rule
from multichannel.workbench.matrix.matrix import (
    GrantRow,
    Matrix,
    ResourceMatrix,
    RestrictionRules,
    RuleCondition,
)

COLUMNS = ("resource", "standing", "action", "role", "granted", "where", "unless", "rules")
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def as_csv(matrix: Matrix) -> str:
    """One line for each role at each standing and action that any role is granted: yes, if or no.

    `unless` are the codes of restrictions. Values that a spreadsheet would read as formulas are quoted.
    """
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(COLUMNS)
    for sheet in matrix.resources:
        for row in sheet.rows:
            writer.writerows(map(_harmless, line) for line in _lines(sheet, row, matrix))
    return written.getvalue()


def _lines(sheet: ResourceMatrix, row: GrantRow, matrix: Matrix) -> Iterator[tuple[str, ...]]:
    unless = " ".join(item.code for item in sheet.restrictions if item.restricts(row.action))
    columns = matrix.roles if row.among(matrix.roles) else ()
    for role in (*columns, *row.others):
        cell = row.cells.get(role)
        values = ("no", "", "", "") if cell is None else (cell.mark, cell.where, unless, _places(cell.rules))
        yield (sheet.resource.name, row.standing, row.action, role, *values)


def _harmless(value: str) -> str:
    return f"'{value}" if value.startswith(STARTS_A_FORMULA) else value


def _places(rules: Iterable[Rule]) -> str:
    return " ".join(rule.position for rule in rules)


def matrix_as_json(matrix: Matrix) -> dict[str, Any]:
    """The JSON body; every rule has its file and line."""
    return {
        "role": matrix.role,
        "allow_is_shipped": not matrix.allows,
        "allow": [_rule(rule) for rule in matrix.allows],
        "terms": [_rule(rule) for rule in matrix.terms],
        "resources": [_sheet(sheet) for sheet in matrix.resources],
    }


def _sheet(sheet: ResourceMatrix) -> dict[str, Any]:
    return {
        "name": sheet.resource.name,
        "standings": [
            {"name": item.name, "rules": [_clause(clause) for clause in item.conditions]}
            for item in sheet.standings
        ],
        "grants": [grant for row in sheet.rows for grant in _grants(sheet, row)],
        "not_granted": list(sheet.ungranted),
        "restrictions": [_restriction(sheet, item) for item in sheet.restrictions],
    }


def _grants(sheet: ResourceMatrix, row: GrantRow) -> Iterator[dict[str, Any]]:
    for role, cell in row.cells.items():
        yield {
            "standing": row.standing,
            "action": row.action,
            "role": role,
            "granted": cell.mark,
            "where": cell.where or None,
            "unless": [item.code for item in sheet.restrictions if item.restricts(row.action)],
            "rules": [_place(rule) for rule in cell.rules],
        }


def _restriction(sheet: ResourceMatrix, item: RestrictionRules) -> dict[str, Any]:
    return {
        "code": item.code,
        "actions": [action for action in sheet.resource.actions if item.restricts(action)],
        "rules": [
            {**_clause(clause.condition), "actions": None if clause.actions is None else list(clause.actions)}
            for clause in item.clauses
        ],
    }


def _clause(clause: RuleCondition) -> dict[str, Any]:
    return {
        **_place(clause.rule),
        "where": clause.where or None,
        "why": clause.rule.reason or None,
        "rule": clause.rule.number,
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {**_place(rule), "text": rule.text, "why": rule.reason or None}


def _place(rule: Rule) -> dict[str, Any]:
    return {"file": rule.file, "line": rule.line}
