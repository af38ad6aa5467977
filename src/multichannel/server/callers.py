"""Callers of tokens: what verifies a token, and the user that it names."""

from __future__ import annotations

from collections.abc import Callable

from multichannel.identity.keys import KeySource
from multichannel.identity.tokens import Identity, TokenVerifier
from multichannel.policy.schema.vocabulary import AuthMode
from multichannel.server.bootstrap import now
from multichannel.services.sign_in import sign_in
from multichannel.settings import Settings, Trust, check_serving, claims_of
from multichannel.store.store import Store
from multichannel.store.users import Caller, VerifiedToken


def verifier_of(settings: Settings, trust: Trust) -> TokenVerifier:
    """Verifies the tokens of the issuer of the settings."""
    return TokenVerifier(
        trust.issuer,
        trust.audience,
        KeySource(trust.jwks, now),
        now,
        claims=claims_of(settings),
        max_bytes=settings.max_token_bytes,
    )


def verified(identity: Identity) -> VerifiedToken:
    """What the issuer of a token says of its user."""
    return VerifiedToken(
        directory_id=identity.tenant_id,
        object_id=identity.object_id,
        auth_mode=AuthMode(identity.auth_mode),
        name=identity.name,
        is_global_admin=identity.is_global_admin,
        domain=identity.domain,
    )


def signing_in(settings: Settings, store: Store, token: str) -> Callable[[], Caller]:
    """Signs a token's user in: each time anew, so that a lost role or an expired token shows.

    The issuer is that of the settings, or that of the demo in this folder if they name none.
    """
    verifier = _demo_verifier() if settings.issuer is None else verifier_of(settings, check_serving(settings))
    return lambda: sign_in(store, verified(verifier.verify(token)))


def _demo_verifier() -> TokenVerifier:
    # The demo world is not loaded in production.
    from multichannel.demo.issuer import existing_issuer  # noqa: PLC0415

    issuer = existing_issuer()
    return TokenVerifier(
        issuer.issuer, issuer.audience, KeySource(str(issuer.jwks_path), now, demo=True), now
    )
