"""The mutations, one module per noun: inputs, and above each use case its `@mutation`.

Imports `framework`, `services`, `store`, `policy` and `domain`. Start with `transfers.py`.
"""

from __future__ import annotations

from importlib import import_module

NOUNS = (
    "relationships",
    "delegated_admin",
    "partnerships",
    "invitations",
    "customers",
    "agreements",
    "users",
    "subscriptions",
    "vendor_tasks",
    "consent",
    "support_cases",
    "transfers",
    "labels",
    "bulk_operations",
)
"""In the order in which the schema lists them."""


def declare() -> None:
    """Import all modules, so that `MUTATIONS` holds every mutation."""
    for noun in NOUNS:
        import_module(f"{__name__}.{noun}")
