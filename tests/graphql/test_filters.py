"""Filters say of records what anybody could tell who reads all that the persona can read, and no more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from multichannel.demo.cast import CANYON, CEDAR, MEADOW, QUARRY
from multichannel.domain.commerce import Channel, SubscriptionStatus
from multichannel.domain.customers import Customer
from multichannel.domain.subscriptions import Subscription
from tests.graphql.both_executions import Both, both_of
from tests.world import World, one_shared_engine

AGENT = "alder-sales-agent"
PERSONAS = [
    AGENT,
    "meadow-global-admin",
    "alder-user-management-admin",
    "hazel-sales-agent",
    "cedar-admin-agent",
    "birch-sales-agent",
]
CAPITALS = {
    CANYON: ("Zürich Käse", "ZÜRICH", "käSE"),
    MEADOW: ("ΟΔΥΣΣΕΎΣ Straße", "οδυσσεύς", "STRASSE"),
    QUARRY: ("Молоко Íslenskt Երևան", "МОЛОКО ÍSLENSKT", "ԵՐԵՒԱՆ"),
}
"""New names of customers, each with texts that it contains in another case."""
GUID = "3f2504e0-4f89-11d3-9a0c-0305e82c3301"


@pytest.fixture(scope="module")
def both(shared_world: World) -> Iterator[Both]:
    """The demo world with names of several scripts, and GUIDs as the vendor's portal shows them."""
    with Session(shared_world.store.engine) as session:
        for customer, (name, *_) in CAPITALS.items():
            session.execute(update(Customer).where(Customer.id == customer.id).values(company_name=name))
        session.execute(update(Subscription).values(vendor_id=Subscription.id, offer_id=GUID.upper()))
        session.commit()
    with both_of(shared_world) as both:
        yield both


def ask(both: Both, persona: str, query: str, **variables: Any) -> Any:
    """The data of the answer of the interpreter."""
    return data_of(both.interpreted(persona, query, variables))


def data_of(answer: bytes) -> Any:
    body = orjson.loads(answer)
    assert "errors" not in body
    return body["data"]


SELECTED = "query ($f: %s) { %s(first: 100, filter: $f) { totalCount nodes { id } } }"
FILTERS = {"customers": "CustomerFilter", "subscriptions": "SubscriptionFilter"}


def ids(both: Both, persona: str, field: str, condition: dict[str, Any]) -> set[str]:
    """The records that a filter selects; their number is the total count."""
    query = SELECTED % (FILTERS[field], field)
    answer = both.same if field == "customers" and persona == AGENT else both.interpreted
    data = data_of(answer(persona, query, {"f": condition}))[field]
    selected = {node["id"] for node in data["nodes"]}
    assert data["totalCount"] == len(selected) == len(data["nodes"])
    return selected


CUSTOMERS = """{ customers(first: 30) { nodes { id companyName
  subscriptions(first: 30) { nodes { id status channel quantity supportContact { id } } } } } }"""
SUBSCRIPTIONS = """{ subscriptions(first: 100) { nodes { id status channel quantity friendlyName
  customer { id companyName } supportContact { id name } continues { id }
  continuedBy { nodes { id status } } } } }"""


def visible(both: Both, persona: str, query: str) -> list[dict[str, Any]]:
    """What a persona reads without any filter; what is denied is null."""
    (field,) = orjson.loads(both.interpreted(persona, query))["data"].values()
    nodes: list[dict[str, Any]] = field["nodes"]
    return nodes


def is_active(record: dict[str, Any]) -> bool:
    return bool(record["status"] == "ACTIVE")


def is_large(record: dict[str, Any]) -> bool:
    return record["quantity"] is not None and record["quantity"] > 10


