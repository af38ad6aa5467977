from __future__ import annotations

from datetime import timedelta
from itertools import product
from typing import Any

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
    QUARRY,
    fixed_id,
)
from multichannel.domain.audit import AuditRecord, Event
from multichannel.domain.commerce import Commerce, SubscriptionStatus
from multichannel.domain.customers import Customer
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.tenants import Partner, PartnerStatus
from multichannel.domain.transfers import Transfer, TransferKind, TransferLine, TransferStatus
from multichannel.domain.users import Role
from tests.graphql.conftest import Api
from tests.graphql.transfer_api import Deals, customer, subscription
from tests.world import postgresql_later

pytestmark = postgresql_later

TARGET, SOURCE = "cedar-admin-agent", "alder-admin-agent"
MAIL, ARCHIVE = subscription("meadow-mail-alder"), subscription("meadow-archive-alder")
ASKED = {"customer": customer(MEADOW), "sourcePartner": ALDER.id}
NOBODY = fixed_id("nobody")
UNTOUCHED = (TransferStatus.PENDING, 1)


@pytest.fixture
def deals(api: Api) -> Deals:
    """Cedar may ask: Meadow has agreed with it."""
    deals = Deals(api)
    deals.agree(CEDAR)
    return deals


def row_id(global_id: str) -> str:
    return global_id.partition("_")[2]


def stored(deals: Deals, transfer_id: str) -> Any:
    (row,) = deals.rows(Transfer, id=row_id(transfer_id))
    return row


@pytest.mark.rule("R30")
def test_the_target_asks_and_the_source_chooses_what_the_target_gets(deals: Deals) -> None:
    transfer_id = deals.done(TARGET, "requestTransfer", **ASKED, productTypes=["ONLINE_SERVICES_NCE"])
    assert deals.books("request_transfer", transfer_id) == (
        sorted((each.id, "succeeded") for each in (ALDER, CEDAR, MEADOW)),
        [row_id(transfer_id)],
    )
    before = {each: deals.rows(Subscription, id=row_id(each))[0] for each in (MAIL, ARCHIVE)}

    assert deals.done(SOURCE, "acceptTransfer", id=transfer_id, subscriptionIds=[MAIL]) == transfer_id

    assert deals.books("accept_transfer", transfer_id) == (
        sorted((each.id, "succeeded") for each in (ALDER, CEDAR, MEADOW)),
        [row_id(transfer_id)],
    )
    row = stored(deals, transfer_id)
    assert (row.stored_status, row.completed_at, row.version) == (TransferStatus.COMPLETED, deals.now, 2)
    assert deals.lines(transfer_id) == [(0, "completed", None), (1, "completed", None)]
    made = {
        each.continues_id: each
        for each in deals.rows(Subscription, billing_partner_id=CEDAR.id)
        if each.continues_id
    }
    assert made.keys() == {row_id(MAIL), row_id(ARCHIVE)}
    for old_id, old in before.items():
        new = made[row_id(old_id)]
        kept = ("quantity", "term_duration", "billing_cycle", "commitment_end_date", "effective_start_date")
        assert [getattr(new, name) for name in kept] == [getattr(old, name) for name in kept]
        assert (new.owner_id, new.support_contact_id, new.vendor_id) == (CEDAR.id, CEDAR.id, None)
        assert (new.migrated_from_subscription_id, new.order_id) == (old.vendor_id, None)
        assert deals.rows(Subscription, id=old.id)[0].stored_status is SubscriptionStatus.DELETED
    assert made[row_id(ARCHIVE)].parent_id == made[row_id(MAIL)].id
    events = deals.rows(Event, operation="accept_transfer")
    assert sorted(each.resource_type for each in events) == ["Subscription"] * 4 + ["Transfer"]
    assert {each.transfer_id for each in events} == {row_id(transfer_id)}


