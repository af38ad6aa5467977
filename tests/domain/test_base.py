from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql, sqlite

from multichannel.domain.base import UtcTime, utc_text

COLUMN = UtcTime()
DIALECTS = [sqlite.dialect(), postgresql.dialect()]  # type: ignore[no-untyped-call] # SQLAlchemy leaves them untyped
ZONES = st.integers(-23, 23).map(lambda hours: timezone(timedelta(hours=hours)))
TIMES = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=ZONES)  # noqa: DTZ001  (bounds have no zone)


@pytest.mark.rule("R47")
@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_a_time_without_a_zone_is_not_stored(dialect: object) -> None:
    with pytest.raises(ValueError, match="time zone"):
        COLUMN.process_bind_param(datetime(2026, 1, 1), dialect)  # type: ignore[arg-type] # noqa: DTZ001  (the point of the test)


@pytest.mark.rule("R47")
@given(TIMES)
def test_a_time_of_any_zone_is_stored_and_read_as_the_same_instant_in_utc(time: datetime) -> None:
    stored = COLUMN.process_bind_param(time, DIALECTS[0])
    read = COLUMN.process_result_value(stored, DIALECTS[0])

    assert stored == utc_text(time)
    assert stored.endswith("Z")
    assert read == time
    assert read is not None
    assert read.utcoffset() == timedelta(0)


@pytest.mark.rule("R47")
@given(TIMES, TIMES)
def test_stored_texts_sort_as_the_instants_do(one: datetime, other: datetime) -> None:
    assert (utc_text(one) < utc_text(other)) == (one < other)
    assert utc_text(one) == utc_text(one.astimezone(UTC))
