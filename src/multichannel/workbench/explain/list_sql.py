"""The SQL of list filters for people: with literal values, and indented."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlparse
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from multichannel.policy.decide.policy import Policy
from multichannel.policy.decide.to_sql import where
from multichannel.policy.schema.resources import Resource
from multichannel.policy.schema.vocabulary import Action, Principal

DIALECTS: dict[str, Any] = {"sqlite": sqlite.dialect, "postgresql": postgresql.dialect}


def filters(policy: Policy, principal: Principal, action: Action, resource: Resource) -> dict[str, str]:
    """By dialect, the statement that lists the ids of the allowed rows; empty if no rows are stored."""
    if resource.model is None:
        return {}
    model: Any = resource.model
    predicate = policy.predicate(principal, action, resource)
    statement = select(model.id).where(where(predicate, resource, model)).params(now=datetime.now(UTC))
    return {
        name: _indented(str(statement.compile(dialect=dialect(), compile_kwargs={"literal_binds": True})))
        for name, dialect in DIALECTS.items()
    }


def _indented(sql: str) -> str:
    return str(sqlparse.format(" ".join(sql.split()), reindent=True, indent_width=2))
