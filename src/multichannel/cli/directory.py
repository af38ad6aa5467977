"""`multichannel partner`, `customer`, `user` and `tenant`: the organizations and users of a database."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import IntegrityError

from multichannel.cli.options import AsJson, DatabaseUrl, nonzero_guid
from multichannel.domain.base import plain_name
from multichannel.domain.countries import country_code, country_hint
from multichannel.domain.domains import ascii_domain
from multichannel.domain.refusals import Refusal
from multichannel.domain.tenants import Cloud, PartnerType, TenantKind
from multichannel.domain.users import Role, User
from multichannel.errors import NotVisible, Refused
from multichannel.policy.schema.resources import USER
from multichannel.policy.schema.vocabulary import SystemRole, system_principal
from multichannel.server.bootstrap import open_store
from multichannel.services import provisioning
from multichannel.settings import load_settings
from multichannel.store.audit.mutation_context import MutationContext
from multichannel.store.store import Store
from multichannel.store.unit_of_work import UnitOfWork

partners = typer.Typer(no_args_is_help=True, help="Manage partners.")
customers = typer.Typer(no_args_is_help=True, help="Manage customers.")
users = typer.Typer(no_args_is_help=True, help="Manage users of partners and customers.")
tenants = typer.Typer(no_args_is_help=True, help="List partners and customers.")

MAX_NAME = 512
OPERATOR = system_principal(SystemRole.OPERATOR)


def _market(value: str) -> str:
    code = country_code(value)
    if code is None:
        message = "a market is a two-letter country code (ISO 3166), such as US."
        raise typer.BadParameter(message + country_hint(value))
    return code


def _name(value: str) -> str:
    name = plain_name(value)
    if name is None or len(value) > MAX_NAME:
        raise typer.BadParameter(f"a name must have 1 to {MAX_NAME} printable characters, not all blank")
    return name


def _domain(value: str | None) -> str | None:
    parsed = value and ascii_domain(value)
    if value is not None and not parsed:
        raise typer.BadParameter("a domain is a name such as meadow.example")
    return parsed


TenantId = Annotated[
    UUID, typer.Option("--tenant", help="Tenant id of the partner or customer.", callback=nonzero_guid)
]
ObjectId = Annotated[
    UUID,
    typer.Option(
        help="Object id of the user in that tenant: the oid claim in the user's tokens.",
        callback=nonzero_guid,
    ),
]


@partners.callback()
@tenants.callback()
def _group() -> None:
    """Keep an only command a subcommand: typer drops its name otherwise."""


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
    domain: Annotated[
        str | None,
        typer.Option(help="Primary domain, shown to those whom the partner asks.", callback=_domain),
    ] = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add a partner.

    Example: multichannel partner add --id 7a1c9e52-51d7-4c9a-8d1b-0f4f3f3b2a10 --name Alder
    --type direct_bill --market US --cloud public
    """

    def add(work: UnitOfWork) -> None:
        provisioning.add_partner(
            work,
            str(id),
            name=name,
            kind=type,
            market=market,
            cloud=cloud,
            partner_number=partner_number,
            domain=domain,
        )

    _add_tenant(database_url, id, add)
    typer.echo(f"Added partner {name}. Add its first user: multichannel user add --tenant {id} ...")


@customers.command("add")
def add_customer(
    id: Annotated[UUID, typer.Option(help="Tenant id of the customer.", callback=nonzero_guid)],
    name: Annotated[str, typer.Option(help="Company name.", callback=_name)],
    domain: Annotated[str, typer.Option(help="Primary domain of its tenant.", callback=_domain)],
    market: Annotated[str, typer.Option(help="Country it buys in, such as US.", callback=_market)],
    cloud: Annotated[Cloud, typer.Option(help="National cloud.")] = Cloud.PUBLIC,
    database_url: DatabaseUrl = None,
) -> None:
    """Add a customer. It receives the requests that partners have sent to its tenant id or domain.

    Example: multichannel customer add --id 5b6f1f0e-8f7e-4f5c-9d0a-2f9c7c1f4d22 --name "Meadow Dairy"
    --domain meadow.example --market US --cloud public
    """

    def add(work: UnitOfWork) -> None:
        provisioning.add_customer(work, str(id), name=name, ascii_domain=domain, market=market, cloud=cloud)

    _add_tenant(database_url, id, add)
    typer.echo(f"Added customer {name}. Add its first user: multichannel user add --tenant {id} ...")


@customers.command("list")
def list_customers(
    cloud: Annotated[Cloud | None, typer.Option(help="Only customers of this cloud.")] = None,
    as_json: AsJson = False,
    database_url: DatabaseUrl = None,
) -> None:
    """List customers. One that a partner has created has no directory id until it is linked.

    Example: multichannel customer list --cloud public
    """
    with open_store(load_settings(database_url=database_url)) as store, store.reading(OPERATOR) as work:
        listed = [asdict(each) for each in provisioning.list_customers(work) if cloud in {None, each.cloud}]
    _print(listed, ("directory_id", "name", "domain", "cloud", "market"), as_json=as_json)


