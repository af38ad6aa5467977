"""R75: an action that is possible now is not refused by its mutation for a state, and one left out is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from multichannel.demo.cast import BY_KEY, CEDAR, MEADOW, PERSONAS, fixed_id
from multichannel.domain.agreements import Signature
from multichannel.domain.base import new_id
from multichannel.domain.commerce import BillingType, Channel, Commerce, StopReason, SubscriptionStatus
from multichannel.domain.delegated_admin import DelegatedAdminGrant
from multichannel.domain.delegated_admin_terms import (
    DelegatedAdminApproval,
    DelegatedAdminStatus,
    DelegatedAdminTerms,
)
from multichannel.domain.new_subscriptions import SubscriptionOrder
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.tenants import Cloud
from multichannel.domain.transfers import Initiator, Transfer, TransferKind, TransferStatus
from multichannel.domain.users import RoleAssignment, User, UserState
from multichannel.errors import NotPermitted, Refused
from multichannel.policy.schema import resources
from multichannel.policy.schema.resources import Resource
from multichannel.policy.schema.vocabulary import Action
from multichannel.services import (
    bulk_operations,
    confirmations,
    customers,
    delegated_admin,
    invitations,
    partnerships,
    relationship_ends,
    relationships,
    subscriptions,
    switch_requests,
    transfers,
    users,
    vendor_tasks,
)
from multichannel.services.possible_actions import possible_actions
from multichannel.services.transfer_lines import plan_lines, require_eligible
from multichannel.store.audit.mutation_context import MutationContext
from multichannel.store.unit_of_work import UnitOfWork
from multichannel.store.users import Caller
from tests.world import World, one_engine

Attempt = Callable[[UnitOfWork, Any], Any]
"""Tries an action on a row, with an input that no mutation would refuse."""
SHOWN = [resource for resource in resources.RESOURCES.values() if resource.model is not None]


class RolledBack(Exception):
    """Ends a transaction without a trace."""


def _signature(work: UnitOfWork) -> Signature:
    return Signature("Sam", "Field", "sam@customer.example", None, work.now)


def _cancel_service(work: UnitOfWork, row: Subscription) -> Any:
    left = [name for name in row.services if name not in row.canceled_services]
    service = next(iter([*left, *row.services, "none"]))
    return subscriptions.cancel_service(work, row.id, service, expected_version=row.version)


def _release(work: UnitOfWork, row: Subscription) -> None:
    """Choose it for a transfer of each kind, until one is possible."""
    refusals = []
    for kind in TransferKind:
        try:
            return require_eligible(work, plan_lines(work, [row.id]), kind, row.customer_id)
        except Refused as refusal:
            refusals.append(refusal)
    raise refusals[0]


def _request_switch(work: UnitOfWork, row: Subscription) -> Any:
    """Request its switch to each partner, until one is possible."""
    refusals = []
    for partner in (each for each in BY_KEY.values() if each.partner_type is not None):
        request = switch_requests.SwitchRequest(
            subscription_id=row.id, target_directory_id=partner.id, notice="Please."
        )
        try:
            return switch_requests.request_switch(work, request)
        except Refused as refusal:
            refusals.append(refusal)
    raise refusals[0]


def _roles(work: UnitOfWork, row: User) -> Any:
    held = work.roles.of([row.id]).get(row.id, [])
    return users.update_user_roles(work, row.id, held, expected_version=row.version)


ORDER = SubscriptionOrder(offer_name="An offer that nobody has", billing_type=BillingType.LICENSE)
ATTEMPTS: dict[tuple[Resource, Action], Attempt] = {
    (resources.CUSTOMER, Action.LINK): lambda work, row: customers.link_customer(
        work, row.id, new_id(), expected_version=row.version
    ),
    (resources.CUSTOMER, Action.CONFIRM_AGREEMENT): lambda work, row: customers.confirm_customer_agreement(
        work, row.id, _signature(work)
    ),
    (resources.CUSTOMER, Action.CREATE_SUBSCRIPTION): lambda work, row: subscriptions.create_subscription(
        work, row.id, ORDER
    ),
    (resources.BULK_OPERATION, Action.CANCEL): lambda work, row: bulk_operations.cancel_bulk_operation(
        work, row.id
    ),
    (resources.PARTNERSHIP, Action.ACCEPT): lambda work, row: partnerships.accept_partnership(work, row.id),
    (resources.PARTNERSHIP, Action.INVITE): lambda work, row: invitations.invite_reseller_again(work, row.id),
    (resources.PARTNERSHIP, Action.REMOVE): lambda work, row: partnerships.remove_partnership(work, row.id),
    (resources.RELATIONSHIP, Action.ACCEPT): lambda work, row: relationships.accept_reseller_relationship(
        work, row.id, _signature(work)
    ),
    (resources.RELATIONSHIP, Action.DECLINE): lambda work, row: relationships.decline_reseller_relationship(
        work, row.id
    ),
    (resources.RELATIONSHIP, Action.CANCEL): lambda work, row: (
        relationships.cancel_reseller_relationship_request(work, row.id)
    ),
    (resources.RELATIONSHIP, Action.REMOVE): lambda work, row: relationship_ends.remove_reseller_relationship(
        work, row.id
    ),
    (resources.RELATIONSHIP, Action.END): lambda work, row: relationship_ends.end_reseller_relationship(
        work, row.id, "Another supplier"
    ),
    (resources.RELATIONSHIP, Action.DETACH_RESELLER): lambda work, row: relationship_ends.detach_reseller(
        work, row.id
    ),
    (resources.RELATIONSHIP, Action.EXTEND): lambda work, row: relationships.extend_relationship_to_provider(
        work, row.id, CEDAR.id
    ),
    (resources.RELATIONSHIP, Action.INVITE): lambda work, row: invitations.invite_customer(work, row.id),
    (resources.RELATIONSHIP, Action.REQUEST_DELEGATED_ADMIN): lambda work, row: (
        delegated_admin.request_delegated_admin(work, row.id, DelegatedAdminTerms())
    ),
    (resources.RELATIONSHIP, Action.REVOKE_DELEGATED_ADMIN): lambda work, row: (
        delegated_admin.revoke_delegated_admin(work, row.id)
    ),
    (resources.DELEGATED_ADMIN_GRANT, Action.APPROVE): lambda work, row: (
        delegated_admin.approve_delegated_admin(work, row.id, DelegatedAdminApproval())
    ),
    (resources.DELEGATED_ADMIN_GRANT, Action.DECLINE): lambda work, row: (
        delegated_admin.decline_delegated_admin(work, row.id)
    ),
    (resources.DELEGATED_ADMIN_GRANT, Action.REDUCE): lambda work, row: (
        delegated_admin.reduce_delegated_admin(work, row.id, row.rights)
    ),
    (resources.DELEGATED_ADMIN_GRANT, Action.TERMINATE): lambda work, row: (
        delegated_admin.terminate_delegated_admin(work, row.id)
    ),
    (resources.DELEGATED_ADMIN_GRANT, Action.SET_AUTO_EXTEND): lambda work, row: (
        delegated_admin.set_delegated_admin_auto_extend(work, row.id, auto_extend=True)
    ),
    (resources.SUBSCRIPTION, Action.UPDATE): lambda work, row: subscriptions.update_subscription(
        work, row.id, {"friendly_name": "Renamed"}, expected_version=row.version
    ),
    (resources.SUBSCRIPTION, Action.SUSPEND): lambda work, row: subscriptions.suspend_subscription(
        work, row.id, StopReason.CUSTOMER_REQUEST, expected_version=row.version
    ),
    (resources.SUBSCRIPTION, Action.REACTIVATE): lambda work, row: subscriptions.reactivate_subscription(
        work, row.id, expected_version=row.version
    ),
    (resources.SUBSCRIPTION, Action.CANCEL): lambda work, row: subscriptions.cancel_subscription(
        work, row.id, StopReason.CUSTOMER_REQUEST, expected_version=row.version
    ),
    (resources.SUBSCRIPTION, Action.CANCEL_SERVICE): _cancel_service,
    (resources.SUBSCRIPTION, Action.MOVE_TO_CSP): lambda work, row: subscriptions.move_subscription_to_csp(
        work, row.id
    ),
    (resources.SUBSCRIPTION, Action.ASSIGN_SUPPORT_CONTACT): lambda work, row: (
        subscriptions.assign_support_contact(work, row.id, None, expected_version=row.version)
    ),
    (resources.SUBSCRIPTION, Action.ASSIGN_PARTNER_OF_RECORD): lambda work, row: (
        subscriptions.assign_partner_of_record(work, row.id, None, expected_version=row.version)
    ),
    (resources.SUBSCRIPTION, Action.LINK): lambda work, row: vendor_tasks.link_subscription(
        work, row.id, vendor_tasks.VendorIds(vendor_id=new_id()), expected_version=row.version
    ),
    (resources.SUBSCRIPTION, Action.COMPLETE_VENDOR_TASK): lambda work, row: (
        vendor_tasks.complete_vendor_task(
            work,
            row.id,
            vendor_tasks.VendorIds(vendor_id=row.vendor_id or new_id()),
            discard=False,
            expected_version=row.version,
        )
    ),
    (resources.SUBSCRIPTION, Action.CONFIRM): lambda work, row: confirmations.confirm_external_subscription(
        work, row.id, expected_version=row.version
    ),
    (resources.SUBSCRIPTION, Action.DISPUTE): lambda work, row: confirmations.dispute_external_subscription(
        work, row.id, expected_version=row.version
    ),
    (resources.SUBSCRIPTION, Action.RELEASE): _release,
    (resources.SUBSCRIPTION, Action.REQUEST_SWITCH): _request_switch,
    (resources.TRANSFER, Action.ACCEPT): lambda work, row: transfers.accept_transfer(
        work, row.id, subscription_ids=None, expected_version=None
    ),
    (resources.TRANSFER, Action.CONSENT): lambda work, row: transfers.consent_to_transfer(
        work, row.id, expected_version=None
    ),
    (resources.TRANSFER, Action.DECLINE): lambda work, row: transfers.decline_transfer(
        work, row.id, expected_version=None
    ),
    (resources.TRANSFER, Action.CANCEL): lambda work, row: transfers.cancel_transfer(
        work, row.id, expected_version=None
    ),
    (resources.USER, Action.UPDATE_ROLES): _roles,
    (resources.USER, Action.DISABLE): lambda work, row: users.disable_user(work, row.id),
    (resources.USER, Action.ENABLE): lambda work, row: users.enable_user(work, row.id),
}
OF_INPUT = {
    "NO_PARTNERSHIP",
    "ASKED_RECENTLY",
    "ALREADY_EXTENDED",
    "REQUEST_PENDING",
    "LINES_MISSING",
    "ROLE_NOT_YOURS_TO_ASSIGN",
    "NO_RELATIONSHIP",
    "NO_AZURE_PLAN",
    "CUSTOMER_IN_OTHER_MARKET",
}
"""Refusals of the provider, the lines, the roles or the target that the caller names or is."""


def stored(world: World, *statements: Any) -> None:
    """Change the world past every guard."""
    with Session(world.store.engine) as session:
        for each in statements:
            session.execute(each) if hasattr(each, "compile") else session.add(each)
        session.commit()


def switch(world: World, key: str, **values: Any) -> Transfer:
    """A transfer of Alder's subscriptions to Cedar, or of Cedar's at Alder's request."""
    now = world.clock.now
    given = {
        "kind": TransferKind.MANUAL_SWITCH,
        "initiated_by": Initiator.SOURCE,
        "owner_id": BY_KEY["alder"].id,
        "source_partner_id": BY_KEY["alder"].id,
        "target_partner_id": CEDAR.id,
        "stored_status": TransferStatus.PENDING,
        "expires_at": now + timedelta(days=30),
        "customer_id": MEADOW.id,
        "market": "US",
        "cloud": Cloud.PUBLIC,
        "created_at": now,
        "updated_at": now,
    }
    return Transfer(id=fixed_id(key), **given | values)