Test = Callable[[dict[str, Any]], bool]
OF_CUSTOMERS: list[tuple[dict[str, Any], Test]] = [
    (
        {"subscriptions": {"none": {"status": {"eq": "ACTIVE"}}}},
        lambda each: not any(map(is_active, each["subscriptions"]["nodes"])),
    ),
    (
        {"subscriptions": {"some": {"status": {"eq": "ACTIVE"}}}},
        lambda each: any(map(is_active, each["subscriptions"]["nodes"])),
    ),
    (
        {"subscriptions": {"every": {"status": {"eq": "ACTIVE"}}}},
        lambda each: all(map(is_active, each["subscriptions"]["nodes"])),
    ),
    (
        {"subscriptions": {"every": {"quantity": {"gt": 10}}, "some": {}}},
        lambda each: (
            bool(each["subscriptions"]["nodes"]) and all(map(is_large, each["subscriptions"]["nodes"]))
        ),
    ),
    ({"subscriptions": {"none": {}}}, lambda each: not each["subscriptions"]["nodes"]),
    (
        {"subscriptions": {"channel": {"eq": "CSP"}, "none": {"quantity": {"gt": 10}}}},
        lambda each: (
            any(sub["channel"] == "CSP" for sub in each["subscriptions"]["nodes"])
            and not any(map(is_large, each["subscriptions"]["nodes"]))
        ),
    ),
    (
        {"not": {"subscriptions": {"quantity": {"gt": 10}}}},
        lambda each: not any(map(is_large, each["subscriptions"]["nodes"])),
    ),
    (
        {"subscriptions": {"some": {"supportContact": {"isNull": False}}}},
        lambda each: any(sub["supportContact"] for sub in each["subscriptions"]["nodes"]),
    ),
]
OF_SUBSCRIPTIONS: list[tuple[dict[str, Any], Test]] = [
    ({"not": {"quantity": {"gt": 10}}}, lambda each: not is_large(each)),
    ({"not": {"not": {"quantity": {"gt": 10}}}}, is_large),
    ({"not": {"or": []}}, lambda _each: True),
    ({"not": {}}, lambda _each: False),
    ({"supportContact": {"isNull": False}}, lambda each: each["supportContact"] is not None),
    ({"customer": {"isNull": True}}, lambda each: each["customer"] is None),
    ({"customer": {"isNull": False, "id": {"ne": f"customer_{MEADOW.id}"}}},
     lambda each: each["customer"] is not None and each["customer"]["id"] != f"customer_{MEADOW.id}"),
    ({"continuedBy": {"none": {"status": {"eq": "ACTIVE"}}}, "status": {"in": ["ACTIVE", "SUSPENDED"]}},
     lambda each: each["status"] in {"ACTIVE", "SUSPENDED"}
     and not any(map(is_active, each["continuedBy"]["nodes"]))),
    ({"customer": {"id": {"in": [f"customer_{MEADOW.id}", f"customer_{CANYON.id}"]}}},
     lambda each: each["customer"] is not None
     and each["customer"]["id"] in {f"customer_{MEADOW.id}", f"customer_{CANYON.id}"}),
]  # fmt: skip


@pytest.mark.parametrize(
    "persona", [PERSONAS[0], *(pytest.param(each, marks=pytest.mark.long) for each in PERSONAS[1:])]
)
def test_filters_select_what_the_persona_could_select_by_reading(both: Both, persona: str) -> None:
    for field, query, tests in (
        ("customers", CUSTOMERS, OF_CUSTOMERS),
        ("subscriptions", SUBSCRIPTIONS, OF_SUBSCRIPTIONS),
    ):
        records = visible(both, persona, query)
        for condition, holds in tests:
            expected = {each["id"] for each in records if holds(each)}
            assert ids(both, persona, field, condition) == expected, condition
        some = sorted(each["id"] for each in records)[:2]
        others = {each["id"] for each in records} - set(some)
        assert ids(both, persona, field, {"id": {"in": some}}) == set(some)
        assert ids(both, persona, field, {"not": {"id": {"in": some}}}) == others
        assert ids(both, persona, field, {"and": [{"id": {"ne": each}} for each in some]}) == others


