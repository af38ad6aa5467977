"""Signatures for the customer agreement, as inputs tell of them (SM6)."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import strawberry

from multichannel.domain.agreements import Signature
from multichannel.graphql.framework.inputs import email_of, text_of


class Signed(Protocol):
    """What every input that tells of a signature has."""

    first_name: str
    last_name: str
    email: str
    phone_number: str | None
    agreed_at: datetime


@strawberry.input(description="Who signed the customer agreement, and when (SM6).")
class AgreementInput:
    """A signature that comes along with something else."""

    first_name: str = strawberry.field(description="First name of who signed.")
    last_name: str = strawberry.field(description="Last name of who signed.")
    email: str = strawberry.field(description="E-mail address of who signed.")
    phone_number: str | None = strawberry.field(default=None, description="Telephone number of who signed.")
    agreed_at: datetime = strawberry.field(description="When it was signed; not in the future.")


def signature_of(signed: Signed, within: str = "") -> Signature:
    """The signature of an input, or of what its field `within` holds; BadInput if it cannot be stored."""
    phone = signed.phone_number
    return Signature(
        text_of(f"{within}first_name", signed.first_name),
        text_of(f"{within}last_name", signed.last_name),
        email_of(f"{within}email", signed.email),
        None if phone is None else text_of(f"{within}phone_number", phone),
        signed.agreed_at,
    )