def with_transfers(world: World) -> None:
    """Transfers in every state, and switches with and without consents."""
    now = world.clock.now
    stored(
        world,
        *(switch(world, f"{each}.switch", stored_status=each) for each in TransferStatus),
        switch(world, "late.switch", expires_at=now),
        switch(world, "consented.switch", source_consented_at=now, customer_consented_at=now),
        *(
            switch(
                world,
                f"{each}.request",
                kind=TransferKind.NEW_COMMERCE,
                initiated_by=Initiator.TARGET,
                stored_status=each,
            )
            for each in TransferStatus
        ),
    )


def with_global_admins_of_partners(world: World) -> None:
    """Roles that no persona has, so that every action is granted to somebody."""
    made = [
        RoleAssignment(user_id=fixed_id(f"{name}.user"), tenant_id=BY_KEY[key].id, role="global_admin")
        for key, name in (("birch", "birch-sales-agent"), ("cedar", "cedar-admin-agent"))
    ]
    stored(world, *made)


def with_subscriptions(status: SubscriptionStatus) -> Callable[[World], None]:
    """Every subscription in one state, half of them with services canceled."""

    def change(world: World) -> None:
        stored(
            world,
            update(Subscription).values(stored_status=status),
            update(Subscription)
            .where(Subscription.channel == Channel.EA)
            .values(canceled_services=["virtual-machines", "storage", "sql-database"]),
        )

    return change


