"""Which package may import which, as a table, and a walk over the source that holds it against the table."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = "multichannel"

MAY_IMPORT = {
    "errors": set[str](),
    "domain": {"errors"},
    "policy": {"domain", "errors"},
    "store": {"policy", "domain", "errors"},
    "importing": {"domain", "errors"},
    "identity": {"errors"},
    "services": {"store", "policy", "domain", "importing", "errors"},
    "graphql": {"services", "store", "policy", "domain", "identity", "errors"},
    "workbench": {"store", "policy", "domain", "errors"},
    "explorer": {"workbench", "policy", "errors"},
    "settings": {"identity", "errors"},
}
"""Imports point to the right and down: graphql, services, store, then domain and policy.

What starts the service (the application, the command line, the demo) may import all of these, but graphql
only as `GRAPHQL_IMPORTERS` says.
"""

GRAPHQL_IMPORTERS = {"app", "cli", "connections"}
"""Who puts the service together; to all others graphql is out of reach."""

OUTSIDE = {
    "oso": ({"policy"}, "ask `multichannel.policy.policy.Policy`"),
    "polar": ({"policy"}, "ask `multichannel.policy.policy.Policy`"),
    "_polar_lib": ({"policy"}, "ask `multichannel.policy.policy.Policy`"),
    "_oso": ({"policy"}, "ask `multichannel.policy.policy.Policy`"),
    "psycopg": ({"store"}, "work through `multichannel.store.work.Store`"),
    "sqlite3": ({"store"}, "work through `multichannel.store.work.Store`"),
    "alembic": ({"store"}, "call `multichannel.store.migrations`"),
    "strawberry": ({"graphql"}, "leave GraphQL to `multichannel.graphql`"),
    "graphql": ({"graphql"}, "leave GraphQL to `multichannel.graphql`"),
}
"""Libraries that belong to one layer, and what to write elsewhere."""

SESSIONS = {
    "Connection": {"store"},
    "Engine": {"store", "app"},
    "Session": {"store"},
    "create_engine": {"store"},
    "scoped_session": {"store"},
    "sessionmaker": {"store"},
}
"""What reaches a database, and who may have it; the application owns the engine only to dispose of it."""

NO_SESSION = "take a `Work` or a `Reader`; only `store/` holds a session or an engine"


@dataclass(frozen=True, order=True)
class Violation:
    """An import that the table does not have, with what to write instead."""

    file: str
    line: int
    imported: str
    rule: str
    instead: str

    def __str__(self) -> str:
        """One line for people."""
        return f"{self.file}:{self.line}: imports {self.imported}; {self.rule}. Instead, {self.instead}."


def violations(package: Path) -> list[Violation]:
    """All of a package, in order; `package` is the folder named `multichannel`."""
    found = []
    for path in sorted(package.rglob("*.py")):
        module = (ROOT, *path.relative_to(package).with_suffix("").parts)
        layer = module[1]
        for line, imported in _imports(ast.parse(path.read_text("utf-8")), module):
            file = str(path.relative_to(package.parent))
            found += [Violation(file, line, imported, *broken) for broken in _broken(layer, imported)]
    return sorted(set(found))


def _imports(tree: ast.AST, module: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """Every name that is imported, wherever in the file, as `package.module.name`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = module[: -node.level] if node.level else ()
            start = ".".join((*above, *([node.module] if node.module else [])))
            yield from ((node.lineno, f"{start}.{alias.name}") for alias in node.names)


def _broken(layer: str, imported: str) -> Iterator[tuple[str, str]]:
    library, *rest = imported.split(".")
    if library == ROOT and rest:
        target = rest[0]
        if target == "graphql" and layer not in {"graphql", *GRAPHQL_IMPORTERS}:
            yield "nothing imports graphql", "move what both need down, to services or domain"
        elif layer in MAY_IMPORT and target != layer and target not in MAY_IMPORT[layer]:
            below = ", ".join(sorted(MAY_IMPORT[layer])) or "nothing"
            yield f"{layer} may import {below}", "pass in what it needs, or move it down"
    if library in OUTSIDE and layer not in OUTSIDE[library][0]:
        owners, instead = OUTSIDE[library]
        yield f"only {' and '.join(sorted(owners))} imports {library}", instead
    if library == "sqlalchemy" and rest and layer not in SESSIONS.get(rest[-1], {layer}):
        yield "only store holds a session or an engine", NO_SESSION
