"""What somebody sets out to do, for the books: its name, who does it, and how it may be repeated."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert, select

from multichannel.domain.base import new_id
from multichannel.domain.idempotency import IdempotencyKey, KeyReused
from multichannel.errors import Refused
from multichannel.store.session import GuardedSession


@dataclass(frozen=True, slots=True)
class IdempotentRequest:
    """An idempotency key with the digest of the input it came with."""

    key: str
    input_digest: str


@dataclass(frozen=True, slots=True)
class MutationContext:
    """One mutation on the way: all its records carry its name, its user and its correlation id.

    `resource_type` and `resource_id` are what it is asked of, for the record of an act that changes nothing.
    """

    operation: str
    resource_type: str
    resource_id: str | None = None
    user_id: str | None = None
    idempotency: IdempotentRequest | None = None
    correlation_id: str = field(default_factory=new_id)


class ReplayedRefusal(Refused):
    """The first call with this key was refused, and so is this one."""

    def __init__(self, outcome: dict[str, Any]) -> None:
        """Say what was said first."""
        super().__init__(outcome["message"], outcome["path"])
        self.code = outcome["refused"]
        self.rule = outcome["rule"]


class IdempotencyKeys:
    """The idempotency keys of one user of one tenant."""

    def __init__(self, session: GuardedSession, tenant_id: str, act: MutationContext) -> None:
        """Keys are scoped by tenant, user and operation."""
        self._session = session
        self._scope = {"tenant_id": tenant_id, "user_id": act.user_id, "operation": act.operation}
        self._request = act.idempotency

    def first_outcome(self) -> str | None:
        """The id the first call returned, or None; raises ReplayedRefusal or KeyReused."""
        found = self._used()
        if found is None or self._request is None:
            return None
        if found.input_digest != self._request.input_digest:
            raise KeyReused
        if "refused" in found.outcome:
            raise ReplayedRefusal(found.outcome)
        return str(found.outcome["id"])

    def is_used(self) -> bool:
        """Whether a call with this key has come to an end."""
        return self._used() is not None

    def _used(self) -> Any | None:
        if self._request is None:
            return None
        columns = select(IdempotencyKey.input_digest, IdempotencyKey.outcome)
        statement = columns.filter_by(**self._scope, key=self._request.key)
        return self._session.decided(statement, {}).first()

    def keep(self, outcome: dict[str, Any], now: Any) -> None:
        """Remember what came of the call, if it has a key."""
        if self._request is None:
            return
        row = {
            **self._scope,
            "key": self._request.key,
            "input_digest": self._request.input_digest,
            "outcome": outcome,
            "created_at": now,
        }
        self._session.write_audit(insert(IdempotencyKey), [row])


def refused_outcome(refusal: Refused) -> dict[str, Any]:
    """A refusal as it is remembered with a key."""
    return {
        "refused": refusal.code,
        "message": refusal.message,
        "path": list(refusal.path),
        "rule": refusal.rule,
    }
