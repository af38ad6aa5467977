"""Reseller relationships, from the request to the end, through the API."""

from __future__ import annotations

from datetime import timedelta

import pytest

from multichannel.demo.cast import (
    ALDER,
    BIRCH,
    CANYON,
    CEDAR,
    DOGWOOD,
    EMBER,
    HAZEL,
    LAUREL,
    MEADOW,
    PRAIRIE,
    QUARRY,
    SUMMIT,
    THISTLE,
    fixed_id,
)
from multichannel.domain.agreements import AgreementKind, CustomerAgreement
from multichannel.domain.customers import BillingProfile, Customer
from multichannel.domain.delegated_admin import DelegatedAdminGrant
from multichannel.domain.relationships import ResellerRelationship
from multichannel.domain.subscriptions import Subscription
from tests.graphql.conftest import Api
from tests.graphql.relationship_api import (
    ADMIN_AGENT,
    GLOBAL_ADMIN,
    SIGNER,
    as_role,
    bare,
    denial,
    do,
    done,
    refusal,
    relationship_of,
    set_row,
)
from tests.graphql.stored_rows import NewRows, stored
from tests.world import postgresql_later

pytestmark = postgresql_later

REQUEST, ACCEPT = "requestResellerRelationship", "acceptResellerRelationship"
DECLINE, CANCEL = "declineResellerRelationship", "cancelResellerRelationshipRequest"
REMOVE, EXTEND, REVOKE = "removeResellerRelationship", "extendRelationshipToProvider", "revokeDelegatedAdmin"
OPEN_REQUEST = relationship_of(ALDER, QUARRY)


def row(api: Api, global_id: str) -> ResellerRelationship:
    return stored(api, ResellerRelationship, id=bare(global_id))[0]


def recorded(new_rows: NewRows) -> list[tuple[str, str, str, dict[str, object]]]:
    names = {each.id: each.key for each in (ALDER, CEDAR, DOGWOOD, QUARRY, EMBER, CANYON, MEADOW, BIRCH)}
    return sorted(
        (names[each.tenant_id], each.operation, each.resource_type, each.new_value)
        for each in new_rows.records()
    )


@pytest.mark.rule("R4", "R14")
def test_a_request_is_accepted_and_the_customer_appears(api: Api) -> None:
    made = done(api, "alder-sales-agent", REQUEST, customer="Ember.Example")
    assert made["status"] == "REQUESTED"
    listed = "{ resellerRelationships(filter: {status: {eq: REQUESTED}}) { nodes { id partner { name } } } }"
    assert {"id": made["id"], "partner": {"name": "Alder"}} in api.ask("ember-global-admin", listed).data[
        "resellerRelationships"
    ]["nodes"]
    new_rows = NewRows(api)

    accepted = done(api, "ember-global-admin", ACCEPT, id=made["id"], agreement=SIGNER)

    assert (accepted["status"], accepted["version"], accepted["delegatedAdmin"]) == ("ACTIVE", 2, False)
    seen = api.ask("alder-sales-agent", "{ customers { nodes { companyName } } }").data["customers"]["nodes"]
    assert {"companyName": "Ember Glass"} in seen
    (agreement,) = stored(api, CustomerAgreement, customer_id=EMBER.id)
    assert (agreement.kind, agreement.partner_id) == (AgreementKind.DIRECT, None)
    assert (
        "alder",
        "accept_reseller_relationship",
        "ResellerRelationship",
        {"status": "active"},
    ) in recorded(new_rows)
    assert {each.resource_type for each in new_rows.events()} == {"ResellerRelationship", "CustomerAgreement"}


@pytest.mark.rule("SM1")
def test_nothing_that_is_in_force_expires(api: Api) -> None:
    done(api, "quarry-global-admin", ACCEPT, id=OPEN_REQUEST, agreement=SIGNER)
    api.world.clock.now += timedelta(days=400)
    asked = "{ resellerRelationships(first: 100) { nodes { status expiresAt } } }"
    for persona in ("alder-admin-agent", "cedar-admin-agent", "birch-sales-agent", "quarry-global-admin"):
        shown = api.ask(persona, asked).data["resellerRelationships"]["nodes"]
        assert {each["expiresAt"] for each in shown if each["status"] == "ACTIVE"} == {None}