def with_relationships(status: RelationshipStatus, *, days: int = 1) -> Callable[[World], None]:
    """Every relationship in one state; requests end in so many days."""

    def change(world: World) -> None:
        at = world.clock.now + timedelta(days=days)
        with Session(world.store.engine) as session:
            rows = session.scalars(select(ResellerRelationship).order_by(ResellerRelationship.id)).all()
            seen = set()
            for row in rows:
                pair = (row.partner_id, row.customer_id)
                row.stored_status = RelationshipStatus.CANCELED if pair in seen else status
                row.expires_at = at if status is RelationshipStatus.REQUESTED else None
                seen.add(pair)
            if status is RelationshipStatus.REQUESTED:
                grants = update(DelegatedAdminGrant).values(
                    stored_status=DelegatedAdminStatus.PENDING, expires_at=at
                )
                session.execute(grants)
            session.commit()

    return change


def with_licenses_of_new_commerce(world: World) -> None:
    """Legacy becomes new commerce, whose window has passed; trials and users in another state."""
    stored(
        world,
        update(Subscription).values(
            commerce=Commerce.NEW_COMMERCE,
            cancellation_allowed_until_date=world.clock.now - timedelta(days=1),
            commitment_end_date=world.clock.now - timedelta(days=1),
            auto_renew_enabled=False,
        ),
        update(User).where(User.id == fixed_id("alder-account-admin.user")).values(state=UserState.INACTIVE),
    )


