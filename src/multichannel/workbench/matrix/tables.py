"""The matrix for programs: as the body of a JSON answer, and as CSV for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

from multichannel.policy.language.source import Rule
from multichannel.workbench.matrix.matrix import Clause, Matrix, Restriction, Row, Sheet

COLUMNS = ("resource", "standing", "action", "role", "granted", "where", "unless", "rules")
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def as_csv(matrix: Matrix) -> str:
    """One line for each role at each standing and action that somebody is granted: yes, if or no.

    `unless` are the codes of restrictions. No value is taken for a formula by a spreadsheet.
    """
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(COLUMNS)
    for sheet in matrix.sheets:
        for row in sheet.rows:
            writer.writerows(map(_harmless, line) for line in _lines(sheet, row, matrix))
    return written.getvalue()


def _lines(sheet: Sheet, row: Row, matrix: Matrix) -> Iterator[tuple[str, ...]]:
    unless = " ".join(item.code for item in sheet.restrictions if item.takes(row.action))
    columns = matrix.roles if row.among(matrix.roles) else ()
    for role in (*columns, *row.others):
        cell = row.cells.get(role)
        told = ("no", "", "", "") if cell is None else (cell.mark, cell.where, unless, _places(cell.rules))
        yield (sheet.resource.name, row.standing, row.action, role, *told)


def _harmless(value: str) -> str:
    return f"'{value}" if value.startswith(STARTS_A_FORMULA) else value


def _places(rules: Iterable[Rule]) -> str:
    return " ".join(rule.position for rule in rules)


def as_body(matrix: Matrix) -> dict[str, Any]:
    """What a JSON answer tells; every rule with its file and line."""
    return {
        "role": matrix.role,
        "allow_is_shipped": not matrix.allows,
        "allow": [_rule(rule) for rule in matrix.allows],
        "terms": [_rule(rule) for rule in matrix.terms],
        "resources": [_sheet(sheet) for sheet in matrix.sheets],
    }


def _sheet(sheet: Sheet) -> dict[str, Any]:
    return {
        "name": sheet.resource.name,
        "standings": [
            {"name": item.name, "rules": [_clause(clause) for clause in item.clauses]}
            for item in sheet.standings
        ],
        "grants": [grant for row in sheet.rows for grant in _grants(sheet, row)],
        "not_granted": list(sheet.ungranted),
        "restrictions": [_restriction(sheet, item) for item in sheet.restrictions],
    }


def _grants(sheet: Sheet, row: Row) -> Iterator[dict[str, Any]]:
    for role, cell in row.cells.items():
        yield {
            "standing": row.standing,
            "action": row.action,
            "role": role,
            "granted": cell.mark,
            "where": cell.where or None,
            "unless": [item.code for item in sheet.restrictions if item.takes(row.action)],
            "rules": [_place(rule) for rule in cell.rules],
        }


def _restriction(sheet: Sheet, item: Restriction) -> dict[str, Any]:
    return {
        "code": item.code,
        "actions": [action for action in sheet.resource.actions if item.takes(action)],
        "rules": [
            {**_clause(clamp.clause), "actions": None if clamp.actions is None else list(clamp.actions)}
            for clamp in item.clamps
        ],
    }


def _clause(clause: Clause) -> dict[str, Any]:
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
