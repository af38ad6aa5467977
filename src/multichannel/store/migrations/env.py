"""Alembic's entry point: runs migrations on the connection in the configuration."""

from __future__ import annotations

from alembic import context

from multichannel.domain import (
    agreements,
    audit,
    customers,
    domains,
    events,
    partnerships,
    relationships,
    subscriptions,
    tenants,
    transfers,
    users,
)
from multichannel.domain.base import Base

MAPPED = (
    agreements,
    audit,
    customers,
    domains,
    events,
    partnerships,
    relationships,
    subscriptions,
    tenants,
    transfers,
    users,
)
"""Imported so that the metadata has every table."""

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