def with_grants(status: DelegatedAdminStatus) -> Callable[[World], None]:
    """Every grant of an active relationship in one state; those requested along with another stay."""

    def change(world: World) -> None:
        active = select(ResellerRelationship.id).where(
            ResellerRelationship.stored_status == RelationshipStatus.ACTIVE
        )
        stored(
            world,
            update(DelegatedAdminGrant)
            .where(DelegatedAdminGrant.relationship_id.in_(active))
            .values(stored_status=status),
        )

    return change


def with_recreated(world: World) -> None:
    """Azure of an enterprise agreement that Alder has recreated, and its agreement with Meadow."""
    old = fixed_id("meadow-azure-ea.subscription")
    stored(
        world,
        update(Subscription)
        .where(Subscription.id == fixed_id("meadow-mail-alder.subscription"))
        .values(continues_id=old, billing_type=BillingType.USAGE),
    )


SUBSCRIPTIONS, RELATIONSHIPS = (resources.SUBSCRIPTION,), (resources.RELATIONSHIP, resources.CUSTOMER)
GRANTS = (resources.RELATIONSHIP, resources.DELEGATED_ADMIN_GRANT)
STATES: dict[str, tuple[Sequence[Resource], Callable[[World], None]]] = {
    "the demo world": (SHOWN, with_global_admins_of_partners),
    "transfers": ((resources.TRANSFER,), with_transfers),
    "new commerce": ((*SUBSCRIPTIONS, resources.USER), with_licenses_of_new_commerce),
    "recreated": (SUBSCRIPTIONS, with_recreated),
    **{str(each): (SUBSCRIPTIONS, with_subscriptions(each)) for each in SubscriptionStatus},
    **{f"relationships {each}": (RELATIONSHIPS, with_relationships(each)) for each in RelationshipStatus},
    **{
        f"grants {each}": ((*RELATIONSHIPS, resources.DELEGATED_ADMIN_GRANT), with_grants(each))
        for each in DelegatedAdminStatus
    },
    "requests expired": (RELATIONSHIPS, with_relationships(RelationshipStatus.REQUESTED, days=-1)),
}
"""The states of the demo world, each with the resources that it is about."""
EVERY_TIME = ("the demo world", "transfers", "relationships requested")


