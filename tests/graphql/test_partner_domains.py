"""Domains of partners: typed by an operator, verified by a sign-in (R58), told to whoever is asked (R66)."""

from __future__ import annotations

from typing import Any

import pytest

from multichannel.demo.cast import ALDER, find_persona
from multichannel.domain.audit import AuditRecord, AuditStatus
from multichannel.domain.tenants import Partner
from multichannel.policy.schema.vocabulary import AuthMode
from multichannel.services.sign_in import sign_in
from multichannel.store.users import VerifiedToken
from tests.graphql.conftest import Api
from tests.graphql.relationship_api import set_row
from tests.graphql.stored_rows import stored
from tests.world import postgresql_later

pytestmark = [postgresql_later, pytest.mark.rule("R58")]
SHOWN = "query ($id: ID!) { node(id: $id) { ... on Partner { domain isDomainVerified } } }"


def arrive(api: Api, domain: str | None) -> None:
    """An agent of Alder signs in with a token of this domain."""
    agent = find_persona("alder-sales-agent")
    token = VerifiedToken(ALDER.id, agent.id, AuthMode.APP_USER, domain=domain)
    assert sign_in(api.world.store, token).principal.tenant_id == ALDER.id


def shown(api: Api) -> Any:
    """What the customer is told that Alder asks."""
    return api.ask("quarry-global-admin", SHOWN, id=f"partner_{ALDER.id}").data["node"]


def test_a_typed_domain_is_verified_by_a_sign_in_that_shows_it_and_by_no_other(api: Api) -> None:
    set_row(api, Partner, ALDER.id, is_domain_verified=False)
    typed = {"domain": "alder.example", "isDomainVerified": False}
    for other in (None, "alder.onvendor.example"):
        arrive(api, other)
        assert shown(api) == typed

    arrive(api, "Alder.Example")
    arrive(api, "alder.example")

    assert shown(api) == typed | {"isDomainVerified": True}
    (record,) = stored(api, AuditRecord, tenant_id=ALDER.id, operation="verify_domain")
    assert record.status is AuditStatus.SUCCEEDED


def test_a_partner_without_a_domain_gets_the_one_that_a_sign_in_shows(api: Api) -> None:
    set_row(api, Partner, ALDER.id, domain=None, is_domain_verified=False)
    arrive(api, "alder.example")
    arrive(api, "other.example")
    assert shown(api) == {"domain": "alder.example", "isDomainVerified": True}
