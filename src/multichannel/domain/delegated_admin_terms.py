"""What delegated administration is about (SM7): rights, durations, and what both sides agree on."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from multichannel.domain.base import DescribedEnum
from multichannel.domain.refusals import Refusal
from multichannel.domain.tenants import Cloud


class DelegatedRight(DescribedEnum):
    """What a customer can let a partner do in its tenant."""

    # Each is a column of a grant.
    SUPPORT = "support", "Read the subscriptions that the customer bought elsewhere, to support them."
    MANAGE_SUBSCRIPTIONS = (
        "manage_subscriptions",
        "Change and cancel the customer's records of subscriptions bought elsewhere.",
    )
    MANAGE_USERS = "manage_users", "Add users and change their roles, except for global admins."
    READ_DIRECTORY = "read_directory", "Read the customer's users."


class DelegatedAdminStatus(DescribedEnum):
    """The state of a grant of delegated admin."""

    PENDING = "pending", "Requested by the partner; the customer has not answered."
    ACTIVE = "active", "Approved by the customer; the partner can use the rights."
    DECLINED = "declined", "The customer declined the request."
    EXPIRED = "expired", "The request was not answered in time, or the time of the grant is over."
    TERMINATED = "terminated", "The customer or the partner ended it, or it ended with its relationship."


PENDING, ACTIVE = DelegatedAdminStatus.PENDING, DelegatedAdminStatus.ACTIVE
OPEN = frozenset({PENDING, ACTIVE})

EVERY_RIGHT = frozenset(DelegatedRight)
DEFAULT_RIGHTS = frozenset({DelegatedRight.SUPPORT, DelegatedRight.MANAGE_SUBSCRIPTIONS})
"""What a request asks for if it names no rights: support and management of what was bought elsewhere."""
REQUIRED_RIGHTS = {Cloud.US_GOVERNMENT: frozenset({DelegatedRight.SUPPORT})}
"""R61: the rights without which no relationship begins, by cloud."""

DEFAULT_DURATION, FULL_DURATION = timedelta(days=365), timedelta(days=730)
"""How long a grant lasts if a request does not say, and at most."""
REQUEST_LIFETIME = timedelta(days=90)
"""How long the customer can answer a request."""
EXTENSION = timedelta(days=180)
"""By how much a grant extends itself."""
NOTICES = (timedelta(days=30), timedelta(days=7), timedelta(days=1))
"""How long before its end both sides are told of it."""
_DURATION = re.compile(r"P(\d{1,4})([DY])")
_DAYS = {"D": 1, "Y": 365}


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegatedAdminTerms:
    """What a partner asks for."""

    rights: frozenset[DelegatedRight] = DEFAULT_RIGHTS
    duration: timedelta = DEFAULT_DURATION
    auto_extend: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegatedAdminApproval:
    """What the customer approves of a request; None approves what was requested."""

    rights: frozenset[DelegatedRight] | None = None
    duration: timedelta | None = None
    auto_extend: bool | None = None


def require_rights_for_relationship(cloud: Cloud, rights: Collection[DelegatedRight]) -> None:
    """DELEGATED_ADMIN_REQUIRED or SUPPORT_RIGHT_REQUIRED where the cloud requires some (R13, R61)."""
    required = REQUIRED_RIGHTS.get(cloud, frozenset())
    if required and not rights:
        raise Refusal.DELEGATED_ADMIN_REQUIRED.error()
    if not required <= set(rights):
        raise Refusal.SUPPORT_RIGHT_REQUIRED.error()


def parse_duration(text: str) -> timedelta | None:
    """An ISO 8601 duration of whole days, or of years of 365 days; None for any other text."""
    match = _DURATION.fullmatch(text)
    return timedelta(days=int(match[1]) * _DAYS[match[2]]) if match else None


def extended_end(end: datetime, now: datetime) -> datetime:
    """The first end after `now` of a grant that extends itself."""
    if end > now:
        return end
    return end + EXTENSION * ((now - end) // EXTENSION + 1)
