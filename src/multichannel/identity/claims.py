"""The names of claims that tell more than who a token is of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClaimNames:
    """Where an issuer says what is not standardised; the defaults are those of Entra ID.

    `admin` names the claim that holds `admin_value` for global admins of a directory: the tenant-wide roles,
    and the template id of Global Administrator. `domain` names the claim with a name that ends in a domain
    which the directory has verified, as user principal names do and e-mail addresses do not.
    """

    admin: str = "wids"
    admin_value: str = "62e90394-69f5-4237-9190-012177145e10"
    domain: str = "upn"


ENTRA_ID = ClaimNames()
