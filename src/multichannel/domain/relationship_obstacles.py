"""What can stand against a reseller relationship (SM1), each with its code."""

from __future__ import annotations

from multichannel.domain.transfer_obstacles import NoPartnership
from multichannel.errors import Refused


class RequestClosed(Refused):
    """The request was answered or withdrawn before."""

    code = "REQUEST_CLOSED"
    rule = "SM1"

    def __init__(self) -> None:
        """Say what follows from it."""
        super().__init__("This request was answered or withdrawn before. A new one has to be made.", ("id",))


class RequestExpired(Refused):
    """Nobody answered the request within its 90 days."""

    code = "REQUEST_EXPIRED"
    rule = "SM1"

    def __init__(self) -> None:
        """Say what follows from it."""
        super().__init__("This request has lapsed unanswered. A new one has to be made.", ("id",))


class RelationshipNotActive(Refused):
    """The relationship is only asked for, or is over."""

    code = "RELATIONSHIP_NOT_ACTIVE"
    rule = "SM1"

    def __init__(self) -> None:
        """Say what it takes."""
        super().__init__("This takes an active relationship, and this one is not active.", ("id",))


class RequestPending(Refused):
    """The partner has a request open at this very address."""

    code = "REQUEST_PENDING"
    rule = "SM1"

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            "You have an open request to this address. Wait for its answer, or withdraw it first.",
            ("customer",),
        )


class AlreadyRelated(Refused):
    """The partner has an active relationship with this customer."""

    code = "ALREADY_RELATED"
    rule = "SM1"

    def __init__(self, field: str = "customer") -> None:
        """Name the input field that names the customer."""
        super().__init__("There is an active relationship of this partner with this customer.", (field,))


class OwnCustomer(Refused):
    """A partner named itself as the customer."""

    code = "OWN_CUSTOMER"
    rule = "R10"

    def __init__(self) -> None:
        """Say what is meant."""
        super().__init__("A partner is no customer of its own. Name another company.", ("customer",))


class MarketMismatch(Refused):
    """The two companies are not of one market."""

    code = "MARKET_MISMATCH"
    rule = "R12"

    def __init__(self) -> None:
        """Say what stands against it; only who knows both markets may be told."""
        super().__init__("The other company sells in another market than yours.", ("id",))


class DelegatedAdminRequired(Refused):
    """This national cloud offers no relationship without delegated admin privileges."""

    code = "DELEGATED_ADMIN_REQUIRED"
    rule = "R13"

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            "In this national cloud a relationship comes with delegated admin: set includeDelegatedAdmin.",
            ("includeDelegatedAdmin",),
        )


class NoDelegatedAdmin(Refused):
    """The partner holds no delegated admin privileges that could be revoked."""

    code = "NO_DELEGATED_ADMIN"
    rule = "R15"

    def __init__(self) -> None:
        """Say how it stands."""
        super().__init__("The partner holds no delegated admin privileges by this relationship.", ("id",))


class ActiveSubscriptions(Refused):
    """What the partner sells to the customer is still active."""

    code = "ACTIVE_SUBSCRIPTIONS"
    rule = "R17"

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            "You bill active subscriptions of this customer. Suspend or cancel all of them first.", ("id",)
        )


class NotAReseller(NoPartnership):
    """The partner is no reseller of this provider."""

    rule = "SM3"

    def __init__(self) -> None:
        """Say what comes first, whether or not there is such a provider."""
        Refused.__init__(
            self,
            "You have no active partnership with this provider. Accept its invitation first.",
            ("provider",),
        )


class NotDirect(Refused):
    """The relationship goes through a provider already."""

    code = "NOT_DIRECT"
    rule = "SM1"

    def __init__(self) -> None:
        """Say which can be extended."""
        super().__init__("Only a direct relationship can be extended to a provider.", ("id",))


class AlreadyExtended(Refused):
    """The provider has a relationship with the customer on behalf of this very partner."""

    code = "ALREADY_EXTENDED"
    rule = "SM1"

    def __init__(self) -> None:
        """Say that there is nothing to do."""
        super().__init__("This relationship was extended to this provider before.", ("provider",))