def test_a_relation_is_null_where_its_field_is_and_denied_where_its_field_is(both: Both) -> None:
    """That a contact exists whom the persona does not see, or may not read, is told by no filter."""
    for persona in PERSONAS:
        body = orjson.loads(both.interpreted(persona, SUBSCRIPTIONS))
        nodes = body["data"]["subscriptions"]["nodes"]
        denied = {
            nodes[error["path"][2]]["id"]
            for error in body.get("errors", [])
            if error["path"][3] == "supportContact"
        }
        expected = {each["id"] for each in nodes if each["supportContact"] is None} - denied
        assert ids(both, persona, "subscriptions", {"supportContact": {"isNull": True}}) == expected


def test_text_is_found_in_upper_and_lower_case_of_every_script(both: Both) -> None:
    admins = {CANYON: AGENT, MEADOW: AGENT, QUARRY: "cedar-admin-agent"}
    for customer, (name, *texts) in CAPITALS.items():
        for text in (name.upper(), *texts):
            condition = {"companyName": {"contains": text}}
            assert ids(both, admins[customer], "customers", condition) == {f"customer_{customer.id}"}, text
    for text in ("Ka\u0308se", "ZU\u0308RICH"):  # in two characters, as some systems write it
        assert ids(both, AGENT, "customers", {"companyName": {"contains": text}})
    for text in ("z%rich", "z_rich", "zurich"):
        assert not ids(both, AGENT, "customers", {"companyName": {"contains": text}})


def test_case_of_a_guid_does_not_matter(both: Both) -> None:
    nodes = ask(both, AGENT, "{ subscriptions(first: 100) { nodes { id vendorId } } }")["subscriptions"][
        "nodes"
    ]
    everything, one = {each["id"] for each in nodes}, nodes[0]
    guid = one["vendorId"].upper()
    assert guid != one["vendorId"]
    for condition in ({"eq": guid}, {"in": [guid]}, {"contains": guid[3:20]}, {"startsWith": guid[:20]}):
        assert ids(both, AGENT, "subscriptions", {"vendorId": condition}) == {one["id"]}
    for condition in ({"ne": guid}, {"ne": guid.lower()}):
        assert ids(both, AGENT, "subscriptions", {"vendorId": condition}) == everything - {one["id"]}
    for guid in (GUID, GUID.upper()):  # in a column of texts, as some offers have GUIDs and others have not
        for condition in ({"eq": guid}, {"in": ["x", guid]}, {"contains": guid[2:30]}):
            assert ids(both, AGENT, "subscriptions", {"offerId": condition}) == everything
        assert ids(both, AGENT, "subscriptions", {"offerId": {"ne": guid}}) == set()


@one_shared_engine
@pytest.mark.parametrize(
    "condition",
    [
        {"friendlyName": None},
        {"friendlyName": {"eq": None, "in": None, "isNull": None}},
        {"and": None, "or": None, "not": None, "customer": None, "continuedBy": None, "id": None},
        {"status": {"eq": None}, "and": [{"customer": None}]},
        {"continuedBy": {"none": None, "some": None, "every": None}, "or": [{}]},
    ],
)
def test_null_is_not_given(both: Both, condition: dict[str, Any]) -> None:
    without: dict[str, Any] = {"continuedBy": {}} if condition.get("continuedBy") else {}

    expected = ids(both, AGENT, "subscriptions", without)
    assert ids(both, AGENT, "subscriptions", condition) == expected
    assert ids(both, AGENT, "subscriptions", {"channel": {"eq": "CSP"}, **condition}) == ids(
        both, AGENT, "subscriptions", {"channel": {"eq": "CSP"}, **without}
    )


@one_shared_engine
def test_the_id_of_another_type_is_refused(both: Both) -> None:
    query = "query ($f: CustomerFilter) { customers(filter: $f) { totalCount } }"
    for value in (f"partner_{CEDAR.id}", MEADOW.id, "x"):
        for condition in ({"eq": value}, {"ne": value}, {"in": [f"customer_{MEADOW.id}", value]}):
            compiled, interpreted = both.answers(AGENT, query, {"f": {"id": condition}})
            assert compiled == interpreted
            codes = [error["extensions"]["code"] for error in orjson.loads(compiled[2])["errors"]]
            assert codes == ["BAD_INPUT"]


