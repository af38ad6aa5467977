"""How the machine is run."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings


def runs(examples: int, steps: int, *, repeatable: bool) -> settings:
    """Few runs are the same each time; many look elsewhere, and shrink what they find."""
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        derandomize=repeatable,
        database=None,
        deadline=None,
        phases=[Phase.generate] if repeatable else [Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        print_blob=not repeatable,
        report_multiple_bugs=False,
    )
