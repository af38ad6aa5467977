"""Use cases called as the API calls them, each in one transaction, without HTTP or GraphQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from multichannel.demo.cast import fixed_id
from multichannel.domain.agreements import Signature
from multichannel.errors import Denied, Refused
from multichannel.services.customers import confirm_customer_agreement
from multichannel.store.audit.mutation_context import MutationContext
from multichannel.store.unit_of_work import UnitOfWork
from tests.world import World

T = TypeVar("T")
UseCase = Callable[[UnitOfWork], Any]


@dataclass(frozen=True)
class UseCases:
    """The use cases on a demo world of the test's own."""

    world: World

    def run(self, persona: str, use_case: UseCase) -> str:
        """Run a use case as a persona; gives the id of the row it returns."""
        caller = self.world.caller(persona)
        mutation = MutationContext("test", "Partner", user_id=caller.user_id)
        return self.world.store.act(caller.principal, mutation, lambda work: str(use_case(work).id))

    def refused(self, persona: str, use_case: UseCase) -> str:
        """The code that a use case is refused or denied with."""
        with pytest.raises((Refused, Denied)) as error:
            self.run(persona, use_case)
        return error.value.code

    def read(self, persona: str, query: Callable[[UnitOfWork], T]) -> T:
        """What a query gives to a persona."""
        with self.world.store.reading(self.world.principal(persona)) as work:
            return query(work)

    def rows(self, model: type[T], **equal: Any) -> Sequence[T]:
        """The stored rows with these values."""
        with Session(self.world.store.engine) as session:
            return session.scalars(select(model).filter_by(**equal)).all()

    def row(self, model: type[T], **equal: Any) -> T:
        """The only stored row with these values."""
        (row,) = self.rows(model, **equal)
        return row

    def signature(self) -> Signature:
        """A signature of this moment."""
        return Signature("Sam", "Field", "sam@customer.example", None, self.world.clock.now)

    def agree(self, persona: str, customer: str) -> str:
        """Let a partner attest that a customer of the demo world signed the customer agreement."""
        return self.run(
            persona, lambda work: confirm_customer_agreement(work, fixed_id(customer), self.signature())
        )


@pytest.fixture
def use_cases(world: World) -> UseCases:
    """The use cases on a demo world."""
    return UseCases(world)
