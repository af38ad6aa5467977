"""Partnerships of providers and resellers through the API: invited, accepted, removed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from multichannel.demo.cast import (
    ALDER,
    BIRCH,
    CEDAR,
    DOGWOOD,
    HAZEL,
    LAUREL,
    LINDEN,
    MEADOW,
    QUARRY,
    fixed_id,
)
from multichannel.domain.partnerships import Partnership
from multichannel.domain.relationships import ResellerRelationship
from multichannel.domain.tenants import Partner
from tests.graphql.conftest import Api
from tests.graphql.relationship_api import (
    GLOBAL_ADMIN,
    as_role,
    bare,
    denial,
    do,
    done,
    partnership_of,
    refusal,
    relationship_of,
    set_row,
)
from tests.graphql.stored_rows import NewRows, stored
from tests.world import postgresql_later

pytestmark = postgresql_later

INVITE, ACCEPT, REMOVE = "inviteIndirectReseller", "acceptPartnership", "removePartnership"
CEDAR_AGENT = "cedar-admin-agent"


def row(api: Api, global_id: str) -> Partnership:
    return stored(api, Partnership, id=bare(global_id))[0]


def newcomer(api: Api) -> str:
    """Hazel without its partnership and attached to nobody, and its global admin."""
    done(api, CEDAR_AGENT, "detachReseller", id=relationship_of(CEDAR, QUARRY))
    done(api, CEDAR_AGENT, REMOVE, id=partnership_of(CEDAR, HAZEL))
    return as_role(api, "hazel-sales-agent", GLOBAL_ADMIN)


@pytest.mark.rule("R27", "SM3")
def test_a_provider_invites_and_the_reseller_consents(api: Api) -> None:
    admin = newcomer(api)
    api.world.clock.now += timedelta(days=400)  # invitations do not lapse
    invited = done(api, CEDAR_AGENT, INVITE, reseller=HAZEL.id, resellerNumber="5550106")
    assert (invited["status"], invited["addressedTo"], invited["reseller"]) == ("INVITED", HAZEL.id, None)
    assert row(api, invited["id"]).reseller_number == "5550106"
    api.world.clock.now += timedelta(days=400)
    new_rows = NewRows(api)

    accepted = done(api, admin, ACCEPT, id=invited["id"])

    assert (accepted["status"], accepted["provider"]) == ("ACTIVE", {"name": "Cedar"})
    assert [(each.operation, each.new_value) for each in new_rows.records(CEDAR.id)] == [
        ("accept_partnership", {"status": "active"})
    ]
    assert [each.resource_type for each in new_rows.events()] == ["Partnership"]
    seen = "query ($id: ID!) { node(id: $id) { ... on Partnership { reseller { name } } } }"
    assert api.ask(CEDAR_AGENT, seen, id=invited["id"]).data["node"]["reseller"] == {"name": "Hazel"}
    assert refusal(api, admin, ACCEPT, id=invited["id"]) == ("INVITATION_CLOSED", ["id"])


@pytest.mark.rule("SM3")
def test_removal_leaves_the_resellers_customers_and_admin_rights_alone(api: Api) -> None:
    before = {each.id: each.version for each in stored(api, ResellerRelationship)}
    removed = done(api, "cedar-user-management-admin", REMOVE, id=partnership_of(CEDAR, DOGWOOD))
    # The provider is told whom it has attached to Meadow.
    assert (removed["status"], removed["reseller"]) == ("REMOVED", {"name": "Dogwood"})
    assert {each.id: each.version for each in stored(api, ResellerRelationship)} == before
    for again in (partnership_of(CEDAR, DOGWOOD), partnership_of(CEDAR, LINDEN)):
        assert refusal(api, CEDAR_AGENT, REMOVE, id=again) == ("PARTNERSHIP_OVER", ["id"])


def test_a_withdrawn_invitation_cannot_be_accepted(api: Api) -> None:
    invited = partnership_of(CEDAR, BIRCH)
    done(api, CEDAR_AGENT, REMOVE, id=invited)
    as_role(api, "birch-sales-agent", GLOBAL_ADMIN)
    assert refusal(api, "birch-sales-agent", ACCEPT, id=invited) == ("INVITATION_CLOSED", ["id"])
    fresh = done(api, CEDAR_AGENT, INVITE, reseller=BIRCH.id)
    assert fresh["id"] != invited
    assert done(api, "birch-sales-agent", ACCEPT, id=fresh["id"])["status"] == "ACTIVE"


def test_one_invitation_to_an_address_at_a_time(api: Api) -> None:
    done(api, CEDAR_AGENT, INVITE, reseller=fixed_id("nobody"))
    for address in (DOGWOOD.id, BIRCH.id, fixed_id("nobody")):
        assert refusal(api, CEDAR_AGENT, INVITE, reseller=address) == ("INVITATION_PENDING", ["reseller"])


def test_a_provider_is_no_reseller_of_its_own(api: Api) -> None:
    assert refusal(api, CEDAR_AGENT, INVITE, reseller=CEDAR.id) == ("SELF_INVITED", ["reseller"])


@pytest.mark.rule("R12", "R52")
def test_an_invitation_reaches_partners_of_the_market_and_cloud_alone(api: Api) -> None:
    set_row(api, Partner, ALDER.id, market="GB")
    for address in (ALDER.id, LAUREL.id, MEADOW.id, fixed_id("nobody")):
        invited = done(api, CEDAR_AGENT, INVITE, reseller=address)
        assert row(api, invited["id"]).reseller_id is None
    as_role(api, "alder-sales-agent", GLOBAL_ADMIN)
    assert (
        api.ask("alder-sales-agent", "{ partnerships { totalCount } }").data["partnerships"]["totalCount"]
        == 0
    )


@pytest.mark.rule("R12")
def test_a_reseller_that_has_moved_since_does_not_consent(api: Api) -> None:
    set_row(api, Partner, BIRCH.id, market="GB")
    as_role(api, "birch-sales-agent", GLOBAL_ADMIN)
    refused = refusal(api, "birch-sales-agent", ACCEPT, id=partnership_of(CEDAR, BIRCH))
    assert refused == ("MARKET_MISMATCH", ["id"])


@pytest.mark.rule("R19")
def test_whoever_may_sell_directly_becomes_no_reseller(api: Api) -> None:
    invited = done(api, CEDAR_AGENT, INVITE, reseller=ALDER.id)["id"]
    assert denial(api, "alder-global-admin", ACCEPT, id=invited) == ("FORBIDDEN", ["SELLS_DIRECTLY"])
    set_row(api, Partner, ALDER.id, status="inactive")
    assert denial(api, "alder-global-admin", ACCEPT, id=invited) == ("FORBIDDEN", ["PARTNER_INACTIVE"])
    set_row(api, Partner, ALDER.id, status="restricted")
    assert done(api, "alder-global-admin", ACCEPT, id=invited)["status"] == "ACTIVE"


@pytest.mark.rule("R50")
def test_only_providers_invite_and_only_in_the_public_cloud(api: Api) -> None:
    code, reasons = denial(api, "laurel-admin-agent", INVITE, reseller=HAZEL.id)
    assert (code, sorted(reasons)) == ("FORBIDDEN", ["NO_INDIRECT_MODEL", "ONLY_PROVIDERS_INVITE"])


def test_no_other_party_acts_on_a_partnership(api: Api) -> None:
    held = partnership_of(CEDAR, DOGWOOD)
    assert denial(api, "dogwood-sales-agent", REMOVE, id=held) == ("FORBIDDEN", [])
    assert denial(api, CEDAR_AGENT, ACCEPT, id=held) == ("FORBIDDEN", [])
    for persona in ("alder-global-admin", "meadow-global-admin"):
        assert do(api, persona, REMOVE, id=held).codes == ["NOT_FOUND"]
    assert do(api, CEDAR_AGENT, REMOVE, id=relationship_of(CEDAR, MEADOW)).codes == ["BAD_INPUT"]
    assert do(api, CEDAR_AGENT, INVITE, reseller="hazel example").codes == ["BAD_INPUT"]
    assert row(api, held).version == 1
