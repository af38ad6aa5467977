"""The signature of the customer agreement, as inputs carry it."""

from __future__ import annotations

from datetime import datetime

import strawberry

from multichannel.domain.agreements import Signature
from multichannel.graphql.framework.inputs import input_type, optional, parse_email, parse_text


@input_type
class SignerInput:
    """The person who signs the customer agreement for the customer, as of now."""

    first_name: str = strawberry.field(description="First name of the signer.")
    last_name: str = strawberry.field(description="Last name of the signer.")
    email: str = strawberry.field(description="E-mail address of the signer.")
    phone_number: str | None = strawberry.field(default=None, description="Telephone number of the signer.")


@input_type
class AgreementInput(SignerInput):
    """A signature of the customer agreement that was given earlier."""

    agreed_at: datetime = strawberry.field(description="When the customer signed; must not be in the future.")


def signature_of(signer: SignerInput, agreed_at: datetime, within: str = "") -> Signature:
    """The signature to store; `within` is the path of `signer` in the input. BadInput if it is invalid."""
    return Signature(
        parse_text(f"{within}first_name", signer.first_name),
        parse_text(f"{within}last_name", signer.last_name),
        parse_email(f"{within}email", signer.email),
        optional(parse_text, f"{within}phone_number", signer.phone_number),
        agreed_at,
    )
