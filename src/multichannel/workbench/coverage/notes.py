"""Descriptions of rules and conditions that the test cases do not cover."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from multichannel.workbench.coverage.coverage import Coverage, CoverageState, CoveredRule, PointCoverage
from multichannel.workbench.findings import Finding, count_of

NEVER_TRIED = "never tried"
NEVER_TRUE = "never true"
PARTLY = "partly"


def notes(rule: CoveredRule, *, items: bool = False) -> Iterator[Finding]:
    """What the cases do not cover of a rule: conditions and alternatives that were never true.

    With `items`, also the words of its lists that no case has used.
    """
    if rule.state is CoverageState.NEVER:
        yield _note(rule, rule.spots[0], NEVER_TRIED, f"no case reaches {rule.spots[0].point.text}")
    for spot in rule.spots[1:]:
        if spot.state is CoverageState.TRIED:
            yield _note(rule, spot, NEVER_TRUE, f"`{spot.point.text}`, {_tries(spot)}")
    for unmet in rule.unmet if items else ():
        spot = next(spot for spot in rule.spots if spot.point == unmet.point)
        text = f"`{spot.point.text}`: true in some case, but never with {', '.join(unmet.words)}"
        yield _note(rule, spot, PARTLY, text)


def describe(spot: PointCoverage) -> str:
    """How the cases cover a condition, or the head of a rule."""
    if spot.count:
        return f"true for {count_of(spot.count, 'expectation')}"
    if not spot.tried:
        return NEVER_TRIED
    return f"{NEVER_TRUE}, {_tries(spot)}"


def _tries(spot: PointCoverage) -> str:
    example = f"; for example {spot.example}" if spot.example else ""
    return f"tried by {count_of(spot.tried, 'expectation')}{example}"


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


def _note(rule: CoveredRule, spot: PointCoverage, code: str, message: str) -> Finding:
    line, column = spot.point.place
    return Finding(
        file=rule.rule.file,
        line=line,
        column=column,
        code=code.replace(" ", "-"),
        message=message,
        rule=rule.rule.text,
    )
