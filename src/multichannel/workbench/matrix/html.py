"""The matrix as HTML: one page with its style and no script, for light and dark, for keyboard and paper."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from multichannel.policy.language.source import Rule
from multichannel.workbench.matrix.markdown import letters, readable
from multichannel.workbench.matrix.matrix import Clause, Matrix, Row, Sheet
from multichannel.workbench.matrix.rules import on_one_line

STYLE = """\
:root { color-scheme: light dark; --line: light-dark(#d0d7de, #3d444d); --soft: light-dark(#f3f5f7, #1b2129);
  --quiet: light-dark(#57606a, #9aa4af);
  --yes: light-dark(#116329, #6bd48a); --if: light-dark(#8a4600, #f0b35a); }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 76rem; padding: 1rem;
  color: light-dark(#1f2328, #e6edf3); background: light-dark(#fff, #0d1117); }
h2 { border-top: 1px solid var(--line); margin-top: 2.5rem; padding-top: 1rem; }
a { color: light-dark(#0550ae, #7ab7ff); }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1rem; list-style: none; padding: 0; }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }
th code, .grants code, .where { overflow-wrap: normal; white-space: nowrap; }
.table { overflow-x: auto; }
:focus-visible { outline: 2px solid currentColor; outline-offset: 2px; }
table { border-collapse: collapse; }
th, td { border: 1px solid var(--line); padding: .25rem .5rem; text-align: left; vertical-align: top; }
thead th { background: var(--soft); vertical-align: bottom; }
th[scope=row] { font-weight: normal; }
.grants td { text-align: center; } .grants td:last-child { text-align: left; }
.yes { color: var(--yes); font-weight: 600; } .if { color: var(--if); font-weight: 600; }
.no, .quiet { color: var(--quiet); }
.problem { border-left: 4px solid var(--if); padding: .25rem 1rem; }
pre { white-space: pre-wrap; }
@media print { body { max-width: none; font-size: 9pt; } nav { display: none; } .table { overflow: visible; }
  tr { break-inside: avoid; } thead { display: table-header-group; } h2 { break-after: avoid; } }
"""


def as_page(matrix: Matrix) -> str:
    """A page of its own."""
    digest = f'<p class="quiet">Policy <code>{escape(matrix.digest)}</code></p>'
    return document("Permission matrix", digest + as_html(matrix))


def document(title: str, content: str) -> str:
    """A whole document, with the style it needs."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n<h1>{escape(title)}</h1>\n{content}\n</body>\n</html>\n"
    )


def as_html(matrix: Matrix) -> str:
    """The tables, with links to each kind of record before them."""
    names = [sheet.resource.name for sheet in matrix.sheets]
    links = "".join(f'<li><a href="#{name}">{name}</a></li>' for name in names)
    parts = [READING, f'<nav aria-label="Kinds of record"><ul>{links}</ul></nav>', *_beyond(matrix)]
    for sheet in matrix.sheets:
        parts += _sheet(sheet, matrix)
    if matrix.terms:
        rows = ((_code(on_one_line(rule.text)), *_why(rule)) for rule in matrix.terms)
        parts += ["<h2>Words that conditions use</h2>", _table("Words", ("Says", "Why", "Line"), rows)]
    return "\n".join(parts)


READING = (
    "<p>A tenant has a <em>standing</em> towards a record. There, the roles of its people are granted"
    " actions: yes, or if, with a note, where the grant also looks at the record. A <em>restriction</em>"
    " takes an action away again, whoever asks; its code is what people are told. In conditions"
    " <code>p</code> is who asks, and the other letter is the record.</p>"
)


def _beyond(matrix: Matrix) -> Iterator[str]:
    if matrix.allows:
        rules = "".join(
            f"<li><code>{escape(on_one_line(rule.text))}</code> ({rule.position})</li>"
            for rule in matrix.allows
        )
        yield (
            '<div class="problem"><p><strong><code>allow</code> is not the one that ships.</strong> '
            f"What it says decides, and the tables tell only of grants:</p><ul>{rules}</ul></div>"
        )


def _sheet(sheet: Sheet, matrix: Matrix) -> Iterator[str]:
    name, roles = sheet.resource.name, matrix.roles
    yield f'<h2 id="{name}">{name}</h2>'
    of_tenants = [row for row in sheet.rows if row.among(roles)]
    if of_tenants:
        heading = ("Standing", "Action", *map(readable, roles), "Unless")
        rows = (_row(row, sheet, roles) for row in of_tenants)
        yield _table(f"{name}: who is granted what", heading, rows, "grants", heads=2)
    of_service = [row for row in sheet.rows if row.others]
    if of_service:
        rows = (_service_row(row, sheet) for row in of_service)
        yield "<p>The service itself:</p>"
        yield _table(f"{name}: the service itself", ("Standing", "Action", "Roles", "Unless"), rows, heads=2)
    if sheet.ungranted:
        yield f"<p>{matrix.absence}: {_codes(sheet.ungranted)}.</p>"
    general = [item.code for item in sheet.restrictions if item.is_general]
    if general:
        yield f"<p>Every action, unless: {_codes(general)}.</p>"
    yield from (f"<p>[{note}] if {_code(text)}</p>" for text, note in letters(sheet).items())
    yield from _footnotes(sheet)


def _footnotes(sheet: Sheet) -> Iterator[str]:
    name = sheet.resource.name
    standings = [
        (_code(item.name), _asked(clause), *_why(clause.rule))
        for item in sheet.standings
        for clause in item.clauses
    ]
    standings += [
        (_code(item.name), "no rule gives it: nobody has it", "", "")
        for item in sheet.standings
        if not item.clauses
    ]
    if standings:
        yield "<h3>Standings</h3>"
        yield _table(f"{name}: standings", ("Standing", "A tenant has it if", "Why", "Line"), standings)
    restrictions = [
        (
            _code(item.code),
            "every action" if clamp.actions is None else _codes(clamp.actions),
            _asked(clamp.clause),
            *_why(clamp.clause.rule),
        )
        for item in sheet.restrictions
        for clamp in item.clamps
    ]
    if restrictions:
        yield "<h3>Restrictions</h3>"
        heading = ("Code", "Takes away", "If", "Why", "Line")
        yield _table(f"{name}: restrictions", heading, restrictions)


def _row(row: Row, sheet: Sheet, roles: tuple[str, ...]) -> tuple[str, ...]:
    marks = (_mark(row, sheet, role) for role in roles)
    return (_code(row.standing), _code(row.action), *marks, _unless(row, sheet))


def _service_row(row: Row, sheet: Sheet) -> tuple[str, ...]:
    roles = ", ".join(f"{escape(readable(role))} {_mark(row, sheet, role)}" for role in row.others)
    return _code(row.standing), _code(row.action), roles, _unless(row, sheet)


def _mark(row: Row, sheet: Sheet, role: str) -> str:
    cell = row.cells.get(role)
    if cell is None:
        return '<span class="no">no</span>'
    note = f" [{letters(sheet)[cell.where]}]" if cell.where else ""
    places = escape(", ".join(rule.position for rule in cell.rules))
    return f'<span class="{cell.mark}" title="{places}">{cell.mark}{note}</span>'


def _unless(row: Row, sheet: Sheet) -> str:
    return _codes(item.code for item in sheet.restricting(row.action))


def _asked(clause: Clause) -> str:
    return _code(clause.where) if clause.where else "always"


def _why(rule: Rule) -> tuple[str, str]:
    return escape(rule.comment), f'<span class="where">{escape(rule.position)}</span>'


def _code(word: str) -> str:
    return f"<code>{escape(word)}</code>"


def _codes(words: Iterable[str]) -> str:
    return ", ".join(map(_code, words))


def _table(
    label: str, heading: tuple[str, ...], rows: Iterable[tuple[str, ...]], kind: str = "", heads: int = 1
) -> str:
    """A table in a region of its own, which the keyboard can scroll; the cells are HTML."""
    top = "".join(f'<th scope="col">{escape(word)}</th>' for word in heading)
    body = "\n".join(
        "<tr>"
        + "".join(f'<th scope="row">{cell}</th>' for cell in row[:heads])
        + "".join(f"<td>{cell}</td>" for cell in row[heads:])
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="table" role="region" tabindex="0" aria-label="{escape(label)}"><table class="{kind}">'
        f"<thead><tr>{top}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>"
    )
