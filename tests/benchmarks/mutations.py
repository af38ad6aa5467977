"""What mutations cost over HTTP: the same ones, compiled and interpreted, in turns.

They change the data as little as mutations can: names of the first partner's customer and subscription.
"""

from __future__ import annotations

import http.client
from contextlib import closing
from itertools import count
from typing import Any

import orjson
from sqlalchemy import URL, select

from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.store.engines import open_database
from tests.benchmarks.over_http import Effort, Server, cpu_of, running_servers, subscription_of
from tests.benchmarks.variants import INTERPRETED, ON
from tests.benchmarks.world import Scale, World

CUSTOMER = """mutation ($input: UpdateCustomerInput!) { updateCustomer(input: $input) {
  customer { version } userErrors { code } } }"""
SUBSCRIPTION = """mutation ($input: UpdateSubscriptionInput!) { updateSubscription(input: $input) {
  subscription { version } userErrors { code } } }"""
VERSION = "query ($id: ID!) { node(id: $id) { ... on Customer { version } ... on Subscription { version } } }"
NAMES = count(1)


def mutations_over_http(scale: Scale, url: URL, effort: Effort) -> dict[str, dict[str, float]]:
    """By mutation and variant: milliseconds of server CPU for one."""
    customer, subscription = (
        f"customer_{_customer(url, scale)}",
        f"subscription_{subscription_of(url, scale)}",
    )
    with running_servers(scale, url, [ON, INTERPRETED]) as servers:
        return {
            "updateCustomer": _compared(servers, CUSTOMER, customer, "city", effort),
            "updateSubscription": _compared(servers, SUBSCRIPTION, subscription, "friendlyName", effort),
        }


def _customer(url: URL, scale: Scale) -> str:
    """A customer of the first partner."""
    engine = open_database(url.render_as_string(hide_password=False))
    served = select(ResellerRelationship.customer_id).where(
        ResellerRelationship.partner_id == World(scale).partners[0],
        ResellerRelationship.stored_status == RelationshipStatus.ACTIVE,
    )
    with engine.connect() as connection:
        found = connection.execute(served.order_by(ResellerRelationship.customer_id).limit(1)).scalar_one()
    engine.dispose()
    return str(found)


def _compared(
    servers: dict[str, Server], mutation: str, record: str, column: str, effort: Effort
) -> dict[str, float]:
    used = dict.fromkeys(servers, 0.0)
    order = list(servers)
    for turn in range(effort.rounds + 1):
        for name in order:
            before = cpu_of(servers[name].pid)
            _run(servers[name], mutation, record, column, effort.requests)
            used[name] += (cpu_of(servers[name].pid) - before) if turn else 0.0  # the first is to warm up
        order.reverse()
    return {name: spent * 1000 / effort.rounds / effort.requests for name, spent in used.items()}


def _run(server: Server, mutation: str, record: str, column: str, times: int) -> None:
    """Change the record so often, over one connection."""
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        version = _asked(server, connection, VERSION, {"id": record})["node"]["version"]
        for _ in range(times):
            changed = {"id": record, "expectedVersion": version, column: f"Name {next(NAMES)}"}
            (payload,) = _asked(server, connection, mutation, {"input": changed}).values()
            (version,) = (value["version"] for key, value in payload.items() if key != "userErrors")


def _asked(server: Server, connection: http.client.HTTPConnection, query: str, variables: Any) -> Any:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {server.token}"}
    connection.request("POST", "/graphql", orjson.dumps({"query": query, "variables": variables}), headers)
    body = orjson.loads(connection.getresponse().read())
    if "errors" in body:
        raise ValueError(body)
    return body["data"]
