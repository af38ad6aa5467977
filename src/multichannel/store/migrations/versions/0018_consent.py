"""What consent needs: directory ids, verified domains, grants, invitations, shares and support cases.

It replaces the revisions 0003 to 0018 and has the id of the last: the schema is the same. What becomes of the
rows of before stands in `store/migrations/consent_rows.py`.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from multichannel.domain.base import GUID, NAMING, UtcTime, Words
from multichannel.store.migrations import consent_rows
from multichannel.store.migrations.columns import (
    enum,
    indexes,
    key,
    optional,
    partial_index,
    reference,
    replace_words,
    required,
)

revision = "0018"
down_revision = "0002"

INTEGER, BOOLEAN, TIME, WORD = sa.Integer(), sa.Boolean(), UtcTime(), sa.String(40)
CLOUD = enum("cloud", "public us_government")
CASE_PARTY = enum("supportcaseparty", "customer partner")
RELATIONSHIPS = "reseller_relationships"
STATUS_BEFORE = "requested", "active", "declined", "canceled", "expired", "removed"
INITIATOR_BEFORE = "source", "target"
SHARING = "'all_partners', 'selected', 'none'"


def _filled(name: str, type_: Any, value: Any) -> sa.Column[Any]:
    """A column in which the rows of before get a value."""
    return sa.Column(name, type_, nullable=False, server_default=value)


COLUMNS: dict[str, list[sa.Column[Any]]] = {
    "tenants": optional(directory_id=GUID),
    "partners": [*optional(domain=Words), _filled("is_domain_verified", BOOLEAN, sa.false())],
    "customers": [_filled("default_sharing", WORD, "all_partners")],
    "subscriptions": [_filled("sharing", WORD, "all_partners"), *optional(confirmation=WORD)],
    RELATIONSHIPS: [
        *optional(end_reason=Words),
        _filled("is_extension", BOOLEAN, sa.false()),
        _filled("detached_reseller_ids", sa.JSON(), "[]"),
    ],
    "transfers": optional(
        notice=Words, decline_reason=Words, source_directory_id=GUID, target_directory_id=GUID
    ),
    "audit_records": optional(delegated_admin_grant_id=GUID, actor_name=Words),
}
CHECKS = {
    "customers": {"ck_customers_sharing": f"default_sharing IN ({SHARING})"},
    "subscriptions": {
        "ck_subscriptions_sharing": f"sharing IN ({SHARING})",
        "ck_subscriptions_confirmation": "confirmation IN ('unconfirmed', 'confirmed', 'disputed')",
    },
}


def _tables(*named: str) -> sa.MetaData:
    """Where tables are declared: names for these kinds of constraints, and the tables they reference."""
    metadata = sa.MetaData(naming_convention={kind: NAMING[kind] for kind in named})
    for name in ("tenants", "partners", "customers", "partnerships", RELATIONSHIPS, "subscriptions"):
        sa.Table(name, metadata, key("id"))
    return metadata


INDEXES_NAMED, KEYS_NAMED = _tables("ix", "uq"), _tables("ix", "uq", "pk", "fk")
DOMAINS = sa.Table(
    "customer_domains",
    INDEXES_NAMED,
    key("customer_id", to="customers"),
    key("ascii_domain", Words),
    *required(is_verified=BOOLEAN, cloud=CLOUD),
    partial_index("uq_customer_domains_verified", "ascii_domain cloud", where="is_verified", unique=True),
)
GRANTS = sa.Table(
    "delegated_admin_grants",
    KEYS_NAMED,
    key("id"),
    reference("relationship_id", to=RELATIONSHIPS),
    reference("partner_id", to="partners"),
    reference("customer_id", to="customers", optional=True),
    *required(requested_with_relationship=BOOLEAN, **dict.fromkeys(consent_rows.RIGHTS, BOOLEAN)),
    *required(duration_days=INTEGER, auto_extend=BOOLEAN),
    *required(status=enum("delegatedadminstatus", "pending active declined expired terminated")),
    *optional(requested_at=TIME, starts_at=TIME, ends_at=TIME, expires_at=TIME, notice_at=TIME),
    *optional(closed_at=TIME, ended_by=enum("tenantkind", "partner customer system")),
    *required(cloud=CLOUD, version=INTEGER, updated_at=TIME, created_at=TIME),
    *indexes("customer_id partner_id status", "partner_id id", "relationship_id"),
    *indexes("status expires_at", "notice_at"),
)
INVITATIONS = sa.Table(
    "invitations",
    INDEXES_NAMED,
    key("id"),
    *required(code_hash=Words),
    reference("relationship_id", to=RELATIONSHIPS, optional=True),
    reference("partnership_id", to="partnerships", optional=True),
    *required(ends_at=TIME, created_at=TIME),
    *(sa.Index(None, name, unique=True) for name in ("code_hash", "partnership_id", "relationship_id")),
)
SHARES = sa.Table(
    "subscription_shares",
    KEYS_NAMED,
    key("id"),
    reference("subscription_id", to="subscriptions"),
    reference("customer_id", to="customers"),
    reference("partner_id", to="partners"),
    sa.UniqueConstraint("subscription_id", "partner_id"),
    *indexes("customer_id partner_id", "partner_id subscription_id"),
)
CASES = sa.Table(
    "support_cases",
    INDEXES_NAMED,
    key("id"),
    reference("customer_id", to="customers"),
    reference("subscription_id", to="subscriptions"),
    reference("billing_partner_id", to="partners", optional=True),
    reference("assigned_partner_id", to="partners", optional=True),
    *required(subject=Words, severity=enum("supportcaseseverity", "a b c")),
    *required(status=enum("supportcasestatus", "open in_progress waiting_for_customer resolved closed")),
    *required(opened_by=CASE_PARTY, opened_by_name=Words),
    reference("opening_partner_id", to="partners", optional=True),
    *required(comment_count=INTEGER),
    *optional(resolved_at=TIME, closed_at=TIME),
    *required(cloud=CLOUD, version=INTEGER, updated_at=TIME, created_at=TIME),
    *indexes("customer_id id", "subscription_id id", "assigned_partner_id id"),
)
COMMENTS = sa.Table(
    "support_case_comments",
    INDEXES_NAMED,
    key("id"),
    reference("support_case_id", to="support_cases"),
    *required(number=INTEGER, party=CASE_PARTY),
    reference("tenant_id", to="tenants"),
    *required(user_id=GUID, author_name=Words, text=Words, created_at=TIME),
    sa.UniqueConstraint("support_case_id", "number"),
)
TABLES = DOMAINS, GRANTS, INVITATIONS, SHARES, CASES, COMMENTS


def upgrade() -> None:
    """Add the columns, the words and the tables, and carry the rows over."""
    for name, columns in COLUMNS.items():
        with op.batch_alter_table(name, naming_convention=NAMING) as batch:
            for column in columns:
                batch.add_column(column)
            for check, condition in CHECKS.get(name, {}).items():
                batch.create_check_constraint(op.f(check), condition)
    replace_words(RELATIONSHIPS, "status", "relationshipstatus", (*STATUS_BEFORE, "ended_by_customer"))
    replace_words("transfers", "initiated_by", "initiator", (*INITIATOR_BEFORE, "customer"))
    for table in TABLES:
        table.create(op.get_bind())
    consent_rows.carry_over(DOMAINS, GRANTS)
    op.create_index("ix_tenants_directory_id", "tenants", ["directory_id"], unique=True)
    with op.batch_alter_table(RELATIONSHIPS) as batch:
        batch.drop_column("delegated_admin")


def downgrade() -> None:
    """Take them back: customers that were linked cannot sign in, and everything is shared again."""
    with op.batch_alter_table(RELATIONSHIPS) as batch:
        batch.add_column(_filled("delegated_admin", BOOLEAN, sa.false()))
    consent_rows.carry_back(GRANTS)
    for table in reversed(TABLES):
        op.drop_table(table.name)
    op.drop_index("ix_tenants_directory_id", "tenants")
    replace_words(RELATIONSHIPS, "status", "relationshipstatus", STATUS_BEFORE)
    replace_words("transfers", "initiated_by", "initiator", INITIATOR_BEFORE)
    for name, columns in COLUMNS.items():
        with op.batch_alter_table(name, naming_convention=NAMING) as batch:
            for check in CHECKS.get(name, ()):
                batch.drop_constraint(op.f(check), type_="check")
            for column in columns:
                batch.drop_column(column.name)
    with op.batch_alter_table(RELATIONSHIPS) as batch:
        batch.alter_column("delegated_admin", server_default=None)
