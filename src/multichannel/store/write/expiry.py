"""What time has done to rows and nobody has written down yet."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, or_

from multichannel.domain.base import UtcTime
from multichannel.domain.subscriptions import Subscription, SubscriptionStatus

SOME_DATE = datetime(1900, 1, 1, tzinfo=UTC)
"""The vendor writes the year 1 where there is no date."""


def is_due(model: Any) -> ColumnElement[bool]:
    """Whether what is stored of a row may be behind the bound `:now`: a status lapsed, or a term is over."""
    lapsed: ColumnElement[bool] = model.status.comparator.is_due()
    return or_(lapsed, _term_is_over()) if model is Subscription else lapsed


def _term_is_over() -> ColumnElement[bool]:
    end = Subscription.commitment_end_date
    return and_(
        Subscription.stored_status == SubscriptionStatus.ACTIVE,
        Subscription.auto_renew_enabled.is_(True),
        end > SOME_DATE,
        end <= bindparam("now", type_=UtcTime()),
    )
