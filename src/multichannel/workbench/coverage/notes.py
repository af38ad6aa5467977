"""Descriptions of rules and conditions that the test cases do not cover."""

from __future__ import annotations

from collections.abc import Iterator

from multichannel.workbench.coverage.coverage import CoverageState, CoveredRule, PointCoverage
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