@pytest.mark.parametrize("size", ["first: 0", "last: 0"])
def test_a_list_that_only_counts_leaves_the_others_of_its_operation_alone(both: Both, size: str) -> None:
    ends = "hasNextPage hasPreviousPage startCursor endCursor"
    page = f"totalCount nodes {{ id }} edges {{ cursor }} pageInfo {{ {ends} }}"
    query = f"""{{
      good: customers(first: 1) {{ totalCount nodes {{ subscriptions({size}) {{ {page} }} }} }}
      count: customers({size}) {{ {page} }}
      empty: customers({size}, filter: {{or: []}}) {{ {page} }}
    }}"""

    data = data_of(both.same(AGENT, query))

    no_ends = {"startCursor": None, "endCursor": None}
    more = {"hasNextPage": size == "first: 0", "hasPreviousPage": size == "last: 0"}
    none = {"hasNextPage": False, "hasPreviousPage": False}
    nothing: dict[str, Any] = {"nodes": [], "edges": []}
    (first,) = data["good"]["nodes"]
    total = first["subscriptions"]["totalCount"]
    assert total > 0
    assert first["subscriptions"] == {"totalCount": total, **nothing, "pageInfo": {**more, **no_ends}}
    assert data["count"] == {
        "totalCount": data["good"]["totalCount"],
        **nothing,
        "pageInfo": {**more, **no_ends},
    }
    assert data["empty"] == {"totalCount": 0, **nothing, "pageInfo": {**none, **no_ends}}


@pytest.mark.parametrize("persona", [AGENT, pytest.param("meadow-global-admin", marks=pytest.mark.long)])
def test_records_are_filtered_by_the_actions_that_the_policy_grants(both: Both, persona: str) -> None:
    listed = ask(both, persona, "{ subscriptions(first: 100) { nodes { id viewerCan } } }")
    nodes = listed["subscriptions"]["nodes"]
    for action in ("READ", "MOVE_TO_CSP", "EXPIRE"):
        able = {each["id"] for each in nodes if action in each["viewerCan"]}
        condition = {"viewerCan": {"has": action}}
        assert ids(both, persona, "subscriptions", condition) == able
        assert (
            ids(both, persona, "subscriptions", {"not": condition}) == {each["id"] for each in nodes} - able
        )
        through = {"subscriptions": {"some": condition}}
        assert ids(both, persona, "customers", through) == ids(
            both, persona, "customers", {"subscriptions": {"id": {"in": sorted(able)}}}
        )


@one_shared_engine
def test_an_action_of_another_type_is_refused_as_a_condition(both: Both) -> None:
    query = "{ customers(filter: {viewerCan: {has: MOVE_TO_CSP}}) { totalCount } }"
    compiled, interpreted = both.answers(AGENT, query)

    assert compiled == interpreted
    (error,) = orjson.loads(compiled[2])["errors"]
    assert error["extensions"]["code"] == "BAD_INPUT"
    assert "READ_SUMMARY, READ, READ_ACCESS" in error["message"]


ORDERED = """query ($o: [SubscriptionOrder!], $after: String) {
  subscriptions(first: 3, orderBy: $o, after: $after) {
    nodes { id channel status quantity } pageInfo { hasNextPage endCursor } } }"""


