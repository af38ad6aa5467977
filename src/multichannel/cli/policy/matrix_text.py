"""The matrix on a terminal: for each resource type a table of grants, then standings and restrictions."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from multichannel.policy.language.source import Rule
from multichannel.workbench.matrix.markdown import letters
from multichannel.workbench.matrix.matrix import (
    GrantRow,
    Matrix,
    ResourceMatrix,
    RestrictionRules,
    RuleCondition,
    StandingRules,
)
from multichannel.workbench.matrix.rules import on_one_line

NARROW, WIDE = 23, 44
"""Least and greatest width of the column of actions."""
NO = "-"
QUIET = "dim"
STYLES = {"yes": "green", "if": "yellow"}
INDENT = (0, 0, 0, 2)


def print_matrix(matrix: Matrix, page: Console) -> None:
    """Print the matrix, no wider than the page."""
    for rule in matrix.allows:
        page.print(Text("`allow` differs from the shipped policy. It decides:", style="bold red"))
        page.print(_indented(Text(f"{on_one_line(rule.text)} ({rule.position})")))
    for number, sheet in enumerate(matrix.resources):
        if number or matrix.allows:
            page.print()
        page.print(Text(sheet.resource.name, style="bold underline"))
        for part in _parts(sheet, matrix, page.width):
            page.print(part)
    if matrix.terms:
        page.print(Text("\nTerms used in conditions", style="bold underline"))
    for rule in matrix.terms:
        page.print(_indented(Group(Text(on_one_line(rule.text)), _source(rule))))


def _parts(sheet: ResourceMatrix, matrix: Matrix, width: int) -> Iterator[RenderableType]:
    numbers = {item.code: str(number) for number, item in enumerate(sheet.restrictions, 1)}
    if any(row.among(matrix.roles) for row in sheet.rows):
        yield _grants(sheet, matrix.roles, numbers, width)
    yield from _of_service(sheet, numbers)
    if sheet.ungranted:
        yield Text(f"{matrix.absence}: {', '.join(sheet.ungranted)}")
    for text, name in letters(sheet).items():
        yield _indented(Text.assemble((f"{name}  ", "bold"), f"if {text}"))
    if sheet.standings:
        yield Text("Standings", style="bold")
        yield _indented(_definitions((standing.name, _standing(standing)) for standing in sheet.standings))
    if sheet.restrictions:
        yield Text("Unless", style="bold")
        yield _indented(_definitions((numbers[item.code], _restriction(item)) for item in sheet.restrictions))


def _grants(sheet: ResourceMatrix, roles: tuple[str, ...], numbers: dict[str, str], width: int) -> Table:
    """Actions by role, grouped by standing."""
    notes = letters(sheet)
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    taken = sum(1 + max(map(len, role.split("_"))) for role in roles)
    room = max(NARROW, min(WIDE, width - taken - 1))
    table.add_column("", no_wrap=True, min_width=room)
    for role in roles:
        table.add_column("\n".join(role.split("_")), no_wrap=True)
    standing = ""
    for row in sheet.rows:
        if not row.among(roles):
            continue
        if row.standing != standing:
            standing = row.standing
            table.add_row(_standing_name(standing, room))
        marks = (_mark(row, role, notes) for role in roles)
        table.add_row(_action(row, sheet, numbers, room), *marks)
    return table


def _standing_name(standing: str, room: int) -> Text:
    """The standing, wrapped between words."""
    first, *words = standing.split("_")
    lines = [Text(first, style="bold cyan")]
    for word in words:
        _continue(lines, Text(f"_{word}", style="bold cyan"), room)
    return Text("\n").join(lines)


def _action(row: GrantRow, sheet: ResourceMatrix, numbers: dict[str, str], room: int) -> Text:
    """The action, wrapped between words, and the numbers of its restrictions."""
    first, *words = row.action.split("_")
    lines = [Text(f"  {first}")]
    for word in words:
        _continue(lines, Text(f"_{word}"), room)
    for restriction in sheet.restricting(row.action):
        _continue(lines, Text(f" {numbers[restriction.code]}", style="red"), room)
    return Text("\n").join(lines)


def _continue(lines: list[Text], part: Text, room: int) -> None:
    """Append a part to the last line, or to a new one if it does not fit."""
    if len(lines[-1]) + len(part) > room:
        lines.append(Text("    "))
    lines[-1].append_text(part)


def _mark(row: GrantRow, role: str, notes: dict[str, str]) -> Text:
    cell = row.cells.get(role)
    if cell is None:
        return Text(NO, style=QUIET)
    return Text(f"{cell.mark} {notes[cell.where]}" if cell.where else cell.mark, style=STYLES[cell.mark])


def _of_service(sheet: ResourceMatrix, numbers: dict[str, str]) -> Iterator[RenderableType]:
    notes = letters(sheet)
    rows = [row for row in sheet.rows if row.others]
    if rows:
        yield Text("System roles", style="bold")
    for row in rows:
        roles = ", ".join(f"{role} {_mark(row, role, notes).plain}" for role in row.others)
        unless = "".join(f" {numbers[item.code]}" for item in sheet.restricting(row.action))
        yield Text(f"  {row.standing} {row.action}{unless}: {roles}")


def _definitions(items: Iterator[tuple[str, Group]]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(overflow="fold")
    for name, content in items:
        table.add_row(name, content)
    return table


def _indented(content: RenderableType) -> Padding:
    return Padding(content, INDENT, expand=False)


def _standing(standing: StandingRules) -> Group:
    lines = [part for clause in standing.conditions for part in (_condition(clause), _source(clause.rule))]
    return Group(*(lines or [Text("no rule defines this standing", style="bold red")]))


def _restriction(item: RestrictionRules) -> Group:
    lines: list[Text] = [Text(item.code, style="bold")]
    for clause in item.clauses:
        taken = "every action" if clause.actions is None else ", ".join(clause.actions)
        lines += [Text(f"restricts {taken}"), _condition(clause.condition), _source(clause.condition.rule)]
    return Group(*lines)


def _condition(clause: RuleCondition) -> Text:
    return Text(f"if {clause.where}" if clause.where else "always")


def _source(rule: Rule) -> Text:
    return Text.assemble((rule.position, "blue"), (f"  {rule.comment}" if rule.comment else "", QUIET))
