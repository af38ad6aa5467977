"""Coverage as HTML: the source coloured by what the test cases made true, in one page without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from multichannel.workbench.coverage.coverage import Coverage, CoverageState, CoveredRule, PointCoverage
from multichannel.workbench.coverage.notes import describe, notes
from multichannel.workbench.coverage.tables import by_line
from multichannel.workbench.pages import document, render_template, stylesheet

STYLE = stylesheet("workbench/coverage/coverage.css")


def coverage_page(coverage: Coverage) -> str:
    """A complete document."""
    content = render_template(
        "workbench/coverage/coverage.html.jinja",
        coverage=coverage,
        states=list(CoverageState),
        describe=describe,
        files=[_file(coverage, file, text) for file, text in coverage.source.texts],
    )
    return document("Policy coverage", content, STYLE)


def _file(coverage: Coverage, file: str, text: str) -> dict[str, Any]:
    """The lines of a file, each with its number, its count and the pieces it is coloured in."""
    rules = coverage.of_file(file)
    counts, marks = by_line(rules), _marks(rules)
    return {
        "name": file,
        "uncovered": [note for rule in rules for note in notes(rule, items=True)],
        "lines": [
            (number, counts.get(number, ""), list(_pieces(line, number, marks)))
            for number, line in enumerate(text.split("\n"), 1)
        ],
    }


def _marks(rules: tuple[CoveredRule, ...]) -> dict[tuple[int, int], PointCoverage]:
    """By line and column the innermost head or condition that stands there."""
    marks = {}
    for rule in rules:
        ends = [_span(spot) for spot in rule.spots]
        for (start, end), spot in sorted(
            zip(ends, rule.spots, strict=True), key=lambda each: -each[0][1] + each[0][0]
        ):
            marks.update({rule.rule.place(at): spot for at in range(start, end)})
    return marks


def _span(spot: PointCoverage) -> tuple[int, int]:
    term = spot.point.term
    return (term.span.start, term.span.end) if term else (0, spot.point.rule.tree.head.end)


def _pieces(
    line: str, number: int, marks: dict[tuple[int, int], PointCoverage]
) -> Iterator[tuple[str, PointCoverage | None]]:
    """The text of a line in runs that belong to one head or condition, or to none."""
    columns = [(marks.get((number, column)), character) for column, character in enumerate(line, 1)]
    for _, run in groupby(columns, key=lambda each: id(each[0])):
        characters = list(run)
        text = "".join(character for _, character in characters)
        # Spaces around a condition are not coloured.
        before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
        yield from ((before, None), (text.strip(), characters[0][0]), (after if text.strip() else "", None))