@pytest.mark.rule("R38", "R40")
def test_the_azure_id_stays_and_the_transfers_reseller_is_credited(deals: Deals) -> None:
    azure = deals.purchase(
        "meadow-azure-alder",
        "meadow-azure-cedar",
        owner_id=ALDER.id,
        billing_partner_id=ALDER.id,
        partner_of_record_id=None,
        entitlement_id=fixed_id("azure"),
    )
    transfer_id = deals.done(
        TARGET, "requestTransfer", **ASKED, kind="AZURE_PLAN", partnerOfRecord=DOGWOOD.id
    )
    deals.done(SOURCE, "acceptTransfer", id=transfer_id, subscriptionIds=[azure])

    (new,) = deals.rows(Subscription, continues_id=row_id(azure))
    assert new.entitlement_id == fixed_id("azure")
    assert (new.partner_of_record_id, new.support_contact_id) == (DOGWOOD.id, CEDAR.id)
    assert new.partner_number == "5550105"  # R74
    (record,) = deals.rows(
        AuditRecord, tenant_id=DOGWOOD.id, resource_id=row_id(transfer_id), operation="accept_transfer"
    )
    assert (record.old_value, record.new_value) == ({"status": "pending"}, {"status": "completed"})


def test_the_target_sees_a_summary_until_the_source_has_chosen_and_the_others_nothing(deals: Deals) -> None:
    transfer_id = deals.done(TARGET, "requestTransfer", **ASKED, productTypes=["ONLINE_SERVICES_NCE"])

    seen = deals.seen(TARGET, transfer_id)
    assert [(each["path"], each["extensions"]["code"]) for each in seen["errors"]] == [
        (["node", "lines"], "FORBIDDEN")
    ]
    node = seen["data"]["node"]
    assert node["lines"] is None
    assert (node["status"], node["customer"], node["targetProductTypes"], node["sourcePartnerName"]) == (
        "PENDING",
        {"companyName": "Meadow Dairy"},
        ["ONLINE_SERVICES_NCE"],
        None,
    )
    for persona in (SOURCE, "alder-sales-agent", "alder-global-admin", "meadow-global-admin"):
        seen = deals.seen(persona, transfer_id)
        assert "errors" not in seen
        assert seen["data"]["node"]["lines"] == []
        assert seen["data"]["node"]["targetPartnerName"] == "Cedar"
    outsiders = (
        "alder-billing-admin",
        "alder-helpdesk-agent",
        "alder-user",
        "birch-sales-agent",
        "dogwood-sales-agent",
        "hazel-sales-agent",
        "willow-sales-agent",
        "laurel-admin-agent",
        "canyon-global-admin",
        "meadow-billing-admin",
        "cedar-user-management-admin",
    )
    for persona in outsiders:
        assert deals.seen(persona, transfer_id) == {"data": {"node": None}}, persona
        found = deals.api.ask(persona, "{ transfers { totalCount nodes { id } } }").data["transfers"]
        assert found == {"totalCount": 0, "nodes": []}, persona

    deals.done(SOURCE, "acceptTransfer", id=transfer_id, subscriptionIds=[MAIL])

    old = {persona: lines(deals, persona, transfer_id, "subscription") for persona in (TARGET, SOURCE)}
    new = {persona: lines(deals, persona, transfer_id, "newSubscription") for persona in (TARGET, SOURCE)}
    assert (old[SOURCE], new[SOURCE]) == ([MAIL, ARCHIVE], [None, None])
    assert old[TARGET] == [None, None]
    assert None not in new[TARGET]
    assert lines(deals, "meadow-global-admin", transfer_id, "subscription") == [MAIL, ARCHIVE]
    assert lines(deals, "meadow-global-admin", transfer_id, "newSubscription") == new[TARGET]
    assert deals.status(SOURCE, str(new[TARGET][0])) is None
    assert deals.status(TARGET, str(new[TARGET][0])) == "ACTIVE"
    assert deals.status(TARGET, MAIL) is None
    assert deals.status(SOURCE, MAIL) == "DELETED"


def lines(deals: Deals, persona: str, transfer_id: str, name: str) -> list[str | None]:
    return [line[name] for line in deals.seen(persona, transfer_id)["data"]["node"]["lines"]]


@pytest.mark.rule("R34")
def test_what_moves_and_what_stays_is_told_to_whoever_sees_the_transfer(deals: Deals) -> None:
    staying = {}
    for kind in TransferKind:
        transfer_id = deals.transfer(
            kind, owner_id=CEDAR.id, kind=kind, source_partner_id=ALDER.id, target_partner_id=CEDAR.id
        )
        node = deals.seen(TARGET, transfer_id)["data"]["node"]
        assert [each["subject"] for each in node["moves"]] == ["BILLING", "SUPPORT"]
        staying[kind.value] = [each["subject"] for each in node["staysBehind"]]
        assert all(each["sentence"] and each["rule"] for each in node["staysBehind"])
    always = [
        "AZURE_ROLE_ASSIGNMENTS",
        "ADMIN_ON_BEHALF_OF",
        "DELEGATED_ADMIN",
        "PRICE",
        "QUOTAS",
        "TICKETS",
    ]
    assert staying.pop("new_commerce") == always
    assert list(staying.values()) == [[*always, "RESERVATIONS"]] * 3


