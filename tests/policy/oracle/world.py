"""What the oracle looks at: plain rows, by the name of their resource."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Row = dict[str, Any]
Tables = dict[str, list[Row]]


@dataclass(frozen=True)
class World:
    """The rows of every table that decisions look at, as they are stored."""

    now: datetime
    tables: Tables = field(default_factory=dict)

    def rows(self, resource: str) -> list[Row]:
        """All rows of a resource."""
        return self.tables[resource]
