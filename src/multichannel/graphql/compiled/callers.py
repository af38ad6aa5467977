"""The callers of known tokens, as they signed in; every statement checks that they are still the same."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from multichannel.domain.domains import ascii_domain
from multichannel.policy.schema.vocabulary import Principal
from multichannel.store.compiled.caller_check import caller_text
from multichannel.store.compiled.sharing import any_tenant
from multichannel.store.users import Caller, VerifiedToken

HasVerified = Callable[[str], bool]
"""Whether a token was verified before and is still valid; never waits."""


@dataclass(slots=True)
class KnownCaller:
    """A caller as it signed in, and how the database describes it while nothing has changed."""

    caller: Caller
    any_tenant: Principal
    """Stands for all principals that are alike but for the tenant."""
    text: bytes
    token: VerifiedToken
    domain: str | None
    checked: float = field(default_factory=time.monotonic)
    """When the database last confirmed it, in seconds of the process."""

    @property
    def principal(self) -> Principal:
        """The facts about the caller that the policy reads."""
        return self.caller.principal

    def context(self, now: datetime) -> tuple[Any, ...]:
        """The values of a statement's context (`CONTEXT` of the store)."""
        return self.principal.tenant_id, now, self.token.directory_id, self.token.object_id, self.domain


def known_caller(caller: Caller) -> KnownCaller:
    """What is kept of a caller that has just signed in."""
    token = caller.token
    if token is None:
        raise TypeError("a caller without the token that it signed in with")
    domain = None if token.domain is None else ascii_domain(token.domain)
    return KnownCaller(caller, any_tenant(caller.principal), caller_text(caller), token, domain)