@pytest.mark.parametrize(
    "source",
    [NOBODY, BIRCH.id, HAZEL.id, LAUREL.id, QUARRY.id, ALDER.id],
    ids=["nobody", "restricted", "reseller", "other-cloud", "customer", "seller"],
)
def test_whether_the_source_exists_or_sells_anything_is_not_disclosed(deals: Deals, source: str) -> None:
    answer = deals.ask(TARGET, "requestTransfer", customer=customer(MEADOW), sourcePartner=source)
    payload = answer.data["requestTransfer"]
    assert (payload["transfer"]["status"], payload["userErrors"]) == ("PENDING", [])
    assert len(answer.statements) <= REQUEST_STATEMENTS + 1  # what the books ask of a source they know
    if source == LAUREL.id:
        transfer_id = payload["transfer"]["id"]
        assert deals.seen("laurel-admin-agent", transfer_id) == {"data": {"node": None}}
        denied = deals.ask("laurel-admin-agent", "acceptTransfer", id=transfer_id, subscriptionIds=[])
        assert denied.codes == ["NOT_FOUND"]


@pytest.mark.rule("R29", "R33", "R39", "R40")
def test_refusals_of_a_request_are_about_what_the_target_knows(deals: Deals) -> None:
    ask = {"customer": customer(MEADOW), "sourcePartner": ALDER.id}
    expected = [
        ({**ask, "sourcePartner": CEDAR.id}, "SAME_PARTNER", ["sourcePartner"]),
        ({**ask, "customer": customer(CANYON)}, "NO_RELATIONSHIP", ["customer"]),
        ({**ask, "customer": f"customer_{NOBODY}"}, "NO_RELATIONSHIP", ["customer"]),
        ({**ask, "customer": customer(QUARRY)}, "AGREEMENT_REQUIRED", []),
        ({**ask, "kind": "LEGACY"}, "OPENED_BY_THE_OTHER_PARTNER", ["kind"]),
        ({**ask, "kind": "MANUAL_SWITCH"}, "OPENED_BY_THE_OTHER_PARTNER", ["kind"]),
        ({**ask, "partnerOfRecord": NOBODY}, "NOT_YOUR_RESELLER", ["partnerOfRecord"]),
        ({**ask, "partnerOfRecord": BIRCH.id}, "NOT_YOUR_RESELLER", ["partnerOfRecord"]),
        ({**ask, "partnerOfRecord": CEDAR.id}, "NOT_YOUR_RESELLER", ["partnerOfRecord"]),
    ]
    for given, code, path in expected:
        refusal = deals.refused(TARGET, "requestTransfer", **given)
        assert (refusal["code"], refusal["path"]) == (code, path), given
    deals.agree(ALDER)
    from_cedar = {"customer": customer(MEADOW), "sourcePartner": CEDAR.id}
    assert (
        deals.refused(SOURCE, "requestTransfer", **from_cedar, kind="AZURE_PLAN")["code"] == "NO_AZURE_PLAN"
    )
    plan = deals.purchase("plan", "meadow-azure-cedar", owner_id=ALDER.id, billing_partner_id=ALDER.id)
    legacy = deals.purchase(
        "old", "meadow-azure-cedar", owner_id=ALDER.id, billing_partner_id=ALDER.id, commerce=Commerce.LEGACY
    )
    refusal = deals.refused(SOURCE, "requestTransfer", **from_cedar, kind="AZURE_PLAN")
    assert refusal["code"] == "LEGACY_AZURE_PRESENT"
    assert deals.refused(SOURCE, "requestTransfer", **from_cedar, partnerOfRecord=DOGWOOD.id)["code"] == (
        "NOT_YOUR_RESELLER"
    )
    deals.change(Customer, MEADOW.id, market="CA")
    assert deals.refused(TARGET, "requestTransfer", **ask)["code"] == "CUSTOMER_IN_OTHER_MARKET"
    assert deals.rows(Transfer) == []
    assert {deals.status(SOURCE, each) for each in (plan, legacy)} == {"ACTIVE"}
    records = deals.rows(AuditRecord, operation="request_transfer")
    assert {(each.tenant_id, each.status.value) for each in records} == {
        (CEDAR.id, "failed"),
        (ALDER.id, "failed"),
    }


