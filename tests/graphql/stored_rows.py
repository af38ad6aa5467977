"""Rows as they are stored, and the audit records and events that a test has added."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from multichannel.domain.audit import AuditRecord, Event
from multichannel.domain.base import Base
from tests.graphql.conftest import Api

T = TypeVar("T", bound=Base)


def stored(api: Api, model: type[T], **equal: Any) -> Sequence[T]:
    """The rows that are stored, by id or by what the model is ordered by, past every guard."""
    with Session(api.world.store.engine) as session:
        return session.scalars(select(model).filter_by(**equal).order_by(*model.__mapper__.primary_key)).all()


class NewRows:
    """The audit records and events that were written after it was made."""

    def __init__(self, api: Api) -> None:
        """Remember the ones that exist already."""
        self._api = api
        self._known = {each.id for each in stored(api, AuditRecord)}
        self._known |= {each.id for each in stored(api, Event)}

    def records(self, tenant_id: str | None = None) -> list[AuditRecord]:
        """New audit records, of one tenant or of all."""
        found = [each for each in stored(self._api, AuditRecord) if each.id not in self._known]
        return [each for each in found if tenant_id in {None, each.tenant_id}]

    def events(self) -> list[Event]:
        """New events."""
        return [each for each in stored(self._api, Event) if each.id not in self._known]
