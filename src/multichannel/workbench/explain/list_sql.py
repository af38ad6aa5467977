"""The SQL of list filters, for people: with its values in it, and laid out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from multichannel.policy.decide.policy import Policy
from multichannel.policy.decide.to_sql import where
from multichannel.policy.schema.resources import Resource
from multichannel.policy.schema.vocabulary import Action, Principal

DIALECTS: dict[str, Any] = {"sqlite": sqlite.dialect, "postgresql": postgresql.dialect}
WIDTH = 78
INDENT = "  "
TOKEN = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|[(),]|[^\s(),'\"]+|\s+")
BREAKS = {"AND", "OR", "FROM", "WHERE"}

Group = list["str | Group"]


def filters(policy: Policy, principal: Principal, action: Action, resource: Resource) -> dict[str, str]:
    """The statement that lists the ids where it is granted, by dialect; none of what is not stored."""
    if resource.model is None:
        return {}
    model: Any = resource.model
    predicate = policy.predicate(principal, action, resource)
    statement = select(model.id).where(where(predicate, resource, model)).params(now=datetime.now(UTC))
    return {
        name: laid_out(str(statement.compile(dialect=dialect(), compile_kwargs={"literal_binds": True})))
        for name, dialect in DIALECTS.items()
    }


def laid_out(sql: str) -> str:
    """A statement with a line for each condition, the parts of conditions in parentheses set in."""
    tokens = (found.group() for found in TOKEN.finditer(" ".join(sql.split())))
    return "\n".join(_lines(_group(tokens), ""))


def _group(tokens: Iterator[str]) -> Group:
    """The tokens up to the closing parenthesis, those within parentheses as groups of their own."""
    found: Group = []
    for word in tokens:
        if word == ")":
            return found
        found.append(_group(tokens) if word == "(" else word)
    return found


def _lines(group: Group, indent: str) -> Iterator[str]:
    line = indent
    for part in group:
        text = part if isinstance(part, str) else _flat(part)
        if text in BREAKS and line.strip() and not line.endswith("DISTINCT "):
            yield line.rstrip()
            line = indent
        if isinstance(part, str) or len(line) + len(text) <= WIDTH:
            line += text if line.strip() or text.strip() else ""
            continue
        yield f"{line}("
        yield from _lines(part, indent + INDENT)
        line = f"{indent})"
    if line.strip():
        yield line.rstrip()


def _flat(part: str | Group) -> str:
    return part if isinstance(part, str) else f"({''.join(_flat(each) for each in part)})"