def test_one_request_of_a_kind_waits_at_a_time_and_a_new_one_follows_its_end(deals: Deals) -> None:
    first = deals.done(TARGET, "requestTransfer", **ASKED)
    assert deals.refused(TARGET, "requestTransfer", **ASKED)["code"] == "TRANSFER_PENDING"
    deals.done(TARGET, "requestTransfer", **ASKED, kind="AZURE_PLAN")
    deals.done(TARGET, "requestTransfer", customer=customer(MEADOW), sourcePartner=NOBODY)
    deals.done(TARGET, "cancelTransfer", id=first)
    second = deals.done(TARGET, "requestTransfer", **ASKED)
    deals.api.world.clock.now += timedelta(days=30)
    assert deals.seen(TARGET, second)["data"]["node"]["status"] == "EXPIRED"
    deals.done(TARGET, "requestTransfer", **ASKED)


@pytest.mark.rule("R19", "R40")
def test_who_may_ask(deals: Deals) -> None:
    deals.give_role("birch-sales-agent", Role.ADMIN_AGENT)
    deals.give_role("dogwood-sales-agent", Role.ADMIN_AGENT)
    deals.give_role("willow-sales-agent", Role.ADMIN_AGENT)
    expected = {
        "alder-sales-agent": ("FORBIDDEN", []),
        "alder-global-admin": ("FORBIDDEN", []),
        "cedar-sales-and-billing": ("FORBIDDEN", []),
        "birch-sales-agent": ("FORBIDDEN", ["RESTRICTED_PARTNER"]),
        "linden-admin-agent": ("FORBIDDEN", ["PARTNER_INACTIVE"]),
        "dogwood-sales-agent": ("FORBIDDEN", ["ONLY_THROUGH_PROVIDER"]),
        "willow-sales-agent": ("FORBIDDEN", ["ADVISORS_SELL_NOTHING"]),
        "meadow-global-admin": ("NOT_FOUND", []),
    }
    for persona, denial in expected.items():
        assert deals.reasons(persona, "requestTransfer", **ASKED) == denial, persona
    assert deals.rows(Transfer) == []


@pytest.mark.rule("R31", "R35", "R36", "R37")
def test_lines_that_cannot_go_refuse_the_whole_acceptance(deals: Deals) -> None:
    deals.relate(CEDAR, EMBER)
    other = deals.purchase("ember-new", "meadow-mail-alder", customer_id=EMBER.id)
    suspended = deals.purchase("asleep", "meadow-mail-alder", stored_status=SubscriptionStatus.SUSPENDED)
    azure = deals.purchase("azure", "meadow-azure-cedar", owner_id=ALDER.id, billing_partner_id=ALDER.id)
    legacy = deals.purchase("legacy", "meadow-mail-alder", commerce=Commerce.LEGACY)
    crowd = [deals.purchase(f"many-{number}", "meadow-mail-alder") for number in range(26)]
    transfer_id = deals.done(TARGET, "requestTransfer", **ASKED, productTypes=["ONLINE_SERVICES_NCE"])
    expected = [
        ([], "LINES_MISSING", ""),
        (crowd, "TOO_MANY_LINES", "25"),
        ([ARCHIVE], "LINES_NOT_ELIGIBLE", "ADD_ON_WITHOUT_BASE"),
        ([MAIL, suspended], "LINES_NOT_ELIGIBLE", "SUBSCRIPTION_SUSPENDED"),
        ([MAIL, other], "LINES_NOT_ELIGIBLE", "OTHER_CUSTOMER"),
        ([MAIL, azure], "LINES_NOT_ELIGIBLE", "PRODUCT_TYPE_NOT_REQUESTED"),
        ([legacy], "LINES_NOT_ELIGIBLE", "LEGACY_LICENSE, PRODUCT_TYPE_NOT_REQUESTED"),
        (
            [suspended, other],
            "LINES_NOT_ELIGIBLE",
            "D; ember-new: OTHER_CUSTOMER",
        ),
    ]
    for ids, code, words in expected:
        refusal = deals.refused(SOURCE, "acceptTransfer", id=transfer_id, subscriptionIds=ids)
        assert (refusal["code"], refusal["path"]) == (code, ["subscriptionIds"])
        assert words in refusal["message"]
        ineligible = {line["subscription"]: line["reasons"] for line in refusal["lines"]}
        assert ineligible.keys() == (set(ids) - {MAIL} if code == "LINES_NOT_ELIGIBLE" else set())
        assert all({"code", "rule", "message"} == reason.keys() for (reason, *_) in ineligible.values())
    for denied in (subscription("meadow-azure-cedar"), f"subscription_{NOBODY}"):
        answer = deals.ask(SOURCE, "acceptTransfer", id=transfer_id, subscriptionIds=[MAIL, denied])
        assert answer.codes == ["NOT_FOUND"]
    row = stored(deals, transfer_id)
    assert (row.stored_status, row.version) == UNTOUCHED
    assert deals.rows(TransferLine) == []
    assert deals.status(SOURCE, MAIL) == "ACTIVE"

    deals.done(SOURCE, "acceptTransfer", id=transfer_id, subscriptionIds=crowd[:25])
    assert len(deals.lines(transfer_id)) == 25


