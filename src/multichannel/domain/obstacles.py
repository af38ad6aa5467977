"""What stands against buying, changing and moving subscriptions."""

from __future__ import annotations

from datetime import datetime

from multichannel.errors import Refused


class SubscriptionEnded(Refused):
    """It is expired, disabled or deleted, and does not come back (SM5)."""

    code = "SUBSCRIPTION_ENDED"
    rule = "R43"

    def __init__(self) -> None:
        """Say what is left to do."""
        super().__init__("This subscription has come to its end. Buy a new one instead.", ("id",))


class SubscriptionSuspended(Refused):
    """It is suspended, and nothing of it changes meanwhile (R44)."""

    code = "SUBSCRIPTION_SUSPENDED"
    rule = "R44"

    def __init__(self) -> None:
        """Say what comes first."""
        super().__init__("This subscription is suspended. Reactivate it first.", ("id",))


class SubscriptionNotActive(Refused):
    """It has not begun, or its state is not known (SM5)."""

    code = "SUBSCRIPTION_NOT_ACTIVE"

    def __init__(self) -> None:
        """Say what has to be waited for."""
        super().__init__("This subscription is not active yet. Wait until it is.", ("id",))


class SubscriptionNotSuspended(Refused):
    """Only what is suspended is reactivated (SM5)."""

    code = "SUBSCRIPTION_NOT_SUSPENDED"

    def __init__(self) -> None:
        """Say how it stands."""
        super().__init__("This subscription is not suspended, so there is nothing to reactivate.", ("id",))


class ParentNotActive(Refused):
    """An add-on lives on an active base (R41)."""

    code = "PARENT_NOT_ACTIVE"
    rule = "R41"

    def __init__(self, path: str = "id") -> None:
        """`path` is the input field that names the add-on or its base."""
        super().__init__("The subscription this is an add-on to is not active. Activate that first.", (path,))


class CancelWindowPassed(Refused):
    """A term of new commerce is canceled within seven days of purchase or renewal, or not at all (R48)."""

    code = "CANCEL_WINDOW_PASSED"
    rule = "R48"

    def __init__(self, until: datetime | None) -> None:
        """`until` is when the window closed, if that is known."""
        when = f"until {until:%Y-%m-%d %H:%M} UTC" if until else "within seven days of purchase or renewal"
        super().__init__(
            f"It could be canceled {when}. Suspend it, or let it end with its term by turning automatic "
            "renewal off.",
            ("id",),
        )


class QuantityOutOfRange(Refused):
    """Licences come by 1 to 10,000; what is metered has a quantity of 1 (R44)."""

    code = "QUANTITY_OUT_OF_RANGE"
    rule = "R44"

    def __init__(self, largest: int) -> None:
        """`largest` is the most there can be of it."""
        told = f"from 1 to {largest}" if largest > 1 else "1, for it is metered"
        super().__init__(f"The quantity must be {told}.", ("quantity",))


class QuantityDecreaseBarred(Refused):
    """A term of new commerce keeps its licences once its first seven days are over (R44, R48)."""

    code = "QUANTITY_DECREASE_BARRED"
    rule = "R44"

    def __init__(self) -> None:
        """Say from when on it can be less."""
        super().__init__(
            "The quantity can go down within seven days of purchase or renewal only. Wait for the renewal.",
            ("quantity",),
        )


class AutoRenewNotAllowed(Refused):
    """What is metered, a trial, or an add-on of a base that does not renew, does not renew itself (R41)."""

    code = "AUTO_RENEW_NOT_ALLOWED"
    rule = "R41"

    def __init__(self) -> None:
        """Say why."""
        super().__init__(
            "It does not renew: it is metered, a trial, or an add-on of a subscription that does not renew.",
            ("autoRenewEnabled",),
        )


class AddOnUnrelated(Refused):
    """An add-on goes with a base of the same seller, customer and generation of commerce (R41)."""

    code = "ADD_ON_UNRELATED"
    rule = "R41"

    def __init__(self) -> None:
        """Say the same of a base of others and of one that does not exist."""
        super().__init__(
            "This is no subscription of yours for this customer that such an add-on can be added to.",
            ("parentId",),
        )


class TermsNotOffered(Refused):
    """This generation of commerce does not sell such a term or billing cycle (R45, R46)."""

    code = "TERMS_NOT_OFFERED"
    rule = "R45"

    def __init__(self, path: str) -> None:
        """`path` is the input field that asks for it."""
        super().__init__(
            "This is not offered. Legacy licences run for a year, new ones for a month, a year or three; "
            "billed monthly, or by the year where the term is that long. What is metered has no term.",
            (path,),
        )


class OnePerCustomer(Refused):
    """A trial is had once, and what is suspended is reactivated instead of bought again (R43)."""

    code = "ONE_PER_CUSTOMER"
    rule = "R43"

    def __init__(self) -> None:
        """Say what to do instead."""
        super().__init__(
            "The customer has had this trial, or has this offer suspended, from you. Reactivate it instead.",
            ("offerName",),
        )


class PartnerOfRecordInvalid(Refused):
    """Who is credited is a reseller that the provider has an active partnership with (R20, R25)."""

    code = "PARTNER_OF_RECORD_INVALID"
    rule = "R25"

    def __init__(self, path: str) -> None:
        """Say the same of a partner that is none of theirs and of one that does not exist."""
        super().__init__("This is no indirect reseller you have an active partnership with.", (path,))


class ContactNotAvailable(Refused):
    """A support contact has an active relationship with the customer, and is known to who names it (R26)."""

    code = "CONTACT_NOT_AVAILABLE"
    rule = "R26"

    def __init__(self) -> None:
        """Say the same of a partner without a relationship and of one that does not exist."""
        super().__init__("This partner cannot be named as support contact here.", ("partner",))


class AlreadyMoved(Refused):
    """It has been recreated in CSP by the same partner, and that is still there (R5)."""

    code = "ALREADY_MOVED"
    rule = "R5"

    def __init__(self) -> None:
        """Say what is next."""
        super().__init__(
            "You have recreated this in CSP already. What is left is to cancel its services, or all of it.",
            ("id",),
        )


class NotMovedYet(Refused):
    """A single service is canceled once something in CSP continues the subscription (R5)."""

    code = "NOT_MOVED_YET"
    rule = "R5"

    def __init__(self) -> None:
        """Say what comes first."""
        super().__init__("Nothing in CSP continues this subscription yet. Move it first.", ("id",))


class ServiceUnknown(Refused):
    """The subscription has no such service (R5)."""

    code = "SERVICE_UNKNOWN"
    rule = "R5"

    def __init__(self) -> None:
        """Say where they are listed."""
        super().__init__("This subscription has no service of that name. See its services.", ("service",))


class ServiceAlreadyCanceled(Refused):
    """The service was canceled before (R5)."""

    code = "SERVICE_ALREADY_CANCELED"
    rule = "R5"

    def __init__(self) -> None:
        """Say so."""
        super().__init__("This service is canceled already.", ("service",))
