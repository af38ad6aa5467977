"""`multichannel partner` and `multichannel user`: the first organisations and people in a database."""

from __future__ import annotations

import re
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy.exc import IntegrityError

from multichannel.cli.options import DatabaseUrl
from multichannel.domain.tenants import Cloud, PartnerType
from multichannel.domain.users import Role
from multichannel.errors import NotVisible, Refused
from multichannel.policy.schema.vocabulary import SystemRole, system_principal
from multichannel.server.bootstrap import open_store
from multichannel.services import provisioning as directory
from multichannel.settings import load_settings

partners = typer.Typer(no_args_is_help=True, help="Partners.")
users = typer.Typer(no_args_is_help=True, help="Users of partners.")

LONGEST_NAME = 512
OPERATOR = system_principal(SystemRole.OPERATOR)


def _market(value: str) -> str:
    if re.fullmatch(r"[A-Za-z]{2}", value) is None:
        raise typer.BadParameter("a market is a country as two letters (ISO 3166), such as US")
    return value.upper()


def _name(value: str) -> str:
    if not value.strip() or not value.isprintable() or len(value) > LONGEST_NAME:
        raise typer.BadParameter(f"a name has 1 to {LONGEST_NAME} printable characters, not all blank")
    return value.strip()


def _id(value: UUID) -> UUID:
    if value.int == 0:
        raise typer.BadParameter("the GUID of zeros is nobody's")
    return value


@partners.callback()
@users.callback()
def _group() -> None:
    """Keep the command's name even while there is one."""


@partners.command("add")
def add_partner(
    id: Annotated[UUID, typer.Option(help="The partner's tenant id.", callback=_id)],
    name: Annotated[str, typer.Option(help="The company's name.", callback=_name)],
    type: Annotated[PartnerType, typer.Option(help="How it trades with the vendor.")],
    market: Annotated[str, typer.Option(help="The country it sells in, such as US.", callback=_market)],
    cloud: Annotated[Cloud, typer.Option(help="The national cloud it works in.")] = Cloud.PUBLIC,
    partner_number: Annotated[str | None, typer.Option(help="The vendor's number of it (MPN id).")] = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add a partner.

    Example: multichannel partner add --id 7a1c9e52-51d7-4c9a-8d1b-0f4f3f3b2a10 --name Alder
    --type direct_bill --market US --cloud public
    """
    with open_store(load_settings(database_url=database_url)) as store:
        try:
            store.write(
                OPERATOR,
                lambda work: directory.add_partner(
                    work,
                    str(id),
                    name=name,
                    kind=type,
                    market=market,
                    cloud=cloud,
                    partner_number=partner_number,
                ),
            )
        except IntegrityError:
            raise Refused(f"There is a tenant {id} already; nothing was changed.") from None
    typer.echo(f"{name} is a partner now. Add its first user: multichannel user add --tenant {id} ...")


@users.command("add")
def add_user(
    tenant: Annotated[UUID, typer.Option(help="The partner's tenant id.", callback=_id)],
    object_id: Annotated[
        UUID, typer.Option(help="The user's object id in that tenant, as its tokens carry it.", callback=_id)
    ],
    name: Annotated[str, typer.Option(help="What to call the user.", callback=_name)],
    role: Annotated[list[Role] | None, typer.Option(help="A role; may be given again.")] = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add a user of a partner; without --role, a global admin.

    Example: multichannel user add --tenant 7a1c9e52-51d7-4c9a-8d1b-0f4f3f3b2a10
    --object-id 0d2e7c0e-3f0f-4d0c-9a39-5a0c1c1f7d11 --name "Alder global admin"
    """
    roles = list(dict.fromkeys(role or [Role.GLOBAL_ADMIN]))
    with open_store(load_settings(database_url=database_url)) as store:
        try:
            store.write(
                OPERATOR,
                lambda work: directory.add_user(
                    work, str(tenant), object_id=str(object_id), display_name=name, roles=roles
                ),
            )
        except NotVisible:
            raise Refused(f"There is no partner {tenant}. Add it first: multichannel partner add") from None
        except IntegrityError:
            raise Refused(f"There is a user {object_id} in {tenant} already; nothing was changed.") from None
    typer.echo(f"{name} is {', '.join(roles)} of {tenant} now.")
