from __future__ import annotations

from tests.cli.conftest import loaded_policy, run

__all__ = ["loaded_policy", "run"]
