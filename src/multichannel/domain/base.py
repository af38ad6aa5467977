"""The base of all mapped classes: ids, times, enum columns and versions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from secrets import token_hex
from typing import TYPE_CHECKING, Any, ClassVar, Self
from unicodedata import category, normalize

from sqlalchemy import JSON, DateTime, Dialect, Enum, Index, MetaData, String, Text, TypeDecorator, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from multichannel.domain.refusals import Refusal
from multichannel.errors import Refused

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

GUID_FORM = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
"""What people may write as a GUID; PostgreSQL compares its native type with nothing else."""

Words: TypeEngine[str] = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that sorts by code point on every database, so that pages agree."""


class DescribedEnum(StrEnum):
    """A closed vocabulary of the API: clients read its docstring, and the description of each value."""

    description: str

    def __new__(cls, value: str, description: str = "") -> Self:
        """`description` is only for the declarations of members, which all have one."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.description = description
        return member


VALUES = Enum(
    StrEnum,
    native_enum=False,
    create_constraint=True,
    length=40,
    values_callable=lambda members: [member.value for member in members],
)
"""The type of enums: stored as their snake_case values, with a check constraint."""


def enum_of(words: type[StrEnum]) -> Enum:
    """The type of a value that is computed, as a column of the enum has it."""
    return Enum(
        words,
        native_enum=False,
        create_constraint=False,
        length=VALUES.length,
        values_callable=lambda members: [member.value for member in members],
    )


def is_guid(column: Any) -> bool:
    """Whether a mapped attribute holds GUIDs."""
    return isinstance(column.type, String) and column.type.length == GUID.length  # type: ignore[attr-defined]


def is_list(column: Any) -> bool:
    """Whether a mapped attribute holds lists of texts, or other JSON."""
    return isinstance(column.type, JSON)


class UtcTime(TypeDecorator[datetime]):
    """A timestamp in UTC (R47); on SQLite, text of fixed width that sorts by time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        """The type of the values."""
        return datetime

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Text on SQLite, `timestamptz` on PostgreSQL."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(27))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Reject a time without a time zone, which is ambiguous."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = f"{value!r} has no time zone"
            raise ValueError(message)
        return utc_text(value) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002  (its signature)
        """An aware time in UTC."""
        time: datetime | None = datetime.fromisoformat(value) if isinstance(value, str) else value
        return time


def utc_text(value: datetime) -> str:
    """The text form of every timestamp: `2017-01-25T23:01:08.693000Z`."""
    # `strftime` does not pad the year, and year 1 is what the vendor writes for an unknown date.
    time = value if value.tzinfo is UTC else value.astimezone(UTC)
    return time.isoformat(timespec="microseconds")[:26] + "Z"


JOINERS = dict.fromkeys(map(ord, "\u200c\u200d"))
"""Zero-width characters with which Persian, Devanagari and other scripts, and emoji, are written."""


def plain_name(value: str) -> str | None:
    """A name as it is stored: in the normal form NFC, without surrounding blanks, with the usual space.

    None if it is blank, or has a character that people cannot see and that joins no others: one that
    controls a device, sets the direction of writing, or is assigned to nothing.
    """
    if value.isascii() and value.isprintable():
        return value.strip() or None
    spaced = "".join(" " if category(each) == "Zs" else each for each in normalize("NFC", value)).strip()
    visible = spaced.translate(JOINERS)
    return spaced if visible.strip() and visible.isprintable() else None


def is_printable(value: str) -> bool:
    """Whether a text is not blank, and has only characters that people can see or that join these."""
    return plain_name(value) is not None


def new_id() -> str:
    """A random id (UUID version 4), which reveals neither the order nor the time of creation."""
    digits = token_hex(16)
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


class Base(DeclarativeBase):
    """Base of all mapped classes; `parties` are the columns with the tenants that a change concerns.

    `unrecorded` are the columns that use cases record under another name in the audit log, if at all. The
    rows of an `append_only` class are neither changed nor deleted once they are stored.
    """

    parties: ClassVar[tuple[str, ...]] = ()
    unrecorded: ClassVar[frozenset[str]] = frozenset()
    append_only: ClassVar[bool] = False
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar = {str: Words, datetime: UtcTime(), StrEnum: VALUES}

    def refusals_to(self, action: str, at: datetime) -> Iterator[Refused]:
        """Why the state of the row does not allow an action at a time (R75), most important first.

        This is what its method `refusals_to_<action>` gives, which the mutation raises the first of. Without
        one, no state of the row refuses the action.
        """
        refusals = getattr(self, f"refusals_to_{action}", None)
        return iter(()) if refusals is None else refusals(at)


def same_as(column: str) -> Callable[[Any], Any]:
    """The default of a column: the value of another column of the row."""
    return lambda context: context.get_current_parameters()[column]


def partial_index(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """An index of the rows that fulfil a condition."""
    condition = text(where)
    return Index(name, *columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


class Versioned:
    """A row with optimistic locking: `version` counts its changes, and clients name the one they saw."""

    version: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime] = mapped_column(default=same_as("created_at"))
    created_at: Mapped[datetime]

    def __init__(self, **values: Any) -> None:
        """A new row is at its first version, unless it is said otherwise."""
        super().__init__(**{"version": 1, "updated_at": values.get("created_at"), **values})

    def touch(self, at: datetime) -> None:
        """Count a change."""
        self.version += 1
        self.updated_at = at

    def require_version(self, expected: int | None) -> None:
        """STALE_VERSION if the row has changed since the caller read it; None for any version (R46)."""
        if expected is not None and expected != self.version:
            raise Refusal.STALE_VERSION.error()


def id_column() -> Mapped[str]:
    """A primary key that this service generates."""
    return mapped_column(GUID, primary_key=True, default=new_id)
