"""`multichannel partner` and `multichannel user`: the first tenants and users of a database."""

from __future__ import annotations

import re
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy.exc import IntegrityError

from multichannel.cli.options import DatabaseUrl, nonzero_guid
from multichannel.domain.tenants import Cloud, PartnerType
from multichannel.domain.users import Role
from multichannel.errors import NotVisible, Refused
from multichannel.policy.schema.vocabulary import SystemRole, system_principal
from multichannel.server.bootstrap import open_store
from multichannel.services import users as use_cases
from multichannel.settings import load_settings

partners = typer.Typer(no_args_is_help=True, help="Manage partners.")
users = typer.Typer(no_args_is_help=True, help="Manage users of partners.")

MAX_NAME = 512
OPERATOR = system_principal(SystemRole.OPERATOR)


def _market(value: str) -> str:
    if re.fullmatch(r"[A-Za-z]{2}", value) is None:
        raise typer.BadParameter("a market is a two-letter country code (ISO 3166), such as US")
    return value.upper()


def _name(value: str) -> str:
    if not value.strip() or not value.isprintable() or len(value) > MAX_NAME:
        raise typer.BadParameter(f"a name must have 1 to {MAX_NAME} printable characters, not all blank")
    return value.strip()


@partners.callback()
@users.callback()
def _group() -> None:
    """Keep `add` a subcommand: typer drops the name of an only command."""


@partners.command("add")
def add_partner(
    id: Annotated[UUID, typer.Option(help="Tenant id of the partner.", callback=nonzero_guid)],
    name: Annotated[str, typer.Option(help="Company name.", callback=_name)],
    type: Annotated[PartnerType, typer.Option(help="How the partner trades with the vendor.")],
    market: Annotated[str, typer.Option(help="Country the partner sells in, such as US.", callback=_market)],
    cloud: Annotated[Cloud, typer.Option(help="National cloud.")] = Cloud.PUBLIC,
    partner_number: Annotated[
        str | None, typer.Option(help="Vendor-assigned partner number (MPN id).")
    ] = None,
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
                lambda work: use_cases.add_partner(
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
            raise Refused(f"Tenant {id} already exists; nothing was changed.") from None
    typer.echo(f"Added partner {name}. Add its first user: multichannel user add --tenant {id} ...")


@users.command("add")
def add_user(
    tenant: Annotated[UUID, typer.Option(help="Tenant id of the partner.", callback=nonzero_guid)],
    object_id: Annotated[
        UUID,
        typer.Option(
            help="Object id of the user in that tenant: the oid claim in the user's tokens.",
            callback=nonzero_guid,
        ),
    ],
    name: Annotated[str, typer.Option(help="Display name.", callback=_name)],
    role: Annotated[
        list[Role] | None, typer.Option(help="Role of the user; repeatable. Default: global_admin.")
    ] = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add a user of a partner.

    Example: multichannel user add --tenant 7a1c9e52-51d7-4c9a-8d1b-0f4f3f3b2a10
    --object-id 0d2e7c0e-3f0f-4d0c-9a39-5a0c1c1f7d11 --name "Alder global admin"
    """
    roles = list(dict.fromkeys(role or [Role.GLOBAL_ADMIN]))
    with open_store(load_settings(database_url=database_url)) as store:
        try:
            store.write(
                OPERATOR,
                lambda work: use_cases.add_user(
                    work, str(tenant), object_id=str(object_id), display_name=name, roles=roles
                ),
            )
        except NotVisible:
            raise Refused(f"Partner {tenant} not found. Add it first: multichannel partner add") from None
        except IntegrityError:
            raise Refused(f"User {object_id} of {tenant} already exists; nothing was changed.") from None
    typer.echo(f"Added user {name} of tenant {tenant} with roles: {', '.join(roles)}.")