@tenants.command("list")
def list_tenants(
    kind: Annotated[TenantKind | None, typer.Option(help="Only partners, or only customers.")] = None,
    as_json: AsJson = False,
    database_url: DatabaseUrl = None,
) -> None:
    """List partners and customers.

    Example: multichannel tenant list --kind customer
    """
    with open_store(load_settings(database_url=database_url)) as store, store.reading(OPERATOR) as work:
        listed = [asdict(each) for each in provisioning.list_tenants(work) if kind in {None, each.kind}]
    _print(listed, ("directory_id", "kind", "name", "cloud", "market"), as_json=as_json)


@users.command("add")
def add_user(
    tenant: TenantId,
    object_id: ObjectId,
    name: Annotated[str, typer.Option(help="Display name.", callback=_name)],
    role: Annotated[
        list[Role] | None, typer.Option(help="Role of the user; repeatable. Default: global_admin.")
    ] = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add a user of a partner or customer.

    Example: multichannel user add --tenant 7a1c9e52-51d7-4c9a-8d1b-0f4f3f3b2a10
    --object-id 0d2e7c0e-3f0f-4d0c-9a39-5a0c1c1f7d11 --name "Alder global admin"
    """
    roles = list(dict.fromkeys(role or [Role.GLOBAL_ADMIN]))

    def add(work: UnitOfWork) -> User:
        return provisioning.add_user(
            work, str(tenant), object_id=str(object_id), display_name=name, roles=roles
        )

    with open_store(load_settings(database_url=database_url)) as store:
        try:
            _act(store, "create_user", add)
        except NotVisible:
            raise _unknown_tenant(tenant) from None
        except Refused as refusal:
            if refusal.code != Refusal.USER_EXISTS.code:
                raise
            raise Refused(f"User {object_id} of {tenant} already exists; nothing was changed.") from None
    typer.echo(f"Added user {name} of tenant {tenant} with roles: {', '.join(roles)}.")


@users.command("list")
def list_users(tenant: TenantId, as_json: AsJson = False, database_url: DatabaseUrl = None) -> None:
    """List the users of a partner or customer.

    Example: multichannel user list --tenant 7a1c9e52-51d7-4c9a-8d1b-0f4f3f3b2a10
    """
    with open_store(load_settings(database_url=database_url)) as store, store.reading(OPERATOR) as work:
        try:
            listed = [asdict(each) for each in provisioning.list_users(work, str(tenant))]
        except NotVisible:
            raise _unknown_tenant(tenant) from None
    _print(listed, ("object_id", "name", "state", "roles"), as_json=as_json)


@users.command("disable")
def disable_user(tenant: TenantId, object_id: ObjectId, database_url: DatabaseUrl = None) -> None:
    """Disable a user, who cannot sign in then. The last active global admin of a tenant is kept.

    Example: multichannel user disable --tenant 7a1c9e52-51d7-4c9a-8d1b-0f4f3f3b2a10
    --object-id 0d2e7c0e-3f0f-4d0c-9a39-5a0c1c1f7d11
    """
    _change_user(tenant, object_id, "disable_user", provisioning.disable_user, database_url)
    typer.echo(f"Disabled user {object_id} of tenant {tenant}.")


@users.command("enable")
def enable_user(tenant: TenantId, object_id: ObjectId, database_url: DatabaseUrl = None) -> None:
    """Enable a disabled user, with the roles that it has.

    Example: multichannel user enable --tenant 7a1c9e52-51d7-4c9a-8d1b-0f4f3f3b2a10
    --object-id 0d2e7c0e-3f0f-4d0c-9a39-5a0c1c1f7d11
    """
    _change_user(tenant, object_id, "enable_user", provisioning.enable_user, database_url)
    typer.echo(f"Enabled user {object_id} of tenant {tenant}.")


def _add_tenant(database_url: str | None, tenant_id: UUID, add: Callable[[UnitOfWork], None]) -> None:
    with open_store(load_settings(database_url=database_url)) as store:
        try:
            store.write(OPERATOR, add)
        except Refused as refusal:
            if refusal.code != Refusal.DOMAIN_TAKEN.code:
                raise
            raise Refused("Another customer has this domain; nothing was changed.") from None
        except IntegrityError:
            raise Refused(f"Tenant {tenant_id} already exists; nothing was changed.") from None


def _change_user(
    tenant: UUID,
    object_id: UUID,
    operation: str,
    change: Callable[[UnitOfWork, str, str], User],
    database_url: str | None,
) -> None:
    with open_store(load_settings(database_url=database_url)) as store:
        try:
            _act(store, operation, lambda work: change(work, str(tenant), str(object_id)))
        except NotVisible:
            raise Refused(
                f"User {object_id} of tenant {tenant} not found. List them: multichannel user list"
            ) from None


def _act(store: Store, operation: str, use_case: Callable[[UnitOfWork], User]) -> None:
    """Change a user, with a record in the audit log of its tenant."""
    store.act(OPERATOR, MutationContext(operation, USER.name), lambda work: use_case(work).id)


def _unknown_tenant(tenant: UUID) -> Refused:
    return Refused(
        f"Tenant {tenant} not found. Add it first: multichannel partner add, multichannel customer add"
    )


def _print(rows: list[dict[str, object]], columns: tuple[str, ...], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    table = Table(*(each.replace("_", " ").capitalize() for each in columns), box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(_text(row[each]) for each in columns))
    Console(highlight=False, soft_wrap=True).print(table)


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value or "-")
