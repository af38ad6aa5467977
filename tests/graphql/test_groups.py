"""Groups count and sum what the persona can read, and are no way to find out what it cannot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from multichannel.demo.cast import ALDER, BIRCH, MEADOW
from multichannel.domain.subscriptions import Subscription
from multichannel.graphql.framework.fields import camel
from multichannel.graphql.types.groups import GROUPS
from tests.graphql.conftest import Api
from tests.world import one_shared_engine

AGENT = "alder-sales-agent"
PERSONAS = [
    AGENT,
    "meadow-global-admin",
    "alder-user-management-admin",
    "hazel-sales-agent",
    "cedar-admin-agent",
    "nobody",
]
LIST = """{ subscriptions(first: 100) { nodes { channel status quantity market
  customer { id } billingPartner { id } commitmentEndDate } } }"""
Keys = Callable[[dict[str, Any]], Sequence[Any]]


def id_of(record: dict[str, Any] | None) -> str | None:
    return None if record is None else record["id"]


BY: list[tuple[str, str, Keys]] = [
    ("CHANNEL, STATUS", "channel status", lambda each: (each["channel"], each["status"])),
    ("MARKET", "market", lambda each: (each["market"],)),
    ("PARTNER", "partner { id }", lambda each: (id_of(each["billingPartner"]),)),
    ("CUSTOMER", "customer { id }", lambda each: (id_of(each["customer"]),)),
    (
        "MONTH_OF_TERM_END, PARTNER",
        "monthOfTermEnd partner { id }",
        lambda each: (
            each["commitmentEndDate"] and each["commitmentEndDate"][:7],
            id_of(each["billingPartner"]),
        ),
    ),
]


def groups_of(nodes: list[dict[str, Any]], keys: Keys) -> dict[Sequence[Any], Any]:
    """What a client would compute from the records that it reads."""
    found: dict[Sequence[Any], list[dict[str, Any]]] = defaultdict(list)
    for each in nodes:
        found[tuple(keys(each))].append(each)

    def total(records: list[dict[str, Any]]) -> int | None:
        known = [each["quantity"] for each in records if each["quantity"] is not None]
        return sum(known) if known else None

    return {
        key: (len(each), total(each), len({id_of(one["customer"]) for one in each} - {None}))
        for key, each in found.items()
    }


def flat(value: Any) -> Any:
    return value["id"] if isinstance(value, dict) else value


def asked(api: Api, persona: str, arguments: str, fields: str) -> list[tuple[Sequence[Any], Any]]:
    query = f"{{ subscriptionGroups({arguments}) {{ {fields} count quantity customerCount }} }}"
    groups = api.ask(persona, query).data["subscriptionGroups"]
    return [
        (
            tuple(flat(value) for name, value in each.items() if name not in MEASURES),
            tuple(each[name] for name in MEASURES),
        )
        for each in groups
    ]


MEASURES = ("count", "quantity", "customerCount")


@pytest.mark.parametrize("persona", PERSONAS[:-1])
def test_groups_are_what_the_persona_could_compute_from_what_it_reads(shared_api: Api, persona: str) -> None:
    nodes = shared_api.ask(persona, LIST).body["data"]["subscriptions"]["nodes"]
    assert nodes
    for by, fields, keys in BY:
        groups = asked(shared_api, persona, f"by: [{by}]", fields)
        assert dict(groups) == groups_of(nodes, keys), by
        assert len(dict(groups)) == len(groups)


def test_groups_are_filtered_before_and_after_and_ordered(shared_api: Api) -> None:
    persona = "meadow-global-admin"
    nodes = shared_api.ask(persona, LIST).data["subscriptions"]["nodes"]
    everything = groups_of(nodes, lambda each: (each["channel"],))
    large = {key: each for key, each in everything.items() if each[0] > 1}
    assert 0 < len(large) < len(everything)

    having = asked(shared_api, persona, "by: [CHANNEL], having: {count: {gt: 1}}", "channel")
    assert dict(having) == large
    none = asked(shared_api, persona, "by: CHANNEL, having: {quantity: {lt: 0}}", "channel")
    assert none == []
    csp = asked(shared_api, persona, "by: CHANNEL, filter: {channel: {eq: CSP}}", "channel")
    assert dict(csp) == {("CSP",): everything[("CSP",)]}
    ranked = asked(shared_api, persona, "by: CHANNEL, orderBy: [COUNT_DESC, QUANTITY]", "channel")
    assert [each for _, each in ranked] == sorted(everything.values(), key=lambda each: (-each[0], each[1]))
    top = asked(shared_api, persona, "by: CHANNEL, orderBy: [COUNT_DESC, QUANTITY], first: 1", "channel")
    assert top == ranked[:1]


def test_customers_and_transfers_are_grouped(shared_api: Api) -> None:
    data = shared_api.ask(
        AGENT,
        """{ customers(first: 20) { totalCount nodes { subscriptions(first: 50) { nodes { quantity } } } }
          customerGroups(by: [MARKET, CLOUD]) { market cloud count quantity country }
          transfers { totalCount }
          transferGroups(by: STATUS) { status count quantity } }""",
    ).data
    quantity = sum(
        sub["quantity"] for each in data["customers"]["nodes"] for sub in each["subscriptions"]["nodes"]
    )
    assert data["customerGroups"] == [
        {
            "market": "US",
            "cloud": "PUBLIC",
            "count": data["customers"]["totalCount"],
            "quantity": quantity,
            "country": None,
        }
    ]
    assert sum(each["count"] for each in data["transferGroups"]) == data["transfers"]["totalCount"]


@one_shared_engine
@pytest.mark.parametrize(
    "arguments",
    [
        "by: []",
        "by: [CHANNEL, STATUS, MARKET, CLOUD, CUSTOMER, PARTNER]",
        "by: CHANNEL, first: 0",
        "by: CHANNEL, first: 1001",
        'by: CHANNEL, filter: {customer: {id: {eq: "x"}}}',
    ],
)  # fmt: skip
def test_invalid_arguments_are_refused(shared_api: Api, arguments: str) -> None:
    answer = shared_api.ask(AGENT, f"{{ subscriptionGroups({arguments}) {{ count }} }}")
    assert answer.errors == [(["subscriptionGroups"], "BAD_INPUT")]


@one_shared_engine
def test_groups_count_among_the_objects_of_a_query(shared_api: Api) -> None:
    below = "{ customer { subscriptions(first: 100) { nodes { id } } } }"
    for arguments in ("by: CUSTOMER", "by: CUSTOMER, first: 1000"):
        answer = shared_api.ask(AGENT, f"{{ subscriptionGroups({arguments}) {below} }}")
        assert answer.codes == ["QUERY_TOO_COMPLEX"]
    answer = shared_api.ask(AGENT, f"{{ subscriptionGroups(by: CUSTOMER, first: 5) {below} }}")
    assert answer.codes == []


def everything(api: Api, persona: str) -> list[Any]:
    """All groups of a persona by one key and the channel, or the cloud."""
    asked: list[str] = []
    for name, declared in GROUPS.items():
        field, measures = camel(name), " ".join(map(camel, declared.measures))
        for key in declared.attributes():
            shown = camel(key) + (" { id }" if declared.target(key) else "")
            by = f"by: [{key.upper()}, CLOUD], orderBy: QUANTITY_DESC, first: 100"
            asked.append(f"g{len(asked)}: {field}({by}) {{ {shown} cloud {measures} }}")
    return [
        api.ask(persona, f"{{ {' '.join(asked[start : start + 12])} }}").data
        for start in range(0, len(asked), 12)
    ]


SEEN = """{ subscriptionGroups(by: [SUPPORT_CONTACT, PARTNER_OF_RECORD]) {
  supportContact { id } partnerOfRecord { id } quantity } }"""
HIDDEN: list[tuple[str, dict[str, Any], str]] = [
    # By summary alone: neither the quantity nor partners, market or trials are readable.
    (
        "alder-user-management-admin",
        {"quantity": 77, "market": "CA", "support_contact_id": BIRCH.id, "is_trial": True},
        "quantity",
    ),
    # The partner is not visible: whether there is one, and which, cannot be told.
    (AGENT, {"support_contact_id": BIRCH.id}, "support_contact_id"),
    (AGENT, {"partner_of_record_id": BIRCH.id}, "partner_of_record_id"),
]


@pytest.mark.parametrize(("persona", "change", "attribute"), HIDDEN)
def test_worlds_that_differ_in_what_is_hidden_have_equal_groups(
    api: Api, persona: str, change: dict[str, Any], attribute: str
) -> None:
    with Session(api.world.store.engine) as session:
        row = session.scalars(
            select(Subscription).where(
                Subscription.customer_id == MEADOW.id,
                Subscription.billing_partner_id == ALDER.id,
                getattr(Subscription, attribute).is_(None) if attribute.endswith("_id") else True,  # type: ignore[arg-type]
            )
        ).first()
        assert row is not None
        before, known = everything(api, persona), api.ask("meadow-global-admin", SEEN).data
        session.execute(update(Subscription).where(Subscription.id == row.id).values(change))
        session.commit()

    assert everything(api, persona) == before
    assert api.ask("meadow-global-admin", SEEN).data != known  # who may read it, reads it