@pytest.mark.rule("R14")
def test_an_agreement_is_asked_for_once(api: Api) -> None:
    missing = refusal(api, "quarry-global-admin", ACCEPT, id=OPEN_REQUEST)
    assert missing == ("AGREEMENT_REQUIRED", ["agreement"])
    assert row(api, OPEN_REQUEST).stored_status == "requested"
    done(api, "quarry-global-admin", ACCEPT, id=OPEN_REQUEST, agreement=SIGNER)

    second = relationship_of(ALDER, THISTLE)
    set_row(api, ResellerRelationship, bare(second), customer_id=QUARRY.id, partner_id=BIRCH.id)
    set_row(api, ResellerRelationship, bare(second), expires_at=api.world.clock.now + timedelta(days=1))
    assert done(api, "quarry-global-admin", ACCEPT, id=second)["status"] == "ACTIVE"
    assert len(stored(api, CustomerAgreement, customer_id=QUARRY.id)) == 1


@pytest.mark.rule("R52")
def test_where_there_is_no_agreement_none_is_signed(api: Api) -> None:
    asked = relationship_of(LAUREL, PRAIRIE)
    shown = done(api, "prairie-global-admin", ACCEPT, id=asked, agreement=SIGNER)
    assert (shown["status"], shown["delegatedAdmin"]) == ("ACTIVE", True)
    assert stored(api, CustomerAgreement, customer_id=PRAIRIE.id) == []


@pytest.mark.rule("R13")
def test_in_the_us_government_cloud_delegated_admin_cannot_be_left_out(api: Api) -> None:
    path = ["includeDelegatedAdmin"]
    refused = refusal(api, "laurel-admin-agent", REQUEST, customer=fixed_id("nobody"))
    assert refused == ("DELEGATED_ADMIN_REQUIRED", path)
    made = done(api, "laurel-admin-agent", REQUEST, customer=fixed_id("nobody"), includeDelegatedAdmin=True)
    assert made["status"] == "REQUESTED"


@pytest.mark.rule("R10")
def test_a_partner_is_no_customer_of_its_own(api: Api) -> None:
    assert refusal(api, "alder-sales-agent", REQUEST, customer=ALDER.id) == ("OWN_CUSTOMER", ["customer"])


def test_a_second_request_waits_for_the_first_and_a_related_customer_is_not_asked(api: Api) -> None:
    assert refusal(api, "alder-sales-agent", REQUEST, customer=QUARRY.id) == ("REQUEST_PENDING", ["customer"])
    for address in (MEADOW.id, MEADOW.id.upper(), "meadow.example"):
        assert refusal(api, "alder-sales-agent", REQUEST, customer=address)[0] == "ALREADY_RELATED"
    assert done(api, "alder-sales-agent", REQUEST, customer="quarry.example")["status"] == "REQUESTED"
    # That one has lapsed, and the customer left is asked again.
    assert done(api, "alder-sales-agent", REQUEST, customer=THISTLE.id)["status"] == "REQUESTED"
    assert done(api, "alder-sales-agent", REQUEST, customer=EMBER.id)["status"] == "REQUESTED"


def test_two_requests_at_two_addresses_of_one_customer_become_one_relationship(api: Api) -> None:
    second = done(api, "alder-sales-agent", REQUEST, customer="quarry.example")["id"]
    done(api, "quarry-global-admin", ACCEPT, id=OPEN_REQUEST, agreement=SIGNER)

    assert refusal(api, "quarry-global-admin", ACCEPT, id=second) == ("ALREADY_RELATED", ["id"])
    assert done(api, "quarry-global-admin", DECLINE, id=second)["status"] == "DECLINED"


@pytest.mark.rule("R12")
def test_only_the_customer_learns_that_the_markets_differ(api: Api) -> None:
    set_row(api, Customer, EMBER.id, market="GB")
    made = done(api, "alder-sales-agent", REQUEST, customer=EMBER.id)

    refused = refusal(api, "ember-global-admin", ACCEPT, id=made["id"], agreement=SIGNER)

    assert refused == ("MARKET_MISMATCH", ["id"])
    assert stored(api, CustomerAgreement, customer_id=EMBER.id) == []