def test_a_base_named_with_its_add_on_is_one_line_with_an_add_on(deals: Deals) -> None:
    transfer_id = deals.done(TARGET, "requestTransfer", **ASKED)
    deals.done(SOURCE, "acceptTransfer", id=transfer_id, subscriptionIds=[ARCHIVE, MAIL, MAIL])
    assert deals.lines(transfer_id) == [(0, "completed", None), (1, "completed", None)]


@pytest.mark.rule("R29")
@pytest.mark.parametrize("lost", ["relationship", "agreement", "status"])
def test_a_target_that_cannot_receive_any_more_gets_nothing_and_nothing_moves(
    deals: Deals, lost: str
) -> None:
    transfer_id = deals.done(TARGET, "requestTransfer", **ASKED)
    if lost == "relationship":
        row = fixed_id("cedar.meadow.relationship")
        deals.change(ResellerRelationship, row, stored_status=RelationshipStatus.REMOVED)
    elif lost == "agreement":
        transfer_id = deals.transfer(
            "unbound",
            owner_id=CEDAR.id,
            source_partner_id=ALDER.id,
            target_partner_id=BIRCH.id,
        )
    else:
        deals.change(Partner, CEDAR.id, status=PartnerStatus.RESTRICTED)

    answer = deals.ask(SOURCE, "acceptTransfer", id=transfer_id, subscriptionIds=[MAIL])

    assert answer.data["acceptTransfer"]["transfer"]["status"] == "FAILED"
    assert deals.lines(transfer_id) == [(0, "failed", "target_not_ready"), (1, "failed", "target_not_ready")]
    assert deals.status(SOURCE, MAIL) == "ACTIVE"
    assert deals.rows(Subscription, continues_id=row_id(MAIL)) == []
    assert lines(deals, SOURCE, transfer_id, "error") == ["TARGET_NOT_READY"] * 2


EVENTS = {
    "acceptTransfer": (SOURCE, {"subscriptionIds": [MAIL]}),
    "declineTransfer": (SOURCE, {}),
    "cancelTransfer": (TARGET, {}),
}


@pytest.mark.rule("R39")
@pytest.mark.parametrize("kind", [TransferKind.NEW_COMMERCE, TransferKind.AZURE_PLAN])
def test_a_decided_request_cannot_be_decided_again(deals: Deals, kind: TransferKind) -> None:
    decided = set(TransferStatus) - {TransferStatus.PENDING}
    for status, (mutation, (persona, given)) in product(sorted(decided), EVENTS.items()):
        if status is TransferStatus.EXPIRED:
            values: dict[str, Any] = {"expires_at": deals.now}
        else:
            values = {"stored_status": status}
        transfer_id = deals.transfer(
            f"{status}-{mutation}",
            owner_id=CEDAR.id,
            kind=kind,
            source_partner_id=ALDER.id,
            target_partner_id=CEDAR.id,
            **values,
        )
        before = stored(deals, transfer_id)
        refusal = deals.refused(persona, mutation, id=transfer_id, **given)
        assert refusal["code"] == "TRANSFER_ALREADY_DECIDED"
        assert status.upper() in refusal["message"]
        after = stored(deals, transfer_id)
        assert (after.stored_status, after.version) == (before.stored_status, before.version)


