import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from multichannel.demo.issuer import DemoIssuer
from multichannel.errors import Misconfigured, Unauthenticated
from multichannel.identity.keys import KeySource
from multichannel.identity.tokens import TokenVerifier
from tests.identity.authority import NOON, PERSON, TENANT, Clock


def verifier(issuer: DemoIssuer, clock: Clock, *, demo: bool = True) -> TokenVerifier:
    keys = KeySource(str(issuer.jwks_path), clock, demo=demo)
    return TokenVerifier(issuer.issuer, issuer.audience, keys, clock)


def test_a_demo_token_names_its_user_for_eight_hours(tmp_path: Path) -> None:
    issuer, clock = DemoIssuer(tmp_path), Clock()

    identity = verifier(issuer, clock).verify(issuer.token(UUID(TENANT), UUID(PERSON), now=NOON))

    assert (identity.tenant_id, identity.object_id, identity.auth_mode) == (TENANT, PERSON, "app_user")
    assert identity.expires_at == NOON + timedelta(hours=8)


def test_a_demo_token_can_stand_for_an_application_and_for_minutes(tmp_path: Path) -> None:
    issuer = DemoIssuer(tmp_path)
    token = issuer.token(TENANT, PERSON, now=NOON, lifetime=timedelta(minutes=5), app=True)

    identity = verifier(issuer, Clock()).verify(token)

    assert (identity.auth_mode, identity.expires_at) == ("app", NOON + timedelta(minutes=5))


def test_a_demo_token_is_invalid_outside_demo_mode(tmp_path: Path) -> None:
    issuer = DemoIssuer(tmp_path)
    token = issuer.token(TENANT, PERSON, now=NOON)

    with pytest.raises(Unauthenticated, match="kid"):
        verifier(issuer, Clock(), demo=False).verify(token)


def test_the_key_is_kept_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    token = DemoIssuer(folder).token(TENANT, PERSON, now=NOON)
    again = DemoIssuer(folder)

    assert verifier(again, Clock()).verify(token).object_id == PERSON
    assert (folder / "demo-key.json").stat().st_mode & 0o777 == 0o600
    assert "d" not in json.loads(again.jwks_path.read_text())["keys"][0]
    assert sorted(path.name for path in folder.iterdir()) == ["demo-jwks.json", "demo-key.json"]


def test_issuers_that_start_at_once_share_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        issuers = list(pool.map(lambda _: DemoIssuer(tmp_path), range(4)))

    tokens = {issuer.token(TENANT, PERSON, now=NOON) for issuer in issuers}
    assert len(tokens) == 1


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"kty": "oct", "k": "eA"}'])
def test_a_damaged_key_gives_one_clear_line(tmp_path: Path, content: str) -> None:
    (tmp_path / "demo-key.json").write_text(content)

    with pytest.raises(Misconfigured, match=r"demo-key\.json is damaged; delete it"):
        DemoIssuer(tmp_path)
