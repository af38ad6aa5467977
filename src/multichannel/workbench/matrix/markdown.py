"""The matrix as Markdown, to commit and to review: no lines or digests, which change without meaning."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from multichannel.policy.language.source import Rule
from multichannel.workbench.matrix.matrix import Clause, Matrix, Restriction, Row, Sheet, Standing
from multichannel.workbench.matrix.rules import on_one_line

TITLE = "# Permission matrix"
READING = """\
What the policy in this folder says, as tables. Made by `multichannel policy matrix`; do not edit it.

A tenant has a **standing** towards a record. There, the roles of its people are granted actions: `yes`, or
`if`, with a note, where the grant also looks at the record. An empty cell is a no. A **restriction** takes an
action away again, whoever asks; its code is what people are told. In conditions `p` is who asks, and the
other letter is the record.\
"""


def as_markdown(matrix: Matrix) -> str:
    """The whole document, with a newline at its end."""
    parts = [TITLE, READING, *_beyond(matrix), *_terms(matrix.terms)]
    for sheet in matrix.sheets:
        parts += _sheet(sheet, matrix)
    return "\n\n".join(parts) + "\n"


def letters(sheet: Sheet) -> dict[str, str]:
    """By condition of a grant the name of its note: a, b, and so on, then aa."""
    found = {}
    for number, text in enumerate(sheet.conditions()):
        found[text] = chr(ord("a") + number % 26) * (number // 26 + 1)
    return found


def readable(name: str) -> str:
    """A name of the policy as words."""
    return name.replace("_", " ")


def _beyond(matrix: Matrix) -> Iterator[str]:
    if matrix.allows:
        yield "**`allow` is not the one that ships.** What it says decides; the tables tell only of grants:"
        yield "\n".join(f"- `{on_one_line(rule.text)}` ({rule.file})" for rule in matrix.allows)


def _terms(rules: tuple[Rule, ...]) -> Iterator[str]:
    if rules:
        yield "## Words that conditions use"
        yield _table(
            ("Says", "Why", "File"),
            ((f"`{on_one_line(rule.text)}`", _why(rule), rule.file) for rule in rules),
        )


def _sheet(sheet: Sheet, matrix: Matrix) -> Iterator[str]:
    yield f"## {sheet.resource.name}"
    yield from _granted(sheet, matrix.roles)
    if sheet.ungranted:
        yield f"{matrix.absence}: {_codes(sheet.ungranted)}."
    general = [item.code for item in sheet.restrictions if item.is_general]
    if general:
        yield f"Every action, unless: {_codes(general)}."
    yield from (f"[{name}] if `{text}`" for text, name in letters(sheet).items())
    if sheet.standings:
        yield "**Standings**"
        yield _table(
            ("Standing", "A tenant has it if", "Why", "File"),
            (cells for standing in sheet.standings for cells in _standing(standing)),
        )
    if sheet.restrictions:
        yield "**Restrictions**"
        yield _table(
            ("Code", "Takes away", "If", "Why", "File"),
            (cells for restriction in sheet.restrictions for cells in _restriction(restriction)),
        )


def _granted(sheet: Sheet, roles: tuple[str, ...]) -> Iterator[str]:
    notes = letters(sheet)
    of_tenants = [row for row in sheet.rows if row.among(roles)]
    if of_tenants:
        heading = ("Standing", "Action", *map(readable, roles), "Unless")
        yield _table(heading, (_row(row, sheet, roles, notes) for row in of_tenants))
    of_service = [row for row in sheet.rows if row.others]
    if of_service:
        yield "The service itself:"
        yield _table(
            ("Standing", "Action", "Roles", "Unless"),
            (
                (
                    f"`{row.standing}`",
                    f"`{row.action}`",
                    ", ".join(f"{readable(role)}{_note(row, role, notes)}" for role in row.others),
                    _codes(item.code for item in sheet.restricting(row.action)),
                )
                for row in of_service
            ),
        )


def _row(row: Row, sheet: Sheet, roles: tuple[str, ...], notes: dict[str, str]) -> tuple[str, ...]:
    marks = (_mark(row, role, notes) for role in roles)
    unless = _codes(item.code for item in sheet.restricting(row.action))
    return (f"`{row.standing}`", f"`{row.action}`", *marks, unless)


def _mark(row: Row, role: str, notes: dict[str, str]) -> str:
    cell = row.cells.get(role)
    if cell is None:
        return ""
    return cell.mark + _note(row, role, notes)


def _note(row: Row, role: str, notes: dict[str, str]) -> str:
    """Where to read on, if a grant looks at the record."""
    where = row.cells[role].where
    return f" [{notes[where]}]" if where else ""


def _standing(standing: Standing) -> Iterator[tuple[str, ...]]:
    if not standing.clauses:
        yield (f"`{standing.name}`", "no rule gives it: nobody has it", "", "")
    for clause in standing.clauses:
        yield (f"`{standing.name}`", _asked(clause), _why(clause.rule), clause.rule.file)


def _restriction(restriction: Restriction) -> Iterator[tuple[str, ...]]:
    for clamp in restriction.clamps:
        taken = "every action" if clamp.actions is None else _codes(clamp.actions)
        rule = clamp.clause.rule
        yield (f"`{restriction.code}`", taken, _asked(clamp.clause), _why(rule), rule.file)


def _asked(clause: Clause) -> str:
    return f"`{clause.where}`" if clause.where else "always"


def _why(rule: Rule) -> str:
    """The comment as it stands, with the business rules it cites."""
    return rule.comment.replace("<", "&lt;")


def _codes(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _table(heading: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heading, ("---",) * len(heading), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)
