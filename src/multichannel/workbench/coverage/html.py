"""Coverage as one HTML page: the source coloured by what cases made true, without scripts or requests."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import groupby

from multichannel.workbench.coverage.coverage import Coverage, CoveredRule, Spot, State
from multichannel.workbench.coverage.lcov import by_line
from multichannel.workbench.coverage.notes import describe, notes

STYLE = """\
:root { color-scheme: light dark; --line: light-dark(#d0d7de, #3d444d); --soft: light-dark(#f3f5f7, #1b2129);
  --quiet: light-dark(#57606a, #9aa4af); --true: light-dark(#dafbe1, #12361f);
  --tried: light-dark(#fff1c2, #4a3a00); --never: light-dark(#ffd9d6, #5c1a18); }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 80rem; padding: 1rem;
  color: light-dark(#1f2328, #e6edf3); background: light-dark(#fff, #0d1117); }
a { color: light-dark(#0550ae, #7ab7ff); }
code, .source { font: .85rem/1.6 ui-monospace, monospace; }
code { overflow-wrap: anywhere; }
.table { overflow-x: auto; }
table { border-collapse: collapse; }
.counts th, .counts td { border: 1px solid var(--line); padding: .25rem .5rem; text-align: right; }
.counts th:first-child { text-align: left; font-weight: normal; }
.counts thead th { background: var(--soft); font-weight: 600; }
.source td { padding: 0 .5rem; white-space: pre-wrap; overflow-wrap: anywhere; vertical-align: top; }
.source td.number { color: var(--quiet); text-align: right; white-space: nowrap; user-select: none; }
.true { background: var(--true); }
.tried { background: var(--tried); text-decoration: underline dashed 2px; text-underline-offset: 3px; }
.never { background: var(--never); text-decoration: underline wavy; text-underline-offset: 3px; }
.source td { position: relative; }
:focus-visible { outline: 2px solid currentColor; outline-offset: 1px; }
[tabindex]:focus-visible::after { content: attr(title); position: absolute; left: .5rem; top: 100%;
  z-index: 1; width: max-content; max-width: calc(100% - 1rem); padding: .25rem .5rem; white-space: normal;
  border: 1px solid var(--line); color: light-dark(#1f2328, #e6edf3); background: var(--soft); }
"""
READING = (
    '<p><span class="true">True</span> in some case; <span class="tried">tried and never true</span>; '
    '<span class="never">never tried</span>. Hover over a condition, or move to it with the keyboard, to '
    "learn more. The number beside a line is how many expectations made true all that begins on it.</p>"
)


def as_html(coverage: Coverage) -> str:
    """The whole document."""
    title = "Policy coverage"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
        f"<p>Policy <code>{coverage.source.digest}</code></p>\n{READING}\n{_counts(coverage)}\n"
        f"{''.join(_file(coverage, file, text) for file, text in coverage.source.texts)}"
        "</main>\n</body>\n</html>\n"
    )


def _counts(coverage: Coverage) -> str:
    heads = "".join(f'<th scope="col">{name}</th>' for name in ("File", "Rules", *State, "Percent"))
    rows = "".join(_row(coverage, file) for file, _ in coverage.source.texts)
    return (
        '<div class="table"><table class="counts"><caption>Rules by what cases have made of them</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}{_row(coverage, None)}</tbody></table></div>"
    )


def _row(coverage: Coverage, file: str | None) -> str:
    name = f'<a href="#{escape(file)}">{escape(file)}</a>' if file else "All"
    numbers = [len(coverage.of_file(file)), *(coverage.of(state, file) for state in State)]
    cells = "".join(f"<td>{number}</td>" for number in numbers)
    return f'<tr><th scope="row">{name}</th>{cells}<td>{coverage.percent(file):.1f}</td></tr>'


def _file(coverage: Coverage, file: str, text: str) -> str:
    rules = coverage.of_file(file)
    open_ends = "".join(_open_end(file, rule) for rule in rules)
    listed = f"<ul>{open_ends}</ul>" if open_ends else "<p>All of it is covered.</p>"
    counts, marks = by_line(rules), _marks(rules)
    lines = "".join(
        f'<tr id="{escape(file)}-{number}"><td class="number">{number}</td>'
        f'<td class="number">{counts.get(number, "")}</td><td>{_line(line, number, marks)}</td></tr>\n'
        for number, line in enumerate(text.split("\n"), 1)
    )
    return (
        f'<section>\n<h2 id="{escape(file)}">{escape(file)}</h2>\n{listed}\n'
        f'<table class="source"><tbody>\n{lines}</tbody></table>\n</section>\n'
    )


def _open_end(file: str, rule: CoveredRule) -> str:
    return "".join(
        f'<li><a href="#{escape(file)}-{note.line}">Line {note.line}</a>: {escape(note.message)}</li>'
        for note in notes(rule, items=True)
    )


def _marks(rules: tuple[CoveredRule, ...]) -> dict[tuple[int, int], Spot]:
    """By line and column the innermost head or condition that stands there."""
    marks = {}
    for rule in rules:
        ends = [_span(spot) for spot in rule.spots]
        for (start, end), spot in sorted(
            zip(ends, rule.spots, strict=True), key=lambda each: -each[0][1] + each[0][0]
        ):
            marks.update({rule.rule.place(at): spot for at in range(start, end)})
    return marks


def _span(spot: Spot) -> tuple[int, int]:
    term = spot.point.term
    return (term.span.start, term.span.end) if term else (0, spot.point.rule.tree.head.end)


def _line(line: str, number: int, marks: dict[tuple[int, int], Spot]) -> str:
    spots = [(marks.get((number, column)), character) for column, character in enumerate(line, 1)]
    return "".join(_piece(spot, "".join(each for _, each in group)) for spot, group in _runs(spots))


def _runs(
    spots: list[tuple[Spot | None, str]],
) -> Iterator[tuple[Spot | None, list[tuple[Spot | None, str]]]]:
    for _, group in groupby(spots, key=lambda each: id(each[0])):
        found = list(group)
        yield found[0][0], found


def _piece(spot: Spot | None, text: str) -> str:
    said = text.strip()
    if spot is None or not said:
        return escape(text)
    before, _, after = text.partition(said)
    mark = f'<span class="{spot.state}" tabindex="0" title="{escape(describe(spot))}">{escape(said)}</span>'
    return f"{before}{mark}{after}"
