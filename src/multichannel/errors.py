"""The errors of this product."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum


class MultichannelError(Exception):
    """Base of all errors that this product raises on purpose; clients switch on `code`."""

    code = "INTERNAL"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Unauthenticated(MultichannelError):
    """No token, or an invalid token."""

    code = "UNAUTHENTICATED"


class Denied(MultichannelError):
    """The policy denies the action."""


class NotVisible(Denied):
    """The record does not exist or is not visible; one message for both, so that nobody can tell which."""

    code = "NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("Not found.")


class NotPermitted(Denied):
    """The record is visible, but the action is denied; `reasons` are the codes of restrictions."""

    code = "FORBIDDEN"

    def __init__(self, message: str, reasons: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.reasons = tuple(reasons)


class BadInput(MultichannelError):
    """The request is not valid: an id, a cursor, an argument."""

    code = "BAD_INPUT"


class TooComplex(MultichannelError):
    """The document exceeds a limit of one request."""

    code = "QUERY_TOO_COMPLEX"


class RateLimited(MultichannelError):
    """The caller has used up its budget for now; nothing was done."""

    code = "RATE_LIMITED"

    def __init__(self, message: str, seconds: int) -> None:
        """`seconds` until there is enough for the same operation."""
        super().__init__(message)
        self.seconds = seconds


class Refused(MultichannelError):
    """The operation is not possible in the current state; becomes a `userErrors` entry, not a failure.

    Refusals of the domain are rows of `multichannel.domain.refusals`, which have their own `code`; `rule` is
    the business rule behind it, such as R17, and `path` the input field it is about, outermost first.
    """

    code = "REFUSED"

    def __init__(
        self, message: str, path: Sequence[str] = (), *, code: str | None = None, rule: str | None = None
    ) -> None:
        super().__init__(message)
        self.path = tuple(path)
        self.code = code or self.code
        self.rule = rule


class FaultKind(StrEnum):
    """What failed underneath an operation, for logs and metrics."""

    POLICY = "policy"
    DATABASE = "database"
    KEYS = "keys"
    CONFLICT = "conflict"
    DEADLINE = "deadline"
    ABANDONED = "abandoned"
    INTERNAL = "internal"


class Unavailable(MultichannelError):
    """Something that the service depends on failed: the client may try again.

    Clients receive `message`; `str` is the reason in the words of what failed, for the log.
    """

    code = "UNAVAILABLE"
    kind = FaultKind.DATABASE

    def __init__(self, message: str, reason: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason or message

    def __str__(self) -> str:
        return self.reason


class Busy(Unavailable):
    """Others use what the operation needs: rows, a connection, a stream. Nothing was written."""

    kind = FaultKind.CONFLICT


class DatabaseUnavailable(Unavailable):
    """The database does not answer, or cannot write. Nothing was written."""

    def __init__(self, reason: str, *, is_lost: bool = False) -> None:
        """`is_lost` says that there is no connection any more."""
        super().__init__("The database is not available at the moment. Try again.", reason)
        self.is_lost = is_lost


class OutcomeUnknown(DatabaseUnavailable):
    """The connection was lost while a change was committed."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, is_lost=True)
        self.message = (
            "The database is not available at the moment, and it is not known whether the change was made. "
            "Repeat it with its idempotency key, or read the record again."
        )


class KeysUnavailable(Unavailable):
    """The signing keys of the token's issuer cannot be read, so no token can be verified."""

    kind = FaultKind.KEYS

    def __init__(self, reason: str) -> None:
        super().__init__("The issuer's signing keys cannot be read at the moment. Try again.", reason)


class DeadlineExceeded(Unavailable):
    """The operation took too long and was stopped; what it had not committed is undone."""

    code = "DEADLINE_EXCEEDED"
    kind = FaultKind.DEADLINE

    def __init__(self, reason: str) -> None:
        super().__init__("The operation took too long and was stopped. Request less at once.", reason)


class NotBegun(DeadlineExceeded):
    """The time of the operation was up before it came to this item, so nothing was done with it."""

    def __init__(self) -> None:
        super().__init__("the last items of a bulk mutation were not begun")
        self.message = (
            "There was no time left for this item, so nothing was done with it. Repeat the mutation with "
            "the same idempotencyKey: it continues here."
        )


class Abandoned(DeadlineExceeded):
    """The client has left, so the operation was stopped: no fault of anything underneath."""

    kind = FaultKind.ABANDONED


class Misconfigured(MultichannelError):
    """Invalid settings; printed as one line."""

    code = "MISCONFIGURED"


class PolicyInvalid(MultichannelError):
    """The policy files do not load, or use words that this service does not know."""

    code = "POLICY_INVALID"