def refusal(world: World, caller: Caller, attempt: Attempt, row: Any) -> str | None:
    """The code that an attempt is refused with; nothing is kept."""

    def rolled_back(work: UnitOfWork) -> Any:
        attempt(work, row)
        raise RolledBack

    try:
        context = MutationContext("test", "Partner", user_id=caller.user_id)
        world.store.act(caller.principal, context, rolled_back)
    except RolledBack:
        return None
    except Refused as refused:
        return refused.code
    except NotPermitted as denial:
        return denial.code
    raise AssertionError("an attempt that ends without an error")


def answers(
    world: World, caller: Caller, resource: Resource
) -> Iterator[tuple[Any, set[Action], set[Action]]]:
    """Each row that a caller sees, what the policy grants on it, and what is possible now."""
    with Session(world.store.engine) as session:
        ids = list(session.scalars(select(resource.mapped.id)))
    with world.store.reading(caller.principal, user_id=caller.user_id) as work:
        rows = work.repository(resource).find_visible(ids)
        permitted = work.reader.permitted(resource, [row.id for row in rows])
        possible = possible_actions(work, resource, permitted)
    yield from ((row, set(permitted[row.id]), set(possible[row.id])) for row in rows)


@one_engine
@pytest.mark.rule("R75")
@pytest.mark.parametrize(
    "state", [each if each in EVERY_TIME else pytest.param(each, marks=pytest.mark.long) for each in STATES]
)
def test_what_is_possible_now_is_what_mutations_do_not_refuse(world: World, state: str) -> None:
    shown, change = STATES[state]
    callers = {persona.name: world.caller(persona.name) for persona in PERSONAS}
    change(world)
    codes: dict[Any, str | None] = {}
    for persona, caller in callers.items():
        # Only users are refused what depends on who of a tenant asks.
        asking = caller.principal.tenant_id
        for resource in shown:
            for row, permitted, possible in answers(world, caller, resource):
                refused = set()
                for action in permitted & {action for of, action in ATTEMPTS if of is resource}:
                    key = (caller.user_id if resource is resources.USER else asking, row.id, action)
                    if key not in codes:
                        codes[key] = refusal(world, caller, ATTEMPTS[resource, action], row)
                    if codes[key] is not None and codes[key] not in OF_INPUT:
                        refused.add(action)
                assert possible == permitted - refused, (persona, resource.name, row.id)
