"""Partners and their first users, created by the operator."""

from __future__ import annotations

from collections.abc import Sequence

from multichannel.domain.tenants import Cloud, Partner, PartnerType, Tenant, TenantKind
from multichannel.domain.users import Role, User
from multichannel.policy.schema.vocabulary import Action
from multichannel.services import users
from multichannel.store.unit_of_work import UnitOfWork


def add_partner(  # noqa: PLR0913  (an organisation has this many properties)
    work: UnitOfWork,
    partner_id: str,
    *,
    name: str,
    kind: PartnerType,
    market: str,
    cloud: Cloud,
    partner_number: str | None,
) -> Partner:
    """A new partner with its tenant."""
    service = work.service(to=Action.ADD_PARTNER)
    partner = Partner(
        id=partner_id,
        name=name,
        type=kind,
        market=market,
        cloud=cloud,
        partner_number=partner_number,
        created_at=work.now,
    )
    work.add_under(service, Tenant(id=partner_id, kind=TenantKind.PARTNER, cloud=cloud, created_at=work.now))
    work.add_under(service, partner)
    return partner


def add_user(
    work: UnitOfWork, partner_id: str, *, object_id: str, display_name: str, roles: Sequence[Role]
) -> User:
    """A new user of a partner, with its roles."""
    partner = work.partners.get(partner_id, to=Action.ADD_USER)
    new = users.NewUser(object_id, display_name, tuple(roles))
    return users.add_user_to_tenant(work, partner, new, tenant=partner)
