"""What can go wrong, from the outside in.

Unauthenticated                      nobody knows who asks
Denied         NotVisible, NotPermitted   the policy said no
BadInput                             the request cannot be understood
TooComplex                           the request is too large to be answered
Refused        StaleVersion, ...     the domain said not now
Busy                                 somebody else is changing it at this moment
ImportRefused                        the files cannot be stored as they are
Misconfigured                        the service or command must not start
PolicyInvalid                        the policy files do not load
"""

from __future__ import annotations

from collections.abc import Sequence


class MultichannelError(Exception):
    """Anything this product raises on purpose; `code` is what a client may switch on."""

    code = "INTERNAL"

    def __init__(self, message: str) -> None:
        """Keep the one sentence a person reads."""
        super().__init__(message)
        self.message = message


class Unauthenticated(MultichannelError):
    """No token, or one that does not prove who asks."""

    code = "UNAUTHENTICATED"


class Denied(MultichannelError):
    """The policy said no."""


class NotVisible(Denied):
    """Absent or invisible: the caller cannot tell which, by construction one message."""

    code = "NOT_FOUND"

    def __init__(self) -> None:
        """Say the same for what is absent and for what is invisible."""
        super().__init__("Nothing here by that id, or nothing you may see.")


class NotPermitted(Denied):
    """Readable, but not for this action; `reasons` are restriction codes of the policy."""

    code = "FORBIDDEN"

    def __init__(self, message: str, reasons: Sequence[str] = ()) -> None:
        """Carry the codes of the restrictions that hit (none: nothing grants it)."""
        super().__init__(message)
        self.reasons = tuple(reasons)


class BadInput(MultichannelError):
    """The request says something that has no meaning: an id, a cursor, an argument."""

    code = "BAD_INPUT"


class TooComplex(MultichannelError):
    """The document asks for more than one request may."""

    code = "QUERY_TOO_COMPLEX"


class Refused(MultichannelError):
    """The state of things stands against it; becomes a `userErrors` entry, not a failure.

    Each refusal has a subclass of its own with a `code`; `rule` is the business rule behind it, such as R17.
    """

    code = "REFUSED"
    rule: str | None = None

    def __init__(self, message: str, path: Sequence[str] = ()) -> None:
        """Name the input field the refusal is about, outermost first."""
        super().__init__(message)
        self.path = tuple(path)


class Busy(MultichannelError):
    """Somebody else holds what was to be changed; nothing was written, and trying again may do."""

    code = "UNAVAILABLE"


class Misconfigured(MultichannelError):
    """Settings that must not be served with; printed as one line."""

    code = "MISCONFIGURED"


class PolicyInvalid(MultichannelError):
    """Policy files that do not load, or mean something this service does not know."""

    code = "POLICY_INVALID"