def test_the_partner_withdraws_and_the_customer_declines(api: Api) -> None:
    assert done(api, "quarry-global-admin", DECLINE, id=OPEN_REQUEST)["status"] == "DECLINED"
    for persona, mutation in (("quarry-global-admin", DECLINE), ("alder-sales-agent", CANCEL)):
        assert refusal(api, persona, mutation, id=OPEN_REQUEST) == ("REQUEST_CLOSED", ["id"])
    api.world.clock.now += timedelta(days=30)  # R64
    made = done(api, "alder-user-management-admin", REQUEST, customer=QUARRY.id)
    assert done(api, "alder-user-management-admin", CANCEL, id=made["id"])["status"] == "CANCELED"
    assert refusal(api, "quarry-global-admin", ACCEPT, id=made["id"], agreement=SIGNER)[0] == "REQUEST_CLOSED"


def test_a_request_expires_for_all_parties_after_90_days(api: Api) -> None:
    made = done(api, "alder-sales-agent", REQUEST, customer=EMBER.id)
    api.world.clock.now += timedelta(days=90)
    for persona, mutation in (
        ("ember-global-admin", ACCEPT),
        ("ember-global-admin", DECLINE),
        ("alder-sales-agent", CANCEL),
    ):
        assert refusal(api, persona, mutation, id=made["id"]) == ("REQUEST_EXPIRED", ["id"])
    assert done(api, "alder-sales-agent", REQUEST, customer=EMBER.id)["status"] == "REQUESTED"


@pytest.mark.rule("R15")
def test_the_customer_takes_admin_rights_away_and_the_relationship_stays(api: Api) -> None:
    held = relationship_of(ALDER, MEADOW)
    new_rows = NewRows(api)
    shown = done(api, "meadow-global-admin", REVOKE, id=held)
    assert (shown["status"], shown["delegatedAdmin"]) == ("ACTIVE", False)
    (own,) = new_rows.records(MEADOW.id)
    assert (own.resource_type, own.old_value["status"], own.new_value["status"]) == (
        "DelegatedAdminGrant",
        "active",
        "terminated",
    )
    assert [each.new_value for each in new_rows.records(ALDER.id)] == [{"status": "terminated"}]
    assert refusal(api, "meadow-global-admin", REVOKE, id=held) == ("NO_DELEGATED_ADMIN", ["id"])
    assert refusal(api, "quarry-global-admin", REVOKE, id=OPEN_REQUEST)[0] == "RELATIONSHIP_NOT_ACTIVE"


@pytest.mark.rule("R17")
def test_nobody_leaves_while_it_bills_anything_active(api: Api) -> None:
    held = relationship_of(ALDER, MEADOW)
    assert refusal(api, "alder-global-admin", REMOVE, id=held) == ("ACTIVE_SUBSCRIPTIONS", ["id"])
    assert row(api, held).stored_status == "active"
    for each in stored(api, Subscription, billing_partner_id=ALDER.id, customer_id=MEADOW.id):
        set_row(api, Subscription, each.id, status="suspended")
    assert done(api, "alder-global-admin", REMOVE, id=held)["status"] == "REMOVED"
    after = row(api, held)
    assert after.closed_at == api.world.clock.now
    (grant,) = stored(api, DelegatedAdminGrant, relationship_id=after.id)
    assert (grant.stored_status, grant.ended_by) == ("terminated", "partner")
    assert refusal(api, "alder-global-admin", REMOVE, id=held)[0] == "RELATIONSHIP_NOT_ACTIVE"


@pytest.mark.rule("R17")
def test_a_partner_that_leaves_supports_nothing_there_any_more(api: Api) -> None:
    for each in stored(api, Subscription, billing_partner_id=ALDER.id, customer_id=CANYON.id):
        set_row(api, Subscription, each.id, status="suspended")
    note = stored(api, Subscription, owner_id=BIRCH.id, customer_id=CANYON.id, channel="ea")[0]
    set_row(api, Subscription, note.id, support_contact_id=ALDER.id)
    elsewhere = stored(api, Subscription, customer_id=MEADOW.id)[0]
    set_row(api, Subscription, elsewhere.id, support_contact_id=ALDER.id)
    new_rows = NewRows(api)

    done(api, "alder-global-admin", REMOVE, id=relationship_of(ALDER, CANYON))

    left = {each.id for each in stored(api, Subscription, support_contact_id=ALDER.id)}
    assert left == {note.id, elsewhere.id}
    assert note.id not in {each.resource_id for each in new_rows.records()}
    assert {each.resource_type for each in new_rows.records(BIRCH.id)} == {"Subscription"}


@pytest.mark.rule("R18")
def test_resellers_and_advisors_remove_no_customer(api: Api) -> None:
    as_role(api, "willow-sales-agent", GLOBAL_ADMIN)
    held = "reseller_relationship_" + fixed_id("willow.meadow.relationship")
    assert denial(api, "willow-sales-agent", REMOVE, id=held) == ("FORBIDDEN", ["ONLY_SELLERS_REMOVE"])


