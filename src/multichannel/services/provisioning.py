"""Tenants and their first users, managed by the operator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from multichannel.domain.customers import Customer
from multichannel.domain.domains import shown_domain
from multichannel.domain.refusals import Refusal
from multichannel.domain.tenants import Cloud, Partner, PartnerType, TenantKind, tenant_of_directory
from multichannel.domain.users import Role, User, UserState
from multichannel.errors import NotVisible
from multichannel.policy.schema.resources import CUSTOMER, PARTNER, USER, Resource
from multichannel.policy.schema.vocabulary import Action, Principal
from multichannel.services import users
from multichannel.store.read.list_query import (
    ALL_ROWS,
    And,
    Compare,
    Condition,
    ListQuery,
    LoadedRecord,
    ReadableColumn,
    Window,
)
from multichannel.store.unit_of_work import UnitOfWork

_PAGE = 100
_SHARED = ("cloud", "market")


def _readable(*names: str, read: Action = Action.READ_SUMMARY) -> frozenset[ReadableColumn]:
    return frozenset(ReadableColumn(name, read) for name in names)


_NAMED_PARTNER = _readable("directory_id", "name", *_SHARED)
_NAMED_CUSTOMER = _readable("directory_id", "company_name", "domain", *_SHARED)
_LISTED_USER = _readable("object_id", "display_name", "state", read=Action.READ)
_TENANT = ReadableColumn("tenant_id", Action.READ)


def add_partner(  # noqa: PLR0913  (an organisation has this many properties)
    work: UnitOfWork,
    partner_id: str,
    *,
    name: str,
    kind: PartnerType,
    market: str,
    cloud: Cloud,
    partner_number: str | None,
    domain: str | None = None,
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
        domain=domain,
        created_at=work.now,
    )
    work.add_under(service, tenant_of_directory(partner_id, TenantKind.PARTNER, cloud, work.now))
    work.add_under(service, partner)
    return partner


def add_customer(  # noqa: PLR0913  (an organisation has this many properties)
    work: UnitOfWork, directory_id: str, *, name: str, ascii_domain: str, market: str, cloud: Cloud
) -> Customer:
    """A new customer with its tenant and a verified domain (R55, R58). DOMAIN_TAKEN.

    Requests that wait for its directory or domain are delivered.
    """
    service = work.service(to=Action.ADD_CUSTOMER)
    customer = Customer(
        id=directory_id,
        company_name=name,
        domain=shown_domain(ascii_domain),
        market=market,
        cloud=cloud,
        created_at=work.now,
    )
    work.add_under(service, tenant_of_directory(directory_id, TenantKind.CUSTOMER, cloud, work.now))
    work.add_under(service, customer)
    directory = work.tenant_directory(service)
    if not directory.verify_domains({ascii_domain: customer.id}, cloud=cloud, now=work.now):
        raise Refusal.DOMAIN_TAKEN.error()
    directory.deliver_requests({directory_id: customer.id}, cloud=cloud, now=work.now)
    return customer


def add_user(
    work: UnitOfWork, directory_id: str, *, object_id: str, display_name: str, roles: Sequence[Role]
) -> User:
    """A new user of a partner or customer, with its roles (R55). NotVisible or USER_EXISTS."""
    tenant = _partner_or_customer(work, directory_id)
    if work.query_for(tenant).any(User, tenant_id=tenant.id, object_id=object_id):
        raise Refusal.USER_EXISTS.error()
    new = users.NewUser(object_id, display_name, tuple(roles))
    return users.add_user_to_tenant(work, tenant, new, tenant=tenant)


def customer_principal(work: UnitOfWork, directory_id: str) -> Principal:
    """The principal that stands for all users of a customer. NotVisible if there is no such customer."""
    tenant = _partner_or_customer(work, directory_id)
    if not isinstance(tenant, Customer):
        raise NotVisible
    return work.query_for(tenant).principals([tenant.id])[tenant.id]


def disable_user(work: UnitOfWork, directory_id: str, object_id: str) -> User:
    """End the access of a user (R55). NotVisible, ALREADY_DISABLED or LAST_GLOBAL_ADMIN."""
    return users.disable_user(work, _user_id(work, directory_id, object_id))


def enable_user(work: UnitOfWork, directory_id: str, object_id: str) -> User:
    """Give a disabled user access again (R55). NotVisible or ALREADY_ENABLED."""
    return users.enable_user(work, _user_id(work, directory_id, object_id))


@dataclass(frozen=True, slots=True)
class ListedTenant:
    """A partner or customer in a list; a customer that is not linked has no directory id."""

    directory_id: str | None
    kind: TenantKind
    name: str | None
    cloud: Cloud
    market: str | None


@dataclass(frozen=True, slots=True)
class ListedCustomer:
    """A customer in a list, with its primary domain."""

    directory_id: str | None
    name: str | None
    domain: str | None
    cloud: Cloud
    market: str


def list_customers(work: UnitOfWork) -> Iterator[ListedCustomer]:
    """Every customer, by id."""
    for record in _all(work, CUSTOMER, _NAMED_CUSTOMER):
        value = record.values
        yield ListedCustomer(
            value["directory_id"], value["company_name"], value["domain"], value["cloud"], value["market"]
        )


def list_tenants(work: UnitOfWork) -> Iterator[ListedTenant]:
    """Every partner, then every customer, by id."""
    for record in _all(work, PARTNER, _NAMED_PARTNER):
        value = record.values
        yield ListedTenant(
            value["directory_id"], TenantKind.PARTNER, value["name"], value["cloud"], value["market"]
        )
    for each in list_customers(work):
        yield ListedTenant(each.directory_id, TenantKind.CUSTOMER, each.name, each.cloud, each.market)


@dataclass(frozen=True, slots=True)
class ListedUser:
    """A user in a list."""

    object_id: str
    name: str
    state: UserState
    roles: tuple[Role, ...]


def list_users(work: UnitOfWork, directory_id: str) -> Iterator[ListedUser]:
    """Every user of a tenant, by id; NotVisible if there is no such tenant."""
    of_tenant = Compare(_TENANT, "eq", _tenant_id(work, directory_id))
    for page in _pages(work, USER, _LISTED_USER, of_tenant):
        roles = work.roles.of([record.id for record in page])
        for record in page:
            value = record.values
            yield ListedUser(
                value["object_id"], value["display_name"], value["state"], tuple(roles.get(record.id, ()))
            )


def _partner_or_customer(work: UnitOfWork, directory_id: str) -> Partner | Customer:
    """The tenant, to add a user to."""
    tenant_id = _tenant_id(work, directory_id)
    if work.reader.records(PARTNER, (), "id", [tenant_id]):
        return work.partners.get(tenant_id, to=Action.ADD_USER)
    return work.customers.get(tenant_id, to=Action.ADD_USER)


def _tenant_id(work: UnitOfWork, directory_id: str) -> str:
    """The id of the tenant that has a directory; NotVisible if there is none."""
    for resource in (PARTNER, CUSTOMER):
        tenants = work.reader.records(resource, (), "directory_id", [directory_id])
        if directory_id in tenants:
            return tenants[directory_id].id
    raise NotVisible


def _user_id(work: UnitOfWork, directory_id: str, object_id: str) -> str:
    is_user = And(
        (
            Compare(_TENANT, "eq", _tenant_id(work, directory_id)),
            Compare(ReadableColumn("object_id", Action.READ), "eq", object_id),
        )
    )
    users_found = next(_pages(work, USER, frozenset(), is_user))
    if not users_found:
        raise NotVisible
    return users_found[0].id


def _all(work: UnitOfWork, resource: Resource, columns: frozenset[ReadableColumn]) -> Iterator[LoadedRecord]:
    return chain.from_iterable(_pages(work, resource, columns))


def _pages(
    work: UnitOfWork,
    resource: Resource,
    columns: frozenset[ReadableColumn],
    condition: Condition = ALL_ROWS,
) -> Iterator[list[LoadedRecord]]:
    """All rows that the operator may see, in pages, by id; at least one page."""
    window = Window(_PAGE)
    while True:
        page = work.reader.page(resource, ListQuery(columns, window, condition))
        yield page.records
        if not page.more_after:
            return
        window = Window(_PAGE, after=page.records[-1].position)