@pytest.mark.parametrize("mutation", ["declineTransfer", "cancelTransfer"])
def test_declining_and_canceling_write_one_record_for_each_side_and_one_event(
    deals: Deals, mutation: str
) -> None:
    transfer_id = deals.done(TARGET, "requestTransfer", **ASKED)
    persona, _ = EVENTS[mutation]
    deals.done(persona, mutation, id=transfer_id, expectedVersion=1)

    status = {"declineTransfer": "DECLINED", "cancelTransfer": "CANCELED"}[mutation]
    for viewer in (SOURCE, TARGET, "meadow-global-admin"):
        assert deals.seen(viewer, transfer_id)["data"]["node"]["status"] == status
    operation = mutation.replace("Transfer", "_transfer")
    assert deals.books(operation, transfer_id) == (
        sorted((each.id, "succeeded") for each in (ALDER, CEDAR, MEADOW)),
        [row_id(transfer_id)],
    )
    assert deals.status(SOURCE, MAIL) == "ACTIVE"
    assert deals.seen(TARGET, transfer_id)["data"]["node"]["lines"] is None


def test_only_the_parties_decide_a_request(deals: Deals) -> None:
    transfer_id = deals.done(TARGET, "requestTransfer", **ASKED)
    forbidden = {
        "acceptTransfer": ["alder-sales-agent", "alder-global-admin", "meadow-global-admin", TARGET],
        "declineTransfer": ["alder-sales-agent", "alder-global-admin", "meadow-global-admin", TARGET],
        "cancelTransfer": ["cedar-sales-and-billing", "meadow-global-admin", SOURCE],
        "consentToTransfer": [SOURCE, TARGET, "alder-global-admin", "meadow-global-admin"],
    }
    for mutation, personas in forbidden.items():
        for persona in personas:
            assert deals.ask(persona, mutation, id=transfer_id).codes == ["FORBIDDEN"], (mutation, persona)
        for persona in ("alder-billing-admin", "dogwood-sales-agent", "canyon-global-admin"):
            absent = deals.ask(persona, mutation, id=f"transfer_{NOBODY}")
            hidden = deals.ask(persona, mutation, id=transfer_id)
            assert hidden.codes == ["NOT_FOUND"]
            assert hidden.body == absent.body
    row = stored(deals, transfer_id)
    assert (row.stored_status, row.version) == UNTOUCHED


def test_a_stale_version_decides_nothing(deals: Deals) -> None:
    transfer_id = deals.done(TARGET, "requestTransfer", **ASKED)
    for mutation, (persona, given) in EVENTS.items():
        refusal = deals.refused(persona, mutation, id=transfer_id, expectedVersion=2, **given)
        assert (refusal["code"], refusal["path"]) == ("STALE_VERSION", ["expectedVersion"])
    assert (stored(deals, transfer_id).stored_status, stored(deals, transfer_id).version) == UNTOUCHED


def test_imported_history_is_its_owners_alone(deals: Deals) -> None:
    transfer_id = deals.transfer(
        "history",
        owner_id=CEDAR.id,
        initiated_by=None,
        source_partner_id=ALDER.id,
        source_partner_name="Alder as exported",
        target_partner_id=CEDAR.id,
        stored_status=TransferStatus.COMPLETED,
        target_product_types=["AzureReservation", "OnlineServicesNCE"],
        market=None,
    )
    deals.store(
        TransferLine(
            tenant_id=CEDAR.id,
            transfer_id=row_id(transfer_id),
            number=0,
            friendly_name="Mail",
            error="Broken",
        )
    )
    node = deals.seen(TARGET, transfer_id)["data"]["node"]
    assert (node["sourcePartnerName"], node["targetProductTypes"]) == (
        "Alder as exported",
        ["AZURE_RESERVATION", "ONLINE_SERVICES_NCE"],
    )
    assert [(line["friendlyName"], line["error"]) for line in node["lines"]] == [("Mail", "Broken")]
    for persona in (SOURCE, "meadow-global-admin"):
        assert deals.seen(persona, transfer_id) == {"data": {"node": None}}
    for mutation, (_, given) in EVENTS.items():
        assert deals.ask(TARGET, mutation, id=transfer_id, **given).codes == ["FORBIDDEN"]


ELIGIBILITY = """query ($kind: TransferKind!) {
  subscriptions(first: 100) { nodes { friendlyName transferEligibility(kind: $kind) {
    eligible reasons { code rule } } } } }"""