def indirect(api: Api, **more: object) -> tuple[str, ResellerRelationship]:
    """Dogwood asks Ember through Cedar: its own request, and Cedar's beside it."""
    made = done(api, "dogwood-sales-agent", REQUEST, customer=EMBER.id, provider=CEDAR.id, **more)
    (beside,) = stored(api, ResellerRelationship, invited_with_id=bare(made["id"]))
    return made["id"], beside


@pytest.mark.rule("SM1")
@pytest.mark.parametrize("through", ["own", "beside"])
def test_one_answer_is_for_the_reseller_and_its_provider(api: Api, through: str) -> None:
    own, beside = indirect(api)
    assert (beside.partner_id, beside.associated_partner_id) == (CEDAR.id, DOGWOOD.id)
    answered = own if through == "own" else f"reseller_relationship_{beside.id}"

    done(api, "ember-global-admin", ACCEPT, id=answered, agreement=SIGNER)

    assert row(api, own).stored_status == stored(api, ResellerRelationship, id=beside.id)[0].stored_status
    assert row(api, own).stored_status == "active"
    names = api.ask("cedar-admin-agent", "{ customers { nodes { companyName } } }").data["customers"]["nodes"]
    assert {"companyName": "Ember Glass"} in names


@pytest.mark.rule("SM1")
def test_a_withdrawn_or_declined_invitation_ends_the_providers_too(api: Api) -> None:
    own, beside = indirect(api)
    assert denial(api, "cedar-admin-agent", CANCEL, id=f"reseller_relationship_{beside.id}") == (
        "FORBIDDEN",
        [],
    )
    done(api, "dogwood-sales-agent", CANCEL, id=own)
    assert stored(api, ResellerRelationship, id=beside.id)[0].stored_status == "canceled"
    own, beside = indirect(api)
    done(api, "ember-global-admin", DECLINE, id=own)
    assert stored(api, ResellerRelationship, id=beside.id)[0].stored_status == "declined"


def test_a_provider_serves_a_customer_through_several_resellers(api: Api) -> None:
    made = done(api, "dogwood-sales-agent", REQUEST, customer=QUARRY.id, provider=CEDAR.id)
    done(api, "quarry-global-admin", ACCEPT, id=made["id"], agreement=SIGNER)
    active = stored(api, ResellerRelationship, partner_id=CEDAR.id, customer_id=QUARRY.id)
    assert {(each.associated_partner_id, each.stored_status) for each in active} == {
        (HAZEL.id, "active"),
        (DOGWOOD.id, "active"),
    }
    # One of them can end while the provider bills: it stays the customer's partner through the other.
    as_role(api, "cedar-admin-agent", GLOBAL_ADMIN)
    assert done(api, "cedar-admin-agent", REMOVE, id=relationship_of(CEDAR, QUARRY))["status"] == "REMOVED"


def test_a_provider_without_a_partnership_and_one_that_is_not_there_are_refused_alike(api: Api) -> None:
    for provider in (fixed_id("nobody"), ALDER.id, LAUREL.id):
        refused = refusal(api, "dogwood-sales-agent", REQUEST, customer=EMBER.id, provider=provider)
        assert refused == ("NO_PARTNERSHIP", ["provider"])


@pytest.mark.rule("R19")
def test_a_restricted_partner_asks_through_its_provider_once_it_is_a_reseller(api: Api) -> None:
    ask = ("birch-sales-agent", REQUEST)
    assert denial(api, *ask, customer=EMBER.id) == ("FORBIDDEN", ["RESTRICTED_PARTNER"])
    assert refusal(api, *ask, customer=EMBER.id, provider=CEDAR.id) == ("NO_PARTNERSHIP", ["provider"])
    as_role(api, "birch-billing-admin", GLOBAL_ADMIN)
    invited = "partnership_" + fixed_id("cedar.birch.partnership")
    done(api, "birch-billing-admin", "acceptPartnership", id=invited)
    assert done(api, *ask, customer=EMBER.id, provider=CEDAR.id)["status"] == "REQUESTED"


