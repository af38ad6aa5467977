"""What every mapped class is made of: identifiers, times and closed vocabularies."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import uuid4

from sqlalchemy import DateTime, Dialect, Enum, MetaData, String, Text, TypeDecorator
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from multichannel.domain.refusals import Refusal

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

GUID: TypeEngine[str] = String(36).with_variant(postgresql.UUID(as_uuid=False), "postgresql")
"""A GUID in its canonical lower-case text form, native where the database has the type."""

Words: TypeEngine[str] = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that sorts by code point on every database, so that pages agree."""


class UtcTime(TypeDecorator[datetime]):
    """An instant in UTC (R47); SQLite keeps it as fixed-width text that sorts as time does."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        """What rows hold."""
        return datetime

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Pick text on SQLite, `timestamptz` on PostgreSQL."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(27))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuse a time without a zone: nobody could say which instant it is."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = f"{value!r} names no time zone"
            raise ValueError(message)
        return utc_text(value) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002  (its signature)
        """Give back an aware time in UTC."""
        found: datetime | None = value
        if isinstance(value, str):
            found = datetime.fromisoformat(value)
        return found


def utc_text(value: datetime) -> str:
    """The one text form of an instant: `2017-01-25T23:01:08.693000Z`."""
    # `strftime` does not pad the year, and year 1 is what the vendor writes for no date.
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def closed(words: type[StrEnum]) -> Enum:
    """A column type for a closed vocabulary, stored as its snake_case words with a check."""
    return Enum(
        words,
        native_enum=False,
        create_constraint=True,
        length=40,
        name=words.__name__.lower(),
        values_callable=lambda members: [member.value for member in members],
    )


def new_id() -> str:
    """A random identifier: it tells neither order nor time of creation."""
    return str(uuid4())


class Base(DeclarativeBase):
    """All mapped classes.

    `parties` names the columns that hold tenants whom a change of the row concerns.
    """

    parties: ClassVar[tuple[str, ...]] = ()
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar = {str: Words, datetime: UtcTime()}


def _when_created(context: Any) -> datetime:
    """A row that was just made was changed last when it was made."""
    found: datetime = context.get_current_parameters()["created_at"]
    return found


class Versioned:
    """A row that clients change: `version` counts its changes, and a change names the one it saw."""

    version: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime] = mapped_column(default=_when_created)
    created_at: Mapped[datetime]

    def touch(self, at: datetime) -> None:
        """Count a change."""
        self.version += 1
        self.updated_at = at

    def require_version(self, expected: int | None) -> None:
        """STALE_VERSION if the row has changed since the caller read it; None for any version (R46)."""
        if expected is not None and expected != self.version:
            raise Refusal.STALE_VERSION.error()


def identity() -> Mapped[str]:
    """The primary key of a row that this service names."""
    return mapped_column(GUID, primary_key=True, default=new_id)
