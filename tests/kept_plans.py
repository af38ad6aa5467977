"""Plans and statements that tests share, as they share the SQL that engines have compiled.

They depend on the document, the policy and the backend alone, and to make them takes longer than most tests.
"""

from __future__ import annotations

from typing import Any

from multichannel.graphql.execution.executor import Execution
from multichannel.policy.decide.policy import Policy

KEPT: dict[tuple[str, Policy, str], tuple[Any, Any]] = {}


def take_kept_plans(execution: Execution, policy: Policy, *, among: str) -> None:
    """Give it what was made for others of this process, of which no two may be in use at once."""
    compiled: Any = execution._compiled
    made = compiled._plans, compiled._statements
    plans, statements = KEPT.setdefault((among, policy, compiled._statements._database), made)
    compiled._plans = plans
    for name in ("_kept", "_sharing", "_check"):
        setattr(compiled._statements, name, getattr(statements, name))
