"""An issuer on one's own disk, so that demo mode needs no identity provider, and its tokens for personas."""

from __future__ import annotations

import json
import os
import secrets
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from multichannel.demo.cast import NEWCOMERS, PERSONAS, Persona
from multichannel.errors import Misconfigured, Refused
from multichannel.identity.claims import ENTRA_ID
from multichannel.identity.keys import DEMO_AUDIENCE, DEMO_ISSUER, DEMO_KEY_PREFIX

FOLDER = Path(".multichannel")
"""Where the demo lives: in the folder it is run in."""
LIFETIME = timedelta(hours=8)


class DemoIssuer:
    """Signs tokens that a service in demo mode, and no other, believes.

    The key is made on first use and kept in the folder, readable by its owner only.
    """

    issuer = DEMO_ISSUER
    audience = DEMO_AUDIENCE

    def __init__(self, folder: Path) -> None:
        """Use the key in `folder`, or make one; Misconfigured if what is there is not a key."""
        folder.mkdir(parents=True, exist_ok=True)
        key_path = folder / "demo-key.json"
        if not key_path.exists():
            _publish(key_path, _new_key().as_dict(private=True), replace=False)
        self._key = _read_key(key_path)
        self.jwks_path = folder / "demo-jwks.json"
        _publish(self.jwks_path, {"keys": [self._key.as_dict(private=False)]}, replace=True)

    def token(
        self,
        tenant_id: UUID | str,
        object_id: UUID | str,
        *,
        now: datetime,
        lifetime: timedelta = LIFETIME,
        app: bool = False,
        **more: object,
    ) -> str:
        """A signed token for one user, or with `app` for an application on its own; `more` are claims."""
        issued_at = int(now.timestamp())
        claims = {
            "iss": self.issuer,
            "aud": self.audience,
            "iat": issued_at,
            "nbf": issued_at,
            "exp": issued_at + int(lifetime.total_seconds()),
            "tid": str(tenant_id),
            "oid": str(object_id),
            "idtyp": "app" if app else "user",
            **more,
        }
        return jwt.encode({"alg": "RS256", "kid": self._key.kid}, claims, self._key, algorithms=["RS256"])


def existing_issuer(folder: Path = FOLDER) -> DemoIssuer:
    """The issuer of the demo in `folder`; Refused if there is no demo."""
    if not (folder / "demo-key.json").is_file():
        raise Refused(f"No demo found in {folder}/. Create one first: multichannel demo")
    return DemoIssuer(folder)


def token(issuer: DemoIssuer, persona: Persona, now: datetime) -> str:
    """A token for the persona, valid for a working day, with the claims that Entra ID would make."""
    claims: dict[str, Any] = {
        "name": persona.title,
        ENTRA_ID.domain: f"{persona.duty.replace(' ', '-')}@{persona.organisation.domain}",
    }
    if persona.administers:
        claims[ENTRA_ID.admin] = [ENTRA_ID.admin_value]
    return issuer.token(persona.organisation.id, persona.id, now=now, **claims)


def tokens(issuer: DemoIssuer, now: datetime) -> list[dict[str, object]]:
    """Every persona as `/demo/personas` gives it: with its title and a token."""
    return [
        {**persona.as_json(), "title": persona.title, "token": token(issuer, persona, now)}
        for persona in (*PERSONAS, *NEWCOMERS)
    ]


def _new_key() -> RSAKey:
    kid = f"{DEMO_KEY_PREFIX}-{secrets.token_hex(8)}"
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": "RS256"})


def _read_key(path: Path) -> RSAKey:
    try:
        return RSAKey.import_key(json.loads(path.read_text(encoding="utf-8")))
    except (JoseError, ValueError, TypeError) as problem:
        raise Misconfigured(f"{path} is damaged; delete it, and the demo creates a new key.") from problem


def _publish(path: Path, document: object, *, replace: bool) -> None:
    """Write a whole file or none; of two processes that make a key at once, both then read the first."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(
        os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as file:
        json.dump(document, file)
    try:
        if replace:
            draft.replace(path)
        else:
            path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink(missing_ok=True)