def test_lists_are_ordered_by_several_keys_and_paged_exactly(both: Both) -> None:
    channels = [each.name for each in Channel]
    statuses = [each.name for each in SubscriptionStatus]
    nodes: list[Any] = []
    after, more = None, True
    while more:
        order = ["CHANNEL", "STATUS_DESC", "QUANTITY"]
        answer = both.same("meadow-global-admin", ORDERED, {"o": order, "after": after})
        page = data_of(answer)["subscriptions"]
        nodes += page["nodes"]
        more, after = page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"]

    def place(node: dict[str, Any]) -> tuple[int, int, int, str]:
        channel, status = channels.index(node["channel"]), statuses.index(node["status"])
        return channel, -status, node["quantity"], node["id"]

    assert nodes == sorted(nodes, key=place)
    assert len({each["id"] for each in nodes}) == len(nodes) > 6
    assert len({each["channel"] for each in nodes}) > 2


FOUND = (
    "query ($s: String, $f: CustomerFilter) { customers(search: $s, filter: $f) { totalCount nodes { id } } }"
)


@pytest.fixture(scope="module")
def findable(both: Both) -> Both:
    """The same with numbers and domains of Meadow."""
    with Session(both.world.store.engine) as session:
        session.execute(
            update(Customer)
            .where(Customer.id == MEADOW.id)
            .values(
                domain="xn--bcher-kva.example",
                custom_domains=["dairy.example", "xn--mnchen-3ya.example"],
                organization_registration_number="HRB 4711",
                phone_number="+1 555 0199",
            )
        )
        session.commit()
    return both


@pytest.mark.parametrize(
    "text",
    [
        "straße",
        "οδυσσεύς strasse",
        "strasse HRB",
        "4711",
        "hrb 0199",
        "DAIRY.example",
        "Bücher.example",
        "münchen.EXAMPLE 4711",
        MEADOW.id[:13].upper(),
        "  strasse\t4711 ",
    ],
)
def test_customers_are_searched_by_name_domains_and_numbers(findable: Both, text: str) -> None:
    found = data_of(findable.same(AGENT, FOUND, {"s": text}))["customers"]
    assert found == {"totalCount": 1, "nodes": [{"id": f"customer_{MEADOW.id}"}]}


def test_a_search_finds_nothing_by_what_is_not_readable_and_everything_without_words(findable: Both) -> None:
    clerk = "alder-billing-admin"  # reads customers by summary
    for text in ("4711", "dairy.example", "0199", "strasse hrb"):
        assert data_of(findable.interpreted(clerk, FOUND, {"s": text}))["customers"]["totalCount"] == 0
    assert data_of(findable.interpreted(clerk, FOUND, {"s": "strasse"}))["customers"]["totalCount"] == 1
    everything = data_of(findable.same(AGENT, FOUND))["customers"]
    for blank in ("", "  ", None):
        assert data_of(findable.same(AGENT, FOUND, {"s": blank}))["customers"] == everything
    for text in ("%", "_", "strasse%", "strasse 4712"):
        assert data_of(findable.same(AGENT, FOUND, {"s": text}))["customers"]["totalCount"] == 0
    for text in ("a b c d e f", "x" * 201, "a\0"):
        body = orjson.loads(findable.interpreted(AGENT, FOUND, {"s": text}))
        assert body["errors"][0]["extensions"]["code"] == "BAD_INPUT"


def test_lists_of_texts_are_filtered_by_their_elements(findable: Both) -> None:
    def selected(condition: dict[str, Any]) -> set[str]:
        return ids(findable, AGENT, "customers", {"customDomains": condition})

    meadow = f"customer_{MEADOW.id}"
    assert selected({"has": "Dairy.Example"}) == {meadow}
    assert selected({"isEmpty": False}) == {meadow}
    assert selected({"isEmpty": True}) == ids(findable, AGENT, "customers", {"id": {"ne": meadow}})
    for text in ("dairy", "%", "dairy_example", "dairy.example,"):
        assert selected({"has": text}) == set()
    clerk = "alder-billing-admin"
    for condition in ({"has": "dairy.example"}, {"isEmpty": True}, {"isEmpty": False}):
        assert ids(findable, clerk, "customers", {"customDomains": condition}) == set()
    suspended = {"suspensionReasons": {"has": "non_payment"}}
    assert ids(findable, AGENT, "subscriptions", suspended) == set()
