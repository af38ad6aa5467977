"""What a partner sends to a customer or reseller that it invites: a link, and an e-mail with it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from multichannel.domain.invitations import INVITATION_LIFETIME
from multichannel.graphql.framework.strawberry_types import described, value_type
from multichannel.policy.schema.resources import PARTNER, PARTNERSHIP, RELATIONSHIP
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.read.list_query import ReadableColumn
from multichannel.store.unit_of_work import UnitOfWork

SUMMARY = Action.READ_SUMMARY
ADMIN = ReadableColumn("delegated_admin_requested", SUMMARY)
NAME = ReadableColumn("name", SUMMARY)
PLAIN = "It lets us sell and support your subscriptions. It does not let us administer your tenant."
WITH_ADMIN = (
    "It lets us sell and support your subscriptions, and asks for rights in your tenant. You can narrow them "
    "when you accept, and revoke them at any time."
)


@value_type
class InvitationLink:
    """What to send to a company that you invite."""

    url: str = described("The link. Whoever opens it signs in, and sees what you ask for before answering.")
    text: str = described("The text of an e-mail with the link.")


def customer_invitations(work: UnitOfWork, ids: Collection[str]) -> Mapping[str, InvitationLink]:
    """The invitations of requests whose codes this operation has made, by id."""
    made = [row_id for row_id in ids if row_id in work.codes]
    records = work.reader.records(RELATIONSHIP, {ADMIN}, "id", made) if made else {}
    partner = _own_name(work) if records else ""
    return {
        row_id: _customer_invitation(
            work, row_id, partner, admin=bool(record.values["delegated_admin_requested"])
        )
        for row_id, record in records.items()
    }


def reseller_invitations(work: UnitOfWork, ids: Collection[str]) -> Mapping[str, InvitationLink]:
    """The invitations of resellers whose codes this operation has made, by id."""
    made = [row_id for row_id in ids if row_id in work.codes]
    visible = work.reader.records(PARTNERSHIP, (), "id", made) if made else {}
    partner = _own_name(work) if visible else ""
    return {row_id: _reseller_invitation(work, row_id, partner) for row_id in visible}


def _own_name(work: UnitOfWork) -> str:
    tenant_id = work.principal.tenant_id
    partner = work.reader.records(PARTNER, {NAME}, "id", [tenant_id]).get(tenant_id)
    return str(partner.values["name"]) if partner else ""


def _customer_invitation(work: UnitOfWork, row_id: str, partner: str, *, admin: bool) -> InvitationLink:
    url = _url(work, row_id)
    purpose = WITH_ADMIN if admin else PLAIN
    text = (
        f"{partner} asks your company for a reseller relationship. {purpose}\n\n"
        "A global admin of your company opens this link, signs in with the account of your company, and "
        "accepts or declines. The link is for your company alone; do not change it. "
        f"{_until(work.now)}\n\n{url}\n"
    )
    return InvitationLink(url=url, text=text)


def _reseller_invitation(work: UnitOfWork, row_id: str, partner: str) -> InvitationLink:
    url = _url(work, row_id)
    text = (
        f"{partner} invites your company to become its indirect reseller. It can then place orders for your "
        "customers.\n\n"
        "A global admin of your company opens this link, signs in with the account of your company, and "
        "accepts. The link is for your company alone; do not change it. "
        f"{_until(work.now)}\n\n{url}\n"
    )
    return InvitationLink(url=url, text=text)


def _url(work: UnitOfWork, row_id: str) -> str:
    return f"{work.public_url}/invitations/{work.codes[row_id]}"


def _until(now: datetime) -> str:
    return f"It is valid until {now + INVITATION_LIFETIME:%d %B %Y}."
