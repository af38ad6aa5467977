"""Invitations: unguessable codes in links, each for one relationship request or partnership (R56, R57)."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from multichannel.domain.base import GUID, Base, id_column
from multichannel.domain.partnerships import Partnership
from multichannel.domain.relationships import ResellerRelationship

INVITATION_LIFETIME = timedelta(days=90)
"""How long an invitation is valid, unless the request that it is for expires earlier."""
CODE_BYTES = 32


class Invitation(Base):
    """The hash of a code, and what the code is for: a relationship or a partnership."""

    __tablename__ = "invitations"

    id: Mapped[str] = id_column()
    code_hash: Mapped[str] = mapped_column(unique=True, index=True)
    relationship_id: Mapped[str | None] = mapped_column(
        GUID, ForeignKey(ResellerRelationship.id), unique=True, index=True
    )
    partnership_id: Mapped[str | None] = mapped_column(
        GUID, ForeignKey(Partnership.id), unique=True, index=True
    )
    ends_at: Mapped[datetime]
    created_at: Mapped[datetime]


def new_code() -> str:
    """A random code of 256 bits, in characters that links can hold."""
    return secrets.token_urlsafe(CODE_BYTES)


def hash_of(code: str) -> str:
    """What is stored of a code: SHA-256, as hexadecimal digits. The code has too many bits to be guessed."""
    return hashlib.sha256(code.encode()).hexdigest()
