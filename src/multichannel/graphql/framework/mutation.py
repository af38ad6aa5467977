"""Mutations: `@mutation` makes a function a field with one input, one transaction and one payload.

There is no other way to make a mutation, so each has a required action, an idempotency key and a payload
that is read again, by the reader's own rights, after the transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_type_hints

from multichannel.domain.tenants import TenantKind
from multichannel.graphql.framework.fields import camel
from multichannel.policy.schema.resources import Resource
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.store import Store
from multichannel.store.unit_of_work import UnitOfWork
from multichannel.store.users import VerifiedToken

UseCase = Callable[[UnitOfWork, Any], Any]
"""Does what an input asks for and returns the domain object that it changed or made."""

Redeem = Callable[[Store, VerifiedToken, Any], str]
"""Redeems the invitation of an input and returns the id of what it is for."""


@dataclass(frozen=True, slots=True)
class RequiredAction:
    """The action that a mutation is authorized for, and on which resource; creating is one on the parent.

    For callers of customer tenants, and for input that names a customer, the parent may be another resource.
    """

    action: Action
    resource: Resource
    for_customers: Resource | None = None

    def resource_for(self, kind: TenantKind, input: Any = None) -> Resource:
        """The resource that is decided on for a caller of a tenant of this kind, and its input."""
        is_of_customer = kind is TenantKind.CUSTOMER or getattr(input, "customer", None) is not None
        return self.for_customers if self.for_customers and is_of_customer else self.resource

    def __str__(self) -> str:
        """A sentence for the mutation's description."""
        for_customers = (
            f", or on the {self.for_customers.name} in a customer tenant" if self.for_customers else ""
        )
        return f"Requires {self.action.name} on the {self.resource.name}{for_customers}."


@dataclass(frozen=True, slots=True)
class MutationDeclaration:
    """A declared mutation; `returns` is the resource that its payload shows."""

    attribute: str
    description: str
    requires: RequiredAction
    returns: Resource
    input_type: type[Any]
    use_case: Callable[..., Any]
    for_newcomers: bool = False
    """Whether it needs a token and an invitation in place of a user."""
    in_bulk: bool = False
    """Whether there is a mutation that does it for several inputs, each in its own transaction."""


def record_field_of(declared: MutationDeclaration) -> str:
    """The field of a payload that shows the record."""
    name = declared.returns.name
    return name[0].lower() + name[1:]


MUTATIONS: dict[str, MutationDeclaration] = {}
"""Every mutation by its GraphQL name, in the order of declaration."""


def mutation(
    action: Action,
    *,
    on: Resource,
    returns: Resource | None = None,
    on_for_customers: Resource | None = None,
    in_bulk: bool = False,
) -> Callable[[UseCase], UseCase]:
    """Declare a mutation that needs `action` on a record of `on` and shows it, or one of `returns`.

    With `in_bulk`, there is another one that does it for several inputs. The function below takes the unit of
    work and the input; its docstring is the field's description.
    """

    def declare(use_case: UseCase) -> UseCase:
        _enter(use_case, RequiredAction(action, on, on_for_customers), returns or on, in_bulk=in_bulk)
        return use_case

    return declare


def redeems(on: Resource) -> Callable[[Redeem], Redeem]:
    """Declare a mutation that redeems an invitation, for callers with a token of any tenant.

    The function below takes the store, the token and the input, and gives the id of the record of `on`.
    """

    def declare(redeem: Redeem) -> Redeem:
        _enter(redeem, RequiredAction(Action.REDEEM, on), on, for_newcomers=True)
        return redeem

    return declare


def _enter(use_case: Callable[..., Any], requires: RequiredAction, returns: Resource, **kind: bool) -> None:
    """Add a mutation that has the name of its function."""
    attribute, input_type = use_case.__name__, get_type_hints(use_case)["input"]
    description = f"{' '.join((use_case.__doc__ or '').split())} {requires}"
    MUTATIONS[camel(attribute)] = MutationDeclaration(
        attribute, description, requires, returns, input_type, use_case, **kind
    )
