"""Every persona sees over the API what the table of expectations says, whichever way it asks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from multichannel.demo.cast import ORGANISATIONS, WORLD
from multichannel.policy.schema.vocabulary import Action
from tests.demo.expected import CUSTOMER_IDS, EXPECTED, SUBSCRIPTION_IDS, Sees
from tests.graphql.conftest import Api
from tests.world import shared_postgresql_later

CUSTOMER_KEYS = {f"customer_{row_id}": key for key, row_id in CUSTOMER_IDS.items()}
SUBSCRIPTION_KEYS = {f"subscription_{row_id}": key for key, row_id in SUBSCRIPTION_IDS.items()}
KEYS = {"customers": CUSTOMER_KEYS, "subscriptions": SUBSCRIPTION_KEYS}
CUSTOMER_OF = {purchase["key"]: purchase["customer"] for purchase in WORLD["purchases"]}
NAMES = {organisation.key: organisation.name for organisation in ORGANISATIONS}


def expected_keys(sees: Sees, kind: str) -> set[str]:
    return {key for keys in getattr(sees, kind).values() for key in keys}


def everybody() -> Iterator[tuple[str, Sees]]:
    yield from EXPECTED.items()


def windows(api: Api, persona: str, kind: str, **variables: Any) -> Iterator[dict[str, Any]]:
    """The list in windows of two, from its start to its end."""
    query = (
        "query($after: String) { LIST(first: 2, after: $after)"
        " { totalCount nodes { id } pageInfo { hasNextPage endCursor } } }"
    ).replace("LIST", kind)
    more = True
    while more:
        found = api.ask(persona, query, **variables).data[kind]
        yield found
        variables["after"] = found["pageInfo"]["endCursor"]
        more = found["pageInfo"]["hasNextPage"]


@pytest.mark.parametrize("kind", KEYS)
def test_by_list_and_by_count(shared_api: Api, kind: str) -> None:
    for persona, sees in everybody():
        pages = list(windows(shared_api, persona, kind))

        listed = [KEYS[kind][node["id"]] for page in pages for node in page["nodes"]]
        assert sorted(listed) == sorted(expected_keys(sees, kind)), persona
        assert {page["totalCount"] for page in pages} == {len(listed)}, persona


@shared_postgresql_later
def test_by_id(shared_api: Api) -> None:
    ids = [*CUSTOMER_KEYS, *SUBSCRIPTION_KEYS]
    for persona, sees in everybody():
        nodes = shared_api.ask(persona, "query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids).data[
            "nodes"
        ]

        found = {node["id"] for node in nodes if node}
        expected = expected_keys(sees, "customers") | expected_keys(sees, "subscriptions")
        assert {(CUSTOMER_KEYS | SUBSCRIPTION_KEYS)[row_id] for row_id in found} == expected, persona


@shared_postgresql_later
def test_by_nested_path(shared_api: Api) -> None:
    query = (
        "{ customers(first: 100) { nodes { id subscriptions(first: 100) { totalCount nodes { id } } } }"
        " subscriptions(first: 100) { nodes { id customer { id } } } }"
    )
    for persona, sees in everybody():
        data = shared_api.ask(persona, query).data
        customers = expected_keys(sees, "customers")

        below = {
            CUSTOMER_KEYS[node["id"]]: sorted(
                SUBSCRIPTION_KEYS[each["id"]] for each in node["subscriptions"]["nodes"]
            )
            for node in data["customers"]["nodes"]
        }
        above = {
            SUBSCRIPTION_KEYS[node["id"]]: node["customer"] and CUSTOMER_KEYS[node["customer"]["id"]]
            for node in data["subscriptions"]["nodes"]
        }
        assert below == {
            key: sorted(each for each in expected_keys(sees, "subscriptions") if CUSTOMER_OF[each] == key)
            for key in customers
        }, persona
        assert above == {
            key: CUSTOMER_OF[key] if CUSTOMER_OF[key] in customers else None
            for key in expected_keys(sees, "subscriptions")
        }, persona


@shared_postgresql_later
@pytest.mark.parametrize(
    "keys",
    [("meadow", "canyon", "quarry"), pytest.param(tuple(CUSTOMER_IDS), marks=pytest.mark.long)],
    ids=["some", "all"],
)
def test_by_filter(shared_api: Api, keys: tuple[str, ...]) -> None:
    query = " ".join(
        f"{key}_customers: customers(first: 100, filter: {{companyName: {{eq: $name_{key}}}}})"
        f" {{ totalCount nodes {{ id }} }}"
        f" {key}_subscriptions: subscriptions(first: 100, filter: "
        f"{{customer: {{companyName: {{eq: $name_{key}}}}}}}) {{ totalCount nodes {{ id }} }}"
        for key in keys
    )
    names = {f"name_{key}": NAMES[key] for key in keys}
    head = ", ".join(f"${name}: String!" for name in names)
    for persona, sees in everybody():
        data = shared_api.ask(persona, f"query({head}) {{ {query} }}", **names).data
        for key in keys:
            customers = {key} & expected_keys(sees, "customers")
            subscriptions = {
                each for each in expected_keys(sees, "subscriptions") if CUSTOMER_OF[each] in customers
            }

            for kind, expected in (("customers", customers), ("subscriptions", subscriptions)):
                listed = data[f"{key}_{kind}"]
                found = {KEYS[kind][node["id"]] for node in listed["nodes"]}
                assert (found, listed["totalCount"]) == (expected, len(expected)), (persona, key)


@shared_postgresql_later
@pytest.mark.parametrize("kind", KEYS)
def test_by_the_cursor_of_somebody_else(shared_api: Api, kind: str) -> None:
    lent = next(windows(shared_api, "meadow-global-admin", kind))
    place = lent["nodes"][-1]["id"]
    for persona, sees in everybody():
        pages = windows(shared_api, persona, kind, after=lent["pageInfo"]["endCursor"])

        found = {KEYS[kind][node["id"]] for page in pages for node in page["nodes"]}
        assert found == {
            key for row_id, key in KEYS[kind].items() if row_id > place and key in expected_keys(sees, kind)
        }, persona


@shared_postgresql_later
def test_to_the_degree_and_no_further(shared_api: Api) -> None:
    query = (
        "{ customers(first: 100) { nodes { id companyName version } }"
        " subscriptions(first: 100) { nodes { id status commerce billingCycle } } }"
    )
    for persona, sees in everybody():
        body = shared_api.ask(persona, query).body
        denied = {(each["path"][0], each["path"][2], each["path"][3]) for each in body.get("errors", ())}
        for kind, gated in (("customers", {"version"}), ("subscriptions", {"commerce", "billingCycle"})):
            for place, node in enumerate(body["data"][kind]["nodes"]):
                key = KEYS[kind][node["id"]]
                degree = next(action for action, keys in getattr(sees, kind).items() if key in keys)
                readable = {
                    Action.READ_SUMMARY: set[str](),
                    Action.READ: gated - {"billingCycle"},
                    Action.READ_BILLING: gated,
                }[degree]
                assert {name for name in gated if node[name] is not None} == readable, (persona, key)
                assert {name for name in gated if (kind, place, name) in denied} == gated - readable, (
                    persona,
                    key,
                )
