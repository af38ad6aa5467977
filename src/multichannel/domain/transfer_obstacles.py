"""What stands against a transfer at this moment."""

from __future__ import annotations

from collections.abc import Iterable

from multichannel.errors import Refused

MOST_LINES = 25
"""R31: how many subscriptions go in one transfer; add-ons are part of their base."""


class SamePartner(Refused):
    """Source and target of a transfer are two partners (R39)."""

    code = "SAME_PARTNER"
    rule = "R39"

    def __init__(self, path: str) -> None:
        """`path` is the input field that names the other partner."""
        super().__init__("A transfer is between two partners; this is your own tenant.", (path,))


class NoRelationship(Refused):
    """Whoever is to receive subscriptions has an active relationship with the customer first (R29)."""

    code = "NO_RELATIONSHIP"
    rule = "R29"

    def __init__(self) -> None:
        """Say what comes first."""
        super().__init__(
            "You have no active relationship with this customer. Request one first: "
            "requestResellerRelationship.",
            ("customer",),
        )


class CustomerInOtherMarket(Refused):
    """A transfer stays in the country of the customer (R12, R29)."""

    code = "CUSTOMER_IN_OTHER_MARKET"
    rule = "R29"

    def __init__(self) -> None:
        """Say what is compared."""
        super().__init__("The customer is in another market than you, and transfers cross no markets.")


class NoAzurePlan(Refused):
    """The target's Azure plan is bought before Azure is transferred into it (R33)."""

    code = "NO_AZURE_PLAN"
    rule = "R33"

    def __init__(self) -> None:
        """Say what comes first."""
        super().__init__("You bill no active Azure plan for this customer yet. Buy it first.", ("customer",))


class LegacyAzurePresent(Refused):
    """Active legacy Azure of the target stands against a transfer into its Azure plan (R33)."""

    code = "LEGACY_AZURE_PRESENT"
    rule = "R33"

    def __init__(self) -> None:
        """Say what comes first."""
        super().__init__(
            "You still bill active legacy Azure for this customer. Cancel that first.", ("customer",)
        )


class TransferPending(Refused):
    """The same partner has been asked for the same before, and has not answered."""

    code = "TRANSFER_PENDING"

    def __init__(self) -> None:
        """Say what is left to do."""
        super().__init__("You have asked for this already. Wait for the answer, or cancel the first request.")


class NotYourReseller(Refused):
    """A transfer credits a reseller of the provider that receives it, and nobody else (R25, R40)."""

    code = "NOT_YOUR_RESELLER"
    rule = "R40"

    def __init__(self) -> None:
        """Say the same of a partner that is none of theirs and of one that does not exist."""
        super().__init__(
            "Only a provider names a partner of record, and only a reseller with which its partnership is "
            "active.",
            ("partnerOfRecord",),
        )


class NoPartnership(Refused):
    """A direct-bill partner offers what it bills to a provider whose reseller it is (SM4b)."""

    code = "NO_PARTNERSHIP"
    rule = "R40"

    def __init__(self) -> None:
        """Say what comes first."""
        super().__init__(
            "You have no active partnership with this provider. Accept its invitation first.",
            ("targetPartner",),
        )


class OpenedByTheOther(Refused):
    """Each kind of transfer is begun by one of the two partners (SM4)."""

    code = "OPENED_BY_THE_OTHER_PARTNER"
    rule = "R28"

    def __init__(self, message: str) -> None:
        """`message` says who begins it."""
        super().__init__(message, ("kind",))


class LinesMissing(Refused):
    """Whoever gives subscriptions away says which (SM4c)."""

    code = "LINES_MISSING"
    rule = "R31"

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__("Choose the subscriptions to give away.", ("subscriptionIds",))


class TooManyLines(Refused):
    """A transfer has 25 lines at most (R31)."""

    code = "TOO_MANY_LINES"
    rule = "R31"

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            f"A transfer has {MOST_LINES} subscriptions at most. Make several transfers of them.",
            ("subscriptionIds",),
        )


class LinesSettled(Refused):
    """What was offered is accepted as it was offered (SM4b)."""

    code = "LINES_SETTLED"

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            "The lines of this transfer were chosen when it was offered. Leave them out.",
            ("subscriptionIds",),
        )


class LinesNotEligible(Refused):
    """Some of the subscriptions cannot go along (R35 to R37)."""

    code = "LINES_NOT_ELIGIBLE"
    rule = "R37"

    def __init__(self, codes: Iterable[str]) -> None:
        """`codes` are the rules that some line fails, as `transferEligibility` tells them."""
        told = ", ".join(sorted({code.upper() for code in codes}))
        super().__init__(
            f"Not all of these can be transferred: {told}. Ask each for its transferEligibility.",
            ("subscriptionIds",),
        )


class TransferAlreadyDecided(Refused):
    """The transfer is not pending any more: it was decided, canceled, or left until it expired (SM4)."""

    code = "TRANSFER_ALREADY_DECIDED"
    rule = "R39"

    def __init__(self, status: str) -> None:
        """`status` is the one in force."""
        super().__init__(f"This transfer is not pending any more, it is {status.upper()}.", ("id",))


class AlreadyConsented(Refused):
    """Each side of a switch consents once (SM4a)."""

    code = "ALREADY_CONSENTED"
    rule = "R28"

    def __init__(self) -> None:
        """Say what is waited for."""
        super().__init__("Your side has consented already; the others have not yet.", ("id",))
