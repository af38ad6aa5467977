"""The context of one mutation, which its audit records carry, and its idempotency key."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, insert, select

from multichannel.domain.audit import IdempotencyKey
from multichannel.domain.base import new_id
from multichannel.domain.refusals import Refusal
from multichannel.errors import Denied, Refused
from multichannel.store.prepared import PreparedStatement

if TYPE_CHECKING:
    from multichannel.store.access import Access

OWN_KEY = "\t"
"""Begins the keys of the service; those of clients are printable."""


@dataclass(frozen=True, slots=True)
class IdempotentRequest:
    """An idempotency key with the digest of the input it came with."""

    key: str
    input_digest: str


@dataclass(frozen=True, slots=True)
class MutationContext:
    """What all audit records of a mutation carry: its operation, its user and its correlation id.

    `resource_type` and `resource_id` name its target, for the record of a mutation that changes nothing.
    """

    operation: str
    resource_type: str
    resource_id: str | None = None
    user_id: str | None = None
    idempotency: IdempotentRequest | None = None
    correlation_id: str = field(default_factory=new_id)
    codes: dict[str, str] = field(default_factory=dict, compare=False, repr=False)
    """Receives the codes of invitations that the mutation makes, by the id of what they are for."""
    has_own_key: bool = False
    """Whether the idempotency key is of the service's own making, for this call alone."""

    def with_key(self) -> MutationContext:
        """The same with an idempotency key: that of the client, or one of its own if it has a user.

        So another attempt finds out whether the first was committed, whose answer was lost.
        """
        if self.idempotency is not None or self.user_id is None:
            return self
        return replace(self, idempotency=IdempotentRequest(f"{OWN_KEY}{new_id()}", ""), has_own_key=True)


class ReplayedRefusal(Refused):
    """The first call with this idempotency key was refused; the same refusal is returned."""

    def __init__(self, outcome: dict[str, Any]) -> None:
        super().__init__(outcome["message"], outcome["path"], code=outcome["refused"], rule=outcome["rule"])


INSERT_KEY = PreparedStatement(
    insert(IdempotencyKey), keys=[column.name for column in IdempotencyKey.__table__.columns]
)
USED_KEY = PreparedStatement(
    select(IdempotencyKey.input_digest, IdempotencyKey.outcome).where(
        *(column == bindparam(column.name) for column in IdempotencyKey.__table__.primary_key)
    )
)
"""The outcome of a call; the parameters are named as the columns of the key."""


class IdempotencyKeys:
    """The idempotency keys of one operation of one user of one tenant."""

    def __init__(self, access: Access, mutation: MutationContext) -> None:
        self._access = access
        self._scope = {
            "tenant_id": access.principal.tenant_id,
            "user_id": mutation.user_id,
            "operation": mutation.operation,
        }
        self._request = mutation.idempotency

    def first_outcome(self) -> str | None:
        """The id that the first call with the key returned; None if this is the first.

        ReplayedRefusal if the first call was refused, IDEMPOTENCY_KEY_REUSED if it had another input.
        """
        used = self._used()
        if used is None or self._request is None:
            return None
        if used.input_digest != self._request.input_digest:
            raise Refusal.IDEMPOTENCY_KEY_REUSED.error()
        if "refused" in used.outcome:
            raise ReplayedRefusal(used.outcome)
        return str(used.outcome["id"])

    def is_used(self) -> bool:
        """Whether a call with the key has ended."""
        return self._used() is not None

    def keep(self, outcome: dict[str, Any]) -> None:
        """Store the outcome of the call, if it has a key."""
        if self._request is None:
            return
        row = {
            **self._scope,
            "key": self._request.key,
            "input_digest": self._request.input_digest,
            "outcome": outcome,
            "created_at": self._access.now,
        }
        self._access.session.write_audit(INSERT_KEY, [row])

    def _used(self) -> Any | None:
        if self._request is None:
            return None
        rows = self._access.run(USED_KEY, {**self._scope, "key": self._request.key})
        return rows[0] if rows else None


def refused_outcome(failure: Refused | Denied) -> dict[str, Any]:
    """A refusal as it is stored with an idempotency key; of a denial only its code is, for the service."""
    if isinstance(failure, Denied):
        return {"denied": failure.code}
    return {
        "refused": failure.code,
        "message": failure.message,
        "path": list(failure.path),
        "rule": failure.rule,
    }
