"""The mutations, one module for each noun."""

from __future__ import annotations

from importlib import import_module

NOUNS = (
    "relationships",
    "partnerships",
    "customers",
    "agreements",
    "users",
    "subscriptions",
    "transfers",
)
"""In the order in which the schema lists them."""


def declare() -> None:
    """Declare all mutations; the types they show have to be made before."""
    for noun in NOUNS:
        import_module(f"{__name__}.{noun}")