@pytest.mark.rule("R72")
def test_eligibility_tells_every_failed_rule_to_whoever_reads_the_subscription(deals: Deals) -> None:
    answer = deals.api.ask(SOURCE, ELIGIBILITY, kind="NEW_COMMERCE")
    found = {
        node["friendlyName"]: eligibility
        and (eligibility["eligible"], [(each["code"], each["rule"]) for each in eligibility["reasons"]])
        for node in answer.data["subscriptions"]["nodes"]
        for eligibility in [node["transferEligibility"]]
    }
    elsewhere = [("NOT_CSP", "R31")]
    assert found == {
        "Meadow mail alder": (True, []),
        "Meadow archive alder": (False, [("ADD_ON_WITHOUT_BASE", "R36")]),
        "Canyon azure alder": (False, [("NOT_NEW_COMMERCE", "R30")]),
        "Ember mail alder": (False, [("SUBSCRIPTION_SUSPENDED", "SM5"), ("LEGACY_LICENSE", "R3")]),
        "Canyon office birch": (False, [("LEGACY_LICENSE", "R3")]),
        "Meadow office direct": (False, [*elsewhere, ("LEGACY_LICENSE", "R3")]),
        "Meadow records open": (False, [*elsewhere, ("LEGACY_LICENSE", "R3")]),
        "Meadow azure ea": (False, [*elsewhere, ("NOT_NEW_COMMERCE", "R30")]),
        "Canyon azure ea": (False, [*elsewhere, ("NOT_NEW_COMMERCE", "R30")]),
    }
    for persona in ("alder-sales-agent", "meadow-global-admin", "willow-sales-agent"):
        nodes = deals.api.ask(persona, ELIGIBILITY, kind="NEW_COMMERCE").data["subscriptions"]["nodes"]
        assert nodes
        assert all(node["transferEligibility"] for node in nodes)
    summaries = deals.api.ask("cedar-user-management-admin", ELIGIBILITY, kind="NEW_COMMERCE")
    assert set(summaries.codes) == {"FORBIDDEN"}
    nodes = summaries.body["data"]["subscriptions"]["nodes"]
    assert {node["transferEligibility"] is None for node in nodes} == {True}


REQUEST_STATEMENTS = 17
ACCEPT_STATEMENTS = 26
DECIDE_STATEMENTS = 11
ELIGIBILITY_STATEMENTS = 10


@pytest.mark.parametrize("crowd", [0, 200])
def test_a_transfer_takes_as_many_statements_for_25_lines_among_many_as_for_one(
    deals: Deals, crowd: int
) -> None:
    base = {"owner_id": ALDER.id, "source_partner_id": ALDER.id, "target_partner_id": BIRCH.id}
    for number in range(crowd):
        deals.transfer(f"other-{number}", **base)
    counts = {}
    answer = deals.ask(TARGET, "requestTransfer", **ASKED)
    counts["requestTransfer"] = len(answer.statements)
    transfer_id = answer.data["requestTransfer"]["transfer"]["id"]
    chosen = [MAIL]
    if crowd:
        chosen += [deals.purchase(f"many-{number}", "meadow-mail-alder") for number in range(24)]
    counts["acceptTransfer"] = len(
        deals.ask(SOURCE, "acceptTransfer", id=transfer_id, subscriptionIds=chosen).statements
    )
    for mutation in ("declineTransfer", "cancelTransfer"):
        persona, _ = EVENTS[mutation]
        transfer_id = deals.done(TARGET, "requestTransfer", **ASKED)
        counts[mutation] = len(deals.ask(persona, mutation, id=transfer_id).statements)
    assert counts == {
        "requestTransfer": REQUEST_STATEMENTS,
        "acceptTransfer": ACCEPT_STATEMENTS,
        "declineTransfer": DECIDE_STATEMENTS,
        "cancelTransfer": DECIDE_STATEMENTS,
    }
    listed = (
        "{ transfers(filter: {status: {eq: COMPLETED}}) { nodes {"
        " lines { number } staysBehind { rule } moves { rule } } } }"
    )
    assert len(deals.api.ask(SOURCE, listed).statements) == 5
    assert len(deals.api.ask(SOURCE, ELIGIBILITY, kind="LEGACY").statements) == ELIGIBILITY_STATEMENTS
