"""Mutations of users."""

from __future__ import annotations

import strawberry

from multichannel.domain.users import Role
from multichannel.graphql.framework.global_ids import read_id_of
from multichannel.graphql.framework.inputs import MutationInput, guid_of, text_of
from multichannel.graphql.framework.mutation import writes
from multichannel.graphql.framework.registry import named
from multichannel.policy.schema.resources import USER
from multichannel.policy.schema.vocabulary import Action
from multichannel.services.users import NewUser, create_user, update_user_roles
from multichannel.store.unit_of_work import Work

named(Role)  # inputs name it before anything else might


@strawberry.input(description="A user of your own tenant.")
class CreateUserInput(MutationInput):
    """A new user."""

    object_id: str = strawberry.field(
        description="The object id in your tenant's directory, a GUID, as tokens carry it."
    )
    display_name: str = strawberry.field(description="The name others see.")
    roles: list[Role] = strawberry.field(description="The roles to give; may be empty.")


@strawberry.input(description="The roles of a user of your own tenant.")
class UpdateUserRolesInput(MutationInput):
    """All the roles a user shall have."""

    id: strawberry.ID = strawberry.field(description="The user; not yourself.")
    expected_version: int = strawberry.field(
        description="The `version` you saw; another one refuses the change."
    )
    roles: list[Role] = strawberry.field(description="All the roles to have; others are taken away.")


def _create_user(work: Work, input: CreateUserInput) -> str:
    object_id, name = guid_of("object_id", input.object_id), text_of("display_name", input.display_name)
    return create_user(work, NewUser(object_id, name, tuple(input.roles))).id


def _update_user_roles(work: Work, input: UpdateUserRolesInput) -> str:
    row_id = read_id_of(USER, input.id)
    return update_user_roles(work, row_id, input.roles, expected_version=input.expected_version).id


writes(
    "create_user",
    "Add a user to your own tenant. A user management admin gives any role but that of a global admin, an "
    "account admin its own.",
    action=Action.ADD_USER,
    on="Partner",
    of_customers="Customer",
    input_type=CreateUserInput,
    use_case=_create_user,
    shows="User",
)
writes(
    "update_user_roles",
    "Change the roles of another user of your own tenant, as far as your own roles reach.",
    action=Action.UPDATE_ROLES,
    on="User",
    input_type=UpdateUserRolesInput,
    use_case=_update_user_roles,
)