def test_d2i_a_direct_relationship_goes_on_through_a_provider(api: Api) -> None:
    """SM1, SM3: without admin rights, with the billing profile, and only through one's own provider."""
    held = relationship_of(BIRCH, CANYON)
    as_role(api, "birch-sales-agent", ADMIN_AGENT)
    as_role(api, "birch-billing-admin", GLOBAL_ADMIN)
    extend = {"id": held, "provider": CEDAR.id}
    assert refusal(api, "birch-sales-agent", EXTEND, **extend) == ("NO_PARTNERSHIP", ["provider"])
    done(
        api,
        "birch-billing-admin",
        "acceptPartnership",
        id="partnership_" + fixed_id("cedar.birch.partnership"),
    )

    made = done(api, "birch-sales-agent", EXTEND, **extend)

    assert made["status"] == "REQUESTED"
    (added,) = stored(api, ResellerRelationship, partner_id=CEDAR.id, customer_id=CANYON.id)
    assert (added.stored_status, added.delegated_admin_requested, added.associated_partner_id) == (
        "requested",
        False,
        BIRCH.id,
    )
    assert refusal(api, "birch-sales-agent", EXTEND, **extend) == ("REQUEST_PENDING", ["provider"])
    assert stored(api, BillingProfile, partner_id=CEDAR.id, customer_id=CANYON.id) == []

    accepted = done(api, "canyon-global-admin", ACCEPT, id=made["id"], agreement=SIGNER)

    assert (accepted["status"], accepted["delegatedAdmin"]) == ("ACTIVE", False)
    assert stored(api, DelegatedAdminGrant, relationship_id=added.id) == []
    (own,) = stored(api, BillingProfile, partner_id=BIRCH.id, customer_id=CANYON.id)
    (shared,) = stored(api, BillingProfile, partner_id=CEDAR.id, customer_id=CANYON.id)
    assert (shared.email, shared.vendor_id, shared.id != own.id) == (own.email, None, True)
    assert refusal(api, "birch-sales-agent", EXTEND, **extend) == ("ALREADY_EXTENDED", ["provider"])
    set_row(api, ResellerRelationship, bare(held), associated_partner_id=HAZEL.id)
    assert refusal(api, "birch-sales-agent", EXTEND, **extend) == ("NOT_DIRECT", ["id"])
    set_row(api, ResellerRelationship, bare(held), associated_partner_id=None, status="removed")
    assert refusal(api, "birch-sales-agent", EXTEND, **extend) == ("RELATIONSHIP_NOT_ACTIVE", ["id"])


@pytest.mark.rule("R22", "R50")
@pytest.mark.parametrize(
    ("persona", "input", "reasons"),
    [
        ("dogwood-sales-agent", {}, ["RESELLERS_ASK_THROUGH_PROVIDER"]),
        ("alder-sales-agent", {"provider": CEDAR.id}, ["ASKS_DIRECTLY"]),
        ("alder-sales-agent", {"includeDelegatedAdmin": True}, []),
        ("laurel-admin-agent", {"provider": CEDAR.id}, ["ASKS_DIRECTLY", "NO_INDIRECT_MODEL"]),
    ],
)
def test_each_kind_of_partner_asks_in_its_own_way(
    api: Api, persona: str, input: dict[str, object], reasons: list[str]
) -> None:
    code, given = denial(api, persona, REQUEST, customer=EMBER.id, **input)
    assert (code, sorted(given)) == ("FORBIDDEN", reasons)


@pytest.mark.parametrize("address", ["", "meadow", "a b.example", "customer_" + MEADOW.id])
def test_an_address_is_a_tenant_id_or_a_domain(api: Api, address: str) -> None:
    assert do(api, "alder-sales-agent", REQUEST, customer=address).codes == ["BAD_INPUT"]


def test_a_customer_makes_no_requests_and_a_partner_answers_none(api: Api) -> None:
    assert do(api, "meadow-global-admin", REQUEST, customer=EMBER.id).codes == ["NOT_FOUND"]
    for mutation in (ACCEPT, DECLINE, REVOKE):
        assert denial(api, "alder-global-admin", mutation, id=OPEN_REQUEST) == ("FORBIDDEN", [])
        assert do(api, "cedar-admin-agent", mutation, id=OPEN_REQUEST).codes == ["NOT_FOUND"]
    assert row(api, OPEN_REQUEST).version == 1


@pytest.mark.rule("R52")
def test_summit_is_nobody_to_partners_of_another_cloud(api: Api) -> None:
    made = done(api, "alder-sales-agent", REQUEST, customer=SUMMIT.id)
    assert row(api, made["id"]).customer_id is None
