"""The questions that are measured: pages, customers with subscriptions, one record, and nothing at all."""

from __future__ import annotations

PAGE = """{ customers(first: 100) { nodes {
  id companyName domain market cloud qualification email city country createdAt
} } }"""

COUNTED_PAGE = PAGE.replace("{ nodes", "{ totalCount nodes")

NESTED = """{ customers(first: 20) { nodes {
  id companyName
  subscriptions(first: 5) { nodes { id friendlyName offerName status channel quantity } }
} } }"""

COUNTED_NESTED = NESTED.replace("{ nodes", "{ totalCount nodes")

SINGLE = """query ($id: ID!) { node(id: $id) { ... on Subscription {
  id friendlyName offerName status channel quantity customer { id companyName domain }
} } }"""

FLOOR = "{ __typename }"

OVER_HTTP = {"page of 100": PAGE, "20 with 5 each": NESTED, "one and its customer": SINGLE, "nothing": FLOOR}
"""Over HTTP, beside other servers; the variable `id` names a subscription."""

QUERIES = {
    "page of 100": PAGE,
    "page of 100, counted": COUNTED_PAGE,
    "20 with 5 each": NESTED,
    "20 with 5 each, counted": COUNTED_NESTED,
}
"""In process, by name; `counted` asks for `totalCount` of every list as well."""

STATEMENTS = {
    "page of 100": 1,
    "page of 100, counted": 2,
    "20 with 5 each": 2,
    "20 with 5 each, counted": 4,
}
"""How many SQL statements each needs: for each list and each count one, however many rows."""

TARGETS = {
    "page of 100": 1.10,
    "page of 100, counted": 1.10,
    "20 with 5 each": 1.15,
    "20 with 5 each, counted": 1.15,
}
"""The most that the policy may make of the time it takes without."""
