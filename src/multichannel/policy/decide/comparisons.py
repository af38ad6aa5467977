"""The comparison operators of policies, for values and for columns alike."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

ORDERINGS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    **ORDERINGS,
    "in": lambda left, right: left in right,
}
MIRRORED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""Each operator with the one that says the same after its operands are exchanged."""
