from __future__ import annotations

from typing import Any

import pytest

from multichannel.demo.cast import ALDER, MEADOW
from tests.graphql.conftest import Api
from tests.graphql.relationship_api import done, relationship_of

AZURE = """{ subscriptions(first: 100, filter: {billingType: {eq: USAGE}, channel: {eq: CSP}}) {
  totalCount nodes { friendlyName entitlementId viewerCan } } }"""


def azure(api: Api, persona: str) -> Any:
    return api.ask(persona, AZURE).data["subscriptions"]


@pytest.mark.rule("R16")
@pytest.mark.parametrize("persona", ["alder-admin-agent", "alder-global-admin", "alder-helpdesk-agent"])
def test_delegated_admin_gives_no_access_to_azure_that_another_partner_sells(api: Api, persona: str) -> None:
    held = azure(api, persona)
    done(api, "meadow-global-admin", "revokeDelegatedAdmin", id=relationship_of(ALDER, MEADOW))

    assert azure(api, persona) == held
    assert "Meadow azure cedar" not in {each["friendlyName"] for each in held["nodes"]}
    assert "Meadow azure cedar" in {
        each["friendlyName"] for each in azure(api, "meadow-global-admin")["nodes"]
    }
