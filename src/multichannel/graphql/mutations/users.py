"""Mutations of users."""

from __future__ import annotations

import strawberry

from multichannel.domain.users import Role, User
from multichannel.graphql.framework.global_ids import read_id_of
from multichannel.graphql.framework.inputs import (
    EXPECTED_VERSION,
    MutationInput,
    input_type,
    parse_guid,
    parse_text,
)
from multichannel.graphql.framework.mutation import mutation
from multichannel.graphql.framework.strawberry_types import described
from multichannel.policy.schema.resources import CUSTOMER, PARTNER, USER
from multichannel.policy.schema.vocabulary import Action
from multichannel.services import users
from multichannel.store.unit_of_work import UnitOfWork


@input_type
class CreateUserInput(MutationInput):
    """The user to add, to your own tenant unless you name a customer."""

    object_id: str = described(
        "The user's object id in your tenant's directory, a GUID; the `oid` claim of its tokens."
    )
    display_name: str = described("The name shown to others.")
    roles: list[Role] = described("The user's roles; may be empty.")
    customer: strawberry.ID | None = described(
        "For a partner: the customer to whose tenant the user is added, by the delegated right MANAGE_USERS.",
        None,
    )


@mutation(Action.ADD_USER, on=PARTNER, on_for_customers=CUSTOMER, returns=USER, in_bulk=True)
def create_user(work: UnitOfWork, input: CreateUserInput) -> User:
    """Add a user to your own tenant, or to that of a customer that has delegated the management of its users.

    A user management admin can assign any role except global admin; an account admin can assign only
    account admin. By delegation, any role except global admin can be assigned; this requires ADD_USER on the
    Customer.
    """
    object_id = parse_guid("object_id", input.object_id)
    display_name = parse_text("display_name", input.display_name)
    new = users.NewUser(object_id, display_name, tuple(input.roles))
    customer_id = None if input.customer is None else read_id_of(CUSTOMER, input.customer)
    return users.create_user(work, new, customer_id=customer_id)


@input_type
class UpdateUserRolesInput(MutationInput):
    """The user and its new set of roles."""

    id: strawberry.ID = described("The user; not yourself.")
    expected_version: int = described(EXPECTED_VERSION)
    roles: list[Role] = described("The complete set of roles; roles not listed are removed.")


@mutation(Action.UPDATE_ROLES, on=USER, in_bulk=True)
def update_user_roles(work: UnitOfWork, input: UpdateUserRolesInput) -> User:
    """Replace the roles of another user of your tenant. You can add and remove only roles you may assign."""
    row_id = read_id_of(USER, input.id)
    return users.update_user_roles(work, row_id, input.roles, expected_version=input.expected_version)


@input_type
class DisableUserInput(MutationInput):
    """The user to disable."""

    id: strawberry.ID = described("The user; not yourself.")
    expected_version: int = described(EXPECTED_VERSION)


@mutation(Action.DISABLE, on=USER, in_bulk=True)
def disable_user(work: UnitOfWork, input: DisableUserInput) -> User:
    """Disable another user of your tenant. It cannot sign in until it is enabled; its roles are kept.

    Refused for the last active global admin of the tenant.
    """
    row_id = read_id_of(USER, input.id)
    return users.disable_user(work, row_id, expected_version=input.expected_version)


@input_type
class EnableUserInput(MutationInput):
    """The user to enable."""

    id: strawberry.ID = described("The disabled user.")
    expected_version: int = described(EXPECTED_VERSION)


@mutation(Action.ENABLE, on=USER, in_bulk=True)
def enable_user(work: UnitOfWork, input: EnableUserInput) -> User:
    """Enable a disabled user of your tenant, with the roles that it has."""
    row_id = read_id_of(USER, input.id)
    return users.enable_user(work, row_id, expected_version=input.expected_version)
