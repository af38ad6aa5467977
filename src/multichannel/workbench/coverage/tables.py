"""Coverage for programs: the body of the JSON output, and LCOV, which genhtml and code hosts read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from multichannel.workbench.coverage.coverage import Coverage, CoverageState, CoveredRule, PointCoverage


def coverage_as_json(coverage: Coverage) -> dict[str, Any]:
    """Counts and rules, under stable names."""
    return {
        "percent": round(coverage.percent(), 2),
        **_counts(coverage, None),
        "files": [
            {"file": file, "percent": round(coverage.percent(file), 2), **_counts(coverage, file)}
            for file, _ in coverage.source.texts
        ],
        "details": [_rule(rule) for rule in coverage.rules],
    }


def _counts(coverage: Coverage, file: str | None) -> dict[str, int]:
    states = {state.value: coverage.of(state, file) for state in CoverageState}
    return {"rules": len(coverage.of_file(file)), **states}


def _rule(rule: CoveredRule) -> dict[str, Any]:
    return {
        "file": rule.rule.file,
        "line": rule.rule.line,
        "name": rule.rule.name,
        "state": rule.state.value,
        "count": rule.count,
        "head": rule.spots[0].point.text,
        "tried": rule.spots[0].count,
        "conditions": [_condition(spot) for spot in rule.spots[1:]],
        "unmet_words": [
            {"condition": unmet.point.text, "line": unmet.point.place[0], "words": list(unmet.words)}
            for unmet in rule.unmet
        ],
    }


def _condition(spot: PointCoverage) -> dict[str, Any]:
    line, column = spot.point.place
    example = spot.example
    return {
        "text": spot.point.text,
        "line": line,
        "column": column,
        "alternative": spot.point.is_alternative,
        "state": spot.state.value,
        "count": spot.count,
        "tried": spot.tried,
        "example": None
        if example is None
        else {
            "who": example.expectation.who,
            "action": example.expectation.action.value,
            "what": example.expectation.case.what,
            "case": example.expectation.case.position,
            "met": list(example.values),
        },
    }


def as_lcov(coverage: Coverage, folder: Path) -> str:
    """A record for each file: rules as functions, and for each line how often its conditions were true."""
    return "".join(f"{line}\n" for line in _lines(coverage, folder))


def _lines(coverage: Coverage, folder: Path) -> Iterator[str]:
    for file, _ in coverage.source.texts:
        rules = coverage.of_file(file)
        yield "TN:"
        yield f"SF:{(folder / file).resolve()}"
        yield from (f"FN:{rule.rule.line},{_name(rule)}" for rule in rules)
        yield from (f"FNDA:{rule.count},{_name(rule)}" for rule in rules)
        yield f"FNF:{len(rules)}"
        yield f"FNH:{sum(rule.count > 0 for rule in rules)}"
        counts = by_line(rules)
        yield from (f"DA:{line},{count}" for line, count in sorted(counts.items()))
        yield f"LF:{len(counts)}"
        yield f"LH:{sum(count > 0 for count in counts.values())}"
        yield "end_of_record"


def _name(rule: CoveredRule) -> str:
    """Name of a rule as a function, with the column of a second rule on the same line."""
    column = f":{rule.rule.column}" if rule.rule.column > 1 else ""
    return f"{rule.rule.name}@{rule.rule.position}{column}"


def by_line(rules: tuple[CoveredRule, ...]) -> dict[int, int]:
    """By line the smallest count of the heads and conditions that begin there, else the line before's."""
    counts: dict[int, int] = {}
    for rule in rules:
        starts: dict[int, int] = {}
        for spot in rule.spots:
            line = spot.point.place[0]
            starts[line] = min(spot.count, starts.get(line, spot.count))
        count = rule.spots[0].count
        for line in rule.lines:
            count = starts.get(line, count)
            counts[line] = min(count, counts.get(line, count))
    return counts
